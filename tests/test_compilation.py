"""Compilations: which shots, in which order, how long, and to which sound."""

from __future__ import annotations

import itertools
import wave
from collections import Counter
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from reinterpret.compilation import CompileSettings, compile_shots, match_cut_path
from reinterpret.edits import Clip, EditList, Soundtrack
from reinterpret.embeddings import Film
from reinterpret.errors import EditError, LibraryError, UsageError, VideoError
from reinterpret.library import Library
from reinterpret.neighbours import Query, open_neighbours
from reinterpret.rendering.film import render
from reinterpret.rendering.stills import contact_sheet
from reinterpret.sound import SAMPLE_RATE, read_sound, sound_seconds
from reinterpret.video import FrameGrid
from tests.judging import pictures


def query_of(library: Library, name: str, shot: int) -> Query:
    film = next(film for film in library.fingerprints() if library.video(film).name == name)
    return open_neighbours(library).query_of_shot(film, shot)


def made(library: Library, **wanted: object) -> EditList:
    settings = CompileSettings(**{"least_score": -1, **wanted})  # type: ignore[arg-type]
    return compile_shots(library, open_neighbours(library), query_of(library, "one.mp4", 1), settings)


def shown(edit: EditList) -> list[tuple[str, int]]:
    return [(edit.film(clip.match.film).name, clip.match.source_shot) for clip in edit.clips if clip.match is not None]


@pytest.fixture(scope="module")
def drums(clips: Path) -> Path:
    """10 seconds of drums, two beats a second from 0.25 s on."""
    random = np.random.default_rng(0)
    samples = random.normal(0, 0.001, 10 * SAMPLE_RATE)
    for number in range(19):
        first = int((0.25 + number / 2) * SAMPLE_RATE)
        time = np.arange(3000) / SAMPLE_RATE
        samples[first : first + 3000] += 0.8 * np.exp(-80 * time) * np.sin(2 * np.pi * 90 * time + 1)
    path = clips / "drums.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(SAMPLE_RATE)
        file.writeframes((samples.clip(-1, 1) * 32767).astype("<i2").tobytes())
    return path


def test_the_likest_come_first(library: Library) -> None:
    edit = made(library, shot_seconds=1)
    scores = [clip.match.score for clip in edit.clips if clip.match is not None]
    assert shown(edit)[0] == ("one.mp4", 1)
    assert scores == sorted(scores, reverse=True)
    assert len(set(shown(edit))) == len(shown(edit)) == 8
    assert [clip.frame_count for clip in edit.clips] == [25] * 8


def test_it_ends_where_it_is_told_to(library: Library) -> None:
    assert made(library, seconds=3.4, shot_seconds=1).grid.duration == Fraction(17, 5)
    assert len(made(library, count=3).clips) == 3
    whole = made(library, shot_seconds=1)
    score = sorted(clip.match.score for clip in whole.clips if clip.match is not None)[4]
    assert len(made(library, least_score=score - 1e-4, shot_seconds=1).clips) == 4


def test_what_is_not_alike_at_all_is_left_out(library: Library) -> None:
    content = {"content": 1.0}
    some = made(library, least_score=0, shot_seconds=1, weights=content)
    assert 1 <= len(some.clips) < len(made(library, shot_seconds=1, weights=content).clips) == 8
    assert all(clip.match is not None and clip.match.score >= 0 for clip in some.clips)
    settings = CompileSettings(shot_seconds=1, weights=content)
    assert compile_shots(library, open_neighbours(library), query_of(library, "one.mp4", 1), settings) == some


def test_it_can_follow_the_films(library: Library) -> None:
    order = shown(made(library, order="time", shot_seconds=1))
    assert order == sorted(order, key=lambda entry: (("one.mp4", "three.mp4", "two.mp4").index(entry[0]), entry[1]))


def test_a_path_begins_with_the_likest_and_shows_all(library: Library) -> None:
    order = shown(made(library, order="path", shot_seconds=1))
    assert order[0] == ("one.mp4", 1)
    assert sorted(order) == sorted(shown(made(library, shot_seconds=1)))


@pytest.mark.parametrize("order", ["score", "path", "time"])
def test_a_film_is_read_once_to_be_compared_and_once_to_be_shown(library: Library, order: str) -> None:
    read: list[str] = []

    def noted(film: str) -> Film:
        read.append(film)
        return library.film(film)

    opened = Library.open(library.path)
    # As where there are more films than a library keeps at hand.
    opened._read_film = lru_cache(maxsize=1)(noted)
    films = [name for name, _ in shown(made(opened, order=order, shot_seconds=1))]
    assert set(read) == set(opened.fingerprints())
    assert max(Counter(read).values()) <= 2
    # Or it would prove nothing: in order of likeness films take turns.
    assert order != "score" or len([film for film, _ in itertools.groupby(films)]) > len(set(films))


def test_films_can_be_left_out(library: Library) -> None:
    assert {name for name, _ in shown(made(library, without=("two.mp4",)))} == {"one.mp4", "three.mp4"}
    assert {name for name, _ in shown(made(library, only=("two.mp4",)))} == {"two.mp4"}


def test_cuts_lie_on_the_beats(library: Library, drums: Path) -> None:
    edit = made(library, sound=drums, beat=True, shot_seconds=1.1)
    assert edit.soundtrack == Soundtrack("file", drums)
    cuts = [float(edit.grid.seconds(clip.first_frame)) for clip in edit.clips[1:]]
    assert len(cuts) == 7
    for cut in cuts:
        assert abs((cut - 0.25) * 2 - round((cut - 0.25) * 2)) / 2 <= 0.03
    assert all(0.9 <= clip.frame_count / 25 <= 1.1 for clip in edit.clips[1:-1])


def test_a_film_lasts_no_longer_than_its_sound(library: Library, drums: Path) -> None:
    assert made(library, sound=drums).grid.duration == 10
    assert made(library, sound=drums, seconds=4).grid.duration == 4


def test_the_edit_goes_through_json_and_becomes_a_film(library: Library, drums: Path, tmp_path: Path) -> None:
    for number, sound in enumerate((drums, "clips", "none")):
        edit = made(library, sound=sound, seconds=3, shot_seconds=1)
        edit.save(tmp_path / "edit.json")
        assert EditList.load(tmp_path / "edit.json") == edit
        out = tmp_path / f"{number}.mp4"
        assert render(edit, out, preset="ultrafast") == [out]
        assert len(pictures(out)) == 75
        if sound == "none":
            with pytest.raises(VideoError, match="no sound"):
                sound_seconds(out)
        else:
            assert abs(float(sound_seconds(out)) - 3) < 0.05


def test_a_file_is_heard_from_its_beginning(library: Library, drums: Path, tmp_path: Path) -> None:
    render(made(library, sound=drums, seconds=3), tmp_path / "a.mp4", preset="ultrafast")
    heard = read_sound(tmp_path / "a.mp4", Fraction(0), 2 * SAMPLE_RATE)
    true = read_sound(drums, Fraction(0), 2 * SAMPLE_RATE)
    assert np.corrcoef(heard[:, 0], true[:, 0])[0, 1] > 0.95


def test_clips_bring_their_own_sound_and_silence_where_they_have_none(library: Library, tmp_path: Path) -> None:
    edit = made(library, order="time", shot_seconds=1)  # one and three are silent, two has a tone
    render(edit, tmp_path / "a.mp4", preset="ultrafast")
    for clip, (name, _) in zip(edit.clips, shown(edit), strict=True):
        middle = edit.grid.seconds(clip.first_frame) + Fraction(1, 4)
        loudness = float(np.abs(read_sound(tmp_path / "a.mp4", middle, SAMPLE_RATE // 2)).mean())
        assert (loudness > 0.01) == (name == "two.mp4"), (name, loudness)


def test_its_sheet_has_a_picture_a_shot(library: Library, tmp_path: Path) -> None:
    contact_sheet(made(library, count=3), tmp_path / "s.png")
    with Image.open(tmp_path / "s.png") as picture:
        # three cells of 16:9 beside each other, with 8 pixels about each, and a line of 24 below
        assert picture.size == (3 * (267 + 8) + 8, 150 + 24 + 2 * 8)


def test_a_sound_without_beats_says_so(library: Library, tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "still.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(2 * 8000 * 5))
    with pytest.raises(VideoError, match="no beat is heard"):
        made(library, sound=tmp_path / "still.wav", beat=True)


def test_nothing_alike_is_said(library: Library) -> None:
    edit = made(library, least_score=0.999)
    assert shown(edit) == [("one.mp4", 1)]
    neighbours = open_neighbours(library)
    away = Query(-query_of(library, "one.mp4", 1).vectors, query_of(library, "one.mp4", 1).known)
    with pytest.raises(LibraryError, match="no shot is as alike"):
        compile_shots(library, neighbours, away, CompileSettings(least_score=0.99))


def test_nothing_stands_beside_what_follows_no_trailer(library: Library, tmp_path: Path) -> None:
    with pytest.raises(EditError, match="no trailer"):
        render(made(library, count=1), tmp_path / "a.mp4", layout="side-by-side")
    with pytest.raises(ValueError, match="without a trailer"):
        EditList(None, FrameGrid(Fraction(25), 1), (), (Clip(0, 1, "black"),))


@pytest.mark.parametrize(
    "wrong",
    [
        {"order": "best"},
        {"seconds": 0},
        {"seconds": float("nan")},
        {"count": 0},
        {"least_score": 2},
        {"shot_seconds": 0.1},
        {"beat": True},
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        CompileSettings(**wrong)  # type: ignore[arg-type]


@given(st.integers(1, 7), st.integers(0, 2**32 - 1))
def test_a_path_visits_all_once_from_the_first(count: int, seed: int) -> None:
    costs = np.random.default_rng(seed).random((count, count))
    path = match_cut_path(costs)
    assert path[0] == 0
    assert sorted(path) == list(range(count))


def test_a_path_is_nearly_as_short_as_the_shortest() -> None:
    worse = []
    for seed in range(30):
        places = np.random.default_rng(seed).random((7, 2))
        costs = np.linalg.norm(places[:, None] - places[None] + 0.05, axis=2)
        ways = ([0, *rest] for rest in itertools.permutations(range(1, 7)))
        shortest = min(sum(costs[a, b] for a, b in itertools.pairwise(way)) for way in ways)
        path = match_cut_path(costs)
        worse.append(sum(costs[a, b] for a, b in itertools.pairwise(path)) / shortest)
    assert np.mean(worse) < 1.05
    assert max(worse) < 1.35
