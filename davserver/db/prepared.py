"""Statements that every request runs: compiled once, then given straight to the driver.

SQLAlchemy builds and describes them; running one through it costs some 30 µs, through the driver 2,
and a small request runs five to twelve. Rows come as plain dictionaries by column name. What cannot
be fixed beforehand (a list of unknown length in IN) stays with SQLAlchemy.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.sql.base import Executable

from davserver.db.compiled import Given, Ready, compiled, named

Row = Mapping[str, Any]
Otherwise = Callable[[], Exception]

WIRE = "abri.wire"
"""Where a connection of PostgreSQL keeps its `davserver.db.postgres.wire.Wire`."""


_STATE = ord("C")
"""PG_DIAG_SQLSTATE, the class of broken integrity, and what was divided by nothing. This file must
not load psycopg: SQLite needs none of it.
"""
_INTEGRITY, _BY_NOTHING = b"23", b"22012"


@dataclass(frozen=True, slots=True)
class Check:
    """`look` is given a result of PostgreSQL, also one that is an error, and raises what it means.
    `of_errors`: it minds errors alone, after which PostgreSQL commits nothing.
    """

    look: Callable[[Any], None]
    of_errors: bool = False


class Prepared:
    """One statement. `columns`: those that an INSERT without values sets."""

    __slots__ = ("_columns", "_ready", "_statement")

    def __init__(self, statement: Executable, columns: Collection[str] | None = None) -> None:
        self._statement = statement
        self._columns = list(columns) if columns is not None else None
        self._ready: dict[str, Ready] = {}

    def all(self, tx: Connection, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every row."""
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        cursor = _execute(tx, ready.sql, ready.arguments(given))
        rows = cursor.fetchall()
        if not rows:
            return []
        return named(ready, ready.names or ready.called(cursor.description), rows)

    def named(
        self, tx: Connection, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> list[dict[str, Any]]:
        """What `tuples` gave, as `all` would have given it."""
        return named(self._for(tx), names, rows)

    def tuples(self, tx: Connection, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Every row as the driver gives it, in the order of the columns: for questions that read so
        many that naming each value would take as long as reading it.
        """
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        rows: list[tuple[Any, ...]] = _execute(tx, ready.sql, ready.arguments(given)).fetchall()
        return rows

    def batches(
        self, tx: Connection, given: Mapping[str, Any], size: int
    ) -> Iterator[list[tuple[Any, ...]]]:
        """As `tuples`, at most so many at a time: those before need not stay in memory. All are to
        be read before the transaction ends.
        """
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        cursor = _execute(tx, ready.sql, ready.arguments(given))
        while rows := cursor.fetchmany(size):
            yield rows

    def first(self, tx: Connection, given: Mapping[str, Any]) -> dict[str, Any] | None:
        """The first row, if there is any."""
        rows = self.all(tx, given)
        return rows[0] if rows else None

    def run(self, tx: Connection, given: Mapping[str, Any]) -> int:
        """How many rows it changed."""
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        count: int = _execute(tx, ready.sql, ready.arguments(given)).rowcount
        return count

    def send(self, tx: Connection, given: Mapping[str, Any], *, hurry: bool = False) -> None:
        """As `run`, where nobody needs to know what it changed. What is wrong with it PostgreSQL
        says with the next answer that is waited for, or with that to COMMIT. `hurry`: it takes long
        enough to be worth a message of its own, so that it is done while we go on.
        """
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        if tx.dialect.name == "sqlite":
            _execute(tx, ready.sql, ready.arguments(given))
            return
        cursor = _execute(tx, ready.sql, [ready.arguments(given)], many=True)
        if hurry and tx.__dict__.get(WIRE) is not None:
            cursor.hurry()

    def run_for(self, tx: Connection, several: Sequence[Mapping[str, Any]]) -> None:
        """`send` for each of `several`."""
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        if len(several) == 1 and tx.dialect.name == "sqlite":
            _execute(tx, ready.sql, ready.arguments(several[0]))
            return
        _execute(tx, ready.sql, list(map(ready.arguments, several)), many=True)

    def must_change(self, tx: Connection, given: Given, otherwise: Otherwise) -> None:
        """As `run`, where exactly one row is to be changed. Raises what `otherwise` makes, on
        PostgreSQL with the next answer that is waited for, or with that to COMMIT: an error, so
        that nothing is committed then.
        """
        if tx.dialect.name == "sqlite":
            if self.run(tx, given) != 1:
                raise otherwise()
            return

        def look(result: Any) -> None:
            if result.error_field(_STATE) == _BY_NOTHING:
                raise otherwise()

        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        _post(tx, _of_one(ready.sql), [ready.arguments(given)], look)

    def must_add(self, tx: Connection, several: Sequence[Given], otherwise: Otherwise) -> None:
        """As `run_for`, where rows that are there already mean something else than that somebody
        was faster. Raises as `must_change`.
        """
        if tx.dialect.name == "sqlite":
            try:
                self.run_for(tx, several)
            except IntegrityError:
                raise otherwise() from None
            return

        def look(result: Any) -> None:
            state = result.error_field(_STATE)
            if state is not None and state.startswith(_INTEGRITY):
                raise otherwise()

        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        _post(tx, ready.sql, list(map(ready.arguments, several)), look)

    def prefetch(self, tx: Connection, given: Given) -> None:
        """Of what will be asked later in this transaction PostgreSQL is asked now, along with what
        is waited for next, so that nobody waits for it then.
        """
        wire = None if tx.dialect.name == "sqlite" else tx.__dict__.get(WIRE)
        if wire is None:
            return
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        try:
            wire.prefetch(ready.sql, ready.arguments(given))
        except tx.dialect.loaded_dbapi.Error as error:
            raise _failed(tx, error, wire.driver) from error

    def _for(self, tx: Connection) -> Ready:
        name = tx.dialect.name
        ready = self._ready.get(name)
        if ready is None:
            ready = self._ready[name] = compiled(tx, self._statement, self._columns)
        return ready


@cache
def _of_one(update: str) -> str:
    """Which PostgreSQL takes for an error where it does not change one row."""
    return f"WITH done AS ({update} RETURNING 1) SELECT 1 / (count(*) = 1)::int FROM done"  # noqa: S608 — our own statement


def _post(tx: Connection, sql: str, several: Any, look: Callable[[Any], None]) -> None:
    _execute(tx, sql, several, many=True, check=Check(look, of_errors=True))


def _execute(
    tx: Connection, sql: str, arguments: Any, *, many: bool = False, check: Check | None = None
) -> Any:
    # The driver's own connection: SQLAlchemy's wrapping of it would only pass the call on.
    pooled = tx._dbapi_connection or tx.connection  # noqa: SLF001 — the latter is a function
    driver: Any = pooled.dbapi_connection
    cursor: Any = (
        driver.cursor() if isinstance(driver, sqlite3.Connection) else _on_wire(tx, driver)
    )
    if check is not None:
        cursor.check = check
    # Whoever counts statements by SQLAlchemy's event counts these too. (Its list of those that
    # listen to all engines, too, is made by a function: nobody does.)
    listening: Any = tx.engine.dispatch.before_cursor_execute
    for listener in listening.listeners:
        listener(tx, cursor, sql, arguments, None, many)
    try:
        (cursor.executemany if many else cursor.execute)(sql, arguments)
    except tx.dialect.loaded_dbapi.Error as error:
        raise _failed(tx, error, driver, cursor) from error
    return cursor


def settle(tx: Connection) -> None:
    """Waits for what was sent, and raises what is wrong with it."""
    if tx.dialect.name == "sqlite":
        return
    wire = tx.info.get(WIRE)
    if wire is None:
        return
    try:
        wire.settle()
    except tx.dialect.loaded_dbapi.Error as error:
        raise _failed(tx, error, wire.driver) from error


def _failed(tx: Connection, error: Any, driver: Any, cursor: Any = None) -> BaseException:
    lost = tx.dialect.is_disconnect(error, driver, cursor)
    if lost:
        tx.invalidate(error)
    return as_sqlalchemy(tx, error, lost=lost)


def _on_wire(tx: Connection, driver: Any) -> Any:
    """For statements with $1, $2, …, whoever begins the transactions of this connection."""
    wire = tx.__dict__.get(WIRE)
    if wire is None or wire.driver is not driver:
        # Beside SQLAlchemy's own attributes: its `info` takes four calls to find.
        wire = tx.info.get(WIRE) if driver.autocommit else None
        tx.__dict__[WIRE] = wire
    if wire is not None:
        return wire.cursor()
    # psycopg's own transactions begin with the first statement that goes through it.
    from psycopg import RawCursor  # noqa: PLC0415 — SQLite needs none of it

    return RawCursor(driver)


def as_sqlalchemy(tx: Connection, error: Exception, *, lost: bool = False) -> BaseException:
    """A driver's error in SQLAlchemy's words. Without statement and arguments: both would carry
    values into logs.
    """
    return DBAPIError.instance(
        None,
        None,
        error,
        tx.dialect.loaded_dbapi.Error,
        connection_invalidated=lost,
        dialect=tx.dialect,
        hide_parameters=True,
    )
