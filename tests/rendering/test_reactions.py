"""Reactions: the nearest gesture, as large and as long as asked for, under its limit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reinterpret.errors import OutputError, UsageError
from reinterpret.library import Library
from reinterpret.neighbours import Query, open_neighbours
from reinterpret.rendering.captions import Headline
from reinterpret.rendering.panel import planes_of
from reinterpret.rendering.reactions import gif


def query_of(library: Library, name: str, shot: int) -> Query:
    film = next(film for film in library.fingerprints() if library.video(film).name == name)
    return open_neighbours(library).query_of_shot(film, shot)


def test_the_likest_shots_are_made_one_after_the_other(library: Library, tmp_path: Path) -> None:
    made = gif(
        library, open_neighbours(library), query_of(library, "one.mp4", 1), tmp_path / "r.gif", count=3, height=90
    )
    assert [entry.path.name for entry in made] == ["r.gif", "r-2.gif", "r-3.gif"]
    assert (library.video(made[0].hit.film).name, made[0].hit.shot) == ("one.mp4", 1)
    assert len({(entry.hit.film, entry.hit.shot) for entry in made}) == 3
    for entry in made:
        body = library.shots(entry.hit.film)[entry.hit.shot].body
        assert body.start <= entry.loop.span.start < entry.loop.span.end <= body.end
        with Image.open(entry.path) as picture:
            assert picture.size == (160, 90)
            assert picture.info["loop"] == 0
        assert entry.byte_count == entry.path.stat().st_size


def test_a_limit_is_kept(library: Library, tmp_path: Path) -> None:
    (made,) = gif(
        library, open_neighbours(library), query_of(library, "one.mp4", 2), tmp_path / "r.gif", max_mb=0.05, height=180
    )
    assert made.byte_count <= 50_000


def test_words_stand_across_the_lower_part() -> None:
    plain = planes_of(np.full((180, 320, 3), 128, np.uint8))
    written = Headline("oh no", 320, 180).on(plain)
    changed = np.argwhere(np.abs(written.y.astype(int) - plain.y) > 30)
    assert changed[:, 0].min() > 90
    assert abs(changed[:, 1].mean() - 160) < 4
    assert written.y.max() > 200
    assert written.y.min() < 30


@pytest.mark.parametrize("words", ["a" * 300, "word " * 200, "two\nlines\x00here", "   ", "漢字 🎬"])
def test_words_of_any_kind_leave_the_picture_whole(words: str) -> None:
    plain = planes_of(np.full((90, 160, 3), 128, np.uint8))
    written = Headline(words, 160, 90).on(plain)
    assert written.y.shape == plain.y.shape
    assert np.abs(written.y[:, :2].astype(int) - plain.y[:, :2]).max() == 0


@pytest.mark.parametrize(
    "wrong", [{"seconds": 0.0}, {"seconds": 60.0}, {"height": 4}, {"max_mb": 0.0}, {"max_mb": -1.0}, {"count": 0}]
)
def test_what_cannot_be_is_refused(library: Library, tmp_path: Path, wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="got"):
        gif(library, open_neighbours(library), query_of(library, "one.mp4", 1), tmp_path / "r.gif", **wrong)  # type: ignore[arg-type]


def test_other_formats_are_refused(library: Library, tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"\.gif"):
        gif(library, open_neighbours(library), query_of(library, "one.mp4", 1), tmp_path / "r.avi")
