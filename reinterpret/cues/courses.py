"""Courses: the luma of every frame of a shot goes in, a coarse picture twelve times a second comes out.

So little is kept that a film of two hours takes 4 MB, and yet enough to find the very frame at which one shot
follows another best (`reinterpret.alignment`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

COLUMNS, ROWS = 8, 5
CELLS = COLUMNS * ROWS
# Frames are kept at this distance at least. A little less than 1/12 s, so that it is every second frame of 24 and 25 a
# second, every third of 30, every fifth of 60, whatever a container has rounded their times to.
_INTERVAL_SECONDS = 1 / 12 - 0.005


@dataclass(frozen=True, slots=True, eq=False)
class LayoutCourse:
    """How light and dark are spread over the picture of a shot, frame after frame."""

    cells: np.ndarray
    """K x 40 uint8, 16 (black) to 235: mean luma of a grid over the upright picture, 5 rows of 8 from the top left."""
    seconds: np.ndarray
    """K float64, ascending: when these frames are shown, from the start of the film; K may be 0."""

    def __post_init__(self) -> None:
        if self.cells.dtype != np.uint8 or self.cells.ndim != 2 or self.cells.shape[1] != CELLS:
            raise ValueError(f"cells must be K x {CELLS} uint8, got {self.cells.shape} {self.cells.dtype}")
        if self.seconds.dtype != np.float64 or self.seconds.shape != self.cells.shape[:1]:
            raise ValueError(
                f"seconds must be {len(self.cells)} float64, got {self.seconds.shape} {self.seconds.dtype}"
            )
        if not np.isfinite(self.seconds).all() or np.any(np.diff(self.seconds) <= 0):
            raise ValueError("seconds must be finite and ascend")

    def __len__(self) -> int:
        return len(self.cells)


class CourseMeter:
    """Fed with the luma of every frame of a shot, keeps its course. Not for several threads at once.

    rotation: the degrees clockwise that make upright what is fed: 0, 90, 180 or 270. Raises ValueError for others.
    """

    def __init__(self, *, rotation: int = 0) -> None:
        if rotation not in (0, 90, 180, 270):
            raise ValueError(f"rotation must be 0, 90, 180 or 270, got {rotation}")
        self._turns = -rotation // 90
        self._coded_size = (ROWS, COLUMNS) if rotation in (90, 270) else (COLUMNS, ROWS)
        self._cells: list[np.ndarray] = []
        self._seconds: list[float] = []

    def feed(self, luma: np.ndarray, seconds: float) -> None:
        """The next frame. luma: H x W uint8, 16 (black) to 235, of any size, with its time. 0.014 ms if it is kept."""
        if self._seconds and seconds - self._seconds[-1] < _INTERVAL_SECONDS:
            return
        import cv2

        self._cells.append(cv2.resize(luma, self._coded_size, interpolation=cv2.INTER_AREA))
        self._seconds.append(seconds)

    def take(self) -> LayoutCourse:
        """What was kept since the last `take`, which ends here: the next frame is the first of another shot."""
        coded = np.array(self._cells, np.uint8).reshape(-1, *self._coded_size[::-1])
        cells = np.rot90(coded, self._turns, axes=(1, 2)).reshape(-1, CELLS)
        course = LayoutCourse(np.ascontiguousarray(cells), np.array(self._seconds, np.float64))
        self._cells, self._seconds = [], []
        return course
