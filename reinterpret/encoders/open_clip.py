"""CLIP networks of the package open_clip (extra `[clip]`), which place pictures and texts in one space.

`open_clip:MODEL/PRETRAINED`, where PRETRAINED is one of open_clip's tags, fetched once if there is a connection, or a
weights file: safetensors, or what torch.save has written, read as tensors only. The picture side is a network like any
other, exported for the CPU; the text side runs in torch, on the CPU. Frames are squeezed to the network's own square.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reinterpret.encoders.model_zoo import grey_levels, network_key, require_known, tensor_checksum
from reinterpret.encoders.network import PREPROCESSING_REVISION, LoadedNetwork, Network, file_checksum, reason
from reinterpret.encoders.quiet import quiet
from reinterpret.encoders.vectors import unit_rows
from reinterpret.errors import EncoderError
from reinterpret.privacy import private_import

if TYPE_CHECKING:
    import torch

PREFIX = "open_clip:"


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """The text side of a CLIP network. Made by `load_text_encoder`."""

    model: Any
    tokenizer: Any
    version: str
    """That of the encoder, whose vectors these may be compared with."""

    def embed(self, texts: list[str]) -> np.ndarray:
        """One vector a text: N x dimensions float32, unit rows. What is longer than the network reads is cut off."""
        import torch

        with quiet(), torch.inference_mode():
            return unit_rows(self.model.encode_text(self.tokenizer(texts)).float().numpy())


def open_clip_network(model_and_weights: str) -> Network:
    """`open_clip:MODEL/PRETRAINED`, by what follows the colon. Raises EncoderError."""
    name = PREFIX + model_and_weights
    _require_package(name)
    _, file = _parts(name)
    try:
        checksum = file_checksum(file) if file else ""
    except OSError as error:
        raise EncoderError(f"the weights file {file} cannot be read ({error.strerror})") from error
    return Network(name=name, key=network_key(name, "open_clip_torch", checksum), load=lambda: _load_pictures(name))


@lru_cache(maxsize=1)
def load_text_encoder(name: str) -> TextEncoder:
    """What reads texts for the encoder `open_clip:MODEL/PRETRAINED`; takes seconds. Raises EncoderError."""
    model = _load(name)
    open_clip = private_import("open_clip")
    with _hushed():
        try:
            tokenizer = open_clip.get_tokenizer(_parts(name)[0])
        except Exception as error:  # some models have their words from a hub, whose client raises what it likes
            raise _missing(name, error) from error
    return TextEncoder(model, tokenizer, _version(model))


def _parts(name: str) -> tuple[str, Path | None]:
    """The model, and the weights if they are a file and not a tag. Raises EncoderError."""
    model, slash, weights = name.removeprefix(PREFIX).partition("/")
    if not (model and slash and weights):
        raise EncoderError(f"expected open_clip:MODEL/PRETRAINED, such as open_clip:ViT-B-32/openai, got {name!r}")
    path = Path(weights)
    # No tag has a dot or a slash in it.
    return model, path if "/" in weights or path.suffix else None


def _load(name: str) -> Any:
    """The whole network, on the CPU, in evaluation mode. Raises EncoderError."""
    _require_package(name)
    with _hushed():
        open_clip = private_import("open_clip")
        model, file = _parts(name)
        require_known(name, model, open_clip.list_models())
        tag = name.removeprefix(f"{PREFIX}{model}/")
        tags = open_clip.list_pretrained_tags_by_model(model)
        if file is None and tag not in tags:
            raise EncoderError(
                f"{name}: {model} has no weights {tag!r}; choose {', '.join(tags) or 'a model that has some'}, or name "
                "a weights file with its folder or its suffix"
            )
        try:
            # Files are read by the package as safetensors or with weights_only: nothing in them can run code.
            loaded = open_clip.create_model(
                model, pretrained=str(file or tag), device="cpu", weights_only=True, require_pretrained=True
            )
        except Exception as error:  # no network, no server, a torn file and a wrong one all differ
            raise _missing(name, error) from error
    return loaded.eval()


def _load_pictures(name: str) -> LoadedNetwork:
    model = _load(name)
    settings = model.visual.preprocess_cfg
    size = settings["size"]
    height, width = (size, size) if isinstance(size, int) else size
    dimensions, has_map = _outputs(name, model.visual, width, height)
    return LoadedNetwork(
        features=_with_map(model.visual) if has_map else model.visual,
        version=_version(model),
        dimensions=dimensions,
        frame_width=width,
        frame_height=height,
        mean=grey_levels(settings["mean"]),
        deviation=grey_levels(settings["std"]),
        has_map=has_map,
    )


def _with_map(visual: torch.nn.Module) -> torch.nn.Module:
    """The picture side, which also gives the last layer's states where they lie in the picture."""
    import torch

    class WithMap(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.visual = visual

        def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            seen = self.visual.forward_intermediates(frames, indices=1, output_fmt="NCHW")  # type: ignore[operator]
            return seen["image_features"], seen["image_intermediates"][-1]

    return WithMap().eval()


def _outputs(name: str, visual: torch.nn.Module, width: int, height: int) -> tuple[int, bool]:
    """The length of its vectors, and whether it can tell its feature map, which not every kind of network can."""
    import torch

    frames = torch.zeros(1, 3, height, width)
    with torch.inference_mode():
        features = visual(frames)
        if not isinstance(features, torch.Tensor) or features.ndim != 2:
            raise EncoderError(f"{name} does not give one vector a frame; use another model")
        try:
            same, feature_map = _with_map(visual)(frames)
        except (AttributeError, NotImplementedError, TypeError, KeyError, RuntimeError, AssertionError):
            return int(features.shape[1]), False
    return int(features.shape[1]), feature_map.ndim == 4 and torch.allclose(same, features, atol=1e-4)


def _version(model: torch.nn.Module) -> str:
    return f"{tensor_checksum(model)[:12]}.{PREPROCESSING_REVISION}"


def _require_package(name: str) -> None:
    try:
        package_version("open_clip_torch")
    except PackageNotFoundError as error:
        raise EncoderError(f"{name} needs a package more: pip install 'reinterpret[clip]'") from error


def _missing(name: str, error: Exception) -> EncoderError:
    return EncoderError(
        f"the weights of {name} are not on this machine, do not fit, or could not be downloaded ({reason(error)}); "
        "name a weights file, as in open_clip:MODEL/FILE.safetensors, or try again with the internet"
    )


@contextmanager
def _hushed() -> Iterator[None]:
    """Quiet, and the root logger as it was: the package logs to that, which would give it a handler for good.

    What it logs as an error it raises as well.
    """
    root, nothing = logging.getLogger(), logging.NullHandler()
    level = root.level
    root.addHandler(nothing)
    root.setLevel(logging.CRITICAL + 1)
    try:
        with quiet():
            yield
    finally:
        root.setLevel(level)
        root.removeHandler(nothing)
