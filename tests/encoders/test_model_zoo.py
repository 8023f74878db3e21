"""torchvision and timm: with weights, and without."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from reinterpret.encoders import load_encoder
from reinterpret.errors import EncoderError
from reinterpret.frames import FrameBatch

MakeFrames = Callable[..., FrameBatch]

# ImageNet's, as both packages state them for these models; on the scale 0..255.
MEAN = np.array([0.485, 0.456, 0.406]) * 255
DEVIATION = np.array([0.229, 0.224, 0.225]) * 255


def normalised(frames: FrameBatch) -> np.ndarray:
    """N x 3 x H x W float32."""
    planes: np.ndarray = ((frames.pixels - MEAN) / DEVIATION).transpose(0, 3, 1, 2).astype(np.float32)
    return planes


def unit(features: np.ndarray) -> np.ndarray:
    rows: np.ndarray = features / np.linalg.norm(features, axis=1, keepdims=True)
    return rows


@pytest.fixture
def no_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every request ends at a closed port of this machine at once; the hub's client does not even try."""
    for variable in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.mark.slow
def test_torchvision_gives_what_its_classifier_would_see(
    no_internet: None, random_frames: MakeFrames, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    import torchvision

    torch.manual_seed(0)
    network = torchvision.models.resnet18(weights=None).eval()
    weights = tmp_path / "hub" / "checkpoints" / torchvision.models.ResNet18_Weights.DEFAULT.url.rpartition("/")[2]
    weights.parent.mkdir(parents=True)
    torch.save(network.state_dict(), weights)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path))

    encoder = load_encoder("torchvision:resnet18", device="cpu")

    frames = random_frames(3)
    without_classifier = torch.nn.Sequential(*list(network.children())[:-1], torch.nn.Flatten())
    with torch.inference_mode():
        expected = without_classifier(torch.from_numpy(normalised(frames))).numpy()
    assert (encoder.name, encoder.dimensions) == ("torchvision:resnet18", 512)
    assert (encoder.frame_width, encoder.frame_height) == (288, 160)
    np.testing.assert_allclose(encoder.embed(frames), unit(expected), atol=1e-5)


def test_timm_gives_its_pooled_features_with_the_weights_of_a_file(
    random_weights: Callable[[str], Path], random_frames: MakeFrames
) -> None:
    import timm
    import torch
    from safetensors.torch import load_file

    path = random_weights("test_resnet")
    encoder = load_encoder(f"timm:test_resnet@{path}", device="cpu")

    network = timm.create_model("test_resnet", pretrained=False).eval()
    network.load_state_dict(load_file(path))
    frames = random_frames(3)
    mean, deviation = (np.array(network.pretrained_cfg[key]) * 255 for key in ("mean", "std"))
    planes = ((frames.pixels - mean) / deviation).transpose(0, 3, 1, 2).astype(np.float32)
    with torch.inference_mode():
        expected = network.forward_head(network.forward_features(torch.from_numpy(planes)), pre_logits=True).numpy()
    np.testing.assert_allclose(encoder.embed(frames), unit(expected), atol=1e-5)


@pytest.mark.slow
def test_a_vision_transformer_is_fed_its_own_size(
    random_weights: Callable[[str], Path], random_frames: MakeFrames
) -> None:
    encoder = load_encoder(f"timm:vit_tiny_patch16_224@{random_weights('vit_tiny_patch16_224')}", device="cpu")
    assert (encoder.frame_width, encoder.frame_height) == (224, 224)
    assert encoder.embed(random_frames(2, width=224, height=224)).shape == (2, encoder.dimensions)


def test_other_weights_have_another_version(small_encoder_name: str, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    tensors = load_file(small_encoder_name.partition("@")[2])
    tensors["conv1.0.weight"] += 1
    save_file(tensors, tmp_path / "other.safetensors")
    other = load_encoder(f"timm:test_resnet@{tmp_path / 'other.safetensors'}", device="cpu")
    assert other.version != load_encoder(small_encoder_name, device="cpu").version


@pytest.mark.slow
def test_without_weights_or_internet_the_default_is_named(
    no_internet: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    start_python: Callable[..., subprocess.Popen[str]],
) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path))
    # In a new process, because the hub's client reads its environment when it is imported.
    code = """
from reinterpret.encoders import load_encoder
from reinterpret.errors import EncoderError
for name in ("torchvision:resnet18", "timm:resnet18"):
    try:
        load_encoder(name, device="cpu")
    except EncoderError as error:
        print(error)
"""
    output, errors = start_python(code).communicate(timeout=300)
    lines = output.splitlines()
    assert [line[: line.index(" are")] for line in lines] == [
        "the weights of torchvision:resnet18",
        "the weights of timm:resnet18",
    ], errors
    assert all("efficientnet-lite0" in line for line in lines)


@pytest.mark.parametrize(("name", "alike"), [("timm:resnet19", "resnet18"), ("torchvision:vit_b_15", "vit_b_16")])
def test_an_unknown_model_is_refused_with_names_that_look_alike(name: str, alike: str) -> None:
    with pytest.raises(EncoderError, match=f"did you mean.*{alike}"):
        load_encoder(name, device="cpu")


def test_a_damaged_or_missing_weights_file_is_refused(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"\x00" * 100)
    with pytest.raises(EncoderError, match="timm:test_resnet@"):
        load_encoder(f"timm:test_resnet@{damaged}", device="cpu")
    with pytest.raises(EncoderError, match="cannot be read"):
        load_encoder(f"timm:test_resnet@{tmp_path / 'gone.safetensors'}", device="cpu")
