"""Fields: values out of JSON go in, what they should be comes out, or an error that names the field and its line.

Files that people may have edited by hand are read through this: `clips[12].match.speed: expected a fraction such as
25/1, got "abc"`.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Never

from reinterpret.timebase import Span, parse_fraction

Step = str | int
"""From a value to one in it: the name in an object, or the place in a list."""

_PLAIN_NAME = re.compile(r"\w+", re.ASCII)
_SPACE = re.compile(r"[ \t\n\r]*")
_LONGEST_QUOTE = 60


class FieldError(ValueError):
    """A value is not what it should be. The message begins with the path that leads to it."""

    def __init__(self, steps: tuple[Step, ...], what: str) -> None:
        """steps: from the outermost value. what: expected and got."""
        self.steps = steps
        super().__init__(f"{path_of(steps)}: {what}" if steps else what)


@dataclass(frozen=True, slots=True)
class Field:
    """A value and the way that led to it. Everything that reads it raises FieldError."""

    value: Any
    steps: tuple[Step, ...] = ()

    def refuse(self, expected: str) -> Never:
        """Say what was expected instead."""
        raise FieldError(self.steps, f"expected {expected}, got {_quoted(self.value)}")

    def __getitem__(self, name: str) -> Field:
        """A value of an object that must have it."""
        found = self._member(name)
        if found is None:
            raise FieldError((*self.steps, name), "is missing")
        return found

    def get(self, name: str) -> Field | None:
        """A value of an object that need not have it; None where it has not, or has null."""
        found = self._member(name)
        return None if found is None or found.value is None else found

    def _member(self, name: str) -> Field | None:
        if not isinstance(self.value, dict):
            self.refuse("an object in braces")
        return Field(self.value[name], (*self.steps, name)) if name in self.value else None

    def optional(self) -> Field | None:
        """None for null."""
        return None if self.value is None else self

    def object(self) -> Mapping[str, Field]:
        """The values of an object by name."""
        if not isinstance(self.value, dict):
            self.refuse("an object in braces")
        return {name: Field(value, (*self.steps, name)) for name, value in self.value.items()}

    def list(self, length: int | None = None) -> Sequence[Field]:
        """The values of a list; of so many, where a length is given."""
        if not isinstance(self.value, list) or len(self.value) != (length or len(self.value)):
            self.refuse("a list in brackets" if length is None else f"a list of {length} values")
        return [Field(value, (*self.steps, place)) for place, value in enumerate(self.value)]

    def text(self, choices: Sequence[str] | None = None) -> str:
        """A string; one of some, where these are given."""
        if not isinstance(self.value, str) or (choices is not None and self.value not in choices):
            self.refuse("a text in quotes" if choices is None else f"one of {', '.join(choices)}")
        return self.value

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            self.refuse("true or false")
        return self.value

    def integer(self, low: int | None = None) -> int:
        """A whole number, not below `low`."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or (low is not None and self.value < low):
            self.refuse("a whole number" if low is None else f"a whole number from {low} on")
        return self.value

    def number(self, low: float = -math.inf, high: float = math.inf) -> float:
        """A finite number from `low` to `high`."""
        known = isinstance(self.value, int | float) and not isinstance(self.value, bool)
        if not known or not (math.isfinite(self.value) and low <= self.value <= high):
            bounds = "" if (low, high) == (-math.inf, math.inf) else f" from {low:g} to {high:g}"
            self.refuse(f"a number{bounds}")
        return float(self.value)

    def fraction(self, *, above: int | None = None, low: int | None = None) -> Fraction:
        """An exact number as a string, such as "25/1"; above the one, not below the other."""
        try:
            value = parse_fraction(self.value)
        except ValueError:
            self.refuse("a fraction such as 25/1")
        if above is not None and value <= above:
            self.refuse(f"a fraction above {above}")
        if low is not None and value < low:
            self.refuse(f"a fraction from {low} on")
        return value

    def span(self) -> Span:
        """Two fractions, the second above the first."""
        start, end = (bound.fraction() for bound in self.list(2))
        if not start < end:
            self.refuse("two fractions of which the second is the larger")
        return Span(start, end)


def path_of(steps: Sequence[Step]) -> str:
    """
    >>> path_of(("clips", 12, "match", "source"))
    'clips[12].match.source'
    >>> path_of(("films", "odd name"))
    'films["odd name"]'
    """
    path = ""
    for step in steps:
        if isinstance(step, str) and _PLAIN_NAME.fullmatch(step):
            path += f".{step}" if path else step
        else:
            path += f"[{_quoted(step)}]"
    return path


def line_of(text: str, steps: Sequence[Step]) -> int:
    """In which line of JSON text, from 1, a value stands, or the object or list that lacks it.

    >>> line_of('{"clips": [\\n{},\\n{"kind":\\n7}]}', ("clips", 1, "kind"))
    4
    """
    position = _past_space(text, 0)
    for step in steps:
        found = next((begin for name, begin in _members(text, position) if name == step), None)
        if found is None:
            break
        position = found
    return text.count("\n", 0, position) + 1


def _members(text: str, position: int) -> Iterator[tuple[Step, int]]:
    """The values in the object or list that begins at a place of valid JSON: the step to each, and where it begins."""
    decoder = json.JSONDecoder()
    if text[position] not in "[{":
        return
    named, number = text[position] == "{", 0
    position = _past_space(text, position + 1)
    while text[position] not in "]}":
        name: Step = number
        if named:
            name, position = decoder.raw_decode(text, position)
            position = _past_space(text, _past_space(text, position) + 1)
        yield name, position
        _, position = decoder.raw_decode(text, position)
        position = _past_space(text, position)
        if text[position] == ",":
            position = _past_space(text, position + 1)
        number += 1


def _past_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found is not None
    return found.end()


def _quoted(value: Any) -> str:
    """A value as it stands in JSON, shortened."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
    text = json.dumps(value)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[:_LONGEST_QUOTE]}..."
