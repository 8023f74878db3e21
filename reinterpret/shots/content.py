"""The detectors `adaptive` and `content`: PySceneDetect's measure of change and its rules, and black between pictures.

PySceneDetect compares neighbouring frames, so it sees hard cuts and not a fade; black between two pictures is
looked for apart. https://github.com/Breakthrough/PySceneDetect
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Protocol

import numpy as np

from reinterpret.shots.shot import Boundary

# PySceneDetect's own thresholds, which a sensitivity of 0.5 stands for.
_ADAPTIVE_RATIO = 3.0
_ADAPTIVE_CHANGE = 15.0
_CONTENT_CHANGE = 27.0
# Frames on either side that a change is compared with, and how many times as large as theirs it counts at most.
_ADAPTIVE_WINDOW = 2
_LARGEST_RATIO = 255.0
# Hue and saturation of the darkest pictures jump: so near to black nothing is a cut.
_NEAR_BLACK_SECONDS = Fraction(1, 5)
# A black frame: mean and 99th percentile of luma in video range (black is 16), with room for noise.
_BLACK_MEAN_LUMA = 24
_BLACK_HIGH_LUMA = 36
# Black that lasts is a shot of its own, and stays black in a reinterpretation; shorter black is a fade.
_BLACK_SHOT_SECONDS = Fraction(1, 2)


def adaptive_detector(frame_rate: Fraction, sensitivity: float) -> ContentCuts:
    """Content changes measured against those around them: steady under fast movement."""
    return ContentCuts("adaptive", AdaptiveRule(_factor(sensitivity)), frame_rate)


def content_detector(frame_rate: Fraction, sensitivity: float) -> ContentCuts:
    """Content changes measured against a fixed threshold."""
    return ContentCuts("content", FixedRule(_factor(sensitivity)), frame_rate)


def _factor(sensitivity: float) -> float:
    """Of the thresholds: twice as high at a sensitivity of 0, half as high at 1."""
    return float(4 ** (0.5 - sensitivity))


class ContentCuts:
    """Hard cuts by the change of content, and the black between pictures, as one `ShotDetector`."""

    def __init__(self, name: str, rule: Rule, frame_rate: Fraction) -> None:
        from scenedetect.detectors import ContentDetector

        self.name = name
        # Only measures: the rule decides, and knows by how much.
        self._content = ContentDetector(threshold=float("inf"), min_scene_len=0)
        self._rule = rule
        self._frame_rate = frame_rate
        self._near_black = max(1, round(_NEAR_BLACK_SECONDS * frame_rate))
        self._black = BlackRuns(frame_rate)
        # Whether a cut belongs to a fade is known when the black has begun, and has lasted or ended.
        self._wait = max(_ADAPTIVE_WINDOW, self._near_black + self._black.delay_frames) + 1
        # A fade is named by its middle, and lasts no longer than black that is not a shot.
        self.delay_frames = self._wait + self._black.delay_frames
        self._pending: list[Boundary] = []

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        self._pending += self._black.feed(number, planes[: planes.shape[0] * 2 // 3])
        self._pending += self._rule.feed(number, self._change(number, planes))
        return self._certain(number - self._wait)

    def finish(self) -> list[Boundary]:
        self._pending += self._rule.finish() + self._black.finish()
        return self._certain(None)

    def _change(self, number: int, planes: np.ndarray) -> float:
        """How much the picture differs from the one before, from 0 to 255; 0 for the first."""
        import cv2
        from scenedetect import FrameTimecode

        timecode = FrameTimecode(number, self._frame_rate)
        self._content.process_frame(timecode, cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420))
        # The public way to it, a StatsManager, costs an edge filter a frame.
        return float(self._content._frame_score or 0)

    def _certain(self, until: int | None) -> list[Boundary]:
        """Boundaries up to a frame, behind which none can come any more."""
        boundaries = []
        for boundary in sorted(self._pending):
            if until is not None and boundary.frame > until:
                break
            self._pending.remove(boundary)
            # Where a picture sinks into black, its jumps are the fade again, not cuts.
            if boundary.transition != "cut" or not self._black.is_near(boundary.frame, self._near_black):
                boundaries.append(boundary)
        return boundaries


class Rule(Protocol):
    """Which changes are cuts."""

    def feed(self, number: int, change: float) -> list[Boundary]: ...

    def finish(self) -> list[Boundary]: ...


class FixedRule:
    """A change above a threshold is a cut."""

    def __init__(self, factor: float) -> None:
        self._factor = factor

    def feed(self, number: int, change: float) -> list[Boundary]:
        strength = change / _CONTENT_CHANGE
        return [_cut(number, strength)] if strength >= self._factor else []

    def finish(self) -> list[Boundary]:
        return []


class AdaptiveRule:
    """A change that stands out from those of the frames around it is a cut: the rule of PySceneDetect's detector."""

    def __init__(self, factor: float) -> None:
        self._factor = factor
        self._recent: deque[tuple[int, float]] = deque(maxlen=2 * _ADAPTIVE_WINDOW + 1)

    def feed(self, number: int, change: float) -> list[Boundary]:
        self._recent.append((number, change))
        return self._judged(_ADAPTIVE_WINDOW) if len(self._recent) == self._recent.maxlen else []

    def finish(self) -> list[Boundary]:
        """The last frames are measured against those that there are."""
        first = max(1, len(self._recent) - _ADAPTIVE_WINDOW)
        return [boundary for place in range(first, len(self._recent)) for boundary in self._judged(place)]

    def _judged(self, place: int) -> list[Boundary]:
        number, change = self._recent[place]
        around = [other for at, (_, other) in enumerate(self._recent) if 0 < abs(at - place) <= _ADAPTIVE_WINDOW]
        mean = sum(around) / len(around)
        ratio = min(change / mean, _LARGEST_RATIO) if mean > 1e-5 else _LARGEST_RATIO
        strength = min(ratio / _ADAPTIVE_RATIO, change / _ADAPTIVE_CHANGE)
        return [_cut(number, strength)] if strength >= self._factor else []


def _cut(frame: int, strength: float) -> Boundary:
    """A cut whose confidence is 0.5 where it just reaches PySceneDetect's own threshold (a strength of 1)."""
    return Boundary.cut(frame, strength / (1 + strength))


class BlackRuns:
    """Finds black between pictures: a fade where it is short, a shot of its own where it lasts."""

    def __init__(self, frame_rate: Fraction) -> None:
        self._long = max(2, round(_BLACK_SHOT_SECONDS * frame_rate))
        self.delay_frames = self._long
        self._start: int | None = None
        self._end = 0
        self._seen_picture = False
        self._recent: deque[tuple[int, int]] = deque()  # the last runs, half-open

    def feed(self, number: int, luma: np.ndarray) -> list[Boundary]:
        """luma: H x W uint8, video range."""
        self._end = number + 1
        if is_black(luma):
            if self._start is None:
                self._start = number
            elif self._end - self._start == self._long and self._seen_picture:
                return [Boundary.gradual("fade", self._start, self._start)]
            return []
        start, self._start = self._start, None
        if start is not None:
            self._recent.append((start, number))
        while self._recent and self._recent[0][1] < number - 4 * self._long:
            self._recent.popleft()
        seen, self._seen_picture = self._seen_picture, True
        if start is None:
            return []
        if number - start >= self._long:
            return [Boundary.gradual("fade", number, number)]
        return [Boundary.gradual("fade", start, number) if seen else Boundary(0, "start", 0, number)]

    def finish(self) -> list[Boundary]:
        """Short black at the end of the film belongs to its last shot, but not to what is shown of it."""
        if self._start is None or not self._seen_picture or self._end - self._start >= self._long:
            return []
        return [Boundary(self._end, "fade", self._start, self._end)]

    def is_near(self, frame: int, distance: int) -> bool:
        """Whether a frame lies in black, or less than `distance` before or after it. Remembers two seconds."""
        if self._start is not None and frame > self._start - distance:
            return True
        return any(start - distance < frame < end + distance for start, end in self._recent)


def is_black(luma: np.ndarray) -> bool:
    """Whether a frame (H x W uint8, video range) is as good as black."""
    # A quarter of the lines and columns tells as much; the mean of few pixels is cheaper than a percentile.
    sample = luma[::4, ::4]
    return bool(sample.mean() < _BLACK_MEAN_LUMA and np.count_nonzero(sample > _BLACK_HIGH_LUMA) <= sample.size // 100)
