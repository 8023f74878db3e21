"""The command `webcam`: live pictures beside the archive's nearest footage."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from reinterpret.cli.grouped import grouped
from reinterpret.cli.options import DeviceOption, JsonOption, LibraryOption, LikenessOptions, QuietOption
from reinterpret.cli.printing import clock, print_json

if TYPE_CHECKING:
    from reinterpret.live.webcam import WebcamReport

_LIKENESS = LikenessOptions()
# As shells have it: 128 + SIGINT.
_INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What is seen, and how."""

    camera: Annotated[int | None, typer.Option(metavar="N", help="The number of the camera; 0 by default.")] = None
    video: Annotated[
        str | None, typer.Option(metavar="FILE", help="A film, or the address of a stream, in place of a camera.")
    ] = None
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Record to this film; without sound.")] = None
    headless: Annotated[bool, typer.Option("--headless", help="Open no window; only record.")] = False
    layout: Annotated[
        Literal["side-by-side", "archive", "inset"],
        typer.Option(help="Live left and archive right; the archive alone; or the live picture in its corner."),
    ] = "side-by-side"
    hold: Annotated[float, typer.Option(metavar="SECONDS", help="A match stays at least so long.")] = 1.0
    then: Annotated[
        Literal["on", "loop"],
        typer.Option(help="When a shot is over: play on into what follows in its film, or start it again."),
    ] = "on"
    mirror: Annotated[
        bool | None, typer.Option("--mirror/--no-mirror", help="As in a mirror; by default cameras are, films not.")
    ] = None
    height: Annotated[int | None, typer.Option(metavar="N", help="Of the picture, in pixels; 720 on a screen.")] = None
    seconds: Annotated[float | None, typer.Option(metavar="N", help="End after so many.")] = None
    stats: Annotated[bool, typer.Option("--stats", help="Write speed and latency into the picture.")] = False
    realtime: Annotated[
        bool, typer.Option(help="Play a film at its own speed; or look up every frame, however long it takes.")
    ] = True

    def arguments(self) -> dict[str, Any]:
        """As `webcam` of the library takes them. Raises UsageError."""
        from reinterpret.errors import UsageError

        if self.camera is not None and self.video is not None:
            raise UsageError("--camera and --video exclude each other")
        named = {name: getattr(self, name) for name in self.__slots__ if name not in ("camera", "video", "output")}
        return {"source": (self.camera or 0) if self.video is None else self.video, "out": self.output, **named}


_LIVE = LiveOptions()


@grouped
def webcam(
    library: LibraryOption,
    live: LiveOptions = _LIVE,
    likeness: LikenessOptions = _LIKENESS,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """See yourself through the archive: the camera beside the nearest footage, full screen, or recorded."""
    import reinterpret
    from reinterpret.live.controls import KEYS

    arguments, weights = live.arguments(), likeness.chosen()
    opened = reinterpret.Library.open(library)
    if not quiet and not as_json:
        print("Ctrl-C ends it; the recording is kept" if live.headless else KEYS, file=sys.stderr)
    report = reinterpret.webcam(opened, **arguments, weights=weights, device=device)
    if as_json:
        print_json(report_as_json(report))
    elif not quiet:
        print_webcam(report)
    if report.reason is not None:
        kept = f"; {report.output} is whole" if report.output else ""
        print(f"warning: {report.reason}{kept}", file=sys.stderr)
        raise typer.Exit(1)
    if report.ended == "interrupted":
        raise typer.Exit(_INTERRUPTED)


def report_as_json(report: WebcamReport) -> dict[str, Any]:
    """What `webcam` prints with `--json`."""
    return {
        "ended": report.ended,
        "frames": report.frames,
        "repeated": report.repeated,
        "seconds": round(report.seconds, 3),
        "queries": report.queries,
        "queries_per_second": round(report.queries_per_second, 2),
        "latency_ms": {"median": report.latency.median_ms, "p95": report.latency.p95_ms},
        "change_latency_ms": {"median": report.change_latency.median_ms, "p95": report.change_latency.p95_ms},
        "changes": report.changes,
        "output": None if report.output is None else str(report.output),
        "stills": [str(path) for path in report.stills],
        "matches": [
            {
                "time": round(shown.time, 6),
                "video": str(shown.video),
                "shot": shown.shot,
                "score": round(shown.score, 6),
                "start_seconds": round(shown.start_seconds, 6),
            }
            for shown in report.shown
        ],
    }


def print_webcam(report: WebcamReport) -> None:
    """What was shown, a match a line, and how fast it went."""
    for shown in report.shown:
        print(f"{clock(shown.time)}  {shown.score:5.2f}  {shown.video.name} at {clock(shown.start_seconds)}")
    latency, change = report.latency.median_ms, report.change_latency.median_ms
    print(
        f"{report.frames} frames, {report.queries_per_second:.1f} queries/s, {report.changes} changes"
        + (f", {latency:.0f} ms to a match" if latency is not None else "")
        + (f", {change:.0f} ms to a changed picture" if change is not None else "")
    )
    for path in (*report.stills, *([report.output] if report.output else [])):
        print(path)
