"""Waiting for the disk or for another writer is not computing: whoever counts those is told.

A server lets few threads compute at a time. What it is to do while a thread only waits it says once
per request, by `wait_by`; outside of a server nothing needs to be done.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar

Aside = Callable[[], AbstractContextManager[None]]

_ASIDE: ContextVar[Aside] = ContextVar("aside", default=nullcontext)


def wait_by(aside: Aside) -> None:
    """From here on, in this thread, waiting goes on inside of `aside()`."""
    _ASIDE.set(aside)


def waiting() -> AbstractContextManager[None]:
    return _ASIDE.get()()
