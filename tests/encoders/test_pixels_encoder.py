"""The weight-free encoder knows a picture again after what copying does to it, and tells others from it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from reinterpret.encoders import load_encoder
from reinterpret.frames import FrameBatch

SCENES = 60


@pytest.fixture(scope="module")
def scenes() -> np.ndarray:
    """Sixty pictures of soft shapes and hard edges, 160 x 288 RGB."""
    random = np.random.default_rng(5)
    pictures = []
    for _ in range(SCENES):
        coarse = random.integers(0, 256, (4, 6, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (288, 160), interpolation=cv2.INTER_CUBIC)
        for _ in range(6):
            x, y, radius = (int(value) for value in random.integers((0, 0, 8), (288, 160, 40)))
            colour = tuple(int(value) for value in random.integers(0, 256, 3))
            picture = cv2.circle(picture, (x, y), radius, colour, thickness=-1)
        pictures.append(picture)
    return np.stack(pictures)


def embedded(pixels: np.ndarray) -> np.ndarray:
    return load_encoder("pixels").embed(FrameBatch(pixels, np.arange(len(pixels), dtype=np.float64)))


def noisy(pixels: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(1).normal(0, 20, pixels.shape)
    return np.clip(pixels + noise, 0, 255).astype(np.uint8)


def recompressed(pixels: np.ndarray) -> np.ndarray:
    parameters = [cv2.IMWRITE_JPEG_QUALITY, 15]
    copies = np.empty_like(pixels)
    for copy, picture in zip(copies, pixels, strict=True):
        copy[:] = cv2.imdecode(cv2.imencode(".jpg", picture, parameters)[1], cv2.IMREAD_COLOR)
    return copies


def reduced(pixels: np.ndarray) -> np.ndarray:
    small = [cv2.resize(picture, (96, 54), interpolation=cv2.INTER_AREA) for picture in pixels]
    return np.stack([cv2.resize(picture, (288, 160), interpolation=cv2.INTER_LINEAR) for picture in small])


def darker(pixels: np.ndarray) -> np.ndarray:
    return (pixels * 0.7).astype(np.uint8)


def shifted(pixels: np.ndarray) -> np.ndarray:
    return np.roll(pixels, (2, 3), axis=(1, 2))


@pytest.mark.parametrize("copy", [noisy, recompressed, reduced, darker, shifted])
def test_a_copy_is_nearer_than_any_other_picture(copy: Callable[[np.ndarray], np.ndarray], scenes: np.ndarray) -> None:
    scores = embedded(copy(scenes)) @ embedded(scenes).T
    assert scores.argmax(axis=1).tolist() == list(range(SCENES))
    others = scores[~np.eye(SCENES, dtype=bool)]
    assert scores.diagonal().min() > max(0.85, others.max())


def test_colour_alone_tells_pictures_apart() -> None:
    red, blue = np.zeros((2, 160, 288, 3), dtype=np.uint8)
    red[..., 0], blue[..., 2] = 200, 200
    vectors = embedded(np.stack([red, blue]))
    assert vectors[0] @ vectors[1] < 0.5


def test_black_and_white_are_apart(flat_frames: Callable[..., FrameBatch]) -> None:
    black, white = load_encoder("pixels").embed(flat_frames(0, 255))
    assert black @ white < 0
