"""Probing: a path goes in, a `Video` (a sheet of facts about the film) comes out.

This module is also the only door through which a container is opened, so that no input can make the
program open another file or an address: playlists, manifests, devices and picture sequences are refused.
"""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import stat
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import lru_cache
from itertools import islice, pairwise
from pathlib import Path
from typing import Any, Literal, cast, get_args

import av
import av.container
import av.error
import av.video
from av.audio.stream import AudioStream
from av.video.stream import VideoStream

from reinterpret.errors import VideoError
from reinterpret.fields import Field
from reinterpret.timebase import format_fraction, round_half_up, standard_rate

logger = logging.getLogger(__name__)

Timestamps = Literal["pts", "dts", "counted"]

# Demuxers that hold the footage themselves. Left out on purpose: those that open other files or addresses
# (concat, hls, dash, imf, sdp, rtsp, image2; also vobsub and mlv, which open files of the same name with another
# suffix), devices, and pictures and texts, which are no videos.
_CONTAINERS = (
    "3g2,3gp,4xm,amv,apng,argo_asf,asf,asf_o,av1,avi,avs,avs2,avs3,bethsoftvid,bfi,bink,c93,cavsvideo,cdxl,cine,"
    "dhav,dirac,dnxhd,dsicin,dv,dxa,ea,evc,film_cpk,filmstrip,flic,flv,gdv,gif,gxf,h261,h263,h264,hevc,hnm,idcin,"
    "iff,ifv,ipmovie,ipu,iv8,ivf,ivr,jpegxl_anim,jv,kux,live_flv,lmlm4,lvf,lxf,m4v,matroska,matroska,webm,mgsts,"
    "mjpeg,mjpeg_2000,mm,mov,mov,mp4,m4a,3gp,3g2,mj2,mp4,mpeg,mpeg1video,mpeg2video,mpegts,mpegvideo,mtv,mv,"
    "mxf,mxg,nsv,nut,nuv,obu,ogg,paf,pmp,psxstr,pva,r3d,rl2,rm,roq,rpl,segafilm,smjpeg,smk,smush,swf,thp,"
    "tiertexseq,tmv,ty,vc1,vc1test,vividas,vivo,vmd,vqf,vvc,wc3movie,webp_anim,wsvqa,wtv,xmv,yop,yuv4mpegpipe"
)
# What holds sound alone, likewise.
_SOUND_CONTAINERS = "aac,ac3,aiff,amr,ape,au,caf,dts,eac3,flac,mp3,mpc,mpc8,ogg,tta,voc,w64,wav,wv"
# The container must not open anything beside the file it was given.
OPEN_OPTIONS = {"protocol_whitelist": "file", "format_whitelist": _CONTAINERS}

# Streams that a person may name, and what each needs to come through. Never `file`, and no playlists: what a stream
# says must not open anything else.
_STREAM_PROTOCOLS = {
    "http": "http,tcp",
    "https": "https,http,tls,tcp",
    "rtmp": "rtmp,tcp",
    "rtsp": "rtsp,rtp,udp,tcp",
    "srt": "srt",
    "tcp": "tcp",
    "udp": "udp",
}
_STREAM_CONTAINERS = f"{_CONTAINERS},mpjpeg,rtsp"
# Seconds: to get through to an address, and for each packet.
_STREAM_PATIENCE = (10.0, 10.0)

# What a disk or a network share says when it goes away.
_LOST_DISK = frozenset({errno.EIO, errno.ENODEV, errno.ENOTCONN, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTUNREACH})

_PICTURE_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp", ".heic", ".avif", ".dpx", ".exr", ".jp2", ".tga"}
)

# Enough frames to see a reordering pattern of B-frames (16 is the longest that H.264 and HEVC allow).
_PROBED_FRAMES = 24
# A fingerprint reads at most this much, spread over the file: 300 hours of film are known again in seconds.
_FINGERPRINT_CHUNKS = 64
_FINGERPRINT_CHUNK_BYTES = 64 * 1024
_KNOWN_FINGERPRINTS = 10_000
# More than one dropped frame in a hundred is a film with a variable rate, not a film that lost some frames.
_DROPPED_FRAMES_SHARE = Fraction(1, 100)


@dataclass(frozen=True, slots=True)
class Video:
    """Facts about one film. Frame number 0 is its first frame that can be decoded, at 0 seconds."""

    path: Path
    fingerprint: str
    """Hash over size and samples of the content; the key of every cache."""
    frame_rate: Fraction
    frame_count: int
    """Frames that were decoded, or, before anybody has decoded them all, what the header promises (0: unknown)."""
    width: int
    """Pixels as coded: before rotation and before the sample aspect ratio is applied."""
    height: int
    rotation: int
    """Degrees clockwise by which the coded picture must be turned for display: 0, 90, 180 or 270."""
    sample_aspect: Fraction
    duration: Fraction
    """Seconds from the first frame to the end of the last; 0 if unknown."""
    start: Fraction
    """Time stamp of the first frame in the file's own time, in seconds; sound is placed by it."""
    audio: bool
    container: str
    timestamps: Timestamps = "pts"
    """Which of the container's times order the frames; `counted` if none of them do."""

    @property
    def display_width(self) -> int:
        """Width in square pixels, upright."""
        return self._display_size()[0]

    @property
    def display_height(self) -> int:
        """Height in square pixels, upright."""
        return self._display_size()[1]

    def _display_size(self) -> tuple[int, int]:
        # Widening, never narrowing: no line of the picture is thrown away.
        if self.sample_aspect >= 1:
            width, height = round_half_up(self.width * self.sample_aspect), self.height
        else:
            width, height = self.width, round_half_up(self.height / self.sample_aspect)
        return (height, width) if self.rotation in (90, 270) else (width, height)

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {
            "path": str(self.path),
            "fingerprint": self.fingerprint,
            "frame_rate": format_fraction(self.frame_rate),
            "frame_count": self.frame_count,
            "width": self.width,
            "height": self.height,
            "rotation": self.rotation,
            "sample_aspect": format_fraction(self.sample_aspect),
            "duration": format_fraction(self.duration),
            "start": format_fraction(self.start),
            "audio": self.audio,
            "container": self.container,
            "timestamps": self.timestamps,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any] | Field) -> Video:
        """Raises FieldError, a ValueError, for values that are not those of a video."""
        facts = values if isinstance(values, Field) else Field(values)
        return cls(
            path=Path(facts["path"].text()),
            fingerprint=facts["fingerprint"].text(),
            frame_rate=facts["frame_rate"].fraction(above=0),
            frame_count=facts["frame_count"].integer(0),
            width=facts["width"].integer(1),
            height=facts["height"].integer(1),
            rotation=_rotation(facts["rotation"]),
            sample_aspect=facts["sample_aspect"].fraction(above=0),
            duration=facts["duration"].fraction(low=0),
            start=facts["start"].fraction(),
            audio=facts["audio"].flag(),
            container=facts["container"].text(),
            timestamps=_timestamps(facts["timestamps"]),
        )


def _rotation(field: Field) -> int:
    if field.value not in (0, 90, 180, 270):
        field.refuse("one of 0, 90, 180, 270")
    return field.integer()


def _timestamps(field: Field) -> Timestamps:
    return cast(Timestamps, field.text(get_args(Timestamps)))


def probe(path: Path | str) -> Video:
    """The facts about the film at `path`, from its header and its first frames.

    Raises VideoError, with the reason, for everything that cannot be used as a video.
    """
    path = Path(path)
    with open_container(path) as (container, stream):
        frames = _first_frames(path, container, stream)
        first = frames[0]
        timestamps = _ordering_timestamps(frames)
        stamp = {"pts": first.pts, "dts": first.dts, "counted": 0}[timestamps] or 0
        time_base = stream.time_base or Fraction(1, 1000)
        rate = _nominal_rate(stream, frames, timestamps)
        aspect = first_positive(stream.sample_aspect_ratio, stream.codec_context.sample_aspect_ratio)
        duration = _header_duration(container, stream)
        return Video(
            path=path.absolute(),
            fingerprint=fingerprint(path),
            frame_rate=rate,
            frame_count=stream.frames or (round_half_up(duration * rate) if duration else 0),
            width=first.width,
            height=first.height,
            # PyAV gives the turn counter-clockwise, in (-180, 180]
            rotation=round(-first.rotation / 90) % 4 * 90,
            sample_aspect=aspect or Fraction(1),
            duration=duration,
            start=stamp * time_base,
            audio=bool(container.streams.audio),
            container=container.format.name,
            timestamps=timestamps,
        )


@contextmanager
def open_container(path: Path) -> Iterator[tuple[av.container.InputContainer, VideoStream]]:
    """Open the file at `path` and choose its film: never cover art, the best stream if there are several.

    Raises VideoError.
    """
    _check_file(path)
    try:
        container = av.open(str(path.absolute()), options=dict(OPEN_OPTIONS), metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise VideoError(f"{path}: {_reason_not_opened(path, error)}") from error
    with container:
        stream = container.streams.best("video")
        if stream is None or not isinstance(stream, VideoStream):
            kinds = sorted({str(other.type) for other in container.streams}) or ["none"]
            raise VideoError(f"{path}: has no video stream (its streams: {', '.join(kinds)})")
        if stream.disposition & stream.disposition.attached_pic:
            raise VideoError(f"{path}: has no video stream, only a cover picture")
        if stream.codec_context is None:
            raise VideoError(f"{path}: its video codec is not known to this build of ffmpeg, convert it first")
        yield container, stream


@contextmanager
def open_sound(path: Path) -> Iterator[tuple[av.container.InputContainer, AudioStream]]:
    """Open the file at `path`, a film or one that holds sound alone, and choose its sound. Raises VideoError."""
    _check_file(path)
    options = {**OPEN_OPTIONS, "format_whitelist": f"{_CONTAINERS},{_SOUND_CONTAINERS}"}
    try:
        container = av.open(str(path.absolute()), options=options, metadata_errors="replace")
    except av.error.FFmpegError as error:
        raise VideoError(f"{path}: is not a file whose sound can be read ({error.strerror})") from error
    with container:
        stream = container.streams.best("audio")
        if not isinstance(stream, AudioStream) or stream.codec_context is None:
            raise VideoError(f"{path}: has no sound that can be read; name another file")
        yield container, stream


@contextmanager
def open_address(address: str) -> Iterator[tuple[av.container.InputContainer, VideoStream]]:
    """Open a stream at an address that a person has named, never one that an input names. Raises VideoError."""
    kind = address.partition("://")[0].lower()
    if kind not in _STREAM_PROTOCOLS:
        raise VideoError(f"{address}: streams begin with {'://, '.join(_STREAM_PROTOCOLS)}://, not with {kind}://")
    options = {"protocol_whitelist": _STREAM_PROTOCOLS[kind], "format_whitelist": _STREAM_CONTAINERS}
    try:
        container = av.open(address, options=options, timeout=_STREAM_PATIENCE, metadata_errors="replace")
    except (av.error.FFmpegError, OSError) as error:
        raise VideoError(f"{address}: cannot be opened as a stream ({error.strerror or error})") from error
    with container:
        stream = container.streams.best("video")
        if stream is None or not isinstance(stream, VideoStream) or stream.codec_context is None:
            raise VideoError(f"{address}: has no video stream that can be decoded")
        yield container, stream


def fingerprint(path: Path) -> str:
    """A name for the content of a file: the same for a copy or a moved file, another after any edit.

    BLAKE2b over the size and 64 samples of 64 KiB spread evenly (all of it, if it is no larger than that).
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest = hashlib.blake2b(str(size).encode(), digest_size=16)
            budget = _FINGERPRINT_CHUNKS * _FINGERPRINT_CHUNK_BYTES
            if size <= budget:
                digest.update(file.read())
            else:
                for number in range(_FINGERPRINT_CHUNKS):
                    file.seek((size - _FINGERPRINT_CHUNK_BYTES) * number // (_FINGERPRINT_CHUNKS - 1))
                    digest.update(file.read(_FINGERPRINT_CHUNK_BYTES))
            return digest.hexdigest()
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror})") from error


def known_fingerprint(path: Path) -> str:
    """What `fingerprint` says, not read again as long as the file's place, size and time of change are the same.

    For those who ask at every change of an edit: its films may lie on a slow disk. Raises VideoError.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror})") from error
    return _fingerprint_then(path, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@lru_cache(maxsize=_KNOWN_FINGERPRINTS)
def _fingerprint_then(path: Path, _device: int, _inode: int, _size: int, _changed_ns: int) -> str:
    return fingerprint(path)


@dataclass(frozen=True, slots=True)
class FrameGrid:
    """When the frames of a film are shown, as a constant rate with, at most, a few places left empty.

    Frame k is shown at slot(k) / rate; without `dropped` slot(k) is k.
    """

    rate: Fraction
    frame_count: int
    dropped: tuple[int, ...] = ()
    """Places of the grid, ascending, at which the film has no frame: the one before stays on the screen."""

    def __post_init__(self) -> None:
        if self.rate <= 0 or self.frame_count < 1:
            raise ValueError(f"a grid needs a positive rate and a frame, got {self.rate} and {self.frame_count}")
        ordered = all(a < b for a, b in zip(self.dropped, self.dropped[1:], strict=False))
        if not ordered or any(not 0 < slot < self.frame_count + len(self.dropped) for slot in self.dropped):
            raise ValueError(f"dropped places must ascend within the grid, got {self.dropped}")

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; `from_json` is the inverse."""
        return {"rate": format_fraction(self.rate), "frame_count": self.frame_count, "dropped": list(self.dropped)}

    @classmethod
    def from_json(cls, values: dict[str, Any] | Field) -> FrameGrid:
        """Raises FieldError, a ValueError, for values that are not those of a grid."""
        facts = values if isinstance(values, Field) else Field(values)
        count = facts["frame_count"].integer(1)
        dropped: list[int] = []
        for slot in facts["dropped"].list():
            dropped.append(slot.integer(dropped[-1] + 1 if dropped else 1))
            if dropped[-1] >= count + len(facts["dropped"].value):
                slot.refuse("a place within the grid")
        return cls(facts["rate"].fraction(above=0), count, tuple(dropped))

    def slot(self, frame: int) -> int:
        """The place of a frame on the constant grid; `frame_count` gives the place after the end."""
        # Frames before a dropped place are as many as there are kept places before it.
        before: int = bisect_right(range(len(self.dropped)), frame, key=lambda number: self.dropped[number] - number)
        return frame + before

    def seconds(self, frame: int) -> Fraction:
        """When a frame begins to be shown."""
        return self.slot(frame) / self.rate

    @property
    def duration(self) -> Fraction:
        """Seconds from the first frame to the end of the last."""
        return self.seconds(self.frame_count)


def frame_grid(video: Video, seconds: list[Fraction]) -> FrameGrid:
    """The grid on which the frames of `video`, shown at `seconds` from its start, lie.

    A film of a constant rate keeps every frame, also when it dropped some (they stay dropped). A film of a
    variable rate gets the constant rate at which it has as many frames as before.
    """
    if len(seconds) == 1:
        return FrameGrid(video.frame_rate, 1)
    mean_rate = (len(seconds) - 1) / (seconds[-1] - seconds[0])
    for rate in dict.fromkeys((video.frame_rate, standard_rate(mean_rate), mean_rate.limit_denominator(1001))):
        slots = [round_half_up(instant * rate) for instant in seconds]
        if any(b <= a for a, b in pairwise(slots)):
            continue
        if slots[-1] + 1 - len(slots) <= len(slots) * _DROPPED_FRAMES_SHARE:
            dropped = sorted(set(range(slots[-1] + 1)) - set(slots))
            return FrameGrid(rate, len(slots), tuple(dropped))
    return FrameGrid(standard_rate(mean_rate), round_half_up((seconds[-1] - seconds[0]) * standard_rate(mean_rate)) + 1)


def with_decoded_facts(video: Video, grid: FrameGrid, duration: Fraction) -> Video:
    """`video` with what only a complete decoding can tell."""
    return replace(video, frame_rate=grid.rate, frame_count=grid.frame_count, duration=duration)


def first_positive(*values: Fraction | None) -> Fraction | None:
    """The first that is a positive number; containers write 0/1 or nothing for what they do not know."""
    for value in values:
        if value is not None and value.denominator and value > 0:
            return Fraction(value.numerator, value.denominator)
    return None


def _check_file(path: Path) -> None:
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise VideoError(f"{path}: no such file") from error
    except OSError as error:
        raise VideoError(f"{path}: cannot be read ({error.strerror})") from error
    if stat.S_ISDIR(status.st_mode):
        raise VideoError(f"{path}: is a folder, a video file was expected")
    if not stat.S_ISREG(status.st_mode):
        # A pipe or a device would block for ever, or never end.
        raise VideoError(f"{path}: is not a regular file")
    if status.st_size == 0:
        raise VideoError(f"{path}: is empty (0 bytes)")
    if not os.access(path, os.R_OK):
        raise VideoError(f"{path}: cannot be read (permission denied)")


def _reason_not_opened(path: Path, error: av.error.FFmpegError) -> str:
    if path.suffix.lower() in _PICTURE_SUFFIXES:
        return "is a picture, a video was expected"
    if isinstance(error, PermissionError):
        return "cannot be read (permission denied)"
    return f"is not a video that can be read, or it is cut short ({error.strerror})"


def _first_frames(
    path: Path, container: av.container.InputContainer, stream: VideoStream
) -> list[av.video.frame.VideoFrame]:
    frames = list(islice(decoded(container, stream), _PROBED_FRAMES))
    if not frames:
        codec = stream.codec_context.name
        raise VideoError(f"{path}: not one frame of its {codec} video can be decoded; it is damaged or cut short")
    return frames


def decoded(container: av.container.InputContainer, stream: VideoStream) -> Iterator[av.video.frame.VideoFrame]:
    """Every frame that can be had, in the order of display; what is damaged is passed over.

    A damaged packet must not hide the rest of the film, so decoding goes on behind it. A demuxer that fails
    (the file is cut short) ends the film there; the decoder's last frames are still given out. But a disk or a
    share that fails in the middle raises VideoError: the film is not as short as it then seems.
    """
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError) as error:
            if getattr(error, "errno", None) in _LOST_DISK:
                raise VideoError(f"{container.name}: reading failed in the middle ({error.strerror})") from error
            logger.info("%s: reading ends early (%s)", container.name, error)
            break
        except IndexError:
            # PyAV 18, at the end of a film in which a stream appeared that was not there at its beginning.
            break
        if packet is None:
            return
        # Theora writes "the same again" as an empty packet, which the decoder takes for the end.
        if packet.size == 0 and (packet.pts is not None or packet.dts is not None):
            continue
        try:
            frames = packet.decode()
        except (av.error.FFmpegError, ValueError) as error:
            logger.debug("%s: a damaged packet was passed over (%s)", container.name, error)
            continue
        yield from (frame for frame in frames if isinstance(frame, av.VideoFrame))
    try:
        yield from stream.decode(None)
    except (av.error.FFmpegError, ValueError) as error:
        logger.debug("%s: the decoder's last frames are lost (%s)", container.name, error)


def _ordering_timestamps(frames: list[av.video.frame.VideoFrame]) -> Timestamps:
    """Which times ascend with the frames. VC-1 in ASF carries decoding order as its presentation times."""
    for kind in ("pts", "dts"):
        stamps = [getattr(frame, kind) for frame in frames]
        if None not in stamps and all(a < b for a, b in pairwise(stamps)):
            return "pts" if kind == "pts" else "dts"
    return "counted"


def _nominal_rate(stream: VideoStream, frames: list[av.video.frame.VideoFrame], timestamps: Timestamps) -> Fraction:
    measured = None
    if timestamps != "counted" and len(frames) > 1 and stream.time_base:
        ticks = getattr(frames[-1], timestamps) - getattr(frames[0], timestamps)
        measured = (len(frames) - 1) / (ticks * stream.time_base)
    header = first_positive(stream.guessed_rate, stream.average_rate)
    if header is not None and measured is not None and not Fraction(2, 3) < header / measured < Fraction(3, 2):
        # Fields counted as frames, a time base given out as a rate: the frames themselves know better.
        header = None
    return standard_rate(header or measured or Fraction(25))


def _header_duration(container: av.container.InputContainer, stream: VideoStream) -> Fraction:
    if stream.duration and stream.duration > 0 and stream.time_base:
        return stream.duration * stream.time_base
    if container.duration and container.duration > 0:
        return Fraction(container.duration, av.time_base)
    return Fraction(0)
