from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import EditList, Soundtrack
from reinterpret.interchange import mlt
from reinterpret.interchange.timeline import TimelineOptions
from reinterpret.placed_transitions import gains_of
from reinterpret.rendering.film import render
from tests.interchange.fictional import HOSTILE_NAMES, edit_of_clips, match, timeline, video, with_hostile_words
from tests.interchange.imagined import changing_edits
from tests.interchange.rated import RATES, is_variable, must_show, rated_edit
from tests.judging import edit_of, even_film, even_values, number_of, pictures

Shown = tuple[str, int]


class Player:
    """Plays a file as melt was measured to: at frame p of a producer the frame of the file nearest to p / rate."""

    def __init__(self, text: str) -> None:
        self.root = ElementTree.fromstring(text.encode("utf-8"))
        profile = self.root.find("profile")
        assert profile is not None
        self.rate = Fraction(int(profile.get("frame_rate_num", "")), int(profile.get("frame_rate_den", "")))
        self.producers = {element.get("id"): element for element in self.root.iter("producer")}
        tractor = self.root.findall("tractor")[-1]
        self.count = int(tractor.get("out", "")) + 1
        self.hidden = {element.get("producer"): element.get("hide") for element in tractor.iter("track")}
        self.tractors = {element.get("id"): element for element in self.root.iter("tractor")}
        self.tracks = {properties(track).get("shotcut:name"): track for track in self.root.iter("playlist")}
        assert (self.root.get("producer"), self.root[1].get("id")) == ("main_bin", "main_bin")
        written = [element.tag for element in self.root if element.tag in ("producer", "playlist", "tractor")]
        assert written[-1] == "tractor"
        seen: set[str | None] = set()
        for element in self.root:
            assert {entry.get("producer") for entry in element.iter("entry")} <= seen, "named before it is there"
            seen.add(element.get("id"))

    def shown(self, track: str, rates: dict[str, Fraction]) -> list[Shown | None]:
        """Of every place the path of a file and the number of its frame; None for black and for nothing."""
        found: list[Shown | None] = []
        for part in self.tracks[track]:
            if part.tag == "blank":
                found += [None] * int(part.get("length", ""))
            elif part.tag == "entry":
                found += self._entry(part, rates)
        assert len(found) == self.count
        return found

    def lumas(self, track: str, luma: Callable[[str, int], float], rates: dict[str, Fraction]) -> list[float]:
        """The luma of every place, where every frame of a file is of one luma, as melt was measured to mix them."""
        found: list[float] = []
        for part in self.tracks[track]:
            if part.tag == "entry" and part.get("producer") in self.tractors:
                tractor = self.tractors[part.get("producer")]
                assert properties(tractor)["shotcut:transition"] == "lumaMix"
                out, into = (self._lumas_of(entry, luma, rates) for entry in tractor.findall("track"))
                assert (part.get("in"), part.get("out")) == ("0", str(len(out) - 1))
                found += [a + (b - a) * place / len(out) for place, (a, b) in enumerate(zip(out, into, strict=True))]
            elif part.tag == "entry":
                found += self._lumas_of(part, luma, rates)
        return found

    def _lumas_of(self, entry: Element, luma: Callable[[str, int], float], rates: dict[str, Fraction]) -> list[float]:
        producer = self.producers[entry.get("producer")]
        colours = {"black": 16.0, "white": 235.0}
        if properties(producer)["mlt_service"] == "color":
            count = int(entry.get("out", "")) + 1 - int(entry.get("in", ""))
            values = [colours[str(properties(producer)["resource"])]] * count
        else:
            values = [luma(*place) for place in self._entry(entry, rates) if place is not None]
        for fade in producer.findall("filter"):
            assert properties(fade)["mlt_service"] == "brightness"
            keys = [part.split("=") for part in str(properties(fade)["level"]).split(";")]
            first = int(fade.get("in", "")) - int(entry.get("in", ""))
            at = np.arange(len(values)) - first
            levels = np.interp(at, [int(key) for key, _ in keys], [float(level) for _, level in keys])
            values = [max(value * level, 16.0) for value, level in zip(values, levels, strict=True)]
        return values

    def _entry(self, entry: Element, rates: dict[str, Fraction]) -> list[Shown | None]:
        producer = self.producers[entry.get("producer")]
        facts = properties(producer)
        first, last = int(entry.get("in", "")), int(entry.get("out", ""))
        assert 0 <= first <= last < int(str(facts["length"])), "a producer ends before it is used"
        if facts["mlt_service"] == "color":
            return [None] * (last + 1 - first)
        path, speed = str(facts["resource"]), Fraction(1)
        if facts["mlt_service"] == "timewarp":
            text, _, path = path.partition(":")
            assert (facts["warp_speed"], facts["warp_resource"]) == (text, path)
            speed = Fraction(text)
        assert path.startswith(("/", "./", "../"))
        pace = speed * rates[path] / self.rate
        return [(path, math.floor(place * pace + Fraction(1, 2))) for place in range(first, last + 1)]


def properties(element: Element) -> dict[str | None, str | None]:
    """The properties of an element by their names."""
    return {child.get("name"): child.text for child in element if child.tag == "property"}


def assert_close(
    edit: EditList, found: list[Shown | None], expected: list[Shown | None], sources: dict[str, str]
) -> None:
    """Of the project's own rate every frame is right; of another one the first, and the others are at most one off.

    Where the file runs faster, the first is the nearest that a whole number of the project's frames can name. Of a
    variable rate frames are counted evenly, and so is what is wanted here.
    """
    assert len(found) == len(expected)
    for clip in edit.clips:
        places = slice(clip.first_frame, clip.end_frame)
        named = [place and (sources[place[0]], place[1]) for place in found[places]]
        if clip.match is None:
            assert named == expected[places]
            continue
        film = edit.film(clip.match.film)
        pace = film.frame_rate * clip.speed / edit.grid.rate
        wanted = [place and place[1] for place in expected[places]]
        if is_variable(film):
            wanted = [math.floor(instant * film.frame_rate) for instant in edit.source_seconds(clip)]
        assert {place and place[0] for place in named} == {film.fingerprint}
        apart = [
            abs(place[1] - number) for place, number in zip(named, wanted, strict=True) if place and number is not None
        ]
        assert len(apart) == clip.frame_count
        assert max(apart) <= (0 if pace == 1 and not is_variable(film) else math.ceil(max(pace, 1)))
        assert apart[0] <= (0 if pace <= 1 and not is_variable(film) else math.ceil(max(pace, 1)))


@pytest.mark.parametrize("rate", RATES)
def test_places_show_what_is_rendered(rate: str, clips: Path) -> None:
    edit = rated_edit(clips, rate, speeds=(Fraction(1), Fraction(83, 100), Fraction(1, 2)))
    assert edit.trailer is not None
    player = Player(mlt.write(timeline(edit), edit))
    assert player.rate == RATES[rate]
    films = (*edit.films, edit.trailer)
    rates, sources = ({str(film.path): film.frame_rate for film in films}, {str(f.path): f.fingerprint for f in films})
    assert_close(edit, player.shown("reinterpretation", rates), must_show(edit), sources)
    own = [place and place[1] for place in player.shown("trailer", rates)]
    assert own == list(range(edit.grid.frame_count))
    assert player.hidden == {
        "background": None,
        "playlist0": "audio",
        "playlist1": "audio",
    }


@pytest.mark.parametrize("rate", ["24", "25", "59.94"])
def test_melt_shows_the_frames_that_are_counted_on(rate: str, clips: Path, tmp_path: Path) -> None:
    if shutil.which("melt") is None:
        pytest.skip("melt is not installed")
    edit = rated_edit(clips, rate, speeds=(Fraction(1), Fraction(83, 100), Fraction(1, 2)))
    assert edit.trailer is not None
    text = mlt.write(timeline(edit), edit)
    (tmp_path / "edit.mlt").write_text(text, encoding="utf-8")
    out = tmp_path / "out.mkv"
    command = ["melt", str(tmp_path / "edit.mlt"), "-consumer", f"avformat:{out}", "vcodec=ffv1", "an=1"]
    subprocess.run([*command, "real_time=-1", "terminate_on_pause=1"], check=True, capture_output=True, timeout=120)
    rates = {str(film.path): film.frame_rate for film in (*edit.films, edit.trailer)}
    expected = Player(text).shown("reinterpretation", rates)
    shown = pictures(out)
    assert len(shown) == len(expected)
    for (_, picture), place in zip(shown, expected, strict=True):
        if place is None:
            assert picture.max() < 40
        elif not Path(place[0]).stem.endswith("variable"):
            film, number = number_of(picture)
            assert film == [*RATES].index(Path(place[0]).stem.removeprefix("rated-")) + 1
            # half-way between two frames it hangs by a float
            assert abs(number - place[1]) <= (0 if rates[place[0]] == RATES[rate] else 1)


@pytest.fixture(scope="module")
def changing(tmp_path_factory: pytest.TempPathFactory) -> EditList:
    """Dissolves, fades from and to black and white, one film dissolving into itself, one slowed down."""
    folder = tmp_path_factory.mktemp("mlt")
    ramps = {"up": range(40, 160), "down": range(230, 110, -1), "trailer": range(20, 140)}
    films = {
        name: even_film(folder / f"{name}.mkv", [(luma, 128, 128) for luma in ramp], size=(320, 180))
        for name, ramp in ramps.items()
    }
    up, down = films["up"], films["down"]
    rows: list[tuple[int, Path | None, Fraction]] = [
        (6, None, Fraction(0)),
        (20, up, Fraction(1)),
        (24, down, Fraction(2)),
        (16, up, Fraction(7, 5)),
        (8, up, Fraction(3)),
        (6, None, Fraction(0)),
        (26, down, Fraction(1)),
        (14, up, Fraction(0)),
    ]
    gains = (0.1, 0.5, 0.6, 0.95, 1.0, 0.97)
    half = (1 / 3, 2 / 3)
    changes: dict[int, dict[str, Any]] = {
        1: {"fade_in": Fade("black", gains)},
        2: {"dissolve": Dissolve(4, 10)},
        3: {"dissolve": Dissolve(5, 5), "speed": Fraction(1, 2)},
        4: {"dissolve": Dissolve(2, 3), "fade_out": Fade("white", half[::-1])},
        5: {"kind": "white"},
        6: {"fade_in": Fade("white", half), "fade_out": Fade("black", gains[::-1])},
    }
    edit = edit_of(films["trailer"], *rows)
    return replace(edit, clips=tuple(replace(clip, **changes.get(at, {})) for at, clip in enumerate(edit.clips)))


def luma_of(path: str, frame: int) -> float:
    return 40 + frame if Path(path).stem == "up" else 230 - frame


def test_transitions_mix_what_is_rendered(changing: EditList, tmp_path: Path) -> None:
    assert all(changing.dissolve_at(number) is not None for number in (2, 3, 4))
    render(changing, tmp_path / "out.mp4", preset="ultrafast", crf=4)
    rates = {str(film.path): film.frame_rate for film in changing.films}
    player = Player(mlt.write(timeline(changing), changing))
    shown, rendered = player.lumas("reinterpretation", luma_of, rates), even_values(tmp_path / "out.mp4")[:, 0]
    gains = {frame: gain for clip in changing.clips for frame, gain in gains_of(clip).items()}
    for frame, (found, expected) in enumerate(zip(shown, rendered, strict=True)):
        gain = gains.get(frame)
        # The filter multiplies luma as it is coded, black included.
        darker = 16 * (1 - gain.share) if gain is not None and gain.colour == "black" else 0
        assert expected - darker - 2 <= found <= expected + 2
    # A clip that is in a dissolve is played by nobody else.
    for tractor in [element for element in player.tractors.values() if element.find("track") is not None][:-1]:
        first, second = (part.get("producer") for part in tractor.findall("track"))
        assert first != second


def test_melt_mixes_as_it_is_counted_on(changing: EditList, tmp_path: Path) -> None:
    if shutil.which("melt") is None:
        pytest.skip("melt is not installed")
    text = mlt.write(timeline(changing), changing)
    (tmp_path / "edit.mlt").write_text(text, encoding="utf-8")
    out = tmp_path / "out.mkv"
    command = ["melt", str(tmp_path / "edit.mlt"), "-consumer", f"avformat:{out}", "vcodec=ffv1", "an=1"]
    subprocess.run([*command, "real_time=-1", "terminate_on_pause=1"], check=True, capture_output=True, timeout=120)
    rates = {str(film.path): film.frame_rate for film in changing.films}
    expected = Player(text).lumas("reinterpretation", luma_of, rates)
    assert np.abs(even_values(out)[:, 0] - expected).max() <= 2


@settings(max_examples=60, deadline=None)
@given(changing_edits())
def test_whatever_changes_the_playlist_is_as_long_as_the_timeline(edit: EditList) -> None:
    player = Player(mlt.write(timeline(edit), edit))
    rates = {str(film.path): film.frame_rate for film in edit.films}
    assert len(player.lumas("reinterpretation", luma_of, rates)) == player.count


_ANY_RATE = st.sampled_from([*RATES.values()])


@settings(max_examples=60, deadline=None)
@given(
    _ANY_RATE,
    _ANY_RATE,
    st.integers(1, 60),
    st.fractions(0, 36_000, max_denominator=48_000),
    st.sampled_from([Fraction(1), Fraction(1, 2), Fraction(83, 100), Fraction(7, 4)]),
)
def test_first_frames_are_right_wherever_a_number_names_them(
    rate: Fraction, source: Fraction, count: int, start: Fraction, speed: Fraction
) -> None:
    film = video("/films/one.mov", rate=source, frames=int(36_200 * source))
    edit = edit_of_clips([(count, film, start)], rate=rate, speeds=[speed])
    shown = Player(mlt.write(timeline(edit), edit)).shown("reinterpretation", {"/films/one.mov": source})
    pace = source * speed / rate
    wanted = [math.floor((instant + Fraction(1, 1000)) * source) for instant in edit.source_seconds(edit.clips[0])]
    apart = [abs(place[1] - frame) for place, frame in zip(shown, wanted, strict=True) if place]
    assert apart[0] <= (0 if pace <= 1 else math.ceil(pace / 2))
    assert max(apart) <= math.ceil(max(pace, 1))
    if pace == 1:
        assert max(apart) == 0


def test_black_covers_the_trailer_and_gaps_of_alternates_do_not() -> None:
    film = video("/films/one.mov")
    edit = edit_of_clips([(10, film, 2), (5, None, 0)])
    edit = replace(
        edit,
        clips=(
            replace(edit.clips[0], suggestions=(replace(match(film, 5, Fraction(2, 5)), source_shot=8),)),
            edit.clips[1],
        ),
    )
    player = Player(mlt.write(timeline(edit), edit))
    assert [part.tag for part in player.tracks["reinterpretation"] if part.tag != "property"] == ["entry", "entry"]
    assert [part.tag for part in player.tracks["alternates"] if part.tag != "property"] == ["entry", "blank"]
    assert player.hidden[player.tracks["alternates"].get("id")] == "both"


@pytest.mark.parametrize("count", [1, 7, 90, 5000])
def test_a_frame_that_is_held_stays_however_long(count: int) -> None:
    for rate, source in (
        (Fraction(24), Fraction(60)),
        (Fraction(30000, 1001), Fraction(25)),
        (Fraction(25), Fraction(25)),
    ):
        film = video("/films/one.mov", rate=source, frames=100_000)
        edit = edit_of_clips([(10 + count, film, 0)], rate=rate, shot_ends=[10 / rate])
        shown = Player(mlt.write(timeline(edit), edit)).shown("reinterpretation", {"/films/one.mov": source})
        last = math.floor((10 / rate - Fraction(1, 1000)) * source)
        assert {place[1] for place in shown[10:] if place} == {last}


def test_sound_is_heard_from_its_own_track() -> None:
    edit = edit_of_clips([(10, video("/films/one.mov", audio=True), 2)])
    player = Player(mlt.write(timeline(edit), edit))
    sound = player.tracks["sound"]
    assert player.hidden[sound.get("id")] == "video"
    (entry,) = sound.iter("entry")
    assert (entry.get("in"), entry.get("out")) == ("0", "9")
    assert properties(player.producers[entry.get("producer")])["resource"] == "/films/trailer.mp4"
    silent = replace(edit, soundtrack=Soundtrack("none"))
    assert "sound" not in Player(mlt.write(timeline(silent), silent)).tracks


def test_markers_lie_on_the_cuts() -> None:
    edit = edit_of_clips([(10, video("/films/one.mov"), 2), (15, video("/films/one.mov"), 4)])
    root = Player(mlt.write(timeline(edit), edit)).root
    markers = [properties(element) for element in root.iter("properties") if str(element.get("name")).isdigit()]
    assert [(found["text"], found["start"], found["end"]) for found in markers] == [
        ("0.75 same movement: pan left", "00:00:00.000", "00:00:00.360"),
        ("0.75 same movement: pan left", "00:00:00.400", "00:00:00.960"),
    ]


@pytest.mark.parametrize("name", HOSTILE_NAMES, ids=ascii)
@pytest.mark.parametrize("paths", ["absolute", "relative"])
@pytest.mark.parametrize("speed", [Fraction(1), Fraction(1, 2)])
def test_hostile_names_are_only_paths(name: str, paths: str, speed: Fraction, caplog: pytest.LogCaptureFixture) -> None:
    film = video(Path("/films") / name)
    edit = edit_of_clips([(10, film, 2)], speeds=[speed])
    text = mlt.write(timeline(edit, name=name, options=TimelineOptions(paths=paths)), edit)  # type: ignore[arg-type]
    player = Player(text)
    (entry,) = (part for part in player.tracks["reinterpretation"] if part.tag == "entry")
    resource = str(properties(player.producers[entry.get("producer")])["resource"])
    path = resource.removeprefix("0.5:")
    assert path.startswith("/" if paths == "absolute" else ".")
    carried = re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]", name) is None
    if name != ".." and carried:
        assert path == ("/films/" if paths == "absolute" else "./") + name
    else:
        assert name == ".." or "cannot be written as XML" in caplog.text


@pytest.mark.parametrize("words", HOSTILE_NAMES, ids=ascii)
def test_hostile_words_are_only_markers(words: str) -> None:
    edit = with_hostile_words(edit_of_clips([(10, video("/films/one.mov"), 2)]), words)
    text = mlt.write(timeline(edit), edit)
    text.encode("utf-8")
    (marker,) = (element for element in Player(text).root.iter("properties") if element.get("name") == "0")
    assert str(properties(marker)["text"]).startswith("0.75")
