"""Many who change the same row at once: nobody is turned away, and nothing is lost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Connection, insert, select, text, update

from davserver.db import tables
from davserver.db.collisions import in_turn
from davserver.db.database import Database
from davserver.db.engine import BUSY_MS
from tests.support.serving import eventually

WRITERS, EACH = 8, 15
KEY, TABLE = bytes(32), tables.throttle


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    row = {"key": KEY, "failures": 0, "last_at": 0, "blocked_until": 0}
    made.write(lambda tx: tx.execute(insert(TABLE).values(row)))
    yield made
    made.close()


@pytest.fixture
def another(database_url: str) -> Iterator[Database]:
    """Another process, as it were."""
    made = Database(database_url)
    yield made
    made.close()


def one_more(tx: Connection) -> None:
    """As every change does: it reads what it relies on, and writes what follows from it."""
    found = tx.execute(select(TABLE.c.failures).where(TABLE.c.key == KEY)).scalar_one()
    tx.execute(update(TABLE).where(TABLE.c.key == KEY).values(failures=found + 1))


def count(db: Database) -> int:
    with db.read() as tx:
        found: int = tx.execute(select(TABLE.c.failures)).scalar_one()
    return found


def test_all_who_write_the_same_row_at_once_come_through(db: Database) -> None:
    with ThreadPoolExecutor(WRITERS) as pool:
        for done in [pool.submit(db.write, one_more) for _ in range(WRITERS * EACH)]:
            done.result()
    assert count(db) == WRITERS * EACH


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_collided_waits_for_others_who_did(db: Database, another: Database) -> None:
    """The first try meets a row that was changed meanwhile; the second begins after the wait.
    Another process has not collided, and does not wait.
    """
    tries: list[int] = []

    def beaten(tx: Connection) -> None:
        tries.append(tx.execute(select(TABLE.c.failures)).scalar_one())
        if len(tries) == 1:
            db.write(one_more)  # a writer who is done earlier
        one_more(tx)

    with ThreadPoolExecutor(1) as pool:
        with db.engines()[1].connect() as other, in_turn(other, BUSY_MS):
            first = pool.submit(db.write, beaten)
            assert eventually(lambda: waiting(db) == 1)
            assert len(tries) == 1
            another.write(one_more)
        first.result()
    assert tries == [0, 2]
    assert count(db) == 3


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_waits_for_a_process_that_stands_still_goes_on_without_a_turn(
    db: Database, another: Database, database_url: str
) -> None:
    impatient = Database(database_url, busy_ms=50)
    try:
        impatient._collisions.note()
        with another.engines()[1].connect() as other, in_turn(other, BUSY_MS):
            impatient.write(one_more)
        impatient.write(one_more)
        with another.engines()[1].connect() as other, in_turn(other, BUSY_MS):
            assert count(db) == 2
    finally:
        impatient.close()


def waiting(db: Database) -> int:
    """How many wait for their turn."""
    with db.read() as tx:
        asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        found: int = tx.execute(asked).scalar_one()
    return found
