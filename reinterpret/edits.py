"""The edit: which clip of the archive stands at which frames, of a trailer or of a film of its own. JSON in, JSON out.

The hand-off between matching, choosing, exporting and rendering. Needs neither torch nor faiss.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, cast, get_args

from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.errors import EditError
from reinterpret.fields import Field, FieldError, line_of
from reinterpret.files import json_text, not_written, renamed_into
from reinterpret.timebase import INSIDE_FRAME, Span, format_fraction
from reinterpret.video import FrameGrid, Video

FORMAT_VERSION = 5
FASTEST = 16
"""Seconds of a source in a second of the trailer."""
BEFORE_END_SECONDS = Fraction(1, 500)
"""So long before its end a shot still shows its last frame."""
_FORMAT_NAME = "reinterpret-edit"
# How JSON text ends whose last value is an empty list.
_NO_CLIPS = "[]\n}"

ClipKind = Literal["footage", "black", "white", "title"]
"""What stands there: footage of the archive, black, white, or a title card of the trailer itself."""


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

    @property
    def last_seconds(self) -> Fraction:
        """An instant at which the last frame of the shot is on the screen: just before it ends."""
        return max(self.shot_span.end - BEFORE_END_SECONDS, self.shot_span.start)


@dataclass(frozen=True, slots=True)
class PassedOver:
    """An archive shot that was more like a shot of the trailer than its match is, and why it is not the match."""

    film: str
    """Fingerprint of the archive film."""
    source_shot: int
    score: float
    """In [-1, 1], as that of a match."""
    reason: str
    """In a few words, such as `the same footage as shot 12`."""

    def __post_init__(self) -> None:
        if self.source_shot < 0 or not -1 <= self.score <= 1:
            raise ValueError(f"a shot that was passed over has a number and a score in [-1, 1], got {self}")


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
    fade_in: Fade | None = None
    """On its first frames: how the trailer's shot comes out of black or white. Titles of the trailer have none, as they
    are shown with the fades that they have."""
    fade_out: Fade | None = None
    """On its last frames."""
    dissolve: Dissolve | None = None
    """How the trailer goes over from the clip before; what is rendered of it says `EditList.dissolve_at`."""
    passed_over: tuple[PassedOver, ...] = ()
    """What was more like it than its match, best first."""

    def __post_init__(self) -> None:
        if self.first_frame < 0 or self.frame_count < 1:
            raise ValueError(f"a clip needs a place and a frame, got {self.first_frame} and {self.frame_count}")
        if self.kind not in get_args(ClipKind) or (self.kind == "footage") != (self.match is not None):
            raise ValueError(f"a clip is footage with a match, or black or a title without, got {self.kind!r}")
        if not 0 < self.speed <= FASTEST:
            raise ValueError(f"the speed of a clip lies between 0 and {FASTEST}, got {self.speed}")
        refused = set(self.rejected)
        for match in self.matches:
            if (match.film, match.source_shot) in refused:
                raise ValueError(f"a clip never shows what was rejected for it, got {match.film}:{match.source_shot}")
        if self.dissolve is not None and self.fade_in is not None:
            raise ValueError(f"a clip begins with a fade or with a dissolve, got both: {self.dissolve}, {self.fade_in}")
        if self.changing_frames > self.frame_count:
            raise ValueError(
                f"transitions at both ends of a clip have at most its {self.frame_count} frames, "
                f"got {self.changing_frames}"
            )

    @property
    def changing_frames(self) -> int:
        """How many of its frames lie in a transition at either end."""
        begins = self.dissolve.after if self.dissolve is not None else len(self.fade_in or ())
        return begins + len(self.fade_out or ())

    @property
    def end_frame(self) -> int:
        """The frame after the last."""
        return self.first_frame + self.frame_count

    @property
    def matches(self) -> tuple[Match, ...]:
        """What it shows, if it is footage, and its suggestions."""
        return self.suggestions if self.match is None else (self.match, *self.suggestions)

    def numbered(self, number: int) -> Clip:
        """The clip with matches that name its place; the same clip if they do."""
        if all(match.target_shot == number for match in self.matches):
            return self
        return replace(
            self,
            match=None if self.match is None else replace(self.match, target_shot=number),
            suggestions=tuple(replace(match, target_shot=number) for match in self.suggestions),
        )


@dataclass(frozen=True, slots=True)
class EditList:
    """The clips of a whole trailer, or of a compilation, on its frame grid, without gap or overlap."""

    trailer: Video | None
    """None: the clips follow no film."""
    grid: FrameGrid
    films: tuple[Video, ...]
    """The archive films that clips, suggestions and what was passed over name."""
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
        self._check_dissolves()
        if frame != self.grid.frame_count:
            raise ValueError(f"the clips have {frame} frames, the trailer has {self.grid.frame_count}")
        known = {film.fingerprint for film in self.films}
        for match in self.matches():
            if match.film not in known:
                raise ValueError(f"shot {match.target_shot} names the film {match.film}, which is not in the list")
        for shot in (shot for clip in self.clips for shot in clip.passed_over):
            if shot.film not in known:
                raise ValueError(f"the film {shot.film} that was passed over is not in the list")

    def _check_dissolves(self) -> None:
        if self.clips and self.clips[0].dissolve is not None:
            raise ValueError("the first clip has none before it to dissolve from")
        for before, clip in pairwise(self.clips):
            if not _has_room(before, clip):
                raise ValueError(
                    f"the dissolve at frame {clip.first_frame} reaches into another transition of the clip before"
                )

    @property
    def inputs(self) -> list[Path]:
        """The files it is made from: nothing may be written over them."""
        named = [self.trailer.path if self.trailer is not None else None, self.soundtrack.path]
        return [*(path for path in named if path is not None), *(film.path for film in self.films)]

    @property
    def seen_films(self) -> list[Video]:
        """The films whose pictures are seen: the trailer, and those of the clips."""
        named = {clip.match.film for clip in self.clips if clip.match is not None}
        trailer = [] if self.trailer is None else [self.trailer]
        return [*trailer, *(film for film in self.films if film.fingerprint in named)]

    def matches(self) -> Iterable[Match]:
        """Every match that is chosen or suggested."""
        for clip in self.clips:
            yield from clip.matches

    def film(self, fingerprint: str) -> Video:
        """The archive film of that fingerprint."""
        return next(film for film in self.films if film.fingerprint == fingerprint)

    def told(self, shot: PassedOver) -> str:
        """What was passed over, in words: `bunny-2 0.80, the same footage as shot 12's match`."""
        return f"{self.film(shot.film).path.stem} {shot.score:.2f}, {shot.reason}"

    def dissolve_at(self, number: int) -> Dissolve | None:
        """The dissolve with which a clip begins, as it is rendered; None where it is a cut.

        It takes footage on both sides, with enough frames behind the out-point of the one and before the in-point of
        the other: where a shot of the archive has no such handles the trailer's dissolve becomes a cut. No picture of a
        dissolve stands still: where the clip that begins would hold its last frame already, it is a cut as well.
        """
        clip = self.clips[number]
        if number == 0 or clip.dissolve is None:
            return None
        before = self.clips[number - 1]
        if before.match is None or clip.match is None:
            return None
        first, last = clip.first_frame - clip.dissolve.before, clip.first_frame + clip.dissolve.after - 1
        enough = self._unclamped(clip, first) >= clip.match.shot_span.start
        enough = enough and self._unclamped(before, last) <= before.match.last_seconds
        if clip.dissolve.after:
            enough = enough and self._unclamped(clip, last) <= clip.match.last_seconds
        return clip.dissolve if enough else None

    def _unclamped(self, clip: Clip, frame: int) -> Fraction:
        """The instant of the source that belongs to a frame of the grid, whether or not its shot reaches so far."""
        assert clip.match is not None
        passed = (self.grid.seconds(frame) - self.grid.seconds(clip.first_frame)) * clip.speed
        return clip.match.source_span.start + passed

    def source_seconds(self, clip: Clip) -> list[Fraction]:
        """For every frame of a clip of footage the instant of the source that it shows.

        Beyond the end of the archive shot (before its transition, if it has one) its last frame is held.
        """
        return [self.source_instant(clip, frame) for frame in range(clip.first_frame, clip.end_frame)]

    def source_instant(self, clip: Clip, frame: int) -> Fraction:
        """The instant of the source that a frame of a clip of footage shows; see `source_seconds`.

        Also of the frames beside the clip on which it is seen in a dissolve.
        """
        assert clip.match is not None
        return max(min(self._unclamped(clip, frame), clip.match.last_seconds), clip.match.shot_span.start)

    def moving_places(self, clip: Clip) -> int:
        """How many places of the grid a clip of footage fills before the last frame of its shot is held.

        As `source_seconds` has it: at the place after them that would be beyond the shot.
        """
        assert clip.match is not None
        places = self.grid.slot(clip.end_frame) - self.grid.slot(clip.first_frame)
        room = clip.match.last_seconds - clip.match.source_span.start
        return 0 if room < 0 else min(places, room * self.grid.rate // clip.speed + 1)

    def save(self, path: Path | str) -> None:
        """Write it as JSON, whole or not at all. Raises OutputError."""
        path = Path(path)
        try:
            with renamed_into(path) as temporary:
                temporary.write_text(self.dumps(), encoding="utf-8")
        except OSError as error:
            raise not_written(path, error) from error

    def dumps(self) -> str:
        """The edit as JSON text; the same edit gives the same bytes."""
        return EditTexts().of(self)

    @classmethod
    def load(cls, path: Path | str) -> EditList:
        """Raises EditError where the file is no edit that this program can read; it names the line and the field."""
        path = Path(path)
        return found_beside(cls.loads(_text_of(path), path), path.absolute().parent)

    @classmethod
    def loads(cls, text: str, path: Path | str = "the edit") -> EditList:
        """The inverse of `dumps`. path: what errors call it. Raises EditError like `load`."""
        values = _values_of(text, path)
        if not isinstance(values, dict) or values.get("format") != _FORMAT_NAME:
            raise EditError(f"{path}: is not an edit; make one with: reinterpret match TRAILER -L LIB -o EDIT.json")
        if not isinstance(values.get("version"), int) or values["version"] > FORMAT_VERSION:
            raise EditError(
                f"{path}: was made by a newer reinterpret (edit format {values.get('version')}, this one reads up to "
                f"{FORMAT_VERSION}); upgrade reinterpret"
            )
        try:
            return _edit_from_json(Field(values))
        except FieldError as error:
            raise EditError(
                f"{path}, line {line_of(text, error.steps)}: {error}; mend it there, or make the edit again"
            ) from error


class EditTexts:
    """Writes edits as JSON, one after the other: clips that they share with the last one are not written out again.

    Of 150 clips with ten suggestions each that is all but a few milliseconds. Not for several threads at once.
    """

    def __init__(self) -> None:
        """Knows no clip yet."""
        # By identity: to compare clips would take as long as to write them. They are held, so that none is another's.
        self._known: dict[int, tuple[Clip, str]] = {}

    def of(self, edit: EditList) -> str:
        """The edit as JSON text; the same edit gives the same bytes."""
        self._known = {id(clip): self._known.get(id(clip)) or (clip, _clip_text(clip)) for clip in edit.clips}
        clips = ",\n".join(self._known[id(clip)][1] for clip in edit.clips)
        around = json_text(_edit_to_json(edit), indent=1)
        return f"{around.removesuffix(_NO_CLIPS)}[\n{clips}\n ]\n}}\n"


def trailer_seconds(grid: FrameGrid, frame: int) -> Fraction:
    """An instant at which frame `frame` of the trailer is on the screen, whatever its own time stamp is rounded to."""
    return (grid.slot(frame) + INSIDE_FRAME) / grid.rate


def most_used_film(edit: EditList) -> Video:
    """The film of the archive that most frames are taken from: a compilation gets its shape. Raises EditError."""
    frames: Counter[str] = Counter()
    for clip in edit.clips:
        if clip.match is not None:
            frames[clip.match.film] += clip.frame_count
    if not frames:
        raise EditError("the edit shows no film at all; make it again")
    return edit.film(frames.most_common(1)[0][0])


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise EditError(f"{path}: no such file") from error
    except OSError as error:
        raise EditError(f"{path}: is not an edit that can be read ({error.strerror})") from error
    except ValueError as error:
        raise EditError(f"{path}: is not an edit that can be read ({error})") from error


def _values_of(text: str, path: Path | str) -> Any:
    """The values that JSON text means."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise EditError(
            f"{path}, line {error.lineno}, column {error.colno}: is not JSON that can be read ({error.msg}); mend it "
            "there, or make the edit again"
        ) from error
    except (ValueError, RecursionError) as error:
        raise EditError(f"{path}: is not an edit that can be read ({error})") from error


def found_beside(edit: EditList, folder: Path) -> EditList:
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
    """All but the clips, for which there is room at the end."""
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
        "clips": [],
    }


def _clip_text(clip: Clip) -> str:
    """A clip as it stands in the list of them, two steps in."""
    return "  " + json_text(_clip_to_json(clip), indent=1).replace("\n", "\n  ")


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
        "fade_in": None if clip.fade_in is None else clip.fade_in.to_json(),
        "fade_out": None if clip.fade_out is None else clip.fade_out.to_json(),
        "dissolve": None if clip.dissolve is None else clip.dissolve.to_json(),
        "passed_over": [
            {"film": shot.film, "source_shot": shot.source_shot, "score": shot.score, "reason": shot.reason}
            for shot in clip.passed_over
        ],
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


def _edit_from_json(values: Field) -> EditList:
    films = []
    for name, facts in values["films"].object().items():
        films.append(Video.from_json(facts))
        if films[-1].fingerprint != name:
            facts["fingerprint"].refuse(f"that under which the film stands, {name}")
    # before version 3 there was nothing but the trailer's sound
    sound = values.get("soundtrack")
    trailer = values["trailer"].optional()
    if trailer is None and (sound is None or sound["kind"].value == "trailer"):
        raise FieldError(("trailer",), "is missing, and is what is heard; name another soundtrack")
    return EditList(
        trailer=None if trailer is None else Video.from_json(trailer),
        grid=FrameGrid.from_json(values["grid"]),
        films=tuple(films),
        clips=_clips_from_json(values, {film.fingerprint for film in films}),
        soundtrack=Soundtrack() if sound is None else _soundtrack_from_json(sound),
    )


def _soundtrack_from_json(values: Field) -> Soundtrack:
    kind, path = values["kind"].text(get_args(SoundKind)), values["path"].optional()
    if (kind == "file") != (path is not None):
        values["path"].refuse("the path of a file" if kind == "file" else f"null, as the sound is {kind}")
    return Soundtrack(cast(SoundKind, kind), None if path is None else Path(path.text()))


def _clips_from_json(values: Field, films: set[str]) -> tuple[Clip, ...]:
    """The clips, which tile the grid and name no other films."""
    clips: list[Clip] = []
    for field in values["clips"].list():
        clips.append(_clip_from_json(field, films))
        if clips[-1].dissolve is not None and (len(clips) < 2 or not _has_room(*clips[-2:])):
            field["dissolve"].refuse("null, or a dissolve with room for it in the clip before")
        expected = clips[-2].end_frame if len(clips) > 1 else 0
        if clips[-1].first_frame != expected:
            field["first_frame"].refuse(f"frame {expected}, at which the clip before ends" if expected else "frame 0")
        if clips[-1].kind == "title" and values["trailer"].value is None:
            field["kind"].refuse("footage or black, as there is no trailer")
    frames = clips[-1].end_frame if clips else 0
    if values["grid"]["frame_count"].value != frames:
        values["grid"]["frame_count"].refuse(f"{frames}, the frames of all clips")
    return tuple(clips)


def _has_room(before: Clip, clip: Clip) -> bool:
    """Whether the dissolve of a clip fits into the clip before it, beside what that one has itself."""
    if clip.dissolve is None:
        return True
    begins = before.dissolve.after if before.dissolve is not None else len(before.fade_in or ())
    return before.fade_out is None and clip.dissolve.before + begins <= before.frame_count


def _clip_from_json(values: Field, films: set[str]) -> Clip:
    kind, match = values["kind"].text(get_args(ClipKind)), values["match"].optional()
    if (kind == "footage") != (match is not None):
        values["match"].refuse("a match, as the clip is footage" if match is None else f"null, as the clip is {kind}")
    speed = values["speed"].fraction(above=0)
    if speed > FASTEST:
        values["speed"].refuse(f"a fraction up to {FASTEST}")
    # before version 4 nobody could lock or reject
    locked, refused = values.get("locked"), values.get("rejected")
    rejected = () if refused is None else tuple(_shot_from_json(shot) for shot in refused.list())
    # before version 5 all transitions were cuts, and nothing was said of what was passed over
    fade_in, fade_out, dissolve = (values.get(name) for name in ("fade_in", "fade_out", "dissolve"))
    passed_over, frame_count = values.get("passed_over"), values["frame_count"].integer(1)
    _check_transitions(values, frame_count)
    return Clip(
        first_frame=values["first_frame"].integer(0),
        frame_count=frame_count,
        kind=cast(ClipKind, kind),
        match=None if match is None else _match_from_json(match, films, rejected),
        speed=speed,
        suggestions=tuple(_match_from_json(found, films, rejected) for found in values["suggestions"].list()),
        locked=False if locked is None else locked.flag(),
        rejected=rejected,
        fade_in=None if fade_in is None else Fade.from_json(fade_in),
        fade_out=None if fade_out is None else Fade.from_json(fade_out),
        dissolve=None if dissolve is None else Dissolve.from_json(dissolve),
        passed_over=() if passed_over is None else tuple(_passed_over_from(shot, films) for shot in passed_over.list()),
    )


def _check_transitions(values: Field, frame_count: int) -> None:
    """Raises FieldError for transitions for which a clip of so many frames has no room."""
    fade_in, fade_out, dissolve = (values.get(name) for name in ("fade_in", "fade_out", "dissolve"))
    if fade_in is not None and dissolve is not None:
        dissolve.refuse("null, as the clip has a fade_in")
    begins = len(Fade.from_json(fade_in)) if fade_in is not None else 0
    begins = Dissolve.from_json(dissolve).after if dissolve is not None else begins
    if begins > frame_count:
        (fade_in or dissolve or values).refuse(f"a transition within the {frame_count} frames of the clip")
    if fade_out is not None and begins + len(Fade.from_json(fade_out)) > frame_count:
        fade_out.refuse(f"a fade within the {frame_count - begins} frames after the clip's first transition")


def _passed_over_from(values: Field, films: set[str]) -> PassedOver:
    if values["film"].text() not in films:
        values["film"].refuse("the fingerprint of one of the films of the edit")
    return PassedOver(
        values["film"].text(),
        values["source_shot"].integer(0),
        values["score"].number(-1, 1),
        values["reason"].text(),
    )


def _shot_from_json(values: Field) -> tuple[str, int]:
    film, shot = values.list(2)
    return film.text(), shot.integer(0)


def _match_from_json(values: Field, films: set[str], rejected: tuple[tuple[str, int], ...]) -> Match:
    if values["film"].text() not in films:
        values["film"].refuse("the fingerprint of one of the films of the edit")
    film, shot = values["film"].text(), values["source_shot"].integer(0)
    if (film, shot) in rejected:
        values["source_shot"].refuse("a shot that is not rejected for this clip")
    whole, used = values["shot"].span(), values["source"].span()
    if used.start < whole.start or used.end > whole.end:
        values["source"].refuse("a span within that of the shot")
    # the first version of the format had no words for it
    shared = values.get("shared")
    return Match(
        target_shot=values["target_shot"].integer(0),
        film=film,
        source_shot=shot,
        shot_span=whole,
        source_span=used,
        score=values["score"].number(-1, 1),
        cues=tuple((name, score.number()) for name, score in values["cues"].object().items()),
        shared="" if shared is None else shared.text(),
    )
