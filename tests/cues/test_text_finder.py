"""Lettering is found and read at the sizes, on the grounds and in the letters of films, and nothing else is."""

from __future__ import annotations

import logging
import subprocess
import sys
from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from reinterpret.cues import text_finder
from reinterpret.cues.lettering import Line
from reinterpret.cues.text_finder import QUICK_PIXELS, can_read, find_lines, glance, read_again, resized
from tests.judging import ROOT
from tests.lettering import flat, ground, squeezed, write

BLACK, WHITE, YELLOW = (0, 0, 0), (255, 255, 255), (240, 210, 60)


def glanced(picture: np.ndarray) -> tuple[Line, ...]:
    return glance(resized(picture, QUICK_PIXELS), lambda: picture)


@pytest.mark.parametrize("size", [0.045, 0.06, 0.12])
@pytest.mark.parametrize("colour", [WHITE, YELLOW])
@pytest.mark.parametrize("look", [find_lines, glanced])
def test_a_line_over_a_picture_is_found_where_it_stands_and_read(size: float, colour: tuple[int, ...], look) -> None:
    words = "Where are you now?" if size < 0.1 else "THE RETURN"
    (line,) = look(write(ground(), words, size=size, colour=colour, at=(0.5, 0.8)))
    assert squeezed(line.text) == squeezed(words)
    assert line.confidence > 0.9
    assert line.left + line.width / 2 == pytest.approx(0.5, abs=0.02)
    assert line.top + line.height / 2 == pytest.approx(0.8, abs=0.02)
    assert size < line.height < 2.5 * size


@pytest.mark.parametrize(("words", "size"), [("fin", 0.03), ("Berlin 1929", 0.03), ("THE END", 0.15), ("7", 0.4)])
@pytest.mark.parametrize(("letters", "around"), [(WHITE, BLACK), (BLACK, WHITE), (YELLOW, (20, 40, 120))])
@pytest.mark.parametrize("look", [find_lines, glanced])
def test_a_short_line_alone_on_an_even_ground_is_found(words, size, letters, around, look) -> None:
    picture = flat(*around, width=1920, height=1088)
    for at in ((0.5, 0.5), (0.4, 0.6)):
        (line,) = look(write(picture, words, size=size, colour=letters, at=at))
        assert squeezed(line.text) == squeezed(words)
        assert line.left + line.width / 2 == pytest.approx(at[0], abs=0.02)
        assert line.top + line.height / 2 == pytest.approx(at[1], abs=0.02)


def test_several_lines_are_read_from_the_top_to_the_bottom() -> None:
    picture = write(write(flat(10, 10, 14), "DIRECTED BY", size=0.04, at=(0.5, 0.4)), "Anna Keller", at=(0.5, 0.55))
    assert [squeezed(line.text) for line in find_lines(picture)] == ["directedby", "annakeller"]


def test_small_print_is_read_with_care_and_may_escape_a_glance() -> None:
    picture = write(ground(), "Archive 2015", size=0.022, at=(0.85, 0.95))
    assert [squeezed(line.text) for line in find_lines(picture)] == ["archive2015"]
    assert len(glanced(picture)) <= 1


@pytest.mark.parametrize("words", ["Où est l'élève ?", "Größe der Straße", "Zażółć gęślą jaźń"])
def test_accents_are_read(words: str) -> None:
    try:
        font = ImageFont.truetype("DejaVuSans.ttf", 40)
    except OSError:
        pytest.skip("the font that Pillow brings along has no accents, and there is no other")
    image = Image.fromarray(flat(0, 0, 0))
    ImageDraw.Draw(image).text((320, 190), words, font=font, anchor="mm")
    (line,) = find_lines(np.asarray(image))
    assert squeezed(line.text) == squeezed(words)


def test_words_that_lean_are_read() -> None:
    height, width = ground().shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 12, 1)
    leaning = cv2.warpAffine(write(ground(), "SUMMER NIGHT", size=0.09, at=(0.5, 0.5)), turn, (width, height))
    assert "summernight" in [squeezed(line.text) for line in find_lines(leaning)]


def windows() -> np.ndarray:
    picture, random = flat(8, 10, 24), np.random.default_rng(3)
    for row in range(9):
        for column in np.flatnonzero(random.random(14) < 0.6):
            corner = 40 + 40 * int(column), 20 + 40 * row
            cv2.rectangle(picture, corner, (corner[0] + 16, corner[1] + 22), (250, 220, 140), -1)
    return picture


def fence() -> np.ndarray:
    picture = ground(2)
    for column in range(10, 640, 24):
        cv2.line(picture, (column, 60), (column, 330), (200, 200, 190), 7)
    cv2.line(picture, (0, 120), (640, 120), (200, 200, 190), 9)
    return picture


def ball() -> np.ndarray:
    return cv2.circle(flat(230, 230, 235), (320, 190), 90, (60, 80, 160), -1, cv2.LINE_AA)


@pytest.mark.parametrize("make", [ground, windows, fence, ball, lambda: flat(0, 0, 0), lambda: flat(255, 255, 255)])
@pytest.mark.parametrize("look", [find_lines, glanced])
def test_nothing_is_read_where_nothing_is_written(make, look) -> None:
    assert [line.text for line in look(make()) if len(line.text) > 1] == []


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 3), (33, 31), (900, 1600)])
def test_pictures_of_any_size_will_do(size: tuple[int, int]) -> None:
    assert find_lines(np.zeros((*size, 3), np.uint8)) == ()


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
def test_pictures_of_other_numbers_are_refused(dtype: type) -> None:
    with pytest.raises(ValueError, match="uint8"):
        find_lines(np.zeros((40, 40, 3), dtype))


def test_a_line_is_found_again_in_another_picture_if_it_is_there() -> None:
    (line,) = find_lines(write(ground(), "Archive 2015", size=0.05))
    again = read_again(write(ground(5), "Archive 2015", size=0.05), line)
    assert again is not None
    assert squeezed(again.text) == "archive2015"
    assert read_again(ground(5), line) is None
    assert read_again(write(ground(5), "Something else", size=0.05), line) is None


@pytest.fixture
def no_networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    text_finder._networks.cache_clear()
    monkeypatch.setattr(text_finder, "find_spec", lambda name: None)
    yield
    text_finder._networks.cache_clear()


def test_without_the_networks_nothing_is_found_and_the_log_says_once_how_to_install_them(
    no_networks: None, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert not can_read()
        assert find_lines(write(ground(), "Where are you now?")) == ()
        assert glanced(write(ground(), "Where are you now?")) == ()
    assert [record.getMessage() for record in caplog.records] == [
        "lettering in pictures is not looked for: install its networks with pip install --no-deps 'rapidocr>=3.10,<4'"
    ]


def test_the_code_of_the_package_is_not_run() -> None:
    program = (
        "import sys; import numpy as np; from reinterpret.cues.text_finder import can_read, find_lines\n"
        "assert can_read(); find_lines(np.zeros((90, 160, 3), np.uint8)); print('rapidocr' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout == "False\n"
