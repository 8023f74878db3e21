"""`webcam` from a film in place of a camera: queries a second, latencies, and whether memory grows.

python benchmarks/webcam.py [--minutes 1] [--film FILM] [--archive FOLDER | --library LIB] [--layout side-by-side]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path

from measure import tree_bytes, web_film

import reinterpret
from reinterpret.ffmpeg import ffmpeg_program, run_ffmpeg

ROOT = Path(__file__).resolve().parents[1]
# In the first part caches fill and decoders open for the first time.
_PARTS = 6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--film", type=Path, help="what stands before the camera; a generated 720p film by default")
    parser.add_argument("--archive", type=Path, default=ROOT / "sample_media" / "archive")
    parser.add_argument("--library", type=Path, help="instead of --archive: one that is indexed already")
    parser.add_argument("--layout", default="side-by-side", choices=["side-by-side", "archive", "inset"])
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        film = _as_long(options.film or web_film(work / "web.mp4", 40), options.minutes * 60, work)
        if options.library is None:
            archive = options.archive if options.archive.is_dir() else film
            reinterpret.index([archive], work / "library")
        library = reinterpret.Library.open(options.library or work / "library")
        memory = _Memory()
        with memory:
            report = reinterpret.webcam(
                library,
                film,
                out=work / "out.mp4",
                headless=True,
                layout=options.layout,
                seconds=options.minutes * 60,
            )
    _print(report, memory)


def _as_long(film: Path, seconds: float, work: Path) -> Path:
    """The film again and again, until it is long enough; nothing is encoded anew."""
    path = work / f"long{film.suffix}"
    command = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", "-stream_loop", "-1", "-i", str(film)]
    run_ffmpeg([*command, "-t", str(seconds + 1), "-c", "copy", "-an", str(path)])
    return path


class _Memory:
    """Resident memory of this process and all below it, once a second, in MiB."""

    def __init__(self) -> None:
        self.samples: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> _Memory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._over.wait(1.0):
            self.samples.append(tree_bytes(os.getpid()) / 2**20)


def _print(report: reinterpret.WebcamReport, memory: _Memory) -> None:
    cpu = time.process_time()
    print(f"{report.frames} frames in {report.seconds:.0f} s, {report.repeated} of them repeated")
    print(f"queries a second           {report.queries_per_second:8.1f}      to reach: 15")
    for name, latency, budget in (
        ("frame to match", report.latency, "to reach: 120 in the median"),
        ("frame to changed picture", report.change_latency, ""),
    ):
        print(f"{name:<26} {latency.median_ms or 0:8.0f} ms   95 %: {latency.p95_ms or 0:.0f} ms   {budget}")
    print(f"changes                    {report.changes:8d}")
    print(f"processor, this process    {cpu:8.1f} s    of {report.seconds:.0f} s (two cores have twice as many)")
    # Where the encoder is behind, up to 24 pictures wait for it, 30 MiB: that is no growth.
    size = len(memory.samples) // _PARTS
    if size:
        parts = [statistics.median(memory.samples[part * size : (part + 1) * size]) for part in range(_PARTS)]
        print(f"memory                     {' '.join(f'{part:.0f}' for part in parts)} MiB, part by part of the run")
        print(f"growth, without the first  {parts[-1] - parts[1]:+8.0f} MiB   to reach: none")


if __name__ == "__main__":
    main()
