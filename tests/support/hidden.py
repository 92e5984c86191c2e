"""Things that a professional does not see, put where they look."""

from sqlalchemy import Connection

from davserver.db import tables
from davserver.domain.actions import Category
from davserver.domain.ids import NodeId
from tests.support.crowd import Crowd, put
from tests.support.drive import Drive, World


def hide(world: World, owner: Drive, folder: str, name: str) -> None:
    """A folder about health, which the shipped rules show to no structure."""
    crowd, vault_id = Crowd(world.keys, world.vaults, world.clock()), owner.who.vault
    assert vault_id is not None
    inside = NodeId(owner.look(folder).id)

    def work(tx: Connection) -> None:
        vault = crowd.vaults.open(tx, vault_id, 0, world.clock())
        node = crowd.node(vault, inside, name, category=Category.HEALTH)
        put(tx, tables.node, crowd.node_rows(vault, [node]))

    world.db.write(work)
