from __future__ import annotations

import os
from pathlib import Path

import pytest

from reinterpret.interchange.rights import Rights, read_rights


def test_nothing_is_said_where_nobody_has_said_anything(tmp_path: Path) -> None:
    assert read_rights(tmp_path / "film.mp4") is None
    assert read_rights(tmp_path / "no such folder" / "film.mp4") is None


def test_what_is_said_of_a_film_goes_before_what_is_said_of_its_folder(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    order = [
        "LICENSE",
        "LICENSE.txt",
        "rights.txt",
        "RIGHTS.txt",
        "film.license.txt",
        "film.mp4.license",
        "film.rights.txt",
        "film.mp4.rights.txt",
    ]
    for name in order:
        (tmp_path / name).write_text(f"says {name}")
        assert read_rights(film) == Rights(f"says {name}", name)
    # of another film of the folder nothing but what holds for all is said
    assert read_rights(tmp_path / "other.mp4") == Rights("says RIGHTS.txt", "RIGHTS.txt")


def test_a_file_with_nothing_in_it_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "film.rights.txt").write_text(" \n\n")
    (tmp_path / "RIGHTS.txt").write_text("CC0")
    assert read_rights(tmp_path / "film.mp4") == Rights("CC0", "RIGHTS.txt")


def test_the_text_is_read_as_utf8_with_its_lines(tmp_path: Path) -> None:
    said = b"\xef\xbb\xbf\xc2\xa9 1967 F\xc3\xbcnf Film\r\nall\x00 rights\x1b[31m \xff  \n\n"
    (tmp_path / "film.rights.txt").write_bytes(said)
    found = read_rights(tmp_path / "film.mp4")
    assert found is not None
    assert found.text == "© 1967 Fünf Film\nall  rights [31m �"


@pytest.mark.parametrize("offset", range(4))
def test_a_long_text_is_cut_between_letters(tmp_path: Path, offset: int) -> None:
    (tmp_path / "film.rights.txt").write_text("x" * offset + "ü" * 100_000, encoding="utf-8")
    found = read_rights(tmp_path / "film.mp4")
    assert found is not None
    assert found.text.endswith("ü [...]")
    assert len(found.text.encode()) < 8300


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    secret, folder = tmp_path / "secret", tmp_path / "films"
    secret.write_text("root:x:0:0")
    folder.mkdir()
    (folder / "film.rights.txt").symlink_to(secret)
    (folder / "film.mp4.rights.txt").symlink_to("../secret")
    (folder / "RIGHTS.txt").symlink_to("RIGHTS.txt")
    assert read_rights(folder / "film.mp4") is None
    (folder / "licences").mkdir()
    (folder / "licences" / "all.txt").write_text("CC BY 4.0")
    (folder / "rights.txt").symlink_to("licences/all.txt")
    assert read_rights(folder / "film.mp4") == Rights("CC BY 4.0", "rights.txt")


def test_what_is_no_file_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "film.rights.txt").mkdir()
    os.mkfifo(tmp_path / "film.mp4.rights.txt")
    (tmp_path / "LICENSE").write_text("MIT")
    assert read_rights(tmp_path / "film.mp4") == Rights("MIT", "LICENSE")


@pytest.mark.parametrize("name", ["../film.mp4", "{stem}.mp4", "a\x00b.mp4", "x" * 300 + ".mp4", "\udcff.mp4", "="])
def test_hostile_names_of_films_are_only_names(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "films"
    folder.mkdir()
    (folder / "RIGHTS.txt").write_text("CC0")
    (tmp_path / "RIGHTS.txt").write_text("ours")
    found = read_rights(folder / name)
    assert found is None or found.text in ("CC0", "ours")


def test_the_rights_of_a_film_whose_name_looks_like_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "{stem}.mp4.rights.txt").write_text("CC0")
    assert read_rights(tmp_path / "{stem}.mp4") == Rights("CC0", "{stem}.mp4.rights.txt")
