"""The adviser: a clip of an edit goes in, what the library suggests for it comes out.

What the library makes of the trailer is found out in the background, once, and kept on disk. Until then, and without a
library, the suggestions are those of the edit.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

from reinterpret import choosing
from reinterpret.choosing import Shot, shot_of
from reinterpret.duplicates import Duplicates
from reinterpret.echoes import returning_shots
from reinterpret.edits import EditList, Match, PassedOver
from reinterpret.encoders import Device, Encoder
from reinterpret.errors import LibraryError, ReinterpretError, UsageError
from reinterpret.face_preference import priced
from reinterpret.in_points import Sources, Targets, align_hits
from reinterpret.library import Library, library_encoder
from reinterpret.match_settings import MatchSettings
from reinterpret.matching import choose_hits, find_hits, left_out
from reinterpret.neighbours import Hit, Neighbours, Query, open_neighbours
from reinterpret.queries import combined
from reinterpret.shots import Detection
from reinterpret.studio.background import UNSEEN, step_back
from reinterpret.studio.reading import read_trailer
from reinterpret.studio.targets import ClipTargets, Frames
from reinterpret.video import Video
from reinterpret.words import text_query

logger = logging.getLogger(__name__)

# Courses of archive shots that are kept, 15 KB each and more, and spans that were found.
_KEPT_COURSES, _KEPT_SPANS = 2000, 100_000
_MOST_ON_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the reading of the trailer is."""

    stage: Literal["none", "reading", "ready", "failed"]
    """`none`: there is no library to ask, or no trailer to ask for."""
    share: float = 0.0
    """Of the trailer that is read, 0 to 1."""
    message: str = ""
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class Wish:
    """Which suggestions are wanted. Raises UsageError for what cannot be meant."""

    weights: Mapping[str, float] | None = None
    """What each cue counts, by its name; None: as the session was opened."""
    films: tuple[str, ...] = ()
    """Fingerprints of the films that alone may answer; empty: all."""
    without: tuple[str, ...] = ()
    """Fingerprints of films that may not."""
    text: str = ""
    """What is to be seen: the ranking is by this alone, the scores stay those with the trailer's shot."""
    like: Shot | None = None
    """More like this archive shot: film and number; ranked by this, likewise, and by both where there is a text."""
    page: int = 0
    count: int = 10
    """Of a page."""

    def __post_init__(self) -> None:
        if self.page < 0 or not 1 <= self.count <= _MOST_ON_A_PAGE:
            raise UsageError(
                f"pages are numbered from 0 and have 1 to {_MOST_ON_A_PAGE} suggestions, got page {self.page} of "
                f"{self.count}"
            )
        if self.weights is not None:
            MatchSettings(weights=self.weights)


@dataclass(frozen=True, slots=True)
class Suggestions:
    """A page of ranked matches."""

    matches: tuple[Match, ...]
    films: tuple[Video, ...]
    """Those that the matches name."""
    more: bool
    """Whether there is a further page."""
    from_library: bool
    """Whether there is a library to ask; else they are those of the edit, and there are no others."""


class Adviser:
    """Asks the library, or, without one, the edit itself. For any number of threads."""

    def __init__(
        self,
        library: Library | None,
        settings: MatchSettings,
        *,
        detection: Detection | None = None,
        device: Device = "auto",
    ) -> None:
        """settings: how it ranks, and treats shots that are too short. detection: as the edit was made."""
        self.settings = settings
        self._library, self._detection, self._device = library, detection, device
        self._progress = Progress("none")
        self._asking: _Asking | None = None
        self._latest: EditList | None = None
        self._read, self._wake, self._closed = threading.Event(), threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, edit: EditList) -> None:
        """Look at the trailer of an edit in the background."""
        if self._library is None or edit.trailer is None:
            return
        self._progress, self._latest = Progress("reading"), edit
        self._thread = threading.Thread(
            target=self._run, args=(self._library, edit.trailer), name="reinterpret-adviser", daemon=True
        )
        self._thread.start()

    def prepare(self, edit: EditList) -> None:
        """Look in the background at what has been cut anew in an edit."""
        self._latest = edit
        self._wake.set()

    def progress(self) -> Progress:
        """How far the library has looked at the trailer."""
        return self._progress

    def wait(self, seconds: float | None = None) -> Progress:
        """The progress as soon as the trailer is read, or that has failed, or so much time has passed."""
        if self._thread is not None and self._progress.stage == "reading":
            self._read.wait(seconds)
        return self._progress

    def close(self) -> None:
        """End what runs in the background."""
        self._closed.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def suggestions(self, edit: EditList, clip: int, wish: Wish) -> Suggestions:
        """A page of matches for a clip, best first, without those that were rejected for it.

        Raises UsageError, LibraryError, EncoderError (for a text), VideoError.
        """
        choosing.needed_seconds(edit, clip)
        # The first page is mostly in the edit: nobody has to wait for a busy library to go from shot to shot.
        in_edit = wish == Wish() and len(edit.clips[clip].suggestions) >= wish.count
        if self._asking is not None and not in_edit:
            return self._asking.suggestions(edit, clip, wish)
        if wish.text or wish.like:
            raise UsageError(
                "a text, and what is like a shot, are looked for in a library, which "
                + {"reading": "is still looking at the trailer", "failed": f"failed: {self._progress.message}"}.get(
                    self._progress.stage, "is not there; open the edit with one: reinterpret studio EDIT.json -L LIB"
                )
            )
        found = _suggestions_of_edit(edit, clip, wish)
        return found if self._asking is None else replace(found, more=True, from_library=True)

    def match_for(self, edit: EditList, clip: int, film: str, shot: int) -> tuple[Match, tuple[Video, ...]]:
        """An archive shot as a match for a clip, with its film. Raises UsageError, LibraryError, VideoError."""
        choosing.needed_seconds(edit, clip)
        known = edit.clips[clip].match
        for match in (*edit.clips[clip].suggestions, *(() if known is None else (known,))):
            if shot_of(match) == (film, shot):
                return match, ()
        if self._asking is None:
            raise UsageError(f"shot {shot} of the film {film} is not among the suggestions of clip {clip}")
        return self._asking.match_for(edit, clip, film, shot)

    def measured(self, edit: EditList, clips: Iterable[int]) -> EditList:
        """The edit with what some clips show measured against the trailer, if that can be done. Raises VideoError."""
        for clip in clips:
            match = edit.clips[clip].match
            if self._asking is not None and match is not None:
                edit = choosing.remeasured(edit, clip, self._asking.measured(edit, clip, match))
        return edit

    def again(self, edit: EditList, *, seed: int | None = None, weights: Mapping[str, float] | None = None) -> EditList:
        """The edit with the best shots together for all clips of footage that are not locked.

        Locked clips keep their shots, which count as used; what is rejected does not come; shots that return in the
        trailer are answered alike, if the settings say so. seed: another edit that is about as good. weights: of the
        cues, those of the settings by default. Without a library see `choosing.again`. Raises LibraryError, VideoError.
        """
        settings = replace(self.settings, rules=replace(self.settings.rules, seed=seed))
        if weights is not None:
            settings = replace(settings, weights=weights)
        if self._asking is None:
            return choosing.again(edit, rules=settings.rules, short=settings.short)
        return self._asking.again(edit, settings)

    def _run(self, library: Library, trailer: Video) -> None:
        """What the thread does: reads the trailer, then looks at whatever is cut anew."""
        step_back(UNSEEN)
        try:
            self._asking = self._opened(library, trailer)
            self._progress = Progress("ready", 1.0)
        except _Closed:
            return
        except ReinterpretError as error:
            logger.warning("the library cannot be asked: %s", error)
            self._progress = Progress("failed", message=str(error))
        except Exception as error:
            logger.exception("the library cannot be asked")
            self._progress = Progress("failed", message=f"{type(error).__name__}: {error}")
            raise
        finally:
            self._read.set()
        if self._asking is not None:
            self._look_ahead(self._asking)

    def _look_ahead(self, asking: _Asking) -> None:
        """Whatever a person may ask for next is made ready: once everything, then what is cut anew."""
        everything = True
        while not self._closed.is_set():
            self._wake.clear()
            latest = self._latest
            try:
                if latest is not None:
                    asking.look_ahead(latest, self._closed, everything=everything)
                    everything = False
            except ReinterpretError as error:
                # Whoever asks for it is told again.
                logger.warning("not made ready: %s", error)
            self._wake.wait()

    def _opened(self, library: Library, trailer: Video) -> _Asking:
        def told(seconds: Fraction) -> None:
            if self._closed.is_set():
                raise _Closed
            if trailer.duration:
                self._progress = Progress("reading", min(1.0, float(seconds / trailer.duration)))

        neighbours = open_neighbours(library)
        encoders = _Encoders(library, self._device)
        detection = self._detection or library.detection
        film = read_trailer(trailer, library, detection, encoders.load, told)
        return _Asking(library, neighbours, ClipTargets(film, neighbours, encoders.load), self.settings, film.video)


class _Closed(Exception):
    """The reading was called off."""


class _Encoders:
    """The encoder of a library, loaded when it is needed, once."""

    def __init__(self, library: Library, device: Device) -> None:
        self._library, self._device = library, device
        self._loading = threading.Lock()
        self._encoder: Encoder | None = None

    def load(self) -> Encoder:
        with self._loading:
            if self._encoder is None:
                self._encoder = library_encoder(self._library, device=self._device)
            return self._encoder


class _Asking:
    """A library that has looked at a trailer."""

    def __init__(
        self, library: Library, neighbours: Neighbours, targets: ClipTargets, settings: MatchSettings, trailer: Video
    ) -> None:
        self._library, self._neighbours, self._targets, self._settings = library, neighbours, targets, settings
        self._sources = Sources(library, kept=_KEPT_COURSES, kept_spans=_KEPT_SPANS)
        self._without = left_out(library, only=settings.only, without=settings.without, folders=settings.folders)
        if not settings.include_trailer:
            self._without |= {trailer.fingerprint}
        self._hits: dict[tuple[Frames, frozenset[tuple[str, float]]], list[Hit]] = {}
        self._duplicates = Duplicates(neighbours, self._sources.footage)

    def suggestions(self, edit: EditList, clip: int, wish: Wish) -> Suggestions:
        target = self._targets.of(edit, [clip])
        weights = wish.weights or self._settings.weights
        query, titles = self._ranking(target, wish)
        rejected = set(edit.clips[clip].rejected) | ({wish.like} if wish.like else set())
        without = self._without | set(wish.without)
        if wish.films:
            without |= set(self._library.fingerprints()) - set(wish.films)
        begin, end = wish.page * wish.count, (wish.page + 1) * wish.count
        (found,) = self._neighbours.search(
            query,
            end + 1 + len(rejected),
            weights=weights,
            without=frozenset(without),
            titles=titles,
            text_ok=self._settings.text_ok,
        )
        found = [hit for hit in found if (hit.film, hit.shot) not in rejected]
        hits = found[begin:end]
        if wish.text or wish.like:
            scores = [self._neighbours.score(target.query, hit, weights=weights) for hit in hits]
            hits = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
        else:
            hits = self._priced(target, hits, weights)
        matches = self._matches(target, hits, replace(self._settings, weights=weights))
        return Suggestions(tuple(matches), self._videos(matches), len(found) > end, True)

    def _priced(self, target: Targets, hits: Sequence[Hit], weights: Mapping[str, float]) -> list[Hit]:
        """The hits of one target with the scores that an assignment gives them."""
        if self._settings.faces == "ignore":
            return list(hits)
        return priced(self._neighbours, target.query, hits, weights=weights)

    def _ranking(self, target: Targets, wish: Wish) -> tuple[Query, bool]:
        """What suggestions are ranked by, and whether words may be among them."""
        queries = []
        if wish.like is not None:
            queries.append(self._neighbours.query_of_shot(*wish.like))
        if wish.text:
            queries.append(text_query(wish.text, self._library, self._neighbours).query)
        return (combined(queries, self._neighbours), True) if queries else (target.query, target.titles[0])

    def match_for(self, edit: EditList, clip: int, film: str, shot: int) -> tuple[Match, tuple[Video, ...]]:
        target = self._targets.of(edit, [clip])
        weights = self._settings.weights
        score = self._neighbours.score(target.query, Hit(film, shot, 0.0), weights=weights)
        hits = self._priced(target, [Hit(film, shot, score)], weights)
        ((match,),) = align_hits(
            self._sources,
            self._neighbours,
            target,
            [hits],
            chosen=(),
            weights=self._settings.weights,
        )
        return match, self._videos([match])

    def measured(self, edit: EditList, clip: int, match: Match) -> Match:
        """A match with its score for a clip; as it was where the library does not have that shot."""
        if match.film not in self._neighbours:
            return match
        fresh, _ = self.match_for(edit, clip, *shot_of(match))
        return replace(match, score=fresh.score, cues=fresh.cues, shared=fresh.shared)

    def again(self, edit: EditList, settings: MatchSettings) -> EditList:
        numbers = [number for number, clip in enumerate(edit.clips) if clip.match is not None]
        if not numbers:
            return edit
        targets = self._targets.of(edit, numbers)
        hits = self._candidates(edit, targets, settings.weights)
        echoes = list(range(len(numbers)))
        if settings.echo:
            echoes = returning_shots(self._targets.cues(edit, numbers), targets.titles)
        found = choose_hits(
            self._neighbours, targets, hits, settings=settings, echoes=echoes, duplicates=self._duplicates
        )
        changed, kept = [], []
        for row, (number, hit) in enumerate(zip(numbers, found.hits, strict=True)):
            match = edit.clips[number].match
            if match is not None and (edit.clips[number].locked or shot_of(match) == (hit.film, hit.shot)):
                kept.append((number, match))
            else:
                changed.append(row)
        matches = self._matches(
            targets.rows(changed),
            [found.hits[row] for row in changed],
            settings,
            kept=kept,
            echoes=dict(zip(numbers, echoes, strict=True)),
        )
        chosen = {match.target_shot: match for match in matches}
        passed = {
            number: of_clip
            for number, of_clip in zip(numbers, found.told(numbers), strict=True)
            if not edit.clips[number].locked
        }
        videos = self._videos([*matches, *(shot for of_clip in passed.values() for shot in of_clip)])
        edit = choosing.choose_all(edit, chosen, films=videos, short=settings.short)
        return choosing.with_passed_over(edit, passed, films=videos)

    def look_ahead(self, edit: EditList, closed: threading.Event, *, everything: bool) -> None:
        """Look at all clips, and at `everything` that it takes to assign them again, until it is closed."""
        for number in range(len(edit.clips)):
            if closed.is_set():
                return
            self._targets.of(edit, [number])
        if everything:
            self.again(edit, self._settings)

    def _candidates(self, edit: EditList, targets: Targets, weights: Mapping[str, float]) -> list[list[Hit]]:
        """For each target what may stand there, best first: one where it is locked, or where nothing else is left."""
        by = frozenset(weights.items())
        frames = [(edit.clips[place].first_frame, edit.clips[place].end_frame) for place in targets.places]
        new = [row for row, place in enumerate(frames) if (place, by) not in self._hits]
        # As many as all of them together need, however few are new.
        most = max(self._settings.suggestions, 2 * len(targets))
        settings = replace(self._settings, weights=weights, suggestions=most)
        found = find_hits(self._neighbours, targets.rows(new), settings, without=self._without)
        self._hits |= {(frames[row], by): hits for row, hits in zip(new, found, strict=True)}
        candidates = []
        for place, at in zip(targets.places, frames, strict=True):
            clip, now = edit.clips[place], _shown(edit, place)
            free = [hit for hit in self._hits[at, by] if (hit.film, hit.shot) not in clip.rejected]
            candidates.append([now] if clip.locked or not free else free)
        return candidates

    def _matches(
        self,
        targets: Targets,
        hits: Sequence[Hit],
        settings: MatchSettings,
        *,
        kept: Sequence[tuple[int, Match]] = (),
        echoes: Mapping[int, int] | None = None,
    ) -> list[Match]:
        """Hits as matches; those of damaged films are left out.

        targets: one for all hits; or, with `echoes`, one for each, with which it is shown then: see `align_hits`.
        """
        readable = []
        for row, hit in enumerate(hits):
            try:
                self._sources.course(hit.film, hit.shot)
                readable.append(row)
            except LibraryError as error:
                logger.warning("not suggested: %s", error)
        if echoes is None:
            (matches,) = align_hits(
                self._sources,
                self._neighbours,
                targets,
                [[hits[row] for row in readable]],
                chosen=(),
                weights=settings.weights,
            )
            return matches
        found = align_hits(
            self._sources,
            self._neighbours,
            targets.rows(readable),
            [[hits[row]] for row in readable],
            chosen=range(len(readable)),
            weights=settings.weights,
            costs=settings.rules.costs,
            echoes=echoes,
            kept=kept,
        )
        return [match for (match,) in found]

    def _videos(self, matches: Iterable[Match | PassedOver]) -> tuple[Video, ...]:
        return tuple(self._library.video(film) for film in sorted({match.film for match in matches}))


def _shown(edit: EditList, number: int) -> Hit:
    """What a clip of footage shows, as a hit."""
    match = edit.clips[number].match
    assert match is not None
    return Hit(match.film, match.source_shot, match.score)


def _suggestions_of_edit(edit: EditList, clip: int, wish: Wish) -> Suggestions:
    """Those that are in the edit, ranked anew where cues are weighed otherwise."""
    found = [
        match
        for match in edit.clips[clip].suggestions
        if (not wish.films or match.film in wish.films) and match.film not in wish.without
    ]
    if wish.weights is not None:
        found = sorted(
            (replace(match, score=_weighed(match, wish.weights)) for match in found), key=lambda match: -match.score
        )
    begin, end = wish.page * wish.count, (wish.page + 1) * wish.count
    films = tuple(edit.film(name) for name in sorted({match.film for match in found[begin:end]}))
    return Suggestions(tuple(found[begin:end]), films, len(found) > end, False)


def _weighed(match: Match, weights: Mapping[str, float]) -> float:
    """The score of a match where its cues are weighed otherwise; that of those it knows."""
    known = [(weights.get(name, 0.0), score) for name, score in match.cues]
    total = sum(weight for weight, _ in known)
    return round(sum(weight * score for weight, score in known) / total, 6) if total > 0 else match.score
