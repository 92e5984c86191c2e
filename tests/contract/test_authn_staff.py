"""Staff sign in by the password that their directory knows: OpenLDAP, and the real roster."""

import os
import time
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from datetime import timedelta
from pathlib import Path

import pytest

from authn.cached_sign_in import CachedPrincipal
from authn.credentials import from_login_and_secret
from authn.refusing import STAFF_BEAT
from authn.register import Register
from authn.sign_in_cache import SignInCache
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn
from davserver.domain.people import AccountState
from tests.support.accounts import HOME, something_changes, statements_of
from tests.support.reception import TEAM, Reception, reception
from tests.support.staff import PASSWORD, Staff

pytestmark = pytest.mark.slow

KARIM = "karim@ccas.example"
TERM = timedelta(minutes=5)


@pytest.fixture
def desk(database_url: str, tmp_path: Path, staff: Staff) -> Iterator[Reception]:
    with reception(database_url, tmp_path, staff, netbios="CCAS") as made:
        made.hires("karim")
        staff.add("somebody")
        yield made


def refused(desk: Reception, login: str, secret: str = PASSWORD, **how: object) -> None:
    with pytest.raises(NotSignedIn) as no:
        desk.sign_in(login, secret, **how)  # type: ignore[arg-type]
    assert str(no.value) == ""


def test_whoever_is_in_the_team_comes_in_at_the_first_sign_in(desk):
    who = desk.sign_in(KARIM)
    assert (who.person.login, who.person.name) == (KARIM, "Karim")
    assert [one.structure.slug for one in who.memberships] == ["ccas"]
    assert (who.strength, who.read_only, who.address) == (Strength.PASSWORD, False, HOME)
    assert desk.world.troubles() == []


def test_a_password_is_tried_once_a_minute_and_costs_one_statement_meanwhile(desk):
    desk.sign_in(KARIM)
    with desk.binds() as binds, statements_of(desk.world.db) as sent:
        for _ in range(3):
            desk.world.clock.passes(seconds=20)
            something_changes(desk.world.db)
            desk.sign_in(KARIM)
    assert binds == [0]
    assert len([one for one in sent if one.startswith("SELECT")]) == 3
    with desk.binds() as binds:
        desk.world.clock.passes(seconds=1)
        desk.sign_in(KARIM)
    assert binds == [1]


@pytest.mark.parametrize(
    "typed", ["KARIM@CCAS.example", "CCAS\\karim", "ccas.example\\Karim", " karim@ccas.example"]
)
def test_one_account_has_several_spellings(desk, typed):
    karim = desk.sign_in(KARIM).id
    with desk.binds() as binds:
        assert desk.sign_in(typed).id == karim
    assert binds == [0]


def test_accents_may_be_composed_or_not_and_are_not_left_out(desk):
    desk.hires("zoé")
    zoe = desk.sign_in("zoé@ccas.example").id
    assert desk.sign_in(unicodedata.normalize("NFD", "ZOÉ@ccas.example")).id == zoe
    refused(desk, "zoe@ccas.example")


def test_unknown_wrong_and_not_in_the_team_are_refused_alike(desk):
    desk.staff.add("visitor", "gone")
    desk.staff.disable("gone")
    for login, secret in (
        (KARIM, "wrong horse"),
        (KARIM, ""),
        ("nobody@ccas.example", PASSWORD),
        ("visitor@ccas.example", PASSWORD),
        ("gone@ccas.example", PASSWORD),
        ("x" * 4096 + "@ccas.example", PASSWORD),
        ("karim\x00@ccas.example", PASSWORD),
        ("*@ccas.example", PASSWORD),
        ("karim)(objectClass=*@ccas.example", PASSWORD),
        (desk.staff.person("karim") + "@ccas.example", PASSWORD),
        ("karim", PASSWORD),
        ("karim@elsewhere.example", PASSWORD),
        ("OTHER\\karim", PASSWORD),
    ):
        refused(desk, login, secret)
    assert desk.sign_in(KARIM).person.login == KARIM
    with pytest.raises(Exception, match="nobody has the login"):
        desk.person("visitor@ccas.example")


def test_empty_and_impossible_ones_never_reach_the_directory(desk):
    desk.sign_in(KARIM)
    with desk.binds() as binds:
        for login, secret in ((KARIM, ""), ("x" * 4096 + "@ccas.example", PASSWORD)):
            refused(desk, login, secret)
    assert binds == [0]


def test_wrong_and_unknown_send_the_same_statements(desk):
    desk.sign_in(KARIM)
    seen = []
    for number, login in enumerate(("sweep", "karim", "nobody")):
        with statements_of(desk.world.db) as sent:
            refused(desk, f"{login}@ccas.example", "wrong horse", at=f"192.0.2.{number}")
        seen.append(sent)
    assert seen[1] == seen[2]


def test_a_process_that_begins_connects_to_nothing(desk):
    with desk.binds() as binds:
        desk.process()
    assert binds == [0]


@pytest.mark.parametrize(
    ("login", "secret"),
    [
        (KARIM, "wrong horse"),
        (KARIM, ""),
        ("nobody@ccas.example", PASSWORD),
        ("*@ccas.example", ""),
    ],
)
def test_a_refusal_leaves_on_the_slower_beat_whoever_it_is_for(desk, login, secret):
    begun = time.monotonic()
    refused(desk, login, secret)
    assert time.monotonic() - begun >= STAFF_BEAT


def test_many_requests_at_once_are_one_bind_in_each_process(desk):
    desk.hires("zoe")
    processes = [desk.process() for _ in range(2)]
    for one in processes:  # its service account's connection is not what is counted
        desk.sign_in("zoe@ccas.example", by=one)
    with desk.binds() as binds, ThreadPoolExecutor(16) as pool:
        asked = [pool.submit(desk.sign_in, KARIM, by=processes[n % 2]) for n in range(16)]
        found = {one.result(60).id for one in asked}
    assert found == {desk.person(KARIM).id}
    assert binds == [2]


def test_a_device_with_an_old_password_is_asked_about_ever_more_rarely(desk):
    desk.sign_in(KARIM)
    tried = []
    for _ in range(0, 60, 5):
        refused(desk, KARIM, "the password before", at="198.51.100.9")
        tried.append(desk.failures("karim"))
        desk.world.clock.passes(minutes=5)
    assert tried == [1] + [2] * 6 + [3] * 5


def test_beyond_the_limit_nobody_elsewhere_is_tried_and_home_goes_on(desk):
    desk.sign_in(KARIM)
    for number in range(6):
        refused(desk, KARIM, f"guess {number}", at=f"198.51.100.{number}")
    refused(desk, KARIM, at="203.0.113.1")
    # A right password would have made the directory forget these.
    assert desk.failures("karim") == 2
    assert desk.sign_in(KARIM).person.login == KARIM
    desk.world.clock.passes(seconds=61)
    assert desk.sign_in(KARIM).person.login == KARIM
    assert desk.sign_in(KARIM, by=desk.process()).person.login == KARIM
    desk.world.clock.passes(minutes=30)
    assert desk.sign_in(KARIM, at="203.0.113.1").person.login == KARIM


def test_parallel_guesses_in_two_processes_get_no_further(desk):
    processes = [desk.process() for _ in range(2)]

    def guess(number: int) -> None:
        one, at = processes[number % 2], f"198.51.100.{number}"
        refused(desk, KARIM, f"guess {number}", at=at, by=one)

    with ThreadPoolExecutor(12) as pool:
        for done in [pool.submit(guess, number) for number in range(12)]:
            done.result(60)
    assert desk.failures("karim") == 2


def test_whoever_leaves_the_team_is_out_at_the_next_bind_and_back_at_once(desk):
    desk.sign_in(KARIM)
    desk.staff.take_out(TEAM, desk.staff.person("karim"))
    desk.world.clock.passes(seconds=61)
    refused(desk, KARIM)
    assert desk.state(KARIM) is AccountState.DIRECTORY_BLOCKED
    desk.staff.put_in(TEAM, desk.staff.person("karim"))
    assert [one.structure.slug for one in desk.sign_in(KARIM).memberships] == ["ccas"]
    assert desk.state(KARIM) is AccountState.ACTIVE


@pytest.mark.parametrize("secret", [PASSWORD, "wrong horse"])
def test_whoever_is_disabled_is_out_at_once_whatever_is_typed(desk, secret):
    desk.sign_in(KARIM)
    desk.staff.disable("karim")
    desk.world.clock.passes(seconds=61)
    refused(desk, KARIM, secret)
    assert desk.state(KARIM) is AccountState.DIRECTORY_BLOCKED


def test_whoever_is_gone_is_out_though_only_a_name_was_asked_for(desk):
    desk.sign_in(KARIM)
    desk.staff.remove("karim")
    desk.world.clock.passes(seconds=61)
    refused(desk, KARIM, "anything")
    assert desk.state(KARIM) is AccountState.DIRECTORY_BLOCKED


def test_whoever_is_renamed_stays_the_same_person(desk):
    karim = desk.sign_in(KARIM).id
    desk.staff.rename("karim", "karim.roux")
    desk.world.clock.passes(seconds=61)
    refused(desk, KARIM)
    assert desk.sign_in("karim.roux@ccas.example").id == karim
    assert desk.person("karim.roux@ccas.example").id == karim


def test_a_name_that_somebody_else_has_by_now_opens_nothing_of_the_one_before(desk):
    before = desk.sign_in(KARIM).id
    desk.staff.rename("karim", "karim.roux")
    desk.hires("karim")
    desk.world.clock.passes(seconds=61)
    after = desk.sign_in(KARIM)
    assert after.id != before
    assert desk.sign_in("karim.roux@ccas.example").id == before


def test_an_administrators_block_stays_whatever_the_directory_says(desk):
    karim = desk.sign_in(KARIM)
    blocked = AccountState.ADMINISTRATOR_BLOCKED
    register = Register(desk.world.keys, desk.world.tools.entropy)
    now = desk.world.clock()
    desk.world.db.write(lambda tx: register.set_state(tx, karim.id, blocked, now))
    refused(desk, KARIM)
    assert desk.state(KARIM) is blocked


def test_a_proved_password_opens_nothing_once_the_account_has_moved_on(desk):
    who = desk.sign_in(KARIM)
    desk.staff.take_out(TEAM, desk.staff.person("karim"))
    refused(desk, KARIM, by=desk.process())
    with desk.world.db.read() as tx, pytest.raises(NotSignedIn):
        desk.login.refreshed(tx, who, desk.world.clock())
    refused(desk, KARIM)
    desk.staff.put_in(TEAM, desk.staff.person("karim"))
    desk.sign_in(KARIM, by=desk.process())
    with desk.binds() as binds:
        desk.sign_in(KARIM)
    assert binds == [1]


def test_a_front_remembers_none_of_them(desk):
    """What their directory said counts by the clock."""
    desk.sign_in(KARIM)
    sign_in_cache, now = SignInCache(desk.login, os.urandom), desk.world.clock()
    for credential in (from_login_and_secret(KARIM, PASSWORD), desk.device(KARIM)):
        for _ in range(2):
            who = sign_in_cache.sign_in("words", lambda _, c=credential: c, HOME, now, nullcontext)
            assert not isinstance(who, CachedPrincipal)
            assert who.person.login == KARIM
