"""The readers of a process: kept connections, each for one snapshot at a time (DESIGN §2.4)."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from types import TracebackType

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from davserver.db.failures import Retry, raise_translated
from davserver.db.query_cache import TIME_TO_LIVE, QueryCache, attach_cache
from davserver.db.reader import BEFORE, MakeReader, Reader, Validation

_PATIENCE = 30.0
"""Seconds that a thread waits for a connection."""


@dataclass(slots=True)
class _Kept:
    """A connection, and what every snapshot needs of it."""

    tx: Connection
    reader: Reader
    cache: QueryCache
    used: float = 0.0
    """When, by the clock of `ReaderPool`."""
    changes: int = 0
    """Of this process, when it was used last."""


class ReaderPool:
    """Connections that are kept, the last used first: its pages are still in memory. One that
    nobody used for minutes is closed, with all that it remembers. `clock`: seconds since anything.
    """

    def __init__(
        self,
        engine: Engine,
        make_reader: MakeReader,
        most: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._make_reader = make_reader
        self._clock = clock
        self._kept: list[_Kept] = []
        self.changes = 0
        """How many this process has made, as far as readers need to know."""
        self._free: SimpleQueue[None] = SimpleQueue()
        for _ in range(most):
            self._free.put(None)

    def snapshot(self) -> "Snapshot":
        return Snapshot(self)

    def take(self) -> _Kept:
        """Raises sqlalchemy's TimeoutError when none comes free, DBAPIError."""
        try:
            self._free.get(timeout=_PATIENCE)
        except Empty:
            raise NoConnectionFree("no connection came free") from None
        try:
            try:
                kept = self._kept.pop()
            except IndexError:
                kept = self._opened()
            kept.used = self._clock()
            if self._kept:
                self._close_unused(kept.used)
        except BaseException:
            self._free.put(None)
            raise
        return kept

    def _last_used(self) -> _Kept | None:
        try:
            return self._kept.pop()
        except IndexError:
            return None

    def _close_unused(self, now: float) -> None:
        """The one that waits longest."""
        with suppress(IndexError):  # somebody else was faster
            if now - self._kept[0].used >= TIME_TO_LIVE:
                _end(self._kept.pop(0))

    def _opened(self) -> _Kept:
        tx = self._engine.connect()
        reader = self._make_reader(tx)
        return _Kept(tx, reader, attach_cache(tx, reader))

    def give_back(self, kept: _Kept) -> None:
        self._kept.append(kept)
        self._free.put(None)

    def drop(self, kept: _Kept) -> None:
        """Whatever happened to it, the next one starts from a connection without a past."""
        try:
            _end(kept)
        finally:
            self._free.put(None)

    def drop_unused(self) -> None:
        """Those that wait are as old as one that was found lost, or older."""
        while kept := self._last_used():
            _end(kept)

    def close(self) -> None:
        """Those that nobody uses now."""
        while kept := self._last_used():
            kept.reader.close()
            kept.tx.close()


def _end(kept: _Kept) -> None:
    """Closed for good, where the pool would lay it aside with all that it remembers."""
    kept.tx.invalidate()
    kept.tx.close()


class Snapshot:
    """One read-only transaction: `with` gives the connection. Every small request pays for it: a
    class and no generator, and few steps.

    Raises Unavailable when the database is away. One that is validated later raises Retry, inside
    or at the end, where a cached answer that it used is not valid: nothing may come of it before.
    """

    __slots__ = ("_kept", "_readers", "_validation")

    def __init__(self, readers: ReaderPool, validation: Validation = BEFORE) -> None:
        self._readers = readers
        self._validation = validation
        self._kept: _Kept | None = None

    def __enter__(self) -> Connection:
        try:
            try:
                kept = self._begun()
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                # A server that was started again has forgotten every connection. Nothing was asked
                # yet.
                self._readers.drop_unused()
                kept = self._begun()
        except (NoConnectionFree, DBAPIError) as failed:
            raise_translated(failed)
            raise
        self._kept = kept
        return kept.tx

    def _begun(self) -> _Kept:
        kept = self._readers.take()
        try:
            moved, kept.changes = kept.changes != self._readers.changes, self._readers.changes
            if self._validation is BEFORE or not kept.reader.begin_optimistically(
                self._validation, kept.cache, kept.used, moved=moved
            ):
                kept.cache.begin(kept.used, kept.reader.begin())
        except BaseException:
            self._readers.drop(kept)
            raise
        return kept

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        kept = self._kept
        assert kept is not None  # noqa: S101 — entered
        try:
            kept.reader.end(well=error is None)
        except BaseException as failed:
            healthy = isinstance(failed, Retry) and not kept.tx.invalidated
            (self._readers.give_back if healthy else self._readers.drop)(kept)
            if not isinstance(failed, Retry):
                raise_translated(failed)
            raise
        if error is None:
            self._readers.give_back(kept)
            return
        (self._readers.drop if isinstance(error, DBAPIError) else self._readers.give_back)(kept)
        raise_translated(error)
