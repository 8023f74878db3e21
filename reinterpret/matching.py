"""Matching: a trailer and a library go in, an edit comes out.

Suggestions for every shot, then one assignment over the whole trailer, then the in-point at which the archive shot
follows the trailer shot's course best.
"""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from reinterpret.alignment import ShotCourse, align
from reinterpret.assignment import Candidate, Looks, assign
from reinterpret.costs import Costs
from reinterpret.cues import cue_names
from reinterpret.cues.lettering import usable_span
from reinterpret.cues.reasons import reason
from reinterpret.duplicates import Duplicates, Footage
from reinterpret.echoes import returning_shots
from reinterpret.edits import Clip, ClipKind, EditList, Match
from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders import Device, Encoder
from reinterpret.errors import LibraryError
from reinterpret.face_preference import applies, with_faces
from reinterpret.library import Library, library_encoder
from reinterpret.match_settings import MatchSettings, ShortPolicy
from reinterpret.neighbours import Hit, Neighbours, Query, open_neighbours
from reinterpret.places import Place, places_of
from reinterpret.shots import Detection
from reinterpret.stretches import SharedShot, Use
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video, probe

logger = logging.getLogger(__name__)


# Below half speed movement turns into a row of stills.
SLOWEST = Fraction(1, 2)
# Compared with floats thousands of times in an assignment, and a fraction takes 20 times as long.
_SLOWEST_SHARE = float(SLOWEST)
# What lettering costs that cannot be avoided: a little for a watermark in a corner, and more the more it covers.
_LETTERING_COST, _MOST_LETTERING_COST = 0.02, 0.3
# Enough candidates for one assignment over a trailer of as many shots; more shots than that share theirs.
_FEWEST_CANDIDATES, _MOST_CANDIDATES = 50, 500
# Two archive shots look the same where both cosines are reached, as they are by parts of one shot, whoever moves in it
# (0.82 in content, 0.87 in composition at least), and not by another person before the same wall (0.58, 0.65), nor by
# two shots of one ride down a slope (0.80, 0.43). It is asked of so many of the best of each trailer shot.
_SAME_LOOK = {"content": 0.8, "composition": 0.75}
_LOOKED_AT = 20
# Each time that what was chosen turns out to be the same footage twice it is chosen again, so often at most.
_MOST_ROUNDS = 10


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
    return embed_video(trailer, encoder(), detection=detection, on_seconds=on_seconds, light=True)


def match(
    trailer: Path | str,
    library: Library,
    settings: MatchSettings = MatchSettings(),  # noqa: B008 - frozen
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
    return match_all(
        trailer, library, [settings], detection=detection, device=device, on_seconds=on_seconds, read=read
    )[0]


def match_all(
    trailer: Path | str,
    library: Library,
    settings: Sequence[MatchSettings],
    *,
    detection: Detection | None = None,
    device: Device = "auto",
    on_seconds: Callable[[Fraction, Fraction], None] | None = None,
    read: ReadTrailer = read_anew,
) -> list[EditList]:
    """Several edits of one trailer, one for each of some settings: it is read once. See `match`."""
    video = probe(trailer)
    neighbours = open_neighbours(library)
    left = [left_out(library, only=each.only, without=each.without, folders=each.folders) for each in settings]
    encoder = partial(library_encoder, library, device=device)
    report = None if on_seconds is None else lambda seconds: on_seconds(seconds, video.duration)
    film = read(video, library, detection or library.detection, encoder, report)
    return [
        answer(film, library, neighbours, each, without=out if each.include_trailer else out | {video.fingerprint})
        for each, out in zip(settings, left, strict=True)
    ]


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
    places = places_of(film, fades=settings.fades, wipes=settings.wipes)
    # Titles that are kept have suggestions all the same, for those who change their mind.
    asked = [number for number, place in enumerate(places) if place.row is not None]
    targets = targets_of(film, neighbours, {number: places[number] for number in asked})
    hits = find_hits(neighbours, targets, settings, without=without)
    if not all(hits):
        raise LibraryError(
            f"{library.path}: has no footage to match with (the trailer itself and what is left out do not count); "
            "index more films"
        )
    scenes = [number for number, place in enumerate(asked) if _fate(places[place], settings) == "footage"]
    answered = targets.rows(scenes)
    echoes = list(range(len(scenes)))
    if settings.echo:
        rows = [row for number in scenes if (row := places[asked[number]].row) is not None]
        echoes = returning_shots(film.embeddings.cues.rows(rows), answered.titles)
    sources = Sources(library)
    found = choose_hits(
        neighbours,
        answered,
        [hits[number] for number in scenes],
        settings=settings,
        echoes=echoes,
        duplicates=Duplicates(neighbours, sources.footage),
    )
    chosen = dict(zip(scenes, found, strict=True))
    if not settings.rules.reuse:
        _warn_of_repeats(film, neighbours, echoes, found)
    _warn_of_lettering(neighbours, answered, found, settings)
    wanted = [
        [*([chosen[number]] if number in chosen else []), *of_target[: settings.suggestions]]
        for number, of_target in enumerate(hits)
    ]
    aligned = align_hits(
        sources,
        neighbours,
        targets,
        wanted,
        chosen=frozenset(chosen),
        settings=settings,
        echoes=dict(zip(answered.places, echoes, strict=True)),
    )
    matches = dict(zip(asked, aligned, strict=True))
    clips = [
        _clip_at(place, following, film.grid, matches.get(number, []), settings=settings)
        for number, (place, following) in enumerate(zip(places, [*places[1:], None], strict=True))
    ]
    named = sorted({entry.film for of_place in matches.values() for entry in of_place})
    return EditList(film.video, film.grid, tuple(library.video(name) for name in named), tuple(clips))


def _fate(place: Place, settings: MatchSettings) -> ClipKind:
    """What stands at a place of the trailer."""
    if place.kind == "title":
        return {"keep": "title", "match": "footage", "black": "black"}[settings.titles]  # type: ignore[return-value]
    return "footage" if place.kind == "scene" else place.kind


def _clip_at(
    place: Place, following: Place | None, grid: FrameGrid, matches: Sequence[Match], *, settings: MatchSettings
) -> Clip:
    """A place of the trailer as a clip. matches: what it shows, if it is footage, then its suggestions."""
    fate = _fate(place, settings)
    if fate != "footage":
        return Clip(place.first_frame, place.frame_count, fate, suggestions=tuple(matches))
    begins, ends = place.dissolve, None if following is None else following.dissolve
    handles = (
        Fraction(0 if begins is None else begins.before) / grid.rate,
        Fraction(ends.after if ends else 0) / grid.rate,
    )
    best, *others = (_with_handles(match, *handles) for match in matches)
    return Clip(
        place.first_frame,
        place.frame_count,
        fate,
        best,
        source_speed(best, span_of(place, grid).duration, settings.short),
        tuple(others),
        fade_in=place.fade_in,
        fade_out=place.fade_out,
        dissolve=place.dissolve,
    )


def _with_handles(match: Match, before: Fraction, after: Fraction) -> Match:
    """The match with so many seconds of its shot beside what is used, for dissolves; as it is if there is no room."""
    used, shot = match.source_span, match.shot_span
    first, last = shot.start + before, shot.end - after - used.duration
    if first > last:
        return match
    start = min(max(used.start, first), last)
    return replace(match, source_span=Span(start, start + used.duration))


def span_of(place: Place, grid: FrameGrid) -> Span:
    """The seconds of a trailer that a place fills."""
    return Span(grid.seconds(place.first_frame), grid.seconds(place.end_frame))


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


def targets_of(film: Film, neighbours: Neighbours, places: Mapping[int, Place]) -> Targets:
    """Some places of a film that show shots of it; by the numbers of their clips, in their order."""
    rows = [row for place in places.values() if (row := place.row) is not None]
    return Targets(
        tuple(places),
        neighbours.query(film.embeddings.cues.rows(rows)),
        tuple(
            course_of(film, row, span_of(place, film.grid)) for row, place in zip(rows, places.values(), strict=True)
        ),
        tuple(place.kind == "title" for place in places.values()),
    )


def find_hits(
    neighbours: Neighbours, targets: Targets, settings: MatchSettings, *, without: frozenset[str] = frozenset()
) -> list[list[Hit]]:
    """For each target the archive shots most like it, best first: enough for an assignment, and for suggestions.

    without: films that may not answer.
    """
    weights, text_ok = settings.weights, settings.text_ok
    wanted = min(max(settings.suggestions, _FEWEST_CANDIDATES, 2 * len(targets)), _MOST_CANDIDATES)
    hits: list[list[Hit]] = [[] for _ in range(len(targets))]
    # Words, among them slates, answer words alone.
    for titles in (False, True):
        rows = [number for number, words in enumerate(targets.titles) if words == titles]
        query = targets.query.rows(rows)
        found = neighbours.search(query, wanted, weights=weights, without=without, titles=titles, text_ok=text_ok)
        if rows and not any(found):
            found = neighbours.search(query, wanted, weights=weights, without=without, text_ok=True)
        if settings.faces == "prefer" and applies(weights):
            found = with_faces(neighbours, query, found, weights=weights, without=without)
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
    duplicates: Duplicates,
) -> list[Hit]:
    """For each target one of its hits, the best for all of them together; see `assign`, also for echoes.

    hits: of each target, best first. One alone is fixed: it counts as used, also where the library does not have it.
    """
    numbers = _Numbers(neighbours)
    candidates = [
        [_candidate(neighbours, numbers, hit, float(needed), settings) for hit in of_target]
        for of_target, needed in zip(hits, targets.needed, strict=True)
    ]
    looks = _looks(neighbours, targets, hits)
    for _ in range(_MOST_ROUNDS):
        candidates = [
            [
                replace(candidate, twin=numbers.of_shot(*duplicates.first(hit.film, hit.shot)))
                for hit, candidate in zip(of_target, of_row, strict=True)
            ]
            for of_target, of_row in zip(hits, candidates, strict=True)
        ]
        positions = assign(candidates, echoes=echoes, rules=settings.rules, looks=looks)
        chosen = [of_target[position] for of_target, position in zip(hits, positions, strict=True)]
        # Only what would be shown is compared, as that takes its films: they are read for its in-points anyway.
        if settings.rules.reuse or not duplicates.find((hit.film, hit.shot) for hit in chosen):
            break
    return chosen


class _Numbers:
    """Shots and films as numbers: those of the library's index, and further ones for what it does not have."""

    def __init__(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        self._shots: dict[tuple[str, int], int] = {}
        self._films: dict[str, int] = {}

    def of_shot(self, film: str, shot: int) -> int:
        if film in self._neighbours:
            return self._neighbours.row(film, shot)
        return len(self._neighbours) + self._shots.setdefault((film, shot), len(self._shots))

    def of_film(self, film: str) -> int:
        if film in self._neighbours:
            return self._neighbours.film_number(film)
        return len(self._neighbours) + self._films.setdefault(film, len(self._films))


def _candidate(
    neighbours: Neighbours, numbers: _Numbers, hit: Hit, needed: float, settings: MatchSettings
) -> Candidate:
    shot = numbers.of_shot(hit.film, hit.shot)
    if hit.film not in neighbours:
        return Candidate(shot, numbers.of_film(hit.film), shot, hit.score)
    seconds, costs = neighbours.seconds(hit.film, hit.shot), settings.rules.costs
    return Candidate(
        shot,
        numbers.of_film(hit.film),
        shot,
        hit.score - (0.0 if settings.text_ok else lettering_cost(neighbours.covered(hit.film, hit.shot, needed))),
        shortage=shortage_cost(seconds, needed, settings.short, costs),
        room=costs.room(seconds, needed),
    )


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


def _looks(neighbours: Neighbours, targets: Targets, hits: Sequence[Sequence[Hit]]) -> Looks:
    """Which of the best hits look the same, and where the shots of the trailer do so themselves."""
    best = {(hit.film, hit.shot) for of_target in hits for hit in of_target[:_LOOKED_AT] if hit.film in neighbours}
    shown = [Hit(*shot, 0.0) for shot in sorted(best)]
    if not shown:
        return Looks()
    parts = dict(zip(cue_names(), neighbours.parts, strict=True))
    of_shots = {cue: neighbours.vectors(shown, weights={cue: 1.0})[:, parts[cue]] for cue in _SAME_LOOK}
    one, other = np.nonzero(np.triu(_look_alike(of_shots), 1))
    rows = np.array([neighbours.row(hit.film, hit.shot) for hit in shown])
    continued = np.diagonal(_look_alike({cue: targets.query.vectors[:, parts[cue]] for cue in _SAME_LOOK}), offset=1)
    return Looks(
        frozenset(zip(rows[one].tolist(), rows[other].tolist(), strict=True)),
        frozenset((np.flatnonzero(continued) + 1).tolist()),
    )


def _look_alike(vectors: Mapping[str, np.ndarray]) -> np.ndarray:
    """N x N bool: which of N shots look the same. vectors: N x D for each cue that tells it."""
    alike = [vectors[cue] @ vectors[cue].T >= least for cue, least in _SAME_LOOK.items()]
    return np.asarray(np.logical_and.reduce(alike))


def _warn_of_repeats(film: Film, neighbours: Neighbours, echoes: Sequence[int], chosen: Sequence[Hit]) -> None:
    """Where shots come again because there are no others, and not because that is worth what it costs."""
    wanted, again = len(set(echoes)), len(set(echoes)) - len({(hit.film, hit.shot) for hit in chosen})
    if again > 0 and neighbours.usable_count < wanted:
        logger.warning(
            "the library has too few shots for the %d of %s; %d are used again", wanted, film.video.path, again
        )


class Sources:
    """The shots of a library as `align` wants to know them, for one trailer. Keeps those asked for last."""

    def __init__(self, library: Library, *, kept: int = 256, kept_spans: int = 0) -> None:
        """kept: so many shots; 20 KB each, of a shot of half a minute 125 KB. kept_spans: so many answers."""
        self._library = library
        self._footage = lru_cache(maxsize=kept)(self._read)
        self._spans: dict[tuple[Span, str, int, Span | None], Span] = {}
        self._kept_spans = kept_spans

    def course(self, film: str, shot: int) -> ShotCourse:
        """How a shot runs; the span is its body. Raises LibraryError."""
        return self._footage(film, shot).course

    def footage(self, film: str, shot: int) -> Footage:
        """What is needed to know a shot again. Raises LibraryError."""
        return self._footage(film, shot)

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

    def _read(self, film: str, shot: int) -> Footage:
        source = self._library.film(film)
        if not 0 <= shot < len(source.shots):
            raise LibraryError(f"the library has no shot {shot} of the film {film}")
        return Footage(course_of(source, shot, source.shots[shot].body), source.thumbnails[shot])


def align_hits(
    sources: Sources,
    neighbours: Neighbours,
    targets: Targets,
    hits: Sequence[Sequence[Hit]],
    *,
    chosen: Collection[int],
    settings: MatchSettings,
    echoes: Mapping[int, int] | None = None,
    kept: Sequence[tuple[int, Match]] = (),
) -> list[list[Match]]:
    """Every hit as a match with its best span. Film by film, so that each is read from the library once.

    chosen: the targets (by number) whose first hit is what is shown. Where one archive shot is shown for several
    targets they share it, see `SharedShot`. echoes: by place, equal numbers for shots that return; the others are none.
    kept: what is shown by clips in other places, with these places, in their order. Raises LibraryError.
    """
    echoes = {} if echoes is None else echoes
    uses: dict[tuple[str, int], list[Use]] = defaultdict(list)
    for place, match in kept:
        use = Use(place, match.source_span.duration, echoes.get(place, -1 - place), match.source_span)
        uses[match.film, match.source_shot].append(use)
    for number in chosen:
        place, hit = targets.places[number], hits[number][0]
        uses[hit.film, hit.shot].append(Use(place, targets.needed[number], echoes.get(place, -1 - place)))
    wanted: dict[str, list[tuple[int, int, Hit]]] = defaultdict(list)
    for number, of_target in enumerate(hits):
        for rank, hit in enumerate(of_target):
            wanted[hit.film].append((number, rank, hit))
    apart = Fraction(settings.rules.costs.apart_seconds).limit_denominator(1000)
    shared: dict[tuple[str, int], SharedShot] = {}
    found: dict[tuple[int, int], Match] = {}
    for name in sorted(wanted):
        for number, rank, hit in wanted[name]:
            body, place = sources.course(name, hit.shot).span, targets.places[number]
            if rank == 0 and number in chosen:
                if (name, hit.shot) not in shared:
                    shared[name, hit.shot] = SharedShot(body, uses[name, hit.shot], apart)
                usable = shared[name, hit.shot].usable(place)
                span = sources.span(targets.courses[number], name, hit.shot, None if usable == body else usable)
                shared[name, hit.shot].take(place, span)
            else:
                span = sources.span(targets.courses[number], name, hit.shot)
            query = targets.query.row(number)
            found[number, rank] = match_of(neighbours, query, hit, span, row=place, body=body, weights=settings.weights)
    return [[found[number, rank] for rank in range(len(of_target))] for number, of_target in enumerate(hits)]


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


def shortage_cost(length: float, needed: float, short: ShortPolicy, costs: Costs = Costs()) -> float:  # noqa: B008 - frozen
    """What it costs, in score, that an archive shot of `length` seconds stands for `needed` seconds.

    What is to be slowed down is so to half speed at most; for what is still left its last frame is held.

    >>> shortage_cost(2.0, 1.0, "next"), shortage_cost(0.75, 1.0, "slow"), shortage_cost(0.5, 1.0, "hold")
    (0.0, 0.025, 0.175)
    """
    share = length / needed
    if share >= 1:
        return 0.0
    if short == "hold":
        return costs.held * (1 - share)
    if short == "slow":
        slowed = min(1 - share, 1 - _SLOWEST_SHARE) / (1 - _SLOWEST_SHARE)
        return costs.slowed * slowed + costs.held * max(0.0, 1 - share / _SLOWEST_SHARE)
    # Where none is long enough, the longest is the least evil.
    return costs.refused + costs.held * (1 - share)


def source_speed(chosen: Match, needed: Fraction, short: ShortPolicy) -> Fraction:
    """Seconds of the source that pass in a second where the span of a match stands for `needed` seconds."""
    available = chosen.source_span.duration
    if short != "slow" or available >= needed:
        return Fraction(1)
    # In hundredths: people read it, and nobody sees the difference.
    return max(SLOWEST, Fraction(math.floor(available / needed * 100), 100))
