"""Final Cut Pro 7's XML read back: the text of one and the films it may name go in, events come out.

As Premiere and Resolve write it: a file is described once and named by its id afterwards; `in` counts frames of the
clip's own rate, which need not be the sequence's; a clip that begins or ends in a transition says -1 there, and `in`
is then what is seen at the first place of the transition. The cut is where the edit has one within the transition, else
where its alignment says: at its beginning, its end, or in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from xml.etree.ElementTree import Element

from reinterpret.edits import EditList
from reinterpret.interchange.events import Event
from reinterpret.interchange.fcp7 import FADES_BESIDE_FOOTAGE, clip_frame, clip_source
from reinterpret.interchange.films import Films, Named
from reinterpret.interchange.markup import parse_xml
from reinterpret.interchange.notes import Note, parse_note
from reinterpret.interchange.read_transitions import ReadTransition, cut_between, with_transitions
from reinterpret.interchange.timeline import url_path
from reinterpret.timecode import nominal_rate

__all__ = ["FADES_BESIDE_FOOTAGE", "read"]

_SPEED_DENOMINATOR = 10_000
_IN_TRANSITION = -1
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
    cuts = [edit.grid.slot(clip.first_frame) for clip in edit.clips]
    items = [item for item in _track(sequence) if item.tag in ("clipitem", "generatoritem", "transitionitem")]
    events: list[Event] = []
    transitions: list[ReadTransition] = []
    for position, item in enumerate(items):
        where = f"the clip {item.get('id') or position + 1} ({_text(item, 'name')[:100]})"
        try:
            if item.tag == "transitionitem":
                transitions.append(_transition(items, position, cuts))
            elif _text(item, "enabled").upper() != "FALSE" and (item.tag == "clipitem" or _is_white(item)):
                first, count, begin = _places(items, position, cuts)
                shown = Event(first, count, "white") if item.tag == "generatoritem" and count > 0 else None
                if item.tag == "clipitem" and count > 0:
                    shown = _event(item, (first, count, begin), rate, files, path, films)
                if shown is not None:
                    events.append(shown)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from error
    return with_transitions(events, transitions, rate)


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


def _places(items: list[Element], position: int, cuts: list[int]) -> tuple[int, int, int]:
    """From which place on a clip is seen, at how many places, and how many places before it `in` is.

    In a transition it is seen up to the cut, or to the end of a fade.
    """
    item = items[position]
    start, end = _number(item, "start"), _number(item, "end")
    if start is None or end is None:
        raise ValueError("does not say where it stands")
    begin = start
    if start == _IN_TRANSITION:
        transition = _transition(items, position - 1, cuts)
        start, begin = transition.cut, transition.start
    if end == _IN_TRANSITION:
        end = _transition(items, position + 1, cuts).cut
    if start < 0:
        raise ValueError(f"begins at frame {start}, before the timeline")
    return start, end - start, start - begin


def _transition(items: list[Element], position: int, cuts: list[int]) -> ReadTransition:
    item = items[position] if 0 <= position < len(items) else None
    start = None if item is None else _number(item, "start")
    end = None if item is None else _number(item, "end")
    if item is None or item.tag != "transitionitem" or start is None or end is None or not 0 <= start <= end:
        raise ValueError("begins or ends in a transition that is not there")
    alignment = _text(item, "alignment").lower()
    before, after = _neighbour(items, position, -1), _neighbour(items, position, 1)
    if alignment == "start-black" or before is None:
        return ReadTransition(start, end, _edge(after, "start", start, end, start), out_of="black")
    if alignment == "end-black" or after is None:
        return ReadTransition(start, end, _edge(before, "end", start, end, end), into="black")
    if _is_white(before) or _is_white(after):
        # Footage has all the places of a fade.
        return ReadTransition(start, end, start if _is_white(before) else end)
    own = {"start": start, "end": end}.get(alignment, (start + end) // 2)
    return ReadTransition(start, end, cut_between(start, end, cuts, own))


def _neighbour(items: list[Element], position: int, step: int) -> Element | None:
    """What a transition touches on one side, if that is seen."""
    at, other = position + step, items[position]
    item = items[at] if 0 <= at < len(items) else None
    if item is None or item.tag == "transitionitem" or _text(item, "enabled").upper() == "FALSE":
        return None
    if item.tag == "generatoritem" and not _is_white(item):
        return None
    edge = _number(item, "end" if step < 0 else "start")
    start, end = _number(other, "start") or 0, _number(other, "end") or 0
    return item if edge is not None and (edge == _IN_TRANSITION or start <= edge <= end) else None


def _edge(item: Element | None, tag: str, start: int, end: int, otherwise: int) -> int:
    """Where a clip says that it begins or ends, within a transition."""
    edge = None if item is None else _number(item, tag)
    return edge if edge is not None and start <= edge <= end else otherwise


def _is_white(item: Element) -> bool:
    """Whether it is a generator of white, as far as it says its colour."""
    if item.tag != "generatoritem" or _text(item, "effect/effectid").lower() != "color":
        return False
    values = [_text(item, f"effect/parameter/value/{channel}") for channel in ("red", "green", "blue")]
    return values == ["255"] * 3


def _event(
    item: Element,
    places: tuple[int, int, int],
    rate: Fraction,
    files: dict[str | None, Element],
    path: Path,
    films: Films,
) -> Event | None:
    """What a clip shows; nothing for a film that is not known. places: see `_places`."""
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
    first, count, lead = places
    speed = written.limit_denominator(_SPEED_DENOMINATOR)
    if note is not None and note.film == media.fingerprint and _is_speed(written, note.speed):
        speed = note.speed
        if lead == note.lead and begin == clip_frame(media.rate, note.lead_frame if lead else note.frame, speed, rate):
            return Event(first, count, "footage", media, note.frame, speed)
    own = _clip_rate(item, rate, media.rate)
    # A frame that is held is the same all the time.
    passed = lead * own / rate if speed else Fraction(0)
    frame = clip_source(media.rate, begin + passed, speed, own)
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
