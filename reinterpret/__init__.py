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
    from reinterpret.clip_transitions import Dissolve, Fade
    from reinterpret.compilation import CompileSettings, compile_shots
    from reinterpret.costs import Costs
    from reinterpret.cues import PRESETS
    from reinterpret.edits import Clip, EditList, Match, Soundtrack
    from reinterpret.embeddings import Embeddings, Film, embed_video
    from reinterpret.encoders import load_encoder
    from reinterpret.errors import (
        ConflictError,
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
    from reinterpret.interchange import export_timeline, import_timeline
    from reinterpret.interchange.timeline import TimelineOptions
    from reinterpret.library import Library, library_encoder
    from reinterpret.live.webcam import WebcamReport, webcam
    from reinterpret.match_settings import MatchSettings
    from reinterpret.matching import match, match_all
    from reinterpret.neighbours import Hit, Neighbours, open_neighbours
    from reinterpret.queries import combined, frame_query, picture_query, search, stretch_query
    from reinterpret.rendering.film import render
    from reinterpret.rendering.library_map import library_map
    from reinterpret.rendering.mosaic import moving_grid
    from reinterpret.rendering.overview import overview
    from reinterpret.rendering.reactions import Reaction, gif
    from reinterpret.rendering.stills import contact_sheet, grid, variations_sheet
    from reinterpret.shots import Detection, Shot, detect_shots
    from reinterpret.studio.session import Session
    from reinterpret.timebase import Span
    from reinterpret.video import FrameGrid, Video, probe
    from reinterpret.words import Tag, TextQuery, nearest_shown, tags, text_query
    from reinterpret.written import WrittenHit, search_written

# Heavy libraries are loaded when the first name that needs them is used, not when this package is imported.
_HOMES = {
    "Clip": "edits",
    "CompileSettings": "compilation",
    "ConflictError": "errors",
    "Costs": "costs",
    "Detection": "shots",
    "Dissolve": "clip_transitions",
    "EditError": "errors",
    "EditList": "edits",
    "Embeddings": "embeddings",
    "EncoderError": "errors",
    "Fade": "clip_transitions",
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
    "MatchSettings": "match_settings",
    "Neighbours": "neighbours",
    "OutputError": "errors",
    "PRESETS": "cues",
    "Reaction": "rendering.reactions",
    "ReinterpretError": "errors",
    "Rules": "assignment",
    "Session": "studio.session",
    "Shot": "shots",
    "Soundtrack": "edits",
    "Span": "timebase",
    "Tag": "words",
    "TextQuery": "words",
    "TimelineOptions": "interchange.timeline",
    "UsageError": "errors",
    "Video": "video",
    "VideoError": "errors",
    "WebcamReport": "live.webcam",
    "WrittenHit": "written",
    "combined": "queries",
    "compile_shots": "compilation",
    "contact_sheet": "rendering.stills",
    "detect_shots": "shots",
    "embed_video": "embeddings",
    "export_timeline": "interchange",
    "frame_query": "queries",
    "gif": "rendering.reactions",
    "grid": "rendering.stills",
    "group": "groups",
    "import_timeline": "interchange",
    "index": "ingest",
    "library_encoder": "library",
    "library_map": "rendering.library_map",
    "load_encoder": "encoders",
    "match": "matching",
    "match_all": "matching",
    "moving_grid": "rendering.mosaic",
    "nearest_shown": "words",
    "open_neighbours": "neighbours",
    "overview": "rendering.overview",
    "picture_query": "queries",
    "probe": "video",
    "read_frames": "frames",
    "render": "rendering.film",
    "search": "queries",
    "search_written": "written",
    "stretch_query": "queries",
    "tags": "words",
    "text_query": "words",
    "variations_sheet": "rendering.stills",
    "webcam": "live.webcam",
}

__all__ = [
    "PRESETS",
    "Clip",
    "CompileSettings",
    "ConflictError",
    "Costs",
    "Detection",
    "Dissolve",
    "EditError",
    "EditList",
    "Embeddings",
    "EncoderError",
    "Fade",
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
    "Reaction",
    "ReinterpretError",
    "Rules",
    "Session",
    "Shot",
    "Soundtrack",
    "Span",
    "Tag",
    "TextQuery",
    "TimelineOptions",
    "UsageError",
    "Video",
    "VideoError",
    "WebcamReport",
    "WrittenHit",
    "combined",
    "compile_shots",
    "contact_sheet",
    "detect_shots",
    "embed_video",
    "export_timeline",
    "frame_query",
    "gif",
    "grid",
    "group",
    "import_timeline",
    "index",
    "library_encoder",
    "library_map",
    "load_encoder",
    "match",
    "match_all",
    "moving_grid",
    "nearest_shown",
    "open_neighbours",
    "overview",
    "picture_query",
    "probe",
    "read_frames",
    "render",
    "search",
    "search_written",
    "stretch_query",
    "tags",
    "text_query",
    "variations_sheet",
    "webcam",
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
