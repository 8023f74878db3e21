"""In-points: a shot hidden in a longer one is found to the frame, however it was graded; spans keep to the rules."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.alignment import ShotCourse, align
from reinterpret.cues.courses import CourseMeter, LayoutCourse
from reinterpret.ffmpeg import ffmpeg_program, run_ffmpeg
from reinterpret.frames import Scaler, decode
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.conftest import MEDIA

NTSC = Fraction(30000, 1001)
Grade = Callable[[np.ndarray], np.ndarray]

rng = np.random.default_rng(11)
# Where a ball is, at every tenth of a second of a minute: it wanders and never does the same twice.
_WAY = np.cumsum(rng.normal(0, 12, (600, 2)), axis=0)
_ROWS, _COLUMNS = np.mgrid[0:40, 0:72]


def scene(seconds: float) -> np.ndarray:
    """40 x 72 uint8: a bright ball before a slope of grey, at some instant of the minute."""
    steps = np.arange(600) / 10
    across = 36 + 30 * np.sin(np.interp(seconds, steps, _WAY[:, 0]) / 30)
    along = 20 + 16 * np.sin(np.interp(seconds, steps, _WAY[:, 1]) / 30)
    ball = np.exp(-((_COLUMNS - across) ** 2 + (_ROWS - along) ** 2) / 60)
    return np.asarray(40 + _COLUMNS + 100 * ball).astype(np.uint8)


def shot(
    start: Fraction | int,
    duration: Fraction | float,
    rate: Fraction | int,
    *,
    seen: Callable[[float], np.ndarray] = scene,
    grade: Grade = lambda luma: luma,
    shown_at: Fraction | int | None = None,
    vectors: Callable[[float], float] | None = None,
    instants: list[float] | None = None,
) -> ShotCourse:
    """What is metered of the scene from `start` on, as a shot that its film shows at `shown_at` (by default there).

    vectors: an angle for each instant, once a second, as vectors of two dimensions. instants: those of the frames.
    """
    rate, duration = Fraction(rate), Fraction(duration)
    begin = Fraction(start if shown_at is None else shown_at)
    meter = CourseMeter()
    if instants is None:
        instants = [number / float(rate) for number in range(int(duration * rate))]
    for instant in instants:
        meter.feed(grade(seen(float(start) + instant)), float(begin) + instant)
    angles = np.arange(0.5, float(duration), 1.0) if vectors is not None else np.empty(0)
    turned = np.array([vectors(float(start) + angle) for angle in angles] if vectors is not None else [])
    return ShotCourse(
        Span(begin, begin + duration),
        rate,
        meter.take(),
        np.stack([np.cos(turned), np.sin(turned)], axis=1).astype(np.float32),
        angles + float(begin),
    )


def still(_: float) -> np.ndarray:
    return scene(7.0)


@pytest.mark.parametrize("start", [Fraction(3), Fraction(1201, 100), Fraction(41)])
def test_a_hidden_shot_is_found_to_the_frame(start: Fraction) -> None:
    found = align(shot(start, 2, 25, shown_at=90), shot(0, 60, 25), Fraction(2))
    assert abs(found.start - start) <= Fraction(1, 25)
    assert found.duration == 2


@pytest.mark.parametrize("target", [12, 18, 24, 25, NTSC, 60])
@pytest.mark.parametrize("source", [12, 24, NTSC, 60])
def test_frame_rates_may_differ(target: Fraction | int, source: Fraction | int) -> None:
    found = align(shot(11, 2, target, shown_at=3), shot(5, 20, source), Fraction(2))
    assert abs(found.start - 11) <= max(2 / Fraction(source), Fraction(1, 15))
    assert (found.start * source).denominator == 1


@pytest.mark.parametrize(
    "grade",
    [
        lambda luma: np.clip(luma.astype(int) + 30, 16, 235).astype(np.uint8),
        lambda luma: (60 + luma * 0.4).astype(np.uint8),
        lambda luma: (255 * (luma / 255) ** 1.6).astype(np.uint8),
        lambda luma: np.ascontiguousarray(luma[2:-2, 4:-4]),
    ],
    ids=["brighter", "flatter", "darker", "closer"],
)
def test_brightness_grading_and_a_little_cropping_do_not_matter(grade: Grade) -> None:
    found = align(shot(11, 2, 24, grade=grade), shot(0, 30, 25), Fraction(2))
    assert abs(found.start - 11) <= Fraction(2, 25)


def test_light_that_changes_is_followed_too() -> None:
    def flashes(seconds: float) -> np.ndarray:
        return np.full((40, 72), 60 + 100 * (5.0 < seconds < 5.3) + 60 * (9.0 < seconds < 9.6), np.uint8)

    found = align(shot(8, 2, 24, seen=flashes), shot(0, 14, 24, seen=flashes), Fraction(2))
    assert abs(found.start - 8) <= Fraction(2, 24)


def test_a_variable_frame_rate_does_no_harm() -> None:
    ticks = np.cumsum(np.random.default_rng(3).choice([0.02, 0.033, 0.05, 0.1], 900))
    source = shot(0, 30, 30, instants=[float(tick) for tick in ticks if tick < 30])
    assert abs(align(shot(11, 2, 24), source, Fraction(2)).start - 11) <= Fraction(1, 10)


def test_a_transition_at_the_beginning_of_the_target_is_counted() -> None:
    whole = shot(11, 3, 24)
    late = whole.layout.seconds >= 11.5  # of the first half second, a dissolve, nothing is known
    layout = LayoutCourse(whole.layout.cells[late], whole.layout.seconds[late])
    target = ShotCourse(whole.span, whole.frame_rate, layout, whole.frame_vectors, whole.frame_seconds)
    assert abs(align(target, shot(0, 30, 24), Fraction(3)).start - 11) <= Fraction(1, 24)


def test_where_nothing_moves_the_most_central_is_taken() -> None:
    for target in (shot(0, 2, 24, seen=still), shot(0, 2, 24)):
        found = align(target, shot(4, 10, 25, seen=still), Fraction(2))
        assert abs(found.middle - 9) <= Fraction(1, 25)
    found = align(shot(0, 2, 24, seen=still), shot(4, 10, 25), Fraction(2))
    assert abs(found.middle - 9) <= Fraction(1, 25), "a target that is still follows nothing"


def test_where_nothing_moves_in_the_picture_frame_vectors_decide() -> None:
    target = shot(20, 3, 24, seen=still, vectors=lambda seconds: seconds / 10)
    source = shot(10, 20, 24, seen=still, vectors=lambda seconds: seconds / 10)
    assert abs(align(target, source, Fraction(3)).start - 20) <= Fraction(1, 6)


def test_single_samples_and_none_are_borne() -> None:
    source = shot(10, 20, 24, vectors=lambda seconds: seconds / 10)
    one = shot(14, Fraction(1, 24), 24)
    assert len(one.layout) == 1
    assert abs(align(one, source, Fraction(1)).middle - 20) <= Fraction(1, 24)
    lone = shot(0, 10, 24, instants=[0.0])
    assert abs(align(source, lone, Fraction(2)).middle - 5) <= Fraction(1, 24)
    nothing = shot(0, 10, 24, instants=[])
    assert len(nothing.layout) == 0
    assert align(nothing, nothing, Fraction(2)).duration == 2
    # Vectors alone.
    target = shot(0, 1, 24, instants=[], vectors=lambda seconds: 1.85)
    assert abs(align(target, source, Fraction(1)).start - 18) <= Fraction(1, 6)


def test_a_source_that_is_too_short_is_taken_whole() -> None:
    source = shot(10, 2, 24)
    for needed in (Fraction(2), Fraction(5)):
        assert align(shot(0, 5, 24), source, needed) == source.span


def test_the_ends_of_the_body_are_left_out_where_there_is_room() -> None:
    def slowly(seconds: float) -> np.ndarray:
        return scene(seconds / 4)

    target, source = shot(10, 2, 24, seen=slowly), shot(10, 8, 24, seen=slowly)
    assert align(target, source, Fraction(2)).start == Fraction(10) + Fraction(2, 24)
    assert align(target, source, Fraction(2), shy=False).start == 10
    target = shot(16, 2, 24, seen=slowly)
    assert align(target, source, Fraction(2)).end == 18 - Fraction(2, 24)


@settings(max_examples=100, deadline=None)
@given(
    rate=st.sampled_from([Fraction(n) for n in (5, 12, 18, 24, 25, 60)] + [NTSC, Fraction(179, 6)]),
    start=st.fractions(0, 100, max_denominator=1000),
    length=st.fractions(Fraction(1, 60), 8, max_denominator=1000),
    needed=st.fractions(Fraction(1, 60), 5, max_denominator=1000),
    shy=st.booleans(),
)
def test_spans_keep_to_the_rules(
    rate: Fraction, start: Fraction, length: Fraction, needed: Fraction, shy: bool
) -> None:
    source = shot(0, length, rate, shown_at=start, vectors=lambda seconds: seconds / 3)
    found = align(shot(1, needed, 24, vectors=lambda seconds: 0.4), source, needed, shy=shy)
    body = source.span
    assert body.start <= found.start < found.end <= body.end
    assert found.duration == min(needed, length)
    frames = (found.start * rate).denominator == 1
    room = -(-body.start * rate // 1) <= (body.end - needed) * rate // 1
    assert frames or not room or needed >= length
    assert align(shot(1, needed, 24, vectors=lambda seconds: 0.4), source, needed, shy=shy) == found


def test_what_is_no_course_is_refused() -> None:
    layout = LayoutCourse(np.empty((0, 40), np.uint8), np.empty(0))
    span, vectors, seconds = Span(Fraction(0), Fraction(1)), np.eye(2, dtype=np.float32), np.array([0.0, 0.5])
    with pytest.raises(ValueError, match="frame rate"):
        ShotCourse(span, Fraction(0), layout, vectors, seconds)
    with pytest.raises(ValueError, match="N x D float32"):
        ShotCourse(span, Fraction(24), layout, vectors.astype(np.float64), seconds)
    with pytest.raises(ValueError, match="2 float64"):
        ShotCourse(span, Fraction(24), layout, vectors, seconds[:1])
    with pytest.raises(ValueError, match="unit length"):
        ShotCourse(span, Fraction(24), layout, vectors * 2, seconds)
    with pytest.raises(ValueError, match="ascend"):
        ShotCourse(span, Fraction(24), layout, vectors, seconds[::-1].copy())
    with pytest.raises(ValueError, match="above 0"):
        align(shot(0, 1, 24), shot(0, 3, 24), Fraction(0))


def metered(path: Path) -> ShotCourse:
    """A whole film as one shot, without frame vectors."""
    video, meter, end = probe(path), CourseMeter(), Fraction(0)
    scaler = Scaler(288, 160, rotation=video.rotation)
    for frame in decode(video, threads=1):
        meter.feed(scaler.planes(frame.picture)[:160], float(frame.seconds))
        end = frame.seconds + 1 / video.frame_rate
    none = np.empty((0, 2), np.float32)
    return ShotCourse(Span(Fraction(0), end), video.frame_rate, meter.take(), none, np.empty(0))


@pytest.mark.slow
@pytest.mark.media
@pytest.mark.skipif(not MEDIA.is_dir(), reason="the real footage (shared/media beside the project) is not here")
def test_real_shots_are_found_again_within_two_frames(tmp_path: Path) -> None:
    hidden = {  # clip: first frame and number of frames of what is hidden
        "animal-chimpanzees-river.mp4": (200, 75),
        "bw-insect-on-leaf.mp4": (61, 60),
        "closeup-hands-letter-blocks.mp4": (133, 66),
        "city-street-taxi-bikes.mp4": (151, 50),
        "underwater-aquarium-fish.wmv": (97, 70),
    }
    errors = []
    for name, (first, count) in hidden.items():
        path, part = MEDIA / "archive" / name, tmp_path / "part.mp4"
        looks = (
            f"trim=start_frame={first}:end_frame={first + count},setpts=PTS-STARTPTS,crop=iw*0.9:ih*0.9,scale=320:180,"
            "eq=contrast=1.25:brightness=-0.06:gamma=1.2:saturation=0.7"
        )
        command = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", "-i", str(path), "-an", "-vf", looks]
        encoded = ["-c:v", "libx264", "-preset", "veryfast", "-crf", "30", "-pix_fmt", "yuv420p", str(part)]
        run_ffmpeg([*command, "-fps_mode", "passthrough", *encoded])
        target, source = metered(part), metered(path)
        found = align(target, source, target.span.duration)
        errors.append(abs(float(found.start * source.frame_rate) - first))
    assert np.median(errors) <= 2, errors
