"""Strips of frames to look at: places in a film go in, a picture of the frames around each comes out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from reinterpret.frames import Scaler, decode
from reinterpret.video import probe

_WIDTH, _COLUMNS = 200, 8
_CAPTION_HEIGHT, _LABEL_HEIGHT = 18, 12
_MOST_FRAMES = 24


@dataclass(frozen=True)
class Place:
    """Frames [start_frame, end_frame) of a film, and what is to be said of them."""

    start_frame: int
    end_frame: int
    caption: str
    name: str
    """Of the file, without its suffix."""


def write_sheets(film: Path, places: Sequence[Place], folder: Path) -> list[Path]:
    """A JPEG for every place. The film is decoded once, from its start, so that frame numbers are exact."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {number for place in places for number in _around(place)}
    frames = _frames(film, wanted)
    written = []
    for place in places:
        path = folder / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', place.name)}.jpg"
        _sheet(place, frames).save(path, quality=88)
        written.append(path)
    return written


def _around(place: Place) -> list[int]:
    """Four frames before and after; of a long transition every second, third, ... frame."""
    first, last = max(place.start_frame - 4, 0), place.end_frame + 4
    step = -(-(last - first) // _MOST_FRAMES)
    return list(range(first, last, step))


def _frames(film: Path, wanted: set[int]) -> dict[int, np.ndarray]:
    video = probe(film)
    scaler = Scaler(_WIDTH, max(2, round(_WIDTH * video.height / video.width)), rotation=video.rotation)
    found: dict[int, np.ndarray] = {}
    for frame in decode(video, threads=1) if wanted else ():
        if frame.number in wanted:
            found[frame.number] = scaler.rgb(frame.picture)
        if frame.number >= max(wanted):
            break
    return found


def _sheet(place: Place, frames: dict[int, np.ndarray]) -> Image.Image:
    """Frame numbers above the frames; those of the transition are underlined."""
    numbers = [number for number in _around(place) if number in frames]
    height = frames[numbers[0]].shape[0] if numbers else 0
    rows = -(-len(numbers) // _COLUMNS)
    cell = height + _LABEL_HEIGHT + 3
    canvas = Image.new("RGB", (_COLUMNS * (_WIDTH + 2), _CAPTION_HEIGHT + rows * cell), "white")
    pen = ImageDraw.Draw(canvas)
    pen.text((4, 3), place.caption, fill="black")
    for position, number in enumerate(numbers):
        left, top = position % _COLUMNS * (_WIDTH + 2), _CAPTION_HEIGHT + position // _COLUMNS * cell
        pen.text((left + 4, top), str(number), fill="black")
        canvas.paste(Image.fromarray(frames[number]), (left, top + _LABEL_HEIGHT))
        inside = place.start_frame <= number < place.end_frame
        first = number == place.start_frame == place.end_frame
        if inside or first:
            bottom = top + _LABEL_HEIGHT + height
            pen.rectangle((left, bottom, left + (4 if first else _WIDTH), bottom + 2), fill="red")
    return canvas
