"""The waveform: a file with sound goes in, its peaks come out, and the path that draws them."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from reinterpret.sound import SAMPLE_RATE, read_sound

PEAKS_PER_SECOND = 20
# Read piece by piece: an hour of sound takes 1.4 GB as samples.
_PIECE_SECONDS = 60
_MIDDLE = 50


def peaks(path: Path, start: Fraction, duration: Fraction) -> list[float]:
    """How loud it is at most, from 0 to 1, 20 times a second.

    start: in the file's own time, seconds. Raises VideoError.
    """
    found: list[float] = []
    total = max(1, int(duration * PEAKS_PER_SECOND))
    window = SAMPLE_RATE // PEAKS_PER_SECOND
    for first in range(0, total, _PIECE_SECONDS * PEAKS_PER_SECOND):
        count = min(total - first, _PIECE_SECONDS * PEAKS_PER_SECOND)
        samples = read_sound(path, start + Fraction(first, PEAKS_PER_SECOND), count * window)
        loudest = np.abs(samples).reshape(count, -1).max(axis=1)
        found += [round(float(peak), 4) for peak in np.minimum(loudest, 1)]
    return found


def outline(loudness: Sequence[float]) -> str:
    """The path (SVG `d`) of peaks that grow up and down from the middle, one step across each, 100 high.

    >>> outline([0.0, 1.0])
    'M0 50 L0.5 50 L1.5 0 L2 50 L1.5 100 L0.5 50 Z'
    """
    upper = [f"L{number + 0.5:g} {_MIDDLE * (1 - peak):g}" for number, peak in enumerate(loudness)]
    lower = [f"L{number + 0.5:g} {_MIDDLE * (1 + peak):g}" for number, peak in enumerate(loudness)]
    return " ".join([f"M0 {_MIDDLE}", *upper, f"L{len(loudness)} {_MIDDLE}", *reversed(lower), "Z"])
