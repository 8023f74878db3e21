from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.interchange import subtitles
from tests.interchange.fictional import HOSTILE_NAMES, edit_of_clips, timeline, video, with_hostile_words
from tests.interchange.test_elan import RATES

_TIMES = re.compile(r"(\d\d):(\d\d):(\d\d),(\d\d\d) --> (\d\d):(\d\d):(\d\d),(\d\d\d)")


def shown(text: str) -> list[tuple[int, int, list[str]]]:
    """As a player reads it: blocks of lines with an empty one between, each a number, its times, its lines."""
    found = []
    for number, block in enumerate(re.split(r"\n{2,}", text.strip("\n")), start=1):
        head, times, *lines = block.split("\n")
        assert head == str(number)
        match = _TIMES.fullmatch(times)
        assert match is not None
        h, m, s, ms, *end = (int(group) for group in match.groups())
        found.append(
            (((h * 60 + m) * 60 + s) * 1000 + ms, ((end[0] * 60 + end[1]) * 60 + end[2]) * 1000 + end[3], lines)
        )
    return found


def test_each_subtitle_says_what_its_shot_is() -> None:
    film = video("/films/one.mov", rate=24)
    edit = edit_of_clips(
        [(24, film, 2), (12, None, 0), (48, film, 4)],
        rate=24,
        speeds=[1, 1, Fraction(1, 2)],
        shot_ends=[None, None, Fraction(9, 2)],
    )
    assert shown(subtitles.write(timeline(edit), edit)) == [
        (0, 1000, ["1  one.mov", "00:00:02:00 - 00:00:03:00  shot 3", "0.75  same movement: pan left"]),
        (1000, 1500, ["2  black"]),
        (
            1500,
            3500,
            [
                "3  one.mov",
                "00:00:04:00 - 00:00:04:12  shot 3  at 50% speed  last frame held for 24",
                "0.75  same movement: pan left",
            ],
        ),
    ]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_hostile_names_are_no_markup_and_end_no_subtitle(name: str) -> None:
    edit = edit_of_clips([(30, video(Path("/films") / name), 2), (30, None, 0)])
    text = subtitles.write(timeline(edit), edit)
    text.encode("utf-8")
    first, second = shown(text)
    assert len(first[2]) == 3
    assert second[2] == ["2  black"]
    assert not set("<>{}\\") & set("".join(first[2]))
    assert max(map(len, first[2])) <= 80


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 200), min_size=1, max_size=12), st.sampled_from(RATES))
def test_subtitles_touch_and_stand_on_their_cuts(frames: list[int], rate: Fraction) -> None:
    film = video("/films/one.mov", rate=25, frames=100_000)
    edit = edit_of_clips([(count, film, 1) for count in frames], rate=rate)
    frame, end = 0, 0
    for (first, last, _), count in zip(shown(subtitles.write(timeline(edit), edit)), frames, strict=True):
        assert first == end
        assert abs(first - frame / rate * 1000) <= Fraction(1, 2)
        frame, end = frame + count, last


def test_ten_hours_are_as_exact_as_one_minute() -> None:
    rate = Fraction(30000, 1001)
    count = int(10 * 3600 * rate)
    film = video("/films/one.mov", rate=rate, frames=2 * count)
    edit = edit_of_clips([(count, film, 0), (1, film, 0)], rate=rate)
    _, last = shown(subtitles.write(timeline(edit), edit))
    assert last[:2] == (35_999_997, 36_000_031)


@pytest.mark.parametrize("words", HOSTILE_NAMES, ids=ascii)
def test_hostile_words_end_no_subtitle(words: str) -> None:
    edit = with_hostile_words(edit_of_clips([(30, video("/films/one.mov"), 2), (30, None, 0)]), words)
    text = subtitles.write(timeline(edit), edit)
    text.encode("utf-8")
    assert [len(lines) for _, _, lines in shown(text)] == [3, 1]
