"""Events: what each track of a timeline shows, place by place, in whole frames.

An event is a row of an edit decision list, whichever format carries it: places of the record (the timeline) and the
frames of one file that are seen there. The events of a track tile it; where there is no media there is black.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from reinterpret.edits import Clip, EditList, Match, most_used_film, trailer_seconds
from reinterpret.interchange.media import MediaFacts, counted, media_facts, position, shown_spans, sound_facts
from reinterpret.timebase import Span, round_half_up
from reinterpret.timecode import format_timecode

Role = Literal["trailer", "footage", "title", "black", "alternate", "sound"]
"""What an event is there for; a title is the trailer's own, seen in the reinterpretation."""
TrackName = Literal["trailer", "reinterpretation", "alternates", "sound"]
Alternates = Literal["none", "track", "versions"]
"""Where suggestions go that were not chosen: nowhere, the best of each clip to a track that is switched off, or all of
them to the clips themselves."""


@dataclass(frozen=True, slots=True)
class Record:
    """The timeline as a whole."""

    name: str
    rate: Fraction
    frame_count: int
    start_frame: int
    """The number of its first frame, as its timecode counts."""
    drop: bool
    """Whether its labels are drop-frame."""
    width: int
    """Pixels of its picture, upright and square, even."""
    height: int

    def label(self, place: int) -> str:
        """The timecode of a place, which is counted from the first."""
        return format_timecode(self.start_frame + place, self.rate, drop=self.drop)


@dataclass(frozen=True, slots=True)
class Event:
    """What a track shows at some places."""

    first: int
    """Place of the record, from 0."""
    count: int
    """How many places; at least one."""
    role: Role
    media: MediaFacts | None = None
    """None: black, or silence."""
    source_frame: int = 0
    """The frame of the media that is seen at the first place, counted from the first of the file: the position
    source_frame / media.rate of it, in seconds."""
    speed: Fraction = Fraction(1)
    """Seconds of the media that pass in a second of the record; 0: the frame is held."""
    clip: int | None = None
    """Number of the clip of the edit, from 0."""
    match: Match | None = None
    """What the edit says about it: score, cues, shared words, shot."""
    url: str = ""
    """Where the media lies, percent-encoded: `file:///...`, or relative to the timeline's folder."""
    versions: tuple[Event, ...] = ()
    """Others that the edit suggests for the same places, best first."""

    def __post_init__(self) -> None:
        if self.first < 0 or self.count < 1 or self.source_frame < 0 or self.speed < 0:
            raise ValueError(
                f"an event has a place, a frame and a speed, got {self.first}, {self.count}, {self.source_frame} and "
                f"{self.speed}"
            )

    @property
    def end(self) -> int:
        """The place after the last."""
        return self.first + self.count

    @property
    def name(self) -> str:
        """What people call it: the name of its file, or what there is instead."""
        return self.role if self.media is None else self.media.name

    def source_count(self, rate: Fraction) -> int:
        """How many frames of the media pass, to the nearest; at least one. rate: of the record."""
        assert self.media is not None
        return max(1, round_half_up(self.count * self.speed * self.media.rate / rate))

    def source_end(self, rate: Fraction) -> int:
        """The frame of the media after the last that is seen."""
        return self.source_frame + self.source_count(rate)


def record_size(edit: EditList) -> tuple[int, int]:
    """Width and height of the timeline's picture: the trailer's or, without one, those of the film used most."""
    model = edit.trailer or most_used_film(edit)
    return model.display_width + model.display_width % 2, model.display_height + model.display_height % 2


class Tracks:
    """The tracks of an edit. url_of: where a file is said to lie. Files are opened once each."""

    def __init__(self, edit: EditList, url_of: Callable[[Path], str], *, alternates: Alternates) -> None:
        self._edit, self._url_of = edit, url_of
        self._facts: dict[str, MediaFacts] = {}
        self._spans: dict[str, dict[Fraction, Span]] = {}
        chosen, wanted = self._instants({"none": 0, "track": 1}.get(alternates))
        films = [*edit.films, *([edit.trailer] if edit.trailer is not None else [])]
        for film in films:
            facts, name = media_facts(film), film.fingerprint
            self._spans[name] = {} if facts.offline else shown_spans(film, wanted[name])
            # Always by what is chosen, so that one edit is counted in one way whatever else is written of it.
            seen = [span for instant, span in self._spans[name].items() if instant in chosen[name]]
            self._facts[name] = counted(facts, seen)

    @property
    def facts(self) -> dict[str, MediaFacts]:
        """What is known about the file of each film, the trailer among them, by fingerprint."""
        return self._facts

    def position(self, film: str, instant: Fraction) -> int:
        """The number by which timelines name the frame of a film that is on the screen at an instant."""
        return position(instant, self._spans[film].get(instant), self._facts[film].rate)

    def trailer(self) -> list[Event]:
        """The trailer, cut where the clips are; nothing if there is none."""
        if self._edit.trailer is None:
            return []
        return [self._of_trailer("trailer", number, clip) for number, clip in enumerate(self._edit.clips)]

    def reinterpretation(self) -> list[Event]:
        """What the edit shows. Where the last frame of a shot is held, that is an event of its own."""
        events: list[Event] = []
        for number, clip in enumerate(self._edit.clips):
            if clip.kind == "footage":
                assert clip.match is not None
                events += self._shown("footage", number, clip, clip.match)
            elif clip.kind == "title":
                events.append(self._of_trailer("title", number, clip))
            else:
                events.append(Event(*self._places(clip), "black", clip=number))
        return events

    def alternates(self) -> list[Event]:
        """The best suggestion for every clip that is not what it shows, black where there is none."""
        events: list[Event] = []
        for number, clip in enumerate(self._edit.clips):
            others = self.others(clip)
            if others:
                events += self._shown("alternate", number, clip, others[0])
            else:
                events.append(Event(*self._places(clip), "black", clip=number))
        return events

    def versions(self, number: int) -> tuple[Event, ...]:
        """Every suggestion for a clip that is not what it shows, best first, each for as long as it moves."""
        clip = self._edit.clips[number]
        return tuple(self._shown("alternate", number, clip, match)[0] for match in self.others(clip))

    def sound(self) -> list[Event]:
        """What is heard."""
        edit = self._edit
        places = edit.grid.slot(edit.grid.frame_count)
        trailer = None if edit.trailer is None else self._facts[edit.trailer.fingerprint]
        if edit.soundtrack.kind == "trailer" and trailer is not None and trailer.audio_channels:
            return [Event(0, places, "sound", trailer, url=self._url_of(trailer.path))]
        if edit.soundtrack.kind == "file":
            assert edit.soundtrack.path is not None
            facts = sound_facts(edit.soundtrack.path, edit.grid.rate)
            count = min(places, facts.frame_count) or places
            heard = Event(0, count, "sound", facts, url=self._url_of(facts.path))
            return [heard, *([Event(count, places - count, "sound")] if count < places else [])]
        if edit.soundtrack.kind == "clips":
            return [_heard(event) for event in self.reinterpretation()]
        return []

    @staticmethod
    def others(clip: Clip) -> list[Match]:
        """The suggestions that are not what the clip shows."""
        chosen = None if clip.match is None else (clip.match.film, clip.match.source_shot)
        return [match for match in clip.suggestions if (match.film, match.source_shot) != chosen]

    def _places(self, clip: Clip) -> tuple[int, int]:
        first = self._edit.grid.slot(clip.first_frame)
        return first, self._edit.grid.slot(clip.end_frame) - first

    def _on_screen(self, clip: Clip) -> Fraction:
        """An instant at which the trailer's frame at the first place of a clip is on the screen, as it is rendered."""
        return trailer_seconds(self._edit.grid, clip.first_frame)

    def _instants(self, most: int | None) -> tuple[dict[str, set[Fraction]], dict[str, set[Fraction]]]:
        """By film the instants whose frames are seen, and these and those of `most` suggestions a clip (all: None)."""
        chosen: dict[str, set[Fraction]] = defaultdict(set)
        wanted: dict[str, set[Fraction]] = defaultdict(set)
        for clip in self._edit.clips:
            if self._edit.trailer is not None:
                chosen[self._edit.trailer.fingerprint].add(self._on_screen(clip))
            if clip.match is not None:
                chosen[clip.match.film] |= {clip.match.source_span.start, clip.match.last_seconds}
            for match in self.others(clip)[:most]:
                wanted[match.film] |= {match.source_span.start, match.last_seconds}
        for film, instants in chosen.items():
            wanted[film] |= instants
        return chosen, wanted

    def _of_trailer(self, role: Role, number: int, clip: Clip) -> Event:
        assert self._edit.trailer is not None
        facts = self._facts[self._edit.trailer.fingerprint]
        source = self.position(facts.fingerprint, self._on_screen(clip))
        return Event(*self._places(clip), role, facts, source, clip=number, url=self._url_of(facts.path))

    def _shown(self, role: Role, number: int, clip: Clip, match: Match) -> list[Event]:
        """A match at the places of a clip: as far as its shot moves, then its last frame."""
        first, count = self._places(clip)
        facts = self._facts[match.film]
        speed = clip.speed if match is clip.match else Fraction(1)
        trial = Clip(clip.first_frame, clip.frame_count, "footage", match, speed)
        moving = self._edit.moving_places(trial)
        url = self._url_of(facts.path)
        pieces = [(first, moving, self.position(match.film, match.source_span.start), speed)]
        pieces.append((first + moving, count - moving, self.position(match.film, match.last_seconds), Fraction(0)))
        return [
            Event(at, places, role, facts, frame, pace, clip=number, match=match, url=url)
            for at, places, frame, pace in pieces
            if places
        ]


def _heard(event: Event) -> Event:
    """The sound of a clip; silence where it has none, or its picture stands still."""
    if event.media is None or not event.media.audio_channels or event.speed == 0:
        return Event(event.first, event.count, "sound", clip=event.clip)
    return Event(
        event.first,
        event.count,
        "sound",
        event.media,
        event.source_frame,
        event.speed,
        clip=event.clip,
        url=event.url,
    )
