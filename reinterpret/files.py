"""Files that are whole or not there: written to a temporary name beside the target, then renamed."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import platformdirs

from reinterpret.errors import OutputError


@contextmanager
def renamed_into(target: Path) -> Iterator[Path]:
    """A temporary file beside `target`, with its suffix, which becomes it if all goes well, and goes if not."""
    temporary = target.with_name(f".{target.stem[:100]}.{os.getpid()}.{secrets.token_hex(4)}.tmp{target.suffix}")
    try:
        yield temporary
        with temporary.open("rb") as file:
            # Without this a power cut after the rename can leave an empty file under the final name.
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def cache_folder(name: str) -> Path:
    """Where things are kept that can be made again: below REINTERPRET_CACHE, or in the user's cache folder."""
    root = os.environ.get("REINTERPRET_CACHE")
    # absolute, so that it stays the same whatever the working folder becomes
    return (Path(root) if root else platformdirs.user_cache_path("reinterpret")).absolute() / name


def prune(folder: Path, *, most_bytes: int, keep: Iterable[Path] = ()) -> None:
    """Delete the files of a cache that were used longest ago until it is below its limit; never those in `keep`."""
    kept = set(keep)
    files = []
    for file in folder.iterdir():
        # Hidden ones are being written.
        if not file.name.startswith("."):
            with suppress(OSError):
                status = file.stat()
                files.append((status.st_mtime, status.st_size, file))
    total = sum(size for _, size, _ in files)
    for _, size, file in sorted(files):
        if total <= most_bytes:
            return
        if file not in kept:
            with suppress(OSError):
                file.unlink()
                total -= size


def json_text(values: Any, *, indent: int | None = None) -> str:
    """Values as JSON that UTF-8 can carry, also where a file's name is not UTF-8 itself."""
    text = json.dumps(values, indent=indent, ensure_ascii=False)
    # Python keeps such bytes as lone surrogates; escaped, they come back from JSON as they were.
    return re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", text)


def one_line(text: str) -> str:
    """The same on one line, without what is no letter: names of files may hold anything.

    >>> one_line("a\\n b\\u202e\\x1b.mp4")
    'a  b  .mp4'
    """
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def plain_text(text: str) -> str:
    """The same without what XML and most other formats cannot carry: control characters and bytes that are no UTF-8.

    >>> plain_text("film\\udcff\\x01.mp4")
    'film\ufffd\ufffd.mp4'
    """
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


def remove_temporaries(folder: Path, process: int) -> None:
    """Delete what a process that was killed left in `folder`."""
    for file in folder.glob(f".*.{process}.*.tmp*"):
        file.unlink(missing_ok=True)


def not_written(path: Path, error: OSError, *, instead: str = "choose another") -> OutputError:
    """What to raise where `path` could not be written. instead: what helps, beside room, where the disk is full."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return OutputError(f"{path}: cannot be written, the disk is full; make room on it, or {instead}")
    return OutputError(f"{path}: cannot be written ({error.strerror or error})")


def check_output(path: Path, *, inputs: Iterable[Path] = (), suffixes: tuple[str, ...] = ()) -> None:
    """Say before the work begins that it could not be written. Raises OutputError.

    inputs: files that must not be overwritten. suffixes: those that are possible, with the dot.
    """
    if suffixes and path.suffix.lower() not in suffixes:
        raise OutputError(f"{path}: expected a name that ends in {' or '.join(suffixes)}")
    if path.is_dir():
        raise OutputError(f"{path}: is a folder, a file name was expected")
    folder = path.absolute().parent
    if not folder.is_dir():
        raise OutputError(f"{path}: the folder {folder} does not exist; make it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path}: the folder {folder} cannot be written to (permission denied)")
    for source in inputs:
        if path.exists() and source.exists() and path.samefile(source):
            raise OutputError(f"{path}: is one of the inputs and would be overwritten; choose another name")
