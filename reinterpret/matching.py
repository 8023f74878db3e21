"""Matching: a trailer and a library go in, an edit comes out.

Suggestions for every shot, then one assignment over the whole trailer, then the in-point at which the archive shot
follows the trailer shot's course best.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from reinterpret.assignment import Candidate, Looks, Rules, assign
from reinterpret.cues import PRESETS, cue_names
from reinterpret.duplicates import Duplicates
from reinterpret.echoes import returning_shots
from reinterpret.edits import Clip, EditList, Match
from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders import Device, Encoder
from reinterpret.errors import LibraryError, UsageError
from reinterpret.in_points import Sources, Targets, align_hits, course_of
from reinterpret.library import Library, library_encoder
from reinterpret.neighbours import Hit, Neighbours, open_neighbours
from reinterpret.pace import ShortPolicy, shortage_cost, shortage_words, source_speed
from reinterpret.passed_over import losses, told
from reinterpret.second_shots import Choice, cut_frames, shifted, with_second_shots
from reinterpret.shots import Detection
from reinterpret.timebase import frame_at
from reinterpret.video import Video, probe

logger = logging.getLogger(__name__)

TitlePolicy = Literal["keep", "match", "black"]

# Enough candidates for one assignment over a trailer of as many shots; more shots than that share theirs.
_FEWEST_CANDIDATES, _MOST_CANDIDATES = 50, 500
# Two archive shots look the same where both cosines are reached, as they are by parts of one shot, whoever moves in it
# (0.82 in content, 0.87 in composition at least), and not by another person before the same wall (0.58, 0.65), nor by
# two shots of one ride down a slope (0.80, 0.43). It is asked of so many of the best of each trailer shot.
_SAME_LOOK = {"content": 0.8, "composition": 0.75}
_LOOKED_AT = 20
# Each time that what was chosen turns out to be the same footage twice it is chosen again, so often at most.
_MOST_ROUNDS = 10


@dataclass(frozen=True, slots=True)
class MatchSettings:
    """How a trailer is to be answered."""

    weights: Mapping[str, float] = field(default_factory=lambda: PRESETS["balanced"])
    """What each cue counts, by its name."""
    suggestions: int = 10
    """Kept for each shot."""
    short: ShortPolicy = "slow"
    """Archive shots that are too short: `slow` them down, to half speed at most, then hold the last frame; `next`: take
    another wherever there is one; `hold` the last frame; `second`: a second shot follows. The rules say what each
    costs."""
    fill: float | None = None
    """Trailer shots longer than this, in seconds, are answered by two archive shots."""
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
        if self.fill is not None and not (math.isfinite(self.fill) and self.fill > 0):
            raise UsageError(f"shots are filled with two from a number of seconds above 0 on, got {self.fill}")
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
    return embed_video(trailer, encoder(), detection=detection, on_seconds=on_seconds)


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
    fates = ["black" if kind == "black" else titled if kind == "title" else "scene" for kind in film.kinds]
    # A shot may be shorter than a frame of the grid.
    shown = [(row, first, end) for row, (first, end) in enumerate(grid_boundaries(film)) if end > first]
    # Titles that are kept have suggestions all the same, for those who change their mind.
    asked = [place for place, (row, _, _) in enumerate(shown) if fates[row] != "black"]
    targets = targets_of(film, neighbours, {place: shown[place][0] for place in asked})
    hits = find_hits(neighbours, targets, suggestions=settings.suggestions, weights=settings.weights, without=without)
    if not all(hits):
        raise LibraryError(
            f"{library.path}: has no footage to match with (the trailer itself and what is left out do not count); "
            "index more films"
        )
    scenes = [number for number, place in enumerate(asked) if fates[shown[place][0]] == "scene"]
    answered, of_scenes = targets.rows(scenes), [hits[number] for number in scenes]
    echoes = list(range(len(scenes)))
    if settings.echo:
        rows = [shown[asked[number]][0] for number in scenes]
        echoes = returning_shots(film.embeddings.cues.rows(rows), answered.titles)
    asking = _Asking(library, neighbours, settings)
    found = asking.choose(answered, of_scenes, echoes)
    chosen = dict(zip(scenes, found.hits, strict=True))
    _warn_of_repeats(film, neighbours, settings, echoes, found.hits)
    wanted = [
        [*([chosen[number]] if number in chosen else []), *of_target[: settings.suggestions]]
        for number, of_target in enumerate(hits)
    ]
    aligned = asking.place(targets, wanted, frozenset(chosen), dict(zip(answered.places, echoes, strict=True)))
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


def targets_of(film: Film, neighbours: Neighbours, shots: Mapping[int, int]) -> Targets:
    """Some shots of a film; by the places of their clips, in their order."""
    rows = list(shots.values())
    return Targets(
        tuple(shots),
        neighbours.query(film.embeddings.cues.rows(rows)),
        tuple(course_of(film, row, film.shots[row].span) for row in rows),
        tuple(film.kinds[row] == "title" for row in rows),
    )


def find_hits(
    neighbours: Neighbours,
    targets: Targets,
    *,
    suggestions: int,
    weights: Mapping[str, float],
    without: frozenset[str] = frozenset(),
) -> list[list[Hit]]:
    """For each target the archive shots most like it, best first: enough for an assignment, and for suggestions.

    without: films that may not answer.
    """
    wanted = min(max(suggestions, _FEWEST_CANDIDATES, 2 * len(targets)), _MOST_CANDIDATES)
    hits: list[list[Hit]] = [[] for _ in range(len(targets))]
    # Words, among them slates, answer words alone.
    for titles in (False, True):
        rows = [number for number, words in enumerate(targets.titles) if words == titles]
        found = neighbours.search(targets.query.rows(rows), wanted, weights=weights, without=without, titles=titles)
        for number, of_target in zip(rows, found, strict=True):
            hits[number] = of_target
    return hits


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
        hit.score,
        shortage=shortage_cost(seconds, needed, settings.short, costs),
        room=costs.room(seconds, needed),
    )


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


def grid_boundaries(film: Film) -> list[tuple[int, int]]:
    """First and end frame of every shot on the trailer's grid: its own frame numbers where the grid keeps them."""
    if film.grid.frame_count == film.shots[-1].end_frame:
        return [(shot.start_frame, shot.end_frame) for shot in film.shots]
    edges = [min(frame_at(shot.span.start, film.grid.rate), film.grid.frame_count) for shot in film.shots]
    return list(zip(edges, [*edges[1:], film.grid.frame_count], strict=True))
