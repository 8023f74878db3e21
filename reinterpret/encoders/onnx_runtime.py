"""The CPU runtime: a network and frames go in, vectors computed by onnxruntime come out.

The network is exported once and kept as a file. When that is there, torch is never imported.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from reinterpret.encoders.network import Network
from reinterpret.encoders.vectors import LAYOUT_CELLS, Seen, checked_pixels, unit_rows
from reinterpret.errors import EncoderError
from reinterpret.files import cache_folder, renamed_into
from reinterpret.privacy import private_import

if TYPE_CHECKING:
    import onnxruntime

    from reinterpret.frames import FrameBatch

_logger = logging.getLogger(__name__)

# Raise this whenever the exported graph changes although the vectors do not.
_EXPORT_REVISION = 2

# Measured with Lite0 on 2 cores, in ms a frame with 1 and with 2 threads: batches of 1: 4.5 and 4.3, of 4: 4.4 and
# 2.5, of 8: 5.0 and 2.6, of 16: 6.0 and 3.0. Larger batches fall out of the cache.
_BATCH = 4

# How far an exported network may be from torch, in any number of a unit vector. Measured for Lite0: 1e-6.
_TOLERANCE = 1e-4

# The start of a metadata entry of a ModelProto (field 14, 74 bytes: the key "sha256" and 64 digits). A protobuf
# message may be continued by appending fields, so a file that ends with such an entry is still plain ONNX.
_SEAL_START = b"\x72\x4a\x0a\x06sha256\x12\x40"
_SEAL_LENGTH = len(_SEAL_START) + 64


class OnnxEncoder:
    """A network in onnxruntime. Several threads may call `embed` at once."""

    def __init__(self, name: str, session: onnxruntime.InferenceSession) -> None:
        self._session = session
        self.name = name
        self.version: str = session.get_modelmeta().custom_metadata_map["version"]
        _, self.frame_height, self.frame_width, _ = session.get_inputs()[0].shape
        outputs = {output.name: output.shape for output in session.get_outputs()}
        self.dimensions: int = outputs["features"][1]
        self._channels: int = outputs["layouts"][3] if "layouts" in outputs else 0
        self.readout: np.ndarray | None = None
        if "readout" in outputs:
            frame = np.zeros((1, self.frame_height, self.frame_width, 3), np.uint8)
            self.readout = np.asarray(session.run(["readout"], {"frames": frame})[0])

    def embed(self, frames: FrameBatch) -> np.ndarray:
        """One vector a frame: N x dimensions float32 unit vectors. Raises ValueError for frames of another size."""
        return self.look(frames).vectors

    def look(self, frames: FrameBatch) -> Seen:
        """The same vectors, with the feature maps if the network has them."""
        pixels = checked_pixels(frames, width=self.frame_width, height=self.frame_height)
        features = np.empty((len(pixels), self.dimensions), np.float32)
        layouts = np.empty((len(pixels), LAYOUT_CELLS, LAYOUT_CELLS, self._channels), np.float32)
        for start in range(0, len(pixels), _BATCH):
            batch = slice(start, start + _BATCH)
            features[batch], *rest = _run(self._session, pixels[batch])
            if rest:
                layouts[batch] = rest[0]
        return Seen(unit_rows(features), layouts)


def load_onnx_encoder(network: Network, *, threads: int | None = None) -> OnnxEncoder:
    """The network from the cache, or else exported and put there. Raises EncoderError."""
    path = cache_folder("encoders") / _file_name(network)
    model = _read_sealed(path)
    if model is None:
        model = _exported(network)
        _write_sealed(path, model)
    return OnnxEncoder(network.name, _open_session(model, threads))


def _file_name(network: Network) -> str:
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", network.name)[:80]
    return f"{readable}-{network.key}.{_EXPORT_REVISION}.onnx"


def _exported(network: Network) -> bytes:
    """The network as a sealed ONNX model that was seen to give torch's numbers. Imports torch; takes seconds."""
    from reinterpret.encoders.onnx_export import export_network
    from reinterpret.encoders.quiet import quiet

    _logger.info("preparing the encoder %s for this machine (only once, half a minute)", network.name)
    with quiet():
        loaded = network.load()
    exported = export_network(loaded)
    features = _run(_open_session(exported.model, None), exported.example_frames)[0]
    difference = float(np.abs(unit_rows(features) - unit_rows(exported.example_features)).max())
    if difference > _TOLERANCE:
        raise EncoderError(
            f"{network.name} gives other vectors in the CPU runtime than in torch (by {difference:.1g}, at most "
            f"{_TOLERANCE:g}); use another encoder"
        )
    return exported.model + _seal(exported.model)


def _seal(model: bytes) -> bytes:
    """The metadata entry that makes the bytes before it checkable."""
    return _SEAL_START + hashlib.sha256(model).hexdigest().encode()


def _read_sealed(path: Path) -> bytes | None:
    """The bytes of the model; None when there is no file, or one that is not whole."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    if content[-_SEAL_LENGTH:] == _seal(content[:-_SEAL_LENGTH]):
        return content
    _logger.warning("%s is damaged and is made again", path)
    return None


def _write_sealed(path: Path, model: bytes) -> None:
    """Keeps the model for the next time: whole or not at all, whoever else is writing. It may fail, with a warning."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with renamed_into(path) as temporary:
            temporary.write_bytes(model)
    except OSError as error:
        _logger.warning(
            "the exported network cannot be kept in %s (%s); it is made again each time", path.parent, error
        )


def _open_session(model: bytes, threads: int | None) -> onnxruntime.InferenceSession:
    """The model, ready to run. Raises EncoderError."""
    onnxruntime = private_import("onnxruntime")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or _core_count()
    options.inter_op_num_threads = 1
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    # Threads that spin while they wait are faster alone, and take the cores away from decoders and other workers.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors; it would warn about initialisers of no use to anyone here
    try:
        return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common type that it makes public
        raise EncoderError(f"onnxruntime {onnxruntime.__version__} cannot run the network ({error})") from error


def _core_count() -> int:
    """The cores this process may use, which in a container are fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _run(session: onnxruntime.InferenceSession, pixels: np.ndarray) -> list[np.ndarray]:
    """N x H x W x 3 uint8 to N x dimensions float32, not normalised, and, if there is a map, N x 3 x 3 x C."""
    wanted = [output.name for output in session.get_outputs() if output.name != "readout"]
    seen: list[np.ndarray] = session.run(wanted, {"frames": np.ascontiguousarray(pixels)})
    return seen
