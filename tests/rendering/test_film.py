"""Rendered films, judged by decoding them: which frame stands where, which sound is heard when."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret import frames
from reinterpret.edits import Clip, EditList
from reinterpret.errors import EditError, OutputError, UsageError
from reinterpret.rendering.film import panel_size, render, side_by_side_path
from reinterpret.rendering.joining import _fine_time_base as fine_time_base
from reinterpret.rendering.joining import _read_segment, join
from reinterpret.rendering.segments import Stopped
from reinterpret.video import FrameGrid, Video
from tests.judging import (
    ROOT,
    atoms,
    children,
    decoded_facts,
    edit_of,
    expected_numbers,
    ffmpeg,
    number_of,
    numbered_film,
    pictures,
    remade,
    sound_packets,
    sound_seconds,
    turned,
    with_sound,
)

QUICK = {"preset": "ultrafast"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("films")


@pytest.fixture(scope="module")
def silent(folder: Path) -> Path:
    """A trailer of 60 frames at 25 a second, film number 1."""
    return numbered_film(folder / "trailer.mp4", 60, film=1)


@pytest.fixture(scope="module")
def source(folder: Path) -> Path:
    """An archive film of 200 frames at 25 a second, film number 2."""
    return numbered_film(folder / "source.mp4", 200, film=2)


@pytest.fixture(scope="module")
def other(folder: Path) -> Path:
    """An archive film of 200 frames at 25 a second, film number 3."""
    return numbered_film(folder / "other.mp4", 200, film=3)


@pytest.fixture(scope="module")
def edit(silent: Path, source: Path, other: Path) -> EditList:
    """Five clips, one of them black, another of one frame."""
    return edit_of(silent, (20, source, 4), (13, other, 1), (6, None, 0), (1, source, 0.4), (20, other, 5))


def numbers(film: Path, **box: tuple[float, float, float, float]) -> list[int | None]:
    """The number that every frame of a film carries; None for a black frame."""
    return [None if picture.max() < 30 else number_of(picture, **box)[1] for _, picture in pictures(film)]


# The frames


def test_every_frame_is_the_one_that_the_edit_names(edit: EditList, tmp_path: Path) -> None:
    made = render(edit, tmp_path / "out.mp4", **QUICK)
    assert made == [tmp_path / "out.mp4"]
    assert numbers(made[0]) == expected_numbers(edit)


def test_cuts_stand_on_their_frames(edit: EditList, tmp_path: Path) -> None:
    render(edit, tmp_path / "out.mp4", **QUICK)
    films = [0 if picture.max() < 30 else number_of(picture)[0] for _, picture in pictures(tmp_path / "out.mp4")]
    assert [(film, len(list(run))) for film, run in itertools.groupby(films)] == [
        (2, 20),
        (3, 13),
        (0, 6),
        (2, 1),
        (3, 20),
    ]


def test_the_picture_is_the_source_s_and_no_other_frame_is_as_like(edit: EditList, tmp_path: Path) -> None:
    render(edit, tmp_path / "out.mp4", **QUICK)
    film = [picture.astype(float) for _, picture in pictures(tmp_path / "out.mp4")]
    footage = [picture.astype(float) for _, picture in pictures(edit.films[0].path)]
    for clip in (edit.clips[0], edit.clips[3]):
        middle = clip.first_frame + clip.frame_count // 2
        named = expected_numbers(edit)[middle]
        differences = [float(np.abs(film[middle] - picture).mean()) for picture in footage]
        assert int(np.argmin(differences)) == named
        assert differences[named] < 4
        assert sorted(differences)[1] > 1.5 * differences[named]


def test_frames_lie_evenly_on_the_grid_of_the_trailer(edit: EditList, tmp_path: Path) -> None:
    render(edit, tmp_path / "out.mp4", **QUICK)
    assert [when for when, _ in pictures(tmp_path / "out.mp4")] == [Fraction(frame, 25) for frame in range(60)]


def test_the_stream_is_what_players_expect(edit: EditList, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    render(edit, out, **QUICK)
    with av.open(str(out)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.pix_fmt, stream.average_rate) == ("h264", "yuv420p", 25)
        assert (context.colorspace, context.color_range) == (1, 1)
        assert not container.streams.audio
    order = atoms(out)
    assert order.index("moov") < order.index("mdat")
    assert ffmpeg("-xerror", "-i", str(out), "-f", "null", "-") == ""


def corner(path: Path) -> np.ndarray:
    """Mean Y, U and V of the upper left corner of the third frame of a film."""
    with av.open(str(path)) as container:
        frame = list(container.decode(video=0))[2]
        planes = [np.frombuffer(plane, np.uint8).reshape(plane.height, -1) for plane in frame.planes[:3]]
    return np.array([plane[1:9, 1:9].mean() for plane in planes])


def rgb(yuv: np.ndarray, red: float, blue: float) -> np.ndarray:
    """0 to 255; red and blue: their part of luma (ITU-R BT.601: 0.299, 0.114; BT.709: 0.2126, 0.0722)."""
    y, u, v = (yuv[0] - 16) / 219, (yuv[1] - 128) / 224, (yuv[2] - 128) / 224
    r, b = y + 2 * (1 - red) * v, y + 2 * (1 - blue) * u
    return 255 * np.array([r, (y - red * r - blue * b) / (1 - red - blue), b])


def test_colours_are_the_source_s(silent: Path, tmp_path: Path) -> None:
    for matrix, parts in (("bt709", (0.2126, 0.0722)), ("smpte170m", (0.299, 0.114))):
        film = tmp_path / f"{matrix}.mp4"
        tags = ("-colorspace", matrix, "-color_primaries", matrix, "-color_trc", matrix, "-color_range", "tv")
        tagged = f"setparams=range=tv:colorspace={matrix}:color_primaries={matrix}:color_trc={matrix}"
        picture = f"color=c=0xc83214:size=160x90:rate=25,format=yuv420p,{tagged}"
        ffmpeg("-y", "-f", "lavfi", "-t", "3", "-i", picture, "-c:v", "libx264", "-crf", "8", *tags, str(film))
        render(edit_of(silent, (60, film, 0)), tmp_path / "out.mp4", **QUICK)
        assert np.abs(rgb(corner(tmp_path / "out.mp4"), 0.2126, 0.0722) - rgb(corner(film), *parts)).max() < 4


def test_both_layouts(edit: EditList, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    made = render(edit, tmp_path / "out.mp4", layout="both", on_frames=lambda *done: told.append(done), **QUICK)
    assert made == [tmp_path / "out.mp4", tmp_path / "out.side-by-side.mp4"]
    assert told[-1] == (120, 120)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert numbers(made[0]) == expected_numbers(edit)
    for frame, ((_, picture), named) in enumerate(zip(pictures(made[1]), expected_numbers(edit), strict=True)):
        assert picture.shape == (90, 320)
        assert number_of(picture[:, :160]) == (1, frame)
        if named is None:
            assert picture[:, 160:].max() < 30
        else:
            assert number_of(picture[:, 160:])[1] == named


def test_side_by_side_alone_takes_the_name_it_is_given(edit: EditList, tmp_path: Path) -> None:
    assert render(edit, tmp_path / "pair.mov", layout="side-by-side", **QUICK) == [tmp_path / "pair.mov"]
    assert pictures(tmp_path / "pair.mov")[0][1].shape == (90, 320)


@pytest.mark.parametrize("speed", [Fraction(1, 2), Fraction(83, 100), Fraction(2)])
def test_slow_and_fast_clips_show_the_frames_of_their_instants(
    silent: Path, source: Path, tmp_path: Path, speed: Fraction
) -> None:
    edit = edit_of(silent, (30, source, 1), (30, source, 3), speed=speed)
    render(edit, tmp_path / "out.mp4", **QUICK)
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


def test_a_trailer_that_is_its_own_archive_is_read_in_two_places_at_once(silent: Path, tmp_path: Path) -> None:
    edit = edit_of(silent, (30, silent, 1), (30, silent, 0))
    render(edit, tmp_path / "out.mp4", layout="side-by-side", **QUICK)
    for frame, (_, picture) in enumerate(pictures(tmp_path / "out.mp4")):
        assert number_of(picture[:, :160]) == (1, frame)
        assert number_of(picture[:, 160:]) == (1, (frame + 25) if frame < 30 else frame - 30)


def test_the_trailer_is_opened_once_for_all_clips(
    silent: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Path] = []
    make = frames.FrameReader.__init__

    def counted(self: frames.FrameReader, video: Video, *, threads: int = 1) -> None:
        opened.append(video.path)
        make(self, video, threads=threads)

    monkeypatch.setattr(frames.FrameReader, "__init__", counted)
    edit = edit_of(silent, *[(10, source, number) for number in range(6)])
    render(edit, tmp_path / "out.mp4", layout="side-by-side", jobs=1, **QUICK)
    assert sorted(opened) == sorted([silent, source])


def test_a_source_that_ends_is_held(silent: Path, folder: Path, tmp_path: Path) -> None:
    short = numbered_film(folder / "short.mp4", 10, film=4)
    edit = edit_of(silent, (60, short, 0))
    render(edit, tmp_path / "out.mp4", **QUICK)
    assert numbers(tmp_path / "out.mp4") == [*range(10), *[9] * 50]


# Titles and captions


def with_title(edit: EditList) -> EditList:
    """The same edit, with a title in place of black."""
    return replace(edit, clips=tuple(replace(c, kind="title") if c.kind == "black" else c for c in edit.clips))


def test_a_title_is_the_trailer_s_own(edit: EditList, silent: Path, tmp_path: Path) -> None:
    made = render(with_title(edit), tmp_path / "out.mp4", layout="both", **QUICK)
    trailer = [picture.astype(float) for _, picture in pictures(silent)]
    alone, pair = ([picture for _, picture in pictures(film)] for film in made)
    assert len(alone) == len(pair) == 60
    for frame, named in enumerate(expected_numbers(edit)):
        if named is None:
            assert number_of(alone[frame]) == (1, frame)
            for shown in (alone[frame], pair[frame][:, :160], pair[frame][:, 160:]):
                assert np.abs(shown - trailer[frame]).mean() < 4
        else:
            assert number_of(alone[frame])[1] == number_of(pair[frame][:, 160:])[1] == named
    # It takes nothing of what the segments of black have in the cache.
    render(edit, tmp_path / "black.mp4", **QUICK)
    assert numbers(tmp_path / "black.mp4") == expected_numbers(edit)


def with_words(edit: EditList, *words: str) -> EditList:
    """The same edit, in which the matches share something; the words are used in turn."""
    said = itertools.cycle(words)
    return replace(
        edit, clips=tuple(replace(c, match=c.match and replace(c.match, shared=next(said))) for c in edit.clips)
    )


def test_captions_are_on_the_archive_s_picture_beside_the_trailer_s_only(edit: EditList, tmp_path: Path) -> None:
    told = with_words(edit, "same movement", "")
    plain = render(told, tmp_path / "plain.mp4", layout="both", height=180, **QUICK)
    written = render(told, tmp_path / "written.mp4", layout="both", height=180, captions=True, **QUICK)
    assert plain[0].read_bytes() == written[0].read_bytes()
    before, after = ([picture.astype(int) for _, picture in pictures(films[1])] for films in (plain, written))
    said = {id(clip): clip.match.shared if clip.match else "" for clip in told.clips}
    for clip in told.clips:
        for frame in range(clip.first_frame, clip.end_frame):
            change = np.abs(after[frame] - before[frame])
            corner = change[160:, 320:480]
            if said[id(clip)]:
                assert corner.max() > 60
                # All but the lower left corner of the right picture is only encoded a little otherwise.
                assert change[:, :320].mean() < 1
                assert change[:140, 320:].mean() < 1
                assert change[160:, 500:].mean() < 1
            else:
                assert change.max() == 0


def test_an_edit_of_the_first_version_is_rendered(edit: EditList, tmp_path: Path) -> None:
    values = json.loads(edit.dumps())
    values["version"] = 1
    for clip in values["clips"]:
        if clip["match"]:
            del clip["match"]["shared"]
    (tmp_path / "old.json").write_text(json.dumps(values), encoding="utf-8")
    render(EditList.load(tmp_path / "old.json"), tmp_path / "out.mp4", **QUICK)
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


# Rates


@pytest.mark.parametrize(
    "rate",
    [Fraction(1), Fraction(50), Fraction(30000, 1001), Fraction(24000, 1001)],
    ids=["1", "50", "29.97", "23.976"],
)
def test_sources_of_any_rate_in_a_trailer_of_25(silent: Path, tmp_path: Path, rate: Fraction) -> None:
    film = numbered_film(tmp_path / "rate.mkv", max(8, round(6 * rate)), film=5, rate=rate)
    edit = edit_of(silent, (23, film, 2), (37, film, Fraction(7, 3)))
    render(edit, tmp_path / "out.mp4", **QUICK)
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


def uneven(count: int, seed: int) -> list[Fraction]:
    """Times that wander: steps between 1/60 and 1/10 of a second."""
    steps = np.random.default_rng(seed).integers(17, 100, count)
    return [Fraction(int(total), 1000) for total in np.cumsum(steps) - steps[0]]


def test_a_source_of_variable_rate_is_read_by_its_times(silent: Path, tmp_path: Path) -> None:
    film = numbered_film(tmp_path / "vfr.mkv", 120, film=5, times=uneven(120, seed=1))
    edit = edit_of(silent, (31, film, 1), (29, film, 3))
    render(edit, tmp_path / "out.mp4", **QUICK)
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


def test_a_trailer_of_23_976_keeps_its_rate(source: Path, tmp_path: Path) -> None:
    trailer = numbered_film(tmp_path / "ntsc.mp4", 50, film=1, rate=Fraction(24000, 1001))
    edit = edit_of(trailer, (17, source, 1), (33, source, 4))
    assert edit.grid == FrameGrid(Fraction(24000, 1001), 50)
    render(edit, tmp_path / "out.mp4", layout="both", **QUICK)
    assert [when for when, _ in pictures(tmp_path / "out.mp4")] == [
        Fraction(frame * 1001, 24000) for frame in range(50)
    ]
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)
    left = [number_of(picture[:, :160]) for _, picture in pictures(tmp_path / "out.side-by-side.mp4")]
    assert left == [(1, frame) for frame in range(50)]
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.video[0].average_rate == Fraction(24000, 1001)


def test_a_dropped_frame_of_the_trailer_stays_dropped(source: Path, tmp_path: Path) -> None:
    slots = [slot for slot in range(201) if slot != 77]
    trailer = numbered_film(tmp_path / "dropped.mkv", 200, film=1, times=[Fraction(slot, 25) for slot in slots])
    edit = edit_of(trailer, (70, source, 1), (130, source, 2))
    assert edit.grid == FrameGrid(Fraction(25), 200, (77,))
    render(edit, tmp_path / "out.mp4", layout="both", **QUICK)
    assert [when for when, _ in pictures(tmp_path / "out.mp4")] == [Fraction(slot, 25) for slot in slots]
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)
    left = [number_of(picture[:, :160])[1] for _, picture in pictures(tmp_path / "out.side-by-side.mp4")]
    assert left == list(range(200))


def test_a_trailer_of_variable_rate_gets_a_constant_one(source: Path, tmp_path: Path) -> None:
    times = uneven(80, seed=2)
    trailer = with_sound(
        numbered_film(tmp_path / "vfr.mkv", 80, film=1, times=times), tmp_path / "trailer.mkv", "aac", seconds=4
    )
    _, grid = decoded_facts(trailer)
    edit = edit_of(trailer, (30, source, 1), (grid.frame_count - 30, source, 3))
    render(edit, tmp_path / "out.mp4", layout="both", **QUICK)
    film = pictures(tmp_path / "out.side-by-side.mp4")
    assert len({b[0] - a[0] for a, b in itertools.pairwise(film)}) == 1
    # As long as the trailer, within a frame of either.
    assert abs(film[-1][0] - times[-1]) <= 1 / grid.rate
    for when, picture in film:
        film_number, number = number_of(picture[:, :160])
        # The trailer's frame is one that was on the screen within half a frame of the grid.
        begin, end = times[number], (times[number + 1] if number < 79 else times[-1] + 1)
        assert film_number == 1
        assert begin - 1 / grid.rate <= when < end + 1 / grid.rate
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


# Sound


def assert_same_sound(trailer: Path, film: Path) -> None:
    before, after = sound_packets(trailer), sound_packets(film)
    assert [data for _, data in after] == [data for _, data in before]
    worst = max(abs(a - b) for (a, _), (b, _) in zip(before, after, strict=True))
    # Matroska rounds every time to a millisecond.
    assert worst <= Fraction(1, 500), f"sound is {float(worst):.4f} s off"


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("aac", "mp4"), ("aac", "mkv"), ("libmp3lame", "mkv"), ("libopus", "mkv"), ("flac", "mkv"), ("ac3", "mkv")],
)
def test_sound_that_an_mp4_can_carry_is_copied_untouched(
    silent: Path, source: Path, tmp_path: Path, codec: str, suffix: str
) -> None:
    trailer = with_sound(silent, tmp_path / f"trailer.{suffix}", codec, seconds=2.4)
    render(edit_of(trailer, (60, source, 1)), tmp_path / "out.mp4", layout="both", **QUICK)
    for film in (tmp_path / "out.mp4", tmp_path / "out.side-by-side.mp4"):
        assert_same_sound(trailer, film)
        assert abs(sound_seconds(film) - 2.4) < 0.1
        assert ffmpeg("-xerror", "-i", str(film), "-f", "null", "-") == ""


@pytest.mark.parametrize(("sound_delay", "picture_delay"), [(0.5, 0.0), (0.0, 0.5), (0.0, 0.013), (1.5, 0.0)])
@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_sound_and_picture_that_begin_apart_stay_apart(
    silent: Path, source: Path, tmp_path: Path, sound_delay: float, picture_delay: float, suffix: str
) -> None:
    trailer = with_sound(
        silent, tmp_path / f"t.{suffix}", "aac", seconds=2, sound_delay=sound_delay, picture_delay=picture_delay
    )
    edit = edit_of(trailer, (60, source, 1))
    render(edit, tmp_path / "out.mp4", **QUICK)
    assert_same_sound(trailer, tmp_path / "out.mp4")
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


@pytest.mark.parametrize(
    ("codec", "suffix", "picture"),
    [
        ("libvorbis", "webm", "libvpx"),
        ("pcm_s16le", "avi", "mpeg4"),
        ("pcm_s16le", "mov", None),
        ("wmav2", "wmv", "wmv2"),
    ],
)
def test_sound_that_an_mp4_cannot_carry_becomes_aac_of_the_same_length(
    silent: Path, source: Path, tmp_path: Path, codec: str, suffix: str, picture: str | None
) -> None:
    bare = silent if picture is None else remade(silent, tmp_path / f"bare.{suffix}", "-c:v", picture, "-b:v", "2M")
    trailer = with_sound(bare, tmp_path / f"trailer.{suffix}", codec, seconds=2.4)
    _, grid = decoded_facts(trailer)
    render(edit_of(trailer, (grid.frame_count, source, 1)), tmp_path / "out.mp4", **QUICK)
    with av.open(str(tmp_path / "out.mp4")) as container:
        assert container.streams.audio[0].codec_context.name == "aac"
    assert abs(sound_seconds(tmp_path / "out.mp4") - sound_seconds(trailer)) < 0.1
    assert abs(sound_packets(tmp_path / "out.mp4")[0][0] - sound_packets(trailer)[0][0]) < 0.1


@pytest.mark.parametrize(("sound_delay", "picture_delay"), [(0.8, 0.0), (0.0, 0.6)])
@pytest.mark.parametrize("suffix", ["mkv", "mov"])
def test_sound_that_is_encoded_begins_when_the_trailer_s_does(
    silent: Path, source: Path, tmp_path: Path, sound_delay: float, picture_delay: float, suffix: str
) -> None:
    trailer = with_sound(
        silent, tmp_path / f"t.{suffix}", "pcm_s16le", seconds=2, sound_delay=sound_delay, picture_delay=picture_delay
    )
    render(edit_of(trailer, (60, source, 1)), tmp_path / "out.mp4", **QUICK)
    # An AAC encoder begins with a packet of silence, 1024 samples.
    assert abs(sound_packets(tmp_path / "out.mp4")[0][0] - sound_packets(trailer)[0][0]) < 0.025


def test_a_trailer_with_two_sounds_keeps_the_one_that_players_play(silent: Path, source: Path, tmp_path: Path) -> None:
    first = with_sound(silent, tmp_path / "one.mkv", "pcm_s16le", seconds=2.4)
    trailer = tmp_path / "two.mkv"
    # The default is the second; it is short, so that its length tells which was taken.
    tone = ("-f", "lavfi", "-t", "1.2", "-i", "sine=880")
    maps = ("-map", "0:v", "-map", "0:a", "-map", "1:a", "-c", "copy", "-c:a:1", "libvorbis")
    ffmpeg("-y", "-i", str(first), *tone, *maps, "-disposition:a:0", "0", "-disposition:a:1", "default", str(trailer))
    with av.open(str(trailer)) as container:
        best = container.streams.best("audio")
        assert best is not None
        chosen = 2.4 if best.index == 1 else 1.2
    render(edit_of(trailer, (60, source, 1)), tmp_path / "out.mp4", **QUICK)
    assert abs(sound_seconds(tmp_path / "out.mp4") - chosen) < 0.1


# Sizes and shapes


def test_odd_sizes_become_even(source: Path, tmp_path: Path) -> None:
    trailer = numbered_film(tmp_path / "odd.mkv", 12, film=1, size=(321, 181), pixel_format="yuv444p")
    odd = numbered_film(tmp_path / "odd-source.mkv", 60, film=2, size=(161, 91), pixel_format="yuv444p")
    for film in (source, odd):
        edit = edit_of(trailer, (5, film, 0), (7, film, 1))
        render(edit, tmp_path / "out.mp4", layout="both", **QUICK)
        assert {picture.shape for _, picture in pictures(tmp_path / "out.mp4")} == {(182, 322)}
        assert {picture.shape for _, picture in pictures(tmp_path / "out.side-by-side.mp4")} == {(182, 644)}
        assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


def disc_film(path: Path, size: tuple[int, int], *, sample_aspect: Fraction = Fraction(1), turns: int = 0) -> Path:
    """A white disc in the middle of a grey picture: round on the screen, 0.8 of the smaller side across."""
    width, height = size
    tall = height / sample_aspect
    y, x = np.mgrid[:height, :width]
    across = ((x - width / 2 + 0.5) ** 2 + ((y - height / 2 + 0.5) / float(sample_aspect)) ** 2) ** 0.5
    picture = np.where(across < 0.4 * min(width, tall), 235, 90).astype(np.uint8)
    picture = np.ascontiguousarray(np.rot90(np.repeat(picture[:, :, None], 3, axis=2), -turns))
    bare = path.with_name(f"bare-{path.name}")
    with av.open(str(bare), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = picture.shape[:2]
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        container.mux(stream.encode(None))
    shape = Fraction(picture.shape[1], picture.shape[0]) * (sample_aspect if turns % 2 == 0 else 1 / sample_aspect)
    options = ["-aspect", f"{shape.numerator}:{shape.denominator}"] if sample_aspect != 1 else []
    return turned(bare, path, 90 * turns, *options)


def disc(picture: np.ndarray) -> tuple[float, float, float, float]:
    """Of the white disc in a picture: width, height, and where its middle is."""
    rows, columns = (np.flatnonzero((picture > 180).any(axis=axis)) for axis in (1, 0))
    middle = (columns[0] + columns[-1] + 1) / 2, (rows[0] + rows[-1] + 1) / 2
    return float(columns[-1] - columns[0] + 1), float(rows[-1] - rows[0] + 1), *middle


SHAPES = {
    "4:3": {"size": (240, 180)},
    "wide": {"size": (480, 180)},
    "upright": {"size": (180, 320)},
    "turned": {"size": (180, 320), "turns": 1},
    "upside-down": {"size": (320, 180), "turns": 2},
    "anamorphic": {"size": (240, 180), "sample_aspect": Fraction(4, 3)},
    "narrow pixels": {"size": (320, 180), "sample_aspect": Fraction(3, 4)},
}


@pytest.mark.parametrize("shape", SHAPES)
def test_no_shape_is_distorted_and_all_are_centred(silent: Path, folder: Path, tmp_path: Path, shape: str) -> None:
    film = disc_film(folder / f"disc {shape.replace(':', '-')}.mp4", **SHAPES[shape])
    video, _ = decoded_facts(film)
    wide, tall = video.display_width, video.display_height
    assert abs(wide / tall - 16 / 9) > 0.01 or shape in ("upside-down", "anamorphic")
    for fit in ("crop", "pad", "blur"):
        edit = edit_of(silent, (60, film, 0))
        render(edit, tmp_path / "out.mp4", fit=fit, height=180, **QUICK)
        picture = pictures(tmp_path / "out.mp4")[2][1]
        assert picture.shape == (180, 320)
        scale = (max if fit == "crop" else min)(320 / wide, 180 / tall)
        width, height, x, y = disc(picture)
        across = 0.8 * min(wide, tall) * scale
        if across <= 176:
            assert abs(width - across) <= 4
            assert abs(height - across) <= 4
        assert abs(x - 160) <= 2
        assert abs(y - 90) <= 2
        edge = picture[90, 1] if wide * scale < 300 else picture[1, 160]
        if fit == "pad" and (wide * scale < 300 or tall * scale < 160):
            assert edge < 20
        elif fit == "blur":
            assert edge > 30


def test_the_numbers_of_a_4_3_source_are_read_where_geometry_puts_them(silent: Path, tmp_path: Path) -> None:
    film = numbered_film(tmp_path / "academy.mp4", 70, film=3, size=(160, 120))
    edit = edit_of(silent, (60, film, 0))
    boxes = {"crop": (0.0, -15.0, 160.0, 120.0), "pad": (20.0, 0.0, 120.0, 90.0), "blur": (20.0, 0.0, 120.0, 90.0)}
    for fit, box in boxes.items():
        render(edit, tmp_path / "out.mp4", fit=fit, **QUICK)
        assert numbers(tmp_path / "out.mp4", box=box) == list(range(60))


def test_turned_sources_are_shown_upright(silent: Path, tmp_path: Path) -> None:
    for turns in (1, 2, 3):
        bare = numbered_film(tmp_path / f"bare{turns}.mp4", 70, film=3, turns=turns)
        film = turned(bare, tmp_path / f"turned{turns}.mp4", 90 * turns)
        render(edit_of(silent, (60, film, 0)), tmp_path / "out.mp4", **QUICK)
        assert numbers(tmp_path / "out.mp4") == list(range(60))


def test_a_turned_trailer_gives_an_upright_film(source: Path, tmp_path: Path) -> None:
    bare = numbered_film(tmp_path / "bare.mp4", 20, film=1, size=(96, 160), turns=1)
    trailer = turned(bare, tmp_path / "phone.mp4", 90)
    render(edit_of(trailer, (20, source, 0)), tmp_path / "out.mp4", layout="side-by-side", fit="pad", **QUICK)
    film = pictures(tmp_path / "out.mp4")
    assert film[0][1].shape == (160, 192)
    assert [number_of(picture[:, :96]) for _, picture in film] == [(1, frame) for frame in range(20)]


def test_a_draft_is_small_and_has_every_frame_and_the_sound(silent: Path, source: Path, tmp_path: Path) -> None:
    trailer = with_sound(silent, tmp_path / "trailer.mp4", "aac", seconds=2.4)
    edit = edit_of(trailer, (25, source, 0), (35, source, 4))
    tall = render(edit, tmp_path / "tall.mp4", draft=True, height=300)[0]
    low = render(edit, tmp_path / "low.mp4", draft=True, layout="both")
    own = pictures(silent)[0][1].shape[0]
    for film in low:
        assert [picture.shape[0] for _, picture in pictures(film)] == [min(own, 240)] * 60
    assert pictures(tall)[0][1].shape[0] == 300
    assert sound_packets(low[0]) == sound_packets(trailer)


@pytest.mark.parametrize(
    ("size", "layout", "height", "expected"),
    [
        ((1920, 1080), "alone", None, (1920, 1080)),
        ((1920, 1080), "side-by-side", None, (1920, 1080)),
        ((4096, 2160), "alone", None, (3840, 2026)),
        ((3840, 2160), "side-by-side", None, (1920, 1080)),
        ((1920, 1080), "alone", 181, (322, 182)),
        ((7680, 16), "alone", None, (3840, 16)),
    ],
)
def test_panel_size_is_even_and_in_the_trailer_s_shape(
    silent: Path, size: tuple[int, int], layout: str, height: int | None, expected: tuple[int, int]
) -> None:
    video = replace(decoded_facts(silent)[0], width=size[0], height=size[1])
    assert panel_size(video, layout, height) == expected


# The cache of segments


@pytest.fixture
def segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "segments"


def inodes(folder: Path) -> dict[str, tuple[int, int]]:
    return {file.name: (file.stat().st_ino, file.stat().st_size) for file in folder.iterdir()}


def test_a_second_rendering_makes_no_segment_and_one_changed_choice_makes_one(
    edit: EditList, segments: Path, tmp_path: Path
) -> None:
    render(edit, tmp_path / "out.mp4", **QUICK)
    before, film = inodes(segments), (tmp_path / "out.mp4").read_bytes()
    assert len(before) == 5
    render(edit, tmp_path / "out.mp4", **QUICK)
    assert inodes(segments) == before
    assert (tmp_path / "out.mp4").read_bytes() == film
    match = edit.clips[1].match
    assert match is not None
    later = replace(match, source_span=replace(match.source_span, start=match.source_span.start + Fraction(1, 25)))
    changed = replace(edit, clips=(edit.clips[0], replace(edit.clips[1], match=later), *edit.clips[2:]))
    render(changed, tmp_path / "out.mp4", **QUICK)
    after = inodes(segments)
    assert len(after.keys() - before.keys()) == 1
    assert before.items() <= after.items()
    assert numbers(tmp_path / "out.mp4") == expected_numbers(changed)


def test_what_is_given_up_is_not_made_and_the_rest_is_kept(edit: EditList, segments: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    with pytest.raises(Stopped):
        render(edit, out, given_up=lambda clip: clip.first_frame == 0, **QUICK)
    assert not out.exists()
    before = inodes(segments)
    assert len(before) == len(edit.clips) - 1
    render(edit, out, **QUICK)
    assert before.items() <= inodes(segments).items()
    assert len(inodes(segments)) == len(edit.clips)


def test_giving_up_while_a_clip_is_made_leaves_nothing_of_it(edit: EditList, segments: Path, tmp_path: Path) -> None:
    asked: list[Clip] = []

    def given_up(clip: Clip) -> bool:
        asked.append(clip)
        return len(asked) > 5

    with pytest.raises(Stopped):
        render(edit, tmp_path / "out.mp4", given_up=given_up, jobs=1, **QUICK)
    assert set(asked[:6]) == {edit.clips[0]}
    assert inodes(segments) == {}


def test_whatever_decides_the_look_makes_other_segments(edit: EditList, segments: Path, tmp_path: Path) -> None:
    count = 0
    for option in (
        {},
        {"crf": 30},
        {"fit": "pad"},
        {"height": 60},
        {"preset": "superfast"},
        {"layout": "side-by-side"},
    ):
        render(edit, tmp_path / "out.mp4", **{**QUICK, **option})
        count += 5
        assert len(inodes(segments)) == count, option


def test_a_cache_that_cannot_be_written_does_no_harm(
    edit: EditList, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "file"))
    render(edit, tmp_path / "out.mp4", **QUICK)
    assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


def test_a_damaged_segment_does_not_spoil_the_film(edit: EditList, segments: Path, tmp_path: Path) -> None:
    render(edit, tmp_path / "out.mp4", **QUICK)
    for damage in (b"", b"no film at all"):
        next(iter(sorted(segments.iterdir()))).write_bytes(damage)
        render(edit, tmp_path / "out.mp4", **QUICK)
        assert numbers(tmp_path / "out.mp4") == expected_numbers(edit)


def test_a_full_disk_is_told_with_the_folder_and_what_helps(
    silent: Path, source: Path, segments: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    trailer = with_sound(silent, tmp_path / "trailer.mov", "pcm_s16le", seconds=2)
    edit = edit_of(trailer, (60, source, 1))
    render(edit, tmp_path / "out.mp4", **QUICK)
    request.getfixturevalue("full_disk")
    with pytest.raises(OutputError, match=r"reinterpret-\w+: cannot be written, the disk is full; .* with TMPDIR$"):
        render(edit, tmp_path / "out.mp4", **QUICK)  # the segments are there, the sound is encoded again
    with pytest.raises(OutputError, match=r"segments: cannot be written, the disk is full; .* with REINTERPRET_CACHE$"):
        render(edit, tmp_path / "out.mp4", **{**QUICK, "crf": 30})


# What cannot be


def test_a_film_that_has_gone_or_changed_is_an_error_that_names_it(silent: Path, source: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.mp4"
    copy.write_bytes(source.read_bytes())
    edit = edit_of(silent, (60, copy, 0))
    copy.write_bytes(source.read_bytes() + b"x")
    with pytest.raises(EditError, match=r"copy\.mp4: is not the film"):
        render(edit, tmp_path / "out.mp4", **QUICK)
    copy.unlink()
    with pytest.raises(EditError, match=r"copy\.mp4"):
        render(edit, tmp_path / "out.mp4", **QUICK)
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize(
    "name", ["12:30.mp4", "-o.mp4", "it's 100%d [a].mp4", "line\nbreak.mp4", "🎬.MP4", "file:x.mp4"]
)
def test_any_name_can_be_written(
    silent: Path, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    render(edit_of(silent, (60, source, 0)), name, **QUICK)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_a_film_that_is_only_suggested_may_be_missing(silent: Path, source: Path, other: Path, tmp_path: Path) -> None:
    edit = edit_of(silent, (30, source, 0), (30, other, 0))
    first, second = edit.clips
    gone = replace(edit.films[1], path=tmp_path / "gone.mp4")
    only = replace(first, suggestions=(second.match,)), replace(first, first_frame=30)
    render(replace(edit, films=(edit.films[0], gone), clips=only), tmp_path / "out.mp4", **QUICK)
    assert numbers(tmp_path / "out.mp4") == [*range(30), *range(30)]


def test_an_output_that_cannot_be_is_refused_before_the_work(silent: Path, source: Path, tmp_path: Path) -> None:
    trailer = remade(silent, tmp_path / "trailer.mp4", "-c", "copy")
    edit = edit_of(trailer, (60, source, 0))
    before = trailer.read_bytes()
    for out, words in (
        (trailer, "one of the inputs"),
        (source, "one of the inputs"),
        (tmp_path / "none" / "out.mp4", "does not exist"),
        (tmp_path / "out.avi", r"ends in \.mp4"),
        (tmp_path, "ends in"),
    ):
        with pytest.raises(OutputError, match=words):
            render(edit, out, **QUICK)
    linked = tmp_path / "link.mp4"
    linked.symlink_to(trailer)
    with pytest.raises(OutputError, match="one of the inputs"):
        render(edit, linked, **QUICK)
    assert trailer.read_bytes() == before


@pytest.mark.parametrize(
    ("option", "words"),
    [
        ({"layout": "above"}, "alone, side-by-side, both"),
        ({"fit": "stretch"}, "crop, pad, blur"),
        ({"preset": "warp"}, "ultrafast"),
        ({"crf": 52}, "crf"),
        ({"height": 2}, "height"),
        ({"jobs": 0}, "jobs"),
    ],
)
def test_options_that_cannot_be_meant(edit: EditList, tmp_path: Path, option: dict[str, object], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        render(edit, tmp_path / "out.mp4", **option)


def test_an_interrupt_leaves_nothing_behind(silent: Path, tmp_path: Path) -> None:
    long = numbered_film(tmp_path / "long.mp4", 300, film=2, size=(64, 36))
    trailer = numbered_film(tmp_path / "trailer.mp4", 300, film=1, size=(64, 36))
    edit_of(trailer, *[(60, long, start) for start in range(5)]).save(tmp_path / "edit.json")
    cache, out = tmp_path / "cache", tmp_path / "out.mp4"
    arguments = ["edit.json", "-o", "out.mp4", "--preset", "veryslow", "--height", "2160"]
    process = subprocess.Popen(
        [sys.executable, "-m", "reinterpret", "render", *arguments],
        cwd=tmp_path,
        env={**os.environ, "REINTERPRET_CACHE": str(cache), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 60
    while not list((cache / "segments").glob(".*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    encoders = children([process.pid])
    assert encoders
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert "Traceback" not in said[1]
    assert len(said[1].strip().splitlines()) == 1, said[1]
    assert not out.exists()
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []
    assert list((cache / "segments").glob(".*")) == []
    assert not [pid for pid in encoders if Path(f"/proc/{pid}").exists()]


# Arithmetic


@settings(deadline=None, max_examples=50)
@given(
    rate=st.sampled_from(
        [
            Fraction(24000, 1001),
            Fraction(30000, 1001),
            Fraction(25),
            Fraction(60000, 1001),
            Fraction(1),
            Fraction(15, 2),
        ]
    ),
    lead=st.fractions(0, 10, max_denominator=48000),
)
def test_every_frame_of_a_long_film_has_an_exact_time(rate: Fraction, lead: Fraction) -> None:
    time_base = fine_time_base(rate, lead)
    assert (1 / (rate * time_base)).denominator == 1
    assert abs(round(lead / time_base) * time_base - lead) <= Fraction(1, 10_000)
    assert time_base.denominator < 2**31


def test_no_cut_of_a_three_hour_edit_is_off() -> None:
    rate = Fraction(24000, 1001)
    frames = round(3 * 3600 * rate)
    cuts = sorted({0, *np.random.default_rng(4).integers(1, frames, 4000).tolist()})
    dropped = tuple(range(1000, frames, 7001))
    for grid in (FrameGrid(rate, frames), FrameGrid(rate, frames - len(dropped), dropped)):
        time_base = fine_time_base(grid.rate, Fraction(0))
        ticks = 1 / (grid.rate * time_base)
        for cut in cuts:
            if cut < grid.frame_count:
                assert int(grid.slot(cut) * ticks) * time_base == grid.seconds(cut)
    assert FrameGrid(rate, frames).seconds(frames - 1) == Fraction((frames - 1) * 1001, 24000)


def test_segments_join_frame_by_frame(edit: EditList, segments: Path, tmp_path: Path) -> None:
    """A hundred joins of the same segment: the last frame is where arithmetic puts it."""
    render(replace(edit, grid=replace(edit.grid, frame_count=20), clips=edit.clips[:1]), tmp_path / "one.mp4", **QUICK)
    (segment,) = segments.iterdir()
    grid = FrameGrid(Fraction(24000, 1001), 2000)
    join([segment] * 100, grid, None, tmp_path / "long.mp4")
    times = [when for when, _ in pictures(tmp_path / "long.mp4")]
    assert times == [Fraction(frame * 1001, 24000) for frame in range(2000)]


def test_small_segments_are_read_once_and_large_ones_each_time_for_the_same_film(
    edit: EditList, segments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, *others = (tmp_path / name for name in ("first.mp4", "again.mp4", "large.mp4"))
    options = {**QUICK, "preset": "medium"}  # with B-frames
    render(edit, first, **options)
    opened: list[str] = []

    def counted(file: str, *arguments: Any, **options: Any) -> Any:
        opened.append(file)
        return open_file(file, *arguments, **options)

    open_file = av.open
    monkeypatch.setattr("reinterpret.rendering.joining.av.open", counted)
    for path in others:
        opened.clear()
        render(edit, path, **options)
        read = [file for file in opened if file.startswith(str(segments))]
        # The first is opened for what all of them have in common.
        assert len(read) == (1 if path.stem == "again" else 1 + 2 * len(edit.clips))
        assert path.read_bytes() == first.read_bytes()
        _read_segment.cache_clear()
        monkeypatch.setattr("reinterpret.rendering.joining._KEPT_BYTES", 0)


def test_the_second_film_s_name() -> None:
    assert side_by_side_path(Path("a/b.c.mp4")) == Path("a/b.c.side-by-side.mp4")
