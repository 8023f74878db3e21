"""Stretches: clips that show one shot share it without showing a frame twice, as long as there is room."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from reinterpret.stretches import SharedShot, Use
from reinterpret.timebase import Span

APART = Fraction(2)


def shared(length: float, *uses: Use) -> SharedShot:
    return SharedShot(Span(Fraction(0), Fraction(str(length))), uses, APART)


def needs(*seconds: float, echo: int | None = None) -> list[Use]:
    return [Use(place, Fraction(str(need)), place if echo is None else echo) for place, need in enumerate(seconds)]


def taken(shot: SharedShot, uses: list[Use], *, late: bool = False) -> list[Span]:
    """Each in turn takes the first, or the last, that it may."""
    spans = []
    for use in uses:
        window = shot.usable(use.place)
        begin = window.end - use.needed if late else window.start
        spans.append(Span(max(window.start, begin), min(window.end, begin + use.needed)))
        shot.take(use.place, spans[-1])
    return spans


def test_alone_a_clip_may_take_any_part() -> None:
    assert shared(9, *needs(2)).usable(0) == Span(Fraction(0), Fraction(9))


def test_the_second_begins_at_a_distance_and_the_first_leaves_room_for_it() -> None:
    for late in (False, True):
        uses = needs(1, 1, 1)
        first, second, third = taken(shared(9, *uses), uses, late=late)
        assert second.start - first.end >= APART
        assert third.start - second.end >= APART
        assert third.end <= 9


def test_long_stretches_lie_as_far_apart_as_they_are_long() -> None:
    uses = needs(3, 3)
    first, second = taken(shared(20, *uses), uses)
    assert second.start - first.end == 3


def test_a_shot_that_returns_goes_on_at_once() -> None:
    uses = needs(1, 1, echo=7)
    first, second = taken(shared(9, *uses), uses)
    assert second.start == first.end


def test_without_room_for_the_distance_no_frame_is_seen_twice_all_the_same() -> None:
    for late in (False, True):
        uses = needs(1, 1, 1)
        for one, other in pairwise(taken(shared(3.5, *uses), uses, late=late)):
            assert one.end <= other.start


def test_without_any_room_the_whole_shot_may_be_seen_again() -> None:
    uses = needs(2, 2)
    shot = shared(3, *uses)
    shot.take(0, Span(Fraction(0), Fraction(2)))
    assert shot.usable(1) == Span(Fraction(0), Fraction(3))
    assert shared(1, *uses).usable(0) == Span(Fraction(0), Fraction(1))


def test_what_is_shown_by_a_later_clip_already_is_left_to_it() -> None:
    later = Use(5, Fraction(2), 5, Span(Fraction(0), Fraction(2)))
    assert shared(12, *needs(1), later).usable(0) == Span(Fraction(4), Fraction(12))
    middle = Use(5, Fraction(2), 5, Span(Fraction(4), Fraction(6)))
    assert shared(12, *needs(1), middle).usable(0) == Span(Fraction(0), Fraction(2))


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 2)), min_size=1, max_size=5),
    st.booleans(),
)
def test_frames_are_seen_twice_only_where_there_is_no_room(
    length: int, wanted: list[tuple[int, int]], late: bool
) -> None:
    uses = [Use(place, Fraction(need), echo) for place, (need, echo) in enumerate(wanted)]
    spans = taken(shared(length, *uses), uses, late=late)
    assert all(0 <= span.start < span.end <= length for span in spans)
    if sum(need for need, _ in wanted) <= length:
        assert all(one.end <= other.start for one, other in pairwise(spans))
    roomy = sum(need + max(2, *(other for other, _ in wanted)) for need, _ in wanted)
    if roomy <= length:
        for first, second in combinations(range(len(uses)), 2):
            one, other = spans[first], spans[second]
            distance = max(one.start, other.start) - min(one.end, other.end)
            longest = max(uses[first].needed, uses[second].needed) if second == first + 1 else APART
            assert uses[first].echo == uses[second].echo or distance >= max(APART, longest)
