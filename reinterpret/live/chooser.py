"""The chooser: what the library answers goes in, frame by frame; now and then, what to change to comes out.

It holds no clock, no thread and no picture, so that every rule can be tried with made-up answers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from reinterpret.errors import UsageError
from reinterpret.neighbours import Hit

ShotKey = tuple[str, int]
"""The fingerprint of a film and the number of a shot."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When a better match is reason enough to change."""

    hold_seconds: float = 1.0
    """What is on the screen stays there at least so long."""
    answers: int = 3
    """So many answers in a row must find the other one better."""
    margin: float = 0.02
    """By this much of the score: below it two shots are equally good, and flicker between them says nothing."""

    def __post_init__(self) -> None:
        if not 0 <= self.hold_seconds < float("inf"):
            raise UsageError(f"--hold takes seconds from 0 on, got {self.hold_seconds:g}")
        if self.answers < 1 or self.margin < 0:
            raise UsageError(f"a match must hold for 1 answer or more, got {self.answers} and {self.margin:g}")


class Chooser:
    """Hysteresis: changes when another shot was better for some answers in a row, and not too often."""

    def __init__(self, patience: Patience = Patience()) -> None:
        self._patience = patience
        # Of each of the last answers, the shots that were better than the one on the screen, with their scores.
        self._better: deque[dict[ShotKey, float]] = deque(maxlen=patience.answers)
        self._hits: dict[ShotKey, Hit] = {}
        self._shown: ShotKey | None = None
        self._since = float("-inf")

    @property
    def shown(self) -> ShotKey | None:
        """The shot on the screen."""
        return self._shown

    @property
    def rising(self) -> Hit | None:
        """The shot to have ready: it is better, and has been so for two answers at least, or there is none yet."""
        needed = 1 if self._shown is None else min(2, self._patience.answers)
        return self._best(list(self._better)[-needed:]) if len(self._better) >= needed else None

    def choose(self, seconds: float, hits: Sequence[Hit], *, unlisted: float = -1.0) -> Hit | None:
        """What to change to now, or None to stay.

        hits: the answer for one frame, best first. unlisted: the score that a shot outside of them has at most.
        """
        scores = {(hit.film, hit.shot): hit.score for hit in hits}
        self._hits = {(hit.film, hit.shot): hit for hit in hits}
        if self._shown is None:
            self._better.append(scores)
            return hits[0] if hits else None
        to_beat = scores.get(self._shown, unlisted) + self._patience.margin
        self._better.append({key: score for key, score in scores.items() if score > to_beat and key != self._shown})
        if seconds - self._since < self._patience.hold_seconds or len(self._better) < self._patience.answers:
            return None
        return self._best(list(self._better))

    def changed(self, seconds: float, shot: ShotKey) -> None:
        """Tell it what is on the screen from now on, whether it was chosen or came by itself."""
        self._shown, self._since = shot, seconds
        self._better.clear()

    def forget(self) -> None:
        """What counts as alike is another from now on: older answers say nothing."""
        self._better.clear()

    def _best(self, answers: Sequence[dict[ShotKey, float]]) -> Hit | None:
        """The shot that is in all these answers, with the highest sum of scores; the first found of equal ones."""
        if not answers:
            return None
        always = [key for key in answers[-1] if all(key in answer for answer in answers)]
        if not always:
            return None
        return self._hits[max(always, key=lambda key: sum(answer[key] for answer in answers))]
