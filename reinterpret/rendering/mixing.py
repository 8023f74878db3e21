"""Mixing: the soundtrack of an edit that is no trailer's: the clips' own sound, or a file's, as long as the film."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from reinterpret.edits import Clip, EditList
from reinterpret.ffmpeg import FrameSink
from reinterpret.rendering.encoding import command
from reinterpret.sound import CHANNELS, SAMPLE_RATE, read_sound
from reinterpret.timebase import round_half_up

# At every cut, so that none clicks.
_FADE_SAMPLES = SAMPLE_RATE // 200
# A file's end, where the film is over before it.
_LAST_FADE_SAMPLES = SAMPLE_RATE // 2
_BLOCK_SECONDS = 30


def mix_sound(edit: EditList, out: Path) -> None:
    """Write the sound of an edit whose soundtrack is `clips` or `file` as AAC.

    Raises VideoError, FfmpegError, OSError if `out` cannot be written.
    """
    blocks = _of_clips(edit) if edit.soundtrack.kind == "clips" else _of_file(edit)
    with FrameSink(_command(out)) as sink:
        for block in blocks:
            sink.write(np.clip(block, -1, 1).astype(np.float32).tobytes())


def _of_clips(edit: EditList) -> Iterator[np.ndarray]:
    """The sound of each clip, exactly as long as its picture."""
    for clip in edit.clips:
        # Boundaries are rounded, not lengths: no error adds up.
        first, end = (
            round_half_up(edit.grid.seconds(frame) * SAMPLE_RATE) for frame in (clip.first_frame, clip.end_frame)
        )
        yield _faded(_clip_sound(edit, clip, end - first), _FADE_SAMPLES)


def _clip_sound(edit: EditList, clip: Clip, count: int) -> np.ndarray:
    silence = np.zeros((count, CHANNELS), np.float32)
    if clip.match is None:
        return silence
    film = edit.film(clip.match.film)
    if not film.audio:
        return silence
    # Beyond the end of the shot the picture stands still, and nothing is heard.
    wanted = min(Fraction(count, SAMPLE_RATE) * clip.speed, clip.match.shot_span.end - clip.match.source_span.start)
    heard = read_sound(film.path, clip.match.source_span.start + film.start, max(1, round(wanted * SAMPLE_RATE)))
    if clip.speed == 1:
        silence[: len(heard)] = heard[:count]
        return silence
    # Slowed down as the picture is, and so lower.
    places = np.arange(count) * float(clip.speed)
    inside = places <= len(heard) - 1
    for channel in range(CHANNELS):
        silence[inside, channel] = np.interp(places[inside], np.arange(len(heard)), heard[:, channel])
    return silence


def _of_file(edit: EditList) -> Iterator[np.ndarray]:
    assert edit.soundtrack.path is not None
    total = round_half_up(edit.grid.duration * SAMPLE_RATE)
    step = _BLOCK_SECONDS * SAMPLE_RATE
    for first in range(0, total, step):
        block = read_sound(edit.soundtrack.path, Fraction(first, SAMPLE_RATE), min(step, total - first))
        left = total - first - np.arange(len(block))
        yield block * np.clip(left / _LAST_FADE_SAMPLES, 0, 1).astype(np.float32)[:, None]


def _faded(samples: np.ndarray, length: int) -> np.ndarray:
    length = min(length, len(samples) // 2)
    if length:
        ramp = np.linspace(0, 1, length, dtype=np.float32)[:, None]
        samples[:length] *= ramp
        samples[-length:] *= ramp[::-1]
    return samples


def _command(out: Path) -> list[str]:
    """The ffmpeg command that makes AAC of raw samples on its standard input."""
    import ffmpeg

    stream = ffmpeg.input("pipe:0", f="f32le", ar=SAMPLE_RATE, ac=CHANNELS)
    output = stream.output(str(out), acodec="aac", audio_bitrate="192k", map_metadata=-1, fflags="+bitexact", f="mp4")
    return command(output)
