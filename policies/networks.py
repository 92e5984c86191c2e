"""networks.csv: `prefix, zone`. The longest prefix that holds an address gives its zone."""

from collections.abc import Mapping
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from types import MappingProxyType

from davserver.domain.actions import Zone
from policies.problems import Code, Report, nearest
from policies.sheet import Line

FILE = "networks.csv"
REMEMBERED = 4096
"""Addresses whose zone is kept; the least recently seen one makes room."""

Network = IPv4Network | IPv6Network
_TRUSTED = frozenset({Zone.OFFICE, Zone.VPN})
_WIDEST_TRUSTED = {4: 8, 6: 16}
_PRIVATE_V6 = IPv6Network("fc00::/7")
MAPPED = IPv6Network("::ffff:0:0/96")


class Networks:
    """From an address to its zone. Never changes, and may be asked by many threads."""

    def __init__(self, zones: Mapping[Network, Zone]) -> None:
        self.zones = MappingProxyType(dict(zones))
        self._by_length: dict[tuple[int, int], dict[int, Network]] = {}
        for network in zones:
            shelf = self._by_length.setdefault((network.version, network.prefixlen), {})
            shelf[int(network.network_address)] = network
        self._lengths = sorted(self._by_length, reverse=True)
        self.zone_of = lru_cache(maxsize=REMEMBERED)(self._zone_of)

    def _zone_of(self, address: str | None) -> Zone:
        """`None` is a command on the machine itself: `office`. What is no address is `blocked`,
        what is in no network is `internet`. IPv4 inside IPv6 (::ffff:…) counts as IPv4.
        """
        if address is None:
            return Zone.OFFICE
        parsed = _parsed(address)
        if parsed is None:
            return Zone.BLOCKED
        network = self._longest(parsed)
        return self.zones[network] if network is not None else Zone.INTERNET

    def network_of(self, address: str | None) -> Network | None:
        """The network behind the zone of this address; None when there is none."""
        parsed = _parsed(address) if address is not None else None
        return self._longest(parsed) if parsed is not None else None

    def _longest(self, address: IPv4Address | IPv6Address) -> Network | None:
        value = int(address)
        for version, length in self._lengths:
            if version == address.version:
                spare = address.max_prefixlen - length
                network = self._by_length[version, length].get(value >> spare << spare)
                if network is not None:
                    return network
        return None


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def parse_networks(lines: tuple[Line, ...], report: Report) -> Networks:
    """What the file says, without the lines that are wrong. Problems go to `report`."""
    zones: dict[Network, Zone] = {}
    for line in lines:
        place = (line.number, line.fields[0].column)
        if len(line.fields) != 2:  # noqa: PLR2004 — prefix, zone
            message = f"A network line has 2 fields (prefix, zone), this one {len(line.fields)}."
            report.add(FILE, place, Code.FIELD_COUNT, message)
            continue
        network = _network(line, report)
        zone = _zone(line, report)
        if network in zones:
            message = f"The network {network} stands here twice; keep one line."
            report.add(FILE, place, Code.DUPLICATE_NETWORK, message)
        elif network is not None and zone is not None and _is_narrow(line, network, zone, report):
            zones[network] = zone
    return Networks(zones)


def _network(line: Line, report: Report) -> Network | None:
    text, place = line.fields[0].text, (line.number, line.fields[0].column)
    if "/" not in text:
        message = f"“{text}” has no prefix length; write for instance 192.0.2.0/24 or 192.0.2.7/32."
        report.add(FILE, place, Code.BAD_NETWORK, message)
        return None
    try:
        loose = ip_network(text, strict=False)
    except ValueError:
        report.add(FILE, place, Code.BAD_NETWORK, f"“{text}” is no network.")
        return None
    if str(loose.network_address) != str(ip_address(text.partition("/")[0])):
        message = f"“{text}” names one address inside of a network, not the network."
        report.add(FILE, place, Code.HOST_BITS, message, str(loose))
        return None
    if isinstance(loose, IPv6Network) and loose.subnet_of(MAPPED):
        message = "Write this network as IPv4: addresses of the form ::ffff:… are taken as IPv4."
        report.add(FILE, place, Code.MAPPED_NETWORK, message)
        return None
    return loose


def _zone(line: Line, report: Report) -> Zone | None:
    text = line.fields[1].text
    if text in tuple(Zone):
        return Zone(text)
    message = f"“{text}” is no zone; the zones are {', '.join(Zone)}."
    place = (line.number, line.fields[1].column)
    report.add(FILE, place, Code.UNKNOWN_ZONE, message, nearest(text, Zone))
    return None


def _is_narrow(line: Line, network: Network, zone: Zone, report: Report) -> bool:
    """An office is not half of the internet: most likely a slip in the prefix length."""
    private = isinstance(network, IPv6Network) and network.subnet_of(_PRIVATE_V6)
    least = _WIDEST_TRUSTED[network.version]
    if zone not in _TRUSTED or private or network.prefixlen >= least:
        return True
    message = f"{network} is too wide for the zone {zone}: at least /{least} is asked for."
    report.add(FILE, (line.number, line.fields[0].column), Code.NETWORK_TOO_WIDE, message)
    return False
