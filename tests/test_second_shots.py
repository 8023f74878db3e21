"""Second shots: one shot of the trailer, two of the archive, and a cut where it is least noticed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from reinterpret.alignment import ShotCourse
from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.cues.courses import CELLS, LayoutCourse
from reinterpret.edits import Clip, EditList
from reinterpret.errors import UsageError
from reinterpret.in_points import Targets
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.matching import MatchSettings, match
from reinterpret.neighbours import Query
from reinterpret.pace import ShortPolicy
from reinterpret.second_shots import cut_frames, cut_on_movement
from reinterpret.shots import Detection
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid
from tests.conftest import make_video

GRID = FrameGrid(Fraction(25), 500)


def course(levels: list[int], *, start: float = 0.0, seconds: float | None = None) -> ShotCourse:
    """A shot of which a level of all cells is known every 1/12 s."""
    instants = start + np.arange(len(levels)) / 12
    cells = np.repeat(np.array(levels, np.uint8)[:, None], CELLS, axis=1)
    length = len(levels) / 12 if seconds is None else seconds
    span = Span(Fraction(start).limit_denominator(1000), Fraction(start + length).limit_denominator(1000))
    empty = np.zeros((0, 4), np.float32)
    return ShotCourse(span, Fraction(25), LayoutCourse(cells, instants), empty, np.zeros(0))


def targets(*seconds: float) -> Targets:
    """Shots of a trailer, one after the other, that do not move."""
    courses, start = [], 0.0
    for length in seconds:
        courses.append(course([90] * round(12 * length), start=start, seconds=length))
        start += length
    query = Query(np.zeros((len(seconds), 4), np.float32), np.ones((len(seconds), 1), bool))
    return Targets(tuple(range(len(seconds))), query, tuple(courses), (False,) * len(seconds))


def clips(*frames: int) -> list[Clip]:
    found, first = [], 0
    for count in frames:
        found.append(Clip(first, count, "black"))
        first += count
    return found


def cuts(
    made: list[Clip], wanted: Targets, lengths: list[float], short: ShortPolicy = "slow", fill: float | None = None
) -> dict[int, int]:
    found = [Fraction(str(length)) for length in lengths]
    return cut_frames(GRID, made, wanted, found, short=short, fill=fill)


# Where


def test_the_cut_lies_where_most_changes_in_the_middle_half() -> None:
    levels = [60] * 40
    levels[24:] = [200] * 16
    assert float(cut_on_movement(course(levels, start=3))) == pytest.approx(3 + 24 / 12, abs=0.1)
    # What changes in the outer quarters would leave a part that is too short to be looked at.
    early = [200] * 4 + [60] * 36
    assert float(cut_on_movement(course(early))) == pytest.approx(40 / 24, abs=0.05)


def test_the_cut_lies_in_the_middle_where_nothing_changes_or_is_known() -> None:
    flicker = [90 + number % 2 // 2 for number in range(36)]
    for still in (course(flicker), course([90], seconds=3), course([], seconds=3)):
        assert cut_on_movement(still) == Fraction(3, 2)


def test_a_second_shot_follows_where_the_first_ends() -> None:
    wanted, made = targets(4, 4), clips(100, 100)
    assert cuts(made, wanted, [1.5, 9], short="second") == {0: 37}
    assert cuts(made, wanted, [9, 1.52], short="second") == {1: 138}
    # What is as good as long enough is slowed down, and a flash is no shot.
    assert cuts(made, wanted, [3.8, 0.3], short="second") == {}
    assert cuts(made, wanted, [1.5, 1.5]) == {}


def test_long_shots_are_filled_with_two() -> None:
    wanted, made = targets(4, 2, 4.04), clips(100, 50, 101)
    assert cuts(made, wanted, [9, 9, 9], fill=4) == {2: 200}
    assert cuts(made, wanted, [9, 9, 9], fill=1.9) == {0: 50, 1: 125, 2: 200}
    assert cuts(clips(20), targets(0.8), [9], fill=0.1) == {}


def test_no_cut_lies_within_a_transition() -> None:
    fades = [Fade("black", (0.5,) * frames) for frames in (60, 50, 10)]
    assert cuts([Clip(0, 100, "black", fade_in=fades[0])], targets(4), [9], fill=1) == {}
    assert cuts([Clip(0, 100, "black", fade_in=fades[1])], targets(4), [9], fill=1) == {0: 50}
    assert cuts([Clip(0, 100, "black", fade_out=fades[0])], targets(4), [9], fill=1) == {}
    assert cuts([Clip(0, 100, "black", fade_in=fades[2], fade_out=fades[2])], targets(4), [9], fill=1) == {0: 50}
    for before, after, expected in ((10, 60, {0: 50}), (60, 10, {1: 150}), (50, 50, {0: 50, 1: 150})):
        two = [*clips(100), Clip(100, 100, "black", dissolve=Dissolve(before, after))]
        assert cuts(two, targets(4, 4), [9, 9], fill=1) == expected


# In an edit


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The scene `fractal` in one second, and three other scenes in five each."""
    folder = tmp_path_factory.mktemp("second")
    make_video(folder / "brief.mp4", ("fractal", 1))
    make_video(folder / "long.mp4", ("cells", 5), ("tilted", 5), ("plate", 5))
    index([folder / "brief.mp4", folder / "long.mp4"], folder / "lib", encoder="pixels")
    return Library.open(folder / "lib")


def named(edit: EditList) -> list[tuple[str, int] | str]:
    return [
        clip.kind if clip.match is None else (edit.film(clip.match.film).name, clip.match.source_shot)
        for clip in edit.clips
    ]


def test_a_short_source_is_followed_by_a_second_shot(library: Library, clips: Path) -> None:
    black = "color=c=black:size=320x180:rate=25"
    trailer = make_video(clips / "followed.mp4", (black, 1), ("fractal", 2.4), ("tilted", 1))
    edit = match(trailer, library, MatchSettings(short="second"))
    assert [(clip.first_frame, clip.frame_count) for clip in edit.clips] == [(0, 25), (25, 25), (50, 35), (85, 25)]
    first, second = named(edit)[1:3]
    assert first == ("brief.mp4", 0)
    assert second != first
    assert named(edit)[3] == ("long.mp4", 1)
    for number, clip in enumerate(edit.clips[1:], start=1):
        assert clip.match is not None
        assert clip.speed == 1
        assert {entry.target_shot for entry in clip.matches} == {number}
        assert clip.match.source_span.duration == Fraction(clip.frame_count, 25)
        assert clip.suggestions[0].score >= clip.suggestions[-1].score
    # Without it the source is slowed down, and held.
    slowed = match(trailer, library, MatchSettings())
    assert len(slowed.clips) == 3
    assert slowed.clips[1].speed == Fraction(1, 2)


def test_a_long_shot_is_answered_by_two(library: Library, clips: Path) -> None:
    trailer = make_video(clips / "filled.mp4", ("cells", 3), ("plate", 1), ("tilted", 3))
    edit = match(trailer, library, MatchSettings(fill=2))
    assert [(clip.first_frame, clip.end_frame) for clip in edit.clips][2] == (75, 100)
    assert len(edit.clips) == 5
    assert [named(edit)[number] for number in (0, 2, 3)] == [("long.mp4", 0), ("long.mp4", 2), ("long.mp4", 1)]
    for one, other in ((0, 1), (3, 4)):
        assert named(edit)[one] != named(edit)[other]
        assert 19 <= edit.clips[one].frame_count <= 56
        assert edit.clips[one].frame_count + edit.clips[other].frame_count == 75
    # Shots are named by the numbers that they have in this edit.
    reasons = {shot.reason for clip in edit.clips for shot in clip.passed_over}
    assert all("shot 6" not in reason for reason in reasons)
    assert len(match(trailer, library, MatchSettings(fill=3)).clips) == 3


def test_parts_of_a_shot_that_returns_are_answered_alike(library: Library, clips: Path) -> None:
    trailer = make_video(clips / "returning.mp4", ("cells", 2.4), ("plate", 1), ("cells", 2.4))
    edit = match(trailer, library, MatchSettings(fill=2))
    assert named(edit)[:2] == named(edit)[3:]


def test_one_shot_alone_in_the_archive_goes_on(clips: Path, tmp_path: Path) -> None:
    make_video(tmp_path / "only.mp4", ("fractal", 1))
    index([tmp_path / "only.mp4"], tmp_path / "lib", encoder="pixels")
    trailer = make_video(clips / "alone.mp4", ("fractal", 2.4))
    edit = match(trailer, Library.open(tmp_path / "lib"), MatchSettings(short="second"), detection=Detection("none"))
    assert named(edit) == [("only.mp4", 0)] * 2
    assert edit.grid.frame_count == 60


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), float("inf")])
def test_lengths_that_cannot_be_meant(wrong: float) -> None:
    with pytest.raises(UsageError, match="number of seconds above 0"):
        MatchSettings(fill=wrong)
