"""Duplicates: copies are known again however they were made, and nothing else is taken for one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from reinterpret.duplicates import Duplicates, Footage, same_footage
from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.errors import LibraryError
from reinterpret.in_points import course_of
from reinterpret.library import Library
from reinterpret.neighbours import open_neighbours
from reinterpret.shots import Detection
from reinterpret.video import probe
from tests.judging import remade
from tests.title_cards import film_of

SIZE = (320, 180)
GRADED = "eq=contrast=1.2:brightness=0.05:gamma=1.2"
CROPPED = "crop=iw*0.9:ih*0.9,scale=320:180"
LOGO = "drawbox=x=iw*0.8:y=ih*0.06:w=iw*0.14:h=ih*0.12:color=white:t=fill"
SMALL = "scale=120:68,scale=320:180"
COPIES = {
    "small": ("-vf", SMALL),
    "cropped": ("-vf", CROPPED),
    "graded": ("-vf", GRADED),
    "with a logo": ("-vf", LOGO),
    "compressed": ("-crf", "40"),
    "all of that": ("-vf", f"{CROPPED},{GRADED},{LOGO},{SMALL}", "-crf", "32"),
    "cut at other points": ("-vf", "trim=start=1.3:end=3.4,setpts=PTS-STARTPTS"),
    "later and slower to come": ("-vf", "trim=start=0.9,setpts=PTS-STARTPTS,fps=30"),
}


def background(seed: int) -> np.ndarray:
    """A picture with large and small things in it: H x W x 3 uint8 RGB."""
    random = np.random.default_rng(seed)
    picture = np.zeros((SIZE[1], SIZE[0], 3))
    for size in (60, 20, 6):
        patches = random.normal(size=(-(-SIZE[1] // size), -(-SIZE[0] // size), 3))
        picture += patches.repeat(size, 0).repeat(size, 1)[: SIZE[1], : SIZE[0]]
    return np.clip(120 + 22 * picture, 16, 235).astype(np.uint8)


def moving(path: Path, *, scene: int, take: int, seconds: float = 4.0) -> Path:
    """A film of one shot: a set, and somebody who walks about in it, in every take along another way."""
    set_up, frames = background(scene), round(seconds * 25)
    random = np.random.default_rng(100 + take)
    seconds_of = np.arange(frames)[:, None] / 25
    pace, phase = random.uniform(0.2, 1.5, (3, 1, 2)), random.uniform(0, 2 * np.pi, (3, 1, 2))
    way = 0.5 + np.sin(2 * np.pi * pace * seconds_of + phase).sum(axis=0) / 6
    pictures = []
    for across, down in way:
        x, y = round(260 * across), round(120 * down)
        picture = set_up.copy()
        picture[y : y + 60, x : x + 60] = (235, 200, 40)
        pictures.append(picture)
    return film_of(path, pictures)


def still(path: Path, scene: int, pose: int, seconds: float = 2.0) -> Path:
    """A film of one still shot: a set, and somebody who stands in it."""
    picture = background(scene)
    picture[60:150, 60 + 40 * pose : 100 + 40 * pose] = background(50)[60:150, 60:100]
    return film_of(path, [picture] * round(seconds * 25))


def film_at(path: Path) -> Film:
    return embed_video(probe(path), PixelsEncoder(), detection=Detection("none"))


def footage(path: Path) -> Footage:
    film = film_at(path)
    return Footage(course_of(film, 0, film.shots[0].body), film.thumbnails[0])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("duplicates")


@pytest.fixture(scope="module")
def original(folder: Path) -> Path:
    return moving(folder / "original.mp4", scene=1, take=1)


@pytest.mark.parametrize("made", COPIES)
def test_a_copy_is_known_again_however_it_was_made(original: Path, tmp_path: Path, made: str) -> None:
    copy = remade(original, tmp_path / "copy.mp4", *COPIES[made])
    assert same_footage(footage(original), footage(copy))
    assert same_footage(footage(copy), footage(original))


def test_another_take_of_the_same_set_up_is_no_copy(original: Path, folder: Path) -> None:
    first = footage(original)
    for take in range(2, 7):
        assert not same_footage(first, footage(moving(folder / f"take-{take}.mp4", scene=1, take=take)))


def test_what_comes_before_and_after_in_one_shot_is_no_copy(tmp_path: Path) -> None:
    whole = moving(tmp_path / "whole.mp4", scene=3, take=9, seconds=8)
    parts = [
        footage(remade(whole, tmp_path / f"{first}.mp4", "-vf", f"trim={first}:{first + 4},setpts=PTS-STARTPTS"))
        for first in (0, 4)
    ]
    assert not same_footage(*parts)
    # Each is a part of the whole.
    assert all(same_footage(part, footage(whole)) for part in parts)


@pytest.mark.parametrize("made", ["small", "cropped", "graded", "with a logo", "compressed"])
def test_a_still_shot_is_known_by_its_picture(tmp_path: Path, made: str) -> None:
    shown = still(tmp_path / "still.mp4", 4, pose=0)
    copy = remade(shown, tmp_path / "copy.mp4", *COPIES[made])
    assert same_footage(footage(shown), footage(copy))


def test_somebody_who_stands_elsewhere_in_a_still_shot_is_another_picture(tmp_path: Path) -> None:
    shown = footage(still(tmp_path / "still.mp4", 4, pose=0))
    assert not same_footage(shown, footage(still(tmp_path / "other.mp4", 4, pose=3)))
    assert not same_footage(shown, footage(still(tmp_path / "elsewhere.mp4", 5, pose=0)))


def test_shots_of_a_few_frames_are_known_by_their_pictures(tmp_path: Path) -> None:
    brief = moving(tmp_path / "brief.mp4", scene=6, take=1, seconds=0.2)
    copy = remade(brief, tmp_path / "copy.mp4", "-vf", GRADED)
    assert same_footage(footage(brief), footage(copy))
    assert not same_footage(footage(brief), footage(moving(tmp_path / "x.mp4", scene=7, take=1, seconds=0.2)))


def test_pictures_without_anything_in_them_are_not_the_same_footage(tmp_path: Path) -> None:
    grey = [np.full((180, 320, 3), level, np.uint8) for level in (90, 140)]
    shown = [footage(film_of(tmp_path / f"{number}.mp4", [picture] * 30)) for number, picture in enumerate(grey)]
    assert not same_footage(*shown)


# In a library


def library_of(folder: Path, *paths: Path) -> Library:
    library = Library.create(
        folder, encoder="pixels", encoder_version=PixelsEncoder.version, detection=Detection("none")
    )
    for path in paths:
        library.add(film_at(path))
    return library


@pytest.fixture
def duplicates(original: Path, tmp_path: Path) -> tuple[Duplicates, list[str], list[tuple[str, int]]]:
    """With the films original, copy, another take; and the shots that were read."""
    copy = remade(original, tmp_path / "copy.mp4", *COPIES["all of that"])
    take = moving(tmp_path / "take.mp4", scene=1, take=2)
    library = library_of(tmp_path / "lib", original, copy, take)
    names = [library.find_film(str(path)) for path in (original, copy, take)]
    read: list[tuple[str, int]] = []

    def footage_of(film: str, shot: int) -> Footage:
        read.append((film, shot))
        kept = library.film(film)
        return Footage(course_of(kept, shot, kept.shots[shot].body), kept.thumbnails[shot])

    return Duplicates(open_neighbours(library), footage_of), names, read


def test_what_is_found_stands_for_all_of_it(
    duplicates: tuple[Duplicates, list[str], list[tuple[str, int]]],
) -> None:
    found, (original, copy, take), read = duplicates
    shots = [(film, 0) for film in (original, copy, take)]
    assert [found.first(*shot) for shot in shots] == shots
    assert found.find(shots)
    assert found.first(original, 0) == found.first(copy, 0) == min(shots[:2])
    assert found.first(take, 0) == (take, 0)
    # Once it is known it is not news, and nothing is read for it again.
    read.clear()
    assert not found.find(shots)
    assert not read
    assert found.repeats((copy, 0), [(take, 0), (original, 0)])
    assert not found.repeats((take, 0), [(copy, 0), (original, 0)])
    assert not found.repeats((take, 0), [])


def test_what_is_no_shot_of_the_library_or_cannot_be_read_is_no_copy(original: Path, tmp_path: Path) -> None:
    copy = remade(original, tmp_path / "copy.mp4", *COPIES["small"])
    library = library_of(tmp_path / "lib", original, copy)

    def unreadable(film: str, shot: int) -> Footage:
        raise LibraryError(f"{film}: is damaged")

    found = Duplicates(open_neighbours(library), unreadable)
    shots = [(library.find_film(str(path)), 0) for path in (original, copy)]
    assert not found.find([*shots, ("f" * 32, 3)])
    assert found.first("f" * 32, 3) == ("f" * 32, 3)


def test_the_order_of_asking_makes_no_difference(
    duplicates: tuple[Duplicates, list[str], list[tuple[str, int]]],
) -> None:
    found, names, _ = duplicates
    assert found.find((name, 0) for name in reversed(names))
    assert found.first(names[0], 0) == found.first(names[1], 0) == min((name, 0) for name in names[:2])
