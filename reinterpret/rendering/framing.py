"""Framing: what of an archive film is shown in the place of a clip, and where in the frame.

A film's own bars and the dark edges of old transfers are cut off; the trailer's bars can be laid on the match; and
where something must be cut off to fill the frame, the subject of the clip stays in it. All of it is decided once for a
clip, before its first frame is drawn: the frames themselves are only cut elsewhere.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

from reinterpret.edits import Clip, EditList, trailer_seconds
from reinterpret.frames import Scaler
from reinterpret.rendering import edges, subject
from reinterpret.rendering.edges import Edges, PictureEdges, stretch_edges
from reinterpret.rendering.glimpses import stretch_glimpses
from reinterpret.rendering.panel import WHOLE, Area, Box, Framing
from reinterpret.timebase import Span, format_fraction, round_half_up
from reinterpret.video import Video

if TYPE_CHECKING:
    from reinterpret.rendering.segments import Settings

Mask = Literal["trailer", "none"]
Reframe = Literal["subject", "middle"]

# A subject is looked for in this many frames of a clip, of this size at most.
_GLIMPSES, _GLIMPSE_PX = 3, 320
# Where less than this is cut off, it may as well be cut off evenly.
_LEAST_CUT = Fraction(1, 25)
_KNOWN_SUBJECTS = 4096


def framing_of(edit: EditList, clip: Clip, settings: Settings) -> Framing:
    """What is shown of the match of a clip of footage, and where. Raises VideoError."""
    assert clip.match is not None
    film, span = edit.film(clip.match.film), _shown_span(edit, clip)
    area, box = WHOLE.area, mask_box(edit, clip, settings)
    if settings.crop_bars:
        found = stretch_edges(film, span)
        area = _area(found) if settings.fit == "crop" else _in_shape(found)
    framing = Framing(area, box)
    if settings.fit != "crop" or settings.reframe != "subject":
        return framing
    wanted = Fraction(settings.width, settings.height) if box is None else Fraction(box.width, box.height)
    return _on_subject(film, span, framing, wanted)


def framing_facts(edit: EditList, clip: Clip, settings: Settings) -> list[Any]:
    """What `framing_of` depends on beside the settings, as plain values: for the keys of caches."""
    assert clip.match is not None
    span = _shown_span(edit, clip)
    times = [format_fraction(span.start), format_fraction(span.end)]
    return [edges.REVISION, subject.REVISION, clip.match.film, *times, *mask_facts(edit, clip, settings)]


def mask_facts(edit: EditList, clip: Clip, settings: Settings) -> list[Any]:
    """What `mask_box` depends on beside the settings, likewise."""
    if settings.mask != "trailer" or edit.trailer is None:
        return []
    return [edges.REVISION, edit.trailer.fingerprint, clip.first_frame]


def mask_box(edit: EditList, clip: Clip, settings: Settings) -> Box | None:
    """Where the trailer's own picture stands in a panel at a clip, to the pixel; None if nothing is masked.

    Raises VideoError.
    """
    if settings.mask != "trailer" or edit.trailer is None:
        return None
    begin, end = (trailer_seconds(edit.grid, frame) for frame in (clip.first_frame, clip.end_frame))
    found = stretch_edges(edit.trailer, Span(begin, end))
    if not any(found.bars):
        return None
    across, down = Fraction(settings.width, found.width), Fraction(settings.height, found.height)
    return Box(
        round_half_up(found.bars.left * across),
        round_half_up(found.bars.top * down),
        settings.width - round_half_up(found.bars.right * across),
        settings.height - round_half_up(found.bars.bottom * down),
    )


def _shown_span(edit: EditList, clip: Clip) -> Span:
    """The part of the film that a clip shows."""
    assert clip.match is not None
    first, last = (edit.source_instant(clip, frame) for frame in (clip.first_frame, clip.end_frame - 1))
    return Span(first, max(last, first + 1 / edit.film(clip.match.film).frame_rate))


def _area(found: PictureEdges) -> Area:
    """What is left without bars and soft edges."""
    sides = Edges(*(bar + soft for bar, soft in zip(found.bars, found.soft, strict=True)))
    return Area(
        Fraction(sides.left, found.width),
        Fraction(sides.top, found.height),
        1 - Fraction(sides.right, found.width),
        1 - Fraction(sides.bottom, found.height),
    )


def _in_shape(found: PictureEdges) -> Area:
    """The same with a little less, so that it has the shape of the picture between the bars: overscan keeps shapes."""
    area, bars = _area(found), found.bars
    whole = Fraction(found.width - bars.left - bars.right, found.height - bars.top - bars.bottom)
    width, height = area.width * found.width, area.height * found.height
    narrower, lower = max(0, int(width - height * whole)), max(0, int(height - width / whole))
    before, above = narrower // 2, lower // 2
    return Area(
        area.left + Fraction(before, found.width),
        area.top + Fraction(above, found.height),
        area.right - Fraction(narrower - before, found.width),
        area.bottom - Fraction(lower - above, found.height),
    )


def _on_subject(film: Video, span: Span, framing: Framing, wanted: Fraction) -> Framing:
    """The same with the window laid over the subject. wanted: the shape of the window, its width over its height."""
    area = framing.area
    shape = Fraction(film.display_width, film.display_height) * area.width / area.height
    across = shape > wanted
    window = wanted / shape if across else shape / wanted
    if 1 - window < _LEAST_CUT:
        return framing
    share = _window_share(film, span, area, window, across)
    return Framing(area, framing.box, across=share) if across else Framing(area, framing.box, down=share)


@lru_cache(maxsize=_KNOWN_SUBJECTS)
def _window_share(film: Video, span: Span, area: Area, window: Fraction, across: bool) -> Fraction:
    scale = min(Fraction(_GLIMPSE_PX, max(film.display_width, film.display_height)), Fraction(1))
    width, height = (max(16, round_half_up(side * scale)) for side in (film.display_width, film.display_height))
    scaler = Scaler(width, height, rotation=film.rotation)
    rows = slice(round_half_up(area.top * height), round_half_up(area.bottom * height))
    columns = slice(round_half_up(area.left * width), round_half_up(area.right * width))
    pictures = [scaler.rgb(frame)[rows, columns] for frame in stretch_glimpses(film, span, _GLIMPSES)]
    return subject.window_share(pictures, float(window), across=across)
