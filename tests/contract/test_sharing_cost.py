"""What a professional's drive costs does not depend on how many people share how much with it."""

import re
from collections.abc import Sequence

import pytest
from sqlalchemy import Connection, update

from davserver.db import tables
from davserver.domain.actions import Category, Right
from davserver.domain.grants import ToPerson
from davserver.domain.ids import NodeId
from davserver.domain.paths import DrivePath
from davserver.gate.entries.entries import SHOWN
from tests.support.accounts import statements_of
from tests.support.crowd import Clientele, Crowd, put
from tests.support.drive import Drive, World
from tests.support.rules import more_rules

FEW, MANY = (4, 10), (400, 50)
"""Beneficiaries, and grants of each."""
MOST = 8
"""Statements of one listing after sign-in, of a professional who works in a structure."""
COLD = 6
"""Minutes after which a process has forgotten the keys of vaults."""


def crowd_of(world: World) -> Crowd:
    return Crowd(world.keys, world.vaults, world.clock())


def clientele(
    world: World, name: str, beneficiaries: int, items: int, right: Right = Right.WRITE
) -> Drive:
    """A professional with that many beneficiaries, in a structure of their own."""
    structure = world.accounts.add_structure(f"ccas-{name}")
    drive = world.professional(f"pro-{name}", structure)
    crowd = crowd_of(world)
    sharing = Clientele(drive.person.id, structure.id, items, right)
    logins = [f"{name}-{n:03}" for n in range(beneficiaries)]
    world.db.write(lambda tx: sharing.of(crowd, tx, logins))
    return drive


def cost_of(world: World, drive: Drive, path: str, size: int, *, warm: bool = False) -> list[str]:
    """The statements of one listing, all of whose children are there. `warm`: keys are known."""
    who = drive.who
    if warm:
        world.reading.list(who, DrivePath.parse(path), world.clock())
    with statements_of(world.db) as sent:
        _, children = world.reading.list(who, DrivePath.parse(path), world.clock())
    assert len(children) == size
    return sent


def grant_queries(statements: list[str]) -> int:
    """How many ask which grants there are; what is left of an allowance is another question."""
    return sum(bool(re.match(r'SELECT "?grant"?\.id', one)) for one in statements)


@pytest.mark.slow
def test_a_root_of_400_beneficiaries_and_20_000_grants_costs_what_one_of_4_and_40_costs(
    world: World,
) -> None:
    drives = {size: clientele(world, f"of{size[0]}", *size) for size in (FEW, MANY)}
    for forgotten in (True, False):
        if forgotten:
            world.clock.passes(minutes=COLD)
        costs = {size: cost_of(world, drives[size], "/", size[0]) for size in (FEW, MANY)}
        assert len(costs[FEW]) == len(costs[MANY]) <= MOST
        assert [grant_queries(one) for one in costs.values()] == [1, 1]
    for forgotten in (True, False):
        if forgotten:
            world.clock.passes(minutes=COLD)
        inside = {
            size: cost_of(world, drives[size], f"/of{size[0]}-000", size[1]) for size in (FEW, MANY)
        }
        assert len(inside[FEW]) == len(inside[MANY]) <= MOST
        assert [grant_queries(one) for one in inside.values()] == [1, 1]


CATEGORIES = (Category.HOUSING, Category.INCOME, Category.WORK)


def fill(world: World, owner: Drive, folder: str, children: int) -> None:
    """Folders of several categories in one."""
    crowd, parent = crowd_of(world), NodeId(owner.look(folder).id)
    assert owner.who.vault is not None

    def work(tx: Connection) -> None:
        vault = world.vaults.open(tx, owner.who.vault, 0, world.clock())
        names = [(f"{n:04}", CATEGORIES[n % len(CATEGORIES)]) for n in range(children)]
        nodes = [crowd.node(vault, parent, name, category=of) for name, of in names]
        put(tx, tables.node, crowd.node_rows(vault, nodes))
        put(tx, tables.folder_change, crowd.change_rows(vault, [node.id for node in nodes]))

    world.db.write(work)


@pytest.mark.slow
def test_1_000_children_take_one_grant_query_and_as_many_decisions_as_ten(world: World) -> None:
    amina = world.beneficiary("amina")
    structure = world.accounts.add_structure("ccas-lyon")
    karim = world.professional("karim", structure)
    amina.mkcol("/Dossier")
    world.grant(amina, karim, "/Dossier")
    world.grant(amina, structure, "/Dossier")
    asked: dict[int, int] = {}
    sent: dict[int, list[str]] = {}
    for size in (10, 1_000):
        amina.mkcol(f"/Dossier/{size}")
        fill(world, amina, f"/Dossier/{size}", size)
        more_rules(world, f"# asked by {size}")
        sent[size] = cost_of(world, karim, f"/Name of amina/Dossier/{size}", size)
        with world.db.read() as tx:
            asked[size] = world.tools.policy.current(tx).snapshot.remembered
    assert asked[10] == asked[1_000]
    # Two ways in; what shows is asked of each category, what may be done of those that are there.
    tuples = 2 * (len(Category) + len(SHOWN) * (len(CATEGORIES) + 1))
    assert 0 < asked[1_000] <= tuples
    assert len(sent[10]) == len(sent[1_000]) <= MOST
    assert [grant_queries(one) for one in sent.values()] == [1, 1]


def reshared(world: World, owner: Drive, names: Sequence[str]) -> Drive:
    """Whoever got all of these folders from a colleague of theirs, to whom they were granted."""
    colleague, drive = (world.professional(f"{who}-{len(names)}") for who in ("lise", "karim"))
    crowd, vault_id = crowd_of(world), owner.who.vault
    assert vault_id is not None

    def work(tx: Connection) -> None:
        vault = world.vaults.open(tx, vault_id, 0, world.clock())
        for name in names:
            node = crowd.node(vault, vault.root, f"{len(names)}-{name}")
            put(tx, tables.node, crowd.node_rows(vault, [node]))
            first = crowd.grant(node, ToPerson(colleague.person.id), "Amina")
            again = crowd.grant(node, ToPerson(drive.person.id), "Amina", parent=first.id)
            put(tx, tables.grant, crowd.grant_rows([first], vault.owner))
            put(tx, tables.grant, crowd.grant_rows([again], colleague.person.id))

    world.db.write(work)
    return drive


@pytest.mark.slow
def test_re_shares_cost_two_more_statements_however_many(world: World) -> None:
    amina = world.beneficiary("amina")
    few, many = (reshared(world, amina, [f"{n}" for n in range(size)]) for size in (2, 300))
    plain = clientele(world, "plain", 1, 2)
    base, *costs = (len(cost_of(world, one, "/", 1, warm=True)) for one in (plain, few, many))
    assert costs == [base + 2, base + 2]
    assert len(cost_of(world, many, "/Amina", 300)) == len(cost_of(world, few, "/Amina", 2))


def test_a_vault_that_does_not_open_is_missing_alone(world: World) -> None:
    drive = clientele(world, "of", 3, 1)
    with world.db.read() as tx:
        folders = world.grants.folders_for(tx, [drive.person.id], world.clock())
    assert [one.name for one in folders] == ["of-000", "of-001", "of-002"]
    spoiled = update(tables.vault).where(tables.vault.c.id == folders[1].vault).values(quota=1)
    world.db.write(lambda tx: tx.execute(spoiled))
    world.clock.passes(minutes=COLD)
    assert drive.names() == ["of-000", "of-002"]


def test_keys_of_a_vault_that_nobody_asks_for_again_are_forgotten(world: World) -> None:
    amina, bilal = world.beneficiary("amina"), world.beneficiary("bilal")
    assert amina.names() == []
    assert world.unlock.held() == {amina.who.vault}
    world.clock.passes(minutes=COLD)
    assert bilal.names() == []
    assert world.unlock.held() == {bilal.who.vault}


@pytest.mark.parametrize("right", list(Right))
def test_every_right_costs_the_same_for_few_and_for_many(world: World, right: Right) -> None:
    few = clientele(world, "few", 1, 2, right)
    many = clientele(world, "many", 20, 6, right)
    for path, size in (("/{}-000", (2, 6)), ("/", (1, 20))):
        costs = [
            len(cost_of(world, drive, path.format(name), children, warm=True))
            for drive, name, children in zip((few, many), ("few", "many"), size, strict=True)
        ]
        assert costs[0] == costs[1] <= MOST
