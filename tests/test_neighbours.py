"""Nearest neighbours of vectors so small that the answer can be seen, and what each cue counts among them."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinterpret.cues import CUES, PRESETS, cue_names
from reinterpret.cues.cards import ShotKind
from reinterpret.cues.courses import CELLS, LayoutCourse
from reinterpret.cues.lettering import Lettering, Line
from reinterpret.cues.reasons import CueScore, reason
from reinterpret.cues.vectors import CueVectors
from reinterpret.embeddings import Embeddings, Film
from reinterpret.errors import LibraryError
from reinterpret.library import Library
from reinterpret.neighbours import Hit, Neighbours, Query, is_current, open_neighbours
from reinterpret.shots import Detection
from reinterpret.shots.shot import Shot
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video

as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")

Vectors = Sequence[Sequence[float]]
DIMENSIONS = {cue.name: cue.dimensions or 3 for cue in CUES}
# Of all cues this one shows what was put into it: content is seen as the library sees it.
COLOUR = {"colour": 1.0}


def unit(*values: float) -> list[float]:
    vector = np.array(values, np.float64)
    return list(vector / np.linalg.norm(vector))


def told(*, unknown: Sequence[str] = (), **given: Vectors) -> CueVectors:
    """Shots with these unit vectors, filled up with zeros; in cues that are not named they are all the same."""
    count = len(next(iter(given.values())))
    matrices = []
    for name, dimensions in DIMENSIONS.items():
        matrix = np.zeros((count, dimensions), np.float32)
        vectors = np.array(given.get(name, [[1.0]] * count), np.float32)
        matrix[:, : vectors.shape[1]] = vectors
        matrices.append(matrix)
    return CueVectors(tuple(matrices), np.array([[name not in unknown for name in DIMENSIONS]] * count))


def hand_made(
    path: Path,
    number: int,
    cues: Vectors | CueVectors,
    *,
    kind: ShotKind = "scene",
    lettering: Lettering | None = None,
) -> Film:
    """A film of shots of one second with these vectors, or colours; its fingerprint is its number, 32 times."""
    cues = cues if isinstance(cues, CueVectors) else told(colour=cues)
    fingerprint = f"{number:x}" * 32
    path.touch()
    count = len(cues)
    second = Fraction(1)
    video = Video(
        path, fingerprint, Fraction(25), 25 * count, 16, 9, 0, second, second * count, Fraction(0), False, "mp4"
    )
    spans = [Span(k * second, (k + 1) * second) for k in range(count)]
    shots = tuple(
        Shot(fingerprint, k, span, 25 * k, 25 * k + 25, "cut" if k else "start", span, 25 * k, 25 * k + 25)
        for k, span in enumerate(spans)
    )
    frame_vectors = cues.of("content").astype(np.float16)
    return Film(
        video=video,
        grid=FrameGrid(Fraction(25), 25 * count),
        detection=Detection("none"),
        shots=shots,
        embeddings=Embeddings("hand", "1", cues, frame_vectors, np.arange(count) + 0.5, np.arange(count + 1)),
        kinds=(kind,) * count,
        lettering=(lettering,) * count,
        courses=(LayoutCourse(np.empty((0, CELLS), np.uint8), np.empty(0)),) * count,
        thumbnails=(b"jpeg",) * count,
    )


def made(path: Path, **options: np.ndarray) -> Library:
    return Library.create(path, encoder="hand", encoder_version="1", detection=Detection("none"), **options)


@pytest.fixture
def empty(tmp_path: Path) -> Library:
    return made(tmp_path / "lib")


@pytest.fixture
def library(empty: Library, tmp_path: Path) -> Library:
    """Film 1 points east and north, film 2 north-east, film 3 up."""
    empty.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0, 0], [0, 1, 0]]))
    empty.add(hand_made(tmp_path / "2.mp4", 2, [unit(1, 1, 0)]))
    empty.add(hand_made(tmp_path / "3.mp4", 3, [[0, 0, 1]]))
    return empty


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Library:
    """Sixty shots that differ at random in every cue."""
    random, folder = np.random.default_rng(4), tmp_path_factory.mktemp("crowd")
    library = made(folder / "lib")
    for number in range(1, 4):
        drawn = {name: [unit(*random.normal(0, 1, size)) for _ in range(20)] for name, size in DIMENSIONS.items()}
        library.add(hand_made(folder / f"{number}.mp4", number, told(**drawn)))
    return library


EAST, NORTH = [[1.0, 0, 0]], [[0, 1.0, 0]]


def nearest(found: Neighbours, colours: Vectors, k: int, *, without: frozenset[str] = frozenset()) -> list[list[Hit]]:
    """The shots whose colours are the nearest to each of these."""
    return found.search(found.query(told(colour=colours)), k, weights=COLOUR, without=without)


def names(hits: list[Hit]) -> list[tuple[str, int]]:
    return [(hit.film[0], hit.shot) for hit in hits]


def test_the_nearest_comes_first_with_the_cosine_as_its_score(library: Library) -> None:
    (hits,) = nearest(open_neighbours(library), EAST, 3)
    assert names(hits)[:2] == [("1", 0), ("2", 0)]
    assert [hit.score for hit in hits] == pytest.approx([1, 2**-0.5, 0], abs=1e-6)


def test_every_query_has_its_own_answer(library: Library) -> None:
    east, north = nearest(open_neighbours(library), EAST + NORTH, 1)
    assert names(east) == [("1", 0)]
    assert names(north) == [("1", 1)]


def test_more_than_there_are_gives_all_there_are(library: Library) -> None:
    (hits,) = nearest(open_neighbours(library), EAST, 100)
    assert sorted(names(hits)) == [("1", 0), ("1", 1), ("2", 0), ("3", 0)]


def test_no_queries_and_no_answers_wanted_are_nothing(library: Library) -> None:
    found = open_neighbours(library)
    assert found.search(found.query(told(colour=EAST).rows([])), 5, weights=COLOUR) == []
    assert nearest(found, EAST, 0) == [[]]


def test_films_can_be_left_out(library: Library) -> None:
    found = open_neighbours(library)
    assert names(nearest(found, EAST, 1, without=frozenset({"1" * 32}))[0]) == [("2", 0)]
    assert names(nearest(found, EAST, 9, without=frozenset({"1" * 32, "3" * 32, "f" * 32}))[0]) == [("2", 0)]
    assert nearest(found, EAST, 9, without=frozenset(digit * 32 for digit in "123")) == [[]]


@pytest.mark.parametrize("weights", [COLOUR, PRESETS["balanced"]], ids=["colour", "balanced"])
def test_equal_scores_come_in_the_order_of_the_library(
    empty: Library, tmp_path: Path, weights: dict[str, float]
) -> None:
    for number in (9, 3, 7, 5):
        empty.add(hand_made(tmp_path / f"{number}.mp4", number, [unit(1, 2, 3)] * 3))
    found = open_neighbours(empty)
    query = found.query(told(colour=EAST))
    (hits,) = found.search(query, 12, weights=weights)
    assert names(hits) == [(film, shot) for film in "3579" for shot in range(3)]
    assert {hit.score for hit in hits} == {hits[0].score}
    for k in (1, 4, 7):
        assert found.search(query, k, weights=weights) == [hits[:k]]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.lists(st.floats(-1, 1, width=16), min_size=3, max_size=3), min_size=1, max_size=12), st.integers(1, 12)
)
def test_scores_are_cosines_in_descending_order(
    tmp_path_factory: pytest.TempPathFactory, raw: list[list[float]], k: int
) -> None:
    vectors = [unit(*values) if np.linalg.norm(values) > 0.1 else [1.0, 0, 0] for values in raw]
    folder = tmp_path_factory.mktemp("hypothesis")
    library = made(folder / "lib")
    library.add(hand_made(folder / "1.mp4", 1, vectors))
    for query, hits in zip(vectors, nearest(open_neighbours(library), vectors, k), strict=True):
        scores = [hit.score for hit in hits]
        assert all(-1 <= score <= 1 for score in scores)
        assert scores == pytest.approx(sorted((np.dot(query, other) for other in vectors), reverse=True)[:k], abs=1e-5)


@pytest.mark.parametrize("kind", ["black", "white", "plain", "bars", "leader"])
def test_what_shows_nothing_is_never_suggested(library: Library, tmp_path: Path, kind: ShotKind) -> None:
    library.add(hand_made(tmp_path / "a.mp4", 10, EAST * 4, kind=kind))
    found = open_neighbours(library)
    (hits,) = nearest(found, EAST, 8)
    assert "a" not in {hit.film[0] for hit in hits}
    assert len(hits) == found.usable_count == 4
    assert len(found) == 8
    assert {hit.film[0] for hit in found.suggested()} == {"1", "2", "3"}


@pytest.mark.parametrize("kind", ["title", "lettering", "counter", "plate"])
def test_words_and_plates_are_found_only_when_asked_for(library: Library, tmp_path: Path, kind: ShotKind) -> None:
    library.add(hand_made(tmp_path / "0.mp4", 0, EAST, kind=kind))
    found = open_neighbours(library)
    assert found.usable_count == 4
    assert "0" * 32 in {hit.film for hit in found.suggested()}
    assert names(nearest(found, EAST, 1)[0]) == [("1", 0)]
    query = found.query(told(colour=EAST))
    (asked,) = found.search(query, 1, weights=COLOUR, text_ok=True)
    assert names(asked) == [("0", 0)]
    (with_titles,) = found.search(query, 1, weights=COLOUR, titles=True)
    assert names(with_titles) == [("0", 0) if kind == "title" else ("1", 0)]
    # Who asks for what is like such a shot asks for such shots.
    (like,) = found.search(found.query_of_shot("0" * 32, 0), 1, weights=COLOUR)
    assert names(like) == [("0", 0)]


def written(line: Line, clear_until: float = 0.0) -> Lettering:
    """A line in a shot of one second that was looked at four times, from an instant on."""
    instants = (0.1, 0.35, 0.6, 0.85)
    return Lettering(instants, tuple(() if at < clear_until else (line,) for at in instants))


def test_how_much_of_a_shot_is_written_over_is_kept_with_the_index(library: Library, tmp_path: Path) -> None:
    stamp = Line("2015-03-25", 0.9, 0.7, 0.9, 0.2, 0.05)
    title = Line("THE END", 0.9, 0.2, 0.3, 0.6, 0.3)
    library.add(hand_made(tmp_path / "4.mp4", 4, EAST, lettering=written(stamp)))
    library.add(hand_made(tmp_path / "5.mp4", 5, EAST, lettering=written(title, clear_until=0.5)))
    for _ in range(2):
        found = open_neighbours(library)
        assert found.covered("1" * 32, 0, 1.0) == 0
        assert found.covered("4" * 32, 0, 0.1) == pytest.approx(0.01)
        # The first two pictures are clear: 0.35 s.
        assert found.covered("5" * 32, 0, 0.3) == 0
        assert found.covered("5" * 32, 0, 0.5) == pytest.approx(0.18)
        assert [found.shows_title("5" * 32, 0, needed) for needed in (0.3, 0.5)] == [False, True]
        assert not found.shows_title("4" * 32, 0, 1.0)
        assert dict(found.lettering.texts()) == {4: "2015-03-25", 5: "THE END"}
        assert list(found.lettering.known) == [False] * 4 + [True] * 2
        # The second time it comes from the cache.
        assert is_current(library)


def test_the_length_and_place_of_a_shot_can_be_had_and_those_of_no_shot_are_an_error(library: Library) -> None:
    found = open_neighbours(library)
    assert found.seconds("2" * 32, 0) == 1.0
    assert [found.row(digit * 32, shot) for digit, shot in (("1", 0), ("1", 1), ("2", 0), ("3", 0))] == [0, 1, 2, 3]
    assert [found.film_number(digit * 32) for digit in "123"] == [0, 1, 2]
    for film, shot in (("1" * 32, 2), ("1" * 32, -1), ("3" * 32, 1), ("f" * 32, 0)):
        for ask in (found.row, found.seconds, found.query_of_shot):
            with pytest.raises(LibraryError, match="has no shot"):
                ask(film, shot)


# Weights


def test_weights_change_the_ranking_of_the_same_index(empty: Library, tmp_path: Path) -> None:
    """Of three shots the first is like the query in colour alone, the second in composition, the third in neither."""
    alike, unlike = [1.0, 0, 0], [0, 1.0, 0]
    shots = told(colour=[alike, unlike, unlike], composition=[unlike, alike, unlike])
    empty.add(hand_made(tmp_path / "1.mp4", 1, shots))
    found = open_neighbours(empty)
    files = {file: file.stat().st_mtime_ns for file in (empty.path / "index").iterdir()}
    query = found.query(told(colour=[alike], composition=[alike]))

    def ranking(**weights: float) -> list[tuple[int, float]]:
        return [(hit.shot, round(hit.score, 4)) for hit in found.search(query, 3, weights=weights)[0]]

    assert ranking(colour=1) == [(0, 1), (1, 0), (2, 0)]
    assert ranking(composition=1) == [(1, 1), (0, 0), (2, 0)]
    assert ranking(colour=3, composition=1) == [(0, 0.75), (1, 0.25), (2, 0)]
    assert ranking(colour=1, composition=4) == [(1, 0.8), (0, 0.2), (2, 0)]
    assert ranking(scale=1) == [(0, 1), (1, 1), (2, 1)]
    assert {file: file.stat().st_mtime_ns for file in (empty.path / "index").iterdir()} == files


def test_a_score_is_the_mean_of_the_cosines_of_its_cues_by_weight(crowd: Library) -> None:
    found = open_neighbours(crowd)
    weights = {"content": 2.0, "colour": 1.0, "rhythm": 0.5}
    for film, shot in (("1" * 32, 3), ("3" * 32, 19)):
        query = found.query_of_shot(film, shot)
        (hits,) = found.search(query, 60, weights=weights)
        assert len(hits) == 60
        assert (hits[0].film, hits[0].shot, hits[0].score) == (film, shot, pytest.approx(1, abs=1e-5))
        for hit in hits:
            by_cue = {entry.cue: entry.score for entry in found.explain(query, hit)}
            assert list(by_cue) == cue_names()
            mean = sum(weight * by_cue[cue] for cue, weight in weights.items()) / sum(weights.values())
            assert hit.score == pytest.approx(mean, abs=1e-5)


def test_the_vectors_of_shots_have_the_cosines_that_searching_finds(crowd: Library) -> None:
    found = open_neighbours(crowd)
    for weights in (PRESETS["balanced"], COLOUR):
        (hits,) = found.search(found.query_of_shot("2" * 32, 7), 60, weights=weights)
        vectors = found.vectors(hits, weights=weights)
        assert vectors.dtype == np.float32
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=1e-5)
        assert vectors @ vectors[0] == pytest.approx([hit.score for hit in hits], abs=1e-5)
        assert len(found.vectors([], weights=weights)) == 0


def test_what_a_query_does_not_know_weighs_nothing(library: Library) -> None:
    """A still picture tells nothing of movement: its vector there stands for that, and is far from all."""
    found = open_neighbours(library)
    still = found.query(told(colour=EAST, movement=NORTH, unknown=["movement"]))
    running = found.query(told(colour=EAST, movement=NORTH))
    weights = {"colour": 1.0, "movement": 1.0}
    assert found.search(still, 4, weights=weights) == found.search(still, 4, weights=COLOUR)
    assert found.search(running, 1, weights=weights)[0][0].score == pytest.approx(0.5, abs=1e-6)
    (hit,) = found.search(still, 1, weights=weights)[0]
    assert [entry.cue for entry in found.explain(still, hit)] == [name for name in cue_names() if name != "movement"]
    assert [entry.cue for entry in found.explain(running, hit)] == cue_names()


def test_what_a_shot_of_the_library_does_not_know_weighs_nothing_when_it_is_looked_for(
    empty: Library, tmp_path: Path
) -> None:
    empty.add(hand_made(tmp_path / "1.mp4", 1, told(colour=EAST, unknown=["movement", "rhythm"])))
    found = open_neighbours(empty)
    query = found.query_of_shot("1" * 32, 0)
    assert dict(zip(cue_names(), query.known[0].tolist(), strict=True)) == {
        name: name not in ("movement", "rhythm") for name in cue_names()
    }


def test_one_query_can_be_taken_out_of_many(library: Library) -> None:
    found = open_neighbours(library)
    both = found.query(told(colour=EAST + NORTH))
    assert len(both) == 2
    for number, wanted in enumerate((EAST, NORTH)):
        assert len(both.row(number)) == 1
        assert found.search(both.row(number), 4, weights=COLOUR) == nearest(found, wanted, 4)


def test_content_is_whitened_and_read_out_as_the_library_was_made(tmp_path: Path) -> None:
    """With a readout that sees one direction alone, shots that differ in another are the same in half of it."""
    content = [unit(5, 1, 0), unit(5, -1, 0), unit(5, 1, 1), unit(5, -1, 1)]
    scores = []
    for name, options in (("plain", {}), ("read", {"readout": np.array([[0, 1.0, 0], [0, -1.0, 0]])})):
        library = made(tmp_path / name, **options)
        library.add(hand_made(tmp_path / "1.mp4", 1, told(content=content)))
        found = open_neighbours(library)
        (hits,) = found.search(found.query_of_shot("1" * 32, 0), 4, weights={"content": 1.0})
        assert hits[0].shot == 0
        scores.append({hit.shot: hit.score for hit in hits})
    assert scores[1][2] > scores[0][2] + 0.05
    assert scores[1][1] < scores[0][2]


# Reasons


def test_a_surplus_tells_how_unusual_a_likeness_is_among_the_shots_of_the_library(crowd: Library) -> None:
    found = open_neighbours(crowd)
    surpluses: dict[str, list[float]] = {name: [] for name in cue_names()}
    for shot in range(20):
        query = found.query_of_shot("1" * 32, shot)
        for other in range(20):
            for entry in found.explain(query, Hit("2" * 32, other, 0.0)):
                surpluses[entry.cue].append(entry.surplus)
    for values in surpluses.values():
        assert len(values) == 400
        assert np.mean(values) == pytest.approx(0, abs=0.35)
        assert np.std(values) == pytest.approx(1, abs=0.25)
    itself = found.explain(found.query_of_shot("1" * 32, 0), Hit("1" * 32, 0, 1.0))
    assert [entry.score for entry in itself] == pytest.approx([1] * len(CUES), abs=1e-5)
    # Three numbers of content leave little room; in the others nothing else comes near.
    assert all(entry.surplus > (1 if entry.cue == "content" else 2) for entry in itself)
    assert reason(itself, PRESETS["balanced"])


def test_of_shots_that_are_all_alike_and_of_very_few_nothing_is_remarkable(empty: Library, tmp_path: Path) -> None:
    for number, count in ((1, 2), (2, 8)):
        empty.add(hand_made(tmp_path / f"{number}.mp4", number, EAST * count))
        found = open_neighbours(empty)
        explained = found.explain(found.query(told(colour=EAST)), Hit("1" * 32, 0, 1.0))
        assert all(entry.surplus <= 1 for entry in explained)
        assert reason(explained, PRESETS["balanced"]) == ""


# All of them


def test_all_that_can_be_suggested_are_told_in_the_order_of_the_library(library: Library, tmp_path: Path) -> None:
    library.add(hand_made(tmp_path / "0.mp4", 0, EAST, kind="black"))
    assert names(open_neighbours(library).suggested()) == [("1", 0), ("1", 1), ("2", 0), ("3", 0)]


def test_a_library_of_black_suggests_nothing(empty: Library, tmp_path: Path) -> None:
    empty.add(hand_made(tmp_path / "1.mp4", 1, EAST, kind="black"))
    assert open_neighbours(empty).suggested() == []
    assert nearest(open_neighbours(empty), EAST, 3) == [[]]


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
    assert names(nearest(open_neighbours(library), EAST, 2)[0]) == [("1", 0), ("4", 0)]
    assert is_current(library)
    library.remove("1" * 32)
    assert not is_current(library)
    assert names(nearest(open_neighbours(library), EAST, 2)[0]) == [("4", 0), ("2", 0)]
    # The same film with other vectors, as after another version of the shots.
    library.add(hand_made(tmp_path / "4.mp4", 4, [[0, 0, 1], [0, 1, 0]]))
    assert names(nearest(open_neighbours(library), EAST, 1)[0]) == [("2", 0)]


def test_the_cache_gives_the_answers_of_the_index_it_was_written_from(tmp_path: Path) -> None:
    random = np.random.default_rng(2)
    library = made(tmp_path / "lib", readout=random.normal(0, 1, (4, 3)))
    for number in (1, 2):
        drawn = {name: [unit(*random.normal(0, 1, size)) for _ in range(5)] for name, size in DIMENSIONS.items()}
        library.add(hand_made(tmp_path / f"{number}.mp4", number, told(**drawn, unknown=["rhythm"])))
    built = open_neighbours(library)
    assert is_current(library)
    read = open_neighbours(Library.open(library.path))
    assert (len(read), read.usable_count) == (len(built), built.usable_count) == (10, 10)
    drawn = {name: [unit(*random.normal(0, 1, size)) for _ in range(2)] for name, size in DIMENSIONS.items()}
    asked = told(**drawn)
    for weights in PRESETS.values():
        found = built.search(built.query(asked), 10, weights=weights)
        assert read.search(read.query(asked), 10, weights=weights) == found
        for number, hits in enumerate(found):
            one, other = built.query(asked).row(number), read.query(asked).row(number)
            for hit in hits:
                assert explained(built, one, hit) == explained(read, other, hit)
        assert np.array_equal(read.vectors(found[0], weights=weights), built.vectors(found[0], weights=weights))
    assert np.array_equal(read.query_of_shot("1" * 32, 1).known, built.query_of_shot("1" * 32, 1).known)
    assert read.seconds("1" * 32, 1) == built.seconds("1" * 32, 1)


def explained(found: Neighbours, query: Query, hit: Hit) -> list[CueScore]:
    entries = found.explain(query, hit)
    assert entries
    return entries


def test_a_cached_index_needs_no_readout_and_a_new_one_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    library = made(tmp_path / "lib", readout=np.eye(3))
    library.add(hand_made(tmp_path / "1.mp4", 1, EAST))
    expected = nearest(open_neighbours(library), EAST, 1)
    (library.path / "readout.npy").unlink()
    assert nearest(open_neighbours(library), EAST, 1) == expected
    library.add(hand_made(tmp_path / "2.mp4", 2, EAST))
    with pytest.raises(LibraryError, match=r"readout\.npy: cannot be read .*; restore it, or index into a new folder"):
        open_neighbours(library)


def test_only_one_generation_of_the_cache_is_kept(library: Library, tmp_path: Path) -> None:
    open_neighbours(library)
    library.add(hand_made(tmp_path / "4.mp4", 4, EAST))
    open_neighbours(library)
    suffixes = sorted(file.suffix for file in (library.path / "index").iterdir())
    assert suffixes == [".faiss", ".json", ".npz"]


@pytest.mark.parametrize("suffix", [".faiss", ".npz", ".json"])
@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "noise"])
def test_a_damaged_cache_is_built_again(library: Library, suffix: str, damage: str) -> None:
    expected = nearest(open_neighbours(library), EAST, 4)
    (file,) = (library.path / "index").glob(f"*{suffix}")
    content = file.read_bytes()
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "noise": b"\x93" * len(content)}[damage])
    assert not is_current(library)
    assert nearest(open_neighbours(library), EAST, 4) == expected
    assert is_current(library)


def test_one_damaged_film_is_left_out_with_a_warning(library: Library, caplog: pytest.LogCaptureFixture) -> None:
    file = library.path / "films" / f"{'1' * 32}.parquet"
    file.write_bytes(file.read_bytes()[:100])
    with caplog.at_level(logging.WARNING):
        (hits,) = nearest(open_neighbours(library), EAST, 9)
    assert names(hits) == [("2", 0), ("3", 0)]
    assert str(file) in caplog.text


def test_a_library_of_damaged_films_alone_says_so(empty: Library, tmp_path: Path) -> None:
    empty.add(hand_made(tmp_path / "1.mp4", 1, EAST))
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
            assert names(nearest(open_neighbours(library), EAST, 1)[0]) == [("1", 0)]
        assert "the index could not be kept" in caplog.text
        assert not is_current(library)
    finally:
        library.path.chmod(0o700)
