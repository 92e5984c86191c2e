"""Whether a server can be reached: its name, its port, its certificate, the service account."""

import socket
import ssl
import time
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from authn.ldap.answers import Code, LinkLost, Question, Scope
from authn.ldap.channel import Address, Trust, resolved
from authn.ldap.link import PORTS, Link, Patience
from authn.ldap.pool import Service
from authn.ldap.steps import Looked, Step, Verdict
from davserver.config.directory_settings import DirectorySettings

_SOON = timedelta(days=21)
# What OpenSSL says of a certificate, and what that means here (X509_verify_cert_error_string).
_CERTIFICATES = {
    "mismatch": (
        "The server's certificate is for another name than {host}.",
        "Write the name that the certificate has into `servers`.",
    ),
    "not valid for": (
        "The server's certificate is for another name than {host}.",
        "Write the name that the certificate has into `servers`.",
    ),
    "has expired": (
        "The server's certificate has expired.",
        "Have the directory's administrators renew it: nothing in Abri can be set for that.",
    ),
    "self-signed": (
        "Nobody whom Abri trusts has signed the server's certificate.",
        "Set `ca` to a PEM file with the certificate of whoever signed it.",
    ),
    "unable to get": (
        "Nobody whom Abri trusts has signed the server's certificate.",
        "Set `ca` to a PEM file with the certificate of whoever signed it.",
    ),
    "CERTIFICATE_REQUIRED": (
        "The server wants to see a certificate of Abri's.",
        "Set `certificate` and `key`.",
    ),
    "PROTOCOL_VERSION": (
        "The server speaks only versions of TLS that are no longer safe.",
        "Have the directory's administrators switch TLS 1.2 on.",
    ),
    "startTLS failed": (
        "The server does not begin TLS when it is asked to.",
        "Have TLS set up on the server, or use ldaps:// in `servers`.",
    ),
}
_UNKNOWN_TLS = ("TLS does not come about with {host}: {error}.", "Check `servers` and `ca`.")


def reach(
    url: str, settings: DirectorySettings, now: Callable[[], datetime]
) -> Generator[Step, None, Link | None]:
    """Ends with a connection that is signed in, or with None and a step that is wrong."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    seconds = settings.connecting.total_seconds()
    try:
        addresses = resolved(host, port, seconds)
    except OSError as error:
        yield _wrong(
            Looked.ADDRESS, f"The name {host} is not known here: {error}.",
            "Correct the name in `servers`, or this machine's name service.",
        )  # fmt: skip
        return None
    yield Step(Looked.ADDRESS, Verdict.GOOD, f"{host} is {_listed(addresses)}.")
    refused = _knock(addresses, seconds)
    if refused is not None:
        yield _wrong(
            Looked.CONNECTION, f"Nobody answers at {host}, port {port}: {refused}.",
            "Correct `servers`, or let a firewall pass this machine to that port.",
        )  # fmt: skip
        return None
    yield Step(Looked.CONNECTION, Verdict.GOOD, f"{host} answers at port {port}.")
    link = yield from _private(url, host, settings, now)
    if link is None:
        return None
    return (yield from _signed_in(link, settings))


def _knock(addresses: list[Address], seconds: float) -> OSError | None:
    """The last refusal; None as soon as one address answers."""
    last: OSError | None = None
    until = time.monotonic() + seconds
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        with socket.socket(family, kind, protocol) as knocking:
            left = max(until - time.monotonic(), 0.001)
            knocking.settimeout(left / (len(addresses) - number))
            try:
                knocking.connect(address)
            except OSError as error:
                last = error
            else:
                return None
    return last


def _private(
    url: str, host: str, settings: DirectorySettings, now: Callable[[], datetime]
) -> Generator[Step, None, Link | None]:
    trust = Trust(settings.ca, settings.certificate, settings.key)
    patience = Patience(settings.connecting.total_seconds(), settings.answering.total_seconds())
    try:
        link = Link(url, trust, patience)
    except LinkLost as error:
        says, change = next(
            (told for sign, told in _CERTIFICATES.items() if sign in str(error)), _UNKNOWN_TLS
        )
        yield _wrong(Looked.CERTIFICATE, says.format(host=host, error=error), change)
        return None
    yield _lasting(link, host, now())
    return link


def _lasting(link: Link, host: str, now: datetime) -> Step:
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(link.certificate()["notAfter"]), UTC)
    says = f"The certificate of {host} is good until {ends:%Y-%m-%d}."
    if ends - now > _SOON:
        return Step(Looked.CERTIFICATE, Verdict.GOOD, says)
    return Step(
        Looked.CERTIFICATE, Verdict.DOUBTFUL, says,
        "Have the directory's administrators renew it: nobody signs in once it has expired.",
    )  # fmt: skip


def _signed_in(link: Link, settings: DirectorySettings) -> Generator[Step, None, Link | None]:
    if settings.bind_dn is None or settings.bind_password_file is None:
        return (yield from _by_certificate(link))
    service = Service(settings.bind_dn, settings.bind_password_file)
    try:
        answer = link.bind(service.dn, service.password())
    except LinkLost as error:
        yield _wrong(Looked.SIGN_IN, f"The sign-in broke off: {error}.", "Try again later.")
        link.close()
        return None
    if answer.code != Code.SUCCESS:
        yield _wrong(
            Looked.SIGN_IN,
            f"The server refuses the service account {service.dn}: {answer.what}.",
            "Correct `bind_dn`, or the password in the file that `bind_password_file` names.",
        )
        link.close()
        return None
    yield Step(Looked.SIGN_IN, Verdict.GOOD, f"The service account {service.dn} signs in.")
    return link


def _by_certificate(link: Link) -> Generator[Step, None, Link | None]:
    try:
        # Since TLS 1.3 a certificate is refused only after the connection stands.
        link.ask(Question("", "(objectClass=*)", scope=Scope.BASE))
    except LinkLost as error:
        yield _wrong(
            Looked.SIGN_IN,
            f"The server breaks off once it has seen Abri's certificate: {error}.",
            "Set `certificate` and `key` to those that the directory's administrators gave.",
        )
        link.close()
        return None
    yield Step(Looked.SIGN_IN, Verdict.GOOD, "Abri's certificate is accepted.")
    return link


def _wrong(looked: Looked, says: str, change: str) -> Step:
    return Step(looked, Verdict.WRONG, says, change)


def _listed(addresses: list[Address]) -> str:
    return ", ".join(dict.fromkeys(str(one[4][0]) for one in addresses))
