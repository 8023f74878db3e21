"""Sampling: an event goes in, the instant of its file comes out from which on every place shows the right frame.

An edit goes into a film at an instant that may lie within a frame. Where film and timeline run at different rates, the
frames that follow depend on where in it: a format that can name instants should name one that gives them all.
"""

from __future__ import annotations

import math
from fractions import Fraction

from reinterpret.interchange.events import Event
from reinterpret.timebase import ROUNDING_SECONDS

# Programs that calculate in floating point keep clear of the bounds by this share of what lies between them.
_MARGIN = Fraction(1, 10)


def shown_frames(event: Event, rate: Fraction, places: int) -> list[int]:
    """The frames of its file that an event shows at its first places, counted from 0. rate: of the record.

    Of a variable rate: the positions, counted evenly at its mean rate, at which the frames are on the screen.
    """
    assert event.media is not None
    phase, pace = _phase(event), _pace(event, rate)
    unit = math.lcm(phase.denominator, pace.denominator)
    begin, step = int(phase * unit), int(pace * unit)
    return [(begin + place * step) // unit for place in range(places)]


def start_seconds(event: Event, rate: Fraction) -> Fraction:
    """An instant of the file, in seconds from its first frame, that gives all the frames of an event.

    Those among them that are seen before its first place and behind its last, in dissolves.

    A player that shows, k places later, the frame that is on the screen k / rate x speed seconds after this instant,
    shows what is rendered. It is the beginning of the first frame where that will do, else a simple fraction near the
    edit's own instant and well within the bounds.
    """
    assert event.media is not None
    low, high = _bounds(event, rate)
    if math.floor(_phase(event)) != event.source_frame:
        # A variable rate, where only the edit's own instant gives all frames.
        near = _phase(event) / event.media.rate
        return simplest_between(near - ROUNDING_SECONDS / 4, near)
    if low <= event.source_frame:
        return event.source_frame / event.media.rate
    margin = (high - low) * _MARGIN
    near = min(max(_phase(event), low + 2 * margin), high - 2 * margin)
    return simplest_between((near - margin) / event.media.rate, (near + margin) / event.media.rate)


def simplest_between(low: Fraction, high: Fraction) -> Fraction:
    """The fraction with the smallest denominator in [low, high], 0 or more (Stern and Brocot's tree).

    >>> simplest_between(Fraction(314, 100), Fraction(315, 100))
    Fraction(22, 7)
    """
    whole = math.ceil(low)
    if whole <= high:
        return Fraction(whole)
    floor = whole - 1
    return floor + 1 / simplest_between(1 / (high - floor), 1 / (low - floor))


def _bounds(event: Event, rate: Fraction) -> tuple[Fraction, Fraction]:
    """Between which positions of the file, in frames, the first place may lie; the upper one is not among them."""
    phase, pace = _phase(event), _pace(event, rate)
    # In whole numbers of a common unit: fractions would take seconds for a long edit.
    unit = math.lcm(phase.denominator, pace.denominator)
    begin, step = int(phase * unit), int(pace * unit)
    lead = 0 if event.dissolve is None else event.dissolve.before
    # After so many places the pattern returns.
    count = min(lead + event.count + event.after_end, pace.denominator)
    within = [(begin + place * step) % unit for place in range(-lead, count - lead)]
    return phase - Fraction(min(within), unit), phase + 1 - Fraction(max(within), unit)


def _pace(event: Event, rate: Fraction) -> Fraction:
    """How many frames of the file pass at a place."""
    assert event.media is not None
    return event.speed * event.media.rate / rate


def _phase(event: Event) -> Fraction:
    """Where in its file an event begins, in frames, as it is rendered; a whole number where nobody knows better."""
    assert event.media is not None
    if event.match is None or event.speed == 0:
        return Fraction(event.source_frame)
    return (event.match.source_span.start + ROUNDING_SECONDS) * event.media.rate
