"""The preview: the edit as it is now goes in, a small film of the whole comes out, made again as soon as it changes."""

from __future__ import annotations

import logging
import os
import tempfile
import threading
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from reinterpret.edits import EditList
from reinterpret.errors import ReinterpretError
from reinterpret.rendering.film import render
from reinterpret.rendering.segments import Stopped
from reinterpret.studio.background import make_way, step_back

logger = logging.getLogger(__name__)

_HEIGHT = 240
_CRF = 27
# Eight frames in half a second at worst.
_PATIENCE_STEPS = 25
# A player may still be reading the one before.
_KEPT = 3


@dataclass(frozen=True, slots=True)
class PreviewState:
    """How far the preview is."""

    revision: int | None
    """Of the edit that the newest film shows; None as long as there is none."""
    done: int
    total: int
    """Frames of the one that is being made."""
    running: bool
    problem: str | None


class Preview:
    """Keeps a film of the newest edit ready, in a thread. Segments are kept by content: a change makes one of them."""

    def __init__(self, *, jobs: int | None = None, give_way: Callable[[], bool] = lambda: False) -> None:
        """give_way: whether something is being made that the person waits for; the preview then waits a little."""
        self._give_way = give_way
        # One core is left to the page.
        self._jobs = jobs or max(1, (os.cpu_count() or 1) - 1)
        self._folder = tempfile.TemporaryDirectory(prefix="reinterpret-studio-", ignore_cleanup_errors=True)
        self._change = threading.Condition()
        self._wanted: tuple[EditList, int] | None = None
        self._films: dict[int, Path] = {}
        self._state = PreviewState(None, 0, 0, False, None)
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="preview", daemon=True)
        self._thread.start()

    @property
    def state(self) -> PreviewState:
        """As it is now."""
        return self._state

    def want(self, edit: EditList, revision: int, *, offline: Collection[str] = ()) -> None:
        """From now on this edit is to be seen; what is made of an older one is given up."""
        with self._change:
            self._wanted = _shown_black(edit, offline), revision
            self._change.notify_all()

    def path(self, revision: int) -> Path:
        """The film of a revision. Raises LookupError if there is none any more."""
        return self._films[revision]

    def close(self) -> None:
        """Stop, and delete the films."""
        with self._change:
            self._closed = True
            self._change.notify_all()
        self._thread.join()
        self._folder.cleanup()

    def _work(self) -> None:
        while True:
            with self._change:
                while self._wanted is None and not self._closed:
                    self._change.wait()
                if self._closed or self._wanted is None:
                    return
                (edit, revision), self._wanted = self._wanted, None
                self._state = replace(self._state, done=0, total=edit.grid.frame_count, running=True, problem=None)
            if self._state.revision is None:
                # Nobody has asked for it yet. What changes it later is waited for.
                first = threading.Thread(target=self._make_aside, args=(edit, revision), name="first-preview")
                first.start()
                first.join()
            else:
                self._make(edit, revision)

    def _make_aside(self, edit: EditList, revision: int) -> None:
        step_back()
        self._make(edit, revision)

    def _make(self, edit: EditList, revision: int) -> None:
        path = Path(self._folder.name) / f"{revision}.mp4"

        def on_frames(done: int, total: int) -> None:
            if self._wanted is not None or self._closed:
                raise Stopped
            self._state = replace(self._state, done=done, total=total)
            make_way(self._give_way, steps=_PATIENCE_STEPS)

        problem = None
        try:
            render_preview(edit, path, jobs=self._jobs, on_frames=on_frames)
        except Stopped:
            return
        except (ReinterpretError, OSError) as error:
            logger.info("no preview could be made: %s", error)
            problem = str(error)
        with self._change:
            if problem is None:
                self._films.pop(revision, None)
                self._films[revision] = path
                for old in list(self._films)[:-_KEPT]:
                    with suppress(OSError):
                        self._films.pop(old).unlink()
            shown = revision if problem is None else self._state.revision
            self._state = replace(self._state, revision=shown, running=False, problem=problem)


def render_preview(
    edit: EditList, path: Path, *, jobs: int | None = None, on_frames: Callable[[int, int], None] | None = None
) -> None:
    """The whole edit as a small film, trailer left and reinterpretation right. Raises what `render` raises."""
    render(
        edit,
        path,
        layout="side-by-side",
        fit="crop",
        height=_HEIGHT,
        crf=_CRF,
        preset="ultrafast",
        jobs=jobs,
        on_frames=on_frames,
    )


def _shown_black(edit: EditList, offline: Collection[str]) -> EditList:
    """The edit with black in place of films that are not there."""
    gone = set(offline)
    if not gone:
        return edit
    clips = tuple(
        replace(clip, kind="black", match=None, speed=Fraction(1))
        if clip.match is not None and clip.match.film in gone
        else clip
        for clip in edit.clips
    )
    return replace(edit, clips=clips)
