"""Each statement that leads down a path finds what the one for any path finds."""

from collections.abc import Sequence
from itertools import product

import pytest
from sqlalchemy import Connection

from davserver.db.prepared import Prepared
from davserver.domain.ids import NodeId
from davserver.domain.paths import DrivePath
from davserver.vault.nodes.rows import INSTEAD, OpenVault
from davserver.vault.nodes.walk import further, walk, walk_both
from davserver.vault.nodes.walk_statements import (
    MOST_STEPS,
    NOTHING,
    PERHAPS,
    Hidden,
    Steps,
    any_way,
    one_by_one,
    steps,
)
from tests.support.drive import Drive, World
from tests.support.hidden import hide

NAMES = ("a", "hidden", "b.txt", "absent")


@pytest.fixture
def amina(world: World) -> Drive:
    """Folders named alike inside each other, with a twin, and something in the trash."""
    amina = world.beneficiary("amina")
    for folder in ("/a", "/a/a", "/a/a/a"):
        amina.mkcol(folder)
        amina.put(f"{folder}/b.txt", b"x")
        amina.mkcol(f"{folder}/absent")
        amina.delete(f"{folder}/absent")
        hide(world, amina, folder, "hidden")
    hide(world, amina, "/a/hidden", "a")
    return amina


def opened(world: World, tx: Connection, amina: Drive) -> OpenVault:
    vault_id = amina.who.vault
    assert vault_id is not None
    return world.vaults.open(tx, vault_id, 0, world.clock())


def rows(
    tx: Connection, vault: OpenVault, statement: Prepared, start: NodeId, names: Sequence[str]
) -> list[tuple[int, bytes]]:
    asked = {"start": start, "vault": vault.id}
    for depth, name in enumerate(names):
        asked[f"a{depth}"] = asked[f"b{depth}"] = vault.index.name_index(name)  # type: ignore[assignment]
    return sorted((row["depth"], bytes(row["id"])) for row in statement.all(tx, asked))


def one_path(length: int) -> Steps:
    return tuple(range(length))


def joined(
    path: Sequence[str], dialect: str, *, from_root: bool, hidden: Hidden = PERHAPS
) -> Prepared:
    after = one_path(len(path))
    if dialect == "sqlite":
        return steps(after, from_root=from_root, hidden=hidden)
    return one_by_one(after, (1,) * len(path), from_root=from_root, hidden=hidden)


def test_names_one_after_the_other_lead_where_any_path_does(world: World, amina: Drive) -> None:
    below = NodeId(amina.look("/a/a").id)
    with world.db.read() as tx:
        vault, dialect = opened(world, tx, amina), tx.dialect.name
        paths = [path for length in range(4) for path in product(NAMES, repeat=length)]
        paths += [("a",) * length for length in range(4, MOST_STEPS + 1)]
        for start, path in product((vault.root, below), paths):
            wanted = rows(tx, vault, any_way(one_path(len(path)), dialect), start, path)
            for from_root in {False, start == vault.root}:
                statement = joined(path, dialect, from_root=from_root)
                assert rows(tx, vault, statement, start, path) == wanted, path
                bare = joined(path, dialect, from_root=from_root, hidden=NOTHING)
                there = [row for row in wanted if row[0] < INSTEAD]
                assert rows(tx, vault, bare, start, path) == there, path


def test_one_name_more_leads_where_the_whole_path_does(world: World, amina: Drive) -> None:
    with world.db.read() as tx:
        vault = opened(world, tx, amina)
        for length in range(1, 4):
            for path in product((*NAMES, "b (2).txt"), repeat=length):
                whole = walk(tx, vault, vault.root, path)
                before = walk(tx, vault, vault.root, path[:-1])
                for hidden in Hidden:
                    above, below, _ = further(tx, vault, before, path[-1], hidden=hidden)
                    assert above == whole[0]
                    assert ids(below) == ids(whole[1]), path
                assert walk(tx, vault, vault.root, path, hidden=NOTHING)[:2] == whole[:2]


@pytest.mark.parametrize("hidden", Hidden)
def test_two_paths_lead_together_where_each_leads(
    world: World, amina: Drive, *, hidden: Hidden
) -> None:
    below = NodeId(amina.look("/a/a").id)
    ends = (*NAMES, "b (2).txt")
    some = [(), *product(ends), *(("a", name) for name in ends), ("a", "a", "b.txt")]
    with world.db.read() as tx:
        vault = opened(world, tx, amina)
        for start, (one, other) in product((vault.root, below), product(some, repeat=2)):
            together = walk_both(tx, vault, start, one, other, hidden=hidden)
            for path, way in zip((one, other), together, strict=True):
                alone = walk(tx, vault, start, path)
                assert way[0] == alone[0]
                assert ids(way[1]) == ids(alone[1]), (one, other)


def ids(below: Sequence[Sequence[object]]) -> list[set[bytes]]:
    return [{bytes(one.node.id) for one in found} for found in below]  # type: ignore[attr-defined]


def test_a_deeper_path_than_is_joined_is_walked_too(world: World, amina: Drive) -> None:
    path = ""
    for number in range(MOST_STEPS + 2):
        path += f"/{number}"
        amina.mkcol(path)
    assert amina.look(path).path == DrivePath.parse(path)
