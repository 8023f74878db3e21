"""Places of the real trailers, held against what was marked by hand, frame by frame."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest

from reinterpret.embeddings import embed_video
from reinterpret.encoders.pixels import PixelsEncoder
from reinterpret.places import Place, places_of
from reinterpret.video import probe
from tests.conftest import MEDIA
from tests.judging import ROOT

pytestmark = [pytest.mark.media, pytest.mark.slow]

# A frame with so little of its picture left is not lit.
_LIT = 0.1


class Mark(NamedTuple):
    """A line of benchmarks/marks/light.csv."""

    kind: str
    first: int
    end: int
    note: str = ""


@cache
def marks() -> dict[str, list[Mark]]:
    with (ROOT / "benchmarks" / "marks" / "light.csv").open(encoding="utf-8", newline="") as file:
        found: dict[str, list[Mark]] = {}
        for row in csv.DictReader(file):
            mark = Mark(row["kind"], int(row["first_frame"]), int(row["end_frame"]), row["note"])
            found.setdefault(row["film"], []).append(mark)
    return found


@cache
def places_in(name: str) -> tuple[Place, ...]:
    return places_of(embed_video(probe(MEDIA / "trailer" / name), PixelsEncoder(), light=True))


@pytest.fixture(params=sorted([*marks(), "google-paris-office-short.mp4"]))
def film(request: pytest.FixtureRequest, media: Path) -> str:
    return str(request.param)


def gain_at(place: Place, frame: int) -> float:
    """How much of the picture is left at a frame of a place."""
    gain, left = 1.0, place.end_frame - frame
    if place.fade_in is not None and frame - place.first_frame < len(place.fade_in):
        gain = place.fade_in.gains[frame - place.first_frame]
    if place.fade_out is not None and left <= len(place.fade_out):
        gain = min(gain, place.fade_out.gains[-left])
    return gain


def of_kind(film: str, *kinds: str) -> list[Mark]:
    return [mark for mark in marks().get(film, []) if mark.kind in kinds]


def within(frame: int, ranges: Sequence[Mark], *, beyond: int = 0) -> bool:
    return any(mark.first - beyond <= frame < mark.end + beyond for mark in ranges)


def test_the_places_tile_the_trailer(film: str) -> None:
    places = places_in(film)
    assert places[0].first_frame == 0
    assert [place.first_frame for place in places[1:]] == [place.end_frame for place in places[:-1]]


def test_nothing_lit_stands_over_black_and_no_black_over_a_picture(film: str) -> None:
    black = of_kind(film, "black")
    for place in places_in(film):
        frames = range(place.first_frame, place.end_frame)
        if place.kind == "black":
            over = [frame for frame in frames if not within(frame, black)]
            assert len(over) <= 1, f"{film}: black stands over a picture at frames {over}"
        for frame in frames:
            if place.kind == "scene" and within(frame, [Mark("", mark.first + 1, mark.end - 1) for mark in black]):
                assert gain_at(place, frame) < _LIT, f"{film}: a lit scene stands over black at frame {frame}"
    # A single black frame is black.
    for mark in black:
        if mark.end - mark.first < 3:
            assert ("black", mark.first, mark.end) in [
                (place.kind, place.first_frame, place.end_frame) for place in places_in(film)
            ]


def test_every_hard_cut_beside_black_is_on_its_frame(film: str) -> None:
    begins = {place.first_frame for place in places_in(film)}
    assert [mark.first for mark in of_kind(film, "cut") if mark.first not in begins] == []


def test_no_title_shows_a_frame_that_is_not_its_own(film: str) -> None:
    # Black of the trailer's own, next to a title, is no footage.
    own = of_kind(film, "title", "black")
    for place in places_in(film):
        if place.kind == "title":
            strange = [frame for frame in range(place.first_frame, place.end_frame) if not within(frame, own)]
            assert strange == [], film


def test_titles_are_kept_whole(film: str) -> None:
    kept = {
        frame
        for place in places_in(film)
        if place.kind == "title"
        for frame in range(place.first_frame, place.end_frame)
    }
    wanted = {frame for mark in of_kind(film, "title") for frame in range(mark.first, mark.end)}
    # The large 4 of NASA's trailer, a lone numeral of 43 frames, is taken for a scene; logos begin as a faint spot.
    assert len(wanted - kept) <= 0.06 * len(wanted)


def test_fades_begin_and_end_where_they_were_marked(film: str) -> None:
    found = {"fade-in": [], "fade-out": []}  # type: dict[str, list[tuple[int, int]]]
    for place in places_in(film):
        if place.kind == "scene" and place.fade_in is not None:
            found["fade-in"].append((place.first_frame, place.first_frame + len(place.fade_in)))
        if place.kind == "scene" and place.fade_out is not None:
            found["fade-out"].append((place.end_frame - len(place.fade_out), place.end_frame))
    for kind, fades in found.items():
        wanted = of_kind(film, kind)
        assert len(fades) == len(wanted), f"{film}: {fades}"
        for (first, end), mark in zip(fades, wanted, strict=True):
            reach = 4 if "unsure" in mark.note else 1 + (mark.end - mark.first) // 20
            assert abs(first - mark.first) <= reach, (film, kind, first, mark)
            assert abs(end - mark.end) <= reach, (film, kind, end, mark)


def test_dissolves_are_where_they_were_marked_and_nothing_is_taken_for_a_wipe(film: str) -> None:
    found = [
        (place.first_frame - place.dissolve.before, place.first_frame + place.dissolve.after)
        for place in places_in(film)
        if place.dissolve is not None
    ]
    for mark in of_kind(film, "dissolve"):
        # Its first and last frames have too little of the other picture to be seen.
        near = [one for one in found if one[0] < mark.end and mark.first < one[1]]
        assert len(near) == 1, (film, found)
        assert mark.first - 2 <= near[0][0] <= mark.first + 6
        assert mark.end - 8 <= near[0][1] <= mark.end + 2
    if film.startswith("sintel"):
        # A wing passes the lens from 714 to 742, in one shot.
        assert [place for place in places_in(film) if 700 < place.first_frame < 760] == []


def test_fades_grow_lighter_frame_by_frame(film: str) -> None:
    """Fades of a trailer are straight or bent, but none of these flickers by more than a fire does."""
    for place in places_in(film):
        for gains in (
            () if place.fade_in is None else place.fade_in.gains,
            () if place.fade_out is None else place.fade_out.gains[::-1],
        ):
            assert all(later > earlier - 0.03 for earlier, later in pairwise(gains))
