"""The options that several commands share, in groups that make one value of the library each."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

if TYPE_CHECKING:
    from reinterpret.encoders import Device
    from reinterpret.library import Library
    from reinterpret.match_settings import MatchSettings
    from reinterpret.neighbours import Hit, Neighbours, Query
    from reinterpret.shots import Detection
    from reinterpret.words import TextQuery

LibraryOption = Annotated[Path, typer.Option("--library", "-L", help="The folder of the library.")]
OutOption = Annotated[Path, typer.Option("--output", "-o", help="The file to write.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no report.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else.")]
DeviceOption = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where the encoder runs.")]
LikeOption = Annotated[
    list[str], typer.Option("--like", metavar="FILM", help="Only films named here may answer; may be repeated.")
]
FoldersOption = Annotated[
    list[Path], typer.Option("--in", metavar="FOLDER", help="Only films below it may answer; may be repeated.")
]
TextOkOption = Annotated[
    bool, typer.Option("--text-ok", help="Shots of titles, logos, counters and green screens may be matches too.")
]
JobsOption = Annotated[int | None, typer.Option("--jobs", "-j", help="At the same time; by default one a core.")]


@dataclass(frozen=True, slots=True)
class DetectionOptions:
    """How shots are to be found. What is not said is as in the library."""

    detector: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="How shots are found: adaptive, content, fast, none or transnetv2."),
    ] = None
    sensitivity: Annotated[
        float | None,
        typer.Option(metavar="0..1", help="0 finds only what is beyond doubt a cut, 1 all that might be one."),
    ] = None
    min_shot: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Of cuts closer together the most certain one counts.")
    ] = None
    cuts: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="A list of the cuts; for several films a folder of lists named like them."),
    ] = None

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


@dataclass(frozen=True, slots=True)
class LikenessOptions:
    """What counts as alike."""

    by: Annotated[
        str,
        typer.Option(
            metavar="CUE", help="What counts: balanced, content, composition, colour, movement, rhythm or scale."
        ),
    ] = "balanced"
    weights: Annotated[
        str | None, typer.Option(metavar="CUE=N,...", help="How much each cue counts, such as content=1,movement=0.5.")
    ] = None

    def chosen(self) -> Mapping[str, float]:
        """The weight of each cue. Raises UsageError."""
        from reinterpret.cues import parse_weights, preset_weights
        from reinterpret.errors import UsageError

        if self.weights is None:
            return preset_weights(self.by)
        if self.by != "balanced":
            raise UsageError("--by and --weights exclude each other")
        return parse_weights(self.weights)


@dataclass(frozen=True, slots=True)
class MatchOptions:
    """How a trailer is to be answered."""

    suggestions: Annotated[int, typer.Option(help="Suggestions kept for each shot.")] = 10
    short: Annotated[
        Literal["slow", "next", "hold", "second"],
        typer.Option(
            help="Archive shots that are too short: slow them (to half speed, then hold the last frame), take the next "
            "suggestion wherever there is one, hold their last frame, or let a second shot follow."
        ),
    ] = "slow"
    fill: Annotated[
        float | None,
        typer.Option(
            metavar="SECONDS",
            help="Answer a trailer shot longer than this with two archive shots, with the cut where most moves.",
        ),
    ] = None
    titles: Annotated[
        Literal["keep", "match", "black"],
        typer.Option(help="Title cards of the trailer: keep them, match them like any shot, or leave them black."),
    ] = "keep"
    fades: Annotated[
        Literal["follow", "cut"],
        typer.Option(help="Fades of the trailer: follow them, so that matches fade as it does, or begin and end hard."),
    ] = "follow"
    wipes: Annotated[Literal["dissolve", "cut"], typer.Option(help="What a wipe of the trailer becomes.")] = "dissolve"
    faces: Annotated[
        Literal["prefer", "ignore"],
        typer.Option(help="Close-ups of faces: prefer archive shots with a face for them, or ignore faces."),
    ] = "prefer"
    echo: Annotated[
        bool, typer.Option(help="Answer a shot that returns in the trailer with the same archive shot each time.")
    ] = True
    reuse: Annotated[bool, typer.Option("--reuse", help="It costs nothing that archive shots come again.")] = False
    max_per_film: Annotated[int | None, typer.Option(metavar="N", help="Take at most so many shots from one film.")] = (
        None
    )
    seed: Annotated[int | None, typer.Option(metavar="N", help="Another edit that is about as good.")] = None
    like: LikeOption = field(default_factory=list)
    leave_out: Annotated[
        list[str], typer.Option("--not", metavar="FILM", help="This film may not answer; may be repeated.")
    ] = field(default_factory=list)
    folders: FoldersOption = field(default_factory=list)
    include_trailer: Annotated[
        bool, typer.Option("--include-trailer", help="Let the archive answer with the trailer itself, if it holds it.")
    ] = False
    text_ok: TextOkOption = False

    def settings(self, likeness: LikenessOptions) -> MatchSettings:
        """As the library wants them. Raises UsageError."""
        from reinterpret.assignment import Rules
        from reinterpret.match_settings import MatchSettings

        return MatchSettings(
            weights=likeness.chosen(),
            suggestions=self.suggestions,
            short=self.short,
            fill=self.fill,
            titles=self.titles,
            fades=self.fades,
            faces=self.faces,
            wipes=self.wipes,
            echo=self.echo,
            rules=Rules(reuse=self.reuse, max_per_film=self.max_per_film, seed=self.seed),
            only=tuple(self.like),
            without=tuple(self.leave_out),
            folders=tuple(self.folders),
            include_trailer=self.include_trailer,
            text_ok=self.text_ok,
        )


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a film is to look."""

    layout: Annotated[Literal["alone", "side-by-side", "both"], typer.Option(help="What is in the film.")] = "alone"
    fit: Annotated[Literal["crop", "pad", "blur"], typer.Option(help="How pictures of another shape are fitted.")] = (
        "crop"
    )
    crop_bars: Annotated[
        bool,
        typer.Option(
            "--crop-bars/--keep-bars",
            help="Cut off the black bars of archive films and the dark edges of old transfers, or show them.",
        ),
    ] = True
    mask: Annotated[
        Literal["trailer", "none"] | None,
        typer.Option(
            help="trailer: lay the trailer's own black bars on the matches (the default side by side); none: do not "
            "(the default alone)."
        ),
    ] = None
    reframe: Annotated[
        Literal["subject", "middle"],
        typer.Option(help="With --fit crop: keep faces, or what stands out, in the picture, or always the middle."),
    ] = "subject"
    captions: Annotated[
        bool, typer.Option("--captions", help="Say on the film that is side by side what two pictures share.")
    ] = False
    draft: Annotated[
        bool,
        typer.Option(
            "--draft", help="A small film (240 pixels high) in a tenth of the time; --crf and --preset do not count."
        ),
    ] = False
    height: Annotated[int | None, typer.Option(help="Height of the film in pixels; the trailer's by default.")] = None
    crf: Annotated[int, typer.Option(help="Quality of the film: 0 (lossless) to 51.")] = 18
    preset: Annotated[str, typer.Option(help="Speed of encoding against size, as in x264.")] = "medium"
    jobs: JobsOption = None

    def arguments(self) -> dict[str, Any]:
        """As `render` of the library takes them. Raises UsageError."""
        from reinterpret.errors import UsageError
        from reinterpret.rendering.film import check_options

        looks = self.layout, self.fit, self.mask, self.reframe
        check_options(*looks, self.crf, self.preset, self.height, self.jobs)
        if self.captions and self.layout == "alone":
            raise UsageError("--captions goes with --layout side-by-side or both")
        return {name: getattr(self, name) for name in self.__slots__}


WrittenOption = Annotated[
    str | None,
    typer.Option("--written", metavar="WORDS", help="Look for shots in whose pictures these words are written."),
]
ForOption = Annotated[
    float | None,
    typer.Option("--for", metavar="SECONDS", help="So much of --video from --at on: its movement counts too."),
]


def check_alone(query: QueryOptions) -> None:
    """Whether `--written` is all that is looked for. Raises UsageError."""
    from reinterpret.errors import UsageError

    if query != QueryOptions():
        raise UsageError("--written goes alone: leave --text, --shot, --image, --video and --text-ok out")


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """Which films of the library may be shown."""

    like: LikeOption = field(default_factory=list)
    leave_out: Annotated[
        list[str], typer.Option("--not-film", metavar="FILM", help="This film may not answer; may be repeated.")
    ] = field(default_factory=list)
    folders: FoldersOption = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class MixtureOptions:
    """What is looked for: any of these together, and what it is to be unlike."""

    text: Annotated[list[str], typer.Option(metavar="WORDS", help="Like what these words say; may be repeated.")] = (
        field(default_factory=list)
    )

    shot: Annotated[
        list[str], typer.Option(metavar="FILM:NUMBER", help="Like a shot of the library; may be repeated.")
    ] = field(default_factory=list)
    image: Annotated[list[Path], typer.Option(help="Like this picture; may be repeated.")] = field(default_factory=list)
    video: Annotated[Path | None, typer.Option(help="Like a frame of this video (see --at, --for).")] = None
    at: Annotated[float | None, typer.Option(metavar="SECONDS", help="Where in --video, from its start.")] = None
    length: ForOption = None
    unlike: Annotated[
        list[str],
        typer.Option(
            "--not", metavar="WORDS|FILM:NUMBER|PICTURE", help="Unlike these words, shot or picture; may be repeated."
        ),
    ] = field(default_factory=list)
    text_ok: TextOkOption = False

    @property
    def files(self) -> list[Path]:
        """Those that are read."""
        return [*self.image, *([self.video] if self.video is not None else [])]

    def query(self, library: Library, neighbours: Neighbours, device: Device) -> tuple[Query, list[TextQuery]]:
        """As the index wants it, and how words were read. Raises UsageError, VideoError, LibraryError, EncoderError."""
        from reinterpret.errors import UsageError
        from reinterpret.queries import combined, is_shot

        alike = [QueryOptions(shot=name) for name in self.shot] + [QueryOptions(image=path) for path in self.image]
        if self.video is not None or self.at is not None or self.length is not None:
            alike.append(QueryOptions(video=self.video, at=self.at, length=self.length))
        alike += [QueryOptions(text=words) for words in self.text]
        if not alike:
            raise UsageError("say what to look for with --text, --shot, --image, or --video with --at")
        unlike = [
            QueryOptions(image=Path(name))
            if Path(name).is_file()
            else QueryOptions(shot=name)
            if is_shot(name)
            else QueryOptions(text=name)
            for name in self.unlike
        ]
        read: list[TextQuery] = []

        def asked(options: QueryOptions) -> Query:
            said = options.said(library, neighbours)
            if said is None:
                return options.query(library, neighbours, device)
            read.append(said)
            return said.query

        found, others = [asked(options) for options in alike], [asked(options) for options in unlike]
        mixed = found[0] if len(found) == 1 and not others else combined(found, neighbours, without=others)
        return replace(mixed, text_ok=mixed.text_ok or self.text_ok), read


@dataclass(frozen=True, slots=True)
class GridOptions:
    """How grids are drawn: by the name of the file, still or moving."""

    size: Annotated[str, typer.Option(help="Columns x rows.")] = "3x3"
    seconds: Annotated[float, typer.Option(help="How long a moving grid (.mp4, .gif, .webp) lasts.")] = 5.0
    height: Annotated[int | None, typer.Option(help="Of a moving grid in pixels; 720, of a GIF 480.")] = None
    labels: Annotated[bool, typer.Option(help="Write film, time and score below each picture.")] = True

    def raster(self) -> tuple[int, int]:
        """Columns and rows. Raises UsageError."""
        from reinterpret.rendering.stills import parse_size

        return parse_size(self.size)

    def suffixes(self) -> tuple[str, ...]:
        """How the names of grids may end."""
        from reinterpret.rendering.animation import ANIMATION_SUFFIXES
        from reinterpret.rendering.stills import STILL_SUFFIXES

        return (*STILL_SUFFIXES, *ANIMATION_SUFFIXES)

    def moves(self, path: Path) -> bool:
        """Whether a file of that name holds a moving grid."""
        from reinterpret.rendering.animation import ANIMATION_SUFFIXES

        return path.suffix.lower() in ANIMATION_SUFFIXES

    def draw(self, library: Library, hits: Sequence[Hit], path: Path, columns: int) -> None:
        """Draw one. Raises OutputError, LibraryError, VideoError, FfmpegError, UsageError."""
        import reinterpret

        if self.moves(path):
            reinterpret.moving_grid(
                library, hits, path, columns=columns, labels=self.labels, seconds=self.seconds, height=self.height
            )
        else:
            reinterpret.grid(library, hits, path, columns=columns, labels=self.labels)


@dataclass(frozen=True, slots=True)
class WholeOptions:
    """What is made of all shots of the library, instead of a look for some."""

    clusters: Annotated[
        str | None,
        typer.Option(
            metavar="N|auto",
            help="The library in so many groups that are alike, or in as many as suit it. OUT is a folder for a page, "
            "index.html, and a grid of each group; with OUT.png, or OUT.mp4 for moving ones, only the grids are made, "
            "OUT-01.png, ... A grid grows with its group up to 10 x 10, moving up to 6 x 6, then another begins. Shots "
            "that are like none are left over.",
        ),
    ] = None
    as_map: Annotated[
        bool, typer.Option("--map", help="The whole library as one picture, with similar shots near each other.")
    ] = False

    @property
    def asked(self) -> bool:
        """Whether any of it is."""
        return self.clusters is not None or self.as_map

    def count(self) -> int | Literal["auto"]:
        """How many groups. Raises UsageError."""
        from reinterpret.errors import UsageError

        if self.clusters == "auto":
            return "auto"
        text = self.clusters or ""
        if not (text.isascii() and text.isdigit() and int(text[:10]) > 0):
            raise UsageError(f"--clusters takes a number from 1, or auto, got {self.clusters!r}")
        return int(text[:10])


@dataclass(frozen=True, slots=True)
class QueryOptions:
    """What is looked for: one of these."""

    shot: Annotated[
        str | None, typer.Option(metavar="FILM:NUMBER", help="Look for what is like a shot of the library.")
    ] = None
    image: Annotated[Path | None, typer.Option(help="Look for what is like this picture.")] = None
    video: Annotated[Path | None, typer.Option(help="Look for what is like a frame of this video (see --at).")] = None
    at: Annotated[float | None, typer.Option(metavar="SECONDS", help="Where in --video, from its start.")] = None
    length: ForOption = None
    text: Annotated[str | None, typer.Option(metavar="WORDS", help="Look for what these words say.")] = None
    parts: Annotated[
        bool, typer.Option("--parts", help="Look for parts of the picture or frame as well: a picture in a picture.")
    ] = False
    text_ok: TextOkOption = False

    @property
    def files(self) -> list[Path]:
        """Those that are read."""
        return [path for path in (self.image, self.video) if path is not None]

    def check(self) -> None:
        """Whether that is one question. Raises UsageError."""
        from reinterpret.errors import UsageError

        if (self.video is None) != (self.at is None):
            raise UsageError("--video and --at SECONDS, the instant to look for, go together")
        if self.length is not None and (self.video is None or self.parts):
            raise UsageError("--for SECONDS goes with --video and --at, and not with --parts")
        if sum(given is not None for given in (self.shot, self.image, self.video, self.text)) != 1:
            raise UsageError("say what to look for with one of --shot, --image, --text or --video with --at")
        if self.parts and self.image is None and self.video is None:
            raise UsageError("--parts goes with --image or --video")

    def said(self, library: Library, neighbours: Neighbours) -> TextQuery | None:
        """How the words are read, if it is words. Raises UsageError, LibraryError, EncoderError."""
        from reinterpret.words import text_query

        self.check()
        if self.text is None:
            return None
        said = text_query(self.text, library, neighbours)
        return replace(said, query=replace(said.query, text_ok=True)) if self.text_ok else said

    def query(self, library: Library, neighbours: Neighbours, device: Device) -> Query:
        """As the index wants it. Raises UsageError, VideoError, LibraryError, EncoderError."""
        self.check()
        said = self.said(library, neighbours)
        if said is not None:
            return said.query
        asked = self._seen(library, neighbours, device)
        return replace(asked, text_ok=True) if self.text_ok else asked

    def _seen(self, library: Library, neighbours: Neighbours, device: Device) -> Query:
        """If it is no words."""
        from reinterpret.library import library_encoder
        from reinterpret.queries import parse_shot, query_of_picture, read_frame, read_picture, stretch_query
        from reinterpret.video import probe

        if self.shot is not None:
            return neighbours.query_of_shot(*parse_shot(self.shot, library))
        encoder = library_encoder(library, device=device)
        if self.image is not None:
            return query_of_picture(read_picture(self.image), neighbours, encoder, parts=self.parts)
        assert self.video is not None
        assert self.at is not None
        if self.length is not None:
            return neighbours.query(stretch_query(self.video, self.at, self.length, encoder))
        return query_of_picture(read_frame(probe(self.video), self.at), neighbours, encoder, parts=self.parts)
