"""Words that are written in pictures are found, however they are spelled; what is only nearly the same comes last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reinterpret.cues.lettering import Lettering, Line
from reinterpret.errors import UsageError
from reinterpret.neighbours import Neighbours, open_neighbours
from reinterpret.written import search_written
from tests.test_neighbours import EAST, hand_made, made

Written = Callable[..., Neighbours]


@pytest.fixture
def written(tmp_path: Path) -> Written:
    """A library of films of one shot in which some lines are written, film by film; None where that is not known."""

    def make(*films: tuple[str, ...] | None) -> Neighbours:
        library = made(tmp_path / "lib")
        for number, lines in enumerate(films):
            lettering = None
            if lines is not None:
                drawn = tuple(Line(text, 0.9, 0.1, 0.1 * row, 0.5, 0.05) for row, text in enumerate(lines))
                lettering = Lettering((0.5,), (drawn,))
            library.add(hand_made(tmp_path / f"{number}.mp4", number, EAST, lettering=lettering))
        return open_neighbours(library)

    return make


def found(neighbours: Neighbours, text: str, k: int = 10) -> list[tuple[str, float]]:
    return [(entry.hit.film[0], entry.hit.score) for entry in search_written(neighbours, text, k=k)]


def test_the_words_as_they_stand_come_first_then_scattered_then_parts_then_nearly_the_same(written: Written) -> None:
    neighbours = written(
        ("BUNKY",),
        ("Big", "Buck", "and a rabbit", "Bunny"),
        ("nothing of the kind",),
        ("BIG BUCK BUNNY", "a film"),
        ("BIGBUCKBUNNY",),
        None,
    )
    assert found(neighbours, "big buck bunny") == [("3", 1.0), ("1", 0.95), ("4", 0.9)]
    assert found(neighbours, "Bunny") == [("1", 1.0), ("3", 1.0), ("4", 0.9), ("0", 0.7)]
    assert [entry.text for entry in search_written(neighbours, "bunny")] == [
        "Bunny",
        "BIG BUCK BUNNY",
        "BIGBUCKBUNNY",
        "BUNKY",
    ]
    assert found(neighbours, "bunny", k=1) == [("1", 1.0)]


@pytest.mark.parametrize(
    ("asked", "there"),
    [
        ("ou est l'eleve", "Où est l'élève ?"),
        ("STRASSE", "Große Straße"),
        ("grosse", "Große Straße"),
        ("gesla jazn", "gęślą jaźń"),
        ("ｆｉｌｍ", "Film"),
    ],
)
def test_capitals_and_accents_do_not_count(written: Written, asked: str, there: str) -> None:
    assert found(written((there,)), asked) == [("0", 1.0)]


def test_words_over_several_lines_are_one_text(written: Written) -> None:
    (entry,) = search_written(written(("THE PEACH OPEN", "MOVIE PROJECT", "PRESENTS")), "open movie")
    assert (entry.hit.score, entry.text) == (1.0, "THE PEACH OPEN / MOVIE PROJECT")


@pytest.mark.parametrize(("asked", "there"), [("art", "Carter"), ("1984", "1985"), ("cat", "cut"), ("a b", "abc")])
def test_what_is_alike_by_chance_is_not_found_or_only_as_a_part(written: Written, asked: str, there: str) -> None:
    assert [score for _, score in found(written((there,)), asked)] in ([], [0.9])


def test_a_word_in_letters_without_gaps_is_found(written: Written) -> None:
    assert found(written(("動画を投稿してください",)), "投稿して") == [("0", 0.9)]


def test_what_cannot_be_meant_is_refused(written: Written) -> None:
    neighbours = written(("a",))
    with pytest.raises(UsageError, match="text with words in it"):
        search_written(neighbours, " -- ")
    with pytest.raises(UsageError, match="at least one"):
        search_written(neighbours, "a", k=0)
