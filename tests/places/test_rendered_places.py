"""A made trailer, matched and rendered: every frame of the film is judged by what is known of the trailer's own."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from reinterpret.edits import EditList
from reinterpret.library import Library
from reinterpret.match_settings import MatchSettings
from reinterpret.matching import match
from reinterpret.rendering.film import render
from tests.judging import pictures
from tests.places.made_trailers import Shown
from tests.places.test_places import SCENES, TRAILER
from tests.title_cards import film_of

pytestmark = pytest.mark.skipif(
    find_spec("reinterpret.rendering.blending") is None, reason="this renderer draws neither fades nor white"
)


@pytest.fixture(scope="module")
def trailer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film_of(tmp_path_factory.mktemp("rendered") / "trailer.mp4", list(SCENES.frames(TRAILER)))


def frames_of(edit: EditList, out: Path) -> list[np.ndarray]:
    """The luma of every frame of the stand-alone film, 0 to 255."""
    (film,) = render(edit, out, layout="alone", preset="ultrafast")
    return [picture.astype(float) for _, picture in pictures(film)]


def truth_of(shown: Shown) -> np.ndarray:
    """The trailer's frame without its scenes: black, white, and the letters of its titles."""
    return SCENES.of(replace(shown, scene=None, other=None))[:, :, 0].astype(float)


def test_every_frame_of_the_film_is_as_the_trailer_s_light_says(
    trailer: Path, library: Library, tmp_path: Path
) -> None:
    followed = match(trailer, library)
    plain = match(trailer, library, MatchSettings(fades="cut"))
    assert [clip.first_frame for clip in followed.clips] == [clip.first_frame for clip in plain.clips]
    faded, clear = frames_of(followed, tmp_path / "faded.mp4"), frames_of(plain, tmp_path / "clear.mp4")
    assert len(faded) == len(clear) == len(TRAILER)
    for clip in followed.clips:
        for frame in range(clip.first_frame, clip.end_frame):
            shown, seen = TRAILER[frame], faded[frame]
            if clip.kind != "footage":
                # Black, white and titles are the trailer's own, without a trace of a scene.
                assert shown.scene is None, frame
                assert np.abs(seen - truth_of(shown)).mean() < 2, frame
            elif shown.other is None:
                # And the archive's pictures are as light as the trailer's would be.
                expected = shown.gain * clear[frame] + (1 - shown.gain) * (255 if shown.ground else 0)
                assert np.abs(seen - expected).mean() < 12, frame


def test_no_frame_of_the_trailer_s_scenes_is_in_the_film(trailer: Path, library: Library, tmp_path: Path) -> None:
    seen = frames_of(match(trailer, library), tmp_path / "film.mp4")
    for frame, shown in enumerate(TRAILER):
        if shown.scene is not None and shown.gain > 0.3:
            assert np.abs(seen[frame] - SCENES.of(shown)[:, :, 0]).mean() > 15, frame
