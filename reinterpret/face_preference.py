"""A face is answered by a face: what it costs, in score, that an archive shot has none where the trailer has one.

Likeness of content alone gives a close-up of a face a lamp in the same light. Editors do not: a shot of a face is about
the face. So where a face is large in a shot of the trailer, archive shots without one lose some of their score: a firm
preference, but no rule, as it costs no more than other things do. How large faces are, and how many, is in the cue
`scale` of every library, so that none has to be indexed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from reinterpret.cues.scale import face_share, face_size
from reinterpret.neighbours import Hit, Neighbours, Query

FacePolicy = Literal["prefer", "ignore"]

# Of the score. Of the 65 shots of four trailers whose acceptable matches were listed before any was seen, balanced has
# one of them first for 45, with costs from 0.05 to 0.3 for 47 (mean average precision 0.54; 0.55 with 0.05, 0.56 from
# 0.15 on): the choice hardly matters, and this is the least that gains all there is to gain.
FACE_COST = 0.15
# To find more candidates with a face, the cue `scale` gets this multiple of the weight of all cues together.
_SCALE_WEIGHT = 1.0


def applies(weights: Mapping[str, float]) -> bool:
    """Whether a mixture of cues is about what is to be seen and from how near: not where colour alone is asked for."""
    return weights.get("content", 0) > 0 and weights.get("scale", 0) > 0


def face_costs(wanted: np.ndarray, there: np.ndarray) -> np.ndarray:
    """What each of N archive shots costs for each of T shots of a trailer: T x N, from 0 to `FACE_COST`.

    wanted: T x 9 vectors of the cue `scale`, there: N x 9. It is the share of pictures with a face in the one, by how
    large it is, times the share without one in the other.
    """
    return np.asarray(FACE_COST * _importance(wanted)[:, None] * (1 - face_share(there))[None])


def _importance(wanted: np.ndarray) -> np.ndarray:
    """How much a face matters in each of T shots, by vectors of the cue `scale`: T, from 0 to 1."""
    return np.asarray(face_share(wanted) * face_size(wanted))


def with_faces(
    neighbours: Neighbours,
    query: Query,
    hits: Sequence[Sequence[Hit]],
    *,
    weights: Mapping[str, float],
    without: frozenset[str],
) -> list[list[Hit]]:
    """The hits of each target with the score that is left, best first; where faces matter more hits with one are added.

    hits: of each row of the query, as many stay.
    """
    found = [list(of_target) for of_target in hits]
    for row in np.flatnonzero(_importance(neighbours.cue_of(query, "scale")) > 0):
        number = int(row)
        of_target, alone = found[number], query.row(number)
        together = [*of_target, *_more(neighbours, alone, of_target, weights, without)]
        found[number] = priced(neighbours, alone, together, weights=weights)[: len(of_target)]
    return found


def priced(neighbours: Neighbours, query: Query, hits: Sequence[Hit], *, weights: Mapping[str, float]) -> list[Hit]:
    """Hits of a query of one row with the score that is left, best first.

    The same hits where no face matters: in the query, or by what counts.
    """
    scale = neighbours.cue_of(query, "scale")
    if not hits or not applies(weights) or not _importance(scale).any():
        return list(hits)
    costs = face_costs(scale, neighbours.cue_of_hits(hits, "scale"))[0].tolist()
    left = [Hit(hit.film, hit.shot, max(hit.score - cost, -1.0)) for hit, cost in zip(hits, costs, strict=True)]
    # The sort is stable: equal scores stay in the order of the library.
    return sorted(left, key=lambda hit: -hit.score)


def _more(
    neighbours: Neighbours, query: Query, known: Sequence[Hit], weights: Mapping[str, float], without: frozenset[str]
) -> list[Hit]:
    """Shots as near as the target, and much like it, that the hits do not have: in a large archive faces are rare."""
    nearer = {**weights, "scale": _SCALE_WEIGHT * sum(weights.values())}
    there = {(hit.film, hit.shot) for hit in known}
    near = neighbours.search(query, len(known), weights=nearer, without=without, titles=False)[0]
    fresh = [hit for hit in near if (hit.film, hit.shot) not in there]
    return [Hit(hit.film, hit.shot, neighbours.score(query, hit, weights=weights)) for hit in fresh]
