"""FreeIPA's and Google's directories, as far as an OpenLDAP can stand in for them: the attributes
by which they tell ids, accounts and groups, and a client certificate in place of a password.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from authn.ldap.opening import diagnose, open_directory
from authn.ldap.port import Absent, DirectoryAway, EntryState, Present, StaffDirectory, Wrong
from authn.ldap.steps import Verdict
from davserver.domain.secret import Secret
from tests.support.authority import Authority
from tests.support.lying_ldap import (
    BIND,
    KARIM,
    KARIM_ID,
    SEARCH,
    Request,
    bind_result,
    entry,
    lying_ldap,
    message,
    search_done,
)  # fmt: skip
from tests.support.staff import PASSWORD, Staff

pytestmark = pytest.mark.slow

RIGHT = Secret(PASSWORD.encode())
ID = "1af0b3c5-aaaaaaaa-bbbbbbbb-cccccccc"
# OIDs of FreeIPA's own schema; nsUniqueId is an operational attribute there.
SCHEMA = """
attributetype ( 2.16.840.1.113730.3.1.542 NAME 'nsUniqueId' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' EQUALITY caseIgnoreMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 )
attributetype ( 2.16.840.1.113719.1.301.4.6.1 NAME 'krbPrincipalExpiration'
  EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
attributetype ( 2.16.840.1.113719.1.301.4.37.1 NAME 'krbPasswordExpiration'
  EQUALITY generalizedTimeMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.99999.1 NAME 'ipaLike' AUXILIARY
  MAY ( nsUniqueId $ nsAccountLock $ krbPrincipalExpiration $ krbPasswordExpiration ) )
"""


@pytest.fixture
def ipa(staff: Staff) -> Iterator[Staff]:
    """karim, with the marks of FreeIPA, in the group social."""
    staff.server.restart(more=SCHEMA)
    account = (
        "objectClass: posixAccount\nuidNumber: 1\ngidNumber: 1\nhomeDirectory: /\n"
        f"objectClass: ipaLike\nnsUniqueId: {ID.upper()}"
    )
    staff.add("karim", more=account)
    staff.add_group("social", staff.person("karim"))
    staff.server.change(
        f"dn: {staff.group('social')}\nchangetype: modify\nadd: objectClass\nobjectClass: ipaLike\n"
        f"-\nadd: nsUniqueId\nnsUniqueId: {ID.replace('1', '2')}\n"
    )
    yield staff
    # Before the server forgets the schema.
    staff.remove("karim")
    staff.remove_group("social")


@pytest.fixture
def freeipa(ipa: Staff) -> Iterator[StaffDirectory]:
    opened = open_directory("ipa", ipa.settings(kind="freeipa"), lambda: datetime.now(UTC))
    yield opened
    opened.close()


def test_freeipa_tells_people_by_their_unique_id_and_groups_by_member_of(
    ipa: Staff, freeipa: StaffDirectory
) -> None:
    social = ipa.group("social")
    for who in (
        freeipa.authenticate("karim", RIGHT, [social]),
        freeipa.fetch(ID, [social]),
    ):
        assert isinstance(who, Present)
        assert (who.entry.id, who.groups) == (ID, {social})
    assert freeipa.authenticate("karim", Secret(b"wrong"), ()) is Wrong.WRONG
    assert freeipa.fetch(ID.replace("a", "b"), ()) is Absent.ABSENT


@pytest.mark.parametrize(
    ("attribute", "stored", "state"),
    [
        ("nsAccountLock", "TRUE", EntryState.DISABLED),
        ("krbPrincipalExpiration", "20200101000000Z", EntryState.EXPIRED),
        ("krbPasswordExpiration", "20200101000000Z", EntryState.MUST_CHANGE),
    ],
)
def test_freeipa_tells_who_may_not_come_in(
    ipa: Staff, freeipa: StaffDirectory, attribute: str, stored: str, state: EntryState
) -> None:
    ipa.replace("karim", attribute, stored)
    for who in (freeipa.authenticate("karim", RIGHT, ()), freeipa.fetch(ID, ())):
        assert isinstance(who, Present)
        assert who.entry.state is state


@pytest.fixture
def google(staff: Staff) -> Staff:
    """Karim in inner, which is in outer, which is in inner; whoever shows a certificate reads."""
    staff.add("karim", "zoe")
    staff.add_group("inner", staff.person("karim"))
    staff.add_group("outer", staff.group("inner"), staff.person("zoe"))
    staff.put_in("inner", staff.group("outer"))
    staff.server.restart(client_certificates="demand", anyone_reads=True)
    return staff


def _google(staff: Staff, **other: object) -> StaffDirectory:
    shown = staff.server.authority.client("abri", "Abri")
    usual = {
        "kind": "google",
        "bind_dn": None,
        "bind_password_file": None,
        "certificate": shown.certificate,
        "key": shown.key,
    }
    return open_directory("g", staff.settings(**usual | other), lambda: datetime.now(UTC))


def test_google_is_met_with_a_certificate_and_without_a_service_account(google: Staff) -> None:
    directory = _google(google)
    every = {google.group("inner"), google.group("outer")}
    who = directory.authenticate("karim", RIGHT, every)
    assert isinstance(who, Present)
    assert who.groups == every
    assert directory.authenticate("karim", Secret(b"wrong"), ()) is Wrong.WRONG
    people = [one.account for page in directory.page(google.group("inner")) for one in page]
    assert sorted(people) == ["karim", "zoe"]
    directory.close()


def test_google_without_the_right_certificate_is_unknown_and_told(
    google: Staff, tmp_path: Path
) -> None:
    stranger = Authority(tmp_path / "other", "Stranger").client("abri", "Abri")
    settings = google.settings(
        kind="google",
        bind_dn=None,
        bind_password_file=None,
        certificate=stranger.certificate,
        key=stranger.key,
    )
    directory = open_directory("g", settings, lambda: datetime.now(UTC))
    with pytest.raises(DirectoryAway):
        directory.authenticate("karim", RIGHT, ())
    directory.close()
    told = list(diagnose(settings, None, (), lambda: datetime.now(UTC)))[-1]
    assert (told.verdict, "`certificate`" in told.change) == (Verdict.WRONG, True)


@pytest.mark.parametrize(("code", "state"), [(53, EntryState.DISABLED), (19, EntryState.LOCKED)])
def test_a_refusal_of_389_directory_server_can_be_about_the_account(
    staff: Staff, code: int, state: EntryState
) -> None:
    """OpenLDAP gives no such reasons: of another software the same result is unknown."""

    def refuse(request: Request) -> bytes | None:
        if request.op == BIND and request.number == 1:
            return bind_result(request, code)
        if request.op == SEARCH:
            karim = entry(KARIM, uid="karim", nsUniqueId=ID, entryUUID=KARIM_ID)
            return message(request.id, karim) + search_done(request)
        return None

    for kind in ("freeipa", "openldap"):
        with lying_ldap(staff.server.authority.server("refusing"), refuse) as server:
            settings = staff.settings(kind=kind, servers=(server.url,), people="ou=people,dc=test")
            directory = open_directory("x", settings, lambda: datetime.now(UTC))
            if kind == "freeipa":
                who = directory.authenticate("karim", RIGHT, ())
                assert isinstance(who, Present)
                assert who.entry.state is state
            else:
                with pytest.raises(DirectoryAway):
                    directory.authenticate("karim", RIGHT, ())
            directory.close()
