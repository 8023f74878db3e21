"""The recorder: frames of the stage go in, one by one; a film at a constant rate comes out, without sound."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from reinterpret.errors import ReinterpretError
from reinterpret.ffmpeg import FrameSink
from reinterpret.files import not_written, renamed_into
from reinterpret.rendering.panel import Planes
from reinterpret.rendering.segments import Settings, encode_command

# Encoding has to keep up with the camera beside everything else. Milliseconds of one core for a frame of 1708 x 480,
# and the size: veryfast 15 and 1, superfast 11 and 1.4, ultrafast 5 and 1.9.
_PRESET, _CRF = "superfast", 20
# Pictures that may wait for the encoder: about a second, 1.4 MB each at 720p.
_WAITING = 24


@dataclass(frozen=True, slots=True, eq=False)
class _Item:
    """So many times the picture before once more, then so many times this one."""

    again: int
    planes: Planes
    count: int


class Recorder:
    """Encodes in a thread and a process of their own, so that Ctrl-C in the middle of a frame cannot damage the film.

    The film has a temporary name until `finish`.
    """

    def __init__(self, path: Path, width: int, height: int, rate: Fraction) -> None:
        self.path = path
        self.frame_count = 0
        """How many frames were handed in."""
        self.passed_over = 0
        """Those of them for which the encoder had no time: the film shows the one before in their place."""
        self._owed = 0
        self._last: Planes | None = None
        self._items: queue.Queue[_Item | None] = queue.Queue(maxsize=_WAITING)
        self._settings = Settings(width, height, crf=_CRF, preset=_PRESET)
        self._rate = rate
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True, name="live recorder")
        self._thread.start()

    def write(self, planes: Planes, *, count: int = 1, wait: bool = False) -> None:
        """One picture, shown for so many frames; it must not be changed any more.

        wait: for the encoder where it does not keep up, rather than pass the picture over. The film is as long either
        way. Raises FfmpegError, OutputError.
        """
        self.frame_count += count
        if self._put(_Item(self._owed, planes, count), wait=wait):
            self._owed, self._last = 0, planes
        else:
            self._owed += count
            self.passed_over += count

    def finish(self) -> Path | None:
        """The film, whole and under its own name; None if there was not one frame. Raises FfmpegError, OutputError."""
        with suppress(ReinterpretError):
            if self._owed and self._last is not None:
                self._put(_Item(0, self._last, self._owed), wait=True)
            self._put(None, wait=True)
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self.path if self.frame_count else None

    def _put(self, item: _Item | None, *, wait: bool) -> bool:
        while self._error is None:
            try:
                self._items.put(item, block=wait, timeout=0.1)
            except queue.Full:
                if not wait:
                    return False
            else:
                return True
        raise self._error

    def _work(self) -> None:
        try:
            first = self._items.get()
            if first is not None:
                self._encode(first)
        except OSError as error:
            self._error = not_written(self.path, error)
        except BaseException as error:  # noqa: BLE001 - raised where frames are handed in
            self._error = error

    def _encode(self, item: _Item | None) -> None:
        last = None
        with (
            renamed_into(self.path) as temporary,
            FrameSink(encode_command(temporary, self._settings, self._rate, threads=0)) as sink,
        ):
            while item is not None:
                for planes in (*[last or item.planes] * item.again, *[item.planes] * item.count):
                    for plane in planes:
                        sink.write(memoryview(plane))
                last = item.planes
                item = self._items.get()
