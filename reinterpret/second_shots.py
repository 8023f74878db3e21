"""Second shots: where a shot of the trailer is answered by two archive shots, and the edit in which it is.

Either because the archive shot is too short, and then the second follows where it ends; or because the trailer's shot
is long, and then the cut lies where most moves in it, so that it is hardly noticed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np

from reinterpret.alignment import ShotCourse
from reinterpret.edits import Clip, EditList, Match, PassedOver
from reinterpret.in_points import Targets
from reinterpret.neighbours import Hit
from reinterpret.pace import SHORTEST_PART, ShortPolicy, is_followed, source_speed
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video

# Mean change of the cells of a layout, in levels a second: what moves less does not hide a cut.
_LEAST_CHANGE = 12.0
# Changes are taken together over so many frames of a course: one alone may be a flicker.
_TOGETHER = 3


@dataclass(frozen=True, slots=True)
class Choice:
    """What is shown for each target."""

    hits: list[Hit]
    told: Callable[[Sequence[int]], list[tuple[PassedOver, ...]]]
    """What was more like each, and why it is not shown, if their clips have these places."""


Choose = Callable[[Targets, Sequence[int], Sequence[Sequence[Hit]], Collection[int]], Choice]
"""Chooses one hit of each target. Given also: of which shot of the trailer each is, or is a part, and which are second
parts."""
Place = Callable[[Targets, Sequence[Sequence[Hit]], Sequence[tuple[int, Match]]], list[list[Match]]]
"""Makes hits matches; the first of each is shown. Given also: what is shown in other places, see `align_hits`."""


def cut_frames(
    grid: FrameGrid,
    clips: Sequence[Clip],
    targets: Targets,
    lengths: Sequence[Fraction],
    *,
    short: ShortPolicy,
    fill: float | None,
) -> dict[int, int]:
    """By the places of clips that get a second shot: with which frame of the trailer that begins.

    clips: of the whole trailer. lengths: of the archive shots that were chosen for the targets, in seconds. fill: how
    long a shot of the trailer may be that gets but one. No part is shorter than `SHORTEST_PART`, nor cuts a transition.
    """
    found = {}
    for place, needed, course, length in zip(targets.places, targets.needed, targets.courses, lengths, strict=True):
        clip = clips[place]
        if short == "second" and is_followed(float(length), float(needed)):
            instant = grid.seconds(clip.first_frame) + length
        elif fill is not None and needed > fill and needed >= 2 * SHORTEST_PART:
            instant = cut_on_movement(course)
        else:
            continue
        frame = bisect_left(range(clip.first_frame, clip.end_frame), instant, key=grid.seconds) + clip.first_frame
        # At once behind the last frame that lies within the archive shot.
        frame -= grid.seconds(min(frame, clip.end_frame - 1)) > instant
        if frame in _free_frames(clips, place):
            found[place] = frame
    return found


def _free_frames(clips: Sequence[Clip], place: int) -> range:
    """The frames with which a second part of a clip can begin, so that transitions stay whole."""
    clip = clips[place]
    begins = clip.dissolve.after if clip.dissolve is not None else len(clip.fade_in or ())
    following = clips[place + 1].dissolve if place + 1 < len(clips) else None
    ends = len(clip.fade_out or ()) if following is None else following.before
    return range(clip.first_frame + max(begins, 1), clip.end_frame - max(ends, 1) + 1)


def cut_on_movement(course: ShotCourse) -> Fraction:
    """The instant in the middle half of a shot at which most moves or changes in light; its middle if nothing does."""
    middle = course.span.start + course.span.duration / 2
    seconds, cells = course.layout.seconds, course.layout.cells.astype(np.float32)
    quarter = float(course.span.duration) / 4
    first, last = float(course.span.start) + quarter, float(course.span.end) - quarter
    if len(cells) <= _TOGETHER:
        return middle
    change = np.abs(np.diff(cells, axis=0)).mean(axis=1) / np.diff(seconds)
    smooth = np.convolve(change, np.full(_TOGETHER, 1 / _TOGETHER), mode="same")
    inside = (seconds[1:] >= first) & (seconds[1:] <= last)
    if not inside.any() or smooth[inside].max() < _LEAST_CHANGE:
        return middle
    best = int(np.where(inside, smooth, -np.inf).argmax()) + 1
    return Fraction(float(seconds[best])).limit_denominator(100_000)


def shifted(place: int, cuts: Mapping[int, int]) -> int:
    """The place of a clip, or of its first part, once those before it are cut."""
    return place + sum(cut < place for cut in cuts)


def with_second_shots(
    edit: EditList,
    cuts: Mapping[int, int],
    targets: Targets,
    hits: Sequence[Sequence[Hit]],
    chosen: Sequence[Hit],
    *,
    suggestions: int,
    short: ShortPolicy,
    choose: Choose,
    place: Place,
    videos: Callable[[Collection[str]], tuple[Video, ...]],
) -> EditList:
    """The edit with two clips for each that is cut, of which the first shows what was chosen.

    cuts: see `cut_frames`. targets: what was chosen for, with all hits of each. suggestions: kept for each part.
    videos: films by their fingerprints.
    """
    rows: list[int] = []
    second: list[int] = []
    for row, at in enumerate(targets.places):
        rows += [row] * (2 if at in cuts else 1)
        if at in cuts:
            second.append(len(rows) - 1)
    split = _split_targets(edit.grid, targets, rows, second, cuts)
    offered = [
        _others(hits[row], chosen[row]) if number in second else [chosen[row]] for number, row in enumerate(rows)
    ]
    choice = choose(split, rows, offered, second)
    passed = choice.told(split.places)
    parts = [number for number in range(len(rows)) if number in second or number + 1 in second]
    kept = [
        (split.places[number], match)
        for number, row in enumerate(rows)
        if number not in parts and (match := edit.clips[targets.places[row]].match) is not None
    ]
    wanted = [[choice.hits[number], *hits[rows[number]][:suggestions]] for number in parts]
    matches = dict(zip(parts, place(split.rows(parts), wanted, kept), strict=True))
    clips: list[Clip] = []
    for number, clip in enumerate(edit.clips):
        if number not in cuts:
            clips.append(clip)
            continue
        one = split.places.index(shifted(number, cuts))
        for part, half in ((one, _first(clip, cuts[number])), (one + 1, _second(clip, cuts[number]))):
            best, *others = matches[part]
            speed = source_speed(best, split.needed[part], short)
            half = replace(half, match=best, speed=speed, suggestions=tuple(others))
            clips.append(replace(half, passed_over=passed[part]) if part in second else half)
    numbered = tuple(clip.numbered(number) for number, clip in enumerate(clips))
    named = {match.film for clip in numbered for match in clip.matches}
    named |= {shot.film for clip in numbered for shot in clip.passed_over}
    return replace(edit, clips=numbered, films=videos(named))


def _split_targets(
    grid: FrameGrid, targets: Targets, rows: Sequence[int], second: Sequence[int], cuts: Mapping[int, int]
) -> Targets:
    """The targets with two rows for those that are cut, as their parts run, at their places after that."""
    split = targets.rows(rows)
    places, courses = [], []
    for number, (at, course) in enumerate(zip(split.places, split.courses, strict=True)):
        late, cut = number in second, cuts.get(at)
        places.append(shifted(at, cuts) + late)
        if cut is not None:
            middle = grid.seconds(cut)
            span = Span(middle, course.span.end) if late else Span(course.span.start, middle)
            course = replace(course, span=span)
        courses.append(course)
    return replace(split, places=tuple(places), courses=tuple(courses))


def _others(hits: Sequence[Hit], shown: Hit) -> list[Hit]:
    """The second shot is another one, if there is another."""
    return [hit for hit in hits if (hit.film, hit.shot) != (shown.film, shown.shot)] or [shown]


def _first(clip: Clip, frame: int) -> Clip:
    return replace(clip, frame_count=frame - clip.first_frame, fade_out=None)


def _second(clip: Clip, frame: int) -> Clip:
    return replace(
        clip, first_frame=frame, frame_count=clip.end_frame - frame, fade_in=None, dissolve=None, passed_over=()
    )
