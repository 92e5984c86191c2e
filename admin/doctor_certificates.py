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
from admin.speaking import N_, _
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
    Sign.CERTIFICATE_SOON: N_(": put the next one there soon"),
    Sign.CERTIFICATE_OVER: N_(": it is over; put the next one there"),
}
_PUBLIC = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def certificate(settings: Settings, now: datetime) -> Iterator[tuple[State, str]]:
    listen = settings.listen
    if listen.plain_http:
        yield State.WELL, _("not used: plain HTTP on a loopback address")
        return
    one = read_certificate(listen.certificate)
    seen = certificate_seen(one, now)
    if seen.sign is Sign.CERTIFICATE_TO_COME:
        yield (
            seen.state,
            _(
                "%(certificate)s is not valid yet: is the clock right?",
                certificate=listen.certificate,
            ),
        )
    else:
        says = _(
            "%(certificate)s is good until %(moment)s",
            certificate=listen.certificate,
            moment=local(seen.moment),
        )
        how = _(" (`abri certificate renew`)") if is_loopback(listen.address) else ""
        renew = _OF_CERTIFICATE[seen.sign]
        yield seen.state, f"{says}{renew}{how if renew else ''}"
    yield from _private_key(listen.key, one.public_key().public_bytes(*_PUBLIC))


def client_ca(settings: Settings, now: datetime) -> Iterator[tuple[State, str]]:
    file = settings.listen.client_ca
    if file is None:
        yield State.WELL, _("not used: nobody is asked for a certificate")
        return
    seen = authorities_seen(read_certificates(file), now)
    says = _("%(file)s is good until %(moment)s", file=file, moment=local(seen.moment))
    if seen.sign is Sign.AUTHORITY_OVER:
        says += _(": one of its authorities is over, with all that it signed")
    yield seen.state, says


def _private_key(file: Path, expected: bytes) -> Iterator[tuple[State, str]]:
    try:
        key = load_pem_private_key(file.read_bytes(), None)
    except (OSError, ValueError, TypeError):
        yield (
            State.PROBLEM,
            _("%(file)s cannot be read as a private key without passphrase", file=file),
        )
        return
    if key.public_key().public_bytes(*_PUBLIC) != expected:
        yield State.PROBLEM, _("%(file)s is not the key of the certificate", file=file)
    elif stat.S_IMODE(file.stat().st_mode) & 0o077:
        yield State.PROBLEM, _("others can read %(file)s. Run: chmod 600 %(file)s", file=file)
    else:
        yield State.WELL, _("%(file)s fits, and is for this account alone", file=file)
