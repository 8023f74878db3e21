"""Where the network doubts: footage goes in, ten frames around each doubt come out, with whether there is a cut.

    python training/doubts.py out/footage.npz -o out/doubts.npz

Windows are made as for the network, but larger, and the network that is in the package says what it thinks of them.
Beside its doubts some certainties are kept: of cuts, of where most changes without one, and of nothing at all.
Everything that is drawn by lot is drawn from --seed. A quarter of an hour on two cores.
"""

from __future__ import annotations

import argparse
import itertools
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from material import Footage, load
from synthesis import make_window
from torch.utils.data import DataLoader, IterableDataset
from train import WINDOW_FRAMES
from windows import CUT, SIZE, fold, luma_of

from reinterpret.shots.fast import network_scores
from reinterpret.shots.verification import HEIGHT, WIDTH, around

# A little wider than what is verified: what scores 0.03 in one film scores 0.06 in the next.
_LEAST_DOUBTFUL, _MOST_DOUBTFUL = 0.02, 0.98
# As near as this to a window's ends too little is seen; further in, the last frame stands for those behind it, as it
# does at the ends of a film.
_LEAST_BESIDE = 3
_TOLD_EVERY = 5000


class Doubt(NamedTuple):
    """What can be known about one frame, and whether it is the first of a new shot."""

    luma: np.ndarray
    """10 x 48 x 72 uint8: of the frames that are looked at."""
    chroma: np.ndarray
    """10 x 2 x 16 x 24 uint8: of the same frames."""
    score: float
    """The network's, 0 to 1."""
    cut: bool
    doubtful: bool
    """Whether the network was in doubt; else it is kept for comparison."""


class Labels(NamedTuple):
    """What is known about N frames without their pictures: columns of `Doubt`."""

    score: np.ndarray
    cut: np.ndarray
    doubtful: np.ndarray


class Known(NamedTuple):
    """The same of N frames, with them."""

    luma: np.ndarray
    chroma: np.ndarray
    score: np.ndarray
    cut: np.ndarray
    doubtful: np.ndarray

    @classmethod
    def load(cls, *paths: Path) -> Known:
        """One after the other, what `main` wrote to each."""
        with ExitStack() as opened:
            files = [opened.enter_context(np.load(path, allow_pickle=False)) for path in paths]
            return cls(*(np.concatenate([file[name] for file in files]) for name in cls._fields))

    @property
    def labels(self) -> Labels:
        return Labels(self.score, self.cut, self.doubtful)


class Doubts(IterableDataset[Doubt]):
    """Endless doubts about windows drawn from (seed, worker)."""

    def __init__(self, footage: list[Footage], seed: int) -> None:
        self.clips = [stretch for film in footage for stretch in film.uncut()]
        self.seed = seed

    def __iter__(self) -> Iterator[Doubt]:
        information = torch.utils.data.get_worker_info()
        random = np.random.default_rng((self.seed, information.id if information else 0))
        cv2.setNumThreads(1)
        while True:
            yield from doubts_in_window(random, self.clips)


def doubts_in_window(random: np.random.Generator, clips: list[np.ndarray]) -> Iterator[Doubt]:
    """What one window has to teach."""
    window = make_window(random, clips, WINDOW_FRAMES, (HEIGHT, WIDTH))
    rows, columns = SIZE
    luma = luma_of(window.frames)
    tiny = fold(np.stack([cv2.resize(one, (columns, rows), interpolation=cv2.INTER_AREA) for one in window.frames]))
    scores = network_scores(tiny)[:, 1]
    cut = window.labels == CUT
    peak = (scores > np.r_[0, scores[:-1]]) & (scores >= np.r_[scores[1:], 0])
    sure = scores > _MOST_DOUBTFUL
    doubtful = (peak & ~sure & (scores >= _LEAST_DOUBTFUL)) | (cut & ~sure)
    change = np.r_[0, np.abs(np.diff(luma.astype(np.int16), axis=0)).mean(axis=(1, 2))]
    certain = [random.permutation(np.flatnonzero(cut & sure))[:1]]
    rest = np.flatnonzero(~cut & ~doubtful)
    if len(rest):
        certain += [rest[[np.argmax(change[rest] * random.uniform(0.5, 1, len(rest)))]], random.choice(rest, 1)]
    for number in [*np.flatnonzero(doubtful), *np.unique(np.concatenate(certain))]:
        if _LEAST_BESIDE <= number <= WINDOW_FRAMES - _LEAST_BESIDE and window.weights[number] > 0:
            places = around(number, WINDOW_FRAMES)
            yield Doubt(
                luma[places], tiny[places, 4:], float(scores[number]), bool(cut[number]), bool(doubtful[number])
            )


def _as_it_is(doubt: Any) -> Any:
    return doubt


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("footage", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True, help="takes 42 kB for each, uncompressed")
    parser.add_argument("--count", type=int, default=60000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    doubts = Doubts(load(arguments.footage), arguments.seed)
    source = DataLoader(doubts, batch_size=None, num_workers=2, prefetch_factor=64, collate_fn=_as_it_is)
    begun, kept = time.monotonic(), []
    for doubt in itertools.islice(source, arguments.count):
        kept.append(doubt)
        if len(kept) % _TOLD_EVERY == 0:
            print(f"{len(kept)}/{arguments.count}  {time.monotonic() - begun:.0f} s", flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    known = Known(*(np.stack(column) for column in zip(*kept, strict=True)))
    np.savez(arguments.output, **known._asdict())
    asked = known.doubtful
    print(f"{asked.sum()} doubts, {(asked & known.cut).sum()} of them cuts, and {(~asked).sum()} certainties")


if __name__ == "__main__":
    main()
