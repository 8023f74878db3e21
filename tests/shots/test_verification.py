"""Verification of cuts in doubt: pictures of which it is known whether one is the other, moved."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from reinterpret.errors import UsageError
from reinterpret.shots.verification import (
    LEAST_DOUBTFUL,
    MOST_DOUBTFUL,
    Evidence,
    Verifier,
    doubtful,
    probability,
    view,
)

GREY = np.full((10, 2, 16, 24), 128, np.uint8)
# Where a frame of ten stands, counted from the first behind the cut.
PLACES = (-9, -5, -3, -2, -1, 0, 1, 2, 4, 8)


def scene(seed: int) -> np.ndarray:
    """160 x 520 uint8 of soft spots, wider than a frame, so that a frame can move over it."""
    rng = np.random.default_rng(seed)
    return np.clip(cv2.resize(rng.normal(120, 60, (12, 39)), (520, 160), interpolation=cv2.INTER_CUBIC), 16, 235)


def frame(picture: np.ndarray, left: int = 0, light: float = 1.0) -> np.ndarray:
    return np.clip(picture[:, left : left + 288] * light, 0, 255).astype(np.uint8)


def panned(*seeds: int, step: int = 2) -> list[np.ndarray]:
    """A frame of each scene, of a camera that moves on by `step` pixels."""
    return [frame(scene(seed), step * number) for number, seed in enumerate(seeds)]


def looked_at(before: int, behind: int, step: int = 2) -> list[np.ndarray]:
    """The ten frames around a cut from one scene to another, or to the same, of a camera that moves on."""
    return [frame(scene(before if place < 0 else behind), step * (place + 9)) for place in PLACES]


def lit(before: float, behind: float) -> list[np.ndarray]:
    """The ten frames around a change of the light."""
    return [frame(scene(3), light=before if place < 0 else behind) for place in PLACES]


def seen(pictures: list[np.ndarray], score: float = 0.4) -> Evidence:
    """About a cut in the middle of these ten frames, which were looked at."""
    film = [pictures[max(at for at, there in enumerate(PLACES) if there <= place)] for place in range(-9, 9)]
    return Verifier().evidence(np.r_[np.zeros(9), score, np.zeros(8)], film, GREY[:1].repeat(18, axis=0), 9)


class Planes:
    """A view, by what its planes are."""

    def __init__(self, pictures: list[np.ndarray], chroma: np.ndarray = GREY) -> None:
        planes = view(pictures, chroma)
        assert planes.shape == (36, 48, 72)
        assert planes.dtype == np.int8
        self.luma, self.residual, self.chroma, moved, likeness = np.split(planes.astype(int), [10, 18, 20, 28])
        self.right, self.down = moved[::2] / 4, moved[1::2] / 4
        self.likeness = likeness / 20


@pytest.mark.parametrize("step", [0, 4, 12])
def test_what_moves_is_found_again_where_it_has_moved_to(step: int) -> None:
    planes = Planes(looked_at(1, 1, step))
    inner = (slice(None), slice(8, -8), slice(16, -16))
    # The camera goes to the right, the picture to the left; a view is a quarter as wide as a frame.
    assert np.median(planes.right[inner], axis=(1, 2)) == pytest.approx([-step / 4] * 3 + [-5 * step / 4], abs=0.3)
    assert np.abs(planes.down[inner]).mean() < 0.3
    near = slice(0, 4)
    assert np.abs(planes.residual[near][inner]).mean() < 2
    assert planes.likeness[near][inner].mean() > 0.9


def test_another_picture_is_not_found() -> None:
    before, across, behind, around, *within = Planes(looked_at(1, 2)).likeness.mean(axis=(1, 2))
    assert max(across, around) < 0.4 < 0.8 < min(before, behind, *within)


def test_a_picture_that_is_back_is_known_again() -> None:
    pictures = looked_at(1, 1)
    pictures[5] = frame(scene(2))
    *_, around, _, _, _, _ = Planes(pictures).likeness.mean(axis=(1, 2))
    assert around > 0.8


def test_what_is_another_picture_within_a_shot_is_told_by_how_far_away_it_is() -> None:
    pictures = looked_at(1, 2)
    pictures[9] = frame(scene(3))  # eight frames on
    four_before, four_behind, eight_before, eight_behind = Planes(pictures).likeness.mean(axis=(1, 2))[4:]
    assert eight_behind < 0.4 < 0.8 < min(four_before, four_behind, eight_before)


def test_light_that_changes_leaves_the_details_alike() -> None:
    assert Planes(lit(0.5, 1.0)).likeness.mean() > 0.8


def test_luma_is_as_it_is_and_chroma_as_it_changes() -> None:
    chroma = GREY.copy()
    chroma[5:, 0], chroma[5:, 1] = 178, 88
    levels = (16, 20, 30, 40, 60, 100, 128, 140, 200, 235)
    planes = Planes([np.full((160, 288), level, np.uint8) for level in levels], chroma)
    assert planes.luma.mean(axis=(1, 2)).tolist() == [level - 128 for level in levels]
    assert planes.chroma.mean(axis=(1, 2)).tolist() == [50, -40]
    assert np.all(planes.likeness == 0)  # of plain pictures nothing is said


def test_a_view_does_not_depend_on_what_was_looked_at_before() -> None:
    """OpenCV's flow remembers where it was told to begin, and its phase correlation writes over its pictures."""
    far, near = looked_at(1, 1, step=6), looked_at(5, 6)
    copies = [picture.copy() for picture in far]
    first = view(near, GREY)
    view(far, GREY)
    assert np.array_equal(view(near, GREY), first)
    assert all(np.array_equal(*pair) for pair in zip(far, copies, strict=True))


def test_a_cut_looks_like_one_and_movement_does_not() -> None:
    cuts = [seen(looked_at(seed, seed + 1)).look for seed in range(10, 20)]
    moves = [seen(looked_at(seed, seed, step)).look for seed in range(10, 20) for step in (0, 3, 8)]
    assert np.median(cuts) > 1 > -1 > np.median(moves)
    assert np.mean(np.array(cuts) > 0) >= 0.9
    assert np.mean(np.array(moves) < 0) >= 0.9


@pytest.mark.parametrize("step", [0, 2, 9, 30])
def test_what_moves_is_explained_by_the_frame_before(step: int) -> None:
    evidence = seen(looked_at(1, 1, step) if step < 10 else moved_once(step))
    assert evidence.likeness > 0.7
    assert evidence.unexplained < 0.2
    assert probability(evidence) < 0.2


def moved_once(step: int) -> list[np.ndarray]:
    """A camera that moves once, and far."""
    return [frame(scene(1))] * 5 + [frame(scene(1), step)] * 5


def test_another_picture_is_not_explained() -> None:
    evidence = seen(looked_at(1, 2))
    assert evidence.likeness < 0.4
    assert evidence.unexplained > 0.5
    assert max(evidence.unexplained_within_four, evidence.unexplained_within_eight) < 0.2
    assert probability(evidence) > 0.6


@pytest.mark.parametrize("place", [0, 1, 8, 9])
def test_where_a_shot_is_another_picture_soon_one_more_is_less_of_a_cut(place: int) -> None:
    """Nine and five frames before, four and eight frames behind."""
    calm, busy = looked_at(1, 2), looked_at(1, 2)
    busy[place] = frame(scene(3))
    calmly, busily = seen(calm), seen(busy)
    four = place in (1, 8)
    assert busily.unexplained_within_four - calmly.unexplained_within_four == pytest.approx(0.6 * four, abs=0.3)
    assert busily.unexplained_within_eight - calmly.unexplained_within_eight == pytest.approx(0.6 * (not four), abs=0.3)
    within = {name: getattr(busily, name) for name in ("unexplained_within_four", "unexplained_within_eight")}
    assert probability(calmly._replace(**within)) < probability(calmly)


def test_light_that_changes_is_no_other_picture() -> None:
    evidence = seen(lit(0.5, 1.0))
    assert evidence.unexplained < 0.2
    assert probability(evidence) < 0.2


def test_of_plain_pictures_nothing_is_said() -> None:
    evidence = seen([np.full((160, 288), level, np.uint8) for level in [90] * 5 + [140] * 5])
    assert evidence.likeness == 0
    assert evidence.unexplained == evidence.unexplained_within_four == evidence.unexplained_within_eight == 0.5
    assert all(math.isfinite(value) for value in evidence)


def test_a_little_thing_that_goes_from_an_empty_picture_tells_little() -> None:
    wall = np.full((160, 288), 120, np.uint8)
    with_spot = wall.copy()
    # Within one block of those that are compared.
    with_spot[55:79, 64:96] = np.random.default_rng(0).integers(16, 235, (8, 8)).repeat(3, 0).repeat(4, 1)
    assert 0.5 < seen([with_spot] * 5 + [wall] * 5).unexplained < 0.7


def test_backwards_it_looks_the_same() -> None:
    pictures = looked_at(1, 2)
    assert seen(pictures).look == pytest.approx(seen(pictures[::-1]).look, abs=1e-4)


def test_only_peaks_in_doubt_are_looked_at() -> None:
    cut = np.array([0.5, 0.1, 0.3, 0.2, 0.0, 0.99, 0.0, 0.02, 0.0, 0.4, 0.4, 0.0, 0.6])
    assert doubtful(cut, 0, len(cut)) == [2, 9, 12]  # no film is cut before its first frame
    assert doubtful(cut, 3, 12) == [9]
    assert LEAST_DOUBTFUL < 0.1 < 0.6 < MOST_DOUBTFUL


def verified(cut: np.ndarray, pictures: list[np.ndarray]) -> np.ndarray:
    return Verifier().verified(cut, pictures, np.full((len(cut), 2, 16, 24), 128, np.uint8), 0, len(cut))


def test_what_stood_beside_a_cut_that_is_none_becomes_none_itself() -> None:
    cut = np.array([0.0, 0.0, 0.0, 0.44, 0.45, 0.4, 0.0, 0.0])
    decided = verified(cut, panned(*[4] * 8, step=3))
    assert decided.max() < 0.1
    assert decided[3] == decided[4] == decided[5]
    assert cut[4] == 0.45  # what came in is as it was


@pytest.mark.parametrize(("sure", "doubt"), [(0.97, 0.3), (0.5, 0.6), (0.7, 0.3)])
def test_a_false_peak_takes_no_cut_beside_it_along(sure: float, doubt: float) -> None:
    pictures = panned(*[1] * 4, *[2] * 6)
    cut = np.array([0.0, 0.0, 0.0, 0.0, sure, 0.0, doubt, 0.0, 0.0, 0.0])
    decided = verified(cut, pictures)
    alone = Verifier().evidence(cut, pictures, np.full((10, 2, 16, 24), 128, np.uint8), 4)
    assert decided[4] == pytest.approx(probability(alone) if sure < MOST_DOUBTFUL else sure)
    assert decided[6] < 0.1 < decided[4]


def test_certainties_are_left_as_they_are() -> None:
    cut = np.array([0.0, 0.01, 0.0, 0.97, 0.0, 0.04, 0.0])
    assert np.array_equal(verified(cut, panned(*[5] * 7)), cut)


def test_at_the_ends_of_a_film_there_is_less_to_compare() -> None:
    assert verified(np.array([0.0, 0.5]), panned(6, 7))[1] > 0.5


def test_the_more_the_network_believes_the_likelier_it_is() -> None:
    evidence = seen(looked_at(1, 2))
    by_score = [probability(evidence._replace(score=odds)) for odds in (-3.0, -1.0, 0.0, 2.0)]
    by_look = [probability(evidence._replace(look=odds)) for odds in (-3.0, -1.0, 0.0, 2.0)]
    assert by_score == sorted(by_score)
    assert by_look == sorted(by_look)
    assert 0 < by_score[0] < by_score[-1] < 1


def test_weights_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    damaged = tmp_path / "verification.onnx"
    damaged.write_bytes(b"no network")
    pictures = panned(1, 1, 1, 2, 2, 2)
    with pytest.raises(UsageError, match=r"verification\.onnx: the weights .* cannot be read .* install reinterpret"):
        Verifier(damaged).evidence(np.full(6, 0.4), pictures, GREY, 3)
