"""The library: the folder in which an indexed archive is kept.

    LIB/library.json               format version, encoder, how shots are found
    LIB/films/FINGERPRINT.parquet  one film: a shot a row, with its vectors, thumbnail and facts; never changed
    LIB/films/FINGERPRINT.json     where the film lies now, and the checksum of its Parquet file
    LIB/readout.npy                what the encoder's classifier reads out of its vectors, if it has one
    LIB/index/                     the nearest-neighbour index: a cache, see `reinterpret.index`

Every file is written to a temporary name and renamed, so a crash loses at most the film in hand, writers need
no lock and readers never see half a file. pandas, DuckDB and Polars read the Parquet files.
"""

from __future__ import annotations

import hashlib
import io
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

from reinterpret.cues import cue_names
from reinterpret.cues.lettering import Lettering, usable_span
from reinterpret.embeddings import Film
from reinterpret.encoders import Device, Encoder, load_encoder
from reinterpret.errors import LibraryError, OutputError, UsageError, VideoError
from reinterpret.files import json_text, not_written, renamed_into
from reinterpret.film_table import (
    FORMAT_VERSION,
    OLDEST_FORMAT_VERSION,
    ShotColumns,
    read_columns,
    read_film,
    read_lettering,
    read_shots,
    read_video,
    reading_errors,
    write_film,
)
from reinterpret.shots import Detection
from reinterpret.shots.shot import Shot
from reinterpret.timebase import Span
from reinterpret.video import Video, fingerprint

logger = logging.getLogger(__name__)

_FORMAT_NAME = "reinterpret-library"
_READOUT_FILE = "readout.npy"
_FINGERPRINT = re.compile(r"[0-9a-f]{32}")


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


class Library:
    """An indexed archive. `open` one that is there, or `create` one."""

    def __init__(
        self, path: Path, encoder: str, encoder_version: str, detection: Detection, *, version: int = FORMAT_VERSION
    ) -> None:
        """See `open` and `create`."""
        self._version = version
        self.path = path
        self.encoder = encoder
        self.encoder_version = encoder_version
        self.detection = detection
        # A page or a grid asks for the same few films again and again; a long one takes 40 MB.
        self._read_film = lru_cache(maxsize=4)(self._film)
        self._read_shots = lru_cache(maxsize=1024)(self._shots)
        self._read_lettering = lru_cache(maxsize=1024)(self._lettering)

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
        if version < OLDEST_FORMAT_VERSION:
            raise LibraryError(
                f"{path}: was made by an older reinterpret (library format {version}, this one reads "
                f"{FORMAT_VERSION}); index its films anew, into a new folder"
            )
        try:
            if facts["cues"] != cue_names():
                raise LibraryError(
                    f"{path}: was made with the cues {', '.join(map(str, facts['cues']))}, this program has "
                    f"{', '.join(cue_names())}; index its films anew, into a new folder"
                )
            detection = Detection.from_json(facts)
            return cls(path, str(facts["encoder"]), str(facts["encoder_version"]), detection, version=version)
        except KeyError as error:
            raise LibraryError(f"{file}: lacks {error}; restore it, or index into a new folder") from error
        except (TypeError, ValueError) as error:
            raise LibraryError(f"{file}: is damaged ({error}); restore it, or index into a new folder") from error
        except UsageError as error:
            raise LibraryError(f"{file}: {error}; upgrade reinterpret, or index into a new folder") from error

    @classmethod
    def create(
        cls,
        path: Path | str,
        *,
        encoder: str,
        encoder_version: str,
        detection: Detection,
        readout: np.ndarray | None = None,
    ) -> Library:
        """A new, empty library in a folder that is missing or empty. Raises LibraryError, OutputError.

        readout: of the encoder. Lists of cuts are not kept: they belong to films, not to the library.
        """
        path = Path(path)
        detection = replace(detection, cuts=None)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise LibraryError(f"{path}: is neither a library nor an empty folder; name another for the new library")
        facts: dict[str, Any] = {
            "format": _FORMAT_NAME,
            "version": FORMAT_VERSION,
            "encoder": encoder,
            "encoder_version": encoder_version,
            "cues": cue_names(),
            "readout": None,
            **{name: value for name, value in detection.to_json().items() if name != "cuts"},
        }
        try:
            (path / "films").mkdir(parents=True, exist_ok=True)
            if readout is not None:
                # Written by Python: an error of numpy's own writing does not say why.
                whole = io.BytesIO()
                np.save(whole, readout.astype(np.float16), allow_pickle=False)
                with renamed_into(path / _READOUT_FILE) as temporary:
                    temporary.write_bytes(whole.getvalue())
                    facts["readout"] = _sha256(temporary)
            _write_json(path / "library.json", facts)
        except OSError as error:
            raise OutputError(f"{path}: the library cannot be made there ({error.strerror})") from error
        return cls(path, encoder, encoder_version, detection)

    @classmethod
    def exists(cls, path: Path | str) -> bool:
        """Whether there is a library (of any version) at `path`."""
        return (Path(path) / "library.json").exists()

    # Reading

    def readout(self) -> np.ndarray | None:
        """What the encoder's classifier reads out of its vectors: classes x dimensions float32; None if it has none.

        Raises LibraryError where it should be there and is not, or is damaged.
        """
        file = self.path / _READOUT_FILE
        remedy = "restore it, or index into a new folder"
        try:
            written = json.loads((self.path / "library.json").read_text(encoding="utf-8"))["readout"]
            if written is None:
                return None
            if _sha256(file) != written:
                raise LibraryError(f"{file}: does not have the checksum it was written with; {remedy}")
            return np.asarray(np.load(file, allow_pickle=False), np.float32)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise LibraryError(f"{file}: cannot be read ({error}); {remedy}") from error

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
        with self._damage_reported(film):
            video = read_video(self._parquet(film))
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

    def written_seconds(self, film: str) -> float:
        """When a film was indexed, in seconds since 1970. Raises OSError if it is not there."""
        return self._parquet(film).stat().st_mtime

    def columns(self, film: str) -> ShotColumns:
        """What the index needs of one film. Raises LibraryError."""
        with self._damage_reported(film):
            return read_columns(self._parquet(film))

    def lettering(self, film: str) -> tuple[Lettering | None, ...]:
        """What is written in the shots of one film; None where it was not looked for. Raises LibraryError."""
        return self._read_lettering(film)

    def usable(self, film: str, shot: int, needed: Fraction = Fraction(0)) -> Span:
        """What of a shot is best used where `needed` seconds of it are: its body, or a stretch without lettering.

        Raises LibraryError.
        """
        return usable_span(self.shots(film)[shot].body, self.lettering(film)[shot], needed)

    def thumbnail(self, film: str, shot: int) -> bytes:
        """A JPEG of the middle of the body of a shot. Raises LibraryError."""
        return self.film(film).thumbnails[shot]

    # Writing

    def add(self, film: Film, *, location: Location | None = None) -> None:
        """Keep a film, and where it lies. Replaces what was kept of the same content before.

        location: as it was before the film was read, for a file that may change meanwhile. Raises OutputError,
        LibraryError, VideoError.
        """
        if (film.embeddings.encoder, film.embeddings.encoder_version) != (self.encoder, self.encoder_version):
            raise LibraryError(
                f"{self.path}: was made with the encoder {self.encoder} ({self.encoder_version}), not with "
                f"{film.embeddings.encoder} ({film.embeddings.encoder_version}); index into a new library"
            )
        target = self._parquet(film.video.fingerprint)
        location = location or Location.of(film.video.path)
        try:
            target.parent.mkdir(exist_ok=True)
            self._upgrade()
            with renamed_into(target) as temporary:
                write_film(film, temporary)
                # The sidecar first: without its Parquet file it is no film, but a film without it is damaged.
                self._note_location(film.video.fingerprint, location, temporary)
        except OSError as error:
            raise not_written(target, error) from error
        self._read_film.cache_clear()
        self._read_shots.cache_clear()
        self._read_lettering.cache_clear()

    def _upgrade(self) -> None:
        """Say in `library.json` that films of this program's format may be in it, so that older programs say so too."""
        if self._version == FORMAT_VERSION:
            return
        file = self.path / "library.json"
        # Several processes may do so at once: what each of them writes is the same.
        facts = json.loads(file.read_text(encoding="utf-8"))
        _write_json(file, {**facts, "version": FORMAT_VERSION})
        self._version = FORMAT_VERSION

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
        self._read_lettering.cache_clear()

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
        try:
            self.readout()
        except LibraryError:
            file = self.path / _READOUT_FILE
            problems.append(Problem(file, "is missing or damaged", "restore it, or index into a new folder"))
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
            kept = read_film(self._parquet(film))
        location = self.location(film)
        return kept if location is None else replace(kept, video=replace(kept.video, path=location.path))

    def _shots(self, film: str) -> tuple[Shot, ...]:
        with self._damage_reported(film):
            return read_shots(self._parquet(film), film)

    def _lettering(self, film: str) -> tuple[Lettering | None, ...]:
        with self._damage_reported(film):
            return read_lettering(self._parquet(film))

    @contextmanager
    def _damage_reported(self, film: str) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError as error:
            raise LibraryError(f"{self.path}: has no film {film}") from error
        except reading_errors() as error:
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
