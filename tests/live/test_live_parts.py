"""Mailbox, controls, stopwatches, stage and player: each by itself."""

from __future__ import annotations

import threading
from dataclasses import replace
from fractions import Fraction
from itertools import islice
from pathlib import Path

import av
import numpy as np
import pytest

from reinterpret.errors import UsageError
from reinterpret.library import Library
from reinterpret.live.controls import KEYS, Controls, pressed
from reinterpret.live.mailbox import Mailbox
from reinterpret.live.matcher import STILL_PRESETS
from reinterpret.live.player import Player, playing
from reinterpret.live.stage import LAYOUTS, Box, Stage, StageLayout, boxes, rgb, stage_size
from reinterpret.live.stopwatches import Stopwatches
from reinterpret.neighbours import Hit
from reinterpret.video import Video, probe
from tests.judging import numbered_film

RATE = Fraction(25)


# Mailbox


def test_only_the_newest_is_in_the_mailbox() -> None:
    mailbox: Mailbox[int] = Mailbox()
    for number in (1, 2, 3):
        mailbox.put(number)
    assert mailbox.take() == 3
    assert mailbox.take(0) is None


def test_what_was_left_before_the_end_can_still_be_taken() -> None:
    mailbox: Mailbox[int] = Mailbox()
    mailbox.put(7)
    mailbox.close()
    assert not mailbox.over
    assert mailbox.take() == 7
    assert mailbox.over
    assert mailbox.take() is None


def test_who_waits_is_woken() -> None:
    mailbox: Mailbox[int] = Mailbox()
    threading.Timer(0.05, mailbox.put, [5]).start()
    assert mailbox.take(10) == 5


# Controls


def after(keys: str) -> Controls:
    controls = Controls()
    for key in keys:
        controls = pressed(controls, ord(key))
    return controls


def test_keys_go_round() -> None:
    assert [after("l" * times).layout for times in range(4)] == [*LAYOUTS, LAYOUTS[0]]
    assert {after("c" * times).by for times in range(len(STILL_PRESETS))} == set(STILL_PRESETS)
    assert after("c" * len(STILL_PRESETS)).by == "balanced"
    assert pressed(Controls(by=None), ord("c")).by == STILL_PRESETS[0]


@pytest.mark.parametrize(
    ("key", "name"), [("m", "mirror"), ("f", "frozen"), (" ", "frozen"), ("r", "recording"), ("t", "stats")]
)
def test_keys_switch_on_and_off(key: str, name: str) -> None:
    assert [getattr(after(key * times), name) for times in range(3)] == [False, True, False]


def test_keys_that_mean_nothing_change_nothing() -> None:
    assert after("xyz0\r") == Controls()
    assert after("Q").leave
    assert after("\x1b").leave
    assert after("ss").stills == 2


def test_every_key_is_named_for_people() -> None:
    assert [words.split()[0] for words in KEYS.removeprefix("keys: ").split(", ")] == list("lcmfsrtq")


def test_one_frame_is_not_asked_for_movement() -> None:
    assert set(STILL_PRESETS) == {"balanced", "content", "composition", "colour", "scale"}


# Stopwatches


def test_medians_of_durations() -> None:
    watches = Stopwatches()
    assert watches.latency().median_ms is None
    for milliseconds in range(1, 101):
        watches.add(milliseconds / 1000 + 0.0002)
    assert (watches.latency().median_ms, watches.latency().p95_ms) == (50.5, 95.5)
    watches.add(1e9)


# Stage


@pytest.fixture(scope="module")
def film(clips: Path) -> Video:
    return probe(numbered_film(clips / "live-numbers.mp4", 40, film=1, size=(320, 180)))


def plain(red: int, green: int, blue: int, *, width: int = 320, height: int = 180) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(np.full((height, width, 3), (red, green, blue), np.uint8), "rgb24")


@pytest.mark.parametrize("aspect", [Fraction(16, 9), Fraction(4, 3), Fraction(9, 16), Fraction(12, 5), Fraction(1)])
@pytest.mark.parametrize("size", [(1280, 720), (854 * 2, 480), (640, 480), (32, 16)])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pictures_lie_on_the_stage_and_not_on_each_other(
    layout: StageLayout, size: tuple[int, int], aspect: Fraction
) -> None:
    live, archive = boxes(layout, *size, aspect)
    for box in (live, archive):
        if box is not None:
            assert all(value % 2 == 0 for value in (box.left, box.top, box.width, box.height))
            assert min(box.left, box.top) >= 0
            assert min(box.width, box.height) >= 2
            assert box.left + box.width <= size[0]
            assert box.top + box.height <= size[1]
    if layout == "side-by-side":
        assert live is not None
        assert live.left + live.width == archive.left
        assert (live.width, live.height, live.top) == (archive.width, archive.height, archive.top)
    else:
        assert archive == Box(0, 0, *size)
        assert (live is None) == (layout == "archive")


def test_the_stage_has_the_shape_of_the_screen_or_of_the_pictures(film: Video) -> None:
    assert stage_size(film, "side-by-side", screen=True) == (1280, 720)
    assert stage_size(film, "archive", screen=True, height=1080) == (1920, 1080)
    assert stage_size(film, "side-by-side", height=180) == (640, 180)
    assert stage_size(film, "inset", height=180) == (320, 180)
    with pytest.raises(UsageError, match="between 16 and 4320"):
        stage_size(film, "inset", height=3)


def test_each_picture_is_where_the_layout_says(film: Video) -> None:
    stage = Stage(film, 640, 180)
    red, blue = plain(200, 30, 30), plain(30, 30, 200)
    pair = rgb(stage.draw("side-by-side", red, (film, blue)))
    assert pair.shape == (180, 640, 3)
    assert np.abs(pair[90, 100].astype(int) - (200, 30, 30)).max() < 6
    assert np.abs(pair[90, 500].astype(int) - (30, 30, 200)).max() < 6
    alone = rgb(stage.draw("archive", red, (film, blue)))
    assert np.abs(alone.astype(int) - (30, 30, 200)).max() < 6
    inset = rgb(stage.draw("inset", red, (film, blue)))
    assert np.abs(inset[20, 20].astype(int) - (30, 30, 200)).max() < 6
    assert np.abs(inset[150, 600].astype(int) - (200, 30, 30)).max() < 6


def test_before_the_first_match_the_archive_is_black(film: Video) -> None:
    frame = rgb(Stage(film, 640, 180).draw("side-by-side", plain(200, 30, 30), None))
    assert frame[:, 330:].max() < 6


def test_a_mirror_turns_the_live_picture_alone(film: Video) -> None:
    halves = np.zeros((180, 320, 3), np.uint8)
    halves[:, :160] = 220
    picture = av.VideoFrame.from_ndarray(halves, "rgb24")
    frame = rgb(Stage(film, 640, 180).draw("side-by-side", picture, (film, picture), mirror=True))
    assert [int(frame[90, column, 0]) > 128 for column in (80, 240, 400, 560)] == [False, True, True, False]


# Player


def test_footage_plays_on_through_its_film_and_begins_again(library: Library) -> None:
    film = max(library.fingerprints(), key=lambda name: len(library.shots(name)))
    shots = library.shots(film)
    frames = round(shots[-1].span.end * RATE) - shots[1].body_start_frame
    found = list(islice(playing(shots, 1, RATE, "on"), frames + 2))
    assert found[0] == (shots[1].body.start, 1)
    assert [shot for _, shot in found[:frames]] == sorted(shot for _, shot in found[:frames])
    assert found[frames - 1][1] == len(shots) - 1
    assert found[frames] == found[0]


def test_or_its_shot_goes_round(library: Library) -> None:
    film = library.fingerprints()[0]
    shot = library.shots(film)[0]
    count = shot.body_end_frame - shot.body_start_frame
    found = list(islice(playing(library.shots(film), 0, RATE, "loop"), 2 * count))
    assert found[:count] == found[count:]
    assert {number for _, number in found} == {0}
    assert found[count - 1][0] < shot.body.end


def test_a_change_is_seen_when_its_frames_are_there_and_never_before(library: Library) -> None:
    films = library.fingerprints()[:2]
    before = threading.active_count()
    with Player(library, RATE) as player:
        assert player.frame() == (None, False)
        player.change(Hit(films[0], 0, 0.5))
        first, changed = player.frame(wait=True)
        assert changed
        assert first is not None
        assert first.key == (films[0], 0)
        second, changed = player.frame(wait=True)
        assert not changed
        assert second is not None
        assert second.seconds == first.seconds + 1 / RATE
        for hit in (Hit(films[1], 0, 0.6), Hit(films[0], 1, 0.5), Hit(films[1], 1, 0.4)):
            player.prepare(hit)
        player.change(Hit(films[1], 0, 0.6))
        third, changed = player.frame(wait=True)
        assert changed
        assert third is not None
        assert third.film == films[1]
        # Frames that nobody had the time to show are passed over: footage keeps its speed.
        fourth, _ = player.frame(5, wait=True)
        assert fourth is not None
        assert fourth.seconds == third.seconds + 5 / RATE
    assert threading.active_count() == before


def test_what_a_shot_needed_goes_back_to_the_system_when_it_ends(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the thread that decoded it: the screen does not wait for that."""
    released: list[str] = []
    monkeypatch.setattr(
        "reinterpret.live.player.release_unused", lambda: released.append(threading.current_thread().name)
    )
    film = library.fingerprints()[0]
    with Player(library, RATE) as player:
        for shot in (0, 1, 0):
            player.change(Hit(film, shot, 0.5))
            player.frame(wait=True)
    assert released == ["live reel"] * 3


def test_a_film_that_is_gone_is_left_out_and_the_picture_stays(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    films = library.fingerprints()[:2]
    gone = replace(library.video(films[1]), path=tmp_path / "gone.mp4")
    real = Library.video
    monkeypatch.setattr(Library, "video", lambda self, film: gone if film == films[1] else real(self, film))
    with Player(library, RATE) as player:
        player.change(Hit(films[0], 0, 0.5))
        player.frame(wait=True)
        player.change(Hit(films[1], 0, 0.5))
        shown, changed = player.frame(wait=True)
        assert not changed
        assert shown is not None
        assert shown.film == films[0]
        assert player.broken == {films[1]}
    assert "gone.mp4: no such file" in caplog.text
