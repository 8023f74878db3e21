"""OpenTimelineIO's own files (.otio): the timeline as it is, and the whole edit with it."""

from __future__ import annotations

import opentimelineio

from reinterpret.edits import EditList


def write(timeline: opentimelineio.schema.Timeline, edit: EditList) -> str:
    """The text of the file."""
    return str(opentimelineio.adapters.write_to_string(timeline, "otio_json")) + "\n"
