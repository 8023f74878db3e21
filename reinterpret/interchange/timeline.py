"""Timelines: an edit goes in, an OpenTimelineIO timeline comes out, from which every format is written.

What OpenTimelineIO has no place for, or keeps as a float, stands in `metadata["reinterpret"]`: exact rates, what the
files say about themselves, scores, and the whole edit. `record_of` and `events_of` read all of it back.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args
from urllib.parse import quote, unquote_to_bytes, urlsplit

import opentimelineio as otio

from reinterpret.clip_transitions import Fade
from reinterpret.edits import EditList, Match
from reinterpret.errors import UsageError
from reinterpret.fields import Field
from reinterpret.files import plain_text
from reinterpret.interchange.events import (
    Alternates,
    Event,
    PlacedDissolve,
    Record,
    Role,
    TrackName,
    Tracks,
    carried,
    record_size,
)
from reinterpret.interchange.media import MediaFacts, media_facts
from reinterpret.library import Library
from reinterpret.relinking import relinked
from reinterpret.timebase import Span, format_fraction, parse_fraction, round_half_up, standard_rate
from reinterpret.timecode import can_drop, day_frames, may_drop, parse_timecode

Paths = Literal["absolute", "relative"]
DropFrame = Literal["auto", "yes", "no"]

METADATA = "reinterpret"
_VERSION = 1
START_TIMECODE = "01:00:00:00"
# A speed that is read as a float is taken for the fraction with a denominator as small as this.
_SPEED_DENOMINATOR = 10_000


@dataclass(frozen=True, slots=True)
class TimelineOptions:
    """How a timeline is to be written."""

    paths: Paths = "absolute"
    """How media are named: by their whole path, or from the timeline's folder."""
    handles: Fraction | None = None
    """Seconds of media on both sides of what is used that are said to be available; None: the whole file."""
    start_timecode: str = START_TIMECODE
    drop_frame: DropFrame = "auto"
    """Whether labels of the record are; `auto`: as the trailer's own, or, without any, at 29.97 and 59.94."""
    alternates: Alternates = "track"

    def __post_init__(self) -> None:
        for what, value, known in (
            ("paths", self.paths, Paths),
            ("drop-frame", self.drop_frame, DropFrame),
            ("alternates", self.alternates, Alternates),
        ):
            if value not in get_args(known):
                raise UsageError(f"unknown policy {value!r} for {what}; choose one of {', '.join(get_args(known))}")
        if self.handles is not None and self.handles < 0:
            raise UsageError(f"handles are 0 seconds or more, got {self.handles}")


def timeline_of(
    edit: EditList,
    options: TimelineOptions = TimelineOptions(),
    *,
    folder: Path,
    name: str = "",
    library: Library | None = None,
) -> otio.schema.Timeline:
    """The edit as a timeline.

    Video tracks `trailer`, `reinterpretation` and, if asked for, `alternates` (switched off); an audio track `sound`.
    Every clip is an `otio.schema.Clip` or `Gap`; what it holds is best read by `events_of`.

    folder: in which the timeline will lie, for relative paths. library: in which films that have moved are looked for;
    those that are found nowhere are offline, and are named all the same. Raises UsageError.
    """
    edit = relinked(edit, library)
    record = _record(edit, options, plain_text(name))
    tracks = Tracks(edit, lambda path: media_url(path, folder, options.paths), alternates=options.alternates)
    timeline = otio.schema.Timeline(
        record.name, global_start_time=otio.opentime.RationalTime(record.start_frame, float(record.rate))
    )
    timeline.metadata[METADATA] = {
        "version": _VERSION,
        "rate": format_fraction(record.rate),
        "drop_frame": record.drop,
        "width": record.width,
        "height": record.height,
        "edit": edit.dumps(),
    }
    shown = tracks.reinterpretation()
    listed: list[tuple[TrackName, list[Event]]] = [("trailer", tracks.trailer()), ("reinterpretation", shown)]
    if options.alternates == "track":
        listed.append(("alternates", tracks.alternates()))
    for track_name, events in [*listed, ("sound", tracks.sound())]:
        if any(event.media is not None for event in events) or track_name == "reinterpretation":
            timeline.tracks.append(_track(track_name, events, record, options.handles))
    if options.alternates == "versions":
        _add_versions(timeline, shown, tracks, record, options.handles)
    return timeline


def edit_of_timeline(timeline: otio.schema.Timeline) -> str | None:
    """The JSON of the edit that the timeline carries; None if it carries none."""
    text = item_facts(timeline).get("edit")
    return text if isinstance(text, str) else None


def record_of(timeline: otio.schema.Timeline) -> Record:
    """The timeline as a whole. Raises ValueError for a timeline that does not say how fast it runs."""
    facts = item_facts(timeline)
    start = timeline.global_start_time
    rate = exact_rate(facts.get("rate"), start.rate if start is not None else _rate_of(timeline))
    frames = max((round_half_up(time_places(track.duration(), rate)) for track in timeline.tracks), default=0)
    return Record(
        name=str(timeline.name or ""),
        rate=rate,
        frame_count=frames,
        start_frame=0 if start is None else round_half_up(time_places(start, rate)),
        drop=bool(facts.get("drop_frame", False)) and may_drop(rate),
        width=int(facts.get("width", 0)),
        height=int(facts.get("height", 0)),
    )


def track_of(timeline: otio.schema.Timeline, name: TrackName) -> otio.schema.Track | None:
    """The track of that name."""
    return next((track for track in timeline.tracks if track.name == name), None)


def events_of(timeline: otio.schema.Timeline, name: TrackName) -> list[Event]:
    """What a track shows, place by place without a gap; nothing if there is no such track. Raises ValueError."""
    track = track_of(timeline, name)
    return [] if track is None else track_events(track, record_of(timeline).rate)


def track_events(track: otio.schema.Track, rate: Fraction) -> list[Event]:
    """What a track shows. rate: of the record. Boundaries are rounded to its frames. Raises ValueError."""
    events: list[Event] = []
    begin = Fraction(0)
    for item in track:
        if isinstance(item, otio.schema.Transition):
            continue
        end = begin + time_places(item.trimmed_range().duration, rate)
        first, count = round_half_up(begin), round_half_up(end) - round_half_up(begin)
        if count > 0:
            events.append(item_event(item, first, count, rate))
        begin = end
    return events


def item_event(item: otio.core.Item, first: int, count: int, rate: Fraction) -> Event:
    """What one clip or gap shows at `count` places from `first` on. Raises ValueError."""
    facts = item_facts(item)
    number = facts.get("clip")
    clip = int(number) if isinstance(number, int | float) else None
    reference = item.media_reference if isinstance(item, otio.schema.Clip) else None
    role: Role = facts["role"] if facts.get("role") in get_args(Role) else "footage"
    if not isinstance(reference, otio.schema.ExternalReference) or not item.enabled:
        return Event(first, count, role if role in ("sound", "white") else "black", clip=clip)
    media = _media(reference, rate)
    start = item.trimmed_range().start_time
    frame = round_half_up(time_places(start, media.rate)) - media.start_frame
    if frame < 0:
        raise ValueError(f"{item.name} begins before the first frame of its file, {media.label(0)}")
    versions = facts.get("versions")
    return Event(
        first,
        count,
        role,
        media,
        frame,
        item_speed(item),
        clip,
        _match(facts),
        str(reference.target_url),
        tuple(
            item_event(other, first, round_half_up(time_places(other.source_range.duration, rate)), rate)
            for other in (versions if versions is not None else ())
        ),
        **_transitions(facts),
    )


def media_url(path: Path, folder: Path, paths: Paths) -> str:
    """Where a file lies, percent-encoded: `file:///...`, or relative to `folder` (where that is possible)."""
    if paths == "relative":
        try:
            relative = Path(os.path.relpath(path, folder.absolute()))
        except ValueError:  # on another drive
            return path.absolute().as_uri()
        return quote(os.fsencode(relative.as_posix()))
    return path.absolute().as_uri()


def url_path(url: str, folder: Path) -> Path:
    """The inverse of `media_url`, also for addresses as others write them: `file://localhost/...`, or a path."""
    parts = urlsplit(url)
    encoded = url if len(parts.scheme) <= 1 else parts.path
    # file:///C:/films
    if len(encoded) > 2 and encoded[0] == "/" and encoded[2] == ":" and os.name == "nt":
        encoded = encoded[1:]
    return folder.absolute() / os.fsdecode(unquote_to_bytes(encoded.encode("utf-8", "surrogateescape")))


def exact_rate(text: Any, rate: float) -> Fraction:
    """The rate that is meant: as a fraction if it is written so, else the standard rate next to the float.

    >>> exact_rate(None, 23.976023976023978)
    Fraction(24000, 1001)
    """
    if isinstance(text, str):
        exact = parse_fraction(text)
        if math.isclose(float(exact), rate, rel_tol=1e-4):
            return exact
    if not math.isfinite(rate) or rate <= 0:
        raise ValueError(f"a frame rate must be positive, got {rate}")
    return standard_rate(Fraction(rate))


def _record(edit: EditList, options: TimelineOptions, name: str) -> Record:
    rate = edit.grid.rate
    drop = options.drop_frame == "yes"
    if drop and not may_drop(rate):
        raise UsageError(f"drop-frame is for 29.97 and 59.94 frames a second, this edit has {float(rate):g}")
    if options.drop_frame == "auto":
        trailer = None if edit.trailer is None else media_facts(edit.trailer)
        drop = may_drop(rate) and (trailer is None or not trailer.timecode or trailer.drop)
    try:
        start = parse_timecode(options.start_timecode, rate, drop=drop)
    except ValueError as error:
        raise UsageError(f"the start timecode cannot be used: {error}") from error
    if start >= day_frames(rate, drop=drop):
        raise UsageError(f"the start timecode is a time of day, before 24:00:00:00, got {options.start_timecode}")
    width, height = record_size(edit)
    return Record(name, rate, edit.grid.slot(edit.grid.frame_count), start, drop, width, height)


def _track(name: TrackName, events: list[Event], record: Record, handles: Fraction | None) -> otio.schema.Track:
    kind = otio.schema.TrackKind.Audio if name == "sound" else otio.schema.TrackKind.Video
    track = otio.schema.Track(name, kind=kind)
    track.enabled = name != "alternates"
    before: Event | None = None
    for event, shown in zip(events, carried(events, beside_footage=()), strict=True):
        _add_transition(track, before, shown, record)
        track.append(_item(event, record, handles))
        before = shown
    _add_transition(track, before, None, record)
    return track


def _add_transition(track: otio.schema.Track, before: Event | None, event: Event | None, record: Record) -> None:
    """What is between two events, or at either end of the track, if that is no cut."""
    fade_out = None if before is None else before.fade_out
    fade = fade_out or (None if event is None else event.fade_in)
    if event is not None and event.dissolve is not None:
        offsets = event.dissolve.before, event.dissolve.after
    elif fade is not None:
        offsets = (len(fade), 0) if fade is fade_out else (0, len(fade))
    else:
        return
    times = (otio.opentime.RationalTime(places, float(record.rate)) for places in offsets)
    transition = otio.schema.Transition("dissolve", otio.schema.TransitionTypes.SMPTE_Dissolve, *times)
    if fade is not None:
        transition.name = f"fade {'to' if fade is fade_out else 'from'} {fade.colour}"
        transition.metadata[METADATA] = {"fade": fade.to_json()}
    track.append(transition)


def _item(event: Event, record: Record, handles: Fraction | None) -> otio.core.Item:
    duration = otio.opentime.RationalTime(event.count, float(record.rate))
    facts: dict[str, Any] = {"role": event.role}
    if event.clip is not None:
        facts["clip"] = event.clip
    if event.media is None:
        whole = otio.opentime.TimeRange(otio.opentime.RationalTime(0, float(record.rate)), duration)
        even = _white(whole) if event.colour == "white" else otio.schema.Gap(source_range=whole)
        even.metadata[METADATA] = facts
        return even
    media, rate = event.media, float(event.media.rate)
    start = otio.opentime.RationalTime(media.start_frame + event.source_frame, rate)
    item = otio.schema.Clip(
        plain_text(media.name),
        media_reference=_reference(event, record, handles),
        source_range=otio.opentime.TimeRange(start, duration),
    )
    if event.speed == 0:
        item.effects.append(otio.schema.FreezeFrame())
    elif event.speed != 1:
        item.effects.append(otio.schema.LinearTimeWarp(time_scalar=float(event.speed)))
    facts["speed"] = format_fraction(event.speed)
    facts |= _transition_facts(event)
    if event.match is not None:
        facts["match"] = _match_facts(event.match)
        item.markers.append(
            otio.schema.Marker(
                name=plain_text(marker_text(event.match)),
                marked_range=otio.opentime.TimeRange(start, otio.opentime.RationalTime(1, rate)),
                color=otio.schema.MarkerColor.GREEN,
            )
        )
    item.metadata[METADATA] = facts
    return item


def _white(whole: otio.opentime.TimeRange) -> otio.schema.Clip:
    """Opaque white, as red, green, blue and alpha."""
    colour = {"color": [1.0, 1.0, 1.0, 1.0]}
    return otio.schema.Clip("white", otio.schema.GeneratorReference("white", "SolidColor", whole, colour), whole)


def _transition_facts(event: Event) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    if event.dissolve is not None:
        facts["dissolve"] = {name: getattr(event.dissolve, name) for name in PlacedDissolve.__slots__}
    if event.after_end:
        facts["after_end"] = event.after_end
    if event.fade_in is not None:
        facts["fade_in"] = event.fade_in.to_json()
    if event.fade_out is not None:
        facts["fade_out"] = event.fade_out.to_json()
        facts["fade_out_frame"] = event.fade_out_frame
    return facts


def _transitions(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The inverse of `_transition_facts`. Raises ValueError."""
    found: dict[str, Any] = {name: int(facts.get(name, 0)) for name in ("after_end", "fade_out_frame")}
    if (dissolve := facts.get("dissolve")) is not None:
        found["dissolve"] = PlacedDissolve(**{name: int(dissolve[name]) for name in PlacedDissolve.__slots__})
    for name in ("fade_in", "fade_out"):
        if (fade := facts.get(name)) is not None:
            found[name] = Fade.from_json(Field({"colour": fade["colour"], "gains": list(fade["gains"])}))
    return found


def marker_text(match: Match) -> str:
    """What a marker says: the score and what is shared."""
    return f"{match.score:.2f}" + (f" {match.shared}" if match.shared else "")


def _reference(event: Event, record: Record, handles: Fraction | None) -> otio.schema.ExternalReference:
    media = event.media
    assert media is not None
    rate, first, end = float(media.rate), 0, media.frame_count
    if handles is not None:
        spare = round_half_up(handles * media.rate)
        begin = event.source_frame if event.dissolve is None else event.dissolve.in_frame
        behind = math.ceil(event.after_end * event.speed * media.rate / record.rate)
        first, last = max(0, begin - spare), event.source_end(record.rate) + behind + spare
        end = min(last, media.frame_count) if media.frame_count else last
    available = None
    if end > first:
        available = otio.opentime.TimeRange(
            otio.opentime.RationalTime(media.start_frame + first, rate), otio.opentime.RationalTime(end - first, rate)
        )
    reference = otio.schema.ExternalReference(target_url=event.url, available_range=available)
    reference.name = plain_text(media.name)
    reference.metadata[METADATA] = {
        "path": media.path.as_uri(),
        "fingerprint": media.fingerprint,
        "rate": format_fraction(media.rate),
        "frame_count": media.frame_count,
        "start_frame": media.start_frame,
        "drop_frame": media.drop,
        "timecode": plain_text(media.timecode),
        "reel": plain_text(media.reel),
        "width": media.width,
        "height": media.height,
        "sample_aspect": format_fraction(media.sample_aspect),
        "audio_channels": media.audio_channels,
        "audio_rate": media.audio_rate,
        "offline": media.offline,
    }
    return reference


def _add_versions(
    timeline: otio.schema.Timeline, shown: list[Event], tracks: Tracks, record: Record, handles: Fraction | None
) -> None:
    """OpenTimelineIO's own alternates (several media of one clip) have one source range for all: these need theirs."""
    track = track_of(timeline, "reinterpretation")
    assert track is not None
    items = (item for item in track if isinstance(item, otio.core.Item))
    for item, event in zip(items, shown, strict=True):
        if event.media is not None and event.clip is not None:
            item.metadata[METADATA]["versions"] = [
                _item(other, record, handles) for other in tracks.versions(event.clip)
            ]


def _match_facts(match: Match) -> dict[str, Any]:
    return {
        "film": match.film,
        "target_shot": match.target_shot,
        "source_shot": match.source_shot,
        "shot": [format_fraction(match.shot_span.start), format_fraction(match.shot_span.end)],
        "source": [format_fraction(match.source_span.start), format_fraction(match.source_span.end)],
        "score": match.score,
        "cues": {plain_text(name): score for name, score in match.cues},
        "shared": plain_text(match.shared),
    }


def _match(facts: Mapping[str, Any]) -> Match | None:
    values = facts.get("match")
    if values is None:
        return None
    try:
        return Match(
            int(values["target_shot"]),
            str(values["film"]),
            int(values["source_shot"]),
            Span(*(parse_fraction(text) for text in values["shot"])),
            Span(*(parse_fraction(text) for text in values["source"])),
            float(values["score"]),
            tuple((str(name), float(score)) for name, score in values["cues"].items()),
            str(values["shared"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"what a clip says about its match does not hold together ({error})") from error


def _media(reference: otio.schema.ExternalReference, rate: Fraction) -> MediaFacts:
    facts, available = item_facts(reference), reference.available_range
    own = exact_rate(facts.get("rate"), float(rate) if available is None else available.start_time.rate)
    start = 0 if available is None else round_half_up(time_places(available.start_time, own))
    count = 0 if available is None else round_half_up(time_places(available.duration, own))
    return MediaFacts(
        path=url_path(str(facts.get("path", reference.target_url)), Path()),
        fingerprint=str(facts.get("fingerprint", "")),
        rate=own,
        frame_count=int(facts.get("frame_count", count)),
        start_frame=int(facts.get("start_frame", start)),
        drop=bool(facts.get("drop_frame", False)) and can_drop(own),
        timecode=str(facts.get("timecode", "")),
        reel=str(facts.get("reel", "")),
        width=int(facts.get("width", 0)),
        height=int(facts.get("height", 0)),
        sample_aspect=parse_fraction(facts.get("sample_aspect", "1/1")),
        audio_channels=int(facts.get("audio_channels", 0)),
        audio_rate=int(facts.get("audio_rate", 0)),
        offline=bool(facts.get("offline", False)),
    )


def item_speed(item: otio.core.Item) -> Fraction:
    """How fast a clip runs, 0 if it stands still. Exact, if the effects still say what they said at first."""
    scalar = 1.0
    for effect in item.effects:
        if isinstance(effect, otio.schema.FreezeFrame):
            scalar = 0.0
        elif isinstance(effect, otio.schema.LinearTimeWarp):
            scalar *= effect.time_scalar
    written = item_facts(item).get("speed")
    if isinstance(written, str) and math.isclose(float(exact := parse_fraction(written)), scalar, rel_tol=1e-9):
        return exact
    if not math.isfinite(scalar) or scalar < 0:
        raise ValueError(f"{item.name} runs backwards or at no speed at all ({scalar}), which an edit cannot")
    return Fraction(scalar).limit_denominator(_SPEED_DENOMINATOR)


def _rate_of(timeline: otio.schema.Timeline) -> float:
    for clip in timeline.find_clips():
        return float(clip.trimmed_range().duration.rate)
    raise ValueError("the timeline has no clip and does not say how fast it runs")


def time_places(time: otio.opentime.RationalTime, rate: Fraction) -> Fraction:
    """A time of OpenTimelineIO in frames of `rate`: its own rate is a float, and is taken for what it means."""
    if not math.isfinite(time.value):
        raise ValueError(f"a time is a number of frames, got {time.value}")
    value = Fraction(time.value).limit_denominator(100_000)
    own = exact_rate(None, time.rate)
    return value if math.isclose(own, rate, rel_tol=1e-5) else value * rate / own


def item_facts(thing: Any) -> Mapping[str, Any]:
    """What we have said about something; empty for what is not ours."""
    facts = thing.metadata.get(METADATA)
    return facts if isinstance(facts, Mapping) else {}
