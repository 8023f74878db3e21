"""What files say about themselves: timecode, reel, sound; films that have moved, gone or changed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from reinterpret.edits import EditList
from reinterpret.interchange.media import (
    counted,
    media_facts,
    position,
    shown_spans,
    sound_facts,
)
from reinterpret.library import Library
from reinterpret.relinking import is_there, relinked
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.judging import edit_of, ffmpeg, numbered_film, remade, with_sound

NTSC = Fraction(30000, 1001)


@pytest.fixture(scope="module")
def plain(clips: Path) -> Path:
    return numbered_film(clips / "media-plain.mov", 60, rate=NTSC)


def test_timecode_and_reel_are_read_from_quicktime(plain: Path, tmp_path: Path) -> None:
    options = ("-c", "copy", "-timecode", "01:02:03;04", "-metadata:s:v", "reel_name=A001C002")
    facts = media_facts(probe(remade(plain, tmp_path / "a.mov", *options)))
    # 01:02:03 is 3723 s; 6 labels fewer were dropped in two minutes than 2 each: 62 - 6 = 56 minutes drop 2.
    assert facts.start_frame == (3600 + 123) * 30 + 4 - 2 * (62 - 6)
    assert (facts.timecode, facts.drop, facts.reel) == ("01:02:03;04", True, "A001C002")
    assert (facts.label(0), facts.label(26)) == ("01:02:03;04", "01:02:04;00")
    assert (facts.rate, facts.frame_count, facts.offline) == (NTSC, 60, False)


def test_thirty_frames_a_second_may_be_labelled_as_if_dropped(tmp_path: Path) -> None:
    # As Apple's telephones do, barefootford/buttercut#123: frames are numbered so, whatever their rate.
    film = numbered_film(tmp_path / "a.mov", 10, rate=30)
    facts = media_facts(probe(remade(film, tmp_path / "b.mkv", "-c", "copy", "-metadata:s:v", "timecode=00:10:00;02")))
    assert (facts.rate, facts.drop, facts.start_frame, facts.label(0)) == (Fraction(30), True, 17984, "00:10:00;02")
    plain = media_facts(probe(film))
    assert (plain.drop, plain.label(0)) == (False, "00:00:00:00")


@pytest.mark.parametrize(("name", "codec"), [("a.mp4", "copy"), ("a.mxf", "mpeg2video")])
def test_timecode_is_read_from_other_containers(plain: Path, tmp_path: Path, name: str, codec: str) -> None:
    sized = ("-vf", "scale=720:480", "-pix_fmt", "yuv420p") if codec != "copy" else ()
    path = remade(plain, tmp_path / name, *sized, "-c:v", codec, "-timecode", "10:00:00:15")
    facts = media_facts(probe(path))
    assert (facts.start_frame, facts.drop, facts.timecode) == (10 * 3600 * 30 + 15, False, "10:00:00:15")


def test_a_timecode_that_cannot_be_is_not_used(tmp_path: Path) -> None:
    film = numbered_film(tmp_path / "a.mkv", 10, rate=25)
    for label, start, kept in (("01:00:00:24", 90024, "01:00:00:24"), ("01:00:00:29", 0, ""), ("noon", 0, "")):
        path = remade(film, tmp_path / "b.mkv", "-c", "copy", "-metadata:s:v", f"timecode={label}")
        facts = media_facts(probe(path))
        assert (facts.start_frame, facts.timecode) == (start, kept)


def test_what_carries_no_timecode_begins_at_nought(plain: Path) -> None:
    facts = media_facts(probe(plain))
    assert (facts.start_frame, facts.timecode, facts.reel) == (0, "", "")
    # at 29.97 the clock is kept
    assert facts.label(0) == "00:00:00;00"


def test_sound_is_described(plain: Path, tmp_path: Path) -> None:
    film = with_sound(plain, tmp_path / "a.mov", "pcm_s16le", seconds=2)
    facts = media_facts(probe(film))
    assert (facts.audio_channels, facts.audio_rate) == (1, 48000)
    assert media_facts(probe(plain)).audio_channels == 0
    ffmpeg("-y", "-i", str(film), "-vn", "-ac", "2", "-ar", "44100", str(tmp_path / "a.wav"))
    alone = sound_facts(tmp_path / "a.wav", Fraction(25))
    assert (alone.audio_channels, alone.audio_rate, alone.frame_count, alone.offline) == (2, 44100, 50, False)
    assert sound_facts(tmp_path / "gone.wav", Fraction(25)).offline


def test_turned_films_are_described_upright(tmp_path: Path) -> None:
    facts = media_facts(replace(probe(numbered_film(tmp_path / "a.mp4", 5)), rotation=90, sample_aspect=Fraction(4, 3)))
    assert (facts.width, facts.height, facts.sample_aspect) == (90, 160, Fraction(3, 4))


def test_a_film_that_is_gone_or_another_by_now_is_offline(plain: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(plain, tmp_path / "a.mov"))
    video = probe(path)
    assert is_there(video)
    numbered_film(path, 61, rate=NTSC)
    assert not is_there(video)
    assert media_facts(video).offline
    path.unlink()
    facts = media_facts(video)
    assert (facts.offline, facts.path, facts.rate, facts.frame_count) == (True, path, NTSC, 60)


def test_films_that_have_moved_are_found_by_the_library(library: Library, trailer: Path, tmp_path: Path) -> None:
    name = library.find_film("one.mp4")
    film = library.video(name)
    edit = edit_of(trailer, (125, film.path, 0))
    moved = replace(edit, films=(replace(edit.films[0], path=tmp_path / "gone" / "one.mp4"),))
    assert [found.path for found in relinked(moved, library).films] == [film.path]
    assert relinked(moved, None) == moved
    stranger = replace(edit.films[0], fingerprint="0" * 32, path=tmp_path / "gone.mp4")
    unknown = EditList(edit.trailer, edit.grid, (*moved.films, stranger), moved.clips)
    assert [found.path for found in relinked(unknown, library).films] == [film.path, tmp_path / "gone.mp4"]


def test_frames_are_on_the_screen_from_their_time_to_the_next(tmp_path: Path) -> None:
    times = [Fraction(n, 10) for n in (0, 1, 3, 4, 8, 9, 10, 14, 15, 16)]
    video = probe(numbered_film(tmp_path / "a.mp4", 10, times=times))
    spans = shown_spans(video, [Fraction(0), Fraction(29, 100), Fraction(3, 10), Fraction(7, 10), Fraction(99, 10)])
    assert spans[Fraction(0)] == Span(times[0], times[1])
    assert spans[Fraction(29, 100)] == Span(times[1], times[2])
    assert spans[Fraction(3, 10)] == Span(times[2], times[3])
    assert spans[Fraction(7, 10)] == Span(times[3], times[4])
    assert spans[Fraction(99, 10)].start == times[9]
    assert shown_spans(replace(video, timestamps="counted"), [Fraction(0)]) == {}


def test_positions_lie_on_the_frame_that_is_named() -> None:
    rate = Fraction(10)
    # a constant rate: the frame that is on the screen, also a thousandth before its own time
    assert [position(Fraction(instant), None, rate) for instant in ("0.3", "0.34", "0.2995", "0.29")] == [3, 3, 3, 2]
    # a frame that comes between two positions is named by the later
    late = Span(Fraction("0.32"), Fraction("0.55"))
    assert position(Fraction("0.32"), late, rate) == 4
    # it is on the screen at 4 and 5: the place of the instant itself is kept
    assert position(Fraction("0.53"), late, rate) == 5
    # one that is gone before the next position is named by the nearest
    brief = Span(Fraction("0.32"), Fraction("0.38"))
    assert position(Fraction("0.32"), brief, rate) == 3


def test_a_variable_rate_is_counted_finely_enough(tmp_path: Path) -> None:
    facts = media_facts(probe(numbered_film(tmp_path / "a.mp4", 20, rate=10)))
    assert counted(facts, [Span(Fraction("0.3"), Fraction("0.4"))]) == facts
    finer = counted(replace(facts, start_frame=600), [Span(Fraction("0.32"), Fraction("0.34"))])
    assert (finer.rate, finer.frame_count, finer.start_frame) == (Fraction(30), 60, 1800)
