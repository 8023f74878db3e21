"""The map: all shots of a library go in, one picture with similar ones side by side comes out."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from reinterpret.cues import PRESETS
from reinterpret.errors import LibraryError
from reinterpret.files import check_output, not_written, renamed_into
from reinterpret.library import Library
from reinterpret.neighbours import Hit, Neighbours
from reinterpret.raster import arrange, raster_columns
from reinterpret.rendering.stills import STILL_SUFFIXES

_GAP = 2
_GROUND = (18, 18, 20)
_SHAPE = 16 / 9
# Thumbnails are not larger; below the smallest hardly anything can be made out.
_WIDEST_CELL, _NARROWEST_CELL = 256, 96
# As wide as that the map is by choice, and at most: beyond, many programs show no picture.
_WIDTH, _MOST_WIDTH = 8000, 12000


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shot stands on the map, from the upper left, counted from 0."""

    column: int
    row: int
    film: str
    shot: int


def library_map(
    library: Library, neighbours: Neighbours, out: Path | str, *, weights: Mapping[str, float] | None = None
) -> list[Place]:
    """Draw all shots that can be suggested as one picture, similar ones near each other; where each stands, row by row.

    weights: of the cues, `balanced` by default. Raises OutputError, LibraryError.
    """
    out = Path(out)
    check_output(out, suffixes=STILL_SUFFIXES)
    shots = neighbours.suggested()
    if not shots:
        raise LibraryError("the library has no shots to draw; index some films first")
    columns = raster_columns(len(shots))
    places = arrange(neighbours.vectors(shots, weights=weights or PRESETS["balanced"]), columns)
    width, height = cell_size(columns)
    page = Image.new(
        "RGB", (columns * (width + _GAP) + _GAP, -(-len(shots) // columns) * (height + _GAP) + _GAP), _GROUND
    )
    for number, picture in _thumbnails(library, shots, width, height):
        row, column = divmod(int(places[number]), columns)
        page.paste(picture, (_GAP + column * (width + _GAP), _GAP + row * (height + _GAP)))
    try:
        with renamed_into(out) as temporary:
            page.save(temporary, quality=90)
    except OSError as error:
        raise not_written(out, error) from error
    order = np.argsort(places)
    return [Place(at % columns, at // columns, shots[n].film, shots[n].shot) for at, n in enumerate(order)]


def cell_size(columns: int) -> tuple[int, int]:
    """Width and height of the pictures of a map with so many columns.

    >>> cell_size(10), cell_size(55), cell_size(200)
    ((256, 144), (145, 82), (58, 33))
    """
    width = min(max(_WIDTH // columns, _NARROWEST_CELL), _WIDEST_CELL, max(2, _MOST_WIDTH // columns - _GAP))
    return width, max(1, round(width / _SHAPE))


def _thumbnails(library: Library, shots: Iterable[Hit], width: int, height: int) -> Iterator[tuple[int, Image.Image]]:
    """The picture of every shot and its number, film by film: a film is read once."""
    for number, shot in enumerate(shots):
        with Image.open(io.BytesIO(library.thumbnail(shot.film, shot.shot))) as picture:
            # The decoder shrinks by halves while it reads.
            picture.draft("RGB", (width, height))
            yield number, ImageOps.fit(picture.convert("RGB"), (width, height), Image.Resampling.LANCZOS)
