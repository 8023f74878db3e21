"""What counts as found: rankings go in, figures come out. See README.md, "Likeness"."""

from __future__ import annotations

import math
import statistics
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any


def recall_at(
    k: int,
    rankings: Sequence[Sequence[Hashable]],
    wanted: Sequence[Hashable],
    alike: Mapping[Any, Hashable] = MappingProxyType({}),
) -> float:
    """How many of the queries find what they want among their first `k`; nan without queries.

    alike: for some, one that stands for all that are the same; finding any of them counts.

    >>> recall_at(1, ["ab", "ab"], ["a", "b"]), recall_at(2, ["ab", "ab"], ["a", "b"])
    (0.5, 1.0)
    >>> recall_at(1, ["ab", "ca"], ["b", "b"], {"a": "b"})
    0.5
    """
    if not wanted:
        return math.nan
    found = sum(
        alike.get(one, one) in [alike.get(other, other) for other in ranking[:k]]
        for ranking, one in zip(rankings, wanted, strict=True)
    )
    return found / len(wanted)


def precision_at(k: int, right: Sequence[bool]) -> float:
    """The share of the first `k` that are right; fewer than `k` are as good as wrong ones.

    >>> precision_at(4, [True, False, True])
    0.5
    """
    return sum(right[:k]) / k


def average_precision(right: Sequence[bool], total: int) -> float:
    """The mean, over all `total` right ones, of the precision down to each; 0 for those that are never reached.

    >>> average_precision([True, False, True], 2)
    0.8333333333333333
    """
    found, precisions = 0, 0.0
    for place, one in enumerate(right, start=1):
        if one:
            found += 1
            precisions += found / place
    return precisions / total if total else math.nan


@dataclass(frozen=True)
class Labelled:
    """A shot of which is known what it shows."""

    film: str
    kind: str


OTHER = "other"
"""The kind of those that are like nothing: never a query, never right."""


@dataclass(frozen=True)
class KindScore:
    """Mean average precision: over the queries, over the kinds, and over the queries without their own film."""

    by_rows: float
    by_kinds: float
    other_films: float
    kinds: dict[str, float]


def score_kinds(shots: Sequence[Labelled], rankings: Sequence[Sequence[int]]) -> KindScore:
    """rankings: for every shot the numbers of the others, best first; some may be missing, itself is passed over."""
    by_kind: dict[str, list[float]] = {}
    elsewhere: list[float] = []
    for number, (shot, ranking) in enumerate(zip(shots, rankings, strict=True)):
        if shot.kind == OTHER:
            continue
        like = {other for other, one in enumerate(shots) if one.kind == shot.kind and other != number}
        order = [other for other in ranking if other != number]
        if like:
            found = average_precision([other in like for other in order], len(like))
            by_kind.setdefault(shot.kind, []).append(found)
        like = {other for other in like if shots[other].film != shot.film}
        if like:
            order = [other for other in order if shots[other].film != shot.film]
            elsewhere.append(average_precision([other in like for other in order], len(like)))
    kinds = {kind: statistics.fmean(values) for kind, values in sorted(by_kind.items())}
    rows = [value for values in by_kind.values() for value in values]
    return KindScore(_mean(rows), _mean(list(kinds.values())), _mean(elsewhere), kinds)


@dataclass(frozen=True)
class Moved:
    """A clip of which is known how its camera moves."""

    source: str
    """What it was made from."""
    move: str


def score_moves(
    clips: Sequence[Moved], rankings: Sequence[Sequence[int]], *, k: int = 5, never: str = "still"
) -> dict[str, tuple[float, float]]:
    """For every movement but `never`: the precision of the first `k`, and without clips of the same source."""
    found: dict[str, list[tuple[float, float]]] = {}
    for number, (clip, ranking) in enumerate(zip(clips, rankings, strict=True)):
        if clip.move == never:
            continue
        order = [other for other in ranking if other != number]
        apart = [other for other in order if clips[other].source != clip.source]
        both = [precision_at(k, [clips[other].move == clip.move for other in one]) for one in (order, apart)]
        found.setdefault(clip.move, []).append((both[0], both[1]))
    return {
        move: (statistics.fmean(a for a, _ in values), statistics.fmean(b for _, b in values))
        for move, values in found.items()
    }


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else math.nan
