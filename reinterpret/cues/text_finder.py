"""Finds and reads what is written in a picture: where each line is, what it says, and how sure that is.

The two networks are PaddleOCR's (PP-OCRv6 small, Baidu, Apache-2.0): one marks lettering (M. Liao et al., "Real-time
Scene Text Detection with Differentiable Binarization", AAAI 2020), the other reads a line of it. The package `rapidocr`
carries both as ONNX files. Nothing of its code is imported, and so none of what it asks for is needed.
"""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from reinterpret.cues.lettering import Line
from reinterpret.errors import UsageError
from reinterpret.shots.weights import session

logger = logging.getLogger(__name__)

HOW_TO_INSTALL = "pip install --no-deps 'rapidocr>=3.10,<4'"

# Pixels that the detector is given. The larger picture costs 40 ms, the quick one 7 ms. White subtitles with capitals
# of 4.5 per cent of the picture's height are found on 95 per cent of forty pictures in the quick one and on 97 in the
# larger, of 3.5 per cent on 78 and 97, of 2.5 per cent on 23 and 97.
PIXELS, QUICK_PIXELS = 640 * 384, 288 * 160
# No picture is made larger than this for it, in each direction: nothing more can be read then.
_MOST_ENLARGED = 1.5
# What the detector's map says of a pixel of lettering, and of all of a line's pixels in the mean.
_PIXEL_SCORE, _LINE_SCORE = 0.3, 0.4
# Lines are marked without their edges: how far these are, in shares of area by circumference, as in the paper.
_UNCLIPPED = 1.6
# The height of a line as the reader wants it, and the fewest and most columns. Shorter lines are padded: with less than
# 160 columns short words are misread.
_READ_HEIGHT, _FEWEST_COLUMNS, _MOST_COLUMNS = 48, 160, 1600
# The lines of a picture that are read, the largest first: a page of a book says what it is by then.
_MOST_LINES = 32
# What the reader's confidence must be. Folds, spokes and windows that look like a line are read as single letters, or
# with less: of 251 pictures without lettering 2 pass, the stripes of one jumper. The letters of a logo may be hard to
# read; where the detector is all the surer it is lettering too.
_CONFIDENCE, _SHORT_CONFIDENCE, _DIGIT_CONFIDENCE = 0.8, 0.95, 0.98
_LEAST_CONFIDENCE, _BOTH_SCORES = 0.6, 1.6
_SHORT, _SHORTEST = 3, 2
# A line that is known from another picture is there again if it is read like this, and so much of it as there.
_AGAIN_CONFIDENCE, _AGAIN_SAME = 0.6, 0.6
# Width by height: what is narrower holds a letter or two, and need not be read.
_NARROWEST = 1.5
# Steps between neighbouring pixels that any lettering has: see `_has_strokes`.
_STROKE_LEVELS, _STROKE_SHARE, _STROKE_SCALES = 16, 0.22, 3
# Watermarks are faint, and a corner is soon looked at.
_CORNER_STROKE_SHARE = 0.15
# Levels of 255 from the colour of the border, within which this share of a picture is called an even ground.
_GROUND_LEVELS, _GROUND_SHARE = 24, 0.65
# In shares of a row or column: less of something on the ground is dust.
_LEAST_INK = 0.002


Area = tuple[float, float, float, float]
"""A part of a picture, in shares of it: left, top, right, bottom."""
_WHOLE: Area = (0.0, 0.0, 1.0, 1.0)
# Width and height of the corners in which watermarks stand.
_CORNER = (0.3, 0.25)


def can_read() -> bool:
    """Whether the networks are there. If not, the log says once how to install them."""
    return _networks() is not None


def find_lines(picture: np.ndarray) -> tuple[Line, ...]:
    """The lines that are written in a picture, H x W x 3 uint8 RGB, from the top to the bottom.

    Without the networks nothing is found, see `can_read`. Raises ValueError for another kind of picture.
    """
    networks, small = _networks(), resized(picture, QUICK_PIXELS)
    area = _inked_area(small)
    if networks is None:
        return ()
    part = area or _WHOLE
    # Letters that fill a picture are overlooked in a large one.
    for pixels in (PIXELS, QUICK_PIXELS):
        shown = resized(_part(picture, part), pixels)
        lines = _find(networks, shown, lambda: picture, part, alone=area is not None)
        if lines:
            return lines
    return ()


def glance(small: np.ndarray, picture: Callable[[], np.ndarray]) -> tuple[Line, ...]:
    """As `find_lines`, for a sixth of its time: small lettering is overlooked.

    small: the same picture of about `QUICK_PIXELS`, its sides multiples of 32. picture: gives the large one, which is
    only asked for where something is to be read. Raises ValueError for another kind of picture.
    """
    networks = _networks()
    area = _inked_area(small)
    if networks is None or (area is None and not _has_strokes(small)):
        return ()
    if area is None:
        return _find(networks, small, picture, _WHOLE, alone=False)
    return _find(networks, resized(_part(picture(), area), QUICK_PIXELS), picture, area, alone=True)


def find_in_corners(picture: np.ndarray) -> tuple[Line, ...]:
    """The lines in the four corners of a picture, as `find_lines` finds them, for a quarter of its time."""
    networks = _networks()
    if networks is None:
        return ()
    width, height = _CORNER
    corners = [(left, top, left + width, top + height) for top in (0.0, 1 - height) for left in (0.0, 1 - width)]
    found: list[Line] = []
    for corner in corners:
        part = _part(picture, corner)
        if not _has_strokes(part, _CORNER_STROKE_SHARE):
            continue
        shown = resized(part, part.shape[0] * part.shape[1])
        found += _find(networks, shown, lambda: picture, corner, alone=False)
    return tuple(found)


def _find(
    networks: _Networks, shown: np.ndarray, picture: Callable[[], np.ndarray], part: Area, *, alone: bool
) -> tuple[Line, ...]:
    """The lines in a part of a picture.

    shown: that part, as it is shown to the detector. picture: gives the whole, from which it is read. alone: whether
    the lines lie on an even ground.
    """
    left, top, right, bottom = part
    lines = []
    for corners, score in _marked(networks, shown)[:_MOST_LINES]:
        whole = corners * np.array([right - left, bottom - top]) + np.array([left, top])
        line = _cut_out(picture(), whole)
        if not alone and line.shape[1] < _NARROWEST * line.shape[0]:
            continue
        text, confidence = _read(networks, line)
        if _is_text(text, confidence, score, alone=alone):
            lines.append(_line(text, confidence, whole))
    return tuple(sorted(lines, key=reading_order))


def _part(picture: np.ndarray, area: Area) -> np.ndarray:
    """A part of a picture, at least a pixel of it."""
    height, width = picture.shape[:2]
    left, top = min(int(area[0] * width), width - 1), min(int(area[1] * height), height - 1)
    right, bottom = max(left + 1, math.ceil(area[2] * width)), max(top + 1, math.ceil(area[3] * height))
    return np.ascontiguousarray(picture[top:bottom, left:right])


def read_again(picture: np.ndarray, line: Line) -> Line | None:
    """A line that was read in one picture as it is in another, H x W x 3 uint8 RGB; None if it is not there."""
    networks = _networks()
    if networks is None:
        return None
    box = line.left, line.top, line.left + line.width, line.top + line.height
    text, confidence = _read(networks, _part(picture, box))
    if confidence < _AGAIN_CONFIDENCE or SequenceMatcher(None, text, line.text, autojunk=False).ratio() < _AGAIN_SAME:
        return None
    return replace(line, text=text, confidence=round(confidence, 3))


def reading_order(line: Line) -> tuple[float, float]:
    """From the top to the bottom, and what stands side by side from left to right."""
    return round(line.top + line.height / 2, 2), line.left


@dataclass(frozen=True, slots=True, eq=False)
class _Networks:
    detector: Any
    reader: Any
    characters: Sequence[str]
    """What each output of the reader stands for; the first for nothing."""


@cache
def _networks() -> _Networks | None:
    """Both networks, loaded once; None, and a warning, if they are not there."""
    found = find_spec("rapidocr")  # which does not import it
    folder = Path(*(found.submodule_search_locations or ()) if found else ()) / "models"
    files = [sorted(folder.glob(f"*_{task}_*.onnx")) if found else [] for task in ("det", "rec")]
    if not all(files):
        logger.warning("lettering in pictures is not looked for: install its networks with %s", HOW_TO_INSTALL)
        return None
    try:
        detector, reader = (session(of_task[-1]) for of_task in files)
        characters = reader.get_modelmeta().custom_metadata_map["character"].split("\n")
    except (UsageError, KeyError) as error:
        logger.warning("lettering in pictures is not looked for (%s): install with %s", error, HOW_TO_INSTALL)
        return None
    return _Networks(detector, reader, ("", *characters, " "))


def _has_strokes(picture: np.ndarray, least: float = _STROKE_SHARE) -> bool:
    """Whether somewhere in a picture it goes up and down again, from left to right, as often as in lettering.

    In a box of 24 x 8 pixels of a picture, or of the same picture at half or a quarter of its size, at least 22 per
    cent of the steps go up and as many go down. Three of ten pictures without lettering are so soft that the detector
    need not be asked; of those with white or grey letters over them, of 4.5 to 30 per cent of the height, one in 15.
    """
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    for scale in range(_STROKE_SCALES):
        if scale:
            grey = cv2.resize(grey, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        steps = np.diff(grey.astype(np.int16), axis=1)
        up, down = (
            cv2.boxFilter(found.astype(np.float32), -1, (24, 8))
            for found in (steps > _STROKE_LEVELS, steps < -_STROKE_LEVELS)
        )
        if np.minimum(up, down).max() >= least:
            return True
    return False


def _inked_area(picture: np.ndarray) -> Area | None:
    """Where something lies on an even ground, with some of that around it.

    None if the ground is not even, or what lies on it fills the picture. The detector overlooks a short line that
    stands alone on a large even ground, and finds it when most of the ground is cut off. Raises ValueError.
    """
    import cv2

    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"a picture must be H x W x 3 uint8, got {picture.shape} {picture.dtype}")
    height, width = picture.shape[:2]
    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
    ground = np.median(border, axis=0).astype(np.uint8)
    red, green, blue = cv2.split(cv2.absdiff(picture, np.broadcast_to(ground, picture.shape).copy()))
    ink = np.asarray(cv2.max(cv2.max(red, green), blue)) > _GROUND_LEVELS
    if ink.mean() > 1 - _GROUND_SHARE:
        return None
    rows, columns = (np.flatnonzero(ink.mean(axis=axis) > _LEAST_INK) for axis in (1, 0))
    if len(rows) == 0 or len(columns) == 0:
        return None
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    margin = max(4, round(0.4 * min(bottom - top, right - left, height / 3)))
    top, left = max(0, top - margin), max(0, left - margin)
    bottom, right = min(height, bottom + margin), min(width, right + margin)
    return left / width, top / height, right / width, bottom / height


def resized(picture: np.ndarray, pixels: int) -> np.ndarray:
    """A picture of about so many pixels, its sides multiples of 32, as the detector halves it five times.

    Raises ValueError for what is no H x W x 3 uint8.
    """
    import cv2

    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or 0 in picture.shape:
        raise ValueError(f"a picture must be H x W x 3 uint8, got {picture.shape} {picture.dtype}")
    height, width = picture.shape[:2]
    factor = min(_MOST_ENLARGED, math.sqrt(pixels / (width * height)))
    size = [max(32, 32 * round(length * factor / 32)) for length in (width, height)]
    interpolation = cv2.INTER_AREA if size[0] < width else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size, interpolation=interpolation))


def _marked(networks: _Networks, picture: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """The lines that the detector finds: their corners, 4 x 2 in shares of the picture, and its score; largest first.

    picture: its sides are multiples of 32.
    """
    import cv2

    height, width = picture.shape[:2]
    name = networks.detector.get_inputs()[0].name
    scores = np.asarray(networks.detector.run(None, {name: _network_values(picture)[None]})[0][0, 0])
    # The map is drawn thin; a pixel more joins what belongs together.
    mask = cv2.dilate((scores > _PIXEL_SCORE).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines:
        centre, size, angle = cv2.minAreaRect(outline)
        if min(size) < 2:
            continue
        inside = np.zeros_like(mask)
        cv2.fillPoly(inside, [cv2.boxPoints((centre, size, angle)).astype(np.int32)], 1)
        score = float(cv2.mean(scores, inside)[0])
        if score < _LINE_SCORE:
            continue
        grown = size[0] * size[1] * _UNCLIPPED / (size[0] + size[1])
        corners = cv2.boxPoints((centre, (size[0] + grown, size[1] + grown), angle))
        found.append((size[0] * size[1], corners / np.array([width, height]), score))
    found.sort(key=lambda entry: -entry[0])
    return [(corners, score) for _, corners, score in found]


def _network_values(picture: np.ndarray) -> np.ndarray:
    """3 x H x W float32, -1 to 1, blue first: as both networks were trained."""
    return np.ascontiguousarray((picture[:, :, ::-1].astype(np.float32) / 127.5 - 1).transpose(2, 0, 1))


def _cut_out(picture: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """A line as a picture of its own, laid level; upright where it runs from the top to the bottom.

    corners: 4 x 2, in shares of the picture.
    """
    import cv2

    corners = (corners * np.array(picture.shape[1::-1])).astype(np.float32)
    by_column = corners[np.argsort(corners[:, 0], kind="stable")]
    left, right = (pair[np.argsort(pair[:, 1], kind="stable")] for pair in (by_column[:2], by_column[2:]))
    width = max(1, round(float(np.linalg.norm(right[0] - left[0]))))
    height = max(1, round(float(np.linalg.norm(left[1] - left[0]))))
    there = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    turn = cv2.getPerspectiveTransform(np.stack([left[0], right[0], right[1], left[1]]), there)
    line = cv2.warpPerspective(picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.ascontiguousarray(np.rot90(line)) if height >= 1.5 * width else np.asarray(line)


def _read(networks: _Networks, line: np.ndarray) -> tuple[str, float]:
    """What a line says, and how sure that is: the mean over its letters, 0 to 1."""
    import cv2

    height, width = line.shape[:2]
    columns = min(_MOST_COLUMNS, max(8, math.ceil(_READ_HEIGHT * width / height)))
    values = np.zeros((1, 3, _READ_HEIGHT, max(columns, _FEWEST_COLUMNS)), np.float32)
    values[0, :, :, :columns] = _network_values(cv2.resize(line, (columns, _READ_HEIGHT)))
    scores = networks.reader.run(None, {networks.reader.get_inputs()[0].name: values})[0][0]
    best, sure = scores.argmax(axis=1), scores.max(axis=1)
    # A letter that goes on over several columns is one, unless `nothing` lies between.
    new = np.append(True, best[1:] != best[:-1]) & (best != 0)
    if not new.any():
        return "", 0.0
    text = "".join(networks.characters[number] for number in best[new])
    return " ".join(text.split()), float(sure[new].mean())


def _is_text(text: str, confidence: float, score: float, *, alone: bool) -> bool:
    """Whether what was read is lettering. score: the detector's. alone: on an even ground a single digit counts too."""
    letters = len(re.findall(r"[^\W_]", text))
    if letters >= _SHORT:
        return confidence >= _CONFIDENCE or (confidence >= _LEAST_CONFIDENCE and confidence + score >= _BOTH_SCORES)
    if letters >= _SHORTEST:
        return confidence >= _SHORT_CONFIDENCE
    return alone and text.isdecimal() and confidence >= _DIGIT_CONFIDENCE


def _line(text: str, confidence: float, corners: np.ndarray) -> Line:
    """corners: in shares of the picture."""
    first, last = np.clip([corners.min(axis=0), corners.max(axis=0)], 0, 1)
    left, top, width, height = (round(float(value), 4) for value in (*first, *(last - first)))
    return Line(text, round(confidence, 3), left, top, width, height)
