"""Sealing as bytes arrive, and opening ranges: what is refused, and when."""

import hashlib

import pytest
from blake3 import blake3

from davserver.domain.errors import Damaged, TooLarge
from davserver.domain.ids import BlobId, VaultId
from davserver.domain.secret import Secret
from davserver.sealing.chunks import BlobCipher, ChunkCipher
from davserver.sealing.format import (
    CHUNK_BYTES,
    HEADER_BYTES,
    MAX_CHUNKS,
    MAX_PLAIN_BYTES,
    SEALED_CHUNK_BYTES,
    Header,
    Suite,
    nonce,
    stored_size,
)
from davserver.sealing.stream import SealedReader, SealingWriter, open_small, seal_small

KEY, VAULT, BLOB = Secret(b"k" * 32), VaultId(b"v" * 16), BlobId(b"b" * 16)


def salt(length):
    return b"s" * length


def plain_of(size):
    return hashlib.shake_128(b"plain").digest(size)


def sealed(size):
    return seal_small(KEY, VAULT, BLOB, salt, plain_of(size))


class Reads:
    """The bytes of one stored blob, and which parts of them were read."""

    def __init__(self, stored):
        self.stored, self.asked = stored, []

    def read_at(self, offset, length):
        self.asked.append((offset, length))
        return self.stored[offset : offset + length]

    def reader(self, plain_size):
        return self.reader_with(BlobCipher(KEY, VAULT, BLOB), plain_size)

    def reader_with(self, cipher, plain_size):
        size = len(self.stored)
        return SealedReader(cipher, self.read_at, stored_size=size, plain_size=plain_size)


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072])
def test_a_small_file_is_sealed_to_the_bytes_that_a_stream_makes(size):
    writer = SealingWriter(KEY, VAULT, BLOB, salt)
    streamed = [writer.header, *(bytes(one) for one in writer.feed(plain_of(size)))]
    streamed.append(writer.finish())
    one = sealed(size)
    assert one.stored == b"".join(streamed)
    assert (one.plain_size, one.plain_sha256) == (writer.plain_size, writer.plain_sha256())
    assert one.stored_digest == writer.stored_digest()


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 400_000])
def test_a_file_of_any_size_comes_back(size):
    one = sealed(size)
    assert open_small(KEY, VAULT, BLOB, size, one.stored) == plain_of(size)
    assert len(one.stored) == stored_size(size)
    assert one.plain_sha256 == hashlib.sha256(plain_of(size)).digest()
    assert one.stored_digest == blake3(one.stored).digest()


def test_an_empty_file_takes_144_bytes():
    assert len(sealed(0).stored) == 144


def test_counts_and_digests_are_final_after_finish():
    writer = SealingWriter(KEY, VAULT, BLOB, salt)
    pieces = [bytes(piece) for piece in writer.feed(plain_of(70_000))]
    stored = b"".join([writer.header, *pieces, writer.finish()])
    assert (writer.plain_size, writer.stored_size) == (70_000, len(stored))
    assert writer.plain_sha256() == hashlib.sha256(plain_of(70_000)).digest()
    assert writer.stored_digest() == blake3(stored).digest()


def test_a_full_chunk_is_kept_back_until_it_is_known_not_to_be_the_last():
    writer = SealingWriter(KEY, VAULT, BLOB, salt)
    assert list(writer.feed(bytes(CHUNK_BYTES))) == []
    assert [len(piece) for piece in writer.feed(b"x")] == [SEALED_CHUNK_BYTES]
    assert len(writer.finish()) == 17


@pytest.mark.parametrize("size", [CHUNK_BYTES, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 7])
@pytest.mark.parametrize("cut", [10_000, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES])
def test_a_piece_that_is_followed_by_others_is_sealed_as_far_as_it_goes(cut, size):
    writer, plain = SealingWriter(KEY, VAULT, BLOB, salt), plain_of(size)
    stored = writer.header
    for end in [*range(cut, size, cut), size]:
        piece = plain[writer.plain_size : end]
        writer.measure(piece)
        stored += b"".join(bytes(one) for one in writer.seal(piece, followed=end < size))
        if end < size:
            assert len(stored) == HEADER_BYTES + end // CHUNK_BYTES * SEALED_CHUNK_BYTES
    assert stored + writer.finish() == sealed(size).stored


def test_a_stream_that_was_to_go_on_cannot_end():
    """Its last chunk would not say that it is the last one."""
    for nothing in ([], [b""]):
        writer = SealingWriter(KEY, VAULT, BLOB, salt)
        assert len(list(writer.seal(bytes(CHUNK_BYTES), followed=True))) == 1
        for data in nothing:
            assert list(writer.seal(data)) == []
        with pytest.raises(ValueError, match="follow"):
            writer.finish()


def test_a_sealed_piece_cannot_be_used_after_the_next_one_was_taken():
    writer = SealingWriter(KEY, VAULT, BLOB, salt)
    kept = list(writer.feed(bytes(10 * CHUNK_BYTES)))
    assert len(kept) > 1
    for piece in kept:
        with pytest.raises(ValueError, match="released"):
            bytes(piece)


def test_a_feed_that_was_left_half_way_ends_the_writer():
    writer = SealingWriter(KEY, VAULT, BLOB, salt)
    next(writer.feed(bytes(9 * CHUNK_BYTES)))
    with pytest.raises(ValueError, match="half-way"):
        writer.feed(b"more")
    with pytest.raises(ValueError, match="half-way"):
        writer.finish()


def test_a_feed_that_was_never_walked_ends_the_writer():
    writer = SealingWriter(KEY, VAULT, BLOB, salt)
    writer.feed(b"lost")
    with pytest.raises(ValueError, match="half-way"):
        writer.finish()


def test_nothing_follows_finish():
    writer = SealingWriter(KEY, VAULT, BLOB, salt)
    writer.finish()
    with pytest.raises(ValueError, match="finished"):
        writer.feed(b"more")
    with pytest.raises(ValueError, match="finished"):
        writer.finish()


def test_a_source_of_too_little_entropy_is_refused():
    with pytest.raises(ValueError, match="entropy"):
        SealingWriter(KEY, VAULT, BLOB, lambda length: b"s" * (length - 1))


@pytest.mark.parametrize(
    ("key", "vault", "blob"),
    [
        (Secret(b"k" * 31), VAULT, BLOB),
        (Secret(b"k" * 64), VAULT, BLOB),
        (KEY, VaultId(b"v" * 15), BLOB),
        (KEY, VAULT, BlobId(b"b" * 17)),
    ],
)
def test_keys_and_ids_of_another_length_are_refused(key, vault, blob):
    with pytest.raises(ValueError, match=r"length|16 bytes"):
        SealingWriter(key, vault, blob, salt)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, CHUNK_BYTES + 1])
def test_a_stored_length_that_the_record_does_not_explain_is_refused_unread(size):
    for length in (stored_size(size) - 1, stored_size(size) + 1, 0):
        reads = Reads(bytes(length))
        with pytest.raises(Damaged):
            reads.reader(size)
        assert reads.asked == []


def test_a_size_that_no_blob_has_is_refused():
    with pytest.raises(TooLarge):
        stored_size(MAX_PLAIN_BYTES + 1)
    with pytest.raises(TooLarge):
        stored_size(-1)
    assert stored_size(MAX_PLAIN_BYTES) == 128 + MAX_PLAIN_BYTES + 16 * MAX_CHUNKS


def test_no_chunk_is_sealed_beyond_the_largest_file():
    cipher = ChunkCipher(KEY, VAULT, BLOB, bytes(32))
    with pytest.raises(TooLarge):
        cipher.seal_into(MAX_CHUNKS, b"", memoryview(bytearray(16)), last=True)


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, 11), (11, 0), (5, -1), (3, 8)])
def test_a_range_outside_of_the_file_is_a_mistake_of_the_caller(offset, length):
    with pytest.raises(ValueError, match="range"):
        Reads(sealed(10).stored).reader(10).range(offset, length)


def test_a_small_file_is_read_from_the_store_in_one_go():
    reads = Reads(sealed(1000).stored)
    assert b"".join(reads.reader(1000).range(0, 1000)) == plain_of(1000)
    assert reads.asked == [(0, stored_size(1000))]


def test_only_the_chunks_of_a_range_are_read_and_the_header_once():
    size = 20 * CHUNK_BYTES
    reads = Reads(sealed(size).stored)
    reader = reads.reader(size)
    start = 9 * CHUNK_BYTES + 10
    assert b"".join(reader.range(start, 100)) == plain_of(size)[start : start + 100]
    assert b"".join(reader.range(start + 50, 100)) == plain_of(size)[start + 50 : start + 150]
    chunk = (HEADER_BYTES + 9 * SEALED_CHUNK_BYTES, SEALED_CHUNK_BYTES)
    assert reads.asked == [(0, HEADER_BYTES), chunk, chunk]


def test_a_cipher_that_is_kept_reads_no_header_again():
    size = 20 * CHUNK_BYTES
    reads, kept = Reads(sealed(size).stored), BlobCipher(KEY, VAULT, BLOB)
    for start in (9 * CHUNK_BYTES, 0):
        reads.asked.clear()
        got = b"".join(reads.reader_with(kept, size).range(start, 100))
        assert got == plain_of(size)[start : start + 100]
    assert reads.asked == [(HEADER_BYTES, SEALED_CHUNK_BYTES)]


def test_a_header_that_was_refused_is_read_again():
    wrong, kept = bytearray(sealed(10).stored), BlobCipher(KEY, VAULT, BLOB)
    wrong[60] ^= 1
    for _ in range(2):
        with pytest.raises(Damaged):
            Reads(bytes(wrong)).reader_with(kept, 10).range(0, 10)
    assert b"".join(Reads(sealed(10).stored).reader_with(kept, 10).range(0, 10)) == plain_of(10)


def test_a_long_range_is_read_in_runs_of_eight_chunks():
    size = 18 * CHUNK_BYTES
    reads = Reads(sealed(size).stored)
    pieces = list(reads.reader(size).range(0, size))
    assert [len(piece) for piece in pieces] == [8 * CHUNK_BYTES, 8 * CHUNK_BYTES, 2 * CHUNK_BYTES]
    assert [length for _, length in reads.asked] == [
        HEADER_BYTES + 8 * SEALED_CHUNK_BYTES,
        8 * SEALED_CHUNK_BYTES,
        2 * SEALED_CHUNK_BYTES,
    ]


def test_pieces_that_were_handed_out_never_change():
    size = 18 * CHUNK_BYTES
    kept = list(Reads(sealed(size).stored).reader(size).range(0, size))
    assert b"".join(kept) == plain_of(size)
    assert all(piece.readonly for piece in kept)


def test_damage_in_the_first_piece_is_known_before_anything_is_handed_out():
    stored = bytearray(sealed(3 * CHUNK_BYTES).stored)
    stored[HEADER_BYTES + 2 * SEALED_CHUNK_BYTES] ^= 1
    reader = Reads(bytes(stored)).reader(3 * CHUNK_BYTES)
    with pytest.raises(Damaged):
        reader.range(0, 3 * CHUNK_BYTES)


def test_damage_further_on_ends_the_range_after_the_pieces_before_it():
    stored = bytearray(sealed(17 * CHUNK_BYTES).stored)
    stored[-1] ^= 1
    pieces = Reads(bytes(stored)).reader(17 * CHUNK_BYTES).range(0, 17 * CHUNK_BYTES)
    assert len(next(pieces)) == len(next(pieces)) == 8 * CHUNK_BYTES
    with pytest.raises(Damaged):
        next(pieces)


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 2 * CHUNK_BYTES])
def test_an_empty_range_at_the_end_proves_the_end(size):
    assert list(Reads(sealed(size).stored).reader(size).range(size, 0)) == []
    stored = bytearray(sealed(size).stored)
    stored[-1] ^= 1
    with pytest.raises(Damaged):
        Reads(bytes(stored)).reader(size).range(size, 0)


@pytest.mark.parametrize("size", [1000, 200_000])
@pytest.mark.parametrize("kept", [0, 1, 127, 128, 129, 143, 1127, 131_232, 196_607])
def test_a_store_that_gives_too_little_is_damage(size, kept):
    """A file that is cut while it is open gives any number of bytes, none at all too."""
    good = sealed(size).stored
    reader = SealedReader(
        BlobCipher(KEY, VAULT, BLOB),
        lambda offset, length: good[: min(kept, len(good) - 1)][offset : offset + length],
        stored_size=len(good),
        plain_size=size,
    )
    with pytest.raises(Damaged):
        reader.range(0, size)


def test_what_did_not_verify_is_wiped_from_the_buffer():
    cipher = ChunkCipher(KEY, VAULT, BLOB, bytes(32))
    chunk = bytearray(116)
    cipher.seal_into(0, b"x" * 100, memoryview(chunk), last=True)
    out = bytearray(100)
    cipher.open_into(0, chunk, memoryview(out), last=True)
    assert out == b"x" * 100
    chunk[-1] ^= 1
    with pytest.raises(Damaged):
        cipher.open_into(0, chunk, memoryview(out), last=True)
    assert out == bytes(100)


def test_a_chunk_opens_at_its_own_place_only():
    cipher = ChunkCipher(KEY, VAULT, BLOB, bytes(32))
    chunk, out = bytearray(17), memoryview(bytearray(1))
    cipher.seal_into(5, b"x", memoryview(chunk), last=False)
    for index, last in ((4, False), (6, False), (5, True)):
        with pytest.raises(Damaged):
            cipher.open_into(index, chunk, out, last=last)
    cipher.open_into(5, chunk, out, last=False)
    assert bytes(out) == b"x"


def test_a_retry_under_the_same_key_has_another_salt_and_content_key():
    salts = iter([b"1" * 32, b"2" * 32])
    first, second = (seal_small(KEY, VAULT, BLOB, lambda _: next(salts), b"text") for _ in "12")
    assert first.stored[HEADER_BYTES:] != second.stored[HEADER_BYTES:]
    assert open_small(KEY, VAULT, BLOB, 4, first.stored) == b"text"
    assert open_small(KEY, VAULT, BLOB, 4, second.stored) == b"text"


def test_a_nonce_is_the_chunk_number_and_the_final_flag():
    assert nonce(0x0102, last=False).hex() == "000000000000000000010200"
    assert nonce(0x0102, last=True).hex() == "000000000000000000010201"


def test_a_header_says_what_is_wrong_with_it():
    good = Header(BLOB, b"s" * 32, b"c" * 32).encode()
    assert Header.decode(good, BLOB) == Header(BLOB, b"s" * 32, b"c" * 32)
    expected = {0: "format 1", 4: "format 1", 5: "suite", 6: "chunk", 7: "flags", 8: "another"}
    for at, words in expected.items():
        bad = bytearray(good)
        bad[at] ^= 2
        with pytest.raises(Damaged, match=words):
            Header.decode(bytes(bad), BLOB)
    with pytest.raises(Damaged, match="complete"):
        Header.decode(good[:-1], BLOB)
    with pytest.raises(ValueError, match="32 bytes"):
        Header(BLOB, b"s" * 31, b"c" * 32).encode()


def test_the_suites_that_are_read_are_named_one_by_one():
    assert {suite.name: suite.value for suite in Suite} == {"AES_256_GCM": 1}
