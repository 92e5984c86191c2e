"""Signing in on a real database: who gets in, by how many statements, and who no longer does."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from authn.credentials import AppPassword, Password, password_bytes
from davserver.db import tables as t
from davserver.db.database import Database
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn, Unavailable
from davserver.domain.ids import CredentialId
from davserver.domain.people import AccountState, Role
from davserver.domain.secret import Secret
from tests.support.accounts import HOME, NOON, Accounts, weaker_hash

WORDS = "quatre mots sans lien"
SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def typed(login: str, password: str = WORDS) -> Password:
    return Password(login, password_bytes(password))


def test_a_password_says_who_it_is(accounts):
    zoe = accounts.add("Zoé", password=WORDS)
    who = accounts.login.sign_in(typed("Zoé"), HOME, NOON)
    assert who.person == zoe
    assert who.person.name == "Name of Zoé"
    assert (who.strength, who.read_only, who.address) == (Strength.PASSWORD, False, HOME)
    assert (who.memberships, who.vault, who.operator) == ((), None, None)


@pytest.mark.parametrize("login", ["zoé", "ZOÉ", "zoe\u0301"])
def test_a_login_may_be_typed_in_any_case_and_composition(accounts, login):
    zoe = accounts.add("Zoé", password=WORDS)
    device = accounts.add_app_password(zoe)
    assert accounts.login.sign_in(typed(login), HOME, NOON).id == zoe.id
    again = AppPassword(login, device.id, device.secret)
    assert accounts.login.sign_in(again, HOME, NOON).id == zoe.id


def test_an_app_password_says_who_it_is_and_that_it_is_one(accounts):
    zoe = accounts.add("zoe")
    device = accounts.add_app_password(zoe, read_only=True)
    who = accounts.login.sign_in(device, None, NOON)
    assert (who.id, who.credential) == (zoe.id, device.id)
    assert (who.strength, who.read_only) == (Strength.APP_PASSWORD, True)


def test_wrong_and_unknown_are_refused_alike(accounts):
    zoe = accounts.add("zoe", password=WORDS)
    paul = accounts.add("paul")
    device, other = accounts.add_app_password(zoe), accounts.add_app_password(paul)
    wrong = [
        typed("zoe", "quatre mots sans liens"),
        typed("zoe", ""),
        typed("paul"),
        typed("nobody"),
        typed("no:body\x00"),
        AppPassword("zoe", device.id, Secret(bytes(20))),
        AppPassword("zoe", other.id, other.secret),
        AppPassword("nobody", device.id, device.secret),
        AppPassword("paul", device.id, other.secret),
        AppPassword("zoe", CredentialId(bytes(16)), device.secret),
    ]
    answers = []
    for credential in wrong:
        with pytest.raises(NotSignedIn) as refused:
            accounts.login.sign_in(credential, HOME, NOON)
        answers.append(str(refused.value))
    assert set(answers) == {""}


def test_a_blocked_account_is_out_at_once_in_every_process(accounts):
    zoe = accounts.add("zoe", password=WORDS)
    device = accounts.add_app_password(zoe)
    elsewhere = accounts.new_process()
    for login in (accounts.login, elsewhere):
        login.sign_in(typed("zoe"), HOME, NOON)
        login.sign_in(device, HOME, NOON)
    state = AccountState.ADMINISTRATOR_BLOCKED
    accounts.db.write(lambda tx: accounts.register.set_state(tx, zoe.id, state, NOON))
    for login in (accounts.login, elsewhere):
        for credential in (typed("zoe"), device):
            with pytest.raises(NotSignedIn):
                login.sign_in(credential, HOME, NOON)
    accounts.db.write(lambda tx: accounts.register.set_state(tx, zoe.id, AccountState.ACTIVE, NOON))
    assert accounts.login.sign_in(device, HOME, NOON).id == zoe.id


def test_a_revoked_app_password_is_out_at_once_and_the_others_stay(accounts):
    zoe = accounts.add("zoe")
    lost, kept = accounts.add_app_password(zoe), accounts.add_app_password(zoe)
    accounts.login.sign_in(lost, HOME, NOON)
    accounts.revoke(lost)
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(lost, HOME, NOON)
    assert accounts.login.sign_in(kept, HOME, NOON).id == zoe.id


def test_an_app_password_ends_at_its_time(accounts):
    device = accounts.add_app_password(accounts.add("zoe"), until=NOON + DAY)
    accounts.login.sign_in(device, HOME, NOON + DAY - SECOND)
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(device, HOME, NOON + DAY)


def test_a_changed_password_ends_the_old_one_in_every_process(accounts):
    zoe = accounts.add("zoe", password=WORDS)
    elsewhere = accounts.new_process()
    accounts.login.sign_in(typed("zoe"), HOME, NOON)
    elsewhere.sign_in(typed("zoe"), HOME, NOON)
    accounts.set_password(zoe, "another four words")
    for login in (accounts.login, elsewhere):
        with pytest.raises(NotSignedIn):
            login.sign_in(typed("zoe"), HOME, NOON)
        assert login.sign_in(typed("zoe", "another four words"), HOME, NOON).id == zoe.id


def test_a_password_that_was_wrong_a_moment_ago_is_right_once_it_is_set(accounts):
    zoe = accounts.add("zoe", password=WORDS)
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(typed("zoe", "another four words"), HOME, NOON)
    accounts.set_password(zoe, "another four words")
    assert accounts.login.sign_in(typed("zoe", "another four words"), HOME, NOON).id == zoe.id


def test_memberships_are_those_that_hold_at_that_moment(accounts):
    paul = accounts.add("paul", Role.PROFESSIONAL)
    device = accounts.add_app_password(paul)
    for slug, starts, ends in (
        ("past", -2 * DAY, timedelta()),
        ("present", timedelta(), DAY),
        ("open", -DAY, None),
        ("coming", SECOND, None),
    ):
        structure = accounts.add_structure(slug)
        end = None if ends is None else NOON + ends
        accounts.add_membership(paul, structure, NOON + starts, end)
    found = accounts.login.sign_in(device, HOME, NOON).memberships
    assert sorted(m.structure.slug for m in found) == ["open", "present"]
    assert all(m.holds(NOON) for m in found)


def test_a_stronger_hash_replaces_a_weaker_one_without_anybody_noticing(accounts):
    zoe = accounts.add("zoe")
    accounts.set_password(zoe, WORDS, phc=weaker_hash(password_bytes(WORDS)))
    with accounts.db.read() as tx:
        before = accounts.registered.password(tx, zoe.id)
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(typed("zoe", "quatre mots sans liens"), HOME, NOON)
    who = accounts.login.sign_in(typed("zoe"), HOME, NOON)
    with accounts.db.read() as tx:
        after = accounts.registered.password(tx, zoe.id)
        assert accounts.login.refreshed(tx, who, NOON) == who
    assert (after.id, after.generation) == (before.id, before.generation)
    phc = accounts.keys.open_password_hash(after.id, after.generation, after.sealed)
    assert phc.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert accounts.new_process().sign_in(typed("zoe"), HOME, NOON).id == zoe.id


def test_a_database_without_an_instance_says_what_to_do(empty_database_url):
    db = Database(empty_database_url)
    try:
        t.metadata.create_all(db.engines()[1])
        with pytest.raises(Unavailable, match="abri init"):
            Accounts(db).login.sign_in(typed("zoe"), HOME, NOON)
    finally:
        db.close()


def test_a_vault_comes_with_its_owner_and_an_erased_one_does_not(accounts):
    zoe = accounts.add("zoe")
    device = accounts.add_app_password(zoe)
    row = {
        "id": b"v" * 16,
        "owner_id": zoe.id,
        "root_id": b"r" * 16,
        "key_gen": 1,
        "index_ct": b"sealed",
        "idx_gen": 1,
        "quota": 600_000_000,
        "created": 0,
        "erased_at": None,
    }
    mac = accounts.keys.row_mac("vault", row)
    accounts.db.write(lambda tx: tx.execute(insert(t.vault).values(row | {"row_mac": mac})))
    assert accounts.login.sign_in(device, HOME, NOON).vault == b"v" * 16
    accounts.db.write(lambda tx: tx.execute(update(t.vault).values(used=12)))
    assert accounts.login.sign_in(device, HOME, NOON).vault == b"v" * 16
    erased = {"erased_at": 5}
    mac = accounts.keys.row_mac("vault", row | erased)
    accounts.db.write(lambda tx: tx.execute(update(t.vault).values(**erased, row_mac=mac)))
    assert accounts.login.sign_in(device, HOME, NOON).vault is None


@pytest.mark.parametrize("typed_as", ["LAPTOP-7\\zoe", "zoe ", "WORKGROUP\\ZOE"])
def test_the_machine_that_windows_puts_before_a_name_means_nothing(accounts, typed_as):
    zoe = accounts.add("zoe", password=WORDS)
    assert accounts.login.sign_in(typed(typed_as), HOME, NOON).id == zoe.id
