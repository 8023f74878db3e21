"""Edit decision lists (CMX 3600): the reinterpretation as a list of events, for any program that conforms.

The format has one video track, reels of eight characters, and one rate: every label counts the record's frames.

- Out-points are exclusive, as everywhere in the format: the label of the frame after the last.
- A source whose rate has the same labels (24 and 23.976) is named by its own timecode. Any other is named by the time
  at which the frame is on the screen, in frames of the record, from the label with which it begins; programs that
  conform such a list disagree about it, so the note beside the event has the exact frame.
- Speed is an M2 line, in frames a second of the record's rate; the source then runs from in to out at that speed.
- A frame that is held is an event with the speed 000.0 and one frame of source.
- A dissolve is an event of two lines: the source before as a cut without a length, then `D` with the frames it takes.
  That begins where the dissolve begins, with the frame of the source that is seen there; the source before goes on for
  as many frames behind its own out-point. A fade is a dissolve from or to black (reel BL) or white (reel AX, named so).
- Numbers go on after 999 with four digits.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import opentimelineio

from reinterpret.clip_transitions import FadeColour
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
WHITE_NAME = "WHITE"
"""What the clip is called that white comes from: the format has a reel for black alone."""
_COLOUR_REELS: dict[FadeColour, str] = {"black": "BL", "white": "AX"}


def write(timeline: opentimelineio.schema.Timeline, edit: EditList) -> str:
    """The text of the file."""
    record = record_of(timeline)
    shown, heard = events_of(timeline, "reinterpretation"), events_of(timeline, "sound")
    # The sound of the clips themselves comes with their pictures.
    both = {event.first for event in heard if event.media is not None and event.clip is not None}
    heard = [event for event in heard if event.media is not None and event.clip is None]
    reels = reel_names(event.media for event in [*shown, *heard] if event.media is not None)
    lines = [
        f"TITLE: {one_line(record.name)[:_LONGEST_TITLE]}",
        f"FCM: {'DROP FRAME' if record.drop else 'NON-DROP FRAME'}",
        "",
    ]
    rows = _with_dissolves([_Row("B" if event.first in both else "V", event) for event in shown])
    mono = {event.first for event in heard if event.media is not None and event.media.audio_channels == 1}
    rows += [_Row("A" if event.first in mono else "AA", event) for event in heard]
    _warn(shown, record, len(rows))
    for number, row in enumerate(rows, start=1):
        lines += _row_lines(number, row, reels, record)
    return "\r\n".join([*lines, ""])


@dataclass(frozen=True, slots=True)
class _Row:
    """An event of the list: what it shows, and over how many frames it comes out of what."""

    track: str
    event: Event
    first: int = -1
    """Place of the record, where that is not the event's own."""
    end: int = -1
    dissolve: int = 0
    """Frames; 0: a cut."""
    before: Event | None = None
    """What it dissolves from: a frame of it, which is seen at the first place."""
    named: Event | None = None
    """An event that has no line but that from which this one dissolves."""

    @property
    def places(self) -> tuple[int, int]:
        """Of the record, half-open."""
        return self.event.first if self.first < 0 else self.first, self.event.end if self.end < 0 else self.end


def _with_dissolves(rows: list[_Row]) -> list[_Row]:
    """The rows of a track as the format cuts them: at the beginning of every transition."""
    made: list[_Row] = []
    for number, row in enumerate(rows):
        last = rows[number - 1].event if number else None
        made += _at_cut(row, last, made)
    if rows and rows[-1].event.fade_out is not None:
        made += _fade_out(rows[-1], rows[-1].event, made, None)
    # The adapter of OpenTimelineIO takes no transition for the first event.
    if made and made[0].dissolve and made[0].before is not None:
        first, _ = made[0].places
        made.insert(0, _Row(made[0].track, replace(made[0].before, clip=None, match=None), first, first))
    return made


def _at_cut(row: _Row, last: Event | None, made: list[_Row]) -> list[_Row]:
    """The rows of an event behind another one, whose own row may become shorter."""
    event, found = row.event, []
    if last is not None and last.fade_out is not None:
        found = _fade_out(row, last, made, event if event.colour == last.fade_out.colour else None)
        if event.colour == last.fade_out.colour:
            return found
    if event.dissolve is not None and last is not None:
        begin = event.first - event.dissolve.before
        frame, none = _still(last, begin, event.dissolve.out_frame), _shorten(made, begin)
        named = last if none else None
        return [replace(row, first=begin, dissolve=event.dissolve.count, before=frame, named=named)]
    if event.fade_in is not None:
        ground = _even(event.fade_in.colour, event.first)
        return [*found, replace(row, dissolve=len(event.fade_in), before=ground)]
    return [*found, row]


def _fade_out(row: _Row, last: Event, made: list[_Row], ground: Event | None) -> list[_Row]:
    """The row that an event fades out to. ground: black or white that is there already behind it."""
    assert last.fade_out is not None
    begin = last.fade_out_first
    frame, none = _still(last, begin, last.fade_out_frame), _shorten(made, begin)
    shown = ground or replace(_even(last.fade_out.colour, begin), count=len(last.fade_out))
    return [_Row(row.track, shown, begin, shown.end, len(last.fade_out), frame, last if none else None)]


def _shorten(made: list[_Row], end: int) -> bool:
    """Let the last row end earlier. Returns whether nothing is left of it: then it is gone."""
    made[-1] = replace(made[-1], end=end)
    first, _ = made[-1].places
    if end > first:
        return False
    made.pop()
    return True


def _still(event: Event, place: int, frame: int) -> Event:
    """One frame of an event, from which something dissolves."""
    return replace(event, first=place, count=1, source_frame=frame)


def _even(colour: FadeColour, place: int) -> Event:
    return Event(place, 1, colour)


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


def _row_lines(number: int, row: _Row, reels: dict[MediaFacts, str], record: Record) -> Iterator[str]:
    event, (first, end) = row.event, row.places
    if row.before is not None:
        yield from _from_lines(number, row, reels, record)
    if row.dissolve and event.dissolve is not None:
        event = replace(event, source_frame=event.dissolve.in_frame)
    times = f"{_source_times(event, end - first, record)} {record.label(first)} {record.label(end)}"
    yield _line(number, _reel(event, reels), row.track, times, row.dissolve)
    yield from _speed_lines(event, reels, record)
    if row.before is not None:
        yield f"* FROM CLIP NAME: {_name(row.before)}"
        yield f"* TO CLIP NAME: {_name(event)}"
    elif event.media is not None or event.colour == "white":
        yield f"* FROM CLIP NAME: {_name(event)}"
    if event.media is not None:
        yield f"* SOURCE FILE: {event.url}"
    yield from _remark_lines(row.event, record)
    yield ""


def _from_lines(number: int, row: _Row, reels: dict[MediaFacts, str], record: Record) -> Iterator[str]:
    """The line of what a row dissolves from, which has no length."""
    assert row.before is not None
    times, label = _source_times(row.before, 0, record), record.label(row.places[0])
    yield _line(number, _reel(row.before, reels), row.track, f"{times} {label} {label}")
    if row.named is not None:
        yield from _speed_lines(row.before, reels, record)
        yield from _remark_lines(row.named, record)


def _speed_lines(event: Event, reels: dict[MediaFacts, str], record: Record) -> Iterator[str]:
    if event.media is None or event.speed == 1:
        return
    # A colon even where labels are dropped: readers look for eleven digits and colons.
    start, reel = _source_labels(event, 1, record)[0], reels[event.media]
    yield f"M2   {reel:<8}       {motion_speed(event, record)}                {start.replace(';', ':')}"
    if event.speed == 0:
        yield "* * FREEZE FRAME"


def _remark_lines(event: Event, record: Record) -> Iterator[str]:
    if event.match is not None:
        yield f"* LOC: {record.label(event.first)} GREEN   {one_line(marker_text(event.match))}"
    if note := note_text(event):
        yield f"* {note}"


def _reel(event: Event, reels: dict[MediaFacts, str]) -> str:
    return reels[event.media] if event.media is not None else _COLOUR_REELS[event.colour or "black"]


def _name(event: Event) -> str:
    if event.media is not None:
        return one_line(event.media.name)
    return WHITE_NAME if event.colour == "white" else "BLACK"


def _line(number: int, reel: str, track: str, times: str, dissolve: int = 0) -> str:
    kind = f"D    {dissolve:03d}" if dissolve else "C       "
    return f"{number:03d}  {reel:<8} {track:<5} {kind} {times}"


def _source_times(event: Event, count: int, record: Record) -> str:
    """In and out of the source over so many places; of black and white from 0 on."""
    if event.media is None:
        return f"{format_timecode(0, record.rate)} {format_timecode(count, record.rate)}"
    start, end = _source_labels(event, count, record)
    return f"{start} {end if count else start}"


def _source_labels(event: Event, count: int, record: Record) -> tuple[str, str]:
    media = event.media
    assert media is not None
    length = max(1, math.floor(count * event.speed + Fraction(1, 2)))
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
