"""Lettering and matches: titles, logos and plates stay out, and captions are kept off the screen where they can."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from reinterpret.cues.cards import ShotKind
from reinterpret.edits import EditList
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.matching import MatchSettings, lettering_cost, match
from reinterpret.moments import best_stretch
from reinterpret.neighbours import open_neighbours
from reinterpret.queries import is_title, query_of_picture, search
from tests.conftest import make_video
from tests.lettering import write
from tests.title_cards import film_of, rgb_pictures, title_card

Draw = Callable[[np.ndarray, int], np.ndarray]


def captioned(picture: np.ndarray, number: int) -> np.ndarray:
    """From three seconds on."""
    return write(picture, "Dr. Anna Keller, historian", size=0.06) if number >= 75 else picture


def titled(picture: np.ndarray, number: int) -> np.ndarray:
    """All along."""
    return write(picture, "THE LONG\nRETURN", size=0.2, at=(0.5, 0.5))


def untouched(picture: np.ndarray, number: int) -> np.ndarray:
    return picture


@pytest.fixture(scope="module")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[np.ndarray]]:
    """Six seconds of some scenes, 640 x 360."""
    folder = tmp_path_factory.mktemp("scenes")
    made = {name: make_video(folder / f"{name}.mp4", (name, 6)) for name in ("fractal", "colours")}
    return {name: [cv2.resize(one, (640, 360)) for one in rgb_pictures(path)] for name, path in made.items()}


@pytest.fixture(scope="module")
def indexed(
    scenes: dict[str, list[np.ndarray]], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[dict[str, Draw]], Library]:
    """A library of some scenes with something drawn on them."""

    def make(drawn: dict[str, Draw]) -> Library:
        folder = tmp_path_factory.mktemp("drawn")
        for name, draw in drawn.items():
            film_of(folder / f"{name}.mp4", [draw(picture, number) for number, picture in enumerate(scenes[name])])
        index([folder], folder / "lib", encoder="pixels")
        return Library.open(folder / "lib")

    return make


@pytest.fixture(scope="module")
def asking(scenes: dict[str, list[np.ndarray]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trailer: two seconds of `fractal`, as it is from 3.6 s on."""
    return film_of(tmp_path_factory.mktemp("asking") / "trailer.mp4", scenes["fractal"][90:140])


def answers(edit: EditList) -> list[str]:
    return [edit.film(clip.match.film).name for clip in edit.clips if clip.match is not None]


def test_an_in_point_keeps_a_caption_off_the_screen_where_it_can(
    indexed: Callable[[dict[str, Draw]], Library], asking: Path
) -> None:
    library = indexed({"fractal": captioned, "colours": untouched})
    edit = match(asking, library)
    (clip,) = edit.clips
    assert clip.match is not None
    assert answers(edit) == ["fractal.mp4"]
    assert clip.match.source_span.end <= 3
    assert clip.match.source_span.duration == 2
    # Without the caption the same stretch as in the trailer is found.
    plain = match(asking, indexed({"fractal": untouched, "colours": untouched})).clips[0].match
    assert plain is not None
    assert plain.source_span.start == Fraction(90, 25)


def test_a_shot_that_is_needed_longer_than_it_is_clear_shows_its_caption(
    scenes: dict[str, list[np.ndarray]], indexed: Callable[[dict[str, Draw]], Library], tmp_path: Path
) -> None:
    library = indexed({"fractal": captioned, "colours": untouched})
    edit = match(film_of(tmp_path / "long.mp4", scenes["fractal"][:120]), library)
    assert answers(edit) == ["fractal.mp4"]
    assert edit.clips[0].match is not None
    assert edit.clips[0].match.source_span.duration == Fraction(120, 25)


def test_a_stretch_like_a_picture_keeps_a_caption_out_too(
    scenes: dict[str, list[np.ndarray]], indexed: Callable[[dict[str, Draw]], Library]
) -> None:
    library = indexed({"fractal": captioned})
    neighbours = open_neighbours(library)
    query = query_of_picture(scenes["fractal"][130], neighbours, PixelsEncoder())
    (hit,) = search(neighbours, query)
    assert best_stretch(library, neighbours, query, hit, Fraction(2)).end <= 3


def test_a_title_over_a_picture_is_no_match_unless_asked_for(
    indexed: Callable[[dict[str, Draw]], Library], asking: Path
) -> None:
    library = indexed({"fractal": titled, "colours": untouched})
    assert {kind for film in library.fingerprints() for kind in library.film(film).kinds} == {"lettering", "scene"}
    edit = match(asking, library)
    assert answers(edit) == ["colours.mp4"]
    assert all(edit.film(entry.film).name == "colours.mp4" for entry in edit.clips[0].suggestions)
    assert answers(match(asking, library, MatchSettings(text_ok=True))) == ["fractal.mp4"]


def test_where_there_is_lettering_in_every_picture_it_is_matched_all_the_same_and_said(
    indexed: Callable[[dict[str, Draw]], Library], asking: Path, caplog: pytest.LogCaptureFixture
) -> None:
    library = indexed({"fractal": titled, "colours": titled})
    with caplog.at_level(logging.WARNING):
        assert answers(match(asking, library)) == ["fractal.mp4"]
    said = "the library has nothing but lettering, plates and counters for 1 shots of the trailer"
    assert said in [record.getMessage() for record in caplog.records]


def of_kinds(library: Library, path: Path, kinds: Sequence[ShotKind]) -> Library:
    """The same films, whose shots are of these kinds, over and over."""
    made = Library.create(
        path, encoder=library.encoder, encoder_version=library.encoder_version, detection=library.detection
    )
    for name in library.fingerprints():
        film = library.film(name)
        count = len(film.shots)
        made.add(replace(film, kinds=tuple((list(kinds) * count)[:count]), lettering=(None,) * count))
    return made


@pytest.mark.parametrize("kind", ["title", "lettering", "counter", "plate"])
def test_an_archive_of_nothing_but_words_answers_a_whole_trailer(
    library: Library, trailer: Path, tmp_path: Path, kind: ShotKind, caplog: pytest.LogCaptureFixture
) -> None:
    made = of_kinds(library, tmp_path / "lib", [kind])
    with caplog.at_level(logging.WARNING):
        edit = match(trailer, made)
    assert len(answers(edit)) == len(edit.clips) == 5
    assert any("nothing but lettering" in record.getMessage() for record in caplog.records)
    neighbours = open_neighbours(made)
    (hit, *_) = search(neighbours, neighbours.query_of_shot(made.fingerprints()[0], 0))
    assert (hit.film, hit.shot) == (made.fingerprints()[0], 0)


def test_one_shot_of_footage_goes_before_any_words(library: Library, trailer: Path, tmp_path: Path) -> None:
    made = of_kinds(library, tmp_path / "lib", ["scene", *["lettering"] * 9])  # type: ignore[list-item]
    edit = match(trailer, made)
    assert {clip.match.source_shot for clip in edit.clips if clip.match is not None} == {0}


def test_a_title_card_stands_above_no_picture_unless_a_title_is_looked_for(library: Library, tmp_path: Path) -> None:
    card = cv2.resize(title_card("COMING SOON"), (640, 360))
    film_of(tmp_path / "card.mp4", [card] * 30)
    index([tmp_path / "card.mp4"], tmp_path / "lib", encoder="pixels")
    made = Library.open(tmp_path / "lib")
    for name in library.fingerprints():
        made.add(library.film(name))
    neighbours, encoder = open_neighbours(made), PixelsEncoder()
    dark = np.zeros_like(card)
    cv2.circle(dark, (300, 180), 60, (90, 80, 70), -1)
    assert not is_title(dark)
    assert is_title(card)
    by_picture = search(neighbours, query_of_picture(dark, neighbours, encoder), k=20)
    assert "card.mp4" not in [made.video(hit.film).name for hit in by_picture]
    by_title = search(neighbours, query_of_picture(card, neighbours, encoder), k=20)
    assert made.video(by_title[0].film).name == "card.mp4"


def test_what_cannot_be_avoided_costs_more_the_more_it_covers() -> None:
    assert lettering_cost(0) == 0
    costs = [lettering_cost(covered) for covered in (0.004, 0.05, 0.2, 0.6, 1.0)]
    assert costs == sorted(costs)
    # A watermark in a corner rules nothing out.
    assert costs[0] < 0.03
    assert costs[-1] < 0.5


def test_a_shot_that_ends_in_a_title_is_a_match_as_long_as_it_is_clear(
    scenes: dict[str, list[np.ndarray]], indexed: Callable[[dict[str, Draw]], Library], tmp_path: Path
) -> None:
    def late(picture: np.ndarray, number: int) -> np.ndarray:
        return titled(picture, number) if number >= 110 else picture

    library = indexed({"fractal": late, "colours": untouched})
    (fractal,) = [name for name in library.fingerprints() if library.video(name).name == "fractal.mp4"]
    assert library.film(fractal).kinds == ("scene",)
    for seconds, found in ((3, "fractal.mp4"), (5, "colours.mp4")):
        edit = match(film_of(tmp_path / f"{seconds}.mp4", scenes["fractal"][: 25 * seconds]), library)
        assert answers(edit) == [found]
        (clip,) = edit.clips
        assert clip.match is not None
        assert found == "colours.mp4" or clip.match.source_span.end <= Fraction(110, 25)
