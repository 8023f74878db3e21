"""How good edits are, judged by the lists of acceptable matches that were written down before any match was seen.

    python benchmarks/edit.py                          # indexes the archive first, some minutes on two cores
    python benchmarks/edit.py --library LIB            # with a library of the archive that is there already
    python benchmarks/edit.py --only balanced --misses # the shots whose match is not on the list

The trailers are matched by `reinterpret.match`, by `balanced` and by each cue alone. Two things to compare with: the
`plain baseline`, which takes for each trailer shot the archive shot whose mean features have the highest cosine (the
middle of it; one shot may come several times), and `chance`, an archive shot drawn without looking. A trailer shot is
the clip of the edit that holds most of its marked frames; a clip that is no footage says that there is nothing. What
counts is in edit_scores.py; how the lists were made in README.md.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from edit_scores import (
    FIRST_SUGGESTIONS,
    MarkedShot,
    Outcome,
    Shown,
    Stretch,
    covering,
    mean_outcome,
    middle,
    read_answers,
    score,
    score_of_chance,
)
from edited_films import ARCHIVE
from likeness_ways import Shelf, mean_features
from plain_likeness import ranked

import reinterpret
from reinterpret.cues import PRESETS, cue_names
from reinterpret.edits import EditList, Match
from reinterpret.embeddings import Film, embed_video
from reinterpret.frames import decode
from reinterpret.library import Library, library_encoder
from reinterpret.match_settings import MatchSettings
from reinterpret.timebase import frame_at
from reinterpret.video import FrameGrid, Video

ROOT = Path(__file__).resolve().parents[1]
TRAILERS = ROOT.parent / "shared" / "media" / "trailer"
ANSWERS = ROOT / "benchmarks" / "marks" / "answers.csv"
# Put together for tests, many of its shots from the same sources as clips of the archive: easier than a real trailer.
LEFT_OUT = ("assembled-mixed-shots.mp4",)
BALANCED, PLAIN, CHANCE = "balanced", "plain baseline", "chance"
TOGETHER = "together"


@dataclass(frozen=True)
class Judged:
    """What one way of matching has for one trailer shot, and how good it is."""

    shot: MarkedShot
    shown: Shown | None
    """None for chance, which shows nothing in particular."""
    outcome: Outcome


class Trailer:
    """A trailer, decoded and embedded once for all ways."""

    def __init__(self, path: Path, library: Library, shots: Sequence[MarkedShot]) -> None:
        self.path, self.library, self.shots = path, library, shots
        # With its light, as `match` reads it: without, no fade is found, and clips are other frames.
        encoder = library_encoder(library)
        self.film = embed_video(reinterpret.probe(path), encoder, detection=library.detection, light=True)

    def read(self, *_: Any) -> Film:
        """What `match` is told instead of reading the trailer again."""
        return self.film

    def edit(self, weights: Mapping[str, float]) -> EditList:
        """The edit by these weights."""
        settings = MatchSettings(weights=weights, suggestions=FIRST_SUGGESTIONS)
        return reinterpret.match(self.path, self.library, settings, read=self.read)


def on_grid(shot: MarkedShot, video: Video, grid: FrameGrid) -> tuple[int, int]:
    """The frames of a marked shot as an edit counts them. Marks count frames as they are decoded."""
    instants = [frame.seconds for frame in decode(video)]
    if len(instants) == grid.frame_count:
        return shot.first_frame, shot.end_frame
    ends = [*instants, video.duration]
    return frame_at(ends[shot.first_frame], grid.rate), frame_at(ends[shot.end_frame], grid.rate)


def shown_by_edit(edit: EditList, shots: Sequence[MarkedShot]) -> list[Shown]:
    """What an edit of a trailer has for each of its marked shots."""
    names = {video.fingerprint: video.name for video in edit.films}
    spans = [(clip.first_frame, clip.end_frame) for clip in edit.clips]
    if edit.trailer is None:
        raise ValueError("an edit of a trailer was expected, got one that follows no film")

    def stretch(match: Match) -> Stretch:
        return Stretch(names[match.film], match.source_span.start, match.source_span.end)

    shown = []
    for shot in shots:
        clip = edit.clips[covering(*on_grid(shot, edit.trailer, edit.grid), spans)]
        chosen = None if clip.match is None else stretch(clip.match)
        shown.append(Shown(chosen, tuple(map(stretch, clip.suggestions))))
    return shown


class Archive:
    """The shots of the library that may be suggested."""

    def __init__(self, library: Library) -> None:
        shelf = Shelf(library)
        hits = shelf.neighbours.suggested()
        self._shots = [(film := shelf.film(hit.film), film.shots[hit.shot]) for hit in hits]
        means = {film.video.fingerprint: mean_features(film) for film, _ in self._shots}
        self._means = np.stack([means[hit.film][hit.shot] for hit in hits])

    def stretches(self, seconds: Fraction) -> list[Stretch]:
        """The middle of every shot."""
        return [middle(film.video.name, shot.body.start, shot.body.end, seconds) for film, shot in self._shots]

    def nearest(self, trailer: Film, row: int) -> list[Stretch]:
        """The middles of all shots, by the cosine of mean features to a shot of the trailer."""
        stretches = self.stretches(trailer.shots[row].span.duration)
        order = ranked(mean_features(trailer)[row : row + 1], self._means)[0]
        return [stretches[number] for number in order]


def shown_plainly(trailer: Trailer, archive: Archive) -> list[Shown]:
    """What the plain baseline has for each marked shot."""
    spans = [(shot.start_frame, shot.end_frame) for shot in trailer.film.shots]
    shown = []
    for shot in trailer.shots:
        nearest = archive.nearest(trailer.film, covering(shot.first_frame, shot.end_frame, spans))
        shown.append(Shown(nearest[0], tuple(nearest[:FIRST_SUGGESTIONS])))
    return shown


def judge(trailer: Trailer, archive: Archive, ways: Sequence[str]) -> dict[str, list[Judged]]:
    """Every way that is asked for, on one trailer."""
    found = {}
    for way in ways:
        print(f"{trailer.path.name}: {way} ...", file=sys.stderr)
        if way == CHANCE:
            found[way] = [Judged(shot, None, _by_chance(trailer, archive, shot)) for shot in trailer.shots]
            continue
        if way == PLAIN:
            shown = shown_plainly(trailer, archive)
        else:
            shown = shown_by_edit(trailer.edit(PRESETS[way]), trailer.shots)
        found[way] = [Judged(shot, one, score(shot, one)) for shot, one in zip(trailer.shots, shown, strict=True)]
    return found


def _by_chance(trailer: Trailer, archive: Archive, shot: MarkedShot) -> Outcome:
    seconds = (shot.end_frame - shot.first_frame) / trailer.film.video.frame_rate
    return score_of_chance(shot, archive.stretches(seconds))


# The tables


FIGURES = {
    "match on the list": "on_list",
    "match to keep": "keep",
    f"one of the first {FIRST_SUGGESTIONS} suggestions on the list": "among_first",
    "nothing said where nothing will do": "nothing_right",
    "nothing said where something would": "nothing_wrong",
}
"""What is printed, and the field of an outcome that it is the mean of."""

Found = Mapping[str, Mapping[str, Sequence[Judged]]]
"""What was judged, by trailer and then by way."""


def report(found: Found) -> str:
    """A table for each figure: a row for every way, a column for every trailer."""
    columns = {Path(name).stem: by_way for name, by_way in found.items()}
    ways = list(next(iter(found.values())))
    columns[TOGETHER] = {way: [one for by_way in found.values() for one in by_way[way]] for way in ways}
    widths = [max(len(name) + 2, 12) for name in columns]
    tables = []
    for title, figure in FIGURES.items():
        rows = [(title, list(columns))]
        for way in ways:
            judged = [by_way[way] for by_way in columns.values()]
            rows.append((f"  {way}", [_cell([getattr(one.outcome, figure) for one in of_way]) for of_way in judged]))
        tables.append("\n".join(_line(name, cells, widths) for name, cells in rows))
    return "\n\n".join(tables)


def _line(name: str, cells: Sequence[str], widths: Sequence[int]) -> str:
    return f"{name:<50}" + "".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))


def _cell(values: Sequence[float]) -> str:
    """A mean and of how many shots, as `0.52 of 21`; no shots: `0 of 0`."""
    told = [value for value in values if not math.isnan(value)]
    return f"{sum(told) / len(told):.2f} of {len(told)}" if told else "0 of 0"


def misses(found: Found) -> str:
    """Line by line, what was shown for the shots whose match is not on the list."""
    lines = []
    for trailer, by_way in found.items():
        for way, judged in by_way.items():
            for one in judged:
                if one.shown is None or not one.shot.listed or one.outcome.on_list:
                    continue
                lines.append(
                    f"{way:<16}{trailer} {one.shot.first_frame}-{one.shot.end_frame}: {_words(one.shown.chosen)}"
                    f"{'; one of the first is on the list' if one.outcome.among_first else ''}"
                )
    return "\n".join(lines)


def _words(stretch: Stretch | None) -> str:
    if stretch is None:
        return "nothing"
    return f"{stretch.film} {float(stretch.start):.2f}-{float(stretch.end):.2f} s"


def as_json(found: Found) -> dict[str, Any]:
    """The means by trailer and way, and every shot; what is no number is null."""

    def plain(outcome: Outcome) -> dict[str, float | None]:
        return {name: None if math.isnan(value) else value for name, value in asdict(outcome).items()}

    return {
        trailer: {
            way: {
                "mean": plain(mean_outcome([one.outcome for one in judged])),
                "shots": [
                    {
                        "first_frame": one.shot.first_frame,
                        "end_frame": one.shot.end_frame,
                        "chosen": None if one.shown is None else _words(one.shown.chosen),
                        **plain(one.outcome),
                    }
                    for one in judged
                ],
            }
            for way, judged in by_way.items()
        }
        for trailer, by_way in found.items()
    }


# The run


@contextmanager
def library_of(folder: Path | None, archive: Path, jobs: int | None) -> Iterator[Library]:
    """The library that is named, or one that is made of the archive for this run."""
    if folder is not None:
        yield Library.open(folder)
        return
    with tempfile.TemporaryDirectory() as made:
        reinterpret.index([archive], Path(made) / "library", jobs=jobs)
        yield Library.open(Path(made) / "library")


def main() -> None:
    options = _options()
    ways = [BALANCED, *cue_names(), PLAIN, CHANCE]
    if unknown := [name for name in options.only if name not in ways]:
        sys.exit(f"unknown way {unknown[0]!r}; choose of {', '.join(ways)}")
    marked: dict[str, list[MarkedShot]] = {}
    for shot in read_answers(options.answers):
        if shot.trailer not in LEFT_OUT or options.all:
            marked.setdefault(shot.trailer, []).append(shot)
    with library_of(options.library, options.archive, options.jobs) as library:
        archive = Archive(library)
        found = {
            name: judge(Trailer(options.trailers / name, library, shots), archive, options.only or ways)
            for name, shots in marked.items()
        }
    print(report(found))
    if options.misses:
        print(f"\n{misses(found)}")
    if options.json:
        options.json.write_text(json.dumps(as_json(found), indent=1) + "\n", encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--library", type=Path, help="by default one is made of --archive, and thrown away")
    parser.add_argument("--archive", type=Path, default=ARCHIVE)
    parser.add_argument("--trailers", type=Path, default=TRAILERS, help="the folder that holds them")
    parser.add_argument("--answers", type=Path, default=ANSWERS, help="the lists of acceptable matches")
    parser.add_argument("--only", type=lambda text: text.split(","), default=[], help="ways of matching")
    parser.add_argument("--all", action="store_true", help="with the assembled trailer too")
    parser.add_argument("--misses", action="store_true", help="what was shown where it is not on the list")
    parser.add_argument("--jobs", type=int, default=None, help="films indexed at the same time")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
