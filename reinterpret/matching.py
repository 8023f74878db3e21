"""Matching: a trailer and a library go in, an edit comes out.

Suggestions for every shot, then one assignment over the whole trailer, then the in-point at which the archive shot
follows the trailer shot's course best.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from reinterpret.alignment import ShotCourse, align
from reinterpret.assignment import Candidate, Rules, assign
from reinterpret.cues import PRESETS, cue_names
from reinterpret.cues.reasons import reason
from reinterpret.echoes import returning_shots
from reinterpret.edits import Clip, EditList, Match
from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders import Device
from reinterpret.errors import LibraryError, UsageError
from reinterpret.library import Library, library_encoder
from reinterpret.neighbours import Hit, Neighbours, Query, open_neighbours
from reinterpret.shots import Detection
from reinterpret.timebase import Span, frame_at
from reinterpret.video import probe

logger = logging.getLogger(__name__)

ShortPolicy = Literal["slow", "next", "hold"]
TitlePolicy = Literal["keep", "match", "black"]

# Below half speed movement turns into a row of stills.
_SLOWEST = Fraction(1, 2)
# What being too short costs, in score: a little where slowing down helps, some where a picture stands still, and more
# than any likeness, or a fifth shot in a row from one film (3.2, see `assignment`), where the next is to be taken.
_SLOWED_COST, _HELD_COST, _REFUSED_COST = 0.05, 0.35, 6.0
# Enough candidates for one assignment over a trailer of as many shots; more shots than that share theirs.
_FEWEST_CANDIDATES, _MOST_CANDIDATES = 50, 500
_TWIN_RANKS = 20  # twins are looked for among so many of the best of each trailer shot: of those the answers are chosen
# Cosines, all of which two archive shots must reach to be the same footage again. Copies of 10 shots, made small and
# large again, cropped by 10 %, graded, with another logo, and all of that, encoded anew: at least 0.77 in content, 0.77
# in composition, 0.93 in rhythm; all 50 are found. Among the 106 shots of 60 archive films no pair of which both
# pictures are as alike reaches 0.82 in rhythm: not the openings of four cartoons that begin with one drawing (0.98 in
# content and composition), nor two takes of one set-up.
_TWIN_LIKENESS = {"content": 0.7, "composition": 0.7, "rhythm": 0.9}


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """How a trailer is to be answered."""

    weights: Mapping[str, float] = field(default_factory=lambda: PRESETS["balanced"])
    """What each cue counts, by its name."""
    suggestions: int = 10
    """Kept for each shot."""
    short: ShortPolicy = "slow"
    """Archive shots that are too short: `slow` them down, to half speed at most, or else take the next suggestion;
    `next`: never slow down; `hold` the last frame."""
    titles: TitlePolicy = "keep"
    """Title cards of the trailer: `keep` them, `match` them like any shot, or leave them `black`."""
    echo: bool = True
    """A shot that returns in the trailer is answered by the same archive shot each time."""
    rules: Rules = Rules()  # noqa: RUF009 - frozen
    only: tuple[str, ...] = ()
    """Films (by path, file name or fingerprint) that alone may answer."""
    without: tuple[str, ...] = ()
    """Films that may not."""
    folders: tuple[Path, ...] = ()
    """Folders below which films must lie to answer."""
    include_trailer: bool = False
    """Whether the archive may answer a trailer with itself."""

    def __post_init__(self) -> None:
        if self.suggestions < 1:
            raise UsageError(f"at least one suggestion must be kept for each shot, got {self.suggestions}")
        for what, value, known in (("short clips", self.short, ShortPolicy), ("titles", self.titles, TitlePolicy)):
            if value not in get_args(known):
                raise UsageError(f"unknown policy {value!r} for {what}; choose one of {', '.join(get_args(known))}")
        known_cues = {name: self.weights[name] for name in cue_names() if name in self.weights}
        if len(known_cues) < len(self.weights) or not all(map(math.isfinite, known_cues.values())):
            raise UsageError(f"weights are numbers for some of {', '.join(cue_names())}, got {dict(self.weights)}")
        if min(known_cues.values(), default=0.0) < 0 or not any(known_cues.values()):
            raise UsageError(f"weights are 0 or more, and at least one is above 0, got {dict(self.weights)}")


def match(
    trailer: Path | str,
    library: Library,
    settings: MatchSettings = MatchSettings(),
    *,
    detection: Detection | None = None,
    device: Device = "auto",
    on_seconds: Callable[[Fraction, Fraction], None] | None = None,
) -> EditList:
    """The edit that tells a trailer with the footage of a library.

    detection: of the trailer's shots, by default as in the library. on_seconds: told how much of the trailer is read,
    and how long it is. Raises VideoError, LibraryError, EncoderError, UsageError.
    """
    video = probe(trailer)
    neighbours = open_neighbours(library)
    without = left_out(library, only=settings.only, without=settings.without, folders=settings.folders)
    encoder = library_encoder(library, device=device)
    report = None if on_seconds is None else lambda seconds: on_seconds(seconds, video.duration)
    film = embed_video(video, encoder, detection=detection or library.detection, on_seconds=report)
    if not settings.include_trailer:
        without |= {film.video.fingerprint}
    return _Matching(film, library, neighbours, settings, without).edit()


def left_out(
    library: Library, *, only: Sequence[str] = (), without: Sequence[str] = (), folders: Sequence[Path] = ()
) -> frozenset[str]:
    """The films that may not answer, see `MatchSettings`.

    Raises LibraryError for a film or a folder that the library does not have.
    """
    films = frozenset(library.fingerprints())
    out = {library.find_film(name) for name in without}
    if only:
        out |= films - {library.find_film(name) for name in only}
    if folders:
        places = {film: place.path.resolve() for film in films if (place := library.location(film)) is not None}
        inside = set()
        for folder in folders:
            # However either is written, with `..` or through a link.
            below = {film for film, path in places.items() if path.is_relative_to(folder.resolve())}
            if not below:
                raise LibraryError(
                    f"{folder}: no film of {library.path} lies there; see: reinterpret info -L {library.path}"
                )
            inside |= below
        out |= films - inside
    return frozenset(out)


class _Matching:
    """One trailer on its way to an edit."""

    def __init__(
        self, film: Film, library: Library, neighbours: Neighbours, settings: MatchSettings, without: frozenset[str]
    ) -> None:
        self._film, self._library, self._neighbours, self._settings = film, library, neighbours, settings
        titled = "scene" if settings.titles == "match" else settings.titles
        self._fates = ["black" if kind == "black" else titled if kind == "title" else "scene" for kind in film.kinds]
        # Titles that are kept have suggestions all the same, for those who change their mind.
        self._rows = [number for number, fate in enumerate(self._fates) if fate != "black"]
        self._query = neighbours.query(film.embeddings.cues)
        wanted = min(max(settings.suggestions, _FEWEST_CANDIDATES, 2 * len(self._rows)), _MOST_CANDIDATES)
        self._hits: dict[int, list[Hit]] = {}
        # Words, among them slates, answer words alone.
        for titles in (False, True):
            rows = [row for row in self._rows if (film.kinds[row] == "title") == titles]
            query = Query(self._query.vectors[rows], self._query.known[rows])
            found = neighbours.search(query, wanted, weights=settings.weights, without=without, titles=titles)
            self._hits |= zip(rows, found, strict=True)
        if not all(self._hits.values()):
            raise LibraryError(
                f"{library.path}: has no footage to match with (the trailer itself and what is left out do not count); "
                "index more films"
            )

    def edit(self) -> EditList:
        """The whole edit."""
        scenes = [number for number in self._rows if self._fates[number] == "scene"]
        chosen = self._chosen(scenes)
        hits = {
            row: [*([chosen[row]] if row in chosen else []), *self._hits[row][: self._settings.suggestions]]
            for row in self._rows
        }
        matches = self._aligned(hits, chosen)
        clips = []
        for number, (first, end) in enumerate(_grid_boundaries(self._film)):
            if end <= first:
                continue  # shorter than a frame of the grid
            fate = self._fates[number]
            if fate == "scene":
                best, *others = matches[number]
                speed = source_speed(best, self._needed(number), self._settings.short)
                clips.append(Clip(first, end - first, "footage", best, speed, tuple(others)))
            else:
                kind: Literal["title", "black"] = "title" if fate == "keep" else "black"
                clips.append(Clip(first, end - first, kind, suggestions=tuple(matches.get(number, ()))))
        named = sorted({entry.film for found in matches.values() for entry in found})
        videos = tuple(self._library.video(name) for name in named)
        return EditList(self._film.video, self._film.grid, videos, tuple(clips))

    def _needed(self, row: int) -> Fraction:
        return self._film.shots[row].span.duration

    def _chosen(self, rows: list[int]) -> dict[int, Hit]:
        """One hit for each of some trailer shots, the best for all of them together."""
        if not rows:
            return {}
        twins = twin_groups(self._neighbours, [hit for row in rows for hit in self._hits[row][:_TWIN_RANKS]])
        candidates = []
        for row in rows:
            needed = float(self._needed(row))
            candidates.append(
                [
                    Candidate(
                        shot=self._neighbours.row(hit.film, hit.shot),
                        film=self._neighbours.film_number(hit.film),
                        twin=twins.get((hit.film, hit.shot), len(twins) + self._neighbours.row(hit.film, hit.shot)),
                        score=hit.score
                        - shortage_cost(self._neighbours.seconds(hit.film, hit.shot), needed, self._settings.short),
                    )
                    for hit in self._hits[row]
                ]
            )
        echoes = list(range(len(rows)))
        if self._settings.echo:
            echoes = returning_shots(self._film.embeddings.cues.rows(rows))
        positions = assign(candidates, echoes=echoes, rules=self._settings.rules)
        chosen = {row: self._hits[row][position] for row, position in zip(rows, positions, strict=True)}
        again = len(set(echoes)) - len({(hit.film, hit.shot) for hit in chosen.values()})
        if again > 0 and not self._settings.rules.reuse:
            logger.warning(
                "the library has too few shots for the %d of %s; %d are used again",
                len(set(echoes)),
                self._film.video.path,
                again,
            )
        return chosen

    def _aligned(self, hits: Mapping[int, Sequence[Hit]], chosen: Mapping[int, Hit]) -> dict[int, list[Match]]:
        """Every hit as a match with its best span. Film by film, so that each is read from the library once.

        Where one archive shot answers several trailer shots it goes on where it was left, as far as it reaches: each
        leaves room for those that follow.
        """
        to_come: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
        for row, hit in chosen.items():
            to_come[hit.film, hit.shot] += self._needed(row)
        wanted: dict[str, list[tuple[int, int, Hit]]] = defaultdict(list)
        for row, of_row in hits.items():
            for rank, hit in enumerate(of_row):
                wanted[hit.film].append((row, rank, hit))
        found: dict[tuple[int, int], Match] = {}
        for name in sorted(wanted):
            source = self._library.film(name)
            left: dict[int, Fraction] = {}
            for row, rank, hit in wanted[name]:
                body = source.shots[hit.shot].body
                if rank > 0 or row not in chosen:
                    span = self._span(row, source, hit.shot, body)
                else:
                    begin, needed = left.get(hit.shot, body.start), self._needed(row)
                    to_come[name, hit.shot] -= needed
                    room = body.end - begin - needed
                    spare = to_come[name, hit.shot] if to_come[name, hit.shot] <= room else Fraction(0)
                    span = self._span(row, source, hit.shot, Span(begin, body.end - spare) if room >= 0 else body)
                    left[hit.shot] = span.end
                found[row, rank] = self._match(row, hit, body, span)
        return {row: [found[row, rank] for rank in range(len(of_row))] for row, of_row in hits.items()}

    def _span(self, row: int, source: Film, shot: int, usable: Span) -> Span:
        target = course_of(self._film, row, self._film.shots[row].span)
        return align(target, course_of(source, shot, usable), self._needed(row))

    def _match(self, row: int, hit: Hit, body: Span, span: Span) -> Match:
        scores = self._neighbours.explain(self._query.row(row), hit)
        return Match(
            target_shot=row,
            film=hit.film,
            source_shot=hit.shot,
            shot_span=body,
            source_span=span,
            score=round(hit.score, 6),
            cues=tuple((entry.cue, entry.score) for entry in scores),
            shared=reason(scores, self._settings.weights),
        )


def twin_groups(neighbours: Neighbours, hits: Sequence[Hit]) -> dict[tuple[str, int], int]:
    """Shots as groups of the same footage: the number of the group by film and shot."""
    shots = sorted({(hit.film, hit.shot) for hit in hits})
    unscored = [Hit(film, shot, 0.0) for film, shot in shots]
    alike = np.ones((len(shots), len(shots)), bool)
    for cue, least in _TWIN_LIKENESS.items():
        vectors = neighbours.vectors(unscored, weights={cue: 1.0})
        alike &= vectors @ vectors.T >= least
    groups: dict[tuple[str, int], int] = {}
    for number, shot in enumerate(shots):
        # The first that it is like stands for all of them.
        first = int(alike[number].argmax())
        groups[shot] = number if first >= number else groups[shots[first]]
    return groups


def course_of(film: Film, number: int, span: Span) -> ShotCourse:
    """How a shot of a film runs, as `align` wants to know it. span: see `ShotCourse`."""
    vectors, seconds = film.embeddings.of_shot(number)
    return ShotCourse(span, film.video.frame_rate, film.courses[number], vectors, seconds)


def shortage_cost(length: float, needed: float, short: ShortPolicy) -> float:
    """What it costs, in score, that an archive shot of `length` seconds stands for `needed` seconds.

    >>> shortage_cost(2.0, 1.0, "next"), shortage_cost(0.75, 1.0, "slow"), shortage_cost(0.5, 1.0, "hold")
    (0.0, 0.025, 0.175)
    """
    share = length / needed
    if share >= 1:
        return 0.0
    if short == "hold":
        return _HELD_COST * (1 - share)
    if short == "slow" and share >= _SLOWEST:
        return _SLOWED_COST * (1 - share) / float(1 - _SLOWEST)
    # Where none is long enough, the longest is the least evil.
    return _REFUSED_COST + (1 - share)


def source_speed(chosen: Match, needed: Fraction, short: ShortPolicy) -> Fraction:
    """How fast a match must play to fill `needed` seconds; 1 where it is long enough, or is to be held at its end."""
    available = chosen.source_span.duration
    if short != "slow" or available >= needed:
        return Fraction(1)
    # In hundredths: people read it, and nobody sees the difference.
    return max(_SLOWEST, Fraction(math.floor(available / needed * 100), 100))


def _grid_boundaries(film: Film) -> list[tuple[int, int]]:
    """First and end frame of every shot on the trailer's grid: its own frame numbers where the grid keeps them."""
    if film.grid.frame_count == film.shots[-1].end_frame:
        return [(shot.start_frame, shot.end_frame) for shot in film.shots]
    edges = [min(frame_at(shot.span.start, film.grid.rate), film.grid.frame_count) for shot in film.shots]
    return list(zip(edges, [*edges[1:], film.grid.frame_count], strict=True))
