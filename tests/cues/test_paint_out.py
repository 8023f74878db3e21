"""Lettering is taken out of pictures: what was behind it comes back, nearly, and cards stay cards."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from reinterpret.cues.lettering import Line
from reinterpret.cues.paint_out import painted_out

WIDTH, HEIGHT = 288, 160


def hills() -> np.ndarray:
    """A picture with soft forms of all tones."""
    noise = np.random.default_rng(3).integers(0, 256, (10, 18, 3), np.uint8)
    return cv2.resize(noise, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def lettered(picture: np.ndarray, text: str, size: float, colour: int) -> tuple[np.ndarray, Line]:
    """A picture with words in its middle, and where they stand, as the text finder would say: a little too large."""
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 4)
    left, bottom = (WIDTH - width) // 2, (HEIGHT + height) // 2
    written = picture.copy()
    cv2.putText(written, text, (left, bottom), cv2.FONT_HERSHEY_SIMPLEX, size, (colour,) * 3, 4, cv2.LINE_AA)
    around = 0.3 * height
    return written, Line(
        text,
        1.0,
        (left - around) / WIDTH,
        (bottom - height - around) / HEIGHT,
        (width + 2 * around) / WIDTH,
        (height + 2 * around) / HEIGHT,
    )


def apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(int) - other).mean())


@pytest.mark.parametrize("colour", [255, 0])
@pytest.mark.parametrize(("text", "size"), [("4 ENGINES", 1.4), ("HOT FIRE", 1.0)])
def test_what_is_behind_letters_comes_back(text: str, size: float, colour: int) -> None:
    picture = hills()
    written, line = lettered(picture, text, size, colour)
    clean = painted_out(written, [line])
    assert apart(clean, picture) < 0.4 * apart(written, picture)
    away = np.ones((HEIGHT, WIDTH), bool)
    rows = slice(int((line.top - 0.1) * HEIGHT), int((line.top + line.height + 0.1) * HEIGHT))
    away[rows] = False
    assert (clean[away] == written[away]).all()


@pytest.mark.parametrize("ground", [0, 128, 255])
def test_a_card_stays_a_card(ground: int) -> None:
    written, line = lettered(np.full((HEIGHT, WIDTH, 3), ground, np.uint8), "THE END", 1.5, 255 - ground or 1)
    assert painted_out(written, [line]) is written


def test_nothing_written_or_a_line_outside_of_the_picture_changes_nothing() -> None:
    picture = hills()
    assert painted_out(picture, []) is picture
    assert painted_out(picture, [Line("far", 1.0, 1.5, 1.5, 0.2, 0.1)]) is picture
