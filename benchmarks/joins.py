"""Joining two shots as an editor does: the last pictures of one and the first of the next go in, the join comes out.

Pictures are H x W x 3 uint8 RGB. The weight of the new shot in frame k of n is (k + 1) / (n + 1), never 0 nor 1: the
pictures of the join belong to neither shot alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from annotations import Kind

Pictures = list[np.ndarray]


@dataclass(frozen=True)
class Join:
    """A transition that is yet to be made."""

    kind: Kind
    tail: int
    """Frames that it takes from the end of the old shot."""
    head: int
    """Frames that it takes from the start of the new one."""
    make: Callable[[Pictures, Pictures], Pictures]
    note: str = ""


def hard_cut() -> Join:
    return Join("cut", 0, 0, lambda tail, head: [])


def dissolve(random: np.random.Generator) -> Join:
    """4 to 50 frames, linear or slow at both ends."""
    count = log_uniform(random, 4, 50)
    smooth = random.random() < 0.2
    shares = _steps(count, smooth=smooth)

    def make(tail: Pictures, head: Pictures) -> Pictures:
        return [cv2.addWeighted(a, 1 - p, b, p, 0) for a, b, p in zip(tail, head, shares, strict=True)]

    return Join("dissolve", count, count, make, "smooth" if smooth else "linear")


def fade(random: np.random.Generator) -> Join:
    """Out and in over 4 to 40 frames each, through 0 to 10 of black or white; one side may be hard.

    Black of half a second and more is a shot of its own by the rule of the marks; at 24 frames a second that is 12.
    """
    out, into, between = log_uniform(random, 4, 40), log_uniform(random, 4, 40), int(random.integers(0, 11))
    one_sided = random.random()
    out, into = (0 if one_sided < 0.1 else out), (0 if one_sided > 0.9 else into)
    between = max(between, 0 if out and into else 4)
    white = random.random() < 0.25

    def make(tail: Pictures, head: Pictures) -> Pictures:
        plain = np.full_like((tail or head)[0], 255 if white else 0)
        pictures = [cv2.addWeighted(a, 1 - p, plain, p, 0) for a, p in zip(tail, _steps(out), strict=True)]
        pictures += [plain] * between
        return pictures + [cv2.addWeighted(plain, 1 - p, b, p, 0) for b, p in zip(head, _steps(into), strict=True)]

    return Join("fade", out, into, make, f"through {'white' if white else 'black'}, {out}+{between}+{into}")


def wipe(random: np.random.Generator, names: tuple[str, ...] = ()) -> Join:
    """6 to 40 frames: a line at any angle, an iris, a clock hand, doors, one picture pushing or covering the other."""
    count = log_uniform(random, 6, 40)
    name = str(random.choice(names or ("line", "line", "line", "iris", "clock", "doors", "push", "slide")))
    softness = float(random.choice([0.01, 0.01, 0.1, 0.3]))
    angle = float(random.choice([0, 0, 90, 180, 180, 270, random.uniform(0, 360)]))
    backwards = bool(random.random() < 0.5)
    shares = _steps(count)

    def make(tail: Pictures, head: Pictures) -> Pictures:
        if name in ("push", "slide"):
            return [
                _pushed(a, b, p, round(angle / 90) % 4, both=name == "push")
                for a, b, p in zip(tail, head, shares, strict=True)
            ]
        distance = _distances(name, head[0].shape[0], head[0].shape[1], angle)
        distance = 1 - distance if backwards and name != "line" else distance
        return [_uncovered(a, b, distance, p, softness) for a, b, p in zip(tail, head, shares, strict=True)]

    edge = "" if name in ("push", "slide") else " soft" if softness > 0.05 else " hard"
    return Join("wipe", count, count, make, f"{name}{edge}")


def log_uniform(random: np.random.Generator, low: float, high: float) -> int:
    """As many between 4 and 8 as between 8 and 16; both ends included."""
    return int(np.clip(round(float(np.exp(random.uniform(np.log(low), np.log(high))))), low, high))


def _steps(count: int, *, smooth: bool = False) -> list[float]:
    shares = [(number + 1) / (count + 1) for number in range(count)]
    return [p * p * (3 - 2 * p) for p in shares] if smooth else shares


def _uncovered(a: np.ndarray, b: np.ndarray, distance: np.ndarray, share: float, softness: float) -> np.ndarray:
    """b where the edge has passed, which it does everywhere between share 0 and 1."""
    new = np.clip((share * (1 + softness) - distance) / softness, 0, 1).astype(np.float32)
    return np.asarray(cv2.blendLinear(a, b, 1 - new, new))


def _distances(name: str, height: int, width: int, angle: float) -> np.ndarray:
    """When the edge passes each pixel, from 0 to 1."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (x - width / 2) / (width / 2), (y - height / 2) / (height / 2)
    if name == "iris":
        distance = np.hypot(x * width / height, y)
    elif name == "clock":
        distance = np.arctan2(y, x)
    elif name == "doors":
        distance = np.abs(x)
    else:
        distance = np.cos(np.radians(angle)) * x + np.sin(np.radians(angle)) * y
    low, high = float(distance.min()), float(distance.max())
    return np.asarray((distance - low) / (high - low))


def _pushed(a: np.ndarray, b: np.ndarray, share: float, direction: int, *, both: bool) -> np.ndarray:
    """b comes in from the right, the bottom, the left or the top, and pushes a out or covers it."""
    height, width = a.shape[:2]
    turned_a, turned_b = np.rot90(a, direction), np.rot90(b, direction)
    extent = (width, height)[direction % 2]
    moved = min(max(round(share * extent), 1), extent - 1)
    old = turned_a[:, moved:] if both else turned_a[:, : extent - moved]
    return np.ascontiguousarray(np.rot90(np.concatenate([old, turned_b[:, :moved]], axis=1), -direction))
