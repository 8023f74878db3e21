"""In-points: from where each archive shot follows a trailer shot best, and the matches that come of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache

from reinterpret.alignment import ShotCourse, align
from reinterpret.costs import Costs
from reinterpret.cues.lettering import usable_span
from reinterpret.cues.reasons import reason
from reinterpret.duplicates import Footage
from reinterpret.edits import Match
from reinterpret.embeddings import Film
from reinterpret.errors import LibraryError
from reinterpret.library import Library
from reinterpret.neighbours import Hit, Neighbours, Query
from reinterpret.stretches import SharedShot, Use
from reinterpret.timebase import Span


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
            lettering = self._library.lettering(film)[shot]
            source = replace(course, span=usable_span(usable or course.span, lettering, target.span.duration))
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
    weights: Mapping[str, float],
    costs: Costs = Costs(),  # noqa: B008 - frozen
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
    apart = Fraction(costs.apart_seconds).limit_denominator(1000)
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
            found[number, rank] = match_of(neighbours, query, hit, span, row=place, body=body, weights=weights)
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
