"""How well groups are those that people see, and how near alike shots lie on the map: one table.

    python benchmarks/groups.py                   # indexes the archive first, some minutes on two cores
    python benchmarks/groups.py --work /tmp/work  # where libraries are kept; those of likeness.py are used again

Groups are compared with the kinds of marks/kinds.csv by normalised mutual information (divided by the mean of both
entropies) and by the adjusted Rand index, which does not grow with the number of groups as the former does. Shots of
the kind `other`, which are like nothing, do not count; they are grouped with all others. Leftovers count twice: as
groups of one, and as members of the group they are nearest to. What it is compared with: k-means on what a shot was to
the library before there were cues, the mean of its frames' features, with as many groups as there are kinds, and with
as many as were found; twenty seeds.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from edited_films import ARCHIVE, default_work
from likeness import labelled, write_cut_lists
from likeness_scores import OTHER
from likeness_ways import Shelf, Work, mean_features

from reinterpret.cues import PRESETS
from reinterpret.groups import Grouping, group
from reinterpret.neighbours import Hit
from reinterpret.raster import arrange, arrange_by_plane, neighbour_likeness, raster_columns
from reinterpret.shots import Detection

_SEEDS = 20
_WANTED_AHEAD = 0.1


def mutual_information(groups: Sequence[Hashable], kinds: Sequence[Hashable]) -> float:
    """Normalised by the mean of both entropies: 0 where groups say nothing of the kinds, 1 where they are the same.

    >>> mutual_information("aabb", "xxyy"), mutual_information("aabb", "xyxy")
    (1.0, 0.0)
    """
    one, other, both = (_entropy(values) for values in (groups, kinds, list(zip(groups, kinds, strict=True))))
    mean = (one + other) / 2
    return (one + other - both) / mean if mean > 0 else 1.0


def adjusted_rand(groups: Sequence[Hashable], kinds: Sequence[Hashable]) -> float:
    """How many pairs both put together or both apart: 0 by chance, 1 where they are the same.

    >>> adjusted_rand("aabb", "xxyy"), round(adjusted_rand("aabb", "xyxy"), 6)
    (1.0, -0.5)
    """
    one, other, both = (_pairs(values) for values in (groups, kinds, list(zip(groups, kinds, strict=True))))
    chance = one * other / math.comb(len(groups), 2)
    most = (one + other) / 2
    return (both - chance) / (most - chance) if most != chance else 1.0


def _entropy(values: Sequence[Hashable]) -> float:
    return -sum(count / len(values) * math.log(count / len(values)) for count in Counter(values).values())


def _pairs(values: Sequence[Hashable]) -> int:
    return sum(math.comb(count, 2) for count in Counter(values).values())


def k_means(vectors: np.ndarray, count: int, seed: int) -> list[int]:
    """The group of every row of unit length, by spherical k-means from rows drawn by the seed."""
    import faiss

    means = faiss.Kmeans(vectors.shape[1], count, niter=50, spherical=True, seed=seed, min_points_per_centroid=1)
    rows = np.ascontiguousarray(vectors, np.float32)
    means.train(rows)
    return [int(number) for number in (rows @ np.asarray(means.centroids).T).argmax(axis=1)]


@dataclass(frozen=True)
class Score:
    """How like the kinds one grouping is."""

    name: str
    groups: float
    leftovers: float
    information: float
    rand: float


@dataclass(frozen=True)
class Labels:
    """The shots of a library that can be suggested, and what is known of some."""

    shots: list[Hit]
    kinds: dict[tuple[str, int], str]

    def score(self, name: str, numbers: Sequence[int], *, groups: float, leftovers: float = 0) -> Score:
        """numbers: the group of every shot."""
        told = [
            (number, kind)
            for number, shot in zip(numbers, self.shots, strict=True)
            if (kind := self.kinds.get((shot.film, shot.shot), OTHER)) != OTHER
        ]
        one, other = [number for number, _ in told], [kind for _, kind in told]
        return Score(name, groups, leftovers, mutual_information(one, other), adjusted_rand(one, other))

    def mean(self, name: str, make: Callable[[int], list[int]], count: int) -> Score:
        """Of twenty seeds."""
        scores = [self.score(name, make(seed), groups=count) for seed in range(1, _SEEDS + 1)]
        return Score(
            name,
            count,
            0,
            statistics.fmean(score.information for score in scores),
            statistics.fmean(score.rand for score in scores),
        )


def numbers_of(grouping: Grouping, shots: Sequence[Hit], vectors: np.ndarray, *, joined: bool) -> list[int]:
    """The group of every shot; leftovers are groups of one, or `joined` to the group with the nearest middle."""
    rows = {(shot.film, shot.shot): row for row, shot in enumerate(shots)}
    numbers = [-1] * len(shots)
    middles = []
    for number, one in enumerate(grouping.groups):
        members = [rows[hit.film, hit.shot] for hit in one.members]
        for row in members:
            numbers[row] = number
        middle = vectors[members].sum(axis=0)
        middles.append(middle / np.linalg.norm(middle))
    for place, hit in enumerate(grouping.leftovers):
        row = rows[hit.film, hit.shot]
        nearest = int((np.stack(middles) @ vectors[row]).argmax()) if joined and middles else len(middles) + place
        numbers[row] = nearest
    return numbers


def measure_groups(archive: Shelf) -> list[Score]:
    """`--clusters auto` with several weights, `--clusters N`, and what both are compared with."""
    neighbours = archive.neighbours
    queries, told, _ = labelled(archive)
    kinds = {query.target: label.kind for query, label in zip(queries, told, strict=True)}
    labels = Labels(neighbours.suggested(), kinds)
    true_count = len({kind for kind in kinds.values() if kind != OTHER})
    plain = np.stack([mean_features(archive.film(shot.film))[shot.shot] for shot in labels.shots])
    scores, found = [], group(neighbours)
    for name, weights, count in (
        ("auto, balanced", PRESETS["balanced"], "auto"),
        ("auto, content", PRESETS["content"], "auto"),
        (f"{true_count} groups, balanced", PRESETS["balanced"], true_count),
    ):
        grouping = group(neighbours, count, weights=weights)  # type: ignore[arg-type]
        vectors = neighbours.vectors(labels.shots, weights=weights)
        sizes = {"groups": len(grouping.groups), "leftovers": len(grouping.leftovers)}
        for joined, words in ((False, ""), (True, ", leftovers joined")):
            numbers = numbers_of(grouping, labels.shots, vectors, joined=joined)
            scores.append(labels.score(name + words, numbers, **sizes))
    vectors = neighbours.vectors(labels.shots, weights=PRESETS["balanced"])
    whole = len(found.groups)
    for count in dict.fromkeys((true_count, whole, whole + len(found.leftovers))):
        scores.append(labels.mean(f"k-means, plain, {count}", lambda seed, k=count: k_means(plain, k, seed), count))  # type: ignore[misc]
    scores.append(
        labels.mean(f"k-means, balanced, {true_count}", lambda seed: k_means(vectors, true_count, seed), true_count)
    )
    return scores


def measure_map(archive: Shelf) -> dict[str, float]:
    """The mean cosine of neighbours on the map, and on rasters that are made otherwise."""
    neighbours = archive.neighbours
    vectors = neighbours.vectors(neighbours.suggested(), weights=PRESETS["balanced"])
    columns = raster_columns(len(vectors))
    random = [np.random.default_rng(seed).permutation(len(vectors)) for seed in range(_SEEDS)]
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -1)
    return {
        "at random": statistics.fmean(neighbour_likeness(vectors, places, columns) for places in random),
        "two directions": neighbour_likeness(vectors, arrange_by_plane(vectors, columns), columns),
        "map": neighbour_likeness(vectors, arrange(vectors, columns), columns),
        # Beyond reach: every shot beside the four that are nearest to it.
        "four nearest": float(np.sort(likeness, axis=1)[:, -4:].mean()),
    }


def report(scores: Sequence[Score], on_map: dict[str, float]) -> str:
    """The table, and what was promised."""
    lines = [f"{'':<36}{'groups':>8}{'left':>6}{'NMI':>8}{'Rand':>8}"]
    lines += [f"{s.name:<36}{s.groups:>8g}{s.leftovers:>6g}{s.information:>8.3f}{s.rand:>8.3f}" for s in scores]
    baseline = next(score for score in scores if score.name.startswith("k-means, plain"))
    lines.append("")
    for score in scores[:2]:
        ahead = score.information - baseline.information
        kept = "kept" if ahead >= _WANTED_AHEAD else "MISSED"
        lines.append(f"{score.name:<32} above {baseline.name}: {ahead:.3f}, >= {_WANTED_AHEAD:g}  {kept}")
    lines += ["", "mean cosine of neighbours in a raster: " + ", ".join(f"{k} {v:.3f}" for k, v in on_map.items())]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=default_work(), help="where libraries are kept")
    parser.add_argument("--jobs", type=int, default=None, help="films indexed at the same time")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    work = Work(options.work, 1, Fraction(3), options.jobs)
    archive = work.shelf("archive", [ARCHIVE], Detection(cuts=write_cut_lists(work.clips / "cuts")))
    scores, on_map = measure_groups(archive), measure_map(archive)
    print(report(scores, on_map))
    if options.json:
        values: dict[str, Any] = {"groups": [asdict(score) for score in scores], "map": on_map}
        options.json.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
