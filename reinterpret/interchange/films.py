"""Films: what a timeline from elsewhere calls a film goes in, the film of the edit or the library comes out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from reinterpret.edits import EditList
from reinterpret.errors import LibraryError
from reinterpret.interchange.edl import reel_names
from reinterpret.interchange.media import MediaFacts, media_facts
from reinterpret.library import Library
from reinterpret.video import Video


@dataclass(frozen=True, slots=True)
class Named:
    """All that a timeline says about one source."""

    fingerprint: str = ""
    path: Path | None = None
    name: str = ""
    reel: str = ""

    @property
    def words(self) -> str:
        """What to call it in a message."""
        return str(self.path or self.name or self.reel or self.fingerprint or "a source without a name")


class Films:
    """The films that a timeline may name: the edit's, its trailer, and the library's.

    known: the facts about the films of the edit, as its timelines count them.
    """

    def __init__(self, edit: EditList, library: Library | None, known: dict[str, MediaFacts]) -> None:
        self.trailer = edit.trailer
        self._library = library
        self._videos = [*([edit.trailer] if edit.trailer is not None else []), *edit.films]
        self._facts = dict(known)
        self._known: dict[Named, str | None] = {}

    @property
    def unknown(self) -> list[str]:
        """What was looked for and not found, in words."""
        return sorted({named.words for named, film in self._known.items() if film is None})

    def find(self, named: Named) -> MediaFacts | None:
        """The film that is meant: by fingerprint, path, file name or reel; of the edit, else of the library."""
        if named not in self._known:
            self._known[named] = self._find(named)
        film = self._known[named]
        return None if film is None else self.facts(film)

    def knows(self, named: Named) -> bool:
        """Whether that is one of the films; it is no error if not."""
        return self._find(named) is not None

    def facts(self, film: str) -> MediaFacts:
        """What is known about the file of a film."""
        if film not in self._facts:
            self._facts[film] = media_facts(self.video(film))
        return self._facts[film]

    def video(self, film: str) -> Video:
        """The film of a fingerprint that was found. Raises LibraryError."""
        for video in self._videos:
            if video.fingerprint == film:
                return video
        assert self._library is not None
        return self._library.video(film)

    def _find(self, named: Named) -> str | None:
        known = named.fingerprint if self._has(named.fingerprint) else None
        path = None if named.path is None else named.path.absolute()
        # What people call a clip counts only where its file has no name.
        names = {named.name if path is None else path.name} - {""}
        if known is not None and (not names or self.video(known).name in names):
            return known
        found = (
            _only(self._videos, lambda video: video.path.absolute() == path)
            or _only(self._videos, lambda video: video.name in names)
            or _only(self._videos, lambda video: video.path.stem in names)
            or self._in_library([*([str(path)] if path is not None else []), *sorted(names)])
        )
        # A remark may stay where somebody has put another film in place of its own: the file itself counts, if we have
        # it; and where it only has another name by now, the remark.
        return found or known or self._by_reel(named.reel)

    def _has(self, film: str) -> bool:
        if any(video.fingerprint == film for video in self._videos):
            return True
        return self._library is not None and film in self._library.fingerprints()

    def _by_reel(self, reel: str) -> str | None:
        if not reel:
            return None
        reels = reel_names(self.facts(video.fingerprint) for video in self._videos)
        found = [facts.fingerprint for facts, name in reels.items() if reel in (name, facts.reel)]
        return found[0] if len(found) == 1 else None

    def _in_library(self, names: Iterable[str]) -> str | None:
        if self._library is None:
            return None
        for name in names:
            try:
                return self._library.find_film(name)
            except LibraryError:  # not one film, the next name may be
                continue
        return None


def _only(videos: Iterable[Video], is_meant: Callable[[Video], bool]) -> str | None:
    """The one film that is meant; none if there are several."""
    found = {video.fingerprint for video in videos if is_meant(video)}
    return found.pop() if len(found) == 1 else None
