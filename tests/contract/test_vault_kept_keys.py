"""Keys are opened anew every five minutes; what lies in a folder that is in use is not."""

import pytest
from sqlalchemy import update

from davserver.db import tables
from davserver.domain.errors import NotFound
from davserver.domain.ids import NodeId
from davserver.vault.nodes.child_rows import children
from davserver.vault.nodes.rows import OpenVault
from tests.support.drive import Drive, World

FOLDERS = ("/used", "/unused")


@pytest.fixture
def amina(world: World) -> Drive:
    amina = world.beneficiary("amina")
    for folder in FOLDERS:
        amina.mkcol(folder)
        amina.put(f"{folder}/a.txt", b"x")
    return amina


def opened(world: World, amina: Drive, keys: int = 0) -> OpenVault:
    vault = amina.who.vault
    assert vault is not None
    with world.db.read() as tx:
        return world.vaults.open(tx, vault, keys, world.clock())


def listed(world: World, amina: Drive, folder: str, keys: int = 0) -> list[int]:
    """Which values these are: opened again, they would be others."""
    vault, node = opened(world, amina, keys), NodeId(amina.look(folder).id)
    with world.db.read() as tx:
        return [id(one) for one in children(tx, vault, node)]


def test_who_works_in_a_folder_does_not_wait_for_its_names_again(
    world: World, amina: Drive
) -> None:
    before = opened(world, amina)
    used, unused = (listed(world, amina, folder) for folder in FOLDERS)
    for _ in range(3):
        world.clock.passes(minutes=5)
        assert opened(world, amina) is not before
        assert listed(world, amina, "/used") == used
    assert listed(world, amina, "/unused") != unused


def test_keys_live_no_longer_when_the_clock_is_set_back(world: World, amina: Drive) -> None:
    before = opened(world, amina)
    world.clock.passes(hours=-1)
    again = opened(world, amina)
    assert again is not before
    assert opened(world, amina) is again
    bilal = world.beneficiary("bilal")
    world.clock.passes(hours=-1)
    opened(world, bilal)
    assert amina.who.vault not in world.vaults._unlock._kept


def test_nothing_is_handed_on_that_was_opened_long_ago(world: World, amina: Drive) -> None:
    before, used = opened(world, amina), listed(world, amina, "/used")
    world.clock.passes(minutes=10)
    assert opened(world, amina) is not before
    assert listed(world, amina, "/used") != used


def test_keys_that_were_changed_open_everything_again(world: World, amina: Drive) -> None:
    before, used = opened(world, amina), listed(world, amina, "/used")
    assert listed(world, amina, "/used", keys=1) != used
    assert opened(world, amina, keys=1).wraps == before.wraps


def test_keys_that_do_not_open_any_more_show_nothing(world: World, amina: Drive) -> None:
    listed(world, amina, "/used")
    revoked = update(tables.key_wrap).values(revoked_at=1)
    world.db.write(lambda tx: tx.execute(revoked))
    world.clock.passes(minutes=5)
    with pytest.raises(NotFound):
        opened(world, amina)
