"""The commands that hand an edit to editing programs, and take it back."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from reinterpret.cli.grouped import grouped
from reinterpret.cli.options import JsonOption, OutOption, QuietOption
from reinterpret.cli.printing import print_json
from reinterpret.cli.progress import progress_bar

if TYPE_CHECKING:
    from reinterpret.edits import Clip, EditList
    from reinterpret.interchange.timeline import TimelineOptions
    from reinterpret.library import Library

_LibraryOption = Annotated[
    Path | None, typer.Option("--library", "-L", help="The folder of the library, to find films that have moved.")
]
_StartOption = Annotated[str, typer.Option(metavar="HH:MM:SS:FF", help="The timecode of the timeline's first frame.")]


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """How a timeline is to be written."""

    paths: Annotated[
        Literal["absolute", "relative"],
        typer.Option(help="Name films by their whole path, or from the timeline's folder."),
    ] = "absolute"
    handles: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Say that only so much is there on both sides of what is used; by default the whole film.",
        ),
    ] = None
    start_timecode: _StartOption = "01:00:00:00"
    drop_frame: Annotated[
        bool | None,
        typer.Option(
            "--drop-frame/--no-drop-frame",
            help="Of the timeline's timecode; by default as the trailer's or, if it has none, at 29.97 and 59.94.",
        ),
    ] = None
    alternates: Annotated[
        Literal["none", "track", "versions"],
        typer.Option(
            help="Suggestions that were not chosen: leave them out, put the best of each clip on a track that is "
            "switched off, or give all of them to the clips (formats that can)."
        ),
    ] = "track"

    def chosen(self) -> TimelineOptions:
        """All of it, as the library wants it. Raises UsageError."""
        from reinterpret.errors import UsageError
        from reinterpret.interchange.timeline import TimelineOptions

        if self.handles is not None and not math.isfinite(self.handles):
            raise UsageError(f"handles are a number of seconds, got {self.handles:g}")
        return TimelineOptions(
            paths=self.paths,
            handles=None if self.handles is None else Fraction(str(self.handles)),
            start_timecode=self.start_timecode,
            drop_frame="auto" if self.drop_frame is None else "yes" if self.drop_frame else "no",
            alternates=self.alternates,
        )


_EXPORT = ExportOptions()


@grouped
def export(
    file: Annotated[Path, typer.Argument(help="An edit, as `trailer` and `match` write it.")],
    output: OutOption,
    library: _LibraryOption = None,
    options: ExportOptions = _EXPORT,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """An edit as a timeline for editing programs; the suffix of OUT says in which format."""
    import reinterpret
    from reinterpret.files import check_output
    from reinterpret.interchange import TIMELINE_SUFFIXES
    from reinterpret.relinking import is_there, relinked

    check_output(output, inputs=[file], suffixes=TIMELINE_SUFFIXES)
    chosen = options.chosen()
    edit = relinked(reinterpret.EditList.load(file), _opened(library))
    offline = [str(film.path) for film in edit.seen_films if not is_there(film)]
    with progress_bar("writing", quiet=quiet) as report:
        made = reinterpret.export_timeline(edit, output, options=chosen, on_pictures=report)
    if as_json:
        print_json(
            {
                "output": str(output),
                "clips": len(edit.clips),
                "frames": edit.grid.frame_count,
                "frame_rate": f"{edit.grid.rate.numerator}/{edit.grid.rate.denominator}",
                "offline": offline,
            }
        )
    elif not quiet:
        for name in offline:
            print(
                f"warning: {name}: is not there, or is another file by now; it is named all the same", file=sys.stderr
            )
        for path in made:
            print(path)


@grouped
def import_(
    file: Annotated[Path, typer.Argument(help="A timeline: .otio, .edl (CMX 3600) or .xml (Final Cut Pro 7).")],
    output: OutOption,
    edit: Annotated[
        Path | None, typer.Option(metavar="EDIT.json", help="The edit it was made of; an .otio of ours carries it.")
    ] = None,
    library: _LibraryOption = None,
    start_timecode: _StartOption = "01:00:00:00",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """An edit again, from a timeline that was changed in an editing program."""
    import reinterpret
    from reinterpret.files import check_output

    check_output(output, inputs=[file], suffixes=(".json",))
    before = None if edit is None else reinterpret.EditList.load(edit)
    made = reinterpret.import_timeline(file, before, library=_opened(library), start_timecode=start_timecode)
    check_output(output, inputs=made.inputs)
    made.save(output)
    known = set() if before is None else set(before.clips)
    changed = [number for number, clip in enumerate(made.clips) if before is not None and clip not in known]
    if as_json:
        rows = [_clip_as_json(made, number, made.clips[number]) for number in changed]
        print_json({"output": str(output), "clips": len(made.clips), "changed": rows})
    elif not quiet:
        if before is not None:
            count = f"{len(changed)} of {len(made.clips)} clips are not as they were"
            print(f"{count if changed else 'every clip is as it was'} in {edit}")
        print(output)


def _opened(library: Path | None) -> Library | None:
    import reinterpret

    return None if library is None else reinterpret.Library.open(library)


def _clip_as_json(edit: EditList, number: int, clip: Clip) -> dict[str, Any]:
    return {
        "shot": number,
        "first_frame": clip.first_frame,
        "frame_count": clip.frame_count,
        "kind": clip.kind,
        "video": None if clip.match is None else str(edit.film(clip.match.film).path),
        "start_seconds": None if clip.match is None else round(float(clip.match.source_span.start), 6),
    }
