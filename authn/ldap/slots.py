"""So many at a time, in the order in which they came.

A semaphore of `threading` lets whoever has just left in again before those who wait: under load
some would wait until their time is over.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from authn.ldap.answers import Busy


class Slots:
    """Thread-safe."""

    def __init__(self, most: int) -> None:
        self._turn = threading.Lock()
        self._free = most
        self._waiting: deque[threading.Event] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return len(self._waiting)

    @contextmanager
    def one(self, seconds: float) -> Iterator[None]:
        """Raises Busy when there is none within that time."""
        with self._turn:
            mine = None if self._free else threading.Event()
            if mine is None:
                self._free -= 1
            else:
                self._waiting.append(mine)
        if mine is not None and not mine.wait(seconds):
            self._give_up(mine)
        try:
            yield
        finally:
            self._leave()

    def _give_up(self, mine: threading.Event) -> None:
        with self._turn:
            # It may have been given at the last moment.
            if not mine.is_set():
                self._waiting.remove(mine)
                raise Busy("all its connections are in use")

    def _leave(self) -> None:
        with self._turn:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
