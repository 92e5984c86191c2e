"""Client certificates, through the gate: whose they are, and who is told."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from davserver.db import tables as t
from davserver.db.clock import to_us
from davserver.domain.actions import Strength
from davserver.domain.errors import AlreadyThere, BadInput, NotFound, NotSignedIn
from davserver.domain.ids import CredentialId
from davserver.domain.people import Role
from davserver.gate.people.people import CertificateToAdd
from davserver.trail import INSTANCE
from tests.support.accounts import HOME, NOON
from tests.support.cards import DAY, Issuer, new_key

WORDS = "quatre mots sans lien"


@pytest.fixture(scope="module")
def authority() -> Issuer:
    return Issuer()


def add(office, login, card, **more):
    device = CertificateToAdd(**more)
    return office.people.add_certificate(office.root, login, card.pem, NOON, device)


def shown(office, card, now=NOON):
    return office.world.tools.login.sign_in(None, HOME, now, certificate=card.der)


def test_a_certificate_has_a_name_an_end_and_may_be_read_only(office, authority):
    office.add("zoe")
    card, other = authority.card("Zoé Petit", at=NOON), authority.card(at=NOON)
    first = add(office, "zoe", card)
    second = add(office, "ZOE", other, name=" Badge ", read_only=True, until=NOON + DAY / 2)
    listed = office.people.certificates(office.root, "zoe", NOON)
    assert {(one.id, one.label, one.read_only, one.expires) for one in listed} == {
        (first, "Zoé Petit", False, None),
        (second, "Badge", True, NOON + DAY / 2),
    }
    assert office.people.app_passwords(office.root, "zoe", NOON) == []
    assert set(office.people.show(office.root, "zoe", NOON).certificates) == set(listed)
    assert (shown(office, card).strength, shown(office, other).read_only) == (Strength.CERT, True)
    with pytest.raises(NotSignedIn):
        shown(office, other, NOON + DAY / 2)


@pytest.mark.parametrize(
    ("name", "more", "says"),
    [
        ("Zoé", {"until": NOON}, "moment to come"),
        ("Zoé", {"name": " "}, "certificate name: it is empty"),
        ("", {}, "certificate name: it is empty"),
        ("Zoé\u202e", {}, "cannot be seen"),
    ],
)
def test_what_cannot_be_registered_changes_nothing(office, authority, name, more, says):
    office.add("zoe")
    with pytest.raises(BadInput, match=says):
        add(office, "zoe", authority.card(name, at=NOON), **more)
    assert office.people.certificates(office.root, "zoe", NOON) == []


def test_a_key_is_one_persons_and_stays_out_once_it_was_taken_back(office, authority):
    office.add("zoe")
    office.add("paul")
    key = new_key()
    made = add(office, "zoe", authority.card(key=key, at=NOON))
    renewed = authority.card("another name", key=key, at=NOON)
    for login in ("paul", "zoe"):
        with pytest.raises(AlreadyThere, match="registered already"):
            add(office, login, renewed)
    office.people.revoke_certificate(office.root, made, NOON)
    with pytest.raises(AlreadyThere, match="taken back"):
        add(office, "zoe", renewed)
    with pytest.raises(NotSignedIn):
        shown(office, renewed)


def test_a_revoked_one_is_out_stays_listed_and_is_recorded_once(office, authority):
    office.add("zoe", password=WORDS)
    vault = office.sign_in("zoe", WORDS).vault
    card = authority.card("Zoé", at=NOON)
    made = add(office, "zoe", card)
    shown(office, card)
    before = office.epoch()
    for _ in range(2):
        office.people.revoke_certificate(office.root, made, NOON + timedelta(hours=1))
    assert office.epoch() == before + 1
    with pytest.raises(NotSignedIn):
        shown(office, card)
    (listed,) = office.people.certificates(office.root, "zoe", NOON)
    assert (listed.label, listed.revoked) == ("Zoé", NOON + timedelta(hours=1))
    told = ["certificate-add", "certificate-revoke"]
    assert office.words()[1:] == told
    assert office.words(vault)[1:] == told
    assert {entry.details["credential"] for entry in office.trail()[1:]} == {made.hex()}
    assert office.is_whole()


def test_whose_changes_are_paused_stands_still_with_a_certificate_too(office, authority):
    office.add("zoe", password=WORDS)
    paul = office.add("paul", Role.PROFESSIONAL)
    card = authority.card(at=NOON)
    add(office, "paul", card)
    vault, noon = office.sign_in("zoe", WORDS).vault, to_us(NOON)
    row = {"person_id": paul.id, "vault_id": vault, "opened_at": noon, "count": 51}
    pause = insert(t.pace).values(row | {"paused_at": noon})
    office.world.db.write(lambda tx: tx.execute(pause))
    assert shown(office, card).paused == {vault}


def test_app_passwords_and_certificates_are_not_mistaken_for_each_other(office, authority):
    office.add("zoe")
    made = add(office, "zoe", authority.card(at=NOON))
    device = office.people.add_app_password(office.root, "zoe", "Téléphone", NOON)
    with pytest.raises(NotFound, match="abri client-certificate list"):
        office.people.revoke_certificate(office.root, device.id, NOON)
    with pytest.raises(NotFound, match="abri app-password list"):
        office.people.revoke_app_password(office.root, made, NOON)
    with pytest.raises(NotFound):
        office.people.revoke_certificate(office.root, CredentialId(bytes(16)), NOON)


def test_what_somebody_does_by_it_stands_in_the_trail_as_such(office, authority):
    office.add("zoe")
    card = authority.card(at=NOON)
    made = add(office, "zoe", card)
    office.people.revoke_certificate(shown(office, card), made, NOON)
    with office.world.db.read() as tx:
        *_, last = office.world.tools.trail.entries(
            tx, INSTANCE, limit=9, names=lambda _: {}, full=True
        )
    assert (last.what, last.details["strength"]) == ("certificate-revoke", "cert")
    assert last.details["credential"] == made.hex()
