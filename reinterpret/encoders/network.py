"""A network before and after its weights are loaded: what the runtimes need to know of it, whatever its origin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reinterpret.encoders.vectors import LAYOUT_CELLS

if TYPE_CHECKING:
    import torch

# 16:9, both sides multiples of 32 (the stride of nearly every network), and 0.92 x the pixels of 224 x 224.
FRAME_WIDTH_PX = 288
FRAME_HEIGHT_PX = 160

# Raise this whenever the way from RGB bytes to vector changes: it is part of every version.
PREPROCESSING_REVISION = 1


@dataclass(frozen=True, slots=True)
class Network:
    """A network that can be loaded. Making one imports neither torch nor the package it comes from.

    name: as `load_encoder` takes it. key: tells one state of weights and code from another, for the name of the
    cached graph; it is known without torch. load: brings the weights in; it imports torch, and raises EncoderError.
    """

    name: str
    key: str
    load: Callable[[], LoadedNetwork]


@dataclass(frozen=True, slots=True)
class LoadedNetwork:
    """A torch module on the CPU, in evaluation mode, with what it wants to be fed.

    features: N x 3 x H x W float in, N x dimensions out; with `has_map`, N x dimensions and the feature map that these
    are pooled from, N x C x h x w. mean and deviation: of R, G and B on the scale 0..255. version: see
    `Encoder.version`. readout: see `Encoder.readout`.
    """

    features: torch.nn.Module
    version: str
    dimensions: int
    frame_width: int
    frame_height: int
    mean: tuple[float, float, float]
    deviation: tuple[float, float, float]
    has_map: bool = False
    readout: np.ndarray | None = None


def file_checksum(path: Path) -> str:
    """The SHA-256 of a file, in hex. 20 ms for the 18 MB of Lite0, so it is not cached. Raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def reason(error: Exception) -> str:
    """The first line of what an error says, to be put into the sentence of our own.

    >>> reason(RuntimeError("no such file.\\nlook here"))
    'no such file'
    """
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".:")


def with_preprocessing(network: LoadedNetwork, *, half_precision: bool = False) -> torch.nn.Module:
    """The network fed with bytes: N x H x W x 3 uint8 RGB in, two float32 tensors out, see `Seen`.

    N x dimensions features, not normalised, and N x 3 x 3 x C; the second is left out if the network has no map. With
    `half_precision` the network computes in 16 bits; the normalisation before it stays in 32.
    """
    import torch

    class Preprocessed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.features = network.features
            self.mean: torch.Tensor
            self.deviation: torch.Tensor
            self.register_buffer("mean", torch.tensor(network.mean).reshape(1, 3, 1, 1))
            self.register_buffer("deviation", torch.tensor(network.deviation).reshape(1, 3, 1, 1))

        def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, ...]:
            planes = (frames.permute(0, 3, 1, 2).float() - self.mean) / self.deviation
            seen = self.features(planes.half() if half_precision else planes)
            if not network.has_map:
                return (seen.float(),)
            features, feature_map = seen
            return features.float(), _pooled(feature_map.float())

    if half_precision:
        network.features.half()
    return Preprocessed().eval()


def _pooled(feature_map: torch.Tensor) -> torch.Tensor:
    """N x C x h x w to N x 3 x 3 x C: the mean over each of nine equal parts, whatever h and w are."""
    import torch

    down, across = (torch.from_numpy(_shares(int(size))) for size in feature_map.shape[2:])
    return torch.einsum("nchw,yh,xw->nyxc", feature_map, down.to(feature_map), across.to(feature_map))


def _shares(size: int) -> np.ndarray:
    """3 x size float32: how much of each of three equal parts each of `size` cells makes up; rows sum to 1."""
    edges = np.linspace(0, size, LAYOUT_CELLS + 1)
    cells = np.arange(size)
    covered = np.minimum(edges[1:, None], cells + 1) - np.maximum(edges[:-1, None], cells)
    return np.asarray(np.clip(covered, 0, 1) * LAYOUT_CELLS / size, np.float32)
