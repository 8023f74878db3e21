"""Search by what is written in the pictures of an archive: its titles, intertitles, slates and credits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from reinterpret.errors import UsageError
from reinterpret.neighbours import Hit, Neighbours

# How well words are found: next to each other as they were asked for, all of them somewhere, as parts of words, and as
# words that are nearly the same, since letters are misread.
_PHRASE, _WORDS, _PARTS, _NEARLY = 1.0, 0.95, 0.9, 0.7
# Shorter words are not looked for as parts of others, nor as misread ones: too many are alike.
_SHORTEST_PART, _SHORTEST_NEARLY = 3, 4
# Letters of two words that are the same, in shares of both.
_NEARLY_SAME = 0.75
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class WrittenHit:
    """A shot in which words are written."""

    hit: Hit
    """Its score is 1 where the words stand as they were asked for, and less where they are scattered or misread."""
    text: str
    """The lines with the words in them."""


def search_written(neighbours: Neighbours, text: str, *, k: int = 10) -> list[WrittenHit]:
    """The shots of a library in which words are written, best first, `k` at most.

    Capitals and accents do not count. Raises UsageError for a text without words.
    """
    if k < 1:
        raise UsageError(f"at least one result must be asked for, got -k {k}")
    wanted = words_of(text)
    if not wanted:
        raise UsageError(f"expected a text with words in it, got {text!r}")
    found = []
    for row, written in neighbours.lettering.texts():
        score = _score(wanted, words_of(written))
        if score:
            found.append((score, row, written))
    found.sort(key=lambda entry: (-entry[0], entry[1]))
    return [WrittenHit(neighbours.hit(row, score), _lines_with(wanted, written)) for score, row, written in found[:k]]


def words_of(text: str) -> list[str]:
    """The words of a text, without capitals and accents.

    >>> words_of("Où est l'Éléphant?")
    ['ou', 'est', 'l', 'elephant']
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(letter for letter in plain if not unicodedata.combining(letter)))


def _score(wanted: Sequence[str], written: Sequence[str]) -> float:
    """How well words are found among others, 0 to 1."""
    if f" {' '.join(wanted)} " in f" {' '.join(written)} ":
        return _PHRASE
    if set(wanted) <= set(written):
        return _WORDS
    together = "".join(written)
    if all(len(word) >= _SHORTEST_PART and word in together for word in wanted):
        return _PARTS
    nearly = (any(_is_nearly(word, other) for other in written) for word in wanted)
    return _NEARLY if all(nearly) else 0.0


def _is_nearly(word: str, other: str) -> bool:
    if word == other:
        return True
    if min(len(word), len(other)) < _SHORTEST_NEARLY or any(map(str.isdigit, word + other)):
        return False
    return SequenceMatcher(None, word, other, autojunk=False).ratio() >= _NEARLY_SAME


def _lines_with(wanted: Sequence[str], written: str) -> str:
    """The lines of a text with some of the words, or all of it if they go over several lines."""
    lines = written.split("\n")
    return " / ".join([line for line in lines if any(_score([word], words_of(line)) for word in wanted)] or lines)
