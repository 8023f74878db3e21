"""Choosing: an edit and what a person decides about one of its clips go in, the changed edit comes out.

Nothing here reads or writes a file, and no edit is changed in place: what is the same in both is shared by them.
Whatever is done, the clips go on tiling the frames of the trailer. A lock keeps a clip from `again` alone: what is
asked of one clip by name is meant.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from reinterpret.assignment import Candidate, Looks, Rules, assign
from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import Clip, EditList, Match, PassedOver
from reinterpret.errors import UsageError
from reinterpret.pace import ShortPolicy, shortage_cost, shortage_words, source_speed
from reinterpret.passed_over import losses, told
from reinterpret.placed_transitions import dissolve_room, joined, refitted, with_room
from reinterpret.stretches import SharedShot, Use
from reinterpret.timebase import Span, round_half_up
from reinterpret.video import Video

Shot = tuple[str, int]
"""An archive shot: the fingerprint of its film, and its number."""


def shot_of(match: Match) -> Shot:
    """The archive shot of a match."""
    return match.film, match.source_shot


def needed_seconds(edit: EditList, clip: int) -> Fraction:
    """How long a clip is on the screen. Raises UsageError."""
    return _length(edit, _clip(edit, clip))


# What stands in a clip


def choose(
    edit: EditList, clip: int, match: Match, *, films: Iterable[Video] = (), short: ShortPolicy = "slow"
) -> EditList:
    """A clip shows a match, one of its suggestions or any other, from the in-point that it names.

    What it showed before stays among its suggestions. A shot that was rejected is not rejected any more. films: where
    the film of the match is not yet in the edit it is taken from these. short: see `MatchSettings`. Raises UsageError.
    """
    return choose_all(edit, {clip: match}, films=films, short=short)


def choose_all(
    edit: EditList, matches: Mapping[int, Match], *, films: Iterable[Video] = (), short: ShortPolicy = "slow"
) -> EditList:
    """Several clips show a match each, see `choose`."""
    before = {clip: _set_aside(_clip(edit, clip)) for clip in matches}
    edit = _with_films(edit, matches.values(), films)
    made = {clip: _shown(edit, before[clip], replace(matches[clip], target_shot=clip), short) for clip in matches}
    clips = tuple(made.get(number, clip) for number, clip in enumerate(edit.clips))
    return edit if clips == edit.clips else replace(edit, clips=clips)


def choose_black(edit: EditList, clip: int) -> EditList:
    """A clip is black; what it showed before stays among its suggestions. Raises UsageError."""
    before = _set_aside(_clip(edit, clip))
    return _changed(edit, clip, replace(before, kind="black", match=None, speed=Fraction(1), passed_over=()))


def choose_title(edit: EditList, clip: int) -> EditList:
    """A clip shows the trailer itself; what it showed before stays among its suggestions. Raises UsageError."""
    if edit.trailer is None:
        raise UsageError("this edit follows no trailer, so there is nothing of it to show; choose footage or black")
    before = _set_aside(_clip(edit, clip))
    return _changed(edit, clip, replace(before, kind="title", match=None, speed=Fraction(1), passed_over=()))


def lock(edit: EditList, clip: int, locked: bool = True) -> EditList:
    """Whether a clip stays as it is when the others are assigned again. Raises UsageError."""
    return _changed(edit, clip, replace(_clip(edit, clip), locked=locked))


def reject(
    edit: EditList,
    clip: int,
    film: str,
    shot: int,
    *,
    others: Sequence[Match] = (),
    films: Iterable[Video] = (),
    short: ShortPolicy = "slow",
) -> EditList:
    """An archive shot is never suggested for a clip again.

    If the clip shows it, the best suggestion takes its place that is not shown elsewhere, or the first such of
    `others`, whose films come with it; and the clip is no longer locked. Raises UsageError where there is none.
    """
    before = _clip(edit, clip)
    rejected = before.rejected if (film, shot) in before.rejected else (*before.rejected, (film, shot))
    kept = tuple(match for match in before.suggestions if shot_of(match) != (film, shot))
    if before.match is None or shot_of(before.match) != (film, shot):
        return _changed(edit, clip, replace(before, suggestions=kept, rejected=rejected))
    shown = {shot_of(other.match) for number, other in enumerate(edit.clips) if number != clip and other.match}
    free = (match for match in (*kept, *others) if shot_of(match) not in shown and shot_of(match) not in rejected)
    following = next(free, None)
    if following is None:
        raise UsageError(
            f"clip {clip} has no other suggestion that is not rejected or shown elsewhere; choose a shot for it first, "
            "or make it black"
        )
    edit = _with_films(edit, [following], films)
    bare = replace(before, kind="black", match=None, locked=False, suggestions=kept, rejected=rejected)
    return _changed(edit, clip, _shown(edit, bare, replace(following, target_shot=clip), short))


def remeasured(edit: EditList, clip: int, measured: Match) -> EditList:
    """A clip whose match has other scores and words, and is the same otherwise. Raises UsageError."""
    before = _footage(edit, clip)
    assert before.match is not None
    match = replace(before.match, score=measured.score, cues=measured.cues, shared=measured.shared)
    return _changed(edit, clip, replace(before, match=match))


# Where in its shot a clip begins


def slide(
    edit: EditList, clip: int, *, seconds: Fraction | float | None = None, source_frames: int | None = None
) -> EditList:
    """The in-point of a clip goes forward (or back, below 0) by some seconds or frames of its source.

    It goes from frame to frame of the source, and stays within what can be used of the shot: at either end of that it
    stops, and where all of the shot is used it stays. Raises UsageError.
    """
    before = _footage(edit, clip)
    assert before.match is not None
    if (seconds is None) == (source_frames is None):
        raise UsageError("say how far to slide, either in seconds or in frames of the source")
    rate = edit.film(before.match.film).frame_rate
    if seconds is not None:
        if not math.isfinite(seconds):
            raise UsageError(f"expected a number of seconds to slide, got {seconds}")
        source_frames = round_half_up(Fraction(seconds) * rate)
    assert source_frames is not None
    body, used = before.match.shot_span, before.match.source_span.duration
    first, last = math.ceil(body.start * rate), math.floor((body.end - used) * rate)
    if first > last or source_frames == 0:
        return edit
    # From between two frames the next one in that direction is one step.
    place = before.match.source_span.start * rate
    wanted = (math.floor(place) if source_frames > 0 else math.ceil(place)) + source_frames
    start = Fraction(min(max(wanted, first), last)) / rate
    if (start - before.match.source_span.start) * source_frames <= 0:
        return edit
    moved = replace(before.match, source_span=Span(start, start + used))
    return _changed(edit, clip, replace(before, match=moved))


def swap(edit: EditList, one: int, other: int, *, short: ShortPolicy = "slow") -> EditList:
    """Two clips exchange their footage; in-points stay where the lengths allow it. Raises UsageError.

    Scores and words stay those of the shot that they were measured for; where a clip has the same archive shot among
    its suggestions it takes them from there.
    """
    first, second = _footage(edit, one), _footage(edit, other)
    assert first.match is not None
    assert second.match is not None
    if one == other:
        return edit
    edit = _changed(edit, one, _shown(edit, first, _measured(second.match, one, first), short))
    return _changed(edit, other, _shown(edit, second, _measured(first.match, other, second), short))


# Where the trailer is cut


def split(edit: EditList, clip: int, frame: int) -> EditList:
    """A clip becomes two, the second of which begins at a frame of the trailer; what is shown does not change.

    A fade over the new cut goes on behind it; a dissolve over it becomes shorter. The clips, and with them their
    matches, are numbered anew. Raises UsageError.
    """
    before = _clip(edit, clip)
    if not before.first_frame < frame < before.end_frame:
        raise UsageError(
            f"clip {clip} can be split between its frames {before.first_frame + 1} and {before.end_frame - 1}, "
            f"got frame {frame}"
        )
    sizes = (before.first_frame, frame), (frame, before.end_frame)
    first_part, second_part = (_part(edit, before, first, end) for first, end in sizes)
    parts = (first_part, replace(second_part, dissolve=None))
    return replace(edit, clips=_numbered(with_room((*edit.clips[:clip], *parts, *edit.clips[clip + 1 :]))))


def join(edit: EditList, clip: int, *, short: ShortPolicy = "slow") -> EditList:
    """A clip and the next become one, which shows what the first showed.

    What the second showed, and its suggestions, come to those of the first. It begins with the transition of the first
    and ends with that of the second. The clips are numbered anew. Raises UsageError.
    """
    first = _clip(edit, clip)
    if clip + 1 >= len(edit.clips):
        raise UsageError(f"clip {clip} is the last, there is none behind it to join it with")
    second = edit.clips[clip + 1]
    shown = None if first.match is None else shot_of(first.match)
    rejected = tuple(shot for shot in dict.fromkeys((*first.rejected, *second.rejected)) if shot != shown)
    whole = replace(joined(first, second), suggestions=(), rejected=rejected)
    offered = [*first.suggestions, *second.suggestions, *(() if second.match is None else (second.match,))]
    suggestions: list[Match] = []
    for number, match in enumerate(offered):
        of_first, fit = number < len(first.suggestions), fitted(edit, match, _length(edit, whole))
        known = (shown, *map(shot_of, suggestions))
        if shot_of(match) not in rejected and (of_first or shot_of(match) not in known):
            suggestions.insert(len(suggestions) if of_first else _rank(suggestions, fit), fit)
    whole = replace(whole, suggestions=tuple(suggestions))
    if first.match is not None:
        whole = _continued(edit, first, second, whole) or _shown(edit, whole, first.match, short)
    return replace(edit, clips=_numbered((*edit.clips[:clip], whole, *edit.clips[clip + 2 :])))


def move_cut(edit: EditList, clip: int, frame: int, *, short: ShortPolicy = "slow") -> EditList:
    """The cut at which a clip begins moves to another frame of the trailer; both clips beside it keep a frame at least.

    The clip goes on showing at each frame what it showed there, as far as its shot reaches. Fades stay on their frames
    of the trailer; a dissolve does so too, or is a cut if the cut leaves it. Raises UsageError.
    """
    after = _clip(edit, clip)
    if clip == 0:
        raise UsageError("the first clip begins where the trailer begins; move the cut of another clip")
    before = edit.clips[clip - 1]
    if not before.first_frame < frame < after.end_frame:
        raise UsageError(
            f"the cut before clip {clip} can lie between the frames {before.first_frame + 1} and "
            f"{after.end_frame - 1}, got frame {frame}"
        )
    if frame == after.first_frame:
        return edit
    moved = edit.grid.seconds(frame) - edit.grid.seconds(after.first_frame)
    shorter, longer = refitted(before, before.first_frame, frame), refitted(after, frame, after.end_frame)
    made = _resized(edit, shorter, Fraction(0), short), _resized(edit, longer, moved, short)
    return replace(edit, clips=with_room((*edit.clips[: clip - 1], *made, *edit.clips[clip + 1 :])))


# How clips begin and end


def set_fade_in(edit: EditList, clip: int, fade: Fade | None) -> EditList:
    """A clip begins with a fade, in place of the fade or dissolve that it had; None: without a fade.

    Raises UsageError where the clip has no room for it.
    """
    before = _clip(edit, clip)
    if fade is None:
        return _changed(edit, clip, replace(before, fade_in=None))
    bare = replace(before, fade_in=None, dissolve=None)
    _check_room(clip, "a fade at its beginning", len(fade), _room(edit, clip, bare))
    return _changed(edit, clip, replace(bare, fade_in=fade))


def set_fade_out(edit: EditList, clip: int, fade: Fade | None) -> EditList:
    """A clip ends with a fade, in place of the fade that it had, or of the next clip's dissolve; None: without a fade.

    Raises UsageError where the clip has no room for it.
    """
    bare = replace(_clip(edit, clip), fade_out=None)
    if fade is None:
        return _changed(edit, clip, bare)
    if clip + 1 < len(edit.clips):
        edit = _changed(edit, clip + 1, replace(edit.clips[clip + 1], dissolve=None))
    _check_room(clip, "a fade at its end", len(fade), bare.frame_count - bare.changing_frames)
    return _changed(edit, clip, replace(bare, fade_out=fade))


def set_dissolve(edit: EditList, clip: int, dissolve: Dissolve | None) -> EditList:
    """A clip begins with a dissolve from the one before, in place of the fades that both had there; None: with a cut.

    Raises UsageError where there is no room for it. Whether the sources have the frames for it says
    `EditList.dissolve_at`.
    """
    bare = replace(_clip(edit, clip), dissolve=None)
    if dissolve is None:
        return _changed(edit, clip, bare)
    if clip == 0:
        raise UsageError("the first clip has none before it to dissolve from; fade it in instead")
    bare = replace(bare, fade_in=None)
    before = replace(edit.clips[clip - 1], fade_out=None)
    _check_room(clip, "a dissolve behind its cut", dissolve.after, _room(edit, clip, bare))
    _check_room(clip - 1, "the next one's dissolve", dissolve.before, dissolve_room(before))
    made = before, replace(bare, dissolve=dissolve)
    clips = (*edit.clips[: clip - 1], *made, *edit.clips[clip + 1 :])
    return edit if clips == edit.clips else replace(edit, clips=clips)


def cut_at(edit: EditList, clip: int, *, begins: bool) -> EditList:
    """A clip begins, or ends, with a cut, whatever transition it had there. Raises UsageError."""
    if begins:
        return set_dissolve(set_fade_in(edit, clip, None), clip, None)
    edit = set_fade_out(edit, clip, None)
    return edit if clip + 1 >= len(edit.clips) else set_dissolve(edit, clip + 1, None)


def transition_of(edit: EditList, clip: int, other: EditList, *, begins: bool) -> EditList | None:
    """A clip begins, or ends, as another edit of the trailer has it at that frame; None if that has a cut there.

    Raises UsageError where there is no room for it.
    """
    wanted = _clip(edit, clip)
    same = {(found.first_frame if begins else found.end_frame): found for found in other.clips}
    found = same.get(wanted.first_frame if begins else wanted.end_frame)
    if begins and found is not None and found.dissolve is not None:
        return set_dissolve(edit, clip, found.dissolve)
    fade = None if found is None else found.fade_in if begins else found.fade_out
    if fade is not None:
        return set_fade_in(edit, clip, fade) if begins else set_fade_out(edit, clip, fade)
    if not begins and clip + 1 < len(edit.clips):
        behind = next((one for one in other.clips if one.first_frame == wanted.end_frame), None)
        return None if behind is None or behind.dissolve is None else set_dissolve(edit, clip + 1, behind.dissolve)
    return None


def _room(edit: EditList, number: int, bare: Clip) -> int:
    """How many frames a clip without a transition at its beginning has for one."""
    following = edit.clips[number + 1].dissolve if number + 1 < len(edit.clips) else None
    return bare.frame_count - bare.changing_frames - (0 if following is None else following.before)


def _check_room(clip: int, what: str, frames: int, room: int) -> None:
    if frames > room:
        raise UsageError(f"clip {clip} has {room} frames for {what}, got {frames}")


# All at once


def again(edit: EditList, *, rules: Rules = Rules(), short: ShortPolicy = "slow") -> EditList:  # noqa: B008 - frozen
    """Every clip of footage that is not locked gets one of its suggestions, together the best for the whole.

    Clips that show the same archive shot now go on doing so, as far as it is among the suggestions of all of them.
    Locked clips keep their shots, which count as used. See `assignment.assign`; `rules.seed` makes another edit that is
    about as good.
    """
    numbers = [number for number, clip in enumerate(edit.clips) if clip.match is not None]
    shots: dict[Shot, int] = {}
    films: dict[str, int] = {}
    echoes: dict[Shot, int] = {}
    offered: list[list[Match]] = []
    candidates: list[list[Candidate]] = []
    for number in numbers:
        matches = _offered(edit.clips[number])
        needed = float(needed_seconds(edit, number))
        offered.append(matches)
        candidates.append(
            [
                Candidate(
                    shot=shots.setdefault(shot_of(match), len(shots)),
                    film=films.setdefault(match.film, len(films)),
                    twin=shots[shot_of(match)],
                    score=match.score,
                    shortage=shortage_cost(float(match.shot_span.duration), needed, short, rules.costs),
                    room=rules.costs.room(float(match.shot_span.duration), needed),
                )
                for match in matches
            ]
        )
    groups = []
    for number in numbers:
        clip = edit.clips[number]
        assert clip.match is not None
        groups.append(len(edit.clips) + number if clip.locked else echoes.setdefault(shot_of(clip.match), number))
    positions = assign(candidates, echoes=groups, rules=rules)
    passed = told(
        [[shot_of(match) for match in matches] for matches in offered],
        candidates,
        losses(candidates, positions, echoes=groups, rules=rules, looks=Looks()),
        places=numbers,
        too_short=lambda row, position: shortage_words(
            float(offered[row][position].shot_span.duration), float(needed_seconds(edit, numbers[row])), short
        ),
    )
    chosen = {number: matches[position] for number, matches, position in zip(numbers, offered, positions, strict=True)}
    changed = [number for number, match in chosen.items() if match != edit.clips[number].match]
    apart = Fraction(rules.costs.apart_seconds).limit_denominator(1000)
    spread = _spread(edit, chosen, dict(zip(numbers, groups, strict=True)), changed, apart)
    made = choose_all(edit, spread, short=short)
    return with_passed_over(
        made, {n: shots for n, shots in zip(numbers, passed, strict=True) if not edit.clips[n].locked}
    )


def with_passed_over(
    edit: EditList, passed: Mapping[int, tuple[PassedOver, ...]], *, films: Iterable[Video] = ()
) -> EditList:
    """Some clips with other shots that were passed over for them. films: see `choose`."""
    edit = _with_films(edit, (shot for shots in passed.values() for shot in shots), films)
    clips = tuple(
        clip if passed.get(number, clip.passed_over) == clip.passed_over else replace(clip, passed_over=passed[number])
        for number, clip in enumerate(edit.clips)
    )
    return edit if clips == edit.clips else replace(edit, clips=clips)


def _spread(
    edit: EditList, chosen: Mapping[int, Match], echoes: Mapping[int, int], changed: Sequence[int], apart: Fraction
) -> dict[int, Match]:
    """The changed ones of the chosen matches, with stretches that lie apart where several show one shot."""
    uses: dict[Shot, list[Use]] = defaultdict(list)
    for number, match in chosen.items():
        span = None if number in changed else match.source_span
        uses[shot_of(match)].append(Use(number, needed_seconds(edit, number), echoes[number], span))
    shared = {
        shot: SharedShot(next(match.shot_span for match in chosen.values() if shot_of(match) == shot), of_shot, apart)
        for shot, of_shot in uses.items()
        if len(of_shot) > 1
    }
    found = {}
    for number in sorted(changed):
        match = found[number] = chosen[number]
        if shot_of(match) in shared:
            usable, rate = shared[shot_of(match)].usable(number), edit.film(match.film).frame_rate
            used = min(needed_seconds(edit, number), usable.duration)
            begin = min(max(match.source_span.start, usable.start), usable.end - used)
            # On a frame of the source, where one lies within what is usable.
            on_frame = Fraction(math.ceil(begin * rate)) / rate
            found[number] = fitted(edit, match, used, start=on_frame if on_frame <= usable.end - used else begin)
            shared[shot_of(match)].take(number, found[number].source_span)
    return found


def fitted(edit: EditList, match: Match, needed: Fraction, *, start: Fraction | None = None) -> Match:
    """A match with as much of its shot as fills `needed` seconds, or all of it.

    It begins where it did (or at `start`), or as much earlier as the shot ends too early, on a frame of the source.
    """
    body, rate = match.shot_span, edit.film(match.film).frame_rate
    used = min(needed, body.duration)
    begin = match.source_span.start if start is None else start
    latest = body.end - used
    if begin > latest:
        begin = Fraction(math.floor(latest * rate)) / rate
    begin = max(begin, body.start)
    return replace(match, source_span=Span(begin, begin + used))


def _clip(edit: EditList, number: int) -> Clip:
    if not 0 <= number < len(edit.clips):
        raise UsageError(f"the edit has {len(edit.clips)} clips, numbered from 0; there is no clip {number}")
    return edit.clips[number]


def _footage(edit: EditList, number: int) -> Clip:
    clip = _clip(edit, number)
    if clip.match is None:
        what = "the trailer itself" if clip.kind == "title" else clip.kind
        raise UsageError(f"clip {number} shows {what}, no footage; choose footage for it first")
    return clip


def _length(edit: EditList, clip: Clip) -> Fraction:
    return edit.grid.seconds(clip.end_frame) - edit.grid.seconds(clip.first_frame)


def _changed(edit: EditList, number: int, clip: Clip) -> EditList:
    """The edit with another clip in a place; the same edit if that is what stands there."""
    if edit.clips[number] == clip:
        return edit
    return replace(edit, clips=(*edit.clips[:number], clip, *edit.clips[number + 1 :]))


def _with_films(edit: EditList, matches: Iterable[Match | PassedOver], films: Iterable[Video]) -> EditList:
    known = {film.fingerprint for film in edit.films}
    missing = {match.film for match in matches} - known
    if not missing:
        return edit
    added = {film.fingerprint: film for film in films if film.fingerprint in missing}
    if missing - set(added):
        raise UsageError(f"the film {min(missing - set(added))} is not in the edit; say what is known of it")
    return replace(edit, films=tuple(sorted((*edit.films, *added.values()), key=lambda film: film.fingerprint)))


def _set_aside(clip: Clip) -> Clip:
    """The clip with what it shows among its suggestions, as it is shown."""
    if clip.match is None:
        return clip
    if clip.match in clip.suggestions:
        return clip
    others = [match for match in clip.suggestions if shot_of(match) != shot_of(clip.match)]
    others.insert(_rank(others, clip.match), clip.match)
    return replace(clip, suggestions=tuple(others))


def _rank(ranked: Sequence[Match], match: Match) -> int:
    """Where a match stands among others by its score; behind those that are as good."""
    return bisect_right(ranked, -match.score, key=lambda other: -other.score)


def _shown(edit: EditList, clip: Clip, match: Match, short: ShortPolicy) -> Clip:
    """A clip that shows a match, as much of it as it needs, and so fast."""
    needed = _length(edit, clip)
    match = fitted(edit, match, needed)
    rejected = tuple(shot for shot in clip.rejected if shot != shot_of(match))
    speed = source_speed(match, needed, short)
    return replace(clip, kind="footage", match=match, speed=speed, rejected=rejected, passed_over=())


def _measured(match: Match, number: int, clip: Clip) -> Match:
    """A match for another clip, with the score that the clip knows of that shot."""
    known = next((other for other in clip.suggestions if shot_of(other) == shot_of(match)), match)
    return replace(match, target_shot=number, score=known.score, cues=known.cues, shared=known.shared)


def _numbered(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
    """The clips with matches that name their places; what was passed over named the old ones."""
    bare = (replace(clip, passed_over=()) if clip.passed_over else clip for clip in clips)
    return tuple(clip.numbered(number) for number, clip in enumerate(bare))


def _part(edit: EditList, clip: Clip, first: int, end: int) -> Clip:
    """What a clip shows at some of its frames."""
    passed = edit.grid.seconds(first) - edit.grid.seconds(clip.first_frame)
    part = refitted(clip, first, end)
    needed = _length(edit, part)
    if clip.match is not None:
        part = replace(part, match=_later(edit, clip.match, passed * clip.speed, needed))
    # A suggestion would play at the speed at which it fills the whole clip; near enough at its own.
    found = (fitted(edit, match, needed, start=match.source_span.start + passed) for match in clip.suggestions)
    return replace(part, suggestions=tuple(found))


def _later(edit: EditList, match: Match, seconds: Fraction, needed: Fraction) -> Match:
    """A match from a later instant on, exactly; its last frame where the shot is over by then."""
    start, end = match.source_span.start, match.shot_span.end
    last = max(start, match.shot_span.start, end - 1 / edit.film(match.film).frame_rate)
    begin = min(start + seconds, last)
    return replace(match, source_span=Span(begin, min(begin + needed, end)))


def _continued(edit: EditList, first: Clip, second: Clip, whole: Clip) -> Clip | None:
    """The joined clip where the second went on with what the first showed, as fast; None where it did not."""
    if first.match is None or second.match is None or first.speed != second.speed:
        return None
    if (shot_of(first.match), first.match.shot_span) != (shot_of(second.match), second.match.shot_span):
        return None
    length = _length(edit, second)
    if _later(edit, first.match, _length(edit, first) * first.speed, length).source_span != second.match.source_span:
        return None
    return replace(whole, match=_later(edit, first.match, Fraction(0), _length(edit, whole)))


def _resized(edit: EditList, clip: Clip, moved: Fraction, short: ShortPolicy) -> Clip:
    """A clip that has got another length, and begins so many seconds later, or earlier, than it did."""
    needed = _length(edit, clip)
    found = (fitted(edit, match, needed, start=match.source_span.start + moved) for match in clip.suggestions)
    clip = replace(clip, suggestions=tuple(found))
    if clip.match is None:
        return clip
    match = fitted(edit, clip.match, needed, start=clip.match.source_span.start + moved * clip.speed)
    return replace(clip, match=match, speed=source_speed(match, needed, short))


def _offered(clip: Clip) -> list[Match]:
    """What may stand in a clip of footage, best first: what it shows, if it is locked, and else its suggestions too."""
    assert clip.match is not None
    if clip.locked:
        return [clip.match]
    others = [match for match in clip.suggestions if shot_of(match) != shot_of(clip.match)]
    return sorted((clip.match, *others), key=lambda match: -match.score)
