"""One archive shot for every trailer shot: ranked candidates go in, one of each comes out, the best for the whole.

Equal shots of the trailer are one decision. The decisions are taken together: by the Hungarian method where only
the scores and repeats count, by cancelling cycles where films have a limit, then by a local search for what depends on
the order of the trailer, which neither can see.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from reinterpret.errors import UsageError

# What the first, second, ... in a run from one film costs, in units of `variety`. By default the fifth costs 3.2, more
# than the 2.5 that lie between the best score and the worst (-1.5, unless the caller refuses a shot by a larger cost),
# and so gives way wherever there is another film. From there on the cost stays: a trailer that has only one film to
# choose from must not outgrow the other rules.
_RUN_COSTS = np.array([0.0, 1.0, 4.0, 16.0, 64.0])
# The noise of another edit: the part of the distance from a shot's best candidate to its fifth, of the median shot,
# and its bounds, in score. Without the lower one, ties would always be broken alike; without the upper one, candidates
# of which only the first is any good would be mixed up.
_NOISE, _NOISE_RANK = 0.3, 5
_LEAST_NOISE, _MOST_NOISE = 0.001, 0.05
# Differences in score that are taken for rounding.
_TOLERANCE = 1e-9
# A shot that gives way looks for a place in this many films, and so many such moves are looked at in one round, the
# most promising ones. Measured on 150 shots of 150 candidates: neither 6 films nor 400,000 moves find anything better.
_ALTERNATIVES, _MOST_EXCHANGES = 3, 20_000
# All exchanges of this many shots with all others are thought of at a time: enough to be quick, little in memory.
_MOVERS = 64
# No film's number.
_ABROAD = -1


@dataclass(frozen=True, slots=True)
class Candidate:
    """An archive shot that may stand for a trailer shot. The same one has the same numbers for every trailer shot."""

    shot: int
    """Its number in the library's index, which no other shot has."""
    film: int
    """The number of its film."""
    twin: int
    """The number of its group of near-duplicates: with an equal number, the same footage again."""
    score: float
    """At most 1: likeness, less what it costs that it is too short."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What an assignment must keep to. Raises UsageError for numbers that cannot be meant."""

    reuse: bool = False
    """The same archive shot may stand for several trailer shots, and so may near-duplicates."""
    max_per_film: int | None = None
    """At most so many decisions from one film: a trailer shot that returns counts once."""
    variety: float = 0.05
    """What it costs, in score, that a shot comes from the same film as the one before it: by default as much as
    playing at half speed. The third in a row costs 4 times, the fourth 16, every further one 64 times as much."""
    seed: int | None = None
    """Another edit that is about as good, the same for the same number, at least 0; None: the best one."""

    def __post_init__(self) -> None:
        if self.max_per_film is not None and self.max_per_film < 1:
            raise UsageError(f"at least one shot must be allowed from each film, got {self.max_per_film}")
        if not (math.isfinite(self.variety) and self.variety >= 0):
            raise UsageError(f"variety is a cost of 0 or more, got {self.variety}")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"a seed is a number of 0 or more, got {self.seed}")


_PLAIN = Rules()


def assign(candidates: Sequence[Sequence[Candidate]], *, echoes: Sequence[int], rules: Rules = _PLAIN) -> list[int]:
    """For each trailer shot the position of the chosen one among its candidates.

    candidates: of each trailer shot in the order of the trailer, without its black shots; best first, at least one
    each. echoes: for each trailer shot a number; those with equal numbers are one shot that returns and are answered
    by the same archive shot, the best on average, if they have a candidate in common at all. A trailer shot with one
    candidate is fixed: nobody else gets that one, and those that return with it follow it where they can.

    No archive shot is used twice, nor with it a near-duplicate, unless by `reuse` or because there is no other way:
    then all are used as evenly as can be. The limit for each film comes next, and is exceeded by as little as can be;
    near-duplicates in different films can keep that from being found. Within these rules the sum of the scores (each
    decision once) less the cost of runs from one film (at every place in the trailer) is as high as a local search
    finds it; without variety, seed and limit it is the highest. Numbers are only names, and the same input always
    gives the same answer.
    Raises UsageError when a trailer shot has no candidate or no number in `echoes`.
    """
    if len(echoes) != len(candidates):
        raise UsageError(f"every trailer shot needs a number in echoes: {len(candidates)} shots, {len(echoes)} numbers")
    for number, found in enumerate(candidates):
        if not found:
            raise UsageError(f"trailer shot {number} has no candidates; give it at least one")
    if not candidates:
        return []
    task = _task(candidates, echoes, rules)
    choice = _first_choices(task) if rules.reuse else _hungarian(task)
    choice = _within_limits(task, choice)
    if rules.variety > 0:
        choice = _varied(task, choice)
    shots = task.shot[choice][task.decision_at]
    return [
        next(position for position, candidate in enumerate(found) if candidate.shot == shot)
        for found, shot in zip(candidates, shots, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class _Task:
    """All candidates of D decisions in a row of M, and the rules.

    A choice is D positions in that row, one of each decision. Numbers of groups, films and spots are counted from 0 in
    the order of their first appearance, so that how the caller counts makes no difference.
    """

    decision_at: np.ndarray  # for each place in the trailer its decision, ascending by first place
    starts: np.ndarray  # D + 1: where the candidates of each decision begin
    decision: np.ndarray  # M: whose candidate
    shot: np.ndarray  # M: as the caller counts
    group: np.ndarray  # M: of near-duplicates
    film: np.ndarray  # M
    spot: np.ndarray  # M: what lies in one group and in one film
    score: np.ndarray  # M
    spot_keys: np.ndarray  # ascending: decision × number of spots + spot, where there is a candidate
    spot_best: np.ndarray  # beside them: the best candidate of that decision in that spot
    limit: int  # of decisions for each film
    variety: float
    repeat_cost: float  # more than all excess together; whole, so that sums of them are exact
    excess_cost: float  # more than all scores and runs together; whole

    @property
    def decisions(self) -> int:
        return len(self.starts) - 1

    def of(self, decision: int) -> slice:
        """Where the candidates of a decision lie."""
        return slice(int(self.starts[decision]), int(self.starts[decision + 1]))

    def loads(self, choice: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How many decisions use each group, and each film."""
        groups = np.bincount(self.group[choice], minlength=int(self.group.max()) + 1)
        return groups, np.bincount(self.film[choice], minlength=int(self.film.max()) + 1)

    def at_spots(self, spots: np.ndarray) -> np.ndarray:
        """D × S: the best candidate of every decision in each of some spots, -1 where it has none."""
        count = int(self.spot.max()) + 1
        keys = np.arange(self.decisions)[:, None] * count + spots[None]
        places = np.minimum(np.searchsorted(self.spot_keys, keys), len(self.spot_keys) - 1)
        return np.where(self.spot_keys[places] == keys, self.spot_best[places], -1)

    def run_cost(self, films: np.ndarray) -> np.ndarray:
        """N: what the runs cost. films: N × D, of every decision."""
        sequence = films[:, self.decision_at]
        number = np.arange(sequence.shape[1])
        new = np.ones(sequence.shape, bool)
        new[:, 1:] = sequence[:, 1:] != sequence[:, :-1]
        begun = np.maximum.accumulate(np.where(new, number, 0), axis=1)
        steps = np.minimum(number - begun, len(_RUN_COSTS) - 1)
        return np.asarray(self.variety * _RUN_COSTS[steps].sum(axis=1))

    def worth(self, choice: np.ndarray, *, with_runs: bool = True) -> tuple[float, float]:
        """Of two choices the better one has more: first what is broken of the rules (negative), then the score."""
        groups, films = self.loads(choice)
        repeats = self.repeat_cost * float((groups * (groups - 1) // 2).sum())
        excess = self.excess_cost * float(np.maximum(films - self.limit, 0).sum())
        runs = float(self.run_cost(self.film[choice][None])[0]) if with_runs else 0.0
        return -(repeats + excess), float(self.score[choice].sum()) - runs


def _better(one: tuple[float, float], other: tuple[float, float]) -> bool:
    return one[0] > other[0] or (one[0] == other[0] and one[1] > other[1] + _TOLERANCE)


def _task(candidates: Sequence[Sequence[Candidate]], echoes: Sequence[int], rules: Rules) -> _Task:
    decision_at = np.zeros(len(candidates), np.int64)
    groups: dict[int, int] = {}
    films: dict[int, int] = {}
    spots: dict[tuple[int, int], int] = {}
    rows: list[tuple[int, int, int, int, int]] = []
    scores: list[float] = []
    starts = [0]
    for number, members in enumerate(_decisions(candidates, echoes)):
        decision_at[members] = number
        for candidate, score in _common(candidates, members):
            group = groups.setdefault(candidate.twin, len(groups))
            film = films.setdefault(candidate.film, len(films))
            spot = spots.setdefault((group, film), len(spots))
            rows.append((number, candidate.shot, group, film, spot))
            scores.append(score)
        starts.append(len(rows))
    decision, shot, group_of, film_of, spot_of = np.array(rows, np.int64).T
    score_of = np.array(scores, np.float64)
    if rules.seed is not None:
        score_of += _noise(score_of, np.array(starts), rules.seed)
    order = np.lexsort((-score_of, spot_of, decision))
    keys, first = np.unique((decision * len(spots) + spot_of)[order], return_index=True)
    count = len(starts) - 1
    run_range = rules.variety * float(_RUN_COSTS[-1]) * len(candidates)
    excess_cost = math.ceil(float(np.ptp(score_of)) * count + run_range) + 1.0
    return _Task(
        decision_at=decision_at,
        starts=np.array(starts),
        decision=decision,
        shot=shot,
        group=group_of,
        film=film_of,
        spot=spot_of,
        score=score_of,
        spot_keys=keys,
        spot_best=order[first],
        limit=count if rules.max_per_film is None else rules.max_per_film,
        variety=rules.variety,
        repeat_cost=0.0 if rules.reuse else excess_cost * (count + 1),
        excess_cost=excess_cost,
    )


def _decisions(candidates: Sequence[Sequence[Candidate]], echoes: Sequence[int]) -> list[list[int]]:
    """The places of each decision. Echoes without a candidate in common are decisions of their own."""
    together: dict[int, list[int]] = defaultdict(list)
    for place, echo in enumerate(echoes):
        together[echo].append(place)
    decisions: list[list[int]] = []
    for members in together.values():
        if len(members) == 1 or _common(candidates, members):
            decisions.append(members)
            continue
        # Without those that are fixed the others may still go together.
        free = [place for place in members if len(candidates[place]) > 1]
        together_still = len(free) > 1 and bool(_common(candidates, free))
        decisions.extend([free] if together_still else [[place] for place in free])
        decisions.extend([place] for place in members if len(candidates[place]) == 1)
    return sorted(decisions)


def _common(candidates: Sequence[Sequence[Candidate]], members: list[int]) -> list[tuple[Candidate, float]]:
    """The candidates that all members have, in the order of the first member, and their mean score."""
    by_shot = [{candidate.shot: candidate for candidate in reversed(candidates[place])} for place in members]
    return [
        (candidate, sum(found[shot].score for found in by_shot) / len(by_shot))
        for shot, candidate in reversed(by_shot[0].items())
        if all(shot in found for found in by_shot)
    ]


def _noise(score: np.ndarray, starts: np.ndarray, seed: int) -> np.ndarray:
    """M: what is added to the scores for another edit, normally distributed.

    Equally strong for all shots: a candidate far better than the rest is kept, those as good as each other are mixed.
    Measured on made-up archives, 150 shots of 150 candidates: a third of the shots changes, and the whole loses 0.7 %
    of its score with 100,000 archive shots, 1 % with 5,000 and 2 % (at most 2.7 %) with 200.
    """
    spreads = []
    for begin, end in pairwise(starts.tolist()):
        if end - begin == 1:
            continue  # it is fixed, and says nothing about how near others are
        best = np.sort(score[begin:end])[::-1][:_NOISE_RANK]
        spreads.append(float(best[0] - best[-1]))
    scale = min(max(_NOISE * float(np.median(spreads or [0.0])), _LEAST_NOISE), _MOST_NOISE)
    return np.random.default_rng(seed).normal(0.0, scale, len(score))


def _first_choices(task: _Task) -> np.ndarray:
    """The best of every decision, whatever the others choose."""
    numbers = range(task.decisions)
    return np.array([task.of(number).start + int(task.score[task.of(number)].argmax()) for number in numbers])


def _hungarian(task: _Task) -> np.ndarray:
    """The choice of the highest sum of scores of those that repeat least (scipy.optimize.linear_sum_assignment).

    Each group stands there as often as it may be used, every further time at a higher price. That prices rise evenly
    makes the use as even as can be: N. Harvey, R. Ladner, L. Lovász, T. Tamir, Semi-matchings for bipartite graphs
    and load balancing (2006).
    """
    from scipy.optimize import linear_sum_assignment

    cells = _worth_considering(task)
    groups, column = np.unique(task.group[cells], return_inverse=True)
    table = np.full((task.decisions, len(groups)), -np.inf)
    table[task.decision[cells], column] = task.score[cells]
    which = np.zeros(table.shape, np.int64)
    which[task.decision[cells], column] = cells
    copies = math.ceil(task.decisions / len(groups))
    while True:
        try:
            rows, columns = linear_sum_assignment(
                np.hstack([table - task.repeat_cost * number for number in range(copies)]), maximize=True
            )
        except ValueError:  # no assignment without a cell of -inf: some groups are wanted more often
            copies *= 2
        else:
            return np.asarray(which[rows, columns % len(groups)])


def _worth_considering(task: _Task) -> np.ndarray:
    """The candidates that an optimal choice can need: of each group the best, and one of those nobody else wants."""
    order = np.lexsort((-task.score, task.group, task.decision))
    keys = task.decision * (int(task.group.max()) + 1) + task.group
    _, first = np.unique(keys[order], return_index=True)
    cells = order[first]
    alone = np.bincount(task.group[cells])[task.group[cells]] == 1
    own = cells[alone]
    own = own[np.lexsort((own, -task.score[own], task.decision[own]))]
    _, first = np.unique(task.decision[own], return_index=True)
    return np.sort(np.concatenate([cells[~alone], own[first]]))


def _within_limits(task: _Task, choice: np.ndarray) -> np.ndarray:
    """The best choice that exceeds the limit of films least, from one that is the best without it.

    Cancels negative cycles (M. Klein, A primal method for minimal cost flows, 1967). Each is a chain of decisions that
    take each other's places, in which one film may lose a decision and another gain one.
    """
    if task.loads(choice)[1].max() <= task.limit:
        return choice
    while True:
        weights, nodes = _exchanges(task, choice)
        cycle = _negative_cycle(weights)
        if cycle is None:
            return choice
        changed = _along(task, choice, cycle, nodes)
        # Cycles do not see that near-duplicates in two films are the same footage.
        if not _better(task.worth(changed, with_runs=False), task.worth(choice, with_runs=False)):
            return choice
        choice = changed


def _exchanges(task: _Task, choice: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """N × N, what it costs to go from node to node, and for each film its node.

    Nodes: the decisions, each looking for a new candidate; the films at their limit, each with one decision too many;
    last all other films together, which have room. From a decision to another: takes its spot, so that the other must
    look for one. From a decision to a film: takes a candidate of it. From a film to a decision: which gives way.
    """
    groups, films = task.loads(choice)
    full = np.flatnonzero(films >= task.limit)
    room = task.decisions + len(full)
    nodes = np.full(len(films), room)
    nodes[full] = task.decisions + np.arange(len(full))
    weights = np.full((room + 1, room + 1), np.inf)

    here = task.score[choice]
    taken = task.at_spots(task.spot[choice])
    weights[: task.decisions, : task.decisions] = np.where(taken >= 0, here[None] - task.score[taken], np.inf)
    np.fill_diagonal(weights, np.inf)

    entry = task.repeat_cost * groups[task.group] - task.score
    np.minimum.at(weights, (task.decision, nodes[task.film]), entry)
    leaving = here - task.repeat_cost * (groups[task.group[choice]] - 1)
    weights[nodes[task.film[choice]], np.arange(task.decisions)] = leaving
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
        shorter = through[nearest, everyone] < distance - _TOLERANCE
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


def _along(task: _Task, choice: np.ndarray, cycle: list[int], nodes: np.ndarray) -> np.ndarray:
    """The choice after all decisions in a cycle have gone where it leads them."""
    groups, _ = task.loads(choice)
    taken = task.at_spots(task.spot[choice])
    changed = choice.copy()
    for node, target in zip(cycle, [*cycle[1:], cycle[0]], strict=True):
        if node >= task.decisions:
            continue
        if target < task.decisions:
            changed[node] = taken[node, target]
        else:
            own = task.of(node)
            entry = task.score[own] - task.repeat_cost * groups[task.group[own]]
            changed[node] = own.start + int(np.where(nodes[task.film[own]] == target, entry, -np.inf).argmax())
    return changed


def _varied(task: _Task, choice: np.ndarray) -> np.ndarray:
    """A choice that no move makes better, never worse than the one it begins with.

    Moves: a decision takes another of its candidates; or it takes the spot of another decision, or something free of
    its film, and the other does so in return, or goes elsewhere. In a fixed order: the answer is always the same.
    """
    choice = choice.copy()
    while True:
        while _relocate(task, choice):
            pass
        if not _exchange(task, choice):
            return choice


def _relocate(task: _Task, choice: np.ndarray) -> bool:
    """Gives every decision in turn the candidate that is best beside all others, in place; whether one has changed."""
    groups, films = task.loads(choice)
    changed = False
    for number in range(task.decisions):
        own = task.of(number)
        now = int(choice[number])
        groups[task.group[now]] -= 1
        films[task.film[now]] -= 1
        broken = task.repeat_cost * groups[task.group[own]] + task.excess_cost * (films[task.film[own]] >= task.limit)
        score = task.score[own] - _run_costs_with(task, choice, number)[task.film[own]]
        # Differences first: the large costs are whole, and cancel exactly.
        here = now - own.start
        gain = (broken[here] - broken) + (score - score[here])
        best = int(gain.argmax())
        if gain[best] > _TOLERANCE:
            choice[number] = own.start + best
            changed = True
        groups[task.group[choice[number]]] += 1
        films[task.film[choice[number]]] += 1
    return changed


def _run_costs_with(task: _Task, choice: np.ndarray, number: int) -> np.ndarray:
    """For each film: what the runs cost if a decision comes from it."""
    places = np.flatnonzero(task.decision_at == number)
    sides = np.concatenate([places - 1, places + 1])
    sides = sides[(sides >= 0) & (sides < len(task.decision_at))]
    # Only the films beside it make a difference: all others are as good as one that is used nowhere.
    beside = np.unique(task.film[choice[task.decision_at[sides]]])
    films = np.repeat(task.film[choice][None], len(beside) + 1, axis=0)
    films[:, number] = [*beside, _ABROAD]
    costs = task.run_cost(films)
    every = np.full(int(task.film.max()) + 1, costs[-1])
    every[beside] = costs[:-1]
    return every


def _exchange(task: _Task, choice: np.ndarray) -> bool:
    """Moves in which one decision takes the spot of another, in place, the best first; whether there was one."""
    films = task.film[choice].astype(np.int32)
    cost = float(task.run_cost(films[None])[0])
    mover, giver, new, third, gain = _promising(task, choice, films, cost)
    exact = np.empty(len(gain))
    for begin in range(0, len(gain), 2048):
        part = slice(begin, begin + 2048)
        trial = np.repeat(films[None], len(gain[part]), axis=0)
        row = np.arange(len(trial))
        trial[row, mover[part]] = task.film[new[part]]
        trial[row, giver[part]] = task.film[third[part]]
        exact[part] = gain[part] + cost - task.run_cost(trial)
    moved: set[int] = set()
    worth = task.worth(choice)
    for move in np.argsort(-exact, kind="stable"):
        if exact[move] <= _TOLERANCE:
            break
        pair = {int(mover[move]), int(giver[move])}
        if pair & moved:
            continue  # they were measured where they no longer are; the next round looks at them again
        trial_choice = choice.copy()
        trial_choice[mover[move]], trial_choice[giver[move]] = new[move], third[move]
        trial_worth = task.worth(trial_choice)
        # Each was measured alone: after others it may be worse, or another has the spot by now.
        if _better(trial_worth, worth):
            choice[:], worth = trial_choice, trial_worth
            moved |= pair
    return bool(moved)


def _promising(
    task: _Task, choice: np.ndarray, films: np.ndarray, cost: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Exchanges that may be better: who moves, who gives way, the new candidate of either, what the scores gain.

    What two moves save of the cost of runs is at most what each saves when it goes where no film is known: a run is
    the dearer by one more, the longer it is.
    """
    count = task.decisions
    abroad = np.repeat(films[None], count, axis=0)
    np.fill_diagonal(abroad, _ABROAD)
    saving = cost - task.run_cost(abroad)
    here = task.score[choice]
    taken = _instead(task, choice)
    away = np.repeat(_elsewhere(task, choice)[None], count, axis=0)
    thirds = np.concatenate([taken.transpose(1, 0, 2), away], axis=2)
    kept = []
    for begin in range(0, count, _MOVERS):
        movers = slice(begin, begin + _MOVERS)
        # By mover, giver, where the mover goes, and where the giver goes.
        new, third = np.broadcast_arrays(taken[movers, :, :, None], thirds[movers, :, None, :])
        of_mover, of_giver = (movers, None, None, None), (None, slice(None), None, None)
        gain = task.score[new] - here[of_mover] + task.score[third] - here[of_giver]
        most = gain + saving[of_mover] * (task.film[new] != films[of_mover])
        most += saving[of_giver] * (task.film[third] != films[of_giver])
        good = (most > _TOLERANCE) & (new >= 0) & (third >= 0)
        mover, giver = np.nonzero(good)[:2]
        kept.append((mover + begin, giver, new[good], third[good], gain[good], most[good]))
    columns = [np.concatenate(parts) for parts in zip(*kept, strict=True)]
    order = np.argsort(-columns[-1], kind="stable")[:_MOST_EXCHANGES]
    mover, giver, new, third, gain = (column[order] for column in columns[:-1])
    return mover, giver, new, third, gain


def _instead(task: _Task, choice: np.ndarray) -> np.ndarray:
    """D × D × 2: what a decision can take when another gives way, by mover and giver; -1 where there is nothing.

    The spot of the other, and the best free candidate of the other's film.
    """
    spots = task.at_spots(task.spot[choice])
    spots[task.spot[choice][:, None] == task.spot[choice][None]] = -1
    groups, films = task.loads(choice)
    score = np.where((groups[task.group] == 0) | (task.repeat_cost == 0), task.score, -np.inf)
    order = np.lexsort((-score, task.film, task.decision))
    keys = (task.decision * len(films) + task.film)[order]
    unique, first = np.unique(keys, return_index=True)
    best = np.full(task.decisions * len(films), -1)
    best[unique] = np.where(np.isfinite(score[order[first]]), order[first], -1)
    free = best.reshape(task.decisions, len(films))[:, task.film[choice]]
    free[task.film[choice][:, None] == task.film[choice][None]] = -1
    return np.stack([spots, free], axis=2)


def _elsewhere(task: _Task, choice: np.ndarray) -> np.ndarray:
    """D × _ALTERNATIVES: for each decision its best candidates that break no rule, of different films; else -1."""
    groups, films = task.loads(choice)
    found = np.full((task.decisions, _ALTERNATIVES), -1)
    for number, now in enumerate(choice):
        own = task.of(number)
        free = groups[task.group[own]] - (task.group[own] == task.group[now])
        room = films[task.film[own]] - (task.film[own] == task.film[now]) < task.limit
        score = np.where(((free == 0) | (task.repeat_cost == 0)) & room, task.score[own], -np.inf)
        score[now - own.start] = -np.inf
        for column in range(_ALTERNATIVES):
            best = int(score.argmax())
            if not np.isfinite(score[best]):
                break
            found[number, column] = own.start + best
            score[task.film[own] == task.film[own.start + best]] = -np.inf
    return found
