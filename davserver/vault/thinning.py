"""Making room: the oldest versions and the oldest trash go first (DESIGN §4), always by rule.

What is thinned is marked `dead` in the transaction that needs the room; the sweeper deletes the
stored bytes afterwards, so that a transaction that fails has deleted nothing.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, bindparam, delete, func, select, text, update

from davserver.db.tables import blob, folder_change, node, node_version, vault
from davserver.db.tables import grant as _grant
from davserver.db.tables import lock as _lock
from davserver.vault.rows import OpenVault

_STEP = 50
_MOST_STEPS = 200
_MOST_NAMED = 400


def thin(tx: Connection, vault_open: OpenVault, wanted: int) -> None:
    """Free versions, then trash, oldest first, until `wanted` stored bytes fit, or none is left."""
    for _ in range(_MOST_STEPS):
        used, quota = tx.execute(
            select(vault.c.used, vault.c.quota).where(vault.c.id == vault_open.id)
        ).one()
        missing = used + wanted - quota
        if missing <= 0 or not (
            _thin_versions(tx, vault_open, missing) or _thin_trash(tx, vault_open)
        ):
            return


def _thin_versions(tx: Connection, vault_open: OpenVault, missing: int) -> bool:
    oldest = tx.execute(
        select(
            node_version.c.node_id, node_version.c.version, blob.c.id, blob.c.size_cipher,
        )
        .join(blob, blob.c.id == node_version.c.blob_id)
        .where(node_version.c.vault_id == vault_open.id, blob.c.charged_to.is_(None))
        .order_by(node_version.c.replaced_at)
        .limit(_STEP)
    ).all()  # fmt: skip
    enough = 0
    while enough < len(oldest) and missing > 0:
        missing -= oldest[enough].size_cipher
        enough += 1
    taken = oldest[:enough]
    for row in taken:
        tx.execute(
            delete(node_version).where(
                node_version.c.node_id == row.node_id, node_version.c.version == row.version
            )
        )
    bury(tx, [row.id for row in taken])
    return bool(taken)


def _thin_trash(tx: Connection, vault_open: OpenVault) -> bool:
    oldest = tx.execute(
        select(node.c.id)
        .where(node.c.vault_id == vault_open.id, node.c.state == "trash")
        .order_by(node.c.trashed_at)
        .limit(1)
    ).scalar()
    if oldest is None:
        return False
    purge(tx, oldest)
    return True


def purge(tx: Connection, top: bytes) -> int:
    """Remove a trashed node, all below it and their versions, for good. Returns how many nodes."""
    nodes = [row.id for row in tx.execute(_BELOW, {"top": top})]
    # The deepest first: a folder goes after everything that names it as its parent.
    for batch in batched(nodes[::-1]):
        blobs = _blobs_of(tx, batch)
        tx.execute(delete(node_version).where(node_version.c.node_id.in_(batch)))
        tx.execute(delete(_lock).where(_lock.c.node_id.in_(batch)))
        tx.execute(delete(folder_change).where(folder_change.c.folder_id.in_(batch)))
        tx.execute(delete(node).where(node.c.id.in_(batch)))
        bury(tx, blobs)
    return len(nodes)


def batched(ids: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    """In portions that a statement can name one by one."""
    for start in range(0, len(ids), _MOST_NAMED):
        yield ids[start : start + _MOST_NAMED]


def bury(tx: Connection, blobs: Sequence[bytes]) -> None:
    """Mark blobs dead and give their bytes back to whoever pays for them."""
    if not blobs:
        return
    paid = tx.execute(
        select(blob.c.vault_id, blob.c.charged_to, func.sum(blob.c.size_cipher).label("size"))
        .where(blob.c.id.in_(blobs))
        .group_by(blob.c.vault_id, blob.c.charged_to)
    ).all()
    for row in paid:
        payer, column = (
            (vault, row.vault_id) if row.charged_to is None else (_grant, row.charged_to)
        )
        tx.execute(update(payer).where(payer.c.id == column).values(used=payer.c.used - row.size))
    tx.execute(update(blob).where(blob.c.id.in_(blobs)).values(state="dead", inline_ct=None))


def _blobs_of(tx: Connection, nodes: Sequence[bytes]) -> list[bytes]:
    current = select(node.c.blob_id).where(node.c.id.in_(nodes), node.c.blob_id.is_not(None))
    earlier = select(node_version.c.blob_id).where(node_version.c.node_id.in_(nodes))
    return list(tx.execute(current.union_all(earlier)).scalars())


_BELOW = text(
    """
    WITH RECURSIVE down(id, depth) AS (
        SELECT id, 0 FROM node WHERE id = :top
        UNION ALL
        SELECT n.id, d.depth + 1 FROM down d JOIN node n ON n.parent_id = d.id)
    SELECT id FROM down ORDER BY depth
    """
).bindparams(bindparam("top"))
