"""Which of the boundaries that lie close together stay."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reinterpret.shots import Boundary
from reinterpret.shots.spacing import Spacing
from tests.shots.known import Known

NO_PICTURE = np.empty((0, 0), np.uint8)


def spaced(found: list[Boundary], frames: int, *, delay: int = 0, count: int = 100) -> list[Boundary]:
    """What stays, of a film of `count` frames; it is given out in order, and not before it can be used."""
    spacing = Spacing(Known(found, delay), frames)
    stay: list[Boundary] = []
    for number in range(count):
        needed = spacing.first_frame_needed(number - 1) if number else 0
        now = spacing.feed(number, NO_PICTURE)
        assert all(needed <= boundary.start_frame and boundary.frame <= number for boundary in now)
        stay += now
    return stay + spacing.finish(count)


def cuts(**confidences: float) -> list[Boundary]:
    return [Boundary.cut(int(name[1:]), confidence) for name, confidence in confidences.items()]


@pytest.mark.parametrize("delay", [0, 1, 7, 60])
@pytest.mark.parametrize(
    ("found", "stay"),
    [
        (cuts(f20=0.9, f40=0.1, f60=0.5), [20, 40, 60]),
        (cuts(f20=0.6, f24=0.7), [24]),
        (cuts(f20=0.7, f24=0.6), [20]),
        (cuts(f20=0.7, f24=0.7), [20]),
        (cuts(f20=0.6, f25=0.7), [20, 25]),
        # The strongest chooses first: what it suppresses does not suppress others.
        (cuts(f20=0.7, f24=0.8, f28=0.9), [20, 28]),
        (cuts(f20=0.5, f24=0.9, f28=0.6, f32=0.7), [24, 32]),
        # The film begins and ends with a shot that is long enough, too.
        (cuts(f4=1.0, f7=0.5), [7]),
        (cuts(f95=0.2, f96=1.0), [95]),
    ],
)
def test_of_boundaries_too_close_together_the_more_confident_stays(
    found: list[Boundary], stay: list[int], delay: int
) -> None:
    assert [boundary.frame for boundary in spaced(found, 5, delay=delay)] == stay


@st.composite
def boundaries(draw: st.DrawFn) -> list[Boundary]:
    found = []
    for frame in sorted(draw(st.sets(st.integers(1, 99), max_size=30))):
        before = draw(st.integers(0, min(frame, 9)))
        found.append(Boundary(frame, "dissolve", frame - before, frame + before, draw(st.integers(0, 4)) / 4))
    return found


@given(boundaries(), st.integers(1, 12), st.integers(0, 40))
def test_what_stays_lies_far_enough_apart_and_what_goes_was_too_close(
    found: list[Boundary], frames: int, delay: int
) -> None:
    stay = spaced(found, frames, delay=delay)
    edges = [0, *(boundary.frame for boundary in stay), 100]
    assert all(b - a >= frames for a, b in pairwise(edges))
    assert stay == [boundary for boundary in found if boundary in stay]
    for gone in found:
        if gone not in stay and frames <= gone.frame <= 100 - frames:
            assert any(
                abs(other.frame - gone.frame) < frames and other.confidence >= gone.confidence
                for other in found
                if other != gone
            )
    assert spaced(found, frames, delay=0) == stay


def test_what_is_said_of_the_film_s_own_ends_is_neither_too_close_nor_in_the_way() -> None:
    found = [Boundary(0, "start", 0, 9), Boundary.cut(6, 0.1), Boundary.cut(90, 0.1), Boundary(100, "fade", 88, 100)]
    assert spaced(found, 5, delay=12) == found


def test_boundaries_that_are_known_beforehand_hold_up_nothing() -> None:
    found = [Boundary.cut(frame) for frame in range(5, 100, 5)]
    spacing = Spacing(Known(found, 0), 1)
    spacing.detector.feed = lambda number, planes: found if number == 0 else []  # type: ignore[method-assign]
    stay: list[Boundary] = []
    for number in range(100):
        stay += spacing.feed(number, NO_PICTURE)
        assert number - 4 <= spacing.first_frame_needed(number) <= number + 1
    assert stay + spacing.finish(100) == found
