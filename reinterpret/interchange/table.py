"""Tables: an edit goes in, CSV for spreadsheets and statistics comes out, or TSV in the shape that ELAN imports.

CSV has a row a clip and is quoted as RFC 4180 says. TSV has a row an annotation.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from fractions import Fraction

from reinterpret.edits import EditList
from reinterpret.interchange.accounts import Account, Stretch, accounts, clock, cue_names_of, one_line, rounded_ms
from reinterpret.interchange.rights import Rights
from reinterpret.timebase import round_half_up

Cell = str | int | float | Fraction | None

# What spreadsheets take for the beginning of a formula, also behind the marks put before it:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
# Where there are several annotations of one stretch, they come in this order.
TIERS = ("trailer", "reinterpretation", "why")
_TSV_COLUMNS = ("Begin Time", "End Time", "Duration", "Tier", "Annotation")


def csv_of(edit: EditList, rights: Mapping[str, Rights] | None = None) -> str:
    """The edit as CSV: a line of names, then a row a clip.

    Lines end with CR LF and text stands in quotation marks, numbers do not. A text that a spreadsheet would run as a
    formula gets an apostrophe before it, which `unguarded` takes away. rights: by the fingerprint of a film.
    """
    cues = cue_names_of(edit)
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    rows = [_row(edit, account, cues, rights or {}) for account in accounts(edit)]
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([_written(cell) for cell in row.values()])
    return file.getvalue()


def _row(edit: EditList, account: Account, cues: tuple[str, ...], rights: Mapping[str, Rights]) -> dict[str, Cell]:
    match, film = account.match, account.film
    scores = dict(match.cues) if match is not None else {}
    said = rights.get(film.fingerprint) if film is not None else None
    return {
        "clip": account.number,
        "kind": account.kind,
        **_places("record", account.record),
        "trailer": str(edit.trailer.path) if edit.trailer is not None else None,
        "trailer_shot": match.target_shot if match is not None and edit.trailer is not None else None,
        "film": str(film.path) if film is not None else None,
        "film_fingerprint": film.fingerprint if film is not None else None,
        "film_shot": match.source_shot if match is not None else None,
        **_places("source", account.source),
        "speed": account.clip.speed if match is not None else None,
        "held_frames": account.held_frames if match is not None else None,
        "score": match.score if match is not None else None,
        **{f"score_{cue}": scores.get(cue) for cue in cues},
        "shared": match.shared if match is not None else None,
        "rights": said.text if said is not None else None,
        "rights_file": said.source if said is not None else None,
        "suggestions": len(account.clip.suggestions),
    }


def _places(name: str, stretch: Stretch | None) -> dict[str, Cell]:
    columns = ("in_frame", "out_frame", "rate", "in_seconds", "out_seconds", "in_timecode", "out_timecode")
    cells: tuple[Cell, ...] = (None,) * len(columns)
    if stretch is not None:
        frames = (stretch.first_frame, stretch.end_frame, stretch.rate)
        cells = (*frames, stretch.first_seconds, stretch.end_seconds, stretch.first_timecode, stretch.end_timecode)
    return {f"{name}_{column}": cell for column, cell in zip(columns, cells, strict=True)}


class _Decimal(float):
    """A number that is written with six decimals, rounded from the exact one."""

    def __new__(cls, value: Fraction) -> _Decimal:
        return super().__new__(cls, round_half_up(value * 1_000_000) / 1_000_000)

    def __repr__(self) -> str:
        return f"{float(self):.6f}"

    __str__ = __repr__


def _written(cell: Cell) -> str | int | float:
    if isinstance(cell, Fraction):
        return _Decimal(cell)
    if isinstance(cell, str):
        return guarded(cell)
    return "" if cell is None else cell


def guarded(text: str) -> str:
    """A text that no spreadsheet runs: with an apostrophe before it where it looks like a formula.

    >>> guarded("=HYPERLINK(A1)"), guarded("a=b")
    ("'=HYPERLINK(A1)", 'a=b')
    """
    return f"'{text}" if _FORMULA.match(text) else text


def unguarded(text: str) -> str:
    """The inverse of `guarded`.

    >>> unguarded("'=HYPERLINK(A1)"), unguarded("'t is so")
    ('=HYPERLINK(A1)', "'t is so")
    """
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def tsv_of(edit: EditList) -> str:
    """The edit as tab-delimited text for ELAN (File > Import > CSV / Tab-delimited Text File), a row an annotation.

    Columns: begin, end and duration as hours:minutes:seconds.milliseconds from the start of the film, the tier, the
    annotation. Tiers: `trailer` (which shot of it), `reinterpretation` (which footage), `why` (what the two share, and
    the score of each cue). Nothing is quoted: tabs and line ends in names become blanks. On one tier annotations touch,
    and never overlap.
    """
    lines = ["\t".join(_TSV_COLUMNS)]
    for account in accounts(edit):
        begin, end = (rounded_ms(seconds) for seconds in (account.record.first_seconds, account.record.end_seconds))
        times = [clock(instant) for instant in (begin, end, end - begin)]
        said = _annotations(edit, account)
        lines += ["\t".join([*times, tier, said[tier]]) for tier in TIERS if said.get(tier)]
    return "\n".join(lines) + "\n"


def _annotations(edit: EditList, account: Account) -> dict[str, str]:
    match, said = account.match, {}
    if match is None:
        said["reinterpretation"] = f"{account.number} {account.kind}"
        if edit.trailer is not None:
            said["trailer"] = f"{account.number} {account.kind}"
        return said
    if edit.trailer is not None:
        said["trailer"] = f"{account.number} shot {match.target_shot}"
    assert account.film is not None
    assert account.source is not None
    name = one_line(account.film.name)
    places = f"{account.source.first_timecode} - {account.source.end_timecode}"
    said["reinterpretation"] = f"{account.number} {name} shot {match.source_shot} {places}"
    why = one_line(match.shared)
    scores = [f"score {match.score:.2f}", *(f"{cue} {score:.2f}" for cue, score in match.cues)]
    said["why"] = f"{account.number} {why + ': ' if why else ''}{', '.join(scores)}"
    return said
