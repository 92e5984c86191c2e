"""Readings that processes note are told once, and say nothing to whoever finds the file."""

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, text

from davserver.db import tables
from davserver.db.database import Database
from davserver.trail.journal import MOST, Journal
from davserver.trail.journals import found
from tests.support.accounts import NOON, instance_keys
from tests.support.journals import PATH, Machine, machine_on, note, opening
from tests.support.trails import KARIM, SAFE


@pytest.fixture
def machine(database_url: str, tmp_path: Path) -> Iterator[Machine]:
    with machine_on(database_url, tmp_path) as made:
        yield made


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_number_that_somebody_made_a_text_stops_nobody(machine: Machine) -> None:
    one = machine.process()
    note(one, 1)
    one.keep_up(NOON)
    machine.book.tamper(lambda tx: tx.execute(text("UPDATE reading_journal SET number = 'x'")))
    note(one, 2)
    one.keep_up(NOON)
    assert machine.counts() == [1, 1]
    one.close()


# ── several processes ───────────────────────────────────────────────────────────────────────────


def test_a_look_by_one_process_tells_what_another_noted_this_moment(machine: Machine) -> None:
    one, other = machine.process(), machine.process()
    note(one, 1)
    other.keep_up(NOON)
    assert machine.counts() == []
    other.settle(NOON)
    assert machine.counts() == [1]
    note(one, 2)
    for each in (one, other, one):
        each.settle(NOON)
    assert machine.counts() == [1, 1]
    assert [file.stat().st_size for file in machine.files()] == [0]
    one.close()
    assert machine.files() == []


def test_the_same_person_by_two_processes_is_one_window(machine: Machine) -> None:
    processes = [machine.process() for _ in range(2)]
    for one in processes:
        note(one, 1)
        assert one.repeated(KARIM, opening(1).etag, NOON)
    for one in processes:
        one.keep_up(NOON)
    assert machine.counts() == [4]
    for one in processes:
        one.close()


def test_a_file_that_is_just_made_is_not_taken_for_one_of_the_dead(tmp_path: Path) -> None:
    """Somebody removes, as fast as they can, what nobody has locked."""
    folder, keys = tmp_path / "readings", instance_keys().trail
    with beside(lambda: clear(folder)):
        for number in range(1500):
            journal = Journal(folder, keys, os.urandom)
            journal.note(opening(number), NOON)
            mine = journal.last()
            assert mine is not None
            assert (folder / f"{mine[0].hex()}.readings").stat().st_size
            journal.shorten(dict([mine]))
            journal.close()


def clear(folder: Path) -> None:
    for one in found(folder):
        one.remove()
        one.close()


@contextmanager
def beside(work: Callable[[], None]) -> Iterator[None]:
    """Done again and again by another process."""
    pid = os.fork()
    if pid == 0:
        try:
            while True:
                work()
        finally:
            os._exit(1)
    try:
        yield
    finally:
        ended, _ = os.waitpid(pid, os.WNOHANG)
        if not ended:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    assert not ended


def test_a_fork_has_a_journal_of_its_own(machine: Machine) -> None:
    one = machine.process()
    note(one, 1)
    machine.killed(lambda _one, _db: note(one, 2))
    assert len(machine.files()) == 2
    note(one, 3)
    one.settle(NOON)
    assert machine.counts() == [1, 1, 1]
    assert len(machine.files()) == 1
    one.close()


def test_what_is_not_told_at_the_end_waits_for_the_next(machine: Machine) -> None:
    one = machine.process()
    note(one, 1)
    one.close()
    assert len(machine.files()) == 1
    machine.process().keep_up(NOON)
    assert machine.counts() == [1]


def test_hundreds_are_told_in_several_transactions(machine: Machine) -> None:
    one = machine.process()
    note(one, *range(1201))
    one.keep_up(NOON)
    assert machine.counts() == [1] * 1201
    assert machine.files()[0].stat().st_size == 0
    one.close()


def test_a_process_tells_from_memory_what_it_noted_itself(machine: Machine) -> None:
    one = machine.process()
    note(one, 1, 2)
    (file,) = machine.files()
    file.write_bytes(bytes(file.stat().st_size))
    one.keep_up(NOON)
    assert machine.counts() == [1, 1]
    one.close()


def test_what_memory_has_not_is_read(machine: Machine) -> None:
    journal = Journal(machine.folder, machine.book.keys.trail, os.urandom, most_recent=3)
    for number in range(1, 8):
        journal.note(opening(number), NOON)
    last = journal.last()
    assert last is not None
    assert [one.number for one in journal.recent(last[0], 6) or ()] == [7]
    assert journal.recent(last[0], 3) is None
    journal.close()
    one = machine.process(most_recent=3)
    note(one, *range(8, 15))
    one.settle(NOON)
    assert machine.counts() == [1] * 14
    one.close()


def test_a_file_that_grows_while_it_is_told_is_left_for_a_new_one(machine: Machine) -> None:
    journal = Journal(machine.folder, machine.book.keys.trail, os.urandom)
    numbers = 0
    while not machine.files() or machine.files()[0].stat().st_size <= MOST:
        for _ in range(100):
            numbers += 1
            journal.note(opening(numbers), NOON)
    journal.shorten({})
    journal.note(opening(numbers + 1), NOON)
    assert len(machine.files()) == 2
    assert machine.settled() == [1] * (numbers + 1)
    journal.close()


# ── what comes in between ───────────────────────────────────────────────────────────────────────


def test_whoever_is_forgotten_is_not_named_by_what_was_noted_before(machine: Machine) -> None:
    one, book = machine.process(), machine.book
    note(one, 1)

    def forget(tx: object) -> None:
        one.tell_in(tx, NOON)  # type: ignore[arg-type]
        book.trail.forget(tx, KARIM, NOON)  # type: ignore[arg-type]

    book.db.write(forget)
    one.settle(NOON + timedelta(seconds=1))
    (entry,) = book.entries()
    assert (entry.what, entry.who, entry.path) == ("read", None, PATH)
    assert book.flaws(SAFE) == []
    one.close()


@pytest.mark.postgres
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("ends", [True, False])
def test_whoever_must_not_miss_a_reading_meets_what_is_told_meanwhile(
    machine: Machine,
    ends: bool,  # noqa: FBT001
) -> None:
    """It is cut off its journal, or gone with it, and not yet in the snapshot."""
    elsewhere = Database(machine.url)
    tries: list[int] = []
    one, other = machine.process(elsewhere), machine.process()
    window = select(tables.read_window.c["count"])

    def decide(tx: Connection) -> Sequence[int]:
        tx.execute(window).all()
        tries.append(1)
        if len(tries) == 1:
            note(one, 1)
            one.settle(NOON)
            if ends:
                one.close()
        other.tell_in(tx, NOON)
        return tx.execute(window).scalars().all()

    assert machine.book.db.write(decide) == [1]
    assert len(tries) == 2
    one.close()
    elsewhere.close()


def test_what_is_told_late_is_told_and_the_trail_proves_itself(machine: Machine) -> None:
    machine.killed(lambda one, _db: one.note(opening(1), NOON - timedelta(hours=1)))
    book = machine.book
    book.read(etag=opening(1).etag)
    machine.settled()
    book.close(timedelta(minutes=10))
    (entry,) = book.entries()
    assert (entry.count, entry.at, "last" in entry.details) == (2, NOON, False)
    assert book.flaws(SAFE) == []
