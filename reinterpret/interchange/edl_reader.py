"""Edit decision lists read back: the text of one and the films it may name go in, events come out."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

from reinterpret.edits import EditList
from reinterpret.interchange.edl import label_source, motion_speed, source_label
from reinterpret.interchange.events import Event, Record
from reinterpret.interchange.films import Films, Named
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.notes import Note, parse_note
from reinterpret.interchange.timeline import url_path
from reinterpret.shots.cut_list import edl_event, is_picture_track
from reinterpret.timecode import day_frames, may_drop, nominal_rate, parse_timecode

_BLACK_REELS = ("BL", "BLACK", "BLK")
# What a comment says before the colon; the first that is there names the source.
_NAME_COMMENTS = ("FROM CLIP NAME", "FROM CLIP", "FROM FILE")
_FILE_COMMENT = "SOURCE FILE"
_COMMENT = re.compile(r"\*\s*([A-Za-z][A-Za-z ]*?)\s*:\s*(.*)", re.ASCII)
_MOTION = re.compile(r"M2\s+.*?\s(-?\d{1,6}(?:\.\d{1,6})?)\s+[\d:;]{11,12}\s*", re.ASCII | re.IGNORECASE)
_LONGEST_LINE = 10_000
_SPEED_DENOMINATOR = 10_000


@dataclass(slots=True)
class _Row:
    """An event line and what stands below it."""

    line: int
    reel: str
    labels: list[str]
    """Source in and out, record in and out."""
    comments: dict[str, str] = field(default_factory=dict)
    motion: str | None = None
    frozen: bool = False
    note: Note | None = None


def read(data: bytes, path: Path, edit: EditList, films: Films, start_timecode: str) -> list[Event]:
    """What the picture shows. Raises ValueError, with the line.

    start_timecode: of the record, where no note tells it.
    """
    rows, drop = _rows(_text(data))
    rate = edit.grid.rate
    drop = (drop or any(";" in label for row in rows for label in row.labels[2:])) and may_drop(rate)
    spans = [[_label(row, label, rate, drop) for label in row.labels[2:]] for row in rows]
    day = day_frames(rate, drop=drop)
    begin = _begin(rows, spans, parse_timecode(start_timecode, rate, drop=drop), day)
    record = Record("", rate, 0, begin, drop, 0, 0)
    events: list[Event] = []
    for row, (start, end) in zip(rows, spans, strict=True):
        # After midnight labels begin again.
        first, count = (start - begin) % day, (end - start) % day
        if count == 0:
            continue  # the old half of a dissolve
        if count >= day // 2:
            raise ValueError(f"line {row.line}: ends before it begins")
        if first >= max(day // 2, edit.grid.slot(edit.grid.frame_count)):
            raise ValueError(f"line {row.line}: begins before the timeline does, at {record.label(0)}")
        try:
            event = _event(row, first, count, record, path, films)
        except ValueError as error:
            raise ValueError(f"line {row.line}: {error}") from error
        if event is not None:
            events.append(event)
    return events


def _text(data: bytes) -> list[str]:
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return data.decode("latin-1").splitlines()


def _rows(lines: list[str]) -> tuple[list[_Row], bool]:
    """The events of the picture, and whether labels are dropped."""
    rows: list[_Row] = []
    row: _Row | None = None
    drop = False
    for number, line in enumerate(lines, start=1):
        if len(line) > _LONGEST_LINE:
            raise ValueError(f"line {number}: has {len(line)} characters and is no line of an EDL")
        if line.strip().upper().startswith("FCM:"):
            drop = drop or "NON" not in line.upper()
        found = edl_event(line)
        if found is not None:
            row = None
            if is_picture_track(found["track"]) and not found["kind"].startswith("K"):
                row = _Row(number, found["reel"].strip(), found["times"].split())
                rows.append(row)
        elif row is not None:
            _add_remark(row, line.strip())
    if not rows:
        raise ValueError("has no event of a picture; an edit decision list (CMX 3600) was expected")
    return rows, drop


def _add_remark(row: _Row, line: str) -> None:
    if (note := parse_note(line)) is not None:
        row.note = note
    elif motion := _MOTION.fullmatch(line):
        row.motion = motion[1]
    elif "FREEZE FRAME" in line.upper():
        row.frozen = True
    elif comment := _COMMENT.fullmatch(line):
        row.comments.setdefault(comment[1].upper(), comment[2].strip())


def _label(row: _Row, label: str, rate: Fraction, drop: bool) -> int:
    try:
        return parse_timecode(label, rate, drop=drop)
    except ValueError as error:
        raise ValueError(f"line {row.line}: {error}") from error


def _begin(rows: list[_Row], spans: list[list[int]], otherwise: int, day: int) -> int:
    """The label of the timeline's first place: that from which most notes count."""
    votes = Counter(
        (start - row.note.place) % day for row, (start, _) in zip(rows, spans, strict=True) if row.note is not None
    )
    return max(votes, key=lambda frame: (votes[frame], frame), default=otherwise)


def _event(row: _Row, first: int, count: int, record: Record, path: Path, films: Films) -> Event | None:
    """What a row shows; nothing for black, and for a film that is not known."""
    if row.reel in _BLACK_REELS:
        return None
    file = row.comments.get(_FILE_COMMENT)
    named = Named(
        fingerprint="" if row.note is None else row.note.film,
        path=None if not file else url_path(file, path.absolute().parent),
        name=next((row.comments[name] for name in _NAME_COMMENTS if row.comments.get(name)), ""),
        reel=row.reel,
    )
    media = films.find(named)
    if media is None:
        return None
    note = row.note if row.note is not None and row.note.film == media.fingerprint else None
    frame = _source_frame(row, media, record, note)
    return Event(first, count, "footage", media, frame, _speed(row, record, note, media))


def _source_frame(row: _Row, media: MediaFacts, record: Record, note: Note | None) -> int:
    if note is not None and _same_label(source_label(media, note.frame, record), row.labels[0]):
        return note.frame
    alike = nominal_rate(media.rate) == nominal_rate(record.rate)
    rate = media.rate if alike else record.rate
    drop = media.drop if alike else (";" in row.labels[0] and may_drop(rate))
    label = parse_timecode(row.labels[0], rate, drop=drop)
    frame = label_source(media, label, record)
    if frame < 0:
        # A source that runs past midnight.
        after = label_source(media, label + day_frames(rate, drop=drop), record)
        if after < media.frame_count:
            return after
        raise ValueError(f"{row.labels[0]} is before the first frame of {media.name}, {media.label(0)}")
    return frame


def _speed(row: _Row, record: Record, note: Note | None, media: MediaFacts) -> Fraction:
    if row.frozen or (row.motion is not None and Fraction(row.motion) == 0):
        return Fraction(0)
    written = Fraction(1) if row.motion is None else Fraction(row.motion) / nominal_rate(record.rate)
    if written < 0:
        raise ValueError(f"runs backwards ({row.motion} frames a second), which an edit cannot")
    if note is not None:
        as_it_was = motion_speed(Event(0, 1, "footage", media, 0, note.speed), record) if note.speed != 1 else None
        if as_it_was == row.motion or (as_it_was and row.motion and Fraction(as_it_was) == Fraction(row.motion)):
            return note.speed
    return written.limit_denominator(_SPEED_DENOMINATOR)


def _same_label(one: str, other: str) -> bool:
    return one.replace(";", ":") == other.replace(";", ":")
