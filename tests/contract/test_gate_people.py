"""Structures, people and memberships, through the gate as commands use it."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from authn.staff_names import StaffNames
from davserver.domain.errors import (
    AlreadyThere,
    BadInput,
    NotFound,
    NotSignedIn,
)
from davserver.domain.paths import DrivePath
from davserver.domain.people import AccountState, Role, StructureKind
from davserver.gate.people.people import People, PersonToAdd
from tests.support.accounts import NOON
from tests.support.directories import directory_of
from tests.support.office import QUOTA

WORDS = "quatre mots sans lien"
DAY = timedelta(days=1)


def test_a_structure_is_added_listed_and_recorded(office):
    office.add_structure("samu-69")
    office.add_structure("ccas")
    assert [one.slug for one in office.people.structures(office.root, NOON)] == ["ccas", "samu-69"]
    assert office.words() == ["structure-add", "structure-add"]
    assert office.trail()[0].details["structure"] == "samu-69"
    assert office.trail()[0].who_login == "operator"


def test_a_structure_is_added_once(office):
    office.add_structure()
    with pytest.raises(AlreadyThere, match="choose another"):
        office.add_structure()
    assert office.words() == ["structure-add"]


@pytest.mark.parametrize(
    "slug", ["", "a", "CCAS", "ccas lyon", "-ccas", "ccas-", "é-lyon", "a" * 65]
)
def test_a_short_name_that_cannot_be_is_refused(office, slug):
    with pytest.raises(BadInput, match="short name"):
        office.add_structure(slug)
    assert office.words() == []


def test_a_time_zone_that_is_none_is_refused(office):
    with pytest.raises(BadInput, match="Europe/Paris"):
        office.people.add_structure(
            office.root, "ccas", "CCAS", StructureKind.CCAS, NOON, time_zone="Paris"
        )


# ── people ──────────────────────────────────────────────────────────────────────────────────────


def test_a_beneficiary_gets_a_vault_with_the_folders_of_their_language(office):
    office.add("zoe", template="en", language="en", password=WORDS)
    who = office.sign_in("zoe", WORDS)
    assert who.vault is not None
    _, children = office.world.reading.list(who, DrivePath(), NOON)
    assert "Health" in [child.path.name for child in children]
    entry = office.world.reading.look(who, DrivePath(), NOON)
    assert entry.used is not None
    assert entry.used + entry.available == QUOTA
    assert office.words() == ["person-add"]
    assert office.words(who.vault) == ["vault-create"]
    assert office.is_whole()


def test_staff_get_memberships_and_no_vault(office):
    office.add_structure("ccas")
    office.add_structure("samu-69")
    office.add("paul", Role.PROFESSIONAL, structures=("ccas", "samu-69", "ccas"))
    shown = office.people.show(office.root, "PAUL", NOON)
    assert sorted(m.structure.slug for m in shown.memberships) == ["ccas", "samu-69"]
    assert (shown.vault, shown.has_password) == (None, False)


def test_everybody_is_listed_by_login(office):
    for login in ("zoe", "Adam"):
        office.add(login, Role.MANAGER)
    assert [one.login for one in office.people.people(office.root, NOON)] == ["Adam", "zoe"]


@pytest.mark.parametrize("again", ["zoé", "ZOÉ", "zoe\u0301"])
def test_a_login_is_given_once_however_it_is_spelled(office, again):
    office.add("zoé")
    with pytest.raises(AlreadyThere, match="choose another"):
        office.add(again, Role.MANAGER)
    assert office.words() == ["person-add"]


def test_nobody_is_added_when_a_structure_is_not_there(office):
    office.add_structure()
    with pytest.raises(NotFound, match="abri structure list"):
        office.add("paul", Role.PROFESSIONAL, structures=("ccas", "nowhere"))
    assert office.people.people(office.root, NOON) == []
    assert office.words() == ["structure-add"]


@pytest.mark.parametrize("role", [Role.BENEFICIARY, Role.ADMINISTRATOR])
def test_whoever_is_no_staff_joins_no_structure(office, role):
    office.add_structure()
    with pytest.raises(BadInput, match="no structure"):
        office.add("zoe", role, structures=("ccas",))
    office.add("zoe", role)
    with pytest.raises(BadInput, match="no structure"):
        office.people.add_membership(office.root, "zoe", "ccas", NOON)


@pytest.mark.parametrize(
    "wrong",
    [
        {"login": "z"},
        {"login": "zoe:x"},
        {"name": " "},
        {"name": "Zoe\u202egnp.exe"},
        {"password": "too short"},
        {"template": "de"},
        {"language": "de"},
    ],
)
def test_what_is_wrong_with_a_new_person_is_said_and_nothing_is_added(office, wrong):
    right = PersonToAdd("zoe", Role.BENEFICIARY, "Zoé Martin")
    with pytest.raises(BadInput):
        office.people.add_person(office.root, replace(right, **wrong), NOON)
    assert office.people.people(office.root, NOON) == []
    assert office.words() == []


def test_a_name_may_need_joiners(office):
    name = "می\u200cخواهم"
    new = PersonToAdd("zoe", Role.MANAGER, name)
    assert office.people.add_person(office.root, new, NOON).name == name


def test_two_at_once_add_one_person(office):
    outcomes: list[str] = []

    def add() -> None:
        try:
            office.add("zoe", Role.MANAGER)
            outcomes.append("added")
        except AlreadyThere:
            outcomes.append("taken")

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["added", "taken", "taken", "taken"]
    assert office.words() == ["person-add"]


def test_a_disabled_person_is_out_and_back_as_they_were(office):
    office.add("zoe", password=WORDS)
    device = office.people.add_app_password(office.root, "zoe", "Téléphone", NOON)
    who, before = office.sign_in("zoe", device.text), office.epoch()
    assert office.people.disable(office.root, "ZOE", NOON).state is (
        AccountState.ADMINISTRATOR_BLOCKED
    )
    assert office.epoch() == before + 1
    for secret in (WORDS, device.text):
        with pytest.raises(NotSignedIn):
            office.sign_in("zoe", secret)
    with office.world.db.read() as tx, pytest.raises(NotSignedIn):
        office.world.tools.login.refreshed(tx, who, NOON)
    office.people.enable(office.root, "zoe", NOON)
    assert office.sign_in("zoe", device.text).vault == who.vault
    assert office.words()[-2:] == ["person-disable", "person-enable"]


def test_disabling_twice_is_recorded_once(office):
    office.add("zoe")
    for _ in range(2):
        office.people.disable(office.root, "zoe", NOON)
    assert office.words() == ["person-add", "person-disable"]


def test_an_unknown_login_is_not_found_with_what_to_do(office):
    for act in (
        lambda: office.people.disable(office.root, "nobody", NOON),
        lambda: office.people.show(office.root, "nobody\x1b[2J", NOON),
        lambda: office.people.set_password(office.root, "nobody", WORDS, NOON),
        lambda: office.people.add_app_password(office.root, "nobody", "Téléphone", NOON),
        lambda: office.people.app_passwords(office.root, "nobody", NOON),
        lambda: office.people.end_membership(office.root, "nobody", "ccas", NOON),
    ):
        with pytest.raises(NotFound, match="abri person list") as missing:
            act()
        assert str(missing.value).isprintable()
    assert office.words() == []


def test_a_membership_begins_and_ends(office):
    office.add_structure()
    office.add("paul", Role.PROFESSIONAL, password=WORDS)
    office.people.add_membership(office.root, "paul", "ccas", NOON, ends=NOON + 2 * DAY)
    assert [m.structure.slug for m in office.sign_in("paul", WORDS).memberships] == ["ccas"]
    before = office.epoch()
    office.people.end_membership(office.root, "paul", "ccas", NOON)
    assert office.epoch() == before + 1
    assert office.sign_in("paul", WORDS).memberships == ()
    with pytest.raises(NotFound, match="nothing was changed"):
        office.people.end_membership(office.root, "paul", "ccas", NOON)
    assert office.words()[-2:] == ["membership-add", "membership-end"]


def test_a_membership_to_come_can_be_called_off(office):
    office.add_structure()
    office.add("paul", Role.PROFESSIONAL, password=WORDS)
    office.people.add_membership(office.root, "paul", "ccas", NOON, starts=NOON + DAY)
    office.people.end_membership(office.root, "paul", "ccas", NOON)
    (over,) = office.people.show(office.root, "paul", NOON).memberships
    assert not any(over.holds(NOON + days * DAY) for days in range(5))


def test_one_structure_holds_a_person_once_at_a_time(office):
    office.add_structure()
    office.add("paul", Role.MANAGER)
    add = office.people.add_membership
    add(office.root, "paul", "ccas", NOON, starts=NOON + DAY, ends=NOON + 2 * DAY)
    with pytest.raises(AlreadyThere, match="end that first"):
        add(office.root, "paul", "ccas", NOON)
    add(office.root, "paul", "ccas", NOON, ends=NOON + DAY)
    add(office.root, "paul", "ccas", NOON, starts=NOON + 2 * DAY)
    assert len(office.people.show(office.root, "paul", NOON).memberships) == 3


def test_a_membership_that_is_over_before_it_begins_is_refused(office):
    office.add_structure()
    office.add("paul", Role.PROFESSIONAL)
    for starts, ends in ((None, NOON), (NOON + DAY, NOON + DAY), (NOON - 2 * DAY, NOON - DAY)):
        with pytest.raises(BadInput, match="later end"):
            office.people.add_membership(
                office.root, "paul", "ccas", NOON, starts=starts, ends=ends
            )


def test_no_local_login_looks_like_one_of_a_directory(office):
    names = StaffNames({"ccas": directory_of("ccas.example")})
    people = People(office.world.tools, QUOTA, names)
    new = PersonToAdd("karim@ccas.example", Role.PROFESSIONAL, "Karim Roux")
    with pytest.raises(BadInput, match="come from the directory ccas"):
        people.add_person(office.root, new, NOON)
    added = people.add_person(office.root, replace(new, login="karim@elsewhere.example"), NOON)
    assert added.login == "karim@elsewhere.example"
