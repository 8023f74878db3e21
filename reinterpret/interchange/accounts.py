"""Accounts: a timeline goes in, what is to be said about each of its clips and about each film comes out.

Tables, subtitles and sheets are written from these, so that all of them say the same, and the same as edit lists do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit

import opentimelineio as otio

from reinterpret.edits import Clip, ClipKind, EditList, Match
from reinterpret.interchange.events import Event, Record
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.rights import Rights, read_rights
from reinterpret.interchange.timeline import events_of, record_of
from reinterpret.timebase import round_half_up
from reinterpret.timecode import format_timecode
from reinterpret.video import Video
from reinterpret.webpage import many


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some frames of one film, half-open, in numbers, seconds and timecodes."""

    first_frame: int
    end_frame: int
    rate: Fraction
    zero: int = 0
    """The number of the label that frame 0 bears."""
    drop: bool = False
    """Whether labels are left out: drop-frame."""

    def __post_init__(self) -> None:
        if not 0 <= self.first_frame < self.end_frame:
            raise ValueError(f"a stretch has a frame and ends after it, got {self.first_frame} to {self.end_frame}")

    @property
    def frame_count(self) -> int:
        """How many frames it has."""
        return self.end_frame - self.first_frame

    @property
    def first_seconds(self) -> Fraction:
        """When its first frame begins, from the start of the film."""
        return self.first_frame / self.rate

    @property
    def end_seconds(self) -> Fraction:
        """When its last frame ends."""
        return self.end_frame / self.rate

    def timecode(self, frame: int) -> str:
        """The label of a frame of the film."""
        return format_timecode(self.zero + frame, self.rate, drop=self.drop)

    @property
    def first_timecode(self) -> str:
        """The label of its first frame."""
        return self.timecode(self.first_frame)

    @property
    def end_timecode(self) -> str:
        """The label of the frame after its last, as edit lists have it."""
        return self.timecode(self.end_frame)


@dataclass(frozen=True, slots=True)
class Edge:
    """How a clip begins or ends, as it is rendered."""

    kind: Literal["cut", "dissolve", "fade"] = "cut"
    frames: int = 0
    """That it takes; none for a cut."""
    colour: str = ""
    """Of a fade: black or white."""
    before: int = 0
    """Of a dissolve: how many of its frames lie before the cut."""

    def words(self, *, begins: bool) -> str:
        """In a few words; empty for a cut."""
        if self.kind == "cut":
            return ""
        what = "dissolve" if self.kind == "dissolve" else f"fade {'from' if begins else 'to'} {self.colour}"
        return f"{'begins' if begins else 'ends'} with a {what} of {many(self.frames, 'frame')}"


@dataclass(frozen=True, slots=True)
class Account:
    """What is to be said about one clip."""

    number: int
    """From 1."""
    clip: Clip
    record: Stretch
    """Where it stands in the timeline."""
    film: Video | None
    """What it shows: a film of the archive or, as a title, the trailer; None for black and white."""
    path: str
    """Where that lies: its whole path, or the way from the timeline's folder; empty for black and white."""
    source: Stretch | None
    """Which frames of the film it shows."""
    held_frames: int
    """For how many frames at its end the last one stays on the screen, because the archive shot is too short."""
    offline: bool = False
    """The film is not there, or is another one by now."""
    begins: Edge = Edge()
    ends: Edge = Edge()

    @property
    def transitions(self) -> str:
        """How it begins and ends, in words; empty if with cuts."""
        return ", ".join(filter(None, (self.begins.words(begins=True), self.ends.words(begins=False))))

    @property
    def kind(self) -> ClipKind:
        """What stands there."""
        return self.clip.kind

    @property
    def match(self) -> Match | None:
        """The match that was chosen, if it is footage."""
        return self.clip.match


Role = Literal["trailer", "archive", "sound"]


@dataclass(frozen=True, slots=True)
class FileAccount:
    """What is to be said about one file that an edit draws on."""

    path: Path
    shown_path: str
    """Where it lies: its whole path, or the way from the timeline's folder."""
    role: Role
    """Whether it is the trailer, a film of the archive, or a file that is heard alone."""
    video: Video | None
    """None if it is heard alone."""
    heard: bool
    """Whether its sound is used."""
    uses: tuple[Account, ...]
    """The clips that show it."""
    offline: bool
    """It is not there, or is another one by now."""
    size_bytes: int | None
    """None if it is offline."""
    rights: Rights | None

    @property
    def shown_seconds(self) -> Fraction:
        """For how many seconds of the timeline it is on the screen."""
        return sum((row.record.frame_count / row.record.rate for row in self.uses), Fraction(0))


def accounts(timeline: otio.schema.Timeline, edit: EditList) -> list[Account]:
    """An account of every clip of the edit, in order."""
    record = record_of(timeline)
    shown: dict[int, list[Event]] = {}
    for event in events_of(timeline, "reinterpretation"):
        if event.clip is not None:
            shown.setdefault(event.clip, []).append(event)
    return [_account(number, clip, edit, record, shown[number]) for number, clip in enumerate(edit.clips)]


def _account(number: int, clip: Clip, edit: EditList, record: Record, events: Sequence[Event]) -> Account:
    place = Stretch(events[0].first, events[-1].end, record.rate, record.start_frame, record.drop)
    begins, ends = (edge_of(edit, number, begins=first) for first in (True, False))
    media = events[0].media
    film = edit.film(clip.match.film) if clip.match is not None else edit.trailer if clip.kind == "title" else None
    if film is None or media is None:
        return Account(number + 1, clip, place, None, "", None, 0, begins=begins, ends=ends)
    # A frame that is held has been on the screen before; what is used ends behind it all the same.
    end = max(event.source_end(record.rate) for event in events)
    source = Stretch(events[0].source_frame, end, media.rate, media.start_frame, media.drop)
    held = sum(event.count for event in events if event.speed == 0)
    path = path_of(events[0], media)
    return Account(number + 1, clip, place, film, path, source, held, media.offline, begins, ends)


def edge_of(edit: EditList, number: int, *, begins: bool) -> Edge:
    """How a clip begins, or ends, as it is rendered."""
    clip = edit.clips[number]
    cut, fade = (number, clip.fade_in) if begins else (number + 1, clip.fade_out)
    dissolve = edit.dissolve_at(cut) if cut < len(edit.clips) else None
    if dissolve is not None:
        return Edge("dissolve", dissolve.frame_count, before=dissolve.before)
    if fade is None or clip.kind in ("title", fade.colour):
        return Edge()
    return Edge("fade", len(fade), fade.colour)


def path_of(event: Event, media: MediaFacts) -> str:
    """Where the media of an event lies, as people write it."""
    return str(media.path) if urlsplit(event.url).scheme == "file" else unquote(event.url, errors="replace")


def file_accounts(timeline: otio.schema.Timeline, edit: EditList, rows: Sequence[Account]) -> list[FileAccount]:
    """An account of every file that can be seen or heard: the trailer, the archive in the order of use, the sound.

    rows: what `accounts` has given.
    """
    found = []
    if edit.trailer is not None:
        where, offline = _where(events_of(timeline, "trailer"), edit.trailer.path)
        titles = tuple(row for row in rows if row.kind == "title")
        heard = edit.soundtrack.kind == "trailer" and edit.trailer.audio
        found.append(_file_account(edit.trailer.path, where, "trailer", edit.trailer, heard, titles, offline))
    for name in dict.fromkeys(row.match.film for row in rows if row.match is not None):
        uses = tuple(row for row in rows if row.match is not None and row.match.film == name)
        film = edit.film(name)
        heard = edit.soundtrack.kind == "clips" and film.audio
        found.append(_file_account(film.path, uses[0].path, "archive", film, heard, uses, uses[0].offline))
    if edit.soundtrack.path is not None:
        where, offline = _where(events_of(timeline, "sound"), edit.soundtrack.path)
        found.append(_file_account(edit.soundtrack.path, where, "sound", None, True, (), offline))
    return found


def _where(events: Sequence[Event], path: Path) -> tuple[str, bool]:
    """Where the first event that has media says that they are, and whether they are offline."""
    for event in events:
        if event.media is not None:
            return path_of(event, event.media), event.media.offline
    return str(path), False


def _file_account(
    path: Path, where: str, role: Role, video: Video | None, heard: bool, uses: tuple[Account, ...], offline: bool
) -> FileAccount:
    size = None
    if not offline:
        try:
            size = path.stat().st_size
        except OSError:
            offline = True
    return FileAccount(path, where, role, video, heard, uses, offline, size, read_rights(path))


def cue_names_of(edit: EditList) -> tuple[str, ...]:
    """The cues that any chosen match has a score of, in the order in which they come."""
    return tuple(dict.fromkeys(name for clip in edit.clips if clip.match is not None for name, _ in clip.match.cues))


def rounded_ms(seconds: Fraction) -> int:
    """An instant in whole milliseconds, as subtitles and annotations count; of boundaries, never of durations."""
    return round_half_up(seconds * 1000)


def clock(instant_ms: int, *, point: str = ".") -> str:
    """Hours, minutes, seconds and milliseconds.

    >>> clock(3_723_004, point=",")
    '01:02:03,004'
    """
    seconds, rest = divmod(instant_ms, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{point}{rest:03d}"
