"""Transactions of SQLite begun and ended on the driver's own connection.

SQLAlchemy's way of taking a connection, beginning and committing costs some 60 µs, which is more
than the statements of a small request; the driver's costs 5. What is done in between may go through
SQLAlchemy all the same: it then finds the transaction begun.
"""

import sqlite3
from queue import Empty, SimpleQueue
from types import TracebackType

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from davserver.db.prepared import as_sqlalchemy

_PATIENCE = 30.0
"""Seconds that a thread waits for a connection."""


def say(tx: Connection, word: str) -> None:
    """BEGIN, SAVEPOINT and the like. Raises DBAPIError."""
    try:
        driver_of(tx).execute(word)
    except sqlite3.Error as error:
        raise as_sqlalchemy(tx, error) from error


def commit(tx: Connection) -> None:
    """Raises DBAPIError; the transaction is to be undone then."""
    if tx.in_transaction():
        tx.commit()
    else:
        say(tx, "COMMIT")


def roll_back(tx: Connection) -> None:
    """Raises DBAPIError. Does nothing where SQLite has undone it by itself, as for a full disk."""
    if tx.in_transaction():
        tx.rollback()
    elif driver_of(tx).in_transaction:
        say(tx, "ROLLBACK")


def driver_of(tx: Connection) -> sqlite3.Connection:
    raw = tx.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)  # noqa: S101 — the caller says so
    return raw


class Readers:
    """Connections that are kept, the last used first: its pages are still in memory."""

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine = engine
        self._kept: list[Connection] = []
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(most):
            self._free.put(None)

    def snapshot(self) -> "Snapshot":
        return Snapshot(self)

    def take(self) -> Connection:
        """Raises sqlalchemy's TimeoutError when none comes free, DBAPIError."""
        try:
            self._free.get(timeout=_PATIENCE)
        except Empty:
            raise NoConnectionFree("no connection came free") from None
        try:
            return self._kept.pop() if self._kept else self._engine.connect()
        except BaseException:
            self._free.put(None)
            raise

    def give_back(self, connection: Connection) -> None:
        self._kept.append(connection)
        self._free.put(None)

    def drop(self, connection: Connection) -> None:
        """Whatever happened to it, the next one starts from a connection without a past."""
        try:
            connection.invalidate()
            connection.close()
        finally:
            self._free.put(None)

    def close(self) -> None:
        """Those that nobody uses now."""
        while self._kept:
            self._kept.pop().close()


class Snapshot:
    """One read-only look: `with` gives the connection."""

    __slots__ = ("_readers", "_tx")

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._tx: Connection | None = None

    def __enter__(self) -> Connection:
        tx = self._readers.take()
        try:
            say(tx, "BEGIN")
        except BaseException:
            self._readers.drop(tx)
            raise
        self._tx = tx
        return tx

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        tx = self._tx
        assert tx is not None  # noqa: S101 — entered
        try:
            (commit if error is None else roll_back)(tx)
        except BaseException:
            self._readers.drop(tx)
            raise
        if isinstance(error, DBAPIError):
            self._readers.drop(tx)
        else:
            self._readers.give_back(tx)
