"""Terms: the words of film in a text, and that what they name is found by them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.cues import CUES, terms
from reinterpret.cues.colour import Colour
from reinterpret.cues.terms import TITLES, Terms, terms_of, vectors_of_terms
from tests.cues.made import facts, plain


@pytest.mark.parametrize(
    ("text", "names", "rest"),
    [
        ("close-up", ("close-up",), ""),
        ("Close ups of a dog", ("close-up",), "dog"),
        ("an extreme close-up", ("extreme close-up",), ""),
        ("a close-up of a red car, panning left", ("close-up", "red", "pan left"), "car"),
        ("black-and-white portraits", ("black and white", "portrait"), ""),
        ("two people in the kitchen", ("two faces",), "kitchen"),
        ("closing credits", (TITLES,), ""),
        ("an orange", (), "an orange"),
        ("a pan on the stove", (), "a pan on the stove"),
        ("a panning shot of the sea", ("pan",), "sea"),
        ("a man with a hat", (), "a man with a hat"),
        ("???", (), "???"),
    ],
)
def test_the_words_of_film_are_told_from_the_others(text: str, names: tuple[str, ...], rest: str) -> None:
    assert terms_of(text) == Terms(names, rest)


@given(st.text())
def test_what_is_left_is_made_of_the_words_that_were_there(text: str) -> None:
    found = terms_of(text)
    assert all(word in text for word in found.rest.split())
    assert bool(found.names) or found.rest == text


def test_every_term_is_a_kind_of_shot_or_has_a_vector_of_unit_length() -> None:
    lengths = {cue.name: cue.dimensions for cue in CUES}
    for term in set(terms._PHRASES.values()) - {TITLES}:
        vectors = vectors_of_terms((term,))
        assert vectors, term
        for name, vector in vectors.items():
            assert vector.shape == (lengths[name],)
            assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("term", "rgb"),
    [
        ("red", (200, 20, 20)),
        ("green", (20, 160, 40)),
        ("blue", (30, 50, 200)),
        ("dark", (20, 20, 20)),
        ("bright", (240, 240, 240)),
        ("black and white", (128, 128, 128)),
    ],
)
def test_a_colour_is_found_by_its_name(term: str, rgb: tuple[int, int, int]) -> None:
    others = [(200, 20, 20), (20, 160, 40), (30, 50, 200), (20, 20, 20), (240, 240, 240), (128, 128, 128)]
    cue = Colour()
    said = cue.named(term)
    assert said is not None
    scores = {other: float(said @ cue.vector(facts([plain(*other)]))) for other in others}
    # Black, white and grey are all without colour.
    best = [other for other, score in scores.items() if score >= max(scores.values()) - 1e-6]
    assert rgb in best
    assert len(best) == (3 if term == "black and white" else 1)
