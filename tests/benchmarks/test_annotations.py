"""Annotation files in the notations of the public sets, and our own."""

from __future__ import annotations

from pathlib import Path

import pytest
from annotations import AnnotationError, Mark, read_dataset, read_marks, write_marks


def film(folder: Path, *names: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).touch()
    return folder


def cut(frame: int) -> Mark:
    return Mark(frame, frame, "cut")


def test_marks_are_read_as_written(tmp_path: Path):
    marks = (Mark(0, 12, "ambiguous", "fades in, from black"), cut(40), Mark(70, 90, "dissolve"))
    write_marks(tmp_path / "film.csv", marks)
    assert read_marks(tmp_path / "film.csv") == marks


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("cut,10,12,", "a cut has no frames of its own"),
        ("dissolve,10,10,", "ends after it starts"),
        ("morph,10,12,", "a transition is one of cut, dissolve"),
        ("cut,ten,10,", "expected two frame numbers"),
        ("cut,10", "expected transition,start_frame"),
    ],
)
def test_a_wrong_mark_is_named_with_file_and_line(tmp_path: Path, line: str, said: str):
    path = tmp_path / "film.csv"
    path.write_text(f"transition,start_frame,end_frame,note\ncut,5,5,\n{line}\n")
    with pytest.raises(AnnotationError, match=r"film\.csv:3: ") as error:
        read_marks(path)
    assert said in str(error.value)


def test_marks_need_their_heading(tmp_path: Path):
    (tmp_path / "film.csv").write_text("cut,5,5,\n")
    with pytest.raises(AnnotationError, match=r"film\.csv:1: expected the heading"):
        read_marks(tmp_path / "film.csv")


def test_marks_follow_one_another(tmp_path: Path):
    (tmp_path / "film.csv").write_text("transition,start_frame,end_frame,note\nfade,5,20,\ncut,12,12,\n")
    with pytest.raises(AnnotationError, match="cut at 12 begins before the one at 5 has ended"):
        read_marks(tmp_path / "film.csv")


def test_clipshots(tmp_path: Path):
    annotations = tmp_path / "test.json"
    annotations.write_text(
        '{"a.mp4": {"transitions": [[86, 87], [100, 125]], "frame_num": 3403.0},\n'
        ' "b.mp4": {"transitions": [[9, 9]], "frame_num": 100.0}, "c.mp4": {"transitions": [], "frame_num": 9.0}}'
    )
    films, faults = read_dataset("clipshots", annotations, film(tmp_path / "videos", "a.mp4", "b.mp4"))
    assert [one.path.name for one in films] == ["a.mp4"]
    assert films[0].marks == (cut(87), Mark(101, 125, "gradual"))
    assert "test.json:2: the new shot starts at 9" in faults[0]
    assert "(b.mp4)" in faults[0]
    assert faults[1].startswith("1 of the annotated films")


def test_autoshot_as_published(tmp_path: Path):
    annotations = tmp_path / "kuaishou_v2.txt"
    annotations.write_text("7.mp4  1499\n130,131\n178,179,\n480,525\n\n8.mp4 99\n568,,569\n1,2\n\n9.mp4 99\n50,7\n")
    films, faults = read_dataset("autoshot", annotations, film(tmp_path / "videos", "7.mp4", "8.mp4", "9.mp4"))
    assert [one.path.stem for one in films] == ["7"]
    assert films[0].marks == (cut(131), cut(179), Mark(481, 525, "gradual"))
    assert "kuaishou_v2.txt:7: expected two frame numbers, got '568,,569' (8)" in faults[0]
    assert "kuaishou_v2.txt:11: " in faults[1]


def test_autoshot_as_lists_of_shots(tmp_path: Path):
    folder = tmp_path / "annotations"
    folder.mkdir()
    (folder / "7.txt").write_text("0,130\n131,480\n525,600\n")
    films, _ = read_dataset("autoshot", folder, film(tmp_path / "videos", "7.mp4"))
    assert films[0].marks == (cut(131), Mark(481, 525, "gradual"))


def test_bbc_and_its_shift(tmp_path: Path):
    folder = tmp_path / "shots"
    folder.mkdir()
    (folder / "01-From_Pole_to_Pole.txt").write_text("0\t98\n99\t200\n")
    films, _ = read_dataset("bbc", folder, film(tmp_path / "videos", "bbc_01.mp4"), shift_frames=1)
    assert films[0].marks == (cut(100),)


def test_rai(tmp_path: Path):
    folder = tmp_path / "labels"
    folder.mkdir()
    (folder / "1_gt.txt").write_text("0 98\n99 200\n\n210 300\n")
    (folder / "2_gt.txt").write_text("0 98\n90 200\n")
    films, faults = read_dataset("rai", folder, film(tmp_path / "videos", "1.mp4", "2.mp4"))
    assert films[0].marks == (cut(99), Mark(201, 210, "gradual"))
    assert "2_gt.txt:2: the new shot starts at 90, before the old one has ended at 98" in faults[0]


def test_nothing_to_read_is_an_error(tmp_path: Path):
    with pytest.raises(AnnotationError, match="there is no film in it"):
        read_dataset("rai", tmp_path, tmp_path)
    with pytest.raises(AnnotationError, match="expected a folder of lists of shots"):
        read_dataset("rai", tmp_path / "none", film(tmp_path / "videos", "1.mp4"))
    (tmp_path / "broken.json").write_text('{"a.mp4":\n')
    with pytest.raises(AnnotationError, match=r"broken\.json:1: "):
        read_dataset("clipshots", tmp_path / "broken.json", tmp_path / "videos")
