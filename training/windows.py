"""What the network learns from: a window of small frames, and what is true of each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

Size = tuple[int, int]
"""Rows and columns."""

WIDTH, HEIGHT = 48, 32
SIZE: Size = (HEIGHT, WIDTH)  # what the detector sees
NONE, CUT, DISSOLVE, FADE, WIPE = range(5)


@dataclass
class Window:
    """T frames and what is true of each."""

    frames: np.ndarray
    """T x H x W x 3 float32 RGB, 0 to 255."""
    labels: np.ndarray
    """T int64: NONE, CUT (the first frame of a new shot), or the transition that the frame is in."""
    weights: np.ndarray
    """T float32: 0 where nothing is to be learnt."""
    events: list[tuple[int, int]] = field(default_factory=list)
    """Frames of every transition, half-open and at least one, for those who spoil the film next to it."""

    @property
    def size(self) -> Size:
        return self.frames.shape[1], self.frames.shape[2]


def fold(frames: np.ndarray) -> np.ndarray:
    """T x 32 x 48 x 3 RGB (0 to 255) to what the network sees: T x 6 x 16 x 24 uint8, BT.601, video range.

    Luma of even and odd rows and columns apart, and both chromas.
    """
    count, rows, columns = len(frames), HEIGHT // 2, WIDTH // 2
    small = frames.reshape(count, rows, 2, columns, 2, 3).mean(axis=(2, 4))
    red, green, blue = (small[..., channel] for channel in range(3))
    first = 128 + (-37.797 * red - 74.203 * green + 112.0 * blue) / 255
    second = 128 + (112.0 * red - 93.786 * green - 18.214 * blue) / 255
    planes = np.empty((count, 6, rows, columns), np.uint8)
    luma = luma_of(frames).reshape(count, rows, 2, columns, 2)
    planes[:, :4] = luma.transpose(0, 2, 4, 1, 3).reshape(count, 4, rows, columns)
    planes[:, 4], planes[:, 5] = np.clip(first + 0.5, 0, 255), np.clip(second + 0.5, 0, 255)
    return planes


def luma_of(frames: np.ndarray) -> np.ndarray:
    """T x H x W x 3 RGB (0 to 255) to T x H x W uint8, BT.601, video range."""
    red, green, blue = (frames[..., channel] for channel in range(3))
    luma = 16 + (65.481 * red + 128.553 * green + 24.966 * blue) / 255
    return np.clip(luma + 0.5, 0, 255).astype(np.uint8)
