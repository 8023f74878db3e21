"""FCPXML 1.10: the whole timeline, for Final Cut Pro and Resolve.

- The trailer is the primary storyline, cut where the clips are; what answers a shot is connected above it (lane 1), the
  best alternate above that, switched off (lane 2), or all of them in an audition with it. Without a trailer the clips
  themselves are the storyline. Where the edit is black, the trailer's picture is left out and its sound stays.
- Times are rational seconds. Places are whole frames of the sequence. A clip's `start` counts from the timecode of its
  file; it is the beginning of a frame or, where rates differ, an instant that gives every frame that is rendered.
- Another rate than the sequence's is conformed without a change of speed, by showing the frame that is on the screen.
- A speed maps the whole file, as Final Cut Pro writes it; `start` then counts as the clip runs.
- Pictures fill the frame, as they are rendered; else the trailer would be seen beside them.
- Clips that dissolve are a storyline of their own, with transitions centred on their cuts, as Final Cut Pro makes them:
  a cut that lies elsewhere in its dissolve is moved to the middle, and every place shows the same frames. A fade to or
  from black is the clip's opacity, with a key frame for each gain; the trailer's picture below is left out. Fades to or
  from white are left out.

The rules are those of Apple's document type definition for version 1.10 and of its FCPXML reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import opentimelineio

from reinterpret.edits import EditList
from reinterpret.files import plain_text
from reinterpret.interchange.events import Event, Record, TrackName, uncovered_clips
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.notes import note_text
from reinterpret.interchange.sampling import start_seconds
from reinterpret.interchange.timeline import events_of, marker_text, record_of

_TRACKS: tuple[TrackName, ...] = ("trailer", "reinterpretation", "alternates", "sound")
_NAMED_RATES = {
    Fraction(24000, 1001): "2398",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "2997",
    Fraction(30): "30",
    Fraction(50): "50",
    Fraction(60000, 1001): "5994",
    Fraction(60): "60",
}
_NAMED_SIZES = {(1280, 720): "720", (1920, 1080): "1080", (3840, 2160): "3840x2160", (4096, 2160): "4096x2160"}
# What `srcFrameRate` can say.
_SOURCE_RATES = {
    Fraction(24000, 1001): "23.98",
    Fraction(24): "24",
    Fraction(25): "25",
    Fraction(30000, 1001): "29.97",
    Fraction(30): "30",
    Fraction(48000, 1001): "47.95",
    Fraction(48): "48",
    Fraction(50): "50",
    Fraction(60000, 1001): "59.94",
    Fraction(60): "60",
}
_SEQUENCE_SOUND = {32000: "32k", 44100: "44.1k", 48000: "48k", 88200: "88.2k", 96000: "96k", 176400: "176.4k"}
_ANSWER_LANE, _ALTERNATE_LANE, _SOUND_LANE = 1, 2, -1
# Of Final Cut Pro's own: it takes no transition without the first.
_CROSS_DISSOLVE = "Cross Dissolve", "FxPlug:4731E73A-8DAC-4113-9A30-AE85B1761265"
_WHITE = "Whites", ".../Generators.localized/Solids.localized/Whites.localized/Whites.motn"
_WHITE_COLOUR = {"name": "Color", "key": "9999/10067/100/10068/2/100", "value": "5 (Bright White)"}
# Where the time of a generator begins.
_GENERATOR_START = Fraction(3600)


def write(timeline: opentimelineio.schema.Timeline, edit: EditList) -> str:
    """The text of the file."""
    record = record_of(timeline)
    tracks = {name: events_of(timeline, name) for name in _TRACKS}
    root = Element("fcpxml", version="1.10")
    resources = _Resources(_add(root, "resources"), record, [event for track in tracks.values() for event in track])
    event = _add(_add(root, "library"), "event", name=record.name)
    sequence = _add(
        _add(event, "project", name=record.name),
        "sequence",
        format=resources.sequence_format,
        duration=rational(record.frame_count / record.rate),
        tcStart=rational(record.start_frame / record.rate),
        tcFormat="DF" if record.drop else "NDF",
        audioLayout="stereo",
        audioRate=_sequence_sound(tracks["sound"]),
    )
    _Storyline(_add(sequence, "spine"), record, resources, edit.soundtrack.kind).add(tracks)
    indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n{tostring(root, encoding="unicode")}\n'


def rational(seconds: Fraction) -> str:
    """A time as the format has it.

    >>> rational(Fraction(1001, 24000)), rational(Fraction(5))
    ('1001/24000s', '5s')
    """
    whole = seconds.denominator == 1
    return f"{seconds.numerator}s" if whole else f"{seconds.numerator}/{seconds.denominator}s"


def _sequence_sound(sound: list[Event]) -> str:
    rates = [event.media.audio_rate for event in sound if event.media is not None]
    return next((_SEQUENCE_SOUND[rate] for rate in rates if rate in _SEQUENCE_SOUND), _SEQUENCE_SOUND[48000])


class _Resources:
    """Formats and assets, each written once and named by its number."""

    def __init__(self, parent: Element, record: Record, events: list[Event]) -> None:
        self._parent, self._record = parent, record
        self._formats: dict[tuple[int, int, Fraction, Fraction], str] = {}
        self._assets: dict[MediaFacts, str] = {}
        self._effects: dict[str, str] = {}
        self._lengths: dict[MediaFacts, Fraction] = {}
        for event in [*events, *(version for shown in events for version in shown.versions)]:
            if event.media is not None:
                known = self._lengths.get(event.media, event.media.frame_count / event.media.rate)
                self._lengths[event.media] = max(known, _used_until(event, record))
        self.sequence_format = self._format(record.width, record.height, record.rate, Fraction(1), colour=True)

    def asset(self, event: Event) -> str:
        """The number of the asset that an event shows."""
        media = event.media
        assert media is not None
        if media not in self._assets:
            # Its format comes before it, so that numbers ascend.
            picture, sound = media.width > 0, media.audio_channels > 0
            format_ = self.format(media) if picture else None
            self._assets[media] = self._next()
            asset = _add(
                self._parent,
                "asset",
                id=self._assets[media],
                name=media.name,
                start=rational(media.start_frame / media.rate),
                duration=rational(self.seconds(media)),
                hasVideo="1" if picture else None,
                format=format_,
                videoSources="1" if picture else None,
                hasAudio="1" if sound else None,
                audioSources="1" if sound else None,
                audioChannels=str(media.audio_channels) if sound else None,
                audioRate=str(media.audio_rate) if sound and media.audio_rate else None,
            )
            _add(asset, "media-rep", kind="original-media", src=_address(event.url))
            if media.reel:
                _add(_add(asset, "metadata"), "md", key="com.apple.proapps.studio.reel", value=media.reel)
        return self._assets[media]

    def effect(self, name: str, uid: str) -> str:
        """The number of a transition or a generator."""
        if uid not in self._effects:
            self._effects[uid] = self._next()
            _add(self._parent, "effect", id=self._effects[uid], name=name, uid=uid)
        return self._effects[uid]

    def seconds(self, media: MediaFacts) -> Fraction:
        """How long a file is said to be: no clip ends behind it, also where its last frame stays a little longer."""
        return self._lengths[media]

    def format(self, media: MediaFacts) -> str:
        """The number of the format of a file with a picture."""
        return self._format(media.width, media.height, media.rate, media.sample_aspect)

    def _format(self, width: int, height: int, rate: Fraction, aspect: Fraction, *, colour: bool = False) -> str:
        key = (width, height, rate, aspect)
        if key not in self._formats:
            self._formats[key] = self._next()
            size = _NAMED_SIZES.get((width, height)) if aspect == 1 else None
            _add(
                self._parent,
                "format",
                id=self._formats[key],
                name=f"FFVideoFormat{size}p{_NAMED_RATES[rate]}" if size and rate in _NAMED_RATES else None,
                frameDuration=rational(1 / rate),
                width=str(width),
                height=str(height),
                paspH=str(aspect.numerator) if aspect != 1 else None,
                paspV=str(aspect.denominator) if aspect != 1 else None,
                # A project whose shape has no name must say what its colours mean.
                colorSpace="1-1-1 (Rec. 709)" if colour else None,
            )
        return self._formats[key]

    def _next(self) -> str:
        return f"r{len(self._formats) + len(self._assets) + len(self._effects) + 1}"


class _Storyline:
    """The primary storyline and what is connected to it."""

    def __init__(self, spine: Element, record: Record, resources: _Resources, heard: str) -> None:
        self._spine, self._record, self._resources, self._heard = spine, record, resources, heard

    def add(self, tracks: dict[TrackName, list[Event]]) -> None:
        """Everything."""
        answers, alternates, sound = tracks["reinterpretation"], tracks["alternates"], tracks["sound"]
        uncovered = uncovered_clips(answers)
        music = [event for event in sound if event.media is not None] if self._heard == "file" else []
        chains = list(_chains(answers))
        if not tracks["trailer"]:
            self._add_clips(chains, alternates, music)
            return
        for event in tracks["trailer"]:
            if event.clip in uncovered and not self._is_heard(event):
                event = replace(event, media=None)
            primary = self._primary(event, unseen=event.clip in uncovered)
            for chain in chains:
                if event.first <= chain[0].first < event.end:
                    self._connect_chain(primary, event, chain)
            self._connect_all(primary, event, alternates, music)
            _add_marker(primary, event)

    def _add_clips(self, chains: list[list[Event]], alternates: list[Event], music: list[Event]) -> None:
        """The clips themselves as the storyline."""
        for chain in chains:
            for event, element in self._storyline(self._spine, chain, self._record.start_frame / self._record.rate):
                self._connect_all(element, event, alternates, music)
                _add_marker(element, event)

    def _connect_all(self, primary: Element, event: Event, alternates: list[Event], music: list[Event]) -> None:
        for alternate in _within(alternates, event):
            self._connect(primary, event, alternate, _ALTERNATE_LANE)
        for heard in _within(music, event):
            self._connect(primary, event, heard, _SOUND_LANE)

    def _primary(self, event: Event, *, unseen: bool) -> Element:
        offset = (self._record.start_frame + event.first) / self._record.rate
        if event.media is None:
            return self._gap(self._spine, event, offset)
        enabled = "video" if not self._is_heard(event) else "audio" if unseen else "all"
        return self._clip(self._spine, event, offset, enabled)

    def _gap(self, spine: Element, event: Event, offset: Fraction) -> Element:
        duration = self._duration(event.count)
        return _add(spine, "gap", name="Gap", offset=rational(offset), start="0s", duration=duration)

    def _storyline(self, spine: Element, chain: list[Event], origin: Fraction) -> Iterator[tuple[Event, Element]]:
        """Events after each other, with the dissolves between them. origin: of the times in it."""
        rate = self._record.rate
        for number, event in enumerate(chain):
            first, end = _middle(event), chain[number + 1] if number + 1 < len(chain) else None
            stop = event.end if end is None else _middle(end)
            if event.dissolve is not None:
                begin = event.first - event.dissolve.before
                self._add_dissolve(spine, origin + begin / rate, event.dissolve.count)
            offset = origin + first / rate
            if event.media is None:
                even = self._white(spine, event, offset) if event.colour == "white" else self._gap(spine, event, offset)
                yield event, even
                continue
            enabled = "all" if self._is_heard(event) else "video"
            if not event.versions:
                yield event, self._clip(spine, event, offset, enabled, places=(first, stop))
                continue
            audition = _add(spine, "audition", offset=rational(offset))
            yield event, self._clip(audition, event, None, enabled, places=(first, stop))
            for version in event.versions:
                _add_marker(self._clip(audition, version, None, "video"), version)

    def _add_dissolve(self, spine: Element, offset: Fraction, places: int) -> None:
        name, _ = _CROSS_DISSOLVE
        transition = _add(spine, "transition", name=name, offset=rational(offset), duration=self._duration(places))
        _add(transition, "filter-video", ref=self._resources.effect(*_CROSS_DISSOLVE), name=name)

    def _white(self, parent: Element, event: Event, offset: Fraction, *, lane: int | None = None) -> Element:
        name, _ = _WHITE
        white = _add(
            parent,
            "video",
            ref=self._resources.effect(*_WHITE),
            lane=None if lane is None else str(lane),
            offset=rational(offset),
            name=name,
            start=rational(_GENERATOR_START),
            duration=self._duration(event.count),
        )
        _add(white, "param", **_WHITE_COLOUR)
        return white

    def _is_heard(self, event: Event) -> bool:
        """Whether the sound of what an event shows belongs to it."""
        if event.media is None or not event.media.audio_channels or event.speed == 0:
            return False
        return self._heard == ("trailer" if event.role == "trailer" else "clips") and event.role != "alternate"

    def _connect_chain(self, primary: Element, parent: Event, chain: list[Event]) -> None:
        """Connect an event, or several that dissolve: these are a storyline of their own, whose time begins at 0."""
        if len(chain) == 1:
            self._connect(primary, parent, chain[0], _ANSWER_LANE)
            return
        spine = _add(
            primary, "spine", lane=str(_ANSWER_LANE), offset=rational(self._offset_within(parent, chain[0].first))
        )
        for event, clip in self._storyline(spine, chain, -chain[0].first / self._record.rate):
            _add_marker(clip, event)

    def _offset_within(self, parent: Event, place: int) -> Fraction:
        """A place in the own time of a clip of the storyline."""
        begin = _local_start(self._resources, parent, self._record) if parent.media is not None else Fraction(0)
        return begin + (place - parent.first) / self._record.rate

    def _connect(self, primary: Element, parent: Event, event: Event, lane: int) -> None:
        """Connect an event to a clip of the storyline, in whose own time its offset counts."""
        offset = self._offset_within(parent, event.first)
        if event.colour == "white" and lane == _ANSWER_LANE:
            self._white(primary, event, offset, lane=lane)
        if event.media is None:
            return
        enabled = "audio" if lane == _SOUND_LANE else "all" if self._is_heard(event) else "video"
        if event.versions:
            target = _add(primary, "audition", lane=str(lane), offset=rational(offset))
            clip = self._clip(target, event, None, enabled)
        else:
            target, clip = primary, self._clip(primary, event, offset, enabled, lane=lane)
        if lane == _ALTERNATE_LANE:
            clip.set("enabled", "0")
        if lane != _SOUND_LANE:
            _add_marker(clip, event)
        for version in event.versions:
            _add_marker(self._clip(target, version, None, "video"), version)

    def _clip(
        self,
        parent: Element,
        event: Event,
        offset: Fraction | None,
        enabled: str,
        *,
        lane: int | None = None,
        places: tuple[int, int] | None = None,
    ) -> Element:
        """enabled: which of its media. offset: None where the parent has it. places: if they are not its own."""
        media = event.media
        assert media is not None
        first, end = places or (event.first, event.end)
        start = _local_start(self._resources, event, self._record) + (first - event.first) / self._record.rate
        clip = _add(
            parent,
            "asset-clip",
            ref=self._resources.asset(event),
            lane=None if lane is None else str(lane),
            offset=None if offset is None else rational(offset),
            name=media.name,
            start=rational(start),
            duration=self._duration(end - first),
            srcEnable=enabled,
            format=self._resources.format(media) if media.width else None,
            tcFormat="DF" if media.drop else "NDF",
        )
        if note := note_text(event):
            _add(clip, "note").text = plain_text(note)
        if media.width and media.rate != self._record.rate:
            _add(clip, "conform-rate", scaleEnabled="0", srcFrameRate=_SOURCE_RATES.get(media.rate))
        if event.speed != 1:
            _add_speed(clip, event, start, self._resources, self._record)
        if media.width and event.role != "trailer":
            _add(clip, "adjust-conform", type="fill")
        _add_opacity(clip, event, start - first / self._record.rate, self._record.rate)
        return clip

    def _duration(self, places: int) -> str:
        return rational(places / self._record.rate)


def _chains(events: list[Event]) -> Iterator[list[Event]]:
    """Events, those together that dissolve into each other."""
    chain: list[Event] = []
    for event in events:
        if event.dissolve is None and chain:
            yield chain
            chain = []
        chain.append(event)
    if chain:
        yield chain


def _middle(event: Event) -> int:
    """The place at which an event begins if it does so in the middle of its dissolve."""
    dissolve = event.dissolve
    return event.first if dissolve is None else event.first - dissolve.before + dissolve.count // 2


def _add_opacity(clip: Element, event: Event, origin: Fraction, rate: Fraction) -> None:
    """The fades of an event from and to black. origin: of the clip's own time, as the places count."""
    gains: dict[int, float] = {}
    if event.fade_in is not None and event.fade_in.colour == "black":
        gains |= dict(enumerate((*event.fade_in.gains, 1.0), start=event.first))
    if event.fade_out is not None and event.fade_out.colour == "black":
        before = event.fade_out_first - 1
        gains = {before: 1.0} | gains | dict(enumerate(event.fade_out.gains, start=before + 1))
    shown = {place: gain for place, gain in sorted(gains.items()) if event.first <= place < event.end}
    if shown:
        blend = _add(clip, "adjust-blend", amount="1")
        animation = _add(_add(blend, "param", name="amount"), "keyframeAnimation")
        for place, gain in shown.items():
            _add(animation, "keyframe", time=rational(origin + place / rate), value=f"{gain:.6g}", interp="linear")


def _within(events: list[Event], parent: Event) -> list[Event]:
    return [event for event in events if parent.first <= event.first < parent.end]


def _local_start(resources: _Resources, event: Event, record: Record) -> Fraction:
    """Where a clip begins in its own time: that of its file or, with a speed, that of the file as it then runs."""
    media = event.media
    assert media is not None
    origin = media.start_frame / media.rate
    if event.speed == 0:
        return origin + event.source_frame / media.rate
    return origin + start_seconds(event, record.rate) / event.speed


def _used_until(event: Event, record: Record) -> Fraction:
    """The instant of its file, in seconds from the first frame, at which an event ends."""
    assert event.media is not None
    if event.speed == 0:
        return (event.source_frame + 1) / event.media.rate
    return start_seconds(event, record.rate) + (event.count + event.after_end) * event.speed / record.rate


def _add_speed(clip: Element, event: Event, start: Fraction, resources: _Resources, record: Record) -> None:
    media = event.media
    assert media is not None
    origin = media.start_frame / media.rate
    if event.speed == 0:
        # Longer than what is seen: Resolve looks a little beyond the end.
        points = [(start, start), (start + (event.count + 1) / record.rate, start)]
    else:
        length = resources.seconds(media)
        points = [(origin, origin), (origin + length / event.speed, origin + length)]
    time_map = _add(clip, "timeMap")
    for time, value in points:
        _add(time_map, "timept", time=rational(time), value=rational(value), interp="linear")


def _add_marker(clip: Element, event: Event) -> None:
    """Score and what is shared, on the first frame; of what is held it has been said before."""
    if event.match is None or event.speed == 0:
        return
    cues = ", ".join(f"{cue} {score:.2f}" for cue, score in event.match.cues)
    assert event.media is not None
    _add(
        clip,
        "marker",
        start=clip.get("start"),
        duration=rational(1 / event.media.rate),
        value=marker_text(event.match),
        note=cues or None,
    )


def _address(url: str) -> str:
    """Relative ones begin with a dot, as the format's reference shows them."""
    return url if urlsplit(url).scheme or url.startswith("../") else f"./{url}"


def _add(parent: Element, tag: str, **attributes: str | None) -> Element:
    """An element with those attributes that are known."""
    return SubElement(parent, tag, {name: plain_text(value) for name, value in attributes.items() if value is not None})
