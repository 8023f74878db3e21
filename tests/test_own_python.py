"""Nothing in the folder one stands in is run, whatever it is called."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reinterpret.own_python import python_command, python_environment, trusted_path
from tests.judging import ROOT

# What a worker, a command or the trial of a window imports.
NAMES = ("av", "cv2", "json", "numpy", "onnxruntime", "platformdirs", "pyarrow")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder: in it lie files named like libraries, each of which leaves a mark when it is run."""
    folder = tmp_path / "here"
    folder.mkdir()
    mark = tmp_path / "run.txt"
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open({str(mark)!r}, 'a').write({name!r} + ' ')\n")
    monkeypatch.chdir(folder)
    return folder


def marks(here: Path) -> str:
    mark = here.parent / "run.txt"
    return mark.read_text() if mark.exists() else ""


@pytest.mark.parametrize(
    "command",
    [
        ("-P", "-c", "from reinterpret.cli import main; main()"),
        # As a person may type it. What Python itself imports before is beyond us: json is none of it.
        ("-m", "reinterpret"),
    ],
)
def test_index_runs_none_of_it(here: Path, archive: Path, command: tuple[str, ...]) -> None:
    shutil.copy(archive / "three.mp4", here / "film.mp4")
    words = ("index", "film.mp4", "-L", "lib", "--encoder", "pixels", "--json")
    done = subprocess.run(
        [sys.executable, *command, *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert (done.returncode, done.stderr, marks(here)) == (0, "", "")
    assert '"indexed": 1' in done.stdout


def test_nor_does_index_called_in_a_program(here: Path, archive: Path) -> None:
    """There the working folder is first as well, as an empty entry."""
    shutil.copy(archive / "three.mp4", here / "film.mp4")
    # The program itself has what it needs before the folder is in its way.
    code = "import sys; here = sys.path.pop(0); import reinterpret.ingest, av, cv2, onnxruntime, pyarrow\n"
    code += "sys.path.insert(0, here); print(reinterpret.index(['film.mp4'], 'lib', encoder='pixels').indexed)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=environment)
    assert (done.stdout, done.stderr, marks(here)) == ("1\n", "", "")


def test_a_process_of_ours_finds_libraries_and_this_package(here: Path) -> None:
    code = "import cv2, reinterpret; print(reinterpret.__file__)"
    done = subprocess.run(
        python_command("-c", code), capture_output=True, text=True, check=False, env=python_environment()
    )
    assert (done.stdout.strip(), done.stderr, marks(here)) == (str(ROOT / "reinterpret" / "__init__.py"), "", "")


def test_the_working_folder_is_left_out_of_the_path(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = tmp_path / "link"
    link.symlink_to(here, target_is_directory=True)
    monkeypatch.setattr(sys, "path", ["", str(here), str(link), "/elsewhere", str(ROOT)])
    monkeypatch.delenv("PYTHONPATH", raising=False)
    assert trusted_path() == ["/elsewhere", str(ROOT)]
    # Whoever names it means it.
    monkeypatch.setenv("PYTHONPATH", f"/elsewhere{os.pathsep}{here}")
    assert str(here) in trusted_path()
    # Where this package lies in it, as when it is developed, there is no other.
    monkeypatch.delenv("PYTHONPATH")
    monkeypatch.chdir(ROOT)
    assert trusted_path() == [str(ROOT), str(here), str(link), "/elsewhere", str(ROOT)]


def test_a_working_folder_that_is_gone_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    monkeypatch.setattr(sys, "path", ["", str(ROOT)])
    try:
        assert trusted_path() == [str(ROOT)]
    finally:
        os.chdir(tmp_path)
