"""Proxies on demand: what the page asks to see goes in, files come out, each made once, the newest wish first."""

from __future__ import annotations

import logging
import os
import threading
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Protocol

from reinterpret.errors import ReinterpretError
from reinterpret.files import cache_folder, prune
from reinterpret.studio.background import LOOKED_AT, step_back

logger = logging.getLogger(__name__)

# The proxies of the last few edits; beyond that the oldest go.
_MOST_BYTES = 1 << 30
# How many new ones it takes until it is worth looking whether they are too many.
_PRUNED_EVERY = 200


class Wanted(Protocol):
    """What a proxy is to show, see `rendering.proxies`."""

    suffix: str

    def key(self) -> str:
        """A name for all that decides how it looks."""
        ...

    def make(self, path: Path) -> None:
        """Write it."""
        ...


class _Job:
    """A proxy that is being made or waits to be, and how many wait for it."""

    def __init__(self, wanted: Wanted, path: Path) -> None:
        self.wanted, self.path = wanted, path
        self.made: Future[Path] = Future()
        self.waiting = 0


class Order:
    """One who waits for a proxy. A context manager: leaving it early gives up the wish."""

    def __init__(self, proxies: Proxies, job: _Job) -> None:
        self._proxies, self._job = proxies, job

    @property
    def made(self) -> Future[Path]:
        """The file, as soon as it is there."""
        return self._job.made

    def __enter__(self) -> Order:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._proxies._give_up(self._job)


class Proxies:
    """Makes proxies in a few threads and keeps them by content. What nobody waits for any more is not begun.

    The newest wish comes first: it is what the person looks at. `close` ends the threads after what they are at.
    """

    def __init__(self, folder: Path | None = None, *, workers: int | None = None) -> None:
        self.folder = folder or cache_folder("proxies")
        self._workers = workers or max(1, os.cpu_count() or 1)
        self._change = threading.Condition()
        self._jobs: dict[str, _Job] = {}
        self._stack: list[str] = []
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._made = 0

    def order(self, wanted: Wanted) -> Order:
        """Ask for one; asked again while it is made, it is not made twice."""
        key, path = wanted.key(), self.path_of(wanted)
        with self._change:
            job = self._jobs.get(key)
            if job is None:
                job = _Job(wanted, path)
                if path.exists():
                    with suppress(OSError):
                        os.utime(path)  # the cache keeps what was used last
                    job.made.set_result(path)
                elif self._closed:
                    job.made.cancel()
                else:
                    self._jobs[key] = job
                    self._stack.append(key)
                    self._start_thread()
                    self._change.notify()
            elif key in self._stack:
                self._stack.remove(key)
                self._stack.append(key)
            job.waiting += 1
        return Order(self, job)

    def path_of(self, wanted: Wanted) -> Path:
        """Where it is kept, made or not."""
        return self.folder / f"{wanted.key()}{wanted.suffix}"

    @property
    def busy(self) -> bool:
        """Whether somebody waits for one."""
        return bool(self._jobs)

    def path(self, wanted: Wanted) -> Path:
        """Ask for one and wait for it. Raises what making it raises."""
        with self.order(wanted) as order:
            return order.made.result()

    def close(self) -> None:
        """Make no more; whoever still waits gets CancelledError."""
        with self._change:
            self._closed = True
            waiting = [self._jobs.pop(key) for key in self._stack]
            self._stack.clear()
            self._change.notify_all()
        for job in waiting:
            job.made.cancel()
        for thread in self._threads:
            thread.join()

    def __enter__(self) -> Proxies:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start_thread(self) -> None:
        if len(self._threads) < self._workers:
            thread = threading.Thread(target=self._work, name="proxies", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _give_up(self, job: _Job) -> None:
        with self._change:
            job.waiting -= 1
            key = job.wanted.key()
            if job.waiting > 0 or self._jobs.get(key) is not job or key not in self._stack:
                return
            self._stack.remove(key)
            del self._jobs[key]
        job.made.cancel()

    def _work(self) -> None:
        # The page comes first, then its pictures.
        step_back(LOOKED_AT)
        while True:
            with self._change:
                while not self._stack and not self._closed:
                    self._change.wait()
                if self._closed:
                    return
                key = self._stack.pop()
                job = self._jobs[key]
            try:
                self.folder.mkdir(parents=True, exist_ok=True)
                job.wanted.make(job.path)
            except BaseException as error:  # noqa: BLE001 - handed to those who wait, who raise it
                self._done(key, job, error)
            else:
                self._done(key, job, None)

    def _done(self, key: str, job: _Job, error: BaseException | None) -> None:
        with self._change:
            del self._jobs[key]
            self._made += 1
            full = self._made % _PRUNED_EVERY == 0
        with suppress(CancelledError):
            if error is None:
                job.made.set_result(job.path)
            else:
                if not isinstance(error, ReinterpretError | OSError):
                    logger.warning("a proxy could not be made (%s: %s)", type(error).__name__, error)
                job.made.set_exception(error)
        if full:
            prune(self.folder, most_bytes=_MOST_BYTES)
