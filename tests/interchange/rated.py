"""Films at every rate whose frames carry their numbers, edits of them, and which frame each place must show."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path

from reinterpret.edits import Clip, EditList, Match
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video
from tests.judging import decoded_facts, expected_number, numbered_film, pictures

RATES = {
    "23.976": Fraction(24000, 1001),
    "24": Fraction(24),
    "25": Fraction(25),
    "29.97": Fraction(30000, 1001),
    "30": Fraction(30),
    "50": Fraction(50),
    "59.94": Fraction(60000, 1001),
    "60": Fraction(60),
}
_SECONDS = 3
# A fourth of the frames comes late by half a frame, and the rate halves in the middle.
_VARIABLE = "variable"


@cache
def rated_film(folder: Path, name: str) -> Path:
    """A film of three seconds at a rate of RATES, or `variable`; its number is that of its name."""
    number = [*RATES, _VARIABLE].index(name) + 1
    path = folder / f"rated-{name}.mp4"
    if name == _VARIABLE:
        times = [Fraction(frame, 30) + Fraction(frame % 4 == 3, 60) for frame in range(45)]
        times += [times[-1] + Fraction(frame, 15) for frame in range(1, 23)]
        return numbered_film(path, len(times), film=number, times=times)
    rate = RATES[name]
    return numbered_film(path, round(_SECONDS * rate), film=number, rate=rate)


@cache
def facts(path: Path) -> tuple[Video, FrameGrid, tuple[Fraction, ...]]:
    """What a complete decoding tells about a film, and when each of its frames is shown."""
    video, grid = decoded_facts(path)
    return video, grid, tuple(time for time, _ in pictures(path))


def rated_edit(folder: Path, rate: str, *, speeds: Sequence[Fraction] = (Fraction(1),)) -> EditList:
    """An edit at a rate: a clip of every film, black between some, one whose shot is too short."""
    trailer, grid, _ = facts(rated_film(folder, rate))
    films: list[Video] = []
    clips: list[Clip] = []
    names = [*RATES, _VARIABLE]
    lengths = [(grid.frame_count * (number + 1)) // (len(names) + 1) for number in range(len(names) + 1)]
    first = 0
    for number, (name, end) in enumerate(zip(names, lengths, strict=False)):
        if end <= first:
            continue
        if number == 4:
            clips.append(Clip(first, end - first, "black"))
            first = end
            continue
        film, _, _ = facts(rated_film(folder, name))
        films.append(film)
        speed = speeds[number % len(speeds)]
        begin = Fraction(7 * number + 3, 23)
        needed = (end - first) / grid.rate * speed
        # the last but one reaches the end of its shot before it ends
        shot = Span(Fraction(0), begin + needed * Fraction(2, 5) if number == len(names) - 2 else film.duration)
        used = Span(begin, min(begin + needed, shot.end))
        match = Match(number, film.fingerprint, 0, shot, used, 0.5, (("content", 0.5),), "same colours")
        clips.append(Clip(first, end - first, "footage", match, speed))
        first = end
    clips.append(Clip(first, grid.frame_count - first, "title"))
    return EditList(trailer, grid, tuple(films), tuple(clips))


def must_show(edit: EditList) -> list[tuple[str, int] | None]:
    """For every place of the record the fingerprint of a film and the number of its frame; None for black.

    By `EditList.source_seconds`, which rendering goes by, and by the times of the films' own frames.
    """
    found: list[tuple[str, int] | None] = []
    assert edit.trailer is not None
    for clip in edit.clips:
        if clip.match is not None:
            _, _, times = facts(edit.film(clip.match.film).path)
            found += [(clip.match.film, expected_number(times, instant)) for instant in edit.source_seconds(clip)]
        elif clip.kind == "title":
            found += [(edit.trailer.fingerprint, frame) for frame in range(clip.first_frame, clip.end_frame)]
        else:
            found += [None] * clip.frame_count
    return found


def is_variable(film: Video) -> bool:
    """Whether its frames do not come evenly."""
    return film.path.stem.endswith(_VARIABLE)
