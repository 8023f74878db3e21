"""Fades and dissolves on the frames of an edit, and what is left of them when clips are cut at other frames.

They belong to frames of the trailer, and keep them: where a clip covers fewer of these frames, the rest of a fade stays
on the same frames with the same gains. A dissolve stays around a cut that moves within it; a cut that leaves it is a
cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from reinterpret.clip_transitions import Dissolve, Fade, FadeColour
from reinterpret.edits import Clip


@dataclass(frozen=True, slots=True)
class Gain:
    """How much is left of a picture, and what is seen in place of the rest."""

    colour: FadeColour
    share: float


def gains_of(clip: Clip) -> dict[int, Gain]:
    """By frame what the fades of a clip change in it; the trailer's own titles are shown as they are."""
    gains: dict[int, Gain] = {}
    if clip.kind == "title":
        return gains
    for first, fade in ((clip.first_frame, clip.fade_in), (clip.end_frame - len(clip.fade_out or ()), clip.fade_out)):
        gains |= {first + offset: gain for offset, gain in _changes(fade, clip)}
    return gains


def _changes(fade: Fade | None, clip: Clip) -> Iterator[tuple[int, Gain]]:
    # Black that fades to black is black.
    if fade is not None and fade.colour != clip.kind:
        for offset, share in enumerate(fade.gains):
            if share != 1:
                yield offset, Gain(fade.colour, share)


def refitted(clip: Clip, first: int, end: int) -> Clip:
    """A clip that stands at other frames of the trailer, with what is left there of its transitions.

    Where it begins before its fade in, or goes on behind its fade out, the outermost gain goes on as well. Source and
    suggestions stay as they are.
    """
    return replace(
        clip,
        first_frame=first,
        frame_count=end - first,
        fade_in=_faded_in(clip.fade_in, clip.first_frame, first, end),
        fade_out=_faded_out(clip.fade_out, clip.end_frame, first, end),
        dissolve=_dissolved(clip.dissolve, clip.first_frame, first, end),
    )


def joined(first: Clip, second: Clip) -> Clip:
    """The first clip with the frames of the second as well: it begins as the first and ends as the second did."""
    fade_in, fade_out = first.fade_in, second.fade_out
    # A fade that went on over the cut is whole again.
    if fade_in is not None and second.fade_in is not None and len(fade_in) == first.frame_count:
        fade_in = _one_fade(fade_in, second.fade_in) or fade_in
    if fade_out is not None and first.fade_out is not None and len(fade_out) == second.frame_count:
        fade_out = _one_fade(first.fade_out, fade_out) or fade_out
    return replace(first, frame_count=first.frame_count + second.frame_count, fade_in=fade_in, fade_out=fade_out)


def with_room(clips: tuple[Clip, ...]) -> tuple[Clip, ...]:
    """The clips with no dissolve that reaches further into the clip before than that one has frames for it."""
    made = list(clips)
    for number, clip in enumerate(clips):
        if clip.dissolve is None:
            continue
        room = dissolve_room(clips[number - 1]) if number else -1
        if clip.dissolve.before > room:
            left = _dissolve(room, clip.dissolve.after) if room >= 0 else None
            made[number] = replace(clip, dissolve=left)
    return tuple(made)


def dissolve_room(before: Clip) -> int:
    """How many frames before its end a clip can give to a dissolve with the next; below 0 where it fades out."""
    return -1 if before.fade_out is not None else before.frame_count - before.changing_frames


def _faded_in(fade: Fade | None, was: int, first: int, end: int) -> Fade | None:
    """was: the frame at which the fade began."""
    if fade is None:
        return None
    gains = (fade.gains[0],) * (was - first) + fade.gains[max(first - was, 0) :]
    return _fade(fade, gains[: end - first])


def _faded_out(fade: Fade | None, was: int, first: int, end: int) -> Fade | None:
    """was: the frame at which the fade had ended."""
    if fade is None:
        return None
    gains = fade.gains[: max(len(fade) - (was - end), 0)] if end < was else fade.gains
    gains += (fade.gains[-1],) * (end - was)
    return _fade(fade, gains[-(end - first) :])


def _dissolved(dissolve: Dissolve | None, was: int, first: int, end: int) -> Dissolve | None:
    """was: the frame of the cut."""
    if dissolve is None:
        return None
    before, after = dissolve.before + first - was, dissolve.after - (first - was)
    return _dissolve(before, min(after, end - first)) if before >= 0 and after >= 0 else None


def _fade(fade: Fade, gains: tuple[float, ...]) -> Fade | None:
    return Fade(fade.colour, gains) if gains else None


def _dissolve(before: int, after: int) -> Dissolve | None:
    return Dissolve(before, after) if before + after else None


def _one_fade(first: Fade, second: Fade) -> Fade | None:
    return Fade(first.colour, first.gains + second.gains) if first.colour == second.colour else None
