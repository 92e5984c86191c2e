"""INSERT … ON CONFLICT, which SQLAlchemy has in a dialect of each database. The one of PostgreSQL
brings those of all its drivers: 2 MiB and 40 ms that nobody has use for on SQLite.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.dialects import sqlite

T = TypeVar("T")


def insert_of(dialect: str) -> Any:
    if dialect == "sqlite":
        return sqlite.insert
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 — see above

    return postgresql.insert


class PerDialect(dict[str, T]):
    """What `build` makes of a dialect's `insert`, by its name: once, by whoever asks first."""

    def __init__(self, build: Callable[[Any], T]) -> None:
        super().__init__()
        self._build = build

    def __missing__(self, dialect: str) -> T:
        made = self[dialect] = self._build(insert_of(dialect))
        return made
