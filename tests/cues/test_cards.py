"""Kinds of shots: titles, black, one colour, bars and leaders are told from scenes, and a doubt ends as a scene."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from reinterpret.cues.cards import shot_kind
from reinterpret.ffmpeg import ffmpeg_program
from reinterpret.frames import read_frames
from reinterpret.video import probe
from tests.cues.made import HEIGHT, WIDTH, facts, plain, texture

Picture = np.ndarray
WHITE = (255, 255, 255)


def kind(*pictures: Picture) -> str:
    return shot_kind(facts(pictures))


def small(large: Picture) -> Picture:
    """288 x 160 of a picture drawn four times as large."""
    return cv2.resize(np.clip(large, 0, 255).astype(np.uint8), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)


def canvas(*colour: int) -> Picture:
    return np.full((4 * HEIGHT, 4 * WIDTH, 3), colour, np.uint8)


def grainy(picture: Picture, deviation: float, seed: int = 0) -> Picture:
    grain = np.random.default_rng(seed).normal(0, deviation, picture.shape[:2])[..., None]
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def write(
    ground: Picture,
    *lines: str,
    colour: tuple[int, int, int] = WHITE,
    size: float = 2.0,
    font: int = cv2.FONT_HERSHEY_DUPLEX,
) -> Picture:
    """Lines of text in the middle; ground: 640 x 1152."""
    written = ground.copy()
    thickness = max(2, round(2 * size))
    for number, line in enumerate(lines):
        (width, height), _ = cv2.getTextSize(line, font, size, thickness)
        row = int(2 * HEIGHT + (number - (len(lines) - 1) / 2) * 2 * height + height / 2)
        cv2.putText(written, line, (2 * WIDTH - width // 2, row), font, size, colour, thickness, cv2.LINE_AA)
    return written


def slope(low: int, high: int) -> Picture:
    """A ground that goes from one grey to another, darker towards the corners."""
    x, y = np.meshgrid(np.linspace(-1, 1, 4 * WIDTH), np.linspace(-1, 1, 4 * HEIGHT))
    grey = (low + (high - low) * (x + 1) / 2) * (1 - 0.2 * (x**2 + y**2) / 2)
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)


@pytest.mark.parametrize(
    "picture",
    [
        write(canvas(0, 0, 0), "COMING SOON"),
        write(canvas(0, 0, 0), "COMING SOON", size=1.0),
        write(canvas(0, 0, 0), "BUT", size=6.0),
        write(canvas(0, 0, 0), "From the director of", "The Long Way Home", font=cv2.FONT_HERSHEY_TRIPLEX),
        write(canvas(0, 0, 0), *("Written and Directed by", "A Name of Somebody", "Music by Another") * 3, size=1.1),
        write(canvas(20, 60, 120), "THIS SUMMER", colour=(250, 220, 80), size=3.0),
        write(canvas(240, 235, 220), "The End", colour=(30, 20, 20), size=3.0),
        write(slope(20, 90), "BASED ON A TRUE STORY"),
    ],
    ids=["one line", "small", "huge", "serifs", "credits", "blue ground", "light ground", "gradient"],
)
@pytest.mark.parametrize("grain", [0, 3])
def test_letters_on_an_even_ground_are_a_title(picture: Picture, grain: float) -> None:
    pictures = [grainy(small(picture), grain, seed) for seed in range(3)]
    assert kind(*pictures) == "title"


def test_an_ornament_beside_the_letters_does_not_hide_them() -> None:
    """A capsule as high as two lines of letters stood before them, and the line was measured by it."""
    picture = write(canvas(46, 58, 68), "THANKS FOR WATCHING", colour=(250, 215, 20))
    left = int(np.flatnonzero(np.ptp(picture, axis=(0, 2)) > 100)[0])
    cv2.rectangle(picture, (left - 50, 2 * HEIGHT - 60), (left - 20, 2 * HEIGHT + 60), (250, 215, 20), 4)
    assert kind(small(picture)) == "title"


def test_a_title_may_fade_in_and_out() -> None:
    whole = small(write(canvas(0, 0, 0), "A FILM BY SOMEBODY")).astype(np.float32)
    assert kind(*((whole * share).astype(np.uint8) for share in (0, 0.3, 1, 0.4, 0))) == "title"


def test_letters_over_a_scene_are_a_scene_even_if_it_fades_to_black() -> None:
    scene = cv2.cvtColor(texture()[: 4 * HEIGHT, : 4 * WIDTH], cv2.COLOR_GRAY2RGB)
    if scene.shape[1] < 4 * WIDTH:
        scene = cv2.resize(scene, (4 * WIDTH, 4 * HEIGHT))
    over = [small(write((scene * share).astype(np.uint8), "IMAGINE", "THIS", size=4.0)) for share in (1, 0.5, 0)]
    assert kind(*over[:1]) == "scene"
    assert kind(*over) == "scene"


@pytest.mark.parametrize("grain", [0, 6])
def test_black_white_and_one_colour_are_told_with_and_without_grain(grain: float) -> None:
    def grained(*colour: int) -> list[Picture]:
        return [grainy(plain(*colour), grain, seed) for seed in range(3)]

    assert kind(*grained(0, 0, 0)) == "black"
    assert kind(*grained(4, 4, 6)) == "black"
    assert kind(*grained(252, 252, 252)) == "white"
    assert kind(*grained(30, 60, 160)) == "plain"
    assert kind(*grained(128, 128, 128)) == "plain"
    assert kind(plain(200, 30, 30), plain(30, 30, 200)) == "plain"


@pytest.mark.parametrize("size", [(1, 1), (1, 288), (160, 1), (9, 16)])
def test_pictures_may_be_of_any_size(size: tuple[int, int]) -> None:
    assert kind(np.zeros((*size, 3), np.uint8)) == "black"
    assert kind(np.full((*size, 3), 255, np.uint8)) == "white"
    shot_kind(facts([np.random.default_rng(0).integers(0, 256, (*size, 3), np.uint8)]))


def test_what_flashes_up_between_black_pictures_is_a_scene() -> None:
    shot = facts([plain(0, 0, 0)] * 3)
    assert shot_kind(replace(shot, luma=np.zeros(50, np.float32))) == "black"
    assert shot_kind(replace(shot, luma=np.where(np.arange(50) % 10 > 7, 0.5, 0).astype(np.float32))) == "scene"


@pytest.mark.parametrize("source", ["smptebars", "smptehdbars", "pal75bars", "pal100bars"])
def test_colour_bars_are_bars(source: str) -> None:
    command = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-f", "lavfi", "-i", f"{source}=size=576x320"]
    options = ["-frames:v", "1", "-vf", f"format=yuv420p,scale={WIDTH}:{HEIGHT}", "-pix_fmt", "rgb24"]
    raw = subprocess.run([*command, *options, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout
    picture = np.frombuffer(raw, np.uint8).reshape(HEIGHT, WIDTH, 3)
    assert kind(*(grainy(picture, 4, seed) for seed in range(3))) == "bars"


@pytest.mark.parametrize("steps", [6, 8, 11])
def test_grey_steps_are_bars_and_a_slope_is_not(steps: int) -> None:
    greys = np.linspace(16, 235, steps)[np.arange(WIDTH) * steps // WIDTH].astype(np.uint8)
    assert kind(np.repeat(np.tile(greys, (HEIGHT, 1))[..., None], 3, axis=2)) == "bars"
    even = np.linspace(16, 235, WIDTH).astype(np.uint8)
    assert kind(np.repeat(np.tile(even, (HEIGHT, 1))[..., None], 3, axis=2)) == "scene"


def grid_card(square: int, circle: bool) -> Picture:
    """A grid of lines on grey, in the middle a disc with patches of colour."""
    card = canvas(128, 128, 128)
    height, width = card.shape[:2]
    for place in range(square // 3, max(height, width), square):
        card[:, place : place + 4], card[place : place + 4] = 235, 235
    if circle:
        cv2.circle(card, (width // 2, height // 2), int(0.44 * height), (90, 90, 90), -1)
        for number, colour in enumerate([(191, 191, 0), (0, 191, 191), (191, 0, 191), (191, 0, 0)]):
            left = width // 2 + (number - 2) * height // 6
            cv2.rectangle(card, (left, height // 3), (left + height // 6, height // 2), colour, -1)
    return card


@pytest.mark.parametrize("circle", [False, True])
@pytest.mark.parametrize("square", [44, 56, 72])
@pytest.mark.parametrize("grain", [0, 3])
def test_a_grid_is_a_test_card(square: int, circle: bool, grain: float) -> None:
    assert kind(grainy(small(grid_card(square, circle)), grain)) == "bars"


def leader(digit: int, turned: float, width: int) -> Picture:
    """A frame of a countdown, squeezed to `width` columns: the hand has turned by so many degrees."""
    large = np.full((640, 860, 3), 170, np.uint8)
    cv2.ellipse(large, (430, 320), (700, 700), -90, 0, turned, (90, 90, 90), -1)
    for radius in (270, 225):
        cv2.circle(large, (430, 320), radius, (240, 240, 240), 8, cv2.LINE_AA)
    cv2.line(large, (430, 0), (430, 640), (10, 10, 10), 4)
    cv2.line(large, (0, 320), (860, 320), (10, 10, 10), 4)
    cv2.putText(large, str(digit), (330, 420), cv2.FONT_HERSHEY_DUPLEX, 10, (20, 20, 20), 24, cv2.LINE_AA)
    return cv2.resize(large, (width, HEIGHT), interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize("width", [215, WIDTH])
def test_a_countdown_is_a_leader_in_its_own_shape_and_squeezed(width: int) -> None:
    assert kind(*(grainy(leader(5, turned, width), 3) for turned in (40, 160, 300))) == "leader"


def moon() -> Picture:
    return cv2.circle(canvas(0, 0, 0), (2 * WIDTH, 2 * HEIGHT), 180, (220, 215, 200), -1, cv2.LINE_AA)


def stars() -> Picture:
    random, sky = np.random.default_rng(3), canvas(4, 4, 8)
    for _ in range(150):
        place = (int(random.integers(4 * WIDTH)), int(random.integers(4 * HEIGHT)))
        cv2.circle(sky, place, int(random.integers(1, 5)), (int(random.integers(80, 256)),) * 3, -1, cv2.LINE_AA)
    return sky


def windows_at_night() -> Picture:
    random, night = np.random.default_rng(4), canvas(6, 6, 10)
    for row in range(12):
        for column in np.flatnonzero(random.random(10) < 0.6):
            corner = (400 + 34 * int(column), 80 + 40 * row)
            cv2.rectangle(night, corner, (corner[0] + 16, corner[1] + 22), (250, 220, 140), -1)
    return night


def product_on_white() -> Picture:
    picture = canvas(255, 255, 255)
    cv2.ellipse(picture, (500, 330), (120, 200), 20, 0, 360, (40, 90, 160), -1, cv2.LINE_AA)
    cv2.rectangle(picture, (700, 300), (860, 500), (180, 40, 40), -1)
    return picture


def face_in_the_dark() -> Picture:
    x, y = np.meshgrid(np.arange(4 * WIDTH) - 500, np.arange(4 * HEIGHT) - 300)
    light = 200 * np.exp(-((x / 110) ** 2 + (y / 160) ** 2)) * (x < 60)
    return cv2.GaussianBlur(np.repeat(light[..., None], 3, axis=2), (0, 0), 6)


def silhouette(screen: tuple[int, int, int] = (20, 220, 0)) -> Picture:
    picture = canvas(*screen)
    cv2.circle(picture, (576, 150), 70, (0, 0, 0), -1)
    cv2.rectangle(picture, (460, 220), (690, 640), (0, 0, 0), -1)
    return picture


def blots() -> Picture:
    return cv2.resize(cv2.cvtColor(texture(), cv2.COLOR_GRAY2RGB), (4 * WIDTH, 4 * HEIGHT))


def line_drawing() -> Picture:
    corners = np.array([[0, 600], [250, 200], [450, 600], [700, 120], [1000, 620], [1151, 380]])
    return cv2.polylines(canvas(0, 0, 0), [corners], False, WHITE, 8, cv2.LINE_AA)


@pytest.mark.parametrize(
    "make",
    [moon, stars, windows_at_night, product_on_white, face_in_the_dark, blots, line_drawing],
)
def test_things_on_an_even_ground_are_a_scene(make: Callable[[], Picture]) -> None:
    assert kind(small(make())) == "scene"


def lit(picture: Picture) -> Picture:
    """As a lamp on the left lights it, with the grain of a camera."""
    light = np.linspace(1.0, 0.55, picture.shape[1])[None, :, None]
    return grainy(picture * light, 3.0)


def sky(top: tuple[int, int, int], horizon: tuple[int, int, int]) -> Picture:
    """From one colour to another, above dark hills."""
    part = np.linspace(0, 1, 4 * HEIGHT)[:, None, None]
    picture = np.broadcast_to((1 - part) * top + part * horizon, (4 * HEIGHT, 4 * WIDTH, 3)).copy()
    picture[500:] = (20, 24, 20)
    return picture.astype(np.uint8)


@pytest.mark.parametrize("screen", [(20, 220, 0), (40, 170, 70), (30, 60, 200)], ids=["key", "cloth", "blue"])
def test_somebody_before_a_green_or_blue_screen_is_a_plate(screen: tuple[int, int, int]) -> None:
    picture = silhouette(screen)
    assert kind(small(picture), small(lit(picture))) == "plate"


def test_a_plate_shows_its_screen_all_along() -> None:
    assert kind(small(silhouette()), small(blots())) == "scene"


@pytest.mark.parametrize("tint", [(0.3, 0.9, 0.4), (0.2, 0.3, 1.0)], ids=["green", "blue"])
def test_a_tinted_film_is_no_plate(tint: tuple[float, float, float]) -> None:
    scene = cv2.resize(texture(1), (4 * WIDTH, 4 * HEIGHT))[..., None] * np.array(tint)
    assert kind(small(scene)) == "scene"


@pytest.mark.parametrize(
    "picture",
    [sky((20, 60, 160), (220, 180, 140)), sky((40, 80, 170), (120, 160, 210)), sky((0, 128, 0), (255, 255, 0))],
    ids=["evening", "blue sky", "green to yellow"],
)
def test_skies_and_slopes_of_colour_are_no_plates(picture: Picture) -> None:
    assert kind(small(picture)) == "scene"


@pytest.mark.media
@pytest.mark.parametrize(
    ("name", "seconds", "expected"),
    [
        ("titles-frame-numbers-blue.mp4", 1, "title"),
        ("titles-film-leader-countdown.mp4", 1, "leader"),
        ("space-earth-rotating-night.mp4", 1, "scene"),
        ("animation-line-drawing-clouds.mp4", 1, "scene"),
        ("food-fruit-on-conveyor.mp4", 1, "scene"),
        ("people-silhouette-green-screen.mp4", 8, "plate"),
    ],
)
def test_real_footage_is_what_it_is(name: str, seconds: int, expected: str, media: Path) -> None:
    instants = [Fraction(seconds) + Fraction(step, 4) for step in range(2)]
    frames = read_frames(probe(media / "archive" / name), instants, width=WIDTH, height=HEIGHT)
    assert kind(*frames.pixels) == expected
