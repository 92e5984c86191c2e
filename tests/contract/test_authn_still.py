"""The same person, read again inside a later transaction."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from authn.credentials import Password, password_bytes
from davserver.db import tables as t
from davserver.domain.actions import Strength
from davserver.domain.errors import NotSignedIn
from davserver.domain.people import AccountState, Role
from tests.support.accounts import HOME, NOON, statements_of

WORDS = "quatre mots sans lien"
DAY = timedelta(days=1)


def test_still_gives_fresh_facts_in_one_statement(accounts):
    paul = accounts.add("paul", Role.PROFESSIONAL)
    who = accounts.login.sign_in(accounts.add_app_password(paul), HOME, NOON)
    accounts.add_membership(paul, accounts.add_structure("ccas"), NOON, None)
    accounts.db.write(lambda tx: tx.execute(update(t.epoch).values(revocation=7)))
    with statements_of(accounts.db) as sent, accounts.db.read() as tx:
        now = accounts.login.refreshed(tx, who, NOON)
    assert len(sent) == 1
    assert [m.structure.slug for m in now.memberships] == ["ccas"]
    assert now.epoch.revocation == 7
    assert (now.address, now.strength, now.credential) == (HOME, who.strength, who.credential)


@pytest.mark.parametrize("change", ["blocked", "revoked", "password", "expired", "gone"])
def test_still_sends_away_whoever_lost_what_they_came_in_by(accounts, change):
    zoe = accounts.add("zoe", password=WORDS)
    device = accounts.add_app_password(zoe, until=NOON + DAY)
    typed = Password("zoe", password_bytes(WORDS))
    credential = typed if change == "password" else device
    who = accounts.login.sign_in(credential, HOME, NOON)
    later = NOON + DAY if change == "expired" else NOON

    def happen(tx):
        register = accounts.register
        match change:
            case "blocked":
                register.set_state(tx, zoe.id, AccountState.DIRECTORY_BLOCKED, NOON)
            case "revoked":
                register.revoke(tx, accounts.device(tx, device), NOON)
            case "gone":
                tx.execute(t.credential.delete().where(t.credential.c.id == device.id))

    accounts.db.write(happen)
    if change == "password":
        accounts.set_password(zoe, WORDS)
    with accounts.db.read() as tx, pytest.raises(NotSignedIn):
        accounts.login.refreshed(tx, who, later)


def test_an_operator_is_still_there_whatever_happens_to_whom_they_act_for(accounts):
    zoe = accounts.add("zoe")
    with accounts.db.read() as tx:
        acting = accounts.registered.operator_for(tx, "ZOE", "root", NOON)
        itself = accounts.registered.instance_operator(tx, "root", NOON)
    assert (acting.id, acting.strength, acting.operator) == (zoe.id, Strength.CERT, "root")
    state = AccountState.ADMINISTRATOR_BLOCKED
    accounts.db.write(lambda tx: accounts.register.set_state(tx, zoe.id, state, NOON))
    with accounts.db.read() as tx:
        assert accounts.login.refreshed(tx, acting, NOON).person.state is state
        assert accounts.login.refreshed(tx, itself, NOON) == itself
