"""Whoever can write the database gains nothing: an altered row counts as absent, and an alarm says
so (DESIGN §5.1).
"""

import os
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, insert, select, update

from authn.credentials import Password, password_bytes, shown
from authn.passwords import hash_password
from authn.verifiers import app_password_phc
from davserver.db import tables as t
from davserver.db.authority import COVERED, UNCOVERED
from davserver.db.clock import to_us
from davserver.domain.errors import NotFound, NotSignedIn
from davserver.domain.people import AccountState, Role
from tests.support.accounts import HOME, NOON, Accounts, instance_keys
from tests.support.events import capture_logs

WORDS = "quatre mots sans lien"
AUTHORITY = (t.person, t.credential, t.structure, t.membership)


def alter(accounts: Accounts, table: Table, key: bytes, **values: Any) -> None:
    statement = update(table).where(table.c.id == key).values(**values)
    accounts.db.write(lambda tx: tx.execute(statement))


def row_of(accounts: Accounts, table: Table, key: bytes) -> dict[str, Any]:
    with accounts.db.read() as tx:
        return tx.execute(select(table).where(table.c.id == key)).one()._asdict()


def alarms(logged: list[Any]) -> list[tuple[str, str]]:
    return [(one["event"], one["table"]) for one in logged if one["log_level"] == "error"]


def other(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case None:
            return to_us(NOON) + 1
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value + "x"
        case _:
            return bytes([value[0] ^ 1]) + value[1:]


def test_every_row_that_carries_authority_says_what_its_mac_covers():
    with_mac = {name for name, table in t.metadata.tables.items() if "row_mac" in table.columns}
    assert set(UNCOVERED) == with_mac
    for name, skipped in UNCOVERED.items():
        columns = set(t.metadata.tables[name].columns.keys())
        assert skipped <= columns
        assert set(COVERED[name]) == columns - skipped - {"row_mac"}


@pytest.mark.parametrize(
    ("table", "column"),
    [
        (table.name, column)
        for table in AUTHORITY
        for column in COVERED[table.name]
        # These lead to the row: changed, it is not found at all, or it has a test of its own below.
        if column not in {"id", "person_id", "structure_id", "kind"}
    ],
)
def test_any_altered_column_makes_the_row_absent(accounts, table, column):
    paul = accounts.add("paul", Role.PROFESSIONAL)
    device = accounts.add_app_password(paul, until=NOON + timedelta(days=9))
    structure = accounts.add_structure("ccas")
    membership = accounts.add_membership(paul, structure, NOON - timedelta(days=1), None)
    keys = {
        "person": paul.id,
        "credential": device.id,
        "structure": structure.id,
        "membership": membership.id,
    }
    before = row_of(accounts, t.metadata.tables[table], keys[table])[column]
    alter(accounts, t.metadata.tables[table], keys[table], **{column: other(before)})
    with capture_logs() as logged:
        if table in {"person", "credential"}:
            login = before + "x" if column == "login_key" else "paul"
            with pytest.raises(NotSignedIn):
                accounts.login.sign_in(replace(device, login=login), HOME, NOON)
        else:
            who = accounts.login.sign_in(device, HOME, NOON)
            assert who.memberships == ()
    assert alarms(logged) == [("row-mac-wrong", table)]


def test_a_row_pasted_over_another_is_absent(accounts):
    zoe, mallory = accounts.add("zoe"), accounts.add("mallory")
    mine, theirs = accounts.add_app_password(mallory), accounts.add_app_password(zoe)
    pasted = row_of(accounts, t.credential, mine.id) | {"id": theirs.id}
    del pasted["person_id"]
    alter(accounts, t.credential, theirs.id, **pasted)
    for credential in (theirs, replace(theirs, secret=mine.secret)):
        with pytest.raises(NotSignedIn):
            accounts.login.sign_in(credential, HOME, NOON)


def test_a_credential_given_to_another_person_opens_nothing(accounts):
    zoe, mallory = accounts.add("zoe"), accounts.add("mallory")
    mine = accounts.add_app_password(mallory)
    alter(accounts, t.credential, mine.id, person_id=zoe.id)
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(replace(mine, login="zoe"), HOME, NOON)


def test_an_app_password_cannot_be_turned_into_the_password(accounts):
    device = accounts.add_app_password(accounts.add("zoe"))
    alter(accounts, t.credential, device.id, kind="password")
    typed = Password("zoe", password_bytes(shown(device)))
    with capture_logs() as logged, pytest.raises(NotSignedIn):
        accounts.login.sign_in(typed, HOME, NOON)
    assert alarms(logged) == [("row-mac-wrong", "credential")]


def test_a_membership_moved_to_another_structure_or_person_is_absent(accounts):
    paul, mallory = (accounts.add(one, Role.PROFESSIONAL) for one in ("paul", "mallory"))
    poor, rich = accounts.add_structure("poor"), accounts.add_structure("rich")
    own = accounts.add_membership(mallory, poor, NOON, None)
    device = accounts.add_app_password(mallory)
    alter(accounts, t.membership, own.id, structure_id=rich.id)
    assert accounts.login.sign_in(device, HOME, NOON).memberships == ()
    pauls = accounts.add_membership(paul, rich, NOON, None)
    alter(accounts, t.membership, pauls.id, person_id=mallory.id)
    assert accounts.login.sign_in(device, HOME, NOON).memberships == ()


def test_a_forged_password_hash_opens_nothing_and_raises_an_alarm(accounts):
    zoe = accounts.add("zoe", password=WORDS)
    forged = hash_password(password_bytes("mallory knows this one"), os.urandom)
    with accounts.db.read() as tx:
        row = accounts.registered.password(tx, zoe.id)
    strangers = instance_keys(b"stranger").seal_password_hash(row.id, row.generation, forged)
    typed = Password("zoe", password_bytes("mallory knows this one"))
    for verifier in (forged.encode(), strangers, b""):
        alter(accounts, t.credential, row.id, verifier_ct=verifier)
        with capture_logs() as logged, pytest.raises(NotSignedIn):
            accounts.new_process().sign_in(typed, os.urandom(4).hex(), NOON)
        assert alarms(logged) == [("verifier-altered", "credential")]


def test_the_verifier_of_an_older_generation_opens_nothing(accounts):
    zoe = accounts.add("zoe", password="the words before the change")
    with accounts.db.read() as tx:
        old = accounts.registered.password(tx, zoe.id)
    accounts.set_password(zoe, WORDS)
    alter(accounts, t.credential, old.id, verifier_ct=old.sealed)
    typed = Password("zoe", password_bytes("the words before the change"))
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(typed, HOME, NOON)


def test_the_verifier_of_a_revoked_app_password_is_gone(accounts):
    device = accounts.add_app_password(accounts.add("zoe"))
    accounts.revoke(device)
    alter(accounts, t.credential, device.id, revoked_at=None)
    row = row_of(accounts, t.credential, device.id)
    assert accounts.keys.open_password_hash(device.id, 2, row["verifier_ct"]) == ""
    with pytest.raises(NotSignedIn):
        accounts.login.sign_in(device, HOME, NOON)


def test_a_forged_credential_beside_the_genuine_one_locks_nobody_out(accounts):
    zoe = accounts.add("zoe", password=WORDS)
    with accounts.db.read() as tx:
        genuine = row_of(accounts, t.credential, accounts.registered.password(tx, zoe.id).id)
    for key in (bytes(16), b"\xff" * 16):
        forged = genuine | {"id": key}
        accounts.db.write(lambda tx, forged=forged: tx.execute(insert(t.credential).values(forged)))
    typed = Password("zoe", password_bytes(WORDS))
    assert accounts.login.sign_in(typed, HOME, NOON).id == zoe.id


def test_a_forged_person_is_nowhere_in_the_directory(accounts):
    zoe = accounts.add("zoe", Role.PROFESSIONAL)
    alter(accounts, t.person, zoe.id, role=Role.ADMINISTRATOR.value)
    with accounts.db.read() as tx:
        assert accounts.registered.everybody(tx) == []
        assert accounts.registered.people(tx, {zoe.id}) == {}
        with pytest.raises(NotFound):
            accounts.registered.find_person(tx, "zoe")
    with pytest.raises(NotFound):
        accounts.db.write(
            lambda tx: accounts.register.set_state(tx, zoe.id, AccountState.ACTIVE, NOON)
        )


def test_the_database_holds_no_secret_of_anybody(accounts):
    zoe = accounts.add("zoe", password=WORDS)
    device = accounts.add_app_password(zoe)
    accounts.login.sign_in(Password("zoe", password_bytes(WORDS)), HOME, NOON)
    with accounts.db.read() as tx:
        everything = repr(
            [tx.execute(select(table)).all() for table in t.metadata.tables.values()]
        ).encode()
    phc = app_password_phc(device.secret)
    for secret in (WORDS, "Name of zoe", "Téléphone", "argon2id", phc, "$abri-app-password"):
        assert secret.encode() not in everything
    assert repr(device.secret.reveal()).encode() not in everything
