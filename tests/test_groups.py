"""Groups that are planted are found, what belongs nowhere is left over, and every shot is in one place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret import groups
from reinterpret.cues import PRESETS
from reinterpret.cues.reasons import CueScore, common
from reinterpret.errors import LibraryError, UsageError
from reinterpret.groups import Group, group, partition, shared_in, silhouettes
from reinterpret.library import Library
from reinterpret.neighbours import Hit, open_neighbours
from tests.test_neighbours import COLOUR, hand_made, made, told, unit

# So many that what is strewn at random is at right angles to everything, nearly.
DIMENSIONS = 400


def planted(sizes: list[int], loose: int = 0, *, seed: int = 0, spread: float = 0.025) -> tuple[np.ndarray, list[int]]:
    """Unit vectors round middles at random, shuffled, and the number of the middle of each; -1 for loose ones."""
    random = np.random.default_rng(seed)
    rows, truth = [], []
    for number, size in enumerate(sizes):
        middle = unit(*random.normal(0, 1, DIMENSIONS))
        rows += [unit(*(np.array(middle) + random.normal(0, spread, DIMENSIONS))) for _ in range(size)]
        truth += [number] * size
    rows += [unit(*random.normal(0, 1, DIMENSIONS)) for _ in range(loose)]
    truth += [-1] * loose
    order = random.permutation(len(rows))
    return np.array(rows, np.float32)[order], [truth[place] for place in order]


def sets(numbers: np.ndarray | list[int]) -> set[frozenset[int]]:
    """The groups, whatever their numbers are."""
    values = list(numbers)
    return {
        frozenset(row for row, number in enumerate(values) if number == wanted) for wanted in set(values) if wanted >= 0
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("sizes", [[5, 9, 7], [30, 4, 12, 3, 8], [2, 2, 2, 2], [60, 60]], ids=str)
def test_planted_groups_are_found_exactly(sizes: list[int], seed: int) -> None:
    vectors, truth = planted(sizes, seed=seed)
    assert sets(partition(vectors)) == sets(truth)
    assert sets(partition(vectors, len(sizes))) == sets(truth)


@pytest.mark.parametrize("seed", range(4))
def test_what_belongs_nowhere_is_left_over(seed: int) -> None:
    vectors, truth = planted([12, 20, 9], loose=4, seed=seed)
    found = partition(vectors, 3)
    assert sets(found) == sets(truth)
    assert [number == -1 for number in found] == [number == -1 for number in truth]


def test_fewer_groups_hold_those_that_are_nearest_to_each_other() -> None:
    east, north, near_north = unit(1, 0, 0), unit(0, 1, 0), unit(0, 1, 0.7)
    vectors = np.array([east] * 3 + [north] * 3 + [near_north] * 3, np.float32)
    assert sets(partition(vectors, 3)) == {frozenset({0, 1, 2}), frozenset({3, 4, 5}), frozenset({6, 7, 8})}
    assert sets(partition(vectors, 2)) == {frozenset({0, 1, 2}), frozenset({3, 4, 5, 6, 7, 8})}
    assert sets(partition(vectors, 1)) == {frozenset(range(9))}
    # Identical shots are never taken apart, however many groups are asked for.
    assert sets(partition(vectors, 50)) == sets(partition(vectors, 3))


@pytest.mark.parametrize("count", ["auto", 1, 3, 100])
def test_shots_that_are_all_identical_are_one_group(count: int) -> None:
    same = np.array([unit(0.3, 0.5, 0.8)] * 25, np.float32)
    assert partition(same, count).tolist() == [0] * 25


def test_very_few_shots() -> None:
    assert partition(np.empty((0, 3), np.float32)).tolist() == []
    assert partition(np.eye(1, dtype=np.float32)).tolist() == [-1]
    assert partition(np.eye(1, dtype=np.float32), 5).tolist() == [-1]
    assert partition(np.eye(2, dtype=np.float32)).tolist() == [-1, -1]
    assert partition(np.array([unit(1, 0), unit(1, 0.2)], np.float32)).tolist() == [0, 0]


@settings(deadline=None, max_examples=40)
@given(st.integers(2, 40), st.integers(0, 1000), st.one_of(st.just("auto"), st.integers(1, 50)))
def test_groups_have_two_shots_and_more_and_are_the_same_every_time(count: int, seed: int, wanted: int) -> None:
    vectors = np.random.default_rng(seed).normal(0, 1, (count, 5)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = partition(vectors, wanted)
    assert found.shape == (count,)
    sizes = [int((found == number).sum()) for number in range(found.max() + 1)]
    assert all(size >= 2 for size in sizes)
    if wanted != "auto":
        assert len(sizes) <= wanted
    assert (partition(vectors, wanted) == found).all()


def test_of_a_very_large_library_some_are_compared_and_the_others_join_them(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, truth = planted([150, 90, 60, 45], loose=6, seed=3)
    monkeypatch.setattr(groups, "_COMPARED", 120)
    found = partition(vectors, 4)
    for wanted in range(4):
        inside = [found[row] for row, number in enumerate(truth) if number == wanted]
        most = max(inside, key=inside.count)
        assert inside.count(most) >= 0.95 * len(inside)
        assert set(inside) <= {most, -1}
    assert sum(found[row] >= 0 for row, number in enumerate(truth) if number < 0) == 0


def test_the_silhouette_is_one_where_groups_are_points_and_nothing_for_leftovers() -> None:
    vectors = np.array([[1, 0, 0]] * 3 + [[0, 1, 0]] * 3, np.float32)
    assert silhouettes(vectors, np.array([0, 0, 0, 1, 1, 1])) == pytest.approx([1] * 6)
    assert silhouettes(vectors, np.array([0, 0, -1, 1, 1, -1])) == pytest.approx([1, 1, 0, 1, 1, 0])
    assert silhouettes(vectors, np.array([0, 0, 1, 1, 0, 1]))[[2, 4]].max() < 0
    assert silhouettes(vectors, np.array([0] * 6)) == pytest.approx([0] * 6)


# Of a library


@pytest.fixture
def empty(tmp_path: Path) -> Library:
    return made(tmp_path / "lib")


def test_a_library_falls_into_its_groups(empty: Library, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    middles = {1: [1, 0, 0, 0], 2: [0, 1, 0, 0], 3: [0, 0, 1, 0]}
    sizes = {1: 5, 2: 9, 3: 7}
    for number, middle in middles.items():
        vectors = [unit(*(np.array(middle) + random.normal(0, 0.05, 4))) for _ in range(sizes[number])]
        empty.add(hand_made(tmp_path / f"{number}.mp4", number, vectors))
    empty.add(hand_made(tmp_path / "4.mp4", 4, [[0, 0, 0, 1]]))
    found = group(open_neighbours(empty), 3, weights=COLOUR)
    assert [{hit.film[0] for hit in one.members} for one in found.groups] == [{"2"}, {"3"}, {"1"}]
    assert [len(one.members) for one in found.groups] == [9, 7, 5]
    for one in found.groups:
        scores = [hit.score for hit in one.members]
        assert scores == sorted(scores, reverse=True)
        assert scores[-1] > 0.9
        assert 0.9 < one.cohesion < scores[0]
    assert [(hit.film[0], hit.shot) for hit in found.leftovers] == [("4", 0)]
    assert abs(found.leftovers[0].score) < 0.2
    assert len(found) == 22
    assert group(open_neighbours(empty), 3, weights=COLOUR) == found


def test_groups_are_of_what_weighs_something(empty: Library, tmp_path: Path) -> None:
    east, north = [1.0, 0], [0, 1.0]
    shots = told(colour=[east, east, north, north, north], scale=[east, north, east, north, east])
    empty.add(hand_made(tmp_path / "1.mp4", 1, shots))
    neighbours = open_neighbours(empty)
    for cue, wanted in (("colour", [{2, 3, 4}, {0, 1}]), ("scale", [{0, 2, 4}, {1, 3}])):
        found = group(neighbours, 2, weights={cue: 1.0})
        assert [{hit.shot for hit in one.members} for one in found.groups] == wanted


def test_a_library_of_one_shot_has_that_left_over(empty: Library, tmp_path: Path) -> None:
    empty.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0]]))
    for count in (1, 7):
        found = group(open_neighbours(empty), count, weights=COLOUR)
        assert (found.groups, [hit.shot for hit in found.leftovers]) == ((), [0])
    assert group(open_neighbours(empty), weights=COLOUR).groups == ()


def test_a_library_of_black_has_nothing_to_group(empty: Library, tmp_path: Path) -> None:
    empty.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0]], kind="black"))
    with pytest.raises(LibraryError, match="no shots to group"):
        group(open_neighbours(empty), weights=COLOUR)


def test_numbers_that_cannot_be_meant(empty: Library, tmp_path: Path) -> None:
    empty.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0]]))
    with pytest.raises(UsageError, match="from 1, or auto, got 0"):
        group(open_neighbours(empty), 0)
    with pytest.raises(ValueError, match="two shots or more, got 1"):
        Group((Hit("1" * 32, 0, 1.0),), 1.0)


# What they share


def test_what_most_of_a_group_share_is_common() -> None:
    def pair(score: float, word: str | None) -> list[CueScore]:
        return [CueScore("movement", score, 2 * score, word)]

    (found,) = common([pair(0.9, "pan left"), pair(0.7, "pan left"), pair(0.5, "zoom in")])
    assert (found.cue, found.score, found.surplus, found.shared) == ("movement", 0.7, pytest.approx(1.4), "pan left")
    (found,) = common([pair(0.9, "pan left"), pair(0.7, None)])
    assert found.shared is None
    assert common([]) == []


def test_a_group_says_what_its_members_share(empty: Library, tmp_path: Path) -> None:
    random = np.random.default_rng(5)
    strewn = [unit(*random.normal(0, 1, 300)) for _ in range(60)]
    alike = [unit(*(np.array(strewn[0]) + random.normal(0, 0.02, 300))) for _ in range(6)]
    empty.add(hand_made(tmp_path / "1.mp4", 1, told(composition=[*alike, *strewn[1:]])))
    neighbours = open_neighbours(empty)
    found = group(neighbours, weights={"composition": 1.0}).groups[0]
    assert {hit.shot for hit in found.members[:6]} == set(range(6))
    assert shared_in(neighbours, found).startswith("same composition")
    # Of a cue that does not weigh anything nothing is said.
    assert shared_in(neighbours, found, weights=PRESETS["rhythm"]) == ""
