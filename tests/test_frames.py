"""Decoding: every frame carries its number in its picture, so the picture itself says which frame it is."""

from __future__ import annotations

import itertools
import shutil
import threading
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reinterpret.errors import VideoError
from reinterpret.frames import FrameBatch, FrameReader, FrameReaders, Scaler, decode, prefetch, read_frames, upright
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.conftest import make_video
from tests.judging import expected_number, ffmpeg, number_of, numbered_film, remade, turned

COUNT = 300  # 12 seconds: beyond the distance up to which the reader decodes rather than seeks
RATE = Fraction(25)

# Every container with what an encoder makes of it: B-frames, times rounded to milliseconds, no times at all.
FORMATS: dict[str, tuple[str, ...]] = {
    "mp4": ("-c", "copy"),
    "mov": ("-c", "copy"),
    "mkv": ("-c", "copy"),
    "ts": ("-c", "copy"),
    "flv": ("-c", "copy"),
    "avi": ("-c:v", "mpeg4", "-q:v", "2", "-bf", "2", "-g", "60"),
    "mpg": ("-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-g", "30"),
    "webm": ("-c:v", "libvpx-vp9", "-crf", "10", "-b:v", "0", "-deadline", "realtime", "-cpu-used", "8", "-g", "90"),
    "ogv": ("-c:v", "libtheora", "-q:v", "9", "-g", "64"),
    "wmv": ("-c:v", "wmv2", "-q:v", "2", "-g", "60"),
    "h264": ("-c", "copy", "-bsf:v", "h264_mp4toannexb"),
    "gif": ("-vf", "scale=160:90", "-c:v", "gif"),
}
RANDOM_INSTANTS = [
    Fraction(n, 1000) for n in (11_000, 120, 7_333, 7_334, 0, 11_959, 5_555, 9_990, 1, 6_000, 39, 40, 41)
]


@pytest.fixture(scope="module")
def numbered(clips: Path) -> Path:
    """300 frames at 25 a second, with B-frames and key frames 40 frames apart."""
    return numbered_film(clips / "frames-numbered.mp4", COUNT)


def numbers(picture: av.VideoFrame) -> int:
    return number_of(picture.to_ndarray(format="gray"))[1]


def in_format(numbered: Path, folder: Path, suffix: str) -> Path:
    path = folder / f"frames-as.{suffix}"
    return path if path.exists() else remade(numbered, path, *FORMATS[suffix])


# One pass


@pytest.mark.parametrize("suffix", FORMATS)
def test_one_pass_gives_every_frame_once_in_order_at_its_time(numbered: Path, clips: Path, suffix: str) -> None:
    video = probe(in_format(numbered, clips, suffix))
    frames = [(frame.number, numbers(frame.picture), frame.seconds) for frame in decode(video)]
    assert [number for number, _, _ in frames] == list(range(COUNT))
    assert [number for _, number, _ in frames] == list(range(COUNT))
    assert [float(seconds) for _, _, seconds in frames] == pytest.approx([n / 25 for n in range(COUNT)], abs=0.0011)


@pytest.mark.parametrize("threads", [0, 1, 4])
def test_the_number_of_threads_changes_nothing(numbered: Path, threads: int) -> None:
    assert [numbers(frame.picture) for frame in decode(probe(numbered), threads=threads)] == list(range(COUNT))


def test_a_film_that_has_gone_is_an_error_with_its_name(tmp_path: Path) -> None:
    path = numbered_film(tmp_path / "gone.mp4", 3)
    video = probe(path)
    path.unlink()
    with pytest.raises(VideoError, match=r"gone\.mp4: no such file"):
        next(decode(video))
    with pytest.raises(VideoError, match=r"gone\.mp4: no such file"):
        FrameReader(video)


# Frames at instants


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_frame_at_any_instant_is_the_one_on_the_screen_then(numbered: Path, clips: Path, suffix: str) -> None:
    times = [Fraction(number, 25) for number in range(COUNT)]
    with FrameReader(probe(in_format(numbered, clips, suffix))) as reader:
        found = {instant: numbers(reader.at(instant).picture) for instant in RANDOM_INSTANTS}
    assert found == {instant: expected_number(times, instant) for instant in RANDOM_INSTANTS}


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "avi", "mpg"])
@pytest.mark.parametrize("rate", [Fraction(30000, 1001), Fraction(24)])
def test_the_beginning_of_a_frame_gives_that_frame_at_every_rate(tmp_path: Path, suffix: str, rate: Fraction) -> None:
    film = numbered_film(tmp_path / "film.mp4", 240, rate=rate)
    video = probe(remade(film, tmp_path / f"remade.{suffix}", *FORMATS[suffix]))
    wanted = [200, 3, 239, 0, 77, 78, 79, 150]
    with FrameReader(video) as reader:
        assert [numbers(reader.at(number / rate).picture) for number in wanted] == wanted


def test_ascending_instants_give_what_random_ones_give(numbered: Path) -> None:
    with FrameReader(probe(numbered)) as reader:
        assert [numbers(reader.at(Fraction(number, 25)).picture) for number in range(0, COUNT, 7)] == list(
            range(0, COUNT, 7)
        )


def test_readers_stay_open_while_few_others_are_asked_for(numbered: Path, tmp_path: Path) -> None:
    videos = [probe(Path(shutil.copy(numbered, tmp_path / f"{name}.mp4"))) for name in "abc"]
    with FrameReaders(kept=2) as readers:
        first, second = (readers.of(video) for video in videos[:2])
        assert numbers(first.at(Fraction(3)).picture) == 75
        assert readers.of(videos[0]) is first
        third = readers.of(videos[2])
        assert readers.of(videos[0]) is first
        assert readers.of(videos[2]) is third
        # It was closed, and is opened again.
        assert readers.of(videos[1]) is not second
        assert numbers(readers.of(videos[1]).at(Fraction(1)).picture) == 25


def test_the_same_instant_twice_gives_the_same_frame(numbered: Path) -> None:
    with FrameReader(probe(numbered)) as reader:
        assert [numbers(reader.at(Fraction(9)).picture) for _ in range(3)] == [225, 225, 225]


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts", "ogv", "avi"])
def test_before_the_first_frame_is_the_first_and_after_the_last_the_last(
    numbered: Path, clips: Path, suffix: str
) -> None:
    with FrameReader(probe(in_format(numbered, clips, suffix))) as reader:
        assert numbers(reader.at(Fraction(1000)).picture) == COUNT - 1
        assert numbers(reader.at(Fraction(-3)).picture) == 0
        assert numbers(reader.at(Fraction(12)).picture) == COUNT - 1


def test_a_film_of_variable_rate_is_read_by_its_times(tmp_path: Path) -> None:
    steps = [Fraction(n, 100) for n in (4, 4, 50, 4, 120, 4, 4, 300, 10)] * 3
    times = [sum(steps[:number], Fraction(0)) for number in range(len(steps) + 1)]
    video = probe(numbered_film(tmp_path / "variable.mkv", len(times), times=times))
    with FrameReader(video) as reader:
        for instant in [Fraction(n, 10) for n in (140, 3, 4, 100, 44, 45, 99, 0)]:
            assert numbers(reader.at(instant).picture) == expected_number(times, instant)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("50", "54", range(50, 54)),
        ("50", "52.4", range(50, 52)),
        ("50", "52.41", range(50, 53)),
        ("50.3", "53.3", range(50, 53)),
        ("50.7", "53.7", range(51, 54)),
        ("50", "50.1", [50]),
        ("297.5", "400", [297, 298, 299]),
        ("400", "402", [299]),
    ],
)
@pytest.mark.parametrize("suffix", ["mp4", "mkv", "avi"])
def test_a_stretch_gives_each_of_its_frames_once(
    numbered: Path, clips: Path, suffix: str, start: str, end: str, expected: Sequence[int]
) -> None:
    with FrameReader(probe(in_format(numbered, clips, suffix))) as reader:
        frames = reader.during(Span(Fraction(start) / 25, Fraction(end) / 25))
        assert [numbers(frame.picture) for frame in frames] == list(expected)


def test_a_stretch_of_a_variable_rate_gives_no_frame_twice(tmp_path: Path) -> None:
    steps = [Fraction(n, 100) for n in (4, 4, 50, 4, 120, 4, 4, 40)]
    times = [sum(steps[:number], Fraction(0)) for number in range(len(steps) + 1)]
    video = probe(numbered_film(tmp_path / "variable.mkv", len(times), times=times))
    with FrameReader(video) as reader:
        found = [numbers(frame.picture) for frame in reader.during(Span(Fraction(0), times[-1]))]
    assert found == sorted(set(found))
    assert {2, 4, 7} <= set(found)  # those that stand for long


@pytest.mark.parametrize("suffix", ["ts", "mkv", "mp4"])
def test_instants_count_from_the_first_frame_also_where_the_file_begins_late(
    numbered: Path, tmp_path: Path, suffix: str
) -> None:
    path = remade(numbered, tmp_path / f"late.{suffix}", "-c", "copy", "-output_ts_offset", "100")
    with FrameReader(probe(path)) as reader:
        assert [numbers(reader.at(Fraction(n, 25)).picture) for n in (250, 0, 150, 299)] == [250, 0, 150, 299]


def test_read_frames_gives_the_pictures_in_the_order_that_was_asked_for(numbered: Path) -> None:
    instants = [Fraction(10), Fraction(2), Fraction(2), Fraction(6)]
    batch = read_frames(probe(numbered), instants, width=160, height=90)
    assert [number_of(picture.mean(axis=2))[1] for picture in batch] == [250, 50, 50, 150]
    assert batch.seconds.tolist() == [10.0, 2.0, 2.0, 6.0]


def test_read_frames_of_no_instants_gives_an_empty_batch(numbered: Path) -> None:
    assert read_frames(probe(numbered), [], width=16, height=9).pixels.shape == (0, 9, 16, 3)


def test_read_frames_turns_pictures_upright(tmp_path: Path) -> None:
    coded_on_its_side = numbered_film(tmp_path / "side.mp4", 5, turns=1)
    path = turned(coded_on_its_side, tmp_path / "up.mp4", 90)
    batch = read_frames(probe(path), [Fraction(3, 25)], width=160, height=90)
    assert number_of(batch.pixels[0].mean(axis=2))[1] == 3


@pytest.mark.slow
@pytest.mark.media
def test_real_films_give_the_same_frames_by_seeking_as_in_one_pass(media: Path) -> None:
    rng = np.random.default_rng(3)
    for path in sorted((media / "archive").iterdir()):
        video = probe(path)
        scaler = Scaler(32, 18)
        shown = [(frame.seconds, scaler.planes(frame.picture)) for frame in decode(video)]
        times = [seconds for seconds, _ in shown]
        assert times[0] == 0
        assert all(a < b for a, b in itertools.pairwise(times)), path.name
        with FrameReader(video) as reader:
            for position in rng.permutation(len(shown))[:4]:
                until = times[position + 1] if position + 1 < len(times) else times[position] + 1 / video.frame_rate
                for share in (Fraction(0), Fraction(1, 2)):
                    instant = times[position] + (until - times[position]) * share
                    found = reader.at(instant)
                    assert found.seconds == times[position], (path.name, float(instant))
                    assert np.array_equal(scaler.planes(found.picture), shown[position][1]), (path.name, float(instant))


# Damage


@pytest.mark.parametrize(("suffix", "lost"), [("mp4", 41), ("ts", 41), ("mkv", 160), ("avi", 61), ("mpg", 31)])
def test_damage_in_the_middle_loses_a_few_frames_and_not_the_rest(
    numbered: Path, clips: Path, tmp_path: Path, suffix: str, lost: int
) -> None:
    """At most the frames from one key frame to the next; Matroska is found again only where a cluster begins."""
    content = bytearray(in_format(numbered, clips, suffix).read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = np.random.default_rng(5).bytes(200)
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(content)
    seen = []
    for frame in decode(probe(path)):
        try:
            seen.append(numbers(frame.picture))
        except AssertionError:
            continue  # a damaged picture
    assert seen[0] == 0
    assert COUNT - 1 in seen
    assert len(set(seen) & set(range(COUNT))) >= COUNT - lost
    with FrameReader(probe(path)) as reader:
        assert numbers(reader.at(Fraction(11)).picture) == 275
        assert numbers(reader.at(Fraction(1)).picture) == 25
        reader.at(Fraction(6))


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("suffix", ["mp4", "ts", "mkv", "webm", "avi", "ogv"])
def test_damage_anywhere_is_an_error_in_words_or_no_error(
    numbered: Path, clips: Path, tmp_path: Path, suffix: str, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    content = bytearray(in_format(numbered, clips, suffix).read_bytes())
    for place in rng.integers(0, len(content), 40):
        content[place] = rng.integers(0, 256)
    path = tmp_path / f"damaged.{suffix}"
    path.write_bytes(content[: rng.integers(len(content) // 2, len(content))])
    try:
        video = probe(path)
        times = [frame.seconds for frame in decode(video)]
        assert all(a < b for a, b in itertools.pairwise(times))
        with FrameReader(video) as reader:
            for instant in RANDOM_INSTANTS[:4]:
                reader.at(instant)
    except VideoError as error:
        assert str(path) in str(error)  # noqa: PT017 - either way is right


def test_a_stream_may_appear_in_the_middle(tmp_path: Path) -> None:
    """A recording of a broadcast, to which the sound comes late."""
    silent = numbered_film(tmp_path / "silent.mp4", 50)
    sound = ("-f", "lavfi", "-t", "2", "-i", "sine")
    plain = remade(silent, tmp_path / "a.ts", "-c", "copy", "-muxdelay", "0")
    ffmpeg(
        "-i", str(silent), *sound, "-c:v", "copy", "-output_ts_offset", "2", "-muxdelay", "0", str(tmp_path / "b.ts")
    )
    path = tmp_path / "joined.ts"
    # The second part lies beyond what is read for probing.
    path.write_bytes(
        plain.read_bytes() + b"\x47\x1f\xff\x10".ljust(188, b"\xff") * 40_000 + (tmp_path / "b.ts").read_bytes()
    )
    assert [numbers(frame.picture) for frame in decode(probe(path))] == [*range(50), *range(50)]


def test_the_size_of_the_picture_may_change_in_the_middle(tmp_path: Path) -> None:
    parts = []
    for number, size in enumerate([(160, 90), (320, 180)]):
        film = numbered_film(tmp_path / f"{number}.mp4", 50, film=number, size=size)
        offset = ("-output_ts_offset", str(2 * number), "-muxdelay", "0", "-muxpreload", "0")
        parts.append(remade(film, tmp_path / f"{number}.ts", "-c", "copy", *offset).read_bytes())
    path = tmp_path / "joined.ts"
    path.write_bytes(b"".join(parts))
    video, scaler = probe(path), Scaler(160, 90)
    seen = [number_of(scaler.rgb(frame.picture).mean(axis=2)) for frame in decode(video)]
    assert seen == [(film, number) for film in (0, 1) for number in range(50)]
    batch = read_frames(video, [Fraction(3), Fraction(1)], width=160, height=90)
    assert [number_of(picture.mean(axis=2)) for picture in batch] == [(1, 25), (0, 25)]


# Colours

COLOURS = {
    "red": (255, 0, 0),
    "green": (0, 255, 0),
    "blue": (0, 0, 255),
    "white": (255, 255, 255),
    "gray": (128, 128, 128),
}
CODINGS = {
    "standard definition, nothing said": ("320x180", "out_color_matrix=bt601:out_range=tv", ()),
    "high definition, nothing said": ("1280x720", "out_color_matrix=bt709:out_range=tv", ()),
    "bt709": ("320x180", "out_color_matrix=bt709:out_range=tv", ("-colorspace", "bt709")),
    "bt601": ("1280x720", "out_color_matrix=bt601:out_range=tv", ("-colorspace", "smpte170m")),
    "bt470bg": ("1280x720", "out_color_matrix=bt601:out_range=tv", ("-colorspace", "bt470bg")),
    "bt2020": ("320x180", "out_color_matrix=bt2020:out_range=tv", ("-colorspace", "bt2020nc")),
    "full range": ("320x180", "out_color_matrix=bt601:out_range=pc", ("-color_range", "pc")),
    "full range bt709": (
        "1280x720",
        "out_color_matrix=bt709:out_range=pc",
        ("-color_range", "pc", "-colorspace", "bt709"),
    ),
}


@pytest.mark.parametrize("coding", CODINGS)
def test_colours_come_out_as_they_went_in(tmp_path: Path, coding: str) -> None:
    """A film of one frame: five upright stripes."""
    size, scale, tags = CODINGS[coding]
    width, height = map(int, size.split("x"))
    path = tmp_path / "colours.mp4"
    stripes = [
        f"color=0x{'{:02x}{:02x}{:02x}'.format(*colour)}:size={width // 5}x{height}:rate=25"
        for colour in COLOURS.values()
    ]
    inputs = [word for stripe in stripes for word in ("-f", "lavfi", "-i", f"{stripe},format=gbrp")]
    # Where nothing is to be said the encoder must not be told what scale has made.
    said = "null" if tags else "setparams=colorspace=unknown:range=unknown"
    made = f"hstack=inputs={len(stripes)},scale={scale}:flags=accurate_rnd,format=yuv420p,{said}"
    encoder = ["-frames:v", "1", "-c:v", "libx264", "-preset", "ultrafast", "-qp", "4"]
    ffmpeg(*inputs, "-filter_complex", made, *encoder, *tags, str(path))
    scaler = Scaler(80, 16)
    picture = next(decode(probe(path))).picture
    assert_stripes(scaler.rgb(picture), off=4)
    # By way of small planes swscale rounds coarsely.
    assert_stripes(scaler.rgb_of_planes(scaler.planes(picture)), off=11)


def assert_stripes(pixels: np.ndarray, *, off: int) -> None:
    assert pixels.shape == (16, 80, 3)
    seen = {name: pixels[8, 16 * number + 8].tolist() for number, name in enumerate(COLOURS)}
    assert seen == {name: pytest.approx(colour, abs=off) for name, colour in COLOURS.items()}


@pytest.mark.parametrize(
    ("codec", "pixel_format"),
    [
        ("png", "rgb24"),
        ("png", "rgba"),
        ("qtrle", "argb"),
        ("qtrle", "rgb24"),
        ("rawvideo", "bgra"),
        ("ffv1", "gbrp10le"),
    ],
)
def test_films_that_are_rgb_keep_their_colours(tmp_path: Path, codec: str, pixel_format: str) -> None:
    path = tmp_path / ("colours.avi" if codec == "rawvideo" else "colours.mov" if codec == "qtrle" else "colours.mkv")
    stripes = [f"color=0x{'{:02x}{:02x}{:02x}'.format(*colour)}:size=64x180:rate=25" for colour in COLOURS.values()]
    inputs = [word for stripe in stripes for word in ("-f", "lavfi", "-i", f"{stripe},format=gbrp")]
    made = f"hstack=inputs={len(stripes)},format={pixel_format}"
    ffmpeg(*inputs, "-filter_complex", made, "-frames:v", "1", "-c:v", codec, str(path))
    scaler = Scaler(80, 16)
    picture = next(decode(probe(path))).picture
    assert_stripes(scaler.rgb(picture), off=4)
    assert_stripes(scaler.rgb_of_planes(scaler.planes(picture)), off=11)


@pytest.mark.parametrize(
    ("codec", "pixel_format"), [("ffv1", "gray"), ("png", "gray"), ("ffv1", "gray10le"), ("ffv1", "ya8")]
)
@pytest.mark.parametrize("level", [0, 64, 128, 255])
def test_grey_films_keep_their_levels(tmp_path: Path, codec: str, pixel_format: str, level: int) -> None:
    path = tmp_path / "grey.mkv"
    source = f"color=0x{level:02x}{level:02x}{level:02x}:size=160x90:rate=25,format=gbrp,format={pixel_format}"
    ffmpeg("-f", "lavfi", "-i", source, "-frames:v", "1", "-c:v", codec, str(path))
    scaler = Scaler(80, 16)
    picture = next(decode(probe(path))).picture
    assert scaler.rgb(picture)[8, 8].tolist() == pytest.approx([level] * 3, abs=4)
    assert scaler.rgb_of_planes(scaler.planes(picture))[8, 8].tolist() == pytest.approx([level] * 3, abs=11)


def test_an_unknown_colour_space_is_taken_by_the_height_as_players_do(tmp_path: Path) -> None:
    reserved = ("-bsf:v", "h264_metadata=matrix_coefficients=3:colour_primaries=3:transfer_characteristics=3")
    path = make_video(tmp_path / "odd.mp4", ("color=red:size=320x180:rate=25", 0.2), options=reserved)
    red, green, blue = Scaler(8, 8).rgb(next(decode(probe(path))).picture)[4, 4]
    assert red > 245
    assert max(green, blue) < 10


def test_upright_turns_clockwise() -> None:
    picture = np.zeros((2, 3, 1), np.uint8)
    picture[0, 0] = 9  # upper left
    assert upright(picture, 0) is picture
    assert np.argwhere(upright(picture, 90)[:, :, 0]).tolist() == [[0, 1]]  # upper right of 3 x 2
    assert np.argwhere(upright(picture, 180)[:, :, 0]).tolist() == [[1, 2]]
    assert np.argwhere(upright(picture, 270)[:, :, 0]).tolist() == [[2, 0]]
    assert upright(picture, 90).flags.c_contiguous


@pytest.mark.parametrize(
    ("pixels", "seconds"),
    [
        (np.zeros((2, 4, 4, 3), np.float32), np.zeros(2)),
        (np.zeros((2, 4, 4), np.uint8), np.zeros(2)),
        (np.zeros((2, 4, 4, 4), np.uint8), np.zeros(2)),
        (np.zeros((2, 4, 4, 3), np.uint8), np.zeros(3)),
        (np.zeros((2, 4, 4, 3), np.uint8), np.zeros(2, np.float32)),
    ],
)
def test_a_batch_that_does_not_fit_together_is_refused(pixels: np.ndarray, seconds: np.ndarray) -> None:
    with pytest.raises(ValueError, match="must be"):
        FrameBatch(pixels, seconds)


def test_a_batch_is_counted_iterated_and_shown_without_its_pixels() -> None:
    batch = FrameBatch(np.zeros((2, 4, 6, 3), np.uint8), np.array([0.0, 0.5]))
    assert len(batch) == len(list(batch)) == 2
    assert repr(batch) == "FrameBatch(pixels=2x4x6x3 uint8, seconds=[0.0, 0.5])"


# Ahead of their use


def prefetch_threads() -> int:
    return sum(thread.name == "prefetch" for thread in threading.enumerate())


@pytest.fixture(autouse=True)
def no_thread_is_left_behind() -> Iterator[None]:
    yield
    assert prefetch_threads() == 0


@pytest.mark.parametrize("depth", [1, 3, 1000])
def test_prefetch_keeps_the_order(depth: int) -> None:
    assert list(prefetch(range(500), depth=depth)) == list(range(500))


def test_prefetch_of_nothing_is_nothing() -> None:
    assert list(prefetch([], depth=2)) == []
    assert list(prefetch([None, None], depth=2)) == [None, None]


def test_an_error_arrives_where_the_item_would_have() -> None:
    def items() -> Iterator[int]:
        yield 1
        yield 2
        raise VideoError("film.mp4: broken")

    ahead = prefetch(items(), depth=5)
    assert [next(ahead), next(ahead)] == [1, 2]
    with pytest.raises(VideoError, match=r"film\.mp4: broken"):
        next(ahead)


def test_prefetch_makes_no_more_than_its_depth_ahead() -> None:
    made = []

    def items() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    ahead = prefetch(items(), depth=4)
    assert next(ahead) == 0
    time.sleep(0.2)
    # One was taken, four wait in the queue, and one more is in the hand of the thread.
    assert len(made) == 6
    ahead.close()  # type: ignore[attr-defined]


def test_closing_early_ends_the_thread_and_closes_the_source() -> None:
    closed = threading.Event()

    def items() -> Iterator[int]:
        try:
            yield from range(10**9)
        finally:
            closed.set()

    ahead = prefetch(items(), depth=2)
    assert next(ahead) == 0
    assert prefetch_threads() == 1
    ahead.close()  # type: ignore[attr-defined]
    assert prefetch_threads() == 0
    assert closed.is_set()


def test_an_error_of_the_consumer_ends_the_thread() -> None:
    def consume() -> None:
        for item in prefetch(range(10**9), depth=2):
            if item == 5:
                raise KeyError

    with pytest.raises(KeyError):
        consume()
    assert prefetch_threads() == 0


def test_what_was_never_asked_for_needs_no_thread() -> None:
    prefetch(range(3), depth=2).close()  # type: ignore[attr-defined]
    assert prefetch_threads() == 0
