"""Statements of PostgreSQL given to libpq itself, each prepared once per connection.

A cursor of psycopg costs 17 to 40 µs of Python for each statement, libpq 6; and psycopg asks for
text, in which every byte of a content comes as two. Transactions are begun and ended here too; for
psycopg and SQLAlchemy the connection is in autocommit mode, and what goes through them is part of
the transaction all the same.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
from psycopg import pq
from psycopg.adapt import Transformer
from psycopg.errors import error_from_result
from sqlalchemy import Connection

from davserver.db.prepared import WIRE

_TEXT, _BINARY = pq.Format.TEXT, pq.Format.BINARY
_GOOD = frozenset({pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY})


class Wire:
    """Of one connection, which one thread at a time uses. Raises the driver's errors."""

    __slots__ = ("_names", "_pg", "driver", "transformer")

    def __init__(self, driver: "psycopg.Connection[Any]") -> None:
        self.driver = driver
        self.transformer = Transformer(driver)
        self._pg = driver.pgconn
        self._names: dict[str, bytes] = {}

    def say(self, words: bytes) -> Any:
        """One message, of one or more statements without values. Gives the last one's result."""
        return self._good(self._pg.exec_(words))

    def say_and_go(self, words: bytes) -> None:
        """As `say`, but nobody waits, nor is told what came of it. What is said next finds it done:
        libpq reads the answer to one message before it sends another.
        """
        self._pg.send_query(words)

    def settle(self) -> None:
        """Waits after all: for whoever is given the connection and expects it silent."""
        if self._pg.transaction_status == pq.TransactionStatus.ACTIVE:
            self._pg.exec_(b"")

    def execute(self, sql: str, values: Iterable[Any]) -> Any:
        """The result of `sql`, in which the values stand as $1, $2 and so on."""
        name = self._names.get(sql) or self._prepared(sql)
        sent = [_dumped(value) for value in values]
        raw: list[Any] = [one[0] for one in sent]
        forms = [one[1] for one in sent]
        return self._good(self._pg.exec_prepared(name, raw, forms, _BINARY))

    def cursor(self) -> "Cursor":
        return Cursor(self)

    def _prepared(self, sql: str) -> bytes:
        name = b"abri_%d" % len(self._names)
        self._good(self._pg.prepare(name, sql.encode()))
        self._names[sql] = name
        return name

    def _good(self, result: Any) -> Any:
        if result.status in _GOOD:
            return result
        if self._pg.status == pq.ConnStatus.BAD:
            raise psycopg.OperationalError("the connection to the database is lost")
        raise error_from_result(result)


class Cursor:
    """As a driver's, for one statement."""

    __slots__ = ("_next", "_result", "_wire")

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._result: Any = None
        self._next = 0

    def execute(self, sql: str, values: Iterable[Any]) -> None:
        self._result = self._wire.execute(sql, values)

    def executemany(self, sql: str, several: Iterable[Iterable[Any]]) -> None:
        for values in several:
            self.execute(sql, values)

    @property
    def rowcount(self) -> int:
        return self._result.command_tuples or 0

    @property
    def description(self) -> Sequence[Sequence[str]]:
        return [(self._result.fname(at).decode(),) for at in range(self._result.nfields)]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self.fetchmany(self._result.ntuples)

    def fetchmany(self, size: int) -> list[tuple[Any, ...]]:
        begin, end = self._next, min(self._next + size, self._result.ntuples)
        if begin == end:
            return []
        self._next = end
        # Anew each time: another cursor of this connection may have read in between.
        transformer = self._wire.transformer
        transformer.set_pgresult(self._result, set_loaders=True, format=_BINARY)
        return transformer.load_rows(begin, end, tuple)


def wire_of(tx: Connection) -> Wire:
    """Of a connection of PostgreSQL."""
    found: Wire = tx.info[WIRE]
    return found


# ── values ──────────────────────────────────────────────────────────────────────────────────────

_BYTEA = (17).to_bytes(4)
"""The number of its type."""
_NO_NULLS = bytes(4)


def _dumped(value: Any) -> tuple[bytes | None, int]:
    """And its form. Numbers go as text, which fits a column of any width."""
    if isinstance(value, bytes):
        return value, _BINARY
    if value is None:
        return None, _TEXT
    if isinstance(value, str):
        return value.encode(), _TEXT
    if isinstance(value, bool):
        return b"t" if value else b"f", _TEXT
    if isinstance(value, int):
        return b"%d" % value, _TEXT
    if isinstance(value, list):
        return _array(value), _BINARY
    if isinstance(value, bytearray | memoryview):
        return bytes(value), _BINARY
    raise TypeError(f"no value of PostgreSQL: {type(value).__name__}")


def _array(values: Sequence[bytes]) -> bytes:
    """Of BYTEA, with one dimension that begins at 1; an empty one has none."""
    if not values:
        return bytes(4) + _NO_NULLS + _BYTEA
    one = (1).to_bytes(4)
    parts = [one, _NO_NULLS, _BYTEA, len(values).to_bytes(4), one]
    for value in values:
        parts += (len(value).to_bytes(4), value)
    return b"".join(parts)
