"""Timecodes: the number of a frame goes in, the label that SMPTE ST 12-1 gives it comes out, and back.

A label counts whole frames: as many a second as the next whole number to the rate. At 29.97 frames a second that runs
behind the clock by 3.6 s an hour, so some labels (never frames) may be left out: numbers 0 and 1 of every minute but
the tenth. That is called drop-frame and is written with a semicolon; at 59.94 and 119.88 it leaves out 4 and 8.
"""

from __future__ import annotations

import re
from fractions import Fraction

from reinterpret.timebase import round_half_up

TIMECODE = re.compile(r"(\d{1,3}):(\d\d):(\d\d)([:;.,])(\d{2,3})", re.ASCII)
"""Hours, minutes, seconds, what stands before the frames, frames."""

# What stands before the frames where some labels are left out.
_DROP_SEPARATORS = ";,"
_DAY_SECONDS = 24 * 3600


def nominal_rate(rate: Fraction) -> int:
    """How many frames labels count in a second.

    >>> nominal_rate(Fraction(30000, 1001))
    30
    """
    return max(1, round_half_up(rate))


def may_drop(rate: Fraction) -> bool:
    """Whether drop-frame labels are meant for a rate: 29.97, 59.94 and 119.88, whose labels run behind the clock.

    >>> may_drop(Fraction(30000, 1001)), may_drop(Fraction(24000, 1001)), may_drop(Fraction(30))
    (True, False, False)
    """
    return rate.denominator == 1001 and nominal_rate(rate) % 30 == 0


def can_drop(rate: Fraction) -> bool:
    """Whether labels can be drop-frame at all: at rates that count 30, 60 or 120. Some telephones do it at 30 itself.

    >>> can_drop(Fraction(30)), can_drop(Fraction(25))
    (True, False)
    """
    return nominal_rate(rate) % 30 == 0


def timecode_frame(hours: int, minutes: int, seconds: int, frames: int, *, rate: Fraction, drop: bool) -> int:
    """The frame that a label names, from 0.

    drop: labels are left out; it means nothing at rates that do not count 30, 60 or 120 frames. Raises ValueError for
    labels that do not exist.
    """
    nominal = nominal_rate(rate)
    left_out = _left_out(nominal) if drop else 0
    label = f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if left_out else ':'}{frames:02d}"
    if hours < 0 or not 0 <= minutes < 60 or not 0 <= seconds < 60 or not 0 <= frames < nominal:
        raise ValueError(f"there is no timecode {label} at {nominal} frames a second")
    if seconds == 0 and frames < left_out and minutes % 10:
        raise ValueError(f"the timecode {label} is one of those dropped")
    return _frame_of_count(((hours * 60 + minutes) * 60 + seconds) * nominal + frames, nominal, left_out)


def parse_timecode(text: str, rate: Fraction, *, drop: bool | None = None) -> int:
    """The frame that a written label names, from 0. Raises ValueError.

    drop: whether labels are left out; by default as the label itself says, by a semicolon.

    >>> parse_timecode("00:01:00;02", Fraction(30000, 1001))
    1800
    """
    match = TIMECODE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"expected a timecode such as 01:00:00:00, got {text[:40]!r}")
    hours, minutes, seconds, frames = (int(match[group]) for group in (1, 2, 3, 5))
    return timecode_frame(
        hours, minutes, seconds, frames, rate=rate, drop=match[4] in _DROP_SEPARATORS if drop is None else drop
    )


def format_timecode(frame: int, rate: Fraction, *, drop: bool = False) -> str:
    """The label of a frame, which is counted from 0; after 24 hours labels begin again. Raises ValueError.

    drop: leave labels out, with a semicolon before the frames; only at the rates that `can_drop` names.

    >>> format_timecode(1800, Fraction(30000, 1001), drop=True), format_timecode(1800, Fraction(25))
    ('00:01:00;02', '00:01:12:00')
    """
    if frame < 0:
        raise ValueError(f"a timecode counts from frame 0, got {frame}")
    if drop and not can_drop(rate):
        raise ValueError(f"drop-frame timecode counts 30, 60 or 120 frames a second, not {float(rate):g}")
    nominal = nominal_rate(rate)
    left_out = _left_out(nominal) if drop else 0
    count = _count_of_frame(frame % day_frames(rate, drop=drop), nominal, left_out)
    seconds, frames = divmod(count, nominal)
    digits = len(str(nominal - 1))
    hours, minutes, seconds = seconds // 3600, seconds // 60 % 60, seconds % 60
    return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if left_out else ':'}{frames:0{max(2, digits)}d}"


def day_frames(rate: Fraction, *, drop: bool = False) -> int:
    """How many labels a day has.

    >>> day_frames(Fraction(30000, 1001), drop=True)
    2589408
    """
    nominal = nominal_rate(rate)
    return _frame_of_count(_DAY_SECONDS * nominal, nominal, _left_out(nominal) if drop else 0)


def _left_out(nominal: int) -> int:
    """How many labels are left out each minute but the tenth."""
    return nominal // 15 if nominal % 30 == 0 else 0


def _frame_of_count(count: int, nominal: int, left_out: int) -> int:
    """count: what labels would have counted up to here if none were left out. Arrays of integers will do as well."""
    minutes = count // (60 * nominal)
    return count - left_out * (minutes - minutes // 10)


def _count_of_frame(frame: int, nominal: int, left_out: int) -> int:
    """The inverse of `_frame_of_count`, for arrays of integers as well."""
    minute = 60 * nominal - left_out
    tens, rest = frame // (10 * minute + left_out), frame % (10 * minute + left_out)
    # The first minute of ten is longer: it has all its labels.
    later = (rest >= left_out) * ((rest - left_out) // minute)
    return frame + left_out * (9 * tens + later)
