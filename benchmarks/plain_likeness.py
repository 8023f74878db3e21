"""The likenesses that ours is measured against: a histogram of colours, and a hash of the picture.

Pictures are H x W x 3 uint8 RGB.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

_BINS = (16, 4, 4)
_HASH_SIDE, _HASH_KEPT = 32, 8


def colour_histogram(pictures: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Of hue, saturation and value together, over several pictures: 256 float32 of unit length.

    Square roots of shares, so that the cosine of two is the Bhattacharyya coefficient of their histograms.
    """
    shares = np.zeros(_BINS, np.float64)
    for picture in pictures:
        hsv = cv2.cvtColor(picture, cv2.COLOR_RGB2HSV)
        shares += cv2.calcHist([hsv], [0, 1, 2], None, list(_BINS), [0, 180, 0, 256, 0, 256]) / hsv[..., 0].size
    return np.sqrt(shares / len(pictures)).ravel().astype(np.float32)


def picture_hash(picture: np.ndarray) -> np.ndarray:
    """64 times -1 or 1, divided by 8 so that the length is 1: whether each of the lowest 8 x 8 frequencies of the
    brightness (discrete cosines of 32 x 32) lies above their median. The cosine of two is 1 - 2 x distance / 64.
    """
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (_HASH_SIDE, _HASH_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32)
    low = cv2.dct(small)[:_HASH_KEPT, :_HASH_KEPT].ravel()
    return np.where(low > np.median(low), 1.0, -1.0).astype(np.float32) / _HASH_KEPT


def ranked(queries: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The numbers of the rows by cosine, best first, for every query: Q x N. Unit vectors; equals in their order."""
    return np.argsort(-(queries @ rows.T), axis=1, kind="stable")
