"""The adviser: a clip of an edit goes in, what the library suggests for it comes out.

What the library makes of the trailer is found out in the background, once, and kept on disk.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from reinterpret import choosing
from reinterpret.edits import EditList, Match
from reinterpret.errors import UsageError
from reinterpret.library import Library
from reinterpret.matching import MatchSettings
from reinterpret.video import Video


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
    """Which suggestions are wanted."""

    weights: Mapping[str, float] | None = None
    """What each cue counts, by its name; None: as the session was opened."""
    films: tuple[str, ...] = ()
    """Fingerprints of the films that alone may answer; empty: all."""
    without: tuple[str, ...] = ()
    """Fingerprints of films that may not."""
    text: str = ""
    """What is to be seen: the ranking is by this alone, the scores stay those with the trailer's shot."""
    like: tuple[str, int] | None = None
    """More like this archive shot: film and number; ranked by this, likewise, and by both where there is a text."""
    page: int = 0
    count: int = 10
    """Of a page."""


@dataclass(frozen=True, slots=True)
class Suggestions:
    """A page of ranked matches."""

    matches: tuple[Match, ...]
    films: tuple[Video, ...]
    """Those that the matches name."""
    more: bool
    """Whether there is a further page."""
    from_library: bool
    """Whether the library was asked; else they are those of the edit."""


class Adviser:
    """Asks the library, or, without one, the edit itself. For any number of threads."""

    def __init__(self, library: Library | None, settings: MatchSettings) -> None:
        """settings: how it ranks, and treats shots that are too short."""
        self.settings = settings
        self._library = library

    def progress(self) -> Progress:
        """How far the library has looked at the trailer."""
        return Progress("none")

    def close(self) -> None:
        """End what runs in the background."""

    def suggestions(self, edit: EditList, clip: int, wish: Wish) -> Suggestions:
        """A page of matches for a clip, best first, without those that were rejected for it. Raises UsageError."""
        choosing.needed_seconds(edit, clip)
        found = [
            match
            for match in edit.clips[clip].suggestions
            if (not wish.films or match.film in wish.films) and match.film not in wish.without
        ]
        page = found[wish.page * wish.count : (wish.page + 1) * wish.count]
        films = tuple(edit.film(name) for name in sorted({match.film for match in page}))
        return Suggestions(tuple(page), films, len(found) > (wish.page + 1) * wish.count, False)

    def match_for(self, edit: EditList, clip: int, film: str, shot: int) -> tuple[Match, tuple[Video, ...]]:
        """An archive shot as a match for a clip, with its film. Raises UsageError."""
        for match in edit.clips[clip].suggestions:
            if choosing.shot_of(match) == (film, shot):
                return match, ()
        raise UsageError(f"shot {shot} of the film {film} is not among the suggestions of clip {clip}")

    def again(self, edit: EditList, *, seed: int | None = None) -> EditList:
        """The edit with other shots for all clips of footage that are not locked, see `choosing.again`."""
        rules = replace(self.settings.rules, seed=seed)
        return choosing.again(edit, rules=rules, short=self.settings.short)
