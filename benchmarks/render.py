"""Rendering a reinterpretation against one plain ffmpeg encode of the same length, size and settings.

python benchmarks/render.py [--runs 3] [--trailer FILM] [--archive FOLDER]
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path

from measure import Run, heading, in_turn, reinterpret_command, row, run, web_film

import reinterpret
from reinterpret.ffmpeg import ffmpeg_program

ROOT = Path(__file__).resolve().parents[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--trailer", type=Path, default=ROOT / "sample_media" / "trailer.mp4")
    parser.add_argument("--archive", type=Path, default=ROOT / "sample_media" / "archive")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        os.environ["REINTERPRET_CACHE"] = str(work / "cache")
        trailer, archive = options.trailer, options.archive
        if not trailer.exists():
            print("the sample footage is not collected (python sample_media/collect.py): generated films instead")
            trailer, archive = web_film(work / "trailer.mp4", 30), web_film(work / "archive.mp4", 60)
        reinterpret.index([archive], work / "library", encoder="pixels")
        edit = reinterpret.match(trailer, reinterpret.Library.open(work / "library"))
        edit.save(work / "edit.json")
        print(heading())
        for layout in ("alone", "side-by-side"):
            _against_encoding(edit, work, layout, options.runs)


def _against_encoding(edit: reinterpret.EditList, work: Path, layout: str, runs: int) -> None:
    """The plain encode reads the film that we have made, so that it has the very same pictures to encode."""
    out, plain = work / f"{layout}.mp4", work / "plain.mp4"

    def ours() -> Run:
        for segment in (work / "cache" / "segments").glob("*.mp4"):
            segment.unlink()
        return run(reinterpret_command("render", work / "edit.json", "-o", out, "--layout", layout))

    encoding = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", "-i", str(out), "-c:v", "libx264"]
    encoding += ["-preset", "medium", "-crf", "18", "-c:a", "copy", "-movflags", "+faststart", str(plain)]
    rendered, encoded, ratios = in_turn(ours, lambda: run(encoding), runs)
    frames = edit.grid.frame_count
    print(row(f"{layout}: render / plain encode", ratios, "times", "<= 1.3"))
    print(row(f"{layout}: render", [frames / one.seconds for one in rendered], "frames/s"))
    print(row(f"{layout}: plain encode", [frames / one.seconds for one in encoded], "frames/s"))
    print(row(f"{layout}: render, peak memory", [one.peak_bytes / 2**20 for one in rendered], "MiB"))
    # Nothing has changed since: only the joining is left.
    print(
        row(
            f"{layout}: render again",
            [run(reinterpret_command("render", work / "edit.json", "-o", out, "--layout", layout)).seconds],
            "s",
        )
    )


if __name__ == "__main__":
    main()
