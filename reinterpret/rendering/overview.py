"""The overview: a library in groups goes in, a page that shows them and links to a grid of each comes out."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from reinterpret.errors import OutputError
from reinterpret.files import renamed_into
from reinterpret.groups import Group, Grouping, shared_in
from reinterpret.library import Library
from reinterpret.neighbours import Hit, Neighbours
from reinterpret.rendering.stills import grid
from reinterpret.timebase import format_seconds
from reinterpret.webpage import GENERATOR, many, webpage

PAGE = "index.html"
_PICTURES = "pictures"
_OUR_GRID = re.compile(r"group-\d+(-\d+)?\.png")
_OUR_PICTURE = re.compile(r"[0-9a-f]{32}-\d+\.jpg")
# A grid grows with its group up to so many columns, and so many rows; then there is another.
_MOST_ACROSS = 10
# Of moving ones so many films are decoded at once.
MOST_MOVING_ACROSS = 6
_TYPICAL, _LEFTOVERS_SHOWN = 6, 60

_STYLE = """
section { border-top: 1px solid var(--line); padding: 1rem 0 }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); gap: .5rem; margin: .6rem 0 }
img { display: block; width: 100%; aspect-ratio: 16 / 9; object-fit: cover; border-radius: 3px }
ol { columns: 18rem; padding-left: 2.5rem; font-size: .9rem }
nav { display: flex; flex-wrap: wrap; gap: .3rem .8rem }
"""


@dataclass(frozen=True, slots=True)
class GroupGrid:
    """One picture of a group."""

    path: Path
    group: int
    """From 1."""
    hits: tuple[Hit, ...]
    columns: int


def group_grids(
    grouping: Grouping, first: Path, *, size: tuple[int, int], most_across: int = _MOST_ACROSS
) -> list[GroupGrid]:
    """What is drawn where: the groups in their order, each in one grid, or in several if it is very large.

    first: OUT.png; the grids are OUT-01.png, OUT-02.png, ..., and OUT-01-2.png where a group fills more than one. size:
    columns and rows; a group that does not fit gets more of both, up to `most_across` of each, then another grid.
    """
    digits = max(2, len(str(len(grouping.groups))))
    found = []
    for number, group in enumerate(grouping.groups, start=1):
        columns, cells = _raster(len(group.members), *size, most_across)
        for part, start in enumerate(range(0, len(group.members), cells), start=1):
            name = f"{first.stem}-{number:0{digits}d}{f'-{part}' if part > 1 else ''}{first.suffix}"
            found.append(GroupGrid(first.with_name(name), number, group.members[start : start + cells], columns))
    return found


def _raster(count: int, columns: int, rows: int, most_across: int) -> tuple[int, int]:
    """Columns for so many pictures, and how many go into one grid."""
    across = max(columns, min(most_across, math.ceil(math.sqrt(count)))) if count > columns * rows else columns
    return min(across, count), across * max(rows, most_across)


def overview(
    library: Library,
    neighbours: Neighbours,
    grouping: Grouping,
    out: Path | str,
    *,
    size: tuple[int, int] = (3, 3),
    weights: Mapping[str, float] | None = None,
    labels: bool = True,
    on_grids: Callable[[int, int], None] | None = None,
) -> list[GroupGrid]:
    """Write a folder with a page about the groups of a library (index.html) and a grid of each; the grids.

    The page needs nothing but what lies beside it. on_grids: told how many grids are done, of how many. Raises
    OutputError, LibraryError.
    """
    out = Path(out)
    prepare_folder(out)
    grids = group_grids(grouping, out / "group.png", size=size)
    for done, drawn in enumerate(grids):
        if on_grids is not None:
            on_grids(done, len(grids))
        grid(library, drawn.hits, drawn.path, columns=drawn.columns, labels=labels)
    shown = [hit for group in grouping.groups for hit in group.members[:_TYPICAL]]
    _write_pictures(library, [*shown, *grouping.leftovers[:_LEFTOVERS_SHOWN]], out / _PICTURES)
    words = [shared_in(neighbours, group, weights=weights) for group in grouping.groups]
    text = page(library, grouping, words, [(drawn.group, drawn.path.name) for drawn in grids])
    with renamed_into(out / PAGE) as temporary:
        temporary.write_text(text, encoding="utf-8", errors="replace")
    return grids


def prepare_folder(out: Path) -> None:
    """Make the folder, or take out of it what an earlier overview has left. Raises OutputError.

    A folder with anything else in it is not written to.
    """
    if out.exists() and not out.is_dir():
        raise OutputError(f"{out}: is a file, a folder was expected for the page and its grids; name another")
    if not out.absolute().parent.is_dir():
        raise OutputError(f"{out}: the folder {out.absolute().parent} does not exist; make it first")
    try:
        out.mkdir(exist_ok=True)
        there = [*out.iterdir(), *(out / _PICTURES).glob("*")]
        if not all(map(_is_ours, there)):
            raise OutputError(f"{out}: has other files in it; name a new or an empty folder for the page")
        for file in there:
            if file.is_file():
                file.unlink()
        (out / _PICTURES).mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be written to ({error.strerror or error})") from error


def _is_ours(file: Path) -> bool:
    """Whether an overview has written it."""
    if file.name == PAGE:
        return GENERATOR in file.read_text(encoding="utf-8", errors="replace")[:1000]
    if file.parent.name == _PICTURES:
        return bool(_OUR_PICTURE.fullmatch(file.name))
    return bool(_OUR_GRID.fullmatch(file.name)) or (file.name == _PICTURES and file.is_dir())


def page(library: Library, grouping: Grouping, words: Sequence[str], grids: Sequence[tuple[int, str]]) -> str:
    """The page as HTML. words: what the members of each group share. grids: the number of a group, from 1, and a file.

    File names may hold anything, and are shown as text.
    """
    captions, count = _Captions(library), len(grouping.groups)
    grouped = sum(len(group.members) for group in grouping.groups)
    summary = f"{many(len(grouping), 'shot')}: {grouped} in {many(count, 'group')}"
    summary += f", {len(grouping.leftovers)} left over" if grouping.leftovers else ""
    links = "".join(
        f'<a href="#group-{n}">Group {n} ({len(group.members)})</a>' for n, group in enumerate(grouping.groups, 1)
    )
    links += '<a href="#leftovers">Left over</a>' if grouping.leftovers else ""
    sections = [
        _section(captions, number, group, said, [name for of, name in grids if of == number])
        for number, (group, said) in enumerate(zip(grouping.groups, words, strict=True), start=1)
    ]
    body = [
        f"<h1>The library in groups</h1>\n<p>{escape(summary)}.</p>\n<nav>{links}</nav>",
        *sections,
        _leftovers(captions, grouping.leftovers),
    ]
    return webpage(summary, "\n".join(body), style=_STYLE)


def _section(captions: _Captions, number: int, group: Group, words: str, files: Sequence[str]) -> str:
    grids = ", ".join(
        f'<a href="{escape(name)}">{"grid" if part == 1 else f"grid {part}"}</a>'
        for part, name in enumerate(files, start=1)
    )
    facts = [many(len(group.members), "shot"), f"mean score of two {group.cohesion:.2f}"]
    return "\n".join(
        [
            f'<section id="group-{number}">\n<h2>Group {number}{f": {escape(words)}" if words else ""}</h2>',
            f'<p class="faint">{", ".join(facts)}; {grids}</p>',
            _figures(captions, group.members[:_TYPICAL]),
            f"<details><summary>All {len(group.members)}</summary>",
            _list(captions, group.members),
            "</details>\n</section>",
        ]
    )


def _leftovers(captions: _Captions, leftovers: Sequence[Hit]) -> str:
    if not leftovers:
        return ""
    return "\n".join(
        [
            f'<section id="leftovers">\n<h2>Left over</h2>\n<p class="faint">{many(len(leftovers), "shot")} '
            "that no group is near to.</p>",
            _figures(captions, leftovers[:_LEFTOVERS_SHOWN]),
            f"<details><summary>All {len(leftovers)}</summary>",
            _list(captions, leftovers),
            "</details>\n</section>",
        ]
    )


def _figures(captions: _Captions, hits: Sequence[Hit]) -> str:
    figures = "".join(
        f'<figure><img src="{_PICTURES}/{_picture(hit)}" alt="{captions.name(hit)}" loading="lazy">'
        f"<figcaption><bdi>{captions.name(hit)}</bdi></figcaption></figure>\n"
        for hit in hits
    )
    return f'<div class="pictures">\n{figures}</div>'


def _list(captions: _Captions, hits: Sequence[Hit]) -> str:
    rows = "".join(
        f'<li><bdi>{captions.name(hit)}</bdi> <span class="faint">{captions.time(hit)}</span></li>\n' for hit in hits
    )
    return f"<ol>\n{rows}</ol>"


class _Captions:
    """What is written of shots, as HTML. A film is looked up once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._names: dict[str, str] = {}

    def name(self, hit: Hit) -> str:
        """As `--shot` takes it."""
        if hit.film not in self._names:
            self._names[hit.film] = escape(self._library.video(hit.film).path.name)
        return f"{self._names[hit.film]}:{hit.shot}"

    def time(self, hit: Hit) -> str:
        """From where to where in its film."""
        body = self._library.shots(hit.film)[hit.shot].body
        return f"{format_seconds(body.start)} - {format_seconds(body.end)}"


def _picture(hit: Hit) -> str:
    return f"{hit.film}-{hit.shot}.jpg"


def _write_pictures(library: Library, hits: Sequence[Hit], folder: Path) -> None:
    # Film by film: the library keeps but a few in memory.
    for hit in sorted(hits, key=lambda hit: (hit.film, hit.shot)):
        with renamed_into(folder / _picture(hit)) as temporary:
            temporary.write_bytes(library.thumbnail(hit.film, hit.shot))
