"""The function `webcam`: a camera, or what stands in for one, and a library go in; a report comes out at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from reinterpret.cues import PRESETS
from reinterpret.embeddings import embed_pictures
from reinterpret.encoders import Device, Encoder
from reinterpret.errors import LibraryError, UsageError, VideoError
from reinterpret.files import check_output
from reinterpret.library import Library, library_encoder
from reinterpret.live.chooser import Chooser, Patience
from reinterpret.live.controls import Controls
from reinterpret.live.matcher import Matcher, check_weights
from reinterpret.live.player import Player, Then
from reinterpret.live.session import Session, Shown
from reinterpret.live.source import Grabber, LiveFrame, Source, is_address, open_source
from reinterpret.live.stage import LAYOUTS, Stage, StageLayout, stage_size
from reinterpret.live.stopwatches import Latency
from reinterpret.live.window import Window
from reinterpret.neighbours import Neighbours, open_neighbours
from reinterpret.rendering.film import FILM_SUFFIXES
from reinterpret.timebase import round_half_up

Ending = Literal["over", "seconds", "key", "interrupted", "lost"]
"""The film was over; the time was; a person left; Ctrl-C; the camera gave no more pictures."""

# How long to wait for a frame before looking at the keyboard again.
_FRAME_PATIENCE_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class WebcamReport:
    """What was seen and shown."""

    ended: Ending
    reason: str | None
    """Why, where the source was lost."""
    frames: int
    """Of the screen, and of the recording if all of it was recorded."""
    repeated: int
    """Those of them that show the frame before once more, because there was none, or no time."""
    seconds: float
    """How long it took."""
    queries: int
    latency: Latency
    """From the moment a frame is there to its match."""
    change_latency: Latency
    """From there to the picture that has changed; of the frame that decided."""
    changes: int
    output: Path | None
    """The recording."""
    stills: tuple[Path, ...]
    shown: tuple[Shown, ...]
    """The matches, in order; of a long session the last ten thousand."""

    @property
    def queries_per_second(self) -> float:
        """How many frames a second were looked up."""
        return self.queries / self.seconds if self.seconds else 0.0


def webcam(
    library: Library,
    source: int | str | Path = 0,
    *,
    out: Path | str | None = None,
    headless: bool = False,
    layout: StageLayout = "side-by-side",
    weights: Mapping[str, float] | None = None,
    hold: float = 1.0,
    then: Then = "on",
    mirror: bool | None = None,
    height: int | None = None,
    seconds: float | None = None,
    stats: bool = False,
    realtime: bool = True,
    device: Device = "auto",
) -> WebcamReport:
    """Show live pictures beside the archive's nearest footage, full screen, until the source is over or a key is hit.

    source: the number of a camera, the path of a film or the address of a stream. out: a film to record to, without
    sound. headless: without a window. hold: seconds that a match stays at least. then: what comes when a shot is over,
    see `Then`. mirror: by default a camera's picture is, a film's is not. seconds: when to end at the latest.
    realtime: False looks up every frame of a film, however long it takes.

    Raises VideoError, LibraryError, OutputError, FfmpegError, EncoderError, UsageError. Ctrl-C ends it as a key does.
    """
    path = None if out is None else Path(out)
    _check(library, source, path, headless, layout, then, seconds, realtime)
    weights = PRESETS["balanced"] if weights is None else weights
    check_weights(weights)
    patience = Patience(hold_seconds=hold)
    neighbours = _usable(library)
    with ExitStack() as stack:
        window = None if headless else Window()
        opened = stack.enter_context(open_source(source, realtime=realtime))
        live = opened.video
        mirror = opened.mirrored if mirror is None else mirror
        stage = Stage(live, *stage_size(live, layout, height=height, screen=not headless))
        encoder = library_encoder(library, device=device, threads=1)
        _warm_up(library, encoder)
        matcher = stack.enter_context(Matcher(neighbours, encoder, live, weights, mirror=mirror))
        player = stack.enter_context(Player(library, live.frame_rate, then=then))
        by = next((name for name, preset in PRESETS.items() if preset == weights), None)
        session = Session(
            library,
            matcher,
            Chooser(patience),
            player,
            stage,
            Controls(layout=layout, by=by, mirror=mirror, recording=path is not None, stats=stats),
            rate=live.frame_rate,
            out=path,
            window=None if window is None else stack.enter_context(window),
            realtime=realtime,
        )
        limit = None if seconds is None else max(1, round_half_up(Fraction(seconds) * live.frame_rate))
        return _run(session, opened, limit, realtime, matcher)


def _run(session: Session, source: Source, limit: int | None, realtime: bool, matcher: Matcher) -> WebcamReport:
    """limit: frames of the screen."""
    began, reason = time.perf_counter(), None
    try:
        with ExitStack() as stack:
            frames = _grabbed(stack.enter_context(Grabber(source))) if realtime else source.frames(threading.Event())
            ended = _go_round(session, frames, limit)
    except KeyboardInterrupt:
        ended = "interrupted"
    except _Lost as lost:
        ended, reason = "lost", str(lost)
    finally:
        # Whatever has happened, what was recorded until then is whole.
        session.finish()
    return WebcamReport(
        ended=ended,
        reason=reason,
        frames=session.frame_count,
        repeated=session.repeated_count,
        seconds=time.perf_counter() - began,
        queries=matcher.count,
        latency=session.latencies.latency(),
        change_latency=session.changes.latency(),
        changes=session.change_count,
        output=session.recordings[-1] if session.recordings else None,
        stills=tuple(session.stills),
        shown=tuple(session.shown),
    )


class _Lost(Exception):
    """The source gives no more frames although it should."""


def _grabbed(grabber: Grabber) -> Iterator[LiveFrame | None]:
    """The newest frame, again and again; None where none has come for a while."""
    while True:
        frame = grabber.newest(_FRAME_PATIENCE_SECONDS)
        if frame is None and grabber.over:
            return
        yield frame


def _go_round(session: Session, frames: Iterator[LiveFrame] | Iterator[LiveFrame | None], limit: int | None) -> Ending:
    while not session.controls.leave:
        try:
            frame = next(frames)
        except StopIteration:
            return "over"
        except VideoError as error:
            raise _Lost(str(error)) from error
        if frame is None:
            session.poll()
            continue
        session.step(frame, most=limit)
        if limit is not None and session.frame_count >= limit:
            return "seconds"
    return "key"


def _warm_up(library: Library, encoder: Encoder) -> None:
    """What takes long only once is done before the first frame: else the first match would come a second late."""
    embed_pictures([np.zeros((encoder.frame_height, encoder.frame_width, 3), np.uint8)], encoder)
    # Loads what reads Parquet.
    library.shots(library.fingerprints()[0])


def _usable(library: Library) -> Neighbours:
    neighbours = open_neighbours(library)
    if neighbours.usable_count == 0:
        raise LibraryError(
            f"{library.path}: has no footage that can be shown; index films that show more than black, or words"
        )
    return neighbours


def _check(
    library: Library,
    source: int | str | Path,
    out: Path | None,
    headless: bool,
    layout: str,
    then: str,
    seconds: float | None,
    realtime: bool,
) -> None:
    for what, value, choices in (("layout", layout, LAYOUTS), ("then", then, get_args(Then))):
        if value not in choices:
            raise UsageError(f"unknown {what} {value!r}; choose one of {', '.join(choices)}")
    if headless and out is None:
        raise UsageError("without a window there is nothing to see: name a film to record to with -o FILE")
    if seconds is not None and not 0 < seconds < float("inf"):
        raise UsageError(f"--seconds takes a time above 0, got {seconds:g}")
    film = not isinstance(source, int) and not is_address(source)
    if isinstance(source, int) and source < 0:
        raise UsageError(f"cameras are numbered from 0, got {source}")
    if not realtime and not film:
        raise UsageError("only a film can be looked up frame by frame: a camera does not wait")
    if out is not None:
        inputs = [*library.locations(), *([Path(str(source))] if film else [])]
        check_output(out, inputs=inputs, suffixes=FILM_SUFFIXES)
