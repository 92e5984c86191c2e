"""The port over a real Active Directory domain controller (Samba's)."""

import base64
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from authn.ldap.opening import diagnose, open_directory
from authn.ldap.port import Absent, EntryState, Present, StaffDirectory, Wrong
from authn.ldap.steps import Looked, Step, Verdict
from davserver.config.directory_settings import DirectorySettings
from davserver.domain.errors import NotSignedIn
from davserver.domain.secret import Secret
from tests.support.accounts import statements_of
from tests.support.authority import Authority
from tests.support.domain_controller import (
    BASE,
    PASSWORD,
    DomainController,
    domain_controller,
    group,
    person,
    unit,
)
from tests.support.reception import desk

pytestmark = pytest.mark.slow

# One of the GUIDs that ldap3 spoils in a filter: 5C, and two characters that are hexadecimal.
SPOILT = "5c34315c61625c4664005c5c2a282900"
RIGHT = Secret(PASSWORD.encode())
MANY = 1100


def _dn(account: str) -> str:
    return f"CN={account},OU=people,{BASE}"


def _group(name: str) -> str:
    return f"CN={name},OU=groups,{BASE}"


@pytest.fixture(scope="module")
def domain(authority: Authority) -> Iterator[DomainController]:
    crowd = [person(f"p{number:04}", password="") for number in range(MANY)]
    for one in crowd:
        del one["password"]
    entries = [
        unit("people"),
        unit("groups"),
        person("reader") | {"dn": f"CN=reader,CN=Users,{BASE}"},
        person("karim", displayName="Karim Benali"),
        person("zoe", userPrincipalName="zoe.martin@ccas.example", guid=SPOILT),
        person("gone", userAccountControl="514"),
        person("past", accountExpires="129000000000000000"),
        person("fresh", pwdLastSet="0"),
        person("forgetful"),
        person("José"),
        *crowd,
        group("inner", _dn("karim")),
        group("middle", _group("inner")),
        group("outer", _group("middle"), _dn("zoe")),
        group("everybody", *(str(one["dn"]) for one in crowd)),
    ]
    with domain_controller(authority, entries) as running:
        yield running


@pytest.fixture(scope="module")
def directory(domain: DomainController) -> Iterator[StaffDirectory]:
    opened = open_directory("ccas", domain.settings(), lambda: datetime.now(UTC))
    yield opened
    opened.close()


def test_the_right_password_is_somebody_and_a_wrong_one_is_not(directory: StaffDirectory) -> None:
    who = directory.authenticate("karim", RIGHT, ())
    assert isinstance(who, Present)
    assert (who.entry.account, who.entry.name) == ("karim", "Karim Benali")
    assert who.entry.state is EntryState.ACTIVE
    assert directory.authenticate("karim", Secret(b"wrong"), ()) is Wrong.WRONG
    assert directory.authenticate("nobody", RIGHT, ()) is Absent.ABSENT


def test_people_come_in_by_either_name_of_theirs(directory: StaffDirectory) -> None:
    """Zoe's other name is zoe.martin@ccas.example; her login is the one without a domain."""
    for name in ("zoe", "zoe.martin", "ZOE"):
        who = directory.authenticate(name, RIGHT, ())
        assert isinstance(who, Present)
        assert who.entry.account == "zoe"


@pytest.mark.parametrize("name", ["Jose", "zoé", "zoe*", "zo", "CCAS\\zoe", "zoe@ccas.example", ""])
def test_nobody_comes_in_by_almost_their_name(directory: StaffDirectory, name: str) -> None:
    assert directory.authenticate(name, RIGHT, ()) is Absent.ABSENT


@pytest.mark.parametrize(
    ("account", "state"),
    [
        ("gone", EntryState.DISABLED),
        ("past", EntryState.EXPIRED),
        ("fresh", EntryState.MUST_CHANGE),
    ],
)
def test_somebody_who_may_not_come_in_is_present_with_their_state(
    directory: StaffDirectory, account: str, state: EntryState
) -> None:
    who = directory.authenticate(account, RIGHT, ())
    assert isinstance(who, Present)
    again = directory.fetch(who.entry.id, ())
    assert isinstance(again, Present)
    assert who.entry.state is again.entry.state is state


def test_a_lock_out_is_told(domain: DomainController, directory: StaffDirectory) -> None:
    domain.change(
        f"dn: {BASE}\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 2\n"
    )
    answers = [directory.authenticate("forgetful", Secret(b"wrong"), ()) for _ in range(4)]
    assert answers[0] is Wrong.WRONG
    locked = directory.authenticate("forgetful", RIGHT, ())
    assert isinstance(locked, Present)
    assert locked.entry.state is EntryState.LOCKED
    domain.change(
        f"dn: {_dn('forgetful')}\nchangetype: modify\nreplace: lockoutTime\nlockoutTime: 0\n"
    )
    free = directory.authenticate("forgetful", RIGHT, ())
    assert isinstance(free, Present)
    assert free.entry.state is EntryState.ACTIVE


def test_groups_in_groups_are_found_by_the_rule(directory: StaffDirectory) -> None:
    every = {_group(name) for name in ("inner", "middle", "outer", "everybody")}
    karim, zoe = (directory.authenticate(name, RIGHT, every) for name in ("karim", "zoe"))
    assert isinstance(karim, Present)
    assert isinstance(zoe, Present)
    assert karim.groups == every - {_group("everybody")}
    assert zoe.groups == {_group("outer")}
    assert _accounts(directory, _group("outer")) == {"karim", "zoe"}


def _accounts(directory: StaffDirectory, group: str) -> set[str]:
    return {one.account for page in directory.page(group) for one in page}


def test_a_guid_that_ldap3_would_spoil_is_found_and_told(directory: StaffDirectory) -> None:
    known = str(uuid.UUID(bytes_le=bytes.fromhex(SPOILT)))
    found = directory.fetch(known, ())
    assert isinstance(found, Present)
    assert (found.entry.id, found.entry.account) == (known, "zoe")
    assert directory.fetch(str(uuid.uuid4()), ()) is Absent.ABSENT


def test_a_group_is_named_by_its_guid_too(
    domain: DomainController, directory: StaffDirectory
) -> None:
    known = domain.value(_group("outer"), "objectGUID")
    group = str(uuid.UUID(bytes_le=base64.b64decode(known)))
    assert _accounts(directory, group) == {"karim", "zoe"}
    who = directory.authenticate("karim", RIGHT, [group])
    assert isinstance(who, Present)
    assert who.groups == {group}


def test_the_settings_are_told_right_and_another_kind_wrong(domain: DomainController) -> None:
    told = _told(domain.settings(), _group("outer"))
    assert {step.verdict for step in told if step.looked is not Looked.CERTIFICATE} == {
        Verdict.GOOD
    }
    wrong = [one for one in _told(domain.settings(kind="openldap")) if one.verdict is Verdict.WRONG]
    assert wrong[0].looked is Looked.SOFTWARE
    assert "active-directory" in wrong[0].change


def _told(settings: DirectorySettings, *groups: str) -> list[Step]:
    return list(diagnose(settings, "karim", groups, lambda: datetime.now(UTC)))


def test_from_the_root_of_the_domain_references_to_elsewhere_are_passed_over(
    domain: DomainController,
) -> None:
    """Active Directory adds some to whatever is searched from there."""
    settings = domain.settings(people=BASE, groups=BASE)
    directory = open_directory("ccas", settings, lambda: datetime.now(UTC))
    who = directory.authenticate("karim", RIGHT, [_group("outer")])
    assert isinstance(who, Present)
    assert who.groups == {_group("outer")}
    assert _accounts(directory, _group("outer")) == {"karim", "zoe"}
    assert directory.authenticate("nobody", RIGHT, ()) is Absent.ABSENT
    directory.close()


def test_a_primary_group_is_said_to_have_nobody(domain: DomainController) -> None:
    settings = domain.settings(groups=f"CN=Users,{BASE}")
    (told,) = [
        step
        for step in _told(settings, f"CN=Domain Users,CN=Users,{BASE}")
        if step.looked is Looked.MAPPED
    ]
    assert (told.verdict, "primary group" in told.change) == (Verdict.DOUBTFUL, True)


def test_more_people_than_active_directory_gives_at_once_all_come(
    directory: StaffDirectory,
) -> None:
    assert len(_accounts(directory, _group("everybody"))) == MANY


def test_guesses_count_together_by_whichever_name_and_both_are_one_person(
    domain: DomainController, database_url: str, tmp_path: Path
) -> None:
    domain.change(
        f"dn: {BASE}\nchangetype: modify\nreplace: lockoutThreshold\nlockoutThreshold: 5\n"
    )
    one, other = "zoe@ccas.example", "zoe.martin@ccas.example"
    with desk(database_url, tmp_path, domain.settings(), _group("outer")) as at:
        who = at.sign_in(other, PASSWORD)
        assert (who.person.login, at.sign_in(one, PASSWORD).id) == (one, who.id)
        with statements_of(at.world.db) as sent:
            at.sign_in(other, PASSWORD)
        assert len(sent) == 1
        strangers = at.process()
        for number in range(6):
            name, source = (one, other)[number % 2], f"198.51.100.{number}"
            with pytest.raises(NotSignedIn):
                at.sign_in(name, f"Guess-{number}", at=source, by=strangers)
        assert domain.value(_dn("zoe"), "badPwdCount") == "2"
        assert at.sign_in(one, PASSWORD, by=at.process()).id == who.id
