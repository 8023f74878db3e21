from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.interchange import elan
from tests.interchange.fictional import HOSTILE_NAMES, edit_of_clips, timeline, video, with_hostile_words

RATES = [Fraction(24000, 1001), Fraction(24), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]


def imported(text: str) -> list[tuple[int, int, str, str]]:
    """As ELAN takes it, with the first row left out: begin and end in milliseconds, tier, annotation."""
    found = []
    for line in text.removesuffix("\n").split("\n")[1:]:
        begin, end, duration, tier, annotation = line.split("\t")
        times = [_milliseconds(begin), _milliseconds(end)]
        assert times[1] - times[0] == _milliseconds(duration)
        found.append((times[0], times[1], tier, annotation))
    return found


def _milliseconds(text: str) -> int:
    hours, minutes, seconds = text.split(":")
    whole, rest = seconds.split(".")
    assert (len(hours), len(minutes), len(whole), len(rest)) == (2, 2, 2, 3)
    return ((int(hours) * 60 + int(minutes)) * 60 + int(whole)) * 1000 + int(rest)


def test_each_tier_says_what_it_is_for() -> None:
    edit = edit_of_clips([(30, video("/films/one.mov"), 2), (20, None, 0)], rate=Fraction(30000, 1001))
    assert imported(elan.write(timeline(edit), edit)) == [
        (0, 1001, "trailer", "1 shot 7"),
        (0, 1001, "reinterpretation", "1 one.mov shot 3 00:00:02:00 - 00:00:03:00"),
        (0, 1001, "why", "1 same movement: pan left: score 0.75, content 0.50, colour -0.25"),
        (1001, 1668, "trailer", "2 black"),
        (1001, 1668, "reinterpretation", "2 black"),
    ]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_hostile_names_stay_in_their_cell(name: str) -> None:
    edit = edit_of_clips([(30, video(Path("/films") / name), 2)])
    text = elan.write(timeline(edit), edit)
    text.encode("utf-8")
    assert [tier for _, _, tier, _ in imported(text)] == ["trailer", "reinterpretation", "why"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=12), st.sampled_from(RATES))
def test_annotations_of_a_tier_touch_and_end_with_the_film(frames: list[int], rate: Fraction) -> None:
    film = video("/films/one.mov", rate=25, frames=100_000)
    edit = edit_of_clips([(count, film, 1) for count in frames], rate=rate)
    rows = imported(elan.write(timeline(edit), edit))
    for tier in elan.TIERS:
        begin = 0
        for first, end, _, _ in (row for row in rows if row[2] == tier):
            assert first == begin < end
            begin = end
        assert abs(begin - sum(frames) / rate * 1000) <= Fraction(1, 2)


@pytest.mark.parametrize("words", HOSTILE_NAMES, ids=ascii)
def test_hostile_words_stay_in_their_cell(words: str) -> None:
    edit = with_hostile_words(edit_of_clips([(30, video("/films/one.mov"), 2)]), words)
    text = elan.write(timeline(edit), edit)
    text.encode("utf-8")
    assert [tier for _, _, tier, _ in imported(text)] == ["trailer", "reinterpretation", "why"]
