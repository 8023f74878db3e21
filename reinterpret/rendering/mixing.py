"""Mixing: the soundtrack of an edit that is no trailer's: the clips' own sound, or a file's, as long as the film."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np

from reinterpret.edits import Clip, EditList
from reinterpret.ffmpeg import FrameSink
from reinterpret.rendering.blending import Overlap, overlaps_of
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
    """The sound of each clip, exactly as long as its picture, with the clip's fades and dissolves."""
    for number, clip in enumerate(edit.clips):
        first, end = _sample(edit, clip.first_frame), _sample(edit, clip.end_frame)
        heard = _clip_sound(edit, clip, Fraction(0), end - first)
        dissolves = [place < len(edit.clips) and edit.dissolve_at(place) is not None for place in (number, number + 1)]
        _soften(heard, _FADE_SAMPLES, begin=not dissolves[0], end=not dissolves[1])
        heard *= _loudness(edit, clip, end - first)[:, None]
        for overlap in overlaps_of(edit, number):
            _mix_in(heard, edit, clip, overlap)
        yield heard


def _sample(edit: EditList, frame: int) -> int:
    """The sample at which a frame begins. Boundaries are rounded, not lengths: no error adds up."""
    return round_half_up(edit.grid.seconds(frame) * SAMPLE_RATE)


def _clip_sound(edit: EditList, clip: Clip, passed: Fraction, count: int) -> np.ndarray:
    """`count` samples of a clip's own sound, from so many seconds after its first frame, or before it, on."""
    silence = np.zeros((count, CHANNELS), np.float32)
    if clip.match is None:
        return silence
    film = edit.film(clip.match.film)
    if not film.audio:
        return silence
    begin = clip.match.source_span.start + passed * clip.speed
    # Beyond the end of the shot the picture stands still, and nothing is heard.
    wanted = min(Fraction(count, SAMPLE_RATE) * clip.speed, clip.match.shot_span.end - begin)
    heard = read_sound(film.path, begin + film.start, max(1, round(wanted * SAMPLE_RATE)))
    if clip.speed == 1:
        silence[: len(heard)] = heard[:count]
        return silence
    # Slowed down as the picture is, and so lower.
    places = np.arange(count) * float(clip.speed)
    inside = places <= len(heard) - 1
    for channel in range(CHANNELS):
        silence[inside, channel] = np.interp(places[inside], np.arange(len(heard)), heard[:, channel])
    return silence


def _loudness(edit: EditList, clip: Clip, count: int) -> np.ndarray:
    """How loud each sample of a clip is: it fades with the picture, from black and to black."""
    loudness = np.ones(count, np.float32)
    begin = float(edit.grid.seconds(clip.first_frame))
    for first, fade in ((clip.first_frame, clip.fade_in), (clip.end_frame - len(clip.fade_out or ()), clip.fade_out)):
        if fade is None or fade.colour != "black":
            continue
        # A gain is that of the middle of its frame; the next frame inwards is as loud as it is.
        frames = range(first, first + len(fade))
        points = [(frame + 0.5, gain) for frame, gain in zip(frames, fade.gains, strict=True)]
        points = [*points, (frames.stop + 0.5, 1.0)] if fade is clip.fade_in else [(first - 0.5, 1.0), *points]
        places, gains = zip(*points, strict=True)
        bounds = [float(edit.grid.seconds(frame)) - begin for frame in range(clip.first_frame, clip.end_frame + 1)]
        frame_of = np.interp(np.arange(count) / SAMPLE_RATE, bounds, range(clip.first_frame, clip.end_frame + 1))
        loudness *= np.interp(frame_of, places, gains).astype(np.float32)
    return loudness


def _mix_in(heard: np.ndarray, edit: EditList, clip: Clip, overlap: Overlap) -> None:
    """Let a clip's sound go over into that of its neighbour, or come out of it: as loud together as each alone."""
    zero, first, end = (_sample(edit, at) for at in (clip.first_frame, overlap.frames.start, overlap.frames.stop))
    passed = Fraction(first, SAMPLE_RATE) - edit.grid.seconds(overlap.other.first_frame)
    other = _clip_sound(edit, overlap.other, passed, end - first)
    whole = (overlap.cut - overlap.dissolve.before, overlap.cut + overlap.dissolve.after)
    begin, stop = (_sample(edit, frame) for frame in whole)
    share = ((np.arange(first, end) - begin) / (stop - begin)).astype(np.float32)
    if overlap.other.first_frame != overlap.cut:
        share = 1 - share
    mixed = heard[first - zero : end - zero]
    mixed *= np.sqrt(1 - share)[:, None]
    mixed += other * np.sqrt(share)[:, None]


def _of_file(edit: EditList) -> Iterator[np.ndarray]:
    assert edit.soundtrack.path is not None
    total = round_half_up(edit.grid.duration * SAMPLE_RATE)
    step = _BLOCK_SECONDS * SAMPLE_RATE
    for first in range(0, total, step):
        block = read_sound(edit.soundtrack.path, Fraction(first, SAMPLE_RATE), min(step, total - first))
        left = total - first - np.arange(len(block))
        yield block * np.clip(left / _LAST_FADE_SAMPLES, 0, 1).astype(np.float32)[:, None]


def _soften(samples: np.ndarray, length: int, *, begin: bool, end: bool) -> None:
    """Let samples begin, and end, in a few of them instead of at once."""
    length = min(length, len(samples) // 2)
    ramp = np.linspace(0, 1, length, dtype=np.float32)[:, None]
    if begin and length:
        samples[:length] *= ramp
    if end and length:
        samples[-length:] *= ramp[::-1]


def _command(out: Path) -> list[str]:
    """The ffmpeg command that makes AAC of raw samples on its standard input."""
    import ffmpeg

    stream = ffmpeg.input("pipe:0", f="f32le", ar=SAMPLE_RATE, ac=CHANNELS)
    output = stream.output(str(out), acodec="aac", audio_bitrate="192k", map_metadata=-1, fflags="+bitexact", f="mp4")
    return command(output)
