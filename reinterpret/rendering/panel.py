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


class Panel:
    """Fits the frames of one film into width x height (both even), upright, in square pixels.

    fit: `crop` fills the panel and cuts off what is over; `pad` shows all with black beside it; `blur` shows all
    on a blurred enlargement of itself.
    """

    def __init__(self, video: Video, width: int, height: int, *, fit: Fit) -> None:
        self._video, self._width, self._height, self._fit = video, width, height, fit
        self._sharp, self._soft = VideoReformatter(), VideoReformatter()

    def __call__(self, picture: av.VideoFrame) -> Planes:
        """The frame as it stands in the panel."""
        width, height = self._scaled_size(picture)
        scaled = self._scale(self._sharp, picture, width, height, Interpolation.BICUBIC)
        if self._fit == "crop":
            return _centre(scaled, self._width, self._height)
        if (width, height) == (self._width, self._height):
            return scaled
        ground = black_planes(self._width, self._height) if self._fit == "pad" else self._blurred(picture)
        paste(scaled, ground, (self._width - width) // 4 * 2, (self._height - height) // 4 * 2)
        return ground

    def _scaled_size(self, picture: av.VideoFrame) -> tuple[int, int]:
        """Upright size of the whole picture: covering the panel for `crop`, within it for the others."""
        aspect = Fraction(picture.width, picture.height) * self._video.sample_aspect
        if self._video.rotation in (90, 270):
            aspect = 1 / aspect
        wide = aspect > Fraction(self._width, self._height)
        if wide == (self._fit == "crop"):
            return max(_even(self._height * aspect), 2), self._height
        return self._width, max(_even(self._width / aspect), 2)

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

    def _blurred(self, picture: av.VideoFrame) -> Planes:
        import cv2

        small_height = max(2, _even(Fraction(_BLUR_WIDTH * self._height, self._width)))
        small = self._scale(self._soft, picture, _BLUR_WIDTH, small_height, Interpolation.AREA)
        sizes = ((self._width, self._height), *(((self._width // 2), (self._height // 2)),) * 2)
        y, u, v = (
            cv2.resize(cv2.GaussianBlur(plane, (0, 0), _BLUR_SIGMA), size, interpolation=cv2.INTER_LINEAR)
            for plane, size in zip(small, sizes, strict=True)
        )
        return Planes(cv2.convertScaleAbs(y, alpha=_BLUR_LUMA, beta=16 * (1 - _BLUR_LUMA)), u, v)


def side_by_side(left: Planes, right: Planes) -> Planes:
    """Two frames of one height as one."""
    return Planes(*(np.hstack(pair) for pair in zip(left, right, strict=True)))


def _even(value: Fraction) -> int:
    return 2 * round_half_up(value / 2)


def _plane(plane: Any) -> np.ndarray:
    values = np.frombuffer(plane, np.uint8)
    return values.reshape(plane.height, plane.line_size)[:, : plane.width]


def _centre(planes: Planes, width: int, height: int) -> Planes:
    """The middle of a frame that is at least as large; starts at even places, where chroma has a sample."""
    left = (planes.y.shape[1] - width) // 4 * 2
    top = (planes.y.shape[0] - height) // 4 * 2
    return Planes(
        planes.y[top : top + height, left : left + width],
        *(plane[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] for plane in (planes.u, planes.v)),
    )


def paste(planes: Planes, ground: Planes, left: int, top: int) -> None:
    """Lay a frame over another, at even places, where chroma has a sample."""
    height, width = planes.y.shape
    ground.y[top : top + height, left : left + width] = planes.y
    for plane, below in ((planes.u, ground.u), (planes.v, ground.v)):
        below[top // 2 : (top + height) // 2, left // 2 : (left + width) // 2] = plane
