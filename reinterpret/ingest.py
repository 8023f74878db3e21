"""Indexing an archive: folders go in, a library comes out.

Films are shared out among worker processes. What is in the library already is skipped, what has moved is
recognised, what cannot be read is reported and does not stop the others.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

from reinterpret.cues.text_finder import HOW_TO_INSTALL, can_read
from reinterpret.encoders import DEFAULT_ENCODER, Device, load_encoder
from reinterpret.errors import LibraryError, OutputError, ReinterpretError, UsageError, VideoError
from reinterpret.files import remove_temporaries
from reinterpret.library import Library, Location, library_encoder
from reinterpret.neighbours import open_neighbours
from reinterpret.own_python import python_command, python_environment
from reinterpret.shots import Detection, load_detector
from reinterpret.shots.cut_list import cut_list_of
from reinterpret.video import fingerprint

logger = logging.getLogger(__name__)

# In a folder only files that look like videos are tried; a file that is named is tried whatever its name.
# fmt: off
VIDEO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".amv", ".apng", ".asf", ".av1", ".avi", ".dv", ".f4v", ".flv", ".gif", ".gxf",
    ".h264", ".h265", ".hevc", ".ivf", ".lrv", ".m1v", ".m2t", ".m2ts", ".m2v", ".m4v", ".mj2", ".mjpeg",
    ".mjpg", ".mk3d", ".mkv", ".mov", ".mp4", ".mpe", ".mpeg", ".mpg", ".mpv", ".mts", ".mxf", ".nsv",
    ".nut", ".obu", ".ogg", ".ogm", ".ogv", ".ogx", ".qt", ".r3d", ".rm", ".rmvb", ".roq", ".swf",
    ".ts", ".vob", ".webm", ".wmv", ".wtv", ".y4m",
})
# fmt: on
# A detector is made once to see whether it can be had; for that any rate will do.
_ANY_RATE = Fraction(25)
# How long the making of an empty library may take.
_CREATION_SECONDS = 0.5
# numpy's matrices are small here, and its threads would wait for each other: a third of the time of all cues.
_WORKER_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1"}
# A worker that says nothing for so long hangs in a decoder; the slowest film reports every few frames.
_SILENCE_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be indexed, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an indexing run has done."""

    indexed: int
    unchanged: int
    moved: int
    failed: tuple[Failure, ...]
    shots: int
    """Shots of the films that were indexed in this run."""
    footage_seconds: float
    """Seconds of film that were indexed in this run."""
    elapsed_seconds: float


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far an indexing run is, for a progress bar."""

    done_bytes: int
    total_bytes: int
    footage_seconds: float
    films_done: int
    films_total: int


@dataclass(slots=True)
class _Tally:
    """What is known while the run goes on."""

    total_bytes: int
    films_total: int
    done_bytes: int = 0
    films_done: int = 0
    footage_seconds: float = 0.0
    shots: int = 0
    indexed: int = 0
    failed: list[Failure] = field(default_factory=list)
    under_way: dict[Path, tuple[float, float]] = field(default_factory=dict)
    """Share done and seconds done of the films in hand."""

    def progress(self, sizes: dict[Path, int]) -> IndexProgress:
        share = sum(sizes[path] * done for path, (done, _) in self.under_way.items())
        seconds = sum(seconds for _, seconds in self.under_way.values())
        return IndexProgress(
            done_bytes=self.done_bytes + round(share),
            total_bytes=self.total_bytes,
            footage_seconds=self.footage_seconds + seconds,
            films_done=self.films_done,
            films_total=self.films_total,
        )


def index(
    paths: Sequence[Path | str],
    library: Path | str,
    *,
    encoder: str | None = None,
    detection: Detection | None = None,
    device: Device = "auto",
    jobs: int | None = None,
    lettering: bool = False,
    on_progress: Callable[[IndexProgress], None] | None = None,
) -> IndexReport:
    """Index every video at or below `paths` into the library (made if it is not there).

    encoder, detection: those of the library, or the defaults for a new one; only the lists of cuts that a detection
    names (`cuts`) may differ from run to run. jobs: films decoded at the same time, by default as many as there are
    cores. lettering: index films again in which lettering was not looked for. Files that fail are in the report; raises
    LibraryError, OutputError, EncoderError or UsageError where nothing can be done at all.
    """
    started = time.monotonic()
    if jobs is not None and jobs < 1:
        raise UsageError(f"the number of jobs must be at least 1, got {jobs}")
    if lettering and not can_read():
        raise UsageError(f"lettering cannot be looked for; install what reads it with: {HOW_TO_INSTALL}")
    failed: list[Failure] = []
    files = list(find_videos([Path(path) for path in paths], failed=failed))
    cuts = _checked_cuts(detection, files)
    kept = _open_or_create(Path(library), encoder, detection, device)
    kept.sweep()
    sorted_out = _sort_out(files, kept, partial(_is_outdated, library=kept, cuts=cuts, lettering=lettering), failed)
    work = sorted_out.work
    tally = _Tally(sum(size for _, size in work), len(work), failed=failed)
    if work:
        _run(work, kept, replace(kept.detection, cuts=cuts), device, jobs, tally, on_progress)
    _forget_replaced(kept, sorted_out.replaced)
    if kept.fingerprints():
        open_neighbours(kept)
    return IndexReport(
        indexed=tally.indexed,
        unchanged=sorted_out.unchanged,
        moved=sorted_out.moved,
        failed=tuple(sorted(tally.failed, key=lambda failure: failure.path)),
        shots=tally.shots,
        footage_seconds=tally.footage_seconds,
        elapsed_seconds=time.monotonic() - started,
    )


def find_videos(paths: Sequence[Path], *, failed: list[Failure] | None = None) -> Iterator[Path]:
    """The files at `paths`, and below those that are folders, each once, folder by folder in order of name.

    failed: where folders go that cannot be read. Raises VideoError where a path does not exist, or where there is no
    video at all.
    """
    seen: set[str] = set()
    closed: list[Failure] = []
    for path in paths:
        if not os.path.exists(path):
            raise VideoError(f"{path}: no such file or folder")
        for file in _videos_below(path, set(), closed) if path.is_dir() else [path]:
            # not Path.resolve, which raises for a link to itself
            if (real := os.path.realpath(file)) not in seen:
                seen.add(real)
                yield file.absolute()
    if not seen:
        reasons = [failure.reason for failure in closed] or [
            f"{', '.join(map(str, paths)) or 'no path'}: no video was found there"
        ]
        raise VideoError("; ".join(reasons))
    if failed is not None:
        failed += closed


def _videos_below(folder: Path, visited: set[str], closed: list[Failure]) -> Iterator[Path]:
    """Follows symbolic links, but no folder twice: links can form loops. closed: takes folders that cannot be read."""
    real = os.path.realpath(folder)
    if real in visited:
        return
    visited.add(real)
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        closed.append(Failure(folder, f"{folder}: the folder cannot be read ({error.strerror})"))
        return
    for entry in entries:
        # Dot files, and the "._" twins that macOS leaves beside every film on foreign disks.
        if entry.name.startswith("."):
            continue
        if os.path.isdir(entry.path):
            yield from _videos_below(Path(entry.path), visited, closed)
        elif Path(entry.path).suffix.lower() in VIDEO_SUFFIXES:
            yield Path(entry.path)


def _checked_cuts(detection: Detection | None, files: list[Path]) -> Path | None:
    """The list of cuts, or the folder of lists; raises UsageError for one that cannot be meant for these films."""
    if detection is None or detection.cuts is None:
        return None
    cuts = detection.cuts.absolute()
    if not cuts.exists():
        raise UsageError(f"{cuts}: no such file or folder, a list of cuts was expected, or a folder of lists")
    if len(files) > 1 and not cuts.is_dir():
        raise UsageError(
            f"{cuts}: is a list of the cuts of one film, but there are {len(files)}; name a folder of lists, each "
            "called like its film"
        )
    return cuts


def _open_or_create(path: Path, encoder: str | None, detection: Detection | None, device: Device) -> Library:
    if not Library.exists(path):
        made = load_encoder(encoder or DEFAULT_ENCODER, device=device)
        _check_detector(detection or Detection())
        try:
            return Library.create(
                path,
                encoder=made.name,
                encoder_version=made.version,
                detection=detection or Detection(),
                readout=made.readout,
            )
        except LibraryError:
            # Another process may be making it at this moment: its folder comes first, then its library.json.
            time.sleep(_CREATION_SECONDS)
            if not Library.exists(path):
                raise
    library = Library.open(path)
    there = library.detection
    wanted = detection or there
    for what, asked, kept in (
        ("encoder", encoder or library.encoder, library.encoder),
        ("detector", wanted.detector, there.detector),
        ("sensitivity", wanted.sensitivity, there.sensitivity),
        ("min-shot", wanted.min_shot, there.min_shot),
    ):
        if asked != kept:
            raise LibraryError(
                f"{path}: was made with the {what} {kept}, not {asked}; leave out --{what}, or use a new library"
            )
    # Both raise where they cannot be had, before a worker is started.
    library_encoder(library, device=device)
    _check_detector(there)
    return library


def _check_detector(detection: Detection) -> None:
    """Raises UsageError for one that is not installed."""
    load_detector(detection.detector, frame_rate=_ANY_RATE, sensitivity=detection.sensitivity)


@dataclass(slots=True)
class _SortedOut:
    """What there is to do, and what is not."""

    work: list[tuple[Path, int]] = field(default_factory=list)
    """Films to be indexed and their size in bytes."""
    unchanged: int = 0
    moved: int = 0
    replaced: dict[str, str] = field(default_factory=dict)
    """Films that have another in their place now (by fingerprint)."""


def _sort_out(
    files: list[Path], library: Library, outdated: Callable[[Path, str], bool], failed: list[Failure]
) -> _SortedOut:
    """Compare files with the library. failed: takes what cannot be read.

    outdated: whether a film that is in the library is to be indexed again. Given: a file, its fingerprint.
    """
    found = _SortedOut()
    locations = library.locations()
    work: dict[str, tuple[Path, int]] = {}
    for file in files:
        try:
            location = Location.of(file)
            known = locations.get(location.path)
            if known is not None and known[1] == location and not outdated(file, known[0]):
                found.unchanged += 1
                continue
            if not file.is_file() or location.size == 0:
                raise VideoError(f"{file}: is {'empty (0 bytes)' if file.is_file() else 'not a regular file'}")
            film = fingerprint(file)
        except VideoError as error:
            failed.append(Failure(file, str(error)))
            continue
        if known is not None and known[0] != film:
            found.replaced[known[0]] = film
        if film in library and not outdated(file, film):
            before = library.location(film)
            if before is None or before.path == location.path or not _holds(before, film):
                library.relocate(film, location)
                found.moved += before is None or before.path != location.path
            found.unchanged += 1
        elif film in work:
            found.unchanged += 1  # a copy of a film that is indexed in this run
        else:
            work[film] = (file, location.size)
    # The longest first, so that no worker begins on a long film while the others have nothing left to do.
    found.work = sorted(work.values(), key=lambda item: (-item[1], item[0]))
    return found


def _is_outdated(file: Path, film: str, *, library: Library, cuts: Path | None, lettering: bool) -> bool:
    """Whether a film is to be indexed again. cuts: see `Detection`. lettering: whether that must be known."""
    return _has_newer_list(file, film, library, cuts) or (lettering and not _is_read(film, library))


def _is_read(film: str, library: Library) -> bool:
    """Whether lettering was looked for in a film."""
    try:
        return all(of_shot is not None for of_shot in library.lettering(film))
    except LibraryError:
        return False


def _has_newer_list(file: Path, film: str, library: Library, cuts: Path | None) -> bool:
    """Whether there is a list of the film's cuts that it was not indexed with, or that was changed since."""
    path = None if cuts is None else cut_list_of(file, cuts)
    try:
        return path is not None and (
            path.stat().st_mtime > library.written_seconds(film) or library.film(film).detection.cuts is None
        )
    except (OSError, LibraryError):
        return True


def _holds(location: Location, film: str) -> bool:
    """Whether a film still lies where it was seen last; another may have taken its name."""
    try:
        return Location.of(location.path) == location or fingerprint(location.path) == film
    except VideoError:
        return False


def _run(
    work: list[tuple[Path, int]],
    library: Library,
    detection: Detection,
    device: Device,
    jobs: int | None,
    tally: _Tally,
    on_progress: Callable[[IndexProgress], None] | None,
) -> None:
    cores = os.cpu_count() or 1
    count = min(jobs or cores, len(work))
    sizes = dict(work)
    tasks: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for film, _ in work:
        tasks.put(film)
    events: queue.SimpleQueue[tuple[Path | None, dict[str, Any]]] = queue.SimpleQueue()
    threads, told = max(1, cores // count), set[str]()
    team = [_Worker(library, detection, device, threads, tasks, events, told) for _ in range(count)]
    try:
        for worker in team:
            worker.start()
        running = count
        while running:
            path, event = events.get()
            if path is None:
                running -= 1
            else:
                _take_in(path, event, sizes, tally)
            if on_progress is not None:
                on_progress(tally.progress(sizes))
    finally:
        for worker in team:
            worker.stop()


def _take_in(path: Path, event: dict[str, Any], sizes: dict[Path, int], tally: _Tally) -> None:
    kind = event["event"]
    if kind == "progress":
        tally.under_way[path] = (event["share"], event["seconds"])
        return
    tally.under_way.pop(path, None)
    if kind == "fatal":
        raise OutputError(event["reason"])
    tally.done_bytes += sizes[path]
    tally.films_done += 1
    if kind == "done":
        tally.indexed += 1
        tally.shots += event["shots"]
        tally.footage_seconds += event["seconds"]
    else:
        tally.failed.append(Failure(path, event["reason"]))


class _Worker(threading.Thread):
    """Feeds one worker process after another from the queue of films; a process that dies is replaced."""

    def __init__(
        self,
        library: Library,
        detection: Detection,
        device: Device,
        threads: int,
        tasks: queue.SimpleQueue[Path],
        events: queue.SimpleQueue[tuple[Path | None, dict[str, Any]]],
        told: set[str],
    ) -> None:
        """told: the warnings that were given, by whichever worker."""
        super().__init__(daemon=True)
        self._told = told
        self._library, self._detection, self._device, self._threads = library, detection, device, threads
        self._tasks, self._events = tasks, events
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False

    def run(self) -> None:
        path: Path | None = None
        try:
            while not self._stopped:
                try:
                    path = self._tasks.get_nowait()
                except queue.Empty:
                    break
                self._index(path)
        except (OSError, ReinterpretError) as error:
            if path is not None:
                self._events.put((path, {"event": "fatal", "reason": f"a worker could not be run ({error})"}))
        finally:
            self._events.put((None, {}))

    def stop(self) -> None:
        """End the process at once, and remove what it leaves behind."""
        self._stopped = True
        if self._process is not None:
            self._process.kill()
        if self.is_alive():
            self.join()
        self._close()

    def _index(self, path: Path) -> None:
        if self._process is None:
            self._process = self._launch()
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        watchdog = _Watchdog(process, _SILENCE_SECONDS)
        try:
            task = {"path": str(path), "threads": self._threads, "detection": self._detection.to_json()}
            process.stdin.write(json.dumps(task) + "\n")
            process.stdin.flush()
            for line in process.stdout:
                watchdog.alive()
                event = json.loads(line)
                if event["event"] == "warning":
                    # What holds for every film is said by every worker.
                    if event["said"] not in self._told:
                        self._told.add(event["said"])
                        logger.warning("%s", event["said"])
                    continue
                self._events.put((path, event))
                if event["event"] != "progress":
                    return
        except BrokenPipeError:
            pass  # it died before it took the film: reported below, as any other death
        finally:
            watchdog.cancel()
        self._close()
        if not self._stopped:
            how = f"hung for {_SILENCE_SECONDS} s" if watchdog.barked else f"crashed (exit status {process.returncode})"
            self._events.put((path, {"event": "failed", "reason": f"{path}: the decoder {how}; the file is damaged"}))

    def _launch(self) -> subprocess.Popen[str]:
        arguments = [str(self._library.path.absolute()), self._device, str(self._threads)]
        return subprocess.Popen(
            python_command("-m", "reinterpret.worker", *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
            env={**_WORKER_ENVIRONMENT, **python_environment()},
        )

    def _close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        remove_temporaries(self._library.path / "films", process.pid)


class _Watchdog:
    """Kills a process that has been silent for too long."""

    def __init__(self, process: subprocess.Popen[str], seconds: float) -> None:
        self.barked = False
        self._process, self._seconds = process, seconds
        self._timer = self._start()

    def alive(self) -> None:
        self._timer.cancel()
        self._timer = self._start()

    def cancel(self) -> None:
        self._timer.cancel()

    def _start(self) -> threading.Timer:
        timer = threading.Timer(self._seconds, self._bark)
        timer.daemon = True
        timer.start()
        return timer

    def _bark(self) -> None:
        self.barked = True
        self._process.kill()


def _forget_replaced(library: Library, replaced: dict[str, str]) -> None:
    """Where one path stands for two films, the file was changed: only its present content is kept.

    replaced: films that have another in their place, which may be in the library already as a copy.
    """
    by_path: dict[Path, list[str]] = {}
    for film in library.fingerprints():
        location = library.location(film)
        if location is not None:
            by_path.setdefault(location.path, []).append(film)
    for path, films in by_path.items():
        gone = any(film in replaced and replaced[film] in library for film in films)
        if (gone or len(films) > 1) and path.exists():
            present = fingerprint(path)
            for film in films:
                if film != present:
                    library.remove(film)
