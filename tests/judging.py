"""For tests that judge films by decoding them: films whose every frame carries its number, and ways to read them.

Decoding here is PyAV's, straight through and without any of the code under test.
"""

from __future__ import annotations

import struct
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from reinterpret.edits import Clip, EditList, Match
from reinterpret.ffmpeg import ffmpeg_program
from reinterpret.shots import Detection
from reinterpret.shots.scan import Scan
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video, probe

ROOT = Path(__file__).resolve().parents[1]

# The number of a frame is written as 3 rows of 8 squares, white for 1: 16 bits of the frame, 8 bits of the film.
_COLUMNS, _ROWS = 8, 3
# They fill this part of the picture, so that they survive cropping 16:9 to 4:3 and back.
_LOW, _HIGH = 0.2, 0.8


def numbered_picture(number: int, film: int, width: int, height: int) -> np.ndarray:
    """height x width x 3 uint8 RGB: the number in squares on a ground whose colour changes with the film."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = (90 + 37 * film % 80, 90 + 61 * film % 80, 90 + 17 * film % 80)
    for bit in range(_COLUMNS * _ROWS):
        row, column = divmod(bit, _COLUMNS)
        top, bottom = (_edge(height, row + side, _ROWS) for side in (0, 1))
        left, right = (_edge(width, column + side, _COLUMNS) for side in (0, 1))
        picture[top:bottom, left:right] = 235 if (number | film << 16) >> bit & 1 else 20
    return picture


def _edge(size: int, step: int, steps: int) -> int:
    return round(size * (_LOW + (_HIGH - _LOW) * step / steps))


def number_of(picture: np.ndarray, box: tuple[float, float, float, float] | None = None) -> tuple[int, int]:
    """The film and the number that a picture (H x W luma) carries; `box` is where it lies: left, top, width, height."""
    left, top, width, height = box or (0.0, 0.0, float(picture.shape[1]), float(picture.shape[0]))
    value = 0
    for bit in range(_COLUMNS * _ROWS):
        row, column = divmod(bit, _COLUMNS)
        y = [top + height * (_LOW + (_HIGH - _LOW) * (row + side) / _ROWS) for side in (0.25, 0.75)]
        x = [left + width * (_LOW + (_HIGH - _LOW) * (column + side) / _COLUMNS) for side in (0.25, 0.75)]
        patch = picture[
            round(y[0]) : max(round(y[1]), round(y[0]) + 1), round(x[0]) : max(round(x[1]), round(x[0]) + 1)
        ]
        mean = float(patch.mean())
        assert abs(mean - 127) > 40, f"square {bit} is neither black nor white ({mean:.0f}): no numbered picture here"
        value |= int(mean > 127) << bit
    return value >> 16, value & 0xFFFF


def numbered_film(
    path: Path,
    count: int,
    *,
    film: int = 0,
    rate: Fraction | int = 25,
    size: tuple[int, int] = (160, 90),
    times: Sequence[Fraction] | None = None,
    codec: str = "libx264",
    pixel_format: str = "yuv420p",
    turns: int = 0,
) -> Path:
    """A film of `count` frames that carry their numbers. times: in seconds, instead of the even ones of `rate`.

    turns: quarter turns clockwise by which the picture is coded turned.
    """
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(rate))
        stream.width, stream.height = size if turns % 2 == 0 else size[::-1]
        stream.pix_fmt = pixel_format
        if codec == "libx264":
            # B-frames and distant key frames, as films have them.
            stream.options = {"preset": "veryfast", "crf": "14", "bf": "2", "g": "40"}
        elif codec == "mpeg4":
            stream.options = {"qscale": "2", "flags": "+qscale"}
        time_base = Fraction(1, 90000) if times is not None else 1 / Fraction(rate)
        stream.codec_context.time_base = time_base
        for number in range(count):
            picture = np.ascontiguousarray(np.rot90(numbered_picture(number, film, *size), -turns))
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            frame.time_base = time_base
            frame.pts = number if times is None else round(times[number] / time_base)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def even_film(
    path: Path, values: Sequence[tuple[int, int, int]], *, rate: Fraction | int = 25, size: tuple[int, int] = (64, 36)
) -> Path:
    """A film, without loss, whose every frame is of one colour: Y, U and V as video is coded (BT.709)."""
    with av.open(str(path), "w", format="matroska") as container:
        stream = container.add_stream("ffv1", rate=Fraction(rate))
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = 1, 1
        for number, colour in enumerate(values):
            height, width = size[1], size[0]
            planes = [np.full((height * width) // (4 if at else 1), value, np.uint8) for at, value in enumerate(colour)]
            frame = av.VideoFrame.from_ndarray(np.concatenate(planes).reshape(-1, width), "yuv420p")
            frame.time_base, frame.pts = 1 / Fraction(rate), number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def even_values(path: Path, *, columns: tuple[float, float] = (0, 1)) -> np.ndarray:
    """Y, U and V of every frame of a film, as coded: the middle of what lies between two shares of its width."""
    found = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            values = []
            for plane in frame.planes[:3]:
                rows = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
                left, right = (round(share * plane.width) for share in columns)
                values.append(float(np.median(rows[:, left:right])))
            found.append(values)
    return np.array(found)


def remade(source: Path, path: Path, *options: str) -> Path:
    """A copy of a film through ffmpeg."""
    ffmpeg("-y", "-i", str(source), *options, str(path))
    return path


def turned(source: Path, path: Path, counter_clockwise: int, *options: str) -> Path:
    """A copy of a film (MP4 or MOV) that says of its picture that it is to be shown turned by so many degrees.

    Written into the header of the track by hand: ffmpeg's option for it (-display_rotation) came with release 6.
    """
    remade(source, path, "-c", "copy", *options)
    data = bytearray(path.read_bytes())
    at = _matrix_of_picture(data)
    cosine, sine = {0: (1, 0), 90: (0, 1), 180: (-1, 0), 270: (0, -1)}[counter_clockwise % 360]
    # Three rows; numbers of 16 bits behind the point, of 30 in the last column (ISO 14496-12, 6.2.2).
    rows = (cosine, -sine, 0, sine, cosine, 0, 0, 0, 1)
    struct.pack_into(">9i", data, at, *(value << (30 if place % 3 == 2 else 16) for place, value in enumerate(rows)))
    path.write_bytes(data)
    return path


def _matrix_of_picture(data: bytes | bytearray) -> int:
    """Where the matrix of the picture's track lies in an MP4: in the header of the first track that is a picture's."""
    (movie,) = _boxes(data, "moov")
    for track in _boxes(data, "trak", movie):
        (media,) = _boxes(data, "mdia", track)
        (handler,) = _boxes(data, "hdlr", media)
        if data[handler.start + 8 : handler.start + 12] == b"vide":
            (header,) = _boxes(data, "tkhd", track)
            # Behind version and flags, times of 32 or 64 bits, number and length, and 16 bytes.
            return header.start + 4 + (32 if data[header.start] == 1 else 20) + 16
    raise AssertionError("there is no track with a picture")


def with_sound(
    source: Path, path: Path, codec: str, *, seconds: float, sound_delay: float = 0, picture_delay: float = 0
) -> Path:
    """The film with a tone under it; one of both may begin later."""
    tone = ["-f", "lavfi", "-itsoffset", str(sound_delay), "-t", str(seconds)]
    tone += ["-i", "sine=frequency=330:sample_rate=48000:beep_factor=3"]
    maps = ["-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", codec, "-strict", "-2"]
    ffmpeg("-y", "-itsoffset", str(picture_delay), "-i", str(source), *tone, *maps, str(path))
    return path


def ffmpeg(*arguments: str) -> str:
    """Run ffmpeg; what it says on standard error."""
    done = subprocess.run(
        [ffmpeg_program(), "-nostdin", "-hide_banner", "-loglevel", "error", *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def decoded_facts(path: Path) -> tuple[Video, FrameGrid]:
    """What a complete decoding tells about a film."""
    with Scan(probe(path), detection=Detection("none")) as scan:
        assert list(scan)
        assert scan.grid is not None
        return scan.video, scan.grid


def edit_of(trailer: Path, *clips: tuple[int, Path | None, Fraction | float], speed: Fraction | int = 1) -> EditList:
    """An edit by hand: for every clip its frames, its film (None: black) and the second at which it goes in."""
    video, grid = decoded_facts(trailer)
    films: dict[Path, Video] = {}
    made, first = [], 0
    for number, (frames, film, start) in enumerate(clips):
        if film is None:
            made.append(Clip(first, frames, "black"))
        else:
            source = films.setdefault(film, decoded_facts(film)[0])
            begin = Fraction(start)
            needed = (grid.seconds(first + frames) - grid.seconds(first)) * Fraction(speed)
            whole = Span(Fraction(0), source.duration)
            used = Span(begin, min(begin + needed, whole.end))
            match = Match(number, source.fingerprint, 0, whole, used, 0.5, (("content", 0.5),))
            made.append(Clip(first, frames, "footage", match, Fraction(speed)))
        first += frames
    return EditList(video, grid, tuple(films.values()), tuple(made))


def pictures(path: Path) -> list[tuple[Fraction, np.ndarray]]:
    """Every frame of a film: its time in seconds, and its luma, H x W uint8, as coded."""
    found = []
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for frame in container.decode(stream):
            assert frame.pts is not None
            found.append((frame.pts * stream.time_base, frame.to_ndarray(format="gray")))
    return found


def expected_number(times: Sequence[Fraction], instant: Fraction) -> int:
    """The frame on the screen at `instant`: the last whose time is not later (times may be rounded to 1 ms)."""
    shown = [number for number, time in enumerate(times) if time - times[0] <= instant + Fraction(1, 1000)]
    return shown[-1] if shown else 0


def expected_numbers(edit: EditList) -> list[int | None]:
    """For every frame of the film the number of the source frame that the edit names; None for black."""
    found: list[int | None] = []
    times: dict[str, list[Fraction]] = {}
    for clip in edit.clips:
        for frame in range(clip.first_frame, clip.end_frame):
            if clip.match is None:
                found.append(None)
                continue
            film = edit.film(clip.match.film)
            if film.fingerprint not in times:
                times[film.fingerprint] = [time for time, _ in pictures(film.path)]
            passed = (edit.grid.slot(frame) - edit.grid.slot(clip.first_frame)) / edit.grid.rate
            found.append(expected_number(times[film.fingerprint], clip.match.source_span.start + passed * clip.speed))
    return found


def sound_packets(path: Path) -> list[tuple[Fraction, bytes]]:
    """The packets of the first audio stream: when each is heard, counted from the first picture, and its bytes."""
    with av.open(str(path)) as container:
        streams = [container.streams.video[0], *container.streams.audio[:1]]
        packets = [(p.stream.type, _seconds(p), bytes(p)) for p in container.demux(streams) if p.size]
    first = min(when for kind, when, _ in packets if kind == "video")
    return [(when - first, data) for kind, when, data in packets if kind == "audio"]


def _seconds(packet: av.Packet) -> Fraction:
    stamp = packet.pts if packet.pts is not None else packet.dts
    assert stamp is not None
    return stamp * packet.time_base


def sound_seconds(path: Path) -> float:
    """How long the decoded sound is."""
    with av.open(str(path)) as container:
        return sum(frame.samples / frame.sample_rate for frame in container.decode(container.streams.audio[0]))


def atoms(path: Path) -> list[str]:
    """The names of the boxes at the top of an MP4, in order."""
    data = path.read_bytes()
    return [name for name, _ in _every_box(data, range(len(data)))]


def _boxes(data: bytes | bytearray, name: str, within: range | None = None) -> list[range]:
    """Where the contents of the boxes of that name lie in an MP4, or in another box of it."""
    return [inside for found, inside in _every_box(data, within or range(len(data))) if found == name]


def _every_box(data: bytes | bytearray, within: range) -> Iterator[tuple[str, range]]:
    position = within.start
    while position < within.stop:
        size, head = int.from_bytes(data[position : position + 4], "big"), 8
        name = data[position + 4 : position + 8].decode("latin-1")
        if size <= 1:
            size, head = int.from_bytes(data[position + 8 : position + 16], "big"), 16
        yield name, range(position + head, position + size)
        position += size


def children(parents: Iterable[int]) -> set[int]:
    """The processes below some others, at any depth."""
    below: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                status = (entry / "stat").read_text()
            except OSError:
                continue
            below.setdefault(int(status.rpartition(")")[2].split()[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = list(parents)
    while waiting:
        for child in below.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found
