"""Edges: what surrounds the picture of a film: black bars, and the dark or soft lines at the sides of old transfers.

Both are found by looking at frames in full size. A dark picture is no reason to cut anything: bars must have straight
edges, and what is cut beyond them must be dark along its whole length beside a brighter picture.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from av.video.reformatter import VideoReformatter

from reinterpret.files import cache_folder, renamed_into
from reinterpret.rendering.glimpses import brightness, film_glimpses, stretch_glimpses
from reinterpret.timebase import Span
from reinterpret.video import Video

REVISION = 1
"""To be raised whenever the same film would be measured otherwise."""
_FILM_GLIMPSES, _STRETCH_GLIMPSES = 16, 4
# So many at a time, also of a film in 8K: a byte each.
_MOST_PIXELS = 1 << 27
_KNOWN_FILMS = 4096
# Brightness from 0 to 255. Bars are black with the noise of compression.
_DARK = 30
# Where a picture begins at a straight edge, nearly all of the line is at some time bright; of a bar hardly any is, but
# for a logo or a subtitle that stands on it. From one to the other it is this many lines at most. Where hardly anything
# is ever lit, nothing can be told.
_LIT_SHARE, _UNLIT_SHARE, _RAMP_LINES = 0.7, 0.25, 3
_LEAST_LIT_SHARE = 0.4
# Two bars that face each other are alike, and flat: black was drawn there, not seen in the dark.
_ALIKE_LINES, _ALIKE_SHARE, _FLAT_RANGE = 3, 0.25, 12
# Any other is believed where the picture beside it changes and its edge does not: in this many frames.
_STEADY_FRAMES, _CHANGE = 3, 8.0
# A telephone's upright film in a wide one leaves 0.32 of it.
_SMALLEST_PICTURE_SHARE = 0.25
# At most this share of the width or height is cut off beyond the bars, at each side.
_MOST_OVERSCAN = 0.02
# A soft edge begins with a line that is half as bright as the picture behind it, nearly everywhere and always, and goes
# on as long as most of each line is darker than the lines next to it.
_BEGINS_RATIO, _BEGINS_SHARE = 0.5, 0.9
_GOES_ON_RATIO, _GOES_ON_SHARE = 0.9, 0.6
# What it is compared with must be bright enough to compare, and in more than a corner.
_BRIGHT, _LEAST_BRIGHT_SHARE = 40, 0.05
# Lines along an edge, and lines across, are taken in about this many places.
_PLACES = 240


class Edges(NamedTuple):
    """Lines of an upright picture that are no picture, at each side."""

    left: int = 0
    top: int = 0
    right: int = 0
    bottom: int = 0

    def __or__(self, other: object) -> Edges:
        """The wider of both at each side."""
        assert isinstance(other, Edges)
        return Edges(*map(max, zip(self, other, strict=True)))

    def more_than(self, other: Edges, lines: tuple[float, float]) -> bool:
        """Whether they take more columns or more rows in all than others do, by more than that."""
        columns, rows = lines
        across = self.left + self.right - other.left - other.right
        return across > columns or self.top + self.bottom - other.top - other.bottom > rows


@dataclass(frozen=True, slots=True)
class PictureEdges:
    """What is no picture in a film, in pixels as coded, but upright."""

    width: int
    height: int
    bars: Edges
    """Black bars, for as long as the film runs."""
    soft: Edges
    """Dark and soft lines beside the picture, counted from the bars."""
    mixed: bool = False
    """Whether some of its shots have wider bars than others."""


@lru_cache(maxsize=_KNOWN_FILMS)
def film_edges(video: Video) -> PictureEdges:
    """What is no picture in a whole film; measured once and kept in the user's cache. Raises VideoError."""
    name = hashlib.blake2b(f"{REVISION}/{video.fingerprint}".encode(), digest_size=16).hexdigest()
    file = cache_folder("edges") / f"{name}.json"
    kept = _read(file)
    if kept is None:
        count = max(_STRETCH_GLIMPSES, min(_FILM_GLIMPSES, _MOST_PIXELS // (video.width * video.height)))
        planes = _planes(video, film_glimpses(video, count))
        if not planes:
            sides = (video.width, video.height) if video.rotation in (0, 180) else (video.height, video.width)
            return PictureEdges(*sides, Edges(), Edges())
        kept = measure(planes)
        # What cannot be kept is measured again the next time.
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with renamed_into(file) as temporary:
                temporary.write_text(json.dumps(asdict(kept)), encoding="utf-8")
    return kept


def stretch_edges(video: Video, span: Span) -> PictureEdges:
    """The same of a stretch: of a film whose shots have bars of their own it is that of the shot. Raises VideoError."""
    film = film_edges(video)
    if not film.mixed:
        return film
    planes = _planes(video, stretch_glimpses(video, span, _STRETCH_GLIMPSES))
    if planes[0].shape != (film.height, film.width):
        return film
    bars = find_bars(planes) | film.bars
    if bars == film.bars:
        return film
    return PictureEdges(film.width, film.height, bars, find_soft(planes, bars), mixed=True)


def measure(planes: Sequence[np.ndarray]) -> PictureEdges:
    """What is no picture in frames that are spread over a film: see `brightness`, H x W each, of one size."""
    height, width = planes[0].shape
    bars = find_bars(planes)
    mixed = any(find_bars([plane]).more_than(bars, (width / 50, height / 50)) for plane in planes)
    return PictureEdges(width, height, bars, find_soft(planes, bars), mixed)


def find_bars(planes: Sequence[np.ndarray]) -> Edges:
    """The black bars that all of some frames have: see `brightness`, H x W each, of one size."""
    height, width = planes[0].shape
    lit = np.maximum.reduce(planes) > _DARK
    rows, columns = slice(None, None, 1 + height // _PLACES), slice(None, None, 1 + width // _PLACES)
    left = top = right = bottom = 0
    # Where there are bars all round, one pair stands out before the other.
    for _ in range(2):
        share = lit[:, left : width - right][:, columns].mean(axis=1)
        top, bottom = _believed([plane[:, left : width - right][:, columns] for plane in planes], share)
        share = lit[top : height - bottom][rows].mean(axis=0)
        left, right = _believed([plane[top : height - bottom][rows].T for plane in planes], share)
    if (width - left - right) * (height - top - bottom) < _SMALLEST_PICTURE_SHARE * width * height:
        return Edges()
    return Edges(left, top, right, bottom)


def find_soft(planes: Sequence[np.ndarray], bars: Edges) -> Edges:
    """Dark and soft lines beside the bars of some frames."""
    height, width = planes[0].shape
    inner = [plane[bars.top : height - bars.bottom, bars.left : width - bars.right] for plane in planes]
    return Edges(
        left=_soft_lines(inner, found=bars.left > 0),
        top=_soft_lines([plane.T for plane in inner], found=bars.top > 0),
        right=_soft_lines([plane[:, ::-1] for plane in inner], found=bars.right > 0),
        bottom=_soft_lines([plane[::-1].T for plane in inner], found=bars.bottom > 0),
    )


def _believed(planes: list[np.ndarray], share: np.ndarray) -> tuple[int, int]:
    """The bars before and behind a picture. planes: N lines x M places. share: how much of each line is ever lit."""
    before, after = _straight_edge(share), _straight_edge(share[::-1])
    alike = abs(before - after) <= max(_ALIKE_LINES, _ALIKE_SHARE * max(before, after))
    if before and after and alike and _flat(planes, before) and _flat([plane[::-1] for plane in planes], after):
        return before, after
    return (
        before if _steady(planes, before) else 0,
        after if _steady([plane[::-1] for plane in planes], after) else 0,
    )


def _straight_edge(share: np.ndarray) -> int:
    """The line at which a picture begins all at once after a dark bar; 0 if it does not."""
    # As a share of what is lit at all: bars at the other two sides are dark everywhere.
    most = float(share.max())
    if most < _LEAST_LIT_SHARE:
        return 0
    first = int(np.flatnonzero(share >= _LIT_SHARE * most)[0])
    return first if np.all(share[: max(first - _RAMP_LINES, 1)] <= _UNLIT_SHARE * most) else 0


def _flat(planes: list[np.ndarray], lines: int) -> bool:
    """Whether a bar is one and the same black all over and always; what compression spills over its edge aside."""
    bar = np.stack([plane[: max(1, lines - 8)] for plane in planes])
    low, high = np.percentile(bar, (2, 98))
    return bool(high - low <= _FLAT_RANGE)


def _steady(planes: list[np.ndarray], lines: int) -> bool:
    """Whether the edge of a bar is seen in several frames that differ."""
    if lines == 0:
        return False
    beside = [plane[lines : lines + _RAMP_LINES].astype(np.float32) for plane in planes]
    seen = [strip for strip in beside if (strip > _DARK).mean() >= 0.5]
    if len(seen) < _STEADY_FRAMES:
        return False
    return sum(bool(np.abs(a - b).mean() > _CHANGE) for a, b in pairwise(seen)) >= _STEADY_FRAMES - 1


def _soft_lines(planes: list[np.ndarray], *, found: bool) -> int:
    """How many columns at the left of some pictures are dark or soft. found: whether a bar ends there."""
    height, width = planes[0].shape
    most: int = max(2, round(_MOST_OVERSCAN * width))
    if width < 4 * most:
        return 0
    strips = np.concatenate([plane[:: 1 + height // _PLACES, : 4 * most] for plane in planes]).astype(np.float32)
    behind = strips[:, 2 * most :].mean(axis=1)
    bright = behind > _BRIGHT
    if bright.mean() < _LEAST_BRIGHT_SHARE:
        return 0
    strips, behind = strips[bright], behind[bright]
    if not found and (strips[:, 0] < _BEGINS_RATIO * behind).mean() < _BEGINS_SHARE:
        return 0
    for line in range(most):
        beside = strips[:, line + 2 : line + 3 + most // 2].mean(axis=1)
        if (strips[:, line] < _GOES_ON_RATIO * beside).mean() < _GOES_ON_SHARE:
            return line
    return most


def _planes(video: Video, frames: list[av.VideoFrame]) -> list[np.ndarray]:
    """The brightness of some frames, of those that are as large as the first."""
    reformatter = VideoReformatter()
    planes = [brightness(frame, video.rotation, reformatter) for frame in frames]
    return [plane for plane in planes if plane.shape == planes[0].shape]


def _read(file: Path) -> PictureEdges | None:
    """What was kept; None if there is nothing, or nothing that can be read."""
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        bars, soft = (Edges(*map(int, values[name])) for name in ("bars", "soft"))
        return PictureEdges(int(values["width"]), int(values["height"]), bars, soft, bool(values["mixed"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
