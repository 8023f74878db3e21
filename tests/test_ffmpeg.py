"""The door to ffmpeg: what is said when it fails."""

from __future__ import annotations

import errno
import sys
from pathlib import Path

import pytest

from reinterpret.errors import FfmpegError
from reinterpret.ffmpeg import FrameSink, ffmpeg_program, run_ffmpeg

NOISE = ("-loglevel", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1", "-f", "gif", "-y")


def failing(said: str, status: int) -> list[str]:
    """A program that says something and leaves with a status."""
    return [sys.executable, "-c", f"import sys; print({said!r}, file=sys.stderr); sys.exit({status})"]


def fed(command: list[str]) -> None:
    with FrameSink(command) as sink:
        for _ in range(64):
            sink.write(bytes(1 << 16))  # more than a pipe holds


@pytest.mark.parametrize("run", [run_ffmpeg, fed])
@pytest.mark.parametrize(
    "command",
    [
        failing("[out#0/mp4] Error writing trailer: No space left on device\n" + 9 * "Task finished\n", 1),
        failing("", 228),
    ],
    ids=["said", "status alone"],
)
def test_a_full_disk_is_an_error_of_the_system(run: object, command: list[str]) -> None:
    with pytest.raises(OSError, match="No space left on device") as caught:
        run(command)  # type: ignore[operator]
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_the_real_one_is_understood_on_a_full_disk() -> None:
    with pytest.raises(OSError, match="No space left on device"):
        run_ffmpeg([ffmpeg_program(), *NOISE, "/dev/full"])


@pytest.mark.parametrize("run", [run_ffmpeg, fed])
def test_what_else_fails_is_told_in_its_last_words(run: object) -> None:
    with pytest.raises(FfmpegError, match=r"exit status 3\): b / c / d / e$"):
        run(failing("a\nb\nc\nd\ne\n", 3))  # type: ignore[operator]
    with pytest.raises(FfmpegError, match="it gave no reason"):
        run(failing("", 1))  # type: ignore[operator]
