"""The task of an assignment: the candidates of all trailer shots in one row, and what a choice among them is worth.

`assignment` and `assignment_search` choose; here it is only counted.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from reinterpret.costs import RUN_STEPS, Costs
from reinterpret.errors import UsageError

# The noise of another edit: the part of the distance from a shot's best candidate to its fifth, of the median shot,
# and its bounds, in score. Without the lower one, ties would always be broken alike; without the upper one, candidates
# of which only the first is any good would be mixed up.
_NOISE, _NOISE_RANK = 0.3, 5
_LEAST_NOISE, _MOST_NOISE = 0.001, 0.05
# No candidate: whoever is there is elsewhere.
ABROAD = -1
_UNUSED_ROOM = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Candidate:
    """An archive shot that may stand for a trailer shot. The same one has the same numbers for every trailer shot."""

    shot: int
    """Its number in the library's index, which no other shot has."""
    film: int
    """The number of its film."""
    twin: int
    """The number of its group of duplicates: with an equal number, the same footage again."""
    score: float
    """At most 1: likeness."""
    shortage: float = 0.0
    """What it costs that it is too short."""
    room: int = 1
    """How many stretches as long as this trailer shot it can show, apart from each other."""

    @property
    def worth(self) -> float:
        """Its score, less what it costs by itself."""
        return self.score - self.shortage


@dataclass(frozen=True, slots=True)
class Rules:
    """What an assignment must keep to. Raises UsageError for numbers that cannot be meant."""

    reuse: bool = False
    """It costs nothing that the same archive shot, or footage, stands for several trailer shots."""
    max_per_film: int | None = None
    """At most so many decisions from one film: a trailer shot that returns counts once."""
    seed: int | None = None
    """Another edit that is about as good, the same for the same number, at least 0; None: the best one."""
    costs: Costs = Costs()  # noqa: RUF009 - frozen

    def __post_init__(self) -> None:
        if self.max_per_film is not None and self.max_per_film < 1:
            raise UsageError(f"at least one shot must be allowed from each film, got {self.max_per_film}")
        if self.seed is not None and self.seed < 0:
            raise UsageError(f"a seed is a number of 0 or more, got {self.seed}")


@dataclass(frozen=True, slots=True)
class Looks:
    """Which archive shots look the same, and where that is seen."""

    alike: frozenset[tuple[int, int]] = frozenset()
    """Pairs of their numbers, in any order."""
    continued: frozenset[int] = frozenset()
    """Places of the trailer at which its own shot looks the same as the one before: a match may do so too."""


@dataclass(frozen=True, slots=True)
class Uses:
    """How often a choice uses what there is."""

    shots: np.ndarray
    """Of each archive shot, by how many decisions."""
    rooms: np.ndarray
    """Of each archive shot: how many stretches it has room for, by the longest need of those that use it."""
    groups: np.ndarray
    films: np.ndarray


@dataclass(frozen=True, slots=True)
class Task:
    """All candidates of D decisions in a row of M, and the rules.

    A choice is D positions in that row, one of each decision. Numbers of shots, groups, films and spots are counted
    from 0 in the order of their first appearance, so that how the caller counts makes no difference.
    """

    decision_at: np.ndarray  # for each place in the trailer its decision, ascending by first place
    starts: np.ndarray  # D + 1: where the candidates of each decision begin
    decision: np.ndarray  # M: whose candidate
    number: np.ndarray  # M: the archive shot, as the caller counts
    shot: np.ndarray  # M
    group: np.ndarray  # M: of duplicates
    film: np.ndarray  # M
    spot: np.ndarray  # M: what lies in one group and in one film
    room: np.ndarray  # M
    score: np.ndarray  # M: less what each costs by itself
    spot_keys: np.ndarray  # ascending: decision × number of spots + spot, where there is a candidate
    spot_best: np.ndarray  # beside them: the best candidate of that decision in that spot
    limit: int  # of decisions for each film
    costs: Costs
    look: np.ndarray  # shots: its row in `alike`; those that look like no other have 0
    alike: np.ndarray  # looks × looks bool
    jumps: np.ndarray  # places - 1 bool: whether it costs something that the shots on both sides of a cut look alike
    excess_cost: float  # more than all scores and costs together; whole, so that sums of them are exact

    @property
    def decisions(self) -> int:
        return len(self.starts) - 1

    def of(self, decision: int) -> slice:
        """Where the candidates of a decision lie."""
        return slice(int(self.starts[decision]), int(self.starts[decision + 1]))

    def uses(self, choice: np.ndarray) -> Uses:
        """choice: those of any number of decisions."""
        shots = self.shot[choice]
        rooms = np.full(len(self.look), _UNUSED_ROOM)
        np.minimum.at(rooms, shots, self.room[choice])
        return Uses(
            np.bincount(shots, minlength=len(self.look)),
            rooms,
            np.bincount(self.group[choice], minlength=int(self.group.max()) + 1),
            np.bincount(self.film[choice], minlength=int(self.film.max()) + 1),
        )

    def at_spots(self, spots: np.ndarray) -> np.ndarray:
        """D × S: the best candidate of every decision in each of some spots, -1 where it has none."""
        count = int(self.spot.max()) + 1
        keys = np.arange(self.decisions)[:, None] * count + spots[None]
        places = np.minimum(np.searchsorted(self.spot_keys, keys), len(self.spot_keys) - 1)
        return np.where(self.spot_keys[places] == keys, self.spot_best[places], -1)

    def added(self, uses: Uses, cells: np.ndarray | slice) -> np.ndarray:
        """What repeats each of some candidates would cost, beside all that is used already."""
        return np.asarray(self.added_of_shot(uses, cells) + self.added_of_twins(uses, cells))

    def added_of_shot(self, uses: Uses, cells: np.ndarray | slice) -> np.ndarray:
        """The part of it that comes from the archive shot itself."""
        count, before = uses.shots[self.shot[cells]], uses.rooms[self.shot[cells]]
        after = np.minimum(before, self.room[cells])
        now = self.costs.of_repeats(count, np.where(count > 0, before, 1))
        return np.asarray(self.costs.of_repeats(count + 1, after) - now)

    def added_of_twins(self, uses: Uses, cells: np.ndarray | slice) -> np.ndarray:
        """The part of it that comes from its duplicates."""
        return np.asarray(self.costs.twin * (uses.groups[self.group[cells]] - uses.shots[self.shot[cells]]))

    def released(self, choice: np.ndarray) -> np.ndarray:
        """D: what repeats would no longer cost if a decision, it alone, chose nothing."""
        found = np.zeros(len(choice))
        groups = self.group[choice]
        for number in np.flatnonzero(np.bincount(groups)[groups] > 1):
            found[number] = self.added(self.uses(np.delete(choice, number)), choice[number : number + 1])[0]
        return found

    def order_cost(self, choices: np.ndarray) -> np.ndarray:
        """N: what the order costs, in which films and looks follow each other. choices: N × D, or ABROAD."""
        cost = self.run_cost(choices)
        if self.costs.alike and self.jumps.any():
            shots = np.append(self.shot, ABROAD)[choices[:, self.decision_at]]
            cost += self.costs.alike * (self.look_alike(shots[:, :-1], shots[:, 1:]) & self.jumps).sum(axis=1)
        return cost

    def run_cost(self, choices: np.ndarray) -> np.ndarray:
        """The part of it that comes from films."""
        return self._runs(np.append(self.film, ABROAD)[choices[:, self.decision_at]])

    def _runs(self, films: np.ndarray) -> np.ndarray:
        """N: what the runs cost. films: N × places."""
        number = np.arange(films.shape[1])
        new = np.ones(films.shape, bool)
        new[:, 1:] = films[:, 1:] != films[:, :-1]
        begun = np.maximum.accumulate(np.where(new, number, 0), axis=1)
        steps = np.minimum(number - begun, len(RUN_STEPS) - 1)
        return np.asarray(self.costs.film * RUN_STEPS[steps].sum(axis=1))

    def runs_with(self, choice: np.ndarray, decision: int) -> np.ndarray:
        """What the runs cost with each candidate of a decision in its place."""
        places = np.flatnonzero(self.decision_at == decision)
        sides = np.concatenate([places - 1, places + 1])
        sides = sides[(sides >= 0) & (sides < len(self.decision_at))]
        # Only the films beside it make a difference: all others are as good as one that is used nowhere.
        beside = np.unique(self.film[choice[self.decision_at[sides]]])
        films = np.repeat(self.film[choice[self.decision_at]][None], len(beside) + 1, axis=0)
        films[:, places] = np.append(beside, ABROAD)[:, None]
        costs = self._runs(films)
        every = np.full(int(self.film.max()) + 1, costs[-1])
        every[beside] = costs[:-1]
        return np.asarray(every[self.film[self.of(decision)]])

    def jumps_with(self, choice: np.ndarray, decision: int) -> np.ndarray:
        """What it costs that each candidate of a decision looks like what is beside it."""
        shots = self.shot[self.of(decision)]
        found = np.zeros(len(shots))
        for place in np.flatnonzero(self.decision_at == decision):
            for side, cut in ((place - 1, place - 1), (place + 1, place)):
                if 0 <= side < len(self.decision_at) and self.jumps[cut] and self.decision_at[side] != decision:
                    found += self.look_alike(shots, self.shot[choice[self.decision_at[side]]])
        return np.asarray(self.costs.alike * found)

    def look_alike(self, shots: np.ndarray, others: np.ndarray) -> np.ndarray:
        """Whether shots look the same as others; ABROAD looks like nothing."""
        return np.asarray(((shots == others) & (shots >= 0)) | self.alike[self._look(shots), self._look(others)])

    def _look(self, shots: np.ndarray) -> np.ndarray:
        return np.asarray(np.append(self.look, 0)[shots])

    def worth(self, choice: np.ndarray, *, with_order: bool = True) -> tuple[float, float]:
        """Of two choices the better one has more: first what is broken of the limit (negative), then the score."""
        uses = self.uses(choice)
        excess = self.excess_cost * float(np.maximum(uses.films - self.limit, 0).sum())
        used = uses.shots > 0
        shots, groups = uses.shots[used], uses.groups
        repeats = float(self.costs.of_repeats(shots, uses.rooms[used]).sum())
        repeats += self.costs.twin * float((groups * (groups - 1) // 2).sum() - (shots * (shots - 1) // 2).sum())
        order = float(self.order_cost(choice[None])[0]) if with_order else 0.0
        return -excess, float(self.score[choice].sum()) - repeats - order


def task_of(candidates: Sequence[Sequence[Candidate]], echoes: Sequence[int], rules: Rules, looks: Looks) -> Task:
    """See `assignment.assign`."""
    decision_at = np.zeros(len(candidates), np.int64)
    shots: dict[int, int] = {}
    groups: dict[int, int] = {}
    films: dict[int, int] = {}
    spots: dict[tuple[int, int], int] = {}
    rows: list[tuple[int, ...]] = []
    scores: list[float] = []
    starts = [0]
    for number, members in enumerate(_decisions(candidates, echoes)):
        decision_at[members] = number
        for candidate in common(candidates, members):
            shot = shots.setdefault(candidate.shot, len(shots))
            group = groups.setdefault(candidate.twin, len(groups))
            film = films.setdefault(candidate.film, len(films))
            spot = spots.setdefault((group, film), len(spots))
            rows.append((number, candidate.shot, shot, group, film, spot, candidate.room))
            scores.append(candidate.worth)
        starts.append(len(rows))
    decision, number_of, shot_of, group_of, film_of, spot_of, room = np.array(rows, np.int64).T
    score = np.array(scores, np.float64)
    if rules.seed is not None:
        score += _noise(score, np.array(starts), rules.seed)
    order = np.lexsort((-score, spot_of, decision))
    keys, first = np.unique((decision * len(spots) + spot_of)[order], return_index=True)
    count, places = len(starts) - 1, len(candidates)
    costs = replace(rules.costs, repeat=0.0, twin=0.0, stretch=0.0) if rules.reuse else rules.costs
    look, alike = _look_table(shots, looks.alike)
    most = float(np.ptp(score)) * count + costs.repeat * count**2 / 2
    most += (costs.film * float(RUN_STEPS[-1]) + costs.alike) * places
    return Task(
        decision_at=decision_at,
        starts=np.array(starts),
        decision=decision,
        number=number_of,
        shot=shot_of,
        group=group_of,
        film=film_of,
        spot=spot_of,
        room=room,
        score=score,
        spot_keys=keys,
        spot_best=order[first],
        limit=count if rules.max_per_film is None else rules.max_per_film,
        costs=costs,
        look=look,
        alike=alike,
        jumps=np.array([place not in looks.continued for place in range(1, places)], bool),
        excess_cost=math.ceil(most) + 1.0,
    )


def _look_table(shots: dict[int, int], pairs: Iterable[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    """For each shot its row in a table of which look alike, and that table. Shots that look like none have row 0."""
    known = [(shots[one], shots[other]) for one, other in pairs if one in shots and other in shots]
    look = np.zeros(len(shots), np.int64)
    named = sorted({shot for pair in known for shot in pair})
    look[named] = np.arange(1, len(named) + 1)
    alike = np.zeros((len(named) + 1, len(named) + 1), bool)
    for one, other in known:
        alike[look[one], look[other]] = alike[look[other], look[one]] = True
    return look, alike


def _decisions(candidates: Sequence[Sequence[Candidate]], echoes: Sequence[int]) -> list[list[int]]:
    """The places of each decision. Echoes without a candidate in common are decisions of their own."""
    together: dict[int, list[int]] = defaultdict(list)
    for place, echo in enumerate(echoes):
        together[echo].append(place)
    decisions: list[list[int]] = []
    for members in together.values():
        if len(members) == 1 or common(candidates, members):
            decisions.append(members)
            continue
        # Without those that are fixed the others may still go together.
        free = [place for place in members if len(candidates[place]) > 1]
        together_still = len(free) > 1 and bool(common(candidates, free))
        decisions.extend([free] if together_still else [[place] for place in free])
        decisions.extend([place] for place in members if len(candidates[place]) == 1)
    return sorted(decisions)


def common(candidates: Sequence[Sequence[Candidate]], members: Sequence[int]) -> list[Candidate]:
    """The candidates that all members have, in the order of the first member, as good as on average.

    There is room for as many stretches as hold all members one after the other.
    """
    by_shot = [{candidate.shot: candidate for candidate in reversed(candidates[place])} for place in members]
    if len(members) == 1:
        return list(reversed(by_shot[0].values()))
    found = []
    for shot, candidate in reversed(by_shot[0].items()):
        if all(shot in others for others in by_shot):
            same = [others[shot] for others in by_shot]
            found.append(
                replace(
                    candidate,
                    score=sum(other.score for other in same) / len(same),
                    shortage=sum(other.shortage for other in same) / len(same),
                    room=max(1, min(other.room for other in same) // len(same)),
                )
            )
    return found


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
