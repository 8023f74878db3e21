"""The commands. Each parses its words, calls one function of the library with the same words, and prints."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from reinterpret.cli.grouped import grouped
from reinterpret.cli.interchange import export, import_
from reinterpret.cli.live import webcam
from reinterpret.cli.options import (
    DetectionOptions,
    DeviceOption,
    GridOptions,
    JobsOption,
    JsonOption,
    LibraryOption,
    LikenessOptions,
    MatchOptions,
    OutOption,
    QueryOptions,
    QuietOption,
    RenderOptions,
    WholeOptions,
    WrittenOption,
    check_alone,
)
from reinterpret.cli.printing import (
    boundaries_as_json,
    clock,
    duration,
    explained_as_json,
    hits_as_json,
    matches_as_json,
    print_edit,
    print_hits,
    print_json,
    print_report,
    print_shots,
    print_text,
    print_versions,
    print_written,
    shots_as_json,
    tags_as_json,
    text_as_json,
    with_written,
)
from reinterpret.cli.progress import matched, rendered
from reinterpret.cli.studio import studio
from reinterpret.cli.trailer import trailer
from reinterpret.cli.works import compile_, gif

# What typer fills in is not looked at before: these stand for `nothing said`.
_DETECTION, _LIKENESS, _MATCH = DetectionOptions(), LikenessOptions(), MatchOptions()
_RENDER, _QUERY, _WHOLE, _GRID = RenderOptions(), QueryOptions(), WholeOptions(), GridOptions()

app = typer.Typer(
    name="reinterpret",
    help="See one film through another: index an archive, tell a trailer with its pictures, explore it in grids.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version, and which ffmpeg is used.")] = False,
) -> None:
    if version:
        print_versions()
        raise typer.Exit


@app.command()
@grouped
def index(
    paths: Annotated[list[Path], typer.Argument(help="Videos, or folders that hold some.")],
    library: LibraryOption,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="efficientnet-lite0, efficientnet-lite2, pixels, open_clip:MODEL/PRETRAINED, torchvision:NAME, "
            "timm:NAME."
        ),
    ] = None,
    detection: DetectionOptions = _DETECTION,
    device: DeviceOption = "auto",
    jobs: JobsOption = None,
    lettering: Annotated[
        bool, typer.Option("--lettering", help="Index films again in which lettering was not looked for.")
    ] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Index every video below the paths. Can be interrupted and run again."""
    import reinterpret
    from reinterpret.cli.progress import Stopwatch, progress_bar
    from reinterpret.ingest import IndexProgress

    there = reinterpret.Library.exists(library)
    default = reinterpret.Library.open(library).detection if there else reinterpret.Detection()
    watch = Stopwatch()
    with progress_bar("indexing", quiet=quiet) as report:

        def show(state: IndexProgress) -> None:
            speed = f"{state.footage_seconds / watch.seconds:.0f}x real time"
            films = f"film {min(state.films_done + 1, state.films_total)} of {state.films_total}"
            report(state.done_bytes, state.total_bytes, f"{films}, {speed}")

        done = reinterpret.index(
            paths,
            library,
            encoder=encoder,
            detection=detection.over(default),
            device=device,
            jobs=jobs,
            lettering=lettering,
            on_progress=show,
        )
    print_report(done, as_json=as_json, quiet=quiet)
    if done.failed:
        raise typer.Exit(1)


app.command()(trailer)


@app.command()
@grouped
def match(
    file: Annotated[Path, typer.Argument(help="The trailer.")],
    library: LibraryOption,
    output: OutOption,
    matching: MatchOptions = _MATCH,
    likeness: LikenessOptions = _LIKENESS,
    detection: DetectionOptions = _DETECTION,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """The first half of the main job: make the edit (JSON)."""
    from reinterpret.files import check_output

    check_output(output, inputs=[file], suffixes=(".json",))
    edit = matched(file, library, matching.settings(likeness), detection, device, quiet or as_json)
    edit.save(output)
    if as_json:
        print_json({"edit": str(output), "shots": len(edit.clips), "matches": matches_as_json(edit)})
    elif not quiet:
        print_edit(edit)
        print(output)


@app.command()
@grouped
def render(
    edit: Annotated[Path, typer.Argument(help="An edit, as `match` or `trailer` have written it.")],
    output: OutOption,
    rendering: RenderOptions = _RENDER,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """The second half of the main job: make the film. Only what has changed is encoded again."""
    import reinterpret

    arguments = rendering.arguments()
    loaded = reinterpret.EditList.load(edit)
    films = rendered(loaded, output, arguments, quiet)
    if as_json:
        print_json({"output": str(output), "films": [str(path) for path in films], "frames": loaded.grid.frame_count})
    elif not quiet:
        for path in films:
            print(path)


@app.command()
@grouped
def grid(
    library: LibraryOption,
    output: OutOption,
    query: QueryOptions = _QUERY,
    written: WrittenOption = None,
    whole: WholeOptions = _WHOLE,
    likeness: LikenessOptions = _LIKENESS,
    drawing: GridOptions = _GRID,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Similarity grids, still or moving: what is most like a shot, a picture, a frame or words; or all in groups."""
    import reinterpret
    from reinterpret.cli.whole import draw_groups, draw_map
    from reinterpret.errors import UsageError
    from reinterpret.files import check_output

    (columns, rows), weights = drawing.raster(), likeness.chosen()
    if whole.asked:
        if query != QueryOptions() or written is not None or (whole.as_map and whole.clusters is not None):
            raise UsageError("--clusters, --map, and --shot, --image, --text or --video exclude each other; say one")
        if whole.as_map:
            draw_map(library, output, weights, as_json=as_json, quiet=quiet)
        else:
            draw_groups(library, output, whole.count(), drawing, weights, as_json=as_json, quiet=quiet)
        return
    check_output(output, inputs=query.files, suffixes=drawing.suffixes())
    opened = reinterpret.Library.open(library)
    neighbours = reinterpret.open_neighbours(opened)
    if written is None:
        asked = query.query(opened, neighbours, device)
        hits = reinterpret.search(neighbours, asked, k=columns * rows, weights=weights)
    else:
        check_alone(query)
        hits = [found.hit for found in reinterpret.search_written(neighbours, written, k=columns * rows)]
    drawing.draw(opened, hits, output, columns)
    if as_json:
        print_json({"grids": [{"output": str(output), "matches": hits_as_json(opened, hits)}]})
    elif not quiet:
        print(output)


@app.command()
@grouped
def search(
    library: LibraryOption,
    query: QueryOptions = _QUERY,
    written: WrittenOption = None,
    likeness: LikenessOptions = _LIKENESS,
    k: Annotated[int, typer.Option("-k", help="How many.")] = 10,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
) -> None:
    """The shots of the library most like a picture, a frame of a video or a shot, or what words say or is written."""
    import reinterpret

    weights = likeness.chosen()
    opened = reinterpret.Library.open(library)
    neighbours = reinterpret.open_neighbours(opened)
    if written is not None:
        check_alone(query)
        print_written(opened, neighbours, reinterpret.search_written(neighbours, written, k=k), as_json=as_json)
        return
    read = [] if query.text is None else reinterpret.search_written(neighbours, query.text, k=k)
    said = query.said(opened, neighbours)
    asked = query.query(opened, neighbours, device) if said is None else said.query
    hits, texts = with_written(reinterpret.search(neighbours, asked, k=k, weights=weights), read, k)
    found = explained_as_json(opened, hits, [neighbours.explain(asked, hit) for hit in hits], weights, texts)
    nearest = None if said is None or read else reinterpret.nearest_shown(said, opened, neighbours)
    if as_json:
        print_json({**({"text": text_as_json(said, nearest)} if said is not None else {}), "matches": found})
        return
    if said is not None:
        print_text(said, nearest)
    print_hits(found)


@app.command()
def tags(
    library: LibraryOption,
    k: Annotated[int | None, typer.Option("-k", help="At most so many; all by default.")] = None,
    as_json: JsonOption = False,
) -> None:
    """What a library shows, in words: how many of its shots, and the one that shows it most clearly."""
    import reinterpret
    from reinterpret.errors import UsageError

    if k is not None and k < 1:
        raise UsageError(f"at least one tag must be asked for, got -k {k}")
    opened = reinterpret.Library.open(library)
    found = reinterpret.tags(opened)[:k]
    if as_json:
        print_json({"tags": tags_as_json(opened, found)})
        return
    for tag in found:
        example = f"{opened.video(tag.film).name}:{tag.shot}"
        print(f"{tag.shots:>6} {'shots' if tag.shots > 1 else 'shot '}  {tag.name}  ({example})")


@app.command()
@grouped
def shots(
    file: Annotated[Path, typer.Argument(help="A film.")],
    detection: DetectionOptions = _DETECTION,
    as_json: JsonOption = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print a table with a heading, a shot a line.")] = False,
) -> None:
    """The shots of one film."""
    from reinterpret.errors import UsageError
    from reinterpret.shots import Detection
    from reinterpret.shots.scan import Scan
    from reinterpret.timebase import format_fraction
    from reinterpret.video import probe

    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other")
    with Scan(probe(file), detection=detection.over(Detection())) as scan:
        found = [scanned.shot for scanned in scan]
    rows = shots_as_json(found)
    if as_json:
        print_json(
            {
                "video": str(file),
                "frame_rate": format_fraction(scan.video.frame_rate),
                "frame_count": found[-1].end_frame,
                "shots": rows,
                "boundaries": boundaries_as_json(found, scan.boundaries),
            }
        )
    elif as_csv:
        table = csv.DictWriter(sys.stdout, fieldnames=list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    else:
        print_shots(found, scan.boundaries)


@app.command()
def info(library: LibraryOption, as_json: JsonOption = False) -> None:
    """What is in a library."""
    import reinterpret
    from reinterpret.timebase import format_fraction

    opened = reinterpret.Library.open(library)
    films: list[dict[str, Any]] = []
    for name in opened.fingerprints():
        video, lettering = opened.video(name), opened.lettering(name)
        films.append(
            {
                "path": str(video.path),
                "fingerprint": name,
                "shots": len(opened.shots(name)),
                "seconds": round(float(video.duration), 3),
                "width": video.display_width,
                "height": video.display_height,
                "frame_rate": format_fraction(video.frame_rate),
                "there": video.path.exists(),
                "shots_with_lettering": None if None in lettering else sum(map(bool, lettering)),
            }
        )
    films.sort(key=lambda film: str(film["path"]))
    size = sum(file.stat().st_size for file in opened.path.rglob("*") if file.is_file())
    totals: dict[str, Any] = {
        "library": str(library),
        "encoder": opened.encoder,
        "encoder_version": opened.encoder_version,
        "detector": opened.detection.detector,
        "sensitivity": opened.detection.sensitivity,
        "min_shot_seconds": float(opened.detection.min_shot),
        "films": len(films),
        "shots": sum(film["shots"] for film in films),
        "shots_with_lettering": sum(film["shots_with_lettering"] or 0 for film in films),
        "films_without_lettering_known": sum(film["shots_with_lettering"] is None for film in films),
        "footage_seconds": round(sum(film["seconds"] for film in films), 3),
        "bytes": size,
    }
    if as_json:
        print_json({**totals, "contents": films})
        return
    for film in films:
        gone = "" if film["there"] else "  (not there any more)"
        print(f"{film['shots']:>6} shots  {clock(film['seconds']):>10}  {film['path']}{gone}")
    print(
        f"{totals['films']} films, {totals['shots']} shots ({totals['shots_with_lettering']} with lettering), "
        f"{duration(totals['footage_seconds'])}; "
        f"{size / 1e6:.1f} MB; encoder {opened.encoder}, detector {opened.detection.detector}"
    )
    unread = totals["films_without_lettering_known"]
    if unread:
        print(
            f"lettering is unknown for {unread} of these films: add it with "
            f"reinterpret index PATHS -L {library} --lettering"
        )


@app.command()
def verify(library: LibraryOption, as_json: JsonOption = False, quiet: QuietOption = False) -> None:
    """Whether a library is whole: every file readable, checksums right, films there, index current."""
    import reinterpret
    from reinterpret.cli.progress import progress_bar
    from reinterpret.library import Problem
    from reinterpret.neighbours import is_current

    opened = reinterpret.Library.open(library)
    with progress_bar("verifying", quiet=quiet) as report:
        problems = opened.verify(on_film=lambda done, total: report(done, total))
    if not is_current(opened):
        problems.append(
            Problem(opened.path / "index", "is missing or out of date", "nothing: the next search builds it again")
        )
    if as_json:
        rows = [{"path": str(found.path), "what": found.what, "remedy": found.remedy} for found in problems]
        print_json({"films": len(opened.fingerprints()), "problems": rows})
    else:
        for found in problems:
            print(f"{found.path}: {found.what}; to do: {found.remedy}")
        if not quiet:
            print(f"{len(opened.fingerprints())} films, {len(problems)} problems")
    if problems:
        raise typer.Exit(1)


@app.command()
def remove(
    films: Annotated[list[str], typer.Argument(help="Films by path, file name or fingerprint.")],
    library: LibraryOption,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Take films out of a library. The films' own files are not touched."""
    import reinterpret

    opened = reinterpret.Library.open(library)
    # All names are looked up before anything is removed.
    found = dict.fromkeys(opened.find_film(name) for name in films)
    for name in found:
        opened.remove(name)
    if as_json:
        print_json({"removed": list(found)})
    elif not quiet:
        print(f"{len(found)} films removed")


app.command(name="compile")(compile_)
app.command()(gif)
app.command()(export)
app.command(name="import")(import_)
app.command()(webcam)
app.command()(studio)
