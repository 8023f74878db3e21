"""`webcam` from one end to the other: a film or a made-up camera in, a recording and a report out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

import reinterpret
from reinterpret.errors import LibraryError, OutputError, ReinterpretError, UsageError, VideoError
from reinterpret.library import Library
from reinterpret.live import source as live_source
from reinterpret.live import window as live_window
from reinterpret.live.source import cameras, open_source
from reinterpret.video import OPEN_OPTIONS, open_address, probe
from tests.conftest import make_video
from tests.judging import ROOT, number_of, numbered_film, numbered_picture, pictures, remade

# Processes, films and interruptions: CI runs it, `make test` has to stay short.
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Whatever happens in a session, its threads end with it."""
    before = threading.active_count()
    yield
    assert threading.active_count() == before


class FakeCapture:
    """A camera that gives numbered pictures, 50 a second, and is pulled out after some of them."""

    there: ClassVar[dict[int, int]] = {}
    """How many pictures each camera gives."""

    def __init__(self, number: int) -> None:
        self._left = self.there.get(number, 0)
        self._opened = number in self.there
        self._number = 0

    def isOpened(self) -> bool:
        return self._opened

    def set(self, what: int, value: float) -> bool:
        return False

    def get(self, what: int) -> float:
        return 25.0

    def read(self) -> tuple[bool, np.ndarray | None]:
        time.sleep(0.02)
        if self._number >= self._left:
            return False, None
        self._number += 1
        return True, np.ascontiguousarray(numbered_picture(self._number, 9, 160, 90)[:, :, ::-1])

    def release(self) -> None:
        self._opened = False


@pytest.fixture
def fake_cameras(monkeypatch: pytest.MonkeyPatch) -> dict[int, int]:
    """Which cameras there are, and how many pictures each gives."""
    import cv2

    there: ClassVar[dict[int, int]] = {}
    monkeypatch.setattr(FakeCapture, "there", there)
    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)
    return there


# What is recorded


def test_the_recording_has_every_frame_at_the_rate_of_the_film(library: Library, trailer: Path, tmp_path: Path) -> None:
    report = reinterpret.webcam(library, trailer, out=tmp_path / "out.mp4", headless=True, height=180, realtime=False)
    recorded = probe(tmp_path / "out.mp4")
    times = [seconds for seconds, _ in pictures(tmp_path / "out.mp4")]
    assert (report.ended, report.frames, report.queries, report.repeated) == ("over", 125, 125, 0)
    assert report.output == tmp_path / "out.mp4"
    assert (recorded.width, recorded.height, recorded.frame_rate) == (640, 180, 25)
    assert times == [Fraction(number, 25) for number in range(125)]
    assert not recorded.audio
    assert report.latency.median_ms is not None
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_in_real_time_it_has_as_many_although_some_were_passed_over(
    library: Library, clips: Path, tmp_path: Path
) -> None:
    film = numbered_film(clips / "live-thirty.mp4", 45, film=3, rate=Fraction(30000, 1001), size=(320, 180))
    report = reinterpret.webcam(library, film, out=tmp_path / "out.mp4", headless=True, height=180)
    shown = pictures(tmp_path / "out.mp4")
    assert (report.frames, len(shown)) == (45, 45)
    assert report.seconds >= 44 * 1001 / 30000
    # Each frame stands in its place or is a repetition of an earlier one, and the last is the film's last.
    numbers = [number_of(luma, (0, 0, 320, 180)) for _, luma in shown]
    assert all(film == 3 and number <= place for place, (film, number) in enumerate(numbers[1:], start=1))
    assert numbers[-1] == (3, 44)


def test_the_film_itself_is_what_its_pictures_find(library: Library, archive: Path, tmp_path: Path) -> None:
    """A film of the archive before the camera: after each cut, its own shot stands on the other side."""
    film = archive / "two.mp4"  # 50 frames of "test", 50 of "plate", 75 of "colours"
    report = reinterpret.webcam(
        library, film, out=tmp_path / "out.mp4", headless=True, height=180, hold=0.2, then="loop", realtime=False
    )
    assert [(shown.video.name, shown.shot) for shown in report.shown] == [("two.mp4", number) for number in range(3)]
    assert [shown.time for shown in report.shown] == pytest.approx([0, 2.08, 4.08], abs=0.13)
    assert report.changes == 2
    recorded, frames = pictures(tmp_path / "out.mp4"), pictures(film)
    for shown, following in zip(report.shown, [*report.shown[1:], None], strict=True):
        # From the first frame of the shot on, frame by frame and round and round, until the next.
        first, last = round(shown.time * 25), 174 if following is None else round(following.time * 25) - 1
        for frame in (first, (first + last) // 2, last):
            right = recorded[frame][1][:, 320:]
            there = frames[round(shown.start_seconds * 25) + (frame - first) % (50, 50, 75)[shown.shot]][1]
            assert np.corrcoef(right.ravel(), there.ravel())[0, 1] > 0.95, frame


@pytest.mark.parametrize(
    ("layout", "size"), [("archive", (320, 180)), ("inset", (320, 180)), ("side-by-side", (640, 180))]
)
def test_layouts_as_they_are_recorded(
    library: Library, trailer: Path, tmp_path: Path, layout: Any, size: tuple[int, int]
) -> None:
    report = reinterpret.webcam(
        library,
        str(trailer),
        out=tmp_path / "out.mp4",
        headless=True,
        layout=layout,
        height=180,
        seconds=0.5,
        stats=True,
        realtime=False,
    )
    recorded = probe(tmp_path / "out.mp4")
    assert (recorded.width, recorded.height, recorded.frame_count) == (*size, 13)
    assert report.ended == "seconds"


def test_a_variable_rate_is_recorded_at_a_constant_one(library: Library, clips: Path, tmp_path: Path) -> None:
    times = [Fraction(number * number, 250) for number in range(20)]
    film = numbered_film(clips / "live-variable.mp4", 20, film=4, size=(320, 180), times=times)
    video = probe(film)
    report = reinterpret.webcam(library, film, out=tmp_path / "out.mp4", headless=True, height=180, realtime=False)
    assert report.frames == len(pictures(tmp_path / "out.mp4"))
    assert report.frames == pytest.approx(float(times[-1] * video.frame_rate) + 1, abs=1)


# Cameras


def test_a_camera_that_is_unplugged_ends_clearly_and_the_recording_is_whole(
    library: Library, fake_cameras: dict[int, int], tmp_path: Path
) -> None:
    fake_cameras[1] = 40
    report = reinterpret.webcam(library, 1, out=tmp_path / "out.mp4", headless=True, height=90)
    assert report.ended == "lost"
    assert report.reason == "camera 1: gives no more pictures; was it unplugged, or taken by another program?"
    shown = pictures(tmp_path / "out.mp4")
    assert len(shown) == report.frames
    # 39 pictures (the first told the size) in 0.8 s and more, at 25 a second.
    assert len(shown) >= 20
    # Of pictures that came too close together for the rate the first is recorded.
    film, number = number_of(np.fliplr(shown[-1][1][:, :160]))
    assert film == 9
    assert 37 <= number <= 40


def test_the_number_of_seconds_is_kept_to_the_frame(
    library: Library, fake_cameras: dict[int, int], tmp_path: Path
) -> None:
    fake_cameras[0] = 10_000
    report = reinterpret.webcam(library, out=tmp_path / "out.mp4", headless=True, height=90, seconds=0.8, mirror=False)
    shown = pictures(tmp_path / "out.mp4")
    assert (report.ended, report.frames, len(shown)) == ("seconds", 20, 20)
    assert number_of(shown[0][1][:, :160])[0] == 9


def test_without_a_camera_those_are_named_that_are_there(
    library: Library, fake_cameras: dict[int, int], tmp_path: Path
) -> None:
    arguments: dict[str, Any] = {"out": tmp_path / "out.mp4", "headless": True}
    with pytest.raises(VideoError, match=r"camera 0 cannot be opened; there is no other; .*--video FILE"):
        reinterpret.webcam(library, 0, **arguments)
    fake_cameras.update({2: 0, 3: 50})
    assert cameras() == [2, 3]
    with pytest.raises(VideoError, match=r"camera 0 cannot be opened; there are these: 2, 3; name one with --camera"):
        reinterpret.webcam(library, 0, **arguments)
    with pytest.raises(VideoError, match=r"camera 2 gives no picture; there are these: 3"):
        reinterpret.webcam(library, 2, **arguments)
    assert not list(tmp_path.iterdir())


def test_a_real_computer_without_a_camera_is_told_so_and_nothing_else_is_printed(
    library: Library, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    if cameras():
        pytest.skip("there is a camera here")
    with pytest.raises(VideoError, match="plug one in"):
        reinterpret.webcam(library, out=tmp_path / "out.mp4", headless=True)
    assert capfd.readouterr() == ("", "")


# Windows and keys


class FakeWindow:
    """A screen that presses a key at some frames."""

    keys: ClassVar[dict[int, str]] = {}

    def __init__(self) -> None:
        self.shown: list[Any] = []

    def __enter__(self) -> FakeWindow:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def show(self, planes: Any) -> None:
        self.shown.append(planes)

    def key(self) -> int | None:
        key = self.keys.get(len(self.shown))
        return None if key is None else ord(key)


def test_keys_change_what_is_recorded(
    library: Library, trailer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reinterpret.live.webcam.Window", FakeWindow)
    # From the 5th frame on the archive alone, a still at the 6th, by colour from the 7th, the end after the 20th.
    monkeypatch.setattr(FakeWindow, "keys", {4: "l", 6: "s", 7: "c", 20: "q"})
    report = reinterpret.webcam(library, trailer, out=tmp_path / "out.mp4", height=180, realtime=False)
    shown = pictures(tmp_path / "out.mp4")
    assert (report.ended, report.frames, len(shown)) == ("key", 20, 20)
    # Side by side on a screen there is black above and below.
    assert shown[3][1][:30].max() < 20
    assert shown[4][1][:30].max() > 30
    assert [path.suffix for path in report.stills] == [".png"]
    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".mp4", ".png"]


def test_a_frozen_picture_is_recorded_as_it_stands_and_a_pause_is_not(
    library: Library, clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = numbered_film(clips / "live-frozen.mp4", 30, film=5, size=(320, 180))
    monkeypatch.setattr("reinterpret.live.webcam.Window", FakeWindow)
    monkeypatch.setattr(FakeWindow, "keys", {5: "f", 10: " ", 12: "r", 17: "r", 20: "q"})
    report = reinterpret.webcam(library, film, out=tmp_path / "out.mp4", height=180, realtime=False)
    # The live picture is 160 x 90 in the left half of the screen's 320 x 180, 45 lines from the top (44: even).
    numbers = [number_of(luma, (0, 44, 160, 90))[1] for _, luma in pictures(tmp_path / "out.mp4")]
    assert report.frames == 20
    assert numbers == [0, 1, 2, 3, 4, *[4] * 5, 10, 11, 17, 18, 19]


def test_no_screen_proposes_to_do_without(
    library: Library, trailer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(live_window.sys, "platform", "linux")
    with pytest.raises(OutputError, match=r"no window can be opened .*; record without one: --headless -o FILE"):
        reinterpret.webcam(library, trailer)


@pytest.mark.slow
def test_a_screen_that_does_not_answer_is_no_crash(
    library: Library, trailer: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Qt would end this process.
    monkeypatch.setenv("DISPLAY", ":987")
    monkeypatch.setattr(live_window.sys, "platform", "linux")
    with pytest.raises(OutputError, match="--headless"):
        reinterpret.webcam(library, trailer)


# What cannot be done


def test_what_cannot_be_meant_is_refused(library: Library, archive: Path, trailer: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    for arguments, said in (
        ({"headless": True}, "nothing to see"),
        ({"out": out, "layout": "corner"}, "side-by-side, archive, inset"),
        ({"out": out, "then": "stop"}, "on, loop"),
        ({"out": out, "hold": -1}, "--hold"),
        ({"out": out, "seconds": 0}, "--seconds"),
        ({"out": out, "weights": {"movement": 1.0}}, "one frame tells nothing of movement"),
        ({"out": out, "height": 5}, "between 16 and 4320"),
        ({"out": tmp_path / "out.txt"}, "ends in .mp4"),
        ({"out": trailer}, "one of the inputs"),
        ({"out": archive / "one.mp4"}, "one of the inputs"),
    ):
        with pytest.raises((UsageError, OutputError), match=said):
            reinterpret.webcam(library, trailer, **{"headless": True, **arguments})
    with pytest.raises(UsageError, match="a camera does not wait"):
        reinterpret.webcam(library, 0, out=out, headless=True, realtime=False)
    assert not list(tmp_path.iterdir())


def test_an_empty_library_is_told(trailer: Path, tmp_path: Path) -> None:
    empty = Library.create(
        tmp_path / "empty", encoder="pixels", encoder_version="1", detection=reinterpret.Detection("none")
    )
    with pytest.raises(LibraryError, match="is empty; index films into it"):
        reinterpret.webcam(empty, trailer, out=tmp_path / "out.mp4", headless=True)
    black = make_video(tmp_path / "black.mp4", ("color=black:size=320x180:rate=25", 1))
    reinterpret.index([black], tmp_path / "black", encoder="pixels")
    with pytest.raises(LibraryError, match="has no footage that can be shown"):
        reinterpret.webcam(Library.open(tmp_path / "black"), trailer, out=tmp_path / "out.mp4", headless=True)


def test_an_archive_whose_films_have_gone_is_told(trailer: Path, tmp_path: Path) -> None:
    film = make_video(tmp_path / "films.mp4", ("fractal", 1))
    reinterpret.index([film], tmp_path / "lib", encoder="pixels")
    film.unlink()
    with pytest.raises(LibraryError, match="has no footage that can be shown"):
        reinterpret.webcam(
            Library.open(tmp_path / "lib"), trailer, out=tmp_path / "out.mp4", headless=True, height=90, realtime=False
        )
    # What was seen until then was recorded all the same.
    assert len(pictures(tmp_path / "out.mp4")) >= 1


def test_a_source_that_is_no_video_is_named(library: Library, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no film")
    for source, said in ((text, "notes.txt: is not a video"), (tmp_path / "none.mp4", "no such file")):
        with pytest.raises(VideoError, match=said):
            reinterpret.webcam(library, source, out=tmp_path / "out.mp4", headless=True)


# Streams


def test_only_streams_are_opened_at_an_address() -> None:
    for address in ("file:///etc/hostname", "concat:a|b", "playlist://x", "subfile,,start,0,end,0,,:x://y"):
        with pytest.raises(ReinterpretError), open_address(address):
            pass
    with (
        pytest.raises(VideoError, match=r"streams begin with http://, .*, not with gopher://"),
        open_address("gopher://x"),
    ):
        pass
    assert OPEN_OPTIONS["protocol_whitelist"] == "file"


def test_a_film_on_a_server_is_a_stream(library: Library, trailer: Path, tmp_path: Path) -> None:
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *arguments: Any) -> None:
            pass

        def copyfile(self, source: Any, outputfile: Any) -> None:
            # Whoever has seen enough hangs up, in the middle of the file if it comes slowly.
            with suppress(ConnectionError):
                super().copyfile(source, outputfile)

    class Server(ThreadingHTTPServer):
        # Closing waits for those who still send: their threads are none that a session has left.
        daemon_threads = False

    # Matroska, as its head comes first: this server cannot begin in the middle of a file.
    remade(trailer, tmp_path / "clip.mkv", "-c", "copy", "-an")
    (tmp_path / "list.m3u8").write_text("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nclip.mkv\n#EXT-X-ENDLIST\n")
    server = Server(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        address = f"http://127.0.0.1:{server.server_port}"
        report = reinterpret.webcam(
            library, f"{address}/clip.mkv", out=tmp_path / "out.mp4", headless=True, height=90, seconds=0.4
        )
        assert (report.ended, len(pictures(tmp_path / "out.mp4"))) == ("seconds", 10)
        # A playlist would open other addresses.
        with pytest.raises(VideoError, match="cannot be opened as a stream"):
            reinterpret.webcam(library, f"{address}/list.m3u8", out=tmp_path / "out.mp4", headless=True)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_windows_drive_is_no_address(tmp_path: Path) -> None:
    assert not live_source.is_address("C:/films/clip.mp4")
    with pytest.raises(VideoError, match="no such file"), open_source(str(tmp_path / "c.mp4"), realtime=True):
        pass


# The command


def command(library: Library, *words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "reinterpret", "webcam", "-L", str(library.path), *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


@pytest.mark.slow
def test_an_interrupted_recording_is_whole(library: Library, clips: Path, tmp_path: Path) -> None:
    film = make_video(clips / "live-long.mp4", ("fractal", 60))
    process = command(library, "--video", film, "--headless", "-o", tmp_path / "out.mp4", "--json")
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob(".out.*.mp4")) and time.monotonic() < deadline:
        time.sleep(0.1)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    said, complained = process.communicate(timeout=60)
    assert process.returncode == 130, complained
    assert '"ended": "interrupted"' in said
    assert len(pictures(tmp_path / "out.mp4")) >= 20
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


# Real footage


@pytest.mark.media
@pytest.mark.slow
def test_real_clips_find_themselves(media: Path, tmp_path: Path) -> None:
    names = ("closeup-pouring-coffee.mp4", "interior-waving-hand-plant.mp4", "face-man-yellow-wall.mp4")
    films = [media / "archive" / name for name in names]
    reinterpret.index(films, tmp_path / "lib", detection=reinterpret.Detection("none"))
    library = Library.open(tmp_path / "lib")
    for film in films:
        report = reinterpret.webcam(
            library, film, out=tmp_path / f"{film.stem}.mp4", headless=True, height=180, seconds=2, realtime=False
        )
        assert [shown.video.name for shown in report.shown] == [film.name]
        assert report.shown[0].score > 0.5
