"""The options that several commands share, and what they add up to."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from reinterpret.shots import Detection

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
# Commands take these four and make `DetectionOptions` of them. What is not said is as in the library.
DetectorOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="How shots are found: adaptive, content, fast, none or transnetv2.")
]
SensitivityOption = Annotated[
    float | None, typer.Option(metavar="0..1", help="0 finds only what is beyond doubt a cut, 1 all that might be one.")
]
MinShotOption = Annotated[
    float | None, typer.Option(metavar="SECONDS", help="Of cuts closer together the most certain one counts.")
]
CutsOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A list of the cuts, instead of looking for them.")
]
CutsFolderOption = Annotated[
    Path | None,
    typer.Option("--cuts", metavar="PATH", help="A list of the cuts, or a folder of lists named like their films."),
]
LayoutOption = Annotated[Literal["alone", "side-by-side", "both"], typer.Option(help="What is in the film.")]
FitOption = Annotated[Literal["crop", "pad", "blur"], typer.Option(help="How pictures of another shape are fitted.")]
HeightOption = Annotated[int | None, typer.Option(help="Height of the film in pixels; the trailer's by default.")]
CrfOption = Annotated[int, typer.Option(help="Quality of the film: 0 (lossless) to 51.")]
PresetOption = Annotated[str, typer.Option(help="Speed of encoding against size, as in x264.")]
ImageOption = Annotated[Path | None, typer.Option(help="Look for what is like this picture.")]
VideoOption = Annotated[Path | None, typer.Option(help="Look for what is like a frame of this video (see --at).")]
AtOption = Annotated[float | None, typer.Option(help="Seconds from the start of --video.")]
ShotOption = Annotated[str | None, typer.Option(help="Look for what is like a shot of the library: FILM:NUMBER.")]


@dataclass(frozen=True, slots=True)
class DetectionOptions:
    """What was said on the command line of how shots are to be found."""

    detector: str | None
    sensitivity: float | None
    min_shot: float | None
    cuts: Path | None

    def over(self, default: Detection) -> Detection:
        """All of it: what was said, and the rest as in `default`. Raises UsageError."""
        from reinterpret.errors import UsageError

        if self.min_shot is not None and not math.isfinite(self.min_shot):
            raise UsageError(f"the shortest shot is a number of seconds, got {self.min_shot:g}")
        return replace(
            default,
            detector=default.detector if self.detector is None else self.detector,
            sensitivity=default.sensitivity if self.sensitivity is None else self.sensitivity,
            # 0.1, as people write it, is a tenth and not the float next to it.
            min_shot=default.min_shot if self.min_shot is None else Fraction(str(self.min_shot)),
            cuts=self.cuts,
        )
