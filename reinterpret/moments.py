"""Moments: a query and a shot of the library go in, the stretch of the shot that is most like the query comes out."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from reinterpret.alignment import SHY_SECONDS
from reinterpret.library import Library
from reinterpret.neighbours import Hit, Neighbours, Query
from reinterpret.timebase import Span, round_half_up


def best_stretch(library: Library, neighbours: Neighbours, query: Query, hit: Hit, seconds: Fraction) -> Span:
    """`seconds` of the body of a shot, or all of it if that is shorter, where its pictures are most like the query.

    Lettering is kept out of it where a stretch without any is long enough. Begins on a frame of the film; of stretches
    as good as each other the most central. Raises LibraryError.
    """
    film = library.film(hit.film)
    body, rate = film.usable(hit.shot, seconds), film.video.frame_rate
    if body.duration <= seconds:
        return body
    margin = min(SHY_SECONDS, (body.duration - seconds) / 2)
    first, last = body.start + margin, body.end - seconds - margin
    vectors, instants = film.embeddings.of_shot(hit.shot)
    scores = neighbours.content_scores(query, vectors)
    starts = np.linspace(float(first), float(last), max(2, min(500, int((last - first) * 10))))
    at = np.linspace(0, float(seconds), 9)
    means = np.interp(starts[:, None] + at, instants, scores).mean(axis=1)
    central = np.abs(np.linspace(-1, 1, len(starts)))
    start = starts[int(np.argmax(means - 1e-3 * central))]
    # The body itself need not begin on a frame of the grid.
    begin = Fraction(round_half_up(Fraction(start) * rate)) / rate
    begin = min(max(begin, body.start), body.end - seconds)
    return Span(begin, begin + seconds)
