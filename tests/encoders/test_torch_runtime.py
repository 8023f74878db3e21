"""The GPU runtime, where there is a GPU; and what can be said of it where there is none."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from reinterpret.encoders import Encoder, load_encoder
from reinterpret.encoders.efficientnet_lite import lite_network
from reinterpret.encoders.torch_runtime import TorchEncoder, cuda_is_wanted
from reinterpret.errors import EncoderError
from reinterpret.frames import FrameBatch

MakeFrames = Callable[..., FrameBatch]


@pytest.mark.gpu
@pytest.mark.skipif(not cuda_is_wanted("auto"), reason="needs a CUDA GPU, and none can be used here")
def test_the_gpu_gives_the_vectors_of_the_cpu(lite0: Encoder, random_frames: MakeFrames) -> None:
    on_gpu = load_encoder(device="cuda")
    assert on_gpu.version == lite0.version
    # More than one batch, the last one partial; half precision has 11 bits.
    frames = random_frames(300)
    vectors = on_gpu.embed(frames)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    seen = lite0.look(frames)
    assert (vectors * seen.vectors).sum(axis=1).min() > 0.999
    np.testing.assert_allclose(on_gpu.look(frames).layouts, seen.layouts, atol=0.05 * float(np.abs(seen.layouts).max()))
    assert lite0.readout is not None
    np.testing.assert_array_equal(on_gpu.readout, lite0.readout)


@pytest.mark.gpu
@pytest.mark.skipif(not cuda_is_wanted("auto"), reason="needs a CUDA GPU, and none can be used here")
def test_auto_takes_the_gpu() -> None:
    assert isinstance(load_encoder(device="auto"), TorchEncoder)


@pytest.mark.skipif(cuda_is_wanted("auto"), reason="there is a CUDA GPU here")
def test_asking_for_a_gpu_that_is_not_there_is_an_error() -> None:
    with pytest.raises(EncoderError, match="no CUDA GPU can be used here; use device 'cpu' or 'auto'"):
        load_encoder(device="cuda")


def test_a_batch_that_does_not_fit_is_halved_until_it_does(
    random_frames: MakeFrames, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    encoder = TorchEncoder(lite_network("efficientnet-lite0"), device="cpu")
    expected = encoder.look(random_frames(5))
    run = encoder._run
    batches = []

    def with_little_memory(pixels: np.ndarray) -> list[np.ndarray]:
        batches.append(encoder._batch)
        if encoder._batch > 2:
            raise torch.OutOfMemoryError("too small")
        return run(pixels)

    monkeypatch.setattr(encoder, "_run", with_little_memory)
    seen = encoder.look(random_frames(5))
    np.testing.assert_allclose(seen.vectors, expected.vectors, atol=1e-5)
    np.testing.assert_allclose(seen.layouts, expected.layouts, atol=1e-4)
    assert batches == [256, 128, 64, 32, 16, 8, 4, 2]
