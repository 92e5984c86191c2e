"""A reader of PostgreSQL: how its snapshots begin and end, and of which version they are."""

from collections.abc import Hashable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from psycopg import Error
from sqlalchemy import Connection

from davserver.db.dependencies import COUNTS
from davserver.db.failures import Retry
from davserver.db.postgres.wired import raising, wire_of
from davserver.db.prepared import Check
from davserver.db.query_cache import QueryCache
from davserver.db.reader import BEFORE, MEANWHILE, Validation

_BEGIN = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_ALWAYS = (
    b"SET default_transaction_isolation = 'repeatable read'; SET default_transaction_read_only = on"
)
"""Statements that go together are one transaction, also where nobody said BEGIN: so they see one
snapshot, too.
"""
_VERSION = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_snapshot() END"
_VERSION_AND_COUNTS = _VERSION + COUNTS.replace("SELECT", ",", 1)
"""The counters as well, where it will be another version."""
_MOST_STALE = 2
"""As often in a row as the cache may turn out to be of another version, before nothing of it is
used any more without asking.
"""


@dataclass(frozen=True, slots=True)
class _None:
    """Whoever only reads changes no rows."""

    total_changes: int = 0


class PostgresReader:
    """Two equal snapshots show the same.

    PostgreSQL tells a snapshot as the oldest transaction under way, the first number not yet given
    to one that has ended, and those under way in between. Whoever changes a row has a number. When
    one with a number ends, well or not, between two snapshots, then the first snapshot either
    listed it, and the second does not; or it had that number ahead of it, and the second has it
    behind. So whatever is under way around them: if they are equal, nothing has ended, and what
    has not ended nobody sees. (Not so on a standby, which does not list all; there nothing is
    remembered.) Other databases of the same server use up numbers too: then something is asked
    that need not be.

    So a snapshot need not begin with a query that everybody waits for. Cached answers are used, and
    the version is asked along with whatever else is asked first: optimistic validation. Most
    requests ask nothing else, so that this is all, without BEGIN and COMMIT. A further query runs
    in a transaction that must show the same version.
    """

    __slots__ = (
        "_cache", "_counts", "_is_valid", "_moves", "_stale", "_tx", "_validation", "_version",
        "_wire", "rows",
    )  # fmt: skip

    def __init__(self, tx: Connection) -> None:
        # What goes through SQLAlchemy must not begin or end anything.
        self._tx = tx.execution_options(isolation_level="AUTOCOMMIT")
        self._wire = wire_of(tx)
        with raising(tx) as wire:
            wire.say(_ALWAYS)
        self.rows = _None()
        self._version: Hashable = None
        self._counts: tuple[Any, ...] = ()
        """As this snapshot shows them, where they were asked for with it."""
        self._moves = False
        """Whether the last snapshot showed another version than the one before, or this will."""
        self._validation = BEFORE
        """Of a snapshot that has not been validated yet, how it will be."""
        self._cache: QueryCache
        self._stale = 0
        """How many snapshots in a row used cached answers that were not valid."""
        self._is_valid = True
        """Whether all that this one used is, as far as it is known."""

    # ── validated before ─────────────────────────────────────────────────────────────────────────

    def begin(self) -> Hashable:
        with raising(self._tx) as wire:
            wire.post(_BEGIN, ())
            answer = wire.execute(_VERSION_AND_COUNTS if self._moves else _VERSION, ())
        self._is_valid = True
        self._read(answer)
        return object() if self._version is None else self._version

    def counts(self) -> tuple[Any, ...]:
        if not self._counts:
            with raising(self._tx) as wire:
                answer = wire.execute(COUNTS, ())
            self._counts = tuple([answer.get_value(0, at) for at in range(answer.nfields)])
        return self._counts

    # ── validated later ───────────────────────────────────────────────────────────────────────────

    def begin_optimistically(
        self, validation: Validation, cache: QueryCache, now: float, *, moved: bool
    ) -> bool:
        if self._version is None:
            return False
        if not cache.begin_unvalidated(now, moved=moved or self._stale >= _MOST_STALE):
            return False
        self._moves = self._moves or moved
        if validation is MEANWHILE:
            try:
                self._wire.settle()
                self._wire.ask_and_go(self._question())
            except Error:
                return False
        self._wire.ahead = self._first
        self._validation, self._cache, self._is_valid = validation, cache, False
        return True

    def _question(self) -> str:
        return _VERSION_AND_COUNTS if self._moves else _VERSION

    def _first(self) -> None:
        """Ahead of the first query. Where the next version will be another one, a transaction is
        begun at once.
        """
        validation, self._validation = self._validation, BEFORE
        if validation is MEANWHILE:
            self._validate(self._wire.answer())
            self._further()
            return
        if self._moves:
            self._wire.post(_BEGIN, ())
        else:
            self._wire.ahead = self._further
        self._wire.post(self._question(), (), Check(self._validate))

    def _further(self) -> None:
        self._wire.post(_BEGIN, ())
        self._wire.post(_VERSION, (), Check(self._validate))

    def _validate(self, answer: Any) -> None:
        if answer.error_message:
            return
        before, self._is_valid = self._version, False
        self._read(answer)
        try:
            self._cache.validate(object() if self._version is None else self._version, self._counts)
        except Retry:
            self._stale += 1
            raise
        self._is_valid = True
        if self._version == before:
            self._stale = 0

    def _read(self, answer: Any) -> None:
        version = answer.get_value(0, 0)
        self._counts = tuple([answer.get_value(0, at) for at in range(1, answer.nfields)])
        self._moves = version is None or version != self._version
        self._version = version

    # ── and ends ────────────────────────────────────────────────────────────────────────────────

    def end(self, *, well: bool) -> None:
        try:
            if self._validation is not BEFORE:
                self._validate_at_last()
        finally:
            self._end(well=well)
        if not self._is_valid:
            # Also where somebody has passed over that, or the answer was an error.
            raise Retry

    def _validate_at_last(self) -> None:
        validation, self._validation, self._wire.ahead = self._validation, BEFORE, None
        wire = self._wire
        with suppress(Error):
            if validation is MEANWHILE:
                self._validate(wire.answer())
            else:
                self._validate(wire.execute(self._question(), ()))

    def _end(self, *, well: bool) -> None:
        self._wire.ahead = None
        if self._tx.in_transaction():
            # SQLAlchemy believes that it began one.
            (self._tx.commit if well else self._tx.rollback)()
        elif not self._wire.is_idle:
            # Nothing was changed: nobody needs to hear that it is over.
            # If the connection is lost meanwhile, the next snapshot notices.
            with suppress(Error):
                self._wire.say_and_go(b"COMMIT")

    def close(self) -> None:
        with suppress(Error):
            self._wire.settle()
