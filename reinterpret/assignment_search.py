"""The local search of an assignment: a choice is made better by moves that it allows, until none does.

For what depends on the order of the trailer, and on how several uses of one shot share it, which exact methods cannot
see.
"""

from __future__ import annotations

import numpy as np

from reinterpret.assignment_task import ABROAD, Task

# Differences in score that are taken for rounding.
TOLERANCE = 1e-9
# A shot that gives way looks for a place in this many films, and so many such moves are looked at in one round, the
# most promising ones. Measured on 150 shots of 150 candidates: neither 6 films nor 400,000 moves find anything better.
_ALTERNATIVES, _MOST_EXCHANGES = 3, 20_000
# All exchanges of this many shots with all others are thought of at a time: enough to be quick, little in memory.
_MOVERS = 64


def better(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether what `Task.worth` says of one choice is better than what it says of another."""
    return one[0] > other[0] or (one[0] == other[0] and one[1] > other[1] + TOLERANCE)


def searched(task: Task, choice: np.ndarray) -> np.ndarray:
    """A choice that no move makes better, never worse than the one it begins with.

    Moves: a decision takes another of its candidates; or it takes the spot of another decision, or something else of
    its film, and the other does so in return, or goes elsewhere. In a fixed order: the answer is always the same.
    """
    choice = choice.copy()
    while True:
        while _relocate(task, choice):
            pass
        if not _exchange(task, choice):
            return choice


def _relocate(task: Task, choice: np.ndarray) -> bool:
    """Gives every decision in turn the candidate that is best beside all others, in place; whether one has changed."""
    changed = False
    for number in range(task.decisions):
        own = task.of(number)
        uses = task.uses(np.delete(choice, number))
        excess = task.excess_cost * (uses.films[task.film[own]] >= task.limit)
        score = task.score[own] - task.added(uses, own)
        score -= task.runs_with(choice, number) + task.jumps_with(choice, number)
        # Differences first: the large cost is whole, and cancels exactly.
        here = int(choice[number]) - own.start
        gain = (excess[here] - excess) + (score - score[here])
        best = int(gain.argmax())
        if gain[best] > TOLERANCE:
            choice[number] = own.start + best
            changed = True
    return changed


def _exchange(task: Task, choice: np.ndarray) -> bool:
    """Moves in which one decision takes the spot of another, in place, the best first; whether there was one."""
    cost = float(task.order_cost(choice[None])[0])
    mover, giver, new, third, gain = _promising(task, choice, cost)
    likely = np.empty(len(gain))
    for begin in range(0, len(gain), 2048):
        part = slice(begin, begin + 2048)
        trial = np.repeat(choice[None], len(gain[part]), axis=0)
        row = np.arange(len(trial))
        trial[row, mover[part]] = new[part]
        trial[row, giver[part]] = third[part]
        likely[part] = gain[part] + cost - task.order_cost(trial)
    moved: set[int] = set()
    worth = task.worth(choice)
    for move in np.argsort(-likely, kind="stable"):
        if likely[move] <= TOLERANCE:
            break
        pair = {int(mover[move]), int(giver[move])}
        if pair & moved:
            continue  # they were measured where they no longer are; the next round looks at them again
        trial_choice = choice.copy()
        trial_choice[mover[move]], trial_choice[giver[move]] = new[move], third[move]
        trial_worth = task.worth(trial_choice)
        # Each was measured alone: after others it may be worse, or another has the spot by now.
        if better(trial_worth, worth):
            choice[:], worth = trial_choice, trial_worth
            moved |= pair
    return bool(moved)


def _promising(
    task: Task, choice: np.ndarray, cost: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Exchanges that may be better: who moves, who gives way, the new candidate of either, what they gain.

    The gain is in scores and in what repeats cost, as if they were the only ones to move; the order of the trailer
    comes on top. What two moves save of what that costs is at most what each saves when it goes where no film is known
    and nothing looks alike: a run is the dearer by one more, the longer it is.
    """
    count = task.decisions
    abroad = np.repeat(choice[None], count, axis=0)
    np.fill_diagonal(abroad, ABROAD)
    of_runs = float(task.run_cost(choice[None])[0]) - task.run_cost(abroad)
    of_looks = cost - task.order_cost(abroad) - of_runs
    films, released = task.film[choice], task.released(choice)
    here = task.score[choice] - released
    net = task.score - task.added(task.uses(choice), slice(None))
    taken = _instead(task, choice, net)
    away = np.repeat(_elsewhere(task, choice)[None], count, axis=0)
    thirds = np.concatenate([taken.transpose(1, 0, 2), away], axis=2)
    # Whoever takes a spot takes over what it costs that others use the same.
    spot_worth = task.score[taken[:, :, 0]] - released[None]
    new_worth = np.stack([spot_worth, net[taken[:, :, 1]]], axis=2)
    back_worth = np.stack([task.score[taken[:, :, 0].T] - released[:, None], net[taken[:, :, 1].T]], axis=2)
    third_worth = np.concatenate([back_worth, net[away]], axis=2)
    kept = []
    for begin in range(0, count, _MOVERS):
        movers = slice(begin, begin + _MOVERS)
        # By mover, giver, where the mover goes, and where the giver goes.
        new, third = np.broadcast_arrays(taken[movers, :, :, None], thirds[movers, :, None, :])
        of_mover, of_giver = (movers, None, None, None), (None, slice(None), None, None)
        gain = new_worth[movers, :, :, None] - here[of_mover] + third_worth[movers, :, None, :] - here[of_giver]
        most = gain + of_looks[of_mover] + of_looks[of_giver]
        most += of_runs[of_mover] * (task.film[new] != films[of_mover])
        most += of_runs[of_giver] * (task.film[third] != films[of_giver])
        good = (most > TOLERANCE) & (new >= 0) & (third >= 0)
        mover, giver = np.nonzero(good)[:2]
        kept.append((mover + begin, giver, new[good], third[good], gain[good], most[good]))
    columns = [np.concatenate(parts) for parts in zip(*kept, strict=True)]
    order = np.argsort(-columns[-1], kind="stable")[:_MOST_EXCHANGES]
    mover, giver, new, third, gain = (column[order] for column in columns[:-1])
    return mover, giver, new, third, gain


def _instead(task: Task, choice: np.ndarray, net: np.ndarray) -> np.ndarray:
    """D × D × 2: what a decision can take when another gives way, by mover and giver; -1 where there is nothing.

    The spot of the other, and the best candidate of the other's film beside all that is used. net: M, how good each is.
    """
    spots = task.at_spots(task.spot[choice])
    spots[task.spot[choice][:, None] == task.spot[choice][None]] = -1
    films = int(task.film.max()) + 1
    order = np.lexsort((-net, task.film, task.decision))
    keys = (task.decision * films + task.film)[order]
    unique, first = np.unique(keys, return_index=True)
    best = np.full(task.decisions * films, -1)
    best[unique] = order[first]
    others = best.reshape(task.decisions, films)[:, task.film[choice]]
    others[task.film[choice][:, None] == task.film[choice][None]] = -1
    return np.stack([spots, others], axis=2)


def _elsewhere(task: Task, choice: np.ndarray) -> np.ndarray:
    """D × _ALTERNATIVES: for each decision its best candidates within the limit, of different films; else -1."""
    found = np.full((task.decisions, _ALTERNATIVES), -1)
    for number, now in enumerate(choice):
        own = task.of(number)
        uses = task.uses(np.delete(choice, number))
        score = np.where(uses.films[task.film[own]] < task.limit, task.score[own] - task.added(uses, own), -np.inf)
        score[now - own.start] = -np.inf
        for column in range(_ALTERNATIVES):
            best = int(score.argmax())
            if not np.isfinite(score[best]):
                break
            found[number, column] = own.start + best
            score[task.film[own] == task.film[own.start + best]] = -np.inf
    return found
