"""How well shots are found by likeness: every cue alone, all of them together, and what there was before, in one table.

    python benchmarks/likeness.py                                  # everything; an hour the first time, on two cores
    python benchmarks/likeness.py --quick                          # fewer shots
    python benchmarks/likeness.py --only kinds,sheets --out /tmp/likeness

Four questions. `found`: is a shot of the archive found again after one of twelve edits? `kinds`: do shots that show the
same kind of thing stand next to each other? `moves`: do cameras that move alike? `course`: is the moment found at which
a shot was cut out of a longer one? Then what the cues cost, and sheets to look at. What counts is told in
likeness_scores.py, how the clips are made in edits_of_footage.py. See README.md.

Clips and libraries are kept in the work folder; libraries are made again when the code of the package has changed.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import os
import statistics
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from annotations import read_archive_marks
from edited_films import ARCHIVE, ARCHIVE_MARKS, default_work
from edits_of_footage import (
    EDITS,
    MOVES,
    PICTURE_IN_PICTURE,
    Cutting,
    generator,
    grade,
    mirrored_move,
    moved,
    read_pictures,
    stands_still,
    write_clip,
    write_edit,
)
from joins import Pictures
from likeness_costs import Costs, costs_table, measure_costs
from likeness_scores import KindScore, Labelled, Moved, recall_at, score_kinds, score_moves
from likeness_sheets import Pair, write_sheet
from likeness_ways import Pixels, Query, Ranker, Shelf, Target, Work, by_cues, by_parts, rankers

from reinterpret.alignment import align
from reinterpret.cues import PRESETS
from reinterpret.embeddings import Film
from reinterpret.in_points import course_of
from reinterpret.library import library_encoder
from reinterpret.shots import Detection
from reinterpret.shots.shot import Shot

ROOT = Path(__file__).resolve().parents[1]
TRAILERS = ROOT.parent / "shared" / "media" / "trailer"
KINDS = ROOT / "benchmarks" / "marks" / "kinds.csv"
QUESTIONS = ("found", "kinds", "moves", "course", "costs", "sheets")
BALANCED, BASELINE, PARTS = "balanced", "plain baseline", "parts of the query"
# What was promised.
TARGETS = {"found": 0.98, "worst": 0.93, "inset": 0.70, "kinds": 0.10, "moves": 0.80, "course": 2.0}

# A film and a frame of a shot that shows, by eye, the same as the others of its line: seven films begin with one
# picture, and one film starts over. Nobody could say which of them is meant.
_KIDS = ("autumn", "carnival", "cycling", "locomotive", "raspberry-cake", "skateboarding", "xmas")
TWINS = (
    tuple((f"animation-kids-{name}.mp4", 0) for name in _KIDS),
    (("food-popcorn-closeup.ogv", 100), ("food-popcorn-closeup.ogv", 900)),
)
# What is no scene the library never suggests.
_SUGGESTED = ("scene", "title")
# Shots of which nobody could say which they are.
_SHORTEST_SECONDS, _NEARLY_FLAT = 0.5, 0.02
_WHOLE = Detection(detector="none")
_MOVE_SECONDS = Fraction(3)
_MOVED_SHOTS, _QUICK_MOVED_SHOTS = 16, 4
_QUICK_SHOTS = 20
# Hidden shots: how long they are, and the one that each is cut out of.
_HIDDEN_SECONDS, _HIDING_SECONDS = (1.5, 4.0), 8
_HIDDEN_SHOTS, _QUICK_HIDDEN_SHOTS = 60, 15
_HIDDEN_CRF = 30
_COST_FILMS = 12


# The shots


def write_cut_lists(folder: Path, marks: Path = ARCHIVE_MARKS, kinds: Path = KINDS) -> Path:
    """A list of cuts for every film, by the marks made by eye: what is alike shall not depend on a detector.

    Of what is marked as ambiguous, that counts as a transition behind which kinds.csv has another shot.
    """
    begins: dict[str, set[int]] = {}
    with kinds.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            begins.setdefault(row["film"], set()).add(int(row["start_frame"]))
    marked = read_archive_marks(marks)
    folder.mkdir(parents=True, exist_ok=True)
    for film, first_frames in begins.items():
        lines = ["transition,start_frame,end_frame"]
        for mark in marked.get(film, ()):
            kind: str = mark.transition
            if kind == "ambiguous":
                kind = "dissolve" if mark.start_frame > 0 and mark.end_frame in first_frames else ""
            if kind:
                lines.append(f"{kind},{mark.start_frame},{mark.end_frame}")
        (folder / f"{film}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


# Found again


@dataclass(frozen=True)
class Original:
    """A shot of the archive that is looked for."""

    film: Film
    shot: Shot

    @property
    def target(self) -> Target:
        return self.film.video.fingerprint, self.shot.number

    @property
    def name(self) -> str:
        """Of the folder that holds its clips."""
        return f"{self.film.video.path.stem}-{self.shot.body_start_frame}-{self.shot.body_end_frame}"

    def window(self, seconds: Fraction) -> tuple[Fraction, Fraction]:
        """Start and length of the middle of the body, at most so long."""
        body = self.shot.body
        lasts = min(body.duration, seconds)
        return body.start + (body.duration - lasts) / 2, lasts


def originals(archive: Shelf, pixels: Pixels) -> tuple[list[Original], Counter[str]]:
    """The shots that somebody could find, and how many were left out for which reason."""
    kept, left_out = [], Counter[str]()
    for film in archive.films:
        for shot in film.shots:
            if shot.body.duration < _SHORTEST_SECONDS:
                left_out[f"shorter than {_SHORTEST_SECONDS:g} s"] += 1
            elif pixels.deviation(film)[shot.number] <= _NEARLY_FLAT:
                left_out["black, or of one colour"] += 1
            elif film.kinds[shot.number] not in _SUGGESTED:
                left_out[f"taken for a {film.kinds[shot.number]} ({film.video.path.stem} {shot.number})"] += 1
            else:
                kept.append(Original(film, shot))
    return kept, left_out


def twins(archive: Shelf, marked: Sequence[Sequence[tuple[str, int]]] = TWINS) -> dict[Target, Target]:
    """For each shot that has twins, the one of them that stands for all."""
    films = {film.video.name: film for film in archive.films}
    first: dict[Target, Target] = {}
    for line in marked:
        alike = [
            (films[name].video.fingerprint, shot.number)
            for name, frame in line
            if name in films
            for shot in films[name].shots
            if shot.start_frame <= frame < shot.end_frame
        ]
        first |= dict.fromkeys(alike, alike[0])
    return first


def sampled(shots: Sequence[Original], count: int | None, seed: int) -> list[Original]:
    """So many of them, drawn by the seed; all if it is None."""
    if count is None or count >= len(shots):
        return list(shots)
    chosen = generator(seed, "sample").choice(len(shots), count, replace=False)
    return [shots[number] for number in sorted(chosen)]


def make_edits(work: Work, shots: Sequence[Original], everything: Sequence[Original]) -> list[list[Path]]:
    """The clips of every shot, one for each of EDITS. everything: among which others are chosen to lie beneath it."""
    made = []
    for done, shot in enumerate(shots):
        folder = work.clips / "edits" / shot.name
        paths = [folder / f"{name.replace(' ', '-')}.mp4" for name in EDITS]
        missing = [(path, name) for path, name in zip(paths, EDITS, strict=True) if not path.exists()]
        if missing:
            print(f"editing {shot.name}, {done + 1} of {len(shots)} ...", file=sys.stderr)
            elsewhere = [one for one in everything if one.film is not shot.film]
            other = elsewhere[int(generator(work.seed, shot.name, "other").integers(len(elsewhere)))]
            cutting = Cutting(_pictures(shot, work), shot.film.video.frame_rate, _pictures(other, work))
            for path, name in missing:
                write_edit(path, name, cutting, generator(work.seed, shot.name, name))
        made.append(paths)
    return made


def _pictures(shot: Original, work: Work) -> Pictures:
    return read_pictures(shot.film.video, *shot.window(work.seconds))


@dataclass(frozen=True)
class Found:
    """How often one way of being alike finds shots again."""

    first: dict[str, float]
    """Recall at 1, by edit."""
    pooled: float
    """Over all edits but picture in picture."""
    pooled_five: float
    """The same among the first five."""
    pooled_twins: float
    """The same at 1, where a twin is as good."""
    worst_twins: float
    """Of the eleven edits, that with the lowest recall, where a twin is as good."""
    missed: dict[str, list[str]] = field(default_factory=dict)
    """What was not first, by edit."""


def measure_inset(
    rank: Ranker,
    clips: Shelf,
    shots: Sequence[Original],
    paths: Sequence[Sequence[Path]],
    alike: Mapping[Target, Target],
) -> tuple[float, float]:
    """Recall at 1 of picture in picture alone; and where any twin counts, see `twins`."""
    number = list(EDITS).index(PICTURE_IN_PICTURE)
    rankings = rank([Query(clips.at(own[number]), 0) for own in paths], 1)
    wanted = [shot.target for shot in shots]
    return recall_at(1, rankings, wanted), recall_at(1, rankings, wanted, alike)


def measure_found(
    methods: Mapping[str, Ranker],
    clips: Shelf,
    shots: Sequence[Original],
    paths: Sequence[Sequence[Path]],
    alike: Mapping[Target, Target],
) -> dict[str, Found]:
    """paths: of every shot, its edits. alike: see `twins`."""
    found = {}
    for method, rank in methods.items():
        rankings = {
            name: rank([Query(clips.at(own[number]), 0) for own in paths], 5) for number, name in enumerate(EDITS)
        }
        found[method] = _found(shots, rankings, alike)
    return found


def _found(
    shots: Sequence[Original], rankings: Mapping[str, Sequence[Sequence[Target]]], alike: Mapping[Target, Target]
) -> Found:
    wanted = [shot.target for shot in shots]
    pool = [name for name in EDITS if name != PICTURE_IN_PICTURE]
    together = [ranking for name in pool for ranking in rankings[name]]
    by_twins = [recall_at(1, rankings[name], wanted, alike) for name in pool]
    missed = {
        name: [shot.name for shot, order in zip(shots, rankings[name], strict=True) if order[:1] != [shot.target]]
        for name in EDITS
    }
    return Found(
        first={name: recall_at(1, rankings[name], wanted) for name in EDITS},
        pooled=recall_at(1, together, wanted * len(pool)),
        pooled_five=recall_at(5, together, wanted * len(pool)),
        pooled_twins=_mean(by_twins),
        worst_twins=min(by_twins),
        missed=missed,
    )


# Kinds


def labelled(archive: Shelf, file: Path = KINDS) -> tuple[list[Query], list[Labelled], list[str]]:
    """The shots of which kinds.csv says what they show, that, and the rows for which there is no shot."""
    by_name = {film.video.name: film for film in archive.films}
    queries, labels, left_out, taken = [], [], [], set[Target]()
    with file.open(encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            first, end = int(row["start_frame"]), int(row["end_frame"])
            film = by_name.get(row["film"])
            shot = None if film is None else _most_of(film.shots, first, end)
            if film is None or shot is None or (film.video.fingerprint, shot) in taken:
                left_out.append(f"{row['film']} {first}-{end}")
                continue
            taken.add((film.video.fingerprint, shot))
            queries.append(Query(film, shot))
            labels.append(Labelled(row["film"], row["kind"]))
    return queries, labels, left_out


def _most_of(shots: Sequence[Shot], first: int, end: int) -> int | None:
    """The shot that holds most of these frames; None if none holds half of them."""
    held = [min(shot.end_frame, end) - max(shot.start_frame, first) for shot in shots]
    best = int(np.argmax(held))
    return best if held[best] * 2 >= end - first else None


def measure_kinds(
    methods: Mapping[str, Ranker], queries: Sequence[Query], labels: Sequence[Labelled], shots: int
) -> dict[str, KindScore]:
    """shots: how many there are in the archive; those without a label do not count."""
    numbers = {query.target: number for number, query in enumerate(queries)}
    found = {}
    for method, rank in methods.items():
        rankings = [[numbers[one] for one in order if one in numbers] for order in rank(queries, shots)]
        found[method] = score_kinds(labels, rankings)
    return found


# Movement


def make_moves(work: Work, shots: Sequence[Original], count: int) -> dict[Path, Moved]:
    """Clips of cameras that move, made of those of `count` films in which the camera stands still."""
    list_file = work.clips / "moves" / "still.json"
    standing: dict[str, bool] = json.loads(list_file.read_text(encoding="utf-8")) if list_file.exists() else {}
    clips: dict[Path, Moved] = {}
    sources = set[Path]()
    for number in generator(work.seed, "still").permutation(len(shots)):
        shot = shots[number]
        # One of a film: two shots of one scene are one choice.
        if len(sources) == count or shot.film.video.path in sources or shot.shot.body.duration < _MOVE_SECONDS:
            continue
        pictures: Pictures = []
        if shot.name not in standing:
            pictures = read_pictures(shot.film.video, *shot.window(_MOVE_SECONDS))
            standing[shot.name] = stands_still(pictures[:: max(1, len(pictures) // 6)])
        if standing[shot.name]:
            sources.add(shot.film.video.path)
            clips |= _moves_of(work, shot, pictures)
    list_file.parent.mkdir(parents=True, exist_ok=True)
    list_file.write_text(json.dumps(standing, indent=1), encoding="utf-8")
    return clips


def _moves_of(work: Work, shot: Original, pictures: Pictures) -> dict[Path, Moved]:
    """Every movement, and the same seen in a mirror."""
    clips, rate = {}, shot.film.video.frame_rate
    for move in MOVES:
        for mirrored in (False, True):
            name = f"{move.replace(' ', '-')}{'-mirrored' * mirrored}"
            path = work.clips / "moves" / shot.name / f"{name}.mp4"
            clips[path] = Moved(shot.film.video.name, mirrored_move(move) if mirrored else move)
            if path.exists():
                continue
            pictures = pictures or read_pictures(shot.film.video, *shot.window(_MOVE_SECONDS))
            seen = moved(pictures, move, rate, generator(work.seed, shot.name, move))
            write_clip(path, [picture[:, ::-1] for picture in seen] if mirrored else seen, rate)
    return clips


def measure_moves(clips: Shelf, moves: Mapping[Path, Moved], rank: Ranker) -> dict[str, tuple[float, float]]:
    """Precision at 5 for every movement; rank: by which the clips are compared with each other."""
    queries = [Query(clips.at(path), 0) for path in moves]
    numbers = {query.target: number for number, query in enumerate(queries)}
    rankings = [[numbers[one] for one in order if one in numbers] for order in rank(queries, len(queries))]
    return score_moves(list(moves.values()), rankings)


# Course


@dataclass(frozen=True)
class Hidden:
    """A part of a shot, that is to be found in it."""

    original: Original
    start: Fraction
    """Seconds of the film, of a frame."""
    path: Path


def make_hidden(work: Work, shots: Sequence[Original], count: int) -> list[Hidden]:
    """Parts of long shots, from any frame on, graded and encoded anew; several of a shot if there are few."""
    long = [shot for shot in shots if shot.shot.body.duration >= _HIDING_SECONDS]
    made = []
    for number in range(count if long else 0):
        shot = long[number % len(long)]
        random = generator(work.seed, shot.name, "hidden", number // len(long))
        body, rate = shot.shot.body, shot.film.video.frame_rate
        frames = round(random.uniform(*_HIDDEN_SECONDS) * float(rate))
        room = math.floor(body.duration * rate) - frames - 1
        start = body.start + Fraction(int(random.integers(1, max(2, room)))) / rate
        path = work.clips / "hidden" / f"{shot.name}-{number // len(long)}.mp4"
        if not path.exists():
            pictures = read_pictures(shot.film.video, start, Fraction(frames) / rate)
            write_clip(path, grade(Cutting(pictures, rate, []), random), rate, crf=_HIDDEN_CRF)
        made.append(Hidden(shot, start, path))
    return made


def measure_course(clips: Shelf, hidden: Sequence[Hidden]) -> dict[str, float]:
    """How many frames the in-point is off, by the name of the clip."""
    errors = {}
    for one in hidden:
        target, source = clips.at(one.path), one.original.film
        shot = one.original.shot
        wanted = course_of(target, 0, target.shots[0].span)
        found = align(wanted, course_of(source, shot.number, shot.body), target.shots[0].span.duration)
        errors[one.path.stem] = float(abs(found.start - one.start) * source.video.frame_rate)
    return errors


# The table


def found_table(found: Mapping[str, Found], kinds: Mapping[str, KindScore], inset: float = math.nan) -> str:
    """A row for every way of being alike; inset: recall of picture in picture by parts of the query."""
    columns = [("crop", "crop"), ("mirror", "mirr"), ("black and white", "b/w"), ("grade", "grade")]
    columns += [("grain", "grain"), ("letterbox", "bars"), ("subtitle", "subt"), ("logo", "logo")]
    columns += [("half speed", "half"), ("later", "later"), ("re-encoded", "enc")]
    assert {name for name, _ in columns} == EDITS.keys() - {PICTURE_IN_PICTURE}
    heading = f"{'':<18}" + "".join(f"{short:>6}" for _, short in columns)
    lines = [heading + f"{'all 11':>8}{'@5':>7}{'twins':>7}{'inset':>7}  {'kinds':>7}{'a kind':>8}{'others':>8}"]
    blank = " " * (6 * len(columns) + 22)
    for method in dict.fromkeys([*found, *kinds]):
        line = f"{method:<18}"
        if method in found:
            one = found[method]
            line += "".join(f"{one.first[name]:>6.2f}" for name, _ in columns)
            line += f"{one.pooled:>8.3f}{one.pooled_five:>7.3f}{one.pooled_twins:>7.3f}"
            line += f"{one.first[PICTURE_IN_PICTURE]:>7.2f}"
        else:
            line += blank + " " * 7
        if method in kinds:
            score = kinds[method]
            line += f"  {score.by_rows:>7.3f}{score.by_kinds:>8.3f}{score.other_films:>8.3f}"
        lines.append(line)
    if not math.isnan(inset):
        lines.append(f"{PARTS:<18}{blank}{inset:>7.2f}")
    lines += ["", "crop to inset: recall at 1 among all shots of the archive, of shots that were changed; all 11, @5:"]
    lines += ["without inset (picture in picture), at 1 and at 5; twins: at 1, if any of the shots that show one and"]
    lines += ["the same counts; kinds: mean average precision, over all shots; a kind: mean over the kinds;"]
    lines += ["others: without neighbours from the same film"]
    return "\n".join(lines)


def moves_table(moves: Mapping[str, tuple[float, float]]) -> str:
    """Two lines: how right the nearest of each movement are."""
    lines = [f"{'movement, P@5':<18}" + "".join(f"{move:>11}" for move in moves) + f"{'mean':>8}"]
    for name, which in (("of all clips", 0), ("of other shots", 1)):
        values = [pair[which] for pair in moves.values()]
        lines.append(f"{name:<18}" + "".join(f"{value:>11.2f}" for value in values) + f"{_mean(values):>8.3f}")
    return "\n".join(lines)


def course_table(errors: Mapping[str, float]) -> str:
    """One line: the errors of all in-points."""
    values = list(errors.values())
    near = sum(value <= TARGETS["course"] for value in values) / len(values)
    return (
        f"in-points of {len(values)} hidden shots: {statistics.median(values):.1f} frames off in the median, "
        f"{near:.0%} within {TARGETS['course']:g}, the worst {max(values):.0f}"
    )


def verdicts(answers: Answers) -> list[str]:
    """What was promised, and whether it is kept."""
    found, kinds, moves, errors = answers.found, answers.kinds, answers.moves, answers.errors
    lines = []

    def judge(what: str, value: float, wanted: str, kept: bool) -> None:
        lines.append(f"{what:<52}{value:>7.3f}  {wanted:<12}{'kept' if kept else 'MISSED'}")

    if BALANCED in found:
        one = found[BALANCED]
        worst = min(value for name, value in one.first.items() if name != PICTURE_IN_PICTURE)
        judge("found again, balanced, eleven edits", one.pooled, ">= 0.98", one.pooled >= TARGETS["found"])
        judge("found again, the worst of them", worst, ">= 0.93", worst >= TARGETS["worst"])
        judge("the same where a twin counts", one.pooled_twins, ">= 0.98", one.pooled_twins >= TARGETS["found"])
        judge("and the worst of them", one.worst_twins, ">= 0.93", one.worst_twins >= TARGETS["worst"])
    if not math.isnan(answers.inset):
        inset, any_twin = answers.inset, answers.inset_twins
        judge("picture in picture, by parts of the query", inset, ">= 0.70", inset >= TARGETS["inset"])
        judge("picture in picture where a twin counts", any_twin, ">= 0.70", any_twin >= TARGETS["inset"])
    if {BALANCED, BASELINE} <= kinds.keys():
        ahead = kinds[BALANCED].by_rows - kinds[BASELINE].by_rows
        judge("kinds, balanced above the plain baseline", ahead, ">= 0.10", ahead >= TARGETS["kinds"])
    if moves:
        mean = _mean([pair[0] for pair in moves.values()])
        judge("movement, precision at 5", mean, ">= 0.80", mean >= TARGETS["moves"])
    if errors:
        median = statistics.median(errors.values())
        judge("in-points, median error in frames", median, "<= 2", median <= TARGETS["course"])
    return lines


def _mean(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else math.nan


# Sheets


def write_sheets(folder: Path, trailers: Shelf, archive: Shelf, methods: Mapping[str, Ranker]) -> list[Path]:
    """For every trailer, what is found first for each of its shots, by each method. Black shots are left out."""
    films = {film.video.fingerprint: film for film in archive.films}
    written = []
    for trailer in trailers.films:
        rows = [number for number, kind in enumerate(trailer.kinds) if kind != "black"]
        for method, rank in methods.items():
            rankings = rank([Query(trailer, row) for row in rows], 1)
            pairs = [_pair(trailer, row, ranking, films) for row, ranking in zip(rows, rankings, strict=True)]
            path = folder / f"{trailer.video.path.stem}-{method.replace(' ', '-')}.jpg"
            write_sheet(path, f"{trailer.video.name}: {method}", pairs)
            written.append(path)
    return written


def _pair(trailer: Film, row: int, ranking: Sequence[Target], films: Mapping[str, Film]) -> Pair:
    caption = f"{row}  {float(trailer.shots[row].span.start):.1f} s"
    if not ranking:
        return Pair(trailer.thumbnails[row], None, caption, "nothing")
    film, shot = films[ranking[0][0]], ranking[0][1]
    return Pair(trailer.thumbnails[row], film.thumbnails[shot], caption, f"{film.video.path.stem} {shot}")


# The run


@dataclass
class Answers:
    """Everything that was measured."""

    shots: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    unlabelled: list[str] = field(default_factory=list)
    found: dict[str, Found] = field(default_factory=dict)
    inset: float = math.nan
    inset_twins: float = math.nan
    kinds: dict[str, KindScore] = field(default_factory=dict)
    moves: dict[str, tuple[float, float]] = field(default_factory=dict)
    moved_sources: int = 0
    errors: dict[str, float] = field(default_factory=dict)
    costs: Costs | None = None
    sheets: list[Path] = field(default_factory=list)


def main() -> None:
    options = _options()
    if unknown := [name for name in options.only if name not in QUESTIONS]:
        sys.exit(f"unknown question {unknown[0]!r}; choose of {', '.join(QUESTIONS)}")
    began = time.monotonic()
    answers = ask(options)
    print(report(answers))
    print(f"\ntook {time.monotonic() - began:.0f} s", file=sys.stderr)
    if options.json:
        options.json.write_text(json.dumps(as_json(answers), indent=1) + "\n", encoding="utf-8")


def ask(options: argparse.Namespace) -> Answers:
    """All questions that are asked."""
    work = Work(options.work, options.seed, options.seconds, options.jobs)
    pixels = Pixels(work.clips / "pixels.npz")
    archive = work.shelf("archive", [ARCHIVE], Detection(cuts=write_cut_lists(work.clips / "cuts")))
    everything, left_out = originals(archive, pixels)
    shots = sampled(everything, _QUICK_SHOTS if options.quick else None, options.seed)
    answers = Answers(shots=len(shots), left_out=left_out)
    methods = rankers(archive, pixels)
    if "found" in options.only:
        paths = make_edits(work, shots, everything)
        clips = work.shelf("edits", [path for own in paths for path in own], _WHOLE)
        alike = twins(archive)
        answers.found = measure_found(methods, clips, shots, paths, alike)
        encoder = library_encoder(archive.library, threads=os.cpu_count())
        rank = by_parts(archive.neighbours, encoder)
        answers.inset, answers.inset_twins = measure_inset(rank, clips, shots, paths, alike)
    if "kinds" in options.only:
        queries, labels, answers.unlabelled = labelled(archive)
        answers.kinds = measure_kinds(methods, queries, labels, sum(len(film.shots) for film in archive.films))
    pixels.keep()
    if "moves" in options.only:
        moves = make_moves(work, everything, _QUICK_MOVED_SHOTS if options.quick else _MOVED_SHOTS)
        clips = work.shelf("moves", list(moves), _WHOLE)
        answers.moves = measure_moves(clips, moves, by_cues(clips.neighbours, PRESETS["movement"]))
        answers.moved_sources = len({clip.source for clip in moves.values()})
    if "course" in options.only:
        hidden = make_hidden(work, everything, _QUICK_HIDDEN_SHOTS if options.quick else _HIDDEN_SHOTS)
        answers.errors = measure_course(work.shelf("hidden", [one.path for one in hidden], _WHOLE), hidden)
    if "costs" in options.only:
        encoder = library_encoder(archive.library, threads=os.cpu_count())
        chosen = generator(options.seed, "costs").permutation(len(archive.films))[:_COST_FILMS]
        videos = [archive.films[number].video for number in chosen]
        answers.costs = measure_costs(videos, encoder, archive.library.detection)
    if "sheets" in options.only:
        compared = {name: methods[name] for name in (BALANCED, BASELINE)}
        answers.sheets = write_sheets(options.out, work.shelf("trailers", [TRAILERS]), archive, compared)
    return answers


def report(answers: Answers) -> str:
    """The tables, and below them what was promised."""
    parts = []
    if answers.found or answers.kinds:
        parts.append(found_table(answers.found, answers.kinds, answers.inset))
        without = ", ".join(f"{count} {reason}" for reason, count in answers.left_out.items())
        parts.append(f"{answers.shots} shots are looked for; left out of the archive: {without or 'none'}")
    if answers.unlabelled:
        parts.append(f"kinds for which there is no shot: {', '.join(answers.unlabelled)}")
    if answers.moves:
        parts.append(moves_table(answers.moves) + f"\nfrom {answers.moved_sources} shots of a camera that stood still")
    if answers.errors:
        parts.append(course_table(answers.errors))
    if answers.costs:
        parts.append(costs_table(answers.costs))
    parts.append("\n".join(verdicts(answers)))
    parts.append("\n".join(map(str, answers.sheets)))
    return "\n\n".join(part for part in parts if part)


def as_json(answers: Answers) -> dict[str, Any]:
    """Everything that was measured; what is no number is null."""
    return dict(_plain(asdict(answers)))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    if isinstance(value, Path):
        return str(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=default_work(), help="where clips and libraries are kept")
    parser.add_argument("--out", type=Path, default=Path("out") / "likeness", help="where the sheets go")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=Fraction, default=Fraction(3), help="of each shot that is edited, at most")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(QUESTIONS), help="questions to ask")
    parser.add_argument("--quick", action="store_true", help="fewer shots")
    parser.add_argument("--jobs", type=int, default=None, help="films indexed at the same time")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


if __name__ == "__main__":
    main()
