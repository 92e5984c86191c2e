"""Change counters: what lets a folder's ETag move for those who can see a change, and only them.

One counter per (folder, tag). The tag is the changed thing's category, or its maker where it is a
half-saved document that nobody else sees (DESIGN §4). Every write raises it on every ancestor.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Connection, LargeBinary, bindparam, select, text

from davserver.db.clock import to_us
from davserver.db.id_list import as_value, ids_of
from davserver.db.prepared import Prepared
from davserver.db.tables import folder_change, live_node
from davserver.db.tables import node as _node
from davserver.db.upserts import PerDialect
from davserver.domain.actions import Category
from davserver.domain.ids import NodeId, PersonId
from davserver.domain.lean import lean
from davserver.domain.nodes import Node
from davserver.domain.sidefiles import is_half_saved
from davserver.vault.nodes.rows import OpenVault, Row


@lean(frozen=True, slots=True)
class Change:
    """How often, and when last (µs), something under one tag changed below one folder."""

    tag: bytes
    count: int
    at: int


def tag_of(vault: OpenVault, node: Node, category: Category) -> bytes:
    """Under which tag changes of `node` count, given its effective category."""
    if is_half_saved(node.name):
        return maker_tag(vault, node.maker)
    return vault.index.category_tag(category)


def maker_tag(vault: OpenVault, maker: PersonId) -> bytes:
    # No name holds a control character, so that this never meets a name's index.
    return vault.index.name_index("\0half-saved:" + maker.hex())


def tags_seen(
    vault: OpenVault, person: PersonId, categories: Iterable[Category]
) -> frozenset[bytes]:
    """The tags whose changes that person may notice."""
    by_category = {vault.index.category_tag(category) for category in categories}
    return frozenset(by_category | {maker_tag(vault, person)})


def bump(tx: Connection, folders: Sequence[Node], tags: Collection[bytes], now: datetime) -> None:
    """Raise the counters of `tags` on each of `folders`: one statement, however many."""
    if not folders or not tags:
        return
    at, ids = to_us(now), dict.fromkeys([one.id for one in folders])
    if tx.dialect.name == "postgresql":
        each = list(ids)
        _RAISE_ALL.run_for(tx, [{"folders": each, "tag": tag, "at": at} for tag in tags])
        return
    rows = [
        {"folder_id": folder, "tag": tag, "count": 1, "at": at} for folder in ids for tag in tags
    ]
    _RAISE[tx.dialect.name].run_for(tx, rows)


def _raising(insert: Any) -> Prepared:
    statement = insert(folder_change)
    raised = {"count": folder_change.c.count + 1, "at": statement.excluded.at}
    keys = ["folder_id", "tag"]
    inserted = statement.on_conflict_do_update(index_elements=keys, set_=raised)
    return Prepared(inserted, ("folder_id", "tag", "count", "at"))


_RAISE = PerDialect(_raising)
_RAISE_ALL = Prepared(
    text(
        """
        INSERT INTO folder_change (folder_id, tag, count, at)
        SELECT unnest(CAST(:folders AS BYTEA[])), CAST(:tag AS BYTEA), 1, CAST(:at AS BIGINT)
        ON CONFLICT (folder_id, tag) DO UPDATE
        SET count = folder_change.count + 1, at = excluded.at
        """
    )
)
"""For PostgreSQL: one message for all folders."""


def of_folders(tx: Connection, folders: Collection[NodeId]) -> dict[NodeId, list[Change]]:
    """The counters of these folders: one statement."""
    if not folders:
        return {}
    statement = _of_folders_statement(tx.dialect.name)
    return _grouped(statement.all(tx, {"folders": as_value(tx, folders)}))


def of_parent(tx: Connection, parent: NodeId) -> dict[NodeId, list[Change]]:
    """The counters of `parent` and of the folders directly in it: one statement."""
    return _grouped(_OF_PARENT.all(tx, {"parent": parent}))


_OF_PARENT = Prepared(
    select(folder_change).where(
        folder_change.c.folder_id.in_(
            select(_node.c.id)
            .where(_node.c.parent_id == bindparam("parent"), _node.c.kind == "folder", live_node)
            # No OR: PostgreSQL would go through all counters there are.
            .union_all(select(bindparam("parent", type_=LargeBinary)))
        )
    )
)


@cache
def _of_folders_statement(dialect: str) -> Prepared:
    of_these = folder_change.c.folder_id.in_(ids_of(dialect, "folders"))
    return Prepared(select(folder_change).where(of_these))


def _grouped(rows: Iterable[Row]) -> dict[NodeId, list[Change]]:
    found: dict[NodeId, list[Change]] = {}
    for row in rows:
        change = Change(row["tag"], row["count"], row["at"])
        found.setdefault(NodeId(row["folder_id"]), []).append(change)
    return found
