"""What verification learns from: doubts about windows, and the network that is shown them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from doubts import Doubt, Known, doubts_in_window
from synthesis import make_window
from verifier import DOWN, RIGHT, VerificationNetwork, scaled, varied
from verify import export, fit, learn, made
from windows import CUT

from reinterpret.shots.verification import view
from reinterpret.shots.weights import session


def pictures(random: np.random.Generator, count: int) -> list[np.ndarray]:
    """Stretches of 40 frames, 64 x 96 RGB, that move slowly over a picture each."""
    clips = []
    for _ in range(count):
        rough = random.normal(120, 60, (8, 14, 3)).astype(np.float32)
        wide = np.clip(cv2.resize(rough, (140, 64), interpolation=cv2.INTER_CUBIC), 0, 255).astype(np.uint8)
        clips.append(np.stack([wide[:, k : k + 96] for k in range(40)]))
    return clips


@pytest.fixture(scope="module")
def known() -> Known:
    random = np.random.default_rng(0)
    clips = pictures(random, 12)
    told = [doubt for _ in range(12) for doubt in doubts_in_window(random, clips)]
    return Known(*(np.stack(column) for column in zip(*told, strict=True)))


def test_a_window_may_be_of_another_size() -> None:
    clips = pictures(np.random.default_rng(1), 6)
    for seed in range(12):
        window = make_window(np.random.default_rng(seed), clips, 128, (48, 72))
        assert window.frames.shape == (128, 48, 72, 3)
        assert window.size == (48, 72)
        assert 0 <= window.frames.min() <= window.frames.max() <= 255
        for cut in np.flatnonzero((window.labels == CUT) & (window.weights > 0)):
            assert cut == 0 or np.abs(window.frames[cut] - window.frames[cut - 1]).mean() > 1


def test_doubts_are_what_the_network_is_not_certain_of(known: Known) -> None:
    count = len(known.cut)
    assert known.luma.shape == (count, 10, 48, 72)
    assert known.chroma.shape == (count, 10, 2, 16, 24)
    assert 0 <= known.score.min() <= known.score.max() <= 1
    assert known.score[known.doubtful].max() <= 0.98
    assert known.score[known.doubtful & ~known.cut].min() >= 0.02
    assert known.score[~known.doubtful & known.cut].min() > 0.98
    for kind in (known.doubtful, ~known.doubtful):
        assert {True, False} == set(known.cut[kind].tolist())
    # In the middle of the ten the picture changes where there is a cut, more than on either side of it.
    change = np.abs(np.diff(known.luma.astype(int), axis=1)).mean(axis=(2, 3))
    assert np.median(change[known.cut, 4] - change[known.cut][:, [3, 5]].max(axis=1)) > 5


def test_the_same_lot_draws_the_same_doubts() -> None:
    clips = pictures(np.random.default_rng(2), 4)

    def drawn() -> list[Doubt]:
        random = np.random.default_rng(5)
        return [doubt for _ in range(2) for doubt in doubts_in_window(random, clips)]

    for one, other in zip(drawn(), drawn(), strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


def test_doubts_are_kept_as_they_were(known: Known, tmp_path: Path) -> None:
    np.savez(tmp_path / "doubts.npz", **known._asdict())
    again = Known.load(tmp_path / "doubts.npz")
    assert all(np.array_equal(*pair) for pair in zip(known, again, strict=True))
    twice = Known.load(tmp_path / "doubts.npz", tmp_path / "doubts.npz")
    assert np.array_equal(twice.luma, np.concatenate([known.luma, known.luma]))
    assert np.array_equal(twice.labels.cut, np.concatenate([known.cut, known.cut]))


def test_every_view_is_there_forwards_and_backwards(known: Known, tmp_path: Path) -> None:
    np.savez(tmp_path / "doubts.npz", **known._asdict())
    labels, views = made([tmp_path / "doubts.npz"], tmp_path / "views.npy")
    assert views.shape == (2, len(known.cut), 48, 72, 36)
    assert all(np.array_equal(*pair) for pair in zip(labels, known.labels, strict=True))
    for number in (0, 3, len(known.cut) - 1):
        forwards, backwards = views[0, number], views[1, number]
        assert np.array_equal(forwards.transpose(2, 0, 1), view(list(known.luma[number]), known.chroma[number]))
        assert np.array_equal(forwards[..., :10], backwards[..., 9::-1])


def test_a_mirrored_view_is_that_of_mirrored_pictures() -> None:
    """What moves to the right in the one moves to the left in the other."""
    clip = pictures(np.random.default_rng(3), 1)[0][..., 1]
    ten = [np.roll(cv2.resize(one, (72, 48)), 2 * number, axis=0) for number, one in enumerate(clip[:20:2])]
    grey = np.full((10, 2, 16, 24), 128, np.uint8)
    plain, across, over = (
        scaled(torch.from_numpy(view([one[::down, ::right].copy() for one in ten], grey))[None])[0]
        for down, right in ((1, 1), (1, -1), (-1, 1))
    )
    inner = (slice(None), slice(10, -10), slice(12, -12))
    for mirrored, axis, turned, kept in ((across, 2, RIGHT, DOWN), (over, 1, DOWN, RIGHT)):
        expected = plain.flip(axis)
        for planes, sign in ((turned, -1), (kept, 1)):
            difference = (mirrored[list(planes)] - sign * expected[list(planes)])[inner]
            assert float(difference.abs().median()) < 0.05
        assert float(mirrored[list(turned)][inner].median().abs()) > 0.2


def test_what_varies_is_the_light_and_the_side() -> None:
    torch.manual_seed(0)
    views = torch.randint(-128, 128, (8, 48, 72, 36), dtype=torch.int8)
    planes = scaled(views.permute(0, 3, 1, 2))
    sides = set()
    for _ in range(12):
        other = varied(views).float()
        assert other.shape == planes.shape
        assert torch.allclose(other[:, 10:].abs().mean((2, 3)), planes[:, 10:].abs().mean((2, 3)), atol=1e-5)
        likeness = other[:, 28:]
        flips = {"none": (), "across": (3,), "down": (2,), "both": (2, 3)}
        sides |= {name for name, axes in flips.items() if torch.equal(likeness, planes[:, 28:].flip(axes))}
        correlation = torch.corrcoef(torch.stack([other[:, 0].mean((1, 2)), planes[:, 0].mean((1, 2))]))[0, 1]
        assert correlation < 0.99
    assert len(sides) > 1


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the exporter that writes the smaller file
def test_it_learns_and_is_written_as_it_is(known: Known, tmp_path: Path) -> None:
    asked = known._replace(doubtful=np.ones_like(known.doubtful))
    np.savez(tmp_path / "doubts.npz", **asked._asdict())
    network = learn(*made([tmp_path / "doubts.npz"], tmp_path / "views.npy"), epochs=2, rate=1e-3, seed=0)
    export(network, tmp_path / "verification.onnx", {"training": "test"})
    views = np.stack([view(list(known.luma[number]), known.chroma[number]) for number in range(6)])
    (logits,) = session(tmp_path / "verification.onnx").run(None, {"views": views})
    with torch.no_grad():
        assert np.allclose(logits, network(torch.from_numpy(views)).numpy(), atol=1e-4)


def test_the_regression_finds_what_decides() -> None:
    random = np.random.default_rng(0)
    evidence = random.normal(size=(400, 2))
    cut = (evidence @ [1.0, 3.0] + 0.5 + random.logistic(size=400) > 0).astype(int)
    bias, weights = fit(evidence, cut)
    assert bias == pytest.approx(0.5, abs=0.4)
    assert weights == pytest.approx([1.0, 3.0], abs=0.8)
    assert VerificationNetwork().eval()(torch.zeros(2, 36, 48, 72, dtype=torch.int8)).shape == (2,)
