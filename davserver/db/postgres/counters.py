"""The counters of `davserver.db.dependencies` as whoever writes to PostgreSQL assumes them.

A writer's query cache is valid while the counters are as they were. To ask would be a round trip in
which everybody waits; so the query goes along with the first other one, and cached answers are used
meanwhile (optimistic validation). Where the answer says that somebody else has changed something,
the transaction is run again, by what is there now; before that nothing is committed and nobody is
told anything. Whatever the writer itself may have moved empties its cache. Nearly each change might
move the counter of folders, and hardly any does: so answers about folders are suspended once the
writer has written anything, and are valid again in the next transaction if the counter says so.
"""

from typing import Any

from davserver.db.dependencies import COUNTS, FOLDERS
from davserver.db.failures import Retry
from davserver.db.postgres.wire import Wire
from davserver.db.prepared import Check
from davserver.db.query_cache import SUSPENDED

Counts = tuple[Any, ...]


class PostgresCounters:
    """The counters as one connection that writes knows them, for its `QueryCache`."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self.rows = self
        self._known: Counts | None = None
        self._asked = self._used = False
        self._moves = wire.moves
        self._writes, self._turns = wire.writes, wire.turns
        """As they were when the transaction began."""

    @property
    def total_changes(self) -> int:
        """What stands for the rows that it has changed: the statements that may have."""
        return self._wire.writes

    def begin(self) -> None:
        """A transaction, in which the question is on its way where there is anything to lose."""
        wire = self._wire
        if wire.moves != self._moves:
            self._known, self._moves = None, wire.moves
        self._writes, self._turns = wire.writes, wire.turns
        self._used, self._asked = False, self._known is not None
        if self._asked:
            wire.post(COUNTS, (), Check(self._validate))

    def counts(self) -> Counts:
        if self._wire.moves != self._moves:
            # By ourselves: a number that means the same in this transaction does not come again.
            self._known = None
            return tuple([object() for _ in range(_COUNTERS)])
        if self._known is None:
            self._known = _counts(self._wire.execute(COUNTS, ()))
        self._used = True
        return (
            self._known
            if self._wire.writes == self._writes
            else (*self._known[:FOLDERS], SUSPENDED)
        )

    def end(self) -> None:
        """Ahead of COMMIT: what the next one is to assume, where it may be something else now."""
        if self._known is not None and self._wire.turns != self._turns:
            self._wire.post(COUNTS, (), Check(self._note, of_errors=True))

    def _validate(self, answer: Any) -> None:
        before = self._known
        self._note(answer)
        if self._used and before != self._known:
            raise Retry

    def _note(self, answer: Any) -> None:
        if not answer.error_message:
            self._known = _counts(answer)


_COUNTERS = COUNTS.count("sum(")


def _counts(answer: Any) -> Counts:
    return tuple([answer.get_value(0, at) for at in range(answer.nfields)])
