"""What a client certificate says, and which ones can be somebody's."""

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from authn.certificates import certificate_of, person_certificate
from authn.verifiers import certificate_phc, is_app_password, is_certificate
from davserver.domain.errors import BadInput
from davserver.domain.secret import Secret
from tests.support.accounts import NOON, instance_keys
from tests.support.cards import DAY, Issuer, new_key

SECOND = timedelta(seconds=1)


@pytest.fixture(scope="module")
def authority() -> Issuer:
    return Issuer()


def test_a_certificate_is_known_by_its_public_key(authority):
    card = authority.card("Karim Roux", at=NOON)
    found = certificate_of(card.der)
    public = card.certificate.public_key()
    info = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert found is not None
    assert found.key == hashlib.sha256(info).digest()
    assert (found.starts, found.ends, found.name) == (NOON - DAY, NOON + DAY, "Karim Roux")


def test_renewing_a_certificate_keeps_who_it_is_and_another_key_is_another(authority):
    key, keys = new_key(), instance_keys()
    cards = [
        authority.card("Karim", key=key, at=NOON),
        Issuer("another").card("Karim Roux", key=key, at=NOON + DAY),
        authority.card("Karim", at=NOON),
    ]
    old, renewed, other = (certificate_of(card.der).credential(keys) for card in cards)
    assert old == renewed != other
    assert len(old) == 16


def test_who_has_which_key_cannot_be_told_without_the_instances_keys(authority):
    found = certificate_of(authority.card().der)
    assert found.credential(instance_keys()) != found.credential(instance_keys(b"others"))


def test_both_ends_of_its_life_are_included(authority):
    found = certificate_of(authority.card(at=NOON).der)
    inside = [found.starts, NOON, found.ends]
    outside = [found.starts - SECOND, found.ends + SECOND]
    assert [found.holds(at) for at in inside + outside] == [True] * 3 + [False] * 2


@pytest.mark.parametrize(
    "raw", [b"", b"\x30", b"\x30\x82\xff\xff", b"garbage", bytes(2000), b"\xff" * 100]
)
def test_what_is_no_certificate_is_none(authority, raw):
    assert certificate_of(raw) is None
    with pytest.raises(BadInput, match="no certificate that can be read"):
        person_certificate(raw, NOON)


def test_no_cut_or_flipped_certificate_raises(authority):
    der = authority.card(at=NOON).der
    for at in range(0, len(der), 3):
        certificate_of(der[:at])
        certificate_of(der[:at] + bytes([der[at] ^ 0xFF]) + der[at + 1 :])


def test_a_file_may_be_pem_or_der_and_the_first_certificate_counts(authority):
    card = authority.card(at=NOON)
    chain = b"Bag Attributes: none\n" + card.pem + authority.pem
    for raw in (card.pem, card.der, chain):
        assert person_certificate(raw, NOON) == certificate_of(card.der)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"at": NOON - 3 * DAY}, "good until 2026-02-28"),
        ({"ca": True}, "of an authority"),
        ({"purpose": ExtendedKeyUsageOID.SERVER_AUTH}, "not for clients"),
        ({"key": lambda: rsa.generate_private_key(65537, 1024)}, "too weak"),  # noqa: S505
        ({"key": lambda: dsa.generate_private_key(1024)}, "too weak"),  # noqa: S505
        ({"key": lambda: ec.generate_private_key(ec.SECP192R1())}, "too weak"),
    ],
    ids=["over", "authority", "server", "RSA", "DSA", "P-192"],
)
def test_a_certificate_that_could_not_sign_in_is_not_registered(authority, changes, says):
    made = {name: one() if callable(one) else one for name, one in changes.items()}
    with pytest.raises(BadInput, match=says):
        person_certificate(authority.card(**{"at": NOON} | made).pem, NOON)


@pytest.mark.parametrize(
    "made",
    [
        lambda: rsa.generate_private_key(65537, 2048),
        lambda: ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate,
        ed448.Ed448PrivateKey.generate,
    ],
    ids=["RSA 2048", "P-384", "Ed25519", "Ed448"],
)
def test_strong_keys_of_every_kind_are_somebodys(authority, made):
    assert person_certificate(authority.card(key=made(), at=NOON).pem, NOON).name == "Karim Roux"


def test_one_without_a_name_or_that_begins_later_can_be_registered(authority):
    card = authority.card("", at=NOON + 2 * DAY)
    assert person_certificate(card.pem, NOON).name == ""


def test_a_verifier_knows_one_key_and_is_no_app_passwords():
    one, other = hashlib.sha256(b"one").digest(), hashlib.sha256(b"other").digest()
    phc = certificate_phc(one)
    assert phc.startswith("$abri-certificate$v=1$")
    assert is_certificate(phc, one)
    assert not is_certificate(phc, other)
    assert not is_certificate("", one)
    assert not is_app_password(phc, Secret(one[:20]))


def test_the_times_are_utc(authority):
    assert (
        certificate_of(authority.card(at=datetime(2026, 7, 1, tzinfo=UTC)).der).ends.tzinfo is UTC
    )
