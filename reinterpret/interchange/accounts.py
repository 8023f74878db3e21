"""Accounts: an edit goes in, what is to be said about each of its clips comes out, and about each film it draws on.

Tables, subtitles and sheets are written from these, so that all of them say the same.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from reinterpret.edits import Clip, ClipKind, EditList, Match
from reinterpret.timebase import round_half_up
from reinterpret.timecode import format_timecode
from reinterpret.video import Video

# As `FrameReader` does: times that a container has rounded to milliseconds still name their frame.
_ROUNDING_SECONDS = Fraction(1, 1000)


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

    @property
    def first_timecode(self) -> str:
        """The label of its first frame."""
        return format_timecode(self.zero + self.first_frame, self.rate, drop=self.drop)

    @property
    def end_timecode(self) -> str:
        """The label of the frame after its last, as edit lists have it."""
        return format_timecode(self.zero + self.end_frame, self.rate, drop=self.drop)


@dataclass(frozen=True, slots=True)
class Account:
    """What is to be said about one clip."""

    number: int
    """From 1."""
    clip: Clip
    record: Stretch
    """Where it stands in the edit."""
    film: Video | None
    """What it shows, if it is footage."""
    source: Stretch | None
    """Which frames of the film it shows."""
    held_frames: int
    """For how many frames at its end one frame is held, because the archive shot is too short."""

    @property
    def kind(self) -> ClipKind:
        """What stands there."""
        return self.clip.kind

    @property
    def match(self) -> Match | None:
        """The match that was chosen, if it is footage."""
        return self.clip.match


def accounts(edit: EditList) -> list[Account]:
    """An account of every clip, in order."""
    found = []
    for number, clip in enumerate(edit.clips, start=1):
        record = Stretch(edit.grid.slot(clip.first_frame), edit.grid.slot(clip.end_frame), edit.grid.rate)
        film, source, held = None, None, 0
        if clip.match is not None:
            film = edit.film(clip.match.film)
            instants = edit.source_seconds(clip)
            source = Stretch(shown_frame(film, instants[0]), shown_frame(film, instants[-1]) + 1, film.frame_rate)
            held = _held_frames(instants)
        found.append(Account(number, clip, record, film, source, held))
    return found


def shown_frame(film: Video, instant: Fraction) -> int:
    """The frame of a film on the screen at an instant, counted at its rate; the last, after its end."""
    frame = math.floor((instant + _ROUNDING_SECONDS) * film.frame_rate)
    return max(0, min(frame, film.frame_count - 1) if film.frame_count else frame)


def _held_frames(instants: Sequence[Fraction]) -> int:
    """How many frames at the end show what the one before shows, because the source does not go on."""
    held = 0
    for instant, before in zip(reversed(instants[1:]), reversed(instants[:-1]), strict=True):
        if instant != before:
            break
        held += 1
    return held


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


def one_line(text: str) -> str:
    """A text on one line, without what is no letter: file names may hold anything."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
