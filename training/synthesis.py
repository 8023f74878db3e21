"""Edited films that never were: clips go in, windows of small frames with every transition known come out.

Shots are virtual takes of a clip, joined by cuts, dissolves, fades and wipes, and then spoilt as films are. What is
spoilt makes no boundary; that is what the network must learn.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from spoiling import disturb, repeat_pattern, repeated, wear
from takes import Look, card, painted, take
from windows import CUT, DISSOLVE, FADE, NONE, SIZE, WIPE, Size, Window

# Below this mean difference (of 255) two pictures look alike, and what joins them is neither right nor wrong. Nor is a
# cut that looks like a jerk, as of a frame that sits badly in the gate: their highest correlation where one is moved
# by up to a share of its size.
_VISIBLE = 7.0
_JERK, _JERK_REACH = 0.85, 8
# What is left of the difference in the dark, or beneath a title.
_LEFT_VISIBLE = 2.5
# Black that is clearly shorter belongs to the fade, black that is clearly longer is a shot; between, nothing is said.
_SHORT_HOLD, _LONG_HOLD = 9, 16


def make_window(random: np.random.Generator, clips: list[np.ndarray], length: int, size: Size = SIZE) -> Window:
    """One window of an edited film, in frames of some size. clips: T x 64 x 96 x 3 uint8 RGB each."""
    repeat = repeat_pattern(random, length)
    window = _edit(random, clips, int(repeat[-1]) + 1, size)
    disturb(random, window)
    # A print is worn before it is brought to another frame rate; what a recorder adds comes after.
    worn_first = random.random() < 0.6
    if worn_first:
        wear(random, window)
    window = repeated(random, window, repeat)
    if not worn_first:
        wear(random, window)
    np.clip(window.frames, 0, 255, out=window.frames)
    for cut in np.flatnonzero(window.labels == CUT):
        if cut and not _differ(window.frames[cut - 1], window.frames[cut], _LEFT_VISIBLE):
            window.weights[max(0, cut - 2) : cut + 3] = 0
    return window


@dataclass(frozen=True)
class _Join:
    """How a shot begins: over `count` frames that show both (none for a cut)."""

    label: int
    count: int
    out: int = 0
    """Of a fade: frames of the old shot, then frames of nothing, then frames of the new one."""
    hold: int = 0


def _edit(random: np.random.Generator, clips: list[np.ndarray], length: int, size: Size) -> Window:
    """Shots one after the other until the window is full."""
    window = Window(
        np.full((length, *size, 3), np.nan, np.float32), np.zeros(length, np.int64), np.ones(length, np.float32)
    )
    shots = _Habits(size, calm=random.random() < 0.5, returns=random.choice([0.0, 0.1, 0.7], p=[0.4, 0.3, 0.3]))
    pace = random.choice([0.3, 0.8, 1.5, 3.0])  # a fast montage, or long takes
    habits = random.dirichlet([6, 2.5, 2.0, 1.2])  # each film has its habits
    uncut = random.random() < 0.27
    # Quick turns are often as long as each other, on the beat of a music.
    beat = int(np.clip(np.exp(random.normal(2.5, 0.6)), 4, 60)) if shots.returns > 0 and random.random() < 0.3 else 0
    joins, bodies = [_Join(NONE, 0)], []
    at = -40
    while at < length:
        drawn = beat or int(np.clip(np.exp(random.normal(3.3, 0.9)) * pace, 3, 250))
        body = length + 64 if uncut else drawn
        bodies.append(body)
        at += joins[-1].count + body
        joins.append(_draw_join(random, habits))
    return _assembled(random, window, clips, joins, bodies, shots)


def _draw_join(random: np.random.Generator, habits: np.ndarray) -> _Join:
    label = int(random.choice([CUT, DISSOLVE, FADE, WIPE], p=habits))
    if label == CUT:
        return _Join(CUT, 0)
    count = int(np.clip(np.exp(random.normal(2.6, 0.75)), 3, 75))
    if label != FADE:
        return _Join(label, count)
    out, back = (0 if random.random() < 0.15 else int(np.clip(np.exp(random.normal(2.3, 0.8)), 2, 80)) for _ in "ab")
    holds = [0, 0, int(random.integers(1, _SHORT_HOLD)), int(random.integers(_SHORT_HOLD, 60))]
    hold = int(random.choice(holds))
    if out == back == 0:
        hold = max(hold, 2)
    return _Join(FADE, out + hold + back, out, hold)


def _assembled(
    random: np.random.Generator,
    window: Window,
    clips: list[np.ndarray],
    joins: list[_Join],
    bodies: list[int],
    habits: _Habits,
) -> Window:
    """Write the shots into the window. Shot k begins with joins[k] and ends in joins[k + 1]."""
    length = len(window.frames)
    at = -int(random.integers(0, max(1, min(40, bodies[0]))))
    before = _Before(-1, None)
    shown: list[np.ndarray] = []
    tail = np.empty((0, *habits.size, 3), np.float32)
    for join, body, after in zip(joins, bodies, joins[1:], strict=False):
        needed = min(join.count + body + after.count, length - at)
        if needed <= 0:
            break
        if len(shown) > 1 and random.random() < habits.returns:
            before, shot = _Before(-1, None), _returned(random, shown[-2], needed)
        else:
            before, shot = _next_shot(random, clips, before, needed, habits)
        shown.append(shot)
        _join(random, window, join, at, tail, shot)
        at += join.count
        _put(window.frames, at, shot[join.count : join.count + body])
        at += body
        tail = shot[join.count + body :]
    return window


@dataclass(frozen=True)
class _Before:
    """The shot before: the number of its clip (_CARD for a title card, -1 for none of these), and its look."""

    clip: int
    look: Look | None


_CARD = -2


@dataclass(frozen=True)
class _Habits:
    """Of a film, in its shots."""

    size: Size
    calm: bool
    """The camera moves little."""
    returns: float
    """How often a shot is followed by the one before it: two people talking, or one who looks and what is seen."""


def _next_shot(
    random: np.random.Generator, clips: list[np.ndarray], before: _Before, count: int, habits: _Habits
) -> tuple[_Before, np.ndarray]:
    chance = random.random()
    if chance < 0.06 or (before.clip == _CARD and chance < 0.3):
        return _Before(_CARD, None), card(random, count, habits.size)
    if chance > 0.9:
        return _Before(-1, None), take(random, painted(random), count, habits.size, habits.calm)[0]
    # The same scene again, from nearer or from further off, is what films cut to most: in the same light.
    again = before.clip >= 0 and chance < 0.35
    number = before.clip if again else int(random.integers(len(clips)))
    known = before.look if again and random.random() < 0.75 else None
    shot, look = take(random, clips[number], count, habits.size, habits.calm, known)
    return _Before(number, look), shot


def _returned(random: np.random.Generator, shot: np.ndarray, count: int) -> np.ndarray:
    """The same camera goes on, from where it was left or from elsewhere; backwards where there is no more of it."""
    first = len(shot) - 1 if random.random() < 0.5 else int(random.integers(len(shot)))
    period = max(1, 2 * len(shot) - 2)
    folded = (first + np.arange(count)) % period
    return shot[np.minimum(folded, period - folded).clip(0, len(shot) - 1)]


def _put(target: np.ndarray, at: int, values: np.ndarray | int | float) -> None:
    """Write frames (or one value for `values` of them) where they fall within the window."""
    assert isinstance(values, np.ndarray)
    first, end = max(at, 0), min(at + len(values), len(target))
    if first < end:
        target[first:end] = values[first - at : end - at]


def _join(random: np.random.Generator, window: Window, join: _Join, at: int, old: np.ndarray, new: np.ndarray) -> None:
    """Render a transition and say what it is."""
    if join.label == NONE:
        return
    if join.label == CUT:
        if 0 < at < len(window.frames):
            window.events.append((at, at + 1))
            window.labels[at] = CUT
            before = window.frames[at - 1]
            if not _differ(before, new[0]) or _is_jerk(before, new[0]):
                window.weights[max(0, at - 2) : at + 3] = 0
        return
    count = join.count
    # At the end of the window there may be fewer frames of either shot than the transition has.
    old, new = _padded(old, count), _padded(new[:count], count)
    if join.label == FADE:
        _fade(random, window, join, at, old, new)
        return
    progress = (np.arange(count) + 1) / (count + 1)
    if join.label == DISSOLVE:
        alpha = _eased(random, progress).astype(np.float32)[:, None, None, None]
    else:
        alpha = _wipe(random, progress, new.shape[1:3])[..., None]
        if random.random() < 0.3:
            new, old = _pushed(random, progress, old, new, alpha)
    _put(window.frames, at, old * (1 - alpha) + new * alpha)
    _put(window.labels, at, np.full(count, join.label))
    _mark(window, at, count)
    if not _differ(old[-1], new[-1]):
        _put(window.weights, at - 2, np.zeros(count + 4, np.float32))


def _mark(window: Window, at: int, count: int) -> None:
    first, end = max(at, 0), min(at + count, len(window.frames))
    if first < end:
        window.events.append((first, end))


def _padded(frames: np.ndarray, count: int) -> np.ndarray:
    if len(frames) >= count:
        return frames[:count]
    last = frames[-1:] if len(frames) else np.zeros((1, *frames.shape[1:]), np.float32)
    return np.concatenate([frames, np.repeat(last, count - len(frames), axis=0)])


def _differ(one: np.ndarray, other: np.ndarray, visible: float = _VISIBLE) -> bool:
    return bool(np.abs(one - other).mean() > visible)


def _is_jerk(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether it is the same picture, a little to a side, perhaps in another light."""
    rows, columns = len(one) // _JERK_REACH, one.shape[1] // _JERK_REACH
    one, other = one.mean(axis=2), other[rows:-rows, columns:-columns].mean(axis=2)
    if one.std() < 2 or other.std() < 2:
        return False  # of a plain picture there is no likeness
    return bool(cv2.matchTemplate(one, other, cv2.TM_CCOEFF_NORMED).max() > _JERK)


def _eased(random: np.random.Generator, progress: np.ndarray) -> np.ndarray:
    """Linear, as most are, or slow at both ends, or quicker at one of them (blended in linear light)."""
    chance = random.random()
    if chance < 0.65:
        return progress
    if chance < 0.85:
        return progress * progress * (3 - 2 * progress)
    return progress ** random.uniform(0.6, 1.7)


def _fade(random: np.random.Generator, window: Window, join: _Join, at: int, old: np.ndarray, new: np.ndarray) -> None:
    colour = np.float32(255 if random.random() < 0.22 else random.choice([0, 0, 0, 8]))
    back = join.count - join.out - join.hold
    seen = np.zeros(join.count, np.float32)
    if join.out:
        seen[: join.out] = 1 - _eased(random, (np.arange(join.out) + 1) / (join.out + 1))
    if back:
        seen[join.out + join.hold :] = _eased(random, (np.arange(back) + 1) / (back + 1))
    first = np.arange(join.count) < join.out + join.hold
    pictures = np.where(first[:, None, None, None], old, new)
    _put(window.frames, at, colour + (pictures - colour) * seen[:, None, None, None])
    labels = np.full(join.count, FADE)
    weights = np.ones(join.count, np.float32)
    held = slice(join.out, join.out + join.hold)
    if join.hold >= _LONG_HOLD:
        labels[held] = NONE
        if not join.out:
            labels[0] = CUT
    elif join.hold >= _SHORT_HOLD:
        weights[held] = 0
    _put(window.labels, at, labels)
    _put(window.weights, at, weights)
    _mark(window, at, join.count)
    if join.hold >= _LONG_HOLD and not back and 0 <= at + join.count < len(window.labels):
        window.labels[at + join.count] = CUT
    if not back and join.hold < _LONG_HOLD and 0 <= at + join.count < len(window.labels):
        window.weights[at + join.count] = 0  # black that ends hard: the picture's first frame may be called a cut too
    for picture, edge in ((old[0], at), (new[-1], at + join.count)):
        if not _differ(picture, np.broadcast_to(colour, picture.shape)):
            _put(window.weights, edge - join.count, np.zeros(2 * join.count, np.float32))


def _wipe(random: np.random.Generator, progress: np.ndarray, size: Size) -> np.ndarray:
    """How much of the new shot is seen at every pixel: count x H x W float32."""
    y, x = np.mgrid[0 : size[0], 0 : size[1]].astype(np.float32)
    x, y = (x + 0.5) / size[1], (y + 0.5) / size[0]
    kind = random.choice(["straight", "straight", "iris", "clock", "barn", "blinds"])
    if kind == "straight":
        angle = random.choice([0, np.pi / 2, np.pi, 3 * np.pi / 2, random.uniform(0, 2 * np.pi)])
        order = x * np.cos(angle) + y * np.sin(angle)
    elif kind == "iris":
        order = np.hypot(x - random.uniform(0.3, 0.7), (y - random.uniform(0.3, 0.7)) * 0.67)
    elif kind == "clock":
        order = np.mod(np.arctan2(y - 0.5, x - 0.5) + random.uniform(0, 2 * np.pi), 2 * np.pi)
    elif kind == "barn":
        order = np.abs((x if random.random() < 0.5 else y) - 0.5)
    else:
        order = np.mod((x if random.random() < 0.5 else y) * random.integers(3, 8), 1)
    order = (order - order.min()) / (order.max() - order.min())
    if kind in ("iris", "barn") and random.random() < 0.5:
        order = 1 - order
    soft = random.choice([0.02, 0.05, 0.15, 0.3])
    position = progress[:, None, None] * (1 + soft) - soft / 2
    return np.clip((position - order) / soft + 0.5, 0, 1).astype(np.float32)


def _pushed(
    random: np.random.Generator, progress: np.ndarray, old: np.ndarray, new: np.ndarray, alpha: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The new shot slides in, over the old one or pushing it out."""
    axis = 2 if random.random() < 0.7 else 1
    size = new.shape[axis]
    sign = 1 if random.random() < 0.5 else -1
    push = random.random() < 0.5
    moved_new, moved_old = new.copy(), old.copy()
    place = np.arange(size)
    for k, share in enumerate(progress):
        offset = sign * round(size * (1 - share))
        moved_new[k] = np.roll(new[k], offset, axis - 1)
        if push:
            moved_old[k] = np.roll(old[k], offset - sign * size, axis - 1)
        seen = (place >= offset) if sign > 0 else (place < size + offset)
        alpha[k] = (seen[None, :] if axis == 2 else seen[:, None])[..., None].astype(np.float32)
    return moved_new, moved_old
