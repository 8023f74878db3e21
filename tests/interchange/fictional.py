"""Edits of films that exist on paper only: what is written about them needs no file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from reinterpret.edits import Clip, EditList, Match, Soundtrack
from reinterpret.interchange.timeline import TimelineOptions, timeline_of
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video

HOSTILE_NAMES = (
    "<script>alert(1)</script>.mp4",
    "a\"b'c&d;e,f.mp4",
    "line\nbreak\r\ttab.mp4",
    "=1+1.mp4",
    "@SUM(A1).mp4",
    "..",
    "{\\an8}{b}--> 00.mp4",
    "映画 🎬 \u202egp4.mp4",
    "\udcff\udcfe.mp4",
    "\x01\x1b[31m.mp4",
    "http:%2f?a=b#c.mp4",
    "x" * 300 + ".mp4",
)


def video(path: Path | str, *, rate: Fraction | int = 25, frames: int = 1000, audio: bool = False) -> Video:
    """The facts of a film that is not there."""
    rate = Fraction(rate)
    return Video(
        path=Path(path),
        fingerprint=hashlib.md5(str(path).encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest(),
        frame_rate=rate,
        frame_count=frames,
        width=640,
        height=360,
        rotation=0,
        sample_aspect=Fraction(1),
        duration=frames / rate,
        start=Fraction(0),
        audio=audio,
        container="mov",
    )


def match(film: Video, start: Fraction | int, seconds: Fraction, *, shot_end: Fraction | None = None) -> Match:
    """A match whose shot is the film up to `shot_end`."""
    whole = Span(Fraction(0), film.duration if shot_end is None else shot_end)
    begin = Fraction(start)
    used = Span(begin, min(begin + seconds, whole.end))
    cues = (("content", 0.5), ("colour", -0.25))
    return Match(7, film.fingerprint, 3, whole, used, 0.75, cues, "same movement: pan left")


def edit_of_clips(
    clips: Sequence[tuple[int, Video | None, Fraction | int]],
    *,
    rate: Fraction | int = 25,
    speeds: Sequence[Fraction | int] = (),
    shot_ends: Sequence[Fraction | None] = (),
    dropped: tuple[int, ...] = (),
    trailer: Video | None = None,
) -> EditList:
    """For every clip its frames, its film (None: black) and the second at which it goes in."""
    rate = Fraction(rate)
    total = sum(frames for frames, _, _ in clips)
    grid = FrameGrid(rate, total, dropped)
    own = trailer or video("/films/trailer.mp4", rate=rate, frames=total, audio=True)
    made, first = [], 0
    for number, (frames, film, start) in enumerate(clips):
        if film is None:
            made.append(Clip(first, frames, "black"))
        else:
            speed = Fraction(speeds[number]) if number < len(speeds) else Fraction(1)
            end = shot_ends[number] if number < len(shot_ends) else None
            needed = (grid.seconds(first + frames) - grid.seconds(first)) * speed
            chosen = match(film, start, needed, shot_end=end)
            made.append(Clip(first, frames, "footage", chosen, speed))
        first += frames
    films = tuple(dict.fromkeys(film for _, film, _ in clips if film is not None))
    return EditList(own, grid, films, tuple(made), Soundtrack())


def with_hostile_words(edit: EditList, words: str) -> EditList:
    """The edit with other words for what is shared, and for the first cue, in every match that is chosen."""

    def changed(clip: Clip) -> Clip:
        if clip.match is None:
            return clip
        return replace(clip, match=replace(clip.match, shared=words, cues=((words, 0.5), *clip.match.cues[1:])))

    return replace(edit, clips=tuple(map(changed, edit.clips)))


def timeline(edit: EditList, *, options: TimelineOptions | None = None, name: str = "edit") -> otio.schema.Timeline:
    """The timeline of an edit, to lie in /films."""
    return timeline_of(edit, options or TimelineOptions(), folder=Path("/films"), name=name)
