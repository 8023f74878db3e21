"""Content vectors and the whitening of them, on made-up classes of vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reinterpret.cues.content import Whitening, content, fit_whitening


def crowded(count: int, *, classes: int = 10, length: int = 64, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors that crowd together as a ReLU network's do, and their classes.

    A large common direction, two loud directions that mean nothing, and a quiet one for every class.
    """
    random = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    vectors = np.zeros((count, length))
    vectors[:, 0] = 8
    vectors[:, 1:3] = random.normal(0, 2, (count, 2))
    vectors[np.arange(count), 3 + labels] = 1
    vectors += random.normal(0, 0.1, vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), labels


def precision(vectors: np.ndarray, labels: np.ndarray) -> float:
    """How often the nearest other vector is of the same class."""
    near = vectors @ vectors.T
    np.fill_diagonal(near, -9)
    return float((labels[near.argmax(axis=1)] == labels).mean())


def test_the_mean_of_frames_is_their_direction() -> None:
    assert content(np.array([[1, 0], [0, 1]], np.float32)) == pytest.approx([0.7071, 0.7071], abs=1e-4)
    assert content(np.array([[1, 0], [-1, 0]], np.float32)) == pytest.approx([1, 0])


@pytest.mark.parametrize(("count", "gain"), [(30, 0.1), (60, 0.1), (300, 0.05), (3000, 0.0)])
def test_whitening_finds_the_classes_better_than_the_cosine(count: int, gain: float) -> None:
    vectors, labels = crowded(count)
    whitened = fit_whitening(vectors).apply(vectors)
    assert precision(whitened, labels) > precision(vectors, labels) + gain
    assert np.abs(whitened @ whitened.T)[0].mean() < 0.5 < (vectors @ vectors.T)[0].mean()


def test_what_is_learned_on_one_half_holds_for_the_other() -> None:
    vectors, labels = crowded(400)
    whitening = fit_whitening(vectors[:200])
    assert precision(whitening.apply(vectors[200:]), labels[200:]) > precision(vectors[200:], labels[200:]) + 0.1


def test_a_readout_makes_what_it_tells_apart_count() -> None:
    vectors, labels = crowded(60)
    readout = np.zeros((10, 64), np.float32)
    readout[np.arange(10), 3 + np.arange(10)] = 1
    with_it = fit_whitening(vectors, readout=readout, dimensions=32).apply(vectors)
    assert precision(with_it, labels) >= precision(fit_whitening(vectors, dimensions=32).apply(vectors), labels)
    assert precision(with_it, labels) > 0.95


@pytest.mark.parametrize("count", [1, 2, 5, 64, 500])
@pytest.mark.parametrize("dimensions", [2, 16, 256])
def test_libraries_of_any_size_give_unit_vectors_of_one_length(count: int, dimensions: int) -> None:
    vectors, _ = crowded(count)
    whitening = fit_whitening(vectors, dimensions=dimensions)
    whitened = whitening.apply(vectors)
    assert whitened.shape == (count, min(dimensions, 64))
    assert whitened.dtype == np.float32
    assert np.linalg.norm(whitened, axis=1) == pytest.approx(np.ones(count), abs=1e-5)


def test_a_shot_of_a_small_library_is_nearest_to_itself_and_a_stranger_is_far() -> None:
    vectors, _ = crowded(5, seed=3)
    whitening = fit_whitening(vectors)
    whitened = whitening.apply(vectors)
    assert (whitened @ whitened.T).argmax(axis=1).tolist() == [0, 1, 2, 3, 4]
    stranger = np.zeros((1, 64), np.float32)
    stranger[0, 50] = 1
    assert np.abs(whitening.apply(stranger) @ whitened.T).max() < 0.6


def test_equal_shots_and_the_mean_itself_are_no_trouble() -> None:
    same = np.tile(np.array([[0.6, 0.8, 0]], np.float32), (4, 1))
    whitening = fit_whitening(same)
    assert np.isfinite(whitening.apply(same)).all()
    at_mean = whitening.apply(whitening.mean[None])
    assert at_mean.tolist() == [[1, 0, 0]]
    assert whitening.apply(np.empty((0, 3), np.float32)).shape == (0, 3)


def test_it_comes_back_from_a_file_as_it_was(tmp_path: Path) -> None:
    vectors, _ = crowded(30)
    whitening = fit_whitening(vectors, readout=vectors[:7])
    np.savez(tmp_path / "whitening.npz", **whitening.arrays())
    with np.load(tmp_path / "whitening.npz", allow_pickle=False) as stored:
        again = Whitening(**stored)
    assert np.array_equal(again.apply(vectors), whitening.apply(vectors))


def test_the_same_library_in_another_order_sees_the_same() -> None:
    vectors, _ = crowded(40)
    one = fit_whitening(vectors).apply(vectors)
    other = fit_whitening(vectors[::-1]).apply(vectors)
    assert one @ one.T == pytest.approx(other @ other.T, abs=0.02)


@pytest.mark.parametrize("vectors", [np.empty((0, 4)), np.ones(4), np.full((2, 4), np.nan)])
def test_what_is_no_library_is_refused(vectors: np.ndarray) -> None:
    with pytest.raises(ValueError, match="vectors must be"):
        fit_whitening(vectors)


def test_a_readout_of_another_network_is_refused() -> None:
    with pytest.raises(ValueError, match="readout must be K x 64"):
        fit_whitening(crowded(5)[0], readout=np.zeros((10, 65)))


def test_a_reading_finds_what_it_reads() -> None:
    vectors, labels = crowded(300)
    readout = np.zeros((10, 64), np.float32)
    readout[np.arange(10), 3 + np.arange(10)] = 1
    for given in (readout, None):
        whitening = fit_whitening(vectors, readout=given, dimensions=32)
        found = whitening.reading(readout - readout.mean(axis=0))
        np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
        likeness = found @ whitening.apply(vectors).T
        for label in range(10):
            nearest = np.argsort(-likeness[label])[:30]
            assert (labels[nearest] == label).mean() > 0.9
