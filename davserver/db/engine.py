"""Engines: how SQLite and PostgreSQL are opened so that both keep what they acknowledge."""

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from davserver.db.dependencies import may_move, may_write
from davserver.db.prepared import WIRE, as_sqlalchemy
from davserver.db.query_cache import rolled_back

BUSY_MS = 10_000
"""How long SQLite waits for a lock that somebody outside of Abri holds."""
_SQLITE_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA foreign_keys = ON",
    # A deleted key must not stay readable in free pages (DESIGN §5.5).
    "PRAGMA secure_delete = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -4096",
    # Pages in the log from which on a commit brings them into the database, for which it holds the
    # turn of every writer. As many as the first table of the log's index has places for: with more,
    # each page that is looked for is looked for in two.
    "PRAGMA wal_autocheckpoint = 4000",
)

_STATEMENTS = 512
"""Compiled statements that a connection keeps: all that requests use, and some to spare."""

_PLANS = {
    "enable_seqscan": ("off", "on"),
    "enable_hashjoin": ("off", "on"),
    "enable_mergejoin": ("off", "on"),
    "plan_cache_mode": ("force_generic_plan", "auto"),
}
"""Settings of PostgreSQL, and what they are unless somebody says otherwise."""
_SETTINGS = " -c ".join(
    ["-c timezone=UTC", "jit=off", *(f"{name}={ours}" for name, (ours, _) in _PLANS.items())]
)
"""Of a session of PostgreSQL. It plans a statement for all its later runs, perhaps while a table is
empty or nothing is known of it, and goes through the whole of one that seems small: that plan stays
when the table has grown, and under SERIALIZABLE collides with whoever writes anything there. Nor
does it plan anew for each run, which can take twenty times as long as the run.
"""

_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}
"""Of a connection to PostgreSQL by TCP, in seconds, the last in milliseconds: a host that is lost
holds nobody for longer than half a minute, where Linux would wait for two hours for an answer, and
for a quarter of one to get rid of a question.
"""

_DURABLE = "PRAGMA synchronous = FULL"
_SOON = "PRAGMA synchronous = NORMAL"


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def sqlite_file(url: URL) -> Path:
    if not url.database or url.database == ":memory:":
        message = "the database must be a file: sqlite:////folder/abri.db"
        raise ValueError(message)
    return Path(url.database)


def open_engine(
    url_text: str, *, durable: bool, connections: int, busy_ms: int = BUSY_MS
) -> Engine:
    """An engine whose transactions begin when we say so.

    `durable`: a commit returns after fsync. Without it (read windows, DESIGN §2.7) a commit
    survives a killed process but perhaps not a power cut.
    """
    url = make_url(url_text)
    if is_sqlite(url):
        return _sqlite(url, durable=durable, connections=connections, busy_ms=busy_ms)
    return _postgresql(url, durable=durable, connections=connections)


def _sqlite(url: URL, *, durable: bool, connections: int, busy_ms: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=connections,
        max_overflow=0,
        pool_timeout=30,
        connect_args={
            "check_same_thread": False,
            "timeout": busy_ms / 1000,
            "cached_statements": _STATEMENTS,
        },
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        raw = connection
        # The driver's own implicit BEGIN would start transactions late: they are begun by hand.
        if isinstance(raw, sqlite3.Connection):
            raw.isolation_level = None
        cursor = raw.cursor()
        for pragma in (*_SQLITE_PRAGMAS, _DURABLE if durable else _SOON):
            cursor.execute(pragma)
        cursor.close()

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        word = connection.get_execution_options().get("sqlite_begin", "BEGIN")
        raw = connection.connection.driver_connection
        if isinstance(raw, sqlite3.Connection) and not raw.in_transaction:
            try:
                raw.execute(word)
            except sqlite3.Error as error:
                raise as_sqlalchemy(connection, error) from error

    event.listen(engine, "rollback_savepoint", lambda connection, *_: rolled_back(connection))
    return engine


def _postgresql(url: URL, *, durable: bool, connections: int) -> Engine:
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        pool_size=connections,
        max_overflow=2,
        pool_timeout=30,
        pool_pre_ping=False,
        connect_args=_told(url, durable=durable),
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, entry: ConnectionPoolEntry) -> None:
        from davserver.db.postgres.wire import Wire  # noqa: PLC0415 — SQLite needs none of it

        entry.info[WIRE] = Wire(connection)

    # What SQLAlchemy runs comes after what is on its way.
    for kind in ("do_execute", "do_execute_no_params", "do_executemany"):
        event.listen(engine, kind, _settle)
    event.listen(engine, "rollback_savepoint", lambda connection, *_: rolled_back(connection))
    return engine


def _told(url: URL, *, durable: bool) -> dict[str, Any]:
    """Whoever connects to PostgreSQL. What the address says of it itself counts more."""
    ours = f"-c synchronous_commit={'on' if durable else 'off'} {_SETTINGS}"
    theirs = url.query.get("options", "")
    options = " ".join([ours, *([theirs] if isinstance(theirs, str) else theirs)])
    patience = {name: value for name, value in _PATIENCE.items() if name not in url.query}
    # Its list of statements and ours would undo each other.
    return {**patience, "options": options.strip(), "prepare_threshold": None}


def as_planned(connection: Connection) -> None:
    """In this transaction PostgreSQL goes through whole tables where that seems faster."""
    for name, (_, usual) in _PLANS.items():
        connection.exec_driver_sql(f"SET LOCAL {name} = {usual}")


def _settle(_cursor: Any, statement: str, *given: Any) -> None:
    """`given` ends with the context of the statement."""
    # What SQLAlchemy asks a new server about itself is on a connection without such a place.
    with suppress(NotImplementedError):
        wire = given[-1].root_connection.info[WIRE]
        wire.make_way()
        if may_write(statement):
            wire.note_write(statement, moves=may_move(statement))
