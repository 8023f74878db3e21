"""Encoders: frames go in, one unit vector a frame comes out.

Each encoder owns its preprocessing, from RGB bytes onwards, and says which frame size it wants to be fed. Nothing
heavy is imported here: torch, timm and onnxruntime load when an encoder that needs them does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol, get_args

from reinterpret.encoders.vectors import Seen
from reinterpret.errors import EncoderError, UsageError

if TYPE_CHECKING:
    import numpy as np

    from reinterpret.encoders.network import Network
    from reinterpret.frames import FrameBatch

__all__ = ["DEFAULT_ENCODER", "Device", "Encoder", "Seen", "encoder_names", "load_encoder"]

Device = Literal["auto", "cpu", "cuda"]

DEFAULT_ENCODER = "efficientnet-lite0"


class Encoder(Protocol):
    """What every encoder offers, whichever network and runtime are behind it."""

    name: str
    """What `load_encoder` was asked for, such as `efficientnet-lite0` or `timm:resnet18`."""

    version: str
    """Changes whenever vectors would change: a checksum of the weights and the revision of the preprocessing."""

    dimensions: int
    """The length of a frame's vector."""

    frame_width: int
    """The width in pixels of the frames that `embed` accepts."""

    frame_height: int
    """Their height in pixels."""

    readout: np.ndarray | None
    """What its classifier reads out of a vector, classes x dimensions float32; None if it has none."""

    def embed(self, frames: FrameBatch) -> np.ndarray:
        """One vector a frame: N x dimensions float32, every row of length 1 and finite. N may be 0, or any number.

        A frame in which the network sees nothing at all gets a fixed unit vector. Raises ValueError when the
        frames are not frame_width x frame_height.
        """
        ...

    def look(self, frames: FrameBatch) -> Seen:
        """The same vectors, and where in the frames the network sees what."""
        ...


def load_encoder(name: str = DEFAULT_ENCODER, *, device: Device = "auto", threads: int | None = None) -> Encoder:
    """The encoder of that name, ready to embed.

    `auto` takes the GPU when there is one. `threads` is how many CPU threads it may use (None: all cores). The
    first load of a network on the CPU takes some seconds more: it is exported to ONNX and kept in the user's cache
    folder (or below REINTERPRET_CACHE); from then on torch is not needed.

    Raises EncoderError when the name is unknown, its weights are missing or damaged, or `cuda` was asked for and
    there is no GPU; UsageError when `device` or `threads` cannot be meant.
    """
    if device not in get_args(Device):
        raise UsageError(f"device must be one of {', '.join(get_args(Device))}, got {device!r}")
    if threads is not None and threads < 1:
        raise UsageError(f"threads must be at least 1, got {threads}")
    if name == "pixels":
        from reinterpret.encoders.pixels import PixelsEncoder

        return PixelsEncoder()
    network = _find_network(name)

    from reinterpret.encoders.torch_runtime import TorchEncoder, cuda_is_wanted

    if cuda_is_wanted(device):
        return TorchEncoder(network, device="cuda")

    from reinterpret.encoders.onnx_runtime import load_onnx_encoder

    return load_onnx_encoder(network, threads=threads)


def encoder_names() -> list[str]:
    """What `load_encoder` accepts, for help and error texts; NAME stands for a model of that package.

    >>> encoder_names()[:3]
    ['efficientnet-lite0', 'efficientnet-lite2', 'open_clip:MODEL/PRETRAINED']
    """
    return [
        "efficientnet-lite0",
        "efficientnet-lite2",
        "open_clip:MODEL/PRETRAINED",
        "pixels",
        "timm:NAME",
        "timm:NAME@FILE",
        "torchvision:NAME",
    ]


def _find_network(name: str) -> Network:
    """The network behind a name. Raises EncoderError that lists the names."""
    from reinterpret.encoders.efficientnet_lite import LITE_NAMES, lite_network
    from reinterpret.encoders.model_zoo import timm_network, torchvision_network

    package, _, model = name.partition(":")
    if name in LITE_NAMES:
        return lite_network(name)
    if package == "torchvision" and model:
        return torchvision_network(model)
    if package == "timm" and model:
        return timm_network(model)
    if package == "open_clip" and model:
        from reinterpret.encoders.open_clip import open_clip_network

        return open_clip_network(model)
    raise EncoderError(f"unknown encoder {name!r}; choose one of {', '.join(encoder_names())}")
