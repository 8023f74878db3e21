"""What surrounds a picture: bars and soft edges are found to the pixel, and nothing dark is taken for one."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.rendering import edges
from reinterpret.rendering.edges import Edges, PictureEdges, film_edges, find_bars, find_soft, measure, stretch_edges
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.judging import remade, turned
from tests.rendering.made_films import film_of, night, scenes, with_bars

WIDTH, HEIGHT = 320, 180


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Each test measures for itself."""
    film_edges.cache_clear()


@settings(deadline=None, max_examples=40)
@given(across=st.integers(0, 70), down=st.integers(0, 40), unlike=st.integers(0, 3))
def test_bars_are_found_to_the_pixel(across: int, down: int, unlike: int) -> None:
    sides = (across, down, across + (unlike if across else 0), down + (unlike if down else 0))
    assert find_bars(list(with_bars(scenes(3, WIDTH, HEIGHT), sides))) == Edges(*sides)


def test_one_bright_frame_is_enough_for_bars_that_face_each_other() -> None:
    dark = np.zeros((HEIGHT, WIDTH), np.uint8)
    (lit,) = with_bars(scenes(1, WIDTH, HEIGHT), (0, 21, 0, 22))
    assert find_bars([dark, lit, dark]) == Edges(0, 21, 0, 22)


def test_an_upright_film_in_a_wide_one_is_found() -> None:
    assert find_bars(list(with_bars(scenes(3, WIDTH, HEIGHT), (110, 0, 109, 0)))) == Edges(110, 0, 109, 0)


def test_a_logo_on_a_bar_does_not_hide_it() -> None:
    pictures = list(with_bars(scenes(3, WIDTH, HEIGHT), (0, 24, 0, 24)))
    for picture in pictures:
        picture[5:15, 260:300] = 235
    assert find_bars(pictures) == Edges(0, 24, 0, 24)


def test_a_single_bar_is_believed_only_where_the_picture_beside_it_changes() -> None:
    assert find_bars(list(with_bars(scenes(6, WIDTH, HEIGHT), (0, 0, 0, 20)))) == Edges(0, 0, 0, 20)
    # A horizon: a black sky over a bright sea stays where it is too.
    (still,) = with_bars(scenes(1, WIDTH, HEIGHT), (0, 60, 0, 0))
    assert find_bars([still] * 6) == Edges()


def test_darkness_is_no_bar() -> None:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    globe = np.where((x - 160) ** 2 + (y - 90) ** 2 < 80**2, 200, 0).astype(np.uint8)
    # Looking out of a dark room: the edges of the door are straight, but what is dark is not drawn.
    doorway = np.random.default_rng(1).integers(0, 30, (HEIGHT, WIDTH)).astype(np.uint8)
    doorway[:, 100:220] = 180
    window = np.zeros((HEIGHT, WIDTH), np.uint8)
    window[70:110, 130:190] = 230
    black, title = np.zeros((HEIGHT, WIDTH), np.uint8), np.zeros((HEIGHT, WIDTH), np.uint8)
    title[80:100:4, 60:260] = 235
    for picture in (globe, doorway, window, black, title):
        assert find_bars([picture] * 4) == Edges()
        assert find_soft([picture] * 4, Edges()) == Edges()
    assert measure(list(night(20, WIDTH, HEIGHT))) == PictureEdges(WIDTH, HEIGHT, Edges(), Edges())


@pytest.mark.parametrize("side", range(4))
def test_a_soft_edge_is_cut_where_it_is(side: int) -> None:
    pictures = []
    for picture in scenes(6, WIDTH, WIDTH):
        ramped = picture.astype(float)
        ramped[:, :5] *= np.array([0.05, 0.1, 0.3, 0.5, 0.7])
        pictures.append(np.rot90(ramped.astype(np.uint8), -side))
    found = find_soft(pictures, find_bars(pictures))
    total = [bar + soft for bar, soft in zip(find_bars(pictures), found, strict=True)]
    assert total[side] == 5
    assert sum(total) == 5


def test_a_wide_dark_side_is_not_cut_away_line_by_line() -> None:
    pictures = []
    for picture in scenes(6, WIDTH, HEIGHT):
        dark = picture.astype(float)
        dark[:, :80] *= np.linspace(0.1, 1, 80)
        pictures.append(dark.astype(np.uint8))
    assert find_soft(pictures, Edges()).left <= round(0.02 * WIDTH)


def test_dark_things_at_the_edge_are_no_soft_edge() -> None:
    pictures = list(scenes(6, WIDTH, HEIGHT))
    for picture in pictures:
        picture[40:180, :6] = 20  # somebody stands there, but above his head it is bright
    assert find_soft(pictures, Edges()) == Edges()


def test_a_film_with_bars_in_some_shots_has_those_of_each_shot(tmp_path: Path) -> None:
    wide, boxed = list(scenes(50, WIDTH, HEIGHT)), list(with_bars(scenes(50, WIDTH, HEIGHT, seed=2), (40, 0, 40, 0)))
    video = probe(film_of(tmp_path / "mixed.mp4", [*wide, *boxed]))
    film = film_edges(video)
    assert film.mixed
    assert film.bars == Edges()
    assert stretch_edges(video, Span(Fraction(1, 10), Fraction(3, 2))).bars == Edges()
    assert stretch_edges(video, Span(Fraction(21, 10), Fraction(39, 10))).bars == Edges(40, 0, 40, 0)


def test_edges_are_those_of_the_upright_picture(tmp_path: Path) -> None:
    lying = (np.rot90(picture) for picture in with_bars(scenes(30, WIDTH, HEIGHT), (0, 20, 0, 24)))
    video = probe(turned(film_of(tmp_path / "bare.mp4", lying), tmp_path / "turned.mp4", -90))
    assert video.rotation == 90
    assert film_edges(video) == PictureEdges(WIDTH, HEIGHT, Edges(0, 20, 0, 24), Edges())


@pytest.mark.parametrize("pixel_format", ["yuv420p10le", "yuvj420p", "rgb24", "gray"])
def test_pixel_formats_make_no_difference(tmp_path: Path, pixel_format: str) -> None:
    film = film_of(tmp_path / "bars.mp4", with_bars(scenes(20, WIDTH, HEIGHT), (16, 0, 16, 0)))
    made = remade(film, tmp_path / "made.mkv", "-c:v", "ffv1", "-pix_fmt", pixel_format.replace("rgb24", "bgr0"))
    assert film_edges(probe(made)).bars == Edges(16, 0, 16, 0)


def test_blue_is_not_black(tmp_path: Path) -> None:
    pictures = []
    for number in range(20):
        picture = np.full((HEIGHT, WIDTH, 3), (0, 0, 255), np.uint8)
        picture[20:160, 60 + number : 260] = 235
        pictures.append(picture)
    found = film_edges(probe(film_of(tmp_path / "blue.mp4", pictures)))
    assert found == PictureEdges(WIDTH, HEIGHT, Edges(), Edges())


def test_a_film_is_measured_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    video = probe(film_of(tmp_path / "bars.mp4", with_bars(scenes(20, WIDTH, HEIGHT), (0, 20, 0, 20))))
    found = film_edges(video)
    film_edges.cache_clear()
    looked: list[int] = []

    def counted(*arguments: object) -> list[object]:
        looked.append(1)
        return film_glimpses(*arguments)  # type: ignore[arg-type]

    film_glimpses = edges.film_glimpses
    monkeypatch.setattr(edges, "film_glimpses", counted)
    assert film_edges(video) == found
    assert not looked
    # What cannot be read is made again.
    (kept,) = (tmp_path / "cache" / "edges").iterdir()
    kept.write_text('{"width": 320')
    film_edges.cache_clear()
    assert film_edges(video) == found
    assert len(looked) == 1


def test_a_film_cut_short_is_measured_as_far_as_it_goes(tmp_path: Path) -> None:
    film = film_of(tmp_path / "whole.mkv", with_bars(scenes(80, WIDTH, HEIGHT), (0, 20, 0, 20)))
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size // 2])
    assert film_edges(probe(cut)).bars == Edges(0, 20, 0, 20)


@pytest.mark.parametrize("size", [(2, 2), (16, 400), (400, 16)])
def test_films_of_any_size_are_measured(tmp_path: Path, size: tuple[int, int]) -> None:
    film = film_of(tmp_path / "small.mkv", scenes(5, *size))
    assert film_edges(probe(film)) == PictureEdges(*size, Edges(), Edges())


def test_real_films(media: Path) -> None:
    assert film_edges(probe(media / "trailer" / "sintel-trailer-720p.mp4")).bars == Edges(0, 88, 0, 87)
    archive = media / "archive"
    for name in ("city-skyscrapers-night.mpg", "space-earth-rotating-night.mp4", "space-astronaut-dark-rig.mp4"):
        found = film_edges(probe(archive / name))
        assert not any((*found.bars, *found.soft)), name
    old = film_edges(probe(archive / "bw-film-his-girl-friday-1940.mp4"))
    left, _, right, _ = (bar + soft for bar, soft in zip(old.bars, old.soft, strict=True))
    assert 9 <= left <= 16
    assert 6 <= right <= 12
