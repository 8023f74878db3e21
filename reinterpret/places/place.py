"""The type of this stage: `Place`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from reinterpret.clip_transitions import Dissolve, Fade

PlaceKind = Literal["scene", "title", "black", "white"]

FadePolicy = Literal["follow", "cut"]
"""What becomes of the trailer's fades: they are laid on the footage, or it begins and ends hard."""

WipePolicy = Literal["dissolve", "cut"]
"""What the trailer's wipes become."""


@dataclass(frozen=True, slots=True)
class Place:
    """Frames of a trailer that become one clip. The places of a trailer tile its grid: no gap, no overlap."""

    first_frame: int
    end_frame: int
    """Half-open, on the grid of the trailer, with the frames of its fades."""
    kind: PlaceKind
    row: int | None
    """The number of the trailer's shot that it shows; several places may show one, as where a black frame stands in its
    midst. None of black and white."""
    body: tuple[int, int]
    """First and end frame of what is clear of fades and dissolves; of a place that is never clear it may be empty."""
    fade_in: Fade | None = None
    fade_out: Fade | None = None
    dissolve: Dissolve | None = None
    """How the trailer goes over from the place before, if it dissolves."""

    def __post_init__(self) -> None:
        if self.kind not in get_args(PlaceKind) or (self.row is None) != (self.kind in ("black", "white")):
            raise ValueError(f"a scene or a title shows a shot, black and white show none, got {self}")
        if not 0 <= self.first_frame < self.end_frame:
            raise ValueError(f"a place has a frame, got {self.first_frame} to {self.end_frame}")
        if not self.first_frame <= self.body[0] <= self.body[1] <= self.end_frame:
            raise ValueError(f"the body of a place lies within it, got {self}")
        if self.dissolve is not None and self.fade_in is not None:
            raise ValueError(f"a place begins with a fade or with a dissolve, got {self}")

    @property
    def frame_count(self) -> int:
        """How many frames it has; at least one."""
        return self.end_frame - self.first_frame
