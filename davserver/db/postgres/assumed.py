"""Assumptions that a writer makes while PostgreSQL's answer is on its way (optimistic execution).

Nobody waits to hear that something went as it nearly always does. Where it did not, the transaction
is run again, and whoever assumed it asks then, as whoever writes to SQLite always does.
"""

from collections.abc import Hashable

from sqlalchemy import Connection

from davserver.db.failures import Retry

_KEY = "abri.disproved"
_MOST = 1000


def is_assumed(tx: Connection, what: Hashable) -> bool:
    """Whether to assume it: no answer on this connection has disproved it yet."""
    return tx.dialect.name == "postgresql" and what not in vars(tx).get(_KEY, ())


def disproved(tx: Connection, what: Hashable) -> Retry:
    """It is not assumed any more on this connection. To be raised."""
    wrong = vars(tx).setdefault(_KEY, set())
    if len(wrong) >= _MOST:
        wrong.clear()
    wrong.add(what)
    return Retry()
