"""The network of the detector `fast`: tiny frames go in, for each frame the probability of every transition comes out.

Three sources, one view over time. What changed, measured: differences, distances of sorted values (which do not mind
movement), correlations (which do not mind light), where every block has come from, and how far a frame is from the mean
of those before and behind it (in a dissolve, not at all). What is seen, learnt: a small convolutional network over each
frame and its neighbours. How alike it is to what was seen: the cosine of learnt vectors at several distances, as
TransNetV2 does (Souček and Lokoč 2020). Then dilated convolutions over time (van den Oord et al. 2016).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

CLASSES = 5  # nothing, cut, dissolve, fade, wipe
# Luma of 48 x 32 folded into four planes of 24 x 16, and the two chroma planes as they are.
PLANES, ROWS, COLUMNS = 6, 16, 24
LAGS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
MEAN_LAGS = (1, 2, 3, 4, 6, 8, 12, 16)
MOVED_LAGS = (1, 3, 6)
# Blocks of 4 x 4 pixels are looked for in the earlier frame up to 2 rows and 4 columns away.
_REACH_ROWS, _REACH_COLUMNS = 2, 4
CELLS = (ROWS - 2 * _REACH_ROWS) // 4 * ((COLUMNS - 2 * _REACH_COLUMNS) // 4)
# How sharply the best place is preferred; in units of luma.
_SHARPNESS = 40.0
_FLAT = 1e-3


class CutNetwork(nn.Module):
    """B x T x 6 x 16 x 24 uint8, T larger than the longest lag, to B x T x 5 logits."""

    def __init__(self, width: int = 64, vector: int = 32) -> None:
        super().__init__()
        self.enter = _seen(PLANES, 16)
        self.shrink = _seen(16, 24, stride=2)
        self.early = _over_time(24, 24, 1)
        self.shrink_more = _seen(24, 40, stride=2)
        self.later = _over_time(40, 40, 2)
        self.squeeze = nn.Conv2d(40, 16, 1)
        self.look = nn.Linear(16 * (ROWS // 4) * (COLUMNS // 4), width)
        self.vector = nn.Linear(16 * (ROWS // 4) * (COLUMNS // 4), vector)
        measured = 5 * len(LAGS) + 2 * len(MEAN_LAGS) + 4 + 4 * CELLS * len(MOVED_LAGS)
        self.scale = nn.BatchNorm1d(measured)
        self.gather = nn.Conv1d(width + len(LAGS) + measured, width, 1)
        self.time = nn.ModuleList([_Dilated(width, dilation) for dilation in (1, 2, 4, 8, 16, 32, 1, 2, 4, 8, 1)])
        self.tell = nn.Conv1d(width, CLASSES, 1)

    def forward(self, frames: Tensor, measured: Tensor | None = None) -> Tensor:
        """measured: what `measure` says of these frames, where it is known already."""
        batch, time = frames.shape[0], frames.shape[1]
        pictures = frames.float().div(255)
        seen = self._see(pictures.reshape(-1, PLANES, ROWS, COLUMNS) - 0.5, batch, time)
        vectors = functional.normalize(self.vector(seen), dim=-1)
        alike = torch.stack([(vectors * _before(vectors, lag)).sum(-1) for lag in LAGS], dim=1)
        scaled = self.scale((measure(pictures) if measured is None else measured).transpose(1, 2))
        state = self.gather(torch.cat([self.look(seen).transpose(1, 2), alike, scaled], dim=1))
        for block in self.time:
            state = block(state)
        return self.tell(state).transpose(1, 2)

    def _see(self, pictures: Tensor, batch: int, time: int) -> Tensor:
        """What each frame shows, with its neighbours: B x T x 384."""
        half = self.shrink(self.enter(pictures))
        half = half + self._between(self.early, half, batch, time)
        quarter = self.shrink_more(half)
        quarter = quarter + self._between(self.later, quarter, batch, time)
        return functional.relu(self.squeeze(quarter)).reshape(batch, time, -1)

    @staticmethod
    def _between(layer: nn.Module, maps: Tensor, batch: int, time: int) -> Tensor:
        """A convolution over time of every place: maps BT x C x H x W."""
        channels, rows, columns = maps.shape[1:]
        line = maps.reshape(batch, time, channels, rows * columns).transpose(1, 2)
        return layer(line).transpose(1, 2).reshape(-1, channels, rows, columns)


def measure(pictures: Tensor) -> Tensor:
    """What changed between frames: B x T x 6 x 16 x 24 in 0..1 to B x T x M."""
    small = functional.avg_pool2d(pictures.flatten(0, 1), 2).unflatten(0, pictures.shape[:2])
    luma, chroma = small[:, :, :4].mean(2).flatten(2), small[:, :, 4:].flatten(2)
    fine = pictures[:, :, :4].mean(2).flatten(2)
    mean, deviation = fine.mean(-1), fine.std(-1)
    shape = (luma - luma.mean(-1, keepdim=True)) / (luma.std(-1, keepdim=True) + 0.02)
    ordered, colours = luma.sort(-1).values, chroma.sort(-1).values
    features = []
    for lag in LAGS:
        features += [(luma - _before(luma, lag)).abs().mean(-1), (chroma - _before(chroma, lag)).abs().mean(-1)]
        features += [(ordered - _before(ordered, lag)).abs().mean(-1), (colours - _before(colours, lag)).abs().mean(-1)]
        features.append(1 - (shape * _before(shape, lag)).mean(-1))
    for lag in MEAN_LAGS:
        before, behind = _before(fine, lag), _behind(fine, lag)
        features.append((fine - (before + behind) / 2).abs().mean(-1))
        features.append((behind - before).abs().mean(-1))
    features += [mean, deviation, (mean - _before(mean, 1)).abs(), (deviation - _before(deviation, 1)).abs()]
    # Roots: a difference of one level matters as much in the dark as one of ten in daylight.
    changes = torch.stack(features, dim=-1).clamp(min=0).add(_FLAT).sqrt()
    return torch.cat([changes, *(moved_blocks(pictures[:, :, :4].mean(2), lag) for lag in MOVED_LAGS)], dim=-1)


def moved_blocks(luma: Tensor, lag: int) -> Tensor:
    """Where the blocks of a frame come from: B x T x 16 x 24 in 0..1 to B x T x 4 CELLS.

    For each block: how much it differs from where it was, and from the best place nearby (roots), and how far down and
    to the right that is (-1 to 1). A pan moves all blocks alike; a wipe moves none, and some have come from nowhere.
    """
    down, right = _places()
    rows, columns = ROWS - 2 * _REACH_ROWS, COLUMNS - 2 * _REACH_COLUMNS
    now = luma[:, :, None, _REACH_ROWS : _REACH_ROWS + rows, _REACH_COLUMNS : _REACH_COLUMNS + columns]
    earlier = _before(luma, lag).unfold(3, columns, 1).transpose(2, 3)
    costs = []
    # Row by row: all 45 places at once leave the cache, one by one they take the runtime half a second to load.
    for row in range(2 * _REACH_ROWS + 1):
        differences = (now - earlier[:, :, :, row : row + rows]).abs().flatten(0, 1)
        costs.append(functional.avg_pool2d(differences, 4).flatten(2))
    cost = torch.cat(costs, dim=1).unflatten(0, luma.shape[:2]).transpose(2, 3)
    share = torch.softmax(-_SHARPNESS * cost, dim=-1)
    still = cost[..., len(down) // 2]
    moved = [share @ cost.new_tensor(down), share @ cost.new_tensor(right)]
    return torch.cat([still.add(_FLAT).sqrt(), cost.amin(-1).add(_FLAT).sqrt(), *moved], dim=-1)


def _places() -> tuple[list[float], list[float]]:
    """How far down and to the right a block has moved that was at each of the 45 places, row by row."""
    rows, columns = range(2 * _REACH_ROWS + 1), range(2 * _REACH_COLUMNS + 1)
    return (
        [(_REACH_ROWS - row) / _REACH_ROWS for row in rows for _ in columns],
        [(_REACH_COLUMNS - column) / _REACH_COLUMNS for _ in rows for column in columns],
    )


def _before(values: Tensor, lag: int) -> Tensor:
    """The values of `lag` frames earlier; at the beginning those of the first frame. B x T x ..."""
    return torch.cat([values[:, :1]] * lag + [values[:, :-lag]], dim=1)


def _behind(values: Tensor, lag: int) -> Tensor:
    return torch.cat([values[:, lag:]] + [values[:, -1:]] * lag, dim=1)


def _seen(inside: int, outside: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU(inplace=True)
    )


def _over_time(inside: int, outside: int, dilation: int) -> nn.Sequential:
    convolution = nn.Conv2d(inside, outside, (3, 1), padding=(dilation, 0), dilation=(dilation, 1), bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outside), nn.ReLU(inplace=True))


class _Dilated(nn.Module):
    """A residual convolution over time."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.convolution = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.mix = nn.Conv1d(width, width, 1)
        self.norm = nn.BatchNorm1d(width)

    def forward(self, state: Tensor) -> Tensor:
        return state + self.mix(functional.relu(self.norm(self.convolution(state))))
