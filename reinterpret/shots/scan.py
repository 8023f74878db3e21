"""One decoding pass over a film: every shot with a few of its frames, evenly spaced, as it is found."""

from __future__ import annotations

import logging
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType

import numpy as np

from reinterpret.errors import VideoError
from reinterpret.frames import DecodedFrame, Scaler, decode, prefetch
from reinterpret.shots import DEFAULT_DETECTOR, load_detector
from reinterpret.shots.shot import Boundary, Shot
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video, frame_grid, with_decoded_facts

logger = logging.getLogger(__name__)

# Headers round, and sound may be a little longer than the picture; a film that lacks more is cut short.
_WHOLE_SHARE = Fraction(9, 10)
# Small frames: large enough for the encoders, which are fed with them; PySceneDetect itself shrinks to about this.
SMALL_WIDTH, SMALL_HEIGHT = 288, 160
# Frames kept of the shot in hand; when there are more, every second one goes. 32 to 64 frames of 68 KiB.
_KEPT_FRAMES = 64
# Decoded ahead of the detector: enough to ride out an encoder's batch.
_PREFETCHED_FRAMES = 64


@dataclass(frozen=True, slots=True)
class Sample:
    """A small frame of a shot."""

    seconds: Fraction
    planes: np.ndarray
    """1.5 H x W uint8, I420, BT.601, video range, as coded (not yet turned upright)."""


@dataclass(frozen=True, slots=True)
class ScannedShot:
    """A shot and some of its frames, evenly spaced, in order; at least one."""

    shot: Shot
    samples: tuple[Sample, ...]


class Scan:
    """Iterates over the shots of a film while it is decoded. A context manager: it holds the file open.

    After the last shot `video` and `grid` hold what only a complete decoding can tell.
    """

    def __init__(
        self,
        video: Video,
        *,
        detector: str = DEFAULT_DETECTOR,
        threads: int = 0,
        on_seconds: Callable[[Fraction], None] | None = None,
    ) -> None:
        self.video = video
        self.grid: FrameGrid | None = None
        self._detector = load_detector(detector, frame_rate=video.frame_rate)
        self._scaler = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
        self._frames = prefetch(self._shrunk(decode(video, threads=threads)), depth=_PREFETCHED_FRAMES)
        self._on_seconds = on_seconds
        self._instants = array("d")
        self._recent: deque[Sample] = deque()  # frames not older than the detector's delay, the last at the right
        self._kept: list[Sample] = []  # frames of the shot in hand that are older
        self._stride = 1
        self._begin = Boundary(0, "start")
        self._begin_seconds = Fraction(0)
        self._number = 0

    def __enter__(self) -> Scan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._frames.close()  # type: ignore[attr-defined]

    def __iter__(self) -> Iterator[ScannedShot]:
        rate = self.video.frame_rate
        last = Fraction(0)
        for number, sample in self._frames:
            self._instants.append(float(sample.seconds))
            self._recent.append(sample)
            last = sample.seconds
            for boundary in self._detector.feed(number, sample.planes):
                yield self._close(boundary)
            while len(self._recent) > self._detector.delay_frames + 1:
                self._keep(self._recent.popleft())
            if self._on_seconds is not None and number % 16 == 0:
                self._on_seconds(last)
        if not self._instants:
            raise VideoError(f"{self.video.path}: not one frame of it can be decoded; it is damaged or cut short")
        for boundary in self._detector.finish():
            yield self._close(boundary)
        end = last + 1 / rate
        yield self._close(Boundary(len(self._instants)), end)
        self.grid = frame_grid(self.video, [Fraction(instant) for instant in self._instants])
        if end < self.video.duration * _WHOLE_SHARE:
            logger.warning(
                "%s: can be read for %.1f s, its header promises %.1f s; it is used as far as it goes",
                self.video.path,
                end,
                self.video.duration,
            )
        self.video = with_decoded_facts(self.video, self.grid, end)

    def _shrunk(self, frames: Iterator[DecodedFrame]) -> Iterator[tuple[int, Sample]]:
        for frame in frames:
            yield frame.number, Sample(frame.seconds, self._scaler.planes(frame.picture))

    def _keep(self, sample: Sample) -> None:
        position = len(self._instants) - len(self._recent) - 1 - self._begin.frame
        if position % self._stride == 0:
            self._kept.append(sample)
        if len(self._kept) > _KEPT_FRAMES:
            self._kept = self._kept[::2]
            self._stride *= 2

    def _close(self, boundary: Boundary, end: Fraction | None = None) -> ScannedShot:
        """End the shot in hand where `boundary` begins the next one."""
        first_recent = len(self._instants) - len(self._recent)
        while self._recent and first_recent < boundary.frame:
            self._keep(self._recent.popleft())
            first_recent += 1
        end = self._recent[0].seconds if end is None else end
        shot = Shot(
            video=self.video.fingerprint,
            number=self._number,
            span=Span(self._begin_seconds, end),
            start_frame=self._begin.frame,
            end_frame=boundary.frame,
            transition=self._begin.transition,
        )
        scanned = ScannedShot(shot, tuple(self._kept))
        self._begin, self._begin_seconds, self._number = boundary, end, self._number + 1
        self._kept, self._stride = [], 1
        return scanned
