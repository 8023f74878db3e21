"""One pass over a film: shots, their bodies and the samples of them, for boundaries that the test decides on."""

from __future__ import annotations

import os
import threading
import tracemalloc
from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinterpret.shots import Boundary, Detection
from reinterpret.shots.scan import Sample, Scan, ScannedShot, body_frames
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.conftest import make_video
from tests.judging import numbered_film
from tests.shots.known import Known, find

# Whatever the test's detector finds is wanted, however short the shots.
EVERY = Detection("none", min_shot=Fraction(0))


def scan_with(
    path: Path, detector: Known, patch: pytest.MonkeyPatch, detection: Detection = EVERY
) -> list[ScannedShot]:
    patch.setattr("reinterpret.shots.scan.load_detector", lambda name, *, frame_rate, sensitivity: detector)
    told: list[int] = []
    found: list[ScannedShot] = []
    with Scan(probe(path), detection=detection, on_body_frame=lambda sample: told.append(sample.number)) as scan:
        for entry in scan:
            # Every frame of its body, once, in order, before it comes out; none of a transition or of another shot.
            assert told == list(range(entry.shot.body_start_frame, entry.shot.body_end_frame))
            told.clear()
            found.append(entry)
    assert told == []
    assert [boundary.frame for boundary in scan.boundaries] == [entry.shot.start_frame for entry in found[1:]]
    return found


def assert_tiles(scanned: Sequence[ScannedShot], frame_count: int) -> None:
    shots = [entry.shot for entry in scanned]
    assert [shot.number for shot in shots] == list(range(len(shots)))
    assert (shots[0].start_frame, shots[0].span.start, shots[-1].end_frame) == (0, 0, frame_count)
    assert [shot.transition == "start" for shot in shots] == [True] + [False] * (len(shots) - 1)
    for one, other in pairwise(shots):
        assert (one.end_frame, one.span.end) == (other.start_frame, other.span.start)


@pytest.fixture(scope="module")
def counted(clips: Path) -> Path:
    """160 frames of even grey, 40 to 199: frame k is as bright as 40 + k."""
    source = "color=black:size=16x16:rate=25,format=gray,geq=lum=40+N"
    return make_video(clips / "shots-counted.mp4", (source, 6.4), options=("-crf", "1"))


@st.composite
def edited(draw: st.DrawFn, frame_count: int = 160) -> list[Boundary]:
    """Boundaries of any kind, in order, that may overlap, meet, and begin and end the film."""
    found = []
    if draw(st.booleans()):
        found.append(Boundary(0, "start", 0, draw(st.integers(0, 40))))
    for frame in sorted(draw(st.sets(st.integers(1, frame_count - 1), max_size=15))):
        before, after = draw(st.tuples(st.integers(0, 25), st.integers(0, 25)))
        if draw(st.booleans()):
            found.append(Boundary.cut(frame))
        else:
            found.append(Boundary(frame, "dissolve", max(0, frame - before), frame + after, 0.7))
    if draw(st.booleans()):
        beyond = frame_count + draw(st.integers(0, 5))
        found.append(Boundary(beyond, "fade", draw(st.integers(0, beyond)), beyond))
    return found


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edited(), st.integers(0, 70))
def test_shots_tile_the_film_and_samples_lie_in_their_body(
    counted: Path, boundaries: list[Boundary], delay: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        scanned = scan_with(counted, Known(boundaries, delay), patch)
    assert_tiles(scanned, 160)
    inner = [boundary for boundary in boundaries if 0 < boundary.frame < 160]
    assert [entry.shot.start_frame for entry in scanned] == [0, *(boundary.frame for boundary in inner)]
    assert [entry.shot.transition for entry in scanned[1:]] == [boundary.transition for boundary in inner]
    assert [entry.shot.confidence for entry in scanned[1:]] == [boundary.confidence for boundary in inner]
    edges = [Boundary.cut(0), *boundaries, Boundary.cut(160)]
    for entry in scanned:
        shot = entry.shot
        body = range(shot.body_start_frame, shot.body_end_frame)
        begin = next(edge for edge in reversed(edges) if edge.frame <= shot.start_frame)
        end = next(edge for edge in edges if edge.frame >= shot.end_frame)
        mixed = {*range(begin.start_frame, begin.end_frame), *range(end.start_frame, end.end_frame)}
        clean = [frame for frame in range(shot.start_frame, shot.end_frame) if frame not in mixed]
        assert list(body) == clean or (not clean and len(body) == 1)
        assert shot.body == Span(Fraction(body.start, 25), Fraction(body.stop, 25))
        numbers = [sample.number for sample in entry.samples]
        assert numbers[0] == body.start
        assert set(numbers) <= set(body)
        # The pictures are those of these frames, not of their neighbours: 219 / 255 of 40 + k.
        for sample in entry.samples:
            assert sample.seconds == Fraction(sample.number, 25)
            assert abs(float(sample.planes[:160].mean()) - (16 + (40 + sample.number) * 219 / 255)) < 1.2
        # Even, except where those not yet thinned out follow at the end.
        steps = [b - a for a, b in pairwise(numbers)]
        assert steps == sorted(steps, reverse=True)
        assert set(steps) <= {1, max(steps, default=1)}
        if len(body) <= 64:
            assert numbers == list(body)


def test_the_body_of_a_shot_is_free_of_the_transitions_at_its_ends(
    counted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = [
        Boundary(0, "start", 0, 12),
        Boundary.gradual("dissolve", 40, 60, 0.8),
        Boundary.cut(90),
        Boundary.gradual("wipe", 120, 131),
        Boundary(160, "fade", 150, 160),
    ]
    scanned = scan_with(counted, Known(found, 30), monkeypatch)
    shots = [entry.shot for entry in scanned]
    assert [(shot.start_frame, shot.end_frame) for shot in shots] == [(0, 50), (50, 90), (90, 125), (125, 160)]
    bodies = [(12, 40), (60, 90), (90, 120), (131, 150)]
    assert [(shot.body_start_frame, shot.body_end_frame) for shot in shots] == bodies
    assert [shot.body for shot in shots] == [Span(Fraction(a, 25), Fraction(b, 25)) for a, b in bodies]
    assert [shot.transition for shot in shots] == ["start", "dissolve", "cut", "wipe"]
    assert [shot.confidence for shot in shots] == [1, 0.8, 1, 1]


@pytest.mark.parametrize(
    ("begin", "end", "body"),
    [
        (Boundary.cut(10), Boundary.cut(20), (10, 20)),
        (Boundary.cut(10), Boundary.cut(11), (10, 11)),
        (Boundary.gradual("dissolve", 6, 14), Boundary.gradual("fade", 17, 25), (14, 17)),
        # They meet, or lie across each other: the frame in the middle between them
        (Boundary.gradual("dissolve", 6, 14), Boundary.gradual("fade", 14, 25), (14, 15)),
        (Boundary.gradual("dissolve", 0, 20), Boundary.gradual("dissolve", 10, 30), (15, 16)),
        # or the one nearest to it that is of the shot
        (Boundary(10, "wipe", 10, 40), Boundary.cut(14), (13, 14)),
        (Boundary.cut(10), Boundary(14, "wipe", 0, 14), (10, 11)),
    ],
)
def test_a_body_has_always_a_frame(begin: Boundary, end: Boundary, body: tuple[int, int]) -> None:
    assert body_frames(begin, end) == body


def test_the_body_of_a_film_of_a_variable_rate_is_in_its_own_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [Fraction(k * k, 900) + Fraction(k, 30) for k in range(60)]
    path = numbered_film(tmp_path / "film.mp4", 60, times=times)
    detector = Known([Boundary.gradual("dissolve", 20, 30)], 25)
    one, other = (entry.shot for entry in scan_with(path, detector, monkeypatch))
    assert (one.body, one.span.end) == (Span(Fraction(0), times[20]), times[25])
    assert other.body == Span(times[30], other.span.end)
    assert other.body.start > times[29]


def test_a_film_of_one_frame_is_its_own_body(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = numbered_film(tmp_path / "film.mp4", 1)
    everywhere = [Boundary(0, "start", 0, 1), Boundary(1, "fade", 0, 1)]
    for boundaries in ([], everywhere):
        (entry,) = scan_with(path, Known(boundaries, 5), monkeypatch)
        assert entry.shot.body == entry.shot.span == Span(Fraction(0), Fraction(1, 25))
        assert (entry.shot.body_start_frame, entry.shot.body_end_frame, len(entry.samples)) == (0, 1, 1)


def test_shots_shorter_than_wanted_are_not_made(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [Boundary.cut(50, 0.6), Boundary.cut(58, 0.9), Boundary.cut(62, 0.7), Boundary.cut(120, 0.1)]
    wanted = Detection("none", min_shot=Fraction(1, 2))  # 12.5 frames
    scanned = scan_with(counted, Known(found, 9), monkeypatch, wanted)
    assert [entry.shot.start_frame for entry in scanned] == [0, 58, 120]


def test_a_detector_that_reports_too_late_is_found_out(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    late = Known([], 70)
    monkeypatch.setattr(late, "feed", lambda number, planes: [Boundary.cut(30)] if number == 140 else [])
    with pytest.raises(ValueError, match="the detector known reports within its delay"):
        scan_with(counted, late, monkeypatch)


@pytest.mark.parametrize("delay", [0, 13])
def test_few_samples_are_kept_of_a_long_shot_and_they_are_evenly_spaced(
    clips: Path, delay: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = clips / "shots-long.mp4"
    if not path.exists():
        make_video(path, ("color=gray:size=16x16:rate=25", 120))
    (entry,) = scan_with(path, Known([], delay), monkeypatch)
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
        scan_with(path, Known([], 13), monkeypatch)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(5)
    # 288 x 160 x 1.5 bytes a small frame: 1000 more of them would take 69 MB.
    assert peak(60) - peak(20) < 5_000_000


def test_every_frame_is_fed_once(counted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    detector = Known([Boundary.cut(50)], 3)
    scan_with(counted, detector, monkeypatch)
    assert detector.fed == 160


def test_every_frame_of_a_body_is_told_with_its_picture_however_few_are_kept(
    counted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find(monkeypatch, Boundary.gradual("dissolve", 100, 110), Boundary.cut(150), delay=7)
    told: list[Sample] = []
    with Scan(probe(counted), detection=EVERY, on_body_frame=told.append) as scan:
        kept = [[sample.number for sample in entry.samples] for entry in scan]
    assert [sample.number for sample in told] == [*range(100), *range(110, 160)]
    for sample in told:
        assert sample.seconds == Fraction(sample.number, 25)
        assert abs(float(sample.planes[:160].mean()) - (16 + (40 + sample.number) * 219 / 255)) < 1.2
    assert len(kept[0]) < 100
    assert {number for numbers in kept for number in numbers} <= {sample.number for sample in told}


def test_after_the_last_shot_the_scan_knows_what_only_decoding_tells(tmp_path: Path) -> None:
    times = [Fraction(slot, 25) for slot in range(301) if slot != 150]
    with Scan(probe(numbered_film(tmp_path / "film.mkv", 300, times=times)), detection=Detection("none")) as scan:
        assert scan.grid is None
        assert len(list(scan)) == 1
        assert scan.grid is not None
        assert (scan.video.frame_count, scan.video.frame_rate) == (300, 25)
        assert scan.video.duration == pytest.approx(301 / 25, abs=0.002)
        assert scan.grid.dropped == (150,)


def test_progress_is_told_in_seconds_of_the_film(counted: Path) -> None:
    told: list[Fraction] = []
    with Scan(probe(counted), detection=Detection("none"), on_seconds=told.append) as scan:
        assert list(scan)
    assert told == sorted(told)
    assert len(told) >= 5
    assert told[-1] > Fraction(5)


def test_leaving_a_scan_early_lets_go_of_the_file(counted: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        with Scan(probe(counted)) as scan:
            next(iter(scan))
    assert len(os.listdir("/proc/self/fd")) <= before
    assert not [thread for thread in threading.enumerate() if thread.name == "prefetch"]
