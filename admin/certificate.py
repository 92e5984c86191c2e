"""The certificate of a machine that serves only itself: one leaf, and no authority behind it.

Nobody else can be sure of such a certificate, so it is refused for any address that others reach
(DESIGN §5.8).
"""

import os
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from davserver.config import is_loopback
from davserver.domain.errors import BadInput

LIFE = timedelta(days=397)
"""What current browsers accept at most."""

_NAMES = ("localhost",)
_ADDRESSES = ("127.0.0.1", "::1")
_CLOCK_SKEW = timedelta(hours=1)


def make_certificate(certificate: Path, key: Path, address: str, now: datetime) -> None:
    """Writes a fresh P-256 key (0600) and its own certificate for localhost, 127.0.0.1 and ::1.

    Raises BadInput for an address that others can reach; FileExistsError rather than replace one.
    """
    if not is_loopback(address):
        raise BadInput(
            f"a self-made certificate is for this machine only, and {address} is reached by "
            "others: get a certificate for its name, and set listen.certificate and listen.key"
        )
    private = ec.generate_private_key(ec.SECP256R1())
    made = _self_signed(private, address, now)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    _write_new(key, pem, 0o600)
    _write_new(certificate, made.public_bytes(serialization.Encoding.PEM), 0o644)


def _self_signed(
    private: ec.EllipticCurvePrivateKey, address: str, now: datetime
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Abri on this machine")])
    addresses = dict.fromkeys([*_ADDRESSES, *([] if address in _NAMES else [address])])
    alternatives = [
        *(x509.DNSName(one) for one in _NAMES),
        *(x509.IPAddress(ip_address(one)) for one in addresses),
    ]
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + LIFE)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        # Not an authority: whoever steals the key can be this machine, and nobody else.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(private.public_key()), critical=False
        )
        .sign(private, hashes.SHA256())
    )


def _write_new(file: Path, raw: bytes, mode: int) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(handle, "wb") as opened:
        opened.write(raw)
        opened.flush()
        os.fsync(opened.fileno())
