"""PostgreSQL databases that tests use one after the other, each as if it were new: to make another
copy and to drop it takes a fifth of a second, to empty one a fiftieth.

One is dropped as it always was where it is not sure to be as new: where its shape changed, somebody
is still connected, or much was written. What is deleted stays in the files (nothing is ever
vacuumed here), so that each serves a few tests only.
"""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
from psycopg import Connection, sql

from davserver.db.tables import metadata
from tests.support.postgres import PostgresServer

USES = 25
LARGE = 4 << 20
"""Bytes more than at first."""
PATIENCE = 0.5
"""Seconds in which those who hung up are gone from the server's list."""

_TABLES = sorted([one.name for one in metadata.sorted_tables], key="changed".__eq__)
"""The counters last: whatever is done to the other tables moves them."""
_CATALOGUES = (
    "pg_attrdef", "pg_attribute", "pg_class", "pg_constraint", "pg_index", "pg_namespace",
    "pg_proc", "pg_rewrite", "pg_statistic", "pg_trigger", "pg_type",
)  # fmt: skip
_SHAPE = " UNION ALL ".join(
    f"SELECT '{one}', count(*), max(xmin::text::bigint) FROM {one}" for one in _CATALOGUES
)
"""Whatever is made, altered or dropped changes a number here; a copy has those of its original."""
_SIZE = "SELECT pg_database_size(current_database())"
_OTHERS = (
    "SELECT count(*) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
_SEQUENCES = "SELECT sequencename, last_value, start_value FROM pg_sequences"
_DELETE = ";".join(f'DELETE FROM "{one}"' for one in _TABLES)

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class New:
    """What a new one has."""

    rows: dict[str, Rows]
    sequences: Rows
    shape: Rows
    size: int

    @classmethod
    def of(cls, url: str) -> "New":
        with _connected(url) as db:
            rows = {one: db.execute(_all_of(one)).fetchall() for one in _TABLES}
            return cls(rows, db.execute(_SEQUENCES).fetchall(), *_shape_and_size(db))

    def is_kept_by(self, db: Connection[Any]) -> bool:
        """Whether that one can be made as new by changing rows alone."""
        shape, size = _shape_and_size(db)
        return shape == self.shape and size <= self.size + LARGE and _is_left(db)

    def put_back(self, db: Connection[Any]) -> None:
        with db.transaction():
            # No foreign key asks for an order.
            db.execute("SET LOCAL session_replication_role = replica")
            db.execute(_DELETE)  # type: ignore[arg-type]
            for table, rows in self.rows.items():
                if table == "changed":
                    db.execute("DELETE FROM changed")
                for row in rows:
                    db.execute(_insert(table, len(row)), row)
            for name, last, start in self.sequences:
                said = start if last is None else last
                db.execute("SELECT setval(%s::regclass, %s, %s)", (name, said, last is not None))


def _shape_and_size(db: Connection[Any]) -> tuple[Rows, int]:
    ((size,),) = db.execute(_SIZE).fetchall()
    return db.execute(_SHAPE).fetchall(), size  # type: ignore[arg-type]


def _is_left(db: Connection[Any]) -> bool:
    until = time.monotonic() + PATIENCE
    while db.execute(_OTHERS).fetchall() != [(0,)]:
        if time.monotonic() > until:
            return False
        time.sleep(0.005)
    return True


def _all_of(table: str) -> sql.Composed:
    return sql.SQL("SELECT * FROM {}").format(sql.Identifier(table))


def _insert(table: str, columns: int) -> sql.Composed:
    marks = sql.SQL(", ").join([sql.Placeholder()] * columns)
    return sql.SQL("INSERT INTO {} VALUES ({})").format(sql.Identifier(table), marks)


@contextmanager
def _connected(url: str) -> Iterator[Connection[Any]]:
    with psycopg.connect(url, autocommit=True, options="-c lock_timeout=5s") as db:
        yield db


@dataclass
class _One:
    url: str
    held: ExitStack
    uses: int = 0


@dataclass
class UsedAgain:
    """Copies of `first`, on one server. `close` drops them."""

    server: PostgresServer
    first: str
    _free: list[_One] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._new = New.of(self.first)

    @contextmanager
    def one(self) -> Iterator[str]:
        """The URL of one that is as new."""
        lent = self._free.pop() if self._free else self._copy()
        try:
            yield lent.url
        finally:
            lent.uses += 1
            if lent.uses < USES and self._is_as_new(lent):
                self._free.append(lent)
            else:
                lent.held.close()

    def close(self) -> None:
        while self._free:
            self._free.pop().held.close()

    def _copy(self) -> _One:
        held = ExitStack()
        like = self.first.rpartition("/")[2]
        return _One(held.enter_context(self.server.fresh_database(like=like)), held)

    def _is_as_new(self, lent: _One) -> bool:
        """Puts back what it had at first, if that is all there is to do."""
        try:
            with _connected(lent.url) as db:
                if not self._new.is_kept_by(db):
                    return False
                self._new.put_back(db)
        except psycopg.Error:
            return False
        return True
