"""A sweep finds what is due, and takes it one by one: what somebody did meanwhile counts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, update

from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.domain.ids import NodeId
from davserver.vault import trash
from davserver.vault.nodes import index
from davserver.vault.sweep import Sweeper
from davserver.vault.thinning import purge
from tests.support.drive import Drive
from tests.support.safekeeping import KEPT, Safekeeping, safekeeping

Meanwhile = Callable[[Safekeeping, Connection, Drive, NodeId], None]


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with safekeeping(database_url, tmp_path) as made:
        yield made


def restored(world: Safekeeping, tx: Connection, amina: Drive, node: NodeId) -> None:
    vault = world.vaults.open(tx, world.vault_of(amina), 0, world.clock())
    root = index.one(tx, vault, vault.root)
    assert root is not None
    trash.restore(tx, vault, node, [root], "b.txt", world.clock())


def removed_again(world: Safekeeping, tx: Connection, _amina: Drive, node: NodeId) -> None:
    """Back for a moment: its time begins anew."""
    since = to_us(world.clock())
    tx.execute(update(t.node).where(t.node.c.id == node).values(trashed_at=since))


def emptied(world: Safekeeping, tx: Connection, amina: Drive, node: NodeId) -> None:
    purge(tx, world.vaults.open(tx, world.vault_of(amina), 0, world.clock()), node)


@pytest.mark.parametrize("meanwhile", [restored, removed_again, emptied])
def test_what_left_the_trash_meanwhile_is_left_alone(
    world: Safekeeping, caplog: pytest.LogCaptureFixture, meanwhile: Meanwhile
) -> None:
    amina = world.beneficiary("amina")
    nodes = {}
    for name in ("a.txt", "b.txt"):
        amina.put(f"/{name}", name.encode())
        nodes[name] = NodeId(amina.look(f"/{name}").id)
        amina.delete(f"/{name}")
        world.clock.passes(seconds=1)
    world.clock.now += KEPT
    done = []

    def witness(tx: Connection, *_: object) -> None:
        """The first is gone: in the same moment somebody does something with the second."""
        if not done:
            done.append(meanwhile)
            meanwhile(world, tx, amina, nodes["b.txt"])

    sweeper = Sweeper(world.db, world.blobs, world.vaults, witness, trash_kept=KEPT)
    caplog.clear()
    swept = sweeper.run(world.clock())
    assert swept is not None
    assert swept.trash == 1
    assert "trash-damaged" not in caplog.text
    left = [row["state"] for row in world.rows(t.node, t.node.c.id == nodes["b.txt"])]
    assert left == {restored: ["live"], removed_again: ["trash"], emptied: []}[meanwhile]
