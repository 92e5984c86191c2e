"""The connection of a process that writes, of PostgreSQL."""

import random
import time
from typing import Any

from psycopg import InternalError
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from davserver.db.aside import waiting
from davserver.db.failures import RETRYABLE, Retry, state_of
from davserver.db.postgres.collisions import SHARE_TURN, TAKE_TURN, Collisions, is_taken
from davserver.db.postgres.counters import PostgresCounters
from davserver.db.postgres.wire import Wire
from davserver.db.postgres.wired import raising, wire_of
from davserver.db.prepared import Check
from davserver.db.query_cache import attach_cache
from davserver.db.writers import Kept

_TRIES = 12


class PostgresWriter:
    """Serialisable transactions. Nobody waits for a statement whose answer is not needed: it goes
    with the next one, or with the COMMIT.
    """

    def __init__(self, engine: Engine, collisions: Collisions, patience_ms: int) -> None:
        # What goes through SQLAlchemy must not begin or end anything.
        self._kept = Kept(engine, isolation_level="AUTOCOMMIT")
        self._collisions = collisions
        self._patience_ms = patience_ms
        self._gave_up = False
        """Whether it has waited for its turn for too long: a process that stands still must not
        stop the others.
        """
        self._counters: PostgresCounters | None = None
        self._in_doubt = False
        """Whether a COMMIT is under way, and nobody knows yet what became of it."""
        self._writes = 0
        """As many had been sent when the work of the last one began."""

    def take_turn(self) -> None:
        """With BEGIN."""

    def end_turn(self) -> None:
        """With the transaction."""

    def begin(self) -> Connection:
        self._in_doubt = False
        is_new = not self._kept.is_open
        tx = self._kept.tx()
        with raising(tx) as wire:
            if is_new:
                wire.say(b"SET lock_timeout = %d" % self._patience_ms)
                self._counters = PostgresCounters(wire)
                attach_cache(tx, self._counters)
            wire.prefetched.forget()
            wire.post("BEGIN ISOLATION LEVEL SERIALIZABLE", ())
            self._post_turn(wire)
            if self._counters is not None:
                self._counters.begin()
        return tx

    def _post_turn(self, wire: Wire) -> None:
        """Among processes: with those who have not collided lately; for itself, where this one has.
        It is waited for together with whatever is asked next.
        """
        if self._gave_up:
            self._gave_up = False
        elif self._collisions.are_expected():
            wire.post(TAKE_TURN, (), Check(self._waited, of_errors=True), patiently=True)
        else:
            wire.post(SHARE_TURN, (), Check(self._met, of_errors=True))

    def _waited(self, answer: Any) -> None:
        if is_taken(answer):
            self._gave_up = True
            raise Retry

    def _met(self, answer: Any) -> None:
        if is_taken(answer):
            self._collisions.note()
            raise Retry

    def begin_part(self) -> None:
        with raising(self._kept.tx()) as wire:
            wire.begin_part()
            self._writes = wire.writes

    def is_untouched(self) -> bool:
        wire = wire_of(self._kept.tx())
        return wire.writes == self._writes and wire.is_in_order

    def settle(self) -> None:
        with raising(self._kept.tx()) as wire:
            wire.settle()

    def commit(self) -> None:
        tx = self._kept.tx()
        with raising(tx) as wire:
            if not wire.is_sure:
                wire.settle()
            if self._counters is not None:
                self._counters.end()
            self._in_doubt = True
            if wire.execute("COMMIT", ()).command_status != b"COMMIT":
                # After an error that somebody passed over PostgreSQL makes a ROLLBACK of it.
                raise InternalError("nothing was committed")
        if tx.in_transaction():
            # SQLAlchemy believes that it began one.
            tx.commit()

    def wait_for_disk(self, *, aside: bool) -> None:
        """COMMIT did."""

    def roll_back(self) -> None:
        """Where the connection is lost, the server does it, if it has not yet."""
        tx = self._kept.tx()
        if tx.invalidated:
            return
        wire = wire_of(tx)
        wire.drop_posted()
        with raising(tx):
            if not wire.is_idle:
                wire.say(b"ROLLBACK")
        if tx.in_transaction():
            tx.rollback()

    def again(self, error: DBAPIError | Retry, attempt: int) -> bool:
        """After a collision; and at once where the connection was lost before anything could have
        been committed: a server that was started again has forgotten it.
        """
        if isinstance(error, Retry):
            # What made it say so is forgotten.
            return attempt < _TRIES - 1
        if error.connection_invalidated:
            return attempt == 0 and not self._in_doubt
        if state_of(error) not in RETRYABLE or attempt == _TRIES - 1:
            return False
        self._collisions.note()
        if attempt:
            # Not all of those that collided come back at the same moment, to collide again.
            pause = 0.005 * 2 ** min(attempt, 5) * (0.5 + random.random())  # noqa: S311 — spreads tries, guards nothing
            with waiting():
                time.sleep(pause)
        return True

    def drop(self) -> None:
        self._kept.drop()

    def let_go(self) -> None:
        self._kept.let_go()

    def close(self) -> None:
        self.let_go()
