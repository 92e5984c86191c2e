"""The threads: each takes the next ready connection itself, and few of them at a time.

cheroot hands connections from a selector thread through a queue to its workers. Here a worker that
is done looks for the next ready connection on its own, without waking anybody: that is half the
cost of a small request. Few threads look at a time, as many as shall compute; one that has to wait
for a client hands its watch to another.
"""

import threading
from queue import Queue
from typing import Protocol

from cheroot.workers.threadpool import ThreadPool

from davserver.serving.compute import ComputeSlots, Turn
from davserver.serving.connections import Connection
from davserver.serving.parking import Parking

STANDBY_SECONDS = 0.1
"""If for this long all who may look are at work, and nobody looks, one more thread does: requests
that wait without saying so must not stop the others."""


class Ready(Protocol):
    ready: bool


class Crew(ThreadPool):
    """What cheroot calls a pool: `get` is where its worker threads come for work."""

    _queue: Queue[object]

    def __init__(self, server: Ready, parking: Parking, threads: int, slots: ComputeSlots) -> None:
        super().__init__(server, min=threads)
        self.get = self._next_connection
        self._server = server
        self._parking = parking
        self._slots = slots
        self._own = threading.local()
        self._standby = threading.Lock()
        self._looking: set[int] = set()

    def turn(self) -> Turn:
        """The calling thread's turn."""
        turn: Turn | None = getattr(self._own, "turn", None)
        if turn is None:
            turn = self._own.turn = Turn(self._slots)
        return turn

    def _next_connection(self) -> object:
        turn = self.turn()
        turn.end()
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
        return self._queue.get()  # cheroot's own word for going home

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
