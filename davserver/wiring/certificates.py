"""Certificates in files, and how long they are good: for doctor and for the page of health."""

from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from davserver.domain.errors import BadInput
from davserver.domain.health import Sighting, Sign

SOON = timedelta(days=30)


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
    if until - now < SOON:
        return Sighting(Sign.CERTIFICATE_SOON, moment=until)
    if one.not_valid_before_utc > now:
        return Sighting(Sign.CERTIFICATE_TO_COME, moment=one.not_valid_before_utc)
    return Sighting(Sign.CERTIFICATE_GOOD, moment=until)


def authorities_seen(those: list[x509.Certificate], now: datetime) -> Sighting:
    """`moment`: when the first of them ends."""
    until = min(one.not_valid_after_utc for one in those)
    if until <= now:
        return Sighting(Sign.AUTHORITY_OVER, moment=until)
    return Sighting(
        Sign.AUTHORITY_SOON if until - now < SOON else Sign.AUTHORITY_GOOD, moment=until
    )
