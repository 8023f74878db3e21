from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import opentimelineio as otio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import EditList, Soundtrack
from reinterpret.interchange import fcpxml
from reinterpret.interchange.sampling import simplest_between
from reinterpret.interchange.timeline import TimelineOptions
from reinterpret.video import Video
from tests.interchange.fictional import HOSTILE_NAMES, edit_of_clips, match, timeline, video, with_hostile_words
from tests.interchange.imagined import changing_edits
from tests.interchange.rated import RATES, facts, is_variable, must_show, rated_edit
from tests.judging import expected_number, remade

# From Apple's document type definition for version 1.10, for the elements that are written: children in their order
# (as a pattern over their names, each followed by a blank), attributes that must be there, and those that may.
_TIMED = ("offset", "name", "start", "duration", "enabled")
_RULES: dict[str, tuple[str, str, str]] = {
    "fcpxml": (r"resources library ", "version", ""),
    "resources": (r"((asset|format|effect) )*", "", ""),
    "effect": (r"", "id uid", "name"),
    "format": (r"", "id", "name frameDuration width height paspH paspV colorSpace"),
    "asset": (
        r"media-rep (metadata )?",
        "id",
        "name start duration hasVideo format videoSources hasAudio audioSources audioChannels audioRate",
    ),
    "media-rep": (r"", "src", "kind"),
    "metadata": (r"(md )*", "", ""),
    "md": (r"", "key", "value"),
    "library": (r"(event )*", "", ""),
    "event": (r"(project )*", "", "name"),
    "project": (r"sequence ", "", "name"),
    "sequence": (r"spine ", "format", "duration tcStart tcFormat audioLayout audioRate"),
    "spine": (r"(transition )?(((asset-clip|audition|gap|video) )(transition )?)*", "", "lane offset"),
    "transition": (r"filter-video ", "duration", "name offset"),
    "filter-video": (r"", "ref", "name"),
    "gap": (r"((asset-clip|audition|spine|video) )*", "duration", "name offset start"),
    "audition": (r"(asset-clip )+", "", "lane offset"),
    "video": (r"(param )*((asset-clip|audition|spine|video) )*(marker )*", "ref", "lane offset name start duration"),
    "asset-clip": (
        r"(note )?(conform-rate )?(timeMap )?(adjust-conform )?(adjust-blend )?((asset-clip|audition|spine|video) )*"
        r"(marker )*",
        "ref",
        "lane offset name start duration enabled srcEnable format tcFormat",
    ),
    "note": (r"", "", ""),
    "conform-rate": (r"", "", "scaleEnabled srcFrameRate"),
    "timeMap": (r"(timept )*", "", ""),
    "timept": (r"", "time value", "interp"),
    "adjust-conform": (r"", "", "type"),
    "adjust-blend": (r"(param )*", "", "amount"),
    "param": (r"(keyframeAnimation )?", "name", "key value"),
    "keyframeAnimation": (r"(keyframe )*", "", ""),
    "keyframe": (r"", "time value", "interp"),
    "marker": (r"", "start value", "duration note"),
}
_TIMES = ("offset", "start", "duration", "tcStart", "frameDuration", "time")


def checked(text: str) -> Element:
    """The root of a file that keeps to the rules."""
    assert text.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE fcpxml>\n')
    root = ElementTree.fromstring(text.encode("utf-8"))
    assert root.get("version") == "1.10"
    names = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(names) == len(set(names))
    for element in root.iter():
        children, needed, possible = _RULES[element.tag]
        assert re.fullmatch(children, "".join(f"{child.tag} " for child in element)), element.tag
        assert set(needed.split()) <= set(element.attrib) <= {*needed.split(), *possible.split()}, element.tag
        assert {element.get(name) for name in ("ref", "format") if element.get(name)} <= set(names)
        for name in _TIMES:
            if element.get(name) is not None:
                _, denominator = seconds(element.get(name)).as_integer_ratio()
                assert denominator < 2**31
        if element.get("lane"):
            assert element.get("lane") != "0"
    return root


def seconds(text: str | None) -> Fraction:
    """A time of the format."""
    assert text is not None
    found = re.fullmatch(r"(\d+)(?:/([1-9]\d*))?s", text)
    assert found is not None, text
    return Fraction(int(found[1]), int(found[2] or 1))


@dataclass(frozen=True)
class Shown:
    """What a place shows."""

    path: str
    instant: Fraction
    """Seconds from the first frame of the file."""
    rate: Fraction


class Player:
    """Plays a file as Apple's reference has it: what is on the screen and what is heard at every place."""

    def __init__(self, text: str) -> None:
        self.root = checked(text)
        self.formats = {element.get("id"): element for element in self.root.iter("format")}
        self.assets = {element.get("id"): element for element in self.root.iter("asset")}
        sequence = next(self.root.iter("sequence"))
        self.sequence = sequence
        self.frame = seconds(self.formats[sequence.get("format")].get("frameDuration"))
        self.count = self._places(seconds(sequence.get("duration")))
        self.start = self._places(seconds(sequence.get("tcStart")))

    def _places(self, time: Fraction) -> int:
        places = time / self.frame
        assert places.denominator == 1, f"{time} s is not on a frame of the sequence"
        return places.numerator

    def clips(self, lane: int) -> Iterator[tuple[int, int, Element]]:
        """First place, number of places, and the clip; of an audition the one that is picked."""
        expected = self.start
        for primary in next(self.root.iter("spine")):
            place, count = self._places(seconds(primary.get("offset"))), self._places(seconds(primary.get("duration")))
            assert place == expected, "the storyline has a gap or an overlap"
            expected = place + count
            if lane == 0 and primary.tag == "asset-clip":
                yield place - self.start, count, primary
            for child in primary:
                if child.get("lane") == str(lane):
                    offset = seconds(child.get("offset")) - seconds(primary.get("start"))
                    yield from self._connected(child, place - self.start + self._places(offset))
        assert expected == self.start + self.count

    def _connected(self, child: Element, place: int) -> Iterator[tuple[int, int, Element]]:
        """A connected clip, or the clips of a connected storyline, whose time begins at 0 and which has no gap."""
        if child.tag != "spine":
            picked = child[0] if child.tag == "audition" else child
            yield place, self._places(seconds(picked.get("duration"))), picked
            return
        passed = 0
        for part in child:
            if part.tag != "transition":
                assert self._places(seconds(part.get("offset"))) == passed
                ((first, count, picked),) = self._connected(part, place + passed)
                yield first, count, picked
                passed += count

    def dissolves(self, lane: int) -> Iterator[tuple[int, list[Shown], list[Shown]]]:
        """The place at which each dissolve of a connected storyline begins, and what both clips show in it."""
        played = {id(clip): (first, count) for first, count, clip in self.clips(lane)}
        for spine in self.root.iter("spine"):
            parts = [part[0] if part.tag == "audition" else part for part in spine]
            for before, transition, after in zip(parts, parts[1:], parts[2:], strict=False):
                if transition.tag == "transition":
                    effect = next(
                        part for part in self.root.iter("effect") if part.get("id") == transition[0].get("ref")
                    )
                    assert (effect.get("name"), str(effect.get("uid"))[:7]) == ("Cross Dissolve", "FxPlug:")
                    (begin, out_count), (cut, _) = played[id(before)], played[id(after)]
                    count = self._places(seconds(transition.get("duration")))
                    first = cut - count // 2
                    assert begin + out_count == cut
                    base = min(at for at, _ in (played[id(part)] for part in parts if part.tag != "transition"))
                    assert self._places(seconds(transition.get("offset"))) == first - base
                    yield (
                        first,
                        [self.at(before, place - begin) for place in range(first, first + count)],
                        [self.at(after, place - cut) for place in range(first, first + count)],
                    )

    def at(self, clip: Element, place: int) -> Shown:
        """What a clip shows so many places after it begins, or before."""
        asset = self.assets[clip.get("ref")]
        rate = 1 / seconds(self.formats[asset.get("format")].get("frameDuration"))
        time = mapped(clip.find("timeMap"), seconds(clip.get("start")) + place * self.frame)
        begin, duration = seconds(asset.get("start")), seconds(asset.get("duration"))
        assert begin <= time < begin + duration, "a dissolve reaches beyond its file"
        return Shown(str(asset[0].get("src")), time - begin, rate)

    def opacity(self, lane: int) -> dict[int, float]:
        """By place how much is seen of a clip, where it has key frames."""
        found: dict[int, float] = {}
        for first, count, clip in self.clips(lane):
            for frame in clip.iter("keyframe"):
                place = first + self._places(seconds(frame.get("time")) - seconds(clip.get("start")))
                assert first <= place < first + count
                found[place] = float(str(frame.get("value")))
        return found

    def shown(self, lane: int) -> list[Shown | None]:
        """Of every place what it shows there."""
        found: list[Shown | None] = [None] * self.count
        for first, count, clip in self.clips(lane):
            asset = self.assets[clip.get("ref")]
            rate = 1 / seconds(self.formats[asset.get("format")].get("frameDuration"))
            conform = clip.find("conform-rate")
            assert (conform is not None) == (rate != 1 / self.frame)
            assert conform is None or conform.get("scaleEnabled") == "0"
            end = mapped(clip.find("timeMap"), seconds(clip.get("start")) + count * self.frame)
            assert end <= seconds(asset.get("start")) + seconds(asset.get("duration")), "a clip ends behind its file"
            for place in range(count):
                time = seconds(clip.get("start")) + place * self.frame
                instant = mapped(clip.find("timeMap"), time) - seconds(asset.get("start"))
                assert found[first + place] is None
                if clip.get("srcEnable") != "audio":
                    found[first + place] = Shown(str(asset[0].get("src")), instant, rate)
        return found


def mapped(time_map: Element | None, time: Fraction) -> Fraction:
    """The original time of a clip at an adjusted one: linear between points."""
    if time_map is None:
        return time
    points = [(seconds(point.get("time")), seconds(point.get("value"))) for point in time_map]
    assert all(point.get("interp") == "linear" for point in time_map)
    (begin, low), (end, high) = points
    assert begin <= time <= end, "beyond the map nothing is shown"
    return low + (time - begin) * (high - low) / (end - begin)


@pytest.mark.parametrize("rate", RATES)
def test_every_place_shows_the_frame_that_is_rendered(rate: str, clips: Path) -> None:
    edit = rated_edit(clips, rate, speeds=(Fraction(1), Fraction(83, 100), Fraction(1, 2)))
    assert edit.trailer is not None
    for drop in ("no", "yes") if rate in ("29.97", "59.94") else ("no",):
        player = Player(fcpxml.write(timeline(edit, options=TimelineOptions(drop_frame=drop)), edit))  # type: ignore[arg-type]
        assert 1 / player.frame == RATES[rate]
        assert player.sequence.get("tcFormat") == ("DF" if drop == "yes" else "NDF")
        paths = {film.path.as_uri(): film for film in (*edit.films, edit.trailer)}
        for lane, expected in ((1, must_show(edit)), (0, _own(edit))):
            shown = player.shown(lane)
            found = [None if place is None else number_shown(paths[place.path], place) for place in shown]
            assert_shown(edit, found, expected)


def assert_shown(edit: EditList, found: list[tuple[str, int] | None], expected: list[tuple[str, int] | None]) -> None:
    """Every place shows what it must; of a variable rate the first, and the others are at most a frame off."""
    assert len(found) == len(expected)
    for clip in edit.clips:
        places = slice(clip.first_frame, clip.end_frame)
        if clip.match is not None and is_variable(edit.film(clip.match.film)):
            assert found[clip.first_frame] == expected[clip.first_frame]
            pairs = zip(found[places], expected[places], strict=True)
            assert all(a and b and a[0] == b[0] and abs(a[1] - b[1]) <= 1 for a, b in pairs)
        else:
            assert found[places] == expected[places]


def number_shown(film: Video, shown: Shown) -> tuple[str, int]:
    """The number of the frame that a program shows: at a constant rate by counting, else by the frames' own times."""
    _, _, times = facts(film.path)
    frame = math.floor(shown.instant * shown.rate)
    return film.fingerprint, expected_number(times, shown.instant) if is_variable(film) else frame


def _own(edit: EditList) -> list[tuple[str, int] | None]:
    """The trailer beneath: everywhere but where the edit is black."""
    assert edit.trailer is not None
    black = {frame for clip in edit.clips if clip.kind == "black" for frame in range(clip.first_frame, clip.end_frame)}
    return [None if frame in black else (edit.trailer.fingerprint, frame) for frame in range(edit.grid.frame_count)]


def with_transitions(edit: EditList, changes: dict[int, dict[str, Any]]) -> EditList:
    return replace(edit, clips=tuple(replace(clip, **changes.get(at, {})) for at, clip in enumerate(edit.clips)))


def test_clips_that_dissolve_are_a_storyline_of_their_own() -> None:
    films = [video(f"/films/{name}.mov") for name in ("one", "two", "three")]
    edit = edit_of_clips([(20, films[0], 2), (30, films[1], 4), (25, films[2], 6), (10, films[0], 9)])
    edit = with_transitions(edit, {1: {"dissolve": Dissolve(4, 10)}, 2: {"dissolve": Dissolve(3, 0)}})
    player = Player(fcpxml.write(timeline(edit), edit))
    spine = next(element for element in player.root.iter("spine") if element.get("lane"))
    assert [part.tag for part in spine] == ["asset-clip", "transition", "asset-clip", "transition", "asset-clip"]
    # Each cut is in the middle of its dissolve.
    assert [(first, count) for first, count, _ in player.clips(1)] == [(0, 23), (23, 25), (48, 27), (75, 10)]
    assert [(first, len(out)) for first, out, _ in player.dissolves(1)] == [(16, 14), (47, 3)]
    # The trailer below is cut where it was.
    assert [(first, count) for first, count, _ in player.clips(0)] == [(0, 20), (20, 30), (50, 25), (75, 10)]


def test_a_compilation_dissolves_in_the_storyline_itself() -> None:
    films = [video(f"/films/{name}.mov", audio=True) for name in ("one", "two")]
    edit = edit_of_clips([(20, films[0], 2), (30, films[1], 4)])
    edit = replace(
        with_transitions(edit, {1: {"dissolve": Dissolve(5, 5)}}), trailer=None, soundtrack=Soundtrack("clips")
    )
    player = Player(fcpxml.write(timeline(edit), edit))
    spine = next(player.root.iter("spine"))
    assert [part.tag for part in spine] == ["asset-clip", "transition", "asset-clip"]
    assert (seconds(spine[1].get("offset")) - 3600) * 25 == 15


def test_fades_are_key_frames_of_opacity_over_nothing() -> None:
    film = video("/films/one.mov")
    edit = edit_of_clips([(20, film, 2), (30, film, 4), (10, film, 8)])
    gains = (0.0, 0.3, 0.35)
    changes = {0: {"fade_in": Fade("black", gains), "fade_out": Fade("black", gains[::-1])}}
    edit = with_transitions(edit, {**changes, 1: {"fade_in": Fade("white", gains)}})
    player = Player(fcpxml.write(timeline(edit), edit))
    assert player.opacity(1) == {0: 0.0, 1: 0.3, 2: 0.35, 3: 1.0, 16: 1.0, 17: 0.35, 18: 0.3, 19: 0.0}
    # Nothing is seen through what fades.
    assert [clip.get("srcEnable") for _, _, clip in player.clips(0)] == ["audio", "audio", "all"]


def test_white_is_a_generator() -> None:
    edit = edit_of_clips([(20, video("/films/one.mov"), 2), (5, None, 0)])
    edit = with_transitions(edit, {1: {"kind": "white"}})
    player = Player(fcpxml.write(timeline(edit), edit))
    (_, (first, count, white)) = player.clips(1)
    assert (first, count, white.tag) == (20, 5, "video")
    effect = next(element for element in player.root.iter("effect") if element.get("id") == white.get("ref"))
    assert effect.get("name") == "Whites"


@settings(max_examples=60, deadline=None)
@given(changing_edits())
def test_every_place_of_a_dissolve_shows_the_frames_of_both_sources(edit: EditList) -> None:
    player = Player(fcpxml.write(timeline(edit), edit))
    found = list(player.dissolves(1))
    numbers = [number for number in range(len(edit.clips)) if edit.dissolve_at(number) is not None]
    assert len(found) == len(numbers)
    for number, (first, out, into) in zip(numbers, found, strict=True):
        clip, dissolve = edit.clips[number], edit.dissolve_at(number)
        assert dissolve is not None
        begin, end = clip.first_frame - dissolve.before, clip.first_frame + dissolve.after
        assert (first, first + len(out)) == (edit.grid.slot(begin), edit.grid.slot(end))
        for frame in range(begin, end):
            place = edit.grid.slot(frame) - first
            for shown, of in ((out[place], edit.clips[number - 1]), (into[place], clip)):
                assert of.match is not None
                instant, rate = edit.source_instant(of, frame), edit.film(of.match.film).frame_rate
                assert math.floor(shown.instant * rate) == math.floor((instant + Fraction(1, 1000)) * rate)


_ALL_RATES = st.sampled_from([*RATES.values(), Fraction(25, 2), Fraction(120000, 1001)])


@settings(max_examples=60, deadline=None)
@given(
    _ALL_RATES,
    st.lists(
        st.tuples(
            st.integers(1, 60),
            _ALL_RATES,
            st.fractions(0, 36_000, max_denominator=48_000),
            st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(83, 100), Fraction(7, 4)]),
        ),
        min_size=1,
        max_size=4,
    ),
)
def test_frames_are_right_whatever_the_rates_the_instants_and_the_speeds(
    rate: Fraction, clips: list[tuple[int, Fraction, Fraction, Fraction]]
) -> None:
    films = {
        source: video(f"/films/{source.numerator}.mov", rate=source, frames=int(36_200 * source))
        for _, source, _, _ in clips
    }
    edit = edit_of_clips(
        [(count, films[source], start) for count, source, start, _ in clips],
        rate=rate,
        speeds=[speed for _, _, _, speed in clips],
    )
    shown = Player(fcpxml.write(timeline(edit), edit)).shown(1)
    place = 0
    for clip, (_, source, _, _) in zip(edit.clips, clips, strict=True):
        for instant in edit.source_seconds(clip):
            found = shown[place]
            assert found is not None
            assert math.floor(found.instant * source) == math.floor((instant + Fraction(1, 1000)) * source)
            place += 1


@settings(max_examples=40, deadline=None)
@given(st.fractions(0, 1000), st.fractions(Fraction(1, 10**9), 1))
def test_the_simplest_fraction_lies_between_and_none_is_simpler(low: Fraction, width: Fraction) -> None:
    found = simplest_between(low, low + width)
    assert low <= found <= low + width
    for denominator in range(1, min(found.denominator, 50)):
        assert math.floor((low + width) * denominator) < math.ceil(low * denominator)


def test_timecodes_of_files_are_where_their_time_begins(clips: Path, tmp_path: Path) -> None:
    edit = rated_edit(clips, "25")
    film = edit.films[0]
    coded = remade(
        film.path, tmp_path / "coded.mov", "-c", "copy", "-timecode", "10:00:00:00", "-metadata:s:v", "reel_name=A007"
    )
    video_, _, _ = facts(coded)
    with_code = replace(
        edit,
        films=(video_, *edit.films[1:]),
        clips=(replace(edit.clips[0], match=replace(edit.clips[0].match, film=video_.fingerprint)), *edit.clips[1:]),  # type: ignore[type-var]
    )
    player = Player(fcpxml.write(timeline(with_code), with_code))
    (asset,) = (asset for asset in player.assets.values() if asset.get("name") == "coded.mov")
    # ten hours of labels at 24 a second, each of which lasts a thousandth longer
    assert asset.get("start") == "36036s"
    assert asset.find("metadata/md[@key='com.apple.proapps.studio.reel']") is not None
    before = Player(fcpxml.write(timeline(edit), edit)).shown(1)
    assert [shown and shown.instant for shown in player.shown(1)] == [shown and shown.instant for shown in before]


def test_black_leaves_the_trailer_out_and_its_sound_in() -> None:
    edit = edit_of_clips([(10, video("/films/one.mov"), 2), (5, None, 0), (10, video("/films/one.mov"), 4)])
    player = Player(fcpxml.write(timeline(edit), edit))
    assert [clip.get("srcEnable") for _, _, clip in player.clips(0)] == ["all", "audio", "all"]
    assert [clip.get("srcEnable") for _, _, clip in player.clips(1)] == ["video", "video"]
    assert all(clip.find("adjust-conform") is not None for _, _, clip in player.clips(1))


def test_sound_is_that_of_the_soundtrack() -> None:
    film, silent = video("/films/one.mov", audio=True), video("/films/two.mov")
    edit = edit_of_clips([(10, film, 2), (10, silent, 4)])
    for kind, primary, answers in (
        ("clips", ["video", "video"], ["all", "video"]),
        ("none", ["video", "video"], ["video", "video"]),
    ):
        heard = replace(edit, soundtrack=Soundtrack(kind))  # type: ignore[arg-type]
        player = Player(fcpxml.write(timeline(heard), heard))
        assert [clip.get("srcEnable") for _, _, clip in player.clips(0)] == primary
        assert [clip.get("srcEnable") for _, _, clip in player.clips(1)] == answers
    music = replace(edit, soundtrack=Soundtrack("file", Path("/films/music & more.wav")))
    player = Player(fcpxml.write(timeline(music), music))
    ((first, count, clip),) = player.clips(-1)
    assert (first, count, clip.get("srcEnable")) == (0, 20, "audio")
    assert player.assets[clip.get("ref")][0].get("src") == "file:///films/music%20%26%20more.wav"


def test_alternates_are_switched_off_above_or_stand_in_an_audition() -> None:
    film, other = video("/films/one.mov"), video("/films/two.mov", rate=24)
    edit = edit_of_clips([(10, film, 2), (5, None, 0)])
    suggested = (match(other, 3, Fraction(2, 5)), match(film, 7, Fraction(2, 5)))
    suggested = (suggested[0], replace(suggested[1], source_shot=9))
    edit = replace(edit, films=(film, other), clips=(replace(edit.clips[0], suggestions=suggested), edit.clips[1]))
    player = Player(fcpxml.write(timeline(edit), edit))
    ((first, count, clip),) = player.clips(2)
    assert (first, count, clip.get("enabled"), clip.get("name"), clip.get("start")) == (0, 10, "0", "two.mov", "3s")
    player = Player(fcpxml.write(timeline(edit, options=TimelineOptions(alternates="versions")), edit))
    audition = next(player.root.iter("audition"))
    assert [clip.get("name") for clip in audition] == ["one.mov", "two.mov", "one.mov"]
    assert [clip.get("start") for clip in audition] == ["2s", "3s", "7s"]
    assert list(player.clips(2)) == []
    player = Player(fcpxml.write(timeline(edit, options=TimelineOptions(alternates="none")), edit))
    assert len(list(player.root.iter("asset-clip"))) == 3


def test_markers_say_score_and_what_is_shared() -> None:
    edit = edit_of_clips([(10, video("/films/one.mov"), 2)])
    (marker,) = Player(fcpxml.write(timeline(edit), edit)).root.iter("marker")
    assert marker.attrib == {
        "start": "2s",
        "duration": "1/25s",
        "value": "0.75 same movement: pan left",
        "note": "colour -0.25, content 0.50",
    }


def test_a_compilation_is_the_storyline_itself() -> None:
    edit = edit_of_clips([(10, video("/films/one.mov", audio=True), 2), (5, None, 0)])
    alone = replace(edit, trailer=None, soundtrack=Soundtrack("clips"))
    player = Player(fcpxml.write(timeline(alone), alone))
    ((first, count, clip),) = player.clips(0)
    assert (first, count, clip.get("name"), clip.get("srcEnable")) == (0, 10, "one.mov", "all")
    assert [element.tag for element in next(player.root.iter("spine"))] == ["asset-clip", "gap"]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
@pytest.mark.parametrize("paths", ["absolute", "relative"])
def test_hostile_names_are_only_names(name: str, paths: str) -> None:
    film = video(Path("/films") / name)
    edit = edit_of_clips([(10, film, 2)])
    text = fcpxml.write(timeline(edit, name=name, options=TimelineOptions(paths=paths)), edit)  # type: ignore[arg-type]
    player = Player(text)
    ((_, _, clip),) = player.clips(1)
    address = str(player.assets[clip.get("ref")][0].get("src"))
    beginning = "file:///films/" if paths == "absolute" else "./"
    assert address.startswith(beginning) or name == ".."
    if name != "..":
        assert unquote_to_bytes(address.removeprefix(beginning)) == name.encode("utf-8", "surrogateescape")


def test_known_formats_have_apples_names() -> None:
    edit = edit_of_clips(
        [(10, replace(video("/films/one.mov", rate=Fraction(24000, 1001)), width=1920, height=1080), 2)]
    )
    named = [element.get("name") for element in checked(fcpxml.write(timeline(edit), edit)).iter("format")]
    assert named == [None, "FFVideoFormat1080p2398"]


def test_the_maintained_adapter_reads_it() -> None:
    film = video("/films/one.mov")
    edit = edit_of_clips([(10, film, 2), (5, None, 0), (20, film, 8)])
    text = fcpxml.write(timeline(edit, options=TimelineOptions(start_timecode="00:00:00:00")), edit)
    (read,) = otio.adapters.read_from_string(text, "fcpx_xml")
    names = [track.name for track in read.tracks]
    assert names == ["0", "1"]
    own, answers = read.tracks
    assert [(item.trimmed_range_in_parent().start_time.value, item.duration().value) for item in own] == [
        (0, 10),
        (10, 5),
        (15, 20),
    ]
    found = [
        (item.name, item.trimmed_range().start_time.value) for item in answers if isinstance(item, otio.schema.Clip)
    ]
    assert found == [("one.mov", 50), ("one.mov", 200)]
    assert [item.trimmed_range_in_parent().start_time.value for item in answers] == [0, 10, 15]


@pytest.mark.parametrize("words", HOSTILE_NAMES, ids=ascii)
def test_hostile_words_are_only_notes(words: str) -> None:
    edit = with_hostile_words(edit_of_clips([(10, video("/films/one.mov"), 2)]), words)
    text = fcpxml.write(timeline(edit), edit)
    text.encode("utf-8")
    (marker,) = checked(text).iter("marker")
    assert str(marker.get("value")).startswith("0.75")
