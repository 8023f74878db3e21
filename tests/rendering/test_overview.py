"""The page about a library's groups: every shot once, names as text, nothing from elsewhere."""

from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from reinterpret.errors import OutputError
from reinterpret.groups import Group, Grouping, group
from reinterpret.library import Library
from reinterpret.neighbours import Hit, open_neighbours
from reinterpret.rendering.overview import group_grids, overview, page, prepare_folder
from tests.test_neighbours import hand_made, made


def grouping(*sizes: int, leftovers: int = 0) -> Grouping:
    """Groups of shots of one film, numbered through."""
    hits = iter([Hit("1" * 32, number, 0.5) for number in range(sum(sizes) + leftovers)])
    groups = tuple(Group(tuple(next(hits) for _ in range(size)), 0.5) for size in sizes)
    return Grouping(groups, tuple(hits))


# Grids


def test_every_shot_of_a_group_is_in_exactly_one_grid() -> None:
    whole = grouping(450, 40, 9, 2, leftovers=3)
    grids = group_grids(whole, Path("out/all.png"), size=(3, 3))
    drawn = [hit.shot for one in grids for hit in one.hits]
    assert drawn == list(range(501))
    for number, one in enumerate(whole.groups, start=1):
        assert [hit for drawn in grids if drawn.group == number for hit in drawn.hits] == list(one.members)
    assert [one.path.name for one in grids if one.group == 1] == [
        "all-01.png",
        *(f"all-01-{part}.png" for part in (2, 3, 4, 5)),
    ]
    assert [one.path.name for one in grids if one.group > 1] == ["all-02.png", "all-03.png", "all-04.png"]
    # A grid grows in both directions, from the size that is asked for up to ten by ten.
    assert [(one.columns, len(one.hits)) for one in grids] == [(10, 100)] * 4 + [(10, 50), (7, 40), (3, 9), (2, 2)]


@pytest.mark.parametrize(("size", "columns", "count"), [((5, 1), 5, 20), ((20, 20), 20, 400), ((1, 3), 5, 21)])
def test_grids_are_never_smaller_than_asked_for(size: tuple[int, int], columns: int, count: int) -> None:
    (one,) = group_grids(grouping(count), Path("all.png"), size=size)
    assert (one.columns, len(one.hits)) == (columns, count)


def test_grids_of_many_groups_sort_by_name() -> None:
    names = [one.path.name for one in group_grids(grouping(*[2] * 120), Path("g.png"), size=(3, 3))]
    assert names == sorted(names)
    assert (names[0], names[-1]) == ("g-001.png", "g-120.png")


# The page


class Reader(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str, name: str) -> list[str]:
        return [str(attributes[name]) for found, attributes in self.tags if found == tag and name in attributes]


def test_an_overview_shows_groups_and_leftovers_and_links_to_what_is_there(library: Library, tmp_path: Path) -> None:
    neighbours = open_neighbours(library)
    found = group(neighbours, 2)
    assert found.groups
    out = tmp_path / "out"
    grids = overview(library, neighbours, found, out)
    read = Reader((out / "index.html").read_text(encoding="utf-8"))
    linked = [name for name in read.all("a", "href") if not name.startswith("#")]
    assert [out / name for name in linked] == [one.path for one in grids]
    pictures = read.all("img", "src")
    assert len(pictures) == len(found)  # of so few shots every one is typical
    for name in [*linked, *pictures]:
        with Image.open(out / name) as picture:
            assert picture.width > 100
    assert all(read.all("img", "alt"))
    text = "".join(read.words)
    listed = [hit for one in found.groups for hit in one.members] + list(found.leftovers)
    for hit in listed:
        assert f"{library.video(hit.film).path.name}:{hit.shot}" in text
    assert {tag for tag, _ in read.tags}.isdisjoint({"script", "link", "iframe", "base"})
    assert not [name for name in linked + pictures if ":" in name or name.startswith("/")]
    # Every place that is named exists.
    ids = set(read.all("section", "id"))
    assert {name[1:] for name in read.all("a", "href") if name.startswith("#")} == ids


def test_an_overview_can_be_made_again_in_its_folder_and_in_no_other(library: Library, tmp_path: Path) -> None:
    neighbours = open_neighbours(library)
    out = tmp_path / "out"
    overview(library, neighbours, group(neighbours, 3), out)
    before = sorted(out.rglob("*"))
    (out / "group-99.png").touch()
    overview(library, neighbours, group(neighbours, 3), out)
    assert sorted(out.rglob("*")) == before
    (out / "pictures" / "mine.jpg").touch()
    with pytest.raises(OutputError, match="has other files in it"):
        prepare_folder(out)
    assert (out / "pictures" / "mine.jpg").exists()
    assert sorted({*out.rglob("*")} - {out / "pictures" / "mine.jpg"}) == before


def test_folders_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("<h1>my own</h1>")
    for name, words in (("file", "is a file"), ("none/out", "does not exist"), ("site", "has other files")):
        with pytest.raises(OutputError, match=words):
            prepare_folder(tmp_path / name)
    assert (tmp_path / "site" / "index.html").read_text() == "<h1>my own</h1>"


HOSTILE = [
    "<script>alert(1)</script>.mp4",
    "a\" onerror='alert(1)'.mp4",
    "a&amp;<b>.mp4",
    "line\nbreak.mp4",
    "日本語.mp4",
    "caf\udce9.mp4",
]


@pytest.mark.parametrize("name", HOSTILE)
def test_names_are_shown_as_text_whatever_they_hold(tmp_path: Path, name: str) -> None:
    library = made(tmp_path / "lib")
    film = hand_made(tmp_path / "film.mp4", 1, [[1, 0]] * 3 + [[0, 1]])
    film = replace(film, video=replace(film.video, path=tmp_path / name.replace("/", "-")))
    film.video.path.touch()
    library.add(film)
    text = page(library, grouping(3, leftovers=1), ["same <b> & more"], [(1, "group-01.png")])
    read = Reader(text)
    shown = "".join(read.words)
    assert f"{film.video.path.name}:0" in shown
    assert "same <b> & more" in shown
    assert "1 group, 1 left over" in shown
    assert {tag for tag, _ in read.tags}.isdisjoint({"script", "b"})
    assert not [attributes for _, attributes in read.tags if any(key.startswith("on") for key in attributes)]
    assert f"{film.video.path.name}:0" in read.all("img", "alt")


def test_a_library_without_groups_has_a_page_too(tmp_path: Path) -> None:
    library = made(tmp_path / "lib")
    library.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0]]))
    neighbours = open_neighbours(library)
    assert overview(library, neighbours, group(neighbours), tmp_path / "out") == []
    assert "1 shot: 0 in 0 groups, 1 left over" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
