"""Looks for lettering in a shot: in as few of its pictures as tell when it comes and goes, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Protocol

import numpy as np

from reinterpret.cues.lettering import Lettering, Line, same_words
from reinterpret.cues.text_finder import can_read, find_lines, glance, read_again, reading_order

# How many pictures of a shot are looked at to begin with: two, three of one that is longer, and one more each so many
# seconds.
_FEWEST_LOOKS, _LONGER_SECONDS, _SECONDS_A_LOOK, _MOST_LOOKS = 2, 3.0, 20, 8
# And when there is something to be found out about the lettering; of these, so many are read with care.
_MOST_LOOKS_IN_ALL, _MOST_READ = 24, 4
# Levels of 255, in the mean over 8 x 8 pixels of a small picture: what differs less is the same picture.
_SAME_LEVELS = 4
# The largest lines of a shot that are looked for in all its pictures; how much two boxes of one place share.
_MOST_KNOWN, _SAME_PLACE = 8, 0.5


class Pictures(Protocol):
    """Some pictures of a shot, in their order, upright."""

    @property
    def seconds(self) -> Sequence[float]:
        """When each is shown, ascending."""

    def small(self, number: int) -> np.ndarray:
        """H x W x 3 uint8 RGB, of about `QUICK_PIXELS`; its sides are multiples of 32."""

    def large(self, number: int) -> np.ndarray:
        """The same picture as large as there is one, H x W x 3 uint8 RGB."""


def look_for_lettering(pictures: Pictures, duration: float) -> Lettering | None:
    """What is written in a shot of so many seconds. None without the networks, or without a picture.

    Some pictures are glanced at, those at both ends among them. Where there is lettering in one and none, or another,
    in the next, those between are looked at until it is known when it comes or goes; and where several lines are
    written, one picture is read with care.
    """
    seconds = pictures.seconds
    if not seconds or not can_read():
        return None
    wanted = _FEWEST_LOOKS + int(duration >= _LONGER_SECONDS) + int(duration / _SECONDS_A_LOOK)
    count = min(len(seconds), _MOST_LOOKS, wanted)
    looks = _Looks(pictures)
    for number in np.unique(np.linspace(0, len(seconds) - 1, count).round().astype(int)):
        looks.at(int(number))
    looks.find_again()
    looks.find_changes()
    looks.read_with_care()
    return Lettering(tuple(seconds[number] for number in looks.numbers), tuple(map(looks.at, looks.numbers)))


class _Looks:
    """What is written in some of the pictures of a shot."""

    def __init__(self, pictures: Pictures) -> None:
        self._pictures = pictures
        self._found: dict[int, tuple[Line, ...]] = {}
        self._seen: list[tuple[np.ndarray, int]] = []
        self._known: list[Line] = []

    @property
    def numbers(self) -> list[int]:
        """Of those that were looked at, ascending."""
        return sorted(self._found)

    def at(self, number: int) -> tuple[Line, ...]:
        """The lines in one of them."""
        if number not in self._found:
            small = self._pictures.small(number)
            same = next((other for seen, other in self._seen if _is_same(small, seen)), None)
            if same is None:
                self._seen.append((small, number))
                self._found[number] = self._with_known(number, glance(small, lambda: self._pictures.large(number)))
            else:
                self._found[number] = self._found[same]
        return self._found[number]

    def find_again(self) -> None:
        """Look for what was found in one picture in the others too: a glance overlooks small lettering at times."""
        for number in self.numbers:
            for line in self._found[number]:
                if not any(line.overlap(other) > _SAME_PLACE for other in self._known):
                    self._known.append(line)
        self._known.sort(key=lambda line: -line.share)
        del self._known[_MOST_KNOWN:]
        for number in self.numbers if self._known else ():
            self._found[number] = self._with_known(number, self._found[number])

    def _with_known(self, number: int, found: tuple[Line, ...]) -> tuple[Line, ...]:
        missing = [line for line in self._known if not any(line.overlap(other) > 0 for other in found)]
        if not missing:
            return found
        picture = self._pictures.large(number)
        again = [line for line in (read_again(picture, line) for line in missing) if line is not None]
        return tuple(sorted([*found, *again], key=reading_order))

    def find_changes(self) -> None:
        """Look at more, until no picture lies unseen between two with other lettering, or one with and one without."""
        between = list(pairwise(self.numbers))
        while between and len(self._found) < _MOST_LOOKS_IN_ALL:
            before, after = between.pop(0)
            if after - before > 1 and _differ(self.at(before), self.at(after)):
                middle = (before + after) // 2
                self.at(middle)
                between += [(before, middle), (middle, after)]

    def read_with_care(self) -> None:
        """Read the fullest picture of each stretch with the same lettering once more, for the small print in it.

        Where there is one line alone, that is all there is to read nearly always.
        """
        stretches: list[list[int]] = []
        for number in self.numbers:
            if stretches and not _differ(self._found[stretches[-1][-1]], self._found[number]):
                stretches[-1].append(number)
            else:
                stretches.append([number])
        fullest_of = [max(stretch, key=self._letters) for stretch in stretches]
        for fullest in [number for number in fullest_of if len(self._found[number]) > 1][:_MOST_READ]:
            careful = find_lines(self._pictures.large(fullest))
            self._found[fullest] = _joined(careful, self._found[fullest])

    def _letters(self, number: int) -> int:
        """How much is written in one of them."""
        return sum(len(line.text) for line in self._found[number])


def _differ(lines: Sequence[Line], others: Sequence[Line]) -> bool:
    """Whether two pictures have other lettering: none in one, or in both words of which none is in the other.

    Numbers are no words: they may count on from picture to picture.
    """
    if bool(lines) != bool(others):
        return True
    words, other_words = ([line.text for line in found if not line.is_number] for found in (lines, others))
    if not words or not other_words:
        return False
    return not any(same_words(one, other) for one in words for other in other_words)


def _joined(careful: Sequence[Line], quick: Sequence[Line]) -> tuple[Line, ...]:
    """The lines of a careful look, and those of a glance that it has overlooked: the largest letters."""
    others = [line for line in quick if not any(line.overlap(other) > 0 for other in careful)]
    return tuple(sorted([*careful, *others], key=reading_order))


def _is_same(picture: np.ndarray, other: np.ndarray) -> bool:
    """Whether two pictures of one size are the same but for noise, so that the same is written in both."""
    import cv2

    differences = cv2.blur(cv2.absdiff(picture, other), (8, 8))
    return bool(differences.max() <= _SAME_LEVELS)
