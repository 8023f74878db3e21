"""The detector `none`: the film is one shot, as for footage that is already cut into clips."""

from __future__ import annotations

import numpy as np

from reinterpret.shots.shot import Boundary


class WholeFilm:
    """Finds no boundary at all."""

    name = "none"
    delay_frames = 0

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        return []

    def finish(self) -> list[Boundary]:
        return []
