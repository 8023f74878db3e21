"""Verification: a cut that is in doubt and ten frames around it go in, how likely it is a cut comes out.

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
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from reinterpret.shots.weights import session

WEIGHTS = Path(__file__).with_name("verification.onnx")
# Scores of cuts that are looked at: of those below none in a hundred is a cut, of those above all are.
LEAST_DOUBTFUL, MOST_DOUBTFUL = 0.05, 0.95
# Frames to either side whose scores tell something: one cut has one peak.
_NEAR_FRAMES = 2
# Frames that are looked at, counted from the first behind the cut; backwards they are the same. Those far away tell
# what comes and goes within these shots: where everything is another picture four frames on, one more is no cut.
FRAMES = (-9, -5, -3, -2, -1, 0, 1, 2, 4, 8)
# How large. Three times as wide and as high as the chromas that the detector keeps.
WIDTH, HEIGHT = 72, 48
# What is compared with what: neighbours, and whether the picture is back; and then how the shots are by themselves.
_NEAR_PAIRS = (-2, -1), (-1, 0), (0, 1), (-3, 2)
_FAR_PAIRS = (-5, -1), (0, 4), (-9, -1), (0, 8)
_PAIRS = tuple((FRAMES.index(one), FRAMES.index(other)) for one, other in _NEAR_PAIRS + _FAR_PAIRS)
_CUT = FRAMES.index(0)
# Of a view: its planes, and those of them that tell how far things have moved, to the right and down in turn.
MOVED_PLANES = range(len(FRAMES) + len(_PAIRS) + 2, len(FRAMES) + len(_PAIRS) + 2 + 2 * len(_NEAR_PAIRS))
VIEW_PLANES = MOVED_PLANES.stop + len(_PAIRS)
# Likeness is that of details: of what is left of the picture without the mean of so many pixels around each; and it
# is the mean over so many.
_DETAIL, _AROUND = 5, 7
# Variance of details, in levels, that noise and compression make: with less there is nothing to see.
_NOISE = 4.0
# A block of so many pixels across is explained if it is at least this much like what moved there.
_BLOCK, _EXPLAINED = 8, 0.3
# So many blocks more are taken to be explained by half: a few that can be seen tell little of all.
_UNSEEN_BLOCKS = 8
# From this many pixels on a shift is worth starting from.
_LEAST_SHIFT = 1.5
# As int8: levels are halved, of a pixel there are four steps, and of likeness 20.
_PIXEL_STEPS, _LIKENESS_STEPS = 4, 20
# Of scores and of correlations: beyond these their differences mean nothing.
_SURE_SCORE, _SURE_LIKENESS = 0.999, 0.97


class Evidence(NamedTuple):
    """What speaks for a cut and against it."""

    score: float
    """Of the network that found it, as log odds."""
    look: float
    """Of the network that looked at it, as log odds: the mean of forwards and backwards."""
    look_least: float
    """The lower of both: what is a cut is one in either direction."""
    likeness: float
    """Of the frame after to the one before, moved: the correlation of details, Fisher's z."""
    unexplained: float
    """Share of the blocks with something in them that are not like what moved there, 0 to 1."""
    unexplained_within_four: float
    """The same within the shots, of frames four apart, on the side where it is larger."""
    unexplained_within_eight: float
    """The same of frames eight apart."""
    contrast: float
    """Of the flatter of the two frames: the logarithm of the standard deviation in levels."""


# Fitted by training/verify.py, which prints these lines.
_BIAS = 0.28
_WEIGHTS = Evidence(0.61, 0.37, 0.37, -1.59, 2.78, -2.45, -2.12, 0.46)


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
        places = around(number, len(luma))
        colours = chroma[places]
        small = _small([luma[place] for place in places])
        _, across, _, _, *within = pairs = _pairs(small)
        views = np.stack([_planes(small, colours, pairs), view(small[::-1], colours[::-1])])
        (logits,) = session(self._weights).run(None, {"views": views})
        return Evidence(
            score=_log_odds(cut[number]),
            look=float(logits.mean()),
            look_least=float(logits.min()),
            likeness=math.atanh(min(max(across.alike, -_SURE_LIKENESS), _SURE_LIKENESS)),
            unexplained=across.unexplained,
            unexplained_within_four=max(one.unexplained for one in within[:2]),
            unexplained_within_eight=max(one.unexplained for one in within[2:]),
            contrast=math.log(min(float(picture.std()) for picture in small[_CUT - 1 : _CUT + 1]) + 2),
        )


def around(number: int, count: int) -> np.ndarray:
    """The numbers of the frames that are looked at for a cut before frame `number`, of a film that has `count`."""
    return np.asarray(np.clip(number + np.array(FRAMES), 0, count - 1))


def view(luma: Sequence[np.ndarray], chroma: np.ndarray) -> np.ndarray:
    """What is looked at to verify a cut: 36 x 48 x 72 int8.

    luma: the ten frames `around` it, each H x W uint8. chroma: of the same frames, 10 x 2 x 16 x 24 uint8.

    The planes are the luma of all ten, less 128; of eight pairs what is left of the earlier once it is taken from the
    later one, moved, halved; the change of both chromas at the cut; how far the pixels of the first four pairs have
    moved, to the right and down in turn, in quarters; and the likeness of the details of all eight.
    """
    small = _small(luma)
    return _planes(small, chroma, _pairs(small))


def _small(luma: Sequence[np.ndarray]) -> list[np.ndarray]:
    import cv2

    return [cv2.resize(picture, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for picture in luma]


def _pairs(small: Sequence[np.ndarray]) -> list[_Compared]:
    return [_compared(small[one], small[other]) for one, other in _PAIRS]


def _planes(small: Sequence[np.ndarray], chroma: np.ndarray, pairs: Sequence[_Compared]) -> np.ndarray:
    change = chroma[_CUT].astype(np.int16) - chroma[_CUT - 1]
    planes = [
        np.stack(small).astype(np.int16) - 128,
        np.stack([one.residual for one in pairs]),
        change.repeat(HEIGHT // change.shape[1], axis=1).repeat(WIDTH // change.shape[2], axis=2),
        np.concatenate([one.moved for one in pairs[: len(_NEAR_PAIRS)]]) * _PIXEL_STEPS,
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
    details: tuple[np.ndarray, np.ndarray]
    """Of both pictures, 48 x 72 float32 each, in levels."""

    @property
    def alike(self) -> float:
        """The correlation of all details, -1 to 1."""
        first, second = self.details
        return float((first * second).mean() / (first.std() * second.std() + _NOISE))

    @property
    def unexplained(self) -> float:
        """Share of the blocks with something in them that are not alike; one half where nothing is seen."""
        import cv2

        blocks = WIDTH // _BLOCK, HEIGHT // _BLOCK
        both, ours, theirs = (cv2.resize(one, blocks, interpolation=cv2.INTER_AREA) for one in _products(self.details))
        seen = np.maximum(ours, theirs) > _NOISE
        strange = seen & (both / np.sqrt((ours + _NOISE) * (theirs + _NOISE)) < _EXPLAINED)
        return float((strange.sum() + _UNSEEN_BLOCKS / 2) / (seen.sum() + _UNSEEN_BLOCKS))


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
        found.append(_Compared(residual, field.transpose(2, 0, 1), *_likeness(one, there)))
    return max(found, key=lambda one: float(one.likeness.mean()))


def _likeness(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """The last two of what is compared."""
    import cv2

    levels = one.astype(np.float32), other.astype(np.float32)
    first, second = (picture - cv2.blur(picture, (_DETAIL, _DETAIL)) for picture in levels)
    both, ours, theirs = (cv2.blur(product, (_AROUND, _AROUND)) for product in _products((first, second)))
    return both / np.sqrt((ours + _NOISE) * (theirs + _NOISE)), (first, second)


def _products(details: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What correlations are made of."""
    first, second = details
    return first * second, first * first, second * second


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
