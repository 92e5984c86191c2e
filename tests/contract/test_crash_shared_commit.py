"""A process that is killed at any step of a commit that several clients share, on SQLite: what was
acknowledged is there, and each client's work is there whole or not at all (DESIGN §2.4).
"""

import os
import signal
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, insert

from davserver.db import tables, writers
from davserver.db.aside import wait_by
from davserver.db.database import Database
from tests.support.accounts import empty_instance

CLIENTS = 4
FAILS = 2
"""The client whose work raises, before it has written anything or `late`, when it has written all
it wanted: nobody else is to notice.
"""
ROWS = 2
HEARD = 3
"""How often an INSERT is heard: twice more for its trigger (`db/dependencies.py`)."""
PATIENCE = 60
STEPS = ("BEGIN", "INSERT", "ROLLBACK", "COMMIT")

EVERYBODY = frozenset(range(CLIENTS)) - {FAILS}

Told = frozenset[int]


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def key(client: int, part: int) -> bytes:
    return bytes([client, part]) * 16


def work(tx: Connection, client: int, *, late: bool = False) -> None:
    if client == FAILS and not late:
        raise LookupError
    for part in range(ROWS):
        row = {"key": key(client, part), "failures": 1, "last_at": 0, "blocked_until": 0}
        tx.execute(insert(tables.throttle), row)
    if client == FAILS:
        raise LookupError


@dataclass
class Life:
    """Of a process with several clients, who all come while the first of them has the turn."""

    db: Database
    said: Callable[[str], None]
    """What it says to SQLite, before it is done."""
    tell: Callable[[int], None]
    """The acknowledgement of a client."""
    late: bool = False

    def run(self) -> None:
        arrived, writes = threading.Semaphore(0), threading.Event()
        event.listen(self.db.engines()[1], "connect", self._listen)

        def waits() -> AbstractContextManager[None]:
            arrived.release()
            return nullcontext()

        def first(tx: Connection) -> None:
            if not writes.is_set():  # it may run again
                writes.set()
                for _ in range(CLIENTS - 1):
                    assert arrived.acquire(timeout=PATIENCE)
            work(tx, 0)

        def leads() -> None:
            self.db.write(first)
            self.tell(0)

        def other(client: int) -> None:
            wait_by(waits)
            with suppress(LookupError):
                self.db.write(lambda tx: work(tx, client, late=self.late))
                self.tell(client)

        with ThreadPoolExecutor(CLIENTS) as pool:
            clients = [pool.submit(leads)]
            assert writes.wait(PATIENCE)
            clients += [pool.submit(other, client) for client in range(1, CLIENTS)]
            for one in clients:
                one.result(PATIENCE)

    def _listen(self, raw: sqlite3.Connection, _record: object) -> None:
        raw.set_trace_callback(lambda said: said.startswith(STEPS) and self.said(said))


@dataclass
class Process:
    """One that lives, or has lived. It tells by a pipe, which outlives it."""

    pid: int
    pipe: int

    def hears(self) -> int:
        return os.read(self.pipe, 1)[0]

    def ended(self) -> tuple[Told, bool]:
        """Whom it acknowledged, and whether it was killed."""
        with os.fdopen(self.pipe, "rb") as pipe:
            told = frozenset(pipe.read())
        _, status = os.waitpid(self.pid, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        assert killed or status == 0
        return told, killed


@dataclass
class Machine:
    """A database that outlives its processes."""

    file: Path

    def database(self) -> Database:
        return Database(f"sqlite:///{self.file}")

    def begins(self, prepare: Callable[[Life], None]) -> Process:
        reads, writes = os.pipe()
        pid = os.fork()
        if pid:
            os.close(writes)
            return Process(pid, reads)
        signal.alarm(3 * PATIENCE)  # a test that hangs has failed
        with suppress(BaseException):
            life = Life(self.database(), lambda _: None, lambda one: _byte(writes, one))
            prepare(life)
            life.run()
            os._exit(0)
        os._exit(1)

    def lived(self, prepare: Callable[[Life], None]) -> tuple[Told, bool]:
        return self.begins(prepare).ended()

    def whole(self) -> Told:
        """The clients whose work is there: with all that belongs to it."""
        with closing(sqlite3.connect(self.file)) as db:
            keys = [key for (key,) in db.execute("SELECT key FROM throttle")]
            assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        clients = frozenset(key[0] for key in keys)
        assert sorted(keys) == sorted(key(c, part) for c in clients for part in range(ROWS))
        return clients

    def goes_on(self) -> None:
        """Whoever comes next finds nothing locked. Leaves it as empty as it was."""
        with closing(self.database()) as db:
            db.write(lambda tx: tx.execute(tables.throttle.delete()))


def _byte(pipe: int, one: int) -> None:
    os.write(pipe, bytes([one]))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    file = tmp_path / "abri.db"
    empty_instance(f"sqlite:///{file}").close()
    return Machine(file)


def before(step: int, *, late: bool = False) -> Callable[[Life], None]:
    """Killed when that many things are said: the last of them is not done any more."""

    def prepare(life: Life) -> None:
        life.late = late
        left = iter(range(step - 1, -1, -1))
        life.said = lambda _: None if next(left) else die()

    return prepare


@pytest.mark.slow
def test_killed_before_any_step_nothing_is_there_and_nobody_was_told(machine: Machine) -> None:
    steps = 0
    while (ended := machine.lived(before(steps + 1)))[1]:
        steps += 1
        assert (ended[0], machine.whole()) == (frozenset(), frozenset()), steps
        machine.goes_on()
    # BEGIN, what all but one write, COMMIT.
    assert steps == 1 + (CLIENTS - 1) * ROWS * HEARD + 1
    assert ended[0] == machine.whole() == EVERYBODY


@pytest.mark.slow
def test_killed_while_all_is_done_again_for_one_who_failed_what_was_told_is_there(
    machine: Machine,
) -> None:
    steps, found = 0, set()
    while (ended := machine.lived(before(steps + 1, late=True)))[1]:
        steps += 1
        told, there = ended[0], machine.whole()
        assert told <= there <= EVERYBODY
        found.add(there)
        machine.goes_on()
    # Nobody's work is there yet, that of the first, and so on.
    assert len(found) == len(EVERYBODY)
    assert ended[0] == machine.whole() == EVERYBODY


def committed(life: Life) -> None:
    """Nobody knows it yet."""
    del life
    commits = writers.commit

    def commit_and_die(tx: Connection) -> None:
        commits(tx)
        die()

    writers.commit = commit_and_die


def one_told(life: Life) -> None:
    tell = life.tell

    def tell_and_die(client: int) -> None:
        tell(client)
        die()

    life.tell = tell_and_die


@pytest.mark.parametrize(("prepare", "told_at_least"), [(committed, 0), (one_told, 1)])
def test_killed_after_the_commit_all_of_it_is_there_whoever_was_told(
    machine: Machine, prepare: Callable[[Life], None], told_at_least: int
) -> None:
    told, killed = machine.lived(prepare)
    assert killed
    assert machine.whole() == EVERYBODY
    assert len(told) >= told_at_least
    assert told <= EVERYBODY
    machine.goes_on()


def about_to_commit(life: Life) -> None:
    """And stays so."""

    def said(words: str) -> None:
        if words.startswith("COMMIT"):
            life.tell(CLIENTS)
            signal.pause()

    life.said = said


def test_whoever_waits_in_another_process_writes_when_this_one_is_killed(machine: Machine) -> None:
    process, waits = machine.begins(about_to_commit), threading.Event()
    assert process.hears() == CLIENTS

    def aside() -> AbstractContextManager[None]:
        waits.set()
        return nullcontext()

    def write(db: Database) -> None:
        wait_by(aside)
        db.write(lambda tx: work(tx, CLIENTS))

    with closing(machine.database()) as db, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write, db)
        assert waits.wait(PATIENCE)
        assert not writing.done()
        os.kill(process.pid, signal.SIGKILL)
        assert process.ended() == (frozenset(), True)
        writing.result(PATIENCE)
    assert machine.whole() == {CLIENTS}
