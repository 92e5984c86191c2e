"""The threads: each takes the next ready connection itself, and few of them at a time.

cheroot hands connections from a selector thread through a queue to its workers. Here a worker that
is done looks for the next ready connection on its own, without waking anybody: that is half the
cost of a small request. Few threads look at a time, as many as shall compute; one that has to wait
for a client hands its watch to another.

Whoever is slow keeps a thread to themselves, and another is hired in its place: it goes home when
that transfer is over. So slow clients take nothing from the others but memory.
"""

import threading
from queue import Queue
from typing import Any, Protocol

from cheroot.workers import threadpool
from cheroot.workers.threadpool import ThreadPool, WorkerThread

from davserver.serving.compute import ComputeSlots, Turn
from davserver.serving.connections import Connection
from davserver.serving.parking import Parking
from davserver.serving.settings import Listener

GO_HOME: object = vars(threadpool)["_SHUTDOWNREQUEST"]
"""The one word for which cheroot's threads end."""

STANDBY_SECONDS = 0.1
"""If for this long all who may look are at work, and nobody looks, one more thread does: requests
that wait without saying so must not stop the others."""


class Ready(Protocol):
    ready: bool
    stats: dict[str, Any]


class Crew(ThreadPool):
    """What cheroot calls a pool: `get` is where its worker threads come for work.

    `slow`: how many threads were replaced, because slow clients keep them.
    """

    _queue: Queue[object]
    _threads: list[threading.Thread]

    def __init__(self, server: Ready, parking: Parking, listener: Listener) -> None:
        super().__init__(server, min=listener.threads)
        self.get = self._next_connection
        self.slow = 0
        self._most_slow = listener.slow
        self._server = server
        self._parking = parking
        self._slots = ComputeSlots(listener.compute_slots)
        self._own = threading.local()
        self._standby = threading.Lock()
        self._staff = threading.Lock()
        self._looking: set[int] = set()

    def turn(self) -> Turn:
        """The calling thread's turn."""
        turn: Turn | None = getattr(self._own, "turn", None)
        if turn is None:
            turn = self._own.turn = Turn(self._slots, self._hire)
        return turn

    def _next_connection(self) -> object:
        turn = self.turn()
        turn.end()
        if turn.replaced:
            return self._go_home(turn)
        me = threading.get_ident()
        while self._server.ready:
            if not turn.watching:
                self._stand_by(turn)
            connection = self._look(me)
            if connection is not None:
                turn.begin()
                connection.begin(turn)
                return connection
        turn.end_watch()
        return self._queue.get()  # `GO_HOME`, once all shall

    def _look(self, me: int) -> Connection | None:
        self._looking.add(me)
        try:
            return self._parking.wait()
        finally:
            self._looking.discard(me)

    def _stand_by(self, turn: Turn) -> None:
        with self._standby:
            while self._server.ready and not turn.begin_watch(STANDBY_SECONDS):
                if not self._looking:
                    return

    def _hire(self) -> bool:
        """Whether there is another thread now. At the end nobody comes who would need it."""
        with self._staff:
            if self.slow >= self._most_slow or not self._server.ready:
                return False
            try:
                another = WorkerThread(self._server)  # type: ignore[no-untyped-call]  # cheroot has no types for it
                another.start()
            except RuntimeError:  # the system gives no more of them
                return False
            self._threads.append(another)
            self.slow += 1
        return True

    def stop(self, timeout: int = 5) -> None:
        """As cheroot's, and whoever is just being hired is told, too."""
        with self._staff:
            pass
        super().stop(timeout)

    def _go_home(self, turn: Turn) -> object:
        """The calling thread's end: whoever was hired in its place stays."""
        turn.end_watch()
        me = threading.current_thread()
        with self._staff:
            self.slow -= 1
            if me in self._threads:  # or the whole crew is being sent home, and this one awaited
                self._threads.remove(me)
            self._server.stats["Worker Threads"].pop(me.name, None)
        return GO_HOME
