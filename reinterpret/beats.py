"""Beats: sound goes in, the instants at which one would tap one's foot come out.

Onsets of a mel-like spectrogram, one tempo for the whole, and the path of beats that lies best on both (D. Ellis, "Beat
Tracking by Dynamic Programming", Journal of New Music Research 2007).
"""

from __future__ import annotations

import numpy as np

# Of the spectrogram, in samples at the rate below: a step is 11.6 ms.
_RATE, _STEP, _WINDOW = 22_050, 256, 1024
_BANDS, _LOWEST_HZ, _HIGHEST_HZ = 40, 30.0, 8000.0
# People tap about twice a second; how far off that a tempo may be, in octaves (Ellis 2007, section 3.2).
_USUAL_SECONDS, _OCTAVES = 0.5, 0.9
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.25, 1.5
# How much keeping the tempo counts against hitting an onset.
_TIGHTNESS = 100.0
# Onsets of music stand out of their mean; those of a hum or of noise do not.
_FEWEST_BEATS = 4


def find_beats(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """Seconds from the beginning, ascending, float64; empty where there is no beat.

    samples: N, or N x channels, float32.
    """
    strength = _onsets(samples, sample_rate)
    step_seconds = _STEP / _RATE
    if len(strength) * step_seconds < 2 or strength.max(initial=0.0) <= 0:
        return np.empty(0)
    period = _period(strength, step_seconds)
    beats = _tracked(strength, period)
    # A window sees what begins one step before its middle reaches it (measured: 12.6 ms early).
    return (beats + 1) * step_seconds if len(beats) >= _FEWEST_BEATS else np.empty(0)


def _onsets(samples: np.ndarray, sample_rate: int) -> np.ndarray:
    """How much begins at each step: the rise of loudness over all bands without its slow course, in deviations."""
    mono = samples.mean(axis=1) if samples.ndim == 2 else samples
    if len(mono) < sample_rate // 10:
        return np.zeros(0)
    times = np.arange(int(len(mono) * _RATE / sample_rate)) / _RATE
    mono = np.interp(times, np.arange(len(mono)) / sample_rate, mono).astype(np.float32)
    # Centred: what begins at an instant is told at that instant.
    mono = np.pad(mono, (_WINDOW // 2, _WINDOW // 2))
    bands = _filters()
    loud = []
    for first in range(0, len(mono) - _WINDOW + 1, 1024 * _STEP):
        part = mono[first : first + 1024 * _STEP + _WINDOW - _STEP]
        frames = np.lib.stride_tricks.sliding_window_view(part, _WINDOW)[::_STEP]
        loud.append(np.abs(np.fft.rfft(frames * np.hanning(_WINDOW).astype(np.float32), axis=1)) @ bands.T)
    levels = np.concatenate(loud)
    decibels = 20 * np.log10(np.maximum(levels, 1e-10))
    decibels = np.maximum(decibels, decibels.max() - 80)
    rises = np.maximum(np.diff(decibels, axis=0, prepend=decibels[:1]), 0).mean(axis=1)
    slow = np.convolve(rises, np.ones(86) / 86, mode="same")
    rises = rises - slow
    deviation = rises.std()
    return np.asarray(rises / deviation if deviation > 1e-3 else np.zeros_like(rises))


def _filters() -> np.ndarray:
    """Bands x bins: triangles, evenly spaced in mel."""
    bins = np.fft.rfftfreq(_WINDOW, 1 / _RATE)
    lowest, highest = (2595 * np.log10(1 + hertz / 700) for hertz in (_LOWEST_HZ, _HIGHEST_HZ))
    mels = np.linspace(lowest, highest, _BANDS + 2)
    edges = 700 * (10 ** (mels / 2595) - 1)
    low, middle, high = edges[:-2, None], edges[1:-1, None], edges[2:, None]
    return np.asarray(np.clip(np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle)), 0, None))


def _period(strength: np.ndarray, step_seconds: float) -> float:
    """Steps from beat to beat: where the onsets repeat best, and people would tap."""
    longest = min(len(strength) - 1, int(_LONGEST_SECONDS / step_seconds))
    size = 1 << int(np.ceil(np.log2(2 * len(strength))))
    spectrum = np.fft.rfft(strength, size)
    repeats = np.fft.irfft(np.abs(spectrum) ** 2, size)[: 2 * longest + 2]
    lags = np.arange(1, longest + 1)
    usual = np.exp(-0.5 * (np.log2(lags * step_seconds / _USUAL_SECONDS) / _OCTAVES) ** 2)
    # A beat repeats after two of its periods as well.
    twice = repeats[np.minimum(2 * lags, len(repeats) - 1)]
    scores = (repeats[lags] + 0.5 * twice) * usual
    scores[lags * step_seconds < _SHORTEST_SECONDS] = -np.inf
    best = int(np.argmax(scores))
    if 0 < best < len(scores) - 1 and np.isfinite(scores[best - 1]):
        before, here, after = scores[best - 1 : best + 2]
        bend = before - 2 * here + after
        return float(lags[best] + (0.5 * (before - after) / bend if bend else 0.0))
    return float(lags[best])


def _tracked(strength: np.ndarray, period: float) -> np.ndarray:
    """The steps of the beats: dynamic programming over where the one before each lies."""
    # Blurred a little, so that a beat that is somewhat off the grid still counts.
    width = period / 32
    reach = np.arange(-int(period), int(period) + 1)
    local = np.convolve(strength, np.exp(-0.5 * (reach / max(width, 1)) ** 2), mode="same")
    lags = np.arange(max(1, round(period / 2)), round(2 * period) + 1)
    cost = -_TIGHTNESS * np.log(lags / period) ** 2
    total, before = local.copy(), np.full(len(local), -1)
    threshold = 0.01 * local.max()
    begun = False
    for step in range(len(local)):
        earlier = step - lags
        scores = np.where(earlier >= 0, total[np.maximum(earlier, 0)], 0) + cost
        best = int(np.argmax(scores))
        total[step] = local[step] + scores[best]
        # Before the first onset there is no beat.
        begun = begun or local[step] >= threshold
        before[step] = earlier[best] if begun and earlier[best] >= 0 else -1
    # The last beat is the last that is as good as most peaks of the course.
    peaks = np.flatnonzero((total[1:-1] > total[:-2]) & (total[1:-1] >= total[2:])) + 1
    if len(peaks) == 0:
        return np.empty(0, np.int64)
    last = int(peaks[total[peaks] >= 0.5 * np.median(total[peaks])][-1])
    beats = []
    while last >= 0:
        beats.append(last)
        last = int(before[last])
    return np.array(beats[::-1], np.int64)
