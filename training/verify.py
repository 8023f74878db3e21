"""Trains what the detector `fast` makes of its doubts: a network that looks again, and how much its word counts.

    python training/doubts.py out/footage.npz -o out/doubts-0.npz
    python training/doubts.py out/footage.npz -o out/doubts-1.npz --seed 1
    PYTHONPATH=benchmarks python training/verify.py out/doubts-0.npz out/doubts-1.npz \\
        --archive ../shared/media/archive --work out/films -o reinterpret/shots/verification.onnx

The network learns from doubts about windows that were never encoded. How much its word counts beside the score of the
network that found the cut is then fitted on films: edited of the footage for training, as the benchmark edits its own
of the footage for testing, with other seeds. It prints the lines for reinterpret/shots/verification.py. Everything that
is drawn by lot is drawn from --seed. An hour on two cores, 6 GB of memory, and 250 kB of disk for each doubt: 30 GB.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import onnx_file
import torch
from annotations import Mark, MarkedFilm
from doubts import Known, Labels
from edited_films import edited_films
from footage import footage_for
from material import FILMS, MARKS
from scipy.optimize import minimize
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from verifier import VerificationNetwork, varied

from reinterpret.frames import Scaler, decode
from reinterpret.shots.fast import FastDetector, stride_at
from reinterpret.shots.scan import SMALL_HEIGHT, SMALL_WIDTH
from reinterpret.shots.verification import (
    HEIGHT,
    VIEW_PLANES,
    WIDTH,
    Evidence,
    Verifier,
    doubtful,
    view,
)
from reinterpret.video import probe

_BATCH = 64
# What the network was certain of teaches less; and what is labelled may be wrong now and then.
_CERTAIN_WEIGHT, _SURE = 0.4, 0.98
# The last of them are not learnt from, to see how it goes.
_KEPT_SHARE = 1 / 12
_SEEDS = (101, 102, 103, 104, 105, 106, 107)
# So close to what is gradual a cut is a matter of opinion.
_APART_FRAMES = 2
_RIDGE = 0.01


# The network


class Views(Dataset[np.ndarray]):
    """Every view as it is, and behind them every view as it is when the film runs backwards: 48 x 72 x 36 int8."""

    def __init__(self, doubts: Known) -> None:
        self.doubts = doubts

    def __len__(self) -> int:
        return 2 * len(self.doubts.cut)

    def __getitem__(self, place: int) -> np.ndarray:
        backwards, number = divmod(place, len(self.doubts.cut))
        step = -1 if backwards else 1
        planes = view(list(self.doubts.luma[number][::step]), self.doubts.chroma[number][::step])
        return planes.transpose(1, 2, 0)


def made(paths: Sequence[Path], output: Path) -> tuple[Labels, np.ndarray]:
    """Views of all doubts in these files, kept in another, as memory is too small: 2 x N x 48 x 72 x 36 int8."""
    cv2.setNumThreads(1)  # here, as those who are begun with OpenCV's threads under way wait for them without end
    doubts = Known.load(*paths)
    views = Views(doubts)
    kept = np.lib.format.open_memmap(output, "w+", np.int8, (len(views), HEIGHT, WIDTH, VIEW_PLANES))
    at = 0
    for batch in DataLoader(views, 4 * _BATCH, num_workers=2):
        kept[at : at + len(batch)] = batch.numpy()
        at += len(batch)
    return doubts.labels, kept.reshape(2, -1, *kept.shape[1:])


def learn(labels: Labels, views: np.ndarray, epochs: int, rate: float, seed: int) -> VerificationNetwork:
    """The network, after so many times through all of them, each forwards and backwards in turn."""
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    count = round(len(labels.cut) * (1 - _KEPT_SHARE))
    kept = Labels(*(column[count:] for column in labels))
    network = VerificationNetwork().to(memory_format=torch.channels_last)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.02)
    batch = min(_BATCH, count)
    steps = count // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=epochs * steps, pct_start=0.1)
    cut = torch.from_numpy(labels.cut.astype(np.float32)) * (2 * _SURE - 1) + (1 - _SURE)
    weights = torch.from_numpy(np.where(labels.doubtful, 1, _CERTAIN_WEIGHT).astype(np.float32))
    begun = time.monotonic()
    for epoch in range(epochs):
        network.train()
        losses = []
        drawn = random.permutation(count)[: steps * batch].reshape(steps, batch)
        for numbers, seen in zip(drawn, _read_ahead(views, (drawn + epoch) % 2, drawn), strict=True):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = network.logits(varied(seen))
            entropy = functional.binary_cross_entropy_with_logits(logits.float(), cut[numbers], reduction="none")
            loss = (entropy * weights[numbers]).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            losses.append(float(loss.detach()))
        wrong, alone = judged(network, kept, views[:, count:])
        print(
            f"epoch {epoch + 1}/{epochs}  loss {np.mean(losses):.4f}  wrong {wrong:.1%}, by the score {alone:.1%}  "
            f"{time.monotonic() - begun:.0f} s",
            flush=True,
        )
    return network.eval()


def _read_ahead(views: np.ndarray, directions: np.ndarray, drawn: np.ndarray) -> Iterator[torch.Tensor]:
    """Batch after batch of views, the next one read while the last is learnt from: the disk is as slow as learning."""
    with ThreadPoolExecutor(1) as reader:
        coming = (reader.submit(lambda at: views[at], at) for at in zip(directions, drawn, strict=True))
        following = next(coming)
        for upcoming in coming:
            ready, following = following, upcoming
            yield torch.from_numpy(ready.result())
        yield torch.from_numpy(following.result())


def judged(network: VerificationNetwork, labels: Labels, views: np.ndarray) -> tuple[float, float]:
    """The share of doubts that are decided wrong: by the network, and by the score that was there before."""
    network.eval()
    logits = np.zeros(len(labels.cut))
    with torch.no_grad():
        for first in range(0, len(logits), _BATCH):
            for direction in views[:, first : first + _BATCH]:
                seen = torch.from_numpy(direction).permute(0, 3, 1, 2)
                logits[first : first + _BATCH] += network(seen).numpy() / 2
    asked, cut = labels.doubtful, labels.cut
    return float(np.mean((logits > 0) != cut, where=asked)), float(np.mean((labels.score > 0.5) != cut, where=asked))


def export(network: VerificationNetwork, path: Path, facts: dict[str, str]) -> None:
    """ONNX: `views` N x 36 x 48 x 72 int8 in, `logits` N float32 out."""
    example = torch.zeros(1, VIEW_PLANES, HEIGHT, WIDTH, dtype=torch.int8)
    onnx_file.write(network, path, example, ("views", "logits"), (0, "count"), facts)


# Its word


class Witness(Verifier):
    """Writes down the evidence and decides nothing."""

    def __init__(self, weights: Path) -> None:
        super().__init__(weights)
        self.seen: list[tuple[int, Evidence]] = []
        """Frame, of those that the network was shown, and what there is to say about it."""
        self._before = 0

    def verified(
        self, cut: np.ndarray, luma: Sequence[np.ndarray], chroma: np.ndarray, first: int, end: int
    ) -> np.ndarray:
        for number in doubtful(cut, first, end):
            self.seen.append((self._before + number - first, self.evidence(cut, luma, chroma, number)))
        self._before += end - first
        return cut


def told_of(film: MarkedFilm, weights: Path) -> list[tuple[Evidence, bool]]:
    """All doubts about a film, and whether there is a cut; without those that nobody could decide."""
    video = probe(film.path)
    scaler = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
    witness = Witness(weights)
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


def weigh(weights: Path, archive: Path, work: Path) -> tuple[float, np.ndarray]:
    """Bias and weights of what there is to say about doubts, from films of the seeds above."""
    footage = footage_for("train", FILMS, archive, MARKS)
    told: list[tuple[Evidence, bool]] = []
    groups: list[int] = []
    for seed in _SEEDS:
        for film in edited_films(work, seed=seed, footage=footage):
            told += (new := told_of(film, weights))
            groups += [seed] * len(new)
        print(f"seed {seed}: {len(told)} doubts, {sum(cut for _, cut in told)} cuts", flush=True)
    evidence, cut, seeds = np.array([one for one, _ in told]), np.array([one for _, one in told]), np.array(groups)
    errors = []
    for seed in _SEEDS:
        bias, factors = fit(evidence[seeds != seed], cut[seeds != seed])
        errors.append((evidence[seeds == seed] @ factors + bias > 0) != cut[seeds == seed])
    alone, looked = ((evidence[:, column] > 0) != cut for column in range(2))
    print(
        f"wrong: {alone.sum()} by the score alone, {looked.sum()} by the look alone, {np.concatenate(errors).sum()} by "
        f"all (each seed by what the others taught)"
    )
    return fit(evidence, cut)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("doubts", type=Path, nargs="+", help="what doubts.py wrote")
    parser.add_argument("--archive", type=Path, required=True, help="the folder with the films that films.csv names")
    parser.add_argument("--work", type=Path, required=True, help="for films, 1 GB, and for a while for views")
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--only-weigh", action="store_true", help="with the network that --output already is")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if not arguments.only_weigh:
        chosen = {name: getattr(arguments, name) for name in ("epochs", "rate", "seed")}
        arguments.work.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
            labels, views = made(arguments.doubts, Path(folder) / "views.npy")
            network = learn(labels, views, **chosen)
        arguments.output.parent.mkdir(parents=True, exist_ok=True)
        export(network, arguments.output, {"training": json.dumps(chosen), "doubts": str(len(labels.cut))})
    bias, weights = weigh(arguments.output, arguments.archive, arguments.work)
    print(f"_BIAS = {bias:.2f}\n_WEIGHTS = Evidence({', '.join(f'{weight:.2f}' for weight in weights)})")


if __name__ == "__main__":
    main()
