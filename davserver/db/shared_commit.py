"""One writer at a time on SQLite, and one commit for all who wait (DESIGN §2.4).

SQLite has one writer per database. Processes take turns by a file lock, which wakes whoever waits
where SQLite's own busy handler would sleep and poll. Inside a process one thread leads: it takes
the turn, does its own work, then that of everybody who came to wait meanwhile, each in a savepoint
of its own, and commits once. Whose work is done goes on at once; the first of those who came too
late leads next.
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
    """`woken` is held until the work is done, or until whoever brought it is to lead."""

    __slots__ = ("done", "error", "result", "woken", "work")

    def __init__(self, work: Callable[[Connection], Any]) -> None:
        self.work = work
        self.result: Any = None
        self.error: BaseException | None = None
        self.done = False
        self.woken = threading.Lock()
        self.woken.acquire()


class SharedCommit:
    """Runs closures against one SQLite database, sharing commits within the process."""

    def __init__(self, engine: Engine, lock_file: Path) -> None:
        self._engine = engine
        self._queue = threading.Lock()
        self._led = False
        self._waiting: deque[_Job] = deque()
        self._turn = threading.Lock()
        self._connection: Connection | None = None
        self._lock_file = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def run(self, work: Callable[[Connection], T]) -> T:
        """What `work` returned, once it is committed; or what it raised, with its part undone."""
        job = _Job(work)
        if not self._leads(job):
            # To say that one waits wakes another thread: only when there is something to wait for.
            # Whoever leads computes, or waits for the disk alone.
            with waiting():
                job.woken.acquire()
        if not job.done:
            self._serve(job)
        if job.error is not None:
            raise job.error
        result: T = job.result
        return result

    # ── who leads ───────────────────────────────────────────────────────────────────────────────

    def _leads(self, job: _Job) -> bool:
        """Whether nobody else does. Otherwise `job` waits, to be done or to lead."""
        with self._queue:
            if self._led:
                self._waiting.append(job)
                return False
            self._led = True
            return True

    def _hand_on(self) -> None:
        with self._queue:
            if self._waiting:
                self._waiting.popleft().woken.release()
            else:
                self._led = False

    # ── the turn ────────────────────────────────────────────────────────────────────────────────

    def _serve(self, first: _Job) -> None:
        jobs = [first]
        try:
            with self._turn:
                self._lock()
                try:
                    self._commit(jobs)
                finally:
                    fcntl.flock(self._lock_file, fcntl.LOCK_UN)
        except BaseException as error:  # noqa: BLE001 — each waiter raises it in its own thread
            for job in jobs:
                job.error = job.error or error
        finally:
            for job in jobs:
                job.done = True
                job.woken.release()
            self._hand_on()

    def _lock(self) -> None:
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with waiting():
                fcntl.flock(self._lock_file, fcntl.LOCK_EX)

    def _commit(self, jobs: list[_Job]) -> None:
        """The work of the only one of `jobs`, and of all who wait now: they are added to them."""
        connection = self._opened()
        try:
            say(connection, "BEGIN IMMEDIATE")
            try:
                # Alone as yet: what it raises undoes it and nobody else.
                jobs[0].result = jobs[0].work(connection)
                while self._waiting and len(jobs) < _MOST_IN_ONE_COMMIT:
                    jobs.append(self._waiting.popleft())
                    self._alone(connection, jobs[-1])
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
