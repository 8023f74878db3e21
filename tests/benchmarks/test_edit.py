"""Edits of a trailer whose right matches are known, judged by lists that are right, wrong or empty."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from edit import BALANCED, CHANCE, PLAIN, Archive, Trailer, as_json, judge, on_grid, shown_by_edit
from edit_scores import MarkedShot, Stretch

from reinterpret.cues import PRESETS
from reinterpret.edits import Clip
from reinterpret.library import Library
from reinterpret.video import FrameGrid, probe


def of_shot(library: Library, name: str, number: int) -> Stretch:
    """The body of an archive shot."""
    film = library.film(library.find_film(name))
    body = film.shots[number].body
    return Stretch(film.video.name, body.start, body.end)


@pytest.fixture
def judged_trailer(trailer: Path, library: Library) -> Trailer:
    """Its first three shots: the right list, the list of another shot, and nothing. The marks are a little narrower."""
    shots = [
        MarkedShot(trailer.name, 2, 24, keep=(of_shot(library, "two.mp4", 2),)),
        MarkedShot(trailer.name, 27, 44, accept=(of_shot(library, "three.mp4", 1),)),
        MarkedShot(trailer.name, 46, 75),
    ]
    return Trailer(trailer, library, shots)


def test_matches_are_judged_by_the_lists_of_their_shots(judged_trailer: Trailer, library: Library) -> None:
    found = judge(judged_trailer, Archive(library), [BALANCED, PLAIN, CHANCE])
    for way in (BALANCED, PLAIN):
        right, wrong, empty = (one.outcome for one in found[way])
        assert (right.on_list, right.keep, right.among_first) == (1, 1, 1)
        assert (wrong.on_list, wrong.keep) == (0, 0)
        assert empty.nothing_right == 0
        assert math.isnan(empty.on_list)
    assert 0 < found[CHANCE][0].outcome.on_list < 1
    written = as_json({"t": found})["t"]["chance"]
    assert written["shots"][0]["chosen"] is None
    assert written["mean"]["nothing_right"] == 0


def test_a_clip_that_is_no_footage_says_nothing(judged_trailer: Trailer) -> None:
    edit = judged_trailer.edit(PRESETS[BALANCED])
    without = [Clip(clip.first_frame, clip.frame_count, "black", suggestions=clip.suggestions) for clip in edit.clips]
    shown = shown_by_edit(replace(edit, clips=tuple(without)), judged_trailer.shots)
    assert [one.chosen for one in shown] == [None] * 3
    assert all(one.suggestions for one in shown)


def test_frames_are_found_again_on_a_grid_of_another_rate(trailer: Path) -> None:
    video = probe(trailer)
    shot = MarkedShot(trailer.name, 25, 45)
    same = FrameGrid(video.frame_rate, video.frame_count)
    assert on_grid(shot, video, same) == (25, 45)
    twice = FrameGrid(video.frame_rate * 2, video.frame_count * 2)
    assert on_grid(shot, video, twice) == (50, 90)
    assert on_grid(replace(shot, end_frame=video.frame_count), video, twice)[1] == video.frame_count * 2
