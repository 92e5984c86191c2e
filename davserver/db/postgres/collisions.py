"""Whoever collided with another writer of PostgreSQL runs again in turn.

Writers of different processes begin side by side: most of them touch different rows. Of two that
touch the same ones, as the head of one vault's trail, the later is told to run again. Left to
chance, one process may overtake another until that has tried too often. So each transaction that
writes shares a lock with all others, and whoever collided once takes it for itself, for a while:
nobody can be in its way then. Who finds it taken takes it, too, from then on: two processes that
write one vault take turns. It is the first statement of a transaction and no question, so that the
snapshot is taken after it (postgresql.org, LOCK), and goes with the transaction.
"""

import time
from typing import Any

_REMEMBERED = 1.0
"""Seconds after a collision in which others are expected."""

# Of a table that whoever changes anything reads, and nearly nobody writes; no reader minds.
SHARE_TURN = "LOCK TABLE epoch IN ROW SHARE MODE NOWAIT"
TAKE_TURN = "LOCK TABLE epoch IN EXCLUSIVE MODE"

_STATE, _LOCK_NOT_AVAILABLE = ord("C"), b"55P03"
"""PG_DIAG_SQLSTATE, and what says that a lock is somebody else's."""


class Collisions:
    """When writers of this process last met anybody. Thread-safe."""

    def __init__(self) -> None:
        self._last = -_REMEMBERED

    def note(self) -> None:
        self._last = time.monotonic()

    def are_expected(self) -> bool:
        return time.monotonic() - self._last < _REMEMBERED


def is_taken(answer: Any) -> bool:
    """Whether the answer to one of those says so."""
    return bool(answer.error_field(_STATE) == _LOCK_NOT_AVAILABLE)
