"""Matching: a trailer and a library go in, an edit comes out.

Suggestions for every shot, then one assignment over the whole trailer, then the in-point at which the archive shot
follows the trailer shot's course best.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from reinterpret.alignment import ShotCourse, align
from reinterpret.assignment import Candidate, Rules, assign
from reinterpret.cues import PRESETS, cue_names
from reinterpret.cues.lettering import usable_span
from reinterpret.cues.reasons import reason
from reinterpret.echoes import returning_shots
from reinterpret.edits import Clip, EditList, Match
from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders import Device, Encoder
from reinterpret.errors import LibraryError, UsageError
from reinterpret.library import Library, library_encoder
from reinterpret.neighbours import Hit, Neighbours, Query, open_neighbours
from reinterpret.shots import Detection
from reinterpret.timebase import Span, frame_at
from reinterpret.video import Video, probe

logger = logging.getLogger(__name__)

ShortPolicy = Literal["slow", "next", "hold"]
TitlePolicy = Literal["keep", "match", "black"]

# Of a trailer's shots these show nothing but words.
_CARDS = ("title", "counter")
# Below half speed movement turns into a row of stills.
SLOWEST = Fraction(1, 2)
# Compared with floats thousands of times in an assignment, and a fraction takes 20 times as long.
_SLOWEST_SHARE = float(SLOWEST)
# What being too short costs, in score: a little where slowing down helps, some where a picture stands still, and more
# than any likeness, or a fifth shot in a row from one film (3.2, see `assignment`), where the next is to be taken.
_SLOWED_COST, _HELD_COST, _REFUSED_COST = 0.05, 0.35, 6.0
# What lettering costs that cannot be avoided: a little for a watermark in a corner, and more the more it covers.
_LETTERING_COST, _MOST_LETTERING_COST = 0.02, 0.3
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
    text_ok: bool = False
    """Whether lettering, logos, plates and counters may answer; else they do only where there is nothing else."""

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


ReadTrailer = Callable[[Video, Library, Detection, Callable[[], Encoder], Callable[[Fraction], None] | None], Film]
"""Makes a trailer known as a library sees it. Given: what loads the encoder of the library; what is told how far it is.
Raises VideoError, EncoderError, LibraryError."""


def read_anew(
    trailer: Video,
    library: Library,
    detection: Detection,
    encoder: Callable[[], Encoder],
    on_seconds: Callable[[Fraction], None] | None,
) -> Film:
    """The `ReadTrailer` that decodes it."""
    return embed_video(trailer, encoder(), detection=detection, on_seconds=on_seconds, read=False)


def match(
    trailer: Path | str,
    library: Library,
    settings: MatchSettings = MatchSettings(),
    *,
    detection: Detection | None = None,
    device: Device = "auto",
    on_seconds: Callable[[Fraction, Fraction], None] | None = None,
    read: ReadTrailer = read_anew,
) -> EditList:
    """The edit that tells a trailer with the footage of a library.

    detection: of the trailer's shots, by default as in the library. on_seconds: told how much of the trailer is read,
    and how long it is. read: how it is read, where something is known of it already. Raises VideoError, LibraryError,
    EncoderError, UsageError.
    """
    video = probe(trailer)
    neighbours = open_neighbours(library)
    without = left_out(library, only=settings.only, without=settings.without, folders=settings.folders)
    encoder = partial(library_encoder, library, device=device)
    report = None if on_seconds is None else lambda seconds: on_seconds(seconds, video.duration)
    film = read(video, library, detection or library.detection, encoder, report)
    if not settings.include_trailer:
        without |= {film.video.fingerprint}
    return answer(film, library, neighbours, settings, without=without)


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


def answer(
    film: Film, library: Library, neighbours: Neighbours, settings: MatchSettings, *, without: frozenset[str]
) -> EditList:
    """The edit that tells a trailer that was read already. without: films that may not answer. Raises LibraryError."""
    titled = "scene" if settings.titles == "match" else settings.titles
    fates = ["black" if kind == "black" else titled if kind in _CARDS else "scene" for kind in film.kinds]
    # A shot may be shorter than a frame of the grid.
    shown = [(row, first, end) for row, (first, end) in enumerate(grid_boundaries(film)) if end > first]
    # Titles that are kept have suggestions all the same, for those who change their mind.
    asked = [place for place, (row, _, _) in enumerate(shown) if fates[row] != "black"]
    targets = targets_of(film, neighbours, {place: shown[place][0] for place in asked})
    hits = find_hits(
        neighbours,
        targets,
        suggestions=settings.suggestions,
        weights=settings.weights,
        without=without,
        text_ok=settings.text_ok,
    )
    if not all(hits):
        raise LibraryError(
            f"{library.path}: has no footage to match with (the trailer itself and what is left out do not count); "
            "index more films"
        )
    scenes = [number for number, place in enumerate(asked) if fates[shown[place][0]] == "scene"]
    answered = targets.rows(scenes)
    echoes = list(range(len(scenes)))
    if settings.echo:
        rows = [shown[asked[number]][0] for number in scenes]
        echoes = returning_shots(film.embeddings.cues.rows(rows), answered.titles)
    found = choose_hits(neighbours, answered, [hits[number] for number in scenes], settings=settings, echoes=echoes)
    chosen = dict(zip(scenes, found, strict=True))
    _warn_of_repeats(film, settings, echoes, found)
    _warn_of_lettering(neighbours, answered, found, settings)
    wanted = [
        [*([chosen[number]] if number in chosen else []), *of_target[: settings.suggestions]]
        for number, of_target in enumerate(hits)
    ]
    aligned = align_hits(
        Sources(library), neighbours, targets, wanted, chosen=frozenset(chosen), weights=settings.weights
    )
    matches = dict(zip(asked, aligned, strict=True))
    clips = []
    for place, (row, first, end) in enumerate(shown):
        if fates[row] == "scene":
            best, *others = matches[place]
            speed = source_speed(best, film.shots[row].span.duration, settings.short)
            clips.append(Clip(first, end - first, "footage", best, speed, tuple(others)))
        else:
            kind: Literal["title", "black"] = "title" if fates[row] == "keep" else "black"
            clips.append(Clip(first, end - first, kind, suggestions=tuple(matches.get(place, ()))))
    named = sorted({entry.film for of_place in matches.values() for entry in of_place})
    return EditList(film.video, film.grid, tuple(library.video(name) for name in named), tuple(clips))


@dataclass(frozen=True, slots=True, eq=False)
class Targets:
    """Shots of a trailer that are to be answered, in its order; everything has an entry for each of them."""

    places: tuple[int, ...]
    """Of their clips in the edit."""
    query: Query
    """What they are like."""
    courses: tuple[ShotCourse, ...]
    """How they run, and how long: their spans are to be filled."""
    titles: tuple[bool, ...]
    """Whether they are words, among them slates, which words may answer."""

    def __len__(self) -> int:
        return len(self.places)

    @property
    def needed(self) -> tuple[Fraction, ...]:
        """How long they are, in seconds."""
        return tuple(course.span.duration for course in self.courses)

    def rows(self, numbers: Sequence[int]) -> Targets:
        """Some of them."""
        return Targets(
            tuple(self.places[number] for number in numbers),
            self.query.rows(numbers),
            tuple(self.courses[number] for number in numbers),
            tuple(self.titles[number] for number in numbers),
        )


def targets_of(film: Film, neighbours: Neighbours, shots: Mapping[int, int]) -> Targets:
    """Some shots of a film; by the places of their clips, in their order."""
    rows = list(shots.values())
    return Targets(
        tuple(shots),
        neighbours.query(film.embeddings.cues.rows(rows)),
        tuple(course_of(film, row, film.shots[row].span) for row in rows),
        tuple(film.kinds[row] in _CARDS for row in rows),
    )


def find_hits(
    neighbours: Neighbours,
    targets: Targets,
    *,
    suggestions: int,
    weights: Mapping[str, float],
    without: frozenset[str] = frozenset(),
    text_ok: bool = False,
) -> list[list[Hit]]:
    """For each target the archive shots most like it, best first: enough for an assignment, and for suggestions.

    without: films that may not answer. text_ok: see `MatchSettings`.
    """
    wanted = min(max(suggestions, _FEWEST_CANDIDATES, 2 * len(targets)), _MOST_CANDIDATES)
    hits: list[list[Hit]] = [[] for _ in range(len(targets))]
    # Words, among them slates, answer words alone.
    for titles in (False, True):
        rows = [number for number, words in enumerate(targets.titles) if words == titles]
        query = targets.query.rows(rows)
        found = neighbours.search(query, wanted, weights=weights, without=without, titles=titles, text_ok=text_ok)
        if rows and not any(found):
            found = neighbours.search(query, wanted, weights=weights, without=without, text_ok=True)
        for number, of_target in zip(rows, found, strict=True):
            hits[number] = of_target if text_ok else _without_titles(neighbours, of_target, targets.needed[number])
    return hits


def _without_titles(neighbours: Neighbours, hits: list[Hit], needed: Fraction) -> list[Hit]:
    """Those in which no title need be seen for so long; all, if there are none."""
    kept = [hit for hit in hits if not neighbours.shows_title(hit.film, hit.shot, float(needed))]
    return kept or hits


def choose_hits(
    neighbours: Neighbours,
    targets: Targets,
    hits: Sequence[Sequence[Hit]],
    *,
    settings: MatchSettings,
    echoes: Sequence[int],
    twins: Mapping[tuple[str, int], int] | None = None,
) -> list[Hit]:
    """For each target one of its hits, the best for all of them together; see `assign`, also for echoes.

    hits: of each target, best first. One alone is fixed: it counts as used, also where the library does not have it.
    twins: those of `twins_among`, if they are known already.
    """
    twins = twins_among(neighbours, hits) if twins is None else twins
    numbers = _Numbers(neighbours)
    candidates = []
    for of_target, needed in zip(hits, targets.needed, strict=True):
        candidates.append(
            [
                Candidate(
                    shot=numbers.of_shot(hit),
                    film=numbers.of_film(hit),
                    twin=twins.get((hit.film, hit.shot), len(twins) + numbers.of_shot(hit)),
                    score=hit.score
                    - _shortage(neighbours, hit, float(needed), settings.short)
                    - (0.0 if settings.text_ok else _lettering(neighbours, hit, float(needed))),
                )
                for hit in of_target
            ]
        )
    positions = assign(candidates, echoes=echoes, rules=settings.rules)
    return [of_target[position] for of_target, position in zip(hits, positions, strict=True)]


def twins_among(neighbours: Neighbours, hits: Sequence[Sequence[Hit]]) -> dict[tuple[str, int], int]:
    """The groups of the same footage among the best hits of each target, see `twin_groups`."""
    best = (hit for of_target in hits for hit in of_target[:_TWIN_RANKS])
    return twin_groups(neighbours, [hit for hit in best if hit.film in neighbours])


class _Numbers:
    """Shots and films as numbers: those of the library's index, and further ones for what it does not have."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self._shots: dict[tuple[str, int], int] = {}
        self._films: dict[str, int] = {}

    def of_shot(self, hit: Hit) -> int:
        if hit.film in self._neighbours:
            return self._neighbours.row(hit.film, hit.shot)
        return len(self._neighbours) + self._shots.setdefault((hit.film, hit.shot), len(self._shots))

    def of_film(self, hit: Hit) -> int:
        if hit.film in self._neighbours:
            return self._neighbours.film_number(hit.film)
        return len(self._neighbours) + self._films.setdefault(hit.film, len(self._films))


def _shortage(neighbours: Neighbours, hit: Hit, needed: float, short: ShortPolicy) -> float:
    if hit.film not in neighbours:
        return 0.0
    return shortage_cost(neighbours.seconds(hit.film, hit.shot), needed, short)


def _lettering(neighbours: Neighbours, hit: Hit, needed: float) -> float:
    if hit.film not in neighbours:
        return 0.0
    return lettering_cost(neighbours.covered(hit.film, hit.shot, needed))


def _warn_of_lettering(
    neighbours: Neighbours, targets: Targets, chosen: Sequence[Hit], settings: MatchSettings
) -> None:
    if settings.text_ok:
        return
    count = sum(
        neighbours.is_text(hit.film, hit.shot) and not words for hit, words in zip(chosen, targets.titles, strict=True)
    )
    if count:
        logger.warning("the library has nothing but lettering, plates and counters for %d shots of the trailer", count)


def _warn_of_repeats(film: Film, settings: MatchSettings, echoes: Sequence[int], chosen: Sequence[Hit]) -> None:
    again = len(set(echoes)) - len({(hit.film, hit.shot) for hit in chosen})
    if again > 0 and not settings.rules.reuse:
        logger.warning(
            "the library has too few shots for the %d of %s; %d are used again",
            len(set(echoes)),
            film.video.path,
            again,
        )


class Sources:
    """The shots of a library as `align` wants to know them, for one trailer. Keeps those asked for last."""

    def __init__(self, library: Library, *, kept: int = 256, kept_spans: int = 0) -> None:
        """kept: so many courses; 15 KB each, of a shot of half a minute 120 KB. kept_spans: so many answers."""
        self._library = library
        self._courses = lru_cache(maxsize=kept)(self._read)
        self._spans: dict[tuple[Span, str, int, Span | None], Span] = {}
        self._kept_spans = kept_spans

    def course(self, film: str, shot: int) -> ShotCourse:
        """How a shot runs; the span is its body. Raises LibraryError."""
        return self._courses(film, shot)

    def span(self, target: ShotCourse, film: str, shot: int, usable: Span | None = None) -> Span:
        """The span of a shot that follows the span of a target best, see `align`; within its body, or `usable`.

        Raises LibraryError.
        """
        key = (target.span, film, shot, usable)
        known = self._spans.get(key)
        if known is None:
            course = self.course(film, shot)
            # Lettering is kept out where there is a stretch long enough without it.
            within = usable or course.span
            lettering = self._library.lettering(film)[shot]
            source = replace(course, span=usable_span(within, lettering, target.span.duration))
            known = align(target, source, target.span.duration)
            if len(self._spans) < self._kept_spans:
                self._spans[key] = known
        return known

    def _read(self, film: str, shot: int) -> ShotCourse:
        source = self._library.film(film)
        if not 0 <= shot < len(source.shots):
            raise LibraryError(f"the library has no shot {shot} of the film {film}")
        return course_of(source, shot, source.shots[shot].body)


def align_hits(
    sources: Sources,
    neighbours: Neighbours,
    targets: Targets,
    hits: Sequence[Sequence[Hit]],
    *,
    chosen: Collection[int],
    weights: Mapping[str, float],
    kept: Sequence[tuple[int, Match]] = (),
) -> list[list[Match]]:
    """Every hit as a match with its best span. Film by film, so that each is read from the library once.

    chosen: the targets (by number) whose first hit is what is shown. Where one archive shot is shown for several
    targets it goes on where it was left, as far as it reaches: each leaves room for those that follow. kept: what is
    shown by clips in other places, with these places, in their order: it is gone on from too. Raises LibraryError.
    """
    needed = targets.needed
    to_come: dict[tuple[str, int], Fraction] = defaultdict(Fraction)
    for number in chosen:
        to_come[hits[number][0].film, hits[number][0].shot] += needed[number]
    wanted: dict[str, list[tuple[int, int, Hit]]] = defaultdict(list)
    for number, of_target in enumerate(hits):
        for rank, hit in enumerate(of_target):
            wanted[hit.film].append((number, rank, hit))
    found: dict[tuple[int, int], Match] = {}
    for name in sorted(wanted):
        left: dict[int, Fraction] = {}
        shown = [(place, match) for place, match in kept if match.film == name]
        for number, rank, hit in wanted[name]:
            while shown and shown[0][0] < targets.places[number]:
                _, before = shown.pop(0)
                left[before.source_shot] = before.source_span.end
            body, usable = sources.course(name, hit.shot).span, None
            if rank == 0 and number in chosen:
                begin = left.get(hit.shot, body.start)
                to_come[name, hit.shot] -= needed[number]
                room = body.end - begin - needed[number]
                spare = to_come[name, hit.shot] if to_come[name, hit.shot] <= room else Fraction(0)
                usable = Span(begin, body.end - spare) if room >= 0 else body
            span = sources.span(targets.courses[number], name, hit.shot, None if usable == body else usable)
            if rank == 0 and number in chosen:
                left[hit.shot] = span.end
            query, place = targets.query.row(number), targets.places[number]
            found[number, rank] = match_of(neighbours, query, hit, span, row=place, body=body, weights=weights)
    return [[found[number, rank] for rank in range(len(of_target))] for number, of_target in enumerate(hits)]


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


def match_of(
    neighbours: Neighbours, query: Query, hit: Hit, span: Span, *, row: int, body: Span, weights: Mapping[str, float]
) -> Match:
    """What was found for a query as a match, with the score of each cue and what is shared.

    span: what is used of the shot. row: the number of what it answers. body: of the shot.
    """
    scores = neighbours.explain(query, hit)
    return Match(
        target_shot=row,
        film=hit.film,
        source_shot=hit.shot,
        shot_span=body,
        source_span=span,
        score=round(hit.score, 6),
        cues=tuple((entry.cue, entry.score) for entry in scores),
        shared=reason(scores, weights),
    )


def course_of(film: Film, number: int, span: Span) -> ShotCourse:
    """How a shot of a film runs, as `align` wants to know it. span: see `ShotCourse`."""
    vectors, seconds = film.embeddings.of_shot(number)
    return ShotCourse(span, film.video.frame_rate, film.courses[number], vectors, seconds)


def lettering_cost(covered: float) -> float:
    """What it costs, in score, that lettering covers this share of the picture, 0 to 1, and cannot be avoided.

    >>> lettering_cost(0.0), round(lettering_cost(0.01), 3), lettering_cost(0.5)
    (0.0, 0.03, 0.3)
    """
    return min(_MOST_LETTERING_COST, _LETTERING_COST + covered) if covered > 0 else 0.0


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
    if short == "slow" and share >= _SLOWEST_SHARE:
        return _SLOWED_COST * (1 - share) / (1 - _SLOWEST_SHARE)
    # Where none is long enough, the longest is the least evil.
    return _REFUSED_COST + (1 - share)


def source_speed(chosen: Match, needed: Fraction, short: ShortPolicy) -> Fraction:
    """Seconds of the source that pass in a second where the span of a match stands for `needed` seconds."""
    available = chosen.source_span.duration
    if short != "slow" or available >= needed:
        return Fraction(1)
    # In hundredths: people read it, and nobody sees the difference.
    return max(SLOWEST, Fraction(math.floor(available / needed * 100), 100))


def grid_boundaries(film: Film) -> list[tuple[int, int]]:
    """First and end frame of every shot on the trailer's grid: its own frame numbers where the grid keeps them."""
    if film.grid.frame_count == film.shots[-1].end_frame:
        return [(shot.start_frame, shot.end_frame) for shot in film.shots]
    edges = [min(frame_at(shot.span.start, film.grid.rate), film.grid.frame_count) for shot in film.shots]
    return list(zip(edges, [*edges[1:], film.grid.frame_count], strict=True))
