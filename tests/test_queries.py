"""Queries: pictures, frames and shots become vectors, and what cannot be one says why."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reinterpret.cues import PRESETS
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.errors import LibraryError, UsageError, VideoError
from reinterpret.library import Library, library_encoder
from reinterpret.neighbours import open_neighbours
from reinterpret.queries import (
    frame_query,
    parse_shot,
    parts_of,
    picture_query,
    read_frame,
    read_picture,
    search,
)
from reinterpret.video import probe
from tests.judging import number_of, numbered_film, numbered_picture

ENCODER = PixelsEncoder()


@pytest.fixture(scope="module")
def film(clips: Path) -> Path:
    return numbered_film(clips / "queried.mp4", 50, film=6)


def by_name(library: Library, name: str) -> str:
    return next(film for film in library.fingerprints() if library.video(film).name == name)


def test_a_frame_finds_the_shot_it_was_taken_from(library: Library, archive: Path) -> None:
    neighbours = open_neighbours(library)
    for name, at, shot in (("one.mp4", 1, 0), ("one.mp4", 3.5, 1), ("two.mp4", 0.5, 0), ("three.mp4", 3, 1)):
        hits = search(neighbours, neighbours.query(frame_query(archive / name, at, ENCODER)))
        assert (hits[0].film, hits[0].shot) == (by_name(library, name), shot)
        assert len(hits) == 8
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


def test_a_picture_finds_what_its_frame_finds(library: Library, archive: Path, tmp_path: Path) -> None:
    picture = read_frame(probe(archive / "one.mp4"), 3.5)
    Image.fromarray(picture).save(tmp_path / "still.png")
    neighbours = open_neighbours(library)
    one = neighbours.query(picture_query(tmp_path / "still.png", ENCODER))
    other = neighbours.query(frame_query(archive / "one.mp4", 3.5, ENCODER))
    for weights in (None, *PRESETS.values()):
        assert search(neighbours, one, k=3, weights=weights) == search(neighbours, other, k=3, weights=weights)


def test_what_a_still_picture_cannot_tell_weighs_nothing(library: Library, archive: Path) -> None:
    neighbours = open_neighbours(library)
    query = neighbours.query(frame_query(archive / "two.mp4", 0.5, ENCODER))
    told = {cue: weight for cue, weight in PRESETS["balanced"].items() if cue not in ("movement", "rhythm")}
    hits = search(neighbours, query)
    assert hits == search(neighbours, query, weights=PRESETS["balanced"]) == search(neighbours, query, weights=told)
    assert {entry.cue for entry in neighbours.explain(query, hits[0])} == set(told)


def test_a_shot_is_nearest_to_itself(library: Library) -> None:
    neighbours = open_neighbours(library)
    for film in library.fingerprints():
        for shot in library.shots(film):
            first = search(neighbours, neighbours.query_of_shot(film, shot.number), k=1)[0]
            assert (first.film, first.shot) == (film, shot.number)
            assert first.score == pytest.approx(1, abs=1e-4)


def test_weights_decide_what_is_near(library: Library) -> None:
    neighbours = open_neighbours(library)
    query = neighbours.query_of_shot(by_name(library, "two.mp4"), 2)
    for preset, weights in PRESETS.items():
        hits = search(neighbours, query, weights=weights)
        scores = [{entry.cue: entry.score for entry in neighbours.explain(query, hit)} for hit in hits]
        if preset != "balanced":
            assert [hit.score for hit in hits] == pytest.approx([score[preset] for score in scores], abs=1e-5)
    colour, composition = (search(neighbours, query, weights={cue: 1.0}) for cue in ("colour", "composition"))
    assert [(hit.film, hit.shot) for hit in colour] != [(hit.film, hit.shot) for hit in composition]


@pytest.mark.parametrize("k", [0, -3])
def test_a_number_of_results_that_cannot_be_meant(library: Library, k: int) -> None:
    with pytest.raises(UsageError, match="at least one"):
        search(open_neighbours(library), open_neighbours(library).query_of_shot(library.fingerprints()[0], 0), k=k)


def test_shots_are_named_by_film_and_number(library: Library, archive: Path) -> None:
    film = by_name(library, "two.mp4")
    for name in ("two.mp4:1", "two:1", f"{archive / 'two.mp4'}:1", f"{film}:1", f"{film[:8]}:1"):
        assert parse_shot(name, library) == (film, 1)


@pytest.mark.parametrize(
    "name", ["two.mp4", "two.mp4:", "two.mp4:-1", "two.mp4:x", "", ":", "two.mp4:²", "two.mp4:1.0"]
)
def test_shots_that_are_named_wrongly(library: Library, name: str) -> None:
    with pytest.raises(UsageError, match="expected a shot such as"):
        parse_shot(name, library)


@pytest.mark.parametrize("name", ["two.mp4:3", "none.mp4:0", ":1"])
def test_shots_that_are_not_there(library: Library, name: str) -> None:
    with pytest.raises(LibraryError):
        parse_shot(name, library)


@pytest.mark.parametrize(("at", "number"), [(0, 0), (0.04, 1), (0.99, 24), (1.0, 25), (1.999, 49)])
def test_the_frame_on_the_screen_is_read(film: Path, at: float, number: int) -> None:
    assert number_of(read_frame(probe(film), at).mean(axis=2)) == (6, number)


@pytest.mark.parametrize("at", [float("nan"), float("inf"), -0.001])
def test_instants_that_cannot_be_meant(film: Path, at: float) -> None:
    with pytest.raises(UsageError, match="expected an instant"):
        frame_query(film, at, ENCODER)


def test_an_instant_beyond_the_end_says_how_long_the_film_is(film: Path) -> None:
    with pytest.raises(VideoError, match=r"is 2\.00 s long, there is no frame at 2\.00 s"):
        frame_query(film, 2, ENCODER)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "CMYK", "1", "I;16"])
def test_pictures_of_every_kind_are_read(tmp_path: Path, mode: str) -> None:
    picture = Image.fromarray(numbered_picture(7, 1, 160, 90))
    suffix = "jpg" if mode == "CMYK" else "png"
    grey16 = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257)
    (grey16 if mode == "I;16" else picture.convert(mode)).save(tmp_path / f"p.{suffix}")
    read = read_picture(tmp_path / f"p.{suffix}")
    assert (read.shape, read.dtype) == ((90, 160, 3), np.uint8)
    assert number_of(read.mean(axis=2))[1] == 7


def test_a_turned_photograph_is_read_upright(tmp_path: Path) -> None:
    picture = Image.fromarray(np.rot90(numbered_picture(7, 1, 160, 90)))
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise by a quarter
    picture.save(tmp_path / "p.jpg", exif=exif, quality=95)
    assert number_of(read_picture(tmp_path / "p.jpg").mean(axis=2))[1] == 7


def test_files_that_are_no_pictures(tmp_path: Path, film: Path) -> None:
    files = {"none.png": None, "empty.png": b"", "text.png": b"hello", "half.png": b"\x89PNG\r\n\x1a\n\0\0"}
    for name, content in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(VideoError, match=name.replace(".", r"\.")):
            read_picture(tmp_path / name)
    for path in (film, tmp_path):
        with pytest.raises(VideoError):
            read_picture(path)


def test_a_picture_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    Image.new("1", (40_000, 20_000)).save(tmp_path / "huge.png")
    with pytest.raises(VideoError, match=r"huge\.png"):
        read_picture(tmp_path / "huge.png")


def test_the_encoder_must_be_the_library_s(library: Library, tmp_path: Path) -> None:
    assert library_encoder(library).name == "pixels"
    shutil.copytree(library.path, tmp_path / "lib")
    facts = json.loads((tmp_path / "lib" / "library.json").read_text())
    (tmp_path / "lib" / "library.json").write_text(json.dumps({**facts, "encoder_version": "7"}))
    with pytest.raises(LibraryError, match="version 7"):
        library_encoder(Library.open(tmp_path / "lib"))


def test_the_middle_of_a_film_is_exact(film: Path) -> None:
    assert probe(film).duration == Fraction(2)


def test_parts_lie_all_over_the_picture() -> None:
    picture = np.arange(40 * 60 * 3).reshape(40, 60, 3)
    whole, *parts = parts_of(picture)
    assert np.array_equal(whole, picture)
    assert {part.shape for part in parts} == {(20, 30, 3)}
    assert len(parts) == 25
    corners = [int(part[0, 0, 0]) for part in parts]
    assert len(set(corners)) == 25
    assert np.array_equal(parts[-1], picture[20:, 30:])
    assert len(parts_of(np.zeros((1, 1, 3), np.uint8))) == 26


def test_a_picture_in_a_picture_is_found_by_its_parts(library: Library, tmp_path: Path) -> None:
    neighbours = open_neighbours(library)
    film = library.fingerprints()[0]
    inner = read_frame(library.video(film), float(library.shots(film)[0].body.middle))
    height, width = inner.shape[:2]
    ground = np.random.default_rng(0).integers(0, 255, (2 * height, 2 * width, 3), dtype=np.uint8)
    ground[height // 2 : height // 2 + height, width // 2 : width // 2 + width] = inner
    Image.fromarray(ground).save(tmp_path / "inset.png")
    query = neighbours.query(picture_query(tmp_path / "inset.png", ENCODER, parts=True))
    found = search(neighbours, query, k=3, weights={"content": 1.0})
    assert (found[0].film, found[0].shot) == (film, 0)
    whole = neighbours.query(picture_query(tmp_path / "inset.png", ENCODER))
    assert found[0].score > search(neighbours, whole, k=1, weights={"content": 1.0})[0].score
    # Every hit once, best first.
    assert len({(hit.film, hit.shot) for hit in found}) == len(found) == 3
    assert [hit.score for hit in found] == sorted((hit.score for hit in found), reverse=True)
