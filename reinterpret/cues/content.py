"""The cue `content`: what is to be seen, as the encoder tells it."""

from __future__ import annotations

import numpy as np


def content(frame_vectors: np.ndarray) -> np.ndarray:
    """The direction of the mean of a shot's frame vectors.

    frame_vectors: N x D, unit rows, N >= 1. Returns D float32, unit length.
    """
    mean = frame_vectors.astype(np.float32).mean(axis=0)
    length = float(np.linalg.norm(mean))
    # Unit vectors of ReLU features never cancel out, but an encoder of another kind's might.
    return np.asarray(mean / length if length > 1e-6 else frame_vectors[0], np.float32)
