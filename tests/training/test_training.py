"""What the detector `fast` learns from: windows whose labels are true."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from material import Footage, films_for, load, marked, save
from network import CutNetwork, measure
from prepare import likely_transitions
from spoiling import repeated
from synthesis import make_window
from train import WINDOW_FRAMES, fold, loss_of, real_window, synthetic_windows
from windows import CUT, DISSOLVE, FADE, NONE, WIPE, Window


@pytest.fixture(scope="module")
def clips() -> list[np.ndarray]:
    """Ten still pictures of one colour each with a pattern, 20 frames of each."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 60, (10, 1, 64, 96, 3))
    return [np.repeat((rng.integers(0, 196, 3) + one).astype(np.uint8), 20, axis=0) for one in noise]


def test_films_for_training_and_for_testing_are_different_ones() -> None:
    train, test = films_for("train"), films_for("test")
    assert not set(train) & set(test)
    assert len(test) * 3 >= len(train) + len(test)
    assert set(marked()) <= {*train, *test}


def test_what_is_joined_is_labelled_and_what_is_not_is_not(clips: list[np.ndarray]) -> None:
    seen = set()
    for seed in range(40):
        window = make_window(np.random.default_rng(seed), clips, 128)
        assert window.frames.shape == (128, 32, 48, 3)
        assert 0 <= window.frames.min() <= window.frames.max() <= 255  # no frame is left out, it would be no number
        assert window.labels.shape == window.weights.shape == (128,)
        seen |= set(window.labels.tolist())
    assert seen == {NONE, CUT, DISSOLVE, FADE, WIPE}


def test_the_same_seed_makes_the_same_window(clips: list[np.ndarray]) -> None:
    one, other = (make_window(np.random.default_rng(7), clips, 64) for _ in "ab")
    assert np.array_equal(one.frames, other.frames)
    assert np.array_equal(one.labels, other.labels)


def test_backwards_a_cut_lies_before_the_same_frame(clips: list[np.ndarray]) -> None:
    for seed in range(30):
        forth, back = synthetic_windows(np.random.default_rng(seed), clips)
        assert np.array_equal(forth.planes[::-1], back.planes)
        cuts = np.flatnonzero(forth.targets[:, CUT])
        # Between the frames t - 1 and t lies, backwards, what is between T - 1 - t and T - t.
        mirrored = {WINDOW_FRAMES - cut for cut in cuts.tolist() if cut > 0}
        assert set(np.flatnonzero(back.targets[:, CUT]).tolist()) == mirrored


def test_transnetv2_names_the_last_frame_of_a_shot_and_we_the_first_of_the_next() -> None:
    one, many = np.zeros(60), np.zeros(60)
    one[20], many[20:22] = 0.9, 0.8
    one[40], many[36:46] = 0.7, 0.95
    likely = likely_transitions(one, many)
    assert np.flatnonzero(likely > 0.5).tolist() == [21, *range(36, 46)]


def test_footage_is_kept_as_it_was(tmp_path_factory: pytest.TempPathFactory, clips: list[np.ndarray]) -> None:
    path = tmp_path_factory.mktemp("footage") / "films.npz"
    film = Footage("a.mp4", np.concatenate(clips[:3]), np.array([[20, 22], [40, 40]]), np.zeros(60, np.float32))
    save([film], path)
    (again,) = load(path)
    assert again.name == "a.mp4"
    assert [len(stretch) for stretch in again.uncut()] == [20, 18, 20]
    sample = real_window(np.random.default_rng(0), [again])
    assert sample.planes.shape == (WINDOW_FRAMES, 6, 16, 24)
    assert np.all(sample.targets[:, NONE] == 1)


def test_planes_are_those_that_the_detector_makes() -> None:
    """A picture folded here and there, from the same RGB."""
    import cv2

    from reinterpret.shots import fast

    rng = np.random.default_rng(3)
    rgb = cv2.resize(rng.uniform(0, 255, (8, 12, 3)), (288, 160)).clip(0, 255).astype(np.uint8)
    planes = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV_I420)
    there = fast.fold(fast.tiny_luma(planes), *fast.tiny_chroma(planes))
    here = fold(cv2.resize(rgb, (48, 32), interpolation=cv2.INTER_AREA)[None].astype(np.float32))[0]
    assert np.abs(here.astype(int) - there).mean() < 1  # rounded in another order
    assert np.abs(here.astype(int) - there).max() <= 5


def test_what_lasts_only_while_no_frame_is_shown_is_a_cut() -> None:
    """Of every four frames one is shown: a dissolve of two frames between them is a cut, a longer one is none."""
    labels = np.zeros(64, np.int64)
    labels[5:7], labels[17:30], labels[42] = DISSOLVE, WIPE, CUT
    weights = np.ones(64, np.float32)
    weights[42] = 0
    frames = np.zeros((64, 32, 48, 3), np.float32)
    shown = repeated(np.random.default_rng(1), Window(frames, labels, weights), np.arange(0, 64, 4))
    assert np.flatnonzero(shown.labels == CUT).tolist() == [2, 11]
    assert np.flatnonzero(shown.labels == WIPE).tolist() == [5, 6, 7]
    assert np.flatnonzero(shown.weights == 0).tolist() == [11]
    twice = repeated(np.random.default_rng(1), Window(frames, labels, weights), np.arange(128) // 2)
    assert np.flatnonzero(twice.labels == CUT).tolist() == [84]
    assert np.flatnonzero(twice.labels == DISSOLVE).tolist() == [10, 11, 12, 13]


def test_the_loss_is_least_for_what_is_true() -> None:
    targets = torch.eye(5)[torch.tensor([[0, 1, 2, 3, 4, 0]])]
    weights = torch.ones(1, 6)
    right, wrong = targets * 20, targets.roll(1, dims=1) * 20
    assert loss_of(right, targets, weights) < 1e-3 < loss_of(wrong, targets, weights)
    some = torch.zeros(1, 6, 5)  # 'a transition, whichever'
    assert loss_of(torch.eye(5)[torch.tensor([[1, 2, 3, 4, 1, 2]])] * 20, some, weights) < 1e-3


def test_what_is_measured_does_not_depend_on_what_is_far_away() -> None:
    rng = torch.Generator().manual_seed(0)
    frames = torch.randint(0, 256, (1, 80, 6, 16, 24), generator=rng).float() / 255
    longer = torch.cat([frames, frames.flip(1)], dim=1)
    assert torch.allclose(measure(frames)[:, 24:60], measure(longer)[:, 24:60], atol=1e-6)
    network = CutNetwork().eval()
    with torch.no_grad():
        assert network(torch.zeros(2, 40, 6, 16, 24, dtype=torch.uint8)).shape == (2, 40, 5)
