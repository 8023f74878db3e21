"""Session: an edit is opened, changed choice by choice, and saved as it changes. All that the server talks to.

Two windows on one edit do not overwrite each other: who changes it names the revision that he has seen. Nor does a
session overwrite what another program has written into the file meanwhile.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reinterpret import choosing
from reinterpret.edits import EditList, EditTexts
from reinterpret.encoders import Device
from reinterpret.errors import ConflictError, OutputError, UsageError
from reinterpret.files import check_output, not_written, renamed_into
from reinterpret.library import Library
from reinterpret.match_settings import MatchSettings
from reinterpret.relinking import has_file, relinked
from reinterpret.shots import Detection
from reinterpret.studio.adviser import Adviser, Progress, Suggestions, Wish
from reinterpret.studio.history import History, history_folder

Operation = Callable[[EditList], EditList]
"""What is done to an edit: a function of `choosing`, with all but the edit given."""


@dataclass(frozen=True, slots=True)
class State:
    """An edit at one moment of a session."""

    edit: EditList
    revision: int
    """Another one after every change, undo and redo included."""
    can_undo: bool
    can_redo: bool
    saved: bool
    """Whether the file holds this very edit."""
    message: str = ""
    """If not, or if older states are not kept: why, for people."""
    offline: frozenset[str] = frozenset()
    """Films of the edit (by fingerprint), and the trailer, whose files are not to be found."""


class Session:
    """An edit that a person is working on. For any number of threads; see `open`."""

    def __init__(
        self,
        path: Path,
        edit: EditList,
        written: _Written | None,
        content: bytes,
        library: Library | None,
        adviser: Adviser,
    ) -> None:
        """See `open`."""
        self._lock = threading.RLock()
        self._path = path
        self._library, self._adviser = library, adviser
        self._written = written
        self._texts = EditTexts()
        edit = relinked(edit, library, there=has_file)
        self._history = History.open(edit, content, history_folder(path))
        self._state = self._made(edit, 1, saved=True)
        self._adviser.begin(edit)

    @classmethod
    def open(
        cls,
        path: Path | str,
        library: Library | None = None,
        *,
        settings: MatchSettings | None = None,
        detection: Detection | None = None,
        device: Device = "auto",
    ) -> Session:
        """The edit at `path`; nothing is written before something changes.

        library: for suggestions beyond those in the edit; it begins to look at the trailer in the background, see
        `progress`. settings: how suggestions are ranked, and shots that are too short are treated. detection: how the
        shots of the trailer are found, by default as in the library. Raises EditError.
        """
        path = Path(path).absolute()
        written, content = _Written.read(path)
        edit = EditList.load(path)
        adviser = Adviser(library, settings or MatchSettings(), detection=detection, device=device)
        return cls(path, edit, written, content, library, adviser)

    @property
    def path(self) -> Path:
        """Where the edit is saved."""
        return self._path

    def state(self) -> State:
        """The edit as it is now; never waits."""
        return self._state

    def progress(self) -> Progress:
        """How far the library has looked at the trailer."""
        return self._adviser.progress()

    def wait(self, seconds: float | None = None) -> Progress:
        """The progress as soon as the trailer is read, or that has failed, or so much time has passed."""
        return self._adviser.wait(seconds)

    def close(self) -> None:
        """End what runs in the background."""
        self._adviser.close()

    # Looking

    def suggestions(self, clip: int, wish: Wish = Wish()) -> Suggestions:  # noqa: B008 - frozen
        """A page of ranked matches for a clip, see `Adviser.suggestions`."""
        return self._adviser.suggestions(self._state.edit, clip, wish)

    # Changing: each names the revision that was seen, and raises ConflictError if it is not the current one any more

    def apply(self, revision: int, operation: Operation) -> State:
        """Change the edit and save it. Where the operation gives back the same edit nothing happens.

        Raises ConflictError also if another program has changed the file; see `reload` and `save_as`. What the
        operation raises (UsageError, EditError) changes nothing.
        """
        with self._lock:
            self._expect(revision)
            made = operation(self._state.edit)
            if made == self._state.edit:
                return self._state
            self._expect_own_file()
            self._history.push(made)
            return self._save(made)

    def choose(self, revision: int, clip: int, film: str, shot: int) -> State:
        """A clip shows an archive shot: one of its suggestions, or any other of the library."""

        def chosen(edit: EditList) -> EditList:
            match, films = self._adviser.match_for(edit, clip, film, shot)
            return choosing.choose(edit, clip, match, films=films, short=self._adviser.settings.short)

        return self.apply(revision, chosen)

    def reject(self, revision: int, clip: int, film: str, shot: int) -> State:
        """An archive shot is never suggested for a clip again; the library helps out where the edit has no other."""

        def rejected(edit: EditList) -> EditList:
            try:
                return choosing.reject(edit, clip, film, shot, short=self._adviser.settings.short)
            except UsageError:
                found = self._adviser.suggestions(edit, clip, Wish(count=50))
                others = [match for match in found.matches if choosing.shot_of(match) != (film, shot)]
                return choosing.reject(
                    edit, clip, film, shot, others=others, films=found.films, short=self._adviser.settings.short
                )

        return self.apply(revision, rejected)

    def swap(self, revision: int, one: int, other: int) -> State:
        """Two clips exchange their footage; the library measures it anew."""

        def swapped(edit: EditList) -> EditList:
            made = choosing.swap(edit, one, other, short=self._adviser.settings.short)
            return self._adviser.measured(made, (one, other))

        return self.apply(revision, swapped)

    def cut(self, revision: int, clip: int, *, begins: bool) -> State:
        """A clip begins, or ends, with a cut in place of the trailer's fade or dissolve."""
        return self.apply(revision, lambda edit: choosing.cut_at(edit, clip, begins=begins))

    def follow(self, revision: int, clip: int, *, begins: bool) -> State:
        """A clip begins, or ends, with the trailer's fade or dissolve again, as an earlier state of the edit has it."""

        def followed(edit: EditList) -> EditList:
            for other in self._history.others():
                if (made := choosing.transition_of(edit, clip, other, begins=begins)) is not None:
                    return made
            raise UsageError(
                f"no state of this edit has a fade or a dissolve at the {'beginning' if begins else 'end'} of shot "
                f"{clip + 1}; make the edit again to have it measured in the trailer"
            )

        return self.apply(revision, followed)

    def again(self, revision: int, *, seed: int | None = None, weights: Mapping[str, float] | None = None) -> State:
        """Every clip of footage that is not locked gets the best shot for the whole; see `Adviser.again`."""
        return self.apply(revision, lambda edit: self._adviser.again(edit, seed=seed, weights=weights))

    def undo(self, revision: int) -> State:
        """Back to the state before. Raises EditError if there is none."""
        return self._go(revision, self._history.undo)

    def redo(self, revision: int) -> State:
        """Forth again. Raises EditError if nothing was undone."""
        return self._go(revision, self._history.redo)

    # The file

    def save(self) -> State:
        """Write again what could not be written. Raises ConflictError if another program has changed the file."""
        with self._lock:
            if not self._state.saved:
                self._expect_own_file()
            return self._save(self._state.edit, same=True)

    def save_as(self, path: Path | str) -> State:
        """Go on under another name; what is at the old one stays as it is. Raises OutputError."""
        path = Path(path).absolute()
        with self._lock:
            check_output(path, inputs=self._state.edit.inputs, suffixes=(".json",))
            if path.exists():
                raise OutputError(f"{path}: is there already; choose another name")
            before = self._path, self._written
            self._path, self._written = path, None
            state = self._save(self._state.edit, same=True)
            if not state.saved:
                self._path, self._written = before
                raise OutputError(state.message)
            return state

    def reload(self) -> State:
        """Go on with what another program has written into the file. `undo` leads back to what it was here.

        Raises EditError.
        """
        with self._lock:
            written, _ = _Written.read(self._path)
            edit = relinked(EditList.load(self._path), self._library, there=has_file)
            self._written = written
            if edit != self._state.edit:
                self._history.push(edit)
            self._state = self._made(edit, self._state.revision + 1, saved=True)
            self._adviser.prepare(edit)
            return self._state

    def _go(self, revision: int, step: Callable[[], EditList]) -> State:
        with self._lock:
            self._expect(revision)
            self._expect_own_file()
            return self._save(relinked(step(), self._library, there=has_file))

    def _expect(self, revision: int) -> None:
        if revision != self._state.revision:
            raise ConflictError(
                f"the edit has been changed in another window (it is at revision {self._state.revision}, this window "
                f"has seen {revision}); look at it as it is now, then do it again"
            )

    def _expect_own_file(self) -> None:
        if self._written is not None and not self._written.is_at(self._path):
            raise ConflictError(
                f"{self._path}: another program has changed the edit meanwhile; load it again, or save this one under "
                "another name"
            )

    def _save(self, edit: EditList, *, same: bool = False) -> State:
        """Write an edit, which becomes the state whether that succeeds or not."""
        content = self._texts.of(edit)
        message, saved = "", False
        try:
            with renamed_into(self._path) as temporary:
                temporary.write_text(content, encoding="utf-8")
            saved = True
            self._written = _Written.of(self._path, content.encode())
            self._history.keep(history_folder(self._path), content)
        except OSError as error:
            message = str(not_written(self._path, error, instead="save the edit under another name"))
        except OutputError as error:
            message = str(error)
        revision = self._state.revision + (0 if same else 1)
        self._state = self._made(edit, revision, saved=saved, message=message)
        self._adviser.prepare(edit)
        return self._state

    def _made(self, edit: EditList, revision: int, *, saved: bool, message: str = "") -> State:
        history = self._history
        return State(edit, revision, history.can_undo, history.can_redo, saved, message, offline_films(edit))


@dataclass(frozen=True, slots=True)
class _Written:
    """What we have read from a file or written into it."""

    digest: bytes
    size: int
    modified_ns: int
    inode: int

    @classmethod
    def read(cls, path: Path) -> tuple[_Written | None, bytes]:
        """A file as it is before anything else is done with it, and what it says; nothing where it cannot be read."""
        try:
            status, content = path.stat(), path.read_bytes()
        except OSError:
            return None, b""
        return cls(hashlib.blake2b(content).digest(), status.st_size, status.st_mtime_ns, status.st_ino), content

    @classmethod
    def of(cls, path: Path, content: bytes) -> _Written | None:
        try:
            status = path.stat()
        except OSError:
            return None
        return cls(hashlib.blake2b(content).digest(), status.st_size, status.st_mtime_ns, status.st_ino)

    def is_at(self, path: Path) -> bool:
        """Whether a file still is what it was, or gone: then there is nothing to overwrite."""
        try:
            status = path.stat()
            if (status.st_size, status.st_mtime_ns, status.st_ino) == (self.size, self.modified_ns, self.inode):
                return True
            return hashlib.blake2b(path.read_bytes()).digest() == self.digest
        except FileNotFoundError:
            return True
        except OSError:
            return False


def offline_films(edit: EditList) -> frozenset[str]:
    """The films of an edit, and its trailer, whose files are not where it says, by fingerprint."""
    films = (*edit.films, *(() if edit.trailer is None else (edit.trailer,)))
    return frozenset(film.fingerprint for film in films if not has_file(film))
