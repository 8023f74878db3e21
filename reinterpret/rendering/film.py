"""The reinterpretation: an edit goes in, a film with the trailer's own sound comes out."""

from __future__ import annotations

import heapq
import logging
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

import av
import av.audio.stream
import av.container
import av.error

from reinterpret.edits import EditList, most_used_film
from reinterpret.errors import EditError, FfmpegError, UsageError, VideoError
from reinterpret.ffmpeg import run_ffmpeg
from reinterpret.files import cache_folder, check_output, not_written, prune, renamed_into
from reinterpret.rendering.encoding import command
from reinterpret.rendering.mixing import mix_sound
from reinterpret.rendering.panel import Fit
from reinterpret.rendering.segments import MOST_BYTES, Layout, Settings, encode_segments
from reinterpret.timebase import round_half_up
from reinterpret.video import OPEN_OPTIONS, FrameGrid, Video, fingerprint, open_container

logger = logging.getLogger(__name__)

FilmLayout = Literal["alone", "side-by-side", "both"]
FILM_SUFFIXES = (".mp4", ".m4v", ".mov")

# What an MP4 carries as it is, and players expect in one. The rest is encoded to AAC.
_COPIED_AUDIO = frozenset({"aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"})
# PyAV's packets know the kind of their stream; here video and audio are merged.
Packet: TypeAlias = "av.Packet[Any]"
# H.264 decoders in hardware end at 4096 pixels across.
_WIDEST_FRAME = 3840
_PRESETS = ["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow"]


def render(
    edit: EditList,
    out: Path | str,
    *,
    layout: FilmLayout = "alone",
    fit: Fit = "crop",
    height: int | None = None,
    crf: int = 18,
    preset: str = "medium",
    captions: bool = False,
    jobs: int | None = None,
    on_frames: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Render an edit to H.264 in MP4 with the trailer's sound. Returns the films made.

    layout: `alone`; `side-by-side` (trailer left, archive right); `both`, where the second film gets the name
    OUT.side-by-side.mp4. fit: see `Panel`. height: of the film in pixels, by default the trailer's. captions:
    say on the film that is side by side what the two pictures share. on_frames: told how many frames are done, of how
    many. Raises EditError, VideoError, FfmpegError, OutputError, UsageError.
    """
    out = Path(out)
    _check_options(layout, fit, crf, preset, height, jobs)
    layouts: list[tuple[Layout, Path]] = []
    if layout in ("alone", "both"):
        layouts.append(("alone", out))
    if layout in ("side-by-side", "both"):
        layouts.append(("side-by-side", side_by_side_path(out) if layout == "both" else out))
    for _, path in layouts:
        check_output(path, inputs=edit.inputs, suffixes=FILM_SUFFIXES)
    if edit.trailer is None and layout != "alone":
        raise EditError("the edit has no trailer that could stand beside it; render it with the layout alone")
    check_films(edit)
    model = edit.trailer or most_used_film(edit)
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
            crf=crf,
            preset=preset,
            captions=captions and kind == "side-by-side",
        )
        _render_one(edit, path, settings, jobs or os.cpu_count() or 1, report)
    return [path for _, path in layouts]


def side_by_side_path(out: Path) -> Path:
    """Where the side-by-side film goes when both are made: OUT.side-by-side.mp4."""
    return out.with_name(f"{out.stem}.side-by-side{out.suffix}")


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
            found = fingerprint(video.path)
        except VideoError as error:
            raise EditError(f"the edit needs a film that is not there: {error}") from error
        if found != video.fingerprint:
            raise EditError(f"{video.path}: is not the film that the edit was made with; make the edit again")


def _check_options(layout: str, fit: str, crf: int, preset: str, height: int | None, jobs: int | None) -> None:
    for what, value, choices in (
        ("layout", layout, get_args(FilmLayout)),
        ("fit", fit, get_args(Fit)),
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


def _render_one(edit: EditList, path: Path, settings: Settings, jobs: int, on_frames: Callable[[int], None]) -> None:
    with ExitStack() as stack:
        folder = _segment_folder(stack)
        segments = encode_segments(edit, settings, folder, jobs=jobs, on_frames=on_frames)
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


class SegmentError(FfmpegError):
    """A segment is not what was encoded."""


@dataclass(frozen=True, slots=True)
class Sound:
    """An audio stream that an MP4 can carry as it is, and how much later than the first picture it begins."""

    path: Path
    delay: Fraction
    """Seconds by which its own times are to be moved so that 0 is the trailer's first frame."""


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


def join(segments: list[Path], grid: FrameGrid, sound: Sound | None, out: Path) -> None:
    """Put segments together, frame by frame on the grid, with the sound beside them. Nothing is encoded again.

    Raises FfmpegError if the segments do not fit together, OSError if `out` cannot be written.
    """
    order = [_display_order(segment) for segment in segments]
    if sum(map(len, order)) != grid.frame_count:
        raise SegmentError(f"the segments have {sum(map(len, order))} frames, the trailer has {grid.frame_count}")
    with ExitStack() as stack:
        film = stack.enter_context(
            av.open(str(out.absolute()), "w", format="mp4", options={"movflags": "+faststart", "fflags": "+bitexact"})
        )
        first = stack.enter_context(av.open(str(segments[0])))
        video = film.add_stream_from_template(first.streams.video[0])
        packets: list[Iterator[Packet]] = []
        lead = Fraction(0)
        if sound is not None:
            source = stack.enter_context(av.open(str(sound.path), options=dict(OPEN_OPTIONS)))
            stream = source.streams.best("audio")
            assert isinstance(stream, av.audio.stream.AudioStream)
            # Sound that begins before the picture keeps doing so: then the picture, not the sound, comes later.
            begin = (stream.start_time or 0) * (stream.time_base or Fraction(1)) + sound.delay
            lead = max(Fraction(0), -begin)
            audio = film.add_stream_from_template(stream)
            packets.append(_audio_packets(source, stream, audio, sound.delay + lead))
        time_base = _fine_time_base(grid.rate, lead)
        video.time_base = time_base
        packets.append(_video_packets(segments, order, grid, video, time_base, lead))
        try:
            film.start_encoding()
            for packet in heapq.merge(*packets, key=_decoding_seconds):
                film.mux_one(packet)
        except av.error.FFmpegError as error:
            raise FfmpegError(f"the film could not be put together ({error})") from error


def _fine_time_base(rate: Fraction, lead: Fraction) -> Fraction:
    """Ticks that hit every frame of the grid, and the lead as well as they can (to a tenth of a millisecond)."""
    ticks = rate.numerator
    while ticks < 10_000 or (lead * ticks).denominator != 1:
        if ticks * 2 >= 2**31 or ticks >= 1_000_000:
            break
        ticks *= 2
    return Fraction(1, ticks)


def _decoding_seconds(packet: Packet) -> Fraction:
    return (packet.dts or 0) * (packet.time_base or Fraction(1))


def _video_packets(
    segments: list[Path],
    order: list[list[int]],
    grid: FrameGrid,
    stream: av.stream.Stream,
    time_base: Fraction,
    lead: Fraction,
) -> Iterator[Packet]:
    """The packets of all segments with the times of the whole film. order: of each, see `_display_order`."""
    # Decoding runs ahead of display by the depth of the B-frames, the same everywhere.
    depth = max(position - shown for frames in order for position, shown in enumerate(frames))
    ticks = 1 / (grid.rate * time_base)
    offset = round_half_up(lead / time_base)
    first = 0
    extradata = None
    for segment, frames in zip(segments, order, strict=True):
        with av.open(str(segment)) as container:
            source = container.streams.video[0]
            extradata = extradata or source.codec_context.extradata
            if source.codec_context.extradata != extradata:
                raise SegmentError(f"{segment}: was encoded otherwise than the first segment")
            for position, packet in enumerate(_full_packets(container, source)):
                slot = grid.slot(first + frames[position])
                packet.pts = offset + int(slot * ticks)
                packet.dts = offset + int((first + position - depth) * ticks)
                packet.duration = int((grid.slot(first + frames[position] + 1) - slot) * ticks)
                packet.time_base = time_base
                packet.stream = stream
                yield packet
        first += len(frames)


def _display_order(segment: Path) -> list[int]:
    """For each packet of a segment, in the order of decoding, the number of the frame it shows."""
    try:
        with av.open(str(segment)) as container:
            stamps = [packet.pts for packet in _full_packets(container, container.streams.video[0])]
    except (av.error.FFmpegError, IndexError) as error:
        raise SegmentError(f"{segment}: the segment is damaged ({error})") from error
    rank = {stamp: number for number, stamp in enumerate(sorted(stamp for stamp in stamps if stamp is not None))}
    if len(rank) != len(stamps):
        raise SegmentError(f"{segment}: the segment has frames without a time")
    return [rank[stamp] for stamp in stamps if stamp is not None]


def _full_packets(container: av.container.InputContainer, stream: av.stream.Stream) -> Iterator[Packet]:
    """Packets with content; PyAV ends every stream with an empty one."""
    return (packet for packet in container.demux(stream) if packet.size)


def _audio_packets(
    container: av.container.InputContainer, source: av.stream.Stream, target: av.stream.Stream, shift: Fraction
) -> Iterator[Packet]:
    last: int | None = None
    for packet in _full_packets(container, source):
        time_base = packet.time_base or Fraction(1)
        ticks = round_half_up(shift / time_base)
        stamp = packet.dts if packet.dts is not None else packet.pts
        if stamp is None:
            stamp = 0 if last is None else last + (packet.duration or 1) - ticks
        packet.pts = (packet.pts if packet.pts is not None else stamp) + ticks
        # A muxer takes only ascending times; damaged files have others.
        packet.dts = stamp + ticks if last is None else max(stamp + ticks, last + 1)
        packet.pts = max(packet.pts, packet.dts)
        last = packet.dts
        packet.stream = target
        yield packet
