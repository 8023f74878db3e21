"""Fades and dissolves in rendered films, judged by the values of every decoded frame."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reinterpret.clip_transitions import Dissolve, Fade
from reinterpret.edits import Clip, EditList, Soundtrack
from reinterpret.placed_transitions import Gain
from reinterpret.rendering.blending import faded, mixed
from reinterpret.rendering.film import render
from reinterpret.rendering.panel import Planes
from reinterpret.sound import SAMPLE_RATE, read_sound
from reinterpret.timebase import Span
from tests.judging import decoded_facts, edit_of, even_film, even_values, ffmpeg, number_of, numbered_film, pictures

QUICK: dict[str, Any] = {"preset": "ultrafast", "crf": 6}
FRAMES = 40
GROUND = {"black": (16, 128, 128), "white": (235, 128, 128)}
# What encoding may change.
NEAR = 2.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("blending")


@pytest.fixture(scope="module")
def trailer(folder: Path) -> Path:
    """Each frame a little lighter than the one before."""
    return even_film(folder / "trailer.mkv", [(40 + 2 * number, 128, 128) for number in range(FRAMES)])


@pytest.fixture(scope="module")
def red(folder: Path) -> Path:
    """A hundred frames; each has a luma of its own."""
    return even_film(folder / "red.mkv", [(60 + number, 102, 230) for number in range(100)])


@pytest.fixture(scope="module")
def blue(folder: Path) -> Path:
    """A hundred frames; each has a luma of its own."""
    return even_film(folder / "blue.mkv", [(220 - number, 240, 110) for number in range(100)])


@pytest.fixture(scope="module")
def white(folder: Path) -> Path:
    return even_film(folder / "white.mkv", [(235, 128, 128)] * 60)


def with_clips(edit: EditList, **changes: dict[str, Any]) -> EditList:
    """The edit with other values in some clips: c0=, c1= ..."""
    return replace(edit, clips=tuple(replace(clip, **changes.get(f"c{at}", {})) for at, clip in enumerate(edit.clips)))


def over(values: tuple[float, ...] | np.ndarray, colour: str, gain: float) -> np.ndarray:
    ground = np.array(GROUND[colour])
    return ground + gain * (np.array(values) - ground)


def rendered(edit: EditList, folder: Path, **options: Any) -> np.ndarray:
    render(edit, folder / "out.mp4", **{**QUICK, **options})
    found = even_values(folder / "out.mp4")
    assert len(found) == FRAMES
    return found


# Fades


@pytest.mark.parametrize("colour", ["black", "white"])
def test_a_fade_has_its_gain_on_every_frame_and_no_other(
    trailer: Path, red: Path, blue: Path, tmp_path: Path, colour: str
) -> None:
    gains_in, gains_out = (0.0, 0.1, 0.45, 0.5, 0.93), (1.0, 0.75, 0.3, 0.02)
    edit = with_clips(
        edit_of(trailer, (15, red, 0), (25, blue, 1)),
        c0={"fade_in": Fade(colour, gains_in), "fade_out": Fade(colour, gains_out)},  # type: ignore[arg-type]
        c1={"fade_out": Fade(colour, gains_out)},  # type: ignore[arg-type]
    )
    expected = [(60 + frame, 102, 230) for frame in range(15)] + [(195 - frame, 240, 110) for frame in range(25)]
    values = np.array(expected, float)
    for first, gains in ((0, gains_in), (11, gains_out), (36, gains_out)):
        for offset, gain in enumerate(gains):
            values[first + offset] = over(values[first + offset], colour, gain)
    assert np.abs(rendered(edit, tmp_path) - values).max() <= NEAR


def test_white_fades_to_black_and_black_to_white(trailer: Path, white: Path, tmp_path: Path) -> None:
    gains = tuple(step / 20 for step in range(20))
    edit = with_clips(
        edit_of(trailer, (20, white, 0), (20, None, 0)),
        c0={"fade_in": Fade("black", gains)},
        c1={"fade_in": Fade("white", gains)},
    )
    found = rendered(edit, tmp_path)
    assert np.abs(found[:20, 0] - [16 + gain * 219 for gain in gains]).max() <= NEAR
    assert np.abs(found[20:, 0] - [235 - gain * 219 for gain in gains]).max() <= NEAR
    assert np.abs(found[:, 1:] - 128).max() <= 1


def test_black_and_white_clips_are_exactly_that(trailer: Path, red: Path, tmp_path: Path) -> None:
    edit = with_clips(edit_of(trailer, (10, None, 0), (10, None, 0), (1, red, 1), (19, None, 0)), c1={"kind": "white"})
    found = rendered(edit, tmp_path)
    assert (found[:10] == GROUND["black"]).all()
    assert (found[10:20] == GROUND["white"]).all()
    assert np.abs(found[20] - (85, 102, 230)).max() <= NEAR
    assert (found[21:] == GROUND["black"]).all()


def test_a_title_is_shown_with_the_trailer_s_own_fades_only(trailer: Path, tmp_path: Path) -> None:
    edit = edit_of(trailer, (FRAMES, None, 0))
    titled = replace(edit, clips=(Clip(0, FRAMES, "title", fade_in=Fade("black", (0.0, 0.5))),))
    found = rendered(titled, tmp_path)
    assert np.abs(found[:, 0] - [40 + 2 * frame for frame in range(FRAMES)]).max() <= NEAR


def test_beside_the_trailer_its_own_picture_is_left_as_it_is(trailer: Path, red: Path, tmp_path: Path) -> None:
    gains = (0.0, 0.25, 0.5, 0.75)
    edit = with_clips(edit_of(trailer, (FRAMES, red, 0)), c0={"fade_in": Fade("black", gains)})
    rendered(edit, tmp_path, layout="side-by-side")
    left, right = (even_values(tmp_path / "out.mp4", columns=half) for half in ((0, 0.5), (0.5, 1)))
    assert np.abs(left[:, 0] - [40 + 2 * frame for frame in range(FRAMES)]).max() <= NEAR
    for frame, gain in enumerate((*gains, 1.0, 1.0)):
        assert np.abs(right[frame] - over((60 + frame, 102, 230), "black", gain)).max() <= NEAR


@pytest.mark.parametrize("fit", ["crop", "pad", "blur"])
def test_pictures_that_were_fitted_fade_with_what_is_around_them(
    trailer: Path, folder: Path, tmp_path: Path, fit: str
) -> None:
    tall = numbered_film(folder / f"tall-{fit}.mp4", 60, film=7, size=(90, 160))
    edit = edit_of(trailer, (FRAMES, tall, 0))
    plain = [picture.astype(float) for _, picture in pictures_of(edit, tmp_path, fit)]
    half = with_clips(edit, c0={"fade_in": Fade("black", (0.5,) * FRAMES)})
    for before, (_, after) in zip(plain, pictures_of(half, tmp_path, fit), strict=True):
        # as grey, where black is 0
        assert np.abs(before / 2 - after).mean() < 2


def test_pictures_that_run_backwards_in_memory_are_blended_as_well() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (3, 32, 32)).astype(np.uint8)
    turned = Planes(*(np.rot90(plane, 2) for plane in noise))
    straight = Planes(*(plane.copy() for plane in turned))
    for one, other in (
        (faded(turned, Gain("black", 0.3)), faded(straight, Gain("black", 0.3))),
        (mixed(turned, straight, 0.3), straight),
    ):
        assert all((a == b).all() for a, b in zip(one, other, strict=True))


def pictures_of(edit: EditList, folder: Path, fit: str) -> list[tuple[Fraction, np.ndarray]]:
    render(edit, folder / f"{fit}.mp4", fit=fit, **QUICK)  # type: ignore[arg-type]
    return pictures(folder / f"{fit}.mp4")


# Dissolves


@pytest.mark.parametrize(("before", "after"), [(5, 5), (4, 9), (0, 7), (6, 0), (1, 0), (0, 1)])
def test_a_dissolve_mixes_the_frames_of_both_sources_on_exact_frames(
    trailer: Path, red: Path, blue: Path, tmp_path: Path, before: int, after: int
) -> None:
    dissolve = Dissolve(before, after)
    edit = with_clips(edit_of(trailer, (15, red, 1), (25, blue, 1)), c1={"dissolve": dissolve})
    assert edit.dissolve_at(1) == dissolve
    expected = []
    for frame in range(FRAMES):
        old, new = np.array((85 + frame, 102, 230)), np.array((195 - (frame - 15), 240, 110))
        share = min(max((frame - 15 + before + 1) / (before + after + 1), 0), 1)
        expected.append(old * (1 - share) + new * share)
    assert np.abs(rendered(edit, tmp_path) - expected).max() <= NEAR


def test_dissolves_follow_each_other_within_one_film_and_at_other_speeds(
    trailer: Path, red: Path, blue: Path, tmp_path: Path
) -> None:
    made = edit_of(trailer, (10, red, 1), (10, red, 2), (8, blue, 1), (12, red, Fraction(5, 25)))
    edit = with_clips(
        made,
        c1={"dissolve": Dissolve(4, 4), "speed": Fraction(1, 2)},
        c2={"dissolve": Dissolve(6, 2)},
        c3={"dissolve": Dissolve(3, 3)},
    )
    assert [edit.dissolve_at(number) is not None for number in range(4)] == [False, True, True, True]

    def shown(frame: int) -> list[np.ndarray]:
        return [
            np.array((85 + frame, 102, 230)),
            np.array((60 + 50 + int((frame - 10) // 2), 102, 230)),
            np.array((195 - (frame - 20), 240, 110)),
            np.array((65 + frame - 28, 102, 230)),
        ]

    expected = []
    for frame in range(FRAMES):
        picture = shown(frame)[0].astype(float)
        for number, (cut, dissolve) in enumerate(((10, (4, 4)), (20, (6, 2)), (28, (3, 3))), start=1):
            share = min(max((frame - cut + dissolve[0] + 1) / (sum(dissolve) + 1), 0), 1)
            picture = picture * (1 - share) + shown(frame)[number] * share
        expected.append(picture)
    assert np.abs(rendered(edit, tmp_path) - expected).max() <= NEAR


def test_a_dissolve_without_the_frames_for_it_is_a_cut(trailer: Path, red: Path, blue: Path, tmp_path: Path) -> None:
    # the second clip begins with the first frame of its film
    edit = with_clips(edit_of(trailer, (15, red, 1), (25, blue, 0)), c1={"dissolve": Dissolve(5, 5)})
    found = rendered(edit, tmp_path)
    expected = [(85 + frame, 102, 230) for frame in range(15)] + [(220 - frame, 240, 110) for frame in range(25)]
    assert np.abs(found - expected).max() <= NEAR


def test_the_frames_of_a_dissolve_carry_the_numbers_of_both(folder: Path, tmp_path: Path) -> None:
    trailer = numbered_film(folder / "numbered-trailer.mp4", FRAMES, film=1)
    one, other = (numbered_film(folder / f"numbered-{film}.mp4", 120, film=film) for film in (2, 3))
    edit = with_clips(edit_of(trailer, (20, one, 1), (20, other, 2)), c1={"dissolve": Dissolve(9, 9)})
    render(edit, tmp_path / "out.mp4", layout="both", **QUICK)
    # one share over the half and the number can be read: that of the clip that is seen more
    for frame, (_, picture) in enumerate(pictures(tmp_path / "out.mp4")):
        if frame <= 12:
            assert number_of(picture) == (2, 25 + frame)
        elif frame >= 26:
            assert number_of(picture) == (3, 50 + frame - 20)
    beside = [number_of(picture[:, :160]) for _, picture in pictures(tmp_path / "out.side-by-side.mp4")]
    assert beside == [(1, frame) for frame in range(FRAMES)]


# Segments


@pytest.fixture
def segments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REINTERPRET_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "segments"


def later(edit: EditList, number: int, frames: int) -> EditList:
    """The edit with one in-point a few frames later."""
    match = edit.clips[number].match
    assert match is not None
    used = Span(*(bound + Fraction(frames, 25) for bound in (match.source_span.start, match.source_span.end)))
    return with_clips(edit, **{f"c{number}": {"match": replace(match, source_span=used)}})


def test_one_changed_choice_makes_its_segment_and_those_that_dissolve_with_it(
    trailer: Path, red: Path, blue: Path, segments: Path, tmp_path: Path
) -> None:
    rows = [(8, red, Fraction(number, 5)) if number % 2 else (8, blue, Fraction(number, 5)) for number in range(1, 6)]
    edit = with_clips(edit_of(trailer, *rows), c3={"dissolve": Dissolve(2, 3)}, c1={"fade_in": Fade("black", (0.2,))})

    def new(changed: EditList) -> int:
        before = set(segments.iterdir()) if segments.exists() else set()
        rendered(changed, tmp_path)
        return len(set(segments.iterdir()) - before)

    assert new(edit) == 5
    assert new(edit) == 0
    assert new(later(edit, 0, 3)) == 1
    assert new(later(edit, 2, 3)) == 2
    assert new(later(edit, 3, 3)) == 2
    assert new(with_clips(edit, c3={"dissolve": Dissolve(3, 3)})) == 2
    assert new(with_clips(edit, c3={"dissolve": None})) == 2
    assert new(with_clips(edit, c1={"fade_in": Fade("black", (0.3,))})) == 1
    # What is not seen makes no other picture: all of a picture, and a dissolve for which there are no frames.
    plain = with_clips(edit, c1={"fade_in": None})
    assert new(plain) == 1
    assert new(with_clips(plain, c1={"fade_in": Fade("black", (1.0, 1.0))})) == 0
    wanting = later(plain, 4, -25)
    assert new(wanting) == 1
    assert new(with_clips(wanting, c4={"dissolve": Dissolve(4, 4)})) == 0


# Sound


def test_the_clips_own_sound_fades_and_dissolves_with_the_pictures(trailer: Path, folder: Path, tmp_path: Path) -> None:
    films = []
    for name, tone in (("low", 300), ("high", 3000)):
        films.append(folder / f"{name}.mp4")
        sound = ["-f", "lavfi", "-t", "4", "-i", f"sine=frequency={tone}:sample_rate=48000"]
        ffmpeg("-y", "-i", str(even_film(folder / f"{name}.mkv", [(99, 128, 128)] * 100)), *sound, str(films[-1]))
    made = edit_of(trailer, (20, films[0], 1), (20, films[1], 1))
    edit = replace(
        with_clips(made, c0={"fade_in": Fade("black", (0.0,) * 5)}, c1={"dissolve": Dissolve(5, 5)}),
        soundtrack=Soundtrack("clips"),
    )
    render(edit, tmp_path / "out.mp4", **QUICK)
    heard = read_sound(tmp_path / "out.mp4", Fraction(0), FRAMES * SAMPLE_RATE // 25)[:, 0]

    def loudness(tone: int, frame: int) -> float:
        """Of one tone in the middle of a frame and around it."""
        middle = (frame * 2 + 1) * SAMPLE_RATE // 50
        some = heard[middle - 480 : middle + 480] * np.hanning(960)
        return float(np.abs(np.exp(-2j * np.pi * tone * np.arange(960) / SAMPLE_RATE) @ some))

    whole = {tone: loudness(tone, frame) for tone, frame in ((300, 10), (3000, 35))}
    assert loudness(300, 1) < 0.05 * whole[300]
    for frame, (low, high) in {10: (1, 0), 15: (0.97, 0.22), 19: (0.74, 0.67), 24: (0.22, 0.97), 35: (0, 1)}.items():
        assert loudness(300, frame) / whole[300] == pytest.approx(low, abs=0.06)
        assert loudness(3000, frame) / whole[3000] == pytest.approx(high, abs=0.06)


def test_facts_of_even_films_are_as_written(red: Path) -> None:
    video, grid = decoded_facts(red)
    assert (grid.frame_count, video.width) == (100, 64)
    assert (even_values(red)[7] == (67, 102, 230)).all()
