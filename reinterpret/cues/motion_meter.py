"""Measures movement: the luma of every frame of a shot goes in, how camera and things move comes out.

Flow: dense inverse search (T. Kroeger, R. Timofte, D. Dai and L. Van Gool, "Fast Optical Flow using Dense Inverse
Search", ECCV 2016), as OpenCV has it, after a phase correlation (C. D. Kuglin and D. C. Hines, "The Phase Correlation
Image Alignment Method", 1975) has taken out what is faster than it can see. Camera: a similarity fitted to the flow by
iteratively reweighted least squares with the weights of Geman and McClure, the tolerance falling from step to step.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from reinterpret.cues.facts import MOVEMENT_COLUMNS

# Frames are compared at this distance at least. Nearer ones would cost more and tell less of slow movement; three
# drawings of a cartoon last longer. A frame that equals the one before is passed over (drawn on twos, pulled down from
# 24, freshly upscaled), up to this many seconds, from which on it is stillness.
_INTERVAL_SECONDS = 0.095
_MOST_SECONDS = 0.5
# A quarter of the frames that are scanned, so that averaging four by four pixels makes it: 0.014 ms.
_WIDTH, _HEIGHT = 72, 40
# Levels of 0..255. Re-encoded repeats of a frame differ by less in every part of the picture, whatever moves by more.
_REPEAT_DIFFERENCE = 0.25
# From this mean difference on it is worth looking for movement that is faster than the flow can see (6 pixels).
_FAST_DIFFERENCE = 4.0
# Flow is read at every second pixel, and believed where the picture has this much contrast (levels a pixel).
_STEP = 2
_TEXTURE = 3.0
_FEWEST_TEXTURED = 12.0
# Pixels of `_WIDTH`: how far flow may lie from the camera's movement, from the first to the last of the fits.
_TOLERANCES = (2.0, 1.0, 0.6, 0.35, 0.35)
# A few points close together tell nothing of zoom and roll, which are taken for 0 by as much: in points x widths^2, of
# which a picture full of texture has 50.
_TURN_DOUBT = 0.3
# The flow of patches at the edges is too small, as part of what they showed has left the picture: measured on zooms and
# turns of 0.1 to 1 a second over a random texture, which come out at 0.88 to 0.94 of what they are.
_EDGE_LOSS = 1.1
# What flow on a still picture with noise wanders by; movement of things counts from here on.
_FLOW_NOISE = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How a stretch of film runs, as `ShotFacts` wants it: movement M x 18, movement_seconds M, luma L."""

    movement: np.ndarray
    movement_seconds: np.ndarray
    luma: np.ndarray


class MotionMeter:
    """Fed with the luma of every frame of a shot, tells how it moves. Not for several threads at once.

    aspect: width / height of the picture as it is shown. rotation: the degrees clockwise that make upright what is
    fed.
    """

    def __init__(self, *, aspect: float = 16 / 9, rotation: int = 0) -> None:
        import cv2

        self._turns = -rotation // 90
        self._coded_size = (_HEIGHT, _WIDTH) if rotation in (90, 270) else (_WIDTH, _HEIGHT)
        self._flow = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
        self._flow.setFinestScale(1)
        self._window = cv2.createHanningWindow((_WIDTH, _HEIGHT), cv2.CV_32F)
        self._fit = _CameraFit(aspect)
        self._rows: list[np.ndarray] = []
        self._seconds: list[float] = []
        self._luma: list[float] = []
        self._before: np.ndarray | None = None
        self._before_seconds = 0.0

    def feed(self, luma: np.ndarray, seconds: float) -> None:
        """The next frame. luma: H x W uint8, 16 (black) to 235, of any size, with its time. 0.02 to 0.3 ms."""
        import cv2

        self._luma.append(cv2.mean(luma)[0])
        if self._before is not None and seconds - self._before_seconds < _INTERVAL_SECONDS:
            return
        small = cv2.resize(luma, self._coded_size, interpolation=cv2.INTER_AREA)
        if self._turns:
            small = np.ascontiguousarray(np.rot90(small, self._turns))
        if self._before is not None:
            elapsed = seconds - self._before_seconds
            difference = cv2.absdiff(small, self._before)
            repeated = self._repeats(difference)
            if repeated and elapsed < _MOST_SECONDS:
                return
            self._seconds.append(self._before_seconds + elapsed / 2)
            self._rows.append(_STILL if repeated else self._measure(self._before, small, difference, elapsed))
        self._before, self._before_seconds = small, seconds

    def take(self) -> Course:
        """What was measured since the last `take`, which ends here: the next frame is the first of another shot."""
        rows = np.stack(self._rows) if self._rows else np.empty((0, len(MOVEMENT_COLUMNS)))
        luma = np.clip((np.array(self._luma) - 16) / 219, 0, 1)
        course = Course(rows.astype(np.float32), np.array(self._seconds, np.float64), luma.astype(np.float32))
        self._rows, self._seconds, self._luma, self._before = [], [], [], None
        return course

    def _repeats(self, difference: np.ndarray) -> bool:
        import cv2

        return float(cv2.resize(difference.astype(np.float32), (9, 5), interpolation=cv2.INTER_AREA).max()) < (
            _REPEAT_DIFFERENCE
        )

    def _measure(self, before: np.ndarray, after: np.ndarray, difference: np.ndarray, elapsed: float) -> np.ndarray:
        """A row of `MOVEMENT_COLUMNS`, from two frames of _HEIGHT x _WIDTH uint8."""
        import cv2

        right, down = 0, 0
        if cv2.mean(difference)[0] > _FAST_DIFFERENCE:
            right, down = self._leap(before, after, difference)
            before = _shifted(before, right, down)
        flow = self._flow.calc(before, after, None)
        return self._fit.row(flow, before, right, down, elapsed)

    def _leap(self, before: np.ndarray, after: np.ndarray, difference: np.ndarray) -> tuple[int, int]:
        """By how many whole pixels the whole picture has moved; 0, 0 unless that makes the two more alike."""
        import cv2

        (x, y), _ = cv2.phaseCorrelate(before.astype(np.float32), after.astype(np.float32), self._window)
        right, down = round(x), round(y)
        if max(abs(right), abs(down)) < 3 or abs(right) > _WIDTH // 2 or abs(down) > _HEIGHT // 2:
            return 0, 0
        moved = cv2.absdiff(_shifted(before, right, down), after)
        inside = _overlap(right, down)
        return (right, down) if moved[inside].mean() < 0.8 * difference[inside].mean() else (0, 0)


_STILL = np.array([float(column == "quality") for column in MOVEMENT_COLUMNS])


def _shifted(picture: np.ndarray, right: int, down: int) -> np.ndarray:
    """The picture moved by whole pixels; what is left open repeats the edge."""
    if right == down == 0:
        return picture
    rows = np.clip(np.arange(picture.shape[0]) - down, 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(picture.shape[1]) - right, 0, picture.shape[1] - 1)
    return np.ascontiguousarray(picture[rows[:, None], columns])


def _overlap(right: int, down: int) -> tuple[slice, slice]:
    """The part of a shifted picture that is not filled up."""
    return (
        slice(max(0, down), _HEIGHT + min(0, down)),
        slice(max(0, right), _WIDTH + min(0, right)),
    )


class _CameraFit:
    """Takes flow apart into what the camera does and what moves before it. Lengths are picture widths, y downwards."""

    def __init__(self, aspect: float) -> None:
        rows, columns = np.mgrid[0:_HEIGHT:_STEP, 0:_WIDTH:_STEP]
        cells = (rows * 3 // _HEIGHT * 3 + columns * 3 // _WIDTH).ravel()
        self._cells = (np.eye(9)[:, cells] / np.bincount(cells)[:, None]).astype(np.float32)
        self._scale = np.array([1 / _WIDTH, 1 / (_HEIGHT * aspect)], np.float32)
        x = (_flow_centres(_WIDTH)[columns.ravel()] / _WIDTH - 0.5).astype(np.float32)
        y = ((_flow_centres(_HEIGHT)[rows.ravel()] / _HEIGHT - 0.5) / aspect).astype(np.float32)
        none, one, radius = np.zeros_like(x), np.ones_like(x), x * x + y * y
        # Times (tx, ty, a, b) the flow of the camera: u = tx + a x - b y, then v = ty + a y + b x.
        self._model = np.concatenate([np.stack([one, none, x, -y], axis=1), np.stack([none, one, y, x], axis=1)])
        self._moments = np.stack([one, x, y, radius])
        # Things move in the middle more often than at the edges.
        self._place = 0.6 + 0.4 * np.sqrt(radius / radius.max())

    def row(self, flow: np.ndarray, before: np.ndarray, right: int, down: int, elapsed: float) -> np.ndarray:
        """flow: _HEIGHT x _WIDTH x 2 pixels of `before`, which has been moved by `right` and `down` pixels already."""
        texture = self._texture(before, right, down)
        textured = float(texture.sum())
        if textured < _FEWEST_TEXTURED:
            return np.zeros(len(MOVEMENT_COLUMNS))
        points = (flow[::_STEP, ::_STEP].reshape(-1, 2) * self._scale).T.ravel()
        (moved_x, moved_y, growth, turn), beside, agreement = self._camera(points, texture)
        distance = np.sqrt(_squared(beside))
        counted = texture * np.maximum(0, distance - _FLOW_NOISE / _WIDTH)
        sideways, downwards = (beside.reshape(2, -1) * (counted / np.maximum(distance, 1e-9))).astype(np.float64)
        by_second = 1 / elapsed
        row = np.empty(len(MOVEMENT_COLUMNS))
        row[0] = -(moved_x + right * self._scale[0]) * by_second
        row[1] = (moved_y + down * self._scale[1]) * by_second
        row[2] = np.log(max(0.1, 1 + growth * _EDGE_LOSS)) * by_second
        row[3] = -turn * _EDGE_LOSS * by_second
        row[4] = agreement * textured / (textured + 2 * _FEWEST_TEXTURED)
        row[5:14] = self._cells @ counted * by_second
        size = len(texture) / by_second
        right_sum, down_sum = float(sideways.sum()), float(downwards.sum())
        left_part, up_part = (np.abs(sideways).sum() - right_sum) / 2, (np.abs(downwards).sum() - down_sum) / 2
        row[14:] = np.array([left_part, left_part + right_sum, up_part, up_part + down_sum]) / size
        return row

    def _texture(self, before: np.ndarray, right: int, down: int) -> np.ndarray:
        """How far the flow of each point can be believed: 0 to 1, by its contrast."""
        import cv2

        across = cv2.Sobel(before, cv2.CV_32F, 1, 0, scale=0.125)[::_STEP, ::_STEP]
        along = cv2.Sobel(before, cv2.CV_32F, 0, 1, scale=0.125)[::_STEP, ::_STEP]
        contrast = across * across + along * along
        texture = contrast / (contrast + _TEXTURE**2)
        if right or down:
            inside = np.zeros((_HEIGHT, _WIDTH), np.float32)
            inside[_overlap(right, down)] = 1
            texture = texture * inside[::_STEP, ::_STEP]
        return np.asarray(texture.ravel())

    def _camera(
        self, points: np.ndarray, texture: np.ndarray
    ) -> tuple[tuple[float, float, float, float], np.ndarray, float]:
        """The similarity that most of the picture follows. points: 2 P, the flow to the right, then that downwards.

        Returns (tx, ty, a, b), the flow that is left without it, and the share of the textured points that follow it.
        """
        count = len(texture)
        weight = texture * self._place
        seen = texture > 0.3
        seen = seen if seen.any() else texture > 0
        fit = np.array([np.median(points[:count][seen]), np.median(points[count:][seen]), 0, 0], np.float32)
        flowing = self._model * points[:, None]  # its sums by weight are the right side of the normal equations
        beside = points - self._model @ fit
        for tolerance in _TOLERANCES:
            near = weight / np.square(1 + _squared(beside) * np.float32((_WIDTH / tolerance) ** 2))
            n, sx, sy, sr = (self._moments @ near).tolist()
            su, sv, same, cross = (near @ flowing[:count] + near @ flowing[count:]).tolist()
            spread = sr - (sx * sx + sy * sy) / n + _TURN_DOUBT
            a = (same - (sx * su + sy * sv) / n) / spread
            b = (cross - (sx * sv - sy * su) / n) / spread
            fit = np.array([(su - a * sx + b * sy) / n, (sv - a * sy - b * sx) / n, a, b], np.float32)
            beside = points - self._model @ fit
        follows = _squared(beside) < (2 * _TOLERANCES[-1] / _WIDTH) ** 2
        tx, ty, a, b = fit.tolist()
        return (tx, ty, a, b), beside, float(texture @ follows / texture.sum())


def _squared(flow: np.ndarray) -> np.ndarray:
    """The squared length of the flow of every point: 2 P to P."""
    squares = flow * flow
    return np.asarray(squares[: len(flow) // 2] + squares[len(flow) // 2 :])


def _flow_centres(size: int) -> np.ndarray:
    """For each of `size` pixels of a row or column, of which place its flow truly tells, in pixels.

    The flow is found for patches of 8 pixels of half the size, 4 apart, and that of a pixel is the mean of those over
    it: at the edges that of a place further inside. Without this, zoom and roll come out a fifth too small.
    """
    half, patch, stride = size // 2, 8, 4
    origins = np.arange(0, half - patch + 1, stride)
    pixels = np.arange(half)[:, None]
    covers = (pixels >= origins) & (pixels < origins + patch)
    centres = (covers * (origins + patch / 2)).sum(axis=1) / covers.sum(axis=1)
    return np.asarray(np.repeat(centres * 2, 2))
