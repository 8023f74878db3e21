"""The detector `fast`: a small network of this project's own over frames of 48 x 32 pixels.

How it was trained, on what, and how well it does is told in docs/fast-detector.md; `training/` makes the weights anew.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from reinterpret.shots.shot import Boundary
from reinterpret.shots.transitions import FrameScores, TransitionFinder, flat_picture
from reinterpret.shots.verification import Verifier
from reinterpret.shots.weights import session

WEIGHTS = Path(__file__).with_name("fast.onnx")
# What the network sees of a frame: luma of 48 x 32 folded into four planes, and two of chroma.
PLANES, ROWS, COLUMNS = 6, 16, 24
# Frames scored in one call, and how many before and behind them it looks at: it sees a little more than two seconds.
# These are computed twice, so the more in one call the better; but all of them wait for it, 70 kB each.
_CHUNK_FRAMES, _CONTEXT_FRAMES = 320, 64
# It compares frames at distances of up to 24; a film that has fewer stands still at its end.
_FEWEST_FRAMES = 32
# It knows films of 24 to 30 frames a second; of those with more it is shown every second or third frame.
_USUAL_RATE = Fraction(30)


class FastDetector:
    """Scores windows of tiny frames, and makes boundaries of the scores."""

    name = "fast"

    def __init__(self, frame_rate: Fraction, sensitivity: float, verifier: Verifier | None = None) -> None:
        self._stride = stride_at(frame_rate)
        self._finder = TransitionFinder(frame_rate=frame_rate / self._stride, sensitivity=sensitivity)
        window = _CHUNK_FRAMES + 2 * _CONTEXT_FRAMES
        self.delay_frames = (window + self._finder.delay_frames + 2) * self._stride
        self._tiny = np.empty((window, PLANES, ROWS, COLUMNS), np.uint8)
        self._luma: deque[np.ndarray] = deque()  # of the same frames
        self._flat: deque[int] = deque()  # of those that are not scored yet
        self._verifier = verifier or Verifier()
        self._held = 0  # frames in `_tiny`
        self._scored = 0  # of those
        # How much each frame differs from the one before, for as long as a cut may yet be reported there.
        self._changes: deque[float] = deque(maxlen=self.delay_frames + self._stride)
        self._last: np.ndarray | None = None
        self._fed = 0

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        self._fed += 1
        if number % self._stride and self._stride > 1:
            self._notice_change(tiny_luma(planes))
            return []
        luma = tiny_luma(planes)
        if self._stride > 1:
            self._notice_change(luma)
        self._tiny[self._held] = fold(luma, *tiny_chroma(planes))
        self._held += 1
        self._luma.append(planes[: len(planes) * 2 // 3])
        self._flat.append(flat_picture(self._luma[-1]))
        if self._held < len(self._tiny):
            return []
        return self._score(self._held - _CONTEXT_FRAMES)

    def finish(self) -> list[Boundary]:
        boundaries = self._score(self._held) if self._held > self._scored else []
        return boundaries + [self._on_film(boundary) for boundary in self._finder.finish()]

    def _score(self, end: int) -> list[Boundary]:
        """Score the frames held up to `end`, and forget those that are no longer needed."""
        scores = network_scores(self._tiny[: self._held])
        chroma = self._tiny[: self._held, PLANES - 2 :]
        cut = self._verifier.verified(scores[:, 1], self._luma, chroma, self._scored, end)[self._scored : end]
        gradual = scores[self._scored : end, 2:]
        flat = np.array([self._flat.popleft() for _ in range(end - self._scored)])
        # It learnt from films with many more gradual transitions than real ones have, and expects them. Squared, its
        # scores are one half where right and wrong are as frequent; and a run ends where it says one half.
        gradual = gradual * gradual.sum(axis=1, keepdims=True)
        found = self._finder.feed(FrameScores(cut, gradual, flat))
        forgotten = max(0, end - _CONTEXT_FRAMES)
        kept = self._held - forgotten
        self._tiny[:kept] = self._tiny[forgotten : self._held].copy()
        for _ in range(forgotten):
            self._luma.popleft()
        self._held, self._scored = kept, end - forgotten
        return [self._on_film(boundary) for boundary in found]

    def _notice_change(self, luma: np.ndarray) -> None:
        now = luma.astype(np.int16)
        self._changes.append(0.0 if self._last is None else float(np.abs(now - self._last).mean()))
        self._last = now

    def _on_film(self, boundary: Boundary) -> Boundary:
        """A boundary between the frames that the network was shown, as one of the film's own frames."""
        stride = self._stride
        if stride == 1:
            return boundary
        if boundary.transition == "cut":
            return Boundary.cut(self._first_of_new_shot(boundary.frame * stride), boundary.confidence)
        # The frames between those shown: half of them belong to the transition.
        start = max(0, boundary.start_frame * stride - (stride - 1) // 2)
        end = min(max(start, (boundary.end_frame - 1) * stride + 1 + (stride - 1) // 2), self._fed)
        if boundary.end_frame * stride >= self._fed:
            end = self._fed  # the film ends with it
        if boundary.transition == "start":
            return replace(boundary, start_frame=0, end_frame=end)
        at_end = boundary.frame == boundary.end_frame
        frame = end if at_end else min(max(start, boundary.frame * stride), end)
        return replace(boundary, frame=frame, start_frame=start, end_frame=end)

    def _first_of_new_shot(self, shown: int) -> int:
        """Where between two frames that were shown the picture changes most. shown: the later of them."""
        first = self._fed - len(self._changes)
        candidates = range(max(shown - self._stride + 1, first), shown + 1)
        return max(candidates, key=lambda number: self._changes[number - first], default=shown)


def stride_at(frame_rate: Fraction) -> int:
    """Every how many frames the network is shown one."""
    return max(1, round(frame_rate / _USUAL_RATE))


def tiny_luma(planes: np.ndarray) -> np.ndarray:
    """32 x 48 uint8 of an I420 frame (1.5 H x W uint8)."""
    import cv2

    return np.asarray(cv2.resize(planes[: len(planes) * 2 // 3], (48, 32), interpolation=cv2.INTER_AREA))


def tiny_chroma(planes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two times 16 x 24 uint8 of an I420 frame (1.5 H x W uint8)."""
    import cv2

    height, width = len(planes) * 2 // 3, planes.shape[1]
    blue, red = planes[height:].reshape(2, height // 2, width // 2)
    first, second = (cv2.resize(plane, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA) for plane in (blue, red))
    return np.asarray(first), np.asarray(second)


def fold(luma: np.ndarray, blue: np.ndarray, red: np.ndarray) -> np.ndarray:
    """Luma 32 x 48 and chroma 16 x 24 as 6 x 16 x 24 uint8: luma of even and odd rows and columns apart."""
    folded = luma.reshape(ROWS, 2, COLUMNS, 2).transpose(1, 3, 0, 2).reshape(4, ROWS, COLUMNS)
    return np.concatenate([folded, blue[None], red[None]])


def network_scores(tiny: np.ndarray) -> np.ndarray:
    """T x 6 x 16 x 24 uint8 to T x 5 float32: nothing, cut, dissolve, fade, wipe; every row sums to 1."""
    count = len(tiny)
    if count < _FEWEST_FRAMES:
        tiny = np.concatenate([tiny, np.repeat(tiny[-1:], _FEWEST_FRAMES - count, axis=0)])
    (scores,) = session(WEIGHTS).run(None, {"frames": tiny[None]})
    return np.asarray(scores[0, :count])
