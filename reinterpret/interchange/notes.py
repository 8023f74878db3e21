"""Notes: what stands beside an event, in words, in formats that have no better place for it.

`reinterpret clip 3 footage film 0f3c... frame 488 speed 5/8 at 57`: number of the clip, role, the film by its
fingerprint, the exact frame and speed as they were written, and the place of the record. They tell a clip that nobody
has touched from one that was changed, and the exact frame where a format can only name a time near it. Where a clip
begins with a dissolve, `after 6 from 482` follows: it is seen six places earlier, from frame 482 on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import get_args

from reinterpret.interchange.events import Event, Role
from reinterpret.timebase import format_fraction, parse_fraction

_NOTE = re.compile(
    r"\breinterpret clip (?P<clip>\d{1,9}) (?P<role>[a-z]{1,20})"
    r"(?: film (?P<film>[0-9a-f]{1,64}|-) frame (?P<frame>\d{1,12}) speed (?P<speed>\d{1,20}/\d{1,20}))?"
    r" at (?P<at>\d{1,12})\b(?: after (?P<after>\d{1,12}) from (?P<from>\d{1,12})\b)?",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Note:
    """What an event was when it was written."""

    clip: int
    role: Role
    place: int
    film: str = ""
    """Fingerprint; empty for black."""
    frame: int = 0
    speed: Fraction = Fraction(1)
    lead: int = 0
    """How many places earlier it was seen, in a dissolve."""
    lead_frame: int = 0
    """The frame that was seen there."""


def note_text(event: Event) -> str:
    """The note of an event; empty for one that belongs to no clip of the edit."""
    if event.clip is None:
        return ""
    words = f"reinterpret clip {event.clip} {event.role}"
    if event.media is not None:
        film = event.media.fingerprint or "-"
        words += f" film {film} frame {event.source_frame} speed {format_fraction(event.speed)}"
    words += f" at {event.first}"
    if event.dissolve is not None:
        words += f" after {event.dissolve.before} from {event.dissolve.in_frame}"
    return words


def parse_note(text: str) -> Note | None:
    """The note that some text holds; None if it holds none."""
    found = _NOTE.search(text)
    if found is None:
        return None
    for role in get_args(Role):
        if role == found["role"].lower():
            break
    else:
        return None
    clip, place = int(found["clip"]), int(found["at"])
    if found["film"] is None:
        return Note(clip, role, place)
    try:
        speed = parse_fraction(found["speed"])
    except ValueError:
        return None
    film = found["film"].lower().strip("-")
    lead, lead_frame = (0, 0) if found["after"] is None else (int(found["after"]), int(found["from"]))
    return Note(clip, role, place, film, int(found["frame"]), speed, lead, lead_frame)
