"""What happens to the picture within a shot and is no cut: movement of the camera, light, titles, dirt, worn film.

Pictures are H x W x 3 uint8 RGB. A `Camera` frames a shot; an `Event` lasts some frames; a `Wear` is on every frame.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np

Random = np.random.Generator
_FULL_NAMES = (
    "NIGHT",
    "THE",
    "RIVER",
    "1926",
    "CITY",
    "OF",
    "LIGHT",
    "WINTER",
    "A FILM BY",
    "IN CINEMAS",
    "SOON",
    "Reel 2",
)


@dataclass(frozen=True)
class Camera:
    """The part of the footage that is seen, frame by frame. Arrays of N."""

    x: np.ndarray
    y: np.ndarray
    """Centre: from 0 to 1 between the outermost positions at which the window is within the picture."""
    zoom: np.ndarray
    """1 is the largest window that fits."""
    degrees: np.ndarray
    name: str = "still"

    def picture(self, number: int, source: np.ndarray, width: int, height: int) -> np.ndarray:
        """What it sees of a picture of the footage, width x height, blurred as the camera moves."""
        matrix, speed = self._matrix(number, source, width, height), 0.0
        if self.name == "whip pan" and number:
            speed = abs(float(matrix[0, 2] - self._matrix(number - 1, source, width, height)[0, 2]))
        seen = cv2.warpAffine(
            source, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return np.asarray(cv2.blur(seen, (round(speed * 0.6), 1)) if speed > 4 else seen)

    def _matrix(self, number: int, source: np.ndarray, width: int, height: int) -> np.ndarray:
        rows, columns = source.shape[:2]
        window = min(columns, rows * width / height) / float(self.zoom[number])
        scale = width / window
        x = window / 2 + float(self.x[number]) * (columns - window)
        y = window * height / width / 2 + float(self.y[number]) * (rows - window * height / width)
        matrix = cv2.getRotationMatrix2D((x, y), float(self.degrees[number]), scale)
        matrix[:, 2] += (width / 2 - x, height / 2 - y)
        return np.asarray(matrix)


CAMERAS = ("still", "pan", "whip pan", "zoom", "crash zoom", "shaken", "from the hand")


def camera(random: Random, name: str, count: int) -> Camera:
    """One of `CAMERAS` for a shot of `count` frames."""
    x, y = (np.full(count, random.uniform(0, 1)) for _ in range(2))
    zoom, degrees = np.full(count, 1 + random.exponential(0.15)), np.zeros(count)
    way = np.linspace(0, 1, count)
    if name == "pan":
        zoom[:] = random.uniform(1.2, 1.8)
        span = min(1.0, count * random.uniform(0.004, 0.03))
        begin = random.uniform(0, 1 - span)
        x = begin + span * (way if random.random() < 0.5 else way[::-1])
    elif name == "whip pan":
        zoom[:] = random.uniform(1.8, 2.5)
        lasts = int(random.integers(5, 13))
        middle = int(random.integers(count // 3, max(count * 2 // 3, count // 3 + 1)))
        share = np.clip((np.arange(count) - middle + lasts / 2) / lasts, 0, 1)
        x = np.asarray(share * share * (3 - 2 * share))
        x = 1 - x if random.random() < 0.5 else x
    elif name == "zoom":
        zoom = np.asarray(1 + way * random.uniform(0.2, 0.9))
        zoom = zoom[::-1] if random.random() < 0.5 else zoom
    elif name == "crash zoom":
        lasts, begin = int(random.integers(6, 16)), int(random.integers(2, max(count - 16, 3)))
        zoom = 1 + random.uniform(0.6, 1.5) * np.clip((np.arange(count) - begin) / lasts, 0, 1)
    elif name in ("shaken", "from the hand"):
        strength = random.uniform(0.5, 1.0) if name == "shaken" else random.uniform(0.1, 0.25)
        zoom[:] = 1.3
        width = 3 if name == "shaken" else 25
        kernel = np.hanning(width + 2)[1:-1]
        moves = [np.convolve(random.standard_normal(count + width), kernel / np.linalg.norm(kernel)) for _ in range(3)]
        x, y = (np.clip(0.5 + 0.25 * strength * move[width : width + count], 0, 1) for move in moves[:2])
        degrees = np.asarray(strength * 1.5 * moves[2][width : width + count])
    return Camera(x, y, zoom, degrees, name)


@dataclass(frozen=True)
class Event:
    """Something that lasts `length` frames; `apply(picture, k)` gives frame k of them."""

    name: str
    length: int
    apply: Callable[[np.ndarray, int], np.ndarray]


def flash(random: Random, width: int, height: int) -> Event:
    """1 to 4 frames of light, or seldom of darkness: a photographer's, lightning, a hole in the film."""
    length = int(random.integers(1, 5))
    strengths = random.uniform(0.35, 1, length)
    dark = random.random() < 0.15
    add = random.random() < 0.5

    def apply(picture: np.ndarray, k: int) -> np.ndarray:
        if dark:
            return np.asarray(cv2.convertScaleAbs(picture, alpha=1 - float(strengths[k]) * 0.9))
        if add:
            return np.asarray(cv2.addWeighted(picture, 1 - strengths[k], np.full_like(picture, 255), strengths[k], 0))
        return np.asarray(cv2.convertScaleAbs(picture, alpha=1 + 3 * float(strengths[k])))

    return Event("dark flash" if dark else "flash", length, apply)


def exposure(random: Random, width: int, height: int) -> Event:
    """The light changes over 4 to 25 frames and goes back, as when a lamp is switched or a camera adjusts itself."""
    ramp, hold = int(random.integers(1, 20)), int(random.integers(4, 30))
    gain = float(random.choice([random.uniform(0.4, 0.75), random.uniform(1.3, 1.9)]))
    shares = np.concatenate([np.linspace(0, 1, ramp + 1)[1:], np.ones(hold), np.linspace(1, 0, ramp + 1)[:-1]])

    def apply(picture: np.ndarray, k: int) -> np.ndarray:
        return np.asarray(cv2.convertScaleAbs(picture, alpha=1 + (gain - 1) * float(shares[k])))

    return Event("exposure", len(shares), apply)


def title(random: Random, width: int, height: int, *, grey: bool = False) -> Event:
    """Letters over the running picture, or a band with letters; hard or faded in and out."""
    length, ramp = int(random.integers(15, 70)), int(random.choice([0, 0, 6, 12]))
    layer, cover = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.uint8)
    words = " ".join(str(word) for word in random.choice(_FULL_NAMES, int(random.integers(1, 4))))
    font = int(random.choice([cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_TRIPLEX, cv2.FONT_HERSHEY_SIMPLEX]))
    lower = random.random() < 0.5
    size = float(random.uniform(0.7, 1.1) if lower else random.uniform(1.2, 3.0)) * width / 640
    thickness = max(1, round(size * 2))
    (wide, high), _ = cv2.getTextSize(words, font, size, thickness)
    if wide > width * 0.95:
        size, wide, high = size * width * 0.95 / wide, round(width * 0.95), round(high * width * 0.95 / wide)
    place = (max((width - wide) // 2, 4), round(height * (0.85 if lower else random.uniform(0.35, 0.65))) + high // 2)
    if lower and random.random() < 0.6:
        band = slice(place[1] - high * 2, place[1] + high)
        layer[band], cover[band] = random.integers(0, 255, 3), 220
    colour = tuple(int(value) for value in (random.integers(180, 256, 3) if random.random() < 0.8 else (230, 60, 40)))
    cv2.putText(layer, words, place, font, size, colour, thickness, cv2.LINE_AA)
    cv2.putText(cover, words, place, font, size, 255, thickness, cv2.LINE_AA)
    layer = toned(layer, (1.0, 1.0, 1.0) if grey else None)
    weight = cover.astype(np.float32) / 255

    def apply(picture: np.ndarray, k: int) -> np.ndarray:
        share = min(1.0, (k + 1) / (ramp + 1), (length - k) / (ramp + 1))
        return np.asarray(cv2.blendLinear(picture, layer, 1 - weight * share, weight * share))

    return Event("title" if ramp == 0 else "fading title", length, apply)


def passer_by(random: Random, width: int, height: int) -> Event:
    """Something close to the camera goes through the picture, and is gone."""
    length, breadth = int(random.integers(6, 22)), float(random.uniform(0.3, 0.85))
    shade, tint = random.integers(5, 130), random.uniform(0.6, 1.0, 3)
    texture = (
        random.normal(float(shade), 12, (height // 8, round(width * breadth / 8) + 1)).clip(0, 255).astype(np.uint8)
    )
    texture = cv2.resize(texture, (round(width * breadth), height), interpolation=cv2.INTER_CUBIC)
    thing = (texture[:, :, None] * tint).astype(np.uint8)
    slant = float(random.uniform(-0.2, 0.2))
    rows = np.arange(height) / height
    left_to_right = bool(random.random() < 0.5)
    columns = np.arange(width)[None, :]

    def apply(picture: np.ndarray, k: int) -> np.ndarray:
        share = (k + 0.5) / length
        begin = (-breadth - 0.1 + share * (1.2 + breadth)) * width + slant * width * rows[:, None]
        if not left_to_right:
            begin = width - begin - breadth * width
        weight = np.clip(np.minimum(columns - begin, begin + breadth * width - columns) / 12, 0, 1).astype(np.float32)
        layer = thing[:, np.clip((columns - int(begin[0, 0]))[0], 0, thing.shape[1] - 1)]
        return np.asarray(cv2.blendLinear(picture, np.ascontiguousarray(layer), 1 - weight, weight))

    return Event("passer-by", length, apply)


def letterbox(random: Random, width: int, height: int) -> Event:
    """Black bars come, at once or sliding, and go again."""
    ramp, hold = int(random.choice([0, 0, 10])), int(random.integers(20, 80))
    share = float(random.uniform(0.06, 0.16))
    sides = bool(random.random() < 0.25)

    def apply(picture: np.ndarray, k: int) -> np.ndarray:
        now = share * min(1.0, (k + 1) / (ramp + 1), (2 * ramp + hold - k) / (ramp + 1))
        picture = picture.copy()
        bar = round(now * (width if sides else height))
        turned = picture.swapaxes(0, 1) if sides else picture
        turned[:bar] = 0
        turned[len(turned) - bar :] = 0
        return picture

    return Event("letterbox", 2 * ramp + hold, apply)


def splice(random: Random, width: int, height: int) -> Event:
    """The film jumps for 1 or 2 frames, with a bright line where it is glued."""
    length = int(random.integers(1, 3))
    shifts = random.uniform(0.03, 0.3, length) * height * random.choice([-1, 1])
    line = bool(random.random() < 0.6)

    def apply(picture: np.ndarray, k: int) -> np.ndarray:
        shift = round(float(shifts[k]))
        picture = np.roll(picture, shift, axis=0)
        if line:
            row = shift % height
            picture[max(row - 2, 0) : row + 3] = 235
        return picture

    return Event("splice", length, apply)


EVENTS: dict[str, Callable[[Random, int, int], Event]] = {
    "flash": flash,
    "exposure": exposure,
    "title": title,
    "grey title": partial(title, grey=True),
    "passer-by": passer_by,
    "letterbox": letterbox,
    "splice": splice,
}


@dataclass(frozen=True)
class Wear:
    """What is on every frame of a film; 0 is none of it."""

    grain: float = 0.0
    """Standard deviation, of 255."""
    flicker: float = 0.0
    """Standard deviation of the light from frame to frame, as a share of it."""
    dust: float = 0.0
    """Specks a frame."""
    scratches: int = 0
    weave: float = 0.0
    """How far the film wanders in the gate, in pixels."""


class Worn:
    """Puts wear on the frames of one film, in order."""

    def __init__(self, random: Random, wear: Wear, width: int, height: int) -> None:
        self._random, self._wear = random, wear
        self._grain = [
            np.clip(random.normal(0, wear.grain, (height + 64, width + 64, 1)), -120, 120).astype(np.int16)
            for _ in range(4 if wear.grain else 0)
        ]
        self._lines = [(int(random.integers(0, width)), int(random.integers(120, 256))) for _ in range(wear.scratches)]
        across = np.linspace(-1, 1, width)[None, :] * np.ones((height, 1))
        self._slope = across.astype(np.float32)

    def frame(self, picture: np.ndarray) -> np.ndarray:
        random, wear = self._random, self._wear
        if wear.weave:
            dx, dy = random.normal(0, wear.weave, 2)
            matrix = np.array([[1, 0, dx], [0, 1, dy]], np.float32)
            picture = cv2.warpAffine(picture, matrix, picture.shape[1::-1], borderMode=cv2.BORDER_REPLICATE)
        if wear.dust or wear.scratches:
            picture = self._dirty(picture.copy())
        if wear.flicker:
            gain, slope = random.normal(1, wear.flicker), random.normal(0, wear.flicker / 2)
            picture = np.clip(picture * (gain + slope * self._slope)[:, :, None].astype(np.float32), 0, 255)
            picture = picture.astype(np.uint8)
        if self._grain:
            height, width = picture.shape[:2]
            y, x = random.integers(0, 64, 2)
            grain = self._grain[int(random.integers(0, len(self._grain)))][y : y + height, x : x + width]
            picture = np.clip(picture.astype(np.int16) + grain, 0, 255).astype(np.uint8)
        return np.ascontiguousarray(picture)

    def _dirty(self, picture: np.ndarray) -> np.ndarray:
        random = self._random
        height, width = picture.shape[:2]
        for _ in range(random.poisson(self._wear.dust)):
            centre = (int(random.integers(0, width)), int(random.integers(0, height)))
            axes = (int(random.integers(1, 4)), int(random.integers(1, 10 if random.random() < 0.1 else 5)))
            shade = int(random.choice([20, 235]))
            cv2.ellipse(picture, centre, axes, float(random.uniform(0, 180)), 0, 360, (shade,) * 3, -1, cv2.LINE_AA)
        for column, shade in self._lines:
            if random.random() < 0.85:
                x = int(np.clip(column + random.normal(0, 1), 0, width - 1))
                picture[:, x : x + 1] = shade
        return picture


def toned(picture: np.ndarray, tone: tuple[float, float, float] | None) -> np.ndarray:
    """Black and white, tinted in a colour (the share of red, green and blue); None leaves it as it is."""
    if tone is None:
        return picture
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    return np.asarray(cv2.merge([cv2.convertScaleAbs(grey, alpha=share) for share in tone]))
