"""The cue `scale`: from the extreme close-up to the wide shot, and how many faces there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from reinterpret.cues.composition import saliency
from reinterpret.cues.faces import find_faces
from reinterpret.cues.facts import ShotFacts
from reinterpret.cues.parts import joined, soft_bins, spread_over

_MOST_PICTURES = 3
# The height of a face in shares of the picture's, from wide to extreme close-up; half-way they are shared.
_FACE_HEIGHTS = np.log2([0.07, 0.2, 0.5, 0.95])
_CLASSES = ("wide shot", "medium shot", "close-up", "extreme close-up")
# Scores of faces: at the first it may be anything, at the second it is a face.
_DOUBTFUL_SCORE, _SURE_SCORE = 0.5, 0.85
# Faces much smaller than the largest are passers-by, and do not make a two-shot.
_COUNTED_HEIGHT = 0.5
# Without a face the texture has to tell. It does so badly: on 15 wide and 16 close clips the wide one of a pair has the
# higher figure in 0.79 of all cases, and the figures were picked on these very clips. So it never counts for more.
_TEXTURE_TRUST = 0.4
# The mean and the spread of the three figures over those clips, see `_texture_figures`.
_TEXTURE_MEAN = np.array([-0.57, 0.402, 4.38])
_TEXTURE_SPREAD = np.array([0.14, 0.037, 0.7])
_EDGE = 0.08

# How much a face counts for what a shot is about, from wide to extreme close-up.
_SIZES = np.array([0.36, 0.72, 1.2, 1.2])

_UNKNOWN = np.array([0.0, 0, 0, 0, 1])
# Of the two parts.
_SCALE_WEIGHT, _PEOPLE_WEIGHT = 0.75, 0.25
_SCALE, _PEOPLE = slice(0, 5), slice(5, 9)


class Scale:
    """Same scale is near, the next one half so.

    Two parts, square roots of shares over at most three pictures: the scale (four classes, and not known), by the
    height of the largest face, or else by how fine and how widely spread the texture is; and whether there are none,
    one, two or more faces.
    """

    name = "scale"
    dimensions: int | None = 9

    def known(self, facts: ShotFacts) -> bool:
        """Always, if sometimes badly."""
        return True

    def vector(self, facts: ShotFacts) -> np.ndarray:
        """9 float32, unit length."""
        scales, people = np.zeros(5), np.zeros(4)
        for position in spread_over(len(facts.pictures), _MOST_PICTURES):
            picture = facts.pictures[position]
            faces = find_faces(picture)
            scales += _face_scale(faces) if len(faces) else _texture_scale(picture)
            people[min(3, int((faces[:, 3] > _COUNTED_HEIGHT * faces[:, 3].max(initial=0)).sum()))] += 1
        return joined(
            [(_SCALE_WEIGHT, np.sqrt(scales / scales.sum())), (_PEOPLE_WEIGHT, np.sqrt(people / people.sum()))]
        )

    def shared(self, one: np.ndarray, other: np.ndarray) -> str | None:
        """The scale of both, where a face tells it; two faces are a two-shot."""
        here, there = np.square(one[_SCALE]) / _SCALE_WEIGHT, np.square(other[_SCALE]) / _SCALE_WEIGHT
        common = np.minimum(here, there)[:4]
        if common.max() < 0.45:
            return None
        people = np.minimum(np.square(one[_PEOPLE]), np.square(other[_PEOPLE])) / _PEOPLE_WEIGHT
        name = _CLASSES[int(common.argmax())]
        return f"two-shot, {name}" if people[2] > 0.6 else name

    def named(self, term: str) -> np.ndarray | None:
        """One of the four classes, and how many faces there are."""
        if term in _CLASSES:
            return _of_shares([float(name == term) for name in _CLASSES], [])
        return _NAMED.get(term)


def face_share(vectors: np.ndarray) -> np.ndarray:
    """The share of the pictures of N shots on which there is a face: vectors N x 9, shares N, from 0 to 1."""
    nobody = np.square(vectors[:, _PEOPLE.start]) / _PEOPLE_WEIGHT
    return np.asarray(np.clip(1 - nobody, 0, 1))


def face_size(vectors: np.ndarray) -> np.ndarray:
    """How large the faces of N shots are, where there are any: from 0 for far away to 1 for close-ups; N x 9 to N."""
    shares = np.square(vectors[:, _SCALE][:, : len(_CLASSES)]) / _SCALE_WEIGHT
    return np.asarray(np.clip(shares @ _SIZES, 0, 1))


def _of_shares(scales: Sequence[float], people: Sequence[float]) -> np.ndarray:
    """Its vector for shares of the scales and of the numbers of faces; zero where there are none."""
    padded = [
        np.sqrt(np.pad(np.array(values, np.float64), (0, size - len(values))))
        for values, size in ((scales, 5), (people, 4))
    ]
    return joined(list(zip((_SCALE_WEIGHT, _PEOPLE_WEIGHT), padded, strict=True)))


_NAMED = {
    "portrait": _of_shares([0, 0.5, 0.5], [0, 1]),
    "one face": _of_shares([], [0, 1]),
    "two faces": _of_shares([], [0, 0, 1]),
    "many faces": _of_shares([], [0, 0, 0, 1]),
    "nobody": _of_shares([], [1]),
}


def _face_scale(faces: np.ndarray) -> np.ndarray:
    """Shares of the four classes and of not knowing, by the largest of the faces."""
    sure = np.clip((faces[:, 4] - _DOUBTFUL_SCORE) / (_SURE_SCORE - _DOUBTFUL_SCORE), 0, 1)
    largest = int((faces[:, 3] * sure).argmax())
    trust = float(sure[largest])
    height = np.log2(max(float(faces[largest, 3]), 1e-3))
    return np.append(soft_bins(np.array(height), _FACE_HEIGHTS) * trust, 1 - trust)


def _texture_scale(picture: np.ndarray) -> np.ndarray:
    """The same without a face: fine detail all over is wide, a blurred ground or a plain one is close."""
    figures = _texture_figures(picture)
    if figures is None:
        return _UNKNOWN
    wide = float(np.tanh(((figures - _TEXTURE_MEAN) / _TEXTURE_SPREAD).mean()))
    # -1 is a close-up, 0 a medium shot, 1 a wide one.
    close, medium = soft_bins(np.array(wide), np.array([-1.0, 0.0, 1.0]))[[0, 1]]
    told = np.array([1 - close - medium, medium, close, 0, 0])
    return np.asarray(told * _TEXTURE_TRUST + _UNKNOWN * (1 - _TEXTURE_TRUST))


def _texture_figures(picture: np.ndarray) -> np.ndarray | None:
    """Three figures that grow from close to wide; None for a picture of nothing.

    The log of how much fine detail there is against twice as coarse; how far from its centre of gravity that which
    stands out lies (shares of the picture); the log of the number of separate edges.
    """
    import cv2

    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32) / 255
    grey = cv2.resize(grey, (256, 144), interpolation=cv2.INTER_AREA)
    fine = float(cv2.Laplacian(grey, cv2.CV_32F).std())
    coarse = float(cv2.Laplacian(cv2.resize(grey, (128, 72), interpolation=cv2.INTER_AREA), cv2.CV_32F).std())
    if coarse < 2e-3:
        return None
    across, along = cv2.Sobel(grey, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(grey, cv2.CV_32F, 0, 1, scale=0.125)
    edges = cv2.connectedComponents((np.hypot(across, along) > _EDGE).astype(np.uint8))[0]
    salient = saliency(grey)
    rows, columns = (np.arange(size) / size for size in salient.shape)
    by_row, by_column = salient.sum(axis=1), salient.sum(axis=0)
    spread = by_row @ (rows - by_row @ rows) ** 2 + by_column @ (columns - by_column @ columns) ** 2
    return np.array([np.log(fine / coarse + 1e-4), np.sqrt(spread), np.log(edges)])
