"""Where a grant shows all that is below it, nothing is judged on the way down: and all that was
judged there counts as it did.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from itertools import product

import pytest
from sqlalchemy import Connection, update

from davserver.db import tables
from davserver.db.database import Database
from davserver.domain.actions import Right
from davserver.domain.errors import Locked, NoParent, NotFound, Reason, Refused
from davserver.domain.grants import Grant
from davserver.domain.ids import NodeId
from davserver.domain.paths import DrivePath
from davserver.gate.places import NOWHERE, Place
from davserver.gate.resolving import resolve_judged, resolve_unhidden
from davserver.gate.sight import Sight
from davserver.vault.nodes.walk import walk
from tests.support.accounts import noted, statements_of
from tests.support.crowd import Crowd, put
from tests.support.drive import Drive, World
from tests.support.hidden import hide
from tests.support.rules import more_rules

pytestmark = pytest.mark.slow

TOP = "/Name of amina/Santé"
ONE, OTHER = f"{TOP}/b/one.txt", f"{TOP}/b/other.txt"
NO_HEALTH = "p, no-health, deny, professional, *, *, health, *, *, *, *"


@pytest.fixture
def amina(world: World) -> Drive:
    made = world.beneficiary("amina", "fr")
    for folder in ("/Santé/b", "/Santé/c", "/elsewhere"):
        made.mkcol(folder)
    made.put("/elsewhere/hers.txt", b"hers")
    return made


@pytest.fixture
def karim(world: World) -> Drive:
    return world.professional("karim", world.accounts.add_structure("ccas-lyon"))


@pytest.fixture
def grant(world: World, amina: Drive, karim: Drive) -> Grant:
    """The ways to both of her folders are known to whoever looks and to whoever writes."""
    made = world.grant(amina, karim, "/Santé", Right.WRITE)
    for _ in range(2):
        karim.put(ONE, b"one")
        karim.put(f"{TOP}/c/there.txt", b"there")
        assert karim.get(ONE) == b"one"
    return made


def said_by(world: World, act: Callable[[], object]) -> list[str]:
    """The statements of its turn to write."""
    with noted(world.db.engines()[1]) as said:
        act()
    return said


def gone_by_both(drive: Drive) -> None:
    """What was there is absent for whoever looks and whoever writes."""
    with pytest.raises(NotFound):
        drive.get(ONE)
    with pytest.raises((NoParent, Refused, NotFound)):
        drive.put(OTHER, b"too late")
    with pytest.raises(NotFound):
        drive.move(ONE, f"{TOP}/c/moved.txt")


# ── the way is known as long as it leads there ──────────────────────────────────────────────────

ACTS: dict[str, Callable[[Drive], object]] = {
    "a new file": lambda karim: karim.put(OTHER, b"other"),
    "a file again": lambda karim: karim.put(ONE, b"again"),
    "a folder": lambda karim: karim.mkcol(f"{TOP}/b/c"),
    "a move": lambda karim: karim.move(ONE, OTHER),
    "a move to another folder": lambda karim: karim.move(ONE, f"{TOP}/c/one.txt"),
}


@pytest.mark.usefixtures("grant")
@pytest.mark.parametrize("what", ACTS)
def test_what_happens_in_it_leaves_the_way_known(world: World, karim: Drive, what: str) -> None:
    acts = {
        what: lambda: ACTS[what](karim),
        "after": lambda: karim.put(f"{TOP}/b/after.txt", b"after"),
    }
    for called, act in acts.items():
        (way,) = (one for one in said_by(world, act) if "n.rec_ct" in one and "name_idx" in one)
        # No folder is looked for, but only what is in it.
        looked_for, ends = len(re.findall("name_idx (?:=|IN)", way)), 2 if "move" in called else 1
        assert looked_for == ends, way


GONE: dict[str, Callable[[Drive], object]] = {
    "renamed": lambda amina: amina.move("/Santé/b", "/Santé/otherwise"),
    "removed": lambda amina: amina.delete("/Santé/b"),
    "moved out of what is shared": lambda amina: amina.move("/Santé/b", "/elsewhere/b"),
    "all of it removed": lambda amina: amina.delete("/Santé"),
}


@pytest.mark.usefixtures("grant")
@pytest.mark.parametrize("what", GONE)
def test_a_folder_that_goes_is_gone_at_once(amina: Drive, karim: Drive, what: str) -> None:
    GONE[what](amina)
    gone_by_both(karim)


@pytest.mark.usefixtures("grant")
def test_what_is_shared_may_be_moved_and_is_told_where_it_is(amina: Drive, karim: Drive) -> None:
    amina.move("/Santé", "/elsewhere/moved")
    karim.put(OTHER, b"other")
    assert amina.get("/elsewhere/moved/b/other.txt") == b"other"


@pytest.mark.usefixtures("grant")
def test_another_process_may_take_the_way_away(
    amina: Drive, karim: Drive, database_url: str
) -> None:
    folder, elsewhere = amina.look("/Santé/b").id, Database(database_url)
    try:
        # Not as anybody would, so that the row does not open any more: then there is nothing.
        bad = update(tables.node).where(tables.node.c.id == folder).values(row_version=99)
        elsewhere.write(lambda tx: tx.execute(bad))
    finally:
        elsewhere.close()
    gone_by_both(karim)


# ── the right counts at once ────────────────────────────────────────────────────────────────────


def test_a_grant_that_is_taken_back_is_over_at_once(
    world: World, amina: Drive, karim: Drive, grant: Grant
) -> None:
    world.end_grant(grant, amina)
    gone_by_both(karim)


def test_another_process_may_take_it_back(
    world: World, amina: Drive, karim: Drive, grant: Grant, database_url: str
) -> None:
    elsewhere, now = Database(database_url), world.clock()
    try:
        elsewhere.write(lambda tx: world.grants.end(tx, grant.id, by=amina.person.id, now=now))
    finally:
        elsewhere.close()
    gone_by_both(karim)


@pytest.mark.usefixtures("grant")
def test_a_category_that_the_rules_hide_from_now_on_is_hidden_at_once(
    world: World, amina: Drive, karim: Drive
) -> None:
    hide(world, amina, "/Santé/b", "plan")
    karim.put(f"{TOP}/b/plan/x.txt", b"x")
    more_rules(world, NO_HEALTH)
    gone_by_both(karim)  # all of /Santé is about health


def test_what_was_given_by_name_is_over_and_what_the_team_has_hides_health(
    world: World, amina: Drive, karim: Drive
) -> None:
    """Then what is hidden costs what is absent does, as for any member of the team."""
    hide(world, amina, "/Logement", "plan")
    (structure,) = (one.structure for one in karim.who.memberships)
    by_name = world.grant(amina, karim, "/Logement", Right.WRITE)
    world.grant(amina, structure, "/Logement", Right.WRITE)
    folder = "/Name of amina/Logement"
    karim.put(f"{folder}/plan/x.txt", b"x")
    world.end_grant(by_name, amina)
    karim.names(folder)
    costs = []
    for name in ("plan", "absent"):
        with statements_of(world.db) as sent, pytest.raises(NoParent):
            karim.put(f"{folder}/{name}/x.txt", b"y")
        costs.append(sent)
    assert [len(one) for one in costs] == [len(costs[0])] * 2
    assert costs[0] == costs[1]


def test_a_wider_right_further_down_counts_there(world: World, amina: Drive, karim: Drive) -> None:
    world.grant(amina, karim, "/Santé", Right.READ)
    world.grant(amina, karim, "/Santé/b", Right.WRITE)
    karim.put(ONE, b"one")
    assert karim.get(ONE) == b"one"
    with pytest.raises(Refused) as caught:
        karim.put(f"{TOP}/c/one.txt", b"one")
    assert caught.value.reason is Reason.READ_ONLY


def test_below_a_file_that_is_shared_is_nothing(world: World, amina: Drive, karim: Drive) -> None:
    world.grant(amina, karim, "/elsewhere/hers.txt", Right.WRITE)
    path = "/Name of amina/hers.txt"
    for _ in range(2):
        karim.put(path, b"his")
        with pytest.raises(NoParent):
            karim.put(f"{path}/x", b"x")


# ── what others half saved ──────────────────────────────────────────────────────────────────────

HALF = ".goutputstream-ABC123"


@pytest.mark.usefixtures("grant")
def test_what_somebody_else_half_saved_costs_what_is_absent_does(
    world: World, amina: Drive, karim: Drive
) -> None:
    amina.put(f"/Santé/b/{HALF}", b"hers")
    costs = []
    for name in ("to warm up", "", "x", "", "x"):
        path = f"{TOP}/b/{HALF}{name}"
        with statements_of(world.db) as sent:
            with pytest.raises(NotFound):
                karim.get(path)
            with pytest.raises(NotFound):
                karim.move(path, OTHER)
        costs.append(sent)
    assert costs[1] == costs[2]
    assert costs[3] == costs[4]
    assert HALF not in karim.names(f"{TOP}/b")


@pytest.mark.usefixtures("grant")
def test_a_name_that_somebody_else_half_saved_is_free(amina: Drive, karim: Drive) -> None:
    amina.put(f"/Santé/b/{HALF}", b"hers")
    karim.put(f"{TOP}/b/{HALF}", b"his")
    assert karim.get(f"{TOP}/b/{HALF}") == b"his"
    assert amina.get(f"/Santé/b/{HALF}") == b"hers"
    assert amina.get(f"/Santé/b/{HALF} (2)") == b"his"
    karim.move(f"{TOP}/b/{HALF}", ONE)
    assert amina.get("/Santé/b/one.txt") == b"his"


# ── locks ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("grant")
@pytest.mark.parametrize("what", ["/Santé/b/one.txt", "/Santé/b", "/Santé"])
def test_what_somebody_else_locks_is_locked_at_once(amina: Drive, karim: Drive, what: str) -> None:
    view, _ = amina.lock(what, deep=True)
    with pytest.raises(Locked):
        karim.put(ONE, b"locked")
    with pytest.raises(Locked):
        karim.move(ONE, OTHER)
    amina.unlock(what, view.token or "")
    karim.put(ONE, b"free again")


LOCKED = ["/elsewhere", "/elsewhere/hers.txt", "/"]


@pytest.mark.usefixtures("grant")
@pytest.mark.parametrize("what", LOCKED)
def test_what_is_locked_where_they_see_nothing_costs_nothing(
    world: World, amina: Drive, karim: Drive, what: str
) -> None:
    before = said_by(world, lambda: karim.put(ONE, b"again"))
    amina.lock(what)
    assert said_by(world, lambda: karim.put(ONE, b"again")) == before


# ── both ways down are the same ─────────────────────────────────────────────────────────────────

NAMES = ("b", "one.txt", "twin.txt", "twin (2).txt", "absent", "b (2)")


def add_twin(world: World, amina: Drive, name: str, number: int) -> None:
    """As if somebody had written it who did not see the one before."""
    crowd, inside = Crowd(world.keys, world.vaults, world.clock()), amina.look("/Santé/b").id
    vault_id = amina.who.vault
    assert vault_id is not None

    def work(tx: Connection) -> None:
        vault = crowd.vaults.open(tx, vault_id, 0, world.clock())
        node = replace(crowd.node(vault, NodeId(inside), name), twin=number)
        put(tx, tables.node, crowd.node_rows(vault, [node]))

    world.db.write(work)


def same(one: Place, other: Place) -> bool:
    facts = [(p.path, p.kind, p.vault, p.node, p.above) for p in (one, other)]
    if one.kind is not NOWHERE:
        facts = [
            (*f, p.grants, p.known, p.is_top, p.renamed_from)  # type: ignore[misc]
            for f, p in zip(facts, (one, other), strict=True)
        ]
    return facts[0] == facts[1]


@pytest.mark.usefixtures("grant")
@pytest.mark.parametrize("second", [None, Right.READ, Right.DEPOSIT])
def test_what_is_not_judged_is_what_would_be_found_by_judging(
    world: World, amina: Drive, karim: Drive, second: Right | None
) -> None:
    if second is not None:
        world.grant(amina, karim, "/Santé/b", second)
    amina.mkcol("/Santé/b/b")
    amina.put("/Santé/b/b/one.txt", b"deep")
    for twin in range(3):
        add_twin(world, amina, "twin.txt", twin)
    add_twin(world, amina, "one.txt", 1)
    add_twin(world, amina, "b", 1)
    with world.db.read() as tx:
        sight = Sight(world.tools, tx, karim.who, world.clock())
        top = sight.place(DrivePath.parse(TOP))
        assert top.vault is not None
        assert top.node is not None
        found = 0
        for names in (one for length in range(4) for one in product(NAMES, repeat=length)):
            path = DrivePath((*top.path.parts, *names))
            _, below, _ = walk(tx, top.vault, top.node.id, names)
            plain = resolve_unhidden(sight, top, path, names, below)
            assert same(plain, resolve_judged(sight, top, path, names, below)), path
            if plain.untaken:
                assert all(one.node.parent != plain.above[-1].id for one in below[-1]), path
            found += plain.node is not None
    assert found > len(NAMES)
