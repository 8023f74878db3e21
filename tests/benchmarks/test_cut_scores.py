"""Scores of cuts, on films that can be judged by eye."""

from __future__ import annotations

import math

from annotations import Mark
from cut_scores import Counts, pooled, score

from reinterpret.shots.shot import Boundary

CUT = Boundary.cut


def cut(frame: int) -> Mark:
    return Mark(frame, frame, "cut")


def test_a_cut_counts_within_the_tolerance():
    found = score([cut(10), cut(30), cut(50)], [CUT(10), CUT(31), CUT(48)])
    assert found.cuts == (Counts(1, 2, 2), Counts(2, 1, 1), Counts(3, 0, 0))
    assert found.gradual == (Counts(), Counts(), Counts())
    assert found.all == found.cuts


def test_precision_recall_and_f1():
    counts = Counts(hits=6, misses=2, false_alarms=6)
    assert (counts.precision, counts.recall, counts.f1) == (0.5, 0.75, 0.6)
    assert math.isnan(Counts().precision)
    assert math.isnan(Counts(false_alarms=2).recall)
    assert Counts(false_alarms=2).f1 == 0


def test_two_boundaries_do_not_share_one_cut():
    found = score([cut(10)], [CUT(9), CUT(10), CUT(11)])
    assert found.cuts[2] == Counts(1, 0, 2)
    assert found.false_alarms == (CUT(9), CUT(11))


def test_as_many_pairs_as_there_can_be():
    # The nearest pair first would take 12 for 11 and leave 10 without one.
    found = score([cut(10), cut(12)], [CUT(11), CUT(13)])
    assert found.cuts[1] == Counts(2, 0, 0)


def test_a_gradual_transition_is_hit_by_any_boundary_in_it():
    marks = [Mark(100, 120, "dissolve"), Mark(200, 220, "fade"), Mark(300, 320, "wipe")]
    found = score(marks, [CUT(110), Boundary.gradual("fade", 195, 203), CUT(322)])
    assert found.gradual == (Counts(2, 1, 0), Counts(2, 1, 0), Counts(3, 0, 0))
    assert found.cuts == (Counts(0, 0, 1), Counts(0, 0, 1), Counts(0, 0, 0))  # what missed was a cut


def test_a_boundary_that_hits_the_other_kind_is_neither_right_nor_wrong():
    found = score([cut(10), Mark(100, 120, "dissolve")], [Boundary.gradual("dissolve", 9, 11), CUT(110)])
    assert found.cuts[0] == Counts(1, 0, 0)
    assert found.gradual[0] == Counts(1, 0, 0)
    assert (found.kinds_right, found.kinds_known) == (0, 2)


def test_a_long_gradual_transition_is_no_finding_of_a_cut():
    found = score([cut(10)], [Boundary.gradual("dissolve", 5, 20)])
    assert found.cuts[2] == Counts(0, 1, 0)
    assert found.gradual[2] == Counts(0, 0, 1)


def test_a_second_boundary_in_a_dissolve_is_a_false_alarm():
    found = score([Mark(100, 120, "dissolve")], [CUT(101), CUT(119)])
    assert found.gradual[0] == Counts(1, 0, 0)
    assert found.cuts[0] == Counts(0, 0, 1)


def test_nothing_counts_in_an_ambiguous_range():
    marks = [Mark(0, 10, "ambiguous"), Mark(40, 60, "ambiguous"), cut(50)]
    found = score(marks, [CUT(3), CUT(50), CUT(55), CUT(61), CUT(80)])
    assert found.cuts == (Counts(1, 0, 2), Counts(1, 0, 1), Counts(1, 0, 1))


def test_ends_and_kinds():
    marks = [Mark(100, 120, "dissolve"), Mark(200, 220, "fade"), Mark(300, 330, "gradual")]
    found = score(
        marks,
        [
            Boundary.gradual("dissolve", 102, 120),
            Boundary.gradual("wipe", 200, 216),
            Boundary.gradual("wipe", 305, 322),
        ],
    )
    assert (found.start_error, found.end_error) == (2, 4)
    assert (found.kinds_right, found.kinds_known) == (1, 2)
    assert found.kinds == 0.5


def test_misses_and_false_alarms_are_named():
    found = score([cut(10), Mark(100, 120, "dissolve")], [CUT(14)])
    assert found.missed == (cut(10), Mark(100, 120, "dissolve"))
    assert found.false_alarms == (CUT(14),)


def test_films_are_pooled():
    one = score([cut(10)], [CUT(10)])
    two = score([cut(10), Mark(100, 120, "dissolve")], [CUT(40), Boundary.gradual("dissolve", 101, 123)])
    both = pooled([one, two])
    assert both.cuts[0] == Counts(1, 1, 1)
    assert both.gradual[0] == Counts(1, 0, 0)
    assert (both.start_error, both.end_error) == (1, 3)
    assert pooled([]).all[0] == Counts()


def test_a_film_without_cuts_has_no_recall():
    found = score([], [CUT(5)])
    assert found.cuts[0] == Counts(0, 0, 1)
    assert math.isnan(found.cuts[0].recall)
