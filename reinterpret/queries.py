"""What one can look for: a picture, a frame of a video or a shot of the library goes in, what it is like comes out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np

from reinterpret.cues import PRESETS
from reinterpret.cues.vectors import CueVectors
from reinterpret.embeddings import embed_pictures
from reinterpret.encoders import Encoder
from reinterpret.errors import LibraryError, UsageError, VideoError
from reinterpret.frames import read_frames
from reinterpret.library import Library
from reinterpret.neighbours import Hit, Neighbours, Query
from reinterpret.video import Video, probe

_PARTS_ALONG = 5
# A picture is only looked at through a small frame; this is far above what any camera makes.
_MOST_PIXELS = 400_000_000


def picture_query(path: Path | str, encoder: Encoder, *, parts: bool = False) -> CueVectors:
    """What a picture file is like; with `parts`, what its parts are like too. Raises VideoError if it is none."""
    return _query(read_picture(Path(path)), encoder, parts)


def frame_query(path: Path | str, at: float, encoder: Encoder, *, parts: bool = False) -> CueVectors:
    """What the frame is like that a video shows at an instant (seconds from its start), and with `parts` its parts.

    Raises VideoError, also where the video is over by then.
    """
    return _query(read_frame(probe(path), at), encoder, parts)


def _query(picture: np.ndarray, encoder: Encoder, parts: bool) -> CueVectors:
    return embed_pictures(parts_of(picture) if parts else [picture], encoder)


def parts_of(picture: np.ndarray) -> list[np.ndarray]:
    """A picture, H x W x 3, and 25 parts of half its width and height, row by row: in one of them may lie another."""
    height, width = picture.shape[:2]
    high, wide = max(1, height // 2), max(1, width // 2)
    tops, lefts = (np.linspace(0, free, _PARTS_ALONG).round().astype(int) for free in (height - high, width - wide))
    return [picture, *(picture[top : top + high, left : left + wide] for top in tops for left in lefts)]


def search(
    neighbours: Neighbours, query: Query, *, k: int = 10, weights: Mapping[str, float] | None = None
) -> list[Hit]:
    """The `k` shots nearest to a query, best first; of a query of several rows, to any of these.

    weights: of the cues, `balanced` by default. Raises UsageError.
    """
    if k < 1:
        raise UsageError(f"at least one result must be asked for, got -k {k}")
    best: dict[tuple[str, int], Hit] = {}
    for hits in neighbours.search(query, k, weights=weights or PRESETS["balanced"]):
        for hit in hits:
            known = best.get((hit.film, hit.shot))
            if known is None or hit.score > known.score:
                best[hit.film, hit.shot] = hit
    return sorted(best.values(), key=lambda hit: -hit.score)[:k]


def parse_shot(name: str, library: Library) -> tuple[str, int]:
    """A shot as people write it, `FILM:NUMBER`: the film's file name, path or fingerprint, and the shot's number.

    Raises UsageError, LibraryError.
    """
    film, colon, number = name.rpartition(":")
    if not colon or not (number.isascii() and number.isdigit()):
        raise UsageError(f"expected a shot such as FILM.mp4:12, got {name!r}")
    found = library.find_film(film)
    count = len(library.shots(found))
    if int(number) >= count:
        raise LibraryError(f"{film} has {count} shots, numbered from 0; there is no shot {number}")
    return found, int(number)


def read_picture(path: Path) -> np.ndarray:
    """A picture file as H x W x 3 uint8 RGB, upright. Raises VideoError."""
    from PIL import Image, ImageOps

    try:
        with Image.open(path) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                raise VideoError(f"{path}: has {picture.width} x {picture.height} pixels, more than can be read")
            upright = ImageOps.exif_transpose(picture)
            if upright.mode.startswith("I"):
                # 16 bits of grey, as scanners make them: Pillow would turn all but the darkest to white.
                upright = Image.fromarray(np.clip(np.asarray(upright) // 257, 0, 255).astype(np.uint8))
            return np.asarray(upright.convert("RGB"))
    except FileNotFoundError as error:
        raise VideoError(f"{path}: no such file") from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise VideoError(f"{path}: is not a picture that can be read ({error})") from error


def read_frame(video: Video, at: float) -> np.ndarray:
    """The frame on the screen at an instant, upright, in square pixels: H x W x 3 uint8 RGB. Raises VideoError."""
    if not math.isfinite(at) or at < 0:
        raise UsageError(f"expected an instant in seconds from the start, got {at}")
    if video.duration and at >= video.duration:
        raise VideoError(f"{video.path}: is {float(video.duration):.2f} s long, there is no frame at {at:.2f} s")
    size = {"width": video.display_width, "height": video.display_height}
    return np.asarray(read_frames(video, [Fraction(at)], **size).pixels[0])
