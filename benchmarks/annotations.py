"""Where the cuts of films truly are: annotation files go in, the marks of each film come out.

A mark is one transition over the frames [start_frame, end_frame) that belong to neither shot alone, counted from 0.
A hard cut has none: both are the first frame of the new shot. Four notations are read:

- `marks`, ours: a table `transition,start_frame,end_frame,note`, a file a film, FILM.csv.
- `clipshots`: one JSON file, {"FILM.mp4": {"transitions": [[a, b], ...], "frame_num": n}}: a is the last frame of the
  old shot, b the first of the new, so that b = a + 1 is a hard cut (Tangshitao/ClipShots, tools/evaluate.py; that
  frames lie strictly between a and b in a gradual one: soCzech/TransNetV2, training/consolidate_datasets.py).
- `autoshot`: the file kuaishou_v2.txt, a line `FILM.mp4 FRAMES` and then a line `a,b` for every transition, as in
  ClipShots (wentaozhu/AutoShot, compare_inference_baseline_groundtruth_v2.py turns them into shots); or a folder with
  a list of shots a film, as it is handed on for benchmarking (Breakthrough/PySceneDetect, benchmark/dataset.py).
- `bbc`, `rai`: a folder with a list of shots a film, `start end` a line with both frames in the shot; a gap between
  two shots is a gradual transition (soCzech/TransNetV2, training/metrics_utils.py). BBC's files are called
  01-NAME.txt for bbc_01.mp4, and the first edition of them is one frame early (TransNetV2 adds 1 to every number, the
  `fixed` edition at zenodo.org/records/14873790 needs nothing); RAI's are called 1_gt.txt for 1.mp4.

These files were written by hand and hold slips of the pen ("568,,569"). A film with one is left out, and said.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal, cast, get_args

Kind = Literal["cut", "dissolve", "fade", "wipe", "gradual", "ambiguous"]
"""`gradual` where the annotation does not say which; in an `ambiguous` range nothing counts for or against."""

Dataset = Literal["clipshots", "autoshot", "bbc", "rai"]

_MARKS_HEADER = ["transition", "start_frame", "end_frame", "note"]
_FILM_SUFFIXES = {".mp4", ".mkv", ".webm", ".avi", ".mov", ".mpg", ".mpeg", ".ogv", ".wmv", ".m4v", ".flv"}


class AnnotationError(Exception):
    """An annotation cannot be read; the message names the file and the line."""


@dataclass(frozen=True, order=True)
class Mark:
    """One transition: frames [start_frame, end_frame) belong to neither shot alone."""

    start_frame: int
    end_frame: int
    transition: Kind
    note: str = ""

    def __post_init__(self) -> None:
        if self.transition not in get_args(Kind):
            raise ValueError(f"a transition is one of {', '.join(get_args(Kind))}, got {self.transition!r}")
        if self.start_frame < 0:
            raise ValueError(f"frames are counted from 0, got {self.start_frame}")
        if self.transition == "cut" and self.start_frame != self.end_frame:
            raise ValueError(f"a cut has no frames of its own, got {self.start_frame} to {self.end_frame}")
        if self.transition != "cut" and self.start_frame >= self.end_frame:
            raise ValueError(f"a {self.transition} ends after it starts, got {self.start_frame} to {self.end_frame}")


@dataclass(frozen=True)
class MarkedFilm:
    """A film and its true transitions, in order."""

    path: Path
    marks: tuple[Mark, ...]
    group: str = ""
    """Films of a kind, which get a row of their own in the table."""


def read_marks(path: Path) -> tuple[Mark, ...]:
    """The marks of one film in our own notation. Raises AnnotationError."""
    rows = list(csv.reader(_lines(path)))
    if not rows or [cell.strip() for cell in rows[0]] != _MARKS_HEADER:
        raise AnnotationError(f"{path}:1: expected the heading {','.join(_MARKS_HEADER)}")
    marks = []
    for number, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) not in (3, 4):
            raise AnnotationError(f"{path}:{number}: expected {','.join(_MARKS_HEADER)}, got {','.join(row)}")
        start, end = _frames(path, number, row[1:3])
        marks.append(_mark(path, number, start, end, row[0].strip(), row[3].strip() if len(row) == 4 else ""))
    return _ascending(path, marks)


def write_marks(path: Path, marks: Iterable[Mark]) -> None:
    """Write what `read_marks` reads."""
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(_MARKS_HEADER)
        table.writerows((mark.transition, mark.start_frame, mark.end_frame, mark.note) for mark in marks)


def read_archive_marks(path: Path) -> dict[str, tuple[Mark, ...]]:
    """Our own notation with a column `film` before it: the marks of many clips in one file. Raises AnnotationError."""
    rows = list(csv.reader(_lines(path)))
    if not rows or [cell.strip() for cell in rows[0]] != ["film", *_MARKS_HEADER]:
        raise AnnotationError(f"{path}:1: expected the heading film,{','.join(_MARKS_HEADER)}")
    found: dict[str, list[Mark]] = {}
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != len(_MARKS_HEADER) + 1:
            raise AnnotationError(f"{path}:{number}: expected {len(_MARKS_HEADER) + 1} columns, got {len(row)}")
        start, end = _frames(path, number, row[2:4])
        found.setdefault(row[0].strip(), []).append(_mark(path, number, start, end, row[1].strip(), row[4].strip()))
    return {film: _ascending(path, marks) for film, marks in found.items()}


def read_dataset(
    dataset: Dataset, annotations: Path, videos: Path, *, shift_frames: int = 0
) -> tuple[list[MarkedFilm], list[str]]:
    """The films of a public dataset that are in the folder `videos` (or below it), and what is wrong with others.

    shift_frames is added to every frame number. Raises AnnotationError if nothing can be read at all.
    """
    films = {path.stem: path for path in sorted(videos.rglob("*")) if path.suffix.lower() in _FILM_SUFFIXES}
    if not films:
        raise AnnotationError(f"{videos}: there is no film in it")
    marked, faults, missing = [], [], 0
    for name, found in _READERS[dataset](annotations):
        film = _film_of(name, films)
        if film is None:
            missing += 1
        elif isinstance(found, AnnotationError):
            faults.append(f"left out: {found}")
        else:
            marks = tuple(_shifted(mark, shift_frames) for mark in found)
            marked.append(MarkedFilm(film, marks, dataset))
    if missing:
        faults.append(f"{missing} of the annotated films of {dataset} are not in {videos}")
    if not marked:
        raise AnnotationError("; ".join(faults) or f"{annotations}: no film is annotated in it")
    return sorted(marked, key=lambda film: film.path), faults


_Found = Iterator[tuple[str, "tuple[Mark, ...] | AnnotationError"]]


def _clipshots(path: Path) -> _Found:
    text = "\n".join(_lines(path))
    try:
        films = json.loads(text)
    except json.JSONDecodeError as error:
        raise AnnotationError(f"{path}:{error.lineno}: {error.msg}") from error
    if not isinstance(films, dict):
        raise AnnotationError(f'{path}:1: expected {{"FILM.mp4": {{"transitions": [[a, b], ...]}}, ...}}')
    for name, facts in films.items():
        line = text.count("\n", 0, text.index(json.dumps(name))) + 1
        try:
            pairs = [(int(pair[0]), int(pair[1])) for pair in facts["transitions"] or []]
            yield Path(name).stem, _ascending(path, [_between(path, line, *pair) for pair in pairs])
        except (TypeError, KeyError, IndexError, ValueError) as error:
            yield (
                Path(name).stem,
                AnnotationError(f"{path}:{line}: {name}: expected transitions [[a, b], ...]: {error}"),
            )
        except AnnotationError as error:
            yield Path(name).stem, AnnotationError(f"{error} ({name})")


def _autoshot(path: Path) -> _Found:
    if path.is_dir():
        yield from _shot_lists(path)
        return
    name: str | None = None
    marks: list[Mark] = []
    fault: AnnotationError | None = None
    for number, line in enumerate(_lines(path), start=1):
        heading = re.fullmatch(r"(\S+)\.mp4\s+\d+", line.strip())
        if heading:
            if name is not None:
                yield name, fault or tuple(marks)
            name, marks, fault = heading[1], [], None
        elif line.strip() and name is None:
            raise AnnotationError(f"{path}:{number}: expected FILM.mp4 FRAMES, got {line.strip()!r}")
        elif line.strip():
            try:
                marks.append(_between(path, number, *_frames(path, number, line.strip().rstrip(",").split(","))))
                _ascending(path, marks)
            except AnnotationError as error:
                fault = fault or AnnotationError(f"{error} ({name})")
    if name is not None:
        yield name, fault or tuple(marks)


def _shot_lists(folder: Path) -> _Found:
    files = sorted(folder.glob("*.txt")) if folder.is_dir() else []
    if not files:
        raise AnnotationError(f"{folder}: expected a folder of lists of shots, FILM.txt")
    for file in files:
        try:
            yield file.stem, _between_shots(file)
        except AnnotationError as error:
            yield file.stem, error


_READERS = {"clipshots": _clipshots, "autoshot": _autoshot, "bbc": _shot_lists, "rai": _shot_lists}


def _between_shots(path: Path) -> tuple[Mark, ...]:
    """The transitions between the shots that a file lists, `start end` a line, both frames in the shot."""
    marks = []
    last_end: int | None = None
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        start, end = _frames(path, number, re.split(r"[\s,]+", line.strip()))
        if end < start:
            raise AnnotationError(f"{path}:{number}: a shot ends before it starts: {line.strip()!r}")
        if last_end is not None:
            marks.append(_between(path, number, last_end, start))
        last_end = end
    if last_end is None:
        raise AnnotationError(f"{path}:1: no shot is listed")
    return tuple(marks)


def _between(path: Path, line: int, last: int, first: int) -> Mark:
    """The transition between the last frame of a shot and the first of the next."""
    if first <= last:
        raise AnnotationError(f"{path}:{line}: the new shot starts at {first}, before the old one has ended at {last}")
    if first == last + 1:
        return _mark(path, line, first, first, "cut")
    return _mark(path, line, last + 1, first, "gradual")


def _mark(path: Path, line: int, start: int, end: int, transition: str, note: str = "") -> Mark:
    try:
        return Mark(start, end, cast(Kind, transition), note)  # it checks
    except ValueError as error:
        raise AnnotationError(f"{path}:{line}: {error}") from error


def _frames(path: Path, line: int, cells: list[str]) -> tuple[int, int]:
    if len(cells) != 2 or not all(re.fullmatch(r"\s*\d+\s*", cell) for cell in cells):
        raise AnnotationError(f"{path}:{line}: expected two frame numbers, got {','.join(cells)!r}")
    return int(cells[0]), int(cells[1])


def _ascending(path: Path, marks: list[Mark]) -> tuple[Mark, ...]:
    """Transitions follow one another; an ambiguous range may lie anywhere."""
    certain = [mark for mark in marks if mark.transition != "ambiguous"]
    for before, after in pairwise(certain):
        if after.start_frame < before.end_frame or after == before:
            raise AnnotationError(
                f"{path}: {after.transition} at {after.start_frame} begins before the one "
                f"at {before.start_frame} has ended"
            )
    return tuple(sorted(marks))


def _film_of(name: str, films: dict[str, Path]) -> Path | None:
    """The film that an annotation belongs to: 1_gt is 1, 01-From_Pole_to_Pole and 01-scenes are bbc_01."""
    number = re.match(r"\d+", name)
    candidates = [name, name.removesuffix("_gt")]
    if number:
        candidates += [f"bbc_{number[0]}", number[0]]
    return next((films[candidate] for candidate in candidates if candidate in films), None)


def _shifted(mark: Mark, frames: int) -> Mark:
    return replace(mark, start_frame=mark.start_frame + frames, end_frame=mark.end_frame + frames)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path}: {error}") from error
