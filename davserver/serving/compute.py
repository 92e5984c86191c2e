"""Many threads wait for slow clients; few of them compute at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue

SLOT_PATIENCE = 0.05
"""Seconds. A slot saves switches between threads and guards nothing: a thread that got none in this
time goes on without one, so that two requests which wait for each other cannot lock up."""

SLOW_SECONDS = 0.05
"""A client that has kept a thread waiting this long keeps it, and another one serves the others."""


def _nobody() -> bool:
    return False


class Tokens:
    """A number of equal things that threads take and give back."""

    def __init__(self, count: int) -> None:
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(count):
            self._free.put(None)

    def take(self, patience: float) -> bool:
        try:
            self._free.get(timeout=patience)
        except Empty:
            return False
        return True

    def give(self) -> None:
        self._free.put(None)


class ComputeSlots:
    """`slots`: how many threads compute. `watches`: how many look for connections that are ready.

    As many of one as of the other: more threads that look would only find work that has to wait
    for a slot, and every wait is a switch between threads.
    """

    def __init__(self, count: int) -> None:
        self.slots = Tokens(count)
        self.watches = Tokens(count)


class Turn:
    """One thread's right to compute; the application finds it as `environ["abri.compute"]`.

    The server gives it back by itself whenever it waits for the network. An application that waits
    for something else (a commit, a directory, another thread) says so:
    `with environ["abri.compute"].waiting():`.
    """

    __slots__ = ("_all", "_hire", "_waits", "computing", "replaced", "watching")

    def __init__(self, slots: ComputeSlots, hire: Callable[[], bool] = _nobody) -> None:
        """`hire`: starts another thread in this one's place, if there is room for one."""
        self._all = slots
        self._hire = hire
        self.replaced = False
        self._waits = False
        self.computing = False
        self.watching = False

    def begin(self) -> None:
        """Takes a slot, if one comes free in time."""
        if not self.computing:
            self.computing = self._all.slots.take(SLOT_PATIENCE)

    def end(self) -> None:
        if self.computing:
            self.computing = False
            self._all.slots.give()

    def begin_watch(self, patience: float) -> bool:
        """Takes a watch if one comes free in time; whether this thread has one now."""
        if not self.watching:
            self.watching = self._all.watches.take(patience)
        return self.watching

    def end_watch(self) -> None:
        if self.watching:
            self.watching = False
            self._all.watches.give()

    def kept(self, seconds: float) -> None:
        """That long one client has kept this thread waiting."""
        if seconds >= SLOW_SECONDS and not self.replaced:
            self.replaced = self._hire()

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Within another `waiting` it changes nothing: the outer one is not over."""
        if self._waits:
            yield
            return
        self._waits = True
        self.end()
        self.end_watch()
        try:
            yield
        finally:
            self._waits = False
            self.begin()
