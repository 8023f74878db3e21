"""The map: every shot that can be suggested, at the place that is told."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reinterpret.errors import LibraryError, OutputError
from reinterpret.library import Library
from reinterpret.neighbours import open_neighbours
from reinterpret.rendering.library_map import cell_size, library_map
from tests.test_neighbours import hand_made, made

GAP = 2


def test_every_shot_stands_where_it_is_said_to(library: Library, tmp_path: Path) -> None:
    neighbours = open_neighbours(library)
    places = library_map(library, neighbours, tmp_path / "map.png")
    told = {(hit.film, hit.shot) for hit in neighbours.suggested()}
    assert {(place.film, place.shot) for place in places} == told
    assert len(places) == len(told) == len({(place.column, place.row) for place in places})
    columns = max(place.column for place in places) + 1
    width, height = cell_size(columns)
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.width == columns * (width + GAP) + GAP
        page = np.asarray(picture.convert("RGB"), np.float32)
    for place in places:
        left, top = GAP + place.column * (width + GAP), GAP + place.row * (height + GAP)
        drawn = page[top : top + height, left : left + width]
        with Image.open(io.BytesIO(library.thumbnail(place.film, place.shot))) as thumbnail:
            wanted = np.asarray(thumbnail.convert("RGB").resize((width, height)), np.float32)
        assert np.abs(drawn - wanted).mean() < 12


@pytest.mark.parametrize("columns", [1, 10, 40, 60, 80, 120, 400, 4000])
def test_maps_of_any_size_are_no_wider_than_programs_show(columns: int) -> None:
    width, height = cell_size(columns)
    assert columns * (width + GAP) <= 12_000 or width == 2
    assert height >= 1
    if columns <= 80:
        assert width >= 96


def test_what_cannot_be_drawn_is_said_first(tmp_path: Path, library: Library) -> None:
    with pytest.raises(OutputError, match=r"ends in \.png"):
        library_map(library, open_neighbours(library), tmp_path / "map.txt")
    black = made(tmp_path / "lib")
    black.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0]], kind="black"))
    with pytest.raises(LibraryError, match="no shots to draw"):
        library_map(black, open_neighbours(black), tmp_path / "map.png")
