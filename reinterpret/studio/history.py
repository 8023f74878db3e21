"""History: what an edit was before, for undo and redo; the last states also on disk, for after a restart.

    EDIT.json.history/000041.json   an edit like any other, the 41st state; the highest number is the newest

States in memory share all clips that are the same in them, so a choice costs as much as the clip that it changed.
Nothing but files with such names is ever read, written or deleted there. Which state is the current one is not written
down: it is the newest that is the same, byte for byte, as the edit itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from reinterpret.edits import Clip, EditList
from reinterpret.errors import EditError, OutputError
from reinterpret.files import not_written, renamed_into

KEPT_STATES = 50
_NAME = re.compile(r"[0-9]{6,}\.json", re.ASCII)


def history_folder(path: Path) -> Path:
    """Where the last states of the edit at `path` are kept."""
    return path.with_name(f"{path.name}.history")


@dataclass(slots=True)
class _Entry:
    number: int
    edit: EditList | None
    """None: on disk alone, not asked for yet."""


class History:
    """The states of an edit in a row, one of which is current. Not for several threads at once."""

    def __init__(self, edit: EditList) -> None:
        """A history that begins with an edit, kept in memory alone until `keep` is called."""
        self._entries = [_Entry(1, edit)]
        self._place = 0
        self._folder: Path | None = None
        self._written: set[int] = set()

    @classmethod
    def open(cls, edit: EditList, content: bytes, folder: Path) -> History:
        """What is kept of the edit whose file has this content. A state that is not kept there comes after the newest.

        Nothing is written yet.
        """
        history = cls(edit)
        history._folder = folder
        files = _files(folder)
        if not files:
            return history
        history._written = set(files)
        numbers = sorted(files)
        history._entries = [_Entry(number, None) for number in numbers]
        same = next((number for number in reversed(numbers) if _has(files[number], content)), None)
        if same is None:
            history._entries.append(_Entry(numbers[-1] + 1, edit))
            history._place = len(numbers)
        else:
            history._place = numbers.index(same)
            history._entries[history._place].edit = edit
        return history

    @property
    def current(self) -> EditList:
        """The edit as it is now."""
        edit = self._entries[self._place].edit
        assert edit is not None
        return edit

    @property
    def can_undo(self) -> bool:
        """Whether there is a state before the current one."""
        return self._place > 0

    @property
    def can_redo(self) -> bool:
        """Whether there is a state after the current one."""
        return self._place + 1 < len(self._entries)

    def others(self) -> Iterator[EditList]:
        """The states other than the current one, those before it first; none that cannot be read any more."""
        for place in (*range(self._place - 1, -1, -1), *range(self._place + 1, len(self._entries))):
            with suppress(EditError, OSError):
                yield self._loaded(place)

    def push(self, edit: EditList) -> None:
        """A new state after the current one; what was undone is gone."""
        # A number is not given twice: its file may still be there.
        number = self._entries[-1].number + 1
        del self._entries[self._place + 1 :]
        self._entries.append(_Entry(number, edit))
        self._place += 1

    def undo(self) -> EditList:
        """Back to the state before. Raises EditError if there is none, or if it cannot be read any more."""
        return self._go(-1)

    def redo(self) -> EditList:
        """Forth again. Raises EditError if nothing was undone, or if it cannot be read any more."""
        return self._go(1)

    def keep(self, folder: Path, content: str) -> None:
        """Write the last states into a folder, as far as they are not there yet, and delete older ones.

        content: the current state as JSON. Raises OutputError.
        """
        if folder != self._folder:
            self._folder, self._written = folder, set()
            # States that are on disk alone come along.
            for place in range(len(self._entries)):
                self._entries[place].edit = self._loaded(place)
        if folder.is_symlink():
            raise OutputError(f"{folder}: is a link, a folder of its own was expected; the last states are not kept")
        first = min(max(0, len(self._entries) - KEPT_STATES), self._place)
        window = self._entries[first : first + KEPT_STATES]
        try:
            folder.mkdir(exist_ok=True)
            for entry in window:
                if entry.number not in self._written and entry.edit is not None:
                    text = content if entry is self._entries[self._place] else entry.edit.dumps()
                    with renamed_into(folder / f"{entry.number:06d}.json") as temporary:
                        temporary.write_text(text, encoding="utf-8")
                    self._written.add(entry.number)
            for number, file in _files(folder).items():
                if number not in {entry.number for entry in window}:
                    file.unlink(missing_ok=True)
                    self._written.discard(number)
        except OSError as error:
            raise not_written(folder, error, instead="go on without the last states") from error

    def _go(self, step: int) -> EditList:
        place = self._place + step
        if not 0 <= place < len(self._entries):
            raise EditError("there is nothing to undo" if step < 0 else "there is nothing to redo")
        edit = self._loaded(place)
        self._entries[place].edit, self._place = edit, place
        return edit

    def _loaded(self, place: int) -> EditList:
        entry = self._entries[place]
        if entry.edit is not None:
            return entry.edit
        assert self._folder is not None
        return _sharing(EditList.load(self._folder / f"{entry.number:06d}.json"), self.current)


def _files(folder: Path) -> dict[int, Path]:
    """The states that are kept in a folder, by number."""
    try:
        found = [file for file in folder.iterdir() if _NAME.fullmatch(file.name) and not file.is_symlink()]
    except OSError:
        return {}
    return {int(file.stem): file for file in found}


def _has(file: Path, content: bytes) -> bool:
    try:
        return file.stat().st_size == len(content) and file.read_bytes() == content
    except OSError:
        return False


def _sharing(edit: EditList, other: EditList) -> EditList:
    """The same edit, which has the clips that are the same in both in common with the other."""
    known: dict[int, Clip] = {clip.first_frame: clip for clip in other.clips}
    clips = tuple(same if (same := known.get(clip.first_frame)) == clip and same else clip for clip in edit.clips)
    return replace(edit, clips=clips, films=other.films if other.films == edit.films else edit.films)
