"""Final Cut Pro 7's XML read back: the text of one and the films it may name go in, events come out.

As Premiere and Resolve write it: a file is described once and named by its id afterwards; `in` counts frames of the
clip's own rate, which need not be the sequence's; a clip that begins or ends in a transition says -1 there, and is
taken to do so in the middle of it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from reinterpret.edits import EditList
from reinterpret.interchange.events import Event
from reinterpret.interchange.fcp7 import clip_frame, clip_source
from reinterpret.interchange.films import Films, Named
from reinterpret.interchange.markup import parse_xml
from reinterpret.interchange.notes import Note, parse_note
from reinterpret.interchange.timeline import url_path
from reinterpret.timecode import nominal_rate

_SPEED_DENOMINATOR = 10_000
# Longer numbers are no frames of any film.
_LONGEST_NUMBER = 18


def read(data: bytes, path: Path, edit: EditList, films: Films, start_timecode: str) -> list[Event]:
    """What the track of the reinterpretation shows. Raises ValueError, with the clip."""
    root = parse_xml(data)
    sequence = root.find(".//sequence") if root.tag == "xmeml" else None
    if sequence is None:
        raise ValueError("has no sequence; XML of Final Cut Pro 7 (xmeml) was expected")
    rate = edit.grid.rate
    timebase = _number(sequence, "rate/timebase")
    if timebase is not None and timebase != nominal_rate(rate):
        raise ValueError(f"has {timebase} frames a second, the edit has {float(rate):g}")
    files = {file.get("id"): file for file in root.iter("file") if len(file)}
    track = _track(sequence)
    events: list[Event] = []
    items = [item for item in track if item.tag in ("clipitem", "generatoritem", "transitionitem")]
    for position, item in enumerate(items):
        if item.tag != "clipitem" or _text(item, "enabled").upper() == "FALSE":
            continue
        where = f"the clip {item.get('id') or position + 1} ({_text(item, 'name')[:100]})"
        try:
            start, end = _places(items, position)
            if end > start and (event := _event(item, start, end - start, rate, files, path, films)) is not None:
                events.append(event)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    return events


def _track(sequence: Element) -> Element:
    """The track of the reinterpretation: as its name or its notes say, else the second from below, or the only one."""
    tracks = sequence.findall("media/video/track")
    if not tracks:
        raise ValueError("has no video track")
    for track in tracks:
        if _text(track, "name") == "reinterpretation":
            return track
    shown = [sum(note.role in ("footage", "title") for note in _notes(track)) for track in tracks]
    if max(shown):
        return tracks[shown.index(max(shown))]
    return tracks[min(1, len(tracks) - 1)]


def _notes(track: Element) -> Iterator[Note]:
    for item in track.iter("clipitem"):
        if (note := _note(item)) is not None:
            yield note


def _note(item: Element) -> Note | None:
    return next((note for comment in item.findall("comments/*") if (note := parse_note(comment.text or ""))), None)


def _places(items: list[Element], position: int) -> tuple[int, int]:
    """From which place to which a clip is seen."""
    item = items[position]
    start, end = _number(item, "start"), _number(item, "end")
    if start is None or end is None:
        raise ValueError("does not say where it stands")
    if start == -1:
        start = _middle(items[position - 1] if position else None)
    if end == -1:
        end = _middle(items[position + 1] if position + 1 < len(items) else None)
    if start < 0:
        raise ValueError(f"begins at frame {start}, before the timeline")
    return start, end


def _middle(transition: Element | None) -> int:
    start = None if transition is None else _number(transition, "start")
    end = None if transition is None else _number(transition, "end")
    if start is None or end is None or (transition is not None and transition.tag != "transitionitem"):
        raise ValueError("begins or ends in a transition that is not there")
    return (start + end) // 2


def _event(
    item: Element,
    first: int,
    count: int,
    rate: Fraction,
    files: dict[str | None, Element],
    path: Path,
    films: Films,
) -> Event | None:
    """What a clip shows; nothing for a film that is not known."""
    file, note = item.find("file"), _note(item)
    if file is None:
        raise ValueError("has no file of its own (a nested sequence?); put its clips into the track itself")
    file = files.get(file.get("id"), file)
    url = _text(file, "pathurl")
    media = films.find(
        Named(
            fingerprint="" if note is None else note.film,
            path=None if not url else url_path(url, path.absolute().parent),
            name=_text(file, "name") or _text(item, "name"),
            reel=_text(file, "timecode/reel/name"),
        )
    )
    if media is None:
        return None
    begin = _number(item, "in")
    if begin is None or begin < 0:
        raise ValueError("does not say with which frame of its file it begins")
    written = _speed(item)
    speed = written.limit_denominator(_SPEED_DENOMINATOR)
    if note is not None and note.film == media.fingerprint and _is_speed(written, note.speed):
        speed = note.speed
        if begin == clip_frame(media.rate, note.frame, speed, rate):
            return Event(first, count, "footage", media, note.frame, speed)
    frame = clip_source(media.rate, begin, speed, _clip_rate(item, rate, media.rate))
    return Event(first, count, "footage", media, frame, speed)


def _clip_rate(item: Element, rate: Fraction, own: Fraction) -> Fraction:
    """The rate in which a clip counts: the sequence's, the file's, or whatever it says."""
    timebase = _number(item, "rate/timebase")
    if timebase is None or timebase == nominal_rate(rate):
        return rate
    if timebase == nominal_rate(own):
        return own
    if timebase < 1:
        raise ValueError(f"has {timebase} frames a second")
    return Fraction(timebase * 1000, 1001) if _text(item, "rate/ntsc").upper() == "TRUE" else Fraction(timebase)


def _speed(item: Element) -> Fraction:
    """Of the effect Time Remap, which gives it in percent."""
    for effect in item.findall("filter/effect"):
        if _text(effect, "effectid").lower() != "timeremap":
            continue
        values = {_text(one, "parameterid"): _text(one, "value") for one in effect.findall("parameter")}
        if values.get("variablespeed", "0") not in ("0", "FALSE", ""):
            raise ValueError("changes its speed as it runs, which an edit cannot")
        try:
            percent = float(values.get("speed", "100"))
        except ValueError:
            percent = math.nan
        if not math.isfinite(percent):
            raise ValueError(f"its speed is no number: {values.get('speed', '')[:40]!r}")
        if percent < 0 or values.get("reverse", "").upper() == "TRUE":
            raise ValueError("runs backwards, which an edit cannot")
        return Fraction(percent) / 100
    return Fraction(1)


def _is_speed(written: Fraction, exact: Fraction) -> bool:
    """Whether a speed is what the exact one is written as."""
    return math.isclose(float(written), float(exact), rel_tol=1e-9, abs_tol=1e-12)


def _text(parent: Element, path: str) -> str:
    return (parent.findtext(path) or "").strip()


def _number(parent: Element, path: str) -> int | None:
    """A whole number; None if it is not there."""
    text = _text(parent, path)
    if not text:
        return None
    if len(text) > _LONGEST_NUMBER or not text.lstrip("-").isdecimal():
        raise ValueError(f"{path} is no number of frames: {text[:40]!r}")
    return int(text)
