"""What a person has changed in a timeline is taken over, and nothing else changes."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Callable
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
from reinterpret.interchange.events import Event, Tracks
from reinterpret.interchange.films import Films
from reinterpret.interchange.revision import revised
from reinterpret.library import Library
from reinterpret.timebase import Span
from reinterpret.video import FrameGrid
from tests.interchange.imagined import video

RATE = Fraction(25)


def match(target: int, digit: str, shot: int, start: int, *, score: float = 0.5) -> Match:
    """Frames of a film at 25 a second: shots of 100 frames each; two seconds are used."""
    whole = Span(Fraction(100 * shot, 25), Fraction(100 * shot + 100, 25))
    used = Span(Fraction(start, 25), min(Fraction(start + 50, 25), whole.end))
    return Match(target, digit * 32, shot, whole, used, score, (("content", score),), f"like {target}")


@pytest.fixture
def edit() -> EditList:
    """Four shots of 50 frames, each with a suggestion: footage, footage, the trailer's title, footage."""
    films = tuple(video(f"{digit}.mov", digit, RATE, 600) for digit in "bc")
    clips = (
        Clip(0, 50, "footage", match(10, "b", 0, 20), suggestions=(match(10, "c", 3, 310, score=0.4),)),
        Clip(50, 50, "footage", match(11, "c", 1, 110), suggestions=(match(11, "b", 2, 210, score=0.3),)),
        Clip(100, 50, "title", suggestions=(match(12, "b", 4, 400),)),
        Clip(150, 50, "footage", match(13, "b", 5, 540), suggestions=(match(13, "c", 6, 600),)),
    )
    return EditList(video("trailer.mov", "a", RATE, 60), FrameGrid(RATE, 200), films, clips)


Change = Callable[[otio.schema.Track], None]


def changed(edit: EditList, folder: Path, change: Change, library: Library | None = None) -> EditList:
    """The edit after somebody has changed its .otio."""
    path = folder / "changed.otio"
    export_timeline(edit, path)
    timeline = otio.adapters.read_from_file(str(path))
    change(next(track for track in timeline.tracks if track.name == "reinterpretation"))
    otio.adapters.write_to_file(timeline, str(path))
    return import_timeline(path, edit, library=library)


def time(frames: float) -> otio.opentime.RationalTime:
    return otio.opentime.RationalTime(frames, 25)


def span(start: float, frames: float) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(time(start), time(frames))


def test_a_slid_in_point_keeps_shot_and_score(edit: EditList, tmp_path: Path) -> None:
    def slide(track: otio.schema.Track) -> None:
        track[0].source_range = span(33, 50)

    found = changed(edit, tmp_path, slide)
    assert found.clips[1:] == edit.clips[1:]
    before = edit.clips[0].match
    assert before is not None
    used = Span(Fraction(33, 25), Fraction(83, 25))
    # What a person has put there stays when the rest is assigned again.
    assert found.clips[0] == replace(edit.clips[0], match=replace(before, source_span=used), locked=True)


def test_what_was_rejected_stays_so_unless_it_is_put_there(edit: EditList, tmp_path: Path) -> None:
    refused = (("c" * 32, 1), ("b" * 32, 2))
    first = replace(edit.clips[0], rejected=refused)
    edit = replace(edit, clips=(first, *edit.clips[1:]))

    def put(track: otio.schema.Track) -> None:
        track[0] = track[1].clone()

    found = changed(edit, tmp_path, put).clips[0]
    assert found.match is not None
    assert (found.match.film, found.match.source_shot) == refused[0]
    assert found.rejected == refused[1:]


def test_a_moved_cut_moves_both_clips_and_leaves_the_others(edit: EditList, tmp_path: Path) -> None:
    def roll(track: otio.schema.Track) -> None:
        track[0].source_range = span(20, 57)
        track[1].source_range = span(117, 43)

    found = changed(edit, tmp_path, roll)
    assert [(clip.first_frame, clip.frame_count) for clip in found.clips] == [(0, 57), (57, 43), (100, 50), (150, 50)]
    assert found.clips[2:] == edit.clips[2:]
    first, second = found.clips[0].match, found.clips[1].match
    assert first is not None
    assert second is not None
    assert (first.source_span, first.score, first.shared) == (Span(Fraction(20, 25), Fraction(77, 25)), 0.5, "like 10")
    assert (second.source_span.start, second.source_shot, second.score) == (Fraction(117, 25), 1, 0.5)


def test_a_deleted_clip_is_black_and_keeps_its_suggestions(edit: EditList, tmp_path: Path) -> None:
    def delete(track: otio.schema.Track) -> None:
        track[1] = otio.schema.Gap(source_range=span(0, 50))

    found = changed(edit, tmp_path, delete)
    assert found.clips[1] == Clip(50, 50, "black", suggestions=edit.clips[1].suggestions)
    assert (found.clips[0], *found.clips[2:]) == (edit.clips[0], *edit.clips[2:])


def test_a_clip_that_is_switched_off_is_black(edit: EditList, tmp_path: Path) -> None:
    def switch_off(track: otio.schema.Track) -> None:
        track[3].enabled = False

    assert changed(edit, tmp_path, switch_off).clips[3].kind == "black"


def test_a_suggestion_put_in_place_is_that_suggestion(edit: EditList, tmp_path: Path) -> None:
    wanted = edit.clips[0].suggestions[0]

    def choose(track: otio.schema.Track) -> None:
        clip = otio.schema.Clip("c.mov", track[1].media_reference.clone(), span(310, 50))
        track[0] = clip

    found = changed(edit, tmp_path, choose)
    assert found.clips[0] == replace(edit.clips[0], match=wanted, locked=True)


def test_swapped_clips_keep_their_in_points_but_not_their_scores(edit: EditList, tmp_path: Path) -> None:
    def swap(track: otio.schema.Track) -> None:
        one, other = track[0].clone(), track[1].clone()
        track[0], track[1] = other, one

    found = changed(edit, tmp_path, swap)
    first, second = found.clips[0].match, found.clips[1].match
    assert first is not None
    assert second is not None
    before = edit.clips[1].match
    assert before is not None
    assert (first.film, first.source_shot, first.source_span) == (before.film, before.source_shot, before.source_span)
    # Likeness to this trailer shot is not known.
    assert (first.target_shot, first.score, first.cues, first.shared) == (10, 0.0, (), "")
    assert (second.target_shot, second.score) == (11, 0.0)


def test_what_goes_on_beyond_its_shot_is_shown_as_it_stands(edit: EditList, tmp_path: Path) -> None:
    def slide(track: otio.schema.Track) -> None:
        track[0].source_range = span(80, 50)

    found = changed(edit, tmp_path, slide)
    clip = found.clips[0]
    assert clip.match is not None
    assert clip.match.shot_span == Span(Fraction(0), Fraction(130, 25))
    assert found.source_seconds(clip) == [Fraction(80 + frame, 25) for frame in range(50)]


def test_speed_and_a_held_frame_are_taken_over(edit: EditList, tmp_path: Path) -> None:
    def slow_down(track: otio.schema.Track) -> None:
        track[0].effects.append(otio.schema.LinearTimeWarp(time_scalar=0.5))
        track[3].source_range = span(540, 30)
        held = track[3].clone()
        held.source_range = span(569, 20)
        held.effects.append(otio.schema.FreezeFrame())
        track.append(held)

    found = changed(edit, tmp_path, slow_down)
    assert found.clips[0].speed == Fraction(1, 2)
    assert found.source_seconds(found.clips[0])[1] == Fraction(41, 50)
    assert len(found.clips) == 4
    last = found.source_seconds(found.clips[3])
    assert last[29:] == [Fraction(569, 25), *[Fraction(570, 25) - Fraction(1, 500)] * 20]
    path = tmp_path / "again.edl"
    export_timeline(found, path)
    assert import_timeline(path, found) == found


def test_a_frame_held_alone_is_a_clip_of_one_frame(edit: EditList, tmp_path: Path) -> None:
    def freeze(track: otio.schema.Track) -> None:
        track[0].source_range = span(42, 50)
        track[0].effects.append(otio.schema.FreezeFrame())

    found = changed(edit, tmp_path, freeze)
    assert {int(instant * 25) for instant in found.source_seconds(found.clips[0])} == {42}


def test_a_split_clip_is_two(edit: EditList, tmp_path: Path) -> None:
    def split(track: otio.schema.Track) -> None:
        rest = track[0].clone()
        track[0].source_range = span(20, 15)
        rest.source_range = span(60, 35)
        track.insert(1, rest)

    found = changed(edit, tmp_path, split)
    assert [(clip.first_frame, clip.frame_count) for clip in found.clips[:3]] == [(0, 15), (15, 35), (50, 50)]
    assert found.clips[0].suggestions == found.clips[1].suggestions == edit.clips[0].suggestions
    assert found.clips[2:] == edit.clips[1:]


def test_where_matches_count_the_clips_they_go_on_counting(edit: EditList, tmp_path: Path) -> None:
    def split(track: otio.schema.Track) -> None:
        rest = track[0].clone()
        track[0].source_range = span(20, 15)
        rest.source_range = span(60, 35)
        track.insert(1, rest)

    counted = [
        replace(
            clip,
            match=None if clip.match is None else replace(clip.match, target_shot=number),
            suggestions=tuple(replace(other, target_shot=number) for other in clip.suggestions),
        )
        for number, clip in enumerate(edit.clips)
    ]
    found = changed(replace(edit, clips=tuple(counted)), tmp_path, split)
    for number, clip in enumerate(found.clips):
        assert {match.target_shot for match in [*([clip.match] if clip.match else []), *clip.suggestions]} == {number}


def test_what_is_beyond_the_end_is_cut_off_and_said(
    edit: EditList, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def extend(track: otio.schema.Track) -> None:
        track[3].source_range = span(540, 90)

    with caplog.at_level(logging.WARNING):
        assert changed(edit, tmp_path, extend) == edit
    assert "1 clips reach beyond the end of the edit, frame 200" in caplog.text


def test_footage_of_the_library_gets_its_shot(library: Library, tmp_path: Path) -> None:
    name = library.find_film("two.mp4")
    film = library.video(name)
    shot = library.shots(name)[1]
    edit = EditList(video("trailer.mov", "a", RATE, 60), FrameGrid(RATE, 50), (), (Clip(0, 50, "black"),))
    start = shot.body_start_frame + 5

    def add(track: otio.schema.Track) -> None:
        reference = otio.schema.ExternalReference(film.path.as_uri())
        track[0] = otio.schema.Clip("two.mp4", reference, span(start, 20))

    found = changed(edit, tmp_path, add, library)
    assert [clip.kind for clip in found.clips] == ["footage", "black"]
    chosen = found.clips[0].match
    assert chosen is not None
    assert (chosen.film, chosen.source_shot, chosen.shot_span) == (name, 1, shot.body)
    assert chosen.source_span == Span(Fraction(start, 25), Fraction(start + 20, 25))
    assert found.films == (film,)
    with pytest.raises(EditError, match=r"names a film that neither the edit nor the library has: .*two\.mp4"):
        changed(edit, tmp_path, add)


def test_an_unknown_shot_needs_the_library(edit: EditList, tmp_path: Path) -> None:
    def slide(track: otio.schema.Track) -> None:
        track[0].source_range = span(5000, 50)

    with pytest.raises(EditError, match=r"b\.mov at frame 0 .* begins at 200\.000 s, in no shot that the edit knows"):
        changed(edit, tmp_path, slide)


def test_all_unknown_films_are_named_at_once(edit: EditList, tmp_path: Path) -> None:
    def replace_all(track: otio.schema.Track) -> None:
        for position, name in ((0, "other%20film.mov"), (3, "third.mov")):
            reference = otio.schema.ExternalReference(f"file:///elsewhere/{name}")
            track[position] = otio.schema.Clip(name, reference, span(0, 50))

    with pytest.raises(EditError, match=r"neither the edit nor the library has: /elsewhere/other film\.mov, /elsew"):
        changed(edit, tmp_path, replace_all)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda item: item.effects.append(otio.schema.LinearTimeWarp(time_scalar=-1)), "runs backwards"),
        (lambda item: item.effects.append(otio.schema.LinearTimeWarp(time_scalar=17)), "17 times as fast; 16 is the"),
        (lambda item: setattr(item, "source_range", span(-3, 50)), "begins 3 frames before the first frame of its"),
        (lambda item: setattr(item, "source_range", span(15_000, 50)), "begins at frame 15000, but the film has 15000"),
    ],
)
def test_what_an_edit_cannot_hold_is_refused_by_name(
    edit: EditList, tmp_path: Path, change: Callable[[otio.schema.Clip], None], reason: str
) -> None:
    with pytest.raises(EditError, match=reason) as raised:
        changed(edit, tmp_path, lambda track: change(track[0]))
    assert str(raised.value).startswith(str(tmp_path / "changed.otio"))
    assert "b.mov" in str(raised.value)


def test_lines_of_an_edl_are_changed_by_hand(edit: EditList, tmp_path: Path) -> None:
    path = tmp_path / "edit.edl"
    export_timeline(edit, path)
    lines = path.read_text().splitlines()
    assert lines[3] == "001  B        V     C        00:00:00:20 00:00:02:20 01:00:00:00 01:00:02:00"
    lines[3] = "001  B        V     C        00:00:01:08 00:00:03:08 01:00:00:00 01:00:02:00"
    path.write_text("\n".join(lines))
    found = import_timeline(path, edit)
    assert found.clips[1:] == edit.clips[1:]
    assert found.clips[0].match is not None
    assert found.clips[0].match.source_span == Span(Fraction(33, 25), Fraction(83, 25))


def test_a_film_put_in_place_of_another_counts_although_the_remark_stays(edit: EditList, tmp_path: Path) -> None:
    path = tmp_path / "edit.xml"
    export_timeline(edit, path)
    track = path.read_text().index("<name>reinterpretation</name>")
    before, after = path.read_text()[:track], path.read_text()[track:]
    head, item = before.rsplit('<clipitem id="clipitem-8">', 1)
    assert "<name>b.mov</name>" in item
    # as a relinked file, whose description then comes with the clip
    other = "<file id='new'><name>c.mov</name><pathurl>file:///elsewhere/c.mov</pathurl></file>"
    path.write_text(
        head
        + '<clipitem id="clipitem-8">'
        + re.sub(r'<file id="file-2" ?/>', other, item).replace("540", "610")
        + after
    )
    found = import_timeline(path, edit)
    assert found.clips[:3] == edit.clips[:3]
    assert found.clips[3].match is not None
    assert (found.clips[3].match.film, found.clips[3].match.source_span.start) == ("c" * 32, Fraction(610, 25))
    assert (found.clips[3].match.source_shot, found.clips[3].match.score) == (6, 0.5)


def test_an_edl_without_remarks_is_known_by_its_reels_and_names(edit: EditList, tmp_path: Path) -> None:
    path = tmp_path / "bare.edl"
    export_timeline(edit, path)
    kept = [line for line in path.read_text().splitlines() if not line.startswith("*")]
    path.write_text("\n".join(kept))
    assert import_timeline(path, edit) == edit
    path.write_text("\n".join(kept).replace("01:0", "10:0"))
    assert import_timeline(path, edit, start_timecode="10:00:00:00") == edit
    with pytest.raises(EditError, match="line 4: begins before the timeline does, at 11:00:00:00"):
        import_timeline(path, edit, start_timecode="11:00:00:00")


def test_xml_without_our_comments_is_known_by_its_files(edit: EditList, tmp_path: Path) -> None:
    path = tmp_path / "bare.xml"
    export_timeline(edit, path)
    text = path.read_text()
    for number in range(200):
        text = text.replace(f"reinterpret clip {number} ", "")
    path.write_text(text.replace("<name>reinterpretation</name>", ""))
    assert import_timeline(path, edit) == edit


Shown = list[tuple[str, int] | None]


def seen(events: list[Event], rate: Fraction) -> Shown:
    """The film and the frame at every place; None for black."""
    shown: Shown = []
    for event in events:
        for place in range(event.count):
            if event.media is None:
                shown.append(None)
            else:
                passed = place * event.speed * event.media.rate / rate
                shown.append((event.media.fingerprint, event.source_frame + math.floor(passed)))
    return shown


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_whatever_is_put_on_the_track_is_what_the_edit_then_shows(data: st.DataObject) -> None:
    rate = data.draw(st.sampled_from([Fraction(24), Fraction(25), Fraction(30)]))
    films = [video(f"{digit}.mov", digit, data.draw(st.sampled_from([rate, rate / 2])), 600) for digit in "bc"]
    # Two shots of ten seconds of each film are known.
    known = [
        Match(
            0,
            film.fingerprint,
            shot,
            Span(Fraction(10 * shot), Fraction(10 * shot + 10)),
            Span(begin, begin + 1),
            0,
            (),
        )
        for film in films
        for shot, begin in ((0, Fraction(1)), (1, Fraction(11)))
    ]
    edit = EditList(
        video("trailer.mov", "a", rate),
        FrameGrid(rate, 120),
        tuple(films),
        (Clip(0, 60, "footage", known[0], suggestions=tuple(known[1:])), Clip(60, 60, "black")),
    )
    tracks = Tracks(edit, lambda path: "", alternates="none")
    events: list[Event] = []
    place = 0
    while place < 120:
        count = min(data.draw(st.integers(1, 40)), 120 - place)
        film = data.draw(st.sampled_from([None, *films]))
        if film is None:
            events.append(Event(place, count, "black"))
        else:
            speed = data.draw(st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(2), Fraction(0)]))
            frame = data.draw(st.integers(0, int(film.frame_rate * 20) - 1))
            events.append(Event(place, count, "footage", tracks.facts[film.fingerprint], frame, speed))
            if speed and count > 1 and data.draw(st.booleans()):
                # Its last frame is held.
                moving = data.draw(st.integers(1, count - 1))
                events[-1] = replace(events[-1], count=moving)
                last = frame + math.floor((moving - 1) * speed * film.frame_rate / rate)
                held = replace(events[-1], first=place + moving, count=count - moving, source_frame=last)
                events.append(replace(held, speed=Fraction(0)))
        place += count
    films_known = Films(edit, None, tracks.facts)
    made = revised(edit, tracks, events, films_known, None)
    assert seen(Tracks(made, lambda path: "", alternates="none").reinterpretation(), rate) == seen(events, rate)
    again = Tracks(made, lambda path: "", alternates="none")
    assert revised(made, again, again.reinterpretation(), Films(made, None, again.facts), None) == made
