"""Cuts behind black frames: found where the picture is another one afterwards, and the detector has not found them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import cv2
import numpy as np
import pytest

from reinterpret.shots import Boundary
from reinterpret.shots.flat_cuts import FlatCuts
from tests.shots.known import Known

RATE = Fraction(25)
HEIGHT, WIDTH = 160, 288


def picture(seed: int, shift: int = 0) -> np.ndarray:
    """160 x 288 uint8: blobs of light and dark, which move by some pixels."""
    noise = np.random.default_rng(seed).uniform(30, 220, (8, 14)).astype(np.float32)
    return np.roll(cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), shift, axis=1)


def found(shown: Sequence[np.ndarray], *known: Boundary, delay: int = 40) -> list[Boundary]:
    """What is reported of a film, each in time."""
    detector = FlatCuts(Known(known, delay), RATE)
    boundaries: list[Boundary] = []
    for number, luma in enumerate(shown):
        planes = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
        planes[:HEIGHT] = np.clip(luma, 0, 255)
        for boundary in detector.feed(number, planes):
            assert number - detector.delay_frames <= boundary.start_frame <= number
            boundaries.append(boundary)
    return boundaries + detector.finish()


def shot(seed: int, count: int, first: int = 0) -> list[np.ndarray]:
    return [picture(seed, 2 * (first + number)) for number in range(count)]


def flat(level: int, count: int) -> list[np.ndarray]:
    return [np.full((HEIGHT, WIDTH), level, np.float32)] * count


@pytest.mark.parametrize("level", [16, 235, 128], ids=["black", "white", "grey"])
@pytest.mark.parametrize("count", [1, 5])
def test_another_picture_behind_a_flat_one_is_another_shot(level: int, count: int) -> None:
    (boundary,) = found([*shot(1, 30), *flat(level, count), *shot(2, 90)])
    assert (boundary.frame, boundary.transition) == (30 + count, "cut")


@pytest.mark.parametrize("level", [16, 235, 128], ids=["black", "white", "grey"])
def test_a_blink_or_a_flash_within_a_shot_is_no_cut(level: int) -> None:
    assert found([*shot(1, 30), *flat(level, 2), *shot(1, 90, 32)]) == []


def test_what_the_detector_has_found_there_stays_as_it_is() -> None:
    known = Boundary.gradual("fade", 25, 36)
    assert found([*shot(1, 30), *flat(16, 2), *shot(2, 90)], known) == [known]
    # One that is far away does not hide it.
    far = Boundary.cut(80)
    assert [one.frame for one in found([*shot(1, 30), *flat(16, 2), *shot(2, 48), *shot(3, 90)], far)] == [32, 80]


def test_at_the_ends_of_a_film_nothing_is_cut() -> None:
    assert found([*flat(16, 3), *shot(1, 60), *flat(16, 3)]) == []


def test_black_that_lasts_is_left_to_the_detector() -> None:
    assert found([*shot(1, 30), *flat(16, 40), *shot(2, 60)]) == []


def test_bars_around_two_pictures_do_not_make_them_alike() -> None:
    shown = [*shot(1, 30), *flat(16, 1), *shot(2, 90)]
    framed = []
    for luma in shown:
        around = np.full((HEIGHT, WIDTH), 16, np.float32)
        around[24:-24] = luma[24:-24]
        framed.append(around)
    assert [boundary.frame for boundary in found(framed)] == [31]
