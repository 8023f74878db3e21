"""Boundaries of a detector go in, those that lie far enough apart come out: no shot is shorter than is wanted."""

from __future__ import annotations

from bisect import insort
from heapq import heappop, heappush

import numpy as np

from reinterpret.shots import ShotDetector
from reinterpret.shots.shot import Boundary

# Boundaries are weighed against each other over so many shortest shots, but not many more frames than the shortest shot
# has: they are held meanwhile. Longer chains of boundaries, each close to the next and each more certain than the last,
# are cut up; they do not occur but in noise.
_WINDOW_SHOTS, _FURTHER_FRAMES = 4, 48


class Spacing:
    """Runs a detector. Of boundaries less than `frames` apart it lets the most certain through, the first of equals.

    The beginning and the end of the film count as boundaries that stay. What a detector says of the film's own
    beginning (frame 0) is let through at once, what it says of its end is last.
    """

    def __init__(self, detector: ShotDetector, frames: int) -> None:
        self.detector = detector
        self._frames = max(1, frames)
        self._window = min(_WINDOW_SHOTS * self._frames, self._frames + _FURTHER_FRAMES)
        self._ahead: list[tuple[int, Boundary]] = []  # a heap: those that begin behind the frames fed so far
        self._waiting: list[Boundary] = []  # the others that are not decided, in order
        self._last = 0

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        """Hand on a frame. Returns the boundaries that are decided, in order; none lies behind this frame."""
        begins = self._take(self.detector.feed(number, planes), number)
        # Every boundary whose first frame is not later has been reported by now.
        known = number - self.detector.delay_frames
        return begins + self._decided(known - self._window + 1)

    def finish(self, frame_count: int) -> list[Boundary]:
        """The film is over: what is left, in order, and at the very end what is said of the film's own end."""
        begins = self._take(self.detector.finish(), None)
        ends = [boundary for boundary in self._waiting if boundary.frame >= frame_count]
        self._waiting = [boundary for boundary in self._waiting if boundary.frame <= frame_count - self._frames]
        return begins + self._decided(frame_count) + ends[:1]

    def first_frame_needed(self, number: int) -> int:
        """The first frame, after frame `number` has been fed, that a boundary yet to come may name."""
        return min([number + 1 - self.detector.delay_frames, *(boundary.start_frame for boundary in self._waiting)])

    def _take(self, boundaries: list[Boundary], number: int | None) -> list[Boundary]:
        """Queue new boundaries up to a frame (None: all of them); returns those of the film's beginning."""
        for boundary in boundaries:
            if boundary.frame - self._last >= self._frames:
                heappush(self._ahead, (boundary.start_frame, boundary))
        while self._ahead and (number is None or self._ahead[0][0] <= number):
            insort(self._waiting, heappop(self._ahead)[1])
        return [boundary for boundary in boundaries if boundary.frame == self._last == 0]

    def _decided(self, until: int) -> list[Boundary]:
        """Those waiting up to a frame that stay."""
        stay: list[Boundary] = []
        while self._waiting and self._waiting[0].frame <= until:
            first = self._waiting.pop(0)
            if first.frame - self._last < self._frames:
                continue
            rivals = [other for other in self._waiting if other.frame - first.frame < self._window]
            if first in _most_certain([first, *rivals], self._frames):
                stay.append(first)
                self._last = first.frame
        return stay


def _most_certain(boundaries: list[Boundary], frames: int) -> list[Boundary]:
    """Those that stay where the more certain ones choose first."""
    stay: list[Boundary] = []
    for boundary in sorted(boundaries, key=lambda entry: (-entry.confidence, entry.frame)):
        if all(abs(boundary.frame - other.frame) >= frames for other in stay):
            stay.append(boundary)
    return stay
