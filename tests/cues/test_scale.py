"""The cue scale: the height of a face tells the scale of a shot."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from reinterpret.cues import faces, scale
from reinterpret.cues.scale import Scale
from reinterpret.frames import read_frames
from reinterpret.video import probe
from tests.cues.made import HEIGHT, WIDTH, facts, likeness, plain, texture

CUE = Scale()
MEDIA = Path(__file__).resolve().parents[3] / "shared" / "media" / "archive"


def of_faces(*heights: float, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    rows = np.array([[0.1, 0.1, height / 2, height, 0.95] for height in heights], np.float32).reshape(-1, 5)
    monkeypatch.setattr(scale, "find_faces", lambda picture: rows)
    return CUE.vector(facts([plain(90, 90, 90)]))


@pytest.mark.parametrize(
    ("heights", "words"),
    [
        ((0.95,), "extreme close-up"),
        ((0.55,), "close-up"),
        ((0.2,), "medium shot"),
        ((0.07,), "wide shot"),
        ((0.2, 0.19), "two-shot, medium shot"),
        ((0.5, 0.1), "close-up"),
    ],
)
def test_the_largest_face_tells_the_scale(
    heights: tuple[float, ...], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    vector = of_faces(*heights, monkeypatch=monkeypatch)
    assert CUE.shared(vector, vector) == words


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("extreme close-up", (0.95,)),
        ("close-up", (0.5,)),
        ("medium shot", (0.2,)),
        ("wide shot", (0.07,)),
        ("two faces", (0.2, 0.19)),
        ("many faces", (0.2, 0.19, 0.18)),
    ],
)
def test_a_scale_is_found_by_its_name(term: str, found: tuple[float, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    said = CUE.named(term)
    assert said is not None
    heights = [(0.95,), (0.5,), (0.2,), (0.07,), (0.2, 0.19), (0.2, 0.19, 0.18)]
    scores = {seen: likeness(said, of_faces(*seen, monkeypatch=monkeypatch)) for seen in heights}
    assert scores[found] >= max(scores.values()) - 1e-6


def test_scales_lie_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    close, closer, medium, wide = (of_faces(height, monkeypatch=monkeypatch) for height in (0.5, 0.6, 0.2, 0.07))
    assert likeness(close, closer) > likeness(close, medium)
    assert likeness(medium, of_faces(0.12, monkeypatch=monkeypatch)) > likeness(close, wide)


def test_without_a_face_texture_tells_a_little_and_is_never_named() -> None:
    fine = np.repeat(np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 1), np.uint8), 3, axis=2)
    fine = cv2.GaussianBlur(fine, (0, 0), 0.8)
    blurred = np.repeat(texture()[300 : 300 + HEIGHT, 300 : 300 + WIDTH, None], 3, axis=2)
    wide, close = CUE.vector(facts([fine])), CUE.vector(facts([cv2.GaussianBlur(blurred, (0, 0), 5)]))
    assert wide[0] > close[0]
    assert close[2] > wide[2]
    assert CUE.shared(wide, wide) is None


def test_a_missing_network_is_said_once_and_texture_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(faces, "NETWORK_FILE", "not_there.onnx")
    monkeypatch.setattr(faces, "_of_thread", type(faces._of_thread)())
    faces._warn_once.cache_clear()
    with caplog.at_level(logging.WARNING):
        vectors = [CUE.vector(facts([plain(9, 9, 9)])) for _ in range(2)]
        faces._of_thread.__dict__.clear()
        vectors.append(CUE.vector(facts([plain(9, 9, 9)])))
    assert [record.message.startswith("faces cannot be found") for record in caplog.records] == [True]
    assert likeness(vectors[0], vectors[2]) == pytest.approx(1)
    faces._warn_once.cache_clear()


def test_no_face_is_found_in_pictures_of_nothing() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    for picture in (plain(0, 0, 0), plain(255, 255, 255), noise):
        assert faces.find_faces(picture).shape == (0, 5)


@pytest.mark.media
@pytest.mark.skipif(not MEDIA.is_dir(), reason="no footage beside the project")
@pytest.mark.parametrize(
    ("name", "height"),
    [("face-man-yellow-wall.mp4", 0.68), ("face-woman-white-wall.mp4", 0.32), ("people-signing-again.mkv", 0.2)],
)
def test_faces_of_real_people_are_found_with_their_height(name: str, height: float) -> None:
    frames = read_frames(probe(MEDIA / name), [Fraction(1)], width=WIDTH, height=HEIGHT)
    found = faces.find_faces(frames.pixels[0])
    assert len(found) == 1
    assert found[0, 3] == pytest.approx(height, abs=0.05)
    assert found[0, 4] > 0.85
