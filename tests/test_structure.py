"""The shape of the code: imports point one way, heavy libraries stay in their place, nothing grows too long."""

from __future__ import annotations

import ast
import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import reinterpret
from tests.judging import ROOT

PACKAGE = ROOT / "reinterpret"
FILES = sorted(PACKAGE.rglob("*.py"))

# The way of the data: a module imports only those before it. The parts of a package may import each other.
ORDER = [
    "errors",
    "timebase",
    "fields",
    "timecode",
    "files",
    "privacy",
    "own_python",
    "webpage",
    "ffmpeg",
    "video",
    "frames",
    "sound",
    "shots",
    "encoders",
    "cues",
    "light",
    "embeddings",
    "film_table",
    "library",
    "neighbours",
    "face_preference",
    "ingest",
    "worker",
    "queries",
    "sentences",
    "words",
    "written",
    "groups",
    "raster",
    "clip_transitions",
    "places",
    "edits",
    "placed_transitions",
    "relinking",
    "echoes",
    "alignment",
    "duplicates",
    "moments",
    "costs",
    "assignment_task",
    "assignment_search",
    "assignment",
    "stretches",
    "in_points",
    "pace",
    "passed_over",
    "second_shots",
    "match_settings",
    "matching",
    "choosing",
    "beats",
    "compilation",
    "interchange",
    "rendering",
    "live",
    "studio",
    "cli",
    "__main__",
]

# Where a library may be imported, if not everywhere.
HOMES = {
    "torch": {"encoders", "shots"},
    "torchvision": {"encoders"},
    "timm": {"encoders"},
    "onnxruntime": {"encoders", "shots"},
    "faiss": {"neighbours"},
    "scenedetect": {"shots"},
    "ffmpeg": {"ffmpeg", "rendering"},
    "imageio_ffmpeg": {"ffmpeg"},
    "pyarrow": {"film_table"},
    "scipy": {"assignment", "groups", "raster", "sentences"},
    "open_clip": {"encoders"},
    "tokenizers": {"sentences"},
    "typer": {"cli"},
    "rich": {"cli"},
    "fastapi": {"studio", "cli"},
    "jinja2": {"studio", "cli"},
    "starlette": {"studio"},
    "uvicorn": {"studio", "cli"},
    "av": {"video", "frames", "sound", "rendering", "live", "interchange"},
    "opentimelineio": {"interchange"},
}

# They report to somebody, or import what does, unless they are told not to first: `privacy` is their only door.
REPORTING = {"huggingface_hub", "onnxruntime", "open_clip", "timm", "torchvision", "transformers"}

LONGEST_FUNCTION = 60
LONG_FUNCTIONS: dict[str, str] = {}
"""FILE:FUNCTION and the reason."""
LONGEST_FILE = 650


def module_of(file: Path) -> str:
    """Its place in the order: the name of the module, or of the package it is in."""
    return file.relative_to(PACKAGE).parts[0].removesuffix(".py")


@cache
def parsed(file: Path) -> ast.Module:
    """Parsed once for all tests."""
    return ast.parse(file.read_text(encoding="utf-8"))


@cache
def imported(file: Path) -> tuple[tuple[int, str], ...]:
    """Every module that a file imports, wherever it does: the line and the dotted name."""
    return tuple(_imported(file))


def _imported(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(parsed(file)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}:{node.lineno}: imports are written in full"
            yield node.lineno, str(node.module)
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "private_import")):
            name = node.args[0]
            if isinstance(name, ast.Constant):
                yield node.lineno, str(name.value)


@pytest.mark.parametrize("file", FILES, ids=[str(file.relative_to(PACKAGE)) for file in FILES])
def test_imports_point_one_way(file: Path) -> None:
    module = module_of(file)
    if module == "__init__":
        return
    before = {*ORDER[: ORDER.index(module)], module}
    for line, name in imported(file):
        parts = name.split(".")
        if parts[0] == "reinterpret" and len(parts) > 1 and parts[1] in ORDER:
            assert parts[1] in before, f"{file}:{line} imports {name}, which comes later"


def test_the_order_names_every_module() -> None:
    assert {module_of(file) for file in FILES} - {"__init__"} == set(ORDER)


@pytest.mark.parametrize("library", HOMES)
def test_heavy_libraries_stay_in_their_place(library: str) -> None:
    users = {module_of(file) for file in FILES for _, name in imported(file) if name.split(".")[0] == library}
    assert users <= HOMES[library]
    assert users, f"{library} is not used any more; take it out of this list"


def test_libraries_that_report_come_in_by_one_door() -> None:
    """Outside the package as well: whoever imports them first decides. The tests' own door is in conftest.py."""
    scripts = [file for folder in ("benchmarks", "sample_media", "training") for file in (ROOT / folder).rglob("*.py")]
    for file in [*FILES, *scripts]:
        for_types = {
            id(node)
            for guarded in ast.walk(parsed(file))
            if isinstance(guarded, ast.If) and ast.unparse(guarded.test) == "TYPE_CHECKING"
            for node in ast.walk(guarded)
        }
        for node in ast.walk(parsed(file)):
            names: list[str] = []
            if isinstance(node, ast.Import) and id(node) not in for_types:
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and id(node) not in for_types:
                names = [str(node.module)]
            elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("import_module", "__import__")):
                names = [str(node.args[0].value)] if isinstance(node.args[0], ast.Constant) else []
            found = REPORTING & {name.split(".")[0] for name in names}
            assert not found, f"{file}:{node.lineno}: import {found} by reinterpret.privacy.private_import"


def test_only_the_command_line_prints_or_leaves() -> None:
    for file in FILES:
        if module_of(file) in ("cli", "worker"):
            continue
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.Call):
                assert ast.unparse(node.func) not in ("print", "sys.exit", "exit"), f"{file}:{node.lineno}"


def test_the_public_names_are_sorted_complete_and_there() -> None:
    # Constants, classes, functions.
    assert reinterpret.__all__ == sorted(reinterpret._HOMES, key=lambda name: (not name.isupper(), name))
    assert list(reinterpret._HOMES) == sorted(reinterpret._HOMES)
    for name in reinterpret.__all__:
        value = getattr(reinterpret, name)
        if not name.isupper():
            assert value.__module__.startswith("reinterpret."), name
            assert value.__doc__, name
        assert name in dir(reinterpret)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = reinterpret.nothing


def test_the_names_for_type_checkers_are_the_public_ones() -> None:
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    guarded = next(node for node in tree.body if isinstance(node, ast.If))
    found = {
        alias.name: str(node.module)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert found == {name: f"reinterpret.{home}" for name, home in reinterpret._HOMES.items()}


def test_every_error_is_public_and_of_one_tree() -> None:
    errors = importlib.import_module("reinterpret.errors")
    for name, value in vars(errors).items():
        if isinstance(value, type):
            assert issubclass(value, errors.ReinterpretError)
            assert name in reinterpret.__all__


@pytest.mark.parametrize("module", [f for f in ORDER if f not in ("worker", "__main__")])
def test_nothing_happens_at_import(module: str) -> None:
    """No network, no weights, no heavy library that is not the module's own, no thread and no process."""
    program = (
        "import sys, threading, subprocess\n"
        "subprocess.Popen = None\n"
        f"import reinterpret.{module}\n"
        "assert threading.active_count() == 1\n"
        "print(*sorted(sys.modules.keys() & {'torch', 'faiss', 'onnxruntime', 'scenedetect', 'timm', 'cv2', 'scipy'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert (done.stdout, done.stderr) == ("\n", "")


def test_importing_the_package_loads_nothing_but_itself() -> None:
    program = (
        "import sys; before = set(sys.modules); import reinterpret\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout == "reinterpret\n"


def test_functions_and_files_are_short_enough() -> None:
    long = set()
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        assert text.count("\n") <= LONGEST_FILE, f"{file} has {text.count(chr(10))} lines"
        for node in ast.walk(parsed(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                if node.end_lineno - node.lineno + 1 > LONGEST_FUNCTION:
                    long.add(f"{file.relative_to(PACKAGE)}:{node.name}")
    assert long == set(LONG_FUNCTIONS), "give the reason, or take those out that have become short"


def test_every_module_says_what_it_is() -> None:
    for file in FILES:
        assert ast.get_docstring(parsed(file)), f"{file} has no docstring"


def test_there_are_no_drawers_for_odds_and_ends() -> None:
    assert not [file for file in FILES if file.stem in ("utils", "util", "helpers", "common", "misc")]
