"""A panel: frames of any size, shape and pixel format go in, I420 planes of one size come out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from reinterpret.frames import is_full_range, source_colorspace
from reinterpret.timebase import round_half_up
from reinterpret.video import Video

Fit = Literal["crop", "pad", "blur"]

# The blurred surroundings are made from a picture this wide: the eye sees no difference, and it costs nothing.
_BLUR_WIDTH = 48
_BLUR_SIGMA = 2.0
# Surroundings are darker than the picture, so that nobody takes them for a part of it.
_BLUR_LUMA = 0.6
# Black beside a picture that is thinner than this share of its size looks like a mistake.
_THIN = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Planes:
    """One frame as Y, U and V (BT.709, video range): H x W, and twice H/2 x W/2, uint8."""

    y: np.ndarray
    u: np.ndarray
    v: np.ndarray

    def __iter__(self) -> Any:
        return iter((self.y, self.u, self.v))


def black_planes(width: int, height: int) -> Planes:
    """A black frame; width and height even."""
    return Planes(
        np.full((height, width), 16, np.uint8),
        np.full((height // 2, width // 2), 128, np.uint8),
        np.full((height // 2, width // 2), 128, np.uint8),
    )


def planes_of(picture: np.ndarray) -> Planes:
    """A drawn picture, H x W x 3 uint8 RGB with even sides, as a frame."""
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="rgb24")
    drawn = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG)
    return Planes(*(_plane(plane).copy() for plane in drawn.planes[:3]))


@dataclass(frozen=True, slots=True)
class Area:
    """A part of an upright picture, in shares of its width and height."""

    left: Fraction = Fraction(0)
    top: Fraction = Fraction(0)
    right: Fraction = Fraction(1)
    bottom: Fraction = Fraction(1)

    @property
    def width(self) -> Fraction:
        """As a share of the picture's."""
        return self.right - self.left

    @property
    def height(self) -> Fraction:
        """As a share of the picture's."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Box:
    """A part of a panel or a frame in pixels, half-open."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Pixels across."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Pixels down."""
        return self.bottom - self.top


@dataclass(frozen=True, slots=True)
class Framing:
    """What is shown of a film, and where: by default the whole picture, in the whole panel."""

    area: Area = Area()
    """What is picture; nothing else is ever shown."""
    box: Box | None = None
    """Where it stands in the panel; the rest of the panel is black."""
    across: Fraction = Fraction(1, 2)
    """How much of what is cut off at the sides is cut off at the left."""
    down: Fraction = Fraction(1, 2)
    """How much of what is cut off above and below is cut off above."""


WHOLE = Framing()


@dataclass(frozen=True, slots=True)
class _Placing:
    """How a frame gets into its box: the size to which all of it is scaled, and the part of that which is taken."""

    width: int
    height: int
    taken: Box


class Panel:
    """Fits the frames of one film into width x height (both even), upright, in square pixels.

    fit: `crop` fills the panel and cuts off what is over; `pad` shows all with black beside it; `blur` shows all
    on a blurred enlargement of itself. framing: what is shown, and where.
    """

    def __init__(self, video: Video, width: int, height: int, *, fit: Fit, framing: Framing = WHOLE) -> None:
        self._video, self._width, self._height, self._fit, self._framing = video, width, height, fit, framing
        self._sharp, self._soft = VideoReformatter(), VideoReformatter()
        self._box = framing.box or Box(0, 0, width, height)
        # Chroma has one sample for two pixels: pictures are drawn as far as those go, and luma is cut back to the box.
        left, top, right, bottom = self._box.left, self._box.top, self._box.right, self._box.bottom
        self._drawn = Box(left // 2 * 2, top // 2 * 2, _evenly_up(right), _evenly_up(bottom))
        self._placings: dict[tuple[int, int], _Placing] = {}

    def __call__(self, picture: av.VideoFrame) -> Planes:
        """The frame as it stands in the panel."""
        drawn, box = self._drawn, self._box
        if drawn == Box(0, 0, self._width, self._height) == box:
            return self._in_box(picture)
        ground = black_planes(self._width, self._height)
        paste(self._in_box(picture), ground, drawn.left, drawn.top)
        mask(ground, box)
        return ground

    def _in_box(self, picture: av.VideoFrame) -> Planes:
        size = picture.width, picture.height
        placing = self._placings.get(size)
        if placing is None:
            placing = self._placings[size] = self._placing(picture)
        scaled = self._scale(self._sharp, picture, placing.width, placing.height, Interpolation.BICUBIC)
        shown, width, height = _cut(scaled, placing.taken), self._drawn.width, self._drawn.height
        if (placing.taken.width, placing.taken.height) == (width, height):
            return shown
        ground = black_planes(width, height) if self._fit == "pad" else self._blurred(picture, width, height)
        paste(shown, ground, (width - placing.taken.width) // 4 * 2, (height - placing.taken.height) // 4 * 2)
        return ground

    def _placing(self, picture: av.VideoFrame) -> _Placing:
        """The area covers the box for `crop`, and lies within it for the others."""
        area, box = self._framing.area, self._drawn
        source = (picture.width, picture.height)
        aspect = Fraction(*source) * self._video.sample_aspect
        if self._video.rotation in (90, 270):
            source, aspect = (source[1], source[0]), 1 / aspect
        shape, wanted = aspect * area.width / area.height, Fraction(box.width, box.height)
        # Of what has been cut already a little more is cut, rather than leaving a thin line of black beside it.
        covers = self._fit == "crop" or (area != WHOLE.area and abs(shape / wanted - 1) < _THIN)
        by_height = (shape > wanted) == covers
        scaled = _evenly_up(box.height / area.height if by_height else box.width / area.width)
        while True:
            width = max(_even(scaled * aspect), 2) if by_height else scaled
            height = scaled if by_height else max(_even(scaled / aspect), 2)
            columns = _inner(width, source[0], area.left, area.right)
            rows = _inner(height, source[1], area.top, area.bottom)
            across = _taken(columns, box.width, self._framing.across, filled=covers or not by_height)
            down = _taken(rows, box.height, self._framing.down, filled=covers or by_height)
            if across is not None and down is not None:
                return _Placing(width, height, Box(across[0], down[0], across[1], down[1]))
            scaled += 2  # places are even, and so the area was a little too small

    def _scale(
        self, scaler: VideoReformatter, picture: av.VideoFrame, width: int, height: int, interpolation: Interpolation
    ) -> Planes:
        turned = self._video.rotation in (90, 270)
        scaled = scaler.reformat(
            picture,
            height if turned else width,
            width if turned else height,
            "yuv420p",
            src_colorspace=source_colorspace(picture),
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG if is_full_range(picture) else ColorRange.MPEG,
            dst_color_range=ColorRange.MPEG,
            interpolation=interpolation,
            # films and segments are what runs in parallel; threads within a frame cost more than they bring
            threads=1,
        )
        turns = -self._video.rotation // 90
        return Planes(*(np.rot90(_plane(plane), turns) for plane in scaled.planes[:3]))

    def _blurred(self, picture: av.VideoFrame, width: int, height: int) -> Planes:
        import cv2

        area = self._framing.area
        size = _BLUR_WIDTH, max(2, _even(Fraction(_BLUR_WIDTH * height, width)))
        wide, tall = _evenly_up(size[0] / area.width), _evenly_up(size[1] / area.height)
        left, right = _inner(wide, wide, area.left, area.right)
        top, bottom = _inner(tall, tall, area.top, area.bottom)
        whole = self._scale(self._soft, picture, wide, tall, Interpolation.AREA)
        small = _cut(whole, Box(left, top, max(right, left + 2), max(bottom, top + 2)))
        sizes = ((width, height), *((width // 2, height // 2),) * 2)
        y, u, v = (
            cv2.resize(cv2.GaussianBlur(plane, (0, 0), _BLUR_SIGMA), size, interpolation=cv2.INTER_LINEAR)
            for plane, size in zip(small, sizes, strict=True)
        )
        return Planes(cv2.convertScaleAbs(y, alpha=_BLUR_LUMA, beta=16 * (1 - _BLUR_LUMA)), u, v)


def mask(planes: Planes, box: Box) -> None:
    """Make a frame black outside a box, in place: luma to the pixel, colour as far as no pixel of the box has it."""
    for plane, black, step in zip(planes, (16, 128, 128), (1, 2, 2), strict=True):
        plane[: box.top // step] = black
        plane[-(-box.bottom // step) :] = black
        plane[:, : box.left // step] = black
        plane[:, -(-box.right // step) :] = black


def side_by_side(left: Planes, right: Planes) -> Planes:
    """Two frames of one height as one."""
    return Planes(*(np.hstack(pair) for pair in zip(left, right, strict=True)))


def _even(value: Fraction) -> int:
    return 2 * round_half_up(value / 2)


def _plane(plane: Any) -> np.ndarray:
    values = np.frombuffer(plane, np.uint8)
    return values.reshape(plane.height, plane.line_size)[:, : plane.width]


def _inner(size: int, source: int, start: Fraction, end: Fraction) -> tuple[int, int]:
    """Where an area lies in a frame that was scaled from `source` to `size` pixels: even places, where chroma has one.

    What lies beside it does not show: the scaler spills it over a pixel of the source or of the frame.
    """
    spilt = max(Fraction(size, source), Fraction(1))
    first = 0 if start == 0 else _evenly_up(start * size + spilt)
    last = size if end == 1 else int(end * size - spilt) // 2 * 2
    return min(first, size - 2), last


def _taken(area: tuple[int, int], wanted: int, share: Fraction, *, filled: bool) -> tuple[int, int] | None:
    """The part of an area of a frame that is shown, along one axis.

    filled: just as much as is wanted, or None if the area is smaller. Otherwise as much as there is of it, at most
    that. share: how much of what is cut off lies before.
    """
    first, last = area
    if not filled:
        return first, min(max(last, first + 2), first + wanted)
    room = last - first - wanted
    if room < 0:
        return None
    first += int(room * share) // 2 * 2
    return first, first + wanted


def _evenly_up(value: Fraction | int) -> int:
    return -int(-value // 2) * 2


def _cut(planes: Planes, box: Box) -> Planes:
    """A part of a frame; the sides of the box are even."""
    return Planes(
        planes.y[box.top : box.bottom, box.left : box.right],
        *(plane[box.top // 2 : box.bottom // 2, box.left // 2 : box.right // 2] for plane in (planes.u, planes.v)),
    )


def paste(planes: Planes, ground: Planes, left: int, top: int) -> None:
    """Lay a frame over another, at even places, where chroma has a sample."""
    height, width = planes.y.shape
    ground.y[top : top + height, left : left + width] = planes.y
    for plane, below in ((planes.u, ground.u), (planes.v, ground.v)):
        below[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = plane
