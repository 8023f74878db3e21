"""Passed over: for every better candidate the reason that counts most, in words that a person understands."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.assignment import Candidate, Looks, Rules, assign
from reinterpret.costs import Costs
from reinterpret.passed_over import Loss, losses
from reinterpret.passed_over import told as in_words
from tests.test_assignment import NOTHING_ALIKE, Table, row, tables

PLAIN = Rules(costs=Costs(film=0, alike=0))


def told(
    table: Table,
    *,
    rules: Rules = PLAIN,
    looks: Looks = NOTHING_ALIKE,
    echoes: list[int] | None = None,
) -> list[list[str]]:
    """The reasons for each trailer shot; the clips have the places 0, 10, 20, ..."""
    numbers = list(range(len(table))) if echoes is None else echoes
    positions = assign(table, echoes=numbers, rules=rules, looks=looks)
    found = in_words(
        [[("f" * 32, candidate.shot) for candidate in of_place] for of_place in table],
        table,
        losses(table, positions, echoes=numbers, rules=rules, looks=looks),
        places=[10 * number for number in range(len(table))],
        too_short=lambda row, position: f"too short: {table[row][position].shot}",
    )
    return [[f"{shot.source_shot} {shot.score:.2f} {shot.reason}" for shot in of_place] for of_place in found]


def test_the_best_is_chosen_and_nothing_was_passed_over() -> None:
    assert told([row((0, 0, 0.9), (1, 1, 0.3)), row((1, 1, 0.9), (0, 0, 0.5))]) == [[], []]
    assert told([]) == []


def test_a_shot_that_is_used_already() -> None:
    table = [row((0, 0, 0.9)), row((0, 0, 0.8), (1, 1, 0.7))]
    assert told(table) == [[], ["0 0.80 already used for shot 1"]]


def test_the_same_footage_in_another_film() -> None:
    table = [[Candidate(0, 0, 7, 0.9)], [Candidate(5, 1, 7, 0.8), Candidate(1, 2, 1, 0.7)]]
    assert told(table) == [[], ["5 0.80 the same footage as shot 1's match"]]


def test_what_is_too_short_is_told_by_whoever_knows_how_long_it_is() -> None:
    table = [[Candidate(0, 0, 0, 0.8, shortage=0.3), Candidate(1, 1, 1, 0.7)]]
    assert told(table) == [["0 0.80 too short: 0"]]


def test_what_comes_from_the_same_film_as_what_is_beside_it() -> None:
    rules = Rules(costs=Costs(alike=0))
    before = [row((0, 0, 0.9)), row((1, 0, 0.80), (2, 2, 0.78))]
    after = [row((1, 0, 0.80), (2, 2, 0.78)), row((0, 0, 0.9))]
    assert told(before, rules=rules) == [[], ["1 0.80 the same film as the shot before"]]
    assert told(after, rules=rules) == [["1 0.80 the same film as the shot after"], []]


def test_what_looks_like_what_is_beside_it() -> None:
    table = [row((0, 0, 0.9)), row((1, 1, 0.80), (2, 2, 0.78))]
    rules = Rules(costs=Costs(film=0))
    assert told(table, rules=rules, looks=Looks(frozenset({(0, 1)}))) == [
        [],
        ["1 0.80 looks like the match of the shot before"],
    ]
    after = [row((5, 5, 0.9)), table[1], table[0]]
    assert told(after, rules=rules, looks=Looks(frozenset({(0, 1)})))[1] == [
        "1 0.80 looks like the match of the shot after"
    ]


def test_a_film_that_may_not_give_more() -> None:
    table = [row((0, 0, 0.9)), row((1, 0, 0.8), (2, 2, 0.3))]
    assert told(table, rules=replace(PLAIN, max_per_film=1)) == [
        [],
        ["1 0.80 its film is used as often as it may be"],
    ]


def test_a_shot_that_returns_takes_what_is_best_on_average() -> None:
    table = [row((0, 0, 0.9), (1, 1, 0.8)), row((1, 1, 0.8), (0, 0, 0.2)), row((2, 2, 0.9), (0, 0, 0.1))]
    assert told(table, echoes=[0, 0, 2]) == [["0 0.90 less like shot 11, where this one returns"], [], []]
    # Or what both have at all.
    table[1] = row((1, 1, 0.8))
    assert told(table, echoes=[0, 0, 2])[0] == ["0 0.90 less like shot 11, where this one returns"]


def test_another_edit_that_was_asked_for() -> None:
    table = [row(*((10 * number + k, k, 0.5 - 0.001 * k) for k in range(8))) for number in range(6)]
    reasons = {reason.split(" ", 2)[2] for of_place in told(table, rules=replace(PLAIN, seed=1)) for reason in of_place}
    assert reasons == {"another edit was asked for"}


def test_three_are_named_best_first() -> None:
    table = [[*(Candidate(k, k, k, 0.9 - 0.1 * k, shortage=1.0) for k in range(5)), Candidate(9, 9, 9, 0.2)]]
    assert told(table) == [["0 0.90 too short: 0", "1 0.80 too short: 1", "2 0.70 too short: 2"]]


def test_the_reason_that_costs_most_is_told() -> None:
    short = Candidate(0, 0, 0, 0.8, shortage=0.15)
    table = [row((0, 0, 0.9)), [short, Candidate(1, 1, 1, 0.5)]]
    assert told(table) == [[], ["0 0.80 already used for shot 1"]]
    table[1][0] = replace(short, shortage=0.25)
    assert told(table) == [[], ["0 0.80 too short: 0"]]


@settings(deadline=None, max_examples=100)
@given(
    st.data(), tables(crossing=True, roomy=True), st.booleans(), st.sampled_from([None, 1]), st.sampled_from([None, 3])
)
def test_whatever_is_better_is_named_with_a_shot_that_is_there(
    data: st.DataObject, table: Table, reuse: bool, limit: int | None, seed: int | None
) -> None:
    echoes = data.draw(st.lists(st.integers(0, 3), min_size=len(table), max_size=len(table)))
    rules, looks = Rules(reuse=reuse, max_per_film=limit, seed=seed), Looks(frozenset({(0, 1)}))
    positions = assign(table, echoes=echoes, rules=rules, looks=looks)
    found = losses(table, positions, echoes=echoes, rules=rules, looks=looks)
    for place, (of_place, position, lost) in enumerate(zip(table, positions, found, strict=True)):
        better = [number for number, candidate in enumerate(of_place) if candidate.score > of_place[position].score]
        assert [loss.position for loss in lost] == better[:3]
        for loss in lost:
            assert loss.place != place
            assert loss.place is not None or loss.why in ("short", "limit", "seed", "whole", "film", "look")


def test_a_loss_says_what_is_to_blame() -> None:
    table = [row((0, 0, 0.9)), row((0, 0, 0.8), (1, 1, 0.7))]
    found = losses(table, [0, 1], echoes=[0, 1], rules=PLAIN, looks=Looks())
    assert found == [[], [Loss(0, "shot", 0)]]
    with pytest.raises(ValueError, match="zip"):
        losses(table, [0], echoes=[0, 1], rules=PLAIN, looks=Looks())
