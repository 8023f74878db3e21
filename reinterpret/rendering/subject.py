"""The subject of a clip: faces, or else what stands out. What must be cut off should be something else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

REVISION = 1
"""To be raised whenever the same pictures would be framed otherwise."""
# A face is a head: YuNet's boxes go from the forehead to the chin and from cheek to cheek, in shares of their size.
_ABOVE, _BELOW, _BESIDE = 0.45, 0.2, 0.2
# Smaller ones, in shares of the picture's height, are people in a crowd.
_SMALLEST_FACE = 0.04
# Spectral residuals find edges and corners wherever there is nothing else. On frames of 60 films the largest place that
# stands out this many times more than the mean was the subject wherever it had half of all that stands out beyond the
# ground, and a corner of the table or a glint where it had less.
_STANDS_OUT, _GROUND, _MAIN_SHARE = 2.5, 1.5, 0.5
# Pictures with less contrast (standard deviation, of 1) show nothing.
_FLAT = 0.004
# Faces are looked for in pieces as wide as an upright picture: in the whole they would be too small.
_PIECE_STEP = 0.5


@dataclass(frozen=True, slots=True)
class _Thing:
    """Something along one axis of the picture, in shares of it, and how much it counts."""

    start: float
    end: float
    weight: float


def window_share(pictures: Sequence[np.ndarray], window: float, *, across: bool) -> Fraction:
    """Where to lay a window over some pictures of one clip, so that their subject is in it.

    pictures: H x W x 3 uint8 RGB, one size, in their own shape. window: how much of the picture it shows, as a share of
    its width (across) or height. Returns how much of the rest lies before it: 0 is left or top, a half the middle,
    where it stays unless there is a reason.
    """
    room = 1 - window
    if room <= 0:
        return Fraction(1, 2)
    things = [face for picture in pictures for face in _faces(picture, across=across)]
    begin = _around(things or _standing_out(pictures, across=across), window)
    return Fraction(min(max(begin / room, 0.0), 1.0)).limit_denominator(1000)


def _faces(picture: np.ndarray, *, across: bool) -> list[_Thing]:
    """The heads in a picture; large ones count more."""
    from reinterpret.cues.faces import find_faces

    height, width = picture.shape[:2]
    pieces = [(0, height)]
    if height > width:
        count = 1 + int(np.ceil((height - width) / (width * _PIECE_STEP)))
        pieces += [(top, top + width) for top in np.linspace(0, height - width, count).round().astype(int)]
    found = []
    for top, bottom in pieces:
        piece, scale = _on_ground(picture[top:bottom])
        for left, above, across_size, down_size, score in find_faces(piece):
            box = np.array([left, above, left + across_size, above + down_size]) * scale + np.array([0, top, 0, top])
            if down_size * scale[1] >= _SMALLEST_FACE * height:
                found.append((box, float(score)))
    return [_head(box, score, (width, height), across=across) for box, score in found]


def _on_ground(piece: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A picture on grey in the shape that `find_faces` squeezes all to, 16:9, and what its shares are in pixels."""
    height, width = piece.shape[:2]
    size = max(width, -(-height * 16 // 9)), max(height, -(-width * 9 // 16))
    ground = np.full((size[1], size[0], 3), 128, np.uint8)
    ground[:height, :width] = piece
    return ground, np.array([*size, *size], np.float64)


def _head(box: np.ndarray, score: float, size: tuple[int, int], *, across: bool) -> _Thing:
    left, top, right, bottom = box
    wide, tall = right - left, bottom - top
    if across:
        start, end, whole = left - _BESIDE * wide, right + _BESIDE * wide, size[0]
    else:
        start, end, whole = top - _ABOVE * tall, bottom + _BELOW * tall, size[1]
    return _Thing(max(0.0, start / whole), min(1.0, end / whole), score * wide * tall)


def _around(things: list[_Thing], window: float) -> float:
    """Where a window begins that holds as many things as can be, by their weight, as near the middle as can be."""
    room, middle = 1 - window, (1 - window) / 2
    begins = {middle}
    for thing in things:
        if thing.end - thing.start > window:
            begins.add((thing.start + thing.end - window) / 2)
        begins |= {thing.start, thing.end - window}
    best, most = middle, -1.0
    for begin in sorted((min(max(begin, 0.0), room) for begin in begins), key=lambda place: abs(place - middle)):
        held = sum(thing.weight * _held(thing, begin, begin + window) for thing in things)
        if held > most * (1 + 1e-6):
            best, most = begin, held
    return best


def _held(thing: _Thing, start: float, end: float) -> float:
    """How well a window holds something: 1 all of it; what is cut off counts more than its size."""
    seen = max(0.0, min(end, thing.end) - max(start, thing.start)) / max(thing.end - thing.start, 1e-9)
    return seen if seen > 1 - 1e-6 else seen**2 / 2


def _standing_out(pictures: Sequence[np.ndarray], *, across: bool) -> list[_Thing]:
    """The one thing that stands out in all the pictures; none where several do, or the whole picture."""
    import cv2

    from reinterpret.cues.composition import saliency

    greys = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255 for picture in pictures]
    if max(float(grey.std()) for grey in greys) < _FLAT:
        return []
    found = np.mean([saliency(grey) for grey in greys], axis=0)
    above = np.maximum(found - _GROUND * found.mean(), 0)
    count, parts = cv2.connectedComponents((found > _STANDS_OUT * found.mean()).astype(np.uint8))
    mass = [float(above[parts == part].sum()) for part in range(1, count)]
    if not mass or max(mass) < _MAIN_SHARE * float(above.sum()):
        return []
    places = np.flatnonzero((parts == 1 + int(np.argmax(mass))).any(axis=0 if across else 1))
    size = found.shape[1 if across else 0]
    return [_Thing(float(places[0]) / size, float(places[-1] + 1) / size, 1.0)]
