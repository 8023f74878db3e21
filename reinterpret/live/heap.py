"""The heap: memory that was given back, but that the C library keeps for later, goes back to the system.

Each shot is decoded by a thread of its own, and glibc keeps a heap for every few threads: what one of them frees is of
use to the next only if it fits. After some hundred changes a third of the memory of the program was such remains.
"""

from __future__ import annotations

import ctypes
import sys
from functools import cache
from typing import Any


def release_unused() -> bool:
    """Give whole pages that hold nothing back to the system; whether there were any.

    Takes a millisecond or two (malloc_trim, which is glibc's own; since 2.8 it looks at all heaps). Where there is no
    such call, as on macOS, on Windows and with musl, nothing happens.
    """
    trim = _malloc_trim()
    return trim is not None and bool(trim(0))


@cache
def _malloc_trim() -> Any:
    if sys.platform != "linux":
        return None
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError):  # another C library, which has no such call
        return None
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return trim
