"""The edit: what holds together, what is refused, and how it is kept."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.edits import FORMAT_VERSION, Clip, ClipKind, EditList, Match
from reinterpret.errors import EditError, OutputError
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
        if kind == "footage":
            speed = draw(st.fractions(Fraction(1, 4), 4).filter(lambda value: value > 0))
            clips.append(Clip(first, frames, "footage", match(number), speed, others))
        else:
            clips.append(Clip(first, frames, kind, suggestions=others))
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
        lambda: Clip(0, 5, "white"),  # type: ignore[arg-type]
        lambda: Clip(0, 5, "black", speed=Fraction(0)),
        lambda: Clip(0, 5, "black", speed=Fraction(17)),
        lambda: found(score=1.01),
        lambda: found(score=float("nan")),
        lambda: found(3, 5),
        lambda: found(-1, 2),
    ],
)
def test_clips_and_matches_that_cannot_be_are_refused(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="got"):
        make()


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
    """It had no words for what two shots share, no titles, and the trailer's sound alone."""

    def older(values: dict) -> None:
        values["version"] = 1
        del values["soundtrack"]
        for clip in values["clips"]:
            for match in [*([clip["match"]] if clip["match"] else []), *clip["suggestions"]]:
                del match["shared"]

    made = EditList.load(saved)
    assert EditList.load(changed(saved, older)) == made
    assert json.loads(made.dumps())["version"] == FORMAT_VERSION


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
        (lambda v: v.update(version="1"), "newer|version"),
        (lambda v: v.update(version=None), "newer|version"),
        (lambda v: v.update(format="something"), "is not an edit"),
        (lambda v: v.pop("clips"), "'clips'"),
        (lambda v: v.pop("grid"), "'grid'"),
        (lambda v: v["grid"].pop("rate"), "'rate'"),
        (lambda v: v["grid"].update(rate="0/1"), "rate"),
        (lambda v: v["grid"].update(rate="1/0"), "fraction"),
        (lambda v: v["grid"].update(rate="often"), "."),
        (lambda v: v["grid"].update(frame_count=26), "25 frames, the trailer has 26"),
        (lambda v: v["clips"][1].update(first_frame=21), "frame 20 was expected"),
        (lambda v: v["clips"][1].update(frame_count=-5), "got"),
        (lambda v: v["clips"][0].update(kind="gold"), "gold"),
        (lambda v: v["clips"][0].update(match=None), "footage"),
        (lambda v: v["clips"][0]["match"].update(score=float("nan")), "score"),
        (lambda v: v["clips"][0]["match"].update(source=["1/1"]), "."),
        (lambda v: v["clips"][0]["match"].update(source=["2/1", "1/1"]), "end after"),
        (lambda v: v["clips"][0]["match"].update(film="d" * 32), "dddd"),
        (lambda v: v["clips"][0]["match"].update(cues=[]), "."),
        (lambda v: v.update(films=[]), "."),
        (lambda v: v.update(clips={}), "."),
        (lambda v: v.update(trailer=None), "."),
        (lambda v: v["trailer"].update(width=0), "not the facts"),
        (lambda v: v["trailer"].update(path=7), "."),
        (lambda v: v["films"].update({"c" * 32: v["films"]["b" * 32]}), "cccc"),
        (lambda v: v["grid"].update(frame_count=1e400), "."),
    ],
)
def test_an_edit_that_does_not_hold_together_is_an_error_that_names_the_file(
    saved: Path, change: Callable[[dict], object], words: str
) -> None:
    with pytest.raises(EditError, match=words) as caught:
        EditList.load(changed(saved, change))
    assert str(saved) in str(caught.value)


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
        with pytest.raises(OutputError, match=r"cut\.json.*No space left"):
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
    edit_of(trailer, (10, source, 0)).save(tmp_path / "cut.json")
    program = (
        "import sys, reinterpret\n"
        "edit = reinterpret.EditList.load('cut.json')\n"
        "reinterpret.render(edit, 'out.mp4', layout='both', fit='blur', preset='ultrafast')\n"
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
