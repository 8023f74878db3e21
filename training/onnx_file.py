"""A trained network as an ONNX file, with what is to be known of its training in it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor


def write(
    network: torch.nn.Module,
    path: Path,
    example: Tensor,
    names: tuple[str, str],
    free: tuple[int, str],
    facts: dict[str, str],
) -> None:
    """example: of the input. names: of the input and the output. free: the axis of both that may be of any length."""
    import onnx

    axis, name = free
    torch.onnx.export(
        network.eval(), (example,), str(path), input_names=[names[0]], output_names=[names[1]],
        dynamic_axes={one: {axis: name} for one in names}, opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load(str(path))
    onnx.helper.set_model_props(model, facts)
    onnx.save(model, str(path))
