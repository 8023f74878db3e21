"""Events: what each track of a timeline shows, place by place, in whole frames.

An event is a row of an edit decision list, whichever format carries it: places of the record (the timeline) and the
frames of one file that are seen there. The events of a track tile it; where there is no media there is black or white.

Fades and dissolves belong to the events beside them, and count places of the record as well. Where the last frame of a
shot is held, a clip is two events; a fade over both of them is that of the outer one alone, cut off at its edge.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from reinterpret.clip_transitions import Fade, FadeColour
from reinterpret.edits import Clip, EditList, Match, most_used_film, trailer_seconds
from reinterpret.interchange.media import MediaFacts, counted, media_facts, position, shown_spans, sound_facts
from reinterpret.timebase import Span, round_half_up
from reinterpret.timecode import format_timecode

Role = Literal["trailer", "footage", "title", "black", "white", "alternate", "sound"]
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
class PlacedDissolve:
    """A dissolve from the event before, at places of the record."""

    before: int
    """Places before the cut, at which the event that begins is seen already."""
    after: int
    """Places behind the cut, at which the event before is seen still."""
    out_frame: int = 0
    """The frame of the media of the event before that is seen at the first of these places."""
    in_frame: int = 0
    """The frame of the event's own media that is seen there."""

    @property
    def count(self) -> int:
        """At how many places both are seen."""
        return self.before + self.after


@dataclass(frozen=True, slots=True)
class Event:
    """What a track shows at some places."""

    first: int
    """Place of the record, from 0."""
    count: int
    """How many places; at least one."""
    role: Role
    media: MediaFacts | None = None
    """None: black or white, as the role says, or silence."""
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
    dissolve: PlacedDissolve | None = None
    """How it begins, if that is no cut."""
    after_end: int = 0
    """At how many places behind its own it is seen still, as the next one dissolves."""
    fade_in: Fade | None = None
    """With a gain for each place."""
    fade_out: Fade | None = None
    fade_out_frame: int = 0
    """The frame of the media that is seen at the first place of its fade out."""

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

    @property
    def colour(self) -> FadeColour | None:
        """What is seen of it if it has no media: black or white."""
        return None if self.media is not None else "white" if self.role == "white" else "black"

    @property
    def fade_out_first(self) -> int:
        """The first place of its fade out."""
        return self.end - len(self.fade_out or ())

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
            if clip.match is not None:
                events += self._with_transitions(number, self._shown("footage", number, clip, clip.match))
            elif clip.kind == "title":
                events.append(self._of_trailer("title", number, clip))
            else:
                events.append(Event(*self._places(clip), "white" if clip.kind == "white" else "black", clip=number))
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
        for number, clip in enumerate(self._edit.clips):
            if self._edit.trailer is not None:
                chosen[self._edit.trailer.fingerprint].add(self._on_screen(clip))
            if clip.match is not None:
                chosen[clip.match.film] |= {clip.match.source_span.start, clip.match.last_seconds}
            for film, instant in self._changing_instants(number):
                chosen[film].add(instant)
            for match in self.others(clip)[:most]:
                wanted[match.film] |= {match.source_span.start, match.last_seconds}
        for film, instants in chosen.items():
            wanted[film] |= instants
        return chosen, wanted

    def _changing_instants(self, number: int) -> Iterator[tuple[str, Fraction]]:
        """The films and instants at which a dissolve or a fade out begins."""
        edit, clip = self._edit, self._edit.clips[number]
        dissolve = edit.dissolve_at(number)
        begins = [] if dissolve is None else [(at, clip.first_frame - dissolve.before) for at in (number - 1, number)]
        if clip.fade_out is not None:
            begins.append((number, clip.end_frame - len(clip.fade_out)))
        for at, frame in begins:
            shown = edit.clips[at]
            if shown.match is not None:
                yield shown.match.film, edit.source_instant(shown, frame)

    def _with_transitions(self, number: int, pieces: list[Event]) -> list[Event]:
        """The events of a clip of footage with what its transitions are at their places."""
        edit, clip = self._edit, self._edit.clips[number]
        pieces[0] = replace(pieces[0], dissolve=self._dissolve(number))
        if (following := edit.dissolve_at(number + 1) if number + 1 < len(edit.clips) else None) is not None:
            end = edit.grid.slot(clip.end_frame)
            pieces[-1] = replace(pieces[-1], after_end=edit.grid.slot(clip.end_frame + following.after) - end)
        if clip.fade_in is not None:
            gains = self._by_place(clip.first_frame, clip.fade_in.gains)
            pieces[0] = replace(pieces[0], fade_in=Fade(clip.fade_in.colour, gains[: pieces[0].count]))
        if clip.fade_out is not None:
            last, gains = pieces[-1], self._by_place(clip.end_frame - len(clip.fade_out), clip.fade_out.gains)
            # More than the last event are frames that are held.
            frame = last.source_frame
            if last.speed and len(gains) < last.count:
                instant = edit.source_instant(clip, clip.end_frame - len(clip.fade_out))
                frame = self._position_in(clip, instant)
            faded = Fade(clip.fade_out.colour, gains[-last.count :])
            pieces[-1] = replace(last, fade_out=faded, fade_out_frame=frame)
        return pieces

    def _dissolve(self, number: int) -> PlacedDissolve | None:
        edit, clip = self._edit, self._edit.clips[number]
        dissolve = edit.dissolve_at(number)
        if dissolve is None:
            return None
        begin, before = clip.first_frame - dissolve.before, edit.clips[number - 1]
        cut = edit.grid.slot(clip.first_frame)
        return PlacedDissolve(
            cut - edit.grid.slot(begin),
            edit.grid.slot(clip.first_frame + dissolve.after) - cut,
            self._position_in(before, edit.source_instant(before, begin)),
            self._position_in(clip, edit.source_instant(clip, begin)),
        )

    def _position_in(self, clip: Clip, instant: Fraction) -> int:
        assert clip.match is not None
        return self.position(clip.match.film, instant)

    def _by_place(self, first: int, gains: tuple[float, ...]) -> tuple[float, ...]:
        """Gains of frames from a first one on for every place at which these are seen."""
        slot = self._edit.grid.slot
        return tuple(
            gain for frame, gain in enumerate(gains, start=first) for _ in range(slot(frame + 1) - slot(frame))
        )

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


def carried(events: list[Event], *, beside_footage: Collection[FadeColour]) -> list[Event]:
    """Events with those of their fades alone that a format can hold.

    That are fades from and to events of the fade's own colour, fades to black at either end of the film, and beside
    anything else those of some colours.
    """
    made = []
    for number, event in enumerate(events):
        before = events[number - 1].colour if number else "black"
        after = events[number + 1].colour if number + 1 < len(events) else "black"
        fades = ((event.fade_in, before), (event.fade_out, after))
        fade_in, fade_out = (
            fade if fade is not None and fade.colour in (colour, *beside_footage) else None for fade, colour in fades
        )
        changes = (fade_in, fade_out) != (event.fade_in, event.fade_out)
        made.append(replace(event, fade_in=fade_in, fade_out=fade_out) if changes else event)
    return made


def uncovered_clips(events: list[Event]) -> set[int | None]:
    """The clips through which what lies on the track below would be seen: where there is nothing, and in fades."""
    return {event.clip for event in events if event.colour == "black" or event.fade_in or event.fade_out}
