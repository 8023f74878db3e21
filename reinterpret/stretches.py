"""Stretches: which part of an archive shot each clip may take, where several show the same shot.

They go on where the clip before them in the trailer has left the shot, at a distance, so that no frames are seen twice;
shots of the trailer that return go on at once. What there is no room for is given up in this order: the distance, room
for the clips that follow, and at last that no frames are seen twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from reinterpret.timebase import Span


@dataclass(frozen=True, slots=True)
class Use:
    """A clip that shows a shot."""

    place: int
    """Of the clip in the edit."""
    needed: Fraction
    """How many seconds it needs."""
    echo: int
    """Clips with equal numbers are one shot of the trailer that returns."""
    span: Span | None = None
    """What it shows, once that is known."""


class SharedShot:
    """The clips that show one archive shot."""

    def __init__(self, body: Span, uses: Sequence[Use], apart: Fraction) -> None:
        """body: what can be used of it. apart: seconds between two stretches, at least.

        Of two that follow each other in the trailer, they lie as far apart as they are long.
        """
        self._body, self._apart = body, apart
        self._uses = {use.place: use for use in sorted(uses, key=lambda use: use.place)}

    def usable(self, place: int) -> Span:
        """The part of the body within which a clip may choose its span; the whole body where there is no room."""
        use = self._uses[place]
        if use.needed >= self._body.duration:
            return self._body
        for distant, generous in ((True, True), (False, True), (False, False)):
            spare = self._spare(use, distant) if generous else Fraction(0)
            for window in self._windows(use, distant):
                if window.duration >= use.needed + spare:
                    return Span(window.start, window.end - spare)
        return self._body

    def take(self, place: int, span: Span) -> None:
        """A clip shows a span."""
        self._uses[place] = replace(self._uses[place], span=span)

    def _spare(self, use: Use, distant: bool) -> Fraction:
        """What the clips behind one need that have no span yet."""
        behind = [other for other in self._uses.values() if other.place > use.place and other.span is None]
        return sum(
            (other.needed + self._gap(one, other, distant) for one, other in pairwise([use, *behind])), Fraction(0)
        )

    def _gap(self, one: Use, other: Use, distant: bool) -> Fraction:
        return max(self._apart, one.needed, other.needed) if distant and one.echo != other.echo else Fraction(0)

    def _windows(self, use: Use, distant: bool) -> Iterator[Span]:
        """What is free from where the clip before has left the shot, in its order."""
        before = [other for other in self._uses.values() if other.place < use.place and other.span is not None]
        begin = self._body.start
        if before:
            assert before[-1].span is not None
            begin = max(begin, before[-1].span.end + self._gap(use, before[-1], distant))
        others = [
            (other.span.start - gap, other.span.end + gap)
            for other in self._uses.values()
            if other is not use and other.span is not None
            for gap in [self._apart if distant and use.echo != other.echo else Fraction(0)]
        ]
        for start, end in sorted(others):
            if start > begin:
                yield Span(begin, start)
            begin = max(begin, end)
        if begin < self._body.end:
            yield Span(begin, self._body.end)
