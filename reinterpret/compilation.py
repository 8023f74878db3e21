"""Compilations: a query and a library go in, an edit of the shots that resemble it comes out.

In order of likeness, of time, or along a path on which each cut is a match cut: the end of a shot is like the beginning
of the next. On beats, if a sound is given that has some.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice, pairwise
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from reinterpret.beats import find_beats
from reinterpret.cues import PRESETS
from reinterpret.cues.courses import CELLS, LayoutCourse
from reinterpret.duplicates import Duplicates
from reinterpret.edits import Clip, EditList, Soundtrack
from reinterpret.errors import LibraryError, UsageError, VideoError
from reinterpret.in_points import Sources, match_of
from reinterpret.library import Library
from reinterpret.matching import left_out
from reinterpret.moments import best_stretch
from reinterpret.neighbours import Hit, Neighbours, Query
from reinterpret.pace import SLOWEST, source_speed
from reinterpret.sound import SAMPLE_RATE, read_sound, sound_seconds
from reinterpret.timebase import Span, frame_at, standard_rate
from reinterpret.video import FrameGrid, Video

Order = Literal["score", "path", "time"]

_DEFAULT_SECONDS = 60.0
_LONGEST_SECONDS = 4 * 3600
# What is too short to be seen is not used.
_SHORTEST_SECONDS = Fraction(1, 3)
# Among so many a path is looked for; beyond, the work grows with the square of them.
_MOST_SHOTS = 1000
# So many are looked at together, whether they are the same footage: some more than are shown in a minute.
_LOOKED_AT = 32
# Beside what is seen, where light lies on both sides of a cut.
_LAYOUT_SHARE = 0.35


@dataclass(frozen=True, slots=True)
class CompileSettings:
    """Which shots, in which order, how long."""

    order: Order = "score"
    """`score`: the likest first. `path`: each shot begins like the one before it ends. `time`: films by name, their
    shots as they come in them."""
    seconds: float | None = None
    """How long it lasts at most; a minute, if neither a number nor a score above 0 limits it."""
    count: int | None = None
    """How many shots at most."""
    least_score: float = 0.0
    """Shots that are less alike are left out: by default those that are not alike at all; -1 takes any."""
    shot_seconds: float = 4.0
    """The longest of a shot that is shown."""
    sound: Literal["clips", "none"] | Path = "clips"
    """The clips' own sound, none, or a file's."""
    beat: bool = False
    """Whether it is cut on the beats of that file."""
    weights: Mapping[str, float] = field(default_factory=lambda: PRESETS["balanced"])
    only: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    folders: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.order not in get_args(Order):
            raise UsageError(f"unknown order {self.order!r}; choose one of {', '.join(get_args(Order))}")
        if self.seconds is not None and not 0 < self.seconds <= _LONGEST_SECONDS:
            raise UsageError(f"a compilation lasts up to {_LONGEST_SECONDS} seconds, got {self.seconds:g}")
        if self.count is not None and self.count < 1:
            raise UsageError(f"at least one shot must be asked for, got {self.count}")
        if not -1 <= self.least_score <= 1:
            raise UsageError(f"scores lie between -1 and 1, got {self.least_score:g}")
        if not float(_SHORTEST_SECONDS) <= self.shot_seconds <= _LONGEST_SECONDS:
            raise UsageError(f"a shot is shown for a third of a second or more, got {self.shot_seconds:g} seconds")
        if self.beat and not isinstance(self.sound, Path):
            raise UsageError("cutting on beats needs a file with sound that has some")


def compile_shots(
    library: Library,
    neighbours: Neighbours,
    query: Query,
    settings: CompileSettings = CompileSettings(),
) -> EditList:
    """The edit of the shots most like a query. The same footage is never shown twice.

    Raises LibraryError if nothing can be shown, VideoError if the sound cannot be read or has no beats, UsageError.
    """
    out = left_out(library, only=settings.only, without=settings.without, folders=settings.folders)
    slots = _slots(settings)
    hits = _fitting(neighbours, query, settings, out, slots)
    if not hits:
        raise LibraryError(f"{library.path}: no shot is as alike as that; ask for a lower score, or for something else")
    hits = _limited(library, _each_once(library, neighbours, hits), settings, slots)
    stretches = _stretches(library, neighbours, query, hits, slots.longest)
    return _edit(neighbours, query, _ordered(neighbours, stretches, settings.order), settings, slots)


@dataclass(frozen=True, slots=True)
class _Slots:
    """When shots may change: the lengths of the places they take, or, without beats, the longest of each."""

    longest: Fraction
    total: Fraction | None
    edges: tuple[Fraction, ...] | None = None
    """On beats: 0, every cut, and the end."""

    @property
    def count(self) -> int | None:
        """How many places there are; None without beats."""
        return None if self.edges is None else len(self.edges) - 1


def _slots(settings: CompileSettings) -> _Slots:
    longest = Fraction(settings.shot_seconds).limit_denominator(1000)
    total = None if settings.seconds is None else Fraction(settings.seconds).limit_denominator(1000)
    if isinstance(settings.sound, Path):
        heard = sound_seconds(settings.sound)
        total = heard if total is None else min(total, heard)
    elif total is None and settings.count is None and settings.least_score <= 0:
        total = Fraction(_DEFAULT_SECONDS)
    if not settings.beat:
        return _Slots(longest, total)
    assert isinstance(settings.sound, Path)
    assert total is not None
    edges = _beat_edges(settings.sound, total, longest)
    return _Slots(max(end - start for start, end in pairwise(edges)), total, edges)


def _beat_edges(path: Path, total: Fraction, longest: Fraction) -> tuple[Fraction, ...]:
    """0, beats as far apart as they can be without any shot being longer than `longest`, and the end."""
    samples = read_sound(path, Fraction(0), int(total * SAMPLE_RATE))
    beats = [Fraction(float(beat)).limit_denominator(SAMPLE_RATE) for beat in find_beats(samples, SAMPLE_RATE)]
    beats = [beat for beat in beats if 0 < beat < total]
    if not beats:
        raise VideoError(f"{path}: no beat is heard in its sound; leave --beat out, or name music that has one")
    edges = [Fraction(0)]
    for number, beat in enumerate([*beats, total]):
        following = [*beats, total][number + 1 : number + 2]
        # A beat is used when the next would come too late.
        if beat - edges[-1] >= _SHORTEST_SECONDS and (not following or following[0] - edges[-1] > longest):
            edges.append(beat)
    if edges[-1] != total:
        edges[-1:] = [total] if len(edges) > 1 and total - edges[-1] < _SHORTEST_SECONDS else [edges[-1], total]
    return tuple(edges)


def _fitting(
    neighbours: Neighbours,
    query: Query,
    settings: CompileSettings,
    out: frozenset[str],
    slots: _Slots,
) -> list[Hit]:
    """The shots that can be shown, best first."""
    found = neighbours.search(query, _MOST_SHOTS, weights=settings.weights, without=out)
    best: dict[tuple[str, int], Hit] = {}
    for hit in sorted((hit for row in found for hit in row), key=lambda hit: -hit.score):
        best.setdefault((hit.film, hit.shot), hit)
    shortest = _SHORTEST_SECONDS if slots.edges is None else slots.longest * SLOWEST
    return [
        hit
        for hit in best.values()
        if hit.score >= settings.least_score and neighbours.seconds(hit.film, hit.shot) >= shortest
    ]


def _each_once(library: Library, neighbours: Neighbours, hits: Sequence[Hit]) -> Iterator[Hit]:
    """Those that are not the same footage as one before them, looked at only as far as they are asked for."""
    duplicates = Duplicates(neighbours, Sources(library).footage)
    kept: list[tuple[str, int]] = []
    for begin in range(0, len(hits), _LOOKED_AT):
        some = hits[begin : begin + _LOOKED_AT]
        # Together, so that each film is read once for all of them.
        duplicates.find((hit.film, hit.shot) for hit in some)
        for hit in some:
            if not duplicates.repeats((hit.film, hit.shot), kept):
                kept.append((hit.film, hit.shot))
                yield hit


def _limited(library: Library, hits: Iterator[Hit], settings: CompileSettings, slots: _Slots) -> list[Hit]:
    """The first of them that fill the time, or are as many as asked for."""
    most = min((count for count in (settings.count, slots.count) if count is not None), default=None)
    hits = islice(hits, most)
    if slots.count is not None or slots.total is None:
        return list(hits)
    kept: list[Hit] = []
    filled = Fraction(0)
    for hit in hits:
        if slots.total - filled < _SHORTEST_SECONDS and kept:
            break
        kept.append(hit)
        filled += min(library.shots(hit.film)[hit.shot].body.duration, slots.longest)
    return kept


@dataclass(frozen=True, slots=True, eq=False)
class _Stretch:
    """What is shown of a shot, and how it begins and ends."""

    hit: Hit
    video: Video
    body: Span
    span: Span
    seen: np.ndarray
    """2 x D float32: the frame vectors nearest to its beginning and its end."""
    light: np.ndarray
    """2 x CELLS float32: where light lies then, about its mean."""


def _stretches(
    library: Library, neighbours: Neighbours, query: Query, hits: Sequence[Hit], longest: Fraction
) -> list[_Stretch]:
    """Of each shot what is most like the query, in the same order. Film by film, so that each is read once."""
    found: dict[int, _Stretch] = {}
    for number in sorted(range(len(hits)), key=lambda number: hits[number].film):
        hit = hits[number]
        film, span = library.film(hit.film), best_stretch(library, neighbours, query, hit, longest)
        vectors, seconds = film.embeddings.of_shot(hit.shot)
        sides = np.array([[float(span.start)], [float(span.end)]])
        found[number] = _Stretch(
            hit=hit,
            video=film.video,
            body=film.shots[hit.shot].body,
            span=span,
            seen=vectors[np.abs(seconds - sides).argmin(axis=1)],
            light=_light(film.courses[hit.shot], sides),
        )
    return [found[number] for number in range(len(hits))]


def _light(course: LayoutCourse, sides: np.ndarray) -> np.ndarray:
    if not len(course):
        return np.zeros((len(sides), CELLS), np.float32)
    cells = course.cells[np.abs(course.seconds - sides).argmin(axis=1)].astype(np.float32)
    return np.asarray(cells - cells.mean(axis=1, keepdims=True))


def _ordered(neighbours: Neighbours, stretches: list[_Stretch], order: Order) -> list[_Stretch]:
    if order == "time":
        return sorted(stretches, key=lambda stretch: (str(stretch.video.path), stretch.span.start))
    if order == "path" and len(stretches) > 2:
        return [stretches[number] for number in match_cut_path(_cut_costs(neighbours, stretches))]
    return stretches


def _cut_costs(neighbours: Neighbours, stretches: Sequence[_Stretch]) -> np.ndarray:
    """N x N float: how little the end of a stretch (row) is like the beginning of another (column); 0 to 2."""
    starts, ends = (neighbours.content(np.stack([stretch.seen[side] for stretch in stretches])) for side in (0, 1))
    before, after = (_unit(np.stack([stretch.light[side] for stretch in stretches])) for side in (0, 1))
    return np.asarray((1 - _LAYOUT_SHARE) * (1 - ends @ starts.T) + _LAYOUT_SHARE * (1 - after @ before.T))


def _unit(rows: np.ndarray) -> np.ndarray:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6))


def match_cut_path(costs: np.ndarray) -> list[int]:
    """All of N shots from the first on, in the order in which the cuts cost least: a short open path, not the shortest.

    costs: N x N, from the end of a row to the beginning of a column. Nearest neighbour, then pieces of up to three
    shots are moved to where they cost less, until none does (Or-opt).
    """
    count = len(costs)
    path, left = [0], set(range(1, count))
    while left:
        path.append(min(left, key=lambda number: (costs[path[-1], number], number)))
        left.remove(path[-1])
    improved = True
    while improved:
        improved = False
        for length in (1, 2, 3):
            for first in range(1, count - length + 1):
                moved = _moved(path, first, length, costs)
                if moved is not None:
                    path, improved = moved, True
    return path


def _moved(path: list[int], first: int, length: int, costs: np.ndarray) -> list[int] | None:
    """The path with a piece where it costs least; None if it is there already."""
    piece, rest = path[first : first + length], path[:first] + path[first + length :]
    before, after = np.array(rest), np.array([*rest[1:], -1])
    # An open path: behind the last nothing comes.
    joined = np.where(after >= 0, costs[piece[-1], after], 0.0)
    gap = np.where(after >= 0, costs[before, after], 0.0)
    added = costs[before, piece[0]] + joined - gap
    best = int(np.argmin(added))
    if added[best] >= added[first - 1] - 1e-9:
        return None
    return rest[: best + 1] + piece + rest[best + 1 :]


def _edit(
    neighbours: Neighbours, query: Query, chosen: Sequence[_Stretch], settings: CompileSettings, slots: _Slots
) -> EditList:
    rate = _rate(chosen)
    edges = _edges([stretch.span for stretch in chosen], slots)
    clips: list[Clip] = []
    for number, stretch in enumerate(chosen):
        first, end = (frame_at(edge, rate) for edge in edges[number : number + 2])
        if end <= first:
            continue
        wanted = edges[number + 1] - edges[number]
        hit, body, span = stretch.hit, stretch.body, stretch.span
        used = Span(span.start, min(span.end, span.start + wanted))
        match = match_of(neighbours, query, hit, used, row=len(clips), body=body, weights=settings.weights)
        speed = source_speed(match, wanted, "slow")
        clips.append(Clip(first, end - first, "footage", match, speed))
    sound = (
        Soundtrack("file", settings.sound.absolute())
        if isinstance(settings.sound, Path)
        else Soundtrack(settings.sound)
    )
    videos = {stretch.hit.film: stretch.video for stretch in chosen}
    films = tuple(videos[name] for name in sorted(videos))
    return EditList(None, FrameGrid(rate, clips[-1].end_frame), films, tuple(clips), sound)


def _edges(spans: Sequence[Span], slots: _Slots) -> list[Fraction]:
    """When each shot begins, and when the last ends."""
    if slots.edges is not None:
        return list(slots.edges[: len(spans) + 1])
    edges = [Fraction(0)]
    for span in spans:
        end = edges[-1] + span.duration
        edges.append(end if slots.total is None else min(end, slots.total))
    return edges


def _rate(used: Sequence[_Stretch]) -> Fraction:
    """The frame rate at which most of it was filmed."""
    seconds: dict[Fraction, Fraction] = defaultdict(Fraction)
    for stretch in used:
        seconds[standard_rate(stretch.video.frame_rate)] += stretch.span.duration
    return max(seconds, key=lambda rate: (seconds[rate], rate))
