"""Who may see to a structure's people, and that nobody else learns anything."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from authn.credentials import from_login_and_secret
from davserver.db import tables as t
from davserver.domain.decisions import Denial
from davserver.domain.errors import NotFound, NotSignedIn, Reason, Refused
from davserver.domain.ids import ID_BYTES, PersonId
from davserver.domain.people import Principal
from davserver.gate.people.teams import Teams, Unknown
from tests.support.accounts import HOME, statements_of
from tests.support.agency import Agency, agency_in, without

NOWHERE = PersonId(bytes(ID_BYTES))


@pytest.fixture
def agency(database_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency_in(database_url, tmp_path) as made:
        yield made


def everything(agency: Agency, who: Principal, slug: str, person: PersonId) -> dict[str, Callable]:
    teams, now = agency.teams, agency.now
    return {
        "place": lambda: teams.place(who, slug, now),
        "show": lambda: teams.show(who, slug, now),
        "find": lambda: teams.find(who, slug, "zoe", now),
        "add": lambda: teams.add(who, slug, "zoe", now),
        "leaving": lambda: teams.leaving(who, slug, person, now),
        "end": lambda: teams.end(who, slug, person, now),
    }


def test_another_structure_is_as_if_it_did_not_exist(agency: Agency) -> None:
    world = agency.world
    agency.drives["head"] = world.manager("head", agency.ccas)
    world.people.end_membership(world.operator, "head", "ccas", agency.now)
    agency.drives["root"] = world.manager("root", agency.other)
    before = agency.world.rows(t.membership)
    every = {name for name in vars(Teams) if not name.startswith("_")}
    assert set(everything(agency, agency.boss, "ccas", NOWHERE)) == every - {"mine"}
    for login in ("root", "head", "karim", "amina"):
        who = agency.drives[login].who
        for name in everything(agency, who, "ccas", NOWHERE):
            seen = set()
            for slug in ("ccas", "nowhere"):
                play = everything(agency, who, slug, agency.id("karim"))[name]
                with statements_of(world.db) as sent, pytest.raises(NotFound) as refused:
                    play()
                seen.add((str(refused.value).replace(slug, "…"), tuple(sent)))
            assert len(seen) == 1, (login, name)
    assert agency.world.rows(t.membership) == before


def test_people_of_other_structures_are_as_if_they_did_not_exist(agency: Agency) -> None:
    for name in ("leaving", "end"):
        seen = set()
        for person in (agency.id("zoe"), agency.id("amina"), NOWHERE):
            with statements_of(agency.world.db) as sent, pytest.raises(NotFound) as refused:
                everything(agency, agency.boss, "ccas", person)[name]()
            seen.add((str(refused.value), tuple(sent)))
        assert len(seen) == 1, name


def test_without_its_rule_it_is_refused_with_its_reason(agency: Agency) -> None:
    without(agency.world, b"manager-people")
    for play in (
        *everything(agency, agency.boss, "ccas", agency.id("karim")).values(),
        lambda: agency.teams.mine(agency.boss, agency.now),
    ):
        before = len(agency.told())
        with pytest.raises(Refused) as refused:
            play()
        assert refused.value.reason is Reason.POLICY
        assert [one[0] for one in agency.told()[before:]] == ["refused"]


def test_without_the_rule_for_reports_there_are_no_sums(agency: Agency) -> None:
    without(agency.world, b"manager-report")
    found = agency.teams.show(agency.boss, "ccas", agency.now).sums
    assert isinstance(found, Denial)
    assert found.reason is Reason.POLICY
    assert "karim" in agency.members()


def test_a_device_does_not_manage_people_and_a_blocked_manager_nothing(agency: Agency) -> None:
    world = agency.world
    device = world.people.add_app_password(world.operator, "mireille", "Laptop", agency.now)
    credential = from_login_and_secret("mireille", device.text)
    phone = world.tools.login.sign_in(credential, HOME, agency.now)
    for play in everything(agency, phone, "ccas", agency.id("karim")).values():
        with pytest.raises(Refused) as refused:
            play()
        assert refused.value.reason is Reason.AUTH_TOO_WEAK
    boss = agency.boss
    world.people.disable(world.operator, "mireille", agency.now)
    for play in everything(agency, boss, "ccas", agency.id("karim")).values():
        with pytest.raises(NotSignedIn):
            play()


def test_nobody_but_professionals_can_be_told_from_nobody(agency: Agency) -> None:
    world = agency.world
    world.manager("other-manager", agency.other)
    world.professional("blocked", agency.other)
    world.people.disable(world.operator, "blocked", agency.now)
    there = ["amina", "other-manager", "blocked", "mireille"]
    logins = [*there, "nobody-at-all", "é" * 200, "", "a:b"]
    answers, efforts = set(), set()
    with pytest.raises(Unknown):  # the first entry of anybody in a trail makes their key
        agency.add("nobody-at-all")
    for login in logins:
        before = len(agency.told())
        for ask in (agency.teams.find, agency.teams.add):
            with statements_of(world.db) as sent, pytest.raises(Unknown) as refused:
                ask(agency.boss, "ccas", login, agency.now)
            answers.add(str(refused.value))
            efforts.add((ask.__name__, len(sent)))
        entries = agency.told()[before:]
        # The administrators see how often, and not what was typed: it may have been a password.
        assert [one[:2] for one in entries] == [("refused", "mireille")] * 2
        assert not login or login not in str([one[2] for one in entries])
    assert len(answers) == 1
    assert len(efforts) == 2
    assert set(agency.members()) == {"karim", "paul", "mireille"}
