"""Shots of films whose every cut is known, and the samples that are kept of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.errors import UsageError, VideoError
from reinterpret.shots import Boundary, Detection, Shot, detect_shots, detector_names, load_detector
from reinterpret.shots.content import AdaptiveRule, BlackRuns, is_black
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.conftest import SCENES, make_video
from tests.judging import numbered_film

# The large network takes a second for what the others do in hundredths.
TRANSNETV2 = pytest.param("transnetv2", marks=pytest.mark.slow)
CUTTING = ("adaptive", "content", "fast", TRANSNETV2)
SMALL = "size=160x90:rate=25"


@pytest.fixture(scope="module")
def cut(clips: Path) -> tuple[Path, list[int]]:
    """Eight scenes without sudden changes of their own, and the frames at which they begin."""
    names = ["bars", "test", "fractal", "plate", "green", "bars", "colours", "test"]
    lengths = [30, 10, 60, 14, 25, 40, 8, 35]
    path = make_video(
        clips / "shots-cut.mp4", *((name, count / 25) for name, count in zip(names, lengths, strict=True))
    )
    return path, [0, *accumulate(lengths)]


def begins(shots: Sequence[Shot]) -> list[int]:
    return [shot.start_frame for shot in shots]


def assert_tiles(shots: Sequence[Shot], frame_count: int) -> None:
    assert [shot.number for shot in shots] == list(range(len(shots)))
    assert shots[0].start_frame == 0
    assert shots[0].span.start == 0
    assert shots[-1].end_frame == frame_count
    for one, other in pairwise(shots):
        assert (one.end_frame, one.span.end) == (other.start_frame, other.span.start)
    assert [shot.transition == "start" for shot in shots] == [True] + [False] * (len(shots) - 1)


# Cuts


@pytest.mark.parametrize("detector", CUTTING)
def test_hard_cuts_are_found_at_the_very_frame(cut: tuple[Path, list[int]], detector: str) -> None:
    path, edges = cut
    found = detect_shots(probe(path), detection=Detection(detector))
    assert_tiles(found, edges[-1])
    assert begins(found) == edges[:-1]
    assert [shot.span for shot in found] == [Span(Fraction(a, 25), Fraction(b, 25)) for a, b in pairwise(edges)]
    assert {shot.transition for shot in found[1:]} == {"cut"}
    assert {shot.video for shot in found} == {probe(path).fingerprint}


@pytest.mark.parametrize("detector", CUTTING)
@pytest.mark.parametrize("rate", ["24000/1001", "30000/1001", "50", "12"])
def test_hard_cuts_are_found_at_every_rate(tmp_path: Path, detector: str, rate: str) -> None:
    step = 1 / Fraction(rate)
    scenes = [(SCENES[name].replace("rate=25", f"rate={rate}"), 20 * float(step)) for name in ("bars", "test", "green")]
    found = detect_shots(probe(make_video(tmp_path / "film.mp4", *scenes, rate=rate)), detection=Detection(detector))
    assert_tiles(found, 60)
    assert begins(found) == [0, 20, 40]
    assert [shot.span.start for shot in found] == pytest.approx([0, 20 * step, 40 * step], abs=1e-4)


def test_the_detector_none_gives_one_shot(cut: tuple[Path, list[int]]) -> None:
    path, edges = cut
    (shot,) = detect_shots(probe(path), detection=Detection("none"))
    assert (shot.start_frame, shot.end_frame, shot.transition) == (0, edges[-1], "start")


def test_an_unknown_detector_is_an_error_that_lists_the_others(cut: tuple[Path, list[int]]) -> None:
    with pytest.raises(UsageError, match="unknown detector 'clever'; choose one of adaptive, content, fast, none"):
        detect_shots(probe(cut[0]), detection=Detection("clever"))
    assert detector_names() == ["adaptive", "content", "fast", "none", "transnetv2"]


@pytest.mark.parametrize("name", ["adaptive", "content", "fast", "none", TRANSNETV2])
def test_a_detector_knows_its_name_and_never_speaks_of_what_is_to_come(name: str) -> None:
    rng = np.random.default_rng(0)
    detector = load_detector(name, frame_rate=Fraction(25))
    assert detector.name == name
    found: list[tuple[int, Boundary]] = []
    picture = clouds(rng)
    for number in range(700):
        if number % 27 == 0:
            picture = clouds(rng)
        found += [(number, boundary) for boundary in detector.feed(number, picture)]
    found += [(700, boundary) for boundary in detector.finish()]
    assert all(boundary.frame <= number <= boundary.start_frame + detector.delay_frames for number, boundary in found)
    assert [boundary.frame for _, boundary in found] == ([] if name == "none" else list(range(27, 700, 27)))


def clouds(rng: np.random.Generator) -> np.ndarray:
    """A still I420 picture of soft spots."""
    return np.clip(cv2.resize(rng.normal(120, 60, (12, 12)), (288, 240)), 16, 235).astype(np.uint8)


@pytest.mark.parametrize("detector", CUTTING)
def test_a_flash_is_not_a_shot(tmp_path: Path, detector: str) -> None:
    path = make_video(tmp_path / "flash.mp4", ("plate", 1), ("color=white:size=320x180:rate=25", 0.04), ("plate", 1))
    assert all(shot.frame_count >= 3 for shot in detect_shots(probe(path), detection=Detection(detector)))


# Black


def faded(path: Path, black_frames: int) -> Path:
    """Bars that fade out at frame 40 to 50, some black, and a test picture that fades in over 10 frames."""
    one = f"smptehdbars={SMALL},fade=out:40:10"
    other = f"testsrc={SMALL},fade=in:0:10"
    return make_video(path, (one, 2), (f"color=black:{SMALL}", black_frames / 25), (other, 2))


@pytest.mark.parametrize("detector", CUTTING)
@pytest.mark.parametrize("black_frames", [3, 6])
def test_a_fade_through_black_is_one_boundary(tmp_path: Path, detector: str, black_frames: int) -> None:
    found = detect_shots(probe(faded(tmp_path / "fade.mp4", black_frames)), detection=Detection(detector))
    assert_tiles(found, 100 + black_frames)
    assert [shot.transition for shot in found] == ["start", "fade"]
    assert 40 <= found[0].body_end_frame <= 52
    assert found[0].body_end_frame < found[1].start_frame < found[1].body_start_frame
    assert 50 + black_frames - 2 <= found[1].body_start_frame <= 60 + black_frames + 2


@pytest.mark.parametrize("detector", CUTTING)
def test_black_that_lasts_is_a_shot_of_its_own(tmp_path: Path, detector: str) -> None:
    found = detect_shots(probe(faded(tmp_path / "long.mp4", 40)), detection=Detection(detector))
    assert_tiles(found, 140)
    assert [shot.transition for shot in found] == ["start", "fade", "fade"]
    assert abs(found[1].body_start_frame - 50) <= 3
    assert abs(found[1].body_end_frame - 90) <= 3


@pytest.mark.parametrize("detector", CUTTING)
def test_black_at_the_beginning_and_the_end_is_kept_apart_only_where_it_lasts(tmp_path: Path, detector: str) -> None:
    black = f"color=black:{SMALL}"
    long = make_video(tmp_path / "long.mp4", (black, 1), (f"testsrc={SMALL}", 2), (black, 1))
    assert begins(detect_shots(probe(long), detection=Detection(detector))) == [0, 25, 75]
    whole = make_video(tmp_path / "black.mp4", (black, 2))
    assert begins(detect_shots(probe(whole), detection=Detection(detector))) == [0]


def test_black_is_told_from_a_dark_picture() -> None:
    black = np.full((160, 288), 16, np.uint8)
    assert is_black(black)
    assert is_black(black + np.random.default_rng(0).integers(0, 6, black.shape, dtype=np.uint8))
    titles = black.copy()
    titles[70:90, 60:230] = 200
    assert not is_black(titles)
    assert not is_black(np.full((160, 288), 40, np.uint8))


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 40)), min_size=1, max_size=12))
def test_black_between_pictures_is_reported_once_a_run(runs: list[tuple[bool, int]]) -> None:
    """Runs of (is it black, how many frames); at 24 a second black of 12 frames lasts."""
    film = [black for black, count in runs for _ in range(count)]
    picture, darkness = np.full((160, 288), 120, np.uint8), np.full((160, 288), 16, np.uint8)
    finder = BlackRuns(Fraction(24))
    found = [b for number, black in enumerate(film) for b in finder.feed(number, darkness if black else picture)]
    found += finder.finish()
    expected, start = [], 0
    for black, count in merged(runs):
        end = start + count
        if black and count >= 12:
            expected += [(at, at, at) for at in (start, end) if 0 < at < len(film)]
        elif black and count < len(film):
            at = 0 if start == 0 else end if end == len(film) else (start + end) // 2
            expected.append((at, start, end))
        start = end
    assert [(boundary.frame, boundary.start_frame, boundary.end_frame) for boundary in found] == expected
    assert {boundary.transition for boundary in found if boundary.frame > 0} <= {"fade"}


def merged(runs: list[tuple[bool, int]]) -> list[tuple[bool, int]]:
    found: list[tuple[bool, int]] = []
    for black, count in runs:
        if found and found[-1][0] == black:
            found[-1] = (black, found[-1][1] + count)
        else:
            found.append((black, count))
    return found


@pytest.mark.parametrize("detector", CUTTING)
def test_what_is_black_between_and_around_pictures_is_no_part_of_their_bodies(tmp_path: Path, detector: str) -> None:
    black, one, other = f"color=black:{SMALL}", f"smptehdbars={SMALL}", f"testsrc={SMALL}"
    path = make_video(tmp_path / "film.mp4", (black, 0.24), (one, 2), (black, 0.4), (other, 2), (black, 0.2))
    found = detect_shots(probe(path), detection=Detection(detector))
    assert_tiles(found, 121)
    assert begins(found) == [0, 61]
    assert [(shot.body_start_frame, shot.body_end_frame) for shot in found] == [(6, 56), (66, 116)]


# How certain


def changes(*values: float) -> dict[int, float]:
    """Where changes of a film that otherwise changes by 4 a frame are cuts, and how certain they are."""
    rule = AdaptiveRule(1)
    found = [boundary for number, value in enumerate(values) for boundary in rule.feed(number, value)] + rule.finish()
    return {boundary.frame: boundary.confidence for boundary in found}


def test_the_rule_of_adaptive_is_pyscenedetect_s_and_goes_on_to_the_end() -> None:
    assert changes(0, 4, 4, 4, 100, 4, 4, 4) == {4: pytest.approx(1 - 1 / (1 + 100 / 15))}
    assert changes(0, 4, 4, 4, 4, 4, 4, 100) == {7: pytest.approx(1 - 1 / (1 + 100 / 15))}
    assert list(changes(0, 4, 4, 4, 4, 4, 60, 4)) == [6]
    assert changes(0, 5, 5, 5, 15, 5, 5, 5) == {4: 0.5}
    assert changes(0, 5, 5, 5, 14, 5, 5, 5) == {}
    assert changes(0, 0, 0, 0, 0, 0) == changes(0, 30, 30, 30, 30, 30) == changes(0, 0) == changes(0) == {}


def test_cuts_are_those_of_pyscenedetect() -> None:
    from scenedetect import FrameTimecode
    from scenedetect import detectors as theirs

    rng = np.random.default_rng(4)
    # Some changes are cuts, some nearly: pictures of changing brightness with noise of changing strength.
    brightness = np.repeat(rng.uniform(60, 200, 40), rng.integers(2, 12, 40))
    film = [
        np.clip(level + rng.normal(0, rng.uniform(0, 12), (240, 288)), 16, 235).astype(np.uint8) for level in brightness
    ]
    for name, other in (
        ("adaptive", theirs.AdaptiveDetector(min_scene_len=0)),
        ("content", theirs.ContentDetector(min_scene_len=0)),
    ):
        detector = load_detector(name, frame_rate=Fraction(25))
        found, expected = [], []
        for number, picture in enumerate(film):
            found += detector.feed(number, picture)
            colour = cv2.cvtColor(picture, cv2.COLOR_YUV2BGR_I420)
            expected += [cut.frame_num for cut in other.process_frame(FrameTimecode(number, 25.0), colour)]
        found += detector.finish()
        assert 5 < len(expected) < len(film) / 2
        # Theirs does not judge the last two frames.
        judged = range(len(film) - 2)
        assert [cut.frame for cut in found if cut.frame in judged] == [frame for frame in expected if frame in judged]


@pytest.mark.parametrize("detector", CUTTING)
def test_a_weak_cut_is_found_where_it_is_asked_for(tmp_path: Path, detector: str) -> None:
    """From grey to a grey that is a little brighter, in three strengths."""
    path = make_video(tmp_path / "film.mp4", *((f"color=0x{grey * 3}:{SMALL}", 1) for grey in ("40", "5c", "90", "ff")))
    found = {value: detect_shots(probe(path), detection=Detection(detector, value)) for value in (0.0, 0.3, 0.5, 1.0)}
    counts = [len(shots) for shots in found.values()]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    certain = [shot.confidence for shot in found[1.0][1:]]
    if detector in ("adaptive", "content"):  # they measure the change; a network has its own opinion of plain greys
        assert certain == sorted(certain)
    assert all(0 < confidence < 1 for confidence in certain)
    # What one finds the others are as certain of.
    assert {shot.confidence for shot in found[0.5]} <= {shot.confidence for shot in found[1.0]}


# Films without a cut, and odd ones

ODD = {
    "one colour": (f"color=orange:{SMALL}", 2.0, "25", 50),
    "black": (f"color=black:{SMALL}", 2.0, "25", 50),
    "white": (f"color=white:{SMALL}", 2.0, "25", 50),
    "a still picture": (f"smptehdbars={SMALL}", 2.0, "25", 50),
    "1 frame": (f"smptehdbars={SMALL}", 0.04, "25", 1),
    "2 frames": (f"smptehdbars={SMALL}", 0.08, "25", 2),
    "1 frame a second": ("smptehdbars=size=160x90:rate=1", 6.0, "1", 6),
    "240 frames a second": ("smptehdbars=size=160x90:rate=240", 1.0, "240", 240),
    "16 pixels": ("testsrc=size=16x16:rate=25", 1.0, "25", 25),
    "2 pixels": ("color=red:size=2x2:rate=25", 0.4, "25", 10),
    "very wide": ("smptehdbars=size=2000x2:rate=25", 0.4, "25", 10),
}


@pytest.mark.parametrize("detector", ["adaptive", "content", "fast", "none", TRANSNETV2])
@pytest.mark.parametrize("kind", ODD)
def test_a_film_without_a_cut_is_one_shot(clips: Path, kind: str, detector: str) -> None:
    source, seconds, rate, count = ODD[kind]
    path = clips / f"shots-{kind.replace(' ', '-')}.mp4"
    if not path.exists():
        make_video(path, (source, seconds), rate=rate)
    found = detect_shots(probe(path), detection=Detection(detector))
    assert_tiles(found, count)
    assert len(found) == 1
    assert found[0].span == Span(Fraction(0), count / Fraction(rate))


@pytest.mark.parametrize("detector", CUTTING)
def test_noise_is_tiled_whatever_is_found_in_it(tmp_path: Path, detector: str) -> None:
    noise = f"color=gray:{SMALL},noise=alls=100:allf=t"
    found = detect_shots(probe(make_video(tmp_path / "noise.mp4", (noise, 2))), detection=Detection(detector))
    assert_tiles(found, 50)
    assert all(shot.frame_count >= 3 for shot in found)


@pytest.mark.parametrize("detector", CUTTING)
def test_a_cut_at_one_frame_a_second_is_found(tmp_path: Path, detector: str) -> None:
    scenes = [
        ("smptehdbars=size=160x90:rate=1", 5),
        ("color=navy:size=160x90:rate=1,drawbox=w=80:color=yellow:t=fill", 5),
    ]
    found = detect_shots(probe(make_video(tmp_path / "slow.mp4", *scenes, rate="1")), detection=Detection(detector))
    assert begins(found) == [0, 5]


def test_a_film_of_which_nothing_can_be_decoded_is_an_error_with_its_name(tmp_path: Path) -> None:
    path = numbered_film(tmp_path / "film.mp4", 3)
    video = probe(path)
    content = path.read_bytes()
    start = content.index(b"mdat") + 4
    path.write_bytes(
        content[:start] + b"\0" * (content.index(b"moov") - 4 - start) + content[content.index(b"moov") - 4 :]
    )
    with pytest.raises(VideoError, match=r"film\.mp4: not one frame of it can be decoded"):
        detect_shots(video)


# The types


@pytest.mark.parametrize(
    ("number", "frames", "transition", "body", "body_frames"),
    [
        (-1, (0, 1), "cut", (0, 1), (0, 1)),
        (0, (1, 1), "cut", (0, 1), (1, 1)),
        (0, (-1, 1), "cut", (0, 1), (-1, 1)),
        (0, (0, 1), "jump", (0, 1), (0, 1)),
        (0, (0, 2), "cut", (0, 1), (0, 3)),
        (0, (1, 2), "cut", (0, 1), (0, 2)),
        (0, (0, 2), "cut", (0, 1), (1, 1)),
        (0, (0, 2), "cut", (0, 2), (0, 2)),
    ],
)
def test_a_shot_that_makes_no_sense_is_refused(
    number: int, frames: tuple[int, int], transition: str, body: tuple[int, int], body_frames: tuple[int, int]
) -> None:
    whole, inner = Span(Fraction(0), Fraction(1)), Span(Fraction(body[0]), Fraction(body[1]))
    with pytest.raises(ValueError, match="shot"):
        Shot("0" * 32, number, whole, *frames, transition, inner, *body_frames)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "values",
    [(5, "jump", 5, 5), (5, "wipe", 6, 8), (5, "wipe", 2, 4), (1, "wipe", -1, 4), (5, "cut", 5, 5, 1.5)],
)
def test_a_boundary_that_makes_no_sense_is_refused(values: tuple[object, ...]) -> None:
    with pytest.raises(ValueError, match=r"shot|boundary|confidence"):
        Boundary(*values)  # type: ignore[arg-type]


def test_a_boundary_is_a_cut_or_named_by_the_middle_of_its_transition() -> None:
    assert Boundary.cut(7, 0.5) == Boundary(7, "cut", 7, 7, 0.5)
    assert Boundary.gradual("wipe", 10, 21) == Boundary(15, "wipe", 10, 21)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"detector": "eye"}, "unknown detector 'eye'; choose one of adaptive"),
        ({"sensitivity": 1.01}, "the sensitivity is a number from 0 to 1, got 1.01"),
        ({"sensitivity": float("nan")}, "the sensitivity is a number from 0 to 1, got nan"),
        ({"min_shot": Fraction(-1, 2)}, "from 0 to 60, got -0.5"),
        ({"min_shot": Fraction(61)}, "from 0 to 60, got 61"),
    ],
)
def test_a_detection_that_cannot_be_meant_is_refused(values: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        Detection(**values)


@pytest.mark.parametrize("cuts", [None, Path("cuts.csv")])
def test_a_detection_is_the_same_after_json(cuts: Path | None) -> None:
    one = Detection("content", 0.3, Fraction(1, 3), cuts)
    assert Detection.from_json(json.loads(json.dumps(one.to_json()))) == one
