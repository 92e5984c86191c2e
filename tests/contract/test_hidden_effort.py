"""A name costs the same work whether something hidden has it or nothing (DESIGN §2.2).

What opening a row costs is told by what is remembered of it: both take one place, once.
"""

import pytest

from davserver.domain.conditions import Conditions, IfList, StateTerm
from davserver.domain.errors import ConditionFailed, NotFound
from davserver.domain.paths import DrivePath
from davserver.vault.nodes.node_cache import NodeCache
from tests.support.accounts import statements_of
from tests.support.drive import Drive, World
from tests.support.hidden import hide


def opened_rows(world: World, owner: Drive) -> NodeCache:
    """Those of her vault, as this process has them in memory."""
    who = owner.who
    assert who.vault is not None
    with world.db.read() as tx:
        return world.vaults.open(tx, who.vault, who.epoch.keys, world.clock()).node_cache


@pytest.mark.parametrize("below", ["", "/x", "/x/y"])
def test_a_hidden_name_is_opened_once_and_an_absent_one_as_if(world: World, below: str) -> None:
    amina = world.beneficiary("amina", "fr")
    structure = world.accounts.add_structure("ccas-lyon")
    karim = world.professional("karim", structure)
    world.grant(amina, structure, "/Logement")
    hide(world, amina, "/Logement", "hidden")
    karim.names("/Name of amina")
    kept = opened_rows(world, amina)
    who, costs = karim.who, []
    for name in ("hidden", "absent"):
        for _ in range(2):
            before = len(kept)
            path = DrivePath.parse(f"/Name of amina/Logement/{name}{below}")
            with statements_of(world.db) as sent, pytest.raises(NotFound):
                world.reading.look(who, path, world.clock())
            costs.append((len(kept) - before, len(sent)))
    hidden, absent = costs[:2], costs[2:]
    assert hidden == absent
    assert hidden[0][0] == 1 + below.count("/")
    assert hidden[1][0] == 0


@pytest.mark.parametrize("to", ["", "/sub"])
def test_moving_onto_a_hidden_name_is_the_work_of_moving_onto_a_free_one(
    world: World, to: str
) -> None:
    amina = world.beneficiary("amina", "fr")
    structure = world.accounts.add_structure("ccas-lyon")
    karim = world.professional("karim", structure)
    world.grant(amina, structure, "/Logement")
    amina.mkcol("/Logement/sub")
    hide(world, amina, f"/Logement{to}", "hidden")
    karim.put("/Name of amina/Logement/mine", b"x")
    kept = opened_rows(world, amina)
    never = Conditions(if_lists=(IfList(None, (StateTerm("urn:none", None, negated=False),)),))
    costs = []
    for name in ("to warm up", "hidden", "absent", "hidden", "absent"):
        before, goal = len(kept), f"/Name of amina/Logement{to}/{name}"
        with statements_of(world.db) as sent, pytest.raises(ConditionFailed):
            karim.move("/Name of amina/Logement/mine", goal, conditions=never)
        costs.append((len(kept) - before, len(sent)))
    assert costs[1] == costs[2]
    assert costs[3] == costs[4]
    assert [opened for opened, _ in costs[1:]] == [1, 1, 0, 0]
