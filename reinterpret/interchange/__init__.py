"""Interchange: an edit goes in, a timeline that editing programs open comes out, and back.

Every format is a module with one function `write(timeline, edit)`, which returns the text of the file.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

from reinterpret.edits import EditList
from reinterpret.errors import OutputError
from reinterpret.files import check_output, renamed_into
from reinterpret.interchange.media import located
from reinterpret.interchange.timeline import Options, timeline_of
from reinterpret.library import Library

_WRITERS = {
    ".edl": "edl",
    ".otio": "otio",
    ".xml": "fcp7",
}
"""The module of each format, by suffix."""

TIMELINE_SUFFIXES = tuple(_WRITERS)


def export(
    edit: EditList,
    out: Path | str,
    *,
    options: Options = Options(),  # noqa: B008 - frozen
    library: Library | None = None,
) -> list[Path]:
    """Write an edit as a timeline, in the format that the suffix of `out` names. Returns what was written.

    library: in which films that have moved are looked for by their fingerprints; those that are not found are offline
    and are named all the same. Raises UsageError, OutputError.
    """
    out = Path(out)
    check_output(out, inputs=edit.inputs, suffixes=TIMELINE_SUFFIXES)
    edit = located(edit, library)
    timeline = timeline_of(edit, options, folder=out.absolute().parent, name=out.stem)
    text: str = import_module(f"reinterpret.interchange.{_WRITERS[out.suffix.lower()]}").write(timeline, edit)
    try:
        with renamed_into(out) as temporary:
            # As written: some formats want their own ends of lines.
            temporary.write_bytes(text.encode("utf-8"))
    except OSError as error:
        raise OutputError(f"{out}: the timeline cannot be written ({error.strerror})") from error
    return [out]
