"""The footage a detector is trained on: films go in, small frames come out, with what is known of their cuts."""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
FILMS = HERE / "films.csv"
MARKS = HERE.parent / "benchmarks" / "marks" / "archive.csv"
# Twice what the network sees, so that a crop of half the picture is still sharp.
WIDTH, HEIGHT = 96, 64
# Shorter stretches make no shot.
_FEWEST_FRAMES = 8


@dataclass(frozen=True, slots=True)
class Footage:
    """One film."""

    name: str
    frames: np.ndarray
    """T x 64 x 96 x 3 uint8 RGB, squeezed."""
    marks: np.ndarray
    """N x 2 int: frames of its transitions, and of what cannot be told, half-open, as marked by eye."""
    likely: np.ndarray
    """T float32: how likely a transition is at each frame, in TransNetV2's opinion."""

    def uncut(self) -> list[np.ndarray]:
        """The stretches between its transitions."""
        edges = [(0, 0), *((int(first), int(end)) for first, end in self.marks), (len(self.frames), len(self.frames))]
        stretches = [self.frames[before[1] : after[0]] for before, after in pairwise(edges)]
        return [stretch for stretch in stretches if len(stretch) >= _FEWEST_FRAMES]


def films_for(use: str) -> list[str]:
    """The names of the archive films that are listed for `train` or `test`."""
    with FILMS.open(newline="", encoding="utf-8") as file:
        return [row["film"] for row in csv.DictReader(file) if row["use"] == use]


def marked() -> dict[str, np.ndarray]:
    """The marks of every archive film that has any: N x 2, in order."""
    found: dict[str, list[tuple[int, int]]] = defaultdict(list)
    with MARKS.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            found[row["film"]].append((int(row["start_frame"]), int(row["end_frame"])))
    return {film: np.array(sorted(ranges)) for film, ranges in found.items()}


def save(films: list[Footage], path: Path) -> None:
    """All films in one file, without pickles."""
    arrays = {
        f"{field}{number}": getattr(film, field)
        for number, film in enumerate(films)
        for field in ("frames", "marks", "likely")
    }
    np.savez(path, names=np.array([film.name for film in films]), **arrays)


def load(path: Path) -> list[Footage]:
    """What `save` wrote."""
    with np.load(path, allow_pickle=False) as file:
        return [
            Footage(str(name), file[f"frames{number}"], file[f"marks{number}"], file[f"likely{number}"])
            for number, name in enumerate(file["names"])
        ]
