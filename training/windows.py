"""What the network learns from: a window of small frames, and what is true of each."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

WIDTH, HEIGHT = 48, 32
NONE, CUT, DISSOLVE, FADE, WIPE = range(5)


@dataclass
class Window:
    """T frames and what is true of each."""

    frames: np.ndarray
    """T x 32 x 48 x 3 float32 RGB, 0 to 255."""
    labels: np.ndarray
    """T int64: NONE, CUT (the first frame of a new shot), or the transition that the frame is in."""
    weights: np.ndarray
    """T float32: 0 where nothing is to be learnt."""
    events: list[tuple[int, int]] = field(default_factory=list)
    """Frames of every transition, half-open and at least one, for those who spoil the film next to it."""
