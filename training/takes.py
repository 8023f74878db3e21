"""Virtual shots: a clip goes in, and comes out as a camera might have filmed it, in some light and at some speed.

Beside them what films are made of that no clip holds: title cards, and painted pictures, as there are not enough films.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from windows import Size


def take(
    random: np.random.Generator, clip: np.ndarray, count: int, size: Size, calm: bool, look: Look | None = None
) -> tuple[np.ndarray, Look]:
    """`count` frames of a virtual shot (count x H x W x 3 float32), and what its light and colours are like."""
    numbers = _course(random, len(clip), count)
    x, y, zoom, angle = _camera(random, count, calm)
    if random.random() < 0.5:
        clip = clip[:, :, ::-1]
    rows, columns = size
    frames = np.empty((count, rows, columns, 3), np.float32)
    height, width = clip.shape[1:3]
    for k in range(count):
        scale = zoom[k] * width / columns
        cosine, sine = np.cos(angle[k]) * scale, np.sin(angle[k]) * scale
        centre_x = (x[k] * (1 - zoom[k]) + zoom[k] / 2) * width - 0.5
        centre_y = (y[k] * (1 - zoom[k]) + zoom[k] / 2) * height - 0.5
        middle_x, middle_y = (columns - 1) / 2, (rows - 1) / 2
        matrix = np.array([
            [cosine, -sine, centre_x - cosine * middle_x + sine * middle_y],
            [sine, cosine, centre_y - sine * middle_x - cosine * middle_y],
        ])  # fmt: skip
        source = np.ascontiguousarray(clip[numbers[k]])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        frames[k] = cv2.warpAffine(source, matrix, (columns, rows), flags=flags, borderMode=cv2.BORDER_REFLECT)
    _blur_fast_moves(frames, x, y, zoom)
    look = look or _draw_look(random)
    return _graded(look, frames), look


def _course(random: np.random.Generator, available: int, count: int) -> np.ndarray:
    """Which frames of the clip are shown: at some speed, to and fro where the clip is too short."""
    speed = random.choice([0.0, 0.0, 0.25, 0.5, 1.0, 1.0, 1.0, 1.0, 1.5, 2.0, 3.0, 5.0])
    if random.random() < 0.06 and count > 8:  # a frame that freezes
        steps = np.where(np.arange(count) < random.integers(2, count), speed, 0.0)
    else:
        steps = np.full(count, speed)
    path = random.uniform(0, max(1, available)) + np.cumsum(steps)
    period = max(1, 2 * available - 2)
    folded = np.mod(np.floor(path), period)
    return np.minimum(folded, period - folded).astype(int).clip(0, available - 1)


def _camera(random: np.random.Generator, count: int, calm: bool) -> tuple[np.ndarray, ...]:
    """The crop of every frame: place x, y (0 to 1 of what is free), zoom (share of the picture), angle (radians)."""
    time = np.linspace(0, 1, count)
    zoom = np.full(count, random.uniform(0.45, 1.0))
    x, y = np.full(count, random.random()), np.full(count, random.random())
    angle = np.zeros(count)
    kind = random.choice(["still", "pan", "zoom", "shake", "whip", "crash", "fast"], p=_CALM if calm else _WILD)
    if kind in ("pan", "fast", "whip"):
        zoom[:] = random.uniform(0.4, 0.75)
        # shares of the free space a frame: a whip pan crosses the picture in a few frames
        pace = {"pan": 0.012, "fast": 0.06, "whip": 0.25}[kind] * random.uniform(0.3, 1.2)
        course = np.clip(np.cumsum(np.full(count, pace)) - random.uniform(0, max(0.0, pace * count - 1)), 0, 1)
        course = course if random.random() < 0.5 else 1 - course
        if random.random() < 0.75:
            x = course
        else:
            y = course
    elif kind == "zoom":
        zoom = np.clip(zoom * random.uniform(0.5, 1.8) ** time, 0.35, 1.0)
    elif kind == "crash":
        begin, span = random.uniform(0, 0.8), int(random.integers(3, 12)) / max(count, 3)
        target = random.uniform(0.35, 1.0)
        zoom = zoom + (target - zoom) * np.clip((time - begin) / span, 0, 1)
    if kind == "shake" or random.random() < 0.15:
        zoom = np.minimum(zoom, 0.85)
        strength = random.choice([0.02, 0.06, 0.15, 0.3])
        x, y = x + _wander(random, count) * strength, y + _wander(random, count) * strength
        angle = angle + _wander(random, count) * 0.1 * strength
    return np.clip(x, 0, 1), np.clip(y, 0, 1), zoom, angle + random.choice([0, 0, 0, 0.05, -0.08])


_CALM = (0.4, 0.25, 0.15, 0.15, 0.0, 0.0, 0.05)
_WILD = (0.15, 0.2, 0.15, 0.15, 0.12, 0.11, 0.12)


def _wander(random: np.random.Generator, count: int) -> np.ndarray:
    noise = random.normal(size=count + 8)
    width = random.integers(1, 6)
    return np.convolve(noise, np.ones(width) / np.sqrt(width), "same")[4 : 4 + count]


def _blur_fast_moves(frames: np.ndarray, x: np.ndarray, y: np.ndarray, zoom: np.ndarray) -> None:
    """A shutter half the time open: what moves over several pixels a frame is smeared."""
    for axis, course, size in ((1, x, frames.shape[2]), (0, y, frames.shape[1])):
        pixels = np.abs(np.gradient(course)) * (1 - zoom) / zoom * size / 2 if len(course) > 1 else np.zeros(1)
        for k in np.flatnonzero(pixels >= 1.5):
            width = min(int(pixels[k]) | 1, 15)
            frames[k] = cv2.blur(frames[k], (width, 1) if axis == 1 else (1, width))


@dataclass(frozen=True)
class Look:
    """Light and colours of a shot."""

    gamma: float
    gains: np.ndarray
    """3, of red, green, blue."""
    kind: str
    strength: float
    channels: np.ndarray


def _draw_look(random: np.random.Generator) -> Look:
    gamma, gains = 1.0, np.ones(3, np.float32)
    if random.random() < 0.6:
        gamma = 2 ** random.normal(0, 0.4)
        gains = (2 ** random.normal(0, 0.25) * (1 + random.normal(0, 0.12, 3))).astype(np.float32)
    kind = str(random.choice(list(_LOOKS), p=list(_LOOKS.values())))
    low, high = {"dark": (0.12, 0.4), "bright": (0.2, 0.5)}.get(kind, (1, 1))
    return Look(gamma, gains, kind, random.uniform(low, high), random.permutation(3))


# Another clip's colours; low key: dark scenes, in which little can be seen; high key, fog.
_LOOKS = {"plain": 0.71, "grey": 0.1, "permuted": 0.08, "negative": 0.02, "dark": 0.05, "bright": 0.04}


def _graded(look: Look, frames: np.ndarray) -> np.ndarray:
    frames = 255 * np.clip(frames / 255, 0, 1) ** np.float32(look.gamma) * look.gains
    if look.kind == "grey":
        frames = np.repeat(frames.mean(axis=3, keepdims=True), 3, axis=3)
    elif look.kind == "permuted":
        frames = frames[..., look.channels]
    elif look.kind == "negative":
        frames = 255 - frames
    elif look.kind == "dark":
        frames = frames * look.strength
    elif look.kind == "bright":
        frames = 255 - (255 - frames) * look.strength
    return np.clip(frames, 0, 255).astype(np.float32)


_PAINTED: Size = (64, 96)  # as the footage


def painted(random: np.random.Generator) -> np.ndarray:
    """A picture of clouds of colour and a few shapes, as a clip of one frame: there are not enough films."""
    height, width = _PAINTED
    picture = np.zeros((height, width, 3), np.float32)
    for cells in (3, 6, 12, 24):
        noise = random.normal(0, 1, (cells * 2 // 3, cells, 3 if random.random() < 0.6 else 1)).astype(np.float32)
        larger = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
        picture += (larger if larger.ndim == 3 else larger[..., None]) * random.uniform(10, 60) / cells**0.4
    picture = np.clip(picture + random.uniform(30, 220, 3), 0, 255).astype(np.uint8)
    for _ in range(random.integers(0, 8)):
        centre = (int(random.integers(0, width)), int(random.integers(0, height)))
        colour = tuple(random.uniform(0, 255, 3).tolist())
        if random.random() < 0.5:
            cv2.circle(picture, centre, int(random.integers(3, 25)), colour, -1)
        else:
            corner = (int(random.integers(0, width)), int(random.integers(0, height)))
            cv2.rectangle(picture, centre, corner, colour, -1)
    return picture[None]


def card(random: np.random.Generator, count: int, size: Size) -> np.ndarray:
    """A title card, perhaps with text that comes and goes slowly."""
    rows, columns = size
    ground = np.zeros((rows * 4, columns * 4, 3), np.uint8)
    if random.random() < 0.25:
        ground[:] = random.uniform(0, 255, 3)
    text = written(random, ground.copy())
    pictures = (cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA) for picture in (ground, text))
    bare, full = (picture.astype(np.float32) for picture in pictures)
    grow = _ramp(random, count) if random.random() < 0.4 else np.ones(count)
    alpha = grow.astype(np.float32)[:, None, None, None]
    return bare * (1 - alpha) + full * alpha


def _ramp(random: np.random.Generator, count: int) -> np.ndarray:
    """Text that is faded in, never quite from nothing: nothing would be black, and black is a shot of its own."""
    return np.clip(0.25 + np.arange(count) / random.integers(6, 30), 0, 1)


def written(random: np.random.Generator, canvas: np.ndarray) -> np.ndarray:
    """Some words on a picture of any size, in place."""
    height, width = canvas.shape[:2]
    colour = (255.0, 255.0, 255.0) if random.random() < 0.7 else tuple(random.uniform(100, 255, 3).tolist())
    lines = random.integers(1, 4)
    top = random.uniform(0.1, 0.9)
    for line in range(lines):
        words = "".join(random.choice(list("ABCDEFGHKLMNOPRSTUVWYZ aeinorst"), random.integers(3, 16)))
        scale = random.uniform(0.4, 1.4) * height / 128
        place = (int(random.uniform(0.02, 0.45) * width), int((top + line * 0.18) % 1 * height))
        cv2.putText(canvas, words, place, cv2.FONT_HERSHEY_SIMPLEX, scale, colour, int(random.integers(1, 4)))
    return canvas
