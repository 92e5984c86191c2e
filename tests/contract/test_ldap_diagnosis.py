"""`diagnose` says at the right step what is wrong, and names the setting to change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from authn.ldap.opening import diagnose
from authn.ldap.steps import Looked, Step, Verdict
from davserver.config.directory_settings import DirectorySettings
from tests.support.authority import Authority
from tests.support.ports import free_port
from tests.support.slapd import READER_PASSWORD
from tests.support.staff import Staff

pytestmark = pytest.mark.slow

NOW = datetime.now(UTC)


def _steps(
    settings: DirectorySettings, person: str | None = None, *groups: str, now: datetime = NOW
) -> list[Step]:
    return list(diagnose(settings, person, groups, lambda: now))


def _wrong(steps: list[Step]) -> list[tuple[Looked, str]]:
    return [(step.looked, step.change) for step in steps if step.verdict is Verdict.WRONG]


@pytest.fixture
def peopled(staff: Staff) -> Staff:
    staff.add("karim", "zoe")
    staff.add_group("social", staff.person("karim"))
    staff.add_group("empty")
    return staff


def test_where_all_is_well_every_step_is_good(peopled: Staff) -> None:
    steps = _steps(peopled.settings(), "karim", peopled.group("social"))
    assert [step.looked for step in steps] == [
        Looked.SETTINGS, Looked.ADDRESS, Looked.CONNECTION, Looked.CERTIFICATE, Looked.SIGN_IN,
        Looked.PEOPLE, Looked.GROUPS, Looked.MAPPED, Looked.PERSON, Looked.PERSON,
    ]  # fmt: skip
    # The certificate of the tests lives for hours.
    others = [step for step in steps if step.looked is not Looked.CERTIFICATE]
    assert {step.verdict for step in others} == {Verdict.GOOD}
    said = "\n".join(step.says for step in steps)
    assert "2 people are under" in said
    assert "One person is in" in said
    assert f"the id {peopled.id('karim')} and may sign in" in said


def test_nothing_that_is_said_holds_the_password(peopled: Staff) -> None:
    assert READER_PASSWORD not in str(_steps(peopled.settings(), "karim"))


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"people": "people"}, "`people`"),
        ({"groups": "ou=groups,"}, "`groups`"),
        ({"bind_dn": "reader"}, "`bind_dn`"),
        ({"only": "employeeType=agent)"}, "`only`"),
        ({"ca": Path("/nowhere.pem")}, "`ca`"),
        ({"bind_password_file": Path("/nowhere")}, "`bind_password_file`"),
    ],
)
def test_settings_that_cannot_be_meant_are_named_and_nobody_is_asked(
    peopled: Staff, other: dict[str, object], named: str
) -> None:
    steps = _steps(peopled.settings(**other))
    assert {step.looked for step in steps} == {Looked.SETTINGS}
    assert named in _wrong(steps)[0][1]


def test_a_server_that_is_not_there_is_told_from_a_name_that_is_not_known(peopled: Staff) -> None:
    nowhere = peopled.settings(servers=("ldaps://nowhere.invalid",))
    closed = peopled.settings(servers=(f"ldaps://127.0.0.1:{free_port()}",))
    assert [one for one, _ in _wrong(_steps(nowhere))] == [Looked.ADDRESS]
    assert [one for one, _ in _wrong(_steps(closed))] == [Looked.CONNECTION]


@pytest.mark.parametrize("scheme", ["ldaps", "ldap"])
@pytest.mark.parametrize(
    ("fault", "says", "named"),
    [
        ("stranger", "Nobody whom Abri trusts", "`ca`"),
        ("name", "another name than 127.0.0.1", "`servers`"),
        ("expired", "has expired", "renew"),
    ],
)
def test_a_certificate_is_told_wrong_for_its_reason(
    peopled: Staff, tmp_path: Path, scheme: str, fault: str, says: str, named: str
) -> None:
    authority = peopled.server.authority
    pair = {
        "stranger": lambda: Authority(tmp_path / "other", "Stranger").server(),
        "name": lambda: authority.server("named", ["ldap.example.org"]),
        "expired": lambda: authority.server("old", expired=True),
    }[fault]()
    peopled.server.restart(pair)
    url = peopled.server.ldaps if scheme == "ldaps" else peopled.server.ldap
    steps = _steps(peopled.settings(servers=(url,)))
    assert [one for one, _ in _wrong(steps)] == [Looked.CERTIFICATE]
    assert says in steps[-1].says
    assert named in steps[-1].change


def test_a_certificate_that_ends_soon_is_doubtful(peopled: Staff) -> None:
    steps = _steps(peopled.settings())
    (one,) = [step for step in steps if step.looked is Looked.CERTIFICATE]
    assert one.verdict is Verdict.DOUBTFUL
    earlier = _steps(peopled.settings(), now=NOW - timedelta(days=60))
    (one,) = [step for step in earlier if step.looked is Looked.CERTIFICATE]
    assert one.verdict is Verdict.GOOD


def test_each_thing_further_in_has_its_step(peopled: Staff) -> None:
    settings = peopled.settings()
    password = peopled.folder / "wrong"
    password.write_text("wrong\n")
    wrongs = {
        Looked.SIGN_IN: replace(settings, bind_password_file=password),
        Looked.SOFTWARE: replace(settings, kind="active-directory"),
        Looked.PEOPLE: replace(settings, people=f"ou=gone,{peopled.base}"),
        Looked.GROUPS: replace(settings, groups=f"ou=gone,{peopled.base}"),
    }
    found = {looked: _wrong(_steps(one)) for looked, one in wrongs.items()}
    assert {looked for looked, wrong in found.items() if wrong[0][0] is looked} == set(wrongs)
    assert "`bind_dn`" in found[Looked.SIGN_IN][0][1]
    assert "`kind`" in found[Looked.SOFTWARE][0][1]
    assert "`people`" in found[Looked.PEOPLE][0][1]
    assert "`groups`" in found[Looked.GROUPS][0][1]


def test_a_group_that_is_gone_or_empty_is_told(peopled: Staff) -> None:
    steps = _steps(peopled.settings(), None, peopled.group("gone"), peopled.group("empty"))
    told = [(step.verdict, step.change) for step in steps if step.looked is Looked.MAPPED]
    assert [verdict for verdict, _ in told] == [Verdict.WRONG, Verdict.DOUBTFUL]
    assert "directory-groups.csv" in told[0][1]


def test_a_person_is_told_missing_disabled_or_without_a_place(peopled: Staff) -> None:
    settings, social = peopled.settings(), peopled.group("social")
    assert _steps(settings, "nobody", social)[-1].verdict is Verdict.WRONG
    assert "no group that is mapped" in _steps(settings, "zoe", social)[-1].says
    peopled.disable("karim")
    disabled = _steps(settings, "karim", social)[-2]
    assert (disabled.verdict, "is disabled there" in disabled.says) == (Verdict.DOUBTFUL, True)


def test_one_of_two_servers_is_enough_to_look_further(peopled: Staff) -> None:
    gone = f"ldaps://127.0.0.1:{free_port()}"
    steps = _steps(peopled.settings(servers=(gone, peopled.server.ldaps)))
    assert [one for one, _ in _wrong(steps)] == [Looked.CONNECTION]
    assert steps[-1].looked is Looked.GROUPS
