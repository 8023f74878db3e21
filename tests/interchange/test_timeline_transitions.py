"""Fades and dissolves in timelines: what is written, what others read in it, and what comes back of their changes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import opentimelineio as otio
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import Clip, EditList, Match
from reinterpret.errors import EditError
from reinterpret.interchange import IMPORT_SUFFIXES, export_timeline, import_timeline
from reinterpret.interchange.events import Event, Tracks
from reinterpret.interchange.films import Films
from reinterpret.interchange.read_transitions import ReadTransition, with_transitions
from reinterpret.interchange.revision import revised
from reinterpret.interchange.timeline import TimelineOptions, events_of, timeline_of
from reinterpret.rendering.film import render
from reinterpret.shots.cut_list import load_cut_list_detector
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid
from tests.interchange.imagined import changing_edits, video
from tests.judging import edit_of, even_film, even_values

RATE = Fraction(25)


def rising(count: int) -> tuple[float, ...]:
    """The gains of a dissolve out of black."""
    return tuple((place + 1) / (count + 1) for place in range(count))


def falling(count: int) -> tuple[float, ...]:
    return rising(count)[::-1]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(edit=changing_edits(), data=st.data())
def test_what_nobody_has_touched_is_the_identical_edit(
    edit: EditList, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    start = data.draw(st.sampled_from(["00:00:00:00", "01:00:00:00", "23:59:59:10"]))
    for suffix in IMPORT_SUFFIXES:
        path = tmp_path_factory.getbasetemp() / f"changing{suffix}"
        export_timeline(edit, path, options=TimelineOptions(start_timecode=start))
        assert import_timeline(path, edit) == edit, suffix
    assert import_timeline(tmp_path_factory.getbasetemp() / "changing.otio") == edit


# What is written


def film_match(digit: str, shot: int, frame: int, count: int) -> Match:
    """Some frames of a film of 25 a second, whose shots have 200 frames each."""
    whole = Span(Fraction(200 * shot, 25), Fraction(200 * shot + 200, 25))
    return Match(0, digit * 32, shot, whole, Span(Fraction(frame, 25), Fraction(frame + count, 25)), 0.5, ())


def edit_of_all(*, white: bool = False) -> EditList:
    """Black, 40 frames that fade in over 5, a dissolve of 4 + 20 frames, a fade out to black over 8, black; and at last
    12 frames that fade out, which nothing follows."""
    ground = "white" if white else "black"
    clips = (
        Clip(0, 10, ground, fade_out=None),
        Clip(10, 40, "footage", film_match("b", 0, 50, 40), fade_in=Fade(ground, rising(5))),
        Clip(
            50, 50, "footage", film_match("c", 1, 300, 50), dissolve=Dissolve(4, 20), fade_out=Fade(ground, falling(8))
        ),
        Clip(100, 10, ground),
        Clip(110, 12, "footage", film_match("b", 2, 450, 12), fade_out=Fade("black", falling(6))),
    )
    numbered = tuple(clip.numbered(number) for number, clip in enumerate(clips))
    films = tuple(video(f"{digit}.mov", digit, RATE, 60) for digit in "bc")
    return EditList(video("trailer.mov", "a", RATE, 60, audio=False), FrameGrid(RATE, 122), films, numbered)


def written(edit: EditList, path: Path) -> str:
    export_timeline(edit, path, options=TimelineOptions(alternates="none"))
    return path.read_text()


def test_the_whole_edit_decision_list(tmp_path: Path) -> None:
    lines = written(edit_of_all(), tmp_path / "all.edl").split("\n")
    events = [line for line in lines if line[:3].isdigit() or "CLIP NAME" in line]
    assert events == [
        "001  BL       V     C        00:00:00:00 00:00:00:10 01:00:00:00 01:00:00:10",
        "002  BL       V     C        00:00:00:00 00:00:00:00 01:00:00:10 01:00:00:10",
        "002  B        V     D    005 00:00:02:00 00:00:03:11 01:00:00:10 01:00:01:21",
        "* FROM CLIP NAME: BLACK",
        "* TO CLIP NAME: b.mov",
        # from 4 frames before its in-point on; the film before goes on for 24 frames
        "003  B        V     C        00:00:03:11 00:00:03:11 01:00:01:21 01:00:01:21",
        "003  C        V     D    024 00:00:11:21 00:00:13:17 01:00:01:21 01:00:03:17",
        "* FROM CLIP NAME: b.mov",
        "* TO CLIP NAME: c.mov",
        "004  C        V     C        00:00:13:17 00:00:13:17 01:00:03:17 01:00:03:17",
        "004  BL       V     D    008 00:00:00:00 00:00:00:18 01:00:03:17 01:00:04:10",
        "* FROM CLIP NAME: c.mov",
        "* TO CLIP NAME: BLACK",
        "005  B        V     C        00:00:18:00 00:00:18:06 01:00:04:10 01:00:04:16",
        "* FROM CLIP NAME: b.mov",
        "006  B        V     C        00:00:18:06 00:00:18:06 01:00:04:16 01:00:04:16",
        "006  BL       V     D    006 00:00:00:00 00:00:00:06 01:00:04:16 01:00:04:22",
        "* FROM CLIP NAME: b.mov",
        "* TO CLIP NAME: BLACK",
    ]
    assert any(line.endswith("frame 300 speed 1/1 at 50 after 4 from 296") for line in lines)


def test_opentimelineio_has_transitions_with_their_offsets_and_the_gains(tmp_path: Path) -> None:
    edit = edit_of_all()
    timeline = otio.adapters.read_from_string(written(edit, tmp_path / "all.otio"), "otio_json")
    track = timeline.tracks[1]
    kinds = [type(item).__name__ for item in track]
    assert kinds == ["Gap", "Transition", "Clip", "Transition", "Clip", "Transition", "Gap", "Clip", "Transition"]
    transitions = [item for item in track if isinstance(item, otio.schema.Transition)]
    assert {item.transition_type for item in transitions} == {otio.schema.TransitionTypes.SMPTE_Dissolve}
    assert [(item.in_offset.value, item.out_offset.value) for item in transitions] == [(0, 5), (4, 20), (8, 0), (6, 0)]
    assert list(transitions[0].metadata["reinterpret"]["fade"]["gains"]) == list(rising(5))
    # Where the picture is not full the trailer is not seen through it.
    assert [item.enabled for item in timeline.tracks[0]] == [False] * 5
    # Handles are those that the dissolves need as well.
    export_timeline(edit, tmp_path / "near.otio", options=TimelineOptions(handles=Fraction(0)))
    near = otio.adapters.read_from_file(str(tmp_path / "near.otio")).tracks[1]
    ranges = [item.media_reference.available_range for item in near if isinstance(item, otio.schema.Clip)]
    assert [(span.start_time.value, span.end_time_exclusive().value) for span in ranges] == [
        (50, 110),
        (296, 350),
        (450, 462),
    ]


def test_a_fade_without_black_beside_it_is_in_the_metadata_alone(tmp_path: Path) -> None:
    edit = edit_of_all()
    clips = (*edit.clips[:3], *(replace(clip, first_frame=clip.first_frame - 10) for clip in edit.clips[4:]))
    edit = replace(edit, clips=tuple(clip.numbered(at) for at, clip in enumerate(clips)), grid=FrameGrid(RATE, 112))
    text = written(edit, tmp_path / "hard.otio")
    track = otio.adapters.read_from_string(text, "otio_json").tracks[1]
    # Between two clips a transition would be a dissolve.
    kinds = [type(item).__name__ for item in track]
    assert kinds == ["Gap", "Transition", "Clip", "Transition", "Clip", "Clip", "Transition"]
    assert list(track[4].metadata["reinterpret"]["fade_out"]["gains"]) == list(falling(8))
    assert import_timeline(tmp_path / "hard.otio", edit) == edit
    for suffix in (".edl", ".xml"):
        written(edit, tmp_path / f"hard{suffix}")
        assert import_timeline(tmp_path / f"hard{suffix}", edit) == edit


def test_final_cut_s_clips_meet_in_transitions(tmp_path: Path) -> None:
    root = ElementTree.fromstring(written(edit_of_all(), tmp_path / "all.xml"))
    below, above = root.findall(".//video/track")[:2]
    assert {item.findtext("enabled") for item in below.findall("clipitem")} == {"FALSE"}
    items = [item for item in above if item.tag in ("clipitem", "transitionitem")]
    assert [
        tuple(item.findtext(tag) for tag in ("start", "end", "alignment" if item.tag[0] == "t" else "in", "out"))
        for item in items
    ] == [
        ("10", "15", "start-black", None),
        ("10", "-1", "50", "110"),
        ("46", "70", "center", None),
        ("-1", "100", "296", "350"),
        ("92", "100", "end-black", None),
        ("110", "122", "450", "462"),
        ("116", "122", "end-black", None),
    ]


def test_white_is_a_generator_and_what_fades_from_it_a_dissolve(tmp_path: Path) -> None:
    edit = edit_of_all(white=True)
    root = ElementTree.fromstring(written(edit, tmp_path / "white.xml"))
    items = [item for item in root.findall(".//video/track")[1] if item.tag.endswith("item")]
    assert [item.tag for item in items][:4] == ["generatoritem", "transitionitem", "clipitem", "transitionitem"]
    assert [item.findtext("alignment") for item in items if item.tag == "transitionitem"] == [
        "start",
        "center",
        "end",
        "end-black",
    ]
    read = otio.adapters.read_from_file(str(tmp_path / "white.xml")).tracks[1]
    assert isinstance(read[0].media_reference, otio.schema.GeneratorReference)
    track = otio.adapters.read_from_string(written(edit, tmp_path / "white.otio"), "otio_json").tracks[1]
    assert [isinstance(item, otio.schema.Transition) for item in track].count(True) == 4
    assert track[0].media_reference.generator_kind == "SolidColor"
    lines = written(edit, tmp_path / "white.edl").split("\n")
    assert "001  AX       V     C        00:00:00:00 00:00:00:10 01:00:00:00 01:00:00:10" in lines
    assert "* FROM CLIP NAME: WHITE" in lines
    for suffix in IMPORT_SUFFIXES:
        assert import_timeline(tmp_path / f"white{suffix}", edit) == edit


def test_a_film_that_begins_in_a_fade_is_read_by_the_adapter(tmp_path: Path) -> None:
    edit = edit_of_all()
    clips = tuple(
        replace(clip, first_frame=clip.first_frame - 10).numbered(at) for at, clip in enumerate(edit.clips[1:])
    )
    edit = replace(edit, clips=clips, grid=FrameGrid(RATE, 112))
    written(edit, tmp_path / "begins.edl")
    track = otio.adapters.read_from_file(str(tmp_path / "begins.edl"), rate=25.0).tracks[0]
    assert isinstance(track[1], otio.schema.Transition)
    assert (track[0].duration().value, track[2].name, track[2].duration().value) == (0, "b.mov", 36)
    assert import_timeline(tmp_path / "begins.edl", edit) == edit


def test_fades_over_a_held_frame_are_cut_off_at_its_edge() -> None:
    short = Match(0, "b" * 32, 0, Span(Fraction(0), Fraction(80, 25)), Span(Fraction(2), Fraction(80, 25)), 0.5, ())
    clip = Clip(0, 40, "footage", short, fade_in=Fade("black", rising(35)), fade_out=None)
    films = (video("b.mov", "b", RATE, 60),)
    edit = EditList(video("a.mov", "a", RATE, 60), FrameGrid(RATE, 40), films, (clip,))
    moving, held = events_of(timeline_of(edit, folder=Path("/timelines")), "reinterpretation")
    assert (moving.count, moving.fade_in) == (30, Fade("black", rising(35)[:30]))
    assert (held.count, held.fade_in) == (10, None)
    out = replace(edit, clips=(replace(clip, fade_in=None, fade_out=Fade("black", falling(35))),))
    moving, held = events_of(timeline_of(out, folder=Path("/timelines")), "reinterpretation")
    assert (moving.fade_out, held.fade_out) == (None, Fade("black", falling(35)[-10:]))


# The frames that are named are those that are rendered


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Films whose every frame has a luma of its own, so that a mixture tells which two were mixed."""
    folder = tmp_path_factory.mktemp("even")
    ramps = {"up": range(40, 160), "down": range(230, 110, -1), "trailer": range(20, 140)}
    return {
        name: even_film(folder / f"{name}.mkv", [(luma, 128, 128) for luma in ramp]) for name, ramp in ramps.items()
    }


def luma_of(name: str, frame: float) -> float:
    return 40 + int(frame) if "up" in name else 230 - int(frame)


def seen(track: otio.schema.Track) -> list[float]:
    """The luma of every place, as a player mixes it that keeps to OpenTimelineIO's own rules."""
    items = [item for item in track if isinstance(item, otio.core.Item)]
    starts = list(itertools.accumulate([round(item.duration().value) for item in items], initial=0))
    shown: list[float] = []
    number = -1
    for item in track:
        if isinstance(item, otio.core.Item):
            number += 1
            shown += [
                shade(items[number], place - starts[number]) for place in range(starts[number], starts[number + 1])
            ]
    number = 0
    for item in track:
        if isinstance(item, otio.core.Item):
            number += 1
            continue
        before, after = round(item.in_offset.value), round(item.out_offset.value)
        for place in range(starts[number] - before, starts[number] + after):
            share = (place - starts[number] + before + 1) / (before + after + 1)
            out = shade(items[number - 1], place - starts[number - 1]) if number else 16.0
            into = shade(items[number], place - starts[number]) if number < len(items) else 16.0
            shown[place] = out * (1 - share) + into * share
    return shown


def shade(item: otio.core.Item, place: int) -> float:
    """The luma of an item so many places after it begins, or before."""
    reference = getattr(item, "media_reference", None)
    if isinstance(item, otio.schema.Gap) or isinstance(reference, otio.schema.GeneratorReference):
        white = isinstance(reference, otio.schema.GeneratorReference) and reference.generator_kind != "black"
        return 235.0 if white else 16.0
    scalar = 1.0
    for effect in item.effects:
        scalar = 0.0 if isinstance(effect, otio.schema.FreezeFrame) else effect.time_scalar
    return luma_of(item.name, item.source_range.start_time.value + place * scalar + 1e-6)


@pytest.mark.parametrize("suffix", [".otio", ".edl", ".xml"])
def test_every_place_of_a_timeline_shows_what_is_rendered(films: dict[str, Path], tmp_path: Path, suffix: str) -> None:
    up, down = films["up"], films["down"]
    rows = [
        (6, None, 0),
        (20, up, 1),
        (24, down, 2),
        (16, up, Fraction(7, 5)),
        (8, None, 0),
        (20, down, 1),
        (26, up, 0),
    ]
    edit = edit_of(films["trailer"], *rows)
    changes: dict[int, dict[str, Any]] = {
        1: {"fade_in": Fade("black", rising(7))},
        2: {"dissolve": Dissolve(4, 10)},
        3: {"dissolve": Dissolve(5, 5), "fade_out": Fade("black", falling(6))},
        5: {"fade_in": Fade("black", rising(3))},
        # There are no frames before the first: a cut.
        6: {"dissolve": Dissolve(6, 6)},
    }
    if suffix != ".xml":
        # The adapter of that format does not understand speeds.
        changes[3]["speed"] = Fraction(1, 2)
    edit = replace(edit, clips=tuple(replace(clip, **changes.get(at, {})) for at, clip in enumerate(edit.clips)))
    assert [at for at in range(7) if edit.dissolve_at(at) is not None] == [2, 3]
    render(edit, tmp_path / "out.mp4", preset="ultrafast", crf=4)
    path = tmp_path / f"timeline{suffix}"
    export_timeline(edit, path, options=TimelineOptions(alternates="none"))
    read = otio.adapters.read_from_file(str(path), **({"rate": 25.0} if suffix == ".edl" else {}))
    track = read.tracks[0 if suffix == ".edl" else 1]
    assert np.abs(np.array(seen(track)) - even_values(tmp_path / "out.mp4")[:, 0]).max() <= 2
    assert import_timeline(path, edit) == edit


# What comes back


@pytest.fixture
def edit() -> EditList:
    """Three shots of 50 frames of two films, with nothing but cuts; each film has four shots of 200 frames."""
    clips = (
        Clip(0, 50, "footage", film_match("b", 0, 60, 50)),
        Clip(50, 50, "footage", film_match("c", 1, 300, 50)),
        Clip(100, 50, "footage", film_match("b", 2, 500, 50)),
    )
    films = tuple(video(f"{digit}.mov", digit, RATE, 60) for digit in "bc")
    numbered = tuple(clip.numbered(number) for number, clip in enumerate(clips))
    return EditList(video("trailer.mov", "a", RATE, 60), FrameGrid(RATE, 150), films, numbered)


def dissolving(edit: EditList) -> EditList:
    """With a dissolve of 4 + 8 frames before the second clip and a fade of odd gains at the end of the last."""
    clips = list(edit.clips)
    clips[1] = replace(clips[1], dissolve=Dissolve(4, 8))
    clips[2] = replace(clips[2], fade_out=Fade("black", (0.9, 0.85, 0.2, 0.0)))
    return replace(edit, clips=tuple(clips))


def transition(before: float, after: float) -> otio.schema.Transition:
    times = (otio.opentime.RationalTime(places, 25) for places in (before, after))
    return otio.schema.Transition("x", "SMPTE_Dissolve", *times)


def changed(edit: EditList, path: Path, change: Callable[[otio.schema.Track], None]) -> EditList:
    """The edit after somebody has changed its .otio."""
    export_timeline(edit, path)
    timeline = otio.adapters.read_from_file(str(path))
    change(timeline.tracks[1])
    otio.adapters.write_to_file(timeline, str(path))
    return import_timeline(path, edit)


def test_a_dissolve_that_was_added_is_taken_over(edit: EditList, tmp_path: Path) -> None:
    found = changed(edit, tmp_path / "a.otio", lambda track: track.insert(1, transition(5, 9)))
    assert found.clips[0] == edit.clips[0]
    assert found.clips[2] == edit.clips[2]
    assert found.clips[1] == replace(edit.clips[1], dissolve=Dissolve(5, 9), locked=True)
    assert found.dissolve_at(1) == Dissolve(5, 9)


def test_a_dissolve_makes_shots_as_long_as_it_needs_where_the_films_are(edit: EditList, tmp_path: Path) -> None:
    first, second = edit.clips[0].match, edit.clips[1].match
    assert first is not None
    assert second is not None
    tight = (
        replace(edit.clips[0], match=replace(first, shot_span=first.source_span)),
        replace(edit.clips[1], match=replace(second, shot_span=second.source_span)),
        edit.clips[2],
    )
    found = changed(replace(edit, clips=tight), tmp_path / "a.otio", lambda track: track.insert(1, transition(5, 9)))
    assert found.dissolve_at(1) == Dissolve(5, 9)
    one, other = found.clips[0].match, found.clips[1].match
    assert one is not None
    assert other is not None
    assert (one.source_span, other.source_span) == (first.source_span, second.source_span)
    assert (one.shot_span, other.shot_span) == (
        Span(Fraction(60, 25), Fraction(119, 25)),
        Span(Fraction(295, 25), Fraction(350, 25)),
    )


def test_a_dissolve_for_which_the_film_has_no_frames_is_said(
    edit: EditList, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    second = replace(edit.clips[1], match=replace(film_match("c", 0, 0, 50), target_shot=1))
    edit = replace(edit, clips=(edit.clips[0], second, edit.clips[2]))
    found = changed(edit, tmp_path / "a.otio", lambda track: track.insert(1, transition(5, 9)))
    assert found.clips[1].dissolve == Dissolve(5, 9)
    assert found.dissolve_at(1) is None
    assert "no frames for the dissolve at frame 50, which becomes a cut" in caplog.text


def test_transitions_that_were_removed_or_moved_are_taken_over(edit: EditList, tmp_path: Path) -> None:
    made = dissolving(edit)

    def remove(track: otio.schema.Track) -> None:
        for place in reversed([at for at, item in enumerate(track) if isinstance(item, otio.schema.Transition)]):
            del track[place]

    found = changed(made, tmp_path / "a.otio", remove)
    assert [clip.dissolve for clip in found.clips] == [None, None, None]
    assert found.clips[2].fade_out is None
    assert found.clips[1].match == made.clips[1].match

    def move(track: otio.schema.Track) -> None:
        track[1].in_offset, track[1].out_offset = (otio.opentime.RationalTime(frames, 25) for frames in (7, 2))

    found = changed(made, tmp_path / "a.otio", move)
    assert found.clips[1].dissolve == Dissolve(7, 2)
    assert (found.clips[0], found.clips[2]) == (made.clips[0], made.clips[2])


def test_a_fade_of_the_same_length_keeps_its_gains_under_another_picture(edit: EditList, tmp_path: Path) -> None:
    made = dissolving(edit)

    def slide(track: otio.schema.Track) -> None:
        item = track[-2]
        item.source_range = otio.opentime.TimeRange(otio.opentime.RationalTime(510, 25), item.source_range.duration)

    found = changed(made, tmp_path / "a.otio", slide)
    assert found.clips[2].match != made.clips[2].match
    assert found.clips[2].fade_out == made.clips[2].fade_out

    def longer(track: otio.schema.Track) -> None:
        track[-1].in_offset = otio.opentime.RationalTime(9, 25)

    assert changed(made, tmp_path / "a.otio", longer).clips[2].fade_out == Fade("black", falling(9))


def test_a_fade_that_reaches_into_black_lets_the_clip_begin_earlier(edit: EditList, tmp_path: Path) -> None:
    def fade(track: otio.schema.Track) -> None:
        gap = otio.schema.Gap(source_range=otio.opentime.TimeRange(duration=otio.opentime.RationalTime(50, 25)))
        track[0] = gap
        track.insert(1, transition(6, 4))

    found = changed(edit, tmp_path / "a.otio", fade)
    assert [(clip.first_frame, clip.kind) for clip in found.clips] == [(0, "black"), (44, "footage"), (100, "footage")]
    assert found.clips[1].fade_in == Fade("black", rising(10))
    assert found.clips[1].match is not None
    assert found.clips[1].match.source_span.start == Fraction(294, 25)


def test_a_dissolve_that_did_not_fit_does_not_come_back_with_other_frames(edit: EditList, tmp_path: Path) -> None:
    first = edit.clips[0].match
    assert first is not None
    tight = replace(edit.clips[0], match=replace(first, shot_span=first.source_span))
    made = replace(edit, clips=(tight, replace(edit.clips[1], dissolve=Dissolve(4, 8)), edit.clips[2]))
    assert made.dissolve_at(1) is None

    def put(track: otio.schema.Track) -> None:
        track[0] = track[2].clone()

    found = changed(made, tmp_path / "a.otio", put)
    assert found.clips[0].match is not None
    assert found.clips[0].match.source_shot == 2
    # The timeline has a cut there.
    assert found.dissolve_at(1) is None


# Lists of others


def imported(edit: EditList, path: Path, *lines: str) -> EditList:
    path.write_text("TITLE: OTHER\nFCM: NON-DROP FRAME\n" + "\n".join(lines) + "\n")
    return import_timeline(path, edit)


def shown(edit: EditList) -> list[tuple[int, str, float]]:
    """First frame, film and frame of the film of every clip."""
    found = []
    for clip in edit.clips:
        match = clip.match
        what = (clip.kind, -1.0) if match is None else (match.film[0], float(match.source_span.start * 25))
        found.append((clip.first_frame, *what))
    return found


TWO_LINES = (
    "001  B        V     C        00:00:02:10 00:00:04:10 01:00:00:00 01:00:02:00",
    "002  B        V     C        00:00:04:10 00:00:04:10 01:00:02:00 01:00:02:00",
    "002  C        V     D    015 00:00:12:00 00:00:14:00 01:00:02:00 01:00:04:00",
    "* FROM CLIP NAME: b.mov",
    "* TO CLIP NAME: c.mov",
    "003  B        V     C        00:00:20:00 00:00:22:00 01:00:04:00 01:00:06:00",
)


def test_a_dissolve_of_another_program_brings_the_film_it_goes_to(edit: EditList, tmp_path: Path) -> None:
    found = imported(edit, tmp_path / "a.edl", *TWO_LINES)
    assert shown(found) == [(0, "b", 60), (50, "c", 300), (100, "b", 500)]
    assert found.dissolve_at(1) == Dissolve(0, 15)
    # All but the dissolve is as it was.
    assert (found.clips[0], found.clips[2]) == (edit.clips[0], edit.clips[2])


@pytest.mark.parametrize(
    ("line", "comments"),
    [
        ("002  AX       V     D    015 ", ("* FROM CLIP NAME: b.mov", "* TO CLIP NAME: c.mov")),
        ("002  AX       V     D    015 ", ("* FROM CLIP NAME: b.mov", "* SOURCE FILE: b.mov", "* TO CLIP NAME: c.mov")),
        ("002  C        V     D    015 ", ("* FROM CLIP NAME: b.mov",)),
        ("002  C        V     D    015 ", ()),
        ("002  AX       V     D    015 ", ("* FROM CLIP NAME: c.mov",)),
        ("002  C        V     W001 015 ", ("* FROM CLIP NAME: b.mov", "* TO CLIP NAME: c.mov")),
        ("002  C        V     K    015 ", ("* TO CLIP NAME: c.mov",)),
    ],
)
@pytest.mark.parametrize("lines", ["one", "two"])
def test_every_form_of_a_transition_brings_the_film_it_goes_to(
    edit: EditList, tmp_path: Path, line: str, comments: tuple[str, ...], lines: str
) -> None:
    to = f"{line}00:00:12:00 00:00:14:00 01:00:02:00 01:00:04:00"
    event = [*([TWO_LINES[1]] if lines == "two" else []), to, *comments]
    found = imported(edit, tmp_path / "a.edl", TWO_LINES[0], *event, TWO_LINES[5])
    assert shown(found) == [(0, "b", 60), (50, "c", 300), (100, "b", 500)]
    assert found.dissolve_at(1) == Dissolve(0, 15)


def test_a_key_covers_what_lies_below_it_until_it_goes(edit: EditList, tmp_path: Path) -> None:
    below = "002  B        V     K B      00:00:04:10 00:00:06:10 01:00:02:00 01:00:04:00"
    key = "002  C        V     K    000  00:00:12:00 00:00:14:00 01:00:02:00 01:00:04:00"
    found = imported(edit, tmp_path / "a.edl", TWO_LINES[0], below, key, TWO_LINES[5])
    assert shown(found) == [(0, "b", 60), (50, "c", 300), (100, "b", 500)]
    assert found.clips[1].dissolve is None
    alone = imported(edit, tmp_path / "b.edl", TWO_LINES[0], below, TWO_LINES[5])
    assert shown(alone) == [(0, "b", 60), (50, "b", 110), (100, "b", 500)]
    gone = key.replace("K    000", "K O  010")
    found = imported(edit, tmp_path / "c.edl", TWO_LINES[0], below, gone, TWO_LINES[5])
    assert shown(found)[1] == (50, "b", 110)


def test_the_cut_of_a_dissolve_stays_where_the_edit_has_it(edit: EditList, tmp_path: Path) -> None:
    lines = (
        "001  B        V     C        00:00:02:10 00:00:04:04 01:00:00:00 01:00:01:19",
        "002  B        V     C        00:00:04:04 00:00:04:04 01:00:01:19 01:00:01:19",
        "002  C        V     D    012 00:00:11:19 00:00:14:00 01:00:01:19 01:00:04:00",
        "* FROM CLIP NAME: b.mov",
        "* TO CLIP NAME: c.mov",
        TWO_LINES[5],
    )
    found = imported(edit, tmp_path / "a.edl", *lines)
    # Six frames before the cut at frame 50, and six behind it.
    assert shown(found) == [(0, "b", 60), (50, "c", 300), (100, "b", 500)]
    assert found.dissolve_at(1) == Dissolve(6, 6)
    assert found.clips[0] == edit.clips[0]


def test_fades_of_another_program(edit: EditList, tmp_path: Path) -> None:
    lines = (
        "001  BL       V     C        00:00:00:00 00:00:00:00 01:00:00:00 01:00:00:00",
        "001  B        V     D    010 00:00:02:10 00:00:04:00 01:00:00:00 01:00:01:15",
        "002  B        V     C        00:00:04:00 00:00:04:00 01:00:01:15 01:00:01:15",
        "002  BL       V     D    010 00:00:00:00 00:00:02:10 01:00:01:15 01:00:04:00",
        TWO_LINES[5],
    )
    found = imported(edit, tmp_path / "a.edl", *lines)
    assert shown(found) == [(0, "b", 60), (50, "black", -1), (100, "b", 500)]
    assert (found.clips[0].fade_in, found.clips[0].fade_out) == (
        Fade("black", rising(10)),
        Fade("black", falling(10)),
    )
    assert found.clips[2] == edit.clips[2]


XML = """<xmeml version="5"><sequence><rate><timebase>25</timebase></rate><media><video><track>{}</track></video>
</media></sequence></xmeml>"""
CLIP = """<clipitem><name>{0}</name><start>{1}</start><end>{2}</end><in>{3}</in><out>9</out>
<file id="{0}"><name>{0}</name><pathurl>file:///x/{0}</pathurl></file></clipitem>"""
CROSS = "<transitionitem><start>{}</start><end>{}</end><alignment>{}</alignment></transitionitem>"


@pytest.mark.parametrize(
    ("first", "cross", "second", "expected"),
    [
        # centred on the cut of the edit, before it, behind it, and around a place at which the edit has none
        (("b.mov", 0, -1, 60), (44, 56, "center"), ("c.mov", -1, 150, 294), (50, 300, Dissolve(6, 6))),
        (("b.mov", 0, -1, 60), (38, 50, "end"), ("c.mov", -1, 150, 288), (50, 300, Dissolve(12, 0))),
        (("b.mov", 0, -1, 60), (50, 62, "start"), ("c.mov", -1, 150, 300), (50, 300, Dissolve(0, 12))),
        (("b.mov", 0, -1, 60), (20, 30, "center"), ("c.mov", -1, 150, 294), (25, 299, Dissolve(5, 5))),
        (("b.mov", 0, -1, 60), (20, 30, "end"), ("c.mov", -1, 150, 294), (30, 304, Dissolve(10, 0))),
        # clips that say where they stand
        (("b.mov", 0, 50, 60), (44, 56, "center"), ("c.mov", 50, 150, 300), (50, 300, Dissolve(6, 6))),
    ],
)
def test_transitions_of_final_cut(
    edit: EditList,
    tmp_path: Path,
    first: tuple[Any, ...],
    cross: tuple[Any, ...],
    second: tuple[Any, ...],
    expected: tuple[int, int, Dissolve],
) -> None:
    path = tmp_path / "a.xml"
    path.write_text(XML.format(CLIP.format(*first) + CROSS.format(*cross) + CLIP.format(*second)))
    found = import_timeline(path, edit)
    cut, frame, dissolve = expected
    assert shown(found)[:2] == [(0, "b", 60), (cut, "c", frame)]
    assert found.dissolve_at(1) == dissolve


@pytest.mark.parametrize("edge", ["said", "in the transition"])
def test_transitions_of_final_cut_beside_nothing_are_fades(edit: EditList, tmp_path: Path, edge: str) -> None:
    start, end = (10, 60) if edge == "said" else (-1, -1)
    path = tmp_path / "a.xml"
    items = CROSS.format(10, 18, "start-black") + CLIP.format("b.mov", start, end, 60)
    path.write_text(XML.format(items + CROSS.format(50, 60, "end-black") + CLIP.format("c.mov", 60, 150, 300)))
    found = import_timeline(path, edit)
    assert shown(found) == [(0, "black", -1), (10, "b", 60), (60, "c", 300)]
    assert (found.clips[1].fade_in, found.clips[1].fade_out) == (Fade("black", rising(8)), Fade("black", falling(10)))


def test_damaged_transitions_are_an_edit_or_an_error(edit: EditList, tmp_path: Path) -> None:
    path = tmp_path / "a.otio"
    export_timeline(dissolving(edit), path)
    values = json.loads(path.read_text())
    for offset in (-5, 0, 49.6, 1000, 10**9, None, "x"):
        for name in ("in_offset", "out_offset"):
            changed_values = json.loads(json.dumps(values))
            time = changed_values["tracks"]["children"][1]["children"][1][name]
            time["value"] = offset
            path.write_text(json.dumps(changed_values))
            with suppress(EditError):
                assert import_timeline(path, edit).grid == edit.grid


def test_our_own_cut_lists_read_the_transitions_of_an_edit_decision_list(tmp_path: Path) -> None:
    written(edit_of_all(), tmp_path / "all.edl")
    detector = load_cut_list_detector(tmp_path / "all.edl", replace(video("x.mov", "a", RATE), frame_count=122))
    assert detector is not None
    found = detector.feed(121, None)  # type: ignore[arg-type]
    assert [(boundary.transition, boundary.start_frame, boundary.end_frame) for boundary in found] == [
        ("fade", 10, 15),
        ("dissolve", 46, 70),
        ("fade", 92, 100),
        ("cut", 110, 110),
        ("fade", 116, 122),
    ]


@settings(deadline=None, max_examples=80)
@given(data=st.data())
def test_whatever_transitions_are_put_on_the_track_come_back_once_more(data: st.DataObject) -> None:
    films = tuple(video(f"{digit}.mov", digit, data.draw(st.sampled_from([RATE, RATE / 2]))) for digit in "bc")
    hour = Span(Fraction(0), Fraction(3600))
    known = [Match(0, film.fingerprint, 0, hour, Span(Fraction(1), Fraction(2)), 0.5, ()) for film in films]
    clips = (
        Clip(0, 60, "footage", known[0], suggestions=(known[1],), fade_in=Fade("white", (0.5, 0.6))),
        Clip(60, 60, "footage", known[1], dissolve=Dissolve(5, 5), fade_out=Fade("black", (0.5, 0.1))),
    )
    grid = FrameGrid(RATE, 120, (data.draw(st.integers(1, 119)),))
    made = EditList(video("trailer.mov", "a", RATE), grid, films, clips)
    tracks = Tracks(made, lambda path: "", alternates="none")
    events: list[Event] = []
    places = [0, *sorted(data.draw(st.sets(st.integers(1, 120), max_size=5))), 121]
    for first, end in itertools.pairwise(places):
        film = data.draw(st.sampled_from([None, "white", *films]))
        if isinstance(film, str):
            events.append(Event(first, end - first, "white"))
        elif film is not None:
            frame = data.draw(st.integers(0, 2000))
            speed = data.draw(st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(0)]))
            events.append(Event(first, end - first, "footage", tracks.facts[film.fingerprint], frame, speed))
    transitions = []
    for cut in places:
        if data.draw(st.booleans()):
            before, after = data.draw(st.integers(0, 30)), data.draw(st.integers(0, 30))
            transitions.append(ReadTransition(cut - before, cut + after, cut))
    try:
        events = with_transitions(events, transitions, RATE)
        found = revised(made, tracks, events, Films(made, None, tracks.facts), None)
    except (ValueError, EditError):
        return
    again = Tracks(found, lambda path: "", alternates="none")
    assert revised(found, again, again.reinterpretation(), Films(found, None, again.facts), None) == found
