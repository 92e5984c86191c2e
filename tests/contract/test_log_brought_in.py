"""A commit brings SQLite's log into the database, the next begins it anew: a power cut, a killed
process and a failing disk lose nothing at any step of it (DESIGN §2.4).
"""

import errno
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.dialects.sqlite import insert as upsert

from davserver.db import tables
from davserver.db.database import Database
from tests.support.accounts import empty_instance
from tests.support.losing_disk import LosingDisk, keys_in, watched

pytestmark = pytest.mark.slow

PATIENCE = 60
LIMIT = 4000
"""Pages in the log from which on a commit does it."""
PAGES = 40
"""That each row brings along, in one of few places: the database stays small, the log does not."""
ROWS = LIMIT // PAGES
"""More than it takes to get there."""


def adds(number: int) -> Callable[[Connection], None]:
    row = {"key": number.to_bytes(32), "failures": 1, "last_at": 0, "blocked_until": 0}
    actor = {"person_id": bytes([number % 8]) * 16, "key_ct": os.urandom(PAGES << 12), "created": 1}
    over = upsert(tables.trail_actor).on_conflict_do_update(["person_id"], set_=actor)

    def work(tx: Connection) -> None:
        tx.execute(insert(tables.throttle), row)
        tx.execute(over, actor)

    return work


@dataclass
class Machine:
    db: Database
    disk: LosingDisk
    told: set[int] = field(default_factory=set)
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _busy: threading.Lock = field(default_factory=threading.Lock)

    def adds(self, rows: int) -> None:
        for _ in range(rows):
            with self._busy:
                number = next(self._numbers)
            self.db.write(adds(number))
            with self._busy:
                self.told.add(number)

    @property
    def brought_in(self) -> int:
        """How often."""
        return self.disk.syncs[self.disk.database]


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    file = tmp_path / "abri.db"
    empty_instance(f"sqlite:///{file}").close()
    with watched(file) as disk, closing(Database(f"sqlite:///{file}", sync=disk.sync)) as db:
        yield Machine(db, disk)


@pytest.mark.parametrize("seed", range(2))
def test_a_power_cut_at_any_step_loses_nothing(machine: Machine, tmp_path: Path, seed: int) -> None:
    """Whatever reached the disk though nobody waited for it, and in whichever order."""
    chance, lost = Random(seed), list[bool]()
    looking = threading.Lock()

    def power_cut() -> None:
        with looking:
            for part in (None, chance):
                told = machine.told.copy()
                found = machine.disk.leaves(tmp_path / f"found-{len(lost)}", part)
                lost.append(not told <= keys_in(found))

    def sometimes(file: Path) -> None:
        if file == machine.disk.database or chance.random() < 0.05:
            power_cut()

    machine.disk.before_sync = sometimes
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(machine.adds, [ROWS] * 3, timeout=120))
    power_cut()
    assert machine.brought_in >= 2
    assert not any(lost)


def test_a_disk_that_does_not_take_the_database_loses_nothing(
    machine: Machine, tmp_path: Path
) -> None:
    """The system says so once, and forgets what it had to write: it is taken from the log again."""

    def fails(file: Path) -> None:
        if file == machine.disk.database and machine.brought_in == 1:
            raise OSError(errno.EIO, "Input/output error")

    machine.disk.before_sync = fails
    machine.adds(ROWS + 4)
    assert machine.brought_in == 2
    machine.adds(ROWS // 2)
    assert machine.told <= keys_in(machine.disk.leaves(tmp_path / "found"))


def lives(file: Path, step: int, pipe: int) -> None:
    """A process that tells by the pipe, killed when it is about to wait for the disk for that time
    since the log is long: for the log, for the database, for whoever committed; then for the
    beginning of the next log, and for whoever committed.
    """
    left = iter(range(step - 1, -1, -1))

    def dies(_: Path) -> None:
        if disk.log.stat().st_size > LIMIT * (24 + 4096) and not next(left):
            os.kill(os.getpid(), signal.SIGKILL)

    with watched(file) as disk, closing(Database(f"sqlite:///{file}", sync=disk.sync)) as db:
        disk.before_sync = dies
        for number in range(1, 2 * ROWS):
            db.write(adds(number))
            os.write(pipe, bytes([number]))


@pytest.mark.parametrize("step", range(1, 6))
def test_a_process_killed_in_it_loses_nothing_and_others_go_on(tmp_path: Path, step: int) -> None:
    file = tmp_path / "abri.db"
    empty_instance(f"sqlite:///{file}").close()
    reads, writes = os.pipe()
    if not (pid := os.fork()):
        with suppress(BaseException):
            signal.alarm(3 * PATIENCE)
            lives(file, step, writes)
        os._exit(0)
    os.close(writes)
    with watched(file) as disk, closing(Database(f"sqlite:///{file}", sync=disk.sync)) as db:
        db.note(lambda _: None)
        with os.fdopen(reads, "rb") as pipe:
            told = set(pipe.read())
        _, status = os.waitpid(pid, 0)
        assert os.WIFSIGNALED(status)
        assert os.WTERMSIG(status) == signal.SIGKILL
        assert len(told) >= ROWS - 20
        assert told <= keys_in(file)
        machine = Machine(db, disk, told, count(1000))
        machine.adds(ROWS + 4)
        assert machine.brought_in
        assert machine.told <= keys_in(file)
