"""Rights: a film goes in, what somebody has written about them in a file beside it comes out."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What is said of rights fits into this; a longer file is cut there, and says so.
_MOST_BYTES = 8 * 1024
_CUT_OFF = "[...]"
# Of one film: beside FILM.mp4 these, in this order. `.license` is what the REUSE specification (3.3) asks for.
_OF_FILM = ("{name}.rights.txt", "{stem}.rights.txt", "{name}.license", "{stem}.license.txt")
# Of all films of a folder.
_OF_FOLDER = ("RIGHTS.txt", "rights.txt", "LICENSE.txt", "LICENSE")


@dataclass(frozen=True, slots=True)
class Rights:
    """What is said about the rights in a film, and where."""

    text: str
    """As it was written, without what cannot be printed; lines end with a line feed."""
    source: str
    """The name of the file, which lies in the film's folder."""


def read_rights(film: Path) -> Rights | None:
    """What a side-car file says about the rights in a film, or None where there is none, or nothing in it.

    The first that there is of FILM.EXT.rights.txt, FILM.rights.txt, FILM.EXT.license and FILM.license.txt, then of
    RIGHTS.txt, rights.txt, LICENSE.txt and LICENSE, which speak for the whole folder. Read as UTF-8, at most 8 KiB. A
    link that leads out of the film's folder is not followed, and what is no regular file is not opened.
    """
    for file in _candidates(film):
        data = _read(file)
        if data is not None:
            text = _printable(data)
            if text:
                return Rights(text, file.name)
    return None


def _candidates(film: Path) -> Iterator[Path]:
    for pattern in _OF_FILM:
        # The name is put in, never read as a pattern of its own.
        yield film.parent / pattern.replace("{name}", film.name).replace("{stem}", film.stem)
    for name in _OF_FOLDER:
        yield film.parent / name


def _read(file: Path) -> bytes | None:
    """The first bytes of a regular file of that very folder; None for everything else."""
    try:
        folder = file.parent.resolve(strict=True)
        target = file.resolve(strict=True)
        if not target.is_relative_to(folder) or not stat.S_ISREG(target.lstat().st_mode):
            return None
        # It may have become a pipe or a link since; neither may make the program wait, or read elsewhere.
        handle = os.open(target, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as opened:
            return opened.read(_MOST_BYTES + 1) if stat.S_ISREG(os.fstat(handle).st_mode) else None
    except (OSError, ValueError, RuntimeError):
        # Not there, not to be read, a ring of links, or a name no file can have: nobody has said anything.
        return None


def _printable(data: bytes) -> str:
    text = data[:_MOST_BYTES].decode("utf-8-sig", errors="replace")
    if len(data) > _MOST_BYTES:
        # A character that the cut has split is not a damaged one.
        text = f"{text.rstrip(chr(0xFFFD))} {_CUT_OFF}"
    lines = ("".join(letter if letter.isprintable() else " " for letter in line) for line in text.splitlines())
    return "\n".join(line.rstrip() for line in lines).strip()
