"""Reading client certificates. X.509 is 4 MiB in each worker: imported where one is shown."""

import hashlib
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from authn.known_key import Certificate
from davserver.domain.errors import BadInput

LONGEST = 64 * 1024
"""Bytes. No certificate of a person is near that."""

_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension)
_SHORTEST_RSA = 2048
_SHORTEST_CURVE = 256
_FOR_CLIENTS = {ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE}


def certificate_of(der: bytes) -> Certificate | None:
    """What a request brought. None for anything that cannot be read."""
    try:
        return _understood(x509.load_der_x509_certificate(der))
    except _UNREADABLE:
        return None


def person_certificate(raw: bytes, now: datetime) -> Certificate:
    """The first certificate of a file, PEM or DER, if it can be somebody's. Raises BadInput."""
    try:
        one = _loaded(raw)
        found = _understood(one)
        _require_strong(one)
        _require_for_people(one)
    except _UNREADABLE as error:
        raise BadInput("the file holds no certificate that can be read, in PEM or DER") from error
    if found.ends < now:
        raise BadInput(f"the certificate was good until {found.ends:%Y-%m-%d}: renew it first")
    return found


def _loaded(raw: bytes) -> x509.Certificate:
    if len(raw) > LONGEST:
        raise ValueError
    if b"-----BEGIN" in raw:
        return x509.load_pem_x509_certificate(raw)
    return x509.load_der_x509_certificate(raw)


def _understood(one: x509.Certificate) -> Certificate:
    public = one.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    names = one.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Certificate(
        key=hashlib.sha256(public).digest(),
        starts=one.not_valid_before_utc,
        ends=one.not_valid_after_utc,
        name=str(names[0].value) if names else "",
    )


def _require_strong(one: x509.Certificate) -> None:
    match one.public_key():
        case RSAPublicKey(key_size=bits) if bits >= _SHORTEST_RSA:
            return
        case EllipticCurvePublicKey(key_size=bits) if bits >= _SHORTEST_CURVE:
            return
        case Ed25519PublicKey() | Ed448PublicKey():
            return
        case _:
            raise BadInput(
                f"the key of the certificate is too weak: use RSA of {_SHORTEST_RSA} bits or "
                "more, P-256 or a larger curve, or Ed25519"
            )


def _require_for_people(one: x509.Certificate) -> None:
    """Refused here, because TLS would refuse it at each sign-in (RFC 5280 §4.2.1.9, §4.2.1.12)."""
    for extension in one.extensions:
        match extension.value:
            case x509.BasicConstraints(ca=True):
                raise BadInput("this is the certificate of an authority, not of a person")
            case x509.ExtendedKeyUsage() as usage if not _FOR_CLIENTS & set(usage):
                raise BadInput("this certificate is not for clients (clientAuth) but for others")
