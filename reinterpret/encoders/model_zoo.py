"""Networks of torchvision and timm, for those who have their weights or the internet.

The vector is what the classifier would see. Weights are read as tensors only (safetensors, or torch's weights_only),
so that a file from elsewhere cannot run code.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable
from importlib.metadata import version as package_version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reinterpret.encoders.network import (
    FRAME_HEIGHT_PX,
    FRAME_WIDTH_PX,
    PREPROCESSING_REVISION,
    LoadedNetwork,
    Network,
    file_checksum,
    reason,
)
from reinterpret.errors import EncoderError
from reinterpret.privacy import private_import

if TYPE_CHECKING:
    import torch

# These two were trained on another scale than their weights' transforms say, and undo it inside when told to; and
# without init_weights=False they spend half a minute on numbers that are overwritten at once.
_TORCHVISION_OPTIONS: dict[str, dict[str, bool]] = {
    "googlenet": {"transform_input": True, "init_weights": False},
    "inception_v3": {"transform_input": True, "init_weights": False},
}


def torchvision_network(model: str) -> Network:
    """`torchvision:MODEL`, a classifier of torchvision with its default weights."""
    name = f"torchvision:{model}"
    return Network(name=name, key=network_key(name, "torchvision"), load=lambda: _load_torchvision(name, model))


def timm_network(model: str) -> Network:
    """`timm:MODEL` with its published weights, or `timm:MODEL@FILE` with those of a file.

    Raises EncoderError when FILE cannot be read.
    """
    name = f"timm:{model}"
    architecture, _, file = model.partition("@")
    path = Path(file) if file else None
    try:
        checksum = file_checksum(path) if path else ""
    except OSError as error:
        raise EncoderError(f"the weights file {path} cannot be read ({error.strerror})") from error
    return Network(
        name=name, key=network_key(name, "timm", checksum), load=lambda: _load_timm(name, architecture, path)
    )


def network_key(name: str, package: str, checksum: str = "") -> str:
    """What names the cached graph: known without torch, and new with every release of the package.

    The weights themselves are not looked at when they are the published ones; a graph in the cache goes on working
    when they are gone.
    """
    facts = "\n".join([name, package_version(package), checksum, str(PREPROCESSING_REVISION)])
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def _load_torchvision(name: str, model: str) -> LoadedNetwork:
    torchvision = private_import("torchvision")
    known = torchvision.models.list_models(module=torchvision.models)
    require_known(name, model, known)
    weights = torchvision.models.get_model_weights(model).DEFAULT
    try:
        tensors = weights.get_state_dict(progress=False, check_hash=True, weights_only=True, map_location="cpu")
        network = torchvision.models.get_model(model, weights=None, **_TORCHVISION_OPTIONS.get(model, {}))
        network.load_state_dict(tensors)
    except Exception as error:  # no network, no server, a torn file and a wrong one all differ
        raise _weights_missing(name, error) from error
    _drop_classifier(name, network)
    transforms = weights.transforms()
    own_size = int(transforms.crop_size[0])
    return _loaded(name, network, mean=transforms.mean, deviation=transforms.std, own_size=(own_size, own_size))


def _load_timm(name: str, architecture: str, path: Path | None) -> LoadedNetwork:
    timm = private_import("timm")
    if not timm.is_model(architecture):
        require_known(name, architecture, timm.list_models())
    # Some architectures would read a file in their first authors' format (custom_load); ours are timm's own.
    overlay = {"file": str(path), "custom_load": False} if path else None
    try:
        network = timm.create_model(architecture, pretrained=True, num_classes=0, pretrained_cfg_overlay=overlay)
    except Exception as error:  # the hub's client raises whatever its HTTP library does
        raise _weights_missing(name, error) from error
    own_height, own_width = network.pretrained_cfg["input_size"][1:]
    mean, deviation = network.pretrained_cfg["mean"], network.pretrained_cfg["std"]
    return _loaded(name, network, mean=mean, deviation=deviation, own_size=(own_width, own_height))


def require_known(name: str, model: str, known: Iterable[str]) -> None:
    """Raises EncoderError, with the names that look alike, when there is no such model."""
    names = list(known)
    if model not in names:
        alike = difflib.get_close_matches(model, names, n=5)
        hint = f"; did you mean {', '.join(alike)}?" if alike else ""
        raise EncoderError(f"unknown encoder {name!r}: {name.partition(':')[0]} has no model {model!r}{hint}")


def _weights_missing(name: str, error: Exception) -> EncoderError:
    return EncoderError(
        f"the weights of {name} are not on this machine, do not fit, or could not be downloaded "
        f"({reason(error)}); use the default encoder efficientnet-lite0, which needs no download, or try again "
        "with the internet"
    )


def _drop_classifier(name: str, network: torch.nn.Module) -> None:
    """Puts nothing in the place of the last linear layer, so that the network gives what that layer was given."""
    import torch

    layers = [layer for layer, module in network.named_modules() if isinstance(module, torch.nn.Linear)]
    if not layers:
        raise EncoderError(f"{name} has no linear classifier that features could be taken before; use another model")
    parent, _, child = layers[-1].rpartition(".")
    setattr(network.get_submodule(parent), child, torch.nn.Identity())


def _loaded(
    name: str, network: torch.nn.Module, *, mean: Any, deviation: Any, own_size: tuple[int, int]
) -> LoadedNetwork:
    """The network with the frame size it can take: ours, or its own when it insists (vision transformers)."""
    network.eval()
    checksum = tensor_checksum(network)
    for width, height in ((FRAME_WIDTH_PX, FRAME_HEIGHT_PX), own_size):
        dimensions = _dimensions_at(network, width, height)
        if dimensions is not None:
            return LoadedNetwork(
                features=network,
                version=f"{checksum[:12]}-{width}x{height}.{PREPROCESSING_REVISION}",
                dimensions=dimensions,
                frame_width=width,
                frame_height=height,
                mean=grey_levels(mean),
                deviation=grey_levels(deviation),
            )
    raise EncoderError(f"{name} does not give one vector a frame; use another model")


def _dimensions_at(network: torch.nn.Module, width: int, height: int) -> int | None:
    """The length of the vector for a frame of that size; None when the network cannot take it."""
    import torch

    try:
        with torch.inference_mode():
            features = network(torch.zeros(1, 3, height, width))
    except (AssertionError, RuntimeError, ValueError):
        return None
    return int(features.shape[1]) if isinstance(features, torch.Tensor) and features.ndim == 2 else None


def grey_levels(fractions: Any) -> tuple[float, float, float]:
    """A colour on the scale 0..1, brought to 0..255."""
    red, green, blue = (float(fraction) * 255 for fraction in fractions)
    return red, green, blue


def tensor_checksum(network: torch.nn.Module) -> str:
    """The SHA-256 of the names, shapes and bytes of all tensors, in hex: the same whatever file they came from."""
    import torch

    checksum = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        checksum.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        checksum.update(tensor.contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return checksum.hexdigest()
