"""The cue `movement`: how the camera moves, how steadily, and what moves before it, by what `MotionMeter` measured."""

from __future__ import annotations

import numpy as np

from reinterpret.cues.facts import ShotFacts
from reinterpret.cues.parts import joined, soft_bins

# A zoom of 1 a second moves the picture by its distance from the middle, 0.3 widths in the mean; so does a turn.
_WIDTHS = np.array([1.0, 1.0, 0.3, 0.3])
# What differs from its mean over half a second is shake, the mean is what the camera is meant to do.
_SMOOTHING = np.array([1.0, 2.0, 3.0, 2.0, 1.0])
# In picture widths a second. A camera on a tripod in the wind, a slow pan, a whip pan; each ten times the last or less.
_CAMERA_SPEEDS = np.log2([0.012, 0.06, 0.4])
_SHAKE_SPEEDS = np.log2([0.006, 0.03, 0.15])
# Means over the picture: nothing, a person who talks, a crowd that runs.
_THING_SPEEDS = np.log2([0.0008, 0.005, 0.03])
_LEAST = 1e-5
# How much of the picture must agree for the camera's movement to count: not at all, fully.
_QUALITY = (0.25, 0.6)

_CAMERA_WORDS = ("pan right", "pan left", "tilt up", "tilt down", "zoom in", "zoom out", "roll right", "roll left")
_THING_WORDS = ("things moving left", "things moving right", "things rising", "things falling")
_WEIGHTS = {"direction": 0.4, "speed": 0.2, "shake": 0.08, "amount": 0.1, "place": 0.07, "course": 0.15}
_LENGTHS = {"direction": 10, "speed": 18, "shake": 4, "amount": 4, "place": 11, "course": 6}


class Movement:
    """Same movement of camera and things is near, the opposite far; speeds count by their logarithm.

    The vector holds square roots of shares of time (Hellinger), in six parts: what the camera does (still, in eight
    directions, unknown), the same by slow and fast, how it shakes, how much moves, where, and which way.
    """

    name = "movement"
    dimensions: int | None = sum(_LENGTHS.values())

    def known(self, facts: ShotFacts) -> bool:
        """Whether anything was measured: not for a still picture, nor for a shot of a few frames."""
        return len(facts.movement) > 0

    def vector(self, facts: ShotFacts) -> np.ndarray:
        """53 float32, unit length."""
        rows = facts.movement.astype(np.float64)
        if len(rows) == 0:
            return joined([(weight, _last(_LENGTHS[part])) for part, weight in _WEIGHTS.items()])
        low, high = _QUALITY
        trust = np.clip((rows[:, 4] - low) / (high - low), 0, 1)
        camera = rows[:, :4] * _WIDTHS
        steady = _smoothed(camera, trust)
        direction, speed = _camera_shares(steady, trust)
        parts = {
            "direction": direction,
            "speed": speed,
            "shake": _shake_shares(camera - steady, trust),
            **_thing_shares(rows),
        }
        return joined([(weight, np.sqrt(parts[part] / parts[part].sum())) for part, weight in _WEIGHTS.items()])

    def shared(self, one: np.ndarray, other: np.ndarray) -> str | None:
        """What both cameras do most of the time, or else what the things before them do."""
        here, there = _parts(one), _parts(other)
        both = np.sqrt(here["direction"] * there["direction"])
        if both[1:9].max() > 0.4:
            return _CAMERA_WORDS[int(both[1:9].argmax())]
        course = np.sqrt(here["course"] * there["course"])
        if course[1:5].max() > 0.4:
            return _THING_WORDS[int(course[1:5].argmax())]
        shake = np.sqrt(here["shake"] * there["shake"])
        if shake[1:3].sum() > 0.8:
            return "hand-held"
        amount = np.sqrt(here["amount"] * there["amount"])
        if amount[2] > 0.5:
            return "much moving"
        if both[0] > 0.6:
            return "nothing moving" if amount[0] > 0.7 else "still camera"
        return None

    def named(self, term: str) -> np.ndarray | None:
        """What the camera does, by the words of `shared`; `pan` is either way."""
        if term in _CAMERA_WORDS[:6]:
            return _of_shares(direction=[1 + _CAMERA_WORDS.index(term)])
        return _of_shares(**_NAMED[term]) if term in _NAMED else None


# The numbers of the parts that a name speaks of.
_NAMED: dict[str, dict[str, list[int]]] = {
    "pan": {"direction": [1, 2]},
    "still camera": {"direction": [0], "shake": [0]},
    "hand-held": {"shake": [1, 2]},
    "much moving": {"amount": [2]},
    "nothing moving": {"direction": [0], "amount": [0]},
}


def _of_shares(**numbers: list[int]) -> np.ndarray:
    """Its vector for equal shares of these numbers of some parts; zero in the others."""
    shares = {part: np.zeros(length) for part, length in _LENGTHS.items()}
    for part, chosen in numbers.items():
        shares[part][chosen] = 1 / len(chosen)
    return joined([(weight, np.sqrt(shares[part])) for part, weight in _WEIGHTS.items()])


def _last(length: int) -> np.ndarray:
    """Nothing known: the last number of every part stands for that."""
    return np.asarray(np.eye(length)[-1])


def _parts(vector: np.ndarray) -> dict[str, np.ndarray]:
    """The shares that a vector was made of."""
    shares, start = {}, 0
    for part, length in _LENGTHS.items():
        squares = np.square(vector[start : start + length].astype(np.float64))
        shares[part], start = squares / max(squares.sum(), 1e-12), start + length
    return shares


def _smoothed(values: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """The mean over about half a second, by trust: M x 4."""
    half = len(_SMOOTHING) // 2
    norm = np.convolve(trust + 1e-6, _SMOOTHING)[half:-half]
    weighted = values * (trust + 1e-6)[:, None]
    columns = [np.convolve(column, _SMOOTHING)[half:-half] / norm for column in weighted.T]
    return np.stack(columns, axis=1)


def _camera_shares(steady: np.ndarray, trust: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares of time: still, the eight of _CAMERA_WORDS, unknown; still, these slowly, these fast, unknown."""
    speed = np.linalg.norm(steady, axis=1)
    level = soft_bins(np.log2(np.maximum(speed, _LEAST)), _CAMERA_SPEEDS) * trust[:, None]
    squares = np.square(steady) / np.maximum(speed, 1e-9)[:, None] ** 2
    ways = np.stack([squares * (steady > 0), squares * (steady < 0)], axis=2).reshape(-1, 8)
    still, slow, fast = level[:, 0].mean(), level[:, 1:2] * ways, level[:, 2:3] * ways
    unknown = 1 - trust.mean()
    moving = (slow + fast).mean(axis=0)
    return np.array([still, *moving, unknown]), np.array([still, *slow.mean(axis=0), *fast.mean(axis=0), unknown])


def _shake_shares(shake: np.ndarray, trust: np.ndarray) -> np.ndarray:
    """Steady, held by hand, rough, unknown."""
    if trust.sum() < 1e-3:
        return _last(4)
    effective = np.sqrt((np.square(shake).sum(axis=1) * trust).sum() / trust.sum())
    return np.append(soft_bins(np.log2(np.maximum(effective, _LEAST)), _SHAKE_SPEEDS) * trust.mean(), 1 - trust.mean())


def _thing_shares(rows: np.ndarray) -> dict[str, np.ndarray]:
    """amount: none, some, much. place: nothing moves, 3 x 3. course: nothing moves, four ways. The last: unknown."""
    cells = rows[:, 5:14]
    levels = soft_bins(np.log2(np.maximum(cells.mean(axis=1), _LEAST)), _THING_SPEEDS).mean(axis=0)
    moving = 1 - levels[0]
    place = cells.mean(axis=0) + 1e-9
    ways = rows[:, 14:18].mean(axis=0) + 1e-9
    # To and fro in equal parts is no course: only what is left of it one way is.
    net = np.maximum(0, ways - ways[[1, 0, 3, 2]])
    one_way = net.sum() / ways.sum() * moving
    return {
        "amount": np.append(levels, 0),
        "place": np.array([1 - moving, *(moving * place / place.sum()), 0]),
        "course": np.array([1 - one_way, *(one_way * net / (net.sum() + 1e-12)), 0]),
    }
