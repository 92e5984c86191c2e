"""Whoever collided with another writer of PostgreSQL runs again in turn.

Writers of different processes begin side by side: most of them touch different rows. Of two that
touch the same ones, as the head of one vault's trail, the later is told to run again. Left to
chance, one process may overtake another until that has tried too often. So all writers share a
lock, and whoever was told once takes it for themselves, for a while: nobody can be in their way
then. It is taken before the transaction begins: a snapshot that is older than the wait would
collide again.
"""

import time
from contextlib import suppress

from psycopg.errors import LockNotAvailable

from davserver.db.wire import Wire

_REMEMBERED = 1.0
"""Seconds after a collision in which others are expected."""
_KEY = f"({0x41627269}, 1)"
"""The first half is that of all our advisory locks (`davserver.db.turns`)."""
_SHARE = f"SELECT pg_advisory_lock_shared{_KEY}"
_TAKE = f"SELECT pg_advisory_lock{_KEY}".encode()
_LET_GO = "SELECT pg_advisory_unlock_all()"


class Collisions:
    """When writers of this process last collided with anybody. Thread-safe."""

    def __init__(self) -> None:
        self._last = -_REMEMBERED

    def note(self) -> None:
        self._last = time.monotonic()

    def are_expected(self) -> bool:
        return time.monotonic() - self._last < _REMEMBERED


def be_patient(wire: Wire, patience_ms: int) -> None:
    """Whoever waits for longer goes on without a turn: a process that stands still must not stop
    the others.
    """
    wire.say(b"SET lock_timeout = %d" % patience_ms)


def share_turn(wire: Wire) -> None:
    """Waits together with whatever is asked next."""
    wire.post(_SHARE, (), alone=True)


def take_turn(wire: Wire) -> None:
    with suppress(LockNotAvailable):
        wire.say(_TAKE)


def end_turn(wire: Wire) -> None:
    """Nobody waits for it; where it fails, the session is over, and its locks with it."""
    wire.ask_and_go(_LET_GO)
