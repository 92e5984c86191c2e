"""The deep check: every stored byte is read, for its digest and its seal (FORMAT.md §3.8, §4.4)."""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import Connection, RowMapping, select

from davserver.db.tables import blob
from davserver.domain.errors import Damaged
from davserver.domain.ids import ID_BYTES, BlobId, VaultId
from davserver.domain.nodes import Content
from davserver.sealing.digests import digest_alg, digesting
from davserver.vault.blobs.store import BlobStore, MissingBlob
from davserver.vault.check.blobs import BLOB, INLINE
from davserver.vault.check.findings import Finding, Flaw, shown
from davserver.vault.check.rows import Rows, ids_of_blobs
from davserver.vault.contents import open_content

Progress = Callable[[int], None]
"""Told how many stored bytes were read since it was last told."""

_PIECE = 1 << 20


def check_contents(
    tx: Connection, rows: Rows, named: Iterable[Content], store: BlobStore, progress: Progress
) -> Iterator[Finding]:
    """Every blob of the vault. `named`: what opened of it; the others are read for their digests
    alone, which need no key: what is damaged shows even where nobody here may open it.
    """
    opened: defaultdict[BlobId, list[Content]] = defaultdict(list)
    for content in named:
        opened[content.blob].append(content)
    for key, row in ids_of_blobs(rows).items():
        contents = opened.get(key, [])
        if not contents and not _is_stored(row):
            continue
        try:
            yield from _blob(tx, rows, row, contents, store)
        except MissingBlob:
            yield Finding(Flaw.LOST_BLOB, rows.id, BLOB, key.hex())
        progress(row["size_cipher"] if isinstance(row["size_cipher"], int) else 0)


def _is_stored(row: RowMapping) -> bool:
    """Not of one that is nobody's any more or not yet anybody's, nor by an id that is none."""
    key = row["id"]
    return row["state"] == "live" and isinstance(key, bytes) and len(key) == ID_BYTES


def _blob(
    tx: Connection, rows: Rows, row: RowMapping, contents: list[Content], store: BlobStore
) -> Iterator[Finding]:
    """Raises MissingBlob."""
    key = shown(row["id"])
    if row["store"] == INLINE and row["inline_bytes"] is None:
        raise MissingBlob("an inline blob is empty")
    if not _digest_holds(tx, rows.id, row, store):
        yield Finding(Flaw.WRONG_DIGEST, rows.id, BLOB, key)
    if not all(_content_holds(tx, rows.id, one, store) for one in contents):
        yield Finding(Flaw.WRONG_CONTENT, rows.id, BLOB, key)


def _digest_holds(tx: Connection, vault: VaultId, row: RowMapping, store: BlobStore) -> bool:
    """Raises MissingBlob."""
    alg = digest_alg(row["digest_alg"])
    if alg is None:
        return True  # `check_blobs` tells of the word, by which nothing can be compared
    found = digesting(alg)
    try:
        for piece in _stored(tx, vault, row, store):
            found.update(piece)
    except MissingBlob:
        raise
    except Damaged:
        return False
    return bool(found.digest() == row["digest"])


def _stored(
    tx: Connection, vault: VaultId, row: RowMapping, store: BlobStore
) -> Iterator[bytes | memoryview]:
    if row["store"] == INLINE:
        # Not the vault that the row names, which may be anything.
        this = blob.c.vault_id == vault, blob.c.id == row["id"]
        inline = tx.execute(select(blob.c.inline_ct).where(*this)).scalar_one_or_none()
        if not isinstance(inline, bytes):
            raise Damaged("an inline blob holds no bytes")
        yield inline
        return
    with store.open(BlobId(row["id"])) as reader:
        for offset in range(0, reader.size, _PIECE):
            yield memoryview(reader.read_at(offset, min(_PIECE, reader.size - offset)))


def _content_holds(tx: Connection, vault: VaultId, content: Content, store: BlobStore) -> bool:
    """Whether it opens from the first to the last byte and is what its record says. Raises
    MissingBlob.
    """
    found = hashlib.sha256()
    try:
        reader = open_content(tx, store, vault, content)
        try:
            for piece in reader.read(0, content.size):
                found.update(piece)
        finally:
            reader.close()
    except MissingBlob:
        raise
    except Damaged:
        return False
    return found.digest() == content.sha256
