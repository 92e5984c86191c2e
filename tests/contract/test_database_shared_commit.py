"""Waiting for the disk takes as long for one as for many."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert, select

from davserver.db import tables
from davserver.db.aside import wait_by
from davserver.db.database import Database
from davserver.db.prepared import Prepared
from tests.support.accounts import empty_instance
from tests.support.heard import Heard

MANY = 8


@dataclass
class Writers:
    """`MANY` of them, of whom each has come to wait while somebody else writes."""

    db: Database
    heard: Heard
    waiting: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def __post_init__(self) -> None:
        self.db.let_go()
        event.listen(self.db.engines()[1], "connect", lambda raw, _: self.heard.listen(raw))

    def _waits(self) -> AbstractContextManager[None]:
        self.waiting.release()
        return nullcontext()

    def add(self, number: int, *, fails: bool = False) -> int:
        def work(tx: Connection) -> int:
            row = {"key": bytes([number]) * 32, "failures": 1, "last_at": 0, "blocked_until": 0}
            tx.execute(insert(tables.throttle), row)
            if fails:
                raise LookupError(number)
            return number

        wait_by(self._waits)
        return self.db.write(work)

    def rows(self) -> int:
        with self.db.read() as tx:
            return len(tx.execute(select(tables.throttle)).all())


@pytest.fixture
def writers(database_url: str, tmp_path: Path) -> Iterator[Writers]:
    made = Writers(empty_instance(database_url), Heard(tmp_path / "heard"))
    yield made
    made.db.close()
    made.heard.close()


def together(writers: Writers, *, first_fails: bool = False) -> None:
    begun, gather = threading.Event(), threading.Event()

    def slow(_: Connection) -> None:
        begun.set()
        assert gather.wait(60)
        if first_fails:
            raise LookupError

    with ThreadPoolExecutor(MANY + 1) as pool:
        first = pool.submit(writers.db.write, slow)
        assert begun.wait(60)
        others = [pool.submit(writers.add, number) for number in range(MANY)]
        for _ in others:
            assert writers.waiting.acquire(timeout=60)
        gather.set()
        assert isinstance(first.exception(60), LookupError) is first_fails
        assert [one.result(60) for one in others] == list(range(MANY))


def test_all_who_come_while_one_writes_share_its_commit(writers: Writers) -> None:
    together(writers)
    assert writers.rows() == MANY
    assert writers.heard.count("COMMIT") == 1


def test_who_came_while_another_failed_share_the_next_one(writers: Writers) -> None:
    together(writers, first_fails=True)
    assert writers.rows() == MANY
    assert writers.heard.count("COMMIT") == 1
    assert writers.heard.count("ROLLBACK") == 1


def test_nobody_waits_for_ever_whatever_fails(writers: Writers) -> None:
    """Many threads, each of whose works fails now and then: every one gets its own answer."""

    def several(thread: int) -> list[int]:
        done = []
        for turn in range(10):
            number = thread * 10 + turn
            if (thread + turn) % 3:
                done.append(writers.add(number))
            else:
                with pytest.raises(LookupError, match=f"^{number}$"):
                    writers.add(number, fails=True)
        return done

    with ThreadPoolExecutor(MANY) as pool:
        done = [one for found in pool.map(several, range(MANY), timeout=60) for one in found]
    assert writers.rows() == len(done) == len(set(done))
    assert len(done) < MANY * 10


def test_what_is_wrong_with_a_statement_is_told_to_whoever_sent_it(writers: Writers) -> None:
    """PostgreSQL says so with a later answer, which somebody else may wait for."""
    add = Prepared(insert(tables.throttle), [column.name for column in tables.throttle.c])

    def work(number: int) -> Callable[[Connection], None]:
        row = {"key": bytes([number]) * 32, "last_at": 0, "blocked_until": 0}
        return lambda tx: add.send(tx, row | {"failures": number if number % 2 else None})

    begun, gather = threading.Event(), threading.Event()

    def slow(_: Connection) -> None:
        begun.set()
        assert gather.wait(60)

    with ThreadPoolExecutor(MANY + 1) as pool:
        pool.submit(writers.db.write, slow)
        assert begun.wait(60)
        several = [pool.submit(writers.db.write, work(number)) for number in range(20, 26)]
        gather.set()
        failed = [one.exception(60) is not None for one in several]
    assert failed == [True, False] * 3
    assert writers.rows() == 3
