"""The frames that a timeline names are those that are rendered: both are decoded, every frame carries its number."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from reinterpret.edits import EditList
from reinterpret.interchange import export_timeline, import_timeline
from reinterpret.interchange.events import Event
from reinterpret.interchange.timeline import events_of, record_of, timeline_of
from reinterpret.rendering.film import render
from reinterpret.timebase import Span
from tests.judging import edit_of, expected_number, number_of, numbered_film, pictures, remade

NTSC = Fraction(30000, 1001)
RATES = [NTSC * 4 / 5, Fraction(24), Fraction(25), NTSC, Fraction(30), Fraction(50), 2 * NTSC, Fraction(60)]
FRAMES = 70


@pytest.fixture(scope="module")
def films(clips: Path) -> dict[str, Path]:
    """Films of several rates and containers, one of them with a rate that varies; frame 0 is not at 0 s in one."""
    made = {"25": numbered_film(clips / "numbered-25.mp4", 120, film=1)}
    made["23.976"] = numbered_film(clips / "numbered-23.mkv", 120, film=2, rate=RATES[0])
    made["29.97"] = numbered_film(clips / "numbered-29.mov", 120, film=3, rate=NTSC)
    # Two speeds of a telephone: now 20, now 40 frames a second, and one long standstill.
    times, now = [], Fraction(0)
    for number in range(120):
        times.append(now)
        now += Fraction(1, 40) if number % 20 < 10 else Fraction(1, 20) if number != 75 else Fraction(2, 5)
    made["variable"] = numbered_film(clips / "numbered-variable.mp4", 120, film=4, times=times)
    plain = numbered_film(clips / "numbered-plain.mov", 120, film=5, rate=NTSC)
    made["labelled"] = remade(plain, clips / "labelled.mov", "-c", "copy", "-timecode", "01:00:59;28")
    return made


def edit_at(rate: Fraction, films: dict[str, Path], clips: Path) -> EditList:
    """In-points on frames of each film, one slowed down, one that is too short, one in a film of varying rate."""
    trailer = numbered_film(clips / f"trailer-{float(rate):.2f}.mp4", FRAMES, film=9, rate=rate)

    def instant(name: str, number: int) -> Fraction:
        times = [time for time, _ in pictures(films[name])]
        return times[number] - times[0]

    def clip(count: int, name: str, number: int) -> tuple[int, Path, Fraction]:
        return count, films[name], instant(name, number)

    rows = [
        clip(11, "25", 31),
        clip(9, "23.976", 40),
        clip(10, "29.97", 33),
        clip(12, "variable", 67),
        (5, None, Fraction(0)),
        clip(13, "labelled", 3),
        clip(10, "variable", 41),
    ]
    edit = edit_of(trailer, *rows)
    made = list(edit.clips)
    made[1] = replace(made[1], speed=Fraction(1, 2))
    # The shot ends after four frames of its film: the last is held.
    match = made[2].match
    assert match is not None
    begin = match.source_span.start
    short = Span(begin, begin + 4 / NTSC)
    made[2] = replace(made[2], match=replace(match, shot_span=short, source_span=short))
    return replace(edit, clips=tuple(made))


def named_frame(event: Event, place: int, rate: Fraction, times: dict[str, list[Fraction]]) -> int | None:
    """The number of the frame that an event names at one of its places: what is on the screen then."""
    if event.media is None:
        return None
    instant = event.source_frame / event.media.rate + (place - event.first) * event.speed / rate
    return expected_number(times[str(event.media.path)], instant)


def check(edit: EditList, events: list[Event], rendered: list[int | None], films: dict[str, Path]) -> None:
    times = {str(path): [time for time, _ in pictures(path)] for path in films.values()}
    checked = 0
    for event in events:
        for place in (event.first, event.end - 1):
            named, shown = named_frame(event, place, edit.grid.rate, times), rendered[place]
            if place != event.first and event.media is not None and "variable" in event.name:
                # Counted at a constant rate, the clip begins on its frame but up to a part of it later.
                assert named is not None
                assert shown is not None
                assert abs(named - shown) <= 1
            else:
                assert named == shown, (event.name, place)
            checked += 1
    assert checked >= 14


def rendered_numbers(edit: EditList, path: Path) -> list[int | None]:
    """The number of the source frame at every place of the rendered film; None for black."""
    render(edit, path, crf=10, preset="veryfast")
    shown = []
    for _, picture in pictures(path):
        shown.append(None if picture.max() < 60 else number_of(picture)[1])
    assert len(shown) == FRAMES
    return shown


@pytest.mark.parametrize(
    "rate",
    [
        pytest.param(rate, id=f"{float(rate):.2f}", marks=() if rate in (RATES[0], 2 * NTSC) else pytest.mark.slow)
        for rate in RATES
    ],
)
def test_every_clip_names_the_frames_that_are_rendered(
    rate: Fraction, films: dict[str, Path], clips: Path, tmp_path: Path
) -> None:
    edit = edit_at(rate, films, clips)
    shown = rendered_numbers(edit, tmp_path / "rendered.mp4")
    timeline = timeline_of(edit, folder=tmp_path)
    events = events_of(timeline, "reinterpretation")
    assert sum(event.speed == 0 for event in events) >= 1
    check(edit, events, shown, films)
    for suffix in (".otio", ".edl", ".xml"):
        path = tmp_path / f"edit{suffix}"
        export_timeline(edit, path)
        assert import_timeline(path, edit) == edit


@pytest.mark.parametrize("rate", [RATES[0], NTSC], ids=["23.98", "29.97"])
def test_the_adapters_read_the_same_frames(rate: Fraction, films: dict[str, Path], clips: Path, tmp_path: Path) -> None:
    edit = edit_at(rate, films, clips)
    timeline = timeline_of(edit, folder=tmp_path)
    record, events = record_of(timeline), events_of(timeline, "reinterpretation")
    for suffix in (".edl", ".xml"):
        path = tmp_path / f"edit{suffix}"
        export_timeline(edit, path)
        read = otio.adapters.read_from_file(str(path), **({"rate": float(rate)} if suffix == ".edl" else {}))
        tracks = [track for track in read.tracks if track.kind == "Video"]
        track = tracks[0] if suffix == ".edl" else tracks[1]
        assert track.name == ("V" if suffix == ".edl" else "reinterpretation")
        found = [
            (round(item.range_in_parent().start_time.value), round(item.range_in_parent().duration.value), item)
            for item in track
        ]
        assert [(first, count) for first, count, _ in found] == [(event.first, event.count) for event in events]
        for event, (_, _, item) in zip(events, found, strict=True):
            if event.media is None:
                continue
            assert item.name == event.media.name
            start = item.source_range.start_time
            if suffix == ".edl" and round(event.media.rate) == round(rate):
                assert round(start.value) == event.media.start_frame + event.source_frame
            if suffix == ".xml":
                own = round(start.rescaled_to(float(event.media.rate)).value) - event.media.start_frame
                if event.speed == 1 and event.media.rate == rate:
                    assert own == event.source_frame
            if event.speed != 1 and suffix == ".edl":
                effect = item.effects[0]
                scalar = 0 if isinstance(effect, otio.schema.FreezeFrame) else effect.time_scalar
                assert scalar == pytest.approx(float(event.speed), abs=0.005)
    assert record.frame_count == FRAMES


def test_premiere_and_resolve_count_in_points_in_frames_of_the_sequence(
    films: dict[str, Path], clips: Path, tmp_path: Path
) -> None:
    rate = Fraction(60)
    edit = edit_at(rate, films, clips)
    export_timeline(edit, tmp_path / "edit.xml")
    events = [event for event in events_of(timeline_of(edit, folder=tmp_path), "reinterpretation") if event.media]
    root = ElementTree.parse(tmp_path / "edit.xml").getroot()
    items = root.findall(".//video/track")[1].findall("clipitem")
    for event, item in zip(events, items, strict=True):
        assert event.media is not None
        start, end, begin, out = (int(item.findtext(tag, "")) for tag in ("start", "end", "in", "out"))
        assert (start, end, out - begin) == (event.first, event.end, event.count)
        # The instant of the source lies on the wanted frame: at 60 frames a second every one of these films can be met.
        instant = begin * (event.speed or 1) / rate
        assert event.source_frame <= instant * event.media.rate < event.source_frame + 1
