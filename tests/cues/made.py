"""Shots made for the tests of the cues: pictures, and a camera that moves over a random texture as it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache

import cv2
import numpy as np

from reinterpret.cues.facts import MOVEMENT_COLUMNS, ShotFacts
from reinterpret.cues.motion_meter import Course, MotionMeter

WIDTH, HEIGHT = 288, 160
COLUMN = {name: number for number, name in enumerate(MOVEMENT_COLUMNS)}


def facts(
    pictures: Sequence[np.ndarray],
    *,
    course: Course | None = None,
    seconds: float = 0.0,
    rate: float = 25.0,
    layouts: np.ndarray | None = None,
) -> ShotFacts:
    """What is known of a shot of these pictures; a still picture if no course is given."""
    count = len(pictures)
    still = Course(np.empty((0, len(MOVEMENT_COLUMNS)), np.float32), np.empty(0), np.empty(0, np.float32))
    course = course or still
    return ShotFacts(
        pictures=tuple(pictures),
        frame_vectors=np.tile(np.array([0.6, 0.8], np.float32), (count, 1)),
        layouts=np.zeros((count, 3, 3, 0), np.float32) if layouts is None else layouts,
        movement=course.movement,
        movement_seconds=course.movement_seconds,
        luma=course.luma,
        seconds=seconds,
        frame_rate=rate,
    )


def plain(red: int, green: int, blue: int) -> np.ndarray:
    """A picture of one colour."""
    return np.full((HEIGHT, WIDTH, 3), (red, green, blue), np.uint8)


@cache
def texture(seed: int = 0) -> np.ndarray:
    """1000 x 1800 uint8 of soft random blots, in video range."""
    random = np.random.default_rng(seed)
    fine = cv2.GaussianBlur(random.normal(0, 1, (1000, 1800)), (0, 0), 4)
    coarse = cv2.GaussianBlur(random.normal(0, 1, (1000, 1800)), (0, 0), 20)
    blots = fine / fine.std() + coarse / coarse.std()
    return np.clip(126 + 32 * blots, 16, 235).astype(np.uint8)


def seen_from(ground: np.ndarray, *, x: float, y: float, scale: float = 1.0, roll: float = 0.0) -> np.ndarray:
    """What a camera sees of the ground: x and y of the middle in pixels, so many times larger, turned clockwise."""
    cosine, sine = np.cos(roll) / scale, np.sin(roll) / scale
    back = np.array(
        [
            [cosine, -sine, x - cosine * WIDTH / 2 + sine * HEIGHT / 2],
            [sine, cosine, y - sine * WIDTH / 2 - cosine * HEIGHT / 2],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(ground, back, (WIDTH, HEIGHT), flags=flags, borderMode=cv2.BORDER_REFLECT))


def shoot(
    *,
    pan: float = 0.0,
    tilt: float = 0.0,
    zoom: float = 0.0,
    roll: float = 0.0,
    shake: float = 0.0,
    noise: float = 0.0,
    rate: float = 25.0,
    seconds: float = 2.0,
    repeats: int = 1,
    seed: int = 0,
    before: Callable[[np.ndarray, float], np.ndarray] = lambda frame, instant: frame,
) -> Course:
    """A film of a camera over the texture, measured.

    pan, tilt, shake: picture widths (a second). zoom: log a second. roll: radians a second. repeats: how often each
    frame is shown. before: what is put before the camera at an instant.
    """
    random, ground, meter = np.random.default_rng(seed), texture(seed), MotionMeter()
    for number in range(round(rate * seconds)):
        instant = number // repeats * repeats / rate
        away = instant - seconds / 2
        jolt_x, jolt_y = random.normal(0, max(shake, 1e-9) * WIDTH, 2)
        frame = seen_from(
            ground,
            x=900 + pan * WIDTH * away + jolt_x,
            y=500 - tilt * WIDTH * away + jolt_y,
            scale=float(np.exp(zoom * away)),
            roll=roll * away,
        )
        frame = before(frame, instant)
        if noise:
            frame = np.clip(frame + random.normal(0, noise, frame.shape), 0, 255).astype(np.uint8)
        meter.feed(frame, number / rate)
    return meter.take()


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """The cosine of two unit vectors."""
    return float(one @ other)
