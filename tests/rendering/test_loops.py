"""Loops: which frame of a stretch is shown when, and where a stretch goes over into itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.library import Library
from reinterpret.neighbours import Hit
from reinterpret.rendering.loops import Loop, best_moments, find_loop, loop_planes
from reinterpret.timebase import Span
from reinterpret.video import Video, probe
from tests.judging import number_of, numbered_film


@pytest.fixture(scope="module")
def film(clips: Path) -> Video:
    """100 frames at 25 a second that carry their numbers."""
    return probe(numbered_film(clips / "looped.mp4", 100, film=3))


def shown(loop: Loop, count: int, rate: Fraction = Fraction(25)) -> list[int]:
    return [number_of(planes.y)[1] for planes in loop_planes(loop, count, rate, width=160, height=90)]


def test_a_stretch_is_shown_again_and_again(film: Video) -> None:
    loop = Loop(film, Span(Fraction(2), Fraction(2) + Fraction(4, 25)))
    assert loop.frame_count(Fraction(25)) == 4
    assert shown(loop, 10) == [50, 51, 52, 53, 50, 51, 52, 53, 50, 51]


def test_to_and_fro_shows_no_end_twice(film: Video) -> None:
    loop = Loop(film, Span(Fraction(2), Fraction(2) + Fraction(4, 25)), to_and_fro=True)
    assert loop.frame_count(Fraction(25)) == 6
    assert shown(loop, 14) == [50, 51, 52, 53, 52, 51, 50, 51, 52, 53, 52, 51, 50, 51]


def test_a_slower_rate_leaves_frames_out(film: Video) -> None:
    loop = Loop(film, Span(Fraction(1), Fraction(2)))
    assert shown(loop, 10, Fraction(25, 2)) == [25, 27, 29, 31, 33, 35, 37, 39, 41, 43]


@given(
    start=st.integers(0, 3000).map(lambda n: Fraction(n, 1000)),
    length=st.integers(1, 900).map(lambda n: Fraction(n, 1000)),
    rate=st.sampled_from([Fraction(5), Fraction(25, 2), Fraction(25), Fraction(30000, 1001), Fraction(60)]),
    to_and_fro=st.booleans(),
    frame=st.integers(0, 10_000),
)
def test_no_instant_lies_outside_the_stretch(
    start: Fraction, length: Fraction, rate: Fraction, to_and_fro: bool, frame: int
) -> None:
    video = Video(
        Path("f.mp4"), "0" * 32, Fraction(25), 100, 160, 90, 0, Fraction(1), Fraction(4), Fraction(0), False, "mp4"
    )
    loop = Loop(video, Span(start, start + length), to_and_fro)
    assert start <= loop.source_seconds(frame, rate) < start + length + Fraction(1, 25)


def turning(path: Path, count: int, period: int, *, once: bool = False) -> Video:
    """A film of a bright spot on a circle: it is where it was after `period` frames; or crosses the picture once."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        stream.options = {"preset": "ultrafast", "crf": "10"}
        rows, columns = np.mgrid[:96, :160]
        for number in range(count):
            angle = 2 * np.pi * number / period
            place = (80 + 50 * np.cos(angle), 48 + 30 * np.sin(angle)) if not once else (150 * number / count + 5, 48.0)
            spot = np.exp(-((columns - place[0]) ** 2 + (rows - place[1]) ** 2) / 200)
            picture = np.repeat((40 + 180 * spot).astype(np.uint8)[..., None], 3, axis=2)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    return probe(path)


@pytest.mark.parametrize("period", [30, 40, 55])
def test_a_loop_ends_where_it_begins(tmp_path: Path, period: int) -> None:
    video = turning(tmp_path / "round.mp4", 200, period)
    loop = find_loop(video, Span(Fraction(0), Fraction(8)), Fraction(8, 5))
    assert not loop.to_and_fro
    rounds = loop.span.duration * 25 / period
    assert abs(rounds - round(rounds)) * period <= 1
    assert round(rounds) == 1


def test_what_never_returns_runs_to_and_fro(tmp_path: Path) -> None:
    video = turning(tmp_path / "once.mp4", 100, 1, once=True)
    usable = Span(Fraction(0), Fraction(4))
    loop = find_loop(video, usable, Fraction(2))
    assert loop.to_and_fro
    assert loop.span.duration == 1
    assert usable.start <= loop.span.start < loop.span.end <= usable.end


def test_a_loop_is_looked_for_near_what_is_asked_for(tmp_path: Path) -> None:
    video = turning(tmp_path / "long.mp4", 750, 40)
    loop = find_loop(video, Span(Fraction(0), Fraction(30)), Fraction(8, 5), about=Fraction(25))
    assert Fraction(18) <= loop.span.start < loop.span.end <= Fraction(30)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_shot_of_a_few_frames_is_a_loop_too(tmp_path: Path, count: int) -> None:
    video = probe(numbered_film(tmp_path / "short.mp4", count))
    loop = find_loop(video, Span(Fraction(0), Fraction(count, 25)), Fraction(5, 2))
    assert len(shown(loop, 7)) == 7
    assert loop.span.end <= Fraction(count, 25)


def test_moments_are_as_long_as_asked_for_and_within_their_shots(library: Library) -> None:
    hits = [Hit(film, shot.number, 0.5) for film in library.fingerprints() for shot in library.shots(film)]
    for loop, hit in zip(best_moments(library, hits, Fraction(5, 2)), hits, strict=True):
        body = library.shots(hit.film)[hit.shot].body
        assert loop.span.duration == min(Fraction(5, 2), body.duration)
        assert body.start <= loop.span.start
        assert loop.span.end <= body.end
