"""Networks of this project's own: a file of weights goes in, what runs it comes out."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from reinterpret.errors import UsageError
from reinterpret.privacy import private_import


@cache
def session(path: Path) -> Any:
    """The network in an ONNX file, read once, for one thread each time it is run. Raises UsageError."""
    onnxruntime = private_import("onnxruntime")
    options = onnxruntime.SessionOptions()
    # Decoding keeps the other cores busy.
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors have no common type that it makes public
        raise UsageError(
            f"{path}: the weights of the detector fast cannot be read ({error}); install reinterpret again"
        ) from error
