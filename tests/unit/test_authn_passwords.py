"""Argon2id, its turn, and what a new password must be."""

import os
import threading
from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from authn.credentials import new_app_password, password_bytes, shown
from authn.password_rules import check_new_password
from authn.passwords import (
    HashingTurn,
    hash_password,
    is_outdated,
    is_password,
    nobodys_hash,
)
from davserver.domain.errors import BadInput, Unavailable
from tests.support.accounts import weaker_hash

SECRET = password_bytes("quatre mots sans lien")


def test_a_hash_names_its_parameters_and_accepts_its_password_alone():
    phc = hash_password(SECRET, os.urandom)
    assert phc.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    salt, made = phc.split("$")[-2:]
    assert (len(salt), len(made)) == (22, 43), "16 and 32 bytes in base64 without padding"
    assert is_password(phc, SECRET)
    assert not is_password(phc, password_bytes("quatre mots sans liens"))


def test_two_hashes_of_one_password_differ():
    assert hash_password(SECRET, os.urandom) != hash_password(SECRET, os.urandom)


def test_a_hash_with_other_parameters_still_works_and_is_called_outdated():
    phc = weaker_hash(SECRET)
    assert is_password(phc, SECRET)
    assert is_outdated(phc)
    assert not is_outdated(hash_password(SECRET, os.urandom))


def test_nobodys_hash_fits_nothing_and_is_computed_like_any_other():
    """It has the form of a real one to the letter: anything else would be refused without
    computing, and the time would tell who has an account.
    """
    phc = nobodys_hash(os.urandom)
    assert not is_password(phc, SECRET)
    *before, salt, made = phc.split("$")
    real = Argon2id(
        salt=b64decode(salt + "=="), length=32, iterations=2, lanes=1, memory_cost=19 * 1024
    ).derive_phc_encoded(SECRET.reveal())
    assert real.split("$")[:-1] == [*before, salt]
    assert len(made) == len(real.split("$")[-1])
    assert is_password(real, SECRET)


@pytest.mark.parametrize("phc", ["", "nonsense", "$argon2id$v=19$m=19456,t=2,p=1$short"])
def test_what_is_no_hash_accepts_nothing(phc):
    assert not is_password(phc, SECRET)


def test_the_turn_lets_one_in_and_sends_the_patient_away():
    turn = HashingTurn(patience=0.05)
    with turn.taken(), pytest.raises(Unavailable) as away, turn.taken():
        pass
    assert away.value.seconds > 0
    with turn.taken():
        pass


def test_the_turn_is_free_again_after_an_error():
    turn = HashingTurn(patience=0.05)
    with pytest.raises(ValueError, match="broken"), turn.taken():
        raise ValueError("broken")
    with turn.taken():
        pass


def test_never_two_at_once():
    turn = HashingTurn(60)
    inside, most = 0, 0
    seen = threading.Lock()

    def work():
        nonlocal inside, most
        with turn.taken():
            with seen:
                inside += 1
                most = max(most, inside)
            hash_password(SECRET, os.urandom)
            with seen:
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


@pytest.mark.parametrize(
    "text",
    [
        "quatre mots sans lien",
        "12 é caractères",
        "x" * 8 + "abcd",
        "mot de passe de karima",
        "😀🎈🐟🌲🏔" * 3,
    ],
)
def test_a_long_password_needs_nothing_else(text):
    check_new_password(text, "karima", "Karima Benali")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "elevenchars",
        "a" * 257,
        "abababababababab",
        "with\x07a bell in it",
        "karima benali",
        "KarimaKarimaKarima",
        "Benali-Karima-1",
    ],
)
def test_a_weak_password_is_refused_with_what_to_do(text):
    with pytest.raises(BadInput, match=r"^password: ") as refused:
        check_new_password(text, "karima", "Karima Benali")
    assert text == "" or text not in str(refused.value)


def test_an_app_password_is_no_password():
    with pytest.raises(BadInput, match="app password"):
        check_new_password(shown(new_app_password("karima", os.urandom)), "karima", "Karima")
