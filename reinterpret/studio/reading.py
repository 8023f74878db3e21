"""Reading: a trailer goes in, its shots and what they are like come out: decoded once, then from a cache on disk.

The cache holds a Parquet file for each trailer, encoder and way to find shots, the same as a library holds.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from reinterpret.cues import cue_names
from reinterpret.embeddings import Film
from reinterpret.encoders import Encoder
from reinterpret.files import cache_folder, prune, renamed_into
from reinterpret.film_table import FORMAT_VERSION, read_film, reading_errors, write_film
from reinterpret.library import Library
from reinterpret.light import LIGHT_VERSION
from reinterpret.matching import read_anew
from reinterpret.shots import Detection
from reinterpret.video import Video

logger = logging.getLogger(__name__)

# A trailer of two minutes takes a megabyte.
_MOST_BYTES = 64 << 20


def read_trailer(
    trailer: Video,
    library: Library,
    detection: Detection,
    encoder: Callable[[], Encoder],
    on_seconds: Callable[[Fraction], None] | None = None,
) -> Film:
    """A trailer as a library sees it, see `matching.ReadTrailer`. No encoder is loaded where it was read before."""
    file = _cache_file(trailer, library, detection)
    found = _cached(file, trailer)
    if found is not None:
        return found
    film = read_anew(trailer, library, detection, encoder, on_seconds)
    # A list of cuts is another file, which may be changed at any time.
    if detection.cuts is None:
        _keep(film, file)
    return film


def _cache_file(trailer: Video, library: Library, detection: Detection) -> Path:
    facts = [FORMAT_VERSION, LIGHT_VERSION, library.encoder, library.encoder_version, cue_names(), detection.to_json()]
    stamp = hashlib.blake2b(json.dumps(facts).encode(), digest_size=8).hexdigest()
    # What stands in an edit for a fingerprint becomes part of a file's name.
    name = hashlib.blake2b(trailer.fingerprint.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return cache_folder("trailers") / f"{name}-{stamp}.parquet"


def _cached(file: Path, trailer: Video) -> Film | None:
    try:
        film = read_film(file)
    except FileNotFoundError:
        return None
    except reading_errors() as error:
        logger.warning("%s: cannot be read, the trailer is read again (%s)", file, error)
        return None
    if film.video.fingerprint != trailer.fingerprint:
        return None
    with suppress(OSError):
        os.utime(file)
    return replace(film, video=replace(film.video, path=trailer.path))


def _keep(film: Film, file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with renamed_into(file) as temporary:
            write_film(film, temporary)
    except OSError as error:
        logger.warning("%s: what the trailer is like cannot be kept (%s)", file, error.strerror or error)
        return
    prune(file.parent, most_bytes=_MOST_BYTES, keep=[file])
