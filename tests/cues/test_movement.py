"""The cue movement: same movement is near, the opposite is far."""

from __future__ import annotations

import numpy as np
import pytest

from reinterpret.cues.movement import Movement
from tests.cues.made import facts, likeness, plain, shoot

CUE = Movement()
MOVES = {
    "pan left": {"pan": -0.3},
    "pan right": {"pan": 0.3},
    "tilt up": {"tilt": 0.3},
    "tilt down": {"tilt": -0.3},
    "zoom in": {"zoom": 0.6},
    "zoom out": {"zoom": -0.6},
    "roll right": {"roll": 0.6},
    "nothing moving": {},
    "hand-held": {"shake": 0.008},
}


@pytest.fixture(scope="module")
def vectors() -> dict[str, list[np.ndarray]]:
    """Each movement twice, over two textures, the second time half as fast."""
    return {
        name: [
            CUE.vector(facts([plain(9, 9, 9)], course=shoot(**move, noise=2, seed=1), seconds=2)),
            CUE.vector(facts([plain(9, 9, 9)], course=shoot(**{k: v / 2 for k, v in move.items()}, seed=2), seconds=2)),
        ]
        for name, move in MOVES.items()
    }


@pytest.mark.parametrize("name", MOVES)
def test_the_nearest_of_all_moves_the_same_way_and_its_name_is_known(
    vectors: dict[str, list[np.ndarray]], name: str
) -> None:
    one, other = vectors[name]
    others = {key: likeness(one, pair[1]) for key, pair in vectors.items()}
    assert max(others, key=lambda key: others[key]) == name, others
    assert CUE.shared(one, other) == name


@pytest.mark.parametrize("name", ["pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out", "hand-held"])
def test_a_movement_is_found_by_its_name(vectors: dict[str, list[np.ndarray]], name: str) -> None:
    said = CUE.named(name)
    assert said is not None
    scores = {key: likeness(said, pair[0]) for key, pair in vectors.items()}
    assert max(scores, key=lambda key: scores[key]) == name, scores


def test_opposite_directions_are_far_apart(vectors: dict[str, list[np.ndarray]]) -> None:
    left, right, still = (vectors[name][0] for name in ("pan left", "pan right", "nothing moving"))
    assert likeness(left, right) < 0.5
    assert likeness(left, still) < 0.6
    assert CUE.shared(left, right) is None


def test_slow_is_nearer_to_fast_the_same_way_than_to_any_other_way(vectors: dict[str, list[np.ndarray]]) -> None:
    fast = CUE.vector(facts([plain(9, 9, 9)], course=shoot(pan=1.5), seconds=2))
    assert likeness(fast, vectors["pan right"][1]) > likeness(fast, vectors["tilt up"][0]) + 0.2


def test_a_still_picture_knows_nothing_of_movement() -> None:
    still = facts([plain(9, 9, 9)])
    assert not CUE.known(still)
    stands = CUE.vector(facts([plain(9, 9, 9)], course=shoot(), seconds=2))
    assert likeness(CUE.vector(still), stands) == pytest.approx(0, abs=1e-6)
    assert CUE.shared(CUE.vector(still), stands) is None
