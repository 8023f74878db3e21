"""What holds for every cue, whatever the shot shows; and the weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinterpret.cues import CUES, PRESETS, Cue, cue_names, parse_weights, preset_weights
from reinterpret.cues.facts import MOVEMENT_COLUMNS, ShotFacts
from reinterpret.cues.motion_meter import Course
from reinterpret.errors import UsageError
from tests.cues.made import HEIGHT, WIDTH, facts, plain, shoot


@st.composite
def any_shot(draw: st.DrawFn) -> ShotFacts:
    """Pictures of any size and kind, movement and luma of any length and size."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    height, width = draw(st.integers(1, HEIGHT)), draw(st.integers(1, WIDTH))
    kind = draw(st.sampled_from(["black", "white", "noise", "one colour", "one pixel", "steps"]))
    pictures = []
    for _ in range(draw(st.integers(1, 4))):
        picture = np.zeros((height, width, 3), np.uint8)
        if kind == "white":
            picture[:] = 255
        elif kind == "noise":
            picture[:] = random.integers(0, 256, picture.shape)
        elif kind == "one colour":
            picture[:] = random.integers(0, 256, 3)
        elif kind == "one pixel":
            picture[height // 2, width // 2] = 255
        elif kind == "steps":
            picture[:, width // 2 :] = 200
        pictures.append(picture)
    rows, frames = draw(st.integers(0, 40)), draw(st.integers(0, 100))
    size = draw(st.sampled_from([0.0, 1e-6, 0.1, 50.0]))
    movement = random.normal(0, size, (rows, len(MOVEMENT_COLUMNS)))
    movement[:, 4] = random.uniform(0, 1, rows)
    movement[:, 5:] = np.abs(movement[:, 5:])
    course = Course(
        movement.astype(np.float32), np.arange(rows) * 0.1 + 0.05, random.uniform(0, 1, frames).astype(np.float32)
    )
    layouts = random.random((len(pictures), 3, 3, draw(st.sampled_from([0, 1, 40]))), np.float32) * (kind != "black")
    rate = draw(st.sampled_from([1.0, 12.0, 23.976, 60.0]))
    return facts(pictures, course=course, seconds=frames / rate, rate=rate, layouts=layouts.astype(np.float32))


@pytest.mark.parametrize("cue", CUES, ids=cue_names())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(shot=any_shot())
def test_every_shot_has_a_finite_unit_vector_of_the_length_that_is_promised(cue: Cue, shot: ShotFacts) -> None:
    vector = cue.vector(shot)
    assert vector.dtype == np.float32
    assert vector.shape == (cue.dimensions or shot.frame_vectors.shape[1],)
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)
    words = cue.shared(vector, cue.vector(facts([plain(255, 0, 0)])))
    assert words is None or words == words.strip() != ""
    assert isinstance(cue.known(shot), bool)


@pytest.mark.parametrize("cue", CUES, ids=cue_names())
def test_the_same_shot_has_the_same_vector(cue: Cue) -> None:
    random = np.random.default_rng(1)
    pictures = [random.integers(0, 256, (90, 160, 3), np.uint8) for _ in range(3)]
    shot = facts(pictures, course=shoot(pan=0.2, seconds=1), seconds=1)
    assert np.array_equal(cue.vector(shot), cue.vector(shot))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"pictures": ()}, "at least one picture"),
        ({"pictures": (np.zeros((4, 4, 3)),)}, "uint8"),
        ({"frame_vectors": np.zeros((2, 4), np.float32)}, "frame_vectors must be 1 x any float32"),
        ({"layouts": np.zeros((1, 3, 4, 0), np.float32)}, "layouts must be 1 x 3 x 3 x any"),
        ({"movement": np.zeros((0, 4), np.float32)}, "movement must be any x 18"),
        ({"luma": np.array([np.nan], np.float32)}, "luma must be finite"),
        ({"seconds": float("inf")}, "must be finite"),
        ({"frame_rate": 0.0}, "above 0"),
    ],
)
def test_facts_that_do_not_hold_together_are_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(facts([plain(1, 2, 3)]), **changed)  # type: ignore[arg-type]


def test_weights_are_read_as_they_are_written() -> None:
    assert parse_weights("content=1,movement=0.5") == {"content": 1, "movement": 0.5}
    assert parse_weights(" colour = 2 ") == {"colour": 2}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "written like content=1"),
        ("content", "got 'content'"),
        ("content=1,,", "got ''"),
        ("shape=1", "unknown cue 'shape'.*content, composition, colour, movement, rhythm, scale"),
        ("content=much", "a number from 0 on, got 'much'"),
        ("content=-1", "a number from 0 on"),
        ("content=nan", "a number from 0 on"),
        ("content=inf", "a number from 0 on"),
        ("content=0,scale=0", "at least one weight"),
        ("content=1,content=2", "named twice"),
    ],
)
def test_weights_that_cannot_be_meant_are_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_weights(text)


def test_there_is_a_preset_for_every_cue_and_one_for_all() -> None:
    assert list(PRESETS) == [*cue_names(), "balanced"]
    assert preset_weights("movement") == {"movement": 1}
    assert set(preset_weights("balanced")) == set(cue_names())
    with pytest.raises(UsageError, match="unknown preset 'best'; choose one of content, "):
        preset_weights("best")
