"""The preview: the edit as it is now goes in, a small film of the whole comes out, made again as soon as it changes.

It is made from a small copy of the trailer: a choice changes nothing on that side, and the key frames of a trailer from
the web may lie ten seconds of large pictures apart, all of which would be decoded for each choice.
"""

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

from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import Clip, EditList, Soundtrack
from reinterpret.errors import ReinterpretError
from reinterpret.rendering.film import render
from reinterpret.rendering.segments import GivenUp, Layout, Stopped
from reinterpret.studio.background import LOOKED_AT, UNSEEN, make_way, step_back
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video, probe

logger = logging.getLogger(__name__)

_HEIGHT = 240
_CRF = 27
# Of what is encoded once more.
_COPY_CRF = 18
# Of so many frames are the parts of the copy that are kept when the studio is closed before it is whole.
_COPIED_FRAMES = 1000
# Eight frames in half a second at worst.
_PATIENCE_STEPS = 25
# So many clips that have changed are made before anything else.
_MOST_WAITED_FOR = 5
# A player may still be reading the one before.
_KEPT = 3


# What of a clip is seen: where it is, what it shows, and how it begins and ends.
_Picture = tuple[int, int, str, str, Span | None, Span | None, Fraction, Fade | None, Fade | None, Dissolve | None]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An edit that is to be seen."""

    edit: EditList
    revision: int
    pictures: frozenset[_Picture]

    def looks_like(self, other: _Wanted) -> bool:
        """Whether the films of both are the same, sound included."""
        same = self.pictures == other.pictures and self.edit.grid == other.edit.grid
        return same and (self.edit.trailer, self.edit.soundtrack) == (other.edit.trailer, other.edit.soundtrack)


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
        """give_way: whether something is being made that the person waits for; a film of many clips that have changed
        then waits a little.
        """
        self._give_way = give_way
        # One core is left to the page.
        self._jobs = jobs or max(1, (os.cpu_count() or 1) - 1)
        self._folder = tempfile.TemporaryDirectory(prefix="reinterpret-studio-", ignore_cleanup_errors=True)
        self._change = threading.Condition()
        self._wanted: _Wanted | None = None
        self._shown: _Wanted | None = None
        self._copied: tuple[Video, FrameGrid, Video] | None = None
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
        """From now on this edit is to be seen; of an older one only the clips that it shares are made to the end."""
        edit = _shown_black(edit, offline)
        with self._change:
            self._wanted = _Wanted(edit, revision, frozenset(map(_picture, edit.clips)))
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
        step_back(LOOKED_AT)
        while True:
            with self._change:
                while self._wanted is None and not self._closed:
                    self._change.wait()
                if self._closed or self._wanted is None:
                    return
                wanted, self._wanted = self._wanted, None
                total = wanted.edit.grid.frame_count
                self._state = replace(self._state, done=0, total=total, running=True, problem=None)
            known = frozenset() if self._shown is None else self._shown.pictures
            if len(wanted.pictures - known) > _MOST_WAITED_FOR:
                # All of it, or most: that takes minutes. A choice or two are waited for.
                aside = threading.Thread(target=self._make_aside, args=(wanted,), name="large-preview")
                aside.start()
                aside.join()
            else:
                self._make(wanted)

    def _make_aside(self, wanted: _Wanted) -> None:
        step_back(UNSEEN)
        self._make(wanted, patience_steps=_PATIENCE_STEPS)

    def _make(self, wanted: _Wanted, *, patience_steps: int = 0) -> None:
        path = Path(self._folder.name) / f"{wanted.revision}.mp4"
        if self._shown is not None and self._shown.looks_like(wanted):
            # Something is locked, or suggested: nothing that is seen.
            self._finished(wanted, self._films[self._shown.revision])
            return

        frames = wanted.edit.grid.frame_count
        before, total = 0, frames if self._is_copied(wanted.edit) else 2 * frames

        def on_frames(done: int, _: int) -> None:
            self._state = replace(self._state, done=before + done, total=total)
            make_way(self._give_way, steps=patience_steps)

        try:
            edit = self._from_copy(wanted.edit, on_frames)
            before = total - frames
            self._render(edit, path, "side-by-side", _CRF, on_frames, self._given_up)
        except Stopped:
            return
        except (ReinterpretError, OSError) as error:
            logger.info("no preview could be made: %s", error)
            self._state = replace(self._state, running=False, problem=str(error))
        else:
            self._finished(wanted, path)

    def _is_copied(self, edit: EditList) -> bool:
        return edit.trailer is None or (self._copied is not None and self._copied[:2] == (edit.trailer, edit.grid))

    def _from_copy(self, edit: EditList, on_frames: Callable[[int, int], None]) -> EditList:
        """The edit with a small copy in place of its trailer, which is made if there is none yet."""
        if edit.trailer is None:
            return edit
        if self._copied is None or not self._is_copied(edit):
            path = Path(self._folder.name) / "trailer.mp4"
            self._render(_trailer_alone(edit), path, "alone", _COPY_CRF, on_frames, lambda _: self._closed)
            self._copied = edit.trailer, edit.grid, probe(path)
        return replace(edit, trailer=self._copied[2])

    def _render(
        self,
        edit: EditList,
        path: Path,
        layout: Layout,
        crf: int,
        on_frames: Callable[[int, int], None],
        given_up: GivenUp,
    ) -> None:
        """Raises what `render` raises."""
        render(
            edit,
            path,
            layout=layout,
            height=_HEIGHT,
            crf=crf,
            preset="ultrafast",
            jobs=self._jobs,
            on_frames=on_frames,
            given_up=given_up,
        )

    def _given_up(self, clip: Clip) -> bool:
        """Whether a clip that is being made is not wanted any more, because a newer edit shows something else."""
        newer = self._wanted
        return self._closed or (newer is not None and _picture(clip) not in newer.pictures)

    def _finished(self, wanted: _Wanted, path: Path) -> None:
        with self._change:
            self._films.pop(wanted.revision, None)
            self._films[wanted.revision] = path
            for old in [self._films.pop(revision) for revision in list(self._films)[:-_KEPT]]:
                if old not in self._films.values():
                    with suppress(OSError):
                        old.unlink()
            self._shown = wanted
            self._state = replace(self._state, revision=wanted.revision, running=False, problem=None)


def _trailer_alone(edit: EditList) -> EditList:
    """The trailer of an edit with its own sound, frame by frame."""
    count = edit.grid.frame_count
    parts = tuple(Clip(first, min(_COPIED_FRAMES, count - first), "title") for first in range(0, count, _COPIED_FRAMES))
    return replace(edit, films=(), clips=parts, soundtrack=Soundtrack())


def _picture(clip: Clip) -> _Picture:
    match = clip.match
    shown = ("", None, None) if match is None else (match.film, match.source_span, match.shot_span)
    changing = (clip.fade_in, clip.fade_out, clip.dissolve)
    return (clip.first_frame, clip.frame_count, clip.kind, *shown, clip.speed, *changing)


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
