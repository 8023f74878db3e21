"""The job: rendering the film in the background, with progress, until it is done or called off."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from reinterpret.edits import Clip, EditList
from reinterpret.errors import OutputError, ReinterpretError
from reinterpret.rendering.film import render
from reinterpret.rendering.segments import Stopped
from reinterpret.studio.background import LOOKED_AT, step_back

logger = logging.getLogger(__name__)

JobStage = Literal["idle", "running", "stopping", "done", "stopped", "failed"]


@dataclass(frozen=True, slots=True)
class JobState:
    """How far it is."""

    stage: JobStage
    done: int
    total: int
    """Frames."""
    message: str


class RenderJob:
    """Renders to a path that the person named when the session began; one film at a time."""

    def __init__(self, output: Path, **options: Any) -> None:
        """options: see `render`."""
        self.output = output
        self._options = options
        self._lock = threading.Lock()
        self._state = JobState("idle", 0, 0, "")
        self._thread: threading.Thread | None = None

    @property
    def state(self) -> JobState:
        """As it is now."""
        return self._state

    def start(self, edit: EditList) -> None:
        """Begin. Raises OutputError while it runs already."""
        with self._lock:
            if self._state.stage in ("running", "stopping"):
                raise OutputError(f"{self.output} is being rendered already; wait for it, or stop it first")
            self._state = JobState("running", 0, edit.grid.frame_count, "")
            # Its end must not be waited for by the process: `close` does.
            self._thread = threading.Thread(target=self._work, args=(edit,), name="render", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Call it off; what was encoded is kept, the film that was there before stays."""
        with self._lock:
            if self._state.stage == "running":
                self._state = replace(self._state, stage="stopping")

    def close(self) -> None:
        """Call it off and wait until it has ended."""
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def _work(self, edit: EditList) -> None:
        # One goes on choosing meanwhile.
        step_back(LOOKED_AT)
        try:
            render(edit, self.output, **self._options, on_frames=self._on_frames, given_up=self._given_up)
        except Stopped:
            self._end("stopped", "The rendering was stopped; what was finished need not be made again.")
        except (ReinterpretError, OSError) as error:
            self._end("failed", str(error))
        except BaseException as error:
            logger.exception("rendering failed")
            self._end("failed", f"{type(error).__name__}: {error}")
            raise
        else:
            self._end("done", str(self.output))

    def _on_frames(self, done: int, total: int) -> None:
        with self._lock:
            self._state = replace(self._state, done=done, total=total)

    def _given_up(self, _: Clip) -> bool:
        return self._state.stage == "stopping"

    def _end(self, stage: JobStage, message: str) -> None:
        with self._lock:
            self._state = replace(self._state, stage=stage, message=message)
