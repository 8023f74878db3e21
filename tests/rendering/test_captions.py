"""Captions: words in a corner, readable on any ground, and nothing else changed."""

from __future__ import annotations

import numpy as np
import pytest

from reinterpret.rendering.captions import Caption
from reinterpret.rendering.panel import Planes

WIDTH, HEIGHT = 640, 360


def ground(luma: int, u: int = 90, v: int = 170, *, width: int = WIDTH, height: int = HEIGHT) -> Planes:
    half = height // 2, width // 2
    return Planes(np.full((height, width), luma, np.uint8), np.full(half, u, np.uint8), np.full(half, v, np.uint8))


def test_no_words_leave_the_frame_as_it_is() -> None:
    planes = ground(120)
    assert Caption("", WIDTH, HEIGHT).on(planes) is planes


def test_what_comes_in_is_not_changed() -> None:
    planes = ground(120)
    Caption("same movement: pan left", WIDTH, HEIGHT).on(planes)
    assert {int(plane.min()) for plane in planes} == {int(plane.max()) for plane in planes} == {120, 90, 170}


@pytest.mark.parametrize("luma", [16, 120, 235])
def test_words_are_bright_on_a_dark_shadow_whatever_is_below(luma: int) -> None:
    written = Caption("same movement: pan left", WIDTH, HEIGHT).on(ground(luma))
    corner = written.y[HEIGHT - 40 :, : WIDTH // 2]
    assert corner.max() >= 215
    # Where there are letters there is a dark place right beside them.
    rows, columns = np.nonzero(corner >= 200) if luma < 200 else np.nonzero(corner < 100)
    assert len(rows) > 50
    assert corner.min() < 100
    assert rows.min() > 0
    assert columns.min() > 0
    # Letters have no colour.
    letters = written.y[::2, ::2] >= 215
    if luma < 200:
        assert np.abs(written.u[letters].astype(int) - 128).max() < 12
        assert np.abs(written.v[letters].astype(int) - 128).max() < 12


def test_only_the_lower_left_corner_is_written_on() -> None:
    planes = ground(120)
    written = Caption("same colours: blue", WIDTH, HEIGHT).on(planes)
    changed = np.argwhere(written.y != planes.y)
    assert changed[:, 0].min() > HEIGHT * 0.85
    assert changed[:, 1].max() < WIDTH * 0.4
    assert changed[:, 1].min() >= 0
    for before, after in zip(planes, written, strict=True):
        assert after.dtype == np.uint8
        assert after.shape == before.shape
        assert (after[: len(after) * 4 // 5] == before[: len(before) * 4 // 5]).all()


def test_words_too_long_are_written_smaller_then_cut_and_small_pictures_get_words_too() -> None:
    planes = ground(120)
    long = Caption("same composition: the subject on the left, and above it a line that rises " * 2, WIDTH, HEIGHT)
    columns = np.argwhere(long.on(planes).y != planes.y)[:, 1]
    assert WIDTH * 0.8 < columns.max() < WIDTH - 1
    tiny = ground(120, width=64, height=36)
    assert (Caption("pan left", 64, 36).on(tiny).y != tiny.y).any()


def test_words_of_any_script_are_taken() -> None:
    for words in ("été", "日本語", "a\nb", "🎬"):
        assert Caption(words, WIDTH, HEIGHT).on(ground(120)).y.shape == (HEIGHT, WIDTH)
