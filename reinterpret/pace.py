"""Pace: what is done with an archive shot that is too short, how fast it plays then, and what that costs."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Literal

from reinterpret.costs import Costs
from reinterpret.edits import Match

ShortPolicy = Literal["slow", "next", "hold", "second"]

# Below half speed movement turns into a row of stills.
SLOWEST = Fraction(1, 2)
# Compared with floats thousands of times in an assignment, and a fraction takes 20 times as long.
_SLOWEST_SHARE = float(SLOWEST)
SHORTEST_PART = Fraction(1, 2)
"""Seconds of a part of a trailer shot that gets an archive shot of its own, at least."""
_SHORTEST_PART = float(SHORTEST_PART)
# What is held for less than this nobody sees.
_SEEN_SECONDS = 0.05


def is_followed(length: float, needed: float) -> bool:
    """Whether an archive shot of `length` seconds leaves room for a second one after it, and is more than a flash."""
    return min(length, needed - length) >= _SHORTEST_PART


def shortage_cost(length: float, needed: float, short: ShortPolicy, costs: Costs = Costs()) -> float:  # noqa: B008 - frozen
    """What it costs, in score, that an archive shot of `length` seconds stands for `needed` seconds.

    What is to be slowed down is so to half speed at most; for what is still left its last frame is held. What is to be
    followed by a second shot is slowed down where there is no room for two.

    >>> shortage_cost(2.0, 1.0, "next"), shortage_cost(0.75, 1.0, "slow"), shortage_cost(0.5, 1.0, "hold")
    (0.0, 0.025, 0.175)
    """
    share = length / needed
    if share >= 1:
        return 0.0
    if short == "hold":
        return costs.held * (1 - share)
    if short == "second" and is_followed(length, needed):
        return costs.second
    if short in ("slow", "second"):
        slowed = min(1 - share, 1 - _SLOWEST_SHARE) / (1 - _SLOWEST_SHARE)
        return costs.slowed * slowed + costs.held * max(0.0, 1 - share / _SLOWEST_SHARE)
    # Where none is long enough, the longest is the least evil.
    return costs.refused + costs.held * (1 - share)


def shortage_words(length: float, needed: float, short: ShortPolicy) -> str:
    """What would have to be done with an archive shot of `length` seconds that stands for `needed` seconds.

    >>> shortage_words(1.5, 2.0, "slow"), shortage_words(1.0, 3.0, "slow")
    ('too short: would be slowed to 75 %', 'too short: would be slowed to 50 % and held for 1.0 s')
    >>> shortage_words(1.0, 3.0, "hold"), shortage_words(1.0, 3.0, "next")
    ('too short: would be held for 2.0 s', 'too short by 2.0 s')
    """
    if short == "second" and is_followed(length, needed):
        return "too short: would be followed by a second shot"
    if short == "next":
        return f"too short by {needed - length:.1f} s"
    speed = max(_SLOWEST_SHARE, math.floor(length / needed * 100) / 100) if short != "hold" else 1.0
    slowed = [f"slowed to {speed:.0%}".replace("%", " %")] if speed < 1 else []
    left = needed - length / speed
    held = [f"held for {left:.1f} s"] if left >= _SEEN_SECONDS or not slowed else []
    return f"too short: would be {' and '.join([*slowed, *held])}"


def source_speed(chosen: Match, needed: Fraction, short: ShortPolicy) -> Fraction:
    """Seconds of the source that pass in a second where the span of a match stands for `needed` seconds."""
    available = chosen.source_span.duration
    if short not in ("slow", "second") or available >= needed:
        return Fraction(1)
    # In hundredths: people read it, and nobody sees the difference.
    return max(SLOWEST, Fraction(math.floor(available / needed * 100), 100))
