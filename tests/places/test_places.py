"""Places of trailers of which every frame is known: what stands where, and how much of it is left."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from reinterpret.embeddings import Film, embed_video
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.places import Place, places_of
from reinterpret.shots import Boundary, Detection
from reinterpret.video import probe
from tests.judging import pictures
from tests.places.made_trailers import (
    Scenes,
    Shown,
    clear,
    dissolving,
    fading_in,
    fading_out,
    film_at,
    flat,
    title,
    under_title,
)
from tests.shots.known import find
from tests.title_cards import film_of

SCENES = Scenes()

TRAILER: list[Shown] = [
    *flat(12),
    *fading_in("dunes", 10),
    *clear("dunes", 20, 10),
    *fading_out("dunes", 12, 30),
    *flat(7),  # 54
    *clear("snow", 18),  # 61: cut to hard
    *flat(1),  # 79: one black frame of a montage
    *clear("town", 16),  # 80
    *flat(2, 255),  # 96: a flash within a shot
    *clear("town", 12, 16),  # 98
    *clear("face", 15),  # 110
    *dissolving("face", "sea", 9, 15),  # 125
    *clear("sea", 14, 9),  # 134
    *under_title("sea", "COMING SOON", 14, 23),  # 148
    *title("COMING SOON", [1.0] * 20),  # 162
    *title("COMING SOON", [1 - (number + 1) / 11 for number in range(10)]),  # 182
    *flat(6),  # 192
    *flat(5, 255),  # 198
    *fading_in("wood", 8, ground=255),  # 203
    *clear("wood", 15, 8),  # 211
    *fading_out("wood", 10, 23),  # 226: and the film is over
]


def read(path: Path, shown: Sequence[Shown]) -> Film:
    """A made trailer as it is read to be matched."""
    film_of(path, list(SCENES.frames(shown)))
    return embed_video(probe(path), PixelsEncoder(), light=True)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    return read(tmp_path_factory.mktemp("places") / "trailer.mp4", TRAILER)


@pytest.fixture(scope="module")
def places(film: Film) -> tuple[Place, ...]:
    return places_of(film)


def ranges(places: Sequence[Place]) -> list[tuple[str, int, int]]:
    return [(place.kind, place.first_frame, place.end_frame) for place in places]


def gain_at(place: Place, frame: int) -> float:
    """How much of the picture is left at a frame of a place, as the place has it."""
    gain = 1.0
    if place.fade_in is not None and frame - place.first_frame < len(place.fade_in):
        gain *= place.fade_in.gains[frame - place.first_frame]
    left = place.end_frame - frame
    if place.fade_out is not None and left <= len(place.fade_out):
        gain *= place.fade_out.gains[-left]
    return gain


def test_black_white_pictures_and_titles_are_places_of_their_own_exact_to_the_frame(places: Sequence[Place]) -> None:
    assert ranges(places) == [
        ("black", 0, 12),
        ("scene", 12, 54),
        ("black", 54, 61),
        ("scene", 61, 79),
        ("black", 79, 80),
        ("scene", 80, 96),
        ("white", 96, 98),
        ("scene", 98, 110),
        ("scene", 110, 129),
        ("scene", 129, 162),
        ("title", 162, 192),
        ("black", 192, 198),
        ("white", 198, 203),
        ("scene", 203, 236),
    ]


def test_every_frame_is_as_light_as_in_the_trailer(places: Sequence[Place]) -> None:
    for place in places:
        for frame in range(place.first_frame, place.end_frame):
            truth = TRAILER[frame]
            if place.kind == "scene" and truth.other is None:
                assert gain_at(place, frame) == pytest.approx(truth.gain, abs=0.06), frame
            if place.kind in ("black", "white"):
                assert truth.gain == truth.title_gain == 0
                assert truth.ground == (0 if place.kind == "black" else 255)
            if place.kind == "title":
                assert truth.gain == 0, f"a scene stands in the title at frame {frame}"


def test_fades_have_the_colour_that_the_trailer_has(places: Sequence[Place]) -> None:
    fades = {
        place.first_frame: tuple(fade and (fade.colour, len(fade)) for fade in (place.fade_in, place.fade_out))
        for place in places
        if place.fade_in or place.fade_out
    }
    titled = fades.pop(162)
    assert titled == (None, ("black", 10))  # for those who match titles too
    assert fades == {
        12: (("black", 10), ("black", 12)),
        129: (None, ("black", 14)),
        203: (("white", 8), ("black", 10)),
    }


def test_a_dissolve_keeps_its_frames(places: Sequence[Place]) -> None:
    dissolves = {place.first_frame: place.dissolve for place in places if place.dissolve is not None}
    assert list(dissolves) == [129]
    assert abs(dissolves[129].before - 4) <= 1
    assert abs(dissolves[129].after - 5) <= 1


def test_both_sides_of_a_flash_show_one_shot(places: Sequence[Place]) -> None:
    rows = {place.first_frame: place.row for place in places}
    assert rows[80] == rows[98]
    shown = [rows[first] for first in (12, 61, 80, 110, 129, 162, 203)]
    assert len(set(shown)) == len(shown)


def test_no_fades_are_measured_where_none_are_wanted(film: Film, places: Sequence[Place]) -> None:
    plain = places_of(film, fades="cut")
    assert ranges(plain) == ranges(places)
    assert not [place for place in plain if place.fade_in or place.fade_out]
    assert [place.dissolve for place in plain] == [place.dissolve for place in places]


def test_a_trailer_s_light_comes_back_from_its_table(film: Film, places: Sequence[Place], tmp_path: Path) -> None:
    from reinterpret.film_table import read_film, write_film

    write_film(film, tmp_path / "film.parquet")
    assert places_of(read_film(tmp_path / "film.parquet")) == places


# What there may be


def tile(places: Sequence[Place], frames: int) -> bool:
    edges = [0, *(place.end_frame for place in places)]
    return edges[-1] == frames and [place.first_frame for place in places] == edges[:-1]


@pytest.mark.parametrize(
    ("shown", "kinds"),
    [
        (flat(30), ["black"]),
        (flat(30, 255), ["white"]),
        (fading_out("dunes", 50), ["scene"]),
        (fading_in("dunes", 50), ["scene"]),
        (clear("dunes", 1), ["scene"]),
        (flat(1), ["black"]),
        (clear("dunes", 30), ["scene"]),
        ([*flat(10), *clear("dunes", 1), *flat(10)], ["black", "scene", "black"]),
        ([*clear("dunes", 10), *flat(1), *clear("snow", 10)], ["scene", "black", "scene"]),
        ([*fading_in("dunes", 6), *fading_out("dunes", 6, 6)], ["scene"]),
        (title("COMING SOON", [1.0] * 30), ["title"]),
        (title("COMING SOON", [(number + 1) / 30 for number in range(30)]), ["title"]),
    ],
    ids=["black", "white", "out", "in", "one", "one-black", "clear", "blink", "splice", "hump", "title", "title-in"],
)
def test_whatever_a_trailer_is_its_places_tile_it(shown: list[Shown], kinds: list[str], tmp_path: Path) -> None:
    places = places_of(read(tmp_path / "trailer.mp4", shown))
    assert tile(places, len(shown))
    # A fade of a whole trailer may begin or end in frames on which nothing is seen.
    assert [
        place.kind for place in places if place.frame_count > 2 or place.kind == "scene" or len(shown) < 25
    ] == kinds


def test_one_fade_from_end_to_end_is_followed(tmp_path: Path) -> None:
    place, *end = places_of(read(tmp_path / "trailer.mp4", fading_out("dunes", 50)))
    assert [piece.kind for piece in end] == ["black"] * len(end)
    assert place.end_frame > 47
    for frame in range(place.end_frame):
        assert gain_at(place, frame) == pytest.approx((50 - frame) / 50, abs=0.06)


def test_500_cuts_a_minute_with_black_frames_between(tmp_path: Path) -> None:
    shown = [frame for number in range(40) for frame in [*clear(f"shot {number}", 2), *flat(1)]]
    places = places_of(read(tmp_path / "trailer.mp4", shown))
    assert ranges(places) == [
        (kind, 3 * number + first, 3 * number + end)
        for number in range(40)
        for kind, first, end in (("scene", 0, 2), ("black", 2, 3))
    ]
    assert not [place for place in places if place.fade_in or place.fade_out]


def test_two_scenes_that_fade_into_each_other_meet_where_it_is_darkest(tmp_path: Path) -> None:
    shown = [
        *clear("dunes", 25),
        *fading_out("dunes", 10, 25)[:8],
        *fading_in("snow", 12)[2:],
        *clear("snow", 25, 12),
    ]
    one, other = places_of(read(tmp_path / "trailer.mp4", shown))
    assert (one.end_frame, other.first_frame) == (33, 33)
    for place in (one, other):
        for frame in range(place.first_frame, place.end_frame):
            assert gain_at(place, frame) == pytest.approx(shown[frame].gain, abs=0.08), frame


def test_a_scene_that_ends_in_the_midst_of_its_fade_is_cut_there(tmp_path: Path) -> None:
    shown = [*clear("dunes", 25), *fading_out("dunes", 10, 25)[:9], *clear("snow", 25)]
    one, other = places_of(read(tmp_path / "trailer.mp4", shown))
    assert (one.end_frame, other.first_frame) == (34, 34)
    assert one.fade_out is not None
    assert len(one.fade_out) == 9
    assert other.fade_in is None


def test_a_picture_that_nobody_sees_is_black(tmp_path: Path) -> None:
    faint = [Shown("dunes", number, 0.02) for number in range(12)]
    places = places_of(read(tmp_path / "trailer.mp4", [*clear("snow", 25), *flat(5), *faint, *flat(5)]))
    assert ranges(places) == [("scene", 0, 25), ("black", 25, 47)]


def test_a_dip_through_another_colour_is_a_dissolve_between_two_shots(tmp_path: Path) -> None:
    """Neither black nor white: to the detector both pictures are one shot."""
    shown = [
        *clear("dunes", 30),
        *fading_out("dunes", 6, 30, ground=150),
        *flat(2, 150),
        *fading_in("snow", 9, ground=150),
        *clear("snow", 30, 9),
    ]
    one, other = places_of(read(tmp_path / "trailer.mp4", shown))
    assert 36 <= other.first_frame <= 39
    assert other.dissolve is not None
    assert abs(other.first_frame - other.dissolve.before - 30) <= 1
    assert abs(other.first_frame + other.dissolve.after - 47) <= 1
    assert one.row != other.row


def test_letters_that_come_one_by_one_are_the_title_s_own(tmp_path: Path) -> None:
    coming = [Shown(title="COMING SOON"[:count], title_gain=1.0) for count in (1, 1, 1, 3, 3, 3, 6, 6, 6, 8, 8, 8)]
    shown = [*clear("dunes", 25), *coming, *title("COMING SOON", [1.0] * 25), *clear("snow", 25)]
    assert ranges(places_of(read(tmp_path / "trailer.mp4", shown))) == [
        ("scene", 0, 25),
        ("title", 25, 62),
        ("scene", 62, 87),
    ]


@pytest.mark.parametrize("ground", [0.0, 90.0])
def test_a_title_goes_over_into_a_scene_without_a_frame_of_it(ground: float, tmp_path: Path) -> None:
    """The scene comes up under the words; on black, and where the card has a ground of its own."""
    card = [Shown(title="COMING SOON", title_gain=1.0, ground=ground)] * 30
    shares = [(number + 1) / 13 for number in range(12)]
    mixed = [
        Shown("snow", number, share, "COMING SOON", 1 - share, ground=ground * (1 - share))
        for number, share in enumerate(shares)
    ]
    shown = [*clear("dunes", 25), *card, *mixed, *clear("snow", 25, 12)]
    places = places_of(read(tmp_path / "trailer.mp4", shown))
    assert [place.kind for place in places] == ["scene", "title", "scene"]
    assert (places[1].first_frame, places[1].end_frame) == (25, 55)
    # An edit has no dissolve from a title; on black it is a fade, on another ground a cut.
    assert (places[2].fade_in is not None) == (ground == 0)
    if places[2].fade_in is not None:
        assert abs(len(places[2].fade_in) - 12) <= 1


def test_footage_in_the_midst_of_a_title_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find(monkeypatch)  # nobody has found a cut
    flash = clear("snow", 3)
    shown = [*title("COMING SOON", [1.0] * 30), *flash, *title("COMING SOON", [1.0] * 37)]
    places = places_of(read(tmp_path / "trailer.mp4", shown))
    assert ranges(places) == [("title", 0, 30), ("black", 30, 33), ("title", 33, 70)]


# Wipes


def wiping(one: str, other: str, count: int, *, push: bool) -> Callable[[np.ndarray, np.ndarray, int], np.ndarray]:
    def frame(before: np.ndarray, after: np.ndarray, number: int) -> np.ndarray:
        edge = round(before.shape[1] * (number + 1) / (count + 1))
        if push:
            return np.concatenate([before[:, edge:], after[:, :edge]], axis=1)
        return np.concatenate([after[:, :edge], before[:, edge:]], axis=1)

    return frame


@pytest.mark.parametrize("push", [False, True])
def test_a_wipe_is_a_dissolve_of_its_frames_or_a_cut(
    push: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = wiping("dunes", "snow", 16, push=push)
    shown = [SCENES.picture("dunes", number) for number in range(25)]
    shown += [make(SCENES.picture("dunes", 25 + k), SCENES.picture("snow", k), k) for k in range(16)]
    shown += [SCENES.picture("snow", 16 + number) for number in range(25)]
    film_of(tmp_path / "trailer.mp4", shown)
    find(monkeypatch, Boundary.gradual("wipe", 25, 41))
    film = embed_video(probe(tmp_path / "trailer.mp4"), PixelsEncoder(), light=True)
    one, other = places_of(film)
    assert (one.end_frame, other.first_frame) == (33, 33)
    assert other.dissolve is not None
    assert (other.dissolve.before, other.dissolve.after) == (8, 8)
    assert [place.dissolve for place in places_of(film, wipes="cut")] == [None, None]


def test_a_body_that_passes_the_lens_is_no_wipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = [SCENES.picture("dunes", number).copy() for number in range(70)]
    for number, picture in enumerate(shown[25:45]):
        right = round(number * 640 / 19) - 160
        picture[:, max(0, right - 160) : max(0, right + 160)] = (25, 15, 10)
    film_of(tmp_path / "trailer.mp4", shown)
    find(monkeypatch, Boundary.gradual("wipe", 26, 44))
    film = embed_video(probe(tmp_path / "trailer.mp4"), PixelsEncoder(), light=True)
    assert len(film.shots) == 2
    assert ranges(places_of(film)) == [("scene", 0, 70)]


# Other grids


def test_a_film_that_nobody_measured_has_its_shots_for_places(film: Film) -> None:
    places = places_of(replace(film, light=None))
    assert [(place.first_frame, place.end_frame) for place in places] == [
        (shot.start_frame, shot.end_frame) for shot in film.shots
    ]


def test_frames_are_those_of_the_grid_where_the_rate_varies(tmp_path: Path) -> None:
    """The first frames are shown ten times as fast as the others: the grid passes over some, and shows others twice."""
    shown = [*clear("dunes", 40), *flat(10), *fading_in("snow", 10), *clear("snow", 40, 10)]
    times, now = [], Fraction(0)
    for number in range(len(shown)):
        times.append(now)
        now += Fraction(1, 100) if number < 40 else Fraction(1, 10)
    film_at(tmp_path / "trailer.mkv", list(SCENES.frames(shown)), times)
    film = embed_video(probe(tmp_path / "trailer.mkv"), PixelsEncoder(), light=True)
    assert film.grid.seconds(60) != pytest.approx(times[60])
    places = places_of(film)
    assert tile(places, film.grid.frame_count)
    assert [place.kind for place in places] == ["scene", "black", "scene"]
    seconds = [[float(film.grid.seconds(frame)) for frame in (p.first_frame, p.end_frame)] for p in places]
    frame = float(1 / film.grid.rate)
    assert seconds[1] == pytest.approx([0.4, 1.4], abs=1.5 * frame)
    assert places[2].fade_in is not None
    assert len(places[2].fade_in) * frame == pytest.approx(1.0, abs=2 * frame)


def test_bars_around_the_picture_change_nothing(tmp_path: Path) -> None:
    """A trailer in 2.35:1 within 16:9."""
    framed = []
    for picture in SCENES.frames(TRAILER):
        around = np.zeros_like(picture)
        around[22:158] = picture[22:158]
        framed.append(around)
    film_of(tmp_path / "trailer.mp4", framed)
    places = places_of(embed_video(probe(tmp_path / "trailer.mp4"), PixelsEncoder(), light=True))
    assert [place for place in ranges(places) if place[0] in ("black", "white")] == [
        (kind, first, end)
        for kind, first, end in (
            ("black", 0, 12),
            ("black", 54, 61),
            ("black", 79, 80),
            ("white", 96, 98),
            ("black", 192, 198),
            ("white", 198, 203),
        )
    ]


def test_a_list_of_cuts_is_believed(tmp_path: Path) -> None:
    shown = [*clear("dunes", 20), *clear("snow", 1), *flat(5), *clear("town", 20)]
    film_of(tmp_path / "trailer.mp4", list(SCENES.frames(shown)))
    (tmp_path / "cuts.csv").write_text("frame\n20\n21\n26\n")
    film = embed_video(
        probe(tmp_path / "trailer.mp4"), PixelsEncoder(), detection=Detection(cuts=tmp_path / "cuts.csv"), light=True
    )
    assert ranges(places_of(film)) == [("scene", 0, 20), ("scene", 20, 21), ("black", 21, 26), ("scene", 26, 46)]


def test_no_frame_of_a_scene_is_shown_by_a_title(film: Film, places: Sequence[Place]) -> None:
    """Every frame of every title, as it stands in the trailer's own file."""
    seen = [picture.astype(float) for _, picture in pictures(film.video.path)]
    for place in places:
        if place.kind == "title":
            for frame in range(place.first_frame, place.end_frame):
                alone = SCENES.of(replace(TRAILER[frame], scene=None))
                assert np.abs(seen[frame] - alone[:, :, 0].astype(float)).mean() < 1.5, frame
