"""One decoding pass over a film: every shot with a few frames of its body, evenly spaced, as it is found."""

from __future__ import annotations

import logging
import math
from array import array
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from types import TracebackType

import numpy as np

from reinterpret.errors import VideoError
from reinterpret.frames import DecodedFrame, Scaler, decode, prefetch
from reinterpret.shots import Detection, load_detector
from reinterpret.shots.shot import Boundary, Shot
from reinterpret.shots.spacing import Spacing
from reinterpret.timebase import Span, round_half_up
from reinterpret.video import FrameGrid, Video, frame_grid, with_decoded_facts

logger = logging.getLogger(__name__)

# Headers round, and sound may be a little longer than the picture; a film that lacks more is cut short.
_WHOLE_SHARE = Fraction(9, 10)
# Small frames: large enough for the encoders, which are fed with them; PySceneDetect itself shrinks to about this.
SMALL_WIDTH, SMALL_HEIGHT = 288, 160
# Frames kept of the shot in hand; when there are more, every second one goes. 32 to 64 frames of 68 KiB.
_KEPT_FRAMES = 64
# Larger frames, for what is small in a picture: how many in a second, and how many are kept of the shot in hand, of
# 360 KiB each. When there are more, every second one goes.
_LARGE_RATE, _KEPT_LARGE_FRAMES = Fraction(3, 2), 24
# Their pixels, and what their sides are multiples of.
_LARGE_PIXELS, _LARGE_STEP_PX, _LARGE_SIDE_PX = 640 * 384, 64, 1024
# Decoded ahead of the detector: enough to ride out an encoder's batch.
_PREFETCHED_FRAMES = 64


@dataclass(frozen=True, slots=True)
class Sample:
    """A small frame of a shot."""

    number: int
    """Of the frame in its film."""
    seconds: Fraction
    planes: np.ndarray
    """1.5 H x W uint8, I420, BT.601, video range, as coded (not yet turned upright)."""
    large: np.ndarray | None = None
    """The same frame in its own shape, see `large_size`, of one or two frames a second where they are asked for."""


@dataclass(frozen=True, slots=True)
class ScannedShot:
    """A shot and some frames of its body, evenly spaced, in order; the first of the body is always among them."""

    shot: Shot
    samples: tuple[Sample, ...]
    large: tuple[Sample, ...] = ()
    """Frames of its body that have larger pictures, evenly spaced but for the last, in order; there may be none."""


class Scan:
    """Iterates over the shots of a film while it is decoded. A context manager: it holds the file open.

    After the last shot `video` and `grid` hold what only a complete decoding can tell, `boundaries` what lies between
    the shots.
    """

    def __init__(
        self,
        video: Video,
        *,
        detection: Detection = Detection(),  # noqa: B008 - frozen
        threads: int = 0,
        on_seconds: Callable[[Fraction], None] | None = None,
        on_body_frame: Callable[[Sample], None] | None = None,
        on_frame: Callable[[Sample], None] | None = None,
        flat_cuts: bool = False,
        with_large: bool = False,
    ) -> None:
        """on_seconds: told how far it is. with_large: whether larger pictures are wanted of some frames.

        on_body_frame: told of every frame of the body of every shot, in order; those of a shot before it comes out.
        on_frame: told of every frame, in order. flat_cuts: whether cuts are found too that hide behind a black frame.
        """
        self.video = video
        self.grid: FrameGrid | None = None
        self.boundaries: list[Boundary] = []
        self._spacing = _spaced(video, detection, flat_cuts=flat_cuts)
        self._scaler = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
        self._large_scaler = Scaler(*large_size(video), rotation=video.rotation) if with_large else None
        self._large_every = max(1, round(video.frame_rate / _LARGE_RATE))
        self._frames = prefetch(self._shrunk(decode(video, threads=threads)), depth=_PREFETCHED_FRAMES)
        self._on_seconds, self._on_body_frame, self._on_frame = on_seconds, on_body_frame, on_frame
        self._instants = array("d")
        self._held: deque[Sample] = deque()  # the frames that a boundary yet to come may name, and one before them
        self._kept: list[Sample] = []  # frames of the body of the shot in hand that are older
        self._stride = 1
        self._large: list[Sample] = []
        self._large_stride, self._large_count = 1, 0
        self._begin = Boundary(0, "start", 0, 0)
        self._begin_seconds = Fraction(0)
        self._number = 0

    def __enter__(self) -> Scan:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._frames.close()

    def __iter__(self) -> Iterator[ScannedShot]:
        last = Fraction(0)
        for sample in self._frames:
            self._instants.append(float(sample.seconds))
            self._held.append(sample)
            last = sample.seconds
            if self._on_frame is not None:
                self._on_frame(sample)
            yield from self._cut_at(self._spacing.feed(sample.number, sample.planes))
            while self._held[0].number < self._spacing.first_frame_needed(sample.number) - 1:
                self._keep(self._held.popleft())
            if self._on_seconds is not None and sample.number % 16 == 0:
                self._on_seconds(last)
        if not self._instants:
            raise VideoError(f"{self.video.path}: not one frame of it can be decoded; it is damaged or cut short")
        end = last + 1 / self.video.frame_rate
        boundaries = self._spacing.finish(len(self._instants))
        closing = Boundary.cut(len(self._instants))
        if boundaries and boundaries[-1].frame >= closing.frame:
            # No shot begins there, but the last one may be faded out.
            closing = replace(closing, start_frame=min(boundaries.pop().start_frame, closing.frame))
        yield from self._cut_at(boundaries)
        yield self._close(closing, end)
        self._finish(end)

    def _finish(self, end: Fraction) -> None:
        self.grid = frame_grid(self.video, [Fraction(instant) for instant in self._instants])
        if end < self.video.duration * _WHOLE_SHARE:
            logger.warning(
                "%s: can be read for %.1f s, its header promises %.1f s; it is used as far as it goes",
                self.video.path,
                end,
                self.video.duration,
            )
        self.video = with_decoded_facts(self.video, self.grid, end)

    def _shrunk(self, frames: Iterator[DecodedFrame]) -> Iterator[Sample]:
        for frame in frames:
            large = None
            if self._large_scaler is not None and frame.number % self._large_every == 0:
                large = self._large_scaler.planes(frame.picture)
            yield Sample(frame.number, frame.seconds, self._scaler.planes(frame.picture), large)

    def _keep(self, sample: Sample) -> None:
        """Take a frame that has been held among those of the shot in hand, if it is of its body."""
        if sample.number < self._begin.end_frame:
            return
        if self._on_body_frame is not None:
            self._on_body_frame(sample)
        if sample.large is not None:
            self._keep_large(sample)
            sample = replace(sample, large=None)
        if (sample.number - self._begin.end_frame) % self._stride == 0:
            self._kept.append(sample)
        if len(self._kept) > _KEPT_FRAMES:
            self._kept = self._kept[::2]
            self._stride *= 2

    def _keep_large(self, sample: Sample) -> None:
        """Take a frame with a larger picture among those of the shot in hand; the last stays until another comes."""
        if self._large and (self._large_count - 1) % self._large_stride != 0:
            self._large.pop()
        self._large.append(sample)
        self._large_count += 1
        if len(self._large) > _KEPT_LARGE_FRAMES:
            self._large = self._large[::2]
            self._large_stride *= 2

    def _cut_at(self, boundaries: list[Boundary]) -> Iterator[ScannedShot]:
        for boundary in boundaries:
            if boundary.frame == 0:
                self._begin = replace(boundary, transition="start")
            else:
                self.boundaries.append(boundary)
                yield self._close(boundary)

    def _close(self, boundary: Boundary, end: Fraction | None = None) -> ScannedShot:
        """End the shot in hand where `boundary` begins the next one. end: its seconds, where the film ends there."""
        if self._held[0].number > max(self._begin.frame, boundary.start_frame - 1):
            name = self._spacing.detector.name
            raise ValueError(f"the detector {name} reports within its delay, got {boundary} as it was over")
        end = self._held_at(boundary.frame).seconds if end is None else end
        body_start, body_end = body_frames(self._begin, boundary)
        if body_start < self._begin.end_frame:
            # Nothing of the shot is free of transitions.
            self._kept = [self._held_at(body_start)]
            if self._on_body_frame is not None:
                self._on_body_frame(self._kept[0])
        else:
            for sample in self._held:
                if sample.number < body_end:
                    self._keep(sample)
        body = Span(self._kept[0].seconds, self._held_at(body_end).seconds if body_end < boundary.frame else end)
        shot = Shot(
            video=self.video.fingerprint,
            number=self._number,
            span=Span(self._begin_seconds, end),
            start_frame=self._begin.frame,
            end_frame=boundary.frame,
            transition=self._begin.transition,
            body=body,
            body_start_frame=body_start,
            body_end_frame=body_end,
            confidence=self._begin.confidence,
        )
        scanned = ScannedShot(shot, tuple(self._kept), tuple(self._large))
        self._begin, self._begin_seconds, self._number = boundary, end, self._number + 1
        self._kept, self._stride = [], 1
        self._large, self._large_stride, self._large_count = [], 1, 0
        while self._held and self._held[0].number < boundary.frame:
            self._held.popleft()
        return scanned

    def _held_at(self, frame: int) -> Sample:
        return self._held[frame - self._held[0].number]


def large_size(video: Video) -> tuple[int, int]:
    """Width and height of the larger pictures of a film: its own shape, in about 640 x 384 pixels, or what it has."""
    width, height = max(1, video.display_width), max(1, video.display_height)
    factor = min(1.0, math.sqrt(_LARGE_PIXELS / (width * height)))
    across, along = (
        min(_LARGE_SIDE_PX, max(_LARGE_STEP_PX, _LARGE_STEP_PX * round(length * factor / _LARGE_STEP_PX)))
        for length in (width, height)
    )
    return across, along


def body_frames(begin: Boundary, end: Boundary) -> tuple[int, int]:
    """First and end frame (half-open) of the body of a shot between two boundaries.

    Where the transitions at both ends meet it is the frame in the middle between them: a shot has always one to show.
    """
    first, last = begin.end_frame, end.start_frame
    if first < last:
        return first, last
    middle = min(max((first + last) // 2, begin.frame), end.frame - 1)
    return middle, middle + 1


def _spaced(video: Video, detection: Detection, *, flat_cuts: bool) -> Spacing:
    """The detector that is asked for, with the shortest shot that it is to find."""
    if detection.cuts is not None:
        from reinterpret.shots.cut_list import load_cut_list_detector

        detector = load_cut_list_detector(detection.cuts, video)
        if detector is not None:
            return Spacing(detector, 1)  # somebody has decided where the cuts are
        logger.warning("%s: has no list of cuts in %s; its cuts are looked for", video.path, detection.cuts)
    detector = load_detector(detection.detector, frame_rate=video.frame_rate, sensitivity=detection.sensitivity)
    if flat_cuts and detection.detector != "none":
        from reinterpret.shots.flat_cuts import FlatCuts

        detector = FlatCuts(detector, video.frame_rate)
    return Spacing(detector, round_half_up(detection.min_shot * video.frame_rate))
