"""Sections under names of the administrator's choice: the directories of structures."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authn.ldap.names import dn_key
from davserver.config import DirectorySettings, WrongSettings, kinds, load

CCAS = """\
directories:
  ccas:
    kind: openldap
    servers: [ldaps://a.example.org, ldaps://b.example.org:1636]
    domain: CCAS.example.org
    people: ou=people,dc=example
    groups: ou=groups,dc=example
    bind_dn: cn=abri,dc=example
    bind_password_file: keys/ccas
"""
OTHER = """\
  other:
    kind: active-directory
    servers: [ldap://dc.example.net]
    domain: example.net
    people: dc=net
    groups: dc=net
    certificate: keys/c.pem
    key: keys/k.pem
"""


def read(tmp_path: Path, text: str) -> dict[str, DirectorySettings]:
    file = tmp_path / "config.yaml"
    file.write_text(text)
    return dict(load(file).directories)


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(WrongSettings) as caught:
        read(tmp_path, text)
    return [str(one).removeprefix(f"{tmp_path / 'config.yaml'}:") for one in caught.value.problems]


def test_each_directory_is_a_section_under_its_name(tmp_path: Path) -> None:
    found = read(tmp_path, CCAS + OTHER)
    assert list(found) == ["ccas", "other"]
    assert found["ccas"].servers == ("ldaps://a.example.org", "ldaps://b.example.org:1636")
    assert found["ccas"].domain == "ccas.example.org"
    assert found["ccas"].bind_password_file == tmp_path / "keys/ccas"
    assert found["ccas"].term == timedelta(minutes=5)
    assert found["other"].roles == ("professional", "manager")


def test_none_is_the_default(tmp_path: Path) -> None:
    assert read(tmp_path, "") == {}


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("openldap", "open-ldap", "3:11: directories.ccas.kind: “open-ldap” must be openldap or"),
        ("ldaps://b", "ldap://b", "4:14: directories.ccas.servers: must be a list such as"),
        ("ldaps://b", "http://b", "4:14: directories.ccas.servers: must be a list such as"),
        ("ldaps://b", "ldaps://me@b", "4:14: directories.ccas.servers: must be a list such as"),
        ("ldaps://b", "ldaps://b/x", "4:14: directories.ccas.servers: must be a list such as"),
        ("  ccas:", "  CCAS:", "2:3: directories.CCAS: the name must be lower-case letters"),
        ("    people: ou=people,dc=example\n", "", "3:5: directories.ccas.people: must be given"),
        ("    bind_dn: cn=abri,dc=example\n", "", "2:3: directories.ccas: bind_dn and bind_pass"),
        ("kind:", "term: 6 min\n    kind:", "3:11: directories.ccas.term: “6 min” must be a dur"),
        ("kind:", "roles: [beneficiary]\n    kind:", "3:12: directories.ccas.roles: must be a "),
        (
            "kind:",
            "certificat: x\n    kind:",
            "3:5: directories.ccas.certificat: no such setting; did you mean",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, before: str, after: str, says: str
) -> None:
    assert before in CCAS
    assert problems(tmp_path, CCAS.replace(before, after, 1))[0].startswith(says)


def test_two_directories_never_share_a_domain_nor_plain_names(tmp_path: Path) -> None:
    same = OTHER.replace("example.net", "ccas.example.org")
    assert "belongs to ccas already" in problems(tmp_path, CCAS + same)[0]
    netbios = OTHER + "    netbios: CCAS.Example.Org\n"
    assert "belongs to ccas already" in problems(tmp_path, CCAS + netbios)[0]
    both = CCAS + "    plain_names: true\n" + OTHER + "    plain_names: true\n"
    assert "ccas has that already" in problems(tmp_path, both)[0]


def test_somebody_has_to_ask(tmp_path: Path) -> None:
    bare = CCAS.replace("    bind_dn: cn=abri,dc=example\n    bind_password_file: keys/ccas\n", "")
    assert "give bind_dn and bind_password_file" in problems(tmp_path, bare)[0]
    half = OTHER.replace("    key: keys/k.pem\n", "")
    assert "certificate and key go together" in problems(tmp_path, CCAS + half)[0]


@pytest.mark.parametrize(
    "right",
    [
        "dc=x",
        "ou=people, dc=ccas,dc=example",
        "OU=Travailleurs sociaux\\, Lyon,DC=x",
        "cn=a+ou=b,o=c",
    ],
)
def test_a_dn_of_the_settings_is_one_for_the_directory(right: str) -> None:
    assert dn_key(kinds.DN.read(right, Path())) == dn_key(right)


@pytest.mark.parametrize(
    "wrong", ["people", "ou=", "ou=people,", "ou=a,b", "=a", "a b=c", 'ou="a', 1]
)
def test_what_is_no_dn_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 — as every kind does
        kinds.DN.read(wrong, Path())


@pytest.mark.parametrize("wrong", ["a=b", "(a=b", "a=b)", "((a=b)", ""])
def test_a_filter_has_its_brackets(wrong: str) -> None:
    assert kinds.FILTER.read("(&(a=b)(c=d))", Path())
    with pytest.raises(ValueError):  # noqa: PT011 — as every kind does
        kinds.FILTER.read(wrong, Path())


@given(st.from_regex(r"[a-z]{1,3}=[^\x00-\x1f]{1,6},dc=x", fullmatch=True))
def test_whatever_the_settings_take_for_a_dn_can_be_compared(text: str) -> None:
    try:
        read = kinds.DN.read(text, Path())
    except ValueError:
        return
    assert dn_key(read)
