"""Green and blue screens: plates that wait for another picture to be put in the place of their ground."""

from __future__ import annotations

import numpy as np

# The picture is looked at in this size, where the noise of compression is averaged out.
_WIDTH_PX, _HEIGHT_PX = 72, 40
# Hues in degrees. Paint and cloth for it are at 120 to 145 and 220 to 240; meadows end at 100, skies at 218.
_HUES = ((105.0, 165.0), (220.0, 250.0))
_LEAST_SATURATION, _LEAST_VALUE = 0.5, 0.2
# Degrees, and of 1: how far the middle 80 per cent of a ground are apart. Uneven light changes the value, not these; a
# sky goes over into another hue or fades towards the horizon, grass is of many greens.
_MOST_HUE_SPREAD, _MOST_SATURATION_SPREAD = 9.0, 0.25
_NEAR_HUES = 30.0
# How rough the ground may be, in values of 1: a tinted film is of one hue all over, and as rough as any other.
_MOST_TEXTURE = 0.03
# How much of the picture, and of its border, the ground takes up at least.
_PICTURE_SHARE, _BORDER_SHARE = 0.3, 0.5


def is_plate(picture: np.ndarray) -> bool:
    """Whether a picture, H x W x 3 uint8 RGB, has a green or a blue screen for its ground."""
    import cv2

    small = cv2.resize(picture, (_WIDTH_PX, _HEIGHT_PX), interpolation=cv2.INTER_AREA)
    hue, saturation, value = cv2.split(cv2.cvtColor(small.astype(np.float32) / 255, cv2.COLOR_RGB2HSV))
    strong = (saturation >= _LEAST_SATURATION) & (value >= _LEAST_VALUE)
    for lowest, highest in _HUES:
        ground = strong & (hue >= lowest) & (hue <= highest)
        if ground.mean() < _PICTURE_SHARE:
            continue
        border = np.concatenate([ground[0], ground[-1], ground[1:-1, 0], ground[1:-1, -1]])
        # A slope of colours may pass through such a hue: what is near to it in hue is looked at too.
        near = strong & (np.abs(hue - np.median(hue[ground])) <= _NEAR_HUES)
        even = _spread(hue[near]) <= _MOST_HUE_SPREAD and _spread(saturation[near]) <= _MOST_SATURATION_SPREAD
        smooth = _texture(value, near) <= _MOST_TEXTURE
        if even and smooth and border.mean() >= _BORDER_SHARE:
            return True
    return False


def _texture(value: np.ndarray, ground: np.ndarray) -> float:
    """How much a ground differs from place to place, beyond slow changes of light: the deviation of its values.

    Its edges are left out. value: H x W float32. ground: H x W bool.
    """
    import cv2

    inside = cv2.erode(ground.astype(np.uint8), np.ones((3, 3), np.uint8))
    weight = cv2.blur(inside.astype(np.float32), (9, 9))
    smooth = cv2.blur(value * inside, (9, 9)) / np.maximum(weight, 1e-6)
    differences = (value - smooth)[inside.astype(bool)]
    return float(differences.std()) if differences.size else np.inf


def _spread(values: np.ndarray) -> float:
    """How far apart the middle 80 per cent are."""
    low, high = np.percentile(values, (10, 90))
    return float(high - low)
