"""The matcher: live frames go in, the archive's shots most like each come out, as fast as this machine can.

It works in a thread of its own, always on the newest frame; those that came while it was busy are never looked at.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from reinterpret.cues import PRESETS, cue_names
from reinterpret.embeddings import embed_pictures
from reinterpret.encoders import Encoder
from reinterpret.errors import UsageError
from reinterpret.frames import Scaler
from reinterpret.live.mailbox import Mailbox
from reinterpret.live.source import LiveFrame
from reinterpret.neighbours import Hit, Neighbours
from reinterpret.video import Video

# One frame tells nothing of them.
_CUES_OF_TIME = frozenset({"movement", "rhythm"})
STILL_PRESETS = tuple(name for name in PRESETS if name not in _CUES_OF_TIME)
"""The presets that one frame can be asked with."""

# What the chooser looks at: more than ever are better than what is on the screen, by enough and for long.
_HITS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Answer:
    """What the library has for one frame."""

    frame: LiveFrame
    hits: tuple[Hit, ...]
    """Best first."""
    unlisted: float
    """The score that a shot outside of `hits` has at most."""
    answered: float
    """When it was found, by `time.perf_counter`."""


def check_weights(weights: Mapping[str, float]) -> None:
    """Raises UsageError where one frame tells nothing of any cue that counts."""
    if not any(weight > 0 for name, weight in weights.items() if name not in _CUES_OF_TIME):
        still = ", ".join(name for name in cue_names() if name not in _CUES_OF_TIME)
        raise UsageError(f"one frame tells nothing of movement and rhythm; let one of {still} count, or balanced")


class Matcher:
    """Asks a library what frames are like. A context manager: leaving it ends its thread."""

    def __init__(
        self, neighbours: Neighbours, encoder: Encoder, live: Video, weights: Mapping[str, float], *, mirror: bool
    ) -> None:
        """live: the facts about what gives the frames."""
        check_weights(weights)
        self._neighbours, self._encoder = neighbours, encoder
        self._scaler = Scaler(encoder.frame_width, encoder.frame_height, rotation=live.rotation)
        self.weights = weights
        """What counts as alike; may be changed at any time."""
        self.mirror = mirror
        """Whether frames are looked at as in a mirror; may be changed at any time."""
        self._without: frozenset[str] = frozenset()
        self._frames: Mailbox[LiveFrame] = Mailbox()
        self._answers: Mailbox[Answer] = Mailbox()
        self._error: BaseException | None = None
        self._count = 0
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Matcher:
        return self

    def __exit__(self, *_: object) -> None:
        self._frames.close()
        if self._thread is not None:
            self._thread.join()

    @property
    def count(self) -> int:
        """How many frames were looked at."""
        return self._count

    def leave_out(self, film: str) -> None:
        """Do not answer with this film any more."""
        self._without |= {film}

    def answer(self, frame: LiveFrame) -> Answer:
        """What the library has for this frame, in the thread of the caller."""
        picture = self._scaler.rgb(frame.picture)
        if self.mirror:
            picture = np.ascontiguousarray(picture[:, ::-1])
        weights = {name: weight for name, weight in self.weights.items() if weight > 0 and name not in _CUES_OF_TIME}
        query = self._neighbours.query(embed_pictures([picture], self._encoder, cues=weights.keys()))
        # Words on an even ground are no footage.
        found = self._neighbours.search(query, _HITS, weights=weights, without=self._without)[0]
        self._count += 1
        unlisted = found[-1].score if len(found) == _HITS else -1.0
        return Answer(frame, tuple(found), unlisted, time.perf_counter())

    def offer(self, frame: LiveFrame) -> None:
        """A newer frame, to be looked at as soon as the thread is free."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, daemon=True, name="live matcher")
            self._thread.start()
        self._frames.put(frame)

    def newest(self) -> Answer | None:
        """The newest answer, once; None if there is none since. Raises what went wrong in the thread."""
        if self._error is not None:
            raise self._error
        return self._answers.take(0)

    def _work(self) -> None:
        try:
            while (frame := self._frames.take()) is not None:
                self._answers.put(self.answer(frame))
        except BaseException as error:  # noqa: BLE001 - raised where answers are taken
            self._error = error
