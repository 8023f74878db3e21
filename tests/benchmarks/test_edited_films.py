"""Films edited from flat colours, in which every frame says which shot it belongs to."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from annotations import Mark, read_marks
from disturbances import CAMERAS, EVENTS, Wear, Worn, camera
from edited_films import Recipe, is_visible, make_film, recipes
from error_sheets import Place, write_sheets
from footage import Stretch, footage_for
from joins import dissolve, fade, log_uniform, wipe

from reinterpret.ffmpeg import ffmpeg_program, run_ffmpeg
from reinterpret.frames import Scaler, decode
from reinterpret.video import probe

COLOURS = {"red": (200, 30, 30), "green": (30, 160, 40), "blue": (40, 40, 210), "white": (220, 220, 220)}
PLAIN = Recipe("test", "clean", Fraction(25), 96, 64, seconds=12, cameras=("still",), events=0, crf=8)


@pytest.fixture(scope="module")
def footage(tmp_path_factory: pytest.TempPathFactory) -> list[Stretch]:
    folder = tmp_path_factory.mktemp("footage")
    for name, colour in COLOURS.items():
        source = f"color=c=0x{bytes(colour).hex()}:size=96x64:rate=25:duration=8"
        command = [ffmpeg_program(), "-loglevel", "error", "-f", "lavfi", "-i", source, "-c:v", "libx264", "-crf", "8"]
        run_ffmpeg([*command, "-pix_fmt", "yuv420p", str(folder / f"{name}.mp4")])
    (folder / "films.csv").write_text("film,use\n" + "".join(f"{name}.mp4,test\n" for name in COLOURS))
    (folder / "marks.csv").write_text("film,transition,start_frame,end_frame,note\n")
    return footage_for("test", folder / "films.csv", folder, folder / "marks.csv")


def colours_of(path: Path) -> list[str]:
    """What a film shows, frame by frame: a colour, or `mixed`."""
    scaler = Scaler(96, 64)
    shown = []
    for frame in decode(probe(path)):
        picture = scaler.rgb(frame.picture).astype(int)
        distances = {name: np.abs(picture - colour).max() for name, colour in COLOURS.items()}
        nearest = min(distances, key=lambda name: distances[name])
        shown.append(nearest if distances[nearest] <= 6 else "mixed")
    return shown


@pytest.mark.parametrize("shots_rate", [None, Fraction(18)])
@pytest.mark.parametrize("kind", [0, 1, 2, 3])
def test_the_marks_are_exact(footage: list[Stretch], tmp_path: Path, kind: int, shots_rate: Fraction | None):
    joins = tuple(float(number == kind) for number in range(4))
    recipe = replace(PLAIN, joins=joins, shots_rate=shots_rate)
    marks = make_film(recipe, footage, tmp_path / "film.mp4", seed=3)
    shown = colours_of(tmp_path / "film.mp4")
    assert read_marks(tmp_path / "film.csv") == tuple(sorted(marks))
    certain = sorted(mark for mark in marks if mark.transition != "ambiguous")
    assert {mark.transition for mark in certain} == {("cut", "dissolve", "fade", "wipe")[kind]}
    ends = [0, *(mark.end_frame for mark in certain)]
    starts = [*(mark.start_frame for mark in certain), len(shown)]
    doubtful = {
        frame for mark in marks if mark.transition == "ambiguous" for frame in range(mark.start_frame, mark.end_frame)
    }
    shots = [
        {shown[frame] for frame in range(end, start) if frame not in doubtful}
        for end, start in zip(ends, starts, strict=True)
    ]
    assert all(len(shot) == 1 and "mixed" not in shot for shot in shots), (certain, shots)
    assert all(a != b for a, b in pairwise(shots))
    for mark in certain:
        middle = (mark.start_frame + mark.end_frame) // 2
        assert mark.transition == "cut" or shown[middle] == "mixed"


def test_the_same_seed_makes_the_same_film(footage: list[Stretch], tmp_path: Path):
    recipe = replace(PLAIN, seconds=5)
    made = [make_film(recipe, footage, tmp_path / f"{number}.mp4", seed=seed) for number, seed in enumerate((1, 1, 2))]
    assert made[0] == made[1] != made[2]
    assert (tmp_path / "0.mp4").read_bytes() == (tmp_path / "1.mp4").read_bytes()


def test_a_film_without_a_cut_has_no_mark(footage: list[Stretch], tmp_path: Path):
    recipe = next(recipe for recipe in recipes(10) if recipe.name == "uncut-archive-24")
    recipe = replace(recipe, width=96, height=64, seconds=4)
    assert make_film(recipe, footage, tmp_path / "film.mp4", seed=1) == ()
    assert len((tmp_path / "film.disturbances.csv").read_text().splitlines()) > 1


def test_clips_are_divided_at_their_own_cuts(footage: list[Stretch]):
    folder = footage[0].video.path.parent
    (folder / "cut.csv").write_text(
        "film,transition,start_frame,end_frame,note\nred.mp4,cut,100,100,\nred.mp4,ambiguous,150,160,\n"
    )
    red = [
        one
        for one in footage_for("test", folder / "films.csv", folder, folder / "cut.csv")
        if "red" in one.video.path.name
    ]
    assert [(one.start * 25, one.end * 25) for one in red] == [(0, 97), (102, 147), (162, 197)]


def test_the_set_has_films_of_every_group():
    assert {recipe.group for recipe in recipes()} == {"clean", "modern", "archive", "uncut"}
    names = [recipe.name for recipe in recipes()]
    assert len(set(names)) == len(names)
    assert all(sum(recipe.joins) == pytest.approx(1) for recipe in recipes())


def test_what_cannot_be_seen_is_no_cut():
    random = np.random.default_rng(0)
    picture = np.kron(random.integers(0, 256, (9, 16, 3)), np.ones((20, 20, 1))).astype(np.uint8)
    other = np.kron(random.integers(0, 256, (9, 16, 3)), np.ones((20, 20, 1))).astype(np.uint8)
    assert is_visible(picture, other)
    assert not is_visible(picture, picture)
    assert not is_visible(picture, (picture * 0.6).astype(np.uint8))  # light
    assert not is_visible(picture, np.roll(picture, 20, axis=1))  # a jerk
    assert not is_visible(np.zeros_like(picture), np.full_like(picture, 8))


def test_joins_take_and_give_the_frames_that_they_say():
    random = np.random.default_rng(0)
    old, new = np.full((36, 64, 3), 40, np.uint8), np.full((36, 64, 3), 200, np.uint8)
    for make in (dissolve, fade, wipe):
        for _ in range(30):
            join = make(random)
            made = join.make([old] * join.tail, [new] * join.head)
            assert len(made) >= 4
            assert all(picture.shape == old.shape and picture.dtype == np.uint8 for picture in made)
            if join.kind == "wipe":
                means = [float(picture.mean()) for picture in made]
                assert means == sorted(means)
                assert 40 < means[0] < means[-1] < 200


def test_disturbances_leave_the_size_as_it_is():
    random = np.random.default_rng(0)
    picture = random.integers(0, 256, (90, 160, 3)).astype(np.uint8)
    for make in EVENTS.values():
        event = make(random, 160, 90)
        for frame in (0, event.length // 2, event.length - 1):
            changed = event.apply(picture, frame)
            assert changed.shape == picture.shape
            assert changed.dtype == np.uint8
    for name in CAMERAS:
        seen = camera(random, name, 40)
        assert seen.picture(20, picture, 96, 64).shape == (64, 96, 3)
    worn = Worn(random, Wear(8, 0.05, 4, 2, 1), 160, 90)
    assert worn.frame(picture).shape == picture.shape


def test_lengths_are_within_their_limits():
    random = np.random.default_rng(0)
    lengths = [log_uniform(random, 4, 50) for _ in range(500)]
    assert min(lengths) == 4
    assert 45 < max(lengths) <= 50
    assert 10 < np.median(lengths) < 20


def test_strips_of_frames_are_written(footage: list[Stretch], tmp_path: Path):
    film = footage[0].video.path
    places = [
        Place(0, 0, "at the start", "start"),
        Place(100, 150, "long", "a long/one"),
        Place(199, 199, "end", "end"),
    ]
    written = write_sheets(film, places, tmp_path)
    assert [path.name for path in written] == ["start.jpg", "a-long-one.jpg", "end.jpg"]
    assert all(path.stat().st_size > 1000 for path in written)


def test_a_mark_is_between_two_frames():
    with pytest.raises(ValueError, match="a cut has no frames"):
        Mark(3, 4, "cut")
