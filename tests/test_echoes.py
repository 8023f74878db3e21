"""Shots that return: found in the trailers where a person sees them, and nowhere else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reinterpret.cues import CUES
from reinterpret.cues.vectors import CueVectors, together
from reinterpret.echoes import returning_shots
from reinterpret.embeddings import embed_video
from reinterpret.encoders import load_encoder
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.shots import Detection
from reinterpret.video import probe
from tests.conftest import make_video


def shots(angles: list[float], **others: list[float]) -> CueVectors:
    """Shots by the angle (degrees) of their vectors, the same in every cue but those named."""

    def matrix(degrees: list[float], dimensions: int) -> np.ndarray:
        found = np.zeros((len(degrees), dimensions), np.float32)
        found[:, 0], found[:, 1] = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
        return found

    return CueVectors(
        tuple(matrix(others.get(cue.name, angles), cue.dimensions or 8) for cue in CUES),
        np.ones((len(angles), len(CUES)), bool),
    )


def returned(cues: CueVectors) -> list[int]:
    """Where there is no title card."""
    return returning_shots(cues, [False] * len(cues))


def test_every_shot_that_is_like_none_before_it_is_itself() -> None:
    assert returned(shots([0, 90, 180])) == [0, 1, 2]
    assert returned(shots([0])) == [0]


def test_what_comes_again_is_the_first() -> None:
    assert returned(shots([0, 90, 5, 92, 0, 180])) == [0, 1, 0, 1, 0, 5]


def test_a_chain_of_returns_is_one_shot() -> None:
    assert returned(shots([0, 30, 60, 90, 0])) == [0, 0, 0, 0, 0]


def test_content_and_composition_must_both_be_alike() -> None:
    assert returned(shots([0, 0], content=[0, 60])) == [0, 1]
    assert returned(shots([0, 0], composition=[0, 60])) == [0, 1]
    # The colour of grey is noise, and people move otherwise each time.
    assert returned(shots([0, 0], colour=[0, 90], movement=[0, 90], rhythm=[0, 90])) == [0, 0]


def test_title_cards_do_not_return() -> None:
    # Other words in the same place are the same picture to the cues.
    cards = [False, True, True, False, False]
    assert returning_shots(shots([0, 90, 90, 0, 90]), cards) == [0, 1, 2, 0, 4]


def test_a_return_is_found_though_it_goes_on_and_is_encoded_anew(tmp_path: Path) -> None:
    scenes = [("fractal", 0.8), ("plate", 0.8), ("fractal", 1.2), ("test", 0.8), ("plate", 0.6)]
    film = embed_video(
        probe(make_video(tmp_path / "t.mp4", *scenes, options=("-c:v", "libx264", "-crf", "33", "-g", "7"))),
        PixelsEncoder(),
    )
    assert len(film.shots) == 5
    assert returned(film.embeddings.cues) == [0, 1, 0, 3, 1]


RETURNS = {
    # Flower, cars, football player; what was found by looking at a contact sheet of all shots.
    "assembled-mixed-shots.mp4": [(1, 20), (3, 18), (4, 15)],
    "google-paris-office-short.mp4": [(16, 18)],
    "nasa-artemis-hot-fire-promo.mkv": [],
    "sintel-trailer-720p.mp4": [],
}


@pytest.mark.media
@pytest.mark.slow
@pytest.mark.parametrize("name", RETURNS)
def test_the_returns_in_real_trailers_are_found_and_no_others(media: Path, name: str) -> None:
    film = embed_video(probe(media / "trailer" / name), load_encoder("efficientnet-lite0"))
    rows = [number for number, kind in enumerate(film.kinds) if kind != "black"]
    first = returning_shots(film.embeddings.cues.rows(rows), [film.kinds[row] == "title" for row in rows])
    found = [(rows[earlier], rows[number]) for number, earlier in enumerate(first) if earlier != number]
    assert found == sorted(RETURNS[name], key=lambda pair: pair[1])


@pytest.mark.media
@pytest.mark.slow
def test_films_of_an_archive_are_not_returns_of_each_other(media: Path, tmp_path: Path) -> None:
    # The cartoons of this series begin with one drawing: that does return.
    openings = {path.stem.removeprefix("animation-") for path in (media / "archive").glob("animation-kids-*")}
    index([media / "archive"], tmp_path / "lib", detection=Detection())
    library = Library.open(tmp_path / "lib")
    rows, named = [], []
    for name in library.fingerprints():
        columns = library.columns(name)
        kept = [number for number, kind in enumerate(columns.kinds) if kind in ("scene", "title")]
        rows.append(columns.cues.rows(kept))
        named += [library.video(name).path.stem.removeprefix("animation-")] * len(kept)
    first = returned(together(rows))
    pairs = {(named[earlier], named[number]) for number, earlier in enumerate(first)}
    assert {pair for pair in pairs if pair[0] != pair[1] and not set(pair) <= openings} == set()
