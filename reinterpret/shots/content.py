"""The detectors `adaptive` and `content`: PySceneDetect's classes, given our frames, and fades through black.

PySceneDetect compares neighbouring frames, so it sees hard cuts and not a fade; black between two pictures is
looked for apart. https://github.com/Breakthrough/PySceneDetect
"""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Any

import numpy as np

from reinterpret.shots.shot import Boundary

# Shorter than the shots of the fastest trailers, longer than a photographer's flash.
_MINIMUM_SHOT_SECONDS = Fraction(1, 5)
# A black frame: mean and 99th percentile of luma in video range (black is 16), with room for noise.
_BLACK_MEAN_LUMA = 24
_BLACK_HIGH_LUMA = 36
# Black that lasts is a shot of its own, and stays black in a reinterpretation; shorter black is a fade.
_BLACK_SHOT_SECONDS = Fraction(1, 2)


def adaptive_detector(frame_rate: Fraction) -> SceneDetector:
    """Content changes measured against those around them: steady under fast movement."""
    from scenedetect.detectors import AdaptiveDetector

    return SceneDetector("adaptive", AdaptiveDetector(min_scene_len=1), frame_rate)


def content_detector(frame_rate: Fraction) -> SceneDetector:
    """Content changes measured against a fixed threshold."""
    from scenedetect.detectors import ContentDetector

    return SceneDetector("content", ContentDetector(min_scene_len=1), frame_rate)


class SceneDetector:
    """One of PySceneDetect's detectors and the black between pictures, as one `ShotDetector`."""

    def __init__(self, name: str, detector: Any, frame_rate: Fraction) -> None:
        self.name = name
        self._detector = detector
        self._frame_rate = frame_rate
        self._minimum_frames = max(1, round(_MINIMUM_SHOT_SECONDS * frame_rate))
        self._black = BlackRuns(frame_rate)
        # Whether a cut belongs to a fade is known when the black has begun, and has lasted or ended.
        self.delay_frames = max(int(detector.event_buffer_length), self._minimum_frames + self._black.delay_frames) + 1
        self._pending: list[Boundary] = []
        self._last = 0

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        import cv2
        from scenedetect import FrameTimecode

        luma = planes[: planes.shape[0] * 2 // 3]
        self._pending += self._black.feed(number, luma)
        timecode = FrameTimecode(number, self._frame_rate)
        cuts = self._detector.process_frame(timecode, cv2.cvtColor(planes, cv2.COLOR_YUV2BGR_I420))
        self._pending += [Boundary(int(cut.frame_num)) for cut in cuts]
        return self._certain(number - self.delay_frames)

    def finish(self) -> list[Boundary]:
        return self._certain(None)

    def _certain(self, until: int | None) -> list[Boundary]:
        """Boundaries up to a frame, behind which none can come any more, freed of those too close together."""
        boundaries = []
        for boundary in sorted(self._pending):
            if until is not None and boundary.frame > until:
                break
            self._pending.remove(boundary)
            if boundary.transition == "cut" and self._black.is_near(boundary.frame, self._minimum_frames):
                # Hue and saturation jump where a picture sinks into black: that is the fade again, not a cut.
                continue
            if boundary.frame - self._last >= self._minimum_frames:
                boundaries.append(boundary)
                self._last = boundary.frame
        return boundaries


class BlackRuns:
    """Finds black between pictures: a fade where it is short, a shot of its own where it lasts."""

    def __init__(self, frame_rate: Fraction) -> None:
        self._long = max(2, round(_BLACK_SHOT_SECONDS * frame_rate))
        self.delay_frames = self._long
        self._start: int | None = None
        self._seen_picture = False
        self._recent: deque[tuple[int, int]] = deque()  # the last runs, half-open

    def feed(self, number: int, luma: np.ndarray) -> list[Boundary]:
        """luma: H x W uint8, video range."""
        if is_black(luma):
            if self._start is None:
                self._start = number
            elif number - self._start + 1 == self._long and self._seen_picture:
                return [Boundary(self._start, "fade")]
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
            return [Boundary(number, "fade")]
        return [Boundary((start + number) // 2, "fade")] if seen else []

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
