"""Python processes of our own, which run no code from the folder in which the user happens to stand.

`python -m` and `python -c` look there first: a file av.py among somebody's footage would be run in place of PyAV.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

# Where this package lies. If that is the folder one stands in, as when it is developed, it has to be found there.
_HOME = Path(__file__).resolve().parents[1]


def python_command(*arguments: str) -> list[str]:
    """The command of a Python like this one, which puts neither the working folder nor a script's before all others."""
    return [sys.executable, "-P", *arguments]


def python_environment() -> dict[str, str]:
    """The environment in which it finds what this process finds, this package among it."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(trusted_path())}


def trusted_path() -> list[str]:
    """Where this process looks for modules, without the working folder, unless PYTHONPATH names that."""
    kept = {_real(entry) for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry} | {str(_HOME)}
    here = _real("")
    # An empty entry stands for the working folder, which may change.
    folders = [entry or here for entry in sys.path]
    return [folder for folder in folders if folder and (_real(folder) != here or here in kept)]


def _real(entry: str) -> str:
    """The folder without links; as it is where that cannot be told, as when the working folder has been deleted."""
    try:
        return os.path.realpath(entry)
    except OSError:
        return entry
