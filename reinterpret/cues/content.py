"""The cue `content`: what is to be seen, as the encoder tells it; and how a library looks at it.

Raw features crowd together: those of networks with ReLU are all positive, and a few directions make up most of what
they differ by. So the index holds them centred and whitened over the library (H. Jegou and O. Chum, "Negative
evidences and co-occurences in image retrieval: the benefit of PCA and whitening", ECCV 2012), beside what the
network's own classifier reads out of them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from reinterpret.cues.facts import ShotFacts

# The spread of this many shots tells that of a library of any size.
_MOST_ROWS = 20_000
# The mean of few shots is not the mean of what will be asked for: it counts as if as many shots at zero had been seen.
_MEAN_DOUBT = 5.0
# How evenly the directions count in the end: 0 leaves them as they are, 1 makes them equal. How much of the mean spread
# is added to each first, so that those in which a small library does not spread do not count more than all others.
_EVENNESS, _SHRINKAGE = 0.5, 0.3
# The directions that tell classes apart best count more yet.
_READOUT_POWER = 1.5
# Means of 5 frames of each of 60 clips, mean average precision by the first word of their names and how often the first
# frame of a clip finds its last: cosine 0.37 and 0.83, centred 0.39 and 0.85, half whitened 0.38 and 0.85, fully
# whitened 0.35 and 0.87, the readout alone 0.47 and 0.83, the readout and half whitened in equal parts 0.45 and 0.88.
_READOUT_SHARE = 0.5


class Content:
    """Same things are near. The vector is the direction of the mean of the frame vectors, before any whitening."""

    name = "content"
    dimensions: int | None = None

    def known(self, facts: ShotFacts) -> bool:
        """Always."""
        return True

    def vector(self, facts: ShotFacts) -> np.ndarray:
        """As many float32 as the encoder's vectors have, unit length."""
        return content(facts.frame_vectors)

    def shared(self, one: np.ndarray, other: np.ndarray) -> str | None:
        """Nothing: features have no names."""
        return None

    def named(self, term: str) -> np.ndarray | None:
        """None: what is to be seen is said in words of all kinds."""
        return None


def content(frame_vectors: np.ndarray) -> np.ndarray:
    """The direction of the mean of a shot's frame vectors.

    frame_vectors: N x D, unit rows, N >= 1. Returns D float32, unit length.
    """
    mean = frame_vectors.astype(np.float32).mean(axis=0)
    length = float(np.linalg.norm(mean))
    # Unit vectors of ReLU features never cancel out, but an encoder of another kind's might.
    return np.asarray(mean / length if length > 1e-6 else frame_vectors[0], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Whitening:
    """How a library looks at content vectors. Made by `fit_whitening`."""

    mean: np.ndarray
    """D float32: taken off every vector."""
    projection: np.ndarray
    """D x P float32: to the whitened part."""
    readout: np.ndarray
    """D x R float32: to what the network's classifier reads; R is 0 if it has none."""

    def __post_init__(self) -> None:
        length = len(self.mean)
        for name, values, shape in (
            ("mean", self.mean, (length,)),
            ("projection", self.projection, (length, self.projection.shape[-1])),
            ("readout", self.readout, (length, self.readout.shape[-1])),
        ):
            if values.dtype != np.float32 or values.shape != shape or not np.isfinite(values).all():
                raise ValueError(f"{name} must be finite float32 of {shape}, got {values.shape} {values.dtype}")
        if self.dimensions == 0:
            raise ValueError("a whitening must leave at least one dimension")

    @property
    def dimensions(self) -> int:
        """The length of the vectors that `apply` makes."""
        return int(self.projection.shape[1] + self.readout.shape[1])

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """N x D content vectors to N x dimensions float32, unit rows. The mean itself becomes the first axis."""
        apart = vectors.astype(np.float32) - self.mean
        share = _READOUT_SHARE if self.projection.shape[1] else 1.0
        whitened, read = _unit_or_zero(apart @ self.projection), _unit_or_zero(apart @ self.readout)
        together = np.concatenate([np.sqrt(1 - share) * whitened, np.sqrt(share) * read], axis=1)
        together[~together.any(axis=1), 0] = 1
        return _unit_or_zero(together)

    def reading(self, weights: np.ndarray) -> np.ndarray:
        """Where in the space of `apply` a linear reading of the vectors is high: N x D to N x dimensions, unit rows.

        Each of both halves undoes its own scales, so that what counts in a direction is the reading's weight, and not
        how evenly the library spreads there. (With the scales of the readout twice, words found a tenth less.)
        """
        halves = [_unit_or_zero(weights @ np.linalg.pinv(half).T) for half in (self.projection, self.readout)]
        return _unit_or_zero(np.concatenate(halves, axis=1))

    def arrays(self) -> dict[str, np.ndarray]:
        """Its fields by name, as numpy saves them; `Whitening(**arrays)` brings it back."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def fit_whitening(vectors: np.ndarray, *, readout: np.ndarray | None = None, dimensions: int = 256) -> Whitening:
    """The whitening of a library, from all its content vectors: S x D, unit rows, S >= 1, up to millions.

    readout: the weights of the network's classifier, K classes x D, if it has one: what these tell apart is what people
    have names for. dimensions: of the vectors that come out, at most; a readout gets half of them. The same vectors
    always give the same whitening but for signs, which no cosine sees. One shot is enough; few shots whiten mildly.
    """
    if vectors.ndim != 2 or 0 in vectors.shape:
        raise ValueError(f"vectors must be S x D, with S and D at least 1, got {vectors.shape}")
    if readout is not None and (readout.ndim != 2 or readout.shape[1] != vectors.shape[1]):
        raise ValueError(f"readout must be K x {vectors.shape[1]}, got {readout.shape}")
    taken = vectors[np.linspace(0, len(vectors) - 1, min(len(vectors), _MOST_ROWS)).astype(int)].astype(np.float32)
    if not np.isfinite(taken).all():
        raise ValueError("vectors must be finite")
    mean = taken.mean(axis=0) * (len(vectors) / (len(vectors) + _MEAN_DOUBT))
    read = _readout_basis(readout, dimensions // 2) if readout is not None else np.zeros((vectors.shape[1], 0))
    projection = _whitening_basis(taken - mean, dimensions - read.shape[1])
    return Whitening(mean.astype(np.float32), projection.astype(np.float32), read.astype(np.float32))


def _whitening_basis(apart: np.ndarray, dimensions: int) -> np.ndarray:
    """D x P: the directions in which the rows (S x D) differ most, scaled; P is `dimensions`, or D if that is less.

    A small library has fewer such directions. The rest are drawn at random from what is at right angles to them, and
    stand for all of that: what the library does not know can then be told from what it knows.
    """
    rows, length = apart.shape
    wanted = min(dimensions, length)
    if rows < length:
        _, singular, directions = np.linalg.svd(apart, full_matrices=False)
        spreads, basis = np.square(singular) / rows, directions.T
    else:
        spreads, basis = np.linalg.eigh(apart.T @ apart / rows)
        spreads, basis = np.maximum(spreads[::-1], 0), basis[:, ::-1]
    mean_spread = max(float(spreads.mean()), 1e-12)
    kept = min(wanted, int((spreads > 1e-6 * mean_spread).sum()))
    scales = (spreads[:kept] / mean_spread + _SHRINKAGE) ** (-_EVENNESS / 2)
    known = basis[:, :kept] * scales
    if kept == wanted:
        return np.asarray(known)
    random = np.random.RandomState(0).standard_normal((length, wanted - kept))
    random -= basis[:, :kept] @ (basis[:, :kept].T @ random)
    others = np.linalg.qr(random)[0] * np.sqrt((length - kept) / (wanted - kept))
    return np.concatenate([known, others * (1 + _SHRINKAGE) ** (-_EVENNESS / 2)], axis=1)


def _readout_basis(readout: np.ndarray, dimensions: int) -> np.ndarray:
    """D x R: the directions in which the classes differ most, scaled by how much they do."""
    apart = readout.astype(np.float64) - readout.mean(axis=0)
    _, singular, directions = np.linalg.svd(apart, full_matrices=False)
    kept = min(dimensions, int((singular > 1e-6 * max(singular[0], 1e-12)).sum()))
    return np.asarray(directions[:kept].T * (singular[:kept] / max(singular[0], 1e-12)) ** _READOUT_POWER)


def _unit_or_zero(rows: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(lengths > 1e-9, lengths, 1), np.float32)
