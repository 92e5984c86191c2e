"""Taking back what one person did: contents, names and places as they were, one row at a time.

Nothing is lost by it: what was there becomes an earlier version, or keeps its twin's number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, or_, select

from davserver.db.clock import from_us, to_us
from davserver.db.tables import node as table
from davserver.db.tables import node_version
from davserver.domain.actions import Category
from davserver.domain.decisions import Permit
from davserver.domain.errors import Damaged
from davserver.domain.ids import NodeId, PersonId
from davserver.domain.nodes import Node, NodeState
from davserver.vault import changes
from davserver.vault.moving import tags_below
from davserver.vault.nodes.index import live_named
from davserver.vault.nodes.rows import NODE_COLUMNS, OpenVault, node_from
from davserver.vault.nodes.version_rows import OldVersion
from davserver.vault.stamps import version_removed
from davserver.vault.writing import Changed, announce, free_twin, keep_version, raised, update_node

_NOT_LEFT = {"left_parent": None, "left_idx": None, "left_at": None, "left_by": None}


@dataclass(frozen=True, slots=True)
class Deeds:
    """What somebody did in one vault from some moment on, as far as rows show it."""

    person: PersonId
    since: datetime

    def made(self, node: Node) -> bool:
        return node.maker == self.person and node.created >= self.since

    def wrote(self, node: Node) -> bool:
        return node.author == self.person and node.made_at >= self.since

    def wrote_version(self, old: OldVersion) -> bool:
        return old.author == self.person and old.made_at >= to_us(self.since)


def touched(tx: Connection, vault: OpenVault, deeds: Deeds) -> list[Node]:
    """What they made, wrote or took back, in whatever state; the oldest first. Rows that were
    tampered with are left out: `abri vault check` names them.
    """
    at, who = to_us(deeds.since), deeds.person
    theirs = or_(
        and_(table.c.author_id == who, table.c.made_at >= at),
        and_(table.c.maker_id == who, table.c.created >= at),
        and_(table.c.maker_id == who, table.c.trashed_by == who, table.c.trashed_at >= at),
    )
    wanted = select(*(table.c[name] for name in NODE_COLUMNS)).where(
        table.c.vault_id == vault.id, theirs
    )
    rows = tx.execute(wanted.order_by(table.c.created, table.c.id)).mappings().all()
    found: list[Node] = []
    for row in rows:
        try:
            found.append(node_from(vault, row))
        except Damaged:
            continue
    return found


def state_before(versions: Sequence[OldVersion], deeds: Deeds) -> OldVersion | None:
    """The last version that is not theirs. `versions`: latest first."""
    return next((one for one in versions if not deeds.wrote_version(one)), None)


def restore_state(
    tx: Connection, vault: OpenVault, permit: Permit, old: OldVersion, now: datetime
) -> Changed:
    """The permit's file as it was: content, ETag, author and properties. The same bytes have the
    same ETag, so that nobody's program loads again what it has.
    """
    node = permit.target.node
    assert node is not None  # noqa: S101 — a permit to write names its file
    one = (node_version.c.node_id == node.id, node_version.c.version == old.number)
    tx.execute(delete(node_version).where(*one))
    kept = keep_version(tx, vault, node, now)
    after = raised(
        vault,
        node,
        content=old.content,
        etag=old.etag,
        author=old.author,
        modified=from_us(old.made_at),
        made_at=from_us(old.made_at),
        properties=dict(old.record.properties),
    )
    done = update_node(tx, vault, node, after).besides(
        (version_removed(node.id, old.number), *kept)
    )
    announce(tx, vault, permit.target.above, [(node, permit.target.category)], now)
    return done


def put_back(
    tx: Connection,
    vault: OpenVault,
    take: Permit,
    put: Permit,
    now: datetime,
    category: Category | None,
) -> Changed:
    """The permit's node at the other permit's name, beside whatever bears it now. `category`: what
    is written on the node itself.
    """
    node, parent = take.target.node, put.target.parent
    assert node is not None and parent is not None  # noqa: S101, PT018 — permits for MOVE have both
    name = put.target.name
    twin = free_twin(tx, vault, parent, name)
    after = raised(vault, node, parent=parent.id, name=name, twin=twin, category=category)
    done = update_node(tx, vault, node, after, _NOT_LEFT)
    tags = tags_below(tx, vault, node, take.target.category)
    tags.add(changes.tag_of(vault, after, take.target.category))
    changes.bump(tx, (*take.target.above, *put.target.above), tags, now)
    return done


def bring_back(tx: Connection, vault: OpenVault, put: Permit, node: Node, now: datetime) -> Changed:
    """A trashed node at the permit's name, beside whatever bears it now."""
    parent, name = put.target.parent, put.target.name
    assert parent is not None  # noqa: S101 — a permit to make something names its folder
    twin = free_twin(tx, vault, parent, name)
    after = raised(vault, node, state=NodeState.LIVE, parent=parent.id, name=name, twin=twin)
    done = update_node(tx, vault, node, after, {"trashed_at": None, "trashed_by": None})
    category = node.category or Category.UNCLASSIFIED
    changes.bump(tx, put.target.above, tags_below(tx, vault, node, category), now)
    return done


def free_name(tx: Connection, vault: OpenVault, node: Node) -> int:
    """The lowest number that the node could have beside those of its name; 0 is the plain name."""
    assert node.parent is not None  # noqa: S101 — the root has no name
    there = live_named(tx, vault, node.parent, vault.index.name_index(node.name))
    return max((one.twin for one in there if one.id != node.id), default=-1) + 1


def take_free_name(
    tx: Connection, vault: OpenVault, take: Permit, twin: int, now: datetime
) -> Changed:
    """The permit's node with a lower number, because what bore its name is gone."""
    node = take.target.node
    assert node is not None  # noqa: S101 — a permit to move names what it moves
    done = update_node(tx, vault, node, raised(vault, node, twin=twin))
    tags = tags_below(tx, vault, node, take.target.category)
    changes.bump(tx, take.target.above, tags, now)
    return done


def by_ids(tx: Connection, vault: OpenVault, ids: Sequence[NodeId]) -> list[Node]:
    """Those that are there, in that order; one statement for each 400."""
    found: dict[NodeId, Node] = {}
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        wanted = select(*(table.c[name] for name in NODE_COLUMNS)).where(
            table.c.vault_id == vault.id, table.c.id.in_(some)
        )
        for row in tx.execute(wanted).mappings().all():
            try:
                node = node_from(vault, row)
            except Damaged:
                continue
            found[node.id] = node
    return [found[one] for one in ids if one in found]


_AT_ONCE = 400
