"""Sheets to look at: the shots of a trailer go in, a picture comes out that has each beside what was found for it."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw

_WIDTH, _HEIGHT, _CAPTION, _GAP, _COLUMNS = 220, 124, 14, 10, 3


@dataclass(frozen=True)
class Pair:
    """A shot and the one that was found."""

    wanted: bytes
    found: bytes | None
    """JPEG; None if there is nothing."""
    wanted_caption: str
    found_caption: str


def write_sheet(path: Path, title: str, pairs: Sequence[Pair]) -> None:
    """Three pairs a row, as JPEG; what was looked for is on the left."""
    rows = -(-len(pairs) // _COLUMNS)
    wide, high = 2 * _WIDTH + _GAP, _HEIGHT + _CAPTION + _GAP // 2
    canvas = Image.new("RGB", (_COLUMNS * (wide + _GAP) + _GAP, rows * high + 24), "white")
    pen = ImageDraw.Draw(canvas)
    pen.text((_GAP, 6), title, fill="black")
    for number, pair in enumerate(pairs):
        left, top = _GAP + number % _COLUMNS * (wide + _GAP), 24 + number // _COLUMNS * high
        for jpeg, caption, offset in (
            (pair.wanted, pair.wanted_caption, 0),
            (pair.found, pair.found_caption, _WIDTH + 2),
        ):
            if jpeg is not None:
                picture = Image.open(io.BytesIO(jpeg)).convert("RGB")
                picture.thumbnail((_WIDTH, _HEIGHT))
                across, down = (_WIDTH - picture.width) // 2, (_HEIGHT - picture.height) // 2
                canvas.paste(picture, (left + offset + across, top + down))
            pen.text((left + offset, top + _HEIGHT), caption[:36], fill="black")
    path.parent.mkdir(parents=True, exist_ok=True)
    canvas.save(path, quality=85)
