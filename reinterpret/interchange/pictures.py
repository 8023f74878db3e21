"""Pictures: instants of films go in, small JPEGs come out, each film read once from its beginning to its end."""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from PIL import Image

from reinterpret.errors import VideoError
from reinterpret.frames import FrameReader, Scaler
from reinterpret.timebase import round_half_up
from reinterpret.video import Video

logger = logging.getLogger(__name__)

# Photographs of this size look no better above it, and half as good below 60.
_QUALITY = 72


@dataclass(frozen=True, slots=True)
class Picture:
    """A small picture of a film."""

    jpeg: bytes
    width: int
    height: int


def small_pictures(
    wanted: Mapping[Video, Iterable[Fraction]],
    *,
    width: int,
    height: int,
    on_pictures: Callable[[int, int], None] | None = None,
) -> dict[tuple[str, Fraction], Picture]:
    """The frames on the screen at some instants of some films: by fingerprint and instant.

    They keep their shape and fit into width x height. What cannot be read is left out, with a warning that names the
    film. on_pictures: told how many are done, of how many.
    """
    instants = {video: sorted(set(of_film)) for video, of_film in wanted.items()}
    total, before = sum(map(len, instants.values())), 0
    report = on_pictures or (lambda done, of: None)
    found: dict[tuple[str, Fraction], Picture] = {}
    for video, of_film in instants.items():
        scaler = Scaler(*_fitted(video, width, height), rotation=video.rotation)
        try:
            with FrameReader(video, threads=0) as reader:
                for done, instant in enumerate(of_film, start=before + 1):
                    found[video.fingerprint, instant] = _picture(scaler, reader, instant)
                    report(done, total)
        except VideoError as error:
            logger.warning("its pictures are left out: %s", error)
        before += len(of_film)
        report(before, total)
    return found


def _fitted(video: Video, width: int, height: int) -> tuple[int, int]:
    shape = Fraction(video.display_width, video.display_height)
    if shape >= Fraction(width, height):
        return width, max(1, round_half_up(width / shape))
    return max(1, round_half_up(height * shape)), height


def _picture(scaler: Scaler, reader: FrameReader, instant: Fraction) -> Picture:
    file = io.BytesIO()
    Image.fromarray(scaler.rgb(reader.at(instant).picture)).save(file, "JPEG", quality=_QUALITY, optimize=True)
    return Picture(file.getvalue(), scaler.width, scaler.height)
