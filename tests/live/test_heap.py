"""Memory that was given back goes back to the system."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path

import pytest

from reinterpret.live import heap
from reinterpret.live.heap import release_unused

# Small enough that the C library takes them from a heap; larger ones it asks the system for, each by itself.
BLOCK_BYTES, BLOCKS = 100 * 1024, 600


def memory() -> int:
    """What this process holds that is in no file, in bytes."""
    found = re.search(r"RssAnon:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def test_what_a_thread_freed_between_what_it_kept_goes_back() -> None:
    if heap._malloc_trim() is None:
        pytest.skip("this C library has no malloc_trim")
    kept: list[bytes] = []

    def work() -> None:
        blocks = [b"x" * BLOCK_BYTES for _ in range(BLOCKS)]
        kept.extend(blocks[::10])

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    before = memory()
    assert release_unused()
    freed = BLOCK_BYTES * (BLOCKS - len(kept))
    assert before - memory() > freed / 2


def test_where_there_is_no_such_call_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    heap._malloc_trim.cache_clear()
    assert not release_unused()
    heap._malloc_trim.cache_clear()
