"""Grids and contact sheets: where each picture stands, how large it is, and what stands for a film that has gone."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reinterpret.edits import Clip, EditList
from reinterpret.errors import EditError, OutputError, UsageError, VideoError
from reinterpret.library import Library
from reinterpret.neighbours import Hit
from reinterpret.rendering.stills import Cell, Label, contact_sheet, draw_cells, fitted_frame, grid, parse_size
from reinterpret.video import FrameGrid, probe
from tests.judging import edit_of, number_of, numbered_film, turned

GAP, LABEL, CELL = 8, 24, (480, 270)
GROUND = 20


@pytest.mark.parametrize(("text", "size"), [("3x3", (3, 3)), ("4X2", (4, 2)), ("20x1", (20, 1)), ("1x1", (1, 1))])
def test_sizes_as_people_write_them(text: str, size: tuple[int, int]) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text", ["", "3", "3x", "x3", "3x3x3", "0x3", "21x1", "-1x3", "3.5x3", "axb", "３x３", "²x2", "3 x 3"]
)
def test_sizes_that_cannot_be_meant(text: str) -> None:
    with pytest.raises(UsageError):
        parse_size(text)


def page_of(path: Path, mode: str = "RGB") -> np.ndarray:
    with Image.open(path) as page:
        return np.asarray(page.convert(mode))


def cells(count: int) -> list[Cell]:
    return [
        Cell(np.full((40, 60, 3), 100 + 10 * number, np.uint8), Label(f"shot {number}", "0.50"))
        for number in range(count)
    ]


@pytest.mark.parametrize(("labels", "pitch"), [(True, 40 + GAP + LABEL), (False, 40 + GAP)])
def test_cells_stand_row_by_row(tmp_path: Path, labels: bool, pitch: int) -> None:
    draw_cells(cells(5), tmp_path / "grid.png", columns=3, labels=labels)
    page = page_of(tmp_path / "grid.png")
    assert page.shape == (2 * pitch + GAP, 3 * (60 + GAP) + GAP, 3)
    for number in range(5):
        left, top = GAP + number % 3 * (60 + GAP), GAP + number // 3 * pitch
        assert (page[top : top + 40, left : left + 60] == 100 + 10 * number).all()
        below = page[top + 40 : top + 40 + LABEL, left : left + 60]
        # Only where there are labels anything but the ground is to be seen between the rows.
        assert (below.max() > 100) == labels or not labels
    # The place of the sixth is empty.
    assert page[GAP + pitch + 5, GAP + 2 * (60 + GAP) + 30].max() <= GROUND


def test_labels_too_long_for_their_cell_are_cut(tmp_path: Path) -> None:
    long = Cell(np.zeros((40, 100, 3), np.uint8), Label("a film with a very long name indeed, and more", "1.00"))
    draw_cells([long, Cell(np.zeros((40, 100, 3), np.uint8))], tmp_path / "grid.png", columns=2, labels=True)
    page = page_of(tmp_path / "grid.png")
    # The gap beside the cell, and the place below the second, stay empty.
    assert page[48:72, 110:116].max() <= GROUND
    assert page[48:72, 116:].max() <= GROUND


def test_odd_labels_are_drawn(tmp_path: Path) -> None:
    for label in ("", "日本語", "🎬", "a\nb", "\udce9"):
        draw_cells(
            [Cell(np.zeros((40, 100, 3), np.uint8), Label(label, "n"))], tmp_path / "g.png", columns=1, labels=True
        )
        assert page_of(tmp_path / "g.png", "L").shape == (40 + 2 * GAP + LABEL, 100 + 2 * GAP)


def test_nothing_to_draw_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing to draw"):
        draw_cells([], tmp_path / "grid.png", columns=3, labels=True)


def hits(library: Library, count: int) -> list[Hit]:
    return [Hit(film, 0, 0.9) for film in library.fingerprints()[:count]]


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_a_grid_shows_the_middles_of_its_shots(library: Library, tmp_path: Path, suffix: str) -> None:
    found = hits(library, 3)
    grid(library, found, tmp_path / f"grid.{suffix}", columns=2)
    page = page_of(tmp_path / f"grid.{suffix}").astype(int)
    assert page.shape == (2 * (270 + GAP + LABEL) + GAP, 2 * (480 + GAP) + GAP, 3)
    for number, hit in enumerate(found):
        left, top = GAP + number % 2 * (480 + GAP), GAP + number // 2 * (270 + GAP + LABEL)
        drawn = page[top : top + 270, left : left + 480]
        middle = library.shots(hit.film)[0].body.middle
        expected = fitted_frame(library.video(hit.film), middle, *CELL).astype(int)
        assert np.abs(drawn - expected).mean() < (0.5 if suffix == "png" else 6)


def test_a_film_that_has_gone_is_drawn_from_its_thumbnail(
    library: Library, archive: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(library.path, tmp_path / "lib")
    copy = Library.open(tmp_path / "lib")
    films = {copy.video(name).name: name for name in copy.fingerprints()}
    gone = films["two.mp4"]
    location = copy.location(gone)
    assert location is not None
    copy.relocate(gone, replace(location, path=tmp_path / "gone.mp4"))
    grid(copy, [Hit(gone, 0, 0.9)], tmp_path / "gone.png", columns=1)
    assert "gone.mp4" in caplog.text
    grid(library, [Hit(gone, 0, 0.9)], tmp_path / "there.png", columns=1)
    pages = [page_of(tmp_path / f"{name}.png", "L").astype(float) for name in ("gone", "there")]
    assert pages[0].shape == pages[1].shape
    likeness = np.corrcoef(*(page[GAP : GAP + 270, GAP : GAP + 480].ravel() for page in pages))[0, 1]
    assert likeness > 0.9


def test_a_grid_is_not_written_where_it_cannot_be(library: Library, tmp_path: Path) -> None:
    for out in (tmp_path / "grid.bmp", tmp_path / "none" / "grid.png", tmp_path):
        with pytest.raises(OutputError):
            grid(library, hits(library, 1), out, columns=1)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("size", "box"),
    [
        ((160, 90), (0, 0, 160, 90)),
        ((160, 120), (0, -15, 160, 120)),
        ((240, 90), (-40, 0, 240, 90)),
        ((90, 160), (0, -97, 160, 284)),
    ],
)
def test_a_fitted_frame_fills_its_place_without_distortion(
    tmp_path: Path, size: tuple[int, int], box: tuple[float, float, float, float]
) -> None:
    film = numbered_film(tmp_path / "film.mp4", 12, film=3, size=size)
    picture = fitted_frame(probe(film), Fraction(7, 25), 160, 90)
    assert picture.shape == (90, 160, 3)
    if size != (90, 160):  # of the upright one the number is cut off
        assert number_of(picture.mean(axis=2), box) == (3, 7)


def test_a_turned_frame_is_fitted_upright(tmp_path: Path) -> None:
    bare = numbered_film(tmp_path / "bare.mp4", 12, film=3, turns=1)
    film = turned(bare, tmp_path / "turned.mp4", 90)
    assert number_of(fitted_frame(probe(film), Fraction(5, 25), 160, 90).mean(axis=2)) == (3, 5)


@pytest.fixture
def numbered_edit(tmp_path: Path) -> EditList:
    trailer = numbered_film(tmp_path / "trailer.mp4", 40, film=1)
    source = numbered_film(tmp_path / "source.mp4", 80, film=2)
    return edit_of(trailer, (10, source, 1), (10, source, 2), (9, None, 0), (11, source, Fraction(1, 2)))


def test_a_contact_sheet_pairs_the_middles_of_the_clips(numbered_edit: EditList, tmp_path: Path) -> None:
    contact_sheet(numbered_edit, tmp_path / "sheet.png")
    page = page_of(tmp_path / "sheet.png", "L")
    width, height = 267, 150
    pitch = height + GAP + LABEL
    assert page.shape == (2 * pitch + GAP, 3 * (2 * width + GAP) + GAP)
    for number, (middle, source) in enumerate([(5, 30), (15, 55), (24, None), (34, 17)]):
        left, top = GAP + number % 3 * (2 * width + GAP), GAP + number // 3 * pitch
        assert number_of(page[top : top + height, left : left + width]) == (1, middle)
        right = page[top : top + height, left + width : left + 2 * width]
        if source is None:
            assert right.max() == 0
        else:
            assert number_of(right) == (2, source)


def test_a_contact_sheet_leaves_out_black_for_a_moment_and_keeps_the_numbers(
    numbered_edit: EditList, tmp_path: Path
) -> None:
    """The numbers are those of the edit, so that a clip is found again in the studio and in reports."""
    first = numbered_edit.clips[0]
    short = Clip(first.first_frame, 3, "black")
    shown = replace(first, first_frame=3, frame_count=first.frame_count - 3)
    made = replace(numbered_edit, clips=(short, shown, *numbered_edit.clips[1:]))
    contact_sheet(made, tmp_path / "more.png")
    contact_sheet(numbered_edit, tmp_path / "as it was.png")
    more, before = (page_of(tmp_path / f"{name}.png", "L") for name in ("more", "as it was"))
    assert more.shape == before.shape
    only_black = replace(numbered_edit, grid=FrameGrid(Fraction(25), 3), clips=(short,))
    contact_sheet(only_black, tmp_path / "black.png")


def test_a_contact_sheet_shows_a_title_that_is_kept_on_both_sides(numbered_edit: EditList, tmp_path: Path) -> None:
    third = replace(numbered_edit.clips[2], kind="title")
    made = replace(numbered_edit, clips=(*numbered_edit.clips[:2], third, numbered_edit.clips[3]))
    contact_sheet(numbered_edit, tmp_path / "black.png")
    contact_sheet(made, tmp_path / "title.png")
    black, title = (page_of(tmp_path / f"{name}.png", "L") for name in ("black", "title"))
    left, middle = GAP + 2 * (2 * 267 + GAP), GAP + 150
    for side in (0, 1):
        assert number_of(title[GAP:middle, left + side * 267 : left + (side + 1) * 267]) == (1, 24)
    # Below it stands another word, and nothing else on the page has changed.
    changed = np.argwhere(black != title)
    assert (black[middle : middle + LABEL] != title[middle : middle + LABEL]).any()
    assert changed[:, 0].max() < middle + LABEL
    assert changed[:, 1].min() >= left


def test_a_contact_sheet_of_missing_films_is_an_error(numbered_edit: EditList, tmp_path: Path) -> None:
    (tmp_path / "source.mp4").unlink()
    with pytest.raises(EditError, match=r"source\.mp4"):
        contact_sheet(numbered_edit, tmp_path / "sheet.png")
    (tmp_path / "trailer.mp4").unlink()
    with pytest.raises((EditError, VideoError), match=r"trailer\.mp4"):
        contact_sheet(numbered_edit, tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()
