"""Reactions: a query goes in, the gestures of the archive that answer it come out, as pictures that loop."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from reinterpret.cues import PRESETS
from reinterpret.errors import UsageError
from reinterpret.files import check_output
from reinterpret.library import Library
from reinterpret.moments import best_stretch
from reinterpret.neighbours import Hit, Neighbours, Query
from reinterpret.queries import search
from reinterpret.rendering.animation import ANIMATION_SUFFIXES, write_animation, write_animation_below
from reinterpret.rendering.captions import Headline
from reinterpret.rendering.loops import Loop, find_loop, loop_planes
from reinterpret.video import Video

_RATE, _GIF_RATE = Fraction(25), Fraction(50, 3)
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.2, 20.0


@dataclass(frozen=True, slots=True)
class Reaction:
    """A looping picture that was made."""

    path: Path
    hit: Hit
    loop: Loop
    byte_count: int


def gif(
    library: Library,
    neighbours: Neighbours,
    query: Query,
    out: Path | str,
    *,
    count: int = 1,
    weights: Mapping[str, float] | None = None,
    seconds: float = 2.5,
    height: int = 360,
    caption: str = "",
    max_mb: float | None = 8,
) -> list[Reaction]:
    """The shots most like a query as loops: a GIF, an animated WebP or a film, by the name of `out`.

    count: how many, the second becomes OUT-2.gif and so on. seconds: about, where a loop goes over into itself best.
    caption: written across it. max_mb: no file gets larger; None lets them. Raises UsageError, OutputError,
    FfmpegError, VideoError, LibraryError.
    """
    out = Path(out)
    if not _SHORTEST_SECONDS <= seconds <= _LONGEST_SECONDS:
        raise UsageError(f"a reaction lasts {_SHORTEST_SECONDS} to {_LONGEST_SECONDS:g} seconds, got {seconds:g}")
    if not 32 <= height <= 2160:
        raise UsageError(f"the height of a reaction lies between 32 and 2160 pixels, got {height}")
    if max_mb is not None and not 0 < max_mb < 10_000:
        raise UsageError(f"the largest size of a file is a number of megabytes above 0, got {max_mb:g}")
    hits = search(neighbours, query, k=count, weights=weights or PRESETS["balanced"])
    if not hits:
        raise UsageError("there is nothing to show: no shot was found")
    paths = [
        out if number == 0 else out.with_name(f"{out.stem}-{number + 1}{out.suffix}") for number in range(len(hits))
    ]
    for path, hit in zip(paths, hits, strict=True):
        check_output(path, inputs=[library.video(hit.film).path], suffixes=ANIMATION_SUFFIXES)
    made = []
    for path, hit in zip(paths, hits, strict=True):
        length = Fraction(seconds).limit_denominator(1000)
        body = library.usable(hit.film, hit.shot, length)
        about = best_stretch(library, neighbours, query, hit, length).middle
        loop = find_loop(library.video(hit.film), body, length, about=about)
        _draw(loop, path, height, caption, None if max_mb is None else int(max_mb * 1e6))
        made.append(Reaction(path, hit, loop, path.stat().st_size))
    return made


def _draw(loop: Loop, path: Path, height: int, caption: str, most_bytes: int | None) -> None:
    width, height = _size(loop.video, height)
    rate = min(_GIF_RATE if path.suffix.lower() == ".gif" else _RATE, loop.video.frame_rate)
    headline = Headline(caption, width, height)
    frames = [
        headline.on(planes) for planes in loop_planes(loop, loop.frame_count(rate), rate, width=width, height=height)
    ]
    if most_bytes is None:
        write_animation(frames, path, width=width, height=height, rate=rate)
    else:
        write_animation_below(frames, path, width=width, height=height, rate=rate, most_bytes=most_bytes)


def _size(video: Video, height: int) -> tuple[int, int]:
    """Of the picture in the shape of the film, even; no larger than the film itself."""
    height = max(2, 2 * round(min(height, video.display_height) / 2))
    return max(2, 2 * round(height * video.display_width / video.display_height / 2)), height
