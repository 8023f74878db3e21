"""Indexing: what is done, what is left, and what is lost when something goes wrong in the middle (nothing)."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from reinterpret import ingest
from reinterpret.errors import LibraryError, OutputError, UsageError, VideoError
from reinterpret.ingest import IndexProgress, IndexReport, find_videos, index
from reinterpret.library import Library
from reinterpret.shots import Detection
from tests.conftest import make_video
from tests.judging import children

# Processes, films and interruptions: CI runs it, `make test` has to stay short.
pytestmark = pytest.mark.slow

as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three little films in a folder and one below it: 1, 2 and 1 shots."""
    folder = tmp_path_factory.mktemp("three")
    (folder / "below").mkdir()
    make_video(folder / "bars.mp4", ("bars", 0.4))
    make_video(folder / "two.mp4", ("test", 0.4), ("plate", 0.4))
    make_video(folder / "below" / "green.mkv", ("green", 0.4))
    return folder


@pytest.fixture(scope="module")
def long(clips: Path) -> Path:
    """Four minutes of small frames: takes a worker a second or two."""
    return make_video(clips / "ingest-long.mp4", ("testsrc=size=64x36:rate=25", 240))


@pytest.fixture
def films(three: Path, tmp_path: Path) -> Path:
    """The three films, for a test that moves or changes them."""
    shutil.copytree(three, tmp_path / "films")
    return tmp_path / "films"


def test_lettering_is_added_to_films_in_which_it_was_not_looked_for(films: Path, tmp_path: Path) -> None:
    library = tmp_path / "lib"
    index([films], library, encoder="pixels")
    opened = Library.open(library)
    unread = opened.fingerprints()[0]
    film = opened.film(unread)
    opened.add(replace(film, lettering=(None,) * len(film.shots)))
    assert counts(index([films], library)) == (0, 3, 0, 0)
    assert counts(index([films], library, lettering=True)) == (1, 2, 0, 0)
    assert None not in Library.open(library).lettering(unread)
    assert counts(index([films], library, lettering=True)) == (0, 3, 0, 0)


def test_without_the_networks_films_are_indexed_with_one_warning(
    films: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # The workers look for packages where this process does, and find one without networks first.
    (tmp_path / "packages" / "rapidocr").mkdir(parents=True)
    (tmp_path / "packages" / "rapidocr" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "packages")
    with caplog.at_level(logging.WARNING):
        assert counts(index([films], tmp_path / "lib", encoder="pixels", jobs=2)) == (3, 0, 0, 0)
    said = [record.getMessage() for record in caplog.records]
    assert [text for text in said if "lettering" in text] == [
        "lettering in pictures is not looked for: install its networks with pip install --no-deps 'rapidocr>=3.10,<4'"
    ]
    library = Library.open(tmp_path / "lib")
    assert all(set(library.lettering(film)) == {None} for film in library.fingerprints())
    monkeypatch.setattr(ingest, "can_read", lambda: False)
    with pytest.raises(UsageError, match=r"install what reads it with: pip install --no-deps 'rapidocr"):
        index([films], tmp_path / "lib", lettering=True)


def counts(report: IndexReport) -> tuple[int, int, int, int]:
    return report.indexed, report.unchanged, report.moved, len(report.failed)


def names(library: Library | Path) -> list[str]:
    found = library if isinstance(library, Library) else Library.open(library)
    return sorted(found.video(film).name for film in found.fingerprints())


def left_over(library: Path) -> list[Path]:
    return [file for file in library.rglob("*") if ".tmp" in file.name]


# What is done


def test_every_video_below_a_folder_is_indexed_and_a_second_run_finds_nothing_to_do(
    films: Path, tmp_path: Path
) -> None:
    told: list[IndexProgress] = []
    # Folders that are missing are made.
    library = tmp_path / "missing" / "lib"
    report = index([films], library, encoder="pixels", on_progress=told.append)
    assert counts(report) == (3, 0, 0, 0)
    assert report.shots == 4
    assert report.footage_seconds == pytest.approx(1.6)
    assert report.elapsed_seconds > 0
    last = told[-1]
    assert last.done_bytes == last.total_bytes == sum(file.stat().st_size for file in films.rglob("*.m*"))
    assert (last.films_done, last.films_total) == (3, 3)
    assert last.footage_seconds == pytest.approx(1.6)

    again = index([films], library)
    assert counts(again) == (0, 3, 0, 0)
    assert (again.shots, again.footage_seconds) == (0, 0)
    assert names(library) == ["bars.mp4", "green.mkv", "two.mp4"]
    assert Library.open(library).verify() == []
    assert not left_over(library)


def test_the_films_of_a_library_keep_its_encoder_and_detector(three: Path, tmp_path: Path) -> None:
    index([three / "bars.mp4"], tmp_path / "lib", encoder="pixels", detection=Detection("none"))
    with pytest.raises(
        LibraryError, match="was made with the encoder pixels, not efficientnet-lite0; leave out --encoder"
    ):
        index([three], tmp_path / "lib", encoder="efficientnet-lite0")
    with pytest.raises(LibraryError, match="was made with the detector none, not adaptive; leave out --detector"):
        index([three], tmp_path / "lib", detection=Detection("adaptive"))
    with pytest.raises(LibraryError, match=r"with the sensitivity 0\.5, not 0\.6; leave out --sensitivity"):
        index([three], tmp_path / "lib", detection=Detection("none", 0.6))
    with pytest.raises(LibraryError, match=r"with the min-shot 1/8, not 0; leave out --min-shot"):
        index([three], tmp_path / "lib", detection=Detection("none", min_shot=Fraction(0)))
    index([three / "two.mp4"], tmp_path / "lib")
    library = Library.open(tmp_path / "lib")
    assert library.detection == library.film(library.fingerprints()[0]).detection == Detection("none")
    assert {len(library.shots(film)) for film in library.fingerprints()} == {1}


def test_lists_of_cuts_are_used_where_there_are_some(three: Path, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "bars.csv").write_text("transition,start_frame,end_frame\ndissolve,4,8\n")
    done = index([three], tmp_path / "lib", encoder="pixels", detection=Detection("none", cuts=lists))
    assert (done.indexed, done.failed) == (3, ())
    library = Library.open(tmp_path / "lib")
    shots = {library.video(film).path.name: library.shots(film) for film in library.fingerprints()}
    assert {name: len(found) for name, found in shots.items()} == {"bars.mp4": 2, "green.mkv": 1, "two.mp4": 1}
    assert [shot.body_start_frame for shot in shots["bars.mp4"]] == [0, 8]
    # They go with the run, not with the library.
    assert library.detection == Detection("none")
    assert library.film(library.find_film("bars.mp4")).detection == Detection("none", cuts=lists)


def test_a_film_whose_list_is_new_or_has_changed_is_indexed_again(three: Path, tmp_path: Path) -> None:
    lists, library = tmp_path / "lists", tmp_path / "lib"
    lists.mkdir()
    detection = Detection("none", cuts=lists)
    assert index([three], library, encoder="pixels", detection=Detection("none")).indexed == 3
    (lists / "bars.csv").write_text("transition,start_frame,end_frame\ncut,4,4\n", encoding="utf-8")
    assert index([three], library, encoder="pixels", detection=detection).indexed == 1
    assert index([three], library, encoder="pixels", detection=detection).indexed == 0
    (lists / "bars.csv").write_text("transition,start_frame,end_frame\ncut,4,4\ncut,8,8\n", encoding="utf-8")
    later = time.time() + 10
    os.utime(lists / "bars.csv", (later, later))
    assert index([three], library, encoder="pixels", detection=detection).indexed == 1
    opened = Library.open(library)
    assert len(opened.shots(opened.find_film("bars.mp4"))) == 3
    assert len(opened.fingerprints()) == 3


def test_a_list_of_cuts_that_cannot_be_meant_stops_the_run_before_it_begins(three: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"none\.csv: no such file or folder, a list of cuts was expected"):
        index([three], tmp_path / "lib", encoder="pixels", detection=Detection(cuts=tmp_path / "none.csv"))
    (tmp_path / "one.csv").write_text("frame\n5\n")
    with pytest.raises(UsageError, match="is a list of the cuts of one film, but there are 3; name a folder of lists"):
        index([three], tmp_path / "lib", encoder="pixels", detection=Detection(cuts=tmp_path / "one.csv"))
    assert not (tmp_path / "lib").exists()


def test_a_library_of_another_version_of_the_encoder_is_not_added_to(three: Path, tmp_path: Path) -> None:
    Library.create(tmp_path / "lib", encoder="pixels", encoder_version="0", detection=Detection("none"))
    with pytest.raises(LibraryError, match="vectors of both cannot be compared, index into a new library"):
        index([three], tmp_path / "lib")


# What is found


def test_videos_are_found_by_suffix_in_any_case_and_named_files_whatever_their_name(tmp_path: Path) -> None:
    for name in (
        "B.MP4",
        "a.mkv",
        "notes.txt",
        "picture.jpg",
        ".hidden.mp4",
        "._a.mkv",
        "sub/c.Mov",
        ".git/d.mp4",
        "odd.dat",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert [str(file.relative_to(tmp_path)) for file in find_videos([tmp_path])] == ["B.MP4", "a.mkv", "sub/c.Mov"]
    assert list(find_videos([tmp_path / "odd.dat", tmp_path / ".hidden.mp4"])) == [
        tmp_path / "odd.dat",
        tmp_path / ".hidden.mp4",
    ]


def test_a_file_that_is_named_twice_or_reached_twice_is_found_once(tmp_path: Path) -> None:
    film = tmp_path / "films" / "a.mp4"
    film.parent.mkdir()
    film.touch()
    (tmp_path / "films" / "b.mp4").symlink_to(film)
    (tmp_path / "other").symlink_to(tmp_path / "films")
    assert list(find_videos([film, tmp_path, tmp_path / "films", film])) == [film]


def test_loops_of_links_end(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "film.mp4").touch()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self.mp4").symlink_to(tmp_path / "a" / "self.mp4")
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a" / "self")
    assert [file.name for file in find_videos([tmp_path])] == ["film.mp4", "self.mp4"]


@pytest.mark.parametrize("kind", ["empty", "of texts", "missing"])
def test_a_folder_without_a_video_is_an_error_with_its_name(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "folder"
    if kind != "missing":
        folder.mkdir()
    if kind == "of texts":
        (folder / "notes.txt").touch()
    with pytest.raises(VideoError, match=f"{folder}: no "):
        index([folder], tmp_path / "lib", encoder="pixels")
    assert not (tmp_path / "lib").exists()


@as_root
def test_a_folder_that_cannot_be_read_does_not_stop_the_others(films: Path, tmp_path: Path) -> None:
    (films / "below").chmod(0)
    try:
        report = index([films], tmp_path / "lib", encoder="pixels")
    finally:
        (films / "below").chmod(0o700)
    assert counts(report) == (2, 0, 0, 1)
    assert report.failed[0].path == films / "below"


@pytest.mark.parametrize("jobs", [0, -1])
def test_no_jobs_are_a_usage_error(three: Path, tmp_path: Path, jobs: int) -> None:
    with pytest.raises(UsageError, match=f"must be at least 1, got {jobs}"):
        index([three], tmp_path / "lib", encoder="pixels", jobs=jobs)
    assert not (tmp_path / "lib").exists()


@as_root
def test_a_library_that_cannot_be_written_to_is_one_error(three: Path, tmp_path: Path) -> None:
    Library.create(tmp_path / "lib", encoder="pixels", encoder_version="1", detection=Detection("adaptive"))
    (tmp_path / "lib" / "films").chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written"):
        index([three], tmp_path / "lib")


# What is broken


def test_broken_files_are_reported_and_the_rest_is_done(films: Path, tmp_path: Path) -> None:
    whole = (films / "two.mp4").read_bytes()
    (films / "empty.mp4").touch()
    (films / "text.mp4").write_text("a text")
    (films / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (films / "playlist.mp4").write_text(f"#EXTM3U\n#EXTINF:2,\n{films / 'bars.mp4'}\n#EXT-X-ENDLIST\n")
    (films / "dangling.mp4").symlink_to(tmp_path / "nothing.mp4")
    (films / "loop.mp4").symlink_to(films / "loop.mp4")
    os.mkfifo(films / "pipe.mp4")
    (films / "._bars.mp4").write_bytes(b"\x00\x05\x16\x07" * 1000)
    library = tmp_path / "lib"
    command = [
        sys.executable,
        "-m",
        "reinterpret",
        "index",
        str(films),
        "-L",
        str(library),
        "--encoder",
        "pixels",
        "--json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    told = json.loads(done.stdout)
    assert told["indexed"] == 3
    broken = ["cut.mp4", "dangling.mp4", "empty.mp4", "loop.mp4", "pipe.mp4", "playlist.mp4", "text.mp4"]
    assert sorted(Path(failure["path"]).name for failure in told["failed"]) == broken
    assert all(failure["reason"].startswith(failure["path"]) for failure in told["failed"])
    assert all(failure["reason"] in done.stderr for failure in told["failed"])
    assert names(library) == ["bars.mp4", "green.mkv", "two.mp4"]
    assert Library.open(library).verify() == []


def test_where_every_file_is_broken_the_report_says_why(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_text("a text")
    report = index([tmp_path / "a.mp4"], tmp_path / "lib", encoder="pixels")
    assert counts(report) == (0, 0, 0, 1)
    assert "is not a video" in report.failed[0].reason
    assert names(tmp_path / "lib") == []


def test_a_library_that_another_process_is_making_is_waited_for(films: Path, tmp_path: Path) -> None:
    library = tmp_path / "lib"
    (library / "films").mkdir(parents=True)  # its folder comes first, then its library.json
    made = tmp_path / "made"
    Library.create(made, encoder="pixels", encoder_version="1", detection=Detection("adaptive"))
    late = threading.Timer(0.1, shutil.copy, (made / "library.json", library / "library.json"))
    late.start()
    assert counts(index([films], library, encoder="pixels")) == (3, 0, 0, 0)
    late.join()


def test_a_worker_that_is_killed_costs_its_film_and_no_other(three: Path, long: Path, tmp_path: Path) -> None:
    killed = []

    def kill_the_first(state: IndexProgress) -> None:
        if not killed:  # the long film comes first, and speaks while it is decoded
            assert state.films_done == 0
            killed.extend(children([os.getpid()]))
            for process in killed:
                os.kill(process, signal.SIGKILL)

    report = index([three, long], tmp_path / "lib", encoder="pixels", jobs=1, on_progress=kill_the_first)
    assert len(killed) == 1
    assert counts(report) == (3, 0, 0, 1)
    assert report.failed[0].path == long
    assert "crashed (exit status -9)" in report.failed[0].reason
    assert names(tmp_path / "lib") == ["bars.mp4", "green.mkv", "two.mp4"]
    assert not left_over(tmp_path / "lib")


def test_an_error_of_the_caller_ends_the_workers(long: Path, tmp_path: Path) -> None:
    def fail(state: IndexProgress) -> None:
        raise KeyError

    with pytest.raises(KeyError):
        index([long], tmp_path / "lib", encoder="pixels", on_progress=fail)
    assert not children([os.getpid()])
    assert names(tmp_path / "lib") == []


# What is interrupted


def started(films: list[Path], library: Path) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "reinterpret",
        "index",
        *map(str, films),
        "-L",
        str(library),
        "--encoder",
        "pixels",
    ]
    # A session of its own, as a terminal would give it: the signal reaches the workers only as we send it.
    return subprocess.Popen(
        [*command, "--jobs", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def when_one_is_done(process: subprocess.Popen[str], library: Path) -> None:
    until = time.monotonic() + 60
    while not list(library.glob("films/*.parquet")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.mark.slow
def test_after_sigkill_the_next_run_finishes_and_does_no_film_twice(three: Path, long: Path, tmp_path: Path) -> None:
    library = tmp_path / "lib"
    process = started([three, long], library)
    when_one_is_done(process, library)
    workers = children([process.pid])
    process.kill()
    process.communicate()
    until = time.monotonic() + 30
    # Nobody listens to the workers any more: they end, at the latest with the film in hand.
    while any(
        Path(f"/proc/{worker}/cmdline").exists() and Path(f"/proc/{worker}/cmdline").read_bytes() for worker in workers
    ):
        assert time.monotonic() < until
        time.sleep(0.02)
    assert workers
    kept = {file: file.stat().st_mtime_ns for file in library.glob("films/*.parquet")}
    assert 1 <= len(kept) < 4
    report = index([three, long], library)
    assert (report.indexed, report.unchanged, report.failed) == (4 - len(kept), len(kept), ())
    assert {file: file.stat().st_mtime_ns for file in kept} == kept
    assert Library.open(library).verify() == []


@pytest.mark.slow
def test_sigint_to_all_ends_with_130_one_line_and_no_half_file(three: Path, long: Path, tmp_path: Path) -> None:
    library = tmp_path / "lib"
    process = started([three, long], library)
    when_one_is_done(process, library)
    os.killpg(process.pid, signal.SIGINT)  # as Ctrl-C does
    _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert said.strip().splitlines()[-1].startswith("interrupted")
    assert not left_over(library)
    assert Library.open(library).verify() == []
    assert "ingest-long.mp4" not in names(library)
    report = index([three, long], library)
    assert report.indexed + report.unchanged == 4
    assert report.indexed >= 1


# What moves, is copied, or changes


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4M", "tmpfs", disk], capture_output=True, text=True)
    if mounted.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


@pytest.mark.skipif(shutil.which("mount") is None or sys.platform != "linux", reason="needs Linux's mount")
def test_a_disk_that_fills_up_half_way_ends_with_a_sentence_and_is_gone_on_from(three: Path, small_disk: Path) -> None:
    library = small_disk / "lib"
    index([three / "bars.mp4"], library, encoder="pixels")
    with (small_disk / "full").open("wb", buffering=0) as full, suppress(OSError):
        while True:
            full.write(bytes(4096))
    with pytest.raises(OutputError, match=r"\w+\.parquet: cannot be written, the disk is full; make room on it"):
        index([three], library, encoder="pixels")
    assert names(library) == ["bars.mp4"]
    assert left_over(library) == []
    (small_disk / "full").unlink()
    assert counts(index([three], library, encoder="pixels")) == (2, 1, 0, 0)
    assert names(library) == ["bars.mp4", "green.mkv", "two.mp4"]


@pytest.fixture
def indexed(films: Path, tmp_path: Path) -> Path:
    index([films], tmp_path / "lib", encoder="pixels")
    return tmp_path / "lib"


def where(library: Path) -> dict[str, int]:
    """Every film by its path, with how many shots are kept of it."""
    found = Library.open(library)
    return {str(found.video(film).path): len(found.shots(film)) for film in found.fingerprints()}


def test_a_film_that_moved_is_recognised_without_being_read_again(films: Path, indexed: Path) -> None:
    kept = {file: file.stat().st_mtime_ns for file in indexed.glob("films/*.parquet")}
    (films / "bars.mp4").rename(films / "below" / "renamed.mp4")
    assert counts(index([films], indexed)) == (0, 3, 1, 0)
    assert {file: file.stat().st_mtime_ns for file in indexed.glob("films/*.parquet")} == kept
    assert names(indexed) == ["green.mkv", "renamed.mp4", "two.mp4"]
    assert Library.open(indexed).verify() == []


def test_a_file_that_was_only_touched_is_unchanged(films: Path, indexed: Path) -> None:
    (films / "bars.mp4").touch()
    assert counts(index([films], indexed)) == (0, 3, 0, 0)


def test_a_copy_counts_once(films: Path, indexed: Path, tmp_path: Path) -> None:
    shutil.copy(films / "bars.mp4", films / "copy.mp4")
    assert counts(index([films], indexed)) == (0, 4, 0, 0)
    assert names(indexed) == ["bars.mp4", "green.mkv", "two.mp4"]
    assert counts(index([films], tmp_path / "other", encoder="pixels")) == (3, 1, 0, 0)


def test_a_changed_file_replaces_the_film_that_lay_there(films: Path, indexed: Path, tmp_path: Path) -> None:
    make_video(films / "bars.mp4", ("green", 0.4), ("test", 0.4))
    assert counts(index([films], indexed)) == (1, 2, 0, 0)
    assert where(indexed)[str(films / "bars.mp4")] == 2
    assert len(where(indexed)) == len(Library.open(indexed).fingerprints()) == 3
    assert Library.open(indexed).verify() == []


def test_two_films_that_change_places_are_told_apart(films: Path, indexed: Path) -> None:
    (films / "bars.mp4").rename(films / "aside")
    (films / "two.mp4").rename(films / "bars.mp4")
    (films / "aside").rename(films / "two.mp4")
    assert counts(index([films], indexed)) == (0, 3, 2, 0)
    assert where(indexed) == {
        str(films / "bars.mp4"): 2,
        str(films / "two.mp4"): 1,
        str(films / "below" / "green.mkv"): 1,
    }
    assert Library.open(indexed).verify() == []


def test_a_film_that_moved_aside_for_another_is_kept(films: Path, indexed: Path) -> None:
    (films / "bars.mp4").rename(films / "old.mp4")
    make_video(films / "bars.mp4", ("green", 0.4), ("test", 0.4), ("plate", 0.4))
    assert counts(index([films], indexed)) == (1, 3, 1, 0)
    assert where(indexed) == {
        str(films / "bars.mp4"): 3,
        str(films / "old.mp4"): 1,
        str(films / "two.mp4"): 2,
        str(films / "below" / "green.mkv"): 1,
    }
    assert Library.open(indexed).verify() == []


def test_a_film_that_a_copy_of_another_was_put_over_is_forgotten(films: Path, indexed: Path) -> None:
    shutil.copy(films / "two.mp4", films / "bars.mp4")
    assert counts(index([films], indexed)) == (0, 3, 0, 0)
    assert where(indexed) == {str(films / "two.mp4"): 2, str(films / "below" / "green.mkv"): 1}
    assert Library.open(indexed).verify() == []


def test_a_file_that_cannot_be_read_any_more_does_not_cost_what_was_kept_of_it(films: Path, indexed: Path) -> None:
    (films / "bars.mp4").write_bytes(b"half copied")
    report = index([films], indexed)
    assert counts(report) == (0, 2, 0, 1)
    assert names(indexed) == ["bars.mp4", "green.mkv", "two.mp4"]


def test_films_of_other_folders_stay(films: Path, indexed: Path, tmp_path: Path) -> None:
    make_video(tmp_path / "new.mp4", ("cells", 0.4))
    assert counts(index([tmp_path / "new.mp4"], indexed)) == (1, 0, 0, 0)
    assert len(names(indexed)) == 4


# Side by side


@pytest.mark.slow
def test_two_processes_can_fill_one_library_at_the_same_time(films: Path, three: Path, tmp_path: Path) -> None:
    """One has the films of the other, and one more; the library is made by whichever comes first."""
    library = tmp_path / "lib"
    make_video(films / "more.mp4", ("cells", 0.4))
    processes = [started([folder], library) for folder in (films, three)]
    for process in processes:
        said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    found = Library.open(library)
    assert len(found.fingerprints()) == 4
    assert found.verify() == []
    assert not left_over(library)
    assert index([films], library).indexed == 0
