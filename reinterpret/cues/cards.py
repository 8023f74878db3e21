"""Tells what kind of shot it is: a scene, or black, one colour, a title, colour bars, a leader, a counter, a plate.

Each of a few pictures is looked at by itself: how much of it is one even ground, and what lies on the ground. A shot
is no scene only if none of its pictures shows one, so that a doubt always ends as a scene.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from reinterpret.cues.facts import ShotFacts
from reinterpret.cues.parts import spread_over
from reinterpret.cues.plates import is_plate

ShotKind = Literal["scene", "black", "white", "plain", "title", "bars", "leader", "lettering", "counter", "plate"]
"""What a shot shows.

scene: anything that is none of the others, letters over a scene among them. black: as dark and even as film leader.
white: as bright and even as a blank screen. plain: one other colour, or several one after the other. title: letters,
numbers or a mark on an even ground. bars: a test picture, which is upright bars of one colour or grey each, as wide as
each other, or a grid of lines. leader: the countdown of a film leader, which is rings around the crossing of two lines.
lettering: a scene in which lettering is what one sees, such as a film's title or a logo over a picture. counter: a
title whose number goes up or down. plate: somebody or something before a green or blue screen.
"""

Look = Literal["scene", "empty", "letters", "mark", "thing", "bars", "leader"]
"""What one picture shows. Of those on an even ground: empty, nothing; letters; mark, strokes in the middle of black;
thing, anything else with sharp edges, and what glows in the middle of black."""

_MOST_PICTURES = 5

# As dark as black leader, as even as a black frame; the Earth at night has a mean of 0.03 and a deviation of 0.08.
_BLACK_MEAN, _BLACK_DEVIATION = 0.035, 0.03
_WHITE_MEAN = 0.93
# The spread of luma over an empty picture without its grain. A bare door that the camera passes has 0.018, empty
# asphalt 0.042; a generated colour has 0.
_PLAIN_DEVIATION = 0.012
# And in shares of its mean: a scene in deep shadow is no plain colour.
_PLAIN_CONTRAST = 0.15

# The ground is fitted to a picture of this size: grain is averaged out, and letters are still small.
_GROUND_WIDTH_PX, _GROUND_HEIGHT_PX = 36, 20
# In levels of 255: the distance from the fit within which a place is taken for ground, and the terms of the fit, one
# round after the other: a colour, a slope, a bowl.
_GROUND_ROUNDS = ((40, 1), (32, 3), (20, 6), (14, 6))
# Credits that fill the picture leave 0.73 of it to the ground, the largest numbers 0.83.
_LEAST_GROUND = 0.55
# Levels of 255: the median distance of all pixels from the ground. Titles have 0 or 1, with heavy grain 5.
_MOST_NOISE = 6
# Levels of 255: a ground that is nowhere lighter is black.
_DARK_GROUND = 32


def shot_kind(facts: ShotFacts) -> ShotKind:
    """What a shot shows: a scene, or one of the things that are none.

    Lettering and counters are told from what was read in the shot, and are scenes and titles where that is not known.
    """
    kind, lettering = kind_of_pictures(facts.pictures, facts.luma), facts.lettering
    if kind == "title" and lettering is not None and lettering.counts:
        return "counter"
    if kind == "scene" and all(map(is_plate, _some(facts.pictures))):
        return "plate"
    if kind == "scene" and lettering is not None and lettering.in_words().dominates:
        return "lettering"
    return kind


def _some(pictures: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Those of a shot that are looked at."""
    return [pictures[position] for position in spread_over(len(pictures), _MOST_PICTURES)]


def kind_of_pictures(pictures: Sequence[np.ndarray], luma: np.ndarray) -> ShotKind:
    """What a shot of these pictures shows, as far as one can tell without reading. luma: see `ShotFacts`.

    The thresholds are set on 182 shots of 64 films, where none of 155 scenes is taken for something else. Of 12 titles
    two are missed, both the shaded mark of a firm on white. Lone letters, tilted or curved lines, slates that someone
    holds and test cards without a grid are not recognised.
    """
    looks: list[Look] = []
    tones: list[tuple[float, float]] = []
    for picture in _some(pictures):
        look = _look(picture)
        if look == "scene":
            return "scene"
        looks.append(look)
        tones.append(_tone(picture))
    return _kind(looks, tones, luma)


def _kind(looks: Sequence[Look], tones: Sequence[tuple[float, float]], luma: np.ndarray) -> ShotKind:
    """Of pictures none of which is a scene. tones: mean and deviation of the luma of each; luma: of every frame."""
    if "leader" in looks:
        return "leader"
    if "bars" in looks:
        return "bars"
    shown = len(looks) - looks.count("empty")
    if shown:
        # Letters may come in one by one or go, and a mark may turn into another thing on its way.
        letters, marks = looks.count("letters"), looks.count("mark")
        if letters:
            return "title" if 3 * letters >= shown or 2 * (letters + marks) >= shown else "scene"
        return "title" if marks == shown else "scene"
    means, deviations = np.array(tones).T
    if means.max() < _BLACK_MEAN and deviations.max() < _BLACK_DEVIATION:
        # Something may flash up between the pictures.
        return "black" if luma.size == 0 or luma.mean() < _BLACK_MEAN else "scene"
    if np.any(deviations > np.minimum(_PLAIN_DEVIATION, _PLAIN_CONTRAST * means)):
        return "scene"
    return "white" if means.min() > _WHITE_MEAN else "plain"


def _tone(picture: np.ndarray) -> tuple[float, float]:
    """Mean and deviation of luma, 0 to 1, with grain averaged out."""
    import cv2

    small = cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (36, 20), interpolation=cv2.INTER_AREA)
    return float(small.mean()) / 255, float(small.std()) / 255


def _look(picture: np.ndarray) -> Look:
    """What one picture shows; H x W x 3 uint8 RGB."""
    if _has_bars(picture) or _has_grid(picture):
        return "bars"
    if _is_leader(picture):
        return "leader"
    return look_on_ground(picture)


def look_on_ground(picture: np.ndarray) -> Look:
    """What one picture shows, H x W x 3 uint8 RGB; test pictures and leaders are scenes here, which takes half as long.

    Fit for every frame of a film: 0.2 ms.
    """
    ground = _ground(picture)
    if ground is None:
        return "scene"
    return _on_the_ground(_distance(picture, ground), dark=bool(ground.max() < _DARK_GROUND))


def _ground(picture: np.ndarray) -> np.ndarray | None:
    """The smooth ground of a picture, 20 x 36 x 3 uint8; None if too little of the picture is one ground.

    Starts from the most common colour, then fits a polynomial of the second degree by turns to what is near to it.
    """
    import cv2

    size = (_GROUND_WIDTH_PX, _GROUND_HEIGHT_PX)
    pixels = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).reshape(-1, 3).T.astype(np.float32)
    coarse = np.array([256, 16, 1], np.int32) @ (pixels.astype(np.int32) >> 4)
    fitted = pixels[:, coarse == np.bincount(coarse).argmax()].mean(axis=1, keepdims=True)
    terms = _terms()
    for tolerance, count in _GROUND_ROUNDS:
        near = np.abs(pixels - fitted).max(axis=0) < tolerance
        if near.mean() < 0.25:
            return None
        some = terms[:count, near]
        # The ridge keeps a term that the few pixels say nothing of at zero.
        inner = some @ some.T + 1e-2 * np.eye(count, dtype=np.float32)
        fitted = np.linalg.solve(inner, some @ pixels[:, near].T).T @ terms[:count]
    if (np.abs(pixels - fitted).max(axis=0) < _GROUND_ROUNDS[-1][0]).mean() < _LEAST_GROUND:
        return None
    return np.ascontiguousarray(np.clip(fitted + 0.5, 0, 255).astype(np.uint8).T).reshape(*size[::-1], 3)


@lru_cache(maxsize=1)
def _terms() -> np.ndarray:
    """6 x 720 float32: the terms of a polynomial of the second degree at each place of the small picture."""
    along, across = np.meshgrid(np.linspace(-1, 1, _GROUND_WIDTH_PX), np.linspace(-1, 1, _GROUND_HEIGHT_PX))
    terms = np.stack([np.ones_like(along), along, across, along**2, along * across, across**2])
    return np.asarray(terms.reshape(6, -1), np.float32)


def _distance(picture: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """H x W uint8: how far each pixel is from the ground, in the channel in which it is furthest."""
    import cv2

    height, width = picture.shape[:2]
    red, green, blue = cv2.split(cv2.absdiff(picture, cv2.resize(ground, (width, height))))
    return np.asarray(cv2.max(cv2.max(red, green), blue))


# Levels of 255: what is further from the ground than this, or than five times its noise, lies on it.
_LEAST_CONTRAST = 12
# Fewer pixels than these that do, with as many around each as letters have, may be dust or the noise of compression.
_FEWEST_PIXELS = 12
# Of what is not ground, so much may be too faint for ink, in shares of the ink: what is shaded has more.
_SOFT_SHARE = 0.25
# How sharp the edges of three in four places are, in shares of the contrast: letters 0.69 and more, things that are lit
# and focused by a lens seldom so much.
_SHARP = 0.62
# Letters may be cut by the border of the picture; people and the horizon lie along it.
_BORDER_SHARE = 0.05
# The share of the picture that a mark and its glow may take up.
_SMALL_SHARE = 0.15


def _on_the_ground(distance: np.ndarray, *, dark: bool) -> Look:
    """What lies on an even ground; distance: H x W uint8, of each pixel from it."""
    import cv2

    levels = np.cumsum(np.bincount(distance.ravel(), minlength=256))
    noise = int(np.searchsorted(levels, levels[-1] * 0.5))
    if noise > _MOST_NOISE:
        return "scene"
    threshold = max(_LEAST_CONTRAST, 5 * noise)
    above = int(levels[-1] - levels[threshold])
    # The grain of a black ground, of which black cuts off one half, goes beyond that in single pixels.
    crowded = cv2.boxFilter((distance > threshold).astype(np.uint8), -1, (3, 3), normalize=False) >= 4
    if np.count_nonzero(crowded) < _FEWEST_PIXELS:
        return "empty"
    contrast = int(np.searchsorted(levels, levels[threshold] + 0.95 * above))
    ink = (distance > max(threshold, 0.4 * contrast)).astype(np.uint8)
    if _longest_at_the_border(ink) > _BORDER_SHARE:
        return "scene"
    clean = noise == 0
    # The halos of compression are no further from the letters than its blocks are wide.
    elsewhere = (distance > max(threshold, 0.15 * contrast)) & (cv2.dilate(ink, np.ones((9, 9), np.uint8)) == 0)
    if elsewhere.sum() > _SOFT_SHARE * ink.sum() or _sharpness(distance, ink) < _SHARP * contrast:
        # A studio's mark is often lit up by something soft before it stands.
        return "thing" if clean and dark and above < _SMALL_SHARE * ink.size else "scene"
    return _letters(ink, clean=clean, dark=dark)


def _sharpness(distance: np.ndarray, ink: np.ndarray) -> float:
    """How high the steps at the edges of things are within five pixels, in levels; most of them are higher."""
    import cv2

    edge = ink > cv2.erode(ink, np.ones((3, 3), np.uint8))
    square = np.ones((5, 5), np.uint8)
    steps = cv2.subtract(cv2.dilate(distance, square), cv2.erode(distance, square))
    return float(np.percentile(steps[edge], 25))


def _longest_at_the_border(ink: np.ndarray) -> float:
    """The longest stretch of the border of a picture, in shares of it, that things on the ground reach over."""
    around = np.concatenate([ink[0], ink[1:, -1], ink[-1, -2::-1], ink[-2:0:-1, 0]])
    free = np.flatnonzero(around == 0)
    if len(free) == 0:
        return 1.0
    gaps = np.diff(np.append(free, free[0] + len(around))) - 1
    return float(gaps.max() / len(around))


@dataclass(frozen=True, slots=True)
class _Ink:
    """What lies on the ground of a picture, in numbers."""

    in_lines: float
    """The share of it that stands side by side in a row, as letters do."""
    longest_line: float
    """How many strokes the row of most of them has; 0 if there is none."""
    unlike: float
    """The share of it that is larger than letters are, or thin and wide as a drawing."""
    stroke: float
    """Its greatest thickness in shares of its smaller side, the mean by area: 0.2 to 0.5 for letters, 1 for a disc."""
    off_centre: float
    """How far the middle of its box is from the middle of the picture, in picture widths."""


def _measure(ink: np.ndarray) -> _Ink:
    """H x W uint8, 1 where there is something, and there is something."""
    import cv2

    height, width = ink.shape
    left, top, across, along = cv2.boundingRect(ink)
    ink = np.ascontiguousarray(ink[top : top + along, left : left + across])
    places = np.flatnonzero(ink)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    label = labels.ravel()[places]
    widths, heights, areas = boxes[:, 2], boxes[:, 3], boxes[:, 4].astype(np.float64)
    # What is not ink is a component too, and may have no pixel.
    fill = areas / np.maximum(widths * heights, 1)
    unlike = (heights > _TALLEST_LETTER * height) | (widths > 0.97 * width) | (fill < 0.1)

    depth = cv2.distanceTransform(cv2.copyMakeBorder(ink, 1, 1, 1, 1, cv2.BORDER_CONSTANT), cv2.DIST_L2, 3)
    deepest = np.zeros(count, np.float32)
    np.maximum.at(deepest, label, depth[1:-1, 1:-1].ravel()[places])
    # Of what is a few pixels high it cannot be told.
    strokes = np.where(heights < 6, 0.5, np.minimum(2 * deepest / np.maximum(np.minimum(widths, heights), 1), 1))

    share_in_lines, longest = _lines(ink, places, label, boxes)
    return _Ink(
        in_lines=share_in_lines,
        longest_line=longest,
        unlike=float(unlike[label].mean()),
        stroke=float(strokes[label].mean()),
        off_centre=float(np.hypot(left + (across - width) / 2, top + (along - height) / 2)) / width,
    )


def _lines(ink: np.ndarray, places: np.ndarray, parts: np.ndarray, boxes: np.ndarray) -> tuple[float, float]:
    """The share of the ink that is in lines, and the number of strokes along the longest of them.

    places: N, where in the flat picture there is ink. parts: N, of which component each is. boxes: of the components.
    A line is what is joined when gaps as wide as letters are closed: wider than high, of many strokes side by side, and
    of components about as high as itself which are not convex, as the sparks of fireworks and lit windows are.
    """
    import cv2

    heights = boxes[:, 3][parts]
    gap = int(max(3, round(1.2 * float(np.median(heights))))) | 1
    bordered = cv2.copyMakeBorder(ink, 0, 0, gap, gap, cv2.BORDER_CONSTANT)
    closed = cv2.morphologyEx(bordered, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))[:, gap:-gap]
    count, labels, around, _ = cv2.connectedComponentsWithStats(np.ascontiguousarray(closed), connectivity=8)
    line_of = labels.ravel()[places]
    amount = np.maximum(np.bincount(line_of, minlength=count), 1)
    widths = around[:, 2].astype(np.float64)
    tall = np.maximum(_usual_heights(line_of, heights, around[:, 3].astype(np.float64)), 1)
    begins = np.diff(ink.view(np.int8), axis=1, prepend=0) == 1
    strokes = np.bincount(labels[begins], minlength=count) / tall
    alike = np.bincount(line_of, heights >= 0.45 * tall[line_of], minlength=count) / amount
    of_line = np.zeros(len(boxes), np.int64)
    of_line[parts] = line_of
    letters = np.bincount(of_line[1:], boxes[1:, 3] >= 0.6 * tall[of_line[1:]], minlength=count)
    # How often a row of pixels enters a component, in the mean: 1 for whatever is convex, 1.5 for most letters.
    bent = strokes * tall / np.maximum(np.bincount(of_line[1:], boxes[1:, 3], minlength=count), 1)
    long = (strokes >= 4) & (widths >= 2.5 * tall) & (alike >= 0.6)
    short = (strokes >= 2.2) & (widths >= 1.5 * tall) & (alike >= 0.9) & (letters >= 2)
    line = (long | short) & (bent >= _LEAST_BENT) & (tall >= 3) & (amount >= 0.15 * widths * tall)
    line[0] = False
    return float(line[line_of].mean()), float(strokes[line].max(initial=0))


def _usual_heights(line_of: np.ndarray, heights: np.ndarray, tallest: np.ndarray) -> np.ndarray:
    """How high each line is: as the component in which the middle of its ink is, so that no ornament at its end counts.

    line_of, heights: N, of each pixel of ink its line and how high its component is. tallest: of each line.
    """
    order = np.lexsort((heights, line_of))
    counts = np.bincount(line_of, minlength=len(tallest))
    middles = np.cumsum(counts) - (counts + 1) // 2
    there = counts > 0
    usual = tallest.copy()
    usual[there] = heights[order][middles[there]]
    return usual


# In shares of the height of the picture: above it a thing is too large for a letter.
_TALLEST_LETTER = 0.6
# In shares of the ink: what may be unlike letters, and what must stand in lines.
_UNLIKE_SHARE = 0.3
_LINES_SHARE = 0.6
# A studio's mark has a line of letters too; it need not be much of it where the ground has not the least noise.
_MARK_LINES_SHARE, _MARK_LINE_STROKES = 0.2, 3.5
# See `_Ink.stroke`: small letters of a heavy font have 0.76.
_THICKEST_STROKE = 0.8
# See `_lines`: numbers such as 112 have little more, lights and windows less.
_LEAST_BENT = 1.12
# A mark without letters is made of strokes, and in the middle.
_MARK_STROKE, _MARK_OFF_CENTRE = 0.5, 0.06


def _letters(ink: np.ndarray, *, clean: bool, dark: bool) -> Look:
    """Whether sharp things on a ground are letters. clean: the ground has no noise; dark: it is black."""
    found = _measure(ink)
    if found.unlike > _UNLIKE_SHARE or found.stroke > _THICKEST_STROKE:
        return "thing"
    if found.in_lines >= _LINES_SHARE:
        return "letters"
    if clean and found.in_lines >= _MARK_LINES_SHARE and found.longest_line >= _MARK_LINE_STROKES:
        return "letters"
    if clean and dark and found.stroke < _MARK_STROKE and found.off_centre <= _MARK_OFF_CENTRE:
        return "mark"
    return "thing"


# Bars are looked for in a picture of so many columns: the 11 steps of a grey scale have 8 each.
_BAR_COLUMNS = 96
# Levels of 255: neighbouring columns of one bar differ by less.
_BAR_LEVELS = 6


def _has_bars(picture: np.ndarray) -> bool:
    """Whether the upper part of a picture is upright bars, one colour each, as wide as each other.

    In SMPTE, EBU and most other colour bars and grey steps they fill at least the upper half.
    """
    import cv2

    height, width = picture.shape[:2]
    if height < 48 or width < _BAR_COLUMNS:
        return False
    band = picture[height // 16 : height // 2]
    if np.ptp(band[::8].astype(np.int16), axis=0).mean() > 24:
        return False
    band = cv2.resize(band, (_BAR_COLUMNS, 12), interpolation=cv2.INTER_AREA).astype(np.float32)
    column = np.median(band, axis=0)
    if np.abs(band - column).mean() > _BAR_LEVELS / 2:
        return False
    flat = np.abs(np.diff(column, axis=0)).max(axis=1) < _BAR_LEVELS
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat.astype(np.int8), [0]])))
    bars = [(first, last) for first, last in zip(edges[::2], edges[1::2], strict=True) if last - first >= 3]
    if len(bars) < 5 or sum(last - first + 1 for first, last in bars) < 0.75 * _BAR_COLUMNS:
        return False
    middles = np.array([(first + last) / 2 for first, last in bars])
    steps = np.diff(middles)
    colours = np.stack([column[first : last + 1].mean(axis=0) for first, last in bars])
    regular = np.abs(steps - np.median(steps)) <= 0.15 * np.median(steps) + 0.5
    distinct = np.abs(np.diff(colours, axis=0)).max(axis=1) >= 10
    return bool((regular & distinct).sum() >= max(4, 0.6 * len(steps)))


# The share of a row or column in which a grid's line is seen: the middle of a test card hides the rest of it.
_GRID_LINE_SHARE = 0.12
# So many lines must be as far from each other as most are, and so much of the picture must lie between them. A tiled or
# barred scene comes to 0.3 in one of the two directions, the grids of Philips' and the BBC's cards to 0.7 in both.
_GRID_LINES, _GRID_SHARE = 8, 0.5


def _has_grid(picture: np.ndarray) -> bool:
    """Whether thin lines cross a picture at even distances both ways, as in most test cards."""
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return min(grey.shape) >= 48 and all(_grid_share(one) >= _GRID_SHARE for one in (grey, grey.T))


def _grid_share(grey: np.ndarray) -> float:
    """The share of the width of a picture, H x W uint8, that lies between upright lines at even distances."""
    places = np.flatnonzero(_thin_lines(grey, reach=3) >= _GRID_LINE_SHARE)
    if len(places) < _GRID_LINES:
        return 0.0
    lines = np.array([group.mean() for group in np.split(places, np.flatnonzero(np.diff(places) > 2) + 1)])
    steps = np.diff(lines)
    if len(steps) < _GRID_LINES - 1 or np.median(steps) < 4:
        return 0.0
    even = np.abs(steps - np.median(steps)) <= 0.12 * np.median(steps) + 0.7
    return float(steps[even].sum() / grey.shape[1]) if even.sum() >= _GRID_LINES - 1 else 0.0


def _thin_lines(grey: np.ndarray, reach: int) -> np.ndarray:
    """For the columns of a picture but the first and last few, the share of rows in which they are a thin line."""
    values = grey.astype(np.int16)
    centre = values[:, reach:-reach]
    left, right = centre - values[:, : -2 * reach], centre - values[:, 2 * reach :]
    dark, light = np.maximum(left, right) < -5, np.minimum(left, right) > 5
    return np.asarray(np.maximum(dark.mean(axis=0), light.mean(axis=0)))


# The share of the height at which a line is seen: the digit hides some of it, and in the shade of the hand it is weak.
# The share of directions in which a ring is.
_LINE_SHARE, _RING_SHARE = 0.35, 0.7


def _is_leader(picture: np.ndarray) -> bool:
    """Whether a picture is of a countdown: two lines that cross in the middle, and rings around it."""
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    if min(grey.shape) < 48 or _middle_line(grey) < _LINE_SHARE or _middle_line(grey.T) < _LINE_SHARE:
        return False
    return _ring(grey) >= _RING_SHARE


def _middle_line(grey: np.ndarray) -> float:
    """The share of the height at which a thin upright line is seen in the middle of a picture, H x W uint8."""
    middle = grey.shape[1] // 2
    return float(_thin_lines(grey[:, middle - 8 : middle + 9], reach=4).max())


def _ring(grey: np.ndarray) -> float:
    """The share of directions in which a ring around the middle is seen, at the best of some radii and shapes.

    A picture may have been squeezed, so that its circles are ellipses.
    """
    import cv2

    height, width = grey.shape
    best = 0.0
    soft = cv2.GaussianBlur(grey, (3, 3), 0)
    for across, along in _ring_maps(height, width):
        polar = cv2.remap(soft, across, along, cv2.INTER_LINEAR).astype(np.int16)
        here = polar[3:-3]
        before, behind = here - polar[:-6], here - polar[6:]
        light, dark = np.minimum(before, behind) > 5, np.maximum(before, behind) < -5
        for seen in (light, dark):
            near = cv2.dilate(seen.astype(np.uint8), np.ones((3, 1), np.uint8))
            best = max(best, float(near.mean(axis=1).max()))
    return best


@lru_cache(maxsize=8)
def _ring_maps(height: int, width: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """For some shapes of ellipse, where to look for the pixel at a radius (rows) and direction (96 columns)."""
    angles = np.linspace(0, 2 * np.pi, 96, endpoint=False)
    maps = []
    for aspect in (1.0, 1.2, 1.35, 1.5):
        radii = np.arange(0.2 * height, min(0.5 * height, 0.5 * width / aspect) - 1)[:, None]
        across = (width - 1) / 2 + aspect * radii * np.cos(angles)
        along = (height - 1) / 2 + radii * np.sin(angles)
        maps.append((across.astype(np.float32), along.astype(np.float32)))
    return maps
