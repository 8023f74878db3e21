"""Proxies: a film and some of its frames go in, a small JPEG or a small film that every browser plays comes out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from PIL import Image

from reinterpret.ffmpeg import FrameSink
from reinterpret.files import not_written, renamed_into
from reinterpret.frames import FrameReader, Scaler
from reinterpret.rendering.encoding import command, h264, raw_frames
from reinterpret.rendering.film import panel_size
from reinterpret.rendering.panel import Panel
from reinterpret.timebase import INSIDE_FRAME, format_fraction
from reinterpret.video import Video

# Part of every name: to be raised whenever the same proxy would look otherwise.
_REVISION = 1
_JPEG_QUALITY = 80
# A key frame so often: a player that jumps decodes at most the frames since the last.
_KEY_FRAMES = 8
_CRF = 25


@dataclass(frozen=True, slots=True)
class Still:
    """One frame of a film as a JPEG. `place` counts frames of `rate` from the film's first; height in pixels."""

    film: Video
    rate: Fraction
    place: int
    height: int

    suffix = ".jpg"

    def key(self) -> str:
        """A name for all that decides how it looks."""
        return _key("still", self.film, self.rate, self.place, self.height)

    def make(self, path: Path) -> None:
        """Write it. Raises VideoError, OutputError."""
        with FrameReader(self.film) as reader:
            self.make_from(reader, path)

    def make_from(self, reader: FrameReader, path: Path) -> None:
        """Write it, from a film that is open already: many in the order of time take one pass over it."""
        size = panel_size(self.film, "alone", self.height)
        picture = reader.at((self.place + INSIDE_FRAME) / self.rate).picture
        pixels = Scaler(*size, rotation=self.film.rotation).rgb(picture)
        try:
            with renamed_into(path) as temporary:
                Image.fromarray(pixels).save(temporary, quality=_JPEG_QUALITY, optimize=False)
        except OSError as error:
            raise not_written(path, error) from error


@dataclass(frozen=True, slots=True)
class Moving:
    """The frames `first` to `end` (not included) of a film, at a constant rate, as a small H.264 film without sound.

    Frame k shows what is on the screen in place first + k of `rate`. height in pixels.
    """

    film: Video
    rate: Fraction
    first: int
    end: int
    height: int

    suffix = ".mp4"

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.end:
            raise ValueError(f"a proxy begins at a frame and ends after it, got {self.first} to {self.end}")

    def key(self) -> str:
        """A name for all that decides how it looks."""
        return _key("moving", self.film, self.rate, self.first, self.end, self.height)

    def make(self, path: Path) -> None:
        """Write it. Raises VideoError, FfmpegError, OutputError."""
        try:
            with renamed_into(path) as temporary:
                self._encode(temporary)
        except OSError as error:
            raise not_written(path, error) from error

    def _encode(self, path: Path) -> None:
        width, height = panel_size(self.film, "alone", self.height)
        encoded = h264(
            raw_frames(width, height, self.rate),
            path,
            self.rate,
            preset="ultrafast",
            crf=_CRF,
            g=_KEY_FRAMES,
            bf=0,
            threads=1,
            movflags="+faststart",
        )
        panel = Panel(self.film, width, height, fit="crop")
        with FrameSink(command(encoded)) as sink, FrameReader(self.film) as reader:
            last, planes = None, None
            for place in range(self.first, self.end):
                frame = reader.at((place + INSIDE_FRAME) / self.rate)
                if planes is None or frame is not last:
                    last, planes = frame, panel(frame.picture)
                for plane in planes:
                    sink.write(memoryview(plane if plane.flags.c_contiguous else plane.copy()))


def _key(*facts: object) -> str:
    named = [fact.fingerprint if isinstance(fact, Video) else _text(fact) for fact in (_REVISION, *facts)]
    return hashlib.blake2b("/".join(named).encode(), digest_size=16).hexdigest()


def _text(fact: object) -> str:
    return format_fraction(fact) if isinstance(fact, Fraction) else str(fact)
