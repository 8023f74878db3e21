"""Clips whose every shot and every right answer is known, made with ffmpeg's own generators once a session."""

from __future__ import annotations

import logging
import os
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from reinterpret.ffmpeg import ffmpeg_program, run_ffmpeg
from reinterpret.ingest import index
from reinterpret.library import Library
from reinterpret.privacy import keep_private

# Before a test imports one of those libraries itself; the processes that tests start inherit it.
keep_private()

MEDIA = Path(__file__).resolve().parents[2] / "shared" / "media"

# Pictures that are easy to tell apart, for the encoder and for a person who looks at a failed test.
SCENES = {
    "bars": "smptehdbars=size=320x180:rate=25",
    # Colour bars proper are not suggested: they show no scene. These do, and stand as still.
    "tilted": "smptehdbars=size=320x180:rate=25,rotate=0.3:c=gray",
    "test": "testsrc=size=320x180:rate=25",
    "fractal": "mandelbrot=size=320x180:rate=25",
    "life": "life=size=320x180:rate=25:mold=10:ratio=0.3:death_color=#206020:life_color=#e0e040:seed=7",
    "plate": "sierpinski=size=320x180:rate=25:type=carpet:seed=4:jump=20",
    "colours": "gradients=size=320x180:rate=25:c0=red:c1=blue:x0=0:y0=0:x1=320:y1=180:seed=3:speed=0.02",
    "cells": "cellauto=size=320x180:rate=25:rule=110:seed=5",
    "green": "gradients=size=320x180:rate=25:c0=green:c1=yellow:x0=320:y0=0:x1=0:y1=180:seed=9:speed=0.02",
}


def make_video(
    path: Path, *scenes: tuple[str, float], sound: bool = False, rate: str = "25", options: tuple[str, ...] = ()
) -> Path:
    """A film of scenes (name in SCENES or a lavfi source, seconds), hard cuts between them; `options` come last."""
    inputs: list[str] = []
    for name, seconds in scenes:
        inputs += ["-f", "lavfi", "-t", str(seconds), "-i", SCENES.get(name, name)]
    total = sum(seconds for _, seconds in scenes)
    joined = "".join(f"[{number}:v]setsar=1,format=yuv420p,fps={rate}[v{number}];" for number in range(len(scenes)))
    joined += "".join(f"[v{number}]" for number in range(len(scenes))) + f"concat=n={len(scenes)}[v]"
    if sound:
        inputs += ["-f", "lavfi", "-t", str(total), "-i", "sine=frequency=440:sample_rate=48000:beep_factor=4"]
    command = [
        ffmpeg_program(),
        "-nostdin",
        "-loglevel",
        "error",
        "-y",
        *inputs,
        "-filter_complex",
        joined,
        "-map",
        "[v]",
    ]
    if sound:
        command += ["-map", f"{len(scenes)}:a", "-c:a", "aac", "-b:a", "96k"]
    if not any(option in ("-c:v", "-vcodec") for option in options):
        command += ["-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-pix_fmt", "yuv420p"]
    run_ffmpeg([*command, *options, str(path)])
    return path


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Segments of tests do not fill the user's cache; exported encoders are kept there, they take long to make."""
    import platformdirs

    folder = tmp_path_factory.mktemp("cache")
    encoders = platformdirs.user_cache_path("reinterpret") / "encoders"
    encoders.mkdir(parents=True, exist_ok=True)
    (folder / "encoders").symlink_to(encoders, target_is_directory=True)
    before = os.environ.get("REINTERPRET_CACHE")
    os.environ["REINTERPRET_CACHE"] = str(folder)
    yield folder
    if before is None:
        del os.environ["REINTERPRET_CACHE"]
    else:
        os.environ["REINTERPRET_CACHE"] = before


@pytest.fixture
def full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An ffmpeg that finds no room for whatever it is to write, and says so as the real one does."""
    program = tmp_path / "full" / "ffmpeg"
    program.parent.mkdir()
    program.write_text(
        f"""#!/bin/sh
case "$*" in *-encoders|*-version) exec '{ffmpeg_program()}' "$@";; esac
cat > /dev/null
echo '[out#0/gif @ 0x5] Error muxing a packet' >&2
echo '[out#0/gif @ 0x5] Error writing trailer: No space left on device' >&2
echo '[out#0/gif @ 0x5] Task finished' >&2
exit 1
"""
    )
    program.chmod(0o700)
    monkeypatch.setenv("REINTERPRET_FFMPEG", str(program))
    ffmpeg_program.cache_clear()
    yield
    ffmpeg_program.cache_clear()


@pytest.fixture(autouse=True)
def no_error_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A test that makes the library log an error has found one."""
    yield
    errors = [record.getMessage() for record in caplog.get_records("call") if record.levelno >= logging.ERROR]
    assert not errors


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What tests have logged can be told by one process to another, whatever the names of files in it."""
    report = yield
    report.sections = [(name, text.encode("utf-8", "backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for generated films that several tests share."""
    return tmp_path_factory.mktemp("clips")


@pytest.fixture(scope="session")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of three films with eight shots: each scene once, 2 seconds and more."""
    folder = tmp_path_factory.mktemp("archive")
    make_video(folder / "one.mp4", ("tilted", 2), ("fractal", 3), ("life", 2))
    make_video(folder / "two.mp4", ("test", 2), ("plate", 2), ("colours", 3), sound=True)
    make_video(folder / "three.mp4", ("cells", 2), ("green", 2))
    return folder


@pytest.fixture(scope="session")
def library(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Library:
    """The archive, indexed with the weight-free encoder. Tests that change a library make their own."""
    folder = tmp_path_factory.mktemp("library") / "lib"
    index([archive], folder, encoder="pixels")
    return Library.open(folder)


@pytest.fixture(scope="session")
def trailer(clips: Path) -> Path:
    """Five scenes of the archive in another order, with sound: 25 + 20 + 30 + 15 + 35 = 125 frames at 25 a second."""
    scenes = (("colours", 1.0), ("tilted", 0.8), ("plate", 1.2), ("green", 0.6), ("fractal", 1.4))
    return make_video(clips / "trailer.mp4", *scenes, sound=True)


@pytest.fixture(scope="session")
def media() -> Path:
    """Real footage beside the project; tests that use it are skipped where it is missing."""
    if not MEDIA.is_dir():
        pytest.skip("the real footage (shared/media beside the project) is not here")
    return MEDIA
