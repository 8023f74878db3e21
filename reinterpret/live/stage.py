"""The stage: the live picture and the archive's go in, one frame with both comes out, in the chosen layout."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, get_args

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace

from reinterpret.errors import UsageError
from reinterpret.rendering.panel import Panel, Planes, black_planes, paste
from reinterpret.timebase import round_half_up
from reinterpret.video import Video

StageLayout = Literal["side-by-side", "archive", "inset"]
"""The live picture left and the archive's right; the archive's alone; the archive's with the live one in a corner."""
LAYOUTS: tuple[StageLayout, ...] = get_args(StageLayout)

# Screens are 16:9, or nearly.
_SCREEN_ASPECT = Fraction(16, 9)
# Heights if none is asked for: of a screen, which is enlarged to the size it has, and of two pictures side by side.
_SCREEN_HEIGHT, _PAIR_HEIGHT = 720, 480
# The live picture in the corner: its height and its distance from the edges, in shares of the stage's height.
_INSET_HEIGHT, _INSET_MARGIN = Fraction(7, 25), Fraction(1, 25)
_INSET_BORDER_PX = 2
# H.264 decoders in hardware end at 4096 pixels across.
_WIDEST_PX = 3840
# Panels are kept for the shots of a few films; what they hold is small.
_MOST_PANELS = 8


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the stage, in pixels, all even."""

    left: int
    top: int
    width: int
    height: int


def stage_size(live: Video, layout: StageLayout, *, height: int | None = None, screen: bool = False) -> tuple[int, int]:
    """Width and height of the stage in pixels, even.

    With a screen, its shape, so that any layout finds its place; else as large as the layout needs, each picture in
    the shape of the live one. Raises UsageError.
    """
    if height is not None and not 16 <= height <= 4320:
        raise UsageError(f"the height of the picture lies between 16 and 4320 pixels, got {height}")
    pair = layout == "side-by-side" and not screen
    tall = height or (_PAIR_HEIGHT if pair else _SCREEN_HEIGHT)
    aspect = _SCREEN_ASPECT if screen else _aspect(live) * (2 if pair else 1)
    tall = min(tall, int(_WIDEST_PX / aspect))
    return max(32, 4 * round_half_up(tall * aspect / 4)), max(16, 2 * round_half_up(Fraction(tall, 2)))


def boxes(layout: StageLayout, width: int, height: int, aspect: Fraction) -> tuple[Box | None, Box]:
    """Where the live picture is, if it is, and where the archive's. aspect: of the live picture, upright."""
    whole = Box(0, 0, width, height)
    if layout == "archive":
        return None, whole
    if layout == "inset":
        tall = _even(height * _INSET_HEIGHT)
        wide = min(_even(tall * aspect), _even(Fraction(width, 2)))
        margin = _even(height * _INSET_MARGIN)
        return Box(width - margin - wide, height - margin - tall, wide, tall), whole
    wide = min(_even(Fraction(width, 2)), _even(height * aspect), width // 4 * 2)
    tall = min(_even(wide / aspect), height)
    left, top = _even(Fraction(width, 2)) - wide, (height - tall) // 4 * 2
    return Box(left, top, wide, tall), Box(left + wide, top, wide, tall)


class Stage:
    """Draws frames of one size."""

    def __init__(self, live: Video, width: int, height: int) -> None:
        """live: the facts about what gives the live picture. width and height: even."""
        self.width, self.height = width, height
        self._live, self._aspect = live, _aspect(live)
        self._panels: dict[tuple[str, int, int], Panel] = {}

    def draw(
        self,
        layout: StageLayout,
        live: av.VideoFrame,
        archive: tuple[Video, av.VideoFrame] | None,
        *,
        mirror: bool = False,
    ) -> Planes:
        """One frame. archive: the film that the picture is from, and the picture; black where there is none.

        mirror: the live picture as in a mirror. The pictures are cut to their boxes, never squeezed.
        """
        frame = black_planes(self.width, self.height)
        here, there = boxes(layout, self.width, self.height, self._aspect)
        if archive is not None:
            paste(self._panel(archive[0], there)(archive[1]), frame, there.left, there.top)
        if here is not None:
            planes = self._panel(self._live, here)(live)
            if layout == "inset":
                _frame_around(frame, here)
            paste(Planes(*(np.fliplr(plane) for plane in planes)) if mirror else planes, frame, here.left, here.top)
        return frame

    def _panel(self, video: Video, box: Box) -> Panel:
        key = video.fingerprint, box.width, box.height
        panel = self._panels.pop(key, None) or Panel(video, box.width, box.height, fit="crop")
        self._panels[key] = panel
        if len(self._panels) > _MOST_PANELS:
            del self._panels[next(iter(self._panels))]
        return panel


def rgb(planes: Planes) -> np.ndarray:
    """A frame of the stage as H x W x 3 uint8 RGB."""
    packed = np.concatenate([plane.ravel() for plane in planes]).reshape(-1, planes.y.shape[1])
    picture = av.VideoFrame.from_ndarray(packed, "yuv420p")
    full = picture.reformat(
        format="rgb24",
        src_colorspace=Colorspace.ITU709,
        src_color_range=ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
    )
    return np.asarray(full.to_ndarray())


def _aspect(video: Video) -> Fraction:
    return Fraction(max(1, video.display_width), max(1, video.display_height))


def _frame_around(ground: Planes, box: Box) -> None:
    """A thin black line, so that the picture in the corner is not taken for a part of the other."""
    border = _INSET_BORDER_PX
    wider = Box(box.left - border, box.top - border, box.width + 2 * border, box.height + 2 * border)
    paste(black_planes(wider.width, wider.height), ground, wider.left, wider.top)


def _even(value: Fraction | int) -> int:
    return 2 * round_half_up(Fraction(value) / 2)
