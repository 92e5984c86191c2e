"""Removal and its undoing. What is removed waits in the trash; what waits too long is thinned.

Only the topmost node changes: what is below it is out of reach because the way to it is.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, RowMapping, delete, select

from davserver.db.clock import from_us, to_us
from davserver.db.tables import node as node_table
from davserver.db.tables import node_version, trashed_node
from davserver.domain.actions import Category
from davserver.domain.alarms import Alarm, sound
from davserver.domain.decisions import Permit
from davserver.domain.errors import AlreadyThere, Damaged, NotFound
from davserver.domain.ids import Entropy, NodeId, PersonId
from davserver.domain.nodes import Content, Node, NodeState
from davserver.vault import changes
from davserver.vault.locks.ends import forget_locks
from davserver.vault.moving import tags_below
from davserver.vault.nodes.index import one
from davserver.vault.nodes.rows import NODE_COLUMNS, OpenVault, node_from
from davserver.vault.nodes.version_rows import OldVersion, version_from
from davserver.vault.stamps import version_removed
from davserver.vault.writing import Changed, free_twin, keep_version, raised, update_node


@dataclass(frozen=True, slots=True)
class Trashed:
    """Something in the trash, and since when."""

    node: Node
    since: datetime


def trash(
    tx: Connection, vault: OpenVault, permit: Permit, now: datetime, *, unlocked: bool = False
) -> Changed:
    """Put the permit's node, with all below it, into the owner's trash; its locks end. `unlocked`:
    this transaction has seen already that nothing in the vault is locked.
    """
    node = permit.target.node
    assert node is not None  # noqa: S101 — a permit to remove names what it removes
    tags = tags_below(tx, vault, node, permit.target.category)
    if not unlocked:
        forget_locks(tx, vault, node)
    # The category goes with it: restored elsewhere it is what it was.
    after = raised(vault, node, state=NodeState.TRASH, category=permit.target.category)
    went = {"trashed_at": to_us(now), "trashed_by": permit.who.id}
    done = update_node(tx, vault, node, after, went)
    changes.bump(tx, permit.target.above, tags, now)
    return done


def in_trash(tx: Connection, vault: OpenVault) -> list[Trashed]:
    """What is in the trash, latest first. Rows that were tampered with are left out, and logged."""
    rows = tx.execute(
        select(*(node_table.c[name] for name in NODE_COLUMNS), node_table.c.trashed_at)
        .where(node_table.c.vault_id == vault.id, trashed_node)
        .order_by(node_table.c.trashed_at.desc())
    ).mappings()
    return [one for one in (_trashed(vault, row) for row in rows) if one]


def taken_by(tx: Connection, node: NodeId) -> tuple[PersonId, datetime] | None:
    """Who put it into the trash, and when, as its row says: no right hangs on it."""
    row = tx.execute(
        select(node_table.c.trashed_by, node_table.c.trashed_at).where(node_table.c.id == node)
    ).one_or_none()
    if row is None or row.trashed_by is None or row.trashed_at is None:
        return None
    return PersonId(row.trashed_by), from_us(row.trashed_at)


def in_trash_named(tx: Connection, vault: OpenVault, folder: NodeId, name: str) -> list[Node]:
    """What bore that name in that folder when it went to the trash, latest first."""
    rows = tx.execute(
        select(*(node_table.c[name] for name in NODE_COLUMNS), node_table.c.trashed_at)
        .where(node_table.c.parent_id == folder, trashed_node)
        .where(node_table.c.name_idx == vault.index.name_index(name))
        .order_by(node_table.c.trashed_at.desc())
    ).mappings()
    return [one.node for one in (_trashed(vault, row) for row in rows) if one]


def _trashed(vault: OpenVault, row: RowMapping) -> Trashed | None:
    try:
        return Trashed(node_from(vault, row), from_us(row["trashed_at"]))
    except (Damaged, TypeError):
        sound(Alarm.ROW_DAMAGED, table="node")
        return None


def one_in_trash(tx: Connection, vault: OpenVault, node: NodeId) -> Node:
    """Raises NotFound when it is not in this vault's trash."""
    found = one(tx, vault, node)
    if found is None or found.state is not NodeState.TRASH:
        raise NotFound("not in the trash")
    return found


def restore(
    tx: Connection, vault: OpenVault, node: NodeId, above: list[Node], name: str, now: datetime
) -> Changed:
    """Bring a trashed node back under `name` into the last of `above` (the root first).

    Raises NotFound when it is not in this vault's trash, AlreadyThere when the name is taken.
    """
    found = one_in_trash(tx, vault, node)
    if free_twin(tx, vault, above[-1], name):
        raise AlreadyThere("there is something of that name already")
    after = raised(vault, found, state=NodeState.LIVE, parent=above[-1].id, name=name, twin=0)
    category = found.category or Category.UNCLASSIFIED
    changes.bump(tx, above, tags_below(tx, vault, found, category), now)
    return update_node(tx, vault, found, after, {"trashed_at": None, "trashed_by": None})


def versions(tx: Connection, vault: OpenVault, node: NodeId) -> list[OldVersion]:
    """The earlier versions of a file, latest first; without those that were tampered with."""
    rows = tx.execute(
        select(node_version)
        .where(node_version.c.node_id == node, node_version.c.vault_id == vault.id)
        .order_by(node_version.c.replaced_at.desc(), node_version.c.version.desc())
    ).mappings()
    return [one for one in (_version(vault, row) for row in rows) if one]


def _version(vault: OpenVault, row: RowMapping) -> OldVersion | None:
    try:
        return version_from(vault, row)
    except Damaged:
        sound(Alarm.ROW_DAMAGED, table="node_version")
        return None


def restore_version(
    tx: Connection,
    vault: OpenVault,
    permit: Permit,
    number: int,
    entropy: Entropy,
    now: datetime,
) -> Changed:
    """An earlier version becomes the present one again; the present one becomes an earlier one.

    Raises NotFound when the file has no such version.
    """
    node = permit.target.node
    assert node is not None  # noqa: S101 — a permit to write names its file
    old = next((v for v in versions(tx, vault, node.id) if v.number == number), None)
    if old is None:
        raise NotFound("no such version")
    tx.execute(
        delete(node_version).where(
            node_version.c.node_id == node.id, node_version.c.version == number
        )
    )
    kept = keep_version(tx, vault, node, now)
    content: Content = old.content
    after = raised(
        vault,
        node,
        content=content,
        etag=entropy(16),
        author=permit.who.id,
        modified=now,
        made_at=now,
    )
    done = update_node(tx, vault, node, after).besides((version_removed(node.id, number), *kept))
    tags = {changes.tag_of(vault, node, permit.target.category)}
    changes.bump(tx, permit.target.above, tags, now)
    return done
