"""Interchange: an edit goes in, a timeline that editing programs open comes out, and back.

Every format is a module. `write(timeline, edit)` returns the text of the file;
`read(data, path, edit, films, start_timecode)`, where there is one, what its reinterpretation shows.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from fractions import Fraction
from importlib import import_module
from pathlib import Path
from typing import Any

from reinterpret.edits import EditList
from reinterpret.errors import EditError
from reinterpret.files import check_output, not_written, renamed_into
from reinterpret.interchange.events import Tracks
from reinterpret.interchange.films import Films
from reinterpret.interchange.revision import not_found, revised
from reinterpret.interchange.timeline import START_TIMECODE, TimelineOptions, timeline_of
from reinterpret.library import Library
from reinterpret.relinking import relinked

logger = logging.getLogger(__name__)

_WRITERS = {
    ".csv": "table",
    ".edl": "edl",
    ".fcpxml": "fcpxml",
    ".html": "sheet",
    ".mlt": "mlt",
    ".otio": "otio",
    ".srt": "subtitles",
    ".tsv": "elan",
    ".xml": "fcp7",
}
"""The module of each format, by suffix."""
_DRAWN = (".html",)
"""Those that films are read for, which takes its time."""
_READERS = {
    ".edl": "edl_reader",
    ".otio": "otio",
    ".xml": "fcp7_reader",
}

TIMELINE_SUFFIXES = tuple(_WRITERS)
IMPORT_SUFFIXES = tuple(_READERS)

# Rates at which editing programs can run a timeline.
_USUAL_RATES = (
    *(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60, 100, 120)),
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)),
)
# Ten thousand clips with a hundred suggestions each; whatever is larger is no timeline.
_LARGEST_BYTES = 400_000_000


def export_timeline(
    edit: EditList,
    out: Path | str,
    *,
    options: TimelineOptions = TimelineOptions(),  # noqa: B008 - frozen
    library: Library | None = None,
    on_pictures: Callable[[int, int], None] | None = None,
) -> list[Path]:
    """Write an edit as a timeline, in the format that the suffix of `out` names. Returns what was written.

    library: in which films that have moved are looked for by their fingerprints; those that are not found are offline
    and are named all the same. on_pictures: told how many pictures of a sheet (.html) are done, of how many. Raises
    UsageError, OutputError.
    """
    out = Path(out)
    check_output(out, inputs=edit.inputs, suffixes=TIMELINE_SUFFIXES)
    edit = relinked(edit, library)
    timeline = timeline_of(edit, options, folder=out.absolute().parent, name=out.stem)
    if edit.grid.rate not in _USUAL_RATES:
        logger.warning(
            "%s: the edit has %g frames a second; most editing programs run no timeline at that rate",
            out,
            float(edit.grid.rate),
        )
    drawn = {"on_pictures": on_pictures} if out.suffix.lower() in _DRAWN else {}
    text: str = _module(_WRITERS, out).write(timeline, edit, **drawn)
    try:
        with renamed_into(out) as temporary:
            # As written: some formats want their own ends of lines.
            temporary.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise not_written(out, error) from error
    return [out]


def import_timeline(
    path: Path | str,
    edit: EditList | None = None,
    *,
    library: Library | None = None,
    start_timecode: str = START_TIMECODE,
) -> EditList:
    """The edit as a timeline (.otio, .edl, .xml of FCP 7) shows it, which somebody may have changed.

    Clips that nobody has touched are what they were, with score and suggestions; see `interchange.revision` for the
    others. edit: that the timeline was made of; an .otio of ours carries it. library: for films that the edit does not
    know. start_timecode: of the timeline, where its file does not tell. Raises EditError, naming line or clip, and
    LibraryError.
    """
    path = Path(path)
    reader = _module(_READERS, path)
    data = _content(path)
    try:
        if edit is None and path.suffix.lower() == ".otio":
            edit = reader.carried_edit(data, path)
        if edit is None:
            raise ValueError("does not carry the edit it was made of; name that with --edit")
        edit = relinked(edit, library)
        tracks = Tracks(edit, lambda path: "", alternates="none")
        films = Films(edit, library, tracks.facts)
        events = reader.read(data, path, edit, films, start_timecode)
    except (ValueError, TypeError, KeyError, AttributeError, ArithmeticError) as error:
        raise EditError(f"{path}: {error}") from error
    if films.unknown:
        raise not_found(path, films.unknown)
    try:
        return revised(edit, tracks, events, films, library, beside_footage=reader.FADES_BESIDE_FOOTAGE)
    except (EditError, ValueError) as error:
        raise EditError(f"{path}: {error}") from error


def _module(table: dict[str, str], path: Path) -> Any:
    name = table.get(path.suffix.lower())
    if name is None:
        raise EditError(f"{path}: expected a timeline whose name ends in {' or '.join(table)}")
    return import_module(f"reinterpret.interchange.{name}")


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise EditError(f"{path}: {'is no file' if path.exists() else 'no such file'}, a timeline was expected")
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise EditError(f"{path}: has more than {_LARGEST_BYTES // 1_000_000} MB and is no timeline")
        return path.read_bytes()
    except OSError as error:
        raise EditError(f"{path}: cannot be read ({error.strerror})") from error
