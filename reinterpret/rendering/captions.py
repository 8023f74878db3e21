"""Captions: a few words go in, frames come out with them: small in a corner, or large across the picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reinterpret.rendering.panel import Planes

# In shares of the height of the picture.
_SIZE, _MARGIN = 0.036, 0.03
_SMALLEST_PX = 10
# Letters, what is above them, and the shadow round them.
_LINES_OF_SIZE = 3
# White, not quite, on a shadow that keeps it readable on snow.
_INK_LUMA, _SHADOW_LUMA = 225, 16
_SHADOW = 0.75
# Of a headline, likewise in shares of the height; what does not fit in so many lines is set smaller.
_HEADLINE_SIZE, _OUTLINE, _LINES = 0.13, 0.012, 2


class Caption:
    """Words for the lower left corner of frames of width x height; none leave the frames as they are."""

    def __init__(self, words: str, width: int, height: int) -> None:
        self._masks = self._drawn(words, width, height) if words.strip() else None

    def _drawn(self, words: str, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        return _masks(words, width, height)

    def on(self, planes: Planes) -> Planes:
        """The frame with the words on it; what came in is not changed."""
        if self._masks is None:
            return planes
        ink, shadow = self._masks
        y, u, v = (plane.copy() for plane in planes)
        luma = y[-len(ink) :].astype(np.float32)
        luma += (_SHADOW_LUMA - luma) * shadow
        luma += (_INK_LUMA - luma) * ink
        y[-len(ink) :] = (luma + 0.5).astype(np.uint8)
        # Words are grey: their colour is taken out of what lies below them.
        grey = np.maximum(ink, shadow)[::2, ::2]
        for plane in (u, v):
            colour = plane[-len(grey) :].astype(np.float32)
            plane[-len(grey) :] = (colour + (128 - colour) * grey + 0.5).astype(np.uint8)
        return Planes(y, u, v)


class Headline(Caption):
    """Words across the lower part of frames of width x height, with an outline, as under the pictures people send."""

    def _drawn(self, words: str, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
        margin, size = max(2, round(height * _MARGIN)), max(_SMALLEST_PX, round(height * _HEADLINE_SIZE))
        words = " ".join("".join(letter if letter.isprintable() else " " for letter in words).split())
        lines = _wrapped(words, size, width - 4 * margin)
        while len(lines) > _LINES and size > _SMALLEST_PX:
            size -= 1
            lines = _wrapped(words, size, width - 4 * margin)
        # Set as small as can be read, what does not fit is left out.
        lines = lines[: max(_LINES, (height - 4 * margin) // size)]
        font, spacing = ImageFont.load_default(size), round(1.15 * size)
        masks = []
        for outline in (0, max(1, round(height * _OUTLINE))):
            picture = Image.new("L", (width, height))
            pen = ImageDraw.Draw(picture)
            for number, line in enumerate(reversed(lines)):
                place = width / 2, height - 2 * margin - size * 0.1 - number * spacing
                pen.text(place, line, fill=255, font=font, anchor="ms", stroke_width=outline, stroke_fill=255)
            masks.append(np.asarray(picture, np.float32) / 255)
        return masks[0], masks[1]


def _wrapped(words: str, size: int, room: int) -> list[str]:
    """Words in lines that are no wider than `room` pixels; a word that is wider itself is broken."""
    font, lines = ImageFont.load_default(size), [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or font.getlength(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
        while font.getlength(lines[-1]) > room and len(lines[-1]) > 1:
            line = lines[-1]
            fitting = max((n for n in range(1, len(line)) if font.getlength(line[:n]) <= room), default=1)
            lines[-1:] = [line[:fitting], line[fitting:]]
    return lines


def _masks(words: str, width: int, height: int) -> tuple[np.ndarray, np.ndarray]:
    """Where the letters are and where their shadow is, in the lowest lines of the frame: width across, 0 to 1 float32.

    As many lines as letters and shadow reach; an even number, as a line of chroma is two of luma.
    """
    import cv2

    margin, size = round(height * _MARGIN), max(_SMALLEST_PX, round(height * _SIZE))
    height = min(height, 2 * ((margin + _LINES_OF_SIZE * size + 1) // 2))
    picture = Image.new("L", (width, height))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size)
    # Edits are plain files: whatever somebody wrote there is put on one line.
    words = "".join(letter if letter.isprintable() else " " for letter in words)
    while draw.textlength(words, font=font) > width - 2 * margin and size > _SMALLEST_PX:
        size -= 1
        font = ImageFont.load_default(size)
    if draw.textlength(words, font=font) > width - 2 * margin:
        while words and draw.textlength(words + "...", font=font) > width - 2 * margin:
            words = words[:-1]
        words += "..."
    draw.text((margin, height - margin), words, fill=255, font=font, anchor="ls")
    ink = np.asarray(picture, np.float32) / 255
    soft = cv2.GaussianBlur(cv2.dilate(ink, np.ones((3, 3))), (0, 0), max(1.0, size / 8))
    return ink, np.asarray(np.clip(soft * 1.5, 0, 1) * _SHADOW, np.float32)
