"""The player: the shot to be shown goes in, its frames come out, one each time; all decoding is done ahead.

A shot is changed only when the first frames of the other are there, so that nothing ever stutters.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import count
from typing import Literal

import av

from reinterpret.errors import LibraryError, ReinterpretError
from reinterpret.frames import FrameReader
from reinterpret.library import Library
from reinterpret.live.chooser import ShotKey
from reinterpret.live.heap import release_unused
from reinterpret.neighbours import Hit
from reinterpret.shots.shot import Shot
from reinterpret.video import Video

logger = logging.getLogger(__name__)

Then = Literal["on", "loop"]
"""What comes when a shot is over: what follows in its film, or the shot from its beginning."""

# Frames ahead: a third of a second, for a key frame that takes longer. They are kept as decoded, 3 MB each at 1080p.
_FRAMES_AHEAD = 8
# Shots made ready beside the one on the screen; those wished for longest ago go.
_READY_SHOTS = 2
# Frames that a slow decoder may owe; beyond, footage plays late rather than hastily after a pause.
_MOST_OWED = 25


@dataclass(frozen=True, slots=True, eq=False)
class ArchiveFrame:
    """A frame of the archive, and where it is from."""

    video: Video
    picture: av.VideoFrame
    film: str
    shot: int
    """The number of the shot that is playing at that instant."""
    seconds: Fraction

    @property
    def key(self) -> ShotKey:
        """The shot, as the chooser knows it."""
        return self.film, self.shot


class Reel:
    """One shot from the beginning of its body, decoded ahead in a thread."""

    def __init__(self, library: Library, hit: Hit, rate: Fraction, then: Then) -> None:
        """rate: how often a second a frame is taken from it."""
        self.hit = hit
        self.error: ReinterpretError | None = None
        """Why there are no frames, or no more."""
        self._frames: queue.Queue[ArchiveFrame] = queue.Queue(maxsize=_FRAMES_AHEAD)
        self._first = threading.Event()
        self._closed = threading.Event()
        arguments = (library, hit, rate, then)
        self.thread = threading.Thread(target=self._work, args=arguments, daemon=True, name="live reel")
        self.thread.start()

    def ready(self, *, wait: bool) -> bool:
        """Whether its first frame is there, or will never be."""
        return self._first.wait() if wait else self._first.is_set()

    def next(self, *, wait: bool) -> ArchiveFrame | None:
        """The next frame, if it is there already, or `wait`ing for it; None if not."""
        while True:
            try:
                return self._frames.get(timeout=0.1) if wait else self._frames.get_nowait()
            except queue.Empty:
                if not wait or self.error is not None:
                    return None

    def close(self) -> None:
        """Let the thread end; it does so after the frame in hand."""
        self._closed.set()

    def _work(self, library: Library, hit: Hit, rate: Fraction, then: Then) -> None:
        try:
            video, shots = library.video(hit.film), library.shots(hit.film)
            with FrameReader(video) as reader:
                for seconds, shot in playing(shots, hit.shot, rate, then):
                    self._put(ArchiveFrame(video, reader.at(seconds).picture, hit.film, shot, seconds))
                    if self._closed.is_set():
                        return
        except ReinterpretError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 - a thread that dies in silence would leave the screen waiting
            self.error = LibraryError(f"{hit.film}: cannot be played ({error})")
        finally:
            self._first.set()
            release_unused()

    def _put(self, frame: ArchiveFrame) -> None:
        while not self._closed.is_set():
            try:
                self._frames.put(frame, timeout=0.1)
            except queue.Full:
                continue
            self._first.set()
            return


def playing(shots: tuple[Shot, ...], number: int, rate: Fraction, then: Then) -> Iterator[tuple[Fraction, int]]:
    """The instants at which a film is shown from the body of one of its shots on, for ever, and the shot of each."""
    start = shots[number].body.start
    end = shots[number].body.end if then == "loop" else shots[-1].span.end
    while True:
        shot = number
        for step in count():
            seconds = start + step / rate
            if seconds >= end and step > 0:
                break
            while shot + 1 < len(shots) and seconds >= shots[shot + 1].span.start:
                shot += 1
            yield seconds, shot


class Player:
    """Plays one shot after the other. A context manager: leaving it ends its threads."""

    def __init__(self, library: Library, rate: Fraction, *, then: Then = "on") -> None:
        """rate: of the screen, frames a second."""
        self._library, self._rate, self._then = library, rate, then
        self._playing: Reel | None = None
        self._wanted: Reel | None = None
        self._ready: dict[ShotKey, Reel] = {}
        self._threads: list[threading.Thread] = []
        self._shown: ArchiveFrame | None = None
        self._owed = 0
        self.broken: set[str] = set()
        """Films that could not be played; whoever looks may take them out."""

    def __enter__(self) -> Player:
        return self

    def __exit__(self, *_: object) -> None:
        reels = [reel for reel in (self._playing, self._wanted, *self._ready.values()) if reel is not None]
        for reel in reels:
            reel.close()
        for thread in self._threads:
            thread.join()

    @property
    def changing(self) -> bool:
        """Whether a change was asked for and is not to be seen yet."""
        return self._wanted is not None

    def prepare(self, hit: Hit) -> None:
        """A shot that may be wanted soon: its first frames are decoded in the background."""
        self._reel(hit)

    def change(self, hit: Hit) -> None:
        """Show this shot as soon as it is ready."""
        self._wanted = self._reel(hit)
        self._ready.pop((hit.film, hit.shot), None)

    def frame(self, count: int = 1, *, wait: bool = False) -> tuple[ArchiveFrame | None, bool]:
        """The frame to be shown, `count` frames after the last, and whether it is the first after a change.

        wait: for the decoder, however long it takes, rather than show the last frame again. Before the first shot
        there is no frame.
        """
        changed = self._switch(wait)
        self._owed = 1 if changed else min(self._owed + count, _MOST_OWED)
        while self._owed > 0 and self._playing is not None:
            frame = self._playing.next(wait=wait)
            if frame is None:
                break
            self._shown, self._owed = frame, self._owed - 1
        if self._playing is not None and self._playing.error is not None:
            self._report(self._playing)
        return self._shown, changed

    def _switch(self, wait: bool) -> bool:
        if self._wanted is None or not self._wanted.ready(wait=wait):
            return False
        reel, self._wanted = self._wanted, None
        if reel.error is not None:
            self._report(reel)
            return False
        if self._playing is not None:
            self._playing.close()
        self._playing = reel
        return True

    def _reel(self, hit: Hit) -> Reel:
        key = hit.film, hit.shot
        # Taken out and put back: the last wished for is the last to go.
        reel = self._ready.pop(key, None) or self._opened(hit)
        self._ready[key] = reel
        while len(self._ready) > _READY_SHOTS:
            self._ready.pop(next(iter(self._ready))).close()
        return reel

    def _opened(self, hit: Hit) -> Reel:
        reel = Reel(self._library, hit, self._rate, self._then)
        self._threads = [thread for thread in self._threads if thread.is_alive()] + [reel.thread]
        return reel

    def _report(self, reel: Reel) -> None:
        if reel.hit.film not in self.broken:
            self.broken.add(reel.hit.film)
            logger.warning("its film is left out from now on: %s", reel.error)
