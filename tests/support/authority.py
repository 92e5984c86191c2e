"""A certificate authority for tests, made in a moment: it signs what servers and clients show."""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HERE = ("localhost", "127.0.0.1")


@dataclass(frozen=True)
class Pair:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


@dataclass
class Authority:
    """`ca` is the file that whoever trusts it is given."""

    folder: Path
    name: str = "Test authority"
    ca: Path = field(init=False)
    _key: ec.EllipticCurvePrivateKey = field(init=False)
    _issuer: x509.Name = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)])
        self.ca = self.folder / "ca.pem"
        own = (
            _unsigned(self._issuer, self._key, _now() + dt.timedelta(days=1))
            .issuer_name(self._issuer)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.ca.write_bytes(own.public_bytes(serialization.Encoding.PEM))

    def server(
        self, file: str = "server", names: Sequence[str] = HERE, *, expired: bool = False
    ) -> Pair:
        """For a server that is met under these host names and addresses."""
        until = _now() - dt.timedelta(minutes=5) if expired else _now() + dt.timedelta(hours=12)
        return self._signed(file, "Test server", until, [_general_name(name) for name in names])

    def client(self, file: str, name: str) -> Pair:
        """For somebody or something called that."""
        return self._signed(file, name, _now() + dt.timedelta(hours=12), [])

    def _signed(
        self, file: str, name: str, until: dt.datetime, names: list[x509.GeneralName]
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        unsigned = _unsigned(subject, key, until).issuer_name(self._issuer)
        if names:
            unsigned = unsigned.add_extension(x509.SubjectAlternativeName(names), critical=False)
        signed = unsigned.sign(self._key, hashes.SHA256())
        pair = Pair(self.folder / f"{file}.pem", self.folder / f"{file}.key")
        pair.certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
        pair.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return pair


def _unsigned(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, until: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_now() - dt.timedelta(hours=1))
        .not_valid_after(until)
    )


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
