"""The cue `rhythm`: how movement and brightness run over a shot, and at which beat."""

from __future__ import annotations

import numpy as np

from reinterpret.cues.facts import ShotFacts
from reinterpret.cues.parts import joined, or_nothing, soft_bins, spread_over

# Picture widths a second that camera and things move together, from stillness to a whip pan.
_ENERGIES = np.log2([0.004, 0.016, 0.06, 0.25, 1.0])
_LEAST_ENERGY = 0.01
# Half octaves. Movement is measured ten times a second, so that it tells of beats up to 4 Hz or so.
_MOVEMENT_BEATS = 0.25 * 2 ** (np.arange(9) / 2)
_LUMA_BEATS = 0.25 * 2 ** (np.arange(11) / 2)
# The amplitudes from which on a beat is heard: a fifth of a doubling of speed, a hundredth of the way to white.
_LEAST_MOVEMENT_BEAT, _LEAST_LUMA_BEAT = 0.2, 0.01
# Beats drift: they are looked for in pieces of this length, not over minutes.
_PIECE_SECONDS = 4.0
_MOST_PIECES = 16
# The course of a whole shot: waves of half a period to three. Amplitudes from which on it has one: doublings of speed,
# and parts of the way from black to white.
_COURSE_POINTS, _COURSE_WAVES = 24, 6
_LEAST_MOVEMENT_COURSE, _LEAST_LUMA_COURSE = 0.7, 0.03
_LENGTHS_SECONDS = np.log2([0.5, 1.0, 2.0, 4.0, 8.0, 16.0])

# A beat has a name from this many a second on, and where it makes up this much of what is heard.
_SLOWEST_NAMED, _CLEAR = 0.8, 0.55

_ENERGY, _MOVEMENT, _LUMA = slice(0, 6), slice(6, 16), slice(16, 28)
_MOVEMENT_COURSE, _LUMA_COURSE = slice(28, 35), slice(35, 42)


class Rhythm:
    """Same tempo, same accents, same length are near.

    Parts: how strong the movement is (shares of time); the beats of movement and of brightness, in Hz, whatever their
    phase; the course of either from the first frame to the last (discrete cosines); the length of the shot. Where there
    is no beat or no course, a number of its own says so.
    """

    name = "rhythm"
    dimensions: int | None = 49

    def known(self, facts: ShotFacts) -> bool:
        """Whether the shot runs at all: a still picture does not."""
        return len(facts.luma) > 2 or len(facts.movement) > 2

    def vector(self, facts: ShotFacts) -> np.ndarray:
        """49 float32, unit length."""
        luma = facts.luma.astype(np.float64)
        luma_seconds = np.arange(len(luma)) / facts.frame_rate
        energy = energy_of(facts.movement)
        log_energy = np.log2(energy + _LEAST_ENERGY)
        levels = soft_bins(np.log2(np.maximum(energy, 1e-6)), _ENERGIES).sum(axis=0) if len(energy) else np.zeros(5)
        beats = _beats(log_energy, facts.movement_seconds, _MOVEMENT_BEATS)
        flicker = _beats(luma, luma_seconds, _LUMA_BEATS)
        course = _course(log_energy, facts.movement_seconds)
        fade = _course(luma, luma_seconds)
        length = np.log2(facts.seconds) if facts.seconds > 0 else None
        return joined(
            [
                (0.25, or_nothing(np.sqrt(levels))),
                (0.2, _with_floor(beats, _LEAST_MOVEMENT_BEAT)),
                (0.2, _with_floor(flicker, _LEAST_LUMA_BEAT)),
                (0.15, _with_floor(course, _LEAST_MOVEMENT_COURSE)),
                (0.15, _with_floor(fade, _LEAST_LUMA_COURSE)),
                (0.05, or_nothing(np.zeros(6) if length is None else np.sqrt(soft_bins(length, _LENGTHS_SECONDS)))),
            ]
        )

    def shared(self, one: np.ndarray, other: np.ndarray) -> str | None:
        """A beat, a fade, a change of pace, or how lively both are."""
        fade = _first_wave(one[_LUMA_COURSE], other[_LUMA_COURSE])
        if fade:
            return "growing darker" if fade > 0 else "growing brighter"
        flicker = _common_beat(one[_LUMA], other[_LUMA], _LUMA_BEATS)
        if flicker:
            return f"light changing {flicker}"
        pace = _first_wave(one[_MOVEMENT_COURSE], other[_MOVEMENT_COURSE])
        if pace:
            return "calming down" if pace > 0 else "gathering pace"
        beat = _common_beat(one[_MOVEMENT], other[_MOVEMENT], _MOVEMENT_BEATS)
        if beat:
            return f"movement {beat}"
        energy = one[_ENERGY] * other[_ENERGY] / (np.linalg.norm(one[_ENERGY]) * np.linalg.norm(other[_ENERGY]) + 1e-9)
        if energy[:2].sum() > 0.6:
            return "calm"
        return "lively" if energy[3:5].sum() > 0.6 else None

    def named(self, term: str) -> np.ndarray | None:
        """None: nobody has words for it."""
        return None


def energy_of(movement: np.ndarray) -> np.ndarray:
    """How much is going on: the speeds of the camera and of the things before it, in picture widths a second, M."""
    camera = np.linalg.norm(movement[:, :4] * np.array([1, 1, 0.3, 0.3]), axis=1)
    return np.asarray(camera * movement[:, 4] + movement[:, 5:14].mean(axis=1), np.float64)


def _with_floor(values: np.ndarray, least: float) -> np.ndarray:
    """The direction of a vector and of one more number that outweighs what is smaller than `least`."""
    whole = np.append(values, least)
    return np.asarray(whole / np.linalg.norm(whole))


def _beats(values: np.ndarray, seconds: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """The amplitude of each of these frequencies in Hz; zeros where the shot is too short for a whole period."""
    if len(values) < 4 or seconds[-1] - seconds[0] <= 0:
        return np.zeros(len(beats))
    length = min(_PIECE_SECONDS, float(seconds[-1] - seconds[0]))
    starts = np.arange(seconds[0], seconds[-1] - length + 1e-6, length / 2)
    power, count = np.zeros(len(beats)), 0
    for position in spread_over(len(starts), _MOST_PIECES):
        first, end = np.searchsorted(seconds, [starts[position] - 1e-6, starts[position] + length + 1e-6])
        if end - first >= 4:
            power, count = power + _power(values[first:end], seconds[first:end], beats), count + 1
    heard = (beats * length >= 1) & (beats <= 0.5 * (len(seconds) - 1) / (seconds[-1] - seconds[0]))
    return np.asarray(np.sqrt(power / max(count, 1)) * heard)


def _power(values: np.ndarray, seconds: np.ndarray, beats: np.ndarray) -> np.ndarray:
    """The squared amplitudes under a Hann window, without the straight line through the values."""
    place = (seconds - seconds[0]) / (seconds[-1] - seconds[0])
    line = np.stack([np.ones_like(place), place], axis=1)
    rest = values - line @ np.linalg.lstsq(line, values, rcond=None)[0]
    window = np.sin(np.pi * place) ** 2
    waves = np.exp(-2j * np.pi * beats[:, None] * seconds)
    return np.asarray(np.square(2 * np.abs(waves @ (window * rest)) / max(float(window.sum()), 1e-9)))


def _course(values: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """The amplitudes of cosines of half a period, one, one and a half, ... over the whole shot."""
    if len(values) < 3:
        return np.zeros(_COURSE_WAVES)
    place = (np.arange(_COURSE_POINTS) + 0.5) / _COURSE_POINTS
    # Each point is the mean of its part where that holds several values, and lies between two where it holds none.
    smooth = max(1, len(values) // _COURSE_POINTS)
    means = np.convolve(values, np.ones(smooth) / smooth, mode="valid")
    middles = np.convolve(seconds, np.ones(smooth) / smooth, mode="valid")
    points = np.interp(seconds[0] + place * (seconds[-1] - seconds[0]), middles, means)
    waves = np.cos(np.pi * np.arange(1, _COURSE_WAVES + 1)[:, None] * place)
    return np.asarray(waves @ points * 2 / _COURSE_POINTS)


def _common_beat(one: np.ndarray, other: np.ndarray, beats: np.ndarray) -> str | None:
    """The beat that is the strongest in both, if it is clear and not so slow that it is none."""
    here, there = one / max(np.linalg.norm(one), 1e-9), other / max(np.linalg.norm(other), 1e-9)
    strongest = int((here[:-1] * there[:-1]).argmax())
    if beats[strongest] < _SLOWEST_NAMED or min(here[strongest], there[strongest]) < _CLEAR:
        return None
    times = round(float(beats[strongest]))
    return "once a second" if times <= 1 else f"{times} times a second"


def _first_wave(one: np.ndarray, other: np.ndarray) -> int:
    """+1 where both fall from beginning to end, -1 where both rise, 0 where neither is all they do."""
    here, there = one[0] / max(np.linalg.norm(one), 1e-9), other[0] / max(np.linalg.norm(other), 1e-9)
    return int(np.sign(here)) if here * there > 0.55 else 0
