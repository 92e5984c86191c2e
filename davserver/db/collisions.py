"""Whoever collided with another writer of PostgreSQL runs again in turn.

Writers begin side by side: most of them touch different rows. Of two that touch the same ones, as
the head of one vault's trail, the later is told to run again. Left to chance, several writers of
one vault overtake each other until somebody has tried too often. So whoever was told once takes a
lock that all such take, and takes it before the transaction begins: a snapshot that is older than
the wait would collide again. While that goes on, those who begin take it too: their first try would
only be thrown away.
"""

import time

from psycopg.errors import LockNotAvailable

from davserver.db.wire import Wire

_REMEMBERED = 1.0
"""Seconds after a collision in which others are expected."""
_KEY = (0x41627269, 1)
"""The first half is that of all our advisory locks (`davserver.db.turns`)."""


class Collisions:
    """When writers of this process last collided with anybody, and for how many milliseconds they
    wait for others then. Thread-safe.
    """

    def __init__(self, patience_ms: int) -> None:
        self._patience_ms = patience_ms
        self._last = -_REMEMBERED

    def note(self) -> None:
        self._last = time.monotonic()

    def are_expected(self) -> bool:
        return time.monotonic() - self._last < _REMEMBERED

    def take_turn(self, wire: Wire) -> bool:
        """On a connection without a transaction. Whoever waits for longer goes on without: a
        process that stands still must not stop the others. Raises the driver's errors.
        """
        take = f"SELECT pg_advisory_lock({_KEY[0]}, {_KEY[1]})"
        # One message is one transaction, so that the patience ends with a wait that failed.
        words = f"SET lock_timeout = {self._patience_ms}; {take}; SET lock_timeout = 0"
        try:
            wire.say(words.encode())
        except LockNotAvailable:
            return False
        return True


def end_turn(wire: Wire) -> None:
    """Nobody waits for it; where it fails, the session is over, and its locks with it."""
    wire.say_and_go(b"SELECT pg_advisory_unlock(%d, %d)" % _KEY)
