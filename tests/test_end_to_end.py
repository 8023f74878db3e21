"""The whole way over real footage: an archive of sixty films, every trailer, both layouts."""

from __future__ import annotations

from collections.abc import Collection
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from reinterpret.edits import Clip, EditList, trailer_seconds
from reinterpret.frames import read_frames
from reinterpret.ingest import IndexReport, index
from reinterpret.library import Library
from reinterpret.matching import match
from reinterpret.rendering.film import render
from tests.judging import sound_packets

pytestmark = [pytest.mark.media, pytest.mark.slow]

# What an MP4 carries as it is; other sound is encoded anew.
COPIED = ("aac", "mp3", "ac3", "eac3", "alac", "opus", "flac")
HEIGHT = 180


@pytest.fixture(scope="module")
def indexed(media: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Library, IndexReport]:
    folder = tmp_path_factory.mktemp("real") / "lib"
    report = index([media / "archive"], folder)
    return Library.open(folder), report


def trailers() -> list[str]:
    from tests.conftest import MEDIA

    return sorted(path.name for path in (MEDIA / "trailer").glob("*.m*")) if MEDIA.is_dir() else ["none"]


def test_the_whole_archive_is_indexed(indexed: tuple[Library, IndexReport], media: Path) -> None:
    library, report = indexed
    assert report.failed == ()
    assert report.indexed == len(list((media / "archive").iterdir())) == len(library.fingerprints())
    assert library.encoder == "efficientnet-lite0"
    assert library.verify() == []


def frame_count(path: Path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def clear_middles(edit: EditList) -> dict[int, int]:
    """By the number of each clip the middle of its frames that no fade or dissolve changes, if there are any."""
    middles = {}
    for number, clip in enumerate(edit.clips):
        following = edit.clips[number + 1].dissolve if number + 1 < len(edit.clips) else None
        begins = clip.dissolve.after if clip.dissolve is not None else len(clip.fade_in or ())
        ends = following.before if following is not None else len(clip.fade_out or ())
        if begins + ends < clip.frame_count:
            middles[number] = clip.first_frame + (begins + clip.frame_count - ends) // 2
    return middles


def film_frames(path: Path, wanted: Collection[int]) -> dict[int, np.ndarray]:
    """Some frames of a film: H x W x 3 RGB."""
    with av.open(str(path)) as container:
        frames = enumerate(container.decode(video=0))
        return {number: frame.to_ndarray(format="rgb24") for number, frame in frames if number in wanted}


def named_picture(
    edit: EditList, clip: Clip, frame: int, width: int, height: int, *, moved: Fraction = Fraction(0)
) -> np.ndarray:
    """The source frame that an edit names for a frame of a clip, cut to the film's shape: H x W x 3 RGB."""
    assert clip.match is not None
    film = edit.film(clip.match.film)
    aspect = Fraction(film.display_width, film.display_height)
    whole = (round(height * aspect), height) if aspect > Fraction(width, height) else (width, round(width / aspect))
    instant = max(Fraction(0), edit.source_instant(clip, frame) + moved)
    picture = read_frames(film, [instant], width=whole[0], height=whole[1]).pixels[0]
    top, left = (whole[1] - height) // 2, (whole[0] - width) // 2
    return picture[top : top + height, left : left + width]


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Mean absolute difference of two pictures, 16 x 9 areas each, so that sharpness does not count."""
    import cv2

    small = [cv2.resize(picture, (48, 27), interpolation=cv2.INTER_AREA).astype(float) for picture in (one, other)]
    return float(np.abs(small[0] - small[1]).mean())


@pytest.mark.parametrize("name", trailers())
def test_a_trailer_becomes_a_reinterpretation(
    indexed: tuple[Library, IndexReport], media: Path, tmp_path: Path, name: str
) -> None:
    trailer = media / "trailer" / name
    edit = match(trailer, indexed[0])
    # The whole frame and its middle: what is cut off otherwise has tests of its own.
    framing = {"crop_bars": False, "mask": "none", "reframe": "middle"}
    films = render(edit, tmp_path / "out.mp4", layout="both", height=HEIGHT, preset="ultrafast", **framing)
    assert edit.grid.frame_count == frame_count(trailer)
    for film in films:
        assert frame_count(film) == edit.grid.frame_count
    with av.open(str(trailer)) as container:
        codecs = [stream.codec_context.name for stream in container.streams.audio]
    if codecs and codecs[0] in COPIED:
        before = sound_packets(trailer)
        for film in films:
            after = sound_packets(film)
            assert [data for _, data in after] == [data for _, data in before]
            assert max(abs(a - b) for (a, _), (b, _) in zip(before, after, strict=True)) <= Fraction(1, 500)
    assert_pictures(edit, films[0])


def assert_pictures(edit: EditList, film: Path) -> None:
    """The middle of every clip is the frame that the edit names; half a second away it is as a rule another."""
    middles = clear_middles(edit)
    drawn = film_frames(film, set(middles.values()))
    worse = []
    for number, middle in middles.items():
        clip, picture = edit.clips[number], drawn[middle]
        height, width = picture.shape[:2]
        if clip.kind in ("black", "white"):
            assert picture.max() < 24 if clip.kind == "black" else picture.min() > 231
            continue
        if clip.kind == "title":
            own = read_frames(edit.trailer, [trailer_seconds(edit.grid, middle)], width=width, height=height).pixels[0]
            assert likeness(picture, own) < 6, clip.first_frame
            continue
        difference = likeness(picture, named_picture(edit, clip, middle, width, height))
        assert difference < 6, (clip.first_frame, edit.film(clip.match.film).name, difference)
        moved = named_picture(edit, clip, middle, width, height, moved=Fraction(1, 2))
        worse.append(likeness(picture, moved) - difference)
    assert not worse or np.mean(worse) > 0
