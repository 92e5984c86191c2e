"""What signing in costs: statements, computations, and the same for whoever is not there."""

import os
import statistics
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest

from authn.credentials import AppPassword, Password, password_bytes
from authn.login import Login
from davserver.domain.errors import NotSignedIn, Unavailable
from davserver.domain.people import AccountState, Role
from davserver.domain.secret import Secret
from tests.support.accounts import HOME, NOON, something_changes, statements_of

pytestmark = pytest.mark.slow

WORDS = "quatre mots sans lien"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
PROVED_FOR = timedelta(minutes=1)


def typed(login: str, password: str = WORDS) -> Password:
    return Password(login, password_bytes(password))


def test_an_app_password_costs_one_statement(accounts):
    zoe = accounts.add("zoe")
    device = accounts.add_app_password(zoe)
    accounts.login.sign_in(device, HOME, NOON)
    with statements_of(accounts.db) as sent:
        accounts.login.sign_in(device, HOME, NOON + SECOND)
        something_changes(accounts.db)
        sent.clear()
        accounts.login.sign_in(device, HOME, NOON + timedelta(minutes=30))
    assert len(sent) == 1


def test_a_password_proved_within_a_minute_costs_one_statement(accounts):
    accounts.add("zoe", password=WORDS)
    accounts.login.sign_in(typed("zoe"), HOME, NOON)
    with statements_of(accounts.db) as sent:
        accounts.login.sign_in(typed("zoe"), HOME, NOON + PROVED_FOR)
    assert len(sent) == 1
    with statements_of(accounts.db) as sent:
        accounts.login.sign_in(typed("zoe"), HOME, NOON + PROVED_FOR + SECOND)
    assert len(sent) == 2


def test_a_professional_of_many_structures_costs_one_statement(accounts):
    paul = accounts.add("paul", Role.PROFESSIONAL)
    device = accounts.add_app_password(paul)
    for number in range(5):
        accounts.add_membership(paul, accounts.add_structure(f"ccas-{number}"), NOON, None)
    accounts.login.sign_in(device, HOME, NOON)
    with statements_of(accounts.db) as sent:
        who = accounts.login.sign_in(device, HOME, NOON)
    assert len(sent) == 1
    assert sorted(m.structure.slug for m in who.memberships) == [f"ccas-{n}" for n in range(5)]


def test_unknown_wrong_and_blocked_send_the_same_statements(accounts):
    accounts.add("zoe", password=WORDS)
    accounts.add("without")
    blocked = accounts.add("blocked", password=WORDS)
    state = AccountState.ADMINISTRATOR_BLOCKED
    accounts.db.write(lambda tx: accounts.register.set_state(tx, blocked.id, state, NOON))
    with pytest.raises(NotSignedIn):  # so that the hourly sweep is over
        accounts.login.sign_in(typed("somebody"), "192.0.2.99", NOON)
    seen = []
    for number, login in enumerate(("zoe", "without", "blocked", "nobody", "no:body")):
        password = WORDS if login == "blocked" else "quatre mots sans liens"
        with statements_of(accounts.db) as sent, pytest.raises(NotSignedIn):
            accounts.login.sign_in(typed(login, password), f"192.0.2.{number}", NOON)
        seen.append(sent)
    assert all(sent == seen[0] for sent in seen)


def test_an_app_password_of_nobody_sends_the_same_statement_as_one_that_is_wrong(accounts):
    device = accounts.add_app_password(accounts.add("zoe"))
    seen = []
    for login, credential in (
        ("zoe", device.id),
        ("zoe", bytes(16)),
        ("nobody", device.id),
        ("nobody", bytes(16)),
    ):
        with statements_of(accounts.db) as sent, pytest.raises(NotSignedIn):
            accounts.login.sign_in(AppPassword(login, credential, Secret(bytes(20))), HOME, NOON)
        seen.append(sent)
    assert all(sent == seen[0] for sent in seen)
    assert len(seen[0]) == 1


def test_the_day_of_the_last_use_is_written_once_a_day(accounts):
    device = accounts.add_app_password(accounts.add("zoe"))
    morning = NOON.replace(hour=0)
    counts = []
    for moment in (morning, NOON, NOON + timedelta(hours=11), morning + DAY, NOON + DAY):
        with statements_of(accounts.db) as sent:
            accounts.login.sign_in(device, HOME, moment)
        counts.append(sum(one.startswith("UPDATE") for one in sent))
    assert counts == [1, 0, 0, 1, 0]
    with accounts.db.read() as tx:
        day = accounts.device(tx, device).last_used_day
    assert day == (NOON + DAY - NOON.replace(year=1970, month=1, day=1)).days


def test_a_burst_of_one_password_is_computed_once(accounts):
    accounts.add("zoe", password=WORDS)
    cold, found = accounts.new_process(), []
    threads = [
        threading.Thread(target=lambda: found.append(cold.sign_in(typed("zoe"), HOME, NOON)))
        for _ in range(6)
    ]
    with statements_of(accounts.db) as sent:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(found) == 6
    # Whoever computes looks at the throttle once more, and nobody else does.
    assert sum("FROM throttle" in one for one in sent) == 1


def test_whoever_needs_no_hash_never_waits_for_one(accounts):
    zoe = accounts.add("zoe", password=WORDS)
    accounts.add("paul", password=WORDS)
    device = accounts.add_app_password(zoe)
    login = Login(accounts.db, accounts.keys, os.urandom, patience=0.05)
    login.sign_in(typed("zoe"), HOME, NOON)
    with login._passwords._turn.taken():
        assert login.sign_in(device, HOME, NOON).id == zoe.id
        assert login.sign_in(typed("zoe"), HOME, NOON).id == zoe.id
        for cold in (typed("paul"), typed("nobody")):
            with pytest.raises(Unavailable):
                login.sign_in(cold, HOME, NOON)
    assert login.sign_in(typed("paul"), HOME, NOON).person.login == "paul"


def test_unknown_and_wrong_compute_the_same(accounts):
    accounts.add("zoe", password=WORDS)
    spent: dict[str, list[float]] = {"zoe": [], "nobody": []}
    for number in range(7):
        for login, times in spent.items():
            guess, address = typed(login, f"guess number {number}"), f"192.0.2.{number}"
            # The thread's own time: it does not depend on what else the machine does.
            begun = time.thread_time()
            with pytest.raises(NotSignedIn):
                accounts.login.sign_in(guess, address, NOON)
            times.append(time.thread_time() - begun)
    wrong, unknown = (statistics.median(times) for times in spent.values())
    assert 0.6 < unknown / wrong < 1.7


def test_a_refusal_leaves_on_the_beat_whoever_it_is_for(accounts):
    device = accounts.add_app_password(accounts.add("zoe"))
    for login in ("zoe", "nobody"):
        begun = time.monotonic()
        with pytest.raises(NotSignedIn):
            accounts.login.sign_in(AppPassword(login, device.id, Secret(bytes(20))), HOME, NOON)
        assert time.monotonic() - begun >= 0.05


def test_a_server_is_told_while_nothing_but_hashing_goes_on(accounts):
    accounts.add("zoe", password=WORDS)
    inside: list[str] = []

    @contextmanager
    def aside():
        inside.append("begun")
        try:
            yield
        finally:
            inside.append("over")

    accounts.login.sign_in(typed("zoe"), HOME, NOON, aside)
    assert inside == ["begun", "over"]
    accounts.login.sign_in(typed("zoe"), HOME, NOON, aside)
    assert inside == ["begun", "over"]
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(typed("nobody"), HOME, NOON, aside)
    # Once for the hash, once for the rest of the beat.
    assert inside == ["begun", "over"] * 3
