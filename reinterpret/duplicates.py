"""Duplicates: whether two shots of an archive are the same footage, however it was copied.

A copy may be scaled, cropped, graded, encoded again, bear a logo, and begin and end elsewhere. How light runs through
the picture stays: two courses are laid beside each other at every offset, and where they are the same frames, the same
cells get lighter and darker at the same time. Two takes of one set-up look the same, but do not move the same. A shot
that hardly moves has no course to go by: then its picture itself has to be the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from reinterpret.alignment import ShotCourse
from reinterpret.errors import LibraryError
from reinterpret.neighbours import Hit, Neighbours

Shot = tuple[str, int]
"""An archive shot: the fingerprint of its film, and its number."""

# Copies reach 0.69 in the content of their whole shots; nothing is read of what is less alike. But a library of few
# shots that look the same does not know yet how alike shots usually are.
_CONTENT_LIKENESS, _FEW_SHOTS = 0.6, 50
# Courses are compared on one grid of time, as fine as they are kept at most.
_RATE_HZ = 12
# How long two shots have to be the same: a quarter of the shorter one, but a second at least, or most of it where it is
# as short as that. By chance two courses are alike for an instant.
_LEAST_SHARE, _LEAST_SECONDS, _MOST_OF_IT = 0.25, 1.0, 0.6
# With fewer frames on the grid a course says nothing.
_FEWEST = 5
# Changes within a quarter of a second, which two ways through one set do not share; and from which mean square on they
# are more than noise.
_STEP, _LIVELY = 3, 2.5
# Square levels of luma: what rounding and compression add to a cell; and below what variance, in the mean over the
# cells, a shot is still.
_NOISE, _STILL = 0.3, 1.0
# What must be reached, measured on twelve copies each of 16 shots of the archive of 60 clips (small and large again,
# cropped by 10 % about the middle and to a corner, graded, with a logo, heavily compressed, cut at other points, at
# other frame rates, and all of that), on all pairs of its 102 shots with a content cosine above 0.3, and on all pairs
# of thirds of one shot, which show the same set-up at other times. Courses: copies reach 0.74, but for four that are
# cropped to a corner and one of a shot that hardly moves (0.57); what is no copy 0.70, but for a hand that pours in a
# circle (0.85). Changes: copies 0.68, but for corners again; 50 of 741 pairs of a square that drifts through one set
# along smooth ways reach both.
_COURSE_LIKENESS, _CHANGE_LIKENESS = 0.72, 0.65
# The mean pictures then: copies 0.67 (a dark picture with a bright logo), others any. Mean cosine of those frame
# vectors that were taken at the same instant, if there are some: copies 0.69.
_PICTURE_LIKENESS, _VECTOR_LIKENESS = 0.5, 0.65
# Still pictures, but for what is coarse and what is finest, at any of some scales: copies 0.99; four views of the Earth
# from one camera 0.93, two poses of one rabbit 0.50.
_STILL_LIKENESS = 0.95
_WIDTH, _HEIGHT = 160, 96
_SCALES = (0.8, 0.85, 0.9, 0.95, 1.0, 1.05, 1.1, 1.15, 1.25)
# The part of the one picture that is looked for in the other, and what is taken for finest and for coarse, in pixels.
_MIDDLE, _FINEST_PX, _COARSE_PX = 0.7, 1.0, 4.0
# Levels: a picture without any detail is like all others of its kind.
_LEAST_DETAIL = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Footage:
    """What is needed of a shot to know it again."""

    course: ShotCourse
    thumbnail: bytes
    """A JPEG of its middle, as a library keeps it."""


def same_footage(one: Footage, other: Footage) -> bool:
    """Whether two shots show the same frames, for a good part of the shorter one. The order makes no difference."""
    first, second = _on_grid(one.course), _on_grid(other.course)
    if _least(min(len(first), len(second))) < _FEWEST or (_is_still(first) and _is_still(second)):
        return _same_picture(one.thumbnail, other.thumbnail)
    offset, likeness = _best_offset(first, second)
    if likeness < _COURSE_LIKENESS:
        return False
    begin, end = max(0, -offset), min(len(first), len(second) - offset)
    beside = first[begin:end], second[begin + offset : end + offset]
    if not _change_alike(*beside) or _correlation(*(cells.mean(axis=0) for cells in beside)) < _PICTURE_LIKENESS:
        return False
    later = _start(other.course) - _start(one.course) + offset / _RATE_HZ
    return _vectors_alike(one.course, other.course, later)


def _start(course: ShotCourse) -> float:
    return float(course.layout.seconds[0])


def _on_grid(course: ShotCourse) -> np.ndarray:
    """N x cells float64: the layout at even steps from its first frame to its last; N may be 0."""
    layout = course.layout
    if not len(layout):
        return layout.cells.astype(np.float64)
    steps = math.floor((layout.seconds[-1] - layout.seconds[0]) * _RATE_HZ + 1e-6) + 1
    instants = layout.seconds[0] + np.arange(steps) / _RATE_HZ
    return np.stack([np.interp(instants, layout.seconds, cell) for cell in layout.cells.T.astype(np.float64)], axis=1)


def _least(frames: int) -> int:
    """For how many frames of the grid two shots have to be the same, the shorter of which has so many."""
    return math.ceil(max(_LEAST_SHARE * frames, min(_LEAST_SECONDS * _RATE_HZ, _MOST_OF_IT * frames)))


def _is_still(cells: np.ndarray) -> bool:
    return bool(cells.var(axis=0).mean() < _STILL)


def _best_offset(first: np.ndarray, second: np.ndarray) -> tuple[int, float]:
    """By how many frames the second is best moved back to lie beside the first, and how alike they are then.

    It is the correlation over time of all cells together, each about its mean over what lies side by side.
    """
    one, other = first - first.mean(axis=0), second - second.mean(axis=0)
    size = 1 << (len(one) + len(other)).bit_length()
    spectra = np.fft.rfft(one, size, axis=0), np.fft.rfft(other, size, axis=0)
    products = np.fft.irfft((spectra[0].conj() * spectra[1]).sum(axis=1), size)
    least = _least(min(len(one), len(other)))
    offsets = np.arange(least - len(one), len(other) - least + 1)
    begin, end = np.maximum(0, -offsets), np.minimum(len(one), len(other) - offsets)
    count = end - begin
    sums = _between(one, begin, end), _between(other, begin + offsets, end + offsets)
    together = products[offsets % size] - (sums[0] * sums[1]).sum(axis=1) / count
    energies = []
    for cells, total, at in ((one, sums[0], begin), (other, sums[1], begin + offsets)):
        squares = _between(np.square(cells).sum(axis=1, keepdims=True), at, at + count)[:, 0]
        energies.append(np.maximum(squares - np.square(total).sum(axis=1) / count, 0) + _NOISE * count * one.shape[1])
    likeness = together / np.sqrt(energies[0] * energies[1])
    best = int(likeness.argmax())
    return int(offsets[best]), float(likeness[best])


def _between(rows: np.ndarray, begin: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Sums of the rows from each beginning to the end beside it."""
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    return np.asarray(sums[end] - sums[begin])


def _change_alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether what changes at once, where that can be measured, changes in both; of courses beside each other."""
    if len(one) <= _STEP:
        return True
    changes = [cells[_STEP:] - cells[:-_STEP] for cells in (one, other)]
    energies = [float(np.square(change).mean()) for change in changes]
    if min(energies) < _LIVELY:
        return True
    together = float((changes[0] * changes[1]).mean())
    return together >= _CHANGE_LIKENESS * math.sqrt((energies[0] + _NOISE) * (energies[1] + _NOISE))


def _correlation(one: np.ndarray, other: np.ndarray) -> float:
    one, other = one - one.mean(), other - other.mean()
    return float(one @ other / max(np.sqrt((one @ one) * (other @ other)), 1e-9))


def _vectors_alike(one: ShotCourse, other: ShotCourse, later: float) -> bool:
    """Whether frames of the one that were embedded at the same instant as some of the other show the same, if any were.

    later: by how many seconds that instant lies later in the other.
    """
    rows, columns = np.nonzero(
        np.abs(one.frame_seconds[:, None] + later - other.frame_seconds) <= 1 / _RATE_HZ,
    )
    if not len(rows):
        return True
    cosines = np.einsum("nd,nd->n", one.frame_vectors[rows], other.frame_vectors[columns])
    return float(cosines.mean()) >= _VECTOR_LIKENESS


def _same_picture(one: bytes, other: bytes) -> bool:
    """Whether two pictures show the same, also where the one is cropped to 80 per cent of the other."""
    import cv2

    first, second = (cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_GRAYSCALE) for jpeg in (one, other))
    if first is None or second is None:
        return False
    return max(_found(first, second), _found(second, first)) >= _STILL_LIKENESS


def _found(one: np.ndarray, other: np.ndarray) -> float:
    """How well the middle of a picture is found in another: the highest correlation of what is fine in them."""
    import cv2

    whole = _fine(cv2.resize(other, (_WIDTH, _HEIGHT), interpolation=cv2.INTER_AREA))
    height, width = round(_MIDDLE * _HEIGHT), round(_MIDDLE * _WIDTH)
    best = 0.0
    for scale in _SCALES:
        scaled = _fine(cv2.resize(one, (round(scale * _WIDTH), round(scale * _HEIGHT)), interpolation=cv2.INTER_AREA))
        top, left = (scaled.shape[0] - height) // 2, (scaled.shape[1] - width) // 2
        middle = scaled[top : top + height, left : left + width]
        if middle.std() >= _LEAST_DETAIL:
            best = max(best, float(cv2.matchTemplate(whole, middle, cv2.TM_CCOEFF_NORMED).max()))
    return best


def _fine(picture: np.ndarray) -> np.ndarray:
    import cv2

    levels = picture.astype(np.float32)
    return np.asarray(cv2.GaussianBlur(levels, (0, 0), _FINEST_PX) - cv2.GaussianBlur(levels, (0, 0), _COARSE_PX))


class Duplicates:
    """Which shots of a library are the same footage, as far as that was asked. Nothing is compared twice."""

    def __init__(self, neighbours: Neighbours, footage: Callable[[str, int], Footage]) -> None:
        """footage: of a shot, by film and number; raises LibraryError where its film cannot be read."""
        self._neighbours, self._footage = neighbours, footage
        self._least_likeness = -math.inf if len(neighbours) <= _FEW_SHOTS else _CONTENT_LIKENESS
        self._vectors: dict[Shot, np.ndarray] = {}
        self._known: dict[tuple[Shot, Shot], bool] = {}
        self._first: dict[Shot, Shot] = {}

    def first(self, film: str, shot: int) -> Shot:
        """The shot that stands for all that are known to be the same footage as this one; itself if there is none."""
        return self._first.get((film, shot), (film, shot))

    def find(self, shots: Iterable[Shot]) -> bool:
        """Compare some shots with each other; whether any were found that were not known to be the same footage.

        Only those are read that are alike in content.
        """
        own = sorted({shot for shot in shots if shot[0] in self._neighbours})
        contents = self._contents(own)
        rows, columns = np.nonzero(np.triu(contents @ contents.T >= self._least_likeness, 1))
        return self._compare([(own[row], own[column]) for row, column in zip(rows, columns, strict=True)])

    def repeats(self, shot: Shot, others: Sequence[Shot]) -> bool:
        """Whether a shot is the same footage as any of some others. All are shots of the library."""
        alike = self._contents(others) @ self._contents([shot])[0] >= self._least_likeness
        pairs = [(min(shot, other), max(shot, other)) for other, near in zip(others, alike, strict=True) if near]
        self._compare(pairs)
        return any(self._known[pair] for pair in pairs)

    def _contents(self, shots: Sequence[Shot]) -> np.ndarray:
        """N x D float32, unit rows."""
        part = self._neighbours.parts[0]
        new = [shot for shot in shots if shot not in self._vectors]
        if new:
            vectors = self._neighbours.vectors([Hit(*shot, 0.0) for shot in new], weights={"content": 1.0})
            self._vectors |= zip(new, np.array(vectors[:, part]), strict=True)
        return np.array([self._vectors[shot] for shot in shots], np.float32).reshape(-1, part.stop - part.start)

    def _compare(self, pairs: Iterable[tuple[Shot, Shot]]) -> bool:
        """Whether any are the same footage of which that was not known; each pair in order."""
        new = [pair for pair in pairs if pair not in self._known]
        # Film by film, so that each is read once.
        read = {shot: self._read(shot) for shot in sorted({shot for pair in new for shot in pair})}
        found = False
        for pair in new:
            one, other = read[pair[0]], read[pair[1]]
            self._known[pair] = one is not None and other is not None and same_footage(one, other)
            if self._known[pair] and self.first(*pair[0]) != self.first(*pair[1]):
                found = True
                self._join(*pair)
        return found

    def _read(self, shot: Shot) -> Footage | None:
        try:
            return self._footage(*shot)
        except LibraryError:
            # Whoever wants to show it is told what is wrong with its film.
            return None

    def _join(self, one: Shot, other: Shot) -> None:
        first, second = sorted((self.first(*one), self.first(*other)))
        self._first |= {shot: first for shot, stands in self._first.items() if stands == second}
        self._first |= {first: first, second: first}
