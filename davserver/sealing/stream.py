"""Sealing a blob as it arrives, and opening any range of one (FORMAT.md §3)."""

import hashlib
from collections.abc import Callable, Iterator
from itertools import chain

from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId, Entropy, VaultId
from davserver.domain.lean import lean
from davserver.domain.secret import Secret
from davserver.sealing.chunks import AnyBytes, BlobCipher, ChunkCipher
from davserver.sealing.digests import new_digest
from davserver.sealing.format import (
    CHUNK_BYTES,
    HEADER_BYTES,
    SALT_BYTES,
    SEALED_CHUNK_BYTES,
    TAG_BYTES,
    Header,
    chunk_count,
    chunk_offset,
)
from davserver.sealing.format import stored_size as expected_size
from davserver.sealing.keys import drawn

RUN_CHUNKS = 8
"""Chunks that are sealed, hashed and stored together, or read, opened and handed out: 512 KiB. Of
longer runs the memory would be given back to the system each time (`davserver.serving.memory`).
"""

_OTHER_SIZE = "a stored blob is longer or shorter than its record says"
_OUTSIDE = "the range is not within the file"

ReadAt = Callable[[int, int], AnyBytes]
"""`read_at(offset, length)`: that many stored bytes from there."""


@lean(frozen=True, slots=True)
class SealedBlob:
    """A small file sealed in one call: the stored bytes and what its rows say of them."""

    stored: bytes
    plain_size: int
    plain_sha256: bytes
    stored_digest: bytes


class SealingWriter:
    """Seals one blob from pieces of any size. Store `header`, then what `feed` and `finish` give.

    The salt is drawn here, so that no two writers ever share a content key, retries included.
    `plain_size`, `stored_size` (bytes) and the two digests count what was handed out so far;
    they are final after `finish`.
    """

    def __init__(self, file_key: Secret, vault: VaultId, blob: BlobId, entropy: Entropy) -> None:
        salt = drawn(entropy, SALT_BYTES)
        self._cipher = ChunkCipher(file_key, vault, blob, salt)
        self.header = Header(blob, salt, self._cipher.commitment).encode()
        self.plain_size = 0
        self.stored_size = HEADER_BYTES
        self._plain_hash = hashlib.sha256()
        self._stored_hash = new_digest(self.header)
        self._held = bytearray()
        self._next = 0
        self._out = memoryview(b"")
        self._busy = self._owed = False

    def feed(self, data: AnyBytes) -> Iterator[memoryview]:
        """Sealed chunks, as far as `data` completes them. Walk through all of them.

        A piece may only be used until the next one is taken: its buffer is used again, and
        Python then refuses the old view. Raises TooLarge above 1 TiB, ValueError after `finish`
        or while an earlier `feed` was not walked to its end.
        """
        self.measure(data)
        return self.seal(data)

    def measure(self, data: AnyBytes) -> None:
        """The half of `feed` that only counts and hashes what comes in."""
        self._plain_hash.update(data)
        self.plain_size += len(data)

    def seal(self, data: AnyBytes, *, followed: bool = False) -> Iterator[memoryview]:
        """The other half. Two threads may do one each, of the same pieces in the same order.

        `followed`: more bytes are sure to come, so that a full chunk at the end of `data` is none
        to keep back.
        """
        self._start()
        self._owed = followed or (self._owed and not data)
        return self._sealed(memoryview(data).cast("B"), 0 if followed else 1)

    def finish(self) -> bytes:
        """The last chunk. Raises ValueError as `feed` does, and where more was to follow."""
        self._start()
        if self._owed:
            raise ValueError("more bytes were to follow")
        last = bytearray(len(self._held) + TAG_BYTES)
        self._cipher.seal_into(self._next, self._held, memoryview(last), last=True)
        self._held.clear()
        self._count(last)
        return bytes(last)

    def plain_sha256(self) -> bytes:
        return self._plain_hash.digest()

    def stored_digest(self) -> bytes:
        """Over header and chunks, by NEW_DIGEST: finds damage without a key (not tampering)."""
        return self._stored_hash.digest()

    def _start(self) -> None:
        if self._busy:
            raise ValueError("this writer is finished, or an earlier feed was left half-way")
        self._busy = True

    def _sealed(self, data: memoryview, kept: int) -> Iterator[memoryview]:
        """`kept`: 1 where a full chunk is kept back until a byte follows: only then is it not the
        last one.
        """
        if self._held and len(self._held) + len(data) >= CHUNK_BYTES + kept:
            missing = CHUNK_BYTES - len(self._held)
            self._held += data[:missing]
            data = data[missing:]
            yield from self._run(memoryview(self._held), 1)
            self._held = bytearray()
        while len(data) >= CHUNK_BYTES + kept:
            chunks = min(RUN_CHUNKS, (len(data) - kept) // CHUNK_BYTES)
            yield from self._run(data, chunks)
            data = data[chunks * CHUNK_BYTES :]
        self._held += data
        self._busy = False

    def _run(self, plain: memoryview, chunks: int) -> Iterator[memoryview]:
        if not self._out:
            self._out = memoryview(bytearray(RUN_CHUNKS * SEALED_CHUNK_BYTES))
        for i in range(chunks):
            self._cipher.seal_into(
                self._next + i,
                plain[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES],
                self._out[i * SEALED_CHUNK_BYTES : (i + 1) * SEALED_CHUNK_BYTES],
                last=False,
            )
        self._next += chunks
        with self._out[: chunks * SEALED_CHUNK_BYTES].toreadonly() as run:
            self._count(run)
            yield run

    def _count(self, sealed: AnyBytes) -> None:
        self._stored_hash.update(sealed)
        self.stored_size += len(sealed)


class SealedReader:
    """Reads any range of one stored blob. `plain_size` comes from the sealed record, `stored_size`
    from the store, both in bytes; Damaged when they disagree, before anything is read.

    `read_at(offset, length)` gives exactly that many stored bytes. The header is read and the
    content key derived with the first range of a `cipher` only, so that further ones are cheaper.
    """

    def __init__(
        self, cipher: BlobCipher, read_at: ReadAt, *, stored_size: int, plain_size: int
    ) -> None:
        if stored_size != expected_size(plain_size):
            raise Damaged(_OTHER_SIZE)
        self._cipher = cipher
        self._read_at = read_at
        self._plain_size = plain_size
        self._last = chunk_count(plain_size) - 1

    def range(self, offset: int, length: int) -> Iterator[memoryview]:
        """`length` plain bytes from `offset`, in pieces of up to 512 KiB that are never reused.

        The header and the first piece are verified before this returns, each further piece
        before it is handed out. A range that touches the end proves that the blob ends there,
        even when it is empty. Raises Damaged (also from the iterator), and ValueError when the
        range is not within the file.
        """
        if not 0 <= offset <= offset + length <= self._plain_size:
            raise ValueError(_OUTSIDE)
        pieces = self._pieces(offset, offset + length)
        first = next(pieces, None)
        return iter(()) if first is None else chain((first,), pieces)

    def _pieces(self, start: int, end: int) -> Iterator[memoryview]:
        stop = self._last + 1 if end == self._plain_size else -(-end // CHUNK_BYTES)
        for first in range(min(start // CHUNK_BYTES, self._last), stop, RUN_CHUNKS):
            run_end = min(first + RUN_CHUNKS, stop)
            plain = self._opened(first, run_end)
            base = first * CHUNK_BYTES
            piece = plain[max(start - base, 0) : end - base]
            if piece:
                yield piece

    def _opened(self, first: int, stop: int) -> memoryview:
        """The plain bytes of chunks `first` to `stop` - 1, all verified."""
        cipher, sealed = self._fetch(first, stop)
        plain = memoryview(bytearray(len(sealed) - TAG_BYTES * (stop - first)))
        try:
            for i in range(stop - first):
                cipher.open_into(
                    first + i,
                    sealed[i * SEALED_CHUNK_BYTES : (i + 1) * SEALED_CHUNK_BYTES],
                    plain[i * CHUNK_BYTES : (i + 1) * CHUNK_BYTES],
                    last=first + i == self._last,
                )
        except Damaged:
            plain[:] = bytes(len(plain))
            raise
        return plain.toreadonly()

    def _fetch(self, first: int, stop: int) -> tuple[ChunkCipher, memoryview]:
        """The cipher and the stored bytes of these chunks; header and first chunks in one read."""
        begin, end = chunk_offset(first), self._stored_end(stop)
        made = self._cipher.made
        if made is not None:
            return made, self._read(begin, end)
        if first == 0:
            raw = self._read(0, end)
            return self._cipher.unlock(raw[:HEADER_BYTES]), raw[HEADER_BYTES:]
        return self._cipher.unlock(self._read(0, HEADER_BYTES)), self._read(begin, end)

    def _stored_end(self, stop: int) -> int:
        return chunk_offset(stop) if stop <= self._last else expected_size(self._plain_size)

    def _read(self, begin: int, end: int) -> memoryview:
        raw = memoryview(self._read_at(begin, end - begin)).cast("B")
        if len(raw) != end - begin:
            raise Damaged("a stored blob is shorter than its record says")
        return raw


def seal_small(
    file_key: Secret, vault: VaultId, blob: BlobId, entropy: Entropy, plain: AnyBytes
) -> SealedBlob:
    """The same bytes as SealingWriter makes, for a file that is in memory as a whole."""
    if len(plain) <= CHUNK_BYTES:
        return _seal_one_chunk(file_key, vault, blob, drawn(entropy, SALT_BYTES), plain)
    writer = SealingWriter(file_key, vault, blob, entropy)
    parts = [writer.header, *(bytes(piece) for piece in writer.feed(plain)), writer.finish()]
    return SealedBlob(
        b"".join(parts), writer.plain_size, writer.plain_sha256(), writer.stored_digest()
    )


def _seal_one_chunk(
    file_key: Secret, vault: VaultId, blob: BlobId, salt: bytes, plain: AnyBytes
) -> SealedBlob:
    cipher = ChunkCipher(file_key, vault, blob, salt)
    stored = bytearray(HEADER_BYTES + len(plain) + TAG_BYTES)
    stored[:HEADER_BYTES] = Header(blob, salt, cipher.commitment).encode()
    cipher.seal_into(0, plain, memoryview(stored)[HEADER_BYTES:], last=True)
    digests = hashlib.sha256(plain).digest(), new_digest(stored).digest()
    return SealedBlob(bytes(stored), len(plain), *digests)


class SmallReader:
    """As SealedReader, of a blob of one chunk that is in memory: opened whole, in one call."""

    __slots__ = ("_blob", "_file_key", "_plain_size", "_stored", "_vault")

    def __init__(
        self, file_key: Secret, vault: VaultId, blob: BlobId, plain_size: int, stored: AnyBytes
    ) -> None:
        """Raises Damaged when `stored` is longer or shorter than one chunk of that size."""
        if plain_size > CHUNK_BYTES or len(stored) != HEADER_BYTES + plain_size + TAG_BYTES:
            raise Damaged(_OTHER_SIZE)
        self._file_key = file_key
        self._vault = vault
        self._blob = blob
        self._plain_size = plain_size
        self._stored = stored

    def range(self, offset: int, length: int) -> Iterator[bytes]:
        """One piece, or none where there is nothing in it. Raises as SealedReader does."""
        if not 0 <= offset <= offset + length <= self._plain_size:
            raise ValueError(_OUTSIDE)
        header = Header.decode(bytes(self._stored[:HEADER_BYTES]), self._blob)
        cipher = ChunkCipher.of(self._file_key, self._vault, header)
        plain = cipher.open_only(memoryview(self._stored)[HEADER_BYTES:])
        piece = plain[offset : offset + length]
        return iter((piece,) if piece else ())


def open_small(
    file_key: Secret, vault: VaultId, blob: BlobId, plain_size: int, stored: AnyBytes
) -> bytes:
    """The whole file from its stored bytes. Raises Damaged."""
    if plain_size <= CHUNK_BYTES:
        return b"".join(SmallReader(file_key, vault, blob, plain_size, stored).range(0, plain_size))
    view = memoryview(stored)
    reader = SealedReader(
        BlobCipher(file_key, vault, blob),
        lambda offset, length: view[offset : offset + length],
        stored_size=len(view),
        plain_size=plain_size,
    )
    return b"".join(reader.range(0, plain_size))
