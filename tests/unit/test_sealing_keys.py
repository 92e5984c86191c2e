"""Derivation, sealing of small things, MACs: the lengths and purposes that keep them apart."""

import re
from importlib.resources import files

import pytest

from davserver.domain.errors import Damaged
from davserver.domain.secret import Secret
from davserver.sealing import kek, space
from davserver.sealing.floor import require_cryptography
from davserver.sealing.kek import (
    PURPOSE_CODES,
    KeyPurpose,
    instance_key_context,
    space_key_context,
)
from davserver.sealing.keys import (
    MacKey,
    Sealer,
    Siv,
    app_password_verifier,
    derive,
    new_key,
    unpadded,
)
from davserver.sealing.labels import Purpose

KEY = Secret(b"k" * 32)
FORMAT = (files("davserver.sealing") / "FORMAT.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("version", ["49.0.2", "3.4", "42.0.0.dev1", "unknown", ""])
def test_an_old_cryptography_is_refused_with_what_to_do(version):
    with pytest.raises(ImportError, match=r"cryptography 50 or later.*make setup"):
        require_cryptography(version)


@pytest.mark.parametrize("version", ["50.0.0", "50.0.2", "51.0.0.dev1", "100.1"])
def test_a_new_cryptography_is_taken(version):
    require_cryptography(version)


def test_format_md_lists_every_purpose_and_no_other():
    section = FORMAT.split("**§2.2", 1)[1].split("**§2.3", 1)[0]
    assert sorted(re.findall(r"\| `([^`]+)` \|", section)) == sorted(one.value for one in Purpose)


def test_format_md_lists_every_instance_key_and_its_code():
    section = FORMAT.split("**§7.2", 1)[1].split("**§7.3", 1)[0]
    listed = {name: int(code) for name, code in re.findall(r"`([a-z-]+)` (\d)", section)}
    assert listed == {one.value: code for one, code in PURPOSE_CODES.items()}


def test_codes_that_are_written_into_contexts_are_complete_and_distinct():
    assert set(PURPOSE_CODES) == set(KeyPurpose)
    assert sorted(PURPOSE_CODES.values()) == list(range(1, 9))
    assert {one.value: code for one, code in space.KIND_CODES.items()} == {
        "folder": b"\1",
        "file": b"\2",
    }
    assert {one.value: code for one, code in space.STATE_CODES.items()} == {
        "live": b"\1",
        "trash": b"\2",
    }


def test_no_label_begins_another_with_its_separator():
    labels = [one.label + b"\0" for one in Purpose]
    assert not any(a != b and a.startswith(b) for a in labels for b in labels)


def test_each_purpose_context_and_key_derives_something_else():
    derived = [derive(KEY, one, context, 32) for one in Purpose for context in (b"", b"x")]
    derived.append(derive(Secret(b"l" * 32), Purpose.ROW_MAC, b"", 32))
    assert len(set(derived)) == len(derived)


@pytest.mark.parametrize("length", [0, 16, 31, 33, 64])
def test_only_keys_of_32_bytes_are_derived_from_or_sealed(length):
    other = Secret(b"k" * length)
    with pytest.raises(ValueError, match="32 bytes"):
        derive(other, Purpose.ROW_MAC, b"", 32)
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(KEY, Purpose.SPACE_INDEX_KEY).seal_key(other, b"")


@pytest.mark.parametrize("length", [0, 32, 48, 63, 65])
def test_an_aes_siv_key_has_64_bytes_and_nothing_else(length):
    with pytest.raises(ValueError, match="64 bytes"):
        Siv(b"k" * length)


def test_no_more_is_authenticated_than_aes_siv_can():
    siv = Siv(b"k" * 64)
    assert siv.open(siv.seal(b"x", [b"c"] * 126), [b"c"] * 126) == b"x"
    with pytest.raises(ValueError, match="126"):
        siv.seal(b"x", [b"c"] * 127)


def test_new_keys_have_exactly_what_was_drawn():
    assert new_key(lambda length: b"n" * length) == Secret(b"n" * 32)
    with pytest.raises(ValueError, match="entropy"):
        new_key(lambda length: b"n" * (length + 1))


def test_a_sealed_value_opens_for_its_purpose_key_owner_and_context_only():
    sealer = Sealer(KEY, Purpose.DIRECTORY_PROFILE, b"owner")
    sealed = sealer.seal(b"text", b"context")
    assert sealer.open(sealed, b"context") == b"text"
    others = (
        (Sealer(KEY, Purpose.DIRECTORY_DISPLAY, b"owner"), b"context"),
        (Sealer(Secret(b"l" * 32), Purpose.DIRECTORY_PROFILE, b"owner"), b"context"),
        (Sealer(KEY, Purpose.DIRECTORY_PROFILE, b"other"), b"context"),
        (sealer, b"context2"),
        (sealer, b""),
    )
    for other, context in others:
        with pytest.raises(Damaged):
            other.open(sealed, context)


@pytest.mark.parametrize("sealed", [b"", b"x" * 15, b"x" * 16, b"x" * 64, None, "text", 7])
def test_whatever_stands_in_a_row_is_refused_as_damage(sealed):
    with pytest.raises(Damaged):
        Sealer(KEY, Purpose.DIRECTORY_PROFILE).open(sealed, b"")


def test_a_sealed_text_of_another_length_never_opens_as_a_key():
    sealer = Sealer(KEY, Purpose.SPACE_INDEX_KEY)
    with pytest.raises(Damaged, match="length"):
        sealer.open_key(sealer.seal(bytes(32), b""), b"")


def test_lengths_show_in_classes_of_32_bytes_only():
    sealer = Sealer(KEY, Purpose.SPACE_RECORD)
    lengths = [len(sealer.seal(bytes(size), b"")) for size in range(1, 93)]
    assert lengths == [48] * 28 + [80] * 32 + [112] * 32


@pytest.mark.parametrize(
    "framed",
    [b"", b"\0\0\0", b"\0\0\0\1" + b"x" * 28, b"\0\0\0\x1d" + b"x" * 28, b"\0\0\0\1x" + bytes(59)],
)
def test_padding_that_sealing_does_not_make_is_damage(framed):
    with pytest.raises(Damaged):
        unpadded(framed)


def test_macs_are_compared_whole():
    key = MacKey(KEY, Purpose.ROW_MAC)
    assert key.matches(b"row", key.mac(b"row"))
    assert not key.matches(b"row", key.mac(b"row")[:31])
    assert not key.matches(b"row", key.mac(b"row2"))
    assert key.index(b"row") == key.mac(b"row")[:16]


def test_an_app_password_verifier_says_nothing_of_the_secret_but_is_the_same_each_time():
    secret = Secret(b"app-secret-of-some-length")
    verifier = app_password_verifier(secret)
    assert verifier == app_password_verifier(Secret(b"app-secret-of-some-length"))
    assert len(verifier) == 32
    assert verifier != app_password_verifier(Secret(b"app-secret-of-some-lengtg"))


def test_a_space_keys_wrap_is_bound_to_place_and_owner():
    vault, place, owner = b"v" * 16, b"s" * 16, b"o" * 16
    contexts = {
        space_key_context(vault, place, 1, owner),
        space_key_context(b"w" * 16, place, 1, owner),
        space_key_context(vault, b"t" * 16, 1, owner),
        space_key_context(vault, place, 2, owner),
        space_key_context(vault, place, 1, b"p" * 16),
        *(instance_key_context(one, 1) for one in KeyPurpose),
        *(instance_key_context(one, 2) for one in KeyPurpose),
    }
    assert len(contexts) == 5 + 16
    for bad in ((b"v", place, 1, owner), (vault, place, -1, owner), (vault, place, 1, None)):
        with pytest.raises(ValueError, match="bytes"):
            kek.space_key_context(*bad)
