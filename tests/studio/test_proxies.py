"""Proxies on demand: made once, the newest first, given up when nobody waits."""

from __future__ import annotations

import os
import threading
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from reinterpret.errors import VideoError
from reinterpret.files import prune
from reinterpret.rendering.proxies import Moving, Still
from reinterpret.studio.proxies import Proxies
from reinterpret.studio.waveform import outline, peaks
from reinterpret.video import probe
from tests.judging import number_of, numbered_film


@dataclass
class Slow:
    """Something that takes until it is let go, and remembers when it was made."""

    name: str
    made: list[str]
    go: threading.Event = field(default_factory=threading.Event)
    suffix = ".txt"

    def key(self) -> str:
        return self.name

    def make(self, path: Path) -> None:
        self.made.append(self.name)
        assert self.go.wait(10)
        path.write_text(self.name)


def test_asked_for_by_many_at_once_it_is_made_once(tmp_path: Path) -> None:
    made: list[str] = []
    wanted = Slow("one", made)
    with Proxies(tmp_path, workers=4) as proxies, ThreadPoolExecutor(8) as people:
        paths = [people.submit(proxies.path, wanted) for _ in range(8)]
        wanted.go.set()
        assert {path.result().read_text() for path in paths} == {"one"}
        assert made == ["one"]
        # And it is kept.
        assert proxies.path(Slow("one", made)).read_text() == "one"
    assert made == ["one"]


def test_the_newest_wish_comes_first_and_given_up_ones_never(tmp_path: Path) -> None:
    made: list[str] = []
    first, *others = [Slow(name, made) for name in ("first", "second", "third", "fourth")]
    with Proxies(tmp_path, workers=1) as proxies, proxies.order(first) as running:
        while not made:
            pass
        orders = [proxies.order(wanted) for wanted in others]
        orders[1].__exit__(None, None, None)
        for wanted in (first, *others):
            wanted.go.set()
        running.made.result()
        for order in (orders[0], orders[2]):
            order.made.result()
    assert made == ["first", "fourth", "second"]
    assert orders[1].made.cancelled()


def test_closing_calls_off_what_waits(tmp_path: Path) -> None:
    made: list[str] = []
    running, waiting = Slow("running", made), Slow("waiting", made)
    proxies = Proxies(tmp_path, workers=1)
    first = proxies.order(running)
    while not made:
        pass
    second = proxies.order(waiting)
    running.go.set()
    proxies.close()
    assert first.made.result().read_text() == "running"
    with pytest.raises(CancelledError):
        second.made.result()
    assert made == ["running"]


def test_what_cannot_be_made_raises_for_those_who_wait_and_is_tried_again(tmp_path: Path) -> None:
    film = numbered_film(tmp_path / "film.mp4", 30)
    video = probe(film)
    kept = film.read_bytes()
    with Proxies(tmp_path / "cache") as proxies:
        film.unlink()
        with pytest.raises(VideoError, match="no such file"):
            proxies.path(Still(video, Fraction(25), 7, 90))
        film.write_bytes(kept)
        assert proxies.path(Still(video, Fraction(25), 7, 90)).exists()


def test_stills_and_stretches_show_the_very_frame(tmp_path: Path) -> None:
    video = probe(numbered_film(tmp_path / "film.mp4", 60, film=3))
    still, moving = tmp_path / "still.jpg", tmp_path / "moving.mp4"
    for place in (0, 1, 31, 59):
        Still(video, Fraction(25), place, 90).make(still)
        with Image.open(still) as picture:
            assert number_of(np.asarray(picture.convert("L"))) == (3, place)
    Moving(video, Fraction(25), 17, 44, 90).make(moving)
    with av.open(str(moving)) as container:
        numbers = [number_of(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]
    assert numbers == [(3, place) for place in range(17, 44)]


def test_browsers_get_what_they_play_whatever_the_film_is_coded_as(tmp_path: Path) -> None:
    video = probe(numbered_film(tmp_path / "film.mkv", 10, codec="ffv1", size=(90, 160), turns=0))
    made = tmp_path / "moving.mp4"
    Moving(video, video.frame_rate, 0, 10, 144).make(made)
    with av.open(str(made)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height) == (82, 144)


def test_the_cache_keeps_what_was_used_last(tmp_path: Path) -> None:
    for age, name in enumerate(("new", "middle", "old", "oldest")):
        (tmp_path / name).write_bytes(bytes(1000))
        os.utime(tmp_path / name, (1_000_000 - age, 1_000_000 - age))
    (tmp_path / ".being-written").write_bytes(bytes(9000))
    prune(tmp_path, most_bytes=2500, keep=[tmp_path / "oldest"])
    assert {path.name for path in tmp_path.iterdir()} == {"new", "oldest", ".being-written"}


def test_peaks_are_twenty_a_second_and_silence_is_a_line(trailer: Path) -> None:
    found = peaks(trailer, Fraction(0), Fraction(5))
    assert len(found) == 100
    assert 0.1 < min(found) < max(found) <= 1
    assert outline([0.0] * 3).count(" 50") == 8
