"""What was removed from the database must not stay in its files (DESIGN §5.5)."""

import sqlite3

from davserver.db.database import Database
from davserver.db.failures import translated

_PATIENCE_MS = 500


def empty_log(db: Database) -> bool:
    """Bring SQLite's log into the database and cut it to nothing: pages as they were before a
    removal are gone then. False when a long reader stood in the way: try again later.

    PostgreSQL keeps its own log for as long as it is told to (docs/checking.md).
    """
    if not db.sqlite:
        return True
    with translated(), db.engines()[0].connect() as connection:
        raw = connection.connection.driver_connection
        assert isinstance(raw, sqlite3.Connection)  # noqa: S101 — `db.sqlite` says so
        before = raw.execute("PRAGMA busy_timeout").fetchone()[0]
        # While it waits for readers, writers wait for it.
        raw.execute(f"PRAGMA busy_timeout = {_PATIENCE_MS}")
        try:
            blocked: int = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        finally:
            raw.execute(f"PRAGMA busy_timeout = {before}")
    return not blocked
