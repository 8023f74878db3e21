"""Final Cut Pro 7's XML: what is written, and what is read of what others have written, or made up."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.clip_transitions import Dissolve
from reinterpret.edits import Clip, EditList, Match, Soundtrack
from reinterpret.errors import EditError
from reinterpret.interchange import export_timeline, import_timeline
from reinterpret.interchange.fcp7 import clip_frame, clip_source
from reinterpret.interchange.timeline import TimelineOptions
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid
from tests.interchange.imagined import NTSC, RECORD_RATES, SOURCE_RATES, one_clip, video
from tests.interchange.test_edl import edit_of_two
from tests.judging import edit_of, numbered_film, remade, with_sound


def written(edit: EditList, path: Path, **options: object) -> Element:
    export_timeline(edit, path, options=TimelineOptions(**options))  # type: ignore[arg-type]
    assert path.read_text().startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE xmeml>\n<xmeml version="5">')
    return ElementTree.parse(path).getroot()


def texts(element: Element, *paths: str) -> list[str | None]:
    return [element.findtext(path) for path in paths]


def test_the_sequence_has_rate_timecode_and_tracks(tmp_path: Path) -> None:
    root = written(edit_of_two(), tmp_path / "two.xml")
    sequence = root.find("sequence")
    assert sequence is not None
    assert texts(sequence, "name", "duration", "rate/timebase", "rate/ntsc") == ["two", "35", "30", "TRUE"]
    assert texts(sequence, "timecode/string", "timecode/frame", "timecode/displayformat") == [
        "01:00:00;00",
        "107892",
        "DF",
    ]
    tracks = sequence.findall("media/video/track")
    assert [track.findtext("name") for track in tracks] == ["trailer", "reinterpretation"]
    items = tracks[1].findall("clipitem")
    # At half speed frame 100 is the 200th that is seen; 50 of 25 frames a second are 59.94 of 29.97.
    assert [texts(item, "start", "end", "in", "out") for item in items] == [
        ["0", "20", "200", "220"],
        ["20", "25", "60", "65"],
        ["25", "30", "64", "69"],
    ]
    speeds = [item.findtext("filter/effect/parameter[parameterid='speed']/value") for item in items]
    assert speeds == ["50", None, "0"]
    assert texts(items[0], "marker/name", "marker/in", "marker/out") == ["0.25 still", "200", "-1"]
    file = items[1].find("file")
    assert file is not None
    assert texts(file, "rate/timebase", "rate/ntsc", "pathurl") == ["25", "FALSE", "file://localhost/films/other.mov"]
    again = items[2].find("file")
    assert again is not None
    assert (again.get("id"), len(again)) == (file.get("id"), 0)


def test_sound_has_a_track_for_each_channel_and_is_linked_to_its_picture(tmp_path: Path) -> None:
    film = video("b.mov", "b", Fraction(25))
    match = Match(0, "b" * 32, 0, Span(Fraction(0), Fraction(9)), Span(Fraction(1), Fraction(3)), 0.5, ())
    edit = EditList(None, FrameGrid(Fraction(25), 50), (film,), (Clip(0, 50, "footage", match),), Soundtrack("clips"))
    root = written(edit, tmp_path / "sound.xml")
    tracks = root.findall(".//audio/track")
    assert [track.findtext("clipitem/sourcetrack/trackindex") for track in tracks] == ["1", "2"]
    picture = root.find(".//video/track/clipitem")
    assert picture is not None
    assert [link.findtext("mediatype") for link in picture.findall("link")] == ["video", "audio", "audio"]
    assert [link.findtext("trackindex") for link in picture.findall("link")] == ["1", "1", "2"]


def test_reel_and_timecode_of_the_file_are_written(clips: Path, tmp_path: Path) -> None:
    plain = numbered_film(clips / "fcp-plain.mov", 60, rate=NTSC)
    options = ("-c", "copy", "-timecode", "01:02:03;04", "-metadata:s:v", "reel_name=A001C002")
    film = with_sound(remade(plain, tmp_path / "reel.mov", *options), tmp_path / "r.mov", "pcm_s16le", seconds=2)
    root = written(edit_of(plain, (60, remade(film, tmp_path / "reeled.mov", *options), 0)), tmp_path / "reel.xml")
    file = root.findall(".//video/track")[1].find("clipitem/file")
    assert file is not None
    assert texts(file, "timecode/string", "timecode/displayformat", "timecode/reel/name") == [
        "01:02:03;04",
        "DF",
        "A001C002",
    ]
    assert texts(file, "media/audio/channelcount", "media/audio/samplecharacteristics/samplerate") == ["1", "48000"]
    assert texts(file, "media/video/samplecharacteristics/width", "duration") == ["160", "60"]
    track = otio.adapters.read_from_file(str(tmp_path / "reel.xml")).tracks[1]
    assert track[0].source_range.start_time.value == (3600 + 123) * 30 + 4 - 2 * (62 - 6)


def test_black_is_black_and_pictures_fill_the_frame(tmp_path: Path) -> None:
    root = written(edit_of_two(), tmp_path / "two.xml")
    below, above = root.findall(".//video/track")[:2]
    assert [item.findtext("enabled") for item in below.findall("clipitem")] == ["TRUE", "TRUE", "FALSE"]
    scale = "filter/effect[effectid='basic']/parameter[parameterid='scale']/value"
    assert [item.findtext(scale) for item in above.findall("clipitem")] == [None, None, None]
    small = replace(video("s.mov", "b", Fraction(25)), width=160, height=120, sample_aspect=Fraction(4, 3))
    match = Match(0, "b" * 32, 0, Span(Fraction(0), Fraction(9)), Span(Fraction(1), Fraction(3)), 0.5, ())
    made = EditList(
        video("a.mov", "a", Fraction(25)), FrameGrid(Fraction(25), 50), (small,), (Clip(0, 50, "footage", match),)
    )
    item = written(made, tmp_path / "small.xml").findall(".//video/track")[1].find("clipitem")
    assert item is not None
    # 213 1/3 x 120 square pixels in a frame of 320 x 180
    assert item.findtext(scale) == "150"
    assert import_timeline(tmp_path / "small.xml", made) == made


def test_the_track_of_alternates_is_switched_off(tmp_path: Path) -> None:
    film = video("b.mov", "b", Fraction(25))

    def match(shot: int) -> Match:
        return Match(0, "b" * 32, shot, Span(Fraction(0), Fraction(9)), Span(Fraction(1), Fraction(3)), 0.5, ())

    clip = Clip(0, 50, "footage", match(1), suggestions=(match(2),))
    edit = EditList(video("a.mov", "a", Fraction(25)), FrameGrid(Fraction(25), 50), (film,), (clip,))
    tracks = written(edit, tmp_path / "three.xml").findall(".//video/track")
    assert [texts(track, "name", "enabled") for track in tracks] == [
        ["trailer", "TRUE"],
        ["reinterpretation", "TRUE"],
        ["alternates", "FALSE"],
    ]


@settings(max_examples=300)
@given(
    frame=st.integers(0, 3_000_000),
    record=st.sampled_from(RECORD_RATES),
    source=st.sampled_from(SOURCE_RATES),
    speed=st.fractions(Fraction(1, 8), 4, max_denominator=1000),
)
def test_in_points_lie_on_the_frame_that_is_named(
    frame: int, record: Fraction, source: Fraction, speed: Fraction
) -> None:
    found = clip_source(source, clip_frame(source, frame, speed, record), speed, record)
    assert frame <= found
    # within the frame, if the sequence as the clip runs has as many frames as the source
    assert found == frame if record >= source * speed else found <= frame + source * speed / record


DOCUMENT = """<?xml version="1.0"?>{doctype}<xmeml version="4"><sequence><rate><timebase>25</timebase></rate>
<media><video><track>{items}</track></video></media></sequence></xmeml>"""
ITEM = """<clipitem id="c1"><name>b</name><start>{start}</start><end>{end}</end><in>{begin}</in><out>99</out>
<file id="f"><name>{name}</name><pathurl>file:///elsewhere/{name}</pathurl></file>{more}</clipitem>"""


def item(*, start: object = 0, end: object = 50, begin: object = 10, name: str = "b.mov", more: str = "") -> str:
    return ITEM.format(start=start, end=end, begin=begin, name=name, more=more)


@pytest.fixture
def edit() -> EditList:
    film = video("b.mov", "b", Fraction(25), 60)
    match = Match(0, "b" * 32, 0, Span(Fraction(0), Fraction(60)), Span(Fraction(0), Fraction(2)), 0.5, ())
    return EditList(
        video("a.mov", "a", Fraction(25)), FrameGrid(Fraction(25), 50), (film,), (Clip(0, 50, "footage", match),)
    )


def imported(edit: EditList, path: Path, items: str, doctype: str = "<!DOCTYPE xmeml>") -> EditList:
    path.write_text(DOCUMENT.format(items=items, doctype=doctype))
    return import_timeline(path, edit)


def test_documents_of_others_are_read(edit: EditList, tmp_path: Path) -> None:
    transition = "<transitionitem><start>20</start><end>30</end></transitionitem>"
    second = '<clipitem><start>-1</start><end>50</end><in>200</in><out>1</out><file id="f"/></clipitem>'
    found = imported(edit, tmp_path / "a.xml", item(end=-1) + transition + second)
    assert [(clip.first_frame, clip.frame_count) for clip in found.clips] == [(0, 25), (25, 25)]
    # The second clip is seen from frame 20 on, with the frame that its `in` says; the cut is in the middle.
    starts = [clip.match.source_span.start for clip in found.clips if clip.match is not None]
    assert starts == [Fraction(10, 25), Fraction(205, 25)]
    assert found.clips[1].dissolve == found.dissolve_at(1) == Dissolve(5, 5)


@pytest.mark.parametrize(
    ("timebase", "ntsc", "seconds"), [(25, "FALSE", 2), (50, "FALSE", 1), (30, "TRUE", "5005/3000")]
)
def test_clips_may_count_in_a_rate_of_their_own(
    edit: EditList, tmp_path: Path, timebase: int, ntsc: str, seconds: object
) -> None:
    rate = f"<rate><timebase>{timebase}</timebase><ntsc>{ntsc}</ntsc></rate>"
    found = imported(edit, tmp_path / "a.xml", item(begin=50, more=rate))
    assert found.clips[0].match is not None
    # to the frame of 25 a second that is on the screen then
    shown = Fraction(math.floor(Fraction(str(seconds)) * 25), 25)
    assert found.clips[0].match.source_span.start == shown


SPEED = (
    "<filter><effect><effectid>timeremap</effectid><parameter><parameterid>{}</parameterid><value>{}</value>"
    "</parameter></effect></filter>"
)


@pytest.mark.parametrize(
    ("items", "reason"),
    [
        (item(end=-1), "the clip c1 .b.: begins or ends in a transition that is not there"),
        (item(start=-7), "begins at frame -7"),
        (item(start="x"), "start is no number of frames: 'x'"),
        (item(start="9" * 30), "start is no number of frames"),
        (item(begin=""), "does not say with which frame"),
        (item(name="other.mov"), r"names a film that neither .*/elsewhere/other\.mov"),
        (item(more=SPEED.format("speed", "-100")), "runs backwards"),
        (item(more=SPEED.format("speed", "nan")), "its speed is no number"),
        (item(more=SPEED.format("reverse", "TRUE")), "runs backwards"),
        (item(more=SPEED.format("variablespeed", "1")), "changes its speed as it runs"),
        ("<clipitem><start>0</start><end>9</end><in>0</in><sequence/></clipitem>", "has no file of its own"),
        (item(begin=10**9), "begins at frame 1000000000, but the film has 1500"),
        ("</track>", "is no XML"),
        ("<a>" * 300, "nest deeper than 200 levels"),
    ],
)
def test_what_an_edit_cannot_hold_is_refused_with_the_clip(
    edit: EditList, tmp_path: Path, items: str, reason: str
) -> None:
    with pytest.raises(EditError, match=reason) as raised:
        imported(edit, tmp_path / "bad.xml", items)
    assert str(raised.value).startswith(f"{tmp_path / 'bad.xml'}: ")


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE xmeml [<!ENTITY a "b">]>',
        '<!DOCTYPE xmeml [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE xmeml SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE xmeml PUBLIC "a" "b">',
        '<!DOCTYPE xmeml [<!ENTITY % a SYSTEM "x"> %a;]>',
    ],
)
def test_entities_and_other_documents_are_refused(edit: EditList, tmp_path: Path, doctype: str) -> None:
    with pytest.raises(EditError, match="line 1: declares entities or another document, which are not read"):
        imported(edit, tmp_path / "bad.xml", item(name="&a;"), doctype)


def test_other_documents_and_rates_are_refused(edit: EditList, tmp_path: Path) -> None:
    path = tmp_path / "other.xml"
    path.write_text("<fcpxml/>")
    with pytest.raises(EditError, match=r"has no sequence; XML of Final Cut Pro 7 \(xmeml\) was expected"):
        import_timeline(path, edit)
    path.write_text(DOCUMENT.format(items="", doctype="").replace("25", "30"))
    with pytest.raises(EditError, match="has 30 frames a second, the edit has 25"):
        import_timeline(path, edit)
    path.write_text("<xmeml><sequence><media><video/></media></sequence></xmeml>")
    with pytest.raises(EditError, match="has no video track"):
        import_timeline(path, edit)


@settings(max_examples=100, deadline=None)
@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(
                [
                    "<clipitem>",
                    "</clipitem>",
                    "<start>0</start>",
                    "<end>30</end>",
                    "<end>-1</end>",
                    "<in>3</in>",
                    item(),
                ]
            ),
            max_size=12,
        ).map(lambda parts: DOCUMENT.format(items="".join(parts), doctype="").encode()),
    )
)
def test_whatever_is_in_a_document_it_is_an_edit_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.xml"
    path.write_bytes(content)
    edit = one_clip()
    try:
        found = import_timeline(path, edit)
    except EditError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either will do
    else:
        assert found.grid == edit.grid
