"""The vectors of many shots, cue by cue: what the stages after this one hand on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reinterpret.cues import CUES, Cue, cue_names
from reinterpret.cues.facts import ShotFacts


@dataclass(frozen=True, slots=True, eq=False)
class CueVectors:
    """What S shots are like."""

    matrices: tuple[np.ndarray, ...]
    """In the order of `CUES`: S x D float32, unit rows. D is the cue's own, or the encoder's."""
    known: np.ndarray
    """S x cues bool: whether the shot tells anything of the cue."""

    def __post_init__(self) -> None:
        count = len(self.known)
        if len(self.matrices) != len(CUES) or self.known.shape != (count, len(CUES)) or self.known.dtype != bool:
            raise ValueError(f"expected a matrix for each of {', '.join(cue_names())}, got {len(self.matrices)}")
        for cue, matrix in zip(CUES, self.matrices, strict=True):
            fits = matrix.ndim == 2 and len(matrix) == count and cue.dimensions in (None, matrix.shape[1])
            if not fits or matrix.dtype != np.float32:
                raise ValueError(f"{cue.name}: expected {count} x {cue.dimensions}, got {matrix.shape} {matrix.dtype}")
            if not np.allclose(np.linalg.norm(matrix, axis=1), 1, atol=1e-3):
                raise ValueError(f"{cue.name}: the vectors of shots must have unit length")

    def __len__(self) -> int:
        return len(self.known)

    def of(self, name: str) -> np.ndarray:
        """The matrix of one cue."""
        return self.matrices[cue_names().index(name)]

    def rows(self, numbers: Sequence[int] | np.ndarray) -> CueVectors:
        """Some of the shots, in this order."""
        chosen = np.asarray(numbers, np.int64)
        return CueVectors(tuple(matrix[chosen] for matrix in self.matrices), self.known[chosen])


def vectors_of(shots: Iterable[ShotFacts], *, cues: Collection[str] | None = None) -> CueVectors:
    """What shots are like, at least one.

    cues: the names of those that are wanted, all by default. The others count as not known, and cost nothing.
    """
    told = [[_told(cue, facts, cues is None or cue.name in cues) for cue in CUES] for facts in shots]
    columns = list(zip(*told, strict=True))
    matrices = tuple(np.stack([vector for vector, _ in column]).astype(np.float32) for column in columns)
    return CueVectors(matrices, np.array([[known for _, known in row] for row in told], bool))


def _told(cue: Cue, facts: ShotFacts, wanted: bool) -> tuple[np.ndarray, bool]:
    if wanted:
        return cue.vector(facts), cue.known(facts)
    nothing = np.zeros(cue.dimensions or facts.frame_vectors.shape[1], np.float32)
    nothing[0] = 1
    return nothing, False


def together(parts: Sequence[CueVectors]) -> CueVectors:
    """The shots of several, one after the other; at least one part."""
    matrices = zip(*(part.matrices for part in parts), strict=True)
    return CueVectors(
        tuple(np.concatenate(of_cue) for of_cue in matrices), np.concatenate([part.known for part in parts])
    )


def shares(weights: Mapping[str, float], known: np.ndarray) -> np.ndarray:
    """What each cue counts for each shot: S x cues float32, rows sum to 1.

    weights: by the names of the cues, from 0 on; cues that are not named weigh nothing. known: S x cues bool. A cue of
    which a shot tells nothing weighs nothing for it, unless it tells nothing of any that weighs something.
    """
    asked = np.array([weights.get(name, 0.0) for name in cue_names()])
    wanted = asked * known
    wanted[wanted.sum(axis=1) <= 0] = asked
    return np.asarray(wanted / wanted.sum(axis=1, keepdims=True), np.float32)
