"""Who asks, through listed proxies. A proxy that the operator lists is believed about its client,
nobody else is; where what it says cannot be understood, the client is nobody's neighbour.

`Forwarded` is RFC 7239. `X-Forwarded-For` has no standard: addresses with commas between them,
some with a port.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

from davserver.config import Listen

UNKNOWN = "unknown"
"""In place of an address that cannot be told. It is in no network, and its zone is `blocked`."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end, and whether others on the way could read along."""

    address: str
    private: bool


@dataclass(frozen=True, slots=True)
class Said:
    """The header fields in which proxies name their client. None: not sent."""

    forwarded: str | None
    x_forwarded_for: str | None
    x_forwarded_proto: str | None


@dataclass(frozen=True, slots=True)
class Hop:
    """One machine of the way; `address` is None where it is hidden, unknown or unreadable."""

    address: str | None
    proto: str | None = None


_Address = IPv4Address | IPv6Address


def peer(remote: str, *, private: bool, listen: Listen, said: Said) -> Peer:
    """`remote` is the other end of the connection, `private` whether that is TLS or needs none."""
    if not is_listed(remote, listen):
        return direct(remote, private)
    clients = [_client(hops, listen) for hops in _ways(said)]
    protos = [one.proto for one in clients if one.proto is not None]
    if said.x_forwarded_proto is not None:
        protos.append(said.x_forwarded_proto.rpartition(",")[2].strip().lower())
    return Peer(
        _agreed([one.address for one in clients]) if clients else _plain(remote) or UNKNOWN,
        all(proto == "https" for proto in protos) if protos else private,
    )


@lru_cache(1024)
def direct(remote: str, private: bool) -> Peer:  # noqa: FBT001 — as one key of what is remembered
    """Who asks without a listed proxy between."""
    return Peer(_plain(remote) or UNKNOWN, private)


def _ways(said: Said) -> list[list[Hop]]:
    ways = []
    if said.forwarded is not None:
        ways.append(parse_forwarded(said.forwarded))
    if said.x_forwarded_for is not None:
        ways.append(parse_x_forwarded_for(said.x_forwarded_for))
    return ways


def _client(hops: list[Hop], listen: Listen) -> Hop:
    """The last hop that no listed proxy is: whatever stands before it could be invented. Where all
    are listed, the first of them asks for itself.
    """
    for hop in reversed(hops):
        if hop.address is None or not is_listed(hop.address, listen):
            return hop
    return hops[0] if hops else Hop(None)


def _agreed(addresses: list[str | None]) -> str:
    """Two fields that name two clients: one of them came through from a stranger."""
    first, *others = addresses
    return first if first is not None and all(one == first for one in others) else UNKNOWN


def is_listed(address: str, listen: Listen) -> bool:
    """Whether that is a proxy which the operator lists."""
    plain = _plain(address) if listen.proxies else None
    return plain is not None and any(ip_address(plain) in one for one in listen.proxies)


def _plain(address: str) -> str | None:
    """One spelling of each address, IPv4 inside of IPv6 as IPv4. None for what is no address."""
    try:
        parsed: _Address = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)


# ── the two fields ──────────────────────────────────────────────────────────────────────────────

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 — of RFC 9110 §5.6.2
_QUOTED = r'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_PAIR = re.compile(rf"[ \t]*(?:({_TOKEN})=({_TOKEN}|{_QUOTED}))?[ \t]*([;,]|\Z)")
_PORT = r"(?::(?:[0-9]{1,5}|_[A-Za-z0-9._-]+))?"
_NODE = re.compile(rf"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+)){_PORT}")
_BARE_V6 = re.compile(r"[0-9A-Fa-f:.]+")


def parse_forwarded(field: str) -> list[Hop]:
    """RFC 7239 §4, several lines of it joined. A field that breaks its grammar is one unknown hop:
    a quotation mark that is never closed could have swallowed the true end.
    """
    hops: list[Hop] = []
    pairs: dict[str, str] = {}
    at, end = 0, ";"
    while end:
        found = _PAIR.match(field, at)
        if found is None or (found[1] or "").lower() in pairs:
            return [Hop(None)]
        if found[1]:
            pairs[found[1].lower()] = _unquoted(found[2])
        at, end = found.end(), found[3]
        if end != ";" and pairs:
            hops.append(Hop(_of_node(pairs.get("for", "")), _lower(pairs.get("proto"))))
            pairs = {}
    return hops


def parse_x_forwarded_for(field: str) -> list[Hop]:
    words = [word.strip(" \t") for word in field.split(",")]
    return [Hop(_of_word(word)) for word in words if word]


def _of_node(node: str) -> str | None:
    """RFC 7239 §6: IPv6 in brackets; `unknown` and `_hidden` are no addresses."""
    found = _NODE.fullmatch(node)
    if found is None:
        return None
    address = _plain(found[1] or found[2])
    # [192.0.2.1] is none, and neither is a bracket around anything else than IPv6.
    return address if found[2] or ":" in found[1] else None


def _of_word(word: str) -> str | None:
    return _plain(word) if _BARE_V6.fullmatch(word) and word.count(":") > 1 else _of_node(word)


def _unquoted(value: str) -> str:
    return re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value


def _lower(word: str | None) -> str | None:
    return None if word is None else word.lower()
