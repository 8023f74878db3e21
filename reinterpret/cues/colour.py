"""The cue `colour`: how light, how colourful and of which hues a shot is, as eyes see it."""

from __future__ import annotations

import numpy as np

from reinterpret.cues.facts import ShotFacts
from reinterpret.cues.parts import centred, joined, soft_histogram, spread_over

_MOST_PICTURES = 6
# Distributions need no more pixels than this of each picture.
_WIDTH_PX, _HEIGHT_PX = 40, 24

_LIGHTNESS = np.linspace(0, 1, 6)
_STRETCHED = np.linspace(0, 1, 16)
_PERCENTILES = (3, 97)
# A picture of one grey is not stretched to black and white.
_LEAST_RANGE = 0.1
_HUES = 12
# Chroma in OKLab: greys with a cast lie below the first, skin and sky about the second; the red of sRGB has 0.26.
_GREY_CHROMA, _FULL_CHROMA = 0.025, 0.1
_MUTED_CHROMA, _VIVID_CHROMA = 0.06, 0.16
_AROUND = np.arange(_HUES + 1.0)
# Chosen on 60 clips and nine changes of them (black and white, lighter, darker, warmer, colder, gamma, contrast, half
# the saturation, grain): the original is the nearest of the 60 in 0.95 of all cases, and in 0.93 of the black-and-white
# ones. With the weights 0.3, 0.3 and 0.4 it is in 0.85, and in 0.80.
_WEIGHTS = {"lightness": 0.15, "stretched": 0.55, "hues": 0.3}
# A hue is worth a word from this share of the picture on; below the other, a shot is black and white.
_MUCH, _COLOURLESS = 0.15, 0.004
_LIGHTNESS_PART, _STRETCHED_PART, _HUE_PART = slice(0, 6), slice(6, 22), slice(22, 46)

_HUE_NAMES = (
    *("pink", "red", "orange", "yellow", "yellow", "green"),
    *("turquoise", "turquoise", "blue", "blue", "violet", "magenta"),
)


class Colour:
    """Same distribution of lightness and of hues is near.

    OKLab (B. Ottosson, "A perceptual color space for image processing", 2020), soft bins, square roots of the shares
    (Hellinger). Three parts: lightness as it is; lightness stretched between its 3rd and 97th percentile, which
    survives a grade; and hues, muted and vivid, which weigh as much as the shot is colourful. A black-and-white copy
    has none, and is near to its original by its lightness.
    """

    name = "colour"
    dimensions: int | None = 46

    def known(self, facts: ShotFacts) -> bool:
        """Always."""
        return True

    def vector(self, facts: ShotFacts) -> np.ndarray:
        """46 float32, unit length."""
        taken = [facts.pictures[position] for position in spread_over(len(facts.pictures), _MOST_PICTURES)]
        lab = oklab(np.concatenate([_few_pixels(picture) for picture in taken]))
        lightness = lab[:, 0]
        low, high = np.percentile(lightness, _PERCENTILES)
        stretched = (lightness - (low + high) / 2) / max(high - low, _LEAST_RANGE) + 0.5
        return joined(
            [
                (_WEIGHTS["lightness"], centred(np.sqrt(soft_histogram(lightness, _LIGHTNESS)))),
                (_WEIGHTS["stretched"], centred(np.sqrt(soft_histogram(stretched, _STRETCHED)))),
                (_WEIGHTS["hues"], np.sqrt(_hue_shares(lab))),
            ]
        )

    def shared(self, one: np.ndarray, other: np.ndarray) -> str | None:
        """The hue that fills most of both, or that there is none, and whether both are dark or bright."""
        words = []
        here, there = _hues_of(one), _hues_of(other)
        common = np.minimum(here, there).reshape(2, _HUES)
        strongest = int(common.sum(axis=0).argmax())
        if common[:, strongest].sum() > _MUCH:
            muted_orange = _HUE_NAMES[strongest] == "orange" and common[0, strongest] > common[1, strongest]
            words.append("brown" if muted_orange else _HUE_NAMES[strongest])
        elif max(here.sum(), there.sum()) < _COLOURLESS:
            words.append("black and white")
        light = one[_LIGHTNESS_PART], other[_LIGHTNESS_PART]
        ends = [
            sum(float(part[side].sum()) > _END_SHARE * float(np.linalg.norm(part)) for part in light) for side in _ENDS
        ]
        words += [word for word, count in zip(("dark", "bright"), ends, strict=True) if count == 2]
        return " and ".join(words) or None

    def named(self, term: str) -> np.ndarray | None:
        """A hue, muted or vivid; dark or bright; black and white is the absence of all hues."""
        parts = {"lightness": np.zeros(6), "stretched": np.zeros(16), "hues": np.zeros(2 * _HUES)}
        if term in _HUE_NAMES:
            parts["hues"][:] = np.sqrt(np.tile([float(name == term) for name in _HUE_NAMES], 2))
        elif term == "black and white":
            parts["hues"][:] = -1
        elif term in ("dark", "bright"):
            parts["lightness"][_ENDS[term == "bright"]] = 1
            parts["lightness"] = centred(parts["lightness"])
        else:
            return None
        return joined([(_WEIGHTS[part], values) for part, values in parts.items()])


# Of the six lightnesses, those that make a shot dark or bright, and how far it must lean to them.
_ENDS, _END_SHARE = (slice(0, 2), slice(4, 6)), 0.35


def oklab(pixels: np.ndarray) -> np.ndarray:
    """Lightness 0 to 1, green to red, blue to yellow (about -0.3 to 0.3) of ... x 3 uint8 sRGB: ... x 3 float32."""
    linear = _LINEAR[pixels]
    return np.asarray(np.cbrt(linear @ _TO_CONES) @ _TO_LAB, np.float32)


_SRGB = np.arange(256) / 255
_LINEAR = np.where(_SRGB <= 0.04045, _SRGB / 12.92, ((_SRGB + 0.055) / 1.055) ** 2.4).astype(np.float32)
_TO_CONES = np.array(
    [
        [0.4122214708, 0.2119034982, 0.0883024619],
        [0.5363325363, 0.6806995451, 0.2817188376],
        [0.0514459929, 0.1073969566, 0.6299787005],
    ],
    np.float32,
)
_TO_LAB = np.array(
    [
        [0.2104542553, 1.9779984951, 0.0259040371],
        [0.7936177850, -2.4285922050, 0.7827717662],
        [-0.0040720468, 0.4505937099, -0.8086757660],
    ],
    np.float32,
)


def _few_pixels(picture: np.ndarray) -> np.ndarray:
    """960 x 3 uint8 that stand for the picture."""
    import cv2

    return np.asarray(cv2.resize(picture, (_WIDTH_PX, _HEIGHT_PX), interpolation=cv2.INTER_AREA).reshape(-1, 3))


def _hue_shares(lab: np.ndarray) -> np.ndarray:
    """The share of the pixels that each hue has, the muted ones before the vivid ones: 24, the sum is at most 1."""
    chroma = np.hypot(lab[:, 1], lab[:, 2])
    colourful = np.clip((chroma - _GREY_CHROMA) / (_FULL_CHROMA - _GREY_CHROMA), 0, 1)
    turns = np.arctan2(lab[:, 2], lab[:, 1]) / (2 * np.pi) % 1 * _HUES
    vivid = np.clip((chroma - _MUTED_CHROMA) / (_VIVID_CHROMA - _MUTED_CHROMA), 0, 1)
    shares = []
    for weights in (colourful * (1 - vivid), colourful * vivid):
        around = soft_histogram(turns, _AROUND, weights)
        around[0] += around[-1]
        shares.append(around[:-1] / len(lab))
    return np.concatenate(shares)


def _hues_of(vector: np.ndarray) -> np.ndarray:
    """The shares that `_hue_shares` gave, read out of a vector."""
    squares = np.square(vector.astype(np.float64))
    light = squares[_LIGHTNESS_PART].sum() + squares[_STRETCHED_PART].sum()
    weight = _WEIGHTS["hues"] / (_WEIGHTS["lightness"] + _WEIGHTS["stretched"])
    return np.asarray(squares[_HUE_PART] / (light * weight))
