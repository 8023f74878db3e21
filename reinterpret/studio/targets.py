"""Targets: clips of an edit go in, what is to be answered with them comes out.

Most clips are shots of the trailer as it was found to be cut. Those that a person has cut otherwise are looked at by
themselves, each once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from reinterpret.alignment import ShotCourse
from reinterpret.cues.courses import CELLS, LayoutCourse
from reinterpret.cues.vectors import CueVectors, together
from reinterpret.edits import EditList
from reinterpret.embeddings import Film, embed_stretch
from reinterpret.encoders import Encoder
from reinterpret.in_points import Targets, course_of
from reinterpret.neighbours import Neighbours, Query
from reinterpret.places import places_of
from reinterpret.timebase import Span

Frames = tuple[int, int]
"""First and end frame on the grid of the trailer; half-open."""


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """One stretch of the trailer that is to be answered."""

    cues: CueVectors
    """One row."""
    query: Query
    """One row."""
    course: ShotCourse
    title: bool


class ClipTargets:
    """What the clips of an edit ask for, of one trailer and one library. For any number of threads."""

    def __init__(self, film: Film, neighbours: Neighbours, encoder: Callable[[], Encoder]) -> None:
        """film: the trailer as it was read. encoder: loads that of the library; called where a cut was moved."""
        self._film, self._neighbours, self._encoder = film, neighbours, encoder
        self._rows = {
            (place.first_frame, place.end_frame): place.row for place in places_of(film) if place.row is not None
        }
        self._queries = neighbours.query(film.embeddings.cues)
        self._known: dict[Frames, _Asked] = {}
        # A stretch that two threads want is looked at once.
        self._looking = threading.Lock()

    def of(self, edit: EditList, clips: Sequence[int]) -> Targets:
        """Some clips as targets; where a cut was moved this takes up to a second a clip. Raises VideoError."""
        asked = [self._asked(edit, number) for number in clips]
        vectors = [entry.query.vectors for entry in asked] or [self._queries.vectors[:0]]
        known = [entry.query.known for entry in asked] or [self._queries.known[:0]]
        return Targets(
            tuple(clips),
            Query(np.concatenate(vectors), np.concatenate(known)),
            tuple(entry.course for entry in asked),
            tuple(entry.title for entry in asked),
        )

    def cues(self, edit: EditList, clips: Sequence[int]) -> CueVectors:
        """What some clips are like, at least one. Raises VideoError."""
        return together([self._asked(edit, number).cues for number in clips])

    def _asked(self, edit: EditList, number: int) -> _Asked:
        clip = edit.clips[number]
        frames = clip.first_frame, clip.end_frame
        known = self._known.get(frames)
        if known is None:
            row = self._rows.get(frames)
            span = Span(edit.grid.seconds(clip.first_frame), edit.grid.seconds(clip.end_frame))
            known = self._known[frames] = self._of_stretch(frames, span) if row is None else self._of_shot(row, span)
        return known

    def _of_shot(self, row: int, span: Span) -> _Asked:
        film = self._film
        return _Asked(
            film.embeddings.cues.rows([row]),
            self._queries.row(row),
            course_of(film, row, span),
            film.kinds[row] == "title",
        )

    def _of_stretch(self, frames: Frames, span: Span) -> _Asked:
        with self._looking:
            known = self._known.get(frames)
            if known is not None:
                return known
            cues = embed_stretch(self._film.video, span, self._encoder())
            title = next(
                (
                    self._film.kinds[row] == "title"
                    for (first, end), row in self._rows.items()
                    if first <= sum(frames) // 2 < end
                ),
                False,
            )
            return _Asked(cues, self._neighbours.query(cues), course_of_span(self._film, span), title)


def course_of_span(film: Film, span: Span) -> ShotCourse:
    """How a stretch of a film runs, whatever shots it goes through: what was kept of their bodies."""
    cells = np.concatenate([course.cells for course in film.courses] or [np.empty((0, CELLS), np.uint8)])
    seconds = np.concatenate([course.seconds for course in film.courses] or [np.empty(0)])
    layout = _inside(seconds, span)
    frame_seconds = film.embeddings.frame_seconds
    frames = _inside(frame_seconds, span)
    return ShotCourse(
        span,
        film.video.frame_rate,
        LayoutCourse(np.ascontiguousarray(cells[layout]), seconds[layout]),
        film.embeddings.frame_vectors[frames].astype(np.float32),
        frame_seconds[frames],
    )


def _inside(seconds: np.ndarray, span: Span) -> np.ndarray:
    """Which instants lie in a span, with what rounding does to those at its beginning."""
    return np.asarray((seconds > float(span.start) - 1e-3) & (seconds < float(span.end) - 1e-3))
