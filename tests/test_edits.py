"""The edit: what holds together, what is refused, and how it is kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, cast, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import FORMAT_VERSION, Clip, ClipKind, EditList, EditTexts, Match, PassedOver, Soundtrack
from reinterpret.errors import EditError, OutputError
from reinterpret.files import json_text
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid, Video
from tests.judging import ROOT, edit_of, numbered_film

RATES = [Fraction(25), Fraction(24000, 1001), Fraction(30000, 1001), Fraction(15, 2), Fraction(1)]


def film(name: str, digit: str = "a", **facts: object) -> Video:
    video = Video(
        path=Path("/films") / name,
        fingerprint=digit * 32,
        frame_rate=Fraction(25),
        frame_count=100,
        width=320,
        height=180,
        rotation=0,
        sample_aspect=Fraction(1),
        duration=Fraction(4),
        start=Fraction(0),
        audio=True,
        container="mov,mp4,m4a,3gp,3g2,mj2",
    )
    return replace(video, **facts)  # type: ignore[arg-type]


def found(start: float = 1, end: float = 2, *, target: int = 0, name: str = "b", score: float = 0.5) -> Match:
    whole = Span(Fraction(0), Fraction(4))
    used = Span(Fraction(str(start)), Fraction(str(end)))
    return Match(target, name * 32, 0, whole, used, score, (("content", score),))


def edit(*clips: Clip, frame_count: int | None = None) -> EditList:
    frames = sum(clip.frame_count for clip in clips) if frame_count is None else frame_count
    grid = FrameGrid(Fraction(25), frames)
    return EditList(film("trailer.mp4"), grid, (film("source.mp4", "b"),), clips)


@st.composite
def transitions(draw: st.DrawFn, frames: int, before: Clip | None) -> dict[str, Fade | Dissolve | None]:
    """Fades and dissolves for which a clip of so many frames, and the clip before it, have room."""

    def fade(most: int) -> Fade | None:
        gains = draw(st.lists(st.floats(0, 1), max_size=min(most, 3)))
        return Fade(draw(st.sampled_from(["black", "white"])), tuple(gains)) if gains else None

    room = before.frame_count - before.changing_frames if before is not None and before.fade_out is None else 0
    if before is not None and before.fade_out is None and draw(st.booleans()):
        dissolve = Dissolve(draw(st.integers(0, min(room, 24))), draw(st.integers(1, min(frames, 9))))
        return {"dissolve": dissolve, "fade_out": fade(frames - dissolve.after)}
    first = fade(frames)
    return {"fade_in": first, "fade_out": fade(frames - len(first or ()))}


@st.composite
def edits(draw: st.DrawFn) -> EditList:
    """Edits of any clips on any grid, with paths as odd as a file system allows."""
    names = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="/\0"), min_size=1, max_size=20)
    fractions = st.fractions(0, 3600, max_denominator=90000)
    films = [
        film(
            draw(names.filter(lambda name: name not in (".", ".."))),
            digit,
            frame_rate=draw(st.sampled_from(RATES)),
            rotation=draw(st.sampled_from([0, 90, 180, 270])),
            sample_aspect=draw(st.fractions(Fraction(1, 4), 4)),
            start=draw(st.fractions(-10, 10)),
            duration=draw(fractions),
            audio=draw(st.booleans()),
            timestamps=draw(st.sampled_from(["pts", "dts", "counted"])),
        )
        for digit in "abc"
    ]

    def match(number: int) -> Match:
        a, b, c, d = sorted(draw(st.lists(fractions, min_size=4, max_size=4, unique=True)))
        score = draw(st.floats(-1, 1))
        used = draw(st.sampled_from([Span(b, c), Span(a, d), Span(a, b)]))
        cues = (("content", score), (draw(names), draw(st.floats(-1, 1))))
        return Match(
            number,
            draw(st.sampled_from("bc")) * 32,
            number,
            Span(a, d),
            used,
            score,
            tuple(dict(cues).items()),
            draw(st.text(st.characters(exclude_categories=("Cs",)), max_size=20)),
        )

    clips, first = [], 0
    for number in range(draw(st.integers(1, 5))):
        frames = draw(st.integers(1, 10_000))
        kind = draw(st.sampled_from(get_args(ClipKind)))
        others = tuple(match(number) for _ in range(draw(st.integers(0, 2))))
        person = {
            "locked": draw(st.booleans()),
            "rejected": draw(st.sampled_from([(), (("d" * 32, 7), ("b" * 32, 9))])),
            "passed_over": draw(st.sampled_from([(), (PassedOver("c" * 32, 3, 0.75, "shown already"),)])),
            **draw(transitions(frames, clips[-1] if clips else None)),
        }
        if kind == "footage":
            speed = draw(st.fractions(Fraction(1, 4), 4).filter(lambda value: value > 0))
            clips.append(Clip(first, frames, "footage", match(number), speed, others, **person))
        else:
            clips.append(Clip(first, frames, kind, suggestions=others, **person))
        first += frames
    places = st.integers(1, first - 1) if first > 1 else st.nothing()
    dropped = tuple(sorted(draw(st.sets(places, max_size=3)))) if first > 1 else ()
    return EditList(films[0], FrameGrid(draw(st.sampled_from(RATES)), first, dropped), tuple(films[1:]), tuple(clips))


@settings(deadline=None, max_examples=60)
@given(made=edits())
def test_what_is_saved_is_what_is_loaded(made: EditList, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "round-trip.json"
    made.save(path)
    assert EditList.load(path) == made
    assert EditList.load(path).dumps() == made.dumps() == path.read_text(encoding="utf-8")


@settings(deadline=None, max_examples=30)
@given(states=st.lists(edits(), min_size=1, max_size=3))
def test_what_is_written_is_plain_json_whatever_was_written_before(states: list[EditList]) -> None:
    texts = EditTexts()
    for made in [*states, *states]:
        text = texts.of(made)
        assert text == made.dumps() == json_text(json.loads(text), indent=1) + "\n"


@pytest.mark.parametrize(
    "clips",
    [
        (Clip(0, 10, "black"), Clip(11, 10, "black")),
        (Clip(0, 10, "black"), Clip(9, 10, "black")),
        (Clip(1, 10, "black"),),
        (Clip(10, 10, "black"), Clip(0, 10, "black")),
    ],
    ids=["gap", "overlap", "late start", "out of order"],
)
def test_clips_that_do_not_tile_the_trailer_are_refused(clips: tuple[Clip, ...]) -> None:
    with pytest.raises(ValueError, match="frame"):
        edit(*clips)


@pytest.mark.parametrize("total", [19, 21])
def test_another_number_of_frames_than_the_trailer_s_is_refused(total: int) -> None:
    with pytest.raises(ValueError, match=rf"20 frames, the trailer has {total}"):
        edit(Clip(0, 20, "black"), frame_count=total)


def test_a_film_that_is_not_in_the_list_is_refused() -> None:
    with pytest.raises(ValueError, match="cccc"):
        edit(Clip(0, 20, "footage", found(name="c")))
    with pytest.raises(ValueError, match="cccc"):
        edit(Clip(0, 20, "footage", found(), suggestions=(found(name="c"),)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: Clip(-1, 5, "black"),
        lambda: Clip(0, 0, "black"),
        lambda: Clip(0, 5, "footage"),
        lambda: Clip(0, 5, "black", found()),
        lambda: Clip(0, 5, "title", found()),
        lambda: Clip(0, 5, "grey"),  # type: ignore[arg-type]
        lambda: Clip(0, 5, "white", fade_in=Fade("black", (0.5,)), dissolve=Dissolve(1, 1)),
        lambda: Clip(0, 5, "white", fade_in=Fade("black", (0.5,) * 3), fade_out=Fade("black", (0.5,) * 3)),
        lambda: Clip(0, 5, "white", dissolve=Dissolve(0, 6)),
        lambda: Fade("grey", (0.5,)),  # type: ignore[arg-type]
        lambda: Fade("black", ()),
        lambda: Fade("black", (0.5, 1.01)),
        lambda: Fade("black", (float("nan"),)),
        lambda: Dissolve(0, 0),
        lambda: Dissolve(-1, 3),
        lambda: Clip(0, 5, "black", speed=Fraction(0)),
        lambda: Clip(0, 5, "black", speed=Fraction(17)),
        lambda: Clip(0, 5, "footage", found(), rejected=(("b" * 32, 0),)),
        lambda: Clip(0, 5, "black", suggestions=(found(),), rejected=(("b" * 32, 0),)),
        lambda: found(score=1.01),
        lambda: found(score=float("nan")),
        lambda: found(3, 5),
        lambda: found(-1, 2),
    ],
)
def test_clips_and_matches_that_cannot_be_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="got"):
        make()


def test_a_dissolve_takes_the_frames_of_its_clips_and_no_other_transition_s() -> None:
    first = Clip(0, 10, "footage", found(1, 1.4))
    second = Clip(10, 10, "footage", found(2, 2.4), dissolve=Dissolve(6, 4))
    assert edit(first, second).clips[1].dissolve == Dissolve(6, 4)
    for before in (
        replace(first, fade_out=Fade("black", (0.5,))),
        replace(first, fade_in=Fade("black", (0.5,) * 5)),
    ):
        with pytest.raises(ValueError, match="frame 10 reaches into another transition"):
            edit(before, second)
    with pytest.raises(ValueError, match="none before it"):
        edit(replace(first, dissolve=Dissolve(1, 1)))


@pytest.mark.parametrize(
    ("out", "into", "fits"),
    [
        # 4 s of shot at 25 frames a second; the dissolve needs 6 frames before one in-point, 4 behind the other's end
        ((1, 1.4), (2, 2.4), True),
        ((3.6, 4), (2, 2.4), False),
        ((3.44, 3.84), (2, 2.4), True),
        ((3.48, 3.88), (2, 2.4), False),
        ((1, 1.4), (0.24, 0.64), True),
        ((1, 1.4), (0.2, 0.6), False),
    ],
)
def test_a_dissolve_is_one_where_both_shots_have_the_frames_for_it(
    out: tuple[float, float], into: tuple[float, float], fits: bool
) -> None:
    made = edit(
        Clip(0, 10, "footage", found(*out)), Clip(10, 10, "footage", found(*into), dissolve=Dissolve(before=6, after=4))
    )
    assert (made.dissolve_at(1) is not None) == fits
    assert made.dissolve_at(0) is None


def test_no_picture_of_a_dissolve_stands_still() -> None:
    for shot_end, fits in ((Fraction(54, 25), True), (Fraction(53, 25), False)):
        into = replace(found(2, 2.04), shot_span=Span(Fraction(0), shot_end))
        made = edit(
            Clip(0, 10, "footage", found(1, 1.4)), Clip(10, 10, "footage", into, dissolve=Dissolve(before=6, after=4))
        )
        assert (made.dissolve_at(1) is not None) == fits


def test_no_dissolve_goes_to_black_or_to_a_title() -> None:
    for kind in ("black", "white", "title"):
        other = Clip(10, 10, cast(ClipKind, kind), dissolve=Dissolve(3, 3))
        assert edit(Clip(0, 10, "footage", found(1, 1.4)), other).dissolve_at(1) is None


def test_a_dissolve_goes_evenly_from_one_to_the_other() -> None:
    dissolve = Dissolve(2, 1)
    assert [dissolve.share(frame) for frame in range(-4, 3)] == [0, 0, 0.25, 0.5, 0.75, 1, 1]


def test_source_seconds_follow_the_grid_and_hold_the_last_frame() -> None:
    made = edit(Clip(0, 10, "footage", found(3.8, 4)), Clip(10, 10, "footage", found(1, 2), Fraction(1, 2)))
    held = made.source_seconds(made.clips[0])
    assert held[:5] == [Fraction(19, 5) + Fraction(frame, 25) for frame in range(5)]
    assert len(set(held[5:])) == 1
    # Within the last frame of the shot, which is on the screen from 3.96 to 4.
    assert Fraction(99, 25) < held[-1] < 4
    assert made.source_seconds(made.clips[1]) == [1 + Fraction(frame, 50) for frame in range(10)]


def test_source_seconds_leave_out_dropped_frames() -> None:
    grid = FrameGrid(Fraction(25), 4, (2,))
    made = EditList(film("t"), grid, (film("s", "b"),), (Clip(0, 4, "footage", found(1, 2)),))
    assert made.source_seconds(made.clips[0]) == [1 + Fraction(slot, 25) for slot in (0, 1, 3, 4)]


# Files


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    made = edit(Clip(0, 20, "footage", found()), Clip(20, 5, "black"))
    made.save(tmp_path / "cut.json")
    return tmp_path / "cut.json"


def changed(path: Path, change: Callable[[dict], object]) -> Path:
    values = json.loads(path.read_text(encoding="utf-8"))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    return path


def test_an_edit_of_the_first_version_is_still_read(saved: Path) -> None:
    """It had no words for what two shots share, no titles, the trailer's sound alone, no locks and nothing rejected."""

    def older(values: dict) -> None:
        values["version"] = 1
        del values["soundtrack"]
        for clip in values["clips"]:
            del clip["locked"], clip["rejected"]
            del clip["fade_in"], clip["fade_out"], clip["dissolve"], clip["passed_over"]
            for match in [*([clip["match"]] if clip["match"] else []), *clip["suggestions"]]:
                del match["shared"]

    made = EditList.load(saved)
    assert EditList.load(changed(saved, older)) == made
    assert json.loads(made.dumps())["version"] == FORMAT_VERSION


def test_films_that_were_passed_over_are_named_in_the_edit() -> None:
    passed = PassedOver("b" * 32, 4, 0.8, "the same footage as shot 12's match")
    made = edit(Clip(0, 25, "black", passed_over=(passed,)))
    assert made.told(passed) == f"{made.films[0].path.stem} 0.80, the same footage as shot 12's match"
    with pytest.raises(ValueError, match="passed over is not in the list"):
        edit(Clip(0, 25, "black", passed_over=(replace(passed, film="d" * 32),)))


def test_what_two_shots_share_is_kept(tmp_path: Path) -> None:
    made = edit(Clip(0, 20, "footage", replace(found(), shared="same movement: pan left")), Clip(20, 5, "title"))
    made.save(tmp_path / "cut.json")
    loaded = EditList.load(tmp_path / "cut.json")
    assert loaded == made
    assert [clip.kind for clip in loaded.clips] == ["footage", "title"]
    assert loaded.clips[0].match is not None
    assert loaded.clips[0].match.shared == "same movement: pan left"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda v: v.update(version=FORMAT_VERSION + 1), "newer"),
        (lambda v: v.update(version="1"), "newer"),
        (lambda v: v.update(version=None), "newer"),
        (lambda v: v.update(format="something"), "is not an edit"),
        (lambda v: v["grid"].update(rate="0/1"), 'grid.rate: expected a fraction above 0, got "0/1"'),
        (lambda v: v["grid"].update(rate="1/0"), 'grid.rate: expected a fraction such as 25/1, got "1/0"'),
        (lambda v: v["grid"].update(frame_count=26), "grid.frame_count: expected 25, the frames of all clips, got 26"),
        (lambda v: v["grid"].update(frame_count=1e400), "grid.frame_count: expected a whole number from 1 on, got Inf"),
        (lambda v: v["grid"].update(dropped=[3, 3]), "grid.dropped[1]: expected a whole number from 4 on, got 3"),
        (lambda v: v["grid"].update(dropped=[26]), "grid.dropped[0]: expected a place within the grid, got 26"),
        (lambda v: v["clips"][0].update(first_frame=1), "clips[0].first_frame: expected frame 0, got 1"),
        (
            lambda v: v["clips"][1].update(first_frame=21),
            "clips[1].first_frame: expected frame 20, at which the clip before ends, got 21",
        ),
        (lambda v: v["clips"][1].update(frame_count=0), "clips[1].frame_count: expected a whole number from 1 on"),
        (lambda v: v["clips"][0].update(kind="gold"), "kind: expected one of footage, black, white, title, got"),
        (lambda v: v["clips"][0].update(speed="17/1"), 'clips[0].speed: expected a fraction up to 16, got "17/1"'),
        (lambda v: v["clips"][0].update(match=None), "clips[0].match: expected a match, as the clip is footage"),
        (lambda v: v["clips"][0].update(kind="black"), "clips[0].match: expected null, as the clip is black"),
        (lambda v: v["clips"][0].update(rejected=[["b" * 32, 0]]), "match.source_shot: expected a shot that is not"),
        (lambda v: v["clips"][0].update(rejected=[["b" * 32]]), "rejected[0]: expected a list of 2 values, got a list"),
        (lambda v: v["clips"][0]["match"].update(score=float("nan")), "score: expected a number from -1 to 1, got NaN"),
        (lambda v: v["clips"][0]["match"].update(score=1.5), "score: expected a number from -1 to 1, got 1.5"),
        (lambda v: v["clips"][0]["match"].update(source=["1/1"]), "source: expected a list of 2 values"),
        (lambda v: v["clips"][0]["match"].update(source=["2/1", "1/1"]), "source: expected two fractions of which"),
        (lambda v: v["clips"][0]["match"].update(source=["1/1", "5/1"]), "source: expected a span within that of the"),
        (lambda v: v["clips"][0]["match"].update(film="d" * 32), "film: expected the fingerprint of one of the films"),
        (lambda v: v["clips"][0]["match"]["cues"].update({"odd one": "a"}), 'match.cues["odd one"]: expected a number'),
        (
            lambda v: v["clips"][0].update(
                passed_over=[{"film": "d" * 32, "source_shot": 1, "score": 0.5, "reason": "used"}]
            ),
            "passed_over[0].film: expected the fingerprint of one of the films of the edit",
        ),
        (lambda v: v.update(trailer=None), "trailer: is missing, and is what is heard"),
        (lambda v: v["soundtrack"].update(kind="file"), "soundtrack.path: expected the path of a file, got null"),
        (lambda v: v["soundtrack"].update(path="/a.wav"), "soundtrack.path: expected null, as the sound is trailer"),
        (lambda v: v["trailer"].update(rotation=45), "trailer.rotation: expected one of 0, 90, 180, 270, got 45"),
        (lambda v: v["films"].update({"c" * 32: v["films"]["b" * 32]}), "expected that under which the film stands, c"),
    ],
)
def test_an_edit_that_does_not_hold_together_is_an_error_that_names_the_file(
    saved: Path, change: Callable[[dict], object], words: str
) -> None:
    with pytest.raises(EditError) as caught:
        EditList.load(changed(saved, change))
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(saved))


# Every single field, damaged by hand

OPTIONAL = {"soundtrack", "shared", "locked", "rejected", "fade_in", "fade_out", "dissolve", "passed_over"}
"""What older versions of the format had not."""
ANY_TEXT = {"path", "container", "shared", "fingerprint"}
FREE = {"films", "cues"}
"""Objects whose names are not given."""


def fields(values: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The way to every value in JSON values, in the order in which they are written."""
    members = values.items() if isinstance(values, dict) else enumerate(values) if isinstance(values, list) else ()
    for step, value in members:
        yield (*path, step)
        yield from fields(value, (*path, step))


def holder(values: object, path: tuple[str | int, ...]) -> Any:
    for step in path[:-1]:
        values = values[step]  # type: ignore[index]
    return values


def named(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)[1:]


@pytest.fixture(scope="module")
def rich() -> EditList:
    """With something in every field."""
    one = Clip(0, 20, "footage", found(), suggestions=(found(2, 3),), locked=True, rejected=(("d" * 32, 4),))
    whole = edit(one, Clip(20, 5, "black"))
    sound = Soundtrack("file", Path("/films/sound.wav"))
    return replace(whole, grid=FrameGrid(Fraction(25), 25, (7,)), soundtrack=sound)


def written(values: object) -> str:
    """As a person's editor may leave it: every scalar in a line of its own, empty lines between."""
    return json.dumps(values, indent=3).replace("\n", "\n\n")


@pytest.mark.parametrize(
    "wrong", ["@", 1.5, None, [], {}, True], ids=["text", "number", "null", "list", "object", "flag"]
)
def test_a_value_of_another_kind_is_named_with_its_line(rich: EditList, wrong: object, tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    count = 0
    for way in fields(json.loads(rich.dumps())):
        values = json.loads(rich.dumps())
        kind = kind_of(holder(values, way)[way[-1]])
        fits = kind == kind_of(wrong) and (kind != "text" or way[-1] in ANY_TEXT or way[-3:-1] == ("rejected", 0))
        if way[0] in ("format", "version") or fits or (wrong is None and way[-1] in {*OPTIONAL, "trailer"}):
            continue
        holder(values, way)[way[-1]] = "@here@"
        line = written(values).split("@here@")[0].count("\n") + 1
        holder(values, way)[way[-1]] = wrong
        path.write_text(written(values), encoding="utf-8")
        with pytest.raises(EditError) as caught:
            EditList.load(path)
        assert f"{path}, line {line}: {named(way)}" in str(caught.value), way
        count += 1
    assert count > 60


def test_a_value_that_is_missing_is_named_with_the_line_of_what_lacks_it(rich: EditList, tmp_path: Path) -> None:
    path = tmp_path / "cut.json"
    for way in fields(json.loads(rich.dumps())):
        values = json.loads(rich.dumps())
        if isinstance(way[-1], int) or way[0] in ("format", "version") or way[-1] in OPTIONAL or way[-2:-1] in FREE:
            continue
        if len(way) > 1 and way[-2] in FREE:
            continue
        holder(values, way)["@here@"] = holder(values, way).pop(way[-1])
        text = written(values)
        above = text.split('"@here@"')[0]
        path.write_text(text, encoding="utf-8")
        with pytest.raises(EditError) as caught:
            EditList.load(path)
        assert f": {named(way)}: is missing" in str(caught.value), way
        line = int(str(caught.value).removeprefix(f"{path}, line ").partition(":")[0])
        assert text.splitlines()[line - 1].rstrip().endswith("{")
        assert line <= above.count("\n") + 1


def kind_of(value: object) -> str:
    kinds = {str: "text", int: "number", float: "number", bool: "flag", list: "list", dict: "object"}
    return kinds.get(type(value), "null")


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (lambda text: text.replace('"kind": "footage",', '"kind": "footage"', 1), "Expecting ',' delimiter"),
        (lambda text: text.replace('"grid": {', '"grid": ', 1), "Extra data|Expecting"),
        (lambda text: text.replace('"speed"', "speed", 1), "Expecting property name"),
        (lambda text: text[: len(text) // 2], "Expecting|Unterminated"),
    ],
    ids=["comma", "brace", "quotes", "cut short"],
)
def test_what_is_no_json_is_named_with_line_and_column(saved: Path, damage: Callable[[str], str], place: str) -> None:
    text = damage(saved.read_text(encoding="utf-8"))
    saved.write_text(text, encoding="utf-8")
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(text)
    with pytest.raises(EditError, match=place) as caught:
        EditList.load(saved)
    assert str(caught.value).startswith(f"{saved}, line {expected.value.lineno}, column {expected.value.colno}: is not")


@given(made=edits(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_whatever_stands_in_a_field_is_read_or_named(
    made: EditList, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "damaged.json"
    values = json.loads(made.dumps())
    way = data.draw(st.sampled_from(list(fields(values))))
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("1/2")
    holder(values, way)[way[-1]] = data.draw(
        st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner))
    )
    path.write_text(json.dumps(values), encoding="utf-8")
    try:
        EditList.load(path)
    except EditError as error:
        assert str(error).startswith(str(path))  # noqa: PT017 - it may be read as well


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b"\xff\xfe\x00", b'{"format": "reinterpret-edit"', b"[" * 100_000, b"\0" * 50],
    ids=["empty", "half", "list", "null", "number", "binary", "cut short", "deep", "zeros"],
)
def test_a_file_that_is_no_edit_is_an_error_that_names_it(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "cut.json"
    path.write_bytes(content)
    with pytest.raises(EditError, match=r"cut\.json"):
        EditList.load(path)


def test_a_missing_edit_and_a_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(EditError, match=r"none\.json: no such file"):
        EditList.load(tmp_path / "none.json")
    with pytest.raises(EditError, match="is not an edit that can be read"):
        EditList.load(tmp_path)


def test_saving_is_whole_or_not_at_all(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = saved.read_bytes()
    made = EditList.load(saved)

    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OutputError, match=r"cut\.json: cannot be written, the disk is full"):
            made.save(saved)
    assert saved.read_bytes() == before
    assert [file.name for file in saved.parent.iterdir()] == ["cut.json"]


def test_saving_into_a_missing_folder_is_an_error(saved: Path) -> None:
    with pytest.raises(OutputError, match=r"out\.json"):
        EditList.load(saved).save(saved.parent / "none" / "out.json")


def test_films_beside_the_edit_are_found_when_the_folder_has_moved(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    trailer = numbered_film(before / "trailer.mp4", 10, size=(64, 36))
    source = numbered_film(before / "source.mp4", 20, size=(64, 36))
    made = edit_of(trailer, (10, source, 0))
    made.save(before / "cut.json")
    shutil.move(before, after)
    loaded = EditList.load(after / "cut.json")
    assert loaded.trailer.path == after / "trailer.mp4"
    assert loaded.films[0].path == after / "source.mp4"
    # Where a film is where it was, that one is meant.
    shutil.copytree(after, before)
    assert EditList.load(after / "cut.json").trailer.path == before / "trailer.mp4"


def test_an_edit_is_loaded_and_rendered_without_the_heavy_libraries(tmp_path: Path) -> None:
    trailer = numbered_film(tmp_path / "trailer.mp4", 10, size=(64, 36))
    source = numbered_film(tmp_path / "source.mp4", 20, size=(64, 36))
    # Of this one something must be cut off: faces are looked for.
    tall = numbered_film(tmp_path / "tall.mp4", 20, size=(48, 36))
    edit_of(trailer, (5, source, 0), (5, tall, 0)).save(tmp_path / "cut.json")
    program = (
        "import sys, reinterpret\n"
        "edit = reinterpret.EditList.load('cut.json')\n"
        "for fit in ('crop', 'blur'):\n"
        "    reinterpret.render(edit, 'out.mp4', layout='both', fit=fit, preset='ultrafast')\n"
        "reinterpret.contact_sheet(edit, 'sheet.png')\n"
        "edit.save('copy.json')\n"
        "heavy = {'torch', 'faiss', 'onnxruntime', 'scenedetect', 'timm', 'torchvision', 'scipy', 'pyarrow'}\n"
        "print(sorted(heavy & {name.partition('.')[0] for name in sys.modules}))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout, done.stderr) == ("[]\n", "")
    assert (tmp_path / "copy.json").read_bytes() == (tmp_path / "cut.json").read_bytes()
