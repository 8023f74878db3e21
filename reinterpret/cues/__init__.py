"""Cues: what likeness means. What is known about a shot goes in, one unit vector for each cue comes out.

A cue is a leaf: a file with a class like the others, and a line in `CUES`. The vectors of all cues lie side by side in
the index, so that a query can weigh them: the score of two shots is the mean of the cosines of their cues, by weight.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from reinterpret.cues.colour import Colour
from reinterpret.cues.composition import Composition
from reinterpret.cues.content import Content
from reinterpret.cues.movement import Movement
from reinterpret.cues.rhythm import Rhythm
from reinterpret.cues.scale import Scale
from reinterpret.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    from reinterpret.cues.facts import ShotFacts

__all__ = ["CUES", "PRESETS", "Cue", "cue_names", "parse_weights", "preset_weights"]


class Cue(Protocol):
    """One kind of likeness."""

    name: str
    """One word, as it is written in weights."""

    dimensions: int | None
    """The length of its vectors; None if that is the encoder's."""

    def known(self, facts: ShotFacts) -> bool:
        """Whether the facts tell anything of this cue; a query for which they do not should give it no weight."""
        ...

    def vector(self, facts: ShotFacts) -> np.ndarray:
        """Float32, unit length, finite, whatever the shot shows. Near vectors are shots that are alike in this."""
        ...

    def shared(self, one: np.ndarray, other: np.ndarray) -> str | None:
        """A word or a few for what two of its vectors have in common, such as `pan left`; None if nothing is."""
        ...

    def named(self, term: str) -> np.ndarray | None:
        """What a shot of that name is like, see `terms`: zero in what the name leaves open. None for other words."""
        ...


CUES: tuple[Cue, ...] = (Content(), Composition(), Colour(), Movement(), Rhythm(), Scale())
"""In the order in which the index holds them."""

PRESETS: dict[str, dict[str, float]] = {
    **{cue.name: {cue.name: 1.0} for cue in CUES},
    # Content leads, the others choose among what shows alike things. Cosines of unlike shots spread unequally (standard
    # deviations 0.14 content, 0.13 composition, 0.39 colour, 0.22 movement, 0.16 rhythm, 0.20 scale), so that equal
    # weights would not be an equal say. With more of the others shots are found again no better (0.99 of benchmarks/
    # likeness.py) and kinds worse: mean average precision 0.451 with 0.4, 0.12, 0.25, 0.08 and 0.2, with these 0.474.
    "balanced": {
        "content": 1.0,
        "composition": 0.2,
        "colour": 0.08,
        "movement": 0.1,
        "rhythm": 0.05,
        "scale": 0.1,
    },
}
"""Weights by name: each cue alone, and all together."""


def cue_names() -> list[str]:
    """In the order of `CUES`.

    >>> cue_names()
    ['content', 'composition', 'colour', 'movement', 'rhythm', 'scale']
    """
    return [cue.name for cue in CUES]


def preset_weights(name: str) -> Mapping[str, float]:
    """The weights of a preset. Raises UsageError that lists the names."""
    if name not in PRESETS:
        raise UsageError(f"unknown preset {name!r}; choose one of {', '.join(PRESETS)}")
    return PRESETS[name]


def parse_weights(text: str) -> dict[str, float]:
    """Weights as they are written on the command line; cues that are not named weigh nothing. Raises UsageError.

    >>> parse_weights("content=1, movement=0.5")
    {'content': 1.0, 'movement': 0.5}
    """
    weights: dict[str, float] = {}
    for entry in text.split(","):
        name, equals, value = (part.strip() for part in entry.partition("="))
        if not equals:
            raise UsageError(f"weights are written like content=1,movement=0.5, got {entry.strip()!r} in {text!r}")
        if name not in cue_names():
            raise UsageError(f"unknown cue {name!r} in the weights; choose from {', '.join(cue_names())}")
        if name in weights:
            raise UsageError(f"the cue {name} is named twice in the weights {text!r}; name it once")
        weights[name] = _weight(name, value)
    if not any(weights.values()):
        raise UsageError(f"at least one weight must be above 0, got {text!r}")
    return weights


def _weight(name: str, value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight >= 0):
        raise UsageError(f"the weight of {name} must be a number from 0 on, got {value!r}")
    return weight
