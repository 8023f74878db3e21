"""Finds watermarks: the small marks of stations, archives and generators that stand in a corner of a whole film."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reinterpret.cues.lettering import Lettering, Line, stands_in
from reinterpret.cues.text_finder import find_in_corners, read_again

# Pictures of a film in which a watermark is looked for, and of the others: in how many it must be, and how many there
# must be.
_PICTURES, _SHARE, _FEWEST_OTHERS = 5, 0.75, 2


def find_watermarks(pictures: Sequence[np.ndarray]) -> tuple[Line, ...]:
    """What is written in a corner of nearly all of some pictures of a film, H x W x 3 uint8 RGB.

    One of them is read with care, at its corners, for no more than a glance costs; the others are only looked at where
    something was found. Marks without letters are not recognised.
    """
    if len(pictures) <= _FEWEST_OTHERS:
        return ()
    chosen = np.unique(np.linspace(0, len(pictures) - 1, _PICTURES).round().astype(int)).tolist()
    middle = chosen[len(chosen) // 2]
    others = [number for number in chosen if number != middle]
    return tuple(
        line
        for line in find_in_corners(pictures[middle])
        if sum(read_again(pictures[number], line) is not None for number in others) >= _SHARE * len(others)
    )


def with_watermarks(lettering: Lettering, marks: Sequence[Line]) -> Lettering:
    """What is written in a shot, and in all its pictures the watermarks of its film that were not read there."""
    lines = tuple(
        (*of_picture, *(mark for mark in marks if not stands_in(mark, of_picture))) for of_picture in lettering.lines
    )
    return Lettering(lettering.seconds, lines)
