"""Processes that read one state of the database together."""

import multiprocessing
import os
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection, func, select

from davserver.db import tables
from davserver.db.shared_snapshot import WorkQueue, processes, shared_snapshot
from davserver.domain.errors import Damaged, Unavailable
from tests.support.accounts import Accounts

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


@pytest.fixture(autouse=True)
def nobody_stays() -> Iterator[None]:
    yield
    assert not multiprocessing.active_children()


def people(tx: Connection, _: object = None) -> int:
    return tx.scalar(select(func.count()).select_from(tables.person)) or 0


def test_all_read_what_was_there_when_they_began(accounts: Accounts) -> None:
    accounts.add("amina")
    with shared_snapshot(accounts.db, 2, people) as one:
        accounts.add("karim")
        assert one.each(None) == [1, 1, 1]
    with accounts.db.read() as tx:
        assert people(tx) == 2


def test_whoever_writes_meanwhile_is_seen_by_all_or_none(accounts: Accounts) -> None:
    def before(tx: Connection, given: int) -> tuple[int, int]:
        return given, people(tx)

    for number in range(3):
        with shared_snapshot(accounts.db, 1, before) as one:
            assert one.each(number) == [(number, number)] * 2
        accounts.add(f"person-{number}")


def test_each_turn_is_given_once(accounts: Accounts) -> None:
    queue = WorkQueue(200)
    with shared_snapshot(accounts.db, 2, lambda _tx, _: list(queue)) as one:
        found = one.each(None)
    queue.close()
    assert sorted(number for some in found for number in some) == list(range(200))


def test_what_goes_wrong_there_is_said_here(accounts: Accounts) -> None:
    here = os.getpid()

    def work(_: Connection, how: str) -> str:
        if os.getpid() != here and how == "raise":
            raise Damaged("as it is")
        if os.getpid() != here and how == "die":
            os._exit(1)
        return how

    with (
        pytest.raises(Damaged, match="as it is"),
        shared_snapshot(accounts.db, 1, work) as one,
    ):
        one.each("raise")
    with pytest.raises(Unavailable), shared_snapshot(accounts.db, 1, work) as one:
        one.each("die")
    with shared_snapshot(accounts.db, 1, work) as one:
        assert one.each("well") == ["well", "well"]


def test_alone_no_process_is_begun(accounts: Accounts) -> None:
    with shared_snapshot(accounts.db, 0, people) as one:
        assert not multiprocessing.active_children()
        assert one.each(None) == [0]
    assert processes(1) == 1
