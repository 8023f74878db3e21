"""Encoding: the parts of which the ffmpeg commands are put together that take raw frames, or samples, on a pipe."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

from reinterpret.ffmpeg import ffmpeg_program
from reinterpret.timebase import format_fraction

# BT.709, video range: said of the frames, or ffmpeg takes them for BT.601 and converts them once more, and said in the
# stream, so that no player has to guess.
_TAGS = {"colorspace": "bt709", "color_primaries": "bt709", "color_trc": "bt709"}


def raw_frames(width: int, height: int, rate: Fraction) -> Any:
    """I420 frames on standard input, as a stream of ffmpeg-python."""
    import ffmpeg

    source = ffmpeg.input("pipe:0", f="rawvideo", pix_fmt="yuv420p", s=f"{width}x{height}", r=format_fraction(rate))
    return source.filter("setparams", range="tv", **_TAGS)


def h264(stream: Any, path: Path, rate: Fraction, *, preset: str, crf: int, **options: Any) -> Any:
    """That stream as H.264 in MP4, its times in ticks that hit every frame."""
    return stream.output(
        str(path),
        vcodec="libx264",
        preset=preset,
        crf=crf,
        pix_fmt="yuv420p",
        color_range="tv",
        **_TAGS,
        video_track_timescale=rate.numerator,
        fflags="+bitexact",
        f="mp4",
        **options,
    )


def command(output: Any) -> list[str]:
    """The arguments of an output of ffmpeg-python, the program first."""
    quiet = output.global_args("-hide_banner", "-nostdin", "-loglevel", "error")
    return list(quiet.compile(cmd=ffmpeg_program(), overwrite_output=True))
