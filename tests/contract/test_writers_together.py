"""Many who change the same row at once: nobody is turned away, and nothing is lost."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, insert, select, text, update

from davserver.db import tables
from davserver.db.aside import wait_by
from davserver.db.database import Database
from davserver.db.postgres.collisions import SHARE_TURN, TAKE_TURN
from davserver.domain.errors import Unavailable
from tests.support.serving import eventually

WRITERS, EACH = 8, 15
KEY, TABLE = bytes(32), tables.throttle
ROW = {"key": KEY, "failures": 0, "last_at": 0, "blocked_until": 0}


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    made.write(lambda tx: tx.execute(insert(TABLE).values(ROW)))
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


@pytest.fixture
def tries() -> list[int]:
    """What each try of a change has read."""
    return []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_whoever_collided_has_the_turn_alone(
    db: Database, another: Database, tries: list[int]
) -> None:
    """The first try meets a row that was changed meanwhile; during the second, others wait."""
    later: list[Future[None]] = []

    def beaten(tx: Connection) -> None:
        tries.append(count_in(tx))
        if len(tries) == 1:
            another.write(one_more)  # a writer who is done earlier
        else:
            later.append(pool.submit(another.write, one_more))
            assert eventually(lambda: waiting(db) == 1)
        one_more(tx)

    with ThreadPoolExecutor(1) as pool:
        db.write(beaten)
        later[0].result(60)
    assert tries == [0, 1]
    assert count(db) == 3


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_processes_that_write_the_same_row_do_not_overtake_each_other(
    db: Database, another: Database
) -> None:
    def several(which: Database) -> int:
        most = 0
        for _ in range(EACH):
            tries: list[int] = []

            def work(tx: Connection, tries: list[int] = tries) -> None:
                tries.append(1)
                one_more(tx)

            which.write(work)
            most = max(most, len(tries))
        return most

    with ThreadPoolExecutor(WRITERS) as pool:
        # Once in a commit that it shares, once more with whoever led that, and by itself.
        assert max(pool.map(several, [db, another] * (WRITERS // 2))) <= 4
    assert count(db) == WRITERS * EACH


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.postgres
def test_of_those_who_share_a_commit_a_collision_turns_nobody_away(
    db: Database, another: Database, tries: list[int]
) -> None:
    """Nor does one who is told to run again for ever, as whoever takes a name that is taken."""
    begun, gather = threading.Event(), threading.Event()

    def slow(tx: Connection) -> None:
        count_in(tx)
        begun.set()
        assert gather.wait(60)

    def beaten(tx: Connection) -> None:
        tries.append(count_in(tx))
        if len(tries) == 1:
            another.write(one_more)
        one_more(tx)

    def takes_a_name(tx: Connection) -> None:
        tx.execute(insert(TABLE).values(ROW))

    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(db.write, slow)
        assert begun.wait(60)
        others = [pool.submit(db.write, work) for work in (beaten, takes_a_name, one_more)]
        gather.set()
        assert first.exception(60) is None
        raised = [one.exception(60) for one in others]
    assert [type(one) for one in raised] == [type(None), Unavailable, type(None)]
    assert count(db) == 3


def count_in(tx: Connection) -> int:
    found: int = tx.execute(select(TABLE.c.failures)).scalar_one()
    return found


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_who_waits_for_a_process_that_stands_still_goes_on_without_a_turn(
    db: Database, another: Database, database_url: str
) -> None:
    impatient = Database(database_url, busy_ms=50)
    try:
        with in_turn(another):
            impatient.write(one_more)
        collide(impatient, db)
        with in_turn(another):
            impatient.write(one_more)
        impatient.write(one_more)
        with in_turn(another):
            assert count(db) == 5
    finally:
        impatient.close()


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_whoever_meets_somebody_who_takes_turns_does_so_too_and_lets_others_compute(
    db: Database, another: Database
) -> None:
    aside: list[str] = []

    @contextmanager
    def counted() -> Iterator[None]:
        aside.append("begins")
        yield
        aside.append("ends")

    def in_my_turn(tx: Connection) -> None:
        one_more(tx)
        assert aside == ["begins", "ends"]
        with pytest.raises(Exception, match="LockNotAvailable"), another.engines()[1].begin() as it:
            it.exec_driver_sql(SHARE_TURN)

    def writes() -> None:
        wait_by(counted)
        db.write(in_my_turn)

    with ThreadPoolExecutor(1) as pool:
        with in_turn(another):
            done = pool.submit(writes)
            assert eventually(lambda: waiting(db) == 1)
            assert aside == ["begins"]
        done.result(60)


def collide(one: Database, other: Database) -> None:
    """And `one` is done all the same."""
    tries: list[int] = []

    def beaten(tx: Connection) -> None:
        tries.append(tx.execute(select(TABLE.c.failures)).scalar_one())
        if len(tries) == 1:
            other.write(one_more)
        one_more(tx)

    one.write(beaten)
    assert len(tries) == 2


@contextmanager
def in_turn(db: Database) -> Iterator[None]:
    """Somebody who has collided is at work."""
    with db.engines()[2].begin() as tx:
        tx.exec_driver_sql(TAKE_TURN)
        yield


def waiting(db: Database) -> int:
    """How many wait for their turn."""
    with db.read() as tx:
        asked = text("SELECT count(*) FROM pg_locks WHERE locktype = 'relation' AND NOT granted")
        found: int = tx.execute(asked).scalar_one()
    return found
