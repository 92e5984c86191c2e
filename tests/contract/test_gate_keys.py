"""Replacing the key: cut short at any step, raced by somebody who makes a vault, and with somebody
who writes to the database.
"""

import itertools
import os
import shutil
import signal
import threading
from contextlib import closing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from davserver.config import load
from davserver.db import tables as t
from davserver.db.database import Database
from davserver.domain.errors import AlreadyThere, ConditionFailed, NotFound, Unavailable
from davserver.gate.care.key_states import Keyring, Use, keyring_state
from davserver.gate.care.keys import Keys
from davserver.sealing.kek import Wrapped
from davserver.sealing.keyring import LocalKeyring
from davserver.wiring.key_watch import KeyWatch
from davserver.wiring.services import Services, build
from tests.support.drive import Drive
from tests.support.events import capture_logs
from tests.support.instance import Instance
from tests.support.safekeeping import Safekeeping

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def nothing(_done: int, _all: int) -> None:
    pass


class Dying(LocalKeyring):
    """Kills its process before it is asked for the `left`th time to do more than open. Of keys that
    are wrapped one in three counts: several lie in each transaction.
    """

    left = 0
    wraps = 0

    def _lives(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def wrap(self, key, context, kek_id=None) -> Wrapped:
        self.wraps += 1
        if self.wraps % 3 == 0:
            self._lives()
        return super().wrap(key, context, kek_id)

    def add_generation(self, entropy, now):
        self._lives()
        return super().add_generation(entropy, now)

    def use_generation(self, kek_id) -> None:
        self._lives()
        super().use_generation(kek_id)

    def destroy(self, kek_id, now) -> None:
        self._lives()
        super().destroy(kek_id, now)


def dies(instance: Instance, step: int) -> bool:
    """Whether a process died of replacing the key and destroying the old one."""
    pid = os.fork()
    if pid == 0:
        signal.alarm(60)  # a test that hangs has failed
        with suppress(BaseException):
            services = build(load(instance.config))
            kek = Dying(services.settings.keys.keyring, services.settings.data)
            kek.left = step
            keys, who = Keys(services.tools, kek, 1), operator(services)
            keys.replace(who, NOON, nothing, alone=True)
            for old in state(services, kek).of(Use.OLD):
                keys.destroy(who, old.id, NOON)
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) or status == 0
    return os.WIFSIGNALED(status)


def operator(services: Services):
    return services.people.operator("tests", NOON)


class Undone(Exception):
    pass


def makes_a_vault(services: Services) -> None:
    """Somebody could have one now."""

    def work(tx: Connection) -> None:
        manager = select(t.person.c.id).where(t.person.c.role == "manager")
        services.tools.vaults.create(tx, tx.execute(manager).scalar_one(), 1, "none", NOON)
        raise Undone

    with pytest.raises(Undone):
        services.db.write(work)


def state(services: Services, kek: LocalKeyring) -> Keyring:
    with services.db.read() as tx:
        return keyring_state(tx, kek)


@pytest.mark.slow
def test_a_replacement_that_dies_at_any_step_goes_on(instance: Instance) -> None:
    """After each death everything opens, somebody gets a vault, and the rest can be done."""
    for step in itertools.count(1):
        died = dies(instance, step)
        with instance.opened() as services:
            assert [one.fault for one in services.probing.probes(NOON)] == ["", ""]
            makes_a_vault(services)
            done = services.keys.rewrap(operator(services), NOON, nothing)
            assert not done.unopened
            found = state(services, services.kek)
            assert found.in_file == done.generation
            assert [one.use for one in found.states if one.opens.keys] == [Use.CURRENT]
        if not died:
            break
    assert step > 6, "it died adding, among its own keys, using, among those of vaults, destroying"


def test_whoever_was_slower_is_told(instance: Instance) -> None:
    with instance.opened() as services, instance.opened() as other:
        keys, who = services.keys, operator(services)
        waits = keys.add(who, NOON)
        before = state(services, services.kek).in_file
        other.keys.replace(operator(other), NOON, nothing, alone=False)
        services.kek.reload()
        with pytest.raises(AlreadyThere, match="meanwhile"):
            services.db.write(lambda tx: keys._some(before, b"", tx))
        with pytest.raises(NotFound):
            keys.destroy(who, "no such generation", NOON)
        with pytest.raises(ConditionFailed, match="is in use"):
            keys.destroy(who, waits.kek_id, NOON)
        keys.destroy(who, before, NOON)
        assert [one.use for one in state(services, services.kek).states] == [
            Use.DESTROYED, Use.CURRENT,
        ]  # fmt: skip


@pytest.fixture
def keys(world: Safekeeping) -> Keys:
    return Keys(world.tools, world.kek, at_once=2)


def test_keys_are_wrapped_anew_a_few_at_a_time(world: Safekeeping, keys: Keys) -> None:
    people = [world.beneficiary(f"person{number}") for number in range(5)]
    for one in people:
        one.put("/a.txt", b"x")
    told: list[tuple[int, int]] = []
    who = people[0].who
    done = keys.replace(
        world.operator, NOON, lambda done, left: told.append((done, left)), alone=True
    )
    assert (done.vaults, told) == (5, [(2, 5), (4, 5), (5, 5)])
    world.unlock.forget()
    assert [one.get("/a.txt") for one in people] == [b"x"] * 5
    assert people[0].who.epoch.keys == who.epoch.keys + 1


def test_what_nobody_may_need_again_ends_with_its_key(world: Safekeeping, keys: Keys) -> None:
    amina = world.beneficiary("amina")
    world.beneficiary("bilal")
    erased = update(t.vault).where(t.vault.c.owner_id == amina.person.id).values(erased_at=1)
    world.db.write(lambda tx: tx.execute(erased))
    first = world.kek.generations()[0].kek_id
    assert keys.replace(world.operator, NOON, nothing, alone=True).vaults == 1
    keys.destroy(world.operator, first, NOON)
    with world.db.read() as tx:
        assert sorted(tx.execute(select(t.key_wrap.c.kek_id == first)).scalars()) == [0, 1]


# ── somebody who makes a vault meanwhile ────────────────────────────────────────────────────────


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_vault_that_is_made_while_its_key_is_destroyed_is_made_under_the_next(
    world: Safekeeping, database_url: str
) -> None:
    """SQLite's writers wait for each other. Here the slower one finds that it must begin again."""
    first = world.kek.generations()[0].kek_id
    person = world.accounts.add("amina")
    replaced = threading.Event()
    elsewhere = Database(database_url)
    keys = Keys(replace(world.tools, db=elsewhere), world.kek)

    def replaces() -> None:
        keys.replace(world.operator, NOON, nothing, alone=True)
        keys.destroy(world.operator, first, NOON)
        replaced.set()

    def makes(tx: Connection) -> None:
        world.vaults.create(tx, person.id, 1_000_000, "none", NOON)
        if not replaced.is_set():
            thread = threading.Thread(target=replaces)
            thread.start()
            thread.join()

    with closing(elsewhere):
        world.db.write(makes)
    assert replaced.is_set()
    with world.db.read() as tx:
        kek_id = tx.execute(select(t.key_wrap.c.kek_id)).scalar_one()
    assert kek_id == world.kek.generations()[-1].kek_id != first
    amina = Drive(world, person)
    amina.put("/a.txt", b"x")
    assert amina.get("/a.txt") == b"x"


# ── somebody who writes to the database ─────────────────────────────────────────────────────────


def test_nobody_brings_an_old_key_back_by_the_database(world: Safekeeping, keys: Keys) -> None:
    first = world.kek.generations()[0].kek_id
    keys.replace(world.operator, NOON, nothing, alone=True)
    swapped = t.kek.c.id == first
    world.db.write(lambda tx: tx.execute(update(t.kek).values(state="decrypt-only")))
    with pytest.raises(Unavailable, match="names no key generation"):
        world.beneficiary("amina")
    world.db.write(lambda tx: tx.execute(update(t.kek).where(swapped).values(state="active")))
    with pytest.raises(Unavailable, match="wraps nothing under"):
        world.beneficiary("bilal")
    with world.db.read() as tx:
        assert tx.execute(select(t.vault.c.id)).all() == []


def test_a_key_that_opens_anything_is_not_destroyed_whatever_the_rows_say(
    world: Safekeeping, keys: Keys
) -> None:
    world.beneficiary("amina")
    first = world.kek.generations()[0].kek_id
    world.kek.use_generation(keys.add(world.operator, NOON).kek_id)
    named = world.kek.generations()[-1].kek_id
    for table, new in ((t.key_wrap, {"kek_id": named}), (t.kek, {"state": "decrypt-only"})):
        world.db.write(lambda tx, table=table, new=new: tx.execute(update(table).values(new)))
    is_it = t.kek.c.id == named
    world.db.write(lambda tx: tx.execute(update(t.kek).where(is_it).values(state="active")))
    with pytest.raises(ConditionFailed, match="somebody wrote to it"):
        keys.destroy(world.operator, first, NOON)
    assert [one.destroyed for one in world.kek.generations()] == [None, None]


# ── a machine that lacks a key ──────────────────────────────────────────────────────────────────


def test_a_machine_that_lacks_a_key_sounds_an_alarm_until_it_has_it(
    world: Safekeeping, keys: Keys, tmp_path: Path
) -> None:
    ring = tmp_path / "keys" / "keyring"
    there = tmp_path / "there"
    there.mkdir()
    copy = shutil.copy(ring, there / "keyring")
    watch = KeyWatch(world.db, LocalKeyring(Path(copy), tmp_path / "data"))

    def heard() -> list[tuple[str, str]]:
        with capture_logs() as told:
            watch.look(NOON)
        return [(one["event"], one.get("generation") or one.get("where")) for one in told]

    assert heard() == []
    added = keys.add(world.operator, NOON).kek_id
    assert heard() == [("key-missing", added)] == heard()
    keys.replace(world.operator, NOON, nothing, alone=False)
    assert heard() == [("key-missing", added)]
    shutil.copy(ring, copy)
    assert heard() == [("alarm-over", added)]
    assert heard() == []
