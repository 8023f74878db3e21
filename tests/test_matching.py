"""Matching: the right shots of the archive, none twice, at the right place."""

from __future__ import annotations

import itertools
import json
import math
import shutil
from collections import Counter
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.edits import EditList
from reinterpret.embeddings import embed_video
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.errors import LibraryError, UsageError, VideoError
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.matching import ShortPolicy, align, assign, match, shortage_cost
from reinterpret.neighbours import Hit, Neighbours
from reinterpret.shots import Boundary, Detection
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.conftest import make_video
from tests.judging import pictures
from tests.shots.known import find

# The film and the shot of the archive that each shot of the fixture `trailer` is.
ANSWER = [("two.mp4", 2), ("one.mp4", 0), ("two.mp4", 1), ("three.mp4", 1), ("one.mp4", 1)]


@pytest.fixture(scope="module")
def edit(trailer: Path, library: Library) -> EditList:
    return match(trailer, library)


def chosen(edit: EditList) -> list[tuple[str, int]]:
    return [(edit.film(clip.match.film).name, clip.match.source_shot) for clip in edit.clips if clip.match is not None]


def test_every_shot_is_answered_by_the_same_scene(edit: EditList) -> None:
    assert [(clip.first_frame, clip.frame_count) for clip in edit.clips] == [
        (0, 25),
        (25, 20),
        (45, 30),
        (75, 15),
        (90, 35),
    ]
    assert chosen(edit) == ANSWER
    for clip in edit.clips:
        assert clip.match is not None
        assert clip.match.score > 0.85
        assert clip.speed == 1
        assert dict(clip.match.cues) == {"content": clip.match.score}


def test_no_archive_shot_comes_twice(edit: EditList) -> None:
    assert len(set(chosen(edit))) == len(edit.clips)


def test_suggestions_are_ranked_and_begin_with_the_nearest(edit: EditList, trailer: Path, library: Library) -> None:
    for clip in edit.clips:
        scores = [entry.score for entry in clip.suggestions]
        assert len(scores) == 8  # all shots of the archive, fewer than the ten asked for
        assert scores == sorted(scores, reverse=True)
    assert {len(clip.suggestions) for clip in match(trailer, library, suggestions=2).clips} == {2}


def test_the_same_question_has_the_same_answer_to_the_byte(edit: EditList, trailer: Path, library: Library) -> None:
    assert match(trailer, Library.open(library.path)).dumps() == edit.dumps()


def test_in_points_lie_on_frames_and_within_the_shot(edit: EditList) -> None:
    for clip in edit.clips:
        for entry in (clip.match, *clip.suggestions):
            assert entry is not None
            times = [when for when, _ in pictures(edit.film(entry.film).path)]
            assert entry.source_span.start in [when - times[0] for when in times]
            assert entry.shot_span.start <= entry.source_span.start < entry.source_span.end <= entry.shot_span.end


@pytest.mark.parametrize("short", ["slow", "hold"])
def test_no_frame_of_an_archive_s_transition_is_ever_used(
    archive: Path, trailer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, short: ShortPolicy
) -> None:
    library = Library.create(
        tmp_path / "lib", encoder="pixels", encoder_version=PixelsEncoder.version, detection=Detection("none")
    )
    clean = [(0, 12), (40, 110), (150, 175)]
    with monkeypatch.context() as patch:
        find(patch, Boundary.gradual("dissolve", 12, 40), Boundary.gradual("wipe", 110, 150))
        library.add(embed_video(probe(archive / "one.mp4"), PixelsEncoder()))
    edit = match(trailer, library, detection=Detection("adaptive"), short=short)
    assert len(edit.clips) == 5
    # Those of half a second are too short for every shot of the trailer: they are slowed down and held.
    assert {entry.source_shot for entry in edit.matches()} == {0, 1, 2}
    for entry in edit.matches():
        first, end = clean[entry.source_shot]
        assert entry.shot_span == Span(Fraction(first, 25), Fraction(end, 25))
        assert Fraction(first, 25) <= entry.source_span.start < entry.source_span.end <= Fraction(end, 25)
    for clip in edit.clips:
        assert clip.match is not None
        first, end = clean[clip.match.source_shot]
        assert {math.floor(instant * 25) for instant in edit.source_seconds(clip)} <= set(range(first, end))


def test_a_trailer_s_clips_tile_it_whatever_its_transitions(
    trailer: Path, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(monkeypatch, Boundary(0, "start", 0, 8), Boundary.gradual("dissolve", 20, 60), Boundary.cut(90))
    edit = match(trailer, library)
    assert [(clip.first_frame, clip.end_frame) for clip in edit.clips] == [(0, 40), (40, 90), (90, 125)]
    assert [clip.match.source_span.duration for clip in edit.clips if clip.match] == [
        Fraction(frames, 25) for frames in (40, 50, 35)
    ]


# Fewer shots than needed, black, the trailer itself


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """A library of two shots of one second."""
    folder = tmp_path_factory.mktemp("small")
    make_video(folder / "small.mp4", ("bars", 1), ("fractal", 1))
    index([folder / "small.mp4"], folder / "lib", encoder="pixels")
    return Library.open(folder / "lib")


def test_too_few_shots_are_used_again_as_evenly_as_can_be(trailer: Path, small: Library) -> None:
    edit = match(trailer, small)
    counts = Counter(chosen(edit))
    assert sorted(counts.values()) == [2, 3]
    assert edit.grid.frame_count == sum(clip.frame_count for clip in edit.clips) == 125


def test_a_source_that_is_too_short_is_slowed_or_held(trailer: Path, small: Library) -> None:
    slowed, held = match(trailer, small), match(trailer, small, short="hold")
    assert chosen(slowed) == chosen(held)
    for slow, hold in zip(slowed.clips, held.clips, strict=True):
        assert slow.match is not None
        needed = Fraction(slow.frame_count, 25)
        assert hold.speed == 1
        if needed <= 1:
            assert slow.speed == 1
        else:
            assert slow.match.source_span == slow.match.shot_span
            assert Fraction(1, 2) <= slow.speed <= 1 / needed
            # Slowed far enough that nothing has to be held, and no further than a hundredth.
            assert slow.speed > 1 / needed - Fraction(1, 100)


def test_never_slower_than_half(small: Library, tmp_path: Path) -> None:
    trailer = make_video(tmp_path / "long.mp4", ("bars", 3), ("fractal", 3))
    edit = match(trailer, small)
    assert {clip.speed for clip in edit.clips} == {Fraction(1, 2)}
    seconds = edit.source_seconds(edit.clips[0])
    assert len(seconds) == 75
    assert len(set(seconds)) == 51  # two seconds of movement, then the last frame is held


def test_the_trailer_does_not_answer_itself(archive: Path, trailer: Path, tmp_path: Path) -> None:
    index([archive, trailer], tmp_path / "lib", encoder="pixels")
    library = Library.open(tmp_path / "lib")
    assert chosen(match(trailer, library)) == ANSWER
    copy = tmp_path / "copy.mp4"
    shutil.copy(trailer, copy)
    assert chosen(match(copy, library)) == ANSWER
    itself = match(trailer, library, include_trailer=True)
    # The bars stand still, so those of the archive are as good.
    assert [chosen(itself)[number] for number in (0, 2, 3, 4)] == [("trailer.mp4", number) for number in (0, 2, 3, 4)]
    assert not [film for film in match(trailer, library).films if film.name == "trailer.mp4"]


def test_a_library_of_the_trailer_alone_is_an_error(trailer: Path, tmp_path: Path) -> None:
    index([trailer], tmp_path / "lib", encoder="pixels")
    with pytest.raises(LibraryError, match="beside the trailer itself"):
        match(trailer, Library.open(tmp_path / "lib"))


def test_black_shots_stay_black(library: Library, tmp_path: Path) -> None:
    black = "color=c=black:size=320x180:rate=25"
    trailer = make_video(tmp_path / "black.mp4", (black, 1), ("bars", 1), (black, 1), ("fractal", 1), (black, 1))
    edit = match(trailer, library)
    assert [(clip.kind, clip.first_frame) for clip in edit.clips] == [
        ("black", 0),
        ("footage", 25),
        ("black", 50),
        ("footage", 75),
        ("black", 100),
    ]
    assert chosen(edit) == [("one.mp4", 0), ("one.mp4", 1)]


def test_a_black_trailer_is_black(library: Library, tmp_path: Path) -> None:
    trailer = make_video(tmp_path / "black.mp4", ("color=c=black:size=320x180:rate=25", 1))
    edit = match(trailer, library)
    assert [(clip.kind, clip.frame_count) for clip in edit.clips] == [("black", 25)]
    assert edit.films == ()


# Odd trailers


def test_a_trailer_of_one_frame(library: Library, tmp_path: Path) -> None:
    trailer = make_video(tmp_path / "one.mp4", ("bars", 0.04))
    edit = match(trailer, library)
    assert chosen(edit) == [("one.mp4", 0)]
    assert edit.grid.frame_count == 1


def test_a_trailer_without_a_cut(library: Library, tmp_path: Path) -> None:
    trailer = make_video(tmp_path / "uncut.mp4", ("plate", 1.5))
    assert chosen(match(trailer, library)) == [("two.mp4", 1)]
    assert len(match(trailer, library, detection=Detection("none")).clips) == 1


def test_progress_is_told(trailer: Path, library: Library) -> None:
    told: list[tuple[Fraction, Fraction]] = []
    match(trailer, library, on_seconds=lambda *done: told.append(done))
    assert {total for _, total in told} == {Fraction(5)}
    assert [done for done, _ in told] == sorted(done for done, _ in told)


# Errors


def test_an_empty_library_is_an_error(trailer: Path, tmp_path: Path) -> None:
    library = Library.create(tmp_path / "lib", encoder="pixels", encoder_version="1", detection=Detection("adaptive"))
    with pytest.raises(LibraryError, match="is empty; index films"):
        match(trailer, library)


def test_a_library_of_another_encoder_version_is_an_error(trailer: Path, library: Library, tmp_path: Path) -> None:
    shutil.copytree(library.path, tmp_path / "lib")
    facts = json.loads((tmp_path / "lib" / "library.json").read_text())
    (tmp_path / "lib" / "library.json").write_text(json.dumps({**facts, "encoder_version": "0"}))
    with pytest.raises(LibraryError, match="version 0 of the encoder pixels"):
        match(trailer, Library.open(tmp_path / "lib"))


def test_options_that_cannot_be_meant(trailer: Path, library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="slow, hold"):
        match(trailer, library, short="loop")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="suggestion"):
        match(trailer, library, suggestions=0)
    with pytest.raises(UsageError, match="adaptive, content, fast, none"):
        match(trailer, library, detection=Detection("eye"))
    with pytest.raises(UsageError, match="cpu"):
        match(trailer, library, device="abacus")  # type: ignore[arg-type]
    with pytest.raises(VideoError, match=r"none\.mp4: no such file"):
        match(tmp_path / "none.mp4", library)


# Assignment


def shots_of(*lengths: float) -> Neighbours:
    """Shots of one film, of these many seconds; their vectors are not asked for."""
    facts = np.array([(length, 0.5, 0.2) for length in lengths], np.float32)
    rows = np.zeros(len(lengths), np.int32)
    return Neighbours(None, ["f"], rows, np.arange(len(lengths), dtype=np.int32), facts)


def hits_of(*scores: float) -> list[Hit]:
    return sorted((Hit("f", shot, score) for shot, score in enumerate(scores)), key=lambda hit: (-hit.score, hit.shot))


def numbers(hits: list[Hit]) -> list[int]:
    return [hit.shot for hit in hits]


def test_the_whole_trailer_counts_not_the_first_shot() -> None:
    """Taking the best for the first shot (0.9) would leave 0.1 for the second: 1.0 against 0.8 + 0.85."""
    candidates = [hits_of(0.9, 0.8), hits_of(0.85, 0.1)]
    assert numbers(assign(candidates, [1, 1], shots_of(9, 9))) == [1, 0]


def test_a_shot_that_is_long_enough_wins_over_one_a_little_nearer() -> None:
    assert numbers(assign([hits_of(0.80, 0.75)], [4], shots_of(1, 9))) == [1]
    assert numbers(assign([hits_of(0.80, 0.75)], [4], shots_of(3.5, 9))) == [0]


def test_nothing_to_assign() -> None:
    assert assign([], [], shots_of(1)) == []


def test_one_archive_shot_answers_all() -> None:
    assert numbers(assign([hits_of(0.5)] * 4, [1] * 4, shots_of(9))) == [0] * 4


def test_every_shot_is_used_before_one_is_used_a_third_time() -> None:
    candidates = [hits_of(0.9, 0.8, 0.1)] * 4
    assert sorted(Counter(numbers(assign(candidates, [1] * 4, shots_of(9, 9, 9)))).values()) == [1, 1, 2]


scores = st.floats(-1, 1, width=32)


@settings(deadline=None, max_examples=150)
@given(data=st.data(), rows=st.integers(1, 4), columns=st.integers(1, 5))
def test_no_other_assignment_is_better(data: st.DataObject, rows: int, columns: int) -> None:
    table = data.draw(st.lists(st.lists(scores, min_size=columns, max_size=columns), min_size=rows, max_size=rows))
    lengths = data.draw(st.lists(st.floats(0.125, 5, width=32), min_size=columns, max_size=columns))
    needed = data.draw(st.lists(st.floats(0.125, 5, width=32), min_size=rows, max_size=rows))
    got = numbers(assign([hits_of(*row) for row in table], needed, shots_of(*lengths)))

    def worth(choice: tuple[int, ...] | list[int]) -> float:
        return sum(table[row][shot] - shortage_cost(lengths[shot], needed[row]) for row, shot in enumerate(choice))

    most = math.ceil(rows / columns)
    least = rows // columns
    possible = [
        choice
        for choice in itertools.product(range(columns), repeat=rows)
        if all(least <= choice.count(shot) <= most for shot in range(columns))
    ]
    assert tuple(got) in possible
    assert worth(got) >= max(map(worth, possible)) - 1e-6


@given(st.floats(0.01, 100), st.floats(0.01, 100), st.floats(0.01, 100))
def test_a_longer_shot_never_costs_more(needed: float, one: float, other: float) -> None:
    short, long = sorted((one, other))
    assert shortage_cost(short, needed) >= shortage_cost(long, needed) >= 0
    assert shortage_cost(long, needed) == 0 or long < needed
    assert shortage_cost(short, needed) <= 0.36


def test_shortage_costs_little_until_half() -> None:
    assert [round(shortage_cost(length, 10), 4) for length in (10, 7.5, 5, 2.5)] == [0, 0.025, 0.05, 0.2]


# The in-point


def wandering(path: Path, begin: float, seconds: float, rate: int = 25) -> Path:
    """A bright square that crosses the picture once in twelve seconds, from `begin` seconds on; its colour turns."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "12"}
        for number in range(round(seconds * rate)):
            share = (begin + number / rate) / 12
            picture = np.full((180, 320, 3), 60, np.uint8)
            left = round(260 * share)
            picture[60:120, left : left + 60] = (230, round(230 * share), round(230 * (1 - share)))
            picture[round(150 * share) : round(150 * share) + 20, :40] = 200
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return path


@pytest.fixture(scope="module")
def course(clips: Path) -> Path:
    return wandering(clips / "course.mp4", 0, 12)


@pytest.mark.parametrize(("begin", "seconds"), [(6, 2), (1, 3), (9.5, 1), (4.4, 0.6)])
def test_an_excerpt_is_found_where_it_was_taken(course: Path, tmp_path: Path, begin: float, seconds: float) -> None:
    films = [
        embed_video(probe(path), PixelsEncoder(), detection=Detection("none"))
        for path in (wandering(tmp_path / "excerpt.mp4", begin, seconds), course)
    ]
    span = align(films[0], 0, films[1], 0)
    assert abs(float(span.start) - begin) < 0.3
    assert span.duration == films[0].shots[0].span.duration
    assert (span.start * 25).denominator == 1


def test_a_shot_as_long_as_the_archive_s_takes_all_of_it(course: Path) -> None:
    film = embed_video(probe(course), PixelsEncoder(), detection=Detection("none"))
    assert align(film, 0, film, 0) == film.shots[0].body


def test_where_nothing_changes_the_middle_is_taken(tmp_path: Path) -> None:
    """Away from the cuts, where a dissolve may have left something of the neighbours."""
    films = []
    for name, seconds in (("short.mp4", 1), ("long.mp4", 5)):
        path = make_video(tmp_path / name, ("bars", seconds))
        films.append(embed_video(probe(path), PixelsEncoder(), detection=Detection("none")))
    assert abs(align(films[0], 0, films[1], 0).middle - Fraction(5, 2)) < Fraction(1, 5)
