"""Terms: a text goes in, the words of film language in it come out, and what shots of these names are like.

An encoder's classes are things; what is said of a shot as a shot (`close-up`, `pan left`, `black and white`) is told by
the other cues, which know their own words.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from reinterpret.cues import CUES

TITLES = "titles"
"""The term for shots of words on an even ground, which are a kind of shot and no matter of any cue."""

# How people write the terms; the terms themselves are known too. Singular and plural are one, and so are `close-up` and
# `close up`.
_WRITTEN = {
    TITLES: (
        *("title", "title card", "title screen", "caption card", "intertitle", "lettering", "credit"),
        *("opening credit", "closing credit", "end credit", "end title", "text on screen", "written word"),
    ),
    "extreme close-up": ("extreme closeup", "big close-up", "ecu", "macro shot"),
    "close-up": ("closeup", "close shot"),
    "medium shot": ("medium close-up", "mid shot", "medium long shot"),
    "wide shot": ("long shot", "establishing shot", "full shot", "panorama"),
    # Not `man` or `woman`: 18 descriptions with a person in them find a little worse by a face (mean average precision
    # 0.02 lower), as most people in films are seen from afar.
    "one face": ("face", "single face"),
    "portrait": ("talking head", "headshot", "head shot", "selfie"),
    "two faces": ("two people", "two persons", "two-shot", "couple"),
    "many faces": ("group of people", "three people", "several people"),
    "nobody": ("no people", "no one", "empty of people"),
    "still camera": ("static camera", "static shot", "fixed camera", "locked camera", "tripod shot"),
    "pan left": ("panning left", "camera moving left", "camera to the left"),
    "pan right": ("panning right", "camera moving right", "camera to the right"),
    "pan": ("panning shot", "panning", "panning camera", "camera pan", "pan shot"),
    "tilt up": ("tilting up", "camera moving up"),
    "tilt down": ("tilting down", "camera moving down"),
    "zoom in": ("zooming in", "push in", "dolly in"),
    "zoom out": ("zooming out", "pull back", "pull out", "dolly out"),
    "hand-held": ("handheld", "handheld camera", "hand-held camera", "shaky", "shaky camera", "camera shake"),
    "much moving": ("fast movement", "a lot of movement", "lots of movement", "fast motion"),
    "nothing moving": ("no movement", "no motion", "motionless"),
    "black and white": ("black-and-white", "monochrome", "greyscale", "grayscale", "b&w"),
    "dark": ("dark picture", "low-key", "underexposed"),
    "bright": ("bright picture", "high-key", "overexposed"),
    "red": ("reddish",),
    "orange": ("orange colour", "orange color", "orange light"),
    "yellow": ("yellowish",),
    "green": ("greenish",),
    "turquoise": ("cyan", "teal"),
    "blue": ("bluish",),
    "violet": ("purple",),
    "magenta": (),
    "pink": ("pinkish",),
}
# These name things when they stand alone.
_THINGS = frozenset({"orange", "pan"})
# What is left of a text when its terms are taken out says nothing if it is made of these.
_EMPTY = frozenset(
    {
        *("a", "an", "the", "of", "in", "on", "at", "with", "and", "or", "by", "from", "to", "for", "front", "camera"),
        *("shot", "shots", "scene", "scenes", "picture", "pictures", "image", "images", "frame", "frames"),
        *("card", "cards", "colour", "colours", "color", "colors"),
    }
)
_TOKEN = re.compile(r"[^\W_]+(?:[&'][^\W_]+)*", re.UNICODE)


@dataclass(frozen=True, slots=True)
class Terms:
    """What a text says in the words of film."""

    names: tuple[str, ...]
    """The terms in it, in their own spelling, in the order in which they are said."""
    rest: str
    """What it says besides; empty if that is nothing."""


def terms_of(text: str) -> Terms:
    """The words of film in a text; the longest that fit are taken.

    >>> terms_of("Close-ups of a dog, panning left")
    Terms(names=('close-up', 'pan left'), rest='dog')
    """
    matches = list(_TOKEN.finditer(text))
    words = [_singular(match.group().lower()) for match in matches]
    names: list[str] = []
    left: list[str] = []
    position = 0
    while position < len(words):
        for length in range(min(_LONGEST, len(words) - position), 0, -1):
            name = _PHRASES.get(tuple(words[position : position + length]))
            if name is not None:
                names.append(name)
                position += length
                break
        else:
            left.append(matches[position].group())
            position += 1
    said = [word for word in left if word.lower() not in _EMPTY]
    if not names:
        return Terms((), text)
    return Terms(tuple(dict.fromkeys(names)), " ".join(_trimmed(left)) if said else "")


def vectors_of_terms(names: tuple[str, ...]) -> dict[str, np.ndarray]:
    """What a shot of these names is like, by cue: unit vectors, zero in what the names leave open."""
    found: dict[str, np.ndarray] = {}
    for cue in CUES:
        named = [vector for vector in map(cue.named, names) if vector is not None]
        if named:
            whole = np.sum(named, axis=0)
            # Opposites (pan left, pan right) do not cancel out: no number of a name is negative but those of colour.
            found[cue.name] = np.asarray(whole / max(float(np.linalg.norm(whole)), 1e-9), np.float32)
    return found


def _trimmed(words: list[str]) -> list[str]:
    """Without the little words at both ends, which belonged to the terms."""
    meaning = [number for number, word in enumerate(words) if word.lower() not in _EMPTY]
    return words[meaning[0] : meaning[-1] + 1] if meaning else []


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 2 and word.endswith("s") and not word.endswith("ss") else word


_PHRASES = {
    tuple(_singular(word.lower()) for word in _TOKEN.findall(phrase)): term
    for term, phrases in _WRITTEN.items()
    for phrase in (phrases if term in _THINGS else (term, *phrases))
}
_LONGEST = max(map(len, _PHRASES))
