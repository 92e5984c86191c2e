"""Waiting for what comes by itself, and not for ever."""

import time
from collections.abc import Callable


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    """Fails when it does not hold by then: a busy machine needs more than the usual moment."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)
