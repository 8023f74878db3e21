"""The films of a session, by number: the page names them so, and a number that was never given out names nothing."""

from __future__ import annotations

import threading
from fractions import Fraction

from reinterpret.edits import EditList
from reinterpret.rendering.proxies import Moving, Still
from reinterpret.video import Video

# Pixels: of thumbnails, and of what is looked at.
HEIGHTS = (144, 360)
# Nobody chooses by longer stretches, and what is asked for must be made in a moment.
MOST_SECONDS = 45
TRAILER = 0


class Films:
    """Films with their numbers; the trailer is number 0. Numbers stay the same as long as the session lasts."""

    def __init__(self, edit: EditList) -> None:
        self._lock = threading.Lock()
        self._films: list[tuple[Video, Fraction]] = []
        self._numbers: dict[str, int] = {}
        if edit.trailer is not None:
            # Beside its own frames it has those of the grid: they are what clips are counted in.
            self._films.append((edit.trailer, edit.grid.rate))
        for film in edit.films:
            self.number(film)

    def number(self, film: Video) -> int:
        """The number of an archive film, a new one if it has none."""
        with self._lock:
            number = self._numbers.get(film.fingerprint)
            if number is None:
                number = self._numbers[film.fingerprint] = len(self._films)
                self._films.append((film, film.frame_rate))
            return number

    def film(self, number: int) -> Video:
        """Raises LookupError."""
        return self._entry(number)[0]

    def still(self, number: int, place: int, height: int) -> Still:
        """A frame of a film. Raises LookupError for what there is not."""
        film, rate = self._entry(number)
        self._check(film, rate, place, place + 1, height)
        return Still(film, rate, place, height)

    def moving(self, number: int, first: int, end: int, height: int) -> Moving:
        """A stretch of a film. Raises LookupError for what there is not, or is too long."""
        film, rate = self._entry(number)
        self._check(film, rate, first, end, height)
        return Moving(film, rate, first, end, height)

    def _entry(self, number: int) -> tuple[Video, Fraction]:
        if not 0 <= number < len(self._films):
            raise LookupError(f"there is no film {number}")
        return self._films[number]

    @staticmethod
    def _check(film: Video, rate: Fraction, first: int, end: int, height: int) -> None:
        if height not in HEIGHTS:
            raise LookupError(f"pictures are {' or '.join(map(str, HEIGHTS))} pixels high, not {height}")
        # Headers may promise a little less than there is; past the end the last frame is shown.
        if not 0 <= first < end or first > (film.duration + 1) * rate:
            raise LookupError(f"{film.name} has no frames {first} to {end}")
        if end - first > MOST_SECONDS * rate:
            raise LookupError(f"at most {MOST_SECONDS} seconds are shown at once")
