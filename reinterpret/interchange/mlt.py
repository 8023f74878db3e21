"""MLT XML: the whole timeline, for Shotcut, Kdenlive and `melt`.

- `in` and `out` count frames of the project, also within files of another rate, and both belong to what is seen. MLT
  shows, at frame p of a file, the frame of it that is nearest to p / rate; `in` is chosen so that the first frame is
  the one that is rendered wherever a whole number gives it, and so that as few as possible of the others differ.
- A speed is the producer `timewarp`, whose frames count as it runs. A frame that is held is a clip that runs so slowly
  that the next frame does not come: Shotcut loses a filter of a clip (`freeze`) when it saves.
- Black is a colour clip of its own: where a track is empty the one below is seen.
- Every path begins with a slash or a dot, so that no name of a file is read as that of a protocol or a service.

Measured with melt 7.12; see "MLT XML" and "MLT XML annotations" in the documentation of MLT and of Shotcut. The order,
`main_bin`, `background` and the transitions are as Shotcut saves them.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable
from fractions import Fraction
from urllib.parse import unquote_to_bytes, urlsplit
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import opentimelineio

from reinterpret.edits import EditList
from reinterpret.files import plain_text
from reinterpret.interchange.accounts import clock, rounded_ms
from reinterpret.interchange.events import Event, Record, TrackName
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.sampling import shown_frames
from reinterpret.interchange.timeline import events_of, marker_text, record_of

logger = logging.getLogger(__name__)

_VIDEO_TRACKS: tuple[TrackName, ...] = ("trailer", "reinterpretation", "alternates")
_MARKER_COLOUR = "#008000"
# What is looked at to choose `in`: patterns of two rates return long before.
_MOST_PLACES = 2000
# Of a frame that is held for a short time; programs show it in their own lists.
_SLOWEST_USUAL = Fraction(1, 100)
_MOST_HD_LINES = 720


def write(timeline: opentimelineio.schema.Timeline, edit: EditList) -> str:
    """The text of the file."""
    record = record_of(timeline)
    tracks = {name: events_of(timeline, name) for name in (*_VIDEO_TRACKS, "sound")}
    root = Element("mlt", LC_NUMERIC="C", version="7.0.0", title=plain_text(record.name), producer="main_bin")
    _add_profile(root, record)
    _property(SubElement(root, "playlist", id="main_bin"), "xml_retain", 1)
    producers = _Producers(root, record, (event for events in tracks.values() for event in events))
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


class _Producers:
    """What is played: each file once at each speed, written when it is first named."""

    def __init__(self, root: Element, record: Record, events: Iterable[Event]) -> None:
        self._root, self.record = root, record
        self._names: dict[tuple[MediaFacts | None, Fraction], str] = {}
        self._ends: dict[tuple[MediaFacts | None, Fraction], int] = {(None, Fraction(1)): record.frame_count}
        for event in events:
            if event.media is not None:
                key = self._key(event)
                known = math.ceil(event.media.frame_count * record.rate / event.media.rate / key[1])
                used = first_place(event, record.rate) + event.count
                self._ends[key] = max(self._ends.get(key, known), used)

    def name(self, event: Event) -> str:
        """The producer that an event plays; a colour for black."""
        key = self._key(event)
        if key not in self._names:
            self._names[key] = f"producer{len(self._names)}"
            end = self._ends[key]
            producer = SubElement(self._root, "producer", {"id": self._names[key], "in": "0", "out": str(end - 1)})
            _property(producer, "length", end)
            _property(producer, "eof", "pause")
            if event.media is None:
                _describe_black(producer)
            else:
                _describe(producer, event, key[1], len(self._names))
        return self._names[key]

    def _key(self, event: Event) -> tuple[MediaFacts | None, Fraction]:
        return event.media, Fraction(1) if event.media is None else producer_speed(event, self.record.rate)


def _add_background(root: Element, record: Record) -> None:
    """What Shotcut has below all tracks."""
    last = str(record.frame_count - 1)
    black = SubElement(root, "producer", {"id": "black", "in": "0", "out": last})
    _property(black, "length", record.frame_count)
    _describe_black(black)
    SubElement(SubElement(root, "playlist", id="background"), "entry", {"producer": "black", "in": "0", "out": last})


def _describe_black(producer: Element) -> None:
    _property(producer, "resource", "black")
    _property(producer, "mlt_service", "color")
    _property(producer, "mlt_image_format", "rgb")
    _property(producer, "shotcut:caption", "black")


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
    # Producers stand before the playlists that name them.
    entries = [(event, producers.name(event) if _is_shown(event, track) else "") for event in events]
    playlist = SubElement(root, "playlist", id=name)
    _property(playlist, "shotcut:audio" if track == "sound" else "shotcut:video", 1)
    _property(playlist, "shotcut:name", track)
    _property(playlist, "kdenlive:track_name", track)
    for event, producer in entries:
        if not producer:
            SubElement(playlist, "blank", length=str(event.count))
            continue
        first = first_place(event, producers.record.rate) if event.media is not None else 0
        places = {"producer": producer, "in": str(first), "out": str(first + event.count - 1)}
        SubElement(playlist, "entry", places)


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
