"""What is no boundary: a window goes in, and is spoilt in place as films are.

Before the camera and in the cutting room by flashes, light, titles, passers-by, letterboxes; and in the years since by
repeated frames, grain, flicker, dust and frames that jump.
"""

from __future__ import annotations

import cv2
import numpy as np
from takes import written
from windows import CUT, HEIGHT, NONE, Window

# Of a picture: the standard deviation of its values, of 255.
_LEAST_SEEN = 8.0


def disturb(random: np.random.Generator, window: Window) -> None:
    """What happens before the camera and in the cutting room: light, titles, things that pass, letterboxes."""
    for spoil, chance in _DISTURBANCES:
        rounds = random.geometric(0.5) if random.random() < chance else 0
        for _ in range(rounds):
            spoil(random, window)


def _stretch(random: np.random.Generator, window: Window, shortest: int, longest: int) -> tuple[int, int]:
    count = int(random.integers(shortest, longest + 1))
    first = int(random.integers(0, max(1, len(window.frames) - count)))
    return first, min(first + count, len(window.frames))


def _touches(window: Window, first: int, end: int, margin: int = 2) -> bool:
    return any(first < there_end + margin and there_first - margin < end for there_first, there_end in window.events)


def _flash(random: np.random.Generator, window: Window) -> None:
    """Photographers, lightning, gunfire: a few frames of glare, often dying away."""
    first, end = _stretch(random, window, 1, 5)
    colour = random.choice([255.0, 255.0, 255.0, 0.0]) if random.random() < 0.9 else random.uniform(0, 255, 3)
    strength = random.uniform(0.35, 1.0) * random.uniform(0.6, 1) ** np.arange(end - first)
    alpha = strength.astype(np.float32)[:, None, None, None]
    window.frames[first:end] = window.frames[first:end] * (1 - alpha) + np.float32(colour) * alpha
    if _touches(window, first, end):
        window.weights[max(0, first - 2) : end + 2] = 0
    elif random.random() < 0.3:  # it flickers on
        for _ in range(random.integers(1, 4)):
            again = end + int(random.integers(1, 6))
            if again < len(window.frames) and not _touches(window, again, again + 1):
                window.frames[again] += (255 - window.frames[again]) * random.uniform(0.2, 0.9)


def _light(random: np.random.Generator, window: Window) -> None:
    """Light that swells and sinks, a lamp switched on or off, an explosion."""
    length = len(window.frames)
    first, end = _stretch(random, window, 1, 60)
    gain = np.ones(length)
    target = 2 ** random.uniform(-1.6, 1.5)
    gain[first:end] = 1 + (target - 1) * np.linspace(0, 1, end - first)
    gain[end:] = target if random.random() < 0.4 else 1 + (target - 1) * np.exp(-np.arange(length - end) / 8)
    lit = np.clip(window.frames * gain.astype(np.float32)[:, None, None, None], 0, 255)
    # Where nothing is left to see there is black, or white, and that comes with a transition.
    seen, still_seen = window.frames.std(axis=(1, 2, 3)), lit.std(axis=(1, 2, 3))
    if np.all((still_seen > _LEAST_SEEN) | (seen <= _LEAST_SEEN)):
        window.frames[:] = lit


def _title(random: np.random.Generator, window: Window) -> None:
    """Words over the picture, hard or slowly, that stay or go."""
    first, end = _stretch(random, window, 8, 120)
    height, width = window.size
    mask = np.zeros((height * 4, width * 4, 3), np.uint8)
    beneath = random.random()
    if beneath < 0.2:  # a plate beneath, or a logo
        size = random.integers(8, 60, 2)
        top, left = random.integers(0, height * 4 - size[0]), random.integers(0, width * 4 - size[1])
        mask[top : top + size[0], left : left + size[1]] = 255
    elif beneath < 0.4:  # a band from side to side
        top = int(random.integers(0, height * 4 - 12))
        mask[top : top + int(random.integers(8, 48))] = random.integers(120, 256)
    mask = cv2.resize(written(random, mask), (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
    pace = random.choice([0, 0, 6, 20])
    alpha = np.ones(end - first) if pace == 0 else np.clip((np.arange(end - first) + 1) / pace, 0, 1)
    alpha = np.minimum(alpha, alpha[::-1]) if random.random() < 0.5 else alpha
    seen = (mask[None] * alpha[:, None, None, None]).astype(np.float32)
    colour = np.float32(random.choice([255, 255, 230, 0])) if beneath < 0.3 else random.uniform(0, 255, 3)
    window.frames[first:end] = (window.frames[first:end] * (1 - seen) + colour * seen).astype(np.float32)


def _occluder(random: np.random.Generator, window: Window) -> None:
    """Something close to the camera passes: it wipes the picture away and gives the same one back."""
    first, end = _stretch(random, window, 4, 24)
    if _touches(window, first, end):
        return
    count, (rows, columns) = end - first, window.size
    width = random.uniform(0.15, 0.9)
    place = np.linspace(-width, 1, count) if random.random() < 0.5 else np.linspace(1, -width, count)
    x = (np.arange(columns) + 0.5) / columns
    soft = random.choice([0.03, 0.1])
    left, right = (x[None] - place[:, None]) / soft, (place[:, None] + width - x[None]) / soft
    alpha = np.clip(np.minimum(left, right), 0, 1)[:, None, :, None] * np.ones((1, rows, 1, 1))
    alpha[:, : int(random.integers(0, rows // 2))] = 0
    if random.random() < 0.5:
        colour = random.uniform(0, 160, 3) + random.normal(0, 12, (1, rows, columns, 1))
    else:  # something with a pattern of its own, which moves along
        moved = (int(random.integers(0, rows)), int(random.integers(0, columns)))
        pattern = np.roll(window.frames[first], moved, (0, 1))
        colour = np.stack([np.roll(pattern, round(float(shift) * columns), 1) for shift in place])
    window.frames[first:end] = (window.frames[first:end] * (1 - alpha) + colour * alpha).astype(np.float32)


def _letterbox(random: np.random.Generator, window: Window) -> None:
    """Bars over the whole film, from some frame on, up to some frame, or between two; at once, or closing slowly."""
    length, (height, width) = len(window.frames), window.size
    rows = random.uniform(1, 7) * height / HEIGHT
    bars = np.full(length, rows)
    if random.random() < 0.75:
        first = int(random.integers(-length // 2, length))
        end = first + int(random.integers(8, 2 * length))
        ramp = random.choice([0.5, 0.5, 0.5, 10, 30])
        now = np.arange(length)
        bars = rows * np.clip(np.minimum(now - first + 0.5, end - 0.5 - now) / ramp, 0, 1)
    upright = random.random() < 0.3
    bars = bars * (1.5 if upright else 1)
    size = width if upright else height
    line = np.arange(size)
    edge = np.minimum(line + 1, size - line)[None]
    seen = np.clip(edge - bars[:, None], 0, 1).astype(np.float32)
    window.frames *= seen[:, None, :, None] if upright else seen[:, :, None, None]


def _insert(random: np.random.Generator, window: Window) -> None:
    """A picture within the picture changes hard: a television in a room, a slide, a split screen."""
    first, end = _stretch(random, window, 10, 100)
    if _touches(window, first, end):
        return
    (rows, columns), larger = window.size, window.size[0] / HEIGHT
    height, width = int(random.integers(6, 15) * larger), int(random.integers(8, 22) * larger)
    top, left = random.integers(0, rows - height), random.integers(0, columns - width)
    other = np.roll(window.frames[first:end], int(random.integers(5, 60)), axis=0)
    small = np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in other])
    window.frames[first:end, top : top + height, left : left + width] = small


def _gesture(random: np.random.Generator, window: Window) -> None:
    """A hand, a face, a bird close to the lens: there within a frame or two, moving, gone as soon. The rest stays."""
    first, end = _stretch(random, window, 2, 50)
    if _touches(window, first, end):
        return
    count, (rows, columns) = end - first, window.size
    x, y = (np.arange(columns) + 0.5) / columns, (np.arange(rows) + 0.5) / rows
    centre = random.uniform(0.1, 0.9, 2) + np.cumsum(random.normal(0, random.choice([0.005, 0.03]), (count, 2)), axis=0)
    size = random.uniform(0.12, 0.42, 2)
    angle, lobes, depth = random.uniform(0, 2 * np.pi), int(random.integers(2, 7)), random.uniform(0, 0.5)
    across = (x[None, None, :] - centre[:, 0, None, None]) / size[0]
    down = (y[None, :, None] - centre[:, 1, None, None]) / size[1]
    outline = 1 + depth * np.sin(lobes * np.arctan2(down, across) + angle)
    soft = random.choice([0.08, 0.2, 0.5])
    alpha = np.clip((outline - np.hypot(across, down)) / soft + 0.5, 0, 1)
    pace = int(random.integers(1, 4))
    alpha *= np.minimum(np.minimum((np.arange(count) + 1) / pace, (count - np.arange(count)) / pace), 1)[:, None, None]
    moved = (int(random.integers(0, rows)), int(random.integers(0, columns)))
    pattern = np.roll(window.frames[first], moved, (0, 1))
    colour = random.uniform(20, 240, 3) + (pattern - pattern.mean(axis=(0, 1))) * random.uniform(0, 0.8)
    weight = alpha[..., None].astype(np.float32)
    window.frames[first:end] += (np.clip(colour, 0, 255).astype(np.float32) - window.frames[first:end]) * weight


_DISTURBANCES = (
    (_flash, 0.25),
    (_light, 0.2),
    (_title, 0.35),
    (_occluder, 0.25),
    (_gesture, 0.3),
    (_letterbox, 0.35),
    (_insert, 0.08),
)

# The print and the transfer


def repeat_pattern(random: np.random.Generator, length: int) -> np.ndarray:
    """Which frame of the edit each frame shows: mostly each once, else as after a change of frame rate."""
    chance = random.random()
    frames = np.arange(length)
    if chance < 0.72:
        return frames
    if chance < 0.84:  # 18 or 24 a second shown at 25, 30 or 60
        return np.floor(frames * random.choice([18 / 25, 18 / 24, 24 / 30, 16 / 25, 24 / 60, 0.5, 1 / 3])).astype(int)
    if chance < 0.93:  # every so many frames left out, as at 1 to 12 frames a second
        return np.floor(frames * random.choice([25 / 18, 2.0, 2.5, 4.0])).astype(int)
    steps = random.choice([0, 1, 2], length, p=[0.12, 0.78, 0.1])  # a recorder that stumbles
    return np.cumsum(steps) - steps[0]


def repeated(random: np.random.Generator, window: Window, pattern: np.ndarray) -> Window:
    """The window as shown by a pattern.

    A cut lies where the first frame from behind it is shown; and so does what was gradual but of which no frame is.
    """
    if np.array_equal(pattern, np.arange(len(window.frames))):
        return window
    labels, weights = window.labels[pattern].copy(), window.weights[pattern]
    labels[labels == CUT] = NONE
    before, now = pattern[:-1], pattern[1:]
    happened = np.cumsum(window.labels != NONE)
    unseen = (labels[:-1] == NONE) & (happened[now] > happened[before])
    cut = (window.labels[now] == CUT) & (now > before)
    labels[1:][(labels[1:] == NONE) & (cut | unseen)] = CUT
    for shown in np.flatnonzero(now > before + 1):  # nor is anything to be learnt of what lies between
        weights[shown + 1] = window.weights[before[shown] + 1 : now[shown] + 1].min()
    if random.random() < 0.25:  # neighbours blended, as cheap conversions do
        mixed = 0.5 * window.frames + 0.5 * np.roll(window.frames, -1, axis=0)
        mixed[-1] = window.frames[-1]
        often = random.random(len(pattern)) < 0.5
        frames = np.where(often[:, None, None, None], mixed[pattern], window.frames[pattern])
        for cut in np.flatnonzero(labels == CUT):  # the blended frame before it may be called the cut
            weights[max(0, cut - 1) : cut + 1] = 0 if often[cut - 1] else weights[max(0, cut - 1) : cut + 1]
    else:
        frames = window.frames[pattern]
    return Window(np.ascontiguousarray(frames), labels, weights)


def wear(random: np.random.Generator, window: Window) -> None:
    """What the film went through since: grain, flicker, dust, scratches, splices, noise, one colour.

    Old prints have all of it at once; others a little of this or that.
    """
    frames, length = window.frames, len(window.frames)
    old = random.random() < 0.22
    if random.random() < (0.8 if old else 0.18):
        grey = frames @ np.array([0.299, 0.587, 0.114], np.float32)
        tint = np.float32(1) if random.random() < 0.6 else random.uniform(0.6, 1.15, 3).astype(np.float32)
        frames[:] = grey[..., None] * tint
    if random.random() < (0.7 if old else 0.15):
        _dim(random, frames)
    if random.random() < (0.5 if old else 0.1):
        _jump(random, frames)
    if random.random() < (0.7 if old else 0.1):
        _dust(random, frames)
    if random.random() < 0.7 or old:
        strength = random.choice([0.5, 1.5, 4.0, 9.0], p=[0.1, 0.4, 0.3, 0.2] if old else [0.45, 0.3, 0.18, 0.07])
        frames += random.normal(0, strength, (*frames.shape[:3], 1)).astype(np.float32)
    if random.random() < 0.1:  # blocks and pulses of coarse compression: a key frame is sharper than those before it
        every = int(random.integers(12, 60))
        blur = np.stack([cv2.blur(frame, (3, 3)) for frame in frames])
        share = (np.arange(length) % every / every * random.uniform(0.2, 0.9)).astype(np.float32)[:, None, None, None]
        frames += (blur - frames) * share


def _dim(random: np.random.Generator, frames: np.ndarray) -> None:
    """The light flickers, as a whole or more on one side than on the other."""
    strength = random.choice([0.02, 0.06, 0.15])
    gain = 1 + strength * _flicker(random, len(frames))[:, None]
    if random.random() < 0.5:
        gain = gain + strength / 2 * _flicker(random, len(frames))[:, None] * np.linspace(-1, 1, frames.shape[2])
    frames *= gain.astype(np.float32)[:, None, :, None]


def _flicker(random: np.random.Generator, length: int) -> np.ndarray:
    if random.random() < 0.6:
        return random.normal(size=length)
    return np.sin(np.arange(length) * random.uniform(0.3, 3))


def _jump(random: np.random.Generator, frames: np.ndarray) -> None:
    """Frames that sit badly in the gate, one at a time or all the time; torn frames at a splice."""
    rate = random.choice([0.01, 0.05, 0.5])
    height = frames.shape[1]
    for k in np.flatnonzero(random.random(len(frames)) < rate):
        frames[k] = np.roll(frames[k], int(random.normal(0, 1 if rate == 0.5 else 6) * height / HEIGHT), axis=0)
        if random.random() < 0.1:
            line = int(random.integers(0, height - 3))
            frames[k, line : line + 3] = random.choice([0, 255])


def _dust(random: np.random.Generator, frames: np.ndarray) -> None:
    """Specks of one frame, scratches of many."""
    height, width = frames.shape[1:3]
    for k in np.flatnonzero(random.random(len(frames)) < random.choice([0.1, 0.6])):
        for _ in range(random.integers(1, 6)):
            y, x = int(random.integers(0, height)), int(random.integers(0, width))
            side = 1 if random.random() < 0.85 else int(random.integers(2, 7))
            frames[k, y : y + side, x : x + side] += random.choice([-150, 150]) * random.random()
    if random.random() < 0.5:
        place = random.uniform(0, width - 1)
        for picture in frames:
            place = float(np.clip(place + random.normal(0, 0.5), 0, width - 1))
            picture[:, int(place)] += 60 * random.random()
