"""The command line: parse, call one library function, print."""

from __future__ import annotations

import signal
import sys
from types import FrameType


def main() -> None:
    """The entry point: exit status 0, 1 (an error, in one sentence), 2 (wrong usage) or 130 (interrupted)."""
    signal.signal(signal.SIGTERM, _interrupt)
    from reinterpret.cli.commands import app
    from reinterpret.errors import ReinterpretError, UsageError

    try:
        app(standalone_mode=True)
    except KeyboardInterrupt:
        _fail("interrupted; what was finished is kept, run the same command to go on", 130)
    except UsageError as error:
        _fail(f"error: {error}", 2)
    except ReinterpretError as error:
        _fail(f"error: {error}", 1)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`); there is nobody to tell.
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _fail(f"error: {where}{error.strerror or error}", 1)
    except MemoryError:
        _fail("error: there is not enough memory for this", 1)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _fail(sentence: str, status: int) -> None:
    print(sentence, file=sys.stderr)
    sys.exit(status)
