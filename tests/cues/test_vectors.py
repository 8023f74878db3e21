"""The vectors of many shots: what belongs to a shot stays together, and what is not known weighs nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.cues import CUES, PRESETS, cue_names
from reinterpret.cues.vectors import CueVectors, shares, together, vectors_of
from tests.cues.made import facts, plain, shoot

RED, BLUE = facts([plain(200, 30, 30)]), facts([plain(30, 30, 200)])
weight = st.floats(0, 10).map(lambda value: round(value, 3))
weights = st.dictionaries(st.sampled_from(cue_names()), weight).filter(lambda found: any(found.values()))


def same(one: CueVectors, other: CueVectors) -> bool:
    pairs = zip((*one.matrices, one.known), (*other.matrices, other.known), strict=True)
    return all(np.array_equal(here, there) for here, there in pairs)


def test_every_cue_has_a_row_for_every_shot() -> None:
    found = vectors_of([RED, BLUE, RED])
    assert len(found) == 3
    for cue in CUES:
        expected = np.stack([cue.vector(RED), cue.vector(BLUE), cue.vector(RED)])
        assert found.of(cue.name).dtype == np.float32
        assert np.array_equal(found.of(cue.name), expected)


def test_a_still_picture_tells_nothing_of_movement_and_rhythm_and_a_shot_that_runs_does() -> None:
    runs = facts([plain(1, 2, 3)], course=shoot(pan=0.2, seconds=1), seconds=1)
    still, running = vectors_of([RED, runs]).known
    assert dict(zip(cue_names(), still, strict=True)) == {
        name: name not in ("movement", "rhythm") for name in cue_names()
    }
    assert running.all()


def test_shots_can_be_chosen_in_any_order_and_put_together_again() -> None:
    whole = vectors_of([RED, BLUE, facts([plain(9, 90, 9)])])
    assert same(together([whole.rows([0]), whole.rows(np.array([1, 2]))]), whole)
    assert same(whole.rows([2, 0, 2]), together([whole.rows([2]), whole.rows([0]), whole.rows([2])]))
    assert len(whole.rows([])) == 0


def test_a_cue_that_is_not_there_has_no_vectors() -> None:
    with pytest.raises(ValueError, match="taste"):
        vectors_of([RED]).of("taste")


def test_vectors_that_do_not_fit_together_are_refused() -> None:
    whole = vectors_of([RED, BLUE])

    def with_colour(matrix: np.ndarray) -> CueVectors:
        number = cue_names().index("colour")
        return replace(whole, matrices=(*whole.matrices[:number], matrix, *whole.matrices[number + 1 :]))

    colour = whole.of("colour")
    assert same(with_colour(colour), whole)
    for matrix in (colour[:1], colour[:, :-1], colour[0], colour.astype(np.float64)):
        with pytest.raises(ValueError, match="colour: expected 2 x 46"):
            with_colour(matrix)
    with pytest.raises(ValueError, match="colour: the vectors of shots must have unit length"):
        with_colour(2 * colour)
    with pytest.raises(ValueError, match="a matrix for each of content, composition"):
        replace(whole, matrices=whole.matrices[1:])
    for known in (whole.known[:, 1:], whole.known.astype(np.uint8), whole.known[:, 0]):
        with pytest.raises(ValueError, match="a matrix for each of"):
            replace(whole, known=known)


def test_no_shots_have_no_vectors() -> None:
    with pytest.raises(ValueError, match="a matrix for each of"):
        vectors_of([])


# Shares


@given(weights, st.lists(st.lists(st.booleans(), min_size=len(CUES), max_size=len(CUES)), min_size=1, max_size=5))
def test_shares_sum_to_one_whatever_is_known(asked: dict[str, float], known: list[list[bool]]) -> None:
    found = shares(asked, np.array(known))
    assert found.dtype == np.float32
    assert found.shape == (len(known), len(CUES))
    assert found.sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert (found >= 0).all()
    wanted = np.array([asked.get(name, 0.0) > 0 for name in cue_names()])
    assert not found[:, ~wanted].any()
    for row, tells in zip(found, np.array(known), strict=True):
        # What is not known weighs nothing, unless nothing that is asked for is known.
        assert not row[~tells].any() or not (wanted & tells).any()


def test_what_is_known_keeps_its_proportions() -> None:
    known = np.array([[True] * 6, [True, True, True, False, False, True]])
    one, other = shares({"content": 2, "colour": 1, "movement": 1}, known)
    assert one.tolist() == pytest.approx([0.5, 0, 0.25, 0.25, 0, 0])
    assert other.tolist() == pytest.approx([2 / 3, 0, 1 / 3, 0, 0, 0])


def test_where_nothing_that_is_asked_for_is_known_it_is_asked_for_all_the_same() -> None:
    still = vectors_of([RED]).known
    assert shares({"movement": 3, "rhythm": 1}, still).tolist() == [[0, 0, 0, 0.75, 0.25, 0]]


@pytest.mark.parametrize("preset", PRESETS)
def test_no_preset_is_lost_on_a_still_picture(preset: str) -> None:
    assert shares(PRESETS[preset], vectors_of([RED]).known).sum() == pytest.approx(1)
