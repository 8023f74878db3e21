"""Lists of cuts in every notation that is read, and what is said of those that cannot be meant."""

from __future__ import annotations

import csv
import io
import os
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.errors import UsageError
from reinterpret.shots import Detection, Shot, ShotDetector, detect_shots
from reinterpret.shots.cut_list import load_cut_list_detector
from reinterpret.shots.shot import Boundary
from reinterpret.timebase import seconds_at
from reinterpret.video import Video, probe
from tests.judging import numbered_film

PLANES = np.zeros((240, 288), np.uint8)
NTSC = Fraction(30000, 1001)


def video(*, rate: Fraction | int = 25, frame_count: int = 1000, name: str = "film.mp4") -> Video:
    return Video(
        path=Path("/films") / name,
        fingerprint="0" * 32,
        frame_rate=Fraction(rate),
        frame_count=frame_count,
        width=320,
        height=180,
        rotation=0,
        sample_aspect=Fraction(1),
        duration=frame_count / Fraction(rate),
        start=Fraction(0),
        audio=False,
        container="mp4",
    )


def all_of(detector: ShotDetector | None, frame_count: int) -> list[Boundary]:
    """What a detector says of a film of so many frames."""
    assert detector is not None
    found = []
    for number in range(frame_count):
        new = detector.feed(number, PLANES)
        assert all(number - boundary.start_frame <= detector.delay_frames for boundary in new)
        found += new
    return found + detector.finish()


def read(
    folder: Path, text: str | bytes, *, rate: Fraction | int = 25, frame_count: int = 1000, name: str = "list.csv"
) -> list[Boundary]:
    """What stands in a list, for a film of so many frames."""
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return all_of(load_cut_list_detector(path, video(rate=rate, frame_count=frame_count)), frame_count)


def cuts(*frames: int) -> list[Boundary]:
    return [Boundary.cut(frame) for frame in frames]


def error_of(folder: Path, text: str | bytes, *, rate: Fraction | int = 25, frame_count: int = 1000) -> str:
    """What is said of a list; always one line with the name of the file."""
    with pytest.raises(UsageError) as caught:
        read(folder, text, rate=rate, frame_count=frame_count)
    message = str(caught.value)
    assert message.startswith(str(folder / "list.csv"))
    assert "\n" not in message
    return message.removeprefix(f"{folder / 'list.csv'}: ")


# One column


@pytest.mark.parametrize(
    "text",
    [
        "25\n50\n75\n",
        "0\n25\n50\n75",
        "\n25\n\n50\n# a remark\n75\n\n",
        "frame\n25\n50\n75\n",
        "cut\n25\n50\n75\n",
        "where it cuts\n25\n50\n75\n",
        "1.0\n2\n3.00\n",
        "seconds\n1\n2\n3\n",
        "time\n0:01\n0:02\n0:03\n",
        "00:00:01.000\n00:00:02.000\n00:00:03.000\n",
        "00:01\n00:02\n00:03\n",
        "00:00:01:00\n00:00:02:00\n00:00:03:00\n",
        "frame;note\n25;first\n50;\n75;third, with a comma\n",
        "note\tframe\nfirst\t25\nsecond\t50\nthird\t75\n",
        'number,timecode\n1,"00:00:01,000"\n2,00:00:02.000\n3,00:00:03.000\n',
        "1,0\n2,0\n3,0\n".replace(",", "."),
    ],
)
def test_a_column_of_times(tmp_path: Path, text: str) -> None:
    assert read(tmp_path, text) == cuts(25, 50, 75)


def test_seconds_are_rounded_to_the_frames_of_the_film(tmp_path: Path) -> None:
    rate = Fraction(24000, 1001)
    listed = "".join(f"{float(seconds_at(frame, rate)):.3f}\n" for frame in (1, 100, 4321))
    assert read(tmp_path, listed, rate=rate, frame_count=5000) == cuts(1, 100, 4321)


def test_an_empty_list_is_one_shot(tmp_path: Path) -> None:
    for text in ("", "\n\n", "# nothing\n", "frame\n", "transition,start_frame,end_frame\n", "TITLE: nothing\n"):
        assert read(tmp_path, text) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_encodings_and_ends_of_lines(tmp_path: Path, encoding: str, newline: str) -> None:
    text = newline.join(["transition,start_frame,end_frame,note", "cut,25,25,Überblendung", "cut,50,50,", ""])
    assert read(tmp_path, text.encode(encoding)) == cuts(25, 50)


# Tables


def test_marks(tmp_path: Path) -> None:
    text = (
        "transition,start_frame,end_frame,note\n"
        "cut,25,25,a\nDissolve,40,60,b\nambiguous,100,200,c\nfade,300,340,d\nwipe,340,350,e\ncut,350,350,f\n"
    )
    assert read(tmp_path, text) == [
        Boundary.cut(25),
        Boundary.gradual("dissolve", 40, 60),
        Boundary.gradual("fade", 300, 340),
        Boundary.gradual("wipe", 340, 350),
        Boundary.cut(350),
    ]


def test_marks_may_have_their_columns_in_any_order(tmp_path: Path) -> None:
    assert read(tmp_path, "note;End Frame;Start Frame;Transition\n;60;40;dissolve\n") == [
        Boundary.gradual("dissolve", 40, 60)
    ]


def test_transitions_at_the_edges_of_the_film_make_no_shot(tmp_path: Path) -> None:
    assert read(tmp_path, "transition,start_frame,end_frame\nfade,0,20\ncut,50,50\nfade,90,100\n", frame_count=100) == [
        Boundary(0, "start", 0, 20),
        Boundary.cut(50),
        Boundary(100, "fade", 90, 100),
    ]
    text = "transition,start_frame,end_frame\nstart,0,20\ncut,50,50\ncut,100,100\n"
    assert read(tmp_path, text, frame_count=100) == [Boundary(0, "start", 0, 20), Boundary.cut(50)]


def test_the_list_of_scenes_of_pyscenedetect(tmp_path: Path) -> None:
    from scenedetect import FrameTimecode
    from scenedetect.output import write_scene_list

    edges = [FrameTimecode(frame, 25.0) for frame in (0, 31, 75, 100)]
    scenes = list(pairwise(edges))
    for options in ({}, {"include_cut_list": False}, {"cut_list": edges[1:3]}, {"col_separator": ";"}):
        text = io.StringIO()
        write_scene_list(text, scenes, **options)
        assert read(tmp_path, text.getvalue(), frame_count=100) == cuts(31, 75), options


def test_a_list_of_scenes_of_a_longer_film_is_refused(tmp_path: Path) -> None:
    text = "Timecode List:,00:00:01.000\nScene Number,Start Frame,End Frame\n1,1,25\n2,26,101\n"
    assert error_of(tmp_path, text, frame_count=100) == "line 4: frame 101 lies behind the end of the film, 100"


def table_of(shots: list[Shot]) -> str:
    """Shots as `reinterpret shots --csv` prints them."""
    text = io.StringIO()
    fields = ["number", "start_frame", "end_frame", "start_seconds", "end_seconds", "transition"]
    table = csv.DictWriter(
        text,
        [*fields, "body_start_frame", "body_end_frame", "confidence"],
        extrasaction="ignore",
        lineterminator="\r\n",
    )
    table.writeheader()
    for shot in shots:
        row = {name: getattr(shot, name, None) for name in table.fieldnames}
        table.writerow({**row, "start_seconds": float(shot.span.start), "end_seconds": float(shot.span.end)})
    return text.getvalue()


def test_what_was_printed_of_a_film_gives_its_shots_again(tmp_path: Path) -> None:
    film = probe(numbered_film(tmp_path / "film.mp4", 100))
    marks = tmp_path / "marks.csv"
    marks.write_text(
        "transition,start_frame,end_frame\n"
        "fade,0,5\ncut,20,20\ndissolve,30,37\nfade,50,60\nwipe,60,66\ncut,66,66\ncut,67,67\nfade,90,100\n"
    )
    shots = detect_shots(film, detection=Detection(cuts=marks))
    assert [shot.transition for shot in shots] == ["start", "cut", "dissolve", "fade", "wipe", "cut", "cut"]
    assert [(shot.body_start_frame, shot.body_end_frame) for shot in shots[:3]] == [(5, 20), (20, 30), (37, 50)]
    assert shots[-1].body_end_frame == 90
    printed = tmp_path / "printed.csv"
    printed.write_text(table_of(shots))
    assert detect_shots(film, detection=Detection(cuts=printed)) == shots


def test_shots_without_transitions(tmp_path: Path) -> None:
    assert read(tmp_path, "start_frame,end_frame\n0,25\n25,60\n70,100\n", frame_count=100) == [
        Boundary.cut(25),
        Boundary.gradual("dissolve", 60, 70),
    ]


# Edit decision lists


EDL = """TITLE: A FILM
FCM: NON-DROP FRAME

001  REEL1    V     C        00:00:10:00 00:00:12:00 01:00:00:00 01:00:02:00
* FROM CLIP NAME: 12 MONKEYS 01:00:00:00
002  REEL1    V     C        00:00:12:00 00:00:12:00 01:00:02:00 01:00:02:00
002  REEL2    V     D    024 00:00:00:00 00:00:04:00 01:00:02:00 01:00:06:00
003  REEL3    AA    C        00:00:00:00 00:00:04:00 01:00:02:00 01:00:06:00
004  REEL3    V     W001 010 00:00:00:00 00:00:01:00 01:00:06:00 01:00:07:00
005  BL       V     D    025 00:00:00:00 00:00:02:00 01:00:07:00 01:00:09:00
006  A REEL   AA/V  C        00:00:00:00 00:00:01:00 01:00:09:00 01:00:10:00
M2   REEL3    025.0          00:00:00:00
007  TITLE    V2    C        00:00:00:00 00:00:01:00 01:00:09:10 01:00:09:20
008  TITLE    V     K    010 00:00:00:00 00:00:01:00 01:00:09:10 01:00:09:20
"""


def test_an_edit_decision_list(tmp_path: Path) -> None:
    assert read(tmp_path, EDL, frame_count=250, name="film.edl") == [
        Boundary.gradual("dissolve", 50, 74),
        Boundary.gradual("wipe", 150, 160),
        Boundary.gradual("fade", 175, 200),
        Boundary.cut(225),
    ]


def event(number: int, start: str, end: str, kind: str = "C") -> str:
    return f"{number:03d}  AX V     {kind}        00:00:00:00 00:00:00:00 {start} {end}\n"


def test_what_an_edit_decision_list_leaves_empty_is_black(tmp_path: Path) -> None:
    text = event(1, "00:00:00:00", "00:00:01:00") + event(2, "00:00:02:00", "00:00:03:00")
    assert read(tmp_path, text) == cuts(25, 50)
    faded = text.replace("002  AX V     C    ", "002  AX V     D 010")
    assert read(tmp_path, faded) == [Boundary.cut(25), Boundary.gradual("fade", 50, 60)]


@pytest.mark.parametrize(
    ("heading", "separator", "expected"),
    [("FCM: DROP FRAME", ":", 1800), ("FCM: DROP FRAME", ";", 1800), ("", ";", 1800), ("", ":", 1802)],
)
def test_dropped_frames(tmp_path: Path, heading: str, separator: str, expected: int) -> None:
    first = event(1, "01:00:00:00", "01:01:00:02") + event(2, "01:01:00:02", "01:02:00:02")
    # 29.97 frames a second: in the first minute of the hour none is dropped, in the second two.
    text = "TITLE: A\n" + heading + "\n" + first.replace(":02 ", f"{separator}02 ").replace(":02\n", f"{separator}02\n")
    assert read(tmp_path, text, rate=NTSC, frame_count=5000) == cuts(expected)


def test_the_edit_decision_list_of_pyscenedetect(tmp_path: Path) -> None:
    from scenedetect import FrameTimecode
    from scenedetect.output import write_scene_list_edl

    for rate in (Fraction(25), Fraction(24000, 1001), NTSC):
        edges = [FrameTimecode(frame, rate) for frame in (0, 31, 1007, 5000, 9000)]
        text = io.StringIO()
        write_scene_list_edl(text, list(pairwise(edges)))
        assert read(tmp_path, text.getvalue(), rate=rate, frame_count=9000) == cuts(31, 1007, 5000), rate


# Lists that cannot be meant


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("25\nfifty\n75\n", "line 2: expected the number of a frame, seconds or a time, got 'fifty'"),
        ("25\n\n-50\n", "line 3: expected the number of a frame, seconds or a time, got '-50'"),
        ("25\n1e99999\n", "line 2: expected the number of a frame, seconds or a time, got '1e99999'"),
        ("25\n" + "9" * 5000, "line 2: expected the number of a frame, seconds or a time, got '99999"),
        ("25\n00:75:00.0\n", "line 2: expected the number of a frame, seconds or a time"),
        ("25\n00:00:00:25\n", "line 2: there is no timecode 00:00:00:25 at 25 frames a second"),
        ("75\n# b\n25\n", "line 3: frame 25 is not later than frame 75 in line 1"),
        ("25\n25\n", "line 2: frame 25 is not later than frame 25 in line 1"),
        ("2.0\n1.0\n", "line 2: frame 25 is not later than frame 50 in line 1"),
        ("25\n1001\n", "line 2: frame 1001 lies behind the end of the film, 1000"),
        ("25\n900000000\n", "line 2: frame 900000000 lies behind the end of the film"),
        ("Once upon a time\nthere was a film.\n", "line 1: expected an EDL, a column of times, or a table"),
        ("\n\n<html>\n<body>\n", "line 3: expected an EDL, a column of times, or a table"),
        ("12,15\n16,20\n", "line 1: expected an EDL, a column of times, or a table"),
        ("number,shows\n1,a dog\n", "line 1: expected an EDL, a column of times, or a table"),
        ("number,frame\n1,\n", "line 2: has no frame"),
        ("transition,start_frame,end_frame\ncut,5\n", "line 2: has no end_frame"),
        ("transition,start_frame,end_frame\ncut,5,x\n", "line 2: expected end_frame to be the number of a frame"),
        ("transition,start_frame,end_frame\nmelt,5,9\n", "line 2: a transition is one of start, cut, dissolve"),
        ("transition,start_frame,end_frame\ncut,5,9\n", "line 2: a cut has no frames of its own, got frames 5 to 9"),
        ("transition,start_frame,end_frame\nwipe,9,9\n", "line 2: a wipe ends after it starts, got frames 9 to 9"),
        ("transition,start_frame,end_frame\nstart,9,12\n", "line 2: only the first frame of a film is its start"),
        (
            "transition,start_frame,end_frame\ndissolve,10,30\n\ncut,20,20\n",
            "line 4: frame 20 lies within the dissolve in line 2, which goes on to frame 30",
        ),
        ("transition,start_frame,end_frame\nfade,990,1010\n", "line 2: frame 1010 lies behind the end of the film"),
        ("number,start_frame,end_frame\n0,0,25\n1,20,40\n", "line 3: begins at frame 20, before the end of the shot"),
        ("number,start_frame,end_frame\n0,25,25\n", "line 2: a shot ends after it begins"),
        (
            "number,start_frame,end_frame,body_start_frame,body_end_frame\n0,0,25,20,10\n",
            "line 2: the body of a shot lies within it, got frames 20 to 10",
        ),
        ("scene_number,start_frame,end_frame\n1,0,25\n", "line 2: a shot ends after it begins, got frames 0 to 25"),
        (event(1, "00:00:00:00", "00:00:01:30"), "line 1: there is no timecode 00:00:01:30 at 25 frames a second"),
        (event(1, "00:00:00:00", "00:00:0a:00"), "line 1: expected a timecode such as 01:00:00:00, got '00:00:0A:00'"),
        (event(1, "00:00:02:00", "00:00:01:00"), "line 1: ends before it begins"),
        (
            event(1, "00:00:00:00", "00:00:02:00") + event(2, "00:00:01:00", "00:00:03:00"),
            "line 2: begins before the event before it has ended",
        ),
        (
            event(1, "00:00:00:00", "00:00:02:00") + event(2, "00:00:02:00", "00:00:03:00", "D"),
            "line 2: does not say how many frames the dissolve has",
        ),
        (
            event(1, "00:00:00:00", "00:00:02:00") + event(2, "00:00:02:00", "00:00:03:00", "D 030"),
            "line 2: is shorter than its dissolve",
        ),
        ("TITLE: X\n001 AX V C 00:00:00:00 00:00:01:00\n", "line 2: is no event of an EDL"),
        (event(1, "00:00:00:00", "00:00:50:00"), "line 1: frame 1250 lies behind the end of the film"),
        ('frame\n"' + "9" * 200_000 + "\n", "line 2: is no line of a table"),
        (b"\x00\x01\x02\xff\xfe binary \x9c\n" * 20, "line 1: expected an EDL, a column of times, or a table"),
    ],
)
def test_the_error_names_the_line(tmp_path: Path, text: str | bytes, message: str) -> None:
    assert error_of(tmp_path, text).startswith(message)


def test_a_dropped_timecode_is_none(tmp_path: Path) -> None:
    text = event(1, "00:00:00;00", "00:01:00;00") + event(2, "00:01:00;00", "00:02:00;02")
    assert error_of(tmp_path, text, rate=NTSC, frame_count=9000).startswith(
        "line 1: the timecode 00:01:00;00 is one of those dropped"
    )


def test_what_lies_far_behind_the_end_is_known_before_the_film_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("25\n5000\n")
    with pytest.raises(UsageError, match=r"line 2: frame 5000 lies behind the end of the film, 1000$"):
        load_cut_list_detector(path, video())
    # The header may be wrong, or may not say how long the film is.
    assert load_cut_list_detector(path, video(frame_count=0)) is not None
    path.write_text("25\n1050\n")
    assert all_of(load_cut_list_detector(path, video()), 1100) == cuts(25, 1050)
    with pytest.raises(UsageError, match="line 2: frame 1050 lies behind the end of the film, 1000"):
        all_of(load_cut_list_detector(path, video()), 1000)


def test_files_that_are_no_lists(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        load_cut_list_detector(tmp_path / "missing.csv", video())
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(UsageError, match="is not a regular file"):
        load_cut_list_detector(fifo, video())
    large = tmp_path / "large.csv"
    large.write_bytes(b"")
    os.truncate(large, 50_000_000)
    with pytest.raises(UsageError, match="is no list of cuts, it has 50 MB"):
        load_cut_list_detector(large, video())


def test_a_long_line_is_read_in_no_time(tmp_path: Path) -> None:
    assert error_of(tmp_path, "1 " + "A  " * 100_000 + "\n")


# Folders


@pytest.mark.parametrize(
    "name", ["film.csv", "film.edl", "FILM.CSV", "film.mp4.csv", "Film.MP4.txt", "film.tsv", "film.txt"]
)
def test_the_list_in_a_folder_is_named_like_the_film(tmp_path: Path, name: str) -> None:
    (tmp_path / "other.csv").write_text("1\n2\n")
    assert load_cut_list_detector(tmp_path, video()) is None
    (tmp_path / name).write_text("25\n")
    assert all_of(load_cut_list_detector(tmp_path, video()), 100) == cuts(25)


def test_the_list_that_is_named_more_exactly_comes_first(tmp_path: Path) -> None:
    (tmp_path / "film.csv").write_text("1\n")
    (tmp_path / "film.mp4.csv").write_text("25\n")
    (tmp_path / "film.edl").write_text("2\n")
    assert all_of(load_cut_list_detector(tmp_path, video()), 100) == cuts(25)


# Timecodes


def timecode(frame: int, nominal: int, *, drop: bool) -> tuple[int, int, int, int]:
    """The numbers that SMPTE 12M gives to the frames, one after the other in words: count, and skip."""
    if drop:
        dropped, minute = nominal // 15, 60 * nominal - nominal // 15
        tens, rest = divmod(frame, 10 * minute + dropped)
        if rest >= minute + dropped:
            frame += dropped * ((rest - dropped) // minute)
        frame += 9 * dropped * tens
    seconds, frames = divmod(frame, nominal)
    minutes, seconds = divmod(seconds, 60)
    return (*divmod(minutes, 60), seconds, frames)


@settings(max_examples=50, deadline=None)
@given(
    frames=st.lists(st.integers(1, 200_000), unique=True, max_size=20).map(sorted),
    rate=st.sampled_from([Fraction(24000, 1001), Fraction(25), NTSC, Fraction(60000, 1001)]),
    notation=st.sampled_from(["frame", "seconds", "time", "timecode", "edl"]),
)
def test_frames_come_back_from_every_notation(
    tmp_path_factory: pytest.TempPathFactory, frames: list[int], rate: Fraction, notation: str
) -> None:
    nominal = round(rate)

    def code(frame: int) -> str:
        hours, minutes, seconds, part = timecode(frame, nominal, drop=nominal % 30 == 0)
        return f"{hours:02d}:{minutes:02d}:{seconds:02d}{';' if nominal % 30 == 0 else ':'}{part:02d}"

    def clock(frame: int) -> str:
        milliseconds = round(seconds_at(frame, rate) * 1000)
        return f"{milliseconds // 3600000}:{milliseconds // 60000 % 60:02d}:{milliseconds % 60000 / 1000:06.3f}"

    write = {
        "frame": str,
        "seconds": lambda frame: f"{float(seconds_at(frame, rate)):.3f}",
        "time": clock,
        "timecode": code,
        "edl": str,
    }[notation]
    text = "".join(f"{write(frame)}\n" for frame in frames)
    if notation == "edl":
        edges = [0, *frames, 200_001]
        text = "TITLE: A\n" + "".join(event(1, code(one), code(other)) for one, other in pairwise(edges))
    path = tmp_path_factory.mktemp("lists") / "list.txt"
    path.write_text(text)
    detector = load_cut_list_detector(path, replace(video(rate=rate), frame_count=0))
    assert detector is not None
    assert [boundary for frame in frames for boundary in detector.feed(frame, PLANES)] == cuts(*frames)


@settings(max_examples=200, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.text(st.sampled_from('0123456789:;.,\t\n "-CDVWcutframe_'), max_size=200).map(str.encode),
        st.lists(st.sampled_from([*EDL.splitlines(), "transition,start_frame,end_frame", "cut,5,5", "fade,0,9"]))
        .map("\n".join)
        .map(str.encode),
    )
)
def test_whatever_is_in_a_file_it_is_a_list_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(content)
    try:
        found = all_of(load_cut_list_detector(path, video()), 1000)
    except UsageError as error:
        assert str(error).startswith(f"{path}: line ")  # noqa: PT017 - either will do
    else:
        assert found == sorted(found)
        assert all(one.end_frame <= other.start_frame for one, other in pairwise(found))
