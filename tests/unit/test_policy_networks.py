"""Zones: the longest prefix wins, and what is no address is trusted least."""

from ipaddress import ip_network

import pytest

from davserver.domain.actions import Zone
from policies.networks import REMEMBERED, Networks, parse_networks
from policies.problems import Report
from policies.sheet import read_sheet

FILE = b"""
10.0.0.0/8, vpn
10.1.0.0/16, office
10.1.2.0/24, blocked
10.1.2.3/32, internet
2001:db8::/32, vpn
2001:db8:1::/48, office
fc00::/7, office
64:ff9b::/96, blocked
"""


@pytest.fixture(scope="module")
def networks() -> Networks:
    report = Report()
    parsed = parse_networks(read_sheet("networks.csv", FILE, report), report)
    assert report.problems == ()
    return parsed


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("10.200.0.1", "vpn"),
        ("10.1.200.1", "office"),
        ("10.1.2.200", "blocked"),
        ("10.1.2.3", "internet"),
        ("11.0.0.1", "internet"),
        ("::ffff:10.1.200.1", "office"),
        ("::FFFF:a01:c801", "office"),
        ("::ffff:11.0.0.1", "internet"),
        ("2001:db8:2::1", "vpn"),
        ("2001:db8:1::1", "office"),
        ("2001:DB8:1:0:0:0:0:1", "office"),
        ("2a00::1", "internet"),
        ("fd12:3456::1", "office"),
        ("fe80::1%eth0", "internet"),
        ("::1", "internet"),
        ("64:ff9b::1.2.3.4", "blocked"),
    ],
)
def test_an_address_has_the_zone_of_its_longest_prefix(networks, address, zone):
    assert networks.zone_of(address) == Zone(zone)


@pytest.mark.parametrize(
    "address",
    ["", " ", "10.1.200.1 ", "10.1.200", "010.1.200.1", "10.1.200.1:443", "[::1]", "::ffff:10.1.2",
     "office", "10.0.0.0/8", "1" * 5000, "10.1.200.1\n", "10.1.200.١"],
)  # fmt: skip
def test_what_is_no_address_is_blocked(networks, address):
    assert networks.zone_of(address) is Zone.BLOCKED
    assert networks.network_of(address) is None


def test_a_command_on_the_machine_itself_is_in_the_office(networks):
    assert networks.zone_of(None) is Zone.OFFICE
    assert networks.network_of(None) is None


def test_the_network_behind_a_zone_can_be_told(networks):
    assert networks.network_of("::ffff:10.1.200.1") == ip_network("10.1.0.0/16")
    assert networks.network_of("11.0.0.1") is None


def test_without_any_network_everybody_is_on_the_internet():
    assert Networks({}).zone_of("127.0.0.1") is Zone.INTERNET


def test_remembered_addresses_are_bounded(networks):
    for number in range(REMEMBERED + 100):
        networks.zone_of(f"11.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
    assert networks.zone_of.cache_info().currsize == REMEMBERED
