"""The only door to the ffmpeg program: finding it, running it, and feeding it frames."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Sequence
from functools import lru_cache
from types import TracebackType
from typing import Any

from reinterpret.errors import FfmpegError

logger = logging.getLogger(__name__)

# ffmpeg says much before it says what was wrong.
_ERROR_LINES = 4
_KEPT_BYTES = 1 << 16
# Where its output has no room: what it says, and the exit status of newer ones.
_NO_ROOM, _NO_ROOM_STATUS = "No space left on device", 256 - errno.ENOSPC
# Releases before 6 say that the end of a file could not be written, and leave with 0 all the same.
_UNFINISHED = re.compile(r"^(?:\[out#[^\]]*\] )?Error (?:writing trailer|closing file)\b", re.MULTILINE)


@lru_cache(maxsize=1)
def ffmpeg_program() -> str:
    """The ffmpeg on this machine if it can encode H.264, else the one that imageio-ffmpeg brings.

    The environment variable REINTERPRET_FFMPEG names another. Raises FfmpegError if there is none.
    """
    named = os.environ.get("REINTERPRET_FFMPEG")
    if named:
        if _encodes_h264(named):
            return named
        raise FfmpegError(
            f"REINTERPRET_FFMPEG names {named}, which is no ffmpeg with libx264; name another or unset it"
        )
    system = shutil.which("ffmpeg")
    if system is not None and _encodes_h264(system):
        return system
    try:
        import imageio_ffmpeg

        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        raise FfmpegError("no ffmpeg with libx264 was found; install ffmpeg, or pip install imageio-ffmpeg") from error


@lru_cache(maxsize=1)
def ffmpeg_version() -> str:
    """The first line that the program says about itself."""
    return run_ffmpeg([ffmpeg_program(), "-version"]).splitlines()[0]


def run_ffmpeg(command: Sequence[str]) -> str:
    """Run a compiled command to its end and return its output.

    Raises FfmpegError with ffmpeg's own last lines, OSError where the disk is full.
    """
    done = subprocess.run(
        list(command), stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    if _has_failed(done.returncode, done.stderr):
        raise _failure(done.returncode, done.stderr)
    return done.stdout


class FrameSink:
    """An ffmpeg that is fed raw frames through a pipe. A context manager: leaving it waits for the end.

    Leaving it with an error ends ffmpeg at once. Writing to it and leaving it raise FfmpegError with ffmpeg's own last
    lines where it fails, OSError where the disk is full.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            list(command),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            # Ctrl-C is for us: ffmpeg would close a half-made file as if it were whole.
            start_new_session=True,
        )
        # Listened to all the time, as a full pipe would block ffmpeg. Not a file: that it has no room on the disk
        # could then be lost for the same reason.
        self._log = bytearray()
        self._listener = threading.Thread(target=self._listen, name="ffmpeg log", daemon=True)
        self._listener.start()

    def __enter__(self) -> FrameSink:
        return self

    def write(self, pixels: Any) -> None:
        """One plane or frame: any contiguous buffer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(pixels)
        except OSError as error:
            raise _failure(self._process.wait(), self._said()) from error

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._process.kill()
        try:
            assert self._process.stdin is not None
            self._process.stdin.close()
        except OSError:
            logger.debug("ffmpeg closed its input early")
        status = self._process.wait()
        if error is None and _has_failed(status, self._said()):
            raise _failure(status, self._said())

    def _listen(self) -> None:
        """Keep the end of what it says."""
        assert self._process.stderr is not None
        with self._process.stderr as stream:
            while block := os.read(stream.fileno(), _KEPT_BYTES):
                self._log += block
                del self._log[:-_KEPT_BYTES]

    def _said(self) -> str:
        """What it has said, once it has ended."""
        self._listener.join()
        return self._log.decode(errors="replace")


def _encodes_h264(program: str) -> bool:
    try:
        listed = run_ffmpeg([program, "-hide_banner", "-encoders"])
    except (FfmpegError, OSError) as error:
        logger.info("%s is not used: %s", program, error)
        return False
    return " libx264 " in listed


def _has_failed(status: int, said: str) -> bool:
    return status != 0 or _UNFINISHED.search(said) is not None


def _failure(status: int, said: str) -> FfmpegError | OSError:
    """What to raise where ffmpeg has failed. Who catches the OSError knows what was to be written, and names it."""
    if _NO_ROOM in said or status == _NO_ROOM_STATUS:
        return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return FfmpegError(f"ffmpeg failed (exit status {status}): {_last_lines(said)}")


def _last_lines(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return " / ".join(lines[-_ERROR_LINES:]) or "it gave no reason"
