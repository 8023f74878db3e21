"""The ways of being alike that are compared, and the libraries in which they look: films go in, rankings come out."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from pathlib import Path

import numpy as np
from plain_likeness import colour_histogram, picture_hash, ranked

import reinterpret
from reinterpret.cues import PRESETS, cue_names
from reinterpret.cues.vectors import together
from reinterpret.embeddings import Film, embed_pictures
from reinterpret.encoders import Encoder
from reinterpret.frames import read_frames
from reinterpret.library import Library
from reinterpret.neighbours import Neighbours, open_neighbours
from reinterpret.queries import parts_of
from reinterpret.shots import Detection
from reinterpret.video import fingerprint

MARKS = Path(__file__).parent / "marks"

# Changes whenever other clips come out of the same seed.
_EDITION = 1
# Pixels that the histogram and the hash are made of: three frames of this size.
_PLAIN_SIZE = (160, 90)
_PLAIN_FRAMES = 3
# Of the frame whose parts are looked for: each is as large as the encoder's frames.
_PART_WIDTH = 576

Target = tuple[str, int]
"""A shot: the fingerprint of its film, and its number."""


@dataclass(frozen=True)
class Query:
    """A shot that others are asked to be like."""

    film: Film
    row: int

    @property
    def target(self) -> Target:
        return self.film.video.fingerprint, self.row


Ranker = Callable[[Sequence[Query], int], list[list[Target]]]
"""The `k` shots of the library that are most like each query, best first."""


class Shelf:
    """A library, its films read once."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._films: dict[str, Film] = {}
        self._by_path = {path: film for path, (film, _) in library.locations().items()}

    @classmethod
    def indexed(cls, paths: Sequence[Path], folder: Path, detection: Detection, jobs: int | None) -> Shelf:
        """With these films, and with whatever has been in the folder before."""
        report = reinterpret.index(list(paths), folder, detection=detection, jobs=jobs)
        for failure in report.failed:
            print(f"{failure.path} is left out: {failure.reason}", file=sys.stderr)
        return cls(Library.open(folder))

    def film(self, name: str) -> Film:
        """By its fingerprint."""
        if name not in self._films:
            self._films[name] = self.library.film(name)
        return self._films[name]

    def at(self, path: Path) -> Film:
        """By its path. Two clips of the same content are one film, which is known by only one of their paths."""
        return self.film(self._by_path.get(path.absolute()) or fingerprint(path))

    @cached_property
    def films(self) -> list[Film]:
        return sorted((self.film(name) for name in self.library.fingerprints()), key=lambda film: film.video.name)

    @cached_property
    def neighbours(self) -> Neighbours:
        return open_neighbours(self.library)


class Work:
    """Where everything is kept that takes long to make."""

    def __init__(self, folder: Path, seed: int, seconds: Fraction, jobs: int | None) -> None:
        self.clips = folder / f"likeness-{_EDITION}-{seed}-{float(seconds):g}"
        self.seed, self.seconds = seed, seconds
        self._libraries = folder / "likeness-libraries" / _code_stamp()
        self._jobs = jobs

    def shelf(self, name: str, paths: Sequence[Path], detection: Detection = Detection()) -> Shelf:  # noqa: B008 - frozen
        """The library of that name, with these films in it."""
        print(f"indexing {name} ...", file=sys.stderr)
        return Shelf.indexed(paths, self._libraries / name, detection, self._jobs)


def _code_stamp() -> str:
    """Changes with the code and the networks that vectors come from, and with the marks that shots come from."""
    digest = hashlib.sha256()
    package = Path(reinterpret.__file__).parent
    files = [package / name for name in ("embeddings.py", "film_table.py", "frames.py", "library.py", "neighbours.py")]
    for folder in ("cues", "encoders", "shots"):
        files += sorted(file for file in (package / folder).rglob("*") if file.suffix in (".py", ".onnx"))
    files += [MARKS / "archive.csv", MARKS / "kinds.csv"]
    for file in files:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


class Plain:
    """Rankings by one vector a shot: what there was before, and what is simpler still. `make` gives a film's rows."""

    def __init__(self, targets: Sequence[Query], make: Callable[[Film], np.ndarray]) -> None:
        self._make, self._made = make, dict[str, np.ndarray]()
        self._targets = [query.target for query in targets]
        self._rows = np.stack([self._row(query) for query in targets])

    def __call__(self, queries: Sequence[Query], k: int) -> list[list[Target]]:
        if not queries:
            return []
        rows = np.stack([self._row(query) for query in queries])
        return [[self._targets[number] for number in order[:k]] for order in ranked(rows, self._rows)]

    def _row(self, query: Query) -> np.ndarray:
        film = query.film.video.fingerprint
        if film not in self._made:
            self._made[film] = self._make(query.film)
        return np.asarray(self._made[film][query.row])


def mean_features(film: Film) -> np.ndarray:
    """What a shot was to the library before there were cues: the direction of the mean of its frames' features."""
    means = np.stack([film.embeddings.of_shot(number)[0].mean(axis=0) for number in range(len(film.shots))])
    return np.asarray(means / np.linalg.norm(means, axis=1, keepdims=True))


class Pixels:
    """Of three frames of every shot: histogram, hash, how far from flat. Kept in a file, as decoding takes its time."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._kept: dict[str, np.ndarray] = {}
        if file.exists():
            with np.load(file) as arrays:
                self._kept = dict(arrays)
        self._size = len(self._kept)

    def histogram(self, film: Film) -> np.ndarray:
        return self._rows(film)[:, :-65]

    def hash(self, film: Film) -> np.ndarray:
        return self._rows(film)[:, -65:-1]

    def deviation(self, film: Film) -> np.ndarray:
        """Of brightness from its mean, from 0 to 0.5: 0 is one flat colour."""
        return self._rows(film)[:, -1]

    def keep(self) -> None:
        """Write what has come anew."""
        if len(self._kept) > self._size:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            partial = self._file.with_suffix(".partial.npz")
            np.savez(partial, **self._kept)  # type: ignore[arg-type]
            partial.replace(self._file)
            self._size = len(self._kept)

    def _rows(self, film: Film) -> np.ndarray:
        shots = film.shots
        name = f"{film.video.fingerprint}-{'-'.join(str(shot.body_start_frame) for shot in shots)}"
        if name not in self._kept:
            places = [Fraction(2 * step + 1, 2 * _PLAIN_FRAMES) for step in range(_PLAIN_FRAMES)]
            instants = [shot.body.start + shot.body.duration * place for shot in shots for place in places]
            width, height = _PLAIN_SIZE
            frames = read_frames(film.video, instants, width=width, height=height).pixels
            by_shot = frames.reshape(len(shots), _PLAIN_FRAMES, height, width, 3)
            self._kept[name] = np.stack([self._row(shot) for shot in by_shot])
        return self._kept[name]

    def _row(self, pictures: np.ndarray) -> np.ndarray:
        deviation = pictures.mean(axis=3).std(axis=(1, 2)).mean() / 255
        return np.concatenate([colour_histogram(pictures), picture_hash(pictures[_PLAIN_FRAMES // 2]), [deviation]])


def by_cues(neighbours: Neighbours, weights: Mapping[str, float]) -> Ranker:
    """Rankings by the library's own search."""

    def rank(queries: Sequence[Query], k: int) -> list[list[Target]]:
        cues = together([query.film.embeddings.cues.rows([query.row]) for query in queries])
        found = neighbours.search(neighbours.query(cues), k, weights=weights)
        return [[(hit.film, hit.shot) for hit in hits] for hits in found]

    return rank


def by_parts(neighbours: Neighbours, encoder: Encoder) -> Ranker:
    """By content, and by the best part of the middle frame, as `search --parts`."""

    def rank(queries: Sequence[Query], k: int) -> list[list[Target]]:
        rankings = []
        for query in queries:
            parts = neighbours.query(embed_pictures(parts_of(_middle_frame(query)), encoder))
            hits = reinterpret.search(neighbours, parts, k=k, weights={"content": 1.0})
            rankings.append([(hit.film, hit.shot) for hit in hits])
        return rankings

    return rank


def _middle_frame(query: Query) -> np.ndarray:
    video, body = query.film.video, query.film.shots[query.row].body
    height = round(_PART_WIDTH * video.display_height / video.display_width)
    return np.asarray(read_frames(video, [body.middle], width=_PART_WIDTH, height=height).pixels[0])


def rankers(archive: Shelf, pixels: Pixels) -> dict[str, Ranker]:
    """All that are compared, by name; each looks among all shots of the archive."""
    targets = [Query(film, number) for film in archive.films for number in range(len(film.shots))]
    return {
        **{name: by_cues(archive.neighbours, PRESETS[name]) for name in [*cue_names(), "balanced"]},
        "plain baseline": Plain(targets, mean_features),
        "colour histogram": Plain(targets, pixels.histogram),
        "perceptual hash": Plain(targets, pixels.hash),
    }
