"""Export and import: what nobody has touched comes back as it was, through every format that can be read."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinterpret.edits import Clip, EditList, Match, Soundtrack
from reinterpret.interchange import IMPORT_SUFFIXES, export_timeline, import_timeline
from reinterpret.interchange.timeline import TimelineOptions, events_of, record_of, timeline_of
from reinterpret.timebase import Span
from reinterpret.timecode import may_drop
from reinterpret.video import FrameGrid
from tests.interchange.imagined import HOURS, NTSC, RECORD_RATES, edits, video


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(edit=edits(), data=st.data())
def test_export_then_import_gives_the_identical_edit(
    edit: EditList, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    options = TimelineOptions(
        paths=data.draw(st.sampled_from(["absolute", "relative"])),
        drop_frame="yes" if may_drop(edit.grid.rate) and data.draw(st.booleans()) else "no",
        start_timecode=data.draw(st.sampled_from(["00:00:00:00", "01:00:00:00", "10:01:02:03", "23:59:00:10"])),
        alternates=data.draw(st.sampled_from(["none", "track", "versions"])),
    )
    folder = tmp_path_factory.getbasetemp()
    for suffix in IMPORT_SUFFIXES:
        path = folder / f"round-trip{suffix}"
        export_timeline(edit, path, options=options)
        found = import_timeline(path, edit)
        assert found == edit, suffix
        assert found.dumps() == edit.dumps()
    assert import_timeline(folder / "round-trip.otio") == edit


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(edit=edits())
def test_every_track_tiles_the_timeline_and_no_boundary_moves(edit: EditList) -> None:
    timeline = timeline_of(edit, folder=Path("/timelines"))
    record = record_of(timeline)
    grid = edit.grid
    assert record.rate == grid.rate
    assert record.frame_count == grid.slot(grid.frame_count) == grid.frame_count + len(grid.dropped)
    cuts = {grid.slot(clip.first_frame) for clip in edit.clips}
    for name in ("trailer", "reinterpretation", "alternates"):
        events = events_of(timeline, name)
        if name == "alternates" and not events:
            continue
        assert [event.first for event in events[1:]] == [event.end for event in events[:-1]]
        assert (events[0].first, events[-1].end) == (0, record.frame_count)
        assert cuts <= {event.first for event in events}


@settings(deadline=None, max_examples=30)
@given(edit=edits())
def test_the_frames_that_are_held_begin_where_the_edit_holds_them(edit: EditList) -> None:
    for clip in edit.clips:
        if clip.kind != "footage" or clip.frame_count > 1000:
            continue
        assert clip.match is not None
        begin = edit.grid.slot(clip.first_frame)
        moving = edit.moving_places(clip)
        raw = [
            clip.match.source_span.start + (edit.grid.slot(frame) - begin) / edit.grid.rate * clip.speed
            for frame in range(clip.first_frame, clip.end_frame)
        ]
        for frame, (instant, shown) in enumerate(zip(raw, edit.source_seconds(clip), strict=True), clip.first_frame):
            assert (edit.grid.slot(frame) - begin < moving) == (instant == shown or shown == clip.match.shot_span.start)


def test_ten_hours_are_exact_to_the_frame(tmp_path: Path) -> None:
    for rate in RECORD_RATES:
        frames = int(10 * HOURS * rate)
        film = video("long.mov", "b", rate)
        instant = (frames // 2 + 1) / rate
        whole = Span(Fraction(0), film.duration)
        match = Match(0, film.fingerprint, 4, whole, Span(instant, instant + 1 / rate), 0.5, ())
        clips = (Clip(0, frames - 1, "black"), Clip(frames - 1, 1, "footage", match))
        edit = EditList(video("trailer.mov", "a", rate), FrameGrid(rate, frames), (film,), clips)
        timeline = timeline_of(edit, folder=tmp_path)
        last = events_of(timeline, "reinterpretation")[-1]
        assert (last.first, last.count, last.source_frame) == (frames - 1, 1, frames // 2 + 1)
        for suffix in IMPORT_SUFFIXES:
            path = tmp_path / f"long{suffix}"
            export_timeline(edit, path)
            assert import_timeline(path, edit) == edit


def test_compilations_come_back_with_their_sound(tmp_path: Path) -> None:
    film = video("one.mov", "b", NTSC)
    match = Match(0, film.fingerprint, 0, Span(Fraction(0), Fraction(9)), Span(Fraction(1), Fraction(3)), 0.5, ())
    edit = EditList(
        None, FrameGrid(Fraction(25), 50), (film,), (Clip(0, 50, "footage", match),), Soundtrack(kind="clips")
    )
    for sound in (Soundtrack("clips"), Soundtrack("none"), Soundtrack("file", tmp_path / "gone.wav")):
        changed = replace(edit, soundtrack=sound)
        for suffix in IMPORT_SUFFIXES:
            path = tmp_path / f"compilation{suffix}"
            export_timeline(changed, path)
            assert import_timeline(path, changed) == changed
