"""One process that indexes the films it is told on standard input, one JSON object a line.

A process of its own, because a damaged file can abort the process that decodes it. In:
`{"path": ..., "threads": 1, "detection": {...}}`. Out:
`{"event": "progress" | "warning" | "done" | "failed" | "fatal", ...}`.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, TextIO

from reinterpret.embeddings import embed_video
from reinterpret.encoders import Encoder, load_encoder
from reinterpret.errors import LibraryError, OutputError, ReinterpretError
from reinterpret.library import Library, Location
from reinterpret.shots import Detection
from reinterpret.video import Video, probe

_PROGRESS_EVERY_SECONDS = 0.25


def main() -> None:
    """Arguments: the library, the device, the number of threads of the encoder."""
    # The parent is told of Ctrl-C too, and ends this process in an orderly way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = _only_for_answers()
    logging.getLogger("reinterpret").addHandler(_Forward(answers))
    library = Library.open(sys.argv[1])
    encoder = load_encoder(library.encoder, device=sys.argv[2], threads=int(sys.argv[3]))  # type: ignore[arg-type]
    for line in sys.stdin:
        task = json.loads(line)
        detection = Detection.from_json(task["detection"])
        _answer(answers, _index_one(Path(task["path"]), int(task["threads"]), detection, library, encoder, answers))


class _Forward(logging.Handler):
    """Hands the library's warnings to the parent."""

    def __init__(self, answers: TextIO) -> None:
        super().__init__(logging.WARNING)
        self._answers = answers

    def emit(self, record: logging.LogRecord) -> None:
        _answer(self._answers, {"event": "warning", "said": record.getMessage()})


def _only_for_answers() -> TextIO:
    """Standard output for our own lines; whatever a C library prints goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def _answer(answers: TextIO, values: dict[str, Any]) -> None:
    try:
        answers.write(json.dumps(values) + "\n")
        answers.flush()
    except BrokenPipeError:
        # Nobody listens any more: the parent is gone.
        os._exit(1)


def _index_one(
    path: Path, threads: int, detection: Detection, library: Library, encoder: Encoder, answers: TextIO
) -> dict[str, Any]:
    try:
        # Taken first: a file that is still being written will then not pass for unchanged the next time.
        location = Location.of(path)
        video = probe(path)
        report = _Reporter(video, answers)
        film = embed_video(video, encoder, detection=detection, threads=threads, on_seconds=report)
        library.add(film, location=location)
    except (OutputError, LibraryError) as error:
        # It will be the same for every film that follows.
        return {"event": "fatal", "reason": str(error)}
    except ReinterpretError as error:
        return {"event": "failed", "reason": str(error)}
    except MemoryError:
        return {"event": "failed", "reason": f"{path}: there is not enough memory to decode it"}
    return {
        "event": "done",
        "fingerprint": film.video.fingerprint,
        "shots": len(film.shots),
        "seconds": float(film.video.duration),
    }


class _Reporter:
    """Tells the parent how far a film is, a few times a second."""

    def __init__(self, video: Video, answers: TextIO) -> None:
        self._video, self._answers, self._last = video, answers, 0.0

    def __call__(self, seconds: Fraction) -> None:
        now = time.monotonic()
        if now - self._last >= _PROGRESS_EVERY_SECONDS:
            self._last = now
            duration = float(self._video.duration)
            share = min(1.0, float(seconds) / duration) if duration else 0.0
            _answer(self._answers, {"event": "progress", "seconds": float(seconds), "share": share})


if __name__ == "__main__":
    main()
