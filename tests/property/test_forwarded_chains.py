"""Chains of proxies, written in both header forms: strangers never choose their address."""

import ipaddress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davserver.config import defaults
from davserver.http.forwarded import UNKNOWN, Said, peer

PROXIES = (ipaddress.ip_network("10.0.0.0/8"), ipaddress.ip_network("fd00:1::/32"))
LISTEN = replace(defaults(Path("abri")).listen, proxies=PROXIES)
BOUNDED = settings(max_examples=150, deadline=None, database=None)

v4 = st.ip_addresses(v=4)
v6 = st.ip_addresses(v=6).filter(lambda ip: ip.ipv4_mapped is None)
proxies = st.one_of(st.ip_addresses(network="10.0.0.0/8"), st.ip_addresses(network="fd00:1::/32"))
strangers = st.one_of(v4, v6).filter(lambda ip: not any(ip in one for one in PROXIES))
ports = st.one_of(st.just(""), st.integers(1, 65535).map(lambda n: f":{n}"))
space = st.sampled_from(["", " ", "\t", "  "])
field_text = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=40
)


@st.composite
def spellings(draw, ip) -> tuple[str, str]:
    """One address in `Forwarded` and in `X-Forwarded-For`: with a port, mapped, in capitals."""
    port = draw(ports)
    if ip.version == 4 and draw(st.booleans()):
        text, bare = str(ip) + port, str(ip) + port
        quoted = f'"{text}"' if port or draw(st.booleans()) else text
    else:
        text = str(ip) if ip.version == 6 else f"::ffff:{ip}"
        text = text.upper() if draw(st.booleans()) else text
        quoted = f'"[{text}]{port}"'
        bare = f"[{text}]{port}" if port or draw(st.booleans()) else text
    name = draw(st.sampled_from(["for", "For", "FOR"]))
    extra = draw(st.sampled_from(["", ";proto=https", ';by="[fd00:1::9]"', ";x=1;y=2"]))
    return f"{name}={quoted}{extra}", bare


@st.composite
def chains(draw) -> tuple[str, str, str]:
    """`Forwarded`, `X-Forwarded-For`, and the client that both must name."""
    before = draw(st.lists(st.one_of(strangers, proxies), max_size=3))
    client = draw(strangers)
    after = draw(st.lists(proxies, max_size=3))
    spelt = [draw(spellings(ip)) for ip in [*before, client, *after]]
    comma = f"{draw(space)},{draw(space)}"
    return comma.join(one for one, _ in spelt), comma.join(one for _, one in spelt), str(client)


def said(forwarded: str | None = None, xff: str | None = None) -> Said:
    return Said(forwarded, xff, None)


def address(remote: str, of: Said) -> str:
    return peer(remote, private=True, listen=LISTEN, said=of).address


@BOUNDED
@given(chains(), proxies)
def test_both_fields_name_the_last_hop_that_is_not_listed(chain, proxy):
    forwarded, xff, client = chain
    assert address(str(proxy), said(forwarded)) == client
    assert address(str(proxy), said(None, xff)) == client
    assert address(str(proxy), said(forwarded, xff)) == client


@pytest.mark.slow
@BOUNDED
@given(chains(), field_text, strangers)
def test_from_anybody_else_no_field_matters(chain, junk, stranger):
    forwarded, xff, _ = chain
    for one in (said(forwarded, xff), said(junk, junk), said(forwarded + junk), said()):
        assert address(str(stranger), one) == str(stranger)


@BOUNDED
@given(field_text, strangers, proxies, st.booleans())
def test_what_a_stranger_sends_first_chooses_no_address(junk, client, proxy, is_v4_quoted):
    """The proxy adds its own words behind those of the stranger, on a line of its own: then the
    field names the stranger's true address, or nobody.
    """
    quoted = f'"[{client}]"' if client.version == 6 else str(client)
    quoted = f'"{client}"' if client.version == 4 and is_v4_quoted else quoted
    for field in (
        f"{junk}, for={quoted}",
        f"for={junk}, for={quoted}",
        f'by="{junk}, for={quoted}',
    ):
        assert address(str(proxy), said(field)) in {str(client), UNKNOWN}
    assert address(str(proxy), said(None, f"{junk}, {client}")) == str(client)


@BOUNDED
@given(field_text, field_text, proxies)
def test_any_text_is_an_address_or_nobody(one, other, proxy):
    found = address(str(proxy), said(one, other))
    assert found == UNKNOWN or str(ipaddress.ip_address(found)) == found
