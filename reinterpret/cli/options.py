"""The options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

LibraryOption = Annotated[Path, typer.Option("--library", "-L", help="The folder of the library.")]
OutOption = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no report.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")]
DeviceOption = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where the encoder runs.")]
JobsOption = Annotated[int | None, typer.Option("--jobs", "-j", help="At the same time; by default one a core.")]
SuggestionsOption = Annotated[int, typer.Option(help="Suggestions kept for each shot.")]
ShortOption = Annotated[
    Literal["slow", "hold"],
    typer.Option(help="Archive shots that are too short: slow them (to half speed) or hold the last frame."),
]
IncludeOption = Annotated[
    bool, typer.Option("--include-trailer", help="Let the archive answer with the trailer itself, if it holds it.")
]
DetectorOption = Annotated[str | None, typer.Option(help="How shots are found: adaptive, content or none.")]
LayoutOption = Annotated[Literal["alone", "side-by-side", "both"], typer.Option(help="What is in the film.")]
FitOption = Annotated[Literal["crop", "pad", "blur"], typer.Option(help="How pictures of another shape are fitted.")]
HeightOption = Annotated[int | None, typer.Option(help="Height of the film in pixels; the trailer's by default.")]
CrfOption = Annotated[int, typer.Option(help="Quality of the film: 0 (lossless) to 51.")]
PresetOption = Annotated[str, typer.Option(help="Speed of encoding against size, as in x264.")]
ImageOption = Annotated[Path | None, typer.Option(help="Look for what is like this picture.")]
VideoOption = Annotated[Path | None, typer.Option(help="Look for what is like a frame of this video (see --at).")]
AtOption = Annotated[float | None, typer.Option(help="Seconds from the start of --video.")]
ShotOption = Annotated[str | None, typer.Option(help="Look for what is like a shot of the library: FILM:NUMBER.")]
