"""A reader: one connection, how its snapshots begin and end, and of which version they are."""

import sqlite3
from collections.abc import Callable, Hashable
from enum import Enum, auto
from typing import Any, Protocol

from sqlalchemy import Connection

from davserver.db.dependencies import COUNTS
from davserver.db.prepared import as_sqlalchemy
from davserver.db.query_cache import QueryCache, Source
from davserver.db.sqlite_transactions import commit, driver_of, roll_back


class Validation(Enum):
    """When a snapshot learns its version, by which cached answers are valid or not."""

    BEFORE = auto()
    """Before any of them is used."""
    WITH_FIRST_QUERY = auto()
    """They are used until the answer to the first query, with which the version is asked."""
    MEANWHILE = auto()
    """It is asked at once, and they are used until the next query or the end: for where perhaps
    nothing else is asked.
    """


BEFORE, WITH_FIRST_QUERY, MEANWHILE = Validation
"""Python 3.11 takes a fifth of a microsecond to look a member up."""


class Reader(Source, Protocol):
    """Of one connection. Raises DBAPIError."""

    def begin(self) -> Hashable:
        """A snapshot. Gives the version that it shows: an equal one, on the same connection, is the
        same version.
        """

    def begin_optimistically(
        self, validation: Validation, cache: QueryCache, now: float, *, moved: bool
    ) -> bool:
        """Instead of `begin`: a snapshot whose version is learnt later, and `cache` validated then.
        `moved`: it will show another version. False where that cannot be, or is not needed. Retry
        may be raised by any later step, at the end at the latest.
        """

    def end(self, *, well: bool) -> None: ...

    def close(self) -> None:
        """Before the connection goes back to whoever lent it."""


MakeReader = Callable[[Connection], Reader]


class SqliteReader:
    __slots__ = ("_tx", "rows")

    def __init__(self, tx: Connection) -> None:
        self._tx = tx
        self.rows = driver_of(tx)

    def begin(self) -> Hashable:
        try:
            self.rows.execute("BEGIN")
            # The snapshot begins here: with the first question, whatever it asks.
            (version,) = self.rows.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error as error:
            raise as_sqlalchemy(self._tx, error) from error
        return int(version)

    def counts(self) -> tuple[Any, ...]:
        try:
            found: tuple[Any, ...] = self.rows.execute(COUNTS).fetchone()
        except sqlite3.Error as error:
            raise as_sqlalchemy(self._tx, error) from error
        return found

    def begin_optimistically(self, *_given: object, **_more: object) -> bool:
        """To learn the version takes a function call."""
        return False

    def end(self, *, well: bool) -> None:
        if not well or self._tx.in_transaction():
            (commit if well else roll_back)(self._tx)
            return
        try:
            self.rows.execute("COMMIT")
        except sqlite3.Error as error:
            raise as_sqlalchemy(self._tx, error) from error

    def close(self) -> None:
        pass
