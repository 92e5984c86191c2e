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
from collections.abc import Callable
from typing import Any

_REMEMBERED, _LONGEST = 1.0, 16.0
"""Seconds after a collision in which others are expected: at first, and while they keep coming."""

# Of a table that whoever changes anything reads, and nearly nobody writes; no reader minds.
SHARE_TURN = "LOCK TABLE epoch IN ROW SHARE MODE NOWAIT"
TAKE_TURN = "LOCK TABLE epoch IN EXCLUSIVE MODE"

_STATE, _LOCK_NOT_AVAILABLE = ord("C"), b"55P03"
"""PG_DIAG_SQLSTATE, and what says that a lock is somebody else's."""


class Collisions:
    """When writers of this process last met anybody. Thread-safe. `seconds` since anything."""

    def __init__(self, seconds: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._last = -_LONGEST
        self._for = _REMEMBERED

    def note(self) -> None:
        """Whoever meets somebody again as soon as it expects nobody expects them for longer: each
        time PostgreSQL writes a line into its log.
        """
        now = self._seconds()
        since, self._last = now - self._last, now
        if since >= self._for:
            again = since < self._for + _REMEMBERED
            self._for = min(2 * self._for, _LONGEST) if again else _REMEMBERED

    def are_expected(self) -> bool:
        return self._seconds() - self._last < self._for


def is_taken(answer: Any) -> bool:
    """Whether the answer to one of those says so."""
    return bool(answer.error_field(_STATE) == _LOCK_NOT_AVAILABLE)
