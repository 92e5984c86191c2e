"""Bytes on their way in: sealed, counted, synced before any row shows them (DESIGN §2.4).

A small file waits in memory and is inserted with the row that names it. A larger one is a blob of
its own: its row is there before its first byte, in state `staging` with a lease, so that the
sweeper finds what a killed process left, and publishing can tell whether the blob is still ours.
"""

import hashlib
import mimetypes
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, update

from davserver.db.clock import to_us
from davserver.db.database import Database
from davserver.db.prepared import Prepared
from davserver.db.tables import blob as blob_table
from davserver.domain.drive import Upload
from davserver.domain.errors import AbriError, NoSpace, Unavailable, WrongChecksum
from davserver.domain.ids import BlobId, Entropy, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Content
from davserver.sealing.digests import NEW_DIGEST
from davserver.sealing.format import CHUNK_BYTES, Suite, stored_size
from davserver.sealing.format import FORMAT as BLOB_FORMAT
from davserver.sealing.keys import new_key
from davserver.sealing.stream import SealingWriter, seal_small
from davserver.vault.beside import Beside
from davserver.vault.blobs.store import AnyBytes, BlobStore
from davserver.vault.pieces import Piece, pieces

INLINE_BYTES = 64 * 1024
"""Up to this many plain bytes a file is kept in the database row, as one chunk
(docs/decisions/2026-11-23-small-files-in-their-row.md).
"""

LEASE = timedelta(hours=24)
_PIECE = 512 * 1024
_ROOMS = 4
"""Pieces in memory: one arrives, one is full, one waits to be sealed, one is sealed."""
_BESIDE_FROM = 1024 * 1024
"""From this size on sealing has a thread of its own, which costs 0.1 ms to start."""
_ANY_ROOM = 1 << 62
"""For what was measured before."""
_CHUNK_LOG2 = CHUNK_BYTES.bit_length() - 1
_DIGEST_ALG = str(NEW_DIGEST)


_INSERT_INLINE = Prepared(
    insert(blob_table),
    (
        "id", "vault_id", "store", "format", "suite", "chunk_log2", "size_cipher", "digest_alg",
        "digest", "state", "created", "inline_ct", "charged_to",
    ),
)  # fmt: skip


@lean(frozen=True, slots=True)
class Staged:
    """Content that is safe but not visible yet. `columns` are those of its blob row."""

    vault: VaultId
    content: Content
    size_cipher: int
    columns: dict[str, Any]
    inline: bool


class Staging:
    """Takes uploads in. One per process."""

    def __init__(self, db: Database, blobs: BlobStore, entropy: Entropy) -> None:
        self._db = db
        self._blobs = blobs
        self._entropy = entropy

    def take(self, vault: VaultId, upload: Upload, name: str, room: int, now: datetime) -> Staged:
        """All of `upload`, sealed and synced. `room`: how many stored bytes it may take at most.

        Raises Truncated, WrongChecksum, NoSpace; then nothing is left behind.
        """
        if upload.length is not None:
            _require_room(stored_size(upload.length), room)
        media_type = media_type_of(name, upload.media_type)
        first = read_fully(upload, INLINE_BYTES + 1)
        if len(first) <= INLINE_BYTES:
            staged = self._inline(vault, first, media_type, now)
        else:
            staged = self._streamed(vault, first, upload, media_type, room, now)
        if upload.sha256 is not None and upload.sha256 != staged.content.sha256:
            self.discard(staged)
            raise WrongChecksum("the bytes that arrived are not those that were announced")
        return staged

    def take_bytes(self, vault: VaultId, plain: bytes, media_type: str, now: datetime) -> Staged:
        """As `take`, for a small file that is in memory."""
        return self._inline(vault, plain, media_type, now)

    def take_pieces(self, vault: VaultId, upload: Upload, media_type: str, now: datetime) -> Staged:
        """A copy of something that was already measured: no checks but the seals'."""
        first = read_fully(upload, INLINE_BYTES + 1)
        if len(first) <= INLINE_BYTES:
            return self._inline(vault, first, media_type, now)
        return self._streamed(vault, first, upload, media_type, _ANY_ROOM, now)

    def _inline(self, vault: VaultId, plain: bytes, media_type: str, now: datetime) -> Staged:
        blob, key = rising_id(self._entropy, now), new_key(self._entropy)
        sealed = seal_small(key, vault, blob, self._entropy, plain)
        columns = _columns(blob, vault, "inline", now)
        columns |= {
            "size_cipher": len(sealed.stored),
            "digest": sealed.stored_digest,
            "inline_ct": sealed.stored,
        }
        content = Content(blob, sealed.plain_size, sealed.plain_sha256, media_type, key)
        return Staged(vault, content, len(sealed.stored), columns, inline=True)

    def _streamed(
        self,
        vault: VaultId,
        first: bytes,
        upload: Upload,
        media_type: str,
        room: int,
        now: datetime,
    ) -> Staged:
        blob, key = BlobId(self._entropy(16)), new_key(self._entropy)
        columns = _columns(blob, vault, "disk", now) | {
            "size_cipher": 0,
            "state": "staging",
            "lease_until": to_us(now + LEASE),
        }
        self._db.write(lambda tx: tx.execute(insert(blob_table), columns))
        writer = SealingWriter(key, vault, blob, self._entropy)
        try:
            self._store(writer, blob, first, upload, room)
        except BaseException:
            self._drop(vault, blob)
            raise
        columns |= {"size_cipher": writer.stored_size, "digest": writer.stored_digest()}
        content = Content(blob, writer.plain_size, writer.plain_sha256(), media_type, key)
        return Staged(vault, content, writer.stored_size, columns, inline=False)

    def _store(
        self, writer: SealingWriter, blob: BlobId, first: bytes, upload: Upload, room: int
    ) -> None:
        stored = self._blobs.create(blob)

        def seal(piece: Piece) -> None:
            for sealed in writer.seal(piece.plain, followed=piece.followed):
                stored.write(sealed)
            _require_room(writer.stored_size, room)

        try:
            stored.write(writer.header)
            if upload.length is not None and upload.length <= _BESIDE_FROM:
                size = max(len(first), min(_PIECE, upload.length))
                for piece in pieces(upload, first, lambda: _fresh(size), writer.measure):
                    seal(piece)
            else:
                with Beside(seal, _ROOMS, _PIECE) as sealing:
                    for piece in pieces(upload, first, sealing.room, writer.measure):
                        sealing.bring(piece)
            stored.write(writer.finish())
            stored.commit()
        except BaseException:
            stored.abort()
            raise

    def discard(self, staged: Staged) -> None:
        """Throw away what will not be published; the sweeper takes what cannot go now."""
        if not staged.inline:
            self._drop(staged.vault, staged.content.blob)

    def _drop(self, vault: VaultId, blob: BlobId) -> None:
        with suppress(AbriError):
            self._blobs.delete(blob)
            gone = blob_table.delete().where(*_staging(vault, blob))
            self._db.note(lambda tx: tx.execute(gone))


def _staging(vault: VaultId, blob: BlobId) -> tuple[ColumnElement[bool], ...]:
    return (
        blob_table.c.vault_id == vault,
        blob_table.c.id == blob,
        blob_table.c.state == "staging",
    )


def rising_id(entropy: Entropy, now: datetime) -> BlobId:
    """Of a content in the database (FORMAT.md §1.2): what is written together lies together in the
    index, so that it shares pages. Its row tells as much by `created`.
    """
    return BlobId((to_us(now) // 1000).to_bytes(6, "big") + entropy(10))


def publish(tx: Connection, staged: Staged, charged_to: bytes | None) -> None:
    """Make the staged blob a live one, within the transaction that names it.

    Raises Unavailable when its lease ran out meanwhile: the bytes may be gone.
    """
    live = {"state": "live", "lease_until": None, "charged_to": charged_to}
    if staged.inline:
        _INSERT_INLINE.send(tx, staged.columns | live, hurry=True)
        return
    values = {"size_cipher": staged.size_cipher, "digest": staged.columns["digest"]} | live
    done = tx.execute(
        update(blob_table).where(*_staging(staged.vault, staged.content.blob)).values(values)
    )
    if done.rowcount != 1:
        raise Unavailable("the upload took longer than its lease; send it again")


def media_type_of(name: str, announced: str | None) -> str:
    """What clients announce is mostly `application/octet-stream`: then the name decides."""
    if announced and not announced.startswith("application/octet-stream"):
        return announced.split(";")[0].strip()[:255]
    dot = name.find(".", 1)
    return _type_by_ending(name[dot:]) if dot > 0 else _UNKNOWN


_UNKNOWN = "application/octet-stream"


@lru_cache(maxsize=256)
def _type_by_ending(ending: str) -> str:
    return mimetypes.guess_type("name" + ending)[0] or _UNKNOWN


def _columns(blob: BlobId, vault: VaultId, store: str, now: datetime) -> dict[str, Any]:
    return {
        "id": blob,
        "vault_id": vault,
        "store": store,
        "format": BLOB_FORMAT,
        "suite": int(Suite.AES_256_GCM),
        "chunk_log2": _CHUNK_LOG2,
        "digest_alg": _DIGEST_ALG,
        "created": to_us(now),
    }


def _require_room(size: int, room: int) -> None:
    if size > room:
        raise NoSpace("the file is larger than the space that is left")


def require_checksum(upload: Upload, plain: bytes) -> None:
    """Raises WrongChecksum."""
    if upload.sha256 is not None and upload.sha256 != hashlib.sha256(plain).digest():
        raise WrongChecksum("the bytes that arrived are not those that were announced")


def read_fully(upload: Upload, size: int) -> bytes:
    """`size` bytes, or fewer where the upload ends before."""
    pieces: list[bytes] = []
    while size > 0:
        piece = upload.read(size)
        if not piece:
            break
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _fresh(size: int) -> memoryview:
    return memoryview(bytearray(size))


class Replay:
    """Plain pieces that were opened from one blob, as an upload into another (COPY)."""

    media_type: str | None = None
    modified: datetime | None = None
    sha256: bytes | None = None

    def __init__(self, read: Callable[[int, int], Iterator[AnyBytes]], size: int) -> None:
        self.length: int | None = size
        self._pieces = read(0, size)
        self._held = memoryview(b"")

    def read(self, size: int) -> bytes:
        return bytes(self._next(size))

    def read_into(self, room: memoryview) -> int:
        piece = self._next(len(room))
        room[: len(piece)] = piece
        return len(piece)

    def _next(self, size: int) -> memoryview:
        if not self._held:
            self._held = memoryview(next(self._pieces, b""))
        piece, self._held = self._held[:size], self._held[size:]
        return piece
