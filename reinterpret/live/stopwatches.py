"""Stopwatches: how long things took goes in, one at a time; medians come out, in memory that never grows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Durations are counted in steps of a millisecond; what takes longer than ten seconds counts as that.
_LONGEST_MS = 10_000


@dataclass(frozen=True, slots=True)
class Latency:
    """What was measured, in milliseconds; None where nothing was."""

    median_ms: float | None
    p95_ms: float | None


class Stopwatches:
    """Counts durations by milliseconds: a run of a week needs as much memory as one of a minute."""

    def __init__(self) -> None:
        self._counts = np.zeros(_LONGEST_MS + 1, np.int64)

    def add(self, seconds: float) -> None:
        """One more duration."""
        self._counts[int(min(max(seconds, 0) * 1000, _LONGEST_MS))] += 1

    def latency(self) -> Latency:
        """So far."""
        return Latency(self._share(0.5), self._share(0.95))

    def _share(self, share: float) -> float | None:
        """The duration that this share of all does not exceed: the middle of its millisecond."""
        below = np.cumsum(self._counts)
        if below[-1] == 0:
            return None
        return float(np.searchsorted(below, share * below[-1]) + 0.5)
