"""Progress bars on standard error, with rate and time left; none where nobody looks."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from reinterpret.cli.options import DetectionOptions
    from reinterpret.edits import EditList
    from reinterpret.encoders import Device
    from reinterpret.matching import MatchSettings


class Report(Protocol):
    """Told how much is done of how much, and a few words beside the bar."""

    def __call__(self, done: float, total: float, words: str = "") -> None: ...


@contextmanager
def progress_bar(title: str, *, quiet: bool) -> Iterator[Report]:
    """A bar for the time of the block; does nothing when `quiet` or when standard error is no terminal."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total, words="": None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[words]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None, words="")

        def report(done: float, total: float, words: str = "") -> None:
            bars.update(task, completed=done, total=total or None, words=words)

        yield report


class Stopwatch:
    """Seconds since it was made; never 0, so that rates can be divided by it."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self._start, 1e-6)


def filmed(edit: EditList, output: Path, arguments: dict[str, Any], sheet: Path | None, quiet: bool) -> list[Path]:
    """The films made of an edit, and beside them the edit itself and, if asked for, a sheet of all shots."""
    import reinterpret
    from reinterpret.files import check_output

    edit_path = edit_beside(output)
    check_output(edit_path, inputs=edit.inputs)
    films = rendered(edit, output, arguments, quiet)
    edit.save(edit_path)
    if sheet is None:
        return [*films, edit_path]
    reinterpret.contact_sheet(edit, sheet)
    return [*films, edit_path, sheet]


def edit_beside(output: Path) -> Path:
    """Where the edit of a film is kept."""
    return output.with_name(f"{output.stem}.edit.json")


def rendered(edit: EditList, output: Path, arguments: dict[str, Any], quiet: bool) -> list[Path]:
    """The films made of an edit, with a bar while they are made."""
    import reinterpret

    watch = Stopwatch()
    with progress_bar("rendering", quiet=quiet) as report:

        def show(done: int, total: int) -> None:
            report(done, total, f"{done / watch.seconds:.0f} frames/s")

        return reinterpret.render(edit, output, **arguments, on_frames=show)


def matched(
    file: Path,
    library: Path,
    settings: MatchSettings,
    detection: DetectionOptions,
    device: Device,
    quiet: bool,
    **arguments: Any,
) -> EditList:
    """The edit that answers a trailer, with a bar while it is made. arguments: others of `reinterpret.match`."""
    import reinterpret

    opened = reinterpret.Library.open(library)
    with progress_bar("matching", quiet=quiet) as report:
        return reinterpret.match(
            file,
            opened,
            settings,
            detection=detection.over(opened.detection),
            device=device,
            on_seconds=lambda done, total: report(float(done), float(total)),
            **arguments,
        )
