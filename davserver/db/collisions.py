"""Whoever collided with another writer of PostgreSQL runs again in turn.

Writers begin side by side: most of them touch different rows. Of two that touch the same ones, as
the head of one vault's trail, the later is told to run again. Left to chance, several writers of
one vault overtake each other until somebody has tried too often. So whoever was told once takes a
lock that all such take, and takes it before the transaction begins: a snapshot that is older than
the wait would collide again. While that goes on, those who begin take it too: their first try would
only be thrown away.
"""

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

from sqlalchemy import Connection

from davserver.db.prepared import as_sqlalchemy

_TOO_LATE = "55P03"
_REMEMBERED = 1.0
"""Seconds after a collision in which others are expected."""
_KEY = (0x41627269, 1)
"""The first half is that of all our advisory locks (`davserver.db.turns`)."""
_TAKE = f"SELECT pg_advisory_lock({_KEY[0]}, {_KEY[1]})"
_GIVE_BACK = f"SELECT pg_advisory_unlock({_KEY[0]}, {_KEY[1]})"


class Collisions:
    """When writers of this process last collided with anybody, and for how many milliseconds they
    wait for others then. Thread-safe.
    """

    def __init__(self, patience_ms: int) -> None:
        self._patience_ms = patience_ms
        self._last = -_REMEMBERED

    def note(self) -> None:
        self._last = time.monotonic()

    def turn(self, tx: Connection) -> AbstractContextManager[None]:
        """A turn while collisions are expected. Raises DBAPIError, when it is entered."""
        expected = time.monotonic() - self._last < _REMEMBERED
        return in_turn(tx, self._patience_ms) if expected else nullcontext()


@contextmanager
def in_turn(tx: Connection, patience_ms: int) -> Iterator[None]:
    """On a connection without a transaction, before and after. Whoever waits for longer goes on
    without: a process that stands still must not stop the others. Raises DBAPIError.
    """
    driver = tx.connection.driver_connection
    mine = _taken(tx, driver, patience_ms)
    try:
        yield
    finally:
        if mine:
            _give_back(tx, driver)


def _taken(tx: Connection, driver: Any, patience_ms: int) -> bool:
    try:
        driver.autocommit = True
        # One message is one transaction, so that the patience ends with a wait that failed.
        driver.execute(f"SET lock_timeout = {patience_ms}; {_TAKE}; SET lock_timeout = 0")
    except tx.dialect.loaded_dbapi.Error as error:
        if error.sqlstate != _TOO_LATE:
            lost = driver.closed
            if lost:
                tx.invalidate(error)
            raise as_sqlalchemy(tx, error, lost=lost) from error
        driver.autocommit = False
        return False
    driver.autocommit = False
    return True


def _give_back(tx: Connection, driver: Any) -> None:
    try:
        driver.autocommit = True
        driver.execute(_GIVE_BACK)
        driver.autocommit = False
    except tx.dialect.loaded_dbapi.Error:
        # The lock ends with the session.
        driver.close()
        tx.invalidate()
