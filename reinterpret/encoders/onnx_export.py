"""A network with its weights goes in, the bytes of an ONNX model come out, with an example to check them by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from reinterpret.encoders.network import LoadedNetwork, reason, with_preprocessing
from reinterpret.encoders.quiet import quiet
from reinterpret.errors import EncoderError

# An ONNX file with its weights inside is one protobuf message, and those end at 2 GiB.
_WEIGHT_BYTES_AT_MOST = 2**31 - 2**24


@dataclass(frozen=True, slots=True)
class ExportedNetwork:
    """model: a serialised ModelProto that takes `frames` (N x H x W x 3 uint8).

    It gives `features` (N x D float32), and where the network has them `layouts` (N x 3 x 3 x C float32) and, as a
    constant, `readout` (K x D float32). example_frames, example_features: what torch gave for them, so that a runtime
    can be checked.
    """

    model: bytes
    example_frames: np.ndarray
    example_features: np.ndarray


def export_network(network: LoadedNetwork) -> ExportedNetwork:
    """The network as ONNX, with its normalisation inside and its version among the metadata; takes seconds.

    Raises EncoderError when torch cannot export it.
    """
    import torch

    size = sum(tensor.nbytes for tensor in network.features.state_dict().values())
    if size > _WEIGHT_BYTES_AT_MOST:
        raise EncoderError(f"the network is too large for the CPU runtime ({size / 2**30:.1f} GiB, at most 2)")
    module = with_preprocessing(network)
    frames = _example_frames(network)
    with quiet(), torch.no_grad():
        features = module(torch.from_numpy(frames))[0].numpy()
        try:
            program = torch.onnx.export(
                module,
                (torch.from_numpy(frames),),
                input_names=["frames"],
                output_names=["features", "layouts"][: 1 + network.has_map],
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                dynamo=True,
                verbose=False,
            )
        except Exception as error:  # the exporter runs the whole compiler, and raises what that raises
            raise EncoderError(f"the network cannot be exported for the CPU runtime ({reason(error)})") from error
    if program is None:
        raise EncoderError("the network cannot be exported for the CPU runtime (torch gave no program)")
    model = program.model_proto
    if network.readout is not None:
        _add_constant(model, "readout", network.readout)
    model.metadata_props.add(key="version", value=network.version)
    return ExportedNetwork(model.SerializeToString(), frames, features)


def _example_frames(network: LoadedNetwork) -> np.ndarray:
    """Three frames of noise, always the same; more than one, or the exporter would take the 1 for a constant."""
    shape = (3, network.frame_height, network.frame_width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def _add_constant(model: Any, name: str, values: np.ndarray) -> None:
    """An output of the model that is always the same, and costs nothing unless it is asked for."""
    import onnx

    model.graph.initializer.append(onnx.numpy_helper.from_array(values, f"{name}_values"))
    model.graph.node.append(onnx.helper.make_node("Identity", [f"{name}_values"], [name]))
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, values.shape))
