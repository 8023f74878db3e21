"""What one can look for: a picture, a frame of a video or a shot of the library goes in, what it is like comes out."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np

from reinterpret.cues import PRESETS
from reinterpret.cues.cards import kind_of_pictures
from reinterpret.cues.vectors import CueVectors
from reinterpret.embeddings import embed_pictures, embed_stretch, small_picture
from reinterpret.encoders import Encoder
from reinterpret.errors import LibraryError, UsageError, VideoError
from reinterpret.frames import read_frames
from reinterpret.library import Library
from reinterpret.neighbours import Hit, Neighbours, Query
from reinterpret.timebase import Span
from reinterpret.video import Video, probe

logger = logging.getLogger(__name__)

_PARTS_ALONG = 5
_MOST_SECONDS = 60
# What is taken away counts less than what is added: where both are about the same thing something is left.
_TAKEN_SHARE = 0.6
# A picture is only looked at through a small frame; this is far above what any camera makes.
_MOST_PIXELS = 400_000_000


def query_of_picture(picture: np.ndarray, neighbours: Neighbours, encoder: Encoder, *, parts: bool = False) -> Query:
    """What a picture asks of a library, H x W x 3 uint8 RGB: what is like it; titles too, if it is one itself."""
    return replace(neighbours.query(_query(picture, encoder, parts)), text_ok=is_title(picture))


def picture_query(path: Path | str, encoder: Encoder, *, parts: bool = False) -> CueVectors:
    """What a picture file is like; with `parts`, what its parts are like too. Raises VideoError if it is none."""
    return _query(read_picture(Path(path)), encoder, parts)


def frame_query(path: Path | str, at: float, encoder: Encoder, *, parts: bool = False) -> CueVectors:
    """What the frame is like that a video shows at an instant (seconds from its start), and with `parts` its parts.

    Raises VideoError, also where the video is over by then.
    """
    return _query(read_frame(probe(path), at), encoder, parts)


def stretch_query(path: Path | str, at: float, seconds: float, encoder: Encoder) -> CueVectors:
    """What some seconds of a video are like from an instant on, in movement and rhythm too.

    Raises VideoError, also where the video is over by then.
    """
    if not math.isfinite(seconds) or not 0 < seconds <= _MOST_SECONDS:
        raise UsageError(f"expected a length of 0 to {_MOST_SECONDS} seconds, got {seconds}")
    video = probe(path)
    start = _instant(video, at)
    end = start + Fraction(seconds)
    if video.duration:
        end = min(end, max(video.duration, start + 1 / video.frame_rate))
    return embed_stretch(video, Span(start, end), encoder)


def combined(queries: Sequence[Query], neighbours: Neighbours, *, without: Sequence[Query] = ()) -> Query:
    """What is like all of some queries at once and unlike others: one row. Raises UsageError.

    Vectors add and subtract, cue by cue (as day and night do for tagged photographs). A cue counts if one of those that
    are added knows it. Rows of one query are added too.
    """
    if not sum(map(len, queries)):
        raise UsageError("say what to look for: there is only what it should be unlike")
    added = [(query.vectors, query.known, 1 / sum(map(len, queries))) for query in queries]
    taken = [(query.vectors, query.known, -_TAKEN_SHARE / sum(map(len, without))) for query in without]
    vector = np.zeros_like(queries[0].vectors[0])
    known = np.any(np.concatenate([query.known for query in queries]), axis=0)
    for number, part in enumerate(neighbours.parts):
        for vectors, knows, share in [*added, *taken]:
            vector[part] += share * vectors[knows[:, number], part].sum(axis=0)
        length = np.linalg.norm(vector[part])
        if known[number] and length > 1e-6:
            vector[part] /= length
    emphasis: dict[str, float] = {}
    for query in [*queries, *without]:
        emphasis |= {cue: max(emphasis.get(cue, 1.0), value) for cue, value in query.emphasis.items()}
    titles, text_ok = all(query.titles for query in queries), any(query.text_ok for query in queries)
    return Query(vector[None], known[None], emphasis, titles=titles, text_ok=text_ok)


def _query(picture: np.ndarray, encoder: Encoder, parts: bool) -> CueVectors:
    return embed_pictures(parts_of(picture) if parts else [picture], encoder)


def is_title(picture: np.ndarray) -> bool:
    """Whether a picture, H x W x 3 uint8 RGB, is a title card."""
    return kind_of_pictures([small_picture(picture)], np.empty(0, np.float32)) == "title"


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

    Lettering, plates and counters are found where there is nothing else, or they are asked for, see `Query`.
    weights: of the cues, `balanced` by default. Raises UsageError.
    """
    if k < 1:
        raise UsageError(f"at least one result must be asked for, got -k {k}")
    best: dict[tuple[str, int], Hit] = {}
    weights = weights or PRESETS["balanced"]
    if not neighbours.usable_count and not (query.titles or query.text_ok):
        logger.warning("every shot of the library is lettering, a plate or a counter: they are shown all the same")
        query = replace(query, text_ok=True)
    for hits in neighbours.search(query, k, weights=weights):
        for hit in hits:
            known = best.get((hit.film, hit.shot))
            if known is None or hit.score > known.score:
                best[hit.film, hit.shot] = hit
    return sorted(best.values(), key=lambda hit: -hit.score)[:k]


def is_shot(name: str) -> bool:
    """Whether a name is written as that of a shot is, `FILM:NUMBER`."""
    _, colon, number = name.rpartition(":")
    return bool(colon) and number.isascii() and number.isdigit()


def parse_shot(name: str, library: Library) -> tuple[str, int]:
    """A shot as people write it, `FILM:NUMBER`: the film's file name, path or fingerprint, and the shot's number.

    Raises UsageError, LibraryError.
    """
    if not is_shot(name):
        raise UsageError(f"expected a shot such as FILM.mp4:12, got {name!r}")
    film, _, number = name.rpartition(":")
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
    size = {"width": video.display_width, "height": video.display_height}
    return np.asarray(read_frames(video, [_instant(video, at)], **size).pixels[0])


def _instant(video: Video, at: float) -> Fraction:
    if not math.isfinite(at) or at < 0:
        raise UsageError(f"expected an instant in seconds from the start, got {at}")
    if video.duration and at >= video.duration:
        raise VideoError(f"{video.path}: is {float(video.duration):.2f} s long, there is no frame at {at:.2f} s")
    return Fraction(at)
