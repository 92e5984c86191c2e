"""Making room: the oldest versions and the oldest trash go first (DESIGN §4), always by rule. What
an undo may still need stays while somebody is paused. What a grant paid for makes room for that
grant alone, and only as earlier versions: the trash is its owner's.

What is thinned is marked `dead` in the transaction that needs the room; the sweeper deletes the
stored bytes afterwards, so that a transaction that fails has deleted nothing. Every row that goes
is given back as a stamp, for the trail: what is gone without one was removed by somebody else.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    and_,
    bindparam,
    delete,
    func,
    select,
    text,
    update,
)

from davserver.db.tables import blob, folder_change, node, node_version, trashed_node, vault
from davserver.db.tables import grant as _grant
from davserver.db.tables import lock as _lock
from davserver.domain.alarms import Alarm, sound
from davserver.domain.errors import Damaged
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.nodes import Node, NodeState
from davserver.vault import pace
from davserver.vault.nodes.rows import NODE_COLUMNS, OpenVault, node_from
from davserver.vault.nodes.version_rows import version_from
from davserver.vault.stamps import Stamp, node_removed, version_removed

_STEP = 50
_MOST_SEEN = 200
_MOST_STEPS = 200
_MOST_NAMED = 400


def thin(
    tx: Connection, vault_open: OpenVault, wanted: int, payer: bytes | None = None
) -> tuple[Stamp, ...]:
    """Free versions, then trash, oldest first, until `wanted` stored bytes fit, or none is left.
    Of a grant that pays only the earlier versions that it paid for.

    Returns the rows that went.
    """
    gone: list[Stamp] = []
    for _ in range(_MOST_STEPS):
        missing = _beyond(tx, vault_open, payer) + wanted
        if missing <= 0:
            break
        step = _thin_versions(tx, vault_open, missing, payer)
        if not step and payer is None:
            step = _thin_trash(tx, vault_open)
        if not step:
            break
        gone += step
    return tuple(gone)


def _beyond(tx: Connection, vault_open: OpenVault, payer: bytes | None) -> int:
    """How many stored bytes are booked beyond the limit; as long as there is room, below 0."""
    booked = (
        select(vault.c.used - vault.c.quota).where(vault.c.id == vault_open.id)
        if payer is None
        else select(_grant.c.used - _grant.c.allowance).where(_grant.c.id == payer)
    )
    return int(tx.execute(booked).scalar_one())


def _thin_versions(
    tx: Connection, vault_open: OpenVault, missing: int, payer: bytes | None
) -> list[Stamp]:
    rows = tx.execute(
        select(node_version, blob.c.size_cipher)
        .join(blob, and_(blob.c.vault_id == vault_open.id, blob.c.id == node_version.c.blob_id))
        .where(node_version.c.vault_id == vault_open.id, _paid_by(payer))
        .where(~pace.undo_needs_version())
        .order_by(node_version.c.replaced_at)
        .limit(_MOST_SEEN)
    ).mappings()
    taken: list[RowMapping] = []
    for row in islice(_genuine_versions(vault_open, rows.all()), _STEP):
        if missing <= 0:
            break
        missing -= row["size_cipher"]
        taken.append(row)
    for row in taken:
        tx.execute(
            delete(node_version).where(
                node_version.c.node_id == row["node_id"],
                node_version.c.version == row["version"],
            )
        )
    bury(tx, vault_open.id, [row["blob_id"] for row in taken])
    return [version_removed(row["node_id"], row["version"]) for row in taken]


def _paid_by(payer: bytes | None) -> ColumnElement[bool]:
    return blob.c.charged_to.is_(None) if payer is None else blob.c.charged_to == payer


def _genuine_versions(vault_open: OpenVault, rows: Iterable[RowMapping]) -> Iterator[RowMapping]:
    """An altered row stays: with it goes what it names, which may be something else's content."""
    for row in rows:
        try:
            version_from(vault_open, row)
        except Damaged:
            sound(Alarm.ROW_DAMAGED, table="node_version")
            continue
        yield row


def _thin_trash(tx: Connection, vault_open: OpenVault) -> list[Stamp]:
    oldest = tx.execute(
        select(node.c.id)
        .where(node.c.vault_id == vault_open.id, trashed_node)
        .where(~pace.undo_needs_trash())
        .order_by(node.c.trashed_at)
        .limit(_STEP)
    ).scalars()
    for top in oldest.all():
        try:
            return list(purge(tx, vault_open, NodeId(top)))
        except Damaged:
            sound(Alarm.TRASH_DAMAGED, id=bytes(top).hex())
    return []


def purge(tx: Connection, vault_open: OpenVault, top: NodeId) -> tuple[Stamp, ...]:
    """Remove a trashed node, all below it and their versions, for good. Gives the rows that went.

    Raises Damaged, with nothing done, when any of them was altered: whoever moved a row under the
    trash must not have it erased by rule. `abri vault check` names it.
    """
    nodes = _parents_first(top, _opened_below(tx, vault_open, top))
    gone: list[Stamp] = []
    # The deepest first: a folder goes after everything that names it as its parent.
    contents = {one.id: one.content.blob for one in nodes if one.content}
    for batch in batched([one.id for one in reversed(nodes)]):
        blobs, removed = _versions_of(tx, vault_open, batch)
        blobs += [contents[one] for one in batch if one in contents]
        tx.execute(delete(node_version).where(node_version.c.node_id.in_(batch)))
        of_vault = _lock.c.vault_id == vault_open.id
        tx.execute(delete(_lock).where(of_vault, _lock.c.node_id.in_(batch)))
        tx.execute(delete(folder_change).where(folder_change.c.folder_id.in_(batch)))
        tx.execute(delete(node).where(node.c.id.in_(batch)))
        bury(tx, vault_open.id, blobs)
        gone += removed
    gone += [node_removed(one.id, one.row_version) for one in nodes]
    return tuple(gone)


def _opened_below(tx: Connection, vault_open: OpenVault, top: NodeId) -> dict[NodeId, Node]:
    rows = tx.execute(_BELOW, {"top": top}).mappings().all()
    return {one.id: one for one in (node_from(vault_open, row) for row in rows)}


def _parents_first(top: NodeId, nodes: Mapping[NodeId, Node]) -> list[Node]:
    """Raises Damaged when that is no trash, or where folders lie in each other."""
    if top not in nodes or nodes[top].state is not NodeState.TRASH or nodes[top].parent in nodes:
        raise Damaged("this is not something in the trash")
    inside: dict[NodeId | None, list[Node]] = {}
    for one in nodes.values():
        inside.setdefault(one.parent, []).append(one)
    ordered = [nodes[top]]
    for one in ordered:
        ordered += inside.get(one.id, [])
    return ordered


def _versions_of(
    tx: Connection, vault_open: OpenVault, nodes: Sequence[NodeId]
) -> tuple[list[bytes], list[Stamp]]:
    """The blobs of all earlier versions of these files, and their rows as removed ones."""
    rows = tx.execute(select(node_version).where(node_version.c.node_id.in_(nodes))).mappings()
    old = [version_from(vault_open, row) for row in rows]
    return [one.content.blob for one in old], [version_removed(v.node, v.number) for v in old]


def batched(ids: Sequence[NodeId]) -> Iterator[Sequence[NodeId]]:
    """In portions that a statement can name one by one."""
    for start in range(0, len(ids), _MOST_NAMED):
        yield ids[start : start + _MOST_NAMED]


def bury(tx: Connection, of_vault: VaultId, blobs: Sequence[bytes]) -> None:
    """Mark blobs dead and give their bytes back to whoever pays for them."""
    if not blobs:
        return
    these = and_(blob.c.vault_id == of_vault, blob.c.id.in_(blobs))
    paid = tx.execute(
        select(blob.c.charged_to, func.sum(blob.c.size_cipher).label("size"))
        .where(these)
        .group_by(blob.c.charged_to)
    ).all()
    for row in paid:
        payer, column = (vault, of_vault) if row.charged_to is None else (_grant, row.charged_to)
        tx.execute(update(payer).where(payer.c.id == column).values(used=payer.c.used - row.size))
    tx.execute(update(blob).where(these).values(state="dead", inline_ct=None))


_COLUMNS = ", ".join(f"n.{column}" for column in NODE_COLUMNS)
_BELOW = text(
    f"""
    WITH RECURSIVE down(id) AS (
        SELECT id FROM node WHERE id = :top
        UNION
        SELECT n.id FROM down d JOIN node n ON n.parent_id = d.id)
    SELECT {_COLUMNS} FROM down d JOIN node n ON n.id = d.id
    """  # noqa: S608 — from constants; the value is bound
).bindparams(bindparam("top"))
