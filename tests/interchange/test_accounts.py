"""How clips begin and end, as tables, subtitles, annotations and sheets say it."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from typing import Any

import pytest

from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import EditList
from reinterpret.interchange import elan, sheet, subtitles, table
from reinterpret.interchange.accounts import accounts
from tests.interchange.fictional import edit_of_clips, timeline, video


@pytest.fixture
def edit() -> EditList:
    """A fade in, a dissolve, a fade to black, white, and a dissolve for which the film has no frames."""
    one, two = video("/films/one.mov"), video("/films/two.mov")
    made = edit_of_clips([(20, one, 2), (30, two, 4), (5, None, 0), (10, one, 8), (10, two, 0)])
    changes: dict[int, dict[str, Any]] = {
        0: {"fade_in": Fade("white", (0.5,))},
        1: {"dissolve": Dissolve(4, 10), "fade_out": Fade("black", (0.5, 0.0))},
        2: {"kind": "white", "fade_in": Fade("white", (0.5,)), "fade_out": Fade("black", (0.5, 0.1, 0.0))},
        4: {"dissolve": Dissolve(3, 3)},
    }
    return replace(made, clips=tuple(replace(clip, **changes.get(at, {})) for at, clip in enumerate(made.clips)))


WORDS = [
    "begins with a fade from white of 1 frame, ends with a dissolve of 14 frames",
    "begins with a dissolve of 14 frames, ends with a fade to black of 2 frames",
    "ends with a fade to black of 3 frames",
    "",
    "",
]


def test_what_is_rendered_is_what_is_said(edit: EditList) -> None:
    rows = accounts(timeline(edit), edit)
    assert [row.transitions for row in rows] == WORDS
    assert (rows[1].begins.before, rows[1].begins.frames) == (4, 14)


def test_everything_says_it(edit: EditList) -> None:
    said = subtitles.write(timeline(edit), edit).split("\n")
    assert [words for words in WORDS if words and words not in said] == []
    annotations = elan.write(timeline(edit), edit)
    assert "3 white, ends with a fade to black of 3 frames\n" in annotations
    page = sheet.write(timeline(edit), edit)
    assert f"<dt>transitions</dt><dd>{WORDS[1]}</dd>" in page
    assert '<div class="none white">white</div>' in page


def test_the_table_has_columns_for_it(edit: EditList) -> None:
    text = table.write(timeline(edit), edit).removeprefix(table.BYTE_ORDER_MARK)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    columns = ("begins", "begins_frames", "begins_frames_before_cut", "ends", "ends_frames", "ends_frames_before_cut")
    assert [tuple(row[name] for name in columns) for row in rows] == [
        ("fade from white", "1", "", "dissolve", "14", "4"),
        ("dissolve", "14", "4", "fade to black", "2", ""),
        ("cut", "0", "", "fade to black", "3", ""),
        ("cut", "0", "", "cut", "0", ""),
        ("cut", "0", "", "cut", "0", ""),
    ]
