"""Whether each content has its row, each row its bytes, and each byte is counted."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, RowMapping, select

from davserver.db.tables import blob
from davserver.domain.errors import AbriError
from davserver.domain.ids import BlobId, VaultId
from davserver.sealing.digests import digest_alg
from davserver.sealing.format import CHUNK_LOG2, FORMAT, Suite, stored_size
from davserver.vault.blobs.store import BlobStore, MissingBlob
from davserver.vault.check.findings import Finding, Flaw, shown
from davserver.vault.check.rows import Named, Opened, Rows, ids_of_blobs

BLOB = blob.name
INLINE = "inline"
_STATES = frozenset({"staging", "live", "dead"})
_STORES = frozenset({INLINE, "disk"})
_SAME_FOR_ALL = {
    "format": FORMAT,
    "suite": int(Suite.AES_256_GCM),
    "chunk_log2": CHUNK_LOG2,
}


def check_blobs(rows: Rows, opened: Opened, store: BlobStore) -> Iterator[Finding]:
    """Rows against each other and, by their length only, against the stored bytes."""
    by_id = ids_of_blobs(rows)
    named = list(opened.contents())
    for one, times in Counter(name.content.blob for name in named).items():
        if times > 1:
            yield Finding(Flaw.SHARED_BLOB, rows.id, BLOB, one.hex(), f"{times} times")
    for name in named:
        row = by_id.get(name.content.blob)
        if row is None:
            yield Finding(Flaw.NO_BLOB_ROW, rows.id, name.table, name.id)
        else:
            yield from _named(rows.id, name, row, store)
    known = {name.content.blob for name in named} | _named_by_altered(rows)
    for key, row in by_id.items():
        yield from _row(rows.id, key, row, is_named=key in known)


def _named_by_altered(rows: Rows) -> set[BlobId]:
    """An altered row names its content too: one finding is enough."""
    return {BlobId(row["blob_id"]) for row in (*rows.nodes, *rows.versions) if row["blob_id"]}


def _named(vault: VaultId, name: Named, row: RowMapping, store: BlobStore) -> Iterator[Finding]:
    key, wanted = shown(row["id"]), stored_size(name.content.size)
    expected = {"vault_id": vault, "state": "live", "lease_until": None, "size_cipher": wanted}
    wrong = [column for column, value in expected.items() if row[column] != value]
    if wrong:
        yield Finding(Flaw.UNFIT_BLOB_ROW, vault, BLOB, key, ", ".join(wrong))
    try:
        length = _stored_bytes(row, store)
    except MissingBlob:
        yield Finding(Flaw.LOST_BLOB, vault, BLOB, key)
        return
    if length != wanted:
        yield Finding(Flaw.WRONG_LENGTH, vault, BLOB, key, f"{length} bytes, not {wanted}")


def _stored_bytes(row: RowMapping, store: BlobStore) -> int:
    """Raises MissingBlob."""
    if row["store"] == INLINE:
        if row["inline_bytes"] is None:
            raise MissingBlob("an inline blob is empty")
        return int(row["inline_bytes"])
    return store.stat(BlobId(row["id"])).size


def _row(vault: VaultId, key: BlobId, row: RowMapping, *, is_named: bool) -> Iterator[Finding]:
    unfit = [column for column, value in _SAME_FOR_ALL.items() if row[column] != value]
    unfit += [] if digest_alg(row["digest_alg"]) else ["digest_alg"]
    unfit += [] if row["state"] in _STATES else ["state"]
    unfit += [] if row["store"] in _STORES else ["store"]
    unfit += ["lease_until"] if row["state"] == "staging" and row["lease_until"] is None else []
    unfit += ["inline_ct"] if row["store"] != INLINE and row["inline_bytes"] is not None else []
    if unfit:
        yield Finding(Flaw.UNFIT_BLOB_ROW, vault, BLOB, shown(key), ", ".join(unfit))
    if row["state"] == "live" and not is_named:
        yield Finding(Flaw.UNNAMED_BLOB, vault, BLOB, shown(key))


def check_sums(rows: Rows) -> Iterator[Finding]:
    """The space booked on the vault and on each grant, counted again (DESIGN §4)."""
    sums: dict[Any, int] = {}
    for row in rows.blobs:
        size = row["size_cipher"]
        if row["state"] == "live" and row["vault_id"] == rows.id and isinstance(size, int):
            sums[row["charged_to"]] = sums.get(row["charged_to"], 0) + size
    booked: dict[Any, tuple[str, object]] = {None: ("vault", rows.vault["used"])}
    booked |= {row["id"]: ("grant", row["used"]) for row in rows.grants}
    yield from _compared(rows.id, sums, booked)


def _compared(
    vault: VaultId, sums: Mapping[Any, int], booked: Mapping[Any, tuple[str, object]]
) -> Iterator[Finding]:
    for payer, (table, used) in booked.items():
        stored = sums.get(payer, 0)
        if used != stored:
            key = vault.hex() if payer is None else shown(payer)
            yield Finding(Flaw.WRONG_SUM, vault, table, key, f"{used} booked, {stored} stored")
    for payer in sums.keys() - booked.keys():
        yield Finding(Flaw.STRAY, vault, "grant", shown(payer), "charged_to")


def check_store(tx: Connection, listed: list[BlobId], store: BlobStore) -> Iterator[Finding]:
    """Bytes that no row knows. `listed` must be from before the snapshot of `tx`: a row is there
    before its bytes are, and goes after them.
    """
    if not listed:
        return
    # Once through the index of all contents, whose vaults the store does not know.
    unknown = dict.fromkeys(listed)
    for known in tx.execute(select(blob.c.id)).scalars():
        unknown.pop(known, None)
    for one in unknown:
        if _is_there(store, one):
            yield Finding(Flaw.UNKNOWN_BYTES, None, BLOB, one.hex())


def _is_there(store: BlobStore, one: BlobId) -> bool:
    try:
        store.stat(one)
    except AbriError:
        return False
    return True
