"""What one person put into folders a moment ago: all that a grant to deposit shows them.

Nothing else that lies there is read into memory, however much it is.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Connection, bindparam, select, text

from davserver.db.clock import to_us
from davserver.db.id_list import as_value, id_list, ids_of
from davserver.db.prepared import Prepared
from davserver.db.tables import live_node, made_by_other
from davserver.db.tables import node as node_table
from davserver.db.tables import node_version as version_table
from davserver.domain.ids import NodeId, PersonId, VaultId
from davserver.domain.nodes import Node
from davserver.vault.nodes.index import opened
from davserver.vault.nodes.node_cache import WHOLE_FOLDER
from davserver.vault.nodes.rows import NODE_COLUMNS, OpenVault, Row, nodes_from


def in_folder(
    tx: Connection, vault: OpenVault, folder: NodeId, maker: PersonId, since: datetime
) -> list[Node]:
    """Directly in `folder`, made after `since` and last written by `maker`: one statement."""
    given = {"folder": folder, "maker": maker, "since": to_us(since)}
    return nodes_from(vault, _IN_FOLDER.batches(tx, given, WHOLE_FOLDER))


_IN_FOLDER = Prepared(
    select(*(node_table.c[name] for name in NODE_COLUMNS)).where(
        node_table.c.parent_id == bindparam("folder"),
        live_node,
        node_table.c.maker_id == bindparam("maker"),
        node_table.c.author_id == bindparam("maker"),
        node_table.c.created > bindparam("since"),
    )
)


def below(
    tx: Connection,
    vaults: Mapping[VaultId, OpenVault],
    folders: Collection[NodeId],
    maker: PersonId,
    since: datetime,
) -> dict[NodeId, list[Node]]:
    """By folder, what is theirs in `folders` and, all the way down, in folders that are theirs
    too: one statement, whatever the vaults.
    """
    if not folders:
        return {}
    given = {"tops": as_value(tx, folders), "maker": maker, "since": to_us(since)}
    found: dict[NodeId, list[Node]] = {}
    for row in _below_statement(tx.dialect.name).all(tx, given):
        vault = vaults.get(row["vault_id"])
        for node in opened(vault, [row]) if vault else ():
            assert node.parent is not None  # noqa: S101 — it was found by its parent
            found.setdefault(node.parent, []).append(node)
    return found


@cache
def _below_statement(dialect: str) -> Prepared:
    # UNION without a depth in it: each node once, also where folders hold each other.
    statement = f"""
    WITH RECURSIVE down(id, top) AS (
        SELECT id, 1 FROM node WHERE id IN ({id_list(dialect, "tops")})
        UNION
        SELECT n.id, 0 FROM down d JOIN node n ON n.parent_id = d.id AND n.state = 'live'
        AND n.maker_id = :maker AND n.author_id = :maker AND n.created > :since)
    SELECT {", ".join(f"n.{column}" for column in NODE_COLUMNS)}
    FROM down d JOIN node n ON n.id = d.id WHERE d.top = 0
    """
    return Prepared(text(statement))


MOST_FILES = 200
"""Of one person's files that are looked at together, the latest ones."""


def files_of(tx: Connection, maker: PersonId, since: datetime) -> Sequence[Row]:
    """Rows of the files that somebody made after `since`, in whatever vault of others and in the
    trash too, the latest first: one statement.
    """
    return _FILES.all(tx, {"maker": maker, "since": to_us(since)})


def file_of(tx: Connection, maker: PersonId, node: NodeId) -> Sequence[Row]:
    """The same of one file, whenever it was made; nothing where somebody else made it."""
    return _FILE.all(tx, {"maker": maker, "node": node})


def earlier_authors(tx: Connection, nodes: Collection[NodeId]) -> dict[NodeId, set[PersonId]]:
    """Who wrote the earlier versions of these files: one statement."""
    these = version_table.c.node_id.in_(ids_of(tx.dialect.name, "ids"))
    wanted = select(version_table.c.node_id, version_table.c.author_id).where(these)
    found: dict[NodeId, set[PersonId]] = {}
    for node, author in tx.execute(wanted, {"ids": as_value(tx, nodes)}):
        found.setdefault(NodeId(node), set()).add(PersonId(author))
    return found


_FILES_BY = select(*(node_table.c[name] for name in NODE_COLUMNS)).where(
    node_table.c.maker_id == bindparam("maker"), node_table.c.kind == "file", made_by_other
)
_FILES = Prepared(
    _FILES_BY.where(node_table.c.created > bindparam("since"))
    .order_by(node_table.c.created.desc(), node_table.c.id)
    .limit(MOST_FILES)
)
_FILE = Prepared(_FILES_BY.where(node_table.c.id == bindparam("node")))
