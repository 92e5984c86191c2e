"""The header of blob format 1 and the arithmetic of its chunks (FORMAT.md §3). No cryptography."""

from enum import IntEnum

from davserver.domain.errors import Damaged, TooLarge
from davserver.domain.ids import ID_BYTES, BlobId
from davserver.domain.lean import lean

MAGIC = b"ABRI"
FORMAT = 1
HEADER_BYTES = 128
BOUND_BYTES = 24
SALT_BYTES = 32
COMMITMENT_BYTES = 32
TAG_BYTES = 16
NONCE_BYTES = 12
CHUNK_LOG2 = 16
CHUNK_BYTES = 1 << CHUNK_LOG2
SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
MAX_CHUNKS = 1 << 24
MAX_PLAIN_BYTES = MAX_CHUNKS * CHUNK_BYTES

_SALT_END = BOUND_BYTES + SALT_BYTES
_COMMITMENT_END = _SALT_END + COMMITMENT_BYTES
_RESERVED = bytes(HEADER_BYTES - _COMMITMENT_END)


class Suite(IntEnum):
    """Which cipher seals the chunks. An unknown one is refused, never guessed."""

    AES_256_GCM = 1


@lean(frozen=True, slots=True)
class Header:
    """The first 128 bytes of a blob. Suite and chunk size have one value each in format 1."""

    blob: BlobId
    salt: bytes
    commitment: bytes

    def encode(self) -> bytes:
        head = bound_bytes(self.blob) + self.salt + self.commitment
        if len(head) != _COMMITMENT_END:
            raise ValueError("salt and commitment have 32 bytes each")
        return head + _RESERVED

    @classmethod
    def decode(cls, raw: bytes, blob: BlobId) -> "Header":
        """Raises Damaged unless `raw` is a header of format 1 that belongs to `blob`."""
        if len(raw) != HEADER_BYTES:
            raise Damaged("a blob has no complete header")
        if raw[:BOUND_BYTES] != bound_bytes(blob):
            raise Damaged(_what_differs(raw))
        if raw[_COMMITMENT_END:] != _RESERVED:
            raise Damaged("reserved bytes of a blob's header are not zero")
        return cls(blob, raw[BOUND_BYTES:_SALT_END], raw[_SALT_END:_COMMITMENT_END])


def bound_bytes(blob: BlobId) -> bytes:
    """Header bytes 0-23, which are bound into the content key (FORMAT.md §3.1)."""
    if len(blob) != ID_BYTES:
        raise ValueError(f"a blob id has {ID_BYTES} bytes")
    return MAGIC + bytes((FORMAT, Suite.AES_256_GCM, CHUNK_LOG2, 0)) + blob


def chunk_count(plain_size: int) -> int:
    """How many chunks hold that many bytes: an empty file has one, empty, last chunk.

    Raises TooLarge above 1 TiB (FORMAT.md §3.4).
    """
    if not 0 <= plain_size <= MAX_PLAIN_BYTES:
        raise TooLarge("a file is larger than the blob format allows")
    return max(1, -(-plain_size // CHUNK_BYTES))


def stored_size(plain_size: int) -> int:
    """How many bytes a blob of that many plain bytes takes. Raises TooLarge."""
    return HEADER_BYTES + plain_size + TAG_BYTES * chunk_count(plain_size)


def chunk_offset(index: int) -> int:
    """Where chunk `index` starts in the stored blob."""
    return HEADER_BYTES + index * SEALED_CHUNK_BYTES


def nonce(index: int, *, last: bool) -> bytes:
    """11 bytes of chunk number, then 1 for the last chunk and 0 for the others (FORMAT.md §3.5)."""
    return index.to_bytes(NONCE_BYTES - 1, "big") + (b"\1" if last else b"\0")


def _what_differs(raw: bytes) -> str:
    if raw[:4] != MAGIC or raw[4] != FORMAT:
        return "not a blob of format 1"
    if raw[5] != Suite.AES_256_GCM or raw[6] != CHUNK_LOG2:
        return "a blob's cipher suite or chunk size is not one that Abri uses"
    if raw[7]:
        return "flags of a blob's header are not zero"
    return "a blob's header names another blob"
