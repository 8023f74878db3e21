"""The adviser: what the library suggests is what `match` would, for whatever the clips have become."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from reinterpret import choosing, matching
from reinterpret.assignment import Rules
from reinterpret.choosing import shot_of
from reinterpret.costs import Costs
from reinterpret.cues import PRESETS
from reinterpret.edits import EditList
from reinterpret.embeddings import Film
from reinterpret.errors import LibraryError, UsageError
from reinterpret.library import Library
from reinterpret.match_settings import MatchSettings
from reinterpret.matching import match
from reinterpret.neighbours import open_neighbours
from reinterpret.shots import Detection
from reinterpret.studio import reading
from reinterpret.studio.adviser import Adviser, Wish
from reinterpret.studio.reading import read_trailer
from reinterpret.studio.session import Session
from tests.conftest import make_video
from tests.title_cards import two_cards

# Processes, films and interruptions: CI runs it, `make test` has to stay short.
pytestmark = pytest.mark.slow


# Nothing twice, at any price.
NEVER_TWICE = Rules(costs=Costs(repeat=9, twin=9, stretch=9))


@pytest.fixture(scope="module")
def edit(trailer: Path, library: Library) -> EditList:
    return match(trailer, library)


@pytest.fixture(scope="module")
def adviser(edit: EditList, library: Library) -> Iterator[Adviser]:
    made = ready(library, edit)
    yield made
    made.close()


@pytest.fixture
def path(edit: EditList, tmp_path: Path) -> Path:
    edit.save(tmp_path / "cut.json")
    return tmp_path / "cut.json"


def ready(library: Library | None, edit: EditList, settings: MatchSettings = MatchSettings()) -> Adviser:  # noqa: B008
    made = Adviser(library, settings)
    made.begin(edit)
    assert made.wait(60).stage == ("none" if library is None else "ready")
    return made


def named(edit: EditList, clip: int) -> tuple[str, int]:
    found = edit.clips[clip].match
    assert found is not None
    return edit.film(found.film).name, found.source_shot


# Suggestions


def test_the_library_suggests_for_a_clip_what_match_does(edit: EditList, adviser: Adviser) -> None:
    for number, clip in enumerate(edit.clips):
        found = adviser.suggestions(edit, number, Wish())
        assert found.matches == clip.suggestions
        assert {film.fingerprint for film in found.films} == {entry.film for entry in clip.suggestions}
        assert (found.more, found.from_library) == (False, True)


def test_suggestions_come_in_pages_without_what_was_rejected(edit: EditList, adviser: Adviser) -> None:
    every = edit.clips[1].suggestions
    pages = [adviser.suggestions(edit, 1, Wish(page=number, count=3)) for number in range(4)]
    assert sum((page.matches for page in pages), ()) == every
    assert [page.more for page in pages] == [True, True, False, False]
    rejected = choosing.reject(edit, 1, *shot_of(every[1]))
    assert adviser.suggestions(rejected, 1, Wish()).matches == (every[0], *every[2:])
    assert adviser.suggestions(rejected, 1, Wish(page=1, count=3)).matches == every[4:7]


def test_no_further_page_is_promised_before_the_library_has_read_the_trailer(
    edit: EditList, library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    ten = tuple(replace(edit.clips[1].suggestions[0], source_shot=number) for number in range(10))
    edit = replace(edit, clips=(edit.clips[0], replace(edit.clips[1], suggestions=ten), *edit.clips[2:]))
    may_read = threading.Event()

    def slowly(*words: Any) -> Film:
        assert may_read.wait(60)
        return read_trailer(*words)

    monkeypatch.setattr("reinterpret.studio.adviser.read_trailer", slowly)
    adviser = Adviser(library, MatchSettings())
    adviser.begin(edit)
    try:
        found = adviser.suggestions(edit, 1, Wish())
        assert (found.matches, found.more, found.from_library) == (ten, False, False)
        may_read.set()
        assert adviser.wait(60).stage == "ready"
        # They are in the edit, so nobody has to wait for the library; but it may know more.
        found = adviser.suggestions(edit, 1, Wish())
        assert (found.matches, found.more, found.from_library) == (ten, True, True)
    finally:
        may_read.set()
        adviser.close()


def test_films_can_be_asked_for_and_left_out(edit: EditList, adviser: Adviser) -> None:
    one, two = (film.fingerprint for film in edit.films[:2])
    every = edit.clips[0].suggestions
    only = adviser.suggestions(edit, 0, Wish(films=(one,)))
    assert only.matches == tuple(entry for entry in every if entry.film == one)
    without = adviser.suggestions(edit, 0, Wish(without=(one, two)))
    assert without.matches == tuple(entry for entry in every if entry.film not in (one, two))
    assert len(without.films) == 1


def test_another_cue_ranks_otherwise_with_its_own_scores(edit: EditList, adviser: Adviser) -> None:
    for found in (adviser.suggestions(edit, 0, Wish(weights=PRESETS["colour"])).matches,):
        assert [entry.score for entry in found] == sorted((entry.score for entry in found), reverse=True)
        assert all(entry.score == pytest.approx(dict(entry.cues)["colour"], abs=1e-5) for entry in found)
    assert [shot_of(entry) for entry in found] != [shot_of(entry) for entry in edit.clips[0].suggestions]
    # Without a library it is ranked as far as the edit's own suggestions go.
    own = ready(None, edit).suggestions(edit, 0, Wish(weights=PRESETS["colour"]))
    assert [shot_of(entry) for entry in own.matches] == [shot_of(entry) for entry in found]
    assert [entry.score for entry in own.matches] == pytest.approx([entry.score for entry in found], abs=1e-5)
    assert not own.from_library


def test_more_like_a_shot_is_ranked_by_that_shot_and_scored_by_the_trailer_s(
    edit: EditList, adviser: Adviser, library: Library
) -> None:
    green = edit.clips[3].match
    assert green is not None
    found = adviser.suggestions(edit, 1, Wish(like=shot_of(green))).matches
    assert shot_of(green) not in map(shot_of, found)
    # As a search in the library would have it.
    neighbours = open_neighbours(library)
    (hits,) = neighbours.search(neighbours.query_of_shot(*shot_of(green)), 8, weights=PRESETS["balanced"])
    assert [shot_of(entry) for entry in found] == [(hit.film, hit.shot) for hit in hits[1:]]
    assert [shot_of(entry) for entry in found] != [shot_of(entry) for entry in edit.clips[1].suggestions[:7]]
    scores = {shot_of(entry): entry.score for entry in edit.clips[1].suggestions}
    assert [entry.score for entry in found] == pytest.approx([scores[shot_of(entry)] for entry in found], abs=1e-5)
    assert {entry.target_shot for entry in found} == {1}
    with pytest.raises(LibraryError, match="has no shot 99"):
        adviser.suggestions(edit, 1, Wish(like=(green.film, 99)))


def test_a_library_that_understands_no_words_says_so(edit: EditList, adviser: Adviser) -> None:
    with pytest.raises(LibraryError, match="no classifier"):
        adviser.suggestions(edit, 0, Wish(text="a horse"))


def test_wishes_that_cannot_be_meant(edit: EditList, adviser: Adviser) -> None:
    for wrong in ({"page": -1}, {"count": 0}, {"count": 201}):
        with pytest.raises(UsageError, match="pages are numbered"):
            Wish(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="weights are numbers"):
        Wish(weights={"smell": 1.0})
    with pytest.raises(UsageError, match="no clip 5"):
        adviser.suggestions(edit, 5, Wish())


def test_without_a_library_the_edit_suggests_and_says_what_it_cannot_do(edit: EditList) -> None:
    alone = ready(None, edit)
    assert alone.suggestions(edit, 2, Wish(page=1, count=3)).matches == edit.clips[2].suggestions[3:6]
    only = edit.films[0].fingerprint
    assert {entry.film for entry in alone.suggestions(edit, 2, Wish(films=(only,))).matches} == {only}
    assert only not in {entry.film for entry in alone.suggestions(edit, 2, Wish(without=(only,))).matches}
    for wish in (Wish(text="a horse"), Wish(like=(only, 0))):
        with pytest.raises(UsageError, match="is not there; open the edit with one"):
            alone.suggestions(edit, 2, wish)


def test_one_damaged_film_is_not_suggested(
    edit: EditList, library: Library, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shutil.copytree(library.path, tmp_path / "lib")
    damaged = edit.clips[0].suggestions[0].film
    copy = Library.open(tmp_path / "lib")
    with_all = ready(copy, edit)
    # What it looks at in the background would be read before it is damaged, or after, as chance has it.
    with_all.close()
    file = tmp_path / "lib" / "films" / f"{damaged}.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    copy._read_film.cache_clear()
    copy._read_shots.cache_clear()
    with_all._asking._sources = type(with_all._asking._sources)(copy)  # type: ignore[union-attr]
    with caplog.at_level(logging.WARNING):
        found = with_all.suggestions(edit, 0, Wish()).matches
    assert found == tuple(entry for entry in edit.clips[0].suggestions if entry.film != damaged)
    assert "not suggested" in caplog.text


# Clips that were cut anew


def test_after_a_split_each_part_is_answered_by_itself(edit: EditList, adviser: Adviser) -> None:
    cut = edit.clips[2].first_frame + 12
    made = choosing.split(edit, 2, cut)
    for clip, frames in ((2, 12), (3, 18)):
        found = adviser.suggestions(made, clip, Wish(count=3)).matches
        # Both show what the whole shot shows.
        assert shot_of(found[0]) == shot_of(edit.clips[2].suggestions[0])
        assert {entry.target_shot for entry in found} == {clip}
        assert {entry.source_span.duration for entry in found} == {choosing.needed_seconds(made, clip)}
        assert float(choosing.needed_seconds(made, clip)) == frames / 25
    joined = choosing.join(made, 2)
    assert adviser.suggestions(joined, 2, Wish()).matches == edit.clips[2].suggestions


def test_a_clip_of_two_scenes_is_like_both(edit: EditList, adviser: Adviser) -> None:
    made = choosing.join(edit, 0)
    found = adviser.suggestions(made, 0, Wish(count=4)).matches
    scenes = {shot_of(edit.clips[number].suggestions[0]) for number in (0, 1)}
    assert scenes & {shot_of(entry) for entry in found}
    assert {entry.source_span.duration for entry in found if entry.shot_span.duration > 2} <= {
        choosing.needed_seconds(made, 0)
    }


# Again


def test_again_is_what_match_does(edit: EditList, adviser: Adviser) -> None:
    assert adviser.again(edit) is edit
    others = [entry.suggestions[5] for entry in edit.clips]
    changed = choosing.choose_all(edit, dict(enumerate(others)))
    again = adviser.again(changed)
    assert [clip.match for clip in again.clips] == [clip.match for clip in edit.clips]
    # What was shown meanwhile is still offered.
    assert all(others[number] in clip.suggestions for number, clip in enumerate(again.clips))


def test_locked_clips_keep_their_shots_which_count_as_used(edit: EditList, library: Library) -> None:
    wanted = edit.clips[1].match
    assert wanted is not None
    made = choosing.lock(choosing.choose(edit, 0, wanted), 0)
    adviser = ready(library, edit, MatchSettings(rules=NEVER_TWICE))
    again = adviser.again(made)
    adviser.close()
    assert again.clips[0] is made.clips[0]
    assert shot_of(wanted) not in {shot_of(clip.match) for clip in again.clips[1:] if clip.match}
    assert [named(again, number) for number in (2, 3, 4)] == [named(edit, number) for number in (2, 3, 4)]


def test_what_is_rejected_never_comes_again(edit: EditList, adviser: Adviser) -> None:
    *others, last = edit.clips[2].suggestions
    *refused, _ = rejected = tuple(map(shot_of, others))
    for left in (refused, rejected):
        clip = replace(edit.clips[2], match=last, suggestions=(), rejected=tuple(left))
        made = replace(edit, clips=(*edit.clips[:2], clip, *edit.clips[3:]))
        for seed in (None, 1, 2, 3):
            shown = adviser.again(made, seed=seed).clips[2].match
            assert shown is not None
            assert shot_of(shown) not in left
    # Where nothing else is left it stays.
    assert shown == last


def test_another_seed_is_another_edit_and_the_same_one_the_same(edit: EditList, library: Library) -> None:
    # In which any two of these pictures are alike.
    settings = MatchSettings(weights={"scale": 1.0})
    free = ready(library, edit, settings)
    edits = [free.again(edit, seed=seed) for seed in range(6)]
    assert free.again(edit, seed=3) == edits[3]
    assert len({tuple(map(str, (clip.match for clip in made.clips))) for made in edits}) > 1
    for made in edits:
        shots = [shot_of(clip.match) for clip in made.clips if clip.match]
        assert len(set(shots)) == 5
    free.close()


def test_shots_that_return_are_answered_alike_again(library: Library, tmp_path: Path) -> None:
    trailer = make_video(tmp_path / "dialogue.mp4", *[(name, 0.8) for name in ("fractal", "plate", "fractal", "plate")])
    edit = match(trailer, library)
    adviser = ready(library, edit)
    third = edit.clips[0].suggestions[2]
    changed = choosing.choose_all(edit, {0: third, 1: edit.clips[1].suggestions[3]})
    again = adviser.again(changed)
    assert [clip.match and shot_of(clip.match) for clip in again.clips] == [
        clip.match and shot_of(clip.match) for clip in edit.clips
    ]
    # With one of them locked the other follows, from where it was left.
    followed = adviser.again(choosing.lock(choosing.slide(changed, 0, source_frames=-1000), 0))
    first, second = followed.clips[0].match, followed.clips[2].match
    assert first is not None
    assert second is not None
    assert shot_of(first) == shot_of(second) == shot_of(third)
    assert second.source_span.start >= first.source_span.end == Fraction(4, 5)
    alone = ready(library, edit, MatchSettings(echo=False, rules=NEVER_TWICE))
    shots = [shot_of(clip.match) for clip in alone.again(edit).clips if clip.match]
    assert len(set(shots)) == 4
    adviser.close()
    alone.close()


def test_two_titles_with_other_words_are_answered_each_by_itself_again(
    archive: Path, library: Library, tmp_path: Path
) -> None:
    edit = match(two_cards(tmp_path / "cards.mp4", archive / "one.mp4"), library, MatchSettings(titles="match"))
    adviser = ready(library, edit)
    again = adviser.again(edit)
    assert named(again, 0) != named(again, 2)
    adviser.close()


def test_a_locked_shot_of_a_film_that_the_library_has_not_stays(edit: EditList, adviser: Adviser) -> None:
    strange = replace(edit.films[0], fingerprint="f" * 32)
    wanted = replace(edit.clips[0].suggestions[0], film="f" * 32)
    made = choosing.lock(choosing.choose(edit, 0, wanted, films=[strange]), 0)
    again = adviser.again(made, seed=1)
    assert again.clips[0] is made.clips[0]
    assert adviser.measured(made, [0]) is made


# In a session


def test_the_library_helps_out_and_measures_in_a_session(path: Path, library: Library) -> None:
    session = opened(path, library)
    try:
        state = session.state()
        first = state.edit
        swapped = session.swap(state.revision, 0, 1)
        for clip in (0, 1):
            found = swapped.edit.clips[clip].match
            assert found is not None
            offered = {shot_of(entry): entry for entry in session.suggestions(clip).matches}
            assert (found.score, found.cues) == (offered[shot_of(found)].score, offered[shot_of(found)].cues)
        assert session.swap(swapped.revision, 0, 1).edit == first
        # A clip without suggestions of its own: the library knows others.
        bare = replace(first.clips[3], suggestions=())
        state = session.apply(
            session.state().revision, lambda edit: replace(edit, clips=(*edit.clips[:3], bare, *edit.clips[4:]))
        )
        assert bare.match is not None
        state = session.reject(state.revision, 3, *shot_of(bare.match))
        assert state.edit.clips[3].match is not None
        shown = [shot_of(clip.match) for clip in state.edit.clips if clip.match]
        assert len(set(shown)) == 5
        # And any shot can be chosen.
        state = session.choose(state.revision, 3, bare.match.film, 0)
        assert state.edit.clips[3].match is not None
        assert shot_of(state.edit.clips[3].match) == (bare.match.film, 0)
        with pytest.raises(LibraryError, match="no shot 99"):
            session.choose(state.revision, 3, bare.match.film, 99)
    finally:
        session.close()


def test_without_a_library_only_what_is_suggested_can_be_chosen(path: Path) -> None:
    session = Session.open(path)
    with pytest.raises(UsageError, match="is not among the suggestions of clip 0"):
        session.choose(1, 0, "c" * 32, 7)
    assert session.progress().stage == "none"
    session.close()


def opened(path: Path, library: Library) -> Session:
    session = Session.open(path, library)
    assert session.wait(60).stage == "ready"
    return session


# The reading of the trailer


def test_a_trailer_is_read_once(
    edit: EditList, library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    assert edit.trailer is not None
    told: list[object] = []
    made = match(edit.trailer.path, library, read=read_trailer, on_seconds=lambda *done: told.append(done))
    assert made == edit
    assert told
    with monkeypatch.context() as patch:
        patch.setattr(matching, "embed_video", None)
        second = ready(library, edit)
        assert second.suggestions(edit, 0, Wish()).matches == edit.clips[0].suggestions
        second.close()
        # For other shots, or another encoder, it is read anew.
        with pytest.raises(TypeError):
            read_trailer(edit.trailer, library, Detection("none"), lambda: None)  # type: ignore[arg-type,return-value]
    (file,) = (tmp_path / "cache" / "trailers").iterdir()
    file.write_bytes(file.read_bytes()[:1000])
    third = ready(library, edit)
    assert third.suggestions(edit, 0, Wish()).matches == edit.clips[0].suggestions
    third.close()


def test_only_so_many_trailers_are_kept(
    edit: EditList, library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path))
    monkeypatch.setattr(reading, "_MOST_BYTES", 1000)
    (tmp_path / "trailers").mkdir()
    for number in range(4):
        (tmp_path / "trailers" / f"old{number}.parquet").write_bytes(bytes(500))
    ready(library, edit).close()
    (kept,) = (tmp_path / "trailers").iterdir()
    assert not kept.name.startswith("old")


def test_a_trailer_that_is_gone_is_a_reason_and_no_end(
    edit: EditList, library: Library, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path))
    assert edit.trailer is not None
    gone = replace(edit, trailer=replace(edit.trailer, path=tmp_path / "gone.mp4"))
    adviser = Adviser(library, MatchSettings())
    adviser.begin(gone)
    progress = adviser.wait(60)
    assert progress.stage == "failed"
    assert "gone.mp4" in progress.message
    assert adviser.suggestions(gone, 0, Wish()).matches == edit.clips[0].suggestions
    with pytest.raises(UsageError, match=r"gone\.mp4"):
        adviser.suggestions(gone, 0, Wish(text="a horse"))
    adviser.close()


def test_closing_ends_the_reading(library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path))
    trailer = make_video(tmp_path / "long.mp4", ("fractal", 20))
    edit = match(trailer, library, detection=Detection("none"))
    adviser = Adviser(library, MatchSettings())
    adviser.begin(edit)
    while adviser.progress().share == 0 and adviser.progress().stage == "reading":
        time.sleep(0.01)
    begun = time.monotonic()
    adviser.close()
    assert time.monotonic() - begun < 5
    assert not (tmp_path / "trailers").exists()


def test_what_is_cut_anew_is_looked_at_in_the_background(path: Path, library: Library) -> None:
    session = opened(path, library)
    try:
        state = session.state()
        frame = state.edit.clips[4].first_frame + 10
        session.apply(state.revision, partial(choosing.split, clip=4, frame=frame))
        asking = session._adviser._asking
        assert asking is not None
        known = asking._targets._known
        deadline = time.monotonic() + 30
        while not {(90, frame), (frame, 125)} <= set(known) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert {(90, frame), (frame, 125)} <= set(known)
    finally:
        session.close()
