"""Stills in a raster: similarity grids of a library's shots, and contact sheets of an edit."""

from __future__ import annotations

import io
import logging
import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
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
# Variations stand in up to so many blocks beside each other, so that a sheet of a trailer fits on a screen.
_BLOCK_ROWS, _MOST_BLOCKS = 12, 3
# Black and white for a shorter time than this is not worth a cell of a contact sheet.
_LEAST_PLAIN_SECONDS = Fraction(1, 4)
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
    picture. Black and white for less than a quarter of a second are left out. Raises OutputError, EditError.
    """
    out = Path(out)
    check_output(out, inputs=edit.inputs, suffixes=STILL_SUFFIXES)
    model = edit.trailer or most_used_film(edit)
    width = round(_SHEET_HEIGHT * model.display_width / model.display_height)
    numbers = _worth_a_cell(edit)
    own, other = _trailer_pictures(edit, numbers, width), _archive_pictures(edit, numbers, width)
    cells = []
    for number in numbers:
        clip = edit.clips[number]
        right = other.get(number)
        if right is None:
            right = own[number] if clip.kind == "title" else _plain_picture(clip.kind, width)
        picture = np.hstack([own[number], right]) if own else right
        cells.append(Cell(picture, _sheet_label(edit, number)))
    across = _SHEET_PAIRS_ACROSS * (2 if edit.trailer is None else 1)
    draw_cells(cells, out, columns=min(across, len(cells)), labels=True)


def variations_sheet(edits: Mapping[str, EditList], out: Path | str) -> None:
    """Draw several edits of one trailer: per row a shot of the trailer, and beside it what each edit shows for it.

    edits: by the names that stand above their columns; at least one, all of the same trailer. The rows are the clips of
    the first; of the others what they show in the middle of it. Raises OutputError, EditError, UsageError.
    """
    out = Path(out)
    first = next(iter(edits.values()), None)
    if first is None or first.trailer is None or any(edit.trailer != first.trailer for edit in edits.values()):
        raise UsageError("variations are edits of one trailer; give at least one, and none of another film")
    check_output(out, inputs=first.inputs, suffixes=STILL_SUFFIXES)
    width = round(_SHEET_HEIGHT * first.trailer.display_width / first.trailer.display_height)
    numbers = _worth_a_cell(first)
    own = _trailer_pictures(first, numbers, width)
    columns = [_column(edit, first, numbers, width, own) for edit in edits.values()]
    blocks = min(_MOST_BLOCKS, -(-len(numbers) // _BLOCK_ROWS))
    tall = -(-len(numbers) // blocks)
    nothing = [Cell(np.full((_SHEET_HEIGHT, width, 3), GROUND, np.uint8))] * (1 + len(columns))
    cells = []
    for place in (place for row in range(tall) for place in range(row, tall * blocks, tall)):
        if place >= len(numbers):
            cells += nothing
            continue
        number = numbers[place]
        cells += [Cell(own[number], Label(f"{number + 1}")), *(column[place] for column in columns)]
    draw_cells(cells, out, columns=blocks * (1 + len(columns)), labels=True, headings=["trailer", *edits] * blocks)


def _column(
    edit: EditList, rows: EditList, numbers: Sequence[int], width: int, own: Mapping[int, np.ndarray]
) -> list[Cell]:
    """What an edit shows in the middle of some clips of another edit of the same trailer."""
    starts = [clip.first_frame for clip in edit.clips]
    shown = [bisect_right(starts, _middle(rows.clips[number])) - 1 for number in numbers]
    pictures = _archive_pictures(edit, list(dict.fromkeys(shown)), width)
    cells = []
    for number, clip in zip(numbers, shown, strict=True):
        kind = edit.clips[clip].kind
        plain = own[number] if kind == "title" else _plain_picture(kind, width)
        cells.append(Cell(pictures.get(clip, plain), _sheet_label(edit, clip)))
    return cells


def _worth_a_cell(edit: EditList) -> list[int]:
    """The numbers of the clips that are drawn: not the few frames of black or white between two pictures."""
    clips = edit.clips
    shown = [
        number
        for number, clip in enumerate(clips)
        if clip.kind in ("footage", "title") or clip.frame_count >= _LEAST_PLAIN_SECONDS * edit.grid.rate
    ]
    return shown or list(range(len(clips)))


def _sheet_label(edit: EditList, number: int) -> Label:
    clip = edit.clips[number]
    if clip.match is None:
        return Label(f"{number + 1}  {clip.kind}")
    film, instant = edit.film(clip.match.film), edit.source_instant(clip, _middle(clip))
    return Label(f"{number + 1}  {film.path.stem} {format_seconds(instant)}", f"{clip.match.score:.2f}")


def _middle(clip: Clip) -> int:
    return clip.first_frame + clip.frame_count // 2


def _plain_picture(kind: str, width: int) -> np.ndarray:
    return np.full((_SHEET_HEIGHT, width, 3), 255 if kind == "white" else 0, np.uint8)


def _trailer_pictures(edit: EditList, numbers: Sequence[int], width: int) -> dict[int, np.ndarray]:
    """The trailer's picture in the middle of each clip; none where there is no trailer."""
    if edit.trailer is None:
        return {}
    instants = [trailer_seconds(edit.grid, _middle(edit.clips[number])) for number in numbers]
    return dict(zip(numbers, fitted_frames(edit.trailer, instants, width, _SHEET_HEIGHT), strict=True))


def _archive_pictures(edit: EditList, numbers: Sequence[int], width: int) -> dict[int, np.ndarray]:
    """What each clip of footage shows in its middle. Each film is opened once, several at a time."""
    of_film: dict[str, list[int]] = defaultdict(list)
    for number in numbers:
        match = edit.clips[number].match
        if match is not None:
            of_film[match.film].append(number)

    def drawn(film: str) -> dict[int, np.ndarray]:
        clips = [edit.clips[number] for number in of_film[film]]
        instants = [edit.source_instant(clip, _middle(clip)) for clip in clips]
        try:
            pictures = fitted_frames(edit.film(film), instants, width, _SHEET_HEIGHT)
        except VideoError as error:
            raise EditError(f"the edit needs a film that cannot be read: {error}") from error
        return dict(zip(of_film[film], pictures, strict=True))

    with ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="sheet") as pool:
        return {number: picture for found in pool.map(drawn, of_film) for number, picture in found.items()}


def draw_cells(
    cells: Sequence[Cell], out: Path, *, columns: int, labels: bool, headings: Sequence[str] = ()
) -> None:
    """Lay cells out row by row and write the picture, whole or not at all. Raises OutputError.

    headings: what stands above each column.
    """
    if not cells:
        raise UsageError("there is nothing to draw: no shot was found")
    height, width = cells[0].picture.shape[:2]
    rows = -(-len(cells) // columns)
    pitch = height + _GAP + (_LABEL_HEIGHT if labels else 0)
    above = _LABEL_HEIGHT if headings else 0
    page = Image.new("RGB", (columns * (width + _GAP) + _GAP, rows * pitch + _GAP + above), GROUND)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(_FONT_SIZE)
    for number, heading in enumerate(headings):
        write_label(pen, font, Label(heading), _GAP + number * (width + _GAP), _GAP // 2, width, _LABEL_HEIGHT)
    for number, cell in enumerate(cells):
        left, top = _GAP + number % columns * (width + _GAP), _GAP + above + number // columns * pitch
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
    return fitted_frames(video, [instant], width, height)[0]


def fitted_frames(video: Video, instants: Sequence[Fraction], width: int, height: int) -> list[np.ndarray]:
    """The frames on the screen at some instants, each as `fitted_frame` gives it. Raises VideoError."""
    aspect = Fraction(video.display_width, video.display_height)
    if aspect >= Fraction(width, height):
        whole = max(width, round_half_up(height * aspect)), height
    else:
        whole = width, max(height, round_half_up(width / aspect))
    pictures = read_frames(video, instants, width=whole[0], height=whole[1]).pixels
    return [_centre(picture, width, height) for picture in pictures]


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
