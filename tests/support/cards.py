"""People's certificates, of every age and kind, and whoever signs them, as a structure would."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = dt.timedelta(days=1)
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Card:
    """A certificate with its key, as on somebody's card or device."""

    certificate: x509.Certificate
    private: PrivateKeyTypes

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(_PEM)

    def written(self, folder: Path, name: str = "card") -> tuple[Path, Path]:
        """The files of certificate and key."""
        files = folder / f"{name}.crt", folder / f"{name}.key"
        files[0].write_bytes(self.pem)
        files[1].write_bytes(
            self.private.private_bytes(
                _PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@dataclass(frozen=True)
class Issuer:
    """Its own certificate is in `pem`."""

    name: str = "CCAS de Lyon"
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    @property
    def pem(self) -> bytes:
        return self.card(self.name, key=self.key, ca=True, life=(-3650 * DAY, 3650 * DAY)).pem

    def file(self, folder: Path) -> Path:
        path = folder / "authority.pem"
        path.write_bytes(self.pem)
        return path

    def card(
        self,
        name: str = "Karim Roux",
        *,
        key: PrivateKeyTypes | None = None,
        life: tuple[dt.timedelta, dt.timedelta] = (-DAY, DAY),
        at: dt.datetime | None = None,
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
        ca: bool = False,
    ) -> Card:
        """Good from and until `life` around `at` (else now)."""
        at = at or dt.datetime.now(dt.UTC)
        private = key or new_key()
        builder = (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(private.public_key())  # type: ignore[arg-type]
            .serial_number(x509.random_serial_number())
            .not_valid_before(at + life[0])
            .not_valid_after(at + life[1])
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        if not ca:
            usage = x509.ExtendedKeyUsage([purpose])
            builder = builder.add_extension(usage, critical=False)
        return Card(builder.sign(self.key, hashes.SHA256()), private)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)] if name else [])
