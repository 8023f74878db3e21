"""Edit decision lists: what is written, and what is read of those that others have written."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.edits import Clip, EditList, Match
from reinterpret.errors import EditError
from reinterpret.interchange import export_timeline, import_timeline
from reinterpret.interchange.edl import label_source, reel_names, source_label
from reinterpret.interchange.events import Event, Record
from reinterpret.interchange.media import MediaFacts
from reinterpret.interchange.notes import note_text, parse_note
from reinterpret.interchange.timeline import TimelineOptions
from reinterpret.shots.cut_list import load_cut_list_detector
from reinterpret.timebase import Span
from reinterpret.timecode import parse_timecode
from reinterpret.video import FrameGrid
from tests.interchange.imagined import NTSC, RECORD_RATES, SOURCE_RATES, one_clip, video
from tests.judging import edit_of, numbered_film, remade


def facts(
    name: str, rate: Fraction = Fraction(25), *, reel: str = "", start: int = 0, drop: bool = False
) -> MediaFacts:
    return MediaFacts(Path("/films") / name, "b" * 32, rate, 100_000, start, drop, reel=reel)


def edit_of_two(rate: Fraction = NTSC) -> EditList:
    """Twenty frames at half speed, then ten that end after four and are held, then black."""
    films = (video("first film.mov", "b", rate), video("other.mov", "c", Fraction(25)))
    one = Match(0, "b" * 32, 0, Span(Fraction(0), 300 / rate), Span(100 / rate, 110 / rate), 0.25, (), "still")
    two = Match(1, "c" * 32, 0, Span(Fraction(2), Fraction(54, 25)), Span(Fraction(2), Fraction(54, 25)), 0.5, ())
    clips = (
        Clip(0, 20, "footage", one, Fraction(1, 2)),
        Clip(20, 10, "footage", two),
        Clip(30, 5, "black"),
    )
    return EditList(video("trailer.mov", "a", rate), FrameGrid(rate, 35), films, clips)


def test_the_whole_list(tmp_path: Path) -> None:
    path = tmp_path / "two.edl"
    export_timeline(edit_of_two(), path, options=TimelineOptions(start_timecode="00:59:59;20"))
    assert path.read_bytes().decode().split("\r\n") == [
        "TITLE: two",
        "FCM: DROP FRAME",
        "",
        "001  FIRSTFIL V     C        00:00:03;10 00:00:03;20 00:59:59;20 01:00:00;10",
        "M2   FIRSTFIL       015.0                00:00:03:10",
        "* FROM CLIP NAME: first film.mov",
        "* SOURCE FILE: file:///films/first%20film.mov",
        "* LOC: 00:59:59;20 GREEN   0.25 still",
        f"* reinterpret clip 0 footage film {'b' * 32} frame 100 speed 1/2 at 0",
        "",
        # 25 frames a second in a list of 29.97: named by time
        "002  OTHER    V     C        00:00:02:00 00:00:02:05 01:00:00;10 01:00:00;15",
        "* FROM CLIP NAME: other.mov",
        "* SOURCE FILE: file:///films/other.mov",
        "* LOC: 01:00:00;10 GREEN   0.50",
        f"* reinterpret clip 1 footage film {'c' * 32} frame 50 speed 1/1 at 20",
        "",
        "003  OTHER    V     C        00:00:02:04 00:00:02:05 01:00:00;15 01:00:00;20",
        "M2   OTHER          000.0                00:00:02:04",
        "* * FREEZE FRAME",
        "* FROM CLIP NAME: other.mov",
        "* SOURCE FILE: file:///films/other.mov",
        "* LOC: 01:00:00;15 GREEN   0.50",
        f"* reinterpret clip 1 footage film {'c' * 32} frame 53 speed 0/1 at 25",
        "",
        "004  BL       V     C        00:00:00:00 00:00:00:05 01:00:00;20 01:00:00;25",
        "* reinterpret clip 2 black at 30",
        "",
        "005  TRAILER  AA    C        00:00:00;00 00:00:01;05 00:59:59;20 01:00:00;25",
        "* FROM CLIP NAME: trailer.mov",
        "* SOURCE FILE: file:///films/trailer.mov",
        "",
        "",
    ]


def test_the_adapter_reads_speed_hold_and_black(tmp_path: Path) -> None:
    path = tmp_path / "two.edl"
    export_timeline(edit_of_two(), path)
    track = otio.adapters.read_from_file(str(path), rate=float(NTSC)).tracks[0]
    assert [round(item.range_in_parent().start_time.value) for item in track] == [0, 20, 25, 30]
    assert [round(item.duration().value) for item in track] == [20, 5, 5, 5]
    assert track[0].effects[0].time_scalar == pytest.approx(0.5, abs=0.001)
    assert isinstance(track[2].effects[0], otio.schema.FreezeFrame)
    assert round(track[0].source_range.start_time.value) == 100


def test_our_own_cut_lists_read_it(tmp_path: Path) -> None:
    path = tmp_path / "two.edl"
    edit = edit_of_two(Fraction(25))
    export_timeline(edit, path)
    detector = load_cut_list_detector(path, replace(video("x.mov", "a", Fraction(25)), frame_count=35))
    assert detector is not None
    assert [boundary.frame for boundary in detector.feed(34, None)] == [20, 24, 30]  # type: ignore[arg-type]


def test_reels_are_short_and_no_two_the_same() -> None:
    media = [
        facts("a long name of a film.mov"),
        facts("a long name of another.mov"),
        facts("bl.mov"),
        facts("映画.mov"),
        facts("x.mov", reel="A001-C002_x"),
        facts("y.mov", reel="A001_C002"),
        *(facts(f"{number}/same.mov") for number in range(12)),
    ]
    names = list(reel_names(media).values())
    assert names[:6] == ["ALONGNAM", "ALONGNA2", "BL2", "REEL", "A001_C00", "A001_C02"]
    assert len(set(names)) == len(media)
    assert all(0 < len(name) <= 8 and name.isascii() for name in names)


def test_long_lists_go_on_with_four_digits(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    film = video("b.mov", "b", Fraction(25))
    whole = Span(Fraction(0), Fraction(3000))
    clips = tuple(
        Clip(
            number, 1, "footage", Match(number, "b" * 32, 0, whole, Span(Fraction(number), Fraction(number + 1)), 0, ())
        )
        for number in range(1200)
    )
    edit = EditList(video("a.mov", "a", Fraction(25)), FrameGrid(Fraction(25), 1200), (film,), clips)
    export_timeline(edit, tmp_path / "long.edl")
    assert "has 1201 events; a strict CMX 3600 system reads 999" in caplog.text
    text = (tmp_path / "long.edl").read_text()
    assert "\n999  B        V" in text
    assert "\n1000  B        V" in text
    assert import_timeline(tmp_path / "long.edl", edit) == edit
    track = otio.adapters.read_from_file(str(tmp_path / "long.edl"), rate=25.0).tracks[0]
    assert len(track) == 1200


def test_other_rates_are_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    export_timeline(edit_of_two(), tmp_path / "two.edl")
    assert "an EDL has one frame rate: 1 of its sources have another and are named by time (other.mov)" in caplog.text


@settings(max_examples=300)
@given(
    frame=st.integers(0, 900_000),
    record=st.sampled_from(RECORD_RATES),
    source=st.sampled_from(SOURCE_RATES),
    start=st.sampled_from([0, 1, 90_000]),
)
def test_labels_name_the_frame_that_is_on_the_screen(
    frame: int, record: Fraction, source: Fraction, start: int
) -> None:
    media, list_ = facts("a.mov", source, start=start), Record("", record, 0, 0, False, 0, 0)
    label = source_label(media, frame, list_)
    alike = round(source) == round(record)
    found = label_source(media, parse_timecode(label, source if alike else record), list_)
    # A list that runs slower than the source cannot name every frame: one that is shown later, by less than its own.
    assert frame <= found <= frame + (0 if alike or record >= source else source / record)


@given(
    clip=st.integers(0, 10**6),
    frame=st.integers(0, 10**9),
    speed=st.fractions(0, 16, max_denominator=10**9),
    place=st.integers(0, 10**9),
    role=st.sampled_from(["footage", "title", "alternate", "sound", "trailer"]),
)
def test_notes_come_back(clip: int, frame: int, speed: Fraction, place: int, role: str) -> None:
    event = Event(place, 1, role, facts("a.mov"), frame, speed, clip)  # type: ignore[arg-type]
    note = parse_note(f"* COMMENT: {note_text(event).upper()} and more")
    assert note is not None
    assert (note.clip, note.role, note.place, note.film, note.frame, note.speed) == (
        clip,
        role,
        place,
        "b" * 32,
        frame,
        speed,
    )


def test_what_is_no_note_is_none() -> None:
    black = parse_note("reinterpret clip 3 black at 9")
    assert black is not None
    assert (black.clip, black.role, black.film) == (3, "black", "")
    for text in ("", "reinterpret clip", "reinterpret clip 1 nothing at 3", "clip 1 black at 3", "x" * 10**5):
        assert parse_note(text) is None
    assert parse_note(f"reinterpret clip 1 footage film {'b' * 32} frame 1 speed 1/0 at 3") is None


def test_sources_that_run_past_midnight_are_read(clips: Path, tmp_path: Path) -> None:
    plain = numbered_film(clips / "midnight-plain.mov", 80)
    late = remade(plain, tmp_path / "late.mov", "-c", "copy", "-timecode", "23:59:59:00")
    edit = edit_of(plain, (30, late, Fraction(40, 25)), (50, late, Fraction(0)))
    export_timeline(edit, tmp_path / "late.edl")
    text = (tmp_path / "late.edl").read_text()
    assert "00:00:00:15 00:00:01:20 01:00:00:00" in text
    (tmp_path / "late.edl").write_text("\n".join(line for line in text.splitlines() if "reinterpret" not in line))
    assert import_timeline(tmp_path / "late.edl", edit) == edit


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "has no event of a picture"),
        ("TITLE: A\n001  B  AA  C  00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n", "has no event of a picture"),
        ("001  B  V  C  00:00:00:00 00:00:01:00 01:00:00:00 01:00:00:99\n", "line 1: there is no timecode 01:00:00:99"),
        ("001  B  V  C  00:00:00:77 00:00:01:00 01:00:00:00 01:00:01:00\n", "line 1: there is no timecode 00:00:00:77"),
        ("001  B  V  C  00:00:00:00 00:00:01:00 01:00:01:00 01:00:00:00\n", "line 1: ends before it begins"),
        ("\n001  B  V  C  00:00:00:00 00:00:01:00 00:59:00:00 00:59:01:00\n", "line 2: begins before the timeline"),
        ("001  XYZ  V  C  00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n", "names a film that neither .*: XYZ;"),
        (
            "001  B  V  C  00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\nM2  B  -25.0  00:00:00:00\n",
            "line 1: runs backwards",
        ),
        ("x" * 20_000, "line 1: has 20000 characters"),
        (
            "001  B  V  C  00:00:00:00 00:00:01:00 01:00:00:00 01:00:01:00\n"
            "002  B  V  C  00:00:00:00 00:00:01:00 01:00:00:12 01:00:01:12\n",
            "b.mov at frame 12 lies over the one before it",
        ),
    ],
)
def test_lists_that_cannot_be_meant_are_refused_with_the_line(tmp_path: Path, text: str, reason: str) -> None:
    path = tmp_path / "bad.edl"
    path.write_text(text)
    films = (video("b.mov", "b", Fraction(25)),)
    edit = EditList(video("a.mov", "a", Fraction(25)), FrameGrid(Fraction(25), 50), films, (Clip(0, 50, "black"),))
    with pytest.raises(EditError, match=reason) as raised:
        import_timeline(path, edit)
    assert str(raised.value).startswith(f"{path}: ")


@settings(max_examples=150, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=300),
        st.lists(
            st.sampled_from(
                [
                    "TITLE: A",
                    "FCM: DROP FRAME",
                    "001  B        V     C        00:00:00:20 00:00:02:20 01:00:00:00 01:00:02:00",
                    "002  B        V     D  012   00:00:00:20 00:00:02:20 01:00:02:00 01:00:02:00",
                    "003  BL       V     C        00:00:00:00 00:00:00:05 01:00:01:20 01:00:01:24",
                    "M2   B       000.0                00:00:02:04",
                    "M2   B       9999999                00:00:02:04",
                    f"* reinterpret clip 1 footage film {'b' * 32} frame 50 speed 0/1 at 20",
                    "* FROM CLIP NAME: b.mov",
                    "* SOURCE FILE: http://[::1",
                ]
            )
        )
        .map("\n".join)
        .map(str.encode),
    )
)
def test_whatever_is_in_a_list_it_is_an_edit_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.edl"
    path.write_bytes(content)
    edit = one_clip()
    try:
        found = import_timeline(path, edit)
    except EditError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either will do
    else:
        assert found.grid == edit.grid
