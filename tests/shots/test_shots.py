"""Shots of films whose every cut is known, and the samples that are kept of them."""

from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinterpret.errors import UsageError, VideoError
from reinterpret.shots import Boundary, Shot, detect_shots, detector_names, load_detector
from reinterpret.shots.content import BlackRuns, is_black
from reinterpret.shots.scan import Scan, ScannedShot
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.conftest import SCENES, make_video
from tests.judging import numbered_film

CUTTING = ("adaptive", "content")
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
    found = detect_shots(probe(path), detector=detector)
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
    found = detect_shots(probe(make_video(tmp_path / "film.mp4", *scenes, rate=rate)), detector=detector)
    assert_tiles(found, 60)
    assert begins(found) == [0, 20, 40]
    assert [shot.span.start for shot in found] == pytest.approx([0, 20 * step, 40 * step], abs=1e-4)


def test_the_detector_none_gives_one_shot(cut: tuple[Path, list[int]]) -> None:
    path, edges = cut
    (shot,) = detect_shots(probe(path), detector="none")
    assert (shot.start_frame, shot.end_frame, shot.transition) == (0, edges[-1], "start")


def test_an_unknown_detector_is_an_error_that_lists_the_others(cut: tuple[Path, list[int]]) -> None:
    with pytest.raises(UsageError, match="unknown detector 'clever'; choose one of adaptive, content, none"):
        detect_shots(probe(cut[0]), detector="clever")
    assert detector_names() == ["adaptive", "content", "none"]


@pytest.mark.parametrize("name", ["adaptive", "content", "none"])
def test_a_detector_knows_its_name_and_never_speaks_of_what_is_to_come(name: str) -> None:
    rng = np.random.default_rng(0)
    detector = load_detector(name, frame_rate=Fraction(25))
    assert detector.name == name
    found: list[tuple[int, Boundary]] = []
    picture = rng.integers(16, 236, (240, 288), dtype=np.uint8)
    for number in range(112):
        if number % 17 == 0:
            picture = rng.integers(16, 236, (240, 288), dtype=np.uint8)
        found += [(number, boundary) for boundary in detector.feed(number, picture)]
    found += [(112, boundary) for boundary in detector.finish()]
    assert all(0 < number - boundary.frame <= detector.delay_frames + 1 for number, boundary in found)
    assert [boundary.frame for _, boundary in found] == ([] if name == "none" else list(range(17, 112, 17)))


@pytest.mark.parametrize("detector", CUTTING)
def test_a_flash_is_not_a_shot(tmp_path: Path, detector: str) -> None:
    path = make_video(tmp_path / "flash.mp4", ("plate", 1), ("color=white:size=320x180:rate=25", 0.04), ("plate", 1))
    assert all(shot.frame_count >= 5 for shot in detect_shots(probe(path), detector=detector))


# Black


def faded(path: Path, black_frames: int) -> Path:
    """Bars that fade out at frame 40 to 50, some black, and a test picture that fades in over 10 frames."""
    one = f"smptehdbars={SMALL},fade=out:40:10"
    other = f"testsrc={SMALL},fade=in:0:10"
    return make_video(path, (one, 2), (f"color=black:{SMALL}", black_frames / 25), (other, 2))


@pytest.mark.parametrize("detector", CUTTING)
@pytest.mark.parametrize("black_frames", [3, 6])
def test_a_fade_through_black_is_one_boundary_in_the_middle_of_the_black(
    tmp_path: Path, detector: str, black_frames: int
) -> None:
    found = detect_shots(probe(faded(tmp_path / "fade.mp4", black_frames)), detector=detector)
    assert_tiles(found, 100 + black_frames)
    assert [shot.transition for shot in found] == ["start", "fade"]
    assert abs(found[1].start_frame - (50 + black_frames / 2)) <= 2


@pytest.mark.parametrize("detector", CUTTING)
def test_black_that_lasts_is_a_shot_of_its_own(tmp_path: Path, detector: str) -> None:
    found = detect_shots(probe(faded(tmp_path / "long.mp4", 40)), detector=detector)
    assert_tiles(found, 140)
    assert [shot.transition for shot in found] == ["start", "fade", "fade"]
    assert abs(found[1].start_frame - 50) <= 2
    assert abs(found[2].start_frame - 90) <= 2


@pytest.mark.parametrize("detector", CUTTING)
def test_black_at_the_beginning_and_the_end_is_kept_apart_only_where_it_lasts(tmp_path: Path, detector: str) -> None:
    black = f"color=black:{SMALL}"
    long = make_video(tmp_path / "long.mp4", (black, 1), (f"testsrc={SMALL}", 2), (black, 1))
    assert begins(detect_shots(probe(long), detector=detector)) == [0, 25, 75]
    whole = make_video(tmp_path / "black.mp4", (black, 2))
    assert begins(detect_shots(probe(whole), detector=detector)) == [0]


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
    found = [b.frame for number, black in enumerate(film) for b in finder.feed(number, darkness if black else picture)]
    expected, start = [], 0
    for black, count in merged(runs):
        end = start + count
        if black and count >= 12:
            expected += ([start] if start > 0 else []) + ([end] if end < len(film) else [])
        elif black and start > 0 and end < len(film):
            expected.append((start + end) // 2)
        start = end
    assert found == expected


def merged(runs: list[tuple[bool, int]]) -> list[tuple[bool, int]]:
    found: list[tuple[bool, int]] = []
    for black, count in runs:
        if found and found[-1][0] == black:
            found[-1] = (black, found[-1][1] + count)
        else:
            found.append((black, count))
    return found


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


@pytest.mark.parametrize("detector", ["adaptive", "content", "none"])
@pytest.mark.parametrize("kind", ODD)
def test_a_film_without_a_cut_is_one_shot(clips: Path, kind: str, detector: str) -> None:
    source, seconds, rate, count = ODD[kind]
    path = clips / f"shots-{kind.replace(' ', '-')}.mp4"
    if not path.exists():
        make_video(path, (source, seconds), rate=rate)
    found = detect_shots(probe(path), detector=detector)
    assert_tiles(found, count)
    assert len(found) == 1
    assert found[0].span == Span(Fraction(0), count / Fraction(rate))


@pytest.mark.parametrize("detector", CUTTING)
def test_noise_is_tiled_whatever_is_found_in_it(tmp_path: Path, detector: str) -> None:
    noise = f"color=gray:{SMALL},noise=alls=100:allf=t"
    found = detect_shots(probe(make_video(tmp_path / "noise.mp4", (noise, 2))), detector=detector)
    assert_tiles(found, 50)
    assert all(shot.frame_count >= 5 for shot in found)


@pytest.mark.parametrize("detector", CUTTING)
def test_a_cut_at_one_frame_a_second_is_found(tmp_path: Path, detector: str) -> None:
    scenes = [
        ("smptehdbars=size=160x90:rate=1", 5),
        ("color=navy:size=160x90:rate=1,drawbox=w=80:color=yellow:t=fill", 5),
    ]
    found = detect_shots(probe(make_video(tmp_path / "slow.mp4", *scenes, rate="1")), detector=detector)
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


# Samples: frames counted in the picture, boundaries where the test wants them


@dataclass
class At:
    """A detector that finds boundaries at given frames, some frames after they have been fed."""

    frames: Sequence[int]
    delay_frames: int
    name: str = "at"
    fed: int = field(default=0)

    def feed(self, number: int, planes: np.ndarray) -> list[Boundary]:
        assert number == self.fed
        self.fed += 1
        return [Boundary(frame) for frame in self.frames if frame + self.delay_frames == number]

    def finish(self) -> list[Boundary]:
        return [Boundary(frame) for frame in self.frames if frame + self.delay_frames >= self.fed]


@pytest.fixture(scope="module")
def counted(clips: Path) -> Path:
    """160 frames of even grey, 40 to 199: frame k is as bright as 40 + k."""
    source = "color=black:size=16x16:rate=25,format=gray,geq=lum=40+N"
    return make_video(clips / "shots-counted.mp4", (source, 6.4), options=("-crf", "1"))


def scan_cut_at(path: Path, detector: At, patch: pytest.MonkeyPatch) -> list[ScannedShot]:
    patch.setattr("reinterpret.shots.scan.load_detector", lambda name, *, frame_rate: detector)
    with Scan(probe(path)) as scan:
        return list(scan)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(1, 159), max_size=20), st.integers(0, 70))
def test_shots_tile_the_film_and_samples_lie_in_their_shot(counted: Path, frames: set[int], delay: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        scanned = scan_cut_at(counted, At(sorted(frames), delay), patch)
    assert_tiles([entry.shot for entry in scanned], 160)
    assert begins([entry.shot for entry in scanned]) == [0, *sorted(frames)]
    for entry in scanned:
        assert entry.samples
        numbers = [sample.seconds * 25 for sample in entry.samples]
        assert all(sample.seconds in entry.shot.span for sample in entry.samples)
        assert numbers[0] == entry.shot.start_frame
        # The pictures are those of these frames, not of their neighbours: 219 / 255 of 40 + k.
        for number, sample in zip(numbers, entry.samples, strict=True):
            assert abs(float(sample.planes[:160].mean()) - (16 + (40 + number) * 219 / 255)) < 1.2
        # Even, except where those not yet thinned out follow at the end.
        steps = [b - a for a, b in pairwise(numbers)]
        assert steps == sorted(steps, reverse=True)
        assert set(steps) <= {1, max(steps, default=1)}
        if entry.shot.frame_count <= 64:
            assert len(numbers) == entry.shot.frame_count


@pytest.mark.parametrize("delay", [0, 13])
def test_few_samples_are_kept_of_a_long_shot_and_they_are_evenly_spaced(
    clips: Path, delay: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clips / "shots-long.mp4"
    if not path.exists():
        make_video(path, ("color=gray:size=16x16:rate=25", 120))
    (entry,) = scan_cut_at(path, At([], delay), monkeypatch)
    assert entry.shot.frame_count == 3000
    assert 32 <= len(entry.samples) <= 64 + delay + 1
    numbers = [int(sample.seconds * 25) for sample in entry.samples]
    # However many there are, all parts of the shot are there alike.
    assert {b - a for a, b in pairwise(numbers)} <= {64, 1}
    assert numbers[0] == 0
    assert numbers[-1] >= 3000 - 64


def test_memory_does_not_grow_with_the_length_of_the_film(clips: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def peak(seconds: int) -> int:
        path = clips / f"shots-memory-{seconds}.mp4"
        make_video(path, ("color=gray:size=16x16:rate=25", seconds))
        tracemalloc.start()
        scan_cut_at(path, At([], 13), monkeypatch)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(5)
    # 288 x 160 x 1.5 bytes a small frame: 1000 more of them would take 69 MB.
    assert peak(60) - peak(20) < 5_000_000


def test_every_frame_is_fed_once(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = At([50], 3)
    scan_cut_at(counted, detector, monkeypatch)
    assert detector.fed == 160


def test_after_the_last_shot_the_scan_knows_what_only_decoding_tells(tmp_path: Path) -> None:
    times = [Fraction(slot, 25) for slot in range(301) if slot != 150]
    with Scan(probe(numbered_film(tmp_path / "film.mkv", 300, times=times)), detector="none") as scan:
        assert scan.grid is None
        assert len(list(scan)) == 1
        assert scan.grid is not None
        assert (scan.video.frame_count, scan.video.frame_rate) == (300, 25)
        assert scan.video.duration == pytest.approx(301 / 25, abs=0.002)
        assert scan.grid.dropped == (150,)


def test_progress_is_told_in_seconds_of_the_film(counted: Path) -> None:
    told: list[Fraction] = []
    with Scan(probe(counted), detector="none", on_seconds=told.append) as scan:
        assert list(scan)
    assert told == sorted(told)
    assert len(told) >= 5
    assert told[-1] > Fraction(5)


def test_leaving_a_scan_early_lets_go_of_the_file(cut: tuple[Path, list[int]]) -> None:
    import os
    import threading

    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with Scan(probe(cut[0])) as scan:
            next(iter(scan))
    assert len(os.listdir("/proc/self/fd")) <= before
    assert not [thread for thread in threading.enumerate() if thread.name == "prefetch"]


@pytest.mark.parametrize(
    ("number", "first", "end", "transition"),
    [(-1, 0, 1, "cut"), (0, 1, 1, "cut"), (0, -1, 1, "cut"), (0, 0, 1, "wipe")],
)
def test_a_shot_that_makes_no_sense_is_refused(number: int, first: int, end: int, transition: str) -> None:
    with pytest.raises(ValueError, match="shot"):
        Shot("0" * 32, number, Span(Fraction(0), Fraction(1)), first, end, transition)  # type: ignore[arg-type]
