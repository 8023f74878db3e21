"""Where a window is laid over a picture: as near the middle as the subject lets it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from reinterpret.cues import faces
from reinterpret.frames import Scaler
from reinterpret.rendering.glimpses import stretch_glimpses
from reinterpret.rendering.subject import window_share
from reinterpret.timebase import Span
from reinterpret.video import probe
from tests.rendering.made_films import scenes, square_at

MIDDLE = Fraction(1, 2)


def window(share: Fraction, size: float) -> tuple[float, float]:
    """Where a window begins and ends, in shares of the picture."""
    begin = float(share) * (1 - size)
    return begin, begin + size


def coloured(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[:, :, None], 3, axis=2)


def with_faces(monkeypatch: pytest.MonkeyPatch, *boxes: tuple[float, float, float, float, float]) -> None:
    """Those are the faces of every 16:9 picture: left, top, width, height, score, in shares of it."""
    monkeypatch.setattr(faces, "find_faces", lambda _: np.array(boxes, np.float32).reshape(-1, 5))


PLAIN = coloured(np.full((180, 320), 128, np.uint8))


def test_where_there_is_nothing_to_see_the_window_stays_in_the_middle() -> None:
    noise = np.random.default_rng(3).integers(0, 255, (180, 320)).astype(np.uint8)
    for picture in (PLAIN, PLAIN * 0, coloured(noise), *map(coloured, scenes(3, 320, 180))):
        assert window_share([picture] * 3, 0.6, across=True) == MIDDLE


@pytest.mark.parametrize(("left", "top"), [(20, 70), (250, 70), (150, 10), (150, 130), (140, 70)])
def test_a_bright_thing_at_the_side_stays_whole(left: int, top: int) -> None:
    picture = coloured(square_at(left, top, 40, 320, 180, count=1)[0])
    for across, start, size, whole in ((True, left, 40, 320), (False, top, 40, 180)):
        share = window_share([picture] * 3, 0.6, across=across)
        begin, end = window(share, 0.6)
        assert begin <= start / whole
        assert (start + size) / whole <= end
        if 0.25 < start / whole < 0.6:
            assert share == MIDDLE


def test_the_window_moves_no_further_than_a_face_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    with_faces(monkeypatch, (0.1, 0.3, 0.1, 0.2, 0.9))
    begin, _ = window(window_share([PLAIN], 0.6, across=True), 0.6)
    # The head is a little wider than the face, and the window ends at it.
    assert 0.05 <= begin <= 0.09
    with_faces(monkeypatch, (0.45, 0.3, 0.1, 0.2, 0.9))
    assert window_share([PLAIN], 0.6, across=True) == MIDDLE


def test_hair_is_left_on_the_head(monkeypatch: pytest.MonkeyPatch) -> None:
    with_faces(monkeypatch, (0.45, 0.15, 0.1, 0.2, 0.9))
    begin, _ = window(window_share([PLAIN], 0.6, across=False), 0.6)
    assert 0.02 <= begin <= 0.1


def test_all_faces_are_kept_if_they_fit_and_the_largest_if_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with_faces(monkeypatch, (0.05, 0.3, 0.1, 0.2, 0.9), (0.5, 0.3, 0.1, 0.2, 0.9))
    begin, end = window(window_share([PLAIN], 0.6, across=True), 0.6)
    assert begin <= 0.05
    assert end >= 0.6
    with_faces(monkeypatch, (0.02, 0.3, 0.1, 0.2, 0.9), (0.8, 0.2, 0.16, 0.4, 0.9))
    begin, end = window(window_share([PLAIN], 0.4, across=True), 0.4)
    assert begin <= 0.8
    assert end >= 0.96


def test_a_face_that_is_larger_than_the_window_is_in_its_middle(monkeypatch: pytest.MonkeyPatch) -> None:
    with_faces(monkeypatch, (0.3, 0.2, 0.4, 0.6, 0.9))
    begin, end = window(window_share([PLAIN], 0.3, across=False), 0.3)
    assert abs((begin + end) / 2 - 0.45) < 0.08


def test_people_in_a_crowd_are_no_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    with_faces(monkeypatch, (0.02, 0.3, 0.01, 0.02, 0.9))
    assert window_share([PLAIN], 0.6, across=True) == MIDDLE


def test_real_faces_are_found_in_pictures_of_any_shape(media: Path) -> None:
    video = probe(media / "archive" / "face-woman-white-wall.mp4")
    (frame, *_) = stretch_glimpses(video, Span(Fraction(0), Fraction(1)), 1)
    wide = Scaler(480, 270).rgb(frame)
    (face, *_) = faces.find_faces(wide)
    head_top, chin = float(face[1]) * 270, float(face[1] + face[3]) * 270
    # The same woman at the top and at the bottom of an upright picture.
    for above in (0, 300):
        tall = np.full((570, 270, 3), wide[0, 0], np.uint8)
        tall[above : above + 270] = wide[:, 105:375]
        begin, end = window(window_share([tall], 0.4, across=False), 0.4)
        assert begin * 570 <= above + head_top
        assert end * 570 >= above + chin
