"""Rasters: the vectors of many pictures go in, a place for each comes out, so that similar ones lie side by side.

Linear assignment sorting: the raster is blurred, every picture goes where the blurred raster resembles it most, and the
blur shrinks from the whole raster to nothing (Barthel, Hezel, Jung and Schall, "Improved Evaluation and Generation of
Grid Layouts using Distance Preservation Quality and Linear Assignment Sorting", Computer Graphics Forum 2023).
"""

from __future__ import annotations

import math

import numpy as np

# The directions along which vectors differ most are enough to lay them out by.
_DIRECTIONS = 64
# The blur reaches over this part of the raster at first, and shrinks by this factor.
_FIRST_REACH, _SHRINK = 0.35, 0.93
# So many pictures change places at once: the time of an assignment grows with the cube of their number.
_TOGETHER = 225
_SEED = 1
# A raster may have this many times more columns than rows, roughly, if it is filled better then.
_WIDER = 1.2


def raster_columns(count: int) -> int:
    """How many columns a raster for so many pictures has: about as many as rows, with few places left empty.

    >>> raster_columns(9), raster_columns(10), raster_columns(94)
    (3, 4, 12)
    """
    least = max(1, math.ceil(math.sqrt(count)))
    return min(range(least, math.floor(least * _WIDER) + 1), key=lambda columns: -count % columns)


def arrange(vectors: np.ndarray, columns: int) -> np.ndarray:
    """Where each of N unit vectors stands in a raster of so many columns: N int, each of 0 to N - 1 once, row by row.

    The same vectors always have the same places.
    """
    flat = _flattened(vectors)
    order = _snapped(flat, columns)
    rows = -(-len(vectors) // columns)
    random = np.random.default_rng(_SEED)
    reach = max(columns, rows) * _FIRST_REACH
    while reach >= 0.5:
        wanted = _blurred(flat[order], columns, max(1, round(reach)))
        for cells in _subsets(len(order), columns, reach, random):
            order[cells] = order[cells][_assigned(flat[order[cells]], wanted[cells])]
        reach *= _SHRINK
    return _places(order)


def arrange_by_plane(vectors: np.ndarray, columns: int) -> np.ndarray:
    """The same by nothing but the two directions in which vectors differ most: what `arrange` is measured against."""
    return _places(_snapped(_flattened(vectors), columns))


def neighbour_likeness(vectors: np.ndarray, places: np.ndarray, columns: int) -> float:
    """The mean cosine of pictures that stand side by side or one above the other; 1 is the best there can be."""
    standing = vectors[np.argsort(places)]
    beside = np.einsum("nd,nd->n", standing[:-1], standing[1:])[np.arange(1, len(standing)) % columns != 0]
    above = np.einsum("nd,nd->n", standing[:-columns], standing[columns:])
    both = np.concatenate([beside, above])
    return float(both.mean()) if len(both) else 1.0


def _flattened(vectors: np.ndarray) -> np.ndarray:
    """The vectors along the directions in which they differ most: N x up to 64."""
    centred = (vectors - vectors.mean(axis=0)).astype(np.float64)
    count, dimensions = centred.shape
    if count > dimensions:
        squares, directions = np.linalg.eigh(centred.T @ centred)
        flat = centred @ directions[:, ::-1][:, :_DIRECTIONS]
    else:
        # The same from the side that is smaller.
        squares, directions = np.linalg.eigh(centred @ centred.T)
        flat = directions[:, ::-1][:, :_DIRECTIONS] * np.sqrt(np.maximum(squares[::-1][:_DIRECTIONS], 0))
    flat = flat[:, squares[::-1][: flat.shape[1]] > 1e-9]
    # A direction and its opposite are as good; one of them is chosen so that machines agree.
    return np.asarray(flat * np.sign(flat[np.abs(flat).argmax(axis=0), np.arange(flat.shape[1])]))


def _snapped(flat: np.ndarray, columns: int) -> np.ndarray:
    """The pictures row by row, by the first direction within a row and by the second from row to row: N int."""
    if flat.shape[1] < 2:
        return np.argsort(flat[:, 0], kind="stable") if flat.shape[1] else np.arange(len(flat))
    order = np.argsort(flat[:, 1], kind="stable")
    rows = [order[start : start + columns] for start in range(0, len(order), columns)]
    return np.concatenate([row[np.argsort(flat[row, 0], kind="stable")] for row in rows])


def _blurred(standing: np.ndarray, columns: int, reach: int) -> np.ndarray:
    """For each cell the mean of those that are up to `reach` columns and rows away. standing: N x D, row by row."""
    count, rows = len(standing), -(-len(standing) // columns)
    padded = np.zeros((rows * columns, standing.shape[1] + 1))
    padded[:count, :-1] = standing
    # Counted along, so that the empty places at the end weigh nothing.
    padded[:count, -1] = 1
    field = padded.reshape(rows, columns, -1)
    for axis, size in enumerate((rows, columns)):
        sums = np.concatenate([np.zeros_like(field.take([0], axis)), field.cumsum(axis=axis)], axis=axis)
        steps = np.arange(size)
        field = sums.take(np.minimum(steps + reach + 1, size), axis) - sums.take(np.maximum(steps - reach, 0), axis)
    flat = field.reshape(rows * columns, -1)[:count]
    return np.asarray(flat[:, :-1] / flat[:, -1:])


def _subsets(count: int, columns: int, reach: float, random: np.random.Generator) -> list[np.ndarray]:
    """All cells in sets of a few hundred that lie within about twice the blur of each other, drawn anew each time."""
    rows = -(-count // columns)
    side = max(math.isqrt(_TOGETHER), math.ceil(2 * reach))
    if side >= max(rows, columns):
        side = max(rows, columns)
        top = left = 0
    else:
        top, left = random.integers(0, side, 2)
    row, column = np.divmod(np.arange(count), columns)
    tile = (row + top) // side * (columns // side + 2) + (column + left) // side
    shuffled = random.permutation(count)
    shuffled = shuffled[np.argsort(tile[shuffled], kind="stable")]
    edges = np.flatnonzero(np.diff(tile[shuffled])) + 1
    return [
        np.sort(part)
        for cells in np.split(shuffled, edges)
        for part in np.array_split(cells, -(-len(cells) // _TOGETHER))
        if len(part) > 1
    ]


def _assigned(pictures: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Which picture goes to which cell, so that they resemble what is wanted there as much as they can together."""
    from scipy.optimize import linear_sum_assignment

    # Squared distances, less what is the same whichever cell a picture goes to.
    cost = (wanted**2).sum(axis=1)[:, None] - 2 * wanted @ pictures.T
    return np.asarray(linear_sum_assignment(cost)[1])


def _places(order: np.ndarray) -> np.ndarray:
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places
