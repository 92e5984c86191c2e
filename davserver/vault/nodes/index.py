"""The queries on nodes: a folder's children, ancestors, a subtree. One statement each."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, lru_cache

from sqlalchemy import BindParameter, Connection, bindparam, select, text

from davserver.db.clock import to_us
from davserver.db.id_list import as_value, id_list
from davserver.db.prepared import Prepared
from davserver.db.tables import live_node
from davserver.db.tables import node as node_table
from davserver.domain.ids import NodeId, PersonId, VaultId
from davserver.domain.nodes import Node
from davserver.vault.nodes.rows import (
    NODE_COLUMNS,
    OpenVault,
    Row,
    node_or_none,
)

COLUMNS = ", ".join(f"n.{column}" for column in NODE_COLUMNS)
DEEPEST = 1000
"""Where a walk ends at the latest: whoever writes the database can make folders hold each other."""


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
        return plain[0] if len(plain) == 1 else min(plain, key=lambda node: node.twin)
    for node in shown_names(candidates):
        if node.name == name:
            return node
    return None


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
        WHERE d.depth < {DEEPEST})
    SELECT d.depth AS depth, {COLUMNS} FROM down d JOIN node n ON n.id = d.id
    """
    )
)


def is_all_of(tx: Connection, top: NodeId, person: PersonId, since: datetime) -> bool:
    """Whether all that is live below `top` was made after `since`, and written, by this person
    alone. Nothing is opened: whoever can alter a row could as well make it absent.
    """
    given = {"top": top, "person": person, "since": to_us(since)}
    return bool(_ALL_OF.tuples(tx, given)[0][0])


_ALL_OF = Prepared(
    # All of it is looked at whatever is found: the time tells nothing of what is hidden.
    text(
        f"""
    WITH RECURSIVE down(id, kind, depth, theirs) AS (
        SELECT id, kind, 0, 1 FROM node WHERE id = :top
        UNION ALL
        SELECT n.id, n.kind, d.depth + 1, CASE
            WHEN n.maker_id = :person AND n.author_id = :person AND n.created > :since THEN 1
            ELSE 0 END
        FROM down d JOIN node n ON n.parent_id = d.id AND n.state = 'live'
        WHERE d.kind = 'folder' AND d.depth < {DEEPEST})
    SELECT min(theirs) FROM down
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
    SELECT {COLUMNS} FROM up u JOIN node n ON n.id = u.id
    """
    return Prepared(text(statement))


def with_above(tx: Connection, vault: OpenVault, nodes: Collection[NodeId]) -> dict[NodeId, Node]:
    """As `ancestors`, in one vault; one statement also where there is nothing to read, so that it
    is the same whatever there is.
    """
    rows = _ancestors_statement(tx.dialect.name).all(tx, {"ids": as_value(tx, nodes)})
    return {node.id: node for node in opened(vault, rows)}


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


@lru_cache(maxsize=16)
def _live_named(count: int) -> Prepared:
    names: list[BindParameter[bytes]] = [bindparam(f"name{number}") for number in range(count)]
    return Prepared(
        _ALL.where(
            node_table.c.parent_id == bindparam("parent"),
            node_table.c.name_idx.in_(names),
            live_node,
        )
    )


def opened(vault: OpenVault, rows: Iterable[Row]) -> list[Node]:
    return [node for node in (node_or_none(vault, row) for row in rows) if node]
