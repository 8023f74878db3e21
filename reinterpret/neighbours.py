"""Nearest neighbours: the vectors of a library go in, the shots most like a query come out.

The index is a cache: it knows from which films it was built, and is built again when they have changed.
The bookkeeping between rows and shots stays in here.
"""

from __future__ import annotations

import hashlib
import json
import logging
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from reinterpret.errors import LibraryError
from reinterpret.files import renamed_into
from reinterpret.library import Library, ShotColumns

logger = logging.getLogger(__name__)

_VERSION = 1
# Up to here the exact search takes milliseconds; beyond, inverted lists with half-precision vectors
# (faiss wiki, "Guidelines to choose an index").
_EXACT_LIMIT = 1_000_000
_INVERTED_PROBES = 64
# Shots of one flat colour, black and white among them, resemble anything that is dark, bright or empty. What counts
# is that there is nothing to see, not how dark it is: the Earth at night has a mean of 0.03 and a deviation of 0.08.
_NEARLY_FLAT = 0.02


@dataclass(frozen=True, slots=True)
class Hit:
    """A shot of the library and how much it resembles the query: cosine, in [-1, 1]."""

    film: str
    shot: int
    score: float


class Neighbours:
    """The shots of a library as rows of one FAISS index."""

    def __init__(
        self, index: Any, films: list[str], film_rows: np.ndarray, shots: np.ndarray, facts: np.ndarray
    ) -> None:
        """index: of N vectors. films: fingerprints. For each row: which of them, which shot of it, and its facts

        (N x 3 float32: seconds, mean and deviation of luma).
        """
        self._index = index
        self._films = films
        self._film_rows = film_rows
        self._shots = shots
        self._facts = facts
        self._usable = facts[:, 2] > _NEARLY_FLAT
        self._first_row = {film: int(row) for row, film in _first_rows(films, film_rows)}

    def __len__(self) -> int:
        return len(self._shots)

    @property
    def usable_count(self) -> int:
        """Shots that can be suggested: those that are not as good as black, white or empty."""
        return int(self._usable.sum())

    def search(self, queries: np.ndarray, k: int, *, without: frozenset[str] = frozenset()) -> list[list[Hit]]:
        """The `k` shots nearest to each query, best first; fewer if the library has fewer.

        queries: N x D float32, unit rows. without: films left out. Equal scores come in the order of the library,
        so the same question has the same answer.
        """
        allowed = self._usable.copy()
        for film in without:
            if film in self._films:
                allowed &= self._film_rows != self._films.index(film)
        k = min(k, int(allowed.sum()))
        if k == 0 or len(queries) == 0:
            return [[] for _ in range(len(queries))]
        scores, rows = self._index.search(
            np.ascontiguousarray(queries, np.float32), k, params=_only(self._index, allowed)
        )
        return [self._hits(*pair) for pair in zip(scores, rows, strict=True)]

    def vector(self, film: str, shot: int) -> np.ndarray:
        """The vector of a shot: D float32. Raises LibraryError if the index has no such shot."""
        return np.asarray(self._index.reconstruct(self.row(film, shot)), np.float32)

    def seconds(self, film: str, shot: int) -> float:
        """How much of a shot can be used: the length of its body."""
        return float(self._facts[self.row(film, shot), 0])

    def row(self, film: str, shot: int) -> int:
        """Where a shot stands among all. Raises LibraryError."""
        first = self._first_row.get(film)
        row = -1 if first is None else first + shot
        if first is None or not 0 <= row < len(self) or self._films[self._film_rows[row]] != film or shot < 0:
            raise LibraryError(f"the library has no shot {shot} of the film {film}")
        return row

    def clusters(self, count: int, *, size: int) -> list[list[Hit]]:
        """The shots grouped by likeness: for each group the `size` nearest to its middle; the largest group first.

        Spherical k-means with a fixed seed (faiss.Kmeans).
        """
        import faiss

        rows = np.flatnonzero(self._usable)
        if len(rows) == 0:
            raise LibraryError("the library has no shots to group; index some films first")
        vectors = np.stack([self._index.reconstruct(int(row)) for row in rows])
        means = faiss.Kmeans(
            vectors.shape[1],
            min(count, len(rows)),
            niter=50,
            nredo=5,
            spherical=True,
            seed=1,
            min_points_per_centroid=1,
        )
        means.train(vectors)
        likeness = vectors @ np.asarray(means.centroids).T
        groups = likeness.argmax(axis=1)
        found = []
        for group in range(likeness.shape[1]):
            members = np.flatnonzero(groups == group)
            best = members[np.argsort(-likeness[members, group], kind="stable")][:size]
            if len(members):
                found.append((len(members), self._hits(likeness[best, group], rows[best])))
        return [hits for _, hits in sorted(found, key=lambda entry: -entry[0])]

    def _hits(self, scores: np.ndarray, rows: np.ndarray) -> list[Hit]:
        order = sorted((-float(score), int(row)) for score, row in zip(scores, rows, strict=True) if row >= 0)
        return [
            Hit(self._films[self._film_rows[row]], int(self._shots[row]), float(np.clip(-negative, -1, 1)))
            for negative, row in order
        ]


def open_neighbours(library: Library) -> Neighbours:
    """The index over a library, from its cache if that is current, else built again. Raises LibraryError."""
    films = library.fingerprints()
    if not films:
        raise LibraryError(
            f"{library.path}: is empty; index films into it with: reinterpret index FOLDER -L {library.path}"
        )
    stamp = _stamp(library, films)
    found = _read(library.path / "index", stamp)
    if found is not None:
        return found
    built = _build(library, films)
    try:
        _write(built, library.path / "index", stamp)
    except OSError as error:
        # A library on a read-only disk can still be searched, only not as fast.
        logger.warning("%s: the index could not be kept (%s)", library.path, error.strerror)
    return built


def is_current(library: Library) -> bool:
    """Whether the cached index is there, can be read, and was built from the films that are in the library now."""
    films = library.fingerprints()
    return not films or _read(library.path / "index", _stamp(library, films)) is not None


def _stamp(library: Library, films: list[str]) -> str:
    """Changes whenever a film comes, goes or is written again."""
    digest = hashlib.blake2b(f"{_VERSION} {library.encoder_version}".encode(), digest_size=16)
    for film in films:
        status = (library.path / "films" / f"{film}.parquet").stat()
        digest.update(f"{film} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def _build(library: Library, films: list[str]) -> Neighbours:
    kept: list[str] = []
    columns: list[ShotColumns] = []
    for film in films:
        try:
            columns.append(library.columns(film))
            kept.append(film)
        except LibraryError as error:
            logger.warning("left out of the index: %s", error)
    if not kept:
        raise LibraryError(
            f"{library.path}: not one of its films can be read; see: reinterpret verify -L {library.path}"
        )
    counts = [len(column.seconds) for column in columns]
    vectors = np.concatenate([column.content for column in columns])
    facts = [(column.seconds, column.luma_mean, column.luma_deviation) for column in columns]
    return Neighbours(
        build_index(vectors),
        kept,
        np.repeat(np.arange(len(kept), dtype=np.int32), counts),
        np.concatenate([np.arange(count, dtype=np.int32) for count in counts]),
        np.concatenate([np.stack(fact, axis=1) for fact in facts]).astype(np.float32),
    )


def build_index(vectors: np.ndarray) -> Any:
    """A FAISS index over N x D float32 unit rows: exact up to a million, inverted lists beyond."""
    faiss: Any = import_module("faiss")  # its type stubs lack half of what is used here
    dimensions = vectors.shape[1]
    if len(vectors) <= _EXACT_LIMIT:
        index = faiss.IndexFlatIP(dimensions)
    else:
        lists = 1 << int(np.log2(8 * np.sqrt(len(vectors))))
        index = faiss.index_factory(dimensions, f"IVF{lists},SQfp16", faiss.METRIC_INNER_PRODUCT)
        index.train(vectors[:: max(1, len(vectors) // (64 * lists))])
        index.make_direct_map()
        index.nprobe = _INVERTED_PROBES
    index.add(np.ascontiguousarray(vectors, np.float32))
    return index


def _only(index: Any, allowed: np.ndarray) -> Any:
    """Search parameters that leave out rows. allowed: N bool."""
    faiss: Any = import_module("faiss")
    if allowed.all():
        selector = faiss.IDSelectorAll()
    else:
        # A bit a row, the first in the lowest: the fastest of faiss's selectors.
        selector = faiss.IDSelectorBitmap(np.packbits(allowed, bitorder="little"))
    if isinstance(index, faiss.IndexIVF):
        return faiss.SearchParametersIVF(sel=selector, nprobe=_INVERTED_PROBES)
    return faiss.SearchParameters(sel=selector)


def _first_rows(films: list[str], film_rows: np.ndarray) -> list[tuple[int, str]]:
    return [(int(row), films[film]) for film, row in zip(*np.unique(film_rows, return_index=True), strict=True)]


def _write(neighbours: Neighbours, folder: Path, stamp: str) -> None:
    import faiss

    folder.mkdir(exist_ok=True)
    # Files of one build carry its stamp in their names, so that two builders cannot mix theirs.
    with renamed_into(folder / f"{stamp}.faiss") as temporary:
        faiss.write_index(neighbours._index, str(temporary))
    with renamed_into(folder / f"{stamp}.npz") as temporary:
        np.savez(temporary, film_rows=neighbours._film_rows, shots=neighbours._shots, facts=neighbours._facts)
    with renamed_into(folder / "index.json") as temporary:
        temporary.write_text(json.dumps({"stamp": stamp, "films": neighbours._films}), encoding="utf-8")
    for old in folder.iterdir():
        if old.suffix in (".faiss", ".npz") and old.stem != stamp and not old.name.startswith("."):
            old.unlink(missing_ok=True)


def _read(folder: Path, stamp: str) -> Neighbours | None:
    """The cached index, or None if it is missing, damaged or built from other films."""
    try:
        manifest = json.loads((folder / "index.json").read_text(encoding="utf-8"))
        if manifest["stamp"] != stamp:
            return None
        import faiss

        index = faiss.read_index(str(folder / f"{stamp}.faiss"))
        with (folder / f"{stamp}.npz").open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            found = Neighbours(index, manifest["films"], arrays["film_rows"], arrays["shots"], arrays["facts"])
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, EOFError, BadZipFile) as error:
        logger.info("%s: the index will be built again (%s)", folder, error)
        return None
    return found if index.ntotal == len(found) else None
