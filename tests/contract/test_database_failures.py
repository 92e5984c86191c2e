"""A database that is away, full or in somebody's hands is said so in the domain's words."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert, select

from davserver.db import tables
from davserver.db.database import Database
from davserver.domain.errors import NoSpace, Unavailable
from tests.support.accounts import empty_instance

ROW = {"key": bytes(32), "failures": 1, "last_at": 0, "blocked_until": 0}


def rows(db: Database) -> int:
    with db.read() as tx:
        return len(tx.execute(select(tables.throttle)).all())


def test_what_a_closure_raises_undoes_it_alone(database_url: str) -> None:
    db = empty_instance(database_url)

    def fails(tx: object) -> None:
        tx.execute(insert(tables.throttle), ROW)  # type: ignore[attr-defined]
        raise LookupError

    with pytest.raises(LookupError):
        db.write(fails)
    assert rows(db) == 0
    db.write(lambda tx: tx.execute(insert(tables.throttle), ROW))
    assert rows(db) == 1
    db.close()


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_full_disk_is_known_by_its_code_whatever_the_words(database_url: str) -> None:
    """PostgreSQL has several sentences for it, in its own language. SQLite has one, and no code:
    tests/server/test_crash_full_disk.py.
    """
    raised = "DO $$ BEGIN RAISE 'seulement 4096 octets' USING ERRCODE = '53100'; END $$"
    db = empty_instance(database_url)
    with pytest.raises(NoSpace):
        db.write(lambda tx: tx.exec_driver_sql(raised))
    assert rows(db) == 0
    db.close()


def test_a_lock_held_from_outside_is_unavailable(tmp_path: Path) -> None:
    """On SQLite alone, whose file has one lock for every writer."""
    file = tmp_path / "abri.db"
    empty_instance(f"sqlite:///{file}").close()
    db = Database(f"sqlite:///{file}", busy_ms=50)
    outside = sqlite3.connect(file, isolation_level=None)
    outside.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable):
        db.write(lambda tx: tx.execute(insert(tables.throttle), ROW))
    outside.execute("ROLLBACK")
    outside.close()
    db.write(lambda tx: tx.execute(insert(tables.throttle), ROW))
    db.close()


def test_of_those_who_share_a_commit_one_that_fails_undoes_itself_alone(database_url: str) -> None:
    db = empty_instance(database_url)
    begun, gather = threading.Event(), threading.Event()

    def slow(_: Connection) -> None:
        begun.set()
        assert gather.wait(60)

    def add(number: int, *, fails: bool) -> None:
        def work(tx: Connection) -> None:
            tx.execute(insert(tables.throttle), {**ROW, "key": bytes([number]) * 32})
            if fails:
                raise LookupError

        db.write(work)

    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(db.write, slow)
        assert begun.wait(60)
        # While the first holds its turn, the others come to share its commit.
        others = [pool.submit(add, number, fails=number == 2) for number in (1, 2, 3)]
        gather.set()
        first.result(60)
        raised = [one.exception(60) for one in others]
    assert [type(one) for one in raised] == [type(None), LookupError, type(None)]
    assert rows(db) == 2
    db.close()


def test_a_look_that_fails_leaves_nothing_behind(database_url: str) -> None:
    db = empty_instance(database_url)

    def fails() -> None:
        with db.read() as tx:
            tx.execute(select(tables.throttle))
            raise LookupError

    for _ in range(20):  # More often than there are connections.
        with pytest.raises(LookupError):
            fails()
    db.write(lambda tx: tx.execute(insert(tables.throttle), ROW))
    assert rows(db) == 1
    db.close()


def test_a_look_sees_one_moment(database_url: str) -> None:
    db = empty_instance(database_url)
    with db.read() as tx:
        assert not tx.execute(select(tables.throttle)).all()
        db.write(lambda other: other.execute(insert(tables.throttle), ROW))
        assert not tx.execute(select(tables.throttle)).all()
    assert rows(db) == 1
    db.close()
