"""Transitions of a timeline that somebody else has written, laid on the events beside them.

Every kind of transition becomes a dissolve, as an edit knows no other: between two films a dissolve, beside black or
white a fade. Such a fade has the gains of a dissolve, and belongs to the footage alone, which is seen from its first
place to its last.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction

from reinterpret.clip_transitions import Fade, FadeColour
from reinterpret.interchange.events import Event, PlacedDissolve


@dataclass(frozen=True, slots=True)
class ReadTransition:
    """A transition at places of the record, half-open."""

    start: int
    end: int
    cut: int
    """Where the one event ends and the other begins; from `start` to `end`."""
    out_of: FadeColour | None = None
    """It comes out of black or white, whatever stands before."""
    into: FadeColour | None = None
    """It goes to black or white, whatever stands behind."""


def cut_between(start: int, end: int, cuts: Iterable[int], otherwise: int) -> int:
    """Where the cut of a transition lies that does not say so itself: where the edit is cut, if that is within it.

    So it goes on belonging to the same shots of the trailer. otherwise: the format's own rule.
    """
    return min((cut for cut in cuts if start <= cut <= end), key=lambda cut: abs(cut - otherwise), default=otherwise)


def source_later(event: Event, places: int, rate: Fraction) -> int:
    """The frame of an event's media that is seen so many places after its first, or before it. rate: of the record.

    Raises ValueError before the first frame of the file.
    """
    assert event.media is not None
    frame = event.source_frame + math.floor(places * event.speed * event.media.rate / rate)
    if frame < 0:
        raise ValueError(f"{event.name} is seen in a transition before the first frame of its file")
    return frame


def with_transitions(events: Iterable[Event], transitions: Iterable[ReadTransition], rate: Fraction) -> list[Event]:
    """The events with the transitions at their edges. rate: of the record. Raises ValueError."""
    made = sorted(events, key=lambda event: event.first)
    for transition in sorted(transitions, key=lambda transition: transition.cut):
        inside = replace(transition, start=max(transition.start, 0))
        if inside.end > inside.start:
            made = _with_transition(made, inside, rate)
    return made


def _with_transition(events: list[Event], transition: ReadTransition, rate: Fraction) -> list[Event]:
    before = after = None
    if transition.out_of is None:
        before = next((event for event in events if event.end == transition.cut), None)
    if transition.into is None:
        after = next((event for event in events if event.first == transition.cut), None)
    changed: list[Event] = []
    for event in events:
        if event is after and event.media is not None:
            changed.append(_begun(event, before, transition, rate))
        elif event is before and event.media is not None and (after is None or after.media is None):
            changed.append(_ended(event, transition.into or _colour(after), transition))
        elif event.media is None and (event is before or event is after):
            changed += _without(event, transition)
        else:
            changed.append(event)
    return changed


def _begun(event: Event, before: Event | None, transition: ReadTransition, rate: Fraction) -> Event:
    lead = transition.cut - transition.start
    if before is not None and before.media is not None:
        return replace(event, dissolve=PlacedDissolve(lead, transition.end - transition.cut))
    earlier = replace(event, first=transition.start, count=event.count + lead)
    count = transition.end - transition.start
    gains = tuple((place + 1) / (count + 1) for place in range(count))
    fade = Fade(transition.out_of or _colour(before), gains)
    return replace(earlier, source_frame=source_later(event, -lead, rate), fade_in=fade)


def _ended(event: Event, colour: FadeColour, transition: ReadTransition) -> Event:
    count = transition.end - transition.start
    gains = tuple((count - place) / (count + 1) for place in range(count))
    return replace(event, count=event.count + transition.end - transition.cut, fade_out=Fade(colour, gains))


def _without(event: Event, transition: ReadTransition) -> list[Event]:
    """What is left of black or white beside footage that is seen from the beginning of a fade to its end."""
    first = max(event.first, transition.end) if event.first == transition.cut else event.first
    end = min(event.end, transition.start) if event.end == transition.cut else event.end
    return [replace(event, first=first, count=end - first)] if end > first else []


def _colour(event: Event | None) -> FadeColour:
    return "black" if event is None else event.colour or "black"
