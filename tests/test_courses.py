"""The course of a shot: a coarse picture of what is fed, upright, a dozen times a second, for next to nothing."""

from __future__ import annotations

import time

import numpy as np
import pytest

from reinterpret.cues.courses import CELLS, COLUMNS, ROWS, CourseMeter, LayoutCourse


def picture(*, top_left: int = 200) -> np.ndarray:
    """160 x 288 of grey, in which only the first cell is of another brightness."""
    luma = np.full((160, 288), 100, np.uint8)
    luma[:32, :36] = top_left
    return luma


def fed(rate: float, seconds: float = 4.0) -> LayoutCourse:
    meter = CourseMeter()
    for number in range(round(seconds * rate)):
        meter.feed(picture(), number / rate)
    return meter.take()


def test_cells_are_the_mean_luma_from_the_top_left_row_by_row() -> None:
    luma = np.repeat(np.repeat(np.arange(40, 80, dtype=np.uint8).reshape(ROWS, COLUMNS), 32, 0), 36, 1)
    meter = CourseMeter()
    meter.feed(luma, 3.5)
    course = meter.take()
    assert course.cells.tolist() == [list(range(40, 80))]
    assert course.seconds.tolist() == [3.5]


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_pictures_are_turned_upright(rotation: int) -> None:
    meter = CourseMeter(rotation=rotation)
    meter.feed(np.ascontiguousarray(np.rot90(picture(), rotation // 90)), 0.0)
    assert meter.take().cells[0].tolist() == [200] + [100] * (CELLS - 1)


@pytest.mark.parametrize(
    ("rate", "kept"), [(12, 12), (18, 9), (24, 12), (24000 / 1001, 12), (25, 12.5), (30, 10), (60, 12), (5, 5)]
)
def test_about_twelve_frames_a_second_are_kept_whatever_the_rate(rate: float, kept: float) -> None:
    course = fed(rate)
    assert len(course) == pytest.approx(kept * 4, abs=1)
    # Evenly, so that no movement stutters.
    assert np.ptp(np.diff(course.seconds)) < 1e-9


def test_times_rounded_to_milliseconds_change_nothing() -> None:
    meter = CourseMeter()
    for number in range(96):
        meter.feed(picture(), round(number / 24, 3))
    assert len(meter.take()) == 48


def test_taking_ends_the_shot() -> None:
    meter = CourseMeter()
    assert len(meter.take()) == 0
    meter.feed(picture(), 1.0)
    assert meter.take().seconds.tolist() == [1.0]
    meter.feed(picture(top_left=50), 1.04)  # of another shot, however near
    assert meter.take().cells[0, 0] == 50


def test_feeding_costs_next_to_nothing() -> None:
    luma, meter = picture(), CourseMeter()
    meter.feed(luma, -1.0)
    before = time.process_time()
    for number in range(1000):
        meter.feed(luma, number / 24)
    # 0.006 ms where it was measured; the limit is for machines with much else to do.
    assert (time.process_time() - before) / 1000 < 0.03e-3


@pytest.mark.parametrize(
    ("cells", "seconds", "complaint"),
    [
        (np.zeros((2, 39), np.uint8), np.array([0.0, 1.0]), "K x 40 uint8"),
        (np.zeros((2, 40)), np.array([0.0, 1.0]), "K x 40 uint8"),
        (np.zeros((2, 40), np.uint8), np.array([0.0]), "2 float64"),
        (np.zeros((2, 40), np.uint8), np.array([1.0, 1.0]), "ascend"),
        (np.zeros((2, 40), np.uint8), np.array([0.0, np.nan]), "finite"),
    ],
)
def test_what_is_no_course_is_refused(cells: np.ndarray, seconds: np.ndarray, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        LayoutCourse(cells, seconds)


def test_a_rotation_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="got 45"):
        CourseMeter(rotation=45)
