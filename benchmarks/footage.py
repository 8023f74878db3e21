"""The footage that test films are edited from: stretches of clips without a cut of their own.

For testing the clips are those that training/films.csv calls `test`: no detector of ours has been trained on them.
Where their own cuts are is read from marks/archive.csv (`film,transition,start_frame,end_frame,note`); without that
file PySceneDetect looks for them, at a threshold at which it takes much for a cut that is none.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from annotations import read_archive_marks

from reinterpret.frames import FrameReader, Scaler, decode
from reinterpret.video import Video, probe

_SAFE_FRAMES = 2  # marks and time stamps may be a frame off
_LOW_THRESHOLD = 15.0  # PySceneDetect's own is 27
# Enlarged by half for pans and zooms; more is not needed for films of this size.
_LARGEST_WIDTH = 1000


@dataclass(frozen=True)
class Stretch:
    """A part of a clip, all of one shot. Its frames are counted from its start, at the clip's mean rate."""

    video: Video
    start: Fraction
    end: Fraction
    """Seconds; half-open."""

    @property
    def frame_count(self) -> int:
        return math.floor((self.end - self.start) * self.video.frame_rate)

    def pictures(self, numbers: list[int]) -> Iterator[np.ndarray]:
        """H x W x 3 uint8 RGB of some frames, in ascending order; not larger than needed."""
        video = self.video
        width = min(video.width, _LARGEST_WIDTH)
        scaler = Scaler(width // 2 * 2, video.height * width // video.width // 2 * 2, rotation=video.rotation)
        last, picture = -1, np.empty(0, np.uint8)
        with FrameReader(video) as reader:
            for number in numbers:
                if number != last:
                    picture = scaler.rgb(reader.at(self.start + number / video.frame_rate).picture)
                    last = number
                yield picture


def footage_for(use: str, films: Path, folder: Path, marks: Path | None = None, *, at_least: int = 20) -> list[Stretch]:
    """The stretches of `at_least` frames in the clips that are for `test`, or for `train`."""
    with films.open(encoding="utf-8", newline="") as file:
        names = sorted(row["film"] for row in csv.DictReader(file) if row["use"] == use)
    known = read_archive_marks(marks) if marks is not None and marks.exists() else None
    stretches: list[Stretch] = []
    for name in names:
        video = probe(folder / name)
        marked = () if known is None else known.get(name, ())
        cuts = _looked_for(video.path) if known is None else [(mark.start_frame, mark.end_frame) for mark in marked]
        stretches += [stretch for stretch in _between(video, cuts) if stretch.frame_count >= at_least]
    return stretches


def _between(video: Video, cuts: list[tuple[int, int]]) -> Iterator[Stretch]:
    """What lies between the cuts. Where there are some the film is decoded, to know when its frames are shown."""
    if not cuts:
        yield Stretch(video, Fraction(0), video.duration - _SAFE_FRAMES / video.frame_rate)
        return
    instants = [frame.seconds for frame in decode(video)]
    start = 0
    for first, end in [*sorted(cuts), (len(instants), len(instants))]:
        if first - _SAFE_FRAMES - 1 > start:
            yield Stretch(video, instants[start], instants[first - _SAFE_FRAMES - 1])
        start = min(max(start, end) + _SAFE_FRAMES, len(instants) - 1)


def _looked_for(path: Path) -> list[tuple[int, int]]:
    from scenedetect import ContentDetector, detect

    scenes = detect(str(path), ContentDetector(threshold=_LOW_THRESHOLD, min_scene_len=1))
    return [(int(start.frame_num), int(start.frame_num)) for start, _ in scenes[1:]]
