"""What whoever writes is told by PostgreSQL, where nobody waits for each statement."""

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, event, insert, select, text, update
from sqlalchemy.exc import DBAPIError

from davserver.db import tables
from davserver.db.database import Database
from davserver.db.prepared import Prepared
from davserver.domain.errors import Unavailable
from tests.support.accounts import empty_instance
from tests.support.heard import Heard

TABLE = tables.throttle
ADD = Prepared(insert(TABLE), [column.name for column in TABLE.c])
pytestmark = pytest.mark.postgres
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = empty_instance(database_url)
    yield made
    made.close()


def row(number: int, failures: int | None = 1) -> dict[str, Any]:
    return {"key": bytes([number]) * 32, "failures": failures, "last_at": 0, "blocked_until": 0}


def keys(db: Database) -> list[int]:
    with db.read() as tx:
        return sorted(found[0] for (found,) in tx.execute(select(TABLE.c.key)))


@on_postgresql
def test_what_was_wrong_with_a_statement_is_told_before_the_commit(db: Database) -> None:
    def work(tx: Connection) -> None:
        ADD.send(tx, row(1))
        ADD.send(tx, row(2, failures=None))
        ADD.send(tx, row(3))

    with pytest.raises(Exception, match="NotNullViolation"):
        db.write(work)
    assert keys(db) == []
    db.write(lambda tx: ADD.send(tx, row(4)))
    assert keys(db) == [4]


@on_postgresql
def test_what_is_asked_next_sees_what_was_sent(db: Database) -> None:
    def work(tx: Connection) -> list[int]:
        ADD.send(tx, row(1))
        first = tx.execute(select(TABLE.c.key)).all()
        ADD.run_for(tx, [row(number) for number in range(2, 100)])
        # Another answer is read while this one is.
        several = Prepared(select(TABLE.c.key)).batches(tx, {}, 10)
        lengths = [len(first), len(next(several)), len(Prepared(select(TABLE)).all(tx, {}))]
        return [*lengths, sum(map(len, several))]

    assert db.write(work) == [1, 10, 99, 89]


@on_postgresql
def test_a_megabyte_that_is_sent_arrives_while_an_answer_comes(db: Database) -> None:
    """More than a socket takes at once, in both directions."""
    large = bytes(range(256)) * 4096
    echo = Prepared(select(text("CAST(:large AS BYTEA)")))

    def work(tx: Connection) -> list[bytes]:
        for _ in range(4):
            echo.send(tx, {"large": large})
        return [found for (found,) in echo.tuples(tx, {"large": large})]

    assert db.write(work) == [large]


@on_postgresql
def test_nothing_is_acknowledged_that_was_not_committed(db: Database) -> None:
    """Of a transaction in which somebody passed over an error PostgreSQL makes a ROLLBACK."""

    def work(tx: Connection) -> None:
        ADD.run(tx, row(1))
        with pytest.raises(Exception, match="NotNullViolation"):
            ADD.run(tx, row(2, failures=None))

    with pytest.raises(Exception, match="nothing was committed"):
        db.write(work)
    assert keys(db) == []


CHANGE = Prepared(
    update(TABLE).where(TABLE.c.key == bindparam("one")).values(failures=bindparam("count"))
)


@pytest.mark.parametrize("failures", [2, None])
def test_whoever_must_change_one_row_is_told_where_there_is_none(
    db: Database, failures: int | None
) -> None:
    def change(number: int) -> None:
        given = {"one": bytes([number]) * 32, "count": failures}
        db.write(lambda tx: CHANGE.must_change(tx, given, LookupError))

    db.write(lambda tx: ADD.send(tx, row(1)))
    with pytest.raises(LookupError):
        change(2)
    with pytest.raises(DBAPIError) if failures is None else nullcontext():
        change(1)


def test_whoever_adds_what_is_there_already_says_what_that_means(db: Database) -> None:
    def add(*numbers: int) -> None:
        db.write(lambda tx: ADD.must_add(tx, [row(number) for number in numbers], LookupError))

    add(1, 2)
    with pytest.raises(LookupError):
        add(3, 2, 4)
    assert keys(db) == [1, 2]


@on_postgresql
def test_what_is_wrong_with_the_last_statement_comes_before_the_commit(db: Database) -> None:
    db.write(lambda tx: ADD.send(tx, row(1)))
    before: list[int] = []

    def work(tx: Connection) -> None:
        ADD.send(tx, row(2))
        CHANGE.must_change(tx, {"one": bytes(32), "count": 1}, LookupError)
        before.append(len(before))

    with pytest.raises(LookupError):
        db.write(work)
    assert (before, keys(db)) == ([0], [1])
    db.write(lambda tx: ADD.send(tx, row(3)))
    assert keys(db) == [1, 3]


FAILURES = Prepared(select(TABLE.c.failures).where(TABLE.c.key == bindparam("one")))
OTHERS = Prepared(select(tables.epoch.c.id))
ONE = {"one": bytes([1]) * 32}


def failures(tx: Connection, asked: dict[str, bytes] = ONE) -> list[int]:
    return [found for (found,) in FAILURES.tuples(tx, asked)]


def test_what_was_prefetched_is_told_and_nothing_older(db: Database) -> None:
    def changes(tx: Connection) -> list[list[int]]:
        told = []
        for count in (2, 3):
            FAILURES.prefetch(tx, ONE)
            OTHERS.all(tx, {})
            told.append(failures(tx))
            CHANGE.must_change(tx, {**ONE, "count": count}, LookupError)
            told.append(failures(tx))
        # Its answer comes after what changes it was sent.
        FAILURES.prefetch(tx, ONE)
        CHANGE.must_change(tx, {**ONE, "count": 4}, LookupError)
        OTHERS.all(tx, {})
        told.append(failures(tx))
        FAILURES.prefetch(tx, ONE)
        OTHERS.all(tx, {})
        told.append(failures(tx, {"one": bytes([2]) * 32}))
        tx.execute(update(TABLE).values(failures=5))
        return [*told, failures(tx)]

    db.write(lambda tx: ADD.run_for(tx, [row(1), row(2, failures=9)]))
    assert db.write(changes) == [[1], [2], [2], [3], [4], [9], [5]]


@on_postgresql
def test_what_was_prefetched_is_not_waited_for_and_is_over_with_the_transaction(
    db: Database, tmp_path: Any
) -> None:
    def prefetches(tx: Connection) -> None:
        FAILURES.prefetch(tx, ONE)
        OTHERS.all(tx, {})

    def asks(tx: Connection) -> list[int]:
        prefetches(tx)
        return failures(tx)

    db.write(lambda tx: ADD.send(tx, row(1)))
    db.let_go()
    heard = Heard(tmp_path / "heard")
    event.listen(db.engines()[1], "connect", lambda raw, _: heard.listen(raw))
    assert db.write(asks) == [1]
    heard.forget()
    assert db.write(asks) == [1]
    assert heard.round_trips() == 2
    heard.close()
    db.write(prefetches)
    db.note(lambda tx: CHANGE.must_change(tx, {**ONE, "count": 7}, LookupError))
    assert db.write(failures) == [7]


ENDS_ITSELF = "SELECT pg_terminate_backend(pg_backend_pid())"


@on_postgresql
@pytest.mark.parametrize("by_hand", [True, False])
def test_a_connection_lost_before_the_commit_costs_a_second_try(
    db: Database,
    by_hand: bool,  # noqa: FBT001
) -> None:
    tries: list[int] = []

    def work(tx: Connection) -> None:
        tries.append(len(tries))
        ADD.send(tx, row(1))
        if len(tries) == 1 and by_hand:
            Prepared(text(ENDS_ITSELF)).run(tx, {})
        elif len(tries) == 1:
            tx.execute(text(ENDS_ITSELF))

    db.write(work)
    assert (tries, keys(db)) == ([0, 1], [1])


@on_postgresql
def test_nothing_is_done_twice_when_nobody_knows_whether_it_was_committed(db: Database) -> None:
    """The connection ends with the COMMIT."""
    tries: list[int] = []
    db.write(
        lambda tx: tx.exec_driver_sql(
            "CREATE FUNCTION ends() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN PERFORM ({ENDS_ITSELF}); PERFORM pg_sleep(1); RETURN NEW; END $$;"
            " CREATE CONSTRAINT TRIGGER ends AFTER INSERT ON throttle"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ends()"
        )
    )

    def work(tx: Connection) -> None:
        tries.append(len(tries))
        ADD.send(tx, row(1))

    with pytest.raises(Unavailable):
        db.write(work)
    assert (tries, keys(db)) == ([0], [])
