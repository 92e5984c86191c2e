"""The connection of a process that writes, of SQLite, and its turn among processes."""

import fcntl
import os
from pathlib import Path
from typing import Protocol

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from davserver.db.aside import waiting
from davserver.db.begun import commit, roll_back, say
from davserver.db.looks import SqliteLook
from davserver.db.remembered import remembers


class Writer(Protocol):
    """Of one process, which one thread at a time uses. Raises DBAPIError."""

    def take_turn(self) -> None:
        """Among processes, before a transaction begins."""

    def end_turn(self) -> None: ...

    def begin(self) -> Connection: ...

    def say(self, word: str) -> None:
        """SAVEPOINT and the like."""

    def settle(self) -> None:
        """Raises what came of statements whose end nobody has waited for."""

    def commit(self) -> None: ...

    def roll_back(self) -> None: ...

    def again(self, error: DBAPIError, attempt: int) -> bool:
        """Whether all that was undone is to be done again; returns when it is time for it."""

    def drop(self) -> None:
        """Whatever happened to its connection, the next one is without a past."""

    def let_go(self) -> None:
        """Gives its connection back."""

    def close(self) -> None: ...


class Kept:
    """One connection, kept: to take it from the pool each time costs half of a small write."""

    def __init__(self, engine: Engine, **options: str) -> None:
        self._engine = engine
        self._options = options
        self._tx: Connection | None = None

    def tx(self) -> Connection:
        if self._tx is None:
            self._tx = self._engine.connect().execution_options(**self._options)
        return self._tx

    @property
    def is_open(self) -> bool:
        return self._tx is not None

    def drop(self) -> None:
        if self._tx is not None:
            self._tx.invalidate()
            self.let_go()

    def let_go(self) -> None:
        if self._tx is not None:
            self._tx.close()
            self._tx = None


class SqliteWriter:
    """SQLite has one writer per database. A file lock wakes whoever waits, where SQLite's own busy
    handler would sleep and poll.
    """

    def __init__(self, engine: Engine, lock_file: Path) -> None:
        self._kept = Kept(engine)
        self._lock_file = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def take_turn(self) -> None:
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            with waiting():
                fcntl.flock(self._lock_file, fcntl.LOCK_EX)

    def end_turn(self) -> None:
        fcntl.flock(self._lock_file, fcntl.LOCK_UN)

    def begin(self) -> Connection:
        known = self._kept.is_open
        tx = self._kept.tx()
        if not known:
            remembers(tx, SqliteLook(tx))
        say(tx, "BEGIN IMMEDIATE")
        return tx

    def say(self, word: str) -> None:
        say(self._kept.tx(), word)

    def commit(self) -> None:
        commit(self._kept.tx())

    def roll_back(self) -> None:
        roll_back(self._kept.tx())

    def settle(self) -> None:
        """Each statement was waited for."""

    def again(self, error: DBAPIError, attempt: int) -> bool:  # noqa: ARG002 — as for any other
        """Never: nobody else writes during a turn."""
        return False

    def drop(self) -> None:
        self._kept.drop()

    def let_go(self) -> None:
        self._kept.let_go()

    def close(self) -> None:
        self.let_go()
        os.close(self._lock_file)
