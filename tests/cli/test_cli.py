"""The command line: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import csv
import io
import json
import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import reinterpret
from reinterpret.cli import main
from reinterpret.cli.commands import app
from reinterpret.cues import PRESETS, cue_names
from reinterpret.edits import EditList
from reinterpret.errors import FfmpegError
from reinterpret.library import Library
from tests.conftest import make_video
from tests.judging import ROOT, edit_of, ffmpeg, numbered_film, pictures, remade
from tests.rendering.made_films import film_of, scenes, with_bars

COMMANDS = ["compile", "export", "gif", "grid", "import", "index", "info", "match", "remove", "render", "search"]
COMMANDS += ["shots", "studio", "tags", "trailer", "verify", "webcam"]
HEAVY = [
    "torch",
    "cv2",
    "faiss",
    "av",
    "onnxruntime",
    "opentimelineio",
    "scenedetect",
    "scipy",
    "torchvision",
    "timm",
    "pyarrow",
    "PIL",
    "numpy",
    "rich.progress",
    "fastapi",
    "uvicorn",
]


@dataclass
class Ended:
    status: int
    out: str
    err: str

    def json(self) -> dict[str, Any]:
        """The one object on standard output."""
        assert self.out.count("\n") == 1
        values = json.loads(self.out)
        assert isinstance(values, dict)
        return values


Run = Callable[..., Ended]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """Runs the command line in this process, from its entry point to its exit."""
    before = signal.getsignal(signal.SIGTERM)
    loggers = [logging.getLogger(name) for name in ("reinterpret", "reinterpret.encoders")]
    handlers, levels = [list(logger.handlers) for logger in loggers], [logger.level for logger in loggers]

    def call(*words: str | Path) -> Ended:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["reinterpret", *map(str, words)])
        try:
            with pytest.raises(SystemExit) as leaving:
                main()
        finally:
            # Each run of the program would add its own for good.
            for logger, kept, level in zip(loggers, handlers, levels, strict=True):
                logger.handlers[:] = kept
                logger.setLevel(level)
        said = capsys.readouterr()
        return Ended(int(leaving.value.code or 0), said.out, said.err)

    yield call
    signal.signal(signal.SIGTERM, before)


def process(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs the command line as a user does."""
    return subprocess.run(
        [sys.executable, "-m", "reinterpret", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        **options,
    )


# Help


def test_every_command_has_a_line_of_help(run: Run) -> None:
    assert (
        sorted(command.name or command.callback.__name__ for command in app.registered_commands if command.callback)
        == COMMANDS
    )
    said = run("--help")
    assert (said.status, said.err) == (0, "")
    listed = {
        line.split()[0]: line.split()[1:] for line in said.out.splitlines() if line.startswith("  ") and line.split()
    }
    for command in COMMANDS:
        assert len(listed[command]) >= 3, command
        own = run(command, "--help")
        assert own.status == 0
        # Every option says what it is for.
        lines = own.out[own.out.index("Options") :].splitlines()[1:]
        for line, following in zip(lines, [*lines[1:], ""], strict=True):
            if line.strip().startswith("-"):
                assert len(line.split("  ")) > 2 or following.startswith("      "), line


@pytest.mark.slow
def test_help_and_version_load_nothing_heavy() -> None:
    program = (
        "import sys; from reinterpret.cli import main; sys.argv[0] = 'reinterpret'\n"
        "try: main()\n"
        "finally: print('LOADED', sorted(sys.modules.keys() & set({!r})))"
    )
    for words in (("--help",), ("--version",), *((command, "--help") for command in COMMANDS)):
        done = subprocess.run(
            [sys.executable, "-c", program.format(HEAVY), *words],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert done.stdout.splitlines()[-1] == "LOADED []", words


GROUPS = {
    "detection": ("--detector", "--sensitivity", "--min-shot", "--cuts"),
    "likeness": ("--by", "--weights"),
    "matching": ("--short", "--titles", "--echo", "--no-echo", "--reuse", "--max-per-film", "--seed", "--like"),
    "answering": ("--not", "--in", "--include-trailer", "--suggestions"),
    "rendering": (
        *("--layout", "--fit", "--crop-bars", "--keep-bars", "--mask", "--reframe"),
        *("--captions", "--height", "--crf", "--preset", "--jobs"),
    ),
    "query": ("--shot", "--image", "--text", "--video", "--at"),
}


@pytest.mark.parametrize(
    ("command", "groups"),
    [
        ("index", ("detection",)),
        ("trailer", ("detection", "likeness", "matching", "answering", "rendering")),
        ("match", ("detection", "likeness", "matching", "answering")),
        ("render", ("rendering",)),
        ("studio", ("detection", "likeness", "matching", "answering", "rendering")),
        ("grid", ("likeness", "query")),
        ("search", ("likeness", "query")),
        ("shots", ("detection",)),
        ("info", ()),
    ],
)
def test_help_lists_the_options_of_a_command_s_groups_and_no_others(
    run: Run, command: str, groups: tuple[str, ...]
) -> None:
    listed = set(re.findall(r"--[a-z][a-z-]*", run(command, "--help").out))
    for name, options in GROUPS.items():
        if name in groups:
            assert set(options) <= listed, name
        elif name != "rendering":  # --jobs is an option of others too
            assert not set(options) & listed, name


def test_without_a_command_the_help_is_shown(run: Run) -> None:
    said = run()
    assert said.status in (0, 2)
    assert "Commands" in said.out + said.err


# The jobs


def test_index_search_and_the_rest_agree_with_each_other(
    run: Run, archive: Path, trailer: Path, tmp_path: Path
) -> None:
    """One library through its whole life, every command with --json."""
    library = tmp_path / "lib"
    (tmp_path / "films").mkdir()
    for film in archive.iterdir():
        shutil.copy(film, tmp_path / "films")
    (tmp_path / "films" / "broken.mp4").write_bytes(b"not a film")
    said = run("index", tmp_path / "films", "-L", library, "--encoder", "pixels", "--json")
    report = said.json()
    assert said.status == 1
    assert list(report) == ["indexed", "unchanged", "failed", "shots", "footage_seconds", "elapsed_seconds"]
    assert (report["indexed"], report["unchanged"], report["shots"], report["footage_seconds"]) == (3, 0, 8, 18)
    assert [list(failure) for failure in report["failed"]] == [["path", "reason"]]
    assert report["failed"][0]["path"] == str(tmp_path / "films" / "broken.mp4")
    assert said.err.startswith("warning: ")
    assert "broken.mp4" in said.err

    (tmp_path / "films" / "broken.mp4").unlink()
    again = run("index", tmp_path / "films", "-L", library, "--json")
    assert again.status == 0
    assert (again.json()["indexed"], again.json()["unchanged"]) == (0, 3)

    info = run("info", "-L", library, "--json").json()
    assert (info["films"], info["shots"], info["footage_seconds"], info["encoder"]) == (3, 8, 18, "pixels")
    assert [Path(film["path"]).name for film in info["contents"]] == ["one.mp4", "three.mp4", "two.mp4"]

    verified = run("verify", "-L", library, "--json")
    assert (verified.status, verified.json()) == (0, {"films": 3, "problems": []})

    found = run("search", "-L", library, "--video", trailer, "--at", "2", "-k", "2", "--json").json()
    assert list(found) == ["matches"]
    assert [match["rank"] for match in found["matches"]] == [1, 2]
    first = found["matches"][0]
    keys = ["rank", "score", "video", "shot", "start_seconds", "end_seconds", "cues", "shared", "written"]
    assert list(first) == keys
    assert first["written"] is None
    assert (Path(first["video"]).name, first["shot"], first["start_seconds"], first["end_seconds"]) == (
        "two.mp4",
        1,
        2,
        4,
    )
    # A frame tells nothing of movement and rhythm.
    assert {"content", "composition", "colour"} <= first["cues"].keys() <= set(cue_names()) - {"movement", "rhythm"}
    assert isinstance(first["shared"], str)
    of_shot = run("search", "-L", library, "--shot", "two.mp4:1", "-k", "1", "--json").json()["matches"][0]
    assert list(of_shot["cues"]) == cue_names()
    assert min(of_shot["cues"].values()) > 0.999

    (tmp_path / "films" / "three.mp4").unlink()
    gone = run("verify", "-L", library, "--json")
    assert gone.status == 1
    assert [list(problem) for problem in gone.json()["problems"]] == [["path", "what", "remedy"]]

    removed = run("remove", "three.mp4", "-L", library, "--json")
    assert len(removed.json()["removed"]) == 1
    assert run("info", "-L", library, "--json").json()["films"] == 2
    assert run("remove", "three.mp4", "-L", library).status == 1


def test_trailer_makes_the_films_the_edit_and_the_sheet(
    run: Run, library: Library, trailer: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    options = ("--layout", "both", "--preset", "ultrafast", "--sheet", tmp_path / "sheet.png")
    said = run("trailer", trailer, "-L", library.path, "-o", out, *options, "--json")
    values = said.json()
    assert (said.status, said.err) == (0, "")
    assert list(values) == ["output", "edit", "sheet", "shots", "frames", "matches"]
    assert (values["output"], values["edit"]) == (str(out), str(tmp_path / "out.edit.json"))
    assert (values["shots"], values["frames"]) == (5, 125)
    assert [list(match) for match in values["matches"]] == [
        ["shot", "video", "score", "start_seconds", "end_seconds", "cues", "shared", "passed_over"]
    ] * 5
    names = ["out.edit.json", "out.mp4", "out.side-by-side.mp4", "sheet.png"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    assert len(pictures(out)) == 125
    edit = EditList.load(tmp_path / "out.edit.json")
    assert edit.grid.frame_count == 125
    for clip, match in zip(edit.clips, values["matches"], strict=True):
        assert clip.match is not None
        assert (match["score"], match["cues"], match["shared"]) == (
            clip.match.score,
            dict(clip.match.cues),
            clip.match.shared,
        )
        assert list(match["cues"]) == cue_names()
    # The very same scenes share something that has a name.
    assert any(match["shared"] for match in values["matches"])


def test_the_sheet_and_the_edit_are_there_before_the_film(
    run: Run, library: Library, trailer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there: list[list[str]] = []

    def no_film(*_: object, **__: object) -> list[Path]:
        there.append(sorted(file.name for file in tmp_path.iterdir()))
        raise FfmpegError("the disk is on fire")

    monkeypatch.setattr(reinterpret, "render", no_film)
    said = run("trailer", trailer, "-L", library.path, "-o", tmp_path / "out.mp4")
    assert (said.status, there) == (1, [["out.edit.json", "out.sheet.jpg"]])
    assert f"see it first: {tmp_path / 'out.sheet.jpg'}" in said.err
    for file in tmp_path.iterdir():
        file.unlink()
    assert run("trailer", trailer, "-L", library.path, "-o", tmp_path / "out.mp4", "--no-sheet").status == 1
    assert there[1] == ["out.edit.json"]


def test_variations_are_edits_and_one_sheet_to_choose_from(
    run: Run, library: Library, trailer: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.mp4"
    said = run("trailer", trailer, "-L", library.path, "-o", out, "--variations", "3", "--json").json()
    names = [f"out.{number}.edit.json" for number in (1, 2, 3)]
    assert sorted(file.name for file in tmp_path.iterdir()) == [*names, "out.sheet.jpg"]
    assert [(row["number"], row["name"]) for row in said["variations"]] == [(1, "best"), (2, "seed 1"), (3, "seed 2")]
    plain = run("match", trailer, "-L", library.path, "-o", tmp_path / "plain.json")
    assert plain.status == 0
    assert (tmp_path / names[0]).read_text() == (tmp_path / "plain.json").read_text()
    with Image.open(tmp_path / "out.sheet.jpg") as sheet:
        five_rows_of_four = 4 * (267 + 8) + 8, 24 + 5 * (150 + 24 + 8) + 8
        assert sheet.size == five_rows_of_four
    by_cue = run("trailer", trailer, "-L", library.path, "-o", out, "--variations", "colour,content", "--quiet")
    assert (by_cue.status, by_cue.out, by_cue.err) == (0, "", "")
    content = run("match", trailer, "-L", library.path, "-o", tmp_path / "plain.json", "--by", "content")
    assert content.status == 0
    assert (tmp_path / names[1]).read_text() == (tmp_path / "plain.json").read_text()


@pytest.mark.parametrize(
    ("asked", "words"),
    [("1", "2 to 9"), ("99", "2 to 9"), ("content", "2 to 9 different"), ("colour,colour", "different"), ("a,b", "a")],
)
def test_variations_that_cannot_be_meant(
    run: Run, library: Library, trailer: Path, tmp_path: Path, asked: str, words: str
) -> None:
    said = run("trailer", trailer, "-L", library.path, "-o", tmp_path / "out.mp4", "--variations", asked)
    assert said.status == 2
    assert words in said.err
    assert list(tmp_path.iterdir()) == []


def test_several_trailers_become_films_in_a_folder(
    run: Run, library: Library, trailer: Path, tmp_path: Path
) -> None:
    second, broken = tmp_path / "second.mp4", tmp_path / "broken.mp4"
    shutil.copyfile(trailer, second)
    broken.write_bytes(b"no film at all")
    out = tmp_path / "films"
    files = (trailer, broken, second)
    said = run("trailer", *files, "-L", library.path, "-o", out, "--preset", "ultrafast", "--no-sheet", "--json")
    assert said.status == 1
    values = said.json()
    assert [entry["output"] for entry in values["trailers"]] == [
        str(out / f"{trailer.stem}.mp4"),
        str(out / "second.mp4"),
    ]
    assert [entry["path"] for entry in values["failed"]] == [str(broken)]
    assert "broken.mp4" in said.err
    assert len(pictures(out / "second.mp4")) == 125
    assert run("trailer", *files, "-L", library.path, "-o", tmp_path / "one.mp4").status == 2
    assert run("trailer", trailer, trailer, "-L", library.path, "-o", out).status == 2


def test_match_and_render_are_its_two_halves(run: Run, library: Library, trailer: Path, tmp_path: Path) -> None:
    edit = tmp_path / "cut.json"
    matched = run("match", trailer, "-L", library.path, "-o", edit, "--json").json()
    assert (matched["edit"], matched["shots"], len(matched["matches"])) == (str(edit), 5, 5)
    rendered = run("render", edit, "-o", tmp_path / "film.mp4", "--preset", "ultrafast", "--json").json()
    assert rendered == {"output": str(tmp_path / "film.mp4"), "films": [str(tmp_path / "film.mp4")], "frames": 125}
    plain = run("match", trailer, "-L", library.path, "-o", edit)
    assert plain.err == ""
    assert "two.mp4" in plain.out
    assert run("match", trailer, "-L", library.path, "-o", edit, "--quiet").out == ""


def test_what_is_alike_can_be_said(run: Run, library: Library, trailer: Path, tmp_path: Path) -> None:
    def found(*options: str) -> list[dict[str, Any]]:
        asked = ("search", "-L", library.path, "--shot", "one.mp4:1", "--json")
        return list(run(*asked, *options).json()["matches"])

    for name in PRESETS:
        said = found("--by", name)
        assert [entry["score"] for entry in said] == sorted((entry["score"] for entry in said), reverse=True)
        if name != "balanced":
            assert all(entry["score"] == pytest.approx(entry["cues"][name], abs=1e-4) for entry in said)
    for entry in found("--weights", "colour=1,rhythm=3"):
        mean = (entry["cues"]["colour"] + 3 * entry["cues"]["rhythm"]) / 4
        assert entry["score"] == pytest.approx(mean, abs=1e-4)
    made = ("match", trailer, "-L", library.path, "-o", tmp_path / "cut.json", "--json")
    for match in run(*made, "--by", "colour").json()["matches"]:
        assert match["score"] == pytest.approx(match["cues"]["colour"], abs=1e-4)
    assert run("grid", "-L", library.path, "-o", tmp_path / "g.png", "--shot", "one.mp4:1", "--by", "scale").status == 0


def test_how_a_trailer_is_answered_is_said_in_options(
    run: Run, library: Library, trailer: Path, archive: Path, tmp_path: Path
) -> None:
    def answers(*options: str | Path) -> list[str]:
        said = run("match", trailer, "-L", library.path, "-o", tmp_path / "cut.json", "--json", *options)
        assert said.status == 0, said.err
        return [Path(match["video"]).name for match in said.json()["matches"]]

    assert answers() == ["two.mp4", "one.mp4", "two.mp4", "three.mp4", "one.mp4"]
    assert set(answers("--like", "one.mp4", "--like", "three.mp4", "--reuse")) == {"one.mp4", "three.mp4"}
    assert set(answers("--not", "one.mp4", "--in", archive)) == {"two.mp4", "three.mp4"}
    assert max(Counter(answers("--max-per-film", "2")).values()) == 2
    assert answers("--seed", "7") == answers("--seed", "7")
    for option in (["--no-echo"], ["--short", "next"], ["--titles", "match"], ["--suggestions", "2"]):
        assert len(answers(*option)) == 5
    kept = EditList.load(tmp_path / "cut.json")
    assert {len(clip.suggestions) for clip in kept.clips} == {2}


def test_captions_are_written_on_the_film_that_is_side_by_side(
    run: Run, library: Library, trailer: Path, tmp_path: Path
) -> None:
    edit = tmp_path / "cut.json"
    run("match", trailer, "-L", library.path, "-o", edit, "-q")
    made = ("render", edit, "--layout", "both", "--preset", "ultrafast", "-q")
    assert run(*made, "-o", tmp_path / "plain.mp4").status == 0
    assert run(*made, "-o", tmp_path / "told.mp4", "--captions").status == 0
    alone, pair = (
        [(tmp_path / f"{name}{end}.mp4").read_bytes() for name in ("plain", "told")] for end in ("", ".side-by-side")
    )
    assert alone[0] == alone[1]
    assert pair[0] != pair[1]


def test_bars_are_laid_on_and_kept_as_is_asked(run: Run, tmp_path: Path) -> None:
    trailer = film_of(tmp_path / "trailer.mp4", with_bars(scenes(10, 160, 90), (0, 10, 0, 10)))
    source = film_of(tmp_path / "source.mp4", with_bars(scenes(20, 160, 90, seed=3), (20, 0, 20, 0)))
    edit_of(trailer, (10, source, 0)).save(tmp_path / "cut.json")

    def black_edges(*options: str) -> tuple[bool, bool]:
        line = ("render", tmp_path / "cut.json", "-o", tmp_path / "out.mp4", "--preset", "ultrafast", "-q")
        assert run(*line, *options).status == 0
        picture = np.max([luma for _, luma in pictures(tmp_path / "out.mp4")], axis=0)
        return bool(picture[2].max() < 40), bool(picture[:, 2].max() < 40)

    assert black_edges() == (False, False)
    assert black_edges("--mask", "trailer") == (True, False)
    assert black_edges("--keep-bars") == (False, True)


def test_shots_as_json_csv_and_text(run: Run, trailer: Path) -> None:
    values = run("shots", trailer, "--json").json()
    assert list(values) == ["video", "frame_rate", "frame_count", "shots", "boundaries"]
    assert (values["video"], values["frame_rate"], values["frame_count"]) == (str(trailer), "25/1", 125)
    keys = ["number", "start_frame", "end_frame", "start_seconds", "end_seconds", "transition"]
    keys += ["body_start_frame", "body_end_frame", "confidence"]
    assert [list(shot) for shot in values["shots"]] == [keys] * 5
    assert [(shot["body_start_frame"], shot["body_end_frame"]) for shot in values["shots"]] == [
        (shot["start_frame"], shot["end_frame"]) for shot in values["shots"]
    ]
    assert values["boundaries"] == [
        {
            "frame": shot["start_frame"],
            "seconds": shot["start_seconds"],
            "transition": "cut",
            "start_frame": shot["start_frame"],
            "end_frame": shot["start_frame"],
            "confidence": shot["confidence"],
        }
        for shot in values["shots"][1:]
    ]
    assert [(shot["start_frame"], shot["end_frame"]) for shot in values["shots"]] == [
        (0, 25),
        (25, 45),
        (45, 75),
        (75, 90),
        (90, 125),
    ]
    table = list(csv.DictReader(io.StringIO(run("shots", trailer, "--csv").out)))
    assert [{key: str(value) for key, value in shot.items()} for shot in values["shots"]] == table
    assert len(run("shots", trailer).out.splitlines()) == 5


def test_a_gradual_transition_is_given_with_its_frames(run: Run, clips: Path) -> None:
    black = "color=black:size=320x180:rate=25"
    path = make_video(clips / "cli-fade.mp4", ("bars", 2), (black, 0.4), ("test", 2))
    words = ("shots", path, "--detector", "adaptive")
    values = run(*words, "--json").json()
    (boundary,) = values["boundaries"]
    assert (boundary["frame"], boundary["transition"]) == (55, "fade")
    assert (boundary["start_frame"], boundary["end_frame"]) == (50, 60)
    assert [(shot["body_start_frame"], shot["body_end_frame"]) for shot in values["shots"]] == [(0, 50), (60, 110)]
    assert run(*words).out.splitlines()[1].endswith("frames 55-110  fade over 10 frames")


def test_how_shots_are_found_is_said_in_options(run: Run, trailer: Path, tmp_path: Path) -> None:
    def begins(*options: str) -> list[int]:
        return [shot["start_frame"] for shot in run("shots", trailer, *options, "--json").json()["shots"]]

    assert begins("--detector", "none") == [0]
    assert begins("--min-shot", "0.7")[:3] == [0, 25, 45]
    assert len(begins("--min-shot", "0.7")) == 4  # 0.6 s, from frame 75 to 90, are too short for a shot
    assert begins("--detector", "content", "--sensitivity", "0.5") == [0, 25, 45, 75, 90]
    lib = tmp_path / "lib"
    made = ("index", trailer, "-L", lib, "--encoder", "pixels", "--json")
    assert run(*made, "--detector", "content", "--min-shot", "0.7").json()["shots"] == 4
    facts = run("info", "-L", lib, "--json").json()
    assert (facts["detector"], facts["sensitivity"], facts["min_shot_seconds"]) == ("content", 0.5, 0.7)
    # What is not said is as in the library.
    edit = ("match", trailer, "-L", lib, "-o", tmp_path / "edit.json", "--include-trailer", "--json")
    assert run(*edit).json()["shots"] == 4
    assert run(*edit, "--min-shot", "0.1").json()["shots"] == 5
    assert run(*edit, "--detector", "none").json()["shots"] == 1
    assert run("index", trailer, "-L", lib, "--min-shot", "0.7", "--json").json()["unchanged"] == 1


def test_grids(run: Run, library: Library, trailer: Path, tmp_path: Path) -> None:
    out = tmp_path / "grid.png"
    values = run("grid", "-L", library.path, "-o", out, "--shot", "one.mp4:0", "--size", "2x2", "--json").json()
    assert [grid["output"] for grid in values["grids"]] == [str(out)]
    assert [match["rank"] for match in values["grids"][0]["matches"]] == [1, 2, 3, 4]
    with Image.open(out) as picture:
        assert picture.size == (2 * 488 + 8, 2 * 302 + 8)
        picture.crop((8, 8, 488, 278)).save(tmp_path / "query.png")
    found = run("search", "-L", library.path, "--image", tmp_path / "query.png", "--json").json()
    assert Path(found["matches"][0]["video"]).name == "one.mp4"


def test_a_library_in_groups(run: Run, library: Library, tmp_path: Path) -> None:
    said = run("grid", "-L", library.path, "-o", tmp_path / "group.jpg", "--clusters", "2")
    assert said.out.split() == [str(tmp_path / f"group-{number:02d}.jpg") for number in (1, 2)]
    out = tmp_path / "page"
    values = run("grid", "-L", library.path, "-o", out, "--clusters", "2", "--json").json()
    assert values["page"] == str(out / "index.html")
    assert [Path(one["output"]).name for one in values["grids"]] == ["group-01.png", "group-02.png"]
    assert [one["shots"] for one in values["groups"]] == [len(one["matches"]) for one in values["grids"]]
    drawn = [(match["video"], match["shot"]) for one in values["grids"] for match in one["matches"]]
    left = [(match["video"], match["shot"]) for match in values["leftovers"]]
    assert len(drawn + left) == len(set(drawn + left)) == 8
    assert sorted(file.name for file in out.iterdir()) == ["group-01.png", "group-02.png", "index.html", "pictures"]
    # What is left over is said, and that there are not as many groups as were asked for.
    said = run("grid", "-L", library.path, "-o", out, "--clusters", "50")
    assert said.status == 0
    assert said.err.startswith("warning: 50 groups were asked for, the library has")
    assert run("grid", "-L", library.path, "-o", out, "--clusters", "auto", "--quiet").out == ""


def test_a_library_as_a_map(run: Run, library: Library, tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    values = run("grid", "-L", library.path, "-o", out, "--map", "--json").json()
    assert (values["output"], values["columns"] * values["rows"] >= 8) == (str(out), True)
    assert len({(shot["column"], shot["row"]) for shot in values["shots"]}) == len(values["shots"]) == 8
    assert run("grid", "-L", library.path, "-o", out, "--map").out.strip() == str(out)


def test_grids_that_move(run: Run, library: Library, tmp_path: Path) -> None:
    out = tmp_path / "grid.mp4"
    line = ["grid", "-L", str(library.path), "-o", str(out), "--shot", "one.mp4:1", "--size", "2x2"]
    done = run(*line, "--seconds", "0.4", "--height", "200", "--json")
    assert len(done.json()["grids"][0]["matches"]) == 4
    assert len(pictures(out)) == 10


def test_a_compilation_is_a_film_and_an_edit(run: Run, library: Library, tmp_path: Path) -> None:
    out = tmp_path / "c.mp4"
    line = ["compile", "-L", str(library.path), "-o", str(out), "--preset", "ultrafast", "--shot-seconds", "0.4"]
    found = run(*line, "--shot", "one.mp4:1", "--shot", "two.mp4:0", "--not", "two.mp4:1", "-n", "3", "--json").json()
    assert (found["shots"], found["frames"], found["seconds"]) == (3, 30, 1.2)
    assert [row["shot"] for row in found["matches"]] == [0, 1, 2]
    assert len(pictures(out)) == 30
    edit = EditList.load(found["edit"])
    assert edit.trailer is None
    best = [(edit.film(match.film).name, match.source_shot) for match in edit.matches()][:2]
    assert sorted(best) == [("one.mp4", 1), ("two.mp4", 0)]
    again = run("render", found["edit"], "-o", str(tmp_path / "again.mp4"), "--preset", "ultrafast", "--json").json()
    assert again["frames"] == 30
    assert run(*line).status == 2
    assert "say what to look for" in run(*line).err
    assert "--layout" in run(*line, "--shot", "one.mp4:1", "--layout", "both").err


@pytest.mark.slow
def test_a_reaction_is_a_picture_that_loops(run: Run, library: Library, archive: Path, tmp_path: Path) -> None:
    out = tmp_path / "r.gif"
    line = ["gif", "-L", str(library.path), "-o", str(out), "--video", str(archive / "one.mp4"), "--at", "2.5"]
    rows = run(*line, "--for", "1", "-n", "2", "--height", "90", "--caption", "oh", "--json").json()["reactions"]
    assert [Path(row["output"]).name for row in rows] == ["r.gif", "r-2.gif"]
    assert (Path(rows[0]["video"]).name, rows[0]["shot"]) == ("one.mp4", 1)
    for row in rows:
        assert Path(row["output"]).stat().st_size == row["bytes"]
    small = run(*line, "--max-mb", "0.0001")
    assert small.status == 1
    assert "cannot be made smaller than" in small.err


def test_what_was_passed_over_is_told(run: Run, archive: Path, clips: Path, tmp_path: Path) -> None:
    """A scene twice in the trailer, and in the archive in two films: the second time another is taken, and why."""
    copy = remade(archive / "one.mp4", tmp_path / "copy.mp4", "-vf", "scale=240:136", "-crf", "28")
    films = [archive / "one.mp4", copy, archive / "two.mp4"]
    assert run("index", *films, "-L", tmp_path / "lib", "--encoder", "pixels", "--quiet").status == 0
    trailer = make_video(clips / "twice.mp4", ("fractal", 0.6), ("plate", 0.6), ("fractal", 0.6))
    options = ("-L", tmp_path / "lib", "-o", tmp_path / "cut.json", "--no-echo", "--max-per-film", "1")
    found = run("match", trailer, *options, "--json").json()["matches"]
    told = [entry for match in found for entry in match["passed_over"]]
    assert told
    for match in found:
        assert all(entry["score"] > match["score"] for entry in match["passed_over"])
    assert {tuple(entry) for entry in told} == {("video", "shot", "score", "reason")}
    lines = run("match", trailer, *options).out.splitlines()
    expected = [
        f"      passed over: {Path(entry['video']).stem} {entry['score']:.2f}, {entry['reason']}" for entry in told
    ]
    assert [line for line in lines if "passed over" in line] == expected
    edit = EditList.load(tmp_path / "cut.json")
    assert [len(clip.passed_over) for clip in edit.clips] == [len(match["passed_over"]) for match in found]


def test_too_small_a_library_is_told(run: Run, trailer: Path, tmp_path: Path) -> None:
    film = numbered_film(tmp_path / "film.mp4", 50)
    assert run("index", film, "-L", tmp_path / "lib", "--encoder", "pixels", "--quiet").status == 0
    said = run("match", trailer, "-L", tmp_path / "lib", "-o", tmp_path / "cut.json")
    assert said.status == 0
    assert said.err.startswith("warning: the library has too few shots for the 5")


# Errors


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory, library: Library, archive: Path, trailer: Path) -> Path:
    """Files of every kind that cannot be used."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("Nothing to see here.\n" * 50)
    Image.new("RGB", (64, 36)).save(folder / "picture.png")
    (folder / "picture.mp4").write_bytes((folder / "picture.png").read_bytes())
    ffmpeg("-y", "-f", "lavfi", "-t", "1", "-i", "sine", str(folder / "sound.m4a"))
    whole = (archive / "one.mp4").read_bytes()
    (folder / "half.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "empty").mkdir()
    shutil.copy(archive / "one.mp4", folder / "good.mp4")
    shutil.copy(trailer, folder / "trailer.mp4")
    for name, facts in (
        ("newer", {"version": 99}),
        ("older", {"version": 1}),
        ("other", {"encoder_version": "0"}),
        ("odd", {"encoder": "eye"}),
    ):
        shutil.copytree(library.path, folder / name)
        file = folder / name / "library.json"
        file.write_text(json.dumps({**json.loads(file.read_text()), **facts}))
    (folder / "cut.json").write_text("{}")
    shutil.copytree(library.path, folder / "lib")
    return folder


UNUSABLE = [
    "none.mp4",
    "empty.mp4",
    "text.mp4",
    "picture.png",
    "picture.mp4",
    "sound.m4a",
    "half.mp4",
    "empty",
    "/dev/null",
]


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_file_that_cannot_be_used_is_named_in_one_line(
    run: Run, odd: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(odd)
    for words in (
        ("shots", name),
        ("shots", name, "--json"),
        ("match", name, "-L", "lib", "-o", "x.json"),
        ("trailer", name, "-L", "lib", "-o", "x.mp4"),
        ("search", "-L", "lib", "--video", name, "--at", "1"),
    ):
        said = run(*words)
        assert (said.status, said.out) == (1, ""), said
        assert said.err.startswith(f"error: {name}: "), said.err
        assert said.err.count("\n") == 1
    assert not [file.name for file in odd.iterdir() if file.name.startswith(("x.", ".x"))]


ERRORS = [
    ("index none.mp4 -L lib", 1, "no such file or folder"),
    ("index empty -L new --encoder pixels", 1, "no video"),
    ("index good.mp4 -L new --encoder eye", 1, "unknown encoder 'eye'"),
    ("index good.mp4 -L new --encoder pixels --detector eye", 2, "unknown detector 'eye'"),
    ("index good.mp4 -L new --encoder pixels --jobs 0", 2, "jobs"),
    ("index good.mp4 -L lib --encoder efficientnet-lite0", 1, "was made with the encoder pixels"),
    ("index good.mp4 -L lib --detector none", 1, "was made with the detector"),
    ("index good.mp4 -L lib --sensitivity 0.6", 1, "was made with the sensitivity 0.5, not 0.6"),
    ("index good.mp4 -L lib --min-shot 1", 1, "was made with the min-shot 1/8, not 1"),
    ("index good.mp4 -L newer", 1, "newer reinterpret"),
    ("index good.mp4 -L older", 1, "older reinterpret"),
    ("index good.mp4 -L other", 1, "version 0 of the encoder"),
    ("index good.mp4 -L good.mp4 --encoder pixels", 1, "good.mp4"),
    ("index good.mp4 -L . --encoder pixels", 1, "neither a library nor an empty folder"),
    ("info -L none", 1, "is not a library"),
    ("info -L empty", 1, "is not a library"),
    ("info -L good.mp4", 1, "good.mp4"),
    ("info -L newer", 1, "newer reinterpret"),
    ("match trailer.mp4 -L older -o x.json", 1, "index its films anew, into a new folder"),
    ("verify -L none", 1, "is not a library"),
    ("remove none.mp4 -L lib", 1, "is not a film of lib"),
    ("remove one.mp4 none.mp4 -L lib", 1, "is not a film of lib"),
    ("search -L none --shot one.mp4:0", 1, "is not a library"),
    ("search -L other --image picture.png", 1, "version 0 of the encoder"),
    ("search -L odd --image picture.png", 1, "unknown encoder 'eye'"),
    ("search -L lib", 2, "one of --shot, --image, --text or --video"),
    ("search -L lib --image picture.png --shot one.mp4:0", 2, "one of --shot, --image, --text or --video"),
    ("search -L lib --video good.mp4", 2, "--video and --at SECONDS"),
    ("search -L lib --at 1", 2, "--video and --at SECONDS"),
    ("search -L lib --video good.mp4 --at nan", 2, "expected an instant"),
    ("search -L lib --video good.mp4 --at inf", 2, "expected an instant"),
    ("search -L lib --video good.mp4 --at=-1", 2, "expected an instant"),
    ("search -L lib --video good.mp4 --at 99", 1, "is 7.00 s long"),
    ("search -L lib --shot one.mp4", 2, "expected a shot such as"),
    ("search -L lib --shot one.mp4:99", 1, "numbered from 0"),
    ("search -L lib --shot none.mp4:0", 1, "is not a film of lib"),
    ("search -L lib --shot one.mp4:0 --parts", 2, "--parts goes with --image or --video"),
    ("search -L lib --text water", 1, "has no classifier whose classes have names"),
    ("search -L lib --text ?", 2, "a text with words in it"),
    ("search -L lib --text water --image picture.png", 2, "one of --shot, --image, --text or --video"),
    ("tags -L lib", 1, "has no classifier whose classes have names"),
    ("tags -L lib -k 0", 2, "at least one tag"),
    ("tags -L none", 1, "is not a library"),
    ("search -L lib --shot one.mp4:0 -k 0", 2, "at least one result"),
    ("search -L lib --image none.png", 1, "none.png: no such file"),
    ("search -L lib --image text.mp4", 1, "is not a picture"),
    ("search -L lib --image empty", 1, "is not a picture"),
    ("search -L lib --shot one.mp4:0 --by smell", 2, "choose one of content, composition"),
    ("search -L lib --shot one.mp4:0 --weights smell=1", 2, "choose from content, composition"),
    ("search -L lib --shot one.mp4:0 --weights content", 2, "are written like content=1,movement=0.5"),
    ("search -L lib --shot one.mp4:0 --weights content=-1", 2, "must be a number from 0 on"),
    ("search -L lib --shot one.mp4:0 --weights content=nan", 2, "must be a number from 0 on"),
    ("search -L lib --shot one.mp4:0 --weights content=0", 2, "at least one weight must be above 0"),
    ("search -L lib --shot one.mp4:0 --weights content=1,content=2", 2, "name it once"),
    ("search -L lib --shot one.mp4:0 --weights content=1 --by scale", 2, "exclude each other"),
    ("grid -L lib -o x.png --shot one.mp4:0 --by smell", 2, "choose one of content, composition"),
    ("grid -L lib -o x.png --shot one.mp4:0 --size 3", 2, "such as 3x3"),
    ("grid -L lib -o x.png --shot one.mp4:0 --size 99x1", 2, "1 to 20"),
    ("grid -L lib -o x.bmp --shot one.mp4:0", 1, "ends in .png"),
    ("grid -L lib -o none/x.png --shot one.mp4:0", 1, "does not exist"),
    ("grid -L lib -o picture.png --image picture.png", 1, "one of the inputs"),
    ("grid -L lib -o x.png --clusters 0", 2, "--clusters"),
    ("grid -L lib -o x.png --clusters 2 --shot one.mp4:0", 2, "--clusters"),
    ("grid -L lib -o x.png --clusters some", 2, "a number from 1, or auto, got 'some'"),
    ("grid -L lib -o x.png --clusters=-3", 2, "a number from 1, or auto, got '-3'"),
    ("grid -L lib -o x.png --clusters auto --map", 2, "exclude each other"),
    ("grid -L lib -o x.png --map --image picture.png", 2, "exclude each other"),
    ("grid -L lib -o none/out --clusters auto", 1, "does not exist"),
    ("grid -L lib -o text.avi --clusters auto", 1, "ends in .png"),
    ("grid -L lib -o lib --clusters auto", 1, "has other files in it"),
    ("grid -L lib -o x --map", 1, "ends in .png"),
    ("grid -L lib -o x.png", 2, "one of --shot, --image, --text or --video"),
    ("match trailer.mp4 -L none -o x.json", 1, "is not a library"),
    ("match trailer.mp4 -L other -o x.json", 1, "version 0 of the encoder"),
    ("match trailer.mp4 -L lib -o none/x.json", 1, "does not exist"),
    ("match trailer.mp4 -L lib -o x.txt", 1, "ends in .json"),
    ("match trailer.mp4 -L lib -o x.json --detector eye", 2, "unknown detector 'eye'"),
    ("match trailer.mp4 -L lib -o x.json --suggestions 0", 2, "suggestion"),
    ("match trailer.mp4 -L lib -o x.json --by smell", 2, "choose one of content, composition"),
    ("match trailer.mp4 -L lib -o x.json --weights content=1,", 2, "are written like"),
    ("match trailer.mp4 -L lib -o x.json --max-per-film 0", 2, "at least one shot must be allowed"),
    ("match trailer.mp4 -L lib -o x.json --seed=-1", 2, "a seed is a number of 0 or more"),
    ("match trailer.mp4 -L lib -o x.json --like none.mp4", 1, "none.mp4: is not a film of lib"),
    ("match trailer.mp4 -L lib -o x.json --not none.mp4", 1, "none.mp4: is not a film of lib"),
    ("match trailer.mp4 -L lib -o x.json --in empty", 1, "empty: no film of lib lies there"),
    ("match trailer.mp4 -L lib -o x.json --like one.mp4 --not one.mp4", 1, "index more films"),
    ("trailer trailer.mp4 -L lib -o x.mp4 --by smell", 2, "choose one of content, composition"),
    ("trailer trailer.mp4 -L lib -o x.mp4 --captions", 2, "--layout side-by-side or both"),
    ("render cut.json -o x.mp4 --captions", 2, "--layout side-by-side or both"),
    ("trailer trailer.mp4 -L lib -o trailer.mp4", 1, "one of the inputs"),
    ("trailer trailer.mp4 -L lib -o none/x.mp4", 1, "does not exist"),
    ("trailer trailer.mp4 -L lib -o x.avi", 1, "ends in .mp4"),
    ("trailer trailer.mp4 -L lib -o x.mp4 --sheet x.gif", 1, "ends in .png"),
    ("trailer trailer.mp4 -L lib -o x.mp4 --crf 99", 2, "crf"),
    ("trailer trailer.mp4 -L lib -o x.mp4 --jobs 0", 2, "jobs"),
    ("render none.json -o x.mp4", 1, "none.json: no such file"),
    ("render cut.json -o x.mp4", 1, "cut.json: is not an edit"),
    ("render good.mp4 -o x.mp4", 1, "good.mp4: is not an edit"),
    ("shots good.mp4 --json --csv", 2, "exclude each other"),
    ("shots good.mp4 --detector eye", 2, "unknown detector 'eye'"),
    ("shots good.mp4 --sensitivity 2", 2, "the sensitivity is a number from 0 to 1, got 2"),
    ("shots good.mp4 --sensitivity nan", 2, "the sensitivity is a number from 0 to 1, got nan"),
    ("shots good.mp4 --min-shot=-1", 2, "the shortest shot is a number of seconds from 0 to 60, got -1"),
    ("shots good.mp4 --min-shot inf", 2, "the shortest shot is a number of seconds, got inf"),
    ("match trailer.mp4 -L lib -o x.json --sensitivity 2", 2, "from 0 to 1, got 2"),
]


@pytest.mark.parametrize(("line", "status", "words"), ERRORS, ids=[line for line, _, _ in ERRORS])
def test_errors_are_one_line_that_says_what_to_do(
    run: Run, odd: Path, monkeypatch: pytest.MonkeyPatch, line: str, status: int, words: str
) -> None:
    monkeypatch.chdir(odd)
    before = sorted(file.name for file in odd.iterdir())
    said = run(*line.split())
    assert said.err.startswith("error: "), said
    assert said.err.count("\n") == 1, said.err
    assert words in said.err
    assert (said.status, said.out) == (status, "")
    # A library that could not be filled is not left behind, nor half an output.
    assert sorted(file.name for file in odd.iterdir()) == before


@pytest.mark.parametrize(
    "line", ["fly", "index", "shots", "shots a b", "search -k many -L lib", "info --colour", "info"]
)
def test_wrong_usage_ends_with_2(run: Run, line: str) -> None:
    said = run(*line.split())
    assert (said.status, said.out) == (2, "")
    assert "Traceback" not in said.err


@pytest.mark.parametrize(
    ("option", "choices"),
    [
        ("--layout", "'alone', 'side-by-side', 'both'"),
        ("--fit", "'crop', 'pad', 'blur'"),
        ("--mask", "'trailer', 'none'"),
        ("--reframe", "'subject', 'middle'"),
        ("--short", "'slow', 'next', 'hold'"),
        ("--titles", "'keep', 'match', 'black'"),
        ("--device", "'auto', 'cpu', 'cuda'"),
    ],
)
def test_a_choice_that_does_not_exist_names_those_that_do(run: Run, option: str, choices: str) -> None:
    said = run("trailer", "trailer.mp4", "-L", "lib", "-o", "x.mp4", option, "abacus")
    assert (said.status, said.out) == (2, "")
    last = said.err.splitlines()[-1]
    assert last.startswith("Error: ")
    assert f"'{option}'" in last
    assert "'abacus'" in last
    assert choices in last


# Processes


NAMES = ["with space", "it's", "🎬 日本", "line\nbreak", "-dash", "100%d", "a:b", "[x]*?", 'quote"s\\']


@pytest.mark.slow
def test_any_name_goes_the_whole_way(
    run: Run, archive: Path, trailer: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        os.mkdir(name)
        shutil.copy(trailer, Path(name) / f"{name}.mp4")
        films = Path(name) / f"films {name}"
        films.mkdir()
        shutil.copy(archive / "three.mp4", films / f"{name}.mp4")
        assert run("index", "-L", f"./{name}/lib", "--encoder", "pixels", "-q", "--", films).status == 0
        film = f"{name}/{name}.mp4"
        said = run(
            "trailer",
            "-L",
            f"./{name}/lib",
            "-o",
            f"./{name}/out {name}.mp4",
            "--preset",
            "ultrafast",
            "--json",
            "--",
            film,
        )
        assert said.status == 0, said.err
        assert said.json()["frames"] == 125
        assert Path(said.json()["matches"][0]["video"]).name == f"{name}.mp4"
        assert len(pictures(tmp_path / name / f"out {name}.mp4")) == 125


@pytest.mark.skipif(sys.platform != "linux", reason="file names that are no text exist on Linux only")
def test_a_name_that_is_no_text(trailer: Path, tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.mp4")
    shutil.copy(trailer, tmp_path / name)
    done = process("shots", name, "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["video"] == name
    missing = process("shots", os.fsdecode(b"\xe9"), cwd=tmp_path)
    assert missing.returncode == 1
    assert missing.stderr.startswith("error: ")
    assert missing.stderr.count("\n") == 1


def test_a_reader_that_has_gone_is_no_error(trailer: Path) -> None:
    for words in (("shots", str(trailer)), ("--help",)):
        with subprocess.Popen(
            [sys.executable, "-m", "reinterpret", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            running.stdout.close()
            assert running.stderr.read() == b""
            assert running.wait() in (0, 1)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_ends_with_130_and_one_line(tmp_path: Path, number: signal.Signals) -> None:
    for film in range(4):
        numbered_film(tmp_path / f"{film}.mp4", 3000, film=film, size=(64, 36))
    running = subprocess.Popen(
        [sys.executable, "-m", "reinterpret", "index", ".", "-L", "lib", "--encoder", "pixels", "--jobs", "1"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("lib/films/[0-9a-f]*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(number)
    out, err = running.communicate(timeout=30)
    assert running.returncode == 130, (out, err)
    assert out == ""
    assert err.startswith("interrupted; what was finished is kept")
    assert err.count("\n") == 1
    assert list(tmp_path.glob("lib/films/.*")) == []
    library = Library.open(tmp_path / "lib")
    assert library.fingerprints()
    assert library.verify() == []
