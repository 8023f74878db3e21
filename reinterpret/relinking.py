"""Relinking: an edit some of whose films have moved goes in, the edit with the films where they lie now comes out."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from reinterpret.edits import EditList
from reinterpret.errors import LibraryError, VideoError
from reinterpret.library import Library
from reinterpret.video import Video, known_fingerprint

logger = logging.getLogger(__name__)


def is_there(video: Video) -> bool:
    """Whether a film lies where the edit says, and is still the same. The first time it reads 4 MiB of it."""
    try:
        return video.path.is_file() and known_fingerprint(video.path) == video.fingerprint
    except (OSError, VideoError):
        return False


def has_file(video: Video) -> bool:
    """Whether there is any file where the edit says: for those who ask again and again."""
    return video.path.exists()


def relinked(edit: EditList, library: Library | None, *, there: Callable[[Video], bool] = is_there) -> EditList:
    """The edit with the films that have moved where the library knows them; those not found stay as they are.

    The same edit if nothing has moved.
    """

    def found(video: Video) -> Video:
        if library is None or there(video) or video.fingerprint not in library:
            return video
        try:
            elsewhere = replace(video, path=library.video(video.fingerprint).path)
        except LibraryError as error:
            logger.warning("%s", error)
            return video
        return elsewhere if there(elsewhere) else video

    trailer = None if edit.trailer is None else found(edit.trailer)
    films = tuple(found(film) for film in edit.films)
    return edit if (trailer, films) == (edit.trailer, edit.films) else replace(edit, trailer=trailer, films=films)
