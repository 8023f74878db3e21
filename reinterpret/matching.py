"""Matching: a trailer and a library go in, an edit comes out.

Suggestions for every shot, then one assignment over the whole trailer, then the in-point at which the archive shot
follows the trailer shot's course best.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np

from reinterpret.assignment import Candidate, Looks, assign
from reinterpret.cues import cue_names
from reinterpret.duplicates import Duplicates
from reinterpret.echoes import returning_shots
from reinterpret.edits import Clip, ClipKind, EditList, Match
from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders import Device, Encoder
from reinterpret.errors import LibraryError
from reinterpret.face_preference import applies, with_faces
from reinterpret.in_points import Sources, Targets, align_hits, course_of
from reinterpret.library import Library, library_encoder
from reinterpret.match_settings import MatchSettings
from reinterpret.neighbours import Hit, Neighbours, open_neighbours
from reinterpret.pace import shortage_cost, shortage_words, source_speed
from reinterpret.passed_over import losses, told
from reinterpret.places import Place, places_of
from reinterpret.second_shots import Choice, cut_frames, shifted, with_second_shots
from reinterpret.shots import Detection
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video, probe

logger = logging.getLogger(__name__)

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
    answered, of_scenes = targets.rows(scenes), [hits[number] for number in scenes]
    echoes = list(range(len(scenes)))
    if settings.echo:
        rows = [row for number in scenes if (row := places[asked[number]].row) is not None]
        echoes = returning_shots(film.embeddings.cues.rows(rows), answered.titles)
    asking = _Asking(library, neighbours, settings)
    found = asking.choose(answered, of_scenes, echoes)
    chosen = dict(zip(scenes, found.hits, strict=True))
    _warn_of_repeats(film, neighbours, settings, echoes, found.hits)
    _warn_of_lettering(neighbours, answered, found.hits, settings)
    wanted = [
        [*([chosen[number]] if number in chosen else []), *of_target[: settings.suggestions]]
        for number, of_target in enumerate(hits)
    ]
    aligned = asking.place(targets, wanted, frozenset(chosen), dict(zip(answered.places, echoes, strict=True)))
    matches = dict(zip(asked, aligned, strict=True))
    clips = [
        _clip_at(place, following, film.grid, matches.get(number, []), settings=settings)
        for number, (place, following) in enumerate(zip(places, [*places[1:], None], strict=True))
    ]
    return asking.edit(film, clips, _Scenes(answered, of_scenes, echoes, found))


@dataclass(frozen=True, slots=True, eq=False)
class _Scenes:
    """What was chosen for the scenes of a trailer, and from what."""

    targets: Targets
    hits: Sequence[Sequence[Hit]]
    echoes: Sequence[int]
    choice: Choice


class _Asking:
    """A library that is asked for one trailer."""

    def __init__(self, library: Library, neighbours: Neighbours, settings: MatchSettings) -> None:
        self._library, self._neighbours, self._settings = library, neighbours, settings
        self._sources = Sources(library)
        self._duplicates = Duplicates(neighbours, self._sources.footage)

    def choose(
        self, targets: Targets, hits: Sequence[Sequence[Hit]], echoes: Sequence[int], *, cuts: Collection[int] = ()
    ) -> Choice:
        return choose_hits(
            self._neighbours,
            targets,
            hits,
            settings=self._settings,
            echoes=echoes,
            duplicates=self._duplicates,
            cuts=cuts,
        )

    def place(
        self,
        targets: Targets,
        hits: Sequence[Sequence[Hit]],
        chosen: Collection[int],
        echoes: Mapping[int, int],
        kept: Sequence[tuple[int, Match]] = (),
    ) -> list[list[Match]]:
        weights, costs = self._settings.weights, self._settings.rules.costs
        return align_hits(
            self._sources,
            self._neighbours,
            targets,
            hits,
            chosen=chosen,
            weights=weights,
            costs=costs,
            echoes=echoes,
            kept=kept,
        )

    def edit(self, film: Film, clips: Sequence[Clip], scenes: _Scenes) -> EditList:
        """The edit of the clips of a trailer, with a second clip where one shot of it gets two."""
        targets, hits, settings = scenes.targets, scenes.choice.hits, self._settings
        lengths = [self._sources.course(hit.film, hit.shot).span.duration for hit in hits]
        cuts = cut_frames(film.grid, clips, targets, lengths, short=settings.short, fill=settings.fill)
        told = scenes.choice.told([shifted(place, cuts) for place in targets.places])
        passed = dict(zip(targets.places, told, strict=True))
        clips = [replace(clip, passed_over=passed.get(place, ())) for place, clip in enumerate(clips)]
        named = {match.film for clip in clips for match in clip.matches}
        named |= {shot.film for clip in clips for shot in clip.passed_over}
        edit = EditList(film.video, film.grid, self._videos(named), tuple(clips))
        if not cuts:
            return edit
        # Second parts of shots that return are one decision as well.
        echoes: dict[int, int] = {}

        def choose(
            split: Targets, rows: Sequence[int], offered: Sequence[Sequence[Hit]], second: Collection[int]
        ) -> Choice:
            groups = [scenes.echoes[row] + (number in second) * len(hits) for number, row in enumerate(rows)]
            echoes.update(zip(split.places, groups, strict=True))
            return self.choose(split, offered, groups, cuts=second)

        def place(
            split: Targets, wanted: Sequence[Sequence[Hit]], kept: Sequence[tuple[int, Match]]
        ) -> list[list[Match]]:
            return self.place(split, wanted, range(len(split)), echoes, kept)

        return with_second_shots(
            edit,
            cuts,
            targets,
            scenes.hits,
            hits,
            suggestions=settings.suggestions,
            short=settings.short,
            choose=choose,
            place=place,
            videos=self._videos,
        )

    def _videos(self, films: Collection[str]) -> tuple[Video, ...]:
        return tuple(self._library.video(film) for film in sorted(films))


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
    cuts: Collection[int] = (),
) -> Choice:
    """For each target one of its hits, the best for all of them together; see `assign`, also for echoes.

    hits: of each target, best first. One alone is fixed: it counts as used, also where the library does not have it.
    cuts: rows that go on with the trailer's shot of the row before, from a cut on that is not in the trailer.
    """
    numbers = _Numbers(neighbours)
    candidates = [
        [_candidate(neighbours, numbers, hit, float(needed), settings) for hit in of_target]
        for of_target, needed in zip(hits, targets.needed, strict=True)
    ]
    looks = _looks(neighbours, targets, hits)
    looks = replace(looks, continued=looks.continued - frozenset(cuts))
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

    def too_short(row: int, position: int) -> str:
        hit = hits[row][position]
        return shortage_words(neighbours.seconds(hit.film, hit.shot), float(targets.needed[row]), settings.short)

    shots = [[(hit.film, hit.shot) for hit in of_target] for of_target in hits]
    found = losses(candidates, positions, echoes=echoes, rules=settings.rules, looks=looks)
    return Choice(chosen, lambda places: told(shots, candidates, found, places=places, too_short=too_short))


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


def _warn_of_repeats(
    film: Film, neighbours: Neighbours, settings: MatchSettings, echoes: Sequence[int], chosen: Sequence[Hit]
) -> None:
    """Where shots come again because there are no others, and not because that is worth what it costs."""
    wanted, again = len(set(echoes)), len(set(echoes)) - len({(hit.film, hit.shot) for hit in chosen})
    if again > 0 and neighbours.usable_count < wanted and not settings.rules.reuse:
        logger.warning(
            "the library has too few shots for the %d of %s; %d are used again", wanted, film.video.path, again
        )


def lettering_cost(covered: float) -> float:
    """What it costs, in score, that lettering covers this share of the picture, 0 to 1, and cannot be avoided.

    >>> lettering_cost(0.0), round(lettering_cost(0.01), 3), lettering_cost(0.5)
    (0.0, 0.03, 0.3)
    """
    return min(_MOST_LETTERING_COST, _LETTERING_COST + covered) if covered > 0 else 0.0
