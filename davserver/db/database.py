"""The unit of work: `read()` sees one snapshot, `write()` runs a closure that may be run again.

Every change to the database is a closure given to `write` (DESIGN §2.4). It re-reads what it relies
on, decides, records and publishes inside one transaction, so that it can be repeated whole.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from sqlalchemy import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from davserver.db.engine import BUSY_MS, as_planned, is_sqlite, open_engine, sqlite_file
from davserver.db.failures import Retry, raise_translated, translated
from davserver.db.group_commit import GroupCommit
from davserver.db.log import Log, Sync
from davserver.db.reader import MEANWHILE, WITH_FIRST_QUERY, MakeReader, SqliteReader
from davserver.db.reader_pool import ReaderPool, Snapshot
from davserver.db.sqlite_transactions import driver_of
from davserver.db.writers import SqliteWriter, Writer

T = TypeVar("T")
Work = Callable[[Connection], T]

_MAPPED = 1 << 40
"""Bytes: more than SQLite's own limit, which then holds."""


class Database:
    """One per process. Thread-safe."""

    def __init__(
        self,
        url: str,
        *,
        connections: int = 8,
        busy_ms: int = BUSY_MS,
        sync: Sync = os.fdatasync,
    ) -> None:
        """`sync` is how SQLite's log is waited for; PostgreSQL waits for its own."""
        self.sqlite = is_sqlite(make_url(url))
        self._readers = open_engine(url, durable=True, connections=connections, busy_ms=busy_ms)
        few = 1 if self.sqlite else 4
        self._writers = open_engine(url, durable=True, connections=few, busy_ms=busy_ms)
        self._notes = open_engine(url, durable=False, connections=few, busy_ms=busy_ms)
        self._pool = ReaderPool(self._readers, _reader(sqlite=self.sqlite), connections)
        self._log: Log | None = None
        if self.sqlite:
            file = sqlite_file(make_url(url))
            lock_file = file.with_suffix(".write-lock")
            self._log = Log(file, sync)
            self._shared = GroupCommit(SqliteWriter(self._writers, lock_file, self._log))
            self._shared_notes = GroupCommit(SqliteWriter(self._notes, lock_file, None))
        else:
            both = _postgres_writers(self._writers, self._notes, busy_ms)
            self._shared, self._shared_notes = map(GroupCommit, both)

    def read(self, *, much: bool = False) -> AbstractContextManager[Connection]:
        """A connection in one read-only snapshot. Raises Unavailable when the database is away.

        `much`: for questions about everything. SQLite then reads its file as memory, which spares
        a copy of each page; a disk that fails ends the process (sqlite.org/mmap.html), so that no
        server asks for it.
        """
        if not much:
            return Snapshot(self._pool)
        return _mapped(self._pool) if self.sqlite else _repeatable(self._readers)

    def read_optimistically(self, work: Work[T], *, expects_query: bool = True) -> T:
        """What `work` gives on one snapshot. It may run twice, and its last run alone counts:
        cached answers are used before they are validated, which they are when this returns, or
        raises anything. `expects_query`: not all that it asks is cached, as a rule.
        """
        try:
            with Snapshot(self._pool, WITH_FIRST_QUERY if expects_query else MEANWHILE) as tx:
                return work(tx)
        except Retry:
            with Snapshot(self._pool) as tx:
                return work(tx)

    def write(self, work: Work[T]) -> T:
        """Run `work` in one durable transaction and return what it returned, after the commit.

        `work` may run several times; only its last run counts. What it raises undoes it alone.
        Raises NoSpace when the disk is full, Unavailable when the database is away.
        """
        try:
            return _run(self._shared, work)
        finally:
            self._pool.changes += 1

    def note(self, work: Work[T]) -> T:
        """As `write`, but the commit does not wait for the disk (DESIGN §2.7)."""
        try:
            return _run(self._shared_notes, work)
        finally:
            self._pool.changes += 1

    def reaches_disk(self) -> bool:
        """Whether what this process writes does. Where it did not, it is tried again: a disk that
        works again is noticed though nobody writes. Raises Unavailable, NoSpace.
        """
        if self._log is not None and self._log.has_failed:
            self.write(lambda _: None)
        return True

    def engines(self) -> tuple[Engine, ...]:
        """For tests that count statements, and for migrations."""
        return self._readers, self._writers, self._notes

    def let_go(self) -> None:
        """Closes every connection; what comes next opens one. Before a fork, which none survives:
        for a process with one thread that has no transaction open.
        """
        for shared in (self._shared, self._shared_notes):
            shared.let_go()
        self._dispose()

    def close(self) -> None:
        for shared in (self._shared, self._shared_notes):
            shared.close()
        self._dispose()

    def _dispose(self) -> None:
        self._pool.close()
        for engine in self.engines():
            engine.dispose()


def _run(shared: GroupCommit, work: Work[T]) -> T:
    try:
        return shared.run(work)
    except (NoConnectionFree, DBAPIError, Retry) as failed:
        raise_translated(failed)
        raise


def _postgres_writers(writers: Engine, notes: Engine, busy_ms: int) -> Iterable[Writer]:
    from davserver.db.postgres.collisions import Collisions  # noqa: PLC0415 — SQLite needs none of it
    from davserver.db.postgres.writer import PostgresWriter  # noqa: PLC0415 — likewise

    collisions = Collisions()
    return [PostgresWriter(engine, collisions, busy_ms) for engine in (writers, notes)]


def _reader(*, sqlite: bool) -> MakeReader:
    if sqlite:
        return SqliteReader
    from davserver.db.postgres.reader import PostgresReader  # noqa: PLC0415 — SQLite needs none of it

    return PostgresReader


@contextmanager
def _repeatable(engine: Engine) -> Iterator[Connection]:
    with translated(), engine.connect() as raw:
        connection = raw.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            as_planned(connection)
            yield connection


@contextmanager
def _mapped(pool: ReaderPool) -> Iterator[Connection]:
    with pool.snapshot() as tx:
        driver_of(tx).execute(f"PRAGMA mmap_size = {_MAPPED}")
        try:
            yield tx
        finally:
            driver_of(tx).execute("PRAGMA mmap_size = 0")
