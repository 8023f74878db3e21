"""What the commands print: tables for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reinterpret.cues.reasons import CueScore
    from reinterpret.edits import EditList
    from reinterpret.ingest import IndexReport
    from reinterpret.library import Library
    from reinterpret.neighbours import Hit, Neighbours
    from reinterpret.shots import Boundary, Shot
    from reinterpret.words import Tag, TextQuery
    from reinterpret.written import WrittenHit


def print_versions() -> None:
    """What `--version` prints: ours in the first line, and which ffmpeg is used and why."""
    from reinterpret import __version__
    from reinterpret.errors import FfmpegError
    from reinterpret.ffmpeg import choose_ffmpeg

    print(__version__)
    try:
        choice = choose_ffmpeg()
    except FfmpegError as error:
        print(f"no ffmpeg: {error}")
        return
    print(f"uses {choice.program}")
    for remark in choice.remarks:
        print(remark)


def print_report(done: IndexReport, *, as_json: bool, quiet: bool) -> None:
    """What `index` has done; what it could not use goes to standard error."""
    for failure in done.failed:
        print(f"warning: {failure.reason}", file=sys.stderr)
    if as_json:
        print_json(
            {
                "indexed": done.indexed,
                "unchanged": done.unchanged,
                "failed": [{"path": str(failure.path), "reason": failure.reason} for failure in done.failed],
                "shots": done.shots,
                "footage_seconds": round(done.footage_seconds, 3),
                "elapsed_seconds": round(done.elapsed_seconds, 3),
            }
        )
    elif not quiet:
        speed = done.footage_seconds / done.elapsed_seconds
        print(
            f"{done.indexed} films indexed ({done.shots} shots, {duration(done.footage_seconds)}, "
            f"{speed:.0f} times real time), {done.unchanged} unchanged, {len(done.failed)} failed"
        )


def shots_as_json(shots: Sequence[Shot]) -> list[dict[str, Any]]:
    """Shots as `shots` prints them, in JSON and in CSV."""
    return [
        {
            "number": shot.number,
            "start_frame": shot.start_frame,
            "end_frame": shot.end_frame,
            "start_seconds": round(float(shot.span.start), 6),
            "end_seconds": round(float(shot.span.end), 6),
            "transition": shot.transition,
            "body_start_frame": shot.body_start_frame,
            "body_end_frame": shot.body_end_frame,
            "confidence": round(shot.confidence, 6),
        }
        for shot in shots
    ]


def boundaries_as_json(shots: Sequence[Shot], boundaries: Sequence[Boundary]) -> list[dict[str, Any]]:
    """What lies between shots, as `shots` prints it: one boundary less than there are shots."""
    return [
        {
            "frame": boundary.frame,
            "seconds": round(float(shot.span.start), 6),
            "transition": boundary.transition,
            "start_frame": boundary.start_frame,
            "end_frame": boundary.end_frame,
            "confidence": round(boundary.confidence, 6),
        }
        for shot, boundary in zip(shots[1:], boundaries, strict=True)
    ]


def print_shots(shots: Sequence[Shot], boundaries: Sequence[Boundary]) -> None:
    """A shot a line, and how it begins."""
    for shot, boundary in zip(shots, [None, *boundaries], strict=True):
        length = 0 if boundary is None else boundary.end_frame - boundary.start_frame
        print(
            f"{shot.number:>4}  {clock(float(shot.span.start))} - {clock(float(shot.span.end))}  "
            f"frames {shot.start_frame}-{shot.end_frame}  {shot.transition}"
            + (f" over {length} frames" if length else "")
        )


def hits_as_json(library: Library, hits: list[Hit]) -> list[dict[str, Any]]:
    """Hits as `search` prints them; the seconds are those of the shot without the transitions at its ends."""
    found = []
    for rank, hit in enumerate(hits, start=1):
        body = library.shots(hit.film)[hit.shot].body
        found.append(
            {
                "rank": rank,
                "score": round(hit.score, 6),
                "video": str(library.video(hit.film).path),
                "shot": hit.shot,
                "start_seconds": round(float(body.start), 6),
                "end_seconds": round(float(body.end), 6),
            }
        )
    return found


def explained_as_json(
    library: Library,
    hits: list[Hit],
    scores: list[list[CueScore]],
    weights: Mapping[str, float],
    texts: Mapping[tuple[str, int], str],
) -> list[dict[str, Any]]:
    """Hits as `search` prints them, with the score of each cue and what is shared, in words.

    texts: the lines in which the words that were asked for are written, by film and shot.
    """
    from reinterpret.cues.reasons import reason

    rows = hits_as_json(library, hits)
    return [
        {
            **row,
            "cues": {entry.cue: entry.score for entry in of_hit},
            "shared": reason(of_hit, weights),
            "written": texts.get((hit.film, hit.shot)),
        }
        for row, hit, of_hit in zip(rows, hits, scores, strict=True)
    ]


def with_written(hits: list[Hit], read: Sequence[WrittenHit], k: int) -> tuple[list[Hit], dict[tuple[str, int], str]]:
    """Shots in which words are written, then those that show what they say; and what is written, by film and shot."""
    texts = {(found.hit.film, found.hit.shot): found.text for found in read}
    others = [hit for hit in hits if (hit.film, hit.shot) not in texts]
    return [*(found.hit for found in read), *others][:k], texts


def print_hits(rows: Sequence[Mapping[str, Any]]) -> None:
    """Hits as `explained_as_json` makes them, one a line."""
    for row in rows:
        words = [row["shared"]] if row.get("shared") else []
        if row.get("written"):
            words = [f"written: {row['written']}"]
        print(
            f"{row['rank']:>3}  {row['score']:6.3f}  {clock(row['start_seconds'])} - {clock(row['end_seconds'])}  "
            f"{row['video']}:{row['shot']}" + (f"  ({words[0]})" if words else "")
        )


def print_written(library: Library, neighbours: Neighbours, found: Sequence[WrittenHit], *, as_json: bool) -> None:
    """Shots in which words are written. That some films were not read goes to standard error."""
    rows = hits_as_json(library, [entry.hit for entry in found])
    rows = [{**row, "written": entry.text} for row, entry in zip(rows, found, strict=True)]
    if as_json:
        print_json({"matches": rows})
    else:
        print_hits(rows)
    unread = int((~neighbours.lettering.known).sum())
    if unread:
        print(
            f"warning: lettering was not looked for in {unread} of {len(neighbours)} shots; see: reinterpret info "
            f"-L {library.path}",
            file=sys.stderr,
        )


def text_as_json(said: TextQuery, nearest: str | None) -> dict[str, Any]:
    """How words were read. nearest: what the library shows instead, where it does not show what they say."""
    return {
        "answered_by": said.answered_by,
        "terms": list(said.terms),
        "read_as": [{"class": entry.name, "share": entry.share} for entry in said.read_as],
        "nearest": nearest,
    }


def print_text(said: TextQuery, nearest: str | None) -> None:
    """How words were read, in a line; that nothing fits them goes to standard error."""
    read = [f"the terms {', '.join(said.terms)}"] if said.terms else []
    if said.read_as:
        read.append(", ".join(f"{entry.name} {entry.share:.0%}" for entry in said.read_as) + ", ...")
    by = "" if said.answered_by == "terms" else f", answered by {said.answered_by}"
    print(f"{said.text!r}{by}" + (f", was read as {' and '.join(read)}" if read else ""))
    if nearest is not None:
        print(
            f"warning: no shot clearly shows {said.text!r}; the nearest of what the library shows is {nearest!r}",
            file=sys.stderr,
        )


def tags_as_json(library: Library, tags: Sequence[Tag]) -> list[dict[str, Any]]:
    """What a library shows, as `tags` prints it."""
    return [
        {"tag": tag.name, "shots": tag.shots, "example": {"video": str(library.video(tag.film).path), "shot": tag.shot}}
        for tag in tags
    ]


def matches_as_json(edit: EditList) -> list[dict[str, Any]]:
    """What was matched with what, as `trailer` and `match` print it."""
    return [
        {
            "shot": number,
            "video": str(edit.film(clip.match.film).path),
            "score": clip.match.score,
            "start_seconds": round(float(clip.match.source_span.start), 6),
            "end_seconds": round(float(clip.match.source_span.end), 6),
            "cues": dict(clip.match.cues),
            "shared": clip.match.shared,
            "passed_over": [
                {
                    "video": str(edit.film(shot.film).path),
                    "shot": shot.source_shot,
                    "score": shot.score,
                    "reason": shot.reason,
                }
                for shot in clip.passed_over
            ],
        }
        for number, clip in enumerate(edit.clips)
        if clip.match is not None
    ]


def print_edit(edit: EditList) -> None:
    """What was matched with what, one line per clip, and below it what was passed over for it."""
    for number, clip in enumerate(edit.clips, start=1):
        when = clock(float(edit.grid.seconds(clip.first_frame)))
        if clip.match is None:
            print(f"{number:>4}  {when}  {'the title is kept' if clip.kind == 'title' else f'stays {clip.kind}'}")
        else:
            name = edit.film(clip.match.film).name
            print(
                f"{number:>4}  {when}  {clip.match.score:5.2f}  {name} at {clock(float(clip.match.source_span.start))}"
                + (f"  ({clip.match.shared})" if clip.match.shared else "")
            )
        for shot in clip.passed_over:
            print(f"      passed over: {edit.told(shot)}")


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
