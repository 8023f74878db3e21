"""The measuring of movement: a camera of known speed over a random texture."""

from __future__ import annotations

import numpy as np
import pytest

from reinterpret.cues.facts import MOVEMENT_COLUMNS
from reinterpret.cues.motion_meter import Course, MotionMeter
from tests.cues.made import COLUMN, HEIGHT, WIDTH, seen_from, shoot, texture


def mean_of(course: Course, column: str) -> float:
    return float(course.movement[:, COLUMN[column]].mean())


@pytest.mark.parametrize(
    "move",
    [
        {"pan": 0.05},
        {"pan": -0.5},
        {"pan": 2.0},
        {"tilt": 0.2},
        {"tilt": -1.0},
        {"zoom": 0.1},
        {"zoom": -0.3},
        {"zoom": 0.8},
        {"roll": 0.2},
        {"roll": -0.8},
        {"pan": 0.3, "tilt": -0.1, "zoom": 0.2},
    ],
    ids=str,
)
def test_the_camera_is_measured_within_a_tenth_and_nothing_else_is_seen(move: dict[str, float]) -> None:
    course = shoot(**move)
    for column in ("pan", "tilt", "zoom", "roll"):
        assert mean_of(course, column) == pytest.approx(move.get(column, 0), rel=0.1, abs=0.03), column
    assert mean_of(course, "quality") > 0.8
    assert course.movement[:, 5:].max() < 0.1


@pytest.mark.parametrize("rate", [12.0, 24.0, 30.0, 60.0])
def test_speeds_are_by_the_second_whatever_the_frame_rate(rate: float) -> None:
    course = shoot(pan=0.4, rate=rate)
    assert mean_of(course, "pan") == pytest.approx(0.4, rel=0.05)
    assert 5 <= len(course.movement) / 2 <= 11, "rows a second"
    assert len(course.luma) == round(rate * 2)


def test_noise_on_a_still_picture_is_no_movement() -> None:
    course = shoot(noise=6)
    assert np.abs(course.movement[:, :4]).max() < 0.02
    assert course.movement[:, 5:].max() < 0.01


def test_repeated_frames_are_passed_over_and_the_speed_stays_right() -> None:
    course = shoot(pan=0.4, repeats=4)
    assert course.movement[:, COLUMN["pan"]] == pytest.approx(np.full(len(course.movement), 0.4), rel=0.3)
    assert mean_of(course, "pan") == pytest.approx(0.4, rel=0.1)


def test_a_frozen_picture_is_still_and_a_cut_is_never_measured() -> None:
    meter, ground = MotionMeter(), texture()
    for number in range(50):
        meter.feed(seen_from(ground, x=500, y=500), number / 25)
    still = meter.take()
    assert len(still.movement) >= 3
    assert not np.delete(still.movement, COLUMN["quality"], axis=1).any()
    meter.feed(seen_from(ground, x=900, y=300), 2.0)
    assert len(meter.take().movement) == 0


def test_a_thing_that_moves_is_told_from_the_camera_with_its_place_and_its_way() -> None:
    def ball(frame: np.ndarray, instant: float) -> np.ndarray:
        left = round(20 + 60 * instant)
        frame = frame.copy()
        frame[20:60, left : left + 60] = texture(7)[100:140, 100:160]
        return frame

    course = shoot(before=ball)
    cells = course.movement[:, 5:14].mean(axis=0).reshape(3, 3)
    assert abs(mean_of(course, "pan")) < 0.01
    assert cells[0].sum() > 3 * (cells[1].sum() + cells[2].sum())
    assert mean_of(course, "rightwards") > 5 * mean_of(course, "leftwards")
    assert mean_of(course, "rightwards") > 5 * mean_of(course, "upwards")


def test_frames_that_are_coded_turned_are_measured_upright() -> None:
    ground = texture()
    for rotation in (90, 180, 270):
        meter = MotionMeter(rotation=rotation)
        for number in range(25):
            upright = seen_from(ground, x=900 + 0.4 * WIDTH * number / 25, y=500)
            meter.feed(np.ascontiguousarray(np.rot90(upright, rotation // 90)), number / 25)
        assert mean_of(meter.take(), "pan") == pytest.approx(0.4, rel=0.1), rotation


def test_luma_runs_from_black_to_white() -> None:
    meter = MotionMeter()
    for number, level in enumerate((16, 235, 5, 255)):
        meter.feed(np.full((HEIGHT, WIDTH), level, np.uint8), number / 25)
    assert meter.take().luma.tolist() == [0, 1, 0, 1]


def test_pictures_without_anything_to_see_have_no_quality() -> None:
    meter = MotionMeter()
    for number in range(20):
        meter.feed(np.full((HEIGHT, WIDTH), 20 + 10 * number, np.uint8), number / 10)
    movement = meter.take().movement
    assert movement.shape[1] == len(MOVEMENT_COLUMNS)
    assert not movement.any()
