"""Films whose edges and subjects are known: drawn frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import av
import numpy as np

Sides = tuple[int, int, int, int]
"""Left, top, right, bottom."""


def film_of(path: Path, pictures: Iterable[np.ndarray], *, rate: int = 25, key_frames: int = 10) -> Path:
    """A film of pictures, H x W uint8 grey or H x W x 3 uint8 RGB, nearly as they are. Sizes are even."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "veryfast", "crf": "6", "g": str(key_frames)}
        for number, picture in enumerate(pictures):
            if number == 0:
                stream.height, stream.width = picture.shape[:2]
            colour = picture if picture.ndim == 3 else np.repeat(picture[:, :, None], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(colour), "rgb24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def scenes(
    count: int, width: int, height: int, *, seed: int = 1, low: int = 60, high: int = 230
) -> Iterator[np.ndarray]:
    """Grey pictures, each of soft patches of its own, nowhere darker than `low`."""
    import cv2

    random = np.random.default_rng(seed)
    for _ in range(count):
        patches = random.integers(low, high, (6, 8)).astype(np.uint8)
        yield cv2.resize(patches, (width, height), interpolation=cv2.INTER_LINEAR)


def with_bars(pictures: Iterable[np.ndarray], sides: Sides) -> Iterator[np.ndarray]:
    """The same in black bars, as large as before together with them: what is under the bars is lost."""
    left, top, right, bottom = sides
    for picture in pictures:
        barred = np.zeros_like(picture)
        rows, columns = slice(top, picture.shape[0] - bottom), slice(left, picture.shape[1] - right)
        barred[rows, columns] = picture[rows, columns]
        yield barred


def night(count: int, width: int, height: int) -> Iterator[np.ndarray]:
    """Lamps that pass in the dark: most of it black, at the edges too."""
    for number in range(count):
        picture = np.full((height, width), 4, np.uint8)
        for lamp in range(4):
            x, y = (37 * lamp + 3 * number) % (width - 40) + 20, height // 3 + 11 * lamp
            picture[y : y + 8, x : x + 8] = 240
        yield picture


def square_at(
    left: int, top: int, size: int, width: int, height: int, *, count: int = 50, ground: int = 90
) -> list[np.ndarray]:
    """A bright square in front of a plain ground."""
    picture = np.full((height, width), ground, np.uint8)
    picture[top : top + size, left : left + size] = 235
    return [picture] * count
