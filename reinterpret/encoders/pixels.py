"""The encoder without a network: it knows a picture again by where it is bright, coloured and busy.

It needs no weights, no torch and no onnxruntime, and gives the same vectors everywhere: for tests, for machines
where nothing else can be installed, and for finding the very same footage.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from reinterpret.encoders.network import FRAME_HEIGHT_PX, FRAME_WIDTH_PX
from reinterpret.encoders.vectors import Seen, checked_pixels, unit_rows, without_layouts

if TYPE_CHECKING:
    from reinterpret.frames import FrameBatch

# Width x height of the grids. Chroma is coarser, as in the eye and in every codec.
_LUMA_GRID = (16, 9)
_CHROMA_GRID = (8, 6)
# Gradients are taken of a reduced picture: noise and compression blocks are averaged away first.
_GRADIENT_SIZE_PX = (96, 54)

_LUMA_WEIGHTS = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601

# Below this root mean square (of 0..1) a part of the descriptor is more noise than picture, and counts for less.
_NOISE_LEVEL = 0.01


class PixelsEncoder:
    """The `pixels` encoder: grids of luma, chroma and gradient energy, and the mean brightness."""

    name = "pixels"
    version = "1"
    dimensions = 2 * _LUMA_GRID[0] * _LUMA_GRID[1] + 2 * _CHROMA_GRID[0] * _CHROMA_GRID[1] + 1
    frame_width = FRAME_WIDTH_PX
    frame_height = FRAME_HEIGHT_PX

    readout: np.ndarray | None = None

    def embed(self, frames: FrameBatch) -> np.ndarray:
        """One vector a frame: N x 385 float32 unit vectors. Raises ValueError for frames of another size."""
        pixels = checked_pixels(frames, width=self.frame_width, height=self.frame_height)
        descriptors = np.empty((len(pixels), self.dimensions), dtype=np.float32)
        for row, frame in zip(descriptors, pixels, strict=True):
            row[:] = _descriptor(frame)
        return unit_rows(descriptors)

    def look(self, frames: FrameBatch) -> Seen:
        """The same vectors; there is no feature map."""
        return without_layouts(self.embed(frames))


def _descriptor(frame: np.ndarray) -> np.ndarray:
    """H x W x 3 uint8 RGB to 385 numbers: luma, gradient energy, blue and red chroma, brightness; not normalised."""
    luma = _area_mean(frame, _LUMA_GRID) @ _LUMA_WEIGHTS
    energy = cv2.resize(_gradient_energy(frame), _LUMA_GRID, interpolation=cv2.INTER_AREA)
    colours = _area_mean(frame, _CHROMA_GRID)
    # Offsets from grey, not from their mean: a red frame and a blue one must differ.
    chroma = colours[:, :, [2, 0]] - (colours @ _LUMA_WEIGHTS)[:, :, np.newaxis]
    brightness = np.array([luma.mean() - 0.5], dtype=np.float32)
    parts = [_balanced(luma - luma.mean()), _balanced(energy - energy.mean()), _balanced(chroma), 0.2 * brightness]
    return np.concatenate([part.ravel() for part in parts])


def _area_mean(frame: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The mean colour of every cell of a width x height grid: float32, 0..1."""
    # Reduced as float: uint8 would round a night scene to steps as large as what is to be seen in it.
    cells: np.ndarray = cv2.resize(frame.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return cells / np.float32(255)


def _gradient_energy(frame: np.ndarray) -> np.ndarray:
    """How fast luma changes from pixel to pixel, in a reduced picture: float32, 0..1."""
    reduced = cv2.resize(frame, _GRADIENT_SIZE_PX, interpolation=cv2.INTER_AREA)
    luma = reduced.astype(np.float32) @ _LUMA_WEIGHTS / np.float32(255)
    across = np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    down = np.abs(np.diff(luma, axis=0, append=luma[-1:]))
    energy: np.ndarray = across + down
    return energy


def _balanced(part: np.ndarray) -> np.ndarray:
    """The part at length 1, or less when there is hardly anything in it: noise must not be blown up."""
    noise = _NOISE_LEVEL * np.sqrt(part.size)
    balanced: np.ndarray = part / np.sqrt(np.square(part).sum() + noise**2)
    return balanced.astype(np.float32)
