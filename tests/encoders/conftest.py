"""Frames and encoders for the tests of the encoders."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reinterpret.encoders import Encoder, load_encoder
from reinterpret.frames import FrameBatch


@pytest.fixture(scope="session")
def random_frames() -> Callable[..., FrameBatch]:
    """Makes frames of patches of colour under noise: something for every scale of a network, no two frames alike."""

    def make(count: int, *, width: int = 288, height: int = 160, seed: int = 0) -> FrameBatch:
        random = np.random.default_rng(seed)
        patches = random.integers(0, 200, (count, height // 32, width // 32, 3), dtype=np.uint8)
        pixels = patches.repeat(32, axis=1).repeat(32, axis=2)
        pixels += random.integers(0, 56, pixels.shape, dtype=np.uint8)
        return FrameBatch(pixels, np.arange(count, dtype=np.float64))

    return make


@pytest.fixture(scope="session")
def flat_frames() -> Callable[..., FrameBatch]:
    """Makes one frame of one grey a level, 288 x 160."""

    def make(*grey_levels: int) -> FrameBatch:
        pixels = np.empty((len(grey_levels), 160, 288, 3), dtype=np.uint8)
        pixels[:] = np.array(grey_levels).reshape(-1, 1, 1, 1)
        return FrameBatch(pixels, np.arange(len(grey_levels), dtype=np.float64))

    return make


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that the tests of this folder share, so that each network is exported once."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def _use_shared_cache(shared_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(shared_cache))


@pytest.fixture(scope="session")
def lite0(shared_cache: Path) -> Encoder:
    """The default encoder on the CPU, whose exported network is in `shared_cache` from now on."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REINTERPRET_CACHE", str(shared_cache))
        return load_encoder(device="cpu", threads=2)


@pytest.fixture(scope="session")
def random_weights(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a safetensors file with weights for one of timm's models, drawn with seed 0."""

    def make(model: str) -> Path:
        import timm
        import torch
        from safetensors.torch import save_file

        torch.manual_seed(0)
        path = tmp_path_factory.mktemp("weights") / f"{model}.safetensors"
        save_file(timm.create_model(model, pretrained=False).state_dict(), path)
        return path

    return make


@pytest.fixture(scope="session")
def small_encoder_name(random_weights: Callable[[str], Path]) -> str:
    """A network of under half a million weights, quick to export: timm's `test_resnet`."""
    return f"timm:test_resnet@{random_weights('test_resnet')}"


@pytest.fixture(scope="session")
def small_cache(small_encoder_name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds that network alone; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("small") / "cache"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REINTERPRET_CACHE", str(folder))
        load_encoder(small_encoder_name, device="cpu")
    return folder


@pytest.fixture
def start_python() -> Callable[..., subprocess.Popen[str]]:
    """Starts a new process on some code, with warnings as errors and the environment as it is at that moment."""

    def start(code: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-W", "error", "-c", code, *arguments]
        return subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ.copy()
        )

    return start
