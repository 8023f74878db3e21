"""Films whose every cut is known, edited from footage: a recipe and a seed go in, a film and its marks come out.

    python benchmarks/edited_films.py --work FOLDER [--seed 1] [--seconds 75] [--only modern] [--sheets]

Hard cuts, dissolves, fades and wipes between shots of 0.3 to 6 seconds, and what is easily taken for them but is none:
flashes, titles, whip pans, passers-by, flicker, splices. Films come in groups: `clean`, `modern`, `archive` and
`uncut`, which holds one shot a film with nothing but disturbances. The films are H.264, so that every detector reads
the same files; beside FILM.mp4 stand FILM.csv, its marks, and FILM.disturbances.csv, what else happens in it.

Two shots that look alike where they meet are not cut together: what nobody can see is no cut.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import math
import os
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
from annotations import Mark, MarkedFilm, read_marks, write_marks
from disturbances import CAMERAS, EVENTS, Camera, Event, Wear, Worn, camera, toned
from error_sheets import Place, write_sheets
from footage import Stretch, footage_for
from joins import Join, Pictures, dissolve, fade, hard_cut, log_uniform, wipe

from reinterpret.ffmpeg import FrameSink, ffmpeg_program

ROOT = Path(__file__).resolve().parents[1]
FILMS = ROOT / "training" / "films.csv"
ARCHIVE = ROOT.parent / "shared" / "media" / "archive"
ARCHIVE_MARKS = ROOT / "benchmarks" / "marks" / "archive.csv"

# Changes whenever other films come out of the same seed: films of another edition in the same folder are left alone.
_EDITION = 3
# Pictures of 32 x 18 are not cut together if their mean difference, of 255, is less, or if they are too much alike in
# shape, whatever the light and the tint, and even if moved a little: their highest correlation.
_LEAST_CHANGE = 12.0
_MOST_LIKENESS = 0.7
_MOVED_PX = (5, 3)
_SHORTEST_SECONDS, _LONGEST_SECONDS = 0.3, 6.0  # of a shot; the shortest without what its transitions take
_EVENT_DISTANCE = 5  # frames from the nearest transition, so that it is clear which is which
_TRIES = 60
_KEPT_FRAMES = 60  # of a shot, for its return

Tone = tuple[float, float, float] | None
_TONES: dict[str, list[Tone]] = {
    "colour": [None],
    "any": [None, None, None, None, (1.0, 1.0, 1.0), (1.05, 0.9, 0.65)],
    "black and white": [(1.0, 1.0, 1.0)],
    "tinted": [(1.05, 0.9, 0.65), (0.7, 0.85, 1.1), (1.0, 1.0, 1.0), (1.1, 0.6, 0.5), (0.7, 1.0, 0.7)],
}


@dataclass(frozen=True)
class Recipe:
    """How a film is to be made."""

    name: str
    group: str
    rate: Fraction
    width: int = 640
    height: int = 360
    seconds: float = 75.0
    shots_rate: Fraction | None = None
    """Frames a second of the film before it was brought to `rate` by showing some frames twice."""
    joins: tuple[float, float, float, float] = (0.6, 0.18, 0.1, 0.12)
    """How often: cut, dissolve, fade, wipe."""
    cameras: tuple[str, ...] = ("still", "still", "still", "pan")
    returns: float = 0.2
    """How often a shot is followed by the one before it, as when two people talk."""
    events: float = 0.1
    """Of a shot: how likely something happens in it."""
    event_names: tuple[str, ...] = ("flash", "exposure", "title", "passer-by", "letterbox")
    tones: str = "colour"
    wear: Wear = field(default_factory=Wear)
    combed: bool = False
    crf: int = 23
    uncut_from: str = ""
    """The beginning of the name of the clip that a film without a cut is made of."""


_CLEAN = Recipe("", "clean", Fraction(25))
_MODERN = Recipe(
    "",
    "modern",
    Fraction(25),
    joins=(0.64, 0.12, 0.12, 0.12),
    cameras=("still", "still", *CAMERAS),
    events=0.6,
    event_names=("flash", "flash", "exposure", "title", "title", "passer-by", "letterbox"),
    tones="any",
)
_ARCHIVE = Recipe(
    "",
    "archive",
    Fraction(24),
    480,
    360,
    joins=(0.6, 0.18, 0.14, 0.08),
    cameras=("still", "still", "still", "pan", "from the hand", "shaken"),
    events=0.4,
    event_names=("splice", "splice", "flash", "exposure", "grey title", "passer-by"),
    tones="black and white",
    wear=Wear(grain=7, flicker=0.05, dust=4, scratches=2, weave=0.7),
    crf=24,
)


def recipes(seconds: float = 75.0) -> list[Recipe]:
    """The set: ten edited films, and four without a cut."""
    ntsc = Fraction(30000, 1001)
    films = [
        replace(_CLEAN, name="clean-24", rate=Fraction(24)),
        replace(_CLEAN, name="clean-25", crf=20, joins=(0.3, 0.3, 0.2, 0.2)),
        replace(_CLEAN, name="clean-30", rate=ntsc, crf=27, tones="any"),
        replace(_MODERN, name="modern-24", rate=Fraction(24), crf=21),
        replace(_MODERN, name="modern-25", crf=28, wear=Wear(grain=4)),
        replace(_MODERN, name="modern-30", rate=ntsc, crf=25, joins=(0.85, 0.05, 0.05, 0.05)),
        replace(_MODERN, name="modern-50", rate=Fraction(50), crf=26, combed=True),
        replace(_ARCHIVE, name="archive-18", rate=Fraction(25), shots_rate=Fraction(18)),
        replace(_ARCHIVE, name="archive-24", tones="tinted", wear=Wear(10, 0.09, 8, 3, 1.2), crf=22),
        replace(_ARCHIVE, name="archive-30", rate=ntsc, shots_rate=Fraction(24), wear=Wear(4, 0.02, 1), combed=True),
    ]
    uncut = [
        replace(_MODERN, name="uncut-modern-25", uncut_from="sport-snow", events=1.0),
        replace(
            _MODERN, name="uncut-modern-30", uncut_from="face-man", rate=ntsc, events=1.0, cameras=("shaken",), crf=27
        ),
        replace(
            _ARCHIVE,
            name="uncut-archive-18",
            uncut_from="food-popcorn",
            rate=Fraction(25),
            shots_rate=Fraction(18),
            events=1.0,
        ),
        replace(
            _ARCHIVE,
            name="uncut-archive-24",
            uncut_from="object-bottles",
            events=1.0,
            wear=Wear(12, 0.12, 10, 3, 1.5),
            crf=28,
        ),
    ]
    films += [replace(film, group="uncut") for film in uncut]
    return [replace(film, seconds=seconds / (2.5 if film.uncut_from else 1)) for film in films]


def edited_films(
    folder: Path, *, seed: int = 1, seconds: float = 75.0, only: str = "", footage: Sequence[Stretch] | None = None
) -> list[MarkedFilm]:
    """The set, made where it is not in `folder` yet; only films with `only` in their name."""
    wanted = [recipe for recipe in recipes(seconds) if only in recipe.name]
    home = folder / f"edited-films-{_EDITION}-{seed}-{seconds:g}"
    home.mkdir(parents=True, exist_ok=True)
    for recipe in wanted:
        if not (home / f"{recipe.name}.csv").exists():
            footage = footage or footage_for("test", FILMS, ARCHIVE, ARCHIVE_MARKS)
            print(f"making {recipe.name} ...", file=sys.stderr)
            make_film(recipe, footage, home / f"{recipe.name}.mp4", seed=seed)
    return [
        MarkedFilm(home / f"{recipe.name}.mp4", read_marks(home / f"{recipe.name}.csv"), recipe.group)
        for recipe in wanted
    ]


def make_film(recipe: Recipe, footage: Sequence[Stretch], path: Path, *, seed: int) -> tuple[Mark, ...]:
    """Write the film, and its marks beside it; the marks come last, so that a film without them is half made."""
    digest = hashlib.sha256(f"{seed} {recipe.name}".encode()).digest()
    edit = Edit(recipe, footage, np.random.default_rng(int.from_bytes(digest[:8])))
    partial = path.with_suffix(".partial.mp4")
    repeat = 1 if recipe.shots_rate is None else recipe.rate / recipe.shots_rate
    shown = 0
    with FrameSink(_encoding(recipe, partial)) as sink:
        for number, picture in enumerate(edit.pictures()):
            while shown < math.ceil((number + 1) * repeat):
                sink.write(picture.data)
                shown += 1
    partial.replace(path)
    marks = tuple(
        replace(mark, start_frame=math.ceil(mark.start_frame * repeat), end_frame=math.ceil(mark.end_frame * repeat))
        for mark in edit.marks
    )
    with path.with_suffix(".disturbances.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["disturbance", "start_frame", "end_frame"])
        for name, start, end in edit.disturbances:
            table.writerow([name, math.ceil(start * repeat), math.ceil(end * repeat)])
    write_marks(path.with_suffix(".partial.csv"), marks)
    path.with_suffix(".partial.csv").replace(path.with_suffix(".csv"))
    return marks


@dataclass(frozen=True)
class Take:
    """What a shot is going to be."""

    stretch: Stretch
    numbers: list[int]
    speed: str
    camera: Camera
    tone: Tone
    combed: bool


class Edit:
    """One film in the making: `pictures` yields it frame by frame, and then marks and disturbances are known."""

    def __init__(self, recipe: Recipe, footage: Sequence[Stretch], random: np.random.Generator) -> None:
        self.marks: list[Mark] = []
        self.disturbances: list[tuple[str, int, int]] = []
        self._recipe, self._footage, self._random = recipe, list(footage), random
        self._rate = float(recipe.shots_rate or recipe.rate)
        self._worn = Worn(random, recipe.wear, recipe.width, recipe.height)
        self._events: list[tuple[int, Event]] = []
        self._number = 0
        self._stretch: Stretch | None = None
        self._last_shots: deque[Pictures] = deque(maxlen=2)

    def pictures(self) -> Iterator[np.ndarray]:
        """H x W x 3 uint8 RGB, in order."""
        total = round(self._recipe.seconds * self._rate)
        if self._recipe.uncut_from:
            yield from self._own_frames(self._long_shot(total))
            return
        join, tail = hard_cut(), Pictures()
        while self._number < total:
            following = self._join()
            shot = self._shot(join, following, tail)
            shot = shot if tail else self._faded_in(shot, following.tail)
            yield from self._joined(join, tail, shot[: join.head])
            yield from self._own_frames(shot[join.head : len(shot) - following.tail])
            tail, join = shot[len(shot) - following.tail - 1 :], following
        yield from self._faded_out(tail[1:] or tail)

    def _faded_in(self, shot: Pictures, tail: int) -> Pictures:
        """Half of all films begin out of black, which is no transition between two shots."""
        count = min(log_uniform(self._random, 4, 40), len(shot) - tail - 1)
        if self._random.random() < 0.5:
            return shot
        self.marks.append(Mark(0, count, "ambiguous", "fades in"))
        shares = [(number + 1) / (count + 1) for number in range(count)]
        dark = [cv2.convertScaleAbs(picture, alpha=share) for picture, share in zip(shot, shares, strict=False)]
        return dark + shot[count:]

    def _faded_out(self, pictures: Pictures) -> Iterator[np.ndarray]:
        """In place of the last join the film ends in black; whether that is a shot is a matter of opinion."""
        black = round(self._random.uniform(0, 1) * self._rate)
        start, count = self._number, len(pictures)
        for number, picture in enumerate(pictures):
            yield self._finished(cv2.convertScaleAbs(picture, alpha=1 - (number + 1) / (count + 1)))
        for _ in range(black):
            yield self._finished(np.zeros_like(pictures[0]))
        self.marks.append(Mark(start, self._number, "ambiguous", "fades out"))

    def _joined(self, join: Join, tail: Pictures, head: Pictures) -> Iterator[np.ndarray]:
        """The pictures of a transition; the first of `tail` is the one before it, there to be compared."""
        if not tail:
            return
        made = join.make(tail[1:], head)
        self.marks.append(Mark(self._number, self._number + len(made), join.kind, join.note))
        for picture in made:
            yield self._finished(picture)

    def _own_frames(self, pictures: Pictures) -> Iterator[np.ndarray]:
        self._plan_events(len(pictures))
        for picture in pictures:
            yield self._finished(picture)

    def _finished(self, picture: np.ndarray) -> np.ndarray:
        """With the events that are under way, and with wear."""
        self._events = [(start, event) for start, event in self._events if self._number < start + event.length]
        for start, event in self._events:
            if start <= self._number:
                picture = event.apply(picture, self._number - start)
        self._number += 1
        return self._worn.frame(picture)

    def _plan_events(self, count: int) -> None:
        """Set events among the next `count` frames, which are one shot's own."""
        recipe, random = self._recipe, self._random
        often = max(1, count // 30) if recipe.uncut_from else 1
        for _ in range(often):
            name = str(random.choice(recipe.event_names))
            event = EVENTS[name](random, recipe.width, recipe.height)
            # What may last over the next cut must only begin within the shot.
            needed = 1 if name in ("title", "grey title", "letterbox") else event.length
            room = count - needed - 2 * _EVENT_DISTANCE
            if random.random() < recipe.events and room > 0:
                start = self._number + _EVENT_DISTANCE + int(random.integers(0, room))
                self._events.append((start, event))
                self.disturbances.append((event.name, start, start + event.length))

    def _length(self) -> int:
        return log_uniform(self._random, _SHORTEST_SECONDS * self._rate, _LONGEST_SECONDS * self._rate)

    def _join(self) -> Join:
        kind = self._random.choice(4, p=self._recipe.joins)
        return (lambda random: hard_cut(), dissolve, fade, wipe)[kind](self._random)

    def _shot(self, before: Join, after: Join, tail: Pictures) -> Pictures:
        """A shot that looks other than the last, with the frames that both joins take of it."""
        needed = before.head + after.tail + round(_SHORTEST_SECONDS * self._rate)
        shot = self._returning(max(self._length(), needed))
        if not shot or (tail and not is_visible(tail[0], shot[before.head])):
            shot = self._new_shot(before, needed, tail)
        self._last_shots.append(shot[-_KEPT_FRAMES:])
        return shot

    def _returning(self, count: int) -> Pictures:
        """Mostly none; else the shot before the last goes on, backwards as no more of it was filmed, and to and fro."""
        if len(self._last_shots) < 2 or self._random.random() >= self._recipe.returns:
            return []
        earlier = self._last_shots[0]
        course = [*range(len(earlier) - 1, 0, -1), *range(len(earlier) - 1)] or [0]
        return [earlier[course[number % len(course)]] for number in range(count)]

    def _new_shot(self, before: Join, needed: int, tail: Pictures) -> Pictures:
        last = self._stretch
        for _ in range(_TRIES):
            again = last is not None and self._random.random() < 0.2
            stretch = last if again and last else self._footage[int(self._random.integers(len(self._footage)))]
            take = self._take(stretch, max(self._length(), needed))
            if take is not None and (not tail or is_visible(tail[0], self._picture(take, before.head))):
                self._stretch = stretch
                return self._filmed(take)
        raise RuntimeError(f"{self._recipe.name}: no shot of {needed} frames that looks other than the last was found")

    def _long_shot(self, count: int) -> Pictures:
        longest = sorted(self._footage, key=lambda stretch: -stretch.frame_count)
        named = [one for one in longest if one.video.path.name.startswith(self._recipe.uncut_from)]
        take = self._take((named or longest)[0], count, long=True)
        return [] if take is None else self._filmed(take)

    def _take(self, stretch: Stretch, count: int, *, long: bool = False) -> Take | None:
        """`count` frames of a stretch, at some speed, from some camera; None if it is too short."""
        recipe, random = self._recipe, self._random
        numbers, speed = self._numbers(stretch, count, long=long)
        if not numbers:
            return None
        seen = camera(random, str(random.choice(recipe.cameras)), count)
        tones = _TONES[recipe.tones]
        combed = recipe.combed and bool(random.random() < 0.5)
        return Take(stretch, numbers, speed, seen, tones[int(random.integers(len(tones)))], combed)

    def _picture(self, take: Take, number: int) -> np.ndarray:
        """One frame of a take."""
        source = next(take.stretch.pictures(take.numbers[number : number + 1]))
        return toned(take.camera.picture(number, source, self._recipe.width, self._recipe.height), take.tone)

    def _filmed(self, take: Take) -> Pictures:
        """All frames of a take."""
        width, height = self._recipe.width, self._recipe.height
        pictures = [
            toned(take.camera.picture(number, source, width, height), take.tone)
            for number, source in enumerate(take.stretch.pictures(take.numbers))
        ]
        if take.combed:
            for picture, following in pairwise(pictures):
                picture[1::2] = following[1::2]
        happened = [take.speed, take.camera.name if take.camera.name != "still" else "", "combed" * take.combed]
        if any(happened):
            what = ", ".join(word for word in happened if word)
            self.disturbances.append((what, self._number, self._number + len(pictures)))
        return pictures

    def _numbers(self, stretch: Stretch, count: int, *, long: bool) -> tuple[list[int], str]:
        """Which frames of the stretch are shown, and what that is called: as they are, in real time, slow, still."""
        random = self._random
        natural = float(stretch.video.frame_rate) / self._rate
        fits = min(1.0, (stretch.frame_count - 1) / count)
        draw = random.random()
        if long:
            step, called = (fits, "slow") if fits < 1 else (1.0, "")
        elif draw < 0.04 and self._recipe.group != "clean":
            step, called = 0.0, "still"
        elif draw < 0.12:
            step, called = float(random.choice([0.25, 1 / 3, 0.5])), "slow"
        elif draw < 0.4 and 0.3 < natural < 2.5:
            step, called = natural, ""
        else:
            step, called = 1.0, ""
        room = stretch.frame_count - math.ceil(count * step) - 1
        if room < 0:
            return [], called
        begin = int(random.integers(0, room + 1))
        return [begin + math.floor(number * step) for number in range(count)], called


def is_visible(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether a cut between two pictures can be seen from afar: by more than a change of light, or a jerk."""
    small = [cv2.resize(picture, (32, 18), interpolation=cv2.INTER_AREA) for picture in (a, b)]
    if np.abs(small[0].astype(np.float32) - small[1]).mean() < _LEAST_CHANGE:
        return False
    grey = [cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY) for picture in small]
    inner = grey[1][_MOVED_PX[1] : -_MOVED_PX[1], _MOVED_PX[0] : -_MOVED_PX[0]]
    if inner.std() < 2 or grey[0].std() < 2:
        return True  # of a plain picture there is no likeness
    return float(cv2.matchTemplate(grey[0], inner, cv2.TM_CCOEFF_NORMED).max()) <= _MOST_LIKENESS


def _encoding(recipe: Recipe, path: Path) -> list[str]:
    command = [ffmpeg_program(), "-nostdin", "-loglevel", "error", "-y", "-f", "rawvideo", "-pix_fmt", "rgb24"]
    command += ["-s", f"{recipe.width}x{recipe.height}", "-r", str(recipe.rate), "-i", "pipe:0", "-c:v", "libx264"]
    command += ["-preset", "veryfast", "-crf", str(recipe.crf), "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    return [*command, str(path)]


def contact_sheets(film: MarkedFilm, folder: Path) -> None:
    """A picture a mark, with the frames around it, to look at what has been made."""
    places = [
        Place(mark.start_frame, mark.end_frame, f"{mark.transition} {mark.note}", f"{film.path.stem}-{number:03d}")
        for number, mark in enumerate(film.marks)
    ]
    with film.path.with_suffix(".disturbances.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            first, name = int(row["start_frame"]), row["disturbance"]
            places.append(Place(first, int(row["end_frame"]), name, f"{film.path.stem}-not-{first:05d}-{name}"))
    write_sheets(film.path, places, folder)


def default_work() -> Path:
    """Where films are kept if nobody says where: made again when lost, and never part of the repository."""
    import platformdirs

    return Path(os.environ.get("REINTERPRET_CACHE") or platformdirs.user_cache_dir("reinterpret")) / "benchmarks"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=default_work())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=75.0)
    parser.add_argument("--only", default="", help="films with this in their name")
    parser.add_argument("--sheets", action="store_true", help="a picture of every transition, to look at")
    options = parser.parse_args()
    for film in edited_films(options.work, seed=options.seed, seconds=options.seconds, only=options.only):
        print(film.path, len(film.marks), "transitions")
        if options.sheets:
            contact_sheets(film, film.path.parent / "sheets")


if __name__ == "__main__":
    main()
