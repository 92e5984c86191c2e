"""The client's certificate as proxies write it, and from whom it is believed."""

import base64
import ipaddress
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authn.certificates import certificate_of
from davserver.config import defaults
from davserver.http.client_certificate import LONGEST, parse_client_certificate
from davserver.http.environ import take_certificate
from tests.support.cards import Issuer

CARD = Issuer().card()
BASE64 = base64.b64encode(CARD.der).decode()
RFC_9440 = f":{BASE64}:"
NGINX = quote(CARD.pem.decode(), safe="")

OF_THE_RFC = (
    ":MIIBqDCCAU6gAwIBAgIBBzAKBggqhkjOPQQDAjA6MRswGQYDVQQKDBJMZXQncyBBdXRoZW50aWNhdGUxGzAZBgNVBAMM"
    "EkxBIEludGVybWVkaWF0ZSBDQTAeFw0yMDAxMTQyMjU1MzNaFw0yMTAxMjMyMjU1MzNaMA0xCzAJBgNVBAMMAkJDMFkw"
    "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE8YnXXfaUgmnMtOXU/IncWalRhebrXmckC8vdgJ1p5Be5F/3YC8OthxM4+k1M"
    "6aEAEFcGzkJiNy6J84y7uzo9M6NyMHAwCQYDVR0TBAIwADAfBgNVHSMEGDAWgBRm3WjLa38lbEYCuiCPct0ZaSED2DAO"
    "BgNVHQ8BAf8EBAMCBsAwEwYDVR0lBAwwCgYIKwYBBQUHAwIwHQYDVR0RAQH/BBMwEYEPYmRjQGV4YW1wbGUuY29tMAoG"
    "CCqGSM49BAMCA0gAMEUCIBHda/r1vaL6G3VliL4/Di6YK0Q6bMjeSkC3dFCOOB8TAiEAx/kHSB4urmiZ0NX5r5XarmPk"
    "0wmuydBVoU4hBVZ1yhk=:"
)
"""The example of RFC 9440 §A."""


def test_the_example_of_rfc_9440_is_read():
    der = parse_client_certificate(OF_THE_RFC)
    assert der is not None
    found = certificate_of(der)
    assert (found.name, f"{found.ends:%Y-%m-%d}") == ("BC", "2021-01-23")


@pytest.mark.parametrize(
    "field",
    [
        RFC_9440,
        f"  {RFC_9440}\t",
        f":{BASE64.rstrip('=')}:",
        NGINX,
        NGINX.replace("%2F", "/").replace("%20", " "),
        NGINX.replace("%0A", "%0D%0A"),
        NGINX.replace("%0A", "%20"),
        NGINX.removesuffix("%0A"),
    ],
    ids=range(8),
)
def test_both_forms_give_the_certificate(field):
    assert parse_client_certificate(field) == CARD.der


@pytest.mark.parametrize(
    "field",
    [
        "",
        ":",
        "::",
        "(null)",
        "garbage",
        BASE64,
        f":{BASE64}",
        f"{BASE64}:",
        f'"{BASE64}"',
        f":{BASE64}:;x=1",
        f":{BASE64[:-5]}!{BASE64[-4:]}:",
        f":{BASE64[:40]} {BASE64[40:]}:",
        f"{RFC_9440}, {RFC_9440}",
        f"{NGINX}, {NGINX}",
        f"{NGINX}{NGINX}",
        f"{NGINX},{RFC_9440}",
        NGINX.replace("CERTIFICATE", "PRIVATE%20KEY"),
        NGINX[:-60],
        NGINX[30:],
        "-----BEGIN CERTIFICATE-----%0A%0A-----END CERTIFICATE-----",
        "-----BEGIN CERTIFICATE-----" + "%20" * 9000,
        ":" + "A" * LONGEST + ":",
        "%ff%fe%00",
        ":é:",
    ],
    ids=range(24),
)
def test_anything_else_is_no_certificate(field):
    found = parse_client_certificate(field)
    assert found is None or certificate_of(found) is None


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=200))
def test_whatever_a_proxy_writes_is_read_or_is_none(field):
    for text in (field, f":{field}:", f"-----BEGIN CERTIFICATE-----{field}"):
        found = parse_client_certificate(text)
        assert found is None or certificate_of(found) is None


# ── from whom ───────────────────────────────────────────────────────────────────────────────────

PROXY, STRANGER = "10.1.2.3", "192.0.2.1"
LISTEN = replace(
    defaults(Path("abri")).listen,
    proxies=(ipaddress.ip_network("10.0.0.0/8"),),
    certificate_header="X-Client-Cert",
)
OTHER = Issuer().card()


def taken(listen=LISTEN, remote=PROXY, own=None, **said):
    environ = {"REMOTE_ADDR": remote, **{f"HTTP_{name}": value for name, value in said.items()}}
    if own is not None:
        environ["abri.client_certificate"] = own
    found = take_certificate(environ, listen)
    assert "HTTP_X_CLIENT_CERT" not in environ or listen.certificate_header is None
    return found


def test_a_listed_proxy_is_believed_and_nobody_else():
    assert taken(X_CLIENT_CERT=NGINX) == CARD.der
    assert taken(remote="::ffff:10.1.2.3", X_CLIENT_CERT=RFC_9440) == CARD.der
    for remote in (STRANGER, "11.0.0.1", "", "10.1.2.3.", "unknown", "::1"):
        assert taken(remote=remote, X_CLIENT_CERT=NGINX) is None


def test_only_the_named_field_counts():
    assert taken(CLIENT_CERT=RFC_9440, X_SSL_CERT=NGINX) is None
    assert taken(replace(LISTEN, certificate_header=None), X_CLIENT_CERT=NGINX) is None
    named = replace(LISTEN, certificate_header="Client-Cert")
    assert taken(named, CLIENT_CERT=RFC_9440) == CARD.der


def test_a_proxys_own_certificate_is_not_its_clients():
    assert taken(own=OTHER.der) is None
    assert taken(own=OTHER.der, X_CLIENT_CERT=NGINX) == CARD.der
    assert taken(own=OTHER.der, X_CLIENT_CERT="(null)") is None
    assert taken(replace(LISTEN, certificate_header=None), own=OTHER.der) is None


def test_the_certificate_of_the_connection_counts_for_everybody_else():
    assert taken(remote=STRANGER, own=OTHER.der) == OTHER.der
    assert taken(remote=STRANGER, own=OTHER.der, X_CLIENT_CERT=NGINX) == OTHER.der
    assert taken(replace(LISTEN, proxies=()), own=OTHER.der) == OTHER.der
