"""The chooser without its page: opening, suggestions, again, and what hundreds of choices cost.

python benchmarks/choosing.py [--trailer FILM] [--library LIB] [--shots 150] [--choices 500]

The trailer is made of the one that is named, over and over, cut into shots of a second.
"""

from __future__ import annotations

import argparse
import gc
import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

from measure import heading, looped_trailer, row, tree_bytes

from reinterpret import choosing
from reinterpret.choosing import shot_of
from reinterpret.edits import EditList
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.match_settings import MatchSettings
from reinterpret.matching import match
from reinterpret.shots import Detection
from reinterpret.studio.adviser import Wish
from reinterpret.studio.history import History
from reinterpret.studio.session import Session

MEDIA = Path(__file__).resolve().parents[2] / "shared" / "media"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trailer", type=Path, default=MEDIA / "trailer" / "sintel-trailer-720p.mp4")
    parser.add_argument("--library", type=Path, help="by default one is made of --archive")
    parser.add_argument("--archive", type=Path, default=MEDIA / "archive")
    parser.add_argument("--shots", type=int, default=150)
    parser.add_argument("--choices", type=int, default=500)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        if options.library is None:
            index([options.archive], work / "library")
        library = Library.open(options.library or work / "library")
        trailer, cuts = looped_trailer(options.trailer, options.shots, work)
        detection = Detection(detector="none", min_shot=Fraction(0), cuts=cuts)
        edit = match(trailer, library, MatchSettings(titles="match"), detection=detection)
        edit.save(work / "long.json")
        footage = _footage(edit)
        print(f"{len(edit.clips)} shots, {len(footage)} with 10 suggestions, {len(library.fingerprints())} films")
        print(heading())
        print(_in_memory(edit, options.choices))
        _opening(work / "long.json")
        session = Session.open(work / "long.json", library, detection=detection)
        session.wait()
        _looking(session)
        _again(session)
        _cutting(session)
        _choices(session, options.choices)
        session.close()


def _timed(times: int, action: Callable[[int], object], clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Milliseconds of each, by a clock."""
    found = []
    for number in range(times):
        begun = clock()
        action(number)
        found.append(1000 * (clock() - begun))
    return found


def _in_memory(edit: EditList, choices: int) -> str:
    """What Python allocates for the states of so many choices, undone and done again."""
    history = History(edit)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    footage = _footage(edit)
    for number in range(choices):
        clip = footage[number % len(footage)]
        edit = choosing.choose(edit, clip, edit.clips[clip].suggestions[number % 7])
        history.push(edit)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return row(f"history of {choices} choices", [(after - before) / 2**20], "MiB", "hardly any")


def _footage(edit: EditList) -> list[int]:
    """Clips with suggestions: all that are not black."""
    return [number for number, clip in enumerate(edit.clips) if len(clip.suggestions) >= 10]


def _opening(path: Path) -> None:
    print(row("opening, without a library", _timed(5, lambda _: Session.open(path).close()), "ms"))


def _looking(session: Session) -> None:
    count = len(session.state().edit.clips)
    for name in ("ten suggestions, first time", "ten suggestions, again"):
        print(row(name, _timed(count, session.suggestions), "ms"))
    colours = Wish(weights={"colour": 1.0})
    print(row("the same by colour", _timed(count, lambda clip: session.suggestions(clip, colours)), "ms"))


def _again(session: Session) -> None:
    for clip in range(0, len(session.state().edit.clips), 10):
        session.apply(session.state().revision, partial(choosing.lock, clip=clip))

    def again(seed: int) -> None:
        session.again(session.state().revision, seed=seed)

    print(row("again, saved; every tenth locked", _timed(10, again), "ms", "<= 1000"))
    # What it takes where nothing else runs.
    print(row("    of the processor", _timed(10, again, time.thread_time), "ms", "<= 1000"))


def _cutting(session: Session) -> None:
    def cut(number: int) -> None:
        state = session.state()
        clip = 3 + 7 * number
        frame = state.edit.clips[clip].first_frame + 9
        session.apply(state.revision, partial(choosing.split, clip=clip, frame=frame))
        session.suggestions(clip)

    print(row("split, saved, and suggestions for a part", _timed(8, cut), "ms", "<= 1000"))


def _choices(session: Session, choices: int) -> None:
    """Choices as a person makes them, each saved; memory of the whole process as they go on."""
    kept: list[float] = []

    def choose(number: int) -> None:
        if number in (choices // 10, choices // 2):
            kept.append(_process())
        state = session.state()
        footage = _footage(state.edit)
        clip = footage[number % len(footage)]
        session.choose(state.revision, clip, *shot_of(state.edit.clips[clip].suggestions[number % 7]))

    print(row("a choice, saved", _timed(choices, choose), "ms", "<= 100"))
    print(row("    of the processor", _timed(choices // 10, choose, time.thread_time), "ms", "<= 100"))
    kept.append(_process())
    print(row(f"process after {choices // 10}, {choices // 2}, {choices} choices", kept, "MiB", "no growth"))
    print(f"    {', '.join(f'{value:.1f}' for value in kept)}")

    def undo(_: int) -> None:
        session.undo(session.state().revision)

    print(row("undo, saved", _timed(choices, undo), "ms", "<= 100"))


def _process() -> float:
    gc.collect()
    return tree_bytes(os.getpid()) / 2**20


if __name__ == "__main__":
    main()
