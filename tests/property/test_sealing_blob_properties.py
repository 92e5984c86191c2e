"""Whatever is done to a stored blob, it is refused or gives the true bytes; never others."""

import hashlib
from itertools import pairwise

import pytest
from blake3 import blake3
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, VaultId
from davserver.domain.secret import Secret
from davserver.sealing.chunks import BlobCipher
from davserver.sealing.format import (
    CHUNK_BYTES,
    HEADER_BYTES,
    MAX_CHUNKS,
    SEALED_CHUNK_BYTES,
    nonce,
    stored_size,
)
from davserver.sealing.stream import SealedReader, SealingWriter, open_small, seal_small

KEY, VAULT, BLOB = Secret(b"k" * 32), VaultId(b"v" * 16), BlobId(b"b" * 16)
SIZE = 3 * CHUNK_BYTES + 4321
PLAIN = hashlib.shake_128(b"a document").digest(SIZE)
BOUNDED = settings(max_examples=60, deadline=None)


def salt(length):
    return b"s" * length


STORED = seal_small(KEY, VAULT, BLOB, salt, PLAIN).stored
HEAD = STORED[:HEADER_BYTES]
CHUNKS = [
    STORED[start : start + SEALED_CHUNK_BYTES]
    for start in range(HEADER_BYTES, len(STORED), SEALED_CHUNK_BYTES)
]


def reader(stored, size=SIZE, key=KEY):
    return SealedReader(
        BlobCipher(key, VAULT, BLOB),
        lambda offset, length: stored[offset : offset + length],
        stored_size=len(stored),
        plain_size=size,
    )


@BOUNDED
@given(offset=st.integers(0, SIZE), length=st.integers(0, SIZE))
@example(offset=SIZE, length=0)
@example(offset=CHUNK_BYTES - 1, length=2)
@example(offset=3 * CHUNK_BYTES, length=4321)
def test_a_range_equals_the_slice(offset, length):
    length = min(length, SIZE - offset)
    got = b"".join(reader(STORED).range(offset, length))
    assert got == PLAIN[offset : offset + length]


@BOUNDED
@given(cuts=st.lists(st.integers(0, SIZE), max_size=8))
@example(cuts=[CHUNK_BYTES])
@example(cuts=[CHUNK_BYTES, CHUNK_BYTES, CHUNK_BYTES + 1])
@example(cuts=[2 * CHUNK_BYTES - 1])
def test_pieces_of_any_sizes_give_the_same_blob(cuts):
    places = [0, *sorted(cuts), SIZE]
    writer = SealingWriter(KEY, VAULT, BLOB, salt)
    stored = writer.header
    for start, end in pairwise(places):
        stored += b"".join(bytes(piece) for piece in writer.feed(PLAIN[start:end]))
    assert stored + writer.finish() == STORED
    assert writer.plain_sha256() == hashlib.sha256(PLAIN).digest()
    assert writer.stored_digest() == blake3(STORED).digest()


@BOUNDED
@given(
    at=st.one_of(st.integers(0, HEADER_BYTES - 1), st.integers(0, len(STORED) - 1)),
    bit=st.integers(0, 7),
)
def test_one_flipped_bit_anywhere_is_refused(at, bit):
    bad = bytearray(STORED)
    bad[at] ^= 1 << bit
    with pytest.raises(Damaged):
        b"".join(reader(bytes(bad)).range(0, SIZE))


@BOUNDED
@given(
    at=st.integers(HEADER_BYTES, len(STORED) - 1),
    offset=st.integers(0, SIZE),
    length=st.integers(0, 2 * CHUNK_BYTES),
)
def test_a_range_of_a_damaged_blob_gives_true_bytes_or_none(at, offset, length):
    length = min(length, SIZE - offset)
    bad = bytearray(STORED)
    bad[at] ^= 1
    got = b""
    try:
        for piece in reader(bytes(bad)).range(offset, length):
            got += piece
    except Damaged:
        assert PLAIN[offset:].startswith(got)
    else:
        assert got == PLAIN[offset : offset + length]


@BOUNDED
@given(length=st.integers(0, len(STORED) - 1))
@example(length=len(STORED) - len(CHUNKS[-1]))
@example(length=HEADER_BYTES)
def test_a_cut_blob_is_refused_even_if_its_record_agrees(length):
    cut = STORED[:length]
    with pytest.raises(Damaged):
        reader(cut)
    for size in range(max(0, length - HEADER_BYTES - 80), length):
        if stored_size(size) == length:
            with pytest.raises(Damaged):
                b"".join(reader(cut, size).range(0, size))


@BOUNDED
@given(order=st.lists(st.integers(0, 3), max_size=6))
@example(order=[1, 0, 2, 3])
@example(order=[0, 1, 1, 3])
@example(order=[0, 1, 2])
@example(order=[0, 1, 2, 3, 3])
def test_chunks_dropped_swapped_or_repeated_are_refused(order):
    assume(order != [0, 1, 2, 3])
    bad = HEAD + b"".join(CHUNKS[index] for index in order)
    claimed = sum(len(CHUNKS[index]) - 16 for index in order)
    for size in {SIZE, claimed}:
        with pytest.raises(Damaged):
            b"".join(reader(bad, size).range(0, size))


@BOUNDED
@given(
    here=st.integers(0, 2),
    same=st.sampled_from(["file key", "vault and id", "nothing"]),
)
def test_a_chunk_of_another_blob_is_refused(here, same):
    other_key = KEY if same == "file key" else Secret(b"l" * 32)
    other_blob = BLOB if same == "vault and id" else BlobId(b"c" * 16)
    other = seal_small(other_key, VAULT, other_blob, lambda n: b"t" * n, PLAIN).stored
    at = HEADER_BYTES + here * SEALED_CHUNK_BYTES
    bad = STORED[:at] + other[at : at + SEALED_CHUNK_BYTES] + STORED[at + SEALED_CHUNK_BYTES :]
    with pytest.raises(Damaged):
        b"".join(reader(bad).range(0, SIZE))


@BOUNDED
@given(
    key=st.binary(min_size=32, max_size=32),
    vault=st.binary(min_size=16, max_size=16),
    blob=st.binary(min_size=16, max_size=16),
    data=st.binary(max_size=100),
)
def test_no_other_key_vault_or_id_opens_a_blob(key, vault, blob, data):
    stored = seal_small(KEY, VAULT, BLOB, salt, data).stored
    for asked in ((Secret(key), VAULT, BLOB), (KEY, vault, BLOB), (KEY, VAULT, blob)):
        if asked != (KEY, VAULT, BLOB):
            with pytest.raises(Damaged):
                open_small(*asked, len(data), stored)


@given(
    one=st.tuples(st.integers(0, MAX_CHUNKS - 1), st.booleans()),
    other=st.tuples(st.integers(0, MAX_CHUNKS - 1), st.booleans()),
)
def test_nonces_have_12_bytes_and_differ(one, other):
    made = [nonce(index, last=last) for index, last in (one, other)]
    assert [len(each) for each in made] == [12, 12]
    assert (made[0] == made[1]) == (one == other)


@BOUNDED
@given(st.lists(st.binary(min_size=32, max_size=32), min_size=2, max_size=8, unique=True))
def test_each_salt_makes_a_content_key_of_its_own(salts):
    blobs = [
        seal_small(KEY, VAULT, BLOB, lambda _, one=one: one, b"the same text").stored
        for one in salts
    ]
    assert len({blob[HEADER_BYTES:] for blob in blobs}) == len(salts)
    assert len({blob[56:88] for blob in blobs}) == len(salts)
