"""The edit: which clip of the archive stands at which frames, of a trailer or of a film of its own. JSON in, JSON out.

The hand-off between matching, choosing, exporting and rendering. Needs neither torch nor faiss.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

from reinterpret.errors import EditError, OutputError
from reinterpret.files import json_text, renamed_into
from reinterpret.timebase import Span, format_fraction, parse_fraction
from reinterpret.video import FrameGrid, Video

FORMAT_VERSION = 4
_FORMAT_NAME = "reinterpret-edit"

ClipKind = Literal["footage", "black", "title"]
"""What stands there: footage of the archive, black, or a title card of the trailer itself."""


SoundKind = Literal["trailer", "clips", "file", "none"]


@dataclass(frozen=True, slots=True)
class Soundtrack:
    """What is heard: the trailer's sound, that of the clips themselves, a file's, or nothing."""

    kind: SoundKind = "trailer"
    path: Path | None = None
    """Of the file."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(SoundKind) or (self.kind == "file") != (self.path is not None):
            raise ValueError(f"a soundtrack is trailer, clips, none, or a file with its path, got {self.kind!r}")


@dataclass(frozen=True, slots=True)
class Match:
    """A shot of the trailer, a shot of the archive and the span used of it, with its score."""

    target_shot: int
    """The place of its clip in the edit, from 0: clips are the shots of the trailer, as they are cut now. Whoever
    splits or joins clips numbers all of them anew."""
    film: str
    """Fingerprint of the archive film."""
    source_shot: int
    shot_span: Span
    """What can be used of the archive shot, in seconds of its film: all but the transitions at its ends."""
    source_span: Span
    """What is used of it; shorter than the trailer shot where that is."""
    score: float
    """In [-1, 1]; higher is closer."""
    cues: tuple[tuple[str, float], ...]
    """The score of each cue by its name."""
    shared: str = ""
    """Why, in a few words: what the two shots have in common; empty if that has no name."""

    def __post_init__(self) -> None:
        if self.source_span.start < self.shot_span.start or self.source_span.end > self.shot_span.end:
            raise ValueError(f"the span used must lie within the shot, got {self.source_span} in {self.shot_span}")
        if not -1 <= self.score <= 1:
            raise ValueError(f"a score lies in [-1, 1], got {self.score}")


@dataclass(frozen=True, slots=True)
class Clip:
    """What stands at some frames of the trailer."""

    first_frame: int
    frame_count: int
    kind: ClipKind
    match: Match | None = None
    speed: Fraction = Fraction(1)
    """Seconds of the source that pass in a second of the trailer; below 1 it is slowed down."""
    suggestions: tuple[Match, ...] = ()
    """The best matches, ranked; the one chosen need not be among them."""
    locked: bool = False
    """Whether it stays as it is when the others are assigned again."""
    rejected: tuple[tuple[str, int], ...] = ()
    """Film (by fingerprint) and number of the archive shots that are never to be suggested here again."""

    def __post_init__(self) -> None:
        if self.first_frame < 0 or self.frame_count < 1:
            raise ValueError(f"a clip needs a place and a frame, got {self.first_frame} and {self.frame_count}")
        if self.kind not in get_args(ClipKind) or (self.kind == "footage") != (self.match is not None):
            raise ValueError(f"a clip is footage with a match, or black or a title without, got {self.kind!r}")
        if not 0 < self.speed <= 16:
            raise ValueError(f"the speed of a clip lies between 0 and 16, got {self.speed}")
        refused = set(self.rejected)
        for match in (*self.suggestions, *(() if self.match is None else (self.match,))):
            if (match.film, match.source_shot) in refused:
                raise ValueError(f"a clip never shows what was rejected for it, got {match.film}:{match.source_shot}")

    @property
    def end_frame(self) -> int:
        """The frame after the last."""
        return self.first_frame + self.frame_count


@dataclass(frozen=True, slots=True)
class EditList:
    """The clips of a whole trailer, or of a compilation, on its frame grid, without gap or overlap."""

    trailer: Video | None
    """None: the clips follow no film."""
    grid: FrameGrid
    films: tuple[Video, ...]
    """The archive films that clips and suggestions name."""
    clips: tuple[Clip, ...]
    soundtrack: Soundtrack = Soundtrack()

    def __post_init__(self) -> None:
        if self.trailer is None and (
            self.soundtrack.kind == "trailer" or any(clip.kind == "title" for clip in self.clips)
        ):
            raise ValueError("without a trailer there is neither its sound nor its titles")
        frame = 0
        for clip in self.clips:
            if clip.first_frame != frame:
                raise ValueError(f"a clip begins at frame {clip.first_frame}, where frame {frame} was expected")
            frame = clip.end_frame
        if frame != self.grid.frame_count:
            raise ValueError(f"the clips have {frame} frames, the trailer has {self.grid.frame_count}")
        known = {film.fingerprint for film in self.films}
        for match in self.matches():
            if match.film not in known:
                raise ValueError(f"shot {match.target_shot} names the film {match.film}, which is not in the list")

    @property
    def inputs(self) -> list[Path]:
        """The files it is made from: nothing may be written over them."""
        named = [self.trailer.path if self.trailer is not None else None, self.soundtrack.path]
        return [*(path for path in named if path is not None), *(film.path for film in self.films)]

    def matches(self) -> Iterable[Match]:
        """Every match that is chosen or suggested."""
        for clip in self.clips:
            if clip.match is not None:
                yield clip.match
            yield from clip.suggestions

    def film(self, fingerprint: str) -> Video:
        """The archive film of that fingerprint."""
        return next(film for film in self.films if film.fingerprint == fingerprint)

    def source_seconds(self, clip: Clip) -> list[Fraction]:
        """For every frame of a clip of footage the instant of the source that it shows.

        Beyond the end of the archive shot (before its transition, if it has one) its last frame is held.
        """
        assert clip.match is not None
        begin = self.grid.seconds(clip.first_frame)
        # The frame on the screen just before the shot ends is its last.
        last = clip.match.shot_span.end - Fraction(1, 500)
        return [
            max(
                min(clip.match.source_span.start + (self.grid.seconds(frame) - begin) * clip.speed, last),
                clip.match.shot_span.start,
            )
            for frame in range(clip.first_frame, clip.end_frame)
        ]

    def save(self, path: Path | str) -> None:
        """Write it as JSON, whole or not at all. Raises OutputError."""
        path = Path(path)
        try:
            with renamed_into(path) as temporary:
                temporary.write_text(self.dumps(), encoding="utf-8")
        except OSError as error:
            raise OutputError(f"{path}: the edit cannot be written ({error.strerror})") from error

    def dumps(self) -> str:
        """The edit as JSON text; the same edit gives the same bytes."""
        return json_text(_edit_to_json(self), indent=1) + "\n"

    @classmethod
    def load(cls, path: Path | str) -> EditList:
        """Raises EditError where the file is not an edit that this program can read."""
        path = Path(path)
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise EditError(f"{path}: no such file") from error
        except (OSError, ValueError, RecursionError) as error:
            raise EditError(f"{path}: is not an edit that can be read ({error})") from error
        if not isinstance(values, dict) or values.get("format") != _FORMAT_NAME:
            raise EditError(f"{path}: is not an edit; make one with: reinterpret match TRAILER -L LIB -o EDIT.json")
        if not isinstance(values.get("version"), int) or values["version"] > FORMAT_VERSION:
            raise EditError(
                f"{path}: was made by a newer reinterpret (edit format {values.get('version')}, this one reads up to "
                f"{FORMAT_VERSION}); upgrade reinterpret"
            )
        try:
            edit = _edit_from_json(values)
        except KeyError as error:
            raise EditError(f"{path}: the edit lacks {error}") from error
        except (TypeError, ValueError, AttributeError, ArithmeticError, LookupError) as error:
            raise EditError(f"{path}: the edit does not hold together: {error}") from error
        return _found_beside(edit, path.absolute().parent)


def most_used_film(edit: EditList) -> Video:
    """The film of the archive that most frames are taken from: a compilation gets its shape. Raises EditError."""
    frames: Counter[str] = Counter()
    for clip in edit.clips:
        if clip.match is not None:
            frames[clip.match.film] += clip.frame_count
    if not frames:
        raise EditError("the edit shows no film at all; make it again")
    return edit.film(frames.most_common(1)[0][0])


def _found_beside(edit: EditList, folder: Path) -> EditList:
    """Films that are not where they were, but lie beside the edit: somebody has moved the whole folder."""

    def found(video: Video) -> Video:
        beside = folder / video.path.name
        return replace(video, path=beside) if not video.path.exists() and beside.exists() else video

    soundtrack = edit.soundtrack
    if soundtrack.path is not None and not soundtrack.path.exists() and (folder / soundtrack.path.name).exists():
        soundtrack = replace(soundtrack, path=folder / soundtrack.path.name)
    return replace(
        edit,
        trailer=None if edit.trailer is None else found(edit.trailer),
        films=tuple(found(film) for film in edit.films),
        soundtrack=soundtrack,
    )


def _edit_to_json(edit: EditList) -> dict[str, Any]:
    return {
        "format": _FORMAT_NAME,
        "version": FORMAT_VERSION,
        "trailer": None if edit.trailer is None else edit.trailer.to_json(),
        "soundtrack": {
            "kind": edit.soundtrack.kind,
            "path": None if edit.soundtrack.path is None else str(edit.soundtrack.path),
        },
        "grid": edit.grid.to_json(),
        "films": {film.fingerprint: film.to_json() for film in edit.films},
        "clips": [_clip_to_json(clip) for clip in edit.clips],
    }


def _clip_to_json(clip: Clip) -> dict[str, Any]:
    return {
        "first_frame": clip.first_frame,
        "frame_count": clip.frame_count,
        "kind": clip.kind,
        "speed": format_fraction(clip.speed),
        "match": None if clip.match is None else _match_to_json(clip.match),
        "suggestions": [_match_to_json(match) for match in clip.suggestions],
        "locked": clip.locked,
        "rejected": [[film, shot] for film, shot in clip.rejected],
    }


def _match_to_json(match: Match) -> dict[str, Any]:
    return {
        "target_shot": match.target_shot,
        "film": match.film,
        "source_shot": match.source_shot,
        "shot": [format_fraction(match.shot_span.start), format_fraction(match.shot_span.end)],
        "source": [format_fraction(match.source_span.start), format_fraction(match.source_span.end)],
        "score": match.score,
        "cues": dict(match.cues),
        "shared": match.shared,
    }


def _edit_from_json(values: dict[str, Any]) -> EditList:
    films = {name: Video.from_json(facts) for name, facts in values["films"].items()}
    for name, film in films.items():
        if film.fingerprint != name:
            raise ValueError(f"the film {name} has the fingerprint {film.fingerprint}")
    # before version 3 there was nothing but the trailer's sound
    sound = values.get("soundtrack", {"kind": "trailer", "path": None})
    return EditList(
        trailer=None if values["trailer"] is None else Video.from_json(values["trailer"]),
        grid=FrameGrid.from_json(values["grid"]),
        films=tuple(films.values()),
        clips=tuple(_clip_from_json(clip) for clip in values["clips"]),
        soundtrack=Soundtrack(sound["kind"], None if sound["path"] is None else Path(sound["path"])),
    )


def _clip_from_json(values: dict[str, Any]) -> Clip:
    return Clip(
        first_frame=int(values["first_frame"]),
        frame_count=int(values["frame_count"]),
        kind=values["kind"],
        match=None if values["match"] is None else _match_from_json(values["match"]),
        speed=parse_fraction(values["speed"]),
        suggestions=tuple(_match_from_json(match) for match in values["suggestions"]),
        # before version 4 nobody could lock or reject
        locked=bool(values.get("locked", False)),
        rejected=tuple((str(film), int(shot)) for film, shot in values.get("rejected", [])),
    )


def _match_from_json(values: dict[str, Any]) -> Match:
    shot, source = values["shot"], values["source"]
    return Match(
        target_shot=int(values["target_shot"]),
        film=str(values["film"]),
        source_shot=int(values["source_shot"]),
        shot_span=Span(parse_fraction(shot[0]), parse_fraction(shot[1])),
        source_span=Span(parse_fraction(source[0]), parse_fraction(source[1])),
        score=float(values["score"]),
        cues=tuple((str(name), float(score)) for name, score in values["cues"].items()),
        # the first version of the format had no words for it
        shared=str(values.get("shared", "")),
    )
