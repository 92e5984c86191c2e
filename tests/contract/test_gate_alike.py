"""Vaults that are alike are walked once. What is told of each is what its own walk would tell."""

import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection

from davserver.db import tables
from davserver.domain.actions import Category, Right
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.nodes import Node
from davserver.gate.policy.impact import Impact, Summing
from davserver.gate.policy.survey import Survey, counts
from davserver.vault.grants.living import EVERY, Part, parts
from davserver.vault.nodes.rows import OpenVault
from davserver.vault.outline import Outlines
from policies.ways import Comparison
from tests.support.crowd import Crowd, blob_row, put
from tests.support.neighbourhood import BEFORE, CHANGES
from tests.support.rules import put_in_force
from tests.support.safekeeping import Safekeeping, safekeeping

pytestmark = pytest.mark.slow

VAULTS = 150
CATEGORIES = (None, None, Category.HOUSING, Category.HEALTH)
RIGHTS = (*[Right.READ] * 6, Right.DEPOSIT)


@pytest.fixture
def world(database_url: str, tmp_path: Path) -> Iterator[Safekeeping]:
    with safekeeping(database_url, tmp_path) as made:
        put_in_force(made.tools, BEFORE.files)
        yield made


class Planter:
    """Small vaults by chance, of so few words that many are alike."""

    def __init__(self, world: Safekeeping, chance: Random) -> None:
        self.world, self.chance = world, chance
        self.crowd = Crowd(world.keys, world.tools.vaults, world.clock())
        ccas, clinic = world.structure("ccas-lyon"), world.structure("clinic-lyon")
        self.structures = (ccas.id, clinic.id)
        karim = world.professional("karim", ccas)
        world.professional("paul", ccas, clinic)
        self.to: tuple[Grantee, ...] = (
            ToStructure(ccas.id), ToStructure(clinic.id), ToPerson(karim.person.id),
        )  # fmt: skip

    def vault(self, tx: Connection, login: str) -> OpenVault:
        return self.crowd.vault(tx, self.crowd.person(tx, login).id)

    def plant(self, tx: Connection, login: str) -> VaultId:
        vault = self.vault(tx, login)
        for structure in self.structures:
            self.crowd.affiliated(tx, vault.id, structure)
        nodes = [self.folder(tx, vault, vault.root, n) for n in range(self.chance.randint(1, 2))]
        if self.chance.random() < 0.3:
            nodes.append(self.folder(tx, vault, nodes[0].id, 5))
        files = [
            self.file(tx, vault, folder.id, n)
            for folder in tuple(nodes)
            for n in range(self.chance.randint(0, 2))
        ]
        shared = self.chance.choices([*nodes, *files], k=self.chance.randint(1, 2))
        grants = [
            self.crowd.grant(
                node, self.chance.choice(self.to), f"{login} {n}", self.chance.choice(RIGHTS)
            )
            for n, node in enumerate(shared)
        ]
        put(tx, tables.grant, self.crowd.grant_rows(grants, vault.owner))
        return vault.id

    def folder(self, tx: Connection, vault: OpenVault, parent: NodeId, n: int) -> Node:
        category = self.chance.choice(CATEGORIES)
        return self.put(tx, vault, self.crowd.node(vault, parent, f"d{n}", category=category))

    def file(self, tx: Connection, vault: OpenVault, parent: NodeId, n: int) -> Node:
        staging, now = self.world.tools.staging, self.world.clock()
        staged = staging.take_bytes(vault.id, b"paper", "text/plain", now)
        put(tx, tables.blob, [blob_row(staged)])
        category = self.chance.choice(CATEGORIES)
        node = self.crowd.node(vault, parent, f"f{n}", staged.content, category)
        return self.put(tx, vault, node)

    def put(self, tx: Connection, vault: OpenVault, node: Node) -> Node:
        put(tx, tables.node, self.crowd.node_rows(vault, [node]))
        return node


def told(
    world: Safekeeping, comparison: Comparison, part: Part
) -> tuple[dict[VaultId, object], int]:
    """By vault, who is concerned by how much; and how many walks told it."""
    found: dict[VaultId, object] = {}
    with world.db.read() as tx:
        survey = Survey(tx, world.tools, comparison, world.clock())
        walks = list(survey.vaults(Comparison.changes, part))
        for one in walks:
            effects = {
                (effect.way, effect.changes, effect.by_category, effect.possible): (
                    frozenset().union(*reached.people),
                    counts([reached]),
                    sorted((str(it.category), it.is_folder) for it in reached.nodes.values()),
                )
                for effect, reached in one.effects.items()
            }
            assert effects
            assert not found.keys() & set(one.vaults)
            found |= dict.fromkeys(one.vaults, effects)
    return found, len(walks)


@pytest.mark.parametrize("name", ["one structure does", "reading asks for more", "another block"])
def test_each_is_told_as_if_it_were_alone(world: Safekeeping, name: str) -> None:
    planter, compared = Planter(world, Random(7)), Comparison(BEFORE, CHANGES[name])
    vaults = world.db.write(lambda tx: [planter.plant(tx, f"person-{n}") for n in range(VAULTS)])
    together, walks = told(world, compared, EVERY)
    assert 10 < walks < len(together) < VAULTS
    alone = {}
    for vault in vaults:
        before = (int.from_bytes(vault, "big") - 1).to_bytes(len(vault), "big")
        alone |= told(world, compared, Part(before, vault))[0]
    assert together == alone
    in_parts = [told(world, compared, part)[0] for part in parts(5)]
    assert sum(map(len, in_parts)) == len(together)
    assert {vault: one for some in in_parts for vault, one in some.items()} == together


@pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")
def test_more_processes_say_the_same(world: Safekeeping) -> None:
    planter, here = Planter(world, Random(11)), os.getpid()
    world.db.write(lambda tx: [planter.plant(tx, f"person-{n}") for n in range(VAULTS)])
    heard, says = os.pipe()
    taken: list[int] = []

    def told(number: int, _: int) -> None:
        """The first part here waits for a first one there, so that both have some."""
        if os.getpid() != here:
            os.write(says, b"x")
            return
        taken.append(number)
        if len(taken) == 1:
            os.read(heard, 1)

    for new in CHANGES.values():
        taken.clear()
        together, alone = (
            Impact(world.tools).of(BEFORE, new, world.clock(), how=how)
            for how in (Summing(2, many=VAULTS, told=told), Summing())
        )
        assert 0 < len(taken) < len(parts(64))
        assert together == alone
        assert together.lines
    assert not multiprocessing.active_children()
    os.close(heard)
    os.close(says)


def test_few_grants_are_looked_at_here(world: Safekeeping) -> None:
    planter, taken = Planter(world, Random(1)), list[int]()
    world.db.write(lambda tx: planter.plant(tx, "amina"))
    how = Summing(2, told=lambda number, _: taken.append(number))
    Impact(world.tools).of(BEFORE, CHANGES["another block"], world.clock(), how=how)
    assert taken == list(range(64))


def test_a_category_above_counts_for_what_needs_it_whatever_lies_beside(
    world: Safekeeping,
) -> None:
    """One granted thing has a category, so that nothing above it is opened for its sake; the other
    lies deeper and has none.
    """
    planter = Planter(world, Random(1))
    crowd = planter.crowd

    def made(tx: Connection) -> tuple[VaultId, Node, Node, Node]:
        vault = planter.vault(tx, f"amina-{os.urandom(4).hex()}")
        top = planter.put(tx, vault, crowd.node(vault, vault.root, "a", category=Category.HEALTH))
        has = planter.put(tx, vault, crowd.node(vault, top.id, "x", category=Category.HOUSING))
        between = planter.put(tx, vault, crowd.node(vault, top.id, "b"))
        has_none = planter.put(tx, vault, crowd.node(vault, between.id, "y"))
        return vault.id, top, has, has_none

    vault, top, has, has_none = world.db.write(made)
    with world.db.read() as tx:
        outlines = Outlines(tx, world.tools.vaults)
        outline = outlines.around({vault: {has.id, has_none.id}}, categories=True)[vault]
        alone = outlines.around({vault: {has.id}}, categories=True)[vault]
    assert [one.category for one in outline.way_to(has_none.id)][1:] == [top.category, None, None]
    assert alone.nodes[top.id].category is None, "it is not opened where nothing needs it"
