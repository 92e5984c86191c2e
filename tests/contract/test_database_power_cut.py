"""What a power cut leaves of a SQLite database: all that was acknowledged, though a turn is over
before the disk has what was written in it (DESIGN §2.4, `db/log.py`).
"""

import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from davserver.db import tables
from davserver.db.database import Database
from davserver.domain.errors import Unavailable
from tests.support.accounts import empty_instance
from tests.support.events import capture_logs

PATIENCE = 60


def adds(number: int) -> Callable[[Connection], None]:
    row = {"key": bytes([number]) * 32, "failures": 1, "last_at": 0, "blocked_until": 0}
    return lambda tx: _add(tx, row)


def _add(tx: Connection, row: dict[str, object]) -> None:
    tx.execute(insert(tables.throttle), row)


@dataclass
class Disk:
    """Keeps of the log what was there when somebody last waited for it."""

    file: Path
    waits: int = 0
    before: Callable[[], None] = lambda: None
    """What happens while somebody waits."""
    _kept: list[Path] = field(default_factory=list)

    @property
    def _log(self) -> Path:
        return self.file.with_name(self.file.name + "-wal")

    def sync(self, descriptor: int) -> None:
        self.waits += 1
        assert os.fstat(descriptor).st_ino == self._log.stat().st_ino
        kept = shutil.copy(self._log, self._log.with_name(f"kept-{self.waits}"))
        self.before()
        os.fdatasync(descriptor)
        self._kept.append(Path(kept))

    def after_a_power_cut(self) -> set[int]:
        """What somebody finds who starts the machine again."""
        copy = self.file.with_name("found.db")
        shutil.copy(self.file, copy)
        if self._kept:
            shutil.copy(self._kept[-1], copy.with_name("found.db-wal"))
        with closing(sqlite3.connect(copy)) as found:
            assert found.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            return {key[0] for (key,) in found.execute("SELECT key FROM throttle")}


@dataclass
class Machine:
    db: Database
    disk: Disk

    def add(self, number: int) -> int:
        self.db.write(adds(number))
        return number


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    with _machine(tmp_path) as made:
        yield made


@contextmanager
def _machine(folder: Path) -> Iterator[Machine]:
    file = folder / "abri.db"
    url = f"sqlite:///{file}"
    empty_instance(url).close()
    disk = Disk(file)
    with closing(Database(url, busy_ms=50, sync=disk.sync)) as db:
        yield Machine(db, disk)


def test_whoever_was_told_finds_it_after_a_power_cut(machine: Machine) -> None:
    told: set[int] = set()
    lock = threading.Lock()

    def several(thread: int) -> None:
        for turn in range(6):
            number = machine.add(thread * 10 + turn)
            with lock:
                told.add(number)
                assert told <= machine.disk.after_a_power_cut()

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(several, range(6), timeout=60))
    assert len(told) == 36


def test_nobody_is_told_before_the_disk_has_it(machine: Machine) -> None:
    def look() -> None:
        assert not machine.disk.after_a_power_cut()
        assert not written.done()

    machine.disk.before = look
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(machine.add, 1)
        assert written.result(PATIENCE) == 1
    assert machine.disk.after_a_power_cut() == {1}


def test_others_commit_while_one_waits_and_share_the_next_wait(machine: Machine) -> None:
    began, ends = threading.Event(), threading.Event()

    def wait() -> None:
        began.set()
        assert ends.wait(PATIENCE)

    machine.add(0)
    machine.disk.before = wait
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(machine.add, 1)
        assert began.wait(PATIENCE)
        others = [pool.submit(machine.add, number) for number in (2, 3, 4)]
        _seen_by_readers(machine, 5)
        assert not any(one.done() for one in (first, *others))
        ends.set()
        assert [one.result(PATIENCE) for one in (first, *others)] == [1, 2, 3, 4]
    assert machine.disk.waits == 3


def _seen_by_readers(machine: Machine, rows: int) -> None:
    found = threading.Event()
    question = "SELECT count(*) FROM throttle"
    with closing(sqlite3.connect(machine.disk.file)) as reader:
        for _ in range(PATIENCE * 200):
            if reader.execute(question).fetchone() == (rows,):
                return
            found.wait(0.005)
    pytest.fail("the others never committed")


def test_what_changes_nothing_waits_for_nothing(machine: Machine) -> None:
    machine.db.write(lambda _: None)
    assert machine.disk.waits == 0


def test_what_is_only_noted_is_not_waited_for(machine: Machine) -> None:
    machine.db.note(adds(1))
    assert machine.disk.waits == 0


def test_a_disk_that_fails_is_told_and_nothing_is_lost_by_what_comes_then(
    machine: Machine,
) -> None:
    """The system says once that it could not write, and forgets what it had to."""
    machine.add(0)
    machine.disk.before = _fails
    with capture_logs() as told, pytest.raises(Unavailable):
        machine.add(1)
    assert told == [
        {"event": "disk-failed", "of": "the database", "error": "EIO", "log_level": "error"}
    ]
    machine.disk.before = lambda: None
    machine.add(2)
    assert machine.disk.after_a_power_cut() == {0, 1, 2}


def test_a_disk_that_works_again_is_found_by_whoever_looks(machine: Machine) -> None:
    machine.add(0)
    assert machine.db.reaches_disk()
    machine.disk.before = _fails
    with pytest.raises(Unavailable):
        machine.add(1)
    with closing(sqlite3.connect(machine.disk.file, isolation_level=None)) as reads:
        reads.execute("BEGIN")
        reads.execute("SELECT count(*) FROM throttle").fetchone()
        with pytest.raises(Unavailable):
            machine.db.reaches_disk()
        reads.execute("COMMIT")
    assert machine.db.reaches_disk()
    waits = machine.disk.waits
    assert machine.db.reaches_disk()
    assert machine.disk.waits == waits, "what works is not asked of the disk"


def test_until_the_log_is_brought_in_nothing_is_written(machine: Machine) -> None:
    """Whoever still reads it holds that up."""
    machine.add(0)
    with closing(sqlite3.connect(machine.disk.file, isolation_level=None)) as reads:
        reads.execute("BEGIN")
        reads.execute("SELECT count(*) FROM throttle").fetchone()
        machine.disk.before = _fails
        with pytest.raises(Unavailable):
            machine.add(1)
        machine.disk.before = lambda: None
        with pytest.raises(Unavailable):
            machine.add(2)
        reads.execute("COMMIT")
    machine.add(3)
    assert machine.disk.after_a_power_cut() == {0, 1, 3}


def test_all_who_wait_for_a_disk_that_fails_are_told(machine: Machine) -> None:
    began, ends = threading.Event(), threading.Event()

    def wait() -> None:
        began.set()
        assert ends.wait(PATIENCE)
        _fails()

    machine.add(0)
    machine.disk.before = wait
    with ThreadPoolExecutor(4) as pool:
        waiting: list[Future[int]] = [pool.submit(machine.add, 1)]
        assert began.wait(PATIENCE)
        waiting += [pool.submit(machine.add, number) for number in (2, 3)]
        _seen_by_readers(machine, 4)
        ends.set()
        assert all(isinstance(one.exception(PATIENCE), Unavailable) for one in waiting)
    assert machine.disk.waits == 2


def _fails() -> None:
    raise OSError(errno.EIO, "Input/output error")


def test_a_connection_that_is_let_go_waits_again_when_it_is_taken(machine: Machine) -> None:
    machine.add(0)
    machine.db.let_go()
    machine.add(1)
    assert machine.disk.after_a_power_cut() == {0, 1}
