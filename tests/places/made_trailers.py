"""Trailers made of pictures, of which every frame is known: what it shows, and how much of it is left."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from tests.title_cards import title_card

HEIGHT, WIDTH = 180, 320


@dataclass(frozen=True)
class Shown:
    """A frame of a made trailer: a scene and a title, and what of each is to be seen."""

    scene: str | None = None
    number: int = 0
    """Of the picture in its scene."""
    gain: float = 0.0
    title: str | None = None
    title_gain: float = 0.0
    other: str | None = None
    """The scene that takes over in a dissolve."""
    other_number: int = 0
    other_gain: float = 0.0
    ground: float = 0.0
    """Level of what is there beside: 0 black, 255 white."""


def clear(scene: str, count: int, first: int = 0) -> list[Shown]:
    """Some pictures of a scene as they are."""
    return [Shown(scene, first + number, 1.0) for number in range(count)]


def fading_in(scene: str, count: int, first: int = 0, ground: float = 0.0) -> list[Shown]:
    """Pictures of a scene as they come: frame n of N has (n + 1) / (N + 1) of it."""
    return [
        Shown(scene, first + number, (number + 1) / (count + 1), ground=ground * (1 - (number + 1) / (count + 1)))
        for number in range(count)
    ]


def fading_out(scene: str, count: int, first: int = 0, ground: float = 0.0) -> list[Shown]:
    """Pictures of a scene as they go."""
    return [
        Shown(scene, first + number, 1 - (number + 1) / (count + 1), ground=ground * (number + 1) / (count + 1))
        for number in range(count)
    ]


def dissolving(one: str, other: str, count: int, first: int = 0) -> list[Shown]:
    """One scene as it gives way to another, whose pictures begin from 0."""
    shares = [(number + 1) / (count + 1) for number in range(count)]
    return [
        Shown(one, first + number, 1 - share, other=other, other_number=number, other_gain=share)
        for number, share in enumerate(shares)
    ]


def title(words: str, gains: Sequence[float]) -> list[Shown]:
    """A title on black, with so much of its letters on each frame."""
    return [Shown(title=words, title_gain=gain) for gain in gains]


def under_title(scene: str, words: str, count: int, first: int = 0) -> list[Shown]:
    """A scene that sinks to black while a title comes up over it."""
    shares = [(number + 1) / (count + 1) for number in range(count)]
    return [Shown(scene, first + number, 1 - share, words, share) for number, share in enumerate(shares)]


def flat(count: int, ground: float = 0.0) -> list[Shown]:
    """Black, or white."""
    return [Shown(ground=ground)] * count


@dataclass
class Scenes:
    """Scenes by name, as pictures: textures that a slow pan goes over, each its own."""

    made: dict[str, np.ndarray] = field(default_factory=dict)

    def picture(self, scene: str, number: int) -> np.ndarray:
        """180 x 320 x 3 uint8."""
        if scene not in self.made:
            self.made[scene] = _wide(scene)
        wide = self.made[scene]
        left = min(2 * number, wide.shape[1] - WIDTH)
        return wide[:, left : left + WIDTH]

    def of(self, shown: Shown) -> np.ndarray:
        """What a frame looks like."""
        total = np.full((HEIGHT, WIDTH, 3), shown.ground, np.float64)
        if shown.scene is not None:
            total += shown.gain * self.picture(shown.scene, shown.number)
        if shown.other is not None:
            total += shown.other_gain * self.picture(shown.other, shown.other_number)
        if shown.title is not None:
            letters = title_card(shown.title).astype(np.float64)
            cover = letters / 255 * shown.title_gain
            total = total * (1 - cover) + letters * shown.title_gain
        return np.asarray(np.clip(np.round(total), 0, 255), np.uint8)

    def frames(self, trailer: Sequence[Shown]) -> Iterator[np.ndarray]:
        """What a trailer looks like."""
        return (self.of(shown) for shown in trailer)


def _wide(scene: str) -> np.ndarray:
    """A picture to pan over: blobs of colour and some edges, as light as the scenes of films, from the name alone."""
    noise = np.random.default_rng(list(scene.encode()))
    coarse = noise.uniform(20, 235, (6, 22, 3)).astype(np.float32)
    wide = cv2.resize(coarse, (WIDTH * 3, HEIGHT), interpolation=cv2.INTER_CUBIC)
    for _ in range(40):
        x, y = int(noise.integers(0, WIDTH * 3)), int(noise.integers(0, HEIGHT))
        size = int(noise.integers(8, 40))
        cv2.rectangle(wide, (x, y), (x + size, y + size), noise.uniform(0, 255, 3).tolist(), -1)
    return np.asarray(np.clip(wide, 0, 255), np.uint8)


def film_at(path: Path, shown: Sequence[np.ndarray], times: Sequence[Fraction]) -> Path:
    """A film of pictures, each shown from an instant on."""
    time_base = Fraction(1, 1000)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=50)
        stream.height, stream.width = shown[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "12"}
        stream.codec_context.time_base = time_base
        for picture, instant in zip(shown, times, strict=True):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.time_base, frame.pts = time_base, round(instant / time_base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
