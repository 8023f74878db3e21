"""Verification of cuts in doubt: pictures of which it is known whether one is the other, moved."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from reinterpret.shots.verification import (
    LEAST_DOUBTFUL,
    MOST_DOUBTFUL,
    Evidence,
    Verifier,
    doubtful,
    probability,
)


def scene(seed: int) -> np.ndarray:
    """160 x 400 uint8 of soft spots, wider than a frame, so that a frame can move over it."""
    rng = np.random.default_rng(seed)
    return np.clip(cv2.resize(rng.normal(120, 60, (12, 30)), (400, 160), interpolation=cv2.INTER_CUBIC), 16, 235)


def frame(picture: np.ndarray, left: int = 0, light: float = 1.0) -> np.ndarray:
    return np.clip(picture[:, left : left + 288] * light, 0, 255).astype(np.uint8)


def seen(*pictures: np.ndarray, score: float = 0.4) -> Evidence:
    """About a cut in the middle of four frames."""
    return Verifier().evidence(np.array([0, 0, score, 0]), pictures, 2)


@pytest.mark.parametrize("step", [0, 2, 9, 30])
def test_what_moves_is_explained_by_the_frame_before(step: int) -> None:
    evidence = seen(*(frame(scene(1), step * number) for number in range(4)))
    assert evidence.likeness > 0.7
    assert evidence.unexplained < 0.2
    assert probability(evidence) < 0.2


def test_another_picture_is_not() -> None:
    evidence = seen(*(frame(scene(1), 2 * k) for k in range(2)), *(frame(scene(2), 2 * k) for k in range(2)))
    assert evidence.likeness < 0.4
    assert evidence.unexplained > 0.5
    assert evidence.unexplained_beside < 0.2
    assert probability(evidence) > 0.6


def test_light_that_changes_is_no_other_picture() -> None:
    evidence = seen(*(frame(scene(3), light=light) for light in (0.5, 0.5, 1.0, 1.0)))
    assert evidence.unexplained < 0.2
    assert probability(evidence) < 0.2


def test_of_plain_pictures_nothing_is_said() -> None:
    plain = [np.full((160, 288), level, np.uint8) for level in (90, 90, 140, 140)]
    evidence = seen(*plain)
    assert evidence.likeness == 0
    assert evidence.unexplained == evidence.unexplained_beside == 0.5
    assert all(math.isfinite(value) for value in evidence)


def test_a_little_thing_that_goes_from_an_empty_picture_tells_little() -> None:
    wall = np.full((160, 288), 120, np.uint8)
    with_spot = wall.copy()
    with_spot[64:96, 64:96] = np.random.default_rng(0).integers(16, 235, (8, 8)).repeat(4, 0).repeat(4, 1)
    assert 0.5 < seen(with_spot, with_spot, wall, wall).unexplained < 0.7


def test_only_peaks_in_doubt_are_looked_at() -> None:
    cut = np.array([0.5, 0.1, 0.3, 0.2, 0.0, 0.99, 0.0, 0.02, 0.0, 0.4, 0.4, 0.0, 0.6])
    assert doubtful(cut, 0, len(cut)) == [2, 9, 12]  # no film is cut before its first frame
    assert doubtful(cut, 3, 12) == [9]
    assert LEAST_DOUBTFUL < 0.1 < 0.6 < MOST_DOUBTFUL


def test_what_stood_beside_a_cut_that_is_none_becomes_none_itself() -> None:
    cut = np.array([0.0, 0.0, 0.0, 0.44, 0.45, 0.4, 0.0, 0.0])
    pictures = [frame(scene(4), 3 * number) for number in range(8)]
    decided = Verifier().verified(cut, pictures, 0, 8)
    assert decided.max() < 0.1
    assert cut[4] == 0.45  # what came in is as it was


@pytest.mark.parametrize(("sure", "doubt"), [(0.97, 0.3), (0.5, 0.6), (0.7, 0.3)])
def test_a_false_peak_takes_no_cut_beside_it_along(sure: float, doubt: float) -> None:
    pictures = [frame(scene(seed), 2 * number) for number, seed in enumerate([1] * 4 + [2] * 6)]
    cut = np.array([0.0, 0.0, 0.0, 0.0, sure, 0.0, doubt, 0.0, 0.0, 0.0])
    decided = Verifier().verified(cut, pictures, 0, 10)
    alone = probability(Verifier().evidence(cut, pictures, 4)) if sure < MOST_DOUBTFUL else sure
    assert decided[4] == pytest.approx(alone)
    assert decided[6] < 0.1 < decided[4]


def test_certainties_are_left_as_they_are() -> None:
    cut = np.array([0.0, 0.01, 0.0, 0.97, 0.0, 0.04, 0.0])
    pictures = [frame(scene(5))] * 7
    decided = Verifier().verified(cut, pictures, 0, 7)
    assert np.array_equal(decided, cut)


def test_at_the_ends_of_a_film_there_is_less_to_compare() -> None:
    one, other = frame(scene(6)), frame(scene(7))
    decided = Verifier().verified(np.array([0.0, 0.5]), [one, other], 0, 2)
    assert decided[1] > 0.5


def test_the_more_the_network_believes_the_likelier_it_is() -> None:
    evidence = seen(*(frame(scene(1), 2 * k) for k in range(2)), *(frame(scene(2), 2 * k) for k in range(2)))
    doubts = [probability(evidence._replace(score=odds)) for odds in (-3.0, -1.0, 0.0, 2.0)]
    assert doubts == sorted(doubts)
    assert 0 < doubts[0] < doubts[-1] < 1
