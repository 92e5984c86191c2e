"""What is presumed while PostgreSQL's answer is on its way.

Nobody waits to hear that something went as it nearly always does. Where it did not, all is done
again, and whoever presumed it asks then, as whoever writes to SQLite always does.
"""

from collections.abc import Hashable

from sqlalchemy import Connection

from davserver.db.failures import Again

_KEY = "abri.doubted"
_MOST = 1000


def is_presumed(tx: Connection, what: Hashable) -> bool:
    """Whether this connection has not been wrong about it."""
    return tx.dialect.name == "postgresql" and what not in vars(tx).get(_KEY, ())


def doubted(tx: Connection, what: Hashable) -> Again:
    """From here on it is asked. To be raised."""
    doubts = vars(tx).setdefault(_KEY, set())
    if len(doubts) >= _MOST:
        doubts.clear()
    doubts.add(what)
    return Again()
