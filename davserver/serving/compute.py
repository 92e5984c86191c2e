"""Many threads wait for slow clients; few of them compute at a time."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

SLOT_PATIENCE = 0.05
"""Seconds. A slot saves switches between threads and guards nothing: a thread that got none in this
time goes on without one, so that two requests which wait for each other cannot lock up."""


class ComputeSlots:
    """As many tokens as threads of this process should compute at once."""

    def __init__(self, count: int) -> None:
        self._tokens: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            self._tokens.put(None)

    def take(self, patience: float) -> bool:
        try:
            self._tokens.get(timeout=patience)
        except Empty:
            return False
        return True

    def give(self) -> None:
        self._tokens.put(None)


class Turn:
    """One thread's right to compute; the application finds it as `environ["abri.compute"]`.

    The server gives it back by itself whenever it waits for the network. An application that waits
    for something else (a commit, a directory, another thread) says so:
    `with environ["abri.compute"].waiting():`.
    """

    __slots__ = ("_slots", "held")

    def __init__(self, slots: ComputeSlots) -> None:
        self._slots = slots
        self.held = False

    def begin(self, patience: float = SLOT_PATIENCE) -> bool:
        """Takes a slot if one comes free in time; whether this thread has one now."""
        if not self.held:
            self.held = self._slots.take(patience)
        return self.held

    def end(self) -> None:
        if self.held:
            self.held = False
            self._slots.give()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        self.end()
        try:
            yield
        finally:
            self.begin()
