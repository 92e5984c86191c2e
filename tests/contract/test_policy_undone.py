"""A policy that was undone decides nothing, whoever shared the commit in which it was not to be."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, update

from davserver.db import tables as t
from davserver.domain.ids import ID_BYTES, GenerationId
from davserver.gate.watch import EpochWatch
from policies import generations
from policies.generations import Origin, Proposed
from tests.support.accounts import statements_of
from tests.support.drive import World, world_on
from tests.support.rules import shipped_files

NO_GET = "p, no-get, deny, professional, *, get, *, *, *, *, *"
NO_PUT = "p, no-put, deny, professional, *, put, *, *, *, *, *"


class Undone(Exception):
    """What was written is not to stay."""


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[World]:
    with world_on(database_url, tmp_path) as made:
        yield made


def into_force(world: World, rule: str) -> Callable[[Connection], int]:
    files = shipped_files()
    files["rules.csv"] += f"{rule}\n".encode()
    new = Proposed(files, Origin.APPLY)

    def work(tx: Connection) -> int:
        one = GenerationId(world.tools.entropy(ID_BYTES))
        after = generations.number_in_force(tx)
        made, _ = generations.put_in_force(
            tx, world.keys, new, after, one, world.clock()
        )  # fmt: skip
        return made.number

    return work


def decides_by(world: World, number: int) -> Callable[[Connection], set[str]]:
    """Somebody who writes asks what decides."""

    def work(tx: Connection) -> set[str]:
        return {one.id for one in world.tools.policy.judge(tx, number).snapshot.rules}

    return work


def test_what_was_undone_never_decides(world: World) -> None:
    def work(tx: Connection) -> None:
        number = into_force(world, NO_GET)(tx)
        assert "no-get" in decides_by(world, number)(tx)
        raise Undone

    with pytest.raises(Undone):
        world.db.write(work)
    number = world.db.write(into_force(world, NO_PUT))
    with world.db.read() as tx:
        seen = decides_by(world, number)(tx)
    assert world.db.write(decides_by(world, number)) == seen
    assert ("no-put" in seen, "no-get" in seen) == (True, False)


def test_a_database_that_was_put_back_decides_by_what_comes_into_force_then(world: World) -> None:
    """As a server of PostgreSQL can be, while Abri runs."""
    watch = EpochWatch(world.db, world.tools.policy, world.clock)
    before = watch.look().policy
    number = world.db.write(into_force(world, NO_GET))
    assert watch.look().policy == number

    def put_back(tx: Connection) -> None:
        tx.execute(delete(t.policy_generation).where(t.policy_generation.c.number == number))
        tx.execute(update(t.epoch).values(policy=before))

    world.db.write(put_back)
    assert watch.look().policy == before
    assert world.db.write(into_force(world, NO_PUT)) == number
    with world.db.read() as tx:
        seen = decides_by(world, number)(tx)
    assert ("no-put" in seen, "no-get" in seen) == (True, False)


def test_a_policy_that_somebody_saw_in_force_is_not_read_again(world: World) -> None:
    number = world.db.write(into_force(world, NO_PUT))
    with statements_of(world.db) as sent:
        world.db.write(decides_by(world, number))
        assert sum("policy_generation" in one for one in sent) == 1
        with world.db.read() as tx:
            decides_by(world, number)(tx)
        assert sum("policy_generation" in one for one in sent) == 2
        world.db.write(decides_by(world, number))
        with world.db.read() as tx:
            decides_by(world, number)(tx)
        assert sum("policy_generation" in one for one in sent) == 2
