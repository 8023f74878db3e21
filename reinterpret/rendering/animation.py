"""Animations: frames go in, a film without sound, a GIF or an animated WebP comes out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from reinterpret.errors import OutputError, UsageError
from reinterpret.ffmpeg import FrameSink
from reinterpret.files import not_written, renamed_into
from reinterpret.rendering.encoding import command, h264, raw_frames
from reinterpret.rendering.panel import Planes
from reinterpret.timebase import format_fraction

ANIMATION_SUFFIXES = (".mp4", ".gif", ".webp")

# Players count in hundredths of a second and slow down what is shown for less than two of them.
_FASTEST_GIF = Fraction(50)
_CRF, _WEBP_QUALITY = 18, 75
# Each attempt at a smaller file is encoded whole: sizes and rates as one would try them by hand.
_SMALLEST_SIDE_PX = 48
_ATTEMPTS = 8
# What is aimed at, of the size that is allowed: one never hits it exactly.
_AIM = 0.92
_SLOWEST_RATE = Fraction(8)


@dataclass(frozen=True, slots=True)
class Quality:
    """How an animation is encoded; what is smaller than it was drawn is scaled by ffmpeg."""

    width: int
    height: int
    rate: Fraction
    colours: int = 256
    """Of a GIF."""


class TooLargeError(OutputError):
    """An animation that cannot be made as small as it was asked for."""


def write_animation(
    frames: Iterable[Planes], out: Path, *, width: int, height: int, rate: Fraction, preset: str = "medium"
) -> None:
    """Write frames of width x height as `out`, whole or not at all. Raises FfmpegError, OutputError."""
    _encode(frames, out, (width, height), rate, Quality(width, height, rate), preset)


def write_animation_below(
    frames: Sequence[Planes], out: Path, *, width: int, height: int, rate: Fraction, most_bytes: int
) -> Quality:
    """The same, of at most so many bytes: as large, as fast and as colourful as goes. Returns what it became.

    Raises TooLargeError with the smallest size reached, FfmpegError, OutputError.
    """
    if most_bytes < 1:
        raise UsageError(f"the largest size of a file is a number above 0, got {most_bytes} bytes")
    quality, smallest = Quality(width, height, rate), 0
    for _ in range(_ATTEMPTS):
        _encode(frames, out, (width, height), rate, quality, "medium")
        size = out.stat().st_size
        smallest = min(size, smallest or size)
        if size <= most_bytes:
            return quality
        reduced = _smaller(quality, most_bytes / size)
        if reduced == quality:
            break
        quality = reduced
    out.unlink(missing_ok=True)
    raise TooLargeError(
        f"{out}: cannot be made smaller than {smallest / 1e6:.2f} MB, {most_bytes / 1e6:g} MB are allowed; "
        "take less time, or allow more"
    )


def _smaller(quality: Quality, share: float) -> Quality:
    """What may come to `share` of the size: first less often, then fewer pixels, then fewer colours."""
    share *= _AIM
    rate = quality.rate
    if share < 1 and rate > 12:
        slower = max(Fraction(12), rate * Fraction(max(share, 0.5)).limit_denominator(100))
        share /= float(slower / rate)
        rate = slower
    scale = min(1.0, max(share, 0.1)) ** 0.5
    if min(quality.width, quality.height) * scale < _SMALLEST_SIDE_PX:
        scale = min(1.0, _SMALLEST_SIDE_PX / min(quality.width, quality.height))
        if scale > 0.95:
            return Quality(quality.width, quality.height, max(_SLOWEST_RATE, rate / 2), max(16, quality.colours // 2))
    width, height = (max(2, 2 * round(side * scale / 2)) for side in (quality.width, quality.height))
    return Quality(width, height, rate, quality.colours)


def _encode(
    frames: Iterable[Planes], out: Path, size: tuple[int, int], rate: Fraction, quality: Quality, preset: str
) -> None:
    try:
        with renamed_into(out) as temporary, FrameSink(_command(temporary, size, rate, quality, preset)) as sink:
            for planes in frames:
                for plane in planes:
                    sink.write(memoryview(plane if plane.flags.c_contiguous else plane.copy()))
    except OSError as error:
        raise not_written(out, error) from error


def _command(path: Path, size: tuple[int, int], rate: Fraction, quality: Quality, preset: str) -> list[str]:
    """The ffmpeg command that makes an animation of raw I420 frames on its standard input."""
    import ffmpeg

    suffix = path.suffix.lower()
    stream = raw_frames(*size, rate)
    wanted = min(quality.rate, _FASTEST_GIF) if suffix == ".gif" else quality.rate
    if wanted != rate:
        stream = stream.filter("fps", format_fraction(wanted))
    if (quality.width, quality.height) != size:
        stream = stream.filter("scale", quality.width, quality.height, flags="lanczos")
    if suffix == ".mp4":
        output = h264(stream, path, wanted, preset=preset, crf=_CRF, movflags="+faststart")
    elif suffix == ".webp":
        # WebP knows no other matrix than BT.601.
        stream = stream.filter("scale", in_color_matrix="bt709", out_color_matrix="bt601", out_range="tv")
        output = stream.output(str(path), vcodec="libwebp_anim", quality=_WEBP_QUALITY, loop=0, f="webp")
    else:
        # One palette for all (made for what moves alone, `diff`, it would not know the last frame); what stands still
        # is not drawn again.
        split = stream.split()
        palette = split[0].filter("palettegen", max_colors=quality.colours, stats_mode="full")
        drawn = ffmpeg.filter([split[1], palette], "paletteuse", dither="sierra2_4a", diff_mode="rectangle")
        output = drawn.output(str(path), loop=0, f="gif")
    return command(output)
