"""Who asks, through listed proxies: RFC 7239 and the older X-Forwarded-For, as a table."""

import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest

from davserver.config import defaults
from davserver.domain.actions import Zone
from davserver.http.environ import is_https
from davserver.http.forwarded import UNKNOWN, Peer, Said, peer
from policies.networks import Networks

LISTEN = replace(
    defaults(Path("abri")).listen,
    proxies=(ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00:1::/32")),
)
PROXY, STRANGER = "10.1.2.3", "192.0.2.1"
SILENT = Said(None, None, None)


def ask(remote: str = PROXY, *, private: bool = True, **said: str) -> Peer:
    return peer(remote, private=private, listen=LISTEN, said=replace(SILENT, **said))


FORWARDED = [
    # RFC 7239 §4 and §6
    ("for=198.51.100.7", "198.51.100.7"),
    ("For=198.51.100.7;Proto=https;By=203.0.113.43", "198.51.100.7"),
    ('for="198.51.100.7:4711"', "198.51.100.7"),
    ('for="198.51.100.7:_port"', "198.51.100.7"),
    ('for="[2001:db8:cafe::17]"', "2001:db8:cafe::17"),
    ('for="[2001:DB8:cafe:0::17]:4711"', "2001:db8:cafe::17"),
    ('for="[::ffff:198.51.100.7]:80"', "198.51.100.7"),
    ('for="198.51.\\100.7"', "198.51.100.7"),
    ('by="a, for=10.0.0.1; \\" b";for=198.51.100.7', "198.51.100.7"),
    ("for=198.51.100.7 ; proto=https", "198.51.100.7"),
    (",, for=198.51.100.7 , ,", "198.51.100.7"),
    # the last hop that no listed proxy is, whatever stands before it
    ("for=1.1.1.1, for=198.51.100.7", "198.51.100.7"),
    ("for=_hidden, for=198.51.100.7", "198.51.100.7"),
    ("for=198.51.100.7, for=10.9.9.9", "198.51.100.7"),
    ('for=198.51.100.7, for="[fd00:1::2]", for=10.9.9.9', "198.51.100.7"),
    ("for=198.51.100.7, for=_hidden, for=10.9.9.9", UNKNOWN),
    ("for=10.8.8.8, for=10.9.9.9", "10.8.8.8"),
    # hidden, unknown, or no address at all
    ("for=_hidden", UNKNOWN),
    ("for=unknown", UNKNOWN),
    ("for=office.example", UNKNOWN),
    ("proto=https", UNKNOWN),
    ("", UNKNOWN),
    (" , ,", UNKNOWN),
    ("for=", UNKNOWN),
    ("for=010.1.1.1", UNKNOWN),
    ("for=198.51.100", UNKNOWN),
    ("for=198.51.100.256", UNKNOWN),
    ('for="198.51.100.7:"', UNKNOWN),
    ('for="198.51.100.7:123456"', UNKNOWN),
    ('for="2001:db8::1"', UNKNOWN),
    ('for="[2001:db8::1"', UNKNOWN),
    ('for="[fe80::1%eth0]"', UNKNOWN),
    ('for="[198.51.100.7]"', UNKNOWN),
    ('for="[198.51.100.7]:80"', UNKNOWN),
    # not the grammar: then nothing of it counts
    ("for=198.51.100.7:4711", UNKNOWN),
    ("for=[2001:db8::1]", UNKNOWN),
    ("for=1.1.1.1;for=198.51.100.7", UNKNOWN),
    ("for=1.1.1.1;FOR=198.51.100.7", UNKNOWN),
    ("for = 198.51.100.7", UNKNOWN),
    ("for=1.1.1.1 for=198.51.100.7", UNKNOWN),
    ("198.51.100.7", UNKNOWN),
    ('for="1.1.1.1, for=198.51.100.7', UNKNOWN),
    ('for="1.1.1.1, for="198.51.100.7"', UNKNOWN),
    ("for=198.51.100.7\n", UNKNOWN),
]


@pytest.mark.parametrize(("field", "address"), FORWARDED)
def test_forwarded_is_read_as_rfc_7239_says(field: str, address: str) -> None:
    assert ask(forwarded=field).address == address
    assert ask(STRANGER, forwarded=field).address == STRANGER


X_FORWARDED_FOR = [
    ("198.51.100.7", "198.51.100.7"),
    ("198.51.100.7:4711", "198.51.100.7"),
    ("2001:db8::1", "2001:db8::1"),
    ("[2001:db8::1]", "2001:db8::1"),
    ("[2001:db8::1]:4711", "2001:db8::1"),
    ("::FFFF:c633:6407", "198.51.100.7"),
    ("1.1.1.1, 198.51.100.7", "198.51.100.7"),
    ("anything at all, 198.51.100.7", "198.51.100.7"),
    ("198.51.100.7,10.9.9.9, fd00:1::7", "198.51.100.7"),
    ("198.51.100.7, ::ffff:10.9.9.9", "198.51.100.7"),
    ("198.51.100.7,,", "198.51.100.7"),
    ("10.8.8.8", "10.8.8.8"),
    ("198.51.100.7, anything, 10.9.9.9", UNKNOWN),
    ("nonsense", UNKNOWN),
    ("unknown", UNKNOWN),
    ("_hidden", UNKNOWN),
    ("", UNKNOWN),
    (",", UNKNOWN),
    ("198.51.100.7 10.1.1.1", UNKNOWN),
    ('"198.51.100.7"', UNKNOWN),
    ("2001:db8::1%1", UNKNOWN),
    ("198.51.100.\xb2", UNKNOWN),
    ("1" * 5000, UNKNOWN),
]


@pytest.mark.parametrize(("field", "address"), X_FORWARDED_FOR)
def test_x_forwarded_for_is_read_as_proxies_write_it(field: str, address: str) -> None:
    assert ask(x_forwarded_for=field).address == address
    assert ask(STRANGER, x_forwarded_for=field).address == STRANGER


@pytest.mark.parametrize(
    ("forwarded", "x_forwarded_for", "address"),
    [
        ("for=198.51.100.7", "198.51.100.7", "198.51.100.7"),
        ('for="[::ffff:198.51.100.7]:1"', "1.1.1.1, 198.51.100.7:9", "198.51.100.7"),
        ("for=198.51.100.7", "198.51.100.8", UNKNOWN),
        ("for=10.0.0.1", "198.51.100.7", UNKNOWN),
        ("for=198.51.100.7", "nonsense", UNKNOWN),
        ("for=_hidden", "198.51.100.7", UNKNOWN),
        ("not the grammar", "198.51.100.7", UNKNOWN),
        ("", "198.51.100.7", UNKNOWN),
    ],
)
def test_two_fields_that_disagree_name_nobody(
    forwarded: str, x_forwarded_for: str, address: str
) -> None:
    assert ask(forwarded=forwarded, x_forwarded_for=x_forwarded_for).address == address


@pytest.mark.parametrize("remote", [PROXY, f"::ffff:{PROXY}", "fd00:1::9"])
def test_a_proxy_that_says_nothing_asks_for_itself(remote: str) -> None:
    assert ask(remote) == Peer(remote.removeprefix("::ffff:"), private=True)
    assert ask(remote, x_forwarded_for="198.51.100.7").address == "198.51.100.7"


@pytest.mark.parametrize("remote", ["", "unix:", "nonsense"])
def test_a_connection_without_an_address_is_nobodys(remote: str) -> None:
    assert ask(remote, x_forwarded_for="198.51.100.7").address == UNKNOWN


def test_without_a_list_nobody_is_believed() -> None:
    alone = replace(LISTEN, proxies=())
    said = Said("for=198.51.100.7;proto=http", "198.51.100.7", "http")
    assert peer(PROXY, private=True, listen=alone, said=said) == Peer(PROXY, private=True)


def test_nobody_is_in_the_strictest_zone() -> None:
    everywhere = {
        ipaddress.ip_network("0.0.0.0/0"): Zone.INTERNET,
        ipaddress.ip_network("::/0"): Zone.INTERNET,
    }
    assert Networks(everywhere).zone_of(UNKNOWN) is Zone.BLOCKED


PRIVACY = [
    # (TLS here, what is said, whether nobody could read along)
    (True, {}, True),
    (False, {}, False),
    (False, {"x_forwarded_proto": "https"}, True),
    (True, {"x_forwarded_proto": "http"}, False),
    (False, {"x_forwarded_proto": "http, https"}, True),
    (False, {"x_forwarded_proto": "https, http"}, False),
    (True, {"x_forwarded_proto": ""}, False),
    (False, {"forwarded": "for=198.51.100.7;proto=https"}, True),
    (False, {"forwarded": "for=198.51.100.7;proto=HTTPS"}, True),
    (True, {"forwarded": "for=198.51.100.7;proto=http"}, False),
    (False, {"forwarded": "for=198.51.100.7"}, False),
    # the line that counts is the one of the client, not those between proxies
    (False, {"forwarded": "for=198.51.100.7;proto=https, for=10.9.9.9;proto=http"}, True),
    (False, {"forwarded": "for=1.1.1.1;proto=https, for=198.51.100.7;proto=http"}, False),
    (False, {"forwarded": "for=198.51.100.7;proto=https", "x_forwarded_proto": "http"}, False),
    (False, {"forwarded": "for=198.51.100.7;proto=http", "x_forwarded_proto": "https"}, False),
]


@pytest.mark.parametrize(("tls", "said", "private"), PRIVACY)
def test_the_line_is_private_when_nothing_says_otherwise(
    *, tls: bool, said: dict[str, str], private: bool
) -> None:
    assert ask(private=tls, **said).private is private
    assert ask(STRANGER, private=tls, **said).private is tls


@pytest.mark.parametrize(
    ("remote", "scheme", "said", "is_tls"),
    [
        (STRANGER, "https", {}, True),
        (STRANGER, "http", {}, False),
        (STRANGER, "http", {"HTTP_X_FORWARDED_PROTO": "https"}, False),
        (PROXY, "http", {"HTTP_X_FORWARDED_PROTO": "https"}, True),
        (PROXY, "http", {"HTTP_FORWARDED": "for=198.51.100.7;proto=https"}, True),
        (PROXY, "https", {"HTTP_X_FORWARDED_PROTO": "http"}, False),
        (PROXY, "http", {}, False),
    ],
)
def test_the_clients_own_scheme_is_told_also_where_plain_http_is_allowed(
    remote: str, scheme: str, said: dict[str, str], *, is_tls: bool
) -> None:
    listen = replace(LISTEN, plain_http=True)
    environ = {"REMOTE_ADDR": remote, "wsgi.url_scheme": scheme, **said}
    assert is_https(environ, listen) == is_tls
