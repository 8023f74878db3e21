"""OpenTimelineIO's own files: of other programs, changed, and hostile."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.edits import Clip, EditList, Match
from reinterpret.errors import EditError
from reinterpret.interchange import export_timeline, import_timeline
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid
from tests.interchange.imagined import NTSC, video


@pytest.fixture
def edit() -> EditList:
    film = video("b.mov", "b", NTSC, 60)
    match = Match(0, "b" * 32, 0, Span(Fraction(0), Fraction(60)), Span(Fraction(0), Fraction(2)), 0.5, ())
    return EditList(
        video("a.mov", "a", Fraction(24)), FrameGrid(Fraction(24), 48), (film,), (Clip(0, 48, "footage", match),)
    )


def imported(edit: EditList | None, path: Path, content: otio.schema.Timeline | str | bytes) -> EditList:
    if isinstance(content, otio.schema.Timeline):
        content = otio.adapters.write_to_string(content, "otio_json")
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return import_timeline(path, edit)


def of_another_program(*items: otio.core.Item, rate: float = 24.0) -> otio.schema.Timeline:
    """One track, and nothing of ours in it."""
    timeline = otio.schema.Timeline("foreign", global_start_time=otio.opentime.RationalTime(86400, rate))
    timeline.tracks.append(otio.schema.Track("Video 1", kind="Video"))
    timeline.tracks[0].extend(items)
    return timeline


def clip(start: float, frames: float, rate: float = 24.0, url: str = "file:///films/b.mov") -> otio.schema.Clip:
    source = otio.opentime.TimeRange(otio.opentime.RationalTime(start, rate), otio.opentime.RationalTime(frames, rate))
    return otio.schema.Clip("b", otio.schema.ExternalReference(url), source)


@pytest.mark.parametrize("suffix", [".edl", ".otio", ".xml"])
def test_no_plugin_is_looked_for(edit: EditList, tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other packages, and whoever sets OTIO_PLUGIN_MANIFEST_PATH, could have their code run there."""

    def looked_for() -> None:
        raise AssertionError("the plugins were looked for")

    monkeypatch.setattr(otio.plugins, "ActiveManifest", looked_for)
    path = tmp_path / f"cut{suffix}"
    export_timeline(edit, path)
    assert import_timeline(path, edit) == edit


def test_timelines_of_other_programs_are_read(edit: EditList, tmp_path: Path) -> None:
    gap = otio.schema.Gap(source_range=otio.opentime.TimeRange(duration=otio.opentime.RationalTime(10, 24)))
    # in the rate of the timeline, as some write it, and in that of the file, rounded as some write it
    found = imported(edit, tmp_path / "a.otio", of_another_program(clip(48, 20), gap, clip(100, 22.5, rate=29.97)))
    assert [(one.first_frame, one.frame_count, one.kind) for one in found.clips] == [
        (0, 20, "footage"),
        (20, 10, "black"),
        (30, 18, "footage"),
    ]
    starts = [one.match.source_span.start for one in found.clips if one.match is not None]
    # frame 59 of 29.97 frames a second is on the screen at 2 s, which is where frame 48 of 24 begins
    assert starts == [59 / NTSC, 100 / NTSC]


def test_the_timecode_of_the_file_is_taken_off(edit: EditList, tmp_path: Path) -> None:
    one = clip(86400 + 30, 48, rate=29.97)
    one.media_reference.available_range = otio.opentime.TimeRange(
        otio.opentime.RationalTime(86400, 29.97), otio.opentime.RationalTime(1800, 29.97)
    )
    found = imported(edit, tmp_path / "a.otio", of_another_program(one))
    assert found.clips[0].match is not None
    assert found.clips[0].match.source_span.start == 30 / NTSC


def test_it_needs_an_edit_if_it_carries_none(tmp_path: Path) -> None:
    with pytest.raises(EditError, match="does not carry the edit it was made of; name that with --edit"):
        imported(None, tmp_path / "a.otio", of_another_program(clip(0, 48)))


def nested() -> otio.schema.Timeline:
    stack = otio.schema.Stack("inner", source_range=clip(0, 48).source_range)
    return of_another_program(stack)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not|Expecting value"),
        (b"\xff\xfe\x00", "codec can't decode"),
        ("[" * 100_000, "nests too deeply to be a timeline"),
        ('{"a":' * 100_000, "nests too deeply to be a timeline"),
        ("{}", "is no OpenTimelineIO timeline"),
        ("[]", "is no OpenTimelineIO timeline"),
        ('{"OTIO_SCHEMA": "Clip.2"}', "is no OpenTimelineIO timeline"),
        ('{"OTIO_SCHEMA": "Timeline.99", "tracks": 3}', "is no (OpenTimelineIO )?timeline"),
        (nested(), "inner.: holds other tracks; flatten it before"),
        (otio.schema.Timeline("empty"), "has no clip and does not say how fast it runs"),
        (of_another_program(clip(0, 48), rate=30.0), "has 30 frames a second, the edit has 24"),
        (of_another_program(clip(-5, 48)), "begins 7 frames before the first frame of its file"),
        (of_another_program(clip(float("nan"), 48)), "a time is a number of frames, got nan"),
        (of_another_program(clip(0, float("inf"))), "a time is a number of frames, got inf"),
        (of_another_program(clip(0, 48, url="file:///films/other.mov")), r"neither .* has: /films/other\.mov"),
    ],
)
def test_what_is_no_timeline_is_refused(
    edit: EditList, tmp_path: Path, content: otio.schema.Timeline | str | bytes, reason: str
) -> None:
    with pytest.raises(EditError, match=reason) as raised:
        imported(edit, tmp_path / "bad.otio", content)
    assert str(raised.value).startswith(f"{tmp_path / 'bad.otio'}: ")


def test_a_carried_edit_that_is_damaged_is_refused(edit: EditList, tmp_path: Path) -> None:
    path = tmp_path / "a.otio"
    export_timeline(edit, path)
    values = json.loads(path.read_text())
    values["metadata"]["reinterpret"]["edit"] = edit.dumps().replace('"kind": "footage"', '"kind": "cheese"')
    with pytest.raises(EditError, match=r"a\.otio, in the edit that it carries, line \d+: clips\[0\]\.kind: .*cheese"):
        imported(None, path, json.dumps(values))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_whatever_is_changed_it_is_an_edit_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.otio"
    film = video("b.mov", "b", NTSC, 60)
    match = Match(0, "b" * 32, 0, Span(Fraction(0), Fraction(60)), Span(Fraction(0), Fraction(2)), 0.5, ())
    grid = FrameGrid(Fraction(24), 48)
    made = EditList(video("a.mov", "a", Fraction(24)), grid, (film,), (Clip(0, 48, "footage", match),))
    export_timeline(made, path)
    values = json.loads(path.read_text())
    places = list(leaves(values))
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places))
        if key != "OTIO_SCHEMA" and key != "edit":
            holder[key] = data.draw(st.sampled_from([None, -1, 10**30, 1e308, "", "x", "1/0", [], {}, True, "5/3"]))
    try:
        found = imported(made, path, json.dumps(values))
    except EditError as error:
        assert str(error).startswith(f"{path}: ")  # noqa: PT017 - either will do
    else:
        assert found.grid == made.grid


def leaves(values: Any) -> Any:
    """Every place that holds a value, with its holder."""
    for key, value in values.items() if isinstance(values, dict) else enumerate(values):
        if isinstance(value, dict | list):
            yield from leaves(value)
        yield values, key
