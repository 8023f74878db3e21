"""Matching: a trailer and a library go in, an edit comes out.

Suggestions for every shot, then one assignment over the whole trailer, so that no archive shot comes twice,
then the in-point at which the archive shot follows the trailer shot's course best.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from reinterpret.edits import Clip, EditList, Match
from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders import Device
from reinterpret.errors import LibraryError, UsageError
from reinterpret.library import Library, library_encoder
from reinterpret.neighbours import Hit, Neighbours, open_neighbours
from reinterpret.shots import Detection
from reinterpret.timebase import Span, frame_at, round_half_up
from reinterpret.video import probe

ShortPolicy = Literal["slow", "hold"]

# Below half speed movement turns into a row of stills.
_SLOWEST = Fraction(1, 2)
# What being too short costs, in score: a little where slowing down helps, more than any likeness where it does not.
_SLOWED_COST = 0.05
_HELD_COST = 0.30
# Enough candidates for one assignment over a trailer of as many shots; more shots than that share theirs.
_MOST_CANDIDATES = 500
# In-points are tried at this distance; the frame vectors they are judged by lie further apart.
_ALIGNMENT_STEP = Fraction(1, 5)
# Frames at the ends of a body may belong to a transition all the same; they are used only where there is no choice.
_SHY_SECONDS = Fraction(1, 12)
# As dark as black leader, as even as a black frame.
_BLACK_MEAN, _BLACK_DEVIATION = 0.035, 0.03
# An assignment that is not allowed: far below any sum of scores.
_FORBIDDEN = -1e6


def match(
    trailer: Path | str,
    library: Library,
    *,
    suggestions: int = 10,
    short: ShortPolicy = "slow",
    include_trailer: bool = False,
    detection: Detection | None = None,
    device: Device = "auto",
    on_seconds: Callable[[Fraction, Fraction], None] | None = None,
) -> EditList:
    """The edit that tells a trailer with the footage of a library.

    suggestions: kept for each shot. short: what to do with an archive shot that is shorter than the trailer's:
    `slow` it down (to half speed at most, then hold its last frame) or `hold` its last frame. include_trailer:
    the archive may answer a trailer with itself. detection: of the trailer's shots, by default as in the library.
    on_seconds: told how much of the trailer is read, and how long it is.
    Raises VideoError, LibraryError, EncoderError, UsageError.
    """
    if suggestions < 1:
        raise UsageError(f"at least one suggestion must be kept for each shot, got {suggestions}")
    if short not in get_args(ShortPolicy):
        raise UsageError(f"unknown policy {short!r} for short clips; choose one of {', '.join(get_args(ShortPolicy))}")
    video = probe(trailer)
    neighbours = open_neighbours(library)
    encoder = library_encoder(library, device=device)
    report = None if on_seconds is None else lambda seconds: on_seconds(seconds, video.duration)
    film = embed_video(video, encoder, detection=detection or library.detection, on_seconds=report)
    without = frozenset() if include_trailer else frozenset({film.video.fingerprint})
    return _edit(film, library, neighbours, suggestions, short, without)


def _edit(
    film: Film,
    library: Library,
    neighbours: Neighbours,
    suggestions: int,
    short: ShortPolicy,
    without: frozenset[str],
) -> EditList:
    black = [is_black_shot(film, number) for number in range(len(film.shots))]
    rows = [number for number, dark in enumerate(black) if not dark]
    wanted = min(max(suggestions, len(rows)), _MOST_CANDIDATES)
    candidates = neighbours.search(film.embeddings.content[rows], wanted, without=without)
    if rows and not candidates[0]:
        raise LibraryError(f"{library.path}: has no footage to match with beside the trailer itself; index more films")
    needed = [float(film.shots[row].span.duration) for row in rows]
    chosen = assign(candidates, needed, neighbours)
    per_shot = {
        row: [hit, *(other for other in found[:suggestions])]
        for row, hit, found in zip(rows, chosen, candidates, strict=True)
    }
    matches = _align_all(film, library, per_shot)
    boundaries = _grid_boundaries(film)
    clips = []
    for number, (first, end) in enumerate(boundaries):
        if end <= first:
            continue  # shorter than a frame of the grid
        if black[number]:
            clips.append(Clip(first, end - first, "black"))
        else:
            best, *others = matches[number]
            speed = _speed(best, film.shots[number].span.duration, short)
            clips.append(Clip(first, end - first, "footage", best, speed, tuple(others)))
    named = sorted({entry.film for found in matches.values() for entry in found})
    return EditList(film.video, film.grid, tuple(library.video(name) for name in named), tuple(clips))


def is_black_shot(film: Film, number: int) -> bool:
    """Whether a shot of the trailer is black, and so stays black."""
    return bool(film.luma_mean[number] < _BLACK_MEAN and film.luma_deviation[number] < _BLACK_DEVIATION)


def assign(candidates: list[list[Hit]], needed: list[float], neighbours: Neighbours) -> list[Hit]:
    """One archive shot for each trailer shot, so that the sum of the scores is highest and none comes twice.

    candidates: for each trailer shot its hits, best first, at least one. needed: its seconds. Where there are
    fewer archive shots than trailer shots, each is used as evenly as can be. The Hungarian method
    (scipy.optimize.linear_sum_assignment).
    """
    from scipy.optimize import linear_sum_assignment

    if not candidates:
        return []
    shots = sorted({(hit.film, hit.shot) for found in candidates for hit in found})
    column = {shot: number for number, shot in enumerate(shots)}
    lengths = [neighbours.seconds(*shot) for shot in shots]
    scores = np.full((len(candidates), len(shots)), _FORBIDDEN)
    for row, found in enumerate(candidates):
        for hit in found:
            place = column[hit.film, hit.shot]
            scores[row, place] = hit.score - shortage_cost(lengths[place], needed[row])
    rows, columns = linear_sum_assignment(_with_reuse(scores), maximize=True)
    chosen: list[Hit] = []
    for row, place in zip(rows[: len(candidates)], columns[: len(candidates)], strict=True):
        shot = shots[place % len(shots)]
        by_shot = {(hit.film, hit.shot): hit for hit in candidates[int(row)]}
        # A shot none of whose candidates was left (only with more than _MOST_CANDIDATES shots) repeats its best.
        chosen.append(by_shot.get(shot, candidates[int(row)][0]))
    return chosen


def _with_reuse(scores: np.ndarray) -> np.ndarray:
    """A score matrix in which columns may be used more than once where there are fewer of them than rows.

    scores: R x C. Every column stands there as often as each must be used, and once more for those rows that are
    left; the copies too many are taken by rows of zeros at the end.
    """
    rows, columns = scores.shape
    rounds, left = divmod(rows, columns)
    if rounds == 0 or left == 0:
        return np.tile(scores, max(rounds, 1))
    fillers = np.full((columns - left, columns * (rounds + 1)), _FORBIDDEN)
    fillers[:, -columns:] = 0
    return np.vstack([np.tile(scores, rounds + 1), fillers])


def shortage_cost(length: float, needed: float) -> float:
    """What it costs, in score, that an archive shot of `length` seconds stands for `needed` seconds."""
    share = length / needed
    if share >= 1:
        return 0.0
    if share >= _SLOWEST:
        return _SLOWED_COST * (1 - share) / float(1 - _SLOWEST)
    return _SLOWED_COST + _HELD_COST * (1 - share / float(_SLOWEST))


def _speed(chosen: Match, needed: Fraction, short: ShortPolicy) -> Fraction:
    available = chosen.source_span.duration
    if short == "hold" or available >= needed:
        return Fraction(1)
    # In hundredths: people read it, and nobody sees the difference.
    return max(_SLOWEST, Fraction(math.floor(available / needed * 100), 100))


def _grid_boundaries(film: Film) -> list[tuple[int, int]]:
    """First and end frame of every shot on the trailer's grid: its own frame numbers where the grid keeps them."""
    if film.grid.frame_count == film.shots[-1].end_frame:
        return [(shot.start_frame, shot.end_frame) for shot in film.shots]
    edges = [min(frame_at(shot.span.start, film.grid.rate), film.grid.frame_count) for shot in film.shots]
    return list(zip(edges, [*edges[1:], film.grid.frame_count], strict=True))


def _align_all(film: Film, library: Library, per_shot: dict[int, list[Hit]]) -> dict[int, list[Match]]:
    """Every hit as a match with its best span. Film by film, so that each is read from the library once."""
    wanted: dict[str, list[tuple[int, int, Hit]]] = defaultdict(list)
    for row, hits in per_shot.items():
        for rank, hit in enumerate(hits):
            wanted[hit.film].append((row, rank, hit))
    found: dict[tuple[int, int], Match] = {}
    for name in sorted(wanted):
        source = library.film(name)
        for row, rank, hit in wanted[name]:
            span = align(film, row, source, hit.shot)
            score = round(hit.score, 6)
            found[row, rank] = Match(
                row, hit.film, hit.shot, source.shots[hit.shot].body, span, score, (("content", score),)
            )
    return {row: [found[row, rank] for rank in range(len(hits))] for row, hits in per_shot.items()}


def align(film: Film, target: int, source: Film, shot: int) -> Span:
    """The span of an archive shot whose course is most like that of a trailer shot, beginning on a frame.

    As long as the trailer shot, or the whole body of the archive shot where that is shorter: what is half another
    shot already is never used.
    """
    needed = film.shots[target].span.duration
    span = source.shots[shot].body
    slack = span.duration - needed
    if slack <= 0:
        return span
    shy = min(_SHY_SECONDS, slack / 2)
    first, last = span.start + shy, span.end - needed - shy
    steps = max(1, math.ceil((last - first) / _ALIGNMENT_STEP))
    starts = [first + (last - first) * step / steps for step in range(steps + 1)]
    likeness = _course_likeness(film, target, source, shot, starts)
    # Of starts as good as each other the most central: furthest from both cuts.
    centrality = np.array([-abs(float(start - (first + last) / 2)) for start in starts])
    best = max(range(len(starts)), key=lambda step: (round(float(likeness[step]), 3), centrality[step]))
    start = _on_frame(starts[best], source.video.frame_rate, span.start, span.end - needed)
    return Span(start, start + needed)


def _course_likeness(film: Film, target: int, source: Film, shot: int, starts: list[Fraction]) -> np.ndarray:
    """Mean cosine between a trailer shot and an archive shot laid beside it from each of some starts."""
    vectors, seconds = film.embeddings.of_shot(target)
    offsets = seconds - float(film.shots[target].span.start)
    source_vectors, source_seconds = source.embeddings.of_shot(shot)
    likeness = vectors @ source_vectors.T
    instants = np.array([float(start) for start in starts])[:, None] + offsets[None]
    # Between two frame vectors the likeness is taken to change evenly.
    right = np.clip(np.searchsorted(source_seconds, instants), 1, max(1, len(source_seconds) - 1))
    left = right - 1
    right = np.minimum(right, len(source_seconds) - 1)
    gap = np.maximum(source_seconds[right] - source_seconds[left], 1e-9)
    part = np.clip((instants - source_seconds[left]) / gap, 0, 1)
    frame = np.arange(len(offsets))[None]
    return np.asarray(((1 - part) * likeness[frame, left] + part * likeness[frame, right]).mean(axis=1))


def _on_frame(start: Fraction, rate: Fraction, earliest: Fraction, latest: Fraction) -> Fraction:
    """The beginning of a frame near `start`, within limits."""
    frame = Fraction(round_half_up(start * rate)) / rate
    if frame < earliest:
        frame = Fraction(math.ceil(earliest * rate)) / rate
    if frame > latest:
        frame = Fraction(math.floor(latest * rate)) / rate
    return frame if earliest <= frame <= latest else earliest
