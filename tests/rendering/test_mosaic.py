"""Moving grids: every cell plays its shot, for as long as asked for."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reinterpret.errors import OutputError, UsageError
from reinterpret.library import Library
from reinterpret.neighbours import Hit
from reinterpret.rendering.loops import best_moments
from reinterpret.rendering.mosaic import _raster as raster
from reinterpret.rendering.mosaic import moving_grid
from reinterpret.rendering.stills import fitted_frame


def all_shots(library: Library) -> list[Hit]:
    return [Hit(film, shot.number, 0.5) for film in library.fingerprints() for shot in library.shots(film)]


def frames(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24").astype(float) for frame in container.decode(video=0)]


@pytest.mark.parametrize("labels", [True, False])
def test_every_cell_plays_its_shot(library: Library, tmp_path: Path, labels: bool) -> None:
    hits = all_shots(library)[:6]
    moving_grid(library, hits, tmp_path / "grid.mp4", columns=3, seconds=1.2, height=300, labels=labels)
    made = frames(tmp_path / "grid.mp4")
    assert len(made) == 30
    places = raster(3, 2, 300, labels)
    assert made[0].shape == (places.size[1], places.size[0], 3)
    loops = best_moments(library, hits, Fraction(6, 5))
    for number, loop in enumerate(loops):
        left, top = places.corner(number)
        for at in (0, 17):
            wanted = fitted_frame(loop.video, loop.source_seconds(at, Fraction(25)), *places.cell).astype(float)
            cell = made[at][top : top + places.cell[1], left : left + places.cell[0]]
            others = [
                np.abs(cell - fitted_frame(other.video, other.span.start, *places.cell)).mean()
                for other in loops
                if other is not loop
            ]
            assert np.abs(cell - wanted).mean() < min(12, *others)


def test_labels_are_written_below_each_picture(library: Library, tmp_path: Path) -> None:
    hits = all_shots(library)[:4]
    moving_grid(library, hits, tmp_path / "grid.mp4", columns=2, seconds=0.2, height=480)
    places, made = raster(2, 2, 480, True), frames(tmp_path / "grid.mp4")[-1]
    for number in range(4):
        left, top = places.corner(number)
        below = made[top + places.cell[1] : top + places.cell[1] + places.label, left : left + places.cell[0]]
        assert below.max() > 150
        assert np.median(below) < 40


@pytest.mark.parametrize("suffix", [".gif", ".webp"])
def test_pictures_that_move_loop_for_ever(library: Library, tmp_path: Path, suffix: str) -> None:
    out = tmp_path / f"grid{suffix}"
    moving_grid(library, all_shots(library)[:4], out, columns=2, seconds=1, height=160)
    with Image.open(out) as picture:
        assert getattr(picture, "n_frames", 1) in ((12, 13) if suffix == ".gif" else (25,))
        assert picture.info["loop"] == 0


@pytest.mark.parametrize(("columns", "rows"), list(itertools.product((1, 2, 3, 6), (1, 2, 6))))
@pytest.mark.parametrize("height", [64, 99, 480, 720])
def test_all_edges_of_the_raster_are_even(columns: int, rows: int, height: int) -> None:
    for labels in (True, False):
        places = raster(columns, rows, height, labels)
        edges = [edge for number in range(columns * rows) for edge in places.corner(number)]
        assert all(edge % 2 == 0 for edge in (*edges, *places.size, *places.cell))


def test_fewer_shots_than_cells_leave_no_empty_rows(library: Library, tmp_path: Path) -> None:
    moving_grid(library, all_shots(library)[:2], tmp_path / "grid.mp4", columns=3, seconds=0.2, height=120)
    assert frames(tmp_path / "grid.mp4")[0].shape[:2] == raster(3, 1, 120, True).size[::-1]


@pytest.mark.parametrize("wrong", [{"seconds": 0.0}, {"seconds": 601.0}, {"height": 8}, {"seconds": float("nan")}])
def test_what_cannot_be_is_refused(library: Library, tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="got"):
        moving_grid(library, all_shots(library)[:2], tmp_path / "grid.mp4", columns=3, **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


def test_nothing_to_draw_and_no_place_for_it_are_said(library: Library, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no shot was found"):
        moving_grid(library, [], tmp_path / "grid.mp4", columns=3)
    with pytest.raises(OutputError, match=r"\.mp4 or \.gif or \.webp"):
        moving_grid(library, all_shots(library), tmp_path / "grid.avi", columns=3)
