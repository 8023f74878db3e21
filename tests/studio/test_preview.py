"""The preview: the newest edit is shown, and what older ones share with it is not made twice."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from reinterpret import choosing
from reinterpret.choosing import shot_of
from reinterpret.clip_transitions import Fade
from reinterpret.edits import EditList, Soundtrack
from reinterpret.frames import FrameReader
from reinterpret.rendering import segments
from reinterpret.studio.preview import Preview
from tests.judging import edit_of, number_of, numbered_film, pictures, sound_packets, with_sound


@pytest.fixture
def edit(edit_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> EditList:
    """The edit, of which no segment is made yet."""
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    return EditList.load(edit_path)


class Encoding:
    """Which clips of an edit were encoded to the end, and whether its trailer; each one waits until it may."""

    def __init__(self) -> None:
        self._encode = segments._Encoder.encode
        self.began, self.go_on = threading.Semaphore(0), threading.Event()
        self.made: list[int] = []
        self.copied: list[int] = []

    def encode(self, encoder: Any, path: Path, number: int, planes: Any) -> bool:
        self.began.release()
        assert self.go_on.wait(20)
        made = self._encode(encoder, path, number, planes)
        if made:
            beside = encoder.settings.layout == "side-by-side"
            (self.made if beside else self.copied).append(encoder.edit.clips[number].first_frame)
        return made


@pytest.fixture
def encoding(monkeypatch: pytest.MonkeyPatch) -> Encoding:
    """In place of that of the segments."""
    watched = Encoding()
    # A function, so that it becomes a method.
    monkeypatch.setattr(segments._Encoder, "encode", lambda *arguments: watched.encode(*arguments))
    return watched


@pytest.fixture
def preview() -> Iterator[Preview]:
    """One clip at a time."""
    made = Preview(jobs=1)
    yield made
    made.close()


def shown(preview: Preview, revision: int) -> Path:
    """The film of a revision, waited for."""
    end = time.monotonic() + 30
    while preview.state.revision != revision or preview.state.running:
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.01)
    return preview.path(revision)


def other(edit: EditList, clip: int) -> EditList:
    """The edit with another suggestion for a clip."""
    shows = edit.clips[clip].match
    assert shows is not None
    return choosing.choose(
        edit, clip, next(found for found in edit.clips[clip].suggestions if shot_of(found) != shot_of(shows))
    )


def test_what_is_given_up_for_a_newer_edit_is_not_lost(edit: EditList, encoding: Encoding, preview: Preview) -> None:
    preview.want(edit, 1)
    assert encoding.began.acquire(timeout=20)
    # It changes before it is done.
    preview.want(other(edit, 0), 2)
    encoding.go_on.set()
    assert len(pictures(shown(preview, 2))) == edit.grid.frame_count
    assert sorted(encoding.made) == [clip.first_frame for clip in edit.clips]
    with pytest.raises(LookupError):
        preview.path(1)


def test_a_change_makes_one_segment(edit: EditList, encoding: Encoding, preview: Preview) -> None:
    encoding.go_on.set()
    preview.want(edit, 1)
    first = shown(preview, 1)
    before = len(encoding.made)
    preview.want(other(edit, 2), 2)
    second = shown(preview, 2)
    assert encoding.made[before:] == [edit.clips[2].first_frame]
    assert first.exists()
    assert first != second


def test_a_fade_or_dissolve_that_is_set_or_removed_is_seen(
    edit: EditList, encoding: Encoding, preview: Preview
) -> None:
    encoding.go_on.set()
    preview.want(edit, 1)
    plain = pictures(shown(preview, 1))
    faded = choosing.set_fade_in(edit, 2, Fade("black", (0.0, 0.5)))
    before = len(encoding.made)
    preview.want(faded, 2)
    seen = pictures(shown(preview, 2))
    first = edit.clips[2].first_frame
    assert encoding.made[before:] == [first]
    half = plain[0][1].shape[1] // 2
    assert seen[first][1][:, half:].max() < 20
    assert abs(seen[first + 1][1][:, half:].mean() - plain[first + 1][1][:, half:].mean() / 2) < 4
    # The trailer beside it is as it was.
    assert abs(seen[first][1][:, :half].mean() - plain[first][1][:, :half].mean()) < 2
    preview.want(edit, 3)
    assert shown(preview, 3).exists()


def test_the_trailer_is_copied_once(
    edit: EditList, encoding: Encoding, preview: Preview, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoding.go_on.set()
    preview.want(edit, 1)
    shown(preview, 1)
    assert encoding.copied == [0]
    assert preview.state.total == 2 * edit.grid.frame_count
    opened: list[Path] = []

    def counted(reader: FrameReader) -> None:
        opened.append(reader._video.path)
        open_reader(reader)

    open_reader = FrameReader._open
    monkeypatch.setattr(FrameReader, "_open", counted)
    changed = other(edit, 2)
    preview.want(changed, 2)
    shown(preview, 2)
    assert encoding.copied == [0]
    assert preview.state.total == edit.grid.frame_count
    assert edit.trailer is not None
    assert changed.clips[2].match is not None
    assert edit.trailer.path not in opened
    assert changed.film(changed.clips[2].match.film).path in opened


@pytest.mark.parametrize("delays", [(0, 0), (0.3, 0), (0, 0.3)])
def test_the_preview_shows_each_frame_of_the_trailer_beside_that_of_the_edit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, preview: Preview, delays: tuple[float, float]
) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    # Not in one part.
    monkeypatch.setattr("reinterpret.studio.preview._COPIED_FRAMES", 64)
    slots = [slot for slot in range(201) if slot != 77]
    silent = numbered_film(tmp_path / "dropped.mkv", 200, film=1, times=[Fraction(slot, 25) for slot in slots])
    delayed = {"sound_delay": delays[0], "picture_delay": delays[1]}
    trailer = with_sound(silent, tmp_path / "trailer.mkv", "aac", seconds=8, **delayed)
    archive = numbered_film(tmp_path / "archive.mp4", 250, film=2)
    edit = edit_of(trailer, (70, archive, 1), (100, None, 0), (30, archive, 2))
    preview.want(edit, 1)
    film = shown(preview, 1)
    seen = pictures(film)
    across = seen[0][1].shape[1] // 2
    assert [when - seen[0][0] for when, _ in seen] == [Fraction(slot, 25) for slot in slots]
    assert [number_of(picture[:, :across]) for _, picture in seen] == [(1, frame) for frame in range(200)]
    right = [number_of(picture[:, across:]) for _, picture in seen[:70] + seen[170:]]
    assert right == [(2, 25 + frame) for frame in range(70)] + [(2, 50 + frame) for frame in range(30)]
    heard, original = sound_packets(film), sound_packets(trailer)
    assert [content for _, content in heard] == [content for _, content in original]
    # Matroska rounds to a millisecond.
    assert all(abs(now - then) < 0.002 for (now, _), (then, _) in zip(heard, original, strict=True))


def test_what_nobody_sees_makes_no_film(edit: EditList, encoding: Encoding, preview: Preview) -> None:
    encoding.go_on.set()
    preview.want(edit, 1)
    film = shown(preview, 1)
    modified = film.stat().st_mtime_ns
    for revision in range(2, 8):
        preview.want(choosing.lock(edit, clip=revision % len(edit.clips)), revision)
        assert shown(preview, revision) == film
    assert film.stat().st_mtime_ns == modified
    preview.want(other(edit, 0), 8)
    assert shown(preview, 8) != film
    # A player may still be reading it.
    assert film.exists()


def test_a_choice_waits_for_nothing_else_that_is_made(edit: EditList, encoding: Encoding) -> None:
    encoding.go_on.set()
    asked: list[int] = []

    def something_else_is_made() -> bool:
        asked.append(len(encoding.made))
        return False

    # So many shots that all of them are more than a person waits for.
    split = choosing.split(choosing.split(edit, 0, 10), 2, 35)
    preview = Preview(jobs=1, give_way=something_else_is_made)
    try:
        preview.want(split, 1)
        shown(preview, 1)
        assert len(split.clips) == 7
        assert asked
        asked.clear()
        preview.want(other(split, 6), 2)
        shown(preview, 2)
        assert len(encoding.made) == 8
        assert not asked
    finally:
        preview.close()


def test_another_sound_makes_another_film(edit: EditList, encoding: Encoding, preview: Preview) -> None:
    encoding.go_on.set()
    preview.want(edit, 1)
    film = shown(preview, 1)
    # Another program has written it, and it was loaded again.
    preview.want(replace(edit, soundtrack=Soundtrack("none")), 2)
    silent = shown(preview, 2)
    with av.open(str(film)) as loud, av.open(str(silent)) as quiet:
        assert (len(loud.streams.audio), len(quiet.streams.audio)) == (1, 0)


def test_films_of_long_ago_are_deleted(edit: EditList, encoding: Encoding, preview: Preview) -> None:
    encoding.go_on.set()
    films = []
    for revision in range(1, 6):
        preview.want(edit if revision % 2 else other(edit, 0), revision)
        films.append(shown(preview, revision))
    assert [film.exists() for film in films] == [False, False, True, True, True]


def test_closing_does_not_wait_for_the_rest(edit: EditList, encoding: Encoding) -> None:
    preview = Preview(jobs=1)
    preview.want(edit, 1)
    assert encoding.began.acquire(timeout=20)
    closing = threading.Thread(target=preview.close)
    closing.start()
    encoding.go_on.set()
    closing.join(20)
    assert not closing.is_alive()
    assert len(encoding.made) <= 1
