"""The detector `fast`: films of which every transition is known, at any rate."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from reinterpret.errors import UsageError
from reinterpret.shots import Detection, detect_shots, fast
from reinterpret.shots.fast import FastDetector, fold, network_scores, tiny_chroma, tiny_luma
from reinterpret.shots.shot import Boundary
from reinterpret.video import probe
from tests.conftest import SCENES, make_video


def takes(seed: int, *lengths: int, spots: tuple[int, int] = (9, 14)) -> list[np.ndarray]:
    """Slowly moving pictures of soft spots, T x 240 x 288 uint8 I420 each, as unlike each other as can be.

    spots: how many, down and across.
    """
    rng = np.random.default_rng(seed)
    made = []
    for length in lengths:
        wide = np.clip(cv2.resize(rng.normal(120, 70, spots), (420, 160)), 16, 235)
        colour = np.clip(cv2.resize(rng.normal(128, 30, (80, 12)), (288, 80)), 16, 240)
        places = [min(k % 240, 240 - k % 240) for k in range(length)]  # to and fro
        frames = [np.concatenate([wide[:, place : place + 288], colour]) for place in places]
        made.append(np.stack(frames).astype(np.uint8))
    return made


def found(film: np.ndarray, rate: Fraction = Fraction(25), sensitivity: float = 0.5) -> list[Boundary]:
    detector = FastDetector(rate, sensitivity)
    return [b for number, planes in enumerate(film) for b in detector.feed(number, planes)] + detector.finish()


@pytest.mark.parametrize("rate", [Fraction(10), Fraction(25), Fraction(30000, 1001), Fraction(50), Fraction(240)])
def test_cuts_lie_on_the_frame_at_every_rate(rate: Fraction) -> None:
    stride = max(1, round(rate / 30))
    lengths = [length * stride + odd for length, odd in ((30, 0), (41, 1), (25, 3), (60, 0))]
    film = np.concatenate(takes(1, *lengths))
    edges = np.cumsum(lengths)[:-1].tolist()
    boundaries = found(film, rate)
    assert [(b.transition, b.frame) for b in boundaries] == [("cut", edge) for edge in edges]
    assert all(b.start_frame == b.end_frame == b.frame and b.confidence > 0.5 for b in boundaries)


@pytest.mark.parametrize("count", [8, 16, 30])
def test_a_dissolve_is_found_with_its_ends(count: int) -> None:
    # Large spots, so that the two look unlike: between two pictures of one texture it overlooks long dissolves.
    one, other = takes(2, 80, 80, spots=(4, 6))
    share = ((np.arange(count) + 1) / (count + 1))[:, None, None]
    mixed = (one[-count:] * (1 - share) + other[:count] * share).round().astype(np.uint8)
    (boundary,) = found(np.concatenate([one[:-count], mixed, other[count:]]))
    assert boundary.transition == "dissolve"
    assert abs(boundary.start_frame - (80 - count)) <= 3
    assert abs(boundary.end_frame - 80) <= 3


@pytest.mark.parametrize("turn", [6, 8, 12, 18, 40])
def test_shots_that_return_are_cut_at_every_turn(turn: int) -> None:
    """Two people who talk: the camera goes back to where it was, which what passes before one camera does too."""
    one, other = (takes_.reshape(-1, turn, *takes_.shape[1:]) for takes_ in takes(6, 8 * turn, 8 * turn))
    film = np.concatenate([part for both in zip(one, other, strict=True) for part in both])
    boundaries = found(film)
    assert [(b.transition, b.frame) for b in boundaries] == [("cut", edge) for edge in range(turn, 16 * turn, turn)]


def test_long_films_are_scored_in_windows_that_leave_no_seam() -> None:
    lengths = [47] * 30
    film = np.concatenate(takes(3, *lengths))
    assert [b.frame for b in found(film)] == list(range(47, 47 * 30, 47))


@pytest.mark.parametrize("count", [1, 2, 31, 32, 191, 192, 193, 320, 321])
def test_films_of_any_length_are_scored_to_their_end(count: int) -> None:
    (film,) = takes(4, count)
    assert found(film) == []


def test_what_the_network_sees_is_the_mean_of_what_is_there() -> None:
    planes = np.zeros((240, 288), np.uint8)
    planes[:160], planes[160:200], planes[200:] = 50, 100, 200
    assert {int(value) for value in tiny_luma(planes).ravel()} == {50}
    blue, red = tiny_chroma(planes)
    assert (blue == 100).all()
    assert (red == 200).all()
    luma = np.arange(32 * 48, dtype=np.uint16).reshape(32, 48).astype(np.uint8)
    tiny = fold(luma, blue, red)
    assert tiny.shape == (6, 16, 24)
    assert np.array_equal(tiny[1], luma[::2, 1::2])
    assert np.array_equal(tiny[2], luma[1::2, ::2])


def test_scores_of_a_frame_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    for count in (1, 40):
        scores = network_scores(rng.integers(0, 256, (count, 6, 16, 24), dtype=np.uint8))
        assert scores.shape == (count, 5)
        assert np.allclose(scores.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(50)])
def test_what_the_network_doubts_the_pictures_decide(rate: Fraction, monkeypatch: pytest.MonkeyPatch) -> None:
    """Over many windows: where the picture becomes another there is a cut, where it only moves there is none."""

    def doubting(tiny: np.ndarray) -> np.ndarray:
        changes = np.abs(np.diff(tiny.astype(np.float32), axis=0, prepend=tiny[:1])).mean(axis=(1, 2, 3))
        cut = np.where(changes > 10, 0.3, 0.0)  # too little to be believed
        cut[10:] = np.maximum(cut[10:], np.where(cut[:-10] > 0, 0.7, 0.0))  # more than enough, ten frames later
        return np.stack([1 - cut, cut, *np.zeros((3, len(cut)))], axis=1).astype(np.float32)

    monkeypatch.setattr(fast, "network_scores", doubting)
    stride = round(rate / 25)
    film = np.concatenate([np.repeat(take, stride, axis=0) for take in takes(8, *[47] * 24)])
    assert [b.frame for b in found(film, rate)] == list(range(47 * stride, 47 * 24 * stride, 47 * stride))


def test_sensitivity_finds_more() -> None:
    one, other = takes(5, 60, 60)
    faint = np.concatenate([one, (one[::-1] * 0.9 + other * 0.1).astype(np.uint8)])
    counts = [len(found(faint, sensitivity=value)) for value in (0.02, 0.5, 0.98)]
    assert counts == sorted(counts)


def test_flicker_and_repeated_frames_are_no_cuts(tmp_path: Path) -> None:
    """Film of 18 frames a second shown at 25, its light unsteady, with dust."""
    spoilt = "eq=brightness='0.06*sin(2.7*n)':eval=frame,noise=alls=12:allf=t,fps=25"
    source = SCENES["test"].replace("rate=25", "rate=18")
    path = make_video(tmp_path / "old.mp4", (f"{source},{spoilt}", 6), ("plate", 2))
    shots = detect_shots(probe(path), detection=Detection("fast"))
    assert [shot.start_frame for shot in shots] == [0, 150]


def test_weights_that_cannot_be_read_are_an_error_that_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "fast.onnx"
    broken.write_bytes(b"version https://git-lfs.github.com/spec/v1\n")
    monkeypatch.setattr(fast, "WEIGHTS", broken)
    with pytest.raises(UsageError, match=r"fast\.onnx: the weights of the detector fast cannot be read .* install"):
        found(takes(1, 3)[0])
