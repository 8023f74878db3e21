"""The time that is left: right where work goes on evenly, steady where it is reported in lumps."""

from __future__ import annotations

from itertools import pairwise

import pytest

from reinterpret.cli.progress import TimeLeft


def test_nothing_is_said_before_anything_is_known() -> None:
    left = TimeLeft()
    assert left.seconds(0, 100, now=5.0) is None
    assert left.seconds(0, 100, now=6.0) is None
    assert left.seconds(10, 0, now=7.0) is None


def test_even_work_is_told_exactly() -> None:
    left = TimeLeft()
    left.seconds(0, 100, now=50.0)
    assert [left.seconds(done, 100, now=50.0 + done / 4) for done in (4, 20, 60, 100)] == pytest.approx([24, 20, 10, 0])


def test_what_was_done_before_does_not_count_for_the_rate() -> None:
    left = TimeLeft()
    left.seconds(80, 100, now=0.0)
    assert left.seconds(85, 100, now=10.0) == pytest.approx(30)


def test_work_in_lumps_never_makes_it_jump() -> None:
    """Two workers that report eight frames each, one of them through footage that takes four times as long."""
    left, now, told = TimeLeft(), 0.0, []
    left.seconds(0, 400, now=now)
    for step in range(1, 51):
        now += 1.0 if 15 < step < 30 else 0.25
        told.append((now, left.seconds(8 * step, 400, now=now)))
    for (before, one), (after, other) in pairwise(told[:-1]):
        assert one is not None
        assert other is not None
        expected = max(one - (after - before), 1.0)
        assert 0.79 * expected - 0.25 <= other <= 1.21 * expected
    assert told[-1][1] == 0
