"""A panel with a framing: only picture is shown, in its own shape, where it belongs."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.rendering.panel import Area, Box, Framing, Panel, Planes, mask
from reinterpret.video import Video
from tests.judging import decoded_facts, numbered_film

WIDTH, HEIGHT = 160, 90
INSIDE, OUTSIDE = 120, 235


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Video:
    return decoded_facts(numbered_film(tmp_path_factory.mktemp("panel") / "film.mp4", 2))[0]


def coded(upright: np.ndarray, rotation: int) -> av.VideoFrame:
    """A frame as it is in a film that is to be turned by so many degrees."""
    turned = np.ascontiguousarray(np.rot90(upright, rotation // 90))
    return av.VideoFrame.from_ndarray(np.repeat(turned[:, :, None], 3, axis=2), "rgb24")


def within(size: tuple[int, int], sides: tuple[int, int, int, int]) -> tuple[np.ndarray, Area]:
    """A picture that is grey in an area and white about it, and that area."""
    (width, height), (left, top, right, bottom) = size, sides
    picture = np.full((height, width), OUTSIDE, np.uint8)
    picture[top : height - bottom, left : width - right] = INSIDE
    area = Area(
        Fraction(left, width),
        Fraction(top, height),
        1 - Fraction(right, width),
        1 - Fraction(bottom, height),
    )
    return picture, area


SIDES = st.tuples(*[st.integers(0, 40)] * 4)


@settings(deadline=None, max_examples=100)
@given(
    size=st.tuples(st.integers(50, 200).map(lambda half: 2 * half), st.integers(50, 200).map(lambda half: 2 * half)),
    sides=SIDES,
    box=st.tuples(st.integers(0, 40), st.integers(0, 25), st.integers(0, 40), st.integers(0, 25)),
    rotation=st.sampled_from([0, 90, 180, 270]),
    aspect=st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(9, 10)]),
    fit=st.sampled_from(["crop", "pad"]),
    share=st.fractions(0, 1, max_denominator=20),
)
def test_nothing_outside_the_area_or_the_box_is_ever_shown(
    video: Video,
    size: tuple[int, int],
    sides,
    box,
    rotation: int,
    aspect: Fraction,
    fit,
    share: Fraction,  # type: ignore[no-untyped-def]
) -> None:
    picture, area = within(size, sides)
    where = Box(box[0], box[1], WIDTH - box[2], HEIGHT - box[3])
    film = replace(video, rotation=rotation, sample_aspect=aspect)
    panel = Panel(film, WIDTH, HEIGHT, fit=fit, framing=Framing(area, where, across=share, down=share))
    planes = panel(coded(picture, rotation))
    assert planes.y.shape == (HEIGHT, WIDTH)
    shown = planes.y[where.top : where.bottom, where.left : where.right].astype(int)
    grey = 16 + INSIDE * 219 / 255
    # The scaler spills a little of what lies beside the area over its edge.
    assert shown.max() <= grey + 12
    if fit == "crop":
        assert shown.min() >= grey - 12
    else:
        lit = shown > 60
        assert lit.any(axis=1).all() or lit.any(axis=0).all()
    outside = planes.y.astype(int)
    outside[where.top : where.bottom, where.left : where.right] = 16
    assert (outside == 16).all()


@settings(deadline=None, max_examples=60)
@given(sides=SIDES, share=st.fractions(0, 1, max_denominator=20), fit=st.sampled_from(["crop", "pad", "blur"]))
def test_no_area_is_distorted(video: Video, sides, share: Fraction, fit) -> None:  # type: ignore[no-untyped-def]
    """A disc in the middle of the area is a disc, as far as it is shown."""
    width, height = 400, 300
    _, area = within((width, height), sides)
    x, y = (sides[0] + width - sides[2]) / 2, (sides[1] + height - sides[3]) / 2
    rows, columns = np.mgrid[:height, :width]
    disc = np.where((columns - x) ** 2 + (rows - y) ** 2 < 60**2, 235, 40).astype(np.uint8)
    panel = Panel(video, 320, 240, fit=fit, framing=Framing(area, across=share, down=share))
    shown = panel(coded(disc, 0)).y > 150
    wide, tall = shown.any(axis=0).sum(), shown.any(axis=1).sum()
    assert abs(int(wide) - int(tall)) <= 4


def test_the_window_goes_where_it_is_put(video: Video) -> None:
    ramp = np.tile(np.arange(200, dtype=np.uint8), (100, 1))
    means = []
    for share in (Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(1)):
        planes = Panel(video, 100, 100, fit="crop", framing=Framing(across=share))(coded(ramp, 0))
        means.append(planes.y.astype(float).mean() - 16)
    assert means == pytest.approx([value * 219 / 255 for value in (49.5, 74.5, 99.5, 149.5)], abs=1.5)


def test_overscan_leaves_no_thin_line_beside_the_picture(video: Video) -> None:
    picture, area = within((1280, 720), (5, 1, 0, 2))
    for fit in ("crop", "pad", "blur"):
        planes = Panel(video, 320, 180, fit=fit, framing=Framing(area))(coded(picture, 0))  # type: ignore[arg-type]
        assert np.abs(planes.y.astype(int) - (16 + INSIDE * 219 // 255)).max() <= 12


def test_the_surroundings_of_blur_are_those_of_the_picture_and_not_of_its_bars(video: Video) -> None:
    picture, area = within((320, 180), (100, 0, 100, 0))
    planes = Panel(video, WIDTH, HEIGHT, fit="blur", framing=Framing(area))(coded(picture, 0))
    assert int(planes.y.max()) <= 16 + INSIDE * 219 // 255 + 12


def test_a_mask_is_exact_in_luma_and_keeps_the_colour_that_the_box_needs() -> None:
    planes = Planes(*(np.full(shape, 200, np.uint8) for shape in ((90, 160), (45, 80), (45, 80))))
    mask(planes, Box(3, 5, 157, 84))
    lit = planes.y == 200
    assert lit[5:84, 3:157].all()
    assert lit.sum() == 79 * 154
    assert (planes.u[2:42, 1:79] == 200).all()
    assert (planes.u == 128).sum() == 45 * 80 - 40 * 78


def test_frames_that_change_their_size_are_framed_alike(video: Video, tmp_path: Path) -> None:
    for size in ((320, 180), (640, 360), (320, 180)):
        picture, area = within(size, (size[0] // 8, 0, size[0] // 8, 0))
        panel = Panel(video, WIDTH, HEIGHT, fit="crop", framing=Framing(area))
        assert int(panel(coded(picture, 0)).y.max()) <= 16 + INSIDE * 219 // 255 + 12
