"""A face is answered by a face, unless something else is better by more than that is worth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reinterpret.cues import PRESETS
from reinterpret.cues.scale import face_share, face_size
from reinterpret.face_preference import FACE_COST, applies, face_costs, with_faces
from reinterpret.library import Library
from reinterpret.neighbours import Hit, Neighbours, open_neighbours
from reinterpret.shots import Detection
from tests.test_neighbours import hand_made, told, unit

# As the cue has them: square roots of shares, of the four scales and not knowing, and of no, one, two and more faces.
_SCALES = {"wide": 0, "medium": 1, "close": 2, "unknown": 4}
WEIGHTS = {"colour": 1.0, "content": 1e-6, "scale": 1e-6}


def scale(size: str, people: int) -> list[float]:
    vector = np.zeros(9)
    vector[_SCALES[size]], vector[5 + people] = np.sqrt(0.75), np.sqrt(0.25)
    return list(vector)


FACE, NOBODY, FAR = scale("close", 1), scale("unknown", 0), scale("wide", 1)


@pytest.fixture
def neighbours(tmp_path: Path) -> Neighbours:
    """Shots from the reddest to the least red: nobody, nobody, a face, a face far away."""
    library = Library.create(tmp_path / "lib", encoder="hand", encoder_version="1", detection=Detection("none"))
    reds = [unit(1, 0.0), unit(1, 0.2), unit(1, 0.45), unit(1, 3)]
    library.add(hand_made(tmp_path / "a.mp4", 1, told(colour=reds, scale=[NOBODY, NOBODY, FACE, FAR])))
    return open_neighbours(library)


def found(neighbours: Neighbours, wanted: list[float], *, count: int = 4) -> list[Hit]:
    query = neighbours.query(told(colour=[unit(1, 0)], scale=[wanted]))
    hits = neighbours.search(query, count, weights=WEIGHTS)
    return with_faces(neighbours, query, hits, weights=WEIGHTS, without=frozenset())[0]


def test_a_close_up_of_a_face_is_answered_by_a_face_that_is_nearly_as_good(neighbours: Neighbours) -> None:
    hits = found(neighbours, FACE)
    assert hits[0].shot == 2
    assert [hit.shot for hit in hits[1:3]] == [0, 1]
    assert hits[1].score == pytest.approx(1 - FACE_COST, abs=1e-4)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_face_that_is_much_worse_is_no_better_for_being_one(neighbours: Neighbours) -> None:
    assert [hit.shot for hit in found(neighbours, FACE)][-1] == 3


def test_where_the_trailer_has_no_face_or_a_small_one_little_changes(neighbours: Neighbours) -> None:
    assert [hit.shot for hit in found(neighbours, NOBODY)] == [0, 1, 2, 3]
    assert [hit.shot for hit in found(neighbours, FAR)] == [0, 1, 2, 3]


def test_a_face_that_is_not_among_the_nearest_is_looked_for(neighbours: Neighbours) -> None:
    """In a large archive the nearest hundred may be without one."""
    assert [hit.shot for hit in found(neighbours, FACE, count=2)] == [2, 0]
    assert [hit.shot for hit in found(neighbours, NOBODY, count=2)] == [0, 1]


def test_what_it_costs_lies_between_nothing_and_the_whole() -> None:
    costs = face_costs(np.array([FACE, FAR, NOBODY]), np.array([FACE, NOBODY]))
    assert costs[:, 0] == pytest.approx([0, 0, 0])
    assert costs[0, 1] == pytest.approx(FACE_COST)
    assert 0 < costs[1, 1] < costs[0, 1]
    assert costs[2, 1] == 0


def test_shares_and_sizes_are_read_from_the_cue() -> None:
    vectors = np.array([FACE, FAR, NOBODY, scale("medium", 3)])
    assert face_share(vectors) == pytest.approx([1, 1, 0, 1])
    sizes = face_size(vectors)
    assert sizes[0] == 1
    assert sizes[0] > sizes[3] > sizes[1] > 0


def test_it_holds_for_mixtures_about_what_is_seen_and_from_how_near() -> None:
    assert applies(PRESETS["balanced"])
    assert not any(applies(PRESETS[cue]) for cue in ("content", "colour", "movement", "scale"))
