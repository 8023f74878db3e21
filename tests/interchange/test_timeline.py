"""The timeline as OpenTimelineIO has it: tracks, options, and what stands in the metadata."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from reinterpret.edits import Clip, EditList, Match, Soundtrack
from reinterpret.errors import OutputError, UsageError
from reinterpret.interchange import TIMELINE_SUFFIXES, export_timeline, import_timeline
from reinterpret.interchange.timeline import (
    TimelineOptions,
    events_of,
    exact_rate,
    media_url,
    record_of,
    timeline_of,
    track_of,
    url_path,
)
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid
from tests.interchange.imagined import NTSC, RECORD_RATES, video
from tests.judging import edit_of, numbered_film, remade


def found(target: int, digit: str, start: int, count: int = 50, rate: Fraction = Fraction(25)) -> Match:
    used = Span(start / rate, (start + count) / rate)
    return Match(target, digit * 32, 2, Span(Fraction(0), used.end + 1), used, 0.5, (("content", 0.5),), "same colours")


@pytest.fixture
def edit() -> EditList:
    films = (video("b.mov", "b", Fraction(25), 60), video("c.mov", "c", NTSC, 60))
    others = (found(0, "c", 60, rate=NTSC), found(0, "b", 900))
    clips = (
        Clip(0, 50, "footage", found(0, "b", 100), suggestions=others),
        Clip(50, 25, "title"),
        Clip(75, 25, "black"),
    )
    return EditList(video("trailer.mov", "a", Fraction(25), 4), FrameGrid(Fraction(25), 100), films, clips)


def names(timeline: otio.schema.Timeline) -> list[str]:
    return [track.name for track in timeline.tracks]


def test_there_is_a_track_for_each_film_and_the_sound(edit: EditList) -> None:
    timeline = timeline_of(edit, folder=Path("/t"), name="cut")
    assert names(timeline) == ["trailer", "reinterpretation", "alternates", "sound"]
    assert [track.enabled for track in timeline.tracks] == [True, True, False, True]
    assert [track.kind for track in timeline.tracks] == ["Video", "Video", "Video", "Audio"]
    shown = events_of(timeline, "reinterpretation")
    assert [(event.role, event.first, event.count, event.source_frame) for event in shown] == [
        ("footage", 0, 50, 100),
        ("title", 50, 25, 50),
        ("black", 75, 25, 0),
    ]
    clip = track_of(timeline, "reinterpretation")[0]
    assert clip.source_range == otio.opentime.TimeRange(
        otio.opentime.RationalTime(100, 25), otio.opentime.RationalTime(50, 25)
    )
    assert clip.media_reference.target_url == "file:///films/b.mov"
    assert [marker.name for marker in clip.markers] == ["0.50 same colours"]
    assert (record_of(timeline).name, record_of(timeline).label(0)) == ("cut", "01:00:00:00")
    assert [(event.source_frame, event.first) for event in events_of(timeline, "trailer")] == [
        (0, 0),
        (50, 50),
        (75, 75),
    ]


def test_alternates_are_a_track_or_versions_or_left_out(edit: EditList) -> None:
    for alternates, tracks in (("none", 3), ("track", 4), ("versions", 3)):
        timeline = timeline_of(edit, TimelineOptions(alternates=alternates), folder=Path("/t"))
        assert len(names(timeline)) == tracks
        versions = events_of(timeline, "reinterpretation")[0].versions
        # of another shot of the archive than the clip itself
        assert [(event.media.name, event.source_frame) for event in versions if event.media] == (
            [("c.mov", 60)] if alternates == "versions" else []
        )
    alternate = events_of(timeline_of(edit, folder=Path("/t")), "alternates")
    assert [(event.role, event.first, event.count) for event in alternate] == [
        ("alternate", 0, 50),
        ("black", 50, 25),
        ("black", 75, 25),
    ]


def test_handles_say_how_much_of_the_film_is_there(edit: EditList) -> None:
    def available(handles: Fraction | None) -> tuple[float, float]:
        timeline = timeline_of(edit, TimelineOptions(handles=handles), folder=Path("/t"))
        given = track_of(timeline, "reinterpretation")[0].media_reference.available_range
        return given.start_time.value, given.duration.value

    assert available(None) == (0, 1500)
    assert available(Fraction(1)) == (75, 100)
    assert available(Fraction(0)) == (100, 50)
    assert available(Fraction(100)) == (0, 1500)


def test_labels_are_dropped_as_asked_or_as_the_trailer_says(clips: Path, tmp_path: Path) -> None:
    plain = numbered_film(clips / "drop-plain.mov", 10, rate=NTSC)
    labelled = remade(plain, tmp_path / "ndf.mov", "-c", "copy", "-timecode", "00:00:00:00")
    without, own = edit_of(plain, (10, None, 0)), edit_of(labelled, (10, None, 0))

    def label(edit: EditList, **options: str) -> str:
        return record_of(timeline_of(edit, TimelineOptions(**options), folder=tmp_path)).label(0)  # type: ignore[arg-type]

    assert label(without) == "01:00:00;00"
    assert label(own) == "01:00:00:00"
    assert label(own, drop_frame="yes", start_timecode="00:01:00;02") == "00:01:00;02"
    assert label(without, drop_frame="no") == "01:00:00:00"
    with pytest.raises(UsageError, match="start timecode cannot be used: the timecode 00:01:00;00 is one of those"):
        label(without, start_timecode="00:01:00:00")
    assert label(without, start_timecode="23:59:59;29") == "23:59:59;29"
    with pytest.raises(UsageError, match="a time of day, before 24:00:00:00, got 24:00:00;00"):
        label(without, start_timecode="24:00:00;00")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"paths": "short"}, "unknown policy 'short' for paths; choose one of absolute, relative"),
        ({"drop_frame": "maybe"}, "for drop-frame; choose one of auto, yes, no"),
        ({"alternates": "all"}, "for alternates; choose one of none, track, versions"),
        ({"handles": Fraction(-1)}, "handles are 0 seconds or more, got -1"),
    ],
)
def test_options_that_cannot_be_are_refused(options: dict[str, object], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        TimelineOptions(**options)  # type: ignore[arg-type]


def test_drop_frame_needs_its_rate(edit: EditList) -> None:
    with pytest.raises(UsageError, match=r"drop-frame is for 29\.97 and 59\.94 frames a second, this edit has 25"):
        timeline_of(edit, TimelineOptions(drop_frame="yes"), folder=Path("/t"))


def test_rates_are_exact_through_floats() -> None:
    for rate in RECORD_RATES:
        assert exact_rate(None, float(rate)) == rate
        assert exact_rate(f"{rate.numerator}/{rate.denominator}", float(rate)) == rate
    # as other programs write it
    assert exact_rate(None, 23.976) == Fraction(24000, 1001)
    assert exact_rate(None, 29.97) == NTSC
    assert exact_rate("24/1", 23.976) == Fraction(24000, 1001)
    assert exact_rate("24/1", 25.0) == Fraction(25)
    for rate in (0.0, -1.0, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="a frame rate must be positive"):
            exact_rate(None, rate)


@pytest.mark.parametrize("name", ["a b.mov", "100%.mov", "ä#?.mov", "映画 🎬.mov", "http:%2f?a=b#c.mov", "\udcff.mov"])
def test_addresses_are_the_path_again(name: str) -> None:
    path, folder = Path("/films/deep") / name, Path("/timelines/of/mine")
    assert url_path(media_url(path, folder, "absolute"), folder) == path
    relative = media_url(path, folder, "relative")
    assert relative.isascii()
    assert relative.startswith("../../../films/deep/")
    assert url_path(relative, folder).resolve() == path
    assert url_path("file://localhost/films/a%20b.mov", folder) == Path("/films/a b.mov")
    assert url_path("/films/a.mov", folder) == Path("/films/a.mov")


def test_names_that_no_format_can_carry_are_written_all_the_same(edit: EditList, tmp_path: Path) -> None:
    odd = replace(edit.films[0], path=Path("/films/\udcff\x01<&>\n;.mov"))
    made = replace(edit, films=(odd, edit.films[1]))
    for suffix in TIMELINE_SUFFIXES:
        path = tmp_path / f"odd{suffix}"
        assert export_timeline(made, path) == [path]
        path.read_bytes().decode("utf-8")
    for suffix in (".otio", ".edl", ".xml"):
        assert import_timeline(tmp_path / f"odd{suffix}", made) == made


def test_the_trailer_is_not_seen_where_the_edit_is_black(edit: EditList, tmp_path: Path) -> None:
    export_timeline(edit, tmp_path / "a.otio")
    timeline = otio.adapters.read_from_file(str(tmp_path / "a.otio"))
    assert [item.enabled for item in timeline.tracks[0]] == [True, True, False]


def test_the_whole_edit_is_in_the_file(edit: EditList, tmp_path: Path) -> None:
    export_timeline(edit, tmp_path / "a.otio")
    values = json.loads((tmp_path / "a.otio").read_text())
    assert values["metadata"]["reinterpret"]["edit"] == edit.dumps()
    assert import_timeline(tmp_path / "a.otio") == edit


def test_unusual_rates_are_said(edit: EditList, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    odd = replace(edit, grid=FrameGrid(Fraction(15), 100))
    export_timeline(odd, tmp_path / "a.otio")
    assert "has 15 frames a second; most editing programs run no timeline at that rate" in caplog.text


def test_nothing_is_written_over_an_input_or_half(clips: Path, tmp_path: Path) -> None:
    film = numbered_film(tmp_path / "film.xml.mov", 5).rename(tmp_path / "film.xml")
    edit = edit_of(film, (5, None, 0))
    with pytest.raises(OutputError, match="is one of the inputs"):
        export_timeline(edit, film)
    with pytest.raises(OutputError, match=r"expected a name that ends in .*\.otio or"):
        export_timeline(edit, tmp_path / "a.txt")
    with pytest.raises(OutputError, match="does not exist"):
        export_timeline(edit, tmp_path / "no" / "a.otio")
    assert list(tmp_path.iterdir()) == [film]


def test_sound_of_clips_is_silent_where_the_picture_stands(edit: EditList) -> None:
    film = edit.films[0]
    short = Match(0, film.fingerprint, 0, Span(Fraction(0), Fraction(1)), Span(Fraction(0), Fraction(1)), 0.5, ())
    clips = (Clip(0, 50, "footage", short), Clip(50, 50, "black"))
    made = EditList(None, edit.grid, edit.films, clips, Soundtrack("clips"))
    heard = events_of(timeline_of(made, folder=Path("/t")), "sound")
    assert [(event.count, event.media is not None) for event in heard] == [(25, True), (25, False), (50, False)]
    assert names(timeline_of(made, folder=Path("/t"))) == ["reinterpretation", "sound"]
