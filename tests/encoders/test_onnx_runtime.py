"""The CPU runtime: equal to torch, and a cache that survives damage, crowds and read-only folders."""

from __future__ import annotations

import logging
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reinterpret.encoders import Encoder, load_encoder
from reinterpret.encoders.efficientnet_lite import lite_network
from reinterpret.encoders.network import LoadedNetwork, with_preprocessing
from reinterpret.encoders.torch_runtime import TorchEncoder
from reinterpret.frames import FrameBatch

MakeFrames = Callable[..., FrameBatch]


def cached_file(cache: Path) -> Path:
    """The one file in the cache folder; a leftover beside it is a failure."""
    (file,) = (cache / "encoders").iterdir()
    return file


def test_onnxruntime_gives_the_vectors_of_torch(lite0: Encoder, random_frames: MakeFrames) -> None:
    reference = TorchEncoder(lite_network("efficientnet-lite0"), device="cpu")
    assert (reference.name, reference.version, reference.dimensions) == (lite0.name, lite0.version, lite0.dimensions)
    np.testing.assert_allclose(lite0.embed(random_frames(7)), reference.embed(random_frames(7)), atol=1e-5)
    one, other = lite0.look(random_frames(7)).layouts, reference.look(random_frames(7)).layouts
    assert np.ptp(other) > 1
    np.testing.assert_allclose(one, other, atol=1e-3)
    assert lite0.readout is not None
    np.testing.assert_array_equal(lite0.readout, reference.readout)


@pytest.mark.parametrize(("rows", "columns"), [(5, 9), (3, 3), (1, 1), (2, 7)])
def test_a_map_of_any_size_is_pooled_to_nine_equal_parts(rows: int, columns: int) -> None:
    import torch

    class Map(torch.nn.Module):
        def forward(self, planes: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return planes.mean(dim=(2, 3)), planes[:, :, ::2, ::2]

    network = LoadedNetwork(Map(), "1", 3, 2 * columns, 2 * rows, (10.0,) * 3, (2.0,) * 3, has_map=True)
    frames = np.random.default_rng(0).integers(0, 256, (2, 2 * rows, 2 * columns, 3), dtype=np.uint8)
    features, layouts = with_preprocessing(network)(torch.from_numpy(frames))
    # Every cell is cut into 3 x 3, so that the parts hold whole pieces.
    feature_map = (frames[:, ::2, ::2].astype(np.float64) - 10) / 2
    pieces = feature_map.repeat(3, axis=1).repeat(3, axis=2).reshape(2, 3, rows, 3, columns, 3)
    np.testing.assert_allclose(layouts.numpy(), pieces.mean(axis=(2, 4)), atol=1e-4)
    assert features.shape == (2, 3)


def test_the_number_of_threads_does_not_matter(lite0: Encoder, random_frames: MakeFrames) -> None:
    one = load_encoder(device="cpu", threads=1).embed(random_frames(6))
    every = load_encoder(device="cpu", threads=None).embed(random_frames(6))
    np.testing.assert_allclose(one, every, atol=1e-5)


def test_the_cached_file_is_plain_onnx(
    small_encoder_name: str, small_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnx

    monkeypatch.setenv("REINTERPRET_CACHE", str(small_cache))
    encoder = load_encoder(small_encoder_name, device="cpu")
    model = onnx.load(cached_file(small_cache))
    onnx.checker.check_model(model)
    assert {entry.key: entry.value for entry in model.metadata_props}["version"] == encoder.version


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["truncated", "emptied", "one bit"])
def test_a_damaged_file_is_made_again(
    damage: str,
    small_encoder_name: str,
    random_frames: MakeFrames,
    small_cache: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache = shutil.copytree(small_cache, tmp_path / "cache")
    monkeypatch.setenv("REINTERPRET_CACHE", str(cache))
    expected = load_encoder(small_encoder_name, device="cpu").embed(random_frames(2))
    file = cached_file(cache)
    whole = file.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    file.write_bytes({"truncated": whole[:-1000], "emptied": b"", "one bit": flipped}[damage])

    with caplog.at_level(logging.WARNING, logger="reinterpret"):
        encoder = load_encoder(small_encoder_name, device="cpu")

    assert "damaged and is made again" in caplog.text
    assert len(cached_file(cache).read_bytes()) == len(whole)
    np.testing.assert_allclose(encoder.embed(random_frames(2)), expected, atol=1e-6)


@pytest.mark.slow
def test_a_cache_that_cannot_be_written_is_done_without(
    small_encoder_name: str,
    random_frames: MakeFrames,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # A file where the folder should be: unlike permissions, that stops root too.
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    monkeypatch.setenv("REINTERPRET_CACHE", str(blocked))
    with caplog.at_level(logging.WARNING, logger="reinterpret"):
        encoder = load_encoder(small_encoder_name, device="cpu")
    assert "cannot be kept" in caplog.text
    assert encoder.embed(random_frames(2)).shape == (2, encoder.dimensions)


@pytest.mark.slow
def test_two_processes_that_export_at_once_do_not_disturb_each_other(
    small_encoder_name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start_python: Callable[..., subprocess.Popen[str]],
) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path))
    code = "import sys; from reinterpret.encoders import load_encoder; print(load_encoder(sys.argv[1]).version)"
    processes = [start_python(code, small_encoder_name) for _ in range(2)]
    results = [(*process.communicate(timeout=300), process.returncode) for process in processes]
    assert results == [(results[0][0], "", 0)] * 2
    cached_file(tmp_path)
    assert load_encoder(small_encoder_name, device="cpu").version == results[0][0].strip()
