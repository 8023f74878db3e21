"""How a clip of an edit begins and ends: out of black or white, into it, or over a dissolve from the clip before.

All of it is the trailer's own, measured frame by frame, and laid on the footage that stands for its shots.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from reinterpret.fields import Field

FadeColour = Literal["black", "white"]


@dataclass(frozen=True, slots=True)
class Fade:
    """A fade at the beginning or the end of a clip."""

    colour: FadeColour
    """What the picture comes out of, or goes into."""
    gains: tuple[float, ...]
    """One value per frame of the fade, in the order of the frames: the share of the picture that is left, from 0 (only
    the colour) to 1 (the picture as it is). In values of video as they are coded: Y' = 16 + gain x (Y - 16) for black.
    """

    def __post_init__(self) -> None:
        if self.colour not in get_args(FadeColour):
            raise ValueError(f"a fade is to or from {' or '.join(get_args(FadeColour))}, got {self.colour!r}")
        if not self.gains or not all(math.isfinite(gain) and 0 <= gain <= 1 for gain in self.gains):
            raise ValueError(f"a fade has a gain from 0 to 1 for each of its frames, at least one, got {self.gains}")

    def __len__(self) -> int:
        return len(self.gains)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {"colour": self.colour, "gains": list(self.gains)}

    @classmethod
    def from_json(cls, values: Field) -> Fade:
        """Raises FieldError."""
        gains = values["gains"].list()
        if not gains:
            values["gains"].refuse("at least one gain")
        return cls(
            cast(FadeColour, values["colour"].text(get_args(FadeColour))), tuple(gain.number(0, 1) for gain in gains)
        )


@dataclass(frozen=True, slots=True)
class Dissolve:
    """A dissolve around the cut at which a clip begins: how many frames before and after it show both clips.

    Frame n of its N = before + after, from 0, shows (n + 1) / (N + 1) of the clip that begins.
    """

    before: int
    """Frames before the cut, on which the clip that begins is seen already."""
    after: int
    """Frames after the cut, on which the clip before is seen still."""

    def __post_init__(self) -> None:
        if self.before < 0 or self.after < 0 or self.before + self.after < 1:
            raise ValueError(f"a dissolve has frames before or after its cut, got {self.before} and {self.after}")

    @property
    def frame_count(self) -> int:
        """How many frames show both clips."""
        return self.before + self.after

    def share(self, frame: int) -> float:
        """How much of the clip that begins is seen at a frame, counted from the cut (negative before it): 0 to 1."""
        return min(max((frame + self.before + 1) / (self.frame_count + 1), 0.0), 1.0)

    def to_json(self) -> dict[str, int]:
        """As plain JSON values; `from_json` is the inverse."""
        return {"before": self.before, "after": self.after}

    @classmethod
    def from_json(cls, values: Field) -> Dissolve:
        """Raises FieldError."""
        before, after = values["before"].integer(0), values["after"].integer(0)
        if before + after < 1:
            values.refuse("a frame before or after the cut")
        return cls(before, after)
