"""Moving grids: shots go in, a film in which all of them play side by side comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reinterpret.errors import UsageError
from reinterpret.files import check_output
from reinterpret.frames import prefetch
from reinterpret.library import Library
from reinterpret.neighbours import Hit
from reinterpret.rendering.animation import ANIMATION_SUFFIXES, write_animation
from reinterpret.rendering.loops import Loop, best_moments, loop_planes
from reinterpret.rendering.panel import Planes, paste, planes_of
from reinterpret.rendering.stills import GROUND, Label, write_label
from reinterpret.timebase import format_seconds

# In pixels of a grid 720 high.
_GAP, _LABEL, _FONT = 8, 24, 14
_RATE = Fraction(25)
# A GIF stores every pixel that changes: at this rate movement is still smooth.
_GIF_RATE = Fraction(25, 2)
_AHEAD = 4
# Nine films are decoded at the same time: encoding as films are encoded would take as long again.
_PRESET = "veryfast"


@dataclass(frozen=True, slots=True)
class _Raster:
    """Where the cells of a grid are, in pixels, all even: chroma has a sample for every second one."""

    columns: int
    rows: int
    cell: tuple[int, int]
    gap: int
    label: int

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole."""
        across = self.columns * (self.cell[0] + self.gap) + self.gap
        return across, self.rows * (self.cell[1] + self.gap + self.label) + self.gap

    def corner(self, number: int) -> tuple[int, int]:
        """Left and top of a cell, row by row."""
        left = self.gap + number % self.columns * (self.cell[0] + self.gap)
        return left, self.gap + number // self.columns * (self.cell[1] + self.gap + self.label)


def moving_grid(
    library: Library,
    hits: Sequence[Hit],
    out: Path | str,
    *,
    columns: int,
    seconds: float = 5.0,
    height: int | None = None,
    labels: bool = True,
) -> None:
    """Draw shots as they move, row by row: each over and over, from where it runs most like the first of them.

    seconds: how long it lasts, and the longest stretch of a shot that is shown. height: of the grid in pixels, about:
    720 by default, 480 of a GIF. Raises OutputError, LibraryError, VideoError, FfmpegError, UsageError.
    """
    out = Path(out)
    check_output(out, inputs=[library.video(hit.film).path for hit in hits], suffixes=ANIMATION_SUFFIXES)
    if not hits:
        raise UsageError("there is nothing to draw: no shot was found")
    if not 0.1 <= seconds <= 600:
        raise UsageError(f"a moving grid lasts 0.1 to 600 seconds, got {seconds:g}")
    gif = out.suffix.lower() == ".gif"
    height = height or (480 if gif else 720)
    if not 64 <= height <= 4320:
        raise UsageError(f"the height of a grid lies between 64 and 4320 pixels, got {height}")
    rate = _GIF_RATE if gif else _RATE
    raster = _raster(columns, -(-len(hits) // columns), height, labels)
    loops = best_moments(library, list(hits), Fraction(seconds).limit_denominator(1000))
    ground = planes_of(_ground(raster, hits, loops))
    width, height = raster.size
    count = max(1, round(Fraction(seconds) * rate))
    frames = _frames(raster, loops, ground, count, rate)
    write_animation(frames, out, width=width, height=height, rate=rate, preset=_PRESET)


def _raster(columns: int, rows: int, height: int, labels: bool) -> _Raster:
    scale = height / 720
    gap, label = _even(_GAP * scale), _even(_LABEL * scale) if labels else 0
    tall = max(16, _even((height - gap) / rows - gap - label))
    return _Raster(columns, rows, (_even(tall * 16 / 9), tall), gap, label)


def _even(value: float) -> int:
    return max(2, 2 * round(value / 2))


def _ground(raster: _Raster, hits: Sequence[Hit], loops: Sequence[Loop]) -> np.ndarray:
    """What stands still: H x W x 3 uint8 RGB."""
    page = Image.new("RGB", raster.size, GROUND)
    if raster.label:
        pen, font = ImageDraw.Draw(page), ImageFont.load_default(max(8, raster.label * _FONT / _LABEL))
        for number, (hit, loop) in enumerate(zip(hits, loops, strict=True)):
            left, top = raster.corner(number)
            words = f"{loop.video.path.stem}:{hit.shot}  {format_seconds(loop.span.start)}"
            place = left, top + raster.cell[1], raster.cell[0], raster.label
            write_label(pen, font, Label(words, f"{hit.score:.2f}"), *place)
    return np.asarray(page)


def _frames(raster: _Raster, loops: Sequence[Loop], ground: Planes, count: int, rate: Fraction) -> Iterator[Planes]:
    """The same arrays again and again, with new pictures in the cells."""
    width, height = raster.cell
    with ExitStack() as stack:
        # Each film is decoded by a thread of its own, a few frames ahead.
        cells = [
            stack.enter_context(
                closing(prefetch(loop_planes(loop, count, rate, width=width, height=height), depth=_AHEAD))
            )
            for loop in loops
        ]
        for _ in range(count):
            for number, cell in enumerate(cells):
                paste(next(cell), ground, *raster.corner(number))
            yield ground
