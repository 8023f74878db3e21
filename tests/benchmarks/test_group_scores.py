"""The figures of benchmarks/groups.py, on groups whose figures one can work out."""

from __future__ import annotations

import numpy as np
import pytest
from groups import adjusted_rand, mutual_information, numbers_of

from reinterpret.groups import Group, Grouping
from reinterpret.neighbours import Hit


def test_groups_that_are_the_kinds_score_one_whatever_they_are_called() -> None:
    for score in (mutual_information, adjusted_rand):
        assert score([3, 3, 1, 1, 1], "xxyyy") == pytest.approx(1)


def test_one_group_of_all_says_nothing() -> None:
    assert mutual_information([0] * 4, "xxyy") == pytest.approx(0)
    assert adjusted_rand([0] * 4, "xxyy") == pytest.approx(0)


def test_groups_of_one_flatter_the_one_figure_and_not_the_other() -> None:
    # The kinds are known from the groups, but the groups not from the kinds: 2 ln 2 / (ln 4 + ln 2).
    assert mutual_information([0, 1, 2, 3], "xxyy") == pytest.approx(2 / 3)
    assert adjusted_rand([0, 1, 2, 3], "xxyy") == pytest.approx(0)


def test_leftovers_are_groups_of_one_or_join_the_nearest() -> None:
    shots = [Hit("1", number, 1.0) for number in range(6)]
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0.6, 0.8], [0.8, 0.6]], np.float32)
    whole = Grouping((Group(tuple(shots[:2]), 1.0), Group(tuple(shots[2:4]), 1.0)), tuple(shots[4:]))
    assert numbers_of(whole, shots, vectors, joined=False) == [0, 0, 1, 1, 2, 3]
    assert numbers_of(whole, shots, vectors, joined=True) == [0, 0, 1, 1, 1, 0]
