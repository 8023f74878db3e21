"""Subtitles: a timeline goes in, SubRip text (SRT) that says what each shot is comes out, to be shown over the film."""

from __future__ import annotations

import opentimelineio as otio

from reinterpret.edits import EditList
from reinterpret.files import one_line
from reinterpret.interchange.accounts import Account, accounts, clock, rounded_ms

# What players take for markup, and what looks like it: the format has no way to quote.
_LOOK_ALIKE = str.maketrans({"<": "‹", ">": "›", "{": "(", "}": ")", "\\": "＼"})
# So much of a name can be read in the time a shot lasts, and fits on a line or two.
_LONGEST_LINE = 80


def write(timeline: otio.schema.Timeline, edit: EditList) -> str:
    """The text of the file: a subtitle a clip, from the first frame of the film at 0.

    Begin and end are the clip's own boundaries, each rounded to the millisecond: subtitles touch and never overlap.
    """
    return "\n".join(_subtitle(account) for account in accounts(timeline, edit))


def _subtitle(account: Account) -> str:
    edges = (account.record.first_seconds, account.record.end_seconds)
    begin, end = (clock(rounded_ms(seconds), point=",") for seconds in edges)
    return "\n".join([str(account.number), f"{begin} --> {end}", *filter(None, map(_plain, _lines(account))), ""])


def _lines(account: Account) -> list[str]:
    match = account.match
    if match is None or account.film is None or account.source is None:
        words = "title of the trailer" if account.kind == "title" else account.kind
        return [f"{account.number}  {words}", account.transitions]
    speed = "" if account.clip.speed == 1 else f"  at {float(account.clip.speed):.0%} speed"
    held = f"  last frame held for {account.held_frames}" if account.held_frames else ""
    return [
        f"{account.number}  {account.film.name}",
        f"{account.source.first_timecode} - {account.source.end_timecode}  shot {match.source_shot}{speed}{held}",
        account.transitions,
        f"{match.score:.2f}  {match.shared}",
    ]


def _plain(line: str) -> str:
    """One line that no player takes for markup, for the end of a subtitle or for its times."""
    text = one_line(line).translate(_LOOK_ALIKE)
    return text if len(text) <= _LONGEST_LINE else f"{text[: _LONGEST_LINE - 3]}..."
