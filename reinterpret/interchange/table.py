"""The table: a timeline goes in, CSV (RFC 4180) for spreadsheets and statistics comes out, a row a clip."""

from __future__ import annotations

import csv
import io
import re
from fractions import Fraction

import opentimelineio as otio

from reinterpret.edits import EditList
from reinterpret.files import plain_text
from reinterpret.interchange.accounts import Account, Edge, Stretch, accounts, cue_names_of
from reinterpret.interchange.rights import Rights, read_rights
from reinterpret.timebase import round_half_up

Cell = str | int | float | Fraction | None

BYTE_ORDER_MARK = "\ufeff"
# What spreadsheets take for the beginning of a formula, also behind the marks put before it:
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def write(timeline: otio.schema.Timeline, edit: EditList) -> str:
    """The text of the file: a line of names, then a row a clip.

    Lines end with CR LF; text stands in quotation marks, numbers do not. A text that a spreadsheet would run as a
    formula gets an apostrophe before it, which `unguarded` takes away. Spreadsheets know by the mark at the beginning
    that it is UTF-8.
    """
    cues = cue_names_of(edit)
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_NONNUMERIC)
    said: dict[str, Rights | None] = {}
    rows = [_row(edit, account, cues, said) for account in accounts(timeline, edit)]
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow([_written(cell) for cell in row.values()])
    return BYTE_ORDER_MARK + file.getvalue()


def _row(edit: EditList, account: Account, cues: tuple[str, ...], said: dict[str, Rights | None]) -> dict[str, Cell]:
    """said: the rights of the films met so far."""
    match, film, rights = account.match, account.film, None
    if film is not None:
        if film.fingerprint not in said:
            said[film.fingerprint] = read_rights(film.path)
        rights = said[film.fingerprint]
    scores = dict(match.cues) if match is not None else {}
    return {
        "clip": account.number,
        "kind": account.kind,
        **_places("record", account.record),
        "trailer": plain_text(edit.trailer.name) if edit.trailer is not None else None,
        "trailer_shot": match.target_shot if match is not None and edit.trailer is not None else None,
        "film": plain_text(account.path) if film is not None else None,
        "film_fingerprint": film.fingerprint if film is not None else None,
        "film_offline": None if film is None else "yes" if account.offline else "no",
        "film_shot": match.source_shot if match is not None else None,
        **_places("source", account.source),
        "speed": account.clip.speed if match is not None else None,
        "held_frames": account.held_frames if match is not None else None,
        **_edge("begins", account.begins),
        **_edge("ends", account.ends),
        "score": match.score if match is not None else None,
        **{plain_text(f"score_{cue}"): scores.get(cue) for cue in cues},
        "shared": plain_text(match.shared) if match is not None else None,
        "rights": rights.text if rights is not None else None,
        "rights_file": plain_text(rights.source) if rights is not None else None,
        "suggestions": len(account.clip.suggestions),
        "passed_over": plain_text("; ".join(edit.told(shot) for shot in account.clip.passed_over)),
    }


def _places(name: str, stretch: Stretch | None) -> dict[str, Cell]:
    columns = ("in_frame", "out_frame", "rate", "in_seconds", "out_seconds", "in_timecode", "out_timecode")
    cells: tuple[Cell, ...] = (None,) * len(columns)
    if stretch is not None:
        frames = (stretch.first_frame, stretch.end_frame, stretch.rate)
        cells = (*frames, stretch.first_seconds, stretch.end_seconds, stretch.first_timecode, stretch.end_timecode)
    return {f"{name}_{column}": cell for column, cell in zip(columns, cells, strict=True)}


def _edge(name: str, edge: Edge) -> dict[str, Cell]:
    what = edge.kind if edge.kind != "fade" else f"fade {'from' if name == 'begins' else 'to'} {edge.colour}"
    before = edge.before if edge.kind == "dissolve" else None
    return {name: what, f"{name}_frames": edge.frames, f"{name}_frames_before_cut": before}


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
