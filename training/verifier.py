"""The network that looks at cuts in doubt: views go in, as `view` in reinterpret/shots/verification.py makes them.

A small residual network (He et al. 2016). What it must tell is a matter of places, here the picture is another and
there it has only moved, and of how much of the picture: so both the mean and the most of every feature are asked.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from reinterpret.shots.verification import FRAMES, MOVED_PLANES, VIEW_PLANES

LUMA_PLANES = len(FRAMES)
# Of the planes that a picture mirrored left to right, or top to bottom, turns round: what moves to the right, and down.
RIGHT, DOWN = tuple(MOVED_PLANES)[::2], tuple(MOVED_PLANES)[1::2]
# What makes the values of a view small: luma takes up all that int8 has, the others little.
_LUMA_SCALE, _SCALE = 64, 16
_WIDTHS = (32, 64, 96)
_DROPPED = 0.1


class VerificationNetwork(nn.Module):
    """N x 36 x 48 x 72 int8 to N logits: that there is a cut in the middle."""

    def __init__(self) -> None:
        super().__init__()
        first, second, third = _WIDTHS
        self.body = nn.Sequential(
            _halved(VIEW_PLANES, first),
            _halved(first, second),
            _Residual(second),
            _halved(second, third),
            _Residual(third),
        )
        self.drop = nn.Dropout(_DROPPED)
        self.tell = nn.Linear(2 * third, 1)

    def forward(self, views: Tensor) -> Tensor:
        return self.logits(scaled(views))

    def logits(self, planes: Tensor) -> Tensor:
        """Of views that are scaled."""
        features = self.body(planes)
        pooled = torch.cat([features.mean((2, 3)), features.amax((2, 3))], dim=1)
        logits: Tensor = self.tell(self.drop(pooled))
        return logits[:, 0]


def scaled(views: Tensor) -> Tensor:
    """Views as the numbers that the network computes with."""
    return views.float() / _scales()[:, None, None]


def varied(views: Tensor) -> Tensor:
    """Views, N x 48 x 72 x 36 int8, scaled, mirrored, in another light: N x 36 x 48 x 72 bfloat16, from torch's lot."""
    turned = torch.ones(VIEW_PLANES)
    across, down = torch.rand(2)
    if across < 0.5:
        views = views.flip(2)
        turned[list(RIGHT)] = -1
    if down < 0.3:
        views = views.flip(1)
        turned[list(DOWN)] = -1
    gain, lift = torch.ones(len(views), VIEW_PLANES), torch.zeros(len(views), VIEW_PLANES)
    gain[:, :LUMA_PLANES] += 0.2 * torch.randn(len(views), 1)
    lift[:, :LUMA_PLANES] += 0.2 * torch.randn(len(views), 1)
    factors = (gain * turned / _scales())[:, None, None].bfloat16()
    return (views.bfloat16() * factors + lift[:, None, None].bfloat16()).permute(0, 3, 1, 2)


def _scales() -> Tensor:
    scales = torch.full((VIEW_PLANES,), float(_SCALE))
    scales[:LUMA_PLANES] = _LUMA_SCALE
    return scales


def _halved(inside: int, outside: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inside, outside, 3, 2, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU())


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
            nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width),
        )  # fmt: skip

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.layers(features))
