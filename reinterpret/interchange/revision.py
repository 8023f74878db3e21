"""Revision: an edit and the events of its timeline as somebody has changed it go in, the changed edit comes out.

A clip whose places and frames are what they were is the very clip that it was. Everything else is made anew:

- What was seen before keeps its exact in-point, its shot, its score and its words, wherever it stands now.
- Other footage is of the shot in which it begins, as the edit's suggestions or the library know it. Its score is the
  one that the suggestions gave that shot there; where they did not it is 0, with no cues.
- A person's choice is rendered as it stands: a clip that goes on beyond the end of its shot makes the shot as long.
- Where nothing is, there is black. The trailer at its own place is a title.
- Footage that a person has put there is locked; what was rejected for a clip stays rejected.
- A fade of the same length at the same frames keeps its gains; any other has those of a dissolve. What the format could
  not say of a fade stays as it was. A dissolve makes the shots beside it as long as it needs.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

from reinterpret.clip_transitions import Dissolve, Fade, FadeColour
from reinterpret.edits import BEFORE_END_SECONDS, FASTEST, Clip, EditList, Match
from reinterpret.errors import EditError
from reinterpret.interchange.events import Event, Tracks, carried
from reinterpret.interchange.films import Films
from reinterpret.interchange.media import position, shown_spans
from reinterpret.library import Library
from reinterpret.placed_transitions import refitted, with_room
from reinterpret.timebase import Span

logger = logging.getLogger(__name__)


def revised(
    edit: EditList,
    tracks: Tracks,
    events: list[Event],
    films: Films,
    library: Library | None,
    *,
    beside_footage: Collection[FadeColour] = ("black", "white"),
) -> EditList:
    """The edit with the clips that the events show. tracks: its own. beside_footage: see `events.carried`.

    Raises EditError, naming the clip.
    """
    before = carried(tracks.reinterpretation(), beside_footage=beside_footage)
    return _Revision(edit, before, films, library).made(_tiled(events, edit.grid.slot(edit.grid.frame_count)))


class _Revision:
    def __init__(self, edit: EditList, before: list[Event], films: Films, library: Library | None) -> None:
        """before: the events of the edit, as the format can say them."""
        self._edit, self._films, self._library = edit, films, library
        self._rate = edit.grid.rate
        self._before = before
        self._positions: dict[tuple[str, Fraction], int] = {}
        self._last: Match | None = None
        """Of the clip made last: where its end is held, that is of the same shot."""

    def made(self, events: list[Event]) -> EditList:
        clips: list[Clip] = []
        place, places = 0, self._edit.grid.slot(self._edit.grid.frame_count)
        kept = self._kept(events)
        while place < places:
            if place in kept:
                clips.append(kept[place])
            else:
                end = min([start for start in kept if start > place], default=places)
                clips += self._anew(list(_between(events, place, end)))
            place = self._edit.grid.slot(clips[-1].end_frame)
        named = {match.film for clip in clips for match in clip.matches}
        known = {film.fingerprint for film in self._edit.films}
        films = (*self._edit.films, *(self._films.video(film) for film in sorted(named - known)))
        dissolving = {self._frame(event.first) for event in events if event.dissolve is not None}
        made = replace(self._edit, films=films, clips=with_room(_numbered(clips, self._edit)))
        return self._with_handles(made, dissolving)

    def _with_handles(self, made: EditList, dissolving: set[int]) -> EditList:
        """The edit in which just the dissolves of the timeline are seen, which begin at some frames."""
        for number, clip in enumerate(made.clips):
            if (clip.first_frame in dissolving) == (made.dissolve_at(number) is not None):
                continue
            if clip.first_frame not in dissolving:
                # There was none as long as other frames stood beside it.
                made = _with_clips(made, {number: replace(clip, dissolve=None)})
            elif number and clip.dissolve is not None:
                made = self._longer_shots(made, number, clip.dissolve)
        return made

    def _longer_shots(self, made: EditList, number: int, dissolve: Dissolve) -> EditList:
        """Let the shots on both sides of a dissolve reach as far as it needs, within their films."""
        one, other = made.clips[number - 1], made.clips[number]
        if one.match is None or other.match is None:
            return made
        seconds, cut = made.grid.seconds, other.first_frame
        begin, end = seconds(cut) - seconds(cut - dissolve.before), seconds(cut + dissolve.after) - seconds(cut)
        start = other.match.source_span.start - begin * other.speed
        stop = one.match.source_span.start + (seconds(cut) + end - seconds(one.first_frame)) * one.speed
        reached = other.match.source_span.start + end * other.speed
        first, last = made.film(one.match.film), made.film(other.match.film)
        # A picture that stands still would go on moving if its shot were longer.
        held = made.moving_places(one) < made.grid.slot(one.end_frame) - made.grid.slot(one.first_frame)
        held = held or made.moving_places(other) < made.grid.slot(cut + dissolve.after) - made.grid.slot(cut)
        if held or start < 0 or stop > first.duration or reached > last.duration:
            logger.warning("the films have no frames for the dissolve at frame %d, which becomes a cut", cut)
            return made
        longer = {number - 1: _reaching(one, stop, stop), number: _reaching(other, start, reached)}
        return _with_clips(made, longer)

    def _kept(self, events: list[Event]) -> dict[int, Clip]:
        """The clips that nobody has touched, by the place at which they begin."""
        found: dict[int, Clip] = {}
        wanted: dict[int, list[Event]] = {}
        for event in self._before:
            assert event.clip is not None
            wanted.setdefault(event.clip, []).append(event)
        # Events and clips both tile the same places.
        position = 0
        for number, clip in enumerate(self._edit.clips):
            first, end = wanted[number][0].first, wanted[number][-1].end
            while position < len(events) and events[position].end <= first:
                position += 1
            seen, last = [], position
            while last < len(events) and events[last].first < end:
                seen.append(events[last])
                last += 1
            if _same(seen, wanted[number], first, end):
                found[first] = clip
        return found

    def _anew(self, events: list[Event]) -> list[Clip]:
        """Clips for events that are not what they were."""
        clips: list[Clip] = []
        position = 0
        while position < len(events):
            event, held = events[position], None
            position += 1
            if position < len(events) and _goes_on_held(event, events[position], self._rate):
                held = events[position]
            made = self._clip(event, held)
            if made is None and held is not None:
                held, made = None, self._clip(event, None)
            self._last = None if made is None else made.match
            position += held is not None
            if made is not None and made.frame_count:
                clips.append(made)
        return _joined_up(clips, self._frame(events[0].first), self._frame(events[-1].end))

    def _clip(self, event: Event, held: Event | None) -> Clip | None:
        """One clip, with what is held at its end; None if that cannot be one clip, or has no frame."""
        first, end = self._frame(event.first), self._frame((held or event).end)
        if end <= first:
            return None
        old = self._clip_at(event.first, (held or event).end)
        # Whatever else is known of the clip that was there stays.
        place = replace(refitted(old, first, end), kind="black", match=None, speed=Fraction(1))
        if event.media is None:
            return replace(place, kind=event.colour or "black")
        if self._is_title(event) and held is None:
            return replace(place, kind="title")
        if event.speed > FASTEST:
            raise EditError(f"{self._where(event)} runs {float(event.speed):g} times as fast; {FASTEST} is the most")
        if event.media.frame_count and event.source_frame >= event.media.frame_count:
            raise EditError(
                f"{self._where(event)} begins at frame {event.source_frame}, but the film has {event.media.frame_count}"
            )
        match = self._match(event, held, old)
        rejected = tuple(shot for shot in old.rejected if shot != (match.film, match.source_shot))
        speed = event.speed or Fraction(1)
        place = self._with_transitions(place, old, event, held or event)
        clip = replace(place, kind="footage", match=match, speed=speed, locked=True, rejected=rejected)
        return clip if held is None or self._holds(clip, event, held) else None

    def _with_transitions(self, place: Clip, old: Clip, first: Event, last: Event) -> Clip:
        """A clip that begins as its first event does, and ends as its last."""
        dissolve = self._dissolve(first)
        written = [event for event in self._before if event.clip == self._edit.clips.index(old)]
        begun = (old.fade_in, written[0].fade_in) if first.first == written[0].first else None
        ended = (old.fade_out, written[-1].fade_out) if last.end == written[-1].end else None
        fade_in = self._fade(first.fade_in, first.first, begun)
        fade_out = self._fade(last.fade_out, last.fade_out_first, ended)
        if dissolve is not None:
            dissolve, fade_in = _within(dissolve, place.frame_count), None
        begins = len(fade_in or ()) if dissolve is None else dissolve.after
        if fade_in is not None and begins > place.frame_count:
            fade_in = Fade(fade_in.colour, fade_in.gains[: place.frame_count])
        room = max(place.frame_count - begins, 0)
        if fade_out is not None and len(fade_out) > room:
            fade_out = Fade(fade_out.colour, fade_out.gains[-room:]) if room else None
        return replace(place, fade_in=fade_in, fade_out=fade_out, dissolve=dissolve)

    def _dissolve(self, event: Event) -> Dissolve | None:
        if event.dissolve is None:
            return None
        cut = self._frame(event.first)
        begin, end = (
            self._frame(max(place, 0))
            for place in (event.first - event.dissolve.before, event.first + event.dissolve.after)
        )
        return Dissolve(cut - begin, end - cut) if end > begin else None

    def _fade(self, fade: Fade | None, first: int, before: tuple[Fade | None, Fade | None] | None) -> Fade | None:
        """A fade of a timeline, whose first place is known. before: the one of the edit, and as it was written."""
        was, written = (None, None) if before is None else before
        if fade is None:
            # What the format cannot say has not been taken away.
            return was if written is None else None
        if written is not None and (written.colour, len(written)) == (fade.colour, len(fade)):
            return was
        dropped = self._edit.grid.dropped
        gains = tuple(gain for place, gain in enumerate(fade.gains, start=first) if place not in dropped)
        return Fade(fade.colour, gains) if gains else None

    def _holds(self, clip: Clip, event: Event, held: Event) -> bool:
        """Whether a clip shows the frame that is held from there on where it is, as the end of its shot."""
        assert clip.match is not None
        moving = self._edit.moving_places(clip)
        if moving <= event.count:
            return moving == event.count
        # At a slower rate of the film its last frame is there for some places before it is held.
        instant = clip.match.source_span.start + event.count * clip.speed / self._rate
        return self._position(clip.match.film, instant) == held.source_frame

    def _match(self, event: Event, held: Event | None, old: Clip) -> Match:
        media = event.media
        assert media is not None
        rate, speed = media.rate, event.speed or Fraction(1)
        known = self._seen_before(event, old)
        start = event.source_frame / rate if known is None else known.source_span.start
        if known is None:
            number, shot = self._shot(event, start)
        else:
            number, shot = known.source_shot, known.shot_span
        if event.speed == 0:
            frame = event.source_frame
            shot = Span(frame / rate, (frame + 1) / rate)
            start = shot.start
        elif held is not None:
            # The shot ends with the frame that is held, wherever it ended before.
            trial = Clip(0, 1, "footage", Match(0, media.fingerprint, number, shot, shot, 0.0, ()))
            assert trial.match is not None
            if self._position(media.fingerprint, trial.match.last_seconds) != held.source_frame:
                shot = Span(min(shot.start, start), max((held.source_frame + 1) / rate, start + BEFORE_END_SECONDS))
        else:
            last = start + (event.count - 1) * speed / self._rate
            if last > shot.end - BEFORE_END_SECONDS:
                shot = Span(shot.start, start + event.count * speed / self._rate)
        shot = Span(min(shot.start, start), shot.end)
        used = Span(start, max(min(start + event.count * speed / self._rate, shot.end), start + BEFORE_END_SECONDS / 2))
        judged = self._judged(media.fingerprint, number, old)
        return Match(
            target_shot=self._target(old),
            film=media.fingerprint,
            source_shot=number,
            shot_span=Span(shot.start, max(shot.end, used.end)),
            source_span=used,
            score=0.0 if judged is None else judged.score,
            cues=() if judged is None else judged.cues,
            shared="" if judged is None else judged.shared,
        )

    def _seen_before(self, event: Event, old: Clip) -> Match | None:
        """The match of the edit that begins with the same frame."""
        media = event.media
        assert media is not None
        about = event.source_frame / media.rate
        for match in [*old.matches, *self._edit.matches()]:
            near = match.film == media.fingerprint and abs(match.source_span.start - about) <= 2 / media.rate
            if near and self._position(match.film, match.source_span.start) == event.source_frame:
                return match
        return None

    def _shot(self, event: Event, start: Fraction) -> tuple[int, Span]:
        """Number and usable span of the shot in which an event begins."""
        media = event.media
        assert media is not None
        for match in self._edit.matches():
            if match.film == media.fingerprint and start in match.shot_span:
                return match.source_shot, match.shot_span
        last = self._last if event.speed == 0 else None
        if last is not None and last.film == media.fingerprint and start <= last.shot_span.end:
            return last.source_shot, last.shot_span
        if self._library is None:
            raise EditError(
                f"{self._where(event)} begins at {float(start):.3f} s, in no shot that the edit knows; "
                "name the library with -L"
            )
        if media.fingerprint not in self._library.fingerprints():
            raise EditError(
                f"{self._where(event)} begins at {float(start):.3f} s, in no shot that the edit knows, and the film is "
                f"not in {self._library.path}; index it"
            )
        shots = self._library.shots(media.fingerprint)
        shot = next((shot for shot in shots if start in shot.span), shots[-1])
        return shot.number, shot.body if start in shot.body else shot.span

    def _judged(self, film: str, shot: int, old: Clip) -> Match | None:
        return next((match for match in old.matches if (match.film, match.source_shot) == (film, shot)), None)

    def _position(self, film: str, instant: Fraction) -> int:
        if (film, instant) not in self._positions:
            facts = self._films.facts(film)
            shown = {} if facts.offline else shown_spans(self._films.video(film), [instant])
            self._positions[film, instant] = position(instant, shown.get(instant), facts.rate)
        return self._positions[film, instant]

    def _is_title(self, event: Event) -> bool:
        """Whether it shows the trailer where the trailer itself is."""
        trailer = self._films.trailer
        if trailer is None or event.media is None or event.media.fingerprint != trailer.fingerprint:
            return False
        away = event.source_frame / event.media.rate - event.first / self._rate
        return event.speed == 1 and abs(away) <= 1 / min(self._rate, event.media.rate)

    def _target(self, old: Clip) -> int:
        return next((match.target_shot for match in old.matches), self._edit.clips.index(old))

    def _clip_at(self, first: int, end: int) -> Clip:
        """The clip of the edit that had most of some places."""
        grid = self._edit.grid
        return max(
            self._edit.clips,
            key=lambda clip: min(grid.slot(clip.end_frame), end) - max(grid.slot(clip.first_frame), first),
        )

    def _frame(self, place: int) -> int:
        """The frame of the grid that is shown at a place, or next after it."""
        return place - sum(slot < place for slot in self._edit.grid.dropped)

    def _where(self, event: Event) -> str:
        return f"the clip of {event.name} at frame {event.first} of the timeline"


def _tiled(events: list[Event], places: int) -> list[Event]:
    """The events in order, with black between them, up to the end of the edit and no further."""
    tiled: list[Event] = []
    place, cut_off = 0, 0
    for event in sorted(events, key=lambda event: event.first):
        if event.first < place:
            raise EditError(f"the clip of {event.name} at frame {event.first} lies over the one before it")
        if event.end > places:
            cut_off += 1
            if event.first >= places:
                continue
            event = replace(event, count=places - event.first, fade_out=None)
        if event.first > place:
            tiled.append(Event(place, event.first - place, "black"))
        tiled.append(event)
        place = event.end
    if place < places:
        tiled.append(Event(place, places - place, "black"))
    if cut_off:
        logger.warning("%d clips reach beyond the end of the edit, frame %d, and are cut off there", cut_off, places)
    return tiled


def _between(events: Iterable[Event], first: int, end: int) -> Iterator[Event]:
    """What is seen from one place to another."""
    for event in events:
        start, stop = max(event.first, first), min(event.end, end)
        if start < stop:
            # Only black reaches over the edge of a clip that was kept.
            yield replace(event, first=start, count=stop - start)


def _same(seen: list[Event], wanted: list[Event], first: int, end: int) -> bool:
    """Whether the same frames are seen at the same places, and nothing else goes over their edges."""
    if all(event.colour == "black" for event in [*seen, *wanted]):
        return bool(seen) and seen[0].first <= first and seen[-1].end >= end
    return [_key(event) for event in seen] == [_key(event) for event in wanted]


def _key(event: Event) -> tuple[object, ...]:
    if event.media is None:
        return event.first, event.count, event.colour
    dissolve = None if event.dissolve is None else (event.dissolve.before, event.dissolve.after)
    # The gains of a fade are not what is compared: most formats say how long it is, and no more.
    fades = [None if fade is None else (fade.colour, len(fade)) for fade in (event.fade_in, event.fade_out)]
    seen = event.first, event.count, event.media.fingerprint, event.source_frame, event.speed
    return *seen, dissolve, *fades


def _goes_on_held(event: Event, after: Event, rate: Fraction) -> bool:
    """Whether what comes after is the last frame of an event, standing still."""
    if event.media is None or after.media is None or event.speed == 0 or after.speed != 0:
        return False
    last = event.source_frame + (event.count - 1) * event.speed * event.media.rate / rate
    return after.media.fingerprint == event.media.fingerprint and abs(after.source_frame - last) <= 1 + event.speed


def _with_clips(edit: EditList, others: dict[int, Clip]) -> EditList:
    clips = tuple(others.get(number, clip) for number, clip in enumerate(edit.clips))
    return edit if clips == edit.clips else replace(edit, clips=clips)


def _reaching(clip: Clip, start: Fraction, end: Fraction) -> Clip:
    """A clip whose shot reaches at least from one instant of its film to another."""
    assert clip.match is not None
    shot = clip.match.shot_span
    reached = Span(min(shot.start, start), max(shot.end, end))
    return clip if reached == shot else replace(clip, match=replace(clip.match, shot_span=reached))


def _within(dissolve: Dissolve, frames: int) -> Dissolve | None:
    """A dissolve that takes no more frames behind its cut than a clip has."""
    after = min(dissolve.after, frames)
    return Dissolve(dissolve.before, after) if dissolve.before + after else None


def _joined_up(clips: list[Clip], first: int, end: int) -> list[Clip]:
    """Clips without a gap: places at which no frame begins belong to the clip before."""
    made = []
    for number, clip in enumerate(clips):
        begin = first if number == 0 else clip.first_frame
        stop = end if number == len(clips) - 1 else clips[number + 1].first_frame
        made.append(clip if (begin, stop) == (clip.first_frame, clip.end_frame) else refitted(clip, begin, stop))
    return made


def _numbered(clips: list[Clip], before: EditList) -> tuple[Clip, ...]:
    """Where matches count the clips of the edit, those of clips that have moved up or down count on with them."""
    if any(match.target_shot != number for number, clip in enumerate(before.clips) for match in clip.matches):
        return tuple(clips)
    if [clip.first_frame for clip in clips] != [clip.first_frame for clip in before.clips]:
        # What was passed over names shots by numbers that others have now.
        clips = [replace(clip, passed_over=()) if clip.passed_over else clip for clip in clips]
    return tuple(clip.numbered(number) for number, clip in enumerate(clips))


def not_found(path: Path, unknown: list[str]) -> EditError:
    """The error for films that nobody knows; names all of them."""
    films = "films" if len(unknown) > 1 else "a film"
    return EditError(
        f"{path}: names {films} that neither the edit nor the library has: {', '.join(unknown)}; index them, and name "
        "the library with -L"
    )
