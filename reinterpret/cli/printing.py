"""What the commands print: tables for people, JSON for programs."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reinterpret.edits import EditList
    from reinterpret.library import Library
    from reinterpret.neighbours import Hit


def hits_as_json(library: Library, hits: list[Hit]) -> list[dict[str, Any]]:
    """Hits as `search` prints them."""
    found = []
    for rank, hit in enumerate(hits, start=1):
        span = library.shots(hit.film)[hit.shot].span
        found.append(
            {
                "rank": rank,
                "score": round(hit.score, 6),
                "video": str(library.video(hit.film).path),
                "shot": hit.shot,
                "start_seconds": round(float(span.start), 6),
                "end_seconds": round(float(span.end), 6),
                "cues": {"content": round(hit.score, 6)},
            }
        )
    return found


def matches_as_json(edit: EditList) -> list[dict[str, Any]]:
    """What was matched with what, as `trailer` and `match` print it."""
    return [
        {
            "shot": number,
            "video": str(edit.film(clip.match.film).path),
            "score": clip.match.score,
            "start_seconds": round(float(clip.match.source_span.start), 6),
            "end_seconds": round(float(clip.match.source_span.end), 6),
        }
        for number, clip in enumerate(edit.clips)
        if clip.match is not None
    ]


def print_edit(edit: EditList) -> None:
    """What was matched with what, a clip a line."""
    for number, clip in enumerate(edit.clips, start=1):
        when = clock(float(edit.grid.seconds(clip.first_frame)))
        if clip.match is None:
            print(f"{number:>4}  {when}  stays black")
        else:
            name = edit.film(clip.match.film).name
            print(
                f"{number:>4}  {when}  {clip.match.score:5.2f}  {name} at {clock(float(clip.match.source_span.start))}"
            )


def print_json(values: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    from reinterpret.files import json_text

    print(json_text(values))


def clock(seconds: float) -> str:
    """`2:03.45`, as `timebase.format_seconds`."""
    from reinterpret.timebase import format_seconds

    return format_seconds(Fraction(seconds))


def duration(seconds: float) -> str:
    """Hours or minutes, for people."""
    return f"{seconds / 3600:.1f} hours" if seconds >= 3600 else f"{seconds / 60:.1f} minutes"
