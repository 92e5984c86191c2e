"""The port over a real OpenLDAP: who is there, whose password it is, who is in which group."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authn.ldap.opening import open_directory
from authn.ldap.port import Absent, DirectoryAway, EntryState, Present, StaffDirectory, Wrong
from davserver.domain.secret import Secret
from tests.support.authority import Authority
from tests.support.serving import eventually
from tests.support.staff import PASSWORD, Staff, crowded

pytestmark = pytest.mark.slow

RIGHT = Secret(PASSWORD.encode())
NOW = datetime.now(UTC)
Opener = Callable[..., StaffDirectory]


@pytest.fixture
def opened(staff: Staff) -> Iterator[Opener]:
    """Opens the directory of `staff`, with other settings where a test gives some."""
    open_ones: list[StaffDirectory] = []

    def make(now: datetime = NOW, **other: object) -> StaffDirectory:
        open_ones.append(open_directory("ccas", staff.settings(**other), lambda: now))
        return open_ones[-1]

    yield make
    for one in open_ones:
        one.close()


@pytest.fixture
def directory(opened: Opener) -> StaffDirectory:
    return opened()


def test_the_right_password_is_somebody_with_an_id_a_name_and_groups(
    staff: Staff, directory: StaffDirectory
) -> None:
    staff.add("karim", name="Karim Benali")
    staff.add_group("social", staff.person("karim"))
    staff.add_group("other")
    social, other = staff.group("social"), staff.group("other")
    who = directory.authenticate("karim", RIGHT, {social, other})
    assert isinstance(who, Present)
    assert who.groups == {social}
    assert (who.entry.id, who.entry.account) == (staff.id("karim"), "karim")
    assert (who.entry.name, who.entry.state) == ("Karim Benali", EntryState.ACTIVE)
    assert who.entry.dn == staff.person("karim")


def test_of_several_names_the_one_in_the_dn_is_the_account_and_each_leads_in(
    staff: Staff, directory: StaffDirectory
) -> None:
    staff.add("karim", more="uid: a.karim\ncn: Karim Benali")
    for name in ("karim", "a.karim"):
        who = directory.authenticate(name, RIGHT, ())
        assert isinstance(who, Present)
        assert (who.entry.account, who.entry.name) == ("karim", "Karim Benali")


def test_a_wrong_password_is_wrong_and_nobody_is_absent(
    staff: Staff, directory: StaffDirectory
) -> None:
    staff.add("karim")
    assert directory.authenticate("karim", Secret(b"wrong"), ()) is Wrong.WRONG
    assert directory.authenticate("zoe", RIGHT, ()) is Absent.ABSENT


def test_somebody_is_found_again_by_id_under_another_name(
    staff: Staff, directory: StaffDirectory
) -> None:
    staff.add("karim")
    staff.rename("karim", "karim.b")
    found = directory.fetch(staff.id("karim.b"), ())
    assert isinstance(found, Present)
    assert found.entry.account == "karim.b"


def test_somebody_removed_is_absent(staff: Staff, directory: StaffDirectory) -> None:
    staff.add("karim", "zoe")
    known = staff.id("karim")
    staff.remove("karim")
    assert directory.fetch(known, ()) is Absent.ABSENT


def test_groups_in_groups_count_even_in_a_circle(staff: Staff, directory: StaffDirectory) -> None:
    staff.add("karim", "zoe")
    staff.add_group("inner", staff.person("karim"))
    staff.add_group("middle", staff.group("inner"))
    staff.add_group("outer", staff.group("middle"), staff.person("zoe"))
    staff.put_in("inner", staff.group("outer"))
    every = {staff.group(name) for name in ("inner", "middle", "outer")}
    for account in ("karim", "zoe"):
        found = directory.fetch(staff.id(account), every)
        assert isinstance(found, Present)
        assert found.groups == every
    assert _accounts(directory.page(staff.group("middle"))) == {"karim", "zoe"}


def _accounts(pages: Iterator[list[object]]) -> set[str]:
    return {one.account for page in pages for one in page}  # type: ignore[attr-defined]


def test_somebody_renamed_while_a_group_is_read_is_not_left_out(
    staff: Staff, directory: StaffDirectory
) -> None:
    accounts = [f"p{number:03}" for number in range(120)]
    staff.add(*accounts)
    staff.add_group("many", *map(staff.person, accounts))
    pages = directory.page(staff.group("many"))
    come = {one.account for one in next(pages)}
    late = next(one for one in accounts if one not in come)
    staff.rename(late, f"{late}-renamed")
    with pytest.raises(DirectoryAway, match="changed while it was read"):
        list(pages)
    assert f"{late}-renamed" in _accounts(directory.page(staff.group("many")))


def test_a_group_can_be_named_by_its_id_or_written_in_another_way(
    staff: Staff, directory: StaffDirectory
) -> None:
    staff.add("karim")
    staff.add_group("social", staff.person("karim"))
    by_id, loud = staff.group_id("social"), staff.group("social").upper().replace(",", ", ")
    who = directory.authenticate("karim", RIGHT, [by_id, loud])
    assert isinstance(who, Present)
    assert who.groups == {by_id, loud}
    assert _accounts(directory.page(by_id)) == _accounts(directory.page(loud)) == {"karim"}


def test_a_group_that_is_not_there_is_unknown(staff: Staff, directory: StaffDirectory) -> None:
    staff.add("karim")
    for group in (staff.group("gone"), staff.id("karim"), "cn=elsewhere,dc=test"):
        with pytest.raises(DirectoryAway, match="no group"):
            list(directory.page(group))


@pytest.mark.parametrize(
    ("attribute", "stored", "state"),
    [
        ("pwdAccountLockedTime", "000001010000Z", EntryState.DISABLED),
        ("shadowExpire", "0", EntryState.EXPIRED),
        ("pwdReset", "TRUE", EntryState.MUST_CHANGE),
    ],
)
def test_somebody_who_may_not_come_in_is_present_with_their_state(
    staff: Staff, directory: StaffDirectory, attribute: str, stored: str, state: EntryState
) -> None:
    staff.add("karim")
    staff.replace("karim", attribute, stored)
    for password in (RIGHT, Secret(b"wrong")):
        who = directory.authenticate("karim", password, ())
        assert isinstance(who, Present)
        assert who.entry.state is state
    found = directory.fetch(staff.id("karim"), ())
    assert isinstance(found, Present)
    assert found.entry.state is state


def test_a_lock_out_is_told_and_ends(staff: Staff, opened: Opener) -> None:
    staff.add("karim")
    directory = opened()
    answers = [directory.authenticate("karim", Secret(b"wrong"), ()) for _ in range(6)]
    assert answers[:5] == [Wrong.WRONG] * 5
    assert isinstance(answers[5], Present)
    assert answers[5].entry.state is EntryState.LOCKED
    later = opened(NOW + timedelta(hours=1)).fetch(staff.id("karim"), ())
    assert isinstance(later, Present)
    assert later.entry.state is EntryState.ACTIVE
    staff.enable("karim")
    assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)


def test_somebody_without_an_account_name_is_nobody_and_hides_nobody(
    staff: Staff, directory: StaffDirectory
) -> None:
    staff.add("karim")
    nameless = f"cn=Nameless,ou=people,{staff.base}"
    staff.server.change(
        f"dn: {nameless}\nchangetype: add\nobjectClass: person\ncn: Nameless\nsn: N\n"
    )
    staff.add_group("social", staff.person("karim"), nameless)
    assert _accounts(directory.page(staff.group("social"))) == {"karim"}


def test_a_password_that_is_too_old_must_be_changed(
    staff: Staff, directory: StaffDirectory
) -> None:
    """OpenLDAP refuses it like a wrong one, and says the reason to whoever asks for it."""
    policy = f"cn=strict,{staff.base}"
    staff.server.change(
        f"dn: {policy}\nchangetype: add\nobjectClass: device\nobjectClass: pwdPolicy\ncn: strict\n"
        "pwdAttribute: userPassword\npwdMaxAge: 1\n"
    )
    staff.add("karim", more=f"pwdPolicySubentry: {policy}")

    def must_change() -> bool:
        who = directory.authenticate("karim", RIGHT, ())
        return isinstance(who, Present) and who.entry.state is EntryState.MUST_CHANGE

    assert eventually(must_change)
    assert directory.authenticate("karim", Secret(b"wrong"), ()) is Wrong.WRONG


def test_a_filter_of_the_settings_leaves_people_out(staff: Staff, opened: Opener) -> None:
    staff.add("karim", more="employeeType: agent")
    staff.add("zoe")
    directory = opened(only="(employeeType=agent)")
    assert isinstance(directory.authenticate("karim", RIGHT, ()), Present)
    assert directory.authenticate("zoe", RIGHT, ()) is Absent.ABSENT
    assert directory.fetch(staff.id("zoe"), ()) is Absent.ABSENT


def test_a_filter_that_is_none_makes_nobody_absent(staff: Staff, opened: Opener) -> None:
    staff.add("karim")
    with pytest.raises(DirectoryAway, match="not an LDAP filter"):
        opened(only="(employeeType~agent)").authenticate("karim", RIGHT, ())


def test_both_ways_of_tls_lead_in(staff: Staff, opened: Opener) -> None:
    staff.add("karim")
    for url in (staff.server.ldaps, staff.server.ldap):
        assert isinstance(opened(servers=(url,)).authenticate("karim", RIGHT, ()), Present)


def test_ping_says_whether_the_service_account_gets_in(staff: Staff, opened: Opener) -> None:
    opened().ping()
    other = staff.folder / "other"
    other.write_text("not its password\n")
    with pytest.raises(DirectoryAway, match="service account cannot sign in"):
        opened(bind_password_file=other).ping()


def test_five_thousand_people_come_page_by_page(authority: Authority, tmp_path: Path) -> None:
    with crowded(authority, tmp_path, 5000) as many:
        directory = open_directory("ccas", many.settings(), lambda: NOW)
        pages = list(directory.page(many.group("everybody")))
        directory.close()
    assert max(map(len, pages)) <= 500
    assert len({one.id for page in pages for one in page}) == 5000
