"""How a look at PostgreSQL begins and ends, and of which state of it that look is."""

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from psycopg import Error
from sqlalchemy import Connection

from davserver.db.dependencies import COUNTS
from davserver.db.failures import Again
from davserver.db.looks import MEANWHILE, NONE, Belief
from davserver.db.postgres.wired import raising, wire_of
from davserver.db.prepared import Check
from davserver.db.query_cache import QueryCache

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_ALWAYS = (
    b"SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on"
)
"""Statements that go together are one transaction, also where nobody said BEGIN: so they see one
snapshot, too.
"""
_STATE = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_snapshot() END"
_STATE_AND_COUNTS = _STATE + COUNTS.replace("SELECT", ",", 1)
"""The counters as well, where it will be another state."""
_MISLED = 2
"""As often in a row as what is remembered may turn out to be of another state, before nobody
believes it any more without asking.
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

    So a look need not begin with a question that everybody waits for. What is remembered is
    believed, and the state is asked along with whatever else is asked first; most looks ask nothing
    else, so that this is all, without BEGIN and COMMIT. A further question is asked in a
    transaction that must show the same state.
    """

    __slots__ = (
        "_belief", "_counts", "_holds", "_memory", "_misled", "_moves", "_state", "_tx",
        "_wire", "rows",
    )  # fmt: skip

    def __init__(self, tx: Connection) -> None:
        # What goes through SQLAlchemy must not begin or end anything.
        self._tx = tx.execution_options(isolation_level="AUTOCOMMIT")
        self._wire = wire_of(tx)
        with raising(tx) as wire:
            wire.say(_ALWAYS)
        self.rows = _None()
        self._state: Hashable = None
        self._counts: tuple[Any, ...] = ()
        """As this snapshot shows them, where they were asked for with it."""
        self._moves = False
        """Whether the last look showed another state than the one before it, or this one will."""
        self._belief = NONE
        """Of a look that has not yet heard what it shows."""
        self._memory: QueryCache
        self._misled = 0
        """How many looks in a row believed what did not hold."""
        self._holds = True
        """Whether all that this one believes does, as far as it has heard."""

    # ── that asks first ─────────────────────────────────────────────────────────────────────────

    def begin(self) -> Hashable:
        with raising(self._tx) as wire:
            wire.post(_BEGIN, ())
            answer = wire.execute(_STATE_AND_COUNTS if self._moves else _STATE, ())
        self._holds = True
        self._read(answer)
        return object() if self._state is None else self._state

    def counts(self) -> tuple[Any, ...]:
        if not self._counts:
            with raising(self._tx) as wire:
                answer = wire.execute(COUNTS, ())
            self._counts = tuple([answer.get_value(0, at) for at in range(answer.nfields)])
        return self._counts

    # ── that believes ───────────────────────────────────────────────────────────────────────────

    def believe(self, belief: Belief, memory: QueryCache, now: float, *, moved: bool) -> bool:
        if self._state is None:
            return False
        if not memory.believe(now, moved=moved or self._misled >= _MISLED):
            return False
        self._moves = self._moves or moved
        if belief is MEANWHILE:
            try:
                self._wire.settle()
                self._wire.ask_and_go(self._question())
            except Error:
                return False
        self._wire.ahead = self._first
        self._belief, self._memory, self._holds = belief, memory, False
        return True

    def _question(self) -> str:
        return _STATE_AND_COUNTS if self._moves else _STATE

    def _first(self) -> None:
        """Ahead of the first question. Where the next state will be another one, a transaction is
        begun at once.
        """
        belief, self._belief = self._belief, NONE
        if belief is MEANWHILE:
            self._hear(self._wire.answer())
            self._further()
            return
        if self._moves:
            self._wire.post(_BEGIN, ())
        else:
            self._wire.ahead = self._further
        self._wire.post(self._question(), (), Check(self._hear))

    def _further(self) -> None:
        self._wire.post(_BEGIN, ())
        self._wire.post(_STATE, (), Check(self._hear))

    def _hear(self, answer: Any) -> None:
        if answer.error_message:
            return
        before, self._holds = self._state, False
        self._read(answer)
        try:
            self._memory.meet(object() if self._state is None else self._state, self._counts)
        except Again:
            self._misled += 1
            raise
        self._holds = True
        if self._state == before:
            self._misled = 0

    def _read(self, answer: Any) -> None:
        state = answer.get_value(0, 0)
        self._counts = tuple([answer.get_value(0, at) for at in range(1, answer.nfields)])
        self._moves = state is None or state != self._state
        self._state = state

    # ── and ends ────────────────────────────────────────────────────────────────────────────────

    def end(self, *, well: bool) -> None:
        try:
            if self._belief is not NONE:
                self._hear_at_last()
        finally:
            self._end(well=well)
        if not self._holds:
            # Also where somebody has passed over that, or the answer was an error.
            raise Again

    def _hear_at_last(self) -> None:
        belief, self._belief, self._wire.ahead = self._belief, NONE, None
        wire = self._wire
        with suppress(Error):
            if belief is MEANWHILE:
                self._hear(wire.answer())
            else:
                self._hear(wire.execute(self._question(), ()))

    def _end(self, *, well: bool) -> None:
        self._wire.ahead = None
        if self._tx.in_transaction():
            # SQLAlchemy believes that it began one.
            (self._tx.commit if well else self._tx.rollback)()
        elif not self._wire.is_idle:
            # Nothing was changed: nobody needs to hear that it is over.
            # If the connection is lost meanwhile, the next look notices.
            with suppress(Error):
                self._wire.say_and_go(b"COMMIT")

    def close(self) -> None:
        with suppress(Error):
            self._wire.settle()
