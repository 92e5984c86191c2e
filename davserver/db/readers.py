"""The connections that look, of SQLite: one snapshot each (DESIGN §2.4)."""

from queue import Empty, SimpleQueue
from types import TracebackType

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from davserver.db import remembered
from davserver.db.begun import commit, roll_back, say, version
from davserver.db.failures import raise_translated

_PATIENCE = 30.0
"""Seconds that a thread waits for a connection."""


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
    """One read-only look: `with` gives the connection. Every small request pays for it: a class and
    no generator.

    Raises Unavailable when the database is away.
    """

    __slots__ = ("_readers", "_tx")

    def __init__(self, readers: Readers) -> None:
        self._readers = readers
        self._tx: Connection | None = None

    def __enter__(self) -> Connection:
        try:
            self._tx = tx = self._begun()
        except (NoConnectionFree, DBAPIError) as failed:
            raise_translated(failed)
            raise
        return tx

    def _begun(self) -> Connection:
        tx = self._readers.take()
        try:
            say(tx, "BEGIN")
            remembered.of(tx).begin(version(tx))
        except BaseException:
            self._readers.drop(tx)
            raise
        return tx

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._end(error)
        except (NoConnectionFree, DBAPIError) as failed:
            raise_translated(failed)
            raise
        if isinstance(error, (NoConnectionFree, DBAPIError)):
            raise_translated(error)

    def _end(self, error: BaseException | None) -> None:
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
