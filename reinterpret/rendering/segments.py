"""Segments: each clip of an edit becomes a small video of exactly its frames, kept by content.

All segments of a film are encoded with the same settings, so that they can be joined without encoding again.
Changing one choice of an edit makes one new segment.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, TypeAlias

from reinterpret.edits import Clip, EditList, trailer_seconds
from reinterpret.ffmpeg import FrameSink, ffmpeg_version
from reinterpret.files import not_written, renamed_into
from reinterpret.frames import FrameReaders
from reinterpret.placed_transitions import Gain, gains_of
from reinterpret.rendering.blending import Overlap, even_planes, faded, mixed, overlaps_of
from reinterpret.rendering.captions import Caption
from reinterpret.rendering.encoding import command, h264, raw_frames
from reinterpret.rendering.framing import Mask, Reframe, framing_facts, framing_of, mask_box, mask_facts
from reinterpret.rendering.panel import WHOLE, Fit, Panel, Planes, mask, side_by_side
from reinterpret.timebase import format_fraction
from reinterpret.video import Video

Layout = Literal["alone", "side-by-side"]

# Part of every key: to be raised whenever the same clip would look otherwise.
_REVISION = 5
# The film of the clip and the one before, which is often that of the clip after.
_OPEN_FILMS = 2
# So that no thread has long to wait for the others at the end.
_RUNS_PER_JOB = 4
_REPORTED_FRAMES = 8
# The segments of the last few films; beyond that the oldest go.
MOST_BYTES = 4 << 30


@dataclass(frozen=True, slots=True)
class Settings:
    """How a film is drawn and encoded. width and height are those of one panel, in pixels, even."""

    width: int
    height: int
    layout: Layout = "alone"
    fit: Fit = "crop"
    crop_bars: bool = True
    """Whether the bars and dark edges of archive films are cut off."""
    mask: Mask = "none"
    """`trailer`: the match stands between the trailer's bars."""
    reframe: Reframe = "subject"
    """What stays in the picture where `crop` must cut some of it off."""
    crf: int = 18
    preset: str = "medium"
    captions: bool = False
    """Whether it says on the archive's picture what the two have in common."""

    @property
    def frame_width(self) -> int:
        """Pixels across the whole frame."""
        return self.width * (2 if self.layout == "side-by-side" else 1)


GivenUp: TypeAlias = Callable[[Clip], bool]
"""Asked before a clip is made and again and again while it is: whether nobody wants it any more."""


class Stopped(Exception):
    """The rendering was called off."""


def encode_segments(
    edit: EditList,
    settings: Settings,
    folder: Path,
    *,
    jobs: int,
    on_frames: Callable[[int], None] | None = None,
    given_up: GivenUp | None = None,
) -> list[Path]:
    """A segment for every clip, in order, made in parallel or found in `folder`.

    on_frames: told how many frames are done. given_up: see `GivenUp`; the segments of other clips are made, then
    Stopped is raised. Raises VideoError, FfmpegError, OutputError.
    """
    paths = [folder / f"{_key(edit, number, settings)}.mp4" for number in range(len(edit.clips))]
    progress = _Progress(on_frames)
    missing: dict[Path, int] = {}
    for number, (path, clip) in enumerate(zip(paths, edit.clips, strict=True)):
        if path.exists():
            with suppress(OSError):
                os.utime(path)  # the cache keeps what was used last
            progress.add(clip.frame_count)
        elif path in missing:
            progress.add(clip.frame_count)  # the same picture twice is made once
        else:
            missing[path] = number
    stop = threading.Event()
    threads = max(1, (os.cpu_count() or 1) // max(1, min(jobs, len(missing))))

    def dropped(clip: Clip) -> bool:
        return stop.is_set() or (given_up is not None and given_up(clip))

    encoder = _Encoder(edit, settings, threads, progress, dropped)
    with ThreadPoolExecutor(max_workers=jobs, thread_name_prefix="segment") as pool:
        try:
            runs = _runs(edit.clips, list(missing.items()), jobs)
            running = {pool.submit(encoder.run, run) for run in runs}
            made = 0
            while running:
                done, running = wait(running, return_when=FIRST_COMPLETED)
                made += sum(future.result() for future in done)
        except BaseException:
            stop.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    if made < len(missing):
        raise Stopped
    return paths


def _runs(clips: Sequence[Clip], work: list[tuple[Path, int]], jobs: int) -> list[list[tuple[Path, int]]]:
    """Numbers of clips that follow each other, for one thread each, about as many frames in all.

    In the order of the trailer, which is then read on instead of being looked up for each of them.
    """
    most = sum(clips[number].frame_count for _, number in work) / (jobs * _RUNS_PER_JOB if jobs > 1 else 1)
    runs: list[list[tuple[Path, int]]] = []
    frames = 0
    for path, number in work:
        if not runs or frames >= most:
            runs.append([])
            frames = 0
        runs[-1].append((path, number))
        frames += clips[number].frame_count
    return runs


class _Progress:
    """Counts frames for several threads."""

    def __init__(self, on_frames: Callable[[int], None] | None) -> None:
        self._on_frames, self._frames, self._lock = on_frames, 0, threading.Lock()

    def add(self, frames: int) -> None:
        with self._lock:
            self._frames += frames
            if self._on_frames is not None:
                self._on_frames(self._frames)


def _key(edit: EditList, number: int, settings: Settings) -> str:
    """Names all that decides how the segment looks."""
    clip = edit.clips[number]
    facts: dict[str, Any] = {
        "revision": _REVISION,
        "ffmpeg": ffmpeg_version(),
        "settings": [getattr(settings, name) for name in sorted(Settings.__slots__)],
        "rate": format_fraction(edit.grid.rate),
        "frames": clip.frame_count,
        "kind": clip.kind,
        "footage": _footage_facts(edit, clip, _frames(clip), settings),
        "fades": [(frame - clip.first_frame, *_gain_facts(gain)) for frame, gain in gains_of(clip).items()],
        "dissolves": [_overlap_facts(edit, clip, overlap, settings) for overlap in overlaps_of(edit, number)],
    }
    if clip.kind == "white" or any(gain.colour == "white" for gain in gains_of(clip).values()):
        facts["mask"] = mask_facts(edit, clip, settings)
    if settings.captions and clip.match is not None:
        facts["caption"] = clip.match.shared
    if edit.trailer is not None and (settings.layout == "side-by-side" or clip.kind == "title"):
        facts["trailer"] = [edit.trailer.fingerprint, clip.first_frame, list(edit.grid.dropped)]
    elif edit.grid.dropped:
        facts["slots"] = [edit.grid.slot(frame) - edit.grid.slot(clip.first_frame) for frame in _frames(clip)]
    return hashlib.blake2b(json.dumps(facts, sort_keys=True).encode(), digest_size=16).hexdigest()


def _footage_facts(edit: EditList, clip: Clip, frames: range, settings: Settings) -> list[Any] | None:
    """Which pictures of its film a clip of footage shows at some frames, which may lie beside it."""
    if clip.match is None:
        return None
    instants = [edit.source_instant(clip, frame) for frame in (frames[0], frames[-1])]
    times = (*instants, clip.speed, clip.match.shot_span.end)
    return [clip.match.film, *map(format_fraction, times), framing_facts(edit, clip, settings)]


def _gain_facts(gain: Gain) -> tuple[str, float]:
    return gain.colour, gain.share


def _overlap_facts(edit: EditList, clip: Clip, overlap: Overlap, settings: Settings) -> list[Any]:
    shares = [overlap.other_share(overlap.frames[0]), overlap.other_share(overlap.frames[-1])]
    where = [overlap.frames[0] - clip.first_frame, len(overlap.frames)]
    return [*where, *shares, _footage_facts(edit, overlap.other, overlap.frames, settings)]


def _frames(clip: Clip) -> range:
    return range(clip.first_frame, clip.end_frame)


@dataclass(frozen=True, slots=True)
class _Encoder:
    """Makes the segments of an edit."""

    edit: EditList
    settings: Settings
    threads: int
    """Of each decoder and encoder."""
    progress: _Progress
    dropped: GivenUp

    def run(self, work: list[tuple[Path, int]]) -> int:
        """Make the segments of some clips, one after the other. Returns how many: the others were given up."""
        # The archive may hold the trailer itself, and both clips of a dissolve may be of one film: each is then read in
        # two places at once.
        with (
            FrameReaders(kept=1, threads=self.threads) as trailer,
            FrameReaders(kept=_OPEN_FILMS, threads=self.threads) as archive,
            FrameReaders(kept=_OPEN_FILMS, threads=self.threads) as beside,
        ):
            planes = _ClipPlanes(self.edit, self.settings, trailer, archive, beside)
            return sum(self.encode(path, number, planes) for path, number in work)

    def encode(self, path: Path, number: int, planes: _ClipPlanes) -> bool:
        """Make the segment of a clip. Returns whether it is there: if not, it was given up."""
        clip = self.edit.clips[number]
        if self.dropped(clip):
            return False
        try:
            with renamed_into(path) as temporary:
                encoded = encode_command(temporary, self.settings, self.edit.grid.rate, threads=self.threads)
                with FrameSink(encoded) as sink:
                    self._write(number, sink, planes)
            self.progress.add(clip.frame_count % _REPORTED_FRAMES)
            return True
        except Stopped:
            return False
        except OSError as error:
            raise not_written(path.parent, error, instead="name another folder with REINTERPRET_CACHE") from error

    def _write(self, number: int, sink: FrameSink, planes: _ClipPlanes) -> None:
        for done, picture in enumerate(planes.of(number), start=1):
            if self.dropped(self.edit.clips[number]):
                raise Stopped
            for plane in picture:
                sink.write(memoryview(plane if plane.flags.c_contiguous else plane.copy()))
            if done % _REPORTED_FRAMES == 0:
                self.progress.add(_REPORTED_FRAMES)


def encode_command(path: Path, settings: Settings, rate: Fraction, *, threads: int) -> list[str]:
    """The ffmpeg command that makes H.264 of raw I420 frames on its standard input."""
    stream = raw_frames(settings.frame_width, settings.height, rate)
    return command(h264(stream, path, rate, preset=settings.preset, crf=settings.crf, threads=threads))


@dataclass(frozen=True, slots=True)
class _ClipPlanes:
    """Draws the frames of clips as they stand in the film."""

    edit: EditList
    settings: Settings
    trailer: FrameReaders
    archive: FrameReaders
    beside: FrameReaders
    """For the neighbours of a clip in its dissolves."""

    def of(self, number: int) -> Iterator[Planes]:
        """Every frame of a clip. Raises VideoError."""
        settings, clip = self.settings, self.edit.clips[number]
        if settings.layout == "alone":
            yield from self._trailer(clip) if clip.kind == "title" else self._archive(number)
            return
        if clip.kind == "title":
            for planes in self._trailer(clip):
                yield side_by_side(planes, planes)
            return
        words = clip.match.shared if settings.captions and clip.match is not None else None
        caption = None if words is None else Caption(words, settings.width, settings.height)
        for left, right in zip(self._trailer(clip), self._archive(number), strict=True):
            yield side_by_side(left, right if caption is None else caption.on(right))

    def _trailer(self, clip: Clip) -> Iterator[Planes]:
        assert self.edit.trailer is not None
        panel, reader = self._panel(self.edit.trailer), self.trailer.of(self.edit.trailer)
        for frame in _frames(clip):
            yield panel(reader.at(trailer_seconds(self.edit.grid, frame)).picture)

    def _archive(self, number: int) -> Iterator[Planes]:
        """A clip with its fades, and with its neighbours where they dissolve."""
        clip = self.edit.clips[number]
        gains = gains_of(clip)
        whitened = any(gain.colour == "white" for gain in gains.values())
        box = mask_box(self.edit, clip, self.settings) if whitened else None
        overlaps = [
            (overlap, self._plain(overlap.other, overlap.frames, self.beside))
            for overlap in overlaps_of(self.edit, number)
        ]
        for frame, planes in zip(_frames(clip), self._plain(clip, _frames(clip), self.archive), strict=True):
            for overlap, others in overlaps:
                if frame in overlap.frames:
                    planes = mixed(planes, next(others), overlap.other_share(frame))
            if frame in gains:
                planes = faded(planes, gains[frame])
                if box is not None:
                    mask(planes, box)
            yield planes

    def _plain(self, clip: Clip, frames: range, films: FrameReaders) -> Iterator[Planes]:
        """What a clip shows at some frames, which may lie beside it, without its transitions."""
        if clip.match is None:
            even = even_planes("white" if clip.kind == "white" else "black", self.settings.width, self.settings.height)
            if clip.kind == "white" and (box := mask_box(self.edit, clip, self.settings)) is not None:
                mask(even, box)  # white is as large as the picture
            for _ in frames:
                yield even
            return
        film: Video = self.edit.film(clip.match.film)
        panel, reader = self._panel(film, clip), films.of(film)
        last, planes = None, None
        for number in frames:
            frame = reader.at(self.edit.source_instant(clip, number))
            if planes is None or frame is not last:
                last, planes = frame, panel(frame.picture)
            yield planes

    def _panel(self, film: Video, clip: Clip | None = None) -> Panel:
        """For the pictures of a film. clip: of footage, where they are those of its match."""
        settings = self.settings
        framing = WHOLE if clip is None else framing_of(self.edit, clip, settings)
        return Panel(film, settings.width, settings.height, fit=settings.fit, framing=framing)
