"""Choosing: whatever a person does, the edit holds together, and nothing else in it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reinterpret import choosing
from reinterpret.assignment import Rules
from reinterpret.choosing import shot_of
from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.costs import Costs
from reinterpret.edits import Clip, EditList, Match, Soundtrack
from reinterpret.errors import EditError, UsageError
from reinterpret.placed_transitions import gains_of
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video
from tests.test_edits import transitions

# Nothing twice at any price, and no matter in which order.
NEVER_TWICE = Rules(costs=Costs(repeat=9, twin=9, stretch=9, film=0))
BEGINNINGS = [Fraction(0), Fraction(1, 3), Fraction(7, 25), Fraction(1001, 24000)]
RATES = [Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(50), Fraction(15, 2)]


def video(digit: str, rate: Fraction = Fraction(25)) -> Video:
    return Video(
        path=Path(f"/films/{digit}.mp4"),
        fingerprint=digit * 32,
        frame_rate=rate,
        frame_count=10_000,
        width=320,
        height=180,
        rotation=0,
        sample_aspect=Fraction(1),
        duration=Fraction(10_000) / rate,
        start=Fraction(0),
        audio=True,
        container="mp4",
    )


def match(
    film: str, shot: int, start: float, *, body: tuple[float, float] = (0, 100), score: float = 0.5, target: int = 0
) -> Match:
    """Whose span is a second, or what is left of its shot."""
    whole = Span(*(Fraction(str(bound)) for bound in body))
    begin = Fraction(str(start))
    return Match(target, film * 32, shot, whole, Span(begin, min(begin + 1, whole.end)), score, (("content", score),))


def edit(*lengths: int, suggestions: tuple[Match, ...] = (), grid: FrameGrid | None = None) -> EditList:
    """Black clips of so many frames, 25 a second, with these suggestions each; films b, c and d."""
    clips, first = [], 0
    for number, length in enumerate(lengths):
        own = tuple(replace(found, target_shot=number) for found in suggestions)
        clips.append(Clip(first, length, "black", suggestions=own))
        first += length
    films = (video("b"), video("c", Fraction(24)), video("d", Fraction(30000, 1001)))
    return fitting(EditList(video("a"), grid or FrameGrid(Fraction(25), first), films, tuple(clips)))


def fitting(made: EditList) -> EditList:
    """The edit with suggestions as long as their clips, as far as their shots reach: as they are made by `match`."""
    clips = []
    for number, clip in enumerate(made.clips):
        needed = choosing.needed_seconds(made, number)
        fits = tuple(choosing.fitted(made, found, needed) for found in clip.suggestions)
        clips.append(replace(clip, suggestions=fits))
    return replace(made, clips=tuple(clips))


def shown(made: EditList) -> list[tuple[str, int] | None]:
    """Film and shot of every clip; None for black and titles."""
    return [None if clip.match is None else (clip.match.film[0], clip.match.source_shot) for clip in made.clips]


def span(made: EditList, clip: int) -> tuple[float, float]:
    found = made.clips[clip].match
    assert found is not None
    return float(found.source_span.start), float(found.source_span.end)


# Choosing


def test_a_chosen_match_is_as_long_as_the_clip_and_begins_where_it_says() -> None:
    made = choosing.choose(edit(25, 50), 1, match("b", 3, 7))
    assert shown(made) == [None, ("b", 3)]
    assert span(made, 1) == (7, 9)
    assert made.clips[1].speed == 1
    assert made.clips[1].match is not None
    assert made.clips[1].match.target_shot == 1
    assert made.clips[0] is edit(25, 50).clips[0] or made.clips[0] == edit(25, 50).clips[0]


def test_all_that_is_not_changed_is_shared() -> None:
    before = edit(25, 50, 25, suggestions=(match("b", 1, 0), match("c", 2, 0)))
    made = choosing.choose(before, 1, before.clips[1].suggestions[1])
    assert made.clips[0] is before.clips[0]
    assert made.clips[2] is before.clips[2]
    assert made.clips[1].suggestions is before.clips[1].suggestions
    assert made.films is before.films


def test_near_the_end_of_its_shot_a_match_begins_earlier_on_a_frame_of_the_source() -> None:
    made = choosing.choose(edit(50), 0, match("c", 3, 99.5, body=(90, 99.99)))
    start, end = span(made, 0)
    assert end - start == 2
    assert start == 2351 / 24  # the last frame of 24 a second from which 2 s are left: 97.958, not 97.99
    assert made.clips[0].speed == 1


def test_a_shot_that_is_too_short_is_slowed_down_and_used_whole() -> None:
    made = choosing.choose(edit(50), 0, match("b", 3, 10.5, body=(10, 11.5)))
    assert span(made, 0) == (10, 11.5)
    assert made.clips[0].speed == Fraction(75, 100)
    assert choosing.choose(edit(50), 0, match("b", 3, 10, body=(10, 11.5)), short="hold").clips[0].speed == 1
    assert choosing.choose(edit(50), 0, match("b", 3, 10, body=(10, 10.2))).clips[0].speed == Fraction(1, 2)


def test_what_was_shown_before_stays_among_the_suggestions_as_it_was_shown() -> None:
    ranked = (match("b", 1, 0, score=0.9), match("b", 2, 0, score=0.5), match("b", 3, 0, score=0.1))
    made = choosing.choose(edit(25, suggestions=ranked), 0, match("c", 7, 3, score=0.6))
    made = choosing.slide(made, 0, source_frames=24)
    made = choosing.choose(made, 0, ranked[2])
    assert [shot_of(found)[1] for found in made.clips[0].suggestions] == [1, 7, 2, 3]
    assert made.clips[0].suggestions[1].source_span.start == 4
    made = choosing.choose_black(choosing.choose(made, 0, made.clips[0].suggestions[1]), 0)
    assert made.clips[0].kind == "black"
    assert made.clips[0].suggestions[1].source_span.start == 4


def test_footage_can_become_a_title_or_black_and_back() -> None:
    made = choosing.choose(edit(25), 0, match("b", 1, 0))
    assert [choosing.choose_title(made, 0).clips[0].kind, choosing.choose_black(made, 0).clips[0].kind] == [
        "title",
        "black",
    ]
    back = choosing.choose(choosing.choose_title(made, 0), 0, match("b", 1, 0))
    assert (back.clips[0].kind, shown(back)) == ("footage", [("b", 1)])
    bare = replace(made, trailer=None, soundtrack=Soundtrack("none"))
    with pytest.raises(UsageError, match="follows no trailer"):
        choosing.choose_title(bare, 0)


def test_a_film_that_is_new_to_the_edit_comes_with_its_facts() -> None:
    with pytest.raises(UsageError, match=r"eeee.* is not in the edit"):
        choosing.choose(edit(25), 0, match("e", 1, 0))
    made = choosing.choose(edit(25), 0, match("e", 1, 0), films=[video("e"), video("f")])
    assert [film.fingerprint[0] for film in made.films] == ["b", "c", "d", "e"]


@pytest.mark.parametrize("clip", [-1, 2, 99])
def test_a_clip_that_is_not_there(clip: int) -> None:
    made = edit(25, 25)
    every: list[Callable[[], object]] = [
        lambda: choosing.choose(made, clip, match("b", 1, 0)),
        lambda: choosing.choose_black(made, clip),
        lambda: choosing.choose_title(made, clip),
        lambda: choosing.lock(made, clip),
        lambda: choosing.reject(made, clip, "b" * 32, 1),
        lambda: choosing.slide(made, clip, source_frames=1),
        lambda: choosing.swap(made, clip, 0),
        lambda: choosing.split(made, clip, 5),
        lambda: choosing.join(made, clip),
        lambda: choosing.move_cut(made, clip, 5),
        lambda: choosing.set_fade_in(made, clip, None),
        lambda: choosing.set_fade_out(made, clip, None),
        lambda: choosing.set_dissolve(made, clip, None),
    ]
    for operation in every:
        with pytest.raises(UsageError, match=f"has 2 clips, numbered from 0; there is no clip {clip}"):
            operation()


def test_what_changes_nothing_gives_back_the_same_edit() -> None:
    made = choosing.choose(edit(25, 25, suggestions=(match("b", 1, 0),)), 0, match("b", 1, 0))
    assert choosing.choose(made, 0, match("b", 1, 0)) is made
    assert choosing.choose_black(made, 1) is made
    assert choosing.lock(made, 0, False) is made
    assert choosing.slide(made, 0, source_frames=0) is made
    assert choosing.swap(made, 0, 0) is made
    assert choosing.move_cut(made, 1, 25) is made
    assert choosing.set_fade_in(made, 0, None) is made
    assert choosing.set_fade_out(made, 0, None) is made
    assert choosing.set_dissolve(made, 1, None) is made
    assert choosing.again(choosing.lock(made, 0)) == choosing.lock(made, 0)


# Rejecting

RANKED = (match("b", 1, 0, score=0.9), match("b", 2, 0, score=0.8), match("c", 3, 0, score=0.7))


def test_what_is_rejected_is_not_suggested_any_more() -> None:
    made = choosing.reject(edit(25, suggestions=RANKED), 0, "b" * 32, 2)
    assert [shot_of(found)[1] for found in made.clips[0].suggestions] == [1, 3]
    assert made.clips[0].rejected == (("b" * 32, 2),)
    assert choosing.reject(made, 0, "b" * 32, 2) is made


def test_the_best_that_is_not_shown_elsewhere_takes_the_place_of_what_is_rejected() -> None:
    made = choosing.choose_all(edit(25, 25, 25, suggestions=RANKED), {0: RANKED[0], 2: RANKED[1]})
    made = choosing.reject(choosing.lock(made, 0), 0, "b" * 32, 1)
    assert shown(made) == [("c", 3), None, ("b", 2)]
    assert not made.clips[0].locked
    with pytest.raises(UsageError, match="clip 0 has no other suggestion that is not rejected or shown elsewhere"):
        choosing.reject(made, 0, "c" * 32, 3)


def test_where_no_suggestion_is_left_others_help_out() -> None:
    made = choosing.choose(edit(25, suggestions=RANKED[:1]), 0, RANKED[0])
    others = [match("b", 1, 0), match("e", 9, 2)]
    made = choosing.reject(made, 0, "b" * 32, 1, others=others, films=[video("e")])
    assert shown(made) == [("e", 9)]
    assert span(made, 0) == (2, 3)


def test_what_is_chosen_is_not_rejected_any_more() -> None:
    made = choosing.reject(edit(25, suggestions=RANKED), 0, "b" * 32, 2)
    made = choosing.choose(made, 0, RANKED[1])
    assert made.clips[0].rejected == ()
    assert shown(made) == [("b", 2)]


# Sliding


def test_sliding_goes_by_frames_of_the_source_and_stops_at_the_ends_of_the_shot() -> None:
    made = choosing.choose(edit(25), 0, match("c", 1, 5, body=(4, 8)))
    assert span(choosing.slide(made, 0, source_frames=3), 0) == (5 + 3 / 24, 6 + 3 / 24)
    assert span(choosing.slide(made, 0, seconds=-0.5), 0) == (4.5, 5.5)
    assert span(choosing.slide(made, 0, source_frames=1000), 0) == (7, 8)
    assert span(choosing.slide(made, 0, seconds=-1000), 0) == (4, 5)
    at_the_end = choosing.slide(made, 0, source_frames=1000)
    assert choosing.slide(at_the_end, 0, source_frames=1) is at_the_end


def test_from_between_two_frames_the_next_one_is_one_step() -> None:
    made = choosing.choose(edit(25), 0, match("b", 1, 5.01))
    assert span(choosing.slide(made, 0, source_frames=1), 0)[0] == 5.04
    assert span(choosing.slide(made, 0, source_frames=-1), 0)[0] == 5.0


def test_a_shot_that_is_used_whole_cannot_slide() -> None:
    made = choosing.choose(edit(50), 0, match("b", 1, 5, body=(5, 6.5)))
    assert choosing.slide(made, 0, source_frames=5) is made


def test_sliding_says_how_far_and_what() -> None:
    made = choosing.choose(edit(25, 25), 0, match("b", 1, 5))
    for wrong in ({}, {"seconds": 1, "source_frames": 1}):
        with pytest.raises(UsageError, match="either in seconds or in frames"):
            choosing.slide(made, 0, **wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="got nan"):
        choosing.slide(made, 0, seconds=float("nan"))
    with pytest.raises(UsageError, match="clip 1 shows black, no footage"):
        choosing.slide(made, 1, seconds=1)


# Swapping


def test_two_clips_exchange_their_footage_each_as_long_as_it_needs() -> None:
    made = choosing.choose_all(edit(25, 50), {0: match("b", 1, 5), 1: match("c", 2, 7)})
    swapped = choosing.swap(made, 0, 1)
    assert shown(swapped) == [("c", 2), ("b", 1)]
    assert (span(swapped, 0), span(swapped, 1)) == ((7, 8), (5, 7))
    assert [clip.match.target_shot for clip in swapped.clips if clip.match] == [0, 1]
    assert choosing.swap(swapped, 0, 1) == made
    with pytest.raises(UsageError, match="clip 0 shows the trailer itself"):
        choosing.swap(choosing.choose_title(made, 0), 0, 1)


def test_a_swapped_clip_takes_the_score_that_it_knows_of_the_shot() -> None:
    made = choosing.choose_all(
        edit(25, 25, suggestions=(match("c", 2, 0, score=0.25),)), {0: match("b", 1, 5), 1: match("c", 2, 7)}
    )
    swapped = choosing.swap(made, 0, 1)
    assert [clip.match.score for clip in swapped.clips if clip.match] == [0.25, 0.5]


# Cutting


def test_a_clip_that_is_split_shows_the_same_frames() -> None:
    before = choosing.choose(edit(25, 50, 25, suggestions=RANKED), 1, match("c", 2, 7))
    made = choosing.split(before, 1, 40)
    assert [(clip.first_frame, clip.frame_count) for clip in made.clips] == [(0, 25), (25, 15), (40, 35), (75, 25)]
    assert pictures(made) == pictures(before)
    for number, clip in enumerate(made.clips):
        assert {found.target_shot for found in made_of(clip)} <= {number}
    assert [float(found.source_span.start) for found in made.clips[2].suggestions] == [0.6, 0.6, 0.6]
    assert choosing.join(made, 1) == before
    for frame in (25, 75, 0, 1000):
        with pytest.raises(UsageError, match="clip 1 can be split between its frames 26 and 74"):
            choosing.split(before, 1, frame)


def test_a_clip_whose_last_frame_is_held_is_split_all_the_same() -> None:
    before = choosing.choose(edit(50), 0, match("b", 2, 7, body=(7, 8)), short="hold")
    for frame in (10, 25, 26, 49):
        made = choosing.split(before, 0, frame)
        # The very last instant of a frame is the same frame.
        assert [frame_of(found) for found in pictures(made)] == [frame_of(found) for found in pictures(before)]
        assert choosing.join(made, 0) == before


def test_joining_keeps_what_the_first_shows_and_offers_what_the_second_showed() -> None:
    made = choosing.choose_all(edit(25, 50, 10, suggestions=RANKED[:1]), {0: match("b", 9, 5), 1: match("c", 2, 7)})
    joined = choosing.join(made, 0)
    assert [(clip.first_frame, clip.frame_count) for clip in joined.clips] == [(0, 75), (75, 10)]
    assert span(joined, 0) == (5, 8)
    assert [shot_of(found)[1] for found in joined.clips[0].suggestions] == [1, 2]
    assert {found.target_shot for found in made_of(joined.clips[1])} == {1}
    black = choosing.join(choosing.choose_black(made, 0), 0)
    assert (black.clips[0].kind, black.clips[0].match) == ("black", None)
    with pytest.raises(UsageError, match="clip 2 is the last"):
        choosing.join(made, 2)


def test_what_one_of_two_has_rejected_is_rejected_for_both_but_for_what_is_shown() -> None:
    made = choosing.choose(edit(25, 25, suggestions=RANKED), 0, RANKED[0])
    made = choosing.reject(choosing.reject(made, 1, "b" * 32, 1), 1, "b" * 32, 2)
    joined = choosing.join(made, 0)
    assert shown(joined) == [("b", 1)]
    assert joined.clips[0].rejected == (("b" * 32, 2),)
    assert [shot_of(found)[1] for found in joined.clips[0].suggestions] == [1, 3]


def test_a_cut_that_moves_leaves_at_each_frame_what_was_there() -> None:
    made = choosing.choose_all(edit(25, 50), {0: match("b", 9, 5), 1: match("c", 2, 7)})
    for frame in (1, 15, 35, 74):
        moved = choosing.move_cut(made, 1, frame)
        assert [clip.frame_count for clip in moved.clips] == [frame, 75 - frame]
        here = 7 + (Fraction(frame) - 25) / 25
        assert (span(moved, 0)[0], span(moved, 1)[0]) == (5, float(here))
        assert choosing.move_cut(moved, 1, 25) == made
    for frame in (0, 75, -3):
        with pytest.raises(UsageError, match="can lie between the frames 1 and 74"):
            choosing.move_cut(made, 1, frame)
    with pytest.raises(UsageError, match="the first clip begins where the trailer begins"):
        choosing.move_cut(made, 0, 3)


def test_a_cut_that_moves_to_before_the_shot_begins_begins_with_it() -> None:
    made = choosing.choose(edit(25, 50), 1, match("b", 9, 5, body=(4.8, 9)))
    moved = choosing.move_cut(made, 1, 5)
    assert span(moved, 1) == (4.8, 7.6)
    # And slows down where all of it is too short.
    short = choosing.choose(edit(25, 50), 1, match("b", 9, 5, body=(4, 6.1)))
    assert choosing.move_cut(short, 1, 5).clips[1].speed == Fraction(75, 100)


# Fades and dissolves

RISING, FALLING = Fade("black", (0.0, 0.25, 0.5, 0.75)), Fade("black", (0.9, 0.6, 0.3, 0.0))


def faded(*lengths: int) -> EditList:
    """Clips of footage that all begin and end with a fade."""
    made = edit(*lengths, suggestions=RANKED)
    made = choosing.choose_all(made, {number: RANKED[number] for number in range(len(lengths))})
    return replace(made, clips=tuple(replace(clip, fade_in=RISING, fade_out=FALLING) for clip in made.clips))


def dissolved(*lengths: int, before: int = 4, after: int = 6) -> EditList:
    """Clips of footage that all dissolve into each other."""
    made = choosing.choose_all(edit(*lengths), {at: match("b", at, 20 * at + 9) for at in range(len(lengths))})
    clips = tuple(replace(clip, dissolve=Dissolve(before, after) if at else None) for at, clip in enumerate(made.clips))
    return replace(made, clips=clips)


def gains(made: EditList) -> dict[int, float]:
    """By frame what is left of the picture, where that is not all."""
    return {frame: gain.share for clip in made.clips for frame, gain in gains_of(clip).items()}


def test_what_is_shown_can_change_under_the_fades_that_stay() -> None:
    made = faded(25, 25)
    changes: list[Callable[[EditList], EditList]] = [
        lambda edit: choosing.choose(edit, 0, RANKED[2]),
        lambda edit: choosing.choose(choosing.choose_black(edit, 0), 0, RANKED[0]),
        lambda edit: choosing.choose(choosing.choose_title(edit, 0), 0, RANKED[0]),
        lambda edit: choosing.reject(edit, 0, "b" * 32, 1),
        lambda edit: choosing.swap(edit, 0, 1),
        lambda edit: choosing.slide(edit, 0, source_frames=3),
        lambda edit: choosing.again(edit, rules=Rules(seed=1)),
    ]
    for change in changes:
        assert [(clip.fade_in, clip.fade_out) for clip in change(made).clips] == [(RISING, FALLING)] * 2
        assert gains(change(made)) == gains(made)


@pytest.mark.parametrize("frame", [1, 3, 4, 12, 21, 22, 24])
def test_a_split_clip_has_the_fades_on_the_same_frames(frame: int) -> None:
    made = faded(25)
    parts = choosing.split(made, 0, frame)
    assert gains(parts) == gains(made)
    assert choosing.join(parts, 0) == made


def test_clips_that_are_joined_begin_as_the_first_and_end_as_the_second() -> None:
    whole = choosing.join(faded(25, 30), 0)
    assert (whole.clips[0].fade_in, whole.clips[0].fade_out) == (RISING, FALLING)
    assert sorted(gains(whole)) == [0, 1, 2, 3, 51, 52, 53, 54]
    whole = choosing.join(dissolved(25, 30, 40), 1)
    assert [clip.dissolve for clip in whole.clips] == [None, Dissolve(4, 6)]
    assert [clip.dissolve for clip in choosing.join(dissolved(25, 30, 40), 0).clips] == [None, Dissolve(4, 6)]


def test_a_fade_keeps_its_frames_of_the_trailer_when_the_cut_moves() -> None:
    made = faded(25, 25)
    # Earlier: the end of the one fade is gone, and the outermost gain of the other goes on before it.
    assert choosing.move_cut(made, 1, 23).clips[0].fade_out == Fade("black", (0.9, 0.6))
    assert choosing.move_cut(made, 1, 23).clips[1].fade_in == Fade("black", (0.0, 0.0, *RISING.gains))
    # Later: the other way round.
    assert choosing.move_cut(made, 1, 28).clips[0].fade_out == Fade("black", (*FALLING.gains, 0.0, 0.0, 0.0))
    assert choosing.move_cut(made, 1, 28).clips[1].fade_in == Fade("black", (0.75,))
    assert choosing.move_cut(made, 1, 30).clips[1].fade_in is None
    assert gains(choosing.move_cut(choosing.move_cut(made, 1, 28), 1, 25))[24] == FALLING.gains[-1]
    # So short that nothing but a part of a fade is left.
    assert choosing.move_cut(made, 1, 2).clips[0].fade_in == Fade("black", (0.0, 0.25))
    assert choosing.move_cut(made, 1, 2).clips[0].fade_out is None
    assert choosing.move_cut(made, 1, 49).clips[1].fade_out == Fade("black", (0.0,))


def test_a_dissolve_keeps_its_frames_of_the_trailer_while_the_cut_is_within_it() -> None:
    made = dissolved(25, 30, 40)
    for frame, expected in (
        (21, Dissolve(0, 10)),
        (23, Dissolve(2, 8)),
        (30, Dissolve(9, 1)),
        (31, Dissolve(10, 0)),
        (20, None),
        (32, None),
    ):
        moved = choosing.move_cut(made, 1, frame)
        assert moved.clips[1].dissolve == expected
        assert moved.clips[2].dissolve == Dissolve(4, 6)
    # The clip before or behind it has become too short for another dissolve.
    assert choosing.move_cut(made, 2, 28).clips[1].dissolve == Dissolve(4, 3)
    assert choosing.move_cut(made, 1, 53).clips[2].dissolve == Dissolve(2, 6)


def test_a_split_makes_a_dissolve_over_the_new_cut_shorter() -> None:
    made = choosing.split(dissolved(25, 30, 40), 1, 28)
    assert [clip.dissolve for clip in made.clips] == [None, Dissolve(4, 3), None, Dissolve(4, 6)]
    made = choosing.split(dissolved(25, 30, 40), 1, 53)
    assert [clip.dissolve for clip in made.clips] == [None, Dissolve(4, 6), None, Dissolve(2, 6)]


def test_a_transition_takes_the_place_of_the_one_that_was_there() -> None:
    made = faded(25, 25)
    over = choosing.set_dissolve(made, 1, Dissolve(3, 5))
    assert [(clip.fade_in, clip.dissolve, clip.fade_out) for clip in over.clips] == [
        (RISING, None, None),
        (None, Dissolve(3, 5), FALLING),
    ]
    assert choosing.set_fade_in(over, 1, RISING).clips[1].dissolve is None
    again = choosing.set_fade_out(over, 0, FALLING)
    assert (again.clips[0].fade_out, again.clips[1].dissolve, again.clips[1].fade_in) == (FALLING, None, None)
    cut = choosing.set_fade_out(choosing.set_fade_in(choosing.set_dissolve(over, 1, None), 0, None), 1, None)
    assert gains(cut) == {}
    assert all(clip.dissolve is None for clip in cut.clips)


def test_transitions_that_have_no_room_are_refused() -> None:
    made = faded(10, 10)
    long = Fade("white", (0.5,) * 7)
    refused: list[tuple[Callable[[], object], str]] = [
        (lambda: choosing.set_fade_in(made, 1, long), "clip 1 has 6 frames for a fade at its beginning, got 7"),
        (lambda: choosing.set_fade_out(made, 0, long), "clip 0 has 6 frames for a fade at its end, got 7"),
        (lambda: choosing.set_dissolve(made, 1, Dissolve(7, 0)), "clip 0 has 6 frames for the next one's dissolve"),
        (lambda: choosing.set_dissolve(made, 1, Dissolve(0, 7)), "clip 1 has 6 frames for a dissolve behind its cut"),
        (lambda: choosing.set_dissolve(made, 0, Dissolve(1, 1)), "the first clip has none before it"),
    ]
    for operation, words in refused:
        with pytest.raises(UsageError, match=words):
            operation()
    dissolving = dissolved(20, 20, 20)
    with pytest.raises(UsageError, match="clip 1 has 16 frames for a fade at its beginning, got 17"):
        choosing.set_fade_in(dissolving, 1, Fade("black", (0.5,) * 17))


# Again


def test_again_gives_every_clip_the_best_for_the_whole() -> None:
    offered = ((0.9, 0.8), (0.9, 0.1))
    clips = edit(25, 25)
    for number, scores in enumerate(offered):
        for shot, score in enumerate(scores):
            clips = choosing.choose(clips, number, match("bc"[shot], shot, 5, score=score))
    # Two that show the same are one shot that returns, as far as an edit can know.
    assert shown(choosing.again(clips, rules=NEVER_TWICE)) == [("b", 0), ("b", 0)]
    clips = choosing.choose(clips, 1, match("b", 0, 5, score=0.9))
    made = choosing.again(clips, rules=NEVER_TWICE)
    assert shown(made) == [("c", 1), ("b", 0)]
    locked = choosing.lock(choosing.choose(made, 0, match("b", 0, 5, score=0.9)), 0)
    assert shown(choosing.again(locked, rules=NEVER_TWICE)) == [("b", 0), ("c", 1)]
    assert choosing.again(locked, rules=NEVER_TWICE).clips[0] is locked.clips[0]


def offered_twice(body: tuple[float, float], other: float) -> EditList:
    """Two clips, that show one shot each of their own, and could both show the same one, from its beginning on."""
    clips = edit(25, 25, suggestions=(match("b", 0, body[0], body=body, score=0.9),))
    return choosing.choose_all(clips, {number: match("c", number + 1, 5, score=other) for number in (0, 1)})


def test_again_shows_a_shot_twice_where_that_is_worth_more_than_it_costs() -> None:
    assert ("b", 0) in shown(choosing.again(offered_twice((0, 2), 0.7)))
    assert len(set(shown(choosing.again(offered_twice((0, 2), 0.7))))) == 2
    assert shown(choosing.again(offered_twice((0, 2), 0.4))) == [("b", 0), ("b", 0)]
    # Two stretches of a shot of nine seconds lie apart, which costs little.
    apart = choosing.again(offered_twice((0, 9), 0.7))
    assert shown(apart) == [("b", 0), ("b", 0)]
    assert span(apart, 0) == (0, 1)
    assert span(apart, 1) == (3, 4)


def test_again_keeps_shots_that_return_and_leaves_black_and_titles() -> None:
    ranked = tuple(match("b", shot, 0, score=0.5 + 0.01 * shot) for shot in range(8))
    made = choosing.choose_all(
        edit(25, 25, 25, 25, 25, suggestions=ranked), {0: ranked[3], 1: ranked[5], 2: ranked[3], 4: ranked[1]}
    )
    made = choosing.choose_title(made, 4)
    results = [choosing.again(made, rules=Rules(seed=seed)) for seed in range(20)]
    assert len({tuple(map(str, shown(result))) for result in results}) > 3
    for result in results:
        assert shown(result)[0] == shown(result)[2] != shown(result)[1]
        assert [clip.kind for clip in result.clips[3:]] == ["black", "title"]


def test_again_says_what_was_passed_over_until_a_person_decides() -> None:
    clips = offered_twice((0, 2), 0.75)
    made = choosing.again(clips)
    (other,) = (number for number, clip in enumerate(made.clips) if shown(made)[number] != ("b", 0))
    (passed,) = made.clips[other].passed_over
    assert (passed.film, passed.source_shot, passed.score) == ("b" * 32, 0, 0.9)
    assert passed.reason == f"already used for shot {2 - other}"
    assert made.told(passed) == f"b 0.90, {passed.reason}"
    # It says why the program chose; who chooses otherwise knows why, and another numbering has other shots.
    chosen = choosing.choose(made, other, match("c", 7, 3))
    assert chosen.clips[other].passed_over == ()
    for changed in (choosing.split(made, 0, 12), choosing.join(made, 0), choosing.choose_black(made, other)):
        assert not any(clip.passed_over for clip in changed.clips)
    for kept in (choosing.lock(made, other), choosing.slide(made, other, source_frames=5)):
        assert kept.clips[other].passed_over == (passed,)


# Whatever a person does


def made_of(clip: Clip) -> list[Match]:
    return [*clip.suggestions, *([] if clip.match is None else [clip.match])]


def pictures(made: EditList) -> list[Fraction | str]:
    """For every frame of the trailer the instant of the source, or what else is there."""
    found: list[Fraction | str] = []
    for clip in made.clips:
        found += made.source_seconds(clip) if clip.match is not None else [clip.kind] * clip.frame_count
    return found


def frame_of(instant: Fraction | str) -> int | str:
    return instant if isinstance(instant, str) else int(instant * 25)


@st.composite
def chosen_edits(draw: st.DrawFn) -> EditList:
    """Edits as `match` makes them, of up to six clips; shots may be too short."""
    rate = draw(st.sampled_from(RATES))
    lengths = draw(st.lists(st.integers(1, 60), min_size=1, max_size=6))
    dropped = tuple(sorted(draw(st.sets(st.integers(1, sum(lengths)), max_size=2)))) if sum(lengths) > 2 else ()
    dropped = tuple(slot for slot in dropped if slot < sum(lengths))
    grid = FrameGrid(rate, sum(lengths), dropped)
    films = (video("b", draw(st.sampled_from(RATES))), video("c", draw(st.sampled_from(RATES))))
    bodies = {
        (film.fingerprint, shot): Span(begin, begin + length)
        for film in films
        for shot in range(3)
        for begin, length in [
            (draw(st.sampled_from(BEGINNINGS)), draw(st.sampled_from([Fraction(1, 10), Fraction(3, 7), Fraction(9)])))
        ]
    }
    clips, first = [], 0
    for number, length in enumerate(lengths):
        offered = draw(st.lists(st.sampled_from(sorted(bodies)), max_size=5, unique=True))
        scores = sorted((draw(st.integers(0, 9)) / 10 for _ in offered), reverse=True)
        clips.append(
            Clip(
                first,
                length,
                "black",
                suggestions=tuple(
                    Match(number, film, shot, bodies[film, shot], bodies[film, shot], score, ())
                    for (film, shot), score in zip(offered, scores, strict=True)
                ),
            )
        )
        first += length
    bare = fitting(EditList(video("a", rate), grid, films, tuple(clips)))
    best = {number: clip.suggestions[0] for number, clip in enumerate(bare.clips) if clip.suggestions}
    for number in draw(st.sets(st.integers(0, len(clips) - 1), max_size=2)):
        # What is shown need not be among the suggestions.
        film, shot = draw(st.sampled_from(sorted(bodies)))
        best[number] = Match(number, film, shot, bodies[film, shot], bodies[film, shot], 0.3, ())
    made = choosing.choose_all(bare, best)
    clip = draw(st.integers(0, len(clips) - 1))
    made = draw(st.sampled_from([made, choosing.choose_black(made, clip), choosing.choose_title(made, clip)]))
    changing: list[Clip] = []
    for one in made.clips:
        changing.append(replace(one, **draw(transitions(one.frame_count, changing[-1] if changing else None))))
    return replace(made, clips=tuple(changing))


def operations(data: st.DataObject, made: EditList) -> Callable[[EditList], EditList]:
    """Anything a person may ask for, sensible or not."""
    clip = data.draw(st.integers(0, len(made.clips) - 1))
    other = data.draw(st.integers(0, len(made.clips) - 1))
    frame = data.draw(st.integers(-1, made.grid.frame_count + 1))
    near = data.draw(st.integers(made.clips[clip].first_frame, made.clips[clip].end_frame))
    offered = made_of(made.clips[clip]) or made_of(made.clips[other])
    wanted = data.draw(st.sampled_from(offered)) if offered else match("b", 77, 3)
    steps = data.draw(st.integers(-100, 100))
    seed = data.draw(st.none() | st.integers(0, 5))
    locked = data.draw(st.booleans())
    values = data.draw(st.lists(st.floats(0, 1), max_size=20))
    fade = Fade("black", tuple(values)) if values else None
    dissolve = Dissolve(len(values), data.draw(st.integers(0, 9))) if values else None
    every: dict[str, Callable[[EditList], EditList]] = {
        "choose": lambda edit: choosing.choose(edit, clip, wanted),
        "black": lambda edit: choosing.choose_black(edit, clip),
        "title": lambda edit: choosing.choose_title(edit, clip),
        "lock": lambda edit: choosing.lock(edit, clip, locked),
        "reject": lambda edit: choosing.reject(edit, clip, *shot_of(wanted)),
        "slide": lambda edit: choosing.slide(edit, clip, source_frames=steps),
        "slide seconds": lambda edit: choosing.slide(edit, clip, seconds=steps / 7),
        "swap": lambda edit: choosing.swap(edit, clip, other),
        "split": lambda edit: choosing.split(edit, clip, near),
        "join": lambda edit: choosing.join(edit, clip),
        "cut": lambda edit: choosing.move_cut(edit, clip, data.draw(st.sampled_from([near, frame]))),
        "again": lambda edit: choosing.again(edit, rules=Rules(seed=seed)),
        "fade in": lambda edit: choosing.set_fade_in(edit, clip, fade),
        "fade out": lambda edit: choosing.set_fade_out(edit, clip, fade),
        "dissolve": lambda edit: choosing.set_dissolve(edit, clip, dissolve),
    }
    return every[data.draw(st.sampled_from(sorted(every)))]


@settings(deadline=None, max_examples=60)
@given(chosen_edits(), st.data())
def test_any_sequence_of_choices_leaves_an_edit_that_holds_together(made: EditList, data: st.DataObject) -> None:
    frames = made.grid.frame_count
    for _ in range(data.draw(st.integers(1, 8))):
        try:
            made = operations(data, made)(made)
        except (UsageError, EditError):
            continue
        assert sum(clip.frame_count for clip in made.clips) == frames
        for number, clip in enumerate(made.clips):
            assert {found.target_shot for found in made_of(clip)} <= {number}
            assert not set(clip.rejected) & set(map(shot_of, made_of(clip)))
            assert clip.match is None or set(made.source_seconds(clip)) <= set(inside(made, clip))
    # And is read as it was written.
    assert EditList.loads(made.dumps()) == made


def inside(made: EditList, clip: Clip) -> list[Fraction]:
    assert clip.match is not None
    return [
        instant
        for instant in made.source_seconds(clip)
        if clip.match.shot_span.start <= instant < clip.match.shot_span.end
    ]


@settings(deadline=None, max_examples=60)
@given(chosen_edits(), st.data())
def test_other_clips_stay_as_they_are(made: EditList, data: st.DataObject) -> None:
    clip = data.draw(st.integers(0, len(made.clips) - 1))
    changes: list[Callable[[], EditList]] = [
        lambda: choosing.choose_black(made, clip),
        lambda: choosing.lock(made, clip),
        lambda: choosing.slide(made, clip, source_frames=data.draw(st.integers(-50, 50))),
        lambda: choosing.reject(made, clip, "b" * 32, data.draw(st.integers(0, 3))),
    ]
    try:
        changed = data.draw(st.sampled_from(changes))()
    except UsageError:
        return
    for number in range(len(made.clips)):
        assert number == clip or changed.clips[number] is made.clips[number]


@settings(deadline=None, max_examples=60)
@given(chosen_edits(), st.data())
def test_a_split_changes_nothing_that_is_seen_and_joining_undoes_it(made: EditList, data: st.DataObject) -> None:
    clip = data.draw(st.integers(0, len(made.clips) - 1))
    assume(made.clips[clip].frame_count > 1)
    frame = data.draw(st.integers(made.clips[clip].first_frame + 1, made.clips[clip].end_frame - 1))
    split = choosing.split(made, clip, frame)
    assert gains(split) == gains(made)
    assert len(split.clips) == len(made.clips) + 1
    rates = {film.fingerprint: film.frame_rate for film in made.films}
    for before, after in zip(made.clips, merged(split, clip), strict=True):
        if before.match is not None and after:
            rate, end = rates[before.match.film], before.match.shot_span.end
            was, now = made.source_seconds(before), [at for part in after for at in split.source_seconds(part)]
            # The same instant, or the last frame all the same.
            assert all(a == b or min(a, b) >= end - 1 / rate for a, b in zip(was, now, strict=True))
    assert bare(choosing.join(split, clip)) == bare(made)
    if not any(frame in changing for changing in dissolving_frames(made)):
        assert choosing.join(split, clip) == made


def bare(made: EditList) -> EditList:
    """The edit without dissolves: those over a new cut become shorter."""
    return replace(made, clips=tuple(replace(clip, dissolve=None) for clip in made.clips))


def dissolving_frames(made: EditList) -> list[range]:
    return [
        range(clip.first_frame - clip.dissolve.before, clip.first_frame + clip.dissolve.after)
        for clip in made.clips
        if clip.dissolve is not None
    ]


def merged(split: EditList, clip: int) -> list[list[Clip]]:
    """The clips of a split edit by the clips before; those that are not footage are empty."""
    parts = [[one] for one in split.clips]
    parts[clip : clip + 2] = [[*parts[clip], *parts[clip + 1]]]
    return [part if part[0].match is not None else [] for part in parts]


@settings(deadline=None, max_examples=60)
@given(chosen_edits(), st.data())
def test_swapping_twice_is_nothing_where_lengths_allow(made: EditList, data: st.DataObject) -> None:
    footage = [number for number, clip in enumerate(made.clips) if clip.match is not None]
    assume(len(footage) > 1)
    one, other = data.draw(st.lists(st.sampled_from(footage), min_size=2, max_size=2, unique=True))
    swapped = choosing.swap(made, one, other)
    assert shown(swapped)[one] == shown(made)[other]
    assert shown(swapped)[other] == shown(made)[one]
    again = choosing.swap(swapped, one, other)
    for number in (one, other):
        before, after = made.clips[number].match, again.clips[number].match
        assert before is not None
        assert after is not None
        assert (shot_of(after), after.source_span.duration) == (shot_of(before), before.source_span.duration)
        longest = max(choosing.needed_seconds(made, one), choosing.needed_seconds(made, other))
        if before.source_span.start + longest <= before.shot_span.end:
            assert after == replace(before, score=after.score, cues=after.cues)
