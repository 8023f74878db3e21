"""Cut lists: a file in which somebody has written down where the shots of a film begin goes in, a detector comes out.

Read are, told apart by what is in them:

- what `reinterpret shots --csv` prints, transitions included;
- a table `transition,start_frame,end_frame`: the frames of each transition, half-open, from 0; of a cut both are the
  first frame of the new shot. Lines that say `ambiguous` are passed over;
- PySceneDetect's list of scenes;
- one column, with or without a heading: frames (`48`), seconds (`2.0`) or times (`0:02`, `00:00:02.000`,
  `00:00:02:00` with frames, `00:00:02;00` with frames dropped) at which shots begin;
- an edit decision list (EDL, CMX 3600): the events of the picture, with cuts, dissolves and wipes.

A table may be separated by commas, semicolons or tabs, and has its columns in any order.
"""

from __future__ import annotations

import csv
import re
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from reinterpret.errors import UsageError
from reinterpret.shots import ShotDetector
from reinterpret.shots.shot import TRANSITIONS, Boundary, Transition
from reinterpret.timebase import frame_at, round_half_up
from reinterpret.timecode import TIMECODE, parse_timecode
from reinterpret.video import Video

SUFFIXES = (".csv", ".tsv", ".txt", ".edl")

# The cuts of a thousand films; whatever is larger is no list of cuts.
_LARGEST_BYTES = 10_000_000
# Headers of films promise frames that are not there, or too few: until the film is decoded, so much more is allowed.
_DOUBT_SHARE, _DOUBT_FRAMES = Fraction(1, 10), 100

# Headings of a column of times, the best first, and what whole numbers are there; "" where that is seen from the rest.
_TIME_COLUMNS = {
    "start_frame": "frame",
    "frame": "frame",
    "frames": "frame",
    "frame_number": "frame",
    "cut_frame": "frame",
    "start_timecode": "seconds",
    "timecode": "seconds",
    "start_seconds": "seconds",
    "seconds": "seconds",
    "start_time_seconds": "seconds",
    "start_time": "seconds",
    "time": "seconds",
    "cut": "",
    "cuts": "",
}
_NOTHING_MARKED = "ambiguous"

_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
_SECONDS = re.compile(r"\d{1,9}[.,]\d{1,9}", re.ASCII)
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,4}):(\d{1,2}(?:[.,]\d{1,9})?)", re.ASCII)
_EVENT = re.compile(
    r"\s*\d+\s+(?P<reel>.+?)\s+(?P<track>[A-Z][A-Z0-9/]*)\s+(?P<kind>C|D|W\d{1,3}|K\s*[BO]?)\s+(?:(?P<frames>\d{1,4})\s+)?"
    r"(?P<times>\d{1,3}:\S+\s+\d{1,3}:\S+\s+\d{1,3}:\S+\s+\d{1,3}:\S+)\s*",
    re.ASCII,
)
_EVENT_BEGINNING = re.compile(r"\s*\d+\s+\S+\s+\S", re.ASCII)
# No event is longer: the others are not looked through.
_LONGEST_EVENT = 400
# An EDL has an event, or a heading, among its first lines.
_EDL_HEAD_LINES = 1000
_EDL_BEGINNING = re.compile(r"\s*(TITLE|FCM)\s*:", re.ASCII | re.IGNORECASE)
# PySceneDetect's lists call it a timecode, but it counts seconds, and the frames since the last full one.
_EDL_OF_SECONDS = re.compile(r"\*\s*CREATED WITH PYSCENEDETECT", re.ASCII | re.IGNORECASE)


def load_cut_list_detector(cuts: Path, video: Video) -> ShotDetector | None:
    """The shots of `video` as a list has them; None if `cuts` is a folder without one for this film.

    cuts: the list, or a folder in which one is named like the film (FILM.mp4.csv, FILM.csv, FILM.edl ...). Raises
    UsageError, with the line, for a list that cannot be read or does not fit the film.
    """
    path = cut_list_of(video.path, cuts)
    return None if path is None else CutList(path, video)


class CutList:
    """A list of cuts as a `ShotDetector` that does not look at the film."""

    name = "cuts"
    delay_frames = 0

    def __init__(self, path: Path, video: Video) -> None:
        self._path = path
        self._count = 0
        try:
            marks, self._end = _read(_lines(path), video.frame_rate)
            if self._end is not None and self._end.boundary.transition != "cut":
                marks.append(self._end)  # no shot begins there, but the last one fades out
            self._marks = [_at_edge(mark, video.frame_count) for mark in _checked(marks)]
            if video.frame_count:
                doubt = round_half_up(video.frame_count * _DOUBT_SHARE) + _DOUBT_FRAMES
                self._check_against(video.frame_count, doubt=doubt)
        except _Fault as fault:
            raise UsageError(f"{path}: line {fault.line}: {fault.reason}") from fault
        self._next = 0

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        self._count = number + 1
        boundaries = []
        while self._next < len(self._marks) and self._marks[self._next].boundary.start_frame <= number:
            boundaries.append(self._marks[self._next].boundary)
            self._next += 1
        return boundaries

    def finish(self) -> list[Boundary]:
        try:
            self._check_against(self._count)
        except _Fault as fault:
            raise UsageError(f"{self._path}: line {fault.line}: {fault.reason}") from fault
        return []

    def _check_against(self, count: int, *, doubt: int = 0) -> None:
        """Raises a fault for whatever lies behind the end of a film of so many frames, or may be as many more."""
        for mark in [*self._marks, *([self._end] if self._end else [])]:
            if mark.boundary.end_frame > count + doubt:
                raise _Fault(mark.line, f"frame {mark.boundary.end_frame} lies behind the end of the film, {count}")


class _Fault(Exception):
    """A line that cannot be meant."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class _Mark:
    """A boundary, and the line in which it stands."""

    line: int
    boundary: Boundary


_Marks = tuple[list[_Mark], _Mark | None]
"""What a list says, in its order, and of the end of the film, if it does."""


class _Row(NamedTuple):
    line: int
    cells: list[str]


# Finding and reading the file


def cut_list_of(film: Path, cuts: Path) -> Path | None:
    """The list of the cuts of a film: `cuts` itself, or the one in that folder; None if there is none.

    Raises UsageError.
    """
    if not cuts.is_dir():
        return cuts
    wanted = [f"{stem}{suffix}".casefold() for stem in (film.name, film.stem) for suffix in SUFFIXES]
    try:
        there = {path.name.casefold(): path for path in sorted(cuts.iterdir(), reverse=True)}
    except OSError as error:
        raise UsageError(f"{cuts}: cannot be read ({error.strerror})") from error
    return next((there[name] for name in wanted if name in there), None)


def _lines(path: Path) -> list[str]:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UsageError(f"{path}: is not a regular file, a list of cuts was expected")
        if status.st_size > _LARGEST_BYTES:
            raise UsageError(f"{path}: is no list of cuts, it has {status.st_size / 1e6:.0f} MB")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UsageError(f"{path}: no such file, a list of cuts was expected") from error
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror})") from error
    return _decoded(data).replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _read(lines: list[str], rate: Fraction) -> _Marks:
    if any(_EDL_BEGINNING.match(line) or edl_event(line) for line in lines[:_EDL_HEAD_LINES]):
        return _edl_marks(lines, rate)
    rows = list(_rows(lines))
    if not rows:
        return [], None
    for position, row in enumerate(rows[:2]):
        names = [_column_name(cell) for cell in row.cells]
        # PySceneDetect has a line with all its cuts before the heading.
        if position == 0 or {"scene_number", "start_frame"} <= set(names):
            found = _table_marks(names, rows[position + 1 :], rate)
            if found is not None:
                return found
    return _column_marks(rows, rate), None


def _rows(lines: list[str]) -> Iterator[_Row]:
    """The lines of a table that are neither empty nor a remark, in cells."""
    delimiter = ""
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not delimiter:
            # The first line tells, unless its only semicolon says that frames are dropped.
            delimiter = "," if _is_time(line.strip()) else max(",;\t", key=line.count)
        try:
            yield _Row(number, [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))])
        except csv.Error as error:
            raise _Fault(number, f"is no line of a table ({error})") from error


def _column_name(cell: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", cell.casefold()).strip("_")


# Tables


def _table_marks(names: list[str], rows: list[_Row], rate: Fraction) -> _Marks | None:
    """The marks of a table with a heading; None if that says nothing known."""
    columns = set(names)
    entries = [_Entry(row, dict(zip(names, row.cells, strict=False))) for row in rows]
    if {"start_frame", "end_frame"} <= columns:
        if "transition" in columns and not columns & {"number", "body_start_frame", "scene_number"}:
            return list(_transition_marks(entries)), None
        return _shot_marks(entries, first=1 if "scene_number" in columns else 0)
    for name, unit in _TIME_COLUMNS.items():
        if name in columns:
            return _time_marks([_Row(entry.row.line, [entry.text(name)]) for entry in entries], rate, unit), None
    return None


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of a table with a heading."""

    row: _Row
    cells: dict[str, str]

    def text(self, name: str) -> str:
        if not self.cells.get(name):
            raise _Fault(self.row.line, f"has no {name}")
        return self.cells[name]

    def frame(self, name: str) -> int:
        text = self.text(name)
        if not _NUMBER.fullmatch(text):
            raise _Fault(self.row.line, f"expected {name} to be the number of a frame, got {text[:40]!r}")
        return int(text)

    def transition(self) -> Transition:
        text = self.text("transition").casefold()
        for known in TRANSITIONS:
            if text == known:
                return known
        raise _Fault(self.row.line, f"a transition is one of {', '.join(TRANSITIONS)}, got {text[:40]!r}")


def _transition_marks(entries: list[_Entry]) -> Iterator[_Mark]:
    """Of a table with a transition a line."""
    for entry in entries:
        if entry.text("transition").casefold() == _NOTHING_MARKED:
            continue
        yield _mark(entry.row.line, entry.transition(), entry.frame("start_frame"), entry.frame("end_frame"))


def _shot_marks(entries: list[_Entry], *, first: int) -> _Marks:
    """Of a table with a shot a line, its frames half-open. first: the number of the first frame of a film."""
    shots = [_listed_shot(entry, first) for entry in entries]
    if not shots:
        return [], None
    marks = []
    if shots[0].body_start > shots[0].start == 0:
        marks.append(_Mark(shots[0].line, Boundary(0, "start", 0, shots[0].body_start)))
    for one, other in pairwise(shots):
        if other.start < one.end:
            raise _Fault(other.line, f"begins at frame {other.start}, before the end of the shot before, {one.end}")
        kind = other.transition
        if kind in ("start", "cut"):
            kind = "cut" if one.body_end == other.body_start else "dissolve"
        frame = other.start if other.start == one.end else (one.end + other.start) // 2
        marks.append(_Mark(other.line, Boundary(frame, kind, one.body_end, other.body_start)))
    last = shots[-1]
    if last.body_end < last.end:
        return marks, _Mark(last.line, Boundary(last.end, "fade", last.body_end, last.end))
    return marks, _Mark(last.line, Boundary.cut(last.end))


class _ListedShot(NamedTuple):
    line: int
    transition: Transition
    start: int
    end: int
    body_start: int
    body_end: int


def _listed_shot(entry: _Entry, first: int) -> _ListedShot:
    line = entry.row.line
    start, end = entry.frame("start_frame") - first, entry.frame("end_frame")
    if not 0 <= start < end:
        raise _Fault(line, f"a shot ends after it begins, got frames {start + first} to {end}")
    body_start, body_end = start, end
    if entry.cells.get("body_start_frame") and entry.cells.get("body_end_frame"):
        body_start, body_end = entry.frame("body_start_frame"), entry.frame("body_end_frame")
        if not start <= body_start < body_end <= end:
            raise _Fault(line, f"the body of a shot lies within it, got frames {body_start} to {body_end}")
    transition = entry.transition() if entry.cells.get("transition") else "cut"
    return _ListedShot(line, transition, start, end, body_start, body_end)


# Columns of frames, seconds or times


def _column_marks(rows: list[_Row], rate: Fraction) -> list[_Mark]:
    """Of a list with nothing but times, and a heading of its own, or none."""
    heading = 0 if _is_time(rows[0].cells[0]) else 1
    alone = all(len(list(filter(None, row.cells))) == 1 for row in rows)
    if not alone or len(rows) <= heading or not _is_time(rows[heading].cells[0]):
        known = "transition, start_frame and end_frame"
        raise _Fault(rows[0].line, f"expected an EDL, a column of times, or a table with headings such as {known}")
    return _time_marks([_Row(row.line, row.cells[:1]) for row in rows[heading:]], rate, "")


def _is_time(text: str) -> bool:
    return any(form.fullmatch(text) for form in (_NUMBER, _SECONDS, _CLOCK, TIMECODE))


def _time_marks(rows: list[_Row], rate: Fraction, unit: str) -> list[_Mark]:
    """Cuts at the times in one column. unit: what whole numbers are; if not said, that is seen from the others."""
    if not unit:
        unit = "seconds" if any(_SECONDS.fullmatch(row.cells[0]) for row in rows) else "frame"
    return [_mark(row.line, "cut", *[_frame(row, unit, rate)] * 2) for row in rows]


def _frame(row: _Row, unit: str, rate: Fraction) -> int:
    """The frame that is named in the only cell of a line."""
    text = row.cells[0]
    if _NUMBER.fullmatch(text) and unit == "frame":
        return int(text)
    if _NUMBER.fullmatch(text) or (_SECONDS.fullmatch(text) and unit != "frame"):
        return frame_at(Fraction(text.replace(",", ".")), rate)
    if (timecode := TIMECODE.fullmatch(text)) and timecode[4] in ":;":
        return _timecode_frame(row.line, text, rate, drop=timecode[4] == ";")
    if clock := _CLOCK.fullmatch(text):
        hours, minutes, seconds = clock[1], int(clock[2]), Fraction(clock[3].replace(",", "."))
        if seconds < 60 and (hours is None or minutes < 60):
            return frame_at(int(hours or 0) * 3600 + minutes * 60 + seconds, rate)
    raise _Fault(row.line, f"expected the number of a frame, seconds or a time, got {text[:40]!r}")


def _timecode_frame(line: int, text: str, rate: Fraction, *, drop: bool) -> int:
    try:
        return parse_timecode(text, rate, drop=drop)
    except ValueError as error:
        raise _Fault(line, str(error)) from error


# Edit decision lists


class _Event(NamedTuple):
    line: int
    kind: Transition
    frames: int
    """Of the transition with which it begins."""
    black: bool
    start: int
    end: int


def _edl_marks(lines: list[str], rate: Fraction) -> _Marks:
    events = list(_events(lines, rate))
    if not events:
        return [], None
    marks, offset = [], events[0].start
    before = events[0]._replace(end=offset, black=False)
    for event in events:
        start, end = event.start - offset, event.start + event.frames - offset
        if event.start < before.end:
            raise _Fault(event.line, "begins before the event before it has ended")
        if event.end < event.start + event.frames:
            raise _Fault(event.line, f"is shorter than its {event.kind}")
        if event.end == event.start:
            before = before._replace(black=event.black)  # the old half of a dissolve
            continue
        if event.start > before.end:
            marks.append(_Mark(event.line, Boundary.cut(before.end - offset)))
            before = before._replace(black=True)  # so is what nobody has put anything into
        kind: Transition = "fade" if event.kind == "dissolve" and (event.black or before.black) else event.kind
        marks.append(_mark(event.line, kind, start, end))
        before = event
    return marks, _Mark(before.line, Boundary.cut(before.end - offset))


def _events(lines: list[str], rate: Fraction) -> Iterator[_Event]:
    """The events of the picture, in frames of the record."""
    drop = of_seconds = False
    for number, line in enumerate(lines, start=1):
        of_seconds = of_seconds or bool(_EDL_OF_SECONDS.match(line.strip()))
        if line.strip().upper().startswith("FCM:"):
            drop = "NON" not in line.upper()
        match = edl_event(line)
        if match is None:
            if _EVENT_BEGINNING.match(line) and ":" in line:
                raise _Fault(number, f"is no event of an EDL: {line.strip()[:60]!r}")
            continue
        if not is_picture_track(match["track"]) or match["kind"].startswith("K"):
            continue
        kind: Transition = {"C": "cut", "D": "dissolve"}.get(match["kind"], "wipe")  # type: ignore[assignment]
        if kind != "cut" and match["frames"] is None:
            raise _Fault(number, f"does not say how many frames the {kind} has")
        codes = match["times"].split()[2:]
        dropping = drop or any(";" in code for code in codes)
        start, end = (_record_frame(number, code, rate, dropping, of_seconds) for code in codes)
        if end < start:
            raise _Fault(number, "ends before it begins")
        frames = 0 if kind == "cut" else int(match["frames"])
        yield _Event(number, kind if frames else "cut", frames, match["reel"] in ("BL", "BLACK"), start, end)


def edl_event(line: str) -> re.Match[str] | None:
    """The parts of a line of an EDL that is an event: reel, track, kind, frames and times; None for any other line.

    In capitals, as the format wants it; times are four labels with spaces between them.
    """
    return _EVENT.fullmatch(line.upper()) if len(line) <= _LONGEST_EVENT else None


def is_picture_track(track: str) -> bool:
    """Whether an event is of the main picture, alone or with sound; not of one laid above it."""
    return track in ("V", "V1", "B") or track.endswith("/V")


def _record_frame(line: int, code: str, rate: Fraction, drop: bool, of_seconds: bool) -> int:
    if not of_seconds:
        return _timecode_frame(line, code, rate, drop=drop)
    frames = _timecode_frame(line, code, rate, drop=False) % round_half_up(rate)
    hours, minutes, seconds = (int(part) for part in re.split("[:;.,]", code)[:3])
    return -(-(hours * 3600 + minutes * 60 + seconds) * rate.numerator // rate.denominator) + frames


# Making sure of them


def _mark(line: int, kind: Transition, start: int, end: int) -> _Mark:
    if kind == "start":
        if start != 0:
            raise _Fault(line, f"only the first frame of a film is its start, got frame {start}")
        return _Mark(line, Boundary(0, "start", 0, end))
    if end < start or (kind == "cut") != (start == end):
        rule = "a cut has no frames of its own" if kind == "cut" else f"a {kind} ends after it starts"
        raise _Fault(line, f"{rule}, got frames {start} to {end}")
    return _Mark(line, Boundary.gradual(kind, start, end))


def _checked(marks: Iterable[_Mark]) -> Iterator[_Mark]:
    """The same without what is no boundary: a film begins anyway. Raises a fault where they are not in order."""
    before: _Mark | None = None
    for mark in marks:
        boundary = mark.boundary
        if before is not None:
            last = before.boundary
            if boundary.start_frame < last.start_frame or boundary == last:
                raise _Fault(
                    mark.line,
                    f"frame {boundary.start_frame} is not later than frame {last.start_frame} in line {before.line}",
                )
            if boundary.start_frame < last.end_frame:
                raise _Fault(
                    mark.line,
                    f"frame {boundary.start_frame} lies within the {last.transition} in line {before.line}, "
                    f"which goes on to frame {last.end_frame}",
                )
        before = mark
        if boundary.end_frame > 0:
            yield mark


def _at_edge(mark: _Mark, frame_count: int) -> _Mark:
    """A transition at the first or last frame of the film begins no shot there."""
    boundary = mark.boundary
    if boundary.start_frame == 0:
        return _Mark(mark.line, Boundary(0, "start", 0, boundary.end_frame))
    if boundary.end_frame == frame_count:
        return _Mark(mark.line, Boundary(frame_count, boundary.transition, boundary.start_frame, frame_count))
    return mark
