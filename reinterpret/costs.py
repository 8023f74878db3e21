"""Costs: what it takes off the sum of the scores that an edit repeats itself, or stretches a shot that is too short.

All are in the unit of scores, and all are finite: what is worth more than it costs is done. docs/likeness.md has the
table of them, with the reasons.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np

from reinterpret.errors import UsageError

# The first, second, ... in a run from one film, in units of what a film costs. From the fifth on the cost stays: a
# trailer that has only one film to choose from must not outgrow the other rules.
RUN_STEPS = np.array([0.0, 1.0, 2.0, 3.0, 4.0])


@dataclass(frozen=True, slots=True)
class Costs:
    """What is taken off. Between an acceptable match and a wrong one lie 0.1 to 0.3. Raises UsageError."""

    repeat: float = 0.2
    """For every two shots of the trailer that are answered by the same archive shot, where it has no room to show
    another stretch: the third time costs twice as much as the second, the fourth three times."""
    twin: float = 0.15
    """For every two that are answered by two copies of the same footage."""
    stretch: float = 0.03
    """For every two that are answered by stretches of one archive shot that lie apart, see `room`."""
    film: float = 0.05
    """That a shot comes from the same film as the one before it. The third in a row costs twice as much, the fourth
    three times, every further one four times."""
    alike: float = 0.1
    """That a shot looks the same as the one before it, where those of the trailer do not: it jumps."""
    slowed: float = 0.05
    """That a shot is slowed down to half speed; in proportion where it is slowed down less."""
    held: float = 0.35
    """That a picture stands still from the first frame to the last; in proportion where it does so for a part."""
    second: float = 0.05
    """That it is followed by a second shot, where the trailer has no cut."""
    refused: float = 1.0
    """That a shot is too short where nothing is to be slowed down or held, and what is too short is left."""
    apart_seconds: float = 2.0
    """How far two stretches of a shot lie apart at least; and as far as they are long."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (math.isfinite(value) and value >= 0):
                raise UsageError(f"what {field.name} costs is a number of 0 or more, got {value}")
        if max(self.twin, self.stretch) > self.repeat:
            raise UsageError(
                f"nothing costs more than a repeat: twin and stretch are {self.repeat:g} at most, "
                f"got {self.twin:g} and {self.stretch:g}"
            )

    def room(self, seconds: float, needed: float) -> int:
        """How many stretches of `needed` seconds can be shown of a shot of some seconds, apart from each other.

        >>> Costs().room(24, 1.5), Costs().room(8, 3), Costs().room(2, 3)
        (7, 1, 1)
        """
        if seconds < needed:
            return 1
        return 1 + math.floor((seconds - needed) / (needed + max(self.apart_seconds, needed)))

    def of_repeats(self, count: np.ndarray, room: np.ndarray) -> np.ndarray:
        """What it costs that a shot is shown `count` times, in which there is room for so many stretches, 1 or more.

        Where there are more than that they share places evenly: those in one place are the same frames again.
        """
        full, over = np.divmod(count, room)
        close = over * (full + 1) * full / 2 + (room - over) * full * (full - 1) / 2
        return np.asarray(self.repeat * close + self.stretch * (count * (count - 1) / 2 - close))
