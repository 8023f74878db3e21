"""Exact time: grids, spans and rates, as properties over random numbers."""

from __future__ import annotations

import itertools
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.timebase import (
    Span,
    format_fraction,
    format_seconds,
    frame_at,
    parse_fraction,
    round_half_up,
    seconds_at,
    standard_rate,
)

RATES = st.sampled_from(
    [Fraction(text) for text in ("24000/1001", "24", "25", "30000/1001", "60000/1001", "19001/317")]
)
DAY_IN_FRAMES = 24 * 3600 * 60
INSTANTS = st.fractions(min_value=0, max_value=24 * 3600, max_denominator=90_000)


@given(st.integers(0, DAY_IN_FRAMES), RATES)
def test_a_frame_and_its_instant_are_each_others_inverse(frame: int, rate: Fraction) -> None:
    assert frame_at(seconds_at(frame, rate), rate) == frame


@given(INSTANTS, RATES)
def test_a_boundary_is_never_rounded_by_more_than_half_a_frame(instant: Fraction, rate: Fraction) -> None:
    assert abs(seconds_at(frame_at(instant, rate), rate) - instant) <= 1 / rate / 2


@given(st.lists(INSTANTS, min_size=2, max_size=40), RATES)
def test_rounding_boundaries_adds_no_error_over_a_whole_film(instants: list[Fraction], rate: Fraction) -> None:
    frames = [frame_at(instant, rate) for instant in sorted(instants)]
    lengths = [last - first for first, last in itertools.pairwise(frames)]
    assert all(length >= 0 for length in lengths)
    # All lengths together miss the length of the film by less than one frame, however many there are.
    assert abs(sum(lengths) / rate - (max(instants) - min(instants))) <= 1 / rate


@given(st.integers(-1000, 1000))
def test_halves_are_rounded_upwards_everywhere(number: int) -> None:
    assert round_half_up(number + Fraction(1, 2)) == number + 1


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (Fraction("23.976"), Fraction(24000, 1001)),
        (Fraction("23.97602397"), Fraction(24000, 1001)),
        (Fraction("23.98"), Fraction(24000, 1001)),
        (Fraction(19001, 317), Fraction(60000, 1001)),
        (Fraction("29.97"), Fraction(30000, 1001)),
        (Fraction(2997, 100), Fraction(30000, 1001)),
        (Fraction("59.94"), Fraction(60000, 1001)),
        (Fraction("14.985"), Fraction(15000, 1001)),
        (Fraction(25), Fraction(25)),
        (Fraction(12500, 501), Fraction(12500, 501)),  # 24.95: a rate of its own
        (Fraction("24"), Fraction(24)),
        (Fraction("29.999"), Fraction(30)),
        (Fraction(1_000_000, 33_333), Fraction(30)),  # 33.333 ms a frame, as phones write it
        (Fraction(90), Fraction(90)),
        (Fraction("90.00000000000001"), Fraction(90)),
        (Fraction(301, 10), Fraction(301, 10)),
        (Fraction(1, 10), Fraction(1, 10)),
    ],
    ids=str,
)
def test_a_rate_written_inexactly_is_recognised(written: Fraction, meant: Fraction) -> None:
    assert standard_rate(written) == meant


@given(st.fractions(min_value=Fraction(1, 5000), max_value=1000, max_denominator=10**9).filter(lambda rate: rate > 0))
def test_every_rate_is_kept_to_one_part_in_five_thousand_or_its_nearest_small_fraction(rate: Fraction) -> None:
    found = standard_rate(rate)
    assert found > 0
    assert abs(found - rate) <= max(found / 5000, Fraction(1, 2 * 1001)) or found == rate


@given(RATES)
def test_a_standard_rate_stays_what_it_is(rate: Fraction) -> None:
    assert standard_rate(standard_rate(rate)) == standard_rate(rate)


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(-25)])
def test_a_rate_that_is_not_positive_is_refused(rate: Fraction) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        standard_rate(rate)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(st.fractions(min_value=-5, max_value=10, max_denominator=50))
    return Span(start, start + draw(st.fractions(min_value=Fraction(1, 50), max_value=10, max_denominator=50)))


@given(spans(), spans(), st.fractions(min_value=-5, max_value=20, max_denominator=50))
def test_an_instant_is_in_the_common_part_exactly_if_it_is_in_both(one: Span, other: Span, instant: Fraction) -> None:
    common = one & other
    assert (common is not None and instant in common) == (instant in one and instant in other)


@given(spans(), spans())
def test_what_spans_have_in_common_does_not_depend_on_their_order(one: Span, other: Span) -> None:
    assert one & other == other & one
    assert one & one == one


@given(spans())
def test_a_span_is_half_open(span: Span) -> None:
    assert span.start in span
    assert span.end not in span
    assert span.middle in span
    assert span & Span(span.end, span.end + 1) is None
    assert span.start + span.duration == span.end


def test_an_empty_or_reversed_span_is_refused() -> None:
    for end in (Fraction(2), Fraction(1)):
        with pytest.raises(ValueError, match="must end after it starts, got 2 to"):
            Span(Fraction(2), end)


def test_a_span_of_floats_is_refused() -> None:
    with pytest.raises(TypeError, match="two Fractions"):
        Span(0.0, 1.0)  # type: ignore[arg-type]


@given(st.fractions())
def test_a_fraction_survives_being_written_and_read(value: Fraction) -> None:
    assert parse_fraction(format_fraction(value)) == value


def test_a_fraction_is_written_with_its_denominator() -> None:
    assert format_fraction(Fraction(25)) == "25/1"
    assert format_fraction(Fraction(60000, 2002)) == "30000/1001"


@pytest.mark.parametrize("text", ["1/0", "", "a", "25/", None, 25.0, "nan", "inf", [1], "1e999999999", "٣/٤"])
def test_what_is_no_fraction_is_refused_with_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="expected a fraction such as 25/1, got"):
        parse_fraction(text)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (Fraction(0), "0:00.00"),
        (Fraction(5, 2), "0:02.50"),
        (Fraction(59_994, 1000), "0:59.99"),
        (Fraction(59_995, 1000), "1:00.00"),
        (Fraction(3599_999, 1000), "1:00:00.00"),
        (3723.45, "1:02:03.45"),
        (Fraction(360_000), "100:00:00.00"),
    ],
)
def test_seconds_are_shown_as_a_clock_does(seconds: Fraction | float, shown: str) -> None:
    assert format_seconds(seconds) == shown
