"""What editors do to footage: the pictures of a shot go in, those of a clip made of it come out, by a seed.

`EDITS` are the twelve kinds of edit by which a shot is to be found again, `MOVES` the movements that are given to a
camera which stood still. Pictures are H x W x 3 uint8 RGB, and all those of a clip are of one size.

    python benchmarks/edits_of_footage.py FILM --work FOLDER [--seed 1] [--start 0]    # a clip of each, to look at
"""

from __future__ import annotations

import argparse
import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from disturbances import Random, Wear, Worn, toned
from joins import Pictures

from reinterpret.ffmpeg import FrameSink, ffmpeg_program
from reinterpret.frames import FrameReader, Scaler
from reinterpret.video import Video, probe

# More than the library looks at, 288; less than one sees on the web, so that a thousand clips are made in half an hour.
CLIP_WIDTH = 400
_CROP_SHARE = 0.6
_BAR_SHARE = 0.128  # what 2.39:1 takes of 16:9 above, and as much below
_INSET_SHARE = 0.5
_LATER_SECONDS = 0.5
_CRF, _LOW_CRF = 20, 42
_WORN = Wear(grain=12, flicker=0.06, dust=5, scratches=3, weave=1.0)
_WORDS = ("where", "have you", "been", "all this", "time", "he never", "came back", "listen", "the last", "night")


@dataclass(frozen=True)
class Cutting:
    """What an edit is made of."""

    pictures: Pictures
    rate: Fraction
    """Frames a second."""
    other: Pictures
    """Of some other film: what the shot is laid over, where it is laid over anything."""


Edit = Callable[[Cutting, Random], Pictures]


def crop(cutting: Cutting, random: Random) -> Pictures:
    """60 % of the width and of the height, from anywhere within the picture, enlarged to its size."""
    height, width = cutting.pictures[0].shape[:2]
    high, wide = round(height * _CROP_SHARE), round(width * _CROP_SHARE)
    top, left = int(random.integers(0, height - high + 1)), int(random.integers(0, width - wide + 1))
    part = (slice(top, top + high), slice(left, left + wide))
    return [cv2.resize(picture[part], (width, height), interpolation=cv2.INTER_CUBIC) for picture in cutting.pictures]


def mirror(cutting: Cutting, random: Random) -> Pictures:
    """Left and right change places."""
    return [np.ascontiguousarray(picture[:, ::-1]) for picture in cutting.pictures]


def black_and_white(cutting: Cutting, random: Random) -> Pictures:
    """Without its colours."""
    return [toned(picture, (1.0, 1.0, 1.0)) for picture in cutting.pictures]


def grade(cutting: Cutting, random: Random) -> Pictures:
    """Another light: warmer or colder, darker or brighter, harder or softer, and more or less colourful."""
    warmth, gamma = float(random.uniform(0.1, 0.25) * random.choice([-1, 1])), float(random.choice([0.7, 1.4]))
    contrast, saturation = float(random.uniform(0.75, 1.3)), float(random.choice([0.5, 1.5]))
    steps = (np.arange(256) / 255) ** gamma
    steps = (steps - 0.5) * contrast + 0.5
    curves = [steps * gain for gain in (1 + warmth, 1.0, 1 - warmth)]
    table = np.clip(np.stack(curves, axis=1) * 255 + 0.5, 0, 255).astype(np.uint8)[None]
    graded = []
    for picture in cutting.pictures:
        changed = cv2.LUT(picture, table)
        grey = cv2.cvtColor(cv2.cvtColor(changed, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
        graded.append(np.asarray(cv2.addWeighted(changed, saturation, grey, 1 - saturation, 0)))
    return graded


def grain_and_scratches(cutting: Cutting, random: Random) -> Pictures:
    """As if a worn print of it had been scanned."""
    height, width = cutting.pictures[0].shape[:2]
    worn = Worn(random, _WORN, width, height)
    return [worn.frame(picture) for picture in cutting.pictures]


def letterbox(cutting: Cutting, random: Random) -> Pictures:
    """Black above and below."""
    bar = round(cutting.pictures[0].shape[0] * _BAR_SHARE)
    barred = [picture.copy() for picture in cutting.pictures]
    for picture in barred:
        picture[:bar] = 0
        picture[-bar:] = 0
    return barred


def subtitle(cutting: Cutting, random: Random) -> Pictures:
    """Two lines of white letters at the bottom, others every two seconds."""
    height, width = cutting.pictures[0].shape[:2]
    titled = []
    layer = np.zeros((height, width, 3), np.uint8)
    for number, picture in enumerate(cutting.pictures):
        if number % max(1, round(2 * cutting.rate)) == 0:
            layer = _letters(width, height, [" ".join(random.choice(_WORDS, 5)) for _ in range(2)])
        # 0 is nothing, 1 the dark edge of the letters.
        titled.append(np.where(layer > 0, layer, picture))
    return titled


def _letters(width: int, height: int, lines: Sequence[str]) -> np.ndarray:
    layer = np.zeros((height, width, 3), np.uint8)
    font, size = cv2.FONT_HERSHEY_SIMPLEX, height / 450
    for number, line in enumerate(lines):
        (wide, high), _ = cv2.getTextSize(line, font, size, 1)
        fits = min(1.0, 0.95 * width / wide)
        place = (round((width - wide * fits) / 2), round(height * 0.96 - (len(lines) - 1 - number) * high * 1.7))
        thickness = max(1, round(size * 2))
        cv2.putText(layer, line, place, font, size * fits, (1, 1, 1), thickness + 2, cv2.LINE_8)
        cv2.putText(layer, line, place, font, size * fits, (250, 250, 250), thickness, cv2.LINE_8)
    return layer


def logo(cutting: Cutting, random: Random) -> Pictures:
    """A disc with letters in one of the corners, through which the picture shines a little."""
    height, width = cutting.pictures[0].shape[:2]
    radius = round(min(width, height) * 0.11)
    x = radius * 3 // 2 if random.random() < 0.5 else width - radius * 3 // 2
    y = radius * 3 // 2 if random.random() < 0.5 else height - radius * 3 // 2
    layer, cover = np.zeros((height, width, 3), np.uint8), np.zeros((height, width), np.float32)
    cv2.circle(layer, (x, y), radius, tuple(int(value) for value in random.integers(40, 256, 3)), -1, cv2.LINE_AA)
    cv2.putText(
        layer, "TV", (x - radius * 2 // 3, y + radius // 3), cv2.FONT_HERSHEY_DUPLEX, radius / 26, (255, 255, 255), 2
    )
    cv2.circle(cover, (x, y), radius, 0.85, -1, cv2.LINE_AA)
    return [np.asarray(cv2.blendLinear(picture, layer, 1 - cover, cover)) for picture in cutting.pictures]


def half_speed(cutting: Cutting, random: Random) -> Pictures:
    """Every frame is shown twice."""
    return [picture for picture in cutting.pictures for _ in range(2)]


def half_a_second_later(cutting: Cutting, random: Random) -> Pictures:
    """It begins half a second later; of a shot shorter than a second its later half is left."""
    begin = min(round(cutting.rate * Fraction(_LATER_SECONDS)), len(cutting.pictures) // 2)
    return cutting.pictures[begin:]


def re_encoded(cutting: Cutting, random: Random) -> Pictures:
    """As it is; it is the encoding that spoils it, see `write_clip`."""
    return cutting.pictures


def picture_in_picture(cutting: Cutting, random: Random) -> Pictures:
    """Over half the width of a picture of another film, anywhere within it."""
    rows, columns = cutting.pictures[0].shape[:2]
    height, width = cutting.other[0].shape[:2]
    scale = min(width * _INSET_SHARE / columns, height * 0.9 / rows)
    wide, high = round(columns * scale), round(rows * scale)
    left, top = int(random.integers(0, width - wide + 1)), int(random.integers(0, height - high + 1))
    laid = []
    for number, picture in enumerate(cutting.pictures):
        ground = cutting.other[min(number, len(cutting.other) - 1)].copy()
        ground[top : top + high, left : left + wide] = cv2.resize(picture, (wide, high), interpolation=cv2.INTER_AREA)
        laid.append(ground)
    return laid


PICTURE_IN_PICTURE = "picture in picture"
RE_ENCODED = "re-encoded"
EDITS: dict[str, Edit] = {
    "crop": crop,
    "mirror": mirror,
    "black and white": black_and_white,
    "grade": grade,
    "grain": grain_and_scratches,
    "letterbox": letterbox,
    "subtitle": subtitle,
    "logo": logo,
    "half speed": half_speed,
    "later": half_a_second_later,
    RE_ENCODED: re_encoded,
    PICTURE_IN_PICTURE: picture_in_picture,
}

MOVES = ("pan left", "pan right", "tilt up", "tilt down", "zoom in", "zoom out", "still")
"""What a camera does; `still` is there to be told from the others."""
_OPPOSITE = {"pan left": "pan right", "pan right": "pan left"}
# Of the width of the picture: what is left of it may be moved over.
_WINDOW_SHARE = 0.6
# Widths of the window a second, and of a zoom the log of the scale: three seconds go from one edge almost to the other.
_SLOWEST, _FASTEST = 0.1, 0.2


def moved(pictures: Pictures, move: str, rate: Fraction, random: Random) -> Pictures:
    """What a camera would have seen that had moved, at a steady speed, over what a camera that stood still has seen."""
    height, width = pictures[0].shape[:2]
    lasts = len(pictures) / float(rate)
    travel = random.uniform(_SLOWEST, _FASTEST) * lasts
    across, upwards, zoom = _way(move)
    seen = []
    for number, picture in enumerate(pictures):
        # From -0.5 to 0.5, so that the middle of the way is in the middle of the picture.
        place = (number + 0.5) / len(pictures) - 0.5
        # Zooms of the same window on the whole: half of the way is closer, half is further off.
        share = _WINDOW_SHARE * math.exp(-zoom * place * travel)
        x = width / 2 + across * place * travel * share * width
        y = height / 2 - upwards * place * min(travel * share * width, (1 - share) * height * 0.95)
        scale = 1 / share
        matrix = np.array([[scale, 0, width / 2 - scale * x], [0, scale, height / 2 - scale * y]])
        seen.append(np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)))
    return seen


def _way(move: str) -> tuple[int, int, int]:
    """To the right, upwards, inwards: 1, or -1 for the opposite."""
    return {
        "pan left": (-1, 0, 0),
        "pan right": (1, 0, 0),
        "tilt up": (0, 1, 0),
        "tilt down": (0, -1, 0),
        "zoom in": (0, 0, 1),
        "zoom out": (0, 0, -1),
        "still": (0, 0, 0),
    }[move]


def mirrored_move(move: str) -> str:
    """What a movement becomes in a mirror.

    >>> mirrored_move("pan left"), mirrored_move("tilt up")
    ('pan right', 'tilt up')
    """
    return _OPPOSITE.get(move, move)


# A point that has moved by less, in shares of the width, has stood still: less than half a pixel.
_STOOD_SHARE = 0.001
_FEWEST_POINTS, _STANDING_POINTS = 30, 0.6


def stands_still(pictures: Sequence[np.ndarray]) -> bool:
    """Whether the camera does not move: most of the points that can be followed stay where they are.

    Followed by sparse flow (Lucas-Kanade), from the first of the pictures to each of the others, so that what is chosen
    by it does not depend on what is measured by the library. Pictures in which there is little to follow do not count.
    """
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in pictures]
    points = cv2.goodFeaturesToTrack(grey[0], 400, 0.01, 8)
    if points is None or len(points) < _FEWEST_POINTS:
        return False
    for later in grey[1:]:
        found, status, _ = cv2.calcOpticalFlowPyrLK(grey[0], later, points, None)
        way = np.linalg.norm((found - points).reshape(-1, 2), axis=1)
        stood = (way < _STOOD_SHARE * grey[0].shape[1]) & (status.ravel() == 1)
        # Of all points, also those that are lost: something has gone over them, or the camera has turned away.
        if stood.mean() < _STANDING_POINTS:
            return False
    return True


def generator(*names: object) -> Random:
    """Random numbers that depend on nothing but these names."""
    digest = hashlib.sha256(" ".join(map(str, names)).encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:8]))


def read_pictures(video: Video, start: Fraction, seconds: Fraction, *, width: int = CLIP_WIDTH) -> Pictures:
    """Every frame from `start` on, at most `width` wide, in square pixels."""
    wide = min(width, video.display_width) // 2 * 2
    scaler = Scaler(
        wide, max(2, round(video.display_height * wide / video.display_width / 2) * 2), rotation=video.rotation
    )
    count = max(1, math.floor(seconds * video.frame_rate))
    with FrameReader(video, threads=0) as reader:
        return [scaler.rgb(reader.at(start + number / video.frame_rate).picture) for number in range(count)]


def write_clip(path: Path, pictures: Iterable[np.ndarray], rate: Fraction, *, crf: int = _CRF) -> None:
    """As H.264; under another name until it is whole."""
    partial = path.with_suffix(".partial.mp4")
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = iter(pictures)
    first = next(frames)
    height, width = first.shape[:2]
    command = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{width}x{height}", "-r", str(rate), "-i", "pipe:0", "-c:v", "libx264", "-preset", "ultrafast"]
    command += ["-crf", str(crf), "-pix_fmt", "yuv420p", "-threads", "2", str(partial)]
    with FrameSink(command) as sink:
        sink.write(np.ascontiguousarray(first).data)
        for picture in frames:
            sink.write(np.ascontiguousarray(picture).data)
    partial.replace(path)


def write_edit(path: Path, name: str, cutting: Cutting, random: Random) -> None:
    """The clip that one of `EDITS` makes."""
    write_clip(path, EDITS[name](cutting, random), cutting.rate, crf=_LOW_CRF if name == RE_ENCODED else _CRF)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("film", type=Path)
    parser.add_argument("--other", type=Path, help="the film that it is laid over; itself if it is not given")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Fraction, default=Fraction(0))
    parser.add_argument("--seconds", type=Fraction, default=Fraction(3))
    options = parser.parse_args()
    video = probe(options.film)
    pictures = read_pictures(video, options.start, options.seconds)
    other = read_pictures(probe(options.other or options.film), Fraction(0), options.seconds)
    for name in EDITS:
        path = options.work / f"{options.film.stem}-{name.replace(' ', '-')}.mp4"
        write_edit(path, name, Cutting(pictures, video.frame_rate, other), generator(options.seed, video.name, name))
        print(path)
    for move in MOVES:
        path = options.work / f"{options.film.stem}-{move.replace(' ', '-')}.mp4"
        write_clip(path, moved(pictures, move, video.frame_rate, generator(options.seed, move)), video.frame_rate)
        print(path)


if __name__ == "__main__":
    main()
