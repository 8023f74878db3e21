"""MLT XML: the whole timeline, for Shotcut, Kdenlive and `melt`.

- `in` and `out` count frames of the project, also within files of another rate, and both belong to what is seen. MLT
  shows, at frame p of a file, the frame of it that is nearest to p / rate; `in` is chosen so that the first frame is
  the one that is rendered wherever a whole number gives it, and so that as few as possible of the others differ.
- A speed is the producer `timewarp`, whose frames count as it runs. A frame that is held is a clip that runs so slowly
  that the next frame does not come: Shotcut loses a filter of a clip (`freeze`) when it saves.
- Black and white are colour clips of their own: where a track is empty the one below is seen.
- A dissolve is a tractor of its own in the playlist, as Shotcut makes it, with the transition `luma`. Its mixture at
  frame k of n is k / n; so it begins a frame early, where the clip before has one to spare, and every frame is mixed as
  it is rendered. A fade to or from black is the filter `brightness`, with a key frame for each gain; one to or from
  white is a dissolve with white. A clip that fades or dissolves has a producer of its own: two clips of one producer
  cannot run at the same time.
- Every path begins with a slash or a dot, so that no name of a file is read as that of a protocol or a service.

Measured with melt 7.12; see "MLT XML" and "MLT XML annotations" in the documentation of MLT and of Shotcut. The order,
`main_bin`, `background` and the transitions are as Shotcut saves them.
"""

from __future__ import annotations

import logging
import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import opentimelineio

from reinterpret.clip_transitions import FadeColour
from reinterpret.edits import EditList
from reinterpret.files import plain_text
from reinterpret.interchange.accounts import clock, rounded_ms
from reinterpret.interchange.events import Event, Record, TrackName
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.sampling import shown_frames
from reinterpret.interchange.timeline import events_of, marker_text, record_of
from reinterpret.placed_transitions import gains_of

logger = logging.getLogger(__name__)

_VIDEO_TRACKS: tuple[TrackName, ...] = ("trailer", "reinterpretation", "alternates")
_MARKER_COLOUR = "#008000"
# What is looked at to choose `in`: patterns of two rates return long before.
_MOST_PLACES = 2000
# Of a frame that is held for a short time; programs show it in their own lists.
_SLOWEST_USUAL = Fraction(1, 100)
_MOST_HD_LINES = 720
# What has no transitions.
_PLAIN_ROLES = ("trailer", "alternate", "sound")


def write(timeline: opentimelineio.schema.Timeline, edit: EditList) -> str:
    """The text of the file."""
    record = record_of(timeline)
    tracks = {name: events_of(timeline, name) for name in (*_VIDEO_TRACKS, "sound")}
    root = Element("mlt", LC_NUMERIC="C", version="7.0.0", title=plain_text(record.name), producer="main_bin")
    _add_profile(root, record)
    _property(SubElement(root, "playlist", id="main_bin"), "xml_retain", 1)
    gains = _gains_by_place(edit)
    producers = _Producers(root, record, [event for events in tracks.values() for event in events], gains)
    playlists: list[tuple[TrackName, str]] = []
    _add_background(root, record)
    for name, events in tracks.items():
        if events:
            playlists.append((name, f"playlist{len(playlists)}"))
            _add_playlist(root, playlists[-1][1], name, events, producers)
    _add_tractor(root, record, playlists, tracks["reinterpretation"], heard=edit.soundtrack.kind != "none")
    indent(root, " ")
    # A carriage return, bare, would be read as a line feed.
    text = tostring(root, encoding="unicode").replace("\r", "&#13;")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text}\n'


def first_place(event: Event, rate: Fraction) -> int:
    """`in`: the frame of the producer, at the project's rate, with which an event begins.

    At frame p + k MLT shows frame round((p + k) x speed x rate of the file / rate) of the file. Of the numbers nearby
    that is taken with which most places show what is rendered, before all the first.
    """
    assert event.media is not None
    pace = producer_speed(event, rate) * event.media.rate / rate
    if event.speed == 0:
        # Its places lie around the one at which the frame itself is due.
        return max(0, math.floor(event.source_frame / pace - Fraction(event.count, 2)))
    wanted = shown_frames(event, rate, min(event.count, pace.denominator, _MOST_PLACES))
    near = math.floor(wanted[0] / pace)
    return min(range(max(0, near - 2), near + 3), key=lambda first: _misses(first, pace, wanted))


def producer_speed(event: Event, rate: Fraction) -> Fraction:
    """The speed of what an event plays; of a frame that is held so little that all its places show it."""
    assert event.media is not None
    speed = event.speed or _SLOWEST_USUAL
    while event.speed == 0 and 2 * event.count * speed * event.media.rate > rate:
        speed /= 10
    return speed


def _misses(first: int, pace: Fraction, wanted: list[int]) -> tuple[int, int, int]:
    """How far off the first place is, how many are, and how many of them hang by a float: half-way between frames."""
    # Twice, so that halves are whole numbers.
    step, unit = 2 * pace.numerator, 2 * pace.denominator
    positions = [place * step for place in range(first, first + len(wanted))]
    shown = [(position + unit // 2) // unit for position in positions]
    halves = sum(position % unit == unit // 2 for position in positions)
    return abs(shown[0] - wanted[0]), sum(a != b for a, b in zip(shown, wanted, strict=True)), halves


def _add_profile(root: Element, record: Record) -> None:
    shape = Fraction(record.width, record.height)
    facts = {
        "description": "reinterpret",
        "width": record.width,
        "height": record.height,
        "progressive": 1,
        "sample_aspect_num": 1,
        "sample_aspect_den": 1,
        "display_aspect_num": shape.numerator,
        "display_aspect_den": shape.denominator,
        "frame_rate_num": record.rate.numerator,
        "frame_rate_den": record.rate.denominator,
        "colorspace": 709 if record.height >= _MOST_HD_LINES else 601,
    }
    SubElement(root, "profile", {name: str(value) for name, value in facts.items()})


def _gains_by_place(edit: EditList) -> dict[int, float]:
    """What is left of the reinterpretation's picture over black at a place, where that is not all."""
    slot = edit.grid.slot
    gains: dict[int, float] = {}
    for clip in edit.clips:
        for frame, gain in gains_of(clip).items():
            if gain.colour == "black":
                gains |= dict.fromkeys(range(slot(frame), slot(frame + 1)), gain.share)
    return gains


# Media, speed, and the place of an event that nothing else is played with; black and white by their names.
_Key = tuple[MediaFacts | FadeColour, Fraction, int | None]


class _Producers:
    """What is played: each file once at each speed, written when it is first named."""

    def __init__(self, root: Element, record: Record, events: list[Event], gains: dict[int, float]) -> None:
        """gains: by place, of the reinterpretation."""
        self._root, self.record, self._gains = root, record, gains
        self._fading = sorted(gains)
        self._names: dict[_Key, str] = {}
        self._crosses = 0
        self._ends: dict[_Key, int] = {}
        for event in events:
            if event.media is not None:
                key = self._key(event)
                known = math.ceil(event.media.frame_count * record.rate / event.media.rate / key[1])
                used = first_place(event, record.rate) + event.count + event.after_end
                self._ends[key] = max(self._ends.get(key, known), used)

    def name(self, event: Event) -> str:
        """The producer that an event plays; a colour for black and white."""
        key = self._key(event)
        if key not in self._names:
            self._names[key] = f"producer{len(self._names)}"
            end = self._ends.get(key, self.record.frame_count)
            producer = SubElement(self._root, "producer", {"id": self._names[key], "in": "0", "out": str(end - 1)})
            _property(producer, "length", end)
            _property(producer, "eof", "pause")
            if event.media is None:
                _describe_colour(producer, event.colour or "black")
            else:
                _describe(producer, event, key[1], len(self._names))
            self._add_fades(producer, event)
        return self._names[key]

    def entry(self, event: Event, place: int, count: int) -> dict[str, str]:
        """What is played at some places, which may lie beside an event."""
        first = self.position(event, place)
        return {"producer": self.name(event), "in": str(first), "out": str(first + count - 1)}

    def position(self, event: Event, place: int) -> int:
        """The frame of an event's producer at a place; below 0 where it has none."""
        if event.media is None:
            return max(place - event.first, 0)
        return first_place(event, self.record.rate) + place - event.first

    def cross(self, cross: _Cross) -> dict[str, str]:
        """Write a dissolve as Shotcut does. Returns its attributes in the playlist."""
        count, name = cross.end - cross.first, f"transition{self._crosses}"
        self._crosses += 1
        tracks = [self.entry(event, cross.first, count) for event in (cross.before, cross.after)]
        bounds = {"in": "0", "out": str(count - 1)}
        tractor = SubElement(self._root, "tractor", {"id": name, **bounds})
        _property(tractor, "shotcut:transition", "lumaMix")
        for facts in tracks:
            SubElement(tractor, "track", facts)
        for service, more in (("luma", {"factory": "loader", "alpha_over": 1}), ("mix", {"start": -1})):
            transition = SubElement(tractor, "transition", bounds)
            for key, value in {"a_track": 0, "b_track": 1, "mlt_service": service, **more}.items():
                _property(transition, key, value)
        return {"producer": name, **bounds}

    def _key(self, event: Event) -> _Key:
        changes = event.dissolve or event.after_end or event.fade_in or event.fade_out or self._faded(event)
        alone = event.first if changes and event.role not in _PLAIN_ROLES else None
        if event.media is None:
            return event.colour or "black", Fraction(1), alone
        return event.media, producer_speed(event, self.record.rate), alone

    def _faded(self, event: Event) -> list[int]:
        """The places of an event at which it fades from or to black."""
        return self._fading[bisect_left(self._fading, event.first) : bisect_left(self._fading, event.end)]

    def _add_fades(self, producer: Element, event: Event) -> None:
        places = self._faded(event)
        if not places or event.role in _PLAIN_ROLES:
            return
        first = self.position(event, event.first)
        bounds = {"in": str(first), "out": str(first + event.count - 1)}
        fade = SubElement(producer, "filter", bounds)
        # With the full picture on both sides of what fades.
        shown = {at for place in places for at in (place - 1, place, place + 1) if event.first <= at < event.end}
        levels = (f"{place - event.first}={self._gains.get(place, 1.0):.6g}" for place in sorted(shown))
        begins = event.first in self._gains
        _property(fade, "mlt_service", "brightness")
        _property(fade, "shotcut:filter", "fadeInBrightness" if begins else "fadeOutBrightness")
        _property(fade, "alpha", 1)
        _property(fade, "level", ";".join(levels))


def _add_background(root: Element, record: Record) -> None:
    """What Shotcut has below all tracks."""
    last = str(record.frame_count - 1)
    black = SubElement(root, "producer", {"id": "black", "in": "0", "out": last})
    _property(black, "length", record.frame_count)
    _describe_colour(black, "black")
    SubElement(SubElement(root, "playlist", id="background"), "entry", {"producer": "black", "in": "0", "out": last})


def _describe_colour(producer: Element, colour: FadeColour) -> None:
    _property(producer, "resource", colour)
    _property(producer, "mlt_service", "color")
    _property(producer, "mlt_image_format", "rgb")
    _property(producer, "shotcut:caption", colour)


def _describe(producer: Element, event: Event, speed: Fraction, number: int) -> None:
    media = event.media
    assert media is not None
    path = _path(event.url)
    if speed == 1:
        _property(producer, "resource", path)
        _property(producer, "mlt_service", "avformat")
    else:
        _property(producer, "resource", f"{_decimal(speed)}:{path}")
        _property(producer, "mlt_service", "timewarp")
        _property(producer, "warp_speed", _decimal(speed))
        _property(producer, "warp_resource", path)
        _property(producer, "warp_pitch", 0)
    _property(producer, "seekable", 1)
    if not media.width:
        _property(producer, "video_index", -1)
    if not media.audio_channels:
        _property(producer, "audio_index", -1)
    _property(producer, "shotcut:caption", media.name)
    _property(producer, "kdenlive:clipname", media.name)
    # Kdenlive counts its clips from 2 on.
    _property(producer, "kdenlive:id", number + 1)


def _path(url: str) -> str:
    """The path that MLT opens: absolute, or from the folder of the timeline and then with a dot before it."""
    parts = urlsplit(url)
    path = unquote_to_bytes(parts.path if parts.scheme == "file" else url).decode("utf-8", "surrogateescape")
    if plain_text(path) != path:
        logger.warning("%s: its name cannot be written as XML; locate the file by hand, or rename it", plain_text(path))
    return path if path.startswith(("/", "../")) else f"./{path}"


def _decimal(speed: Fraction) -> str:
    """As MLT reads it, which is as a float."""
    return f"{float(speed):.15g}"


def _add_playlist(root: Element, name: str, track: TrackName, events: list[Event], producers: _Producers) -> None:
    # Producers and tractors stand before the playlists that name them.
    parts = list(_parts(events, track, producers))
    playlist = SubElement(root, "playlist", id=name)
    _property(playlist, "shotcut:audio" if track == "sound" else "shotcut:video", 1)
    _property(playlist, "shotcut:name", track)
    _property(playlist, "kdenlive:track_name", track)
    for tag, facts in parts:
        SubElement(playlist, tag, facts)


def _parts(events: list[Event], track: TrackName, producers: _Producers) -> Iterator[tuple[str, dict[str, str]]]:
    """Tags and attributes of what a playlist holds, one after the other."""
    crosses = _crosses(events, producers)
    begins, ends = ({id(event): cross for cross in crosses for event in (getattr(cross, side),)} for side in _SIDES)
    for event in events:
        into, out = begins.get(id(event)), ends.get(id(event))
        if not _is_shown(event, track):
            yield "blank", {"length": str(event.count)}
            continue
        if into is not None and into.before.clip is None:
            # Out of white that is no event of its own.
            yield "entry", producers.cross(into)
        first, end = event.first if into is None else into.end, event.end if out is None else out.first
        if end > first:
            yield "entry", producers.entry(event, first, end - first)
        if out is not None:
            yield "entry", producers.cross(out)


@dataclass(frozen=True, slots=True)
class _Cross:
    """A dissolve between two events, at places of the record, half-open. Its first place may show the first alone."""

    before: Event
    after: Event
    first: int
    end: int


# Of a dissolve: the event that begins with it, and the one that ends.
_SIDES = ("after", "before")


def _crosses(events: list[Event], producers: _Producers) -> list[_Cross]:
    """The dissolves of a track: those between two events, and the fades from and to white."""
    crosses: list[_Cross] = []
    for number, event in enumerate(events):
        alone = event.first
        if event.dissolve is not None and number:
            alone = event.first + event.dissolve.after
        elif event.fade_in is not None and event.fade_in.colour == "white":
            alone = event.first + len(event.fade_in)
            last = events[number - 1] if number else None
            if last is not None and last.colour == "white":
                crosses.append(_early(_Cross(last, event, event.first, alone), last.first, producers))
            else:
                crosses.append(_Cross(Event(event.first, 1, "white"), event, event.first, alone))
        after = events[number + 1] if number + 1 < len(events) else None
        if event.fade_out is not None and event.fade_out.colour == "white":
            white = Event(event.end, 1, "white")
            crosses.append(_early(_Cross(event, white, event.fade_out_first, event.end), alone, producers))
        elif after is not None and after.dissolve is not None:
            first, end = after.first - after.dissolve.before, after.first + after.dissolve.after
            crosses.append(_early(_Cross(event, after, first, end), alone, producers))
    return crosses


def _early(cross: _Cross, alone: int, producers: _Producers) -> _Cross:
    """The same a place earlier, where both events have a frame there. alone: from where on the first is seen alone."""
    first = cross.first - 1
    spare = alone <= first and producers.position(cross.after, first) >= 0
    return replace(cross, first=first) if spare else cross


def _is_shown(event: Event, track: TrackName) -> bool:
    return event.media is not None or track == "reinterpretation"


def _add_tractor(
    root: Element, record: Record, playlists: list[tuple[TrackName, str]], answers: list[Event], *, heard: bool
) -> None:
    """The tracks, from the lowest. Sound is heard from its own track alone."""
    last = str(record.frame_count - 1)
    tractor = SubElement(root, "tractor", {"id": "timeline", "title": plain_text(record.name), "in": "0", "out": last})
    _property(tractor, "shotcut", 1)
    _add_markers(tractor, record, answers)
    SubElement(tractor, "track", producer="background")
    for name, playlist in playlists:
        hidden = {"alternates": "both", "sound": "video" if heard else "both"}.get(name, "audio")
        SubElement(tractor, "track", producer=playlist, hide=hidden)
    for number in range(1, len(playlists) + 1):
        # So that tracks that somebody makes audible are heard together, and can be made transparent.
        _add_transition(tractor, {"a_track": 0, "b_track": number, "mlt_service": "mix", "always_active": 1, "sum": 1})
        if playlists[number - 1][0] != "sound":
            below = {"a_track": min(1, number - 1), "b_track": number, "version": "0.1"}
            _add_transition(tractor, {**below, "mlt_service": "frei0r.cairoblend", "threads": 0, "disable": 1})


def _add_transition(tractor: Element, facts: dict[str, object]) -> None:
    transition = SubElement(tractor, "transition")
    for name, value in facts.items():
        _property(transition, name, value)


def _add_markers(tractor: Element, record: Record, answers: list[Event]) -> None:
    markers = SubElement(tractor, "properties", name="shotcut:markers")
    marked = [event for event in answers if event.match is not None and event.speed != 0]
    for number, event in enumerate(marked):
        assert event.match is not None
        marker = SubElement(markers, "properties", name=str(number))
        begin, end = (clock(rounded_ms(place / record.rate)) for place in (event.first, event.end - 1))
        facts = {"text": marker_text(event.match), "start": begin, "end": end, "color": _MARKER_COLOUR}
        for name, value in facts.items():
            _property(marker, name, value)


def _property(parent: Element, name: str, value: object) -> None:
    SubElement(parent, "property", name=name).text = plain_text(str(value))
