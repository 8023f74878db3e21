"""Joining: segments and a sound go in, a film of all of them comes out; nothing is encoded again."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import av
import av.audio.stream
import av.container
import av.error

from reinterpret.errors import FfmpegError
from reinterpret.timebase import round_half_up
from reinterpret.video import OPEN_OPTIONS, FrameGrid

# PyAV's packets know the kind of their stream; here video and audio are merged.
Packet: TypeAlias = "av.Packet[Any]"
# Of so many segments it is remembered in which order their frames are decoded, and of small ones what they hold, for a
# film that is joined again and again as it changes: opening a file takes longer than writing its packets.
_KNOWN_SEGMENTS = 1000
# 128 MiB of packets at most.
_KEPT_BYTES = 128 << 10


class SegmentError(FfmpegError):
    """A segment is not what was encoded."""


@dataclass(frozen=True, slots=True)
class Sound:
    """An audio stream that an MP4 can carry as it is, and how much later than the first picture it begins."""

    path: Path
    delay: Fraction
    """Seconds by which its own times are to be moved so that 0 is the trailer's first frame."""


def join(segments: list[Path], grid: FrameGrid, sound: Sound | None, out: Path) -> None:
    """Put segments together, frame by frame on the grid, with the sound beside them. Nothing is encoded again.

    Raises FfmpegError if the segments do not fit together, OSError if `out` cannot be written.
    """
    read = [_segment(path) for path in segments]
    frame_count = sum(len(segment.order) for segment in read)
    if frame_count != grid.frame_count:
        raise SegmentError(f"the segments have {frame_count} frames, the trailer has {grid.frame_count}")
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
        packets.append(_video_packets(read, grid, video, time_base, lead))
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


def _decoding_seconds(packet: Packet) -> float:
    # Only an order: fractions would take longer than all the rest.
    time_base = packet.time_base or Fraction(1)
    return (packet.dts or 0) * time_base.numerator / time_base.denominator


def _video_packets(
    segments: list[_Segment], grid: FrameGrid, stream: av.stream.Stream, time_base: Fraction, lead: Fraction
) -> Iterator[Packet]:
    """The packets of all segments with the times of the whole film."""
    # Decoding runs ahead of display by the depth of the B-frames, the same everywhere.
    depth = max(position - shown for segment in segments for position, shown in enumerate(segment.order))
    # A whole number, see `_fine_time_base`.
    ticks = int(1 / (grid.rate * time_base))
    offset = round_half_up(lead / time_base)
    first = 0
    for segment in segments:
        if segment.extradata != segments[0].extradata:
            raise SegmentError(f"{segment.path}: was encoded otherwise than the first segment")
        for position, packet in enumerate(segment.packets()):
            slot = grid.slot(first + segment.order[position])
            packet.pts = offset + slot * ticks
            packet.dts = offset + (first + position - depth) * ticks
            packet.duration = (grid.slot(first + segment.order[position] + 1) - slot) * ticks
            packet.time_base = time_base
            packet.stream = stream
            yield packet
        first += len(segment.order)


@dataclass(frozen=True, slots=True)
class _Segment:
    """What is known of a segment after it was read."""

    path: Path
    extradata: bytes | None
    order: tuple[int, ...]
    """For each packet, in the order of decoding, the number of the frame it shows."""
    kept: tuple[tuple[bytes, bool], ...]
    """Of a small segment its packets, and whether each is a key frame."""

    def packets(self) -> Iterator[Packet]:
        """Its packets, without times that mean anything."""
        for content, is_keyframe in self.kept:
            packet = av.Packet(content)
            packet.is_keyframe = is_keyframe
            yield packet
        if not self.kept:
            with av.open(str(self.path)) as container:
                yield from _full_packets(container, container.streams.video[0])


def _segment(path: Path) -> _Segment:
    """Raises SegmentError."""
    try:
        status = path.stat()
    except OSError as error:
        raise SegmentError(f"{path}: the segment is gone ({error.strerror})") from error
    # Segments are never changed, but replaced; when they were used last is written as the time of their change.
    return _read_segment(path, status.st_ino, status.st_size)


@lru_cache(maxsize=_KNOWN_SEGMENTS)
def _read_segment(path: Path, _inode: int, size: int) -> _Segment:
    stamps, kept = [], []
    try:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            extradata = stream.codec_context.extradata
            for packet in _full_packets(container, stream):
                stamps.append(packet.pts)
                if size <= _KEPT_BYTES:
                    kept.append((bytes(packet), packet.is_keyframe))
    except (av.error.FFmpegError, IndexError) as error:
        raise SegmentError(f"{path}: the segment is damaged ({error})") from error
    rank = {stamp: number for number, stamp in enumerate(sorted(stamp for stamp in stamps if stamp is not None))}
    if len(rank) != len(stamps):
        raise SegmentError(f"{path}: the segment has frames without a time")
    return _Segment(path, extradata, tuple(rank[stamp] for stamp in stamps if stamp is not None), tuple(kept))


def _full_packets(container: av.container.InputContainer, stream: av.stream.Stream) -> Iterator[Packet]:
    """Packets with content; PyAV ends every stream with an empty one."""
    return (packet for packet in container.demux(stream) if packet.size)


def _audio_packets(
    container: av.container.InputContainer, source: av.stream.Stream, target: av.stream.Stream, shift: Fraction
) -> Iterator[Packet]:
    last: int | None = None
    ticks = round_half_up(shift / (source.time_base or Fraction(1)))
    for packet in _full_packets(container, source):
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
