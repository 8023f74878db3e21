"""Progress bars on standard error, with rate and time left; none where nobody looks."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from reinterpret.cli.options import DetectionOptions
    from reinterpret.edits import EditList
    from reinterpret.encoders import Device
    from reinterpret.match_settings import MatchSettings


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
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[words]}"),
        TextColumn("{task.fields[left]}", style="progress.remaining"),
    )
    clock = TimeLeft()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(title, total=None, words="", left="")

        def report(done: float, total: float, words: str = "") -> None:
            left = clock.seconds(done, total, time.monotonic())
            bars.update(task, completed=done, total=total or None, words=words, left=clock_face(left))

        yield report


class TimeLeft:
    """How long work will still take, without jumping about: from the mean rate since the first report.

    What was done before the first report (segments found in the cache, films indexed already) took no time and tells
    nothing of the rate. Work that is reported in lumps makes every estimate a little wrong at first; from one to the
    next it may move by a fifth of what it was expected to be by then, so that it settles instead of jumping.
    """

    _SWAY = 0.2

    def __init__(self) -> None:
        self._begin: tuple[float, float] | None = None
        self._last: tuple[float, float] | None = None  # what was said, and when

    def seconds(self, done: float, total: float, now: float) -> float | None:
        """Seconds left; None while nothing can be said. now: by a clock that only goes forward."""
        if self._begin is None:
            self._begin = done, now
        made, passed = done - self._begin[0], now - self._begin[1]
        if total <= 0 or made <= 0 or passed <= 0:
            return None
        left = max(total - done, 0.0) * passed / made
        if self._last is not None and done < total:
            expected = max(self._last[0] - (now - self._last[1]), 0.0)
            left = min(max(left, expected * (1 - self._SWAY)), max(expected, 1.0) * (1 + self._SWAY))
        self._last = left, now
        return left


def clock_face(seconds: float | None) -> str:
    """Time left as h:mm:ss.

    >>> clock_face(None), clock_face(4.4), clock_face(3725)
    ('-:--:--', '0:00:05', '1:02:05')
    """
    if seconds is None:
        return "-:--:--"
    whole = math.ceil(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


class Stopwatch:
    """Seconds since it was made; never 0, so that rates can be divided by it."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    @property
    def seconds(self) -> float:
        return max(time.monotonic() - self._start, 1e-6)


def filmed(edit: EditList, output: Path, arguments: dict[str, Any], sheet: Path | None, quiet: bool) -> list[Path]:
    """The edit, beside its films, a sheet of all shots if asked for, and the films, which take longest."""
    import reinterpret
    from reinterpret.files import check_output

    edit_path = edit_beside(output)
    check_output(edit_path, inputs=edit.inputs)
    edit.save(edit_path)
    written = [edit_path]
    if sheet is not None:
        reinterpret.contact_sheet(edit, sheet)
        written.append(sheet)
        if not quiet:
            print(f"see it first: {sheet}", file=sys.stderr)
    return [*rendered(edit, output, arguments, quiet), *written]


def edit_beside(output: Path) -> Path:
    """Where the edit of a film is kept."""
    return output.with_name(f"{output.stem}.edit.json")


def sheet_beside(output: Path) -> Path:
    """Where the contact sheet of a film goes if no other place is named."""
    return output.with_name(f"{output.stem}.sheet.jpg")


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
    return matched_all(file, library, [settings], detection, device, quiet, **arguments)[0]


def matched_all(
    file: Path,
    library: Path,
    settings: Sequence[MatchSettings],
    detection: DetectionOptions,
    device: Device,
    quiet: bool,
    **arguments: Any,
) -> list[EditList]:
    """Several edits of a trailer, with a bar while it is read. arguments: others of `reinterpret.match_all`."""
    import reinterpret

    opened = reinterpret.Library.open(library)
    with progress_bar("matching", quiet=quiet) as report:
        return reinterpret.match_all(
            file,
            opened,
            settings,
            detection=detection.over(opened.detection),
            device=device,
            on_seconds=lambda done, total: report(float(done), float(total)),
            **arguments,
        )
