"""The deep check: every stored byte is read, for its digest and its seal (FORMAT.md §3.8, §4.4)."""

import hashlib
from collections.abc import Callable, Iterator

from sqlalchemy import Connection, RowMapping, select

from davserver.db.tables import blob
from davserver.domain.errors import Damaged
from davserver.domain.ids import BlobId
from davserver.domain.nodes import Content
from davserver.sealing.digests import digest_alg, digesting
from davserver.vault.blobs.store import BlobStore, MissingBlob
from davserver.vault.check.blobs import BLOB, INLINE
from davserver.vault.check.findings import Finding, Flaw
from davserver.vault.check.rows import Opened, Rows, ids_of_blobs
from davserver.vault.contents import open_content
from davserver.vault.nodes.rows import OpenVault

Progress = Callable[[int], None]
"""Told how many stored bytes were read since it was last told."""

_PIECE = 1 << 20


def check_contents(
    tx: Connection,
    vault: OpenVault,
    rows: Rows,
    opened: Opened,
    store: BlobStore,
    progress: Progress,
) -> Iterator[Finding]:
    """What is missing was found by `check_blobs` already."""
    by_id = ids_of_blobs(rows)
    for name in opened.contents():
        row = by_id.get(name.content.blob)
        if row is None or (row["store"] == INLINE and row["inline_bytes"] is None):
            continue
        key = name.content.blob.hex()
        if not _digest_holds(tx, vault, row, store):
            yield Finding(Flaw.WRONG_DIGEST, vault.id, BLOB, key)
        if not _content_holds(tx, vault, name.content, store):
            yield Finding(Flaw.WRONG_CONTENT, vault.id, BLOB, key)
        progress(row["size_cipher"] if isinstance(row["size_cipher"], int) else 0)


def _digest_holds(tx: Connection, vault: OpenVault, row: RowMapping, store: BlobStore) -> bool:
    """Needs no key: what is damaged shows even where nobody here may open it."""
    alg = digest_alg(row["digest_alg"])
    if alg is None:
        return True  # `check_blobs` tells of the word, by which nothing can be compared
    try:
        found = digesting(alg)
        for piece in _stored(tx, vault, row, store):
            found.update(piece)
    except MissingBlob:
        return True  # `check_blobs` tells what is lost
    except Damaged:
        return False
    return bool(found.digest() == row["digest"])


def _stored(
    tx: Connection, vault: OpenVault, row: RowMapping, store: BlobStore
) -> Iterator[bytes | memoryview]:
    if row["store"] == INLINE:
        # Not the vault that the row names, which may be anything.
        this = blob.c.vault_id == vault.id, blob.c.id == row["id"]
        inline = tx.execute(select(blob.c.inline_ct).where(*this)).scalar_one_or_none()
        if not isinstance(inline, bytes):
            raise Damaged("an inline blob holds no bytes")
        yield inline
        return
    with store.open(BlobId(row["id"])) as reader:
        for offset in range(0, reader.size, _PIECE):
            yield memoryview(reader.read_at(offset, min(_PIECE, reader.size - offset)))


def _content_holds(tx: Connection, vault: OpenVault, content: Content, store: BlobStore) -> bool:
    """Whether it opens from the first to the last byte and is what its record says."""
    try:
        found = hashlib.sha256()
        reader = open_content(tx, store, vault.id, content)
        try:
            for piece in reader.read(0, content.size):
                found.update(piece)
        finally:
            reader.close()
    except MissingBlob:
        return True
    except Damaged:
        return False
    return found.digest() == content.sha256
