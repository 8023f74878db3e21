"""The light of a trailer, frame by frame of the grid that its edit is made on."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from reinterpret.cues.cards import Look
from reinterpret.embeddings import Film
from reinterpret.light import BLACK_LEVEL, COLUMNS, LEVELS, LOOKS, ROWS, FilmLight
from reinterpret.shots.transitions import BLACK, FADED, WHITE
from reinterpret.timebase import INSIDE_FRAME

# Luma above that of the film's own black from which one sees something; and where there is something at all. A picture
# that sinks as low and comes back, or cuts to another, has not been gone.
_VISIBLE_LEVELS, _TRACE_LEVELS = 2, 1
# So many black frames tell how black they are.
_MOST_BLACKS = 64
# As much light, in the mean, is that of grain.
_TRACE_LIGHT = 0.3
# White that is worn is no darker than this, and no part of it further from the others than so many levels.
_WORN_WHITE_LUMA, _WORN_LEVELS = 205, 6
# Black is 16; what transfers make of it is no brighter than this.
_BLACKEST, _HIGHEST_BLACK = 16, 30
# A part of the picture that is never lighter than this, in levels, belongs to the bars around it.
_BAR_LEVEL = 6

# Frames looked at together: memory does not grow with the length of a film.
_CHUNK_FRAMES = 1024

Lighting = Literal["lit", "black", "white"]
"""What a frame is: one with a picture, or truly black, or white."""


# A picture of one colour is no darker than this, and varies by no more, in levels.
_COLOUR_LEVEL, _EVEN_LEVELS = 24.0, 1.5


class GridLight:
    """What was measured of a film, for each frame of its grid. Levels are counted from the film's own black."""

    def __init__(self, film: Film, light: FilmLight) -> None:
        """light: of the film."""
        self._light, grid = light, film.grid
        # A film of a variable rate has as many frames on its grid as before, and yet others.
        slots = np.delete(np.arange(grid.frame_count + len(grid.dropped)), np.array(grid.dropped, np.int64))
        instants = (slots + float(INSIDE_FRAME)) / float(grid.rate)
        shown = np.searchsorted(light.seconds, instants, side="right").clip(1) - 1
        self._shown = None if np.array_equal(shown, np.arange(len(light))) else shown
        self.frame_count, self.frame_rate = grid.frame_count, float(grid.rate)
        self._looks = self._on_grid(light.looks)
        self._black_level = 0.0
        lit = light.cells.max(axis=0) > 255 * np.sqrt(_BAR_LEVEL / LEVELS)
        self.picture = _box(lit)
        """ROWS x COLUMNS: which parts lie between the bars."""
        self.inside = self.picture & ~border(self.picture)
        """The same without those at its edge, which may be bar in part."""
        tops, flats = self._on_grid(light.tops), self._on_grid(light.flats)
        self.black = self._blacks(tops, flats)
        self.white = (flats == WHITE) | self._worn_whites(tops, flats)

    def _blacks(self, tops: np.ndarray, flats: np.ndarray) -> np.ndarray:
        """N: which frames are black, as black as the film has it; that is measured here too."""
        black_tops = tops[flats == BLACK]
        floor = np.percentile(black_tops, 10) if len(black_tops) else _BLACKEST
        floor = min(max(floor, _BLACKEST), _HIGHEST_BLACK)
        dark = tops <= floor + _VISIBLE_LEVELS
        if not dark.any():
            return dark
        some = np.flatnonzero(dark)
        levels = self.levels_of(some[:: max(1, len(some) // _MOST_BLACKS)])
        self._black_level = float(np.median(levels))
        gone = tops <= floor + _TRACE_LEVELS
        others = np.flatnonzero(dark & ~gone)
        gone[others] = self.levels_of(others).mean(axis=1) < _TRACE_LIGHT
        return _with(dark, gone)

    def _worn_whites(self, tops: np.ndarray, flats: np.ndarray) -> np.ndarray:
        """N: which frames are white but for grain and dust; letters are larger."""
        white = np.zeros(len(tops), bool)
        bright = np.flatnonzero((flats == FADED) & (tops >= _WORN_WHITE_LUMA))
        levels = self.levels_of(bright)[:, self.inside.ravel()]
        if levels.size:
            far = np.abs(levels - np.median(levels, axis=1, keepdims=True)).max(axis=1)
            white[bright] = (far < _WORN_LEVELS) & (levels.min(axis=1) > _WORN_WHITE_LUMA - BLACK_LEVEL)
        return white

    @cached_property
    def amounts(self) -> np.ndarray:
        """How much light each frame has, the mean over the picture, in levels."""
        inside = self.picture.ravel()
        parts = [
            self.levels(first, min(first + _CHUNK_FRAMES, self.frame_count))[:, inside].mean(axis=1)
            for first in range(0, self.frame_count, _CHUNK_FRAMES)
        ]
        return np.concatenate(parts) if inside.any() else np.zeros(self.frame_count)

    def frame_of(self, number: int) -> int:
        """The frame of the grid at which a frame of the film begins to be shown."""
        return number if self._shown is None else int(np.searchsorted(self._shown, number))

    def levels(self, first: int, end: int) -> np.ndarray:
        """Some frames, half-open, as n x 576 float32: how much light each part of the picture has, 0 to 219."""
        return self.levels_of(np.arange(first, end))

    def levels_of(self, frames: np.ndarray) -> np.ndarray:
        """The same of any frames."""
        numbers = frames if self._shown is None else self._shown[frames]
        return np.asarray(np.maximum(self._light.levels(numbers) - self._black_level, 0))

    def from_white(self, first: int, end: int) -> np.ndarray:
        """The same, counted from white down; bars around the picture have none."""
        return np.asarray((LEVELS - self._black_level - self.levels(first, end)) * self.picture.ravel())

    def look(self, frame: int) -> Look:
        """What a frame looks like by itself, one of LOOKS."""
        return LOOKS[int(self._looks[frame])]

    def is_even(self, frame: int) -> bool:
        """Whether a frame is of one colour between the bars, as light as a picture."""
        levels = self.levels(frame, frame + 1)[0, self.inside.ravel()]
        return bool(levels.size and levels.mean() > _COLOUR_LEVEL and levels.std() < _EVEN_LEVELS)

    def runs(self) -> Iterator[tuple[Lighting, int, int]]:
        """All frames as runs, half-open, in order."""
        codes = np.where(self.black, 1, np.where(self.white, 2, 0))
        edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), self.frame_count]
        for first, end in pairwise(edges):
            yield get_args(Lighting)[int(codes[first])], first, end

    def _on_grid(self, values: np.ndarray) -> np.ndarray:
        return values if self._shown is None else values[self._shown]


def border(picture: np.ndarray) -> np.ndarray:
    """The outermost parts of a picture, ROWS x COLUMNS."""
    padded = np.pad(picture, 1)
    inner = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    return np.asarray(picture & ~inner)


def _with(some: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Which of N frames lie in a run of some that has one of the others."""
    begins = np.diff(some.astype(np.int8), prepend=0) == 1
    run = np.cumsum(begins) * some
    return np.asarray(some & np.isin(run, np.unique(run[some & others])))


def _box(lit: np.ndarray) -> np.ndarray:
    """All that lies between the first and last rows and columns that are ever lit."""
    box = np.zeros((ROWS, COLUMNS), bool)
    rows, columns = np.flatnonzero(lit.any(axis=1)), np.flatnonzero(lit.any(axis=0))
    if len(rows):
        box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = True
    return box
