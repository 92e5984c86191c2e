"""What somebody opened and changed, for whoever must know: by whom, of whom, what it tells."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import null

from davserver.db import tables as t
from davserver.domain.conditions import NONE
from davserver.domain.errors import NotFound, Reason, Refused
from davserver.domain.ids import ID_BYTES
from davserver.domain.paths import DrivePath
from davserver.domain.people import Principal
from davserver.gate.people.deeds import Account, Deeds, Period
from tests.support.affiliating import DAY, House
from tests.support.drive import Body
from tests.support.rules import put_in_force, shipped_files
from tests.support.safekeeping import safekeeping

pytestmark = pytest.mark.slow

CV, LEASE = "/Name of amina/Travail/cv.txt", "/Name of amina/Logement/bail.txt"
SECRET = "/Name of bilal/Santé/ordonnance.txt"
ZERO = bytes(ID_BYTES)
Line = tuple[str, str | None, int, int, int]


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    """What amina has is karim's to read through ccas, and one thing of bilal's by name."""
    with safekeeping(database_url, tmp_path) as world:
        made = House(world)
        amina, bilal = made.drives["amina"], made.drives["bilal"]
        amina.put("/Travail/cv.txt", b"work")
        amina.put("/Logement/bail.txt", b"home")
        bilal.put("/Santé/ordonnance.txt", b"health")
        world.share(amina, made.ccas, "/Travail")
        world.share(amina, made.ccas, "/Logement")
        world.share(bilal, made.drives["karim"], "/Santé")
        yield made


def read(house: House, path: str, login: str = "karim", times: int = 1) -> None:
    for _ in range(times):
        now = house.world.clock()
        file = house.world.reading.open(house.who(login), DrivePath.parse(path), NONE, now)
        assert b"".join(file.read(0, file.entry.size or 0))
        file.close()


def report(
    house: House, who: Principal | None = None, login: str = "karim", days: int = 30
) -> Account:
    now = house.world.clock()
    period = Period(now - days * DAY, now, None)
    return Deeds(house.world.tools).report(who or house.world.operator, login, period)


def lines(account: Account) -> list[Line]:
    return [
        (one.owner.login if one.owner else "", one.category, one.documents, one.opened, one.changed)
        for one in account.days
    ]


def test_reads_and_changes_are_summed_up_by_day_beneficiary_and_category(house: House) -> None:
    read(house, CV, times=3)
    house.world.clock.passes(hours=1)
    read(house, LEASE)
    read(house, LEASE, times=2)
    body, who, now = Body(b"new"), house.who("karim"), house.world.clock()
    house.world.writing.put(who, DrivePath.parse(CV), body, NONE, now)
    house.world.clock.passes(days=2)
    read(house, SECRET)
    found = report(house)
    assert lines(found) == [
        ("amina", "housing", 1, 3, 0),
        ("amina", "work", 1, 3, 1),
        ("bilal", "health", 1, 1, 0),
    ]
    today = house.world.clock().astimezone().date()
    assert [one.day for one in found.days] == [today - 2 * DAY, today - 2 * DAY, today]
    assert (found.person.login, found.lost) == ("karim", 0)
    assert lines(report(house, days=1)) == [("bilal", "health", 1, 1, 0)]
    assert lines(report(house, login="paul")) == []


def test_what_a_command_did_in_their_name_is_not_theirs(house: House) -> None:
    house.drives["karim"].get(CV)
    house.drives["karim"].put(CV, b"operator")
    assert lines(report(house)) == []


def test_it_names_no_document_and_tells_who_looked(house: House) -> None:
    read(house, CV)
    found = report(house)
    assert "cv" not in str(found)
    assert house.trail("amina")[-2:] == ["report", "read"]
    assert "report" not in house.trail("bilal")
    with house.world.db.read() as tx:
        told = house.world.tools.trail.entries(
            tx, house.world.vault_of(house.drives["amina"]), limit=2, names=lambda _: {}
        )
    assert told[0].details["operator"] == "tests"
    assert house.world.troubles() == []


def test_a_manager_learns_of_their_people_in_vaults_of_their_structure(house: House) -> None:
    read(house, CV)
    read(house, SECRET)
    # bilal is not affiliated with ccas: what he gave karim by name is no business of its manager.
    assert lines(report(house, house.who("mireille"))) == [("amina", "work", 1, 1, 0)]
    house.world.clock.passes(hours=1)
    house.leave()
    assert lines(report(house, house.who("mireille"))) == []


def test_what_was_reached_through_another_structure_is_not_told(house: House) -> None:
    world, amina = house.world, house.drives["amina"]
    world.people.add_membership(world.operator, "karim", "other", world.clock())
    world.share(amina, house.other, "/Travail/cv.txt")
    grants = [one for one in world.sharing.list(world.operator, world.clock()) if "ccas" in one.to]
    for one in grants:
        world.sharing.end(amina.who, one.id, world.clock())
    read(house, "/Name of amina/cv.txt")
    assert lines(report(house)) == [("amina", "work", 1, 1, 0)]
    assert lines(report(house, house.who("mireille"))) == []


def test_a_manager_learns_of_who_left_while_they_worked_there_in_the_period(house: House) -> None:
    read(house, CV)
    world = house.world
    world.clock.passes(days=1)
    world.people.end_membership(world.operator, "karim", "ccas", world.clock())
    assert lines(report(house, house.who("mireille"))) == [("amina", "work", 1, 1, 0)]
    world.clock.passes(days=31)
    with pytest.raises(NotFound, match=r"^no such account$"):
        report(house, house.who("mireille"))


@pytest.mark.parametrize("login", ["zoe", "nobody-at-all", "amina"])
def test_somebody_elses_people_are_as_if_they_did_not_exist(house: House, login: str) -> None:
    with pytest.raises(NotFound, match=r"^no such account$"):
        report(house, house.who("mireille"), login)


@pytest.mark.parametrize("by", ["paul", "amina"])
@pytest.mark.parametrize("login", ["karim", "nobody-at-all"])
def test_it_is_not_for_colleagues_nor_beneficiaries(house: House, by: str, login: str) -> None:
    with pytest.raises(NotFound, match=r"^no such account$"):
        report(house, house.who(by), login)


def test_rules_can_keep_it_from_managers(house: House) -> None:
    files = shipped_files()
    files["rules.csv"] = b"\n".join(
        line for line in files["rules.csv"].splitlines() if b"manager-report" not in line
    )
    put_in_force(house.world.tools, files)
    with pytest.raises(Refused) as refused:
        report(house, house.who("mireille"))
    assert refused.value.reason is Reason.POLICY


def test_a_document_that_is_gone_has_no_category_and_what_is_lost_is_counted(
    house: House,
) -> None:
    world = house.world
    read(house, CV)
    read(house, LEASE)
    world.clock.passes(minutes=11)
    house.drives["amina"].delete("/Logement/bail.txt")
    assert lines(report(house)) == [("amina", "housing", 1, 1, 0), ("amina", "work", 1, 1, 0)]
    world.clock.passes(days=31)
    world.sweep_all()
    assert lines(report(house, days=60)) == [("amina", None, 1, 1, 0), ("amina", "work", 1, 1, 0)]
    theirs = (t.trail.c.actor_id == house.drives["karim"].person.id, t.trail.c.vault_id != ZERO)
    first = world.rows(t.trail, *theirs)[0]
    same = (t.trail.c.vault_id == first["vault_id"]) & (t.trail.c.seq == first["seq"])
    world.tamper(t.trail, same, payload_ct=null())
    found = report(house, days=60)
    assert (found.lost, len(found.days)) == (1, 1)


def test_a_vault_that_does_not_open_is_told_without_its_owner(house: House) -> None:
    read(house, CV)
    vault = house.world.vault_of(house.drives["amina"])
    house.world.tamper(t.vault, t.vault.c.id == vault, owner_id=house.drives["zoe"].person.id)
    house.world.clock.passes(hours=1)
    assert lines(report(house)) == [("", None, 1, 1, 0)]
