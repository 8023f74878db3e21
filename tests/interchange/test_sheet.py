from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reinterpret.edits import Clip, EditList, PassedOver, Soundtrack
from reinterpret.interchange import export_timeline, sheet
from reinterpret.interchange.timeline import TimelineOptions
from tests.interchange.fictional import HOSTILE_NAMES, edit_of_clips, timeline, video, with_hostile_words
from tests.judging import edit_of, expected_numbers, number_of, numbered_film

# What the sheet is made of: anything else came in with a name.
_TAGS = frozenset(
    re.findall(
        r"\w+",
        "html head meta title style body h1 h2 p bdi table thead tbody tr th td div span i figure img figcaption dl dt "
        "dd ul li a",
    )
)
_EMPTY = ("meta", "img")


class Page(HTMLParser):
    """A page that is read: its rows as texts of cells, its pictures; every tag is known, and closed where it should."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.pictures: list[np.ndarray] = []
        self.addresses: list[str] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in _TAGS
        for name, value in attrs:
            assert not name.startswith("on")
            if name in ("src", "href"):
                assert value is not None
                self.addresses.append(value)
        if tag == "img":
            _, _, data = str(dict(attrs)["src"]).partition(",")
            self.pictures.append(np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("L")))
        if tag not in _EMPTY:
            self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data


@pytest.fixture(scope="module")
def films(clips: Path) -> dict[str, Path]:
    """A trailer and two films whose frames carry their numbers, at three rates."""
    return {
        "trailer": numbered_film(clips / "sheet-trailer.mp4", 60, film=1, rate=25),
        "one": numbered_film(clips / "sheet-one.mp4", 120, film=2, rate=Fraction(30000, 1001)),
        "two": numbered_film(clips / "sheet-two.mkv", 90, film=3, rate=24, size=(90, 160)),
    }


@pytest.fixture(scope="module")
def edit(films: dict[str, Path]) -> EditList:
    return edit_of(
        films["trailer"],
        (20, films["one"], Fraction(11, 20)),
        (1, films["two"], Fraction(3, 2)),
        (14, None, 0),
        (25, films["one"], 2),
    )


def test_pictures_are_the_first_and_the_middle_frame_of_both_sides(edit: EditList) -> None:
    page = Page(sheet.write(timeline(edit), edit))
    numbers = expected_numbers(edit)
    expected: list[tuple[int, int]] = []
    for clip, film in zip(edit.clips, (2, 3, 0, 2), strict=True):
        shown = sorted({clip.first_frame, clip.first_frame + clip.frame_count // 2})
        expected += [(1, frame) for frame in shown]
        expected += [(film, number) for frame in shown if (number := numbers[frame]) is not None]
    assert [number_of(picture) for picture in page.pictures] == expected
    # upright films stay upright
    assert {picture.shape for picture in page.pictures} == {(135, 240), (135, 76)}


def test_what_was_passed_over_is_told(edit: EditList) -> None:
    film = edit.films[0]
    passed = tuple(PassedOver(film.fingerprint, 4, score, "already used for <shot> 3") for score in (0.8, 0.75))
    first = replace(edit.clips[0], passed_over=passed)
    edit = replace(edit, clips=(first, *edit.clips[1:]))
    page = Page(sheet.write(timeline(edit), edit))
    told = [f"{film.path.stem} {score}, already used for <shot> 3" for score in ("0.80", "0.75")]
    assert "".join(told) in page.text
    assert page.text.count("passed over") == 1


def test_it_is_told_how_many_pictures_are_done(edit: EditList, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    export_timeline(edit, tmp_path / "sheet.html", on_pictures=lambda done, total: told.append((done, total)))
    assert list(dict.fromkeys(told)) == [(done, 12) for done in range(1, 13)]
    assert (tmp_path / "sheet.html").read_text(encoding="utf-8").startswith("<!doctype html>")


def test_every_clip_says_what_and_from_where(edit: EditList) -> None:
    page = Page(sheet.write(timeline(edit, options=TimelineOptions(start_timecode="10:00:00:00")), edit))
    rows = [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in page.rows]
    assert [row[0] for row in rows[:5]] == ["#", "1", "2", "3", "4"]
    what = rows[1][3]
    assert what.startswith("sheet-one.mp4 record10:00:00:00 - 10:00:00:20 (20 frames)")
    # 0.55 s of a film at 29.97 is in its frame 16, and 0.8 s are 24 frames
    assert "source00:00:00;16 - 00:00:01;10, shot 0" in what
    assert "score 0.50" in what
    assert "content 0.50" in what
    assert (rows[2][1], rows[2][2]) == ("10:00:00:20", "00:00:01:12")
    assert rows[3][2:] == ["black", "black record10:00:00:21 - 10:00:01:10 (14 frames)"]


def test_every_file_says_what_is_used_of_it_and_its_rights(edit: EditList, films: dict[str, Path]) -> None:
    rights = films["one"].with_suffix(".rights.txt")
    rights.write_text('© 1967 "Film" <b>Ltd</b>\nall rights', encoding="utf-8")
    try:
        page = Page(sheet.write(timeline(edit), edit))
    finally:
        rights.unlink()
    (_, trailer, one, two) = page.rows[-4:]
    assert "sheet-trailer.mp4" in trailer[0]
    assert "nothing of it is shown or heard" in trailer[1]
    first = edit.films[0]
    for fact in (str(films["one"]), first.fingerprint, f"{films['one'].stat().st_size:,} bytes", "0:04.00", "29.97"):
        assert fact in one[0]
    # 20 and 25 frames of 25 a second
    assert "1.80 s of picture in 2 clips" in one[1]
    assert "clip 1: 00:00:00;16 - 00:00:01;10" in one[1]
    assert "clip 4" in one[1]
    assert one[2] == '© 1967 "Film" <b>Ltd</b>\nall rights(sheet-one.rights.txt)'
    assert "0.04 s of picture in 1 clip" in two[1]
    assert two[2] == "nothing is said beside the file"


def test_the_sheet_loads_nothing_and_runs_nothing(edit: EditList) -> None:
    text = sheet.write(timeline(edit), edit)
    page = Page(text)
    assert page.addresses
    assert all(address.startswith(("data:image/jpeg;base64,", "#clip-")) for address in page.addresses)
    assert "url(" not in text
    assert "@import" not in text


def test_films_that_are_gone_are_grey_and_everything_else_is_there(edit: EditList, tmp_path: Path) -> None:
    gone = replace(edit, films=tuple(replace(film, path=tmp_path / film.name) for film in edit.films))
    page = Page(sheet.write(timeline(gone), gone))
    assert {number_of(picture)[0] for picture in page.pictures} == {1}
    assert page.rows[1][2].count("offline") == 2
    assert [("offline" in row[0]) for row in page.rows[-3:]] == [False, True, True]
    assert "bytes" not in page.rows[-1][0]
    assert "1.80 s of picture in 2 clips" in page.rows[-2][1]


def test_a_film_that_is_another_by_now_is_offline(edit: EditList, films: dict[str, Path], tmp_path: Path) -> None:
    other = tmp_path / "sheet-one.mp4"
    other.write_bytes(films["trailer"].read_bytes())
    changed = replace(edit, films=tuple(replace(film, path=other) for film in edit.films))
    page = Page(sheet.write(timeline(changed), changed))
    assert {number_of(picture)[0] for picture in page.pictures} == {1}


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
def test_hostile_names_are_only_text(name: str) -> None:
    film = video(Path("/films") / name)
    edit = edit_of_clips([(30, film, 2), (5, None, 0)])
    text = sheet.write(timeline(edit, name=name), edit)
    text.encode("utf-8")
    page = Page(text)
    shown = "".join(letter if letter.isprintable() or letter == "\n" else " " for letter in name)
    assert shown in page.text
    assert "alert" not in text or "&lt;script&gt;alert" in text


def test_titles_and_music_are_accounted_for(edit: EditList, films: dict[str, Path], clips: Path) -> None:
    first, *rest = edit.clips
    titled = replace(edit, clips=(Clip(0, first.frame_count, "title"), *rest), soundtrack=Soundtrack("clips"))
    page = Page(sheet.write(timeline(titled), titled))
    assert page.rows[1][2] == "the trailer's own title"
    assert "0.80 s of picture in 1 clip" in page.rows[-3][1]
    # of its own file, whatever the timeline begins with
    assert "clip 1: 00:00:00:00 - 00:00:00:20" in page.rows[-3][1]
    heard = replace(edit, soundtrack=Soundtrack("file", clips / "no such music.wav"))
    page = Page(sheet.write(timeline(heard), heard))
    assert page.rows[-1][0].startswith("no such music.wav offline")
    assert page.rows[-1][1].strip() == "its sound"


def test_a_compilation_has_one_side(edit: EditList) -> None:
    alone = replace(edit, trailer=None, soundtrack=Soundtrack("none"))
    page = Page(sheet.write(timeline(alone), alone))
    assert page.rows[0] == ["#", "Reinterpretation", "What it is"]
    assert {number_of(picture)[0] for picture in page.pictures} == {2, 3}


def test_large_edits_have_smaller_pictures(films: dict[str, Path]) -> None:
    edit = edit_of(films["trailer"], *[(1, None, 0)] * 60)
    assert {picture.shape for picture in Page(sheet.write(timeline(edit), edit)).pictures} == {(135, 240)}
    longer = numbered_film(films["trailer"].with_name("sheet-long.mp4"), 61, rate=25)
    edit = edit_of(longer, *[(1, None, 0)] * 61)
    assert {picture.shape for picture in Page(sheet.write(timeline(edit), edit)).pictures} == {(90, 160)}


@pytest.mark.parametrize("words", HOSTILE_NAMES, ids=ascii)
def test_hostile_words_are_only_text(words: str) -> None:
    edit = with_hostile_words(edit_of_clips([(30, video("/films/one.mov"), 2)]), words)
    text = sheet.write(timeline(edit), edit)
    text.encode("utf-8")
    assert len(Page(text).rows) == 5
