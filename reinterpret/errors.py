"""Every error that reinterpret raises on purpose.

    ReinterpretError
    ├── UsageError          an argument that cannot be meant (exit status 2 on the command line)
    ├── VideoError          a file that cannot be used as a video
    ├── EncoderError        an encoder that is unknown, or whose weights are missing or damaged
    ├── LibraryError        a library that is missing, damaged, newer, or made otherwise than asked
    ├── EditError           an edit that does not hold together, or that does not fit its films
    │   └── ConflictError   somebody else has changed the edit meanwhile
    ├── OutputError         a place that cannot be written to
    └── FfmpegError         the ffmpeg program is missing or has failed

Each message is one sentence that says what was expected, what came, and what to do.
"""

from __future__ import annotations


class ReinterpretError(Exception):
    """The root: catch this to catch all of them."""


class UsageError(ReinterpretError):
    """The arguments do not fit together, or name something that does not exist."""


class VideoError(ReinterpretError):
    """The file cannot be used as a video."""


class EncoderError(ReinterpretError):
    """The encoder is unknown, or its weights are missing or damaged."""


class LibraryError(ReinterpretError):
    """The library is missing, damaged, newer than this program, or made otherwise than asked."""


class EditError(ReinterpretError):
    """The edit does not hold together, or does not fit the films it names."""


class ConflictError(EditError):
    """Somebody else has changed the edit meanwhile: another window, or another program. Nothing was overwritten."""


class OutputError(ReinterpretError):
    """The output cannot be written where it was asked for."""


class FfmpegError(ReinterpretError):
    """The ffmpeg program is missing, or it has failed."""
