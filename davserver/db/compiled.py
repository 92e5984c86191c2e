"""A statement of SQLAlchemy's as the driver of one kind of database takes it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Boolean, Connection
from sqlalchemy.sql.base import Executable
from sqlalchemy.sql.crud import REQUIRED

Given = Mapping[str, Any]


@dataclass(slots=True)
class Ready:
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


def compiled(tx: Connection, statement: Executable, columns: Sequence[str] | None) -> Ready:
    """For the database of `tx`. `columns`: those that an INSERT without values sets."""
    dialect = tx.dialect if tx.dialect.name == "sqlite" else _postgresql()
    made = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]  # Executable has none by its type
    order = tuple(made.positiontup)
    said = {name: value for name, value in made.params.items() if value is not None}
    # For the columns of an INSERT, SQLAlchemy has a sign that the value is still to come.
    fixed = {name: value for name, value in said.items() if value is not REQUIRED}
    truths = frozenset(
        column.keyname
        for column in made._result_columns  # noqa: SLF001 — the only list of types
        if isinstance(column.type, Boolean) and tx.dialect.name == "sqlite"
    )
    return Ready(str(made), _arguments(order, fixed), truths)


def named(
    ready: Ready, names: Sequence[str], rows: Sequence[tuple[Any, ...]]
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


@cache
def _postgresql() -> Any:
    """As libpq takes statements: with $1 where psycopg has %(name)s."""
    from sqlalchemy.dialects.postgresql import psycopg  # noqa: PLC0415 — SQLite needs none of it

    return psycopg.dialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]  # SQLAlchemy's has no types
