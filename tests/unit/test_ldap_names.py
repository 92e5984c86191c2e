"""Escaping, and the many ways of writing one DN."""

import warnings

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authn.ldap import link
from authn.ldap.names import (
    all_of,
    any_of,
    dn_key,
    dn_key_or_none,
    equals,
    is_below,
    is_name,
    is_password,
    rdn_filter,
    same_name,
    value,
)  # fmt: skip

NASTY = st.lists(st.sampled_from(list(b"\\05cC2*()\0aA =,\xe9\xff")), min_size=1).map(bytes)


def _sent(filtered: str) -> bytes:
    """The value that ldap3 would send for a filter of one equality."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from ldap3.operation.search import compile_filter, parse_filter

        node = parse_filter(filtered, None, False, False, None, False).elements[0]
        return bytes(compile_filter(node)["equalityMatch"]["assertionValue"])


@given(st.binary(min_size=1) | NASTY)
def test_every_value_arrives_as_it_is(raw: bytes) -> None:
    assert _sent(equals("objectGUID", raw)) == raw


@settings(max_examples=30)
@given(st.text(min_size=1))
def test_no_text_is_syntax(text: str) -> None:
    escaped = value(text)
    assert set(escaped) <= set("\\0123456789abcdef")
    both = all_of([equals("uid", text), any_of([equals("cn", text), equals("sn", text)])])
    assert link.is_filter(both)
    assert both.count("(") == 5


def test_one_filter_needs_no_bracket_around_it() -> None:
    assert all_of(["(a=b)"]) == any_of(["(a=b)"]) == "(a=b)"


SAME = [
    "CN=Jo\\2C Social,OU=Groupes,DC=ccas,DC=example",
    "cn=jo\\, social,ou=groupes,dc=ccas,dc=example",
    'cn="Jo, Social", OU=groupes , dc=CCAS,dc=example',
    "CN = Jo\\2c  Social ;ou=Groupes;dc=ccas;dc=example",
]


@pytest.mark.parametrize("dn", SAME)
def test_a_dn_is_the_same_however_it_is_written(dn: str) -> None:
    assert dn_key(dn) == dn_key(SAME[0])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("cn=a\\,ou=b,dc=x", "cn=a,ou=b,dc=x"),
        ("cn=a\\+b,dc=x", "cn=a+cn=b,dc=x"),
        ("cn=a,dc=x", "uid=a,dc=x"),
        ("cn=e,dc=x", "cn=é,dc=x"),
        ("cn=a,dc=x", "cn=a,dc=x,dc=y"),
    ],
)
def test_two_dns_are_not_taken_for_one(one: str, other: str) -> None:
    assert dn_key(one) != dn_key(other)


def test_the_parts_of_one_name_have_no_order_and_accents_no_encoding() -> None:
    assert dn_key("cn=a+uid=b,dc=x") == dn_key("uid=b+cn=a,dc=x")
    assert dn_key("cn=caf\\C3\\A9,dc=x") == dn_key("cn=cafe\u0301,dc=x")


@pytest.mark.parametrize(
    "text", ["", "karim", "cn", "cn=a,", ",cn=a", "=a", "cn=a\\", 'cn="a', "c n=a", "(cn=a)"]
)
def test_what_is_no_dn_is_told(text: str) -> None:
    assert dn_key_or_none(text) is None


@given(st.text())
def test_any_text_is_a_dn_or_not_and_never_an_error(text: str) -> None:
    key = dn_key_or_none(text)
    assert key is None or dn_key_or_none(key) is not None


@given(st.text(min_size=1).filter(lambda text: text == " ".join(text.split())))
def test_a_value_escaped_in_full_is_found_again(text: str) -> None:
    dn = "cn=" + "".join(f"\\{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))
    (filtered,) = [rdn_filter(f"{dn},dc=x")]
    assert link.is_filter(filtered)


def test_below_is_by_whole_parts() -> None:
    base = dn_key("ou=people,dc=x")
    assert is_below(dn_key("uid=a,OU=People,DC=x"), base)
    assert is_below(base, base)
    assert not is_below(dn_key("uid=a,ou=otherpeople,dc=x"), base)
    assert not is_below(dn_key("uid=a\\,ou=people,dc=y"), base)
    assert not is_below(dn_key("uid=a\\,ou=people\\,dc=x,dc=z"), base)


@pytest.mark.parametrize("name", ["karim", "jean-paul o'brien", "josé", "x" * 256, "a*b", "李"])
def test_what_people_are_called_is_a_name(name: str) -> None:
    assert is_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a ",
        " a",
        "a\0",
        "a\nb",
        "a\tb",
        "a\u200bb",
        "a\u202eb",
        "a\\b",
        "x" * 257,
        "\ud800",
    ],
)
def test_what_nobody_is_called_is_none(name: str) -> None:
    assert not is_name(name)


def test_passwords_are_neither_empty_nor_cut_nor_endless() -> None:
    assert is_password(b"x" * 1024)
    assert is_password("é ".encode())
    assert not any(map(is_password, (b"", b"\0", b"a\0b", b"x" * 1025)))


def test_names_are_the_same_by_case_and_encoding_only() -> None:
    assert same_name("JOSÉ", "jose\u0301")
    assert not same_name("jose", "josé")
    assert not same_name("karim", "ｋarim")
