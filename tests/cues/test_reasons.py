"""Why two shots are near, in words: what is remarkable is named, and nothing is said where nothing is."""

from __future__ import annotations

import pytest

from reinterpret.cues import PRESETS, cue_names
from reinterpret.cues.reasons import CueScore, reason

EQUAL = dict.fromkeys(cue_names(), 1.0)


def scores(shared: dict[str, str] | None = None, **surpluses: float) -> list[CueScore]:
    """Scores of every cue; those that are not named are as they are between any two shots."""
    words = shared or {}
    return [CueScore(name, 0.5, surpluses.get(name, 0.0), words.get(name)) for name in cue_names()]


@pytest.mark.parametrize(
    ("cue", "shared", "said"),
    [
        ("content", None, "similar subject"),
        ("composition", None, "same composition"),
        ("composition", "subject left", "same composition: subject left"),
        ("colour", None, "same colours"),
        ("colour", "blue and dark", "same colours: blue and dark"),
        ("movement", "pan left", "same movement: pan left"),
        ("rhythm", "calm", "same rhythm: calm"),
        ("scale", "close-up", "close-up"),
    ],
)
def test_the_cue_that_stands_out_is_named(cue: str, shared: str | None, said: str) -> None:
    assert reason(scores({cue: shared} if shared else None, **{cue: 4.0}), EQUAL) == said


@pytest.mark.parametrize("surplus", [-3.0, 0.0, 0.9])
def test_nothing_is_said_where_nothing_stands_out(surplus: float) -> None:
    named = dict.fromkeys(cue_names(), "pan left")
    assert reason(scores(named, **dict.fromkeys(cue_names(), surplus)), EQUAL) == ""
    assert reason([], EQUAL) == ""


@pytest.mark.parametrize("cue", ["movement", "rhythm", "scale"])
def test_what_has_no_word_is_not_said(cue: str) -> None:
    assert reason(scores(**{cue: 9.0}), EQUAL) == ""
    assert reason(scores(**{cue: 9.0}, colour=1.5), EQUAL) == "same colours"


def test_the_subject_must_stand_out_more_than_the_rest() -> None:
    assert reason(scores(content=2.0), EQUAL) == ""
    assert reason(scores(content=3.0), EQUAL) == "similar subject"
    assert reason(scores(colour=2.0), EQUAL) == "same colours"


def test_of_the_same_footage_nothing_else_is_said() -> None:
    found = [CueScore("content", 0.8, 5.0, None), CueScore("movement", 1.0, 9.0, "pan left")]
    assert reason(found, EQUAL) == "same subject"
    assert reason(found, {"movement": 1.0}) == "same movement: pan left"


def test_cues_that_weigh_nothing_are_not_looked_at() -> None:
    both = scores(composition=5.0, colour=2.0)
    assert reason(both, {"colour": 1.0}) == "same colours"
    assert reason(both, {"colour": 1.0, "composition": 0.0}) == "same colours"
    assert reason(both, {"content": 1.0}) == ""
    assert reason(both, {}) == ""


def test_what_stands_out_most_is_said_and_the_heavier_of_equals() -> None:
    assert reason(scores(composition=3.0, colour=2.0), EQUAL) == "same composition"
    equals = scores(composition=2.0, colour=2.0)
    assert reason(equals, {"composition": 1.0, "colour": 0.2}) == "same composition"
    assert reason(equals, {"composition": 0.2, "colour": 1.0}) == "same colours"


def test_what_can_be_named_comes_before_what_cannot() -> None:
    found = scores({"movement": "pan left"}, movement=2.0, colour=2.5)
    assert reason(found, EQUAL) == "same movement: pan left"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_has_its_reason(preset: str) -> None:
    named = {"movement": "pan left", "rhythm": "calm", "scale": "wide shot"}
    found = reason(scores(named, **dict.fromkeys(cue_names(), 4.0)), PRESETS[preset])
    assert found
    if preset != "balanced":
        alone = reason(scores(named, **{preset: 4.0}), EQUAL)
        assert found == alone
