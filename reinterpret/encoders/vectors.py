"""What all encoders share at their two ends: frames of the right size go in, unit vectors come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reinterpret.errors import EncoderError

if TYPE_CHECKING:
    from reinterpret.frames import FrameBatch


# Rows and columns that feature maps are pooled to.
LAYOUT_CELLS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What an encoder sees in N frames."""

    vectors: np.ndarray
    """N x D float32, unit rows, finite."""
    layouts: np.ndarray
    """N x 3 x 3 x C float32: its feature map, pooled to rows x columns; C is 0 for an encoder without a map."""


def without_layouts(vectors: np.ndarray) -> Seen:
    """What an encoder sees that has no feature map. vectors: N x D float32, unit rows."""
    return Seen(vectors, np.empty((len(vectors), LAYOUT_CELLS, LAYOUT_CELLS, 0), np.float32))


def checked_pixels(frames: FrameBatch, *, width: int, height: int) -> np.ndarray:
    """The pixels of the frames, N x height x width x 3 uint8. Raises ValueError when they have another size."""
    got_height, got_width = frames.pixels.shape[1:3]
    if (got_width, got_height) != (width, height):
        raise ValueError(f"this encoder takes frames of {width} x {height} pixels, got {got_width} x {got_height}")
    return frames.pixels


def unit_rows(features: np.ndarray) -> np.ndarray:
    """Every row scaled to length 1: N x D float32. A row of zeros becomes the first axis.

    Raises EncoderError when a number is not finite: such a vector would poison every comparison it takes part in.

    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist()
    [[0.6000000238418579, 0.800000011920929], [1.0, 0.0]]
    """
    if not np.isfinite(features).all():
        raise EncoderError("the encoder gave numbers that are not finite; use another encoder, or device 'cpu'")
    # In 64 bits the squares of float32 can neither overflow nor vanish.
    rows = features.astype(np.float64)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    nothing = lengths[:, 0] == 0
    rows[nothing, 0] = lengths[nothing] = 1
    unit: np.ndarray = (rows / lengths).astype(np.float32)
    return unit
