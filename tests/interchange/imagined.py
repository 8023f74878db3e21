"""Edits of films that were never made: any rates, speeds, holds and lengths, and nothing to decode."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from hypothesis import strategies as st

from reinterpret.edits import Clip, EditList, Match
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video
from tests.test_edits import transitions

NTSC = Fraction(30000, 1001)
RECORD_RATES = [
    NTSC * 4 / 5,
    Fraction(24),
    Fraction(25),
    NTSC,
    Fraction(30),
    Fraction(50),
    2 * NTSC,
    Fraction(60),
]
SOURCE_RATES = [*RECORD_RATES, Fraction(12), Fraction(15), Fraction(18), Fraction(25, 2), Fraction(29937, 1000)]
HOURS = 3600


def video(name: str, digit: str, rate: Fraction, seconds: int = 12 * HOURS, *, audio: bool = True) -> Video:
    return Video(
        path=Path("/films") / name,
        fingerprint=digit * 32,
        frame_rate=rate,
        frame_count=int(seconds * rate),
        width=320,
        height=180,
        rotation=0,
        sample_aspect=Fraction(1),
        duration=Fraction(seconds),
        start=Fraction(0),
        audio=audio,
        container="mov,mp4,m4a,3gp,3g2,mj2",
    )


def one_clip() -> EditList:
    """Two seconds of a film of a minute, under a trailer as long."""
    film = video("b.mov", "b", Fraction(25), 60)
    match = Match(0, film.fingerprint, 0, Span(Fraction(0), Fraction(60)), Span(Fraction(0), Fraction(2)), 0.5, ())
    trailer = video("a.mov", "a", Fraction(25))
    return EditList(trailer, FrameGrid(Fraction(25), 50), (film,), (Clip(0, 50, "footage", match),))


@st.composite
def edits(draw: st.DrawFn) -> EditList:
    """Clips of any length up to hours, in-points on frames and between them, shots that are too short, lost places."""
    rate = draw(st.sampled_from(RECORD_RATES))
    films = [video(f"film {digit}.mp4", digit, draw(st.sampled_from(SOURCE_RATES))) for digit in "bcd"]

    def match(number: int, seconds: Fraction) -> Match:
        film = draw(st.sampled_from(films))
        begin = Fraction(draw(st.integers(0, 1_000_000))) / film.frame_rate
        begin += draw(st.sampled_from([Fraction(0), Fraction(1, 3000), 1 / film.frame_rate / 2]))
        room = draw(st.sampled_from([Fraction(1, 2), Fraction(1), Fraction(3)])) * seconds + Fraction(1, 25)
        shot = Span(max(Fraction(0), begin - draw(st.sampled_from([0, 1, 7]))), begin + room)
        score = draw(st.floats(-1, 1))
        words = draw(st.sampled_from(["", "same movement: pan left", "dunkel & <still>"]))
        used = Span(begin, min(begin + seconds, shot.end))
        return Match(
            number, film.fingerprint, draw(st.integers(0, 999)), shot, used, score, (("content", score),), words
        )

    clips: list[Clip] = []
    first = 0
    for number in range(draw(st.integers(1, 6))):
        frames = draw(st.one_of(st.integers(1, 300), st.integers(1, int(2 * HOURS * rate))))
        kind = draw(st.sampled_from(["footage", "footage", "footage", "footage", "black", "white", "title"]))
        speed = draw(st.sampled_from([Fraction(1), Fraction(1), Fraction(1, 2), Fraction(5, 8), Fraction(1234, 1777)]))
        seconds = frames / rate * speed
        others = tuple(match(number, seconds) for _ in range(draw(st.integers(0, 2))))
        changing = draw(transitions(frames, clips[-1] if clips else None))
        if kind == "footage":
            clips.append(Clip(first, frames, "footage", match(number, seconds), speed, others, **changing))
        else:
            clips.append(Clip(first, frames, kind, suggestions=others, **changing))
        first += frames
    places = st.integers(1, first - 1) if first > 1 else st.nothing()
    dropped = tuple(sorted(draw(st.sets(places, max_size=3)))) if first > 1 else ()
    trailer = video("trailer.mp4", "a", rate)
    return EditList(trailer, FrameGrid(rate, first, dropped), tuple(films), tuple(clips))


@st.composite
def changing_edits(draw: st.DrawFn) -> EditList:
    """Short clips of long shots that mostly dissolve or fade, at any rates and speeds; black and white between some."""
    rate = draw(st.sampled_from(RECORD_RATES))
    films = [video(f"film {digit}.mp4", digit, draw(st.sampled_from(SOURCE_RATES))) for digit in "bc"]
    clips: list[Clip] = []
    first = 0
    for number in range(draw(st.integers(2, 6))):
        frames = draw(st.integers(1, 40))
        kind = draw(st.sampled_from(["footage", "footage", "footage", "footage", "black", "white"]))
        changing = draw(transitions(frames, clips[-1] if clips else None))
        if kind != "footage":
            clips.append(Clip(first, frames, kind, **changing))
        else:
            film = draw(st.sampled_from(films))
            begin = draw(st.integers(2000, 2100)) / film.frame_rate + draw(st.sampled_from([0, Fraction(1, 1000)]))
            speed = draw(st.sampled_from([Fraction(1), Fraction(1), Fraction(1, 2), Fraction(5, 8), Fraction(2)]))
            used = Span(begin, begin + frames / rate * speed)
            match = Match(number, film.fingerprint, 0, Span(Fraction(0), Fraction(HOURS)), used, 0.5, ())
            clips.append(Clip(first, frames, "footage", match, speed, **changing))
        first += frames
    places = st.integers(1, first - 1) if first > 1 else st.nothing()
    dropped = tuple(sorted(draw(st.sets(places, max_size=2)))) if first > 1 else ()
    return EditList(video("trailer.mp4", "a", rate), FrameGrid(rate, first, dropped), tuple(films), tuple(clips))
