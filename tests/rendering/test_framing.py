"""Films with framing, judged by decoding them: where the picture is, what is in it, and what is black."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from reinterpret.edits import EditList, Soundtrack
from reinterpret.errors import EditError, UsageError
from reinterpret.rendering.edges import film_edges
from reinterpret.rendering.film import render
from reinterpret.rendering.framing import _window_share
from tests.judging import edit_of, numbered_film, pictures, remade
from tests.rendering.made_films import film_of, night, scenes, square_at, with_bars
from tests.rendering.test_film import numbers

FINE = {"preset": "ultrafast", "crf": 4}
# The trailer's own picture: rows 23 to 156 of 180, both odd.
BARS = (0, 23, 0, 23)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("framing")


@pytest.fixture(scope="module")
def trailer(folder: Path) -> Path:
    """A letterboxed trailer of 30 frames."""
    return film_of(folder / "trailer.mp4", with_bars(scenes(30, 320, 180), BARS))


@pytest.fixture(scope="module")
def wide(folder: Path) -> Path:
    """An archive film that fills its frame."""
    return film_of(folder / "wide.mp4", scenes(60, 320, 180, seed=5))


def shown(film: Path) -> np.ndarray:
    """The brightest that each pixel of a film ever is."""
    return np.max([picture for _, picture in pictures(film)], axis=0)


def lit(luma: np.ndarray) -> np.ndarray:
    return luma > 40


# The trailer's bars


def test_side_by_side_both_have_the_trailer_s_bars_to_the_pixel(trailer: Path, wide: Path, tmp_path: Path) -> None:
    edit = edit_of(trailer, (15, wide, 0), (15, wide, 1))
    alone, pair = render(edit, tmp_path / "out.mp4", layout="both", **FINE)
    theirs, ours = np.split(lit(shown(pair)), 2, axis=1)
    assert ours[23:157].all()
    assert not ours[:23].any()
    assert not ours[157:].any()
    # A pixel of the trailer's bars may be spoilt by its compression.
    assert (theirs == ours).mean() > 0.99
    assert lit(shown(alone)).all()


def test_a_mask_can_be_laid_on_the_film_alone_and_left_away_beside_it(
    trailer: Path, wide: Path, tmp_path: Path
) -> None:
    edit = edit_of(trailer, (30, wide, 0))
    alone, pair = render(edit, tmp_path / "out.mp4", layout="both", mask="trailer", **FINE)
    for picture in (shown(alone), shown(pair)[:, 320:]):
        assert lit(picture[23:157]).all()
        assert not lit(np.delete(picture, slice(23, 157), axis=0)).any()
    render(edit, tmp_path / "out.mp4", layout="side-by-side", mask="none", **FINE)
    assert lit(shown(tmp_path / "out.mp4")[:, 320:]).all()


def test_what_stands_between_the_bars_is_fitted_into_them(trailer: Path, tmp_path: Path) -> None:
    """A picture in the trailer's own shape is shown whole there, as composition was compared."""
    framed = np.full((134, 320), 120, np.uint8)
    framed[:8], framed[-8:], framed[:, :8], framed[:, -8:] = 200, 200, 200, 200
    film = film_of(tmp_path / "framed.mp4", [framed] * 40)
    render(edit_of(trailer, (30, film, 0)), tmp_path / "out.mp4", mask="trailer", **FINE)
    picture = shown(tmp_path / "out.mp4")
    for edge in (picture[24:26], picture[154:156], picture[23:157, 1:3], picture[23:157, -3:-1]):
        assert edge.min() > 150


@pytest.mark.parametrize("height", [90, 122, 240])
def test_bars_scale_with_the_film(trailer: Path, wide: Path, tmp_path: Path, height: int) -> None:
    render(edit_of(trailer, (30, wide, 0)), tmp_path / "out.mp4", layout="side-by-side", height=height, **FINE)
    picture = shown(tmp_path / "out.mp4")
    left, right = (lit(half).all(axis=1) for half in np.split(picture, 2, axis=1))
    first, last = np.flatnonzero(right)[[0, -1]]
    assert abs(first - height * 23 / 180) <= 0.5
    assert abs(last + 1 - height * 157 / 180) <= 0.5
    # Where a line of the trailer is half bar, half picture, both are right.
    assert np.abs(np.flatnonzero(left)[[0, -1]] - [first, last]).max() <= 1


def test_each_shot_of_a_trailer_has_its_own_bars(wide: Path, tmp_path: Path) -> None:
    frames = [*scenes(30, 320, 180), *with_bars(scenes(30, 320, 180, seed=2), (40, 0, 40, 0))]
    trailer = film_of(tmp_path / "mixed.mp4", frames)
    render(edit_of(trailer, (30, wide, 0), (30, wide, 1)), tmp_path / "out.mp4", mask="trailer", **FINE)
    film = [picture for _, picture in pictures(tmp_path / "out.mp4")]
    assert lit(np.max(film[:30], axis=0)).all()
    boxed = lit(np.max(film[30:], axis=0))
    assert boxed[:, 40:280].all()
    assert not boxed[:, :40].any()
    assert not boxed[:, 280:].any()


def test_title_cards_keep_their_own_frame(trailer: Path, wide: Path, tmp_path: Path) -> None:
    edit = edit_of(trailer, (15, wide, 0), (15, None, 0))
    titled = replace(edit, clips=(edit.clips[0], replace(edit.clips[1], kind="title")))
    render(titled, tmp_path / "out.mp4", mask="trailer", **FINE)
    own = [picture for _, picture in pictures(trailer)]
    film = [picture for _, picture in pictures(tmp_path / "out.mp4")]
    assert np.abs(film[20].astype(int) - own[20].astype(int)).mean() < 2


# The bars and edges of archive films


def test_bars_all_round_are_cut_off_and_can_be_kept(folder: Path, trailer: Path, tmp_path: Path) -> None:
    boxed = film_of(folder / "boxed.mp4", with_bars(scenes(60, 320, 180, seed=7), (40, 20, 40, 20)))
    edit = edit_of(trailer, (30, boxed, 0))
    for fit in ("crop", "blur"):
        render(edit, tmp_path / "out.mp4", fit=fit, **FINE)
        assert lit(shown(tmp_path / "out.mp4")).all()
    render(edit, tmp_path / "out.mp4", crop_bars=False, **FINE)
    kept = lit(shown(tmp_path / "out.mp4"))
    assert not kept[:, :40].any()
    assert not kept[:20].any()


def test_dark_columns_of_an_old_transfer_are_cut_off(folder: Path, trailer: Path, tmp_path: Path) -> None:
    def transferred():  # type: ignore[no-untyped-def]
        for picture in scenes(60, 320, 180, seed=9):
            dark = picture.astype(float)
            dark[:, :5] *= np.array([0.0, 0.0, 0.1, 0.3, 0.5])
            yield dark.astype(np.uint8)

    old = film_of(folder / "old.mp4", transferred())
    edit = edit_of(trailer, (30, old, 0))
    for fit in ("crop", "pad"):
        render(edit, tmp_path / "out.mp4", fit=fit, **FINE)
        film = [picture.astype(float) for _, picture in pictures(tmp_path / "out.mp4")]
        edge, behind = (np.mean([picture[:, columns].mean() - 16 for picture in film]) for columns in (0, 8))
        assert edge > 0.9 * behind
    render(edit, tmp_path / "out.mp4", crop_bars=False, **FINE)
    assert shown(tmp_path / "out.mp4")[:, 0].max() < 30


def test_a_night_film_is_not_cut(folder: Path, trailer: Path, tmp_path: Path) -> None:
    film = film_of(folder / "night.mp4", night(60, 320, 180))
    edit = edit_of(trailer, (30, film, 0))
    for keep in (True, False):
        render(edit, tmp_path / f"{keep}.mp4", crop_bars=keep, **FINE)
    assert (tmp_path / "True.mp4").read_bytes() == (tmp_path / "False.mp4").read_bytes()


def test_a_shot_with_bars_in_a_film_without_is_shown_without(folder: Path, trailer: Path, tmp_path: Path) -> None:
    frames = [*scenes(50, 320, 180), *with_bars(scenes(50, 320, 180, seed=2), (40, 0, 40, 0))]
    mixed = film_of(folder / "archive-mixed.mp4", frames)
    render(edit_of(trailer, (15, mixed, 0), (15, mixed, 2.5)), tmp_path / "out.mp4", **FINE)
    film = [picture for _, picture in pictures(tmp_path / "out.mp4")]
    assert lit(np.max(film[15:], axis=0)).all()
    original = [picture for _, picture in pictures(mixed)]
    assert np.abs(film[4].astype(int) - original[4].astype(int)).mean() < 3


# The subject


def square_in(film: Path) -> tuple[int, int]:
    """Width and height of what is bright in the first frame."""
    bright = pictures(film)[0][1] > 170
    return int(bright.any(axis=0).sum()), int(bright.any(axis=1).sum())


@pytest.mark.parametrize("top", [4, 190])
def test_a_subject_above_or_below_is_not_cut_off(trailer: Path, tmp_path: Path, top: int) -> None:
    film = film_of(tmp_path / "tall.mp4", square_at(130, top, 46, 320, 240))
    edit = edit_of(trailer, (30, film, 0))
    render(edit, tmp_path / "out.mp4", **FINE)
    assert square_in(tmp_path / "out.mp4") == pytest.approx((46, 46), abs=2)
    render(edit, tmp_path / "out.mp4", reframe="middle", **FINE)
    assert square_in(tmp_path / "out.mp4")[1] < 25


def test_a_subject_at_the_side_of_a_wide_picture_is_not_cut_off(trailer: Path, tmp_path: Path) -> None:
    film = film_of(tmp_path / "wide.mp4", square_at(4, 70, 46, 480, 180))
    edit = edit_of(trailer, (30, film, 0))
    render(edit, tmp_path / "out.mp4", **FINE)
    assert square_in(tmp_path / "out.mp4") == pytest.approx((46, 46), abs=2)
    render(edit, tmp_path / "out.mp4", fit="pad", **FINE)
    assert square_in(tmp_path / "out.mp4") == pytest.approx((46 * 2 / 3, 46 * 2 / 3), abs=2)


def test_the_window_stands_still_and_nothing_is_mirrored(trailer: Path, tmp_path: Path) -> None:
    source = numbered_film(tmp_path / "numbered.mp4", 70, film=3, size=(160, 120))
    bars = ("-vf", "pad=240:120:40:0:black", "-c:v", "libx264", "-crf", "6")
    boxed = remade(source, tmp_path / "boxed.mp4", *bars)
    render(edit_of(trailer, (30, boxed, 0)), tmp_path / "out.mp4", height=90, **FINE)
    assert numbers(tmp_path / "out.mp4", box=(0.0, -15.0, 160.0, 120.0)) == list(range(30))


def test_only_the_stretch_that_is_shown_decides(trailer: Path, tmp_path: Path) -> None:
    frames = [*square_at(130, 4, 46, 320, 240, count=50), *square_at(130, 190, 46, 320, 240, count=50)]
    film = film_of(tmp_path / "both.mp4", frames)
    render(edit_of(trailer, (15, film, 0.2), (15, film, 2.4)), tmp_path / "out.mp4", **FINE)
    shots = [picture > 170 for _, picture in pictures(tmp_path / "out.mp4")]
    for shot in (shots[2], shots[20]):
        assert shot.any(axis=1).sum() == pytest.approx(46, abs=2)


# Around it


def test_framing_makes_other_segments_and_the_same_framing_none(
    trailer: Path, wide: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    edit = edit_of(trailer, (30, wide, 0))
    kept: set[str] = set()
    for options in ({}, {"crop_bars": False}, {"mask": "trailer"}, {"reframe": "middle"}):
        for _ in range(2):
            render(edit, tmp_path / "out.mp4", **{**FINE, **options})  # type: ignore[arg-type]
        now = {file.name for file in (tmp_path / "cache" / "segments").iterdir()}
        assert len(now - kept) == 1, options
        kept = now


def test_another_trailer_s_mask_is_another_segment(trailer: Path, wide: Path, tmp_path: Path) -> None:
    full = film_of(tmp_path / "full.mp4", scenes(30, 320, 180))
    for film, dark in ((trailer, True), (full, False)):
        render(edit_of(film, (30, wide, 0)), tmp_path / "out.mp4", mask="trailer", **FINE)
        assert lit(shown(tmp_path / "out.mp4"))[:23].any() != dark


def test_films_are_not_looked_at_again_for_every_clip(
    trailer: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tall = film_of(folder / "tall.mp4", square_at(130, 4, 46, 320, 240, count=80))
    film_edges.cache_clear()
    _window_share.cache_clear()
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    render(edit_of(trailer, *[(10, tall, 0.4 * number) for number in range(3)]), tmp_path / "out.mp4", jobs=1, **FINE)
    assert film_edges.cache_info().misses == 1
    assert _window_share.cache_info().misses == 3


def test_an_edit_without_a_trailer_has_no_mask_and_says_so(trailer: Path, wide: Path, tmp_path: Path) -> None:
    edit = edit_of(trailer, (30, wide, 0))
    bare = replace(edit, trailer=None, soundtrack=Soundtrack("none"))
    render(bare, tmp_path / "out.mp4", **FINE)
    assert lit(shown(tmp_path / "out.mp4")).all()
    with pytest.raises(EditError, match="no trailer whose bars"):
        render(bare, tmp_path / "out.mp4", mask="trailer", **FINE)


@pytest.mark.parametrize(
    ("option", "words"), [({"mask": "black"}, "trailer, none"), ({"reframe": "face"}, "subject, middle")]
)
def test_options_that_cannot_be_meant(
    trailer: Path, wide: Path, tmp_path: Path, option: dict[str, str], words: str
) -> None:
    edit: EditList = edit_of(trailer, (30, wide, 0))
    with pytest.raises(UsageError, match=words):
        render(edit, tmp_path / "out.mp4", **option)  # type: ignore[arg-type]
