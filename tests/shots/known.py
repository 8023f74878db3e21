"""A detector whose every boundary is known, for the tests of what runs one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import accumulate

import numpy as np
import pytest

from reinterpret.shots import Boundary


@dataclass
class Known:
    """A detector that knows the boundaries, and reports each as late as it may."""

    boundaries: Sequence[Boundary]
    delay_frames: int
    name: str = "known"
    fed: int = field(default=0)

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        assert number == self.fed
        self.fed += 1
        return [boundary for boundary, at in self._reports() if at == number]

    def finish(self) -> list[Boundary]:
        return [boundary for boundary, at in self._reports() if at >= self.fed]

    def _reports(self) -> list[tuple[Boundary, int]]:
        """Those that come later in the film are not reported earlier."""
        latest = [boundary.start_frame + self.delay_frames for boundary in self.boundaries]
        times = list(accumulate(reversed(latest), min))[::-1]
        return list(zip(self.boundaries, times, strict=True))


def find(patch: pytest.MonkeyPatch, *boundaries: Boundary, delay: int = 30) -> None:
    """Let every scan of a film find these boundaries in it."""
    patch.setattr(
        "reinterpret.shots.scan.load_detector", lambda name, *, frame_rate, sensitivity: Known(boundaries, delay)
    )
