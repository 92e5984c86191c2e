"""Readings outlive whoever noted them, are told once, and say nothing to whoever finds the file."""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from davserver.db import tables
from davserver.db.database import Database
from davserver.domain.errors import NoSpace, Unavailable
from davserver.trail import Actor, Opening, Readings, Trail
from davserver.trail.journal import MOST, Journal
from davserver.trail.journals import found
from tests.support.accounts import NOON, instance_keys
from tests.support.trails import KARIM, NODE, SAFE, TrailBook, principal, trail_book

PATH = "/Santé/ordonnance.pdf"


def opening(number: int) -> Opening:
    etag = number.to_bytes(16, "big")
    return Opening(KARIM, Actor.of(principal(KARIM)), SAFE, NODE, etag, PATH, None)


@dataclass
class Machine:
    """A database and a folder, that several processes share."""

    url: str
    folder: Path
    book: TrailBook

    def process(self, db: Database | None = None) -> Readings:
        """One more: files are locked by whoever opened them, also within a process."""
        keys = self.book.keys
        return Readings(db or self.book.db, Trail(keys), keys.trail, self.folder, os.urandom)

    def killed(self, life: Callable[[Readings, Database], object]) -> None:
        """A process of its own lives, and is killed."""
        pid = os.fork()
        if pid == 0:
            try:
                db = Database(self.url)
                life(self.process(db), db)
                os.kill(os.getpid(), signal.SIGKILL)
            finally:
                os._exit(1)
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL  # noqa: PT018

    def counts(self) -> list[int]:
        window = tables.read_window
        with self.book.db.read() as tx:
            return list(tx.execute(select(window.c["count"]).order_by(window.c.etag)).scalars())

    def files(self, kind: str = "readings") -> list[Path]:
        return sorted(self.folder.glob(f"*.{kind}"))

    def settled(self) -> list[int]:
        one = self.process()
        for _ in range(2):
            one.settle(NOON)
        one.close()
        return self.counts()


@pytest.fixture
def machine(database_url: str, tmp_path: Path) -> Iterator[Machine]:
    with trail_book(database_url) as book:
        yield Machine(database_url, tmp_path / "readings", book)


def note(readings: Readings, *numbers: int) -> None:
    for number in numbers:
        readings.note(opening(number), NOON)


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# ── killed at each step ─────────────────────────────────────────────────────────────────────────


def noted(one: Readings, _db: Database) -> None:
    note(one, 1, 2)


def in_the_transaction(one: Readings, db: Database) -> None:
    note(one, 1, 2)
    db.write(lambda tx: (one.tell_in(tx, NOON), die()))


def after_the_commit(one: Readings, db: Database) -> None:
    note(one, 1, 2)
    db.write(lambda tx: one.tell_in(tx, NOON))


def half_of_it_told(one: Readings, db: Database) -> None:
    note(one, 1)
    db.write(lambda tx: one.tell_in(tx, NOON))
    note(one, 2)


def after_it_was_cut(one: Readings, _db: Database) -> None:
    note(one, 1)
    one.keep_up(NOON)
    note(one, 2)


LIVES = [noted, in_the_transaction, after_the_commit, half_of_it_told, after_it_was_cut]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_whoever_is_killed_loses_nothing_and_nothing_is_told_twice(
    machine: Machine, life: Callable[[Readings, Database], None]
) -> None:
    machine.killed(life)
    assert len(machine.files()) == 1
    assert machine.settled() == [1, 1]
    assert machine.files() == []


def test_whoever_is_killed_while_it_tells_what_another_left_loses_nothing(machine: Machine) -> None:
    machine.killed(noted)
    for _ in range(2):
        machine.killed(lambda one, db: db.write(lambda tx: (one.tell_in(tx, NOON), die())))
        assert machine.counts() == []
    machine.killed(lambda one, db: db.write(lambda tx: one.tell_in(tx, NOON)))
    assert machine.counts() == [1, 1]
    assert machine.settled() == [1, 1]


def test_a_journal_that_comes_back_from_a_backup_is_not_told_again(machine: Machine) -> None:
    machine.killed(noted)
    (file,) = machine.files()
    kept = file.read_bytes()
    assert machine.settled() == [1, 1]
    file.write_bytes(kept)
    assert machine.settled() == [1, 1]
    assert machine.files() == []


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


# ── files that are not whole ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("missing", [1, 100, 300, -1], ids=lambda m: f"{m} bytes less")
def test_half_a_record_was_never_acknowledged(machine: Machine, missing: int) -> None:
    machine.killed(noted)
    (file,) = machine.files()
    whole = file.read_bytes()
    half = len(whole) // 2
    file.write_bytes(whole[: len(whole) - missing] if missing > 0 else whole[: half + 5])
    assert machine.settled() == [1]
    assert machine.files() == machine.files("damaged") == []


def test_zeros_at_the_end_are_what_a_power_cut_leaves(machine: Machine) -> None:
    machine.killed(noted)
    (file,) = machine.files()
    file.write_bytes(file.read_bytes() + bytes(4096))
    assert machine.settled() == [1, 1]
    assert machine.files() == machine.files("damaged") == []


def altered(raw: bytes) -> bytes:
    return raw[:40] + bytes([raw[40] ^ 1]) + raw[41:]


def renumbered(raw: bytes) -> bytes:
    return raw[:11] + b"\7" + raw[12:]


def one_gone(raw: bytes) -> bytes:
    third = len(raw) // 3
    return raw[:third] + raw[2 * third :]


def repeated(raw: bytes) -> bytes:
    return raw + raw


HARMS = {altered: 2, renumbered: 2, one_gone: 2, repeated: 3}


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_what_somebody_altered_is_kept_aside_and_the_rest_is_told(
    machine: Machine, harm: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    machine.killed(lambda one, _db: note(one, 1, 2, 3))
    (file,) = machine.files()
    file.write_bytes(harm(file.read_bytes()))
    assert machine.settled() == [1] * HARMS[harm]
    assert machine.files() == []
    assert len(machine.files("damaged")) == 1
    assert "journal-damaged" in caplog.text


def test_a_journal_under_another_name_opens_nothing(machine: Machine) -> None:
    machine.killed(noted)
    (file,) = machine.files()
    file.rename(file.with_name(f"{bytes(16).hex()}.readings"))
    (machine.folder / "notes.readings").write_text("not a journal")
    assert machine.settled() == []
    assert len(machine.files("damaged")) == 1


def test_the_file_says_nothing(machine: Machine) -> None:
    one = machine.process()
    note(one, 1)
    (file,) = machine.files()
    raw, folder = file.read_bytes(), machine.folder
    for plain in (PATH.encode(), b"ordonnance", KARIM, SAFE, NODE, opening(1).etag):
        assert plain not in raw
        assert plain.hex().encode() not in raw
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)
    one.close()


# ── disks that fail ─────────────────────────────────────────────────────────────────────────────


@contextmanager
def no_file_longer_than(size: int) -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 1, 20, 300])
def test_what_does_not_fit_is_not_noted_and_leaves_nothing_half(
    machine: Machine, room: int
) -> None:
    one = machine.process()
    note(one, 1)
    (file,) = machine.files()
    size = file.stat().st_size
    with no_file_longer_than(size + room), pytest.raises(NoSpace):
        note(one, 2)
    assert file.stat().st_size == size
    assert not one.repeated(KARIM, opening(2).etag, NOON)
    note(one, 3)
    assert machine.settled() == [1, 1]
    one.close()


def test_where_nothing_can_be_noted_the_disk_is_away(machine: Machine) -> None:
    machine.folder.write_text("no folder")
    with pytest.raises(Unavailable):
        note(machine.process(), 1)


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


def test_what_is_told_late_is_told_and_the_trail_proves_itself(machine: Machine) -> None:
    machine.killed(lambda one, _db: one.note(opening(1), NOON - timedelta(hours=1)))
    book = machine.book
    book.read(etag=opening(1).etag)
    machine.settled()
    book.close(timedelta(minutes=10))
    (entry,) = book.entries()
    assert (entry.count, entry.at, "last" in entry.details) == (2, NOON, False)
    assert book.flaws(SAFE) == []
