"""The types of this stage: `Shot`, and the `Boundary` between two shots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reinterpret.timebase import Span

Transition = Literal["start", "cut", "dissolve", "fade", "wipe"]
TRANSITIONS: tuple[Transition, ...] = ("start", "cut", "dissolve", "fade", "wipe")


@dataclass(frozen=True, order=True, slots=True)
class Boundary:
    """Where one shot ends and the next begins. Make one with `cut` or `gradual`.

    The shots of a film tile it, so a gradual transition is shared out between them; `body` of `Shot` is without it.
    """

    frame: int
    """The first frame of the new shot; of a gradual transition, its middle."""
    transition: Transition
    start_frame: int
    end_frame: int
    """The frames of the transition, half-open: those that belong to neither shot alone. Of a cut there are none."""
    confidence: float = 1.0
    """From 0 to 1."""

    def __post_init__(self) -> None:
        if self.transition not in TRANSITIONS:
            raise ValueError(f"a shot begins with one of {', '.join(TRANSITIONS)}, got {self.transition!r}")
        if not 0 <= self.start_frame <= self.frame <= self.end_frame:
            raise ValueError(f"a boundary lies within its transition, got {self}")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"a confidence is a number from 0 to 1, got {self.confidence}")

    @classmethod
    def cut(cls, frame: int, confidence: float = 1.0) -> Boundary:
        """A hard cut: `frame` is the first of the new shot."""
        return cls(frame, "cut", frame, frame, confidence)

    @classmethod
    def gradual(cls, transition: Transition, start_frame: int, end_frame: int, confidence: float = 1.0) -> Boundary:
        """A transition over the frames from `start_frame` to `end_frame`, half-open."""
        return cls((start_frame + end_frame) // 2, transition, start_frame, end_frame, confidence)


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
    body: Span
    """The part of the span that is free of the transitions at both ends: what is embedded and shown elsewhere."""
    body_start_frame: int
    body_end_frame: int
    """Half-open; at least one frame."""
    confidence: float = 1.0
    """Of the boundary at which it begins, from 0 to 1."""

    def __post_init__(self) -> None:
        if self.number < 0 or not 0 <= self.start_frame < self.end_frame:
            raise ValueError(f"a shot needs a number and a frame, got {self}")
        if self.transition not in TRANSITIONS:
            raise ValueError(f"a shot begins with one of {', '.join(TRANSITIONS)}, got {self.transition!r}")
        if not self.start_frame <= self.body_start_frame < self.body_end_frame <= self.end_frame:
            raise ValueError(f"the body of a shot lies within it and has a frame, got {self}")
        if not self.span.start <= self.body.start < self.body.end <= self.span.end:
            raise ValueError(f"the body of a shot lies within its span, got {self}")

    @property
    def frame_count(self) -> int:
        """How many frames it has; at least one."""
        return self.end_frame - self.start_frame
