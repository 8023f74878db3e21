"""The command line: parse, call one library function, print."""

from __future__ import annotations

import io
import logging
import os
import signal
import sys
from types import FrameType

# 128 + SIGINT, as shells have it.
_INTERRUPTED = 130


def main() -> None:
    """The entry point: exit status 0, 1 (an error, in one sentence), 2 (wrong usage) or 130 (interrupted)."""
    signal.signal(signal.SIGTERM, _interrupt)
    _print_log()
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names of files may hold what the terminal cannot show.
        sys.stdout.reconfigure(errors="backslashreplace")
    from reinterpret.cli.commands import app
    from reinterpret.errors import ReinterpretError, UsageError
    from reinterpret.privacy import keep_private

    keep_private()

    try:
        app(standalone_mode=True)
    except SystemExit as leaving:
        # Typer has turned the interruption into a silent exit.
        if leaving.code == _INTERRUPTED:
            _fail("interrupted; what was finished is kept, run the same command to go on", _INTERRUPTED)
        _flush()
        raise
    except KeyboardInterrupt:
        _fail("interrupted; what was finished is kept, run the same command to go on", _INTERRUPTED)
    except UsageError as error:
        _fail(f"error: {error}", 2)
    except ReinterpretError as error:
        _fail(f"error: {error}", 1)
    except BrokenPipeError:
        _flush()
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"error: {where}{error.strerror or error}", 1)
    except MemoryError:
        _fail("error: there is not enough memory for this", 1)


def _flush() -> None:
    """Write out what is left; where the reader has gone (`| head`) there is nobody to tell."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        # Or Python tries once more when it ends, and complains.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


class _Sentence(logging.Formatter):
    """Log records as the rest of the program speaks: `warning: ...`, and news as it is."""

    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage()
        return said if record.levelno <= logging.INFO else f"{record.levelname.lower()}: {said}"


def _print_log() -> None:
    """Warnings of the library go to standard error, and the news that an encoder is being prepared: it takes long."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Sentence())
    logging.getLogger("reinterpret").addHandler(handler)
    logging.getLogger("reinterpret.encoders").setLevel(logging.INFO)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(sentence: str, status: int) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(status)
