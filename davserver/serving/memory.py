"""What a process that serves says of its memory before it has threads, and gives back later."""

import ctypes
import gc
import os
from pathlib import Path

_COLLECT_AFTER = 10_000
"""New objects between two looks for cycles; 700 is Python's own."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
_MALLOC = (
    # Up to eight pools per core would each keep what its threads gave back. Python's own lock lets
    # few allocate at a time.
    (_M_ARENA_MAX, 2),
    # What is larger goes back to the system at once: the 19 MiB of each look at a password. Left
    # alone, the C library learns from the first of them to keep 38 MiB.
    (_M_MMAP_THRESHOLD, 1024 * 1024),
    # What pieces of a file lie in is kept for the next piece.
    (_M_TRIM_THRESHOLD, 4 * 1024 * 1024),
)
"""What glibc's mallopt(3) is told."""

_GROWN = 2 * 1024 * 1024
"""Bytes that are worth looking through the pools (0.3 ms), and touching their pages anew."""
_STATM = Path("/proc/self/statm")


def settle_memory() -> None:
    """What is loaded stays: it is not looked through again. Requests leave few cycles behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries have no such pools
        for what, value in _MALLOC:
            mallopt(what, value)


class Spare:
    """What is free in the pools between what is in use. glibc gives back only what is free at their
    end: after a long listing, of which something stays remembered, that is next to nothing.
    """

    def __init__(self) -> None:
        self._trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        self._after = _resident()

    def look(self) -> None:
        """Gives it back to the system, where the process has grown since the last time."""
        now = _resident()
        if now > self._after + _GROWN and self._trim is not None:
            self._trim(0)
            now = _resident()
            self._after = now
        self._after = min(self._after, now)


def _resident() -> int:
    """Bytes in memory; 0 where the system does not say."""
    try:
        return int(_STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0
