"""What is written in a shot: the lines in each picture of it that was looked at, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from fractions import Fraction
from itertools import groupby, pairwise

from reinterpret.timebase import Span

# A title is large: its lines are at least so high, and cover so much of the picture together. The box of a line is up
# to twice as high as its capitals, so that of large subtitles is 0.12 high. Small print is a title too where it fills
# the picture, as rolling credits do.
_LARGE_HEIGHT, _LARGE_SHARE, _FULL_SHARE = 0.15, 0.06, 0.2
# In how much of the time it must be so.
_DOMINANT_TIME = 0.5
# Two boxes are the same place when what they share is so much of the smaller.
_SAME_PLACE = 0.5
# Two readings of one line differ by no more than this: letters that are alike, in shares of all.
_SAME_LINE = 0.8
_DIGIT = re.compile(r"\d")
_NO_NUMBER = re.compile(r"[^\d\s:;.,/-]")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is written in a picture. Its place is in shares of the whole picture, bars included."""

    text: str
    confidence: float
    """0 to 1."""
    left: float
    top: float
    width: float
    height: float

    @property
    def share(self) -> float:
        """How much of the picture it covers."""
        return self.width * self.height

    @property
    def is_number(self) -> bool:
        """Whether it is a number: of frames, of seconds, or a timecode."""
        return _number(self) is not None

    def overlap(self, other: Line) -> float:
        """What both cover, in shares of the smaller."""
        across = min(self.left + self.width, other.left + other.width) - max(self.left, other.left)
        along = min(self.top + self.height, other.top + other.height) - max(self.top, other.top)
        both = max(0.0, across) * max(0.0, along)
        return both / max(1e-9, min(self.share, other.share))


@dataclass(frozen=True, slots=True)
class Lettering:
    """What is written in a shot, as far as it was looked at."""

    seconds: tuple[float, ...]
    """When the pictures are shown that were looked at, from the start of the film, ascending."""
    lines: tuple[tuple[Line, ...], ...]
    """In each of them."""

    def __post_init__(self) -> None:
        if len(self.seconds) != len(self.lines):
            raise ValueError(f"expected lines for each of {len(self.seconds)} pictures, got {len(self.lines)}")
        if any(before >= after for before, after in pairwise(self.seconds)):
            raise ValueError(f"the pictures must be in order, got {self.seconds}")

    def __bool__(self) -> bool:
        """Whether anything is."""
        return any(self.lines)

    def in_words(self) -> Lettering:
        """The same without single characters: in a scene they are things that look like one."""
        kept = (tuple(line for line in of_picture if len(line.text) > 1) for of_picture in self.lines)
        return Lettering(self.seconds, tuple(kept))

    @property
    def share(self) -> float:
        """How much of the picture is covered, at most."""
        return max((sum(line.share for line in of_picture) for of_picture in self.lines), default=0.0)

    @property
    def texts(self) -> tuple[str, ...]:
        """What is written, each line once, as it was read best, in the order in which it comes."""
        kept: list[Line] = []
        for line in (line for of_picture in self.lines for line in of_picture):
            known = next((place for place, other in enumerate(kept) if same_words(line.text, other.text)), None)
            if known is None:
                kept.append(line)
            elif _worth(line) > _worth(kept[known]):
                kept[known] = line
        return tuple(line.text for line in kept)

    @property
    def titled(self) -> bool:
        """Whether there is a title somewhere in it: large lettering, or a picture full of it."""
        return any(map(_is_title, self.lines))

    @property
    def dominates(self) -> bool:
        """Whether a title is what the shot shows, and not only something in it: half of the time or more."""
        if not self.titled:
            return False
        edges = [self.seconds[0], *((before + after) / 2 for before, after in pairwise(self.seconds)), self.seconds[-1]]
        lengths = [end - start for start, end in pairwise(edges)] if len(edges) > 2 else [1.0]
        shown = sum(length for length, of_picture in zip(lengths, self.lines, strict=True) if _is_title(of_picture))
        return shown >= _DOMINANT_TIME * sum(lengths)

    @property
    def counts(self) -> bool:
        """Whether a number in it goes up or down from picture to picture, and nothing else is written as large."""
        numbers = [_number(max(of_picture, key=lambda line: line.height)) for of_picture in self.lines if of_picture]
        found = [number for number in numbers if number is not None]
        if len(found) < 2 or len(found) < len(numbers):
            return False
        steps = [after - before for before, after in pairwise(found)]
        return any(steps) and (min(steps) >= 0 or max(steps) <= 0)

    def clear(self, span: Span) -> tuple[Span, ...]:
        """The stretches of a span in which nothing is written but what stands in the same place all along.

        Between a picture with lettering and one without, all counts as written over.
        """
        staying = self.staying
        covered = [any(not stands_in(line, staying) for line in of_picture) for of_picture in self.lines]
        instants = [Fraction(instant) for instant in self.seconds]
        found = []
        for is_covered, run in groupby(range(len(covered)), key=covered.__getitem__):
            if is_covered:
                continue
            numbers = list(run)
            # Before the first picture it is as in the first, and after the last as in the last.
            start = span.start if numbers[0] == 0 else max(span.start, instants[numbers[0]])
            end = span.end if numbers[-1] == len(covered) - 1 else min(span.end, instants[numbers[-1]])
            if start < end:
                found.append(Span(start, end))
        return tuple(found) if covered else (span,)

    @property
    def staying(self) -> tuple[Line, ...]:
        """What stands in the same place in all pictures, if there are several."""
        if len(self.lines) < 2:
            return ()
        return tuple(line for line in self.lines[0] if all(stands_in(line, others) for others in self.lines[1:]))


def usable_span(body: Span, lettering: Lettering | None, needed: Fraction) -> Span:
    """What of a shot is best used where `needed` seconds of it are: its body, or a stretch without lettering.

    Of several stretches that are long enough the longest. lettering: None where it is not known.
    """
    clear = [] if lettering is None else [span for span in lettering.clear(body) if span.duration >= needed]
    return max(clear, key=lambda span: span.duration, default=body)


def stands_in(line: Line, lines: Sequence[Line]) -> bool:
    """Whether some line is in the place of this one."""
    return any(line.overlap(other) >= _SAME_PLACE for other in lines)


def _worth(line: Line) -> float:
    """Which of two readings of the same words is better: the one that is surer of more letters."""
    return line.confidence * len(line.text)


def _is_title(lines: Sequence[Line]) -> bool:
    large = sum(line.share for line in lines if line.height >= _LARGE_HEIGHT)
    return large >= _LARGE_SHARE or sum(line.share for line in lines) >= _FULL_SHARE


def _number(line: Line) -> int | None:
    """The number that a line is: frames, seconds, or a timecode; None if it says something else."""
    digits = _DIGIT.findall(line.text)
    return int("".join(digits)) if digits and not _NO_NUMBER.search(line.text) else None


def same_words(one: str, other: str) -> bool:
    """Whether two readings are of the same words."""
    if one == other:
        return True
    # Numbers that count are alike, and none is another.
    if _DIGIT.search(one + other):
        return False
    one, other = one.casefold(), other.casefold()
    # Letters may come in one by one.
    return one in other or other in one or SequenceMatcher(None, one, other, autojunk=False).ratio() >= _SAME_LINE
