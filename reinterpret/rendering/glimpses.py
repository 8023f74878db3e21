"""Glimpses: a few frames of a film, near the instants that are asked for, for much less work than exact ones take.

They are for what is measured of a picture before it is drawn: where its edges are, and where its subject is.
"""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction

import av
import av.container
import av.error
import numpy as np
from av.video.reformatter import ColorRange, VideoReformatter
from av.video.stream import VideoStream

from reinterpret.errors import VideoError
from reinterpret.frames import FrameReader, is_full_range, upright
from reinterpret.timebase import Span
from reinterpret.video import Video, open_container

# A film with fewer key frames than this is also looked at in its first seconds.
_FEW_KEY_FRAMES = 4
_BEGINNING_SECONDS = Fraction(2)
# A key frame follows a seek at once; where it does not, it is not searched for any further.
_MOST_PACKETS = 200
# Shorter stretches may hold none but B-frames.
_SHORT_SECONDS = Fraction(1)


def film_glimpses(video: Video, count: int) -> list[av.VideoFrame]:
    """Up to `count` different frames, spread over a whole film; none if it is too damaged. Raises VideoError.

    They are key frames, which are decoded by themselves: 1 to 10 ms each. A short film has few; it is looked at in
    its first seconds as well.
    """
    found = _key_frames(video, count)
    if len(found) < _FEW_KEY_FRAMES:
        end = min(_BEGINNING_SECONDS, video.duration) if video.duration > 0 else _BEGINNING_SECONDS
        with suppress(VideoError):  # what is wanted of it may lie elsewhere, where it can be decoded
            found += stretch_glimpses(video, Span(Fraction(0), end), min(count, _FEW_KEY_FRAMES))
    return _different(found)


def stretch_glimpses(video: Video, span: Span, count: int) -> list[av.VideoFrame]:
    """Up to `count` different frames, at least one, evenly spread over a stretch, none from outside it.

    Raises VideoError.
    """
    instants = [span.start + span.duration * Fraction(2 * number + 1, 2 * count) for number in range(count)]
    with FrameReader(video, rough=span.duration > _SHORT_SECONDS) as reader:
        frames = [reader.at(instant) for instant in instants]
    inside = [frame.picture for frame in frames if span.start <= frame.seconds]
    if not inside:
        with FrameReader(video) as reader:
            inside = [reader.at(span.middle).picture]
    return _different(inside)


def brightness(picture: av.VideoFrame, rotation: int, reformatter: VideoReformatter) -> np.ndarray:
    """How far each pixel of a frame is from black, upright: H x W uint8, from 0.

    It is the luma, but for strong colours: the luma of blue is 29.
    """
    import cv2

    frame = reformatter.reformat(
        picture,
        format="yuv444p",
        src_color_range=ColorRange.JPEG if is_full_range(picture) else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG,
        threads=1,
    )
    luma, *chroma = np.asarray(frame.to_ndarray())
    # What is spilt over the edge of a bar, where two lines share their colour, is less than that.
    strong = np.clip(2 * np.abs(np.arange(256) - 128) - 32, 0, 255).astype(np.uint8)
    for plane in chroma:
        luma = cv2.max(luma, cv2.LUT(plane, strong))
    return upright(luma, rotation)


def _different(frames: list[av.VideoFrame]) -> list[av.VideoFrame]:
    return list({id(frame) if frame.pts is None else frame.pts: frame for frame in frames}.values())


def _key_frames(video: Video, count: int) -> list[av.VideoFrame]:
    found: dict[int, av.VideoFrame] = {}
    with open_container(video.path) as (container, stream):
        stream.codec_context.thread_count = 1
        stream.codec_context.skip_frame = "NONKEY"
        for number in range(count):
            seconds = video.start + video.duration * Fraction(2 * number + 1, 2 * count)
            try:
                container.seek(int(seconds / (stream.time_base or Fraction(1, 1000))), stream=stream, backward=True)
                key = _next_key_packet(container, stream)
                if key is None or key.pts is None or key.pts in found:
                    continue
                # What the decoder holds back for the order of display comes out at once.
                frames = [*key.decode(), *stream.codec_context.decode(None)]
            except (av.error.FFmpegError, OSError, ValueError, IndexError):
                continue  # damaged there, or a container without an index: other places may do
            if frames and isinstance(frames[0], av.VideoFrame):
                found[key.pts] = frames[0]
    return list(found.values())


def _next_key_packet(container: av.container.InputContainer, stream: VideoStream) -> av.Packet[VideoStream] | None:
    for _, packet in zip(range(_MOST_PACKETS), container.demux(stream), strict=False):
        if packet.is_keyframe and packet.size:
            return packet
    return None
