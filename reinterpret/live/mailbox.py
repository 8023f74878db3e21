"""A mailbox with room for one: whoever comes for it gets the newest, and what was there before is dropped."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class Mailbox(Generic[T]):
    """From one thread to another, without ever making the first one wait."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._item: T | None = None
        self._closed = False

    def put(self, item: T) -> None:
        """Leave something; what nobody has come for is dropped."""
        with self._changed:
            self._item = item
            self._changed.notify_all()

    def take(self, timeout: float | None = None) -> T | None:
        """What is there, or comes within so many seconds (None: any number); None if nothing does.

        What was left before `close` can still be taken.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._item is not None or self._closed, timeout)
            item, self._item = self._item, None
            return item

    def close(self) -> None:
        """Nothing more will come: nobody waits any longer."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @property
    def over(self) -> bool:
        """Whether it is closed and empty."""
        with self._changed:
            return self._closed and self._item is None
