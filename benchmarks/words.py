"""How well words find shots: the precision of the first five for each of the ten words, and what they were read as.

    python benchmarks/words.py
    python benchmarks/words.py -L LIB        # another library of the archive, such as one of an open_clip network

The ten words and the kinds that they should find were written down before any retrieval was run (marks/words.csv and
marks/kinds.csv). Shots are cut by the marks, not by a detector. Beside them stands how well the words find that each
shot was described with, by hand, in kinds.csv: by these the way of reading was chosen, and not by the ten.
"""

from __future__ import annotations

import argparse
import csv
import statistics
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from edited_films import ARCHIVE, default_work
from likeness import KINDS, ROOT, labelled, write_cut_lists
from likeness_scores import average_precision, precision_at
from likeness_ways import Shelf, Target, Work

from reinterpret.library import Library
from reinterpret.queries import search
from reinterpret.shots import Detection
from reinterpret.words import text_query

WORDS = ROOT / "benchmarks" / "marks" / "words.csv"
K, FEWEST, TARGET = 5, 5, 0.7


@dataclass(frozen=True)
class Asked:
    """A word, how it was read, and how many of the first five shots are of its kind; None if there are too few."""

    word: str
    precision: float | None
    read_as: str


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=default_work(), help="where libraries are kept")
    parser.add_argument("--library", "-L", type=Path, default=None)
    parser.add_argument("--jobs", type=int, default=None, help="films indexed at the same time")
    options = parser.parse_args()
    if options.library is None:
        work = Work(options.work, 1, Fraction(3), options.jobs)
        archive = work.shelf("archive", [ARCHIVE], Detection(cuts=write_cut_lists(work.clips / "cuts")))
    else:
        archive = Shelf(Library.open(options.library))
    queries, labels, left_out = labelled(archive)
    kinds = {query.target: label.kind for query, label in zip(queries, labels, strict=True)}
    with WORDS.open(encoding="utf-8", newline="") as table:
        words = {row["word"]: row["kinds"] for row in csv.DictReader(table)}
    asked = ask(words, kinds, archive)
    print(table_of(asked))
    stand_for = described([query.target for query in queries], frozenset(left_out), without=words.keys())
    print(f"mean average precision of {len(stand_for)} other words: {mean_average_precision(stand_for, archive):.3f}")


def ask(words: Mapping[str, str], kinds: Mapping[Target, str], archive: Shelf) -> list[Asked]:
    """words: the kind that each should find. kinds: of the shots."""
    asked = []
    for word, kind in words.items():
        found = text_query(word, archive.library, archive.neighbours)
        hits = search(archive.neighbours, found.query, k=K)
        right = [kinds.get((hit.film, hit.shot)) == kind for hit in hits]
        enough = list(kinds.values()).count(kind) >= FEWEST
        read_as = ", ".join(f"{entry.name} {entry.share:.0%}" for entry in found.read_as[:3])
        asked.append(Asked(word, precision_at(K, right) if enough else None, read_as))
    return asked


def table_of(asked: Sequence[Asked]) -> str:
    """A word a line, and the mean below."""
    lines = ["| word | precision of the first 5 | read as |", "|---|---|---|"]
    for one in asked:
        lines.append(f"| {one.word} | {'-' if one.precision is None else f'{one.precision:.1f}'} | {one.read_as} |")
    mean = statistics.fmean(one.precision for one in asked if one.precision is not None)
    return "\n".join([*lines, f"| **mean** | **{mean:.2f}** | to reach: {TARGET} |"])


def described(
    targets: Sequence[Target], left_out: frozenset[str], *, without: Collection[str], table: Path = KINDS
) -> dict[str, set[Target]]:
    """The words by which kinds.csv describes shots, and the shots that each stands for.

    targets: the shots, in the order of the table. left_out: rows of it that have none, as `labelled` names them.
    """
    with table.open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if f"{row['film']} {row['start_frame']}-{row['end_frame']}" not in left_out
        ]
    found: dict[str, set[Target]] = defaultdict(set)
    for row, target in zip(rows, targets, strict=True):
        for word in row["words"].split(";"):
            if word not in without:
                found[word].add(target)
    return dict(found)


def mean_average_precision(stand_for: Mapping[str, set[Target]], archive: Shelf) -> float:
    """Over the words, of the shots that they stand for."""
    precisions = []
    for word, targets in stand_for.items():
        query = text_query(word, archive.library, archive.neighbours).query
        hits = search(archive.neighbours, query, k=len(archive.neighbours))
        precisions.append(average_precision([(hit.film, hit.shot) in targets for hit in hits], len(targets)))
    return statistics.fmean(precisions)


if __name__ == "__main__":
    main()
