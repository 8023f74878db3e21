"""How good found boundaries are: true marks and found boundaries of a film go in, counts come out.

Precision, recall and F1 at a tolerance of 0, 1 and 2 frames, for hard cuts, for gradual transitions and for both.

**What is a hit.** A transition with the frames [s, e) stands between shots at any position from s to e; a cut has the
one position s = e, the first frame of the new shot.

- A true cut at f is hit by a found cut at p if |p - f| <= tolerance; and by a found gradual transition [s, e) if
  s - tolerance <= f <= e + tolerance and it is at most `SHORT_GRADUAL_FRAMES` long: a cut smeared over a blended frame
  or two is no dissolve, and detectors that mark frames rather than positions cannot say less (TransNetV2 counts the
  overlap of such ranges, soCzech/TransNetV2 training/metrics_utils.py; so does ClipShots, tools/evaluate.py). A longer
  one is no finding of a cut.
- A true gradual transition is hit by any boundary, cut or gradual, that has a position in common with it, widened by
  the tolerance. PySceneDetect scores it so (Breakthrough/PySceneDetect benchmark/evaluator.py, after TRECVID: a point
  inside the interval), and it is fair to detectors that know only cuts.

**One to one.** Every mark is hit by one boundary at most and every boundary hits one mark at most: as many pairs as
there can be, then the nearest, then those of the same kind (scipy's linear_sum_assignment; TransNetV2 walks through
both lists, PySceneDetect takes the nearest pair first: neither is best where cuts are close together). A second
boundary in one dissolve is a false alarm.

**Rows.** In the row `cuts` stand the true cuts; a found cut that hits nothing is its false alarm, and one that hits a
gradual transition is neither right nor wrong there. The row `gradual` is its mirror. `all` is the sum of both, so that
every boundary counts once. A boundary that hits nothing but touches an `ambiguous` range, widened by the tolerance, is
not counted.

**Ends** are the distances of the first and of the end frame of gradual transitions that were found as such, and
**kinds** the hits that were called what they are; both at the largest tolerance.

The share 0/0 is not a number: a film without a boundary has no recall.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from annotations import Mark
from scipy.optimize import linear_sum_assignment

from reinterpret.shots.shot import Boundary

TOLERANCES = (0, 1, 2)
SHORT_GRADUAL_FRAMES = 5
"""TRECVID took shorter gradual transitions for cuts too, so it is told; its papers could not be looked up."""
# Sooner or later an error is told apart from a hit; within one film no distance reaches this.
_FAR = 1e6
_OTHER_KIND = 0.25  # less than a frame: of two boundaries equally near, the one of the same kind


@dataclass(frozen=True)
class Counts:
    """Hits, misses and false alarms; they add up."""

    hits: int = 0
    misses: int = 0
    false_alarms: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.hits + other.hits, self.misses + other.misses, self.false_alarms + other.false_alarms)

    @property
    def precision(self) -> float:
        """The share of found boundaries that are right."""
        return _share(self.hits, self.hits + self.false_alarms)

    @property
    def recall(self) -> float:
        """The share of true transitions that are found."""
        return _share(self.hits, self.hits + self.misses)

    @property
    def f1(self) -> float:
        """Their harmonic mean."""
        return _share(2 * self.hits, 2 * self.hits + self.misses + self.false_alarms)


@dataclass(frozen=True)
class Score:
    """What one detector did on one film, or on several together; a count for each of `TOLERANCES`."""

    cuts: tuple[Counts, ...]
    gradual: tuple[Counts, ...]
    start_errors: tuple[int, ...] = ()
    end_errors: tuple[int, ...] = ()
    """Frames, of gradual transitions found as such."""
    kinds_right: int = 0
    kinds_known: int = 0
    missed: tuple[Mark, ...] = ()
    false_alarms: tuple[Boundary, ...] = ()
    """At the largest tolerance; empty where films are pooled."""

    @property
    def all(self) -> tuple[Counts, ...]:
        """Cuts and gradual transitions together."""
        return tuple(a + b for a, b in zip(self.cuts, self.gradual, strict=True))

    @property
    def start_error(self) -> float:
        """The median distance of the first frame; not a number if no gradual transition was found as such."""
        return statistics.median(self.start_errors) if self.start_errors else math.nan

    @property
    def end_error(self) -> float:
        """The median distance of the end frame."""
        return statistics.median(self.end_errors) if self.end_errors else math.nan

    @property
    def kinds(self) -> float:
        """The share of hits that were called what they are."""
        return _share(self.kinds_right, self.kinds_known)


def score(marks: Iterable[Mark], found: Iterable[Boundary]) -> Score:
    """Compare the boundaries found in one film with its marks. Both in any order."""
    true = [mark for mark in sorted(marks) if mark.transition != "ambiguous"]
    ambiguous = [mark for mark in marks if mark.transition == "ambiguous"]
    boundaries = sorted(found)
    rows = [_at(true, ambiguous, boundaries, tolerance) for tolerance in TOLERANCES]
    pairs, missed, false_alarms = rows[-1][2:]
    graduals = [(mark, one) for mark, one in pairs if mark.transition != "cut" and one.transition != "cut"]
    named = [mark.transition == one.transition for mark, one in pairs if mark.transition != "gradual"]
    return Score(
        cuts=tuple(row[0] for row in rows),
        gradual=tuple(row[1] for row in rows),
        start_errors=tuple(abs(mark.start_frame - one.start_frame) for mark, one in graduals),
        end_errors=tuple(abs(mark.end_frame - one.end_frame) for mark, one in graduals),
        kinds_right=sum(named),
        kinds_known=len(named),
        missed=tuple(missed),
        false_alarms=tuple(false_alarms),
    )


def pooled(scores: Sequence[Score]) -> Score:
    """Films counted as if they were one."""
    none = tuple(Counts() for _ in TOLERANCES)
    return Score(
        cuts=tuple(sum(row, Counts()) for row in zip(none, *(one.cuts for one in scores), strict=True)),
        gradual=tuple(sum(row, Counts()) for row in zip(none, *(one.gradual for one in scores), strict=True)),
        start_errors=tuple(error for one in scores for error in one.start_errors),
        end_errors=tuple(error for one in scores for error in one.end_errors),
        kinds_right=sum(one.kinds_right for one in scores),
        kinds_known=sum(one.kinds_known for one in scores),
    )


_Pairs = list[tuple[Mark, Boundary]]


def _at(
    true: list[Mark], ambiguous: list[Mark], boundaries: list[Boundary], tolerance: int
) -> tuple[Counts, Counts, _Pairs, list[Mark], list[Boundary]]:
    """Counts of cuts and of gradual transitions, the pairs, what was missed, and the false alarms."""
    hits = _pairs(true, boundaries, tolerance)
    missed = [mark for number, mark in enumerate(true) if number not in hits]
    hitting = set(hits.values())
    false_alarms = [
        one
        for number, one in enumerate(boundaries)
        if number not in hitting and not any(_touch(mark, one, tolerance) for mark in ambiguous)
    ]
    hit = [true[number] for number in hits]
    cuts = Counts(_cuts(hit), _cuts(missed), _cuts(false_alarms))
    gradual = Counts(len(hit) - cuts.hits, len(missed) - cuts.misses, len(false_alarms) - cuts.false_alarms)
    return cuts, gradual, [(true[a], boundaries[b]) for a, b in hits.items()], missed, false_alarms


def _pairs(true: list[Mark], boundaries: list[Boundary], tolerance: int) -> dict[int, int]:
    """Which boundary (its number) hits which mark."""
    if not true or not boundaries:
        return {}
    cost = np.zeros((len(true), len(boundaries)))
    for row, mark in enumerate(true):
        for column, one in enumerate(boundaries):
            if is_hit(mark, one, tolerance):
                cost[row, column] = _distance(mark, one) - _FAR
    rows, columns = linear_sum_assignment(cost)
    return {int(row): int(column) for row, column in zip(rows, columns, strict=True) if cost[row, column] < 0}


def is_hit(mark: Mark, one: Boundary, tolerance: int) -> bool:
    """Whether a boundary may count as the finding of a mark."""
    if not _touch(mark, one, tolerance):
        return False
    return mark.transition != "cut" or one.end_frame - one.start_frame <= SHORT_GRADUAL_FRAMES


def _touch(mark: Mark, one: Boundary, tolerance: int) -> bool:
    return one.start_frame <= mark.end_frame + tolerance and mark.start_frame - tolerance <= one.end_frame


def _distance(mark: Mark, one: Boundary) -> float:
    """Frames from end to end, and a little for another kind."""
    ends = abs(mark.start_frame - one.start_frame) + abs(mark.end_frame - one.end_frame)
    return ends / 2 + _OTHER_KIND * ((mark.transition == "cut") != (one.transition == "cut"))


def _cuts(those: Iterable[Mark | Boundary]) -> int:
    return sum(one.transition == "cut" for one in those)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan
