"""Nearest neighbours of vectors so small that the answer can be seen."""

from __future__ import annotations

import logging
import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinterpret.embeddings import Embeddings, Film
from reinterpret.errors import LibraryError
from reinterpret.library import Library
from reinterpret.neighbours import Hit, is_current, open_neighbours
from reinterpret.shots import Detection
from reinterpret.shots.shot import Shot
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video

as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


def unit(*values: float) -> list[float]:
    vector = np.array(values, np.float64)
    return list(vector / np.linalg.norm(vector))


def hand_made(
    path: Path, number: int, vectors: list[list[float]], *, mean: float = 0.5, deviation: float = 0.2
) -> Film:
    """A film of shots of one second with these vectors; its fingerprint is its number, written 32 times."""
    fingerprint = f"{number:x}" * 32
    path.touch()
    count = len(vectors)
    content = np.array(vectors, np.float32)
    second = Fraction(1)
    video = Video(
        path, fingerprint, Fraction(25), 25 * count, 16, 9, 0, second, second * count, Fraction(0), False, "mp4"
    )
    spans = [Span(k * second, (k + 1) * second) for k in range(count)]
    shots = tuple(
        Shot(fingerprint, k, span, 25 * k, 25 * k + 25, "cut" if k else "start", span, 25 * k, 25 * k + 25)
        for k, span in enumerate(spans)
    )
    return Film(
        video=video,
        grid=FrameGrid(Fraction(25), 25 * count),
        detection=Detection("none"),
        shots=shots,
        embeddings=Embeddings(
            "hand", "1", content, content.astype(np.float16), np.arange(count) + 0.5, np.arange(count + 1)
        ),
        thumbnails=(b"jpeg",) * count,
        luma_mean=np.full(count, mean, np.float32),
        luma_deviation=np.full(count, deviation, np.float32),
    )


@pytest.fixture
def empty(tmp_path: Path) -> Library:
    return Library.create(tmp_path / "lib", encoder="hand", encoder_version="1", detection=Detection("none"))


@pytest.fixture
def library(empty: Library, tmp_path: Path) -> Library:
    """Film 1 points east and north, film 2 north-east, film 3 up."""
    empty.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0, 0], [0, 1, 0]]))
    empty.add(hand_made(tmp_path / "2.mp4", 2, [unit(1, 1, 0)]))
    empty.add(hand_made(tmp_path / "3.mp4", 3, [[0, 0, 1]]))
    return empty


EAST, NORTH = np.array([[1, 0, 0]], np.float32), np.array([[0, 1, 0]], np.float32)


def names(hits: list[Hit]) -> list[tuple[str, int]]:
    return [(hit.film[0], hit.shot) for hit in hits]


def test_the_nearest_comes_first_with_the_cosine_as_its_score(library: Library) -> None:
    (hits,) = open_neighbours(library).search(EAST, 3)
    assert names(hits)[:2] == [("1", 0), ("2", 0)]
    assert [hit.score for hit in hits] == pytest.approx([1, 2**-0.5, 0], abs=1e-6)


def test_every_query_has_its_own_answer(library: Library) -> None:
    east, north = open_neighbours(library).search(np.concatenate([EAST, NORTH]), 1)
    assert names(east) == [("1", 0)]
    assert names(north) == [("1", 1)]


def test_more_than_there_are_gives_all_there_are(library: Library) -> None:
    (hits,) = open_neighbours(library).search(EAST, 100)
    assert sorted(names(hits)) == [("1", 0), ("1", 1), ("2", 0), ("3", 0)]


def test_no_queries_and_no_answers_wanted_are_nothing(library: Library) -> None:
    found = open_neighbours(library)
    assert found.search(np.empty((0, 3), np.float32), 5) == []
    assert found.search(EAST, 0) == [[]]


def test_films_can_be_left_out(library: Library) -> None:
    found = open_neighbours(library)
    assert names(found.search(EAST, 1, without=frozenset({"1" * 32}))[0]) == [("2", 0)]
    assert names(found.search(EAST, 9, without=frozenset({"1" * 32, "3" * 32, "f" * 32}))[0]) == [("2", 0)]
    assert found.search(EAST, 9, without=frozenset(digit * 32 for digit in "123")) == [[]]


def test_equal_scores_come_in_the_order_of_the_library(empty: Library, tmp_path: Path) -> None:
    for number in (9, 3, 7, 5):
        empty.add(hand_made(tmp_path / f"{number}.mp4", number, [[1, 0, 0]] * 3))
    (hits,) = open_neighbours(empty).search(EAST, 12)
    assert names(hits) == [(film, shot) for film in "3579" for shot in range(3)]
    assert {hit.score for hit in hits} == {hits[0].score}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=3), min_size=1, max_size=12), st.integers(1, 12)
)
def test_scores_are_cosines_in_descending_order(
    tmp_path_factory: pytest.TempPathFactory, raw: list[list[float]], k: int
) -> None:
    vectors = [unit(*values) if np.linalg.norm(values) > 0.1 else [1.0, 0, 0] for values in raw]
    folder = tmp_path_factory.mktemp("hypothesis")
    made = Library.create(folder / "lib", encoder="hand", encoder_version="1", detection=Detection("none"))
    made.add(hand_made(folder / "1.mp4", 1, vectors))
    for query in vectors:
        (hits,) = open_neighbours(made).search(np.array([query], np.float32), k)
        scores = [hit.score for hit in hits]
        assert all(-1 <= score <= 1 for score in scores)
        assert scores == pytest.approx(sorted((np.dot(query, other) for other in vectors), reverse=True)[:k], abs=1e-5)


@pytest.mark.parametrize(
    ("kind", "mean", "deviation"),
    [("black", 0.0, 0.0), ("black with noise", 0.01, 0.015), ("white", 0.99, 0.01), ("flat", 0.5, 0.005)],
)
def test_black_white_and_flat_shots_are_never_suggested(
    library: Library, tmp_path: Path, kind: str, mean: float, deviation: float
) -> None:
    library.add(hand_made(tmp_path / "a.mp4", 10, [[1, 0, 0]] * 4, mean=mean, deviation=deviation))
    found = open_neighbours(library)
    (hits,) = found.search(EAST, 8)
    assert "a" not in {hit.film[0] for hit in hits}, kind
    assert len(hits) == found.usable_count == 4
    assert len(found) == 8
    assert {hit.film[0] for group in found.clusters(4, size=8) for hit in group} == {"1", "2", "3"}


def test_the_vector_and_length_of_a_shot_can_be_had_and_those_of_no_shot_are_an_error(library: Library) -> None:
    found = open_neighbours(library)
    assert found.vector("1" * 32, 1).tolist() == [0, 1, 0]
    assert found.seconds("2" * 32, 0) == 1.0
    for film, shot in (("1" * 32, 2), ("1" * 32, -1), ("3" * 32, 1), ("f" * 32, 0)):
        with pytest.raises(LibraryError, match="has no shot"):
            found.vector(film, shot)


# Groups


def test_clusters_are_the_groups_that_can_be_seen(empty: Library, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    groups = {1: [1, 0, 0, 0], 2: [0, 1, 0, 0], 3: [0, 0, 1, 0]}
    sizes = {1: 5, 2: 9, 3: 7}
    for number, middle in groups.items():
        vectors = [unit(*(np.array(middle) + rng.normal(0, 0.05, 4))) for _ in range(sizes[number])]
        empty.add(hand_made(tmp_path / f"{number}.mp4", number, vectors))
    found = open_neighbours(empty).clusters(3, size=100)
    assert [{hit.film[0] for hit in group} for group in found] == [{"2"}, {"3"}, {"1"}]
    assert [len(group) for group in found] == [9, 7, 5]
    assert all(hit.score > 0.9 for group in found for hit in group)
    assert [len(group) for group in open_neighbours(empty).clusters(3, size=4)] == [4, 4, 4]
    assert open_neighbours(empty).clusters(3, size=100) == found


def test_more_clusters_than_shots_give_one_each(library: Library) -> None:
    found = open_neighbours(library).clusters(50, size=3)
    assert sorted(name for group in found for name in names(group)) == [("1", 0), ("1", 1), ("2", 0), ("3", 0)]


def test_a_library_of_black_has_nothing_to_group(empty: Library, tmp_path: Path) -> None:
    empty.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0, 0]], mean=0, deviation=0))
    with pytest.raises(LibraryError, match="no shots to group"):
        open_neighbours(empty).clusters(3, size=3)
    assert open_neighbours(empty).search(EAST, 3) == [[]]


def test_an_empty_library_says_how_to_fill_it(empty: Library) -> None:
    with pytest.raises(LibraryError, match="is empty; index films into it"):
        open_neighbours(empty)


# The cache


def test_the_cache_is_current_after_it_was_written_and_stale_after_every_change(
    library: Library, tmp_path: Path
) -> None:
    assert not is_current(library)
    open_neighbours(library)
    assert is_current(library)
    library.add(hand_made(tmp_path / "4.mp4", 4, [unit(3, 1, 0)]))
    assert not is_current(library)
    assert names(open_neighbours(library).search(EAST, 2)[0]) == [("1", 0), ("4", 0)]
    assert is_current(library)
    library.remove("1" * 32)
    assert not is_current(library)
    assert names(open_neighbours(library).search(EAST, 2)[0]) == [("4", 0), ("2", 0)]
    # The same film with other vectors, as after another version of the shots.
    library.add(hand_made(tmp_path / "4.mp4", 4, [[0, 0, 1], [0, 1, 0]]))
    assert names(open_neighbours(library).search(EAST, 1)[0]) == [("2", 0)]


def test_the_cache_gives_the_answers_of_the_index_it_was_written_from(library: Library) -> None:
    built, read = open_neighbours(library), open_neighbours(Library.open(library.path))
    for query in (EAST, NORTH):
        assert built.search(query, 4) == read.search(query, 4)
    assert read.seconds("1" * 32, 1) == built.seconds("1" * 32, 1)


def test_only_one_generation_of_the_cache_is_kept(library: Library, tmp_path: Path) -> None:
    open_neighbours(library)
    library.add(hand_made(tmp_path / "4.mp4", 4, [[1, 0, 0]]))
    open_neighbours(library)
    suffixes = sorted(file.suffix for file in (library.path / "index").iterdir())
    assert suffixes == [".faiss", ".json", ".npz"]


@pytest.mark.parametrize("suffix", [".faiss", ".npz", ".json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise"])
def test_a_damaged_cache_is_built_again(library: Library, suffix: str, damage: str) -> None:
    expected = open_neighbours(library).search(EAST, 4)
    (file,) = (library.path / "index").glob(f"*{suffix}")
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "noise": b"\x93" * len(content)}[damage])
    assert not is_current(library)
    assert open_neighbours(library).search(EAST, 4) == expected
    assert is_current(library)


def test_one_damaged_film_is_left_out_with_a_warning(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    file = library.path / "films" / f"{'1' * 32}.parquet"
    file.write_bytes(file.read_bytes()[:100])
    with caplog.at_level(logging.WARNING):
        (hits,) = open_neighbours(library).search(EAST, 9)
    assert names(hits) == [("2", 0), ("3", 0)]
    assert str(file) in caplog.text


def test_a_library_of_damaged_films_alone_says_so(empty: Library, tmp_path: Path) -> None:
    empty.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0, 0]]))
    (empty.path / "films" / f"{'1' * 32}.parquet").write_bytes(b"PAR1")
    with pytest.raises(LibraryError, match="not one of its films can be read; see: reinterpret verify"):
        open_neighbours(empty)


@pytest.mark.parametrize("how", ["a file is in its place", pytest.param("no permission", marks=as_root)])
def test_where_the_cache_cannot_be_kept_the_library_can_still_be_searched(
    library: Library, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    if how == "no permission":
        library.path.chmod(0o500)
    else:
        (library.path / "index").touch()
    try:
        with caplog.at_level(logging.WARNING):
            assert names(open_neighbours(library).search(EAST, 1)[0]) == [("1", 0)]
        assert "the index could not be kept" in caplog.text
        assert not is_current(library)
    finally:
        library.path.chmod(0o700)
