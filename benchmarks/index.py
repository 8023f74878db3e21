"""Indexing against plain decoding, its memory, and searching: the budgets, as ratios in one run.

python benchmarks/index.py [--runs 3] [--camera FILM] [--web FILM] [--vectors 100000]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from fractions import Fraction
from pathlib import Path

import numpy as np
from measure import Run, camera_film, heading, in_turn, reinterpret_command, row, run, web_film

from reinterpret.cues import CUES, PRESETS
from reinterpret.cues.content import Whitening
from reinterpret.cues.lettering_table import LetteringTable
from reinterpret.cues.vectors import CueVectors
from reinterpret.ffmpeg import ffmpeg_program
from reinterpret.neighbours import Neighbours, ShotTable, build_index
from reinterpret.timebase import Span
from reinterpret.video import probe


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=60, help="length of the films that are generated")
    parser.add_argument("--camera", type=Path, help="a 1080p film of camera quality, instead of a generated one")
    parser.add_argument("--web", type=Path, help="a 720p film at the bit rate of the web")
    parser.add_argument("--vectors", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        camera = options.camera or camera_film(work / "camera.mp4", options.seconds)
        web = options.web or web_film(work / "web.mp4", options.seconds)
        print(heading())
        for film, label in ((camera, "1080p camera"), (web, "720p web")):
            _against_decoding(film, label, work, options.runs)
        _memory(work, options.seconds)
    _searching(options.vectors)
    print(row("--help", [run(reinterpret_command("--help")).seconds for _ in range(5)], "s", "<= 0.3"))


def _against_decoding(film: Path, label: str, work: Path, runs: int) -> None:
    duration = float(probe(film).duration)
    decoding = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-i", str(film), "-f", "null", "-"]

    def ours() -> Run:
        shutil.rmtree(work / "library", ignore_errors=True)
        return run(reinterpret_command("index", film, "-L", work / "library"))

    indexed, decoded, ratios = in_turn(ours, lambda: run(decoding), runs)
    print(row(f"{label}: index / ffmpeg decoding", ratios, "times", "<= 1.3" if "1080" in label else ""))
    print(
        row(
            f"{label}: index",
            [duration / one.seconds for one in indexed],
            "x real time",
            ">= 60" if "720" in label else "",
        )
    )
    print(row(f"{label}: ffmpeg decoding", [duration / one.seconds for one in decoded], "x real time"))
    print(row(f"{label}: index, peak memory", [one.peak_bytes / 2**20 for one in indexed], "MiB", "<= 1536"))


def _memory(work: Path, seconds: float) -> None:
    """Does memory grow with the length of the film?"""
    for times in (1, 8):
        film = web_film(work / f"long{times}.mp4", seconds / 2 * times)
        shutil.rmtree(work / "library", ignore_errors=True)
        peak = run(reinterpret_command("index", film, "-L", work / "library", "--jobs", "1")).peak_bytes
        print(row(f"peak memory, 720p of {seconds / 2 * times:.0f} s, one job", [peak / 2**20], "MiB", "<= 1536"))


def _searching(count: int) -> None:
    random = np.random.default_rng(1)
    lengths = [256 if cue.dimensions is None else cue.dimensions for cue in CUES]
    matrices = [random.standard_normal((count, length), np.float32) for length in lengths]
    for matrix in matrices:
        matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    known = np.ones((count, len(CUES)), bool)
    table = ShotTable(
        film_rows=np.zeros(count, np.int32),
        shots=np.arange(count, dtype=np.int32),
        seconds=np.full(count, 4, np.float32),
        suggested=np.ones(count, bool),
        footage=np.ones(count, bool),
        titles=np.zeros(count, bool),
        known=known,
        usual=np.array([[0.0] * len(CUES), [1.0] * len(CUES)], np.float32),
    )
    unchanged = Whitening(np.zeros(256, np.float32), np.eye(256, dtype=np.float32), np.zeros((256, 0), np.float32))
    nothing_written = LetteringTable.of([None] * count, [Span(Fraction(0), Fraction(4))] * count)
    built = build_index(np.concatenate(matrices, axis=1))
    neighbours = Neighbours(built, ["0" * 32], table, unchanged, nothing_written)
    queries = neighbours.query(CueVectors(tuple(matrix[:11] for matrix in matrices), known[:11]))
    times = []
    for number in range(11):
        began = time.perf_counter()
        neighbours.search(queries.row(number), 10, weights=PRESETS["balanced"])
        times.append((time.perf_counter() - began) * 1000)
    # The first warms up.
    print(row(f"search among {count} shots", times[1:], "ms", "<= 10 among 1,000,000"))


if __name__ == "__main__":
    main()
