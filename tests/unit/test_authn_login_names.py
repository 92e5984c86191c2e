"""What a login may look like, and when two are one."""

import unicodedata

import pytest

from authn.login_name import clean_login, key_to_look_up, login_key
from davserver.domain.errors import BadInput


@pytest.mark.parametrize(
    "login", ["zo", "Zoé.Martin", "a" * 64, "zoe+phone@ccas-lyon.fr", "7up", "李小龍", "жанна_2"]
)
def test_ordinary_logins_are_kept_as_they_are(login):
    assert clean_login(login) == login


def test_a_decomposed_login_is_kept_composed():
    assert clean_login(unicodedata.normalize("NFD", "zoé")) == "zoé"


@pytest.mark.parametrize(
    "login",
    [
        "",
        "z",
        "a" * 65,
        "zoe:martin",
        "zoe martin",
        "zoe/martin",
        "zoe\\martin",
        "zoe%2f",
        "zoe\n",
        "zoe\x00",
        "zo\u200be",
        "zo\u202ee",
        "zoe\ud800",
        "..",
        ".zoe",
        "-zoe",
        "@zoe",
        "zoe²",
        "zoe\u0378",
        "Operator",
    ],
)
def test_a_login_that_cannot_be_is_refused_with_what_to_do(login):
    with pytest.raises(BadInput) as refused:
        clean_login(login)
    assert any(do in str(refused.value) for do in ("use", "start it", "choose another"))
    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("one", "other"),
    [("Zoé", "zoé"), ("ZOÉ", "zoe\u0301"), ("straße", "STRASSE"), ("ﬁona", "fiona")],
)
def test_case_and_composition_do_not_make_another_login(one, other):
    assert login_key(one) == login_key(other)


def test_an_accent_makes_another_login():
    assert login_key("zoe") != login_key("zoé")


def test_a_login_that_nobody_can_have_is_looked_up_as_nobody():
    assert key_to_look_up("zoe:martin\x00" * 4000) == ""
    assert key_to_look_up("\ud800\ud800") == ""
    assert key_to_look_up("ZOÉ") == login_key("zoé")
