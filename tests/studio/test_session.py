"""A session: everything is saved as it is made, nothing is overwritten, nothing is lost."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from reinterpret import choosing
from reinterpret.choosing import shot_of
from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import EditList
from reinterpret.errors import ConflictError, EditError, OutputError, UsageError
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.matching import match
from reinterpret.studio.session import Session, State
from tests.studio.test_history import edit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    edit().save(tmp_path / "cut.json")
    return tmp_path / "cut.json"


@pytest.fixture
def session(path: Path) -> Iterator[Session]:
    opened = Session.open(path)
    yield opened
    opened.close()


def locked(session: Session, clip: int) -> State:
    return session.apply(session.state().revision, partial(choosing.lock, clip=clip))


def test_opening_writes_nothing(path: Path, session: Session) -> None:
    assert [file.name for file in path.parent.iterdir()] == ["cut.json"]
    state = session.state()
    assert (state.saved, state.can_undo, state.can_redo, state.message) == (True, False, False, "")
    assert state.edit == edit()


def test_every_change_is_in_the_file_before_the_answer(path: Path, session: Session) -> None:
    for clip in range(3):
        state = locked(session, clip)
        assert state.saved
        assert EditList.load(path) == state.edit
        assert [one.locked for one in state.edit.clips] == [number <= clip for number in range(3)]
    undone = session.undo(state.revision)
    assert EditList.load(path) == undone.edit
    assert (undone.can_undo, undone.can_redo) == (True, True)
    assert session.redo(undone.revision).edit == state.edit


def test_what_changes_nothing_is_no_state(path: Path, session: Session) -> None:
    before = session.state()
    assert session.apply(before.revision, partial(choosing.lock, clip=0, locked=False)) is before
    assert not path.with_name("cut.json.history").exists()


def test_an_operation_that_fails_changes_nothing(path: Path, session: Session) -> None:
    before = session.state(), path.read_bytes()
    with pytest.raises(UsageError, match="there is no clip 9"):
        locked(session, 9)
    assert (session.state(), path.read_bytes()) == before


@pytest.fixture
def changing(tmp_path: Path) -> Path:
    """Three clips: the first fades out, and the last dissolves out of the second."""
    made = edit()
    made = choosing.set_fade_out(made, 0, Fade("black", (0.8, 0.1, 0.0)))
    choosing.set_dissolve(made, 2, Dissolve(2, 3)).save(tmp_path / "changing.json")
    return tmp_path / "changing.json"


def test_a_transition_becomes_a_cut_and_follows_the_trailer_again(changing: Path) -> None:
    session = Session.open(changing)
    before = session.state().edit
    state = session.cut(1, 0, begins=False)
    assert state.edit.clips[0].fade_out is None
    state = session.cut(state.revision, 2, begins=True)
    assert state.edit.clips[2].dissolve is None
    assert EditList.load(changing) == state.edit
    assert session.follow(state.revision, 0, begins=False).edit.clips[0] == before.clips[0]
    session.close()
    # Also after a restart; the end of the second clip is the dissolve of the third.
    session = Session.open(changing)
    state = session.follow(session.state().revision, 1, begins=False)
    assert state.edit == before
    state = session.cut(state.revision, 1, begins=False)
    assert state.edit.clips[2].dissolve is None
    assert session.undo(state.revision).edit == before
    session.close()


def test_where_the_trailer_is_cut_there_is_nothing_to_follow(path: Path, session: Session) -> None:
    with pytest.raises(UsageError, match="no state of this edit has a fade or a dissolve at the beginning of shot 2"):
        session.follow(1, 1, begins=True)
    assert session.cut(1, 1, begins=True).revision == 1


def test_undo_works_across_a_restart(path: Path) -> None:
    with closing(Session.open(path)) as session:
        for clip in range(3):
            last = locked(session, clip)
        session.undo(last.revision)
    with closing(Session.open(path)) as session:
        state = session.state()
        assert (state.can_undo, state.can_redo) == (True, True)
        assert session.redo(state.revision).edit == last.edit
        for _ in range(3):
            state = session.undo(session.state().revision)
        assert state.edit == edit()
        assert not state.can_undo


# Two at once


def test_the_second_window_is_told_and_overwrites_nothing(session: Session) -> None:
    seen = session.state().revision
    first = locked(session, 0)
    operations: list[Callable[[], State]] = [
        lambda: session.apply(seen, partial(choosing.lock, clip=1)),
        lambda: session.choose(seen, 1, "b" * 32, 1),
        lambda: session.reject(seen, 1, "b" * 32, 1),
        lambda: session.swap(seen, 0, 1),
        lambda: session.again(seen),
        lambda: session.undo(seen),
        lambda: session.redo(seen),
    ]
    for operation in operations:
        with pytest.raises(ConflictError, match="another window"):
            operation()
    assert session.state() is first


def test_many_threads_make_every_change_once(session: Session) -> None:
    def choose(clip: int) -> None:
        while True:
            try:
                locked(session, clip)
            except ConflictError:
                continue
            return

    threads = [threading.Thread(target=choose, args=(clip,)) for clip in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(clip.locked for clip in session.state().edit.clips)
    assert session.state().revision == 4


def test_what_another_program_has_written_is_not_overwritten(path: Path, session: Session) -> None:
    locked(session, 0)
    elsewhere = choosing.choose_black(edit(), 2)
    elsewhere.save(path)
    for operation in (
        lambda: locked(session, 1),
        lambda: session.undo(session.state().revision),
    ):
        with pytest.raises(ConflictError, match=r"cut\.json: another program .* load it again, or save"):
            operation()
    assert EditList.load(path) == elsewhere
    # It is loaded, and undone to what it was here.
    state = session.reload()
    assert (state.edit, state.saved, state.can_undo) == (elsewhere, True, True)
    back = session.undo(state.revision)
    assert [clip.locked for clip in back.edit.clips] == [True, False, False]
    assert EditList.load(path) == back.edit


def test_two_sessions_on_one_file(path: Path) -> None:
    with closing(Session.open(path)) as one, closing(Session.open(path)) as two:
        mine = locked(one, 0)
        with pytest.raises(ConflictError, match="another program"):
            locked(two, 1)
        assert EditList.load(path) == mine.edit
        two.reload()
        both = locked(two, 1)
        assert [clip.locked for clip in both.edit.clips] == [True, True, False]


def test_a_file_that_was_only_touched_or_copied_is_no_conflict(path: Path, session: Session) -> None:
    os.utime(path, (1, 1))
    locked(session, 0)
    shutil.copy(path, path.with_name("copy.json"))
    path.unlink()
    path.with_name("copy.json").rename(path)
    assert locked(session, 1).saved
    # One that is gone is written again.
    path.unlink()
    assert locked(session, 2).saved
    assert EditList.load(path) == session.state().edit


def test_under_another_name_the_work_goes_on(path: Path, session: Session) -> None:
    locked(session, 0)
    choosing.choose_black(edit(), 2).save(path)
    before = path.read_bytes()
    target = path.with_name("other.json")
    state = session.save_as(target)
    assert session.path == target
    assert (state.saved, EditList.load(target)) == (True, state.edit)
    assert locked(session, 1).saved
    assert path.read_bytes() == before
    with closing(Session.open(target)) as again:
        assert again.state().can_undo
    with pytest.raises(OutputError, match="is there already"):
        session.save_as(path)
    with pytest.raises(OutputError, match=r"ends in \.json"):
        session.save_as(path.with_name("film.mp4"))
    assert session.path == target


def test_a_file_that_is_damaged_meanwhile_is_not_loaded(path: Path, session: Session) -> None:
    path.write_text("{")
    before = session.state()
    with pytest.raises(EditError, match="line 1"):
        session.reload()
    assert session.state() is before


# A full disk


@pytest.fixture
def full(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Switches the disk full and empty."""

    def switch(on: bool) -> None:
        def refuse(descriptor: int) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.undo()
        if on:
            monkeypatch.setattr(os, "fsync", refuse)

    return switch


def test_on_a_full_disk_nothing_is_lost(path: Path, session: Session, full: Callable[[bool], None]) -> None:
    first = locked(session, 0)
    full(True)
    for clip in (1, 2):
        state = locked(session, clip)
        assert not state.saved
        assert "the disk is full" in state.message
        assert state.edit.clips[clip].locked
    assert not session.save().saved
    assert EditList.load(path) == first.edit
    assert session.undo(state.revision).edit.clips[1].locked
    full(False)
    state = session.save()
    assert (state.saved, state.message) == (True, "")
    assert EditList.load(path) == state.edit == session.state().edit
    # All that was done meanwhile can be undone after a restart.
    with closing(Session.open(path)) as again:
        assert again.redo(again.state().revision).edit.clips[2].locked


def test_the_next_change_writes_what_a_full_disk_did_not_take(
    path: Path, session: Session, full: Callable[[bool], None]
) -> None:
    full(True)
    locked(session, 0)
    full(False)
    state = locked(session, 1)
    assert state.saved
    assert [clip.locked for clip in EditList.load(path).clips] == [True, True, False]


def test_where_older_states_cannot_be_kept_the_edit_is_saved_and_that_is_said(path: Path, session: Session) -> None:
    path.with_name("cut.json.history").write_text("a file in its place")
    state = locked(session, 0)
    assert state.saved
    assert "cut.json.history" in state.message
    assert EditList.load(path) == state.edit
    assert session.undo(state.revision).edit == edit()


# Films that have moved


@pytest.fixture
def moved(archive: Path, trailer: Path, tmp_path: Path) -> tuple[Path, Library, Path]:
    """An edit, its library, and the films that the edit does not find any more."""
    films = tmp_path / "films"
    shutil.copytree(archive, films)
    index([films], tmp_path / "lib", encoder="pixels")
    library = Library.open(tmp_path / "lib")
    match(trailer, library).save(tmp_path / "cut.json")
    films.rename(tmp_path / "elsewhere")
    return tmp_path / "cut.json", library, tmp_path / "elsewhere"


def test_films_that_are_nowhere_are_offline(moved: tuple[Path, Library, Path]) -> None:
    path, _, _ = moved
    with closing(Session.open(path)) as session:
        state = session.state()
        assert state.offline == {film.fingerprint for film in state.edit.films}
        assert state.edit.trailer is not None
        assert state.edit.trailer.fingerprint not in state.offline
        # They can be chosen all the same.
        clip = state.edit.clips[0]
        assert session.choose(state.revision, 0, *shot_of(clip.suggestions[2])).saved


def test_films_that_the_library_has_seen_elsewhere_are_found(moved: tuple[Path, Library, Path]) -> None:
    path, library, elsewhere = moved
    index([elsewhere], library.path)
    with closing(Session.open(path, Library.open(library.path))) as session:
        state = session.state()
        assert state.offline == frozenset()
        assert {film.path.parent for film in state.edit.films} == {elsewhere}
        assert EditList.load(path).films[0].path.parent != elsewhere  # nothing was written yet
        state = locked(session, 0)
        assert {film.path.parent for film in EditList.load(path).films} == {elsewhere}
        assert {film.path.parent for film in session.undo(state.revision).edit.films} == {elsewhere}


class closing:
    """A session for a while."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, *_: object) -> None:
        self._session.close()
