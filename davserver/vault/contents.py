"""Opening content: the blob row, then the bytes, each piece verified before it is given."""

from collections.abc import Iterator

from sqlalchemy import Connection, bindparam, select

from davserver.db.dependencies import ANYTHING
from davserver.db.prepared import Prepared
from davserver.db.query_cache import lookup, store
from davserver.db.tables import blob as blob_table
from davserver.domain.decisions import Permit
from davserver.domain.drive import Piece
from davserver.domain.errors import Damaged
from davserver.domain.ids import VaultId
from davserver.domain.nodes import Content
from davserver.sealing.chunks import BlobCipher
from davserver.sealing.format import CHUNK_BYTES
from davserver.sealing.stream import SealedReader, SmallReader
from davserver.vault.blobs.store import BlobReader, BlobStore
from davserver.vault.nodes.rows import Columns
from davserver.vault.nodes.walk import Stored
from davserver.vault.nodes.walk_statements import STORED_COLUMNS

_BLOB = Prepared(
    select(*(blob_table.c[name] for name in STORED_COLUMNS)).where(
        blob_table.c.vault_id == bindparam("vault"), blob_table.c.id == bindparam("blob")
    )
)

_INLINE = "inline"
_MISSING = None, "dead"
"""States of a row that is not there: read along the way, it has none."""


class OpenContent:
    """One version's bytes. Close it: a file handle may be behind it."""

    def __init__(
        self, reader: SealedReader | SmallReader, size: int, behind: BlobReader | None
    ) -> None:
        self._reader = reader
        self._behind = behind
        self.size = size

    def read(self, offset: int, length: int) -> Iterator[Piece]:
        """The plain bytes of that range. Raises Damaged, also from the iterator."""
        return self._reader.range(offset, length)

    def close(self) -> None:
        """May be called twice."""
        if self._behind is not None:
            self._behind.close()


def open_permitted(tx: Connection, blobs: BlobStore, permit: Permit, stored: Stored) -> OpenContent:
    """The content of the permit's own file: at most one statement, and none where its row is among
    `stored`. Raises Damaged.

    Who reads a large file in many ranges is asked for its row and its header once, while nothing
    changes.
    """
    node = permit.target.node
    assert node is not None and node.content is not None  # noqa: S101, PT018 — it is a file
    vault, content = node.vault, node.content
    if content.size <= CHUNK_BYTES:
        return open_content(tx, blobs, vault, content, stored.get(content.blob))
    question = "content", permit.who.id, content.blob
    cipher: BlobCipher | None = lookup(tx, ANYTHING, question)
    if cipher is None:
        inline = _inline_of(tx, vault, content, stored.get(content.blob))
        if inline is not None:
            return inline
        cipher = _cipher(vault, content)
        store(tx, ANYTHING, question, cipher)
    return _stored(blobs, cipher, content)


def open_content(
    tx: Connection,
    blobs: BlobStore,
    vault: VaultId,
    content: Content,
    row: Columns | None = None,
) -> OpenContent:
    """`row`: its own, if that was read already. Raises Damaged when the stored bytes are missing or
    of another size, before any is read.
    """
    inline = _inline_of(tx, vault, content, row)
    return _stored(blobs, _cipher(vault, content), content) if inline is None else inline


def _inline_of(
    tx: Connection, vault: VaultId, content: Content, row: Columns | None
) -> OpenContent | None:
    """None where it is in the store and not in its row. Raises Damaged."""
    found = [row] if row else _BLOB.tuples(tx, {"vault": vault, "blob": content.blob})
    if not found or found[0][1] in _MISSING:
        raise Damaged("the content's row is missing")
    store, _, stored = found[0]
    if store != _INLINE:
        return None
    if not isinstance(stored, bytes):
        raise Damaged("an inline blob holds no bytes")
    reader = SmallReader(content.key, vault, content.blob, content.size, stored)
    return OpenContent(reader, content.size, None)


def _cipher(vault: VaultId, content: Content) -> BlobCipher:
    return BlobCipher(content.key, vault, content.blob)


def _stored(blobs: BlobStore, cipher: BlobCipher, content: Content) -> OpenContent:
    behind = blobs.open(content.blob)
    try:
        reader = SealedReader(
            cipher, behind.read_at, stored_size=behind.size, plain_size=content.size
        )
    except Damaged:
        behind.close()
        raise
    return OpenContent(reader, content.size, behind)
