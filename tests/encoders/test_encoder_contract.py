"""What every encoder promises, whatever is behind it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reinterpret.encoders import Encoder, load_encoder
from reinterpret.encoders.vectors import unit_rows
from reinterpret.errors import EncoderError
from reinterpret.frames import FrameBatch

MakeFrames = Callable[..., FrameBatch]


@pytest.fixture(params=["efficientnet-lite0", "pixels", "timm"])
def encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "efficientnet-lite0":
        found: Encoder = request.getfixturevalue("lite0")
        return found
    name = request.getfixturevalue("small_encoder_name") if request.param == "timm" else request.param
    return load_encoder(name, device="cpu", threads=1)


def test_vectors_are_float32_of_length_one(encoder: Encoder, random_frames: MakeFrames) -> None:
    vectors = encoder.embed(random_frames(5))
    assert vectors.dtype == np.float32
    assert vectors.shape == (5, encoder.dimensions)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_frames_give_no_vectors(encoder: Encoder, random_frames: MakeFrames) -> None:
    vectors = encoder.embed(random_frames(0))
    assert vectors.shape == (0, encoder.dimensions)
    assert vectors.dtype == np.float32
    assert encoder.look(random_frames(0)).layouts.shape[:3] == (0, 3, 3)


def test_looking_gives_the_same_vectors_and_a_layout_a_frame(encoder: Encoder, random_frames: MakeFrames) -> None:
    seen = encoder.look(random_frames(5))
    np.testing.assert_array_equal(seen.vectors, encoder.embed(random_frames(5)))
    channels = 1280 if encoder.name == "efficientnet-lite0" else 0
    assert (seen.layouts.shape, seen.layouts.dtype) == ((5, 3, 3, channels), np.float32)
    assert np.isfinite(seen.layouts).all()


def test_a_readout_takes_vectors_of_this_encoder(encoder: Encoder) -> None:
    assert (encoder.readout is None) == (encoder.name != "efficientnet-lite0")
    if encoder.readout is not None:
        assert encoder.readout.shape[1] == encoder.dimensions
        assert encoder.readout.dtype == np.float32
        assert np.isfinite(encoder.readout).all()


def test_a_vector_does_not_depend_on_the_frames_beside_it(encoder: Encoder, random_frames: MakeFrames) -> None:
    frames = random_frames(11)
    alone = [encoder.embed(FrameBatch(frames.pixels[n : n + 1], frames.seconds[n : n + 1])) for n in range(11)]
    np.testing.assert_allclose(encoder.embed(frames), np.concatenate(alone), atol=1e-5)


def test_frames_that_lie_scattered_in_memory_give_the_same_vectors(encoder: Encoder, random_frames: MakeFrames) -> None:
    frames = random_frames(6)
    every_other = FrameBatch(frames.pixels[::2], frames.seconds[::2])
    np.testing.assert_allclose(encoder.embed(every_other), encoder.embed(frames)[::2], atol=1e-5)


def test_frames_of_another_size_are_refused(encoder: Encoder, random_frames: MakeFrames) -> None:
    with pytest.raises(ValueError, match="288 x 160 pixels, got 160 x 288"):
        encoder.embed(random_frames(2, width=160, height=288))
    with pytest.raises(ValueError, match="288 x 160"):
        encoder.look(random_frames(0, width=64, height=32))


def test_flat_frames_have_finite_vectors_of_length_one(encoder: Encoder, flat_frames: MakeFrames) -> None:
    vectors = encoder.embed(flat_frames(0, 1, 127, 128, 255))
    assert np.isfinite(vectors).all()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_row_of_nothing_becomes_a_fixed_unit_vector() -> None:
    features = np.array([[0, 0, 0], [1e-30, 0, 1e-30], [3e30, 4e30, 0]], dtype=np.float32)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(unit_rows(features), [[1, 0, 0], [half, 0, half], [0.6, 0.8, 0]], atol=1e-6)


def test_numbers_that_are_not_finite_are_an_error() -> None:
    with pytest.raises(EncoderError, match="not finite"):
        unit_rows(np.array([[1, np.nan]], dtype=np.float32))
