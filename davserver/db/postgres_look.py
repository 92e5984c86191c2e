"""How a look at PostgreSQL begins and ends, and of which state of it that look is."""

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from psycopg import Error
from sqlalchemy import Connection

from davserver.db.changed import COUNTS
from davserver.db.wire import raising, wire_of

_LOOK = (
    b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
    b" SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_snapshot() END"
)
"""One message, one answer. The snapshot is that of its question."""
_LOOK_AND_COUNTS = _LOOK + COUNTS.replace("SELECT", ",", 1).encode()
"""The counters as well, for whoever will want them: the last look showed another state than the one
before it, so this one will too.
"""


@dataclass(frozen=True, slots=True)
class _None:
    """Whoever only looks changes no rows."""

    total_changes: int = 0


class PostgresLook:
    """Two equal snapshots show the same.

    PostgreSQL tells a snapshot as the oldest transaction under way, the first number not yet given
    to one that has ended, and those under way in between. Whoever changes a row has a number. When
    one with a number ends, well or not, between two snapshots, then the first snapshot either
    listed it, and the second does not; or it had that number ahead of it, and the second has it
    behind. So whatever is under way around them: if they are equal, nothing has ended, and what
    has not ended nobody sees. (Not so on a standby, which does not list all; there nothing is
    remembered.) Other databases of the same server use up numbers too: then something is asked
    that need not be.
    """

    __slots__ = ("_counts", "_state", "_tx", "_wants_counts", "_wire", "rows")

    def __init__(self, tx: Connection) -> None:
        # What goes through SQLAlchemy must not begin or end anything.
        self._tx = tx.execution_options(isolation_level="AUTOCOMMIT")
        self._wire = wire_of(tx)
        self.rows = _None()
        self._state: Hashable = None
        self._wants_counts = False
        self._counts: tuple[Any, ...] = ()
        """As this snapshot shows them, where they were asked for with it."""

    def begin(self) -> Hashable:
        with raising(self._tx) as wire:
            answer = wire.say(_LOOK_AND_COUNTS if self._wants_counts else _LOOK)
        state, *counts = [answer.get_value(0, at) for at in range(answer.nfields)]
        self._counts = tuple(counts)
        self._wants_counts = state is None or state != self._state
        self._state = state
        return object() if state is None else state

    def counts(self) -> tuple[Any, ...]:
        if not self._counts:
            with raising(self._tx) as wire:
                answer = wire.say(COUNTS.encode())
            self._counts = tuple([answer.get_value(0, at) for at in range(answer.nfields)])
        return self._counts

    def end(self, *, well: bool) -> None:
        if self._tx.in_transaction():
            # SQLAlchemy believes that it began one.
            (self._tx.commit if well else self._tx.rollback)()
        else:
            # Nothing was changed: nobody needs to hear that it is over.
            # If the connection is lost meanwhile, the next look notices.
            with suppress(Error):
                self._wire.say_and_go(b"COMMIT")

    def close(self) -> None:
        with suppress(Error):
            self._wire.settle()
