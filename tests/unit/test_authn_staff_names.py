"""Whose a typed name is: never two people's, whatever was typed."""

import unicodedata

import pytest

from authn.staff_names import StaffName, StaffNames, TypedName
from davserver.domain.errors import BadInput
from tests.support.directories import directory_of

NAMES = StaffNames(
    {
        "ccas": directory_of("ccas.example", netbios="CCAS", plain_names=True),
        "asso": directory_of("asso.example"),
    }
)
KARIM = StaffName("ccas", "karim", "karim@ccas.example")


@pytest.mark.parametrize(
    ("typed", "local"),
    [
        ("karim@ccas.example", "karim@ccas.example"),
        (r"CCAS\karim", ""),
        (r"ccas\karim", ""),
        (r"ccas.example\karim", ""),
        (" karim@CCAS.Example ", "karim@ccas.example"),
        (r"CCAS\ karim", ""),
        ("karim", "karim"),
    ],
)
def test_one_account_has_several_spellings(typed: str, local: str) -> None:
    assert NAMES.read(typed) == TypedName(local, KARIM)


def test_the_account_goes_to_its_directory_as_it_was_typed_and_is_known_by_one_key() -> None:
    for typed in ("Zoé@ccas.example", r"CCAS\ZOÉ", unicodedata.normalize("NFD", "zoé")):
        staff = NAMES.read(typed).staff
        assert staff is not None
        assert staff.key == "zoé@ccas.example"
        assert staff.account.lower() == "zoé"
        assert unicodedata.is_normalized("NFC", staff.account)


@pytest.mark.parametrize("typed", ["amina@elsewhere.example", r"LAPTOP-7\amina", r"A\CCAS2\amina"])
def test_the_domain_of_nobody_here_names_no_directory_of(typed: str) -> None:
    found = NAMES.read(typed)
    assert found.staff is None
    assert found.local in {"amina", "amina@elsewhere.example"}


def test_a_name_alone_is_of_no_directory_unless_one_takes_them() -> None:
    names = StaffNames({"asso": directory_of("asso.example")})
    assert names.read("karim") == TypedName("karim", None)


def test_without_directories_every_name_is_a_local_one() -> None:
    names = StaffNames({})
    assert names.read("amina") == TypedName("amina", None)
    assert names.read(r"DESKTOP\amina") == TypedName("amina", None)
    assert names.read("amina@x.example") == TypedName("amina@x.example", None)
    names.require_local("amina@x.example")


@pytest.mark.parametrize(
    "typed",
    [
        "@ccas.example",
        "CCAS\\",
        "a@b@ccas.example",
        r"CCAS\karim@asso.example",
        r"CCAS\karim@ccas.example",
        "ka\x00rim@ccas.example",
        "ka\u202erim@ccas.example",
        "ka\u00adrim@ccas.example",
        "*@ccas.example",
        "karim)(uid=*@ccas.example",
        "karim,ou=people@ccas.example",
        "x" * 4096 + "@ccas.example",
        "CCAS\\" + "é" * 4096,
        "\ud800@ccas.example",
    ],
)
def test_what_can_be_nobodys_login_is_never_asked_for(typed: str) -> None:
    found = NAMES.read(typed)
    assert found.staff is not None
    assert found.staff.key == ""
    assert found.local in {"", "a@b@ccas.example"}


@pytest.mark.parametrize("typed", ["", "\\", "@", "\x00", "x" * 4096, "\\@\\", "\ud800"])
def test_whatever_is_typed_is_harmless(typed: str) -> None:
    found = NAMES.read(typed)
    assert found.local == ""
    assert found.staff is None or found.staff.key == ""


@pytest.mark.parametrize("login", ["amina@ccas.example", "Amina@CCAS.EXAMPLE", "x@y@asso.example"])
def test_a_new_local_login_leaves_the_domains_of_directories_alone(login: str) -> None:
    with pytest.raises(BadInput, match="come from the directory"):
        NAMES.require_local(login)


@pytest.mark.parametrize("login", ["amina", "amina@elsewhere.example", "ccas.example"])
def test_other_local_logins_are_free(login: str) -> None:
    NAMES.require_local(login)


def test_logins_of_a_directory_are_shown_in_lower_case() -> None:
    assert NAMES.login("ccas", "Karim") == "karim@ccas.example"
