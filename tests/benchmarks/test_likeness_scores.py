"""Figures of rankings, against cases that are counted by hand."""

from __future__ import annotations

import math

import pytest
from likeness_scores import (
    Labelled,
    Moved,
    average_precision,
    precision_at,
    recall_at,
    score_kinds,
    score_moves,
)


def test_recall_counts_the_queries_that_are_answered():
    rankings = ["abc", "bca", "cab", ""]
    assert recall_at(1, rankings, "abab") == 0.5
    assert recall_at(2, rankings, "aaaa") == 0.5
    assert recall_at(3, rankings, "aaaa") == 0.75
    assert math.isnan(recall_at(1, [], []))


def test_precision_takes_a_missing_answer_for_a_wrong_one():
    assert precision_at(5, [True, True, False, True, True, True]) == 0.8
    assert precision_at(5, [True, True]) == 0.4


@pytest.mark.parametrize(
    ("right", "total", "expected"),
    [
        ([True, True, False, False], 2, 1.0),
        ([False, False, True, True], 2, (1 / 3 + 2 / 4) / 2),
        ([True, False, True, False, True], 3, (1 + 2 / 3 + 3 / 5) / 3),
        ([True, False], 4, 0.25),  # three are never reached
        ([False, False], 1, 0.0),
    ],
)
def test_average_precision(right: list[bool], total: int, expected: float):
    assert average_precision(right, total) == pytest.approx(expected)


def test_average_precision_of_nothing_is_no_number():
    assert math.isnan(average_precision([False], 0))


def test_kinds_count_by_row_by_kind_and_without_the_same_film():
    shots = [
        Labelled("one", "dog"),
        Labelled("one", "dog"),
        Labelled("two", "dog"),
        Labelled("two", "cat"),
        Labelled("three", "cat"),
        Labelled("three", "other"),
    ]
    rankings = [
        [1, 2, 3, 4, 5],  # 1; without film one: 1
        [5, 0, 2, 3, 4],  # (1/2 + 2/3) / 2; without film one the first dog is second: 1/2
        [3, 0, 1, 4, 5],  # (1/2 + 2/3) / 2; without film two: 1
        [4, 0, 1, 2, 5],  # 1; 1
        [5, 2, 0, 1, 3],  # 1/5; without film three fourth: 1/4
        [0, 1, 2, 3, 4],  # asks for nothing
    ]
    score = score_kinds(shots, rankings)
    seven = (1 / 2 + 2 / 3) / 2
    assert score.kinds == {"cat": pytest.approx((1 + 1 / 5) / 2), "dog": pytest.approx((1 + seven + seven) / 3)}
    assert score.by_rows == pytest.approx((1 + seven + seven + 1 + 1 / 5) / 5)
    assert score.by_kinds == pytest.approx(((1 + 1 / 5) / 2 + (1 + seven + seven) / 3) / 2)
    assert score.other_films == pytest.approx((1 + 1 / 2 + 1 + 1 + 1 / 4) / 5)


def test_a_shot_does_not_find_itself_and_what_is_alone_in_its_kind_asks_for_nothing():
    shots = [Labelled("one", "dog"), Labelled("two", "dog"), Labelled("three", "cat")]
    score = score_kinds(shots, [[0, 1, 2], [1, 2, 0], [2, 0, 1]])
    assert score.kinds == {"dog": pytest.approx((1 + 1 / 2) / 2)}


def test_what_the_search_leaves_out_is_not_found():
    shots = [Labelled("one", "dog"), Labelled("two", "dog"), Labelled("three", "dog")]
    assert score_kinds(shots, [[1], [0], []]).by_rows == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)


def test_moves_are_right_if_they_are_the_same():
    clips = [
        Moved("a", "pan left"),
        Moved("a", "pan right"),
        Moved("b", "pan left"),
        Moved("a", "pan left"),
        Moved("b", "still"),
    ]
    rankings = [[0, 3, 1, 2, 4], [0, 2, 3, 4], [3, 4, 0, 1], [0, 1, 2, 4], [0, 1, 2, 3]]
    found = score_moves(clips, rankings, k=2)
    assert set(found) == {"pan left", "pan right"}
    assert found["pan right"] == (0.0, 0.0)
    # Of all: 3 and 1, 3 and 4, 0 and 1: one right each. Of other sources: 2 and 4, 3 and 0, 2 and 4.
    assert found["pan left"] == (pytest.approx(0.5), pytest.approx((1 + 2 + 1) / 6))
