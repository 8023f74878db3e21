"""See one film through another: a neural video footage matching engine.

import reinterpret

reinterpret.index(["films/"], "library")
library = reinterpret.Library.open("library")
edit = reinterpret.match("trailer.mp4", library)
reinterpret.render(edit, "reinterpretation.mp4")
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reinterpret.assignment import Rules
    from reinterpret.cues import PRESETS
    from reinterpret.edits import Clip, EditList, Match
    from reinterpret.embeddings import Embeddings, Film, embed_video
    from reinterpret.encoders import load_encoder
    from reinterpret.errors import (
        EditError,
        EncoderError,
        FfmpegError,
        LibraryError,
        OutputError,
        ReinterpretError,
        UsageError,
        VideoError,
    )
    from reinterpret.frames import FrameBatch, read_frames
    from reinterpret.groups import Group, Grouping, group
    from reinterpret.ingest import IndexReport, index
    from reinterpret.library import Library, library_encoder
    from reinterpret.matching import MatchSettings, match
    from reinterpret.neighbours import Hit, Neighbours, open_neighbours
    from reinterpret.queries import frame_query, picture_query, search
    from reinterpret.rendering.film import render
    from reinterpret.rendering.library_map import library_map
    from reinterpret.rendering.overview import overview
    from reinterpret.rendering.stills import contact_sheet, grid
    from reinterpret.shots import Detection, Shot, detect_shots
    from reinterpret.timebase import Span
    from reinterpret.video import FrameGrid, Video, probe

# Heavy libraries are loaded when the first name that needs them is used, not when this package is imported.
_HOMES = {
    "Clip": "edits",
    "Detection": "shots",
    "EditError": "errors",
    "EditList": "edits",
    "Embeddings": "embeddings",
    "EncoderError": "errors",
    "FfmpegError": "errors",
    "Film": "embeddings",
    "FrameBatch": "frames",
    "FrameGrid": "video",
    "Group": "groups",
    "Grouping": "groups",
    "Hit": "neighbours",
    "IndexReport": "ingest",
    "Library": "library",
    "LibraryError": "errors",
    "Match": "edits",
    "MatchSettings": "matching",
    "Neighbours": "neighbours",
    "OutputError": "errors",
    "PRESETS": "cues",
    "ReinterpretError": "errors",
    "Rules": "assignment",
    "Shot": "shots",
    "Span": "timebase",
    "UsageError": "errors",
    "Video": "video",
    "VideoError": "errors",
    "contact_sheet": "rendering.stills",
    "detect_shots": "shots",
    "embed_video": "embeddings",
    "frame_query": "queries",
    "grid": "rendering.stills",
    "group": "groups",
    "index": "ingest",
    "library_encoder": "library",
    "library_map": "rendering.library_map",
    "load_encoder": "encoders",
    "match": "matching",
    "open_neighbours": "neighbours",
    "overview": "rendering.overview",
    "picture_query": "queries",
    "probe": "video",
    "read_frames": "frames",
    "render": "rendering.film",
    "search": "queries",
}

__all__ = [
    "PRESETS",
    "Clip",
    "Detection",
    "EditError",
    "EditList",
    "Embeddings",
    "EncoderError",
    "FfmpegError",
    "Film",
    "FrameBatch",
    "FrameGrid",
    "Group",
    "Grouping",
    "Hit",
    "IndexReport",
    "Library",
    "LibraryError",
    "Match",
    "MatchSettings",
    "Neighbours",
    "OutputError",
    "ReinterpretError",
    "Rules",
    "Shot",
    "Span",
    "UsageError",
    "Video",
    "VideoError",
    "contact_sheet",
    "detect_shots",
    "embed_video",
    "frame_query",
    "grid",
    "group",
    "index",
    "library_encoder",
    "library_map",
    "load_encoder",
    "match",
    "open_neighbours",
    "overview",
    "picture_query",
    "probe",
    "read_frames",
    "render",
    "search",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'reinterpret' has no attribute {name!r}")
    value = getattr(import_module(f"reinterpret.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
