"""`export` and `import` on the command line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reinterpret.edits import EditList
from reinterpret.interchange import TIMELINE_SUFFIXES
from reinterpret.library import Library
from tests.cli.test_cli import Run, run  # noqa: F401 - a fixture
from tests.judging import edit_of, numbered_film


@pytest.fixture
def edit(library: Library, trailer: Path, tmp_path: Path) -> Path:
    """An edit of two clips, on disk."""
    one, two = (library.video(library.find_film(f"{name}.mp4")).path for name in ("one", "two"))
    path = tmp_path / "cut.edit.json"
    edit_of(trailer, (50, one, 1), (75, two, 2)).save(path)
    return path


def test_an_edit_goes_out_and_comes_back(run: Run, edit: Path, tmp_path: Path) -> None:  # noqa: F811
    for suffix in TIMELINE_SUFFIXES:
        out = tmp_path / f"cut{suffix}"
        said = run("export", edit, "-o", out, "--json")
        assert (said.status, said.err) == (0, "")
        values = {"output": str(out), "clips": 2, "frames": 125, "frame_rate": "25/1", "offline": []}
        assert said.json() == values
        assert out.stat().st_size > 0
    again = tmp_path / "again.json"
    for suffix in (".otio", ".edl", ".xml"):
        said = run("import", tmp_path / f"cut{suffix}", "--edit", edit, "-o", again)
        assert (said.status, said.out) == (0, f"every clip is as it was in {edit}\n{again}\n")
        assert again.read_bytes() == edit.read_bytes()
    assert run("import", tmp_path / "cut.otio", "-o", again, "-q").status == 0
    assert again.read_bytes() == edit.read_bytes()


def test_what_was_changed_is_listed(run: Run, edit: Path, tmp_path: Path) -> None:  # noqa: F811
    out, again = tmp_path / "cut.edl", tmp_path / "again.json"
    options = ("--start-timecode", "10:00:00:00", "--alternates", "none", "--paths", "relative", "--handles", "0.5")
    assert run("export", edit, "-o", out, *options, "-q").status == 0
    text = out.read_text()
    assert "00:00:02:00 00:00:05:00 10:00:02:00 10:00:05:00" in text
    out.write_text(text.replace("00:00:02:00 00:00:05:00 10", "00:00:02:05 00:00:05:05 10"))
    said = run("import", out, "--edit", edit, "-o", again, "--json")
    assert said.status == 0
    (row,) = said.json()["changed"]
    assert (row["shot"], row["first_frame"], row["frame_count"], row["kind"]) == (1, 50, 75, "footage")
    assert row["start_seconds"] == 2.2
    assert EditList.load(again).clips[0] == EditList.load(edit).clips[0]


def test_films_that_have_moved_are_found_and_others_are_named(
    run: Run,  # noqa: F811
    edit: Path,
    library: Library,
    tmp_path: Path,
) -> None:
    before = EditList.load(edit)
    lost = [replace(film, path=tmp_path / "gone" / film.name) for film in before.films]
    replace(before, films=tuple(lost)).save(edit)
    out = tmp_path / "cut.xml"
    said = run("export", edit, "-o", out, "-L", library.path)
    assert (said.status, said.out, said.err) == (0, f"{out}\n", "")
    assert before.films[0].path.as_uri().replace("file:///", "file://localhost/") in out.read_text()
    said = run("export", edit, "-o", out)
    assert (said.status, said.out) == (0, f"{out}\n")
    assert said.err.splitlines() == [
        f"warning: {film.path}: is not there, or is another file by now; it is named all the same" for film in lost
    ]
    assert lost[0].path.as_uri().replace("file:///", "file://localhost/") in out.read_text()


def test_errors_are_one_line(run: Run, edit: Path, tmp_path: Path) -> None:  # noqa: F811
    timeline = tmp_path / "cut.edl"
    timeline.write_text("nothing\n")
    film = numbered_film(tmp_path / "film.mp4", 3)
    for words, status, reason in (
        (("export", edit, "-o", tmp_path / "a.txt"), 1, "expected a name that ends in"),
        (("export", edit, "-o", edit), 1, "expected a name that ends in"),
        (("export", film, "-o", tmp_path / "a.edl"), 1, "is not an edit that can be read"),
        (("export", edit, "-o", tmp_path / "a.edl", "--drop-frame"), 2, "this edit has 25"),
        (("export", edit, "-o", tmp_path / "a.edl", "--handles", "nan"), 2, "handles are a number of seconds"),
        (("import", timeline, "-o", tmp_path / "a.json"), 1, "name that with --edit"),
        (("import", timeline, "--edit", edit, "-o", tmp_path / "a.json"), 1, "has no event of a picture"),
        (("import", film, "--edit", edit, "-o", tmp_path / "a.json"), 1, "expected a timeline whose name ends in .edl"),
        (("import", tmp_path / "no.otio", "-o", tmp_path / "a.json"), 1, "no such file, a timeline was expected"),
        (("import", timeline, "--edit", edit, "-o", tmp_path / "a.txt"), 1, "expected a name that ends in .json"),
    ):
        said = run(*words)
        assert said.status == status, words
        assert said.out == ""
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert reason in said.err
    assert not (tmp_path / "a.json").exists()
