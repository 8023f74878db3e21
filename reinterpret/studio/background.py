"""Background: work that nobody waits for yet makes way for what the person looks at."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

# Of what there is to compute a thread then gets a third, or a ninth, as much as one that answers the page and as the
# browser itself; and all if they are idle.
LOOKED_AT, UNSEEN = 5, 10


class Foreground:
    """Counts what the person waits for at the moment. A context manager, for any number of threads at once."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._lock, self._count = threading.Lock(), 0

    @property
    def busy(self) -> bool:
        """Whether there is anything."""
        return self._count > 0

    def __enter__(self) -> None:
        with self._lock:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._count -= 1


# Work makes way for what is looked at, but comes on all the same.
_STEP_SECONDS = 0.02


def make_way(busy: Callable[[], bool], *, steps: int) -> None:
    """Wait while something is being made that the person waits for, at most so many steps of 20 ms."""
    while steps and busy():
        time.sleep(_STEP_SECONDS)
        steps -= 1


def step_back(niceness: int) -> None:
    """Lower the priority of this thread, and of the threads and processes that it will start.

    niceness: LOOKED_AT for what comes to the screen, UNSEEN for what does not yet. On Linux alone: elsewhere only whole
    processes have one.
    """
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)
