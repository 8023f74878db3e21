"""Blending: fades and dissolves, drawn on the coded values of a frame."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from reinterpret.clip_transitions import Dissolve, FadeColour
from reinterpret.edits import Clip, EditList
from reinterpret.placed_transitions import Gain
from reinterpret.rendering.panel import Planes, black_planes

# Y of black and of white as video is coded; U and V of both.
_LUMA = {"black": 16, "white": 235}
_CHROMA = 128
# The tables of a fade of some seconds: the next clip's are others.
_KEPT_TABLES = 512


@dataclass(frozen=True, slots=True)
class Overlap:
    """Frames of a clip on which a neighbour is seen as well, in a dissolve."""

    other: Clip
    frames: range
    """On the edit's grid; within the clip."""
    cut: int
    """The frame at which one of the two ends and the other begins."""
    dissolve: Dissolve

    def other_share(self, frame: int) -> float:
        """How much of the neighbour is seen at a frame."""
        begins = self.dissolve.share(frame - self.cut)
        return begins if self.other.first_frame == self.cut else 1 - begins


def overlaps_of(edit: EditList, number: int) -> list[Overlap]:
    """Where a clip dissolves with its neighbours, as it is rendered; nothing where it is cut."""
    clip, found = edit.clips[number], []
    if (dissolve := edit.dissolve_at(number)) is not None and dissolve.after:
        cut = clip.first_frame
        found.append(Overlap(edit.clips[number - 1], range(cut, cut + dissolve.after), cut, dissolve))
    if number + 1 < len(edit.clips) and (dissolve := edit.dissolve_at(number + 1)) is not None and dissolve.before:
        cut = clip.end_frame
        found.append(Overlap(edit.clips[number + 1], range(cut - dissolve.before, cut), cut, dissolve))
    return found


def faded(planes: Planes, gain: Gain) -> Planes:
    """A frame of which a part is left, over black or white."""
    import cv2

    luma, chroma = _table(_LUMA[gain.colour], gain.share), _table(_CHROMA, gain.share)
    y, u, v = (cv2.LUT(_plain(plane), table) for plane, table in zip(planes, (luma, chroma, chroma), strict=True))
    return Planes(y, u, v)


def mixed(planes: Planes, other: Planes, share: float) -> Planes:
    """A frame with so much of another one over it."""
    import cv2

    y, u, v = (
        cv2.addWeighted(_plain(over), share, _plain(under), 1 - share, 0)
        for under, over in zip(planes, other, strict=True)
    )
    return Planes(y, u, v)


def even_planes(colour: FadeColour, width: int, height: int) -> Planes:
    """A black or a white frame; width and height even."""
    black = black_planes(width, height)
    return black if colour == "black" else faded(black, Gain("white", 0.0))


@lru_cache(maxsize=_KEPT_TABLES)
def _table(ground: int, share: float) -> np.ndarray:
    """What becomes of each value."""
    table: np.ndarray = np.rint(ground + share * (np.arange(256) - ground)).clip(0, 255).astype(np.uint8)
    return table


def _plain(plane: np.ndarray) -> Any:
    """As OpenCV takes it: pictures that were turned run backwards in memory."""
    return np.ascontiguousarray(plane)
