"""OpenTimelineIO's own files (.otio): the timeline as it is, and the whole edit with it.

Dissolves are transitions between two clips; fades are transitions between a clip and a gap (black) or a clip of white,
or at either end of the film. The gains of a fade stand in the metadata of its transition and of its clip, which is
also where fades are that have neither beside them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import opentimelineio
from opentimelineio.adapters import otio_json

from reinterpret.clip_transitions import FadeColour
from reinterpret.edits import EditList, found_beside
from reinterpret.interchange.events import Event, uncovered_clips
from reinterpret.interchange.films import Films, Named
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.read_transitions import ReadTransition, with_transitions
from reinterpret.interchange.timeline import (
    edit_of_timeline,
    events_of,
    exact_rate,
    item_facts,
    item_speed,
    record_of,
    time_places,
    track_of,
    url_path,
)
from reinterpret.timebase import round_half_up
from reinterpret.timecode import nominal_rate

# What is nearly white is white: programs write the values of colours as floats.
_WHITE = 0.99

FADES_BESIDE_FOOTAGE: tuple[FadeColour, ...] = ()
"""Fades that a transition can say where there is footage on both sides."""


def write(timeline: opentimelineio.schema.Timeline, edit: EditList) -> str:
    """The text of the file.

    Where the reinterpretation is black or fades the clip of the trailer below it is switched off, or it would be seen
    there.
    """
    uncovered = uncovered_clips(events_of(timeline, "reinterpretation"))
    for item in track_of(timeline, "trailer") or ():
        item.enabled = item_facts(item).get("clip") not in uncovered
    # Not by `opentimelineio.adapters`, which runs what other packages and OTIO_PLUGIN_MANIFEST_PATH hook into it.
    return str(otio_json.write_to_string(timeline)) + "\n"


def carried_edit(data: bytes, path: Path) -> EditList | None:
    """The edit that a timeline of ours carries; None if it carries none. Raises ValueError, EditError."""
    text = edit_of_timeline(_timeline(data))
    if text is None:
        return None
    return found_beside(EditList.loads(text, f"{path}, in the edit that it carries"), path.absolute().parent)


def read(data: bytes, path: Path, edit: EditList, films: Films, start_timecode: str) -> list[Event]:
    """What the track of the reinterpretation shows. Raises ValueError, with the clip."""
    timeline = _timeline(data)
    record = record_of(timeline)
    if nominal_rate(record.rate) != nominal_rate(edit.grid.rate):
        raise ValueError(f"has {float(record.rate):g} frames a second, the edit has {float(edit.grid.rate):g}")
    videos = [track for track in timeline.tracks if track.kind == opentimelineio.schema.TrackKind.Video]
    track = track_of(timeline, "reinterpretation") or (videos[1:] or videos or [None])[0]
    if track is None:
        raise ValueError("has no video track")
    events: list[Event] = []
    transitions: list[ReadTransition] = []
    begin = time_places(opentimelineio.opentime.RationalTime(0, 1), record.rate)
    for number, item in enumerate(track, start=1):
        where = f"clip {number} of the track {track.name or 'of the picture'} ({item.name or 'without a name'})"
        try:
            if isinstance(item, opentimelineio.schema.Transition):
                transitions.append(_transition(item, begin, record.rate))
                continue
            if not isinstance(item, opentimelineio.core.Item):
                raise ValueError(f"is a {type(item).__name__}, which an edit cannot hold")
            end = begin + time_places(item.trimmed_range().duration, record.rate)
            first, count = round_half_up(begin), round_half_up(end) - round_half_up(begin)
            if count > 0 and (event := _event(item, first, count, path, films)) is not None:
                events.append(event)
        except (ValueError, TypeError, opentimelineio.exceptions.OTIOError) as error:
            raise ValueError(f"{where}: {error}") from error
        begin = end
    return with_transitions(events, transitions, record.rate)


def _transition(item: opentimelineio.schema.Transition, cut: Fraction, rate: Fraction) -> ReadTransition:
    start, end = cut - time_places(item.in_offset, rate), cut + time_places(item.out_offset, rate)
    return ReadTransition(round_half_up(start), round_half_up(end), round_half_up(cut))


def _event(item: opentimelineio.core.Item, first: int, count: int, path: Path, films: Films) -> Event | None:
    """What an item shows; nothing for a gap, a clip that is switched off, and a film that is not known."""
    if isinstance(item, opentimelineio.schema.Gap) or not item.enabled:
        return None
    if not isinstance(item, opentimelineio.schema.Clip):
        raise ValueError("holds other tracks; flatten it before")
    reference = item.media_reference
    if isinstance(reference, opentimelineio.schema.GeneratorReference):
        if _is_white(reference):
            return Event(first, count, "white")
        if reference.generator_kind.lower() == "black":
            return None
    facts, url = item_facts(reference), getattr(reference, "target_url", None)
    named = Named(
        fingerprint=str(facts.get("fingerprint", "")),
        path=None if not url else url_path(url, path.absolute().parent),
        name=str(reference.name or item.name or ""),
        reel=str(facts.get("reel", "")),
    )
    media = films.find(named)
    if media is None:
        return None
    return Event(first, count, "footage", media, _frame(item, media), item_speed(item))


def _is_white(reference: opentimelineio.schema.GeneratorReference) -> bool:
    """Whether it draws nothing but white."""
    colour = reference.parameters.get("color")
    if reference.generator_kind != "SolidColor" or not isinstance(colour, Sequence):
        return False
    return len(colour) >= 3 and all(isinstance(value, int | float) and value >= _WHITE for value in colour)


def _frame(item: opentimelineio.schema.Clip, media: MediaFacts) -> int:
    """The frame of the media with which a clip begins."""
    start = item.trimmed_range().start_time
    available, facts = item.media_reference.available_range, item_facts(item.media_reference)
    if "start_frame" in facts:
        first = int(facts["start_frame"])
    elif available is not None:
        first = round_half_up(time_places(available.start_time, media.rate))
    else:
        first = media.start_frame
    frames = time_places(start, media.rate)
    # In frames of another rate: the one that is on the screen then.
    own = math.isclose(float(exact_rate(None, start.rate)), float(media.rate), rel_tol=1e-3)
    frame = (round_half_up(frames) if own else math.floor(frames)) - first
    if frame < 0:
        raise ValueError(f"begins {-frame} frames before the first frame of its file")
    return frame


def _timeline(data: bytes) -> opentimelineio.schema.Timeline:
    text = data.decode("utf-8-sig")
    try:
        # Python's own reader counts the levels, where the other runs out of stack.
        values = json.loads(text)
    except RecursionError as error:
        raise ValueError("nests too deeply to be a timeline") from error
    if not isinstance(values, dict) or not str(values.get("OTIO_SCHEMA", "")).startswith("Timeline."):
        raise ValueError("is no OpenTimelineIO timeline")
    try:
        timeline = otio_json.read_from_string(text)
    except opentimelineio.exceptions.OTIOError as error:
        raise ValueError(f"is no timeline that can be read ({error})") from error
    if not isinstance(timeline, opentimelineio.schema.Timeline):
        raise ValueError("is no OpenTimelineIO timeline")
    return timeline
