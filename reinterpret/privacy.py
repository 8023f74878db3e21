"""Libraries that would report, or write files, of their own accord are told not to before they are imported.

What each of them does, and what was seen when it was looked at, stands in docs/security.md.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any

# Off whatever the environment says: nobody who runs this program has asked for either.
# onnxruntime reads its variable once, while it is imported: set later, it does nothing, and the function that it has
# for this, `disable_telemetry_events`, comes after the device id and the database have been written.
# huggingface-hub (which timm and open_clip import) and hf-xet read theirs before the first request.
_OFF = {"ORT_DISABLE_TELEMETRY": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

# These import torch's compiler, which makes a folder for compiled code at once.
_WITH_COMPILER = frozenset({"open_clip", "timm", "torchvision"})
_COMPILER_FOLDER = "TORCHINDUCTOR_CACHE_DIR"


def keep_private() -> None:
    """Switch off what libraries report, in this process and in those that it starts. It costs nothing to call again."""
    os.environ.update(_OFF)


def private_import(name: str) -> Any:
    """The module of that name, imported with its reports switched off.

    onnxruntime, open_clip, timm and torchvision are imported here and nowhere else; a test holds that.
    """
    keep_private()
    if name in _WITH_COMPILER and name not in sys.modules:
        _keep_compiled_code()
    return import_module(name)


def _keep_compiled_code() -> None:
    """Let torch's compiler put its folder into our cache: its own choice is a known name in a folder of everybody's.

    We compile nothing, so it stays empty. A folder that the user has named stays hers.
    """
    from reinterpret.files import cache_folder

    folder = cache_folder("torch")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return  # torch would fail there; without a cache of ours it may have its way
    os.environ.setdefault(_COMPILER_FOLDER, str(folder))
