"""What counts as an acceptable match: the lists of marks/answers.csv, and the arithmetic of edit.py.

A stretch of the archive is on a shot's list if at least half of it lies within stretches that were written down for
the shot. Stretches that overlap count once.
"""

from __future__ import annotations

import csv
import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

Verdict = Literal["keep", "accept", "none"]

_LEAST_SHARE = Fraction(1, 2)
FIRST_SUGGESTIONS = 10


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of an archive film, in seconds; half-open."""

    film: str
    """Its file name."""
    start: Fraction
    end: Fraction

    def __post_init__(self) -> None:
        if not 0 <= self.start < self.end:
            raise ValueError(f"a stretch ends after it starts, got {float(self.start):g} to {float(self.end):g}")


@dataclass(frozen=True, slots=True)
class MarkedShot:
    """A trailer shot, and the archive stretches that an editor would use for it."""

    trailer: str
    first_frame: int
    end_frame: int
    """The clear body of the shot; half-open."""
    keep: tuple[Stretch, ...] = ()
    accept: tuple[Stretch, ...] = ()

    @property
    def listed(self) -> bool:
        """Whether the archive has anything for it."""
        return bool(self.keep or self.accept)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a way of matching has for a trailer shot."""

    chosen: Stretch | None
    """None: it says that there is nothing."""
    suggestions: tuple[Stretch, ...]
    """Most similar first."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How good that is: each 0 or 1, or the probability of it. NaN: the shot says nothing about this."""

    on_list: float
    """The match is one to keep or accept."""
    keep: float
    """The match is one to keep."""
    among_first: float
    """One of the first ten suggestions is on the list."""
    nothing_right: float
    """Nothing was said, where the list is empty."""
    nothing_wrong: float
    """Nothing was said, where the list is not empty."""


def read_answers(path: Path) -> list[MarkedShot]:
    """The shots in the order of the table. Raises ValueError, with the line, for a table that contradicts itself."""
    stretches: dict[tuple[str, int, int], dict[Verdict, list[Stretch]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        for row in reader:
            try:
                shot = row["trailer"], int(row["first_frame"]), int(row["end_frame"])
                if not 0 <= shot[1] < shot[2]:
                    raise ValueError(f"a shot ends after it begins, got frames {shot[1]} to {shot[2]}")
                verdict, stretch = _answer(row)
                of_shot = stretches.setdefault(shot, {})
                if of_shot and ("none" in of_shot or verdict == "none"):
                    raise ValueError("a shot for which there is nothing has one row")
                of_shot.setdefault(verdict, []).extend([] if stretch is None else [stretch])
            except (ValueError, KeyError) as error:
                raise ValueError(f"{path}, line {reader.line_num}: {error}") from error
    return [
        MarkedShot(*shot, tuple(of_shot.get("keep", ())), tuple(of_shot.get("accept", ())))
        for shot, of_shot in stretches.items()
    ]


def _answer(row: dict[str, str]) -> tuple[Verdict, Stretch | None]:
    for verdict in get_args(Verdict):
        if row["verdict"] == verdict:
            break
    else:
        raise ValueError(f"a verdict is one of {', '.join(get_args(Verdict))}, got {row['verdict']!r}")
    if verdict == "none":
        if row["archive_film"]:
            raise ValueError(f"where there is nothing there is no film, got {row['archive_film']!r}")
        return verdict, None
    if not row["archive_film"]:
        raise ValueError(f"a film is missing where the verdict is {verdict!r}")
    return verdict, Stretch(row["archive_film"], Fraction(row["start_seconds"]), Fraction(row["end_seconds"]))


def is_within(used: Stretch, listed: Iterable[Stretch]) -> bool:
    """Whether at least half of a stretch lies within the others.

    >>> film = [Stretch("a", Fraction(0), Fraction(2)), Stretch("a", Fraction(1), Fraction(3))]
    >>> is_within(Stretch("a", Fraction(2), Fraction(4)), film), is_within(Stretch("b", Fraction(0), Fraction(2)), film)
    (True, False)
    """
    covered, reached = Fraction(0), used.start
    for one in sorted((one for one in listed if one.film == used.film), key=lambda one: one.start):
        begin, end = max(one.start, reached), min(one.end, used.end)
        if end > begin:
            covered += end - begin
            reached = end
    return covered >= (used.end - used.start) * _LEAST_SHARE


def score(shot: MarkedShot, shown: Shown) -> Outcome:
    """How good what is shown for a shot is."""
    said = float(shown.chosen is None)
    if not shot.listed:
        return Outcome(math.nan, math.nan, math.nan, said, math.nan)
    either = shot.keep + shot.accept
    return Outcome(
        on_list=float(shown.chosen is not None and is_within(shown.chosen, either)),
        keep=float(shown.chosen is not None and is_within(shown.chosen, shot.keep)),
        among_first=float(any(is_within(one, either) for one in shown.suggestions[:FIRST_SUGGESTIONS])),
        nothing_right=math.nan,
        nothing_wrong=said,
    )


def score_of_chance(shot: MarkedShot, all_stretches: Sequence[Stretch]) -> Outcome:
    """What is to be expected of archive shots that are drawn without looking, ten of them different."""
    if not shot.listed:
        return Outcome(math.nan, math.nan, math.nan, 0.0, math.nan)
    count = len(all_stretches)
    good = sum(is_within(one, shot.keep + shot.accept) for one in all_stretches)
    kept = sum(is_within(one, shot.keep) for one in all_stretches)
    drawn = min(FIRST_SUGGESTIONS, count)
    missed = math.comb(count - good, drawn) / math.comb(count, drawn)
    return Outcome(good / count, kept / count, 1 - missed, math.nan, 0.0)


def mean_outcome(outcomes: Sequence[Outcome]) -> Outcome:
    """The mean of each figure over the shots that say something about it; NaN if none does."""
    means = []
    for field in fields(Outcome):
        values = [value for one in outcomes if not math.isnan(value := getattr(one, field.name))]
        means.append(statistics.fmean(values) if values else math.nan)
    return Outcome(*means)


def covering(first: int, end: int, spans: Sequence[tuple[int, int]]) -> int:
    """The number of the span that holds most of the frames from first to end; the earliest of equals.

    >>> covering(10, 20, [(0, 12), (12, 18), (18, 30)])
    1
    """
    held = [min(span_end, end) - max(span_first, first) for span_first, span_end in spans]
    return max(range(len(held)), key=lambda number: (held[number], -number))


def middle(film: str, start: Fraction, end: Fraction, seconds: Fraction) -> Stretch:
    """The middle of a part of a film, of at most that many seconds."""
    lasts = min(end - start, seconds)
    begin = start + (end - start - lasts) / 2
    return Stretch(film, begin, begin + lasts)
