"""The marks made by eye fit the films that are here."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from annotations import read_archive_marks
from edited_films import ARCHIVE_MARKS

from reinterpret.frames import decode
from reinterpret.video import probe

KINDS = ARCHIVE_MARKS.with_name("kinds.csv")
# Where a cut is marked, the picture changes more than anywhere in these frames around it. Two of the cuts lie in
# footage that jumps by itself, an animation frame by frame.
NEAR_FRAMES = 9


def changes(path: Path) -> np.ndarray:
    """How much each frame differs from the one before, in levels of luma; none at the first."""
    found, before = [], None
    for frame in decode(probe(path)):
        luma = frame.picture.reformat(width=64, height=36, format="gray").to_ndarray().astype(np.int16)
        found.append(0.0 if before is None else float(np.abs(luma - before).mean()))
        before = luma
    return np.array(found)


@pytest.mark.slow
def test_where_a_cut_is_marked_the_picture_changes(media: Path) -> None:
    checked = 0
    for name, marks in read_archive_marks(ARCHIVE_MARKS).items():
        cuts = [mark.start_frame for mark in marks if mark.transition == "cut"]
        if not cuts:
            continue
        seen = changes(media / "archive" / name)
        for cut in cuts:
            near = seen[cut - NEAR_FRAMES : cut + NEAR_FRAMES + 1]
            assert seen[cut] == near.max(), f"{name}: a cut is marked at {cut}, where the picture does not change"
            checked += 1
    assert checked > 20


def test_what_is_of_a_kind_does_not_reach_over_a_marked_transition() -> None:
    marks = read_archive_marks(ARCHIVE_MARKS)
    with KINDS.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        first, end = int(row["start_frame"]), int(row["end_frame"])
        crossed = [
            mark
            for mark in marks.get(row["film"], ())
            if mark.transition != "ambiguous" and mark.start_frame < end and mark.end_frame > first
        ]
        assert not crossed, f"{row['film']}: frames {first} to {end} are one shot, but {crossed[0]} lies within"
