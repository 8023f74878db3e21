"""Sound: a file and a stretch of it go in, samples come out."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import av.audio.stream
import av.container
import av.error
import numpy as np

from reinterpret.video import open_sound

logger = logging.getLogger(__name__)

SAMPLE_RATE = 48_000
CHANNELS = 2
# Codecs need some packets before what they give is right, and seeking goes by packets.
_RUN_UP = Fraction(1, 2)
_GAP_SECONDS = Fraction(1, 20)


def read_sound(path: Path, start: Fraction, count: int) -> np.ndarray:
    """`count` samples of a file's sound from an instant on: count x 2 float32 in -1 to 1, 48,000 a second.

    start: in the file's own time, seconds. Where there is no sound, it is silent. Raises VideoError.
    """
    samples = np.zeros((count, CHANNELS), np.float32)
    with open_sound(path) as (container, stream):
        if start > _RUN_UP:
            time_base = stream.time_base or Fraction(1, SAMPLE_RATE)
            try:
                container.seek(int((start - _RUN_UP) / time_base), stream=stream, backward=True)
            except av.error.FFmpegError:
                container.seek(0)
        for at, block in _blocks(container, stream):
            first = round((at - start) * SAMPLE_RATE)
            if first >= count:
                break
            begin = max(0, -first)
            inside = block[begin : max(begin, count - first)]
            if len(inside):
                place = max(0, first)
                samples[place : place + len(inside)] = inside
    return samples


def sound_seconds(path: Path) -> Fraction:
    """How long the sound of a file is: decoded, as headers may be wrong. Raises VideoError."""
    end = Fraction(0)
    with open_sound(path) as (container, stream):
        for at, block in _blocks(container, stream):
            end = at + Fraction(len(block), SAMPLE_RATE)
    return end


def _blocks(
    container: av.container.InputContainer, stream: av.audio.stream.AudioStream
) -> Iterator[tuple[Fraction, np.ndarray]]:
    """Decoded sound, block by block: when it begins, in the file's own time, and N x 2 float32."""
    # One channel is heard from both sides as loud as it is: ffmpeg would make it 3 dB quieter.
    channels = 1 if stream.codec_context.layout.nb_channels == 1 else CHANNELS
    resampler = av.AudioResampler(format="flt", layout="mono" if channels == 1 else "stereo", rate=SAMPLE_RATE)
    at: Fraction | None = None
    for frame in _frames(container, stream):
        for resampled in resampler.resample(frame):
            block = np.broadcast_to(resampled.to_ndarray().reshape(-1, channels), (resampled.samples, CHANNELS))
            told = None
            if resampled.pts is not None and resampled.time_base is not None:
                told = resampled.pts * resampled.time_base
            # Time stamps are rounded, as to milliseconds: only what is further apart is a gap.
            if at is None or (told is not None and abs(told - at) > _GAP_SECONDS):
                at = told or Fraction(0)
            yield at, block
            at += Fraction(len(block), SAMPLE_RATE)


def _frames(
    container: av.container.InputContainer, stream: av.audio.stream.AudioStream
) -> Iterator[av.AudioFrame | None]:
    """Decoded frames, and None at the end, for the resampler to give what it still holds."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except (av.error.FFmpegError, OSError) as error:
            logger.info("%s: reading its sound ends early (%s)", container.name, error)
            packet = None
        if packet is None:
            break
        try:
            yield from (frame for frame in packet.decode() if isinstance(frame, av.AudioFrame))
        except (av.error.FFmpegError, ValueError) as error:
            logger.debug("%s: a damaged packet of sound was passed over (%s)", container.name, error)
    yield None
