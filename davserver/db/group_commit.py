"""Group commit: one writer at a time in a process, and one commit for all who wait (DESIGN §2.4).

The first thread leads: it takes the write lock among processes, runs its own work, then that of
everybody who came to wait meanwhile, and commits once. The first of those who came too late leads
the next group, while the former leader waits for the disk; only then are the threads of its group
told. Work that fails fails alone: where it had changed something, the whole transaction is rolled
back and all of its work run again, the leader's alone and the others' in the groups after it.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from davserver.db.aside import waiting
from davserver.db.failures import Retry, is_of_all
from davserver.db.query_cache import rolled_back, write_begins
from davserver.db.writers import Writer

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


class GroupCommit:
    """Runs closures against one database, sharing commits within the process."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._queue = threading.Lock()
        self._led = False
        self._waiting: deque[_Job] = deque()
        self._turn = threading.Lock()

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
            self._one_turn(jobs)
            # As above: said only when somebody in this process has something to do meanwhile.
            self._writer.wait_for_disk(aside=self._led)
        except BaseException as error:  # noqa: BLE001 — each waiter raises it in its own thread
            for job in jobs:
                job.error = job.error or error
        finally:
            for job in jobs:
                job.done = True
                job.woken.release()

    def _one_turn(self, jobs: list[_Job]) -> None:
        try:
            with self._turn:
                self._until_done(jobs)
        finally:
            self._hand_on()

    def _until_done(self, jobs: list[_Job]) -> None:
        attempt = 0
        while True:
            try:
                self._in_turn(jobs, alone=attempt > 0)
            except (DBAPIError, Retry) as error:
                if not self._writer.again(error, attempt):
                    raise
                # Whose fault it was is not known: each is done with those who come then.
                self._put_back(jobs)
                attempt += 1
            else:
                return

    def _put_back(self, jobs: list[_Job]) -> None:
        """All but the first."""
        for job in jobs[1:]:
            job.error = None
        with self._queue:
            self._waiting.extendleft(reversed(jobs[1:]))
        del jobs[1:]

    def _in_turn(self, jobs: list[_Job], *, alone: bool) -> None:
        self._writer.take_turn()
        try:
            self._commit(jobs, alone=alone)
        finally:
            self._writer.end_turn()

    def _commit(self, jobs: list[_Job], *, alone: bool) -> None:
        """The work of the only one of `jobs`, and of all who wait now: they are added to them."""
        writer = self._writer
        try:
            tx = writer.begin()
            write_begins(tx, time.monotonic())
            try:
                jobs[0].result = self._done(tx, jobs[0])
                while self._waiting and not alone and len(jobs) < _MOST_IN_ONE_COMMIT:
                    jobs.append(self._waiting.popleft())
                    self._beside(tx, jobs[-1])
                writer.commit()
            except BaseException:
                writer.roll_back()
                rolled_back(tx)
                raise
        except DBAPIError as error:
            if not is_of_all(error) or error.connection_invalidated:
                writer.drop()
            raise

    def _done(self, tx: Connection, job: _Job) -> Any:
        try:
            return job.work(tx)
        except Exception as error:
            if not is_of_all(error):
                # By what is assumed, and not known yet, nobody is refused anything.
                self._writer.settle()
            raise

    def _beside(self, tx: Connection, job: _Job) -> None:
        """Most of those who fail have changed nothing yet, so that no savepoint is needed."""
        writer = self._writer
        writer.begin_part()
        try:
            job.result = self._done(tx, job)
        except BaseException as error:
            if is_of_all(error):
                raise
            if isinstance(error, DBAPIError) or not writer.is_untouched():
                raise Retry from error
            job.error = error
        writer.begin_part()

    def let_go(self) -> None:
        """Gives its connection back."""
        with self._turn:
            self._writer.let_go()

    def close(self) -> None:
        with self._turn:
            self._writer.close()
