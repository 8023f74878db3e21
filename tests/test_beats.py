"""Beats: music of a known tempo is tapped to."""

from __future__ import annotations

import numpy as np
import pytest

from reinterpret.beats import find_beats

RATE = 48_000


def music(tempo: float, seconds: int, offset: float = 0.37) -> tuple[np.ndarray, np.ndarray]:
    """A drum on every beat, high and low in turn, a hiss between them; and when the beats are."""
    random = np.random.default_rng(0)
    samples = random.normal(0, 0.002, seconds * RATE)
    beats = np.arange(offset, seconds, 60 / tempo)
    for number, beat in enumerate(beats):
        first = int(beat * RATE)
        time = np.arange(min(3000, len(samples) - first)) / RATE
        hertz = 180 if number % 2 else 90
        samples[first : first + len(time)] += np.exp(-80 * time) * np.sin(2 * np.pi * hertz * time + 1)
        first = int((beat + 30 / tempo) * RATE)
        time = np.arange(max(0, min(800, len(samples) - first))) / RATE
        samples[first : first + len(time)] += random.normal(0, 0.15, len(time)) * np.exp(-480 * time)
    return samples.astype(np.float32), beats


@pytest.mark.parametrize("tempo", [90, 100, 120, 128, 140, 160])
def test_every_beat_is_found_to_the_frame(tempo: int) -> None:
    samples, beats = music(tempo, 20)
    found = find_beats(samples, RATE)
    assert abs(len(found) - len(beats)) <= 1
    assert np.median(np.abs(found[:, None] - beats).min(axis=1)) < 0.01
    assert np.abs(beats[2:-2, None] - found).min(axis=1).max() < 0.03


def test_two_channels_are_one_music() -> None:
    samples, _ = music(110, 12)
    assert np.array_equal(find_beats(samples, RATE), find_beats(np.stack([samples, samples], axis=1), RATE))


@pytest.mark.parametrize("samples", [np.zeros(10 * RATE), np.zeros(100), np.zeros(0), np.full(5 * RATE, 0.5)])
def test_silence_has_no_beat(samples: np.ndarray) -> None:
    assert len(find_beats(samples.astype(np.float32), RATE)) == 0


def test_a_hum_has_no_beat() -> None:
    hum = 0.3 * np.sin(2 * np.pi * 220 * np.arange(10 * RATE) / RATE)
    assert len(find_beats(hum.astype(np.float32), RATE)) == 0
