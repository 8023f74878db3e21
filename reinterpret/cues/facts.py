"""What is known about a shot: the one decoding pass gathers it, the cues make their vectors of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reinterpret.cues.lettering import Lettering

MOVEMENT_COLUMNS = (
    *("pan", "tilt", "zoom", "roll", "quality"),
    *(f"motion_{cell}" for cell in range(9)),
    *("leftwards", "rightwards", "upwards", "downwards"),
)
"""The columns of `ShotFacts.movement`, everything by the second, so that frame rates compare.

pan and tilt: how fast the camera turns, in picture widths, to the right and upwards. zoom: log of the scale, positive
inwards. roll: radians, clockwise. quality: 0 to 1, how much of the picture agrees on these four. motion_0 to motion_8:
how fast things move beside the camera, in picture widths: the mean over each cell of a 3 x 3 grid, row by row.
leftwards to downwards: where to they move, the mean over the picture.
"""


@dataclass(frozen=True, slots=True, eq=False)
class ShotFacts:
    """What the cues are told of the body of one shot.

    A still picture is a shot of one picture, with no movement and at most one value of luma.
    """

    pictures: tuple[np.ndarray, ...]
    """N >= 1 pictures, H x W x 3 uint8 RGB, upright, without bars, evenly spaced over the shot; at most 288 x 160."""
    frame_vectors: np.ndarray
    """N x D float32, unit rows: the encoder's vectors of these pictures."""
    layouts: np.ndarray
    """N x 3 x 3 x C float32: the encoder's feature map of each, pooled to rows x columns; C = 0 if it has none."""
    movement: np.ndarray
    """M x 18 float32, see `MOVEMENT_COLUMNS`."""
    movement_seconds: np.ndarray
    """M float64, ascending: the middle of the interval that each row of `movement` was measured over."""
    luma: np.ndarray
    """L float32, 0 to 1: the mean luma of every frame."""
    seconds: float
    """How long the body is; 0 for a still picture."""
    frame_rate: float
    """Frames a second of `luma`."""
    lettering: Lettering | None = None
    """What is written in it; None where that is not known."""

    def __post_init__(self) -> None:
        count = len(self.pictures)
        if count == 0:
            raise ValueError("a shot has at least one picture")
        for picture in self.pictures:
            if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
                raise ValueError(f"pictures must be H x W x 3 uint8, got {picture.shape} {picture.dtype}")
        _check("frame_vectors", self.frame_vectors, np.float32, (count, None))
        _check("layouts", self.layouts, np.float32, (count, 3, 3, None))
        _check("movement", self.movement, np.float32, (None, len(MOVEMENT_COLUMNS)))
        _check("movement_seconds", self.movement_seconds, np.float64, (len(self.movement),))
        _check("luma", self.luma, np.float32, (None,))
        if np.any(np.diff(self.movement_seconds) <= 0):
            raise ValueError("movement_seconds must ascend")
        if not (np.isfinite(self.seconds) and self.seconds >= 0 and np.isfinite(self.frame_rate)):
            raise ValueError(f"seconds and frame_rate must be finite, got {self.seconds} and {self.frame_rate}")
        if self.frame_rate <= 0:
            raise ValueError(f"frame_rate must be above 0, got {self.frame_rate}")


def _check(name: str, values: np.ndarray, dtype: type, shape: tuple[int | None, ...]) -> None:
    fits = values.ndim == len(shape) and all(
        expected is None or size == expected for size, expected in zip(values.shape, shape, strict=True)
    )
    if values.dtype != dtype or not fits:
        wanted = " x ".join("any" if size is None else str(size) for size in shape)
        raise ValueError(f"{name} must be {wanted} {dtype.__name__}, got {values.shape} {values.dtype}")
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite")
