"""The cue rhythm: beats and courses that are known because they were made."""

from __future__ import annotations

import numpy as np
import pytest

from reinterpret.cues.facts import ShotFacts
from reinterpret.cues.motion_meter import Course
from reinterpret.cues.rhythm import Rhythm
from tests.cues.made import COLUMN, facts, likeness, plain

CUE = Rhythm()


def run(
    *, luma: np.ndarray | None = None, pan: np.ndarray | None = None, seconds: float = 4.0, rate: float = 25.0
) -> ShotFacts:
    """A shot of this luma, one value a frame, and this pan, ten values a second."""
    instants = np.arange(round(10 * seconds)) / 10 + 0.05
    movement = np.zeros((len(instants), len(COLUMN)), np.float32)
    movement[:, COLUMN["quality"]] = 1
    if pan is not None:
        movement[:, COLUMN["pan"]] = pan
    luma = np.full(round(rate * seconds), 0.4) if luma is None else luma
    course = Course(movement, instants, luma.astype(np.float32))
    return facts([plain(9, 9, 9)], course=course, seconds=seconds, rate=rate)


def flashes(times_a_second: float, *, seconds: float = 4.0, rate: float = 25.0, late: float = 0.0) -> np.ndarray:
    instants = np.arange(round(rate * seconds)) / rate + late
    return np.where((instants * times_a_second) % 1 < 0.5, 0.8, 0.2)


def test_flashes_are_near_flashes_of_the_same_tempo_whatever_their_phase_and_the_frame_rate() -> None:
    two = CUE.vector(run(luma=flashes(2)))
    same = CUE.vector(run(luma=flashes(2, rate=30, late=0.13), rate=30))
    five, none = CUE.vector(run(luma=flashes(5))), CUE.vector(run())
    assert likeness(two, same) > 0.95
    assert likeness(two, same) > likeness(two, five) + 0.1
    assert likeness(two, same) > likeness(two, none) + 0.1
    assert CUE.shared(two, same) == "light changing 2 times a second"
    assert CUE.shared(two, none) != CUE.shared(two, same)


def test_a_longer_shot_of_the_same_tempo_is_nearer_than_one_of_the_same_length() -> None:
    two = CUE.vector(run(luma=flashes(2)))
    longer = CUE.vector(run(luma=flashes(2, seconds=12), seconds=12))
    faster = CUE.vector(run(luma=flashes(5)))
    assert likeness(two, longer) > likeness(two, faster)


def test_growing_darker_is_far_from_growing_brighter() -> None:
    darker, brighter = (CUE.vector(run(luma=np.linspace(*ends, 100))) for ends in ((0.8, 0.1), (0.1, 0.8)))
    again = CUE.vector(run(luma=np.linspace(0.9, 0.3, 100)))
    assert likeness(darker, again) > likeness(darker, brighter) + 0.2
    assert CUE.shared(darker, again) == "growing darker"
    assert CUE.shared(darker, brighter) not in ("growing darker", "growing brighter")


def test_a_shot_that_gathers_pace_is_near_another() -> None:
    faster = CUE.vector(run(pan=np.geomspace(0.02, 1, 40)))
    again = CUE.vector(run(pan=np.geomspace(0.04, 0.8, 40)))
    slower = CUE.vector(run(pan=np.geomspace(1, 0.02, 40)))
    assert likeness(faster, again) > likeness(faster, slower) + 0.1
    assert CUE.shared(faster, again) == "gathering pace"
    assert CUE.shared(slower, slower) == "calming down"


def test_calm_shots_are_near_each_other_and_far_from_lively_ones() -> None:
    calm, again = (CUE.vector(run(pan=np.full(40, speed))) for speed in (0.005, 0.01))
    lively = CUE.vector(run(pan=np.full(40, 0.9)))
    assert likeness(calm, again) > likeness(calm, lively) + 0.1
    assert CUE.shared(calm, again) == "calm"
    assert CUE.shared(lively, lively) == "lively"


@pytest.mark.parametrize("frames", [0, 1, 2, 3, 7])
def test_shots_of_a_few_frames_have_a_vector(frames: int) -> None:
    course = Course(np.empty((0, len(COLUMN)), np.float32), np.empty(0), np.full(frames, 0.5, np.float32))
    vector = CUE.vector(facts([plain(9, 9, 9)], course=course, seconds=frames / 25))
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
