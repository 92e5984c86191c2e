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
_WIDEST_TRUSTED = {4: 16, 6: 32}
_PRIVATE: tuple[Network, ...] = (
    IPv4Network("10.0.0.0/8"),
    IPv4Network("127.0.0.0/8"),
    IPv4Network("172.16.0.0/12"),
    IPv4Network("192.168.0.0/16"),
    IPv6Network("fc00::/7"),
)
"""RFC 1918 §3, RFC 4193 §3.1 and the machine itself: no address of the internet is in them."""
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

    def around(self, network: Network) -> Network | None:
        """The network that holds this one next: the longest of the shorter prefixes."""
        return self._longest(network.network_address, network.prefixlen)

    def _longest(
        self, address: IPv4Address | IPv6Address, shorter_than: int = 129
    ) -> Network | None:
        value = int(address)
        for version, length in self._lengths:
            if version == address.version and length < shorter_than:
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
    places: dict[Network, tuple[int, int]] = {}
    for line in lines:
        if report.is_full(FILE):
            break
        if len(line.fields) != 2:  # noqa: PLR2004 — prefix, zone
            message = f"A network line has 2 fields (prefix, zone), this one {len(line.fields)}."
            report.add(FILE, (line.number, line.fields[0].column), Code.FIELD_COUNT, message)
            continue
        zone = _zone(line, report)
        network = _network(line, zone, report)
        if network is None or zone is None:
            continue
        if network in zones:
            _tell_twice(line, network, zone, (zones[network], places[network][0]), report)
        else:
            zones[network], places[network] = zone, (line.number, line.fields[0].column)
    found = Networks(zones)
    _check_each_changes_something(found, places, report)
    return found


def _tell_twice(
    line: Line, network: Network, zone: Zone, before: tuple[Zone, int], report: Report
) -> None:
    """The longest prefix wins, but of two that are equal nobody could say which."""
    message = f"The network {network} stands in line {before[1]} already; keep one of the two."
    if zone is not before[0]:
        message = (
            f"The network {network} is {before[0]} in line {before[1]} and {zone} here; it can be"
            " only one of them."
        )
    report.add(FILE, (line.number, line.fields[0].column), Code.DUPLICATE_NETWORK, message)


def _check_each_changes_something(
    networks: Networks, places: Mapping[Network, tuple[int, int]], report: Report
) -> None:
    """A network within another one of the same zone, mostly a line that somebody forgot."""
    for network, zone in networks.zones.items():
        around = networks.around(network)
        if around is None and zone is Zone.INTERNET:
            message = f"What is in no network is {zone} anyway: this line changes nothing."
        elif around is not None and networks.zones[around] is zone:
            message = (
                f"{network} lies in {around} of line {places[around][0]}, which is {zone} too:"
                " this line changes nothing."
            )
        else:
            continue
        report.add(FILE, places[network], Code.NETWORK_CHANGES_NOTHING, message)


def _network(line: Line, zone: Zone | None, report: Report) -> Network | None:
    text, place = line.fields[0].text, (line.number, line.fields[0].column)
    address, slash, length = text.partition("/")
    if not slash:
        message = f"“{text}” has no prefix length; write for instance 192.0.2.0/24 or 192.0.2.7/32."
        report.add(FILE, place, Code.BAD_NETWORK, message)
        return None
    try:
        loose = ip_network(text, strict=False)
        first = ip_address(address)
    except ValueError:
        report.add(FILE, place, Code.BAD_NETWORK, f"“{text}” is no network.")
        return None
    if not (length.isascii() and length.isdigit()):
        message = f"“{text}” has a mask; write how many of its bits count instead."
        report.add(FILE, place, Code.BAD_NETWORK, message, f"{address}/{loose.prefixlen}")
        return None
    return loose if _is_sound(loose, first, zone, place, report) else None


def _is_sound(
    network: Network,
    first: IPv4Address | IPv6Address,
    zone: Zone | None,
    place: tuple[int, int],
    report: Report,
) -> bool:
    if isinstance(network, IPv6Network) and network.subnet_of(MAPPED):
        message = "Write this network as IPv4: addresses of the form ::ffff:… are taken as IPv4."
        report.add(FILE, place, Code.MAPPED_NETWORK, message)
        return False
    # Before the next one, which would tell how to write the wide network rightly.
    if zone in _TRUSTED and network.prefixlen < _least_length(network):
        message = _too_wide(network, first, zone)
        length = max(_length_meant(first), _least_length(network))
        hint = f"{first}/{length}" if int(first) else None
        report.add(FILE, place, Code.NETWORK_TOO_WIDE, message, hint)
        return False
    if str(network.network_address) != str(first):
        message = (
            f"No network begins at {first} with /{network.prefixlen}. That one begins at"
            f" {network.network_address} and has {_addresses(network)}."
        )
        hint = f"{first}/{_length_meant(first)}"
        report.add(FILE, place, Code.HOST_BITS, message, hint)
        return False
    return True


def _too_wide(network: Network, first: IPv4Address | IPv6Address, zone: Zone | None) -> str:
    least = _least_length(network)
    return (
        f"“{first}/{network.prefixlen}” stands for {_addresses(network)}, and everybody behind one"
        f" of them would count as {zone}. Is a digit missing behind the “/”? The larger that"
        f" number, the fewer addresses; for {zone} it is {least} at least."
    )


def _least_length(network: Network) -> int:
    """An office is not half of the internet: most likely a slip in the prefix length. Ranges that
    only private networks use may be as wide as they are.
    """
    if any(network.version == own.version and _within(network, own) for own in _PRIVATE):
        return 0
    return _WIDEST_TRUSTED[network.version]


def _within(network: Network, other: Network) -> bool:
    return (
        network.version == other.version
        and network.network_address in other
        and (network.prefixlen >= other.prefixlen)
    )


def _addresses(network: Network) -> str:
    if network.version == 4 and network.prefixlen:  # noqa: PLR2004 — IPv4
        return f"{network.num_addresses:,} addresses".replace(",", " ")
    share = 2**network.prefixlen
    return f"one {share:,}th of all addresses".replace(",", " ") if share > 1 else "all addresses"


def _length_meant(first: IPv4Address | IPv6Address) -> int:
    """The shortest prefix with which this address is a network's first, by whole groups."""
    group = 8 if first.version == 4 else 16  # noqa: PLR2004 — the version
    bits: int = first.max_prefixlen
    length = bits
    while length > group and int(first) % (1 << (bits - length + group)) == 0:
        length -= group
    return length


def _zone(line: Line, report: Report) -> Zone | None:
    text = line.fields[1].text
    if text in tuple(Zone):
        return Zone(text)
    message = f"“{text}” is no zone; the zones are {', '.join(Zone)}."
    place = (line.number, line.fields[1].column)
    report.add(FILE, place, Code.UNKNOWN_ZONE, message, nearest(text, Zone))
    return None
