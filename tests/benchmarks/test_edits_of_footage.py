"""The edits of footage: each by what it does to pictures, and all of them by their seed."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from edits_of_footage import (
    EDITS,
    MOVES,
    PICTURE_IN_PICTURE,
    Cutting,
    generator,
    mirrored_move,
    moved,
    read_pictures,
    stands_still,
    write_clip,
    write_edit,
)
from joins import Pictures

from reinterpret.frames import decode
from reinterpret.video import probe

RATE = Fraction(10)
WIDTH, HEIGHT = 160, 90


def texture(seed: int) -> np.ndarray:
    """Patches of colour with soft edges, unlike anywhere else in the picture."""
    small = np.random.default_rng(seed).integers(30, 226, (18, 32, 3)).astype(np.uint8)
    return np.asarray(cv2.resize(small, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC))


@pytest.fixture
def cutting() -> Cutting:
    """Twelve frames, each a little brighter than the last, and those of another film."""
    pictures = [cv2.convertScaleAbs(texture(0), alpha=1 + 0.01 * number) for number in range(12)]
    return Cutting(pictures, RATE, [texture(1)] * 5)


def edited(name: str, cutting: Cutting, seed: int = 1) -> Pictures:
    return EDITS[name](cutting, generator(seed, name))


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The correlation of two pictures of one size."""
    return float(np.corrcoef(one.ravel().astype(float), other.ravel().astype(float))[0, 1])


@pytest.mark.parametrize("name", EDITS)
def test_the_same_seed_makes_the_same_pictures(name: str, cutting: Cutting):
    before = [picture.copy() for picture in cutting.pictures]
    once, again = edited(name, cutting), edited(name, cutting)
    assert np.array_equal(np.stack(once), np.stack(again))
    assert all(np.array_equal(*pair) for pair in zip(before, cutting.pictures, strict=True)), "the footage is changed"
    assert all(picture.shape == (HEIGHT, WIDTH, 3) and picture.dtype == np.uint8 for picture in once)


@pytest.mark.parametrize("name", ["crop", "grade", "grain", "subtitle", "logo", PICTURE_IN_PICTURE])
def test_another_seed_makes_others(name: str, cutting: Cutting):
    made = [np.stack(edited(name, cutting, seed)) for seed in range(1, 5)]
    assert any(not np.array_equal(made[0], other) for other in made[1:])


@pytest.mark.parametrize("name", sorted(set(EDITS) - {"half speed", "later"}))
def test_most_edits_keep_the_number_of_frames(name: str, cutting: Cutting):
    assert len(edited(name, cutting)) == 12


def test_a_crop_is_a_part_of_the_picture_enlarged(cutting: Cutting):
    cropped = edited("crop", cutting)[0]
    part = cv2.resize(cropped, (round(WIDTH * 0.6), round(HEIGHT * 0.6)), interpolation=cv2.INTER_AREA)
    assert cv2.matchTemplate(cutting.pictures[0], part, cv2.TM_CCOEFF_NORMED).max() > 0.95


def test_mirrored_twice_is_the_original(cutting: Cutting):
    once = edited("mirror", cutting)
    assert np.array_equal(once[0][:, 0], cutting.pictures[0][:, -1])
    twice = edited("mirror", Cutting(once, RATE, cutting.other))
    assert np.array_equal(np.stack(twice), np.stack(cutting.pictures))


def test_black_and_white_has_no_colour(cutting: Cutting):
    for picture in edited("black and white", cutting):
        assert np.array_equal(picture[..., 0], picture[..., 1])
        assert np.array_equal(picture[..., 0], picture[..., 2])


def test_a_grade_changes_the_colours_and_not_the_shapes(cutting: Cutting):
    for seed in range(8):
        graded = edited("grade", cutting, seed)[0]
        assert np.abs(graded.astype(int) - cutting.pictures[0]).mean() > 8
        grey, before = (cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in (graded, cutting.pictures[0]))
        assert likeness(grey, before) > 0.9


def test_grain_differs_from_frame_to_frame(cutting: Cutting):
    still = Cutting([cutting.pictures[0]] * 4, RATE, cutting.other)
    worn = edited("grain", still)
    differences = [np.abs(a.astype(int) - b).mean() for a, b in pairwise(worn)]
    assert 5 < min(differences) < max(differences) < 60


def test_letterbox_is_black_above_and_below(cutting: Cutting):
    for picture, before in zip(edited("letterbox", cutting), cutting.pictures, strict=True):
        assert not picture[:11].any()
        assert not picture[-11:].any()
        assert np.array_equal(picture[13:-13], before[13:-13])


def test_a_subtitle_is_at_the_bottom_and_changes(cutting: Cutting):
    long = Cutting([cutting.pictures[0]] * 30, RATE, cutting.other)
    titled = edited("subtitle", long)
    changed = (titled[0] != long.pictures[0]).any(axis=2)
    assert not changed[: HEIGHT // 2].any()
    assert changed[HEIGHT // 2 :].mean() > 0.03
    assert np.array_equal(titled[0], titled[19])
    assert not np.array_equal(titled[19], titled[20])


def test_a_logo_stands_in_a_corner(cutting: Cutting):
    for seed in range(6):
        changed = (edited("logo", cutting, seed)[0] != cutting.pictures[0]).any(axis=2)
        halves = [changed[:45, :80], changed[:45, 80:], changed[45:, :80], changed[45:, 80:]]
        assert sorted(half.any() for half in halves) == [False, False, False, True]


def test_half_speed_has_twice_the_frames(cutting: Cutting):
    slow = edited("half speed", cutting)
    assert len(slow) == 24
    assert np.array_equal(slow[10], slow[11])
    assert np.array_equal(slow[10], cutting.pictures[5])


def test_later_begins_half_a_second_later(cutting: Cutting):
    assert np.array_equal(np.stack(edited("later", cutting)), np.stack(cutting.pictures[5:]))
    short = Cutting(cutting.pictures[:6], RATE, cutting.other)
    assert len(edited("later", short)) == 3


def test_low_rate_makes_a_small_file_of_the_same_pictures(cutting: Cutting, tmp_path: Path):
    write_edit(tmp_path / "low.mp4", "re-encoded", cutting, generator(1))
    write_clip(tmp_path / "high.mp4", cutting.pictures, RATE)
    low, high = (tmp_path / name for name in ("low.mp4", "high.mp4"))
    assert low.stat().st_size * 2 < high.stat().st_size
    first = read_pictures(probe(low), Fraction(0), Fraction(1))[0]
    assert 0.8 < likeness(first, cutting.pictures[0]) < 0.995


def test_a_picture_in_a_picture_has_half_its_width(cutting: Cutting):
    laid = edited(PICTURE_IN_PICTURE, cutting)
    changed = np.argwhere((laid[0] != cutting.other[0]).any(axis=2))
    high, wide = changed.max(axis=0) - changed.min(axis=0) + 1
    assert abs(wide - WIDTH // 2) <= 1
    assert abs(high - HEIGHT // 2) <= 1
    small = cv2.resize(cutting.pictures[11], (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    assert cv2.matchTemplate(laid[11], small, cv2.TM_CCOEFF_NORMED).max() > 0.99
    outside = np.ones((HEIGHT, WIDTH), bool)
    (top, left), (bottom, right) = changed.min(axis=0), changed.max(axis=0) + 1
    outside[top:bottom, left:right] = False
    assert np.array_equal(laid[11][outside], cutting.other[-1][outside])


def test_clips_are_read_as_they_were_written(cutting: Cutting, tmp_path: Path):
    path = tmp_path / "folder" / "clip.mp4"
    write_clip(path, cutting.pictures, RATE)
    assert [file.name for file in path.parent.iterdir()] == ["clip.mp4"]
    video = probe(path)
    assert (video.frame_rate, sum(1 for _ in decode(video))) == (RATE, 12)
    part = read_pictures(video, Fraction(3, 10), Fraction(1, 2))
    assert len(part) == 5
    assert min(likeness(a, b) for a, b in zip(part, cutting.pictures[3:8], strict=True)) > 0.97
    assert read_pictures(video, Fraction(0), Fraction(1, 10), width=80)[0].shape == (44, 80, 3)


def shift(one: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """How far what is seen has moved, to the right and downwards."""
    window = cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F)
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) for picture in (one, other)]
    (x, y), _ = cv2.phaseCorrelate(*grey, window)
    return x, y


@pytest.mark.parametrize(("move", "right", "down"), [("pan left", 1, 0), ("pan right", -1, 0), ("tilt up", 0, 1)])
def test_what_is_seen_moves_against_the_camera(move: str, right: int, down: int):
    pictures = [texture(2)] * 30
    seen = moved(pictures, move, RATE, generator(1, move))
    x, y = shift(seen[10], seen[12])
    # Between a tenth and a fifth of the width in a second, so in two of ten frames as many fiftieths.
    assert abs(x - right * 0.03 * WIDTH) < (0.011 * WIDTH if right else 0.5)
    assert abs(y - down * 0.03 * WIDTH) < (0.011 * WIDTH if down else 0.5)
    # The whole way is as steady as the part of it, and never leaves the picture.
    assert shift(seen[20], seen[22]) == pytest.approx((x, y), abs=0.3)


@pytest.mark.parametrize("move", MOVES)
def test_a_mirror_turns_pans_round_and_nothing_else(move: str):
    pictures = [texture(3)] * 20
    seen = moved(pictures, move, RATE, generator(1))
    across = [shift(*(picture[:, ::-1] for picture in seen[8:10]))[0], shift(*seen[8:10])[0]]
    assert mirrored_move(mirrored_move(move)) == move
    if move.startswith("pan"):
        assert across[0] == pytest.approx(-across[1], abs=0.3)
        assert mirrored_move(move) != move
    else:
        assert mirrored_move(move) == move


def test_zooming_in_enlarges_and_zooming_out_is_the_same_backwards():
    pictures = [texture(4)] * 20
    closer, further = (moved(pictures, move, RATE, generator(5)) for move in ("zoom in", "zoom out"))
    assert likeness(closer[0], further[-1]) > 0.99
    inner = cv2.resize(closer[0][15:75, 27:133], (WIDTH, HEIGHT))
    assert likeness(inner, closer[-1]) > likeness(closer[0], closer[-1]) + 0.1


def test_a_still_camera_is_told_from_one_that_moves():
    ground = np.concatenate([np.concatenate([texture(seed + row) for seed in (6, 7, 8)], axis=1) for row in (0, 10)])
    passing = [ground.copy() for _ in range(6)]
    for number, picture in enumerate(passing):
        cv2.circle(picture, (60 + 50 * number, 120), 20, (250, 250, 250), -1)
    assert stands_still(passing)
    for move in ("pan left", "tilt down", "zoom in"):
        assert not stands_still(moved([ground] * 30, move, RATE, generator(1))[::6])
    assert not stands_still([np.full_like(ground, 90)] * 6), "a plain wall tells nothing"


def test_random_numbers_depend_on_names_alone():
    assert generator(1, "a").integers(1 << 30) == generator(1, "a").integers(1 << 30)
    assert len({int(generator(*names).integers(1 << 30)) for names in ((1, "a"), (2, "a"), (1, "b"))}) == 3
