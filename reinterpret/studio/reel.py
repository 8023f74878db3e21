"""The reel: the trailer goes in, small pictures of all of it come out, in one pass, for the strip of shots.

Trailers have key frames seconds apart: to get a picture out of the middle takes as long as to read all up to it.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from reinterpret.errors import ReinterpretError
from reinterpret.frames import FrameReader
from reinterpret.rendering.proxies import Still
from reinterpret.studio.background import make_way
from reinterpret.timebase import round_half_up
from reinterpret.video import Video

logger = logging.getLogger(__name__)

PICTURES_PER_SECOND = 4
# What is longer than this is no trailer; its pictures are made as they are looked at.
_MOST_SECONDS = 900
_PATIENCE_STEPS = 10


def reel_step(rate: Fraction) -> int:
    """Every how many frames of the trailer's grid there is a picture."""
    return max(1, round_half_up(rate / PICTURES_PER_SECOND))


class Reel:
    """Makes the pictures in a thread, those that are kept already excepted. `close` ends it."""

    def __init__(
        self,
        trailer: Video,
        rate: Fraction,
        slots: int,
        *,
        height: int,
        path_of: Callable[[Still], Path],
        give_way: Callable[[], bool],
    ) -> None:
        """slots: of the trailer's grid. path_of: where a picture goes. give_way: see `Preview`."""
        self._path_of, self._give_way = path_of, give_way
        self._closed = False
        self._thread: threading.Thread | None = None
        if slots <= _MOST_SECONDS * rate:
            stills = [Still(trailer, rate, place, height) for place in range(0, slots, reel_step(rate))]
            self._thread = threading.Thread(target=self._work, args=(trailer, stills), name="reel", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Make no more."""
        self._closed = True
        if self._thread is not None:
            self._thread.join()

    def _work(self, trailer: Video, stills: list[Still]) -> None:
        wanted = [(still, path) for still in stills if not (path := self._path_of(still)).exists()]
        if not wanted:
            return
        try:
            with FrameReader(trailer) as reader:
                for still, path in wanted:
                    if self._closed:
                        return
                    path.parent.mkdir(parents=True, exist_ok=True)
                    still.make_from(reader, path)
                    make_way(lambda: self._give_way() and not self._closed, steps=_PATIENCE_STEPS)
        except (ReinterpretError, OSError) as error:
            # Whoever asks for one of them is told.
            logger.info("the trailer's pictures are not made in advance: %s", error)
