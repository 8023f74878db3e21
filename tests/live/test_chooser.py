"""The chooser: it changes when something better holds, and not too often."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as some

from reinterpret.errors import UsageError
from reinterpret.live.chooser import Chooser, Patience
from reinterpret.neighbours import Hit

A, B, C = ("a" * 32, 0), ("b" * 32, 3), ("c" * 32, 1)
STEP = 0.1


def answer(**scores: float) -> list[Hit]:
    """Hits for the shots a, b and c, best first."""
    shots = {"a": A, "b": B, "c": C}
    hits = [Hit(*shots[name], score) for name, score in scores.items()]
    return sorted(hits, key=lambda hit: -hit.score)


def changes(answers: list[list[Hit]], patience: Patience, *, step: float = STEP) -> list[tuple[int, tuple[str, int]]]:
    """At which answers it changes, and to what, if every change is on the screen at once."""
    chooser, found = Chooser(patience), []
    for number, hits in enumerate(answers):
        chosen = chooser.choose(number * step, hits)
        if chosen is not None:
            found.append((number, (chosen.film, chosen.shot)))
            chooser.changed(number * step, (chosen.film, chosen.shot))
    return found


def test_the_first_answer_is_shown_at_once() -> None:
    assert changes([[], answer(a=0.4, b=0.3)], Patience()) == [(1, A)]


def test_what_is_better_must_be_so_for_some_answers_in_a_row() -> None:
    patience = Patience(hold_seconds=0, answers=3)
    better, worse = answer(a=0.5, b=0.7), answer(a=0.5, b=0.4)
    assert changes([worse, better, better, worse, better, better, worse], patience) == [(0, A)]
    assert changes([worse, better, better, better], patience) == [(0, A), (3, B)]


def test_as_good_is_no_reason() -> None:
    patience = Patience(hold_seconds=0, answers=2, margin=0.05)
    assert changes([answer(a=0.5)] + [answer(a=0.5, b=0.54)] * 9, patience) == [(0, A)]
    assert changes([answer(a=0.5)] + [answer(a=0.5, b=0.56)] * 9, patience) == [(0, A), (2, B)]


def test_what_is_shown_stays_for_the_time_of_hold() -> None:
    patience = Patience(hold_seconds=1.0, answers=1)
    flicker = [answer(a=0.9, b=0.1), answer(a=0.1, b=0.9)] * 15
    found = changes(flicker, patience)
    assert [number for number, _ in found] == [0, 11, 22]


def test_of_two_that_take_turns_at_the_top_the_better_one_replaces_a_bad_one() -> None:
    # Neither is the best for two answers in a row, but both are better than what is shown.
    one, other = answer(a=0.2, b=0.7, c=0.6), answer(a=0.2, b=0.5, c=0.6)
    assert changes([answer(a=0.9), one, other, one], Patience(hold_seconds=0, answers=3)) == [(0, A), (3, B)]


def test_a_shot_that_is_not_listed_has_the_score_it_has_at_most() -> None:
    chooser = Chooser(Patience(hold_seconds=0, answers=1))
    chooser.changed(0, A)
    assert chooser.choose(1, answer(b=0.5), unlisted=0.49) is None
    assert chooser.choose(2, answer(b=0.5), unlisted=0.3) is not None


def test_a_shot_that_came_by_itself_is_left_like_any_other() -> None:
    patience = Patience(hold_seconds=0.5, answers=2)
    chooser = Chooser(patience)
    assert chooser.choose(0, answer(a=0.8, b=0.2)) is not None
    chooser.changed(0, A)
    chooser.changed(3.0, B)  # its film has played on
    assert chooser.choose(3.1, answer(a=0.8, b=0.2)) is None
    assert chooser.choose(3.2, answer(a=0.8, b=0.2)) is None
    back = chooser.choose(3.6, answer(a=0.8, b=0.2))
    assert back is not None
    assert (back.film, back.shot) == A


def test_what_may_come_next_is_told_ahead() -> None:
    chooser = Chooser(Patience(hold_seconds=10, answers=3))
    assert chooser.rising is None
    chooser.choose(0, answer(a=0.5))
    chooser.changed(0, A)
    chooser.choose(0.1, answer(a=0.5, b=0.7))
    assert chooser.rising is None
    assert chooser.choose(0.2, answer(a=0.5, b=0.7)) is None
    assert chooser.rising is not None
    assert (chooser.rising.film, chooser.rising.shot) == B


def test_older_answers_say_nothing_when_something_else_counts() -> None:
    chooser = Chooser(Patience(hold_seconds=0, answers=2))
    chooser.changed(0, A)
    chooser.choose(1, answer(a=0.1, b=0.9))
    chooser.forget()
    assert chooser.choose(2, answer(a=0.1, b=0.9)) is None


@pytest.mark.parametrize(
    ("hold", "answers", "margin"), [(-1, 3, 0), (float("inf"), 3, 0), (float("nan"), 3, 0), (1, 0, 0), (1, 3, -1)]
)
def test_what_cannot_be_meant_is_refused(hold: float, answers: int, margin: float) -> None:
    with pytest.raises(UsageError):
        Patience(hold, answers, margin)


scores = some.floats(-1, 1)
streams = some.lists(some.builds(lambda a, b, c: answer(a=a, b=b, c=c), scores, scores, scores), max_size=60)
patiences = some.builds(Patience, some.floats(0, 2), some.integers(1, 5), some.floats(0, 0.3))


@given(streams, patiences)
def test_two_changes_are_never_closer_than_hold(answers: list[list[Hit]], patience: Patience) -> None:
    found = [number * STEP for number, _ in changes(answers, patience)]
    assert all(b - a >= patience.hold_seconds for a, b in pairwise(found))


@given(streams, patiences)
def test_every_change_is_to_what_was_better_all_along(answers: list[list[Hit]], patience: Patience) -> None:
    shown = None
    for number, chosen in changes(answers, patience):
        assert chosen != shown
        if shown is not None:
            for hits in answers[number - patience.answers + 1 : number + 1]:
                of_shot = {(hit.film, hit.shot): hit.score for hit in hits}
                assert of_shot[chosen] > of_shot[shown] + patience.margin
        shown = chosen


@given(some.builds(lambda a, b, c: answer(a=a, b=b, c=c), scores, scores, scores), patiences)
def test_while_nothing_changes_nothing_changes(hits: list[Hit], patience: Patience) -> None:
    assert len(changes([hits] * 40, patience)) == 1
