"""Time: spans of exact seconds, frame rates, and the grid of frames that a rate lays over time.

Everything inside the program is a `Fraction` of a second or an integer frame; floats exist only where
ffmpeg and numpy are called. Ranges are half-open. Boundaries are rounded to the grid, never durations,
so no error adds up over the length of a film.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

# NTSC rates are N x 1000/1001; containers write them as 23.976, 29.97, 2997/100 or 19001/317.
# One part in 5,000 is closer than any two standard rates lie together (24 and 24000/1001: 1 in 1,000).
_RATE_TOLERANCE = Fraction(1, 5000)
_STANDARD_RATES = tuple(
    sorted(
        [Fraction(n) for n in (1, 2, 5, 8, 10, 12, 15, 16, 18, 20, 24, 25, 30, 48, 50, 60, 72, 90, 100, 120, 144, 240)]
        + [Fraction(n * 1000, 1001) for n in (24, 30, 48, 60, 120, 240)]
        + [Fraction(15000, 1001), Fraction(12000, 1001), Fraction(25, 2), Fraction(15, 2)]
    )
)
# Of the time that a frame lasts: an instant on its very beginning could fall before it by rounding, this far behind it
# falls on it.
INSIDE_FRAME = Fraction(2, 5)
# Matroska and others round times to milliseconds: frame 2 of 30 a second is at 0.067, not at 0.0667.
ROUNDING_SECONDS = Fraction(1, 1000)
_FRACTION = re.compile(r"-?\d+(/\d+|\.\d+)?", re.ASCII)


@dataclass(frozen=True, order=True, slots=True)
class Span:
    """A stretch of time, half-open: `start` belongs to it, `end` does not. Exact seconds.

    >>> Span(Fraction(1), Fraction(3)).duration
    Fraction(2, 1)
    """

    start: Fraction
    end: Fraction

    def __post_init__(self) -> None:
        if not (isinstance(self.start, Fraction) and isinstance(self.end, Fraction)):
            raise TypeError(f"a Span is made of two Fractions, got {self.start!r} and {self.end!r}")
        if not self.start < self.end:
            raise ValueError(f"a Span must end after it starts, got {self.start} to {self.end}")

    @property
    def duration(self) -> Fraction:
        """Seconds from start to end; always positive."""
        return self.end - self.start

    @property
    def middle(self) -> Fraction:
        """The instant half-way."""
        return (self.start + self.end) / 2

    def __contains__(self, seconds: Fraction) -> bool:
        """
        >>> Fraction(3) in Span(Fraction(1), Fraction(3))
        False
        """
        return self.start <= seconds < self.end

    def __and__(self, other: Span) -> Span | None:
        """What both have in common, or None.

        >>> Span(Fraction(0), Fraction(2)) & Span(Fraction(1), Fraction(5))
        Span(start=Fraction(1, 1), end=Fraction(2, 1))
        """
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Span(start, end) if start < end else None


def standard_rate(rate: Fraction) -> Fraction:
    """The standard frame rate that `rate` means, or `rate` itself (with a small denominator) if none is near.

    >>> standard_rate(Fraction(2997, 100))
    Fraction(30000, 1001)
    >>> standard_rate(Fraction(301, 10))
    Fraction(301, 10)
    """
    if rate <= 0:
        raise ValueError(f"a frame rate must be positive, got {rate}")
    nearest = min(_STANDARD_RATES, key=lambda standard: abs(standard - rate))
    if abs(nearest - rate) <= nearest * _RATE_TOLERANCE:
        return nearest
    return rate.limit_denominator(1001) or rate


def round_half_up(value: Fraction) -> int:
    """The nearest integer, halves upwards (Python's own rounds halves to even, which makes grids uneven).

    >>> [round_half_up(Fraction(n, 2)) for n in (1, 3, 5)]
    [1, 2, 3]
    """
    return math.floor(value + Fraction(1, 2))


def frame_at(seconds: Fraction, rate: Fraction) -> int:
    """The frame boundary nearest to an instant on the grid of `rate`: frame k begins at k / rate."""
    return round_half_up(seconds * rate)


def seconds_at(frame: int, rate: Fraction) -> Fraction:
    """The instant at which a frame of the grid begins."""
    return Fraction(frame) / rate


def format_seconds(seconds: Fraction | float) -> str:
    """Minutes, seconds and hundredths for people: `1:02:03.45`, or `2:03.45` below an hour.

    >>> format_seconds(Fraction(3723))
    '1:02:03.00'
    """
    hundredths = round_half_up(Fraction(seconds) * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    tail = f"{rest // 100:02d}.{rest % 100:02d}"
    return f"{hours}:{minutes:02d}:{tail}" if hours else f"{minutes}:{tail}"


def parse_fraction(text: str) -> Fraction:
    """A fraction as JSON carries it: `"25/1"`, `"30000/1001"`, `"7/2"`. Raises ValueError."""
    try:
        # Python's own would also take "1e999999999", and think about it until memory runs out.
        if not _FRACTION.fullmatch(text):
            raise ValueError("not a fraction")
        return Fraction(text)
    except (TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"expected a fraction such as 25/1, got {text!r}") from error


def format_fraction(value: Fraction) -> str:
    """The inverse of `parse_fraction`; always with a denominator.

    >>> format_fraction(Fraction(25))
    '25/1'
    """
    return f"{value.numerator}/{value.denominator}"
