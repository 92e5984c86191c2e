"""Readings outlive whoever noted them and are told once, wherever they were killed and whatever is
left of their files.
"""

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from davserver.db.database import Database
from davserver.domain.errors import NoSpace, Unavailable
from davserver.trail import Readings
from tests.support.accounts import NOON
from tests.support.journals import PATH, Machine, machine_on, note, noted, opening
from tests.support.trails import KARIM, NODE, SAFE


@pytest.fixture
def machine(database_url: str, tmp_path: Path) -> Iterator[Machine]:
    with machine_on(database_url, tmp_path) as made:
        yield made


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


# ── killed at each step ─────────────────────────────────────────────────────────────────────────


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
