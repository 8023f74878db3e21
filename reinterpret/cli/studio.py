"""The command `studio`: the chooser, a page in the browser."""

from __future__ import annotations

import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from reinterpret.cli.grouped import grouped
from reinterpret.cli.options import (
    DetectionOptions,
    DeviceOption,
    JsonOption,
    LikenessOptions,
    MatchOptions,
    QuietOption,
    RenderOptions,
)
from reinterpret.cli.printing import print_json
from reinterpret.cli.progress import matched

if TYPE_CHECKING:
    from reinterpret.edits import EditList

_DETECTION, _LIKENESS, _MATCH, _RENDER = DetectionOptions(), LikenessOptions(), MatchOptions(), RenderOptions()


@dataclass(frozen=True, slots=True)
class StudioOptions:
    """Where things are, and how the page is reached."""

    edit: Annotated[
        Path | None,
        typer.Option(
            "--edit",
            "-o",
            help="For a trailer: the edit to write, or to go on with; TRAILER.edit.json here by default.",
        ),
    ] = None
    output: Annotated[Path | None, typer.Option("--output", help="The film to render; beside the edit by default.")] = (
        None
    )
    port: Annotated[int, typer.Option(min=1024, max=65535, help="The first to try; the next one that is free.")] = 8470
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open the page, or only say where it is.")] = (
        True
    )


_STUDIO = StudioOptions()


@grouped
def studio(
    file: Annotated[Path, typer.Argument(help="An edit (.json); or a trailer, for which one is made.")],
    library: Annotated[
        Path | None, typer.Option("--library", "-L", help="The folder of the library: for more suggestions.")
    ] = None,
    options: StudioOptions = _STUDIO,
    matching: MatchOptions = _MATCH,
    likeness: LikenessOptions = _LIKENESS,
    rendering: RenderOptions = _RENDER,
    detection: DetectionOptions = _DETECTION,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Choose among the suggestions, in the browser: lock, slide, swap, split, and see the whole edit play."""
    _check_extra()
    import reinterpret
    from reinterpret.studio.page import Page
    from reinterpret.studio.reading import read_trailer
    from reinterpret.studio.server import listen, serve
    from reinterpret.studio.session import Session

    settings, arguments = matching.settings(likeness), rendering.arguments()
    opened = None if library is None else reinterpret.Library.open(library)
    edit = _edit_path(file, library, options.edit)
    if edit != file and not _goes_on(edit, file):
        assert library is not None
        # The studio looks at it too.
        matched(file, library, settings, detection, device, quiet or as_json, read=read_trailer).save(edit)
    found = None if opened is None else detection.over(opened.detection)
    session = Session.open(edit, opened, settings=settings, detection=found, device=device)
    film = _film_path(session.state().edit, edit, options.output)
    page = Page(session, film, library=opened, rendering=arguments)

    def on_ready(address: str) -> None:
        if as_json:
            print_json({"address": address, "edit": str(edit), "output": str(film)})
        else:
            print(address)
        sys.stdout.flush()
        if not quiet and not as_json:
            print(f"every choice is saved in {edit}; Ctrl-C ends the studio", file=sys.stderr)
        if options.browser:
            _open(address)

    # That is how it ends.
    with suppress(KeyboardInterrupt):
        serve(page, listen(options.port), on_ready=on_ready)


def _check_extra() -> None:
    from reinterpret.errors import ReinterpretError

    try:
        import fastapi  # noqa: F401
        import jinja2  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise ReinterpretError(
            f"what the studio needs is not installed ({error}); install it with: pip install 'reinterpret[studio]'"
        ) from error


def _edit_path(file: Path, library: Path | None, named: Path | None) -> Path:
    """The edit that is meant. Raises UsageError."""
    from reinterpret.errors import UsageError

    if file.suffix.lower() == ".json":
        if named is not None:
            raise UsageError(f"{file} is an edit already; leave out --edit, or name a trailer")
        return file
    if library is None:
        raise UsageError(f"{file}: to make an edit of a trailer, name the library that answers it with -L LIB")
    return named or Path(f"{file.stem}.edit.json")


def _goes_on(edit: Path, trailer: Path) -> bool:
    """Whether the edit is there already, from the last time. Raises UsageError if it is another trailer's."""
    import reinterpret
    from reinterpret.errors import UsageError
    from reinterpret.files import check_output
    from reinterpret.video import fingerprint

    if not edit.exists():
        check_output(edit, inputs=[trailer], suffixes=(".json",))
        return False
    follows = reinterpret.EditList.load(edit).trailer
    if follows is None or follows.fingerprint != fingerprint(trailer):
        raise UsageError(f"{edit}: is the edit of another trailer; name another with --edit")
    return True


def _film_path(edit: EditList, path: Path, output: Path | None) -> Path:
    """Where the film goes, which can be written there. Raises OutputError."""
    from reinterpret.files import check_output
    from reinterpret.rendering.film import FILM_SUFFIXES

    stem = path.name.removesuffix(".json").removesuffix(".edit")
    film = output or path.with_name(f"{stem}.mp4")
    if output is None and film.exists() and any(one.exists() and film.samefile(one) for one in edit.inputs):
        film = path.with_name(f"{stem}.reinterpreted.mp4")
    check_output(film, inputs=edit.inputs, suffixes=FILM_SUFFIXES)
    return film


def _open(address: str) -> None:
    import webbrowser

    # Where there is no other, it may be a browser in the terminal, which runs until it is left.
    threading.Thread(target=webbrowser.open, args=(address,), name="browser", daemon=True).start()
