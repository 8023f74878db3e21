"""The door to ffmpeg: what is said when it fails."""

from __future__ import annotations

import errno
import sys
import tempfile
from pathlib import Path

import pytest

from reinterpret.errors import FfmpegError
from reinterpret.ffmpeg import FrameSink, ffmpeg_program, run_ffmpeg

NOISE = ("-loglevel", "error", "-f", "lavfi", "-i", "color=s=64x64:d=1", "-f", "gif", "-y")


def failing(said: str, status: int) -> list[str]:
    """A program that says something and leaves with a status."""
    return [sys.executable, "-c", f"import sys; print({said!r}, file=sys.stderr); sys.exit({status})"]


def reading(said: str) -> list[str]:
    """A program that takes all that it is fed, says something and is content."""
    return [sys.executable, "-c", f"import sys; sys.stdin.buffer.read(); print({said!r}, file=sys.stderr)"]


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
        # As releases before 6 do where all that was missing is the end.
        failing("Error writing trailer of a.mp4: No space left on device", 0),
        failing("[mp4 @ 0x5] a\nError closing file a.mp4: No space left on device", 0),
    ],
    ids=["said", "status alone", "said with status 0", "said last with status 0"],
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
def test_a_film_without_its_end_has_failed_whatever_the_exit_status_is(run: object) -> None:
    with pytest.raises(FfmpegError, match=r"Error closing file a\.mp4: Input/output error"):
        run(failing("Error closing file a.mp4: Input/output error", 0))  # type: ignore[operator]
    # What is said of what it reads, or of a file with such a name, is no failure.
    run(reading("[aac @ 0x5] Error closing the frame\n[mov @ 0x5] Error writing trailer.mov: odd"))  # type: ignore[operator]


@pytest.mark.parametrize("run", [run_ffmpeg, fed])
def test_what_else_fails_is_told_in_its_last_words(run: object) -> None:
    with pytest.raises(FfmpegError, match=r"exit status 3\): b / c / d / e$"):
        run(failing("a\nb\nc\nd\ne\n", 3))  # type: ignore[operator]
    with pytest.raises(FfmpegError, match="it gave no reason"):
        run(failing("", 1))  # type: ignore[operator]


def test_an_ffmpeg_that_says_much_goes_on_and_its_last_words_are_kept() -> None:
    """More than a pipe holds, before, between and after the frames."""
    program = """
import sys
for _ in range(64):
    print(1000 * "word ", file=sys.stderr, flush=True)
    sys.stdin.buffer.read(1 << 16)
print("the last", file=sys.stderr)
sys.exit(3)
"""
    with pytest.raises(FfmpegError, match=r"exit status 3\).* / the last$"):
        fed([sys.executable, "-c", program])


def test_what_an_ffmpeg_says_needs_no_room_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(OSError, match="No space left on device") as caught:
        fed(failing("Error writing trailer of a.mp4: No space left on device", 1))
    assert caught.value.errno == errno.ENOSPC
