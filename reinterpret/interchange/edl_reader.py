"""Edit decision lists read back: the text of one and the films it may name go in, events come out.

A transition is an event of two lines (what it comes from, without a length, then what it goes to, with the frames that
it takes) or of one, which comes from the event before. It begins at the record's in-point, with the source's in-point,
and what it comes from goes on for as many frames. Wipes are taken for dissolves, and so are keys: of a key the picture
that is laid over the other one is seen.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from reinterpret.clip_transitions import FadeColour
from reinterpret.edits import EditList
from reinterpret.interchange.edl import WHITE_NAME, label_source, motion_speed, source_label
from reinterpret.interchange.events import Event, Record
from reinterpret.interchange.films import Films, Named
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.notes import Note, parse_note
from reinterpret.interchange.read_transitions import ReadTransition, cut_between, source_later, with_transitions
from reinterpret.interchange.timeline import url_path
from reinterpret.shots.cut_list import edl_event, is_picture_track
from reinterpret.timecode import day_frames, may_drop, nominal_rate, parse_timecode

FADES_BESIDE_FOOTAGE: tuple[FadeColour, ...] = ("black", "white")
"""Fades that the format can hold where there is footage on both sides."""

_BLACK_REELS = ("BL", "BLACK", "BLK")
_NAMELESS_REEL = "AX"
# What a comment says before the colon; the first that is there names the source.
_NAME_COMMENTS = ("FROM CLIP NAME", "FROM CLIP", "FROM FILE")
_TO_COMMENTS = ("TO CLIP NAME", "TO CLIP", "TO FILE")
_FILE_COMMENT = "SOURCE FILE"
_COMMENT = re.compile(r"\*\s*([A-Za-z][A-Za-z ]*?)\s*:\s*(.*)", re.ASCII)
_MOTION = re.compile(r"M2\s+.*?\s(-?\d{1,6}(?:\.\d{1,6})?)\s+[\d:;]{11,12}\s*", re.ASCII | re.IGNORECASE)
_LONGEST_LINE = 10_000
_SPEED_DENOMINATOR = 10_000
# A line that says what a transition comes from is of the event before if it goes on there, give or take a rounding.
_ROUNDED_FRAMES = 2


@dataclass(slots=True)
class _Row:
    """An event line and what stands below it."""

    line: int
    number: int
    reel: str
    kind: str
    """`C`, `D`, `W` and a number, `K`, `KB` (what lies below a key) or `KO`."""
    frames: int
    """That its transition takes."""
    labels: list[str]
    """Source in and out, record in and out."""
    comments: dict[str, str] = field(default_factory=dict)
    motion: str | None = None
    frozen: bool = False
    note: Note | None = None
    first: int = 0
    """Place of the record, once it is known where that begins."""
    count: int = 0

    @property
    def is_transition(self) -> bool:
        """Whether it comes out of something else."""
        return self.kind != "C" and self.frames > 0

    @property
    def name(self) -> str:
        """What its clip is called; empty where that is not said, or said of what it comes from alone."""
        words = _TO_COMMENTS if self.is_transition else (*_NAME_COMMENTS, *_TO_COMMENTS)
        return next((self.comments[name] for name in words if self.comments.get(name)), "")

    @property
    def colour(self) -> FadeColour | None:
        """Black or white, if it shows nothing else."""
        if self.reel in _BLACK_REELS:
            return "black"
        white = self.reel == _NAMELESS_REEL and self.name.upper() == WHITE_NAME
        return "white" if white or (self.note is not None and self.note.role == "white") else None


@dataclass(frozen=True, slots=True)
class _List:
    """What is known while a list is read."""

    record: Record
    path: Path
    films: Films
    cuts: tuple[int, ...]
    """Places of the record at which the edit is cut."""


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
    for row, (start, end) in zip(rows, spans, strict=True):
        # After midnight labels begin again.
        row.first, row.count = (start - begin) % day, (end - start) % day
        if row.count >= day // 2:
            raise ValueError(f"line {row.line}: ends before it begins")
        if row.first >= max(day // 2, edit.grid.slot(edit.grid.frame_count)) and row.count:
            raise ValueError(f"line {row.line}: begins before the timeline does, at {record.label(0)}")
    cuts = tuple(edit.grid.slot(clip.first_frame) for clip in edit.clips)
    return _events(rows, _List(record, path, films, cuts))


def _events(rows: list[_Row], known: _List) -> list[Event]:
    """Black is no event; what is said of a film that is not known is left out."""
    shown: list[Event | None] = []
    transitions: list[ReadTransition] = []
    before: _Row | None = None
    """The event that ends where the next one begins, whatever it shows."""
    for number, row in enumerate(rows):
        if row.count == 0:
            continue
        try:
            event = _event(row, row.first, row.count, known)
            if row.is_transition:
                source = _comes_from(rows[:number], row)
                event = _led_in(row, event, source, before, shown, transitions, known)
        except ValueError as error:
            raise ValueError(f"line {row.line}: {error}") from error
        shown.append(event)
        before = row
    return with_transitions((event for event in shown if event is not None), transitions, known.record.rate)


def _led_in(
    row: _Row,
    event: Event | None,
    source: _Row | None,
    before: _Row | None,
    shown: list[Event | None],
    transitions: list[ReadTransition],
    known: _List,
) -> Event | None:
    """An event that a transition leads to. What it comes from goes on up to the cut."""
    start, end = row.first, row.first + min(row.frames, row.count)
    goes_on = before is not None and before.first + before.count == start and bool(shown)
    last = shown[-1] if goes_on else None
    other = None
    if source is not None and not (last is not None and _is_same(source, last, start, known)):
        # Another source than that of the event before, seen in the transition alone.
        other = _event(source, start, end - start, known) if source.colour is None else None
        last = None
    seen = last if last is not None and last.media is not None else other
    out_of = into = None
    if seen is None:
        cut, out_of = start, (source or before or row).colour or "black"
    elif event is None or event.media is None:
        cut, into = end, row.colour or "black"
    else:
        last_cut = min(end, start + row.count - 1)
        cut = _cut_of(row, start, last_cut, known, last_cut if seen is other else start)
    if other is not None:
        if cut == start:
            return event
        shown.append(replace(other, count=cut - start))
    elif seen is not None:
        shown[-1] = replace(seen, count=cut - seen.first)
    transitions.append(ReadTransition(start, end, cut, out_of, into))
    return None if event is None else _from_cut(row, event, cut, known)


def _cut_of(row: _Row, start: int, end: int, known: _List, otherwise: int) -> int:
    """Where the cut of a dissolve lies: where it was, or where the edit has one."""
    if row.note is not None and start + row.note.lead in known.cuts and start + row.note.lead <= end:
        return start + row.note.lead
    return cut_between(start, end, known.cuts, otherwise)


def _from_cut(row: _Row, event: Event, cut: int, known: _List) -> Event | None:
    """What is left of an event from a cut on, behind which it begins as seen before."""
    lead = cut - event.first
    if not lead:
        return event
    if event.count <= lead:
        return None
    later = replace(event, first=cut, count=event.count - lead)
    if event.media is None:
        return later
    note = row.note
    if note is not None and (note.lead, note.lead_frame, note.speed) == (lead, event.source_frame, event.speed):
        return replace(later, source_frame=note.frame)
    return replace(later, source_frame=source_later(event, lead, known.record.rate))


def _comes_from(rows: list[_Row], row: _Row) -> _Row | None:
    """The line, without a length, that says what a transition comes from; None where it is the event before."""
    last = rows[-1] if rows else None
    if last is None or last.count or (last.first, last.number) != (row.first, row.number):
        return None
    if last.reel != _NAMELESS_REEL:
        return last
    # Its name stands below both lines.
    named = {name: row.comments[name] for name in _NAME_COMMENTS if name in row.comments}
    return replace(last, comments={**named, **last.comments})


def _is_same(source: _Row, last: Event, start: int, known: _List) -> bool:
    """Whether the event before is what a line says that a transition comes from."""
    if source.colour is not None or last.media is None:
        return source.colour == last.colour
    event = _event(source, start, 1, known)
    if event is None or event.media != last.media:
        return False
    if source.note is not None:
        # Of our own such a line has a remark only where there is no other of that clip.
        return False
    goes_on = source_later(last, start - last.first, known.record.rate)
    rounded = _ROUNDED_FRAMES * max(Fraction(1), event.media.rate / known.record.rate)
    return abs(event.source_frame - goes_on) <= rounded or event.source_frame == 0


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
            if is_picture_track(found["track"]):
                row = _row(number, line, found)
                rows.append(row)
        elif row is not None:
            _add_remark(row, line.strip())
    rows = list(_without_backgrounds(rows))
    if not rows:
        raise ValueError("has no event of a picture; an edit decision list (CMX 3600) was expected")
    return rows, drop


def _row(number: int, line: str, found: re.Match[str]) -> _Row:
    kind = re.sub(r"\s", "", found["kind"])
    event = int(line.split(maxsplit=1)[0])
    return _Row(number, event, found["reel"].strip(), kind, int(found["frames"] or 0), found["times"].split())


def _without_backgrounds(rows: list[_Row]) -> Iterator[_Row]:
    """The rows without those that lie below a key: the key itself is what is seen, up to where it goes."""
    kinds = Counter((row.number, row.kind) for row in rows)
    for row in rows:
        keyed, uncovered = kinds[row.number, "K"] > 0, kinds[row.number, "KB"] > 0
        if not (row.kind == "KB" and keyed) and not (row.kind == "KO" and uncovered):
            yield row


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
    votes: Counter[int] = Counter()
    for row, (start, end) in zip(rows, spans, strict=True):
        if row.note is not None and start != end:
            # A dissolve begins before its cut, and black that something fades to before its own place.
            lead = row.frames if row.colour is not None and row.note.film == "" else row.note.lead
            votes[(start + lead - row.note.place) % day] += 1
    return max(votes, key=lambda frame: (votes[frame], frame), default=otherwise)


def _event(row: _Row, first: int, count: int, known: _List) -> Event | None:
    """What a row shows; nothing for black, and for a film that is not known."""
    if row.colour is not None:
        return Event(first, count, "white") if row.colour == "white" else None
    media = _media(row, known)
    if media is None:
        return None
    note = row.note if row.note is not None and row.note.film == media.fingerprint else None
    frame = _source_frame(row, media, known.record, note)
    return Event(first, count, "footage", media, frame, _speed(row, known.record, note, media))


def _media(row: _Row, known: _List) -> MediaFacts | None:
    """The film that a row names; of a transition that is what it leads to."""
    file, name = row.comments.get(_FILE_COMMENT), row.name
    fingerprint = "" if row.note is None else row.note.film
    path = None if not file else url_path(file, known.path.absolute().parent)
    if row.is_transition and path is not None and row.comments.get(_NAME_COMMENTS[0]) in (path.name, path.stem):
        # Said of what it comes from, as the name is.
        path = path if name in (path.name, path.stem) else None
    named = Named(fingerprint, path, name, row.reel)
    if row.is_transition and not (fingerprint or path or name) and not known.films.knows(named):
        # Some lists have one name for the whole event.
        named = replace(named, name=next((row.comments[one] for one in _NAME_COMMENTS if row.comments.get(one)), ""))
    return known.films.find(named)


def _source_frame(row: _Row, media: MediaFacts, record: Record, note: Note | None) -> int:
    if note is not None:
        for frame in (note.lead_frame, note.frame) if row.is_transition else (note.frame,):
            if _same_label(source_label(media, frame, record), row.labels[0]):
                return frame
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
