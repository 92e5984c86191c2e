"""Statements that every request runs: compiled once, then given straight to the driver.

SQLAlchemy builds and describes them; running one through it costs some 30 µs, through the driver 2,
and a small request runs five to twelve. Rows come as plain dictionaries by column name. What cannot
be fixed beforehand (a list of unknown length in IN) stays with SQLAlchemy.
"""

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Connection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.crud import REQUIRED

Row = Mapping[str, Any]
Given = Mapping[str, Any]
Otherwise = Callable[[], Exception]

WIRE = "abri.wire"
"""Where a connection of PostgreSQL keeps its `davserver.db.wire.Wire`."""


_DONE = 1
"""PGRES_COMMAND_OK. This file must not load psycopg: SQLite needs none of it."""
_STATE = ord("C")
"""PG_DIAG_SQLSTATE, and the class of broken integrity."""
_INTEGRITY = b"23"


@dataclass(frozen=True, slots=True)
class Check:
    """`look` is given a result of PostgreSQL, also one that is an error, and raises what it means.
    `of_errors`: it minds errors alone, after which PostgreSQL commits nothing.
    """

    look: Callable[[Any], None]
    of_errors: bool = False


@dataclass(slots=True)
class _Ready:
    """One statement for one kind of database. `names` of its columns, once an answer told them.
    `arguments` makes what the driver takes of what a caller gives.
    """

    sql: str
    arguments: Callable[[Given], Any]
    truths: frozenset[str]
    names: tuple[str, ...] = ()

    def called(self, description: Sequence[Sequence[Any]]) -> tuple[str, ...]:
        self.names = tuple(str(column[0]) for column in description)
        return self.names


class Prepared:
    """One statement. `columns`: those that an INSERT without values sets."""

    __slots__ = ("_columns", "_ready", "_statement")

    def __init__(self, statement: Executable, columns: Collection[str] | None = None) -> None:
        self._statement = statement
        self._columns = list(columns) if columns is not None else None
        self._ready: dict[str, _Ready] = {}

    def all(self, tx: Connection, given: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Every row."""
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        cursor = _execute(tx, ready.sql, ready.arguments(given))
        rows = cursor.fetchall()
        if not rows:
            return []
        return _named(ready, ready.names or ready.called(cursor.description), rows)

    def named(
        self, tx: Connection, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
    ) -> list[dict[str, Any]]:
        """What `tuples` gave, as `all` would have given it."""
        return _named(self._for(tx), names, rows)

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

    def send(self, tx: Connection, given: Mapping[str, Any]) -> None:
        """As `run`, where nobody needs to know what it changed. What is wrong with it PostgreSQL
        says with the next answer that is waited for, or with that to COMMIT.
        """
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        if tx.dialect.name == "sqlite":
            _execute(tx, ready.sql, ready.arguments(given))
        else:
            _execute(tx, ready.sql, [ready.arguments(given)], many=True)

    def run_for(self, tx: Connection, several: Sequence[Mapping[str, Any]]) -> None:
        """`send` for each of `several`."""
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        if len(several) == 1 and tx.dialect.name == "sqlite":
            _execute(tx, ready.sql, ready.arguments(several[0]))
            return
        _execute(tx, ready.sql, list(map(ready.arguments, several)), many=True)

    def must_change(self, tx: Connection, given: Given, otherwise: Otherwise) -> None:
        """As `run`, where exactly one row is to be changed. Raises what `otherwise` makes, on
        PostgreSQL with the next answer that is waited for, or with that to COMMIT.
        """
        if tx.dialect.name == "sqlite":
            if self.run(tx, given) != 1:
                raise otherwise()
            return

        def look(result: Any) -> None:
            # An error speaks for itself.
            if result.status == _DONE and result.command_tuples != 1:
                raise otherwise()

        self._posted(tx, (given,), Check(look))

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

        self._posted(tx, several, Check(look, of_errors=True))

    def _posted(self, tx: Connection, several: Sequence[Given], check: Check) -> None:
        ready = self._ready.get(tx.dialect.name) or self._for(tx)
        _execute(tx, ready.sql, list(map(ready.arguments, several)), many=True, check=check)

    def _for(self, tx: Connection) -> _Ready:
        name = tx.dialect.name
        ready = self._ready.get(name)
        if ready is None:
            ready = self._ready[name] = self._compiled(tx)
        return ready

    def _compiled(self, tx: Connection) -> _Ready:
        dialect = tx.dialect if tx.dialect.name == "sqlite" else _postgresql()
        compiled = self._statement.compile(dialect=dialect, column_keys=self._columns)  # type: ignore[attr-defined]  # Executable has none by its type
        order = tuple(compiled.positiontup)
        said = {name: value for name, value in compiled.params.items() if value is not None}
        # For the columns of an INSERT, SQLAlchemy has a sign that the value is still to come.
        fixed = {name: value for name, value in said.items() if value is not REQUIRED}
        truths = frozenset(
            column.keyname
            for column in compiled._result_columns  # noqa: SLF001 — the only list of types
            if isinstance(column.type, Boolean) and tx.dialect.name == "sqlite"
        )
        return _Ready(str(compiled), _arguments(order, fixed), truths)


def _named(
    ready: _Ready, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
) -> list[dict[str, Any]]:
    found = [dict(zip(names, row)) for row in rows]  # noqa: B905 — both are of one statement
    for name in ready.truths:
        for row in found:
            row[name] = None if row[name] is None else bool(row[name])
    return found


def _arguments(order: tuple[str, ...], fixed: Given) -> Callable[[Given], Any]:
    """What the driver takes: by position."""
    if not order:
        return lambda _: ()
    # `itemgetter` gives a tuple of several names only.
    pick = itemgetter(*order) if len(order) > 1 else _only(order[0])
    if not fixed:
        return pick
    return lambda given: pick({**fixed, **given})


def _only(name: str) -> Callable[[Given], Any]:
    return lambda given: (given[name],)


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


@cache
def _postgresql() -> Any:
    """As libpq takes statements: with $1 where psycopg has %(name)s."""
    from sqlalchemy.dialects.postgresql import psycopg  # noqa: PLC0415 — SQLite needs none of it

    return psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy's has no types


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
