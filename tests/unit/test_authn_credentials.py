"""Shapes of credentials, and what an app password looks like when it is shown."""

import os

import pytest

from authn.credentials import (
    AppPassword,
    Password,
    from_login_and_secret,
    looks_like_app_password,
    new_app_password,
    shown,
)
from authn.verifiers import app_password_phc, is_app_password
from davserver.domain.secret import Secret


def test_an_app_password_is_recognised_as_it_was_shown():
    made = new_app_password("zoé", os.urandom)
    read = from_login_and_secret("zoé", shown(made))
    assert read == made
    assert len(made.secret) * 8 == 160


@pytest.mark.parametrize("change", [str.upper, str.capitalize, lambda text: f" {text}\n"])
def test_a_phone_keyboard_does_not_spoil_an_app_password(change):
    made = new_app_password("zoé", os.urandom)
    assert from_login_and_secret("zoé", change(shown(made))) == made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "abri_",
        "abri_" + "0" * 32,
        "abri_" + "0" * 31 + "_" + "a" * 32,
        "abri_" + "0" * 32 + "_" + "a" * 31,
        "abri_" + "0" * 32 + "_" + "a" * 33,
        "abri_" + "g" * 32 + "_" + "a" * 32,
        "abri_" + "0" * 32 + "_" + "1" * 32,
        "abri_" + "0" * 32 + "_" + "é" + "a" * 31,
        "xabri_" + "0" * 32 + "_" + "a" * 32,
        "correct horse battery",
    ],
)
def test_anything_else_is_a_password(text):
    assert isinstance(from_login_and_secret("zoé", text), Password)
    assert not looks_like_app_password(text)


def test_composed_and_decomposed_letters_are_one_password():
    composed, decomposed = (
        from_login_and_secret("zoé", text) for text in ("café noir", "cafe\u0301 noir")
    )
    assert composed == decomposed


def test_spaces_and_colons_and_broken_unicode_belong_to_a_password():
    for text in (" leading", "trailing ", "a:b:c", "lone \udce9 surrogate", ""):
        found = from_login_and_secret("zoé", text)
        assert found.secret.reveal() == text.encode("utf-8", "surrogatepass")


def test_nothing_printable_holds_a_secret():
    made = new_app_password("zoé", os.urandom)
    printed = f"{made!r} {made} {from_login_and_secret('zoé', 'hunter2hunter2')!r}"
    assert shown(made)[-32:] not in printed
    assert made.secret.reveal().hex() not in printed
    assert "hunter2" not in printed


def test_two_app_passwords_share_nothing():
    first, second = (new_app_password("zoé", os.urandom) for _ in range(2))
    assert first.id != second.id
    assert first.secret != second.secret


def test_a_verifier_accepts_its_secret_alone():
    made = new_app_password("zoé", os.urandom)
    phc = app_password_phc(made.secret)
    assert is_app_password(phc, made.secret)
    assert not is_app_password(phc, Secret(bytes(20)))
    assert not is_app_password("", made.secret)
    assert not is_app_password(phc[:-1], made.secret)


def test_a_verifier_does_not_hold_the_secret():
    secret = new_app_password("zoé", os.urandom).secret
    made = AppPassword("zoé", bytes(16), secret)
    assert shown(made)[-32:] not in app_password_phc(secret)
