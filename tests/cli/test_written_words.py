"""Lettering on the command line: words are searched, titles are asked for, and what is not known is said."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from reinterpret.ingest import index
from reinterpret.library import Library
from tests.cli.test_cli import Run, run
from tests.lettering import write
from tests.title_cards import film_of, rgb_pictures, title_card

__all__ = ["run"]


@pytest.fixture(scope="module")
def written(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library: a title card of a second, a film with a caption, and one without lettering."""
    folder = tmp_path_factory.mktemp("written")
    scene = [cv2.resize(one, (640, 360)) for one in rgb_pictures(archive / "one.mp4")[60:120]]
    film_of(folder / "card.mp4", [cv2.resize(title_card("COMING SOON"), (640, 360))] * 25)
    film_of(folder / "captioned.mp4", [write(one, "Dr. Anna Keller, historian", size=0.06) for one in scene])
    film_of(folder / "plain.mp4", [np.ascontiguousarray(one[:, ::-1]) for one in scene])
    index([folder], folder / "lib", encoder="pixels")
    return folder


def films(said: dict[str, list[dict[str, str]]]) -> list[str]:
    return [Path(match["video"]).name for match in said["matches"]]


def test_words_are_found_where_they_are_written_and_named(run: Run, written: Path) -> None:
    done = run("search", "-L", written / "lib", "--written", "anna keller", "--json")
    (match,) = done.json()["matches"]
    assert (Path(match["video"]).name, match["score"], done.status) == ("captioned.mp4", 1.0, 0)
    assert "Anna Keller" in match["written"]
    assert "written: Dr. Anna Keller" in run("search", "-L", written / "lib", "--written", "keller").out
    assert films(run("search", "-L", written / "lib", "--written", "coming soon", "--json").json()) == ["card.mp4"]
    assert run("search", "-L", written / "lib", "--written", "elephant", "--json").json() == {"matches": []}
    assert run("grid", "-L", written / "lib", "--written", "keller", "-o", written / "grid.png").status == 0
    assert (written / "grid.png").stat().st_size > 1000


@pytest.mark.parametrize("command", ["search", "grid"])
def test_written_words_are_looked_for_alone(run: Run, written: Path, command: str) -> None:
    out = ["-o", written / "no.png"] if command == "grid" else []
    done = run(command, "-L", written / "lib", "--written", "keller", "--text", "a dog", *out)
    assert (done.status, done.out) == (2, "")
    assert "--written goes alone" in done.err


def test_titles_are_shown_to_those_who_ask_for_them(run: Run, written: Path) -> None:
    def found(*asked: str | Path) -> list[str]:
        return films(run("search", "-L", written / "lib", *asked, "--json").json())

    assert found("--shot", "plain.mp4:0") == ["plain.mp4", "captioned.mp4"]
    assert sorted(found("--shot", "plain.mp4:0", "--text-ok")) == ["captioned.mp4", "card.mp4", "plain.mp4"]
    assert found("--shot", "card.mp4:0")[0] == "card.mp4"
    assert found("--video", written / "card.mp4", "--at", "0.5")[0] == "card.mp4"
    assert "card.mp4" not in found("--video", written / "plain.mp4", "--at", "0.5")


def test_a_library_says_what_is_known_of_its_lettering(run: Run, written: Path, tmp_path: Path) -> None:
    known = run("info", "-L", written / "lib", "--json").json()
    assert (known["shots_with_lettering"], known["films_without_lettering_known"]) == (2, 0)
    assert "(2 with lettering)" in run("info", "-L", written / "lib").out
    library = Library.open(written / "lib")
    other = Library.create(
        tmp_path / "lib",
        encoder=library.encoder,
        encoder_version=library.encoder_version,
        detection=library.detection,
        readout=library.readout(),
    )
    for name in library.fingerprints():
        other.add(replace(library.film(name), lettering=(None,)))
    said = run("info", "-L", other.path).out
    assert f"lettering is unknown for 3 of these films: add it with reinterpret index PATHS -L {other.path}" in said
    assert json.loads(run("info", "-L", other.path, "--json").out)["films_without_lettering_known"] == 3
    searched = run("search", "-L", other.path, "--written", "keller")
    assert searched.out == ""
    assert "lettering was not looked for in 3 of 3 shots" in searched.err
