"""Scores written by hand, whose boundaries can be seen by eye; and any scores at all."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.shots.shot import Boundary
from reinterpret.shots.transitions import BLACK, DIM, FADED, WHITE, FrameScores, TransitionFinder, flat_picture

RATE = Fraction(24)
HALF_SECOND = 12


def scores(
    count: int,
    *,
    cuts: dict[int, float] | None = None,
    dissolve: dict[tuple[int, int], float] | None = None,
    fade: dict[tuple[int, int], float] | None = None,
    wipe: dict[tuple[int, int], float] | None = None,
    black: list[tuple[int, int]] | None = None,
    white: list[tuple[int, int]] | None = None,
    dusty: list[tuple[int, int]] | None = None,
    dark: list[tuple[int, int]] | None = None,
) -> FrameScores:
    """Nothing, but for what is named: cuts at frames; the rest over ranges, half-open."""
    cut = np.zeros(count, np.float32)
    for frame, value in (cuts or {}).items():
        cut[frame] = value
    gradual = np.zeros((count, 3), np.float32)
    for column, ranges in enumerate((dissolve, fade, wipe)):
        for (start, end), value in (ranges or {}).items():
            gradual[start:end, column] = value
    flat = np.zeros(count, np.int64)
    for kind, flats in ((BLACK, black), (WHITE, white), (FADED, dusty), (DIM, dark)):
        for start, end in flats or []:
            flat[start:end] = kind
    return FrameScores(cut, gradual, flat)


def part(whole: FrameScores, start: int, end: int) -> FrameScores:
    return FrameScores(whole.cut[start:end], whole.gradual[start:end], whole.flat[start:end])


def found(whole: FrameScores, *, sensitivity: float = 0.5, needs_cut: bool = False) -> list[Boundary]:
    finder = TransitionFinder(frame_rate=RATE, sensitivity=sensitivity, gradual_needs_cut=needs_cut)
    return finder.feed(whole) + finder.finish()


def ranges(boundaries: list[Boundary]) -> list[tuple[str, int, int]]:
    return [(boundary.transition, boundary.start_frame, boundary.end_frame) for boundary in boundaries]


# Cuts


def test_nothing_happens() -> None:
    assert found(scores(100)) == []
    assert found(scores(0)) == []


def test_a_cut_is_a_peak_above_the_threshold() -> None:
    whole = scores(100, cuts={20: 0.9, 21: 0.6, 50: 0.4, 80: 0.51})
    assert [(b.frame, round(b.confidence, 2)) for b in found(whole)] == [(20, 0.9), (80, 0.51)]
    assert [b.frame for b in found(whole, sensitivity=0.7)] == [20, 50, 80]
    assert [b.frame for b in found(whole, sensitivity=0.2)] == [20]
    assert ranges(found(whole))[0] == ("cut", 20, 20)


def test_of_a_plateau_the_first_frame_is_the_cut() -> None:
    assert [b.frame for b in found(scores(50, cuts={20: 0.8, 21: 0.8, 22: 0.8}))] == [20]


def test_the_first_frame_is_no_cut_and_the_last_may_be() -> None:
    assert [b.frame for b in found(scores(50, cuts={0: 1, 49: 1}))] == [49]


def test_cuts_close_together_are_all_found() -> None:
    assert [b.frame for b in found(scores(50, cuts={10: 0.9, 12: 0.9, 15: 0.9, 18: 0.9}))] == [10, 12, 15, 18]


# Gradual transitions


@pytest.mark.parametrize("kind", ["dissolve", "fade", "wipe"])
def test_a_run_is_a_transition_of_its_kind(kind: str) -> None:
    assert ranges(found(scores(100, **{kind: {(30, 50): 0.8}}))) == [(kind, 30, 50)]  # type: ignore[arg-type]


def test_a_wipe_of_a_few_frames_must_be_certain() -> None:
    assert found(scores(100, wipe={(30, 35): 0.7})) == []
    assert ranges(found(scores(100, wipe={(30, 35): 0.8}))) == [("wipe", 30, 35)]
    assert ranges(found(scores(100, wipe={(30, 36): 0.7}))) == [("wipe", 30, 36)]
    assert ranges(found(scores(100, dissolve={(30, 35): 0.7}))) == [("dissolve", 30, 35)]


def test_a_run_goes_on_down_to_half_of_the_threshold() -> None:
    whole = scores(100, dissolve={(30, 35): 0.3, (35, 40): 0.8, (40, 44): 0.26, (44, 60): 0.2})
    assert ranges(found(whole)) == [("dissolve", 30, 44)]
    assert found(scores(100, dissolve={(30, 60): 0.45})) == []


def test_the_kind_is_the_one_that_is_likeliest_over_the_whole_run() -> None:
    whole = scores(100, dissolve={(30, 33): 0.9, (33, 50): 0.2}, wipe={(33, 50): 0.6})
    assert ranges(found(whole)) == [("wipe", 30, 50)]


def test_scores_of_several_kinds_count_together() -> None:
    assert ranges(found(scores(100, dissolve={(30, 50): 0.3}, wipe={(30, 50): 0.29}))) == [("dissolve", 30, 50)]


def test_the_confidence_is_that_of_the_more_certain_half() -> None:
    (boundary,) = found(scores(100, dissolve={(30, 40): 0.3, (40, 50): 0.9}))
    assert boundary.confidence == pytest.approx(0.9)


def test_gaps_of_two_frames_are_bridged_and_of_three_not() -> None:
    assert ranges(found(scores(100, dissolve={(30, 40): 0.8, (42, 50): 0.8}))) == [("dissolve", 30, 50)]
    whole = scores(100, dissolve={(30, 40): 0.8, (43, 50): 0.8})
    assert ranges(found(whole)) == [("dissolve", 30, 40), ("dissolve", 43, 50)]


def test_a_short_run_at_a_cut_is_that_cut() -> None:
    assert ranges(found(scores(100, cuts={31: 0.8}, dissolve={(30, 32): 0.9}))) == [("cut", 31, 31)]
    assert ranges(found(scores(100, dissolve={(30, 32): 0.9}))) == [("dissolve", 30, 32)]


def test_of_a_cut_and_a_dissolve_in_one_place_the_more_certain_is_meant() -> None:
    assert ranges(found(scores(100, cuts={38: 0.7}, dissolve={(30, 50): 0.8}))) == [("dissolve", 30, 50)]
    assert ranges(found(scores(100, cuts={38: 0.95}, dissolve={(30, 50): 0.8}))) == [("cut", 38, 38)]
    assert ranges(found(scores(100, cuts={52: 0.95}, wipe={(30, 50): 0.8}))) == [("cut", 52, 52)]
    apart = ranges(found(scores(100, cuts={54: 0.95}, wipe={(30, 50): 0.8})))
    assert apart == [("wipe", 30, 50), ("cut", 54, 54)]


def test_a_fade_may_begin_or_end_hard() -> None:
    assert ranges(found(scores(100, cuts={51: 0.99}, fade={(30, 50): 0.8}))) == [("fade", 30, 51)]
    assert ranges(found(scores(100, cuts={29: 0.99}, fade={(30, 50): 0.8}))) == [("fade", 29, 50)]


def test_a_fade_that_ends_hard_goes_on_through_black_with_dust_in_it() -> None:
    whole = scores(100, cuts={60: 0.99}, fade={(30, 50): 0.8}, dusty=[(46, 60)])
    assert ranges(found(whole)) == [("fade", 30, 60)]
    whole = scores(100, cuts={40: 0.99}, fade={(50, 70): 0.8}, dusty=[(40, 54)])
    assert ranges(found(whole)) == [("fade", 40, 70)]
    both = scores(100, cuts={30: 0.9, 60: 0.9}, fade={(40, 48): 0.8}, dusty=[(30, 60)])
    assert ranges(found(both)) == [("fade", 30, 60)]


@pytest.mark.parametrize(
    ("cut", "fade", "between"), [(60, (30, 50), (46, 60)), (40, (50, 70), (40, 54))], ids=["behind it", "before it"]
)
def test_a_picture_in_the_dark_beside_a_fade_is_a_shot(
    cut: int, fade: tuple[int, int], between: tuple[int, int]
) -> None:
    expected = sorted([("fade", *fade), ("cut", cut, cut)], key=lambda one: one[1])
    assert ranges(found(scores(100, cuts={cut: 0.99}, fade={fade: 0.8}, dark=[between]))) == expected


def test_a_picture_in_the_dark_between_two_fades_is_not_quite_gone() -> None:
    assert ranges(found(scores(100, fade={(30, 40): 0.8, (50, 60): 0.8}, dark=[(38, 52)]))) == [("fade", 30, 60)]


def test_dusty_black_between_two_runs_is_the_middle_of_one_fade() -> None:
    assert ranges(found(scores(100, fade={(30, 40): 0.8, (50, 60): 0.8}, dusty=[(38, 52)]))) == [("fade", 30, 60)]
    for kind in ("dissolve", "wipe"):  # what is dark may be a picture
        whole = scores(100, fade={(30, 40): 0.8}, **{kind: {(50, 60): 0.8}}, dusty=[(38, 52)])  # type: ignore[arg-type]
        assert ranges(found(whole)) == [("fade", 30, 40), (kind, 50, 60)]
    seen = scores(100, fade={(30, 40): 0.8, (50, 60): 0.8}, dusty=[(38, 44), (45, 52)])
    assert ranges(found(seen)) == [("fade", 30, 40), ("fade", 50, 60)]


def test_what_is_dark_for_longer_is_a_shot() -> None:
    whole = scores(200, cuts={66: 0.99}, fade={(30, 50): 0.8}, dusty=[(46, 66)])
    assert ranges(found(whole)) == [("fade", 30, 50), ("cut", 66, 66)]
    assert ranges(found(scores(100, cuts={40: 0.9, 50: 0.9}, dusty=[(40, 50)]))) == [("cut", 40, 40), ("cut", 50, 50)]
    assert ranges(found(scores(100, cuts={60: 0.9}, dissolve={(30, 50): 0.9}, dusty=[(40, 60)]))) == [
        ("dissolve", 30, 50),
        ("cut", 60, 60),
    ]


def test_a_picture_between_a_cut_and_black_is_a_shot() -> None:
    """It is dark, and the network has it fade from its first frame on."""
    whole = scores(100, cuts={30: 0.9}, fade={(30, 60): 0.8}, dusty=[(40, 48)])
    assert ranges(found(whole)) == [("cut", 30, 30), ("fade", 31, 60)]
    whole = scores(100, cuts={60: 0.9}, fade={(30, 60): 0.8}, black=[(40, 48)])
    assert ranges(found(whole)) == [("fade", 30, 59), ("cut", 60, 60)]
    hard = scores(100, cuts={30: 0.9}, fade={(30, 60): 0.8}, dusty=[(30, 48)])
    assert ranges(found(hard)) == [("fade", 30, 60)]


def test_a_shot_that_is_faded_in_from_the_beginning_of_the_film_to_its_end_is_cut_from_the_next() -> None:
    whole = scores(100, cuts={21: 0.98}, fade={(0, 20): 0.9}, dusty=[(0, 4)])
    assert ranges(found(whole)) == [("start", 0, 20), ("cut", 21, 21)]
    assert ranges(found(scores(100, cuts={20: 0.98}, fade={(0, 20): 0.9}))) == [("start", 0, 19), ("cut", 20, 20)]
    assert ranges(found(scores(100, cuts={20: 0.98}, fade={(0, 20): 0.9}, black=[(10, 20)]))) == [("start", 0, 20)]


def test_in_the_middle_of_what_may_be_a_fade_the_more_certain_of_it_and_a_cut_is_meant() -> None:
    assert ranges(found(scores(100, cuts={40: 0.95}, fade={(30, 50): 0.8}))) == [("cut", 40, 40)]
    assert ranges(found(scores(100, cuts={40: 0.7}, fade={(30, 50): 0.8}))) == [("fade", 30, 50)]


def test_a_dissolve_takes_two_shots_and_a_fade_one() -> None:
    assert found(scores(100, dissolve={(0, 20): 0.9, (80, 100): 0.9})) == []
    edges = found(scores(100, fade={(0, 20): 0.9, (80, 100): 0.9}))
    assert [(one.frame, one.start_frame, one.end_frame) for one in edges] == [(0, 0, 20), (100, 80, 100)]


def test_a_run_without_a_cut_can_be_asked_to_be_nothing() -> None:
    whole = scores(100, cuts={40: 0.6}, dissolve={(30, 50): 0.8, (70, 90): 0.8})
    assert ranges(found(whole, needs_cut=True)) == [("dissolve", 30, 50)]


def test_what_goes_on_for_too_long_is_over_after_four_seconds() -> None:
    whole = scores(1000, dissolve={(100, 600): 0.8, (700, 720): 0.8}, cuts={400: 0.95})
    assert ranges(found(whole)) == [("dissolve", 100, 196), ("cut", 400, 400), ("dissolve", 700, 720)]


def test_what_may_be_something_for_long_does_not_hide_what_is() -> None:
    whole = scores(1000, dissolve={(100, 600): 0.3, (400, 420): 0.8})
    ((kind, start, end),) = ranges(found(whole))
    assert kind == "dissolve"
    assert start <= 400
    assert end >= 420
    assert end - start <= 96


# Black and white


def test_short_black_between_runs_is_one_fade() -> None:
    whole = scores(100, fade={(30, 40): 0.8, (45, 55): 0.8}, black=[(40, 45)])
    assert ranges(found(whole)) == [("fade", 30, 55)]


def test_short_black_between_cuts_is_one_fade() -> None:
    assert ranges(found(scores(100, cuts={40: 0.9, 45: 0.8}, black=[(40, 45)]))) == [("fade", 40, 45)]


def test_short_black_of_which_only_one_end_is_seen_is_a_fade() -> None:
    assert ranges(found(scores(100, cuts={40: 0.9}, black=[(40, 45)]))) == [("fade", 40, 45)]
    assert ranges(found(scores(100, cuts={45: 0.9}, black=[(40, 45)]))) == [("fade", 40, 45)]
    assert ranges(found(scores(100, dissolve={(30, 39): 0.9}, black=[(40, 45)]))) == [("fade", 30, 45)]


def test_a_moment_of_black_parts_two_pictures_though_the_scores_say_nothing() -> None:
    assert ranges(found(scores(100, black=[(40, 45)]))) == [("fade", 40, 45)]


def test_a_blink_and_a_flash_are_nothing() -> None:
    assert found(scores(100, black=[(40, 43)])) == []
    assert found(scores(100, white=[(40, 45)])) == []


def test_a_dissolve_over_white_is_a_fade() -> None:
    assert ranges(found(scores(100, dissolve={(30, 50): 0.9}, white=[(39, 41)]))) == [("fade", 30, 50)]


def test_lasting_black_is_a_shot_of_its_own() -> None:
    black = [(40, 40 + HALF_SECOND)]
    whole = scores(100, fade={(30, 42): 0.8, (50, 60): 0.8}, black=black)
    assert ranges(found(whole)) == [("fade", 30, 40), ("fade", 52, 60)]
    assert ranges(found(scores(100, cuts={40: 0.9, 52: 0.9}, black=black))) == [("cut", 40, 40), ("cut", 52, 52)]


def test_lasting_black_needs_no_scores() -> None:
    whole = found(scores(100, black=[(40, 60)]))
    assert ranges(whole) == [("cut", 40, 40), ("cut", 60, 60)]
    assert [boundary.confidence for boundary in whole] == [0.5, 0.5]


def test_nothing_happens_in_lasting_black() -> None:
    whole = scores(200, cuts={90: 1}, fade={(100, 120): 0.9}, black=[(40, 160)])
    assert ranges(found(whole)) == [("cut", 40, 40), ("cut", 160, 160)]


def test_lasting_black_may_flicker() -> None:
    whole = scores(200, black=[(40, 90), (91, 100), (102, 160)])
    assert ranges(found(whole)) == [("cut", 40, 40), ("cut", 160, 160)]


def test_lasting_black_and_then_lasting_white_are_two_shots() -> None:
    whole = scores(200, black=[(40, 80)], white=[(80, 120)])
    assert ranges(found(whole)) == [("cut", 40, 40), ("cut", 80, 80), ("cut", 120, 120)]


# The edges of the film


def test_a_film_that_begins_with_a_fade_has_no_shot_before_it() -> None:
    for whole in (
        scores(100, fade={(0, 10): 0.9}),
        scores(100, fade={(5, 10): 0.9}, black=[(0, 5)]),
        scores(100, cuts={10: 0.9}, black=[(0, 10)]),
        scores(100, black=[(0, 10)]),
    ):
        assert ranges(found(whole)) == [("start", 0, 10)]
        assert found(whole)[0].frame == 0


def test_a_film_that_ends_with_a_fade_has_no_shot_after_it() -> None:
    for whole in (
        scores(100, fade={(90, 100): 0.9}),
        scores(100, fade={(90, 95): 0.9}, black=[(95, 100)]),
        scores(100, cuts={90: 0.9}, black=[(90, 100)]),
        scores(100, black=[(90, 100)]),
    ):
        assert ranges(found(whole)) == [("fade", 90, 100)]
        assert found(whole)[0].frame == 100


def test_a_film_that_begins_and_ends_with_lasting_black() -> None:
    assert ranges(found(scores(100, black=[(0, 20), (80, 100)]))) == [("cut", 20, 20), ("cut", 80, 80)]
    whole = scores(100, fade={(18, 30): 0.9, (70, 82): 0.9}, black=[(0, 20), (80, 100)])
    assert ranges(found(whole)) == [("fade", 20, 30), ("fade", 70, 80)]


def test_a_film_of_nothing_but_a_transition_is_one_shot() -> None:
    assert found(scores(20, fade={(0, 20): 0.9})) == []
    assert found(scores(10, black=[(0, 10)])) == []
    assert found(scores(100, black=[(0, 100)])) == []


# Any scores at all


def noise(seed: int, count: int, density: float, blackness: float) -> FrameScores:
    """Scores that come in patches, as those of a network do."""
    random = np.random.default_rng(seed)
    patches = np.repeat(random.random((count, 5)) < density, random.integers(1, 40, count), axis=0)[:count]
    values = random.random((len(patches), 4)) * patches[:, :4]
    kinds = np.repeat(random.integers(1, 4, count), 20)[: len(patches)]
    flat = np.where(patches[:, 4] & (random.random(len(patches)) < blackness), kinds, 0)
    return FrameScores(values[:, 0], values[:, 1:], flat)


any_scores = st.builds(
    noise, st.integers(0, 2**32), st.integers(0, 600), st.floats(0, 1), st.sampled_from([0.0, 0.9, 0.99, 1.0])
)


@settings(max_examples=100, deadline=None)
@given(whole=any_scores, sensitivity=st.floats(0, 1), rate=st.sampled_from([Fraction(5), RATE, Fraction(60000, 1001)]))
def test_boundaries_are_in_order_and_a_frame_is_left_between_them(
    whole: FrameScores, sensitivity: float, rate: Fraction
) -> None:
    finder = TransitionFinder(frame_rate=rate, sensitivity=sensitivity)
    boundaries = []
    for number in range(len(whole)):
        new = finder.feed(part(whole, number, number + 1))
        assert all(number - boundary.start_frame <= finder.delay_frames for boundary in new)
        boundaries += new
    boundaries += finder.finish()
    for number, boundary in enumerate(boundaries):
        assert (boundary.transition == "start") == (boundary.frame == 0)
        assert boundary.frame > 0 or number == 0
        assert boundary.frame < len(whole) or boundary == boundaries[-1]
        assert boundary.end_frame < len(whole) or boundary.frame == len(whole)
    edges = [(0, 0), *((b.start_frame, b.end_frame) for b in boundaries if b.transition != "start")]
    for one, other in pairwise(edges):
        assert one[1] < other[0]


@settings(max_examples=60, deadline=None)
@given(whole=any_scores, data=st.data())
def test_it_does_not_matter_how_many_frames_come_at_once(whole: FrameScores, data: st.DataObject) -> None:
    finder = TransitionFinder(frame_rate=RATE, sensitivity=0.5)
    boundaries, at = [], 0
    while at < len(whole):
        count = data.draw(st.integers(1, 200))
        boundaries += finder.feed(part(whole, at, at + count))
        at += count
    assert boundaries + finder.finish() == found(whole)


def test_scores_that_are_no_numbers_are_no_transition() -> None:
    whole = scores(100, cuts={20: 0.9, 50: float("nan")}, dissolve={(60, 70): float("nan")})
    assert [b.frame for b in found(whole)] == [20]


def test_scores_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match="expected N"):
        FrameScores(np.zeros(3), np.zeros((4, 3)), np.zeros(3))


# Pictures


def test_black_and_white_are_flat_and_little_else() -> None:
    random = np.random.default_rng(1)
    grain = random.integers(-3, 4, (160, 288))
    assert flat_picture((grain + 17).astype(np.uint8)) == BLACK
    assert flat_picture((grain + 234).astype(np.uint8)) == WHITE
    assert flat_picture((grain + 128).astype(np.uint8)) == 0
    assert flat_picture((grain + 45).astype(np.uint8)) == 0
    title = (grain + 17).astype(np.uint8)
    title[70:90, 100:190] = 200
    assert flat_picture(title) == FADED  # not black: a title card is a picture
    assert flat_picture(251 - title) == 0
    assert flat_picture(np.roll(251 - title, 50, axis=0)) == FADED
    title[40:120, 100:190] = 200
    assert flat_picture(title) == 0
    assert flat_picture(251 - title) == 0


def test_dust_and_scratches_on_black_and_white_leave_little_to_see() -> None:
    random = np.random.default_rng(2)
    for ground, spot in ((18, 180), (228, 40)):
        picture = np.full((160, 288), ground, np.uint8)
        picture[:, 100:102] = spot
        for row, column in random.integers(0, 150, (20, 2)):
            picture[row : row + 5, column : column + 5] = spot
        assert flat_picture(picture) == FADED


@pytest.mark.parametrize("ground", [16, 214])
def test_a_picture_in_the_dark_or_in_glaring_light_is_one(ground: int) -> None:
    """Three windows in a house at night, or three people in the snow: a seventh of the picture."""
    picture = np.full((160, 288), ground, np.uint8)
    for left in (10, 60, 210):
        picture[50:100, left : left + 44] = 60 if ground < 128 else 180
    assert flat_picture(picture) == DIM


def test_fine_lines_are_something_to_see() -> None:
    """Every second line is black: a comb, or a blind."""
    picture = np.full((160, 288), 16, np.uint8)
    picture[1::2] = 180
    assert flat_picture(picture) == 0


def test_white_between_black_bars_is_white() -> None:
    picture = np.full((160, 288), 16, np.uint8)
    picture[20:140] = 235
    assert flat_picture(picture) == WHITE
    picture[[19, 140]] = 90  # as encoders leave it
    assert flat_picture(picture) == WHITE
    picture[60:80, 100:150] = 100
    assert flat_picture(picture) == FADED
    picture[30:130, 60:230] = 100
    assert flat_picture(picture) == 0
