"""The GPU runtime: a network and frames go in, vectors computed by torch in half precision come out."""

from __future__ import annotations

import ctypes
import os
import sys
import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

from reinterpret.encoders.network import Network, with_preprocessing
from reinterpret.encoders.quiet import quiet
from reinterpret.encoders.vectors import Seen, checked_pixels, unit_rows, without_layouts
from reinterpret.errors import EncoderError

if TYPE_CHECKING:
    from reinterpret.frames import FrameBatch

# Large enough to fill a GPU, small enough (35 MB of bytes, under 2 GB of activations for Lite0) for a small one.
_BATCH = 256


class TorchEncoder:
    """A network in torch. On the GPU in half precision; on the CPU, in single precision, it serves as reference."""

    def __init__(self, network: Network, *, device: Literal["cpu", "cuda"]) -> None:
        """Loads the weights and moves them to the device. Raises EncoderError."""
        import torch

        with quiet():
            loaded = network.load()
            module = with_preprocessing(loaded, half_precision=device == "cuda")
            # Frames come as N x H x W x 3: in this memory format the first convolution takes them as they lie.
            self._module = module.to(device).to(memory_format=torch.channels_last)
        self._device = device
        self._batch = _BATCH
        self.name = network.name
        self.version = loaded.version
        self.dimensions = loaded.dimensions
        self.readout = loaded.readout
        self.frame_width = loaded.frame_width
        self.frame_height = loaded.frame_height

    def embed(self, frames: FrameBatch) -> np.ndarray:
        """One vector a frame: N x dimensions float32 unit vectors. Raises ValueError for frames of another size.

        Raises EncoderError when the memory of the GPU is too small for a single frame.
        """
        return self.look(frames).vectors

    def look(self, frames: FrameBatch) -> Seen:
        """The same vectors, with the feature maps if the network has them."""
        import torch

        pixels = checked_pixels(frames, width=self.frame_width, height=self.frame_height)
        while True:
            try:
                features, *layouts = self._run(pixels)
                return Seen(unit_rows(features), *layouts) if layouts else without_layouts(unit_rows(features))
            except torch.OutOfMemoryError as error:
                if self._batch == 1:
                    raise EncoderError(f"the GPU has too little memory for {self.name}; use device 'cpu'") from error
            # Outside the except clause: the error held on to the tensors that did not fit.
            self._batch //= 2
            torch.cuda.empty_cache()

    def _run(self, pixels: np.ndarray) -> list[np.ndarray]:
        """N x H x W x 3 uint8 to N x dimensions float32 and, if there is a map, N x 3 x 3 x C.

        Uploads overlap with the work on the batch before.
        """
        import torch

        with torch.inference_mode():
            parts = [
                self._module(self._upload(pixels[start : start + self._batch]))
                for start in range(0, max(1, len(pixels)), self._batch)
            ]
            return [torch.cat(part).cpu().numpy() for part in zip(*parts, strict=True)]

    def _upload(self, pixels: np.ndarray) -> object:
        """The frames on the device, as bytes: a quarter of the traffic that floats would be."""
        import torch

        on_gpu = self._device == "cuda"
        staging = torch.empty(pixels.shape, dtype=torch.uint8, pin_memory=on_gpu)
        np.copyto(staging.numpy(), pixels)
        return staging.to(self._device, non_blocking=on_gpu)


def cuda_is_wanted(device: Literal["auto", "cpu", "cuda"]) -> bool:
    """Whether to compute on the GPU. Raises EncoderError when `cuda` was asked for and there is none.

    torch is imported only where the driver is installed: 5 seconds are too much for learning that there is no GPU.
    """
    if device == "cpu":
        return False
    if _cuda_may_be_there() and _cuda_is_available():
        return True
    if device == "cuda":
        raise EncoderError("device 'cuda' was asked for, but no CUDA GPU can be used here; use device 'cpu' or 'auto'")
    return False


def _cuda_may_be_there() -> bool:
    """Whether the NVIDIA driver is installed and not hidden; loads its library but does not start it."""
    if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
        return False
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def _cuda_is_available() -> bool:
    import torch

    with warnings.catch_warnings():
        # A driver that is too old is reported as a warning; that there is no usable GPU is all we want to know.
        warnings.simplefilter("ignore")
        return torch.cuda.is_available()
