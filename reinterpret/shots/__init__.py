"""Shots: the small frames of a film go in, the shots between its cuts come out.

A detector is fed every frame once, in order, as the small I420 planes that the one decoding pass makes,
and says where shots begin. `scan` runs it and keeps, for every shot, a few evenly spaced frames.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from reinterpret.errors import UsageError
from reinterpret.shots.shot import Boundary, Shot, Transition
from reinterpret.timebase import format_fraction, parse_fraction
from reinterpret.video import Video

__all__ = [
    "DEFAULT_DETECTOR",
    "Boundary",
    "Detection",
    "Shot",
    "ShotDetector",
    "Transition",
    "detect_shots",
    "detector_names",
    "load_detector",
]

DEFAULT_DETECTOR = "fast"
DEFAULT_SENSITIVITY = 0.5
# Three frames of film: shorter than the shots of the fastest trailers, as long as a photographer's flash.
DEFAULT_MIN_SHOT = Fraction(1, 8)
# Frames are held for as long as it is open which boundary stays: 100 MB for a minute of film.
_LONGEST_MIN_SHOT = 60


class ShotDetector(Protocol):
    """Finds where shots begin, one frame at a time.

    It may also report a boundary at frame 0 or behind the last frame: the film fades in, or out. No shot begins there,
    but the body of the first or last one is the shorter for it. How short shots may be is none of its business.
    """

    name: str
    delay_frames: int
    """A boundary is reported at most this many frames after the first frame of its transition; it may be earlier."""

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        """Take frame `number` (1.5 H x W uint8, I420) and return the boundaries that have become certain, in order.

        The frame may be kept for `delay_frames`: it must not be written over.
        """
        ...

    def finish(self) -> list[Boundary]:
        """The film is over: return what is left, in order."""
        ...


@dataclass(frozen=True, slots=True)
class Detection:
    """How the shots of a film are found."""

    detector: str = DEFAULT_DETECTOR
    """One of `detector_names()`."""
    sensitivity: float = DEFAULT_SENSITIVITY
    """From 0 (only what is beyond doubt) to 1 (all that might be a cut); 0.5 is what the detector is made for."""
    min_shot: Fraction = DEFAULT_MIN_SHOT
    """Seconds: of boundaries closer together than this, the more certain one is kept."""
    cuts: Path | None = None
    """A list of cuts, or a folder of them, that is used instead of looking at the film."""

    def __post_init__(self) -> None:
        if self.detector not in _detectors():
            raise UsageError(f"unknown detector {self.detector!r}; choose one of {', '.join(detector_names())}")
        if not (math.isfinite(self.sensitivity) and 0 <= self.sensitivity <= 1):
            raise UsageError(f"the sensitivity is a number from 0 to 1, got {self.sensitivity:g}")
        if not 0 <= self.min_shot <= _LONGEST_MIN_SHOT:
            raise UsageError(
                f"the shortest shot is a number of seconds from 0 to {_LONGEST_MIN_SHOT}, got {float(self.min_shot):g}"
            )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {
            "detector": self.detector,
            "sensitivity": self.sensitivity,
            "min_shot_seconds": format_fraction(self.min_shot),
            "cuts": None if self.cuts is None else str(self.cuts),
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Detection:
        """Raises KeyError, TypeError or ValueError for values that are not those of a detection, and UsageError."""
        return cls(
            detector=str(values["detector"]),
            sensitivity=float(values["sensitivity"]),
            min_shot=parse_fraction(values["min_shot_seconds"]),
            cuts=None if values.get("cuts") is None else Path(values["cuts"]),
        )


def load_detector(name: str, *, frame_rate: Fraction, sensitivity: float = DEFAULT_SENSITIVITY) -> ShotDetector:
    """A fresh detector for one film. Raises UsageError for an unknown name, or one that is not installed."""
    makers = _detectors()
    if name not in makers:
        raise UsageError(f"unknown detector {name!r}; choose one of {', '.join(sorted(makers))}")
    return makers[name](frame_rate, sensitivity)


def detector_names() -> list[str]:
    """What `load_detector` knows, sorted."""
    return sorted(_detectors())


def _detectors() -> dict[str, Callable[[Fraction, float], ShotDetector]]:
    from reinterpret.shots.content import adaptive_detector, content_detector
    from reinterpret.shots.fast import FastDetector
    from reinterpret.shots.transnetv2 import transnetv2_detector
    from reinterpret.shots.whole import WholeFilm

    return {
        "adaptive": adaptive_detector,
        "content": content_detector,
        "fast": FastDetector,
        "none": lambda rate, sensitivity: WholeFilm(),
        "transnetv2": transnetv2_detector,
    }


def detect_shots(video: Video, *, detection: Detection = Detection()) -> list[Shot]:
    """The shots of a film, which tile it from its first frame to its last. Raises VideoError, UsageError."""
    from reinterpret.shots.scan import Scan

    with Scan(video, detection=detection) as scan:
        return [scanned.shot for scanned in scan]
