"""Decoding: a video goes in, frames with their presentation times come out.

Times are seconds from the first frame of the video, exact. The frame "at" an instant is the one that is on
the screen then: the last whose time is not later.
"""

from __future__ import annotations

import logging
import math
import queue
import threading
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from reinterpret.errors import VideoError
from reinterpret.timebase import INSIDE_FRAME, ROUNDING_SECONDS, Span, round_half_up
from reinterpret.video import Video, decoded, open_container

logger = logging.getLogger(__name__)

T = TypeVar("T")

# Further back than the distance between key frames of almost any film; a seek that lands too late goes on backwards.
_SEEK_STEPS_SECONDS = (Fraction(0), Fraction(2), Fraction(10), Fraction(60))
# Decoding a gap is cheaper than seeking over it up to about the usual distance of key frames.
_DECODE_THROUGH_SECONDS = Fraction(5)


# AVColorSpace (ITU-T H.273) to what swscale can be asked for; 5 (PAL) and 6 (NTSC) are one and the same matrix.
_COLORSPACES = {
    1: Colorspace.ITU709,
    4: Colorspace.FCC,
    5: Colorspace.ITU601,
    6: Colorspace.ITU601,
    7: Colorspace.SMPTE240M,
    9: Colorspace.BT2020,
    10: Colorspace.BT2020,
}


@dataclass(frozen=True, slots=True)
class FrameBatch:
    """N pictures of one size and the instants at which they are shown.

    pixels: N x H x W x 3 uint8, RGB. seconds: N float64, from the start of the video.
    """

    pixels: np.ndarray
    seconds: np.ndarray

    def __post_init__(self) -> None:
        if self.pixels.dtype != np.uint8 or self.pixels.ndim != 4 or self.pixels.shape[3] != 3:
            raise ValueError(f"pixels must be N x H x W x 3 uint8, got {self.pixels.shape} {self.pixels.dtype}")
        if self.seconds.dtype != np.float64 or self.seconds.shape != self.pixels.shape[:1]:
            raise ValueError(
                f"seconds must be {self.pixels.shape[0]} float64, got {self.seconds.shape} {self.seconds.dtype}"
            )

    def __len__(self) -> int:
        return int(self.pixels.shape[0])

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter(self.pixels)

    def __repr__(self) -> str:
        return f"FrameBatch(pixels={'x'.join(map(str, self.pixels.shape))} uint8, seconds={self.seconds.tolist()})"


@dataclass(frozen=True, slots=True)
class DecodedFrame:
    """One frame as the decoder gave it (any size and pixel format), with its number and time."""

    number: int
    """From 0; after a seek it is only an estimate."""
    seconds: Fraction
    picture: av.VideoFrame


def decode(video: Video, *, threads: int = 0) -> Iterator[DecodedFrame]:
    """All frames of the film, in order, one pass; memory does not depend on its length.

    threads: of the decoder; 0 lets it take all cores. Raises VideoError if the file cannot be opened.
    """
    with open_container(video.path) as (container, stream):
        stream.thread_type = "AUTO"
        stream.codec_context.thread_count = threads
        clock = _Clock(video, stream.time_base)
        for number, picture in enumerate(decoded(container, stream)):
            yield DecodedFrame(number, clock.seconds(picture), picture)


class FrameReader:
    """Frames of one film at given instants, exact on every container, fast where the instants ascend.

    A context manager: it holds the file open.
    """

    def __init__(self, video: Video, *, threads: int = 1, rough: bool = False) -> None:
        """threads: of the decoder; 0 lets it take all cores. rough: leave out the frames that no other is made from
        (B-frames, which are most); what is given is then up to a few frames early, for a third of the work.
        """
        self._video = video
        self._threads = threads
        # Where frames are told apart by counting them, none may be left out.
        self._rough = rough and video.timestamps == "pts"
        self._current: DecodedFrame | None = None
        self._next: DecodedFrame | None = None
        self._open()

    def __enter__(self) -> FrameReader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._frames.close()
        self._context.__exit__(None, None, None)

    def at(self, seconds: Fraction) -> DecodedFrame:
        """The frame on the screen at `seconds`; before the first frame the first, after the last the last.

        Raises VideoError if no frame can be decoded there any more.
        """
        if self._current is None or not self._reachable(seconds):
            self._seek(seconds)
        while self._next is not None and self._next.seconds <= seconds + ROUNDING_SECONDS:
            self._advance()
        if self._current is None:
            self._advance()
        if self._current is None:
            raise VideoError(f"{self._video.path}: no frame can be decoded at {float(seconds):.3f} s")
        return self._current

    def during(self, span: Span) -> Iterator[DecodedFrame]:
        """Every frame on the screen in a stretch, once, at the film's own rate; at least one. Raises VideoError."""
        rate, last = self._video.frame_rate, None
        # A frame of which no more than `INSIDE_FRAME` lies before the end belongs to what follows.
        for number in range(max(1, math.ceil(span.duration * rate - INSIDE_FRAME))):
            frame = self.at(span.start + (number + INSIDE_FRAME) / rate)
            if last is None or frame.seconds > last:
                last = frame.seconds
                yield frame

    def _reachable(self, seconds: Fraction) -> bool:
        assert self._current is not None
        return (
            self._current.seconds <= seconds + ROUNDING_SECONDS
            and seconds < self._current.seconds + _DECODE_THROUGH_SECONDS
        )

    def _advance(self) -> None:
        self._current = self._next
        self._next = next(self._frames, None)

    def _restart(self) -> None:
        self._frames = self._decode()
        self._current, self._next = None, next(self._frames, None)

    def _decode(self) -> Generator[DecodedFrame]:
        clock, rate = _Clock(self._video, self._stream.time_base), self._video.frame_rate
        for picture in decoded(self._container, self._stream):
            instant = clock.seconds(picture)
            yield DecodedFrame(round_half_up(instant * rate), instant, picture)

    def _seek(self, seconds: Fraction) -> None:
        """Place the reader so that its next frame is not later than `seconds`."""
        if self._video.timestamps != "counted":
            for step in _SEEK_STEPS_SECONDS:
                target = seconds - step
                if target <= _DECODE_THROUGH_SECONDS:
                    break
                self._frames.close()
                stamp = int((target + self._video.start) / (self._stream.time_base or Fraction(1, 1000)))
                try:
                    self._container.seek(stamp, stream=self._stream, backward=True)
                except av.error.FFmpegError:
                    break
                self._restart()
                if self._next is not None and self._next.seconds <= seconds + ROUNDING_SECONDS:
                    return
        self.close()
        self._open()

    def _open(self) -> None:
        self._context = open_container(self._video.path)
        self._container, self._stream = self._context.__enter__()
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = self._threads
        if self._rough:
            self._stream.codec_context.skip_frame = "BIDIR"
        self._restart()


class FrameReaders:
    """A reader for each of several films, the last few of which are held open. A context manager, for one thread.

    Who comes back to a film where he has left it need not look for the key frame again.
    """

    def __init__(self, *, kept: int, threads: int = 1) -> None:
        """threads: of each decoder; 0 lets it take all cores."""
        self._kept, self._threads = kept, threads
        self._readers: dict[Path, FrameReader] = {}

    def __enter__(self) -> FrameReaders:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        while self._readers:
            self._readers.popitem()[1].close()

    def of(self, video: Video) -> FrameReader:
        """The reader of a film, which stays open until so many others have been asked for. Raises VideoError."""
        reader = self._readers.pop(video.path, None) or FrameReader(video, threads=self._threads)
        self._readers[video.path] = reader
        while len(self._readers) > self._kept:
            self._readers.pop(next(iter(self._readers))).close()
        return reader


def read_frames(video: Video, seconds: Iterable[Fraction], *, width: int, height: int) -> FrameBatch:
    """The frames on the screen at some instants, upright, squeezed to one size.

    seconds: N instants in any order. Returns N x height x width x 3 RGB. Raises VideoError.
    """
    instants = list(seconds)
    order = sorted(range(len(instants)), key=instants.__getitem__)
    pixels = np.empty((len(instants), height, width, 3), np.uint8)
    scaler = Scaler(width, height, rotation=video.rotation)
    if instants:
        with FrameReader(video) as reader:
            for position in order:
                pixels[position] = scaler.rgb(reader.at(instants[position]).picture)
    return FrameBatch(pixels, np.array([float(instant) for instant in instants], np.float64))


# What `Scaler.planes` gives, see `Scaler._reformat`.
_PLANES = (Colorspace.ITU601, False)


class Scaler:
    """Squeezes frames of any size and pixel format to one small upright size, and makes RGB of them.

    One pass of swscale with area averaging: 0.3 ms for a 1080p frame, where OpenCV's takes 2 ms.
    """

    def __init__(self, width: int, height: int, *, rotation: int = 0) -> None:
        self.width, self.height, self._rotation = width, height, rotation
        self._coded_size = (height, width) if rotation in (90, 270) else (width, height)
        self._shrink, self._colour, self._to_rgb = VideoReformatter(), VideoReformatter(), VideoReformatter()

    def planes(self, picture: av.VideoFrame) -> np.ndarray:
        """As I420: 1.5 height x width uint8, luma above chroma, BT.601, video range, not yet turned upright."""
        coded = source_colorspace(picture), is_full_range(picture)
        if picture.format.name.startswith("yuv") and coded != _PLANES:
            # From one kind of YUV to another swscale goes through RGB: not with all the pixels of a film.
            picture = self._reformat(self._shrink, picture, "yuv420p", coded, coded)
        return np.asarray(self._reformat(self._colour, picture, "yuv420p", coded, _PLANES).to_ndarray())

    def rgb(self, picture: av.VideoFrame) -> np.ndarray:
        """height x width x 3 uint8 RGB, upright."""
        coded = source_colorspace(picture), is_full_range(picture)
        small = self._reformat(self._to_rgb, picture, "rgb24", coded, (None, True))
        return upright(np.asarray(small.to_ndarray()), self._rotation)

    def rgb_of_planes(self, planes: np.ndarray) -> np.ndarray:
        """What `rgb` would have given, from what `planes` gave."""
        import cv2

        return upright(cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420), self._rotation)

    def _reformat(
        self,
        reformatter: VideoReformatter,
        picture: av.VideoFrame,
        pixel_format: str,
        coded: tuple[Colorspace | None, bool],
        wanted: tuple[Colorspace | None, bool],
    ) -> av.VideoFrame:
        """coded, wanted: the matrix, and whether the range is full."""
        width, height = self._coded_size
        return reformatter.reformat(
            picture,
            width,
            height,
            pixel_format,
            src_colorspace=coded[0],
            dst_colorspace=wanted[0],
            src_color_range=ColorRange.JPEG if coded[1] else ColorRange.MPEG,
            dst_color_range=ColorRange.JPEG if wanted[1] else ColorRange.MPEG,
            interpolation=Interpolation.AREA,
            # films and segments are what runs in parallel; threads within a frame cost more than they bring
            threads=1,
        )


def upright(pixels: np.ndarray, rotation: int) -> np.ndarray:
    """H x W x C pixels turned clockwise by 0, 90, 180 or 270 degrees; contiguous."""
    return np.ascontiguousarray(np.rot90(pixels, -rotation // 90)) if rotation else pixels


def source_colorspace(picture: av.VideoFrame) -> Colorspace:
    """The matrix a frame was coded with; if the file does not say, by its height, as players do."""
    known = _COLORSPACES.get(int(picture.colorspace))
    if known is not None:
        return known
    return Colorspace.ITU709 if picture.height >= 720 else Colorspace.ITU601


def is_full_range(picture: av.VideoFrame) -> bool:
    """Whether luma runs from 0 to 255 rather than from 16 to 235; reserved values count as not said."""
    return picture.color_range == ColorRange.JPEG or picture.format.name.startswith(
        ("yuvj", "rgb", "bgr", "gbr", "pal")
    )


def prefetch(items: Iterable[T], *, depth: int) -> Generator[T]:
    """The same items, made `depth` ahead in a thread of their own. Errors arrive where the item would have."""
    ahead: queue.Queue[tuple[T | None, BaseException | None, bool]] = queue.Queue(maxsize=depth)
    stopped = threading.Event()

    def put(entry: tuple[T | None, BaseException | None, bool]) -> None:
        while not stopped.is_set():
            try:
                return ahead.put(entry, timeout=0.1)
            except queue.Full:
                continue

    def work() -> None:
        try:
            for item in items:
                put((item, None, False))
                if stopped.is_set():
                    return
            put((None, None, True))
        except BaseException as error:  # noqa: BLE001 - handed to the consumer, which raises it
            put((None, error, True))

    thread = threading.Thread(target=work, daemon=True, name="prefetch")
    thread.start()
    try:
        while True:
            item, error, last = ahead.get()
            if error is not None:
                raise error
            if last:
                return
            yield item  # type: ignore[misc]
    finally:
        stopped.set()
        thread.join()


class _Clock:
    """Turns time stamps into seconds from the first frame that never stand still nor run backwards."""

    def __init__(self, video: Video, time_base: Fraction | None) -> None:
        self._video = video
        self._time_base = time_base or Fraction(1, 1000)
        self._last: Fraction | None = None

    def seconds(self, picture: av.VideoFrame) -> Fraction:
        kind = self._video.timestamps
        stamp = None if kind == "counted" else getattr(picture, kind)
        instant = None if stamp is None else stamp * self._time_base - self._video.start
        if instant is None or (self._last is not None and instant <= self._last):
            instant = Fraction(0) if self._last is None else self._last + 1 / self._video.frame_rate
        self._last = instant
        return instant
