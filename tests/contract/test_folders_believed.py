"""Whoever writes to PostgreSQL believes the way to a folder until the first answer: where that says
otherwise, nothing comes of it; and what they write themselves is never overlooked.
"""

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, text

from davserver.db.database import Database
from davserver.db.dependencies import FOLDERS
from davserver.db.prepared import Prepared
from davserver.db.query_cache import cached, lookup
from tests.support.accounts import empty_instance

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]
NUMBER = Prepared(text("SELECT count FROM folder_change"))
MOVED = text("INSERT INTO changed (shard, folders) VALUES (1000, :at)"
             " ON CONFLICT (shard) DO UPDATE SET folders = changed.folders + :at")  # fmt: skip
SET = text("INSERT INTO folder_change VALUES ('\\x01', '\\x02', :at, 0)"
           " ON CONFLICT (folder_id, tag) DO UPDATE SET count = :at")  # fmt: skip
HARMLESS = text("UPDATE node SET modified = modified WHERE kind = 'none'")
"""Of those that are likely to move the counter; this one moves nothing."""


class Undone(Exception):
    pass


@pytest.fixture
def db(database_url: str) -> Iterator[Database]:
    made = empty_instance(database_url)
    made.write(lambda tx: put(tx, 1))
    yield made
    made.close()


@pytest.fixture
def other(database_url: str) -> Iterator[Database]:
    made = Database(database_url)
    yield made
    made.close()


def put(tx: Connection, number: int) -> None:
    """A change of folders, as the triggers count it."""
    tx.execute(SET, {"at": number})
    tx.execute(MOVED, {"at": number})


class Writing:
    """What writers are told in each run: what is remembered, and afterwards what is there."""

    def __init__(self) -> None:
        self.runs: list[int] = []

    def seen(self, tx: Connection) -> int:
        self.runs.append(cached(tx, FOLDERS, "it", lambda: int(NUMBER.tuples(tx, {})[0][0])))
        assert NUMBER.tuples(tx, {}) == [(self.runs[-1],)]
        return self.runs[-1]

    def remembers(self, tx: Connection) -> bool:
        return lookup(tx, FOLDERS, "it") is not None


def test_it_is_believed_and_holds(db: Database) -> None:
    writing = Writing()
    assert [db.write(writing.seen) for _ in range(3)] == [1, 1, 1]
    assert db.write(writing.remembers)


def test_what_another_process_has_changed_is_done_again(db: Database, other: Database) -> None:
    writing = Writing()
    db.write(writing.seen)
    other.write(lambda tx: put(tx, 5))
    writing.runs.clear()
    assert db.write(writing.seen) == 5
    assert writing.runs == [1, 5]


def test_what_is_written_in_the_same_transaction_is_seen(db: Database) -> None:
    writing = Writing()

    def work(tx: Connection) -> list[int]:
        before = writing.seen(tx)
        put(tx, 7)
        return [before, writing.seen(tx)]

    assert db.write(work) == [1, 7]
    assert db.write(writing.seen) == 7


def test_what_was_undone_is_not_remembered(db: Database) -> None:
    writing = Writing()
    db.write(writing.seen)

    def work(tx: Connection) -> None:
        put(tx, 9)
        assert writing.seen(tx) == 9
        raise Undone

    with pytest.raises(Undone):
        db.write(work)
    assert db.write(writing.seen) == 1


def test_a_change_that_moves_nothing_leaves_it_known(db: Database) -> None:
    writing = Writing()
    db.write(writing.seen)

    def work(tx: Connection) -> tuple[int, bool]:
        before = writing.seen(tx)
        tx.execute(HARMLESS)
        return before, writing.remembers(tx)

    assert db.write(work) == (1, False), "in the middle of it nobody knows"
    writing.runs.clear()
    assert db.write(writing.remembers)
    assert db.write(writing.seen) == 1
    assert writing.runs == [1]


def test_ones_own_change_of_folders_is_not_found_out_by_doing_the_next_one_twice(
    db: Database,
) -> None:
    writing = Writing()
    for number in (2, 3, 4):
        db.write(writing.seen)
        db.write(lambda tx, number=number: (tx.execute(HARMLESS), put(tx, number)))
        writing.runs.clear()
        assert db.write(writing.seen) == number
        assert writing.runs == [number]
