"""Final Cut Pro 7's XML (xmeml, version 5): the whole timeline, for Premiere and Resolve.

- `start` and `end` are places of the sequence. `in` and `out` count frames of the sequence, too, from the first frame
  of the file, whatever its own rate: Premiere and Resolve read them so (barefootford/buttercut#133, checked there frame
  by frame in both), and with a speed they count as the clip runs, so that `in` x speed is the instant of the source.
  `in` is the first frame of the sequence's rate at which the wanted frame of the source is on the screen.
- A rate is a whole `timebase`, which runs a thousandth slower where `ntsc` is TRUE.
- A speed, and a frame that is held (0), is the effect Time Remap. Pictures of another size fill the frame, as they are
  rendered, by the scale of Basic Motion: else the trailer below would be seen beside them.
- Black is nothing on its track, and the clip of the trailer below it is switched off. White is a generator.
- A dissolve is a transition between two clips that say -1 where they meet, and then `in` and `out` of all that is seen
  of them, as far as the transition reaches. Programs take its middle for the cut (`center`), so that nothing is lost of
  one that lies unevenly around the trailer's cut: every place shows the same frames. A fade to or from black is a
  transition at one end of a clip (`end-black`, `start-black`); one to or from white is a dissolve with the generator.
- Paths are absolute, as `file://localhost/...`: Premiere looks relative ones up nowhere. If relative paths are asked
  for they are written all the same; every file is then to be located by hand, once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import opentimelineio

from reinterpret.clip_transitions import FadeColour
from reinterpret.edits import EditList
from reinterpret.files import plain_text
from reinterpret.interchange.events import Event, Record, TrackName, carried, uncovered_clips
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.notes import note_text
from reinterpret.interchange.timeline import events_of, marker_text, record_of
from reinterpret.timecode import format_timecode, nominal_rate

_VIDEO_TRACKS: tuple[TrackName, ...] = ("trailer", "reinterpretation", "alternates")
# Of the sequence, where the sound does not say.
_CHANNELS, _SAMPLE_RATE, _SAMPLE_BITS = 2, 48000, 16
_IN_TRANSITION = -1
"""`start` or `end` of a clip that meets another one in a transition: the transition says where that is."""
FADES_BESIDE_FOOTAGE: tuple[FadeColour, ...] = ("black",)
"""Fades that the format can hold where there is footage on both sides."""


def write(timeline: opentimelineio.schema.Timeline, edit: EditList) -> str:
    """The text of the file."""
    record = record_of(timeline)
    document = _Document(record)
    root = Element("xmeml", version="5")
    sequence = SubElement(root, "sequence", id="sequence-1")
    _text(sequence, "name", record.name)
    _text(sequence, "duration", record.frame_count)
    _rate(sequence, record.rate)
    _timecode(sequence, record.rate, record.start_frame, record.drop)
    media = SubElement(sequence, "media")
    video, audio = SubElement(media, "video"), SubElement(media, "audio")
    _video_format(SubElement(video, "format"), record)
    uncovered = uncovered_clips(events_of(timeline, "reinterpretation"))
    for name in _VIDEO_TRACKS:
        events = events_of(timeline, name)
        if events:
            track = SubElement(video, "track")
            _add_picture(track, name, events, document, uncovered)
            _text(track, "enabled", "FALSE" if name == "alternates" else "TRUE")
            _text(track, "locked", "FALSE")
            _text(track, "name", name)
    _add_sound(audio, events_of(timeline, "sound"), document)
    document.link()
    indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n{tostring(root, encoding="unicode")}\n'


def _add_picture(
    track: Element, name: TrackName, events: list[Event], document: _Document, uncovered: set[int | None]
) -> None:
    """The clips of a track and the transitions between them."""
    shown = carried(events, beside_footage=FADES_BESIDE_FOOTAGE)
    for number, event in enumerate(shown):
        if (edge := _beginning(event, shown[number - 1] if number else None)) is not None:
            document.add_transition(track, *edge)
        after = shown[number + 1] if number + 1 < len(shown) else None
        edges = Edges(event.dissolve is not None, after is not None and after.dissolve is not None)
        document.add(track, name, event, enabled=name != "trailer" or event.clip not in uncovered, edges=edges)
        if event.fade_out is not None:
            white = event.fade_out.colour == "white"
            document.add_transition(track, event.fade_out_first, event.end, "end" if white else "end-black")


def _beginning(event: Event, before: Event | None) -> tuple[int, int, str] | None:
    """The transition with which an event begins: its places, and how it lies to the cut."""
    if event.dissolve is not None and before is not None:
        first, end = event.first - event.dissolve.before, event.first + event.dissolve.after
        return first, end, "start" if first == event.first else "end" if end == event.first else "center"
    if event.fade_in is not None:
        white = event.fade_in.colour == "white"
        return event.first, event.first + len(event.fade_in), "start" if white else "start-black"
    return None


def clip_frame(media_rate: Fraction, frame: int, speed: Fraction, rate: Fraction) -> int:
    """`in` of a clip: the first frame of the sequence, as the clip runs, at which a frame of the source is seen."""
    return math.ceil(frame * rate / media_rate / (speed or 1))


def clip_source(media_rate: Fraction, clip: int | Fraction, speed: Fraction, rate: Fraction) -> int:
    """The inverse of `clip_frame`: the frame of the source that is on the screen."""
    return math.floor(clip * (speed or 1) * media_rate / rate)


@dataclass(frozen=True, slots=True)
class Edges:
    """At which ends a clip meets another one in a dissolve."""

    begin: bool = False
    end: bool = False


class _Document:
    """What is written once and named again: files, and the clips that belong together."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self._files: dict[MediaFacts, str] = {}
        self._items = 0
        self._linked: dict[tuple[int, int], list[tuple[Element, str, int, int]]] = {}

    def add(
        self,
        track: Element,
        name: TrackName,
        event: Event,
        *,
        enabled: bool = True,
        index: int = 1,
        channel: int = 0,
        edges: Edges = Edges(),
    ) -> None:
        """One clip. channel: of the sound, from 1; 0 for the picture. Black is nothing at all."""
        if event.colour == "white" and event.role != "sound":
            self._add_white(track, event)
        if event.media is None:
            return
        self._items += 1
        media, rate = event.media, self.record.rate
        lead, frame = 0, event.source_frame
        if edges.begin and event.dissolve is not None:
            lead, frame = event.dissolve.before, event.dissolve.in_frame
        count = lead + event.count + (event.after_end if edges.end else 0)
        item = SubElement(track, "clipitem", id=f"clipitem-{self._items}")
        _text(item, "name", media.name)
        _text(item, "enabled", "TRUE" if enabled else "FALSE")
        length = media.frame_count * rate / media.rate / (event.speed or 1)
        begin = clip_frame(media.rate, frame, event.speed, rate)
        _text(item, "duration", max(math.floor(length), begin + count))
        _rate(item, rate)
        _text(item, "start", _IN_TRANSITION if edges.begin else event.first)
        _text(item, "end", _IN_TRANSITION if edges.end else event.end)
        _text(item, "in", begin)
        _text(item, "out", begin + count)
        self._add_file(item, event)
        if channel:
            source = SubElement(item, "sourcetrack")
            _text(source, "mediatype", "audio")
            _text(source, "trackindex", channel)
        if event.speed != 1:
            _add_speed(item, event.speed, "audio" if channel else "video")
        if not channel:
            _add_scale(item, media, self.record)
        _add_marker(item, event, begin + lead)
        if note := note_text(event):
            comments = SubElement(item, "comments")
            _text(comments, "mastercomment1", note)
        if name in ("reinterpretation", "sound") and event.clip is not None:
            position = len([child for child in track if child.tag == "clipitem"])
            self._linked.setdefault((event.clip, event.first), []).append((item, item.get("id", ""), index, position))

    def _add_white(self, track: Element, event: Event) -> None:
        self._items += 1
        item = SubElement(track, "generatoritem", id=f"clipitem-{self._items}")
        _text(item, "name", "White")
        _text(item, "enabled", "TRUE")
        _text(item, "duration", event.count)
        _rate(item, self.record.rate)
        for tag, value in (("start", event.first), ("end", event.end), ("in", 0), ("out", event.count)):
            _text(item, tag, value)
        _text(item, "alphatype", "none")
        effect = SubElement(item, "effect")
        kinds = ("name", "Color"), ("effectid", "Color"), ("effectcategory", "Matte"), ("effecttype", "generator")
        for tag, name in (*kinds, ("mediatype", "video")):
            _text(effect, tag, name)
        parameter = SubElement(effect, "parameter")
        _text(parameter, "parameterid", "fillcolor")
        _text(parameter, "name", "Color")
        colour = SubElement(parameter, "value")
        for channel in ("alpha", "red", "green", "blue"):
            _text(colour, channel, 255)
        if note := note_text(event):
            _text(SubElement(item, "comments"), "mastercomment1", note)

    def add_transition(self, track: Element, first: int, end: int, alignment: str) -> None:
        """A cross dissolve between what stands before it and what stands behind it."""
        item = SubElement(track, "transitionitem")
        _text(item, "start", first)
        _text(item, "end", end)
        _text(item, "alignment", alignment)
        _rate(item, self.record.rate)
        effect = SubElement(item, "effect")
        for tag, value in (
            ("name", "Cross Dissolve"),
            ("effectid", "Cross Dissolve"),
            ("effectcategory", "Dissolve"),
            ("effecttype", "transition"),
            ("mediatype", "video"),
            ("wipecode", 0),
            ("wipeaccuracy", 100),
            ("startratio", 0),
            ("endratio", 1),
            ("reverse", "FALSE"),
        ):
            _text(effect, tag, value)

    def link(self) -> None:
        """Say of every picture with sound which clips they are together."""
        for group in self._linked.values():
            if len(group) < 2:
                continue
            for item, _, _, _ in group:
                for other, name, index, position in group:
                    link = SubElement(item, "link")
                    _text(link, "linkclipref", name)
                    _text(link, "mediatype", "video" if other.find("sourcetrack") is None else "audio")
                    _text(link, "trackindex", index)
                    _text(link, "clipindex", position)

    def _add_file(self, item: Element, event: Event) -> None:
        media = event.media
        assert media is not None
        if media in self._files:
            SubElement(item, "file", id=self._files[media])
            return
        self._files[media] = f"file-{len(self._files) + 1}"
        file = SubElement(item, "file", id=self._files[media])
        _text(file, "name", media.name)
        # FCP 7 and what came after it write the machine into the address.
        _text(file, "pathurl", event.url.replace("file:///", "file://localhost/", 1))
        _rate(file, media.rate)
        if media.frame_count:
            _text(file, "duration", media.frame_count)
        timecode = _timecode(file, media.rate, media.start_frame, media.drop)
        if media.reel:
            _text(SubElement(timecode, "reel"), "name", media.reel)
        _file_media(SubElement(file, "media"), media)


def _add_sound(audio: Element, events: list[Event], document: _Document) -> None:
    heard = [event.media for event in events if event.media is not None]
    channels = max((media.audio_channels for media in heard), default=_CHANNELS) or _CHANNELS
    _text(audio, "numOutputChannels", min(channels, 2))
    format_ = SubElement(SubElement(audio, "format"), "samplecharacteristics")
    _text(format_, "depth", _SAMPLE_BITS)
    _text(format_, "samplerate", next((media.audio_rate for media in heard if media.audio_rate), _SAMPLE_RATE))
    for channel in range(1, (channels if heard else 0) + 1):
        track = SubElement(audio, "track")
        for event in events:
            if event.media is not None and channel <= event.media.audio_channels:
                document.add(track, "sound", event, index=channel, channel=channel)
        _text(track, "enabled", "TRUE")
        _text(track, "locked", "FALSE")
        _text(track, "outputchannelindex", 1 + (channel - 1) % 2)


def _add_marker(item: Element, event: Event, begin: int) -> None:
    """Score and words of a match, at the first frame of its clip."""
    if event.match is None:
        return
    marker = SubElement(item, "marker")
    _text(marker, "name", marker_text(event.match))
    _text(marker, "comment", ", ".join(f"{cue} {score:.2f}" for cue, score in event.match.cues))
    _text(marker, "in", begin)
    _text(marker, "out", -1)


def _add_scale(item: Element, media: MediaFacts, record: Record) -> None:
    """Make a picture of another size fill the frame; 100 is its own size."""
    width, height = media.width * media.sample_aspect, Fraction(media.height)
    if not width or not height or not record.width:
        return
    scale = max(record.width / width, record.height / height)
    if scale != 1:
        _add_effect(item, "Basic Motion", "basic", "video", {"scale": f"{float(scale * 100):.6g}"})


def _add_effect(item: Element, name: str, identity: str, kind: str, parameters: dict[str, str]) -> None:
    effect = SubElement(SubElement(item, "filter"), "effect")
    for tag, value in (
        ("name", name),
        ("effectid", identity),
        ("effectcategory", "motion"),
        ("effecttype", "motion"),
        ("mediatype", kind),
    ):
        _text(effect, tag, value)
    for parameter_id, value in parameters.items():
        parameter = SubElement(effect, "parameter")
        _text(parameter, "parameterid", parameter_id)
        _text(parameter, "name", parameter_id)
        _text(parameter, "value", value)


def _add_speed(item: Element, speed: Fraction, kind: str) -> None:
    # Percent. Twelve digits, so that no hour of film is off by a frame.
    percent = f"{float(speed * 100):.12g}"
    parameters = {"variablespeed": "0", "speed": percent, "reverse": "FALSE", "frameblending": "FALSE"}
    _add_effect(item, "Time Remap", "timeremap", kind, parameters)


def _file_media(media: Element, facts: MediaFacts) -> None:
    if facts.width:
        video = SubElement(media, "video")
        if facts.frame_count:
            _text(video, "duration", facts.frame_count)
        picture = SubElement(video, "samplecharacteristics")
        _rate(picture, facts.rate)
        _text(picture, "width", facts.width)
        _text(picture, "height", facts.height)
        _text(picture, "anamorphic", "FALSE")
        _text(picture, "pixelaspectratio", _pixel_aspect(facts))
        _text(picture, "fielddominance", "none")
    if facts.audio_channels:
        audio = SubElement(media, "audio")
        sound = SubElement(audio, "samplecharacteristics")
        _text(sound, "depth", _SAMPLE_BITS)
        _text(sound, "samplerate", facts.audio_rate or _SAMPLE_RATE)
        _text(audio, "channelcount", facts.audio_channels)


def _video_format(parent: Element, record: Record) -> None:
    picture = SubElement(parent, "samplecharacteristics")
    _rate(picture, record.rate)
    _text(picture, "width", record.width)
    _text(picture, "height", record.height)
    _text(picture, "anamorphic", "FALSE")
    _text(picture, "pixelaspectratio", "square")
    _text(picture, "fielddominance", "none")


def _pixel_aspect(facts: MediaFacts) -> str:
    """The format knows names for the shapes of pixels, by the standard of the picture; no ratios."""
    if facts.sample_aspect == 1:
        return "square"
    if facts.height in (480, 486):
        return "NTSC-601"
    if facts.height == 576:
        return "PAL-601"
    return "HD-(1440x1080)" if facts.height == 1080 else "HD-(960x720)" if facts.height == 720 else "square"


def _rate(parent: Element, rate: Fraction) -> None:
    element = SubElement(parent, "rate")
    _text(element, "timebase", nominal_rate(rate))
    _text(element, "ntsc", "TRUE" if rate.denominator == 1001 else "FALSE")


def _timecode(parent: Element, rate: Fraction, frame: int, drop: bool) -> Element:
    element = SubElement(parent, "timecode")
    _rate(element, rate)
    _text(element, "string", format_timecode(frame, rate, drop=drop))
    _text(element, "frame", frame)
    _text(element, "displayformat", "DF" if drop else "NDF")
    return element


def _text(parent: Element, tag: str, value: object) -> None:
    SubElement(parent, tag).text = plain_text(str(value))
