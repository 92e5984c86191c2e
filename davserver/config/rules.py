"""What must hold between settings, each rule with the setting to blame."""

import ipaddress
from collections.abc import Iterator, Mapping

from davserver.config.directory_settings import DirectorySettings
from davserver.config.settings import Listen, Settings

_SQLITE = "sqlite:///"


def is_loopback(address: str) -> bool:
    """True where only this machine can connect. A name other than localhost is never trusted."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def broken_rules(settings: Settings) -> Iterator[tuple[str, str]]:
    """Pairs of a setting's full name and what to do about it."""
    yield from _about_listen(settings.listen)
    if settings.keys.keyring.resolve().is_relative_to(settings.data.resolve()):
        yield (
            "keys.keyring",
            "the keyring must not lie in the data folder: a copy of that folder would open itself",
        )
    decisions = settings.policy.decisions
    if decisions and decisions.resolve().is_relative_to(settings.data.resolve()):
        yield (
            "policy.decisions",
            "not in the data folder: a copy of that folder would tell what documents are about",
        )
    signers = settings.policy.signers
    if signers and signers.resolve().is_relative_to(settings.policies.resolve()):
        yield (
            "policy.signers",
            "not in the folder of policies: whoever edits that one would choose who signs",
        )
    if settings.locks.usual > settings.locks.longest:
        yield "locks.usual", "a usual lock cannot last longer than locks.longest"
    if settings.serving.computing > settings.serving.threads:
        yield "serving.computing", "no more threads can compute than serving.threads has"
    if settings.database.password_file and settings.database.url.startswith(_SQLITE):
        yield "database.password_file", "SQLite has no password: set it to none"
    yield from _about_directories(settings.directories)


def _about_listen(listen: Listen) -> Iterator[tuple[str, str]]:
    if listen.plain_http and not is_loopback(listen.address):
        yield (
            "listen.plain_http",
            f"with {listen.address} plain HTTP would send passwords over a network: use TLS",
        )
    if listen.plain_http and listen.client_ca is not None:
        yield "listen.client_ca", "plain HTTP has no certificates: set it to none"
    if listen.certificate_header is not None and not listen.proxies:
        yield (
            "listen.certificate_header",
            "without listen.proxies nobody is believed: list the proxy there, or set it to none",
        )


def _about_directories(every: Mapping[str, DirectorySettings]) -> Iterator[tuple[str, str]]:
    domains: dict[str, str] = {}
    plain = None
    for name, one in every.items():
        where = f"directories.{name}"
        for domain in {one.domain.casefold(), (one.netbios or one.domain).casefold()}:
            if domains.setdefault(domain, name) != name:
                yield where, f"“{domain}” belongs to {domains[domain]} already: nobody could tell"
        if one.plain_names and plain is not None:
            yield f"{where}.plain_names", f"{plain} has that already: a name could be of either"
        plain = name if one.plain_names else plain
        if (one.bind_dn is None) != (one.bind_password_file is None):
            yield where, "bind_dn and bind_password_file go together"
        if (one.certificate is None) != (one.key is None):
            yield where, "certificate and key go together"
        if one.bind_dn is None and one.certificate is None:
            yield where, "give bind_dn and bind_password_file, or certificate and key"
