"""The cue composition: where things are, whatever they are."""

from __future__ import annotations

import numpy as np
import pytest

from reinterpret.cues.composition import Composition, saliency
from tests.cues.made import HEIGHT, WIDTH, facts, likeness, texture

CUE = Composition()


def with_thing(column: float, row: float, *, seed: int = 0, light: int = 220) -> np.ndarray:
    """A thing on a dim ground, its middle at shares of width and height."""
    picture = np.repeat((40 + texture(seed)[:HEIGHT, :WIDTH] // 8)[..., None], 3, axis=2)
    x, y = round(column * WIDTH), round(row * HEIGHT)
    picture[max(0, y - 20) : y + 20, max(0, x - 24) : x + 24] = light
    return picture


def test_the_same_place_is_nearer_than_its_mirror_whatever_the_thing_is() -> None:
    left, other_left, right = (
        CUE.vector(facts([with_thing(*place)])) for place in ((0.2, 0.4), (0.22, 0.42), (0.8, 0.4))
    )
    darker = CUE.vector(facts([with_thing(0.2, 0.4, seed=3, light=160)]))
    assert likeness(left, other_left) > likeness(left, right) + 0.2
    assert likeness(left, darker) > likeness(left, right) + 0.2


def test_a_mirrored_picture_is_not_the_nearest() -> None:
    places = [(x, y) for y in (0.25, 0.75) for x in (0.15, 0.3, 0.7, 0.85)]
    archive = np.stack([CUE.vector(facts([with_thing(*place, seed=5)])) for place in places])
    for number, place in enumerate(places):
        mirrored = CUE.vector(facts([np.ascontiguousarray(with_thing(*place, seed=6)[:, ::-1])]))
        nearest = places[int((archive @ mirrored).argmax())]
        assert nearest == (pytest.approx(1 - place[0]), place[1]), number


@pytest.mark.parametrize(
    ("column", "row", "words"),
    [(0.15, 0.5, "subject left"), (0.5, 0.5, "subject centre"), (0.85, 0.15, "subject top right")],
)
def test_the_place_of_the_subject_has_a_name(column: float, row: float, words: str) -> None:
    one, other = (CUE.vector(facts([with_thing(column, row, seed=seed)])) for seed in (1, 2))
    assert CUE.shared(one, other) == words


def test_features_count_by_where_they_are_and_not_by_what_they_are_in_the_mean() -> None:
    random = np.random.default_rng(0)
    ground = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    common, thing = random.random(64), random.random(64)
    layouts = np.tile(common, (1, 3, 3, 1)).astype(np.float32)
    left, right, brighter = layouts.copy(), layouts.copy(), 3 * layouts
    left[0, 1, 0] += thing
    right[0, 1, 2] += thing
    brighter[0, 1, 0] += thing
    one, mirrored, other = (CUE.vector(facts([ground], layouts=layout)) for layout in (left, right, brighter))
    assert likeness(one, other) > 0.98
    assert likeness(one, mirrored) < likeness(one, other) - 0.3


def test_an_encoder_without_a_map_gives_vectors_of_the_same_length() -> None:
    picture = with_thing(0.2, 0.4)
    with_map = CUE.vector(facts([picture], layouts=np.random.default_rng(0).random((1, 3, 3, 16), np.float32)))
    without = CUE.vector(facts([picture]))
    assert len(with_map) == len(without) == CUE.dimensions


def test_what_stands_out_is_salient() -> None:
    grey = with_thing(0.75, 0.3)[..., 0].astype(np.float32) / 255
    row, column = np.unravel_index(saliency(grey).argmax(), (40, 64))
    assert abs(row / 40 - 0.3) < 0.15
    assert abs(column / 64 - 0.75) < 0.1
