"""Stills in a raster: similarity grids of a library's shots, and contact sheets of an edit."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from reinterpret.edits import Clip, EditList, most_used_film, trailer_seconds
from reinterpret.errors import EditError, UsageError, VideoError
from reinterpret.files import check_output, not_written, renamed_into
from reinterpret.frames import read_frames
from reinterpret.library import Library
from reinterpret.neighbours import Hit
from reinterpret.timebase import format_seconds, round_half_up
from reinterpret.video import Video

logger = logging.getLogger(__name__)

STILL_SUFFIXES = (".png", ".jpg", ".jpeg")

GROUND = (18, 18, 20)
_GAP = 8
_INK = (235, 235, 235)
_FAINT = (160, 160, 165)
_LABEL_HEIGHT = 24
_FONT_SIZE = 14
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont
# A grid is looked at as one picture on one screen.
_GRID_CELL = (480, 270)
_SHEET_HEIGHT = 150
_SHEET_PAIRS_ACROSS = 3
_SMALLEST_GRID, _LARGEST_GRID = 1, 20


@dataclass(frozen=True, slots=True)
class Label:
    """What is written below a picture."""

    words: str = ""
    note: str = ""
    """Written at the right, fainter."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A picture of the raster and what is written below it."""

    picture: np.ndarray
    """H x W x 3 uint8 RGB; all cells of a raster have one size."""
    label: Label = Label()


def parse_size(text: str) -> tuple[int, int]:
    """Columns and rows as people write them: `3x3`, `4x2`. Raises UsageError."""
    columns, _, rows = text.lower().partition("x")
    if not (text.isascii() and columns.isdigit() and rows.isdigit()):
        raise UsageError(f"expected a size such as 3x3 (columns x rows), got {text!r}")
    size = int(columns), int(rows)
    if not all(_SMALLEST_GRID <= side <= _LARGEST_GRID for side in size):
        raise UsageError(f"a grid has {_SMALLEST_GRID} to {_LARGEST_GRID} columns and rows, got {text}")
    return size


def grid(library: Library, hits: Sequence[Hit], out: Path | str, *, columns: int, labels: bool = True) -> None:
    """Draw the middles of some shots, row by row, as one picture. Raises OutputError, LibraryError."""
    out = Path(out)
    check_output(out, suffixes=STILL_SUFFIXES)
    draw_cells([_cell(library, hit) for hit in hits], out, columns=columns, labels=labels)


def contact_sheet(edit: EditList, out: Path | str) -> None:
    """Draw every clip of an edit as a pair: the trailer's picture left, the archive's right, both from the middle.

    Of a title that is kept the trailer's picture stands on both sides; of an edit without a trailer each clip has one
    picture. Raises OutputError, EditError.
    """
    out = Path(out)
    check_output(out, inputs=edit.inputs, suffixes=STILL_SUFFIXES)
    model = edit.trailer or most_used_film(edit)
    width = round(_SHEET_HEIGHT * model.display_width / model.display_height)
    cells = []
    for number, clip in enumerate(edit.clips):
        own = None if edit.trailer is None else _trailer_picture(edit, edit.trailer, clip, width)
        other = np.zeros((_SHEET_HEIGHT, width, 3), np.uint8) if own is None or clip.kind != "title" else own
        label, note = str(clip.kind), ""
        if clip.match is not None:
            film = edit.film(clip.match.film)
            instant = edit.source_seconds(clip)[clip.frame_count // 2]
            try:
                other = fitted_frame(film, instant, width, _SHEET_HEIGHT)
            except VideoError as error:
                raise EditError(f"the edit needs a film that cannot be read: {error}") from error
            label, note = f"{film.path.stem} {format_seconds(instant)}", f"{clip.match.score:.2f}"
        picture = other if own is None else np.hstack([own, other])
        cells.append(Cell(picture, Label(f"{number + 1}  {label}", note)))
    across = _SHEET_PAIRS_ACROSS * (2 if edit.trailer is None else 1)
    draw_cells(cells, out, columns=min(across, len(cells)), labels=True)


def _trailer_picture(edit: EditList, trailer: Video, clip: Clip, width: int) -> np.ndarray:
    middle = clip.first_frame + clip.frame_count // 2
    return fitted_frame(trailer, trailer_seconds(edit.grid, middle), width, _SHEET_HEIGHT)


def draw_cells(cells: Sequence[Cell], out: Path, *, columns: int, labels: bool) -> None:
    """Lay cells out row by row and write the picture, whole or not at all. Raises OutputError."""
    if not cells:
        raise UsageError("there is nothing to draw: no shot was found")
    height, width = cells[0].picture.shape[:2]
    rows = -(-len(cells) // columns)
    pitch = height + _GAP + (_LABEL_HEIGHT if labels else 0)
    page = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * pitch + _GAP), GROUND)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(_FONT_SIZE)
    for number, cell in enumerate(cells):
        left, top = _GAP + number % columns * (width + _GAP), _GAP + number // columns * pitch
        page.paste(Image.fromarray(cell.picture), (left, top))
        if labels:
            write_label(pen, font, cell.label, left, top + height, width, _LABEL_HEIGHT)
    try:
        with renamed_into(out) as temporary:
            page.save(temporary, quality=90)
    except OSError as error:
        raise not_written(out, error) from error


def fitted_frame(video: Video, instant: Fraction, width: int, height: int) -> np.ndarray:
    """The frame on the screen at an instant, filling width x height: H x W x 3 uint8 RGB. Raises VideoError."""
    aspect = Fraction(video.display_width, video.display_height)
    if aspect >= Fraction(width, height):
        whole = max(width, round_half_up(height * aspect)), height
    else:
        whole = width, max(height, round_half_up(width / aspect))
    picture = read_frames(video, [instant], width=whole[0], height=whole[1]).pixels[0]
    return _centre(picture, width, height)


def _cell(library: Library, hit: Hit) -> Cell:
    video = library.video(hit.film)
    middle = library.usable(hit.film, hit.shot).middle
    try:
        picture = fitted_frame(video, middle, *_GRID_CELL)
    except VideoError as error:
        logger.warning("drawn from its thumbnail: %s", error)
        picture = _from_thumbnail(library.thumbnail(hit.film, hit.shot))
    return Cell(picture, Label(f"{video.path.stem}:{hit.shot}  {format_seconds(middle)}", f"{hit.score:.2f}"))


def _from_thumbnail(jpeg: bytes) -> np.ndarray:
    width, height = _GRID_CELL
    small = Image.open(io.BytesIO(jpeg)).convert("RGB")
    scale = max(width / small.width, height / small.height)
    size = max(width, round(small.width * scale)), max(height, round(small.height * scale))
    return _centre(np.asarray(small.resize(size)), width, height)


def _centre(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    top, left = (picture.shape[0] - height) // 2, (picture.shape[1] - width) // 2
    return picture[top : top + height, left : left + width]


def write_label(
    pen: ImageDraw.ImageDraw, font: Font, label: Label, left: int, top: int, width: int, height: int
) -> None:
    """Write a label into a place of that size, in pixels; what does not fit is cut off."""
    size = getattr(font, "size", _FONT_SIZE)
    line = top + (height - size) // 2 - 1
    note_width = pen.textlength(label.note, font)
    pen.text((left + width - note_width, line), label.note, _FAINT, font)
    # File names may hold line breaks and bytes that are no text.
    words = "".join(letter if letter.isprintable() else " " for letter in label.words)
    room = width - note_width - 12
    if pen.textlength(words, font) > room:
        while words and pen.textlength(words + "...", font) > room:
            words = words[:-1]
        words += "..."
    pen.text((left, line), words, _INK, font)
