"""What a process that serves says of its memory, once, before it has threads."""

import ctypes
import gc

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


def settle_memory() -> None:
    """What is loaded stays: it is not looked through again. Requests leave few cycles behind."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER)
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:  # other C libraries have no such pools
        for what, value in _MALLOC:
            mallopt(what, value)
