"""The cue colour: hues, lightness, and what a grade or a black-and-white copy does to them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from reinterpret.cues.colour import Colour, oklab
from tests.cues.made import HEIGHT, WIDTH, facts, likeness, plain, texture

CUE = Colour()


def scene(number: int) -> np.ndarray:
    """A picture in two hues of its own, whose lightness is spread as the beta distribution of this number."""
    random = np.random.default_rng(number)
    ground = texture(number)[200 : 200 + HEIGHT, 200 : 200 + WIDTH]
    light = np.empty(ground.size)
    light[ground.ravel().argsort(kind="stable")] = np.sort(random.beta(*SPREADS[number], ground.size))
    tints = random.uniform(0.6, 1, (2, 1, 3))
    tinted = np.where((light > np.median(light))[:, None], *tints) * (0.1 + 0.75 * light[:, None])
    return np.asarray(255 * tinted.reshape(HEIGHT, WIDTH, 3), np.uint8)


SPREADS = ((1, 5), (5, 1), (0.4, 0.4), (8, 8), (0.4, 1.2), (1.2, 0.4), (1, 1))
SCENES = [scene(number) for number in range(len(SPREADS))]
GRADES = {
    "black and white": lambda p: np.repeat(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[..., None], 3, axis=2),
    "darker": lambda p: (p * 0.8).astype(np.uint8),
    "lighter": lambda p: np.clip(p * 1.15 + 6, 0, 255).astype(np.uint8),
    "warmer": lambda p: np.clip(p * np.array([1.1, 1, 0.88]), 0, 255).astype(np.uint8),
    "paler": lambda p: (0.6 * p + 0.4 * cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)[..., None]).astype(np.uint8),
    "grain": lambda p: np.clip(p + np.random.default_rng(0).normal(0, 8, p.shape), 0, 255).astype(np.uint8),
}


@pytest.mark.parametrize("grade", GRADES)
def test_a_graded_copy_is_nearest_to_its_original(grade: str) -> None:
    originals = np.stack([CUE.vector(facts([picture])) for picture in SCENES])
    copies = np.stack([CUE.vector(facts([GRADES[grade](picture)])) for picture in SCENES])
    assert (copies @ originals.T).argmax(axis=1).tolist() == list(range(len(SCENES)))


def test_hues_tell_shots_of_the_same_lightness_apart() -> None:
    light = np.linspace(0.2, 1, WIDTH)[:, None]
    red, orange, blue = (
        CUE.vector(facts([np.tile(np.asarray(255 * light * np.array(tint), np.uint8), (HEIGHT, 1, 1))]))
        for tint in ((1, 0.25, 0.25), (1, 0.4, 0.2), (0.3, 0.45, 1))
    )
    assert likeness(red, orange) > likeness(red, blue) + 0.1


@pytest.mark.parametrize(
    ("colour", "words"),
    [
        ((10, 20, 120), "blue and dark"),
        ((230, 230, 230), "black and white and bright"),
        ((128, 128, 128), "black and white"),
        ((120, 80, 40), "brown"),
        ((40, 160, 60), "green"),
        ((250, 240, 60), "yellow and bright"),
    ],
)
def test_the_words_are_those_that_people_use(colour: tuple[int, int, int], words: str) -> None:
    vector = CUE.vector(facts([plain(*colour)]))
    assert CUE.shared(vector, vector) == words


def test_shots_of_unlike_colours_share_no_word() -> None:
    assert CUE.shared(CUE.vector(facts([plain(200, 40, 40)])), CUE.vector(facts([plain(40, 60, 200)]))) is None


def test_oklab_agrees_with_the_values_its_author_gives() -> None:
    white, red, grey = oklab(np.array([[255, 255, 255], [255, 0, 0], [128, 128, 128]], np.uint8))
    assert white == pytest.approx([1, 0, 0], abs=1e-3)
    assert red == pytest.approx([0.628, 0.225, 0.126], abs=1e-3)
    assert grey[1:] == pytest.approx([0, 0], abs=1e-3)
