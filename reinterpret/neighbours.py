"""Nearest neighbours: the vectors of a library go in, the shots most like a query come out.

The index is a cache: it knows from which films it was built, and is built again when they have changed.
The bookkeeping between rows and shots stays in here.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from reinterpret.cues import CUES, cue_names
from reinterpret.cues.content import Whitening, fit_whitening
from reinterpret.cues.lettering_table import LetteringTable
from reinterpret.cues.reasons import CueScore
from reinterpret.cues.vectors import CueVectors, shares, together
from reinterpret.errors import LibraryError
from reinterpret.files import renamed_into
from reinterpret.film_table import ShotColumns
from reinterpret.library import Library

logger = logging.getLogger(__name__)

_VERSION = 4
# Up to here the exact search takes milliseconds; beyond, inverted lists with half-precision vectors
# (faiss wiki, "Guidelines to choose an index").
_EXACT_LIMIT = 1_000_000
_INVERTED_PROBES = 64
# A stretch that is shorter by less than this is long enough.
_ROUNDING_SECONDS = 1e-3
# Of so many pairs of shots it is measured how alike any two are.
_PAIRS = 4000
# What nobody wants as a match unless it is asked for: words, and pictures that wait for others.
TEXT_KINDS = frozenset({"title", "lettering", "counter", "plate"})
# What resembles anything that is dark, bright or empty, and what is no footage, is never suggested.
SUGGESTED_KINDS = frozenset({"scene"}) | TEXT_KINDS


@dataclass(frozen=True, slots=True)
class Hit:
    """A shot of the library and how much it resembles the query."""

    film: str
    shot: int
    score: float
    """In [-1, 1]: the mean of the cosines of its cues, by weight."""


@dataclass(frozen=True, slots=True, eq=False)
class Query:
    """What is looked for, as the index of one library sees it. Made by `Neighbours.query` and `query_of_shot`."""

    vectors: np.ndarray
    """N x D float32: the unit vectors of all cues, side by side."""
    known: np.ndarray
    """N x cues bool."""
    emphasis: Mapping[str, float] = field(default_factory=dict)
    """What cues count beyond their weights, by name: what somebody has said counts more than what is only there."""
    titles: bool = False
    """Whether title cards alone are asked for."""
    text_ok: bool = False
    """Whether shots of `TEXT_KINDS` may be found too: it was said so, or what is looked for is one itself."""

    def __len__(self) -> int:
        return len(self.known)

    def row(self, number: int) -> Query:
        """One of them."""
        return replace(self, vectors=self.vectors[number : number + 1], known=self.known[number : number + 1])

    def rows(self, numbers: Sequence[int]) -> Query:
        """Some of them, in this order."""
        chosen = np.asarray(numbers, np.int64)
        return replace(self, vectors=self.vectors[chosen], known=self.known[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class ShotTable:
    """Facts about the N shots of an index, a row a shot."""

    film_rows: np.ndarray
    """N int32: the number of the film."""
    shots: np.ndarray
    """N int32: the number of the shot in its film."""
    seconds: np.ndarray
    """N float32: how long the body is."""
    suggested: np.ndarray
    """N bool: whether it shows anything, see `SUGGESTED_KINDS`."""
    footage: np.ndarray
    """N bool: whether it is suggested without being asked for, see `TEXT_KINDS`."""
    titles: np.ndarray
    """N bool: whether that is words on an even ground."""
    known: np.ndarray
    """N x cues bool."""
    usual: np.ndarray
    """2 x cues float32, not a row a shot: mean and standard deviation of the cosine of any two."""

    def arrays(self) -> dict[str, np.ndarray]:
        """Its fields by name, as numpy saves them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


class Neighbours:
    """The shots of a library as rows of one FAISS index."""

    def __init__(
        self, index: Any, films: list[str], table: ShotTable, whitening: Whitening, lettering: LetteringTable
    ) -> None:
        """index: of N rows of D numbers. films: fingerprints. whitening: of the cue content. lettering: N rows."""
        self._index = index
        self._films = films
        self._film_numbers = {film: number for number, film in enumerate(films)}
        self._table = table
        self._whitening = whitening
        self._lettering = lettering
        self._parts = _parts(whitening)
        first_rows = zip(*np.unique(table.film_rows, return_index=True), strict=True)
        self._first_row = {films[film]: int(row) for film, row in first_rows}

    def __len__(self) -> int:
        return len(self._table.shots)

    def __contains__(self, film: str) -> bool:
        return film in self._first_row

    @property
    def parts(self) -> list[slice]:
        """Where in a row each cue is, in the order of `CUES`."""
        return list(self._parts)

    @property
    def usable_count(self) -> int:
        """Shots that are suggested without being asked for: no lettering, and not as good as black, white or empty."""
        return int(self._table.footage.sum())

    def suggested(self) -> list[Hit]:
        """Every shot that can be suggested, also those of words, in the order of the library.

        Its score is that with itself.
        """
        rows = np.flatnonzero(self._table.suggested)
        return [Hit(self._films[self._table.film_rows[row]], int(self._table.shots[row]), 1.0) for row in rows]

    def query(self, cues: CueVectors) -> Query:
        """What shots, or pictures, of any film are like, as this library sees it."""
        return Query(_side_by_side(cues, self._whitening), cues.known)

    def query_of_shot(self, film: str, shot: int) -> Query:
        """A shot of the library. Raises LibraryError if the index has no such shot."""
        row = self.row(film, shot)
        vectors, known = self._index.reconstruct(row)[None], self._table.known[row : row + 1]
        return Query(vectors, known, text_ok=self.is_text(film, shot))

    def query_of_reading(self, weights: np.ndarray) -> Query:
        """Shots of which a linear reading of the encoder's vectors is high, such as a class of its classifier.

        weights: N x D, what each number of such a vector counts. Of the N queries only content is known.
        """
        vectors = np.zeros((len(weights), self._parts[-1].stop), np.float32)
        vectors[:, self._parts[0]] = self._whitening.reading(weights)
        known = np.zeros((len(weights), len(CUES)), bool)
        known[:, 0] = True
        return Query(vectors, known)

    def query_of_cues(self, vectors: Mapping[str, np.ndarray]) -> Query:
        """Shots of which something is said in some cues, by name; of the one query only these are known."""
        whole = np.zeros((1, self._parts[-1].stop), np.float32)
        known = np.zeros((1, len(CUES)), bool)
        for number, (cue, part) in enumerate(zip(CUES, self._parts, strict=True)):
            if cue.name in vectors:
                whole[0, part], known[0, number] = vectors[cue.name], True
        return Query(whole, known)

    @property
    def title_count(self) -> int:
        """Shots that are words on an even ground."""
        return int((self._table.suggested & self._table.titles).sum())

    def search(
        self,
        query: Query,
        k: int,
        *,
        weights: Mapping[str, float],
        without: frozenset[str] = frozenset(),
        titles: bool = False,
        text_ok: bool = False,
    ) -> list[list[Hit]]:
        """For each of N queries the `k` nearest shots, best first; fewer if the library has fewer.

        weights: what each cue counts, by name. without: films left out. titles: whether title cards may be found.
        text_ok: whether other lettering, plates and counters may too; see also `Query.text_ok`. Equal scores come in
        the order of the library, so the same question has the same answer.
        """
        left_out = [self._film_numbers[film] for film in without if film in self._film_numbers]
        allowed = self._table.suggested & ~np.isin(self._table.film_rows, left_out)
        if query.titles:
            allowed &= self._table.titles
        elif not (text_ok or query.text_ok):
            allowed &= self._table.footage | (self._table.titles & titles)
        k = min(k, int(allowed.sum()))
        if k == 0 or len(query) == 0:
            return [[] for _ in range(len(query))]
        weighed = self._weighed_query(query, weights)
        scores, rows = self._index.search(
            np.ascontiguousarray(weighed, np.float32), k, params=_only(self._index, allowed)
        )
        return [self._hits(*pair) for pair in zip(scores, rows, strict=True)]

    def explain(self, query: Query, hit: Hit) -> list[CueScore]:
        """How a hit resembles the query, cue by cue, in the order of `CUES`; those that are not known are left out.

        Of a query of several rows that one counts which it resembles most.
        """
        there = np.asarray(self._index.reconstruct(self.row(hit.film, hit.shot)))
        query = query.row(int((query.vectors @ there).argmax()))
        found = []
        for number, (cue, part) in enumerate(zip(CUES, self._parts, strict=True)):
            if query.known[0, number]:
                one, other = query.vectors[0, part], there[part]
                score = float(np.clip(one @ other, -1, 1))
                mean, deviation = self._table.usual[:, number]
                surplus = (score - float(mean)) / float(deviation)
                found.append(CueScore(cue.name, round(score, 6), surplus, cue.shared(one, other)))
        return found

    def score(self, query: Query, hit: Hit, *, weights: Mapping[str, float]) -> float:
        """What `search` would give a hit for a query of one row."""
        there = np.asarray(self._index.reconstruct(self.row(hit.film, hit.shot)))
        return float(np.clip(self._weighed_query(query, weights)[0] @ there, -1, 1))

    def content(self, vectors: np.ndarray) -> np.ndarray:
        """How this library sees pictures: vectors of the encoder, N x D, to N x P float32, unit rows."""
        return self._whitening.apply(vectors)

    def content_scores(self, query: Query, vectors: np.ndarray) -> np.ndarray:
        """How much pictures are like a query in content: vectors of the encoder, N x D, to N float32 in [-1, 1].

        Of a query of several rows that one counts which each is most like.
        """
        return np.asarray((self.content(vectors) @ query.vectors[:, self._parts[0]].T).max(axis=1))

    def vectors(self, hits: Sequence[Hit], *, weights: Mapping[str, float]) -> np.ndarray:
        """The vectors of shots, N x D float32, unit rows: their cosines are those of their cues, by weight."""
        rows = np.array([self.row(hit.film, hit.shot) for hit in hits], np.int64)
        return self._weighed(rows, weights)

    def cue_of(self, query: Query, cue: str) -> np.ndarray:
        """What the rows of a query are like in one cue, N x its dimensions; zeros where that is not known."""
        number = cue_names().index(cue)
        return np.asarray(query.vectors[:, self._parts[number]] * query.known[:, number : number + 1])

    def cue_of_hits(self, hits: Sequence[Hit], cue: str) -> np.ndarray:
        """What shots are like in one cue, N x its dimensions, unit rows. Raises LibraryError."""
        rows = np.array([self.row(hit.film, hit.shot) for hit in hits], np.int64)
        return np.asarray(self._index.reconstruct_batch(rows)[:, self._parts[cue_names().index(cue)]])

    def seconds(self, film: str, shot: int) -> float:
        """How much of a shot can be used: the length of its body."""
        return float(self._table.seconds[self.row(film, shot)])

    def covered(self, film: str, shot: int, needed: float) -> float:
        """The share of the picture that lettering covers in any `needed` seconds of a shot, 0 to 1.

        Where a stretch is long enough in which it is not seen, what stands there all along counts alone.
        """
        row = self.row(film, shot)
        clear = self._lettering.clear_seconds[row] >= needed - _ROUNDING_SECONDS
        return float(min(1.0, (self._lettering.staying if clear else self._lettering.share)[row]))

    def shows_title(self, film: str, shot: int, needed: float) -> bool:
        """Whether a title stands over some of any `needed` seconds of a shot."""
        row = self.row(film, shot)
        clear = self._lettering.clear_seconds[row] >= needed - _ROUNDING_SECONDS
        return bool(self._lettering.titled[row] and not clear)

    def is_text(self, film: str, shot: int) -> bool:
        """Whether a shot is of `TEXT_KINDS`."""
        row = self.row(film, shot)
        return bool(self._table.suggested[row] and not self._table.footage[row])

    @property
    def lettering(self) -> LetteringTable:
        """What is written in all shots, in the order of the library."""
        return self._lettering

    def hit(self, row: int, score: float) -> Hit:
        """The shot that stands there among all."""
        return Hit(self._films[self._table.film_rows[row]], int(self._table.shots[row]), score)

    def row(self, film: str, shot: int) -> int:
        """Where a shot stands among all. Raises LibraryError."""
        first = self._first_row.get(film)
        row = -1 if first is None else first + shot
        if first is None or not 0 <= row < len(self) or shot < 0 or self._films[self._table.film_rows[row]] != film:
            raise LibraryError(f"the library has no shot {shot} of the film {film}")
        return row

    def film_number(self, film: str) -> int:
        """Where a film stands among all."""
        return self._film_numbers[film]

    def _weighed_query(self, query: Query, weights: Mapping[str, float]) -> np.ndarray:
        """N x D: what each number of a query counts."""
        counts = {cue: weight * query.emphasis.get(cue, 1.0) for cue, weight in weights.items()}
        return np.asarray(query.vectors * self._spread(shares(counts, query.known)))

    def _weighed(self, rows: np.ndarray, weights: Mapping[str, float]) -> np.ndarray:
        vectors = self._index.reconstruct_batch(rows)
        everything = np.ones((1, len(CUES)), bool)
        return np.asarray(vectors * np.sqrt(self._spread(shares(weights, everything))), np.float32)

    def _spread(self, counts: np.ndarray) -> np.ndarray:
        """N x cues to N x D: what holds for a cue holds for each of its numbers."""
        return np.repeat(counts, [part.stop - part.start for part in self._parts], axis=1)

    def _hits(self, scores: np.ndarray, rows: np.ndarray) -> list[Hit]:
        order = sorted((-float(score), int(row)) for score, row in zip(scores, rows, strict=True) if row >= 0)
        table = self._table
        return [
            Hit(self._films[table.film_rows[row]], int(table.shots[row]), float(np.clip(-negative, -1, 1)))
            for negative, row in order
        ]


def _parts(whitening: Whitening) -> list[slice]:
    """Where in a row of the index each cue is."""
    lengths = [whitening.dimensions if cue.dimensions is None else cue.dimensions for cue in CUES]
    ends = np.cumsum(lengths)
    return [slice(int(end - length), int(end)) for end, length in zip(ends, lengths, strict=True)]


def _usual(vectors: np.ndarray, suggested: np.ndarray, parts: list[slice]) -> np.ndarray:
    """2 x cues float32: mean and standard deviation of the cosine of any two shots that can be suggested."""
    rows = np.flatnonzero(suggested)
    if len(rows) < 3:
        return np.stack([np.zeros(len(parts)), np.ones(len(parts))]).astype(np.float32)
    random = np.random.default_rng(0)
    one, other = rows[random.integers(0, len(rows), (2, _PAIRS))]
    apart = one != other
    cosines = [np.einsum("nd,nd->n", vectors[one[apart], part], vectors[other[apart], part]) for part in parts]
    return np.array(
        [[values.mean() for values in cosines], [max(values.std(), 0.01) for values in cosines]], np.float32
    )


def _side_by_side(cues: CueVectors, whitening: Whitening) -> np.ndarray:
    """N x D float32: the rows of the index."""
    matrices = [whitening.apply(cues.of("content")), *cues.matrices[1:]]
    assert CUES[0].name == "content"
    return np.ascontiguousarray(np.concatenate(matrices, axis=1), np.float32)


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
    cues = together([column.cues for column in columns])
    whitening = fit_whitening(cues.of("content"), readout=library.readout())
    vectors = _side_by_side(cues, whitening)
    kinds = [kind for column in columns for kind in column.kinds]
    suggested = np.array([kind in SUGGESTED_KINDS for kind in kinds], bool)
    titles = np.array([kind == "title" for kind in kinds], bool)
    footage = suggested & np.array([kind not in TEXT_KINDS for kind in kinds], bool)
    table = ShotTable(
        film_rows=np.repeat(np.arange(len(kept), dtype=np.int32), counts),
        shots=np.concatenate([np.arange(count, dtype=np.int32) for count in counts]),
        seconds=np.concatenate([column.seconds for column in columns]).astype(np.float32),
        suggested=suggested,
        footage=footage,
        titles=titles,
        known=cues.known,
        usual=_usual(vectors, footage | titles, _parts(whitening)),
    )
    lettering = LetteringTable.together([column.lettering for column in columns])
    return Neighbours(build_index(vectors), kept, table, whitening, lettering)


def build_index(vectors: np.ndarray) -> Any:
    """A FAISS index over N x D float32 rows of one length: exact up to a million, inverted lists beyond."""
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


def _write(neighbours: Neighbours, folder: Path, stamp: str) -> None:
    import faiss

    folder.mkdir(exist_ok=True)
    # Files of one build carry its stamp in their names, so that two builders cannot mix theirs.
    with renamed_into(folder / f"{stamp}.faiss") as temporary:
        faiss.write_index(neighbours._index, str(temporary))
    with renamed_into(folder / f"{stamp}.npz") as temporary:
        whitening = {f"whitening_{name}": values for name, values in neighbours._whitening.arrays().items()}
        lettering = {f"lettering_{name}": values for name, values in neighbours._lettering.arrays().items()}
        np.savez(temporary, allow_pickle=False, **neighbours._table.arrays(), **whitening, **lettering)
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
            table = ShotTable(**{field.name: arrays[field.name] for field in fields(ShotTable)})
            whitening = Whitening(**{field.name: arrays[f"whitening_{field.name}"] for field in fields(Whitening)})
            lettering = LetteringTable(**{one.name: arrays[f"lettering_{one.name}"] for one in fields(LetteringTable)})
            found = Neighbours(index, manifest["films"], table, whitening, lettering)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, EOFError, BadZipFile) as error:
        logger.info("%s: the index will be built again (%s)", folder, error)
        return None
    return found if index.ntotal == len(found) else None
