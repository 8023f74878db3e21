"""Timecodes: every label of a day, by counting them out, and back."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret import timecode
from reinterpret.timecode import (
    can_drop,
    day_frames,
    format_timecode,
    may_drop,
    nominal_rate,
    parse_timecode,
    timecode_frame,
)

NTSC = Fraction(30000, 1001)
RATES = [
    Fraction(24000, 1001),
    Fraction(24),
    Fraction(25),
    NTSC,
    Fraction(30),
    Fraction(48),
    Fraction(50),
    2 * NTSC,
    Fraction(60),
    Fraction(100),
    4 * NTSC,
    Fraction(120),
]


def labels_of_a_day(nominal: int, left_out: int) -> np.ndarray:
    """N x 4, hours to frames: all there are, written out one after the other, less those that the standard drops."""
    sizes = (24, 60, 60, nominal)
    labels = np.stack(np.meshgrid(*map(np.arange, sizes), indexing="ij"), axis=-1).reshape(-1, 4)
    _, minutes, seconds, frames = labels.T
    return labels[~((seconds == 0) & (frames < left_out) & (minutes % 10 != 0))]


@pytest.mark.parametrize(
    ("nominal", "left_out", "count"),
    [
        (30, 2, 2_589_408),
        (25, 0, 2_160_000),
        pytest.param(60, 4, 5_178_816, marks=pytest.mark.slow),
        pytest.param(30, 0, 2_592_000, marks=pytest.mark.slow),
    ],
)
def test_every_label_of_a_day_names_its_frame_and_no_other(nominal: int, left_out: int, count: int) -> None:
    labels = labels_of_a_day(nominal, left_out)
    assert len(labels) == count
    hours, minutes, seconds, frames = labels.T
    counted = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    numbers = np.arange(count)
    assert np.array_equal(timecode._frame_of_count(counted, nominal, left_out), numbers)
    assert np.array_equal(timecode._count_of_frame(numbers, nominal, left_out), counted)


@pytest.mark.slow
def test_every_drop_frame_label_of_a_day_is_written_and_read() -> None:
    for number, label in enumerate(labels_of_a_day(30, 2).tolist()):
        text = f"{label[0]:02d}:{label[1]:02d}:{label[2]:02d};{label[3]:02d}"
        assert format_timecode(number, NTSC, drop=True) == text
        assert parse_timecode(text, NTSC) == number


def test_known_labels() -> None:
    for text, frame in (("00:00:59;29", 1799), ("00:01:00;02", 1800), ("00:10:00;00", 17982), ("01:00:00;00", 107892)):
        assert parse_timecode(text, NTSC) == frame
        assert format_timecode(frame, NTSC, drop=True) == text
    assert parse_timecode("00:01:00;04", 2 * NTSC) == 3600
    assert parse_timecode("00:01:00;008", 4 * NTSC) == 7200
    assert format_timecode(7200, 4 * NTSC, drop=True) == "00:01:00;008"
    assert parse_timecode("01:00:00:00", Fraction(25)) == 90000
    # 29.97 that is not dropped is 3.6 s behind the clock after an hour, dropped it is right to a tenth of a frame
    assert parse_timecode("01:00:00:00", NTSC) / NTSC - 3600 == Fraction(36, 10)
    assert abs(parse_timecode("01:00:00;00", NTSC) / NTSC - 3600) < Fraction(1, 250)


def test_days_begin_again() -> None:
    assert day_frames(NTSC, drop=True) == 2_589_408
    assert format_timecode(2_589_408, NTSC, drop=True) == "00:00:00;00"
    assert format_timecode(2_589_407, NTSC, drop=True) == "23:59:59;29"
    assert format_timecode(25 * 86400 + 1, Fraction(25)) == "00:00:00:01"


def test_only_rates_that_run_behind_the_clock_drop() -> None:
    assert [rate for rate in RATES if may_drop(rate)] == [NTSC, 2 * NTSC, 4 * NTSC]
    assert [nominal_rate(rate) for rate in RATES] == [24, 24, 25, 30, 30, 48, 50, 60, 60, 100, 120, 120]
    # EDLs of 30 frames a second that say they drop do exist, and are read as they say
    assert timecode_frame(0, 1, 0, 2, rate=Fraction(30), drop=True) == 1800
    assert format_timecode(1800, Fraction(30), drop=True) == "00:01:00;02"
    assert timecode_frame(0, 1, 0, 2, rate=Fraction(25), drop=True) == 1502
    assert [rate for rate in RATES if can_drop(rate)] == [
        NTSC,
        Fraction(30),
        2 * NTSC,
        Fraction(60),
        4 * NTSC,
        Fraction(120),
    ]


@settings(max_examples=300, deadline=None)
@given(frame=st.integers(0, 40_000_000), rate=st.sampled_from(RATES), drop=st.booleans())
def test_frames_come_back_from_labels(frame: int, rate: Fraction, drop: bool) -> None:
    frame %= day_frames(rate, drop=drop and may_drop(rate))
    text = format_timecode(frame, rate, drop=drop and may_drop(rate))
    assert parse_timecode(text, rate) == frame
    assert parse_timecode(text, rate, drop=drop and may_drop(rate)) == frame


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("00:01:00;00", "one of those dropped"),
        ("00:01:00;01", "one of those dropped"),
        ("00:00:00:30", "there is no timecode 00:00:00:30 at 30 frames a second"),
        ("00:60:00:00", "there is no timecode"),
        ("00:00:60:00", "there is no timecode"),
        ("1:2:3", "expected a timecode such as"),
        ("", "expected a timecode such as"),
        ("-1:00:00:00", "expected a timecode such as"),
        ("٠١:00:00:00", "expected a timecode such as"),
    ],
)
def test_what_is_no_label_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_timecode(text, NTSC)


def test_what_cannot_be_labelled_is_refused() -> None:
    with pytest.raises(ValueError, match="counts 30, 60 or 120 frames a second, not 25"):
        format_timecode(0, Fraction(25), drop=True)
    with pytest.raises(ValueError, match="counts from frame 0, got -1"):
        format_timecode(-1, NTSC)
