"""Annotations: a timeline goes in, tab-delimited text comes out as ELAN imports it, a row an annotation.

ELAN: File > Import > CSV / Tab-delimited Text File; the columns are those that its dialog asks for. See "CSV /
Tab-delimited Text Files" in the manual of ELAN (Max Planck Institute for Psycholinguistics).
"""

from __future__ import annotations

import opentimelineio as otio

from reinterpret.edits import EditList
from reinterpret.files import one_line
from reinterpret.interchange.accounts import Account, accounts, clock, rounded_ms

# Where there are several annotations of one stretch, they come in this order.
TIERS = ("trailer", "reinterpretation", "why")
_COLUMNS = ("Begin Time", "End Time", "Duration", "Tier", "Annotation")


def write(timeline: otio.schema.Timeline, edit: EditList) -> str:
    """The text of the file: a line of names, then a row an annotation.

    Columns: begin, end and duration as hours:minutes:seconds.milliseconds from the start of the film, the tier, the
    annotation. Tiers: `trailer` (which shot of it), `reinterpretation` (which footage), `why` (what the two share, and
    the score of each cue). Nothing is quoted: tabs and line ends in names become blanks. On one tier annotations touch,
    and never overlap.
    """
    lines = ["\t".join(_COLUMNS)]
    for account in accounts(timeline, edit):
        begin, end = (rounded_ms(seconds) for seconds in (account.record.first_seconds, account.record.end_seconds))
        times = [clock(instant) for instant in (begin, end, end - begin)]
        said = _annotations(edit, account)
        lines += ["\t".join([*times, tier, said[tier]]) for tier in TIERS if said.get(tier)]
    return "\n".join(lines) + "\n"


def _annotations(edit: EditList, account: Account) -> dict[str, str]:
    match, said = account.match, {}
    if match is None:
        said["reinterpretation"] = f"{account.number} {account.kind}{_transitions(account)}"
        if edit.trailer is not None:
            said["trailer"] = f"{account.number} {account.kind}"
        return said
    if edit.trailer is not None:
        said["trailer"] = f"{account.number} shot {match.target_shot}"
    assert account.film is not None
    assert account.source is not None
    name = one_line(account.film.name)
    places = f"{account.source.first_timecode} - {account.source.end_timecode}"
    said["reinterpretation"] = f"{account.number} {name} shot {match.source_shot} {places}{_transitions(account)}"
    why = one_line(match.shared)
    scores = [f"score {match.score:.2f}", *(f"{one_line(cue)} {score:.2f}" for cue, score in match.cues)]
    said["why"] = f"{account.number} {why + ': ' if why else ''}{', '.join(scores)}"
    return said


def _transitions(account: Account) -> str:
    return f", {account.transitions}" if account.transitions else ""
