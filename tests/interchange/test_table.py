from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.edits import PassedOver
from reinterpret.interchange import table
from reinterpret.interchange.table import BYTE_ORDER_MARK, guarded, unguarded
from reinterpret.timecode import parse_timecode
from tests.interchange.fictional import HOSTILE_NAMES, edit_of_clips, timeline, video, with_hostile_words


def read_back(text: str) -> list[dict[str, str]]:
    """As a statistics program does."""
    assert text.startswith(BYTE_ORDER_MARK)
    return [
        {name: unguarded(cell) for name, cell in row.items()}
        for row in csv.DictReader(io.StringIO(text.removeprefix(BYTE_ORDER_MARK), newline=""))
    ]


def test_every_number_of_every_clip() -> None:
    film = video("/films/one.mov", rate=Fraction(30000, 1001))
    edit = edit_of_clips(
        [(30, film, 2), (10, None, 0), (60, film, 5)],
        rate=24,
        speeds=[1, 1, Fraction(1, 2)],
        shot_ends=[None, None, Fraction(6)],
    )
    rows = read_back(table.write(timeline(edit), edit))
    assert [row["clip"] for row in rows] == ["1", "2", "3"]
    assert [row["kind"] for row in rows] == ["footage", "black", "footage"]
    assert [(row["record_in_frame"], row["record_out_frame"]) for row in rows] == [
        ("0", "30"),
        ("30", "40"),
        ("40", "100"),
    ]
    assert [row["record_in_seconds"] for row in rows] == ["0.000000", "1.250000", "1.666667"]
    assert rows[2]["record_out_seconds"] == "4.166667"
    assert [row["record_in_timecode"] for row in rows] == ["01:00:00:00", "01:00:01:06", "01:00:01:16"]
    assert rows[2]["record_out_timecode"] == "01:00:04:04"
    # 2 s of a film at 29.97 is in its frame 59 (at 1.969 s), 1.25 s later is frame 37 after that
    assert (rows[0]["source_in_frame"], rows[0]["source_out_frame"], rows[0]["source_rate"]) == (
        "59",
        "96",
        "29.970030",
    )
    assert rows[0]["source_in_seconds"] == "1.968633"
    assert rows[0]["source_in_timecode"] == "00:00:01;29"
    assert rows[0]["film"] == "/films/one.mov"
    assert rows[0]["film_fingerprint"] == film.fingerprint
    assert rows[0]["film_offline"] == "yes"
    assert (rows[0]["film_shot"], rows[0]["trailer_shot"]) == ("3", "7")
    # half speed from 5 s on reaches the end of the shot, 6 s, after 2 s: 48 frames move and 12 are held
    assert (rows[2]["speed"], rows[2]["held_frames"]) == ("0.500000", "12")
    assert (rows[0]["score"], rows[0]["score_content"], rows[0]["score_colour"]) == ("0.75", "0.5", "-0.25")
    assert rows[0]["shared"] == "same movement: pan left"
    black = {name: cell for name, cell in rows[1].items() if cell}
    assert set(black) == {
        "clip",
        "kind",
        *(name for name in rows[1] if name.startswith("record_")),
        "begins",
        "begins_frames",
        "ends",
        "ends_frames",
        "trailer",
        "suggestions",
    }


def test_what_was_passed_over_is_told_with_its_reason() -> None:
    film = video("/films/one.mov")
    edit = edit_of_clips([(30, film, 2)])
    passed = tuple(PassedOver(film.fingerprint, shot, 0.8, "already used for shot 3") for shot in (4, 5))
    edit = replace(edit, clips=(replace(edit.clips[0], passed_over=passed),))
    (row,) = read_back(table.write(timeline(edit), edit))
    assert row["passed_over"] == "one 0.80, already used for shot 3; one 0.80, already used for shot 3"


def test_titles_are_frames_of_the_trailer() -> None:
    edit = edit_of_clips([(30, video("/films/one.mov"), 2), (20, None, 0)])
    edit = replace(edit, clips=(edit.clips[0], replace(edit.clips[1], kind="title")))
    title = read_back(table.write(timeline(edit), edit))[1]
    assert (title["kind"], title["film"], title["score"], title["speed"]) == ("title", "/films/trailer.mp4", "", "")
    assert (title["source_in_frame"], title["source_out_frame"]) == ("30", "50")


def test_numbers_are_bare_and_text_is_quoted_and_lines_end_as_rfc_4180_says() -> None:
    edit = edit_of_clips([(30, video("/films/one.mov"), 2)])
    names, row, rest = table.write(timeline(edit), edit).removeprefix(BYTE_ORDER_MARK).split("\r\n")
    assert rest == ""
    assert names.startswith('"clip","kind","record_in_frame"')
    assert row.startswith('1,"footage",0,30,25.000000,0.000000,1.200000,"01:00:00:00",')


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_hostile_names_come_back_and_are_no_formulas(name: str) -> None:
    film = video(Path("/films") / name)
    edit = edit_of_clips([(30, film, 2)])
    text = table.write(timeline(edit), edit)
    text.encode("utf-8")
    (row,) = read_back(text)
    expected = re.sub("[\x00-\x08\x0e-\x1f\ud800-\udfff]", "\ufffd", name)
    assert row["film"] == f"/films/{expected}"


def test_no_cell_begins_as_a_formula_does() -> None:
    edit = edit_of_clips([(30, video("=cmd|' /C calc'!A1"), 2)])
    (row,) = csv.DictReader(io.StringIO(table.write(timeline(edit), edit).removeprefix(BYTE_ORDER_MARK)))
    # a path is absolute in a timeline, and so no formula; what else is written could be one
    assert guarded("=1") == "'=1"
    assert all(cell[:1] not in "=+-@" or cell == "" or float(cell) < 0 for cell in row.values())


@settings(max_examples=40, deadline=None)
@given(st.text())
def test_guarding_can_be_undone(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in tuple("=+-@\t\r\n＝＋－＠")


def test_rights_are_told_with_the_file_that_tells_them(tmp_path: Path) -> None:
    (tmp_path / "one.rights.txt").write_text('=HYPERLINK("http://x") is ours, "all"\nof it', encoding="utf-8")
    edit = edit_of_clips([(30, video(tmp_path / "one.mov"), 2), (5, video(tmp_path / "two.mov"), 0)])
    text = table.write(timeline(edit), edit)
    first, second = read_back(text)
    assert "'=HYPERLINK" in text
    assert first["rights"] == '=HYPERLINK("http://x") is ours, "all"\nof it'
    assert first["rights_file"] == "one.rights.txt"
    assert (second["rights"], second["rights_file"]) == ("", "")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 90), min_size=1, max_size=8),
    st.sampled_from([Fraction(24000, 1001), Fraction(25), Fraction(30000, 1001), Fraction(60000, 1001)]),
)
def test_places_touch_and_all_three_ways_to_say_them_agree(frames: list[int], rate: Fraction) -> None:
    film = video("/films/one.mov", rate=rate)
    edit = edit_of_clips([(count, film, 1) for count in frames], rate=rate)
    rows = read_back(table.write(timeline(edit), edit))
    frame = 0
    for row, count in zip(rows, frames, strict=True):
        assert int(row["record_in_frame"]) == frame
        frame += count
        assert int(row["record_out_frame"]) == frame
        assert abs(Fraction(row["record_out_seconds"]) - frame / rate) <= Fraction(1, 2_000_000)
        begin = parse_timecode(rows[0]["record_in_timecode"], rate)
        assert parse_timecode(row["record_out_timecode"], rate) - begin == frame


@pytest.mark.parametrize("words", HOSTILE_NAMES, ids=ascii)
def test_hostile_words_stay_in_their_cells(words: str) -> None:
    edit = with_hostile_words(edit_of_clips([(30, video("/films/one.mov"), 2)]), words)
    text = table.write(timeline(edit), edit)
    text.encode("utf-8")
    (row,) = read_back(text)
    assert row["shared"] == re.sub("[\x00-\x08\x0e-\x1f\ud800-\udfff]", "\ufffd", words)
    assert row["suggestions"] == "0"
