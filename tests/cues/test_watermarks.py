"""Watermarks: what stands in a corner of a whole film is found, however small, and stands in the way of nothing."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from reinterpret.cues.lettering import Lettering, Line
from reinterpret.cues.watermarks import find_watermarks, with_watermarks
from reinterpret.embeddings import embed_video
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.shots import Detection
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.lettering import ground, squeezed, write
from tests.title_cards import film_of

PALE = (190, 190, 190)


def marked(number: int, words: str = "Archive 21", at: tuple[float, float] = (0.9, 0.94)) -> np.ndarray:
    return write(ground(number), words, size=0.028, at=at, colour=PALE)


@pytest.mark.parametrize("at", [(0.9, 0.94), (0.1, 0.06), (0.12, 0.93)])
def test_small_words_in_one_corner_of_all_pictures_are_a_watermark(at: tuple[float, float]) -> None:
    (mark,) = find_watermarks([marked(number, at=at) for number in range(6)])
    assert squeezed(mark.text) == "archive21"
    assert mark.left + mark.width / 2 == pytest.approx(at[0], abs=0.03)
    assert mark.top + mark.height / 2 == pytest.approx(at[1], abs=0.03)


@pytest.mark.parametrize(
    "pictures",
    [
        [ground(number) for number in range(6)],
        [marked(number) if number == 2 else ground(number) for number in range(5)],
        [marked(number, words=words) for number, words in enumerate(("Berlin", "at noon", "Rome", "Lisbon", "home"))],
        [write(ground(number), "a line in the middle", size=0.05, at=(0.5, 0.5)) for number in range(5)],
        [marked(1)] * 2,
        [],
    ],
    ids=["nothing", "in one", "changing", "not in a corner", "too few", "none"],
)
def test_nothing_else_is_a_watermark(pictures: list[np.ndarray]) -> None:
    assert find_watermarks(pictures) == ()


def test_a_watermark_is_in_every_picture_and_hides_no_caption() -> None:
    mark, caption = Line("Archive", 0.9, 0.8, 0.9, 0.1, 0.04), Line("Dr. Keller", 0.9, 0.1, 0.8, 0.3, 0.06)
    read_there = Line("Archiv", 0.8, 0.81, 0.9, 0.1, 0.04)
    found = with_watermarks(Lettering((0.5, 1.5, 2.5), ((), (read_there,), (caption,))), [mark])
    assert found.lines == ((mark,), (read_there,), (caption, mark))
    assert found.clear(Span(Fraction(0), Fraction(3))) == (Span(Fraction(0), Fraction(3, 2)),)


def test_the_watermark_of_a_film_is_in_the_lettering_of_all_its_shots(tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    shots = [cv2.resize(random.integers(0, 200, (9, 16, 3), np.uint8), (640, 360)) for _ in range(4)]
    pictures = [write(shot, "Archive 21", size=0.028, at=(0.9, 0.94), colour=PALE) for shot in shots for _ in range(25)]
    film = embed_video(probe(film_of(tmp_path / "film.mp4", pictures)), PixelsEncoder(), detection=Detection("content"))
    assert len(film.shots) == 4
    for lettering in film.lettering:
        assert lettering is not None
        assert [squeezed(text) for text in lettering.texts] == ["archive21"]
        assert 0 < lettering.share < 0.03
    assert set(film.kinds) == {"scene"}
