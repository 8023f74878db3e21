"""What the benchmarks share: running commands in turn, their time and memory, and films to run them on."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reinterpret.ffmpeg import ffmpeg_program, run_ffmpeg
from reinterpret.video import probe

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


@dataclass(frozen=True)
class Run:
    """One run of a command."""

    seconds: float
    peak_bytes: int
    """Of the process and all its children together, sampled 20 times a second; 0 where there is no /proc."""


def reinterpret_command(*arguments: str | Path) -> list[str]:
    """The command line as a user would call it, with this Python."""
    return [sys.executable, "-m", "reinterpret", *map(str, arguments)]


def run(command: Sequence[str]) -> Run:
    """Run a command to its end; a failure ends the benchmark with what the command said."""
    began = time.perf_counter()
    process = subprocess.Popen(
        list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(process.stdout.read() if process.stdout else b""))
    reader.start()
    peak = 0
    while process.poll() is None:
        peak = max(peak, tree_bytes(process.pid))
        time.sleep(0.05)
    reader.join()
    if process.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{said[0].decode(errors='replace')[-2000:]}")
    return Run(time.perf_counter() - began, peak)


def in_turn(ours: Callable[[], Run], theirs: Callable[[], Run], runs: int) -> tuple[list[Run], list[Run], list[float]]:
    """A B A B ...: both commands after a warm-up each, and the ratio of their times pair by pair."""
    ours(), theirs()
    pairs = [(ours(), theirs()) for _ in range(runs)]
    return [a for a, _ in pairs], [b for _, b in pairs], [a.seconds / b.seconds for a, b in pairs]


def row(name: str, values: Sequence[float], unit: str, budget: str = "") -> str:
    """A line of the table: minimum, median and maximum."""
    low, middle, high = min(values), statistics.median(values), max(values)
    return f"{name:<46} {low:9.2f} {middle:9.2f} {high:9.2f}  {unit:<14} {budget}"


def heading() -> str:
    return f"{'':<46} {'min':>9} {'median':>9} {'max':>9}  {'unit':<14} budget"


def camera_film(path: Path, seconds: float) -> Path:
    """1080p of camera quality: moving, noisy, about 40 Mbit/s."""
    return _generated(
        path, seconds, "1920x1080", 20, ["-b:v", "40M", "-minrate", "40M", "-maxrate", "60M", "-bufsize", "40M"]
    )


def web_film(path: Path, seconds: float) -> Path:
    """720p at the bit rate of the web: about 1.5 Mbit/s."""
    return _generated(path, seconds, "1280x720", 2, ["-b:v", "1500k", "-maxrate", "2M", "-bufsize", "4M"])


def looped_trailer(trailer: Path, seconds: int, work: Path) -> tuple[Path, Path]:
    """A film over and over, so many seconds long, and a list of cuts that makes every second of it a shot."""
    looped, cuts = work / "long-trailer.mp4", work / "cuts.txt"
    loops = str(int(seconds / probe(trailer).duration) + 1)
    command = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", "-stream_loop", loops, "-i", str(trailer)]
    run_ffmpeg([*command, "-t", str(seconds), "-c", "copy", str(looped)])
    # With a point: whole numbers would be frames.
    cuts.write_text("".join(f"{second}.0\n" for second in range(1, seconds)))
    return looped, cuts


def _generated(path: Path, seconds: float, size: str, noise: int, rate: list[str]) -> Path:
    # A new scene every four seconds, so that there are shots to find.
    source = f"testsrc2=size={size}:rate=25,hue='H=floor(t/4)*2':b='2*sin(floor(t/4)*2)',noise=alls={noise}:allf=t"
    command = [
        ffmpeg_program(),
        "-nostdin",
        "-loglevel",
        "error",
        "-y",
        "-f",
        "lavfi",
        "-t",
        str(seconds),
        "-i",
        source,
    ]
    run_ffmpeg([*command, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", *rate, str(path)])
    return path


def resident_bytes(process: int) -> int:
    """Resident memory of a process alone. Raises OSError if it has ended, or there is no /proc."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES


def tree_bytes(root: int) -> int:
    """Resident memory of a process and its children."""
    total, waiting = 0, [root]
    while waiting:
        process = waiting.pop()
        try:
            total += resident_bytes(process)
            for task in Path(f"/proc/{process}/task").iterdir():
                waiting += [int(child) for child in (task / "children").read_text().split()]
        except (OSError, ValueError, IndexError):
            continue  # it has ended meanwhile, or there is no /proc
    return total
