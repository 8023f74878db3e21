"""Loops: a stretch of a shot goes in, its frames come out again and again, at any rate and as long as wanted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from reinterpret.alignment import align
from reinterpret.frames import FrameReader, Scaler
from reinterpret.in_points import course_of
from reinterpret.library import Library
from reinterpret.neighbours import Hit
from reinterpret.rendering.panel import Fit, Panel, Planes
from reinterpret.timebase import INSIDE_FRAME, Span
from reinterpret.video import Video

# Loops are looked for in so much of a shot, in pictures so small: the eye sees no jump that is not in these.
_LOOKED_AT_SECONDS = Fraction(12)
_SMALL = 48, 32
# How a picture goes on must fit too: differences are summed over the frames about it (Schoedl et al., "Video Textures",
# SIGGRAPH 2000), with binomial weights.
_TAPS = np.array([1, 3, 3, 1], np.float32) / 8
# A jump of so many times what changes from frame to frame is seen, unless it is below the noise (levels of luma).
_VISIBLE_JUMP, _NOISE = 3.0, 1.5
# What being longer or shorter than wanted costs, and what movement is worth: a loop of nothing is no loop.
_LENGTH_COST, _MOVEMENT_WORTH = 0.6, 0.5
_LONGER, _SHORTER = Fraction(3, 2), Fraction(2, 5)


@dataclass(frozen=True, slots=True)
class Loop:
    """A stretch of a film that is shown over and over, from its start."""

    video: Video
    span: Span
    """In seconds of the film."""
    to_and_fro: bool = False
    """Whether it runs backwards at its end, rather than begin again."""

    def source_seconds(self, frame: int, rate: Fraction) -> Fraction:
        """The instant of the film that is shown in frame `frame` of what is made of it at `rate`."""
        passed = Fraction(frame) / rate
        length = self.span.duration
        if not self.to_and_fro:
            passed %= length
        else:
            # Neither the first nor the last frame is shown twice in a row.
            step = 1 / rate
            course = max(2 * (length - step), step)
            passed %= course
            passed = min(passed, course - passed)
        return min(self.span.start + passed + INSIDE_FRAME / self.video.frame_rate, self._last)

    @property
    def _last(self) -> Fraction:
        """An instant at which the last frame of the span is shown."""
        return max(self.span.start, self.span.end - (1 - INSIDE_FRAME) / self.video.frame_rate)

    def frame_count(self, rate: Fraction) -> int:
        """How many frames it takes at `rate` until it begins again; at least one."""
        whole = max(1, round(self.span.duration * rate))
        return max(1, 2 * whole - 2) if self.to_and_fro else whole


def loop_planes(
    loop: Loop, count: int, rate: Fraction, *, width: int, height: int, fit: Fit = "crop"
) -> Iterator[Planes]:
    """`count` frames of a loop at `rate`, width x height (both even). Raises VideoError."""
    panel = Panel(loop.video, width, height, fit=fit)
    # What runs backwards is decoded once; seeking back for each frame would decode all before it again.
    kept: dict[Fraction, Planes] | None = {} if loop.to_and_fro else None
    with FrameReader(loop.video) as reader:
        last, planes = None, None
        for number in range(count):
            instant = loop.source_seconds(number, rate)
            if kept is not None and instant in kept:
                yield kept[instant]
                continue
            frame = reader.at(instant)
            if planes is None or frame is not last:
                last, planes = frame, panel(frame.picture)
            if kept is not None:
                kept[instant] = planes
            yield planes


def best_moments(library: Library, hits: list[Hit], seconds: Fraction) -> list[Loop]:
    """For each of some shots the stretch of at most `seconds` in which it runs most like the first of them runs.

    The first is shown from the middle of its body. Raises LibraryError.
    """
    first = library.film(hits[0].film)
    body = first.usable(hits[0].shot, seconds)
    length = min(seconds, body.duration)
    # On a frame, as everything that is cut is.
    rate = first.video.frame_rate
    start = max(body.start, Fraction(int((body.middle - length / 2) * rate)) / rate)
    model = course_of(first, hits[0].shot, Span(start, start + length))
    loops = [Loop(library.video(hits[0].film), model.span)]
    for hit in hits[1:]:
        film = library.film(hit.film)
        usable = film.usable(hit.shot, seconds)
        span = align(model, course_of(film, hit.shot, usable), min(seconds, usable.duration))
        loops.append(Loop(library.video(hit.film), span))
    return loops


def find_loop(video: Video, usable: Span, seconds: Fraction, *, about: Fraction | None = None) -> Loop:
    """The stretch of about `seconds` whose end goes over into its beginning without a jump that one sees.

    usable: where it may lie. about: an instant that it should be near. Where no end fits, one that runs to and fro.
    Raises VideoError.
    """
    if usable.duration > _LOOKED_AT_SECONDS:
        start = (usable.middle if about is None else about) - _LOOKED_AT_SECONDS / 2
        start = min(max(start, usable.start), usable.end - _LOOKED_AT_SECONDS)
        usable = Span(start, start + _LOOKED_AT_SECONDS)
    instants, pictures = _small_frames(video, usable)
    rate = video.frame_rate
    shortest = max(3, int(min(seconds, usable.duration) * _SHORTER * rate))
    if len(pictures) > shortest + len(_TAPS):
        found = _smoothest(pictures, shortest, int(seconds * _LONGER * rate), float(seconds * rate))
        if found is not None:
            first, end = found
            return Loop(video, Span(instants[first], instants[end]))
    # There and back again takes twice as long as there.
    length = min(usable.duration, max(seconds / 2, 2 / rate))
    start = _liveliest(instants, pictures, length)
    return Loop(video, Span(start, min(start + length, usable.end)), to_and_fro=True)


def _small_frames(video: Video, span: Span) -> tuple[list[Fraction], np.ndarray]:
    """The frames of a stretch: when each is shown, and luma and chroma of each as N x 2304 float32."""
    scaler = Scaler(*_SMALL, rotation=video.rotation)
    instants: list[Fraction] = []
    planes: list[np.ndarray] = []
    with FrameReader(video) as reader:
        for frame in reader.during(span):
            instants.append(max(frame.seconds, span.start))
            planes.append(scaler.planes(frame.picture).ravel())
    return instants, np.stack(planes).astype(np.float32)


def _smoothest(pictures: np.ndarray, shortest: int, longest: int, wanted: float) -> tuple[int, int] | None:
    """First and end frame of the best loop; None if every one jumps."""
    apart = _distances(pictures)
    steps = np.diagonal(apart, 1)
    usual = max(float(np.median(steps)), _NOISE / _VISIBLE_JUMP)
    # The frame at the end is not shown: in its place comes the first. What comes before both must fit, and after.
    joined = sum(
        weight * apart[offset : len(apart) - len(_TAPS) + 1 + offset, offset : len(apart) - len(_TAPS) + 1 + offset]
        for offset, weight in enumerate(_TAPS)
    )
    middle = len(_TAPS) // 2
    lengths = np.arange(len(joined))[None] - np.arange(len(joined))[:, None]
    jump = np.asarray(joined) / usual
    moved = np.concatenate([[0], np.cumsum(steps)])[middle : middle + len(joined)]
    movement = (moved[None] - moved[:, None]) / np.maximum(lengths, 1) / max(float(steps.mean()), 1e-6)
    cost = jump / _VISIBLE_JUMP + _LENGTH_COST * np.abs(np.log(np.maximum(lengths, 1) / wanted))
    cost -= _MOVEMENT_WORTH * np.minimum(movement, 2)
    cost[(lengths < shortest) | (lengths > longest) | (jump > _VISIBLE_JUMP)] = np.inf
    best = int(np.argmin(cost))
    if not np.isfinite(cost.flat[best]):
        return None
    first, end = divmod(best, len(joined))
    return first + middle, end + middle


def _distances(pictures: np.ndarray) -> np.ndarray:
    """N x N float32: the root of the mean square difference of any two of N pictures, in levels."""
    squares = np.square(pictures).mean(axis=1)
    products = pictures @ pictures.T / pictures.shape[1]
    return np.asarray(np.sqrt(np.maximum(squares[:, None] + squares[None] - 2 * products, 0)))


def _liveliest(instants: list[Fraction], pictures: np.ndarray, length: Fraction) -> Fraction:
    """Where the stretch of that length begins in which most moves."""
    if len(instants) < 3:
        return instants[0]
    moved = np.concatenate([[0], np.cumsum(np.abs(np.diff(pictures, axis=0)).mean(axis=1))])
    times = np.array([float(instant) for instant in instants])
    starts = np.flatnonzero(times <= times[-1] - float(length) + 1e-6)
    if len(starts) == 0:
        return instants[0]
    return instants[int(starts[np.argmax(np.interp(times[starts] + float(length), times, moved) - moved[starts])])]
