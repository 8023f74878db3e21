"""Media: a film of an edit goes in, what a timeline must say about its file comes out.

Editing programs name a frame of a film by the timecode that the file carries, and a film by its reel. Both are read
from the file; a file that is not there is offline, and everything else about it is known from the edit.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.container
import av.error
from av.video.stream import VideoStream

from reinterpret.errors import VideoError
from reinterpret.relinking import is_there
from reinterpret.timebase import ROUNDING_SECONDS, Span, round_half_up
from reinterpret.timecode import can_drop, format_timecode, may_drop, parse_timecode
from reinterpret.video import Video, open_container, open_sound

logger = logging.getLogger(__name__)

# Under which names files carry the reel, the first that is there.
_REEL_TAGS = ("reel_name", "com.apple.proapps.reel", "reel", "tape")
# Seeks that land too late go on further back.
_SEEK_STEPS_SECONDS = (Fraction(0), Fraction(10), Fraction(60))
# A film of a variable rate is counted at up to so many times its mean rate.
_FINEST = 16
# A gap in a film with a variable rate is no longer; whatever is longer is taken for the end of the film.
_LONGEST_FRAME_SECONDS = Fraction(30)


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What timelines say about one file."""

    path: Path
    """Absolute."""
    fingerprint: str
    """Empty if it is no film of the edit."""
    rate: Fraction
    """Frames a second. Of a variable rate the mean or, where its frames follow each other faster than that, a multiple:
    they are named by the time at which they are shown."""
    frame_count: int
    """0 if it is not known."""
    start_frame: int = 0
    """The number of its first frame, as its timecode counts; 0 if it carries none."""
    drop: bool = False
    """Whether its labels are drop-frame."""
    timecode: str = ""
    """The label of its first frame as the file carries it; empty if it carries none."""
    reel: str = ""
    """The name of its reel as the file carries it."""
    width: int = 0
    """Pixels of the upright picture, as coded: before the sample aspect ratio is applied. 0: it has no picture."""
    height: int = 0
    sample_aspect: Fraction = Fraction(1)
    audio_channels: int = 0
    audio_rate: int = 0
    """Samples a second; 0 if it has no sound, or if that is not known."""
    offline: bool = False
    """The file is not there, or is another one by now."""

    @property
    def name(self) -> str:
        """The file's name without its folder."""
        return self.path.name

    def label(self, frame: int) -> str:
        """The timecode of a frame, which is counted from the first of the file."""
        return format_timecode(self.start_frame + frame, self.rate, drop=self.drop)


def media_facts(video: Video) -> MediaFacts:
    """What timelines say about a film. Its file is opened, but for its fingerprint not read."""
    turned = video.rotation in (90, 270)
    known = MediaFacts(
        path=video.path.absolute(),
        fingerprint=video.fingerprint,
        rate=video.frame_rate,
        frame_count=video.frame_count,
        drop=may_drop(video.frame_rate),
        width=video.height if turned else video.width,
        height=video.width if turned else video.height,
        sample_aspect=1 / video.sample_aspect if turned else video.sample_aspect,
        # what most films have
        audio_channels=2 if video.audio else 0,
        audio_rate=48000 if video.audio else 0,
        offline=True,
    )
    if not is_there(video):
        return known
    try:
        with open_container(video.path) as (container, stream):
            return replace(known, offline=False, **_carried(container, stream, video.frame_rate))
    except VideoError as error:
        logger.warning("%s", error)
        return known


def sound_facts(path: Path, rate: Fraction) -> MediaFacts:
    """What timelines say about a file of which only the sound is used, counted in frames of `rate`."""
    known = MediaFacts(path=path.absolute(), fingerprint="", rate=rate, frame_count=0, audio_channels=2, offline=True)
    try:
        with open_sound(path) as (container, stream):
            seconds = Fraction(container.duration or 0, av.time_base)
            return replace(
                known,
                frame_count=round_half_up(seconds * rate),
                audio_channels=stream.codec_context.channels,
                audio_rate=stream.codec_context.sample_rate or 48000,
                offline=False,
            )
    except VideoError as error:
        logger.warning("%s", error)
        return known


def shown_spans(video: Video, instants: Iterable[Fraction]) -> dict[Fraction, Span]:
    """From when to when the frames are on the screen that are there at some instants of a film.

    As the times of the file's packets tell; nothing is decoded. Instants of which they do not tell are left out.
    """
    shown: dict[Fraction, Span] = {}
    if video.timestamps == "counted":
        return shown
    try:
        with open_container(video.path) as (container, stream):
            for instant in sorted(set(instants)):
                if (span := _on_screen(video, container, stream, instant)) is not None:
                    shown[instant] = span
    except VideoError as error:
        logger.info("%s", error)
    return shown


def position(instant: Fraction, shown: Span | None, rate: Fraction) -> int:
    """The position that names the frame on the screen at an instant of a film: position n is the instant n / rate.

    Editing programs count like this. shown: as `shown_spans` has it; without, the rate is taken to be constant. Where
    no position lies on a frame, the nearest to its beginning.
    """
    found = math.floor((instant + ROUNDING_SECONDS) * rate)
    if shown is None:
        return max(0, found)
    first, last = _positions_of(shown, rate)
    return max(0, min(max(found, first), last) if first <= last else round_half_up(shown.start * rate))


def counted(facts: MediaFacts, spans: Iterable[Span]) -> MediaFacts:
    """The same, at a rate fine enough to name some frames: its own, or a few times that.

    With a variable rate frames may follow each other faster than on the mean. spans: when they are on the screen.
    """
    listed = list(spans)
    for times in range(1, _FINEST + 1):
        rate = facts.rate * times
        if all(first <= last for first, last in (_positions_of(span, rate) for span in listed)):
            break
    else:
        return facts
    return replace(facts, rate=rate, frame_count=facts.frame_count * times, start_frame=facts.start_frame * times)


def _positions_of(shown: Span, rate: Fraction) -> tuple[int, int]:
    """The first and the last position at which a frame is on the screen; the first is later if there is none."""
    first = math.ceil((shown.start - ROUNDING_SECONDS) * rate)
    return first, math.ceil((shown.end - ROUNDING_SECONDS) * rate) - 1


def _on_screen(
    video: Video, container: av.container.InputContainer, stream: VideoStream, instant: Fraction
) -> Span | None:
    """From when to when the frame is on the screen that is there at an instant; None if the file does not tell."""
    limit = instant + ROUNDING_SECONDS
    for step in _SEEK_STEPS_SECONDS:
        target = max(Fraction(0), instant - step) + video.start
        try:
            container.seek(int(target / (stream.time_base or Fraction(1, 1000))), stream=stream, backward=True)
            before, after = None, None
            for shown, decoding in _packet_seconds(video, container, stream):
                # Whatever is shown before a packet is decoded has been seen by then.
                if after is not None and decoding > after:
                    break
                if shown <= limit:
                    before = shown if before is None else max(before, shown)
                elif after is None or shown < after:
                    after = shown
        except (av.error.FFmpegError, OSError, IndexError):
            return None
        if before is not None:
            return Span(before, max(after or before + _LONGEST_FRAME_SECONDS, limit))
    return None


def _packet_seconds(
    video: Video, container: av.container.InputContainer, stream: VideoStream
) -> Iterator[tuple[Fraction, Fraction]]:
    """Of packet after packet when it is shown and when it is decoded, in seconds of the film."""
    for packet in container.demux(stream):
        decoding = packet.dts if packet.dts is not None else packet.pts
        stamp = packet.dts if video.timestamps == "dts" else packet.pts
        if packet.size == 0 or packet.is_discard or stamp is None or decoding is None:
            continue
        time_base = packet.time_base or Fraction(1, 1000)
        yield stamp * time_base - video.start, decoding * time_base - video.start


def _carried(container: av.container.InputContainer, stream: VideoStream, rate: Fraction) -> dict[str, Any]:
    """What the file carries: timecode, reel and the shape of its sound."""
    tags: list[Mapping[str, str]] = [stream.metadata, *(other.metadata for other in container.streams)]
    tags.append(container.metadata)
    facts: dict[str, Any] = {}
    if label := _first_tag(tags, "timecode"):
        try:
            drop = can_drop(rate) and any(mark in label for mark in ";,")
            facts |= {"start_frame": parse_timecode(label, rate, drop=drop), "drop": drop, "timecode": label}
        except ValueError as error:
            logger.info("%s: its timecode is not used: %s", container.name, error)
    facts["reel"] = next((reel for tag in _REEL_TAGS if (reel := _first_tag(tags, tag))), "")
    if container.streams.audio:
        sound = container.streams.audio[0]
        if sound.codec_context is not None:
            facts |= {"audio_channels": sound.codec_context.channels, "audio_rate": sound.codec_context.sample_rate}
    return facts


def _first_tag(tags: Iterable[Mapping[str, str]], name: str) -> str:
    """Whatever its case: Matroska writes names in capitals."""
    values = (value.strip() for one in tags for key, value in one.items() if key.lower() == name)
    return next((value for value in values if value), "")
