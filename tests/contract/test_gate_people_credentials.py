"""Passwords and app passwords, through the gate, and who is told of their changes."""

from datetime import timedelta

import pytest

from davserver.domain.actions import Strength
from davserver.domain.errors import (
    BadInput,
    NotFound,
    NotSignedIn,
)
from davserver.domain.ids import CredentialId
from davserver.domain.people import Role
from davserver.trail import INSTANCE
from tests.support.accounts import NOON

WORDS = "quatre mots sans lien"
DAY = timedelta(days=1)


def test_a_new_password_ends_the_one_before_and_keeps_app_passwords(office):
    office.add("zoe", password=WORDS)
    device = office.people.add_app_password(office.root, "zoe", "Téléphone", NOON)
    office.sign_in("zoe", WORDS)
    before = office.epoch()
    office.people.set_password(office.root, "zoe", "another four words", NOON)
    assert office.epoch() == before + 1
    with pytest.raises(NotSignedIn):
        office.sign_in("zoe", WORDS)
    assert office.sign_in("zoe", "another four words").strength is Strength.PASSWORD
    assert office.sign_in("zoe", device.text).strength is Strength.APP_PASSWORD


def test_a_weak_password_changes_nothing(office):
    office.add("zoe", password=WORDS)
    for weak in ("short", "", "zoezoezoezoe", "x" * 300):
        with pytest.raises(BadInput, match=r"^password:"):
            office.people.set_password(office.root, "zoe", weak, NOON)
    assert office.sign_in("zoe", WORDS).person.login == "zoe"


def test_an_app_password_has_a_name_an_end_and_may_be_read_only(office):
    office.add("zoe")
    made = office.people.add_app_password(
        office.root, "zoe", " Téléphone ", NOON, read_only=True, until=NOON + DAY
    )
    (listed,) = office.people.app_passwords(office.root, "zoe", NOON)
    assert (listed.id, listed.label, listed.read_only) == (made.id, "Téléphone", True)
    assert (listed.expires, listed.last_used_day) == (NOON + DAY, None)
    assert office.sign_in("zoe", made.text).read_only
    (listed,) = office.people.app_passwords(office.root, "zoe", NOON)
    assert listed.last_used_day == (NOON.date() - NOON.date().replace(1970, 1, 1)).days


def test_an_app_password_that_is_over_before_it_begins_is_refused(office):
    office.add("zoe")
    with pytest.raises(BadInput, match="moment to come"):
        office.people.add_app_password(office.root, "zoe", "Téléphone", NOON, until=NOON)
    assert office.people.app_passwords(office.root, "zoe", NOON) == []


def test_a_revoked_app_password_is_out_stays_listed_and_is_recorded_once(office):
    office.add("zoe")
    made = office.people.add_app_password(office.root, "zoe", "Téléphone", NOON)
    before = office.epoch()
    for _ in range(2):
        office.people.revoke_app_password(office.root, made.id, NOON + DAY)
    assert office.epoch() == before + 1
    with pytest.raises(NotSignedIn):
        office.sign_in("zoe", made.text)
    (listed,) = office.people.app_passwords(office.root, "zoe", NOON)
    assert (listed.label, listed.revoked) == ("Téléphone", NOON + DAY)
    assert office.words()[1:] == ["app-password-add", "app-password-revoke"]


def test_an_app_password_that_is_not_there_is_not_found(office):
    with pytest.raises(NotFound, match="abri app-password list"):
        office.people.revoke_app_password(office.root, CredentialId(bytes(16)), NOON)


def test_its_owner_reads_in_their_own_trail_what_was_done_to_their_account(office):
    office.add("zoe", password=WORDS)
    vault = office.sign_in("zoe", WORDS).vault
    made = office.people.add_app_password(office.root, "zoe", "Téléphone", NOON)
    office.people.set_password(office.root, "zoe", "another four words", NOON)
    office.people.revoke_app_password(office.root, made.id, NOON)
    office.people.disable(office.root, "zoe", NOON)
    told = ["app-password-add", "password", "app-password-revoke", "person-disable"]
    assert office.words(vault) == ["vault-create", *told]
    assert office.words() == ["person-add", *told]
    assert office.is_whole()


def test_the_trail_names_every_row_as_it_is_now(office):
    office.add_structure()
    paul = office.add("paul", Role.PROFESSIONAL, structures=("ccas",), password=WORDS)
    made = office.people.add_app_password(office.root, "paul", "Téléphone", NOON)
    office.people.set_password(office.root, "paul", "another four words", NOON)
    office.people.revoke_app_password(office.root, made.id, NOON)
    office.people.end_membership(office.root, "paul", "ccas", NOON + DAY)
    office.people.disable(office.root, "paul", NOON)
    tables = ("person", "credential", "membership", "structure")
    with office.world.db.read() as tx:
        stamps = office.world.tools.trail.last_stamps(tx, INSTANCE)
        live = {
            (name, row.id): row.row_mac
            for name in tables
            for row in tx.exec_driver_sql(f'SELECT id, row_mac FROM "{name}"')
        }
    assert {key: stamp.hash for key, stamp in stamps.items()} == live
    assert len(live) == 5
    assert ("person", paul.id) in live
