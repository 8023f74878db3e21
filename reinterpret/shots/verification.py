"""Verification: a cut that is in doubt and the four frames around it go in, how likely it is a cut comes out.

A network that sees 48 x 32 pixels takes a hand before the lens for a cut, and a jump within one scene for none. Where
it doubts, the frames are looked at once more, larger, and as one would by eye: can the picture before be moved so that
it becomes the one after, as it can from frame to frame within a shot? What is cheap proposes candidates, what is dear
verifies them, as in retrieval (J. Philbin et al., "Object retrieval with large vocabularies and fast spatial matching",
CVPR 2007).

Flow: dense inverse search (T. Kroeger et al., ECCV 2016), from nowhere and from the shift that a phase correlation
(C. D. Kuglin and D. C. Hines, 1975) finds. What it says and what the network says a logistic regression weighs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

# Scores of cuts that are looked at: of those below none in a hundred is a cut, of those above all are.
LEAST_DOUBTFUL, MOST_DOUBTFUL = 0.05, 0.95
# Frames to either side whose scores tell something: one cut has one peak.
_NEAR_FRAMES = 2
# A quarter of the frames that are scanned, so that averaging four by four pixels makes it.
_WIDTH, _HEIGHT = 72, 40
# Likeness is that of details: of what is left of the picture without the mean of so many pixels around each.
_DETAIL = 5
# A block of so many pixels across is explained if it is at least this much like what moved there.
_BLOCK, _EXPLAINED = 8, 0.3
# Variance of details, in levels, that noise and compression make: in a block with less there is nothing to see.
_NOISE = 4.0
# So many blocks more are taken to be explained by half: a few that can be seen tell little of all.
_UNSEEN_BLOCKS = 8
# From this many pixels on a shift is worth starting from.
_LEAST_SHIFT = 1.5
# Of scores and of correlations: beyond these their differences mean nothing.
_SURE_SCORE, _SURE_LIKENESS = 0.999, 0.97


class Evidence(NamedTuple):
    """What speaks for a cut and against it."""

    score: float
    """The network's, as log odds."""
    near_score: float
    """Its highest within two frames, as log odds."""
    likeness: float
    """Of the frame after to the one before, moved: the correlation of details, Fisher's z."""
    unexplained: float
    """Share of the blocks with something in them that are not like what moved there, 0 to 1."""
    unexplained_beside: float
    """The same between neighbours within the shots, on the side where it is larger."""
    contrast: float
    """Of the flatter of the two frames: the logarithm of the standard deviation in levels."""


# Fitted by training/verify.py, which prints these lines.
_BIAS = -6.47
_WEIGHTS = Evidence(0.89, -0.34, -1.79, 5.95, -2.52, 0.69)


class Verifier:
    """Looks at cuts in doubt. Not for several threads at once."""

    def __init__(self) -> None:
        self._tools: tuple[Any, np.ndarray, np.ndarray] | None = None

    def verified(self, cut: np.ndarray, pictures: Sequence[np.ndarray], first: int, end: int) -> np.ndarray:
        """The scores of frames with those that were in doubt decided, as far as it can be.

        cut: N numbers from 0 to 1. pictures: the luma of the same frames, H x W uint8. first, end: which are decided
        on; the others are there to be compared with.
        """
        decided = cut.copy()
        peaks = doubtful(cut, first, end)
        for number in peaks:
            likely = probability(self.evidence(cut, pictures, number))
            # The slopes of the peak must not become one. Another peak as near as that is decided on its own.
            for near in range(max(0, number - _NEAR_FRAMES), min(len(cut), number + _NEAR_FRAMES + 1)):
                if near not in peaks and cut[near] <= cut[number]:
                    decided[near] = min(decided[near], likely)
            decided[number] = likely
        return decided

    def evidence(self, cut: np.ndarray, pictures: Sequence[np.ndarray], number: int) -> Evidence:
        """About a cut before frame `number`; `cut` and `pictures` as in `verified`."""
        import cv2

        last = len(pictures) - 1
        four = [pictures[min(max(place, 0), last)] for place in range(number - 2, number + 2)]
        small = [cv2.resize(picture, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA) for picture in four]
        (_, before), (likeness, across), (_, behind) = (self._compared(*pair) for pair in pairwise(small))
        near = np.r_[cut[max(0, number - _NEAR_FRAMES) : number], cut[number + 1 : number + 1 + _NEAR_FRAMES]]
        return Evidence(
            score=_log_odds(cut[number]),
            near_score=_log_odds(near.max(initial=0)),
            likeness=math.atanh(min(max(likeness, -_SURE_LIKENESS), _SURE_LIKENESS)),
            unexplained=across,
            unexplained_beside=max(before, behind),
            contrast=math.log(min(float(small[1].std()), float(small[2].std())) + 2),
        )

    def _compared(self, one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
        """How much two pictures (H x W uint8) are alike once one is moved onto the other, and how much of it is not."""
        import cv2

        if self._tools is None:
            flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
            flow.setFinestScale(1)
            places = np.stack(np.meshgrid(np.arange(_WIDTH), np.arange(_HEIGHT)), axis=2).astype(np.float32)
            self._tools = flow, places, cv2.createHanningWindow((_WIDTH, _HEIGHT), cv2.CV_32F)
        flow, places, window = self._tools
        shift, _ = cv2.phaseCorrelate(one.astype(np.float32), other.astype(np.float32), window)
        starts: list[np.ndarray | None] = [None]
        if abs(shift[0]) + abs(shift[1]) > _LEAST_SHIFT:
            starts.append(np.full((_HEIGHT, _WIDTH, 2), shift, np.float32))
        details = _details(one)
        found = []
        for start in starts:
            moved = cv2.remap(
                other, places + flow.calc(one, other, start), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
            )
            found.append(_likeness(details, _details(moved)))
        return max(found)


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


def _details(picture: np.ndarray) -> np.ndarray:
    import cv2

    levels = picture.astype(np.float32)
    return np.asarray(levels - cv2.blur(levels, (_DETAIL, _DETAIL)))


def _likeness(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """The correlation of details, and the share of blocks in which there is none; one half where nothing is seen."""
    alike = float((one * other).mean() / (one.std() * other.std() + _NOISE))
    both, first, second = (_block_means(product) for product in (one * other, one * one, other * other))
    seen = np.maximum(first, second) > _NOISE
    strange = seen & (both / np.sqrt((first + _NOISE) * (second + _NOISE)) < _EXPLAINED)
    return alike, float((strange.sum() + _UNSEEN_BLOCKS / 2) / (seen.sum() + _UNSEEN_BLOCKS))


def _block_means(picture: np.ndarray) -> np.ndarray:
    import cv2

    return np.asarray(cv2.resize(picture, (_WIDTH // _BLOCK, _HEIGHT // _BLOCK), interpolation=cv2.INTER_AREA))


def _log_odds(score: float) -> float:
    clipped = min(max(float(score), 1 - _SURE_SCORE), _SURE_SCORE)
    return math.log(clipped / (1 - clipped))
