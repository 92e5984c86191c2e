"""A directory that does not say changes nothing, and everybody hears the same; app passwords live
no longer than their person's account in it.
"""

import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from authn.credentials import AppPassword, password_bytes
from authn.directories import NOBODY, RETRY_SECONDS
from authn.ldap.kinds import KINDS
from authn.passwords import hash_password
from authn.register import NewPerson, Register
from davserver.db import tables as t
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn, Unavailable
from davserver.domain.people import AccountState, Role
from davserver.domain.secret import Secret
from tests.support.accounts import statements_of
from tests.support.reception import TEAM, Reception, reception
from tests.support.staff import PASSWORD, Staff

pytestmark = pytest.mark.slow

KARIM = "karim@ccas.example"
TERM = timedelta(minutes=5)
WORDS = "quatre mots sans lien"


@pytest.fixture
def desk(database_url: str, tmp_path: Path, staff: Staff) -> Iterator[Reception]:
    with reception(database_url, tmp_path, staff, plain_names=True) as made:
        made.hires("karim")
        staff.add("somebody")
        yield made


@pytest.fixture
def phone(desk: Reception) -> AppPassword:
    """Of karim, who has come once."""
    desk.sign_in(KARIM)
    return desk.device(KARIM)


def away(desk: Reception, login: str, secret: str = PASSWORD, **how: object) -> str:
    with pytest.raises(Unavailable) as no:
        desk.sign_in(login, secret, **how)  # type: ignore[arg-type]
    assert no.value.seconds == RETRY_SECONDS
    return str(no.value)


def add_local(desk: Reception, login: str) -> None:
    register = Register(desk.world.keys, desk.world.tools.entropy)
    phc = hash_password(password_bytes(WORDS), desk.world.tools.entropy)
    now = desk.world.clock()
    new = NewPerson(login, Role.BENEFICIARY, f"Name of {login}", "fr")

    def work(tx):
        person, _ = register.add_person(tx, new, now)
        register.set_password(tx, person.id, None, phc, now)

    desk.world.db.write(work)


def dump(desk: Reception) -> list[object]:
    tables = (t.person, t.credential, t.membership, t.directory_account, t.epoch)
    with desk.world.db.read() as tx:
        return [tx.execute(one.select()).all() for one in tables]


def test_warm_people_work_to_the_end_of_the_term_and_cold_ones_wait(desk):
    desk.hires("zoe")
    desk.sign_in(KARIM)
    cold = desk.process()
    desk.staff.server.kill()
    before = dump(desk)
    for _ in range(5):
        assert desk.sign_in(KARIM).person.login == KARIM
        desk.world.clock.passes(minutes=1)
    assert desk.sign_in(KARIM).person.login == KARIM
    desk.world.clock.passes(seconds=1)
    away(desk, KARIM)
    away(desk, KARIM, by=cold)
    away(desk, "zoe@ccas.example")
    assert dump(desk) == before


def test_a_right_password_from_elsewhere_is_no_warm_one(desk):
    desk.sign_in(KARIM)
    desk.staff.server.kill()
    away(desk, KARIM, at="198.51.100.1")
    away(desk, KARIM, "wrong horse")


def test_everybody_hears_the_same_whoever_exists(desk, phone):
    add_local(desk, "amina")
    cold = desk.process()
    desk.staff.server.kill()
    said = {
        away(desk, login, secret, by=cold)
        for login, secret in (
            (KARIM, PASSWORD),
            (KARIM, "wrong horse"),
            (KARIM, ""),
            ("nobody@ccas.example", PASSWORD),
            ("somebody@ccas.example", PASSWORD),
            ("*@ccas.example", PASSWORD),
            ("x" * 4096 + "@ccas.example", PASSWORD),
            ("karim", PASSWORD),
            ("nobody", PASSWORD),
            ("amina", "wrong horse"),
            (KARIM, f"abri_{'0' * 32}_{'a' * 32}"),
            ("nobody@ccas.example", f"abri_{'0' * 32}_{'a' * 32}"),
        )
    }
    assert len(said) == 1
    # Local people whose password is right need no directory, whatever their name could be.
    assert desk.sign_in("amina", WORDS, by=cold).person.login == "amina"
    with pytest.raises(NotSignedIn):
        desk.sign_in("amina@elsewhere.example", by=cold)


def test_known_and_unknown_send_the_same_statements_meanwhile(desk):
    desk.sign_in(KARIM)
    cold = desk.process()
    desk.staff.server.kill()
    seen = []
    for login in ("first", "karim", "somebody", "nobody"):  # the first one loads the policy
        with statements_of(desk.world.db) as sent:
            away(desk, f"{login}@ccas.example", by=cold)
        seen.append(sent)
    assert seen[1] == seen[2] == seen[3]


def test_nothing_counts_that_was_not_answered(desk):
    desk.staff.server.kill()
    for number in range(5):
        away(desk, KARIM, f"guess {number}")
    desk.staff.server.start()
    # Another worker's breaker has not tripped.
    assert desk.sign_in(KARIM, by=desk.process()).person.login == KARIM


def test_a_local_login_wins_over_a_plain_name_of_the_directory(desk):
    karim = desk.sign_in("karim").id
    assert desk.sign_in(KARIM).id == karim
    add_local(desk, "karim")
    local = desk.sign_in("karim", WORDS).person
    assert local.id != karim
    assert desk.sign_in(KARIM).id == karim
    with pytest.raises(NotSignedIn):
        desk.sign_in("karim")


def test_an_app_password_asks_nobody_within_the_term_and_once_after_it(desk, phone):
    with statements_of(desk.world.db) as sent:
        desk.present(phone)  # with the note of its day
        desk.world.clock.now += TERM - timedelta(seconds=1)
        desk.present(phone)
    assert [one.split()[0] for one in sent].count("SELECT") == 2
    desk.world.clock.passes(seconds=1)
    with statements_of(desk.world.db) as sent:
        who = desk.present(phone)
    assert (who.person.login, who.strength) == (KARIM, Strength.APP_PASSWORD)
    assert any("UPDATE directory_account" in one for one in sent)
    with statements_of(desk.world.db) as sent:
        desk.present(phone, by=desk.process())
    assert len(sent) == 1


@pytest.mark.parametrize("how", ["left the team", "disabled", "gone"])
def test_an_app_password_dies_with_the_account(desk, phone, how):
    match how:
        case "left the team":
            desk.staff.take_out(TEAM, desk.staff.person("karim"))
        case "disabled":
            desk.staff.disable("karim")
        case "gone":
            desk.staff.remove("karim")
    desk.present(phone)
    desk.world.clock.now += TERM
    with pytest.raises(NotSignedIn):
        desk.present(phone)
    assert desk.state(KARIM) is AccountState.DIRECTORY_BLOCKED
    with pytest.raises(NotSignedIn):
        desk.present(phone, by=desk.process())


def test_an_app_password_is_good_again_once_its_person_is_back(desk, phone):
    desk.staff.take_out(TEAM, desk.staff.person("karim"))
    desk.world.clock.now += TERM
    with pytest.raises(NotSignedIn):
        desk.present(phone)
    desk.staff.put_in(TEAM, desk.staff.person("karim"))
    desk.world.clock.now += TERM
    assert [one.structure.slug for one in desk.present(phone).memberships] == ["ccas"]


def test_an_app_password_waits_for_a_directory_that_is_away_and_a_wrong_one_too(desk, phone):
    desk.staff.server.kill()
    assert desk.present(phone).person.login == KARIM
    before = dump(desk)
    desk.world.clock.now += TERM
    with pytest.raises(Unavailable) as no:
        desk.present(phone)
    with pytest.raises(Unavailable) as other:
        desk.present(AppPassword(KARIM, phone.id, Secret(bytes(20))))
    assert (str(no.value), no.value.seconds) == (str(other.value), other.value.seconds)
    assert dump(desk) == before
    desk.staff.server.start()
    assert desk.present(phone).person.login == KARIM


def test_without_its_settings_nothing_is_known_of_its_people_and_nothing_changes(desk, phone):
    before = dump(desk)
    without = desk.process(configured=False)
    with pytest.raises(Unavailable) as no:
        desk.present(phone, by=without)
    assert no.value.seconds == RETRY_SECONDS
    for login in (KARIM, "nobody@ccas.example"):
        with pytest.raises(NotSignedIn):
            desk.sign_in(login, by=without)
    assert dump(desk)[0] == before[0]
    assert dump(desk)[2:] == before[2:]
    assert desk.present(phone).person.login == KARIM


def test_without_a_policy_nobody_has_lost_their_place(desk, phone):
    desk.world.db.write(lambda tx: tx.execute(t.policy_generation.delete()))
    cold = desk.process()
    desk.world.clock.now += TERM
    for sign_in in (
        lambda: desk.sign_in(KARIM, by=cold),
        lambda: desk.sign_in("nobody@ccas.example", by=cold),
        lambda: desk.present(phone, by=cold),
    ):
        with pytest.raises(Unavailable):
            sign_in()
    assert desk.state(KARIM) is AccountState.ACTIVE


def test_settings_that_cannot_work_are_a_directory_that_is_away(desk):
    desk.settings = desk.staff.settings(only="no filter")
    away(desk, KARIM, by=desk.process())


def test_nothing_is_loaded_before_a_directory_is_asked():
    """Commands begin with all services, and ask no directory."""
    program = (
        "import sys, time\n"
        "from authn.ldap.opening import open_directory\n"
        "from tests.support.directories import directory_of\n"
        "open_directory('ccas', directory_of('ccas.example'), time.time).close()\n"
        "sys.exit('ldap3' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_id_of_nobody_is_one_in_every_kind_of_directory(kind):
    assert KINDS[kind].ids.filtered(NOBODY)
