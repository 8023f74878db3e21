"""What `grid` makes of a whole library: its groups, or its map."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reinterpret.cli.printing import hits_as_json, print_json

if TYPE_CHECKING:
    from reinterpret.cli.options import GridOptions
    from reinterpret.groups import Grouping
    from reinterpret.library import Library
    from reinterpret.neighbours import Hit, Neighbours
    from reinterpret.rendering.overview import GroupGrid

_NAMED = 8


def draw_groups(
    library: Path,
    output: Path,
    count: int | Literal["auto"],
    drawing: GridOptions,
    weights: Mapping[str, float],
    *,
    as_json: bool,
    quiet: bool,
) -> None:
    """The groups of a library: a page and grids in a folder, or the grids alone where `output` names a picture."""
    import reinterpret
    from reinterpret.cli.progress import progress_bar
    from reinterpret.files import check_output
    from reinterpret.rendering.overview import MOST_MOVING_ACROSS, PAGE, group_grids, prepare_folder

    size = drawing.raster()
    folder = output.is_dir() or not output.suffix
    if not folder:
        check_output(output, suffixes=drawing.suffixes())
    opened = reinterpret.Library.open(library)
    neighbours = reinterpret.open_neighbours(opened)
    if folder:
        prepare_folder(output)
    grouping = reinterpret.group(neighbours, count, weights=weights)
    if count != "auto" and len(grouping.groups) < count:
        print(
            f"warning: {count} groups were asked for, the library has {len(grouping.groups)} of two shots and more",
            file=sys.stderr,
        )
    with progress_bar("drawing", quiet=quiet) as report:
        if folder:
            grids = reinterpret.overview(
                opened, neighbours, grouping, output, size=size, weights=weights, labels=drawing.labels, on_grids=report
            )
        else:
            across = {"most_across": MOST_MOVING_ACROSS} if drawing.moves(output) else {}
            grids = group_grids(grouping, output, size=size, **across)
            for done, drawn in enumerate(grids):
                report(done, len(grids))
                drawing.draw(opened, drawn.hits, drawn.path, drawn.columns)
    page = output / PAGE if folder else None
    if as_json:
        _print_groups(opened, neighbours, grouping, grids, weights, page)
    elif not quiet:
        for path in [*([page] if page else []), *(drawn.path for drawn in grids)]:
            print(path)
        _say_leftovers(opened, grouping.leftovers)


def draw_map(library: Path, output: Path, weights: Mapping[str, float], *, as_json: bool, quiet: bool) -> None:
    """The map of a library."""
    import reinterpret

    opened = reinterpret.Library.open(library)
    places = reinterpret.library_map(opened, reinterpret.open_neighbours(opened), output, weights=weights)
    if as_json:
        videos = {film: str(opened.video(film).path) for film in {place.film for place in places}}
        print_json(
            {
                "output": str(output),
                "columns": max(place.column for place in places) + 1,
                "rows": max(place.row for place in places) + 1,
                "shots": [
                    {"column": place.column, "row": place.row, "video": videos[place.film], "shot": place.shot}
                    for place in places
                ],
            }
        )
    elif not quiet:
        print(output)


def _print_groups(
    library: Library,
    neighbours: Neighbours,
    grouping: Grouping,
    grids: Sequence[GroupGrid],
    weights: Mapping[str, float],
    page: Path | None,
) -> None:
    from reinterpret.groups import shared_in

    groups = [
        {
            "group": number,
            "shots": len(group.members),
            "cohesion": round(group.cohesion, 6),
            "shared": shared_in(neighbours, group, weights=weights),
        }
        for number, group in enumerate(grouping.groups, start=1)
    ]
    drawn = [
        {"output": str(one.path), "group": one.group, "matches": hits_as_json(library, list(one.hits))} for one in grids
    ]
    leftovers = hits_as_json(library, list(grouping.leftovers))
    print_json({"page": str(page) if page else None, "groups": groups, "grids": drawn, "leftovers": leftovers})


def _say_leftovers(library: Library, leftovers: Sequence[Hit]) -> None:
    if not leftovers:
        return
    names = [f"{library.video(hit.film).path.name}:{hit.shot}" for hit in leftovers[:_NAMED]]
    more = ", ..." if len(leftovers) > _NAMED else ""
    count = "1 shot is" if len(leftovers) == 1 else f"{len(leftovers)} shots are"
    print(f"{count} in no group: {', '.join(names)}{more}", file=sys.stderr)
