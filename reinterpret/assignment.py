"""One archive shot for every trailer shot: ranked candidates go in, one of each comes out, the best for the whole.

Equal shots of the trailer are one decision. The decisions are taken together: by the Hungarian method where only
the scores and repeats count, by cancelling cycles where films have a limit, then by a local search for what depends on
the order of the trailer, which neither can see.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reinterpret.assignment_search import TOLERANCE, better, searched
from reinterpret.assignment_task import Candidate, Looks, Rules, Task, task_of
from reinterpret.errors import UsageError

__all__ = ["Candidate", "Looks", "Rules", "assign"]

# So often a group stands in the table at first; more where it is wanted more often than that.
_COPIES = 2


def assign(
    candidates: Sequence[Sequence[Candidate]],
    *,
    echoes: Sequence[int],
    rules: Rules = Rules(),  # noqa: B008 - frozen
    looks: Looks = Looks(),  # noqa: B008 - frozen
) -> list[int]:
    """For each trailer shot the position of the chosen one among its candidates.

    candidates: of each trailer shot in the order of the trailer, without its black shots; best first, at least one
    each. echoes: for each trailer shot a number; those with equal numbers are one shot that returns and are answered
    by the same archive shot, the best on average, if they have a candidate in common at all. A trailer shot with one
    candidate is fixed: those that return with it follow it where they can.

    The limit for each film is exceeded by as little as can be; duplicates in different films can keep that from being
    found. Within it the sum of the scores (each decision once) less all `Costs` (those of the order at every place in
    the trailer) is as high as a local search finds it. It is the highest where nothing depends on the order, a twin
    costs as much as a repeat, and no shot has room for two stretches. Numbers are only names, and the same input
    always gives the same answer. Raises UsageError when a trailer shot has no candidate or no number in `echoes`.
    """
    if len(echoes) != len(candidates):
        raise UsageError(f"every trailer shot needs a number in echoes: {len(candidates)} shots, {len(echoes)} numbers")
    for number, found in enumerate(candidates):
        if not found:
            raise UsageError(f"trailer shot {number} has no candidates; give it at least one")
    if not candidates:
        return []
    task = task_of(candidates, echoes, rules, looks)
    choice = _first_choices(task) if rules.reuse else _hungarian(task)
    choice = _within_limits(task, choice)
    if not _is_exact(task):
        choice = searched(task, choice)
    shots = task.number[choice][task.decision_at]
    return [
        next(position for position, candidate in enumerate(found) if candidate.shot == shot)
        for found, shot in zip(candidates, shots, strict=True)
    ]


def _is_exact(task: Task) -> bool:
    """Whether the methods below see all that there is to see."""
    costs = task.costs
    in_order = costs.film > 0 or (costs.alike > 0 and bool(task.jumps.any()))
    apart = costs.stretch < costs.repeat and bool((task.room > 1).any())
    twins = costs.twin < costs.repeat and len(np.unique(task.group)) < len(task.look)
    return not (in_order or apart or twins)


def _first_choices(task: Task) -> np.ndarray:
    """The best of every decision, whatever the others choose."""
    numbers = range(task.decisions)
    return np.array([task.of(number).start + int(task.score[task.of(number)].argmax()) for number in numbers])


def _hungarian(task: Task) -> np.ndarray:
    """The choice of the highest sum of scores less what repeats cost (scipy.optimize.linear_sum_assignment).

    Each group stands there several times, every further time at a higher price. That prices rise makes the use as even
    as is worth it: N. Harvey, R. Ladner, L. Lovász, T. Tamir, Semi-matchings for bipartite graphs and load balancing
    (2006).
    """
    from scipy.optimize import linear_sum_assignment

    cells = _worth_considering(task)
    groups, column = np.unique(task.group[cells], return_inverse=True)
    table, which = np.full((task.decisions, len(groups)), -np.inf), np.zeros((task.decisions, len(groups)), np.int64)
    table[task.decision[cells], column], which[task.decision[cells], column] = task.score[cells], cells
    wanted = np.isfinite(table).sum(axis=0)
    prices = _prices(task, which, int(wanted.max()))
    copies = _COPIES
    while True:
        priced = np.concatenate([table - price for price in prices[:copies]], axis=1)
        try:
            rows, columns = linear_sum_assignment(priced, maximize=True)
        except ValueError:  # no assignment without a cell of -inf: some groups are wanted more often
            copies *= 2
            continue
        last = columns[columns >= (copies - 1) * len(groups)] % len(groups)
        if copies >= len(prices) or not (wanted[last] > copies).any():
            return np.asarray(which[rows, columns % len(groups)])
        copies *= 2


def _prices(task: Task, which: np.ndarray, most: int) -> list[np.ndarray]:
    """For the first, second, ... use of a group what it costs beside those before; each by decision and group.

    which: D × groups, the candidate that would use it. Where a group has several shots, copies, they are taken in turn.
    """
    rooms = task.room[which]
    shots = np.unique(np.stack([task.group, task.shot]), axis=1)[0]
    several = (np.bincount(shots) > 1)[task.group[which]]
    found = []
    for count in range(most):
        before, after = (task.costs.of_repeats(np.full(rooms.shape, uses), rooms) for uses in (count, count + 1))
        price = after - before
        found.append(np.where(several, np.minimum(price, task.costs.twin * count), price))
    return found


def _worth_considering(task: Task) -> np.ndarray:
    """The candidates that an optimal choice can need: of each group the best, and one of those nobody else wants."""
    order = np.lexsort((-task.score, task.group, task.decision))
    keys = task.decision * (int(task.group.max()) + 1) + task.group
    _, first = np.unique(keys[order], return_index=True)
    cells = order[first]
    alone = np.bincount(task.group[cells])[task.group[cells]] == 1
    own = cells[alone]
    own = own[np.lexsort((own, -task.score[own], task.decision[own]))]
    _, first = np.unique(task.decision[own], return_index=True)
    own = own[first]
    # What is worse than one that nobody else wants is never needed.
    least = np.full(task.decisions, -np.inf)
    least[task.decision[own]] = task.score[own]
    shared = cells[~alone]
    return np.sort(np.concatenate([shared[task.score[shared] >= least[task.decision[shared]]], own]))


def _within_limits(task: Task, choice: np.ndarray) -> np.ndarray:
    """The best choice that exceeds the limit of films least, from one that is the best without it.

    Cancels negative cycles (M. Klein, A primal method for minimal cost flows, 1967). Each is a chain of decisions that
    take each other's places, in which one film may lose a decision and another gain one.
    """
    if task.uses(choice).films.max() <= task.limit:
        return choice
    while True:
        weights, nodes = _exchanges(task, choice)
        cycle = _negative_cycle(weights)
        if cycle is None:
            return choice
        changed = _along(task, choice, cycle, nodes)
        # Cycles do not see that duplicates in two films are the same footage.
        if not better(task.worth(changed, with_order=False), task.worth(choice, with_order=False)):
            return choice
        choice = changed


def _exchanges(task: Task, choice: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """N × N, what it costs to go from node to node, and for each film its node.

    Nodes: the decisions, each looking for a new candidate; the films at their limit, each with one decision too many;
    last all other films together, which have room. From a decision to another: takes its spot, so that the other must
    look for one. From a decision to a film: takes a candidate of it. From a film to a decision: which gives way.
    """
    uses = task.uses(choice)
    films = uses.films
    full = np.flatnonzero(films >= task.limit)
    room = task.decisions + len(full)
    nodes = np.full(len(films), room)
    nodes[full] = task.decisions + np.arange(len(full))
    weights = np.full((room + 1, room + 1), np.inf)

    here = task.score[choice]
    taken = task.at_spots(task.spot[choice])
    weights[: task.decisions, : task.decisions] = np.where(taken >= 0, here[None] - task.score[taken], np.inf)
    np.fill_diagonal(weights, np.inf)

    np.minimum.at(weights, (task.decision, nodes[task.film]), task.added(uses, slice(None)) - task.score)
    weights[nodes[task.film[choice]], np.arange(task.decisions)] = here - task.released(choice)
    weights[nodes[full], room] = task.excess_cost
    weights[room, nodes[full]] = np.where(films[full] > task.limit, -task.excess_cost, 0.0)
    return weights, nodes


def _negative_cycle(weights: np.ndarray) -> list[int] | None:
    """Nodes in the order in which they are gone through, or None where no cycle costs less than nothing.

    The method of Bellman and Ford from all nodes at once: a loop among the predecessors is such a cycle.
    """
    count = len(weights)
    everyone = np.arange(count)
    distance = np.zeros(count)
    before = np.full(count, -1)
    for _ in range(count):
        through = distance[:, None] + weights
        nearest = through.argmin(axis=0)
        shorter = through[nearest, everyone] < distance - TOLERANCE
        if not shorter.any():
            return None
        distance = np.where(shorter, through[nearest, everyone], distance)
        before = np.where(shorter, nearest, before)
        loop = _loop(before.tolist())
        if loop:
            return loop[::-1]
    return None


def _loop(before: list[int]) -> list[int]:
    """Nodes each of which is followed by its predecessor, the last one by the first; none where there is no loop."""
    seen = [-1] * len(before)
    for start in range(len(before)):
        node = start
        while node >= 0 and seen[node] < 0:
            seen[node] = start
            node = before[node]
        if node >= 0 and seen[node] == start:
            loop = [node]
            while before[loop[-1]] != node:
                loop.append(before[loop[-1]])
            return loop
    return []


def _along(task: Task, choice: np.ndarray, cycle: list[int], nodes: np.ndarray) -> np.ndarray:
    """The choice after all decisions in a cycle have gone where it leads them."""
    uses = task.uses(choice)
    taken = task.at_spots(task.spot[choice])
    changed = choice.copy()
    for node, target in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        if node >= task.decisions:
            continue
        if target < task.decisions:
            changed[node] = taken[node, target]
        else:
            own = task.of(node)
            entry = task.score[own] - task.added(uses, own)
            changed[node] = own.start + int(np.where(nodes[task.film[own]] == target, entry, -np.inf).argmax())
    return changed
