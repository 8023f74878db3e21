"""Places become clips of an edit."""

from __future__ import annotations

from pathlib import Path

import pytest

from reinterpret.edits import EditList
from reinterpret.embeddings import embed_video
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.errors import UsageError
from reinterpret.library import Library
from reinterpret.match_settings import MatchSettings
from reinterpret.matching import match
from reinterpret.places import Place, places_of
from reinterpret.video import probe
from tests.places.made_trailers import clear, dissolving
from tests.places.test_places import SCENES, TRAILER
from tests.title_cards import film_of


@pytest.fixture(scope="module")
def trailer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return film_of(tmp_path_factory.mktemp("matched") / "trailer.mp4", list(SCENES.frames(TRAILER)))


@pytest.fixture(scope="module")
def places(trailer: Path) -> tuple[Place, ...]:
    return places_of(embed_video(probe(trailer), PixelsEncoder(), light=True))


def kinds(edit: EditList) -> list[str]:
    return [clip.kind for clip in edit.clips]


def test_each_place_is_a_clip_with_its_fades_and_dissolve(
    trailer: Path, places: tuple[Place, ...], library: Library
) -> None:
    edit = match(trailer, library)
    assert [(clip.first_frame, clip.end_frame) for clip in edit.clips] == [
        (place.first_frame, place.end_frame) for place in places
    ]
    for clip, place in zip(edit.clips, places, strict=True):
        assert clip.kind == ("footage" if place.kind == "scene" else place.kind)
        if clip.kind == "footage":
            assert (clip.fade_in, clip.fade_out, clip.dissolve) == (place.fade_in, place.fade_out, place.dissolve)
            assert clip.match is not None
            # What is used is as long as the clip with its fades, where the archive's shot is.
            seconds = min(clip.frame_count / edit.grid.rate, clip.match.shot_span.duration)
            assert clip.match.source_span.duration == seconds
        else:
            assert clip.fade_in is clip.fade_out is clip.dissolve is None
    assert EditList.loads(edit.dumps()) == edit


def test_titles_that_are_matched_fade_as_they_do(trailer: Path, places: tuple[Place, ...], library: Library) -> None:
    (number,) = (number for number, place in enumerate(places) if place.kind == "title")
    matched = match(trailer, library, MatchSettings(titles="match"))
    assert matched.clips[number].kind == "footage"
    assert matched.clips[number].fade_out == places[number].fade_out is not None
    black = match(trailer, library, MatchSettings(titles="black"))
    assert black.clips[number].kind == "black"
    assert [kind for at, kind in enumerate(kinds(black)) if at != number] == [
        kind for at, kind in enumerate(kinds(matched)) if at != number
    ]


def test_both_sides_of_a_flash_are_answered_by_one_shot_that_goes_on(trailer: Path, library: Library) -> None:
    edit = match(trailer, library)
    before, after = (next(clip for clip in edit.clips if clip.first_frame == first) for first in (80, 98))
    assert before.match is not None
    assert after.match is not None
    assert (before.match.film, before.match.source_shot) == (after.match.film, after.match.source_shot)


def test_without_fades_nothing_else_changes(trailer: Path, library: Library) -> None:
    followed, cut = match(trailer, library), match(trailer, library, MatchSettings(fades="cut"))
    assert [(clip.first_frame, clip.kind, clip.match) for clip in followed.clips] == [
        (clip.first_frame, clip.kind, clip.match) for clip in cut.clips
    ]
    assert not [clip for clip in cut.clips if clip.fade_in or clip.fade_out]


def test_a_dissolve_has_the_frames_that_it_needs(library: Library, tmp_path: Path) -> None:
    shown = [*clear("face", 20), *dissolving("face", "sea", 12, 20), *clear("sea", 20, 12)]
    edit = match(film_of(tmp_path / "trailer.mp4", list(SCENES.frames(shown))), library)
    assert len(edit.clips) == 2
    assert edit.clips[1].dissolve is not None
    # The archive's shots are two seconds long, and one is asked of each.
    assert edit.dissolve_at(1) == edit.clips[1].dissolve


def test_settings_that_cannot_be_meant() -> None:
    with pytest.raises(UsageError, match="follow, cut"):
        MatchSettings(fades="slow")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="dissolve, cut"):
        MatchSettings(wipes="push")  # type: ignore[arg-type]
