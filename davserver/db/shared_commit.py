"""One writer at a time on SQLite, and one commit for all who wait (DESIGN §2.4).

SQLite has one writer per database. Processes take turns by a file lock, which queues fairly where
SQLite's own busy handler would sleep and poll; inside a process whoever gets the turn also runs
the work of everybody who is waiting, each in a savepoint of its own, and commits once.
"""

import fcntl
import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from davserver.db.aside import waiting
from davserver.db.begun import commit, roll_back, say

T = TypeVar("T")
_MOST_IN_ONE_COMMIT = 64


class _Job:
    __slots__ = ("done", "error", "result", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False


class SharedCommit:
    """Runs closures against one SQLite database, sharing commits within the process."""

    def __init__(self, engine: Engine, lock_file: Path) -> None:
        self._engine = engine
        self._turn = threading.Lock()
        self._waiting: deque[_Job] = deque()
        self._connection: Connection | None = None
        self._lock_file = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` returned, once it is committed; or what it raised, with its part undone."""
        job = _Job(work)
        self._waiting.append(job)
        # To say that one waits wakes another thread: only when there is something to wait for.
        # Whoever has the turn computes, or waits for the disk alone.
        if not self._turn.acquire(blocking=False):
            with waiting():
                self._turn.acquire()
        try:
            while not job.done:
                self._serve(self._batch())
        finally:
            self._turn.release()
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    def _batch(self) -> list[_Job]:
        size = min(len(self._waiting), _MOST_IN_ONE_COMMIT)
        return [self._waiting.popleft() for _ in range(size)]

    def _serve(self, jobs: list[_Job]) -> None:
        self._lock()
        try:
            self._commit(jobs)
        except BaseException as error:  # noqa: BLE001 — each waiter raises it in its own thread
            for job in jobs:
                job.error = job.error or error
        finally:
            fcntl.flock(self._lock_file, fcntl.LOCK_UN)
            for job in jobs:
                job.done = True

    def _lock(self) -> None:
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with waiting():
                fcntl.flock(self._lock_file, fcntl.LOCK_EX)

    def _commit(self, jobs: list[_Job]) -> None:
        connection = self._opened()
        try:
            say(connection, "BEGIN IMMEDIATE")
            try:
                if len(jobs) == 1:
                    jobs[0].result = jobs[0].work(connection)
                else:
                    for job in jobs:
                        self._alone(connection, job)
                commit(connection)
            except BaseException:
                roll_back(connection)
                raise
        except DBAPIError:
            # Whatever it was, the next one starts from a connection without a past.
            self._drop()
            raise

    def _opened(self) -> Connection:
        """One connection, kept: to take it from the pool each time costs half of a small write."""
        if self._connection is None:
            self._connection = self._engine.connect()
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None

    @staticmethod
    def _alone(connection: Connection, job: _Job) -> None:
        say(connection, "SAVEPOINT job")
        try:
            job.result = job.work(connection)
        except BaseException as error:  # noqa: BLE001 — raised again in the thread that asked
            job.error = error
            say(connection, "ROLLBACK TO job")
        say(connection, "RELEASE job")

    def let_go(self) -> None:
        """Gives its connection back."""
        with self._turn:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def close(self) -> None:
        self.let_go()
        os.close(self._lock_file)
