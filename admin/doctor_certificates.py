"""What `abri doctor` asks of certificates: until when they are good, and whether their key fits."""

import stat
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)

from admin.output import local
from davserver.config import Settings, is_loopback
from davserver.domain.health import Sign, State
from davserver.wiring.certificates import (
    authorities_seen,
    certificate_seen,
    read_certificate,
    read_certificates,
)

_OF_CERTIFICATE: dict[Sign, str] = {
    Sign.CERTIFICATE_GOOD: "",
    Sign.CERTIFICATE_SOON: ": put the next one there soon",
    Sign.CERTIFICATE_OVER: ": it is over; put the next one there",
}
_PUBLIC = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def certificate(settings: Settings, now: datetime) -> Iterator[tuple[State, str]]:
    listen = settings.listen
    if listen.plain_http:
        yield State.WELL, "not used: plain HTTP on a loopback address"
        return
    one = read_certificate(listen.certificate)
    seen = certificate_seen(one, now)
    if seen.sign is Sign.CERTIFICATE_TO_COME:
        yield seen.state, f"{listen.certificate} is not valid yet: is the clock right?"
    else:
        says = f"{listen.certificate} is good until {local(seen.moment)}"
        how = " (`abri certificate renew`)" if is_loopback(listen.address) else ""
        renew = _OF_CERTIFICATE[seen.sign]
        yield seen.state, f"{says}{renew}{how if renew else ''}"
    yield from _private_key(listen.key, one.public_key().public_bytes(*_PUBLIC))


def client_ca(settings: Settings, now: datetime) -> Iterator[tuple[State, str]]:
    file = settings.listen.client_ca
    if file is None:
        yield State.WELL, "not used: nobody is asked for a certificate"
        return
    seen = authorities_seen(read_certificates(file), now)
    says = f"{file} is good until {local(seen.moment)}"
    if seen.sign is Sign.AUTHORITY_OVER:
        says += ": one of its authorities is over, with all that it signed"
    yield seen.state, says


def _private_key(file: Path, expected: bytes) -> Iterator[tuple[State, str]]:
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        yield State.PROBLEM, f"{file} cannot be read as a private key without passphrase"
        return
    if key.public_key().public_bytes(*_PUBLIC) != expected:
        yield State.PROBLEM, f"{file} is not the key of the certificate"
    elif stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield State.PROBLEM, f"others can read {file}. Run: chmod 600 {file}"
    else:
        yield State.WELL, f"{file} fits, and is for this account alone"
