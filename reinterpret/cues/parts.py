"""Vectors made of parts: each part a unit vector with a weight of its own, side by side in one unit vector."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def joined(parts: Sequence[tuple[float, np.ndarray]]) -> np.ndarray:
    """One unit vector of (weight, unit vector) pairs: float32, as long as all parts together.

    The cosine of two such vectors is the mean of the cosines of their parts, by weight.

    >>> joined([(3.0, np.array([1.0, 0.0])), (1.0, np.array([1.0]))]).round(3).tolist()
    [0.8659999966621399, 0.0, 0.5]
    """
    total = sum(weight for weight, _ in parts)
    whole = np.concatenate([np.sqrt(weight / total) * part for weight, part in parts]).astype(np.float32)
    return np.asarray(whole / np.linalg.norm(whole), np.float32)


def or_nothing(values: np.ndarray, least: float = 1e-6) -> np.ndarray:
    """The direction of a vector, with one more number behind it: 1 where the vector has none, else 0.

    So that nothing resembles nothing, and is at right angles to everything else.

    >>> or_nothing(np.array([0.0, 4.0])).tolist(), or_nothing(np.array([0.0, 0.0])).tolist()
    ([0.0, 1.0, 0.0], [0.0, 0.0, 1.0])
    """
    length = float(np.linalg.norm(values))
    if length <= least:
        return np.append(np.zeros(values.size), 1.0)
    return np.append(values.ravel() / length, 0.0)


def centred(values: np.ndarray) -> np.ndarray:
    """The direction in which a vector departs from its mean; zeros where it does not.

    >>> centred(np.array([1.0, 3.0, 2.0])).round(3).tolist()
    [-0.707, 0.707, 0.0]
    """
    apart = values - values.mean()
    length = float(np.linalg.norm(apart))
    return np.asarray(apart / length if length > 1e-9 else np.zeros_like(apart))


def soft_bins(values: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """How much each value belongs to each of the ascending centres: ... x K, rows sum to 1.

    A value between two centres is shared between them by its distance; beyond the ends it belongs to the last one.

    >>> soft_bins(np.array([0.25, 3.0]), np.array([0.0, 1.0, 2.0])).tolist()
    [[0.75, 0.25, 0.0], [0.0, 0.0, 1.0]]
    """
    held = np.clip(np.asarray(values, np.float64), centres[0], centres[-1])
    upper = np.clip(np.searchsorted(centres, held, side="right"), 1, len(centres) - 1)
    below, above = centres[upper - 1], centres[upper]
    share = (held - below) / (above - below)
    steps = np.arange(len(centres))
    belongs = (steps == upper[..., None]) * share[..., None] + (steps == (upper - 1)[..., None]) * (
        1 - share[..., None]
    )
    return np.asarray(belongs)


def soft_histogram(values: np.ndarray, centres: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
    """The sum of `soft_bins` over N values, by weight: K. Faster where N is large.

    >>> soft_histogram(np.array([0.25, 3.0]), np.array([0.0, 1.0, 2.0])).tolist()
    [0.75, 0.25, 1.0]
    """
    held = np.clip(values, centres[0], centres[-1])
    upper = np.clip(np.searchsorted(centres, held, side="right"), 1, len(centres) - 1)
    share = (held - centres[upper - 1]) / (centres[upper] - centres[upper - 1])
    weights = np.ones(len(held)) if weights is None else weights
    above = np.bincount(upper, weights * share, len(centres))
    return np.asarray(above + np.bincount(upper - 1, weights * (1 - share), len(centres)))


def spread_over(count: int, most: int) -> list[int]:
    """At most `most` of `count` positions, the middles of equal parts.

    >>> spread_over(9, 3), spread_over(2, 3)
    ([1, 4, 7], [0, 1])
    """
    taken = min(count, most)
    return [int((step + 0.5) * count / taken) for step in range(taken)]
