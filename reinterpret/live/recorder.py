"""The recorder: frames of the stage go in, one by one; a film at a constant rate comes out, without sound."""

from __future__ import annotations

import queue
import threading
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

from reinterpret.errors import OutputError, ReinterpretError
from reinterpret.ffmpeg import FrameSink
from reinterpret.files import renamed_into
from reinterpret.rendering.panel import Planes
from reinterpret.rendering.segments import Settings, encode_command

# Encoding has to keep up with the camera beside everything else; at 20, noise is kept as little as need be.
_PRESET, _CRF = "veryfast", 20
# Frames that may wait for the encoder: about a second, 1.4 MB each at 720p. Then the camera's are passed over.
_WAITING = 24


class Recorder:
    """Encodes in a thread and a process of their own, so that Ctrl-C in the middle of a frame cannot damage the film.

    The film has a temporary name until `finish`.
    """

    def __init__(self, path: Path, width: int, height: int, rate: Fraction) -> None:
        self.path = path
        self.frame_count = 0
        """How many frames were handed in."""
        self._frames: queue.Queue[Planes | None] = queue.Queue(maxsize=_WAITING)
        self._settings = Settings(width, height, crf=_CRF, preset=_PRESET)
        self._rate = rate
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True, name="live recorder")
        self._thread.start()

    def write(self, planes: Planes, *, count: int = 1) -> None:
        """One frame, shown for so many; it must not be changed any more. Waits where encoding does not keep up.

        Raises FfmpegError, OutputError.
        """
        for _ in range(count):
            self._put(planes)
            self.frame_count += 1

    def finish(self) -> Path | None:
        """The film, whole and under its own name; None if there was not one frame. Raises FfmpegError, OutputError."""
        with suppress(ReinterpretError):
            self._put(None)
        self._thread.join()
        if self._error is not None:
            raise self._error
        return self.path if self.frame_count else None

    def _put(self, planes: Planes | None) -> None:
        while True:
            if self._error is not None:
                raise self._error
            with suppress(queue.Full):
                return self._frames.put(planes, timeout=0.1)

    def _work(self) -> None:
        try:
            first = self._frames.get()
            if first is not None:
                self._encode(first)
        except OSError as error:
            self._error = OutputError(f"{self.path}: cannot be written ({error.strerror or error})")
        except BaseException as error:  # noqa: BLE001 - raised where frames are handed in
            self._error = error

    def _encode(self, planes: Planes | None) -> None:
        with (
            renamed_into(self.path) as temporary,
            FrameSink(encode_command(temporary, self._settings, self._rate, threads=0)) as sink,
        ):
            while planes is not None:
                for plane in planes:
                    sink.write(memoryview(plane))
                planes = self._frames.get()
