"""Gathers what the detector `fast` is trained on: the archive's films for training, and TransNetV2's opinion of them.

python training/prepare.py ../shared/media/archive -o out/footage.npz
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from material import HEIGHT, WIDTH, Footage, films_for, marked, save

from reinterpret.frames import Scaler, decode
from reinterpret.shots.scan import SMALL_HEIGHT, SMALL_WIDTH
from reinterpret.shots.transnetv2 import Network, Windows, small_rgb
from reinterpret.video import probe

# Two minutes of any film are enough: one that is long and slow must not outweigh the rest.
_MOST_FRAMES = 1500
# From here on TransNetV2 suspects a transition; what it says of a shorter run is one hard cut.
_SUSPECTED = 0.3
_LONGEST_CUT = 2


def read_film(path: Path, teacher: Network) -> tuple[np.ndarray, np.ndarray]:
    """A film's frames (T x 64 x 96 x 3 uint8 RGB), and how likely a transition is at each (T float32)."""
    video = probe(path)
    scaler = Scaler(WIDTH, HEIGHT, rotation=video.rotation)
    planes = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=video.rotation)
    windows = Windows(teacher)
    frames, said = [], []
    for frame in decode(video):
        if frame.number == _MOST_FRAMES:
            break
        frames.append(scaler.rgb(frame.picture))
        said.append(windows.feed(small_rgb(planes.planes(frame.picture))))
    said.append(windows.finish())
    one, many = (np.concatenate(scores) for scores in zip(*said, strict=True))
    return np.stack(frames), likely_transitions(one, many)


def likely_transitions(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """TransNetV2's scores as ours are meant: at a hard cut, the first frame of the new shot alone.

    one: T, peaks on the last frame of the old shot. many: T, high on all frames of a transition.
    """
    either = np.maximum(one, many)
    likely = either.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], either > _SUSPECTED, [False]])))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        if end - first <= _LONGEST_CUT:
            last_of_old = first + int(np.argmax(one[first:end]))
            likely[max(0, last_of_old - 1) : last_of_old + 3] = 0
            likely[min(last_of_old + 1, len(likely) - 1)] = either[last_of_old]
    return likely.astype(np.float32)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="the folder of the films named in training/films.csv")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    marks, teacher = marked(), Network()
    films = []
    for name in films_for("train"):
        frames, likely = read_film(arguments.archive / name, teacher)
        ranges = marks.get(name, np.empty((0, 2), int))
        films.append(Footage(name, frames, np.minimum(ranges, len(frames)), likely))
        print(f"{name}: {len(frames)} frames, {len(ranges)} marks, {(likely > 0.5).sum()} frames suspected", flush=True)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    save(films, arguments.output)


if __name__ == "__main__":
    main()
