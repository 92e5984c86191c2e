"""The connection of a process that writes, of SQLite, and its turn among processes."""

import fcntl
import os
import sqlite3
from contextlib import nullcontext
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from davserver.db.aside import waiting
from davserver.db.failures import Retry
from davserver.db.log import Log
from davserver.db.prepared import as_sqlalchemy
from davserver.db.query_cache import attach_cache
from davserver.db.reader import SqliteReader
from davserver.db.sqlite_transactions import commit, driver_of, roll_back, say
from davserver.domain.errors import Unavailable


class Writer(Protocol):
    """Of one process, which one thread at a time uses. Raises DBAPIError."""

    def take_turn(self) -> None:
        """Among processes, before a transaction begins."""

    def end_turn(self) -> None: ...

    def begin(self) -> Connection: ...

    def begin_part(self) -> None:
        """What comes from here on is somebody else's work. Where what was sent before turns out to
        be wrong, Retry is raised: whose it was is not known any more.
        """

    def is_untouched(self) -> bool:
        """Whether nothing was changed in that part, and the transaction can go on. After
        `settle`.
        """

    def settle(self) -> None:
        """Raises what came of statements whose end nobody has waited for, and Retry where what the
        work has been told does not hold.
        """

    def commit(self) -> None: ...

    def wait_for_disk(self, *, aside: bool) -> None:
        """After a turn, beside the next one: what was committed outlives a power cut. Raises
        Unavailable. `aside`: somebody else of this process goes on meanwhile.
        """

    def roll_back(self) -> None: ...

    def again(self, error: DBAPIError | Retry, attempt: int) -> bool:
        """Whether all that was undone is to be done again; returns when it is time for it."""

    def drop(self) -> None:
        """Whatever happened to its connection, the next one is without a past."""

    def let_go(self) -> None:
        """Gives its connection back."""

    def close(self) -> None: ...


class Kept:
    """One connection, kept: to take it from the pool each time costs half of a small write."""

    def __init__(self, engine: Engine, **options: str) -> None:
        self._engine = engine
        self._options = options
        self._tx: Connection | None = None

    def tx(self) -> Connection:
        if self._tx is None:
            self._tx = self._engine.connect().execution_options(**self._options)
        return self._tx

    @property
    def is_open(self) -> bool:
        return self._tx is not None

    def drop(self) -> None:
        if self._tx is not None:
            self._tx.invalidate()
            self.let_go()

    def let_go(self) -> None:
        if self._tx is not None:
            self._tx.close()
            self._tx = None


class SqliteWriter:
    """SQLite has one writer per database. A file lock wakes whoever waits, where SQLite's own busy
    handler would sleep and poll.

    With a `log`, the disk is waited for after the turn; without one, not at all.
    """

    def __init__(self, engine: Engine, lock_file: Path, log: Log | None) -> None:
        self._kept = Kept(engine)
        self._lock_file = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._log = log
        self._changes = self._part = 0
        """That its connection has made, when it began, and when the last one's work did."""

    def take_turn(self) -> None:
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with waiting():
                fcntl.flock(self._lock_file, fcntl.LOCK_EX)

    def end_turn(self) -> None:
        fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def begin(self) -> Connection:
        if not self._kept.is_open:
            self._open()
        tx = self._kept.tx()
        if self._log is not None and self._log.has_failed:
            _bring_in(tx, self._log)
        say(tx, "BEGIN IMMEDIATE")
        self._changes = driver_of(tx).total_changes
        return tx

    def _open(self) -> None:
        tx = self._kept.tx()
        attach_cache(tx, SqliteReader(tx))
        if self._log is None:
            return
        try:
            say(tx, "PRAGMA synchronous = NORMAL")
            self._log.open()
        except OSError as error:
            self._kept.drop()
            raise Unavailable("the log of the database cannot be opened") from error
        except DBAPIError:
            self._kept.drop()
            raise

    def begin_part(self) -> None:
        self._part = driver_of(self._kept.tx()).total_changes

    def is_untouched(self) -> bool:
        driver = driver_of(self._kept.tx())
        return driver.total_changes == self._part and driver.in_transaction

    def commit(self) -> None:
        tx = self._kept.tx()
        commit(tx)
        if self._log is not None and driver_of(tx).total_changes != self._changes:
            self._log.wrote()

    def wait_for_disk(self, *, aside: bool) -> None:
        log = self._log
        if log is None or not log.is_behind:
            return
        try:
            with waiting() if aside else nullcontext():
                log.wait()
        except OSError as error:
            raise Unavailable("the disk of the database failed") from error

    def roll_back(self) -> None:
        roll_back(self._kept.tx())

    def settle(self) -> None:
        """Each statement was waited for."""

    def again(self, error: DBAPIError | Retry, attempt: int) -> bool:  # noqa: ARG002 — as for any other
        """Nobody else writes during a turn: only where one of several has failed."""
        return isinstance(error, Retry)

    def drop(self) -> None:
        self._kept.drop()

    def let_go(self) -> None:
        """Its connection is not given to others: they would not wait for the disk."""
        self._kept.drop()
        if self._log is not None:
            self._log.close()

    def close(self) -> None:
        self.let_go()
        os.close(self._lock_file)


def _bring_in(tx: Connection, log: Log) -> None:
    """What the disk has lost of the log is still in memory: it is written to the database instead,
    and the log begun anew. Raises Unavailable, DBAPIError.
    """
    try:
        rows = driver_of(tx).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    except sqlite3.Error as error:
        raise as_sqlalchemy(tx, error) from error
    if rows[0][0]:
        raise Unavailable("the disk of the database failed, and its log is still being read")
    log.was_brought_in()
