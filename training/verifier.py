"""The network that looks at cuts in doubt: views go in, as `view_at` in reinterpret/shots/verification.py makes them.

A small residual network (He et al. 2016). What it must tell is a matter of places, here the picture is another and
there it has only moved, and of how much of the picture: so both the mean and the most of every feature are asked.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from reinterpret.shots.verification import VIEW_PLANES

LUMA_PLANES = 6
# Of the planes that a picture mirrored left to right, or top to bottom, turns round: what moves to the right, and down.
RIGHT, DOWN = (11, 13, 15), (12, 14, 16)
# What makes the values of a view small: luma takes up all that int8 has, the others little.
_LUMA_SCALE, _SCALE = 64, 16
_WIDTHS = (24, 40, 64)
_DROPPED = 0.1


class VerificationNetwork(nn.Module):
    """N x 20 x 48 x 72 int8 to N logits: that there is a cut in the middle."""

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
    return torch.cat([views[:, :LUMA_PLANES].float() / _LUMA_SCALE, views[:, LUMA_PLANES:].float() / _SCALE], dim=1)


def varied(planes: Tensor) -> Tensor:
    """The same views, N x 20 x 48 x 72 and scaled, mirrored, in another light: drawn from torch's own lot."""
    across, down = torch.rand(2)
    if across < 0.5:
        planes = planes.flip(3)
        planes[:, RIGHT] *= -1
    if down < 0.3:
        planes = planes.flip(2)
        planes[:, DOWN] *= -1
    gain, lift = 0.2 * torch.randn(2, len(planes), 1, 1, 1)
    return torch.cat([planes[:, :LUMA_PLANES] * (1 + gain) + lift, planes[:, LUMA_PLANES:]], dim=1)


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
