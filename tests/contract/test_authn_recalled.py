"""Whoever was here a moment ago is let in from memory, and asked about in what the request does."""

import os
from contextlib import nullcontext
from datetime import timedelta

import pytest

from authn.cached_sign_in import CachedPrincipal, StaleSignIn
from authn.credentials import Password, from_login_and_secret, password_bytes, shown
from authn.sign_in_cache import SignInCache
from davserver.domain.errors import NotSignedIn, SlowDown
from davserver.domain.people import AccountState, Role
from tests.support.accounts import HOME, NOON, Accounts, statements_of

pytestmark = pytest.mark.slow

WORDS = "quatre mots sans lien"
SECOND = timedelta(seconds=1)
PROVED_FOR = timedelta(minutes=1)


class Door:
    """A front of one process. What is said is the login and the secret, with a space between."""

    def __init__(self, accounts: Accounts) -> None:
        self.login = accounts.login
        self.sign_in_cache = SignInCache(accounts.login, os.urandom)

    def sign_in(self, said, now=NOON, at=HOME):
        def read(text):
            return from_login_and_secret(*text.split(" ", 1))

        return self.sign_in_cache.sign_in(said, read, at, now, nullcontext)


@pytest.fixture
def door(accounts: Accounts) -> Door:
    return Door(accounts)


def device_of(accounts, person, **more):
    made = accounts.add_app_password(person, **more)
    return made, f"{person.login} {shown(made)}"


def still(accounts, who, now=NOON):
    with accounts.db.read() as tx:
        return accounts.login.refreshed(tx, who, now)


@pytest.mark.parametrize("kind", ["password", "app-password"])
def test_the_second_request_asks_once_and_learns_what_a_sign_in_learns(accounts, door, kind):
    paul = accounts.add("paul", Role.PROFESSIONAL, WORDS)
    said = f"paul {WORDS}" if kind == "password" else device_of(accounts, paul, read_only=True)[1]
    first = door.sign_in(said)
    assert not isinstance(first, CachedPrincipal)
    accounts.add_membership(paul, accounts.add_structure("ccas"), NOON, None)
    with statements_of(accounts.db) as sent:
        who = door.sign_in(said)
        assert (isinstance(who, CachedPrincipal), sent) == (True, [])
        known = still(accounts, who)
    assert len(sent) == 1
    assert known == Door(accounts).sign_in(said)
    assert [one.structure.slug for one in known.memberships] == ["ccas"]
    assert (known.tally, known.id) == (who.tally, first.id)
    # What was learned is what the next one is let in with.
    assert door.sign_in(said).memberships == known.memberships


def test_what_one_request_counts_no_other_does(accounts, door):
    accounts.add("zoe", password=WORDS)
    tallies = [door.sign_in(f"zoe {WORDS}").tally for _ in range(3)]
    assert len(set(map(id, tallies))) == 3


HOW_LOST = ["blocked", "revoked", "another password", "expired", "guessed", "gone"]


def lose(accounts, zoe, device, how):
    def happen(tx):
        match how:
            case "blocked":
                state = AccountState.DIRECTORY_BLOCKED
                accounts.register.set_state(tx, zoe.id, state, NOON)
            case "revoked":
                found = accounts.device(tx, device)
                accounts.register.revoke(tx, found, NOON)
            case "gone":
                tx.exec_driver_sql("DELETE FROM credential")

    accounts.db.write(happen)
    if how == "another password":
        accounts.set_password(zoe, "quatre autres mots")
    if how == "guessed":
        elsewhere = accounts.new_process()
        for number in range(6):
            guess = Password("zoe", password_bytes(f"guess {number}"))
            with pytest.raises(NotSignedIn):
                elsewhere.sign_in(guess, HOME, NOON)


@pytest.mark.parametrize("how", HOW_LOST)
def test_whoever_lost_what_they_came_in_by_is_refused_by_a_sign_in_alone(accounts, door, how):
    zoe = accounts.add("zoe", password=WORDS)
    device, text = device_of(accounts, zoe, until=NOON + SECOND)
    said = f"zoe {WORDS}" if how in {"another password", "guessed"} else text
    later = NOON + SECOND if how == "expired" else NOON
    door.sign_in(said)
    who = door.sign_in(said, later)
    lose(accounts, zoe, device, how)
    with pytest.raises(StaleSignIn) as stale:
        still(accounts, who, later)
    assert not stale.value.revalidation.done
    refusal = SlowDown if how == "guessed" else NotSignedIn
    with pytest.raises(refusal):
        who.revalidation.require()
    with statements_of(accounts.db) as sent, pytest.raises(refusal):
        # What that sign-in said is told, and not another one's.
        who.revalidation.require()
    assert sent == []
    with pytest.raises(refusal):
        door.sign_in(said, later)


def test_guesses_of_others_stop_no_app_password(accounts, door):
    zoe = accounts.add("zoe", password=WORDS)
    device, said = device_of(accounts, zoe)
    door.sign_in(said)
    who = door.sign_in(said)
    lose(accounts, zoe, device, "guessed")
    assert still(accounts, who).id == zoe.id


def test_whoever_stands_again_is_let_in_at_once(accounts, door):
    zoe = accounts.add("zoe", password=WORDS)
    said = f"zoe {WORDS}"
    door.sign_in(said)
    blocked, again = door.sign_in(said), door.sign_in(said)
    for state in (AccountState.ADMINISTRATOR_BLOCKED, AccountState.ACTIVE):
        accounts.db.write(lambda tx, s=state: accounts.register.set_state(tx, zoe.id, s, NOON))
        if state is not AccountState.ACTIVE:
            with pytest.raises(StaleSignIn):
                still(accounts, blocked)
    assert still(accounts, again).id == zoe.id
    # The same words are her password again, which only computing it can tell.
    accounts.set_password(zoe, WORDS)
    with pytest.raises(StaleSignIn):
        still(accounts, again)
    fresh = again.revalidation.sign_in_anew()
    assert (fresh.id, fresh.generation) == (zoe.id, again.generation + 1)
    assert fresh.tally is again.tally
    assert not isinstance(fresh, CachedPrincipal)
    again.revalidation.require()


@pytest.mark.parametrize("kind", ["password", "app-password"])
def test_nobody_is_remembered_for_longer_than_their_proof_counts(accounts, door, kind):
    zoe = accounts.add("zoe", password=WORDS)
    said = f"zoe {WORDS}" if kind == "password" else device_of(accounts, zoe)[1]
    moments = [NOON, NOON + SECOND, NOON + PROVED_FOR, NOON + PROVED_FOR + SECOND, NOON - SECOND]
    found = [isinstance(door.sign_in(said, now), CachedPrincipal) for now in moments]
    assert found == [False, True, True, False, False]


def test_a_password_proved_before_is_remembered_for_what_is_left_of_that(accounts, door):
    accounts.add("zoe", password=WORDS)
    said, late = f"zoe {WORDS}", NOON + PROVED_FOR - SECOND
    accounts.login.sign_in(from_login_and_secret("zoe", WORDS), HOME, NOON)
    door.sign_in(said, late)
    assert isinstance(door.sign_in(said, late + SECOND), CachedPrincipal)
    assert not isinstance(door.sign_in(said, late + 2 * SECOND), CachedPrincipal)


def test_the_first_request_of_a_day_is_noted_at_the_sign_in(accounts, door):
    device, said = device_of(accounts, accounts.add("zoe"))
    midnight = NOON.replace(hour=0) + timedelta(days=1)
    before, after = midnight - SECOND, midnight
    found = [
        isinstance(door.sign_in(said, now), CachedPrincipal) for now in (before, before, after)
    ]
    assert found == [False, True, False]
    with accounts.db.read() as tx:
        day = accounts.device(tx, device).last_used_day
    assert day == (after - NOON.replace(year=1970, month=1, day=1, hour=0)).days


def test_other_words_and_other_places_are_not_remembered(accounts, door):
    accounts.add("zoe", password=WORDS)
    door.sign_in(f"zoe {WORDS}")
    assert not isinstance(door.sign_in(f"ZOE {WORDS}"), CachedPrincipal)
    assert not isinstance(door.sign_in(f"zoe {WORDS}", at="192.0.2.8"), CachedPrincipal)
    with pytest.raises(NotSignedIn):
        door.sign_in("zoe quatre mots sans liens")
    assert isinstance(door.sign_in(f"zoe {WORDS}"), CachedPrincipal)
    assert not isinstance(Door(accounts).sign_in(f"zoe {WORDS}"), CachedPrincipal)


def test_a_failed_sign_in_is_not_remembered(accounts, door):
    accounts.add("zoe", password=WORDS)
    for _ in range(2):
        with pytest.raises(NotSignedIn):
            door.sign_in("zoe something else")
    assert len(door.sign_in_cache._known) == 0


def test_memory_holds_no_password_in_the_clear(accounts, door):
    accounts.add("zoe", password=WORDS)
    door.sign_in(f"zoe {WORDS}")
    assert len(door.sign_in_cache._known) == 1
    assert all(WORDS.encode() not in key for key in door.sign_in_cache._known._seen)
