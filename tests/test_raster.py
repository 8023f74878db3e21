"""Every picture has a place of its own on the map, and those that are alike lie near each other."""

from __future__ import annotations

import numpy as np
import pytest

from reinterpret.raster import arrange, arrange_by_plane, neighbour_likeness, raster_columns


def kinds(count: int, groups: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors of several kinds, shuffled, and the kind of each."""
    random = np.random.default_rng(seed)
    kind = np.arange(count) % groups
    random.shuffle(kind)
    vectors = random.normal(0, 1, (groups, 60))[kind] + random.normal(0, 0.4, (count, 60))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), kind


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 12, 50, 97, 300])
def test_every_picture_has_one_place_and_every_place_one_picture(count: int) -> None:
    vectors, _ = kinds(count, min(count, 9))
    columns = raster_columns(count)
    for places in (arrange(vectors, columns), arrange_by_plane(vectors, columns)):
        assert sorted(places) == list(range(count))


@pytest.mark.parametrize("count", [1, 5, 30])
def test_pictures_that_are_all_the_same_have_places_too(count: int) -> None:
    same = np.ones((count, 8), np.float32) / np.sqrt(8).astype(np.float32)
    assert sorted(arrange(same, raster_columns(count))) == list(range(count))


@pytest.mark.parametrize(("count", "groups"), [(96, 6), (300, 12)])
def test_kinds_lie_together(count: int, groups: int) -> None:
    vectors, kind = kinds(count, groups)
    columns = raster_columns(count)
    places = arrange(vectors, columns)
    standing = kind[np.argsort(places)]
    same = float(np.mean((standing[1:] == standing[:-1])[np.arange(1, count) % columns != 0]))
    # At random one in as many as there are kinds; each kind is a patch, whose edge has others beside it.
    assert same > 0.6
    random = np.random.default_rng(1).permutation(count)
    ours = neighbour_likeness(vectors, places, columns)
    assert ours > neighbour_likeness(vectors, random, columns) + 0.3
    assert ours > neighbour_likeness(vectors, arrange_by_plane(vectors, columns), columns)


def test_the_same_pictures_have_the_same_places() -> None:
    vectors, _ = kinds(120, 7)
    assert (arrange(vectors, 11) == arrange(vectors, 11)).all()


def test_a_line_of_pictures_is_put_in_order() -> None:
    angles = np.random.default_rng(0).permutation(30) / 30 * 2
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    row = np.argsort(arrange(vectors, 30))
    steps = np.abs(np.diff(angles[row]))
    assert steps.max() < 0.3


def test_neighbours_are_beside_and_above_and_never_round_the_edge() -> None:
    vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 1], [0, 1], [0, 1]], np.float32)
    # Two columns: a pair of the one kind, then four of the other below.
    assert neighbour_likeness(vectors, np.arange(6), 2) == pytest.approx(5 / 7)
    assert neighbour_likeness(vectors[:1], np.arange(1), 1) == 1


@pytest.mark.parametrize("count", [1, 2, 10, 94, 1000, 2999, 5003])
def test_rasters_are_nearly_square_and_nearly_full(count: int) -> None:
    columns = raster_columns(count)
    rows = -(-count // columns)
    assert rows <= columns <= max(2, 1.5 * rows)
    assert columns * rows - count <= max(2, 0.5 * columns)
