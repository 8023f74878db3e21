"""The recorder: every frame that was handed in has its place in the film, whatever the encoder had time for."""

from __future__ import annotations

import time
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from reinterpret.errors import FfmpegError, OutputError
from reinterpret.ffmpeg import FrameSink
from reinterpret.live.recorder import Recorder
from reinterpret.rendering.panel import Planes
from tests.judging import number_of, numbered_picture, pictures

RATE = Fraction(30000, 1001)


def planes_of(number: int) -> Planes:
    luma = np.ascontiguousarray(numbered_picture(number, 2, 160, 90)[:, :, 0])
    return Planes(luma, np.full((45, 80), 128, np.uint8), np.full((45, 80), 128, np.uint8))


def test_every_frame_stands_where_it_was_handed_in(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4", 160, 90, RATE)
    for number in range(30):
        recorder.write(planes_of(number), count=1 + number % 2, wait=True)
    assert recorder.finish() == tmp_path / "out.mp4"
    recorded = pictures(tmp_path / "out.mp4")
    assert [number_of(luma)[1] for _, luma in recorded] == [n for n in range(30) for _ in range(1 + n % 2)]
    assert [seconds for seconds, _ in recorded] == [n / RATE for n in range(45)]


def test_a_slow_encoder_delays_nobody_and_the_film_is_as_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = FrameSink.write

    def slowly(sink: FrameSink, pixels: memoryview) -> None:
        time.sleep(0.005)
        write(sink, pixels)

    monkeypatch.setattr(FrameSink, "write", slowly)
    recorder = Recorder(tmp_path / "out.mp4", 160, 90, RATE)
    for number in range(100):
        recorder.write(planes_of(number))
    assert recorder.passed_over > 0
    recorder.finish()
    numbers = [number_of(luma)[1] for _, luma in pictures(tmp_path / "out.mp4")]
    assert len(numbers) == 100
    # What there was no time for is replaced by what came before it.
    assert all(number <= place for place, number in enumerate(numbers))
    assert sum(number < place for place, number in enumerate(numbers)) == recorder.passed_over


def test_nothing_recorded_leaves_nothing(tmp_path: Path) -> None:
    assert Recorder(tmp_path / "out.mp4", 160, 90, RATE).finish() is None
    assert not list(tmp_path.iterdir())


def test_an_encoder_that_fails_is_told(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4", 161, 90, RATE)  # libx264 takes even widths alone
    recorder.write(planes_of(0), wait=True)
    with pytest.raises(FfmpegError, match="ffmpeg failed"):
        recorder.finish()
    assert not list(tmp_path.iterdir())


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_is_told_in_a_sentence(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "out.mp4", 160, 90, RATE)
    recorder.write(planes_of(0), wait=True)
    with pytest.raises(OutputError, match=r"out\.mp4: cannot be written, the disk is full; make room on it"):
        recorder.finish()
