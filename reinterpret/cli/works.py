"""The commands that make other things than trailers of matches: compilations and reactions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from reinterpret.cli.grouped import grouped
from reinterpret.cli.options import (
    DeviceOption,
    FilmOptions,
    JsonOption,
    LibraryOption,
    LikenessOptions,
    MixtureOptions,
    OutOption,
    QueryOptions,
    QuietOption,
    RenderOptions,
)
from reinterpret.cli.printing import clock, matches_as_json, print_edit, print_json, print_text, text_as_json
from reinterpret.cli.progress import edit_beside, filmed

if TYPE_CHECKING:
    from reinterpret.compilation import CompileSettings
    from reinterpret.rendering.reactions import Reaction

_LIKENESS, _FILMS, _MIXTURE = LikenessOptions(), FilmOptions(), MixtureOptions()
_QUERY, _RENDER = QueryOptions(), RenderOptions()


@dataclass(frozen=True, slots=True)
class CompileOptions:
    """What a compilation is to hold."""

    order: Annotated[
        Literal["score", "path", "time"],
        typer.Option(help="The likest first; each shot beginning like the one before it ends; or film by film."),
    ] = "score"
    seconds: Annotated[float | None, typer.Option(help="How long at most; a minute if nothing else is said.")] = None
    count: Annotated[int | None, typer.Option("-n", help="How many shots at most.")] = None
    least_score: Annotated[float, typer.Option("--min-score", help="Leave out what is less alike.")] = 0.0
    shot_seconds: Annotated[float, typer.Option(help="The longest of a shot that is shown.")] = 4.0
    sound: Annotated[str, typer.Option(metavar="clips|none|FILE", help="The clips' own, none, or a file's.")] = "clips"
    beat: Annotated[bool, typer.Option("--beat", help="Cut on the beats of the sound file.")] = False

    @property
    def heard(self) -> Path | Literal["clips", "none"]:
        """The sound, as the library wants it."""
        return "clips" if self.sound == "clips" else "none" if self.sound == "none" else Path(self.sound)

    def settings(self, likeness: LikenessOptions, films: FilmOptions) -> CompileSettings:
        """All of it, as the library wants it. Raises UsageError."""
        from reinterpret.compilation import CompileSettings

        return CompileSettings(
            order=self.order,
            seconds=self.seconds,
            count=self.count,
            least_score=self.least_score,
            shot_seconds=self.shot_seconds,
            sound=self.heard,
            beat=self.beat,
            weights=likeness.chosen(),
            only=tuple(films.like),
            without=tuple(films.leave_out),
            folders=tuple(films.folders),
        )


_COMPILE = CompileOptions()


@grouped
def compile_(
    library: LibraryOption,
    output: OutOption,
    mixture: MixtureOptions = _MIXTURE,
    likeness: LikenessOptions = _LIKENESS,
    films: FilmOptions = _FILMS,
    contents: CompileOptions = _COMPILE,
    rendering: RenderOptions = _RENDER,
    sheet: Annotated[Path | None, typer.Option(help="Also write a contact sheet (PNG or JPEG) of all shots.")] = None,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """A film of the shots that resemble something. Writes the edit beside it, which `render` reads again."""
    import reinterpret
    from reinterpret.errors import UsageError
    from reinterpret.files import check_output
    from reinterpret.rendering.film import FILM_SUFFIXES
    from reinterpret.rendering.stills import STILL_SUFFIXES

    if rendering.layout != "alone":
        raise UsageError("a compilation has no trailer that could stand beside it; leave --layout out")
    inputs = [*mixture.files, *([contents.heard] if isinstance(contents.heard, Path) else [])]
    check_output(output, inputs=inputs, suffixes=FILM_SUFFIXES)
    if sheet is not None:
        check_output(sheet, inputs=inputs, suffixes=STILL_SUFFIXES)
    settings = contents.settings(likeness, films)
    opened = reinterpret.Library.open(library)
    neighbours = reinterpret.open_neighbours(opened)
    asked, read = mixture.query(opened, neighbours, device)
    nearest = [reinterpret.nearest_shown(said, opened, neighbours) for said in read]
    edit = reinterpret.compile_shots(opened, neighbours, asked, settings)
    made = filmed(edit, output, rendering.arguments(), sheet, quiet or as_json)
    if as_json:
        print_json(
            {
                "output": str(output),
                "edit": str(edit_beside(output)),
                "shots": len(edit.clips),
                "frames": edit.grid.frame_count,
                "seconds": round(float(edit.grid.duration), 6),
                "texts": [
                    {"text": said.text, **text_as_json(said, near)} for said, near in zip(read, nearest, strict=True)
                ],
                "matches": matches_as_json(edit),
            }
        )
    elif not quiet:
        for entry in zip(read, nearest, strict=True):
            print_text(*entry)
        print_edit(edit)
        for path in made:
            print(path)


@grouped
def gif(
    library: LibraryOption,
    output: OutOption,
    query: QueryOptions = _QUERY,
    likeness: LikenessOptions = _LIKENESS,
    count: Annotated[int, typer.Option("-n", help="How many to choose from: OUT.gif, OUT-2.gif, ...")] = 1,
    seconds: Annotated[float, typer.Option(help="About how long, where it loops best.")] = 2.5,
    height: Annotated[int, typer.Option(help="In pixels.")] = 360,
    caption: Annotated[str, typer.Option(help="Words across the picture.")] = "",
    max_mb: Annotated[float | None, typer.Option(metavar="N", help="No file gets larger than so many megabytes.")] = 8,
    device: DeviceOption = "auto",
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """A reaction: the archive's nearest gesture as a picture that loops (.gif, .webp, .mp4)."""
    import reinterpret
    from reinterpret.files import check_output
    from reinterpret.rendering.animation import ANIMATION_SUFFIXES

    check_output(output, inputs=query.files, suffixes=ANIMATION_SUFFIXES)
    weights = likeness.chosen()
    opened = reinterpret.Library.open(library)
    neighbours = reinterpret.open_neighbours(opened)
    said = query.said(opened, neighbours)
    nearest = None if said is None else reinterpret.nearest_shown(said, opened, neighbours)
    made = reinterpret.gif(
        opened,
        neighbours,
        query.query(opened, neighbours, device) if said is None else said.query,
        output,
        count=count,
        weights=weights,
        seconds=seconds,
        height=height,
        caption=caption,
        max_mb=max_mb,
    )
    rows = [_reaction_as_json(entry) for entry in made]
    if as_json:
        print_json({**({} if said is None else {"text": text_as_json(said, nearest)}), "reactions": rows})
    elif not quiet:
        if said is not None:
            print_text(said, nearest)
        for row in rows:
            print(
                f"{row['output']}  {row['bytes'] / 1e6:.1f} MB  {row['score']:.2f}  {row['video']}:{row['shot']} "
                f"at {clock(row['start_seconds'])}"
            )


def _reaction_as_json(made: Reaction) -> dict[str, Any]:
    return {
        "output": str(made.path),
        "bytes": made.byte_count,
        "score": round(made.hit.score, 6),
        "video": str(made.loop.video.path),
        "shot": made.hit.shot,
        "start_seconds": round(float(made.loop.span.start), 6),
        "end_seconds": round(float(made.loop.span.end), 6),
        "to_and_fro": made.loop.to_and_fro,
    }
