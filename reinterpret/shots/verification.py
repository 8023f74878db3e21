"""Verification: a cut that is in doubt and the six frames around it go in, how likely it is a cut comes out.

The network that finds cuts sees 48 x 32 pixels, and takes a hand before the lens for a cut and a jump within one scene
for none. Where it doubts, the frames are looked at once more, larger, and as one would by eye: can the picture before
be moved so that it becomes the one after, as it can from frame to frame within a shot? What is cheap proposes, what is
dear verifies, as in retrieval (J. Philbin et al., "Object retrieval with large vocabularies and fast spatial matching",
CVPR 2007).

The pictures are moved by dense inverse search (T. Kroeger et al., ECCV 2016), begun from nowhere and from the shift
that a phase correlation finds (C. D. Kuglin and D. C. Hines, 1975). A second small network looks at them, at what is
left once they are moved, and at how alike that is; docs/fast-detector.md tells how it was trained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reinterpret.shots.weights import session

WEIGHTS = Path(__file__).with_name("verification.onnx")
# Scores of cuts that are looked at: of those below none in a hundred is a cut, of those above all are.
LEAST_DOUBTFUL, MOST_DOUBTFUL = 0.05, 0.95
# Frames to either side whose scores tell something: one cut has one peak.
_NEAR_FRAMES = 2
# What is looked at: so many frames before the cut and behind it, and how large. Three times as wide and as high as the
# chromas that the detector keeps.
FRAMES_BESIDE = 3
WIDTH, HEIGHT = 72, 48
VIEW_PLANES = 24
# Likeness is that of details: of what is left of the picture without the mean of so many pixels around each; and it
# is the mean over so many.
_DETAIL, _AROUND = 5, 7
# Variance of details, in levels, that noise and compression make: with less there is nothing to see.
_NOISE = 4.0
# From this many pixels on a shift is worth starting from.
_LEAST_SHIFT = 1.5
# As int8: levels are halved, of a pixel there are four steps, and of likeness 20.
_PIXEL_STEPS, _LIKENESS_STEPS = 4, 20
# Beyond this, differences of scores mean nothing.
_SURE_SCORE = 0.999


class Evidence(NamedTuple):
    """What speaks for a cut and against it."""

    score: float
    """Of the network that found it, as log odds."""
    look: float
    """Of the network that looked at it, forwards and backwards, as log odds."""


# Fitted by training/verify.py, which prints these lines.
_BIAS = 0.42
_WEIGHTS = Evidence(0.77, 0.72)


class Verifier:
    """Looks at cuts in doubt."""

    def __init__(self, weights: Path = WEIGHTS) -> None:
        self._weights = weights

    def verified(
        self, cut: np.ndarray, luma: Sequence[np.ndarray], chroma: np.ndarray, first: int, end: int
    ) -> np.ndarray:
        """The scores of frames with those that were in doubt decided, as far as it can be.

        cut: N numbers from 0 to 1. luma, chroma: of the same frames, N times H x W uint8, and N x 2 x 16 x 24 uint8.
        first, end: which are decided on; the others are there to be compared with. Raises UsageError.
        """
        decided = cut.copy()
        peaks = doubtful(cut, first, end)
        for number in peaks:
            likely = probability(self.evidence(cut, luma, chroma, number))
            # The slopes of the peak must not become one. Another peak as near as that is decided on its own.
            for near in range(max(0, number - _NEAR_FRAMES), min(len(cut), number + _NEAR_FRAMES + 1)):
                if near not in peaks and cut[near] <= cut[number]:
                    decided[near] = min(decided[near], likely)
            decided[number] = likely
        return decided

    def evidence(self, cut: np.ndarray, luma: Sequence[np.ndarray], chroma: np.ndarray, number: int) -> Evidence:
        """About a cut before frame `number`; the others as in `verified`."""
        places = np.clip(np.arange(number - FRAMES_BESIDE, number + FRAMES_BESIDE), 0, len(luma) - 1)
        pictures, colours = [luma[place] for place in places], chroma[places]
        views = np.stack([view(pictures, colours), view(pictures[::-1], colours[::-1])])
        (logits,) = session(self._weights).run(None, {"views": views})
        return Evidence(score=_log_odds(cut[number]), look=float(logits.mean()))


def view(luma: Sequence[np.ndarray], chroma: np.ndarray) -> np.ndarray:
    """What is looked at to verify a cut in the middle of six frames: 24 x 48 x 72 int8.

    luma: six times H x W uint8. chroma: 6 x 2 x 16 x 24 uint8.

    The planes are the luma of all six, less 128; of four pairs, the neighbours in the middle and the first with the
    last, what is left of the earlier once it is taken from the later one, moved, halved; the change of both chromas at
    the cut; how far the pixels of the pairs have moved, to the right and down in turn, in quarters; and the likeness of
    their details.
    """
    import cv2

    small = [cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for picture in luma]
    # The neighbours in the middle, and the first with the last: is the picture back there?
    pairs = [_compared(*pair) for pair in [*pairwise(small[1:-1]), (small[0], small[-1])]]
    change = chroma[FRAMES_BESIDE].astype(np.int16) - chroma[FRAMES_BESIDE - 1]
    planes = [
        np.stack(small).astype(np.int16) - 128,
        np.stack([one.residual for one in pairs]),
        change.repeat(HEIGHT // change.shape[1], axis=1).repeat(WIDTH // change.shape[2], axis=2),
        np.concatenate([one.moved for one in pairs]) * _PIXEL_STEPS,
        np.stack([one.likeness for one in pairs]) * _LIKENESS_STEPS,
    ]
    return np.concatenate([np.clip(plane, -128, 127).astype(np.int8) for plane in planes])


class _Compared(NamedTuple):
    """Two pictures, of which one was moved to be like the other."""

    residual: np.ndarray
    """48 x 72: half of what the difference is then, in levels."""
    moved: np.ndarray
    """2 x 48 x 72: by how many pixels to the right, and down."""
    likeness: np.ndarray
    """48 x 72: the correlation of details around each pixel, -1 to 1."""


def _compared(one: np.ndarray, other: np.ndarray) -> _Compared:
    """Pictures of 48 x 72 uint8."""
    import cv2

    # It writes over the pictures that it is given.
    shift, _ = cv2.phaseCorrelate(one.astype(np.float32), other.astype(np.float32), _window())
    starts: list[np.ndarray | None] = [None]
    if abs(shift[0]) + abs(shift[1]) > _LEAST_SHIFT:
        starts.append(np.full((HEIGHT, WIDTH, 2), shift, np.float32))
    found = []
    for start in starts:
        # Asked twice, it begins the second time where it began the first, if it was told where, and is not now.
        flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        flow.setFinestScale(1)
        field = flow.calc(one, other, start)
        there = cv2.remap(other, _places() + field, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        residual = (there.astype(np.int16) - one) // 2
        found.append(_Compared(residual, field.transpose(2, 0, 1), _likeness(one, there)))
    return max(found, key=lambda one: float(one.likeness.mean()))


def _likeness(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Of the details around each pixel: H x W, -1 to 1; 0 where there is nothing to see."""
    import cv2

    levels = (picture.astype(np.float32) for picture in (one, other))
    first, second = (picture - cv2.blur(picture, (_DETAIL, _DETAIL)) for picture in levels)
    products = first * second, first * first, second * second
    both, ours, theirs = (cv2.blur(product, (_AROUND, _AROUND)) for product in products)
    return np.asarray(both / np.sqrt((ours + _NOISE) * (theirs + _NOISE)))


@lru_cache(maxsize=1)
def _window() -> Any:
    import cv2

    return cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F)


@lru_cache(maxsize=1)
def _places() -> np.ndarray:
    """Where each pixel is: 48 x 72 x 2."""
    return np.stack(np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT)), axis=2).astype(np.float32)


def doubtful(cut: np.ndarray, first: int, end: int) -> list[int]:
    """Which frames from `first` to `end` are peaks of scores that say neither yes nor no. cut: N numbers."""
    before, behind = np.r_[0, cut[:-1]], np.r_[cut[1:], 0]
    peaks = (cut > before) & (cut >= behind) & (cut >= LEAST_DOUBTFUL) & (cut <= MOST_DOUBTFUL)
    first = max(first, 1)  # before the first frame nothing is cut
    return [first + int(number) for number in np.flatnonzero(peaks[first:end])]


def probability(evidence: Evidence) -> float:
    """That it is a cut: 0 to 1."""
    total = _BIAS + sum(weight * value for weight, value in zip(_WEIGHTS, evidence, strict=True))
    return 1 / (1 + math.exp(-total))


def _log_odds(score: float) -> float:
    clipped = min(max(float(score), 1 - _SURE_SCORE), _SURE_SCORE)
    return math.log(clipped / (1 - clipped))
