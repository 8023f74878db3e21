"""Probing: the facts about films whose making is known, and everything that is no film."""

from __future__ import annotations

import errno
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.errors import VideoError
from reinterpret.ffmpeg import ffmpeg_program
from reinterpret.frames import Scaler, decode
from reinterpret.video import FrameGrid, Video, fingerprint, frame_grid, known_fingerprint, open_container, probe
from tests.conftest import make_video
from tests.judging import ffmpeg, numbered_film, pictures, remade, turned

as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")


@pytest.fixture(scope="module")
def film(clips: Path) -> Path:
    """50 frames, 25 a second, 160 x 90, B-frames, no sound."""
    return numbered_film(clips / "video-film.mp4", 50)


@pytest.fixture(scope="module")
def cornered(clips: Path) -> Path:
    """10 frames of black, 160 x 90, with a white square in the upper left corner."""
    source = "color=black:size=160x90:rate=25,drawbox=x=0:y=0:w=40:h=40:color=white:t=fill"
    return make_video(clips / "video-cornered.mp4", (source, 0.4))


@pytest.fixture(scope="module")
def anamorphic(clips: Path) -> Path:
    """PAL widescreen: 720 x 576 with pixels of 64:45, which is 1024 x 576."""
    return remade_with_aspect(clips / "video-pal.mpg", "64/45")


def remade_with_aspect(path: Path, aspect: str) -> Path:
    source = f"testsrc2=size=720x576:rate=25,setsar={aspect}"
    ffmpeg("-y", "-f", "lavfi", "-t", "0.4", "-i", source, "-c:v", "mpeg2video", "-q:v", "4", str(path))
    return path


# What is in a film


def test_probe_tells_the_facts_of_a_film_of_constant_rate(film: Path) -> None:
    video = probe(film)
    assert (video.frame_rate, video.frame_count, video.duration) == (Fraction(25), 50, Fraction(2))
    assert (video.width, video.height, video.rotation, video.sample_aspect) == (160, 90, 0, Fraction(1))
    assert (video.start, video.audio, video.timestamps, video.path) == (Fraction(0), False, "pts", film)
    assert (video.display_width, video.display_height) == (160, 90)


def test_probe_takes_a_path_written_as_text(film: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(film.parent)
    assert probe(film.name).path == film


@pytest.mark.parametrize("rate", [Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001), Fraction(12)])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_probe_gives_the_exact_rate_whatever_the_container_writes(tmp_path: Path, rate: Fraction, suffix: str) -> None:
    codec = "mpeg4" if suffix == ".avi" else "libx264"
    assert probe(numbered_film(tmp_path / f"film{suffix}", 30, rate=rate, codec=codec)).frame_rate == rate


def test_probe_sees_whether_there_is_sound(clips: Path) -> None:
    assert probe(make_video(clips / "video-sound.mp4", ("test", 0.4), sound=True)).audio


def test_a_film_of_variable_rate_gets_a_grid_of_the_same_length(tmp_path: Path) -> None:
    # 25 a second for two seconds, then 10 a second for two: the last frame is shown at 3.9 s.
    steps = [Fraction(1, 25)] * 50 + [Fraction(1, 10)] * 20
    times = [sum(steps[:number], Fraction(0)) for number in range(70)]
    path = numbered_film(tmp_path / "variable.mkv", 70, times=times)
    video = probe(path)
    shown = [frame.seconds for frame in decode(video)]
    assert len(shown) == 70
    assert all(abs(found - made) <= Fraction(1, 1000) for found, made in zip(shown, times, strict=True))
    grid = frame_grid(video, shown)
    assert not grid.dropped
    assert abs(grid.duration - Fraction(39, 10)) < Fraction(1, 10)


@pytest.mark.parametrize(
    ("counter_clockwise", "corner"), [(90, "lower left"), (180, "lower right"), (270, "upper right"), (0, "upper left")]
)
def test_a_rotated_film_is_turned_as_a_player_turns_it(
    tmp_path: Path, cornered: Path, counter_clockwise: int, corner: str
) -> None:
    path = turned(cornered, tmp_path / "turned.mp4", counter_clockwise)
    video = probe(path)
    assert video.rotation == -counter_clockwise % 360
    assert (video.width, video.height) == (160, 90)
    assert (video.display_width, video.display_height) == ((90, 160) if counter_clockwise % 180 else (160, 90))
    size = video.display_width, video.display_height
    picture = Scaler(*size, rotation=video.rotation).rgb(next(decode(video)).picture)
    assert picture.shape == (size[1], size[0], 3)
    assert white_corner(picture[:, :, 0]) == corner
    # ffmpeg itself turns what it decodes, as players do.
    command = [ffmpeg_program(), "-loglevel", "error", "-i", str(path), "-frames:v", "1", "-pix_fmt", "gray"]
    played = subprocess.run([*command, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    assert white_corner(np.frombuffer(played, np.uint8).reshape(size[1], size[0])) == corner


def white_corner(luma: np.ndarray) -> str:
    corners = {
        "upper left": luma[:20, :20],
        "upper right": luma[:20, -20:],
        "lower left": luma[-20:, :20],
        "lower right": luma[-20:, -20:],
    }
    white = [name for name, patch in corners.items() if patch.mean() > 128]
    assert len(white) == 1
    return white[0]


def test_anamorphic_pixels_are_widened_for_display(anamorphic: Path) -> None:
    video = probe(anamorphic)
    assert (video.width, video.height, video.sample_aspect) == (720, 576, Fraction(64, 45))
    assert (video.display_width, video.display_height) == (1024, 576)


def test_narrow_pixels_make_the_picture_higher_not_narrower(tmp_path: Path) -> None:
    source = make_video(tmp_path / "flat.mp4", ("color=red:size=160x90:rate=25", 0.2))
    video = probe(remade(source, tmp_path / "narrow.mp4", "-vf", "setsar=1/2"))
    assert (video.display_width, video.display_height) == (160, 180)


@pytest.mark.parametrize("cover_first", [True, False])
def test_cover_art_is_never_the_film(tmp_path: Path, film: Path, cover_first: bool) -> None:
    cover = tmp_path / "cover.png"
    ffmpeg("-f", "lavfi", "-i", "color=red:size=600x600", "-frames:v", "1", str(cover))
    path, cover_number = tmp_path / "covered.mp4", 0 if cover_first else 1
    maps = ["-map", "1", "-map", "0"] if cover_first else ["-map", "0", "-map", "1"]
    ffmpeg(
        "-i",
        str(film),
        "-i",
        str(cover),
        *maps,
        "-c",
        "copy",
        f"-disposition:v:{cover_number}",
        "attached_pic",
        str(path),
    )
    video = probe(path)
    assert (video.width, video.height) == (160, 90)
    assert len(list(decode(video))) == 50


def test_sound_with_a_cover_picture_is_no_film(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    inputs = ["-f", "lavfi", "-t", "1", "-i", "sine", "-f", "lavfi", "-t", "0.04", "-i", "color=red:size=64x64"]
    ffmpeg(*inputs, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-disposition:v", "attached_pic", str(path))
    assert_refused(path, "only a cover picture")


def test_the_film_begins_at_zero_also_where_the_file_does_not(tmp_path: Path, film: Path) -> None:
    path = remade(film, tmp_path / "delayed.ts", "-c", "copy", "-output_ts_offset", "30")
    video = probe(path)
    assert Fraction(30) <= video.start < Fraction(33)  # mpegts adds its own second or two
    assert [frame.seconds for frame in decode(video)] == [Fraction(number, 25) for number in range(50)]


def test_a_picture_that_begins_after_the_sound_is_placed_by_its_start(tmp_path: Path, film: Path) -> None:
    path = tmp_path / "late.mkv"
    sound = ["-f", "lavfi", "-t", "3", "-i", "sine"]
    ffmpeg("-itsoffset", "0.5", "-i", str(film), *sound, "-map", "0:v", "-map", "1:a", "-c:v", "copy", str(path))
    video = probe(path)
    assert video.start == pytest.approx(0.5, abs=0.05)
    assert next(decode(video)).seconds == 0


@pytest.mark.parametrize(
    ("pixel_format", "codec"), [("yuv420p10le", "libx265"), ("yuvj420p", "libx264"), ("yuv444p", "libx264")]
)
def test_uncommon_pixel_formats_are_films_like_others(tmp_path: Path, pixel_format: str, codec: str) -> None:
    quiet = ("-x265-params", "log-level=none") if codec == "libx265" else ()
    path = make_video(
        tmp_path / "film.mp4",
        ("color=gray:size=160x90:rate=25", 0.4),
        options=("-c:v", codec, "-preset", "ultrafast", "-pix_fmt", pixel_format, *quiet),
    )
    video = probe(path)
    assert (video.frame_count, video.frame_rate) == (10, 25)
    grey = Scaler(16, 16).rgb(next(decode(video)).picture)
    assert abs(int(grey.mean()) - 128) <= 3


def test_a_film_of_one_frame_is_a_film(tmp_path: Path) -> None:
    video = probe(numbered_film(tmp_path / "one.mp4", 1))
    assert video.frame_count == 1
    assert video.frame_rate == 25


@pytest.mark.parametrize(
    "name", ["ein schöner Film.mp4", "电影 🎬.mp4", "it's [1] 100%d.mp4", "-i.mp4", "http:film.mp4"]
)
def test_any_file_name_will_do(tmp_path: Path, film: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / name
    shutil.copy(film, path)
    assert probe(path).name == name
    monkeypatch.chdir(tmp_path)
    assert probe(name).frame_count == 50


def test_a_cut_matroska_still_gives_its_first_half(tmp_path: Path) -> None:
    # Motion JPEG: every frame takes about as many bytes as any other.
    whole = numbered_film(tmp_path / "whole.mkv", 50, codec="mjpeg", pixel_format="yuvj420p")
    path = tmp_path / "half.mkv"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    frames = [frame.seconds for frame in decode(probe(path))]
    assert 22 <= len(frames) <= 27
    assert frames == [pytest.approx(number / 25, abs=0.001) for number in range(len(frames))]


# What is no film


def assert_refused(path: Path, reason: str) -> None:
    """With one sentence that names the file."""
    with pytest.raises(VideoError, match=reason) as caught:
        probe(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("suffix", [".txt", ".mp4", ".mkv", ".ts", ".srt"])
@pytest.mark.parametrize(
    "content",
    [
        b"Shot list\n1. A house.\n",
        b"\0",
        b"\0" * 5000,
        b"1\n00:00:01,000 --> 00:00:02,000\nHello\n",
        b"\x00\x05\x16\x07" * 900,
    ],
    ids=["text", "a zero", "zeros", "subtitles", "AppleDouble"],
)
def test_a_file_that_is_no_video_is_refused(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"._file{suffix}"
    path.write_bytes(content)
    assert_refused(path, r"is not a video|no video stream|not one frame")


def test_random_bytes_are_refused_whatever_container_they_claim_to_be(tmp_path: Path, film: Path) -> None:
    random = np.random.default_rng(1)
    head = film.read_bytes()[:64]
    for number, beginning in enumerate(
        [b"", head, b"\x1a\x45\xdf\xa3", b"RIFF\0\0\1\0AVI LIST", b"\0\0\1\xba", b"OggS", b"FLV\1"]
    ):
        path = tmp_path / f"noise{number}.mp4"
        path.write_bytes(beginning + random.bytes(50_000))
        with pytest.raises(VideoError, match=str(path)):
            probe(path)


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.mp4"
    path.touch()
    assert_refused(path, r"is empty \(0 bytes\)")


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    assert_refused(tmp_path / "missing.mp4", "no such file")


def test_a_dangling_link_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "link.mp4"
    path.symlink_to(tmp_path / "missing.mp4")
    assert_refused(path, "no such file")


def test_a_link_to_itself_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "loop.mp4"
    path.symlink_to(path)
    assert_refused(path, "cannot be read")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "folder.mp4"
    path.mkdir()
    assert_refused(path, "is a folder, a video file was expected")


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "pipe.mp4"
    os.mkfifo(path)
    assert_refused(path, "is not a regular file")


def test_a_device_is_refused() -> None:
    assert_refused(Path("/dev/zero"), "is not a regular file")


@as_root
def test_a_file_without_permission_is_refused(tmp_path: Path, film: Path) -> None:
    path = tmp_path / "locked.mp4"
    shutil.copy(film, path)
    path.chmod(0)
    assert_refused(path, "permission denied")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp", ".tiff", ".webp"])
def test_a_picture_is_refused_as_one(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture{suffix}"
    ffmpeg("-f", "lavfi", "-i", "testsrc=size=64x64", "-frames:v", "1", "-update", "1", str(path))
    assert_refused(path, "is a picture, a video was expected")


def test_sound_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sound.m4a"
    ffmpeg("-f", "lavfi", "-t", "0.5", "-i", "sine", str(path))
    assert_refused(path, r"has no video stream \(its streams: audio\)")


def test_a_film_whose_index_was_cut_off_is_refused(tmp_path: Path, film: Path) -> None:
    content = film.read_bytes()
    assert content.index(b"mdat") < content.index(b"moov")
    path = tmp_path / "cut.mp4"
    path.write_bytes(content[: len(content) // 2])
    assert_refused(path, "cut short")


# Files that name other files or addresses

HOSTILE = {
    "playlist": "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{target}\n#EXT-X-ENDLIST\n",
    "master playlist": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n",
    "concat script": "ffconcat version 1.0\nfile '{target}'\nduration 2\n",
    "concat script without header": "file '{target}'\n",
    "session description": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\n"
    "m=video {port} RTP/AVP 96\na=rtpmap:96 H264/90000\n",
    "manifest": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period><AdaptationSet '
    'mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL></Representation>'
    "</AdaptationSet></Period></MPD>",
    "subtitle index": "# VobSub index file, v7 (do not modify this line!)\n"
    "id: en, index: 0\n"
    "timestamp: 00:00:01:000, filepos: 000000000\n",
    "media sequence": "[Reference]\nRef1={target}\n",
    "list of pictures": "{target}\n{target}\n",
}


@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".ts", ".idx", ".mpd"])
@pytest.mark.parametrize("kind", HOSTILE)
def test_a_file_that_names_another_file_is_refused_and_the_other_never_opened(
    tmp_path: Path, kind: str, suffix: str
) -> None:
    target = tmp_path / ("hostile.sub" if kind == "subtitle index" else "secret.ts")
    path = tmp_path / f"hostile{suffix}"
    path.write_text(HOSTILE[kind].format(target=target, port=9), encoding="utf-8")
    with opened(target) as was_opened:
        assert_refused(path, "is not a video|no video stream")
        assert not was_opened()


@pytest.mark.parametrize("kind", ["playlist", "master playlist", "concat script", "manifest"])
def test_a_file_that_names_an_address_is_refused_and_no_connection_is_made(tmp_path: Path, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        path = tmp_path / "hostile.mp4"
        path.write_text(HOSTILE[kind].format(target=f"http://127.0.0.1:{server.getsockname()[1]}/film.ts", port=9))
        assert_refused(path, "is not a video")
        with pytest.raises(BlockingIOError):
            server.accept()


@pytest.mark.parametrize("name", ["concat:a.mp4|b.mp4", "subfile,,start,0,end,0,,:a.mp4", "data:video/mp4;base64,AAAA"])
def test_a_path_is_never_taken_for_an_address(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(VideoError, match="no such file"):
        probe(name)


def test_the_door_is_closed_behind_an_error(film: Path) -> None:
    def open_files() -> int:
        return len(os.listdir("/proc/self/fd"))

    def fail() -> None:
        with open_container(film):
            raise KeyError

    before = open_files()
    for _ in range(3):
        with pytest.raises(KeyError):
            fail()
    assert open_files() <= before


@contextmanager
def opened(path: Path) -> Iterator[Callable[[], bool]]:
    """A pipe at `path`; tells whether anybody has opened it for reading (who does would wait for a writer)."""
    os.mkfifo(path)
    seen, over = threading.Event(), threading.Event()

    def watch() -> None:
        while not over.is_set():
            try:
                writer = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
                seen.set()  # before it is closed: that is what whoever reads is waiting for
                os.close(writer)
            except OSError as error:
                if error.errno != errno.ENXIO:  # "nobody reads"
                    raise
            time.sleep(0.002)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen.is_set
    finally:
        over.set()
        watcher.join()


def test_the_watcher_of_these_tests_sees_a_file_that_is_opened(tmp_path: Path) -> None:
    with opened(tmp_path / "pipe") as was_opened:
        assert not was_opened()
        (tmp_path / "pipe").read_bytes()
        assert was_opened()


# Fingerprints

CHUNK = 64 * 1024


def test_a_copy_has_the_same_fingerprint(tmp_path: Path, film: Path) -> None:
    shutil.copy(film, tmp_path / "copy.mkv")
    assert fingerprint(tmp_path / "copy.mkv") == fingerprint(film) == probe(film).fingerprint
    assert len(fingerprint(film)) == 32


@pytest.mark.parametrize("size", [1000, 64 * CHUNK, 64 * CHUNK + 1, 80 * CHUNK])
@pytest.mark.parametrize("place", [0, 777, -1])
def test_one_byte_at_a_sampled_place_changes_the_fingerprint(tmp_path: Path, size: int, place: int) -> None:
    content = bytearray(np.random.default_rng(size).bytes(size))
    (tmp_path / "a").write_bytes(content)
    content[place] ^= 1
    (tmp_path / "b").write_bytes(content)
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")


def test_another_size_changes_the_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\0" * 100 * CHUNK)
    (tmp_path / "b").write_bytes(b"\0" * (100 * CHUNK + 1))
    assert fingerprint(tmp_path / "a") != fingerprint(tmp_path / "b")


def test_a_known_film_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"as it was")
    read: list[Path] = []

    def counted(path: Path) -> str:
        read.append(path)
        return fingerprint(path)

    monkeypatch.setattr("reinterpret.video.fingerprint", counted)
    assert {known_fingerprint(path) for _ in range(3)} == {fingerprint(path)}
    assert read == [path]


@pytest.mark.parametrize("how", ["another time", "another file", "another size"])
def test_a_known_film_that_has_changed_is_read_again(tmp_path: Path, how: str) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"as it was")
    os.utime(path, ns=(0, 10**18))
    before = known_fingerprint(path)
    if how == "another time":
        path.write_bytes(b"otherwise")
    elif how == "another file":
        (tmp_path / "new").write_bytes(b"otherwise")
        (tmp_path / "new").replace(path)
        os.utime(path, ns=(0, 10**18))
    else:
        path.write_bytes(b"more than it was")
        os.utime(path, ns=(0, 10**18))
    assert known_fingerprint(path) == fingerprint(path) != before


def test_a_known_film_that_is_gone_cannot_be_read(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"as it was")
    known_fingerprint(path)
    path.unlink()
    with pytest.raises(VideoError, match="film: cannot be read"):
        known_fingerprint(path)


def test_the_fingerprint_of_a_huge_file_is_had_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge"
    with path.open("wb") as file:
        file.truncate(300 * 2**30)  # sparse
    began = time.monotonic()
    fingerprint(path)
    assert time.monotonic() - began < 5


# The sheet of facts as JSON


def test_a_video_survives_being_written_and_read(anamorphic: Path) -> None:
    video = probe(anamorphic)
    assert Video.from_json(video.to_json()) == video


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("frame_rate", "0/1"),
        ("frame_rate", "fast"),
        ("frame_rate", None),
        ("frame_count", "many"),
        ("frame_count", -1),
        ("width", 0),
        ("height", -2),
        ("rotation", 45),
        ("sample_aspect", "0/1"),
        ("sample_aspect", "-1/1"),
        ("duration", "1/0"),
        ("duration", "-1/1"),
        ("timestamps", "guessed"),
        ("path", None),
    ],
)
def test_facts_that_are_not_those_of_a_video_are_refused(film: Path, key: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{key}: expected .*, got "):
        Video.from_json({**probe(film).to_json(), key: value})


def test_a_missing_fact_is_refused(film: Path) -> None:
    facts = probe(film).to_json()
    for key in facts:
        with pytest.raises(ValueError, match=f"^{key}: is missing$"):
            Video.from_json({other: value for other, value in facts.items() if other != key})


# Grids

RATES = st.sampled_from(
    [Fraction(24), Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(60000, 1001)]
)


@st.composite
def slots_of_a_film(draw: st.DrawFn) -> list[int]:
    """Places of the frames of a film that has lost at most one in a hundred, never the first or the last."""
    count = draw(st.integers(2, 400))
    lost = draw(st.sets(st.integers(1, max(1, count - 2)), max_size=count // 110)) if count > 2 else set()
    return [slot for slot in range(count) if slot not in lost]


def at_rate(rate: Fraction) -> Video:
    facts = {"path": "/film.mp4", "fingerprint": "0" * 32, "frame_rate": f"{rate.numerator}/{rate.denominator}"}
    facts |= {"frame_count": 0, "width": 16, "height": 9, "rotation": 0, "sample_aspect": "1/1", "duration": "0/1"}  # type: ignore[dict-item]
    return Video.from_json({**facts, "start": "0/1", "audio": False, "container": "mp4", "timestamps": "pts"})


@given(slots_of_a_film(), RATES, st.sampled_from([None, 1000, 90000]))
def test_a_film_keeps_its_rate_and_every_frame_its_place(slots: list[int], rate: Fraction, ticks: int | None) -> None:
    """Whatever the ticks to which the container rounds its times."""
    exact = [slot / rate for slot in slots]
    seconds = exact if ticks is None else [Fraction(round(instant * ticks), ticks) for instant in exact]
    grid = frame_grid(at_rate(rate), seconds)
    assert grid.rate == rate
    assert [grid.slot(frame) for frame in range(grid.frame_count)] == slots
    assert [grid.seconds(frame) for frame in range(grid.frame_count)] == exact
    assert grid.duration == (slots[-1] + 1) / rate


@given(st.lists(st.integers(1, 400), min_size=1, max_size=200), RATES)
def test_a_grid_is_never_longer_or_shorter_than_its_film_by_a_frame(gaps: list[int], header: Fraction) -> None:
    """gaps: milliseconds from frame to frame."""
    seconds = [Fraction(sum(gaps[:number]), 1000) for number in range(len(gaps) + 1)]
    grid = frame_grid(at_rate(header), seconds)
    assert abs(grid.seconds(grid.frame_count - 1) - seconds[-1]) <= 1 / grid.rate


def test_a_dropped_frame_stays_dropped(tmp_path: Path) -> None:
    slots = [slot for slot in range(201) if slot != 100]
    path = numbered_film(tmp_path / "dropped.mp4", 200, times=[Fraction(slot, 25) for slot in slots])
    video = probe(path)
    grid = frame_grid(video, [frame.seconds for frame in decode(video)])
    assert grid == FrameGrid(Fraction(25), 200, (100,))
    assert (grid.slot(99), grid.slot(100), grid.slot(200)) == (99, 101, 201)
    assert grid.duration == Fraction(201, 25)


def test_a_grid_of_one_frame_has_the_rate_of_the_header() -> None:
    assert frame_grid(at_rate(Fraction(24)), [Fraction(0)]) == FrameGrid(Fraction(24), 1)


@given(st.integers(1, 50), st.sets(st.integers(1, 59), max_size=10))
def test_the_places_of_a_grid_are_those_that_were_not_dropped(count: int, dropped: set[int]) -> None:
    dropped = {slot for slot in dropped if slot < count + len(dropped)}
    try:
        grid = FrameGrid(Fraction(25), count, tuple(sorted(dropped)))
    except ValueError:
        assert any(slot >= count + len(dropped) for slot in dropped)
        return
    free = [slot for slot in range(count + len(dropped)) if slot not in dropped]
    assert [grid.slot(frame) for frame in range(count)] == free
    assert all(a < b for a, b in pairwise(grid.seconds(frame) for frame in range(count)))


@pytest.mark.parametrize(
    ("rate", "count", "dropped"),
    [
        (0, 5, ()),
        (-25, 5, ()),
        (25, 0, ()),
        (25, 5, (0,)),
        (25, 5, (2, 2)),
        (25, 5, (3, 2)),
        (25, 5, (6,)),
        (25, 5, (-1,)),
    ],
)
def test_a_grid_that_makes_no_sense_is_refused(rate: int, count: int, dropped: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="grid"):
        FrameGrid(Fraction(rate), count, dropped)


def test_numbered_films_are_what_they_say(film: Path) -> None:
    """The clips of these tests themselves: PyAV alone sees 50 frames, 1/25 s apart."""
    assert [time for time, _ in pictures(film)] == [Fraction(number, 25) for number in range(50)]
