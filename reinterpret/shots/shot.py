"""The types of this stage: `Shot`, and the `Boundary` at which one begins."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reinterpret.timebase import Span

Transition = Literal["start", "cut", "fade"]
TRANSITIONS: tuple[Transition, ...] = ("start", "cut", "fade")


@dataclass(frozen=True, order=True, slots=True)
class Boundary:
    """The first frame of a shot, and how the shot begins."""

    frame: int
    transition: Transition = "cut"


@dataclass(frozen=True, slots=True)
class Shot:
    """The frames between two cuts. The shots of a film tile it: no gap, no overlap."""

    video: str
    """Fingerprint of the film."""
    number: int
    """From 0, in the order of the film."""
    span: Span
    """Seconds from the first frame of the film; half-open."""
    start_frame: int
    end_frame: int
    """Half-open: the frame after the last."""
    transition: Transition
    """How it begins; `start` for the first shot of a film."""

    def __post_init__(self) -> None:
        if self.number < 0 or not 0 <= self.start_frame < self.end_frame:
            raise ValueError(f"a shot needs a number and a frame, got {self}")
        if self.transition not in TRANSITIONS:
            raise ValueError(f"a shot begins with one of {', '.join(TRANSITIONS)}, got {self.transition!r}")

    @property
    def frame_count(self) -> int:
        """How many frames it has; at least one."""
        return self.end_frame - self.start_frame
