"""Lettering in a shot: when it comes and goes is found without looking at every picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from reinterpret.cues import text_finder
from reinterpret.cues.lettering import Lettering
from reinterpret.cues.lettering_search import look_for_lettering
from reinterpret.cues.text_finder import QUICK_PIXELS, resized
from tests.lettering import flat, ground, squeezed, write


class Shown:
    """The pictures of a shot, two a second, drawn when they are looked at."""

    def __init__(self, count: int, draw: Callable[[int], np.ndarray]) -> None:
        self.seconds: Sequence[float] = [number / 2 for number in range(count)]
        self.looked_at: set[int] = set()
        self._draw = draw

    def small(self, number: int) -> np.ndarray:
        self.looked_at.add(number)
        return resized(self._draw(number), QUICK_PIXELS)

    def large(self, number: int) -> np.ndarray:
        return self._draw(number)


def found(shown: Shown) -> Lettering:
    lettering = look_for_lettering(shown, len(shown.seconds) / 2)
    assert lettering is not None
    return lettering


def texts(lettering: Lettering) -> list[str]:
    return [squeezed(text) for text in lettering.texts]


def test_when_a_caption_comes_is_found_to_the_picture_and_few_are_looked_at() -> None:
    shown = Shown(24, lambda number: write(ground(number), "Where are you now?") if number >= 15 else ground(number))
    lettering = found(shown)
    assert texts(lettering) == ["whereareyounow?"]
    with_lettering = {int(2 * at) for at, lines in zip(lettering.seconds, lettering.lines, strict=True) if lines}
    assert min(with_lettering) == 15
    assert 14 in shown.looked_at
    assert len(shown.looked_at) <= 8


def test_small_lettering_that_a_glance_sees_now_and_then_stands_all_along() -> None:
    shown = Shown(7, lambda number: write(ground(number), "ARCHIVE 2015", size=0.04, at=(0.8, 0.93)))
    lettering = found(shown)
    assert all(lettering.lines)
    assert len(lettering.staying) == 1


def test_cards_that_follow_each_other_in_one_shot_are_all_read() -> None:
    words = ["Anna Keller", "Paul Novak", "Maria Santos"]
    shown = Shown(18, lambda number: write(flat(0, 0, 0), words[number // 6], at=(0.5, 0.5)))
    assert texts(found(shown)) == [squeezed(name) for name in words]


def test_a_shot_that_stands_still_is_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    marked = text_finder._marked
    monkeypatch.setattr(text_finder, "_marked", lambda *given: asked.append(1) or marked(*given))
    assert all(found(Shown(20, lambda number: write(ground(), "Where are you now?"))).lines)
    assert len(asked) == 1


def test_a_counter_counts() -> None:
    lettering = found(Shown(10, lambda number: write(flat(10, 20, 120), str(26 - 2 * number), size=0.4, at=(0.5, 0.5))))
    assert lettering.counts
    assert lettering.dominates


def test_where_nothing_is_written_nothing_is() -> None:
    lettering = found(Shown(6, ground))
    assert not lettering
    assert len(lettering.seconds) == 3


@pytest.mark.parametrize("count", [1, 2])
def test_short_shots_have_few_pictures(count: int) -> None:
    assert texts(found(Shown(count, lambda number: write(ground(number), "THE END", size=0.12)))) == ["theend"]


def test_without_a_picture_nothing_is_known() -> None:
    assert look_for_lettering(Shown(0, ground), 0.1) is None
