"""Shots: the small frames of a film go in, the shots between its cuts come out.

A detector is fed every frame once, in order, as the small I420 planes that the one decoding pass makes,
and says where shots begin. `scan` runs it and keeps, for every shot, a few evenly spaced frames.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Protocol

import numpy as np

from reinterpret.errors import UsageError
from reinterpret.shots.shot import Boundary, Shot, Transition
from reinterpret.video import Video

__all__ = ["DEFAULT_DETECTOR", "Boundary", "Shot", "ShotDetector", "Transition", "detector_names", "load_detector"]

DEFAULT_DETECTOR = "adaptive"


class ShotDetector(Protocol):
    """Finds where shots begin, one frame at a time."""

    name: str
    delay_frames: int
    """A boundary is reported at most this many frames after the frame that it names."""

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        """Take frame `number` (1.5 H x W uint8, I420) and return the boundaries that have become certain."""
        ...

    def finish(self) -> list[Boundary]:
        """The film is over: return what is left."""
        ...


def load_detector(name: str, *, frame_rate: Fraction) -> ShotDetector:
    """A fresh detector for one film. Raises UsageError for an unknown name."""
    makers = _detectors()
    if name not in makers:
        raise UsageError(f"unknown detector {name!r}; choose one of {', '.join(sorted(makers))}")
    return makers[name](frame_rate)


def detector_names() -> list[str]:
    """What `load_detector` knows, sorted."""
    return sorted(_detectors())


def _detectors() -> dict[str, Callable[[Fraction], ShotDetector]]:
    from reinterpret.shots.content import adaptive_detector, content_detector
    from reinterpret.shots.whole import WholeFilm

    return {"adaptive": adaptive_detector, "content": content_detector, "none": lambda frame_rate: WholeFilm()}


def detect_shots(video: Video, *, detector: str = DEFAULT_DETECTOR) -> list[Shot]:
    """The shots of a film, which tile it from its first frame to its last. Raises VideoError, UsageError."""
    from reinterpret.shots.scan import Scan

    with Scan(video, detector=detector) as scan:
        return [scanned.shot for scanned in scan]
