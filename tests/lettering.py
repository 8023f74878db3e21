"""Pictures with words on them, for the tests of what finds and reads these."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from tests.cues.made import texture

WIDTH, HEIGHT = 640, 384


def flat(*colour: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    return np.full((height, width, 3), colour, np.uint8)


def ground(seed: int = 1) -> np.ndarray:
    """A picture without anything that looks like a letter: soft blots of several colours, with grain."""
    random = np.random.default_rng(seed)
    part = np.asarray(Image.fromarray(texture(seed)).resize((80, 48)).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC))
    picture = part[..., None] * np.array([0.5, 0.4, 0.3]) + np.array([30, 40, 60])
    return np.clip(picture + random.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)


def write(
    picture: np.ndarray,
    words: str,
    *,
    size: float = 0.06,
    at: tuple[float, float] = (0.5, 0.85),
    colour: tuple[int, int, int] = (255, 255, 255),
) -> np.ndarray:
    """Words on a picture. size: of its capitals, in shares of the height; at: the middle of the words, in shares."""
    height, width = picture.shape[:2]
    image = Image.fromarray(picture)
    font = ImageFont.load_default(size * height / 0.72)
    place = at[0] * width, at[1] * height
    ImageDraw.Draw(image).text(place, words, font=font, fill=colour, anchor="mm", align="center")
    return np.asarray(image)


def squeezed(text: str) -> str:
    """A reading without what is easily misread: capitals, and gaps between words."""
    return "".join(text.casefold().split())
