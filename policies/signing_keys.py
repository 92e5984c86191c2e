"""The keys of signatures as PEM text, which other programs make and read too."""

import hashlib
import re

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from davserver.domain.errors import BadInput
from davserver.domain.ids import Entropy
from davserver.sealing.keys import drawn

_SEED_BYTES = 32
_PUBLIC = re.compile(rb"-----BEGIN PUBLIC KEY-----\r?\n[^-]*-----END PUBLIC KEY-----")
_REMARK = re.compile(rb"\s*(#.*)?")


def new_key(entropy: Entropy) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(drawn(entropy, _SEED_BYTES))


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key in DER, as `openssl pkey -pubin -outform DER | sha256sum` shows it."""
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()


def private_pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def public_pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_private(pem: bytes) -> Ed25519PrivateKey:
    """Raises BadInput."""
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        raise BadInput("the key has a passphrase; Abri reads one without") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput("this is no private key in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise BadInput("this is a key of another kind than Ed25519")
    return key


def read_public(pem: bytes) -> tuple[Ed25519PublicKey, ...]:
    """All keys of a file, with lines of remarks (`#`) between them: at least one, and nothing that
    looks like a key and is none. Raises BadInput.
    """
    if not all(_REMARK.fullmatch(line) for line in _PUBLIC.sub(b"", pem).splitlines()):
        raise BadInput("there must be nothing in it but public keys in PEM and lines with #")
    keys = tuple(_public(one) for one in _PUBLIC.findall(pem))
    if not keys:
        raise BadInput("there is no public key in it")
    return keys


def _public(pem: bytes) -> Ed25519PublicKey:
    try:
        key = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise BadInput("one of the public keys is damaged") from None
    if not isinstance(key, Ed25519PublicKey):
        raise BadInput("one of the public keys is of another kind than Ed25519")
    return key
