"""Takes lettering out of pictures, so that the encoder sees what is behind it.

A network that has learned from pictures with captions takes large letters for what the picture is about: a rocket under
the words 4 ENGINES is near to logos and menus. What is behind the strokes is painted over from around them (A. Telea,
"An Image Inpainting Technique Based on the Fast Marching Method", 2004).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reinterpret.cues.lettering import Line

# In heights of a line, whose box is half as high again as its letters: by how much the box is widened, and what a
# stroke is thinner than. The gaps between letters are wider, or they would be taken for strokes of the other kind.
_MARGIN, _STROKE = 0.1, 0.2
# Light and dark strokes are told apart by the share of the box that letters cover at least.
_LEAST_INK = 0.05
# Levels of 255: what stands out from what is around it by less is no stroke.
_LEAST_CONTRAST = 24
# Pixels around a stroke that are half letter, half ground, and its shadow.
_HALO_PX = 2
_RADIUS_PX = 3
# Where strokes cover more than this there is too little left to paint from.
_MOST_PAINTED = 0.45
# Levels of 255: from the darkest tenth to the brightest of what is a ground for words and no picture behind them.
_PLAIN_GROUND = 12.0


def painted_out(picture: np.ndarray, lines: Sequence[Line]) -> np.ndarray:
    """The picture without some lines of lettering; the same picture where nothing is behind them.

    picture: H x W x 3 uint8 RGB, whole. lines: their places in shares of it. A card, of which an even ground would be
    left, and a picture that is full of lettering stay as they are: there the words are what it shows.
    """
    import cv2

    strokes = np.zeros(picture.shape[:2], np.uint8)
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    for line in lines:
        rows, columns = _box(line, *picture.shape[:2])
        strokes[rows, columns] |= _strokes(grey[rows, columns], line.height * picture.shape[0])
    share = float(strokes.mean())
    if not 0 < share <= _MOST_PAINTED:
        return picture
    if float(np.ptp(np.quantile(grey[strokes == 0], [0.1, 0.9]))) < _PLAIN_GROUND:
        return picture
    return np.asarray(cv2.inpaint(picture, strokes, _RADIUS_PX, cv2.INPAINT_TELEA))


def _box(line: Line, height: int, width: int) -> tuple[slice, slice]:
    """Where a line stands in a picture, with a margin."""
    margin = _MARGIN * line.height
    top, bottom = ((line.top - margin) * height, (line.top + line.height + margin) * height)
    across = margin * height / width
    left, right = ((line.left - across) * width, (line.left + line.width + across) * width)
    rows = slice(max(0, int(top)), min(height, int(np.ceil(bottom))))
    return rows, slice(max(0, int(left)), min(width, int(np.ceil(right))))


def _strokes(grey: np.ndarray, line_height: float) -> np.ndarray:
    """Where in the box of a line the strokes of letters are, with what surrounds them: 0 or 1, uint8.

    grey: H x W uint8. Strokes are thin and lighter, or darker, than what is on both sides; of both kinds that one is
    taken that stands out more.
    """
    import cv2

    if 0 in grey.shape:
        return np.zeros(grey.shape, np.uint8)
    size = max(3, round(_STROKE * line_height)) | 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    # What is cut by the border of the box must not count as a stroke.
    bordered = cv2.copyMakeBorder(grey, size, size, size, size, cv2.BORDER_REPLICATE)
    kinds = [cv2.morphologyEx(bordered, kind, kernel) for kind in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT)]
    inner = [found[size:-size, size:-size] for found in kinds]
    contrast = max(inner, key=lambda found: float(np.quantile(found, 1 - _LEAST_INK)))
    level, _ = cv2.threshold(np.ascontiguousarray(contrast), 0, 255, cv2.THRESH_OTSU)
    found = (contrast > max(_LEAST_CONTRAST, level)).astype(np.uint8)
    return np.asarray(cv2.dilate(found, np.ones((2 * _HALO_PX + 1,) * 2, np.uint8)))
