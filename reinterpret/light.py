"""How light runs over a whole trailer: measured of every frame while it is decoded, the transitions included.

Shots are embedded by their bodies, free of transitions. What becomes a clip of an edit, and where it is dark, is told
by the frames between the bodies: `places` reads it from here. Films of an archive do without.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

import numpy as np

from reinterpret.cues.cards import Look, look_on_ground
from reinterpret.frames import Scaler, upright
from reinterpret.shots.scan import SMALL_HEIGHT, SMALL_WIDTH, Sample
from reinterpret.shots.transitions import BLACK, WHITE, flat_picture

# Of what is measured, for those who keep it.
LIGHT_VERSION = 1
ROWS, COLUMNS = 18, 32
LOOKS: tuple[Look, ...] = get_args(Look)
# Luma of video from black to white: 16 to 235.
BLACK_LEVEL, LEVELS = 16, 219
# So many pixels of 288 x 160 may be brighter than what is said to be the brightest: dust, and sparks of compression.
_DUST_PIXELS = 10


@dataclass(frozen=True, slots=True, eq=False)
class FilmLight:
    """What was measured of the N frames of a film, in their order."""

    seconds: np.ndarray
    """N float64, ascending: when each is shown."""
    cells: np.ndarray
    """N x 18 x 32 uint8: mean luma of the parts of the picture, upright, as the root of the level above black: dark
    levels are kept to a hundredth, bright ones to one and a half."""
    tops: np.ndarray
    """N uint8: luma that no more than ten pixels of 288 x 160 exceed, each the mean of nine."""
    flats: np.ndarray
    """N uint8: what `flat_picture` says of each."""
    looks: np.ndarray
    """N uint8: which of LOOKS each is."""

    def __post_init__(self) -> None:
        count = len(self.seconds)
        others = [np.uint8, (count,)]
        facts = [[values.dtype, values.shape] for values in (self.tops, self.flats, self.looks)]
        if self.cells.dtype != np.uint8 or self.cells.shape != (count, ROWS, COLUMNS) or facts != [others] * 3:
            raise ValueError(f"expected {count} x {ROWS} x {COLUMNS} and three times {count} uint8, got {facts}")
        if count == 0 or self.looks.max() >= len(LOOKS) or np.any(np.diff(self.seconds) <= 0):
            raise ValueError("light is measured of at least one frame, at ascending times, with a look that is known")

    def __len__(self) -> int:
        return len(self.seconds)

    def levels(self, frames: np.ndarray | slice) -> np.ndarray:
        """Some frames as n x 576 float32: the mean level of each part of the picture above black, 0 to 219."""
        cells = self.cells[frames]
        return np.asarray(_level_of_root()[cells].reshape(len(cells), ROWS * COLUMNS))


@lru_cache(maxsize=1)
def _level_of_root() -> np.ndarray:
    return np.asarray((np.arange(256) / 255) ** 2 * LEVELS, np.float32)


class LightMeter:
    """Takes the frames of a film one after the other; half a millisecond each."""

    def __init__(self, *, rotation: int) -> None:
        """rotation: of the film, see `Video`."""
        self._rotation = rotation
        self._scaler = Scaler(SMALL_WIDTH, SMALL_HEIGHT, rotation=rotation)
        self._seconds = array("d")
        self._cells, self._tops, self._flats, self._looks = bytearray(), bytearray(), bytearray(), bytearray()

    def feed(self, sample: Sample) -> None:
        """The next frame."""
        import cv2

        luma = sample.planes[: len(sample.planes) * 2 // 3]
        flat = flat_picture(luma)
        turned = upright(luma, self._rotation).astype(np.float32)
        small = cv2.resize(turned, (COLUMNS, ROWS), interpolation=cv2.INTER_AREA)
        roots = np.sqrt(np.clip(small - BLACK_LEVEL, 0, LEVELS) / LEVELS) * 255
        # Grain is averaged out, letters are not. Counted, not sorted: that is a tenth of the time.
        above = np.cumsum(np.bincount(cv2.blur(luma, (3, 3)).ravel(), minlength=256)[::-1])
        look: Look = "empty" if flat in (BLACK, WHITE) else look_on_ground(self._scaler.rgb_of_planes(sample.planes))
        self._seconds.append(float(sample.seconds))
        self._cells += np.round(roots).astype(np.uint8).tobytes()
        self._tops.append(255 - int(np.searchsorted(above, _DUST_PIXELS, side="right")))
        self._flats.append(flat)
        self._looks.append(LOOKS.index(look))

    def take(self) -> FilmLight:
        """What was measured, of at least one frame."""
        tops, flats, looks = (np.frombuffer(bytes(kept), np.uint8) for kept in (self._tops, self._flats, self._looks))
        cells = np.frombuffer(bytes(self._cells), np.uint8).reshape(-1, ROWS, COLUMNS)
        return FilmLight(np.array(self._seconds), cells, tops, flats, looks)
