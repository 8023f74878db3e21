"""Running the detectors and the table that is made of what they find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from annotations import Mark, MarkedFilm
from cut_detectors import (
    OTHERS,
    PYSCENEDETECT,
    Detected,
    Settings,
    Unavailable,
    _between_scenes,
    _frame_at,
    _on_own_frames,
    detector_names,
    presentation_seconds,
    run_detector,
)
from cut_scores import score
from cuts import Result, Speed, measure_speeds, quality_table, speed_table

from reinterpret.shots.shot import Boundary
from tests.conftest import make_video


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("films") / "film.mp4", ("bars", 2), ("fractal", 2), ("green", 2))


@pytest.mark.parametrize("name", ["adaptive", PYSCENEDETECT])
def test_detectors_find_the_cuts_and_say_what_it_took(film: Path, name: str):
    found = run_detector(name, [film, film])
    assert [one.frame for one in found[0].boundaries] == [50, 100]
    assert found[0].boundaries == found[1].boundaries
    assert found[0].frame_count == 150
    assert found[0].seconds > 0
    assert found[0].cpu_seconds > 0


def test_a_film_that_cannot_be_read_does_not_stop_the_others(film: Path, tmp_path: Path):
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    broken, whole = run_detector("adaptive", [tmp_path / "broken.mp4", film])
    assert broken.failed
    assert broken.boundaries == ()
    assert len(whole.boundaries) == 2
    assert whole.failed == ""


def test_what_cannot_be_run_is_said(film: Path):
    with pytest.raises(Unavailable, match="without decoding"):
        run_detector(PYSCENEDETECT, [film], Settings(alone=True))
    with pytest.raises(Unavailable, match="nobody is none of"):
        run_detector("nobody", [film])


def test_all_detectors_but_the_one_that_finds_nothing():
    assert "none" not in detector_names()
    assert {"adaptive", "content", *OTHERS} <= set(detector_names())


def test_scenes_of_transnetv2_become_boundaries():
    # One frame marked: the last of a shot, and the next begins a new one. Four: three are in neither shot.
    between = _between_scenes(np.array([[0, 10], [11, 40], [44, 60]]))
    assert between == [(11, 11), (41, 44)]
    assert _on_own_frames(between, 61, [number / 25 for number in range(61)]) == [
        Boundary.cut(11),
        Boundary.gradual("dissolve", 41, 44),
    ]


def test_frames_that_were_shown_twice_are_put_back():
    instants = [0.0, 0.08, 0.16, 0.24]  # 12.5 frames a second, shown at 25
    assert _on_own_frames([(4, 4)], 7, instants) == [Boundary.cut(2)]


def test_the_frame_nearest_to_an_instant():
    assert [_frame_at([0.0, 0.04, 0.08], seconds) for seconds in (0, 0.019, 0.021, 0.08, 9)] == [0, 0, 1, 2, 2]


def test_presentation_times_are_read_without_decoding(film: Path):
    assert presentation_seconds(film) == pytest.approx([number / 25 for number in range(150)])


def test_the_table_has_a_row_for_every_kind():
    marked = MarkedFilm(Path("film.mp4"), (Mark(10, 10, "cut"), Mark(50, 60, "fade")), "modern")
    found = (Boundary.cut(11), Boundary.gradual("fade", 51, 63))
    detected = Detected(found, 100, 1.0, 1.0)
    table = quality_table([Result("fast", marked, detected, score(marked.marks, found))]).splitlines()
    rows = {tuple(line.split()[1:3]): line.split() for line in table if line.startswith("fast")}
    assert set(rows) == {(group, kind) for group in ("synthetic", "modern") for kind in ("cuts", "gradual", "all")}
    assert rows["modern", "cuts"][3:7] == ["1", "0.0", "0.0", "0.0"]
    assert rows["modern", "cuts"][7:10] == ["100.0"] * 3
    assert rows["modern", "gradual"][-2:] == ["1", "3"]
    assert rows["modern", "all"][-2:] == ["100.0", "100"]  # right kinds, frames a second


def test_speeds_are_ratios_within_a_round(film: Path, monkeypatch: pytest.MonkeyPatch):
    paces = {"fast": 600.0, PYSCENEDETECT: 200.0, "TransNetV2 package": 50.0}
    slower = iter([1.0, 1.0, 2.0, 4.0])  # the machine, round by round; the first warms up

    def run(name: str, films: list[Path], settings: Settings) -> list[Detected]:
        if settings.alone and name == PYSCENEDETECT:
            raise Unavailable("cannot be run without decoding")
        if name == "fast" and not settings.alone:
            run.slow = next(slower)  # type: ignore[attr-defined]
        pace = paces[name] / run.slow * (10 if settings.alone else 1)  # type: ignore[attr-defined]
        return [Detected((), 1440, 1440 / pace, 2.0)]

    monkeypatch.setattr("cuts.run_detector", run)
    fast, theirs = measure_speeds(["fast", PYSCENEDETECT], film, 3, Settings())
    assert (fast.frames_per_second, fast.times_pyscenedetect) == pytest.approx((300, 3))
    assert (fast.alone_frames_per_second, fast.times_transnetv2) == pytest.approx((3000, 12))
    assert fast.cpu_seconds == pytest.approx(2)
    assert theirs.times_pyscenedetect == pytest.approx(1)
    assert np.isnan(theirs.times_transnetv2)


def test_the_table_of_speeds():
    table = speed_table([Speed("fast", 812.3, 3.21, 4.567, 6000.0, float("nan"))])
    assert table.splitlines()[1].split() == ["fast", "812", "4.57", "3.2", "6000", "-"]


def test_frames_that_ffmpeg_shows_twice_are_put_back() -> None:
    """25 frames of sound alone, for which ffmpeg repeats the first frame; the last frame but one is missing."""
    instants = [*(k / 25 for k in range(98)), 99 / 25]
    shown = _on_own_frames([(25 + 40, 25 + 40), (25 + 60, 25 + 70)], 125, instants, 1.0)
    assert shown == [Boundary.cut(40), Boundary.gradual("dissolve", 60, 70)]
