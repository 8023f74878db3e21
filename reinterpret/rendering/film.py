"""The reinterpretation: an edit goes in, a film with the trailer's own sound comes out."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Callable
from contextlib import ExitStack, suppress
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

import av.audio.stream

from reinterpret.edits import EditList, most_used_film
from reinterpret.errors import EditError, UsageError, VideoError
from reinterpret.ffmpeg import run_ffmpeg
from reinterpret.files import cache_folder, check_output, not_written, prune, renamed_into
from reinterpret.rendering.encoding import command
from reinterpret.rendering.framing import Mask, Reframe
from reinterpret.rendering.joining import SegmentError, Sound, join
from reinterpret.rendering.mixing import mix_sound
from reinterpret.rendering.panel import Fit
from reinterpret.rendering.segments import MOST_BYTES, GivenUp, Layout, Settings, encode_segments
from reinterpret.timebase import round_half_up
from reinterpret.video import OPEN_OPTIONS, FrameGrid, Video, known_fingerprint, open_container

logger = logging.getLogger(__name__)

FilmLayout = Literal["alone", "side-by-side", "both"]
FILM_SUFFIXES = (".mp4", ".m4v", ".mov")

# What an MP4 carries as it is, and players expect in one. The rest is encoded to AAC.
_COPIED_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"})
# H.264 decoders in hardware end at 4096 pixels across.
_WIDEST_FRAME = 3840
# A draft takes a tenth of the time: decoding the archive's films is most of it, and lower gains nothing.
_DRAFT_HEIGHT, _DRAFT_CRF, _DRAFT_PRESET = 240, 30, "ultrafast"
_PRESETS = ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]


def render(
    edit: EditList,
    out: Path | str,
    *,
    layout: FilmLayout = "alone",
    fit: Fit = "crop",
    crop_bars: bool = True,
    mask: Mask | None = None,
    reframe: Reframe = "subject",
    height: int | None = None,
    crf: int = 18,
    preset: str = "medium",
    captions: bool = False,
    draft: bool = False,
    jobs: int | None = None,
    on_frames: Callable[[int, int], None] | None = None,
    given_up: GivenUp | None = None,
) -> list[Path]:
    """Render an edit to H.264 in MP4 with the trailer's sound. Returns the films made.

    layout: `alone`; `side-by-side` (trailer left, archive right); `both`, where the second film gets the name
    OUT.side-by-side.mp4. fit: see `Panel`. crop_bars: cut off the black bars of archive films, and the dark or soft
    edges of old transfers. mask: `trailer` lays the trailer's own bars on the matches, `none` lays none; by default
    `trailer` side by side and `none` alone. reframe: where `crop` must cut some of the picture off, keep the `subject`
    in it (faces, or what stands out), or the `middle`. height: of the film in pixels, by default the trailer's.
    captions: say on the film that is side by side what the two pictures share. draft: small and fast, to judge the cut
    by: at most 240 pixels high unless a height is named; crf and preset do not count then. on_frames: told how many
    frames are done, of how many. given_up: see `GivenUp`; the film is then not made, and Stopped raised when the other
    clips are. Raises EditError, VideoError, FfmpegError, OutputError, UsageError.
    """
    out = Path(out)
    check_options(layout, fit, mask, reframe, crf, preset, height, jobs)
    layouts = _layouts(edit, layout, out)
    _check_trailer(edit, layout, mask)
    check_films(edit)
    model = edit.trailer or most_used_film(edit)
    if draft:
        height, crf, preset = height or min(model.display_height, _DRAFT_HEIGHT), _DRAFT_CRF, _DRAFT_PRESET
    total = edit.grid.frame_count * len(layouts)
    for number, (kind, path) in enumerate(layouts):
        done = number * edit.grid.frame_count

        def report(frames: int, done: int = done) -> None:
            if on_frames is not None:
                on_frames(done + frames, total)

        settings = Settings(
            *panel_size(model, kind, height),
            layout=kind,
            fit=fit,
            crop_bars=crop_bars,
            mask=mask or ("trailer" if kind == "side-by-side" else "none"),
            reframe=reframe,
            crf=crf,
            preset=preset,
            captions=captions and kind == "side-by-side",
        )
        _render_one(edit, path, settings, jobs or os.cpu_count() or 1, report, given_up)
    return [path for _, path in layouts]


def side_by_side_path(out: Path) -> Path:
    """Where the side-by-side film goes when both are made: OUT.side-by-side.mp4."""
    return out.with_name(f"{out.stem}.side-by-side{out.suffix}")


def _layouts(edit: EditList, layout: FilmLayout, out: Path) -> list[tuple[Layout, Path]]:
    """Which films are made, and where they go. Raises OutputError."""
    layouts: list[tuple[Layout, Path]] = [("alone", out), ("side-by-side", side_by_side_path(out))]
    if layout != "both":
        layouts = [(layout, out)]
    for _, path in layouts:
        check_output(path, inputs=edit.inputs, suffixes=FILM_SUFFIXES)
    return layouts


def _check_trailer(edit: EditList, layout: FilmLayout, mask: Mask | None) -> None:
    if edit.trailer is None and layout != "alone":
        raise EditError("the edit has no trailer that could stand beside it; render it with the layout alone")
    if edit.trailer is None and mask == "trailer":
        raise EditError("the edit has no trailer whose bars could be laid on it; render it with the mask none")


def panel_size(model: Video, layout: Layout, height: int | None) -> tuple[int, int]:
    """Width and height of one panel in the shape of a film: even, and no wider than players can take."""
    aspect = Fraction(model.display_width, model.display_height)
    tall = height or model.display_height
    widest = _WIDEST_FRAME // (2 if layout == "side-by-side" else 1)
    if tall * aspect > widest and height is None:
        tall = int(widest / aspect)
    size = max(16, 2 * round_half_up(tall * aspect / 2)), max(16, 2 * round_half_up(Fraction(tall, 2)))
    return size


def check_films(edit: EditList) -> None:
    """Raises EditError, naming the films, if those that the edit uses are missing or not what they were."""
    for video in edit.seen_films:
        try:
            found = known_fingerprint(video.path)
        except VideoError as error:
            raise EditError(
                f"the edit needs a film that is not there: {error}; put it back, or beside the edit"
            ) from error
        if found != video.fingerprint:
            raise EditError(f"{video.path}: is not the film that the edit was made with; make the edit again")


def check_options(
    layout: str, fit: str, mask: str | None, reframe: str, crf: int, preset: str, height: int | None, jobs: int | None
) -> None:
    """Whether `render` takes these. Raises UsageError."""
    for what, value, choices in (
        ("layout", layout, get_args(FilmLayout)),
        ("fit", fit, get_args(Fit)),
        ("mask", "none" if mask is None else mask, get_args(Mask)),
        ("reframe", reframe, get_args(Reframe)),
        ("preset", preset, _PRESETS),
    ):
        if value not in choices:
            raise UsageError(f"unknown {what} {value!r}; choose one of {', '.join(choices)}")
    if not 0 <= crf <= 51:
        raise UsageError(f"crf lies between 0 (lossless) and 51, got {crf}")
    if height is not None and not 16 <= height <= 4320:
        raise UsageError(f"the height of a film lies between 16 and 4320 pixels, got {height}")
    if jobs is not None and jobs < 1:
        raise UsageError(f"the number of jobs must be at least 1, got {jobs}")


def _render_one(
    edit: EditList,
    path: Path,
    settings: Settings,
    jobs: int,
    on_frames: Callable[[int], None],
    given_up: GivenUp | None,
) -> None:
    with ExitStack() as stack:
        folder = _segment_folder(stack)
        segments = encode_segments(edit, settings, folder, jobs=jobs, on_frames=on_frames, given_up=given_up)
        sound = _sound_of(edit, stack)
        try:
            _join_into(path, segments, edit.grid, sound)
        except SegmentError as error:
            # Something has spoiled the cache; it must not spoil every film from now on.
            logger.warning("%s; all segments of the film are made again", error)
            for segment in set(segments):
                segment.unlink(missing_ok=True)
            _join_into(path, encode_segments(edit, settings, folder, jobs=jobs), edit.grid, sound)
        prune(folder, most_bytes=MOST_BYTES, keep=segments)


def _join_into(path: Path, segments: list[Path], grid: FrameGrid, sound: Sound | None) -> None:
    try:
        with renamed_into(path) as temporary:
            join(segments, grid, sound, temporary)
    except OSError as error:
        raise not_written(path, error) from error


def _segment_folder(stack: ExitStack) -> Path:
    """Where segments are kept: the user's cache, or for this once a temporary folder if that cannot be written."""
    folder = cache_folder("segments")
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    if folder.is_dir() and os.access(folder, os.W_OK):
        return folder
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reinterpret-")))


def _sound_of(edit: EditList, stack: ExitStack) -> Sound | None:
    if edit.soundtrack.kind == "none":
        return None
    if edit.soundtrack.kind != "trailer":
        return Sound(_sound_file(stack, lambda path: mix_sound(edit, path)), Fraction(0))
    trailer = edit.trailer
    assert trailer is not None
    if not trailer.audio:
        return None
    with open_container(trailer.path) as (container, _):
        stream = container.streams.best("audio")
        if not isinstance(stream, av.audio.stream.AudioStream) or stream.codec_context is None:
            return None
        if stream.codec_context.name in _COPIED_AUDIO or stream.codec_context.codec.canonical_name in _COPIED_AUDIO:
            return Sound(trailer.path, -trailer.start)
        start, number = (stream.start_time or 0) * (stream.time_base or Fraction(0)), stream.index
    encoded = _sound_file(stack, lambda path: run_ffmpeg(audio_command(trailer, number, path)))
    return Sound(encoded, start - trailer.start)


def _sound_file(stack: ExitStack, write: Callable[[Path], object]) -> Path:
    """A file of sound, written by `write`, that is there until the stack is left."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="reinterpret-")))
    path = folder / "sound.m4a"
    try:
        write(path)
    except OSError as error:
        raise not_written(folder, error, instead="name another for temporary files with TMPDIR") from error
    return path


def audio_command(trailer: Video, stream: int, out: Path) -> list[str]:
    """The ffmpeg command that makes AAC of the stream of that number in a trailer, beginning at 0 seconds."""
    import ffmpeg

    source = ffmpeg.input(
        f"file:{trailer.path}",
        protocol_whitelist=OPEN_OPTIONS["protocol_whitelist"],
        format_whitelist=trailer.container,
        vn=None,
    )
    output = source.output(
        str(out), map=f"0:{stream}", af="asetpts=PTS-STARTPTS", acodec="aac", audio_bitrate="192k", map_metadata=-1
    )
    return command(output)
