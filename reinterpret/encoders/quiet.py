"""Silence around third-party code that talks while it loads or exports a network."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

_TALKATIVE = (
    "torch",
    "torch.onnx",
    "torch.export",
    "torch._dynamo",
    "onnxscript",
    "onnx_ir",
    "timm",
    "huggingface_hub",
    "open_clip",
)


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings, and no log messages below an error from the libraries we call, until the block ends.

    What they print (torch.hub: "Downloading ...") goes to stderr: stdout belongs to the results of the command line.
    """
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(sys.stderr):
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
