"""The only door to the ffmpeg program: finding it, running it, and feeding it frames."""

from __future__ import annotations

import errno
import logging
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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

# The oldest release that is supported: that of Debian 12, with which CI runs the tests too. Our own commands ask for
# nothing that 4.2 has not; but nobody tests with that.
OLDEST_RELEASE = (5, 1)
_TOO_OLD = f"is older than {'.'.join(map(str, OLDEST_RELEASE))}, the oldest release that is supported"
_INSTALL = f"install ffmpeg {'.'.join(map(str, OLDEST_RELEASE))} or newer with libx264, or pip install imageio-ffmpeg"
# How a version begins that is a release: "5.1.9-0+deb12u1", "7.0.2-static", "n6.1", "n9.0.2-17-g2a571b6068". Builds
# from between releases name a count or a day: "N-118193-g5f38c82536", "2024-12-27-git-5f38c82536".
_RELEASE = re.compile(r"n?(\d{1,3})\.(\d{1,3})(?:\.(\d{1,3}))?(?!\d)")


@dataclass(frozen=True, slots=True)
class Program:
    """An ffmpeg program: whose it is, where it lies, and the version that it gives itself."""

    owner: str
    path: str
    version: str

    @property
    def release(self) -> tuple[int, int, int] | None:
        """None for a development build, or whatever else calls itself by no number."""
        found = _RELEASE.match(self.version)
        return None if found is None else (int(found[1]), int(found[2]), int(found[3] or 0))

    @property
    def rank(self) -> tuple[bool, tuple[int, int, int]]:
        """The newer, the larger. A development build counts as newer than any release."""
        return self.release is None, self.release or (0, 0, 0)

    @property
    def is_too_old(self) -> bool:
        return self.release is not None and self.release < OLDEST_RELEASE

    def __str__(self) -> str:
        return f"{self.owner} ffmpeg {self.version} ({self.path})"


@dataclass(frozen=True, slots=True)
class Choice:
    """The ffmpeg program that is used. remarks: why no other is, or what is to be said against this one."""

    program: Program
    remarks: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def ffmpeg_program() -> str:
    """The path of the program that `choose_ffmpeg` chooses."""
    choice = choose_ffmpeg()
    logger.info("%s is used", choice.program)
    for remark in choice.remarks:
        logger.log(logging.WARNING if choice.program.is_too_old else logging.INFO, "%s", remark)
    return choice.program.path


def choose_ffmpeg() -> Choice:
    """The newer one of this machine's ffmpeg and imageio-ffmpeg's; of two of the same release, this machine's.

    One that cannot encode H.264, or is older than OLDEST_RELEASE, is not used. The environment variable
    REINTERPRET_FFMPEG names another, of any age. Raises FfmpegError if there is none.
    """
    named = os.environ.get("REINTERPRET_FFMPEG")
    if named:
        return _named(named)
    used: Program | None = None
    others: list[tuple[Program, str]] = []
    # Two of the same rank stay in order.
    for program in sorted(_candidates(), key=lambda program: program.rank, reverse=True):
        if program.is_too_old:
            others.append((program, _TOO_OLD))
        elif used is not None:
            others.append((program, "is older" if program.rank < used.rank else "is no newer"))
        elif fault := _fault(program.path):
            others.append((program, fault))
        else:
            used = program
    if used is None:
        found = "; ".join(f"{program} cannot be used: it {why}" for program, why in others)
        raise FfmpegError(f"{found or 'no ffmpeg was found'}; {_INSTALL}")
    instead = f"{used.owner} {used.version} is used instead of"
    return Choice(used, tuple(f"{instead} {program}, which {why}" for program, why in others))


def _named(path: str) -> Choice:
    """The program that REINTERPRET_FFMPEG names."""
    program = _program("REINTERPRET_FFMPEG's", path)
    if fault := _fault(path):
        raise FfmpegError(f"REINTERPRET_FFMPEG names {path}, which {fault}; name another or unset it")
    if not program.is_too_old:
        return Choice(program)
    remark = f"REINTERPRET_FFMPEG names ffmpeg {program.version} ({path}), which {_TOO_OLD}; name another or unset it"
    return Choice(program, (remark,))


def _candidates() -> Iterator[Program]:
    """This machine's, and imageio-ffmpeg's."""
    system = shutil.which("ffmpeg")
    if system is not None:
        yield _program("this machine's", system)
    try:
        import imageio_ffmpeg

        brought = str(imageio_ffmpeg.get_ffmpeg_exe())
    except (ImportError, RuntimeError) as error:
        logger.debug("imageio-ffmpeg has no program: %s", error)
        return
    # Where it brings none for this kind of machine, it names the one on the path.
    if system is None or shutil.which(brought) != system:
        yield _program("imageio-ffmpeg's", brought)


def _program(owner: str, path: str) -> Program:
    """Ask a program for its version; what cannot be asked is of an unknown one."""
    try:
        found = re.match(r"ffmpeg version (\S+)", run_ffmpeg([path, "-version"]))
    except (FfmpegError, OSError) as error:
        logger.debug("%s does not tell its version: %s", path, error)
        found = None
    return Program(owner, path, found[1] if found else "of unknown version")


def _fault(path: str) -> str | None:
    """What speaks against a program, whatever its version."""
    try:
        encoders = run_ffmpeg([path, "-hide_banner", "-encoders"])
    except FfmpegError as error:
        return f"does not work: {error}"
    except OSError as error:
        return f"cannot be run: {error.strerror or error}"
    return None if " libx264 " in encoders else "lacks libx264, the encoder for H.264"


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
