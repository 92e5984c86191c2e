"""Certificates in files, and how long they are good: for doctor and for the page of health."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from davserver.domain.errors import BadInput
from davserver.domain.health import Sighting, Sign

SOON = timedelta(days=30)
"""Before its end, a certificate is to be renewed."""

_LAST_PART = 3


def is_near(one: x509.Certificate, now: datetime, most: timedelta = SOON) -> bool:
    """Whether it ends within `most`, and is in the last third of its life: what lives for days only
    is renewed days before.
    """
    life = one.not_valid_after_utc - one.not_valid_before_utc
    return one.not_valid_after_utc - now < min(most, life / _LAST_PART)


def first_to_end(those: list[x509.Certificate]) -> x509.Certificate:
    return min(those, key=lambda one: one.not_valid_after_utc)


def read_certificate(file: Path) -> x509.Certificate:
    """The server's own certificate: the first in the file. Raises BadInput."""
    return read_certificates(file)[0]


def read_certificates(file: Path) -> list[x509.Certificate]:
    """At least one. Raises BadInput."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise BadInput(f"the certificate {file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise BadInput(f"{file} holds no certificate in PEM") from error


def certificate_seen(one: x509.Certificate, now: datetime) -> Sighting:
    """`moment`: until when it is good."""
    until = one.not_valid_after_utc
    if until <= now:
        return Sighting(Sign.CERTIFICATE_OVER, moment=until)
    if is_near(one, now):
        return Sighting(Sign.CERTIFICATE_SOON, moment=until)
    if one.not_valid_before_utc > now:
        return Sighting(Sign.CERTIFICATE_TO_COME, moment=one.not_valid_before_utc)
    return Sighting(Sign.CERTIFICATE_GOOD, moment=until)


def authorities_seen(those: list[x509.Certificate], now: datetime) -> Sighting:
    """`moment`: when the first of them ends."""
    first = first_to_end(those)
    until = first.not_valid_after_utc
    if until <= now:
        return Sighting(Sign.AUTHORITY_OVER, moment=until)
    return Sighting(
        Sign.AUTHORITY_SOON if is_near(first, now) else Sign.AUTHORITY_GOOD, moment=until
    )
