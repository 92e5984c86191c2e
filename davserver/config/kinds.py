"""The kinds of values that a setting may have: how each is written, read and explained."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Generic, TypeVar
from urllib.parse import parse_qs, urlsplit

from davserver.domain.time_zones import time_zones

T = TypeVar("T")
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_SIZES = {
    "B": 1,
    "kB": 10**3,
    "MB": 10**6,
    "GB": 10**9,
    "TB": 10**12,
    "KiB": 2**10,
    "MiB": 2**20,
    "GiB": 2**30,
    "TiB": 2**40,
}
_DURATIONS = {"ms": 0.001, "s": 1, "min": 60, "h": 3600, "d": 86400}
_WITH_UNIT = re.compile(r"(\d+(?:\.\d+)?) ?([A-Za-z]+)")
_SQLITE = "sqlite:///"
_HIGHEST_PORT = 65_535
_HOST_NAME = re.compile(r"(?!-)[A-Za-z0-9.-]{1,253}(?<!-)")
_SHORT_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,63}", re.ASCII)
# Parts of TYPE=VALUE, in which a backslash escapes (RFC 4514).
_DN_PART = r'[A-Za-z][A-Za-z0-9-]*=(?:[^,+;"\\]|\\.)+'
_DN = re.compile(rf"{_DN_PART}(?:[,+] *{_DN_PART})*")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,38}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class Kind(Generic[T]):
    """`right` completes the sentence “this must be …”. `read` raises ValueError on anything else.

    `read` gets what YAML gave and the folder that relative paths start from.
    """

    right: str
    read: Callable[[object, Path], T]


def _text(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value


def _whole(value: object) -> int:
    # True is an int to Python, not to whoever writes a configuration.
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError  # noqa: TRY004 — one exception for “not of this kind”
    return value


def _with_unit(value: object, units: dict[str, int] | dict[str, float]) -> float:
    match = _WITH_UNIT.fullmatch(_text(value).strip())
    if match is None or match[2] not in units:
        raise ValueError
    return float(match[1]) * units[match[2]]


def _yes_or_no(value: object, _: Path) -> bool:
    if not isinstance(value, bool):
        raise ValueError  # noqa: TRY004 — one exception for “not of this kind”
    return value


def _address(value: object, _: Path) -> str:
    text = _text(value)
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if not _HOST_NAME.fullmatch(text):
            raise
        return text


def _networks(value: object, _: Path) -> tuple[Network, ...]:
    if not isinstance(value, list):
        raise ValueError  # noqa: TRY004 — one exception for “not of this kind”
    return tuple(_plain_network(ipaddress.ip_network(_text(one))) for one in value)


def _plain_network(network: Network) -> Network:
    """IPv4 inside of IPv6 as IPv4, as addresses of clients are written everywhere."""
    if isinstance(network, ipaddress.IPv4Network) or not network.subnet_of(_MAPPED):
        return network
    inside = int(network.network_address) - int(_MAPPED.network_address)
    return ipaddress.IPv4Network((inside, network.prefixlen - _MAPPED.prefixlen))


_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


def _database_url(value: object, base: Path) -> str:
    text = _text(value)
    if text.startswith(_SQLITE) and len(text) > len(_SQLITE):
        return f"{_SQLITE}{base / text.removeprefix(_SQLITE)}"
    parts = urlsplit(text)
    secret = parts.password is not None or "password" in parse_qs(parts.query)
    if parts.scheme != "postgresql" or secret or len(parts.path) < len("/x"):
        raise ValueError
    return text


YES_OR_NO = Kind("true or false", _yes_or_no)


def _time_zone(value: object, _: Path) -> str:
    name = _text(value)
    if name not in time_zones():
        raise ValueError
    return name


TIME_ZONE = Kind("a time zone such as Europe/Paris or Indian/Reunion", _time_zone)
TEXT = Kind("a text", lambda value, _: _text(value))
ADDRESS = Kind("an IP address such as 127.0.0.1 or ::1, or a host name", _address)
PATH = Kind("a path", lambda value, base: base / _text(value))
NETWORKS = Kind("a list of addresses or networks such as [10.0.0.5, 10.1.0.0/16]", _networks)
DATABASE_URL = Kind(
    "sqlite:///FILE or postgresql://USER@HOST/NAME, without a password "
    "(put it in a file and name that in password_file)",
    _database_url,
)


def _ldap_servers(value: object, _: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise ValueError
    urls = tuple(_ldap_server(_text(one).strip()) for one in value)
    # StartTLS can get lost where both kinds share a pool (DESIGN §7.2).
    if len({url.partition(":")[0] for url in urls}) != 1:
        raise ValueError
    return urls


def _ldap_server(url: str) -> str:
    parts = urlsplit(url)
    _address(parts.hostname, Path())
    scheme, rest = parts.scheme in {"ldaps", "ldap"}, (parts.path.strip("/"), parts.query)
    if not scheme or any(rest) or parts.username is not None or parts.port == 0:
        raise ValueError
    return url.rstrip("/")


def _short_name(value: object, _: Path) -> str:
    if not isinstance(value, str) or not _SHORT_NAME.fullmatch(value):
        raise ValueError
    return value


def _domain(value: object, base: Path) -> str:
    """As `ccas.example.org`: what follows the @ in the names that people sign in with."""
    text = _address(value, base).lower()
    if not _DOMAIN.fullmatch(text):
        raise ValueError
    return text


def _header(value: object, _: Path) -> str:
    """One that says nothing else to anybody: what a proxy forgets to remove must harm nobody."""
    text = _text(value).strip()
    if not _HEADER.fullmatch(text) or "cert" not in text.lower():
        raise ValueError
    return text


HEADER = Kind("a header name with “cert” in it such as Client-Cert or X-Client-Cert", _header)


def _dn(value: object, _: Path) -> str:
    text = _text(value).strip()
    if not _DN.fullmatch(text):
        raise ValueError
    return text


def _filter(value: object, _: Path) -> str:
    """The brackets alone: what is between them only a directory can judge."""
    text = _text(value).strip()
    if not (text.startswith("(") and text.endswith(")")) or text.count("(") != text.count(")"):
        raise ValueError
    return text


DN = Kind("a DN such as ou=people,dc=example,dc=org", _dn)
FILTER = Kind("an LDAP filter such as (employeeType=agent)", _filter)
LDAP_SERVERS = Kind(
    "a list such as [ldaps://dc1.example.org, ldaps://dc2.example.org], all with ldaps:// "
    "or all with ldap:// (which then begins with StartTLS)",
    _ldap_servers,
)
SHORT_NAME = Kind("lower-case letters, digits and hyphens, at most 32", _short_name)
DOMAIN = Kind("a domain name such as ccas.example.org", _domain)


def words(*allowed: str) -> Kind[tuple[str, ...]]:
    """Several of them, each once."""

    def read(value: object, _: Path) -> tuple[str, ...]:
        if not isinstance(value, list) or any(one not in allowed for one in value):
            raise ValueError
        return tuple(dict.fromkeys(value))

    return Kind(f"a list of {', '.join(allowed)}", read)


def whole(least: int, most: int) -> Kind[int]:
    """Both included."""

    def read(value: object, _: Path) -> int:
        number = _whole(value)
        if not least <= number <= most:
            raise ValueError
        return number

    return Kind(f"a whole number from {least} to {most}", read)


PORT = whole(1, _HIGHEST_PORT)


def one_of(*words: str) -> Kind[str]:
    """As text."""

    def read(value: object, _: Path) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return Kind(" or ".join(words), read)


def size(least: int, most: int) -> Kind[int]:
    """Bytes."""

    def read(value: object, _: Path) -> int:
        number = _with_unit(value, _SIZES)
        if not least <= number <= most or number != int(number):
            raise ValueError
        return int(number)

    return Kind(f"a size such as 600 MB or 64 KiB, from {_sized(least)} to {_sized(most)}", read)


def duration(least: timedelta, most: timedelta) -> Kind[timedelta]:
    """Both included."""

    def read(value: object, _: Path) -> timedelta:
        seconds = _with_unit(value, _DURATIONS)
        # More than a timedelta holds, or than a float: an OverflowError otherwise.
        if seconds > timedelta.max.total_seconds():
            raise ValueError
        span = timedelta(seconds=seconds)
        if not least <= span <= most:
            raise ValueError
        return span

    bounds = f"from {_lasting(least)} to {_lasting(most)}"
    return Kind(f"a duration such as 30 s, 10 min, 24 h or 30 d, {bounds}", read)


def or_word(word: str, kind: Kind[T]) -> Kind[T | None]:
    """`word` stands for None."""

    def read(value: object, base: Path) -> T | None:
        return None if value == word else kind.read(value, base)

    return Kind(f"{kind.right}, or {word}", read)


def _sized(number: int) -> str:
    fitting = [unit for unit, scale in _SIZES.items() if number >= scale and number % scale == 0]
    best = max(fitting, key=lambda unit: _SIZES[unit], default="B")
    return f"{number // _SIZES[best]} {best}"


def _lasting(span: timedelta) -> str:
    seconds = span.total_seconds()
    fitting = [u for u, scale in _DURATIONS.items() if seconds >= scale and seconds % scale == 0]
    best = max(fitting, key=lambda unit: _DURATIONS[unit], default="s")
    return f"{seconds / _DURATIONS[best]:g} {best}"
