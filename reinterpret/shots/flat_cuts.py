"""Cuts that hide behind a black or white frame, or behind one of any even colour: for trailers, which are full of them.

To a detector a frame or two of black are a blink, white is a flash, and neither is a cut: rightly so where the picture
is the same before and after. Where it is another one, a cut is hidden there.
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction

import numpy as np

from reinterpret.shots import ShotDetector
from reinterpret.shots.fast import tiny_luma
from reinterpret.shots.shot import Boundary
from reinterpret.shots.transitions import BLACK, FLAT_SHOT_SECONDS, WHITE, flat_picture

# A boundary that the detector itself finds within so many seconds of the flat frames is what is meant by them.
_NEAR_SECONDS = Fraction(1, 2)
# The correlation of two pictures from which on they show the same. In four trailers those three frames apart in one
# shot have more in 95 cases of a hundred, those on both sides of a cut 0.63 at most, and more than 0.44 in one of 20.
_SAME = 0.6
# Between bars, a picture is of one colour if it varies by less than this, in levels; it is no black picture then.
_EVEN, _BAR_LUMA = 2.0, 30
_CONFIDENCE = 0.5


class FlatCuts:
    """Another detector, and the cuts that it passes over because something flat lies there."""

    def __init__(self, detector: ShotDetector, frame_rate: Fraction) -> None:
        self.name = detector.name
        self._detector = detector
        self._near = max(2, round(_NEAR_SECONDS * frame_rate))
        self._longest = max(2, round(FLAT_SHOT_SECONDS * frame_rate))
        self.delay_frames = detector.delay_frames + self._longest + self._near + 1
        self._before: np.ndarray | None = None  # the last picture before the flat frames
        self._flat = 0  # how many of those there are so far
        self._candidates: deque[tuple[int, int]] = deque()  # the first of some flat frames, and the first behind them
        self._known: deque[Boundary] = deque()  # what the detector has found lately

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        """See `ShotDetector`."""
        found = self._detector.feed(number, planes)
        self._known += found
        luma = planes[: len(planes) * 2 // 3]
        tiny = tiny_luma(planes)
        if flat_picture(luma) in (BLACK, WHITE) or _is_even(tiny):
            self._flat += 1
        else:
            if 0 < self._flat < self._longest and self._before is not None and not _same(self._before, tiny):
                self._candidates.append((number - self._flat, number))
            self._before, self._flat = tiny, 0
        return sorted(found + self._certain(number - self._detector.delay_frames))

    def finish(self) -> list[Boundary]:
        """See `ShotDetector`."""
        found = self._detector.finish()
        self._known += found
        return sorted(found + self._certain(None))

    def _certain(self, known: int | None) -> list[Boundary]:
        """Cuts beside which the detector finds nothing any more; it has said all about the frames before `known`."""
        cuts = []
        while self._candidates and (known is None or known > self._candidates[0][1] + self._near):
            first, end = self._candidates.popleft()
            if not any(
                other.start_frame - self._near <= end and first <= other.end_frame + self._near for other in self._known
            ):
                cuts.append(Boundary.cut(end, _CONFIDENCE))
        while len(self._known) > 1 and known is not None and self._known[0].end_frame + 2 * self._near < known:
            if self._candidates and self._known[0].end_frame + self._near >= self._candidates[0][0]:
                break
            self._known.popleft()
        return cuts


def _is_even(tiny: np.ndarray) -> bool:
    """Whether a picture, H x W uint8, is of one colour between its bars."""
    lit = tiny > _BAR_LUMA
    inner = tiny[lit.any(axis=1)][:, lit.any(axis=0)][1:-1, 1:-1]
    return bool(inner.size > tiny.size // 4 and inner.std() < _EVEN)


def _same(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures show the same, however light each is: as far as either is lit."""
    lit = (one > _BAR_LUMA) | (other > _BAR_LUMA)
    lit &= np.roll(lit, 1, axis=0) & np.roll(lit, -1, axis=0) & np.roll(lit, 1, axis=1) & np.roll(lit, -1, axis=1)
    if not lit.any():
        return True
    first, second = (picture[lit] - picture[lit].mean() for picture in (one.astype(float), other.astype(float)))
    return bool((first * second).mean() > _SAME * first.std() * second.std())
