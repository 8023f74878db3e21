"""What follows from the lines that were read: what is shown, what can be used of a shot, and what is written in all."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.cues.lettering import Lettering, Line, usable_span
from reinterpret.timebase import Span

STAMP = Line("2015-03-25", 0.9, 0.7, 0.9, 0.2, 0.05)
TITLE = Line("THE RETURN", 0.99, 0.2, 0.4, 0.6, 0.2)
SUBTITLE = Line("Where are you now?", 0.95, 0.2, 0.85, 0.6, 0.06)


def shot(*pictures: tuple[Line, ...]) -> Lettering:
    """A picture each second, from 0.5 s on."""
    return Lettering(tuple(number + 0.5 for number in range(len(pictures))), pictures)


def span(start: float, end: float) -> Span:
    return Span(Fraction(start), Fraction(end))


def numbers(*read: str) -> Lettering:
    return shot(*((Line(text, 0.99, 0.2, 0.2, 0.6, 0.5),) for text in read))


def test_a_shot_is_clear_up_to_the_last_picture_before_its_caption() -> None:
    assert shot((), (), (SUBTITLE,), (SUBTITLE,)).clear(span(0, 4)) == (span(0, 1.5),)
    assert shot((SUBTITLE,), (), (), ()).clear(span(0, 4)) == (span(1.5, 4),)
    assert shot((), (SUBTITLE,), (), ()).clear(span(0, 4)) == (span(0, 0.5), span(2.5, 4))
    assert shot((SUBTITLE,), (TITLE,)).clear(span(0, 2)) == ()
    assert shot((), ()).clear(span(0, 2)) == (span(0, 2),)
    assert Lettering((), ()).clear(span(0, 2)) == (span(0, 2),)


def test_what_stands_all_along_hides_nothing_else() -> None:
    found = shot((STAMP,), (STAMP, SUBTITLE), (STAMP,))
    assert found.staying == (STAMP,)
    assert found.clear(span(0, 3)) == (span(0, 0.5), span(2.5, 3))
    # A picture alone says nothing of how long it stands.
    assert shot((STAMP,)).staying == ()


@given(
    st.lists(st.sampled_from([(), (STAMP,), (SUBTITLE,), (STAMP, SUBTITLE)]), min_size=1, max_size=6),
    st.fractions(0, 5, max_denominator=8),
    st.fractions(Fraction(1, 8), 5, max_denominator=8),
)
def test_clear_stretches_lie_within_what_is_asked_about_and_hold_no_picture_with_a_caption(
    pictures: list[tuple[Line, ...]], start: Fraction, length: Fraction
) -> None:
    found, asked = shot(*pictures), Span(start, start + length)
    clear = found.clear(asked)
    for one in clear:
        assert asked.start <= one.start < one.end <= asked.end
    for instant, of_picture in zip(found.seconds, pictures, strict=True):
        passing = [line for line in of_picture if line not in found.staying]
        if passing:
            assert not any(one.start < instant < one.end for one in clear)
        elif asked.start < instant < asked.end and len(pictures) == 1:
            assert clear == (asked,)


def test_the_longest_clear_stretch_is_used_if_it_is_long_enough() -> None:
    found = shot((), (SUBTITLE,), (), ())
    assert usable_span(span(0, 4), found, Fraction(1)) == span(2.5, 4)
    assert usable_span(span(0, 4), found, Fraction(2)) == span(0, 4)
    assert usable_span(span(0, 4), None, Fraction(1)) == span(0, 4)


@pytest.mark.parametrize(
    ("pictures", "dominates"),
    [
        ([(TITLE,), (TITLE,), ()], True),
        ([(), (TITLE,), (TITLE,)], True),
        ([(TITLE,), (), (), ()], False),
        ([(SUBTITLE,)] * 3, False),
        ([(STAMP,)] * 3, False),
        ([tuple(Line("a name", 0.9, 0.3, 0.1 * row, 0.4, 0.06) for row in range(10))] * 2, True),
        ([(TITLE,)], True),
        ([()], False),
    ],
    ids=["mostly", "in the end", "at first", "subtitles", "stamp", "credits", "one picture", "nothing"],
)
def test_a_title_is_what_a_shot_shows_if_it_is_large_and_long(
    pictures: list[tuple[Line, ...]], dominates: bool
) -> None:
    assert shot(*pictures).dominates == dominates


def test_how_long_a_title_stands_counts_and_not_how_often_it_was_looked_at() -> None:
    instants = (0.5, 7.5, 8.0, 8.5, 9.0, 9.5)
    assert not Lettering(instants, ((), (), (TITLE,), (TITLE,), (TITLE,), (TITLE,))).dominates


@pytest.mark.parametrize(
    ("found", "counts"),
    [
        (numbers("1", "26", "51"), True),
        (numbers("10", "9", "8"), True),
        (numbers("01:00:03:12", "01:00:04:12"), True),
        (numbers("1984", "1984"), False),
        (numbers("12", "7", "30"), False),
        (numbers("12"), False),
        (numbers("Chapter 1", "Chapter 2"), False),
        (shot((), ()), False),
    ],
)
def test_a_counter_is_a_number_that_goes_up_or_down(found: Lettering, counts: bool) -> None:
    assert found.counts == counts


def test_every_line_is_kept_once_as_it_was_read_best() -> None:
    coming = Line("THE PEACH OPE", 1.0, 0.2, 0.4, 0.3, 0.06)
    whole = Line("THE PEACH OPEN MOVIE PROJECT", 0.98, 0.2, 0.4, 0.5, 0.06)
    misread = Line("THE PEACH OPEN NOVIE PROJECT", 0.7, 0.2, 0.4, 0.5, 0.06)
    found = shot((coming,), (whole, SUBTITLE), (misread, SUBTITLE))
    assert found.texts == ("THE PEACH OPEN MOVIE PROJECT", "Where are you now?")
    assert numbers("41", "42").texts == ("41", "42")


def test_single_characters_can_be_left_out() -> None:
    wheel = Line("O", 0.99, 0.2, 0.2, 0.5, 0.8)
    assert shot((wheel, SUBTITLE), (wheel,)).in_words() == shot((SUBTITLE,), ())
    assert not shot((wheel,)).in_words()


def test_how_much_is_covered_is_that_of_the_fullest_picture() -> None:
    assert shot((STAMP,), (STAMP, TITLE)).share == pytest.approx(0.01 + 0.12)
    assert shot(()).share == 0


def test_pictures_are_in_order_and_each_has_its_lines() -> None:
    with pytest.raises(ValueError, match="lines for each of 1 pictures, got 0"):
        Lettering((0.5,), ())
    with pytest.raises(ValueError, match="in order"):
        Lettering((1.5, 0.5), ((), ()))
