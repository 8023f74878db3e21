"""Trains the detector `fast` and writes its weights.

    python training/prepare.py ../shared/media/archive -o out/footage.npz
    python training/train.py out/footage.npz -o reinterpret/shots/fast.onnx

Everything that is drawn by lot is drawn from --seed. Under an hour on two cores.
"""

from __future__ import annotations

import argparse
import itertools
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx_file
import torch
from material import Footage, load
from network import CLASSES, COLUMNS, PLANES, ROWS, CutNetwork, measure
from synthesis import make_window
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset
from windows import CUT, NONE, fold

WINDOW_FRAMES = 128
# A cut is one frame among dozens; without weight the network would rather be silent.
_CLASS_WEIGHTS = (1.0, 2.0, 1.0, 1.0, 1.0)
# What begins or ends outside the window can only be guessed.
_EDGE_FRAMES, _EDGE_WEIGHT = 6, 0.3
_AVERAGED = 0.998
_SAVED_EVERY = 250
_MEASURED_BATCHES = 150
# Each synthetic window is used in both directions of time: making it takes as long as learning from it.
_REAL_SHARE = 0.12


@dataclass(frozen=True)
class Sample:
    """planes: T x 6 x 16 x 24 uint8. targets: T x 5 float32 (what is left of 1 is 'any transition'). weights: T."""

    planes: np.ndarray
    targets: np.ndarray
    weights: np.ndarray


class Windows(IterableDataset[tuple[np.ndarray, Tensor, np.ndarray, np.ndarray]]):
    """Endless windows drawn from (seed, worker): planes, what `measure` says of them, targets, weights."""

    def __init__(self, footage: list[Footage], seed: int) -> None:
        self.films = footage
        self.clips = [stretch for film in footage for stretch in film.uncut()]
        self.seed = seed

    def __iter__(self) -> Iterator[tuple[np.ndarray, Tensor, np.ndarray, np.ndarray]]:
        information = torch.utils.data.get_worker_info()
        random = np.random.default_rng((self.seed, information.id if information else 0))
        while True:
            if random.random() < _REAL_SHARE:
                made = [real_window(random, self.films)]
            else:
                made = synthetic_windows(random, self.clips)
            for sample in made:
                measured = measure(torch.from_numpy(sample.planes)[None].float() / 255)[0]
                yield sample.planes, measured, sample.targets, sample.weights


def synthetic_windows(random: np.random.Generator, clips: list[np.ndarray]) -> list[Sample]:
    """A window forwards and backwards."""
    window = make_window(random, clips, WINDOW_FRAMES)
    planes = fold(window.frames)
    backwards = window.labels[::-1].copy()
    backwards[backwards == CUT] = NONE
    cuts = WINDOW_FRAMES - np.flatnonzero(window.labels == CUT)
    backwards[cuts[cuts < WINDOW_FRAMES]] = CUT
    lowered = window.weights[::-1].copy()
    return [
        Sample(planes, np.eye(CLASSES, dtype=np.float32)[window.labels], window.weights),
        Sample(planes[::-1].copy(), np.eye(CLASSES, dtype=np.float32)[backwards], lowered),
    ]


def real_window(random: np.random.Generator, films: list[Footage]) -> Sample:
    """A stretch of a real film, with TransNetV2's opinion of it."""
    lengths = np.array([len(film.frames) for film in films], float)
    film = films[int(random.choice(len(films), p=lengths / lengths.sum()))]
    first = int(random.integers(0, max(1, len(film.frames) - WINDOW_FRAMES + 1)))
    numbers = np.minimum(first + np.arange(WINDOW_FRAMES), len(film.frames) - 1)
    frames = film.frames[numbers, ::2, ::2].astype(np.float32) / 2 + film.frames[numbers, 1::2, 1::2] / np.float32(2)
    if random.random() < 0.5:
        frames = frames[:, :, ::-1]
    if random.random() < 0.3:
        frames = np.repeat(frames.mean(axis=3, keepdims=True), 3, axis=3)
    frames = np.clip(frames * 2 ** random.normal(0, 0.3), 0, 255)
    nothing = 1 - film.likely[numbers]
    targets = np.zeros((WINDOW_FRAMES, CLASSES), np.float32)
    targets[:, NONE] = nothing
    return Sample(fold(frames), targets, np.ones(WINDOW_FRAMES, np.float32))


def loss_of(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Cross entropy; where the targets leave something of 1, that much is 'some transition, whichever'."""
    logged = functional.log_softmax(logits, dim=-1)
    some = torch.logsumexp(logged[..., 1:], dim=-1)
    left = (1 - targets.sum(-1)).clamp(min=0)
    costs = targets.new_tensor(_CLASS_WEIGHTS)
    entropy = -(targets * logged * costs).sum(-1) - left * some * costs[1]
    edge = torch.ones(logits.shape[1])
    edge[:_EDGE_FRAMES] = edge[-_EDGE_FRAMES:] = _EDGE_WEIGHT
    weights = weights * edge
    return (entropy * weights).sum() / weights.sum()


def train(
    network: CutNetwork,
    footage: list[Footage],
    weights_path: Path,
    *,
    steps: int,
    batch: int,
    rate: float,
    seed: int,
) -> CutNetwork:
    """The network, its weights averaged over the last steps; they are saved now and then."""
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(_AVERAGED)
    averaged = torch.optim.swa_utils.AveragedModel(network, multi_avg_fn=averaging)
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps, pct_start=0.1)
    windows = DataLoader(Windows(footage, seed), batch_size=batch, num_workers=2, prefetch_factor=8)
    weights_path.parent.mkdir(parents=True, exist_ok=True)
    begun, running = time.monotonic(), 0.0
    for step, (planes, measured, targets, weights) in zip(range(1, steps + 1), windows, strict=False):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            logits = network(planes, measured)
        loss = loss_of(logits.float(), targets, weights)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        averaged.update_parameters(network)
        running += (float(loss.detach()) - running) * max(0.02, 1 / step)
        if step % 50 == 0 or step == steps:
            print(f"step {step}/{steps}  loss {running:.4f}  {time.monotonic() - begun:.0f} s", flush=True)
        if step % _SAVED_EVERY == 0:
            torch.save(averaged.module.state_dict(), weights_path)
    trained = averaged.module
    assert isinstance(trained, CutNetwork)
    # What the layers measured was measured by other weights than these.
    batches = itertools.islice(windows, _MEASURED_BATCHES)
    torch.optim.swa_utils.update_bn((planes for planes, *_ in batches), trained)
    return trained.eval()


def export(network: CutNetwork, path: Path, facts: dict[str, str]) -> None:
    """ONNX: `frames` 1 x T x 6 x 16 x 24 uint8 in, `scores` 1 x T x 5 float32 (each row sums to 1) out."""

    class Scores(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, frames: Tensor) -> Tensor:
            return torch.softmax(self.network(frames), dim=-1)

    example = torch.zeros(1, 160, PLANES, ROWS, COLUMNS, dtype=torch.uint8)
    onnx_file.write(Scores(), path, example, ("frames", "scores"), (1, "time"), facts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("footage", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--go-on", type=Path, metavar="FILE.pt", help="begin with these weights, not with any")
    parser.add_argument("--steps", type=int, default=10500)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rate", type=float, default=3e-3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    # A second thread waits for the first more than it helps, and making the windows takes more than learning from them.
    torch.set_num_threads(1)
    footage = load(arguments.footage)
    chosen = {name: getattr(arguments, name) for name in ("steps", "batch", "rate", "seed")}
    weights_path = arguments.output.with_suffix(".pt")
    torch.manual_seed(arguments.seed)
    network = CutNetwork().to(memory_format=torch.channels_last)
    if arguments.go_on is not None:
        network.load_state_dict(torch.load(arguments.go_on, weights_only=True))
    network = train(network, footage, weights_path, **chosen)
    torch.save(network.state_dict(), weights_path)
    export(network, arguments.output, {"training": json.dumps(chosen), "films": str(len(footage))})


if __name__ == "__main__":
    main()
