"""Signatures of policy files: what fits, and every way not to fit."""

import hashlib
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from davserver.domain.errors import BadInput
from policies.loader import FILES
from policies.problems import Code, PolicyProblems
from policies.signing import SLACK, require_in_time, sign, verify
from policies.signing_keys import (
    fingerprint,
    new_key,
    private_pem,
    public_pem,
    read_private,
    read_public,
)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNERS = (OTHER.public_key(), KEY.public_key())
AT = datetime(2026, 11, 26, 17, 40, 5, 999_999, tzinfo=UTC)
SIGNED = AT.replace(microsecond=0)
SET = {name: f"# {name}\n".encode() for name in FILES}

GOLDEN = b"""\
abri policy signature 1
signed: 2026-11-26T17:40:05Z
key: a050837d85070582ccf7394b0988847cc312cb88259b894899f6f239cf1791a5
signature: q5dIskGP/p+cSfPAxO+A2u2AP6wyzuQyStHJ3s75oo3n5j85bagd1LwEe1zPPL+ap3szlc9WM3IwDIU0PqSeAg==
"""
"""Made once: what is signed today must still fit after any release."""


def code_of(signature: bytes | None, files: dict[str, bytes], signers=SIGNERS) -> Code:
    with pytest.raises(PolicyProblems) as found:
        verify(signature, files, signers)
    (problem,) = found.value.problems
    assert problem.file == "policy.sig"
    assert problem.is_error
    return problem.code


def test_the_signature_of_old_fits_and_is_made_again():
    assert verify(GOLDEN, SET, SIGNERS) == SIGNED
    assert sign(SET, KEY, AT) == GOLDEN


def test_the_time_is_in_utc_wherever_it_is_made():
    paris = AT.astimezone(tz=datetime.strptime("+0100", "%z").tzinfo)
    assert sign(SET, KEY, paris) == GOLDEN


@given(st.sampled_from(FILES), st.data())
def test_any_changed_byte_of_any_file_is_refused(name, data):
    content = bytearray(SET[name])
    place = data.draw(st.integers(0, len(content) - 1))
    content[place] ^= data.draw(st.integers(1, 255))
    assert code_of(GOLDEN, SET | {name: bytes(content)}) is Code.SIGNATURE_WRONG


@given(st.sampled_from(FILES), st.binary(max_size=40), st.data())
def test_any_other_file_in_the_place_of_one_is_refused(name, content, data):
    place = data.draw(st.integers(0, len(SET[name])))
    longer = SET[name][:place] + content + SET[name][place:]
    if content:
        assert code_of(GOLDEN, SET | {name: longer}) is Code.SIGNATURE_WRONG
    if content != SET[name]:
        assert code_of(GOLDEN, SET | {name: content}) is Code.SIGNATURE_WRONG


def test_contents_cannot_move_from_one_file_to_another():
    first, second, *_ = FILES
    swapped = SET | {first: SET[second], second: SET[first]}
    assert code_of(GOLDEN, swapped) is Code.SIGNATURE_WRONG
    moved = SET | {first: SET[first] + SET[second], second: b""}
    assert code_of(GOLDEN, moved) is Code.SIGNATURE_WRONG


def test_every_changed_byte_of_the_signature_is_refused():
    told = set()
    for place in range(len(GOLDEN)):
        for flip in (0x01, 0x20, 0x80):
            raw = bytearray(GOLDEN)
            raw[place] ^= flip
            told.add(code_of(bytes(raw), SET))
    assert told == {Code.SIGNATURE_UNREADABLE, Code.SIGNER_UNKNOWN, Code.SIGNATURE_WRONG}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        GOLDEN[:-1],
        GOLDEN + b"\n",
        b"\xef\xbb\xbf" + GOLDEN,
        GOLDEN.replace(b"\n", b"\r\n"),
        GOLDEN.replace(b"signature 1", b"signature 2"),
        GOLDEN.replace(b"2026-11-26", b"2026-13-26"),
        GOLDEN.replace(b"17:40:05", b"17:40:60"),
        GOLDEN.replace(b"17:40:05Z", b"17:40:5Z0"),
        GOLDEN.replace(b"2026-11-26T", b"2026-11-26-"),
        GOLDEN.replace(b"==", b"=" * 4),
        GOLDEN * 2,
        b"\0" * 100_000,
    ],
)
def test_what_is_no_signature_is_told_as_that(raw):
    assert code_of(raw, SET) is Code.SIGNATURE_UNREADABLE


def test_base64_of_the_same_bytes_in_other_letters_is_refused():
    # The last letter carries four bits that mean nothing.
    line = next(one for one in GOLDEN.splitlines() if one.startswith(b"signature"))
    alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(line[-3:-2]) | 1 :][:1]
    assert last != line[-3:-2]
    other = GOLDEN.replace(line, line[:-3] + last + b"==")
    assert code_of(other, SET) is Code.SIGNATURE_UNREADABLE


def test_none_at_all_is_refused():
    assert code_of(None, SET) is Code.UNSIGNED


def test_a_key_that_is_not_listed_counts_for_nothing():
    assert code_of(GOLDEN, SET, (OTHER.public_key(),)) is Code.SIGNER_UNKNOWN
    assert code_of(GOLDEN, SET, ()) is Code.SIGNER_UNKNOWN


def test_a_listed_key_under_the_name_of_another_is_refused():
    mine, theirs = (fingerprint(key.public_key()).encode() for key in (KEY, OTHER))
    assert code_of(GOLDEN.replace(mine, theirs), SET) is Code.SIGNATURE_WRONG


def test_another_time_than_the_signed_one_is_refused():
    assert code_of(GOLDEN.replace(b"17:40:05", b"17:40:06"), SET) is Code.SIGNATURE_WRONG


def test_a_signature_for_something_else_does_not_fit():
    """The same key over the bare digest, as another program might sign it."""
    digest = hashlib.sha256(b"".join(SET[name] for name in FILES)).hexdigest().encode()
    for message in (digest, bytes.fromhex(digest.decode()), b"2026-11-26T17:40:05Z\n" + digest):
        raw = KEY.sign(message)
        old = GOLDEN.splitlines()[3].removeprefix(b"signature: ")
        assert code_of(GOLDEN.replace(old, b64encode(raw)), SET) is Code.SIGNATURE_WRONG


def late(newest: datetime | None, now: datetime) -> Code | None:
    try:
        require_in_time(SIGNED, newest, now)
    except PolicyProblems as found:
        return found.problems[0].code
    return None


def test_neither_older_than_what_came_into_force_nor_of_the_future():
    second = timedelta(seconds=1)
    assert late(None, SIGNED) is None
    assert late(SIGNED, SIGNED) is None
    assert late(SIGNED - second, SIGNED + timedelta(days=4000)) is None
    assert late(SIGNED + second, SIGNED + second) is Code.SIGNED_EARLIER
    assert late(None, SIGNED - SLACK) is None
    assert late(None, SIGNED - SLACK - second) is Code.SIGNED_AHEAD


def test_keys_go_through_pem_and_back():
    made = new_key(lambda length: bytes(range(length)))
    assert private_pem(made) == private_pem(KEY)
    assert private_pem(read_private(private_pem(KEY))) == private_pem(KEY)
    both = b"# Claire's\n" + public_pem(SIGNERS[0]) + b"\n  # Paul's\n" + public_pem(SIGNERS[1])
    for text in (both, both.replace(b"\n", b"\r\n"), both.rstrip()):
        assert [fingerprint(key) for key in read_public(text)] == [fingerprint(k) for k in SIGNERS]
    with pytest.raises(ValueError, match="entropy"):
        new_key(lambda length: bytes(length - 1))


def other_kind() -> bytes:
    public = generate_private_key(SECP256R1()).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


PEM = public_pem(KEY.public_key())


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no public key"),
        (b"# only a remark\n", "no public key"),
        (PEM + b"Paul\n", "nothing in it but"),
        (PEM + private_pem(KEY), "nothing in it but"),
        (PEM + PEM.replace(b"-----BEGIN", b"----BEGIN"), "nothing in it but"),
        (PEM.replace(b"-----END PUBLIC", b"-----END PRIVATE"), "nothing in it but"),
        (PEM.replace(b"MCow", b"MCox"), "damaged"),
        (PEM + PEM.replace(b"MCow", b""), "damaged"),
        (PEM + other_kind(), "another kind"),
    ],
)
def test_a_file_of_signers_with_anything_else_in_it_is_refused(text, says):
    with pytest.raises(BadInput, match=says):
        read_public(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"", "no private key"),
        (PEM, "no private key"),
        (private_pem(KEY)[:-40], "no private key"),
        (
            KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
            "passphrase",
        ),
        (
            generate_private_key(SECP256R1()).private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            ),
            "another kind",
        ),
    ],
)
def test_what_is_no_private_key_is_refused(text, says):
    with pytest.raises(BadInput, match=says):
        read_private(text)
