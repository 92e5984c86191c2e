"""Codes for sharing: who makes them, whom they name, when they name nobody, and their rows."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from authn.credentials import from_login_and_secret
from authn.rows import with_mac
from davserver.db import tables as t
from davserver.domain.errors import NotFound, Reason, Refused
from davserver.domain.grants import Grantee, ToPerson, ToStructure
from davserver.gate.sharing.codes import CodeView, SharingCodes
from davserver.gate.sharing.sharing import Called
from davserver.trail import INSTANCE
from tests.support.accounts import HOME, statements_of
from tests.support.affiliating import House
from tests.support.safekeeping import safekeeping

pytestmark = pytest.mark.slow

LIVES = timedelta(days=1)
"""What docs/sharing.md says, and not what the code does: a limit that grows is seen here."""

NONSENSE = "K7F2 9QXM"


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[House]:
    with safekeeping(database_url, tmp_path) as world:
        yield House(world)


@pytest.fixture
def codes(house: House) -> SharingCodes:
    return SharingCodes(house.world.tools)


def make(house: House, codes: SharingCodes, by: str = "karim", slug: str = "") -> str:
    return codes.make(house.who(by), slug, house.world.clock()).code


def sides(house: House, codes: SharingCodes, login: str) -> list[CodeView]:
    return codes.list(house.who(login), house.world.clock())


def named(house: House, typed: str) -> Grantee | None:
    try:
        return house.world.sharing.grantee(typed)
    except NotFound:
        return None


def entries(house: House) -> list[Any]:
    with house.world.db.read() as tx:
        return house.world.tools.trail.entries(
            tx, INSTANCE, limit=100, names=lambda ids: house.world.registered.logins(tx, ids)
        )


def test_a_code_names_whoever_made_it_or_their_structure(house: House, codes: SharingCodes) -> None:
    world = house.world
    mine, ours = make(house, codes), make(house, codes, slug="ccas")
    managers = make(house, codes, "mireille", "ccas")
    assert len({mine, ours, managers}) == 3
    karim = ToPerson(house.who("karim").id)
    for typed in (mine, mine.lower(), mine.replace(" ", ""), f" {mine.replace(' ', '-')} "):
        assert named(house, typed) == karim
    assert named(house, ours) == named(house, managers) == ToStructure(house.ccas.id)
    assert world.sharing.called(karim, world.clock()) == Called(
        "Name of karim", ("Structure ccas",)
    )
    structure = ToStructure(house.ccas.id)
    assert world.sharing.called(structure, world.clock()) == Called("Structure ccas")
    world.share(house.drives["amina"], house.drives["karim"], "/Travail")
    assert world.troubles() == []


def test_it_is_shown_again_until_it_is_over_or_another_takes_its_place(
    house: House, codes: SharingCodes
) -> None:
    clock = house.world.clock
    assert [(one.slug, one.code) for one in sides(house, codes, "karim")] == [
        ("", ""),
        ("ccas", ""),
    ]
    first = make(house, codes)
    assert sides(house, codes, "karim")[0] == CodeView("", "Name of karim", first, clock() + LIVES)
    assert [one.code for one in sides(house, codes, "paul")] == ["", ""]
    clock.passes(hours=1)
    second = make(house, codes)
    assert sides(house, codes, "karim")[0].code == second != first
    assert (named(house, first), named(house, second)) == (None, ToPerson(house.who("karim").id))
    clock.now += LIVES - timedelta(microseconds=1)
    assert named(house, second)
    clock.now += timedelta(microseconds=1)
    assert named(house, second) is None
    assert sides(house, codes, "karim")[0].code == ""
    third = make(house, codes)
    codes.end(house.who("karim"), "", clock())
    codes.end(house.who("karim"), "", clock())
    assert named(house, third) is None
    assert house.world.rows(t.sharing_code) == []


def test_the_trail_tells_that_one_was_made_and_ended_not_which(
    house: House, codes: SharingCodes
) -> None:
    code = make(house, codes, slug="ccas")
    codes.end(house.who("karim"), "ccas", house.world.clock())
    made, ended = [one for one in entries(house) if one.what.startswith("sharing-code")]
    assert (made.what, made.who_login, made.details["structure"]) == (
        "sharing-code", "karim", "ccas",
    )  # fmt: skip
    assert made.details["until"] == (house.world.clock() + LIVES).isoformat()
    assert ended.what == "sharing-code-end"
    assert code.replace(" ", "") not in repr(entries(house)).replace(" ", "")
    assert house.world.troubles() == []


@pytest.mark.parametrize(
    ("by", "slug"),
    [("karim", "other"), ("karim", "none"), ("mireille", ""), ("amina", ""), ("amina", "ccas")],
)
def test_nobody_makes_one_for_what_is_not_theirs(
    house: House, codes: SharingCodes, by: str, slug: str
) -> None:
    for act in (codes.make, codes.end):
        with pytest.raises(NotFound):
            act(house.who(by), slug, house.world.clock())
    assert house.world.rows(t.sharing_code) == []


def test_a_device_neither_shows_nor_makes_one(house: House, codes: SharingCodes) -> None:
    world = house.world
    made = world.people.add_app_password(world.operator, "karim", "phone", world.clock())
    credential = from_login_and_secret("karim", made.text)
    device = world.accounts.login.sign_in(credential, HOME, world.clock())
    for act in (lambda now: codes.list(device, now), lambda now: codes.make(device, "", now)):
        with pytest.raises(Refused) as refused:
            act(world.clock())
        assert refused.value.reason is Reason.AUTH_TOO_WEAK


def set_role(house: House, login: str, role: str) -> None:
    world, person = house.world, house.drives[login].person
    with world.db.read() as tx:
        row = dict(tx.execute(select(t.person).where(t.person.c.id == person.id)).mappings().one())
    changed = with_mac(world.keys, t.person, {**row, "role": role})
    world.tamper(t.person, t.person.c.id == person.id, role=role, row_mac=changed["row_mac"])


def test_one_of_whoever_is_no_longer_what_they_were_names_nobody(
    house: House, codes: SharingCodes
) -> None:
    world = house.world
    mine, ours = make(house, codes), make(house, codes, slug="ccas")
    pauls = make(house, codes, "paul")
    world.people.disable(world.operator, "karim", world.clock())
    assert (named(house, mine), named(house, ours)) == (None, None)
    world.people.enable(world.operator, "karim", world.clock())
    assert None not in (named(house, mine), named(house, ours))
    world.people.end_membership(world.operator, "karim", "ccas", world.clock())
    assert named(house, ours) is None
    assert named(house, mine) == ToPerson(house.drives["karim"].person.id)
    assert named(house, pauls)
    set_role(house, "paul", "manager")
    assert named(house, pauls) is None


def test_what_is_over_is_as_unknown_as_nonsense_in_as_many_statements(
    house: House, codes: SharingCodes
) -> None:
    world, told = house.world, []
    over = make(house, codes, "paul")
    world.clock.now += LIVES
    ended, left = make(house, codes), make(house, codes, slug="ccas")
    blocked = make(house, codes, "zoe")
    codes.end(house.who("karim"), "", world.clock())
    world.people.end_membership(world.operator, "karim", "ccas", world.clock())
    world.people.disable(world.operator, "zoe", world.clock())
    for typed in (NONSENSE, over, ended, left, blocked):
        with statements_of(world.db) as sent, pytest.raises(NotFound) as refused:
            world.sharing.grantee(typed)
        told.append((str(refused.value).replace(typed, "X"), len(sent)))
    assert len(set(told)) == 1


def other(value: Any) -> Any:
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    return value + 1


@pytest.mark.parametrize("column", [one.name for one in t.sharing_code.columns])
def test_an_altered_row_names_nobody_and_is_told(
    house: House, codes: SharingCodes, column: str
) -> None:
    world, code = house.world, make(house, codes, slug="ccas")
    values = {
        "person_id": house.drives["paul"].person.id,
        "structure_id": house.other.id,
    }
    changed = values.get(column) or other(world.row(t.sharing_code)[column])
    world.tamper(t.sharing_code, t.sharing_code.c.id.is_not(None), **{column: changed})
    assert named(house, code) is None
    assert sides(house, codes, "karim")[1].code == ""
    assert ("forged", "sharing_code") in world.troubles()


def test_a_code_for_a_structure_is_not_made_one_for_a_person(
    house: House, codes: SharingCodes
) -> None:
    code = make(house, codes, slug="ccas")
    house.world.tamper(t.sharing_code, t.sharing_code.c.id.is_not(None), structure_id=None)
    assert named(house, code) is None


def test_those_that_are_over_are_forgotten(house: House, codes: SharingCodes) -> None:
    world = house.world
    make(house, codes)
    world.clock.passes(hours=1)
    kept = make(house, codes, "paul")
    world.clock.now += LIVES - timedelta(hours=1)
    codes.sweep(world.clock())
    assert len(world.rows(t.sharing_code)) == 1
    assert named(house, kept)
    assert world.troubles() == []
