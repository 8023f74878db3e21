"""The library: the folder in which an indexed archive is kept.

    LIB/library.json               format version, encoder, how shots are found
    LIB/films/FINGERPRINT.parquet  one film: a shot a row, with its vectors, thumbnail and facts; never changed
    LIB/films/FINGERPRINT.json     where the film lies now, and the checksum of its Parquet file
    LIB/index/                     the nearest-neighbour index: a cache, see `reinterpret.index`

Every file is written to a temporary name and renamed, so a crash loses at most the film in hand, writers need
no lock and readers never see half a file. pandas, DuckDB and Polars read the Parquet files.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from reinterpret.embeddings import Embeddings, Film
from reinterpret.encoders import Device, Encoder, load_encoder
from reinterpret.errors import LibraryError, OutputError, UsageError, VideoError
from reinterpret.files import json_text, renamed_into
from reinterpret.shots import Detection
from reinterpret.shots.shot import Shot
from reinterpret.timebase import Span, format_fraction, parse_fraction
from reinterpret.video import FrameGrid, Video, fingerprint

logger = logging.getLogger(__name__)

FORMAT_VERSION = 2
_FORMAT_NAME = "reinterpret-library"
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")
_METADATA_KEY = b"reinterpret"
_SHOT_COLUMNS = (
    "number",
    "start_frame",
    "end_frame",
    "start",
    "end",
    "transition",
    "body_start_frame",
    "body_end_frame",
    "body_start",
    "body_end",
    "confidence",
)


@dataclass(frozen=True, slots=True)
class Location:
    """Where a film lies, and by what it is known again without reading it."""

    path: Path
    size: int
    modified_ns: int

    @classmethod
    def of(cls, path: Path) -> Location:
        """Raises VideoError if there is no such file."""
        try:
            status = path.stat()
        except OSError as error:
            raise VideoError(f"{path}: cannot be read ({error.strerror})") from error
        return cls(path.absolute(), status.st_size, status.st_mtime_ns)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a library, and what to do about it."""

    path: Path
    what: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ShotColumns:
    """What the index needs of one film: a row a shot."""

    content: np.ndarray
    """S x D float32, unit rows."""
    seconds: np.ndarray
    """S float64: how long the body of each shot is."""
    luma_mean: np.ndarray
    luma_deviation: np.ndarray


class Library:
    """An indexed archive. `open` one that is there, or `create` one."""

    def __init__(self, path: Path, encoder: str, encoder_version: str, detection: Detection) -> None:
        self.path = path
        self.encoder = encoder
        self.encoder_version = encoder_version
        self.detection = detection
        # A page or a grid asks for the same few films again and again; a long one takes 40 MB.
        self._read_film = lru_cache(maxsize=4)(self._film)
        self._read_shots = lru_cache(maxsize=1024)(self._shots)

    def __repr__(self) -> str:
        return f"Library({str(self.path)!r}, encoder={self.encoder!r}, films={len(self.fingerprints())})"

    @classmethod
    def open(cls, path: Path | str) -> Library:
        """The library at `path`. Raises LibraryError if there is none that this program can read."""
        path = Path(path)
        file = path / "library.json"
        try:
            facts = json.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise LibraryError(
                f"{path}: is not a library (it has no library.json); make one with: reinterpret index FOLDER -L {path}"
            ) from error
        except (OSError, ValueError) as error:
            raise LibraryError(f"{file}: cannot be read ({error}); restore it, or index into a new folder") from error
        if not isinstance(facts, dict) or facts.get("format") != _FORMAT_NAME:
            raise LibraryError(f"{file}: is not the file of a reinterpret library; choose another folder")
        version = facts.get("version")
        if not isinstance(version, int) or version > FORMAT_VERSION:
            raise LibraryError(
                f"{path}: was made by a newer reinterpret (library format {version}, this one reads {FORMAT_VERSION}); "
                "upgrade reinterpret"
            )
        if version < FORMAT_VERSION:
            raise LibraryError(
                f"{path}: was made by an older reinterpret (library format {version}, this one reads "
                f"{FORMAT_VERSION}); index its films anew, into a new folder"
            )
        try:
            return cls(path, str(facts["encoder"]), str(facts["encoder_version"]), Detection.from_json(facts))
        except KeyError as error:
            raise LibraryError(f"{file}: lacks {error}; restore it, or index into a new folder") from error
        except (TypeError, ValueError) as error:
            raise LibraryError(f"{file}: is damaged ({error}); restore it, or index into a new folder") from error
        except UsageError as error:
            raise LibraryError(f"{file}: {error}; upgrade reinterpret, or index into a new folder") from error

    @classmethod
    def create(cls, path: Path | str, *, encoder: str, encoder_version: str, detection: Detection) -> Library:
        """A new, empty library in a folder that is missing or empty. Raises LibraryError, OutputError.

        Lists of cuts are not kept: they belong to films, not to the library.
        """
        path = Path(path)
        detection = replace(detection, cuts=None)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise LibraryError(f"{path}: is neither a library nor an empty folder; name another for the new library")
        facts = {
            "format": _FORMAT_NAME,
            "version": FORMAT_VERSION,
            "encoder": encoder,
            "encoder_version": encoder_version,
            **{name: value for name, value in detection.to_json().items() if name != "cuts"},
        }
        try:
            (path / "films").mkdir(parents=True, exist_ok=True)
            _write_json(path / "library.json", facts)
        except OSError as error:
            raise OutputError(f"{path}: the library cannot be made there ({error.strerror})") from error
        return cls(path, encoder, encoder_version, detection)

    @classmethod
    def exists(cls, path: Path | str) -> bool:
        """Whether there is a library (of any version) at `path`."""
        return (Path(path) / "library.json").exists()

    # Reading

    def fingerprints(self) -> list[str]:
        """The films in the library, in a fixed order."""
        try:
            names = os.listdir(self.path / "films")
        except FileNotFoundError:
            return []
        return sorted(name[:-8] for name in names if name.endswith(".parquet") and _FINGERPRINT.fullmatch(name[:-8]))

    def __contains__(self, film: str) -> bool:
        return self._parquet(film).exists()

    def film(self, film: str) -> Film:
        """All that is kept of one film. Raises LibraryError if it is not there or its file is damaged."""
        return self._read_film(film)

    def shots(self, film: str) -> tuple[Shot, ...]:
        """The shots of one film. Raises LibraryError."""
        return self._read_shots(film)

    def video(self, film: str) -> Video:
        """The facts about one film, with the path where it lies now. Raises LibraryError."""
        import pyarrow.parquet

        with self._damage_reported(film):
            metadata = pyarrow.parquet.read_metadata(self._parquet(film)).metadata
            video = Video.from_json(_film_facts(metadata)["video"])
        location = self.location(film)
        return video if location is None else replace(video, path=location.path)

    def location(self, film: str) -> Location | None:
        """Where a film was seen last; None if that is not known any more."""
        try:
            facts = json.loads(self._sidecar(film).read_text(encoding="utf-8"))
            return Location(Path(facts["path"]), int(facts["size"]), int(facts["modified_ns"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def locations(self) -> dict[Path, tuple[str, Location]]:
        """Every film by its path."""
        found = ((film, self.location(film)) for film in self.fingerprints())
        return {location.path: (film, location) for film, location in found if location is not None}

    def columns(self, film: str) -> ShotColumns:
        """What the index needs of one film. Raises LibraryError."""
        with self._damage_reported(film):
            table = _read_table(self._parquet(film), ("content", "body_seconds", "luma_mean", "luma_deviation"))
            return ShotColumns(
                content=_matrix(table.column("content"), np.float32),
                seconds=table.column("body_seconds").to_numpy(),
                luma_mean=table.column("luma_mean").to_numpy(),
                luma_deviation=table.column("luma_deviation").to_numpy(),
            )

    def thumbnail(self, film: str, shot: int) -> bytes:
        """A JPEG of the middle of the body of a shot. Raises LibraryError."""
        return self.film(film).thumbnails[shot]

    # Writing

    def add(self, film: Film, *, location: Location | None = None) -> None:
        """Keep a film, and where it lies. Replaces what was kept of the same content before.

        location: as it was before the film was read, for a file that may change meanwhile. Raises OutputError,
        LibraryError, VideoError.
        """
        import pyarrow.parquet

        if (film.embeddings.encoder, film.embeddings.encoder_version) != (self.encoder, self.encoder_version):
            raise LibraryError(
                f"{self.path}: was made with the encoder {self.encoder} ({self.encoder_version}), not with "
                f"{film.embeddings.encoder} ({film.embeddings.encoder_version}); index into a new library"
            )
        target = self._parquet(film.video.fingerprint)
        location = location or Location.of(film.video.path)
        try:
            target.parent.mkdir(exist_ok=True)
            with renamed_into(target) as temporary:
                pyarrow.parquet.write_table(
                    _table(film), temporary, compression="zstd", write_page_checksum=True, use_dictionary=False
                )
                # The sidecar first: without its Parquet file it is no film, but a film without it is damaged.
                self._note_location(film.video.fingerprint, location, temporary)
        except OSError as error:
            raise OutputError(f"{target}: cannot be written ({error.strerror or error})") from error
        self._read_film.cache_clear()
        self._read_shots.cache_clear()

    def relocate(self, film: str, location: Location) -> None:
        """Note that a film lies elsewhere now."""
        self._note_location(film, location, self._parquet(film))

    def _note_location(self, film: str, location: Location, parquet: Path) -> None:
        facts = {
            "path": str(location.path),
            "size": location.size,
            "modified_ns": location.modified_ns,
            "sha256": _sha256(parquet),
        }
        _write_json(self._sidecar(film), facts)

    def remove(self, film: str) -> None:
        """Take a film out of the library; the film's own file is not touched. Raises LibraryError."""
        if film not in self:
            raise LibraryError(f"{self.path}: has no film {film}; see: reinterpret info -L {self.path}")
        # The sidecar goes last: without its Parquet file it is no film.
        self._parquet(film).unlink()
        self._sidecar(film).unlink(missing_ok=True)
        self._read_film.cache_clear()
        self._read_shots.cache_clear()

    def find_film(self, name: str) -> str:
        """The film that a person means: by path, by file name, or by the beginning of its fingerprint.

        Raises LibraryError if it is none or more than one.
        """
        if _FINGERPRINT.fullmatch(name) and name in self:
            return name
        locations = self.locations()
        path = Path(name).absolute()
        if path in locations:
            return locations[path][0]
        found = [film for place, (film, _) in locations.items() if place.name == name or place.stem == name]
        if not found and len(name) >= 4:
            found = [film for film in self.fingerprints() if film.startswith(name)]
        if len(found) != 1:
            many = "is the name of several films" if found else "is not a film"
            raise LibraryError(f"{name}: {many} of {self.path}; see the paths with: reinterpret info -L {self.path}")
        return found[0]

    def sweep(self, *, older_than_seconds: float = 24 * 3600) -> None:
        """Delete temporary files that a killed process left behind."""
        import time

        for folder in (self.path, self.path / "films", self.path / "index"):
            for file in folder.glob(".*.tmp*"):
                with suppress(OSError):
                    if time.time() - file.stat().st_mtime > older_than_seconds:
                        file.unlink()

    # Checking

    def verify(self, *, on_film: Callable[[int, int], None] | None = None) -> list[Problem]:
        """What is wrong with the files of the library, film by film; empty if all is well.

        on_film: told how many are done, of how many.
        """
        problems: list[Problem] = []
        films = self.fingerprints()
        for done, film in enumerate(films):
            problems += self._verify_film(film)
            if on_film is not None:
                on_film(done + 1, len(films))
        return problems

    def _verify_film(self, film: str) -> Iterator[Problem]:
        file = self._parquet(film)
        location = self.location(film)
        again = f"take it out and index its film again: reinterpret remove {film} -L {self.path}"
        try:
            stored = json.loads(self._sidecar(film).read_text(encoding="utf-8"))["sha256"]
        except (OSError, ValueError, KeyError, TypeError):
            stored = None
        if location is None or stored is None:
            yield Problem(self._sidecar(film), "is missing or damaged", "index the folder that holds the film again")
        elif stored != _sha256(file):
            yield Problem(file, "does not have the checksum it was written with", again)
            return
        try:
            kept = self._film(film)
        except LibraryError as error:
            yield Problem(file, str(error), again)
            return
        if kept.video.fingerprint != film:
            yield Problem(file, f"holds another film ({kept.video.fingerprint})", again)
        if kept.embeddings.encoder_version != self.encoder_version:
            yield Problem(file, f"was made with the encoder version {kept.embeddings.encoder_version}", again)
        path = location.path if location else kept.video.path
        if not path.exists():
            yield Problem(path, "is not there any more", "index the folder it has moved to, or remove it")
        elif fingerprint(path) != film:
            yield Problem(path, "is another film than the one that was indexed", "index it again")

    # Files

    def _parquet(self, film: str) -> Path:
        return self.path / "films" / f"{_checked(film)}.parquet"

    def _sidecar(self, film: str) -> Path:
        return self.path / "films" / f"{_checked(film)}.json"

    def _film(self, film: str) -> Film:
        with self._damage_reported(film):
            kept = _film_of_table(_read_table(self._parquet(film), None))
        location = self.location(film)
        return kept if location is None else replace(kept, video=replace(kept.video, path=location.path))

    def _shots(self, film: str) -> tuple[Shot, ...]:
        with self._damage_reported(film):
            return _shots_of_table(_read_table(self._parquet(film), _SHOT_COLUMNS), film)

    @contextmanager
    def _damage_reported(self, film: str) -> Iterator[None]:
        import pyarrow

        try:
            yield
        except FileNotFoundError as error:
            raise LibraryError(f"{self.path}: has no film {film}") from error
        except (OSError, pyarrow.ArrowException, KeyError, TypeError, ValueError, UsageError) as error:
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise LibraryError(
                f"{self._parquet(film)}: is damaged ({reason}); take it out with: "
                f"reinterpret remove {film} -L {self.path}, and index the film again"
            ) from error


def _checked(film: str) -> str:
    """A fingerprint becomes a file name, so nothing else may pass for one."""
    if not _FINGERPRINT.fullmatch(film):
        raise LibraryError(f"{film!r} is not the fingerprint of a film (32 hexadecimal digits)")
    return film


def _table(film: Film) -> Any:
    import pyarrow as pa

    def vectors(matrix: np.ndarray, kind: Any) -> Any:
        return pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1), kind), matrix.shape[1])

    embeddings, shots = film.embeddings, film.shots
    offsets = pa.array(embeddings.frame_offsets, pa.int32())
    columns = {
        "number": pa.array([shot.number for shot in shots], pa.int32()),
        "start_frame": pa.array([shot.start_frame for shot in shots], pa.int64()),
        "end_frame": pa.array([shot.end_frame for shot in shots], pa.int64()),
        "start": pa.array([format_fraction(shot.span.start) for shot in shots], pa.string()),
        "end": pa.array([format_fraction(shot.span.end) for shot in shots], pa.string()),
        "start_seconds": pa.array([float(shot.span.start) for shot in shots], pa.float64()),
        "seconds": pa.array([float(shot.span.duration) for shot in shots], pa.float64()),
        "transition": pa.array([shot.transition for shot in shots], pa.string()),
        "body_start_frame": pa.array([shot.body_start_frame for shot in shots], pa.int64()),
        "body_end_frame": pa.array([shot.body_end_frame for shot in shots], pa.int64()),
        "body_start": pa.array([format_fraction(shot.body.start) for shot in shots], pa.string()),
        "body_end": pa.array([format_fraction(shot.body.end) for shot in shots], pa.string()),
        "body_start_seconds": pa.array([float(shot.body.start) for shot in shots], pa.float64()),
        "body_seconds": pa.array([float(shot.body.duration) for shot in shots], pa.float64()),
        "confidence": pa.array([shot.confidence for shot in shots], pa.float64()),
        "luma_mean": pa.array(film.luma_mean, pa.float32()),
        "luma_deviation": pa.array(film.luma_deviation, pa.float32()),
        "content": vectors(embeddings.content.astype(np.float32), pa.float32()),
        "frame_seconds": pa.ListArray.from_arrays(offsets, pa.array(embeddings.frame_seconds, pa.float64())),
        "frame_vectors": pa.ListArray.from_arrays(offsets, vectors(embeddings.frame_vectors, pa.float16())),
        "thumbnail": pa.array(film.thumbnails, pa.binary()),
    }
    facts = {
        "version": FORMAT_VERSION,
        "video": film.video.to_json(),
        "grid": film.grid.to_json(),
        "detection": film.detection.to_json(),
        "encoder": embeddings.encoder,
        "encoder_version": embeddings.encoder_version,
    }
    return pa.table(columns).replace_schema_metadata({_METADATA_KEY: json.dumps(facts).encode()})


def _film_facts(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    if not metadata or _METADATA_KEY not in metadata:
        raise ValueError("it was not written by reinterpret")
    facts = json.loads(metadata[_METADATA_KEY])
    if not isinstance(facts, dict) or facts.get("version") != FORMAT_VERSION:
        raise ValueError(f"it has format {facts.get('version') if isinstance(facts, dict) else None}")
    return facts


def _read_table(file: Path, columns: tuple[str, ...] | None) -> Any:
    import pyarrow.parquet

    return pyarrow.parquet.read_table(
        file, columns=None if columns is None else list(columns), page_checksum_verification=True, partitioning=None
    )


def _matrix(column: Any, kind: Any) -> np.ndarray:
    """A column of fixed-size lists as rows x length."""
    array = column.combine_chunks()
    size = array.type.list_size
    return np.asarray(array.flatten().to_numpy(zero_copy_only=False), kind).reshape(-1, size)


def _shots_of_table(table: Any, film: str) -> tuple[Shot, ...]:
    rows = zip(*(table.column(name).to_pylist() for name in _SHOT_COLUMNS), strict=True)
    return tuple(
        Shot(
            video=film,
            number=number,
            span=Span(parse_fraction(start), parse_fraction(end)),
            start_frame=first,
            end_frame=last,
            transition=transition,
            body=Span(parse_fraction(body_start), parse_fraction(body_end)),
            body_start_frame=body_first,
            body_end_frame=body_last,
            confidence=confidence,
        )
        for number, first, last, start, end, transition, body_first, body_last, body_start, body_end, confidence in rows
    )


def _film_of_table(table: Any) -> Film:
    facts = _film_facts(table.schema.metadata)
    video = Video.from_json(facts["video"])
    frames = table.column("frame_vectors").combine_chunks()
    size = frames.type.value_type.list_size
    return Film(
        video=video,
        grid=FrameGrid.from_json(facts["grid"]),
        detection=Detection.from_json(facts["detection"]),
        shots=_shots_of_table(table, video.fingerprint),
        embeddings=Embeddings(
            encoder=str(facts["encoder"]),
            encoder_version=str(facts["encoder_version"]),
            content=_matrix(table.column("content"), np.float32),
            frame_vectors=np.asarray(frames.flatten().flatten().to_numpy(zero_copy_only=False), np.float16).reshape(
                -1, size
            ),
            frame_seconds=table.column("frame_seconds").combine_chunks().flatten().to_numpy(),
            frame_offsets=np.asarray(frames.offsets.to_numpy(), np.int64),
        ),
        thumbnails=tuple(table.column("thumbnail").to_pylist()),
        luma_mean=table.column("luma_mean").to_numpy(),
        luma_deviation=table.column("luma_deviation").to_numpy(),
    )


def library_encoder(library: Library, *, device: Device = "auto", threads: int | None = None) -> Encoder:
    """The encoder a library was made with. Raises LibraryError if this program's version of it differs."""
    encoder = load_encoder(library.encoder, device=device, threads=threads)
    if encoder.version != library.encoder_version:
        raise LibraryError(
            f"{library.path}: was made with version {library.encoder_version} of the encoder {library.encoder}, this "
            f"is {encoder.version}; vectors of both cannot be compared, index into a new library"
        )
    return encoder


def library_seconds(library: Library) -> Fraction:
    """How much footage is in a library."""
    return sum((library.video(film).duration for film in library.fingerprints()), Fraction(0))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write_json(file: Path, values: dict[str, Any]) -> None:
    with renamed_into(file) as temporary:
        temporary.write_text(json_text(values, indent=1) + "\n", encoding="utf-8")
