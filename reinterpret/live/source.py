"""Sources of live frames: the number of a camera, a film or an address goes in, frames come out as they are taken."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np

from reinterpret.errors import VideoError
from reinterpret.frames import decode
from reinterpret.live.mailbox import Mailbox
from reinterpret.timebase import standard_rate
from reinterpret.video import Video, decoded, open_address, probe

# What is asked of a camera; it gives what comes nearest. Compressed, as most give 30 frames of this size only so.
_CAMERA_WIDTH, _CAMERA_HEIGHT, _CAMERA_RATE = 1280, 720, 30
_CAMERA_CODEC = "MJPG"
# Cameras that say nothing, or nonsense, of their rate.
_USUAL_RATE = Fraction(25)
_SLOWEST_RATE, _FASTEST_RATE = 5, 120
# The numbers at which a camera is looked for, where the one that was asked for is not there.
_CAMERA_NUMBERS = range(8)
# A camera that is pulled out may leave its driver waiting for a picture; the program ends without it.
_PATIENCE_SECONDS = 2.0
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class LiveFrame:
    """A frame as it was taken."""

    seconds: Fraction
    """On the clock of the source, from its first frame."""
    captured: float
    """When it came, by `time.perf_counter`."""
    picture: av.VideoFrame


class Source(Protocol):
    """What gives live frames. A context manager: it holds a device, a file or a connection open."""

    video: Video
    """Its name (as path), rate and shape; the rate is that of the recording."""

    mirrored: bool
    """Whether people expect to see it as in a mirror."""

    def frames(self, stop: threading.Event) -> Iterator[LiveFrame]:
        """Frames until it is over or `stop` is set. Raises VideoError if it breaks off."""
        ...


@contextmanager
def open_source(source: int | str | Path, *, realtime: bool) -> Iterator[Source]:
    """A camera by its number, a stream by its address, or a film by its path. Raises VideoError.

    realtime: whether a film is given out at its own speed rather than as fast as it is taken.
    """
    with ExitStack() as stack:
        if isinstance(source, int):
            yield stack.enter_context(_camera(source))
        elif is_address(source):
            yield stack.enter_context(_stream(str(source)))
        else:
            yield _FilmSource(probe(source), realtime=realtime)


def is_address(source: int | str | Path) -> bool:
    """Whether it names a stream rather than a file.

    >>> is_address("rtsp://192.168.0.7/live"), is_address("C:/films/clip.mp4"), is_address(0)
    (True, False, False)
    """
    return isinstance(source, str) and _ADDRESS.match(source) is not None


def cameras() -> list[int]:
    """The numbers of the cameras there are; each is opened for a moment."""
    found = []
    for number in _CAMERA_NUMBERS:
        with _opened(number) as capture:
            if capture.isOpened():
                found.append(number)
    return found


class CameraSource:
    """A camera, through OpenCV."""

    mirrored = True

    def __init__(self, capture: Any, number: int, first: np.ndarray) -> None:
        """first: a picture of it, H x W x 3 uint8 BGR, as OpenCV gives them."""
        import cv2

        self._capture, self._name = capture, f"camera {number}"
        height, width = first.shape[:2]
        self.video = _facts(self._name, width, height, _camera_rate(capture.get(cv2.CAP_PROP_FPS)))

    def frames(self, stop: threading.Event) -> Iterator[LiveFrame]:
        """Raises VideoError when the camera gives no more."""
        began = None
        while not stop.is_set():
            there, pixels = self._capture.read()
            captured = time.perf_counter()
            if not there or pixels is None:
                raise VideoError(
                    f"{self._name}: gives no more pictures; was it unplugged, or taken by another program?"
                )
            began = captured if began is None else began
            seconds = Fraction(round((captured - began) * 1_000_000), 1_000_000)
            yield LiveFrame(seconds, captured, av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), "bgr24"))


@contextmanager
def _camera(number: int) -> Iterator[CameraSource]:
    import cv2

    with _opened(number) as capture:
        opened, there, first = capture.isOpened(), False, None
        if opened:
            capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*_CAMERA_CODEC))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, _CAMERA_WIDTH)
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, _CAMERA_HEIGHT)
            capture.set(cv2.CAP_PROP_FPS, _CAMERA_RATE)
            # Frames that wait in the driver are old when they are seen.
            capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
            there, first = capture.read()
        if there and first is not None:
            yield CameraSource(capture, number, first)
            return
    raise VideoError(_no_camera(number, opened=opened))


def _no_camera(number: int, *, opened: bool) -> str:
    others = [other for other in cameras() if other != number]
    if others:
        there = f"there are these: {', '.join(map(str, others))}; name one with --camera"
    else:
        there = "there is no other; plug one in, or give a film in its place with --video FILE"
    return f"camera {number} {'gives no picture' if opened else 'cannot be opened'}; {there}"


@contextmanager
def _opened(number: int) -> Iterator[Any]:
    """A VideoCapture, whether it could be opened or not; OpenCV's own lines about it are kept back."""
    import cv2

    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        capture = cv2.VideoCapture(number)
        try:
            yield capture
        finally:
            capture.release()
    finally:
        cv2.utils.logging.setLogLevel(level)


def _camera_rate(said: float) -> Fraction:
    """
    >>> _camera_rate(29.97), _camera_rate(0.0), _camera_rate(float("nan"))
    (Fraction(30000, 1001), Fraction(25, 1), Fraction(25, 1))
    """
    return standard_rate(Fraction(said)) if _SLOWEST_RATE <= said <= _FASTEST_RATE else _USUAL_RATE


class _FilmSource:
    """A film in place of a camera."""

    mirrored = False

    def __init__(self, video: Video, *, realtime: bool) -> None:
        self.video, self._realtime = video, realtime

    def frames(self, stop: threading.Event) -> Iterator[LiveFrame]:
        """At the film's own speed, or as fast as they are taken."""
        frames = ((frame.seconds, frame.picture) for frame in decode(self.video, threads=1))
        if self._realtime:
            yield from _paced(frames, stop)
            return
        for seconds, picture in frames:
            if stop.is_set():
                return
            yield LiveFrame(seconds, time.perf_counter(), picture)


class _StreamSource:
    """A stream from an address."""

    mirrored = False

    def __init__(self, video: Video, pictures: Iterator[av.VideoFrame], address: str, *, stored: bool) -> None:
        """stored: whether it is a film on a server, which comes faster than it is to be shown."""
        self.video, self._pictures, self._address, self._stored = video, pictures, address, stored

    def frames(self, stop: threading.Event) -> Iterator[LiveFrame]:
        """As they arrive; those of a stored film at its own speed. Raises VideoError when a live stream breaks off."""
        if self._stored:
            yield from _paced(self._timed(), stop)
            return
        for seconds, picture in self._timed():
            if stop.is_set():
                return
            yield LiveFrame(seconds, time.perf_counter(), picture)
        raise VideoError(f"{self._address}: the stream has broken off")

    def _timed(self) -> Iterator[tuple[Fraction, av.VideoFrame]]:
        start, last = None, Fraction(-1)
        for picture in self._pictures:
            stamp = picture.pts * picture.time_base if picture.pts is not None and picture.time_base else None
            start = stamp if start is None else start
            seconds = Fraction(0) if stamp is None or start is None else stamp - start
            # Streams jump and start over; the clock of the source does not.
            last = seconds if last < seconds < last + 10 else last + 1 / self.video.frame_rate
            yield max(last, Fraction(0)), picture


@contextmanager
def _stream(address: str) -> Iterator[_StreamSource]:
    with open_address(address) as (container, stream):
        pictures = decoded(container, stream)
        first = next(pictures, None)
        if first is None:
            raise VideoError(f"{address}: gives no pictures that can be decoded")
        rate = stream.average_rate or stream.guessed_rate
        rate = standard_rate(Fraction(rate)) if rate and _SLOWEST_RATE <= rate <= _FASTEST_RATE else _USUAL_RATE
        facts = _facts(address, first.width, first.height, rate)
        yield _StreamSource(facts, chain([first], pictures), address, stored=bool(container.duration))


def _paced(frames: Iterator[tuple[Fraction, av.VideoFrame]], stop: threading.Event) -> Iterator[LiveFrame]:
    """Each frame when its time has come, and not before."""
    began = None
    for seconds, picture in frames:
        began = time.perf_counter() - float(seconds) if began is None else began
        if stop.wait(max(0.0, began + float(seconds) - time.perf_counter())):
            return
        yield LiveFrame(seconds, time.perf_counter(), picture)


def _facts(name: str, width: int, height: int, rate: Fraction) -> Video:
    """What is known of a source that is no file."""
    return Video(
        path=Path(name),
        fingerprint="",
        frame_rate=rate,
        frame_count=0,
        width=width,
        height=height,
        rotation=0,
        sample_aspect=Fraction(1),
        duration=Fraction(0),
        start=Fraction(0),
        audio=False,
        container="live",
    )


class Grabber:
    """Takes the frames of a source in a thread of its own, so that the newest is always at hand.

    A context manager: leaving it ends the thread.
    """

    def __init__(self, source: Source) -> None:
        self._mailbox: Mailbox[LiveFrame] = Mailbox()
        self._stop = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, args=(source,), daemon=True, name="live source")
        self._thread.start()

    def __enter__(self) -> Grabber:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(_PATIENCE_SECONDS)

    def newest(self, timeout: float) -> LiveFrame | None:
        """The newest frame that was not given out yet, if there is one within so many seconds.

        Raises what the source has raised, once its last frame is taken.
        """
        frame = self._mailbox.take(timeout)
        if frame is None and self.over and self._error is not None:
            raise self._error
        return frame

    @property
    def over(self) -> bool:
        """Whether no more frames will come."""
        return self._mailbox.over

    def _work(self, source: Source) -> None:
        try:
            for frame in source.frames(self._stop):
                self._mailbox.put(frame)
        except BaseException as error:  # noqa: BLE001 - handed to the taker, who raises it
            self._error = error
        finally:
            self._mailbox.close()
