"""Groups: the shots of a library go in, those that are alike come out together, and those that are like none apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from reinterpret.cues import PRESETS
from reinterpret.cues.reasons import common, reason
from reinterpret.errors import LibraryError, UsageError
from reinterpret.neighbours import Hit, Neighbours

# Each shot is seen together with so many that are nearest to it (Turcot and Lowe 2009 do so with pictures of one
# place), but with no more than this part of all. On benchmarks/groups.py that gives 0.02 of mutual information.
_SEEN_WITH, _SEEN_WITH_PART = 8, 10
# An overview of more groups than this times the root of the number of shots is none.
_MOST_GROUPS = 3.0
# So many shots are compared each with each (half a GB); of larger libraries so many, and the others join them.
_COMPARED = 8000
# Of a dendrogram it is looked at so many cuts.
_CUTS = 120
# Distances that differ by less are the same: shots that are identical come together or not at all.
_SAME_DISTANCE = 1e-5
# A silhouette below this is none: the shot is hardly nearer to its group than to another, and belongs to neither.
_CLEARLY = 0.05
# Where nothing else tells whether a group is one, two of its shots have at least this in common.
_ALIKE = 0.5
# What the members of a group share is looked for among so many that are nearest to its middle.
_ASKED = 40


@dataclass(frozen=True, slots=True)
class Group:
    """Shots that are alike, at least two."""

    members: tuple[Hit, ...]
    """The most typical first; the score is that with the middle of the group."""
    cohesion: float
    """The mean score of any two of them."""

    def __post_init__(self) -> None:
        if len(self.members) < 2:
            raise ValueError(f"a group has two shots or more, got {len(self.members)}")


@dataclass(frozen=True, slots=True)
class Grouping:
    """Every shot that can be suggested, in exactly one place."""

    groups: tuple[Group, ...]
    """The largest first."""
    leftovers: tuple[Hit, ...]
    """Shots that belong nowhere, in the order of the library; the score: with the middle of the nearest group."""

    def __len__(self) -> int:
        return sum(len(group.members) for group in self.groups) + len(self.leftovers)


def group(
    neighbours: Neighbours, count: int | Literal["auto"] = "auto", *, weights: Mapping[str, float] | None = None
) -> Grouping:
    """The shots of a library in groups that are alike; the same library always gives the same groups.

    count: how many groups; fewer where there are not so many. weights: of the cues, `balanced` by default. Raises
    UsageError, LibraryError.
    """
    if count != "auto" and count < 1:
        raise UsageError(f"expected a number of groups from 1, or auto, got {count}")
    shots = neighbours.suggested()
    if not shots:
        raise LibraryError("the library has no shots to group; index some films first")
    vectors = neighbours.vectors(shots, weights=weights or PRESETS["balanced"])
    numbers = partition(vectors, count)
    middles, found = [], []
    for number in range(int(numbers.max()) + 1):
        rows = np.flatnonzero(numbers == number)
        total = vectors[rows].sum(axis=0, dtype=np.float64)
        middles.append(total / np.linalg.norm(total))
        scores = vectors[rows] @ middles[-1]
        order = np.argsort(-scores.round(6), kind="stable")
        members = tuple(_scored(shots[rows[place]], scores[place]) for place in order)
        found.append(Group(members, float((total @ total - len(rows)) / (len(rows) * (len(rows) - 1)))))
    left = np.flatnonzero(numbers < 0)
    nearest = (vectors[left] @ np.stack(middles).T).max(axis=1) if middles else np.zeros(len(left))
    leftovers = tuple(_scored(shots[row], score) for row, score in zip(left, nearest, strict=True))
    return Grouping(tuple(sorted(found, key=lambda one: -len(one.members))), leftovers)


def shared_in(neighbours: Neighbours, group: Group, *, weights: Mapping[str, float] | None = None) -> str:
    """What the members of a group share, such as `same movement: pan left`; empty if nothing stands out."""
    typical, *others = group.members[: _ASKED + 1]
    query = neighbours.query_of_shot(typical.film, typical.shot)
    scores = common([neighbours.explain(query, other) for other in others])
    return reason(scores, weights or PRESETS["balanced"])


def partition(vectors: np.ndarray, count: int | Literal["auto"] = "auto") -> np.ndarray:
    """For each of N unit vectors the number of its group, from 0, or -1 for those that belong nowhere: N int.

    Groups come together by the mean cosine of their members (average linkage), and the tree is cut where members are
    nearest to their own group and farthest from the next (Rousseeuw's silhouette); `count` leaves fewer cuts to choose
    from.
    """
    if len(vectors) > _COMPARED:
        drawn = np.linspace(0, len(vectors) - 1, _COMPARED).round().astype(int)
        return _joined(vectors, drawn, partition(vectors[drawn], count))
    if len(vectors) < 2:
        return np.full(len(vectors), -1)
    from scipy.cluster.hierarchy import fcluster, linkage

    seen = _with_neighbours(vectors)
    tree = linkage(_distances(seen), "average")
    heights = tree[:, 2]
    best, numbers = -np.inf, np.full(len(vectors), -1)
    for merges in _cuts(tree, count):
        cut = _proper(fcluster(tree, heights[merges - 1], "distance"))
        value = silhouettes(seen, cut).mean()
        if value >= best:
            best, numbers = value, cut
    return _without_stragglers(seen, numbers)


def silhouettes(vectors: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """How much nearer every shot is to its own group than to the next, from -1 to 1: N. 0 for leftovers (-1).

    0 for all where there are fewer than two groups. vectors: N x D, unit rows.
    """
    values = np.zeros(len(vectors))
    count = int(numbers.max()) + 1
    if count < 2:
        return values
    inside = np.flatnonzero(numbers >= 0)
    own = numbers[inside]
    sizes = np.bincount(own)
    sums = np.zeros((count, vectors.shape[1]), vectors.dtype)
    np.add.at(sums, own, vectors[inside])
    likeness = vectors[inside] @ sums.T
    rows = np.arange(len(inside))
    near = 1 - (likeness[rows, own] - 1) / (sizes[own] - 1)
    likeness /= sizes
    likeness[rows, own] = -np.inf
    far = 1 - likeness.max(axis=1)
    values[inside] = (far - near) / np.maximum(np.maximum(far, near), 1e-9)
    return values


def _without_stragglers(vectors: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The groups without members that hardly belong to them, as long as two are left."""
    if numbers.max() < 1:
        return numbers
    clear = silhouettes(vectors, numbers) >= _CLEARLY
    kept = np.bincount(numbers[clear & (numbers >= 0)], minlength=int(numbers.max()) + 1)
    # Behind the groups stands a place for leftovers, which -1 reaches.
    return np.where(clear | (np.append(kept, 0)[numbers] < 2), numbers, -1)


def _with_neighbours(vectors: np.ndarray) -> np.ndarray:
    """Every vector beside those nearest to it, by how near they are: what chance made of one shot counts less."""
    count = min(_SEEN_WITH, len(vectors) // _SEEN_WITH_PART)
    if count == 0:
        return vectors
    seen = np.empty_like(vectors)
    for start in range(0, len(vectors), 1000):
        likeness = vectors[start : start + 1000] @ vectors.T
        rows = np.arange(len(likeness))
        likeness[rows, start + rows] = -np.inf
        nearest = np.argsort(-likeness, axis=1, kind="stable")[:, :count]
        weights = np.maximum(np.take_along_axis(likeness, nearest, axis=1), 0)
        seen[start : start + 1000] = vectors[start : start + 1000] + np.einsum("nk,nkd->nd", weights, vectors[nearest])
    return np.asarray(seen / np.linalg.norm(seen, axis=1, keepdims=True))


def _distances(vectors: np.ndarray) -> np.ndarray:
    """One less the cosine of all pairs, as scipy wants them: row by row, each pair once."""
    count = len(vectors)
    distances = np.empty(count * (count - 1) // 2)
    end = 0
    for row in range(count - 1):
        start, end = end, end + count - 1 - row
        distances[start:end] = 1 - vectors[row + 1 :] @ vectors[row]
    return np.maximum(distances, 0)


def _cuts(tree: np.ndarray, count: int | Literal["auto"]) -> np.ndarray:
    """After how many merges of the tree it may be cut, ascending. Never between shots that are equally near."""
    shots = len(tree) + 1
    both_alone, none_alone = (tree[:, :2] < shots).all(axis=1), (tree[:, :2] >= shots).all(axis=1)
    groups = np.cumsum(both_alone.astype(int) - none_alone)
    apart = np.append(np.diff(tree[:, 2]) > _SAME_DISTANCE, True)
    if count == "auto":
        found = np.flatnonzero(apart & (groups >= 2) & (groups <= max(2.0, _MOST_GROUPS * np.sqrt(shots))))
        if len(found) == 0:
            # One group at most, which nothing can be compared with.
            found = np.flatnonzero(apart & (tree[:, 2] <= 1 - _ALIKE))[-1:]
    else:
        nearest = groups[apart & (groups <= count)].max()
        found = np.flatnonzero(apart & (groups == nearest))
    if len(found) > _CUTS:
        # The number of parts, not that of merges, makes the difference.
        parts = np.geomspace(shots - found[-1], shots - found[0], _CUTS)
        found = found[np.unique(np.searchsorted(found, shots - parts).clip(0, len(found) - 1))]
    return np.asarray(found + 1)


def _proper(parts: np.ndarray) -> np.ndarray:
    """Parts of two and more, numbered from 0 in the order of their first shots; -1 for the others."""
    _, first, part, size = np.unique(parts, return_index=True, return_inverse=True, return_counts=True)
    kept = [number for number in np.argsort(first) if size[number] > 1]
    numbers = np.full(len(size), -1)
    numbers[kept] = np.arange(len(kept))
    return np.asarray(numbers[part])


def _joined(vectors: np.ndarray, drawn: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """The groups of those that were drawn, and the others in the group that they resemble most.

    They belong nowhere if they are not half as like its members as those are to each other.
    """
    everywhere = np.full(len(vectors), -1)
    everywhere[drawn] = numbers
    count = int(numbers.max()) + 1
    if count == 0:
        return everywhere
    sizes = np.bincount(numbers[numbers >= 0])
    sums = np.stack([vectors[drawn[numbers == number]].sum(axis=0) for number in range(count)])
    cohesion = (np.einsum("kd,kd->k", sums, sums) - sizes) / (sizes * (sizes - 1))
    others = np.setdiff1d(np.arange(len(vectors)), drawn)
    likeness = vectors[others] @ (sums / sizes[:, None]).T
    nearest = likeness.argmax(axis=1)
    near = likeness[np.arange(len(others)), nearest] >= cohesion[nearest] / 2
    everywhere[others[near]] = nearest[near]
    return everywhere


def _scored(shot: Hit, score: float) -> Hit:
    return Hit(shot.film, shot.shot, float(np.clip(score, -1, 1)))
