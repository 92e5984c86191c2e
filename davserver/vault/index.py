"""The queries on nodes: a path, a folder's children, ancestors, a subtree. One statement each."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select, text

from davserver.db.id_list import as_value, id_list
from davserver.db.prepared import Prepared
from davserver.db.tables import node as node_table
from davserver.domain.ids import NodeId, VaultId
from davserver.domain.lean import lean
from davserver.domain.nodes import Node
from davserver.vault.rows import (
    INSTEAD,
    NODE_COLUMNS,
    OpenVault,
    Row,
    node_or_none,
    nodes_from,
    take_as_long,
)

_COLUMNS = ", ".join(f"n.{column}" for column in NODE_COLUMNS)
_LEFT = "n.left_parent, n.left_idx, n.left_at, n.left_by"
_DEEPEST = 1000
"""Where a walk ends at the latest: whoever writes the database can make folders hold each other."""
_SUFFIX = re.compile(r"^(?P<stem>.+) \((?P<number>[2-9]|[1-9]\d{1,3})\)(?P<ending>\.[^.]+)?$")


@lean(frozen=True, slots=True)
class Left:
    """The place that a node was renamed away from, not long ago perhaps."""

    parent: bytes
    index: bytes
    at: int
    by: bytes


@lean(frozen=True, slots=True)
class Found:
    """A node on the way down a path. `depth` 0 is the start, 1 its child; negative above it."""

    depth: int
    node: Node
    left: Left | None = None


def walk(
    tx: Connection, vault: OpenVault, start: NodeId, names: Sequence[str]
) -> tuple[list[Node], list[list[Found]]]:
    """The ancestors of `start` (root first, `start` last), and below it, for each name in turn,
    all live nodes that could be meant: hidden ones, twins, and twins asked for by their suffix.

    Rows that were tampered with are left out, and logged; with them the way up ends, as what they
    held back (a category, the trash) would be forgotten otherwise.
    """
    parameters: dict[str, Any] = {"start": start}
    wanted: list[bytes] = []
    for depth, name in enumerate(names):
        plain, stripped = vault.index.name_index(name), _without_suffix(name)
        wanted.append(plain)
        parameters[f"a{depth}"] = plain
        parameters[f"b{depth}"] = vault.index.name_index(stripped) if stripped else plain
    statement = _walk_statement(len(names), tx.dialect.name)
    rows = statement.all(tx, parameters)
    there = [row for row in rows if row["depth"] < INSTEAD]
    found = [one for one in (_found(vault, row) for row in there) if one]
    if len(there) < len(rows):
        take_as_long(vault, [row for row in rows if row["depth"] >= INSTEAD], wanted)
    above = sorted((one for one in found if one.depth <= 0), key=lambda one: one.depth)
    below = [[one for one in found if one.depth == depth + 1] for depth in range(len(names))]
    return _unbroken(start, [one.node for one in above]), below


def _unbroken(start: NodeId, above: Sequence[Node]) -> list[Node]:
    """As much of the way as leads up from `start` without a gap; the root first."""
    way: list[Node] = []
    wanted: NodeId | None = start
    for node in reversed(above):
        if node.id != wanted:
            break
        way.append(node)
        wanted = node.parent
    return way[::-1]


@lru_cache(maxsize=64)
def _walk_statement(length: int, dialect: str) -> Prepared:
    binary = "BYTEA" if dialect == "postgresql" else "BLOB"
    steps = ", ".join(
        f"({depth + 1}, CAST(:{which}{depth} AS {binary}))"
        for depth in range(length)
        for which in "ab"
    )
    down = f"""
        , wanted(depth, idx) AS (VALUES {steps})
        , down(id, depth) AS (
            SELECT CAST(:start AS {binary}), 0
            UNION
            SELECT n.id, d.depth + 1 FROM down d
            JOIN wanted w ON w.depth = d.depth + 1
            JOIN node n ON n.parent_id = d.id AND n.name_idx = w.idx AND n.state = 'live')
    """
    # Where a name is nothing's, the start is read once more: as much work as for a hidden thing.
    below = f"""
        UNION ALL SELECT id, depth FROM down WHERE depth > 0
        UNION ALL SELECT CAST(:start AS {binary}), {INSTEAD} + d.depth
        FROM (SELECT DISTINCT depth FROM wanted) d WHERE d.depth NOT IN (SELECT depth FROM down)
    """
    statement = text(
        f"""
        WITH RECURSIVE up(id, parent_id, depth) AS (
            SELECT id, parent_id, 0 FROM node WHERE id = :start
            UNION ALL
            SELECT n.id, n.parent_id, u.depth - 1 FROM up u JOIN node n ON n.id = u.parent_id
            WHERE u.depth > -{_DEEPEST})
        {down if length else ""}
        SELECT p.depth AS depth, {_COLUMNS}, {_LEFT}
        FROM (SELECT id, depth FROM up {below if length else ""}) p JOIN node n ON n.id = p.id
        """
    )
    return Prepared(statement)


def _without_suffix(name: str) -> str | None:
    """`scan.pdf` for `scan (2).pdf`: how an owner spells a twin (DESIGN §2.2)."""
    match = _SUFFIX.match(name)
    return match["stem"] + (match["ending"] or "") if match else None


def suffixed(name: str, number: int) -> str:
    """`scan (2).pdf` for `scan.pdf` and 2."""
    stem, dot, ending = name.rpartition(".")
    return f"{stem} ({number}).{ending}" if dot and stem else f"{name} ({number})"


def shown_names(nodes: Iterable[Node]) -> list[Node]:
    """The nodes of one folder under the names by which a person who sees them all tells them
    apart: the first of each name plain, twins with a suffix.
    """
    first: dict[str, int] = {}
    shown = []
    for node in sorted(nodes, key=lambda one: one.twin):
        if node.name in first:
            shown.append(replace(node, name=suffixed(node.name, node.twin + 1)))
        else:
            first[node.name] = node.twin
            shown.append(node)
    return shown


def choose(candidates: Sequence[Node], name: str) -> Node | None:
    """Which of the visible `candidates` of one folder a person means by `name`."""
    plain = [node for node in candidates if node.name == name]
    if plain:
        return min(plain, key=lambda node: node.twin)
    for node in shown_names(candidates):
        if node.name == name:
            return node
    return None


def children(tx: Connection, vault: OpenVault, folder: NodeId) -> list[Node]:
    """All live nodes directly in `folder`, hidden ones included."""
    return nodes_from(vault, _CHILDREN.tuples(tx, {"folder": folder}))


def subtree(tx: Connection, vault: OpenVault, top: NodeId) -> list[Node]:
    """Everything live at and below `top`, parents before children."""
    rows = _SUBTREE.all(tx, {"top": top})
    return opened(vault, sorted(rows, key=lambda row: int(row["depth"])))


_SUBTREE = Prepared(
    text(
        f"""
    WITH RECURSIVE down(id, depth) AS (
        SELECT id, 0 FROM node WHERE id = :top
        UNION ALL
        SELECT n.id, d.depth + 1 FROM down d JOIN node n ON n.parent_id = d.id AND n.state = 'live'
        WHERE d.depth < {_DEEPEST})
    SELECT d.depth AS depth, {_COLUMNS} FROM down d JOIN node n ON n.id = d.id
    """
    )
)


def ancestors(
    tx: Connection, vaults: Mapping[VaultId, OpenVault], nodes: Collection[NodeId]
) -> dict[NodeId, Node]:
    """These nodes and all above them, by id, in one statement; of any of the given vaults."""
    if not nodes:
        return {}
    rows = _ancestors_statement(tx.dialect.name).all(tx, {"ids": as_value(tx, nodes)})
    opened = (
        node_or_none(vaults[row["vault_id"]], row) for row in rows if row["vault_id"] in vaults
    )
    return {node.id: node for node in opened if node}


@cache
def _ancestors_statement(dialect: str) -> Prepared:
    statement = f"""
    WITH RECURSIVE up(id, parent_id) AS (
        SELECT id, parent_id FROM node WHERE id IN ({id_list(dialect, "ids")})
        UNION
        SELECT n.id, n.parent_id FROM up u JOIN node n ON n.id = u.parent_id)
    SELECT {_COLUMNS} FROM up u JOIN node n ON n.id = u.id
    """
    return Prepared(text(statement))


def above_locked(tx: Connection, vault: OpenVault, now: int) -> dict[NodeId, Node]:
    """Everything that is locked, with all above it, by id: one statement, also where there is
    nothing, so that it costs the same whatever is locked.
    """
    rows = _ABOVE_LOCKED.all(tx, {"vault": vault.id, "now": now})
    return {node.id: node for node in opened(vault, rows)}


_ABOVE_LOCKED = Prepared(
    text(
        f"""
    WITH RECURSIVE up(id, parent_id) AS (
        SELECT n.id, n.parent_id FROM lock l JOIN node n ON n.id = l.node_id
        WHERE l.vault_id = :vault AND l.expires_at > :now
        UNION
        SELECT n.id, n.parent_id FROM up u JOIN node n ON n.id = u.parent_id)
    SELECT {_COLUMNS} FROM up u JOIN node n ON n.id = u.id
    """
    )
)


def chain_to(nodes: dict[NodeId, Node], last: NodeId) -> list[Node]:
    """From the topmost known ancestor down to `last`; empty when `last` is not known."""
    chain: list[Node] = []
    at: NodeId | None = last
    while at is not None and at in nodes and len(chain) <= len(nodes):
        chain.append(nodes[at])
        at = nodes[at].parent
    return chain[::-1]


def one(tx: Connection, vault: OpenVault, node: NodeId) -> Node | None:
    """One node in any state."""
    row = _ONE.first(tx, {"node": node})
    return node_or_none(vault, row) if row else None


def live_named(tx: Connection, vault: OpenVault, parent: bytes, *indexes: bytes) -> list[Node]:
    """The live nodes of some names (by their indexes) in one folder, twins among them: one
    statement.
    """
    names = {f"name{number}": index for number, index in enumerate(indexes)}
    return opened(vault, _live_named(len(names)).all(tx, {"parent": parent, **names}))


_ALL = select(*(node_table.c[name] for name in NODE_COLUMNS))
_ONE = Prepared(_ALL.where(node_table.c.id == bindparam("node")))
_CHILDREN = Prepared(
    _ALL.where(node_table.c.parent_id == bindparam("folder"), node_table.c.state == "live")
)


@lru_cache(maxsize=16)
def _live_named(count: int) -> Prepared:
    names: list[BindParameter[bytes]] = [bindparam(f"name{number}") for number in range(count)]
    return Prepared(
        _ALL.where(
            node_table.c.parent_id == bindparam("parent"),
            node_table.c.name_idx.in_(names),
            node_table.c.state == "live",
        )
    )


def _found(vault: OpenVault, row: Row) -> Found | None:
    node = node_or_none(vault, row)
    if node is None:
        return None
    left = None
    if row["left_at"] is not None:
        left = Left(row["left_parent"], row["left_idx"], row["left_at"], row["left_by"])
    return Found(row["depth"], node, left)


def opened(vault: OpenVault, rows: Iterable[Row]) -> list[Node]:
    return [node for node in (node_or_none(vault, row) for row in rows) if node]
