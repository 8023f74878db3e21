"""What libraries would report or leave about is off, whatever the environment says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.judging import ROOT

FAST = ROOT / "reinterpret" / "shots" / "fast.onnx"

RunPython = Callable[..., str]


@pytest.fixture
def run_python(tmp_path: Path) -> RunPython:
    """Runs code in a process of its own whose home, caches and temporary files lie below tmp_path; its output."""

    def run(code: str, **environment: str) -> str:
        folders = {name: str(tmp_path / name.lower()) for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR")}
        for folder in folders.values():
            Path(folder).mkdir(exist_ok=True)
        kept = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            env={**kept, **folders, **environment},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    return run


@pytest.mark.parametrize("asked", [{}, {"ORT_DISABLE_TELEMETRY": "0"}])
def test_onnxruntime_leaves_no_device_id(run_python: RunPython, tmp_path: Path, asked: dict[str, str]) -> None:
    code = f"from pathlib import Path; from reinterpret.shots.weights import session; session(Path({str(FAST)!r}))"
    run_python(code, **asked)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == []


def test_reports_are_off_in_the_processes_that_follow(run_python: RunPython) -> None:
    code = """
import os, subprocess, sys
from reinterpret.privacy import private_import
private_import("json")
print(subprocess.check_output([sys.executable, "-c", "import os; print(os.environ.get('ORT_DISABLE_TELEMETRY'), "
    "os.environ.get('HF_HUB_DISABLE_TELEMETRY'))"], text=True))
"""
    assert run_python(code, HF_HUB_DISABLE_TELEMETRY="0") == "1 1"


def test_what_every_package_does_on_its_own_is_told() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    names = {re.match(r"[\w-]+", one)[0].replace("_", "-").lower() for one in asked}  # type: ignore[index]
    table = re.findall(r"^\| ([^|]+) \|", (ROOT / "docs" / "security.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = {word.replace("_", "-") for row in table for word in re.findall(r"[\w-]+", row)}
    assert names - told == set()


@pytest.mark.slow
def test_the_hub_is_told_neither_versions_nor_who_runs_this(run_python: RunPython) -> None:
    code = """
from reinterpret.privacy import private_import
private_import("timm")
from huggingface_hub import constants
from huggingface_hub.utils import build_hf_headers
print(constants.HF_HUB_DISABLE_TELEMETRY, "torch" in build_hf_headers(token=False)["user-agent"])
"""
    assert run_python(code) == "True False"


@pytest.mark.slow
def test_torchs_folder_for_compiled_code_is_in_our_cache(run_python: RunPython, tmp_path: Path) -> None:
    code = "from reinterpret.privacy import private_import; private_import('torchvision')"
    run_python(code)
    assert (tmp_path / "xdg_cache_home" / "reinterpret" / "torch").is_dir()
    assert list((tmp_path / "tmpdir").iterdir()) == list((tmp_path / "home").iterdir()) == []
    named = tmp_path / "named"
    run_python(code, TORCHINDUCTOR_CACHE_DIR=str(named))
    assert named.is_dir()
    # Without a cache of ours it is where torch puts it, and all goes on.
    (tmp_path / "file").touch()
    run_python(code, REINTERPRET_CACHE=str(tmp_path / "file"))
