"""Animations: their frames, their rate, and how large they get."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reinterpret.errors import OutputError, UsageError
from reinterpret.rendering.animation import TooLargeError, write_animation, write_animation_below
from reinterpret.rendering.panel import Planes, planes_of

SIZE = {"width": 160, "height": 90, "rate": Fraction(25, 2)}


def noise(count: int, width: int = 160, height: int = 90) -> list[Planes]:
    """Frames that no encoder can make small."""
    random = np.random.default_rng(1)
    return [planes_of(random.integers(0, 256, (height, width, 3), np.uint8)) for _ in range(count)]


def colours(count: int) -> list[Planes]:
    """Frames of one colour each, far apart."""
    return [
        planes_of(np.full((90, 160, 3), (40 * number % 256, 200, 255 - 40 * number % 256), np.uint8))
        for number in range(count)
    ]


@pytest.mark.parametrize("suffix", [".mp4", ".webp", ".gif"])
def test_every_frame_is_there_in_its_colour(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"a{suffix}"
    write_animation(colours(6), out, **SIZE)
    if suffix == ".webp":
        with Image.open(out) as picture:
            made = []
            for number in range(6):
                picture.seek(number)
                made.append(np.asarray(picture.convert("RGB")))
            assert picture.n_frames == 6  # type: ignore[attr-defined]
    else:
        with av.open(str(out)) as container:
            made = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(made) == 6
    for number, frame in enumerate(made):
        wanted = (40 * number % 256, 200, 255 - 40 * number % 256)
        assert frame.shape == (90, 160, 3)
        assert np.abs(frame.mean(axis=(0, 1)) - wanted).max() < 8


def test_a_gif_is_brought_under_its_limit(tmp_path: Path) -> None:
    out, frames = tmp_path / "a.gif", noise(20)
    write_animation(frames, out, **SIZE)
    whole = out.stat().st_size
    for share in (2, 5):
        quality = write_animation_below(frames, out, **SIZE, most_bytes=whole // share)
        assert whole // share // 4 <= out.stat().st_size <= whole // share
        with Image.open(out) as picture:
            assert picture.size == (quality.width, quality.height)


def test_what_is_small_enough_is_left_as_it_is(tmp_path: Path) -> None:
    quality = write_animation_below(colours(6), tmp_path / "a.gif", **SIZE, most_bytes=1_000_000)
    assert (quality.width, quality.height, quality.rate, quality.colours) == (160, 90, Fraction(25, 2), 256)


@pytest.mark.parametrize("suffix", [".mp4", ".webp", ".gif"])
def test_the_smallest_size_reached_is_said(tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"a{suffix}"
    with pytest.raises(TooLargeError, match=r"cannot be made smaller than \d+\.\d+ MB, 0.0002 MB are allowed"):
        write_animation_below(noise(20), out, **SIZE, most_bytes=200)
    assert not out.exists()
    with pytest.raises(UsageError, match="above 0"):
        write_animation_below(noise(1), out, **SIZE, most_bytes=0)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"a\.gif: cannot be written, the disk is full; make room on it, or"):
        write_animation(colours(6), tmp_path / "a.gif", **SIZE)
    assert not list(tmp_path.glob("*.gif"))
