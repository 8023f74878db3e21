"""The cue `composition`: where things are in the picture, whatever they are. Left is left."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from reinterpret.cues.facts import ShotFacts
from reinterpret.cues.parts import joined, or_nothing, spread_over

_MOST_PICTURES = 3
# Of the encoder's feature map: each of 3 x 3 cells is reduced to this many numbers.
_CELL_NUMBERS = 24
# Where it is light, and where something stands out.
_COLUMNS, _ROWS = 8, 5
# Edges: how strong, in four orientations, in each of 4 x 3 parts of the picture.
_ORIENTATIONS, _EDGE_COLUMNS, _EDGE_ROWS = 4, 4, 3
_EDGE_WIDTH_PX, _EDGE_HEIGHT_PX = 96, 60
_SALIENCY_WIDTH_PX, _SALIENCY_HEIGHT_PX = 64, 40
_WEIGHTS = {"features": 0.45, "light": 0.25, "salient": 0.15, "edges": 0.15}
_LENGTHS = {"features": 9 * _CELL_NUMBERS + 1, "light": 41, "salient": 41, "edges": 49}
_PLACES = ("top left", "top", "top right", "left", "centre", "right", "bottom left", "bottom", "bottom right")


class Composition:
    """Same places of things are near; a mirrored picture is not.

    Four parts, each the mean over a few pictures of the shot, without its mean over the picture, so that what is where
    counts and not what there is: the encoder's feature map in 3 x 3 cells, reduced by a fixed random projection
    (D. Achlioptas, "Database-friendly random projections", 2003); lightness in 8 x 5 cells; what stands out (X. Hou and
    L. Zhang, "Saliency Detection: A Spectral Residual Approach", CVPR 2007) in 8 x 5; the strength of edges in four
    orientations in 4 x 3 (after A. Oliva and A. Torralba, "Modeling the Shape of the Scene", IJCV 2001). A part of
    which there is nothing, such as the features of an encoder without a map, has a number of its own.
    """

    name = "composition"
    dimensions: int | None = sum(_LENGTHS.values())

    def known(self, facts: ShotFacts) -> bool:
        """Always."""
        return True

    def vector(self, facts: ShotFacts) -> np.ndarray:
        """348 float32, unit length."""
        taken = spread_over(len(facts.pictures), _MOST_PICTURES)
        greys = [_grey(facts.pictures[position]) for position in taken]
        parts = {
            "features": _feature_layout(facts.layouts[taken]),
            "light": _mean_of([_light_layout(grey) for grey in greys]),
            "salient": _mean_of([_salient_layout(grey) for grey in greys]),
            "edges": _mean_of([_edge_layout(grey) for grey in greys]),
        }
        return joined([(weight, or_nothing(parts[part])) for part, weight in _WEIGHTS.items()])

    def shared(self, one: np.ndarray, other: np.ndarray) -> str | None:
        """Where what stands out is in both."""
        start = _LENGTHS["features"] + _LENGTHS["light"]
        cells = slice(start, start + _ROWS * _COLUMNS)
        both = np.maximum(one[cells], 0) * np.maximum(other[cells], 0)
        likeness = float(one[cells] @ other[cells]) / max(
            float(np.linalg.norm(one[cells]) * np.linalg.norm(other[cells])), 1e-9
        )
        if likeness < 0.5:
            return None
        row, column = divmod(int(both.argmax()), _COLUMNS)
        return f"subject {_PLACES[row * 3 // _ROWS * 3 + column * 3 // _COLUMNS]}"

    def named(self, term: str) -> np.ndarray | None:
        """None: places are shown, not said."""
        return None


def saliency(grey: np.ndarray) -> np.ndarray:
    """How much each place stands out: 40 x 64 float32, at least 0, sum 1, of H x W float32.

    The spectral residual: what the log amplitude spectrum has beyond its own local mean, brought back to the picture.
    """
    import cv2

    small = cv2.resize(grey, (_SALIENCY_WIDTH_PX, _SALIENCY_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    spectrum = np.fft.fft2(small)
    amplitude = np.abs(spectrum)
    log_amplitude = np.log(amplitude + 1e-3).astype(np.float32)
    residual = log_amplitude - cv2.blur(log_amplitude, (3, 3), borderType=cv2.BORDER_REPLICATE)
    phase = spectrum / np.maximum(amplitude, 1e-9)
    standing_out = np.abs(np.fft.ifft2(np.exp(residual) * phase)) ** 2
    soft = cv2.GaussianBlur(standing_out.astype(np.float32), (0, 0), 2.5, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(soft / max(float(soft.sum()), 1e-12), np.float32)


def _grey(picture: np.ndarray) -> np.ndarray:
    """H x W float32, 0 to 1, at most 144 x 80."""
    import cv2

    height, width = picture.shape[:2]
    size = (min(width, 144), min(height, 80))
    return np.asarray(
        cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA) / np.float32(255)
    )


def _mean_of(layouts: list[np.ndarray]) -> np.ndarray:
    return np.asarray(np.mean(layouts, axis=0))


def _feature_layout(layouts: np.ndarray) -> np.ndarray:
    """N x 3 x 3 x C to 216: what each cell has more than the others, the same for every N; zeros for C = 0."""
    cells = layouts.reshape(len(layouts), 9, -1).astype(np.float64).mean(axis=0)
    if cells.shape[1] == 0:
        return np.zeros(9 * _CELL_NUMBERS)
    apart = cells - cells.mean(axis=0)
    # Not np.linalg.norm: of more than 10,000 numbers OpenBLAS takes threads for it, which cost 100 ms instead of
    # nothing where others are at work.
    if float(np.square(apart).sum()) < 1e-8 * max(float(np.square(cells).sum()), 1e-18):
        return np.zeros(9 * _CELL_NUMBERS)
    return np.asarray((apart @ _projection(cells.shape[1])).ravel())


@lru_cache(maxsize=4)
def _projection(channels: int) -> np.ndarray:
    """channels x 24 of +1 and -1, the same on every machine: RandomState's stream never changes between versions."""
    signs = np.random.RandomState(2018).randint(0, 2, (channels, _CELL_NUMBERS)) * 2 - 1
    return np.asarray(signs / np.sqrt(_CELL_NUMBERS))


def _light_layout(grey: np.ndarray) -> np.ndarray:
    """40: where it is lighter than elsewhere. Ranks and values in equal parts, so that a grade changes little."""
    import cv2

    cells = cv2.resize(grey, (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA).ravel().astype(np.float64)
    spread = float(cells.std())
    if spread < 0.004:
        return np.zeros(cells.size)
    ranks = np.empty(cells.size)
    ranks[cells.argsort(kind="stable")] = np.linspace(-1, 1, cells.size)
    return np.asarray((cells - cells.mean()) / spread + ranks / ranks.std())


def _salient_layout(grey: np.ndarray) -> np.ndarray:
    """40: where more stands out than elsewhere."""
    import cv2

    if float(grey.std()) < 0.004:
        return np.zeros(_ROWS * _COLUMNS)
    cells = np.sqrt(cv2.resize(saliency(grey), (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA)).ravel()
    apart = cells - cells.mean()
    return np.asarray(apart / max(float(cells.mean()), 1e-9), np.float64)


def _edge_layout(grey: np.ndarray) -> np.ndarray:
    """48: the strength of edges by orientation and place, against the mean over all places and orientations."""
    import cv2

    small = cv2.resize(grey, (_EDGE_WIDTH_PX, _EDGE_HEIGHT_PX), interpolation=cv2.INTER_AREA)
    across = cv2.Sobel(small, cv2.CV_32F, 1, 0, scale=0.25)
    along = cv2.Sobel(small, cv2.CV_32F, 0, 1, scale=0.25)
    strength = np.hypot(across, along)
    if float(strength.mean()) < 0.004:
        return np.zeros(_ORIENTATIONS * _EDGE_COLUMNS * _EDGE_ROWS)
    doubled = 2 * np.arctan2(along, across)
    energies = []
    for step in range(_ORIENTATIONS):
        # cos^2 of the angle between: the four sum up to the strength, a mirror exchanges the two diagonals.
        near = np.maximum(0, np.cos(doubled - 2 * np.pi * step / _ORIENTATIONS)) ** 2
        energies.append(cv2.resize(strength * near, (_EDGE_COLUMNS, _EDGE_ROWS), interpolation=cv2.INTER_AREA))
    roots = np.sqrt(np.stack(energies)).ravel()
    return np.asarray((roots - roots.mean()) / max(float(roots.mean()), 1e-9), np.float64)
