"""Edit decision lists (CMX 3600): the reinterpretation as a list of events, for any program that conforms.

The format has one video track, reels of eight characters, and one rate: every label counts the record's frames.

- Out-points are exclusive, as everywhere in the format: the label of the frame after the last.
- A source whose rate has the same labels (24 and 23.976) is named by its own timecode. Any other is named by the time
  at which the frame is on the screen, in frames of the record, from the label with which it begins; programs that
  conform such a list disagree about it, so the note beside the event has the exact frame.
- Speed is an M2 line, in frames a second of the record's rate; the source then runs from in to out at that speed.
- A frame that is held is an event with the speed 000.0 and one frame of source.
- Numbers go on after 999 with four digits.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Iterator
from fractions import Fraction

import opentimelineio

from reinterpret.edits import EditList
from reinterpret.files import one_line
from reinterpret.interchange.events import Event, Record
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.notes import note_text
from reinterpret.interchange.timeline import events_of, marker_text, record_of
from reinterpret.timecode import format_timecode, nominal_rate, timecode_frame

logger = logging.getLogger(__name__)

_REEL_LENGTH = 8
# Black, and a source without a name.
_RESERVED_REELS = ("BL", "AX")
_MOST_EVENTS = 999
_LONGEST_TITLE = 70
_TIMECODE_PARTS = re.compile("[:;]")


def write(timeline: opentimelineio.schema.Timeline, edit: EditList) -> str:
    """The text of the file."""
    record = record_of(timeline)
    shown, heard = events_of(timeline, "reinterpretation"), events_of(timeline, "sound")
    # The sound of the clips themselves comes with their pictures.
    both = {event.first for event in heard if event.media is not None and event.clip is not None}
    heard = [event for event in heard if event.media is not None and event.clip is None]
    reels = reel_names(event.media for event in [*shown, *heard] if event.media is not None)
    _warn(shown, record, len(shown) + len(heard))
    lines = [
        f"TITLE: {one_line(record.name)[:_LONGEST_TITLE]}",
        f"FCM: {'DROP FRAME' if record.drop else 'NON-DROP FRAME'}",
        "",
    ]
    rows = [("B" if event.first in both else "V", event) for event in shown]
    rows += [("A" if event.media is not None and event.media.audio_channels == 1 else "AA", event) for event in heard]
    for number, (track, event) in enumerate(rows, start=1):
        lines += _event_lines(number, track, event, reels, record)
    return "\r\n".join([*lines, ""])


def reel_names(media: Iterable[MediaFacts]) -> dict[MediaFacts, str]:
    """A name of at most eight letters, digits and underscores for each file, no two the same.

    The reel that the file carries, if it is such a name, else one made of the name of the file.
    """
    names: dict[MediaFacts, str] = {}
    taken = set(_RESERVED_REELS)
    for facts in dict.fromkeys(media):
        wished = re.sub("[^A-Z0-9_]", "", (facts.reel or facts.path.stem).upper().replace("-", "_"))[:_REEL_LENGTH]
        wished = wished or "REEL"
        name, number = wished, 1
        while name in taken:
            number += 1
            name = f"{wished[: _REEL_LENGTH - len(str(number))]}{number}"
        taken.add(name)
        names[facts] = name
    return names


def source_label(media: MediaFacts, frame: int, record: Record) -> str:
    """The label by which an EDL names a frame of a source."""
    if nominal_rate(media.rate) == nominal_rate(record.rate):
        return media.label(frame)
    return format_timecode(_first_label_frame(media, record) + _frames_of_record(media, frame, record), record.rate)


def label_source(media: MediaFacts, frame: int, record: Record) -> int:
    """The inverse of `source_label`: the frame of the source that is on the screen at a label.

    frame: of the label, counted without dropping if the rates differ, else as the source does. May be below 0.
    """
    if nominal_rate(media.rate) == nominal_rate(record.rate):
        return frame - media.start_frame
    return math.floor((frame - _first_label_frame(media, record)) * media.rate / record.rate)


def motion_speed(event: Event, record: Record) -> str:
    """The speed as an M2 line has it: frames a second, three digits before the point and one behind it."""
    return f"{float(event.speed * nominal_rate(record.rate)):05.1f}"


def _first_label_frame(media: MediaFacts, record: Record) -> int:
    """The number that the label of the first frame has at the record's rate: the same clock, other frames."""
    hours, minutes, seconds, frames = (int(part) for part in _TIMECODE_PARTS.split(media.label(0)))
    nominal = nominal_rate(record.rate)
    part = min(round(Fraction(frames * nominal, nominal_rate(media.rate))), nominal - 1)
    return timecode_frame(hours, minutes, seconds, part, rate=record.rate, drop=False)


def _frames_of_record(media: MediaFacts, frame: int, record: Record) -> int:
    """The first frame of the record's rate at which a frame of the source is on the screen."""
    return math.ceil(frame * record.rate / media.rate)


def _event_lines(number: int, track: str, event: Event, reels: dict[MediaFacts, str], record: Record) -> Iterator[str]:
    places = f"{record.label(event.first)} {record.label(event.end)}"
    if event.media is None:
        yield _line(number, "BL", track, f"{format_timecode(0, record.rate)} {_length_label(event, record)} {places}")
    else:
        media, reel = event.media, reels[event.media]
        start, end = _source_labels(event, record)
        yield _line(number, reel, track, f"{start} {end} {places}")
        if event.speed != 1:
            # A colon even where labels are dropped: readers look for eleven digits and colons.
            yield f"M2   {reel:<8}       {motion_speed(event, record)}                {start.replace(';', ':')}"
        if event.speed == 0:
            yield "* * FREEZE FRAME"
        yield f"* FROM CLIP NAME: {one_line(media.name)}"
        yield f"* SOURCE FILE: {event.url}"
    if event.match is not None:
        yield f"* LOC: {record.label(event.first)} GREEN   {one_line(marker_text(event.match))}"
    if note := note_text(event):
        yield f"* {note}"
    yield ""


def _line(number: int, reel: str, track: str, times: str) -> str:
    return f"{number:03d}  {reel:<8} {track:<5} C        {times}"


def _length_label(event: Event, record: Record) -> str:
    return format_timecode(event.count, record.rate)


def _source_labels(event: Event, record: Record) -> tuple[str, str]:
    media = event.media
    assert media is not None
    length = max(1, math.floor(event.count * event.speed + Fraction(1, 2)))
    if nominal_rate(media.rate) == nominal_rate(record.rate):
        # Frame by frame, as such programs do: 24 in 23.976 runs a thousandth slower.
        return media.label(event.source_frame), media.label(event.source_frame + length)
    first = _first_label_frame(media, record) + _frames_of_record(media, event.source_frame, record)
    return format_timecode(first, record.rate), format_timecode(first + length, record.rate)


def _warn(shown: list[Event], record: Record, count: int) -> None:
    others = {
        event.media.name
        for event in shown
        if event.media is not None and nominal_rate(event.media.rate) != nominal_rate(record.rate)
    }
    if others:
        logger.warning(
            "an EDL has one frame rate: %d of its sources have another and are named by time (%s); "
            ".otio, .xml and .fcpxml hold them exactly",
            len(others),
            ", ".join(sorted(others)[:3]) + (", ..." if len(others) > 3 else ""),
        )
    if count > _MOST_EVENTS:
        logger.warning("the EDL has %d events; a strict CMX 3600 system reads %d", count, _MOST_EVENTS)
