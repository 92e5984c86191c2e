"""One snapshot that several processes read: for questions about everything.

The others are forked from the one that asks, so that they know what it knows. That is safe only
where it has no second thread, whose locks would stay locked in the copies for ever; and no
connection goes over, which SQLite forbids (sqlite.org/howtocorrupt.html §2.6).
"""

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection as Pipe
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, select

from davserver.db.database import Database
from davserver.db.tables import epoch
from davserver.domain.errors import Unavailable

G = TypeVar("G")
T = TypeVar("T")
Work = Callable[[Connection, G], T]

_PATIENCE = 5.0
"""Seconds within which the others begin to read: on SQLite nobody writes meanwhile."""


def processes(most: int) -> int:
    """How many of them may work on one question here: 1 where forking is not safe."""
    if not sys.platform.startswith("linux") or threading.active_count() > 1:
        return 1
    return min(most, len(os.sched_getaffinity(0)))


class WorkQueue:
    """Which process does which part: the numbers below `number` (at most 256), each given once, to
    whichever process asks next. Made before they are forked.
    """

    def __init__(self, number: int) -> None:
        # A byte of a pipe has one reader.
        self._numbers, end = os.pipe()
        os.write(end, bytes(range(number)))
        os.close(end)

    def __iter__(self) -> Iterator[int]:
        while one := os.read(self._numbers, 1):
            yield one[0]

    def close(self) -> None:
        os.close(self._numbers)


@dataclass(frozen=True, slots=True)
class _Other:
    process: BaseProcess
    pipe: Pipe

    def begin(self, snapshot: str | None) -> None:
        self.pipe.send(snapshot)

    def said(self, seconds: float | None = None) -> Any:
        """What it says next. Raises what it raised, Unavailable when it is gone or late."""
        try:
            if seconds is not None and not self.pipe.poll(seconds):
                raise Unavailable("a process that was to help did not begin")
            answer, error = self.pipe.recv()
        except (EOFError, OSError) as gone:
            raise Unavailable("a process that was to help has ended") from gone
        if error is not None:
            raise error
        return answer

    def end(self) -> None:
        self.process.terminate()
        self.process.join()
        self.process.close()
        self.pipe.close()


class SharedSnapshot(Generic[G, T]):
    """All read what `tx` reads."""

    def __init__(self, tx: Connection, work: Work[G, T], forked: Sequence[_Other]) -> None:
        self.tx = tx
        self._work = work
        self._forked = forked

    def each(self, given: G) -> list[T]:
        """What the work on `given` came to in each of the processes; this one does its part."""
        for one in self._forked:
            one.pipe.send(given)
        return [self._work(self.tx, given), *(one.said() for one in self._forked)]


@contextmanager
def shared_snapshot(db: Database, others: int, work: Work[G, T]) -> Iterator[SharedSnapshot[G, T]]:
    """One snapshot for this process and so many others. Raises Unavailable."""
    with ExitStack() as stack:
        if not others:
            yield SharedSnapshot(stack.enter_context(db.read(much=True)), work, ())
            return
        db.let_go()
        forked: list[_Other] = []
        for _ in range(others):
            forked.append(_forked(db, work, [one.pipe for one in forked]))
            stack.callback(forked[-1].end)
        yield SharedSnapshot(_begun(db, forked, stack), work, forked)


def _begun(db: Database, forked: Sequence[_Other], stack: ExitStack) -> Connection:
    begun: list[Connection] = []

    def begin(_: Connection | None = None) -> None:
        if begun:
            return
        tx = stack.enter_context(db.read(much=True))
        snapshot = None if db.sqlite else tx.exec_driver_sql("SELECT pg_export_snapshot()").scalar()
        _look(tx)
        for one in forked:
            one.begin(snapshot)
        for one in forked:
            one.said(_PATIENCE)
        begun.append(tx)

    # On SQLite all see the same because nobody else can commit while we have the turn to write.
    if db.sqlite:
        db.note(begin)
    else:
        begin()
    return begun[0]


def _look(tx: Connection) -> None:
    """On SQLite the first thing that is read decides what is seen."""
    tx.execute(select(epoch.c.id)).first()


def _forked(db: Database, work: Work[G, T], earlier: Sequence[Pipe]) -> _Other:
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=_help, args=(db, work, theirs, (*earlier, ours)), daemon=True)
    process.start()
    theirs.close()
    return _Other(process, ours)


def _help(db: Database, work: Work[G, T], pipe: Pipe, of_others: Sequence[Pipe]) -> None:
    """The life of one of the others. It ends without a word when nobody asks any more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked is told, and ends it
    for one in of_others:
        one.close()
    with closing(pipe):
        try:
            _answer(db, work, pipe)
        except (EOFError, OSError):
            return


def _answer(db: Database, work: Work[G, T], pipe: Pipe) -> None:
    snapshot = pipe.recv()
    try:
        with db.read(much=True) as tx:
            if snapshot is not None:
                tx.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            _look(tx)
            pipe.send((None, None))
            pipe.send((work(tx, pipe.recv()), None))
    except (EOFError, OSError):
        raise
    except Exception as error:  # noqa: BLE001 — raised again where it was asked
        pipe.send((None, error))
