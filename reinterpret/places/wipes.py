"""Wipes, looked at once more: what passes before the lens looks like one to a detector that sees little.

Every frame of a wipe is put together of parts of two pictures, whatever its pattern, and also where these are pushed or
slide: its light is spread as theirs is, so much of the one and so much of the other. A body that passes is light and
dark in its own way, and the picture behind it is the same before and after.
"""

from __future__ import annotations

import numpy as np

from reinterpret.places.grid_light import GridLight

# How far the frames are, in the mean, from the nearest mixture of the two pictures, in shares of how far these are from
# each other. 31 of the 32 wipes found in edited films have less, pushes and slides among them; a wing before the lens
# has 1.4.
_MIXED_SHARE = 0.8
# Light is sorted into so many steps, and mixed in so many shares.
_STEPS, _SHARES = 32, 21


def is_wipe(light: GridLight, start: int, end: int) -> bool:
    """Whether the frames from `start` to `end`, half-open, are made of the picture before them and the one behind."""
    first, last = max(0, start - 1), min(end, light.frame_count - 1)
    levels = np.sqrt(light.levels(first, last + 1)[:, light.picture.ravel()])
    if len(levels) < 3 or not levels.size:
        return True
    spread = np.stack([_spread(frame, float(levels.max())) for frame in levels])
    before, after = spread[0], spread[-1]
    shares = np.linspace(0, 1, _SHARES)[:, None]
    mixtures = (1 - shares) * before + shares * after
    distances = [np.abs(frame - mixtures).mean(axis=1).min() for frame in spread[1:-1]]
    return bool(np.mean(distances) <= _MIXED_SHARE * np.abs(after - before).mean())


def _spread(levels: np.ndarray, highest: float) -> np.ndarray:
    """Which share of a picture is no lighter than each of some levels: two of these apart are as far as light moved."""
    counts, _ = np.histogram(levels, _STEPS, (0, highest + 1e-6))
    return np.asarray(np.cumsum(counts) / len(levels))
