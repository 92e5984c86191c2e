"""Making folders and files, new versions, properties. Each acts on its permit's own target."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, bindparam, insert, update

from davserver.db.clock import to_us
from davserver.db.prepared import Prepared
from davserver.db.tables import node as node_table
from davserver.db.tables import node_version
from davserver.domain.actions import Category
from davserver.domain.decisions import Permit, Target
from davserver.domain.errors import ConditionFailed
from davserver.domain.ids import Entropy, NodeId, PersonId
from davserver.domain.lean import changed, lean
from davserver.domain.nodes import Kind, Node, NodeState
from davserver.vault import changes
from davserver.vault.nodes.index import live_named, suffixed
from davserver.vault.nodes.rows import (
    NODE_COLUMNS,
    OpenVault,
    sealed_columns,
)
from davserver.vault.nodes.version_rows import VERSION_COLUMNS, version_columns
from davserver.vault.quota import charge, payer_of
from davserver.vault.staging import Staged, publish
from davserver.vault.stamps import Stamp, node_written, version_written

_SUFFIXES_AT_ONCE = 7

_INSERT = Prepared(insert(node_table), (*NODE_COLUMNS, "made_by_other"))
_KEEP = Prepared(insert(node_version), VERSION_COLUMNS)


@lean(frozen=True, slots=True)
class Changed:
    """The node as it is now, and the rows that were written or removed on the way."""

    node: Node
    stamps: tuple[Stamp, ...]

    def besides(self, others: Sequence[Stamp]) -> "Changed":
        """With the rows of what was done first."""
        return Changed(self.node, (*others, *self.stamps)) if others else self


@lean(frozen=True, slots=True)
class NewNode:
    """What a new node starts with, besides its place."""

    kind: Kind
    modified: datetime | None = None
    category: Category | None = None
    properties: Mapping[str, str] | None = None
    origin: str = ""
    untaken: bool = False
    """Whether this transaction has seen already that nothing at all has its name there."""


def make_root(
    tx: Connection, vault: OpenVault, owner: PersonId, entropy: Entropy, now: datetime
) -> Changed:
    """The folder that a new vault starts with."""
    node = Node(
        id=vault.root, vault=vault.id, space=vault.space, parent=None, kind=Kind.FOLDER,
        state=NodeState.LIVE, name="/", twin=0, category=None, content=None, etag=entropy(16),
        row_version=1, epoch=vault.epoch, maker=owner, author=owner, created=now, modified=now,
        made_at=now,
    )  # fmt: skip
    return _inserted(tx, vault, node)


def make(
    tx: Connection,
    vault: OpenVault,
    permit: Permit,
    new: NewNode,
    staged: Staged | None,
    entropy: Entropy,
    now: datetime,
) -> Changed:
    """A new folder, or a new file with the staged content, at the permit's free name.

    The name may be held by something that this person cannot see: then the new one is its twin.
    """
    target = permit.target
    parent = _parent(target)
    twin = 0 if new.untaken else free_twin(tx, vault, parent, target.name)
    node = Node(
        id=NodeId(entropy(16)), vault=vault.id, space=vault.space, parent=parent.id, kind=new.kind,
        state=NodeState.LIVE, name=target.name, twin=twin,
        category=new.category, content=staged.content if staged else None, etag=entropy(16),
        row_version=1, epoch=vault.epoch, maker=permit.who.id, author=permit.who.id, created=now,
        modified=new.modified or now, made_at=now, origin=new.origin,
        properties=dict(new.properties or {}),
    )  # fmt: skip
    thinned: tuple[Stamp, ...] = ()
    if staged:
        thinned = charge(tx, vault, target, staged.size_cipher)
        publish(tx, staged, payer_of(target))
    done = _inserted(tx, vault, node).besides(thinned)
    announce(tx, vault, target.above, [(node, new.category or target.category)], now)
    return done


def write(  # noqa: PLR0913 — all that a version is made of
    tx: Connection,
    vault: OpenVault,
    permit: Permit,
    staged: Staged,
    modified: datetime | None,
    entropy: Entropy,
    now: datetime,
    properties: Mapping[str, str] | None = None,
) -> Changed:
    """The staged content as the new version of the permit's file; the former one is kept."""
    target = permit.target
    node = _node(target)
    thinned = charge(tx, vault, target, staged.size_cipher)
    publish(tx, staged, payer_of(target))
    kept = keep_version(tx, vault, node, now)
    after = raised(
        vault,
        node,
        content=staged.content,
        etag=entropy(16),
        author=permit.who.id,
        modified=modified or now,
        made_at=now,
        properties=dict(node.properties if properties is None else properties),
    )
    done = update_node(tx, vault, node, after).besides((*thinned, *kept))
    announce(tx, vault, target.above, [(node, target.category)], now)
    return done


def set_properties(
    tx: Connection,
    vault: OpenVault,
    permit: Permit,
    properties: Mapping[str, str],
    modified: datetime | None,
    now: datetime,
) -> Changed:
    """Replace all dead properties, and the shown time if one is given. The ETag stays: it is the
    content's (RFC 4918 §8.6).
    """
    node = _node(permit.target)
    after = raised(vault, node, properties=dict(properties), modified=modified or node.modified)
    done = update_node(tx, vault, node, after)
    announce(tx, vault, permit.target.above, [(node, permit.target.category)], now)
    return done


def keep_version(tx: Connection, vault: OpenVault, node: Node, now: datetime) -> tuple[Stamp, ...]:
    """Remember a file's present content as an earlier version."""
    if node.content is None:
        return ()
    columns = version_columns(vault, node, to_us(now))
    _KEEP.send(tx, columns)
    return (version_written(columns),)


def raised(vault: OpenVault, node: Node, *, skipped: int = 0, **changes: Any) -> Node:
    """`node` with `changes`, as the next version of its row. `skipped` row versions are left out,
    because earlier versions of a file bear them.
    """
    number = node.row_version + 1 + skipped
    return changed(node, row_version=number, epoch=vault.epoch, **changes)


def update_node(
    tx: Connection,
    vault: OpenVault,
    before: Node,
    after: Node,
    extra: Mapping[str, Any] | None = None,
    *,
    leaves: bool = False,
) -> Changed:
    """Write `after`, which is raised, over the row that `before` was read from. `extra` are columns
    outside the record. `leaves`: where it was before stands in its row from then on.

    Raises ConditionFailed when somebody else wrote the row in between.
    """
    columns = sealed_columns(vault, after)
    named, given = _written(before, after), dict(columns, this=after.id, as_read=before.row_version)
    if extra:
        named, given = (*named, *extra), given | dict(extra)
    _updating(named, leaves=leaves).must_change(tx, given, _was_changed)
    return Changed(after, (node_written(columns),))


def _was_changed() -> ConditionFailed:
    return ConditionFailed("it was changed by somebody else a moment ago")


_EACH_TIME = ("rec_ct", "row_version", "epoch", "etag", "author_id", "modified", "made_at")


def _written(before: Node, after: Node) -> tuple[str, ...]:
    """The columns that an UPDATE has to name. A database writes every index anew of which a column
    is named, even with the value that it has: half of a small write's pages were such indexes.
    Vault, space, kind, maker and time of making stay what they are for a node's whole life.
    """
    named: tuple[str, ...] = _EACH_TIME
    if before.content is not after.content:
        named += ("blob_id",)
    if before.state is not after.state:
        named += ("state",)
    if before.parent != after.parent:
        named += ("parent_id",)
    if before.name != after.name:
        named += ("name_idx", "name_ci_idx")
    return (*named, "twin") if before.twin != after.twin else named


@lru_cache(maxsize=64)
def _updating(named: tuple[str, ...], *, leaves: bool) -> Prepared:
    values: dict[str, Any] = {name: bindparam(name) for name in named}
    if leaves:  # an UPDATE reads the row as it was
        values |= {"left_parent": node_table.c.parent_id, "left_idx": node_table.c.name_idx}
    return Prepared(
        update(node_table)
        .where(
            node_table.c.id == bindparam("this"),
            node_table.c.row_version == bindparam("as_read"),
        )
        .values(values)
    )


def announce(
    tx: Connection,
    vault: OpenVault,
    folders: Sequence[Node],
    touched: Sequence[tuple[Node, Category]],
    now: datetime,
) -> None:
    """Let the ETags of `folders` move for everybody who can see what was touched."""
    tags = {changes.tag_of(vault, node, category) for node, category in touched}
    changes.bump(tx, folders, tags, now)


def _inserted(tx: Connection, vault: OpenVault, node: Node) -> Changed:
    columns = sealed_columns(vault, node)
    columns["made_by_other"] = node.maker != vault.owner
    _INSERT.send(tx, columns)
    return Changed(node, (node_written(columns),))


def free_twin(tx: Connection, vault: OpenVault, parent: Node, name: str) -> int:
    """0, or the next number by which the owner can tell it from what they already have there."""
    suffixes = [suffixed(name, number) for number in range(2, 2 + _SUFFIXES_AT_ONCE)]
    # A hidden holder of the name must not cost a statement more than none.
    there = live_named(tx, vault, parent.id, *map(vault.index.name_index, (name, *suffixes)))
    taken = {node.name for node in there}
    twin = max((node.twin for node in there if node.name == name), default=-1) + 1
    while twin > 0:
        wanted = suffixed(name, twin + 1)
        if wanted not in suffixes:
            index = vault.index.name_index(wanted)
            taken.update(node.name for node in live_named(tx, vault, parent.id, index))
        if wanted not in taken:
            break
        twin += 1
    return twin


def _parent(target: Target) -> Node:
    if target.parent is None:
        message = "a permit to make something names no folder"
        raise AssertionError(message)
    return target.parent


def _node(target: Target) -> Node:
    if target.node is None:
        message = "a permit to change something names nothing"
        raise AssertionError(message)
    return target.node
