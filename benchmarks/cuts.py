"""How good and how fast detectors of cuts are: all of them in one run, on the same films, in one table.

    python benchmarks/cuts.py                                     # the synthetic set and the trailers
    python benchmarks/cuts.py --only fast --errors /tmp/errors    # what one detector does wrong, to look at
    python benchmarks/cuts.py --dataset clipshots --annotations test.json --videos FOLDER

What counts as a hit is told in cut_scores.py, how the films are made in edited_films.py, how the detectors are run in
cut_detectors.py. See README.md.
"""

from __future__ import annotations

import argparse
import csv
import json
import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, get_args

from annotations import AnnotationError, Dataset, Mark, MarkedFilm, read_archive_marks, read_dataset, read_marks
from cut_detectors import (
    PYSCENEDETECT,
    TRANSNETV2,
    Detected,
    Settings,
    Unavailable,
    detector_names,
    names_kinds,
    run_detector,
)
from cut_scores import TOLERANCES, Counts, Score, pooled, score
from edited_films import ARCHIVE, ARCHIVE_MARKS, FILMS, default_work, edited_films
from error_sheets import Place, write_sheets

from reinterpret.shots.shot import Boundary

ROOT = Path(__file__).resolve().parents[1]
TRAILERS = ROOT.parent / "shared" / "media" / "trailer"
MARKS = ROOT / "benchmarks" / "marks"
SPEED_FILM = TRAILERS / "sintel-trailer-720p.mp4"
SETS = ("synthetic", "trailers", "clips")


@dataclass(frozen=True)
class Result:
    """One detector on one film."""

    detector: str
    film: MarkedFilm
    detected: Detected
    score: Score


@dataclass(frozen=True)
class Speed:
    """One detector on the film that all are timed on: the median of the runs."""

    detector: str
    frames_per_second: float
    cpu_seconds: float
    """Of a minute of a film of 24 frames a second."""
    times_pyscenedetect: float
    """As fast as PySceneDetect's adaptive detector: the median of the ratios, run by run."""
    alone_frames_per_second: float
    times_transnetv2: float
    """Without decoding; as fast as the package's TransNetV2."""


def main() -> None:
    options = _options()
    settings = Settings(options.threads, options.sensitivity)
    names = [name for name in detector_names() if not options.only or name in options.only]
    if unknown := [name for name in options.only if name not in detector_names()]:
        sys.exit(f"unknown detector {unknown[0]!r}; choose of {', '.join(detector_names())}")
    try:
        films = collect(options)
    except AnnotationError as error:
        sys.exit(f"error: {error}")
    results, left_out = _judge(names, films, settings)
    names = [name for name in names if name not in left_out]
    print(quality_table(results))
    speeds = measure_speeds(names, options.speed_film, options.speed_runs, settings) if options.speed_runs else []
    if speeds:
        print(f"\n{speed_table(speeds)}")
    for name, reason in left_out.items():
        print(f"\n{name}: left out: {reason}")
    if options.json:
        answer = as_json(results, speeds, left_out, options)
        options.json.write_text(json.dumps(answer, indent=1) + "\n", encoding="utf-8")
    if options.errors:
        _write_errors(results, options.errors)


def collect(options: argparse.Namespace) -> list[MarkedFilm]:
    """The films of the sets that are asked for, with their marks. Raises AnnotationError."""
    if options.dataset:
        films, faults = read_dataset(
            options.dataset, options.annotations, options.videos, shift_frames=options.shift_frames
        )
        for fault in faults:
            print(fault, file=sys.stderr)
        return films
    films = []
    if "synthetic" in options.sets:
        films += edited_films(options.work, seed=options.seed, seconds=options.seconds)
    if "trailers" in options.sets:
        films += trailers()
    if "clips" in options.sets:
        films += clips()
    if not films:
        raise AnnotationError("there is no film to judge by")
    return films


def trailers() -> list[MarkedFilm]:
    """The real trailers that have been marked by hand."""
    films = []
    for path in sorted(TRAILERS.glob("*")):
        marks = MARKS / f"{path.stem}.csv"
        if marks.exists():
            films.append(MarkedFilm(path, read_marks(marks), "trailers"))
        else:
            print(f"{path.name} is left out: {marks} is missing", file=sys.stderr)
    return films


def clips() -> list[MarkedFilm]:
    """The clips held aside, as they are: few cuts, and much that might be taken for one."""
    if not ARCHIVE_MARKS.exists():
        print(f"the clips are left out: {ARCHIVE_MARKS} is missing", file=sys.stderr)
        return []
    marks = read_archive_marks(ARCHIVE_MARKS)
    with FILMS.open(encoding="utf-8", newline="") as file:
        names = sorted(row["film"] for row in csv.DictReader(file) if row["use"] == "test")
    return [MarkedFilm(ARCHIVE / name, marks.get(name, ()), "clips") for name in names]


def _judge(
    names: Sequence[str], films: Sequence[MarkedFilm], settings: Settings
) -> tuple[list[Result], dict[str, str]]:
    """Every detector on every film that all of them can read, and why some could not be run."""
    results, left_out = [], {}
    for name in names:
        print(f"{name} ...", file=sys.stderr)
        try:
            found = run_detector(name, [film.path for film in films], settings)
        except Unavailable as error:
            left_out[name] = str(error)
            continue
        for film, detected in zip(films, found, strict=True):
            results.append(Result(name, film, detected, score(film.marks, detected.boundaries)))
            if detected.failed:
                print(f"{film.path} is left out: {name} cannot read it: {detected.failed}", file=sys.stderr)
    unread = {result.film.path for result in results if result.detected.failed}
    return [result for result in results if result.film.path not in unread], left_out


def quality_table(results: Sequence[Result]) -> str:
    """A row for every detector, set and kind of transition."""
    heading = f"{'detector':<23}{'set':<11}{'kind':<9}{'true':>5}"
    heading += "".join(f"  {f'P@{one}':>6}{f'R@{one}':>6}{f'F1@{one}':>6}" for one in TOLERANCES)
    lines = [f"{heading}  {'false':>5}  {'ends':>9}{'kinds':>7}{'f/s':>7}"]
    for name in dict.fromkeys(result.detector for result in results):
        lines.append("")
        for label, own in _sets([result for result in results if result.detector == name]):
            lines += _rows(name, label, own)
    lines += ["", "P, R, F1: precision, recall, F1 in per cent at a tolerance of so many frames; true: transitions;"]
    lines += ["false: false alarms at the largest tolerance; ends: median error of the first and the end frame of"]
    lines += ["gradual transitions found as such, in frames; kinds: hits called what they are, in per cent;"]
    lines += ["f/s: frames a second in this pass, with decoding"]
    return "\n".join(lines)


def _sets(results: Sequence[Result]) -> list[tuple[str, list[Result]]]:
    """The rows: every group of films, and all of the synthetic set together."""
    groups = dict.fromkeys(result.film.group for result in results)
    rows = [(group, [result for result in results if result.film.group == group]) for group in groups]
    synthetic = [result for result in results if result.film.group in ("clean", "modern", "archive", "uncut")]
    return [*([("synthetic", synthetic)] if synthetic else []), *rows]


def _rows(name: str, label: str, results: Sequence[Result]) -> list[str]:
    found = pooled([result.score for result in results])
    pace = sum(one.detected.frame_count for one in results) / sum(one.detected.seconds for one in results)
    lines = []
    for kind, counts in (("cuts", found.cuts), ("gradual", found.gradual), ("all", found.all)):
        last = counts[-1]
        if last == Counts() or (kind != "all" and last.hits + last.misses == 0):
            continue
        line = f"{name:<23}{label:<11}{kind:<9}{last.hits + last.misses:>5}"
        for one in counts:
            line += f"  {_per_cent(one.precision):>6}{_per_cent(one.recall):>6}{_per_cent(one.f1):>6}"
        line += f"  {last.false_alarms:>5}"
        if kind == "gradual" and found.start_errors:
            line += f"  {f'{found.start_error:g} {found.end_error:g}':>9}"
        elif kind == "all":
            line += f"  {'':>9}{_per_cent(found.kinds) if names_kinds(name) else '-':>7}{pace:>7.0f}"
        lines.append(line)
    return lines


def measure_speeds(names: Sequence[str], film: Path, runs: int, settings: Settings) -> list[Speed]:
    """All detectors in turn, again and again; the first round, which warms up, does not count."""
    if not film.exists():
        print(f"no speeds: {film} is missing", file=sys.stderr)
        return []
    whole: dict[str, list[Detected]] = {}
    bare: dict[str, list[Detected]] = {}
    for number in range(runs + 1):
        print(f"speed, run {number} of {runs} ...", file=sys.stderr)
        for name in dict.fromkeys([*names, PYSCENEDETECT, TRANSNETV2]):
            for alone, kept in ((False, whole), (True, bare)):
                try:
                    detected = run_detector(name, [film], replace(settings, alone=alone))[0]
                except Unavailable:
                    continue
                if detected.failed:
                    sys.exit(f"error: {name} cannot read {film}: {detected.failed}")
                if number:
                    kept.setdefault(name, []).append(detected)
    return [_speed(name, whole, bare) for name in names]


def _speed(name: str, whole: dict[str, list[Detected]], bare: dict[str, list[Detected]]) -> Speed:
    return Speed(
        name,
        _median([one.frames_per_second for one in whole[name]]),
        _median([one.cpu_seconds / one.frame_count * 24 * 60 for one in whole[name]]),
        _ratio(whole[name], whole.get(PYSCENEDETECT, [])),
        _median([one.frames_per_second for one in bare.get(name, [])]),
        _ratio(bare.get(name, []), bare.get(TRANSNETV2, [])),
    )


def _ratio(ours: list[Detected], theirs: list[Detected]) -> float:
    return _median([a.frames_per_second / b.frames_per_second for a, b in zip(ours, theirs, strict=False)])


def speed_table(speeds: Sequence[Speed]) -> str:
    """A row for every detector."""
    lines = [f"{'detector':<23}{'frames/s':>9}{'times':>8}{'CPU s':>8}{'alone':>10}{'times':>8}"]
    for one in speeds:
        line = f"{one.detector:<23}{one.frames_per_second:>9.0f}{_number(one.times_pyscenedetect):>8}"
        line += f"{one.cpu_seconds:>8.1f}{_number(one.alone_frames_per_second):>10}{_number(one.times_transnetv2):>8}"
        lines.append(line)
    lines += ["", f"frames/s: with decoding, a 720p film; times: as fast as {PYSCENEDETECT} in the same round;"]
    lines += ["CPU s: for a minute of film of 24 frames/s; alone: frames/s without decoding, and times as fast as"]
    lines += [f"{TRANSNETV2} without decoding"]
    return "\n".join(lines)


def as_json(
    results: Sequence[Result], speeds: Sequence[Speed], left_out: dict[str, str], options: argparse.Namespace
) -> dict[str, Any]:
    """Everything that was measured."""
    detectors = {}
    for name in dict.fromkeys(result.detector for result in results):
        own = [result for result in results if result.detector == name]
        detectors[name] = {
            "sets": {label: _score_json(pooled([result.score for result in rows])) for label, rows in _sets(own)},
            "films": [
                {
                    "film": result.film.path.name,
                    "group": result.film.group,
                    "frames": result.detected.frame_count,
                    "seconds": result.detected.seconds,
                    "cpu_seconds": result.detected.cpu_seconds,
                    **_score_json(result.score),
                    "missed": [asdict(mark) for mark in result.score.missed],
                    "false_alarms": [_boundary_json(one) for one in result.score.false_alarms],
                    "boundaries": [_boundary_json(one) for one in result.detected.boundaries],
                }
                for result in own
            ],
        }
    settings = {name: str(value) for name, value in vars(options).items()}
    named = [{name: _finite(value) for name, value in asdict(one).items()} for one in speeds]
    return {"options": settings, "detectors": detectors, "speed": named, "left_out": left_out}


def _score_json(one: Score) -> dict[str, Any]:
    kinds = {"cuts": one.cuts, "gradual": one.gradual, "all": one.all}
    return {
        **{
            kind: {
                str(tolerance): {
                    **asdict(count),
                    "precision": _finite(count.precision),
                    "recall": _finite(count.recall),
                    "f1": _finite(count.f1),
                }
                for tolerance, count in zip(TOLERANCES, counts, strict=True)
            }
            for kind, counts in kinds.items()
        },
        "start_error": _finite(one.start_error),
        "end_error": _finite(one.end_error),
        "kinds": _finite(one.kinds),
    }


def _boundary_json(one: Boundary) -> dict[str, Any]:
    return {
        "frame": one.frame,
        "transition": one.transition,
        "start_frame": one.start_frame,
        "end_frame": one.end_frame,
        "confidence": round(one.confidence, 4),
    }


def _write_errors(results: Sequence[Result], folder: Path) -> None:
    """A strip of frames round everything that was missed or found where nothing is."""
    for result in results:
        happened = _disturbances(result.film.path)
        places = [_missed(result, mark, happened) for mark in result.score.missed]
        places += [_false_alarm(result, one, happened) for one in result.score.false_alarms]
        where = folder / result.detector.replace(" ", "-")
        for path in write_sheets(result.film.path, places, where):
            print(path)


def _missed(result: Result, mark: Mark, happened: list[tuple[str, int, int]]) -> Place:
    caption = f"missed {mark.transition} {mark.start_frame}-{mark.end_frame} {mark.note}"
    name = f"{result.film.path.stem}-{mark.start_frame:06d}-missed-{mark.transition}"
    return Place(mark.start_frame, mark.end_frame, caption + _during(mark, happened), name)


def _false_alarm(result: Result, one: Boundary, happened: list[tuple[str, int, int]]) -> Place:
    caption = f"false {one.transition} {one.start_frame}-{one.end_frame}, confidence {one.confidence:.2f}"
    name = f"{result.film.path.stem}-{one.start_frame:06d}-false-{one.transition}"
    return Place(one.start_frame, one.end_frame, caption + _during(one, happened), name)


def _during(place: Mark | Boundary, happened: list[tuple[str, int, int]]) -> str:
    """What else happens there, in an edited film."""
    names = [name for name, start, end in happened if start <= place.end_frame + 2 and place.start_frame - 2 <= end]
    return f" ({'; '.join(dict.fromkeys(names))})" if names else ""


def _disturbances(film: Path) -> list[tuple[str, int, int]]:
    table = film.with_suffix(".disturbances.csv")
    if not table.exists():
        return []
    with table.open(encoding="utf-8", newline="") as file:
        return [(row["disturbance"], int(row["start_frame"]), int(row["end_frame"])) for row in csv.DictReader(file)]


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan


def _per_cent(share: float) -> str:
    return "-" if math.isnan(share) else f"{share * 100:.1f}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.0f}" if value >= 100 else f"{value:.2f}"


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="this detector; may be repeated")
    parser.add_argument("--sets", default="synthetic,trailers", help=f"some of {','.join(SETS)}")
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic set")
    parser.add_argument("--seconds", type=float, default=75.0, help="length of its films")
    parser.add_argument("--work", type=Path, default=default_work(), help="where its films are kept")
    parser.add_argument("--dataset", choices=get_args(Dataset), help="a public dataset instead of the sets")
    parser.add_argument("--annotations", type=Path, help="its annotations, a file or a folder")
    parser.add_argument("--videos", type=Path, help="the folder with its films")
    parser.add_argument("--shift-frames", type=int, default=0, help="added to its frame numbers (the first BBC: 1)")
    parser.add_argument("--speed-runs", type=int, default=3, help="0 for none")
    parser.add_argument("--speed-film", type=Path, default=SPEED_FILM)
    parser.add_argument("--threads", type=int, default=0, help="cores that a detector may use; 0 for all")
    parser.add_argument("--sensitivity", type=float, default=0.5, help="of our own detectors")
    parser.add_argument("--json", type=Path, metavar="FILE", help="everything, film by film")
    parser.add_argument("--errors", type=Path, metavar="FOLDER", help="a strip of frames round every error")
    options = parser.parse_args()
    options.sets = options.sets.split(",")
    if unknown := [name for name in options.sets if name not in SETS]:
        parser.error(f"unknown set {unknown[0]!r}; choose of {', '.join(SETS)}")
    if options.dataset and not (options.annotations and options.videos):
        parser.error("--dataset needs --annotations and --videos")
    return options


if __name__ == "__main__":
    main()
