"""A session: live frames go in one by one; each is looked up, drawn, shown and recorded, and a report is kept."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path

from reinterpret.cues import PRESETS
from reinterpret.errors import LibraryError
from reinterpret.files import not_written, renamed_into
from reinterpret.library import Library
from reinterpret.live.chooser import Chooser, ShotKey
from reinterpret.live.controls import Controls, pressed
from reinterpret.live.matcher import Answer, Matcher
from reinterpret.live.player import ArchiveFrame, Player
from reinterpret.live.recorder import Recorder
from reinterpret.live.source import LiveFrame
from reinterpret.live.stage import Stage, rgb
from reinterpret.live.stopwatches import Stopwatches
from reinterpret.live.window import Window
from reinterpret.neighbours import Hit
from reinterpret.rendering.captions import Caption
from reinterpret.rendering.panel import Planes
from reinterpret.timebase import format_seconds, round_half_up

# Of a session that never ends, the last hours are told.
_MOST_SHOWN = 10_000
# Figures that change with every frame cannot be read.
_FIGURES_EVERY_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Shown:
    """A shot of the archive that was shown as a match."""

    time: float
    """When, in seconds of the screen's clock from its first frame: where in the recording it begins."""
    video: Path
    film: str
    shot: int
    score: float
    start_seconds: float
    """Where in its film."""


class Session:
    """All that goes round once a frame. Whoever makes it owns its parts, and ends them."""

    def __init__(
        self,
        library: Library,
        matcher: Matcher,
        chooser: Chooser,
        player: Player,
        stage: Stage,
        controls: Controls,
        *,
        rate: Fraction,
        out: Path | None,
        window: Window | None,
        realtime: bool,
    ) -> None:
        """rate: of the screen and the recording. out: where it records to; without, the folder it runs in.

        realtime: whether it must keep up; if not, every frame is looked up, and waited for.
        """
        self.controls, self.shown = controls, deque[Shown](maxlen=_MOST_SHOWN)
        self.latencies, self.changes = Stopwatches(), Stopwatches()
        self.change_count, self.frame_count, self.repeated_count = 0, 0, 0
        self.recordings: list[Path] = []
        self.stills: list[Path] = []
        self._library, self._matcher, self._chooser, self._player = library, matcher, chooser, player
        self._stage, self._rate, self._out, self._window, self._realtime = stage, rate, out, window, realtime
        self._recorder: Recorder | None = None
        self._planes: Planes | None = None
        self._pending: tuple[Hit, Answer] | None = None
        self._figures = _Figures(stage)

    def step(self, frame: LiveFrame, *, most: int | None = None) -> None:
        """Go round once. most: frames of the screen there may be in all."""
        slot = round_half_up(frame.seconds * self._rate)
        due = (slot + 1 if most is None else min(slot + 1, most)) - self.frame_count
        if self.controls.frozen and self._planes is not None:
            if due > 0:
                self._put_out(self._planes, due)
            self.poll()
            return
        self._look_up(frame)
        if due <= 0:
            return  # faster than the screen
        archive, changed = self._player.frame(due, wait=not self._realtime)
        self._leave_out_broken()
        before, self._planes = self._planes, self._draw(frame, archive)
        if before is not None and due > 1:
            self._put_out(before, due - 1)
            due = 1
        self._put_out(self._planes, due)
        if archive is not None:
            self._note(archive, changed, frame)
        self.poll()

    def fill(self, most: int) -> None:
        """Show the last frame until there are so many."""
        if self._planes is not None and most > self.frame_count:
            self._put_out(self._planes, most - self.frame_count)

    def poll(self) -> None:
        """See to the keyboard."""
        key = None if self._window is None else self._window.key()
        if key is not None:
            self.press(key)

    def press(self, key: int) -> None:
        """Do what a key stands for."""
        before, self.controls = self.controls, pressed(self.controls, key)
        if self.controls.by != before.by and self.controls.by is not None:
            self._matcher.weights = PRESETS[self.controls.by]
            self._chooser.forget()
        if self.controls.mirror != before.mirror:
            self._matcher.mirror = self.controls.mirror
            self._chooser.forget()
        if self.controls.stills > before.stills and self._planes is not None:
            self.stills.append(self._save_still(self._planes))

    def finish(self) -> None:
        """End the recording, whole. Raises FfmpegError, OutputError."""
        recorder, self._recorder = self._recorder, None
        if recorder is not None and (path := recorder.finish()) is not None:
            self.recordings.append(path)
            self.repeated_count += recorder.passed_over

    def _look_up(self, frame: LiveFrame) -> None:
        if self._realtime:
            self._matcher.offer(frame)
            answer = self._matcher.newest()
        else:
            answer = self._matcher.answer(frame)
        if answer is None:
            return
        self.latencies.add(answer.answered - answer.frame.captured)
        self._figures.score = answer.hits[0].score if answer.hits else None
        if not answer.hits and self._chooser.shown is None:
            raise LibraryError(
                f"{self._library.path}: has no footage that can be shown; index films that are more than titles, and "
                "see with: reinterpret verify whether its films are where they were"
            )
        chosen = self._chooser.choose(float(frame.seconds), answer.hits, unlisted=answer.unlisted)
        if self._player.changing:
            return
        if chosen is not None:
            self._pending = chosen, answer
            self._player.change(chosen)
        elif (rising := self._chooser.rising) is not None:
            self._player.prepare(rising)

    def _leave_out_broken(self) -> None:
        for film in self._player.broken:
            self._matcher.leave_out(film)

    def _draw(self, frame: LiveFrame, archive: ArchiveFrame | None) -> Planes:
        picture = None if archive is None else (archive.video, archive.picture)
        planes = self._stage.draw(self.controls.layout, frame.picture, picture, mirror=self.controls.mirror)
        if self.controls.stats:
            planes = self._figures.caption(self, archive).on(planes)
        return planes

    def _put_out(self, planes: Planes, times: int) -> None:
        """times: frames of the screen that it stands for; but for the first they are repeated."""
        self.frame_count += times
        self.repeated_count += times - (planes is self._planes)
        if self.controls.recording:
            if self._recorder is None:
                path = self._out or unused(Path.cwd(), ".mp4")
                self._recorder = Recorder(path, self._stage.width, self._stage.height, self._rate)
            self._recorder.write(planes, count=times, wait=not self._realtime)
        if self._window is not None and planes is self._planes:
            self._window.show(planes)

    def _note(self, archive: ArchiveFrame, changed: bool, frame: LiveFrame) -> None:
        """What is on the screen since this frame."""
        if changed and self._pending is not None:
            (hit, answer), self._pending = self._pending, None
            self.changes.add(time.perf_counter() - answer.frame.captured)
            self.change_count += bool(self.shown)
            # Where the frame stands in the recording, if all of it is recorded.
            at = float((self.frame_count - 1) / self._rate)
            self.shown.append(Shown(at, archive.video.path, hit.film, hit.shot, hit.score, float(archive.seconds)))
        key: ShotKey = archive.key
        if changed or key != self._chooser.shown:
            self._chooser.changed(float(frame.seconds), key)

    def _save_still(self, planes: Planes) -> Path:
        from PIL import Image

        folder = Path.cwd() if self._out is None else self._out.absolute().parent
        path = unused(folder, ".png")
        try:
            with renamed_into(path) as temporary:
                # Little compression: the picture must not stand still for it.
                Image.fromarray(rgb(planes)).save(temporary, compress_level=1)
        except OSError as error:
            raise not_written(path, error) from error
        return path


def unused(folder: Path, suffix: str) -> Path:
    """A name with date and time that no file in the folder has."""
    stamp = datetime.now().strftime("%Y%m%d-%H%M%S")
    names = (f"webcam-{stamp}{extra}{suffix}" for extra in ("", *(f"-{number}" for number in range(2, 1000))))
    return next(path for path in (folder / name for name in names) if not path.exists())


class _Figures:
    """The line of `--stats`, made anew twice a second."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._made, self._frames, self._queries = 0.0, 0, 0
        self._caption: Caption | None = None
        self.score: float | None = None

    def caption(self, session: Session, archive: ArchiveFrame | None) -> Caption:
        now = time.perf_counter()
        passed = now - self._made
        if self._caption is None or passed >= _FIGURES_EVERY_SECONDS:
            words = self._words(session, archive, passed)
            self._caption = Caption(words, self._stage.width, self._stage.height)
            self._made, self._frames, self._queries = now, session.frame_count, session._matcher.count
        return self._caption

    def _words(self, session: Session, archive: ArchiveFrame | None, passed: float) -> str:
        parts = []
        if self._caption is not None:
            parts.append(f"{(session.frame_count - self._frames) / passed:.0f} frames/s")
            parts.append(f"{(session._matcher.count - self._queries) / passed:.0f} queries/s")
        for name, watch in (("match", session.latencies), ("change", session.changes)):
            median = watch.latency().median_ms
            if median is not None:
                parts.append(f"{name} {median:.0f} ms")
        parts.append(f"by {session.controls.by or 'weights'}")
        if archive is not None:
            parts.append(f"{archive.video.name} at {format_seconds(archive.seconds)}")
        if self.score is not None:
            parts.append(f"best {self.score:.2f}")
        return "   ".join(parts)
