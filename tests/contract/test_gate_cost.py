"""What a listing costs does not depend on how much there is, nor on how deep it lies."""

import os
from dataclasses import replace

import pytest
from sqlalchemy import event, insert

from davserver.db import tables
from davserver.domain.ids import NodeId
from davserver.domain.nodes import Kind
from davserver.domain.paths import DrivePath
from davserver.vault.nodes.rows import sealed_columns
from davserver.vault.nodes.walk import walk
from tests.support.drive import Drive, World

pytestmark = pytest.mark.slow

FEW, MANY = 10, 10_000
DEEP = "/Logement/a/b/c/d/e/f"
MOST = 8
"""Statements of one PROPFIND after sign-in."""


def fill(world: World, amina: Drive, path: str, children: int) -> None:
    """So many folders at once, each a true row: made one by one they would take minutes."""
    amina.mkcol(path)
    vault_id = amina.who.vault
    assert vault_id is not None
    with world.db.read() as tx:
        vault = world.vaults.open(tx, vault_id, 0, world.clock())
        above, below, _ = walk(tx, vault, vault.root, DrivePath.parse(path).parts)
    folder = below[-1][0].node
    assert above[-1].id == vault.root
    rows = [
        sealed_columns(
            vault,
            replace(
                folder,
                id=NodeId(os.urandom(16)),
                parent=folder.id,
                name=f"{n}",
                kind=Kind.FOLDER,
                etag=os.urandom(16),
            ),
        )
        for n in range(children)
    ]
    world.db.write(lambda tx: tx.execute(insert(tables.node), rows))


def test_a_listing_costs_the_same_for_ten_and_ten_thousand_at_any_depth(world: World) -> None:
    amina = world.beneficiary("amina", "fr")
    karim = world.professional("karim", world.accounts.add_structure("ccas-lyon"))
    for folder in DrivePath.parse(DEEP).parts[1:]:
        depth = DEEP.index(f"/{folder}")
        amina.mkcol(DEEP[: depth + 2])
    for top in ("/Logement", DEEP):
        fill(world, amina, f"{top}/few", FEW)
        fill(world, amina, f"{top}/many", MANY)
    world.grant(amina, karim, "/Logement")

    statements: list[str] = []
    for engine in world.db.engines():
        event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))

    for drive, before in ((amina, ""), (karim, "/Name of amina")):
        who, costs = drive.who, set()
        for top in ("/Logement", DEEP):
            for name, size in (("few", FEW), ("many", MANY)):
                path = DrivePath.parse(f"{before}{top}/{name}")
                world.reading.look(who, path, world.clock())
                statements.clear()
                _, children = world.reading.list(who, path, world.clock())
                costs.add(len(statements))
                assert len(children) == size
        assert len(costs) == 1
        assert max(costs) <= MOST


def test_moving_and_removing_a_large_folder_costs_what_a_small_one_does(world: World) -> None:
    amina = world.beneficiary("amina", "fr")
    for name, size in (("few", FEW), ("many", MANY)):
        fill(world, amina, f"/Travail/{name}", size)
    statements: list[str] = []
    for engine in world.db.engines():
        event.listen(engine, "before_cursor_execute", lambda *a: statements.append(a[2]))
    costs = {"move": set[int](), "remove": set[int]()}
    for name in ("few", "many"):
        amina.look(f"/Travail/{name}")
        for what, act in (
            ("move", lambda n=name: amina.move(f"/Travail/{n}", f"/Logement/{n}")),
            ("remove", lambda n=name: amina.delete(f"/Logement/{n}")),
        ):
            statements.clear()
            act()
            costs[what].add(len(statements))
    assert {what: len(counts) for what, counts in costs.items()} == {"move": 1, "remove": 1}
