"""A film as a table: a shot a row, in a Parquet file that pandas, DuckDB and Polars read too."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from reinterpret.cues import cue_names
from reinterpret.cues.courses import CELLS, LayoutCourse
from reinterpret.cues.lettering import Lettering, Line
from reinterpret.cues.lettering_table import LetteringTable
from reinterpret.cues.vectors import CueVectors
from reinterpret.embeddings import Embeddings, Film
from reinterpret.errors import UsageError
from reinterpret.light import COLUMNS, ROWS, FilmLight
from reinterpret.shots import Detection
from reinterpret.shots.shot import Shot
from reinterpret.timebase import Span, format_fraction, parse_fraction
from reinterpret.video import FrameGrid, Video

# Of the files, and so of the library that they make up.
FORMAT_VERSION = 4
OLDEST_FORMAT_VERSION = 3
"""The oldest that is read: in 3, lettering is not known."""
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
# What is written in a shot, for other programs too: its lines below each other; when the pictures are shown that were
# looked at; and each line in them, with the number of its picture. Null where it is not known.
_LETTERING_COLUMNS = ("written", "lettering_seconds", "lettering_lines")


@dataclass(frozen=True, slots=True, eq=False)
class ShotColumns:
    """What the index needs of one film: a row a shot."""

    cues: CueVectors
    seconds: np.ndarray
    """S float64: how long the body of each shot is."""
    kinds: tuple[str, ...]
    lettering: LetteringTable


def write_film(film: Film, file: Path) -> None:
    """Raises OSError."""
    import pyarrow.parquet

    pyarrow.parquet.write_table(_table(film), file, compression="zstd", write_page_checksum=True, use_dictionary=False)


def reading_errors() -> tuple[type[Exception], ...]:
    """What the functions below raise for what is no such file."""
    import pyarrow

    # A flipped bit in a file's schema may turn a column into another kind of column.
    return OSError, pyarrow.ArrowException, AttributeError, LookupError, TypeError, ValueError, UsageError


def read_film(file: Path) -> Film:
    """All that is kept of a film."""
    return _film_of_table(_read_table(file, None))


def read_shots(file: Path, film: str) -> tuple[Shot, ...]:
    """The shots of a film, whose fingerprint that is."""
    return _shots_of_table(_read_table(file, _SHOT_COLUMNS), film)


def read_columns(file: Path) -> ShotColumns:
    """What the index needs."""
    bounds = ("body_start", "body_end")
    table = _read_table(file, ("kind", "body_seconds", *bounds, "known_cues", *_LETTERING_COLUMNS, *cue_names()))
    kinds = tuple(table.column("kind").to_pylist())
    starts, ends = (map(parse_fraction, table.column(name).to_pylist()) for name in bounds)
    bodies = [Span(start, end) for start, end in zip(starts, ends, strict=True)]
    lettering = LetteringTable.of(_lettering_of_table(table), bodies)
    return ShotColumns(_cues_of_table(table), table.column("body_seconds").to_numpy(), kinds, lettering)


def read_lettering(file: Path) -> tuple[Lettering | None, ...]:
    """What is written in the shots of a film."""
    return _lettering_of_table(_read_table(file, ("number", *_LETTERING_COLUMNS)))


def read_video(file: Path) -> Video:
    """The facts about a film, as they were when it was indexed."""
    import pyarrow.parquet

    return Video.from_json(_film_facts(pyarrow.parquet.read_metadata(file).metadata)["video"])


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
        "kind": pa.array(film.kinds, pa.string()),
        **_lettering_columns(film.lettering),
        **{name: vectors(embeddings.cues.of(name), pa.float32()) for name in cue_names()},
        "known_cues": pa.array(_names_of_known(embeddings.cues), pa.list_(pa.string())),
        "course_seconds": pa.array([course.seconds for course in film.courses], pa.list_(pa.float64())),
        "course_cells": pa.array([course.cells.tobytes() for course in film.courses], pa.binary()),
        "frame_seconds": pa.ListArray.from_arrays(offsets, pa.array(embeddings.frame_seconds, pa.float64())),
        "frame_vectors": pa.ListArray.from_arrays(offsets, vectors(embeddings.frame_vectors, pa.float16())),
        "thumbnail": pa.array(film.thumbnails, pa.binary()),
        **_light_columns(film),
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


def _light_columns(film: Film) -> dict[str, Any]:
    """What was measured of the frames of each shot; no columns where nothing was."""
    import pyarrow as pa

    light = film.light
    if light is None:
        return {}
    ranges = [slice(shot.start_frame, shot.end_frame) for shot in film.shots]
    measured = {"cells": light.cells, "tops": light.tops, "flats": light.flats, "looks": light.looks}
    return {
        "light_seconds": pa.array([light.seconds[frames] for frames in ranges], pa.list_(pa.float64())),
        **{
            f"light_{name}": pa.array([values[frames].tobytes() for frames in ranges], pa.binary())
            for name, values in measured.items()
        },
    }


def _film_facts(metadata: dict[bytes, bytes] | None) -> dict[str, Any]:
    if not metadata or _METADATA_KEY not in metadata:
        raise ValueError("it was not written by reinterpret")
    facts: Any = json.loads(metadata[_METADATA_KEY])
    if not isinstance(facts, dict):
        raise ValueError("its facts are no JSON object")
    version = facts.get("version")
    if not isinstance(version, int) or not OLDEST_FORMAT_VERSION <= version <= FORMAT_VERSION:
        raise ValueError(f"it has format {version}")
    return facts


def _read_table(file: Path, columns: tuple[str, ...] | None) -> Any:
    import pyarrow.parquet

    if columns is not None:
        there = pyarrow.parquet.read_schema(file).names
        columns = tuple(name for name in columns if name not in _LETTERING_COLUMNS or name in there)
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
            cues=_cues_of_table(table),
            frame_vectors=np.asarray(frames.flatten().flatten().to_numpy(zero_copy_only=False), np.float16).reshape(
                -1, size
            ),
            frame_seconds=table.column("frame_seconds").combine_chunks().flatten().to_numpy(),
            frame_offsets=np.asarray(frames.offsets.to_numpy(), np.int64),
        ),
        thumbnails=tuple(table.column("thumbnail").to_pylist()),
        kinds=tuple(table.column("kind").to_pylist()),
        courses=_courses_of_table(table),
        light=_light_of_table(table),
        lettering=_lettering_of_table(table),
    )


def _lettering_columns(lettering: Sequence[Lettering | None]) -> dict[str, Any]:
    import pyarrow as pa

    number = ("confidence", "left", "top", "width", "height")
    line = pa.struct([("picture", pa.int32()), ("text", pa.string()), *((name, pa.float64()) for name in number)])
    lines = [
        None
        if of_shot is None
        else [{"picture": row, **asdict(entry)} for row, found in enumerate(of_shot.lines) for entry in found]
        for of_shot in lettering
    ]
    written = [None if of_shot is None else "\n".join(of_shot.texts) for of_shot in lettering]
    seconds = [None if of_shot is None else of_shot.seconds for of_shot in lettering]
    kinds = (pa.string(), pa.list_(pa.float64()), pa.list_(line))
    made = (pa.array(values, kind) for values, kind in zip((written, seconds, lines), kinds, strict=True))
    columns: dict[str, Any] = dict(zip(_LETTERING_COLUMNS, made, strict=True))
    return columns


def _lettering_of_table(table: Any) -> tuple[Lettering | None, ...]:
    if "lettering_lines" not in table.column_names:
        return (None,) * len(table)
    columns = (table.column(name).to_pylist() for name in ("lettering_seconds", "lettering_lines"))
    return tuple(_lettering(seconds, lines) for seconds, lines in zip(*columns, strict=True))


def _lettering(seconds: list[float] | None, lines: list[dict[str, Any]] | None) -> Lettering | None:
    if seconds is None or lines is None:
        return None
    found: list[list[Line]] = [[] for _ in seconds]
    for line in lines:
        found[line.pop("picture")].append(Line(**line))
    return Lettering(tuple(seconds), tuple(map(tuple, found)))


def _names_of_known(cues: CueVectors) -> list[list[str]]:
    return [[name for name, known in zip(cue_names(), row, strict=True) if known] for row in cues.known]


def _cues_of_table(table: Any) -> CueVectors:
    names = cue_names()
    known = [[name in row for name in names] for row in table.column("known_cues").to_pylist()]
    matrices = tuple(_matrix(table.column(name), np.float32) for name in names)
    return CueVectors(matrices, np.array(known, bool).reshape(-1, len(names)))


def _courses_of_table(table: Any) -> tuple[LayoutCourse, ...]:
    rows = zip(table.column("course_cells").to_pylist(), table.column("course_seconds").to_pylist(), strict=True)
    return tuple(
        LayoutCourse(np.frombuffer(cells, np.uint8).reshape(len(seconds), CELLS), np.array(seconds, np.float64))
        for cells, seconds in rows
    )


def _light_of_table(table: Any) -> FilmLight | None:
    if "light_seconds" not in table.column_names:
        return None

    def joined(name: str) -> np.ndarray:
        return np.frombuffer(b"".join(table.column(f"light_{name}").to_pylist()), np.uint8)

    return FilmLight(
        seconds=table.column("light_seconds").combine_chunks().flatten().to_numpy(),
        cells=joined("cells").reshape(-1, ROWS, COLUMNS),
        tops=joined("tops"),
        flats=joined("flats"),
        looks=joined("looks"),
    )
