"""Fits what the detector `fast` makes of its doubts: how much the network's word counts, and how much the picture's.

    python training/verify.py ../shared/media/archive --work out/films

Films are edited of the footage for training, as the benchmark edits its own of the footage for testing, with other
seeds. Where the network is in doubt about a cut, the evidence is written down, with whether there is one. It prints the
lines for reinterpret/shots/verification.py.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from annotations import Mark, MarkedFilm
from edited_films import edited_films
from footage import footage_for
from material import FILMS, MARKS
from scipy.optimize import minimize

from reinterpret.frames import Scaler, decode
from reinterpret.shots.fast import FastDetector, stride_at
from reinterpret.shots.scan import SMALL_HEIGHT, SMALL_WIDTH
from reinterpret.shots.verification import Evidence, Verifier, doubtful
from reinterpret.video import probe

_SEEDS = (101, 102, 103, 104, 105, 106, 107)
# So close to what is gradual a cut is a matter of opinion.
_APART_FRAMES = 2
_RIDGE = 0.01


class Witness(Verifier):
    """Writes down the evidence and decides nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[int, Evidence]] = []
        """Frame, of those that the network was shown, and what there is to say about it."""
        self._before = 0

    def verified(self, cut: np.ndarray, pictures: Sequence[np.ndarray], first: int, end: int) -> np.ndarray:
        for number in doubtful(cut, first, end):
            self.seen.append((self._before + number - first, self.evidence(cut, pictures, number)))
        self._before += end - first
        return cut


def doubts(film: MarkedFilm) -> list[tuple[Evidence, bool]]:
    """All doubts about a film, and whether there is a cut; without those that nobody could decide."""
    video = probe(film.path)
    scaler = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
    witness = Witness()
    detector = FastDetector(video.frame_rate, 0.5, witness)
    for frame in decode(video):
        detector.feed(frame.number, scaler.planes(frame.picture))
    detector.finish()
    told = [(evidence, _is_cut(film.marks, number, stride_at(video.frame_rate))) for number, evidence in witness.seen]
    return [(evidence, cut) for evidence, cut in told if cut is not None]


def _is_cut(marks: Sequence[Mark], number: int, stride: int) -> bool | None:
    """number: of the frames that the network was shown, each `stride` of the film's. None: cannot be told."""
    frame, apart = number * stride, _APART_FRAMES * stride
    if any(m.transition != "cut" and m.start_frame - apart <= frame <= m.end_frame + apart for m in marks):
        return None
    return any(m.transition == "cut" and frame - stride < m.start_frame <= frame for m in marks)


def fit(evidence: np.ndarray, cut: np.ndarray) -> tuple[float, np.ndarray]:
    """Bias and weights of a logistic regression with a ridge. evidence: N x M. cut: N of 0 and 1."""
    mean, spread = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    values = (evidence - mean) / spread

    def cost(parameters: np.ndarray) -> float:
        logits = values @ parameters[1:] + parameters[0]
        entropy = (np.logaddexp(0, logits) - cut * logits).mean()
        return float(entropy + _RIDGE / 2 * (parameters[1:] ** 2).sum())

    found = minimize(cost, np.zeros(evidence.shape[1] + 1), method="BFGS").x
    weights = found[1:] / spread
    return float(found[0] - weights @ mean), weights


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="the folder with the films that films.csv names")
    parser.add_argument("--work", type=Path, required=True, help="where the edited films are kept: 1 GB")
    arguments = parser.parse_args()
    footage = footage_for("train", FILMS, arguments.archive, MARKS)
    told: list[tuple[Evidence, bool]] = []
    errors, groups = [], []
    for seed in _SEEDS:
        for film in edited_films(arguments.work, seed=seed, footage=footage):
            told += (new := doubts(film))
            groups += [seed] * len(new)
        print(f"seed {seed}: {len(told)} doubts, {sum(cut for _, cut in told)} cuts", flush=True)
    evidence, cut, seeds = np.array([one for one, _ in told]), np.array([one for _, one in told]), np.array(groups)
    for seed in _SEEDS:
        bias, weights = fit(evidence[seeds != seed], cut[seeds != seed])
        errors.append((evidence[seeds == seed] @ weights + bias > 0) != cut[seeds == seed])
    alone = (evidence[:, 0] > 0) != cut
    print(
        f"wrong: {alone.sum()} by the score alone, {np.concatenate(errors).sum()} with the rest (other seeds' weights)"
    )
    bias, weights = fit(evidence, cut)
    print(f"_BIAS = {bias:.2f}\n_WEIGHTS = Evidence({', '.join(f'{weight:.2f}' for weight in weights)})")


if __name__ == "__main__":
    main()
