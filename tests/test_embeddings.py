"""From a film to its vectors, with the weight-free encoder; pictures are chosen so that the answer is obvious."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.cues import CUES, cue_names
from reinterpret.cues.vectors import CueVectors
from reinterpret.embeddings import Embeddings, Film, embed_pictures, embed_video, picture_area
from reinterpret.encoders import load_encoder
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.errors import VideoError
from reinterpret.frames import FrameBatch
from reinterpret.shots import Boundary, Detection
from reinterpret.video import probe
from tests.conftest import make_video
from tests.cues.made import HEIGHT, WIDTH, seen_from, texture
from tests.judging import remade, turned
from tests.shots.known import find

SCENE = "smptehdbars=size=320x180:rate=25"


@pytest.fixture(scope="module")
def film(clips: Path) -> Film:
    """Three shots of 2, 0.4 and 7 seconds."""
    path = make_video(clips / "embeddings.mp4", ("bars", 2), ("fractal", 0.4), ("colours", 7))
    return embed_video(probe(path), PixelsEncoder())


def of_scenes(path: Path, *scenes: tuple[str, float]) -> Film:
    return embed_video(probe(make_video(path, *scenes)), PixelsEncoder(), detection=Detection("none"))


def likeness(one: Film, other: Film) -> float:
    return float(content(one)[0] @ content(other)[0])


def content(film: Film) -> np.ndarray:
    return film.embeddings.cues.of("content")


# Films


def test_every_shot_has_unit_vectors_a_kind_a_course_a_thumbnail_and_its_facts(film: Film) -> None:
    assert [shot.start_frame for shot in film.shots] == [0, 50, 60]
    assert len(film.embeddings) == 3
    for cue, matrix in zip(CUES, film.embeddings.cues.matrices, strict=True):
        assert matrix.shape == (3, cue.dimensions or PixelsEncoder.dimensions)
        assert matrix.dtype == np.float32
        assert np.linalg.norm(matrix, axis=1) == pytest.approx(1, abs=1e-5)
    assert film.embeddings.cues.known.all()
    assert film.kinds == ("bars", "scene", "scene")
    assert len(film.thumbnails) == len(film.courses) == 3
    assert (film.embeddings.encoder, film.embeddings.encoder_version) == ("pixels", PixelsEncoder.version)
    assert (film.grid.rate, film.grid.frame_count, film.video.frame_count) == (25, 235, 235)
    assert film.detection == Detection()


def test_a_frame_a_second_is_embedded_and_never_fewer_than_three(film: Film) -> None:
    assert np.diff(film.embeddings.frame_offsets).tolist() == [3, 3, 7]
    for number, shot in enumerate(film.shots):
        vectors, seconds = film.embeddings.of_shot(number)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=2e-3)
        assert all(Fraction(float(instant)) in shot.span for instant in seconds)
        # They stand for equal parts of the shot, each near the middle of its part.
        middles = [
            float(shot.span.start + shot.span.duration * (2 * k + 1) / (2 * len(seconds))) for k in range(len(seconds))
        ]
        # (of a long shot every fourth frame is kept)
        assert seconds == pytest.approx(middles, abs=0.13)


def test_only_the_body_of_a_shot_is_embedded(film: Film, monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch, Boundary.gradual("dissolve", 10, 70), Boundary(235, "fade", 200, 235))
    found = embed_video(film.video, PixelsEncoder())
    for number, (first, end) in enumerate([(0, 10), (70, 200)]):
        _, seconds = found.embeddings.of_shot(number)
        assert all(first / 25 <= instant < end / 25 for instant in seconds)
    assert np.diff(found.embeddings.frame_offsets).tolist() == [3, 5]
    # Nothing of the fractal between them: the thumbnail and the vector are those of the bars alone.
    assert likeness(found, film) > 0.99
    for shot, course in zip(found.shots, found.courses, strict=True):
        assert course.seconds[0] == float(shot.body.start)
        assert float(shot.body.end) - 0.08 <= course.seconds[-1] < shot.body.end


def test_a_shot_of_one_frame_has_one_vector(tmp_path: Path) -> None:
    film = of_scenes(tmp_path / "one.mp4", ("bars", 0.04))
    assert film.embeddings.frame_offsets.tolist() == [0, 1]
    assert film.embeddings.frame_seconds.tolist() == [0.0]


def test_a_long_shot_has_no_more_than_24_vectors(tmp_path: Path) -> None:
    film = of_scenes(tmp_path / "long.mp4", ("smptehdbars=size=32x18:rate=25", 60))
    assert len(film.embeddings.frame_seconds) == 24


@pytest.mark.parametrize("other", ["bars", "test", "plate", "colours", "green"])
def test_a_shot_resembles_its_own_scene_more_than_any_other(clips: Path, film: Film, other: str) -> None:
    path = clips / f"embeddings-{other}.mp4"
    found = content(film) @ content(of_scenes(path, (other, 1)))[0]
    if other in ("bars", "colours"):
        assert int(found.argmax()) == {"bars": 0, "colours": 2}[other]
        assert found.max() > (0.95 if other == "bars" else 0.3)  # the colours move on
    else:
        assert found.max() < 0.95


@pytest.mark.parametrize(
    ("colour", "kind", "luma"), [("black", "black", 16), ("white", "white", 235), ("0x808080", "plain", 126)]
)
def test_a_flat_film_is_told_from_a_scene_and_its_course_is_even(
    tmp_path: Path, colour: str, kind: str, luma: int
) -> None:
    film = of_scenes(tmp_path / "flat.mp4", (f"color={colour}:size=320x180:rate=25", 0.4))
    assert film.kinds == (kind,)
    assert np.abs(film.courses[0].cells.astype(int) - luma).max() <= 2
    assert film.courses[0].seconds == pytest.approx(np.arange(0, 0.4, 0.08), abs=1e-9)


def test_the_course_of_a_shot_tells_where_it_is_light(tmp_path: Path) -> None:
    source = "color=black:size=320x180:rate=25,drawbox=w=160:h=180:color=white:t=fill"  # white on the left
    film = of_scenes(tmp_path / "halves.mp4", (source, 0.4))
    cells = film.courses[0].cells.astype(int)
    assert np.abs(cells - np.tile([235] * 4 + [16] * 4, 5)).max() <= 2
    upright = turned(film.video.path, tmp_path / "turned.mp4", -90)
    found = embed_video(probe(upright), PixelsEncoder(), detection=Detection("none"))
    # Clockwise: what was on the left is above.
    rows = found.courses[0].cells[0].reshape(5, 8).astype(int)
    assert np.abs(rows[:2] - 235).max() <= 2
    assert np.abs(rows[3:] - 16).max() <= 2


def test_the_movement_of_a_shot_is_that_of_its_own_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A camera that rests, turns to the right and rests; between them it is torn to and fro."""
    torn = [200, -200] * 5
    speeds = [*[0] * 30, *torn, *[2] * 30, *torn, *[0] * 30]
    with av.open(str(tmp_path / "film.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast", "crf": "10"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for x in 700 + np.cumsum(speeds):
            picture = seen_from(texture(), x=float(x), y=500)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(np.stack([picture] * 3, axis=2), "rgb24")))
        container.mux(stream.encode(None))
    find(monkeypatch, Boundary.gradual("dissolve", 30, 40), Boundary.gradual("dissolve", 70, 80))
    film = embed_video(probe(tmp_path / "film.mp4"), PixelsEncoder())
    movement = film.embeddings.cues.of("movement")
    said = [CUES[cue_names().index("movement")].shared(row, row) for row in movement]
    assert said == ["nothing moving", "pan right", "nothing moving"]
    assert movement[0] @ movement[2] > 0.95
    assert movement[0] @ movement[1] < 0.5


def test_the_same_film_gives_the_same_vectors_whatever_the_threads(film: Film) -> None:
    again = embed_video(film.video, PixelsEncoder(), threads=1)
    assert np.array_equal(again.embeddings.frame_vectors, film.embeddings.frame_vectors)
    assert again.thumbnails == film.thumbnails


def test_a_damaged_film_raises_with_its_name(tmp_path: Path) -> None:
    path = make_video(tmp_path / "film.mp4", ("bars", 0.4))
    video = probe(path)
    path.write_bytes(b"nothing of a film")
    with pytest.raises(VideoError, match=r"film\.mp4"):
        embed_video(video, PixelsEncoder())


# Bars


@pytest.mark.parametrize(
    "padding",
    ["pad=320:260:0:40:black", "pad=320:230:0:25:black", "pad=420:180:50:0:black", "pad=400:240:40:30:black"],
    ids=["letterbox", "narrow letterbox", "pillarbox", "window box"],
)
@pytest.mark.parametrize("scene", ["bars", "fractal", "colours"])
def test_black_bars_change_nothing(tmp_path: Path, padding: str, scene: str) -> None:
    plain = make_video(tmp_path / "plain.mp4", (scene, 1))
    barred = remade(plain, tmp_path / "barred.mp4", "-vf", padding, "-crf", "12")
    one, other = (embed_video(probe(path), PixelsEncoder(), detection=Detection("none")) for path in (plain, barred))
    assert likeness(one, other) > 0.99


def test_a_dark_scene_has_no_bars() -> None:
    rng = np.random.default_rng(0)
    night = rng.integers(0, 25, (160, 288), dtype=np.uint8)
    assert picture_area(night) == (0, 160, 0, 288)
    lamp = night.copy()
    lamp[60:80, 100:140] = 220  # all that is to be seen is small
    assert picture_area(lamp) == (0, 160, 0, 288)


def test_one_dark_side_is_no_bar() -> None:
    picture = np.full((160, 288), 120, np.uint8)
    picture[:40] = 10
    assert picture_area(picture) == (0, 160, 0, 288)


@given(st.integers(0, 45), st.integers(0, 60))
def test_the_picture_is_found_between_bars_of_any_size(rows: int, columns: int) -> None:
    picture = np.random.default_rng(1).integers(0, 20, (160, 288), dtype=np.uint8)
    picture[rows : 160 - rows, columns : 288 - columns] = 140
    kept = [size - 2 * made - 2 if made >= 2 else size for made, size in ((rows, 160), (columns, 288))]
    enough = kept[0] * kept[1] >= 0.4 * 160 * 288
    found = picture_area(picture)
    if not enough:
        assert found == (0, 160, 0, 288)
        return
    for made, low, high, size in ((rows, found[0], found[1], 160), (columns, found[2], found[3], 288)):
        # A bar of one line is as good as none; with a bar goes the line beside it, which is half bar, half picture.
        assert (low, high) == ((made + 1, size - made - 1) if made >= 2 else (0, size))


@given(st.integers(1, 40), st.integers(1, 40))
def test_some_picture_is_left_of_any_picture(height: int, width: int) -> None:
    brightest = np.random.default_rng(height * 41 + width).integers(0, 60, (height, width), dtype=np.uint8)
    top, bottom, left, right = picture_area(brightest)
    assert 0 <= top < bottom <= height
    assert 0 <= left < right <= width


# Thumbnails


def thumbnail_of(path: Path) -> np.ndarray:
    film = embed_video(probe(path), PixelsEncoder(), detection=Detection("none"))
    picture = cv2.imdecode(np.frombuffer(film.thumbnails[0], np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture[:, :, ::-1])


@pytest.mark.parametrize(
    ("size", "shape"),
    [("320x180", (160, 284)), ("240x320", (160, 120)), ("2000x20", (160, 640)), ("16x400", (160, 16))],
)
def test_a_thumbnail_is_a_jpeg_160_pixels_high_of_the_films_shape(
    tmp_path: Path, size: str, shape: tuple[int, int]
) -> None:
    path = make_video(tmp_path / "film.mp4", (f"color=red:size={size}:rate=25", 0.2))
    picture = thumbnail_of(path)
    assert picture.shape[:2] == shape
    red, green, blue = picture[80, shape[1] // 2]
    assert (red > 235, green < 25, blue < 25) == (True, True, True)


def test_the_thumbnail_of_a_rotated_film_stands_upright(tmp_path: Path) -> None:
    source = "color=blue:size=320x180:rate=25,drawbox=w=160:h=180:color=red:t=fill"  # red on the left
    path = make_video(tmp_path / "coded.mp4", (source, 0.2))
    picture = thumbnail_of(turned(path, tmp_path / "turned.mp4", -90))
    assert picture.shape[:2] == (160, 90)
    assert picture[20, 45, 0] > 200  # clockwise: what was on the left is above
    assert picture[140, 45, 2] > 200


def test_the_thumbnail_of_an_anamorphic_film_has_square_pixels(tmp_path: Path) -> None:
    path = make_video(tmp_path / "coded.mp4", ("color=red:size=720x576:rate=25", 0.2))
    wide = remade(path, tmp_path / "wide.mp4", "-vf", "setsar=64/45")
    assert thumbnail_of(wide).shape[:2] == (160, 284)


# Pictures


def test_pictures_are_seen_as_the_frames_of_a_film_are(tmp_path: Path, film: Film) -> None:
    still = tmp_path / "still.png"
    remade(film.video.path, still, "-frames:v", "1", "-update", "1")
    picture = cv2.imread(str(still))
    assert picture is not None
    barred = cv2.copyMakeBorder(picture, 40, 40, 0, 0, cv2.BORDER_CONSTANT)
    vectors = embed_pictures([picture[:, :, ::-1], barred[:, :, ::-1]], PixelsEncoder())
    assert len(vectors) == 2
    for name, least in (("content", 0.99), ("composition", 0.97), ("colour", 0.97)):
        assert (vectors.of(name) @ film.embeddings.cues.of(name)[0] > least).all(), name
    unknown = [name not in ("movement", "rhythm") for name in cue_names()]
    assert vectors.known.tolist() == [unknown, unknown]


def test_pictures_of_any_size_can_be_embedded_together() -> None:
    rng = np.random.default_rng(0)
    sizes = [(1, 1), (3000, 2), (17, 900), (160, 288)]
    vectors = embed_pictures([rng.integers(0, 256, (*size, 3), dtype=np.uint8) for size in sizes], PixelsEncoder())
    assert len(vectors) == 4
    for matrix in vectors.matrices:
        assert np.linalg.norm(matrix, axis=1) == pytest.approx(1, abs=1e-5)


def test_no_pictures_are_like_nothing() -> None:
    with pytest.raises(ValueError, match="expected a matrix for each of"):
        embed_pictures([], PixelsEncoder())


# What is refused


def embeddings(dimensions: int, frames: int = 4, offsets: tuple[int, ...] = (0, 2, 4)) -> Embeddings:
    """Of two shots; the encoder's vectors have so many numbers, those of the frames have 3."""
    lengths = [cue.dimensions or dimensions for cue in CUES]
    cues = CueVectors(tuple(np.eye(length, dtype=np.float32)[:2] for length in lengths), np.ones((2, len(CUES)), bool))
    vectors = np.zeros((frames, 3), np.float16)
    vectors[:, 0] = 1
    return Embeddings("pixels", "1", cues, vectors, np.arange(frames, dtype=np.float64), np.array(offsets))


def test_vectors_that_do_not_fit_together_are_refused() -> None:
    assert len(embeddings(3)) == 2
    with pytest.raises(ValueError, match="do not fit together"):
        embeddings(3, offsets=(0, 4))
    with pytest.raises(ValueError, match="do not fit together"):
        embeddings(4)


def test_a_film_without_shots_or_with_too_little_about_them_is_refused(film: Film) -> None:
    for name in ("kinds", "courses", "thumbnails"):
        with pytest.raises(ValueError, match="as many"):
            replace(film, **{name: getattr(film, name)[:2]})
    with pytest.raises(ValueError, match="got 0 shots"):
        replace(film, shots=())


def test_an_encoder_is_fed_several_shots_at_once_and_each_gets_its_own_vectors(tmp_path: Path) -> None:
    """With 3 frames a shot, 30 shots take two batches of 64 frames."""

    class Counting(PixelsEncoder):
        batches: list[int]

        def embed(self, frames: FrameBatch) -> np.ndarray:
            self.batches.append(len(frames))
            return super().embed(frames)

    encoder = Counting()
    encoder.batches = []
    scenes = [
        ("smptehdbars=size=64x36:rate=25", 0.32),
        ("color=navy:size=64x36:rate=25,drawbox=w=32:h=36:color=yellow:t=fill", 0.32),
    ]
    film = embed_video(probe(make_video(tmp_path / "film.mp4", *(scenes * 15))), encoder)
    assert len(film.shots) == 30
    assert len(encoder.batches) == 2
    assert sum(encoder.batches) == len(film.embeddings.frame_seconds) == 90
    alike = content(film) @ content(film).T
    odd = np.add.outer(np.arange(30), np.arange(30)) % 2 == 1
    assert alike[~odd].min() > 0.98
    assert alike[odd].max() < 0.9


def test_the_encoder_pixels_is_had_by_its_name() -> None:
    assert isinstance(load_encoder("pixels"), PixelsEncoder)
