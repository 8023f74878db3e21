"""What the page is told: clips and matches of an edit go in, plain values come out, with numbers in place of paths."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from fractions import Fraction
from typing import Any

from reinterpret.edits import Clip, EditList, Match
from reinterpret.interchange.accounts import edge_of
from reinterpret.studio.films import Films
from reinterpret.timebase import ROUNDING_SECONDS, format_seconds
from reinterpret.video import Video

_KINDS = {"footage": "", "title": "the trailer itself", "black": "black", "white": "white"}


def clip_views(edit: EditList, films: Films, *, offline: Collection[str] = ()) -> list[dict[str, Any]]:
    """Every clip, in order; without its suggestions, which are asked for when it is looked at."""
    return [_clip_view(edit, number, clip, films, offline) for number, clip in enumerate(edit.clips)]


def _clip_view(edit: EditList, number: int, clip: Clip, films: Films, offline: Collection[str]) -> dict[str, Any]:
    first, end = edit.grid.slot(clip.first_frame), edit.grid.slot(clip.end_frame)
    shown = None
    if clip.match is not None:
        shown = match_view(clip.match, edit.film(clip.match.film), films, offline=offline)
        # As the film will run: a shot that is too short is slowed down, or its last frame is held.
        shown["speed"] = float(clip.speed)
    view = {
        "number": number,
        "first_frame": clip.first_frame,
        "frames": clip.frame_count,
        # On the grid: where the trailer has dropped frames these are not its frames' numbers.
        "first": first,
        "end": end,
        "start": format_seconds(edit.grid.seconds(clip.first_frame)),
        "seconds": round(float((end - first) / edit.grid.rate), 3),
        "kind": clip.kind,
        "locked": clip.locked,
        "rejected": len(clip.rejected),
        "match": shown,
        "begins": _edge_view(edit, number, begins=True),
        "ends": _edge_view(edit, number, begins=False),
    }
    view["label"] = clip_label(view)
    return view


def _edge_view(edit: EditList, number: int, *, begins: bool) -> dict[str, Any]:
    """How a clip begins, or ends: what the edit has there, what is rendered of it, and over how much of the clip."""
    clip, slot = edit.clips[number], edit.grid.slot
    edge = edge_of(edit, number, begins=begins)
    cut = number if begins else number + 1
    has = (clip.fade_in if begins else clip.fade_out) is not None
    dissolve = edit.clips[cut].dissolve if cut < len(edit.clips) else None
    within = 0
    if edge.kind == "dissolve" and dissolve is not None:
        frame = edit.clips[cut].first_frame
        bounds = (frame, frame + dissolve.after) if begins else (frame - dissolve.before, frame)
        within = slot(bounds[1]) - slot(bounds[0])
    elif edge.kind == "fade":
        bounds = (0, edge.frames) if begins else (clip.frame_count - edge.frames, clip.frame_count)
        within = slot(clip.first_frame + bounds[1]) - slot(clip.first_frame + bounds[0])
    return {
        "kind": edge.kind,
        "colour": edge.colour,
        "frames": edge.frames,
        # Of the clip's own places on the grid: what the strip draws.
        "places": within,
        # Whether the edit has one at all: some are rendered as a cut, for lack of frames.
        "follows": has or dissolve is not None,
        "words": edge.words(begins=begins),
    }


def match_view(match: Match, film: Video, films: Films, *, offline: Collection[str] = ()) -> dict[str, Any]:
    """A match: where it is in which film, how alike, and why."""
    rate = film.frame_rate
    first, end = _places(match.shot_span.start, match.shot_span.end, rate)
    begin, used = _places(match.source_span.start, match.source_span.end, rate)
    return {
        "film": films.number(film),
        "name": film.name,
        "shot": match.source_shot,
        "rate": float(rate),
        # Places of the film's own frames: of the shot, and of what is used of it.
        "shot_first": first,
        "shot_end": max(end, used),
        "first": begin,
        "end": used,
        "last_in": max(begin, math.floor((match.shot_span.end - match.source_span.duration) * rate)),
        "middle": min((begin + used) // 2, used - 1),
        "at": format_seconds(match.source_span.start),
        "seconds": round(float(match.source_span.duration), 3),
        "score": round(match.score, 3),
        "cues": [{"name": name, "score": round(score, 3)} for name, score in match.cues],
        "shared": match.shared,
        "offline": match.film in offline,
    }


def clip_label(view: dict[str, Any]) -> str:
    """What a person hears who cannot see the strip."""
    match = view["match"]
    if match is None:
        shown = _KINDS[view["kind"]]
    else:
        shown = f"{match['name']} at {match['at']}, score {match['score']:.2f}"
        shown += f", {match['shared']}" if match["shared"] else ""
        shown += ", the film is missing" if match["offline"] else ""
    edges = "".join(f", {view[edge]['words']}" for edge in ("begins", "ends") if view[edge]["words"])
    locked = ", locked" if view["locked"] else ""
    return f"Shot {view['number'] + 1}, at {view['start']}, {view['seconds']:.1f} seconds: {shown}{edges}{locked}"


def pixels_per_second(lengths: Iterable[float]) -> float:
    """How wide a second of the strip is: shots of the usual length get a picture one can see, the shortest an edge."""
    ordered = sorted(lengths)
    usual = ordered[len(ordered) // 2]
    return round(min(max(_USUAL_PX / usual, _LEAST_PX_PER_SECOND), _MOST_PX_PER_SECOND), 2)


_USUAL_PX = 108
_LEAST_PX_PER_SECOND, _MOST_PX_PER_SECOND = 12.0, 160.0


def _places(start: Fraction, end: Fraction, rate: Fraction) -> tuple[int, int]:
    """The frame on the screen at `start`, and the one after the last that is before `end`; at least one frame."""
    # Times that were rounded to milliseconds lie just before their frame.
    first = math.floor((start + ROUNDING_SECONDS) * rate)
    return first, max(first + 1, math.ceil((end - ROUNDING_SECONDS) * rate))
