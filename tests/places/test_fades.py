"""Fades measured on light whose gains are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reinterpret.light import COLUMNS, ROWS
from reinterpret.places.fades import fade_gains, light_curve


def moving(frames: int, seed: int = 1, speed: float = 0.15) -> np.ndarray:
    """N x 576: levels of a picture that moves by a part of the picture's width from frame to frame."""
    noise = np.random.default_rng(seed)
    wide = noise.uniform(5, 190, (ROWS, COLUMNS + 60))
    shown = []
    for number in range(frames):
        left, part = divmod(number * speed, 1)
        one, other = (wide[:, int(left) + step : int(left) + step + COLUMNS] for step in (0, 1))
        shown.append((1 - part) * one + part * other)
    return np.array(shown).reshape(frames, -1).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(1, 60), st.integers(12, 60), st.sampled_from([24.0, 30.0, 60.0]), st.integers(0, 5), st.floats(0.75, 2)
)
def test_every_gain_is_what_is_left(fading: int, clear: int, rate: float, seed: int, bend: float) -> None:
    gains = ((np.arange(fading) + 1) / (fading + 1)) ** bend
    # What is nearly as light at once as a moment later has been cut to.
    assume(gains[0] < 0.6)
    light = moving(fading + clear, seed, 0.15 * 24 / rate)
    light[:fading] *= gains[:, None].astype(np.float32)
    found = fade_gains(light, rate)
    whole = np.append(found, np.ones(fading + clear - len(found)))
    assert np.abs(whole[:fading] - gains).max() < 0.12
    assert np.abs(whole[fading:] - 1).max(initial=0) < 0.12


@pytest.mark.parametrize("rate", [24.0, 60.0])
def test_a_picture_that_begins_at_once_has_no_fade(rate: float) -> None:
    assert fade_gains(moving(60), rate) == ()
    still = np.repeat(moving(1), 60, axis=0)
    assert fade_gains(still, rate) == ()


def test_words_that_stand_over_a_picture_do_not_keep_it_light() -> None:
    light = moving(60)
    gains = np.minimum((np.arange(60) + 1) / 31, 1)
    light *= gains[:, None].astype(np.float32)
    words = light.reshape(60, ROWS, COLUMNS)
    words[:, 8:10, 6:26] = 215
    words[:, 7, 6:26] += 60  # half covered
    found = fade_gains(light, 24.0)
    assert len(found) == pytest.approx(30, abs=3)
    assert np.abs(np.array(found) - gains[: len(found)]).max() < 0.12


def test_a_corner_that_flickers_does_not_count() -> None:
    light = moving(60)
    light *= np.minimum((np.arange(60) + 1) / 31, 1)[:, None].astype(np.float32)
    light.reshape(60, ROWS, COLUMNS)[::3, :6, :10] *= 2.5
    assert np.abs(np.array(fade_gains(light, 24.0))[:30] - (np.arange(30) + 1) / 31).max() < 0.15


def test_a_fade_that_ends_too_light_at_the_edge_is_none_where_little_must_be_left() -> None:
    light = moving(60)
    light[:10] *= np.linspace(0.4, 1, 10)[:, None].astype(np.float32)
    assert fade_gains(light, 24.0) != ()
    assert fade_gains(light, 24.0, darkest=0.3) == ()


def test_what_is_too_short_to_fade_has_none() -> None:
    assert fade_gains(moving(1), 24.0) == ()
    assert fade_gains(np.zeros((30, ROWS * COLUMNS), np.float32), 24.0) == ()


def test_the_curve_is_a_share_of_the_last_frame() -> None:
    light = moving(30)
    light *= np.linspace(0.1, 1, 30)[:, None].astype(np.float32)
    assert np.abs(light_curve(light, 24.0) - np.linspace(0.1, 1, 30)).max() < 0.05
