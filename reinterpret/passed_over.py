"""Passed over: archive shots that are more like a trailer shot than its match is, and why they are not the match.

The reason is what would cost most if everything else stayed as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from reinterpret.assignment_task import Candidate, Looks, Rules, Task, Uses, task_of
from reinterpret.edits import PassedOver

# So many are named for each shot.
_MOST = 3
# Differences in score that are taken for rounding.
_TOLERANCE = 1e-9

Why = Literal["shot", "twin", "short", "film", "look", "limit", "returns", "seed", "whole"]


@dataclass(frozen=True, slots=True)
class Loss:
    """A candidate of a trailer shot that was more like it than the one that was chosen."""

    position: int
    """Among its candidates."""
    why: Why
    place: int | None = None
    """The other shot of the trailer that is to blame."""


def losses(
    candidates: Sequence[Sequence[Candidate]],
    positions: Sequence[int],
    *,
    echoes: Sequence[int],
    rules: Rules,
    looks: Looks,
) -> list[list[Loss]]:
    """For each trailer shot the candidates that were passed over, best first. positions: the chosen; see `assign`."""
    if not candidates:
        return []
    task = task_of(candidates, echoes, replace(rules, seed=None), looks)
    chosen = [found[position] for found, position in zip(candidates, positions, strict=True)]
    first = [int(np.flatnonzero(task.decision_at == decision)[0]) for decision in range(task.decisions)]
    choice = np.array([_cell(task, decision, chosen[place].shot) for decision, place in enumerate(first)])
    found = []
    for place, (of_place, best) in enumerate(zip(candidates, chosen, strict=True)):
        better = [number for number, candidate in enumerate(of_place) if candidate.score > best.score + _TOLERANCE]
        better.sort(key=lambda number: -of_place[number].score)
        named = better[:_MOST]
        looked = _Looked(task, choice, place) if named else None
        found.append([looked.loss(number, of_place[number], best, rules) for number in named] if looked else [])
    return found


def told(
    shots: Sequence[Sequence[tuple[str, int]]],
    candidates: Sequence[Sequence[Candidate]],
    found: Sequence[Sequence[Loss]],
    *,
    places: Sequence[int],
    too_short: Callable[[int, int], str],
) -> list[tuple[PassedOver, ...]]:
    """What `losses` has found, in words. shots: film and number of each candidate. places: of the clips, from 0.

    too_short: what is to be said of a candidate that is, by trailer shot and position.
    """
    return [
        tuple(
            PassedOver(
                *shots[row][loss.position],
                round(max(-1.0, min(candidates[row][loss.position].score, 1.0)), 6),
                too_short(row, loss.position) if loss.why == "short" else _words(loss, row, places),
            )
            for loss in of_row
        )
        for row, of_row in enumerate(found)
    ]


def _words(loss: Loss, row: int, places: Sequence[int]) -> str:
    """People count shots from 1."""
    number = 0 if loss.place is None else places[loss.place] + 1
    side = "before" if loss.place is None or loss.place < row else "after"
    return {
        "shot": f"already used for shot {number}",
        "twin": f"the same footage as shot {number}'s match",
        "film": f"the same film as the shot {side}",
        "look": f"looks like the match of the shot {side}",
        "limit": "its film is used as often as it may be",
        "returns": f"less like shot {number}, where this one returns",
        "seed": "another edit was asked for",
        "whole": "the rest of the edit is better without it",
    }[loss.why]


def _cell(task: Task, decision: int, shot: int) -> int:
    """Where a decision has a shot among its candidates; -1 if it has not."""
    own = task.of(decision)
    found = np.flatnonzero(task.number[own] == shot)
    return own.start + int(found[0]) if len(found) else -1


class _Looked:
    """What each candidate of the decision at a place would cost, with everything else as it is."""

    def __init__(self, task: Task, choice: np.ndarray, place: int) -> None:
        self._task, self._choice, self._place = task, choice, place
        self._decision = int(task.decision_at[place])
        self._own = task.of(self._decision)
        self._uses: Uses = task.uses(np.delete(choice, self._decision))
        self._costs: dict[Why, np.ndarray] = {
            "shot": task.added_of_shot(self._uses, self._own),
            "twin": task.added_of_twins(self._uses, self._own),
            "film": task.runs_with(choice, self._decision),
            "look": task.jumps_with(choice, self._decision),
        }

    def loss(self, position: int, candidate: Candidate, best: Candidate, rules: Rules) -> Loss:
        """Why a candidate is not the match, which is the best for the whole."""
        task, here = self._task, int(self._choice[self._decision])
        cell = _cell(task, self._decision, candidate.shot)
        if cell < 0:
            return Loss(position, "returns", self._member())
        if self._uses.films[task.film[cell]] >= task.limit and task.film[cell] != task.film[here]:
            return Loss(position, "limit")
        costs = {why: float(of[cell - self._own.start] - of[here - self._own.start]) for why, of in self._costs.items()}
        costs["short"] = candidate.shortage - best.shortage
        costs["returns"] = (candidate.worth - float(task.score[cell])) - (best.worth - float(task.score[here]))
        why = max(costs, key=lambda name: costs[name])
        if costs[why] <= _TOLERANCE:
            return Loss(position, "whole" if rules.seed is None else "seed")
        return Loss(position, why, self._to_blame(why, cell))

    def _member(self) -> int | None:
        """Another place of the same decision."""
        members = np.flatnonzero(self._task.decision_at == self._decision)
        others = members[members != self._place]
        return int(others[0]) if len(others) else None

    def _to_blame(self, why: Why, cell: int) -> int | None:
        task, places = self._task, self._task.decision_at
        if why == "returns":
            return self._member()
        if why in ("shot", "twin"):
            same = task.group[self._choice] == task.group[cell]
            same &= (task.shot[self._choice] == task.shot[cell]) == (why == "shot")
            same[self._decision] = False
            users = np.flatnonzero(same[places])
            return int(users[0]) if len(users) else None
        sides = [side for side in (self._place - 1, self._place + 1) if 0 <= side < len(places)]
        if why == "film":
            sides = [side for side in sides if task.film[self._choice[places[side]]] == task.film[cell]]
        if why == "look":
            beside = task.shot[self._choice[places[sides]]]
            alike = task.look_alike(np.full(len(sides), task.shot[cell]), beside)
            sides = [side for side, same in zip(sides, alike, strict=True) if same]
        return sides[0] if sides else None
