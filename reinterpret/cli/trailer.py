"""The command `trailer`, the main job: a trailer, or several, recut with the footage of a library."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from reinterpret.cli.grouped import grouped
from reinterpret.cli.options import (
    DetectionOptions,
    DeviceOption,
    JsonOption,
    LibraryOption,
    LikenessOptions,
    MatchOptions,
    OutOption,
    QuietOption,
    RenderOptions,
)
from reinterpret.cli.printing import matches_as_json, print_edit, print_json
from reinterpret.cli.progress import edit_beside, filmed, matched, matched_all, sheet_beside

if TYPE_CHECKING:
    from reinterpret.match_settings import MatchSettings

_DETECTION, _LIKENESS, _MATCH, _RENDER = DetectionOptions(), LikenessOptions(), MatchOptions(), RenderOptions()


@dataclass(frozen=True, slots=True)
class SeenFirst:
    """What there is to look at before the film."""

    sheet: Annotated[
        Path | None,
        typer.Option(
            help="The contact sheet of all pairs (PNG or JPEG), written before the film is rendered; "
            "OUT.sheet.jpg by default."
        ),
    ] = None
    no_sheet: Annotated[bool, typer.Option("--no-sheet", help="Write no contact sheet.")] = False
    variations: Annotated[
        str | None,
        typer.Option(
            metavar="N|CUE,CUE",
            help="Render nothing; write several edits (OUT.1.edit.json, ...) and one sheet to choose from: "
            "N of similar quality, or one by each of some cues.",
        ),
    ] = None

    def sheet_of(self, output: Path, trailer: Path) -> Path | None:
        """Where the sheet of a film goes; None for no sheet. Raises UsageError, OutputError."""
        from reinterpret.errors import UsageError
        from reinterpret.files import check_output
        from reinterpret.rendering.stills import STILL_SUFFIXES

        if self.no_sheet and (self.sheet is not None or self.variations is not None):
            raise UsageError("--no-sheet goes with neither --sheet nor --variations")
        if self.no_sheet:
            return None
        sheet = self.sheet or sheet_beside(output)
        check_output(sheet, inputs=[trailer], suffixes=STILL_SUFFIXES)
        return sheet


_SEEN_FIRST = SeenFirst()


@grouped
def trailer(
    files: Annotated[
        list[Path], typer.Argument(help="The trailer. If you name several, each becomes a film in the folder OUT.")
    ],
    library: LibraryOption,
    output: OutOption,
    matching: MatchOptions = _MATCH,
    likeness: LikenessOptions = _LIKENESS,
    rendering: RenderOptions = _RENDER,
    detection: DetectionOptions = _DETECTION,
    seen_first: SeenFirst = _SEEN_FIRST,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """The main job: recut a trailer with the footage of the library. Writes the edit and a contact sheet first."""
    jobs = _jobs(files, output, seen_first)
    arguments, settings = rendering.arguments(), matching.settings(likeness)
    job = _TrailerJob(library, settings, arguments, detection, device, seen_first.variations, as_json, quiet)
    if len(jobs) == 1:
        made = job.run(*jobs[0])
        if as_json:
            print_json(made)
        return
    done, failed = _all_of(job, jobs)
    if as_json:
        print_json({"trailers": done, "failed": failed})
    for failure in failed:
        print(f"{failure['path']}: {failure['reason']}", file=sys.stderr)
    if failed:
        raise typer.Exit(1)


def _jobs(files: list[Path], output: Path, seen_first: SeenFirst) -> list[tuple[Path, Path, Path | None]]:
    """Each trailer with the film and the sheet that are to be made of it. Raises UsageError, OutputError."""
    from reinterpret.errors import UsageError
    from reinterpret.files import check_output
    from reinterpret.rendering.film import FILM_SUFFIXES

    outputs = [output]
    if len(files) > 1:
        if output.suffix.lower() in FILM_SUFFIXES or seen_first.sheet is not None:
            raise UsageError(f"of {len(files)} trailers OUT is a folder, and each has a sheet there; got {output}")
        outputs = [output / f"{file.stem}.mp4" for file in files]
        if len(set(outputs)) < len(files):
            raise UsageError("two of the trailers have the same name and would become the same film; rename one")
        output.mkdir(parents=True, exist_ok=True)
    jobs = []
    # What cannot be written is said before the work, not after it.
    for file, out in zip(files, outputs, strict=True):
        check_output(out, inputs=files, suffixes=FILM_SUFFIXES)
        jobs.append((file, out, seen_first.sheet_of(out, file)))
    return jobs


def _all_of(
    job: _TrailerJob, jobs: list[tuple[Path, Path, Path | None]]
) -> tuple[list[dict[str, Any]], list[dict[str, str]]]:
    """One after the other: what was made, and what could not be, with the reason."""
    from reinterpret.errors import EncoderError, LibraryError, ReinterpretError, UsageError

    done, failed = [], []
    for entry in jobs:
        try:
            done.append(job.run(*entry))
        except (LibraryError, EncoderError, UsageError):
            raise  # the same for all of them
        except ReinterpretError as error:
            failed.append({"path": str(entry[0]), "reason": str(error)})
    return done, failed


@dataclass(frozen=True, slots=True)
class _TrailerJob:
    """What is the same for all trailers of one call."""

    library: Path
    settings: MatchSettings
    rendering: dict[str, Any]
    detection: DetectionOptions
    device: Any
    variations: str | None
    as_json: bool
    quiet: bool

    def run(self, file: Path, output: Path, sheet: Path | None) -> dict[str, Any]:
        """Recut one trailer, print what was made unless as JSON, and return it as JSON values."""
        silent = self.quiet or self.as_json
        if self.variations is not None:
            assert sheet is not None
            return self._vary(file, output, sheet, self.variations)
        edit = matched(file, self.library, self.settings, self.detection, self.device, silent)
        made = filmed(edit, output, self.rendering, sheet, silent)
        if not silent:
            print_edit(edit)
            for path in made:
                print(path)
        return {
            "output": str(output),
            "edit": str(edit_beside(output)),
            "sheet": None if sheet is None else str(sheet),
            "shots": len(edit.clips),
            "frames": edit.grid.frame_count,
            "matches": matches_as_json(edit),
        }

    def _vary(self, file: Path, output: Path, sheet: Path, asked: str) -> dict[str, Any]:
        import reinterpret
        from reinterpret.files import check_output
        from reinterpret.match_settings import variations

        named = variations(self.settings, asked)
        silent = self.quiet or self.as_json
        edits = matched_all(file, self.library, list(named.values()), self.detection, self.device, silent)
        rows = []
        for number, (name, edit) in enumerate(zip(named, edits, strict=True), 1):
            path = output.with_name(f"{output.stem}.{number}.edit.json")
            check_output(path, inputs=edit.inputs)
            edit.save(path)
            rows.append({"number": number, "name": name, "edit": str(path), "matches": matches_as_json(edit)})
        columns = {f"{row['number']}: {row['name']}": edit for row, edit in zip(rows, edits, strict=True)}
        reinterpret.variations_sheet(columns, sheet)
        if not silent:
            for row in rows:
                print(f"{row['number']}  {row['name']:<12}  {row['edit']}")
            print(f"{sheet}\nchoose one, then: reinterpret render {rows[0]['edit']} -o {output}")
        return {"trailer": str(file), "sheet": str(sheet), "variations": rows}
